/* s2s/table_dialback.c: server dialback on public streams (XEP-0220, XEP-0344).
 *
 * D: a pair that we want to send on (initiating).  R: a pair that the peer wants to send on
 * (receiving).  Y: a key of the peer's that we ask about (authoritative is the peer).  Keys
 * of ours that a peer asks about stand in table_pair.c.
 *
 * A proof goes first, in both directions; then the elements only signal it.  With a peer that
 * speaks DNA all this comes behind the exchange, on the same stream.  Where there is
 * none the court has to say that dialback may do (S10 to S12), and what is admitted then is
 * this pair alone, for a day at most (S18).  An answer counts only for a request that was
 * sent on this stream and is still open; nobody is asked on the stream that made the claim.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

/* A pair that may be sent, or whose target has to be judged first. */
#define DIAL_ROWS(state, event)                                                             \
    ROW(state, event, IF(may_dial_standing), DO(ask_key), D_KEY, "XEP-0220 2.1.1")          \
    ROW(state, event, IF(may_dial_out), DO(hear_target), D_HEARING, "RFC 7712 4.2")

#define GIVE_UP_ROWS(state)                                                                 \
    ROW(state, RE_TIMER, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.1.1")          \
    ROW(state, RE_UNHOSTED, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.1.1")

static const struct dna_s2s_row rows[] = {
    DIAL_ROWS(D_NONE, RE_WANT)
    ROW(D_NONE, RE_WANT, ALWAYS, DO(wait), D_WAITING, "XEP-0220 2.1.1")
    DIAL_ROWS(D_WAITING, RE_TURN)
    ROW(D_WAITING, RE_TURN, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.6.2")
    ROW(D_WAITING, RE_UNHOSTED, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.1.1")
    ROW(D_HEARING, RE_JUDGED, IF(may_dial_standing), DO(ask_key), D_KEY, "XEP-0220 2.1.1")
    ROW(D_HEARING, RE_JUDGED, ALWAYS, DO(dial_unproven), D_INVALID, "RFC 7712 4.2")
    ROW(D_HEARING, RE_UNHOSTED, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.1.1")
    ROW(D_KEY, RE_KEY, ALWAYS, DO(send_result), D_SENT, "XEP-0220 2.1.1")
    GIVE_UP_ROWS(D_KEY)
    ROW(D_SENT, RX_RESULT_VALID, IF(target_stands), DO(dial_accepted), D_VALID,
        "XEP-0220 2.1.1")
    ROW(D_SENT, RX_RESULT_VALID, ALWAYS, DO(dial_unproven), D_INVALID, "S14")
    ROW(D_SENT, RX_RESULT_INVALID, ALWAYS, DO(dial_invalid), D_INVALID, "XEP-0220 2.4.2")
    ROW(D_SENT, RX_RESULT_ERROR, ALWAYS, DO(dial_error), D_INVALID, "XEP-0220 2.5")
    GIVE_UP_ROWS(D_SENT)
    ROW(D_VALID, RX_RESULT_INVALID, ALWAYS, DO(dial_invalid), D_INVALID, "XEP-0220 2.4.2")
    ROW(D_VALID, RX_RESULT_ERROR, ALWAYS, DO(dial_error), D_INVALID, "XEP-0220 2.5")
    ROW(D_VALID, RE_TIMER, ALWAYS, DO(dial_lapsed), D_INVALID, "S14")
    ROW(D_VALID, RE_UNHOSTED, ALWAYS, DO(dial_unanswered), D_INVALID, "XEP-0220 2.1.1")
    ROW(D_INVALID, RE_WANT, IF(may_not_retry), DO(pair_refused_still), SAME, "XEP-0220 2.1.1")
    DIAL_ROWS(D_INVALID, RE_WANT)
    ROW(D_INVALID, RE_WANT, ALWAYS, DO(wait), D_WAITING, "XEP-0220 2.1.1")

    ROW(R_NONE, RX_RESULT, IF(target_unknown), DO(result_not_found), SAME, "XEP-0220 2.5.1")
    ROW(R_NONE, RX_RESULT, IF(sender_ours), DO(result_not_acceptable), SAME, "XEP-0220 2.5.1")
    ROW(R_NONE, RX_RESULT, IF(key_unusable), DO(result_not_acceptable), SAME, "XEP-0220 2.5.1")
    ROW(R_NONE, RX_RESULT, IF(sender_proven), DO(result_proven), SAME, "XEP-0344 3")
    ROW(R_NONE, RX_RESULT, IF(pairs_full), DO(result_full), SAME, "XEP-0220 2.5.1")
    ROW(R_NONE, RX_RESULT, IF(sender_stands), DO(ask_server), R_VERIFYING, "XEP-0220 2.1.2")
    ROW(R_NONE, RX_RESULT, ALWAYS, DO(hear_sender), R_HEARING, "XEP-0344 3")
    ROW(R_HEARING, RX_RESULT, ALWAYS, NOTHING, SAME, "XEP-0220 2.1.1")
    ROW(R_HEARING, RE_JUDGED, IF(sender_proven), DO(result_proven), R_NONE, "XEP-0344 3")
    ROW(R_HEARING, RE_JUDGED, IF(sender_stands), DO(ask_server), R_VERIFYING,
        "XEP-0220 2.1.2")
    ROW(R_HEARING, RE_JUDGED, ALWAYS, DO(result_not_authorized), R_NONE, "XEP-0220 2.5.1")
    ROW(R_HEARING, RE_UNHOSTED, ALWAYS, DO(result_not_found), R_NONE, "XEP-0220 2.5.1")
    ROW(R_VERIFYING, RX_RESULT, ALWAYS, NOTHING, SAME, "XEP-0220 2.1.1")
    ROW(R_VERIFYING, RE_ANSWERED, IF(key_valid), DO(result_valid), R_VALID, "XEP-0220 2.1.2")
    ROW(R_VERIFYING, RE_ANSWERED, IF(key_invalid_alone), DO(result_invalid), R_NONE,
        "XEP-0220 2.4.2")
    ROW(R_VERIFYING, RE_ANSWERED, ALWAYS, DO(result_error), R_NONE, "XEP-0220 2.5.1")
    ROW(R_VERIFYING, RE_TIMER, ALWAYS, DO(result_error), R_NONE, "XEP-0220 2.5.1")
    ROW(R_VERIFYING, RE_UNHOSTED, ALWAYS, DO(result_not_found), R_NONE, "XEP-0220 2.5.1")
    ROW(R_VALID, RX_RESULT, ALWAYS, DO(result_valid_still), SAME, "XEP-0220 2.1.1")
    ROW(R_VALID, RE_UNHOSTED, ALWAYS, DO(retract_pair), R_GONE, "S19")
    ROW(R_GONE, RX_RESULT, IF(target_unknown), DO(result_not_found), SAME, "XEP-0220 2.5.1")
    ROW(R_GONE, RX_RESULT, ALWAYS, DO(result_full), R_NONE, "XEP-0220 2.5.1")

    ROW(Y_NONE, RE_WANT, ALWAYS, DO(send_verify), Y_SENT, "XEP-0220 2.1.2")
    ROW(Y_SENT, RX_VERIFY_VALID, ALWAYS, DO(tell_key_valid), Y_NONE, "XEP-0220 2.1.2")
    ROW(Y_SENT, RX_VERIFY_INVALID, ALWAYS, DO(tell_key_invalid), Y_NONE, "XEP-0220 2.1.2")
    ROW(Y_SENT, RX_VERIFY_ERROR, ALWAYS, DO(tell_key_unknown), Y_NONE, "XEP-0220 2.5.1")
    ROW(Y_SENT, RE_TIMER, ALWAYS, DO(tell_key_unanswered), Y_NONE, "XEP-0220 2.5.1")
};

const struct dna_s2s_table dna_s2s_table_dialback = {
    "Dialback on public streams", rows, sizeof rows / sizeof *rows, DNA_S2S_D_NONE,
    DNA_S2S_Y_SENT};
