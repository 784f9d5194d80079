/* x509/constraints.c: name constraints (RFC 5280 4.2.1.10), SRVNames by RFC 4985 4 (S7).
 *
 * The library knows no constraint on SRVNames, and where it meets one it says nothing about
 * the certificate's other names.  So the SRVName subtrees are taken out of each CA's
 * constraints and evaluated here; what is left the library evaluates once more, for every
 * certificate below.  A violation makes the whole path worthless.  A CA whose constraints
 * permit no SRVName may still not name services: below it SRV-IDs count for nothing.  As a
 * second line the name within a SRV-ID must obey the dNSName constraints too.
 */
#include <x509/constraints.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define COMPARISONS_MAX (1 << 18) /* names times subtrees */

/* One CA's constraints, and the certificate that they are held against. */
struct trial {
    NAME_CONSTRAINTS *rest;                      /* without what is on SRVNames */
    STACK_OF(GENERAL_SUBTREE) *permitted, *excluded; /* on SRVNames */
    X509 *certificate;
    GENERAL_NAMES *names; /* of the certificate */
    int depth;            /* of the certificate */
    struct dna_path *out;
};

/* A SRVName, or a constraint on some; an empty part of a constraint matches all. */
struct srv_name {
    struct dna_span service, name;
};

static void forbid(const struct trial *t, const char *why)
{
    t->out->code = DNA_PATH_CONSTRAINTS;
    (void)snprintf(t->out->why, sizeof t->out->why, "%s (certificate %d of the path)", why,
                   t->depth);
}

static bool is_srv_type(const GENERAL_NAME *name)
{
    return name->type == GEN_OTHERNAME &&
           OBJ_obj2nid(name->d.otherName->type_id) == NID_SRVName;
}

/* The text of a SRVName; empty where it is none (another string type, bytes beside ASCII). */
static struct dna_span srv_text(const GENERAL_NAME *name)
{
    const ASN1_TYPE *value = name->d.otherName->value;
    struct dna_span text = {NULL, 0};
    if (value == NULL || value->type != V_ASN1_IA5STRING) {
        return text;
    }
    text.ptr = (const char *)ASN1_STRING_get0_data(value->value.ia5string);
    text.len = (size_t)ASN1_STRING_length(value->value.ia5string);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            text.len = 0;
        }
    }
    return text;
}

static bool is_name(struct dna_span text)
{
    return text.len != 0 && text.ptr[0] != '.' && text.ptr[text.len - 1] != '.' &&
           memmem(text.ptr, text.len, "..", 2) == NULL;
}

/* "_service.name", "_service" or "name".  False: none of them. */
static bool read_srv(struct dna_span text, struct srv_name *out)
{
    const char *dot;
    *out = (struct srv_name){.name = text};
    if (text.len == 0 || text.ptr[0] != '_') {
        return is_name(text);
    }
    dot = memchr(text.ptr, '.', text.len);
    out->service = (struct dna_span){text.ptr + 1, text.len - 1};
    out->name = (struct dna_span){NULL, 0};
    if (dot != NULL) {
        out->service.len = (size_t)(dot - text.ptr) - 1;
        out->name = (struct dna_span){dot + 1, text.len - out->service.len - 2};
    }
    return out->service.len != 0 && (dot == NULL || is_name(out->name));
}

/* What a certificate presents has both parts. */
static bool read_presented(const GENERAL_NAME *name, struct srv_name *out)
{
    return read_srv(srv_text(name), out) && out->service.len != 0 && out->name.len != 0;
}

static bool same_text(struct dna_span a, struct dna_span b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* Whether name is base or, label by label, below it. */
static bool is_below(struct dna_span name, struct dna_span base)
{
    struct dna_span tail = {name.ptr, base.len};
    if (name.len <= base.len) {
        return same_text(name, base);
    }
    tail.ptr += name.len - base.len;
    return tail.ptr[-1] == '.' && same_text(tail, base);
}

static bool covers(const struct srv_name *base, const struct srv_name *presented)
{
    return (base->service.len == 0 || same_text(base->service, presented->service)) &&
           (base->name.len == 0 || is_below(presented->name, base->name));
}

static bool has_distance(const GENERAL_SUBTREE *subtree)
{
    return subtree->maximum != NULL ||
           (subtree->minimum != NULL && ASN1_INTEGER_get(subtree->minimum) != 0);
}

/* Whether some subtree covers the name; *broken where one cannot be evaluated. */
static bool any_covers(const STACK_OF(GENERAL_SUBTREE) *subtrees,
                       const struct srv_name *presented, bool *broken)
{
    bool covered = false;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(subtrees, i);
        struct srv_name base;
        if (has_distance(subtree) || !read_srv(srv_text(subtree->base), &base)) {
            *broken = true;
        } else {
            covered = covered || covers(&base, presented);
        }
    }
    return covered;
}

