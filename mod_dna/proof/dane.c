/* proof/dane.c: TLSA records stand for the peer's certificate (RFC 7673, RFC 7671, RFC 6698).
 *
 * Outgoing, the endpoint that we are connected to; incoming, the domain's record for its own
 * connections where it has one (that one decides then), or any endpoint that it is delegated
 * to, each apart (S6).  Where there is securely no SRV record the domain itself is the
 * endpoint.  A forged or failed look-up excludes its endpoint and never stands for "no
 * record".  Records that do not match are no veto: an incoming connection may come from
 * elsewhere than where the domain listens.
 */
#include <string.h>

#include <proof/endpoint.h>
#include <proof/rule.h>
#include <proof/srv_status.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_DANE

struct proof {
    struct dna_run run;
    struct dna_delegation delegation;
    struct dna_ruling *out;
    struct dna_srv targets[DNA_LIMIT_TARGETS];
    struct dna_endpoint endpoints[DNA_LIMIT_TARGETS];
    size_t n;
};

static enum dna_step prove(struct proof *p, const struct dna_endpoint *endpoint,
                           const struct dna_matched *matched)
{
    const struct dna_tlsa *record = matched->record;
    int64_t until = dna_rule_sooner(endpoint->until, matched->until);
    until = dna_rule_sooner(until, dna_delegation_until(&p->delegation, p->run.now));
    return dna_rule_proven(p->out, TYPE, until,
                           "a TLSA record %u %u %u of %s stands for the peer's certificate",
                           (unsigned)record->usage, record->selector, record->matching,
                           endpoint->host);
}

static enum dna_step mismatch(struct proof *p, enum dna_code code, const char *host)
{
    if (code == DNA_CODE_UNTRUSTED) {
        return dna_rule(p->out, TYPE, DNA_FAIL, code,
                        "no valid path leads to what a TLSA record of %s names", host);
    }
    if (code == DNA_CODE_NAME_MISMATCH) {
        return dna_rule(p->out, TYPE, DNA_FAIL, code,
                        "a TLSA record matches, but the certificate names neither %s nor %s",
                        p->run.q->domain, host);
    }
    return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                    "no TLSA record of %s stands for the peer's certificate", host);
}

/* --- the record for outgoing connections -------------------------------------------- */

static enum dna_step decide_client(struct proof *p, const struct dna_endpoint *client)
{
    struct dna_matched matched;
    switch (dna_endpoint_match(&p->run, client, DNA_USAGE_LEAF | DNA_USAGE_PATH, &matched)) {
    case DNA_MATCH_OPEN:
        return DNA_STEP_WANTS;
    case DNA_MATCH_FOUND:
        return prove(p, client, &matched);
    case DNA_MATCH_NONE:
        break;
    }
    return mismatch(p, matched.code, client->host);
}

/* Whether the look-up of that record lets the others speak; else *ended. */
static bool passes_client(struct proof *p, enum dna_step *ended)
{
    struct dna_endpoint client;
    *ended = DNA_STEP_WANTS;
    if (!dna_endpoint_ask_client(&p->run, &client)) {
        return false;
    }
    switch (client.status) {
    case DNA_ENDPOINT_PLAIN:
        return true;
    case DNA_ENDPOINT_PINNED:
        *ended = decide_client(p, &client);
        return false;
    case DNA_ENDPOINT_BOGUS:
        *ended = dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_DNS_BOGUS,
                          "the TLSA records for outgoing connections are bogus: %s",
                          client.why);
        return false;
    case DNA_ENDPOINT_FAILED:
        break;
    }
    *ended = dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                      "the look-up of the TLSA records for outgoing connections failed: %s",
                      client.why);
    return false;
}

/* --- endpoints ---------------------------------------------------------------------- */

/* Which endpoints the peer may be.  False: none; the refusal is made. */
static bool choose(struct proof *p)
{
    const struct dna_question *q = p->run.q;
    bool connected = q->role == DNA_INITIATING && q->host != NULL;
    if (p->delegation.status == DNA_DELEGATION_SECURE) {
        if (!dna_delegation_reaches(&p->delegation, q, TYPE, p->out)) {
            return false;
        }
        p->n = connected ? 1 : dna_delegation_targets(&p->delegation, p->targets);
    } else {
        p->n = 1;
        p->targets[0].port = q->service == DNA_XMPP_CLIENT ? 5222 : 5269;
        (void)strcpy(p->targets[0].target.text, q->domain);
        if (connected && (strcmp(q->host, q->domain) != 0 || q->port != p->targets[0].port)) {
            (void)dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_WRONG_DELEGATE,
                           "the domain is not delegated to %s port %u", q->host,
                           (unsigned)q->port);
            return false;
        }
    }
    if (connected) {
        p->targets[0].port = q->port;
        (void)strcpy(p->targets[0].target.text, q->host);
    }
    return true;
}

