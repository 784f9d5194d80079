/* proof/posh.c: fingerprints that the domain's web host publishes (RFC 7711, RFC 7712 5.2).
 *
 * The document comes from the domain's own https host, or from where that one refers to,
 * once.  A fingerprint stands for the path and the name of the peer's certificate, never for
 * its dates or the strength of its key, and is compared with the end entity's certificate
 * alone.  It holds for as long as the documents say, counted from when they were fetched.
 */
#include <string.h>

#include <base/codec.h>
#include <base/limits.h>
#include <json/posh_document.h>
#include <proof/certificate.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/wants.h>
#include <x509/digest.h>

#define TYPE DNA_PROOF_POSH

/* One run. */
struct proof {
    const struct dna_question *q;
    struct dna_time now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    struct dna_ruling *out;
    int64_t until;
};

static const struct {
    enum dna_hash hash;
    const char *name;
} hashes[] = {
    [DNA_POSH_SHA256] = {DNA_HASH_SHA256, "sha-256"},
    [DNA_POSH_SHA384] = {DNA_HASH_SHA384, "sha-384"},
    [DNA_POSH_SHA512] = {DNA_HASH_SHA512, "sha-512"},
};
#define HASHES (sizeof hashes / sizeof *hashes)

static enum dna_step fault(struct proof *p, enum dna_err err)
{
    dna_wants_fault(p->wants, err);
    return DNA_STEP_WANTS;
}

/* "https://example.com/.well-known/posh/xmpp-server.json", in the arena; NULL: no memory. */
static const char *well_known(const struct dna_question *q, struct dna_arena *arena)
{
    static const char prefix[] = "https://", path[] = "/.well-known/posh/", end[] = ".json";
    const char *service = dna_certificate_service(q->service);
    size_t size = sizeof prefix + strlen(q->domain) + sizeof path + strlen(service) +
                  sizeof end;
    char *url = dna_arena_get(arena, size);
    if (url != NULL) {
        char *at = stpcpy(stpcpy(url, prefix), q->domain);
        (void)stpcpy(stpcpy(stpcpy(at, path), service), end);
    }
    return url;
}

/* Whether the document is there; else the ruling is made. */
static bool is_there(struct proof *p, const struct dna_fetch_result *result)
{
    switch (result->outcome) {
    case DNA_FETCH_OK:
        return true;
    case DNA_FETCH_ABSENT:
        (void)dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                       "%s publishes no POSH document", p->q->domain);
        return false;
    case DNA_FETCH_REFUSED:
        (void)dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED,
                       "the POSH document was not fetched: %s", result->why);
        return false;
    case DNA_FETCH_FAILED:
        break;
    }
    (void)dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED,
                   "the POSH document could not be fetched: %s", result->why);
    return false;
}

static enum dna_step refuse_document(struct proof *p, const char *why)
{
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                    "the POSH document is not valid: %s", why);
}

static enum dna_step matched(struct proof *p, const char *hash)
{
    int64_t not_before, not_after;
    dna_chain_leaf_validity(p->q->chain, &not_before, &not_after);
    return dna_rule_proven(p->out, TYPE, dna_rule_sooner(p->until, not_after),
                           "%s publishes the %s fingerprint of the peer's certificate",
                           p->q->domain, hash);
}

static enum dna_step no_match(struct proof *p, const struct dna_posh_document *document)
{
    char presented[2 * DNA_SHA256_SIZE + 1], published[2 * DNA_SHA256_SIZE + 1];
    if (document->n_fingerprints == 0) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                        "the POSH document uses no hash function that we know");
    }
    dna_hex_encode(dna_chain_leaf_digest(p->q->chain), DNA_SHA256_SIZE, presented);
    dna_hex_encode(document->fingerprints[0].digest, DNA_SHA256_SIZE, published);
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                    "no published fingerprint (%s %.64s, ...) is that of the peer's "
                    "certificate (sha-256 %s)",
                    hashes[document->fingerprints[0].hash].name, published, presented);
}

