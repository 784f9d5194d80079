/* store/record.c: fixed width, big-endian, one encoding for each record.
 *
 *     "DNAS" version kind flags learned_at expires_at id
 *     domain's length (1), domain, value's length (4), value, MAC
 *
 * The MAC is looked at before anything is believed, and after nothing but lengths.
 */
#include <store/record.h>

#include <string.h>

#include <base/limits.h>

#define MAGIC "DNAS\x01"
#define MAGIC_LEN 5
enum { PINNED = 1, GONE = 2 };
#define FIXED (MAGIC_LEN + 2 + 8 + 8 + DNA_STORE_ID)

static void put_number(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    }
}

static uint64_t get_number(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static bool keepable(const struct dna_store_record *record)
{
    return record->kind >= 1 && record->kind <= DNA_STORE_KINDS && record->domain.len <= 255 &&
           record->value.len <= DNA_LIMIT_STORE_VALUE && record->learned_at >= 0 &&
           record->expires_at > record->learned_at;
}

static enum dna_err write_body(const struct dna_store_record *record, struct dna_buf *out)
{
    unsigned char head[FIXED + 1], length[4];
    unsigned char *at = head + MAGIC_LEN;
    enum dna_err err;
    memcpy(head, MAGIC, MAGIC_LEN);
    *at++ = (unsigned char)record->kind;
    *at++ = (unsigned char)((record->pinned ? PINNED : 0) | (record->gone ? GONE : 0));
    put_number(at, (uint64_t)record->learned_at, 8);
    put_number(at + 8, (uint64_t)record->expires_at, 8);
    memcpy(at + 16, record->id, DNA_STORE_ID);
    head[FIXED] = (unsigned char)record->domain.len;
    put_number(length, record->value.len, 4);
    err = dna_buf_add(out, (struct dna_span){(const char *)head, sizeof head});
    err = err == DNA_OK ? dna_buf_add(out, record->domain) : err;
    err = err == DNA_OK ? dna_buf_add(out, (struct dna_span){(const char *)length, 4}) : err;
    return err == DNA_OK ? dna_buf_add(out, record->value) : err;
}

enum dna_err dna_store_seal(const struct dna_store_mac *mac,
                            const struct dna_store_record *record, struct dna_buf *out)
{
    unsigned char code[DNA_STORE_MAC];
    size_t before = dna_buf_len(out);
    struct dna_span body;
    enum dna_err err;
    if (!keepable(record)) {
        return DNA_ERR_ARGUMENT;
    }
    err = write_body(record, out);
    if (err == DNA_OK) {
        body = dna_buf_span(out);
        body = (struct dna_span){body.ptr + before, body.len - before};
        err = mac->make(mac->arg, body, code);
    }
    if (err == DNA_OK) {
        err = dna_buf_add(out, (struct dna_span){(const char *)code, sizeof code});
    }
    if (err != DNA_OK) {
        dna_buf_truncate(out, before);
    }
    return err;
}

/* In constant time. */
static bool same_code(const unsigned char *a, const unsigned char *b)
{
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < DNA_STORE_MAC; i++) {
        differ = differ | (unsigned char)(a[i] ^ b[i]);
    }
    return differ == 0;
}

static bool is_ours(const struct dna_store_mac *mac, struct dna_span body,
                    const unsigned char *code)
{
    unsigned char expected[DNA_STORE_MAC];
    return mac->make(mac->arg, body, expected) == DNA_OK && same_code(expected, code);
}

/* The record of a body whose MAC holds.  False: another version's. */
static bool read_body(const unsigned char *at, size_t len, struct dna_store_record *out)
{
    const unsigned char *domain = at + FIXED + 1;
    size_t domain_len = at[FIXED], value_len;
    uint64_t learned, expires;
    if (memcmp(at, MAGIC, MAGIC_LEN) != 0 || len < FIXED + 1 + domain_len + 4) {
        return false;
    }
    value_len = (size_t)get_number(domain + domain_len, 4);
    if (len != FIXED + 1 + domain_len + 4 + value_len) {
        return false;
    }
    at += MAGIC_LEN;
    learned = get_number(at + 2, 8);
    expires = get_number(at + 10, 8);
    if ((at[1] & ~(PINNED | GONE)) != 0 || learned > INT64_MAX || expires > INT64_MAX) {
        return false;
    }
    *out = (struct dna_store_record){
        .kind = at[0],
        .pinned = (at[1] & PINNED) != 0,
        .gone = (at[1] & GONE) != 0,
        .domain = {(const char *)domain, domain_len},
        .learned_at = (int64_t)learned,
        .expires_at = (int64_t)expires,
        .value = {(const char *)domain + domain_len + 4, value_len},
    };
    memcpy(out->id, at + 18, DNA_STORE_ID);
    return keepable(out);
}

enum dna_err dna_store_unseal(const struct dna_store_mac *mac, struct dna_span bytes,
                              int64_t now, struct dna_store_record *out)
{
    struct dna_span body = bytes;
    if (bytes.len < FIXED + 1 + 4 + DNA_STORE_MAC || bytes.len > DNA_LIMIT_STORE_RECORD) {
        return DNA_ERR_FORMAT;
    }
    body.len -= DNA_STORE_MAC;
    if (!is_ours(mac, body, (const unsigned char *)bytes.ptr + body.len) ||
        !read_body((const unsigned char *)body.ptr, body.len, out)) {
        return DNA_ERR_FORMAT;
    }
    if (out->expires_at <= now || out->learned_at > now + DNA_LIMIT_STORE_AHEAD_S) {
        return DNA_ERR_NOT_FOUND;
    }
    return DNA_OK;
}
