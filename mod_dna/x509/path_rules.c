/* x509/path_rules.c: the rules over a verified path that are ours.
 *
 * The library knows one purpose at a time and looks for it at the leaf, lets some odd
 * certificates pass for a CA's, and leaves the strength of keys and hashes to a level that
 * the host may have set.  Each rule is a row here: where it holds, and what breaks it.
 * Signatures of the anchor are not looked at: trust in it does not rest on them.
 */
#include <x509/path_rules.h>

#include <stdio.h>

#include <openssl/x509v3.h>

#include <x509/chain.h>
#include <x509/strength.h>

enum place { LEAF = 1, BETWEEN = 2, ANCHOR = 4 };

static bool is_malformed(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0;
}

/* Also where keyUsage or the version denies what basicConstraints claims. */
static bool is_any_ca(X509 *certificate)
{
    return X509_check_ca(certificate) != 0 ||
           (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

/* Neither a version 1 certificate nor one that only keyUsage or a Netscape extension makes a
 * CA's: basicConstraints must say so (RFC 5280 6.1.4 k). */
static bool is_no_proper_ca(X509 *certificate)
{
    return X509_check_ca(certificate) != 1;
}

/* S5: extended key usages nest. */
static bool is_not_for_servers(X509 *certificate)
{
    uint32_t usage = X509_get_extended_key_usage(certificate);
    return usage != UINT32_MAX && (usage & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0;
}

static bool has_weak_key(X509 *certificate)
{
    return !dna_key_is_strong(X509_get0_pubkey(certificate));
}

static bool has_weak_signature(X509 *certificate)
{
    int digest, key;
    if (X509_get_signature_info(certificate, &digest, &key, NULL, NULL) != 1) {
        return true;
    }
    switch (digest) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
    case NID_sha3_256:
    case NID_sha3_384:
    case NID_sha3_512:
        return false;
    default:
        return key != NID_ED25519 && key != NID_ED448; /* they bring their own hash */
    }
}

static const struct {
    unsigned places;
    bool (*broken)(X509 *certificate);
    enum dna_path_code code;
    const char *why;
} rules[] = {
    {LEAF | BETWEEN | ANCHOR, is_malformed, DNA_PATH_CONSTRAINTS, "malformed extension"},
    {LEAF, is_any_ca, DNA_PATH_LEAF_IS_CA, "the end entity is a CA"},
    {BETWEEN, is_no_proper_ca, DNA_PATH_CONSTRAINTS, "not a CA by basicConstraints"},
    {LEAF | BETWEEN, is_not_for_servers, DNA_PATH_PURPOSE,
     "extended key usage without server authentication"},
    {LEAF | BETWEEN | ANCHOR, has_weak_key, DNA_PATH_WEAK, "weak or unsupported key"},
    {LEAF | BETWEEN, has_weak_signature, DNA_PATH_WEAK, "weak or unsupported signature"},
};

static void judge(X509 *certificate, enum place place, int depth, struct dna_path *out)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules && out->code == DNA_PATH_OK; i++) {
        if ((rules[i].places & place) != 0 && rules[i].broken(certificate)) {
            out->code = rules[i].code;
            (void)snprintf(out->why, sizeof out->why, "%s (certificate %d of the path)",
                           rules[i].why, depth);
        }
    }
}

static enum dna_err narrow(const X509 *certificate, struct dna_path *out)
{
    int64_t not_before, not_after;
    enum dna_err err = dna_certificate_validity(certificate, &not_before, &not_after);
    if (err != DNA_OK) {
        return err;
    }
    out->not_before = not_before > out->not_before ? not_before : out->not_before;
    out->not_after = not_after < out->not_after ? not_after : out->not_after;
    return DNA_OK;
}

enum dna_err dna_path_judge(const STACK_OF(X509) *path, bool keyed, struct dna_path *out)
{
    int n = sk_X509_num(path);
    if (n < 2 && !keyed) {
        out->code = DNA_PATH_UNTRUSTED;
        (void)snprintf(out->why, sizeof out->why, "the certificate is its own issuer");
        return DNA_OK;
    }
    out->code = DNA_PATH_OK;
    (void)snprintf(out->why, sizeof out->why, "a valid path of %d certificates", n);
    for (int i = 0; i < n; i++) {
        X509 *certificate = sk_X509_value(path, i);
        enum dna_err err = narrow(certificate, out);
        if (err != DNA_OK) {
            return err;
        }
        judge(certificate, i == 0 ? LEAF : i < n - 1 || keyed ? BETWEEN : ANCHOR, i, out);
    }
    return DNA_OK;
}
