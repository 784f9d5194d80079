/* s2s/table_both.c: how either stream ends, and what may happen at any time.
 *
 * Rows with ANY_STATE apply where the incoming or outgoing table has none.  After our end
 * tag nothing is written, after the peer's nothing is read.
 */
#include <s2s/actions.h>
#include <s2s/guards.h>

static const struct dna_s2s_row rows[] = {
    ROW(CLOSING, EV_STANZA, IF(gate_open), DO(relay), SAME, "RFC 6120 4.4")
    ROW(CLOSING, EV_ACK, IF(ack_good), DO(take_ack), SAME, "XEP-0198 4")
    ROW(CLOSING, EV_END, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.4")
    ROW(CLOSING, EV_STREAM_ERROR, ALWAYS, DO(note_error), FAILED, "RFC 6120 4.9.1.1")
    ROW(CLOSING, EV_XML_ERROR, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.4")
    ROW(CLOSING, ANY_ITEM, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")
    ROW(CLOSING, EV_LIFETIME, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.4")
    ROW(CLOSING, EV_OVERFLOW, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.4")
    ROW(CLOSING, EV_CLOSE, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")

    ROW(FAILED, EV_END, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.9.1.1")
    ROW(FAILED, EV_XML_ERROR, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.9.1.1")
    ROW(FAILED, ANY_ITEM, ALWAYS, NOTHING, SAME, "RFC 6120 4.9.1.1")
    ROW(FAILED, EV_LIFETIME, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.9.1.1")
    ROW(FAILED, EV_OVERFLOW, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.9.1.1")
    ROW(FAILED, EV_FAULT, ALWAYS, NOTHING, SAME, "RFC 6120 4.9.1.1")
    ROW(FAILED, EV_CLOSE, ALWAYS, NOTHING, SAME, "RFC 6120 4.9.1.1")

    ROW(CLOSED, ANY_ITEM, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")
    ROW(CLOSED, EV_LIFETIME, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")
    ROW(CLOSED, EV_OVERFLOW, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")
    ROW(CLOSED, EV_FAULT, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")
    ROW(CLOSED, EV_GONE, ALWAYS, NOTHING, SAME, "RFC 6120 4.6.1")
    ROW(CLOSED, EV_CLOSE, ALWAYS, NOTHING, SAME, "RFC 6120 4.4")

    ROW(ANY_STATE, EV_BAD_HEADER, ALWAYS, DO(fail), FAILED, "RFC 6120 4.9.1.2")
    ROW(ANY_STATE, EV_STREAM_ERROR, ALWAYS, DO(answer_error), FAILED, "RFC 6120 4.9.1.1")
    ROW(ANY_STATE, EV_END, ALWAYS, DO(end_and_shut), CLOSED, "RFC 6120 4.4")
    ROW(ANY_STATE, EV_XML_ERROR, ALWAYS, DO(fail_and_shut), CLOSED, "RFC 6120 4.9.3")
    ROW(ANY_STATE, EV_GONE, ALWAYS, DO(shut), CLOSED, "RFC 6120 4.6.1")
    ROW(ANY_STATE, EV_CLOSE, IF(has_condition), DO(fail), FAILED, "RFC 6120 4.9.1.1")
    ROW(ANY_STATE, EV_CLOSE, ALWAYS, DO(say_end), CLOSING, "RFC 6120 4.4")
    ROW(ANY_STATE, EV_LIFETIME, ALWAYS, DO(fail_lifetime), FAILED, "RFC 6120 13.12")
    ROW(ANY_STATE, EV_OVERFLOW, ALWAYS, DO(fail_overflow), FAILED, "RFC 6120 13.12")
    ROW(ANY_STATE, EV_FAULT, ALWAYS, DO(fail), FAILED, "RFC 6120 4.9.1.1")
};

const struct dna_s2s_table dna_s2s_table_both = {
    "The end of either stream", rows, sizeof rows / sizeof *rows, DNA_S2S_CLOSING,
    DNA_S2S_CLOSED};
