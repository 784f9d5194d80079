/* URLs that are fetched: what they name, and every spelling that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <https/https.h>

static const uint16_t more_ports[] = {0, 9443};

static enum dna_err parse(const char *url, struct dna_url *out)
{
    const char *why = NULL;
    enum dna_err err = dna_url_parse(url, more_ports, 2, out, &why);
    assert_non_null(why);
    assert_true((err == DNA_OK) == (why[0] == '\0'));
    return err;
}

static void admitted_urls(void **state)
{
    static const struct {
        const char *url;
        const char *host;
        uint16_t port;
        bool tls;
    } cases[] = {
        {"https://example.com/", "example.com", 443, true},
        {"https://example.com", "example.com", 443, true},
        {"http://example.com/a", "example.com", 80, false},
        {"HTTPS://EXAMPLE.com/.well-known/posh/xmpp-server.json", "example.com", 443, true},
        {"https://example.com:443/", "example.com", 443, true},
        {"https://example.com:/", "example.com", 443, true},
        {"https://example.com:8443/a?b=c%20d", "example.com", 8443, true},
        {"http://example.com:5280/", "example.com", 5280, false},
        {"http://example.com:5281/", "example.com", 5281, false},
        {"http://example.com:8080/", "example.com", 8080, false},
        {"https://example.com:80/", "example.com", 80, true},
        {"https://example.com:9443/", "example.com", 9443, true},
        {"https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, true},
        {"https://1.2.3.example/", "1.2.3.example", 443, true},
        {"https://0x7f.example/", "0x7f.example", 443, true},
        {"https://example.com/@:[]", "example.com", 443, true},
        {"https://example.com?user@host", "example.com", 443, true},
        {"https://a.1x/", "a.1x", 443, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_url url;
        assert_int_equal(parse(cases[i].url, &url), DNA_OK);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.tls, cases[i].tls);
    }
}

static void refused_urls(void **state)
{
    static const char *const cases[] = {
        "", "/", "example.com", "//example.com/", "https:", "https:/example.com/",
        "https:///example.com/", "https://", "https:///", "https://?a", "https://:443/",
        /* other schemes */
        "ftp://example.com/", "file:///etc/passwd", "file://example.com/etc/passwd",
        "gopher://example.com:80/", "dict://example.com:80/", "ws://example.com/",
        "httpss://example.com/", " https://example.com/", "javascript://example.com/",
        /* userinfo */
        "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
        "https://:@example.com/", "https://good.example@example.com/",
        "https://example.com:80@evil.example/", "https://a@b@example.com/",
        /* fragment */
        "https://example.com/#a", "https://example.com/#", "https://example.com#@evil.example/",
        /* addresses in any spelling */
        "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://0177.0.0.1/",
        "https://2130706433/", "https://0x7f000001/", "https://0x7F000001/",
        "https://017700000001/", "https://127.0.0.1./", "https://127.0.0x1/",
        "https://example.0x7f/", "https://example.1/", "https://example.0x/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1%25eth0]/",
        "https://[v1.a]/", "https://[]/", "https://::1/", "https://0/", "https://1.2.3.4.5/",
        "https://10.0.0.1:8080/", "https://192.0.2.1/", "https://%31%32%37.0.0.1/",
        /* not a domain */
        "https://localhost/", "https://example/", "https://example.com./", "https://.example.com/",
        "https://a..example/", "https://-a.example/", "https://a-.example/",
        "https://a_b.example/", "https://ex*mple.com/", ("https://b\xc3\xbc" "cher.example/"),
        "https://example%2ecom/", "https://example.com%00.evil.example/",
        "https://example.com%2f@evil.example/",
        /* characters */
        "https://example.com/a b", "https://example.com/\t", "https://example.com/\r\nX: y",
        "https://example.com/\x7f", "https://example.com/\xe2\x80\x8b", "https://example.com\\a",
        "https://example.com/\\..", "https://exa\nmple.com/",
        /* ports */
        "https://example.com:0/", "https://example.com:25/", "https://example.com:22/",
        "https://example.com:65536/", "https://example.com:65979/", "https://example.com:-1/",
        "https://example.com:+443/", "https://example.com:443a/", "https://example.com:0x1bb/",
        "https://example.com:4430/", "https://example.com:443:443/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_url url = {.host = "untouched"};
        if (parse(cases[i], &url) != DNA_ERR_FORMAT) {
            fail_msg("admitted: %s", cases[i]);
        }
        assert_string_equal(url.host, "untouched");
    }
}

static void length_is_limited(void **state)
{
    char url[DNA_LIMIT_URL + 2] = "https://example.com/";
    struct dna_url out;
    (void)state;
    memset(url + strlen(url), 'a', sizeof url - 1 - strlen(url));
    url[DNA_LIMIT_URL] = '\0';
    assert_int_equal(parse(url, &out), DNA_OK);
    url[DNA_LIMIT_URL] = 'a';
    url[DNA_LIMIT_URL + 1] = '\0';
    assert_int_equal(parse(url, &out), DNA_ERR_FORMAT);
}

static void hosts_are_limited(void **state)
{
    char label[65], url[300];
    struct dna_url out;
    (void)state;
    memset(label, 'a', sizeof label);
    (void)snprintf(url, sizeof url, "https://%.63s.example/", label);
    assert_int_equal(parse(url, &out), DNA_OK);
    (void)snprintf(url, sizeof url, "https://%.64s.example/", label);
    assert_int_equal(parse(url, &out), DNA_ERR_FORMAT);
    (void)snprintf(url, sizeof url, "https://%.63s.%.63s.%.63s.%.61s/", label, label, label,
                   label);
    assert_int_equal(parse(url, &out), DNA_OK);
    (void)snprintf(url, sizeof url, "https://%.63s.%.63s.%.63s.%.62s/", label, label, label,
                   label);
    assert_int_equal(parse(url, &out), DNA_ERR_FORMAT);
}

static void further_ports_are_the_callers(void **state)
{
    const char *why;
    struct dna_url out;
    (void)state;
    assert_int_equal(dna_url_parse("https://example.com:9443/", NULL, 0, &out, &why),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_url_parse("https://example.com:8443/", NULL, 0, &out, &why), DNA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admitted_urls),
        cmocka_unit_test(refused_urls),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(hosts_are_limited),
        cmocka_unit_test(further_ports_are_the_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
