/* proof/srv_status.c: classifying two answers, judging them together, finding the delegate. */
#include <proof/srv_status.h>

#include <stdio.h>
#include <string.h>

#include <proof/rule.h>
#include <proof/wants.h>

bool dna_srv_names(const char *domain, enum dna_service service, struct dna_srv_names *out)
{
    const char *kind = service == DNA_XMPP_CLIENT ? "client" : "server";
    int plain = snprintf(out->plain, sizeof out->plain, "_xmpp-%s._tcp.%s", kind, domain);
    int tls = snprintf(out->tls, sizeof out->tls, "_xmpps-%s._tcp.%s", kind, domain);
    return plain > 0 && plain < DNA_SRV_NAME_MAX && tls > 0 && tls < DNA_SRV_NAME_MAX;
}

static bool is_root(const struct dna_srv *srv)
{
    return strcmp(srv->target.text, ".") == 0;
}

static enum dna_srv_status classify_records(const struct dna_dns_answer *answer)
{
    bool named = false;
    for (size_t i = 0; i < answer->n_rdata; i++) {
        struct dna_srv srv;
        if (dna_srv_parse(answer->rdata[i], &srv) != DNA_OK) {
            return DNA_SRV_FAILED;
        }
        named = named || !is_root(&srv);
    }
    if (!answer->secure) {
        return DNA_SRV_INSECURE;
    }
    return named ? DNA_SRV_SECURE : DNA_SRV_DENIED;
}

static enum dna_srv_status classify(const struct dna_dns_answer *answer)
{
    switch (answer->outcome) {
    case DNA_DNS_FAILED:
        return DNA_SRV_FAILED;
    case DNA_DNS_BOGUS:
        return DNA_SRV_BOGUS;
    case DNA_DNS_ABSENT:
        return answer->secure ? DNA_SRV_ABSENT : DNA_SRV_UNPROVEN;
    case DNA_DNS_FOUND:
        return classify_records(answer);
    }
    return DNA_SRV_FAILED;
}

static bool either(const struct dna_delegation *d, enum dna_srv_status status)
{
    return d->each[0] == status || d->each[1] == status;
}

static enum dna_delegation_status combine(const struct dna_delegation *d)
{
    if (either(d, DNA_SRV_BOGUS)) {
        return DNA_DELEGATION_BOGUS;
    }
    if (either(d, DNA_SRV_FAILED)) {
        return DNA_DELEGATION_FAILED;
    }
    if (either(d, DNA_SRV_SECURE)) {
        return DNA_DELEGATION_SECURE;
    }
    if (either(d, DNA_SRV_INSECURE) || either(d, DNA_SRV_UNPROVEN)) {
        return DNA_DELEGATION_INSECURE;
    }
    return DNA_DELEGATION_NONE;
}

static const char *reason(const struct dna_delegation *d)
{
    for (int i = 0; i < 2; i++) {
        bool bad = d->each[i] == DNA_SRV_BOGUS || d->each[i] == DNA_SRV_FAILED;
        if (bad && d->answers[i]->why[0] != '\0') {
            return d->answers[i]->why;
        }
    }
    return "no further reason";
}

struct dna_delegation dna_delegation_judge(const struct dna_dns_answer *plain,
                                           const struct dna_dns_answer *tls)
{
    struct dna_delegation d = {
        .each = {classify(plain), classify(tls)},
        .answers = {plain, tls},
    };
    d.status = combine(&d);
    d.why = reason(&d);
    return d;
}

bool dna_delegation_ask(const struct dna_question *q, const struct dna_facts *have,
                        struct dna_wants *wants, struct dna_delegation *out)
{
    struct dna_srv_names names;
    const struct dna_dns_answer *plain, *tls;
    if (!dna_srv_names(q->domain, q->service, &names)) {
        dna_wants_fault(wants, DNA_ERR_ARGUMENT);
        return false;
    }
    plain = dna_wants_dns(wants, have, names.plain, DNA_DNS_SRV);
    tls = dna_wants_dns(wants, have, names.tls, DNA_DNS_SRV);
    if (plain == NULL || tls == NULL) {
        return false;
    }
    *out = dna_delegation_judge(plain, tls);
    return true;
}

