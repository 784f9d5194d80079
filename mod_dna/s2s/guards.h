/* s2s/guards.h: the conditions of the state tables.
 *
 * Pure functions of the stream, the record and what the present call brought.
 */
#ifndef DNA_S2S_GUARDS_H
#define DNA_S2S_GUARDS_H

#include <s2s/table.h>

/* Streams that last: what either side may say of stream management (XEP-0198), and silence. */
#define LASTING_ROWS(state)                                                                 \
    ROW(state, EV_ACK, IF(ack_good), DO(take_ack), SAME, "XEP-0198 4")                      \
    ROW(state, EV_ACK, IF(managed), DO(fail_ack), FAILED, "XEP-0198 4")                     \
    ROW(state, EV_ACK_REQUEST, IF(managed), DO(acknowledge), SAME, "XEP-0198 4")            \
    ROW(state, EV_SILENT, ALWAYS, DO(fail_silent), FAILED, "RFC 6120 4.6.2")                \
    ROW(state, EV_IDLE, ALWAYS, DO(end_idle), CLOSING, "XEP-0478 2")                        \
    ROW(state, EV_GONE, ALWAYS, DO(lose), CLOSED, "XEP-0198 5")

/* What becomes of a stanza that the gate does not let pass. */
#define GATE_ROWS(state)                                                                    \
    ROW(state, EV_STANZA, IF(gate_improper), DO(fail_improper_addressing), FAILED,          \
        "RFC 6120 4.9.3.7")                                                                 \
    ROW(state, EV_STANZA, IF(gate_backwards), DO(fail_not_authorized), FAILED,              \
        "RFC 6120 4.9.3.12")                                                                \
    ROW(state, EV_STANZA, IF(gate_from_lately), DO(bounce_from), SAME, "DNA, stanza gate")  \
    ROW(state, EV_STANZA, IF(gate_nothing_valid), DO(fail_not_authorized), FAILED,          \
        "DNA, stanza gate")                                                                 \
    ROW(state, EV_STANZA, IF(gate_from), DO(fail_invalid_from), FAILED, "RFC 6120 8.1.2.2") \
    ROW(state, EV_STANZA, IF(gate_to_lately), DO(bounce_to_gone), SAME, "S19")              \
    ROW(state, EV_STANZA, IF(gate_to_proving), DO(bounce_to_proving), SAME,                 \
        "DNA, stanza gate")                                                                 \
    ROW(state, EV_STANZA, IF(gate_to_gone), DO(fail_host_gone), FAILED, "RFC 6120 4.9.3.5") \
    ROW(state, EV_STANZA, ALWAYS, DO(fail_host_unknown), FAILED, "RFC 6120 4.9.3.6")

