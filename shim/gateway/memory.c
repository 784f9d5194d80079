/* gateway/memory.c: what the store holds, for the operator: a list, and a word that takes
 * things back.
 *
 * The command is a reader of the store like any gateway, beside those that run on it: they
 * hear of its word as of any other entry.
 */
#include "gateway.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST 100000 /* entries; the store itself holds fewer */

struct entry {
    struct dna_learned learned; /* its texts are in here */
    char domain[256];
    char value[];
};

struct entries {
    const char *domain; /* of this one only; NULL: of all */
    struct entry **list;
    size_t n, room;
    bool failed; /* no memory */
};

static bool is_wanted(const struct entries *entries, const struct dna_learned *learned)
{
    static const char policies[] = "xmpp-sts."; /* the host that publishes them */
    const char *domain = learned->domain;
    if (learned->kind == DNA_LEARNED_POLICY &&
        strncmp(domain, policies, sizeof policies - 1) == 0) {
        domain += sizeof policies - 1;
    }
    return entries->domain == NULL || strcmp(domain, entries->domain) == 0;
}

static bool is_same(const struct dna_learned *one, const struct dna_learned *other)
{
    return one->kind == other->kind && strcmp(one->domain, other->domain) == 0 &&
           memcmp(one->id, other->id, sizeof one->id) == 0;
}

static struct entry *copy(const struct dna_learned *learned)
{
    struct entry *entry = malloc(sizeof *entry + learned->value.len + 1);
    if (entry == NULL) {
        return NULL;
    }
    entry->learned = *learned;
    (void)snprintf(entry->domain, sizeof entry->domain, "%s", learned->domain);
    entry->learned.domain = entry->domain;
    if (learned->value.len != 0) {
        memcpy(entry->value, learned->value.ptr, learned->value.len);
    }
    entry->learned.value.ptr = entry->value;
    return entry;
}

static bool make_room(struct entries *entries)
{
    size_t room = entries->room == 0 ? 64 : 2 * entries->room;
    struct entry **list;
    if (entries->n < entries->room) {
        return true;
    }
    list = entries->n < MOST ? realloc(entries->list, room * sizeof(struct entry *)) : NULL;
    if (list == NULL) {
        return false;
    }
    entries->list = list;
    entries->room = room;
    return true;
}

static void found(void *arg, const struct dna_learned *learned)
{
    struct entries *entries = arg;
    struct entry *entry;
    if (!is_wanted(entries, learned)) {
        return;
    }
    if (!make_room(entries) || (entry = copy(learned)) == NULL) {
        entries->failed = true;
        return;
    }
    entries->list[entries->n++] = entry;
}

static void free_entries(const struct entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        free(entries->list[i]);
    }
    free(entries->list);
}

/* By domain, then by kind, then the ones that were learned later first. */
static int compare(const void *a, const void *b)
{
    const struct dna_learned *one = &(*(struct entry *const *)a)->learned;
    const struct dna_learned *other = &(*(struct entry *const *)b)->learned;
    int order = strcmp(one->domain, other->domain);
    order = order != 0 ? order : (int)one->kind - (int)other->kind;
    order = order != 0 ? order : memcmp(one->id, other->id, sizeof one->id);
    return order != 0 ? order
                      : (other->learned_at > one->learned_at) -
                            (other->learned_at < one->learned_at);
}

/* Sorts them; of what was found more than once while others wrote, the latest remains, and
 * nothing of what is gone or was taken back. */
static void tidy(struct entries *entries, const struct dna_session *session)
{
    size_t kept = 0;
    if (entries->n != 0) {
        qsort(entries->list, entries->n, sizeof(struct entry *), compare);
    }
    for (size_t i = 0; i < entries->n; i++) {
        struct entry *entry = entries->list[i];
        bool again = kept != 0 && is_same(&entries->list[kept - 1]->learned, &entry->learned);
        if (again) {
            free(entry);
        } else {
            entries->list[kept++] = entry;
        }
    }
    entries->n = kept;
    kept = 0;
    for (size_t i = 0; i < entries->n; i++) {
        const struct dna_learned *learned = &entries->list[i]->learned;
        if (learned->gone || dna_session_taken_back(session, learned)) {
            free(entries->list[i]);
        } else {
            entries->list[kept++] = entries->list[i];
        }
    }
    entries->n = kept;
}

