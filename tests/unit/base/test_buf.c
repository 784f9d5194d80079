/* Buffers: what goes in comes out in order, and a failure changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/buf.h>
#include <failing_alloc.h>

static void keeps_order_under_mixed_use(void **state)
{
    struct dna_buf buf;
    unsigned char next_in = 0, next_out = 0;
    (void)state;
    dna_buf_init(&buf, NULL, 100000);
    for (size_t round = 1; round < 400; round++) {
        for (size_t i = 0; i < round % 97; i++) {
            char byte = (char)next_in++;
            assert_int_equal(dna_buf_add(&buf, (struct dna_span){&byte, 1}), DNA_OK);
        }
        for (size_t i = 0; i < round % 89 && dna_buf_len(&buf) > 0; i++) {
            assert_int_equal((unsigned char)dna_buf_span(&buf).ptr[0], next_out++);
            dna_buf_consume(&buf, 1);
        }
    }
    while (dna_buf_len(&buf) > 0) {
        assert_int_equal((unsigned char)dna_buf_span(&buf).ptr[0], next_out++);
        dna_buf_consume(&buf, 1);
    }
    assert_int_equal(next_in, next_out);
    dna_buf_fini(&buf);
}

static void keeps_to_its_limit(void **state)
{
    struct dna_buf buf;
    char *space;
    (void)state;
    dna_buf_init(&buf, NULL, 8);
    assert_int_equal(dna_buf_add_text(&buf, "123456789"), DNA_ERR_LIMIT);
    assert_int_equal(dna_buf_add_text(&buf, "12345678"), DNA_OK);
    assert_int_equal(dna_buf_reserve(&buf, 1, &space), DNA_ERR_LIMIT);
    assert_int_equal(dna_buf_reserve(&buf, SIZE_MAX, &space), DNA_ERR_LIMIT);
    dna_buf_truncate(&buf, 3);
    assert_int_equal(dna_buf_printf(&buf, "%d", 45), DNA_OK);
    assert_true(dna_span_is(dna_buf_span(&buf), "12345"));
    dna_buf_fini(&buf);
}

static void survives_lack_of_memory(void **state)
{
    struct failing_alloc f;
    struct dna_buf buf;
    char big[1000];
    (void)state;
    memset(big, 'x', sizeof big);
    dna_buf_init(&buf, failing_alloc_init(&f, 1), 100000);
    assert_int_equal(dna_buf_add_text(&buf, "kept"), DNA_OK);
    assert_int_equal(dna_buf_add(&buf, (struct dna_span){big, sizeof big}), DNA_ERR_MEMORY);
    assert_true(dna_span_is(dna_buf_span(&buf), "kept"));
    dna_buf_fini(&buf);
    assert_int_equal(f.outstanding, 0);
}

static void gives_back_what_an_idle_stream_does_not_need(void **state)
{
    struct failing_alloc f;
    struct dna_buf buf;
    char big[20000] = "";
    (void)state;
    dna_buf_init(&buf, failing_alloc_init(&f, ~0ul), 100000);
    assert_int_equal(dna_buf_add(&buf, (struct dna_span){big, sizeof big}), DNA_OK);
    assert_int_equal(f.outstanding, 1);
    dna_buf_consume(&buf, sizeof big);
    assert_int_equal(f.outstanding, 0);
    dna_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_order_under_mixed_use),
        cmocka_unit_test(keeps_to_its_limit),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(gives_back_what_an_idle_stream_does_not_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
