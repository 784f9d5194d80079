/* The stream reader: items, raw ranges and splices, whatever the chunks; restrictions and
 * limits, each with its stream error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <xml/reader.h>

static const struct dna_xml_limits limits = {.element = 2000, .depth = 8, .attributes = 6};

#define HEADER                                                                              \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:"    \
    "dialback' xmlns:stream='http://etherx.jabber.org/streams' to='b.example' xml:lang='en'>"

/* Feeds text in chunks and writes a line per item: kind, name, raw, splice. */
static void play(struct dna_xml_reader *r, const char *text, size_t chunk, char *out,
                 size_t room)
{
    size_t left = strlen(text), n = 0;
    bool over = false;
    out[0] = '\0';
    while (left > 0 && !over) {
        size_t len = left < chunk ? left : chunk;
        char *lent = malloc(len); /* so that a stale pointer is noticed */
        struct dna_xml_item item;
        memcpy(lent, text, len);
        assert_int_equal(dna_xml_reader_feed(r, (struct dna_span){lent, len}), DNA_OK);
        for (;;) {
            dna_xml_reader_next(r, &item);
            if (item.kind == DNA_XML_MORE) {
                break;
            }
            if (item.kind == DNA_XML_ERROR) {
                n += (size_t)snprintf(out + n, room - n, "error %d\n", item.error);
                over = true;
                break;
            }
            if (item.kind == DNA_XML_END) {
                n += (size_t)snprintf(out + n, room - n, "end\n");
                over = true;
                break;
            }
            n += (size_t)snprintf(
                out + n, room - n, "%s {%.*s}%.*s [%.*s] at %zu [%.*s]%s\n",
                item.kind == DNA_XML_HEADER ? "header" : "element",
                DNA_SPAN_FMT(item.element->ns), DNA_SPAN_FMT(item.element->name),
                DNA_SPAN_FMT(item.raw), item.splice_at, DNA_SPAN_FMT(item.splice),
                item.shallow ? " shallow" : "");
            assert_true(n < room);
        }
        free(lent);
        text += len;
        left -= len;
    }
}

static struct dna_xml_reader *new_reader(void)
{
    struct dna_xml_reader *r;
    assert_int_equal(dna_xml_reader_new(NULL, "en", &limits, &r), DNA_OK);
    return r;
}

#define HEADER_LINE "header {http://etherx.jabber.org/streams}stream [] at 0 []\n"

static const struct {
    const char *in, *out;
} streams[] = {
    {HEADER "<message to='x'><body>a&amp;b</body></message> \n <presence/></stream:stream>",
     HEADER_LINE
     "element {jabber:server}message [<message to='x'><body>a&amp;b</body></message>] at 8 "
     "[] shallow\n"
     "element {jabber:server}presence [<presence/>] at 9 [] shallow\n"
     "end\n"},
    {HEADER "<db:result from='a'>key</db:result><iq\ttype='get'/>",
     HEADER_LINE
     "element {jabber:server:dialback}result [<db:result from='a'>key</db:result>] at 10 "
     "[ xmlns:db='jabber:server:dialback']\n"
     "element {jabber:server}iq [<iq\ttype='get'/>] at 3 [] shallow\n"},
    /* a prefix of the header deep inside a stanza; one that the stanza declares itself */
    {HEADER "<message><x><db:y/></x></message>",
     HEADER_LINE "element {jabber:server}message [<message><x><db:y/></x></message>] at 8 "
                 "[ xmlns:db='jabber:server:dialback'] shallow\n"},
    {HEADER "<message><x xmlns:db='u'><db:y db:z=''/></x></message>",
     HEADER_LINE "element {jabber:server}message [<message><x xmlns:db='u'><db:y "
                 "db:z=''/></x></message>] at 8 [] shallow\n"},
    {HEADER "<message><x xmlns:db='u'><db:y/></x><z db:a=''/></message>",
     HEADER_LINE "element {jabber:server}message [<message><x xmlns:db='u'><db:y/></x><z "
                 "db:a=''/></message>] at 8 [ xmlns:db='jabber:server:dialback'] shallow\n"},
    /* the stream's namespace as the default one */
    {"<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:server'/>",
     HEADER_LINE
     "element {jabber:server}message [<message xmlns='jabber:server'/>] at 8 [] shallow\n"},
    {"<stream xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:server'>"
     "<c:message><b/></c:message>",
     HEADER_LINE
     "element {jabber:server}message [<c:message><b/></c:message>] at 10 "
     "[ xmlns='http://etherx.jabber.org/streams' xmlns:c='jabber:server'] shallow\n"},
    {"<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:server' "
     "xml:lang='de'><message/><message xml:lang='fr'/>",
     HEADER_LINE "element {jabber:server}message [<message/>] at 8 [ xml:lang='de'] shallow\n"
                 "element {jabber:server}message [<message xml:lang='fr'/>] at 8 [] "
                 "shallow\n"},
    {"<s:stream xmlns:s='http://etherx.jabber.org/streams'/>", HEADER_LINE "end\n"},
    {HEADER "<message><![CDATA[<x>]]></message>",
     HEADER_LINE "element {jabber:server}message [<message><![CDATA[<x>]]></message>] at 8 "
                 "[] shallow\n"},
    /* what stands between elements belongs to none of them, wherever it is cut */
    {HEADER "\r\n <message/>\r<iq/>&#32;\r\n<presence/>",
     HEADER_LINE "element {jabber:server}message [<message/>] at 8 [] shallow\n"
                 "element {jabber:server}iq [<iq/>] at 3 [] shallow\n"
                 "element {jabber:server}presence [<presence/>] at 9 [] shallow\n"},
};