static bool ask_all(struct proof *p)
{
    size_t known = 0;
    for (size_t i = 0; i < p->n; i++) {
        known += dna_endpoint_ask(&p->run, p->targets[i].target.text, p->targets[i].port,
                                  &p->endpoints[i]);
    }
    return known == p->n;
}

/* What matches by its bytes alone goes before what needs a path. */
static enum dna_match match(struct proof *p, unsigned usages, enum dna_code *code,
                            const char **host)
{
    enum dna_match all = DNA_MATCH_NONE;
    for (size_t i = 0; i < p->n; i++) {
        struct dna_matched matched;
        enum dna_match one;
        if (p->endpoints[i].status != DNA_ENDPOINT_PINNED) {
            continue;
        }
        one = dna_endpoint_match(&p->run, &p->endpoints[i], usages, &matched);
        if (one == DNA_MATCH_FOUND && all != DNA_MATCH_OPEN) {
            (void)prove(p, &p->endpoints[i], &matched);
            return DNA_MATCH_FOUND;
        }
        all = one == DNA_MATCH_OPEN ? DNA_MATCH_OPEN : all;
        if (*host == NULL || (*code == DNA_CODE_NO_MATCH && matched.code != *code)) {
            *code = matched.code;
            *host = p->endpoints[i].host;
        }
    }
    return all;
}

static const struct dna_endpoint *with_status(const struct proof *p,
                                              enum dna_endpoint_status status)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->endpoints[i].status == status) {
            return &p->endpoints[i];
        }
    }
    return NULL;
}

static enum dna_step refuse_endpoints(struct proof *p, enum dna_code code, const char *host)
{
    const struct dna_endpoint *bad = with_status(p, DNA_ENDPOINT_FAILED);
    if (bad != NULL) {
        return dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                        "the look-up failed of %s: %s", bad->host, bad->why);
    }
    bad = with_status(p, DNA_ENDPOINT_BOGUS);
    if (bad != NULL) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_DNS_BOGUS,
                        "the DNS answers are bogus about %s: %s", bad->host, bad->why);
    }
    if (host != NULL) {
        return mismatch(p, code, host);
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->endpoints[i].unusable) {
            return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                            "%s publishes TLSA records, but none is usable",
                            p->endpoints[i].host);
        }
    }
    return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                    "no secure TLSA record is published");
}

static enum dna_step decide(struct proof *p)
{
    enum dna_code code = DNA_CODE_NO_MATCH;
    const char *host = NULL;
    if (!choose(p)) {
        return DNA_STEP_RULES;
    }
    if (!ask_all(p)) {
        return DNA_STEP_WANTS;
    }
    if (match(p, DNA_USAGE_LEAF, &code, &host) == DNA_MATCH_FOUND) {
        return DNA_STEP_RULES;
    }
    switch (match(p, DNA_USAGE_PATH, &code, &host)) {
    case DNA_MATCH_FOUND:
        return DNA_STEP_RULES;
    case DNA_MATCH_OPEN:
        return DNA_STEP_WANTS;
    case DNA_MATCH_NONE:
        break;
    }
    return refuse_endpoints(p, code, host);
}

/* Securely absent, both: no target but the domain itself. */
static bool falls_back(const struct dna_delegation *d)
{
    return d->each[0] == DNA_SRV_ABSENT && d->each[1] == DNA_SRV_ABSENT;
}

/* Whether some answer shows that the domain's zone is signed. */
static bool is_signed(const struct dna_delegation *d)
{
    return d->answers[0]->secure || d->answers[1]->secure;
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p;
    enum dna_step ended;
    (void)arena;
    p.run = (struct dna_run){.q = q, .now = now.wall, .have = have, .wants = wants};
    p.out = out;
    p.n = 0;
    if (!dna_delegation_ask(q, have, wants, &p.delegation)) {
        return DNA_STEP_WANTS;
    }
    if (p.delegation.status == DNA_DELEGATION_BOGUS ||
        p.delegation.status == DNA_DELEGATION_FAILED || !is_signed(&p.delegation)) {
        return dna_delegation_refuse(&p.delegation, TYPE, out);
    }
    if (q->role == DNA_RECEIVING && !passes_client(&p, &ended)) {
        return ended;
    }
    if (p.delegation.status != DNA_DELEGATION_SECURE && !falls_back(&p.delegation)) {
        return dna_delegation_refuse(&p.delegation, TYPE, out);
    }
    return decide(&p);
}

const struct dna_prover dna_prover_dane = {
    .type = TYPE,
    .stage = DNA_STAGE_LOCAL,
    .rests_on_dns = true,
    .survives_sts = true,
    .root_anchored = true,
    .forbids = true,
    .step = step,
};
