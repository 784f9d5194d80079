/* proof/xml_assertion.c: an XML document on the domain's web host names who serves it.
 *
 * The document carries no signature: it is the domain's because it came over https from the
 * domain itself, at once, with no redirect.  It may name hosts, whose certificates must then
 * be trusted, or digests of certificates and keys, which stand for path and name but never
 * for the dates.  The peer cannot choose another place: its own proof is empty or that URL.
 */
#include <string.h>
#include <strings.h>

#include <base/limits.h>
#include <proof/assertion.h>
#include <proof/certificate.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_XML_ASSERTION

/* One run. */
struct proof {
    const struct dna_question *q;
    struct dna_time now;
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

/* In the arena; NULL: no memory. */
static const char *well_known(const char *domain, struct dna_arena *arena)
{
    static const char prefix[] = "https://", path[] = "/.well-known/xmpp-delegation.xml";
    char *url = dna_arena_get(arena, sizeof prefix + strlen(domain) + sizeof path);
    if (url != NULL) {
        (void)stpcpy(stpcpy(stpcpy(url, prefix), domain), path);
    }
    return url;
}

/* Whether what the peer supplied, if anything, is what it may be. */
static bool supplied_fits(struct proof *p, const char *url)
{
    const struct dna_want want = {.kind = DNA_WANT_PEER};
    const struct dna_known *known = dna_facts_find(p->have, &want);
    const struct dna_fact *fact = known != NULL && known->answered ? &known->fact : NULL;
    if (fact == NULL || fact->u.peer.outcome != DNA_PEER_PROOF ||
        fact->u.peer.prooftype != TYPE || fact->u.peer.content.len == 0 ||
        dna_span_is(fact->u.peer.content, url)) {
        return true;
    }
    (void)dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                   "the peer's proof is neither empty nor %s", url);
    return false;
}

/* Whether the document is there; else the ruling is made. */
static bool is_there(struct proof *p, const struct dna_fetch_result *result)
{
    switch (result->outcome) {
    case DNA_FETCH_OK:
        return true;
    case DNA_FETCH_ABSENT:
        (void)dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                       "%s publishes no XML assertion", p->q->domain);
        return false;
    case DNA_FETCH_REFUSED:
        (void)dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED,
                       "the XML assertion was not fetched: %s", result->why);
        return false;
    case DNA_FETCH_FAILED:
        break;
    }
    (void)dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED,
                   "the XML assertion could not be fetched: %s", result->why);
    return false;
}

/* application/xml or text/xml, whatever parameters follow; or none was told. */
static bool is_xml(const char *media_type)
{
    static const char *const types[] = {"application/xml", "text/xml"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t len = strlen(types[i]);
        if (strncasecmp(media_type, types[i], len) == 0 &&
            strchr("; \t", media_type[len]) != NULL) {
            return true;
        }
    }
    return media_type[0] == '\0';
}

static enum dna_step refuse_document(struct proof *p, const struct dna_xml_fault *why)
{
    if (why->line == 0) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                        "the XML assertion is not valid: %s", why->why);
    }
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                    "the XML assertion is not valid at line %u, column %u: %s", why->line,
                    why->column, why->why);
}

/* Whether the document speaks of the domain, now, and of the service; bounds the proof's
 * life.  False: the ruling is made. */
static bool applies(struct proof *p, const struct dna_assertion *assertion)
{
    int64_t now = p->now.wall;
    const char *why = NULL;
    if (strcmp(assertion->domain.text, p->q->domain) != 0) {
        why = "it is about another domain";
    } else if (assertion->expires <= now) {
        why = "it has expired";
    } else if (assertion->issued > now + DNA_LIMIT_ASSERTION_AHEAD_S) {
        why = "it was issued in the future";
    } else if (!assertion->has_service) {
        why = "it does not speak of the service";
    } else if (assertion->n_providers + assertion->n_unknown == 0) {
        why = "it names nobody who serves the domain";
    }
    if (why != NULL) {
        (void)refuse_document(p, &(struct dna_xml_fault){.why = why});
        return false;
    }
    p->until = dna_rule_sooner(p->until, dna_rule_sooner(assertion->expires,
                                                         now + DNA_LIMIT_ASSERTION_LIFE_S));
    return true;
}

/* --- providers ------------------------------------------------------------------------ */

static bool is_valid_now(const struct proof *p, int64_t *not_after)
{
    int64_t not_before;
    dna_chain_leaf_validity(p->q->chain, &not_before, not_after);
    return p->now.wall >= not_before && p->now.wall < *not_after;
}

