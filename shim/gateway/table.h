/* gateway/table.h: a hash table of records that carry their own node.
 *
 * Keys are one or two domain names; peers choose them, hence SipHash under a random key.
 * The table owns nothing: records are compared and freed by whoever put them in.
 */
#ifndef DNA_GATEWAY_TABLE_H
#define DNA_GATEWAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_node {
    struct table_node *next; /* in the same slot */
    uint64_t hash;
};

struct table {
    struct table_node **slots;
    size_t n, n_slots;
    uint64_t key[2];
};

/* False: no memory. */
bool table_init(struct table *table, const uint64_t key[2]);
/* The nodes are left alone. */
void table_fini(struct table *table);
/* The hash of two NUL-terminated names. */
uint64_t table_hash(const struct table *table, const char *one, const char *other);
/* The first node of the slot of hash, or NULL; follow next, and compare hash and record. */
struct table_node *table_slot(const struct table *table, uint64_t hash);
/* Cannot fail: a table that finds no memory to grow gets slower. */
void table_add(struct table *table, struct table_node *node, uint64_t hash);
void table_remove(struct table *table, struct table_node *node);
/* Takes any node out; NULL: none left. */
struct table_node *table_take(struct table *table);

#endif
