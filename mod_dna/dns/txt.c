/* dns/txt.c: strings of a length byte and as many characters, at least one of them. */
#include <dns/txt.h>

#include <string.h>

/* Whether the strings fill the RDATA exactly. */
static bool is_well_formed(struct dna_span rdata)
{
    size_t at = 0;
    while (at < rdata.len) {
        at += 1 + (size_t)(unsigned char)rdata.ptr[at];
    }
    return at == rdata.len && rdata.len != 0;
}

enum dna_err dna_txt_join(struct dna_span rdata, char *out, size_t room, size_t *len)
{
    *len = 0;
    if (!is_well_formed(rdata)) {
        return DNA_ERR_FORMAT;
    }
    for (size_t at = 0; at < rdata.len;) {
        size_t n = (unsigned char)rdata.ptr[at];
        size_t fits = n < room - *len ? n : room - *len;
        memcpy(out + *len, rdata.ptr + at + 1, fits);
        *len += fits;
        if (fits < n) {
            return DNA_ERR_LIMIT;
        }
        at += 1 + n;
    }
    return DNA_OK;
}
