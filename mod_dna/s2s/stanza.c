/* s2s/stanza.c: relaying stanzas and returning errors for them (RFC 6120 8.3). */
#include <s2s/stream.h>

#include <xml/writer.h>

bool dna_stanza_answerable(const struct dna_stanza *stanza)
{
    return !dna_span_is(stanza->type, "error") &&
           !(stanza->kind == DNA_IQ && dna_span_is(stanza->type, "result"));
}

static const struct {
    const char *name, *type;
} conditions[] = {
    [DNA_STANZA_REMOTE_SERVER_NOT_FOUND] = {"remote-server-not-found", "cancel"},
    [DNA_STANZA_REMOTE_SERVER_TIMEOUT] = {"remote-server-timeout", "wait"},
    [DNA_STANZA_REMOTE_SERVER_REFUSED] = {"remote-server-timeout", "cancel"},
    [DNA_STANZA_RESOURCE_CONSTRAINT] = {"resource-constraint", "wait"},
    [DNA_STANZA_ITEM_NOT_FOUND] = {"item-not-found", "cancel"},
    [DNA_STANZA_NOT_ALLOWED] = {"not-allowed", "cancel"},
    [DNA_STANZA_POLICY_VIOLATION] = {"policy-violation", "modify"},
    [DNA_STANZA_INTERNAL_SERVER_ERROR] = {"internal-server-error", "cancel"},
};
#define N_CONDITIONS (sizeof conditions / sizeof *conditions)

const char *dna_stanza_condition_name(enum dna_stanza_condition condition)
{
    return (unsigned)condition < N_CONDITIONS ? conditions[condition].name
                                              : "undefined-condition";
}

const char *dna_stanza_condition_type(enum dna_stanza_condition condition)
{
    return (unsigned)condition < N_CONDITIONS ? conditions[condition].type : "cancel";
}

static const char *kind_name(enum dna_stanza_kind kind)
{
    return kind == DNA_MESSAGE ? "message" : kind == DNA_PRESENCE ? "presence" : "iq";
}

/* The whole error; its length is known only once it is written. */
static void put_error(struct dna_s2s *s, const struct dna_stanza *stanza,
                      enum dna_stanza_condition condition, const char *text)
{
    const char *kind = kind_name(stanza->kind);
    dna_s2s_put(s, "<%s type='error'", kind);
    dna_s2s_put_attr(s, "from", stanza->to);
    dna_s2s_put_attr(s, "to", stanza->from);
    if (stanza->id.len != 0) {
        dna_s2s_put_attr(s, "id", stanza->id);
    }
    dna_s2s_put(s, "><error type='%s'><%s xmlns='" DNA_S2S_NS_STANZA_ERROR "'/>",
                dna_stanza_condition_type(condition), dna_stanza_condition_name(condition));
    if (text != NULL && text[0] != '\0') {
        dna_s2s_put(s, "<text xmlns='" DNA_S2S_NS_STANZA_ERROR "' xml:lang='en'>");
        dna_s2s_put_text(s, dna_span_of(text));
        dna_s2s_put(s, "</text>");
    }
    dna_s2s_put(s, "</error></%s>", kind);
}

/* What was written behind `before` must not be longer than the peer takes (XEP-0478). */
static enum dna_err within_limit(struct dna_s2s *s, size_t before)
{
    size_t len = dna_buf_len(&s->out) - before;
    size_t most = dna_s2s_max_bytes(s);
    if (s->err == DNA_OK && most != 0 && len > most) {
        dna_buf_truncate(&s->out, before);
        return DNA_ERR_LIMIT;
    }
    return s->err;
}

