/* Constraints on SRVNames: a CA that permits one subtree and excludes another, and a leaf with
 * one SRVName; the three texts are the input, parted by newlines.
 *
 * Whatever the texts: the path is good exactly where a second, plainer reading of RFC 4985 4
 * says so, and SRVNames count exactly then.  The judge is asked about certificates that nobody
 * signed, which is cheap; for some inputs the same is asked of a whole path of true ones, and
 * must come out the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509v3.h>

#include <certs.h>
#include <x509/constraints.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define TEXT_MAX 60
#define WHOLE_PATHS 32 /* one input among so many */

struct text {
    char bytes[TEXT_MAX + 1];
    size_t len;
};

static struct {
    struct cert root, middle, leaf; /* the keys of what is made anew each time */
    struct dna_roots *roots;
} stock;

static void make_stock(void)
{
    stock.root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    stock.middle = cert_make(&(struct cert_order){.subject = "middle", .ca = true});
    stock.leaf = cert_make(&(struct cert_order){.subject = "leaf"});
    stock.roots = cert_roots(&stock.root);
}

/* --- certificates ------------------------------------------------------------------------- */

static void add(char *hex, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        (void)sprintf(hex + strlen(hex), "%02x", ((const unsigned char *)bytes)[i]);
    }
}

static void head(char *hex, unsigned tag, size_t len)
{
    (void)sprintf(hex + strlen(hex), len > 127 ? "%02x81%02zx" : "%02x%02zx", tag, len);
}

#define NAME_LEN(n) (2 + 10 + 2 + 2 + (n)) /* a SRVName as a general name */

static void add_name(char *hex, const struct text *text)
{
    head(hex, 0xa0, NAME_LEN(text->len) - 2);
    add(hex, "\x06\x08\x2b\x06\x01\x05\x05\x07\x08\x07", 10);
    head(hex, 0xa0, 2 + text->len);
    head(hex, 0x16, text->len);
    add(hex, text->bytes, text->len);
}

static void add_subtree(char *hex, unsigned tag, const struct text *text)
{
    head(hex, tag, NAME_LEN(text->len) + 2);
    head(hex, 0x30, NAME_LEN(text->len));
    add_name(hex, text);
}

/* Both extensions in hex. */
struct values {
    char constraints[1000], names[500];
};

static void write_values(const struct text texts[3], struct values *v)
{
    *v = (struct values){.names = ""};
    head(v->constraints, 0x30, NAME_LEN(texts[0].len) + NAME_LEN(texts[1].len) + 8);
    add_subtree(v->constraints, 0xa0, &texts[0]);
    add_subtree(v->constraints, 0xa1, &texts[1]);
    head(v->names, 0x30, NAME_LEN(texts[2].len));
    add_name(v->names, &texts[2]);
}

/* An unsigned certificate with one extension. */
static X509 *draft(int nid, const char *hex)
{
    X509 *certificate = X509_new();
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *one;
    long len;
    unsigned char *bytes = OPENSSL_hexstr2buf(hex, &len);
    if (certificate == NULL || octets == NULL || bytes == NULL) {
        abort();
    }
    ASN1_STRING_set0(octets, bytes, (int)len);
    one = X509_EXTENSION_create_by_NID(NULL, nid, 1, octets);
    if (one == NULL || X509_add_ext(certificate, one, -1) != 1) {
        abort();
    }
    X509_EXTENSION_free(one);
    ASN1_OCTET_STRING_free(octets);
    return certificate;
}

static enum dna_path_code judge(const struct values *v, bool *usable)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    struct dna_path path = {.code = DNA_PATH_OK};
    if (list == NULL || sk_X509_push(list, draft(NID_subject_alt_name, v->names)) != 1 ||
        sk_X509_push(list, draft(NID_name_constraints, v->constraints)) != 2 ||
        dna_constraints_judge(list, true, &path) != DNA_OK) {
        abort();
    }
    assert(path.constrained);
    *usable = path.srvname_usable && path.code == DNA_PATH_OK;
    sk_X509_pop_free(list, X509_free);
    return path.code;
}

static enum dna_path_code check(const struct values *v, bool *usable)
{
    char constraints[1100], names[600];
    struct cert middle, leaf;
    struct dna_chain *chain;
    struct dna_path path;
    (void)snprintf(constraints, sizeof constraints, "critical,DER:%s", v->constraints);
    (void)snprintf(names, sizeof names, "DER:%s", v->names);
    middle = cert_make(&(struct cert_order){
        .subject = "middle", .issuer = &stock.root, .ca = true, .same_key = &stock.middle,
        .other_oid = "2.5.29.30", .other = constraints});
    leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &middle, .same_key = &stock.leaf,
        .other_oid = "2.5.29.17", .other = names});
    chain = cert_chain((const struct cert *[]){&leaf, &middle}, 2);
    if (dna_path_check(chain, stock.roots, CERTS_NOW, &path) != DNA_OK) {
        abort();
    }
    *usable = path.srvname_usable;
    dna_chain_free(chain);
    cert_free(&leaf);
    cert_free(&middle);
    return path.code;
}

/* --- the plainer reading -------------------------------------------------------------------- */

struct parts {
    const char *service, *name; /* NULL: absent */
};

/* Cuts the text in two; false: it is neither a constraint nor a name. */
static bool cut(struct text *text, struct parts *out)
{
    char *dot;
    *out = (struct parts){NULL, text->bytes};
    if (text->len == 0 || strlen(text->bytes) != text->len) {
        return false;
    }
    for (const char *c = text->bytes; *c != '\0'; c++) {
        if (*c < '!' || *c > '~') {
            return false;
        }
    }
    if (text->bytes[0] == '_') {
        out->service = text->bytes + 1;
        dot = strchr(text->bytes, '.');
        out->name = dot != NULL ? dot + 1 : NULL;
        if (dot != NULL) {
            *dot = '\0';
        }
        if (*out->service == '\0') {
            return false;
        }
    }
    return out->name == NULL ||
           (*out->name != '\0' && *out->name != '.' && strstr(out->name, "..") == NULL &&
            out->name[strlen(out->name) - 1] != '.');
}

static bool below(const char *name, const char *base)
{
    for (; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (strcasecmp(name, base) == 0) {
            return true;
        }
    }
    return false;
}

static bool covers(const struct parts *base, const struct parts *name)
{
    return (base->service == NULL || strcasecmp(base->service, name->service) == 0) &&
           (base->name == NULL || below(name->name, base->name));
}

static bool allowed(struct text texts[3])
{
    struct parts permitted, excluded, name;
    bool read = cut(&texts[0], &permitted);
    read = cut(&texts[1], &excluded) && read;
    read = cut(&texts[2], &name) && read;
    return read && name.service != NULL && name.name != NULL && covers(&permitted, &name) &&
           !covers(&excluded, &name);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text texts[3] = {{.len = 0}};
    struct values values;
    bool usable;
    size_t at = 0, sum = 0;
    if (stock.roots == NULL) {
        make_stock();
    }
    for (size_t i = 0; i < len && at < 3; i++) {
        sum += bytes[i];
        if (bytes[i] == '\n') {
            at++;
        } else if (texts[at].len < TEXT_MAX) {
            texts[at].bytes[texts[at].len++] = (char)bytes[i];
        }
    }
    write_values(texts, &values);
    bool good = judge(&values, &usable) == DNA_PATH_OK;
    assert(usable == good);
    if (sum % WHOLE_PATHS == 0) {
        enum dna_path_code code = check(&values, &usable);
        assert((code == DNA_PATH_OK) == good && usable == good);
    }
    assert(allowed(texts) == good);
    return 0;
}