static void same_items_in_any_chunks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++) {
        for (size_t chunk = 1; chunk <= strlen(streams[i].in); chunk++) {
            struct dna_xml_reader *r = new_reader();
            char out[4000];
            dna_xml_reader_shallow(r, true);
            play(r, streams[i].in, chunk, out, sizeof out);
            assert_string_equal(out, streams[i].out);
            dna_xml_reader_free(r);
        }
    }
}

static const struct {
    const char *in;
    enum dna_xml_error error;
} refusals[] = {
    {"<a><b></a>", DNA_XML_NOT_WELL_FORMED},
    {HEADER "<message", DNA_XML_OK},
    {HEADER "<message a='1' a='2'/>", DNA_XML_NOT_WELL_FORMED},
    {HEADER "<message>&lol;</message>", DNA_XML_RESTRICTED},
    {HEADER "<!-- hello -->", DNA_XML_RESTRICTED},
    {HEADER "<message><!-- hello --></message>", DNA_XML_RESTRICTED},
    {HEADER "<?php x?>", DNA_XML_RESTRICTED},
    {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>", DNA_XML_RESTRICTED},
    {"<?xml version='1.1'?><a>", DNA_XML_NOT_WELL_FORMED},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>", DNA_XML_UNSUPPORTED_ENCODING},
    {"<?xml version='1.0' encoding='utf-8' standalone='no'?><a>", DNA_XML_OK},
    {"\xef\xbb\xbf<a>", DNA_XML_NOT_WELL_FORMED},
    {"\xff\xfe<", DNA_XML_UNSUPPORTED_ENCODING},
    {HEADER "<message>\xc3\x28</message>", DNA_XML_NOT_WELL_FORMED},
    {HEADER "<message>\xed\xa0\x80</message>", DNA_XML_NOT_WELL_FORMED},
    {HEADER "<message>&#0;</message>", DNA_XML_NOT_WELL_FORMED},
    {HEADER "<u:message/>", DNA_XML_BAD_NAMESPACE_PREFIX},
    {HEADER "<message u:a=''/>", DNA_XML_BAD_NAMESPACE_PREFIX},
    {HEADER "text", DNA_XML_BAD_FORMAT},
    {HEADER "<message/>text", DNA_XML_BAD_FORMAT},
    {HEADER "<![CDATA[ ]]>", DNA_XML_BAD_FORMAT},
    {HEADER "<message/><![CDATA[]]>", DNA_XML_BAD_FORMAT},
    {HEADER "&#97;", DNA_XML_BAD_FORMAT},
    {HEADER "<m1><m2><m3><m4><m5><m6><m7><m8/></m7></m6></m5></m4></m3></m2></m1>",
     DNA_XML_OK},
    {HEADER "<m1><m2><m3><m4><m5><m6><m7><m8><m9/></m8></m7></m6></m5></m4></m3></m2></m1>",
     DNA_XML_POLICY},
    {HEADER "<m a='' b='' c='' d='' e='' f=''/>", DNA_XML_OK},
    {HEADER "<m a='' b='' c='' d='' e='' f='' g=''/>", DNA_XML_POLICY},
    /* what a relay may have added is no offence */
    {HEADER "<m a='' b='' c='' d='' e='' f='' xml:lang='de'/>", DNA_XML_OK},
    {HEADER "<m a='' b='' c='' d='' e='' f='' lang='de'/>", DNA_XML_POLICY},
    {HEADER "<m a='' b='' c='' d='' e='' f='' xml:base='u'/>", DNA_XML_POLICY},
    {HEADER "<m xmlns:l='u' a='' b='' c='' d='' e='' f='' l:lang='de'/>", DNA_XML_POLICY},
};

/* expat would take each of these for UTF-16, and the raw bytes would go to other servers. */
static void other_encodings_are_refused(void **state)
{
    static const struct dna_span starts[] = {
        {"<\0s\0/\0>\0", 8}, {"\0<\0s\0/\0>", 8}, {"\xff\xfe<\0s\0", 6},
        {"\xfe\xff\0<\0s", 6}, {" \0<\0s\0/\0>\0", 10},
    };
    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        for (size_t chunk = 1; chunk <= starts[i].len; chunk++) {
            struct dna_xml_reader *r = new_reader();
            struct dna_xml_item item = {.kind = DNA_XML_MORE};
            for (size_t at = 0; at < starts[i].len && item.kind == DNA_XML_MORE; at += chunk) {
                size_t left = starts[i].len - at;
                struct dna_span piece = {starts[i].ptr + at, left < chunk ? left : chunk};
                assert_int_equal(dna_xml_reader_feed(r, piece), DNA_OK);
                dna_xml_reader_next(r, &item);
            }
            assert_int_equal(item.kind, DNA_XML_ERROR);
            assert_int_equal(item.error, DNA_XML_UNSUPPORTED_ENCODING);
            dna_xml_reader_free(r);
        }
    }
}

