/* The stream reader under hostile bytes.
 *
 * The first byte chooses limits and shallowness, the second seeds the chunks, the rest is
 * the stream.  It must hold, whatever the bytes:
 *   - any split into chunks, with the reader parked in between, gives the items of one feed;
 *   - raw ranges are the input's own bytes, in order, with white space between them;
 *   - a raw range with its splice means the same in a stream with our header;
 *   - what the writer makes of an element reads back as that element.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xml/reader.h>
#include <xml/writer.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define OUR_HEADER                                                                          \
    "<stream:stream xmlns='jabber:server' "                                                 \
    "xmlns:stream='http://etherx.jabber.org/streams' xml:lang='en'>"
#define XML_NS "http://www.w3.org/XML/1998/namespace"

struct seen {
    struct dna_buf log; /* every item of the run, one after the other */
    size_t items;
    enum dna_xml_error error;
};

static struct dna_xml_reader *make_reader(size_t element, bool shallow)
{
    struct dna_xml_limits limits = {.element = element, .depth = 16, .attributes = 8};
    struct dna_xml_reader *r;
    if (dna_xml_reader_new(NULL, "en", &limits, &r) != DNA_OK) {
        abort();
    }
    dna_xml_reader_shallow(r, shallow);
    return r;
}

static void must(enum dna_err err)
{
    if (err != DNA_OK) {
        abort();
    }
}

static void note(struct dna_buf *log, struct dna_span bytes)
{
    must(dna_buf_printf(log, "%zu:", bytes.len));
    must(dna_buf_add(log, bytes));
}

/* The attributes; xml:lang only where with_lang says so. */
static void note_attributes(struct dna_buf *log, const struct dna_xml_element *e,
                            bool with_lang)
{
    for (size_t i = 0; i < e->n_attrs; i++) {
        const struct dna_xml_attr *a = &e->attrs[i];
        if (with_lang || !dna_span_is(a->ns, XML_NS) || !dna_span_is(a->name, "lang")) {
            note(log, a->ns);
            note(log, a->name);
            note(log, a->value);
        }
    }
}

/* What an element means: names with their namespaces, attributes, text, children. */
static void note_meaning(struct dna_buf *log, const struct dna_xml_element *e, bool with_lang)
{
    must(dna_buf_add_text(log, "<"));
    note(log, e->ns);
    note(log, e->name);
    note_attributes(log, e, with_lang);
    must(dna_buf_add_text(log, "="));
    note(log, e->text);
    for (const struct dna_xml_element *c = e->child; c != NULL; c = c->next) {
        note_meaning(log, c, true);
    }
    must(dna_buf_add_text(log, ">"));
}

static void note_item(struct seen *seen, const struct dna_xml_item *item)
{
    must(dna_buf_printf(&seen->log, "[%d %d %zu ", item->kind, item->shallow,
                        item->splice_at));
    note(&seen->log, item->raw);
    note(&seen->log, item->splice);
    if (item->element != NULL) {
        note(&seen->log, item->element->prefix);
        note_meaning(&seen->log, item->element, true);
    }
    must(dna_buf_add_text(&seen->log, "]"));
    seen->items++;
    seen->error = item->error;
}

/* Reads text behind our header; the only element in it means what expected says. */
static void reads_as(struct dna_span text, const struct dna_buf *expected, bool with_lang)
{
    struct dna_xml_reader *r = make_reader(1 << 24, false);
    struct dna_xml_item item;
    struct dna_buf meaning;
    dna_buf_init(&meaning, NULL, SIZE_MAX / 2);
    must(dna_xml_reader_feed(r, dna_span_of(OUR_HEADER)));
    dna_xml_reader_next(r, &item);
    assert(item.kind == DNA_XML_HEADER);
    dna_xml_reader_next(r, &item);
    must(dna_xml_reader_feed(r, text));
    dna_xml_reader_next(r, &item);
    assert(item.kind == DNA_XML_ELEMENT);
    assert(item.raw.len == text.len);
    note_meaning(&meaning, item.element, with_lang);
    assert(dna_span_equal(dna_buf_span(&meaning), dna_buf_span(expected)));
    dna_xml_reader_next(r, &item);
    assert(item.kind == DNA_XML_MORE);
    dna_buf_fini(&meaning);
    dna_xml_reader_free(r);
}

