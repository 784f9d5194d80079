/* What ACME clients leave in a folder, which of it are pairs, and no memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <failing_malloc.h>

#include "folder.h"

#define KEY "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"
#define CERT "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"

static char directory[] = "/tmp/gateway-folder-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL || chdir(directory) != 0;
}

static int leave(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    return chdir("/") != 0 || system(command) != 0;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Files by name; a name that ends with / is a folder.  Keys and single files hold a key where
 * the word says so. */
struct layout {
    const char *what;
    const char *files[12];
    const char *pairs; /* "CHAIN+KEY\n" each, below the folder */
};

static const struct layout layouts[] = {
    {"nothing", {NULL}, ""},
    {"certbot",
     {"live/", "live/README", "live/cert.pem", "live/chain.pem", "live/fullchain.pem",
      "live/privkey.pem"},
     "live/fullchain.pem+live/privkey.pem\n"},
    {"certbot, two of them",
     {"a.example/", "a.example/fullchain.pem", "a.example/privkey.pem", "b.example-0001/",
      "b.example-0001/fullchain.pem", "b.example-0001/privkey.pem", "README"},
     "a.example/fullchain.pem+a.example/privkey.pem\n"
     "b.example-0001/fullchain.pem+b.example-0001/privkey.pem\n"},
    {"dehydrated keeps the old ones",
     {"a.example/", "a.example/cert-1700000000.pem", "a.example/fullchain-1700000000.pem",
      "a.example/privkey-1700000000.pem", "a.example/fullchain.pem", "a.example/privkey.pem",
      "a.example/cert-1700000000.csr"},
     /* the old key alone is no pair that serves: it has no certificate in it, which is found
      * when it is read */
     "a.example/fullchain.pem+a.example/privkey.pem\n"
     "a.example/privkey-1700000000.pem+a.example/privkey-1700000000.pem\n"},
    {"acme.sh",
     {"a.example_ecc/", "a.example_ecc/a.example.cer", "a.example_ecc/a.example.key",
      "a.example_ecc/a.example.conf", "a.example_ecc/a.example.csr", "a.example_ecc/ca.cer",
      "a.example_ecc/fullchain.cer"},
     "a.example_ecc/fullchain.cer+a.example_ecc/a.example.key\n"},
    {"acme.sh with a key too many",
     {"a/", "a/a.example.key", "a/other.key", "a/fullchain.cer"}, ""},
    {"lego",
     {"a.example.crt", "a.example.issuer.crt", "a.example.key", "a.example.json",
      "_.b.example.crt", "_.b.example.key"},
     "_.b.example.crt+_.b.example.key\na.example.crt+a.example.key\n"},
    {"one file with both", {"a.example.pem"}, ""},
    {"one file with both, and a key in it", {"a.key.pem"}, "a.key.pem+a.key.pem\n"},
    {"two files", {"a.example.pem", "a.example.key"}, "a.example.pem+a.example.key\n"},
    {"half-written: the key is to come", {"a.example.crt"}, ""},
    {"half-written: the certificate is to come", {"a.example.key"}, ""},
    {"half-written: certbot's key is to come", {"x/", "x/fullchain.pem", "x/cert.pem"}, ""},
    {"no deeper than one", {"x/", "x/y/", "x/y/fullchain.pem", "x/y/privkey.pem"}, ""},
    {"hidden", {".tmp.crt", ".tmp.key", ".old/", ".old/fullchain.pem", ".old/privkey.pem"},
     ""},
    {"names without a name", {".crt", ".key", "crt", "key"}, ""},
};

