/* Which certificate serves which name, while ACME clients come and go in the folder: the real
 * driver's certificates, files in a folder of the test's own, and no clock but an argument. */
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
#include <uv.h>

#include <certs.h>
#include <failing_malloc.h>

#include "identities.h"
#include "log.h"

#define DAY INT64_C(86400)

/* --- the scene ----------------------------------------------------------------------- */

static char directory[] = "/tmp/gateway-identities-XXXXXX";

static struct {
    uv_loop_t loop;
    struct dna_uv *uv;
    struct cert ca;
    struct gateway_host_config hosts[2]; /* a.example; own.example, with a pair of its own */
    struct gateway_config config;
    struct identities *set; /* in force */
    char *text;             /* logged and written to errors by the last reading */
    unsigned faults;
} scene;

static void write_bytes(const char *name, struct dna_span bytes)
{
    char beside[200];
    FILE *file;
    (void)snprintf(beside, sizeof beside, "%s.new", name);
    file = fopen(beside, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(beside, name), 0);
}

/* Certificates for names, valid from and until so many days from now. */
static struct cert make_cert(const char *names, int from, int until)
{
    return cert_make(&(struct cert_order){.subject = "leaf", .issuer = &scene.ca,
                                          .names = names, .usage = "serverAuth",
                                          .not_before = CERTS_NOW + from * DAY,
                                          .not_after = CERTS_NOW + until * DAY});
}

static void write_chain(const char *name, const struct cert *cert)
{
    struct dna_span pem = cert_pem(&cert, 1);
    write_bytes(name, pem);
    cert_bytes_free(pem);
}

static void write_key(const char *name, const struct cert *cert)
{
    struct dna_span pem = cert_key_pem(cert);
    write_bytes(name, pem);
    cert_bytes_free(pem);
}

/* FOLDER/NAME.crt and .key, of a certificate that nobody needs any more. */
static void put(const char *name, const char *names, int from, int until)
{
    struct cert cert = make_cert(names, from, until);
    char path[200];
    (void)snprintf(path, sizeof path, "acme/%s.crt", name);
    write_chain(path, &cert);
    (void)snprintf(path, sizeof path, "acme/%s.key", name);
    write_key(path, &cert);
    cert_free(&cert);
}

/* The first half of a file, as one sees it that is being written. */
static void cut(const char *name)
{
    struct stat status;
    assert_int_equal(stat(name, &status), 0);
    assert_int_equal(truncate(name, status.st_size / 2), 0);
}

static void pair_at(const char *chain, const char *key, const char *names)
{
    struct cert cert = make_cert(names, -1, 30);
    write_chain(chain, &cert);
    write_key(key, &cert);
    cert_free(&cert);
}

static int enter(void **state)
{
    struct dna_uv_options options = {.size = sizeof options, .loop = &scene.loop,
                                     .session = {.size = sizeof options.session, .seed = 7},
                                     .ca_file = "ca.pem", .dns = DNA_UV_DNS_STUB,
                                     .stub_trusts_ad = true, .n_dns_servers = 1};
    const char *servers[] = {"127.0.0.1@1"}, *why = "";
    const struct cert *ca = &scene.ca;
    enum dna_err err;
    (void)state;
    if (mkdtemp(directory) == NULL || chdir(directory) != 0 || uv_loop_init(&scene.loop) != 0) {
        return -1;
    }
    scene.ca = cert_make(&(struct cert_order){.subject = "ca", .ca = true});
    write_chain("ca.pem", ca);
    options.ca_pem = cert_pem(&ca, 1);
    options.dns_servers = servers;
    err = dna_uv_new(&options, &scene.uv, &why);
    if (err != DNA_OK) {
        print_error("%s: %s\n", dna_err_name(err), why);
    }
    cert_bytes_free(options.ca_pem);
    pair_at("standard.pem", "standard.key", "DNS:provider.example");
    pair_at("own.pem", "own.key", "DNS:own.example");
    strcpy(scene.hosts[0].domain.text, "a.example");
    strcpy(scene.hosts[1].domain.text, "own.example");
    scene.hosts[1].certificate = "own.pem";
    scene.hosts[1].key = "own.key";
    scene.hosts[1].file = "customers";
    scene.hosts[1].line = 7;
    scene.config = (struct gateway_config){.file = "t.conf", .lines = {.certificate = 3},
                                           .certificate = "standard.pem",
                                           .key = "standard.key",
                                           .certificate_folder = "acme",
                                           .hosts = scene.hosts, .n_hosts = 2};
    return err == DNA_OK ? 0 : -1;
}

