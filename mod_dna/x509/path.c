/* x509/path.c: the path check (RFC 5280 6, RFC 6120 13.7.1.2).
 *
 * The library builds the path and verifies signatures, dates, basic and name constraints and
 * critical extensions, at the given time, with no purpose and no level of its own; what we
 * ask beyond that is in path_rules.c.  Only a chain up to a self-signed certificate of the
 * roots counts, or one that a TLSA record stands for (RFC 7671 5).  A name constraint that the
 * library cannot evaluate (a SRVName one) is passed over there only because constraints.c
 * evaluates all of them afterwards (S7).
 */
#include <mod_dna/x509.h>

#include <stdio.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <x509/chain.h>
#include <x509/constraints.h>
#include <x509/path_rules.h>
#include <x509/roots.h>
#include <x509/tlsa.h>

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

/* One attempt to find a path. */
struct attempt {
    const struct dna_chain *chain;
    X509_STORE *store;
    STACK_OF(X509) *untrusted;
    const struct dna_tlsa *authority; /* usage 0: one that some CA must match, or NULL */
    int64_t at;
    X509 *anchor; /* usage 2: where the path must end, self-signed or not; or NULL */
    bool keyed;   /* above the path stands a key that is in no certificate */
    bool hidden;  /* the library passed over a constraint */
};

/* Lets the check go on where the library knows no such constraint; nothing else. */
static int pass_over(int good, X509_STORE_CTX *context)
{
    struct attempt *attempt = X509_STORE_CTX_get_app_data(context);
    if (good == 0 &&
        X509_STORE_CTX_get_error(context) == X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE) {
        attempt->hidden = true;
        return 1;
    }
    return good;
}

static void set_parameters(X509_STORE_CTX *context, struct attempt *attempt)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)attempt->at);
    X509_VERIFY_PARAM_set_depth(parameters, DNA_LIMIT_CHAIN);
    X509_VERIFY_PARAM_set_auth_level(parameters, 0);
    if (attempt->anchor != NULL) {
        (void)X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
    }
    X509_STORE_CTX_set_app_data(context, attempt);
    X509_STORE_CTX_set_verify_cb(context, pass_over);
}

/* Whether the record stands for some CA of the path (RFC 6698 2.1.1, usage 0). */
static enum dna_err judge_authority(const STACK_OF(X509) *path, const struct dna_tlsa *tlsa,
                                    struct dna_path *out)
{
    for (int i = 1; i < sk_X509_num(path); i++) {
        bool match;
        enum dna_err err = dna_tlsa_stands_for(tlsa, sk_X509_value(path, i), &match);
        if (err != DNA_OK || match) {
            return err;
        }
    }
    out->code = DNA_PATH_UNTRUSTED;
    (void)snprintf(out->why, sizeof out->why, "no CA of the path is the one of the record");
    return DNA_OK;
}

/* A leaf that the store holds is trusted whatever stands above it. */
static bool ends_at_anchor(const STACK_OF(X509) *path, const struct attempt *attempt,
                           struct dna_path *out)
{
    if (attempt->anchor == NULL ||
        X509_cmp(sk_X509_value(path, sk_X509_num(path) - 1), attempt->anchor) == 0) {
        return true;
    }
    out->code = DNA_PATH_UNTRUSTED;
    (void)snprintf(out->why, sizeof out->why, "the path does not end at the record's anchor");
    return false;
}

static enum dna_err judge(const STACK_OF(X509) *path, const struct attempt *attempt,
                          struct dna_path *out)
{
    enum dna_err err;
    if (!ends_at_anchor(path, attempt, out)) {
        return DNA_OK;
    }
    err = dna_path_judge(path, attempt->keyed, out);
    if (err == DNA_OK && out->code == DNA_PATH_OK) {
        err = dna_constraints_judge(path, attempt->hidden, out);
    }
    if (err == DNA_OK && out->code == DNA_PATH_OK && attempt->authority != NULL) {
        err = judge_authority(path, attempt->authority, out);
    }
    if (err != DNA_OK || out->code != DNA_PATH_OK) {
        out->constrained = true;
        out->srvname_usable = false;
    }
    return err;
}

static enum dna_err verify(struct attempt *attempt, struct dna_path *out)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509 *leaf = attempt->chain->links[0].certificate;
    enum dna_err err;
    if (context == NULL ||
        X509_STORE_CTX_init(context, attempt->store, leaf,
                            attempt->anchor != leaf ? attempt->untrusted : NULL) != 1) {
        X509_STORE_CTX_free(context);
        return DNA_ERR_MEMORY;
    }
    set_parameters(context, attempt);
    if (X509_verify_cert(context) == 1) {
        err = judge(X509_STORE_CTX_get0_chain(context), attempt, out);
    } else {
        err = refuse(context, out);
    }
    X509_STORE_CTX_free(context);
    return err;
}

static void begin(const struct dna_chain *chain, struct dna_path *out)
{
    *out = (struct dna_path){
        .code = DNA_PATH_OTHER,
        .why = "not checked",
        .not_before = chain->not_before,
        .not_after = chain->not_after,
        .constrained = true,
        .digital_signature = (X509_get_key_usage(chain->links[0].certificate) &
                              KU_DIGITAL_SIGNATURE) != 0,
    };
}

/* --- anchors of the domain's own (usage 2) ------------------------------------------ */

static enum dna_err verify_under(struct attempt *attempt, X509 *anchor, struct dna_path *out)
{
    enum dna_err err = DNA_ERR_MEMORY;
    begin(attempt->chain, out);
    attempt->hidden = false;
    attempt->anchor = anchor;
    attempt->store = X509_STORE_new();
    if (attempt->store != NULL && X509_STORE_add_cert(attempt->store, anchor) == 1) {
        err = verify(attempt, out);
    }
    X509_STORE_free(attempt->store);
    attempt->store = NULL;
    return err;
}