static void make(const char *folder, const struct layout *layout)
{
    char path[200];
    assert_int_equal(mkdir(folder, 0700), 0);
    for (size_t i = 0; i < 12 && layout->files[i] != NULL; i++) {
        const char *name = layout->files[i];
        size_t len = strlen(name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        if (name[len - 1] == '/') {
            path[strlen(path) - 1] = '\0';
            assert_int_equal(mkdir(path, 0700), 0);
        } else {
            write_file(path, strstr(name, "key") != NULL ? CERT KEY : CERT);
        }
    }
}

static void say(const char *folder, const struct folder *found, char *out, size_t size)
{
    size_t skip = strlen(folder) + 1;
    out[0] = '\0';
    for (size_t i = 0; i < found->n; i++) {
        size_t len = strlen(out);
        (void)snprintf(out + len, size - len, "%s+%s\n", found->pairs[i].chain + skip,
                       found->pairs[i].key + skip);
    }
}

static void every_clients_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct folder found;
        char folder[40], text[1000];
        (void)snprintf(folder, sizeof folder, "f%zu", i);
        make(folder, &layouts[i]);
        assert_true(folder_list(folder, &found));
        say(folder, &found, text, sizeof text);
        if (strcmp(text, layouts[i].pairs) != 0) {
            print_error("%s:\n%s", layouts[i].what, text);
        }
        assert_string_equal(text, layouts[i].pairs);
        assert_true(found.n_folders >= 1);
        assert_string_equal(found.folders[0], folder);
        folder_fini(&found);
        assert_int_equal(found.n, 0);
    }
}

/* certbot's live/NAME is a folder of links into archive/. */
static void links_are_followed(void **state)
{
    struct folder found;
    char text[200];
    (void)state;
    assert_int_equal(mkdir("linked", 0700), 0);
    assert_int_equal(mkdir("archive", 0700), 0);
    assert_int_equal(mkdir("linked/a", 0700), 0);
    write_file("archive/fullchain1.pem", CERT);
    write_file("archive/privkey1.pem", KEY);
    assert_int_equal(symlink("../../archive/fullchain1.pem", "linked/a/fullchain.pem"), 0);
    assert_int_equal(symlink("../../archive/privkey1.pem", "linked/a/privkey.pem"), 0);
    assert_int_equal(symlink("../archive", "linked/b"), 0);
    assert_int_equal(symlink("nowhere", "linked/c"), 0);
    assert_true(folder_list("linked", &found));
    say("linked", &found, text, sizeof text);
    assert_string_equal(text, "a/fullchain.pem+a/privkey.pem\nb/privkey1.pem+b/privkey1.pem\n");
    assert_int_equal(found.n_folders, 3); /* all of them change with what is in them */
    folder_fini(&found);
}

static void what_cannot_be_read(void **state)
{
    struct folder found;
    (void)state;
    assert_false(folder_list("missing", &found));
    assert_int_equal(errno, ENOENT);
    folder_fini(&found);
    write_file("plain", "");
    assert_false(folder_list("plain", &found));
    assert_int_equal(errno, ENOTDIR);
    folder_fini(&found);
    if (geteuid() == 0) {
        return; /* who may read everything */
    }
    assert_int_equal(mkdir("closed", 0700), 0);
    assert_int_equal(mkdir("closed/in", 0), 0);
    assert_true(folder_list("closed", &found));
    assert_int_equal(found.n, 0);
    folder_fini(&found);
    assert_int_equal(chmod("closed", 0), 0);
    assert_false(folder_list("closed", &found));
    assert_int_equal(errno, EACCES);
    folder_fini(&found);
    assert_int_equal(chmod("closed", 0700), 0);
}

static void without_memory(void **state)
{
    static const struct layout layout = {
        "", {"a/", "a/fullchain.pem", "a/privkey.pem", "b.crt", "b.key", "c.key.pem"}, ""};
    (void)state;
    make("poor", &layout);
    for (failing_malloc.fail_at = 0;; failing_malloc.fail_at++) {
        struct folder found;
        bool fine, has_failed;
        failing_malloc_arm();
        fine = folder_list("poor", &found);
        has_failed = failing_malloc_disarm();
        if (!fine) {
            assert_true(has_failed);
            assert_int_equal(errno, ENOMEM);
        }
        folder_fini(&found);
        if (!has_failed) {
            assert_true(fine && failing_malloc.fail_at > 5);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_clients_layout),
        cmocka_unit_test(links_are_followed),
        cmocka_unit_test(what_cannot_be_read),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
