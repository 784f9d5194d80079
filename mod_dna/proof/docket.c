/* proof/docket.c: wants with their deadlines.
 *
 * Every look-up in the DNS can veto: the SRV records by a bogus answer (S10), the keys of a
 * candidate zone (S3) and the records under a supplied anchor (S4) likewise.  So can whatever
 * leads to an sts policy, which may be enforced (S10).  What is asked about one endpoint
 * cannot: forged or missing, it excludes that endpoint and nothing else (S6), and whoever does
 * not need it does not wait for it.
 */
#include <proof/docket.h>

#include <assert.h>

#include <base/limits.h>
#include <proof/rule.h>

_Static_assert(DNA_LIMIT_WANTS % 64 == 0, "ids of wants are bits of words");

static bool is_about_endpoint(uint16_t type)
{
    return type == DNA_DNS_A || type == DNA_DNS_AAAA || type == DNA_DNS_CNAME ||
           type == DNA_DNS_TLSA;
}

static bool can_veto(const struct dna_known *known)
{
    switch (known->want.kind) {
    case DNA_WANT_DNS:
        return !is_about_endpoint(known->want.u.dns.type);
    case DNA_WANT_ANCHORED:
    case DNA_WANT_RECALL:
        return true;
    case DNA_WANT_FETCH:
        return known->want.u.fetch.policy_id != NULL;
    case DNA_WANT_PATH:
    case DNA_WANT_PEER:
    case DNA_WANT_SIGNATURE:
        return false;
    }
    return true;
}

/* Nobody waits for the DNS longer than for what can veto. */
static bool has_deadline(const struct dna_known *known)
{
    return can_veto(known) || known->want.kind == DNA_WANT_DNS;
}

static bool awaits(const struct dna_testimony *one, const struct dna_known *known)
{
    unsigned bit = known->id - 1;
    return (one->awaits.words[bit / 64] >> bit % 64 & 1) != 0;
}

static void await(struct dna_want_set *set, const struct dna_known *known)
{
    unsigned bit = known->id - 1;
    set->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

enum dna_err dna_docket_take(struct dna_docket *docket, const struct dna_wants *wants,
                             struct dna_time now, struct dna_want_set *awaited)
{
    for (size_t i = 0; i < wants->n; i++) {
        struct dna_known *known = dna_facts_find(&docket->facts, &wants->list[i]);
        if (known == NULL) {
            enum dna_err err = dna_facts_expect(&docket->facts, &wants->list[i], &known);
            if (err != DNA_OK) {
                return err;
            }
            known->deadline = has_deadline(known) ? now.mono + DNA_LIMIT_VETO_MS : DNA_NEVER;
        }
        if (awaited != NULL) {
            await(awaited, known);
        }
    }
    return DNA_OK;
}

struct dna_known *dna_docket_challenge(const struct dna_docket *docket)
{
    struct dna_want any = {.kind = DNA_WANT_PEER};
    return dna_facts_find(&docket->facts, &any);
}

void dna_docket_list_open(struct dna_docket *docket)
{
    struct dna_known *challenge = dna_docket_challenge(docket);
    if (challenge == NULL || challenge->told) {
        return;
    }
    challenge->want.u.peer.prooftypes = 0;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (docket->heard[i].admitted && !docket->heard[i].ruled) {
            challenge->want.u.peer.prooftypes |= DNA_PROOF_BIT(i);
        }
    }
}

void dna_docket_stir(struct dna_docket *docket, const struct dna_known *known)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (awaits(&docket->heard[i], known)) {
            docket->heard[i].stale = true;
        }
    }
}

void dna_docket_expire(struct dna_docket *docket, struct dna_time now, bool by_tick)
{
    for (struct dna_known *k = docket->facts.first; k != NULL; k = k->next) {
        if (!k->answered && k->deadline <= now.mono) {
            dna_facts_overdue(k, now);
            k->order = ++docket->facts.n_answered;
            k->at = now;
            k->by_tick = by_tick;
            dna_docket_stir(docket, k);
        }
    }
}

bool dna_docket_veto_pending(const struct dna_docket *docket)
{
    const struct dna_known *k = docket->facts.first;
    while (k != NULL && (k->answered || !can_veto(k))) {
        k = k->next;
    }
    return k != NULL;
}

bool dna_docket_any_overdue(const struct dna_docket *docket)
{
    const struct dna_known *k = docket->facts.first;
    while (k != NULL && (!k->overdue || !can_veto(k))) {
        k = k->next;
    }
    return k != NULL;
}

int64_t dna_docket_deadline(const struct dna_docket *docket)
{
    int64_t deadline = DNA_NEVER;
    for (const struct dna_known *k = docket->facts.first; k != NULL; k = k->next) {
        if (!k->answered) {
            deadline = dna_rule_sooner(deadline, k->deadline);
        }
    }
    return deadline;
}

void dna_docket_rule_missing(const struct dna_docket *docket, struct dna_ruling *out)
{
    static const char *const names[] = {
        [DNA_WANT_DNS] = "an answer of the DNS",
        [DNA_WANT_ANCHORED] = "an answer of the DNS",
        [DNA_WANT_FETCH] = "a document",
        [DNA_WANT_PATH] = "the check of a certificate",
        [DNA_WANT_PEER] = "the peer's answer to the challenge",
        [DNA_WANT_RECALL] = "what is remembered",
        [DNA_WANT_SIGNATURE] = "the check of a signature",
    };
    const struct dna_known *known = docket->facts.first;
    enum dna_prooftype type = DNA_PROOF_PKIX;
    while (known != NULL && known->answered) {
        known = known->next;
    }
    assert(known != NULL);
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (awaits(&docket->heard[i], known)) {
            type = (enum dna_prooftype)i;
        }
    }
    (void)dna_rule(out, type, DNA_TEMPFAIL,
                   known->want.kind == DNA_WANT_PEER ? DNA_CODE_PEER_SILENT : DNA_CODE_TIMEOUT,
                   "no proof was found in time: %s is missing", names[known->want.kind]);
}
