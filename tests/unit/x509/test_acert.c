/* What carries attribute certificates, byte by byte: limits, and what may not be in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <base/limits.h>
#include <certs.h>
#include <x509/acert.h>
#include <x509/acert_issue.h>

#define ROOM (128 * 1024)

static struct {
    struct cert owner;
    struct dna_chain *chain;
    struct dna_span acert;
} stock;

static int set_up(void **state)
{
    static const char *const services[] = {"_xmpp-server.example.com"};
    const struct cert *one = &stock.owner;
    const char *why;
    (void)state;
    stock.owner = cert_make(&(struct cert_order){.subject = "owner"});
    stock.chain = cert_chain(&one, 1);
    const struct dna_acert_order order = {
        .issuer = stock.chain, .key = stock.owner.key, .services = services, .n_services = 1,
        .bearer = DNA_ACERT_BEARER_NAME, .host = "host.example", .not_before = CERTS_NOW,
        .not_after = CERTS_NOW + 3600, .serial = {"\x12", 1}};
    return dna_acert_issue(NULL, &order, &stock.acert, &why) == DNA_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free((void *)(uintptr_t)stock.acert.ptr);
    dna_chain_free(stock.chain);
    cert_free(&stock.owner);
    return 0;
}

/* --- messages, written by hand ------------------------------------------------------ */

struct text {
    char bytes[ROOM];
    size_t len;
};

static void add(struct text *t, const void *bytes, size_t len)
{
    assert_true(len <= sizeof t->bytes - t->len);
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
}

#define ADD(t, literal) add(t, literal, sizeof(literal) - 1)

/* Puts a tag and the length, in three octets at most, before what stands from start on. */
static void wrap(struct text *t, size_t start, unsigned char tag)
{
    size_t len = t->len - start, n = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;
    unsigned char head[5] = {tag, (unsigned char)(n == 0 ? len : 0x80 + n)};
    for (size_t i = 0; i < n; i++) {
        head[2 + i] = (unsigned char)(len >> 8 * (n - 1 - i));
    }
    assert_true(t->len + 2 + n <= sizeof t->bytes);
    memmove(t->bytes + start + 2 + n, t->bytes + start, len);
    memcpy(t->bytes + start, head, 2 + n);
    t->len += 2 + n;
}

struct row {
    const char *what;
    size_t certificates, acerts;
    const char *digests, *content, *lists, *signers; /* NULL: as they should be */
    size_t lens[4];
    enum dna_err err;
    const char *why;
};

static void part(struct text *t, const struct row *row, unsigned i, const char *given,
                 const char *standard, size_t len)
{
    add(t, given != NULL ? given : standard, given != NULL ? row->lens[i] : len);
}

static void write_message(struct text *t, const struct row *row)
{
    size_t set;
    t->len = 0;
    ADD(t, "\x02\x01\x04");
    part(t, row, 0, row->digests, "\x31\x00", 2);
    part(t, row, 1, row->content, "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", 13);
    set = t->len;
    for (size_t i = 0; i < row->certificates; i++) {
        add(t, stock.owner.der.ptr, stock.owner.der.len);
    }
    for (size_t i = 0; i < row->acerts; i++) {
        add(t, "\xa2", 1);
        add(t, stock.acert.ptr + 1, stock.acert.len - 1);
    }
    wrap(t, set, 0xa0);
    part(t, row, 2, row->lists, "", 0);
    part(t, row, 3, row->signers, "\x31\x00", 2);
    wrap(t, 0, 0x30);
    wrap(t, 0, 0xa0);
    memmove(t->bytes + 11, t->bytes, t->len);
    memcpy(t->bytes, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11);
    t->len += 11;
    wrap(t, 0, 0x30);
}

static void expect(const char *what, struct dna_span bytes, enum dna_err err, const char *why)
{
    struct dna_acert_bundle *bundle = NULL;
    const char *said;
    enum dna_err got = dna_acert_bundle_parse(NULL, bytes, &bundle, &said);
    if (got != err || strstr(said, why) == NULL) {
        fail_msg("%s: %s, \"%s\"", what, dna_err_name(got), said);
    }
    if (got == DNA_OK) {
        dna_acert_bundle_free(bundle);
    }
}

#define SIGNER "\x31\x05\x30\x03\x02\x01\x01"
#define LISTS "\xa1\x02\x30\x00"

