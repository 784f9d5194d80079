/* Service delegation documents: what is read, what is skipped, what must be nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <json/service_document.h>

#define WEEK 604800

/* One object, and what becomes of it; host NULL: it is skipped. */
static const struct {
    const char *object, *host, *domain;
    unsigned port, priority, weight;
    bool direct;
    int64_t expires;
} objects[] = {
#define HOST "\"host\":\"x.example\""
    {"{" HOST "}", "x.example", "x.example", 5269, 0, 0, false, 3600},
    {"{" HOST ",\"port\":5270,\"domain\":\"example.com\",\"priority\":10,\"weight\":7,"
     "\"tls\":\"direct\",\"expires\":86400}", "x.example", "example.com", 5270, 10, 7, true,
     86400},
    {"{" HOST ",\"tls\":\"starttls\"}", "x.example", "x.example", 5269, 0, 0, false, 3600},
    {"{\"host\":\"X.Example.\",\"domain\":\"EXAMPLE.com\"}", "x.example", "example.com", 5269,
     0, 0, false, 3600},
    {"{\"host\":\"xn--bcher-kva.example\"}", "xn--bcher-kva.example", "xn--bcher-kva.example",
     5269, 0, 0, false, 3600},
    {"{" HOST ",\"more\":{\"a\":[1.5,null]}}", "x.example", "x.example", 5269, 0, 0, false,
     3600},
    {"{" HOST ",\"port\":1,\"priority\":65535,\"weight\":65535}", "x.example", "x.example", 1,
     65535, 65535, false, 3600},
    {"{" HOST ",\"port\":65535}", "x.example", "x.example", 65535, 0, 0, false, 3600},
    /* expires and its bounds */
    {"{" HOST ",\"expires\":1}", "x.example", "x.example", 5269, 0, 0, false, 60},
    {"{" HOST ",\"expires\":60}", "x.example", "x.example", 5269, 0, 0, false, 60},
    {"{" HOST ",\"expires\":61}", "x.example", "x.example", 5269, 0, 0, false, 61},
    {"{" HOST ",\"expires\":604801}", "x.example", "x.example", 5269, 0, 0, false, WEEK},
    {"{" HOST ",\"expires\":9223372036854775807}", "x.example", "x.example", 5269, 0, 0,
     false, WEEK},
    /* skipped */
    {.object = "{}"},
    {.object = "{\"port\":5269}"},
    {.object = "{\"host\":\"\"}"},
    {.object = "{\"host\":null}"},
    {.object = "{\"host\":[\"x.example\"]}"},
    {.object = "{\"host\":\"x example\"}"},
    {.object = "{\"host\":\"192.0.2.1\"}"},
    {.object = "{\"host\":\"[2001:db8::1]\"}"},
    {.object = "{\"host\":\"b\xc3\xbc" "cher.example\"}"},
    {.object = "{\"host\":\".\"}"},
    {.object = "{\"Host\":\"x.example\"}"},
    {.object = "{" HOST ",\"domain\":\"\"}"},
    {.object = "{" HOST ",\"domain\":null}"},
    {.object = "{" HOST ",\"domain\":\"192.0.2.1\"}"},
    {.object = "{" HOST ",\"domain\":\"*.example\"}"},
    {.object = "{" HOST ",\"port\":0}"},
    {.object = "{" HOST ",\"port\":65536}"},
    {.object = "{" HOST ",\"port\":-1}"},
    {.object = "{" HOST ",\"port\":\"5269\"}"},
    {.object = "{" HOST ",\"port\":5269.0}"},
    {.object = "{" HOST ",\"port\":null}"},
    {.object = "{" HOST ",\"priority\":65536}"},
    {.object = "{" HOST ",\"weight\":-1}"},
    {.object = "{" HOST ",\"weight\":true}"},
    {.object = "{" HOST ",\"tls\":\"none\"}"},
    {.object = "{" HOST ",\"tls\":\"STARTTLS\"}"},
    {.object = "{" HOST ",\"tls\":false}"},
    {.object = "{" HOST ",\"tls\":null}"},
    {.object = "{" HOST ",\"expires\":0}"},
    {.object = "{" HOST ",\"expires\":-5}"},
    {.object = "{" HOST ",\"expires\":\"3600\"}"},
    {.object = "{" HOST ",\"expires\":1e9}"},
};

static void parse(const char *text, struct dna_service_document *document)
{
    const char *why = NULL;
    enum dna_err err = dna_service_parse(NULL, dna_span_of(text), document, &why);
    if (err != DNA_OK) {
        fail_msg("%s: %s (%s)", text, dna_err_name(err), why);
    }
}

