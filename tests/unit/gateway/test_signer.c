/* The signing process's decisions (S25): for whom, until when, and what is never signed. */
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

#include <bridge.h>
#include <rich.h>
#include <signer.h>
#include <x509/mint.h>
#include <x509/pem.h>

struct scene {
    struct rich r;
    char folder[64], ca_file[80];
    struct gateway_host_config hosts[1];
    struct gateway_config config;
    struct signer signer;
    struct dna_buf key, spki;
    char *bundle;
};

/* hosted: the only domain of the gateway's own. */
static void begin(struct scene *s, const char *hosted)
{
    char why[SIGNER_WHY] = "";
    FILE *ca;
    memset(s, 0, sizeof *s);
    rich_init(&s->r, "DNS:" DOMAIN);
    s->r.w.q.policy.prooftypes = BIT(PKIX);
    strcpy(s->folder, "/tmp/test-signer-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    (void)snprintf(s->ca_file, sizeof s->ca_file, "%s/ca.pem", s->folder);
    ca = fopen(s->ca_file, "w");
    assert_non_null(ca);
    assert_true(fputs("no certificates here\n", ca) >= 0 && fclose(ca) == 0);
    strcpy(s->hosts[0].domain.text, hosted);
    s->config = (struct gateway_config){.hosts = s->hosts, .n_hosts = 1,
                                        .ca_file = s->ca_file, .bridge_folder = s->folder};
    if (!signer_open(&s->signer, &s->config, NOW, why)) {
        fail_msg("%s", why);
    }
    dna_roots_free(s->signer.roots); /* the scene's own */
    s->signer.roots = dna_roots_ref(s->r.w.roots);
    dna_buf_init(&s->key, NULL, SIGNER_KEY_MAX);
    dna_buf_init(&s->spki, NULL, SIGNER_KEY_MAX);
    assert_int_equal(dna_mint_key(&s->key), DNA_OK);
    assert_int_equal(dna_mint_public(dna_buf_span(&s->key), &s->spki), DNA_OK);
}

static void hear(struct scene *s, enum dna_verdict verdict)
{
    struct dna_ruling ruling = world_hear(&s->r.w);
    struct dna_span bundle;
    if (ruling.verdict != verdict) {
        fail_msg("%s", ruling.why);
    }
    assert_int_equal(dna_court_bundle(s->r.w.court, &bundle), DNA_OK);
    s->bundle = strndup(bundle.ptr, bundle.len);
    assert_non_null(s->bundle);
}

static void end(struct scene *s)
{
    static const char *const names[] = {"key.pem", "authority.pem", "errors-key.pem",
                                       "errors.pem", "ca.pem"};
    char path[128];
    for (size_t i = 0; i < 5; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(s->folder), 0);
    signer_close(&s->signer);
    dna_buf_fini(&s->key);
    dna_buf_fini(&s->spki);
    free(s->bundle);
    rich_fini(&s->r);
}

static void refuses(struct scene *s, struct dna_span spki, int64_t now, const char *because)
{
    char why[SIGNER_WHY] = "";
    struct dna_buf pem;
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    assert_false(signer_sign(&s->signer, dna_span_of(s->bundle), spki, now, &pem, why));
    assert_int_equal(dna_buf_len(&pem), 0);
    if (strstr(why, because) == NULL) {
        fail_msg("%s", why);
    }
    dna_buf_fini(&pem);
}

/* Signs at a time; the end of the certificate. */
static int64_t signs(struct scene *s, int64_t now)
{
    char why[SIGNER_WHY] = "";
    struct dna_chain *chain;
    struct dna_buf pem;
    struct dna_span name;
    int64_t from, until;
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    if (!signer_sign(&s->signer, dna_span_of(s->bundle), dna_buf_span(&s->spki), now, &pem,
                     why)) {
        fail_msg("%s", why);
    }
    assert_int_equal(dna_chain_parse(NULL, dna_buf_span(&pem), &chain), DNA_OK);
    assert_int_equal(dna_chain_leaf_name(chain, DNA_NAME_DNS, 0, &name), DNA_OK);
    assert_true(dna_span_is(name, DOMAIN));
    assert_int_equal(dna_chain_leaf_name(chain, DNA_NAME_DNS, 1, &name), DNA_ERR_NOT_FOUND);
    dna_chain_leaf_validity(chain, &from, &until);
    assert_true(from <= now && from >= now - 300);
    dna_chain_free(chain);
    dna_buf_fini(&pem);
    return until;
}

static void a_proof(void **state)
{
    struct scene s;
    struct dna_ruling ruling;
    int64_t expires;
    (void)state;
    begin(&s, "hosted.example");
    hear(&s, DNA_PROVEN);
    assert_true(dna_court_ruling(s.r.w.court, &ruling));
    expires = ruling.expires_at;
    assert_int_equal(signs(&s, NOW), NOW + SIGNER_LIFE_S);
    assert_int_equal(signs(&s, expires - 600), expires);
    refuses(&s, dna_buf_span(&s.spki), expires, "its proof has ended");
    refuses(&s, dna_buf_span(&s.spki), NOW - DAY, "of the future");
    refuses(&s, dna_span_of("no key"), NOW, "no key on P-256");
    end(&s);
}

static void what_is_hosted(void **state)
{
    static const char *const hosted[] = {DOMAIN, "com"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, hosted[i]);
        hear(&s, DNA_PROVEN);
        refuses(&s, dna_buf_span(&s.spki), NOW, "it is hosted here");
        end(&s);
    }
}

