/* Counting and keeping what was sent (XEP-0198), by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <s2s/manage.h>

static void send_at(struct dna_manage *m, const char *raw, int64_t now)
{
    const struct dna_stanza stanza = {.kind = DNA_MESSAGE,
                                      .from = dna_span_of("a@s.example"),
                                      .to = dna_span_of("b@t.example/x"),
                                      .type = dna_span_of("chat"),
                                      .id = dna_span_of("7"),
                                      .raw = dna_span_of(raw),
                                      .splice = dna_span_of(" x='y'"),
                                      .splice_at = 2};
    struct dna_kept *kept = dna_manage_copy(m, &stanza, now);
    assert_non_null(kept);
    dna_manage_sent(m, kept);
}

static void send_n(struct dna_manage *m, unsigned n)
{
    char raw[32];
    while (n-- > 0) {
        (void)snprintf(raw, sizeof raw, "<m id='%u'/>", m->sent);
        send_at(m, raw, 0);
    }
}

static void stanza_is_kept_whole(void **state)
{
    struct dna_manage m;
    struct dna_stanza out;
    struct dna_kept *kept;
    (void)state;
    dna_manage_init(&m, NULL);
    send_at(&m, "<message/>", 5);
    kept = dna_kept_take(&m.kept);
    dna_kept_stanza(kept, &out);
    assert_int_equal(out.kind, DNA_MESSAGE);
    assert_string_equal(out.from_domain.text, "s.example");
    assert_string_equal(out.to_domain.text, "t.example");
    assert_true(dna_span_is(out.from, "a@s.example"));
    assert_true(dna_span_is(out.to, "b@t.example/x"));
    assert_true(dna_span_is(out.type, "chat"));
    assert_true(dna_span_is(out.id, "7"));
    assert_true(dna_span_is(out.raw, "<message/>"));
    assert_true(dna_span_is(out.splice, " x='y'"));
    assert_int_equal(out.splice_at, 2);
    assert_int_equal(m.kept.bytes, 0);
    dna_manage_drop(&m, kept);
    dna_manage_clear(&m);
}

/* before: the counter when counting begins; it wraps where it is near the end. */
static void acknowledgements_from(uint32_t before)
{
    static const struct {
        uint32_t h; /* beyond before */
        bool good;
        size_t left;
    } cases[] = {
        {0, true, 10}, {11, false, 10}, {UINT32_MAX, false, 10}, {UINT32_C(0x80000000), false, 10},
        {1, true, 9},  {0, false, 9},   {1, true, 9},            {4, true, 6},
        {3, false, 6}, {10, true, 0},   {10, true, 0},           {9, false, 0},
        {11, false, 0}};
    struct dna_manage m;
    dna_manage_init(&m, NULL);
    m.sent = before;
    send_n(&m, 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(dna_manage_acknowledged(&m, before + cases[i].h), cases[i].good);
        assert_int_equal(m.kept.n, cases[i].left);
    }
    dna_manage_clear(&m);
}

static void acknowledgements(void **state)
{
    (void)state;
    acknowledgements_from(0);
    acknowledgements_from(UINT32_MAX - 4); /* modulo 2^32 */
    acknowledgements_from(UINT32_MAX);
    acknowledgements_from(UINT32_C(0x7ffffffc));
}

static void bounds(void **state)
{
    struct dna_manage m;
    (void)state;
    dna_manage_init(&m, NULL);
    send_n(&m, DNA_LIMIT_UNACKED - 1);
    assert_false(dna_manage_full(&m));
    send_n(&m, 1);
    assert_true(dna_manage_full(&m));
    assert_true(dna_manage_acknowledged(&m, 1));
    assert_false(dna_manage_full(&m));
    dna_manage_clear(&m);
    while (m.kept.bytes < DNA_LIMIT_UNACKED_BYTES) {
        static char raw[100000];
        memset(raw, 'x', sizeof raw - 1);
        assert_false(dna_manage_full(&m));
        send_at(&m, raw, 0);
    }
    assert_true(dna_manage_full(&m));
    dna_manage_clear(&m);
    assert_false(dna_manage_full(&m));
}

static void expect(struct dna_kept_list *list, const char *ids)
{
    struct dna_manage m;
    struct dna_kept *kept;
    dna_manage_init(&m, NULL);
    while ((kept = dna_kept_take(list)) != NULL) {
        assert_int_equal(kept->raw.ptr[7], *ids++);
        dna_manage_drop(&m, kept);
    }
    assert_int_equal(*ids, '\0');
}

/* What was sent last on the old stream goes before what had waited there. */
static void holding(void **state)
{
    struct dna_manage m, moved;
    (void)state;
    dna_manage_init(&m, NULL);
    send_n(&m, 4);
    assert_true(dna_manage_acknowledged(&m, 1));
    dna_manage_hold(&m);
    assert_int_equal(m.sent, 1);
    assert_int_equal(m.kept.n, 0);
    assert_int_equal(m.held.n, 3);
    dna_manage_sent(&m, dna_kept_take(&m.held));
    dna_manage_hold(&m);
    assert_int_equal(m.sent, 1);
    dna_manage_move(&moved, &m);
    assert_int_equal(m.held.n, 0);
    expect(&moved.held, "123");
    dna_manage_clear(&moved);
}

static void age(void **state)
{
    struct dna_manage m;
    (void)state;
    dna_manage_init(&m, NULL);
    send_at(&m, "<m id='0'/>", 0);
    send_at(&m, "<m id='1'/>", 1000);
    dna_manage_age(&m, DNA_LIMIT_RECENT_MS - 1);
    assert_int_equal(m.kept.n, 2);
    dna_manage_age(&m, DNA_LIMIT_RECENT_MS);
    assert_int_equal(m.kept.n, 1);
    for (unsigned i = 0; i < 2 * DNA_LIMIT_RECENT; i++) {
        send_at(&m, "<m id='2'/>", 2000);
        dna_manage_age(&m, 2000);
        assert_true(m.kept.n <= DNA_LIMIT_RECENT && m.kept.bytes <= DNA_LIMIT_RECENT_BYTES);
    }
    dna_manage_clear(&m);
}

static void unsure(void **state)
{
    static const struct {
        size_t unconfirmed;
        int64_t now;
        const char *left;
    } cases[] = {
        /* Each is 17 bytes with its splice; the last was sent at 30000. */
        {0, 30000, "3"},   {0, 100000, ""},    {1, 100000, "3"},   {17, 100000, "3"},
        {18, 100000, "23"}, {68, 100000, "0123"}, {10000, 100000, "0123"}, {0, 20000, "23"},
        {35, 30000, "123"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_manage m;
        dna_manage_init(&m, NULL);
        send_at(&m, "<m id='0'/>", 0);
        send_at(&m, "<m id='1'/>", 1000);
        send_at(&m, "<m id='2'/>", 20000);
        send_at(&m, "<m id='3'/>", 30000);
        dna_manage_unsure(&m, cases[i].unconfirmed, cases[i].now);
        expect(&m.kept, cases[i].left);
        dna_manage_clear(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanza_is_kept_whole), cmocka_unit_test(acknowledgements),
        cmocka_unit_test(bounds),               cmocka_unit_test(holding),
        cmocka_unit_test(age),                  cmocka_unit_test(unsure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
