/* Evidence bundles: hostile files for `dna verify`.
 *
 * Whatever the bytes: the check ends with a finding and a reason; what is read as canonical
 * JSON is written as the same bytes again; and where no certificate authority is believed and
 * nobody's key is known, nothing is ever PROVEN.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/limits.h>
#include <json/canonical.h>
#include <proof/bundle.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_form(struct dna_span bundle)
{
    struct dna_arena arena;
    struct dna_json *value = NULL;
    struct dna_buf buf;
    const char *why = NULL;
    size_t at;
    enum dna_err err;
    dna_arena_init(&arena, NULL, DNA_LIMIT_BUNDLE_ARENA);
    dna_buf_init(&buf, NULL, DNA_LIMIT_BUNDLE);
    err = dna_json_read(&arena, bundle, DNA_LIMIT_BUNDLE_DEPTH, &value, &at, &why);
    assert(at <= bundle.len && why != NULL);
    if (err == DNA_OK && bundle.len <= DNA_LIMIT_BUNDLE) {
        assert(dna_json_write(value, &buf) == DNA_OK);
        assert(dna_span_equal(dna_buf_span(&buf), bundle));
    } else {
        assert(err == DNA_OK || err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
    }
    dna_buf_fini(&buf);
    dna_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct dna_roots *roots; /* empty */
    const struct dna_span bundle = {(const char *)bytes, len};
    struct dna_bundle_report found;
    struct dna_bundle_terms terms = {.roots = NULL};
    if (roots == NULL && dna_roots_new(NULL, &roots) != DNA_OK) {
        abort();
    }
    terms.roots = roots;
    check_form(bundle);
    if (dna_bundle_check(NULL, bundle, &terms, &found) != DNA_OK) {
        abort();
    }
    assert(found.why[0] != '\0' && found.finding != DNA_BUNDLE_PROVES);
    assert(!found.signed_by_key);
    return 0;
}
