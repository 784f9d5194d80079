/* s2s/engine.c: finds rows, carries them out, and alone assigns states.
 *
 * Events that an action raises are handled after it, in order.  Where no row matches, the
 * event's list says what happens (vocabulary.h); nothing is ever accepted by default.
 */
#include <s2s/actions.h>
#include <s2s/table.h>

#include <assert.h>

#include <base/limits.h>

const struct dna_s2s_table *const dna_s2s_tables[DNA_S2S_N_TABLES] = {
    &dna_s2s_table_in,     &dna_s2s_table_out,      &dna_s2s_table_both,
    &dna_s2s_table_assert, &dna_s2s_table_validate, &dna_s2s_table_pair,
    &dna_s2s_table_dialback,
};

static const struct dna_s2s_row *search(const struct dna_s2s_table *table,
                                        const struct dna_s2s *s, unsigned state,
                                        enum dna_s2s_event event,
                                        const struct dna_s2s_record *record)
{
    bool item = event <= DNA_S2S_EV_XML_ERROR;
    for (size_t i = 0; i < table->n; i++) {
        const struct dna_s2s_row *row = &table->rows[i];
        if ((row->state == state || row->state == DNA_S2S_ANY_STATE) &&
            (row->event == event || (row->event == DNA_S2S_ANY_ITEM && item)) &&
            (row->guard == NULL || row->guard(s, record))) {
            return row;
        }
    }
    return NULL;
}

static const struct dna_s2s_table *table_of(unsigned state)
{
    size_t i = 0;
    while (state < dna_s2s_tables[i]->first || state > dna_s2s_tables[i]->last) {
        i++;
        assert(i < DNA_S2S_N_TABLES);
    }
    return dna_s2s_tables[i];
}

const struct dna_s2s_row *dna_s2s_find(const struct dna_s2s *s, enum dna_s2s_event event,
                                       const struct dna_s2s_record *record)
{
    unsigned state = record != NULL ? record->state : (unsigned)s->state;
    const struct dna_s2s_table *table = table_of(state);
    const struct dna_s2s_row *row = search(table, s, state, event, record);
    if (row == NULL && record == NULL && table != &dna_s2s_table_both) {
        row = search(&dna_s2s_table_both, s, state, event, NULL);
    }
    return row;
}

void dna_s2s_raise(struct dna_s2s *s, enum dna_s2s_event event, struct dna_s2s_record *record,
                   const char *condition, const char *text)
{
    struct dna_s2s_call *call = s->call;
    assert(call->n_raised < DNA_S2S_RAISED_MAX);
    call->raised[call->n_raised++] = (struct dna_s2s_raised){event, record, condition, text};
}

static void count(size_t *counter, bool before, bool after)
{
    *counter = *counter + after - before;
}

static void enter(struct dna_s2s *s, struct dna_s2s_record *r, enum dna_s2s_state next)
{
    struct dna_s2s_records *records = &s->records;
    enum dna_s2s_state last = (enum dna_s2s_state)r->state;
    bool ours = dna_s2s_state_ours(last);
    count(&records->in_flight, dna_s2s_state_busy(last), dna_s2s_state_busy(next));
    count(&records->challenged, dna_s2s_state_challenged(last),
          dna_s2s_state_challenged(next));
    count(ours ? &records->own_valid : &records->peer_valid, dna_s2s_state_valid(last),
          dna_s2s_state_valid(next));
    r->state = (unsigned char)next;
    if (next == DNA_S2S_P_VALID || next == DNA_S2S_P_INVALID) {
        dna_s2s_rest(s, r);
    } else if (last == DNA_S2S_P_VALID || last == DNA_S2S_P_INVALID) {
        dna_s2s_unrest(s, r);
    }
    if (next == DNA_S2S_P_NONE || next == DNA_S2S_L_NONE || next == DNA_S2S_K_NONE ||
        next == DNA_S2S_D_NONE || next == DNA_S2S_R_NONE || next == DNA_S2S_Y_NONE) {
        dna_s2s_record_drop(s, r);
    }
}

void dna_s2s_lapse(struct dna_s2s *s, struct dna_s2s_record *r)
{
    enter(s, r, DNA_S2S_P_NONE);
}

/* What happens to an event that has no row. */
static void miss(struct dna_s2s *s, enum dna_s2s_event event, const struct dna_s2s_record *r)
{
    struct dna_s2s_call *call = s->call;
    switch (dna_s2s_event_missing(event)) {
    case DNA_S2S_FAIL:
        if (call->condition == NULL) {
            call->condition = dna_s2s_event_condition(event);
            call->text = "not expected here";
        }
        dna_s2s_do_fail(s, NULL);
        s->state = DNA_S2S_FAILED;
        break;
    case DNA_S2S_ABUSE:
        assert(r != NULL); /* only a record's events are of this kind */
        dna_s2s_count_abuse(s, dna_s2s_state_name((enum dna_s2s_state)r->state));
        break;
    case DNA_S2S_MISUSE:
        call->misused = true;
        break;
    case DNA_S2S_IGNORE:
        break;
    }
}

static void step(struct dna_s2s *s, const struct dna_s2s_raised *raised)
{
    struct dna_s2s_record *r = raised->record;
    const struct dna_s2s_row *row;
    if (raised->event == DNA_S2S_N_EVENTS || (r != NULL && dna_s2s_over(s))) {
        return;
    }
    s->call->condition = raised->condition;
    s->call->text = raised->text;
    row = dna_s2s_find(s, raised->event, r);
    if (row == NULL) {
        miss(s, raised->event, r);
        if (r == NULL) {
            return;
        }
    } else if (row->action != NULL) {
        row->action(s, r);
    }
    if (r == NULL) {
        s->state = row->next != DNA_S2S_SAME ? (enum dna_s2s_state)row->next : s->state;
    } else {
        enter(s, r, row != NULL && row->next != DNA_S2S_SAME ? (enum dna_s2s_state)row->next
                                                             : (enum dna_s2s_state)r->state);
    }
}

void dna_s2s_run(struct dna_s2s *s, enum dna_s2s_event event, struct dna_s2s_record *record)
{
    struct dna_s2s_call *call = s->call;
    dna_s2s_raise(s, event, record, call->condition, call->text);
    while (call->next_raised < call->n_raised && s->err == DNA_OK) {
        struct dna_s2s_raised raised = call->raised[call->next_raised++];
        if (call->next_raised == call->n_raised) {
            call->next_raised = call->n_raised = 0;
        }
        step(s, &raised);
    }
    call->next_raised = call->n_raised = 0;
}

void dna_s2s_begin_state(struct dna_s2s *s)
{
    s->state = s->options.role == DNA_RECEIVING    ? DNA_S2S_IN_HEADER
               : dna_s2s_is(s, DNA_S2S_LOCAL) ? DNA_S2S_OUT_LOCAL_HEADER
                                              : DNA_S2S_OUT_HEADER;
}
