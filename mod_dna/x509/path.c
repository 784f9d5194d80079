/* x509/path.c: the path check (RFC 5280 6, RFC 6120 13.7.1.2).
 *
 * The library builds the path and verifies signatures, dates, basic and name constraints and
 * critical extensions, at the given time, with no purpose and no level of its own; what we
 * ask beyond that is in path_rules.c.  Only a chain up to a self-signed certificate of the
 * roots counts.  A name constraint that the library cannot evaluate (a SRVName one) stays an
 * error: no such path is good, whatever its other names are (S7).
 */
#include <mod_dna/x509.h>

#include <stdio.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <x509/chain.h>
#include <x509/path_rules.h>
#include <x509/roots.h>

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
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
        return DNA_PATH_WEAK;
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_INVALID_EXTENSION:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
        return DNA_PATH_CONSTRAINTS;
    default:
        return DNA_PATH_OTHER;
    }
}

static enum dna_err refuse(X509_STORE_CTX *context, struct dna_path *out)
{
    int error = X509_STORE_CTX_get_error(context);
    if (error == X509_V_ERR_OUT_OF_MEM) {
        return DNA_ERR_MEMORY;
    }
    out->code = code_of(error);
    (void)snprintf(out->why, sizeof out->why, "%s (certificate %d of the path)",
                   error != X509_V_OK ? X509_verify_cert_error_string(error)
                                      : "the check could not be done",
                   X509_STORE_CTX_get_error_depth(context));
    return DNA_OK;
}

static void set_parameters(X509_STORE_CTX *context, int64_t at)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)at);
    X509_VERIFY_PARAM_set_depth(parameters, DNA_LIMIT_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(parameters, 0);
}

static enum dna_err verify(const struct dna_chain *chain, const struct dna_roots *roots,
                           STACK_OF(X509) *untrusted, int64_t at, struct dna_path *out)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum dna_err err;
    if (context == NULL || X509_STORE_CTX_init(context, roots->store,
                                               chain->links[0].certificate,
                                               untrusted) != 1) {
        X509_STORE_CTX_free(context);
        return DNA_ERR_MEMORY;
    }
    set_parameters(context, at);
    if (X509_verify_cert(context) == 1) {
        err = dna_path_judge(X509_STORE_CTX_get0_chain(context), out);
    } else {
        err = refuse(context, out);
    }
    X509_STORE_CTX_free(context);
    return err;
}

static enum dna_err check(const struct dna_chain *chain, const struct dna_roots *roots,
                          int64_t at, struct dna_path *out)
{
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    enum dna_err err = untrusted != NULL ? DNA_OK : DNA_ERR_MEMORY;
    for (size_t i = 1; err == DNA_OK && i < chain->n; i++) {
        if (sk_X509_push(untrusted, chain->links[i].certificate) <= 0) {
            err = DNA_ERR_MEMORY;
        }
    }
    if (err == DNA_OK) {
        err = verify(chain, roots, untrusted, at, out);
    }
    sk_X509_free(untrusted);
    return err;
}

enum dna_err dna_path_check(const struct dna_chain *chain, const struct dna_roots *roots,
                            int64_t at, struct dna_path *out)
{
    enum dna_err err;
    dna_library_enter();
    *out = (struct dna_path){
        .code = DNA_PATH_OTHER,
        .why = "not checked",
        .not_before = chain->not_before,
        .not_after = chain->not_after,
        .constrained = true,
        .digital_signature = (X509_get_key_usage(chain->links[0].certificate) &
                              KU_DIGITAL_SIGNATURE) != 0,
    };
    err = check(chain, roots, at, out);
    if (err != DNA_OK) {
        out->code = DNA_PATH_OTHER;
    }
    return dna_library_leave(err);
}
