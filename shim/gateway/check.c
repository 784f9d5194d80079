/* gateway/check.c: what a value must be, by the type of its option. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The address family, or 0. */
static int family_of(const char *text)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, binary) == 1    ? AF_INET
           : inet_pton(AF_INET6, text, binary) == 1 ? AF_INET6
                                                    : 0;
}

bool check_number(const char *text, long least, long most, long *out)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    *out = strtol(text, &end, 10);
    return *end == '\0' && errno == 0 && *out >= least && *out <= most;
}

bool check_yes_no(const char *text, bool *out)
{
    *out = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "on") == 0;
    return *out || strcmp(text, "false") == 0 || strcmp(text, "no") == 0 ||
           strcmp(text, "off") == 0;
}

bool check_address(const char *text, struct gateway_address *out)
{
    const char *at = strchr(text, '@');
    unsigned char binary[sizeof(struct in6_addr)];
    long port;
    int family;
    memset(out, 0, sizeof *out);
    if (at == NULL || (size_t)(at - text) >= sizeof out->ip ||
        !check_number(at + 1, 1, 65535, &port)) {
        return false;
    }
    memcpy(out->ip, text, (size_t)(at - text));
    family = family_of(out->ip);
    if (family == 0 || inet_pton(family, out->ip, binary) != 1) {
        return false;
    }
    /* One spelling, so that equal addresses are equal text. */
    memset(out->ip, 0, sizeof out->ip);
    (void)inet_ntop(family, binary, out->ip, sizeof out->ip);
    out->port = (uint16_t)port;
    return true;
}

bool check_is_loopback(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

static bool is_resolver(const char *text)
{
    struct gateway_address address;
    return family_of(text) != 0 || check_address(text, &address);
}

static bool is_prefix(const char *text)
{
    const char *slash = strchr(text, '/');
    char ip[64] = "";
    long bits;
    int family;
    if (slash == NULL || (size_t)(slash - text) >= sizeof ip) {
        return false;
    }
    memcpy(ip, text, (size_t)(slash - text));
    family = family_of(ip);
    return family != 0 && check_number(slash + 1, 0, family == AF_INET ? 32 : 128, &bits);
}

static bool is_word_of(const char *word, const char *words)
{
    size_t len = strlen(word);
    for (const char *p = words; len > 0 && (p = strstr(p, word)) != NULL; p += len) {
        if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool is_url(const char *text)
{
    return (strncmp(text, "http://", 7) == 0 && text[7] != '\0') ||
           (strncmp(text, "https://", 8) == 0 && text[8] != '\0');
}

/* The strerror or other words for a file that cannot be used, or NULL. */
static const char *file_trouble(const char *name)
{
    struct stat status;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool is_file;
    if (fd < 0) {
        return strerror(errno);
    }
    is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    (void)close(fd);
    return is_file ? NULL : "Not a file";
}

/* Into out what is wrong and what to do; false: nothing is. */
static bool is_wrong(const struct option *o, const char *value, char *out, size_t size)
{
    struct gateway_address address;
    const char *trouble;
    bool truth;
    long number;
    switch (o->type) {
    case OPTION_WORD:
        (void)snprintf(out, size, "is not possible; use one of: %s", o->words);
        return !is_word_of(value, o->words);
    case OPTION_FILE:
        trouble = file_trouble(value);
        (void)snprintf(out, size, "cannot be read (%s); give a file that this user can read",
                       trouble != NULL ? trouble : "");
        return trouble != NULL;
    case OPTION_ADDRESS:
        (void)snprintf(out, size, "is no address and port; write it like \"192.0.2.1@5269\"");
        return !check_address(value, &address);
    case OPTION_IP:
        (void)snprintf(out, size, "is no IP address; write one, or leave it empty");
        return family_of(value) == 0;
    case OPTION_RESOLVER:
        (void)snprintf(out, size, "is no resolver; write ADDR or ADDR@PORT");
        return !is_resolver(value);
    case OPTION_PREFIX:
        (void)snprintf(out, size, "is no prefix; write it like \"192.0.2.0/24\"");
        return !is_prefix(value);
    case OPTION_PORT:
        (void)snprintf(out, size, "is no port; write 1 to 65535");
        return !check_number(value, 1, 65535, &number);
    case OPTION_USER:
        (void)snprintf(out, size, "is no user of this system; name the user that the local "
                                  "server runs as");
        return getpwnam(value) == NULL;
    case OPTION_URL:
        (void)snprintf(out, size, "is no http or https URL; write the whole URL, or leave it "
                                  "empty");
        return !is_url(value);
    case OPTION_TEXT:
        (void)snprintf(out, size, "is empty; write a value or leave the option out");
        return value[0] == '\0';
    case OPTION_NUMBER:
        (void)snprintf(out, size, "is no number between %ld and %ld", o->least, o->most);
        return !check_number(value, o->least, o->most, &number);
    case OPTION_YES_NO:
        (void)snprintf(out, size, "is neither true nor false");
        return !check_yes_no(value, &truth);
    }
    return true;
}

/* Whether it may be left empty. */
static bool is_optional(const struct option *o)
{
    return !o->required && !o->list &&
           (o->type == OPTION_IP || o->type == OPTION_USER || o->type == OPTION_URL ||
            o->type == OPTION_ADDRESS ||
            (o->type == OPTION_TEXT && o->otherwise[0] == '\0'));
}

void check_value(struct faults *faults, int line, const struct option *o, const char *value)
{
    char wrong[256];
    if (value[0] == '\0' && is_optional(o)) {
        return;
    }
    if (is_wrong(o, value, wrong, sizeof wrong)) {
        faults_add(faults, line, "%s: \"%s\" %s", o->name, value, wrong);
    }
}

/* The value of one digit, whose alphabet is the first `n` characters; -1: it is none. */
static int digit_of(char c, const char *alphabet, size_t n)
{
    const char *at = c != '\0' ? memchr(alphabet, c, n) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

/* Digits of `bits` bits each into as many octets as a pin has; the bits that are left over must
 * be zero. */
static bool read_digits(const char *text, size_t len, unsigned bits, const char *alphabet,
                        unsigned char out[DNA_PIN_SIZE])
{
    unsigned held = 0, n_held = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i], alphabet, (size_t)1 << bits);
        if (digit < 0) {
            return false;
        }
        held = (held << bits | (unsigned)digit) & 0xffff;
        n_held += bits;
        if (n_held >= 8) {
            n_held -= 8;
            if (n == DNA_PIN_SIZE) {
                return false;
            }
            out[n++] = (unsigned char)(held >> n_held);
        }
    }
    return n == DNA_PIN_SIZE && (held & ((1u << n_held) - 1)) == 0;
}

bool check_pin(const char *text, unsigned char out[DNA_PIN_SIZE])
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    if (len == 64) {
        return read_digits(text, len, 4, lower, out) || read_digits(text, len, 4, upper, out);
    }
    return len == 44 && text[43] == '=' && read_digits(text, 43, 6, base64, out);
}

bool check_same_address(const struct gateway_address *a, const struct gateway_address *b)
{
    bool any = strcmp(a->ip, "0.0.0.0") == 0 || strcmp(a->ip, "::") == 0;
    return a->port != 0 && a->port == b->port && (any || strcmp(a->ip, b->ip) == 0);
}
