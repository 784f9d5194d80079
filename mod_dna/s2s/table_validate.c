/* s2s/table_validate.c: the validating side of the association: one domain of the peer.
 *
 * A record becomes VALID only through a ruling PROVEN of the court, or where SASL EXTERNAL
 * had authenticated the domain by one.  A proof is looked at only where our challenge is
 * open, and nobody proves a domain that we host.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

#define CLAUSE(state) "DNA, validating side: " state

/* A domain that is heard anew. */
#define HEAR_ROWS(state, clause)                                                            \
    ROW(state, RX_ASSERT, IF(room), DO(hear_asserted), V_CHECKING, clause)                  \
    ROW(state, RX_ASSERT, ALWAYS, DO(wait_asserted), V_WAITING, "DNA, limits")

#define WANT_ROWS(state, clause)                                                            \
    ROW(state, RE_WANT, IF(may_hear), DO(hear_wanted), V_CHECKING, clause)                  \
    ROW(state, RE_WANT, ALWAYS, DO(wait_wanted), V_WAITING, "DNA, limits")

#define PENDING_ROWS(state, clause)                                                         \
    ROW(state, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")       \
    ROW(state, RX_ASSERT, ALWAYS, DO(note_asserted), SAME, clause)                          \
    ROW(state, RE_WANT, ALWAYS, DO(note_wanted), SAME, clause)                              \
    ROW(state, RE_TIMER, ALWAYS, DO(give_up), V_INVALID, clause)                            \
    ROW(state, RE_REVOKED, ALWAYS, DO(give_up), V_INVALID, clause)

#define RENEW_ROWS(state, clause)                                                           \
    ROW(state, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")       \
    ROW(state, RX_ASSERT, ALWAYS, DO(note_asserted), SAME, clause)                          \
    ROW(state, RE_RULED, IF(proven), DO(renew), V_VALID, clause)                            \
    ROW(state, RE_RULED, IF(unsure_in_time), DO(keep_until_end), V_VALID, "S14")            \
    ROW(state, RE_RULED, ALWAYS, DO(refuse), V_INVALID, clause)                             \
    ROW(state, RE_REVOKED, ALWAYS, DO(give_up), V_INVALID, clause)

/* What could not be found out in time is no refusal before the proof ends; a peer that does
 * not answer is one. */
#define RENEW_LATE_ROWS(state, clause)                                                      \
    ROW(state, RE_TIMER, IF(still_proven), DO(break_off), V_VALID, "S14")                   \
    ROW(state, RE_TIMER, ALWAYS, DO(give_up), V_INVALID, clause)

static const struct dna_s2s_row rows[] = {
    ROW(V_NONE, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")
    HEAR_ROWS(V_NONE, CLAUSE("NONE"))
    ROW(V_NONE, RE_HEARD_OF, ALWAYS, DO(hear), V_CHECKING, CLAUSE("NONE"))
    WANT_ROWS(V_NONE, CLAUSE("NONE"))
    ROW(V_NONE, RE_DIALLED, ALWAYS, DO(hear), V_CHECKING, "XEP-0344 3")
    ROW(V_NONE, RE_RESTORED, ALWAYS, DO(peer_restored), V_VALID, "RFC 6120 6.4.6")
    ROW(V_NONE, RX_IMPOSSIBLE, ALWAYS, DO(note_impossible), V_IMPOSSIBLE, CLAUSE("NONE"))

    ROW(V_WAITING, RE_TURN, IF(speaks), DO(hear), V_CHECKING, "DNA, limits")
    ROW(V_WAITING, RE_TURN, ALWAYS, DO(refuse), V_INVALID, "DNA, limits")
    ROW(V_WAITING, RX_IMPOSSIBLE, ALWAYS, DO(note_impossible), V_IMPOSSIBLE, "DNA, limits")
    ROW(V_WAITING, RX_ASSERT, ALWAYS, DO(note_asserted), SAME, "DNA, limits")
    ROW(V_WAITING, RE_WANT, ALWAYS, DO(note_wanted), SAME, "DNA, limits")

    PENDING_ROWS(V_CHECKING, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_RULED, IF(proven_asked), DO(accept), V_VALID, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_RULED, IF(proven), DO(note_proven), V_PROVEN, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_RULED, IF(dialback_admits), DO(admit_dialback), V_UNPROVEN, "XEP-0220 2.1.2")
    ROW(V_CHECKING, RE_RULED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_CHALLENGE, IF(speaks), DO(challenge), V_CHALLENGED, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_CHALLENGE, IF(may_yet_speak), DO(defer), V_DEFERRED, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RE_CHALLENGE, ALWAYS, DO(answer_silent), SAME, CLAUSE("CHECKING"))
    ROW(V_CHECKING, RX_IMPOSSIBLE, ALWAYS, DO(cancel), V_IMPOSSIBLE, CLAUSE("CHECKING"))

    ROW(V_DEFERRED, RE_DNA, ALWAYS, DO(challenge_deferred), V_CHALLENGED, CLAUSE("CHECKING"))
    ROW(V_DEFERRED, RE_NO_DNA, ALWAYS, DO(answer_silent), V_CHECKING, CLAUSE("CHECKING"))
    PENDING_ROWS(V_DEFERRED, CLAUSE("CHECKING"))
    ROW(V_DEFERRED, RE_RULED, IF(proven_asked), DO(accept), V_VALID, CLAUSE("CHECKING"))
    ROW(V_DEFERRED, RE_RULED, IF(proven), DO(note_proven), V_PROVEN, CLAUSE("CHECKING"))
    ROW(V_DEFERRED, RE_RULED, IF(dialback_admits), DO(admit_dialback), V_UNPROVEN, "XEP-0220 2.1.2")
    ROW(V_DEFERRED, RE_RULED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("CHECKING"))
    ROW(V_DEFERRED, RX_IMPOSSIBLE, ALWAYS, DO(cancel), V_IMPOSSIBLE, CLAUSE("CHECKING"))

    ROW(V_CHALLENGED, RX_PROOF, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")
    ROW(V_CHALLENGED, RX_PROOF, IF(offered), DO(give_proof), V_EVALUATING,
        CLAUSE("CHALLENGED"))
    ROW(V_CHALLENGED, RX_PROOF, ALWAYS, DO(refuse_proof), V_INVALID, CLAUSE("CHALLENGED"))
    ROW(V_CHALLENGED, RX_IMPOSSIBLE, ALWAYS, DO(give_impossible), V_IMPOSSIBLE,
        CLAUSE("CHALLENGED"))
    PENDING_ROWS(V_CHALLENGED, CLAUSE("CHALLENGED"))
    ROW(V_CHALLENGED, RE_RULED, IF(proven), DO(accept), V_VALID, CLAUSE("CHALLENGED"))
    ROW(V_CHALLENGED, RE_RULED, IF(dialback_admits), DO(admit_dialback), V_UNPROVEN,
        "DNA, dialback after it")
    ROW(V_CHALLENGED, RE_RULED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("CHALLENGED"))

    ROW(V_EVALUATING, RX_IMPOSSIBLE, ALWAYS, DO(cancel), V_IMPOSSIBLE, CLAUSE("EVALUATING"))
    PENDING_ROWS(V_EVALUATING, CLAUSE("EVALUATING"))
    ROW(V_EVALUATING, RE_RULED, IF(proven), DO(accept), V_VALID, CLAUSE("EVALUATING"))
    ROW(V_EVALUATING, RE_RULED, IF(dialback_admits), DO(admit_dialback), V_UNPROVEN,
        "DNA, dialback after it")
    ROW(V_EVALUATING, RE_RULED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("EVALUATING"))
    ROW(V_EVALUATING, RE_CHALLENGE, ALWAYS, DO(answer_silent), SAME, CLAUSE("EVALUATING"))

    ROW(V_PROVEN, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")
    ROW(V_PROVEN, RX_ASSERT, IF(still_proven), DO(accept), V_VALID, CLAUSE("NONE"))
    HEAR_ROWS(V_PROVEN, CLAUSE("NONE"))
    ROW(V_PROVEN, RE_WANT, IF(still_proven), DO(accept), V_VALID, CLAUSE("NONE"))
    WANT_ROWS(V_PROVEN, CLAUSE("NONE"))
    ROW(V_PROVEN, RE_DIALLED, IF(still_proven), DO(accept), V_VALID, "XEP-0344 3")
    ROW(V_PROVEN, RE_DIALLED, ALWAYS, DO(hear), V_CHECKING, "XEP-0344 3")
    ROW(V_PROVEN, RX_IMPOSSIBLE, ALWAYS, DO(note_impossible), V_IMPOSSIBLE, CLAUSE("VALID"))
    ROW(V_PROVEN, RE_REVOKED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("VALID"))

    ROW(V_VALID, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")
    ROW(V_VALID, RX_ASSERT, ALWAYS, DO(send_valid), SAME, CLAUSE("VALID"))
    ROW(V_VALID, RX_PROOF, IF(owed), DO(note_late_proof), SAME, CLAUSE("VALID"))
    ROW(V_VALID, RX_IMPOSSIBLE, ALWAYS, DO(note_impossible), V_IMPOSSIBLE, CLAUSE("VALID"))
    ROW(V_VALID, RE_TIMER, IF(still_proven), DO(hear_again), V_RENEWING, CLAUSE("VALID"))
    ROW(V_VALID, RE_TIMER, ALWAYS, DO(refuse), V_INVALID, "S14")
    ROW(V_VALID, RE_REVOKED, ALWAYS, DO(refuse), V_INVALID, CLAUSE("VALID"))

    RENEW_ROWS(V_RENEWING, CLAUSE("RENEWING"))
    RENEW_LATE_ROWS(V_RENEWING, CLAUSE("RENEWING"))
    ROW(V_RENEWING, RE_CHALLENGE, IF(speaks), DO(challenge), V_RENEW_CHALLENGED,
        CLAUSE("RENEWING"))
    ROW(V_RENEWING, RE_CHALLENGE, ALWAYS, DO(answer_silent), SAME, CLAUSE("RENEWING"))
    ROW(V_RENEWING, RX_PROOF, IF(owed), DO(note_late_proof), SAME, CLAUSE("VALID"))
    ROW(V_RENEWING, RX_IMPOSSIBLE, ALWAYS, DO(cancel), V_IMPOSSIBLE, CLAUSE("RENEWING"))

    RENEW_ROWS(V_RENEW_CHALLENGED, CLAUSE("RENEW_CHALLENGED"))
    ROW(V_RENEW_CHALLENGED, RE_TIMER, ALWAYS, DO(give_up), V_INVALID,
        CLAUSE("RENEW_CHALLENGED"))
    ROW(V_RENEW_CHALLENGED, RX_PROOF, IF(offered), DO(give_proof), V_RENEW_EVALUATING,
        CLAUSE("RENEW_CHALLENGED"))
    ROW(V_RENEW_CHALLENGED, RX_PROOF, ALWAYS, DO(refuse_proof), V_INVALID,
        CLAUSE("RENEW_CHALLENGED"))
    ROW(V_RENEW_CHALLENGED, RX_IMPOSSIBLE, ALWAYS, DO(give_impossible), V_IMPOSSIBLE,
        CLAUSE("RENEW_CHALLENGED"))

    RENEW_ROWS(V_RENEW_EVALUATING, CLAUSE("RENEW_EVALUATING"))
    RENEW_LATE_ROWS(V_RENEW_EVALUATING, CLAUSE("RENEW_EVALUATING"))
    ROW(V_RENEW_EVALUATING, RE_CHALLENGE, ALWAYS, DO(answer_silent), SAME,
        CLAUSE("RENEW_EVALUATING"))
    ROW(V_RENEW_EVALUATING, RX_IMPOSSIBLE, ALWAYS, DO(cancel), V_IMPOSSIBLE,
        CLAUSE("RENEW_EVALUATING"))

    ROW(V_INVALID, RX_ASSERT, IF(storming), DO(fail_storm), SAME, CLAUSE("INVALID"))
    ROW(V_INVALID, RX_ASSERT, IF(hosted), DO(refuse_again), SAME, "DNA, own domain")
    ROW(V_INVALID, RX_ASSERT, IF(may_not_retry), DO(refuse_again), SAME, CLAUSE("INVALID"))
    HEAR_ROWS(V_INVALID, CLAUSE("INVALID"))
    ROW(V_INVALID, RX_PROOF, IF(owed), DO(note_late_proof), SAME, CLAUSE("VALID"))
    ROW(V_INVALID, RX_IMPOSSIBLE, ALWAYS, DO(note_impossible), V_IMPOSSIBLE,
        CLAUSE("INVALID"))
    ROW(V_INVALID, RE_WANT, IF(may_not_retry), DO(tell_refused), SAME, CLAUSE("INVALID"))
    WANT_ROWS(V_INVALID, CLAUSE("INVALID"))
    ROW(V_INVALID, RE_DIALLED, IF(may_not_retry), NOTHING, SAME, CLAUSE("INVALID"))
    ROW(V_INVALID, RE_DIALLED, ALWAYS, DO(hear), V_CHECKING, "XEP-0344 3")

    ROW(V_UNPROVEN, RX_ASSERT, IF(storming), DO(fail_storm), SAME, CLAUSE("INVALID"))
    ROW(V_UNPROVEN, RX_ASSERT, IF(hosted), DO(refuse_spoof), V_INVALID, "DNA, own domain")
    ROW(V_UNPROVEN, RX_ASSERT, IF(may_not_retry), DO(refuse_again), SAME, CLAUSE("INVALID"))
    HEAR_ROWS(V_UNPROVEN, CLAUSE("NONE"))
    ROW(V_UNPROVEN, RX_PROOF, IF(owed), DO(note_late_proof), SAME, CLAUSE("VALID"))
    ROW(V_UNPROVEN, RE_WANT, IF(may_not_retry), DO(tell_refused), SAME, CLAUSE("INVALID"))
    WANT_ROWS(V_UNPROVEN, CLAUSE("NONE"))
    ROW(V_UNPROVEN, RX_IMPOSSIBLE, ALWAYS, DO(end_dialback), V_IMPOSSIBLE, CLAUSE("VALID"))
    ROW(V_UNPROVEN, RE_DIALLED, IF(still_admitted), NOTHING, SAME, "XEP-0220 2.1.2")
    ROW(V_UNPROVEN, RE_DIALLED, ALWAYS, DO(hear), V_CHECKING, "XEP-0344 3")
    ROW(V_UNPROVEN, RE_TIMER, ALWAYS, DO(end_dialback), V_INVALID, "S18")
    ROW(V_UNPROVEN, RE_REVOKED, ALWAYS, DO(end_dialback), V_INVALID, "S18")

    ROW(V_IMPOSSIBLE, RX_ASSERT, IF(storming), DO(fail_storm), SAME, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RX_ASSERT, IF(hosted), DO(refuse_again), SAME, "DNA, own domain")
    ROW(V_IMPOSSIBLE, RX_ASSERT, IF(may_not_retry), DO(refuse_again), SAME,
        CLAUSE("IMPOSSIBLE"))
    HEAR_ROWS(V_IMPOSSIBLE, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RX_PROOF, IF(owed), DO(note_late_proof), SAME, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RX_IMPOSSIBLE, ALWAYS, NOTHING, SAME, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RE_WANT, IF(may_not_retry), DO(tell_refused), SAME,
        CLAUSE("IMPOSSIBLE"))
    WANT_ROWS(V_IMPOSSIBLE, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RE_DIALLED, IF(may_not_retry), NOTHING, SAME, CLAUSE("IMPOSSIBLE"))
    ROW(V_IMPOSSIBLE, RE_DIALLED, ALWAYS, DO(hear), V_CHECKING, "XEP-0344 3")
};

const struct dna_s2s_table dna_s2s_table_validate = {
    "Association, validating side", rows, sizeof rows / sizeof *rows, DNA_S2S_V_NONE,
    DNA_S2S_V_IMPOSSIBLE};
