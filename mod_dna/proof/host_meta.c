/* proof/host_meta.c: the domain's host metadata say which keys and names its servers have
 * (XEP-0487).
 *
 * Three things count: a CA that names the domain, a CA that names a host of a link, and a pin
 * of the end entity's key.  A pin stands for path and name, never for dates or the strength of
 * the key.  A document that has no link between servers is about clients and authorises no
 * server (S8).  It holds for its ttl from when it was fetched; a stale one proves nothing.
 */
#include <string.h>

#include <json/host_meta_document.h>
#include <proof/certificate.h>
#include <proof/document.h>
#include <proof/rule.h>
#include <proof/wants.h>
#include <x509/spki.h>

#define TYPE DNA_PROOF_HOST_META
#define WHAT "the host metadata"

/* One run. */
struct proof {
    const struct dna_question *q;
    int64_t now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    struct dna_ruling *out;
    int64_t until;
};

static enum dna_step fault(struct proof *p, enum dna_err err)
{
    dna_wants_fault(p->wants, err);
    return DNA_STEP_WANTS;
}

static enum dna_err is_pinned(const struct dna_question *q,
                              const struct dna_host_meta_document *document, bool *out)
{
    unsigned char digest[DNA_SHA256_SIZE];
    enum dna_err err = dna_spki_digest(q->chain, digest);
    *out = false;
    for (size_t i = 0; err == DNA_OK && i < document->n_pins && !*out; i++) {
        *out = memcmp(document->pins[i], digest, sizeof digest) == 0;
    }
    return err;
}

/* Whether the connection is one that the link describes: we connected there, or the peer is
 * the one who connected. */
static bool is_link_used(const struct dna_question *q, const struct dna_host_meta_link *link)
{
    struct dna_address address;
    if (q->role != DNA_INITIATING) {
        return true;
    }
    if (link->rel != DNA_HOST_META_TLS || q->host == NULL || q->address == NULL ||
        link->port != q->port ||
        dna_address_parse(dna_span_of(q->address), &address) != DNA_OK) {
        return false;
    }
    for (size_t i = 0; i < link->n_ips; i++) {
        if (dna_address_equal(&link->ips[i], &address)) {
            return true;
        }
    }
    return false;
}

/* Which name of the document the certificate has, or NULL. */
static const char *certified_name(const struct proof *p, const struct dna_path *path,
                                  const struct dna_host_meta_document *document)
{
    const struct dna_question *q = p->q;
    if (dna_certificate_names_domain(q->chain, path, q->service, q->domain)) {
        return q->domain;
    }
    for (size_t i = 0; i < document->n_links; i++) {
        const struct dna_host_meta_link *link = &document->links[i];
        if (is_link_used(q, link) &&
            dna_certificate_names(q->chain, path, q->service, link->sni.text)) {
            return link->sni.text;
        }
    }
    return NULL;
}

/* No pin is the peer's: a CA has to speak for it. */
static enum dna_step look_at_path(struct proof *p,
                                  const struct dna_host_meta_document *document)
{
    const struct dna_path *path = dna_wants_path(p->wants, p->have, p->q->chain);
    const char *name;
    if (path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, TYPE, p->now, "the peer's certificate", p->out)) {
        return document->n_pins == 0
                   ? DNA_STEP_RULES
                   : dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                              "no pin in " WHAT " of %s is of the peer's key, and its "
                              "certificate is not trusted: %s",
                              p->q->domain, path->why);
    }
    name = certified_name(p, path, document);
    if (name == NULL) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                        "the peer's certificate names neither %s nor a host that " WHAT
                        " give for this connection",
                        p->q->domain);
    }
    return dna_rule_proven(p->out, TYPE, dna_rule_sooner(p->until, path->not_after),
                           "a trusted certificate names %s, as " WHAT " of %s admit", name,
                           p->q->domain);
}

static enum dna_step judge(struct proof *p, const struct dna_host_meta_document *document)
{
    int64_t not_before, not_after;
    bool pinned;
    enum dna_err err;
    if (document->n_links == 0) {
        return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        WHAT " of %s say nothing about servers", p->q->domain);
    }
    dna_chain_leaf_validity(p->q->chain, &not_before, &not_after);
    if (p->now < not_before || p->now >= not_after) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NOT_VALID_NOW,
                        "the peer's certificate is not valid at this time");
    }
    err = is_pinned(p->q, document, &pinned);
    if (err != DNA_OK) {
        return fault(p, err);
    }
    if (!pinned) {
        return look_at_path(p, document);
    }
    return dna_rule_proven(p->out, TYPE, dna_rule_sooner(p->until, not_after),
                           WHAT " of %s pin the key of the peer's certificate", p->q->domain);
}

static enum dna_step read_document(struct proof *p, const struct dna_alloc *alloc,
                                   const struct dna_fetch_result *result)
{
    struct dna_host_meta_document document;
    const char *why;
    enum dna_step step;
    enum dna_err err = dna_host_meta_parse(alloc, result->body, &document, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                        WHAT " are not valid: %s", why);
    }
    if (err != DNA_OK) {
        return fault(p, err);
    }
    p->until = dna_rule_sooner(result->obtained, p->now) + document.ttl;
    step = judge(p, &document);
    dna_host_meta_fini(&document);
    return step;
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {
        .q = q, .now = now.wall, .have = have, .wants = wants, .out = out,
    };
    struct dna_want_fetch fetch = {
        .kind = DNA_FETCH_WELL_KNOWN, .max_redirects = DNA_LIMIT_HOST_META_REDIRECTS,
    };
    const struct dna_fetch_result *result;
    if (q->service != DNA_XMPP_SERVER || dna_name_parent(q->domain) == NULL) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s has no host metadata about servers", q->domain);
    }
    fetch.url = dna_document_url(arena, "https://", q->domain, "/.well-known/",
                                 "host-meta.json");
    if (fetch.url == NULL) {
        return fault(&p, DNA_ERR_MEMORY);
    }
    result = dna_wants_fetch(wants, have, &fetch);
    if (result == NULL) {
        return DNA_STEP_WANTS;
    }
    return dna_document_there(result, TYPE, q->domain, WHAT, out)
               ? read_document(&p, arena->alloc, result)
               : DNA_STEP_RULES;
}

const struct dna_prover dna_prover_host_meta = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .step = step,
};
