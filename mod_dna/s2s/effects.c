/* s2s/effects.c: what the host is to do, in order.
 *
 * Texts are copied, so that an effect outlives the record that it is about; both queue and
 * texts are given back once everything was pulled, so that an idle stream holds neither.
 */
#include <s2s/stream.h>

#include <base/alloc.h>

#define EFFECT_TEXT_MAX (64u * 1024 * 1024)

static const char *copied(struct dna_s2s *s, const char *text)
{
    struct dna_arena *arena = &s->effects.arena;
    const char *copy;
    if (text == NULL || text[0] == '\0') {
        return "";
    }
    if (arena->limit == 0) {
        dna_arena_init(arena, s->options.alloc, EFFECT_TEXT_MAX);
    }
    copy = dna_arena_text(arena, dna_span_of(text));
    if (copy == NULL) {
        dna_s2s_fault(s, DNA_ERR_MEMORY);
        return "";
    }
    return copy;
}

static bool make_room(struct dna_s2s_effects *e, const struct dna_alloc *alloc)
{
    size_t room = e->room != 0 ? 2 * e->room : 4;
    struct dna_s2s_effect *grown;
    if (e->n < e->room) {
        return true;
    }
    grown = dna_alloc_resize(alloc, e->queue, room * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    e->queue = grown;
    e->room = room;
    return true;
}

void dna_s2s_emit(struct dna_s2s *s, const struct dna_s2s_effect *effect)
{
    struct dna_s2s_effects *e = &s->effects;
    struct dna_s2s_effect *kept;
    if (s->err != DNA_OK || s->close_queued) {
        return;
    }
    if (!make_room(e, s->options.alloc)) {
        dna_s2s_fault(s, DNA_ERR_MEMORY);
        return;
    }
    kept = &e->queue[e->n++];
    *kept = *effect;
    kept->domain = copied(s, effect->domain);
    kept->other = copied(s, effect->other);
    kept->condition = copied(s, effect->condition);
    kept->text = copied(s, effect->text);
    s->close_queued |= effect->kind == DNA_S2S_CLOSE;
}

void dna_s2s_emit_standing(struct dna_s2s *s, enum dna_s2s_effect_kind kind,
                           const struct dna_s2s_record *record, bool accepted,
                           const char *condition)
{
    struct dna_s2s_effect effect = {.kind = kind,
                                    .domain = record->domain,
                                    .other = record->other,
                                    .accepted = accepted,
                                    .condition = condition};
    dna_s2s_emit(s, &effect);
}

void dna_s2s_emit_domain(struct dna_s2s *s, enum dna_s2s_effect_kind kind, const char *domain)
{
    struct dna_s2s_effect effect = {.kind = kind, .domain = domain};
    dna_s2s_emit(s, &effect);
}

void dna_s2s_effects_fini(struct dna_s2s *s)
{
    struct dna_s2s_effects *e = &s->effects;
    dna_arena_fini(&e->arena);
    dna_alloc_release(s->options.alloc, e->queue);
    *e = (struct dna_s2s_effects){.queue = NULL};
}

/* A queue of the first size is kept: one for each stanza would be dear. */
void dna_s2s_effects_begin(struct dna_s2s *s)
{
    struct dna_s2s_effects *e = &s->effects;
    if (e->first != e->n) {
        return;
    }
    e->first = e->n = 0;
    if (e->arena.blocks != NULL || e->room > 4) {
        dna_s2s_effects_fini(s);
    }
}

bool dna_s2s_next(struct dna_s2s *s, struct dna_s2s_effect *effect)
{
    struct dna_s2s_effects *e = &s->effects;
    if (s->err != DNA_OK) {
        if (s->close_told) {
            return false;
        }
        s->close_told = true;
        *effect = (struct dna_s2s_effect){.kind = DNA_S2S_CLOSE, .domain = "", .other = "",
                                          .condition = "", .text = ""};
        return true;
    }
    if (e->first == e->n) {
        return false;
    }
    *effect = e->queue[e->first++];
    s->close_told |= effect->kind == DNA_S2S_CLOSE;
    return true;
}

void dna_s2s_log(const struct dna_s2s *s, enum dna_log_level level, const char *event,
                 const char *key, struct dna_span value)
{
    const struct dna_log *log = s->options.log;
    struct dna_log_field fields[3] = {{"own", dna_span_of(s->own.text)},
                                      {"peer", dna_span_of(s->peer.text)},
                                      {key, value}};
    if (log != NULL && log->write != NULL && level >= log->least) {
        log->write(log->arg, level, event, fields, 3);
    }
}
