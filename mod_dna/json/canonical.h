/* json/canonical.h: JSON that has one form only, for what is signed and compared.
 *
 * A subset of RFC 8259: ASCII without white space, integers of 64 bits in their shortest
 * form, strings whose code points are bytes: 0x20 to 0x7e stand for themselves, the quotation
 * mark and the backslash behind a backslash, every other byte but NUL as \u00XX in lower case.
 * No member name twice.  What is read and written again is the same bytes.
 */
#ifndef DNA_JSON_CANONICAL_H
#define DNA_JSON_CANONICAL_H

#include <base/arena.h>
#include <base/buf.h>

enum dna_json_kind {
    DNA_JSON_NULL,
    DNA_JSON_FLAG,
    DNA_JSON_NUMBER,
    DNA_JSON_TEXT,
    DNA_JSON_ARRAY,
    DNA_JSON_OBJECT
};

/* A value.  All of it lives in one arena. */
struct dna_json {
    enum dna_json_kind kind;
    const char *name;      /* as a member of an object; else NULL */
    struct dna_span text;  /* TEXT: the bytes, NUL-terminated */
    int64_t number;        /* NUMBER; FLAG: 0 or 1 */
    struct dna_json *first, *last; /* ARRAY, OBJECT */
    struct dna_json *next;
};

/* Reads one value that fills bytes, at most depth deep.  DNA_ERR_FORMAT: *at is where it is
 * not canonical, and *why says how.  DNA_ERR_LIMIT: the arena's, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_json_read(struct dna_arena *arena, struct dna_span bytes,
                                        unsigned depth, struct dna_json **out, size_t *at,
                                        const char **why);
DNA_MUST_USE enum dna_err dna_json_write(const struct dna_json *value, struct dna_buf *buf);

/* The member of an object, or NULL; NULL also where value is none. */
const struct dna_json *dna_json_member(const struct dna_json *value, const char *name);
bool dna_json_equal(const struct dna_json *a, const struct dna_json *b);
/* Takes a member out of an object; NULL: there was none. */
struct dna_json *dna_json_take(struct dna_json *object, const char *name);

/* --- making ---------------------------------------------------------------------------- */

/* The first fault of the world stays, and makes the rest do nothing. */
struct dna_json_maker {
    struct dna_arena *arena;
    enum dna_err err;
};

/* A new value at the end of parent (NULL: a root), under a name if parent is an object.
 * name is static or lives in the arena.  Never NULL: after a fault it is one that nobody
 * keeps, with err set. */
struct dna_json *dna_json_add(struct dna_json_maker *maker, struct dna_json *parent,
                              const char *name, enum dna_json_kind kind);
void dna_json_add_number(struct dna_json_maker *maker, struct dna_json *parent,
                         const char *name, int64_t number);
void dna_json_add_flag(struct dna_json_maker *maker, struct dna_json *parent,
                       const char *name, bool flag);
/* Borrowed; NULL: null.  Text with a NUL byte is a fault, DNA_ERR_FORMAT. */
void dna_json_add_text(struct dna_json_maker *maker, struct dna_json *parent,
                       const char *name, const char *text);
void dna_json_add_span(struct dna_json_maker *maker, struct dna_json *parent,
                       const char *name, struct dna_span text);
/* As base64. */
void dna_json_add_bytes(struct dna_json_maker *maker, struct dna_json *parent,
                        const char *name, struct dna_span bytes);

#endif
