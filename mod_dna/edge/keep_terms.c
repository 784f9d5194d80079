/* edge/keep_terms.c: what proofs rest on beside the policy, in short.
 *
 * A file counts as it was when the driver began: that is what the resolver has read.
 */
#include <edge/keep.h>

#include <stdio.h>
#include <string.h>

#include <base/buf.h>
#include <x509/digest.h>

#define FILE_MOST (1024 * 1024) /* of a trust anchor */

static enum dna_err add_text(struct dna_buf *terms, const char *text)
{
    return dna_buf_add(terms, (struct dna_span){text, strlen(text) + 1});
}

/* A file that cannot be read has no keys; the resolver says so. */
static enum dna_err add_file(struct dna_buf *terms, const char *name)
{
    FILE *file = name != NULL ? fopen(name, "re") : NULL;
    enum dna_err err = DNA_OK;
    char piece[4096];
    size_t n;
    while (file != NULL && err == DNA_OK && (n = fread(piece, 1, sizeof piece, file)) != 0) {
        err = dna_buf_add(terms, (struct dna_span){piece, n});
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return err == DNA_OK ? add_text(terms, "") : err;
}

static enum dna_err add_dns(struct dna_buf *terms, const struct dna_uv_options *options)
{
    enum dna_err err = DNA_OK;
    size_t i;
    switch (options->dns) {
    case DNA_UV_DNS_ITERATE:
    case DNA_UV_DNS_FORWARD: /* both validate */
        err = add_text(terms, "validating");
        err = err == DNA_OK ? add_file(terms, options->trust_anchor_file) : err;
        for (i = 0; err == DNA_OK && i < options->n_islands; i++) {
            err = add_file(terms, options->island_anchor_files[i]);
        }
        return err;
    case DNA_UV_DNS_STUB:
        err = add_text(terms, options->stub_trusts_ad ? "believing" : "asking");
        for (i = 0; err == DNA_OK && i < options->n_dns_servers; i++) {
            err = add_text(terms, options->dns_servers[i]);
        }
        return err;
    }
    return err;
}

static enum dna_err digest(struct dna_span bytes, unsigned char out[DNA_SHA256_SIZE])
{
    unsigned char whole[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, bytes, whole);
    if (err == DNA_OK) {
        memcpy(out, whole, DNA_SHA256_SIZE);
    }
    return err;
}

enum dna_err dna_edge_keep_dns(struct dna_uv *uv, const struct dna_uv_options *options)
{
    struct dna_buf terms;
    enum dna_err err;
    dna_buf_init(&terms, uv->alloc, FILE_MOST);
    err = add_dns(&terms, options);
    if (err == DNA_OK || err == DNA_ERR_LIMIT) {
        err = digest(dna_buf_span(&terms), uv->terms);
    }
    dna_buf_fini(&terms);
    return err;
}

enum dna_err dna_edge_keep_tell_terms(struct dna_uv *uv)
{
    return dna_session_keep_learned(
        uv->session, (struct dna_span){(const char *)uv->terms, sizeof uv->terms});
}

enum dna_err dna_edge_keep_trust(struct dna_uv *uv, struct dna_span ca_pem)
{
    enum dna_err err = digest(ca_pem, uv->terms + DNA_SHA256_SIZE);
    return err == DNA_OK && uv->keep != NULL ? dna_edge_keep_tell_terms(uv) : err;
}