static enum dna_step compare(struct proof *p, const struct dna_posh_document *document)
{
    unsigned char digests[HASHES][DNA_HASH_MAX];
    bool made[HASHES] = {false};
    for (size_t i = 0; i < document->n_fingerprints; i++) {
        const struct dna_posh_fingerprint *print = &document->fingerprints[i];
        size_t size = dna_hash_size(hashes[print->hash].hash);
        if (!made[print->hash]) {
            enum dna_err err = dna_hash(hashes[print->hash].hash,
                                        dna_chain_der(p->q->chain, 0), digests[print->hash]);
            if (err != DNA_OK) {
                return fault(p, err);
            }
            made[print->hash] = true;
        }
        if (memcmp(print->digest, digests[print->hash], size) == 0) {
            return matched(p, hashes[print->hash].name);
        }
    }
    return no_match(p, document);
}

/* Reads one document and bounds the proof's life by it; parsed must be freed after DNA_OK. */
static enum dna_err read_document(struct proof *p, const struct dna_fetch_result *result,
                                  const struct dna_alloc *alloc,
                                  struct dna_posh_document *parsed, const char **why)
{
    enum dna_err err = dna_posh_parse(alloc, result->body, parsed, why);
    int64_t obtained = dna_rule_sooner(result->obtained, p->now.wall);
    if (err != DNA_OK) {
        return err;
    }
    if (parsed->expires == 0) {
        dna_posh_fini(parsed);
        *why = "it says that it has expired";
        return DNA_ERR_FORMAT;
    }
    p->until = dna_rule_sooner(p->until, obtained + parsed->expires);
    return DNA_OK;
}

static enum dna_step read_at(struct proof *p, struct dna_arena *arena,
                             const struct dna_want_fetch *fetch, bool referred);

static enum dna_step follow(struct proof *p, struct dna_arena *arena,
                            const struct dna_posh_document *document, bool referred)
{
    struct dna_want_fetch fetch = {
        .kind = DNA_FETCH_WELL_KNOWN,
        .max_redirects = DNA_LIMIT_FETCH_REDIRECTS,
        .url = document->url, /* a want that is new is copied */
    };
    if (referred) {
        return refuse_document(p, "a reference leads to another reference");
    }
    return read_at(p, arena, &fetch, true);
}

/* Recurses once at most: a reference leads to fingerprints. */
static enum dna_step read_at(struct proof *p, struct dna_arena *arena,
                             const struct dna_want_fetch *fetch, bool referred)
{
    const struct dna_fetch_result *result = dna_wants_fetch(p->wants, p->have, fetch);
    struct dna_posh_document document;
    const char *why;
    enum dna_step step;
    enum dna_err err;
    if (result == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!is_there(p, result)) {
        return DNA_STEP_RULES;
    }
    err = read_document(p, result, arena->alloc, &document, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return refuse_document(p, why);
    }
    if (err != DNA_OK) {
        return fault(p, err);
    }
    step = document.kind == DNA_POSH_REFERENCE ? follow(p, arena, &document, referred)
                                               : compare(p, &document);
    dna_posh_fini(&document);
    return step;
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {
        .q = q, .now = now, .have = have, .wants = wants, .out = out, .until = DNA_NEVER,
    };
    struct dna_want_fetch fetch = {
        .kind = DNA_FETCH_WELL_KNOWN, .max_redirects = DNA_LIMIT_FETCH_REDIRECTS,
    };
    int64_t not_before, not_after;
    if (dna_name_parent(q->domain) == NULL) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s is no domain that has a web host", q->domain);
    }
    dna_chain_leaf_validity(q->chain, &not_before, &not_after);
    if (now.wall < not_before || now.wall >= not_after) {
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NOT_VALID_NOW,
                        "the peer's certificate is not valid at this time");
    }
    fetch.url = well_known(q, arena);
    return fetch.url != NULL ? read_at(&p, arena, &fetch, false)
                             : fault(&p, DNA_ERR_MEMORY);
}

const struct dna_prover dna_prover_posh = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .step = step,
};
