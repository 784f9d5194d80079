/* proof/endpoint.c: addresses, then TLSA records, of one endpoint (RFC 7673 3.2 to 3.4).
 *
 * Both kinds of addresses must have been found out.  TLSA records are looked up only where an
 * address answer is secure.  Where the host is an alias, the name at its end comes first
 * (RFC 7671 7).  Of the records only usable ones count, after digest agility.
 */
#include <proof/endpoint.h>

#include <stdio.h>
#include <string.h>

#include <proof/certificate.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/wants.h>

#define TLSA_NAME_MAX (DNA_NAME_MAX + 16)

/* Takes note of an answer.  False: it ends the inquiry. */
static bool admit(const struct dna_run *run, const struct dna_dns_answer *answer,
                  struct dna_endpoint *out)
{
    out->until = dna_rule_sooner(out->until, dna_rule_dns_until(answer, run->now));
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
    case DNA_DNS_ABSENT:
        return true;
    case DNA_DNS_BOGUS:
        out->status = DNA_ENDPOINT_BOGUS;
        out->why = answer->why;
        return false;
    case DNA_DNS_FAILED:
        break;
    }
    if (out->status != DNA_ENDPOINT_BOGUS) {
        out->status = DNA_ENDPOINT_FAILED;
        out->why = answer->why;
    }
    return false;
}

static bool admits_usage(const struct dna_question *q, enum dna_tlsa_usage usage)
{
    unsigned usages = q->policy.dane_usages != 0 ? q->policy.dane_usages
                                                 : DNA_DANE_USAGES_DEFAULT;
    return (usages & DNA_DANE_USAGE_BIT(usage)) != 0;
}

_Static_assert(DNA_LIMIT_RECORDS <= 64, "records of an answer are bits of a word");

/* Which of an answer's records are usable, as bits.  Decoding full data is dear: only so many
 * are tried, once per hearing. */
static enum dna_err sift(const struct dna_question *q, const struct dna_dns_answer *answer,
                         uint64_t *usable)
{
    size_t n = 0, full = 0;
    *usable = 0;
    for (size_t i = 0; i < answer->n_rdata && n < DNA_LIMIT_TLSA; i++) {
        struct dna_tlsa tlsa;
        enum dna_err err = dna_tlsa_read(answer->rdata[i], &tlsa);
        if (err == DNA_OK && tlsa.matching == 0) {
            err = admits_usage(q, tlsa.usage) && full++ < DNA_LIMIT_TLSA
                      ? dna_tlsa_parse(answer->rdata[i], &tlsa)
                      : DNA_ERR_FORMAT;
        }
        if (err != DNA_OK && err != DNA_ERR_FORMAT) {
            return err;
        }
        if (err == DNA_OK && admits_usage(q, tlsa.usage)) {
            *usable |= UINT64_C(1) << i;
            n++;
        }
    }
    return DNA_OK;
}

/* The usable ones of an answer.  False: a fault of the world. */
static bool read_records(struct dna_run *run, const struct dna_dns_answer *answer,
                         struct dna_endpoint *out)
{
    struct dna_known *known = dna_facts_of(run->have, answer);
    if (!known->parsed.tried) {
        enum dna_err err = sift(run->q, answer, &known->parsed.usable);
        if (err != DNA_OK) {
            dna_wants_fault(run->wants, err);
            return false;
        }
        known->parsed.tried = true;
    }
    for (size_t i = 0; i < answer->n_rdata; i++) {
        if ((known->parsed.usable >> i & 1) != 0 &&
            dna_tlsa_read(answer->rdata[i], &out->records[out->n]) == DNA_OK) {
            out->n++;
        }
    }
    out->n = dna_tlsa_agility(out->records, out->n);
    out->unusable = out->n == 0;
    return true;
}

