/* Between a session and a store: what is told, when the start need not wait any longer, what a
 * proof rests on, what an operator takes back, and no memory. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <edge/driver.h>
#include <failing_alloc.h>
#include <scene.h>

static const char key[] = "a key of more than thirty-two bytes";
static char folder[] = "/tmp/keep-XXXXXX";
static char file[64];

struct heard {
    unsigned downgrades, proofs, gone;
};

static void hear(void *arg, const struct dna_learned *learned)
{
    struct heard *heard = arg;
    heard->gone += learned->gone;
    heard->downgrades += learned->kind == DNA_LEARNED_DOWNGRADE && !learned->gone;
    heard->proofs += learned->kind == DNA_LEARNED_PROOF && !learned->gone;
}

static struct dna_uv_store_options sqlite_file(struct heard *heard)
{
    return (struct dna_uv_store_options){
        .size = sizeof(struct dna_uv_store_options),
        .kind = DNA_UV_STORE_FILE,
        .where = file,
        .key = {key, sizeof key - 1},
        .found = heard != NULL ? hear : NULL,
        .arg = heard,
    };
}

static int begin(void **state)
{
    int trouble = scene_begin(state);
    (void)snprintf(folder, sizeof folder, "/tmp/keep-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof file, "%s/store.db", folder);
    return trouble;
}

static int end(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".anchor"};
    char name[80];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(name, sizeof name, "%s%s", file, suffixes[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(folder), 0);
    return scene_end(state);
}

static bool is_settled(void *uv)
{
    return dna_uv_store_settled(uv);
}

static bool is_written(void *uv)
{
    return !dna_uv_store_busy(uv);
}

static void open_it(struct scene *scene, struct side *side,
                    const struct dna_uv_store_options *options)
{
    assert_int_equal(dna_uv_store(side->uv, options), DNA_OK);
    assert_false(dna_uv_store_settled(side->uv));
    scene_until(scene, is_settled, side->uv);
}

/* As if b.example had been proven. */
static void remember(struct side *side, const char *domain, enum dna_role role)
{
    struct dna_time now = dna_uv_now(side->uv);
    const struct dna_session_memory entry = {
        .domain = domain, .role = role, .proven_at = now.wall - 10};
    size_t cursor = 0;
    assert_int_equal(dna_session_memory_add(dna_uv_session(side->uv), &entry, now), DNA_OK);
    assert_false(dna_session_learn_again(dna_uv_session(side->uv), &cursor));
}

static unsigned remembered(struct side *side)
{
    struct dna_session_memory entry;
    size_t cursor = 0;
    unsigned n = 0;
    while (dna_session_memory_next(dna_uv_session(side->uv), &cursor, &entry)) {
        n++;
    }
    return n;
}

static bool remembers(void *side)
{
    return remembered(side) != 0;
}

static bool remembers_nothing(void *side)
{
    return remembered(side) == 0;
}

static void what_cannot_be_opened(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_store_options options = sqlite_file(NULL);
    const struct dna_learned nothing = {.kind = DNA_LEARNED_PROOF, .domain = ""};
    assert_true(dna_uv_store_settled(scene->a.uv)); /* there is none to wait for */
    assert_false(dna_uv_store_busy(scene->a.uv));
    assert_false(dna_uv_store_up(scene->a.uv));
    assert_int_equal(dna_uv_store_drop(scene->a.uv, &nothing), DNA_ERR_STATE);
    assert_int_equal(dna_uv_store_forget(scene->a.uv, "b.example"), DNA_OK);
    options.where = NULL;
    assert_int_equal(dna_uv_store(scene->a.uv, &options), DNA_ERR_ARGUMENT);
    options.where = file;
    options.key.len = DNA_LIMIT_STORE_KEY_LEAST - 1;
    assert_int_equal(dna_uv_store(scene->a.uv, &options), DNA_ERR_ARGUMENT);
    options.key.len++;
    options.kind = (enum dna_uv_store_kind)7;
    assert_int_equal(dna_uv_store(scene->a.uv, &options), DNA_ERR_ARGUMENT);
    options.kind = DNA_UV_STORE_FILE;
    open_it(scene, &scene->a, &options);
    assert_true(dna_uv_store_up(scene->a.uv));
    assert_int_equal(dna_uv_store(scene->a.uv, &options), DNA_ERR_ARGUMENT);
}

