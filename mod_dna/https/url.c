/* https/url.c: URLs that a peer or a document names, read once and refused when in doubt.
 *
 * The same parser that will send the request takes the URL apart, so that what was checked
 * is what is connected to.  That parser is forgiving (one or three slashes, percent-encoded
 * hosts, 0x7f.1 for 127.0.0.1); whatever it would have to forgive, or another parser might
 * read differently, is refused before.
 */
#include <https/https.h>

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <base/limits.h>

static const uint16_t usual_ports[] = {80, 443, 5280, 5281, 8080, 8443};

/* The part between "://" and the path; NULL: there is none. */
static const char *authority_of(const char *url, size_t *len)
{
    const char *colon = strchr(url, ':');
    if (colon == NULL || strncmp(colon, "://", 3) != 0) {
        return NULL;
    }
    *len = strcspn(colon + 3, "/?#");
    return *len != 0 ? colon + 3 : NULL;
}

static const char *check_text(const char *url)
{
    size_t url_len = strnlen(url, DNA_LIMIT_URL + 1);
    size_t len;
    const char *authority;
    if (url_len > DNA_LIMIT_URL) {
        return "the URL is too long";
    }
    for (size_t i = 0; i < url_len; i++) {
        if (url[i] <= 0x20 || url[i] >= 0x7f || url[i] == '\\') {
            return "the URL holds a character that does not belong there";
        }
    }
    if (strchr(url, '#') != NULL) {
        return "the URL has a fragment";
    }
    authority = authority_of(url, &len);
    if (authority == NULL) {
        return "not an absolute http or https URL";
    }
    if (memchr(authority, '@', len) != NULL) {
        return "the URL names a user";
    }
    if (memchr(authority, '%', len) != NULL) {
        return "the URL's host is percent-encoded";
    }
    return NULL;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(const char *label, size_t len)
{
    if (len == 0 || len > 63 || !is_letter_or_digit(label[0]) ||
        !is_letter_or_digit(label[len - 1])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_letter_or_digit(label[i]) && label[i] != '-') {
            return false;
        }
    }
    return true;
}

/* "7", "0177", "0x7f", "0x": what inet_aton and its kin take for a number. */
static bool is_number(const char *label)
{
    if (label[0] == '0' && label[1] == 'x') {
        return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
    }
    return label[strspn(label, "0123456789")] == '\0';
}

static const char *check_host(const char *host)
{
    const char *label = host;
    unsigned labels = 0;
    if (host[0] == '[') {
        return "the URL's host is an address";
    }
    if (strlen(host) > 253) {
        return "the URL's host is no domain";
    }
    for (;;) {
        size_t len = strcspn(label, ".");
        if (!is_label(label, len)) {
            return "the URL's host is no domain";
        }
        labels++;
        if (label[len] == '\0') {
            break;
        }
        label += len + 1;
    }
    if (is_number(label)) {
        return "the URL's host is an address";
    }
    return labels >= 2 ? NULL : "the URL's host is no domain";
}

static bool port_admitted(uint16_t port, const uint16_t *ports, size_t n_ports)
{
    for (size_t i = 0; i < sizeof usual_ports / sizeof *usual_ports; i++) {
        if (usual_ports[i] == port) {
            return true;
        }
    }
    for (size_t i = 0; port != 0 && i < n_ports; i++) {
        if (ports[i] == port) {
            return true;
        }
    }
    return false;
}

/* Copies a part in lower case. */
static enum dna_err copy_part(CURLU *parts, CURLUPart which, unsigned flags, char *out,
                              size_t room)
{
    char *text = NULL;
    enum dna_err err = DNA_OK;
    CURLUcode rc = curl_url_get(parts, which, &text, flags);
    size_t len;
    if (rc != CURLUE_OK) {
        return rc == CURLUE_OUT_OF_MEMORY ? DNA_ERR_MEMORY : DNA_ERR_FORMAT;
    }
    len = strlen(text);
    if (len >= room) {
        err = DNA_ERR_FORMAT;
    } else {
        for (size_t i = 0; i <= len; i++) {
            out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + ('a' - 'A'))
                                                      : text[i];
        }
    }
    curl_free(text);
    return err;
}

static enum dna_err take_apart(CURLU *parts, const char *url, struct dna_url *out,
                               const char **why)
{
    char scheme[8], port[8];
    enum dna_err err;
    CURLUcode rc = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);
    *why = "not an absolute http or https URL";
    if (rc != CURLUE_OK) {
        return rc == CURLUE_OUT_OF_MEMORY ? DNA_ERR_MEMORY : DNA_ERR_FORMAT;
    }
    err = copy_part(parts, CURLUPART_SCHEME, 0, scheme, sizeof scheme);
    if (err != DNA_OK) {
        return err;
    }
    out->tls = strcmp(scheme, "https") == 0;
    if (!out->tls && strcmp(scheme, "http") != 0) {
        return DNA_ERR_FORMAT;
    }
    *why = "the URL's host is no domain";
    err = copy_part(parts, CURLUPART_HOST, 0, out->host, sizeof out->host);
    if (err != DNA_OK) {
        return err;
    }
    *why = "the URL's port is not admitted";
    err = copy_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port);
    out->port = err == DNA_OK ? (uint16_t)strtoul(port, NULL, 10) : 0;
    return err;
}

enum dna_err dna_url_parse(const char *url, const uint16_t *ports, size_t n_ports,
                           struct dna_url *out, const char **why)
{
    struct dna_url parsed = {.tls = false};
    CURLU *parts;
    enum dna_err err;
    *why = check_text(url);
    if (*why != NULL) {
        return DNA_ERR_FORMAT;
    }
    parts = curl_url();
    if (parts == NULL) {
        *why = "no memory";
        return DNA_ERR_MEMORY;
    }
    err = take_apart(parts, url, &parsed, why);
    curl_url_cleanup(parts);
    if (err != DNA_OK) {
        return err;
    }
    *why = check_host(parsed.host);
    if (*why == NULL && !port_admitted(parsed.port, ports, n_ports)) {
        *why = "the URL's port is not admitted";
    }
    if (*why != NULL) {
        return DNA_ERR_FORMAT;
    }
    *out = parsed;
    *why = "";
    return DNA_OK;
}
