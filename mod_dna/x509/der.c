/* x509/der.c: DER, value by value. */
#include <x509/der.h>

#include <base/limits.h>

static unsigned octet(struct dna_span bytes, size_t i)
{
    return (unsigned char)bytes.ptr[i];
}

/* The length behind the identifier octet; *header is how many octets both take. */
static bool read_length(struct dna_span bytes, size_t *header, size_t *len)
{
    unsigned first = octet(bytes, 1), n = first & 0x7f;
    *header = 2;
    *len = first;
    if (first < 0x80) {
        return true;
    }
    if (n == 0 || n > 4 || bytes.len < 2 + (size_t)n || octet(bytes, 2) == 0) {
        return false; /* indefinite, too long for us, cut off, or padded */
    }
    *len = 0;
    for (unsigned i = 0; i < n; i++) {
        *len = *len << 8 | octet(bytes, 2 + (size_t)i);
    }
    *header += n;
    return *len >= 0x80;
}

enum dna_err dna_der_next(struct dna_span *rest, struct dna_der *out)
{
    size_t header, len;
    if (rest->len == 0) {
        return DNA_ERR_NOT_FOUND;
    }
    if (rest->len < 2 || (octet(*rest, 0) & 0x1f) == 0x1f ||
        !read_length(*rest, &header, &len) || len > rest->len - header) {
        return DNA_ERR_FORMAT;
    }
    out->tag = (unsigned char)octet(*rest, 0);
    out->content = (struct dna_span){rest->ptr + header, len};
    out->whole = (struct dna_span){rest->ptr, header + len};
    *rest = (struct dna_span){rest->ptr + header + len, rest->len - header - len};
    return DNA_OK;
}

enum dna_err dna_der_expect(struct dna_span *rest, unsigned char tag, struct dna_der *out)
{
    enum dna_err err = dna_der_next(rest, out);
    return err == DNA_OK && out->tag == tag ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_der_optional(struct dna_span *rest, unsigned char tag, struct dna_der *out,
                              bool *there)
{
    *there = rest->len != 0 && octet(*rest, 0) == tag;
    return *there ? dna_der_next(rest, out) : DNA_OK;
}

/* X.690 8.3.2: the shortest form. */
static bool is_integer(struct dna_span content)
{
    if (content.len == 0) {
        return false;
    }
    if (content.len == 1) {
        return true;
    }
    return !(octet(content, 0) == 0x00 && octet(content, 1) < 0x80) &&
           !(octet(content, 0) == 0xff && octet(content, 1) >= 0x80);
}

/* X.690 11.2.1: unused bits are zero. */
static bool is_bit_string(struct dna_span content)
{
    unsigned unused;
    if (content.len == 0) {
        return false;
    }
    unused = octet(content, 0);
    if (content.len == 1) {
        return unused == 0;
    }
    return unused < 8 && (octet(content, content.len - 1) & ((1u << unused) - 1)) == 0;
}

static bool is_primitive(const struct dna_der *value)
{
    switch (value->tag) {
    case DNA_DER_BOOLEAN:
        return value->content.len == 1 && (octet(value->content, 0) == 0x00 ||
                                           octet(value->content, 0) == 0xff);
    case DNA_DER_INTEGER:
    case DNA_DER_ENUMERATED:
        return is_integer(value->content);
    case DNA_DER_BIT_STRING:
        return is_bit_string(value->content);
    case DNA_DER_SEQUENCE & ~DNA_DER_CONSTRUCTED:
    case DNA_DER_SET & ~DNA_DER_CONSTRUCTED:
        return false; /* always constructed */
    default:
        return true; /* nothing can be said about it */
    }
}

/* A universal type other than SEQUENCE and SET is never constructed in DER (10.2). */
static bool may_be_constructed(unsigned tag)
{
    return (tag & 0xc0) != 0 || tag == DNA_DER_SEQUENCE || tag == DNA_DER_SET;
}

static bool all_strict(struct dna_span rest, unsigned depth)
{
    struct dna_der value;
    enum dna_err err;
    if (depth == 0) {
        return false;
    }
    while ((err = dna_der_next(&rest, &value)) == DNA_OK) {
        bool strict = (value.tag & DNA_DER_CONSTRUCTED) == 0
                          ? is_primitive(&value)
                          : may_be_constructed(value.tag) &&
                                all_strict(value.content, depth - 1);
        if (!strict) {
            return false;
        }
    }
    return err == DNA_ERR_NOT_FOUND;
}

bool dna_der_is_strict(struct dna_span bytes)
{
    struct dna_span rest = bytes;
    struct dna_der one;
    return dna_der_next(&rest, &one) == DNA_OK && rest.len == 0 &&
           all_strict(bytes, DNA_LIMIT_DER_DEPTH);
}
