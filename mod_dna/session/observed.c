/* session/observed.c: one entry for each role and domain that would have been refused. */
#include <session/observed.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <mod_dna/dns.h>

struct entry {
    struct dna_ruling ruling;
    uint64_t times;
    int64_t first_at, last_at;
    const char *accepted_by;
    char key[]; /* the role's letter, and the domain */
};

struct name {
    char text[DNA_NAME_MAX + 2];
};

/* False: of no domain. */
static bool name_of(const char *domain, enum dna_role role, struct name *out)
{
    size_t len = strlen(domain);
    if (len > DNA_NAME_MAX) {
        return false;
    }
    out->text[0] = role == DNA_INITIATING ? 'i' : 'r';
    memcpy(out->text + 1, domain, len + 1);
    return true;
}

enum dna_err dna_observed_init(struct dna_observed *observed, const struct dna_alloc *alloc,
                               uint64_t seed)
{
    observed->alloc = alloc;
    return dna_map_new(alloc, seed, &observed->entries);
}

void dna_observed_fini(struct dna_observed *observed)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (observed->entries != NULL &&
           dna_map_next(observed->entries, &cursor, &key, &value)) {
        dna_alloc_release(observed->alloc, value);
    }
    dna_map_free(observed->entries);
}

/* NULL: there is no room. */
static struct entry *add(struct dna_observed *observed, const struct name *name, int64_t now)
{
    size_t size = strlen(name->text) + 1;
    struct entry *entry;
    if (dna_map_count(observed->entries) >= DNA_LIMIT_OBSERVED) {
        return NULL;
    }
    entry = dna_alloc_zero(observed->alloc, 1, sizeof *entry + size);
    if (entry == NULL) {
        return NULL;
    }
    memcpy(entry->key, name->text, size);
    entry->first_at = now;
    if (dna_map_set(observed->entries, dna_span_of(entry->key), entry) != DNA_OK) {
        dna_alloc_release(observed->alloc, entry);
        return NULL;
    }
    return entry;
}

void dna_observed_note(struct dna_observed *observed, const char *domain, enum dna_role role,
                       const struct dna_ruling *ruling, const char *accepted_by, int64_t now)
{
    struct entry *entry;
    struct name name;
    if (!name_of(domain, role, &name)) {
        return;
    }
    if (ruling->verdict == DNA_PROVEN || ruling->dialback) {
        dna_alloc_release(observed->alloc,
                          dna_map_remove(observed->entries, dna_span_of(name.text)));
        return;
    }
    entry = dna_map_get(observed->entries, dna_span_of(name.text));
    if (entry == NULL) {
        entry = add(observed, &name, now);
    }
    if (entry != NULL) {
        entry->ruling = *ruling;
        entry->accepted_by = accepted_by;
        entry->last_at = now;
        entry->times++;
    }
}

bool dna_observed_next(const struct dna_observed *observed, size_t *cursor,
                       struct dna_session_observed *out)
{
    struct dna_span key;
    void *value;
    const struct entry *entry;
    if (!dna_map_next(observed->entries, cursor, &key, &value)) {
        return false;
    }
    entry = value;
    *out = (struct dna_session_observed){
        .domain = entry->key + 1,
        .role = entry->key[0] == 'i' ? DNA_INITIATING : DNA_RECEIVING,
        .times = entry->times,
        .first_at = entry->first_at,
        .last_at = entry->last_at,
        .ruling = &entry->ruling,
        .accepted_by = entry->accepted_by,
    };
    return true;
}
