/* The texts of MTA-STS: records, policies, patterns, in both dialects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <proof/sts_policy.h>

#define ID32 "0123456789abcdefghijABCDEFGHIJ01"

static const struct {
    const char *what, *text, *id; /* id NULL: malformed; "": discarded */
    size_t at;
} records[] = {
    {"as in the RFC", "v=XSTSv1; id=20261101T000000;", "20261101T000000", 0},
    {"no last delimiter", "v=XSTSv1; id=1", "1", 0},
    {"no space", "v=XSTSv1;id=1;", "1", 0},
    {"much space", "v=XSTSv1 \t ; \t id=1 ; ", "1", 0},
    {"extension before", "v=XSTSv1; a=b; id=1;", "1", 0},
    {"extension behind", "v=XSTSv1; id=1; x-y_z.0=:/!", "1", 0},
    {"32 characters", "v=XSTSv1; id=" ID32, ID32, 0},
    {"33 characters", "v=XSTSv1; id=" ID32 "2", NULL, 13},
    {"no id", "v=XSTSv1;", NULL, 9},
    {"extension alone", "v=XSTSv1; a=b", NULL, 13},
    {"empty id", "v=XSTSv1; id=;", NULL, 13},
    {"underscore", "v=XSTSv1; id=1_2", NULL, 13},
    {"hyphen", "v=XSTSv1; id=1-2", NULL, 13},
    {"not ASCII", "v=XSTSv1; id=\xc3\xa9", NULL, 13},
    {"space in the id", "v=XSTSv1; id=1 2", NULL, 15},
    {"space before the value", "v=XSTSv1; id= 1", NULL, 13},
    {"two ids", "v=XSTSv1; id=1; id=2", NULL, 20},
    {"the same id twice", "v=XSTSv1; id=1; id=1", NULL, 20},
    {"upper case", "v=XSTSv1; ID=1", NULL, 14},
    {"no value", "v=XSTSv1; id=1; a", NULL, 17},
    {"empty value", "v=XSTSv1; id=1; a=", NULL, 18},
    {"no name", "v=XSTSv1; id=1; =b", NULL, 16},
    {"two delimiters", "v=XSTSv1;; id=1", NULL, 9},
    {"long name", "v=XSTSv1; id=1; " ID32 "x=1", NULL, 49},
    {"other version", "v=XSTSv2; id=1;", "", 0},
    {"longer version", "v=XSTSv10; id=1;", "", 0},
    {"version alone", "v=XSTSv1", "", 0},
    {"mail's", "v=STSv1; id=1;", "", 0},
    {"lower case", "v=xstsv1; id=1;", "", 0},
    {"space before", " v=XSTSv1; id=1;", "", 0},
    {"id before", "id=1; v=XSTSv1;", "", 0},
    {"nothing", "", "", 0},
};

static void what_a_record_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct dna_sts_record record;
        const char *why;
        size_t at;
        enum dna_err err = dna_sts_record_parse(DNA_STS_XMPP, dna_span_of(records[i].text),
                                                &record, &why, &at);
        enum dna_err expected = records[i].id == NULL      ? DNA_ERR_FORMAT
                                : records[i].id[0] == '\0' ? DNA_ERR_NOT_FOUND
                                                           : DNA_OK;
        if (err != expected || (err == DNA_ERR_FORMAT && at != records[i].at)) {
            fail_msg("%s: %s at %zu", records[i].what, dna_err_name(err), at);
        }
        if (err == DNA_OK) {
            assert_string_equal(record.id, records[i].id);
        } else {
            assert_non_null(why);
        }
    }
}