static void print_time(FILE *out, const char *word, int64_t when)
{
    time_t seconds = (time_t)when;
    struct tm tm;
    char text[40] = "?";
    if (gmtime_r(&seconds, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    fprintf(out, " %s=%s", word, text);
}

/* A peer may have chosen what is in it. */
static void print_text(FILE *out, const char *word, const char *text)
{
    fprintf(out, " %s=\"", word);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c >= 0x7f) {
            fprintf(out, "\\x%02x", c);
        } else if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void print_entry(FILE *out, const struct dna_learned *learned)
{
    struct dna_learned_view view;
    if (dna_learned_view(learned, &view) != DNA_OK) {
        return; /* nothing that a gateway would believe */
    }
    fputs(learned->domain, out);
    switch (learned->kind) {
    case DNA_LEARNED_DOWNGRADE:
        fprintf(out, " no-dialback role=%s",
                view.role == DNA_INITIATING ? "initiating" : "receiving");
        break;
    case DNA_LEARNED_POLICY:
        fprintf(out, " sts-policy mode=%s", learned->pinned ? "enforce" : "other");
        break;
    case DNA_LEARNED_PROOF:
        fprintf(out, " proven prooftype=%s", dna_prooftype_name(view.ruling.prooftype));
        break;
    case DNA_LEARNED_REFUSAL:
        fprintf(out, " refused prooftype=%s code=%s",
                dna_prooftype_name(view.ruling.prooftype), dna_code_name(view.ruling.code));
        break;
    }
    print_time(out, "since", learned->learned_at);
    print_time(out, "until", learned->expires_at);
    if (view.url != NULL) {
        print_text(out, "url", view.url);
        print_text(out, "id", view.policy_id);
    }
    if (view.ruling.why[0] != '\0') {
        print_text(out, "why", view.ruling.why);
    }
    fputc('\n', out);
}

/* False: reason logged. */
static bool read_all(struct gateway *gateway, const struct gateway_config *config,
                     struct entries *entries)
{
    const struct store_reader reader = {found, entries};
    if (config->store.kind == GATEWAY_STORE_NONE) {
        fputs("dna-gateway: there is no store (store.kind is none)\n", stderr);
        return false;
    }
    if (!store_read(gateway, config, &reader)) {
        return false;
    }
    if (entries->failed) {
        fputs("dna-gateway: out of memory\n", stderr);
        return false;
    }
    tidy(entries, dna_uv_session(gateway->uv));
    return true;
}

bool memory_list(struct gateway *gateway, const struct gateway_config *config,
                 const char *domain, FILE *out)
{
    struct entries entries = {.domain = domain};
    bool fine = read_all(gateway, config, &entries);
    for (size_t i = 0; fine && i < entries.n; i++) {
        print_entry(out, &entries.list[i]->learned);
    }
    free_entries(&entries);
    return fine && fflush(out) == 0;
}

bool memory_clear(struct gateway *gateway, const struct gateway_config *config,
                  const char *domain, FILE *out)
{
    struct entries entries = {.domain = domain};
    bool fine = read_all(gateway, config, &entries);
    if (fine) { /* also what a gateway could not write, or is put back later */
        fine = dna_uv_store_forget(gateway->uv, domain) == DNA_OK;
    }
    for (size_t i = 0; fine && i < entries.n; i++) {
        fine = dna_uv_store_drop(gateway->uv, &entries.list[i]->learned) == DNA_OK;
        if (fine) {
            print_entry(out, &entries.list[i]->learned);
        }
    }
    if (fine && !store_flush(gateway)) { /* others may write meanwhile, and are heard */
        fine = false;
    }
    free_entries(&entries);
    if (!fine) {
        fputs("dna-gateway: the store could not take it all\n", stderr);
    }
    return fine && fflush(out) == 0;
}