/* The records at one name.  *there: secure ones were found, usable or not. */
static bool ask_records(struct dna_run *run, const char *name, struct dna_endpoint *out,
                        bool *there)
{
    const struct dna_dns_answer *answer =
        dna_wants_dns(run->wants, run->have, name, DNA_DNS_TLSA);
    *there = false;
    if (answer == NULL) {
        return false;
    }
    out->status = DNA_ENDPOINT_PLAIN;
    if (!admit(run, answer, out) || answer->outcome != DNA_DNS_FOUND || !answer->secure) {
        return true;
    }
    *there = true;
    if (!read_records(run, answer, out)) {
        return false;
    }
    out->status = out->n != 0 ? DNA_ENDPOINT_PINNED : DNA_ENDPOINT_PLAIN;
    return true;
}

static bool ask_port(struct dna_run *run, const char *host, struct dna_endpoint *out,
                     bool *there)
{
    char name[TLSA_NAME_MAX];
    int len = snprintf(name, sizeof name, "_%u._tcp.%s", (unsigned)out->port, host);
    *there = false;
    if (len > DNA_NAME_MAX) {
        out->status = DNA_ENDPOINT_PLAIN; /* there can be no such name */
        return true;
    }
    return ask_records(run, name, out, there);
}

/* The end of the chain of aliases that begins at host, in *end. */
static bool follow(struct dna_run *run, struct dna_endpoint *out, struct dna_name *end,
                   bool *followed)
{
    (void)snprintf(end->text, sizeof end->text, "%s", out->host);
    *followed = false;
    for (unsigned i = 0; i <= DNA_LIMIT_TARGET_ALIASES; i++) {
        const struct dna_dns_answer *alias =
            dna_wants_dns(run->wants, run->have, end->text, DNA_DNS_CNAME);
        if (alias == NULL) {
            return false;
        }
        if (!admit(run, alias, out)) {
            return true;
        }
        if (alias->outcome == DNA_DNS_ABSENT) {
            *followed = true;
            return true;
        }
        if (!alias->secure || dna_alias_parse(alias->rdata[0], end) != DNA_OK) {
            break;
        }
    }
    out->status = DNA_ENDPOINT_FAILED;
    out->why = "the host is an alias that leads nowhere";
    return true;
}

static bool ask_alias(struct dna_run *run, struct dna_endpoint *out)
{
    struct dna_name end;
    bool followed, there;
    if (!follow(run, out, &end, &followed)) {
        return false;
    }
    if (!followed) {
        return true;
    }
    if (!ask_port(run, end.text, out, &there)) {
        return false;
    }
    return there || out->status != DNA_ENDPOINT_PLAIN || ask_port(run, out->host, out, &there);
}

bool dna_endpoint_ask(struct dna_run *run, const char *host, uint16_t port,
                      struct dna_endpoint *out)
{
    const struct dna_dns_answer *v4 = dna_wants_dns(run->wants, run->have, host, DNA_DNS_A);
    const struct dna_dns_answer *v6 = dna_wants_dns(run->wants, run->have, host, DNA_DNS_AAAA);
    bool there, good;
    *out = (struct dna_endpoint){
        .status = DNA_ENDPOINT_PLAIN, .host = host, .port = port, .until = DNA_NEVER, .why = ""};
    if (v4 == NULL || v6 == NULL) {
        return false;
    }
    good = admit(run, v4, out);
    good = admit(run, v6, out) && good;
    if (!good || (!v4->secure && !v6->secure)) {
        return true;
    }
    return v4->aliased || v6->aliased ? ask_alias(run, out)
                                      : ask_port(run, host, out, &there);
}

bool dna_endpoint_ask_client(struct dna_run *run, struct dna_endpoint *out)
{
    char name[TLSA_NAME_MAX];
    bool there;
    int len = snprintf(name, sizeof name, "_%s.%s", dna_certificate_service(run->q->service),
                       run->q->domain);
    *out = (struct dna_endpoint){.status = DNA_ENDPOINT_PLAIN, .host = run->q->domain,
                                 .until = DNA_NEVER, .why = ""};
    return len > DNA_NAME_MAX || ask_records(run, name, out, &there);
}

/* --- matching ----------------------------------------------------------------------- */

