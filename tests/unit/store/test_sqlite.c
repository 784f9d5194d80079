/* The file: it carries what was put, and whatever happens to it is survived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include <base/limits.h>
#include <failing_alloc.h>

#include "scene.h"

#define KEY "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/store-XXXXXX";
static char file[64];

static int new_file(void **state)
{
    static unsigned number;
    (void)state;
    (void)snprintf(file, sizeof file, "%s/store-%u.db", folder, number++);
    return 0;
}

static void begin(struct scene *scene)
{
    scene_begin(scene, KEY);
    scene_open_file(scene, file);
}

/* Somebody else who can write into the file. */
static void sql(const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int count_row(void *arg, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(long *)arg = strtol(values[0], NULL, 10);
    return 0;
}

static long count(const char *text)
{
    sqlite3 *db;
    long n = -1;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, count_row, &n, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static void keep(const char *domain, const char *value)
{
    struct scene scene;
    struct dna_store_record record;
    begin(&scene);
    record = scene_record(&scene, 3, domain, value, 1000);
    scene_put(&scene, &record);
    scene_end(&scene);
}

static void a_later_process_finds_what_was_put(void **state)
{
    struct scene scene;
    struct dna_store_record record;
    struct stat status;
    (void)state;
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 0);
    record = scene_record(&scene, 3, "peer.example", "value", 1000);
    scene_put(&scene, &record);
    record = scene_record(&scene, 1, "pinned.example", "", 1000);
    record.pinned = true;
    scene_put(&scene, &record);
    scene_until_idle(&scene);
    scene_end(&scene);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);

    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 2);
    assert_string_equal(scene.records[0].domain, "pinned.example"); /* the important ones */
    assert_true(scene.records[0].pinned);
    assert_string_equal(scene.records[1].value, "value");
    scene_end(&scene);
}

static void closing_writes_what_waits(void **state)
{
    struct scene scene;
    (void)state;
    keep("peer.example", "at once");
    begin(&scene);
    scene_until_up(&scene);
    assert_string_equal(scene_look(&scene, "peer.example")->value, "at once");
    scene_end(&scene);
}

static void the_same_key_is_replaced(void **state)
{
    struct scene scene;
    (void)state;
    keep("peer.example", "one");
    keep("peer.example", "two");
    assert_int_equal(count("SELECT count(*) FROM learned_1"), 1);
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 1);
    assert_string_equal(scene.records[0].value, "two");
    scene_end(&scene);
}

static void what_has_ended_is_not_found(void **state)
{
    struct scene scene;
    (void)state;
    keep("peer.example", "one");
    scene_begin(&scene, KEY);
    poll_loop_shift(scene.loop, 1000);
    scene_open_file(&scene, file);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 0);
    assert_int_equal(dna_store_refused(scene.store), 0);
    scene_end(&scene);
}

static void another_key_finds_nothing(void **state)
{
    struct scene scene;
    (void)state;
    keep("peer.example", "one");
    scene_begin(&scene, "fedcba9876543210fedcba9876543210");
    scene_open_file(&scene, file);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 0);
    assert_int_equal(dna_store_refused(scene.store), 1);
    scene_end(&scene);
}

static void an_injected_or_changed_row_is_absent(void **state)
{
    static const char *const rows[] = {
        "INSERT INTO learned_1 VALUES (3, x'61', x'00', 0, 9999999999, zeroblob(200))",
        "INSERT INTO learned_1 VALUES (3, x'61', x'00', 0, 9999999999, 'a text')",
        "INSERT INTO learned_1 VALUES (3, x'61', x'00', 0, 9999999999, zeroblob(500000))",
        "INSERT INTO learned_1 VALUES (3, x'61', x'00', 0, 9999999999, x'')",
        "UPDATE learned_1 SET record = zeroblob(150)",
        "UPDATE learned_1 SET record = x'444e415301'",
        "UPDATE learned_1 SET record = substr(record, 1, length(record) - 32) || zeroblob(32)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene scene;
        bool changes = strncmp(rows[i], "UPDATE", 6) == 0;
        (void)new_file(NULL);
        keep("peer.example", "one");
        sql(rows[i]);
        begin(&scene);
        scene_until_up(&scene);
        assert_int_equal(scene.n, changes ? 0 : 1);
        scene_end(&scene);
    }
}

