/* proof/docket.c: wants with their deadlines.
 *
 * Every look-up in the DNS can veto: the SRV records by a bogus answer (S10), the keys of a
 * candidate zone (S3) and the records under a supplied anchor (S4) likewise.  So can whatever
 * leads to an sts policy, which may be enforced (S10).
 */
#include <proof/docket.h>

#include <assert.h>

#include <base/limits.h>
#include <proof/rule.h>

_Static_assert(DNA_LIMIT_WANTS <= 32, "ids of wants are bits of a word");

static bool can_veto(const struct dna_known *known)
{
    switch (known->want.kind) {
    case DNA_WANT_DNS:
    case DNA_WANT_ANCHORED:
    case DNA_WANT_RECALL:
        return true;
    case DNA_WANT_FETCH:
        return known->want.u.fetch.policy_id != NULL;
    case DNA_WANT_PATH:
    case DNA_WANT_PEER:
        return false;
    }
    return true;
}

static uint32_t bit_of(const struct dna_known *known)
{
    return UINT32_C(1) << (known->id - 1);
}

enum dna_err dna_docket_take(struct dna_docket *docket, const struct dna_wants *wants,
                             struct dna_time now, uint32_t *awaits)
{
    for (size_t i = 0; i < wants->n; i++) {
        struct dna_known *known = dna_facts_find(&docket->facts, &wants->list[i]);
        if (known == NULL) {
            enum dna_err err = dna_facts_expect(&docket->facts, &wants->list[i], &known);
            if (err != DNA_OK) {
                return err;
            }
            known->deadline = can_veto(known) ? now.mono + DNA_LIMIT_VETO_MS : DNA_NEVER;
        }
        if (awaits != NULL) {
            *awaits |= bit_of(known);
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
        if ((docket->heard[i].awaits & bit_of(known)) != 0) {
            docket->heard[i].stale = true;
        }
    }
}

void dna_docket_expire(struct dna_docket *docket, struct dna_time now)
{
    for (struct dna_known *k = docket->facts.first; k != NULL; k = k->next) {
        if (!k->answered && k->deadline <= now.mono) {
            dna_facts_overdue(k, now);
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
    while (k != NULL && !k->overdue) {
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
    };
    const struct dna_known *known = docket->facts.first;
    enum dna_prooftype type = DNA_PROOF_PKIX;
    while (known != NULL && known->answered) {
        known = known->next;
    }
    assert(known != NULL);
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if ((docket->heard[i].awaits & bit_of(known)) != 0) {
            type = (enum dna_prooftype)i;
        }
    }
    (void)dna_rule(out, type, DNA_TEMPFAIL,
                   known->want.kind == DNA_WANT_PEER ? DNA_CODE_PEER_SILENT : DNA_CODE_TIMEOUT,
                   "no proof was found in time: %s is missing", names[known->want.kind]);
}
