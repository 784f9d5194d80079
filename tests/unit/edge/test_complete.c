/* Evidence bundles completed with what the DNS says: all of it, nothing, too late, and with no
 * memory.  In each case the bundle comes back once, whole. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <scene.h>

#define ANSWER(rdata) \
    "{\"facts\":[{\"want\":{\"kind\":\"dns\",\"name\":\"far.example\"," \
    "\"type\":1},\"order\":1," \
    "\"at\":{\"wall\":1800000000,\"ms\":0},\"overdue\":null,\"fact\":{\"outcome\":\"found\"," \
    "\"secure\":false,\"aliased\":false,\"wildcard\":false,\"ttl\":60," \
    "\"obtained\":1800000000,\"signatures_end\":9223372036854775807," \
    "\"rdata\":[\"" rdata "\"],\"why\":\"\"}}]}"

static const char bundle[] = ANSWER("xjNkBw=="); /* 198.51.100.7 */
static const char other[] = ANSWER("xjNkCA==");  /* another address */
static const char with[] = "}}],\"messages\":[\"";

/* What came back. */
struct back {
    unsigned times;
    bool as_it_was, has_messages;
    size_t len;
    const char *sent;
};

static void take(void *arg, struct dna_span got)
{
    struct back *back = arg;
    size_t len = strlen(back->sent), same = len - 1; /* up to the last brace */
    back->times++;
    back->len = got.len;
    assert_true(got.len >= len);
    assert_memory_equal(got.ptr, back->sent, same);
    back->as_it_was = got.len == len && got.ptr[same] == '}';
    back->has_messages = got.len > len + sizeof with &&
                         memcmp(got.ptr + same - 3, with, sizeof with - 1) == 0;
    assert_true(back->as_it_was != back->has_messages);
}

static bool is_back(void *arg)
{
    return ((struct back *)arg)->times != 0;
}

static struct dna_uv *driver(struct scene *scene, enum dna_uv_dns dns,
                             const struct dna_alloc *alloc)
{
    const char *servers[] = {name_server_at(scene->names)}, *why;
    const struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &scene->loop,
        .session = {.size = sizeof options.session, .alloc = alloc},
        .ca_file = scene->ca_file,
        .dns = dns,
        .dns_servers = servers,
        .n_dns_servers = 1,
    };
    struct dna_uv *uv;
    name_server_a(scene->names, "far.example", "198.51.100.7");
    assert_int_equal(dna_uv_new(&options, &uv, &why), DNA_OK);
    return uv;
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static bool is_over(void *arg)
{
    return *(unsigned *)arg != 0;
}

static void end(struct scene *scene, struct dna_uv *uv)
{
    unsigned over = 0;
    dna_uv_free(uv, count, &over);
    scene_until(scene, is_over, &over);
}

static void complete(struct scene *scene, struct dna_uv *uv, struct back *back)
{
    assert_int_equal(dna_uv_complete_bundle(uv, dna_span_of(back->sent), take, back), DNA_OK);
    assert_int_equal(back->times, 0);
    scene_until(scene, is_back, back);
    assert_int_equal(back->times, 1);
}

static void answers_come_along(void **state)
{
    struct scene *scene = *state;
    struct back back = {.sent = bundle}, wrong = {.sent = other};
    struct back empty = {.sent = "{\"facts\":[]}"};
    struct dna_uv *uv = driver(scene, DNA_UV_DNS_FORWARD, NULL);
    complete(scene, uv, &back);
    assert_true(back.has_messages);
    /* What the DNS does not say (any more) is left out; the denials of DS remain. */
    complete(scene, uv, &wrong);
    assert_true(wrong.has_messages && wrong.len < back.len);
    complete(scene, uv, &empty);
    assert_true(empty.as_it_was);
    end(scene, uv);
}

static void a_stub_completes_nothing(void **state)
{
    struct scene *scene = *state;
    struct back back = {.sent = bundle};
    struct dna_uv *uv = driver(scene, DNA_UV_DNS_STUB, NULL);
    complete(scene, uv, &back);
    assert_true(back.as_it_was);
    end(scene, uv);
}

static void what_is_no_bundle_is_refused(void **state)
{
    static const char *const bad[] = {"", "x", "[]", "{}", "{\"facts\":1}",
                                      "{\"facts\":[],\"signature\":{}}",
                                      "{\"facts\":[{\"fact\":{}}]}"};
    struct scene *scene = *state;
    struct dna_uv *uv = driver(scene, DNA_UV_DNS_FORWARD, NULL);
    struct back back = {.sent = ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(dna_uv_complete_bundle(uv, dna_span_of(bad[i]), take, &back),
                         DNA_ERR_FORMAT);
    }
    end(scene, uv);
    assert_int_equal(back.times, 0);
}

/* So many at once; at the driver's end each comes back as it was, and no more are taken. */
static void the_end_brings_them_back(void **state)
{
    struct scene *scene = *state;
    struct back back[DNA_LIMIT_COLLECTIONS + 1];
    struct dna_uv *uv = driver(scene, DNA_UV_DNS_FORWARD, NULL);
    unsigned over = 0;
    for (size_t i = 0; i <= DNA_LIMIT_COLLECTIONS; i++) {
        back[i] = (struct back){.sent = bundle};
        assert_int_equal(dna_uv_complete_bundle(uv, dna_span_of(bundle), take, &back[i]),
                         i < DNA_LIMIT_COLLECTIONS ? DNA_OK : DNA_ERR_LIMIT);
    }
    dna_uv_free(uv, count, &over);
    assert_int_equal(dna_uv_complete_bundle(uv, dna_span_of(bundle), take, &back[0]),
                     DNA_ERR_STATE);
    scene_until(scene, is_over, &over);
    for (size_t i = 0; i < DNA_LIMIT_COLLECTIONS; i++) {
        assert_int_equal(back[i].times, 1);
        assert_true(back[i].as_it_was);
    }
    assert_int_equal(back[DNA_LIMIT_COLLECTIONS].times, 0);
}

/* Whichever request fails, the bundle is refused or comes back once. */
static void without_memory(void **state)
{
    struct scene *scene = *state;
    struct failing_alloc f = {.failed = true};
    unsigned refused = 0, bare = 0;
    for (unsigned long n = 0; f.failed; n++) {
        struct dna_uv *uv = driver(scene, DNA_UV_DNS_FORWARD,
                                   failing_alloc_init(&f, ULONG_MAX));
        struct back back = {.sent = bundle};
        enum dna_err err;
        f.fail_at = f.seen + n;
        err = dna_uv_complete_bundle(uv, dna_span_of(bundle), take, &back);
        if (err == DNA_OK) {
            scene_until(scene, is_back, &back);
            bare += back.as_it_was;
        } else {
            assert_int_equal(err, DNA_ERR_MEMORY);
            assert_true(f.failed);
            refused++;
        }
        assert_int_equal(back.times, err == DNA_OK);
        assert_true(f.failed || back.has_messages);
        end(scene, uv);
        assert_int_equal(f.outstanding, 0);
    }
    assert_true(refused > 3 && bare > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_come_along, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(a_stub_completes_nothing, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(what_is_no_bundle_is_refused, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(the_end_brings_them_back, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(without_memory, scene_begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
