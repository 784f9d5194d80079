/* session/taken_back.c: a bounded map of notes, the oldest of which make room. */
#include <session/taken_back.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <mod_dna/dns.h>

struct dna_taken_back_note {
    struct dna_taken_back_note *next;
    int64_t said, until;
    bool ruling;
    size_t len;
    char key[];
};

struct name {
    char text[1 + DNA_LEARNED_ID + DNA_NAME_MAX];
};

static const unsigned char every[DNA_LEARNED_ID];

static struct dna_span key_of(struct name *name, enum dna_learned_kind kind,
                              const unsigned char id[DNA_LEARNED_ID], const char *domain)
{
    size_t len = strlen(domain);
    if (len > DNA_NAME_MAX) {
        len = 0; /* none that we would have learned of */
    }
    name->text[0] = (char)kind;
    memcpy(name->text + 1, id, DNA_LEARNED_ID);
    memcpy(name->text + 1 + DNA_LEARNED_ID, domain, len);
    return (struct dna_span){name->text, 1 + DNA_LEARNED_ID + len};
}

static bool is_ruling(enum dna_learned_kind kind)
{
    return kind == DNA_LEARNED_PROOF || kind == DNA_LEARNED_REFUSAL;
}

enum dna_err dna_taken_back_init(struct dna_taken_back *taken, const struct dna_alloc *alloc,
                                 uint64_t seed)
{
    *taken = (struct dna_taken_back){.alloc = alloc, .floor = INT64_MIN};
    return dna_map_new(alloc, seed, &taken->notes);
}

static void drop_first(struct dna_taken_back *taken)
{
    struct dna_taken_back_note *first = taken->first;
    taken->first = first->next;
    if (taken->first == NULL) {
        taken->last = NULL;
    }
    (void)dna_map_remove(taken->notes, (struct dna_span){first->key, first->len});
    dna_alloc_release(taken->alloc, first);
}

void dna_taken_back_fini(struct dna_taken_back *taken)
{
    while (taken->first != NULL) {
        drop_first(taken);
    }
    dna_map_free(taken->notes);
    taken->notes = NULL;
}

static void raise_floor(struct dna_taken_back *taken, bool ruling, int64_t said)
{
    if (ruling && said > taken->floor) {
        taken->floor = said;
    }
}

static void make_room(struct dna_taken_back *taken, int64_t now)
{
    while (taken->first != NULL && taken->first->until <= now) {
        drop_first(taken);
    }
    while (dna_map_count(taken->notes) >= DNA_LIMIT_TAKEN_BACK) {
        raise_floor(taken, taken->first->ruling, taken->first->said);
        drop_first(taken);
    }
}

static bool add(struct dna_taken_back *taken, struct dna_span key,
                const struct dna_taken_back_note *made)
{
    struct dna_taken_back_note *note = dna_alloc_get(taken->alloc, sizeof *note + key.len);
    if (note == NULL) {
        return false;
    }
    *note = *made;
    note->len = key.len;
    memcpy(note->key, key.ptr, key.len);
    if (dna_map_set(taken->notes, key, note) != DNA_OK) {
        dna_alloc_release(taken->alloc, note);
        return false;
    }
    *(taken->last != NULL ? &taken->last->next : &taken->first) = note;
    taken->last = note;
    return true;
}

void dna_taken_back_note(struct dna_taken_back *taken, const struct dna_learned *learned,
                         int64_t until, int64_t now)
{
    const struct dna_taken_back_note made = {.said = learned->learned_at,
                                             .until = until,
                                             .ruling = is_ruling(learned->kind)};
    struct name name;
    struct dna_span key = key_of(&name, learned->kind, learned->id, learned->domain);
    struct dna_taken_back_note *note = dna_map_get(taken->notes, key);
    if (note != NULL) {
        note->said = made.said > note->said ? made.said : note->said;
        note->until = made.until > note->until ? made.until : note->until;
        return;
    }
    make_room(taken, now);
    if (!add(taken, key, &made)) {
        raise_floor(taken, made.ruling, made.said);
    }
}

static int64_t later_of(const struct dna_taken_back *taken, struct dna_span key, int64_t at)
{
    const struct dna_taken_back_note *note = dna_map_get(taken->notes, key);
    return note != NULL && note->said > at ? note->said : at;
}

int64_t dna_taken_back_at(const struct dna_taken_back *taken, enum dna_learned_kind kind,
                          const unsigned char id[DNA_LEARNED_ID], const char *domain)
{
    struct name name;
    int64_t at = is_ruling(kind) ? taken->floor : INT64_MIN;
    at = later_of(taken, key_of(&name, kind, id, domain), at);
    at = later_of(taken, key_of(&name, kind, every, domain), at);
    return later_of(taken, key_of(&name, kind, every, ""), at);
}

bool dna_taken_back_covers(const struct dna_taken_back *taken,
                           const struct dna_learned *learned)
{
    int64_t at = dna_taken_back_at(taken, learned->kind, learned->id, learned->domain);
    int64_t grace =
        is_ruling(learned->kind) && !learned->gone ? DNA_LIMIT_STORE_AHEAD_S : 0;
    return at != INT64_MIN && learned->learned_at <= at + grace;
}