static void mail_has_its_own_words(void **state)
{
    struct dna_sts_record record;
    struct dna_sts_policy policy;
    const char *why;
    size_t at;
    unsigned line;
    (void)state;
    assert_int_equal(dna_sts_record_parse(DNA_STS_MAIL, dna_span_of("v=STSv1; id=1;"), &record,
                                          &why, &at),
                     DNA_OK);
    assert_int_equal(dna_sts_record_parse(DNA_STS_MAIL, dna_span_of("v=XSTSv1; id=1;"),
                                          &record, &why, &at),
                     DNA_ERR_NOT_FOUND);
    assert_int_equal(
        dna_sts_policy_parse(NULL, DNA_STS_MAIL,
                             dna_span_of("version: STSv1\nmode: enforce\nmx: mail.example.com\n"
                                         "srv: x.example\nmx: *.example.net\nmax_age: 604800\n"),
                             &policy, &why, &line),
        DNA_OK);
    assert_int_equal(policy.n_patterns, 2);
    dna_sts_policy_fini(&policy);
}

/* Each line of text one TXT record; "|" parts strings within one. */
static struct dna_dns_answer answer_of(const char *text, struct dna_span *rdata, char *room)
{
    struct dna_dns_answer answer = {.outcome = DNA_DNS_FOUND, .rdata = rdata, .why = ""};
    while (*text != '\0') {
        char *first = room, *length = room++;
        for (; *text != '\0' && *text != '\n'; text++) {
            if (*text == '|') {
                *length = (char)(room - length - 1);
                length = room++;
            } else {
                *room++ = *text;
            }
        }
        *length = (char)(room - length - 1);
        rdata[answer.n_rdata++] = (struct dna_span){first, (size_t)(room - first)};
        text += *text == '\n';
    }
    answer.outcome = answer.n_rdata != 0 ? DNA_DNS_FOUND : DNA_DNS_ABSENT;
    return answer;
}

