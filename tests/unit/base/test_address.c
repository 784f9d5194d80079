/* The address guard: both edges of every range, the allow list, our own listeners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/address.h>

static struct dna_address address(const char *text)
{
    struct dna_address out;
    if (dna_address_parse(dna_span_of(text), &out) != DNA_OK) {
        fail_msg("%s does not parse", text);
    }
    return out;
}

static struct dna_prefix prefix(const char *text)
{
    struct dna_prefix out;
    if (dna_prefix_parse(dna_span_of(text), &out) != DNA_OK) {
        fail_msg("%s does not parse", text);
    }
    return out;
}

static const struct {
    const char *text;
    bool global;
} ranges[] = {
    {"0.0.0.0", false},           {"0.255.255.255", false},
    {"1.0.0.0", true},            {"9.255.255.255", true},
    {"10.0.0.0", false},          {"10.255.255.255", false},
    {"11.0.0.0", true},           {"100.63.255.255", true},
    {"100.64.0.0", false},        {"100.127.255.255", false},
    {"100.128.0.0", true},        {"126.255.255.255", true},
    {"127.0.0.0", false},         {"127.0.0.1", false},
    {"127.255.255.255", false},   {"128.0.0.0", true},
    {"169.253.255.255", true},    {"169.254.0.0", false},
    {"169.254.169.254", false},   {"169.254.255.255", false},
    {"169.255.0.0", true},        {"172.15.255.255", true},
    {"172.16.0.0", false},        {"172.31.255.255", false},
    {"172.32.0.0", true},         {"191.255.255.255", true},
    {"192.0.0.0", false},         {"192.0.0.255", false},
    {"192.0.1.255", true},        {"192.0.2.0", false},
    {"192.0.2.255", false},       {"192.0.3.0", true},
    {"192.88.98.255", true},      {"192.88.99.0", false},
    {"192.88.99.255", false},     {"192.88.100.0", true},
    {"192.167.255.255", true},    {"192.168.0.0", false},
    {"192.168.255.255", false},   {"192.169.0.0", true},
    {"198.17.255.255", true},     {"198.18.0.0", false},
    {"198.19.255.255", false},    {"198.20.0.0", true},
    {"198.51.99.255", true},      {"198.51.100.0", false},
    {"198.51.100.255", false},    {"198.51.101.0", true},
    {"203.0.112.255", true},      {"203.0.113.0", false},
    {"203.0.113.255", false},     {"203.0.114.0", true},
    {"223.255.255.255", true},    {"224.0.0.0", false},
    {"239.255.255.255", false},   {"240.0.0.0", false},
    {"255.255.255.255", false},
    /* only 2000::/3 */
    {"::", false},                {"::1", false},
    {"::8.8.8.8", false},         {"::ffff:127.0.0.1", false},
    {"::ffff:8.8.8.8", false},    {"64:ff9b::8.8.8.8", false},
    {"64:ff9b::10.0.0.1", false}, {"64:ff9b:1::", false},
    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", false},
    {"100::", false},             {"100::ffff:ffff:ffff:ffff", false},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2000::", true},             {"2000:ffff::", true},
    {"2001::", false},            {"2001:0:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:1::", true},           {"2001:db7:ffff::", true},
    {"2001:db8::", false},        {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"2001:db9::", true},         {"2001:ffff::", true},
    {"2002:7f00:1::", false},     {"2002:a00:1::", false},
    {"2002:c0a8:101::1", false},  {"2002:e000::", false},
    {"2002:808:808::1", true},    {"2003::", true},
    {"2a00:1450:4001::", true},   {"3ffe:ffff::", true},
    {"3fff::", false},            {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    {"3fff:1000::", true},        {"4000::", false},
    {"fbff::", false},            {"fc00::", false},
    {"fdff:ffff::", false},       {"fe00::", false},
    {"fe80::1", false},           {"febf::", false},
    {"fec0::", false},            {"feff::", false},
    {"ff00::", false},            {"ffff::", false},
};

static void test_each_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct dna_address a = address(ranges[i].text);
        struct dna_address_guard guard = {0};
        const char *why = NULL;
        if (dna_address_global(&a) != ranges[i].global ||
            dna_address_admitted(&guard, &a, 443, &why) != ranges[i].global) {
            fail_msg("%s is misjudged", ranges[i].text);
        }
        assert_true(ranges[i].global == (why == NULL));
    }
}

/* What some parsers take for an address, and ours does not. */
static void test_odd_spellings(void **state)
{
    static const char *const odd[] = {
        "",          "127.1",      "0x7f.0.0.1", "0177.0.0.1", "2130706433", "127.0.0.1.",
        "127.0.0.01", "127.0.0.256", " 127.0.0.1", "127.0.0.1 ", "1.2.3.4/8",  "[::1]",
        "::1%lo",    "1::2::3",    "12345::",    ":::",        "localhost",
        "\xef\xbc\x91.2.3.4",
    };
    struct dna_address out;
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        if (dna_address_parse(dna_span_of(odd[i]), &out) != DNA_ERR_FORMAT) {
            fail_msg("\"%s\" parses", odd[i]);
        }
    }
    assert_int_equal(dna_address_parse((struct dna_span){"1.2.3.4\0", 8}, &out),
                     DNA_ERR_FORMAT);
}

