/* proof/service_delegation.c: a document of the domain's web host says who serves it
 * ("Secure Service Delegation"; the document's members are this project's own definition).
 *
 * Each object of the document is one place, and names whom a certificate must be for that
 * speaks there.  Whoever we connected to must be such a place; of whoever connects to us any
 * will do.  The document stands for the SRV record, never for a path to a CA.
 */
#include <string.h>

#include <json/service_document.h>
#include <proof/certificate.h>
#include <proof/document.h>
#include <proof/rule.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_SERVICE_DELEGATION
#define WHAT "the service delegation document"

/* One run. */
struct proof {
    const struct dna_question *q;
    int64_t now;
    struct dna_ruling *out;
    const struct dna_path *path;
    int64_t obtained; /* of the document */
};

static bool is_place(const struct dna_question *q, const struct dna_service_endpoint *one)
{
    return q->role != DNA_INITIATING || q->host == NULL ||
           (one->port == q->port && strcmp(one->host.text, q->host) == 0);
}

/* The place that the peer is and that holds longest, or NULL.  *listed: some object is about
 * where we connected to. */
static const struct dna_service_endpoint *find(const struct proof *p,
                                               const struct dna_service_document *document,
                                               bool *listed)
{
    const struct dna_service_endpoint *best = NULL;
    *listed = false;
    for (size_t i = 0; i < document->n_endpoints; i++) {
        const struct dna_service_endpoint *one = &document->endpoints[i];
        if (!is_place(p->q, one)) {
            continue;
        }
        *listed = true;
        if (dna_certificate_names(p->q->chain, p->path, p->q->service, one->domain.text) &&
            (best == NULL || one->expires > best->expires)) {
            best = one;
        }
    }
    return best;
}

static enum dna_step refuse_empty(struct proof *p, const struct dna_service_document *document)
{
    if (document->n_skipped == 0) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                        WHAT " says that %s has no such service", p->q->domain);
    }
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                    WHAT " holds no object that can be used");
}

static enum dna_step judge(struct proof *p, const struct dna_service_document *document)
{
    bool listed;
    const struct dna_service_endpoint *place;
    if (document->n_endpoints == 0) {
        return refuse_empty(p, document);
    }
    place = find(p, document, &listed);
    if (!listed) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_WRONG_DELEGATE,
                        WHAT " of %s does not list %s at port %u", p->q->domain, p->q->host,
                        (unsigned)p->q->port);
    }
    if (!dna_certificate_trusted(p->path, TYPE, p->now, "the peer's certificate", p->out)) {
        return DNA_STEP_RULES;
    }
    if (place == NULL) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                        "the peer's certificate names nobody to whom %s delegates its service",
                        p->q->domain);
    }
    return dna_rule_proven(p->out, TYPE,
                           dna_rule_sooner(dna_rule_sooner(p->obtained, p->now) +
                                               place->expires,
                                           p->path->not_after),
                           "%s delegates its service to %s, as which the peer is certified",
                           p->q->domain, place->domain.text);
}

static enum dna_step read_document(struct proof *p, const struct dna_alloc *alloc,
                                   struct dna_span body, struct dna_wants *wants)
{
    struct dna_service_document document;
    const char *why;
    enum dna_step step;
    enum dna_err err = dna_service_parse(alloc, body, &document, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                        WHAT " is not valid: %s", why);
    }
    if (err != DNA_OK) {
        dna_wants_fault(wants, err);
        return DNA_STEP_WANTS;
    }
    step = judge(p, &document);
    dna_service_fini(&document);
    return step;
}

static const struct dna_fetch_result *fetch(struct dna_wants *wants,
                                            const struct dna_facts *have, const char *url)
{
    const struct dna_want_fetch want = {.kind = DNA_FETCH_WELL_KNOWN, .url = url};
    if (url == NULL) {
        dna_wants_fault(wants, DNA_ERR_MEMORY);
        return NULL;
    }
    return dna_wants_fetch(wants, have, &want);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {.q = q, .now = now.wall, .out = out};
    const struct dna_fetch_result *result;
    if (q->service != DNA_XMPP_SERVER || dna_name_parent(q->domain) == NULL) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s has no such service to delegate", q->domain);
    }
    result = fetch(wants, have, dna_document_url(arena, "https://", q->domain,
                                                 "/.well-known/service/", "xmpp-server"));
    if (result != NULL && result->outcome == DNA_FETCH_ABSENT && q->policy.delegation_legacy) {
        /* Where the draft's own example has it. */
        result = fetch(wants, have, dna_document_url(arena, "https://www.", q->domain,
                                                     "/.well-known/services/", "xmpp/"));
    }
    if (result == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_document_there(result, TYPE, q->domain, WHAT, out)) {
        return DNA_STEP_RULES;
    }
    p.path = dna_wants_path(wants, have, q->chain);
    if (p.path == NULL) {
        return DNA_STEP_WANTS;
    }
    p.obtained = result->obtained;
    return read_document(&p, arena->alloc, result->body, wants);
}

const struct dna_prover dna_prover_service_delegation = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .step = step,
};