static void refuses_with_the_right_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        for (size_t chunk = 1; chunk < 300; chunk += 13) {
            for (int shallow = 0; shallow < 2; shallow++) {
                struct dna_xml_reader *r = new_reader();
                char out[4000], expected[20] = "";
                dna_xml_reader_shallow(r, shallow);
                play(r, refusals[i].in, chunk, out, sizeof out);
                if (refusals[i].error != DNA_XML_OK) {
                    (void)snprintf(expected, sizeof expected, "error %d\n",
                                   refusals[i].error);
                    if (strstr(out, expected) == NULL) {
                        fail_msg("%s gave %s", refusals[i].in, out);
                    }
                } else if (strstr(out, "error") != NULL) {
                    fail_msg("%s gave %s", refusals[i].in, out);
                }
                dna_xml_reader_free(r);
            }
        }
    }
}

/* An element of exactly len bytes: a long attribute, long text or many children. */
static void fill(char *out, size_t len, int shape)
{
    static const char *const shapes[][3] = {
        {"<m a='", "x", "'/>"}, {"<m>", "x", "</m>"}, {"<m>", "<a/>", "</m>"}};
    size_t n = strlen(shapes[shape][0]), tail = strlen(shapes[shape][2]);
    size_t unit = strlen(shapes[shape][1]);
    memcpy(out, shapes[shape][0], n);
    while (n + unit + tail <= len) {
        memcpy(out + n, shapes[shape][1], unit);
        n += unit;
    }
    while (n + tail < len) {
        out[n++] = ' ';
    }
    memcpy(out + n, shapes[shape][2], tail + 1);
}