/* An error counts as any stanza, and may have to be sent again. */
static enum dna_err keep_error(struct dna_s2s *s, size_t before,
                               const struct dna_stanza *about)
{
    struct dna_span written = dna_buf_span(&s->out);
    struct dna_kept *kept = NULL;
    if (!dna_s2s_keeps(s)) {
        return DNA_OK;
    }
    kept = dna_manage_copy(&s->managing.manage,
                           &(struct dna_stanza){.kind = about->kind,
                                                .from = about->to,
                                                .to = about->from,
                                                .type = {"error", 5},
                                                .id = about->id,
                                                .raw = {written.ptr + before,
                                                        written.len - before}},
                           s->now.mono);
    if (kept == NULL) {
        dna_buf_truncate(&s->out, before);
        return DNA_ERR_MEMORY;
    }
    dna_s2s_manage_sent(s, kept);
    return DNA_OK;
}

void dna_s2s_put_bounce(struct dna_s2s *s, enum dna_stanza_condition condition,
                        const char *text)
{
    size_t before = dna_buf_len(&s->out);
    /* What the peer does not acknowledge is not added to without end. */
    if (dna_stanza_answerable(&s->stanza) && !dna_s2s_manage_bars(s)) {
        put_error(s, &s->stanza, condition, text);
        if (!s->ended && within_limit(s, before) == DNA_OK) {
            dna_s2s_fault(s, keep_error(s, before, &s->stanza));
        }
    }
}

enum dna_err dna_s2s_send_error(struct dna_s2s *s, const struct dna_stanza *stanza,
                                enum dna_stanza_condition condition, const char *text)
{
    size_t before = dna_buf_len(&s->out);
    enum dna_err err;
    if (s->err != DNA_OK) {
        return s->err;
    }
    if (!dna_stanza_answerable(stanza)) {
        return DNA_ERR_ARGUMENT;
    }
    if (!dna_s2s_may_send(s, stanza->to_domain.text, stanza->from_domain.text)) {
        return DNA_ERR_STATE;
    }
    put_error(s, stanza, condition, text);
    err = within_limit(s, before);
    return err == DNA_OK ? keep_error(s, before, stanza) : err;
}

/* The pair of a stanza that goes to the local server is the last to be let go. */
static void note_use(struct dna_s2s *s, const char *from, const char *to)
{
    struct dna_s2s_record *pair = s->records.last_to;
    if (!dna_s2s_is(s, DNA_S2S_LOCAL)) {
        return;
    }
    if (pair == NULL || strcmp(pair->domain, from) != 0 || strcmp(pair->other, to) != 0) {
        pair = dna_s2s_pair(s, DNA_S2S_P_NONE, from, to, (struct dna_span){NULL, 0});
        s->records.last_to = pair;
    }
    if (pair != NULL && pair != s->records.newest) {
        dna_s2s_rest(s, pair);
    }
}

enum dna_err dna_s2s_send(struct dna_s2s *s, const struct dna_stanza *stanza)
{
    struct dna_kept *kept = NULL;
    size_t most = dna_s2s_max_bytes(s);
    enum dna_err err;
    if (s->err != DNA_OK) {
        return s->err;
    }
    if (!dna_s2s_may_send(s, stanza->from_domain.text, stanza->to_domain.text)) {
        s->managing.full = dna_s2s_manage_bars(s);
        return DNA_ERR_STATE;
    }
    if (most != 0 && stanza->raw.len + stanza->splice.len > most) {
        return DNA_ERR_LIMIT;
    }
    if (dna_s2s_keeps(s)) {
        kept = dna_manage_copy(&s->managing.manage, stanza, s->now.mono);
        if (kept == NULL) {
            return DNA_ERR_MEMORY;
        }
    }
    note_use(s, stanza->from_domain.text, stanza->to_domain.text);
    err = dna_xml_write_raw(&s->out, stanza->raw, stanza->splice_at, stanza->splice);
    if (err != DNA_OK) {
        dna_manage_drop(&s->managing.manage, kept);
        dna_s2s_fault(s, err == DNA_ERR_MEMORY ? err : DNA_OK);
        return err;
    }
    if (kept != NULL) {
        dna_s2s_manage_sent(s, kept);
    }
    return DNA_OK;
}
