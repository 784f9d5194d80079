/* json/canonical.c: reading, writing and comparing the one form.
 *
 * The reader refuses whatever the writer would not have written: two different inputs never
 * give the same value.  It recurses at most `depth` deep, and what it makes is bounded by the
 * arena.
 */
#include <json/canonical.h>

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include <base/codec.h>
#include <base/limits.h>

struct reader {
    struct dna_arena *arena;
    const char *begin, *p, *end;
    const char *why;
    enum dna_err err;
};

static bool fail(struct reader *r, const char *why)
{
    if (r->err == DNA_OK) {
        r->err = DNA_ERR_FORMAT;
        r->why = why;
    }
    return false;
}

/* The arena gave nothing for size bytes. */
static bool out_of_room(struct reader *r, size_t size)
{
    bool full = size + sizeof(max_align_t) > r->arena->limit - r->arena->used;
    r->err = full ? DNA_ERR_LIMIT : DNA_ERR_MEMORY;
    r->why = r->err == DNA_ERR_LIMIT ? "more than is admitted" : "out of memory";
    return false;
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c) {
        return false;
    }
    r->p++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->p) < len || memcmp(r->p, word, len) != 0) {
        return fail(r, "no value");
    }
    r->p += len;
    return true;
}

/* --- strings and numbers ---------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash. */
static bool read_escape(struct reader *r, char *out)
{
    int high, low;
    if (take(r, '"')) {
        *out = '"';
        return true;
    }
    if (take(r, '\\')) {
        *out = '\\';
        return true;
    }
    if (r->end - r->p < 5 || memcmp(r->p, "u00", 3) != 0) {
        return fail(r, "an escape that the canonical form does not have");
    }
    high = hex_value(r->p[3]);
    low = hex_value(r->p[4]);
    if (high < 0 || low < 0 || high + low == 0 ||
        (high * 16 + low >= 0x20 && high * 16 + low <= 0x7e)) {
        return fail(r, "an escape that the canonical form does not have");
    }
    r->p += 5;
    *out = (char)(high * 16 + low);
    return true;
}

static bool read_text(struct reader *r, struct dna_span *out)
{
    const char *close = r->p;
    char *text;
    size_t n = 0;
    while (close < r->end && *close != '"') {
        close += *close == '\\' && r->end - close > 1 ? 2 : 1;
    }
    text = dna_arena_get(r->arena, (size_t)(close - r->p) + 1);
    if (text == NULL) {
        return out_of_room(r, (size_t)(close - r->p) + 1);
    }
    while (r->p < r->end && *r->p != '"') {
        if (*r->p == '\\') {
            r->p++;
            if (!read_escape(r, &text[n++])) {
                return false;
            }
        } else if (is_plain((unsigned char)*r->p)) {
            text[n++] = *r->p++;
        } else {
            return fail(r, "a byte that must be escaped");
        }
    }
    text[n] = '\0';
    *out = (struct dna_span){text, n};
    return take(r, '"') || fail(r, "a string that does not end");
}

static bool read_number(struct reader *r, int64_t *out)
{
    const char *begin = r->p;
    bool minus = take(r, '-');
    uint64_t n = 0, most = minus ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    const char *digits = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9') {
        unsigned digit = (unsigned)(*r->p - '0');
        if (n > (most - digit) / 10) {
            return fail(r, "a number out of range");
        }
        n = 10 * n + digit;
        r->p++;
    }
    if (r->p == digits || (*digits == '0' && (r->p - digits > 1 || minus))) {
        r->p = begin;
        return fail(r, "no value");
    }
    *out = minus ? -(int64_t)(n - 1) - 1 : (int64_t)n;
    return true;
}

/* --- values ----------------------------------------------------------------------------- */

static void append(struct dna_json *parent, struct dna_json *value)
{
    if (parent->last != NULL) {
        parent->last->next = value;
    } else {
        parent->first = value;
    }
    parent->last = value;
}

static struct dna_json *read_value(struct reader *r, unsigned depth);

static bool read_member(struct reader *r, struct dna_json *object, unsigned depth)
{
    struct dna_span name = {"", 0};
    struct dna_json *value;
    if (object->kind == DNA_JSON_OBJECT) {
        if (!take(r, '"')) {
            return fail(r, "no name of a member");
        }
        if (!read_text(r, &name)) {
            return false;
        }
        if (dna_json_member(object, name.ptr) != NULL) {
            return fail(r, "a member twice");
        }
        if (!take(r, ':')) {
            return fail(r, "no colon behind a member's name");
        }
    }
    value = read_value(r, depth);
    if (value != NULL) {
        value->name = object->kind == DNA_JSON_OBJECT ? name.ptr : NULL;
        append(object, value);
    }
    return value != NULL;
}

