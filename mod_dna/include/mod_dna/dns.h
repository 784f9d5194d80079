/* mod_dna/dns.h: domain names and DNS answers as values.
 *
 * Room: dns.  An answer is a value with an outcome and a security status; SERVFAIL never
 * looks like "does not exist".  RDATA is kept in uncompressed wire form.
 */
#ifndef MOD_DNA_DNS_H
#define MOD_DNA_DNS_H

#include <mod_dna/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest domain in text form, without the terminating NUL (RFC 1035 2.3.4). */
#define DNA_NAME_MAX 253

/* A canonical domain: A-labels, lower case, no trailing dot (RFC 5890, RFC 7622 3.2). */
struct dna_name {
    char text[DNA_NAME_MAX + 1];
};

/* Canonical form of a domain written by a person, a peer or a file: UTF-8 or A-labels, any
 * case, one trailing dot allowed where it is not a stanza's domain.  A non-ASCII name is
 * admitted only where UTS 46 transitional and non-transitional processing agree and no
 * ignorable, deviation or non-NFC code point occurs, since servers read the others
 * differently.  Labels 1..63 octets, letters, digits and hyphens (STD 3), 253 in all; an
 * IPv4 or [IPv6] literal is passed through in canonical form (see dna_name_is_address).
 * DNA_ERR_FORMAT: not a domain, or one that two parsers may read differently. */
DNA_API DNA_MUST_USE enum dna_err dna_name_parse(struct dna_span text, struct dna_name *out);

/* As dna_name_parse, for the domainpart of a stanza's address: a trailing dot is refused. */
DNA_API DNA_MUST_USE enum dna_err dna_name_parse_stanza(struct dna_span text,
                                                        struct dna_name *out);

/* The domain of a JID ("local@domain/resource"; RFC 7622 3.1), canonical; the other parts
 * are checked for emptiness only.  DNA_ERR_FORMAT as above. */
DNA_API DNA_MUST_USE enum dna_err dna_name_of_jid(struct dna_span jid, struct dna_name *out);

/* Whether a canonical name is an IPv4 or bracketed IPv6 literal. */
DNA_API bool dna_name_is_address(const struct dna_name *name);
/* How many labels a canonical name has (0 for an address). */
DNA_API unsigned dna_name_labels(const struct dna_name *name);
/* The canonical name without its first label, as a pointer into name; NULL at the last. */
DNA_API const char *dna_name_parent(const char *name);
/* Whether name is ancestor itself or below it; both canonical. */
DNA_API bool dna_name_is_under(const char *name, const char *ancestor);
/* For people: U-labels where the name has some, into out. */
DNA_API DNA_MUST_USE enum dna_err dna_name_display(const struct dna_name *name, char *out,
                                                   size_t size);

enum dna_dns_type {
    DNA_DNS_A = 1,
    DNA_DNS_CNAME = 5,
    DNA_DNS_TXT = 16,
    DNA_DNS_AAAA = 28,
    DNA_DNS_SRV = 33,
    DNA_DNS_DS = 43,
    DNA_DNS_DNSKEY = 48,
    DNA_DNS_TLSA = 52
};

enum dna_dns_outcome {
    DNA_DNS_FAILED, /* could not find out: SERVFAIL, timeout, malformed, cancelled */
    DNA_DNS_BOGUS,  /* should validate and does not; carries no records */
    DNA_DNS_ABSENT, /* a definite "does not exist" (NXDOMAIN or NODATA) */
    DNA_DNS_FOUND   /* at least one record of the type asked for */
};

/* An answer to (name, type).  secure speaks of the whole answer, aliases included, and is
 * only ever set for FOUND and ABSENT.  Everything it points to is owned by whoever owns the
 * answer. */
struct dna_dns_answer {
    const char *name; /* as asked, canonical; a leading "_" is allowed in labels */
    uint16_t type;
    enum dna_dns_outcome outcome;
    bool secure;
    bool aliased;          /* a CNAME or DNAME was followed */
    bool wildcard;         /* some RRSIG shows wildcard synthesis */
    uint32_t ttl;          /* seconds, validated where secure; smallest of the answer */
    int64_t obtained;      /* wall time of the answer */
    int64_t signatures_end;/* earliest RRSIG expiration seen, or DNA_NEVER */
    const struct dna_span *rdata; /* FOUND: the records' RDATA, uncompressed wire form */
    size_t n_rdata;
    const char *why;       /* for people: why bogus or failed; "" otherwise, never NULL */
};

/* A static lower-case word for people and logs. */
DNA_API const char *dna_dns_outcome_name(enum dna_dns_outcome outcome);
DNA_API const char *dna_dns_type_name(uint16_t type);

/* One SRV record (RFC 2782), its target canonical; the root target "." is text ".". */
struct dna_srv {
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    struct dna_name target;
    bool direct_tls; /* from _xmpps-... (XEP-0368) */
};

/* DNA_ERR_FORMAT: not the RDATA of a SRV record. */
DNA_API DNA_MUST_USE enum dna_err dna_srv_parse(struct dna_span rdata, struct dna_srv *out);

/* The target of a CNAME record.  DNA_ERR_FORMAT: it is no host name. */
DNA_API DNA_MUST_USE enum dna_err dna_alias_parse(struct dna_span rdata,
                                                  struct dna_name *out);

/* Puts n records into the order in which they are to be tried: by priority, and by weight
 * within one priority, drawing from random[0..n-1] (RFC 2782).  The caller supplies the
 * random numbers. */
DNA_API void dna_srv_order(struct dna_srv *records, size_t n, const uint32_t *random);

#ifdef __cplusplus
}
#endif
#endif
