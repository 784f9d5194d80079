/* Every state with every event: there is a row, or what the event's list says happens;
 * and whatever the circumstances, nothing is accepted that must not be, and what the engine
 * keeps is consistent.  Also holds docs/protocol/states.md to the tables ("--write" writes
 * it). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/alloc.h>
#include <s2s/describe.h>
#include <s2s/table.h>

/* --- a stream in any state -------------------------------------------------------------- */

struct stage {
    struct dna_map *hosted;
    struct dna_s2s *s;
    struct dna_s2s_call call;
    struct dna_s2s_header header;
    struct dna_xml_element element;
    struct dna_xml_item item;
    struct dna_ruling ruling;
};

static void set_up(struct stage *st, enum dna_role role, enum dna_s2s_profile profile)
{
    struct dna_s2s_effect effect;
    struct dna_s2s_options options = {.role = role, .profile = profile, .own = "t.example",
                                      .peer = "s.example", .ids = {"a", "b", "c"}};
    memset(st, 0, sizeof *st);
    assert_int_equal(dna_map_new(NULL, 1, &st->hosted), DNA_OK);
    options.hosted = st->hosted;
    assert_int_equal(dna_map_set(st->hosted, dna_span_of(profile == DNA_S2S_LOCAL
                                                             ? "s.example" : "t.example"), st),
                     DNA_OK);
    assert_int_equal(dna_s2s_new(&options, (struct dna_time){1000, 1000}, &st->s), DNA_OK);
    while (dna_s2s_next(st->s, &effect)) {
        continue;
    }
    dna_s2s_effects_begin(st->s);
    strcpy(st->s->own.text, "t.example");
    strcpy(st->s->peer.text, "s.example");
    st->s->headers.sent = true;
    st->s->has_certificate = true;
    dna_buf_clear(&st->s->out);
    strcpy(st->header.to.text, "t.example");
    strcpy(st->header.from.text, "s.example");
    st->header.id = dna_span_of("i");
    st->header.modern = true;
    st->element.ns = dna_span_of("urn:x");
    st->element.name = dna_span_of("x");
    st->item.kind = DNA_XML_ELEMENT;
    st->item.element = &st->element;
    st->call.item = &st->item;
    st->call.header = &st->header;
    st->s->call = &st->call;
}

static void tear_down(struct stage *st)
{
    st->s->call = NULL;
    dna_s2s_free(st->s);
    dna_map_free(st->hosted);
}

static enum dna_role role_of(enum dna_s2s_state state)
{
    return state < DNA_S2S_OUT_HEADER ? DNA_RECEIVING : DNA_INITIATING;
}

static bool is_local(enum dna_s2s_state state)
{
    return strstr(dna_s2s_state_name(state), "LOCAL") != NULL;
}

static unsigned effects_of(struct stage *st, enum dna_s2s_effect_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < st->s->effects.n; i++) {
        n += st->s->effects.queue[i].kind == kind;
    }
    return n;
}

/* --- streams ---------------------------------------------------------------------------- */

static void check_missing(struct stage *st, enum dna_s2s_state before,
                          enum dna_s2s_event event)
{
    struct dna_s2s *s = st->s;
    switch (dna_s2s_event_missing(event)) {
    case DNA_S2S_FAIL:
        assert_int_equal(s->state, DNA_S2S_FAILED);
        assert_true(s->ended);
        assert_int_equal(effects_of(st, DNA_S2S_ERROR), 1);
        break;
    case DNA_S2S_MISUSE:
        assert_true(st->call.misused);
        assert_int_equal(s->state, before);
        assert_int_equal(dna_buf_len(&s->out), 0);
        break;
    case DNA_S2S_IGNORE:
        assert_int_equal(s->state, before);
        assert_int_equal(dna_buf_len(&s->out), 0);
        assert_int_equal(s->effects.n, 0);
        break;
    case DNA_S2S_ABUSE:
        fail();
    }
}