/* The SRVNames of one certificate under one CA. */
static void judge_services(const struct trial *t)
{
    int permitted = sk_GENERAL_SUBTREE_num(t->permitted);
    int excluded = sk_GENERAL_SUBTREE_num(t->excluded);
    int n = sk_GENERAL_NAME_num(t->names);
    bool broken = false;
    if (permitted <= 0 && excluded <= 0) {
        return;
    }
    if (n > COMPARISONS_MAX / (permitted + excluded + 1)) {
        forbid(t, "too many names under constraints");
        return;
    }
    for (int i = 0; i < n && t->out->code == DNA_PATH_OK; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(t->names, i);
        struct srv_name presented;
        if (!is_srv_type(name)) {
            continue;
        }
        if (!read_presented(name, &presented)) {
            forbid(t, "a malformed SRVName under constraints");
        } else if (any_covers(t->excluded, &presented, &broken)) {
            forbid(t, "an excluded SRVName");
        } else if (permitted > 0 && !any_covers(t->permitted, &presented, &broken)) {
            forbid(t, "a SRVName that is not permitted");
        }
        if (broken) {
            forbid(t, "a constraint on SRVNames that cannot be evaluated");
        }
    }
}

/* --- the second line: dNSName constraints on the name within a SRV-ID --------------- */

static struct dna_span dns_base(const GENERAL_SUBTREE *subtree)
{
    const ASN1_IA5STRING *text = subtree->base->d.dNSName;
    return (struct dna_span){(const char *)ASN1_STRING_get0_data(text),
                             (size_t)ASN1_STRING_length(text)};
}

/* As the library reads them: nothing covers all, a leading dot only what is below. */
static bool dns_covers(struct dna_span base, struct dna_span name)
{
    if (base.len != 0 && base.ptr[0] == '.') {
        return name.len > base.len &&
               is_below(name, (struct dna_span){base.ptr + 1, base.len - 1});
    }
    return base.len == 0 || is_below(name, base);
}

static bool dns_any(const STACK_OF(GENERAL_SUBTREE) *subtrees, struct dna_span name,
                    bool *there)
{
    bool covered = false;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(subtrees, i);
        if (subtree->base->type == GEN_DNS) {
            *there = true;
            covered = covered || dns_covers(dns_base(subtree), name);
        }
    }
    return covered;
}

static bool dns_allows(const struct trial *t, struct dna_span name)
{
    bool there = false, unused = false;
    bool permitted = dns_any(t->rest->permittedSubtrees, name, &there);
    return (permitted || !there) && !dns_any(t->rest->excludedSubtrees, name, &unused);
}

/* Whether the leaf's SRV-IDs may count under this CA. */
static bool services_count(const struct trial *t)
{
    int n = sk_GENERAL_NAME_num(t->names);
    int subtrees = sk_GENERAL_SUBTREE_num(t->rest->permittedSubtrees) +
                   sk_GENERAL_SUBTREE_num(t->rest->excludedSubtrees);
    if (sk_GENERAL_SUBTREE_num(t->permitted) <= 0 ||
        n > COMPARISONS_MAX / (subtrees > 0 ? subtrees : 1)) {
        return false;
    }
    for (int i = 0; i < n; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(t->names, i);
        struct srv_name presented;
        if (is_srv_type(name) && (!read_presented(name, &presented) ||
                                  !dns_allows(t, presented.name))) {
            return false;
        }
    }
    return true;
}

/* --- what the library passed over --------------------------------------------------- */

static bool same_form(const GENERAL_NAME *a, const GENERAL_NAME *b)
{
    return a->type == b->type &&
           (a->type != GEN_OTHERNAME ||
            OBJ_cmp(a->d.otherName->type_id, b->d.otherName->type_id) == 0);
}

/* Whether the certificate has a name of a form that is constrained and that we do not know
 * to be evaluated. */
static bool has_odd_form(const STACK_OF(GENERAL_SUBTREE) *subtrees, const GENERAL_NAMES *names)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); i++) {
        const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(subtrees, i)->base;
        if (base->type == GEN_DNS || base->type == GEN_IPADD || base->type == GEN_DIRNAME) {
            continue;
        }
        for (int k = 0; k < sk_GENERAL_NAME_num(names); k++) {
            if (same_form(base, sk_GENERAL_NAME_value(names, k))) {
                return true;
            }
        }
    }
    return false;
}

