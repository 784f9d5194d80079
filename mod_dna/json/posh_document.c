/* json/posh_document.c: POSH documents (RFC 7711 3).
 *
 * A document is either fingerprints or a reference, with an expiry, or it is nothing: no
 * doubtful part of it is skipped but the hashes that we do not know, which RFC 7711 wants
 * skipped.  A descriptor with several hashes becomes several fingerprints, since any of them
 * may match.  A number that the JSON library cannot hold (beyond 64 bits) makes the document
 * malformed; smaller ones are cut to DNA_LIMIT_POSH_LIFE_S.
 */
#include <json/posh_document.h>

#include <string.h>
#include <strings.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <base/limits.h>
#include <json/load.h>

static const struct {
    const char *name; /* of the IANA registry "Hash Function Textual Names" */
    enum dna_posh_hash hash;
    size_t size;
} hashes[] = {
    {"sha-256", DNA_POSH_SHA256, 32},
    {"sha-384", DNA_POSH_SHA384, 48},
    {"sha-512", DNA_POSH_SHA512, 64},
};
#define HASHES (sizeof hashes / sizeof *hashes)

static enum dna_err malformed(const char **why, const char *text)
{
    *why = text;
    return DNA_ERR_FORMAT;
}

static bool find_hash(const char *name, size_t *index)
{
    for (size_t i = 0; i < HASHES; i++) {
        if (strcmp(name, hashes[i].name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static enum dna_err read_digest(size_t index, const json_t *value,
                                struct dna_posh_fingerprint *out, const char **why)
{
    struct dna_span text;
    size_t len = 0;
    if (!json_is_string(value)) {
        return malformed(why, "a fingerprint that is no string");
    }
    text = (struct dna_span){json_string_value(value), json_string_length(value)};
    if (dna_base64_decode(text, DNA_BASE64_LENIENT, out->digest, sizeof out->digest, &len) !=
        DNA_OK) {
        return malformed(why, "a fingerprint that is not base64");
    }
    if (len != hashes[index].size) {
        return malformed(why, "a fingerprint of the wrong length");
    }
    out->hash = hashes[index].hash;
    return DNA_OK;
}

static enum dna_err read_descriptor(json_t *descriptor, struct dna_posh_document *out,
                                    const char **why)
{
    const char *name;
    json_t *value;
    if (!json_is_object(descriptor) || json_object_size(descriptor) == 0) {
        return malformed(why, "a descriptor that is no object with a fingerprint");
    }
    json_object_foreach(descriptor, name, value) {
        size_t index;
        enum dna_err err;
        if (!find_hash(name, &index)) {
            out->n_unsupported++;
            continue;
        }
        err = read_digest(index, value, &out->fingerprints[out->n_fingerprints], why);
        if (err != DNA_OK) {
            return err;
        }
        out->n_fingerprints++;
    }
    return DNA_OK;
}

static enum dna_err read_fingerprints(const json_t *array, struct dna_posh_document *out,
                                      const char **why)
{
    size_t n = json_array_size(array);
    enum dna_err err = DNA_OK;
    if (!json_is_array(array) || n == 0) {
        return malformed(why, "fingerprints are no array of descriptors");
    }
    if (n > DNA_LIMIT_POSH_DESCRIPTORS) {
        *why = "too many descriptors";
        return DNA_ERR_LIMIT;
    }
    out->kind = DNA_POSH_FINGERPRINTS;
    out->fingerprints = dna_alloc_zero(out->alloc, n * HASHES, sizeof *out->fingerprints);
    if (out->fingerprints == NULL) {
        *why = "out of memory";
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n && err == DNA_OK; i++) {
        err = read_descriptor(json_array_get(array, i), out, why);
    }
    return err;
}

/* An https URL of printable ASCII; the fetcher judges its parts. */
static bool is_https(struct dna_span url)
{
    static const char scheme[] = "https://";
    if (url.len < sizeof scheme || url.len > DNA_LIMIT_URL ||
        strncasecmp(url.ptr, scheme, sizeof scheme - 1) != 0) {
        return false;
    }
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

static enum dna_err read_reference(const json_t *url, struct dna_posh_document *out,
                                   const char **why)
{
    struct dna_span text;
    if (!json_is_string(url)) {
        return malformed(why, "url is no string");
    }
    text = (struct dna_span){json_string_value(url), json_string_length(url)};
    if (!is_https(text)) {
        return malformed(why, "url is no https URL");
    }
    out->kind = DNA_POSH_REFERENCE;
    out->url = dna_alloc_text(out->alloc, text);
    if (out->url == NULL) {
        *why = "out of memory";
        return DNA_ERR_MEMORY;
    }
    return DNA_OK;
}

static enum dna_err read_document(const json_t *root, struct dna_posh_document *out,
                                  const char **why)
{
    const json_t *fingerprints = json_object_get(root, "fingerprints");
    const json_t *url = json_object_get(root, "url");
    const json_t *expires = json_object_get(root, "expires");
    if (!json_is_object(root)) {
        return malformed(why, "not an object");
    }
    if (!json_is_integer(expires) || json_integer_value(expires) < 0) {
        return malformed(why, "expires is missing or no non-negative integer");
    }
    out->expires = json_integer_value(expires);
    if (out->expires > DNA_LIMIT_POSH_LIFE_S) {
        out->expires = DNA_LIMIT_POSH_LIFE_S;
    }
    if ((fingerprints != NULL) == (url != NULL)) {
        return malformed(why, url != NULL ? "both fingerprints and url"
                                          : "neither fingerprints nor url");
    }
    return url != NULL ? read_reference(url, out, why)
                       : read_fingerprints(fingerprints, out, why);
}

enum dna_err dna_posh_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                            struct dna_posh_document *out, const char **why)
{
    json_t *root = NULL;
    enum dna_err err;
    *out = (struct dna_posh_document){.alloc = alloc};
    *why = "";
    err = dna_json_load(bytes, &root, why);
    if (err == DNA_OK) {
        err = read_document(root, out, why);
    }
    json_decref(root);
    if (err != DNA_OK) {
        dna_posh_fini(out);
    }
    return err;
}

void dna_posh_fini(struct dna_posh_document *document)
{
    dna_alloc_release(document->alloc, document->url);
    dna_alloc_release(document->alloc, document->fingerprints);
    *document = (struct dna_posh_document){.alloc = document->alloc};
}
