/* What is written reads back as it was, and can never become markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xml/reader.h>
#include <xml/writer.h>

static const struct {
    const char *in;
    size_t len;
    const char *out;
} texts[] = {
    {"plain", 5, "plain"},
    {"<a b='c' d=\"e\"/>&", 17, "&lt;a b=&apos;c&apos; d=&quot;e&quot;/&gt;&amp;"},
    {"a\0b", 3, "a\xef\xbf\xbd" "b"},
    {"\x1b[0m", 4, "\xef\xbf\xbd[0m"},
    {"\xc3\xbc", 2, "\xc3\xbc"},
    {"\xc3", 1, "\xef\xbf\xbd"},
    {"\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xef\xbf\xbf", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\t\n\r", 3, "&#9;&#10;&#13;"},
    {"", 0, ""},
};

static void text_never_becomes_markup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct dna_buf out;
        dna_buf_init(&out, NULL, 1000);
        assert_int_equal(dna_xml_write_text(&out, (struct dna_span){texts[i].in, texts[i].len}),
                         DNA_OK);
        assert_true(dna_span_is(dna_buf_span(&out), texts[i].out));
        dna_buf_fini(&out);
    }
}

static void a_failed_write_leaves_nothing(void **state)
{
    struct dna_buf out;
    (void)state;
    dna_buf_init(&out, NULL, 8);
    assert_int_equal(dna_buf_add_text(&out, "ab"), DNA_OK);
    assert_int_equal(dna_xml_write_text(&out, dna_span_of("x<y<z")), DNA_ERR_LIMIT);
    assert_true(dna_span_is(dna_buf_span(&out), "ab"));
    assert_int_equal(dna_xml_write_attr(&out, "name", dna_span_of("x")), DNA_ERR_LIMIT);
    assert_true(dna_span_is(dna_buf_span(&out), "ab"));
    dna_buf_fini(&out);
}

static void elements_are_written_as_they_were_meant(void **state)
{
    static const struct dna_xml_limits limits = {.element = 2000, .depth = 8, .attributes = 6};
    struct dna_xml_reader *r;
    struct dna_xml_item item;
    struct dna_buf out;
    (void)state;
    dna_buf_init(&out, NULL, 1000);
    assert_int_equal(dna_xml_reader_new(NULL, "en", &limits, &r), DNA_OK);
    assert_int_equal(
        dna_xml_reader_feed(r, dna_span_of("<s xmlns='jabber:server' xmlns:p='urn:p'><m "
                                           "a='&apos;' p:b='c'><p:x>t&amp;</p:x><y/></m>")),
        DNA_OK);
    dna_xml_reader_next(r, &item);
    dna_xml_reader_next(r, &item);
    assert_int_equal(dna_xml_write_element(&out, item.element, dna_span_of("jabber:server")),
                     DNA_OK);
    assert_true(dna_span_is(dna_buf_span(&out),
                            "<m a='&apos;' xmlns:a0='urn:p' a0:b='c'><x xmlns='urn:p'>"
                            "t&amp;</x><y/></m>"));
    dna_xml_reader_free(r);
    dna_buf_fini(&out);
}

static void raw_bytes_are_spliced(void **state)
{
    struct dna_buf out;
    (void)state;
    dna_buf_init(&out, NULL, 30);
    assert_int_equal(dna_xml_write_raw(&out, dna_span_of("<m a=''/>"), 2,
                                       dna_span_of(" xml:lang='de'")),
                     DNA_OK);
    assert_true(dna_span_is(dna_buf_span(&out), "<m xml:lang='de' a=''/>"));
    assert_int_equal(dna_xml_write_raw(&out, dna_span_of("<m/>"), 5, (struct dna_span){0}),
                     DNA_ERR_ARGUMENT);
    assert_int_equal(dna_xml_write_raw(&out, dna_span_of("<message/>"), 8,
                                       (struct dna_span){0}),
                     DNA_ERR_LIMIT);
    dna_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_never_becomes_markup),
        cmocka_unit_test(a_failed_write_leaves_nothing),
        cmocka_unit_test(elements_are_written_as_they_were_meant),
        cmocka_unit_test(raw_bytes_are_spliced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
