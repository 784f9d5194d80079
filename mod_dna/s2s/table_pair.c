/* s2s/table_pair.c: dialback on the hop to a local server (XEP-0220).
 *
 * P: a pair that we want to send on (initiating).  L: a pair that the local server sends on
 * (receiving); it is admitted at once where the link hosts its sender, since that says
 * nothing about the remote domain.  K: a key of ours that the server asks about
 * (authoritative).  An answer counts only for a request that was sent on this stream.
 * Where the link is keyed, requests and answers prove a shared secret, and nobody asks back.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

static const struct dna_s2s_row rows[] = {
    ROW(P_NONE, RE_WANT, IF(may_dial), DO(ask_key), P_KEY, "XEP-0220 2.1.1")
    ROW(P_NONE, RE_WANT, ALWAYS, DO(wait), P_WAITING, "XEP-0220 2.1.1")
    ROW(P_WAITING, RE_TURN, IF(may_dial), DO(ask_key), P_KEY, "XEP-0220 2.1.1")
    ROW(P_WAITING, RE_TURN, ALWAYS, DO(pair_refused), P_INVALID, "XEP-0220 2.5.2")
    ROW(P_WAITING, RE_UNHOSTED, ALWAYS, DO(pair_refused), P_INVALID, "S24")
    ROW(P_KEY, RE_KEY, ALWAYS, DO(send_result), P_SENT, "XEP-0220 2.1.1")
    ROW(P_KEY, RE_TIMER, ALWAYS, DO(pair_refused), P_INVALID, "XEP-0220 2.1.1")
    ROW(P_KEY, RE_UNHOSTED, ALWAYS, DO(pair_refused), P_INVALID, "S24")
    ROW(P_SENT, RX_RESULT_VALID, IF(keyed), DO(check_answer), P_ANSWERED, "S24")
    ROW(P_SENT, RX_RESULT_VALID, ALWAYS, DO(pair_accepted), P_VALID, "XEP-0220 2.1.1")
    ROW(P_SENT, RX_RESULT_INVALID, ALWAYS, DO(pair_invalid), P_INVALID, "XEP-0220 2.4.2")
    ROW(P_SENT, RX_RESULT_ERROR, ALWAYS, DO(pair_refused), P_INVALID, "XEP-0220 2.5")
    ROW(P_SENT, RE_TIMER, ALWAYS, DO(pair_refused), P_INVALID, "XEP-0220 2.1.1")
    ROW(P_SENT, RE_UNHOSTED, ALWAYS, DO(pair_refused), P_INVALID, "S24")
    ROW(P_ANSWERED, RE_CHECKED, IF(checked), DO(pair_accepted), P_VALID, "S24")
    ROW(P_ANSWERED, RE_CHECKED, ALWAYS, DO(pair_unproven), P_INVALID, "S24")
    ROW(P_ANSWERED, RE_TIMER, ALWAYS, DO(pair_refused), P_INVALID, "XEP-0220 2.1.1")
    ROW(P_ANSWERED, RE_UNHOSTED, ALWAYS, DO(pair_refused), P_INVALID, "S24")
    ROW(P_VALID, RE_UNHOSTED, ALWAYS, DO(pair_refused), P_INVALID, "S24")
    ROW(P_INVALID, RE_WANT, IF(may_not_retry), DO(pair_refused_still), SAME, "XEP-0220 2.1.1")
    ROW(P_INVALID, RE_WANT, IF(may_dial), DO(ask_key), P_KEY, "XEP-0220 2.1.1")
    ROW(P_INVALID, RE_WANT, ALWAYS, DO(wait), P_WAITING, "XEP-0220 2.1.1")

    ROW(L_NONE, RX_RESULT, IF(keyed_pair), DO(check_key), L_CHECKING, "S24")
    ROW(L_NONE, RX_RESULT, IF(pair_of_link), DO(answer_valid), L_VALID, "XEP-0220 2.1.1, S24")
    ROW(L_NONE, RX_RESULT, IF(from_of_link), DO(answer_not_found), SAME, "XEP-0220 2.5.1")
    ROW(L_NONE, RX_RESULT, ALWAYS, DO(answer_not_allowed), SAME, "S24")
    ROW(L_CHECKING, RE_CHECKED, IF(checked_pair), DO(answer_keyed), L_VALID, "S24")
    ROW(L_CHECKING, RE_CHECKED, ALWAYS, DO(refuse_key), L_NONE, "S24")
    ROW(L_VALID, RX_RESULT, IF(keyed_pair), DO(check_key), SAME, "S24")
    ROW(L_VALID, RE_CHECKED, IF(checked_pair), DO(answer_keyed), SAME, "S24")
    ROW(L_VALID, RE_CHECKED, ALWAYS, DO(refuse_key), L_NONE, "S24")
    ROW(L_VALID, RX_RESULT, IF(pair_of_link), DO(answer_valid), SAME, "XEP-0220 2.1.1")
    ROW(L_VALID, RX_RESULT, ALWAYS, DO(answer_not_allowed), L_NONE, "S24")
    ROW(L_VALID, RE_UNHOSTED, ALWAYS, DO(pair_refused), L_NONE, "S24")

    ROW(K_NONE, RX_VERIFY, IF(key_of_link), DO(ask_verified), K_VERIFYING, "XEP-0220 2.1.2")
    ROW(K_NONE, RX_VERIFY, IF(key_of_ours), DO(ask_verified), K_VERIFYING, "XEP-0220 2.1.2")
    ROW(K_NONE, RX_VERIFY, ALWAYS, DO(answer_verify_error), SAME, "XEP-0220 2.5.1")
    ROW(K_VERIFYING, RX_VERIFY, ALWAYS, NOTHING, SAME, "XEP-0220 2.1.2")
    ROW(K_VERIFYING, RE_VERIFIED, ALWAYS, DO(answer_verify), K_NONE, "XEP-0220 2.1.2")
    ROW(K_VERIFYING, RE_TIMER, ALWAYS, DO(answer_verify_error), K_NONE, "XEP-0220 2.5.1")
};

const struct dna_s2s_table dna_s2s_table_pair = {
    "Dialback on the local hop, and keys of ours that anybody asks about", rows, sizeof rows / sizeof *rows, DNA_S2S_P_NONE,
    DNA_S2S_K_VERIFYING};
