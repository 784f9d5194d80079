/* Configured name servers, and which of them are on this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <resolver/server.h>

static void addresses_and_ports(void **state)
{
    static const struct {
        const char *text;
        bool good;
        unsigned port;
        bool loopback;
    } cases[] = {
        {"192.0.2.1", true, 53, false},   {"192.0.2.1@5353", true, 5353, false},
        {"127.0.0.1", true, 53, true},    {"127.200.3.4@65535", true, 65535, true},
        {"::1", true, 53, true},          {"::1@53", true, 53, true},
        {"2001:db8::1", true, 53, false}, {"::2", true, 53, false},
        {"", false, 0, false},            {"@53", false, 0, false},
        {"192.0.2.1@", false, 0, false},  {"192.0.2.1@0", false, 0, false},
        {"192.0.2.1@65536", false, 0, false}, {"192.0.2.1@53@54", false, 0, false},
        {"192.0.2.1@+53", false, 0, false}, {"192.0.2.1 ", false, 0, false},
        {"192.0.2.1#53", false, 0, false}, {"ns.example", false, 0, false},
        {"192.0.2.1@000053", false, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dna_server server;
        enum dna_err err = dna_server_parse(cases[i].text, &server);
        assert_int_equal(err, cases[i].good ? DNA_OK : DNA_ERR_ARGUMENT);
        if (cases[i].good) {
            assert_int_equal(server.port, cases[i].port);
            assert_int_equal(dna_server_is_loopback(&server.address), cases[i].loopback);
        }
    }
}

static enum dna_err hints(const char *text, size_t len, const struct dna_alloc *alloc,
                          bool *loopback)
{
    char path[] = "/tmp/dna-hints-XXXXXX";
    int fd = mkstemp(path);
    enum dna_err err;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    (void)close(fd);
    err = dna_server_hints_loopback(alloc, path, loopback);
    (void)unlink(path);
    return err;
}

static void hints_that_lead_to_this_machine(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } cases[] = {
        {"", false},
        {". 3600 NS a.\na. 3600 A 198.41.0.4\n", false},
        {". 3600 NS a.\na. 3600 A 198.41.0.4\na. 3600 AAAA 2001:503:ba3e::2:30\n", false},
        {". NS a.\r\na.\tA\t127.0.0.53\r\n", true},
        {". NS a.\na. A 198.41.0.4\na. AAAA ::1", true},
        {"a. ( 127.0.0.1 )", true},
        {"127.0.0.1.example. A 192.0.2.1\n", false},
    };
    bool loopback;
    char *large = calloc(1, DNA_LIMIT_HINTS + 1);
    struct failing_alloc f;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        loopback = !cases[i].loopback;
        assert_int_equal(hints(cases[i].text, strlen(cases[i].text), NULL, &loopback),
                         DNA_OK);
        assert_int_equal(loopback, cases[i].loopback);
    }
    assert_non_null(large);
    memset(large, ' ', DNA_LIMIT_HINTS + 1);
    assert_int_equal(hints(large, DNA_LIMIT_HINTS, NULL, &loopback), DNA_OK);
    assert_int_equal(hints(large, DNA_LIMIT_HINTS + 1, NULL, &loopback), DNA_ERR_SYSTEM);
    free(large);
    assert_int_equal(hints("", 0, failing_alloc_init(&f, 0), &loopback), DNA_ERR_MEMORY);
    assert_int_equal(dna_server_hints_loopback(NULL, "/nowhere/hints", &loopback),
                     DNA_ERR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_ports),
        cmocka_unit_test(hints_that_lead_to_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
