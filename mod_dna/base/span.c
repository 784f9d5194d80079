/* base/span.c: spans, and names for errors. */
#include <mod_dna/base.h>

#include <string.h>

struct dna_span dna_span_of(const char *text)
{
    return (struct dna_span){.ptr = text, .len = text != NULL ? strlen(text) : 0};
}

bool dna_span_equal(struct dna_span a, struct dna_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool dna_span_is(struct dna_span a, const char *text)
{
    return dna_span_equal(a, dna_span_of(text));
}

const char *dna_err_name(enum dna_err err)
{
    switch (err) {
    case DNA_OK:
        return "ok";
    case DNA_ERR_MEMORY:
        return "out of memory";
    case DNA_ERR_ARGUMENT:
        return "bad argument";
    case DNA_ERR_FORMAT:
        return "malformed";
    case DNA_ERR_LIMIT:
        return "over a limit";
    case DNA_ERR_STATE:
        return "not possible now";
    case DNA_ERR_NOT_FOUND:
        return "not found";
    case DNA_ERR_SYSTEM:
        return "system error";
    case DNA_ERR_CANCELED:
        return "canceled";
    }
    return "unknown error";
}
