/* gateway/table.c: chains in a power of two of slots; SipHash-1-3 over both names, each
 * with its NUL, so that no two pairs of names share their bytes. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_AT_FIRST 64

struct sip {
    uint64_t a, b, c, d;
    uint64_t word; /* collected, lowest byte first */
    unsigned n;    /* bytes seen in all */
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static void turn(struct sip *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static void take_byte(struct sip *s, unsigned char byte)
{
    s->word |= (uint64_t)byte << (8 * (s->n++ % 8));
    if (s->n % 8 == 0) {
        s->d ^= s->word;
        turn(s);
        s->a ^= s->word;
        s->word = 0;
    }
}

static void take_name(struct sip *s, const char *name)
{
    do {
        take_byte(s, (unsigned char)*name);
    } while (*name++ != '\0');
}

uint64_t table_hash(const struct table *table, const char *one, const char *other)
{
    struct sip s = {.a = table->key[0] ^ 0x736f6d6570736575u,
                    .b = table->key[1] ^ 0x646f72616e646f6du,
                    .c = table->key[0] ^ 0x6c7967656e657261u,
                    .d = table->key[1] ^ 0x7465646279746573u};
    take_name(&s, one);
    take_name(&s, other);
    s.word |= (uint64_t)(s.n & 0xff) << 56;
    s.d ^= s.word;
    turn(&s);
    s.a ^= s.word;
    s.c ^= 0xff;
    turn(&s);
    turn(&s);
    turn(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}

bool table_init(struct table *table, const uint64_t key[2])
{
    *table = (struct table){.n_slots = SLOTS_AT_FIRST, .key = {key[0], key[1]}};
    table->slots = calloc(table->n_slots, sizeof(struct table_node *));
    return table->slots != NULL;
}

void table_fini(struct table *table)
{
    free(table->slots);
    table->slots = NULL;
}

struct table_node *table_slot(const struct table *table, uint64_t hash)
{
    return table->slots[hash & (table->n_slots - 1)];
}

static void put(struct table *table, struct table_node *node)
{
    struct table_node **slot = &table->slots[node->hash & (table->n_slots - 1)];
    node->next = *slot;
    *slot = node;
}

static void grow(struct table *table)
{
    struct table old = *table;
    struct table_node **slots = calloc(old.n_slots * 2, sizeof(struct table_node *));
    if (slots == NULL) {
        return;
    }
    table->slots = slots;
    table->n_slots = old.n_slots * 2;
    for (size_t i = 0; i < old.n_slots; i++) {
        struct table_node *node = old.slots[i];
        while (node != NULL) {
            struct table_node *next = node->next;
            put(table, node);
            node = next;
        }
    }
    free(old.slots);
}

void table_add(struct table *table, struct table_node *node, uint64_t hash)
{
    if (table->n >= table->n_slots) {
        grow(table);
    }
    node->hash = hash;
    put(table, node);
    table->n++;
}

void table_remove(struct table *table, struct table_node *node)
{
    struct table_node **at = &table->slots[node->hash & (table->n_slots - 1)];
    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    table->n--;
}

struct table_node *table_take(struct table *table)
{
    for (size_t i = 0; table->n > 0 && i < table->n_slots; i++) {
        struct table_node *node = table->slots[i];
        if (node != NULL) {
            table->slots[i] = node->next;
            table->n--;
            return node;
        }
    }
    return NULL;
}
