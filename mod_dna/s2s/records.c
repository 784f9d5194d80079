/* s2s/records.c: the records of a stream, their timers, and those that wait.
 *
 * Found by canonical domain, hence one record for all spellings of a name.  Timers are a
 * binary heap of pointers, each record knowing its place; one record has one deadline.
 */
#include <s2s/stream.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <s2s/table.h>

#define KEY_MAX (2 * (DNA_NAME_MAX + 1) + DNA_LIMIT_STREAM_ID + 3)

enum dna_err dna_s2s_records_init(struct dna_s2s *s)
{
    struct dna_s2s_records *records = &s->records;
    enum dna_err err = dna_map_new(s->options.alloc, s->options.seed, &records->own);
    if (err == DNA_OK) {
        err = dna_map_new(s->options.alloc, s->options.seed, &records->peer);
    }
    records->waiting_end = &records->waiting;
    return err;
}

/* --- timers -------------------------------------------------------------------------- */

static void place(struct dna_s2s_records *records, size_t i, struct dna_s2s_record *record)
{
    records->heap[i] = record;
    record->timer = (unsigned)i + 1;
}

static void sift(struct dna_s2s_records *records, size_t i, struct dna_s2s_record *record)
{
    struct dna_s2s_record **heap = records->heap;
    size_t child;
    while (i > 0 && record->deadline < heap[(i - 1) / 2]->deadline) {
        place(records, i, heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    while ((child = 2 * i + 1) < records->n_heap) {
        if (child + 1 < records->n_heap &&
            heap[child + 1]->deadline < heap[child]->deadline) {
            child++;
        }
        if (heap[child]->deadline >= record->deadline) {
            break;
        }
        place(records, i, heap[child]);
        i = child;
    }
    place(records, i, record);
}

static void stop_timer(struct dna_s2s_records *records, struct dna_s2s_record *record)
{
    struct dna_s2s_record *last;
    size_t i = record->timer;
    if (i == 0) {
        return;
    }
    record->timer = 0;
    last = records->heap[--records->n_heap];
    if (last != record) {
        sift(records, i - 1, last);
    }
}

static bool heap_room(struct dna_s2s *s)
{
    struct dna_s2s_records *records = &s->records;
    size_t room = records->heap_room != 0 ? 2 * records->heap_room : 8;
    struct dna_s2s_record **grown;
    if (records->n_heap < records->heap_room) {
        return true;
    }
    grown = dna_alloc_resize(s->options.alloc, records->heap, room * sizeof(void *));
    if (grown == NULL) {
        dna_s2s_fault(s, DNA_ERR_MEMORY);
        return false;
    }
    records->heap = grown;
    records->heap_room = room;
    return true;
}

void dna_s2s_timer(struct dna_s2s *s, struct dna_s2s_record *record, int64_t deadline)
{
    struct dna_s2s_records *records = &s->records;
    if (deadline == DNA_NEVER) {
        stop_timer(records, record);
        return;
    }
    record->deadline = deadline;
    if (record->timer != 0) {
        sift(records, record->timer - 1, record);
    } else if (heap_room(s)) {
        sift(records, records->n_heap++, record);
    }
}

struct dna_s2s_record *dna_s2s_timer_first(const struct dna_s2s *s)
{
    return s->records.n_heap > 0 ? s->records.heap[0] : NULL;
}

int64_t dna_s2s_backoff(struct dna_s2s_record *record)
{
    int64_t most = DNA_LIMIT_BACKOFF_MOST_MS;
    int64_t wait = (int64_t)DNA_LIMIT_BACKOFF_MS << record->refusals;
    record->refusals = (unsigned char)(record->refusals + (record->refusals < 8));
    return wait < most ? wait : most;
}

/* --- waiting ---------------------------------------------------------------------------- */

void dna_s2s_wait(struct dna_s2s *s, struct dna_s2s_record *record)
{
    if (!record->queued) {
        record->queued = true;
        record->next_waiting = NULL;
        *s->records.waiting_end = record;
        s->records.waiting_end = &record->next_waiting;
    }
}

struct dna_s2s_record *dna_s2s_turn(struct dna_s2s *s)
{
    struct dna_s2s_records *records = &s->records;
    struct dna_s2s_record *record = records->waiting;
    if (record != NULL) {
        record->queued = false;
        records->waiting = record->next_waiting;
        if (records->waiting == NULL) {
            records->waiting_end = &records->waiting;
        }
    }
    return record;
}

static void stop_waiting(struct dna_s2s_records *records, const struct dna_s2s_record *record)
{
    struct dna_s2s_record **link = &records->waiting;
    if (!record->queued) {
        return;
    }
    while (*link != record) {
        link = &(*link)->next_waiting;
    }
    *link = record->next_waiting;
    if (*link == NULL) {
        records->waiting_end = link;
    }
}

/* --- pairs that are being judged ----------------------------------------------------------- */

void dna_s2s_dial(struct dna_s2s *s, struct dna_s2s_record *record)
{
    if (!record->dialling) {
        record->dialling = true;
        record->next_waiting = s->records.dialling;
        s->records.dialling = record;
    }
}

void dna_s2s_stop_dialling(struct dna_s2s *s, struct dna_s2s_record *record)
{
    struct dna_s2s_record **link = &s->records.dialling;
    if (!record->dialling) {
        return;
    }
    while (*link != record) {
        link = &(*link)->next_waiting;
    }
    *link = record->next_waiting;
    record->dialling = false;
}

struct dna_s2s_record *dna_s2s_remote(const struct dna_s2s *s,
                                      const struct dna_s2s_record *pair)
{
    return dna_s2s_peer_record(s, dna_s2s_state_ours((enum dna_s2s_state)pair->state)
                                      ? pair->other
                                      : pair->domain);
}

struct dna_s2s_record *dna_s2s_judged(struct dna_s2s *s)
{
    for (struct dna_s2s_record *r = s->records.dialling; r != NULL; r = r->next_waiting) {
        const struct dna_s2s_record *remote = dna_s2s_remote(s, r);
        if (remote == NULL || !remote->hearing) {
            dna_s2s_stop_dialling(s, r);
            return r;
        }
    }
    return NULL;
}

/* --- pairs that rest -------------------------------------------------------------------- */

void dna_s2s_unrest(struct dna_s2s *s, struct dna_s2s_record *record)
{
    struct dna_s2s_records *records = &s->records;
    if (record->older == NULL && records->oldest != record) {
        return; /* it is in no list */
    }
    *(record->older != NULL ? &record->older->newer : &records->oldest) = record->newer;
    *(record->newer != NULL ? &record->newer->older : &records->newest) = record->older;
    record->older = record->newer = NULL;
}

void dna_s2s_rest(struct dna_s2s *s, struct dna_s2s_record *record)
{
    struct dna_s2s_records *records = &s->records;
    dna_s2s_unrest(s, record);
    record->older = records->newest;
    *(record->older != NULL ? &record->older->newer : &records->oldest) = record;
    records->newest = record;
}

/* Remote senders are without number, and it is permitted to ask for a pair again. */
static void make_room(struct dna_s2s *s)
{
    struct dna_s2s_record *r = s->records.oldest;
    if (r != NULL && dna_map_count(s->records.own) >= DNA_LIMIT_DOMAINS_PER_STREAM) {
        if (r->state == DNA_S2S_P_VALID) {
            dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, false, "reset");
        }
        dna_s2s_lapse(s, r);
    }
}

/* --- finding and making ------------------------------------------------------------------- */

static char *append(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

/* The kinds of records share two maps: pairs and keys bear a mark that no domain has. */
static struct dna_span key_of(char key[KEY_MAX], const char *from, const char *to,
                              struct dna_span id)
{
    char *end = append(key, from);
    if (to[0] != '\0') {
        *end++ = ' ';
        end = append(end, to);
    }
    if (id.len != 0) {
        *end++ = ' ';
        memcpy(end, id.ptr, id.len);
        end += id.len;
    }
    return (struct dna_span){key, (size_t)(end - key)};
}

static struct dna_map *map_of(const struct dna_s2s *s, enum dna_s2s_state none)
{
    return dna_s2s_state_ours(none) ? s->records.own : s->records.peer;
}

struct dna_s2s_record *dna_s2s_pair(const struct dna_s2s *s, enum dna_s2s_state none,
                                    const char *from, const char *to, struct dna_span id)
{
    char key[KEY_MAX];
    if (s->err != DNA_OK || id.len > DNA_LIMIT_STREAM_ID) {
        return NULL; /* a stream that is lost may have no maps */
    }
    return dna_map_get(map_of(s, none), key_of(key, from, to, id));
}

static struct dna_s2s_record *new_record(struct dna_s2s *s, enum dna_s2s_state none,
                                         const char *from, const char *to, struct dna_span id)
{
    size_t from_size = strlen(from) + 1, to_size = strlen(to) + 1;
    struct dna_s2s_record *r = dna_alloc_get(
        s->options.alloc, sizeof *r + from_size + to_size + id.len + 1);
    char *text;
    if (r == NULL) {
        return NULL;
    }
    memset(r, 0, sizeof *r);
    text = (char *)(r + 1);
    memcpy(text, from, from_size);
    memcpy(text + from_size, to, to_size);
    if (id.len != 0) {
        memcpy(text + from_size + to_size, id.ptr, id.len);
    }
    text[from_size + to_size + id.len] = '\0';
    r->domain = text;
    r->other = text + from_size;
    r->id = text + from_size + to_size;
    r->state = (unsigned char)none;
    return r;
}

struct dna_s2s_record *dna_s2s_pair_make(struct dna_s2s *s, enum dna_s2s_state none,
                                         const char *from, const char *to, struct dna_span id)
{
    struct dna_s2s_record *r = dna_s2s_pair(s, none, from, to, id);
    struct dna_map *map = map_of(s, none);
    char key[KEY_MAX];
    if (r != NULL || s->err != DNA_OK) {
        return r;
    }
    if (none == DNA_S2S_P_NONE) {
        make_room(s);
    }
    if (dna_map_count(map) >= DNA_LIMIT_DOMAINS_PER_STREAM || id.len > DNA_LIMIT_STREAM_ID) {
        return NULL;
    }
    r = new_record(s, none, from, to, id);
    if (r == NULL || dna_map_set(map, key_of(key, from, to, id), r) != DNA_OK) {
        dna_alloc_release(s->options.alloc, r);
        dna_s2s_fault(s, DNA_ERR_MEMORY);
        return NULL;
    }
    s->records.pairs += to[0] != '\0';
    return r;
}

static const struct dna_span no_id = {NULL, 0};

struct dna_s2s_record *dna_s2s_own_record(const struct dna_s2s *s, const char *own)
{
    return dna_s2s_pair(s, DNA_S2S_A_NONE, own, "", no_id);
}

struct dna_s2s_record *dna_s2s_peer_record(const struct dna_s2s *s, const char *peer)
{
    return dna_s2s_pair(s, DNA_S2S_V_NONE, peer, "", no_id);
}

struct dna_s2s_record *dna_s2s_own_record_make(struct dna_s2s *s, const char *own)
{
    return dna_s2s_pair_make(s, DNA_S2S_A_NONE, own, "", no_id);
}

struct dna_s2s_record *dna_s2s_peer_record_make(struct dna_s2s *s, const char *peer)
{
    return dna_s2s_pair_make(s, DNA_S2S_V_NONE, peer, "", no_id);
}

struct dna_s2s_record *dna_s2s_only_challenged(const struct dna_s2s *s)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    if (s->records.challenged != 1) {
        return NULL;
    }
    while (dna_map_next(s->records.peer, &cursor, &key, &value)) {
        struct dna_s2s_record *r = value;
        if (dna_s2s_state_challenged((enum dna_s2s_state)r->state)) {
            return r;
        }
    }
    return NULL;
}

/* --- the end ------------------------------------------------------------------------------ */

/* Events that were raised for it are not handled any more. */
static void cancel_raised(struct dna_s2s *s, const struct dna_s2s_record *record)
{
    struct dna_s2s_call *call = s->call;
    for (size_t i = call != NULL ? call->next_raised : 0; call != NULL && i < call->n_raised;
         i++) {
        if (call->raised[i].record != NULL &&
            (record == NULL || call->raised[i].record == record)) {
            call->raised[i].event = DNA_S2S_N_EVENTS;
        }
    }
}

static void forget_last(struct dna_s2s_records *records)
{
    records->last_from = records->last_to = NULL;
}

void dna_s2s_record_drop(struct dna_s2s *s, struct dna_s2s_record *r)
{
    char key[KEY_MAX];
    stop_timer(&s->records, r);
    stop_waiting(&s->records, r);
    dna_s2s_unrest(s, r);
    cancel_raised(s, r);
    forget_last(&s->records);
    dna_s2s_stop_dialling(s, r);
    s->records.pairs -= r->other[0] != '\0';
    (void)dna_map_remove(map_of(s, (enum dna_s2s_state)r->state),
                         key_of(key, r->domain, r->other, dna_span_of(r->id)));
    dna_alloc_release(s->options.alloc, r->key);
    dna_alloc_release(s->options.alloc, r);
}

static enum dna_s2s_effect_kind standing(const struct dna_s2s *s, const struct dna_map *map,
                                         const struct dna_s2s_record *r)
{
    if (r->other[0] != '\0') {
        return DNA_S2S_PAIR;
    }
    return map == s->records.own ? DNA_S2S_OWN : DNA_S2S_PEER;
}

static void free_all(struct dna_s2s *s, struct dna_map *map, bool tell)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (map != NULL && dna_map_next(map, &cursor, &key, &value)) {
        struct dna_s2s_record *r = value;
        if (tell && r->hearing) {
            dna_s2s_emit_domain(s, DNA_S2S_DISMISS, r->domain);
        }
        if (tell && !r->one_way && dna_s2s_state_valid((enum dna_s2s_state)r->state)) {
            dna_s2s_emit_standing(s, standing(s, map, r), r, false, "reset");
        }
        dna_alloc_release(s->options.alloc, r->key);
        dna_alloc_release(s->options.alloc, r);
    }
    dna_map_free(map);
}

