/* documents/posh.c: POSH documents (RFC 7711 3). */
#include <documents/documents.h>

#include <json/canonical.h>
#include <json/posh_document.h>
#include <x509/digest.h>

static const struct {
    unsigned bit;
    const char *name;
    enum dna_hash hash;
} hash_functions[] = {{DOCUMENT_SHA_256, "sha-256", DNA_HASH_SHA256},
                      {DOCUMENT_SHA_384, "sha-384", DNA_HASH_SHA384},
                      {DOCUMENT_SHA_512, "sha-512", DNA_HASH_SHA512}};

static void add_fingerprint(struct dna_json_maker *maker, unsigned wanted,
                            struct dna_json *list, const struct dna_chain *chain)
{
    struct dna_json *descriptor = dna_json_add(maker, list, NULL, DNA_JSON_OBJECT);
    for (size_t i = 0; i < sizeof hash_functions / sizeof *hash_functions; i++) {
        unsigned char digest[DNA_HASH_MAX];
        enum dna_err err;
        if ((wanted & hash_functions[i].bit) == 0) {
            continue;
        }
        err = dna_hash(hash_functions[i].hash, dna_chain_der(chain, 0), digest);
        maker->err = maker->err == DNA_OK ? err : maker->err;
        dna_json_add_bytes(maker, descriptor, hash_functions[i].name,
                           (struct dna_span){(const char *)digest,
                                             dna_hash_size(hash_functions[i].hash)});
    }
}

static enum dna_err finish(struct dna_json_maker *maker, struct dna_json *root,
                           int64_t expires, struct dna_buf *out, const char **why)
{
    struct dna_posh_document document;
    enum dna_err err;
    *why = NULL;
    dna_json_add_number(maker, root, "expires", expires);
    err = maker->err == DNA_OK ? dna_json_write(root, out) : maker->err;
    err = err == DNA_OK ? dna_buf_add_text(out, "\n") : err;
    if (err == DNA_OK) {
        err = dna_posh_parse(NULL, dna_buf_span(out), &document, why);
        if (err == DNA_OK) {
            dna_posh_fini(&document);
        }
    }
    return err;
}

enum dna_err document_posh(struct dna_arena *arena, struct dna_chain *const *chains, size_t n,
                           unsigned hashes, int64_t expires, struct dna_buf *out,
                           const char **why)
{
    struct dna_json_maker maker = {.arena = arena, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    struct dna_json *list = dna_json_add(&maker, root, "fingerprints", DNA_JSON_ARRAY);
    for (size_t i = 0; i < n; i++) {
        add_fingerprint(&maker, hashes, list, chains[i]);
    }
    return finish(&maker, root, expires, out, why);
}

enum dna_err document_posh_reference(struct dna_arena *arena, const char *url, int64_t expires,
                                     struct dna_buf *out, const char **why)
{
    struct dna_json_maker maker = {.arena = arena, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    dna_json_add_text(&maker, root, "url", url);
    return finish(&maker, root, expires, out, why);
}
