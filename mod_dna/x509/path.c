/* x509/path.c: the path check (RFC 5280 6, RFC 6120 13.7.1.2).
 *
 * OpenSSL builds and verifies the path, for no purpose of its own: purpose is checked here,
 * over the whole path below the anchor, since extended key usages nest (S5) and a server
 * that connects presents the same certificate as one that is connected to.  An unhandled
 * name constraint stays an error.
 */
#include <mod_dna/x509.h>

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <x509/chain.h>
#include <x509/strength.h>

const char *dna_path_code_name(enum dna_path_code code)
{
    switch (code) {
    case DNA_PATH_OK:
        return "ok";
    case DNA_PATH_UNTRUSTED:
        return "untrusted";
    case DNA_PATH_EXPIRED:
        return "expired";
    case DNA_PATH_NOT_YET_VALID:
        return "not-yet-valid";
    case DNA_PATH_BAD_SIGNATURE:
        return "bad-signature";
    case DNA_PATH_PURPOSE:
        return "purpose";
    case DNA_PATH_LEAF_IS_CA:
        return "leaf-is-ca";
    case DNA_PATH_WEAK:
        return "weak";
    case DNA_PATH_CONSTRAINTS:
        return "constraints";
    case DNA_PATH_OTHER:
        return "other";
    }
    return "unknown";
}

static enum dna_path_code code_of(int error)
{
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
        return DNA_PATH_UNTRUSTED;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return DNA_PATH_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return DNA_PATH_NOT_YET_VALID;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
        return DNA_PATH_BAD_SIGNATURE;
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return DNA_PATH_WEAK;
    case X509_V_ERR_INVALID_PURPOSE:
        return DNA_PATH_PURPOSE;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
        return DNA_PATH_CONSTRAINTS;
    default:
        return DNA_PATH_OTHER;
    }
}

static void refuse(struct dna_path *path, enum dna_path_code code, const char *why, int depth)
{
    path->code = code;
    (void)snprintf(path->why, sizeof path->why, "%s (certificate %d of the path)", why, depth);
}

/* S5: no extended key usage, or one that contains serverAuth or anyExtendedKeyUsage. */
static bool serves(const X509 *cert)
{
    EXTENDED_KEY_USAGE *usages;
    int critical = -1;
    bool good = false;
    usages = X509_get_ext_d2i(cert, NID_ext_key_usage, &critical, NULL);
    if (usages == NULL) {
        return critical == -1; /* -1: there is none; -2: there are two; else unreadable */
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && !good; i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));
        good = nid == NID_server_auth || nid == NID_anyExtendedKeyUsage;
    }
    sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
    return good;
}

static bool weakly_signed(const X509 *cert)
{
    int digest = NID_undef;
    if (X509_get_signature_info((X509 *)(uintptr_t)cert, &digest, NULL, NULL, NULL) != 1) {
        return true;
    }
    return digest == NID_md5 || digest == NID_sha1 || digest == NID_md4 ||
           digest == NID_md2 || digest == NID_ripemd160 || digest == NID_md5_sha1;
}

/* The rules that OpenSSL does not know, over a path that it found good. */
static void look_closer(STACK_OF(X509) *certs, struct dna_path *path)
{
    int n = sk_X509_num(certs);
    for (int i = 0; i < n; i++) {
        X509 *cert = sk_X509_value(certs, i);
        bool anchor = i == n - 1;
        if (!dna_x509_key_strong(X509_get0_pubkey(cert))) {
            refuse(path, DNA_PATH_WEAK, "a key that is too weak", i);
            return;
        }
        if (!anchor && weakly_signed(cert)) {
            refuse(path, DNA_PATH_WEAK, "a signature with a broken hash", i);
            return;
        }
        if (!anchor && !serves(cert)) {
            refuse(path, DNA_PATH_PURPOSE, "not for server authentication", i);
            return;
        }
        if (X509_get_ext_by_NID(cert, NID_name_constraints, -1) >= 0) {
            path->constrained = true;
        }
    }
}

static void narrow(struct dna_path *path, const X509 *cert)
{
    struct dna_chain one = {.certs = (X509 *[]){(X509 *)(uintptr_t)cert}};
    int64_t not_before, not_after;
    dna_chain_leaf_validity(&one, &not_before, &not_after);
    path->not_before = not_before > path->not_before ? not_before : path->not_before;
    path->not_after = not_after < path->not_after ? not_after : path->not_after;
}

static void describe_leaf(const struct dna_chain *chain, struct dna_path *path)
{
    X509 *leaf = chain->certs[0];
    memset(path, 0, sizeof *path);
    dna_chain_leaf_validity(chain, &path->not_before, &path->not_after);
    path->digital_signature = (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) != 0;
}

static X509_STORE_CTX *prepare(const struct dna_chain *chain, const struct dna_roots *roots,
                               int64_t at, STACK_OF(X509) *others)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    if (ctx == NULL ||
        X509_STORE_CTX_init(ctx, roots->store, chain->certs[0], others) != 1) {
        X509_STORE_CTX_free(ctx);
        return NULL;
    }
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)at);
    X509_VERIFY_PARAM_set_depth(param, 8);
    return ctx;
}

static enum dna_err verify(const struct dna_chain *chain, const struct dna_roots *roots,
                           int64_t at, STACK_OF(X509) *others, struct dna_path *path)
{
    X509_STORE_CTX *ctx = prepare(chain, roots, at, others);
    if (ctx == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (X509_verify_cert(ctx) != 1) {
        int error = X509_STORE_CTX_get_error(ctx);
        if (error == X509_V_ERR_OUT_OF_MEM) {
            X509_STORE_CTX_free(ctx);
            return DNA_ERR_MEMORY;
        }
        refuse(path, code_of(error), X509_verify_cert_error_string(error),
               X509_STORE_CTX_get_error_depth(ctx));
    } else {
        STACK_OF(X509) *found = X509_STORE_CTX_get0_chain(ctx);
        for (int i = 0; i < sk_X509_num(found); i++) {
            narrow(path, sk_X509_value(found, i));
        }
        path->code = DNA_PATH_OK;
        (void)snprintf(path->why, sizeof path->why, "a valid path of %d certificates",
                       sk_X509_num(found));
        look_closer(found, path);
    }
    X509_STORE_CTX_free(ctx);
    return DNA_OK;
}

enum dna_err dna_path_check(const struct dna_chain *chain, const struct dna_roots *roots,
                            int64_t at, struct dna_path *out)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    enum dna_err err = DNA_OK;
    bool kept = others != NULL;
    describe_leaf(chain, out);
    for (size_t i = 1; i < chain->count && kept; i++) {
        kept = sk_X509_push(others, chain->certs[i]) > 0;
    }
    if (!kept) {
        err = DNA_ERR_MEMORY;
    } else if (X509_check_ca(chain->certs[0]) != 0) {
        refuse(out, DNA_PATH_LEAF_IS_CA, "the end-entity certificate is a CA's", 0);
    } else {
        err = verify(chain, roots, at, others, out);
    }
    sk_X509_free(others);
    ERR_clear_error();
    return err;
}