/* Whether the record stands for one of these certificates of the chain. */
static bool stands_for(struct dna_run *run, const struct dna_tlsa *tlsa, size_t first,
                       size_t end)
{
    bool match = false;
    for (size_t i = first; i < end && !match; i++) {
        enum dna_err err = dna_tlsa_matches(tlsa, run->q->chain, i, &match);
        if (err != DNA_OK) {
            dna_wants_fault(run->wants, err);
            return false;
        }
    }
    return match;
}

/* Whether one more check of a path may be asked for, of this record. */
static bool may_check(struct dna_run *run, struct dna_span record)
{
    for (size_t i = 0; i < run->n_paths; i++) {
        if (dna_span_equal(run->paths[i], record)) {
            return true;
        }
    }
    if (run->n_paths == DNA_LIMIT_TLSA_PATHS) {
        return false;
    }
    run->paths[run->n_paths++] = record;
    return true;
}

static enum dna_match judge_path(struct dna_run *run, const struct dna_endpoint *endpoint,
                                 const struct dna_path *path, struct dna_matched *out)
{
    const struct dna_question *q = run->q;
    if (path == NULL) {
        return DNA_MATCH_OPEN;
    }
    if (path->code != DNA_PATH_OK || run->now < path->not_before ||
        run->now >= path->not_after) {
        out->code = out->code == DNA_CODE_NO_MATCH ? DNA_CODE_UNTRUSTED : out->code;
        return DNA_MATCH_NONE;
    }
    if (!dna_certificate_names_domain(q->chain, path, q->service, q->domain) &&
        !dna_certificate_names(q->chain, path, q->service, endpoint->host)) {
        out->code = DNA_CODE_NAME_MISMATCH;
        return DNA_MATCH_NONE;
    }
    out->until = path->not_after;
    return DNA_MATCH_FOUND;
}

static enum dna_match match_record(struct dna_run *run, const struct dna_endpoint *endpoint,
                                   const struct dna_tlsa *tlsa, struct dna_matched *out)
{
    const struct dna_chain *chain = run->q->chain;
    switch (tlsa->usage) {
    case DNA_TLSA_DANE_EE:
        out->until = DNA_NEVER;
        return stands_for(run, tlsa, 0, 1) ? DNA_MATCH_FOUND : DNA_MATCH_NONE;
    case DNA_TLSA_PKIX_EE:
        if (!stands_for(run, tlsa, 0, 1)) {
            return DNA_MATCH_NONE;
        }
        return judge_path(run, endpoint, dna_wants_path(run->wants, run->have, chain), out);
    case DNA_TLSA_DANE_TA:
        if (tlsa->matching != 0 && !stands_for(run, tlsa, 1, dna_chain_count(chain))) {
            return DNA_MATCH_NONE; /* a digest alone is no anchor */
        }
        break;
    case DNA_TLSA_PKIX_TA:
        break;
    }
    if (!may_check(run, tlsa->rdata)) {
        return DNA_MATCH_NONE;
    }
    return judge_path(run, endpoint,
                      dna_wants_path_under(run->wants, run->have, chain, tlsa->rdata), out);
}

enum dna_match dna_endpoint_match(struct dna_run *run, const struct dna_endpoint *endpoint,
                                  unsigned usages, struct dna_matched *out)
{
    enum dna_match all = DNA_MATCH_NONE;
    *out = (struct dna_matched){.code = DNA_CODE_NO_MATCH};
    if (run->q->chain == NULL) {
        return DNA_MATCH_NONE; /* records stand for certificates */
    }
    for (size_t i = 0; i < endpoint->n; i++) {
        const struct dna_tlsa *tlsa = &endpoint->records[i];
        enum dna_match one;
        if ((usages & DNA_DANE_USAGE_BIT(tlsa->usage)) == 0) {
            continue;
        }
        one = match_record(run, endpoint, tlsa, out);
        if (one == DNA_MATCH_FOUND && all != DNA_MATCH_OPEN) {
            out->record = tlsa;
            return DNA_MATCH_FOUND;
        }
        all = one == DNA_MATCH_OPEN ? DNA_MATCH_OPEN : all;
    }
    return all;
}
