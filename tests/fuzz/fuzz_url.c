/* URLs of peers and documents.
 *
 * It must hold for whatever is admitted, since other parsers read it too:
 *   - what stands behind "://" is the host, letter by letter, then at most a port;
 *   - no reader of addresses takes the host for one;
 *   - nothing in it is a control character, a space, a backslash or beyond ASCII.
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <base/limits.h>
#include <https/https.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_host(const char *host)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *found;
    struct in_addr v4;
    assert(strlen(host) <= 253 && strchr(host, '.') != NULL);
    for (const char *c = host; *c != '\0'; c++) {
        assert(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-' ||
               *c == '.');
    }
    assert(inet_aton(host, &v4) == 0);
    assert(getaddrinfo(host, NULL, &hints, &found) != 0);
}

static void check(const char *url, const struct dna_url *parts)
{
    const char *scheme = parts->tls ? "https://" : "http://";
    const char *authority = url + strlen(scheme);
    size_t host = strlen(parts->host);
    assert(strlen(url) <= DNA_LIMIT_URL);
    assert(strncasecmp(url, scheme, strlen(scheme)) == 0);
    assert(strncasecmp(authority, parts->host, host) == 0);
    assert(memchr(":/?", authority[host], 4) != NULL); /* its NUL counts */
    if (authority[host] == ':' && isdigit((unsigned char)authority[host + 1])) {
        char *end;
        assert(strtoul(authority + host + 1, &end, 10) == parts->port);
        assert(memchr("/?", *end, 3) != NULL);
    } else {
        assert(parts->port == (parts->tls ? 443 : 80));
    }
    for (const char *c = url; *c != '\0'; c++) {
        assert(*c > ' ' && *c < 0x7f && *c != '\\' && *c != '#');
    }
    check_host(parts->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_url parts;
    const char *why;
    char *url = malloc(len + 1);
    if (url == NULL) {
        abort();
    }
    if (len != 0) {
        memcpy(url, bytes, len);
    }
    url[len] = '\0';
    if (dna_url_parse(url, NULL, 0, &parts, &why) == DNA_OK) {
        check(url, &parts);
    } else {
        assert(why[0] != '\0');
    }
    free(url);
    return 0;
}