/* Whether certificate i may be the last one of a path under the record. */
static enum dna_err is_top(const struct attempt *attempt, const struct dna_tlsa *tlsa,
                           EVP_PKEY *key, size_t i, bool *out)
{
    X509 *certificate = attempt->chain->links[i].certificate;
    *out = false;
    if (key != NULL) {
        *out = X509_verify(certificate, key) == 1;
        return DNA_OK;
    }
    return i != 0 ? dna_tlsa_stands_for(tlsa, certificate, out) : DNA_OK;
}

/* Tries the certificates of the chain: those that the record stands for, or those that its
 * key has signed.  *tried: how many there were. */
static enum dna_err try_chain(struct attempt *attempt, const struct dna_tlsa *tlsa,
                              EVP_PKEY *key, struct dna_path *out, unsigned *tried)
{
    attempt->keyed = key != NULL;
    for (size_t i = 0; i < attempt->chain->n && *tried < DNA_LIMIT_TLSA_ATTEMPTS; i++) {
        bool top;
        enum dna_err err = is_top(attempt, tlsa, key, i, &top);
        if (err == DNA_OK && top) {
            ++*tried;
            err = verify_under(attempt, attempt->chain->links[i].certificate, out);
        }
        if (err != DNA_OK || (top && out->code == DNA_PATH_OK)) {
            return err;
        }
    }
    return DNA_OK;
}

/* The certificate or key that the record itself holds. */
static enum dna_err try_record(struct attempt *attempt, const struct dna_tlsa *tlsa,
                               struct dna_path *out, unsigned *tried)
{
    X509 *anchor = NULL;
    EVP_PKEY *key;
    enum dna_err err;
    if (tlsa->selector == 0) {
        err = dna_certificate_parse(tlsa->data, &anchor);
        if (err == DNA_OK) {
            ++*tried;
            err = verify_under(attempt, anchor, out);
        }
        X509_free(anchor);
        return err;
    }
    key = dna_tlsa_key(tlsa->data);
    err = key != NULL ? try_chain(attempt, tlsa, key, out, tried) : DNA_ERR_MEMORY;
    EVP_PKEY_free(key);
    return err;
}

static enum dna_err check_anchor(struct attempt *attempt, const struct dna_tlsa *tlsa,
                                 struct dna_path *out)
{
    unsigned tried = 0;
    enum dna_err err = try_chain(attempt, tlsa, NULL, out, &tried);
    if (err == DNA_OK && tried == 0 && tlsa->matching == 0) {
        err = try_record(attempt, tlsa, out, &tried);
    }
    if (err == DNA_OK && tried == 0) {
        out->code = DNA_PATH_UNTRUSTED;
        (void)snprintf(out->why, sizeof out->why,
                       "no certificate is the anchor that the record names");
    }
    return err;
}

/* --- the public calls --------------------------------------------------------------- */

static enum dna_err check(const struct dna_chain *chain, const struct dna_roots *roots,
                          const struct dna_tlsa *tlsa, int64_t at, struct dna_path *out)
{
    bool own = tlsa != NULL && tlsa->usage == DNA_TLSA_DANE_TA;
    struct attempt attempt = {.chain = chain, .untrusted = sk_X509_new_null(), .at = at};
    enum dna_err err = attempt.untrusted != NULL ? DNA_OK : DNA_ERR_MEMORY;
    for (size_t i = 1; err == DNA_OK && i < chain->n; i++) {
        if (sk_X509_push(attempt.untrusted, chain->links[i].certificate) <= 0) {
            err = DNA_ERR_MEMORY;
        }
    }
    if (err == DNA_OK && own) {
        err = check_anchor(&attempt, tlsa, out);
    } else if (err == DNA_OK) {
        attempt.store = roots->store;
        attempt.authority = tlsa;
        err = verify(&attempt, out);
    }
    sk_X509_free(attempt.untrusted);
    return err;
}

static enum dna_err check_path(const struct dna_chain *chain, const struct dna_roots *roots,
                               const struct dna_tlsa *tlsa, int64_t at, struct dna_path *out)
{
    enum dna_err err;
    dna_library_enter();
    begin(chain, out);
    err = check(chain, roots, tlsa, at, out);
    if (err != DNA_OK) {
        out->code = DNA_PATH_OTHER;
    }
    return dna_library_leave(err);
}

enum dna_err dna_path_check(const struct dna_chain *chain, const struct dna_roots *roots,
                            int64_t at, struct dna_path *out)
{
    return check_path(chain, roots, NULL, at, out);
}

enum dna_err dna_path_check_anchored(const struct dna_chain *chain,
                                     const struct dna_roots *roots, struct dna_span record,
                                     int64_t at, struct dna_path *out)
{
    struct dna_tlsa tlsa;
    enum dna_err err;
    if (record.len == 0) {
        return dna_path_check(chain, roots, at, out);
    }
    err = dna_tlsa_parse(record, &tlsa);
    begin(chain, out);
    if (err != DNA_OK) {
        return err;
    }
    switch (tlsa.usage) {
    case DNA_TLSA_PKIX_TA:
    case DNA_TLSA_DANE_TA:
        return check_path(chain, roots, &tlsa, at, out);
    case DNA_TLSA_PKIX_EE:
    case DNA_TLSA_DANE_EE:
        break;
    }
    return DNA_ERR_ARGUMENT; /* needs no path of its own */
}
