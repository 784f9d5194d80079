/* TLSA records: which are usable, which of them count, what they match, and the paths under
 * those of usage 0 and 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <x509/dane.h>
#include <x509/digest.h>

#define DAY 86400

struct record {
    char bytes[4096];
    size_t len;
};

static struct dna_span span_of(const struct record *record)
{
    return (struct dna_span){record->bytes, record->len};
}

static struct record record_of(unsigned usage, unsigned selector, unsigned matching,
                               const struct cert *cert)
{
    struct record r = {.bytes = {(char)usage, (char)selector, (char)matching}};
    struct dna_span spki = cert_spki(cert), whole = selector == 0 ? cert->der : spki;
    unsigned char digest[DNA_HASH_MAX];
    if (matching != 0) {
        enum dna_hash hash = matching == 1 ? DNA_HASH_SHA256 : DNA_HASH_SHA512;
        assert_int_equal(dna_hash(hash, whole, digest), DNA_OK);
        whole = (struct dna_span){(char *)digest, dna_hash_size(hash)};
    }
    assert_true(whole.len < sizeof r.bytes - 3);
    memcpy(r.bytes + 3, whole.ptr, whole.len);
    r.len = 3 + whole.len;
    cert_bytes_free(spki);
    return r;
}

/* --- records ------------------------------------------------------------------------ */

static bool usable(const char *head, size_t len)
{
    char bytes[100] = {0};
    struct dna_tlsa tlsa;
    memcpy(bytes, head, 3);
    return dna_tlsa_parse((struct dna_span){bytes, len}, &tlsa) == DNA_OK;
}

static void what_is_usable(void **state)
{
    static const char *const heads[] = {"\0\0", "\1\1", "\2\0", "\3\1"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char head[3] = {heads[i][0], heads[i][1], 1};
        assert_true(usable(head, 35));
        assert_false(usable(head, 34));
        assert_false(usable(head, 36));
        head[2] = 2;
        assert_true(usable(head, 67));
        assert_false(usable(head, 66));
        assert_false(usable(head, 35));
        head[2] = 3;
        assert_false(usable(head, 67));
        head[2] = (char)255;
        assert_false(usable(head, 35));
    }
    assert_false(usable("\4\0\1", 35));
    assert_false(usable("\xff\0\1", 35));
    assert_false(usable("\3\2\1", 35));
    assert_false(usable("\3\xff\1", 35));
    for (size_t len = 0; len <= 3; len++) {
        assert_false(usable("\3\1\1", len));
    }
}

static void full_data_must_decode_and_be_strong(void **state)
{
    struct cert good = cert_make(&(struct cert_order){.subject = "good"});
    struct cert weak = cert_make(&(struct cert_order){.subject = "weak", .key = "RSA-1024"});
    struct dna_tlsa tlsa;
    (void)state;
    for (unsigned selector = 0; selector < 2; selector++) {
        struct record r = record_of(2, selector, 0, &good);
        assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_OK);
        assert_int_equal(tlsa.data.len, r.len - 3);
        r.len++; /* bytes behind it */
        assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_ERR_FORMAT);
        r.len -= 2;
        assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_ERR_FORMAT);
        r = record_of(2, 1 - selector, 0, &good);
        r.bytes[1] = (char)selector; /* the other thing */
        assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_ERR_FORMAT);
        r = record_of(3, selector, 0, &weak);
        assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_ERR_FORMAT);
    }
    cert_free(&weak);
    cert_free(&good);
}

static void the_strongest_digest_alone_counts(void **state)
{
    static const struct {
        const char *before, *after; /* usage, selector, matching of each record */
    } rows[] = {
        {"", ""},
        {"311", "311"},
        {"311 312", "312"},
        {"312 311", "312"},
        {"311 312 311", "312"},
        {"310 311 312", "310 312"},
        {"310 311", "310 311"},
        {"311 302 211 212 201", "311 302 212 201"},
        {"111 312 311 301", "111 312 301"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_tlsa records[8];
        char got[40] = "";
        size_t n = 0;
        for (const char *p = rows[i].before; *p != '\0'; p += p[3] == ' ' ? 4 : 3) {
            records[n++] = (struct dna_tlsa){.usage = (enum dna_tlsa_usage)(p[0] - '0'),
                                             .selector = (uint8_t)(p[1] - '0'),
                                             .matching = (uint8_t)(p[2] - '0')};
        }
        n = dna_tlsa_agility(records, n);
        for (size_t k = 0; k < n; k++) {
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s%u%u%u",
                           k > 0 ? " " : "", (unsigned)records[k].usage, records[k].selector,
                           records[k].matching);
        }
        assert_string_equal(got, rows[i].after);
    }
}

