/* POSH documents: hostile bytes from a web host.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why; what is accepted is
 * within every limit, and holds either fingerprints or an https reference.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <base/limits.h>
#include <json/posh_document.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_refused(const struct dna_posh_document *document, const char *why)
{
    assert(why != NULL && why[0] != '\0');
    assert(document->url == NULL && document->fingerprints == NULL);
    assert(document->n_fingerprints == 0);
}

static void check_accepted(const struct dna_posh_document *document, size_t len)
{
    assert(len <= DNA_LIMIT_DOCUMENT);
    assert(document->expires >= 0 && document->expires <= DNA_LIMIT_POSH_LIFE_S);
    if (document->kind == DNA_POSH_REFERENCE) {
        assert(document->fingerprints == NULL && document->n_fingerprints == 0);
        assert(strncasecmp(document->url, "https://", 8) == 0);
        assert(strlen(document->url) > 8 && strlen(document->url) <= DNA_LIMIT_URL);
        return;
    }
    assert(document->kind == DNA_POSH_FINGERPRINTS && document->url == NULL);
    assert(document->n_fingerprints + document->n_unsupported > 0);
    assert(document->n_fingerprints <= 3 * DNA_LIMIT_POSH_DESCRIPTORS);
    for (size_t i = 0; i < document->n_fingerprints; i++) {
        assert(document->fingerprints[i].hash <= DNA_POSH_SHA512);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_posh_document document;
    const char *why = NULL;
    enum dna_err err = dna_posh_parse(NULL, (struct dna_span){(const char *)bytes, len},
                                      &document, &why);
    if (err == DNA_OK) {
        check_accepted(&document, len);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        check_refused(&document, why);
    }
    dna_posh_fini(&document);
    return 0;
}
