/* dns/srv.c: SRV records and their order (RFC 2782). */
#include <mod_dna/dns.h>

#include <string.h>

/* An uncompressed wire name that fills bytes exactly, as a canonical host name or ".". */
static enum dna_err target_of(struct dna_span bytes, struct dna_name *out)
{
    char text[DNA_NAME_MAX + 2];
    size_t n = 0, i = 0;
    if (bytes.len == 1 && bytes.ptr[0] == 0) {
        strcpy(out->text, ".");
        return DNA_OK;
    }
    while (i < bytes.len && bytes.ptr[i] != 0) {
        size_t label = (unsigned char)bytes.ptr[i];
        if (label > 63 || i + 1 + label >= bytes.len || n + label + 1 > sizeof text - 1 ||
            memchr(bytes.ptr + i + 1, '.', label) != NULL) {
            return DNA_ERR_FORMAT;
        }
        memcpy(text + n, bytes.ptr + i + 1, label);
        n += label;
        text[n++] = '.';
        i += 1 + label;
    }
    if (i + 1 != bytes.len || n == 0) {
        return DNA_ERR_FORMAT;
    }
    for (size_t k = 0; k < n; k++) {
        if ((unsigned char)text[k] >= 0x80) {
            return DNA_ERR_FORMAT; /* the DNS carries A-labels */
        }
    }
    if (dna_name_parse((struct dna_span){text, n}, out) != DNA_OK ||
        dna_name_is_address(out)) {
        return DNA_ERR_FORMAT;
    }
    return DNA_OK;
}

enum dna_err dna_alias_parse(struct dna_span rdata, struct dna_name *out)
{
    return target_of(rdata, out);
}

static uint16_t word(const char *p)
{
    return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

enum dna_err dna_srv_parse(struct dna_span rdata, struct dna_srv *out)
{
    if (rdata.len < 7) {
        return DNA_ERR_FORMAT;
    }
    *out = (struct dna_srv){
        .priority = word(rdata.ptr),
        .weight = word(rdata.ptr + 2),
        .port = word(rdata.ptr + 4),
    };
    return target_of((struct dna_span){rdata.ptr + 6, rdata.len - 6}, &out->target);
}

static void move_to_front(struct dna_srv *records, size_t chosen)
{
    struct dna_srv record = records[chosen];
    memmove(records + 1, records, chosen * sizeof *records);
    records[0] = record;
}

static bool before(const struct dna_srv *a, const struct dna_srv *b)
{
    return a->priority != b->priority ? a->priority < b->priority
                                      : a->weight == 0 && b->weight != 0;
}

/* Draws the first of n records of one priority, weight-0 records being in front. */
static size_t draw(const struct dna_srv *records, size_t n, uint32_t random)
{
    uint32_t sum = 0, running = 0;
    for (size_t i = 0; i < n; i++) {
        sum += records[i].weight;
    }
    random = (uint32_t)((uint64_t)random * ((uint64_t)sum + 1) >> 32);
    for (size_t i = 0; i < n; i++) {
        running += records[i].weight;
        if (running >= random) {
            return i;
        }
    }
    return n - 1;
}

void dna_srv_order(struct dna_srv *records, size_t n, const uint32_t *random)
{
    for (size_t i = 1; i < n; i++) {
        size_t j = i;
        while (j > 0 && before(&records[i], &records[j - 1])) {
            j--;
        }
        move_to_front(records + j, i - j);
    }
    for (size_t first = 0; first < n; first++) {
        size_t end = first;
        while (end < n && records[end].priority == records[first].priority) {
            end++;
        }
        move_to_front(records + first, draw(records + first, end - first, random[first]));
    }
}