static void what_is_not_proven(void **state)
{
    struct scene s;
    (void)state;
    begin(&s, "hosted.example");
    s.r.w.q.policy.prooftypes = BIT(DNSSEC_SRV);
    hear(&s, DNA_NOT_APPLICABLE);
    refuses(&s, dna_buf_span(&s.spki), NOW, "its ruling refuses");
    end(&s);
}

/* No changed byte, and no other roots, make a certificate of it. */
static void what_was_altered(void **state)
{
    struct scene s;
    struct dna_roots *nobody;
    char *at;
    (void)state;
    begin(&s, "hosted.example");
    hear(&s, DNA_PROVEN);
    at = strstr(s.bundle, DOMAIN);
    assert_non_null(at);
    *at = 'f';
    refuses(&s, dna_buf_span(&s.spki), NOW, "does not verify");
    *at = 'e';
    (void)signs(&s, NOW);
    assert_int_equal(dna_roots_new(NULL, &nobody), DNA_OK);
    dna_roots_free(s.signer.roots);
    s.signer.roots = nobody;
    refuses(&s, dna_buf_span(&s.spki), NOW, "does not verify");
    end(&s);
}

/* --- for errors --------------------------------------------------------------------- */

static bool signs_errors(struct scene *s, const char *domain, int64_t now, struct dna_buf *pem,
                         char why[SIGNER_WHY])
{
    dna_buf_clear(pem);
    return signer_sign_errors(&s->signer, dna_span_of(domain), dna_buf_span(&s->spki), now, pem,
                              why);
}

static void refuses_errors(struct scene *s, const char *domain, int64_t now,
                           const char *because)
{
    char why[SIGNER_WHY] = "";
    struct dna_buf pem;
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    assert_false(signs_errors(s, domain, now, &pem, why));
    assert_int_equal(dna_buf_len(&pem), 0);
    if (strstr(why, because) == NULL) {
        fail_msg("%s", why);
    }
    dna_buf_fini(&pem);
}

static bool leads_to(struct dna_chain *chain, const char *certificate)
{
    struct dna_roots *roots;
    struct dna_path path;
    assert_int_equal(dna_roots_new(NULL, &roots), DNA_OK);
    assert_int_equal(dna_roots_add_pem(roots, dna_span_of(certificate), NULL), DNA_OK);
    assert_int_equal(dna_path_check(chain, roots, NOW, &path), DNA_OK);
    dna_roots_free(roots);
    return path.code == DNA_PATH_OK;
}