static bool established(enum dna_s2s_state state)
{
    return strstr(dna_s2s_state_name(state), "ESTABLISHED") != NULL;
}

/* Where a failure happened. */
static enum dna_s2s_state last_state;
static enum dna_s2s_event last_event;

static void say_where(enum dna_s2s_state state, enum dna_s2s_event event)
{
    last_state = state;
    last_event = event;
}

static int tell_where(void **unused)
{
    (void)unused;
    print_message("last visited: %s, %s\n", dna_s2s_state_name(last_state),
                  dna_s2s_event_name(last_event));
    return 0;
}

static void visit_stream(enum dna_s2s_state state, enum dna_s2s_event event, bool records)
{
    struct stage st;
    const struct dna_s2s_row *row;
    set_up(&st, role_of(state), is_local(state) ? DNA_S2S_LOCAL : DNA_S2S_PUBLIC);
    st.s->state = state;
    st.call.condition = event == DNA_S2S_EV_FAULT || event == DNA_S2S_EV_BAD_HEADER ||
                                event == DNA_S2S_EV_XML_ERROR
                            ? "undefined-condition" : NULL;
    st.s->options.dialback = records;
    if (records) {
        struct dna_s2s_record *r = dna_s2s_peer_record_make(st.s, "s.example");
        r->state = DNA_S2S_V_PROVEN;
        r->expires_at = 5000;
    }
    row = dna_s2s_find(st.s, event, NULL);
    dna_s2s_run(st.s, event, NULL);
    assert_int_equal(st.s->err, DNA_OK);
    if (row == NULL) {
        check_missing(&st, state, event);
    }
    assert_int_equal(effects_of(&st, DNA_S2S_STANZA), 0);
    assert_int_equal(effects_of(&st, DNA_S2S_CLOSE),
                     st.s->state == DNA_S2S_CLOSED && state != DNA_S2S_CLOSED);
    if (established(st.s->state) && !established(state)) {
        assert_true(event == DNA_S2S_EV_AUTHENTICATED ||
                    (state == DNA_S2S_IN_SASL_HEADER && event == DNA_S2S_EV_HEADER) ||
                    (state == DNA_S2S_OUT_SASL_FEATURES && event == DNA_S2S_EV_FEATURES));
    }
    if (state == DNA_S2S_CLOSED) {
        assert_int_equal(st.s->state, DNA_S2S_CLOSED);
        assert_int_equal(st.s->effects.n, 0);
    }
    tear_down(&st);
}

static void test_streams(void **unused)
{
    unsigned visited = 0;
    (void)unused;
    for (unsigned state = 0; state < DNA_S2S_N_STREAM_STATES; state++) {
        for (unsigned event = 0; event < DNA_S2S_N_STREAM_EVENTS; event++) {
            say_where((enum dna_s2s_state)state, (enum dna_s2s_event)event);
            visit_stream((enum dna_s2s_state)state, (enum dna_s2s_event)event, false);
            visit_stream((enum dna_s2s_state)state, (enum dna_s2s_event)event, true);
            visited++;
        }
    }
    assert_int_equal(visited, DNA_S2S_N_STREAM_STATES * DNA_S2S_N_STREAM_EVENTS);
}

/* --- records ---------------------------------------------------------------------------- */

static bool hears(enum dna_s2s_state state)
{
    return state == DNA_S2S_V_CHECKING || state == DNA_S2S_V_DEFERRED ||
           state == DNA_S2S_V_CHALLENGED || state == DNA_S2S_V_EVALUATING ||
           state == DNA_S2S_V_RENEWING || state == DNA_S2S_V_RENEW_CHALLENGED ||
           state == DNA_S2S_V_RENEW_EVALUATING;
}

static bool is_own(enum dna_s2s_state state)
{
    return dna_s2s_state_ours(state);
}

static bool is_dialled(enum dna_s2s_state state)
{
    return state >= DNA_S2S_D_NONE;
}