/* The row's own columns are for finding it; the record says what it is. */
static void a_row_under_another_name_is_what_it_was(void **state)
{
    struct scene scene;
    (void)state;
    keep("peer.example", "one");
    sql("UPDATE learned_1 SET kind = 1, domain = x'61', pinned = 1, expires = 9999999999");
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 1);
    assert_int_equal(scene.records[0].kind, 3);
    assert_string_equal(scene.records[0].domain, "peer.example");
    assert_false(scene.records[0].pinned);
    scene_end(&scene);
}

static void a_trigger_is_not_run(void **state)
{
    (void)state;
    keep("peer.example", "one");
    sql("CREATE TABLE other (x); CREATE TRIGGER t AFTER INSERT ON learned_1 BEGIN INSERT INTO "
        "other VALUES (1); DELETE FROM learned_1 WHERE kind = 1; END");
    keep("other.example", "two");
    assert_int_equal(count("SELECT count(*) FROM other"), 0);
    assert_int_equal(count("SELECT count(*) FROM learned_1"), 2);
}

static void what_another_process_writes_is_found(void **state)
{
    struct scene one, other;
    struct dna_store_record record;
    (void)state;
    begin(&one);
    scene_until_up(&one);
    begin(&other);
    scene_until_up(&other);
    record = scene_record(&other, 1, "peer.example", "", 1000);
    record.gone = true;
    scene_put(&other, &record);
    scene_end(&other);
    assert_non_null(scene_find(&one, "peer.example"));
    assert_true(scene_look(&one, "peer.example")->gone);
    scene_end(&one);
}

static void a_file_that_is_no_database_is_left_alone(void **state)
{
    static const char text[] = "The operator's poems, which nobody else has.\n";
    char found[100] = "";
    struct scene scene;
    struct dna_store_record record;
    FILE *f = fopen(file, "w");
    (void)state;
    assert_non_null(f);
    for (unsigned i = 0; i < 100; i++) {
        fputs(text, f);
    }
    (void)fclose(f);
    begin(&scene);
    scene_until_down(&scene);
    assert_non_null(strstr(scene.why, "not a database"));
    record = scene_record(&scene, 3, "peer.example", "value", 1000);
    scene_put(&scene, &record);
    scene_end(&scene);
    f = fopen(file, "r");
    assert_non_null(f);
    assert_non_null(fgets(found, sizeof found, f));
    (void)fclose(f);
    assert_string_equal(found, text);
}

static void a_damaged_file_is_down_or_finds_less(void **state)
{
    (void)state;
    for (long at = 100; at < 8192; at += 211) {
        struct scene scene;
        int fd;
        (void)new_file(NULL);
        keep("peer.example", "one");
        keep("other.example", "two");
        fd = open(file, O_WRONLY);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "\xff\x00\xa5\x5a\xff\xff\x13\x00", 8, at), 8);
        (void)close(fd);
        begin(&scene);
        while (scene.ups + scene.downs == 0) {
            poll_loop_run(scene.loop, 10);
        }
        for (size_t i = 0; i < scene.n; i++) {
            assert_true(strcmp(scene.records[i].value, "one") == 0 ||
                        strcmp(scene.records[i].value, "two") == 0);
        }
        scene_end(&scene);
    }
}