/* Under an authority of their own, which nobody need trust. */
static void errors(void **state)
{
    struct scene s;
    struct dna_buf pem;
    struct dna_chain *chain;
    struct dna_span name;
    char why[SIGNER_WHY] = "";
    int64_t from, until;
    (void)state;
    begin(&s, "hosted.example");
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    if (!signs_errors(&s, "nowhere.example", NOW, &pem, why)) {
        fail_msg("%s", why);
    }
    assert_int_equal(dna_chain_parse(NULL, dna_buf_span(&pem), &chain), DNA_OK);
    assert_int_equal(dna_chain_leaf_name(chain, DNA_NAME_DNS, 0, &name), DNA_OK);
    assert_true(dna_span_is(name, "nowhere.example"));
    dna_chain_leaf_validity(chain, &from, &until);
    assert_int_equal(until, NOW + SIGNER_ERRORS_LIFE_S);
    assert_true(leads_to(chain, s.signer.errors.certificate));
    assert_false(leads_to(chain, s.signer.proven.certificate));
    dna_chain_free(chain);
    dna_buf_fini(&pem);
    refuses_errors(&s, "hosted.example", NOW, "it is hosted here");
    refuses_errors(&s, "x.hosted.example", NOW, "it is hosted here");
    refuses_errors(&s, "Nowhere.example", NOW, "no name");
    refuses_errors(&s, "", NOW, "no name");
    end(&s);
}

/* While somebody may believe that it speaks for itself. */
static void errors_of_what_is_proven(void **state)
{
    struct scene s;
    struct dna_buf pem;
    char why[SIGNER_WHY] = "";
    int64_t until;
    (void)state;
    begin(&s, "hosted.example");
    hear(&s, DNA_PROVEN);
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    assert_true(signs_errors(&s, DOMAIN, NOW, &pem, why));
    until = signs(&s, NOW);
    refuses_errors(&s, DOMAIN, until - 1, "has not ended");
    assert_true(signs_errors(&s, DOMAIN, until, &pem, why));
    dna_buf_fini(&pem);
    end(&s);
}

static void errors_without_number(void **state)
{
    struct scene s;
    struct dna_buf pem;
    char why[SIGNER_WHY] = "", domain[32];
    (void)state;
    begin(&s, "hosted.example");
    dna_buf_init(&pem, NULL, SIGNER_BUNDLE_MAX);
    for (int64_t later = 0; later < 1000000; later += 999999) { /* idleness saves no more */
        for (int i = 0; i < SIGNER_ERRORS_BURST; i++) {
            (void)snprintf(domain, sizeof domain, "d%d.example", i);
            assert_true(signs_errors(&s, domain, NOW + later, &pem, why));
        }
        refuses_errors(&s, "more.example", NOW + later, "too many");
    }
    assert_true(signs_errors(&s, "more.example", NOW + 999999 + SIGNER_ERRORS_EACH_S, &pem,
                             why));
    refuses_errors(&s, "more.example", NOW + 999999 + SIGNER_ERRORS_EACH_S, "too many");
    refuses_errors(&s, "more.example", NOW, "too many"); /* by a clock that was set back */
    dna_buf_fini(&pem);
    end(&s);
}

/* --- its files ---------------------------------------------------------------------- */

/* Half an authority is none, and no new one takes its place unasked. */
static void half_an_authority(void **state)
{
    static const char *const names[] = {SIGNER_KEY, SIGNER_CERTIFICATE, SIGNER_ERRORS_KEY,
                                        SIGNER_ERRORS_CERTIFICATE};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct scene s;
        struct signer again;
        char path[128], aside[140], why[SIGNER_WHY] = "";
        begin(&s, "hosted.example");
        (void)snprintf(path, sizeof path, "%s/%s", s.folder, names[i]);
        (void)snprintf(aside, sizeof aside, "%s.aside", path);
        assert_int_equal(rename(path, aside), 0);
        assert_false(signer_open(&again, &s.config, NOW, why));
        signer_close(&again);
        if (strstr(why, "missing") == NULL || strstr(why, "put it back") == NULL ||
            strstr(why, names[i]) == NULL) {
            fail_msg("%s", why);
        }
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(rename(aside, path), 0);
        assert_true(signer_open(&again, &s.config, NOW, why));
        assert_string_equal(again.proven.certificate, s.signer.proven.certificate);
        assert_string_equal(again.errors.certificate, s.signer.errors.certificate);
        signer_close(&again);
        end(&s);
    }
}