static void the_size_of_an_element_is_limited(void **state)
{
    static const size_t chunks[] = {1, 7, 1000, 100000};
    (void)state;
    for (int shape = 0; shape < 3; shape++) {
        for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
            for (size_t over = 0; over < 2; over++) {
                struct dna_xml_reader *r = new_reader();
                char in[4000] = HEADER, out[4000];
                fill(in + strlen(in), limits.element + over, shape);
                play(r, in, chunks[c], out, sizeof out);
                assert_int_equal(strstr(out, "error 6") != NULL, over == 1);
                dna_xml_reader_free(r);
            }
        }
    }
}

static void an_unfinished_element_cannot_grow(void **state)
{
    struct dna_xml_reader *r = new_reader();
    char out[4000], in[10000] = HEADER "<m a='";
    size_t n = strlen(in);
    (void)state;
    memset(in + n, 'x', sizeof in - n - 1);
    play(r, in, 100, out, sizeof out);
    assert_string_equal(out, HEADER_LINE "error 6\n");
    assert_true(dna_xml_reader_pending(r) <= limits.element + 100);
    dna_xml_reader_free(r);
}

/* Four bytes of input must not cost hundreds of memory without an end. */
static void a_crowd_of_children_cannot_grow(void **state)
{
    const struct dna_xml_limits wide = {.element = 256 * 1024, .depth = 8, .attributes = 6};
    struct dna_xml_reader *r;
    char out[400];
    char *in = malloc(wide.element);
    size_t n = sizeof HEADER "<m>" - 1;
    (void)state;
    assert_int_equal(dna_xml_reader_new(NULL, "en", &wide, &r), DNA_OK);
    memcpy(in, HEADER "<m>", n);
    while (n < wide.element - 8) {
        memcpy(in + n, "<a/>", 4);
        n += 4;
    }
    in[n] = '\0';
    play(r, in, 100000, out, sizeof out);
    assert_string_equal(out, HEADER_LINE "error 6\n");
    dna_xml_reader_free(r);
    free(in);
}

static void white_space_between_elements_costs_nothing(void **state)
{
    struct dna_xml_reader *r = new_reader();
    struct dna_xml_item item;
    char out[4000], blanks[1001];
    (void)state;
    memset(blanks, ' ', 1000);
    blanks[1000] = '\0';
    play(r, HEADER, 1000, out, sizeof out);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(dna_xml_reader_feed(r, dna_span_of(blanks)), DNA_OK);
        dna_xml_reader_next(r, &item);
        assert_int_equal(item.kind, DNA_XML_MORE);
        assert_int_equal(dna_xml_reader_pending(r), 0);
    }
    dna_xml_reader_free(r);
}

static void builds_the_whole_tree(void **state)
{
    struct dna_xml_reader *r = new_reader();
    struct dna_xml_item item;
    const struct dna_xml_element *auth, *text;
    struct dna_span value;
    (void)state;
    assert_int_equal(
        dna_xml_reader_feed(
            r, dna_span_of(HEADER "<stream:error><reset xmlns='urn:x'/><text xmlns='urn:x' "
                                  "xml:lang='de'> a&lt;b<i/>c&#x20;</text></stream:error>")),
        DNA_OK);
    dna_xml_reader_next(r, &item);
    assert_true(item.declares_dialback);
    assert_false(item.declares_dna);
    assert_true(dna_span_is(item.default_ns, "jabber:server"));
    assert_true(dna_xml_attr(item.element, "to", &value));
    assert_true(dna_span_is(value, "b.example"));
    assert_false(dna_xml_attr(item.element, "lang", &value));
    assert_true(dna_xml_lang(item.element, &value));
    dna_xml_reader_next(r, &item);
    auth = item.element;
    assert_true(dna_xml_is(auth, "http://etherx.jabber.org/streams", "error"));
    assert_non_null(dna_xml_child(auth, "urn:x", "reset"));
    text = dna_xml_child(auth, "urn:x", "text");
    assert_non_null(text);
    assert_null(dna_xml_child(auth, "urn:y", "text"));
    assert_true(dna_span_is(text->text, " a<bc "));
    assert_true(dna_span_is(dna_xml_trim(text->text), "a<bc"));
    assert_true(dna_xml_is(text->child, "urn:x", "i"));
    dna_xml_reader_free(r);
}

