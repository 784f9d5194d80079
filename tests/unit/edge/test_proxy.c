/* Headers of the PROXY protocol: every field, every length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <edge/proxy.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define SPAN(text) ((struct dna_span){text, sizeof(text) - 1})
#define V4 SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\2\x12\x34\x14\x95"
#define V6                                                                                  \
    SIGNATURE "\x21\x21\0\x24\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"                         \
              "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x12\x34\x14\x95"

static void expect_text(const struct dna_endpoint *endpoint, const char *address, uint16_t port)
{
    char text[DNA_ADDRESS_TEXT];
    dna_address_text(&endpoint->address, text);
    assert_string_equal(text, address);
    assert_int_equal(endpoint->port, port);
}

static void both_families_are_read(void **state)
{
    struct dna_proxy_header header;
    (void)state;
    assert_int_equal(dna_proxy_read(SPAN(V4 "<?xml"), &header), DNA_PROXY_TAKEN);
    assert_int_equal(header.used, 28);
    expect_text(&header.source, "192.0.2.1", 0x1234);
    expect_text(&header.destination, "198.51.100.2", 5269);
    assert_int_equal(dna_proxy_read(SPAN(V6), &header), DNA_PROXY_TAKEN);
    assert_int_equal(header.used, 52);
    expect_text(&header.source, "2001:db8::1", 0x1234);
    expect_text(&header.destination, "2001:db8::2", 5269);
}

static void mapped_addresses_are_ipv4(void **state)
{
    struct dna_proxy_header header;
    (void)state;
    assert_int_equal(dna_proxy_read(SPAN(SIGNATURE "\x21\x21\0\x24"
                                                   "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"
                                                   "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\2"
                                                   "\x12\x34\x14\x95"),
                                    &header),
                     DNA_PROXY_TAKEN);
    expect_text(&header.source, "192.0.2.1", 0x1234);
}

static void no_prefix_of_a_header_is_one(void **state)
{
    struct dna_proxy_header header;
    (void)state;
    for (size_t len = 0; len < sizeof V6 - 1; len++) {
        /* A block of its own, so that a sanitizer sees what is read beyond. */
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, V6, len);
        assert_int_equal(dna_proxy_read((struct dna_span){copy, len}, &header),
                         DNA_PROXY_MORE);
        free(copy);
    }
}

static void more_fields_are_skipped(void **state)
{
    struct dna_proxy_header header;
    (void)state;
    assert_int_equal(dna_proxy_read(SPAN(SIGNATURE "\x21\x11\0\x0f\xc0\0\2\1\xc6\x33\x64\2"
                                                   "\x12\x34\x14\x95" "\4\0\0"),
                                    &header),
                     DNA_PROXY_TAKEN);
    assert_int_equal(header.used, 31);
    expect_text(&header.source, "192.0.2.1", 0x1234);
}

static void a_health_check_is_the_balancers_own(void **state)
{
    struct dna_proxy_header header;
    (void)state;
    assert_int_equal(dna_proxy_read(SPAN(SIGNATURE "\x20\0\0\0"), &header), DNA_PROXY_OWN);
    assert_int_equal(header.used, 16);
    assert_int_equal(dna_proxy_read(SPAN(SIGNATURE "\x20\x11\0\3abc"), &header),
                     DNA_PROXY_OWN);
    assert_int_equal(header.used, 19);
    assert_int_equal(dna_proxy_read(SPAN(SIGNATURE "\x21\0\0\0"), &header), DNA_PROXY_OWN);
}

static void anything_else_is_refused(void **state)
{
    static const struct dna_span wrong[] = {
        {"<?xml version='1.0'?>", 21},
        {"PROXY TCP4 192.0.2.1 198.51.100.2 4660 5269\r\n", 45},
        {"\r\n\r\n\1", 5},
        {SIGNATURE "\x11\x11\0\x0c", 16},     /* version 1 */
        {SIGNATURE "\x22\x11\0\x0c", 16},     /* no such command */
        {SIGNATURE "\x21\x12\0\0", 16},       /* UDP */
        {SIGNATURE "\x21\x31\0\0", 16},       /* a Unix socket */
        {SIGNATURE "\x21\x11\0\x0b" "12345678901", 27},
        {SIGNATURE "\x21\x21\0\x0c" "123456789012", 28},
        {SIGNATURE "\x21\x11\xff\xff", 16},   /* longer than anybody's */
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct dna_proxy_header header;
        print_message("%zu\n", i);
        assert_int_equal(dna_proxy_read(wrong[i], &header), DNA_PROXY_BAD);
        assert_string_not_equal(header.why, "");
    }
}

static struct dna_endpoint endpoint(const char *address, uint16_t port)
{
    struct dna_endpoint it = {.port = port};
    assert_int_equal(dna_address_parse(dna_span_of(address), &it.address), DNA_OK);
    return it;
}

static void what_we_write_is_what_others_read(void **state)
{
    const struct dna_endpoint v4 = endpoint("192.0.2.1", 0x1234);
    const struct dna_endpoint v4to = endpoint("198.51.100.2", 5269);
    const struct dna_endpoint v6 = endpoint("2001:db8::1", 0x1234);
    const struct dna_endpoint v6to = endpoint("2001:db8::2", 5269);
    struct dna_proxy_header header;
    char out[DNA_PROXY_WRITTEN];
    size_t n;
    (void)state;
    assert_int_equal(dna_proxy_write(&v4, &v4to, out), 28);
    assert_memory_equal(out, V4, 28);
    assert_int_equal(dna_proxy_write(&v6, &v6to, out), 52);
    assert_memory_equal(out, V6, 52);
    n = dna_proxy_write_own(out);
    assert_int_equal(dna_proxy_read((struct dna_span){out, n}, &header), DNA_PROXY_OWN);
    assert_int_equal(header.used, n);
    n = dna_proxy_write(&v6, &v4to, out);
    assert_int_equal(n, 52);
    assert_int_equal(dna_proxy_read((struct dna_span){out, n}, &header), DNA_PROXY_TAKEN);
    expect_text(&header.source, "2001:db8::1", 0x1234);
    expect_text(&header.destination, "198.51.100.2", 5269);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_are_read),
        cmocka_unit_test(mapped_addresses_are_ipv4),
        cmocka_unit_test(no_prefix_of_a_header_is_one),
        cmocka_unit_test(more_fields_are_skipped),
        cmocka_unit_test(a_health_check_is_the_balancers_own),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(what_we_write_is_what_others_read),
    };
    return cmocka_run_group_tests_name("edge/proxy", tests, NULL, NULL);
}
