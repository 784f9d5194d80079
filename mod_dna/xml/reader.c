/* xml/reader.c: bytes and positions.
 *
 * expat is given what is lent, once, and stops at each item.  An element that lies wholly in
 * the lent bytes is returned as a range of them; of one that does not, the earlier part is
 * carried over.  Limits are applied after each piece, so that what is held is never more
 * than the limit and one piece.
 */
#include <xml/reader.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <xml/parser.h>

#define ARENA_LEAST (1024 * 1024)

static size_t arena_limit(const struct dna_xml_limits *limits)
{
    return limits->element > ARENA_LEAST / 16 ? 16 * limits->element : ARENA_LEAST;
}

enum dna_err dna_xml_reader_new(const struct dna_alloc *alloc, const char *lang_default,
                                const struct dna_xml_limits *limits,
                                struct dna_xml_reader **out)
{
    struct dna_xml_reader *r = dna_alloc_zero(alloc, 1, sizeof *r);
    if (r == NULL) {
        return DNA_ERR_MEMORY;
    }
    r->alloc = alloc;
    r->lang_default = lang_default;
    dna_arena_init(&r->arena, alloc, 0);
    dna_buf_init(&r->carry, alloc, SIZE_MAX / 2);
    dna_xml_reader_limits(r, limits);
    *out = r;
    return DNA_OK;
}

static void forget_header(struct dna_xml_reader *r)
{
    dna_alloc_release(r->alloc, (void *)(uintptr_t)r->header.ptr);
    r->header = (struct dna_span){NULL, 0};
}

void dna_xml_reader_free(struct dna_xml_reader *r)
{
    if (r == NULL) {
        return;
    }
    if (r->parser != NULL) {
        XML_ParserFree(r->parser);
    }
    dna_xml_scope_clear(r);
    dna_arena_fini(&r->arena);
    dna_buf_fini(&r->carry);
    forget_header(r);
    dna_alloc_release(r->alloc, r);
}

void dna_xml_reader_limits(struct dna_xml_reader *r, const struct dna_xml_limits *limits)
{
    r->limits = *limits;
    r->arena.limit = arena_limit(limits);
}

void dna_xml_reader_shallow(struct dna_xml_reader *r, bool shallow)
{
    r->shallow_wanted = shallow;
}

static bool final(const struct dna_xml_reader *r)
{
    return r->item.kind == DNA_XML_ERROR || r->item.kind == DNA_XML_END;
}

enum dna_err dna_xml_reader_feed(struct dna_xml_reader *r, struct dna_span bytes)
{
    if (final(r) || r->lent.len != 0 || bytes.len > INT_MAX) {
        return DNA_ERR_STATE;
    }
    r->lent = bytes;
    r->fed = false;
    return DNA_OK;
}

/* Creates the parser; where a header was read already it is replayed. */
static bool wake(struct dna_xml_reader *r)
{
    enum XML_Status status = XML_STATUS_OK;
    if (r->parser != NULL) {
        return true;
    }
    r->parser = XML_ParserCreateNS("UTF-8", DNA_XML_SEPARATOR);
    if (r->parser == NULL) {
        return false;
    }
    dna_xml_handlers_set(r);
    if (r->depth != 0) {
        r->depth = 0;
        r->replaying = true;
        status = XML_Parse(r->parser, r->header.ptr, (int)r->header.len, XML_FALSE);
        r->replaying = false;
        r->delta = (int64_t)r->lent_at - (int64_t)r->header.len;
    }
    return status == XML_STATUS_OK;
}

