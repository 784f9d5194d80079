/* SRV records: wire form, priorities and weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mod_dna/dns.h>

#define RDATA(name) "\0\x0a\0\x05\x14\x95" name

static const struct {
    const char *bytes;
    size_t len;
    const char *target; /* NULL: refused */
} records[] = {
    {RDATA("\4xmpp\7example\0"), 20, "xmpp.example"},
    {RDATA("\4XMPP\7Example\0"), 20, "xmpp.example"},
    {RDATA("\0"), 7, "."},
    {RDATA(""), 6, NULL},
    {RDATA("\4xmpp\7example\0x"), 21, NULL},   /* trailing byte */
    {RDATA("\4xmpp\7example"), 19, NULL},      /* no root */
    {RDATA("\4xmpp\x3f" "example\0"), 20, NULL},
    {RDATA("\xc0\x0c"), 8, NULL},              /* compressed */
    {RDATA("\4x.pp\7example\0"), 20, NULL},    /* a dot inside a label */
    {RDATA("\4x\0pp\7example\0"), 20, NULL},
    {RDATA("\4x pp\7example\0"), 20, NULL},
    {RDATA("\4x\xc3\xbc" "p\7example\0"), 20, NULL}, /* what IDNA would map */
    {RDATA("\1" "1\1" "2\1" "3\1" "4\0"), 15, NULL}, /* an address */
};

static void reads_wire_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct dna_srv srv;
        enum dna_err err =
            dna_srv_parse((struct dna_span){records[i].bytes, records[i].len}, &srv);
        if ((err == DNA_OK) != (records[i].target != NULL)) {
            fail_msg("record %zu: %s", i, dna_err_name(err));
        }
        if (err == DNA_OK) {
            assert_string_equal(srv.target.text, records[i].target);
            assert_int_equal(srv.priority, 10);
            assert_int_equal(srv.weight, 5);
            assert_int_equal(srv.port, 5269);
        }
    }
}

static struct dna_srv record(uint16_t priority, uint16_t weight, uint16_t port)
{
    return (struct dna_srv){.priority = priority, .weight = weight, .port = port};
}

static void lower_priority_first(void **state)
{
    struct dna_srv set[] = {record(20, 0, 3), record(10, 5, 1), record(30, 9, 4),
                            record(10, 0, 2)};
    const uint32_t low[4] = {0, 0, 0, 0}, high[4] = {~0u, ~0u, ~0u, ~0u};
    (void)state;
    dna_srv_order(set, 4, low);
    assert_int_equal(set[0].port, 2); /* the sum 0 is reached by the weight-0 record */
    assert_int_equal(set[1].port, 1);
    assert_int_equal(set[2].port, 3);
    assert_int_equal(set[3].port, 4);
    dna_srv_order(set, 4, high);
    assert_int_equal(set[0].port, 1);
    assert_int_equal(set[1].port, 2);
    dna_srv_order(set, 0, NULL);
}

static void weights_are_shares(void **state)
{
    unsigned first[3] = {0};
    (void)state;
    for (uint32_t i = 0; i < 10000; i++) {
        struct dna_srv set[] = {record(1, 10, 0), record(1, 30, 1), record(1, 60, 2)};
        const uint32_t random[3] = {i * 429496u, i * 2654435761u, 0};
        dna_srv_order(set, 3, random);
        first[set[0].port]++;
        assert_int_equal(set[0].port + set[1].port + set[2].port, 3);
    }
    assert_in_range(first[0], 900, 1200);
    assert_in_range(first[1], 2850, 3150);
    assert_in_range(first[2], 5750, 6150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_wire_form),
        cmocka_unit_test(lower_priority_first),
        cmocka_unit_test(weights_are_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
