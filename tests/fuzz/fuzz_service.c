/* Service delegation documents: hostile bytes from a web host.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why; what is accepted is within
 * every limit, and each place has a canonical host and a name for its certificate.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <base/limits.h>
#include <json/service_document.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_name(const struct dna_name *name)
{
    struct dna_name again;
    assert(dna_name_parse(dna_span_of(name->text), &again) == DNA_OK);
    assert(strcmp(again.text, name->text) == 0 && !dna_name_is_address(name));
}

static void check_accepted(const struct dna_service_document *document, size_t len)
{
    assert(len <= DNA_LIMIT_DOCUMENT);
    assert(document->n_endpoints + document->n_skipped <= DNA_LIMIT_SERVICE_ENDPOINTS);
    for (size_t i = 0; i < document->n_endpoints; i++) {
        const struct dna_service_endpoint *one = &document->endpoints[i];
        check_name(&one->host);
        check_name(&one->domain);
        assert(one->port != 0);
        assert(one->expires >= DNA_LIMIT_SERVICE_LIFE_LEAST_S &&
               one->expires <= DNA_LIMIT_SERVICE_LIFE_S);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_service_document document;
    const char *why = NULL;
    enum dna_err err = dna_service_parse(NULL, (struct dna_span){(const char *)bytes, len},
                                         &document, &why);
    if (err == DNA_OK) {
        check_accepted(&document, len);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        assert(why != NULL && why[0] != '\0');
        assert(document.endpoints == NULL);
        assert(document.n_endpoints == 0 && document.n_skipped == 0);
    }
    dna_service_fini(&document);
    return 0;
}