static void free_records(struct dna_s2s *s, bool tell)
{
    struct dna_s2s_records *records = &s->records;
    struct dna_map *wishes = records->wishes;
    cancel_raised(s, NULL);
    free_all(s, records->own, tell);
    free_all(s, records->peer, tell);
    dna_alloc_release(s->options.alloc, records->heap);
    *records = (struct dna_s2s_records){.wishes = wishes};
}

/* Without memory for new maps the stream is lost, and the old ones stay until it is freed. */
void dna_s2s_records_clear(struct dna_s2s *s)
{
    struct dna_map *own = NULL, *peer = NULL;
    enum dna_err err = dna_map_new(s->options.alloc, s->options.seed, &own);
    if (err == DNA_OK) {
        err = dna_map_new(s->options.alloc, s->options.seed, &peer);
    }
    if (err != DNA_OK) {
        dna_map_free(own);
        dna_s2s_fault(s, err);
        return;
    }
    free_records(s, true);
    s->records.own = own;
    s->records.peer = peer;
    s->records.waiting_end = &s->records.waiting;
}

void dna_s2s_records_fini(struct dna_s2s *s)
{
    free_records(s, false);
    dna_map_free(s->records.wishes);
    s->records.wishes = NULL;
}

void dna_s2s_records_dismiss(struct dna_s2s *s)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (s->err == DNA_OK && dna_map_next(s->records.peer, &cursor, &key, &value)) {
        struct dna_s2s_record *r = value;
        if (r->hearing) {
            r->hearing = false;
            dna_s2s_emit_domain(s, DNA_S2S_DISMISS, r->domain);
        }
    }
}
