/* resolver/server.c: configured name servers, and which of them are on this machine.
 *
 * A validator must not be led to loopback by a stranger's NS record; only an operator who
 * has put a server of ours there may lift that.
 */
#include <resolver/server.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

static bool parse_port(const char *text, uint16_t *out)
{
    unsigned port = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 5 || text[0] == '0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        port = port * 10 + (unsigned)(*text - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

enum dna_err dna_server_parse(const char *text, struct dna_server *out)
{
    const char *at = strchr(text, '@');
    struct dna_span address = dna_span_of(text);
    out->port = 53;
    if (at != NULL) {
        address.len = (size_t)(at - text);
        if (!parse_port(at + 1, &out->port)) {
            return DNA_ERR_ARGUMENT;
        }
    }
    return dna_address_parse(address, &out->address) == DNA_OK ? DNA_OK : DNA_ERR_ARGUMENT;
}

bool dna_server_is_loopback(const struct dna_address *address)
{
    static const uint8_t one[16] = {[15] = 1};
    if (address->family == DNA_ADDRESS_V4) {
        return address->bytes[0] == 127;
    }
    return memcmp(address->bytes, one, sizeof one) == 0;
}

static bool names_loopback(char *text)
{
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t\r\n();", &rest); word != NULL;
         word = strtok_r(NULL, " \t\r\n();", &rest)) {
        struct dna_address address;
        if (dna_address_parse(dna_span_of(word), &address) == DNA_OK &&
            dna_server_is_loopback(&address)) {
            return true;
        }
    }
    return false;
}

enum dna_err dna_server_hints_loopback(const struct dna_alloc *alloc, const char *file,
                                       bool *out)
{
    char *text = dna_alloc_get(alloc, DNA_LIMIT_HINTS + 1);
    FILE *in = text != NULL ? fopen(file, "re") : NULL;
    enum dna_err err = text != NULL ? DNA_ERR_SYSTEM : DNA_ERR_MEMORY;
    size_t n;
    if (in == NULL) {
        goto done;
    }
    n = fread(text, 1, DNA_LIMIT_HINTS + 1, in);
    if (ferror(in) == 0 && n <= DNA_LIMIT_HINTS) {
        text[n] = '\0';
        *out = names_loopback(text);
        err = DNA_OK;
    }
done:
    if (in != NULL) {
        (void)fclose(in);
    }
    dna_alloc_release(alloc, text);
    return err;
}