static int leave(void **state)
{
    char command[100];
    (void)state;
    dna_uv_free(scene.uv, NULL, NULL);
    (void)uv_run(&scene.loop, UV_RUN_DEFAULT);
    cert_free(&scene.ca);
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    return uv_loop_close(&scene.loop) != 0 || chdir("/") != 0 || system(command) != 0;
}

/* Each test has an empty folder, and no set before. */
static int begin(void **state)
{
    (void)state;
    return mkdir("acme", 0700);
}

static int end(void **state)
{
    (void)state;
    identities_free(scene.set);
    scene.set = NULL;
    free(scene.text);
    scene.text = NULL;
    return system("rm -r acme");
}

/* A new set beside the one in force, which stays. */
static struct identities *read_set(void)
{
    size_t size;
    FILE *out;
    struct dna_log log;
    struct identities *set;
    free(scene.text);
    scene.text = NULL;
    out = open_memstream(&scene.text, &size);
    assert_non_null(out);
    log = gateway_log_sink(out, DNA_LOG_INFO);
    scene.faults = 0;
    set = identities_read(scene.uv, &scene.config, scene.set, &log, out, &scene.faults);
    assert_int_equal(fclose(out), 0);
    return set;
}

/* As a reload does: a set without faults takes the place of the one before. */
static void reload(void)
{
    struct identities *set = read_set();
    assert_non_null(set);
    if (scene.faults == 0) {
        identities_free(scene.set);
        scene.set = set;
    } else {
        identities_free(set);
    }
}

static void reloads_with(const char *words)
{
    reload();
    if ((words == NULL) != (scene.text[0] == '\0') ||
        (words != NULL && strstr(scene.text, words) == NULL)) {
        fail_msg("\"%s\" is not in:\n%s", words != NULL ? words : "", scene.text);
    }
}

static struct dna_uv_identity *at(const char *domain, int64_t now)
{
    return identities_for(scene.set, &scene.config, domain, now);
}

/* The first name of what is presented for domain, so many days from now. */
static void presents(const char *domain, int day, const char *name)
{
    struct dna_span got;
    struct dna_uv_identity *identity = at(domain, CERTS_NOW + day * DAY);
    assert_non_null(identity);
    assert_int_equal(dna_chain_leaf_name(dna_uv_identity_chain(identity), DNA_NAME_DNS, 0,
                                         &got), DNA_OK);
    if (got.len != strlen(name) || memcmp(got.ptr, name, got.len) != 0) {
        fail_msg("%s on day %d: %.*s, not %s", domain != NULL ? domain : "-", day,
                 (int)got.len, got.ptr, name);
    }
}

/* --- which of them --------------------------------------------------------------------- */

static void own_folder_standard(void **state)
{
    (void)state;
    put("a", "DNS:first.example,DNS:a.example,DNS:own.example", -1, 30);
    reloads_with(NULL);
    presents("a.example", 0, "first.example");
    presents("own.example", 0, "own.example"); /* the configuration wins */
    presents("b.example", 0, "provider.example");
    presents(NULL, 0, "provider.example");
    assert_int_equal(identities_in_folder(scene.set), 1);
}

/* day: on which it is asked for; name: the first of the certificate that is presented. */
static const struct {
    const char *domain;
    int day;
    const char *name;
} choices[] = {
    {"a.example", 0, "long.example"},       /* of those that are valid the one that ends last */
    {"a.example", 20, "long.example"},
    {"a.example", 31, "later.example"},     /* the others have ended, this one has begun */
    {"a.example", -2, "provider.example"},  /* none has begun */
    {"a.example", 90, "provider.example"},  /* all have ended */
    {"gone.example", 0, "provider.example"},
    {"b.sub.example", 0, "*.sub.example"},
    {"b.sub.example", 21, "provider.example"},
    {"c.b.sub.example", 0, "provider.example"}, /* a wildcard stands for one label */
    {"sub.example", 0, "provider.example"},
    {"x.dna", 0, "provider.example"},       /* and has a domain of two behind it */
};

static void names_and_days(void **state)
{
    (void)state;
    put("short", "DNS:short.example,DNS:a.example", -1, 10);
    put("long", "DNS:long.example,DNS:a.example", -1, 30);
    put("later", "DNS:later.example,DNS:a.example", 25, 60);
    put("over", "DNS:over.example,DNS:gone.example", -90, -1);
    put("wild", "DNS:*.sub.example,DNS:*.dna,IP:192.0.2.1", -1, 20);
    reloads_with(NULL);
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        presents(choices[i].domain, choices[i].day, choices[i].name);
    }
    assert_int_equal(identities_in_folder(scene.set), 5);
}

