/* Host metadata: hostile bytes from a web host.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why; what is accepted is within
 * every limit, holds nothing without the member of XEP-0487, and each link is whole.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <json/host_meta_document.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_link(const struct dna_host_meta_link *link)
{
    struct dna_name again;
    assert(dna_name_parse(dna_span_of(link->sni.text), &again) == DNA_OK);
    assert(strcmp(again.text, link->sni.text) == 0 && !dna_name_is_address(&link->sni));
    assert(link->n_ips > 0 && link->n_ips <= DNA_LIMIT_HOST_META_ADDRESSES);
    assert((link->port == 0) == (link->rel == DNA_HOST_META_WEBSOCKET));
    for (size_t i = 0; i < link->n_ips; i++) {
        assert(link->ips[i].family == DNA_ADDRESS_V4 || link->ips[i].family == DNA_ADDRESS_V6);
    }
}

static void check_accepted(const struct dna_host_meta_document *document, size_t len)
{
    assert(len <= DNA_LIMIT_DOCUMENT);
    assert(document->n_links <= DNA_LIMIT_HOST_META_LINKS);
    assert(document->n_pins <= DNA_LIMIT_HOST_META_PINS);
    if (!document->xmpp) {
        assert(document->n_links == 0 && document->n_pins == 0 && document->ttl == 0);
        return;
    }
    assert(document->ttl >= DNA_LIMIT_HOST_META_LIFE_LEAST_S &&
           document->ttl <= DNA_LIMIT_HOST_META_LIFE_S);
    for (size_t i = 0; i < document->n_links; i++) {
        check_link(&document->links[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_host_meta_document document;
    const char *why = NULL;
    enum dna_err err = dna_host_meta_parse(NULL, (struct dna_span){(const char *)bytes, len},
                                           &document, &why);
    if (err == DNA_OK) {
        check_accepted(&document, len);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        assert(why != NULL && why[0] != '\0');
        assert(!document.xmpp && document.links == NULL && document.pins == NULL);
    }
    dna_host_meta_fini(&document);
    return 0;
}
