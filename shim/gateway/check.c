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

static void check_file(struct faults *faults, int line, const char *name, const char *value)
{
    struct stat status;
    int fd = open(value, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        faults_add(faults, line, "%s: \"%s\": %s; give a file that this user can read", name,
                   value, strerror(errno));
        return;
    }
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        faults_add(faults, line, "%s: \"%s\" is no file; give one that this user can read",
                   name, value);
    }
    (void)close(fd);
}

void check_value(struct faults *faults, int line, const struct option *o, const char *value)
{
    struct gateway_address address;
    bool optional = !o->required && !o->list && value[0] == '\0';
    bool truth;
    long number;
    switch (o->type) {
    case OPTION_WORD:
        if (!is_word_of(value, o->words)) {
            faults_add(faults, line, "%s: \"%s\" is not possible; use one of: %s", o->name,
                       value, o->words);
        }
        break;
    case OPTION_FILE:
        check_file(faults, line, o->name, value);
        break;
    case OPTION_ADDRESS:
        if (!check_address(value, &address)) {
            faults_add(faults, line, "%s: \"%s\" is no address and port; write it like "
                                     "\"192.0.2.1@5269\"", o->name, value);
        }
        break;
    case OPTION_IP:
        if (!optional && family_of(value) == 0) {
            faults_add(faults, line, "%s: \"%s\" is no IP address; write one, or leave it "
                                     "empty", o->name, value);
        }
        break;
    case OPTION_RESOLVER:
        if (!is_resolver(value)) {
            faults_add(faults, line, "%s: \"%s\" is no resolver; write ADDR or ADDR@PORT",
                       o->name, value);
        }
        break;
    case OPTION_PREFIX:
        if (!is_prefix(value)) {
            faults_add(faults, line, "%s: \"%s\" is no prefix; write it like \"192.0.2.0/24\"",
                       o->name, value);
        }
        break;
    case OPTION_PORT:
        if (!check_number(value, 1, 65535, &number)) {
            faults_add(faults, line, "%s: \"%s\" is no port; write 1 to 65535", o->name, value);
        }
        break;
    case OPTION_USER:
        if (!optional && getpwnam(value) == NULL) {
            faults_add(faults, line, "%s: there is no user \"%s\" on this system; name the "
                                     "user that the local server runs as", o->name, value);
        }
        break;
    case OPTION_URL:
        if (!optional && !is_url(value)) {
            faults_add(faults, line, "%s: \"%s\" is no http or https URL; write the whole URL, "
                                     "or leave it empty", o->name, value);
        }
        break;
    case OPTION_TEXT:
        if (value[0] == '\0') {
            faults_add(faults, line, "%s: is empty; write a value or leave the option out",
                       o->name);
        }
        break;
    case OPTION_NUMBER:
        if (!check_number(value, o->least, o->most, &number)) {
            faults_add(faults, line, "%s: \"%s\" is no number between %ld and %ld", o->name,
                       value, o->least, o->most);
        }
        break;
    case OPTION_YES_NO:
        if (!check_yes_no(value, &truth)) {
            faults_add(faults, line, "%s: \"%s\" is neither true nor false", o->name, value);
        }
        break;
    }
}