static void what_matches(void **state)
{
    struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    struct cert leaf = cert_make(&(struct cert_order){.subject = "leaf", .issuer = &root});
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf, &root}, 2);
    (void)state;
    for (unsigned selector = 0; selector < 2; selector++) {
        for (unsigned matching = 0; matching < 3; matching++) {
            struct record r = record_of(3, selector, matching, &leaf);
            struct dna_tlsa tlsa;
            bool match;
            assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_OK);
            assert_int_equal(dna_tlsa_matches(&tlsa, chain, 0, &match), DNA_OK);
            assert_true(match);
            assert_int_equal(dna_tlsa_matches(&tlsa, chain, 1, &match), DNA_OK);
            assert_false(match);
            if (matching != 0) {
                r.bytes[r.len - 1] ^= 1;
                assert_int_equal(dna_tlsa_parse(span_of(&r), &tlsa), DNA_OK);
                assert_int_equal(dna_tlsa_matches(&tlsa, chain, 0, &match), DNA_OK);
                assert_false(match);
            }
        }
    }
    dna_chain_free(chain);
    cert_free(&leaf);
    cert_free(&root);
}

/* --- paths -------------------------------------------------------------------------- */

struct pki {
    struct cert root, middle, leaf, other;
    struct dna_roots *none; /* of the other root */
};

static void pki_init(struct pki *p, const struct cert_order *leaf)
{
    struct cert_order order = *leaf;
    p->root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    p->middle = cert_make(
        &(struct cert_order){.subject = "middle", .ca = true, .issuer = &p->root});
    p->other = cert_make(&(struct cert_order){.subject = "other", .ca = true});
    order.subject = "leaf";
    order.names = "DNS:host.example";
    order.issuer = &p->middle;
    p->leaf = cert_make(&order);
    p->none = cert_roots(&p->other);
}

static void pki_fini(struct pki *p)
{
    dna_roots_free(p->none);
    cert_free(&p->leaf);
    cert_free(&p->other);
    cert_free(&p->middle);
    cert_free(&p->root);
}

static enum dna_path_code check(const struct record *record, const struct dna_roots *roots,
                                const struct cert *const *presented, size_t n)
{
    struct dna_chain *chain = cert_chain(presented, n);
    struct dna_path path;
    assert_int_equal(
        dna_path_check_anchored(chain, roots, span_of(record), CERTS_NOW, &path), DNA_OK);
    dna_chain_free(chain);
    assert_true(path.why[0] != '\0');
    assert_true(path.code == DNA_PATH_OK || (path.constrained && !path.srvname_usable));
    return path.code;
}

static void an_anchor_of_the_domains_own(void **state)
{
    struct pki p;
    const struct cert *whole[3] = {&p.leaf, &p.middle, &p.root};
    static const struct {
        const char *what;
        int anchor; /* 0: leaf, 1: middle, 2: root, 3: somebody else */
        size_t n;   /* certificates presented */
        char outcomes[7]; /* 200, 201, 202, 210, 211, 212 */
    } rows[] = {
        {"the root, presented", 2, 3, "++++++"},
        {"the root, not presented", 2, 2, "+--+--"},
        {"the intermediate", 1, 2, "++++++"},
        {"the intermediate below a root", 1, 3, "++++++"},
        {"the intermediate, not presented", 1, 1, "+--+--"},
        {"the root, with a gap", 2, 1, "------"},
        {"the leaf is no anchor", 0, 3, "------"},
        {"somebody else", 3, 3, "------"},
    };
    (void)state;
    pki_init(&p, &(struct cert_order){.ca = false});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cert *anchors[4] = {&p.leaf, &p.middle, &p.root, &p.other};
        for (unsigned k = 0; k < 6; k++) {
            struct record r = record_of(2, k / 3, k % 3, anchors[rows[i].anchor]);
            enum dna_path_code code = check(&r, p.none, whole, rows[i].n);
            if ((code == DNA_PATH_OK) != (rows[i].outcomes[k] == '+')) {
                fail_msg("%s, 2 %u %u: %s", rows[i].what, k / 3, k % 3,
                         dna_path_code_name(code));
            }
        }
    }
    pki_fini(&p);
}

