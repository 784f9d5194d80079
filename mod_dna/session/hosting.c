/* session/hosting.c: one map of all hosted domains, and one for each link. */
#include <session/hosting.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <mod_dna/dns.h>
#include <session/bridge.h>
#include <x509/acert.h>

#define SECRET_LEAST 16

enum dna_err dna_hosting_init(struct dna_hosting *hosting, const struct dna_alloc *alloc,
                              uint64_t seed)
{
    *hosting = (struct dna_hosting){.alloc = alloc, .seed = seed};
    return dna_map_new(alloc, seed, &hosting->domains);
}

static void free_domain(struct dna_hosting *hosting, struct dna_hosted_domain *domain)
{
    dna_alloc_release(hosting->alloc, domain->dnssec_ta_url);
    dna_alloc_release(hosting->alloc, domain->attribute_cert);
    dna_alloc_release(hosting->alloc, domain);
}

static void free_link(struct dna_hosting *hosting, struct dna_link *link)
{
    if (link->secret != NULL) {
        explicit_bzero(link->secret, link->secret_len);
    }
    dna_alloc_release(hosting->alloc, link->secret);
    dna_bridge_free(hosting->alloc, link->bridge);
    dna_map_free(link->domains);
    dna_alloc_release(hosting->alloc, link);
}

void dna_hosting_fini(struct dna_hosting *hosting)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (hosting->domains != NULL &&
           dna_map_next(hosting->domains, &cursor, &key, &value)) {
        free_domain(hosting, value);
    }
    dna_map_free(hosting->domains);
    while (hosting->links != NULL) {
        struct dna_link *link = hosting->links;
        hosting->links = link->next;
        free_link(hosting, link);
    }
}

enum dna_err dna_hosting_link(struct dna_hosting *hosting, struct dna_span secret,
                              struct dna_link **out)
{
    struct dna_link *link;
    if (secret.len < SECRET_LEAST) {
        return DNA_ERR_ARGUMENT;
    }
    link = dna_alloc_zero(hosting->alloc, 1, sizeof *link);
    if (link == NULL) {
        return DNA_ERR_MEMORY;
    }
    link->secret = dna_alloc_text(hosting->alloc, secret);
    link->secret_len = secret.len;
    if (link->secret == NULL ||
        dna_map_new(hosting->alloc, hosting->seed, &link->domains) != DNA_OK) {
        free_link(hosting, link);
        return DNA_ERR_MEMORY;
    }
    link->next = hosting->links;
    hosting->links = link;
    *out = link;
    return DNA_OK;
}

struct dna_hosted_domain *dna_hosting_find(const struct dna_hosting *hosting,
                                           const char *domain)
{
    return dna_map_get(hosting->domains, dna_span_of(domain));
}

static bool admissible(const struct dna_hosted *hosted)
{
    struct dna_name name;
    return hosted->domain != NULL &&
           dna_name_parse(dna_span_of(hosted->domain), &name) == DNA_OK &&
           strcmp(name.text, hosted->domain) == 0 &&
           (hosted->dnssec_ta_url == NULL || (hosted->dnssec_ta_url[0] != '\0' &&
                                              strlen(hosted->dnssec_ta_url) <= DNA_LIMIT_URL)) &&
           (hosted->attribute_cert == NULL ||
            strlen(hosted->attribute_cert) <= DNA_LIMIT_PROOF);
}

/* Until when an attribute certificate is of use.  DNA_ERR_ARGUMENT: nobody would take it. */
static enum dna_err read_end(const struct dna_hosting *hosting,
                             const struct dna_hosted *hosted, int64_t *out)
{
    struct dna_acert_bundle *bundle;
    const char *why;
    enum dna_err err;
    bool any = false;
    *out = 0;
    if (hosted->attribute_cert == NULL) {
        return DNA_OK;
    }
    err = dna_acert_bundle_read(hosting->alloc, dna_span_of(hosted->attribute_cert), &bundle,
                                &why);
    if (err != DNA_OK) {
        return err == DNA_ERR_MEMORY ? err : DNA_ERR_ARGUMENT;
    }
    for (size_t i = 0; i < bundle->n; i++) {
        const struct dna_acert *acert = bundle->acerts[i];
        if (acert->fault == NULL && (!any || acert->not_after > *out)) {
            *out = acert->not_after;
            any = true;
        }
    }
    dna_acert_bundle_free(bundle);
    return any ? DNA_OK : DNA_ERR_ARGUMENT;
}

