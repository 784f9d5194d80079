/* gateway/queue.c: one block of memory per stanza that waits. */
#include "queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool has_room(const struct queues *all, const struct queue *queue, size_t bytes,
                     bool is_error)
{
    const struct gateway_queue_config *limits = &all->limits;
    size_t most_n = limits->pair_stanzas + (is_error ? QUEUE_RETURNS : 0);
    size_t most = limits->pair_bytes + (is_error ? QUEUE_RETURNS_BYTES : 0);
    return queue->n < most_n && queue->bytes <= most && bytes <= most - queue->bytes &&
           bytes <= limits->total_bytes && all->bytes <= limits->total_bytes - bytes;
}

static size_t cost(const struct dna_stanza *s, size_t raw, size_t splice, size_t text)
{
    return sizeof(struct waiting) + raw + splice + text + s->from.len + s->to.len +
           s->type.len + s->id.len;
}

size_t queue_cost(const struct dna_stanza *s, const char *text)
{
    return text != NULL ? cost(s, 0, 0, strlen(text) + 1)
                        : cost(s, s->raw.len, s->splice.len, 0);
}

static struct dna_span copy_to(char **at, struct dna_span bytes)
{
    struct dna_span copy = {*at, bytes.len};
    if (bytes.len > 0) {
        memcpy(*at, bytes.ptr, bytes.len);
        *at += bytes.len;
    }
    return copy;
}

static struct waiting *copy_stanza(const struct dna_stanza *s, struct dna_span raw,
                                   struct dna_span splice, struct dna_span text)
{
    size_t bytes = cost(s, raw.len, splice.len, text.len);
    struct waiting *w = malloc(bytes);
    char *at;
    if (w == NULL) {
        return NULL;
    }
    at = (char *)(w + 1);
    *w = (struct waiting){.bytes = bytes, .kind = s->kind, .splice_at = s->splice_at};
    w->raw = copy_to(&at, raw);
    w->splice = copy_to(&at, splice);
    w->text = copy_to(&at, text);
    w->from = copy_to(&at, s->from);
    w->to = copy_to(&at, s->to);
    w->type = copy_to(&at, s->type);
    w->id = copy_to(&at, s->id);
    return w;
}

static void append(struct queues *all, struct queue *queue, struct waiting *w, int64_t now)
{
    w->queue = queue;
    w->since = now;
    w->older = all->newest;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = w;
    *(all->newest != NULL ? &all->newest->newer : &all->oldest) = w;
    queue->last = all->newest = w;
    queue->n++;
    queue->bytes += w->bytes;
    all->n++;
    all->bytes += w->bytes;
}

enum dna_err queue_add(struct queues *all, struct queue *queue,
                       const struct dna_stanza *stanza, int64_t now)
{
    struct waiting *w;
    if (!has_room(all, queue, queue_cost(stanza, NULL), false)) {
        return DNA_ERR_LIMIT;
    }
    w = copy_stanza(stanza, stanza->raw, stanza->splice, (struct dna_span){NULL, 0});
    if (w == NULL) {
        return DNA_ERR_MEMORY;
    }
    append(all, queue, w, now);
    return DNA_OK;
}

enum dna_err queue_add_error(struct queues *all, struct queue *queue,
                             const struct dna_stanza *stanza,
                             enum dna_stanza_condition condition, const char *text,
                             int64_t now)
{
    const struct dna_span none = {NULL, 0};
    struct dna_span terminated = {text, strlen(text) + 1};
    struct waiting *w;
    if (!has_room(all, queue, queue_cost(stanza, text), true)) {
        return DNA_ERR_LIMIT;
    }
    w = copy_stanza(stanza, none, none, terminated);
    if (w == NULL) {
        return DNA_ERR_MEMORY;
    }
    w->is_error = true;
    w->condition = condition;
    w->splice_at = 0;
    append(all, queue, w, now);
    return DNA_OK;
}

struct waiting *queue_take(struct queues *all, struct queue *queue)
{
    struct waiting *w = queue->first;
    if (w == NULL) {
        return NULL;
    }
    queue->first = w->next;
    if (queue->first == NULL) {
        queue->last = NULL;
    }
    *(w->older != NULL ? &w->older->newer : &all->oldest) = w->newer;
    *(w->newer != NULL ? &w->newer->older : &all->newest) = w->older;
    queue->n--;
    queue->bytes -= w->bytes;
    all->n--;
    all->bytes -= w->bytes;
    w->next = w->older = w->newer = NULL;
    w->queue = NULL;
    return w;
}

void queue_free_waiting(struct waiting *waiting)
{
    free(waiting);
}

void queue_stanza(const struct waiting *w, const char *from, const char *to,
                  struct dna_stanza *out)
{
    size_t from_len = strlen(from), to_len = strlen(to);
    assert(from_len <= DNA_NAME_MAX && to_len <= DNA_NAME_MAX);
    out->kind = w->kind;
    memcpy(out->from_domain.text, from, from_len + 1);
    memcpy(out->to_domain.text, to, to_len + 1);
    out->from = w->from;
    out->to = w->to;
    out->type = w->type;
    out->id = w->id;
    out->raw = w->raw;
    out->splice = w->splice;
    out->splice_at = w->splice_at;
}

int64_t queue_deadline(const struct queues *all)
{
    return all->oldest == NULL ? DNA_NEVER
                               : all->oldest->since + (int64_t)all->limits.seconds * 1000;
}

struct queue *queue_overdue(const struct queues *all, int64_t now)
{
    /* The oldest of all is the first of its own queue, too. */
    return queue_deadline(all) <= now ? all->oldest->queue : NULL;
}