static void recount(struct dna_s2s_records *records, enum dna_s2s_state state)
{
    records->in_flight = dna_s2s_state_busy(state);
    records->challenged = dna_s2s_state_challenged(state);
    records->own_valid = is_own(state) && dna_s2s_state_valid(state);
    records->peer_valid = !is_own(state) && dna_s2s_state_valid(state);
}

static enum dna_s2s_state stream_state_for(enum dna_s2s_state state)
{
    if (is_dialled(state)) {
        return is_own(state) ? DNA_S2S_OUT_ESTABLISHED : DNA_S2S_IN_ESTABLISHED;
    }
    if (state < DNA_S2S_P_NONE) {
        return DNA_S2S_IN_ESTABLISHED;
    }
    return state <= DNA_S2S_P_INVALID ? DNA_S2S_OUT_LOCAL_ESTABLISHED
                                      : DNA_S2S_IN_LOCAL_ESTABLISHED;
}

static enum dna_s2s_state none_of(enum dna_s2s_state state)
{
    return state <= DNA_S2S_A_IMPOSSIBLE  ? DNA_S2S_A_NONE
           : state <= DNA_S2S_V_IMPOSSIBLE ? DNA_S2S_V_NONE
           : state <= DNA_S2S_P_INVALID    ? DNA_S2S_P_NONE
           : state <= DNA_S2S_L_VALID      ? DNA_S2S_L_NONE
           : state <= DNA_S2S_K_VERIFYING  ? DNA_S2S_K_NONE
           : state <= DNA_S2S_D_INVALID    ? DNA_S2S_D_NONE
           : state <= DNA_S2S_R_GONE       ? DNA_S2S_R_NONE
                                           : DNA_S2S_Y_NONE;
}

/* One bit each. */
enum circumstance { HOSTED = 1, ASSERTED = 2, EXPIRED = 4, REFUSED = 8, FULL = 16, ALL = 32 };

static bool awaits_judgement(enum dna_s2s_state state)
{
    return state == DNA_S2S_D_HEARING || state == DNA_S2S_R_HEARING;
}

static struct dna_s2s_record *make_record(struct stage *st, enum dna_s2s_state state,
                                          unsigned about)
{
    struct dna_s2s *s = st->s;
    bool pair = state >= DNA_S2S_P_NONE;
    const char *domain = is_own(state) == ((about & HOSTED) != 0) ? "t.example" : "x.example";
    enum dna_s2s_state none = none_of(state);
    struct dna_span id =
        dna_span_of(none == DNA_S2S_K_NONE || none == DNA_S2S_Y_NONE ? "i" : "");
    const char *other = !pair ? "" : is_own(state) ? "s.example" : "r.example";
    struct dna_s2s_record *r;
    if (is_local(s->state)) {
        domain = is_own(state)           ? "t.example"
                 : (about & HOSTED) != 0 ? "s.example"
                                         : "y.example";
    } else if (!is_own(state)) {
        domain = (about & HOSTED) != 0 ? "t.example" : "x.example";
    }
    if (none == DNA_S2S_R_NONE) {
        other = "t.example";
        domain = (about & HOSTED) != 0 ? "t.example" : "x.example";
    }
    r = dna_s2s_pair_make(s, none, domain, other, id);
    assert_non_null(r);
    r->state = (unsigned char)state;
    r->asserted = (about & ASSERTED) != 0;
    r->hearing = hears(state);
    r->expires_at = (about & EXPIRED) != 0 ? 900 : 5000;
    r->retry_at = (about & REFUSED) != 0 ? 9000 : 0;
    r->offered = 0xf;
    if (dna_s2s_state_busy(state) || hears(state)) {
        dna_s2s_timer(s, r, 2000);
    }
    if (state == DNA_S2S_A_WAITING || state == DNA_S2S_V_WAITING ||
        state == DNA_S2S_P_WAITING || state == DNA_S2S_D_WAITING) {
        dna_s2s_wait(s, r);
    }
    if (awaits_judgement(state)) {
        dna_s2s_dial(s, r);
    }
    recount(&s->records, state);
    if ((about & FULL) != 0) {
        s->records.in_flight += 5000;
    }
    return r;
}