/* A host waits for a store that is away, but not for long. */
static void one_that_is_away_is_not_waited_for(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_store_options options = sqlite_file(NULL);
    char gone[80];
    (void)snprintf(gone, sizeof gone, "%s/none/store.db", folder);
    options.where = gone;
    open_it(scene, &scene->a, &options);
    assert_false(dna_uv_store_up(scene->a.uv));
}

static void what_one_learned_the_next_one_is_told(void **state)
{
    struct scene *scene = *state;
    struct heard heard = {0};
    struct dna_uv_store_options options = sqlite_file(NULL);
    open_it(scene, &scene->a, &options);
    remember(&scene->a, "c.example", DNA_RECEIVING);
    remember(&scene->a, "d.example", DNA_INITIATING);
    scene_settle(scene);
    scene_until(scene, is_written, scene->a.uv);
    options = sqlite_file(&heard);
    open_it(scene, &scene->b, &options);
    assert_int_equal(heard.downgrades, 2);
    assert_int_equal(remembered(&scene->b), 2);
}

/* The operator's word reaches who runs on the same file, and lasts. */
static void what_is_taken_back_is_forgotten_everywhere(void **state)
{
    struct scene *scene = *state;
    struct heard heard = {0};
    struct dna_uv_store_options options = sqlite_file(NULL);
    open_it(scene, &scene->a, &options);
    remember(&scene->a, "c.example", DNA_RECEIVING);
    scene_settle(scene);
    scene_until(scene, is_written, scene->a.uv);
    options = sqlite_file(&heard);
    open_it(scene, &scene->b, &options);
    assert_int_equal(remembered(&scene->b), 1);
    assert_int_equal(dna_uv_store_forget(scene->b.uv, "c.example"), DNA_OK);
    assert_int_equal(remembered(&scene->b), 0);
    scene_until(scene, is_written, scene->b.uv);
    scene_until(scene, remembers_nothing, &scene->a);
    side_free(&scene->b);
    heard = (struct heard){0};
    scene->b = (struct side){.scene = scene};
    scene->b.uv = scene_driver(scene, &scene->loop, NULL, NULL);
    open_it(scene, &scene->b, &options);
    assert_int_equal(heard.downgrades, 0);
    assert_in_range(heard.gone, 4, 5); /* that entry, and a word for each kind */
    assert_int_equal(remembered(&scene->b), 0);
}

/* An entry that was found, by name. */
static void drop(void *arg, const struct dna_learned *learned)
{
    struct dna_learned *out = arg;
    *out = *learned;
    out->domain = "c.example"; /* what it borrows does not live */
    out->value.len = 0;
}

static void a_single_entry_is_taken_back(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_store_options options = sqlite_file(NULL);
    struct dna_learned entry;
    open_it(scene, &scene->a, &options);
    remember(&scene->a, "c.example", DNA_RECEIVING);
    scene_settle(scene);
    scene_until(scene, is_written, scene->a.uv);
    options.found = drop;
    options.arg = &entry;
    open_it(scene, &scene->b, &options);
    assert_int_equal(dna_uv_store_drop(scene->b.uv, &entry), DNA_OK);
    scene_until(scene, remembers_nothing, &scene->a);
    entry.id[0] = 'x'; /* no role */
    assert_int_equal(dna_uv_store_drop(scene->b.uv, &entry), DNA_ERR_FORMAT);
}

/* A store that comes back without what was in it gets it again from who still knows. */
static void what_a_store_has_lost_is_written_again(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_store_options options = sqlite_file(NULL);
    char gone[80];
    (void)snprintf(gone, sizeof gone, "%s/later", folder);
    options.where = gone;
    remember(&scene->a, "c.example", DNA_RECEIVING); /* before there was any store */
    open_it(scene, &scene->a, &options);
    scene_settle(scene);
    scene_until(scene, is_written, scene->a.uv);
    open_it(scene, &scene->b, &options);
    scene_until(scene, remembers, &scene->b);
    side_free(&scene->a);
    side_free(&scene->b);
    (void)unlink(gone);
    (void)snprintf(gone, sizeof gone, "%s/later-wal", folder);
    (void)unlink(gone);
    (void)snprintf(gone, sizeof gone, "%s/later-shm", folder);
    (void)unlink(gone);
}

/* --- what proofs rest on --------------------------------------------------------------- */