static void test_octets_and_text(void **state)
{
    static const char v4[4] = {(char)192, 0, 2, 7};
    struct dna_address out;
    char text[DNA_ADDRESS_TEXT];
    (void)state;
    assert_int_equal(dna_address_of_octets((struct dna_span){v4, 4}, &out), DNA_OK);
    dna_address_text(&out, text);
    assert_string_equal(text, "192.0.2.7");
    assert_int_equal(dna_address_of_octets((struct dna_span){v4, 3}, &out), DNA_ERR_FORMAT);
    out = address("2001:DB8:0:0::1");
    dna_address_text(&out, text);
    assert_string_equal(text, "2001:db8::1");
    assert_int_equal(
        dna_address_of_octets((struct dna_span){(const char *)out.bytes, 16}, &out), DNA_OK);
    dna_address_text(&out, text);
    assert_string_equal(text, "2001:db8::1");
}

static void test_prefixes(void **state)
{
    static const char *const bad[] = {"",          "10.0.0.0/",   "10.0.0.0/33",
                                      "10.0.0.0/08", "10.0.0.1/8", "fd00::/129",
                                      "fd00::1/64", "10.0.0.0/-1", "10.0.0.0/8/8",
                                      "10/8",      "10.0.0.0/1000"};
    struct dna_prefix p;
    struct dna_address a;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (dna_prefix_parse(dna_span_of(bad[i]), &p) != DNA_ERR_FORMAT) {
            fail_msg("\"%s\" parses", bad[i]);
        }
    }
    p = prefix("10.32.0.0/11");
    a = address("10.63.255.255");
    assert_true(dna_prefix_holds(&p, &a));
    a = address("10.64.0.0");
    assert_false(dna_prefix_holds(&p, &a));
    a = address("::ffff:10.32.0.0");
    assert_false(dna_prefix_holds(&p, &a));
    p = prefix("::/0");
    assert_true(dna_prefix_holds(&p, &a));
    p = prefix("192.0.2.1");
    assert_int_equal(p.bits, 32);
    a = address("192.0.2.1");
    assert_true(dna_prefix_holds(&p, &a));
}

static bool admitted(const struct dna_address_guard *guard, const char *text, uint16_t port)
{
    const char *why = NULL;
    struct dna_address a = address(text);
    return dna_address_admitted(guard, &a, port, &why);
}

static void test_ports(void **state)
{
    static const char *const bad[] = {"", "0", "00000", "65536", "99999", "000001", "-1", "+1",
                                      " 1", "1 ", "1a", "0x1"};
    uint16_t port;
    (void)state;
    assert_true(dna_port_parse(dna_span_of("1"), &port));
    assert_int_equal(port, 1);
    assert_true(dna_port_parse(dna_span_of("05269"), &port));
    assert_int_equal(port, 5269);
    assert_true(dna_port_parse(dna_span_of("65535"), &port));
    assert_int_equal(port, 65535);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(dna_port_parse(dna_span_of(bad[i]), &port));
    }
}

static void test_allowed_and_own(void **state)
{
    struct dna_prefix allowed[] = {prefix("127.0.0.0/8"), prefix("fd00::/8")};
    struct dna_endpoint own[] = {
        {address("127.0.2.1"), 5269},
        {address("8.8.4.4"), 0},
    };
    struct dna_address_guard guard = {allowed, 2, own, 2};
    (void)state;
    assert_true(admitted(&guard, "127.0.0.1", 5269));
    assert_true(admitted(&guard, "fd12::1", 5269));
    assert_false(admitted(&guard, "10.0.0.1", 5269));
    assert_false(admitted(&guard, "::1", 5269));
    assert_false(admitted(&guard, "::ffff:127.0.0.1", 5269));
    assert_true(admitted(&guard, "127.0.2.1", 443));
    assert_false(admitted(&guard, "127.0.2.1", 5269));
    assert_false(admitted(&guard, "8.8.4.4", 1));
    assert_false(admitted(&guard, "2002:808:404::1", 443));
    assert_true(admitted(&guard, "2002:808:808::1", 443));
    assert_false(admitted(&guard, "8.8.8.8", 0));
}

/* An allow list that holds mapped addresses does not open the way to ourselves. */
static void test_own_in_disguise(void **state)
{
    struct dna_prefix allowed[] = {prefix("::ffff:0:0/96"), prefix("64:ff9b::/96")};
    struct dna_endpoint own[] = {{address("192.0.2.9"), 5269}};
    struct dna_address_guard guard = {allowed, 2, own, 1};
    (void)state;
    assert_true(admitted(&guard, "::ffff:192.0.2.8", 5269));
    assert_false(admitted(&guard, "::ffff:192.0.2.9", 5269));
    assert_false(admitted(&guard, "64:ff9b::192.0.2.9", 5269));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_range),      cmocka_unit_test(test_odd_spellings),
        cmocka_unit_test(test_octets_and_text), cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_allowed_and_own), cmocka_unit_test(test_own_in_disguise),
        cmocka_unit_test(test_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
