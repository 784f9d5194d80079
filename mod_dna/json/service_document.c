/* json/service_document.c: service delegation documents.
 *
 * An array of objects, each of which is one place.  An object that is not understood whole is
 * skipped, so that no half of it authorises anybody; members of other names are ignored.
 */
#include <json/service_document.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <json/load.h>

enum { DEFAULT_PORT = 5269, DEFAULT_EXPIRES = 3600 };

static int64_t clamp(int64_t expires)
{
    if (expires < DNA_LIMIT_SERVICE_LIFE_LEAST_S) {
        return DNA_LIMIT_SERVICE_LIFE_LEAST_S;
    }
    return expires > DNA_LIMIT_SERVICE_LIFE_S ? DNA_LIMIT_SERVICE_LIFE_S : expires;
}

static bool read_tls(const json_t *object, bool *direct)
{
    const json_t *value = json_object_get(object, "tls");
    const char *word = value != NULL ? json_string_value(value) : "starttls";
    *direct = word != NULL && strcmp(word, "direct") == 0;
    return *direct || (word != NULL && strcmp(word, "starttls") == 0);
}

static bool read_domain(const json_t *object, struct dna_service_endpoint *out)
{
    if (json_object_get(object, "domain") == NULL) {
        out->domain = out->host;
        return true;
    }
    return dna_json_host(object, "domain", &out->domain);
}

/* False: it is to be skipped. */
static bool read_endpoint(const json_t *object, struct dna_service_endpoint *out)
{
    int64_t port, priority, weight, expires;
    if (!dna_json_host(object, "host", &out->host) || !read_domain(object, out) ||
        !read_tls(object, &out->direct_tls) ||
        !dna_json_number(object, "port", 1, UINT16_MAX, DEFAULT_PORT, &port) ||
        !dna_json_number(object, "priority", 0, UINT16_MAX, 0, &priority) ||
        !dna_json_number(object, "weight", 0, UINT16_MAX, 0, &weight) ||
        !dna_json_number(object, "expires", 1, INT64_MAX, DEFAULT_EXPIRES, &expires)) {
        return false;
    }
    out->port = (uint16_t)port;
    out->priority = (uint16_t)priority;
    out->weight = (uint16_t)weight;
    out->expires = clamp(expires);
    return true;
}

static enum dna_err read_document(const json_t *root, struct dna_service_document *out,
                                  const char **why)
{
    size_t n = json_array_size(root);
    if (!json_is_array(root)) {
        *why = "not an array";
        return DNA_ERR_FORMAT;
    }
    if (n > DNA_LIMIT_SERVICE_ENDPOINTS) {
        *why = "too many objects";
        return DNA_ERR_LIMIT;
    }
    out->endpoints = n != 0 ? dna_alloc_zero(out->alloc, n, sizeof *out->endpoints) : NULL;
    if (n != 0 && out->endpoints == NULL) {
        *why = "out of memory";
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *object = json_array_get(root, i);
        if (!json_is_object(object)) {
            *why = "a member of the array that is no object";
            return DNA_ERR_FORMAT;
        }
        if (read_endpoint(object, &out->endpoints[out->n_endpoints])) {
            out->n_endpoints++;
        } else {
            out->n_skipped++;
        }
    }
    return DNA_OK;
}

enum dna_err dna_service_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                               struct dna_service_document *out, const char **why)
{
    json_t *root = NULL;
    enum dna_err err;
    *out = (struct dna_service_document){.alloc = alloc};
    *why = "";
    err = dna_json_load(bytes, &root, why);
    if (err == DNA_OK) {
        err = read_document(root, out, why);
    }
    json_decref(root);
    if (err != DNA_OK) {
        dna_service_fini(out);
    }
    return err;
}

void dna_service_fini(struct dna_service_document *document)
{
    dna_alloc_release(document->alloc, document->endpoints);
    *document = (struct dna_service_document){.alloc = document->alloc};
}
