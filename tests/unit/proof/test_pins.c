/* Bundles of hearings at the level pin: what proves is the maker's own word, which stands in the
 * question, and nobody need believe it who does not know that the maker wrote it (S16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <proof/bundle.h>
#include <rich.h>
#include <x509/spki.h>

static struct dna_bundle_report check(const struct world *w, struct dna_span bundle,
                                      struct dna_span key)
{
    const struct dna_bundle_terms terms = {.roots = w->roots, .key_pem = key};
    struct dna_bundle_report found;
    assert_int_equal(dna_bundle_check(NULL, bundle, &terms, &found), DNA_OK);
    return found;
}

/* Of a peer whose key is the second of two pins, or neither. */
static char *hear(struct world *w, bool pinned)
{
    struct dna_ruling ruling;
    struct dna_span bundle;
    char *copy;
    w->q.policy.level = DNA_LEVEL_PIN;
    w->q.policy.n_pins = 2;
    memset(w->q.policy.pins, 'x', sizeof w->q.policy.pins);
    if (pinned) {
        assert_int_equal(dna_spki_digest(w->chain, w->q.policy.pins[1]), DNA_OK);
    }
    ruling = world_hear(w);
    assert_int_equal(ruling.verdict, pinned ? DNA_PROVEN : DNA_FAIL);
    assert_int_equal(ruling.pinned, pinned);
    assert_string_equal(w->asked, "");
    assert_int_equal(dna_court_bundle(w->court, &bundle), DNA_OK);
    copy = strndup(bundle.ptr, bundle.len);
    assert_non_null(copy);
    return copy;
}

static void worth(void **state)
{
    const struct dna_span none = {NULL, 0};
    struct dna_bundle_report found;
    struct cert maker;
    struct dna_span key;
    struct world w;
    char *bundle, *made;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:stranger.example"});
    maker = cert_make(&(struct cert_order){.subject = "maker"});
    key = cert_key_pem(&maker);
    bundle = hear(&w, true);
    found = check(&w, dna_span_of(bundle), none);
    assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
    assert_true(found.ruling.pinned);
    assert_non_null(strstr(found.why, "a pin that nobody signed"));
    assert_int_equal(dna_bundle_sign(NULL, dna_span_of(bundle), key, &made, NULL), DNA_OK);
    assert_int_equal(check(&w, dna_span_of(made), none).finding, DNA_BUNDLE_UNAUTHENTICATED);
    found = check(&w, dna_span_of(made), key);
    assert_int_equal(found.finding, DNA_BUNDLE_PROVES);
    assert_true(found.ruling.pinned);
    free(made);
    free(bundle);
    bundle = hear(&w, false);
    assert_int_equal(check(&w, dna_span_of(bundle), none).finding, DNA_BUNDLE_REFUSES);
    free(bundle);
    cert_bytes_free(key);
    cert_free(&maker);
    world_fini(&w);
}

/* The other one's pins, or none: the hearing comes to something else than is recorded. */
static void another_question(void **state)
{
    const struct dna_span none = {NULL, 0};
    struct world w;
    char *bundle, *at;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:stranger.example"});
    bundle = hear(&w, true);
    at = strstr(bundle, "\"pins\":[");
    assert_non_null(at);
    at = strchr(at, ',');
    assert_non_null(at);
    at[2] = at[2] == 'A' ? 'B' : 'A';
    assert_int_equal(check(&w, dna_span_of(bundle), none).finding, DNA_BUNDLE_BROKEN);
    free(bundle);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worth),
        cmocka_unit_test(another_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
