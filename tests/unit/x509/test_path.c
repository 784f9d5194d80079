/* The path check: each reason to refuse, for a leaf, and for a CA above it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>

#define DAY 86400

static const struct row {
    const char *what;
    struct cert_order middle, leaf;
    bool without_middle, own_root;
    enum dna_path_code code;
    bool constrained;
} rows[] = {
    {"good", {0}, {.names = "DNS:example.com"}, false, false, DNA_PATH_OK, false},
    {"empty subject", {0}, {.names = "critical,DNS:example.com"}, false, false, DNA_PATH_OK,
     false},
    {"serverAuth", {0}, {.usage = "serverAuth"}, false, false, DNA_PATH_OK, false},
    {"both", {0}, {.usage = "clientAuth,serverAuth"}, false, false, DNA_PATH_OK, false},
    {"any", {0}, {.usage = "anyExtendedKeyUsage"}, false, false, DNA_PATH_OK, false},
    {"clientAuth only", {0}, {.usage = "clientAuth"}, false, false, DNA_PATH_PURPOSE, false},
    {"emailProtection", {0}, {.usage = "emailProtection"}, false, false, DNA_PATH_PURPOSE,
     false},
    {"CA for e-mail, leaf without usage", {.usage = "emailProtection"}, {0}, false, false,
     DNA_PATH_PURPOSE, false},
    {"CA for servers", {.usage = "serverAuth"}, {0}, false, false, DNA_PATH_OK, false},
    {"missing intermediate", {0}, {0}, true, false, DNA_PATH_UNTRUSTED, false},
    {"unknown CA", {0}, {0}, false, true, DNA_PATH_UNTRUSTED, false},
    {"expired leaf", {0}, {.not_before = CERTS_NOW - 3 * DAY, .not_after = CERTS_NOW - DAY},
     false, false, DNA_PATH_EXPIRED, false},
    {"expired CA", {.not_before = CERTS_NOW - 3 * DAY, .not_after = CERTS_NOW - DAY}, {0},
     false, false, DNA_PATH_EXPIRED, false},
    {"future leaf", {0}, {.not_before = CERTS_NOW + DAY}, false, false, DNA_PATH_NOT_YET_VALID,
     false},
    {"leaf is a CA", {0}, {.ca = true}, false, false, DNA_PATH_LEAF_IS_CA, false},
    {"small RSA leaf", {0}, {.key = "RSA-1024"}, false, false, DNA_PATH_WEAK, false},
    {"RSA leaf", {0}, {.key = "RSA-2048"}, false, false, DNA_PATH_OK, false},
    {"small RSA CA", {.key = "RSA-1024"}, {0}, false, false, DNA_PATH_WEAK, false},
    {"Ed25519 leaf", {0}, {.key = "ED25519"}, false, false, DNA_PATH_OK, false},
    {"odd curve", {0}, {.key = "secp256k1"}, false, false, DNA_PATH_WEAK, false},
    {"SHA-1 leaf", {0}, {.sha1 = true}, false, false, DNA_PATH_WEAK, false},
    {"SHA-1 CA", {.sha1 = true}, {0}, false, false, DNA_PATH_WEAK, false},
    {"names permitted", {.constraints = "critical,permitted;DNS:example.com"},
     {.names = "DNS:im.example.com"}, false, false, DNA_PATH_OK, true},
    {"names not permitted", {.constraints = "critical,permitted;DNS:example.com"},
     {.names = "DNS:example.org"}, false, false, DNA_PATH_CONSTRAINTS, false},
    {"names excluded", {.constraints = "critical,excluded;DNS:example.com"},
     {.names = "DNS:im.example.com"}, false, false, DNA_PATH_CONSTRAINTS, false},
    {"MD5 leaf", {.key = "RSA-2048"}, {.md5 = true}, false, false, DNA_PATH_WEAK, false},
    {"P-521 leaf", {0}, {.key = "P-521"}, false, false, DNA_PATH_OK, false},
    {"Ed448 leaf", {0}, {.key = "ED448"}, false, false, DNA_PATH_OK, false},
    {"RSA-PSS leaf", {0}, {.key = "RSA-PSS"}, false, false, DNA_PATH_OK, false},
    {"a curve spelt out", {0}, {.key = "P-256 explicit"}, false, false, DNA_PATH_WEAK, false},
    {"an exponent that signs nothing", {0}, {.key = "RSA e=1"}, false, false, DNA_PATH_WEAK,
     false},
    {"usage that cannot be read", {0}, {.other_oid = "2.5.29.37", .other = "DER:0500"}, false,
     false, DNA_PATH_UNTRUSTED, false},
    {"a critical extension nobody knows", {0},
     {.other_oid = "1.2.3.4", .other = "critical,DER:0500"}, false, false,
     DNA_PATH_CONSTRAINTS, false},
    {"a CA by its key usage alone", {.basic = "", .key_usage = "critical,keyCertSign"}, {0},
     false, false, DNA_PATH_CONSTRAINTS, false},
    {"no CA at all", {.basic = "critical,CA:FALSE"}, {0}, false, false, DNA_PATH_CONSTRAINTS,
     false},
    {"a CA of version 1", {.version1 = true}, {0}, false, false, DNA_PATH_CONSTRAINTS, false},
    {"a CA without the right to sign", {.key_usage = "critical,cRLSign"}, {0}, false, false,
     DNA_PATH_CONSTRAINTS, false},
};

static void each_reason_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
        struct cert other = cert_make(&(struct cert_order){.subject = "other", .ca = true});
        struct cert_order order = rows[i].middle;
        struct cert middle, leaf;
        struct dna_roots *roots = cert_roots(rows[i].own_root ? &other : &root);
        struct dna_chain *chain;
        struct dna_path path;
        order.subject = "middle";
        order.ca = true;
        order.issuer = &root;
        middle = cert_make(&order);
        order = rows[i].leaf;
        if (order.names == NULL || strncmp(order.names, "critical", 8) != 0) {
            order.subject = "leaf";
        }
        order.issuer = &middle;
        leaf = cert_make(&order);
        chain = cert_chain((const struct cert *[]){&leaf, &middle},
                           rows[i].without_middle ? 1 : 2);
        assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
        if (path.code != rows[i].code ||
            path.constrained != (rows[i].constrained || path.code != DNA_PATH_OK)) {
            fail_msg("%s: %s (%s)", rows[i].what, dna_path_code_name(path.code), path.why);
        }
        assert_true(path.why[0] != '\0');
        dna_chain_free(chain);
        dna_roots_free(roots);
        cert_free(&leaf);
        cert_free(&middle);
        cert_free(&other);
        cert_free(&root);
    }
}

#define SRV "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server."

/* S7: six kinds of CAs times five leaves.  A SRVName under a constrained CA proves something
 * only where that CA expressly permits it. */
