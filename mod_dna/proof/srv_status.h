/* proof/srv_status.h: one judgment over both SRV names of a domain (S4).
 *
 * Nearly every domain lacks one of _xmpp-server and _xmpps-server, so each name judged by
 * itself would be wrong for nearly every domain.  Any bogus answer makes the whole bogus,
 * any failure makes it unknown; only records of secure answers name a delegate.
 */
#ifndef DNA_PROOF_SRV_STATUS_H
#define DNA_PROOF_SRV_STATUS_H

#include <base/limits.h>
#include <proof/prover.h>

enum dna_srv_status { /* of one name */
    DNA_SRV_FAILED,   /* could not find out; malformed records included */
    DNA_SRV_BOGUS,
    DNA_SRV_UNPROVEN, /* absent, but insecurely so */
    DNA_SRV_INSECURE, /* records, not secured */
    DNA_SRV_ABSENT,   /* securely absent */
    DNA_SRV_DENIED,   /* securely ".": there is no such service */
    DNA_SRV_SECURE    /* secure records */
};

enum dna_delegation_status { /* of both together */
    DNA_DELEGATION_FAILED,
    DNA_DELEGATION_BOGUS,
    DNA_DELEGATION_INSECURE, /* DNSSEC says nothing about a delegation */
    DNA_DELEGATION_NONE,     /* DNSSEC says that there is none */
    DNA_DELEGATION_SECURE
};

struct dna_delegation {
    enum dna_delegation_status status;
    enum dna_srv_status each[2];
    const struct dna_dns_answer *answers[2]; /* _xmpp-..., _xmpps-... */
    const char *why; /* FAILED, BOGUS: what the resolver said; never NULL */
};

#define DNA_SRV_NAME_MAX (DNA_NAME_MAX + 1)
struct dna_srv_names {
    char plain[DNA_SRV_NAME_MAX], tls[DNA_SRV_NAME_MAX];
};
/* False: the domain is too long to have such names. */
bool dna_srv_names(const char *domain, enum dna_service service, struct dna_srv_names *out);

struct dna_delegation dna_delegation_judge(const struct dna_dns_answer *plain,
                                           const struct dna_dns_answer *tls);
/* Asks for both names of the question's domain.  False: not all is known yet. */
bool dna_delegation_ask(const struct dna_question *q, const struct dna_facts *have,
                        struct dna_wants *wants, struct dna_delegation *out);

/* The secure records other than ".", one after the other; *cursor begins at 0. */
bool dna_delegation_next(const struct dna_delegation *delegation, size_t *cursor,
                         struct dna_srv *out);
/* Whether some secure record has this target and port. */
bool dna_delegation_has(const struct dna_delegation *delegation, const char *host,
                        uint16_t port);
/* Until when both answers may be relied on. */
int64_t dna_delegation_until(const struct dna_delegation *delegation, int64_t now);

/* Whether the endpoint that we connected to is delegated to; true where none is known (S6).
 * False: the refusal in *out. */
bool dna_delegation_reaches(const struct dna_delegation *delegation,
                            const struct dna_question *q, enum dna_prooftype type,
                            struct dna_ruling *out);
/* The endpoints that secure records name, each once; gives their number back. */
size_t dna_delegation_targets(const struct dna_delegation *delegation,
                              struct dna_srv out[DNA_LIMIT_TARGETS]);
/* The ruling on a delegation that is not SECURE. */
enum dna_step dna_delegation_refuse(const struct dna_delegation *delegation,
                                    enum dna_prooftype type, struct dna_ruling *out);

#endif
