/* x509/pem.c: cutting a PEM text into blocks, and decoding one. */
#include <x509/pem.h>

#include <string.h>

#include <base/alloc.h>
#include <base/codec.h>

static const char begin[] = "-----BEGIN ", end[] = "-----END ", dashes[] = "-----";

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct dna_span after(struct dna_span text, size_t n)
{
    return (struct dna_span){text.ptr + n, text.len - n};
}

static bool starts_with(struct dna_span text, struct dna_span word)
{
    return text.len >= word.len && memcmp(text.ptr, word.ptr, word.len) == 0;
}

/* The text in front of the first word; *text goes on behind it. */
static bool cut_at(struct dna_span *text, const char *word, struct dna_span *front)
{
    size_t n = strlen(word);
    const char *p = text->len != 0 ? memmem(text->ptr, text->len, word, n) : NULL;
    if (p == NULL) {
        return false;
    }
    *front = (struct dna_span){text->ptr, (size_t)(p - text->ptr)};
    *text = after(*text, front->len + n);
    return true;
}

static enum dna_err skip_to_block(struct dna_span *text, enum dna_pem_between between)
{
    struct dna_span skipped;
    while (text->len != 0 && is_space(text->ptr[0])) {
        *text = after(*text, 1);
    }
    if (text->len == 0) {
        return DNA_ERR_NOT_FOUND;
    }
    if (between == DNA_PEM_TEXT_BETWEEN) {
        return cut_at(text, begin, &skipped) ? DNA_OK : DNA_ERR_NOT_FOUND;
    }
    if (!starts_with(*text, dna_span_of(begin))) {
        return DNA_ERR_FORMAT;
    }
    *text = after(*text, sizeof begin - 1);
    return DNA_OK;
}

enum dna_err dna_pem_next(struct dna_span *text, enum dna_pem_between between,
                          struct dna_pem_block *out)
{
    struct dna_span last;
    enum dna_err err = skip_to_block(text, between);
    if (err != DNA_OK) {
        return err;
    }
    if (!cut_at(text, dashes, &out->label) || !cut_at(text, end, &out->body) ||
        !cut_at(text, dashes, &last) || !dna_span_equal(last, out->label)) {
        return DNA_ERR_FORMAT;
    }
    return DNA_OK;
}

enum dna_err dna_pem_decode(const struct dna_alloc *alloc, const struct dna_pem_block *block,
                            struct dna_span *out)
{
    size_t n = 0, len = 0;
    enum dna_err err = DNA_ERR_MEMORY;
    char *text = dna_alloc_get(alloc, block->body.len);
    unsigned char *bytes = dna_alloc_get(alloc, block->body.len);
    if (text != NULL && bytes != NULL) {
        for (size_t i = 0; i < block->body.len; i++) {
            if (!is_space(block->body.ptr[i])) {
                text[n++] = block->body.ptr[i];
            }
        }
        err = dna_base64_decode((struct dna_span){text, n}, DNA_BASE64_PADDED, bytes,
                                block->body.len, &len);
    }
    dna_alloc_release(alloc, text);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, bytes);
        return err;
    }
    *out = (struct dna_span){(char *)bytes, len};
    return DNA_OK;
}
