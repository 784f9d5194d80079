/* json/host_meta_document.c: host metadata in JSON (RFC 6415 appendix A, XEP-0487).
 *
 * The document is about a whole host: links of other relations are none of our business, those
 * for clients (XEP-0156) above all.  A link that lacks something, and a pin that is no digest,
 * are skipped; what every reader needs, the ttl, must be there.  ech is not looked at.
 */
#include <json/host_meta_document.h>

#include <string.h>
#include <strings.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <json/load.h>

static const struct {
    const char *uri, *name;
} rels[] = {
    [DNA_HOST_META_TLS] = {"urn:xmpp:alt-connections:s2s-tls", "s2s-tls"},
    [DNA_HOST_META_QUIC] = {"urn:xmpp:alt-connections:s2s-quic", "s2s-quic"},
    [DNA_HOST_META_WEBSOCKET] = {"urn:xmpp:alt-connections:s2s-websocket", "s2s-websocket"},
};
#define RELS (sizeof rels / sizeof *rels)

const char *dna_host_meta_rel_name(enum dna_host_meta_rel rel)
{
    return (size_t)rel < RELS ? rels[rel].name : "unknown";
}

static enum dna_err malformed(const char **why, const char *text)
{
    *why = text;
    return DNA_ERR_FORMAT;
}

static enum dna_err no_memory(const char **why)
{
    *why = "out of memory";
    return DNA_ERR_MEMORY;
}

/* --- links ---------------------------------------------------------------------------- */

static bool find_rel(const json_t *link, enum dna_host_meta_rel *out)
{
    const char *uri = json_string_value(json_object_get(link, "rel"));
    for (size_t i = 0; uri != NULL && i < RELS; i++) {
        if (strcmp(uri, rels[i].uri) == 0) {
            *out = (enum dna_host_meta_rel)i;
            return true;
        }
    }
    return false;
}

/* At least one; what is no address does not count. */
static bool read_ips(const json_t *link, struct dna_host_meta_link *out)
{
    const json_t *ips = json_object_get(link, "ips");
    size_t n = json_array_size(ips);
    if (!json_is_array(ips) || n > DNA_LIMIT_HOST_META_ADDRESSES) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *ip = json_array_get(ips, i);
        struct dna_span text = {json_string_value(ip), json_string_length(ip)};
        if (json_is_string(ip) && dna_address_parse(text, &out->ips[out->n_ips]) == DNA_OK) {
            out->n_ips++;
        }
    }
    return out->n_ips != 0;
}

/* A WebSocket has its port in a URL. */
static bool read_place(const json_t *link, struct dna_host_meta_link *out)
{
    static const char scheme[] = "wss://";
    const char *href = json_string_value(json_object_get(link, "href"));
    int64_t port = 0;
    if (out->rel == DNA_HOST_META_WEBSOCKET) {
        return href != NULL && strlen(href) >= sizeof scheme &&
               strncasecmp(href, scheme, sizeof scheme - 1) == 0;
    }
    if (!dna_json_number(link, "port", 1, UINT16_MAX, 0, &port) || port == 0) {
        return false;
    }
    out->port = (uint16_t)port;
    return true;
}

/* False: it lacks something, and is to be skipped. */
static bool read_link(const json_t *link, struct dna_host_meta_link *out)
{
    int64_t priority, weight;
    if (!dna_json_host(link, "sni", &out->sni) || !read_ips(link, out) ||
        !read_place(link, out) ||
        !dna_json_number(link, "priority", 0, UINT16_MAX, -1, &priority) ||
        !dna_json_number(link, "weight", 0, UINT16_MAX, -1, &weight) || priority < 0 ||
        weight < 0) {
        return false;
    }
    out->priority = (uint16_t)priority;
    out->weight = (uint16_t)weight;
    return true;
}