dna_s2s_guard_fn dna_s2s_if_ack_good;
dna_s2s_guard_fn dna_s2s_if_answerable;
dna_s2s_guard_fn dna_s2s_if_asserted;
dna_s2s_guard_fn dna_s2s_if_auth_bad_encoding;
dna_s2s_guard_fn dna_s2s_if_auth_empty;
dna_s2s_guard_fn dna_s2s_if_auth_exhausted;
dna_s2s_guard_fn dna_s2s_if_auth_malformed;
dna_s2s_guard_fn dna_s2s_if_auth_other_authzid;
dna_s2s_guard_fn dna_s2s_if_auth_other_mechanism;
dna_s2s_guard_fn dna_s2s_if_bidi;
dna_s2s_guard_fn dna_s2s_if_both_valid;
dna_s2s_guard_fn dna_s2s_if_checked;
dna_s2s_guard_fn dna_s2s_if_checked_pair;
dna_s2s_guard_fn dna_s2s_if_declares_dna;
dna_s2s_guard_fn dna_s2s_if_dialback;
dna_s2s_guard_fn dna_s2s_if_dialback_admits;
dna_s2s_guard_fn dna_s2s_if_dials_admitted;
dna_s2s_guard_fn dna_s2s_if_dials_noted;
dna_s2s_guard_fn dna_s2s_if_dials_noted_standing;
dna_s2s_guard_fn dna_s2s_if_dials_standing;
dna_s2s_guard_fn dna_s2s_if_dials_undecided;
dna_s2s_guard_fn dna_s2s_if_direct_tls;
dna_s2s_guard_fn dna_s2s_if_enabling;
dna_s2s_guard_fn dna_s2s_if_external;
dna_s2s_guard_fn dna_s2s_if_from_of_link;
dna_s2s_guard_fn dna_s2s_if_gate_backwards;
dna_s2s_guard_fn dna_s2s_if_gate_from;
dna_s2s_guard_fn dna_s2s_if_gate_from_lately;
dna_s2s_guard_fn dna_s2s_if_gate_improper;
dna_s2s_guard_fn dna_s2s_if_gate_nothing_valid;
dna_s2s_guard_fn dna_s2s_if_gate_open;
dna_s2s_guard_fn dna_s2s_if_gate_to_gone;
dna_s2s_guard_fn dna_s2s_if_gate_to_lately;
dna_s2s_guard_fn dna_s2s_if_gate_to_proving;
dna_s2s_guard_fn dna_s2s_if_harassed;
dna_s2s_guard_fn dna_s2s_if_has_condition;
dna_s2s_guard_fn dna_s2s_if_hosted;
dna_s2s_guard_fn dna_s2s_if_injected;
dna_s2s_guard_fn dna_s2s_if_key_invalid_alone;
dna_s2s_guard_fn dna_s2s_if_key_of_link;
dna_s2s_guard_fn dna_s2s_if_key_of_ours;
dna_s2s_guard_fn dna_s2s_if_key_unusable;
dna_s2s_guard_fn dna_s2s_if_key_valid;
dna_s2s_guard_fn dna_s2s_if_keyed;
dna_s2s_guard_fn dna_s2s_if_keyed_pair;
dna_s2s_guard_fn dna_s2s_if_local;
dna_s2s_guard_fn dna_s2s_if_manageable;
dna_s2s_guard_fn dna_s2s_if_managed;
dna_s2s_guard_fn dna_s2s_if_may_assert;
dna_s2s_guard_fn dna_s2s_if_may_dial;
dna_s2s_guard_fn dna_s2s_if_may_dial_out;
dna_s2s_guard_fn dna_s2s_if_may_dial_standing;
dna_s2s_guard_fn dna_s2s_if_may_hear;
dna_s2s_guard_fn dna_s2s_if_may_not_retry;
dna_s2s_guard_fn dna_s2s_if_may_yet_speak;
dna_s2s_guard_fn dna_s2s_if_modern;
dna_s2s_guard_fn dna_s2s_if_offered;
dna_s2s_guard_fn dna_s2s_if_offers_dna;
dna_s2s_guard_fn dna_s2s_if_offers_external_proven;
dna_s2s_guard_fn dna_s2s_if_offers_nothing;
dna_s2s_guard_fn dna_s2s_if_only_asks;
dna_s2s_guard_fn dna_s2s_if_owed;
dna_s2s_guard_fn dna_s2s_if_own_valid;
dna_s2s_guard_fn dna_s2s_if_pair_of_link;
dna_s2s_guard_fn dna_s2s_if_pairs_full;
dna_s2s_guard_fn dna_s2s_if_peer_admitted;
dna_s2s_guard_fn dna_s2s_if_peer_heard;
dna_s2s_guard_fn dna_s2s_if_peer_proven;
dna_s2s_guard_fn dna_s2s_if_peer_unsure;
dna_s2s_guard_fn dna_s2s_if_peer_valid;
dna_s2s_guard_fn dna_s2s_if_proof_fits;
dna_s2s_guard_fn dna_s2s_if_proven;
dna_s2s_guard_fn dna_s2s_if_proven_asked;
dna_s2s_guard_fn dna_s2s_if_resumable;
dna_s2s_guard_fn dna_s2s_if_resumption_fits;
dna_s2s_guard_fn dna_s2s_if_resuming;
dna_s2s_guard_fn dna_s2s_if_room;
dna_s2s_guard_fn dna_s2s_if_sender_ours;
dna_s2s_guard_fn dna_s2s_if_sender_proven;
dna_s2s_guard_fn dna_s2s_if_searching;
dna_s2s_guard_fn dna_s2s_if_searching_proven;
dna_s2s_guard_fn dna_s2s_if_sender_stands;
dna_s2s_guard_fn dna_s2s_if_speaks;
dna_s2s_guard_fn dna_s2s_if_starttls_good;
dna_s2s_guard_fn dna_s2s_if_still_admitted;
dna_s2s_guard_fn dna_s2s_if_still_proven;
dna_s2s_guard_fn dna_s2s_if_storming;
dna_s2s_guard_fn dna_s2s_if_stranger;
dna_s2s_guard_fn dna_s2s_if_target_stands;
dna_s2s_guard_fn dna_s2s_if_target_unknown;
dna_s2s_guard_fn dna_s2s_if_unsure_in_time;
dna_s2s_guard_fn dna_s2s_if_verifies;

#endif
