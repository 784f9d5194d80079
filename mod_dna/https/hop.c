/* https/hop.c: one easy handle: its options, its limits and its outcome.
 *
 * Every option that libcurl would otherwise take from the environment, from a default of the
 * distribution or from the answer is set here.  The address is held twice: CONNECT_TO sends
 * every host name there, so that libcurl has nothing to resolve, and the socket is only
 * opened for that very address.
 *
 * Clauses: RFC 9110 15.4 (redirects are handed up), RFC 9112 6.3 and 9.8 (the body is whole).
 */
#include <https/hop.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <base/alloc.h>
#include <base/limits.h>

#define CA_AGE_S (24L * 3600)

static bool is_socket_address(const struct dna_address *address, const struct sockaddr *to)
{
    if (address->family == DNA_ADDRESS_V4 && to->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)to;
        return memcmp(&v4->sin_addr, address->bytes, 4) == 0;
    }
    if (address->family == DNA_ADDRESS_V6 && to->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)to;
        return memcmp(&v6->sin6_addr, address->bytes, 16) == 0;
    }
    return false;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    const struct dna_https_get *get = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !is_socket_address(&get->address, &to->addr)) {
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct dna_https_get *get = arg;
    switch (dna_buf_add(&get->body, (struct dna_span){bytes, size * n})) {
    case DNA_OK:
        return size * n;
    case DNA_ERR_LIMIT:
        get->stopped = "the body is too long";
        break;
    case DNA_ERR_MEMORY:
    case DNA_ERR_ARGUMENT:
    case DNA_ERR_FORMAT:
    case DNA_ERR_STATE:
    case DNA_ERR_NOT_FOUND:
    case DNA_ERR_SYSTEM:
    case DNA_ERR_CANCELED:
    default:
        get->stopped = "no memory for the body";
        break;
    }
    return 0;
}

/* Status lines, headers of every interim answer and trailers count. */
static size_t take_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct dna_https_get *get = arg;
    (void)bytes;
    get->header_bytes += size * n;
    if (get->header_bytes > DNA_LIMIT_FETCH_HEADERS) {
        get->stopped = "the headers are too long";
        return 0;
    }
    return size * n;
}

static struct curl_slist *connect_to(const struct dna_address *address)
{
    char text[DNA_ADDRESS_TEXT], rule[DNA_ADDRESS_TEXT + 8];
    dna_address_text(address, text);
    (void)snprintf(rule, sizeof rule, address->family == DNA_ADDRESS_V6 ? "::[%s]:" : "::%s:",
                   text);
    return curl_slist_append(NULL, rule);
}

#define SET(option, value) bad |= (unsigned)curl_easy_setopt(get->easy, option, value)

static unsigned set_request(struct dna_https_get *get, const char *url)
{
    const struct dna_https *https = get->https;
    unsigned bad = 0;
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTPGET, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTPHEADER, https->headers);
    SET(CURLOPT_USERAGENT, https->user_agent);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_ACCEPT_ENCODING, NULL);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, get);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, get);
    SET(CURLOPT_ERRORBUFFER, get->error);
    SET(CURLOPT_PRIVATE, get);
    return bad;
}

static unsigned set_connection(struct dna_https_get *get)
{
    const struct dna_https *https = get->https;
    char source[DNA_ADDRESS_TEXT + 8];
    unsigned bad = 0;
    SET(CURLOPT_CONNECT_TO, get->connect_to);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, get);
    SET(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    SET(CURLOPT_PROXY, ""); /* else the environment's */
    SET(CURLOPT_FRESH_CONNECT, 1L);
    SET(CURLOPT_FORBID_REUSE, 1L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)https->connect_ms);
    if (https->source != NULL) {
        (void)snprintf(source, sizeof source, "host!%s", https->source);
        SET(CURLOPT_INTERFACE, source);
    }
    return bad;
}

/* libcurl keeps what it has read of a CA file, by its name: not longer than the file has been
 * what it is. */
static long ca_age(const struct dna_https *https)
{
    int64_t age = https->loop->now(https->loop->self).mono - https->trusted_since;
    return https->trusted_since == 0 || age / 1000 > CA_AGE_S ? CA_AGE_S : (long)(age / 1000);
}