static bool read_members(struct reader *r, struct dna_json *value, char close, unsigned depth)
{
    if (depth == 0) {
        return fail(r, "nested too deeply");
    }
    if (take(r, close)) {
        return true;
    }
    for (unsigned n = 0; n == 0 || take(r, ','); n++) {
        if (value->kind == DNA_JSON_OBJECT && n == DNA_LIMIT_JSON_MEMBERS) {
            return fail(r, "too many members"); /* each is compared with all others */
        }
        if (!read_member(r, value, depth - 1)) {
            return false;
        }
    }
    return take(r, close) || fail(r, "neither a comma nor the end of an array or object");
}

static bool fill(struct reader *r, struct dna_json *value, unsigned depth)
{
    switch (r->p == r->end ? '\0' : *r->p) {
    case '{':
        r->p++;
        value->kind = DNA_JSON_OBJECT;
        return read_members(r, value, '}', depth);
    case '[':
        r->p++;
        value->kind = DNA_JSON_ARRAY;
        return read_members(r, value, ']', depth);
    case '"':
        r->p++;
        value->kind = DNA_JSON_TEXT;
        return read_text(r, &value->text);
    case 'n':
        value->kind = DNA_JSON_NULL;
        return take_word(r, "null");
    case 't':
        value->kind = DNA_JSON_FLAG;
        value->number = 1;
        return take_word(r, "true");
    case 'f':
        value->kind = DNA_JSON_FLAG;
        return take_word(r, "false");
    default:
        value->kind = DNA_JSON_NUMBER;
        return read_number(r, &value->number);
    }
}

static struct dna_json *read_value(struct reader *r, unsigned depth)
{
    struct dna_json *value = dna_arena_zero(r->arena, 1, sizeof *value);
    if (value == NULL) {
        (void)out_of_room(r, sizeof *value);
        return NULL;
    }
    return fill(r, value, depth) ? value : NULL;
}

enum dna_err dna_json_read(struct dna_arena *arena, struct dna_span bytes, unsigned depth,
                           struct dna_json **out, size_t *at, const char **why)
{
    struct reader r = {.arena = arena, .begin = bytes.len != 0 ? bytes.ptr : "", .why = ""};
    r.p = r.begin;
    r.end = r.begin + bytes.len;
    *out = read_value(&r, depth);
    if (*out != NULL && r.p != r.end) {
        (void)fail(&r, "something behind the value");
    }
    *at = (size_t)(r.p - r.begin);
    *why = r.why;
    return r.err;
}

/* --- writing ---------------------------------------------------------------------------- */

static enum dna_err write_text(struct dna_span text, struct dna_buf *buf)
{
    size_t from = 0;
    enum dna_err err = dna_buf_add_text(buf, "\"");
    for (size_t i = 0; i <= text.len && err == DNA_OK; i++) {
        unsigned char c = i < text.len ? (unsigned char)text.ptr[i] : 0;
        if (i < text.len && is_plain(c)) {
            continue;
        }
        if (i > from) {
            err = dna_buf_add(buf, (struct dna_span){text.ptr + from, i - from});
        }
        from = i + 1;
        if (i < text.len && err == DNA_OK) {
            err = c == '"' || c == '\\' ? dna_buf_printf(buf, "\\%c", c)
                                        : dna_buf_printf(buf, "\\u00%02x", c);
        }
    }
    return err == DNA_OK ? dna_buf_add_text(buf, "\"") : err;
}

static enum dna_err write_members(const struct dna_json *value, struct dna_buf *buf)
{
    bool object = value->kind == DNA_JSON_OBJECT;
    enum dna_err err = dna_buf_add_text(buf, object ? "{" : "[");
    for (const struct dna_json *one = value->first; one != NULL && err == DNA_OK;
         one = one->next) {
        if (one != value->first) {
            err = dna_buf_add_text(buf, ",");
        }
        if (err == DNA_OK && object) {
            err = write_text(dna_span_of(one->name), buf);
            err = err == DNA_OK ? dna_buf_add_text(buf, ":") : err;
        }
        err = err == DNA_OK ? dna_json_write(one, buf) : err;
    }
    return err == DNA_OK ? dna_buf_add_text(buf, object ? "}" : "]") : err;
}

enum dna_err dna_json_write(const struct dna_json *value, struct dna_buf *buf)
{
    switch (value->kind) {
    case DNA_JSON_NULL:
        return dna_buf_add_text(buf, "null");
    case DNA_JSON_FLAG:
        return dna_buf_add_text(buf, value->number != 0 ? "true" : "false");
    case DNA_JSON_NUMBER:
        return dna_buf_printf(buf, "%" PRId64, value->number);
    case DNA_JSON_TEXT:
        return write_text(value->text, buf);
    case DNA_JSON_ARRAY:
    case DNA_JSON_OBJECT:
        return write_members(value, buf);
    }
    return DNA_ERR_ARGUMENT;
}

