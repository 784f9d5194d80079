/* proof/certificate.c: trust, dates and names (RFC 6120 13.7, RFC 9525).
 *
 * A CA whose names are constrained may still issue SRVNames and XmppAddrs for the whole
 * world, where its constraints speak of other name forms only: below such a CA no XmppAddr
 * counts, and a SRV-ID only if the CA expressly permits it (S7).
 */
#include <proof/certificate.h>

#include <string.h>

#include <proof/rule.h>
#include <x509/identity.h>

static enum dna_code code_of(enum dna_path_code code)
{
    switch (code) {
    case DNA_PATH_EXPIRED:
    case DNA_PATH_NOT_YET_VALID:
        return DNA_CODE_NOT_VALID_NOW;
    case DNA_PATH_WEAK:
        return DNA_CODE_WEAK_KEY;
    case DNA_PATH_OK:
    case DNA_PATH_UNTRUSTED:
    case DNA_PATH_BAD_SIGNATURE:
    case DNA_PATH_PURPOSE:
    case DNA_PATH_LEAF_IS_CA:
    case DNA_PATH_CONSTRAINTS:
    case DNA_PATH_OTHER:
        return DNA_CODE_UNTRUSTED;
    }
    return DNA_CODE_UNTRUSTED;
}

bool dna_certificate_trusted(const struct dna_path *path, enum dna_prooftype type,
                             int64_t now, const char *whose, struct dna_ruling *out)
{
    if (path->code != DNA_PATH_OK) {
        (void)dna_rule(out, type, DNA_FAIL, code_of(path->code), "%s is not trusted: %s",
                       whose, path->why);
        return false;
    }
    /* Checked again: the fact may come from a cache. */
    if (now < path->not_before || now >= path->not_after) {
        (void)dna_rule(out, type, DNA_FAIL, DNA_CODE_NOT_VALID_NOW,
                       "%s is not valid at this time", whose);
        return false;
    }
    return true;
}

const char *dna_certificate_service(enum dna_service service)
{
    return service == DNA_XMPP_CLIENT ? "xmpp-client" : "xmpp-server";
}

static bool canonical(struct dna_span text, char *out, size_t room)
{
    struct dna_name name;
    if (dna_name_parse(text, &name) != DNA_OK || strlen(name.text) >= room) {
        return false;
    }
    memcpy(out, name.text, strlen(name.text) + 1);
    return true;
}

bool dna_certificate_names(const struct dna_chain *chain, const struct dna_path *path,
                           enum dna_service service, const char *host)
{
    return dna_identity_dns(chain, host, true) ||
           (path->srvname_usable &&
            dna_identity_srv(chain, dna_certificate_service(service), host));
}

bool dna_certificate_names_domain(const struct dna_chain *chain, const struct dna_path *path,
                                  enum dna_service service, const char *domain)
{
    return dna_identity_dns(chain, domain, true) ||
           dna_certificate_names_exactly(chain, path, service, domain);
}

bool dna_certificate_names_exactly(const struct dna_chain *chain, const struct dna_path *path,
                                   enum dna_service service, const char *domain)
{
    return dna_identity_dns(chain, domain, false) ||
           (path->srvname_usable &&
            dna_identity_srv(chain, dna_certificate_service(service), domain)) ||
           dna_certificate_names_account(chain, path, domain);
}

bool dna_certificate_names_account(const struct dna_chain *chain, const struct dna_path *path,
                                   const char *domain)
{
    return !path->constrained && dna_identity_xmpp_addr(chain, domain, canonical);
}