static void messages(void **state)
{
    static const struct row rows[] = {
        {.what = "as it should be", .certificates = 1, .acerts = 1, .why = ""},
        {.what = "16 certificates", .certificates = 16, .acerts = 1, .why = ""},
        {.what = "17 certificates", .certificates = 17, .acerts = 1, .err = DNA_ERR_LIMIT,
         .why = "more certificates than 16"},
        {.what = "8 of them", .certificates = 1, .acerts = 8, .why = ""},
        {.what = "9 of them", .certificates = 1, .acerts = 9, .err = DNA_ERR_LIMIT,
         .why = "more attribute certificates than 8"},
        {.what = "none", .certificates = 1, .err = DNA_ERR_FORMAT, .why = "no attribute"},
        {.what = "a signer", .certificates = 1, .acerts = 1, .signers = SIGNER,
         .lens = {[3] = 7}, .err = DNA_ERR_FORMAT, .why = "signers"},
        {.what = "no set of signers", .certificates = 1, .acerts = 1, .signers = "",
         .err = DNA_ERR_FORMAT, .why = "signers"},
        {.what = "two sets of signers", .certificates = 1, .acerts = 1,
         .signers = "\x31\x00\x31\x00", .lens = {[3] = 4}, .err = DNA_ERR_FORMAT,
         .why = "signers"},
        {.what = "revocation lists", .certificates = 1, .acerts = 1, .lists = LISTS,
         .lens = {[2] = 4}, .err = DNA_ERR_FORMAT, .why = "revocation lists"},
        {.what = "a digest", .certificates = 1, .acerts = 1,
         .digests = "\x31\x07\x30\x05\x06\x03\x2a\x03\x04", .lens = {9},
         .err = DNA_ERR_FORMAT, .why = "digest"},
        {.what = "content", .certificates = 1, .acerts = 1,
         .content = "\x30\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x03\x04\x01x",
         .lens = {[1] = 18}, .err = DNA_ERR_FORMAT, .why = "has content"},
        {.what = "content of another type", .certificates = 1, .acerts = 1,
         .content = "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03",
         .lens = {[1] = 13}, .err = DNA_ERR_FORMAT, .why = "has content"},
    };
    static struct text text;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_message(&text, &rows[i]);
        expect(rows[i].what, (struct dna_span){text.bytes, text.len}, rows[i].err,
               rows[i].why);
    }
}

/* --- sizes -------------------------------------------------------------------------- */

static void add_block(struct text *t, const char *label, struct dna_span der)
{
    char line[64];
    add(t, line, (size_t)snprintf(line, sizeof line, "-----BEGIN %s-----\n", label));
    assert_int_equal(dna_base64_encode((const unsigned char *)der.ptr, der.len,
                                       t->bytes + t->len, sizeof t->bytes - t->len), DNA_OK);
    t->len += strlen(t->bytes + t->len);
    add(t, line, (size_t)snprintf(line, sizeof line, "\n-----END %s-----\n", label));
}

/* PEM, filled up with empty lines. */
static void sizes(void **state)
{
    static struct text text;
    struct dna_acert_bundle *bundle;
    const char *why;
    (void)state;
    text.len = 0;
    add_block(&text, "ATTRIBUTE CERTIFICATE", stock.acert);
    add_block(&text, "CERTIFICATE", stock.owner.der);
    memset(text.bytes + text.len, '\n', sizeof text.bytes - text.len);
    expect("64 KiB", (struct dna_span){text.bytes, DNA_LIMIT_DOCUMENT}, DNA_OK, "");
    expect("one octet more", (struct dna_span){text.bytes, DNA_LIMIT_DOCUMENT + 1},
           DNA_ERR_LIMIT, "longer than 64 KiB");
    expect("nothing", (struct dna_span){text.bytes, 0}, DNA_ERR_FORMAT, "empty");
    memset(text.bytes, 'A', sizeof text.bytes);
    assert_int_equal(dna_acert_bundle_read(NULL, (struct dna_span){text.bytes, 87384}, &bundle,
                                           &why), DNA_ERR_LIMIT); /* 65538 octets */
    assert_string_equal(why, "it is longer than 64 KiB");
    assert_int_equal(dna_acert_bundle_read(NULL, (struct dna_span){text.bytes, 87380}, &bundle,
                                           &why), DNA_ERR_FORMAT); /* 65535 octets, no DER */
    assert_string_equal(why, "it is not DER");
}

/* Seventeen in PEM are as many as in a message. */
static void blocks(void **state)
{
    static struct text text;
    (void)state;
    text.len = 0;
    add_block(&text, "ATTRIBUTE CERTIFICATE", stock.acert);
    for (size_t i = 0; i < DNA_LIMIT_ACERT_CERTIFICATES; i++) {
        add_block(&text, "CERTIFICATE", stock.owner.der);
    }
    expect("16 blocks", (struct dna_span){text.bytes, text.len}, DNA_OK, "");
    add_block(&text, "CERTIFICATE", stock.owner.der);
    expect("17 blocks", (struct dna_span){text.bytes, text.len}, DNA_ERR_LIMIT,
           "more certificates than 16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),
        cmocka_unit_test(sizes),
        cmocka_unit_test(blocks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
