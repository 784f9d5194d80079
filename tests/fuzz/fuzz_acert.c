/* Attribute certificates and the messages that carry them: hostile bytes from a peer.
 *
 * Whatever the bytes: a refusal says why and leaves nothing behind; what is accepted is within
 * the limits, and every part that is handed out lies within what was read.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <base/limits.h>
#include <x509/acert_show.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void look(void *arg, const char *key, struct dna_span text)
{
    size_t *total = arg;
    assert(key[0] != '\0');
    for (size_t i = 0; i < text.len; i++) {
        *total += (unsigned char)text.ptr[i];
    }
}

static bool within(struct dna_span part, struct dna_span whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                             (size_t)(part.ptr - whole.ptr) <= whole.len - part.len);
}

static void check_acert(const struct dna_acert *acert)
{
    struct dna_span service;
    size_t total = 0, n = 0;
    assert(within(acert->algorithm, acert->der) && within(acert->signature, acert->der));
    assert(dna_acert_signed(acert).len < acert->der.len);
    assert(memmem(acert->der.ptr, acert->der.len, dna_acert_signed(acert).ptr,
                  dna_acert_signed(acert).len) != NULL);
    assert(dna_acert_show(acert, look, &total) == DNA_OK);
    while (dna_acert_service(acert, n, &service) == DNA_OK) {
        n++;
    }
    if (acert->fault != NULL) {
        assert(acert->fault[0] != '\0');
        return;
    }
    assert(n > 0 && acert->not_before <= acert->not_after);
    assert(acert->crl.len < acert->der.len);
    assert(acert->not_after - acert->not_before <=
           (acert->crl.len != 0 ? DNA_LIMIT_ACERT_LIFE_S : DNA_LIMIT_ACERT_UNREVOCABLE_LIFE_S));
    (void)dna_acert_delegates(acert, "xmpp-server", "example.com");
    (void)dna_acert_is_for(acert, "example.com");
}

static void check_bundle(const struct dna_acert_bundle *bundle)
{
    assert(bundle->n > 0 && bundle->n <= DNA_LIMIT_ACERTS);
    assert(bundle->n_certificates <= DNA_LIMIT_ACERT_CERTIFICATES);
    assert(bundle->n_cases >= bundle->n && bundle->n_cases <= DNA_LIMIT_ACERT_CASES);
    for (size_t i = 0; i < bundle->n; i++) {
        check_acert(bundle->acerts[i]);
    }
    for (size_t i = 0; i < bundle->n_cases; i++) {
        if (bundle->cases[i].issuer != NULL) {
            assert(bundle->cases[i].acert->fault == NULL);
            (void)dna_acert_permitted(bundle->cases[i].issuer);
        }
    }
}

static void check(enum dna_err err, struct dna_acert_bundle *bundle, const char *why)
{
    if (err == DNA_OK) {
        check_bundle(bundle);
        dna_acert_bundle_free(bundle);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        assert(why != NULL && why[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct dna_span input = {(const char *)bytes, len};
    struct dna_acert_bundle *bundle = NULL;
    struct dna_acert *acert;
    const char *why = NULL;
    enum dna_err err = dna_acert_bundle_parse(NULL, input, &bundle, &why);
    check(err, bundle, why);
    err = dna_acert_bundle_read(NULL, input, &bundle, &why);
    check(err, bundle, why);
    if (dna_acert_parse(NULL, input, &acert) == DNA_OK) {
        check_acert(acert);
        dna_acert_free(acert);
    }
    return 0;
}