static enum dna_xml_error error_of(enum XML_Error code, const char **why)
{
    *why = "not well-formed XML";
    switch ((int)code) {
    case XML_ERROR_UNBOUND_PREFIX:
    case XML_ERROR_UNDECLARING_PREFIX:
    case XML_ERROR_RESERVED_PREFIX_XML:
    case XML_ERROR_RESERVED_PREFIX_XMLNS:
    case XML_ERROR_RESERVED_NAMESPACE_URI:
        *why = "a namespace prefix that is not declared or must not be";
        return DNA_XML_BAD_NAMESPACE_PREFIX;
    case XML_ERROR_UNDEFINED_ENTITY:
    case XML_ERROR_RECURSIVE_ENTITY_REF:
    case XML_ERROR_BINARY_ENTITY_REF:
    case XML_ERROR_PARAM_ENTITY_REF:
        *why = "an entity reference";
        return DNA_XML_RESTRICTED;
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING:
        *why = "only UTF-8 is spoken here";
        return DNA_XML_UNSUPPORTED_ENCODING;
    case XML_ERROR_NO_MEMORY:
        *why = "out of memory";
        return DNA_XML_MEMORY;
    case XML_ERROR_AMPLIFICATION_LIMIT_BREACH:
        *why = "an entity that grows";
        return DNA_XML_RESTRICTED;
    default:
        return DNA_XML_NOT_WELL_FORMED;
    }
}

/* RFC 6120 11.6: UTF-8 without byte order mark; a leading U+FEFF is text outside the root, as
 * everything is that begins neither markup nor white space, whatever byte comes next.
 * Whatever encoding it is created with, expat takes two first bytes of which one is NUL for
 * UTF-16. */
static bool first_bytes_fit(struct dna_xml_reader *r)
{
    for (size_t i = 0; i < r->lent.len && r->lent_at + i < 2; i++) {
        unsigned char byte = (unsigned char)r->lent.ptr[i];
        if (byte == 0 || byte >= 0xfe) {
            dna_xml_fail(r, DNA_XML_UNSUPPORTED_ENCODING, "only UTF-8 is spoken here");
        } else if (r->lent_at + i == 0 && strchr("<\t\n\r ", byte) == NULL) {
            dna_xml_fail(r, DNA_XML_NOT_WELL_FORMED, "text before the stream header");
        }
    }
    return r->item.kind != DNA_XML_ERROR;
}

static void run(struct dna_xml_reader *r)
{
    enum XML_Status status;
    const char *why;
    if (!r->fed) {
        if (!first_bytes_fit(r)) {
            return;
        }
        if (!wake(r)) {
            dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
            return;
        }
        r->fed = true;
        status = XML_Parse(r->parser, r->lent.ptr, (int)r->lent.len, XML_FALSE);
    } else {
        status = XML_ResumeParser(r->parser);
    }
    if (status == XML_STATUS_ERROR && r->item.kind != DNA_XML_ERROR) {
        enum dna_xml_error error = error_of(XML_GetErrorCode(r->parser), &why);
        dna_xml_fail(r, error, why);
    }
}

/* The raw bytes from item_start to end, contiguous. */
static bool gather(struct dna_xml_reader *r, uint64_t end, struct dna_span *raw)
{
    if (r->item_start >= r->lent_at) {
        *raw = (struct dna_span){r->lent.ptr + (r->item_start - r->lent_at),
                                 (size_t)(end - r->item_start)};
        return true;
    }
    /* What stood between the elements may have been carried before expat knew what it was. */
    dna_buf_consume(&r->carry,
                    dna_buf_len(&r->carry) - (size_t)(r->lent_at - r->item_start));
    if (dna_buf_add(&r->carry, (struct dna_span){r->lent.ptr, (size_t)(end - r->lent_at)}) !=
        DNA_OK) {
        return false;
    }
    *raw = dna_buf_span(&r->carry);
    return true;
}

static void finish_item(struct dna_xml_reader *r)
{
    uint64_t end = dna_xml_position(r);
    struct dna_span raw;
    if (end - r->item_start > r->limits.element) {
        dna_xml_fail(r, DNA_XML_POLICY, "the element is too long");
        return;
    }
    if (!gather(r, end, &raw)) {
        dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
        return;
    }
    r->item_end = end;
    r->item_start = end;
    if (r->item.kind == DNA_XML_HEADER) {
        char *copy = dna_alloc_text(r->alloc, raw);
        if (copy == NULL) {
            dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
            return;
        }
        r->header = (struct dna_span){copy, raw.len};
    } else if (r->item.kind == DNA_XML_ELEMENT) {
        r->item.raw = raw;
        if (!dna_xml_scope_splice(r)) {
            dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
        }
    }
}

