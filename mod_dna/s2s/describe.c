/* s2s/describe.c: writes the state tables as Markdown, from the rows that run. */
#include <s2s/describe.h>

#include <s2s/table.h>

/* Words of a name: underscores become spaces. */
static enum dna_err add_words(struct dna_buf *out, const char *name)
{
    enum dna_err err = DNA_OK;
    for (; *name != '\0' && err == DNA_OK; name++) {
        char c = *name == '_' ? ' ' : *name;
        err = dna_buf_add(out, (struct dna_span){&c, 1});
    }
    return err;
}

static const char *state_text(unsigned state)
{
    return state == DNA_S2S_ANY_STATE ? "*any*"
           : state == DNA_S2S_SAME    ? "*same*"
                                      : dna_s2s_state_name((enum dna_s2s_state)state);
}

static enum dna_err add_row(struct dna_buf *out, const struct dna_s2s_row *row)
{
    const char *event = row->event == DNA_S2S_ANY_ITEM
                            ? "*any item*"
                            : dna_s2s_event_name((enum dna_s2s_event)row->event);
    enum dna_err err = dna_buf_printf(out, "| %s | %s | ", state_text(row->state), event);
    if (err == DNA_OK) {
        err = add_words(out, row->guard_name);
    }
    if (err == DNA_OK) {
        err = dna_buf_add_text(out, " | ");
    }
    if (err == DNA_OK) {
        err = add_words(out, row->action_name);
    }
    if (err == DNA_OK) {
        err = dna_buf_printf(out, " | %s | %s |\n", state_text(row->next), row->clause);
    }
    return err;
}

static enum dna_err add_table(struct dna_buf *out, const struct dna_s2s_table *table)
{
    enum dna_err err = dna_buf_printf(out,
                                      "\n## %s\n\n"
                                      "| state | event | if | action | next | clause |\n"
                                      "| --- | --- | --- | --- | --- | --- |\n",
                                      table->title);
    for (size_t i = 0; i < table->n && err == DNA_OK; i++) {
        err = add_row(out, &table->rows[i]);
    }
    return err;
}

static const char *missing_text(enum dna_s2s_event event)
{
    switch (dna_s2s_event_missing(event)) {
    case DNA_S2S_FAIL:
        return "stream error";
    case DNA_S2S_ABUSE:
        return "discarded and counted";
    case DNA_S2S_MISUSE:
        return "DNA_ERR_STATE to the host";
    case DNA_S2S_IGNORE:
        break;
    }
    return "nothing";
}

static bool names_condition(enum dna_s2s_event event)
{
    return dna_s2s_event_missing(event) == DNA_S2S_FAIL && event < DNA_S2S_EV_STREAM_ERROR &&
           event != DNA_S2S_EV_BAD_HEADER;
}

static enum dna_err add_missing(struct dna_buf *out)
{
    enum dna_err err = dna_buf_add_text(out, "\n## Without a row\n\n"
                                             "| event | what happens |\n| --- | --- |\n");
    for (unsigned i = 0; i < DNA_S2S_N_EVENTS && err == DNA_OK; i++) {
        enum dna_s2s_event event = (enum dna_s2s_event)i;
        bool named = names_condition(event);
        err = dna_buf_printf(out, "| %s | %s%s%s%s |\n", dna_s2s_event_name(event),
                             missing_text(event), named ? " `" : "",
                             named ? dna_s2s_event_condition(event) : "", named ? "`" : "");
    }
    return err;
}

enum dna_err dna_s2s_describe(struct dna_buf *out)
{
    enum dna_err err = dna_buf_add_text(
        out, "# State tables of a server-to-server stream\n\n"
             "Generated from the tables in `mod_dna/s2s/`; the test `s2s.states` holds this\n"
             "page to them. The first row wins whose state and event match and whose\n"
             "condition, if it has one, holds. Stream states begin with `IN_` (receiving\n"
             "entity) or `OUT_` (initiating entity); `A_` is a domain of ours, `V_` one of\n"
             "the peer's, `P_`, `L_` and `K_` are dialback with a local server. Events are\n"
             "`EV_` for the stream, `RX_` an element of the peer for one record, `RE_` what\n"
             "the host or the stream tells a record.\n");
    for (size_t i = 0; i < DNA_S2S_N_TABLES && err == DNA_OK; i++) {
        err = add_table(out, dna_s2s_tables[i]);
    }
    return err == DNA_OK ? add_missing(out) : err;
}
