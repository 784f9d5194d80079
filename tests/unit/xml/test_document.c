/* Whole documents: what is restricted, what is limited, and where it was found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <xml/document.h>

static enum dna_err parse(struct dna_arena *arena, const struct dna_alloc *alloc,
                          struct dna_span bytes, const struct dna_xml_element **root,
                          struct dna_xml_fault *fault)
{
    dna_arena_init(arena, alloc, DNA_LIMIT_XML_ARENA);
    return dna_xml_document(arena, bytes, root, fault);
}

static void a_tree(void **state)
{
    static const char text[] =
        "<?xml version='1.0' encoding='utf-8'?>\n"
        "<a xmlns='urn:a' xmlns:b='urn:b' x='1' b:x='&lt;2'>one<b:c/><![CDATA[<t>]]>"
        "<c y=''>&amp;&#x20AC;</c></a>\n ";
    const struct dna_xml_element *root, *child;
    struct dna_xml_fault fault;
    struct dna_arena arena;
    struct dna_span value;
    (void)state;
    assert_int_equal(parse(&arena, NULL, dna_span_of(text), &root, &fault), DNA_OK);
    assert_true(dna_xml_is(root, "urn:a", "a"));
    assert_true(dna_span_is(root->text, "one<t>"));
    assert_int_equal(root->n_attrs, 2);
    assert_true(dna_xml_attr(root, "x", &value) && dna_span_is(value, "1"));
    assert_true(dna_span_is(root->attrs[1].value, "<2"));
    assert_true(dna_span_is(root->attrs[1].ns, "urn:b"));
    child = root->child;
    assert_true(dna_xml_is(child, "urn:b", "c") && dna_span_is(child->prefix, "b"));
    child = child->next;
    assert_true(dna_xml_is(child, "urn:a", "c"));
    assert_true(dna_span_is(child->text, "&\xe2\x82\xac"));
    assert_null(child->next);
    assert_null(root->next);
    dna_arena_fini(&arena);
}

#define SPAN(text) {text, sizeof text - 1}
static const struct {
    struct dna_span bytes;
    unsigned line, column;
    const char *why; /* part of it */
} refused[] = {
    {SPAN(""), 0, 0, "no XML"},
    {SPAN("<"), 0, 0, "no XML"},
    {SPAN("  "), 1, 3, "too early"},
    {SPAN("hello"), 0, 0, "no XML"},
    {SPAN("<a>"), 1, 4, "too early"},
    {SPAN("<a></b>"), 1, 6, "not well-formed"},
    {SPAN("<a/>\n<b/>"), 2, 1, "not well-formed"},
    {SPAN("<a/>x"), 1, 5, "not well-formed"},
    {SPAN("<a x='1' x='2'/>"), 1, 10, "not well-formed"},
    {SPAN("<a>\0</a>"), 1, 4, "not well-formed"},
    {SPAN("<a>\xff</a>"), 1, 4, "not well-formed"},
    {SPAN("<p:a/>"), 1, 1, "prefix"},
    {SPAN("<!DOCTYPE a><a/>"), 1, 12, "document type"},
    {SPAN("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), 1, 40, "document type"},
    {SPAN("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), 1, 13, "document type"},
    {SPAN("<a>\n &b;</a>"), 2, 2, "entity"},
    {SPAN("<a x='&b;'/>"), 1, 1, "entity"},
    {SPAN("<a><!-- c --></a>"), 1, 4, "comment"},
    {SPAN("<a/><!-- c -->"), 1, 5, "comment"},
    {SPAN("<a><?b c?></a>"), 1, 4, "instruction"},
    {SPAN("<?xml-stylesheet href='x'?><a/>"), 1, 1, "instruction"},
    {SPAN("<?xml version='1.1'?><a/>"), 1, 1, "XML 1.0"},
    {SPAN("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), 1, 1, "UTF-8"},
    {SPAN("<?xml version='1.0' encoding='UTF-16'?><a/>"), 1, 1, "UTF-8"},
    {SPAN("\xef\xbb\xbf<a/>"), 0, 0, "byte order"},
    {SPAN("<\0a\0/\0>\0"), 0, 0, "UTF-8"},
    {SPAN("\0<\0a\0/\0>"), 0, 0, "UTF-8"},
    {SPAN("\xff\xfe<\0a\0/\0>\0"), 0, 0, "UTF-8"},
    {SPAN("\xfe\xff\0<\0a\0/\0>"), 0, 0, "UTF-8"},
    {SPAN("<a xmlns:p='u v'/>"), 1, 1, "not well-formed"}, /* else names could be split */
};

static void restrictions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct dna_xml_element *root;
        struct dna_xml_fault fault;
        struct dna_arena arena;
        enum dna_err err = parse(&arena, NULL, refused[i].bytes, &root, &fault);
        if (err != DNA_ERR_FORMAT || strstr(fault.why, refused[i].why) == NULL ||
            fault.line != refused[i].line || fault.column != refused[i].column) {
            fail_msg("%.*s: %s at %u:%u (%s)", DNA_SPAN_FMT(refused[i].bytes),
                     dna_err_name(err), fault.line, fault.column, fault.why);
        }
        dna_arena_fini(&arena);
    }
}

static char *repeat(char *at, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        at = stpcpy(at, text);
    }
    return at;
}

static enum dna_err outcome_of(const char *text, size_t len)
{
    const struct dna_xml_element *root;
    struct dna_xml_fault fault;
    struct dna_arena arena;
    enum dna_err err = parse(&arena, NULL, (struct dna_span){text, len}, &root, &fault);
    dna_arena_fini(&arena);
    return err;
}

static void limits(void **state)
{
    char *text = malloc(DNA_LIMIT_DOCUMENT + 100), *at;
    (void)state;
    assert_non_null(text);
    for (size_t over = 0; over < 2; over++) {
        const enum dna_err expected = over ? DNA_ERR_LIMIT : DNA_OK;
        at = repeat(text, "<a>", DNA_LIMIT_XML_DEPTH + over);
        at = repeat(at, "</a>", DNA_LIMIT_XML_DEPTH + over);
        assert_int_equal(outcome_of(text, (size_t)(at - text)), expected);
        at = repeat(stpcpy(text, "<a>"), "<b/>", DNA_LIMIT_XML_ELEMENTS - 1 + over);
        at = stpcpy(at, "</a>");
        assert_int_equal(outcome_of(text, (size_t)(at - text)), expected);
        at = stpcpy(text, "<a");
        for (size_t i = 0; i < DNA_LIMIT_ATTRIBUTES + over; i++) {
            at += sprintf(at, " x%zu=''", i);
        }
        at = stpcpy(at, "/>");
        assert_int_equal(outcome_of(text, (size_t)(at - text)), expected);
        memset(text, ' ', DNA_LIMIT_DOCUMENT + 1);
        memcpy(text, "<a/>", 4);
        assert_int_equal(outcome_of(text, DNA_LIMIT_DOCUMENT + over), expected);
    }
    /* A long namespace name that every element has. */
    at = repeat(stpcpy(text, "<a xmlns='"), "x", 50000);
    at = repeat(stpcpy(at, "'>"), "<b/>", 999);
    at = stpcpy(at, "</a>");
    assert_int_equal(outcome_of(text, (size_t)(at - text)), DNA_ERR_LIMIT);
    free(text);
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        const struct dna_xml_element *root;
        struct dna_xml_fault fault;
        struct dna_arena arena;
        enum dna_err err = parse(&arena, failing_alloc_init(&f, n),
                                 dna_span_of("<a x='y'>t<b>u</b></a>"), &root, &fault);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_arena_fini(&arena);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree),
        cmocka_unit_test(restrictions),
        cmocka_unit_test(limits),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