static unsigned set_tls(struct dna_https_get *get)
{
    const struct dna_https *https = get->https;
    unsigned bad = 0;
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    /* Whatever the machine's OpenSSL configuration allows. */
    SET(CURLOPT_SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=2");
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* A file that holds no certificate: NULL would mean the system's store. */
    SET(CURLOPT_CAINFO, https->ca_file != NULL ? https->ca_file : "/dev/null");
    SET(CURLOPT_CA_CACHE_TIMEOUT, ca_age(https));
    SET(CURLOPT_CAPATH, NULL); /* else the system's store counts besides the file */
    SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
    SET(CURLOPT_CERTINFO, 1L);
    return bad;
}

#undef SET

enum dna_err dna_https_hop_new(struct dna_https *https, const char *url,
                               const struct dna_address *address, struct dna_https_get **out)
{
    struct dna_https_get *get = dna_alloc_zero(https->alloc, 1, sizeof *get);
    enum dna_err err = DNA_ERR_MEMORY;
    if (get == NULL) {
        return DNA_ERR_MEMORY;
    }
    get->https = https;
    get->address = *address;
    get->tls = strncasecmp(url, "https:", 6) == 0;
    dna_buf_init(&get->body, https->alloc, DNA_LIMIT_DOCUMENT);
    get->easy = curl_easy_init();
    get->connect_to = connect_to(address);
    if (get->easy == NULL || get->connect_to == NULL) {
        goto done;
    }
    if (set_request(get, url) != 0 || set_connection(get) != 0 || set_tls(get) != 0) {
        err = DNA_ERR_SYSTEM;
        goto done;
    }
    *out = get;
    get = NULL;
    err = DNA_OK;
done:
    dna_https_hop_free(get);
    return err;
}

void dna_https_hop_free(struct dna_https_get *get)
{
    if (get == NULL) {
        return;
    }
    curl_easy_cleanup(get->easy);
    curl_slist_free_all(get->connect_to);
    dna_buf_fini(&get->body);
    dna_alloc_release(get->https->alloc, get);
}

/* Whether the answer says that its body is encoded in a way other than plain. */
static bool is_encoded(CURL *easy, const char *header, const char *plain)
{
    struct curl_header *found;
    size_t n = 0;
    while (curl_easy_header(easy, header, n, CURLH_HEADER, -1, &found) == CURLHE_OK) {
        if (strcasecmp(found->value, plain) != 0) {
            return true;
        }
        n++;
    }
    return false;
}

/* Only the connection is timed by libcurl; the whole is timed by us. */
static bool is_unreached(CURLcode rc)
{
    return rc == CURLE_COULDNT_CONNECT || rc == CURLE_INTERFACE_FAILED ||
           rc == CURLE_OPERATION_TIMEDOUT;
}

static bool has_header(CURL *easy, const char *header)
{
    struct curl_header *found;
    return curl_easy_header(easy, header, 0, CURLH_HEADER, -1, &found) == CURLHE_OK;
}

/* What libcurl tells of the server's certificate, or NULL. */
static const struct curl_slist *leaf_of(const struct dna_https_get *get)
{
    struct curl_certinfo *chain = NULL;
    if (!get->tls ||
        curl_easy_getinfo(get->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
        chain->num_of_certs < 1) {
        return NULL;
    }
    return chain->certinfo[0];
}

static struct dna_span certificate_of(const struct dna_https_get *get)
{
    static const char label[] = "Cert:";
    for (const struct curl_slist *l = leaf_of(get); l != NULL; l = l->next) {
        if (strncmp(l->data, label, sizeof label - 1) == 0) {
            return dna_span_of(l->data + sizeof label - 1);
        }
    }
    return (struct dna_span){NULL, 0};
}

/* Without a dNSName libcurl looks at the common name (RFC 9110 4.3.4 and RFC 9525 do not). */
static bool is_named_by_common_name(const struct dna_https_get *get)
{
    static const char names[] = "X509v3 Subject Alternative Name:";
    if (!get->tls) {
        return false;
    }
    for (const struct curl_slist *l = leaf_of(get); l != NULL; l = l->next) {
        if (strncmp(l->data, names, sizeof names - 1) == 0 && strstr(l->data, "DNS:") != NULL) {
            return false;
        }
    }
    return true;
}

/* libcurl takes a TLS connection that was merely cut for one that was closed, so the answer
 * itself must say where it ends (RFC 9112 9.8). */
static bool may_be_cut(const struct dna_https_get *get, unsigned status)
{
    return get->tls && status == 200 && !has_header(get->easy, "Content-Length") &&
           !has_header(get->easy, "Transfer-Encoding");
}

static void judge_answer(struct dna_https_get *get, struct dna_https_result *out)
{
    char *redirect_url = NULL, *media_type = NULL;
    if (is_named_by_common_name(get)) {
        out->why = "the certificate names no domain but in its common name";
        return;
    }
    out->certificate = certificate_of(get);
    if (curl_easy_getinfo(get->easy, CURLINFO_REDIRECT_URL, &redirect_url) == CURLE_OK &&
        redirect_url != NULL) {
        out->outcome = DNA_HTTPS_REDIRECT;
        out->redirect_url = redirect_url;
        out->why = "redirected";
        return;
    }
    if (is_encoded(get->easy, "Content-Encoding", "identity") ||
        is_encoded(get->easy, "Transfer-Encoding", "chunked")) {
        out->why = "the body is encoded, which was not asked for";
        return;
    }
    if (may_be_cut(get, out->status)) {
        out->why = "the answer does not say where it ends";
        return;
    }
    if (curl_easy_getinfo(get->easy, CURLINFO_CONTENT_TYPE, &media_type) == CURLE_OK &&
        media_type != NULL) {
        out->media_type = media_type;
    }
    out->outcome = DNA_HTTPS_DONE;
    out->body = dna_buf_span(&get->body);
    out->why = "answered";
}

void dna_https_hop_result(struct dna_https_get *get, CURLcode rc, struct dna_https_result *out)
{
    long status = 0;
    *out = (struct dna_https_result){.outcome = DNA_HTTPS_FAILED, .media_type = ""};
    if (curl_easy_getinfo(get->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status > 0) {
        out->status = (unsigned)status;
    }
    if (rc == CURLE_OK) {
        judge_answer(get, out);
        return;
    }
    if (get->stopped == NULL && is_unreached(rc)) {
        out->outcome = DNA_HTTPS_UNREACHED;
    }
    out->why = get->stopped != NULL       ? get->stopped
               : get->error[0] != '\0' ? get->error
                                          : curl_easy_strerror(rc);
}
