/* proof/papers.c: what was parsed once need not be parsed again.
 *
 * Parsing is a pure function of the bytes, so that the digest of the bytes stands for the
 * result: a hearing that finds a paper here rules as if it had parsed it.  Only what could be
 * parsed is remembered; what was used last goes last, and neither the number nor the size of
 * what is remembered passes its limit.  A paper that is dropped lives on for the hearings
 * that hold it.
 */
#include <proof/papers.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <base/limits.h>
#include <x509/digest.h>

struct dna_papers {
    const struct dna_alloc *alloc;
    struct dna_paper *first; /* the one used last */
    unsigned n;
    size_t len; /* of the bytes of all */
};

void dna_paper_free(struct dna_paper *paper)
{
    if (paper == NULL || --paper->references != 0) {
        return;
    }
    dna_chain_free(paper->chain);
    dna_acert_bundle_free(paper->acerts);
    dna_crl_free(paper->crl);
    dna_alloc_release(paper->alloc, paper->key);
    dna_alloc_release(paper->alloc, paper);
}

/* --- parsing ---------------------------------------------------------------------------- */

static enum dna_err parse_base64(const struct dna_alloc *alloc, struct dna_span text,
                                 struct dna_chain **out)
{
    size_t room = text.len / 4 * 3 + 3, len = 0;
    unsigned char *bytes = dna_alloc_get(alloc, room);
    enum dna_err err;
    if (bytes == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_base64_decode(text, DNA_BASE64_PADDED, bytes, room, &len);
    if (err == DNA_OK) {
        err = dna_chain_parse(alloc, (struct dna_span){(const char *)bytes, len}, out);
    }
    dna_alloc_release(alloc, bytes);
    return err;
}

static enum dna_err parse(struct dna_paper *paper, struct dna_span bytes, const char **why)
{
    switch (paper->kind) {
    case DNA_PAPER_DOCUMENT:
        return dna_chain_parse(paper->alloc, bytes, &paper->chain);
    case DNA_PAPER_BASE64:
        return parse_base64(paper->alloc, bytes, &paper->chain);
    case DNA_PAPER_ACERTS:
        return dna_acert_bundle_read(paper->alloc, bytes, &paper->acerts, why);
    case DNA_PAPER_CRL:
        return dna_crl_parse(paper->alloc, bytes, &paper->crl, why);
    }
    assert(false && "a paper is of one of these kinds");
    return DNA_ERR_ARGUMENT;
}

static enum dna_err make(const struct dna_alloc *alloc, enum dna_paper_kind kind,
                         struct dna_span bytes, struct dna_paper **out, const char **why)
{
    struct dna_paper *paper = dna_alloc_zero(alloc, 1, sizeof *paper);
    enum dna_err err;
    if (paper == NULL) {
        return DNA_ERR_MEMORY;
    }
    paper->alloc = alloc;
    paper->references = 1;
    paper->kind = kind;
    paper->len = bytes.len;
    err = parse(paper, bytes, why);
    if (err != DNA_OK) {
        dna_paper_free(paper);
        return err;
    }
    *out = paper;
    return DNA_OK;
}

enum dna_err dna_paper_dnskey(struct dna_paper *paper, const struct dna_spki_dnskey **out)
{
    enum dna_err err = DNA_OK;
    if (paper->key == NULL) {
        struct dna_spki_dnskey *key = dna_alloc_get(paper->alloc, sizeof *key);
        if (key == NULL) {
            return DNA_ERR_MEMORY;
        }
        err = dna_spki_to_dnskey(paper->chain, key);
        if (err != DNA_OK) {
            dna_alloc_release(paper->alloc, key);
            return err;
        }
        paper->key = key;
    }
    *out = paper->key;
    return DNA_OK;
}

/* --- remembering ------------------------------------------------------------------------ */

enum dna_err dna_papers_new(const struct dna_alloc *alloc, struct dna_papers **out)
{
    struct dna_papers *papers = dna_alloc_zero(alloc, 1, sizeof *papers);
    if (papers == NULL) {
        return DNA_ERR_MEMORY;
    }
    papers->alloc = alloc;
    *out = papers;
    return DNA_OK;
}

static struct dna_paper *take_out(struct dna_papers *papers, struct dna_paper **at)
{
    struct dna_paper *paper = *at;
    *at = paper->next;
    paper->next = NULL;
    papers->n--;
    papers->len -= paper->len;
    return paper;
}

static void put_first(struct dna_papers *papers, struct dna_paper *paper)
{
    paper->next = papers->first;
    papers->first = paper;
    papers->n++;
    papers->len += paper->len;
}

static void drop_last(struct dna_papers *papers)
{
    struct dna_paper **at = &papers->first;
    while ((*at)->next != NULL) {
        at = &(*at)->next;
    }
    dna_paper_free(take_out(papers, at));
}

void dna_papers_free(struct dna_papers *papers)
{
    if (papers != NULL) {
        while (papers->n != 0) {
            drop_last(papers);
        }
        dna_alloc_release(papers->alloc, papers);
    }
}

static struct dna_paper *find(struct dna_papers *papers, enum dna_paper_kind kind,
                              const unsigned char *digest)
{
    for (struct dna_paper **at = &papers->first; *at != NULL; at = &(*at)->next) {
        if ((*at)->kind == kind && memcmp((*at)->digest, digest, DNA_SHA256_SIZE) == 0) {
            struct dna_paper *paper = take_out(papers, at);
            put_first(papers, paper);
            return paper;
        }
    }
    return NULL;
}

static void remember(struct dna_papers *papers, struct dna_paper *paper,
                     const unsigned char *digest)
{
    if (paper->len > DNA_LIMIT_PAPERS_BYTES) {
        return;
    }
    memcpy(paper->digest, digest, DNA_SHA256_SIZE);
    while (papers->n == DNA_LIMIT_PAPERS ||
           papers->len > DNA_LIMIT_PAPERS_BYTES - paper->len) {
        drop_last(papers);
    }
    put_first(papers, paper);
    paper->references++;
}

enum dna_err dna_papers_read(struct dna_papers *papers, const struct dna_alloc *alloc,
                             enum dna_paper_kind kind, struct dna_span bytes,
                             struct dna_paper **out, const char **why)
{
    unsigned char digest[DNA_HASH_MAX];
    const char *unused;
    enum dna_err err;
    why = why != NULL ? why : &unused;
    *why = "";
    if (papers == NULL) {
        return make(alloc, kind, bytes, out, why);
    }
    err = dna_hash(DNA_HASH_SHA256, bytes, digest);
    if (err != DNA_OK) {
        return err;
    }
    *out = find(papers, kind, digest);
    if (*out != NULL) {
        (*out)->references++;
        return DNA_OK;
    }
    err = make(papers->alloc, kind, bytes, out, why);
    if (err == DNA_OK) {
        remember(papers, *out, digest);
    }
    return err;
}