/* text may be NULL. */
static bool copy_text(struct dna_hosting *hosting, const char *text, char **out)
{
    *out = text != NULL ? dna_alloc_text(hosting->alloc, dna_span_of(text)) : NULL;
    return text == NULL || *out != NULL;
}

/* Both proofs, or neither. */
static bool copy_proofs(struct dna_hosting *hosting, const struct dna_hosted *hosted,
                        char **url, char **acert)
{
    *acert = NULL;
    if (!copy_text(hosting, hosted->dnssec_ta_url, url)) {
        return false;
    }
    if (!copy_text(hosting, hosted->attribute_cert, acert)) {
        dna_alloc_release(hosting->alloc, *url);
        *url = NULL;
        return false;
    }
    return true;
}

static enum dna_err add_new(struct dna_hosting *hosting, const struct dna_hosted *hosted)
{
    struct dna_span key = dna_span_of(hosted->domain);
    struct dna_hosted_domain *domain =
        dna_alloc_zero(hosting->alloc, 1, sizeof *domain + key.len + 1);
    enum dna_err err = DNA_ERR_MEMORY;
    if (domain == NULL) {
        return DNA_ERR_MEMORY;
    }
    memcpy(domain->domain, key.ptr, key.len + 1);
    domain->link = hosted->link;
    if (copy_proofs(hosting, hosted, &domain->dnssec_ta_url, &domain->attribute_cert)) {
        err = dna_map_set(hosting->domains, key, domain);
    }
    if (err == DNA_OK && hosted->link != NULL) {
        err = dna_map_set(hosted->link->domains, key, domain);
        if (err != DNA_OK) {
            (void)dna_map_remove(hosting->domains, key);
        }
    }
    if (err != DNA_OK) {
        free_domain(hosting, domain);
    }
    return err;
}

static enum dna_err change(struct dna_hosting *hosting, struct dna_hosted_domain *domain,
                           const struct dna_hosted *hosted, struct dna_link **left)
{
    struct dna_span key = dna_span_of(hosted->domain);
    char *url, *acert;
    if (!copy_proofs(hosting, hosted, &url, &acert)) {
        return DNA_ERR_MEMORY;
    }
    if (hosted->link != domain->link) {
        if (hosted->link != NULL &&
            dna_map_set(hosted->link->domains, key, domain) != DNA_OK) {
            dna_alloc_release(hosting->alloc, url);
            dna_alloc_release(hosting->alloc, acert);
            return DNA_ERR_MEMORY;
        }
        if (domain->link != NULL) {
            (void)dna_map_remove(domain->link->domains, key);
        }
        *left = domain->link;
        domain->link = hosted->link;
    }
    dna_alloc_release(hosting->alloc, domain->dnssec_ta_url);
    domain->dnssec_ta_url = url;
    dna_alloc_release(hosting->alloc, domain->attribute_cert);
    domain->attribute_cert = acert;
    return DNA_OK;
}

enum dna_err dna_hosting_add(struct dna_hosting *hosting, const struct dna_hosted *hosted,
                             struct dna_link **left)
{
    struct dna_hosted_domain *old;
    int64_t ends;
    enum dna_err err;
    *left = NULL;
    if (!admissible(hosted)) {
        return DNA_ERR_ARGUMENT;
    }
    err = read_end(hosting, hosted, &ends);
    if (err != DNA_OK) {
        return err;
    }
    old = dna_hosting_find(hosting, hosted->domain);
    err = old == NULL ? add_new(hosting, hosted) : change(hosting, old, hosted, left);
    if (err == DNA_OK) {
        dna_hosting_find(hosting, hosted->domain)->attribute_cert_ends = ends;
    }
    return err;
}

bool dna_hosting_remove(struct dna_hosting *hosting, const char *domain)
{
    struct dna_hosted_domain *found = dna_map_remove(hosting->domains, dna_span_of(domain));
    if (found == NULL) {
        return false;
    }
    if (found->link != NULL) {
        (void)dna_map_remove(found->link->domains, dna_span_of(domain));
    }
    free_domain(hosting, found);
    return true;
}