bool dna_delegation_next(const struct dna_delegation *delegation, size_t *cursor,
                         struct dna_srv *out)
{
    for (;;) {
        size_t i = *cursor;
        int which = 0;
        if (i >= delegation->answers[0]->n_rdata) {
            i -= delegation->answers[0]->n_rdata;
            which = 1;
        }
        if (i >= delegation->answers[which]->n_rdata) {
            return false;
        }
        ++*cursor;
        if (delegation->each[which] == DNA_SRV_SECURE &&
            dna_srv_parse(delegation->answers[which]->rdata[i], out) == DNA_OK &&
            !is_root(out)) {
            out->direct_tls = which == 1;
            return true;
        }
    }
}

bool dna_delegation_has(const struct dna_delegation *delegation, const char *host,
                        uint16_t port)
{
    struct dna_srv srv;
    for (size_t cursor = 0; dna_delegation_next(delegation, &cursor, &srv);) {
        if (strcmp(srv.target.text, host) == 0 && srv.port == port) {
            return true;
        }
    }
    return false;
}

int64_t dna_delegation_until(const struct dna_delegation *delegation, int64_t now)
{
    return dna_rule_sooner(dna_rule_dns_until(delegation->answers[0], now),
                           dna_rule_dns_until(delegation->answers[1], now));
}

bool dna_delegation_reaches(const struct dna_delegation *delegation,
                            const struct dna_question *q, enum dna_prooftype type,
                            struct dna_ruling *out)
{
    if (q->role != DNA_INITIATING || q->host == NULL ||
        dna_delegation_has(delegation, q->host, q->port)) {
        return true;
    }
    (void)dna_rule(out, type, DNA_FAIL, DNA_CODE_WRONG_DELEGATE,
                   "the domain is not delegated to %s port %u", q->host, (unsigned)q->port);
    return false;
}

static bool is_listed(const struct dna_srv *list, size_t n, const struct dna_srv *srv)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].port == srv->port && strcmp(list[i].target.text, srv->target.text) == 0) {
            return true;
        }
    }
    return false;
}

size_t dna_delegation_targets(const struct dna_delegation *delegation,
                              struct dna_srv out[DNA_LIMIT_TARGETS])
{
    size_t n = 0;
    struct dna_srv srv;
    for (size_t cursor = 0;
         n < DNA_LIMIT_TARGETS && dna_delegation_next(delegation, &cursor, &srv);) {
        if (!is_listed(out, n, &srv)) {
            out[n++] = srv;
        }
    }
    return n;
}

enum dna_step dna_delegation_refuse(const struct dna_delegation *delegation,
                                    enum dna_prooftype type, struct dna_ruling *out)
{
    switch (delegation->status) {
    case DNA_DELEGATION_BOGUS:
        return dna_rule_veto(out, type, "the SRV records are bogus: %s", delegation->why);
    case DNA_DELEGATION_INSECURE:
        return dna_rule(out, type, DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE,
                        "the SRV records are not secured by DNSSEC");
    case DNA_DELEGATION_NONE:
        if (delegation->each[0] == DNA_SRV_ABSENT && delegation->each[1] == DNA_SRV_ABSENT) {
            return dna_rule(out, type, DNA_NOT_APPLICABLE, DNA_CODE_NO_DELEGATION,
                            "there is no SRV record");
        }
        return dna_rule(out, type, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                        "the domain says that it has no such service");
    case DNA_DELEGATION_FAILED:
    case DNA_DELEGATION_SECURE:
        break;
    }
    return dna_rule(out, type, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                    "the SRV look-up failed: %s", delegation->why);
}
