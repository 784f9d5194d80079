/* Sealed records: what we wrote is read again, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <store/record.h>
#include <x509/digest.h>

#define NOW 1700000000

static enum dna_err make(void *arg, struct dna_span bytes, unsigned char out[DNA_STORE_MAC])
{
    return dna_mac(dna_span_of(arg), bytes, out);
}

static const struct dna_store_mac ours = {make, "0123456789abcdef0123456789abcdef"};
static const struct dna_store_mac theirs = {make, "0123456789abcdef0123456789abcdeF"};

static struct dna_store_record a_record(void)
{
    struct dna_store_record record = {.kind = 3,
                                      .domain = dna_span_of("peer.example"),
                                      .learned_at = NOW,
                                      .expires_at = NOW + 100,
                                      .value = dna_span_of("a value")};
    memset(record.id, 0x5a, sizeof record.id);
    return record;
}

static struct dna_buf sealed(const struct dna_store_record *record)
{
    struct dna_buf buf;
    dna_buf_init(&buf, NULL, DNA_LIMIT_STORE_RECORD);
    assert_int_equal(dna_store_seal(&ours, record, &buf), DNA_OK);
    return buf;
}

static enum dna_err open_at(struct dna_span bytes, int64_t now)
{
    struct dna_store_record out;
    return dna_store_unseal(&ours, bytes, now, &out);
}

static void what_was_sealed_is_read_again(void **state)
{
    static const struct {
        bool pinned, gone;
        const char *domain, *value;
        unsigned kind;
    } rows[] = {
        {false, false, "peer.example", "a value", 1},
        {true, false, "", "", 9},
        {false, true, "a.b", "\x01", 4},
        {true, true, "x", "y", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_store_record record = a_record(), out;
        struct dna_buf buf;
        record.kind = rows[i].kind;
        record.pinned = rows[i].pinned;
        record.gone = rows[i].gone;
        record.domain = dna_span_of(rows[i].domain);
        record.value = dna_span_of(rows[i].value);
        buf = sealed(&record);
        assert_int_equal(dna_store_unseal(&ours, dna_buf_span(&buf), NOW, &out), DNA_OK);
        assert_int_equal(out.kind, record.kind);
        assert_int_equal(out.pinned, record.pinned);
        assert_int_equal(out.gone, record.gone);
        assert_true(dna_span_equal(out.domain, record.domain));
        assert_true(dna_span_equal(out.value, record.value));
        assert_memory_equal(out.id, record.id, sizeof out.id);
        assert_int_equal(out.learned_at, record.learned_at);
        assert_int_equal(out.expires_at, record.expires_at);
        dna_buf_fini(&buf);
    }
}

static void the_longest_record_fits(void **state)
{
    static char value[DNA_LIMIT_STORE_VALUE], domain[255];
    struct dna_store_record record = a_record(), out;
    struct dna_buf buf;
    (void)state;
    memset(value, 'v', sizeof value);
    memset(domain, 'd', sizeof domain);
    record.value = (struct dna_span){value, sizeof value};
    record.domain = (struct dna_span){domain, sizeof domain};
    buf = sealed(&record);
    assert_int_equal(dna_store_unseal(&ours, dna_buf_span(&buf), NOW, &out), DNA_OK);
    assert_true(dna_span_equal(out.value, record.value));
    dna_buf_fini(&buf);
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct dna_store_record record = a_record();
    struct dna_buf buf = sealed(&record);
    struct dna_span bytes = dna_buf_span(&buf);
    char *copy = malloc(bytes.len);
    (void)state;
    assert_non_null(copy);
    for (size_t bit = 0; bit < bytes.len * 8; bit++) {
        memcpy(copy, bytes.ptr, bytes.len);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(open_at((struct dna_span){copy, bytes.len}, NOW), DNA_ERR_FORMAT);
    }
    free(copy);
    dna_buf_fini(&buf);
}

static void every_other_length_is_noticed(void **state)
{
    struct dna_store_record record = a_record();
    struct dna_buf buf = sealed(&record);
    struct dna_span bytes = dna_buf_span(&buf);
    char *copy = calloc(1, bytes.len + 1);
    (void)state;
    assert_non_null(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(open_at((struct dna_span){bytes.ptr, len}, NOW), DNA_ERR_FORMAT);
    }
    assert_int_equal(open_at((struct dna_span){copy, bytes.len + 1}, NOW), DNA_ERR_FORMAT);
    free(copy);
    dna_buf_fini(&buf);
}

static void another_key_is_noticed(void **state)
{
    struct dna_store_record record = a_record(), out;
    struct dna_buf buf = sealed(&record);
    (void)state;
    assert_int_equal(dna_store_unseal(&theirs, dna_buf_span(&buf), NOW, &out), DNA_ERR_FORMAT);
    dna_buf_fini(&buf);
}

static void a_record_is_of_use_in_its_time_only(void **state)
{
    static const struct {
        int64_t now;
        enum dna_err err;
    } rows[] = {
        {NOW, DNA_OK},
        {NOW + 99, DNA_OK},
        {NOW + 100, DNA_ERR_NOT_FOUND},
        {NOW + 1000000, DNA_ERR_NOT_FOUND},
        {NOW - DNA_LIMIT_STORE_AHEAD_S, DNA_OK},
        {NOW - DNA_LIMIT_STORE_AHEAD_S - 1, DNA_ERR_NOT_FOUND}, /* of the future */
        {0, DNA_ERR_NOT_FOUND},
    };
    struct dna_store_record record = a_record();
    struct dna_buf buf = sealed(&record);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(open_at(dna_buf_span(&buf), rows[i].now), rows[i].err);
    }
    dna_buf_fini(&buf);
}