static const char *const ca_constraints[6] = {
    NULL,
    "critical,permitted;DNS:example.com",
    "critical,excluded;DNS:evil.example",
    "critical,permitted;" SRV "example.com",
    "critical,excluded;" SRV "evil.example",
    "critical,permitted;DNS:example.com,permitted;" SRV "example.com",
};
static const char *const leaf_names[5] = {
    "DNS:example.com",
    "DNS:evil.example",
    SRV "example.com",
    SRV "evil.example",
    "DNS:example.com," SRV "evil.example",
};
/* G: good; S: good and constrained, SRVNames count; C: they do not; X: refused. */
static const char outcomes[6][6] = {
    "GGGGG", "CXCCC", "CXCCC", "SSSXX", "CCCXX", "SXSXX",
};

static char outcome_of(const struct cert *root, const char *constraints, const char *names)
{
    struct cert middle = cert_make(&(struct cert_order){
        .subject = "middle", .issuer = root, .ca = true, .constraints = constraints});
    struct cert leaf =
        cert_make(&(struct cert_order){.subject = "leaf", .issuer = &middle, .names = names});
    struct dna_roots *roots = cert_roots(root);
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf, &middle}, 2);
    struct dna_path path;
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&middle);
    if (path.code == DNA_PATH_OK) {
        assert_true(path.constrained || path.srvname_usable);
        return !path.constrained ? 'G' : path.srvname_usable ? 'S' : 'C';
    }
    assert_true(path.constrained && !path.srvname_usable);
    return path.code == DNA_PATH_CONSTRAINTS ? 'X' : '?';
}