/* In any store, under any label. */
static void left_out(void **state)
{
    struct scene s;
    struct dna_buf out, store, spki;
    size_t n;
    (void)state;
    begin(&s, "hosted.example");
    hear(&s, DNA_PROVEN);
    dna_buf_init(&out, NULL, 1 << 20);
    dna_buf_init(&store, NULL, 1 << 20);
    dna_buf_init(&spki, NULL, SIGNER_KEY_MAX);
    assert_int_equal(dna_mint_public(dna_span_of(s.signer.proven.certificate), &spki), DNA_OK);
    assert_int_equal(dna_buf_add_text(&store, "before\n"), DNA_OK);
    assert_int_equal(dna_buf_add_text(&store, s.signer.proven.certificate), DNA_OK);
    assert_int_equal(dna_buf_add_text(&store, "after\n"), DNA_OK);
    assert_int_equal(dna_mint_leave_out(dna_buf_span(&store), dna_buf_span(&spki), &out, &n),
                     DNA_OK);
    assert_int_equal(n, 1);
    assert_null(memmem(dna_buf_span(&out).ptr, dna_buf_len(&out), "BEGIN", 5));
    dna_buf_clear(&out);
    assert_int_equal(dna_mint_leave_out(dna_buf_span(&store), dna_buf_span(&s.spki), &out, &n),
                     DNA_OK);
    assert_int_equal(n, 0);
    assert_int_equal(dna_buf_len(&out), dna_buf_len(&store));
    dna_buf_fini(&out);
    dna_buf_fini(&store);
    dna_buf_fini(&spki);
    end(&s);
}

/* A store is read whole, without the authorities, whatever else is in it. */
static void what_is_believed(void **state)
{
    static const char tail[] = "\0after";
    struct scene s;
    char *pem, *file;
    size_t len = 0;
    FILE *ca;
    (void)state;
    begin(&s, "hosted.example");
    hear(&s, DNA_PROVEN);
    ca = fopen(s.ca_file, "w");
    assert_non_null(ca);
    assert_true(fputs("before\n", ca) >= 0 && fputs(s.signer.proven.certificate, ca) >= 0 &&
                fputs(s.signer.errors.certificate, ca) >= 0);
    assert_int_equal(fwrite(tail, sizeof tail, 1, ca), 1);
    assert_int_equal(fclose(ca), 0);
    pem = bridge_read_ca(&s.config, &len, &file);
    assert_non_null(pem);
    assert_null(memmem(pem, len, "BEGIN", 5));
    assert_true(len > sizeof tail && memcmp(pem + len - sizeof tail, tail, sizeof tail) == 0);
    assert_string_not_equal(file, s.ca_file);
    assert_int_equal(unlink(file), 0);
    free(pem);
    free(file);
    assert_int_equal(truncate(s.ca_file, 0), 0);
    pem = bridge_read_ca(&s.config, &len, &file);
    assert_string_equal(pem, "");
    assert_string_equal(file, s.ca_file);
    free(pem);
    free(file);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof),          cmocka_unit_test(what_is_hosted),
        cmocka_unit_test(what_is_not_proven), cmocka_unit_test(what_was_altered),
        cmocka_unit_test(left_out),         cmocka_unit_test(errors),
        cmocka_unit_test(errors_of_what_is_proven),
        cmocka_unit_test(what_is_believed),
        cmocka_unit_test(errors_without_number), cmocka_unit_test(half_an_authority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