static void one_record_counts(void **state)
{
    static const struct {
        const char *text, *id;
        enum dna_err err;
    } rows[] = {
        {"v=XSTSv1; id=1;", "1", DNA_OK},
        {"v=XSTSv1; i|d=12|34;", "1234", DNA_OK},
        {"v=XSTS|v1; id=1;", "1", DNA_OK},
        {"v=spf1 -all\nv=XSTSv1; id=1;\nv=STSv1; id=2;", "1", DNA_OK},
        {"v=XSTSv1\nv=XSTSv1; id=1;", "1", DNA_OK},
        {"", NULL, DNA_ERR_NOT_FOUND},
        {"v=spf1 -all", NULL, DNA_ERR_NOT_FOUND},
        {"v=XSTSv1; id=1;\nv=XSTSv1; id=1;", NULL, DNA_ERR_NOT_FOUND},
        {"v=XSTSv1; id=1;\nv=XSTSv1; id=-;", NULL, DNA_ERR_NOT_FOUND},
        {"v=XSTSv1; id=-;", NULL, DNA_ERR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_span rdata[8];
        char room[400];
        struct dna_dns_answer answer = answer_of(rows[i].text, rdata, room);
        struct dna_sts_record record;
        const char *why;
        enum dna_err err = dna_sts_record_find(DNA_STS_XMPP, &answer, &record, &why);
        assert_int_equal(err, rows[i].err);
        if (err == DNA_OK) {
            assert_string_equal(record.id, rows[i].id);
        } else {
            assert_non_null(why);
        }
    }
}

/* RDATA that is no TXT record, and one whose text is longer than any record that we read. */
static void odd_records(void **state)
{
    static const char broken[] = "\x20v=XSTSv1; id=1;";
    char rdata_bytes[5 * 256];
    struct dna_span rdata = {broken, sizeof broken - 1};
    struct dna_dns_answer answer = {
        .outcome = DNA_DNS_FOUND, .rdata = &rdata, .n_rdata = 1, .why = ""};
    struct dna_sts_record record;
    const char *why;
    (void)state;
    assert_int_equal(dna_sts_record_find(DNA_STS_XMPP, &answer, &record, &why),
                     DNA_ERR_NOT_FOUND);
    rdata.len = 0;
    assert_int_equal(dna_sts_record_find(DNA_STS_XMPP, &answer, &record, &why),
                     DNA_ERR_NOT_FOUND);
    memset(rdata_bytes, 'x', sizeof rdata_bytes);
    for (size_t i = 0; i < sizeof rdata_bytes; i += 256) {
        rdata_bytes[i] = (char)255;
    }
    memcpy(rdata_bytes + 1, "v=XSTSv1; id=1; a=", 18);
    rdata = (struct dna_span){rdata_bytes, sizeof rdata_bytes};
    assert_int_equal(dna_sts_record_find(DNA_STS_XMPP, &answer, &record, &why),
                     DNA_ERR_FORMAT);
    rdata.len = 4 * 256;
    assert_int_equal(dna_sts_record_find(DNA_STS_XMPP, &answer, &record, &why), DNA_OK);
}

#define V "version: XSTSv1\n"
#define M "mode: enforce\n"
#define S "srv: xmpp.example.net\n"
#define A "max_age: 604800\n"

static const struct {
    const char *what, *text;
    enum dna_err err;
    enum dna_sts_mode mode;
    int64_t max_age;
    size_t patterns;
    unsigned line; /* of what is wrong */
} policies[] = {
    {"LF", V M S A, DNA_OK, DNA_STS_ENFORCE, 604800, 1, 0},
    {"CRLF", "version: XSTSv1\r\nmode: enforce\r\nsrv: a.example\r\nsrv: *.b.example\r\n"
             "max_age: 86400\r\n", DNA_OK, DNA_STS_ENFORCE, 86400, 2, 0},
    {"both", "version: XSTSv1\r\n" M S A, DNA_OK, DNA_STS_ENFORCE, 604800, 1, 0},
    {"no last line end", V M S "max_age: 1", DNA_OK, DNA_STS_ENFORCE, 1, 1, 0},
    {"no space, much space", "version:XSTSv1\nmode: \t testing  \nsrv:a.example\t\nmax_age:0\n",
     DNA_OK, DNA_STS_TESTING, 0, 1, 0},
    {"another order", A S M V, DNA_OK, DNA_STS_ENFORCE, 604800, 1, 0},
    {"empty lines", V "\n" M "\r\n" S A "\n\n", DNA_OK, DNA_STS_ENFORCE, 604800, 1, 0},
    {"unknown keys", V M "mx: mail.example\nx-1_2.3: \xc3\xa9 : = ;\n" S A, DNA_OK,
     DNA_STS_ENFORCE, 604800, 1, 0},
    {"unknown key without value", V M "x:\n" S A, DNA_OK, DNA_STS_ENFORCE, 604800, 1, 0},
    {"first mode counts", V "mode: testing\n" M S A, DNA_OK, DNA_STS_TESTING, 604800, 1, 0},
    {"first max_age counts", V M S "max_age: 5\n" A, DNA_OK, DNA_STS_ENFORCE, 5, 1, 0},
    {"first version counts", V "version: XSTSv2\n" M S A, DNA_OK, DNA_STS_ENFORCE, 604800, 1,
     0},
    {"none without srv", V "mode: none\n" A, DNA_OK, DNA_STS_NONE, 604800, 0, 0},
    {"none with srv", V "mode: none\n" S A, DNA_OK, DNA_STS_NONE, 604800, 1, 0},
    {"the most", V M S "max_age: 31557600\n", DNA_OK, DNA_STS_ENFORCE, 31557600, 1, 0},
    {"above the most", V M S "max_age: 31557601\n", DNA_ERR_FORMAT, 0, 0, 0, 4},
    {"far above the most", V M S "max_age: 99999999999999999999\n", DNA_ERR_FORMAT, 0, 0, 0,
     4},
    {"negative", V M S "max_age: -1\n", DNA_ERR_FORMAT, 0, 0, 0, 4},
    {"with a fraction", V M S "max_age: 1.5\n", DNA_ERR_FORMAT, 0, 0, 0, 4},
    {"no number", V M S "max_age:\n", DNA_ERR_FORMAT, 0, 0, 0, 4},
    {"another version", "version: STSv1\n" M S A, DNA_ERR_FORMAT, 0, 0, 0, 1},
    {"no version", M S A, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"no mode", V S A, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"no max_age", V M S, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"no srv", V M A, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"no srv, testing", V "mode: testing\n" A, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"mail's patterns", V M A "mx: mail.example.net\n", DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"unknown mode", V "mode: report\n" S A, DNA_ERR_FORMAT, 0, 0, 0, 2},
    {"mode in capitals", V "mode: Enforce\n" S A, DNA_ERR_FORMAT, 0, 0, 0, 2},
    {"key in capitals", V "Mode: enforce\n" S A, DNA_ERR_FORMAT, 0, 0, 0, 0},
    {"no key", V M S A "hello\n", DNA_ERR_FORMAT, 0, 0, 0, 5},
    {"space before the colon", V "mode : enforce\n" S A, DNA_ERR_FORMAT, 0, 0, 0, 2},
    {"space before the key", V " mode: enforce\n" S A, DNA_ERR_FORMAT, 0, 0, 0, 2},
    {"long key", V M S A ID32 "x: 1\n", DNA_ERR_FORMAT, 0, 0, 0, 5},
    {"control character", V M S A "x: \x01\n", DNA_ERR_FORMAT, 0, 0, 0, 5},
    {"CR within", V M S A "x: a\rb\n", DNA_ERR_FORMAT, 0, 0, 0, 5},
    {"U-labels", V M "srv: b\xc3\xbc.example\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"no name", V M "srv:\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"wildcard alone", V M "srv: *\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"wildcard of nothing", V M "srv: *.\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"wildcard within", V M "srv: a.*.example\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"part of a label", V M "srv: x*.example\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"two wildcards", V M "srv: *.*.example\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"an address", V M "srv: 192.0.2.1\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"two names", V M "srv: a.example b.example\n" A, DNA_ERR_FORMAT, 0, 0, 0, 3},
    {"a page", "<html>\n", DNA_ERR_FORMAT, 0, 0, 0, 1},
    {"nothing", "", DNA_ERR_FORMAT, 0, 0, 0, 0},
};

static void what_a_policy_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct dna_sts_policy policy;
        const char *why;
        unsigned line;
        enum dna_err err = dna_sts_policy_parse(
            NULL, DNA_STS_XMPP, dna_span_of(policies[i].text), &policy, &why, &line);
        if (err != policies[i].err || line != policies[i].line ||
            policy.mode != policies[i].mode || policy.max_age != policies[i].max_age ||
            policy.n_patterns != policies[i].patterns) {
            fail_msg("%s: %s, line %u (%s)", policies[i].what, dna_err_name(err), line,
                     why != NULL ? why : "");
        }
        assert_int_equal(why != NULL, err != DNA_OK);
        dna_sts_policy_fini(&policy);
    }
}