static void nothing_survives_a_restart(void **state)
{
    struct dna_xml_reader *r = new_reader();
    struct dna_xml_item item;
    char out[4000];
    (void)state;
    assert_int_equal(
        dna_xml_reader_feed(r, dna_span_of(HEADER "<stream:features/><injected/>")), DNA_OK);
    dna_xml_reader_next(r, &item);
    dna_xml_reader_next(r, &item);
    assert_true(dna_span_is(item.element->name, "features"));
    assert_int_equal(dna_xml_reader_unread(r), strlen("<injected/>"));
    assert_int_equal(dna_xml_reader_restart(r), DNA_OK);
    assert_int_equal(dna_xml_reader_unread(r), 0);
    play(r, "<s:stream xmlns:s='u' xmlns='v'><s:x><db:y/></s:x>", 5, out, sizeof out);
    assert_string_equal(out, "header {u}stream [] at 0 []\nerror 4\n");
    dna_xml_reader_free(r);
}

static void a_parked_reader_is_small_and_wakes(void **state)
{
    char first[4000], second[4000];
    for (size_t chunk = 1; chunk < 200; chunk += 3) {
        struct dna_xml_reader *r = new_reader();
        play(r, HEADER "<message/>  ", chunk, first, sizeof first);
        for (int i = 0; i < 3; i++) {
            dna_xml_reader_park(r);
            play(r, "<message><db:a/></message> ", chunk, second, sizeof second);
            assert_string_equal(
                second, "element {jabber:server}message [<message><db:a/></message>] at 8 "
                        "[ xmlns:db='jabber:server:dialback']\n");
        }
        dna_xml_reader_park(r);
        play(r, "</stream:stream>", chunk, second, sizeof second);
        assert_string_equal(second, "end\n");
        dna_xml_reader_free(r);
    }
    (void)state;
}

static void an_unfinished_element_is_not_parked(void **state)
{
    struct dna_xml_reader *r = new_reader();
    char out[4000];
    (void)state;
    play(r, HEADER "<mess", 1000, out, sizeof out);
    dna_xml_reader_park(r);
    play(r, "age/>", 1000, out, sizeof out);
    assert_string_equal(out, "element {jabber:server}message [<message/>] at 8 []\n");
    dna_xml_reader_free(r);
}

static void nothing_is_read_after_the_end(void **state)
{
    struct dna_xml_reader *r = new_reader();
    struct dna_xml_item item;
    char out[4000];
    (void)state;
    play(r, HEADER "</stream:stream>", 1000, out, sizeof out);
    assert_int_equal(dna_xml_reader_feed(r, dna_span_of("<a/>")), DNA_ERR_STATE);
    dna_xml_reader_next(r, &item);
    assert_int_equal(item.kind, DNA_XML_END);
    dna_xml_reader_free(r);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_xml_reader *r = NULL;
        char out[4000];
        if (dna_xml_reader_new(failing_alloc_init(&f, n), "en", &limits, &r) == DNA_OK) {
            play(r, HEADER "<message><x xmlns='u' xmlns:v='w'>t</x><db:y a='b'/></message>", 9,
                 out, sizeof out);
            assert_true(!f.failed || strstr(out, "error 7") != NULL);
        }
        dna_xml_reader_free(r);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_items_in_any_chunks),
        cmocka_unit_test(other_encodings_are_refused),
        cmocka_unit_test(refuses_with_the_right_error),
        cmocka_unit_test(the_size_of_an_element_is_limited),
        cmocka_unit_test(an_unfinished_element_cannot_grow),
        cmocka_unit_test(a_crowd_of_children_cannot_grow),
        cmocka_unit_test(white_space_between_elements_costs_nothing),
        cmocka_unit_test(builds_the_whole_tree),
        cmocka_unit_test(nothing_survives_a_restart),
        cmocka_unit_test(a_parked_reader_is_small_and_wakes),
        cmocka_unit_test(an_unfinished_element_is_not_parked),
        cmocka_unit_test(nothing_is_read_after_the_end),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
