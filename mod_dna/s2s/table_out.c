/* s2s/table_out.c: the initiating entity's stream.
 *
 * TLS is tried whether or not it is offered (RFC 7590).  We prove nothing of ours before
 * the peer is proven to us, and its stanzas are admitted only once it was told so.  Dialback
 * may follow an exchange that ended without a proof; the court has to say so.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

static const struct dna_s2s_row rows[] = {
    ROW(OUT_ESTABLISHED, EV_STANZA, IF(gate_open), DO(relay), SAME, "DNA, stanza gate")
    GATE_ROWS(OUT_ESTABLISHED)
    ROW(OUT_ESTABLISHED, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(OUT_ESTABLISHED, EV_DIALBACK, IF(dialback), DO(take_dialback), SAME, "XEP-0220 2.1.1")
    LASTING_ROWS(OUT_ESTABLISHED)
    ROW(OUT_ESTABLISHED, EV_ENABLED, IF(enabling), DO(managed), SAME, "XEP-0198 3")
    ROW(OUT_ESTABLISHED, EV_NOT_MANAGED, IF(enabling), DO(unmanaged), SAME, "XEP-0198 3")
    ROW(OUT_ESTABLISHED, EV_RESUMED, IF(resumption_fits), DO(resumed), SAME, "XEP-0198 5")
    ROW(OUT_ESTABLISHED, EV_RESUMED, IF(resuming), DO(fail_ack), FAILED, "XEP-0198 5")
    ROW(OUT_ESTABLISHED, EV_NOT_MANAGED, IF(resuming), DO(resumed_not), SAME, "XEP-0198 5")
    ROW(OUT_ESTABLISHED, EV_LAPSED, ALWAYS, DO(fail_reset), FAILED, "RFC 6120 4.9.3.16")

    ROW(OUT_HEADER, EV_HEADER, ALWAYS, DO(note_header), OUT_FEATURES, "RFC 6120 4.7")
    ROW(OUT_HEADER, EV_SECURED, IF(injected), DO(shut_injected), CLOSED, "XEP-0368")
    ROW(OUT_HEADER, EV_SECURED, IF(direct_tls), DO(begin_tls_again), OUT_TLS_HEADER,
        "XEP-0368")

    ROW(OUT_FEATURES, EV_FEATURES, ALWAYS, DO(start_tls), OUT_STARTTLS, "RFC 7590 3.1")

    ROW(OUT_STARTTLS, EV_PROCEED, ALWAYS, DO(secure), OUT_SECURING, "RFC 6120 5.4.2.3")
    ROW(OUT_STARTTLS, EV_TLS_FAILURE, ALWAYS, DO(end_and_shut), CLOSED, "RFC 6120 5.4.2.2")

    ROW(OUT_SECURING, ANY_ITEM, ALWAYS, DO(shut_injected), CLOSED, "RFC 6120 5.4.3.3")
    ROW(OUT_SECURING, EV_SECURED, IF(injected), DO(shut_injected), CLOSED, "RFC 6120 5.4.3.3")
    ROW(OUT_SECURING, EV_SECURED, ALWAYS, DO(begin_tls_again), OUT_TLS_HEADER,
        "RFC 6120 5.4.3.3")
    ROW(OUT_SECURING, EV_LIFETIME, ALWAYS, DO(shut_late), CLOSED, "RFC 6120 5.4.3.2")
    ROW(OUT_SECURING, EV_OVERFLOW, ALWAYS, DO(shut_injected), CLOSED, "RFC 6120 5.4.3.2")
    ROW(OUT_SECURING, EV_CLOSE, ALWAYS, DO(shut), CLOSED, "RFC 6120 5.4.3.2")

    ROW(OUT_TLS_HEADER, EV_HEADER, ALWAYS, DO(note_header), OUT_TLS_FEATURES, "RFC 6120 4.7")
    ROW(OUT_TLS_HEADER, EV_REFUSED, IF(peer_admitted), NOTHING, SAME, "XEP-0220 2.1.1")
    ROW(OUT_TLS_HEADER, EV_REFUSED, ALWAYS, DO(fail_not_authorized), FAILED,
        "RFC 6120 4.9.3.12")

    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(stranger), DO(fail_invalid_from), FAILED,
        "RFC 6120 4.7.1")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(verifies), DO(begin_verifying), OUT_VERIFYING,
        "XEP-0220 2.1.2")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(offers_dna), DO(begin_dna), OUT_DNA, "DNA")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(offers_nothing), DO(fail_unsupported_feature),
        FAILED, "RFC 6120 4.9.3.22")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(offers_external_proven), DO(begin_sasl), OUT_SASL,
        "RFC 6120 6.4.2")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(peer_heard), DO(await_ruling), OUT_HEARING,
        "RFC 6120 6.4.2")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, IF(dials_standing), DO(begin_dialback), OUT_DIALBACK,
        "XEP-0220 2.1.1")
    ROW(OUT_TLS_FEATURES, EV_FEATURES, ALWAYS, DO(fail_unproven), FAILED,
        "RFC 6120 4.9.3.12")
    ROW(OUT_TLS_FEATURES, EV_REFUSED, IF(peer_admitted), NOTHING, SAME, "XEP-0220 2.1.1")
    ROW(OUT_TLS_FEATURES, EV_REFUSED, ALWAYS, DO(fail_not_authorized), FAILED,
        "RFC 6120 4.9.3.12")

    ROW(OUT_HEARING, EV_PROVEN, IF(external), DO(begin_sasl), OUT_SASL, "RFC 6120 6.4.2")
    ROW(OUT_HEARING, EV_PROVEN, ALWAYS, DO(begin_dialback), OUT_DIALBACK, "XEP-0220 2.1.1")
    ROW(OUT_HEARING, EV_REFUSED, IF(dials_admitted), DO(begin_dialback), OUT_DIALBACK,
        "XEP-0220 2.1.1")
    ROW(OUT_HEARING, EV_REFUSED, ALWAYS, DO(fail_unproven), FAILED, "RFC 6120 4.9.3.12")

    ROW(OUT_DIALBACK, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220 2.1.1")
    ROW(OUT_DIALBACK, EV_AUTHENTICATED, IF(own_valid), DO(establish), OUT_ESTABLISHED,
        "XEP-0220 2.4")
    ROW(OUT_DIALBACK, EV_TURNED_AWAY, ALWAYS, DO(say_end), CLOSING, "XEP-0220 2.4.2")
    ROW(OUT_DIALBACK, EV_DNA, IF(speaks), DO(take_dna), SAME, "DNA, dialback after it")
    ROW(OUT_DIALBACK, EV_REFUSED, IF(peer_admitted), NOTHING, SAME, "XEP-0220 2.1.1")
    ROW(OUT_DIALBACK, EV_REFUSED, ALWAYS, DO(fail_not_authorized), FAILED,
        "RFC 6120 4.9.3.12")

    ROW(OUT_VERIFYING, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220 2.1.2")
    ROW(OUT_VERIFYING, EV_LIFETIME, ALWAYS, DO(say_end), CLOSING, "XEP-0220 2.1.2")

    ROW(OUT_DNA, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(OUT_DNA, EV_AUTHENTICATED, IF(both_valid), DO(establish), OUT_ESTABLISHED, "DNA")
    ROW(OUT_DNA, EV_AUTHENTICATED, IF(peer_valid), DO(assert_own), SAME, "DNA")
    ROW(OUT_DNA, EV_REFUSED, IF(dials_admitted), DO(begin_dialback), OUT_DIALBACK,
        "DNA, dialback after it")
    ROW(OUT_DNA, EV_REFUSED, ALWAYS, DO(fail_not_authorized), FAILED, "RFC 6120 4.9.3.12")
    ROW(OUT_DNA, EV_TURNED_AWAY, IF(dials_undecided), NOTHING, SAME, "DNA, dialback after it")
    ROW(OUT_DNA, EV_TURNED_AWAY, IF(dials_noted_standing), DO(begin_dialback), OUT_DIALBACK,
        "DNA, dialback after it")
    ROW(OUT_DNA, EV_TURNED_AWAY, ALWAYS, DO(say_end), CLOSING, "DNA")

    ROW(OUT_SASL, EV_SUCCESS, IF(peer_proven), DO(sasl_done), OUT_SASL_HEADER,
        "RFC 6120 6.4.6")
    ROW(OUT_SASL, EV_SUCCESS, ALWAYS, DO(fail_not_authorized), FAILED, "RFC 6120 4.9.3.12")
    ROW(OUT_SASL, EV_SASL_CHALLENGE, ALWAYS, DO(sasl_respond), SAME, "RFC 6120 6.4.3")
    ROW(OUT_SASL, EV_SASL_FAILURE, IF(dials_noted), DO(begin_dialback), OUT_DIALBACK,
        "RFC 7712 4.1")
    ROW(OUT_SASL, EV_SASL_FAILURE, ALWAYS, DO(sasl_refused), CLOSING, "RFC 6120 6.4.5")
    ROW(OUT_SASL, EV_REFUSED, ALWAYS, DO(fail_not_authorized), FAILED, "RFC 6120 4.9.3.12")

    ROW(OUT_SASL_HEADER, EV_HEADER, ALWAYS, DO(note_header), OUT_SASL_FEATURES,
        "RFC 6120 6.4.6")
    ROW(OUT_SASL_FEATURES, EV_FEATURES, IF(stranger), DO(fail_invalid_from), FAILED,
        "RFC 6120 4.7.1")
    ROW(OUT_SASL_FEATURES, EV_FEATURES, ALWAYS, DO(restore), OUT_ESTABLISHED,
        "RFC 6120 6.4.6")

    ROW(OUT_LOCAL_HEADER, EV_HEADER, IF(modern), DO(note_header), OUT_LOCAL_FEATURES,
        "RFC 6120 4.7")
    ROW(OUT_LOCAL_HEADER, EV_HEADER, ALWAYS, DO(note_header), OUT_LOCAL, "XEP-0220 2.1")
    ROW(OUT_LOCAL_FEATURES, EV_FEATURES, ALWAYS, DO(note_features), OUT_LOCAL, "XEP-0220 2.1")
    ROW(OUT_LOCAL, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220 2.1.1")
    ROW(OUT_LOCAL, EV_AUTHENTICATED, ALWAYS, DO(establish), OUT_LOCAL_ESTABLISHED,
        "XEP-0220 2.4")
    ROW(OUT_LOCAL, EV_REFUSED, ALWAYS, DO(say_end), CLOSING, "XEP-0220 2.4.2")
    ROW(OUT_LOCAL_ESTABLISHED, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220 2.1.1")
};

const struct dna_s2s_table dna_s2s_table_out = {
    "Outgoing stream", rows, sizeof rows / sizeof *rows, DNA_S2S_OUT_HEADER,
    DNA_S2S_OUT_LOCAL_ESTABLISHED};
