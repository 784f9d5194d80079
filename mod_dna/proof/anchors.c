/* proof/anchors.c: zones that the certificate names, and their keys that are its key.
 *
 * A candidate is the domain or a zone above it, named literally, never a public suffix.  The
 * resolver that is anchored at the root must rate it insecure: a supplied anchor neither
 * competes with a chain from the root nor mends a broken one (S3).  All candidates must have
 * been looked up before any of them counts, so that dropping an answer gains nothing.  A key
 * is matched by its bytes and its algorithm, never by its tag.
 */
#include <proof/anchors.h>

#include <string.h>

#include <dns/dnskey.h>
#include <dns/suffix.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/wants.h>
#include <x509/identity.h>
#include <x509/spki.h>

#define TYPE DNA_PROOF_DNSSEC_TA
#define ZONES (DNA_LIMIT_ANCHOR_ABOVE + 1)

static bool is_candidate(const struct dna_chain *chain, const char *name)
{
    return dna_name_parent(name) != NULL && !dna_suffix_is_public(name) &&
           dna_identity_dns(chain, name, false);
}

static size_t find_zones(const struct dna_chain *chain, const char *domain,
                         const char *zones[ZONES])
{
    size_t n = 0;
    const char *name = domain;
    for (size_t above = 0; above < ZONES && name != NULL; above++) {
        if (is_candidate(chain, name)) {
            zones[n++] = name;
        }
        name = dna_name_parent(name);
    }
    return n;
}

static bool is_bound(struct dna_span rdata, const struct dna_spki_dnskey *spki)
{
    struct dna_dnskey key;
    struct dna_span wanted = {(const char *)spki->key, spki->key_len};
    return dna_dnskey_parse(rdata, &key) == DNA_OK && key.protocol == 3 &&
           (key.flags & DNA_DNSKEY_ZONE) != 0 && (key.flags & DNA_DNSKEY_REVOKE) == 0 &&
           memchr(spki->algorithms, key.algorithm, spki->n_algorithms) != NULL &&
           dna_span_equal(key.key, wanted);
}

bool dna_anchors_holds(const struct dna_dns_answer *answer, struct dna_span dnskey)
{
    for (size_t i = 0; i < answer->n_rdata; i++) {
        if (dna_span_equal(answer->rdata[i], dnskey)) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const struct dna_anchors *anchors, const char *zone,
                      struct dna_span dnskey)
{
    for (size_t i = 0; i < anchors->n; i++) {
        if (anchors->list[i].zone == zone && dna_span_equal(anchors->list[i].dnskey, dnskey)) {
            return true;
        }
    }
    return false;
}

static void collect(const struct dna_dns_answer *answer, const char *zone,
                    const struct dna_spki_dnskey *spki, struct dna_anchors *out)
{
    for (size_t i = 0; i < answer->n_rdata && out->n < DNA_LIMIT_ANCHORS; i++) {
        if (is_bound(answer->rdata[i], spki) && !is_listed(out, zone, answer->rdata[i])) {
            out->list[out->n++] = (struct dna_anchor){zone, answer->rdata[i], answer};
        }
    }
}

/* Whether no answer forbids to go on; a bogus one weighs more than a failed one. */
static bool may_go_on(const struct dna_dns_answer *const *answers, const char *const *zones,
                      size_t n, struct dna_ruling *out)
{
    for (size_t i = 0; i < n; i++) {
        if (answers[i]->outcome == DNA_DNS_BOGUS) {
            (void)dna_rule_veto(out, TYPE, "the keys of the zone %s are bogus: %s", zones[i],
                                answers[i]->why);
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (answers[i]->outcome != DNA_DNS_FOUND && answers[i]->outcome != DNA_DNS_ABSENT) {
            (void)dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                           "the look-up of the keys of %s failed: %s", zones[i],
                           answers[i]->why);
            return false;
        }
    }
    return true;
}

static bool match(const struct dna_chain *chain, const struct dna_facts *have,
                  const char *const *zones, const struct dna_dns_answer *const *answers,
                  size_t n, struct dna_wants *wants, struct dna_anchors *out,
                  struct dna_ruling *ruling)
{
    const struct dna_spki_dnskey *spki;
    enum dna_err err = dna_facts_dnskey(have, chain, &spki);
    if (err != DNA_OK && err != DNA_ERR_FORMAT) {
        dna_wants_fault(wants, err);
        return false;
    }
    if (err != DNA_OK) {
        (void)dna_rule(ruling, TYPE, DNA_FAIL, DNA_CODE_NOT_BOUND,
                       "no algorithm of DNSSEC uses such a key as the supplied certificate's");
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!answers[i]->secure && !answers[i]->aliased) {
            collect(answers[i], zones[i], spki, out);
        }
    }
    if (out->n == 0) {
        (void)dna_rule(ruling, TYPE, DNA_FAIL, DNA_CODE_NOT_BOUND,
                       "the supplied certificate's key is no key of the zone %s", zones[0]);
    }
    return out->n != 0;
}

bool dna_anchors_find(const struct dna_question *q, const struct dna_chain *chain,
                      const struct dna_facts *have, struct dna_wants *wants,
                      struct dna_anchors *out, enum dna_step *ended,
                      struct dna_ruling *ruling)
{
    const char *zones[ZONES];
    const struct dna_dns_answer *answers[ZONES];
    size_t n = find_zones(chain, q->domain, zones), known = 0;
    out->n = 0;
    *ended = DNA_STEP_RULES;
    if (n == 0) {
        (void)dna_rule(ruling, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                       "the supplied certificate names no zone that holds %s", q->domain);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        answers[i] = dna_wants_dns(wants, have, zones[i], DNA_DNS_DNSKEY);
        known += answers[i] != NULL;
    }
    if (known != n) {
        *ended = DNA_STEP_WANTS;
        return false;
    }
    return may_go_on(answers, zones, n, ruling) &&
           match(chain, have, zones, answers, n, wants, out, ruling);
}