static void a_folder_that_is_not_there_is_tried_again(void **state)
{
    char name[sizeof file];
    struct scene scene;
    struct dna_store_record record;
    (void)state;
    (void)snprintf(name, sizeof name, "%s/not-yet", folder);
    (void)snprintf(file, sizeof file, "%s/not-yet/store.db", folder);
    begin(&scene);
    scene_until_down(&scene);
    record = scene_record(&scene, 3, "peer.example", "it waited", 1000);
    scene_put(&scene, &record);
    assert_int_equal(mkdir(name, 0700), 0);
    scene_until_up(&scene);
    assert_int_equal(scene.downs, 1);
    scene_until_idle(&scene);
    scene_end(&scene);
    begin(&scene);
    scene_until_up(&scene);
    assert_string_equal(scene_look(&scene, "peer.example")->value, "it waited");
    scene_end(&scene);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
    char target[sizeof file + 8];
    struct scene scene;
    (void)state;
    (void)snprintf(target, sizeof target, "%s.target", file);
    assert_int_equal(symlink(target, file), 0);
    begin(&scene);
    scene_until_down(&scene);
    assert_int_not_equal(access(target, F_OK), 0);
    scene_end(&scene);
}

static void somebody_elses_lock_only_delays(void **state)
{
    sqlite3 *db;
    struct scene scene;
    struct dna_store_record record;
    (void)state;
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    record = scene_record(&scene, 3, "peer.example", "it waited", 1000);
    scene_put(&scene, &record);
    scene_until_down(&scene);
    assert_non_null(strstr(scene.why, "locked"));
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    scene_until_up(&scene);
    scene_until_idle(&scene);
    assert_int_equal(count("SELECT count(*) FROM learned_1"), 1);
    scene_end(&scene);
}

