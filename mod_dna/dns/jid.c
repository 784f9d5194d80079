/* dns/jid.c: the domain of an address (RFC 7622 3.1).
 *
 * The resource begins at the first "/"; the domain, within what is left, behind the first
 * "@".  A localpart or resource that is announced must not be empty, and a localpart holds
 * none of the characters of RFC 7622 3.3.1.
 */
#include <mod_dna/dns.h>

#include <string.h>

#define PART_MAX 1023

enum dna_err dna_name_of_jid(struct dna_span jid, struct dna_name *out)
{
    const char *slash, *at;
    if (jid.len == 0 || jid.len > 3 * PART_MAX + 2) {
        return DNA_ERR_FORMAT;
    }
    slash = memchr(jid.ptr, '/', jid.len);
    if (slash != NULL) {
        size_t bare = (size_t)(slash - jid.ptr), resource = jid.len - bare - 1;
        if (resource == 0 || resource > PART_MAX) {
            return DNA_ERR_FORMAT;
        }
        jid.len = bare;
    }
    at = jid.len != 0 ? memchr(jid.ptr, '@', jid.len) : NULL;
    if (at != NULL) {
        size_t local = (size_t)(at - jid.ptr);
        if (local == 0 || local > PART_MAX) {
            return DNA_ERR_FORMAT;
        }
        for (size_t i = 0; i < local; i++) {
            if ((unsigned char)jid.ptr[i] <= ' ' || strchr("\"&':<>", jid.ptr[i]) != NULL) {
                return DNA_ERR_FORMAT;
            }
        }
        jid.ptr = at + 1;
        jid.len -= local + 1;
    }
    return dna_name_parse_stanza(jid, out);
}