/* To the second: the last one of its validity counts, the next does not. */
static void the_last_second(void **state)
{
    struct dna_uv_identity *standard;
    (void)state;
    put("a", "DNS:a.example", -1, 10);
    reloads_with(NULL);
    standard = at(NULL, CERTS_NOW);
    assert_ptr_not_equal(at("a.example", CERTS_NOW + 10 * DAY), standard);
    assert_ptr_equal(at("a.example", CERTS_NOW + 10 * DAY + 1), standard);
    assert_ptr_not_equal(at("a.example", CERTS_NOW - DAY), standard);
    assert_ptr_equal(at("a.example", CERTS_NOW - DAY - 1), standard);
}

/* --- while somebody writes ---------------------------------------------------------------- */

static void half_written_at_first(void **state)
{
    struct cert cert = make_cert("DNS:a.example", -1, 30);
    (void)state;
    write_chain("acme/a.crt", &cert);
    reloads_with(NULL); /* no key: no pair */
    presents("a.example", 0, "provider.example");
    write_key("acme/a.key", &cert);
    cut("acme/a.key");
    reloads_with("instead=nothing");
    presents("a.example", 0, "provider.example");
    assert_int_equal(identities_in_folder(scene.set), 0);
    reloads_with(NULL); /* nothing has changed, and nothing is said again */
    write_key("acme/a.key", &cert);
    reloads_with(NULL);
    presents("a.example", 0, "a.example");
    cert_free(&cert);
}

/* Each way in which a renewal looks when it is half done; what served goes on, however often
 * it is looked at, and the whole pair is taken up. */
static void half_written_renewal(void **state)
{
    static const char *const cuts[] = {"acme/a.crt", "acme/a.key", NULL};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cert next = make_cert("DNS:next.example,DNS:a.example", -1, 40);
        put("a", "DNS:a.example", -1, 30);
        reloads_with(NULL);
        presents("a.example", 0, "a.example");
        write_chain("acme/a.crt", &next);
        for (unsigned round = 0; round < 4; round++) {
            if (cuts[i] != NULL) {
                cut(cuts[i]);
            } else {
                write_chain("acme/a.crt", &next); /* with the key of before */
            }
            reloads_with("the one before goes on");
            presents("a.example", 0, "a.example");
        }
        write_chain("acme/a.crt", &next);
        write_key("acme/a.key", &next);
        reloads_with(NULL);
        presents("a.example", 0, "next.example");
        cert_free(&next);
    }
}

static void a_key_of_another(void **state)
{
    struct cert cert = make_cert("DNS:a.example", -1, 30);
    struct cert other = make_cert("DNS:a.example", -1, 30);
    (void)state;
    write_chain("acme/a.crt", &cert);
    write_key("acme/a.key", &other);
    reloads_with("does not belong");
    presents("a.example", 0, "provider.example");
    cert_free(&other);
    cert_free(&cert);
}

/* What is no certificate is said once, and the others serve. */
static void rubbish_beside(void **state)
{
    (void)state;
    put("a", "DNS:a.example", -1, 30);
    write_bytes("acme/b.crt", dna_span_of("-----BEGIN CERTIFICATE-----\nno\n"));
    write_bytes("acme/b.key", dna_span_of(""));
    reloads_with("file=acme/b.crt");
    presents("a.example", 0, "a.example");
    reloads_with(NULL);
}

/* As certbot renews: archive/ gets new files, then each link of live/ is replaced. */
static void links_are_swapped(void **state)
{
    (void)state;
    assert_int_equal(mkdir("acme/a", 0700), 0);
    assert_int_equal(mkdir("archive", 0700), 0);
    pair_at("archive/fullchain1.pem", "archive/privkey1.pem", "DNS:one.example,DNS:a.example");
    assert_int_equal(symlink("../../archive/fullchain1.pem", "acme/a/fullchain.pem"), 0);
    assert_int_equal(symlink("../../archive/privkey1.pem", "acme/a/privkey.pem"), 0);
    reloads_with(NULL);
    presents("a.example", 0, "one.example");
    pair_at("archive/fullchain2.pem", "archive/privkey2.pem", "DNS:two.example,DNS:a.example");
    reloads_with(NULL);
    presents("a.example", 0, "one.example");
    assert_int_equal(symlink("../../archive/privkey2.pem", "acme/a/new"), 0);
    assert_int_equal(rename("acme/a/new", "acme/a/privkey.pem"), 0);
    reloads_with("does not belong");
    presents("a.example", 0, "one.example");
    assert_int_equal(symlink("../../archive/fullchain2.pem", "acme/a/new"), 0);
    assert_int_equal(rename("acme/a/new", "acme/a/fullchain.pem"), 0);
    reloads_with(NULL);
    presents("a.example", 0, "two.example");
    assert_int_equal(system("rm -r archive"), 0); /* the links lead nowhere */
    reloads_with("the one before goes on");
    presents("a.example", 0, "two.example");
}