static void each_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        struct dna_service_document document;
        char text[400];
        (void)snprintf(text, sizeof text, " [ %s ]\n", objects[i].object);
        parse(text, &document);
        if (document.n_endpoints != (objects[i].host != NULL) ||
            document.n_skipped != (objects[i].host == NULL)) {
            fail_msg("%s", text);
        }
        if (objects[i].host != NULL) {
            const struct dna_service_endpoint *one = document.endpoints;
            assert_string_equal(one->host.text, objects[i].host);
            assert_string_equal(one->domain.text, objects[i].domain);
            assert_int_equal(one->port, objects[i].port);
            assert_int_equal(one->priority, objects[i].priority);
            assert_int_equal(one->weight, objects[i].weight);
            assert_int_equal(one->direct_tls, objects[i].direct);
            assert_int_equal(one->expires, objects[i].expires);
        }
        dna_service_fini(&document);
    }
}

static void keeps_the_order_and_skips_between(void **state)
{
    struct dna_service_document document;
    (void)state;
    parse("[{\"host\":\"b.example\",\"port\":1},{\"host\":7},{\"host\":\"a.example\"}]",
          &document);
    assert_int_equal(document.n_endpoints, 2);
    assert_int_equal(document.n_skipped, 1);
    assert_string_equal(document.endpoints[0].host.text, "b.example");
    assert_string_equal(document.endpoints[1].host.text, "a.example");
    assert_int_equal(document.endpoints[1].port, 5269); /* nothing stays of what was skipped */
    dna_service_fini(&document);
    parse("[]", &document);
    assert_int_equal(document.n_endpoints + document.n_skipped, 0);
    dna_service_fini(&document);
}

static const struct {
    const char *what, *text;
    size_t len; /* 0: of the text */
} refused[] = {
    {"empty", "", 0},
    {"an object alone", "{" HOST "}", 0},
    {"null", "null", 0},
    {"no object within", "[[]]", 0},
    {"a string within", "[{" HOST "},\"x.example\"]", 0},
    {"null within", "[null]", 0},
    {"twice", "[{" HOST "," HOST "}]", 0},
    {"twice in disguise", "[{" HOST ",\"\\u0068ost\":\"y.example\"}]", 0},
    {"twice below", "[{" HOST ",\"x\":{\"a\":1,\"a\":1}}]", 0},
    {"too deep", "[{" HOST ",\"x\":[[[[[[[]]]]]]]}]", 0},
    {"a number out of range", "[{" HOST ",\"expires\":9223372036854775808}]", 0},
    {"cut", "[{" HOST "}", 0},
    {"something behind", "[{" HOST "}]x", 0},
    {"a NUL byte", "[{" HOST "}]\0", sizeof "[{" HOST "}]\0" - 1},
    {"a NUL in a string", "[{\"host\":\"x.example\\u0000\"}]", 0},
    {"a byte order mark", "\xef\xbb\xbf[{" HOST "}]", 0},
    {"no UTF-8", "[{\"host\":\"\xff\"}]", 0},
    {"a comment", "/**/[{" HOST "}]", 0},
    {"HTML", "<html></html>", 0},
};

static void what_must_be_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct dna_service_document document;
        const char *why = NULL;
        size_t len = refused[i].len != 0 ? refused[i].len : strlen(refused[i].text);
        enum dna_err err =
            dna_service_parse(NULL, (struct dna_span){refused[i].text, len}, &document, &why);
        if (err != DNA_ERR_FORMAT) {
            fail_msg("%s: %s", refused[i].what, dna_err_name(err));
        }
        assert_true(why[0] != '\0');
        assert_null(document.endpoints);
        assert_int_equal(document.n_endpoints + document.n_skipped, 0);
    }
}

static struct dna_span many(unsigned n, size_t len)
{
    char *text = malloc(70000);
    size_t at;
    assert_non_null(text);
    memset(text, ' ', 70000);
    at = (size_t)sprintf(text, "[");
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)sprintf(text + at, "%s{\"host\":\"h%u.example\"}", i != 0 ? "," : "", i);
    }
    at += (size_t)sprintf(text + at, "]");
    text[at] = ' ';
    return (struct dna_span){text, len != 0 ? len : at};
}

static void has_limits(void **state)
{
    static const struct {
        unsigned objects;
        size_t len;
        enum dna_err err;
    } sizes[] = {
        {64, 0, DNA_OK}, {65, 0, DNA_ERR_LIMIT}, {1, 65536, DNA_OK}, {1, 65537, DNA_ERR_LIMIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct dna_service_document document;
        struct dna_span text = many(sizes[i].objects, sizes[i].len);
        const char *why;
        assert_int_equal(dna_service_parse(NULL, text, &document, &why), sizes[i].err);
        assert_int_equal(document.n_endpoints,
                         sizes[i].err == DNA_OK ? sizes[i].objects : 0);
        dna_service_fini(&document);
        free((void *)(uintptr_t)text.ptr);
    }
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_service_document document;
        const char *why;
        enum dna_err err = dna_service_parse(failing_alloc_init(&f, n),
                                             dna_span_of("[{" HOST "}]"), &document, &why);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_service_fini(&document);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_object),
        cmocka_unit_test(keeps_the_order_and_skips_between),
        cmocka_unit_test(what_must_be_nothing),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