static void check_element(const struct dna_xml_item *item)
{
    struct dna_buf meaning, text;
    bool lang = item->splice.len == 0; /* else xml:lang may have been spliced in */
    dna_buf_init(&meaning, NULL, SIZE_MAX / 2);
    dna_buf_init(&text, NULL, SIZE_MAX / 2);
    note_meaning(&meaning, item->element, lang);
    must(dna_xml_write_raw(&text, item->raw, item->splice_at, item->splice));
    reads_as(dna_buf_span(&text), &meaning, lang);
    dna_buf_clear(&text);
    dna_buf_clear(&meaning);
    note_meaning(&meaning, item->element, true);
    must(dna_xml_write_element(&text, item->element, dna_span_of("jabber:server")));
    reads_as(dna_buf_span(&text), &meaning, true);
    dna_buf_fini(&text);
    dna_buf_fini(&meaning);
}

/* item ends at end; the one before it at *last. */
static void check_range(struct dna_span stream, const struct dna_xml_item *item, size_t end,
                        size_t *last)
{
    size_t start = end - item->raw.len;
    assert(end <= stream.len && item->raw.len <= end && start >= *last);
    if (item->kind == DNA_XML_ELEMENT) {
        struct dna_span gap = {stream.ptr + *last, start - *last};
        assert(memcmp(stream.ptr + start, item->raw.ptr, item->raw.len) == 0);
        /* A character reference may stand for white space. */
        assert(memchr(gap.ptr, '&', gap.len) != NULL || dna_xml_trim(gap).len == 0);
        assert(item->splice_at > 1 && item->splice_at < item->raw.len);
    }
    *last = end;
}

/* Takes the items of what was fed; false once there can be no more. */
static bool take(struct dna_xml_reader *r, struct dna_span stream, size_t fed, size_t *last,
                 bool trees, struct seen *seen)
{
    struct dna_xml_item item;
    for (;;) {
        dna_xml_reader_next(r, &item);
        if (item.kind == DNA_XML_MORE) {
            return true;
        }
        note_item(seen, &item);
        if (item.kind == DNA_XML_ERROR || item.kind == DNA_XML_END) {
            assert(item.kind == DNA_XML_END || item.error != DNA_XML_OK);
            assert(item.error != DNA_XML_MEMORY);
            return false;
        }
        check_range(stream, &item, fed - dna_xml_reader_unread(r), last);
        if (trees && item.kind == DNA_XML_ELEMENT) {
            check_element(&item);
        }
    }
}

static void run(struct dna_span stream, unsigned mode, unsigned seed, struct seen *seen)
{
    struct dna_xml_reader *r = make_reader(mode & 1 ? 4096 : 100, mode & 2);
    size_t at = 0, last = 0;
    bool more = true;
    dna_buf_init(&seen->log, NULL, SIZE_MAX / 2);
    while (at < stream.len && more) {
        size_t len = stream.len - at;
        char *lent;
        if (seed != 0) {
            seed = seed * 1103515245u + 12345u;
            len = 1 + (seed >> 16) % 24 < len ? 1 + (seed >> 16) % 24 : len;
        }
        lent = malloc(len); /* so that reading behind it, or later, is noticed */
        if (lent == NULL) {
            abort();
        }
        memcpy(lent, stream.ptr + at, len);
        must(dna_xml_reader_feed(r, (struct dna_span){lent, len}));
        at += len;
        more = take(r, stream, at, &last, seed == 0 && !(mode & 2), seen);
        if (more && (seed >> 8 & 3) == 1) {
            dna_xml_reader_park(r);
        }
        free(lent);
    }
    dna_xml_reader_free(r);
}

/* A chunk may go over a limit, or hold text that is not allowed there, and end before the
 * mistake that the whole shows. */
static bool cut_short(enum dna_xml_error error)
{
    return error == DNA_XML_POLICY || error == DNA_XML_BAD_FORMAT;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct seen whole = {.items = 0}, chunked = {.items = 0};
    struct dna_span stream;
    if (len < 3) {
        return 0;
    }
    stream = (struct dna_span){(const char *)bytes + 2, len - 2};
    run(stream, bytes[0], 0, &whole);
    run(stream, bytes[0], 1u + bytes[1], &chunked);
    assert(whole.items == chunked.items);
    assert(whole.error == chunked.error || cut_short(whole.error) ||
           cut_short(chunked.error));
    assert(dna_span_equal(dna_buf_span(&whole.log), dna_buf_span(&chunked.log)));
    dna_buf_fini(&whole.log);
    dna_buf_fini(&chunked.log);
    return 0;
}