static void closing_does_not_wait_for_a_lock(void **state)
{
    sqlite3 *db;
    struct scene scene;
    struct dna_store_record record;
    (void)state;
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    record = scene_record(&scene, 3, "peer.example", "lost", 1000);
    scene_put(&scene, &record);
    scene_end(&scene);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_full_disk_is_survived(void **state)
{
    static char value[20000];
    struct rlimit old, small;
    struct scene scene;
    struct dna_store_record record;
    (void)state;
    keep("peer.example", "one");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    begin(&scene);
    scene_until_up(&scene);
    small = (struct rlimit){.rlim_cur = 20000, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    memset(value, 'v', sizeof value - 1);
    record = scene_record(&scene, 3, "big.example", value, 1000);
    scene_put(&scene, &record);
    scene_until_down(&scene);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    scene_until_up(&scene);
    scene_until_idle(&scene);
    scene_end(&scene);
    begin(&scene);
    scene_until_up(&scene);
    assert_int_equal(scene_find(&scene, "big.example")->value_len, sizeof value - 1);
    assert_string_equal(scene_find(&scene, "peer.example")->value, "one");
    scene_end(&scene);
}

/* A file with as many rows as there may be of each sort. */
static void fill(int pinned, long n)
{
    char text[400];
    (void)snprintf(text, sizeof text,
                   "WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c LIMIT %ld)"
                   " INSERT INTO learned_1 SELECT 1, CAST('d' || i AS BLOB), x'%02x', %d,"
                   " 5000000000 + i, x'00' FROM c", n, (unsigned)pinned, pinned);
    sql(text);
}

static void a_flood_displaces_nothing_that_is_pinned(void **state)
{
    struct scene scene;
    struct dna_store_record record;
    (void)state;
    keep("peer.example", "one");
    fill(0, DNA_LIMIT_STORE_ROWS + 1000);
    fill(1, DNA_LIMIT_STORE_PINNED);
    scene_begin(&scene, KEY);
    scene_open_file(&scene, file);
    scene_until_up(&scene);
    assert_int_equal(count("SELECT count(*) FROM learned_1 WHERE pinned = 0"),
                     DNA_LIMIT_STORE_ROWS);
    assert_int_equal(count("SELECT count(*) FROM learned_1 WHERE pinned = 1"),
                     DNA_LIMIT_STORE_PINNED);
    record = scene_record(&scene, 1, "late.example", "", 1000); /* no room for another one */
    record.pinned = true;
    scene_put(&scene, &record);
    scene_until_idle(&scene);
    assert_int_equal(count("SELECT count(*) FROM learned_1 WHERE pinned = 1"),
                     DNA_LIMIT_STORE_PINNED);
    scene_end(&scene);
    assert_int_equal(count("SELECT count(*) FROM learned_1 WHERE domain = CAST('d1' AS BLOB)"
                           " AND pinned = 1"), 1);
}

static void too_much_that_waits_is_refused(void **state)
{
    static char value[60000];
    struct scene scene;
    struct dna_store_record record;
    enum dna_err err = DNA_OK;
    unsigned n = 0;
    (void)state;
    (void)snprintf(file, sizeof file, "%s/nowhere/store.db", folder);
    begin(&scene);
    memset(value, 'v', sizeof value - 1);
    record = scene_record(&scene, 3, "big.example", value, 1000);
    while (err == DNA_OK && n++ < DNA_LIMIT_STORE_WAITING) {
        err = dna_store_put(scene.store, &record);
    }
    assert_int_equal(err, DNA_ERR_LIMIT);
    assert_true(n * sizeof value <= DNA_LIMIT_STORE_WAITING_BYTES + 2 * sizeof value);
    record = scene_record(&scene, 1, "pinned.example", "", 1000);
    record.pinned = true; /* finds room still */
    assert_int_equal(dna_store_put(scene.store, &record), DNA_OK);
    scene_end(&scene);
}

static void a_store_that_cannot_be_made_leaves_nothing(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct scene scene;
        struct dna_store_options options;
        enum dna_err err;
        scene_begin(&scene, KEY);
        options = scene_options(&scene, failing_alloc_init(&f, n));
        err = dna_store_sqlite(&options, file, &scene.store);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        scene_end(&scene);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

static void a_loop_that_refuses_leaves_nothing(void **state)
{
    struct scene scene;
    struct dna_store_options options;
    (void)state;
    scene_begin(&scene, KEY);
    options = scene_options(&scene, NULL);
    poll_loop_refuse_after(scene.loop, 0);
    assert_int_equal(dna_store_sqlite(&options, file, &scene.store), DNA_ERR_SYSTEM);
    assert_null(scene.store);
    scene_end(&scene);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_later_process_finds_what_was_put, new_file),
        cmocka_unit_test_setup(closing_writes_what_waits, new_file),
        cmocka_unit_test_setup(the_same_key_is_replaced, new_file),
        cmocka_unit_test_setup(what_has_ended_is_not_found, new_file),
        cmocka_unit_test_setup(another_key_finds_nothing, new_file),
        cmocka_unit_test_setup(an_injected_or_changed_row_is_absent, new_file),
        cmocka_unit_test_setup(a_row_under_another_name_is_what_it_was, new_file),
        cmocka_unit_test_setup(a_trigger_is_not_run, new_file),
        cmocka_unit_test_setup(what_another_process_writes_is_found, new_file),
        cmocka_unit_test_setup(a_file_that_is_no_database_is_left_alone, new_file),
        cmocka_unit_test_setup(a_damaged_file_is_down_or_finds_less, new_file),
        cmocka_unit_test_setup(a_folder_that_is_not_there_is_tried_again, new_file),
        cmocka_unit_test_setup(a_link_in_its_place_is_not_followed, new_file),
        cmocka_unit_test_setup(somebody_elses_lock_only_delays, new_file),
        cmocka_unit_test_setup(closing_does_not_wait_for_a_lock, new_file),
        cmocka_unit_test_setup(a_full_disk_is_survived, new_file),
        cmocka_unit_test_setup(a_flood_displaces_nothing_that_is_pinned, new_file),
        cmocka_unit_test_setup(too_much_that_waits_is_refused, new_file),
        cmocka_unit_test_setup(a_store_that_cannot_be_made_leaves_nothing, new_file),
        cmocka_unit_test_setup(a_loop_that_refuses_leaves_nothing, new_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