/* Usage 2 leaves nothing out of a path's rules. */
static void such_a_path_is_checked_in_full(void **state)
{
    static const struct {
        struct cert_order leaf;
        enum dna_path_code code;
    } rows[] = {
        {{.not_before = CERTS_NOW - 3 * DAY, .not_after = CERTS_NOW - DAY}, DNA_PATH_EXPIRED},
        {{.not_before = CERTS_NOW + DAY}, DNA_PATH_NOT_YET_VALID},
        {{.usage = "clientAuth"}, DNA_PATH_PURPOSE},
        {{.ca = true}, DNA_PATH_LEAF_IS_CA},
        {{.sha1 = true}, DNA_PATH_WEAK},
        {{.key = "RSA-1024"}, DNA_PATH_WEAK},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pki p;
        const struct cert *presented[2] = {&p.leaf, &p.middle};
        pki_init(&p, &rows[i].leaf);
        for (unsigned k = 0; k < 6; k++) {
            struct record r = record_of(2, k / 3, k % 3, &p.middle);
            assert_int_equal(check(&r, p.none, presented, 2), rows[i].code);
            if (k % 3 == 0) {
                assert_int_equal(check(&r, p.none, presented, 1), rows[i].code);
            }
        }
        pki_fini(&p);
    }
}

static void a_forged_leaf_has_no_path(void **state)
{
    struct pki p;
    struct cert forged;
    const struct cert *presented[2] = {&forged, &p.middle};
    (void)state;
    pki_init(&p, &(struct cert_order){.ca = false});
    /* issued in the name of the intermediate, by another key */
    p.other.subject = "middle";
    forged = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &p.other, .names = "DNS:host.example"});
    for (unsigned k = 0; k < 6; k++) {
        struct record r = record_of(2, k / 3, k % 3, &p.middle);
        assert_int_not_equal(check(&r, p.none, presented, 2), DNA_PATH_OK);
        assert_int_not_equal(check(&r, p.none, presented, 1), DNA_PATH_OK);
    }
    cert_free(&forged);
    pki_fini(&p);
}

static void an_authority_of_the_path(void **state)
{
    struct pki p;
    struct dna_roots *roots;
    const struct cert *presented[2] = {&p.leaf, &p.middle};
    (void)state;
    pki_init(&p, &(struct cert_order){.ca = false});
    roots = cert_roots(&p.root);
    for (unsigned k = 0; k < 6; k++) {
        struct record r = record_of(0, k / 3, k % 3, &p.root);
        assert_int_equal(check(&r, roots, presented, 2), DNA_PATH_OK);
        assert_int_not_equal(check(&r, p.none, presented, 2), DNA_PATH_OK);
        r = record_of(0, k / 3, k % 3, &p.middle);
        assert_int_equal(check(&r, roots, presented, 2), DNA_PATH_OK);
        r = record_of(0, k / 3, k % 3, &p.leaf);
        assert_int_equal(check(&r, roots, presented, 2), DNA_PATH_UNTRUSTED);
        r = record_of(0, k / 3, k % 3, &p.other);
        assert_int_equal(check(&r, roots, presented, 2), DNA_PATH_UNTRUSTED);
    }
    dna_roots_free(roots);
    pki_fini(&p);
}

static void other_records_ask_for_no_path(void **state)
{
    struct pki p;
    struct record r;
    const struct cert *leaf = &p.leaf;
    struct dna_chain *chain;
    struct dna_path path;
    (void)state;
    pki_init(&p, &(struct cert_order){.ca = false});
    chain = cert_chain(&leaf, 1);
    r = record_of(3, 1, 1, &p.leaf);
    assert_int_equal(dna_path_check_anchored(chain, p.none, span_of(&r), CERTS_NOW, &path),
                     DNA_ERR_ARGUMENT);
    r.bytes[0] = 1;
    assert_int_equal(dna_path_check_anchored(chain, p.none, span_of(&r), CERTS_NOW, &path),
                     DNA_ERR_ARGUMENT);
    r.bytes[0] = 9;
    assert_int_equal(dna_path_check_anchored(chain, p.none, span_of(&r), CERTS_NOW, &path),
                     DNA_ERR_FORMAT);
    r.len = 0;
    assert_int_equal(dna_path_check_anchored(chain, p.none, span_of(&r), CERTS_NOW, &path),
                     DNA_OK);
    assert_int_equal(path.code, DNA_PATH_UNTRUSTED);
    dna_chain_free(chain);
    pki_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_usable),
        cmocka_unit_test(full_data_must_decode_and_be_strong),
        cmocka_unit_test(the_strongest_digest_alone_counts),
        cmocka_unit_test(what_matches),
        cmocka_unit_test(an_anchor_of_the_domains_own),
        cmocka_unit_test(such_a_path_is_checked_in_full),
        cmocka_unit_test(a_forged_leaf_has_no_path),
        cmocka_unit_test(an_authority_of_the_path),
        cmocka_unit_test(other_records_ask_for_no_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