/* Whether a record may become VALID by this event. */
static bool may_accept(enum dna_s2s_state before, enum dna_s2s_event event, unsigned about,
                       enum dna_verdict verdict)
{
    if (before <= DNA_S2S_A_IMPOSSIBLE) {
        return (event == DNA_S2S_RX_VALID && (about & HOSTED) != 0) ||
               event == DNA_S2S_RE_RESTORED;
    }
    if (before <= DNA_S2S_V_IMPOSSIBLE) {
        if ((about & HOSTED) != 0) {
            return event == DNA_S2S_RE_RESTORED;
        }
        if (before == DNA_S2S_V_PROVEN) {
            return (event == DNA_S2S_RX_ASSERT || event == DNA_S2S_RE_WANT ||
                    event == DNA_S2S_RE_DIALLED) &&
                   (about & EXPIRED) == 0;
        }
        return event == DNA_S2S_RE_RESTORED ||
               (event == DNA_S2S_RE_RULED && verdict == DNA_PROVEN);
    }
    if (before == DNA_S2S_D_SENT) {
        return event == DNA_S2S_RX_RESULT_VALID && (about & HOSTED) != 0 &&
               (about & ASSERTED) != 0;
    }
    if (before == DNA_S2S_R_VERIFYING) {
        return event == DNA_S2S_RE_ANSWERED && verdict == DNA_PROVEN && (about & HOSTED) == 0 &&
               (about & ASSERTED) != 0;
    }
    return before == DNA_S2S_P_SENT ? event == DNA_S2S_RX_RESULT_VALID
                                    : before == DNA_S2S_L_NONE && event == DNA_S2S_RX_RESULT &&
                                          (about & HOSTED) != 0;
}

static bool accepted_effect(struct stage *st)
{
    for (size_t i = 0; i < st->s->effects.n; i++) {
        const struct dna_s2s_effect *e = &st->s->effects.queue[i];
        if ((e->kind == DNA_S2S_OWN || e->kind == DNA_S2S_PEER || e->kind == DNA_S2S_PAIR) &&
            e->accepted) {
            return true;
        }
    }
    return false;
}

static size_t remote_is_heard(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    const struct dna_s2s_record *remote =
        is_dialled((enum dna_s2s_state)r->state) ? dna_s2s_remote(s, r) : NULL;
    return remote != NULL && dna_s2s_state_busy((enum dna_s2s_state)remote->state);
}

/* After the event the record is still there, and what is kept about it is true. */
static void check_record(struct stage *st, struct dna_s2s_record *r, enum dna_s2s_state before,
                         enum dna_s2s_event event, unsigned about, enum dna_verdict verdict)
{
    enum dna_s2s_state after = (enum dna_s2s_state)r->state;
    struct dna_s2s_records had = st->s->records, true_counts = {0};
    bool newly = dna_s2s_state_valid(after) && !dna_s2s_state_valid(before);
    assert_int_equal(none_of(after), none_of(before));
    recount(&true_counts, after);
    assert_int_equal(had.in_flight, true_counts.in_flight + ((about & FULL) != 0 ? 5000 : 0) +
                                        remote_is_heard(st->s, r));
    assert_int_equal(had.challenged, true_counts.challenged);
    assert_int_equal(had.own_valid, true_counts.own_valid);
    assert_int_equal(had.peer_valid, true_counts.peer_valid);
    if (newly) {
        assert_true(may_accept(before, event, about, verdict));
    }
    /* Who was accepted is told so again only where the proof had ended before the next one. */
    assert_true(accepted_effect(st) <=
                (newly || after == DNA_S2S_A_VALID ||
                 (after == DNA_S2S_V_VALID && event == DNA_S2S_RE_RULED &&
                  verdict == DNA_PROVEN && (about & EXPIRED) != 0)));
    assert_int_equal(r->hearing, hears(after));
    if (awaits_judgement(after)) {
        assert_true(r->dialling); /* for a hearing, which has an end */
    } else if (dna_s2s_state_busy(after) || hears(after)) {
        assert_int_not_equal(r->timer, 0); /* nothing waits for ever */
    }
    if (after == DNA_S2S_V_VALID && before != DNA_S2S_V_VALID) {
        assert_int_not_equal(r->timer, 0); /* S14 */
    }
}