static enum dna_err read_links(const json_t *links, struct dna_host_meta_document *out,
                               const char **why)
{
    size_t n = json_array_size(links);
    if (links != NULL && !json_is_array(links)) {
        return malformed(why, "links is no array");
    }
    if (n > DNA_LIMIT_HOST_META_LINKS) {
        *why = "too many links";
        return DNA_ERR_LIMIT;
    }
    if (n == 0) {
        return DNA_OK;
    }
    out->links = dna_alloc_zero(out->alloc, n, sizeof *out->links);
    if (out->links == NULL) {
        return no_memory(why);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *link = json_array_get(links, i);
        struct dna_host_meta_link one = {.n_ips = 0};
        if (!find_rel(link, &one.rel)) {
            continue;
        }
        if (read_link(link, &one)) {
            out->links[out->n_links++] = one;
        } else {
            out->n_skipped++;
        }
    }
    return DNA_OK;
}

/* --- the member of XEP-0487 ----------------------------------------------------------- */

static bool read_pin(const json_t *pin, unsigned char out[DNA_HOST_META_PIN])
{
    struct dna_span text = {json_string_value(pin), json_string_length(pin)};
    size_t len = 0;
    return json_is_string(pin) &&
           dna_base64_decode(text, DNA_BASE64_LENIENT, out, DNA_HOST_META_PIN, &len) ==
               DNA_OK &&
           len == DNA_HOST_META_PIN;
}

static enum dna_err read_pins(const json_t *pins, struct dna_host_meta_document *out,
                              const char **why)
{
    size_t n = json_array_size(pins);
    if (pins != NULL && !json_is_array(pins)) {
        return malformed(why, "the pins are no array");
    }
    if (n > DNA_LIMIT_HOST_META_PINS) {
        *why = "too many pins";
        return DNA_ERR_LIMIT;
    }
    if (n == 0) {
        return DNA_OK;
    }
    out->pins = dna_alloc_zero(out->alloc, n, sizeof *out->pins);
    if (out->pins == NULL) {
        return no_memory(why);
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char pin[DNA_HOST_META_PIN];
        if (read_pin(json_array_get(pins, i), pin)) {
            memcpy(out->pins[out->n_pins++], pin, sizeof pin);
        } else {
            out->n_skipped++;
        }
    }
    return DNA_OK;
}

static int64_t clamp(int64_t ttl)
{
    if (ttl < DNA_LIMIT_HOST_META_LIFE_LEAST_S) {
        return DNA_LIMIT_HOST_META_LIFE_LEAST_S;
    }
    return ttl > DNA_LIMIT_HOST_META_LIFE_S ? DNA_LIMIT_HOST_META_LIFE_S : ttl;
}

static enum dna_err read_document(const json_t *root, struct dna_host_meta_document *out,
                                  const char **why)
{
    const json_t *xmpp = json_object_get(root, "xmpp");
    int64_t ttl;
    enum dna_err err;
    if (!json_is_object(root)) {
        return malformed(why, "not an object");
    }
    if (xmpp == NULL) {
        return DNA_OK;
    }
    if (!json_is_object(xmpp)) {
        return malformed(why, "xmpp is no object");
    }
    if (!dna_json_number(xmpp, "ttl", 1, INT64_MAX, 0, &ttl) || ttl == 0) {
        return malformed(why, "ttl is missing or no positive integer");
    }
    out->xmpp = true;
    out->ttl = clamp(ttl);
    err = read_pins(json_object_get(xmpp, "public-key-pins-sha-256"), out, why);
    return err == DNA_OK ? read_links(json_object_get(root, "links"), out, why) : err;
}

enum dna_err dna_host_meta_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                                 struct dna_host_meta_document *out, const char **why)
{
    json_t *root = NULL;
    enum dna_err err;
    *out = (struct dna_host_meta_document){.alloc = alloc};
    *why = "";
    err = dna_json_load(bytes, &root, why);
    if (err == DNA_OK) {
        err = read_document(root, out, why);
    }
    json_decref(root);
    if (err != DNA_OK) {
        dna_host_meta_fini(out);
    }
    return err;
}

void dna_host_meta_fini(struct dna_host_meta_document *document)
{
    dna_alloc_release(document->alloc, document->pins);
    dna_alloc_release(document->alloc, document->links);
    *document = (struct dna_host_meta_document){.alloc = document->alloc};
}
