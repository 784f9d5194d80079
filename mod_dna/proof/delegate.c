/* proof/delegate.c: the targets of secure SRV records, one after the other. */
#include <proof/delegate.h>

#include <stdio.h>
#include <string.h>

#include <proof/certificate.h>
#include <proof/rule.h>

struct search {
    struct dna_run *run;
    const struct dna_path *path;
    enum dna_prooftype type;
    bool domain_named; /* the certificate names the domain, which suffices */
    bool open;         /* something is not known yet */
    bool found;
    struct dna_delegate *out;
    struct dna_ruling *ruling;
    unsigned said;     /* how much the ruling tells: 0 nothing yet */
};

/* The refusal that tells most stays: what could not be found out before what was. */
static void refuse(struct search *s, unsigned weight, enum dna_verdict verdict,
                   enum dna_code code, const char *what, const char *host, const char *why)
{
    if (weight > s->said) {
        s->said = weight;
        (void)dna_rule(s->ruling, s->type, verdict, code, "%s %s%s%s", what, host,
                       why[0] != '\0' ? ": " : "", why);
    }
}

static void accept(struct search *s, const struct dna_endpoint *endpoint, int64_t until)
{
    if (s->found) {
        return;
    }
    s->found = true;
    (void)snprintf(s->out->host.text, sizeof s->out->host.text, "%s", endpoint->host);
    s->out->by_domain = !dna_certificate_names(s->run->q->chain, s->path, s->run->q->service,
                                               endpoint->host);
    s->out->until = dna_rule_sooner(endpoint->until, until);
}

static void judge_pins(struct search *s, const struct dna_endpoint *endpoint)
{
    struct dna_matched matched;
    switch (dna_endpoint_match(s->run, endpoint, DNA_USAGE_LEAF | DNA_USAGE_PATH, &matched)) {
    case DNA_MATCH_OPEN:
        s->open = true;
        return;
    case DNA_MATCH_FOUND:
        accept(s, endpoint, matched.until);
        return;
    case DNA_MATCH_NONE:
        break;
    }
    refuse(s, 1, DNA_FAIL, DNA_CODE_NO_MATCH,
           "the peer's certificate matches no TLSA record of", endpoint->host, "");
}

static void judge(struct search *s, const char *host, uint16_t port)
{
    struct dna_endpoint endpoint;
    if (!dna_endpoint_ask(s->run, host, port, &endpoint)) {
        s->open = true;
        return;
    }
    switch (endpoint.status) {
    case DNA_ENDPOINT_PLAIN:
        accept(s, &endpoint, DNA_NEVER);
        return;
    case DNA_ENDPOINT_PINNED:
        judge_pins(s, &endpoint);
        return;
    case DNA_ENDPOINT_BOGUS:
        refuse(s, 2, DNA_FAIL, DNA_CODE_DNS_BOGUS, "the DNS answers are bogus about", host,
               endpoint.why);
        return;
    case DNA_ENDPOINT_FAILED:
        break;
    }
    refuse(s, 3, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, "the look-up failed of", host,
           endpoint.why);
}

static bool is_named(const struct search *s, const char *host)
{
    return s->domain_named ||
           dna_certificate_names(s->run->q->chain, s->path, s->run->q->service, host);
}

static void judge_connected(struct search *s, const struct dna_delegation *delegation)
{
    const struct dna_question *q = s->run->q;
    if (!dna_delegation_reaches(delegation, q, s->type, s->ruling)) {
        s->said = 1;
    } else if (!is_named(s, q->host)) {
        refuse(s, 1, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
               "the peer's certificate does not name the delegate", q->host, "");
    } else {
        judge(s, q->host, q->port);
    }
}

static void judge_targets(struct search *s, const struct dna_delegation *delegation)
{
    struct dna_srv targets[DNA_LIMIT_TARGETS];
    size_t n = dna_delegation_targets(delegation, targets);
    for (size_t i = 0; i < n; i++) {
        if (is_named(s, targets[i].target.text)) {
            judge(s, targets[i].target.text, targets[i].port);
        }
    }
    if (!s->open && !s->found && s->said == 0) {
        (void)dna_rule(s->ruling, s->type, DNA_FAIL, DNA_CODE_WRONG_DELEGATE,
                       "the peer's certificate names no host that %s is delegated to",
                       s->run->q->domain);
    }
}

enum dna_match dna_delegate_find(struct dna_run *run, const struct dna_delegation *delegation,
                                 const struct dna_path *path, enum dna_delegate_names names,
                                 enum dna_prooftype type, struct dna_delegate *out,
                                 struct dna_ruling *ruling)
{
    const struct dna_question *q = run->q;
    struct search s = {
        .run = run, .path = path, .type = type, .out = out, .ruling = ruling,
        .domain_named = names == DNA_NAMES_HOST_OR_DOMAIN &&
                        dna_certificate_names_domain(q->chain, path, q->service, q->domain),
    };
    if (q->role == DNA_INITIATING && q->host != NULL) {
        judge_connected(&s, delegation);
    } else {
        judge_targets(&s, delegation);
    }
    return s.open ? DNA_MATCH_OPEN : s.found ? DNA_MATCH_FOUND : DNA_MATCH_NONE;
}