/* The stream may dial, and the remote domain of the pair is known not to be proven. */
static void set_up_dialback(struct stage *st, const struct dna_s2s_record *r, unsigned about,
                            enum dna_verdict verdict)
{
    struct dna_s2s *s = st->s;
    struct dna_s2s_record *remote;
    s->options.dialback = true;
    s->headers.dialback = s->headers.dialback_errors = true;
    s->headers.id = dna_alloc_text(NULL, dna_span_of("i"));
    st->call.outcome = verdict == DNA_PROVEN ? DNA_S2S_KEY_VALID : DNA_S2S_KEY_INVALID;
    if ((about & ASSERTED) != 0) {
        remote = dna_s2s_peer_record_make(
            s, is_own((enum dna_s2s_state)r->state) ? r->other : r->domain);
        assert_non_null(remote);
        remote->state = DNA_S2S_V_UNPROVEN;
        remote->expires_at = 5000;
    }
}

static bool leaves_none(enum dna_s2s_state state)
{
    return state == DNA_S2S_P_NONE || state == DNA_S2S_L_NONE || state == DNA_S2S_K_NONE ||
           state == DNA_S2S_D_NONE || state == DNA_S2S_R_NONE || state == DNA_S2S_Y_NONE;
}

static void visit_record(enum dna_s2s_state state, enum dna_s2s_event event, unsigned about,
                         enum dna_s2s_speaks dna, enum dna_verdict verdict)
{
    struct stage st;
    struct dna_s2s_record *r;
    const struct dna_s2s_row *row;
    enum dna_s2s_state at = stream_state_for(state), next;
    set_up(&st, role_of(at), is_local(at) ? DNA_S2S_LOCAL : DNA_S2S_PUBLIC);
    dna_s2s_records_fini(st.s);
    assert_int_equal(dna_s2s_records_init(st.s), DNA_OK);
    st.s->state = at;
    st.s->dna = dna;
    st.s->sasl.expires_at = 5000;
    st.ruling = (struct dna_ruling){.verdict = verdict, .expires_at = 4000, .why = "x"};
    st.call.ruling = &st.ruling;
    st.call.prooftypes = 0xf;
    st.call.has_type = true;
    st.call.content = dna_span_of("p");
    r = make_record(&st, state, about);
    if (is_dialled(state)) {
        set_up_dialback(&st, r, about, verdict);
    }
    row = dna_s2s_find(st.s, event, r);
    dna_s2s_run(st.s, event, r);
    assert_int_equal(st.s->err, DNA_OK);
    assert_int_equal(effects_of(&st, DNA_S2S_STANZA), 0);
    if (row == NULL && dna_s2s_event_missing(event) == DNA_S2S_ABUSE) {
        assert_int_equal(st.s->abuse, 1);
    }
    if (row == NULL) {
        assert_int_equal(dna_buf_len(&st.s->out), 0);
        assert_int_equal(st.s->effects.n, 0);
    }
    next = row == NULL || row->next == DNA_S2S_SAME ? state : (enum dna_s2s_state)row->next;
    if (!leaves_none(next)) {
        check_record(&st, r, state, event, about, verdict);
    }
    tear_down(&st);
}