static void limits(void **state)
{
    struct dna_sts_policy policy;
    const char *why;
    unsigned line;
    char *text = malloc(DNA_LIMIT_DOCUMENT + 2);
    (void)state;
    assert_non_null(text);
    for (size_t n = DNA_LIMIT_STS_PATTERNS; n <= DNA_LIMIT_STS_PATTERNS + 1; n++) {
        char *at = stpcpy(text, V M A);
        for (size_t i = 0; i < n; i++) {
            at = stpcpy(at, S);
        }
        assert_int_equal(dna_sts_policy_parse(NULL, DNA_STS_XMPP, dna_span_of(text), &policy,
                                              &why, &line),
                         n <= DNA_LIMIT_STS_PATTERNS ? DNA_OK : DNA_ERR_LIMIT);
        dna_sts_policy_fini(&policy);
    }
    memset(text, ' ', DNA_LIMIT_DOCUMENT + 2);
    memcpy(text, V M S A, sizeof V M S A - 1);
    assert_int_equal(dna_sts_policy_parse(NULL, DNA_STS_XMPP,
                                          (struct dna_span){text, DNA_LIMIT_DOCUMENT}, &policy,
                                          &why, &line),
                     DNA_OK);
    dna_sts_policy_fini(&policy);
    assert_int_equal(dna_sts_policy_parse(NULL, DNA_STS_XMPP,
                                          (struct dna_span){text, DNA_LIMIT_DOCUMENT + 1},
                                          &policy, &why, &line),
                     DNA_ERR_LIMIT);
    free(text);
}

