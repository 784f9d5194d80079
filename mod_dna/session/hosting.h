/* session/hosting.h: the domains that we host, and the local servers behind links. */
#ifndef DNA_SESSION_HOSTING_H
#define DNA_SESSION_HOSTING_H

#include <base/map.h>
#include <mod_dna/session.h>

struct dna_link {
    struct dna_session *session;
    struct dna_link *next;
    struct dna_map *domains; /* of this link alone (S24); values as in dna_hosting */
    size_t secret_len;
    char *secret; /* never shared with another link (S21) */
    struct dna_bridge *bridge; /* what its certificate must be (S24); NULL: no bridge */
    bool keyed;   /* the local server knows it too, and both prove that (S24) */
};

struct dna_hosted_domain {
    struct dna_link *link; /* or NULL */
    char *dnssec_ta_url;   /* or NULL */
    char *attribute_cert;  /* or NULL */
    int64_t attribute_cert_ends; /* the last second of it */
    char domain[];
};

struct dna_hosting {
    const struct dna_alloc *alloc;
    uint64_t seed;
    struct dna_map *domains; /* to struct dna_hosted_domain */
    struct dna_link *links;
};

DNA_MUST_USE enum dna_err dna_hosting_init(struct dna_hosting *hosting,
                                           const struct dna_alloc *alloc, uint64_t seed);
void dna_hosting_fini(struct dna_hosting *hosting);
DNA_MUST_USE enum dna_err dna_hosting_link(struct dna_hosting *hosting, struct dna_span secret,
                                           struct dna_link **out);
struct dna_hosted_domain *dna_hosting_find(const struct dna_hosting *hosting,
                                           const char *domain);
/* Adds or changes.  *left: the link that served the domain until now and serves it no
 * longer, or NULL. */
DNA_MUST_USE enum dna_err dna_hosting_add(struct dna_hosting *hosting,
                                          const struct dna_hosted *hosted,
                                          struct dna_link **left);
/* False: it was not hosted. */
bool dna_hosting_remove(struct dna_hosting *hosting, const char *domain);

#endif
