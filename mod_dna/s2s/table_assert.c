/* s2s/table_assert.c: the asserting side of the association: one domain of ours.
 *
 * The peer's <valid/> is about a domain of ours and never tells us what we host: whatever
 * the state, for a domain that is not ours it is answered with <impossible/>.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

#define UNASSERTED "DNA, asserting side: NONE"

#define CHALLENGE_ROWS(state, clause)                                                       \
    ROW(state, RX_CHALLENGE, IF(answerable), DO(ask_proof), A_PROVING, clause)              \
    ROW(state, RX_CHALLENGE, ALWAYS, DO(send_impossible), A_IMPOSSIBLE, clause)

#define VERDICT_ROWS(state, clause)                                                         \
    ROW(state, RX_VALID, IF(hosted), DO(own_accepted), A_VALID, clause)                     \
    ROW(state, RX_INVALID, ALWAYS, DO(own_refused), A_INVALID, clause)                      \
    ROW(state, RE_RESTORED, ALWAYS, DO(own_restored), A_VALID, "RFC 6120 6.4.6")            \
    ROW(state, RE_UNHOSTED, ALWAYS, DO(send_impossible), A_IMPOSSIBLE, clause)

static const struct dna_s2s_row rows[] = {
    ROW(A_NONE, RE_WANT, IF(may_not_retry), DO(own_refused_still), SAME,
        "DNA, asserting side: ASSERTED")
    ROW(A_NONE, RE_WANT, IF(may_assert), DO(send_assert), A_ASSERTED, UNASSERTED)
    ROW(A_NONE, RE_WANT, ALWAYS, DO(wait), A_WAITING, "DNA, limits")
    ROW(A_NONE, RE_ANNOUNCED, ALWAYS, DO(announce), A_ASSERTED, "DNA, features")
    ROW(A_NONE, RE_RESTORED, ALWAYS, DO(own_restored), A_VALID, "RFC 6120 6.4.6")
    CHALLENGE_ROWS(A_NONE, UNASSERTED)
    ROW(A_NONE, RX_VALID, IF(hosted), DO(own_accepted), A_VALID, UNASSERTED)
    ROW(A_NONE, RX_INVALID, IF(hosted), DO(own_refused), A_INVALID, UNASSERTED)
    ROW(A_NONE, RE_UNHOSTED, IF(asserted), DO(send_impossible), A_IMPOSSIBLE, UNASSERTED)

    ROW(A_WAITING, RE_TURN, IF(may_assert), DO(send_assert), A_ASSERTED, "DNA, limits")
    ROW(A_WAITING, RE_TURN, ALWAYS, DO(own_refused), A_INVALID, "DNA, limits")
    CHALLENGE_ROWS(A_WAITING, UNASSERTED)
    VERDICT_ROWS(A_WAITING, UNASSERTED)

    CHALLENGE_ROWS(A_ASSERTED, "DNA, asserting side: ASSERTED")
    VERDICT_ROWS(A_ASSERTED, "DNA, asserting side: ASSERTED")
    ROW(A_ASSERTED, RE_TIMER, ALWAYS, DO(own_unanswered), A_NONE,
        "DNA, asserting side: ASSERTED")

    ROW(A_PROVING, RE_PROOF, IF(proof_fits), DO(send_proof), A_PROOF_SENT,
        "DNA, asserting side: PROVING")
    ROW(A_PROVING, RE_PROOF, ALWAYS, DO(send_impossible), A_IMPOSSIBLE, "XEP-0478")
    ROW(A_PROVING, RE_NO_PROOF, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: PROVING")
    VERDICT_ROWS(A_PROVING, "DNA, asserting side: PROVING")
    ROW(A_PROVING, RE_TIMER, ALWAYS, DO(own_unanswered), A_NONE,
        "DNA, asserting side: PROVING")

    VERDICT_ROWS(A_PROOF_SENT, "DNA, asserting side: PROOF_SENT")
    ROW(A_PROOF_SENT, RE_TIMER, ALWAYS, DO(own_unanswered), A_NONE,
        "DNA, asserting side: PROOF_SENT")

    ROW(A_VALID, RX_CHALLENGE, IF(answerable), DO(ask_proof), A_RENEW_PROVING,
        "DNA, asserting side: VALID")
    ROW(A_VALID, RX_CHALLENGE, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: VALID")
    ROW(A_VALID, RX_VALID, IF(hosted), DO(own_accepted_again), SAME,
        "DNA, asserting side: VALID")
    ROW(A_VALID, RX_INVALID, ALWAYS, DO(own_refused), A_INVALID, "DNA, asserting side: VALID")
    ROW(A_VALID, RE_UNHOSTED, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: VALID")

    ROW(A_RENEW_PROVING, RE_PROOF, IF(proof_fits), DO(send_proof), A_RENEW_SENT,
        "DNA, asserting side: RENEW_PROVING")
    ROW(A_RENEW_PROVING, RE_PROOF, ALWAYS, DO(send_impossible), A_IMPOSSIBLE, "XEP-0478")
    ROW(A_RENEW_PROVING, RE_NO_PROOF, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: RENEW_PROVING")
    ROW(A_RENEW_PROVING, RX_VALID, IF(hosted), DO(own_accepted_again), A_VALID,
        "DNA, asserting side: RENEW_PROVING")
    ROW(A_RENEW_PROVING, RX_INVALID, ALWAYS, DO(own_refused), A_INVALID,
        "DNA, asserting side: RENEW_PROVING")
    ROW(A_RENEW_PROVING, RE_TIMER, ALWAYS, NOTHING, A_VALID,
        "DNA, asserting side: RENEW_PROVING")
    ROW(A_RENEW_PROVING, RE_UNHOSTED, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: RENEW_PROVING")

    ROW(A_RENEW_SENT, RX_VALID, IF(hosted), DO(own_accepted_again), A_VALID,
        "DNA, asserting side: RENEW_SENT")
    ROW(A_RENEW_SENT, RX_INVALID, ALWAYS, DO(own_refused), A_INVALID,
        "DNA, asserting side: RENEW_SENT")
    ROW(A_RENEW_SENT, RE_TIMER, ALWAYS, NOTHING, A_VALID, "DNA, asserting side: RENEW_SENT")
    ROW(A_RENEW_SENT, RE_UNHOSTED, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, asserting side: RENEW_SENT")

    ROW(A_INVALID, RE_WANT, IF(may_not_retry), DO(own_refused_still), SAME,
        "DNA, asserting side: INVALID")
    ROW(A_INVALID, RE_WANT, IF(may_assert), DO(send_assert), A_ASSERTED,
        "DNA, asserting side: INVALID")
    ROW(A_INVALID, RE_WANT, ALWAYS, DO(wait), A_WAITING, "DNA, limits")
    ROW(A_INVALID, RX_CHALLENGE, IF(harassed), DO(count_challenge), SAME,
        "DNA, asserting side: INVALID")
    CHALLENGE_ROWS(A_INVALID, "DNA, asserting side: INVALID")
    ROW(A_INVALID, RX_VALID, IF(hosted), DO(own_accepted), A_VALID,
        "DNA, asserting side: INVALID")
    ROW(A_INVALID, RE_RESTORED, ALWAYS, DO(own_restored), A_VALID, "XEP-0344 3")
    ROW(A_INVALID, RX_INVALID, ALWAYS, NOTHING, SAME, "DNA, asserting side: INVALID")
    ROW(A_INVALID, RE_UNHOSTED, ALWAYS, DO(forget_own), A_IMPOSSIBLE,
        "DNA, asserting side: INVALID")

    ROW(A_IMPOSSIBLE, RE_WANT, IF(may_not_retry), DO(own_refused_still), SAME,
        "DNA, asserting side: IMPOSSIBLE")
    ROW(A_IMPOSSIBLE, RE_WANT, IF(may_assert), DO(send_assert), A_ASSERTED,
        "DNA, asserting side: IMPOSSIBLE")
    ROW(A_IMPOSSIBLE, RE_WANT, ALWAYS, DO(wait), A_WAITING, "DNA, limits")
    ROW(A_IMPOSSIBLE, RX_CHALLENGE, IF(harassed), DO(count_challenge), SAME,
        "DNA, asserting side: IMPOSSIBLE")
    CHALLENGE_ROWS(A_IMPOSSIBLE, "DNA, asserting side: IMPOSSIBLE")
    ROW(A_IMPOSSIBLE, RX_VALID, IF(hosted), NOTHING, SAME, "DNA, asserting side: IMPOSSIBLE")
    ROW(A_IMPOSSIBLE, RX_INVALID, ALWAYS, NOTHING, SAME, "DNA, asserting side: IMPOSSIBLE")

    ROW(ANY_STATE, RX_VALID, ALWAYS, DO(send_impossible), A_IMPOSSIBLE,
        "DNA, proactive validation")
};

const struct dna_s2s_table dna_s2s_table_assert = {
    "Association, asserting side", rows, sizeof rows / sizeof *rows, DNA_S2S_A_NONE,
    DNA_S2S_A_IMPOSSIBLE};
