/* What waits: in order, within bounds, the oldest first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue.h"
#include "table.h"

static struct dna_stanza stanza_of(const char *id, struct dna_span raw)
{
    struct dna_stanza stanza = {.kind = DNA_IQ,
                                .from = dna_span_of("a@x.example/r"),
                                .to = dna_span_of("b@y.example"),
                                .type = dna_span_of("get"),
                                .id = dna_span_of(id),
                                .raw = raw,
                                .splice_at = 3,
                                .splice = dna_span_of(" xml:lang='de'")};
    return stanza;
}

static enum dna_err add(struct queues *all, struct queue *queue, const char *id, int64_t now)
{
    struct dna_stanza stanza = stanza_of(id, dna_span_of("<iq/>"));
    return queue_add(all, queue, &stanza, now);
}

static void take_is(struct queues *all, struct queue *queue, const char *id)
{
    struct waiting *w = queue_take(all, queue);
    assert_non_null(w);
    assert_true(dna_span_is(w->id, id));
    queue_free_waiting(w);
}

static void everything_is_copied(void **state)
{
    struct queues all = {.limits = {10, 10000, 10000, 30}};
    struct queue queue = {0};
    struct dna_stanza out = {0};
    struct waiting *w;
    char raw[] = "<iq/>";
    struct dna_stanza stanza = stanza_of("1", (struct dna_span){raw, 5});
    (void)state;
    assert_int_equal(queue_add(&all, &queue, &stanza, 0), DNA_OK);
    memset(raw, 'x', 5);
    w = queue_take(&all, &queue);
    queue_stanza(w, "x.example", "y.example", &out);
    assert_int_equal(out.kind, DNA_IQ);
    assert_string_equal(out.from_domain.text, "x.example");
    assert_string_equal(out.to_domain.text, "y.example");
    assert_true(dna_span_is(out.from, "a@x.example/r"));
    assert_true(dna_span_is(out.to, "b@y.example"));
    assert_true(dna_span_is(out.type, "get"));
    assert_true(dna_span_is(out.id, "1"));
    assert_true(dna_span_is(out.raw, "<iq/>"));
    assert_true(dna_span_is(out.splice, " xml:lang='de'"));
    assert_int_equal(out.splice_at, 3);
    queue_free_waiting(w);
}

static void an_error_keeps_what_it_answers(void **state)
{
    struct queues all = {.limits = {10, 10000, 10000, 30}};
    struct queue queue = {0};
    struct dna_stanza stanza = stanza_of("7", dna_span_of("<iq/>"));
    struct waiting *w;
    (void)state;
    assert_int_equal(queue_add_error(&all, &queue, &stanza, DNA_STANZA_NOT_ALLOWED, "no", 0),
                     DNA_OK);
    w = queue_take(&all, &queue);
    assert_true(w->is_error);
    assert_int_equal(w->condition, DNA_STANZA_NOT_ALLOWED);
    assert_string_equal(w->text.ptr, "no");
    assert_true(dna_span_is(w->id, "7"));
    assert_int_equal(w->raw.len, 0);
    queue_free_waiting(w);
}

static void in_order_of_arrival(void **state)
{
    struct queues all = {.limits = {10, 10000, 10000, 30}};
    struct queue one = {0}, two = {0};
    (void)state;
    assert_int_equal(add(&all, &one, "1", 0), DNA_OK);
    assert_int_equal(add(&all, &two, "2", 1000), DNA_OK);
    assert_int_equal(add(&all, &one, "3", 2000), DNA_OK);
    assert_int_equal(queue_deadline(&all), 30000);
    assert_null(queue_overdue(&all, 29999));
    assert_ptr_equal(queue_overdue(&all, 30000), &one);
    take_is(&all, &one, "1");
    assert_ptr_equal(queue_overdue(&all, 31000), &two);
    take_is(&all, &one, "3"); /* from the middle of the line */
    take_is(&all, &two, "2");
    assert_int_equal(queue_deadline(&all), DNA_NEVER);
    assert_null(queue_take(&all, &one));
    assert_int_equal(all.n, 0);
    assert_int_equal(all.bytes, 0);
    assert_int_equal(one.bytes, 0);
}

static size_t size_of_one(void)
{
    struct queues all = {.limits = {10, 10000, 10000, 30}};
    struct queue queue = {0};
    size_t bytes;
    assert_int_equal(add(&all, &queue, "1", 0), DNA_OK);
    bytes = queue.bytes;
    take_is(&all, &queue, "1");
    return bytes;
}

