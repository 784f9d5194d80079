/* s2s/table_in.c: the receiving entity's stream.
 *
 * Nothing learned in clear survives TLS, nothing learned before SASL survives SASL.  The
 * only ways into an established state are EV_AUTHENTICATED, which the association raises
 * when a domain of the peer becomes valid, and the header after a SASL success.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

#define AUTH_ROWS(state, event)                                                             \
    ROW(state, event, IF(auth_exhausted), DO(fail_retries), FAILED, "RFC 6120 6.4.5")       \
    ROW(state, event, IF(auth_malformed), DO(sasl_malformed), IN_NEGOTIATING,               \
        "RFC 6120 6.5.8")                                                                   \
    ROW(state, event, IF(auth_other_mechanism), DO(sasl_invalid_mechanism), IN_NEGOTIATING, \
        "RFC 6120 6.5.7")                                                                   \
    ROW(state, event, IF(auth_empty), DO(sasl_challenge), IN_SASL, "RFC 6120 6.4.2")        \
    ROW(state, event, IF(auth_bad_encoding), DO(sasl_incorrect_encoding), IN_NEGOTIATING,   \
        "RFC 6120 6.5.5")                                                                   \
    ROW(state, event, IF(auth_other_authzid), DO(sasl_invalid_authzid), IN_NEGOTIATING,     \
        "RFC 6120 6.5.6")                                                                   \
    ROW(state, event, IF(peer_proven), DO(sasl_succeed), IN_SASL_HEADER, "RFC 6120 6.4.6")  \
    ROW(state, event, IF(peer_heard), NOTHING, IN_CHECKING, "XEP-0178 3")                   \
    ROW(state, event, IF(peer_unsure), DO(sasl_temporary), IN_NEGOTIATING,                  \
        "RFC 6120 6.5.11")                                                                  \
    ROW(state, event, ALWAYS, DO(sasl_not_authorized), IN_NEGOTIATING, "RFC 6120 6.5.10")

/* Nothing is managed or resumed before the peer is authenticated. */
#define EARLY_ROWS(state)                                                                   \
    ROW(state, EV_BIDI, IF(bidi), DO(take_bidi), SAME, "XEP-0288 2")                        \
    ROW(state, EV_ENABLE, ALWAYS, DO(manage_not), SAME, "XEP-0198 3")                       \
    ROW(state, EV_RESUME, ALWAYS, DO(manage_not), SAME, "XEP-0198 5")