static void visit_circumstances(enum dna_s2s_state state, enum dna_s2s_event event)
{
    for (unsigned about = 0; about < ALL; about++) {
        for (unsigned dna = 0; dna <= DNA_S2S_SPEAKS_YES; dna++) {
            for (unsigned verdict = 0; verdict <= DNA_PROVEN; verdict++) {
                visit_record(state, event, about, (enum dna_s2s_speaks)dna,
                             (enum dna_verdict)verdict);
            }
        }
    }
}

static void test_records(void **unused)
{
    unsigned visited = 0;
    (void)unused;
    for (unsigned state = DNA_S2S_A_NONE; state < DNA_S2S_N_STATES; state++) {
        for (unsigned event = DNA_S2S_RX_ASSERT; event < DNA_S2S_N_EVENTS; event++) {
            bool ruled = event == DNA_S2S_RE_RULED || event == DNA_S2S_RE_CHALLENGE;
            if (ruled && !hears((enum dna_s2s_state)state)) {
                continue; /* the public calls ask for a hearing first */
            }
            say_where((enum dna_s2s_state)state, (enum dna_s2s_event)event);
            visit_circumstances((enum dna_s2s_state)state, (enum dna_s2s_event)event);
            visited++;
        }
    }
    assert_true(visited > 700);
}

/* A row that can never be reached says something that is not true. */
static void test_rows(void **unused)
{
    (void)unused;
    for (size_t t = 0; t < DNA_S2S_N_TABLES; t++) {
        const struct dna_s2s_table *table = dna_s2s_tables[t];
        for (size_t i = 0; i < table->n; i++) {
            const struct dna_s2s_row *row = &table->rows[i];
            bool any = row->state == DNA_S2S_ANY_STATE;
            assert_true(any || (row->state >= table->first && row->state <= table->last));
            assert_true(strlen(row->clause) > 0);
            for (size_t k = 0; k < i; k++) {
                const struct dna_s2s_row *above = &table->rows[k];
                assert_false(above->state == row->state && above->event == row->event &&
                             above->guard == NULL);
                assert_false(above->state == row->state && above->event == row->event &&
                             above->guard == row->guard);
            }
        }
    }
}

/* --- the page --------------------------------------------------------------------------- */

static void test_page(void **unused)
{
    struct dna_buf expected;
    size_t len;
    char *page = NULL;
    FILE *file = fopen(STATES_PAGE, "rb");
    (void)unused;
    assert_non_null(file);
    dna_buf_init(&expected, NULL, 1 << 20);
    assert_int_equal(dna_s2s_describe(&expected), DNA_OK);
    page = calloc(1, (1 << 20) + 1);
    len = fread(page, 1, 1 << 20, file);
    (void)fclose(file);
    assert_int_equal(len, dna_buf_len(&expected));
    assert_memory_equal(page, dna_buf_span(&expected).ptr, len);
    free(page);
    dna_buf_fini(&expected);
}

static void test_no_room(void **unused)
{
    struct dna_buf out;
    (void)unused;
    for (size_t limit = 0; limit < 4000; limit += 37) {
        dna_buf_init(&out, NULL, limit);
        assert_int_equal(dna_s2s_describe(&out), DNA_ERR_LIMIT);
        dna_buf_fini(&out);
    }
}

static int write_page(void)
{
    struct dna_buf out;
    FILE *file = fopen(STATES_PAGE, "wb");
    dna_buf_init(&out, NULL, 1 << 20);
    if (file == NULL || dna_s2s_describe(&out) != DNA_OK ||
        fwrite(dna_buf_span(&out).ptr, 1, dna_buf_len(&out), file) != dna_buf_len(&out) ||
        fclose(file) != 0) {
        return 1;
    }
    dna_buf_fini(&out);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_streams, tell_where),
        cmocka_unit_test_teardown(test_records, tell_where),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_no_room),
    };
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        return write_page();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
