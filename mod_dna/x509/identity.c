/* x509/identity.c: matching presented identifiers with the one that is wanted.
 *
 * The reference identifier is canonical and comes from the question, never from the
 * certificate or from DNS.  Both parts of an SRV-ID come from one entry (RFC 9525 6.3); only
 * a DNS-ID may hold a wildcard, as its whole left-most label.  An address literal is no
 * domain name and matches nothing here.
 */
#include <x509/identity.h>

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(struct dna_span presented, const char *name)
{
    for (size_t i = 0; i < presented.len; i++) {
        if (name[i] == '\0' || lower(presented.ptr[i]) != lower(name[i])) {
            return false;
        }
    }
    return name[presented.len] == '\0' && presented.len != 0;
}

/* IPv6 in brackets, or a last label of digits, which no host name ends in (RFC 3696 2). */
static bool is_address(const char *name)
{
    const char *last = strrchr(name, '.');
    last = last != NULL ? last + 1 : name;
    return name[0] == '[' || strspn(last, "0123456789") == strlen(last);
}

/* "*.example.com" for "one.example.com"; nothing else with an asterisk, not "*.com". */
static bool wildcard_covers(struct dna_span presented, const char *name)
{
    struct dna_span below;
    const char *parent = strchr(name, '.');
    if (presented.len < 3 || presented.ptr[0] != '*' || presented.ptr[1] != '.' ||
        parent == NULL || parent == name) {
        return false;
    }
    below = (struct dna_span){presented.ptr + 2, presented.len - 2};
    return memchr(below.ptr, '*', below.len) == NULL &&
           memchr(below.ptr, '.', below.len) != NULL && same_name(below, parent + 1);
}

bool dna_identity_dns(const struct dna_chain *chain, const char *name, bool allow_wildcard)
{
    struct dna_span presented;
    if (is_address(name)) {
        return false;
    }
    for (size_t i = 0; dna_chain_leaf_name(chain, DNA_NAME_DNS, i, &presented) == DNA_OK; i++) {
        if (same_name(presented, name) ||
            (allow_wildcard && wildcard_covers(presented, name))) {
            return true;
        }
    }
    return false;
}

/* RFC 4985 2: "_Service.Name"; no protocol label, and no wildcard. */
static bool is_srv_id(struct dna_span presented, const char *service, const char *name)
{
    const char *dot = memchr(presented.ptr, '.', presented.len);
    struct dna_span left, right;
    if (dot == NULL || presented.ptr[0] != '_') {
        return false;
    }
    left = (struct dna_span){presented.ptr + 1, (size_t)(dot - presented.ptr) - 1};
    right = (struct dna_span){dot + 1, presented.len - left.len - 2};
    return same_name(left, service) && same_name(right, name);
}

bool dna_identity_srv(const struct dna_chain *chain, const char *service, const char *name)
{
    struct dna_span presented;
    if (is_address(name)) {
        return false;
    }
    for (size_t i = 0; dna_chain_leaf_name(chain, DNA_NAME_SRV, i, &presented) == DNA_OK; i++) {
        if (is_srv_id(presented, service, name)) {
            return true;
        }
    }
    return false;
}

/* A bare domain: an entry for an account or a resource is somebody else's. */
static bool is_bare_domain(struct dna_span presented)
{
    return memchr(presented.ptr, '@', presented.len) == NULL &&
           memchr(presented.ptr, '/', presented.len) == NULL &&
           memchr(presented.ptr, '*', presented.len) == NULL;
}

bool dna_identity_xmpp_addr(const struct dna_chain *chain, const char *name,
                            dna_identity_canonical_fn *canonical)
{
    struct dna_span presented;
    if (is_address(name)) {
        return false;
    }
    for (size_t i = 0; dna_chain_leaf_name(chain, DNA_NAME_XMPP_ADDR, i, &presented) == DNA_OK;
         i++) {
        char text[256];
        if (is_bare_domain(presented) && canonical(presented, text, sizeof text) &&
            strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}