static const struct dna_s2s_row rows[] = {
    ROW(IN_ESTABLISHED, EV_STANZA, IF(gate_open), DO(relay), SAME, "DNA, stanza gate")
    GATE_ROWS(IN_ESTABLISHED)
    ROW(IN_ESTABLISHED, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(IN_ESTABLISHED, EV_DIALBACK, IF(dialback), DO(take_dialback), SAME, "XEP-0220")
    LASTING_ROWS(IN_ESTABLISHED)
    ROW(IN_ESTABLISHED, EV_ENABLE, IF(manageable), DO(manage), SAME, "XEP-0198 3")
    ROW(IN_ESTABLISHED, EV_ENABLE, ALWAYS, DO(manage_not), SAME, "XEP-0198 3")
    ROW(IN_ESTABLISHED, EV_RESUME, IF(resumable), DO(find_suspended), SAME, "XEP-0198 5")
    ROW(IN_ESTABLISHED, EV_RESUME, ALWAYS, DO(manage_not), SAME, "XEP-0198 5")
    ROW(IN_ESTABLISHED, EV_SUSPENDED, IF(searching_proven), DO(resume), SAME,
        "XEP-0198 5")
    ROW(IN_ESTABLISHED, EV_SUSPENDED, IF(searching), DO(resume_not), SAME, "XEP-0198 5")
    ROW(IN_ESTABLISHED, EV_NOT_SUSPENDED, IF(searching), DO(resume_not), SAME, "XEP-0198 5")
    ROW(IN_ESTABLISHED, EV_LAPSED, ALWAYS, DO(fail_reset), FAILED, "RFC 6120 4.9.3.16")

    ROW(IN_LOCAL_ESTABLISHED, EV_STANZA, IF(gate_open), DO(relay), SAME, "XEP-0220 2.4")
    GATE_ROWS(IN_LOCAL_ESTABLISHED)
    ROW(IN_LOCAL_ESTABLISHED, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220")
    ROW(IN_LOCAL_ESTABLISHED, EV_AUTH, ALWAYS, DO(sasl_invalid_mechanism), SAME,
        "RFC 6120 6.5.7")

    ROW(IN_HEADER, EV_HEADER, IF(local), DO(greet_local), IN_LOCAL, "XEP-0220 2.1")
    ROW(IN_HEADER, EV_HEADER, ALWAYS, DO(greet), IN_PLAIN, "RFC 6120 4.7")
    ROW(IN_HEADER, EV_SECURED, IF(injected), DO(shut_injected), CLOSED, "XEP-0368")
    ROW(IN_HEADER, EV_SECURED, IF(direct_tls), DO(begin_tls), IN_TLS_HEADER, "XEP-0368")

    ROW(IN_PLAIN, EV_STARTTLS, IF(starttls_good), DO(proceed), IN_SECURING, "RFC 6120 5.4.2")
    ROW(IN_PLAIN, EV_STARTTLS, ALWAYS, DO(refuse_tls), CLOSING, "RFC 6120 5.4.2.2")

    ROW(IN_SECURING, ANY_ITEM, ALWAYS, DO(shut_injected), CLOSED, "RFC 6120 5.4.3.3")
    ROW(IN_SECURING, EV_SECURED, IF(injected), DO(shut_injected), CLOSED, "RFC 6120 5.4.3.3")
    ROW(IN_SECURING, EV_SECURED, ALWAYS, DO(begin_tls), IN_TLS_HEADER, "RFC 6120 5.4.3.3")
    ROW(IN_SECURING, EV_LIFETIME, ALWAYS, DO(shut_late), CLOSED, "RFC 6120 5.4.3.2")
    ROW(IN_SECURING, EV_OVERFLOW, ALWAYS, DO(shut_injected), CLOSED, "RFC 6120 5.4.3.2")
    ROW(IN_SECURING, EV_CLOSE, ALWAYS, DO(shut), CLOSED, "RFC 6120 5.4.3.2")

    ROW(IN_TLS_HEADER, EV_HEADER, IF(declares_dna), DO(greet_dna), IN_NEGOTIATING, "DNA")
    ROW(IN_TLS_HEADER, EV_HEADER, ALWAYS, DO(greet_tls), IN_OFFERING, "RFC 6120 4.3.2")

    ROW(IN_OFFERING, EV_PROVEN, ALWAYS, DO(offer), IN_NEGOTIATING, "RFC 6120 4.3.2")
    ROW(IN_OFFERING, EV_REFUSED, ALWAYS, DO(offer), IN_NEGOTIATING, "RFC 6120 4.3.2")
    ROW(IN_OFFERING, EV_PATIENCE, ALWAYS, DO(offer), IN_NEGOTIATING, "RFC 6120 4.3.2")
    ROW(IN_OFFERING, EV_DNA, ALWAYS, DO(offer_and_take_dna), IN_NEGOTIATING, "DNA")
    ROW(IN_OFFERING, EV_DIALBACK, IF(dialback), DO(offer_and_take_dialback), IN_NEGOTIATING,
        "XEP-0220")

    EARLY_ROWS(IN_NEGOTIATING)
    ROW(IN_NEGOTIATING, EV_LIFETIME, IF(only_asks), DO(say_end), CLOSING, "XEP-0220 2.1.2")
    ROW(IN_NEGOTIATING, EV_OVERFLOW, IF(only_asks), DO(say_end), CLOSING, "XEP-0220 2.1.2")
    ROW(IN_NEGOTIATING, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(IN_NEGOTIATING, EV_DIALBACK, IF(dialback), DO(take_dialback), SAME, "XEP-0220")
    ROW(IN_NEGOTIATING, EV_AUTHENTICATED, IF(peer_valid), DO(establish), IN_ESTABLISHED, "DNA")
    AUTH_ROWS(IN_NEGOTIATING, EV_AUTH)
    ROW(IN_NEGOTIATING, EV_ABORT, ALWAYS, DO(sasl_aborted), SAME, "RFC 6120 6.4.4")

    EARLY_ROWS(IN_SASL)
    ROW(IN_SASL, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(IN_SASL, EV_DIALBACK, IF(dialback), DO(take_dialback), SAME, "XEP-0220")
    ROW(IN_SASL, EV_AUTHENTICATED, IF(peer_valid), DO(establish), IN_ESTABLISHED, "DNA")
    AUTH_ROWS(IN_SASL, EV_AUTH)
    AUTH_ROWS(IN_SASL, EV_RESPONSE)
    ROW(IN_SASL, EV_ABORT, ALWAYS, DO(sasl_aborted), IN_NEGOTIATING, "RFC 6120 6.4.4")

    ROW(IN_CHECKING, EV_PROVEN, IF(peer_proven), DO(sasl_succeed), IN_SASL_HEADER,
        "RFC 6120 6.4.6")
    ROW(IN_CHECKING, EV_AUTHENTICATED, IF(peer_proven), DO(sasl_succeed), IN_SASL_HEADER,
        "RFC 6120 6.4.6")
    ROW(IN_CHECKING, EV_REFUSED, IF(peer_unsure), DO(sasl_temporary), IN_NEGOTIATING,
        "RFC 6120 6.5.11")
    ROW(IN_CHECKING, EV_REFUSED, ALWAYS, DO(sasl_not_authorized), IN_NEGOTIATING,
        "RFC 6120 6.5.10")
    AUTH_ROWS(IN_CHECKING, EV_AUTH)
    ROW(IN_CHECKING, EV_ABORT, ALWAYS, DO(sasl_aborted), IN_NEGOTIATING, "RFC 6120 6.4.4")
    EARLY_ROWS(IN_CHECKING)
    ROW(IN_CHECKING, EV_DNA, ALWAYS, DO(take_dna), SAME, "DNA")
    ROW(IN_CHECKING, EV_DIALBACK, IF(dialback), DO(take_dialback), SAME, "XEP-0220")

    ROW(IN_SASL_HEADER, EV_HEADER, ALWAYS, DO(greet_again), IN_ESTABLISHED, "RFC 6120 6.4.6")

    ROW(IN_LOCAL, EV_DIALBACK, ALWAYS, DO(take_dialback), SAME, "XEP-0220")
    ROW(IN_LOCAL, EV_AUTHENTICATED, ALWAYS, DO(establish), IN_LOCAL_ESTABLISHED,
        "XEP-0220 2.4")
    ROW(IN_LOCAL, EV_AUTH, ALWAYS, DO(sasl_invalid_mechanism), SAME, "RFC 6120 6.5.7")
    ROW(IN_LOCAL, EV_LIFETIME, ALWAYS, DO(say_end), CLOSING, "XEP-0220 2.1.2")

    ROW(ANY_STATE, EV_STARTTLS, ALWAYS, DO(refuse_tls), CLOSING, "RFC 6120 5.4.2.2")
};

const struct dna_s2s_table dna_s2s_table_in = {
    "Incoming stream", rows, sizeof rows / sizeof *rows, DNA_S2S_IN_HEADER,
    DNA_S2S_IN_LOCAL_ESTABLISHED};