static void what_a_constrained_ca_may_name(void **state)
{
    struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 5; k++) {
            char got = outcome_of(&root, ca_constraints[i], leaf_names[k]);
            if (got != outcomes[i][k]) {
                fail_msg("CA %zu, leaf %zu: %c", i, k, got);
            }
        }
    }
    cert_free(&root);
}

/* A self-signed certificate that stands among the roots vouches for nobody but a CA. */
static void a_root_is_no_end_entity(void **state)
{
    struct cert alone = cert_make(
        &(struct cert_order){.subject = "alone", .names = "DNS:example.com"});
    struct dna_roots *roots = cert_roots(&alone);
    struct dna_chain *chain = cert_chain((const struct cert *[]){&alone}, 1);
    struct dna_path path;
    (void)state;
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    assert_int_equal(path.code, DNA_PATH_UNTRUSTED);
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&alone);
}

static void a_changed_byte_breaks_the_signature(void **state)
{
    struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    struct cert leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &root, .names = "DNS:example.com"});
    struct dna_roots *roots = cert_roots(&root);
    struct dna_chain *chain;
    struct dna_path path;
    char *name = memmem(leaf.der.ptr, leaf.der.len, "example.com", 11);
    (void)state;
    assert_non_null(name);
    name[0] = 'X';
    chain = cert_chain((const struct cert *[]){&leaf}, 1);
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    assert_int_equal(path.code, DNA_PATH_BAD_SIGNATURE);
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&root);
}

static void validity_is_the_narrowest_of_the_path(void **state)
{
    struct cert root = cert_make(&(struct cert_order){
        .subject = "root", .ca = true, .not_after = CERTS_NOW + 2 * DAY});
    struct cert leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &root, .not_before = CERTS_NOW - 100});
    struct dna_roots *roots = cert_roots(&root);
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf}, 1);
    struct dna_path path;
    int64_t from, to;
    (void)state;
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    assert_int_equal(path.code, DNA_PATH_OK);
    assert_int_equal(path.not_before, CERTS_NOW - 100);
    assert_int_equal(path.not_after, CERTS_NOW + 2 * DAY);
    assert_true(path.digital_signature);
    dna_chain_leaf_validity(chain, &from, &to);
    assert_int_equal(from, CERTS_NOW - 100);
    assert_int_equal(to, CERTS_NOW + 30 * DAY);
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW + 3 * DAY, &path), DNA_OK);
    assert_int_equal(path.code, DNA_PATH_EXPIRED);
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&root);
}

static void key_usage_is_reported(void **state)
{
    struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    struct cert leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &root, .key_usage = "keyAgreement"});
    struct dna_roots *roots = cert_roots(&root);
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf}, 1);
    struct dna_path path;
    (void)state;
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    assert_int_equal(path.code, DNA_PATH_OK);
    assert_false(path.digital_signature);
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_is_found),
        cmocka_unit_test(what_a_constrained_ca_may_name),
        cmocka_unit_test(a_root_is_no_end_entity),
        cmocka_unit_test(a_changed_byte_breaks_the_signature),
        cmocka_unit_test(validity_is_the_narrowest_of_the_path),
        cmocka_unit_test(key_usage_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