static void what_is_removed_serves_no_more(void **state)
{
    (void)state;
    put("a", "DNS:a.example", -1, 30);
    reloads_with(NULL);
    presents("a.example", 0, "a.example");
    assert_int_equal(unlink("acme/a.key"), 0);
    reloads_with(NULL);
    presents("a.example", 0, "provider.example");
}

/* What has not changed is what it was; what has is another one. */
static void what_stays_is_shared(void **state)
{
    struct dna_uv_identity *a, *b, *standard;
    (void)state;
    put("a", "DNS:a.example", -1, 30);
    put("b", "DNS:b.example", -1, 30);
    reloads_with(NULL);
    a = at("a.example", CERTS_NOW);
    b = at("b.example", CERTS_NOW);
    standard = at(NULL, CERTS_NOW);
    put("b", "DNS:b.example", -1, 30);
    reloads_with(NULL);
    assert_ptr_equal(at("a.example", CERTS_NOW), a);
    assert_ptr_equal(at(NULL, CERTS_NOW), standard);
    assert_ptr_not_equal(at("b.example", CERTS_NOW), b);
}

/* --- what the configuration names ------------------------------------------------------- */

static void faults_name_file_and_line(void **state)
{
    struct cert other = make_cert("DNS:own.example", -1, 30);
    (void)state;
    reloads_with(NULL);
    write_key("own.key", &other);
    reloads_with("customers:7: certificate \"own.pem\" and key \"own.key\" cannot be used: ");
    assert_int_equal(scene.faults, 1);
    presents("own.example", 0, "own.example"); /* the set in force is as it was */
    assert_int_equal(rename("standard.key", "kept.key"), 0);
    reloads_with("t.conf:3: certificate \"standard.pem\" and key \"standard.key\" cannot be "
                 "used: its key: No such file or directory; make it readable for this user");
    assert_int_equal(scene.faults, 2);
    assert_int_equal(rename("kept.key", "standard.key"), 0);
    write_chain("own.pem", &other);
    reloads_with(NULL);
    assert_int_equal(scene.faults, 0);
    cert_free(&other);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    scene.config.certificate_folder = "none";
    reloads_with(": certificate-folder: none: No such file or directory; name a folder");
    assert_int_equal(scene.faults, 1);
    scene.config.certificate_folder = "acme";
}

/* Whatever fails, there is no set, or a whole one, or one with faults; and what failed for lack
 * of memory is tried again although no file has changed. */
static void without_memory(void **state)
{
    unsigned incomplete = 0;
    (void)state;
    put("a", "DNS:a.example", -1, 30);
    put("b", "DNS:b.example", -1, 30);
    for (failing_malloc.fail_at = 0;; failing_malloc.fail_at++) {
        char *log_text = NULL;
        size_t size;
        FILE *out = open_memstream(&log_text, &size);
        struct dna_log log = gateway_log_sink(out, DNA_LOG_INFO);
        struct identities *set, *again;
        unsigned faults = 0;
        bool has_failed;
        assert_non_null(out);
        failing_malloc_arm();
        set = identities_read(scene.uv, &scene.config, NULL, &log, out, &faults);
        has_failed = failing_malloc_disarm();
        if (set != NULL && faults == 0) {
            bool whole = identities_in_folder(set) == 2;
            assert_true(whole || has_failed);
            incomplete += !whole;
            again = identities_read(scene.uv, &scene.config, set, &log, out, &faults);
            assert_non_null(again);
            assert_int_equal(faults, 0);
            assert_int_equal(identities_in_folder(again), 2);
            identities_free(again);
        } else {
            assert_true(has_failed);
        }
        identities_free(set);
        assert_int_equal(fclose(out), 0);
        free(log_text);
        if (!has_failed) {
            assert_true(failing_malloc.fail_at > 20 && incomplete > 0);
            return;
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_folder_standard),
        TEST(names_and_days),
        TEST(the_last_second),
        TEST(half_written_at_first),
        TEST(half_written_renewal),
        TEST(a_key_of_another),
        TEST(rubbish_beside),
        TEST(links_are_swapped),
        TEST(what_is_removed_serves_no_more),
        TEST(what_stays_is_shared),
        TEST(faults_name_file_and_line),
        TEST(a_folder_that_is_not_there),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
