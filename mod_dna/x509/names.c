/* x509/names.c: the subject alternative names that may identify an XMPP server.
 *
 * Only dNSName (RFC 5280 4.2.1.6), SRVName (RFC 4985) and id-on-xmppAddr (RFC 6120
 * 13.7.1.4), each in the string type that its definition demands.  A name with a NUL, a
 * control character or a byte outside its alphabet is left out, for two readers might see two
 * names in it.  Neither the Common Name nor an extension that does not decode, or that is
 * there twice, yields a name.
 */
#include <x509/chain.h>
#include <x509/identity.h>

#include <limits.h>

#include <openssl/x509v3.h>

#include <base/alloc.h>

static struct dna_span bytes_of(const ASN1_STRING *string)
{
    return (struct dna_span){(const char *)ASN1_STRING_get0_data(string),
                             (size_t)ASN1_STRING_length(string)};
}

static bool is_visible_ascii(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return text.len != 0;
}

static bool is_visible_utf8(struct dna_span text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t left = text.len;
    while (left != 0) {
        unsigned long code;
        int used = UTF8_getc(p, left > INT_MAX ? INT_MAX : (int)left, &code);
        if (used <= 0 || code <= ' ' || (code >= 0x7f && code < 0xa0)) {
            return false;
        }
        p += used;
        left -= (size_t)used;
    }
    return text.len != 0;
}

/* Whether the general name is one of ours and clean; then *out is it. */
static bool read_name(const GENERAL_NAME *general, struct dna_chain_name *out)
{
    ASN1_OBJECT *type;
    ASN1_TYPE *value;
    if (general->type == GEN_DNS) {
        *out = (struct dna_chain_name){DNA_NAME_DNS, bytes_of(general->d.dNSName)};
        return is_visible_ascii(out->text);
    }
    if (GENERAL_NAME_get0_otherName(general, &type, &value) != 1) {
        return false;
    }
    if (OBJ_obj2nid(type) == NID_SRVName && value->type == V_ASN1_IA5STRING) {
        *out = (struct dna_chain_name){DNA_NAME_SRV, bytes_of(value->value.ia5string)};
        return is_visible_ascii(out->text);
    }
    if (OBJ_obj2nid(type) == NID_XmppAddr && value->type == V_ASN1_UTF8STRING) {
        *out = (struct dna_chain_name){DNA_NAME_XMPP_ADDR, bytes_of(value->value.utf8string)};
        return is_visible_utf8(out->text);
    }
    return false;
}

enum dna_err dna_chain_names_init(struct dna_chain_names *names, const struct dna_alloc *alloc,
                                  const X509 *leaf)
{
    int found, total;
    names->all = X509_get_ext_d2i(leaf, NID_subject_alt_name, &found, NULL);
    total = names->all != NULL ? sk_GENERAL_NAME_num(names->all) : 0;
    if (total <= 0) {
        return DNA_OK;
    }
    names->usable = dna_alloc_get(alloc, (size_t)total * sizeof *names->usable);
    if (names->usable == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (int i = 0; i < total; i++) {
        if (read_name(sk_GENERAL_NAME_value(names->all, i), &names->usable[names->n])) {
            names->n++;
        }
    }
    return DNA_OK;
}

void dna_chain_names_fini(struct dna_chain_names *names, const struct dna_alloc *alloc)
{
    dna_alloc_release(alloc, names->usable);
    GENERAL_NAMES_free(names->all);
}

enum dna_err dna_chain_leaf_name(const struct dna_chain *chain, enum dna_name_kind kind,
                                 size_t i, struct dna_span *out)
{
    for (size_t k = 0; k < chain->names.n; k++) {
        if (chain->names.usable[k].kind == kind && i-- == 0) {
            *out = chain->names.usable[k].text;
            return DNA_OK;
        }
    }
    return DNA_ERR_NOT_FOUND;
}

bool dna_identity_ip(const struct dna_chain *chain, struct dna_span octets)
{
    int total = chain->names.all != NULL ? sk_GENERAL_NAME_num(chain->names.all) : 0;
    for (int i = 0; i < total; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(chain->names.all, i);
        if (name->type == GEN_IPADD && dna_span_equal(bytes_of(name->d.iPAddress), octets)) {
            return true;
        }
    }
    return false;
}