static void write_anchor(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* A driver with that anchor file; what its proofs rest on into terms. */
static void terms_of(struct scene *scene, enum dna_uv_dns dns, const char *anchor,
                     unsigned char terms[DNA_SHA256_SIZE])
{
    const char *servers[] = {"127.0.0.1@1"};
    const char *islands[] = {anchor};
    const struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &scene->loop,
        .session = {.size = sizeof options.session, .seed = 7},
        .ca_pem = scene->ca_pem,
        .ca_file = scene->ca_file,
        .dns = dns,
        .dns_servers = servers,
        .n_dns_servers = 1,
        .island_anchor_files = islands,
        .n_islands = anchor != NULL ? 1 : 0,
    };
    struct side side = {.scene = scene};
    const char *why = "";
    assert_int_equal(dna_uv_new(&options, &side.uv, &why), DNA_OK);
    memcpy(terms, side.uv->terms, DNA_SHA256_SIZE);
    side_free(&side);
}

/* The file as it was when the driver began counts: one that changes while it runs changes
 * nothing for it, and whoever starts later rests on something else. */
static void an_anchor_file_that_changes_makes_other_terms(void **state)
{
    static const char one[] = "a.test. IN DS 12345 13 2 "
                              "0000000000000000000000000000000000000000000000000000000000000001\n";
    static const char other[] =
        "a.test. IN DS 12345 13 2 "
        "0000000000000000000000000000000000000000000000000000000000000002\n";
    struct scene *scene = *state;
    unsigned char terms[6][DNA_SHA256_SIZE];
    char anchor[80];
    (void)snprintf(anchor, sizeof anchor, "%s.anchor", file);
    write_anchor(anchor, one);
    terms_of(scene, DNA_UV_DNS_FORWARD, anchor, terms[0]);
    terms_of(scene, DNA_UV_DNS_FORWARD, anchor, terms[1]);
    write_anchor(anchor, other);
    terms_of(scene, DNA_UV_DNS_FORWARD, anchor, terms[2]);
    terms_of(scene, DNA_UV_DNS_FORWARD, NULL, terms[3]);
    terms_of(scene, DNA_UV_DNS_STUB, NULL, terms[4]);
    write_anchor(anchor, one);
    terms_of(scene, DNA_UV_DNS_FORWARD, anchor, terms[5]);
    assert_memory_equal(terms[0], terms[1], DNA_SHA256_SIZE);
    assert_memory_equal(terms[0], terms[5], DNA_SHA256_SIZE);
    for (int i = 0; i < 5; i++) {
        for (int j = 2; j < i; j++) {
            assert_memory_not_equal(terms[i], terms[j], DNA_SHA256_SIZE);
        }
        assert_true(i < 2 || memcmp(terms[i], terms[0], DNA_SHA256_SIZE) != 0);
    }
}

/* --- no memory ------------------------------------------------------------------------ */

static void without_memory(void **state)
{
    struct scene *scene = *state;
    struct failing_alloc f = {.failed = true};
    unsigned long n;
    for (n = 0; f.failed; n++) {
        struct dna_uv_store_options options = sqlite_file(NULL);
        struct side side = {.scene = scene};
        enum dna_err err;
        side.uv = scene_driver(scene, &scene->loop, NULL, failing_alloc_init(&f, ULONG_MAX));
        f.fail_at = f.seen + n;
        err = dna_uv_store(side.uv, &options);
        if (err == DNA_OK) {
            struct dna_time now = dna_uv_now(side.uv);
            const struct dna_session_memory entry = {
                .domain = "c.example", .role = DNA_RECEIVING, .proven_at = now.wall};
            scene_until(scene, is_settled, side.uv);
            err = dna_session_memory_add(dna_uv_session(side.uv), &entry, now);
            if (dna_uv_store_forget(side.uv, "c.example") != DNA_OK) {
                assert_true(f.failed);
            }
            scene_settle(scene);
        }
        assert_true(err == DNA_OK || f.failed);
        side_free(&side);
        assert_int_equal(f.outstanding, 0);
    }
    assert_true(n > 4);
}

#define keep_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        keep_test(what_cannot_be_opened),
        keep_test(one_that_is_away_is_not_waited_for),
        keep_test(what_one_learned_the_next_one_is_told),
        keep_test(what_is_taken_back_is_forgotten_everywhere),
        keep_test(a_single_entry_is_taken_back),
        keep_test(what_a_store_has_lost_is_written_again),
        keep_test(an_anchor_file_that_changes_makes_other_terms),
        keep_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
