/* x509/identity.h: does the leaf carry this name?  (RFC 9525, RFC 4985, RFC 6120 13.7)
 *
 * Reference identifiers come from the caller, canonical; presented identifiers from the
 * subject alternative names alone, never from the Common Name.
 */
#ifndef DNA_X509_IDENTITY_H
#define DNA_X509_IDENTITY_H

#include <mod_dna/x509.h>

/* A DNS-ID matches name: exactly, or by a wildcard that is the whole left-most label,
 * stands for one label and is not directly above a single label.  allow_wildcard false:
 * exact matches only. */
bool dna_identity_dns(const struct dna_chain *chain, const char *name, bool allow_wildcard);
/* An SRV-ID "_xmpp-server.<name>" (service "xmpp-server" or "xmpp-client"). */
bool dna_identity_srv(const struct dna_chain *chain, const char *service, const char *name);
/* An XmppAddr that is the bare domain name, U-labels converted by the given function of the
 * dns room: x509 does not know IDNA. */
typedef bool dna_identity_canonical_fn(struct dna_span text, char *out, size_t room);
bool dna_identity_xmpp_addr(const struct dna_chain *chain, const char *name,
                            dna_identity_canonical_fn *canonical);
/* An iPAddress of just these 4 or 16 octets.  No XMPP server is named by one; this is for
 * whoever checks a certificate by hand. */
bool dna_identity_ip(const struct dna_chain *chain, struct dna_span octets);

#endif
