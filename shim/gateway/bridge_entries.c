/* gateway/bridge_entries.c: domains, and what is kept of them.
 *
 * There is room for so many, and for so many bytes of evidence.  Who has brought an eighth of
 * that makes room for himself, else the oldest gives way: a peer that proves names without
 * number displaces its own.  What went all the same is heard again when it is needed.
 */
#include "bridge_parts.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 4096
#define BYTES_MAX ((size_t)64 * 1024 * 1024) /* of evidence */
#define SHARE 8 /* of all that is the most that one source has at the cost of others */

struct entry *bridge_find(const struct bridge *bridge, const char *domain)
{
    uint64_t hash = table_hash(&bridge->table, domain, "");
    struct table_node *node = table_slot(&bridge->table, hash);
    while (node != NULL &&
           strcmp(((struct entry *)(void *)node)->domain, domain) != 0) {
        node = node->next;
    }
    return (struct entry *)(void *)node;
}

static void unlink_entry(struct bridge *bridge, struct entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &bridge->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &bridge->newest) = entry->older;
}

static void link_entry(struct bridge *bridge, struct entry *entry)
{
    entry->older = bridge->newest;
    entry->newer = NULL;
    *(entry->older != NULL ? &entry->older->newer : &bridge->oldest) = entry;
    bridge->newest = entry;
}

void bridge_drop_certificate(struct certificate *certificate)
{
    dna_uv_identity_free(certificate->identity);
    certificate->identity = NULL;
}

void bridge_drop_evidence(struct bridge *bridge, struct entry *entry)
{
    bridge->bytes -= entry->len;
    free(entry->bundle);
    entry->bundle = NULL;
    entry->len = 0;
}

void bridge_free_entry(struct bridge *bridge, struct entry *entry)
{
    unlink_entry(bridge, entry);
    table_remove(&bridge->table, &entry->node);
    bridge_drop_evidence(bridge, entry);
    bridge_drop_certificate(&entry->proof);
    bridge_drop_certificate(&entry->errors);
    free(entry);
    bridge->n--;
    bridge->freed++;
}

/* Whether the source has more than its share. */
static bool is_greedy(const struct bridge *bridge, const void *source)
{
    size_t n = 0, bytes = 0;
    for (const struct entry *e = bridge->oldest; source != NULL && e != NULL; e = e->newer) {
        n += e->source == source;
        bytes += e->source == source ? e->len : 0;
    }
    return n >= ENTRIES_MAX / SHARE || bytes >= BYTES_MAX / SHARE;
}

/* Until there is room; spared, and who is waited for, does not go. */
static void make_room(struct bridge *bridge, const void *source, const struct entry *spared,
                      size_t n_max)
{
    bool greedy = (bridge->n > n_max || bridge->bytes > BYTES_MAX) && is_greedy(bridge, source);
    struct entry *next;
    for (struct entry *e = bridge->oldest;
         e != NULL && (bridge->n > n_max || bridge->bytes > BYTES_MAX); e = next) {
        next = e->newer;
        if (e->waiting == NULL && !e->held && e != spared &&
            (!greedy || e->source == source)) {
            bridge_free_entry(bridge, e);
        }
    }
}

struct entry *bridge_find_or_make(struct bridge *bridge, const char *domain,
                                  const void *source)
{
    struct entry *entry = bridge_find(bridge, domain);
    if (entry != NULL) {
        return entry;
    }
    make_room(bridge, source, NULL, ENTRIES_MAX - 1);
    entry = calloc(1, sizeof *entry + strlen(domain) + 1);
    if (entry != NULL) {
        strcpy(entry->domain, domain);
        entry->source = source;
        table_add(&bridge->table, &entry->node, table_hash(&bridge->table, domain, ""));
        link_entry(bridge, entry);
        bridge->n++;
    }
    return entry;
}

void bridge_keep(struct bridge *bridge, struct entry *entry, const void *source,
                 struct dna_span bundle, int64_t until)
{
    char *copy = malloc(bundle.len + 1);
    if (copy == NULL) {
        return;
    }
    memcpy(copy, bundle.ptr, bundle.len);
    bridge_drop_evidence(bridge, entry);
    entry->bundle = copy;
    entry->len = bundle.len;
    entry->proven_until = until;
    entry->source = source;
    bridge->bytes += bundle.len;
    unlink_entry(bridge, entry);
    link_entry(bridge, entry);
    make_room(bridge, source, entry, ENTRIES_MAX);
}
