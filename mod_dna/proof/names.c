/* proof/names.c: words for prooftypes, verdicts and codes, and the default policy (S1). */
#include <string.h>

#include <mod_dna/ruling.h>

static const struct {
    const char *name, *uri;
} prooftypes[DNA_N_PROOFTYPES] = {
    [DNA_PROOF_PKIX] = {"pkix", "urn:xmpp:dna:proof:pkix"},
    [DNA_PROOF_DNSSEC_SRV] = {"dnssec-srv", "urn:xmpp:dna:proof:dnssec-srv"},
    [DNA_PROOF_DNSSEC_TA] = {"dnssec-ta", "urn:xmpp:dna:proof:dnssec-ta"},
    [DNA_PROOF_POSH] = {"posh", "urn:xmpp:dna:proof:posh"},
    [DNA_PROOF_DANE] = {"dane", "urn:xmpp:dna:proof:dane"},
    [DNA_PROOF_SRVNAME] = {"srvname", "urn:xmpp:dna:proof:srvname"},
    [DNA_PROOF_XML_ASSERTION] = {"xml-assertion", "urn:xmpp:dna:proof:xml-assertion"},
    [DNA_PROOF_STS] = {"sts", "urn:xmpp:dna:proof:sts"},
    [DNA_PROOF_ATTRIBUTE_CERT] = {"attribute-cert", "urn:xmpp:dna:proof:attribute-cert"},
    [DNA_PROOF_SERVICE_DELEGATION] = {"service-delegation",
                                      "urn:xmpp:dna:proof:service-delegation"},
    [DNA_PROOF_HOST_META] = {"host-meta", "urn:xmpp:dna:proof:host-meta"},
};

const char *dna_prooftype_name(enum dna_prooftype type)
{
    return (unsigned)type < DNA_N_PROOFTYPES ? prooftypes[type].name : "unknown";
}

const char *dna_prooftype_uri(enum dna_prooftype type)
{
    return (unsigned)type < DNA_N_PROOFTYPES ? prooftypes[type].uri : "";
}

enum dna_err dna_prooftype_by_name(struct dna_span name, enum dna_prooftype *out)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (dna_span_is(name, prooftypes[i].name)) {
            *out = (enum dna_prooftype)i;
            return DNA_OK;
        }
    }
    return DNA_ERR_NOT_FOUND;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Takes prefix off the front of *text, in any case. */
static bool skip_prefix(struct dna_span *text, const char *prefix)
{
    size_t n = strlen(prefix);
    if (text->len < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (lower(text->ptr[i]) != prefix[i]) {
            return false;
        }
    }
    *text = (struct dna_span){text->ptr + n, text->len - n};
    return true;
}

/* The same, byte by byte: what follows the namespace identifier has a case of its own. */
static bool skip_exactly(struct dna_span *text, const char *prefix)
{
    size_t n = strlen(prefix);
    if (text->len < n || memcmp(text->ptr, prefix, n) != 0) {
        return false;
    }
    *text = (struct dna_span){text->ptr + n, text->len - n};
    return true;
}

enum dna_err dna_prooftype_by_uri(struct dna_span uri, enum dna_prooftype *out)
{
    bool known = (skip_prefix(&uri, "urn:xmpp:") && skip_exactly(&uri, "dna:proof:")) ||
                 (skip_prefix(&uri, "urn:ietf:") && skip_exactly(&uri, "params:dna:proof:"));
    return known ? dna_prooftype_by_name(uri, out) : DNA_ERR_NOT_FOUND;
}

struct dna_policy dna_policy_default(void)
{
    return (struct dna_policy){
        .level = DNA_LEVEL_PROOF,
        .prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX) | DNA_PROOF_BIT(DNA_PROOF_DNSSEC_SRV) |
                      DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA) | DNA_PROOF_BIT(DNA_PROOF_POSH) |
                      DNA_PROOF_BIT(DNA_PROOF_DANE) | DNA_PROOF_BIT(DNA_PROOF_SRVNAME),
        .dane_usages = DNA_DANE_USAGES_DEFAULT,
    };
}

const char *dna_verdict_name(enum dna_verdict verdict)
{
    switch (verdict) {
    case DNA_NOT_APPLICABLE:
        return "NOT_APPLICABLE";
    case DNA_TEMPFAIL:
        return "TEMPFAIL";
    case DNA_FAIL:
        return "FAIL";
    case DNA_PROVEN:
        return "PROVEN";
    }
    return "UNKNOWN";
}

const char *dna_ruling_method(const struct dna_ruling *ruling)
{
    return ruling->pinned ? "pin" : dna_prooftype_name(ruling->prooftype);
}

static const char *const codes[] = {
    [DNA_CODE_OK] = "ok",
    [DNA_CODE_POLICY] = "policy",
    [DNA_CODE_NO_CERTIFICATE] = "no-certificate",
    [DNA_CODE_WEAK_KEY] = "weak-key",
    [DNA_CODE_UNTRUSTED] = "untrusted",
    [DNA_CODE_NOT_VALID_NOW] = "not-valid-now",
    [DNA_CODE_NAME_MISMATCH] = "name-mismatch",
    [DNA_CODE_DNS_BOGUS] = "dns-bogus",
    [DNA_CODE_DNS_FAILED] = "dns-failed",
    [DNA_CODE_DNS_INSECURE] = "dns-insecure",
    [DNA_CODE_NO_DELEGATION] = "no-delegation",
    [DNA_CODE_WRONG_DELEGATE] = "wrong-delegate",
    [DNA_CODE_NO_MATERIAL] = "no-material",
    [DNA_CODE_BAD_MATERIAL] = "bad-material",
    [DNA_CODE_NO_MATCH] = "no-match",
    [DNA_CODE_NOT_BOUND] = "not-bound",
    [DNA_CODE_FETCH_REFUSED] = "fetch-refused",
    [DNA_CODE_FETCH_FAILED] = "fetch-failed",
    [DNA_CODE_PEER_SILENT] = "peer-silent",
    [DNA_CODE_PEER_IMPOSSIBLE] = "peer-impossible",
    [DNA_CODE_TESTING] = "testing",
    [DNA_CODE_TIMEOUT] = "timeout",
    [DNA_CODE_CANCELED] = "canceled",
    [DNA_CODE_INTERNAL] = "internal",
};

const char *dna_code_name(enum dna_code code)
{
    return (unsigned)code < sizeof codes / sizeof *codes ? codes[code] : "unknown";
}