/* Whether some digest is the peer's: *step is the ruling, or a fault. */
static bool match_digests(struct proof *p, const struct dna_assertion *assertion,
                          enum dna_step *step)
{
    for (size_t i = 0; i < assertion->n_providers; i++) {
        const struct dna_provider *provider = &assertion->providers[i];
        bool matches;
        int64_t not_after;
        enum dna_err err = dna_provider_matches(provider, p->q->chain, &matches);
        if (err != DNA_OK) {
            *step = fault(p, err);
            return true;
        }
        if (!matches) {
            continue;
        }
        *step = is_valid_now(p, &not_after)
                    ? dna_rule_proven(p->out, TYPE, dna_rule_sooner(p->until, not_after),
                                      "%s publishes the digest of the peer's %s", p->q->domain,
                                      provider->kind == DNA_PROVIDER_SPKI ? "key"
                                                                          : "certificate")
                    : dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NOT_VALID_NOW,
                               "the peer's certificate is not valid at this time");
        return true;
    }
    return false;
}

/* Whether this is where we connected to; where we connected to no place in particular, every
 * provider's certificate will do. */
static bool is_endpoint(const struct proof *p, const struct dna_provider *provider)
{
    const struct dna_question *q = p->q;
    if (q->role != DNA_INITIATING || q->host == NULL) {
        return true;
    }
    return strcmp(provider->host.text, q->host) == 0 &&
           (provider->port == 0 || provider->port == q->port);
}

static enum dna_step match_hosts(struct proof *p, const struct dna_assertion *assertion)
{
    const struct dna_provider *host = NULL;
    const struct dna_path *path;
    for (size_t i = 0; i < assertion->n_providers && host == NULL; i++) {
        const struct dna_provider *provider = &assertion->providers[i];
        if (provider->kind == DNA_PROVIDER_HOST && is_endpoint(p, provider)) {
            host = provider;
        }
    }
    if (host == NULL) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                        "%s names neither the peer's certificate nor its key nor its host",
                        p->q->domain);
    }
    path = dna_wants_path(p->wants, p->have, p->q->chain);
    if (path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, TYPE, p->now.wall, "the peer's certificate", p->out)) {
        return DNA_STEP_RULES;
    }
    for (; host < assertion->providers + assertion->n_providers; host++) {
        if (host->kind == DNA_PROVIDER_HOST && is_endpoint(p, host) &&
            dna_certificate_names(p->q->chain, path, p->q->service, host->host.text)) {
            return dna_rule_proven(p->out, TYPE, dna_rule_sooner(p->until, path->not_after),
                                   "%s names %s, for which the peer has a trusted certificate",
                                   p->q->domain, host->host.text);
        }
    }
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                    "the peer's certificate is for no host that %s names", p->q->domain);
}

/* --- the document --------------------------------------------------------------------- */

static enum dna_step judge(struct proof *p, struct dna_arena *arena,
                           const struct dna_fetch_result *result)
{
    struct dna_assertion assertion;
    struct dna_xml_fault why;
    enum dna_step step;
    enum dna_err err;
    if (!is_xml(result->media_type)) {
        return refuse_document(p, &(struct dna_xml_fault){
                                      .why = "it is not of type application/xml"});
    }
    p->until = dna_rule_sooner(p->until, result->certificate_ends);
    err = dna_assertion_parse(arena->alloc, result->body,
                              dna_certificate_service(p->q->service), &assertion, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return refuse_document(p, &why);
    }
    if (err != DNA_OK) {
        return fault(p, err);
    }
    if (!applies(p, &assertion)) {
        step = DNA_STEP_RULES;
    } else if (!match_digests(p, &assertion, &step)) {
        step = match_hosts(p, &assertion);
    }
    dna_assertion_fini(&assertion);
    return step;
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {
        .q = q,
        .now = now,
        .have = have,
        .wants = wants,
        .out = out,
        .until = DNA_NEVER,
    };
    struct dna_want_fetch fetch = {.kind = DNA_FETCH_WELL_KNOWN, .max_redirects = 0};
    const struct dna_fetch_result *result;
    if (dna_name_parent(q->domain) == NULL) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s is no domain that has a web host", q->domain);
    }
    fetch.url = well_known(q->domain, arena);
    if (fetch.url == NULL) {
        return fault(&p, DNA_ERR_MEMORY);
    }
    if (!supplied_fits(&p, fetch.url)) {
        return DNA_STEP_RULES;
    }
    result = dna_wants_fetch(wants, have, &fetch);
    if (result == NULL) {
        return DNA_STEP_WANTS;
    }
    return is_there(&p, result) ? judge(&p, arena, result) : DNA_STEP_RULES;
}

const struct dna_prover dna_prover_xml_assertion = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .step = step,
};