static enum dna_err judge_rest(const struct trial *t)
{
    int result = NAME_CONSTRAINTS_check(t->certificate, t->rest);
    if (result == X509_V_ERR_OUT_OF_MEM) {
        return DNA_ERR_MEMORY;
    }
    if (result != X509_V_OK) {
        forbid(t, X509_verify_cert_error_string(result));
    } else if (has_odd_form(t->rest->permittedSubtrees, t->names) ||
               has_odd_form(t->rest->excludedSubtrees, t->names)) {
        forbid(t, "a constrained name of a form that we do not evaluate");
    }
    return DNA_OK;
}

/* --- a CA, and all below it --------------------------------------------------------- */

/* Moves what is on SRVNames from one list to another. */
static enum dna_err take_services(STACK_OF(GENERAL_SUBTREE) *from,
                                  STACK_OF(GENERAL_SUBTREE) *to)
{
    for (int i = sk_GENERAL_SUBTREE_num(from) - 1; i >= 0; i--) {
        GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(from, i);
        if (!is_srv_type(subtree->base)) {
            continue;
        }
        if (sk_GENERAL_SUBTREE_push(to, subtree) <= 0) {
            return DNA_ERR_MEMORY;
        }
        (void)sk_GENERAL_SUBTREE_delete(from, i);
    }
    return DNA_OK;
}

static enum dna_err judge_one(struct trial *t, bool hidden)
{
    enum dna_err err = DNA_OK;
    int critical;
    t->names = X509_get_ext_d2i(t->certificate, NID_subject_alt_name, &critical, NULL);
    if (t->names == NULL && critical != -1) {
        return DNA_ERR_MEMORY; /* that it can be read was checked before */
    }
    if (hidden) {
        err = judge_rest(t);
    }
    if (err == DNA_OK && t->out->code == DNA_PATH_OK) {
        judge_services(t);
    }
    if (t->depth == 0 && !services_count(t)) {
        t->out->srvname_usable = false;
    }
    GENERAL_NAMES_free(t->names);
    return err;
}

/* Constraints do not reach certificates that a CA issued to itself, but for the leaf. */
static bool is_exempt(X509 *certificate, int depth)
{
    return depth > 0 && (X509_get_extension_flags(certificate) & EXFLAG_SI) != 0;
}

static enum dna_err judge_below(const STACK_OF(X509) *path, int ca, bool hidden,
                                NAME_CONSTRAINTS *constraints, struct dna_path *out)
{
    struct trial t = {
        .rest = constraints,
        .permitted = sk_GENERAL_SUBTREE_new_null(),
        .excluded = sk_GENERAL_SUBTREE_new_null(),
        .out = out,
    };
    enum dna_err err = DNA_ERR_MEMORY;
    if (t.permitted != NULL && t.excluded != NULL) {
        err = take_services(constraints->permittedSubtrees, t.permitted);
    }
    if (err == DNA_OK) {
        err = take_services(constraints->excludedSubtrees, t.excluded);
    }
    for (int i = 0; i < ca && err == DNA_OK && out->code == DNA_PATH_OK; i++) {
        t.certificate = sk_X509_value(path, i);
        t.depth = i;
        if (!is_exempt(t.certificate, i)) {
            err = judge_one(&t, hidden);
        }
    }
    sk_GENERAL_SUBTREE_pop_free(t.permitted, GENERAL_SUBTREE_free);
    sk_GENERAL_SUBTREE_pop_free(t.excluded, GENERAL_SUBTREE_free);
    return err;
}

enum dna_err dna_constraints_judge(const STACK_OF(X509) *path, bool hidden,
                                   struct dna_path *out)
{
    out->constrained = false;
    out->srvname_usable = true;
    for (int ca = 1; ca < sk_X509_num(path); ca++) {
        X509 *certificate = sk_X509_value(path, ca);
        int critical;
        NAME_CONSTRAINTS *constraints =
            X509_get_ext_d2i(certificate, NID_name_constraints, &critical, NULL);
        enum dna_err err = DNA_OK;
        if (constraints != NULL) {
            out->constrained = true;
            err = judge_below(path, ca, hidden, constraints, out);
            NAME_CONSTRAINTS_free(constraints);
        } else if (critical != -1) {
            err = DNA_ERR_MEMORY; /* that it can be read was checked before */
        }
        if (err != DNA_OK || out->code != DNA_PATH_OK) {
            return err;
        }
    }
    return DNA_OK;
}
