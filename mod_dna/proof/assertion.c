/* proof/assertion.c: from an element tree to a delegation document.
 *
 * Elements and attributes that are not known are ignored, and so are providers that are
 * neither host, certificate nor key, or whose hash is not known.  What is known must be
 * well-formed: a provider that says two things at once, or a service that is there twice,
 * makes the document worthless, since its author's intent is not clear.
 */
#include <proof/assertion.h>

#include <string.h>

#include <base/address.h>
#include <base/alloc.h>
#include <base/codec.h>
#include <base/date.h>
#include <base/limits.h>

#define NS "urn:xmpp:dna:delegation:0"

static const struct {
    const char *attribute;
    enum dna_provider_kind kind;
} kinds[] = {
    {"host", DNA_PROVIDER_HOST},
    {"cert", DNA_PROVIDER_CERT},
    {"spki", DNA_PROVIDER_SPKI},
};

static const struct {
    const char *name; /* of the IANA registry "Hash Function Textual Names" */
    uint8_t matching;
    size_t size;
} hashes[] = {
    {"sha-256", 1, 32},
    {"sha-512", 2, 64},
};

static enum dna_err malformed(struct dna_xml_fault *fault, const char *why)
{
    *fault = (struct dna_xml_fault){.why = why};
    return DNA_ERR_FORMAT;
}

static enum dna_err read_host(const struct dna_xml_element *e, struct dna_span host,
                              struct dna_provider *out, struct dna_xml_fault *fault)
{
    struct dna_span port;
    if (dna_name_parse(host, &out->host) != DNA_OK || dna_name_is_address(&out->host)) {
        return malformed(fault, "a provider's host is no host name");
    }
    if (dna_xml_attr(e, "port", &port) && !dna_port_parse(port, &out->port)) {
        return malformed(fault, "a provider's port is no port");
    }
    return DNA_OK;
}

/* DNA_ERR_NOT_FOUND: the hash is not known. */
static enum dna_err read_digest(const struct dna_xml_element *e, struct dna_span hash,
                                struct dna_provider *out, struct dna_xml_fault *fault)
{
    struct dna_span value;
    size_t which = 0;
    while (which < sizeof hashes / sizeof *hashes && !dna_span_is(hash, hashes[which].name)) {
        which++;
    }
    if (which == sizeof hashes / sizeof *hashes) {
        return DNA_ERR_NOT_FOUND;
    }
    if (!dna_xml_attr(e, "value", &value)) {
        return malformed(fault, "a provider's hash has no value");
    }
    if (dna_base64_decode(value, DNA_BASE64_PADDED, out->digest, sizeof out->digest,
                          &out->len) != DNA_OK) {
        return malformed(fault, "a provider's hash is not base64");
    }
    if (out->len != hashes[which].size) {
        return malformed(fault, "a provider's hash has the wrong length");
    }
    out->matching = hashes[which].matching;
    return DNA_OK;
}

/* DNA_ERR_NOT_FOUND: a provider of a kind that is not known. */
static enum dna_err read_provider(const struct dna_xml_element *e, struct dna_provider *out,
                                  struct dna_xml_fault *fault)
{
    struct dna_span value = {NULL, 0}, one;
    unsigned n = 0;
    *out = (struct dna_provider){.kind = DNA_PROVIDER_HOST};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (dna_xml_attr(e, kinds[i].attribute, &one)) {
            out->kind = kinds[i].kind;
            value = one;
            n++;
        }
    }
    if (n > 1) {
        return malformed(fault, "a provider is more than one of host, cert and spki");
    }
    if (n == 0) {
        return DNA_ERR_NOT_FOUND;
    }
    return out->kind == DNA_PROVIDER_HOST ? read_host(e, value, out, fault)
                                          : read_digest(e, value, out, fault);
}

