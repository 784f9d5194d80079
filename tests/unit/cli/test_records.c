/* records.c: RDATA from anywhere, as zone files write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <cli/records.h>

static struct cli_call call;

static int begin(void **state)
{
    (void)state;
    dna_arena_init(&call.memory, NULL, 64 * 1024 * 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    dna_arena_fini(&call.memory);
    return 0;
}

static const struct {
    uint16_t type;
    const char *hex, *text;
} rows[] = {
    {DNA_DNS_A, "c0000201", "192.0.2.1"},
    {DNA_DNS_A, "c00002", "\\# 3 c00002"},
    {DNA_DNS_A, "20010db8000000000000000000000001", "2001:db8::1"},
    {DNA_DNS_AAAA, "20010db8000000000000000000000001", "2001:db8::1"},
    {DNA_DNS_SRV, "000a000114950161016200", "10 1 5269 a.b."},
    {DNA_DNS_SRV, "00000000000000", "0 0 0 ."},
    {DNA_DNS_SRV, "000a00011495016101", "\\# 9 000a00011495016101"},
    {DNA_DNS_TLSA, "030101aabb", "3 1 1 aabb"},
    {DNA_DNS_TLSA, "030101", "3 1 1 "},
    {DNA_DNS_TLSA, "0301", "\\# 2 0301"},
    {DNA_DNS_TXT, "026869", "\"hi\""},
    {DNA_DNS_TXT, "0161000162", "\"a\" \"\" \"b\""},
    {DNA_DNS_TXT, "04225c1bff", "\"\\\"\\\\\\027\\255\""},
    {DNA_DNS_TXT, "036869", "\\# 3 036869"},
    {DNA_DNS_TXT, "", "\\# 0 "},
    {DNA_DNS_CNAME, "0161016200", "a.b."},
    {DNA_DNS_CNAME, "00", "."},
    {DNA_DNS_CNAME, "032e5c0000", "\\.\\\\\\000."},
    {DNA_DNS_CNAME, "032e5c2200", "\\.\\\\\\\"."},
    {DNA_DNS_CNAME, "03613b1b00", "a\\;\\027."},
    {DNA_DNS_CNAME, "0161", "\\# 2 0161"},
    {DNA_DNS_CNAME, "016100ff", "\\# 4 016100ff"},
    {DNA_DNS_CNAME, "c00c", "\\# 2 c00c"},
    {DNA_DNS_DNSKEY, "0101030dabcdef", "257 3 13 q83v"},
    {DNA_DNS_DNSKEY, "0101", "\\# 2 0101"},
    {65280, "00ff", "\\# 2 00ff"},
};

static void every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char rdata[64];
        size_t len = 0;
        const char *text;
        if (rows[i].hex[0] != '\0') {
            assert_int_equal(
                dna_hex_decode(dna_span_of(rows[i].hex), rdata, sizeof rdata, &len), DNA_OK);
        }
        text = cli_record_text(&call, rows[i].type, (struct dna_span){(char *)rdata, len});
        assert_string_equal(text, rows[i].text);
    }
}

/* Arbitrary octets, in memory of exactly their length, of every type. */
static void any_octets(void **state)
{
    static const uint16_t types[] = {DNA_DNS_A,   DNA_DNS_CNAME, DNA_DNS_TXT,   DNA_DNS_AAAA,
                                     DNA_DNS_SRV, DNA_DNS_TLSA,  DNA_DNS_DNSKEY, 99};
    uint32_t dice = 1;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = (dice = dice * 1664525 + 1013904223) >> 27;
        char *rdata = malloc(len != 0 ? len : 1);
        const char *text;
        assert_non_null(rdata);
        for (size_t i = 0; i < len; i++) {
            dice = dice * 1664525 + 1013904223;
            rdata[i] = (char)((dice >> 30) != 0 ? (dice >> 20) & 7 : dice >> 24);
        }
        text = cli_record_text(&call, types[round % 8], (struct dna_span){rdata, len});
        assert_non_null(text);
        for (; *text != '\0'; text++) {
            assert_in_range(*text, ' ', '~');
        }
        free(rdata);
        dna_arena_reset(&call.memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_form, begin, end),
        cmocka_unit_test_setup_teardown(any_octets, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