/* --- looking ---------------------------------------------------------------------------- */

const struct dna_json *dna_json_member(const struct dna_json *value, const char *name)
{
    const struct dna_json *one;
    if (value == NULL || value->kind != DNA_JSON_OBJECT) {
        return NULL;
    }
    for (one = value->first; one != NULL && strcmp(one->name, name) != 0; one = one->next) {
    }
    return one;
}

static bool same_members(const struct dna_json *a, const struct dna_json *b)
{
    const struct dna_json *x = a->first, *y = b->first;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        if ((a->kind == DNA_JSON_OBJECT && strcmp(x->name, y->name) != 0) ||
            !dna_json_equal(x, y)) {
            return false;
        }
    }
    return x == NULL && y == NULL;
}

bool dna_json_equal(const struct dna_json *a, const struct dna_json *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind) {
        return a == b;
    }
    switch (a->kind) {
    case DNA_JSON_NULL:
        return true;
    case DNA_JSON_FLAG:
    case DNA_JSON_NUMBER:
        return a->number == b->number;
    case DNA_JSON_TEXT:
        return dna_span_equal(a->text, b->text);
    case DNA_JSON_ARRAY:
    case DNA_JSON_OBJECT:
        return same_members(a, b);
    }
    return false;
}

struct dna_json *dna_json_take(struct dna_json *object, const char *name)
{
    struct dna_json *before = NULL;
    for (struct dna_json *one = object->first; one != NULL; before = one, one = one->next) {
        if (strcmp(one->name, name) == 0) {
            *(before != NULL ? &before->next : &object->first) = one->next;
            if (object->last == one) {
                object->last = before;
            }
            one->next = NULL;
            return one;
        }
    }
    return NULL;
}

/* --- making ----------------------------------------------------------------------------- */

struct dna_json *dna_json_add(struct dna_json_maker *maker, struct dna_json *parent,
                              const char *name, enum dna_json_kind kind)
{
    static struct dna_json nobodys;
    struct dna_json *value =
        maker->err == DNA_OK ? dna_arena_zero(maker->arena, 1, sizeof *value) : NULL;
    if (value == NULL) {
        maker->err = maker->err == DNA_OK ? DNA_ERR_MEMORY : maker->err;
        return &nobodys;
    }
    value->kind = kind;
    if (parent != NULL) {
        value->name = parent->kind == DNA_JSON_OBJECT ? name : NULL;
        append(parent, value);
    }
    return value;
}

void dna_json_add_number(struct dna_json_maker *maker, struct dna_json *parent,
                         const char *name, int64_t number)
{
    struct dna_json *value = dna_json_add(maker, parent, name, DNA_JSON_NUMBER);
    if (maker->err == DNA_OK) {
        value->number = number;
    }
}

void dna_json_add_flag(struct dna_json_maker *maker, struct dna_json *parent, const char *name,
                       bool flag)
{
    struct dna_json *value = dna_json_add(maker, parent, name, DNA_JSON_FLAG);
    if (maker->err == DNA_OK) {
        value->number = flag;
    }
}

void dna_json_add_span(struct dna_json_maker *maker, struct dna_json *parent, const char *name,
                       struct dna_span text)
{
    struct dna_json *value = dna_json_add(maker, parent, name, DNA_JSON_TEXT);
    if (maker->err == DNA_OK && text.len != 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        maker->err = DNA_ERR_FORMAT;
    }
    if (maker->err == DNA_OK) {
        value->text = text;
    }
}

void dna_json_add_text(struct dna_json_maker *maker, struct dna_json *parent, const char *name,
                       const char *text)
{
    if (text == NULL) {
        (void)dna_json_add(maker, parent, name, DNA_JSON_NULL);
    } else {
        dna_json_add_span(maker, parent, name, dna_span_of(text));
    }
}

void dna_json_add_bytes(struct dna_json_maker *maker, struct dna_json *parent,
                        const char *name, struct dna_span bytes)
{
    size_t room = (bytes.len + 2) / 3 * 4 + 1;
    char *text = maker->err == DNA_OK ? dna_arena_get(maker->arena, room) : NULL;
    if (text == NULL) {
        maker->err = maker->err == DNA_OK ? DNA_ERR_MEMORY : maker->err;
        return;
    }
    maker->err = dna_base64_encode((const unsigned char *)bytes.ptr, bytes.len, text, room);
    dna_json_add_span(maker, parent, name, (struct dna_span){text, room - 1});
}