static void patterns(void **state)
{
    static const struct {
        const char *name;
        bool host, presented; /* whether it matches as the one and as the other */
    } rows[] = {
        {"xmpp.example.net", true, true},
        {"XMPP.example.NET", false, true}, /* hosts are canonical already */
        {"example.net", false, false},
        {"a.xmpp.example.net", false, false},
        {"a.backup.example.net", true, true},
        {"backup.example.net", false, false},
        {"a.b.backup.example.net", false, false},
        {"*.backup.example.net", false, true},
        {"*.BACKUP.example.net", false, true},
        {"*.example.net", false, false},
        {"*.xmpp.example.net", false, false},
        {"a*.backup.example.net", false, false},
        {"net", false, false},
        {"", false, false},
    };
    struct dna_sts_policy policy;
    const char *why;
    unsigned line;
    (void)state;
    assert_int_equal(
        dna_sts_policy_parse(NULL, DNA_STS_XMPP,
                             dna_span_of(V M A "srv: Xmpp.Example.net.\n"
                                               "srv: *.backup.example.net\n"),
                             &policy, &why, &line),
        DNA_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool is_host = strchr(rows[i].name, '*') == NULL;
        if ((is_host && dna_sts_policy_names(&policy, rows[i].name) != rows[i].host) ||
            dna_sts_policy_names_presented(&policy, dna_span_of(rows[i].name)) !=
                rows[i].presented) {
            fail_msg("%s", rows[i].name);
        }
    }
    dna_sts_policy_fini(&policy);
}

static void media_types(void **state)
{
    (void)state;
    assert_true(dna_sts_media_type(NULL));
    assert_true(dna_sts_media_type(""));
    assert_true(dna_sts_media_type("text/plain"));
    assert_true(dna_sts_media_type("Text/Plain; charset=us-ascii"));
    assert_true(dna_sts_media_type("text/plain ;x=y"));
    assert_false(dna_sts_media_type("text/plainer"));
    assert_false(dna_sts_media_type("text/html"));
    assert_false(dna_sts_media_type("text"));
}

static void mode_names(void **state)
{
    (void)state;
    assert_string_equal(dna_sts_mode_name(DNA_STS_NONE), "none");
    assert_string_equal(dna_sts_mode_name(DNA_STS_TESTING), "testing");
    assert_string_equal(dna_sts_mode_name(DNA_STS_ENFORCE), "enforce");
    assert_string_equal(dna_sts_mode_name((enum dna_sts_mode)3), "unknown");
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_sts_policy policy;
        const char *why;
        unsigned line;
        enum dna_err err = dna_sts_policy_parse(failing_alloc_init(&f, n), DNA_STS_XMPP,
                                                dna_span_of(V M S S S S S A), &policy, &why,
                                                &line);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_sts_policy_fini(&policy);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_record_is),
        cmocka_unit_test(mail_has_its_own_words),
        cmocka_unit_test(one_record_counts),
        cmocka_unit_test(odd_records),
        cmocka_unit_test(what_a_policy_is),
        cmocka_unit_test(limits),
        cmocka_unit_test(patterns),
        cmocka_unit_test(media_types),
        cmocka_unit_test(mode_names),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