static enum dna_err read_service(const struct dna_xml_element *service,
                                 struct dna_assertion *out, struct dna_xml_fault *fault)
{
    size_t n = 0;
    for (const struct dna_xml_element *e = service->child; e != NULL; e = e->next) {
        n += dna_xml_is(e, NS, "provider");
    }
    if (n > DNA_LIMIT_ASSERTION_PROVIDERS) {
        (void)malformed(fault, "too many providers");
        return DNA_ERR_LIMIT;
    }
    out->providers = dna_alloc_zero(out->alloc, n, sizeof *out->providers);
    if (out->providers == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (const struct dna_xml_element *e = service->child; e != NULL; e = e->next) {
        enum dna_err err;
        if (!dna_xml_is(e, NS, "provider")) {
            continue;
        }
        err = read_provider(e, &out->providers[out->n_providers], fault);
        if (err == DNA_OK) {
            out->n_providers++;
        } else if (err == DNA_ERR_NOT_FOUND) {
            out->n_unknown++;
        } else {
            return err;
        }
    }
    return DNA_OK;
}

static enum dna_err read_times(const struct dna_xml_element *root, struct dna_assertion *out,
                               struct dna_xml_fault *fault)
{
    struct dna_span text;
    out->issued = INT64_MIN;
    if (!dna_xml_attr(root, "expires", &text) ||
        dna_date_parse(text, &out->expires) != DNA_OK) {
        return malformed(fault, "expires is no date in UTC");
    }
    if (dna_xml_attr(root, "issued", &text) && dna_date_parse(text, &out->issued) != DNA_OK) {
        return malformed(fault, "issued is no date in UTC");
    }
    return DNA_OK;
}

static enum dna_err read_root(const struct dna_xml_element *root, const char *service,
                              struct dna_assertion *out, struct dna_xml_fault *fault)
{
    struct dna_span text;
    enum dna_err err;
    if (!dna_xml_is(root, NS, "delegations")) {
        return malformed(fault, "the root is not {" NS "}delegations");
    }
    if (!dna_xml_attr(root, "domain", &text) || dna_name_parse(text, &out->domain) != DNA_OK) {
        return malformed(fault, "domain is no domain");
    }
    err = read_times(root, out, fault);
    for (const struct dna_xml_element *e = root->child; err == DNA_OK && e != NULL;
         e = e->next) {
        if (!dna_xml_is(e, NS, "service") || !dna_xml_attr(e, "name", &text) ||
            !dna_span_is(text, service)) {
            continue;
        }
        if (out->has_service) {
            return malformed(fault, "the service is there twice");
        }
        out->has_service = true;
        err = read_service(e, out, fault);
    }
    return err;
}

enum dna_err dna_assertion_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                                 const char *service, struct dna_assertion *out,
                                 struct dna_xml_fault *fault)
{
    const struct dna_xml_element *root;
    struct dna_arena arena;
    enum dna_err err;
    *out = (struct dna_assertion){.alloc = alloc};
    dna_arena_init(&arena, alloc, DNA_LIMIT_XML_ARENA);
    err = dna_xml_document(&arena, bytes, &root, fault);
    if (err == DNA_OK) {
        err = read_root(root, service, out, fault);
    }
    dna_arena_fini(&arena);
    if (err != DNA_OK) {
        dna_assertion_fini(out);
    }
    return err;
}

void dna_assertion_fini(struct dna_assertion *assertion)
{
    dna_alloc_release(assertion->alloc, assertion->providers);
    *assertion = (struct dna_assertion){.alloc = assertion->alloc};
}

enum dna_err dna_provider_matches(const struct dna_provider *provider,
                                  const struct dna_chain *chain, bool *out)
{
    const struct dna_tlsa pin = {
        .usage = DNA_TLSA_DANE_EE,
        .selector = provider->kind == DNA_PROVIDER_SPKI,
        .matching = provider->matching,
        .data = {(const char *)provider->digest, provider->len},
    };
    *out = false;
    return provider->kind == DNA_PROVIDER_HOST ? DNA_OK
                                               : dna_tlsa_matches(&pin, chain, 0, out);
}
