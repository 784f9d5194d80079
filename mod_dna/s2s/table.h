/* s2s/table.h: the rows of the state tables.
 *
 * The first row wins whose state and event match and whose guard, if it has one, holds.
 * Guards are pure; actions write output, queue effects and raise events.  A record's row
 * gets the record, a stream's row NULL.
 */
#ifndef DNA_S2S_TABLE_H
#define DNA_S2S_TABLE_H

#include <s2s/stream.h>

typedef bool dna_s2s_guard_fn(const struct dna_s2s *s, const struct dna_s2s_record *r);
typedef void dna_s2s_action_fn(struct dna_s2s *s, struct dna_s2s_record *r);

struct dna_s2s_row {
    unsigned char state; /* enum dna_s2s_state, or ANY_STATE */
    unsigned char event; /* enum dna_s2s_event, or ANY_ITEM */
    dna_s2s_guard_fn *guard;
    const char *guard_name;
    dna_s2s_action_fn *action;
    const char *action_name;
    unsigned char next; /* enum dna_s2s_state, or SAME */
    const char *clause;
};

#define IF(name) dna_s2s_if_##name, #name
#define ALWAYS NULL, ""
#define DO(name) dna_s2s_do_##name, #name
#define NOTHING NULL, ""
#define ROW(state, event, guard, action, next, clause)                                      \
    {DNA_S2S_##state, DNA_S2S_##event, guard, action, DNA_S2S_##next, clause},

struct dna_s2s_table {
    const char *title;
    const struct dna_s2s_row *rows;
    size_t n;
    enum dna_s2s_state first, last; /* the states that it is for */
};

extern const struct dna_s2s_table dna_s2s_table_in, dna_s2s_table_out, dna_s2s_table_both,
    dna_s2s_table_assert, dna_s2s_table_validate, dna_s2s_table_pair, dna_s2s_table_dialback;
#define DNA_S2S_N_TABLES 7
extern const struct dna_s2s_table *const dna_s2s_tables[DNA_S2S_N_TABLES];

/* The row for the event, or NULL.  s->call is set. */
const struct dna_s2s_row *dna_s2s_find(const struct dna_s2s *s, enum dna_s2s_event event,
                                       const struct dna_s2s_record *record);

/* words.c */
const char *dna_s2s_state_name(enum dna_s2s_state state);
const char *dna_s2s_event_name(enum dna_s2s_event event);
enum dna_s2s_missing dna_s2s_event_missing(enum dna_s2s_event event);
/* The stream error where a FAIL event has no row; static. */
const char *dna_s2s_event_condition(enum dna_s2s_event event);
/* What engine.c counts. */
bool dna_s2s_state_busy(enum dna_s2s_state state);
bool dna_s2s_state_valid(enum dna_s2s_state state);
bool dna_s2s_state_challenged(enum dna_s2s_state state);
/* Whether a record in it is about a domain of ours, or about what we ask for. */
bool dna_s2s_state_ours(enum dna_s2s_state state);

#endif