/* All lent bytes are parsed: keeps those of an unfinished item. */
static void use_up(struct dna_xml_reader *r)
{
    uint64_t end = r->lent_at + r->lent.len;
    uint64_t from = r->item_start > r->lent_at ? r->item_start : r->lent_at;
    if (end - r->item_start > r->limits.element) {
        dna_xml_fail(r, DNA_XML_POLICY, "the element is too long");
        return;
    }
    if (r->item_start > r->lent_at) {
        dna_buf_clear(&r->carry); /* it lies before the item */
    }
    if (from < end &&
        dna_buf_add(&r->carry, (struct dna_span){r->lent.ptr + (from - r->lent_at),
                                                 (size_t)(end - from)}) != DNA_OK) {
        dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
        return;
    }
    r->lent_at = end;
    r->lent = (struct dna_span){NULL, 0};
}

static void forget_item(struct dna_xml_reader *r)
{
    if (r->item.kind == DNA_XML_MORE) {
        return; /* in the middle of an item, or nothing yet */
    }
    memset(&r->item, 0, sizeof r->item);
    dna_arena_reset(&r->arena);
    dna_buf_clear(&r->carry);
    r->open = NULL;
    r->scope.used = 0;
    r->scope.uses_default = false;
}

void dna_xml_reader_next(struct dna_xml_reader *r, struct dna_xml_item *item)
{
    if (final(r)) {
        *item = r->item;
        return;
    }
    forget_item(r);
    if (r->end_seen) {
        r->item.kind = DNA_XML_END;
    } else if (r->lent.len != 0) {
        run(r);
        if (r->item.kind == DNA_XML_MORE) {
            use_up(r);
        } else if (r->item.kind != DNA_XML_ERROR) {
            finish_item(r);
        }
    }
    *item = r->item;
    if (item->kind == DNA_XML_MORE) {
        /* What is under construction is not shown. */
        *item = (struct dna_xml_item){.kind = DNA_XML_MORE};
    }
}

size_t dna_xml_reader_unread(const struct dna_xml_reader *r)
{
    uint64_t end = r->lent_at + r->lent.len;
    uint64_t from = r->item_end > r->lent_at ? r->item_end : r->lent_at;
    return (size_t)(end - from);
}

enum dna_err dna_xml_reader_restart(struct dna_xml_reader *r)
{
    if (r->parser != NULL) {
        XML_ParserFree(r->parser);
        r->parser = NULL;
    }
    dna_xml_scope_clear(r);
    dna_arena_fini(&r->arena);
    dna_buf_fini(&r->carry);
    forget_header(r);
    memset(&r->item, 0, sizeof r->item);
    r->open = NULL;
    r->depth = 0;
    r->end_seen = false;
    r->lent = (struct dna_span){NULL, 0};
    r->lent_at = r->item_start = r->item_end = 0;
    r->delta = 0;
    r->fed = false;
    return DNA_OK;
}

void dna_xml_reader_park(struct dna_xml_reader *r)
{
    if (r->parser == NULL || r->depth != 1 || r->lent.len != 0 || final(r) ||
        r->item_start != r->lent_at) {
        return;
    }
    XML_ParserFree(r->parser);
    r->parser = NULL;
    memset(&r->item, 0, sizeof r->item);
    dna_arena_fini(&r->arena);
    dna_buf_fini(&r->carry);
    dna_alloc_release(r->alloc, r->scope.declared);
    r->scope.declared = NULL;
    r->scope.declared_room = r->scope.n_declared = 0;
    r->open = NULL;
}

size_t dna_xml_reader_pending(const struct dna_xml_reader *r)
{
    uint64_t end = r->lent_at + r->lent.len;
    return end > r->item_start ? (size_t)(end - r->item_start) : 0;
}
