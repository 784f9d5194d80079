/* proof/sts_policy.h: the texts of MTA-STS (RFC 8461 3), for mail and for XMPP.
 *
 * Both have one syntax and differ in two words: the version, and the key of a host pattern.
 * The XMPP words are this project's own and experimental.
 */
#ifndef DNA_PROOF_STS_POLICY_H
#define DNA_PROOF_STS_POLICY_H

#include <base/limits.h>
#include <mod_dna/dns.h>

enum dna_sts_dialect {
    DNA_STS_MAIL, /* v=STSv1, mx: */
    DNA_STS_XMPP  /* v=XSTSv1, srv: */
};

struct dna_sts_record {
    char id[DNA_LIMIT_STS_ID + 1];
};

/* One TXT record's text.  DNA_ERR_NOT_FOUND: it does not begin with the version and a ";",
 * and is to be discarded; DNA_ERR_FORMAT: it does, and is malformed.  *why is static, *at
 * the offset of what is wrong. */
DNA_MUST_USE enum dna_err dna_sts_record_parse(enum dna_sts_dialect dialect,
                                               struct dna_span text,
                                               struct dna_sts_record *out, const char **why,
                                               size_t *at);
/* The one record among an answer's (3.1).  DNA_ERR_NOT_FOUND: none, or several, is left when
 * the others are discarded; DNA_ERR_FORMAT: it is malformed.  *why is static. */
DNA_MUST_USE enum dna_err dna_sts_record_find(enum dna_sts_dialect dialect,
                                              const struct dna_dns_answer *answer,
                                              struct dna_sts_record *out, const char **why);

enum dna_sts_mode { DNA_STS_NONE, DNA_STS_TESTING, DNA_STS_ENFORCE };
/* "none", "testing", "enforce". */
const char *dna_sts_mode_name(enum dna_sts_mode mode);

struct dna_sts_pattern {
    bool wildcard; /* "*." stood before the name */
    struct dna_name name;
};

struct dna_sts_policy {
    const struct dna_alloc *alloc;
    enum dna_sts_mode mode;
    int64_t max_age; /* seconds, 0..DNA_LIMIT_STS_LIFE_S */
    struct dna_sts_pattern *patterns;
    size_t n_patterns;
};

/* The policy document.  DNA_ERR_FORMAT, DNA_ERR_LIMIT (DNA_LIMIT_DOCUMENT bytes,
 * DNA_LIMIT_STS_PATTERNS): *why is static, *line counts from 1, and is 0 where something is
 * missing.  DNA_ERR_MEMORY.  On an error *out is empty. */
DNA_MUST_USE enum dna_err dna_sts_policy_parse(const struct dna_alloc *alloc,
                                               enum dna_sts_dialect dialect,
                                               struct dna_span bytes,
                                               struct dna_sts_policy *out, const char **why,
                                               unsigned *line);
void dna_sts_policy_fini(struct dna_sts_policy *policy);
/* Whether a Content-Type is that of a policy (3.2): text/plain, or none was told. */
bool dna_sts_media_type(const char *media_type);

/* A canonical host; a wildcard stands for exactly one label. */
bool dna_sts_policy_names(const struct dna_sts_policy *policy, const char *host);
/* A dNSName as it stands in a certificate: a wildcard only matches the same wildcard. */
bool dna_sts_policy_names_presented(const struct dna_sts_policy *policy,
                                    struct dna_span presented);

#endif