static void bounds(void **state)
{
    size_t one = size_of_one();
    const struct {
        struct gateway_queue_config limits;
        unsigned fit; /* of four, in turn in two queues */
    } cases[] = {
        {{10, 100000, 100000, 30}, 4}, {{1, 100000, 100000, 30}, 2},
        {{10, one, 100000, 30}, 2},    {{10, one - 1, 100000, 30}, 0},
        {{10, 100000, 3 * one, 30}, 3}, {{10, 100000, 3 * one - 1, 30}, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct queues all = {.limits = cases[i].limits};
        struct queue queues[2] = {{0}, {0}};
        unsigned fit = 0;
        for (unsigned j = 0; j < 4; j++) {
            enum dna_err err = add(&all, &queues[j % 2], "1", 0);
            assert_true(err == DNA_OK || err == DNA_ERR_LIMIT);
            fit += err == DNA_OK;
        }
        assert_int_equal(fit, cases[i].fit);
        assert_int_equal(all.n, fit);
        while (queues[0].n + queues[1].n > 0) {
            take_is(&all, queues[0].n > 0 ? &queues[0] : &queues[1], "1");
        }
    }
}

static enum dna_err add_error(struct queues *all, struct queue *queue)
{
    struct dna_stanza stanza = stanza_of("1", dna_span_of("<iq/>"));
    return queue_add_error(all, queue, &stanza, DNA_STANZA_NOT_ALLOWED, "no", 0);
}

/* As many as one broken connection gives back, and not one more. */
static void errors_have_room_of_their_own(void **state)
{
    struct queues all = {.limits = {1, 1 << 20, 1 << 30, 30}};
    struct queue queue = {0};
    (void)state;
    assert_int_equal(add(&all, &queue, "1", 0), DNA_OK);
    assert_int_equal(add(&all, &queue, "1", 0), DNA_ERR_LIMIT);
    for (unsigned i = 0; i < QUEUE_RETURNS; i++) {
        assert_int_equal(add_error(&all, &queue), DNA_OK);
    }
    assert_int_equal(add_error(&all, &queue), DNA_ERR_LIMIT);
    assert_true(queue.bytes < QUEUE_RETURNS_BYTES);
    all.limits.pair_stanzas = 2;
    all.limits.pair_bytes = 1;
    queue.bytes += QUEUE_RETURNS_BYTES - queue.bytes; /* as of longer addresses */
    assert_int_equal(add_error(&all, &queue), DNA_ERR_LIMIT);
    all.limits.total_bytes = all.bytes;
    all.limits.pair_bytes = 1 << 20;
    assert_int_equal(add_error(&all, &queue), DNA_ERR_LIMIT);
    all.limits.total_bytes++;
    assert_int_equal(add_error(&all, &queue), DNA_ERR_LIMIT);
    all.limits.total_bytes += 1000;
    assert_int_equal(add_error(&all, &queue), DNA_OK);
    while (queue.n > 0) {
        take_is(&all, &queue, "1");
    }
}

/* --- the table of pairs ------------------------------------------------------------- */

struct record {
    struct table_node node;
    unsigned number;
};

static struct record *look_up(const struct table *table, const char *one, const char *other)
{
    uint64_t hash = table_hash(table, one, other);
    struct table_node *n = table_slot(table, hash);
    while (n != NULL && n->hash != hash) {
        n = n->next;
    }
    return (struct record *)(void *)n;
}

static void a_table_of_many(void **state)
{
    static struct record records[5000];
    const uint64_t key[2] = {3, 4};
    struct table table;
    char name[32];
    size_t longest = 0;
    (void)state;
    assert_true(table_init(&table, key));
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "c%u.example", i);
        assert_null(look_up(&table, name, "r.example"));
        records[i].number = i;
        table_add(&table, &records[i].node, table_hash(&table, name, "r.example"));
    }
    for (unsigned i = 0; i < 5000; i += 2) {
        table_remove(&table, &records[i].node);
    }
    for (unsigned i = 0; i < 5000; i++) {
        (void)snprintf(name, sizeof name, "c%u.example", i);
        if (i % 2 == 0) {
            assert_null(look_up(&table, name, "r.example"));
        } else {
            assert_int_equal(look_up(&table, name, "r.example")->number, i);
        }
    }
    for (size_t i = 0; i < table.n_slots; i++) {
        size_t length = 0;
        for (struct table_node *n = table.slots[i]; n != NULL; n = n->next) {
            length++;
        }
        longest = length > longest ? length : longest;
    }
    assert_true(longest < 12);
    for (unsigned i = 0; i < 2500; i++) {
        assert_non_null(table_take(&table));
    }
    assert_null(table_take(&table));
    table_fini(&table);
}

static void names_do_not_run_into_each_other(void **state)
{
    const uint64_t key[2] = {3, 4}, other_key[2] = {3, 5};
    struct table table, other;
    (void)state;
    assert_true(table_init(&table, key));
    assert_true(table_init(&other, other_key));
    assert_true(table_hash(&table, "ab", "c") != table_hash(&table, "a", "bc"));
    assert_true(table_hash(&table, "a", "b") != table_hash(&table, "b", "a"));
    assert_true(table_hash(&table, "a", "b") != table_hash(&other, "a", "b"));
    table_fini(&table);
    table_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_copied),
        cmocka_unit_test(an_error_keeps_what_it_answers),
        cmocka_unit_test(in_order_of_arrival),
        cmocka_unit_test(bounds),
        cmocka_unit_test(errors_have_room_of_their_own),
        cmocka_unit_test(a_table_of_many),
        cmocka_unit_test(names_do_not_run_into_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
