/* Evidence files: whole, bounded in number, going on where an earlier run ended. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "evidence.h"

static char folder[] = "/tmp/dna-evidence-XXXXXX";

static unsigned count(void)
{
    unsigned n = 0;
    DIR *directory = opendir(folder);
    struct dirent *entry;
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        n += entry->d_name[0] != '.';
    }
    (void)closedir(directory);
    return n;
}

static void expect_file(unsigned number, const char *content)
{
    char name[200], text[200] = "";
    FILE *file;
    (void)snprintf(name, sizeof name, "%s/evidence-%05u.json", folder, number);
    file = fopen(name, "re");
    assert_non_null(file);
    (void)fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    assert_string_equal(text, content);
}

static void write_one(struct gateway_evidence *evidence, const char *text)
{
    char name[200];
    assert_true(evidence_write(evidence, (struct dna_span){text, strlen(text)}, name,
                               sizeof name));
    assert_non_null(strstr(name, "/evidence-"));
}

/* Gives file number an age, in seconds. */
static void age(unsigned number, time_t seconds)
{
    struct timespec times[2] = {{.tv_sec = 1700000000 - seconds}, {.tv_sec = 1700000000 - seconds}};
    char name[200];
    (void)snprintf(name, sizeof name, "%s/evidence-%05u.json", folder, number);
    assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void a_ring(void **state)
{
    struct gateway_evidence evidence = {.folder = folder, .most = 3};
    (void)state;
    assert_true(evidence_begin(&evidence));
    write_one(&evidence, "{\"a\":0}");
    write_one(&evidence, "{\"a\":1}");
    /* Another run takes the first place that is free. */
    evidence = (struct gateway_evidence){.folder = folder, .most = 3};
    assert_true(evidence_begin(&evidence));
    write_one(&evidence, "{\"a\":2}");
    expect_file(2, "{\"a\":2}");
    write_one(&evidence, "{\"a\":3}");
    expect_file(0, "{\"a\":3}");
    assert_int_equal(count(), 3);
    /* Where none is free, it goes on behind the newest. */
    age(0, 10);
    age(1, 30);
    age(2, 20);
    evidence = (struct gateway_evidence){.folder = folder, .most = 3};
    assert_true(evidence_begin(&evidence));
    write_one(&evidence, "{\"a\":4}");
    expect_file(1, "{\"a\":4}");
    assert_int_equal(count(), 3);
}

/* A link that somebody placed there leads nowhere. */
static void no_link_is_followed(void **state)
{
    struct gateway_evidence evidence = {.folder = folder, .most = 3};
    char name[200], beside[200], elsewhere[200];
    (void)state;
    (void)snprintf(beside, sizeof beside, "%s/evidence.new", folder);
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
    assert_int_equal(symlink(elsewhere, beside), 0);
    assert_false(evidence_write(&evidence, (struct dna_span){"{}", 2}, name, sizeof name));
    assert_int_not_equal(access(elsewhere, F_OK), 0);
}

static void folders_that_are_none(void **state)
{
    struct gateway_evidence evidence = {.folder = NULL, .most = 3};
    char name[200];
    (void)state;
    assert_true(evidence_begin(&evidence));
    evidence.folder = "/nonexistent";
    assert_false(evidence_begin(&evidence));
    assert_int_equal(errno, ENOENT);
    assert_false(evidence_write(&evidence, (struct dna_span){"{}", 2}, name, sizeof name));
    evidence.folder = "/dev/null";
    assert_false(evidence_begin(&evidence));
}

static void a_key_that_is_none(void **state)
{
    struct gateway_evidence evidence = {.folder = folder, .most = 3, .key = {"x", 1}};
    char name[200];
    (void)state;
    assert_false(evidence_write(&evidence, (struct dna_span){"{}", 2}, name, sizeof name));
    assert_int_equal(errno, EINVAL);
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char name[200];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof name, "%s/evidence-%05u.json", folder, i);
        (void)unlink(name);
    }
    (void)snprintf(name, sizeof name, "%s/evidence.new", folder);
    (void)unlink(name);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring),
        cmocka_unit_test(no_link_is_followed),
        cmocka_unit_test(folders_that_are_none),
        cmocka_unit_test(a_key_that_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
