/* Delegation documents, and with them whole XML documents: hostile bytes from a web host.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why and where; what is
 * accepted is within every limit, and its names are canonical.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <base/limits.h>
#include <proof/assertion.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_name(const struct dna_name *name)
{
    struct dna_name again;
    assert(dna_name_parse(dna_span_of(name->text), &again) == DNA_OK);
    assert(strcmp(again.text, name->text) == 0);
}

static void check_provider(const struct dna_provider *provider)
{
    switch (provider->kind) {
    case DNA_PROVIDER_HOST:
        check_name(&provider->host);
        assert(!dna_name_is_address(&provider->host));
        return;
    case DNA_PROVIDER_CERT:
    case DNA_PROVIDER_SPKI:
        assert((provider->matching == 1 && provider->len == 32) ||
               (provider->matching == 2 && provider->len == 64));
        return;
    }
    assert(false && "a kind of provider");
}

static void check_accepted(const struct dna_assertion *assertion, size_t len)
{
    assert(len <= DNA_LIMIT_DOCUMENT);
    check_name(&assertion->domain);
    assert(assertion->n_providers + assertion->n_unknown <= DNA_LIMIT_ASSERTION_PROVIDERS);
    assert(assertion->has_service || assertion->n_providers + assertion->n_unknown == 0);
    for (size_t i = 0; i < assertion->n_providers; i++) {
        check_provider(&assertion->providers[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_assertion assertion;
    struct dna_xml_fault fault = {.why = NULL};
    enum dna_err err = dna_assertion_parse(NULL, (struct dna_span){(const char *)bytes, len},
                                           "xmpp-server", &assertion, &fault);
    if (err == DNA_OK) {
        check_accepted(&assertion, len);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        assert(fault.why != NULL && fault.why[0] != '\0');
        assert((fault.line == 0) == (fault.column == 0) && fault.line <= len + 1);
        assert(assertion.providers == NULL && assertion.n_providers == 0);
    }
    dna_assertion_fini(&assertion);
    return 0;
}