static void what_cannot_be_kept_is_not_sealed(void **state)
{
    static char much[DNA_LIMIT_STORE_VALUE + 1];
    struct dna_store_record rows[7];
    struct dna_buf buf;
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        rows[i] = a_record();
    }
    rows[0].kind = 0;
    rows[1].kind = DNA_STORE_KINDS + 1;
    rows[2].domain = (struct dna_span){much, 256};
    rows[3].value = (struct dna_span){much, sizeof much};
    rows[4].learned_at = -1;
    rows[5].expires_at = rows[5].learned_at;
    rows[6].expires_at = -5;
    dna_buf_init(&buf, NULL, SIZE_MAX / 2);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(dna_store_seal(&ours, &rows[i], &buf), DNA_ERR_ARGUMENT);
        assert_int_equal(dna_buf_len(&buf), 0);
    }
    dna_buf_fini(&buf);
}

/* Somebody with the key, but with another idea of the format. */
static void a_sealed_body_is_read_strictly(void **state)
{
    static const struct {
        size_t at;
        unsigned char byte;
    } rows[] = {
        {0, 'd'},   /* another magic */
        {4, 2},     /* another version */
        {5, 0},     /* no such kind */
        {5, 10},
        {6, 4},     /* a flag that there is not */
        {7, 0x80},  /* a time below zero */
        {15, 0x80},
        {55, 13},   /* a longer domain */
        {55, 11},
        {55, 255},
        {68, 1},    /* another length of the value */
        {71, 6},
        {71, 8},
    };
    struct dna_store_record record = a_record();
    struct dna_buf buf = sealed(&record);
    struct dna_span bytes = dna_buf_span(&buf);
    char copy[256];
    (void)state;
    assert_true(bytes.len <= sizeof copy);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_span body = {copy, bytes.len - DNA_STORE_MAC};
        unsigned char code[DNA_STORE_MAC];
        memcpy(copy, bytes.ptr, bytes.len);
        assert_int_not_equal((unsigned char)copy[rows[i].at], rows[i].byte);
        copy[rows[i].at] = (char)rows[i].byte;
        assert_int_equal(ours.make(ours.arg, body, code), DNA_OK);
        memcpy(copy + body.len, code, sizeof code);
        assert_int_equal(open_at((struct dna_span){copy, bytes.len}, NOW), DNA_ERR_FORMAT);
    }
    dna_buf_fini(&buf);
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct dna_store_record record = a_record();
        struct dna_buf buf;
        enum dna_err err;
        dna_buf_init(&buf, failing_alloc_init(&f, n), DNA_LIMIT_STORE_RECORD);
        err = dna_store_seal(&ours, &record, &buf);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        assert_true(err == DNA_OK || dna_buf_len(&buf) == 0);
        dna_buf_fini(&buf);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_read_again),
        cmocka_unit_test(the_longest_record_fits),
        cmocka_unit_test(every_flipped_bit_is_noticed),
        cmocka_unit_test(every_other_length_is_noticed),
        cmocka_unit_test(another_key_is_noticed),
        cmocka_unit_test(a_record_is_of_use_in_its_time_only),
        cmocka_unit_test(what_cannot_be_kept_is_not_sealed),
        cmocka_unit_test(a_sealed_body_is_read_strictly),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
