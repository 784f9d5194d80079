/* The prooftype attribute-cert, alone: holders, profile, issuers, targets, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <base/limits.h>
#include <failing_alloc.h>
#include <world.h>
#include <x509/acert_asn1.h>
#include <x509/acert_issue.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_ATTRIBUTE_CERT)
#define OWN "own.example"
#define SERVICE "_xmpp-server." DOMAIN
#define SERVICE_OID "2.25.285055332325118339323655550339676139941.1"

/* The domain's owner, the peer that it hosts with, and what passes between them. */
struct scene {
    struct world w;
    struct cert owner, middle;
    struct dna_chain *issuer;
    char text[2 * DNA_LIMIT_PROOF];
};

struct row {
    const char *what;
    void (*owner)(struct cert_order *order);   /* the owner's certificate */
    void (*peer)(struct scene *s);             /* the peer's */
    void (*order)(struct dna_acert_order *order);
    void (*draft)(struct dna_acert_st *draft); /* before it is signed */
    void (*sealed)(struct dna_span der);       /* after it */
    void (*message)(struct scene *s, struct dna_span *cms); /* may replace it; malloc */
    void (*question)(struct dna_question *q);
    enum dna_verdict verdict;
    enum dna_code code;
    const char *why; /* a part of it, or NULL */
    int64_t life;    /* PROVEN: seconds from now; 0: any */
};

static const char *const services[] = {SERVICE};
static const char *const targets[] = {"other.example", OWN};

/* --- making ------------------------------------------------------------------------- */

static struct dna_acert_order order_of(struct scene *s)
{
    return (struct dna_acert_order){
        .issuer = s->issuer, .key = s->owner.key, .services = services, .n_services = 1,
        .bearer = DNA_ACERT_BEARER_CERTIFICATE, .host = HOST, .holder = s->w.chain,
        .hash = DNA_HASH_SHA256, .not_before = NOW - DAY, .not_after = NOW + 7 * DAY,
        .serial = {"\x12\x34", 2},
    };
}

static struct dna_span make_acert(struct scene *s, const struct row *row)
{
    struct dna_acert_order order = order_of(s);
    struct dna_acert_st *draft;
    struct dna_span der;
    if (row->order != NULL) {
        row->order(&order);
    }
    assert_int_equal(dna_acert_draft(&order, &draft), DNA_OK);
    if (row->draft != NULL) {
        row->draft(draft);
    }
    assert_int_equal(dna_acert_sign(NULL, draft, order.key, &der), DNA_OK);
    dna_acert_st_free(draft);
    if (row->sealed != NULL) {
        row->sealed(der);
    }
    return der;
}

static void put_text(struct scene *s, struct dna_span bytes)
{
    assert_int_equal(dna_base64_encode((const unsigned char *)bytes.ptr, bytes.len, s->text,
                                       sizeof s->text),
                     DNA_OK);
    s->w.peer.content = dna_span_of(s->text);
}

static void put_message(struct scene *s, const struct row *row)
{
    struct dna_span der = make_acert(s, row), cms;
    assert_int_equal(dna_acert_wrap(NULL, &der, 1, s->issuer, &cms), DNA_OK);
    if (row->message != NULL) {
        row->message(s, &cms);
    }
    put_text(s, cms);
    free((void *)(uintptr_t)cms.ptr);
    free((void *)(uintptr_t)der.ptr);
}

static void begin(struct scene *s, const struct row *row)
{
    struct cert_order order = {.subject = "owner", .names = "DNS:" DOMAIN};
    const struct cert *chain[2] = {&s->owner, &s->middle};
    memset(s, 0, sizeof *s);
    world_init(&s->w, &(struct cert_order){.subject = "peer", .names = "DNS:" HOST});
    s->middle = cert_make(&(struct cert_order){.subject = "middle", .ca = true,
                                               .issuer = &s->w.root});
    order.issuer = &s->middle;
    if (row->owner != NULL) {
        row->owner(&order);
    }
    s->owner = cert_make(&order);
    s->issuer = cert_chain(chain, 2);
    if (row->peer != NULL) {
        row->peer(s);
    }
    s->w.q.policy.prooftypes = ALONE;
    s->w.q.own = OWN;
    s->w.peer.outcome = DNA_PEER_PROOF;
    s->w.peer.type = DNA_PROOF_ATTRIBUTE_CERT;
    if (row->question != NULL) {
        row->question(&s->w.q);
    }
}

static void end(struct scene *s)
{
    dna_chain_free(s->issuer);
    cert_free(&s->owner);
    cert_free(&s->middle);
    world_fini(&s->w);
}

static void expect(struct scene *s, const struct row *row)
{
    struct dna_ruling ruling = world_hear(&s->w);
    expect_ruling(row->what, &ruling, row->verdict, row->code);
    if (row->why != NULL && strstr(ruling.why, row->why) == NULL) {
        fail_msg("%s: \"%s\" does not say \"%s\"", row->what, ruling.why, row->why);
    }
    if (row->life != 0 && ruling.expires_at != NOW + row->life) {
        fail_msg("%s: ends at NOW + %lld", row->what, (long long)(ruling.expires_at - NOW));
    }
}

static void run(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct scene s;
        begin(&s, &rows[i]);
        put_message(&s, &rows[i]);
        expect(&s, &rows[i]);
        end(&s);
    }
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))
#define GOOD .verdict = DNA_PROVEN, .code = DNA_CODE_OK
#define BAD .verdict = DNA_FAIL, .code = DNA_CODE_BAD_MATERIAL
#define NO_MATCH .verdict = DNA_FAIL, .code = DNA_CODE_NO_MATCH
#define UNTRUSTED .verdict = DNA_FAIL, .code = DNA_CODE_UNTRUSTED
#define NAMES .verdict = DNA_FAIL, .code = DNA_CODE_NAME_MISMATCH
#define DATES .verdict = DNA_FAIL, .code = DNA_CODE_NOT_VALID_NOW

/* --- holders ------------------------------------------------------------------------ */

static void present(struct scene *s, struct cert_order order)
{
    struct cert cert = cert_make(&order);
    const struct cert *one = &cert;
    world_present(&s->w, cert_chain(&one, 1));
    cert_free(&cert);
}

static void self_signed(struct scene *s)
{
    present(s, (struct cert_order){.subject = "peer", .names = "DNS:" HOST});
}
static void expired(struct scene *s)
{
    present(s, (struct cert_order){.subject = "peer", .names = "DNS:" HOST,
                                   .not_before = NOW - 9 * DAY, .not_after = NOW});
}
static void short_lived(struct scene *s)
{
    present(s, (struct cert_order){.subject = "peer", .names = "DNS:" HOST,
                                   .not_after = NOW + 3600});
}
static void wild(struct scene *s)
{
    present(s, (struct cert_order){.subject = "peer", .issuer = &s->w.root,
                                   .names = "DNS:*.host.example"});
}
static void by_key(struct dna_acert_order *o) { o->bearer = DNA_ACERT_BEARER_KEY; }
static void by_key_512(struct dna_acert_order *o)
{
    o->bearer = DNA_ACERT_BEARER_KEY;
    o->hash = DNA_HASH_SHA512;
}
static void by_512(struct dna_acert_order *o) { o->hash = DNA_HASH_SHA512; }
static void by_name(struct dna_acert_order *o) { o->bearer = DNA_ACERT_BEARER_NAME; }
static void by_upper_name(struct dna_acert_order *o)
{
    o->bearer = DNA_ACERT_BEARER_NAME;
    o->host = "XMPP.Host.Example";
}
static void by_other_name(struct dna_acert_order *o)
{
    o->bearer = DNA_ACERT_BEARER_NAME;
    o->host = "other.host.example";
}
static void by_serial(struct dna_acert_order *o) { o->bearer = DNA_ACERT_BEARER_SERIAL; }
static void of_owner(struct dna_acert_order *o) { o->holder = o->issuer; }
static void key_of_owner(struct dna_acert_order *o)
{
    o->bearer = DNA_ACERT_BEARER_KEY;
    o->holder = o->issuer;
}
static void serial_of_owner(struct dna_acert_order *o)
{
    o->bearer = DNA_ACERT_BEARER_SERIAL;
    o->holder = o->issuer;
}
static void with_serial(struct dna_question *q) { q->policy.attribute_cert_serial = true; }

static void two_holders(struct dna_acert_st *d)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    assert_true(ASN1_STRING_set(text, HOST, -1) == 1);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    d->info->holder->entity_name = sk_GENERAL_NAME_new_null();
    assert_true(sk_GENERAL_NAME_push(d->info->holder->entity_name, name) > 0);
}
static void empty_digest(struct dna_acert_st *d)
{
    d->info->holder->digest->digest->length = 0;
}
static void other_object(struct dna_acert_st *d)
{
    assert_true(ASN1_ENUMERATED_set_int64(d->info->holder->digest->type, 2) == 1);
}
static void other_type(struct dna_acert_st *d)
{
    d->info->holder->digest->other_type = OBJ_txt2obj("1.2.3", 1);
}
static void sha1_holder(struct dna_acert_st *d)
{
    (void)X509_ALGOR_set0(d->info->holder->digest->algorithm, OBJ_nid2obj(NID_sha1),
                          V_ASN1_UNDEF, NULL);
}

static void holders(void **state)
{
    static const struct row rows[] = {
        {.what = "certificate", GOOD, .life = DAY},
        {.what = "certificate, SHA-512", .order = by_512, GOOD},
        {.what = "key", .order = by_key, GOOD},
        {.what = "key, SHA-512", .order = by_key_512, GOOD},
        {.what = "host", .order = by_name, GOOD},
        {.what = "host in upper case", .order = by_upper_name, GOOD},
        {.what = "host by wildcard", .peer = wild, .order = by_name, GOOD},
        {.what = "serial", .order = by_serial, .question = with_serial, GOOD},
        {.what = "serial, by default", .order = by_serial, .verdict = DNA_FAIL,
         .code = DNA_CODE_POLICY},
        {.what = "another certificate", .order = of_owner, NO_MATCH},
        {.what = "another key", .order = key_of_owner, NO_MATCH},
        {.what = "another host", .order = by_other_name, NAMES},
        {.what = "another serial", .order = serial_of_owner, .question = with_serial, NO_MATCH},
        {.what = "certificate, self-signed", .peer = self_signed, GOOD},
        {.what = "key, self-signed", .peer = self_signed, .order = by_key, GOOD},
        {.what = "host, self-signed", .peer = self_signed, .order = by_name, UNTRUSTED},
        {.what = "serial, self-signed", .peer = self_signed, .order = by_serial,
         .question = with_serial, UNTRUSTED},
        {.what = "certificate, expired", .peer = expired, DATES},
        {.what = "certificate, for an hour", .peer = short_lived, GOOD, .life = 3600},
        {.what = "two holders", .draft = two_holders, BAD, "exactly one way"},
        {.what = "an empty digest", .draft = empty_digest, BAD, "another length"},
        {.what = "another object", .draft = other_object, BAD, "neither a certificate"},
        {.what = "another type", .draft = other_type, BAD, "neither a certificate"},
        {.what = "SHA-1", .draft = sha1_holder, BAD, "SHA-256"},
    };
    (void)state;
    RUN(rows);
}

/* S2: issuer and serial number of the true holder, under a CA of the same name. */
static void a_cloned_holder(void **state)
{
    struct row row = {.what = "cloned", .order = by_serial, .question = with_serial, UNTRUSTED};
    struct cert ca = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    struct scene s;
    (void)state;
    begin(&s, &row);
    put_message(&s, &row);
    X509 *x;
    unsigned char *der = NULL;
    const unsigned char *p = (const unsigned char *)dna_chain_der(s.w.chain, 0).ptr;
    int len;
    x = d2i_X509(NULL, &p, (long)dna_chain_der(s.w.chain, 0).len);
    assert_true(X509_set_pubkey(x, ca.key) == 1 && X509_sign(x, ca.key, EVP_sha256()) > 0);
    len = i2d_X509(x, &der);
    assert_true(len > 0);
    struct dna_span list[2] = {{(char *)der, (size_t)len}, ca.der};
    struct dna_chain *chain;
    assert_int_equal(dna_chain_new(NULL, list, 2, &chain), DNA_OK);
    world_present(&s.w, chain);
    expect(&s, &row);
    OPENSSL_free(der);
    X509_free(x);
    end(&s);
    cert_free(&ca);
}

/* --- the profile -------------------------------------------------------------------- */

static void version(struct dna_acert_st *d, int64_t n)
{
    assert_true(ASN1_INTEGER_set_int64(d->info->version, n) == 1);
}
static void v1(struct dna_acert_st *d) { version(d, 0); }
static void v3(struct dna_acert_st *d) { version(d, 2); }
static void v1form(struct dna_acert_st *d)
{
    struct dna_acert_v2form *form = d->info->issuer->d.v2form;
    d->info->issuer->type = DNA_ACERT_V1FORM;
    d->info->issuer->d.v1form = form->name;
    OPENSSL_free(form);
}
static void issuer_by_digest(struct dna_acert_st *d)
{
    struct dna_acert_digest *digest = dna_acert_digest_new();
    (void)X509_ALGOR_set0(digest->algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_UNDEF, NULL);
    d->info->issuer->d.v2form->digest = digest;
}
static void nameless_issuer(struct dna_acert_st *d)
{
    X509_NAME *name = sk_GENERAL_NAME_value(d->info->issuer->d.v2form->name, 0)->d.directoryName;
    while (X509_NAME_entry_count(name) != 0) {
        X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
    }
}
static void other_issuer(struct dna_acert_st *d)
{
    X509_NAME *name = sk_GENERAL_NAME_value(d->info->issuer->d.v2form->name, 0)->d.directoryName;
    assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                           (const unsigned char *)"x", -1, -1, 0) == 1);
}
static void number(struct dna_acert_st *d, const char *hex)
{
    BIGNUM *n = NULL;
    assert_true(BN_hex2bn(&n, hex) > 0 && BN_to_ASN1_INTEGER(n, d->info->serial) != NULL);
    BN_free(n);
}
static void zero(struct dna_acert_st *d) { number(d, "0"); }
static void negative(struct dna_acert_st *d) { number(d, "-5"); }
static void long_serial(struct dna_acert_st *d)
{
    number(d, "7f00000000000000000000000000000000000000"); /* 20 octets */
}
static void longer_serial(struct dna_acert_st *d)
{
    number(d, "8000000000000000000000000000000000000000"); /* 21 octets */
}
static void begins(struct dna_acert_st *d, const char *time)
{
    assert_true(ASN1_STRING_set(d->info->validity->not_before, time, -1) == 1);
}
static void fraction(struct dna_acert_st *d) { begins(d, "20270114080000.5Z"); }
static void offset(struct dna_acert_st *d) { begins(d, "20270114080000+0000"); }
static void no_seconds(struct dna_acert_st *d) { begins(d, "202701140800Z"); }
static void no_day(struct dna_acert_st *d) { begins(d, "20270230080000Z"); }
static void backwards(struct dna_acert_st *d) { begins(d, "20270214080000Z"); }
static void no_attribute(struct dna_acert_st *d)
{
    X509_ATTRIBUTE_free(sk_X509_ATTRIBUTE_pop(d->info->attributes));
}
static void add_attribute(struct dna_acert_st *d, const char *oid, int type)
{
    X509_ATTRIBUTE *a = X509_ATTRIBUTE_new();
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    assert_true(X509_ATTRIBUTE_set1_object(a, object) == 1 &&
                X509_ATTRIBUTE_set1_data(a, type, SERVICE, sizeof SERVICE - 1) == 1 &&
                sk_X509_ATTRIBUTE_push(d->info->attributes, a) > 0);
    ASN1_OBJECT_free(object);
}
static void one_more_attribute(struct dna_acert_st *d)
{
    add_attribute(d, "1.2.3.4", V_ASN1_UTF8STRING);
}
static void twice(struct dna_acert_st *d) { add_attribute(d, SERVICE_OID, V_ASN1_IA5STRING); }
static void utf8(struct dna_acert_st *d)
{
    no_attribute(d);
    add_attribute(d, SERVICE_OID, V_ASN1_UTF8STRING);
}
static void other_attribute(struct dna_acert_st *d)
{
    no_attribute(d);
    one_more_attribute(d);
}
static void broken(struct dna_span der) { ((char *)(uintptr_t)der.ptr)[der.len - 1] ^= 1; }
static void in_the_body(struct dna_span der)
{
    char *at = memmem(der.ptr, der.len, "_xmpp-server", 12);
    assert_non_null(at);
    at[13] ^= 0x20; /* the domain's first letter, in upper case */
}
static void other_algorithm(struct dna_span der)
{
    /* ecdsa-with-SHA256 becomes ecdsa-with-SHA384 in the last place where it stands */
    char *at = NULL, *next = (char *)(uintptr_t)der.ptr;
    while ((next = memmem(next, (size_t)(der.ptr + der.len - next),
                          "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8)) != NULL) {
        at = next++;
    }
    assert_non_null(at);
    at[7] = 3;
}
static void century(struct dna_acert_order *o) { o->not_before = NOW - 365 * DAY; }
static void month(struct dna_acert_order *o) { o->not_after = o->not_before + 31 * DAY; }
static void month_and_second(struct dna_acert_order *o)
{
    o->not_after = o->not_before + 31 * DAY + 1;
}

static void the_profile(void **state)
{
    static const struct row rows[] = {
        {.what = "version 1", .draft = v1, BAD, "version 2"},
        {.what = "version 3", .draft = v3, BAD, "version 2"},
        {.what = "v1Form", .draft = v1form, BAD, "v2Form"},
        {.what = "issuer by digest", .draft = issuer_by_digest, BAD, "v2Form"},
        {.what = "nameless issuer", .draft = nameless_issuer, BAD, "name is empty"},
        {.what = "another issuer", .draft = other_issuer, BAD, "is not supplied"},
        {.what = "serial 0", .draft = zero, BAD, "not positive"},
        {.what = "serial -5", .draft = negative, BAD, "not positive"},
        {.what = "serial of 20 octets", .draft = long_serial, GOOD},
        {.what = "serial of 21 octets", .draft = longer_serial, BAD, "longer than 20"},
        {.what = "fraction", .draft = fraction, BAD, "YYYYMMDDHHMMSSZ"},
        {.what = "offset", .draft = offset, BAD, "YYYYMMDDHHMMSSZ"},
        {.what = "no seconds", .draft = no_seconds, BAD, "YYYYMMDDHHMMSSZ"},
        {.what = "February 30", .draft = no_day, BAD, "YYYYMMDDHHMMSSZ"},
        {.what = "backwards", .draft = backwards, BAD, "ends before"},
        {.what = "a year", .order = century, BAD, "more than 366"},
        {.what = "31 days", .order = month, GOOD},
        {.what = "31 days and a second", .order = month_and_second, BAD, "more than 31"},
        {.what = "no attribute", .draft = no_attribute, BAD, "delegates no service"},
        {.what = "another attribute", .draft = other_attribute, BAD, "delegates no service"},
        {.what = "one more attribute", .draft = one_more_attribute, GOOD},
        {.what = "attribute twice", .draft = twice, BAD, "twice"},
        {.what = "UTF8String", .draft = utf8, BAD, "no IA5String"},
        {.what = "signature broken", .sealed = broken, BAD, "not signed by its issuer"},
        {.what = "body broken", .sealed = in_the_body, BAD, "not signed by its issuer"},
        {.what = "another algorithm", .sealed = other_algorithm, BAD, "another one"},
    };
    (void)state;
    RUN(rows);
}

static void boundaries(void **state)
{
    static const struct {
        int64_t before, after;
        enum dna_verdict verdict;
    } rows[] = {
        {NOW, NOW + DAY, DNA_PROVEN}, {NOW + 1, NOW + DAY, DNA_FAIL},
        {NOW - DAY, NOW, DNA_PROVEN}, {NOW - DAY, NOW - 1, DNA_FAIL},
        {NOW, NOW, DNA_PROVEN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct row row = {.what = "boundary"};
        struct scene s;
        struct dna_acert_order order;
        struct dna_span der, cms;
        struct dna_ruling ruling;
        const char *why;
        begin(&s, &row);
        order = order_of(&s);
        order.not_before = rows[i].before;
        order.not_after = rows[i].after;
        assert_int_equal(dna_acert_issue(NULL, &order, &der, &why), DNA_OK);
        assert_int_equal(dna_acert_wrap(NULL, &der, 1, s.issuer, &cms), DNA_OK);
        put_text(&s, cms);
        ruling = world_hear(&s.w);
        expect_ruling("boundary", &ruling, rows[i].verdict,
                      rows[i].verdict == DNA_PROVEN ? DNA_CODE_OK : DNA_CODE_NOT_VALID_NOW);
        free((void *)(uintptr_t)der.ptr);
        free((void *)(uintptr_t)cms.ptr);
        end(&s);
    }
}

/* --- extensions --------------------------------------------------------------------- */

static void extend(struct dna_acert_st *d, const char *oid, int critical, const char *der,
                   size_t len)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *one;
    assert_true(ASN1_OCTET_STRING_set(octets, (const unsigned char *)der, (int)len) == 1);
    one = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
    assert_true(sk_X509_EXTENSION_push(d->info->extensions, one) > 0);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(octets);
}
#define EXTEND(name, oid, critical, der) \
    static void name(struct dna_acert_st *d) { extend(d, oid, critical, der, sizeof(der) - 1); }
EXTEND(unknown_critical, "1.2.3.4", 1, "\x05\x00")
EXTEND(unknown, "1.2.3.4", 0, "\x05\x00")
EXTEND(repeated, "2.5.29.56", 0, "\x05\x00")
EXTEND(audit, "1.3.6.1.5.5.7.1.4", 1, "\x04\x01x")
EXTEND(audit_long, "1.3.6.1.5.5.7.1.4", 1, "\x04\x15" "012345678901234567890")
EXTEND(audit_empty, "1.3.6.1.5.5.7.1.4", 1, "\x04\x00")
EXTEND(proxying, "1.3.6.1.5.5.7.1.10", 0, "\x30\x00")
EXTEND(crl, "2.5.29.31", 0, "\x30\x00")
EXTEND(crl_good, "2.5.29.31", 0, "\x30\x0d\x30\x0b\xa0\x09\xa0\x07\x86\x05" "a:b/c")
EXTEND(ocsp, "1.3.6.1.5.5.7.1.1", 0,
       "\x30\x11\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x01\x86\x03" "a:b")
EXTEND(ca_issuers, "1.3.6.1.5.5.7.1.1", 0,
       "\x30\x11\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x03" "a:b")
EXTEND(target_soft, "2.5.29.55", 0, "\x30\x11\x30\x0f\xa0\x0d\x82\x0bown.example")
EXTEND(target_split, "2.5.29.55", 1,
       "\x30\x16\x30\x07\xa0\x05\x82\x03" "a.b\x30\x00" "\x30\x09\xa0\x07\x82\x05" "c.d.e")
EXTEND(target_split_own, "2.5.29.55", 1,
       "\x30\x1a\x30\x07\xa0\x05\x82\x03" "a.b\x30\x0f\xa0\x0d\x82\x0bOWN.example")
EXTEND(target_group, "2.5.29.55", 1, "\x30\x11\x30\x0f\xa1\x0d\x82\x0bown.example")
EXTEND(target_flat, "2.5.29.55", 1, "\x30\x0f\xa0\x0d\x82\x0bown.example")
EXTEND(target_none, "2.5.29.55", 1, "\x30\x00")
static void hard_no_revocation(struct dna_acert_st *d)
{
    (void)X509_EXTENSION_set_critical(sk_X509_EXTENSION_value(d->info->extensions, 0), 1);
}
static void no_extension(struct dna_acert_st *d)
{
    while (sk_X509_EXTENSION_num(d->info->extensions) != 0) {
        X509_EXTENSION_free(sk_X509_EXTENSION_pop(d->info->extensions));
    }
}
static void only_crl(struct dna_acert_st *d)
{
    no_extension(d);
    crl(d);
}
static void only_ocsp(struct dna_acert_st *d)
{
    no_extension(d);
    ocsp(d);
}
/* The issuer's key is named, by anything but its identifier. */
static void key_id(struct dna_acert_st *d, const char *der, size_t len)
{
    for (int i = sk_X509_EXTENSION_num(d->info->extensions) - 1; i >= 0; i--) {
        X509_EXTENSION *one = sk_X509_EXTENSION_value(d->info->extensions, i);
        if (OBJ_obj2nid(X509_EXTENSION_get_object(one)) == NID_authority_key_identifier) {
            X509_EXTENSION_free(sk_X509_EXTENSION_delete(d->info->extensions, i));
        }
    }
    if (len != 0) {
        extend(d, "2.5.29.35", 0, der, len);
    }
}
static void no_key_id(struct dna_acert_st *d) { key_id(d, "", 0); }
static void other_key_id(struct dna_acert_st *d) { key_id(d, "\x30\x03\x80\x01x", 5); }
static void with_key_id(struct cert_order *o)
{
    o->other_oid = "2.5.29.14";
    o->other = "DER:040179";
}
static void odd_key_id(struct dna_acert_st *d) { key_id(d, "\x04\x01x", 3); }
static void targeted(struct dna_acert_order *o)
{
    o->targets = targets;
    o->n_targets = 2;
}
static void targeted_elsewhere(struct dna_acert_order *o)
{
    o->targets = targets;
    o->n_targets = 1;
}
static void nobody(struct dna_question *q) { q->own = NULL; }

static void extensions(void **state)
{
    static const struct row rows[] = {
        {.what = "unknown", .draft = unknown, GOOD},
        {.what = "unknown and critical", .draft = unknown_critical, BAD, "unknown extension"},
        {.what = "twice", .draft = repeated, BAD, "twice"},
        {.what = "audit", .draft = audit, GOOD},
        {.what = "audit of 21 octets", .draft = audit_long, BAD, "auditIdentity"},
        {.what = "audit of none", .draft = audit_empty, BAD, "auditIdentity"},
        {.what = "proxying", .draft = proxying, BAD, "proxies"},
        {.what = "noRevAvail critical", .draft = hard_no_revocation, BAD, "critical"},
        {.what = "noRevAvail and CRL", .draft = crl_good, BAD, "both has and has not"},
        {.what = "noRevAvail and OCSP", .draft = ocsp, BAD, "both has and has not"},
        {.what = "noRevAvail and caIssuers", .draft = ca_issuers, GOOD},
        {.what = "neither", .draft = no_extension, BAD, "nothing tells"},
        {.what = "no point of a CRL", .draft = only_crl, BAD, "not one URL"},
        {.what = "OCSP", .draft = only_ocsp, BAD, "not supported"},
        {.what = "no key identifier", .draft = no_key_id, GOOD},
        {.what = "of this key", .owner = with_key_id, GOOD},
        {.what = "of another key", .owner = with_key_id, .draft = other_key_id, BAD,
         "is not supplied"},
        {.what = "the certificate names no key", .draft = other_key_id, GOOD},
        {.what = "of an odd key", .draft = odd_key_id, BAD, "authorityKeyIdentifier"},
        {.what = "for us", .order = targeted, GOOD},
        {.what = "for others", .order = targeted_elsewhere, NO_MATCH, "for others than us"},
        {.what = "for somebody", .order = targeted, .question = nobody, NO_MATCH},
        {.what = "for everybody, us unknown", .question = nobody, GOOD},
        {.what = "for us, not critical", .draft = target_soft, BAD, "not critical"},
        {.what = "two Targets, not us", .draft = target_split, NO_MATCH},
        {.what = "two Targets, us", .draft = target_split_own, GOOD},
        {.what = "a group", .draft = target_group, NO_MATCH},
        {.what = "a flat list", .draft = target_flat, BAD, "malformed"},
        {.what = "no target", .draft = target_none, NO_MATCH},
    };
    (void)state;
    RUN(rows);
}

/* --- issuers ------------------------------------------------------------------------ */

static void ca(struct cert_order *o) { o->ca = true; }
static void no_signing(struct cert_order *o) { o->key_usage = "keyEncipherment"; }
static void signing(struct cert_order *o) { o->key_usage = "digitalSignature"; }
static void nameless(struct cert_order *o) { o->subject = NULL; }
static void untrusted(struct cert_order *o) { o->issuer = NULL; }
static void other_domain(struct cert_order *o) { o->names = "DNS:other.example"; }
static void wildcard(struct cert_order *o) { o->names = "DNS:*.com,DNS:*.example.com"; }
static void www(struct cert_order *o) { o->names = "DNS:www." DOMAIN; }
static void email(struct cert_order *o) { o->usage = "emailProtection"; }
static void server(struct cert_order *o) { o->usage = "serverAuth"; }
static void old(struct cert_order *o)
{
    o->not_before = NOW - 9 * DAY;
    o->not_after = NOW - DAY;
}
static void ends_soon(struct cert_order *o) { o->not_after = NOW + 60; }
static void rsa(struct cert_order *o) { o->key = "RSA-2048"; }
static void weak_rsa(struct cert_order *o) { o->key = "RSA-1024"; }
static void ed25519(struct cert_order *o) { o->key = "ED25519"; }
static void p384(struct cert_order *o) { o->key = "P-384"; }
static void p521(struct cert_order *o) { o->key = "P-521"; }
static void srv_name(struct cert_order *o)
{
    o->names = "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server." DOMAIN;
}
static void client_srv_name(struct cert_order *o)
{
    o->names = "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client." DOMAIN;
}
static void controls_none(struct cert_order *o)
{
    o->other_oid = "1.3.6.1.5.5.7.1.6";
    o->other = "DER:3003010100"; /* permitUnSpecified FALSE */
}
static void controls_any(struct cert_order *o)
{
    o->other_oid = "1.3.6.1.5.5.7.1.6";
    o->other = "DER:3000";
}
static void controls_this(struct cert_order *o)
{
    o->other_oid = "1.3.6.1.5.5.7.1.6";
    o->other = "DER:301ca01706156983acf3d4bdfdfeb288dfa78ac3fbd4bed1e32501010100";
}
static void controls_not_this(struct cert_order *o)
{
    o->other_oid = "1.3.6.1.5.5.7.1.6";
    o->other = "DER:3019a11706156983acf3d4bdfdfeb288dfa78ac3fbd4bed1e32501";
}
static void with_www(struct dna_question *q) { q->policy.attribute_cert_accept_www = true; }
static void with_wildcard(struct dna_question *q) { q->policy.attribute_cert_wildcard = true; }

static void issuers(void **state)
{
    static const struct row rows[] = {
        {.what = "a CA", .owner = ca, UNTRUSTED},
        {.what = "no digitalSignature", .owner = no_signing, UNTRUSTED, "not for signing"},
        {.what = "digitalSignature", .owner = signing, GOOD},
        {.what = "no subject", .owner = nameless, BAD, "name is empty"},
        {.what = "untrusted", .owner = untrusted, UNTRUSTED},
        {.what = "another domain", .owner = other_domain, NAMES, "does not name"},
        {.what = "wildcard", .owner = wildcard, NAMES},
        {.what = "wildcards never reach so far", .owner = wildcard, .question = with_wildcard,
         NAMES},
        {.what = "www", .owner = www, NAMES},
        {.what = "www, permitted", .owner = www, .question = with_www, GOOD},
        {.what = "neither, www permitted", .owner = other_domain, .question = with_www, NAMES},
        {.what = "wildcard, www permitted", .owner = wildcard, .question = with_www, NAMES},
        {.what = "SRVName", .owner = srv_name, GOOD},
        {.what = "SRVName of another service", .owner = client_srv_name, NAMES},
        {.what = "for mail", .owner = email, UNTRUSTED},
        {.what = "for servers", .owner = server, GOOD},
        {.what = "expired", .owner = old, DATES},
        {.what = "for a minute", .owner = ends_soon, GOOD, .life = 60},
        {.what = "RSA", .owner = rsa, GOOD},
        {.what = "RSA 1024", .owner = weak_rsa, .verdict = DNA_FAIL,
         .code = DNA_CODE_WEAK_KEY},
        {.what = "Ed25519", .owner = ed25519, GOOD},
        {.what = "P-384", .owner = p384, GOOD},
        {.what = "P-521", .owner = p521, BAD, "not for the signer's key"},
        {.what = "AAControls, nothing", .owner = controls_none, UNTRUSTED, "does not permit"},
        {.what = "AAControls, anything", .owner = controls_any, GOOD},
        {.what = "AAControls, this", .owner = controls_this, GOOD},
        {.what = "AAControls, not this", .owner = controls_not_this, UNTRUSTED},
    };
    (void)state;
    RUN(rows);
}

/* A wildcard that covers the domain; one label below the public suffix none does. */
static void wildcard_issuers(void **state)
{
    static const char *const below[] = {"_xmpp-server.chat.example.com"};
    (void)state;
    for (unsigned permitted = 0; permitted < 2; permitted++) {
        struct row row = {.what = "below", .owner = wildcard};
        struct scene s;
        struct dna_acert_order order;
        struct dna_span der, cms;
        struct dna_ruling ruling;
        const char *why;
        begin(&s, &row);
        order = order_of(&s);
        order.services = below;
        assert_int_equal(dna_acert_issue(NULL, &order, &der, &why), DNA_OK);
        assert_int_equal(dna_acert_wrap(NULL, &der, 1, s.issuer, &cms), DNA_OK);
        put_text(&s, cms);
        s.w.q.domain = "chat.example.com";
        s.w.q.policy.attribute_cert_wildcard = permitted != 0;
        ruling = world_hear(&s.w);
        expect_ruling("below", &ruling, permitted != 0 ? DNA_PROVEN : DNA_FAIL,
                      permitted != 0 ? DNA_CODE_OK : DNA_CODE_NAME_MISMATCH);
        free((void *)(uintptr_t)der.ptr);
        free((void *)(uintptr_t)cms.ptr);
        end(&s);
    }
}

/* --- revocation --------------------------------------------------------------------- */

#define LIST_URL "http://crl.example/a"
#define POINT(bytes) extend(d, "2.5.29.31", 0, bytes, sizeof(bytes) - 1)

struct list_row {
    const char *what;
    void (*owner)(struct cert_order *order);
    void (*draft)(struct dna_acert_st *draft); /* NULL: points to LIST_URL */
    void (*list)(X509_CRL *list);              /* before it is signed */
    bool endless;                              /* without nextUpdate */
    bool by_another;                           /* signed with another key */
    void (*sealed)(struct dna_span *der);      /* after it */
    enum dna_fetch_outcome outcome;            /* 0: fetched */
    enum dna_verdict verdict;
    enum dna_code code;
    const char *why;
    int64_t life;
};

/* One distribution point with LIST_URL, 20 octets, as its full name. */
static void pointed(struct dna_acert_st *d)
{
    no_extension(d);
    POINT("\x30\x1c\x30\x1a\xa0\x18\xa0\x16\x86\x14" LIST_URL);
}
static void pointed_and_asked(struct dna_acert_st *d)
{
    pointed(d);
    ocsp(d);
}
static void pointed_twice(struct dna_acert_st *d)
{
    no_extension(d);
    POINT("\x30\x38\x30\x1a\xa0\x18\xa0\x16\x86\x14" LIST_URL
          "\x30\x1a\xa0\x18\xa0\x16\x86\x14" LIST_URL);
}
static void pointed_for_reasons(struct dna_acert_st *d)
{
    no_extension(d);
    POINT("\x30\x20\x30\x1e\xa0\x18\xa0\x16\x86\x14" LIST_URL "\x81\x02\x05\x60");
}
static void pointed_to_ldap(struct dna_acert_st *d)
{
    no_extension(d);
    POINT("\x30\x1c\x30\x1a\xa0\x18\xa0\x16\x86\x14" "ldap://crl.example/a");
}

static void list_time(X509_CRL *list, int64_t at, int (*set)(X509_CRL *, const ASN1_TIME *))
{
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)at);
    assert_true(time != NULL && set(list, time) == 1);
    ASN1_TIME_free(time);
}
static void list_extend(X509_CRL *list, const char *oid, int critical, const char *der,
                        size_t len)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *one;
    assert_true(ASN1_OCTET_STRING_set(octets, (const unsigned char *)der, (int)len) == 1);
    one = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
    assert_true(X509_CRL_add_ext(list, one, -1) == 1);
    X509_EXTENSION_free(one);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(octets);
}
#define LIST_EXTEND(oid, critical, der) list_extend(l, oid, critical, der, sizeof(der) - 1)
static void revoke(X509_CRL *list, long serial, const char *oid)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(NOW - 3600));
    assert_true(ASN1_INTEGER_set(number, serial) == 1 &&
                X509_REVOKED_set_serialNumber(entry, number) == 1 &&
                X509_REVOKED_set_revocationDate(entry, time) == 1);
    if (oid != NULL) {
        ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
        ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
        X509_EXTENSION *one;
        assert_true(ASN1_OCTET_STRING_set(octets, (const unsigned char *)"\x0a\x01\x08", 3));
        one = X509_EXTENSION_create_by_OBJ(NULL, object, oid[0] == '1', octets);
        assert_true(X509_REVOKED_add_ext(entry, one, -1) == 1);
        X509_EXTENSION_free(one);
        ASN1_OBJECT_free(object);
        ASN1_OCTET_STRING_free(octets);
    }
    assert_true(X509_CRL_add0_revoked(list, entry) == 1);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(time);
}
static void revoked(X509_CRL *l) { revoke(l, 0x1234, NULL); }
static void not_the_same(X509_CRL *l) { revoke(l, 0x1235, NULL); }
static void removed(X509_CRL *l) { revoke(l, 0x1234, "2.5.29.21"); } /* removeFromCRL */
static void odd_entry(X509_CRL *l) { revoke(l, 7, "1.2.3.4"); }
static void hard_extension(X509_CRL *l) { LIST_EXTEND("1.2.3.4", 1, "\x05\x00"); }
static void soft_extension(X509_CRL *l) { LIST_EXTEND("1.2.3.4", 0, "\x05\x00"); }
static void delta(X509_CRL *l) { LIST_EXTEND("2.5.29.27", 0, "\x02\x01\x01"); }
static void about_acerts(X509_CRL *l) { LIST_EXTEND("2.5.29.28", 1, "\x30\x03\x85\x01\xff"); }
static void about_users(X509_CRL *l) { LIST_EXTEND("2.5.29.28", 1, "\x30\x03\x81\x01\xff"); }
static void indirect(X509_CRL *l) { LIST_EXTEND("2.5.29.28", 0, "\x30\x03\x84\x01\xff"); }
static void stale(X509_CRL *l) { list_time(l, NOW, X509_CRL_set1_nextUpdate); }
static void last_second(X509_CRL *l) { list_time(l, NOW + 1, X509_CRL_set1_nextUpdate); }
static void of_now(X509_CRL *l) { list_time(l, NOW, X509_CRL_set1_lastUpdate); }
static void early(X509_CRL *l) { list_time(l, NOW + 1, X509_CRL_set1_lastUpdate); }
static void list_v1(X509_CRL *l) { assert_true(X509_CRL_set_version(l, 0) == 1); }
static void other_name(X509_CRL *l)
{
    X509_NAME *name = X509_NAME_dup(X509_CRL_get_issuer(l));
    assert_true(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                           (const unsigned char *)"x", -1, -1, 0) == 1 &&
                X509_CRL_set_issuer_name(l, name) == 1);
    X509_NAME_free(name);
}
static void break_list(struct dna_span *der) { ((char *)(uintptr_t)der->ptr)[der->len - 1] ^= 1; }
static void cut_list(struct dna_span *der) { der->len--; }
static void list_algorithm(struct dna_span *der) { other_algorithm(*der); }
static void no_list(struct dna_span *der) { *der = dna_span_of("<html>"); }
static void list_signing(struct cert_order *o) { o->key_usage = "digitalSignature,cRLSign"; }

static X509_CRL *draft_list(const struct scene *s, const struct list_row *row)
{
    const unsigned char *p = (const unsigned char *)s->owner.der.ptr;
    X509 *owner = d2i_X509(NULL, &p, (long)s->owner.der.len);
    X509_CRL *list = X509_CRL_new();
    assert_true(X509_CRL_set_version(list, 1) == 1 &&
                X509_CRL_set_issuer_name(list, X509_get_subject_name(owner)) == 1);
    list_time(list, NOW - 3600, X509_CRL_set1_lastUpdate);
    if (!row->endless) {
        list_time(list, NOW + 7200, X509_CRL_set1_nextUpdate);
    }
    X509_free(owner);
    return list;
}

static void publish_list(struct scene *s, const struct list_row *row, unsigned char **der)
{
    X509_CRL *list = draft_list(s, row);
    struct dna_span bytes;
    int len;
    *der = NULL;
    if (row->list != NULL) {
        row->list(list);
    }
    assert_true(X509_CRL_sign(list, row->by_another ? s->middle.key : s->owner.key,
                              EVP_sha256()) > 0);
    len = i2d_X509_CRL(list, der);
    assert_true(len > 0);
    X509_CRL_free(list);
    bytes = (struct dna_span){(char *)*der, (size_t)len};
    if (row->sealed != NULL) {
        row->sealed(&bytes);
    }
    s->w.n_documents = 1;
    s->w.documents[0] = (struct world_document){
        .url = LIST_URL,
        .result = {.outcome = row->outcome != 0 ? row->outcome : DNA_FETCH_OK, .body = bytes,
                   .status = 200, .final_url = LIST_URL, .why = "told so", .obtained = NOW}};
}

#define TEMP(c) .verdict = DNA_TEMPFAIL, .code = c

static void revocation(void **state)
{
    static const struct list_row rows[] = {
        {.what = "an empty list", GOOD, .life = 7200},
        {.what = "list and responder", .draft = pointed_and_asked, GOOD, .life = 7200},
        {.what = "a key for lists", .owner = list_signing, GOOD},
        {.what = "a key not for lists", .owner = signing, UNTRUSTED, "not for signing such"},
        {.what = "revoked", .list = revoked, UNTRUSTED, "has been revoked"},
        {.what = "revoked, it says not", .list = removed, UNTRUSTED, "has been revoked"},
        {.what = "another revoked", .list = not_the_same, GOOD},
        {.what = "an odd entry", .list = odd_entry, BAD, "entry is critical"},
        {.what = "an odd extension", .list = hard_extension, BAD, "unknown extension"},
        {.what = "an extension", .list = soft_extension, GOOD},
        {.what = "a delta", .list = delta, BAD, "difference"},
        {.what = "of attribute certificates", .list = about_acerts, GOOD},
        {.what = "of users", .list = about_users, BAD, "not about all"},
        {.what = "indirect", .list = indirect, BAD, "not about all"},
        {.what = "stale", .list = stale, TEMP(DNA_CODE_NOT_VALID_NOW), "not of this time"},
        {.what = "in its last second", .list = last_second, GOOD, .life = 1},
        {.what = "of now", .list = of_now, GOOD},
        {.what = "of later", .list = early, TEMP(DNA_CODE_NOT_VALID_NOW), "not of this time"},
        {.what = "without an end", .endless = true, BAD, "when the next one"},
        {.what = "version 1", .list = list_v1, BAD, "version 2"},
        {.what = "another's name", .list = other_name, UNTRUSTED, "not one of"},
        {.what = "another's key", .by_another = true, BAD, "not signed by"},
        {.what = "one bit", .sealed = break_list, BAD, "not signed by"},
        {.what = "cut", .sealed = cut_list, BAD, "no revocation list"},
        {.what = "another algorithm", .sealed = list_algorithm, BAD, "another one"},
        {.what = "no list", .sealed = no_list, BAD, "no revocation list"},
        {.what = "absent", .outcome = DNA_FETCH_ABSENT, TEMP(DNA_CODE_FETCH_FAILED)},
        {.what = "forbidden", .outcome = DNA_FETCH_REFUSED, TEMP(DNA_CODE_FETCH_REFUSED)},
        {.what = "two points", .draft = pointed_twice, BAD, "not one URL"},
        {.what = "for some reasons", .draft = pointed_for_reasons, BAD, "not one URL"},
        {.what = "elsewhere", .draft = pointed_to_ldap, BAD, "no http or https URL"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct list_row *list = &rows[i];
        const struct row row = {.what = list->what, .owner = list->owner,
                                .draft = list->draft != NULL ? list->draft : pointed,
                                .verdict = list->verdict, .code = list->code,
                                .why = list->why, .life = list->life};
        struct scene s;
        unsigned char *der;
        begin(&s, &row);
        put_message(&s, &row);
        publish_list(&s, list, &der);
        expect(&s, &row);
        end(&s);
        OPENSSL_free(der);
    }
}

/* A URL is asked only where the domain's key has signed it; it is the peer's choice before. */
static void lists_of_strangers(void **state)
{
    static const struct row rows[] = {
        {.what = "broken", .draft = pointed, .sealed = broken, BAD, "not signed"},
        {.what = "untrusted", .draft = pointed, .owner = untrusted, UNTRUSTED},
        {.what = "another domain", .draft = pointed, .owner = other_domain, NAMES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene s;
        begin(&s, &rows[i]);
        put_message(&s, &rows[i]);
        expect(&s, &rows[i]);
        assert_null(strstr(s.w.asked, "fetch"));
        end(&s);
    }
}

static void lists_without_memory(void **state)
{
    static const struct row row = {.what = "in the end", .draft = pointed, GOOD};
    static const struct list_row list = {.what = "an empty list"};
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct scene s;
        unsigned char *der;
        begin(&s, &row);
        put_message(&s, &row);
        publish_list(&s, &list, &der);
        s.w.alloc = failing_alloc_init(&f, n);
        expect(&s, &row);
        done = !f.failed;
        dna_court_free(s.w.court);
        s.w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        end(&s);
        OPENSSL_free(der);
    }
}

/* --- services ----------------------------------------------------------------------- */

static const char *const upper[] = {"_XMPP-Server.EXAMPLE.com"};
static const char *const client[] = {"_xmpp-client." DOMAIN};
static const char *const sub[] = {"_xmpp-server.sub." DOMAIN};
static const char *const star[] = {"_xmpp-server.*.com", "_xmpp-server.*"};
static const char *const bare[] = {DOMAIN, ("xmpp-server." DOMAIN), "_xmpp-server"};
static const char *const several[] = {"_xmpp-server.other.example", SERVICE};
#define DELEGATE(name, list)                                                                  \
    static void name(struct dna_acert_order *o)                                               \
    {                                                                                         \
        o->services = list;                                                                   \
        o->n_services = sizeof(list) / sizeof *(list);                                        \
    }
DELEGATE(upper_case, upper)
DELEGATE(to_client, client)
DELEGATE(below_it, sub)
DELEGATE(to_all, star)
DELEGATE(without_service, bare)
DELEGATE(among_others, several)
static void as_client(struct dna_question *q) { q->service = DNA_XMPP_CLIENT; }

static void delegated_services(void **state)
{
    static const struct row rows[] = {
        {.what = "upper case", .order = upper_case, GOOD},
        {.what = "another service", .order = to_client, NO_MATCH, "does not delegate"},
        {.what = "another service, asked for", .order = to_client, .question = as_client, GOOD},
        {.what = "this one, another asked for", .question = as_client, NO_MATCH},
        {.what = "below it", .order = below_it, NO_MATCH},
        {.what = "wildcard", .order = to_all, NO_MATCH},
        {.what = "no service", .order = without_service, NO_MATCH},
        {.what = "several", .order = among_others, GOOD},
    };
    (void)state;
    RUN(rows);
}

/* --- messages ----------------------------------------------------------------------- */

static char *writable(struct dna_span *cms) { return (char *)(uintptr_t)cms->ptr; }
static char *version_in(struct dna_span *cms)
{
    char *at = memmem(cms->ptr, cms->len, "\x02\x01\x04\x31\x00", 5);
    assert_non_null(at);
    return at;
}
static void cms_1(struct scene *s, struct dna_span *cms)
{
    (void)s;
    version_in(cms)[2] = 1;
}
static void cms_3(struct scene *s, struct dna_span *cms)
{
    (void)s;
    version_in(cms)[2] = 3;
}
static void replace(struct dna_span *cms, const void *bytes, size_t len)
{
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    free(writable(cms));
    *cms = (struct dna_span){copy, len};
}
static void trailing(struct scene *s, struct dna_span *cms)
{
    char bytes[8192];
    (void)s;
    memcpy(bytes, cms->ptr, cms->len);
    bytes[cms->len] = 0;
    replace(cms, bytes, cms->len + 1);
}
/* The outer SEQUENCE with an indefinite length (BER). */
static void indefinite(struct scene *s, struct dna_span *cms)
{
    char bytes[8192] = {0x30, (char)0x80};
    (void)s;
    memcpy(bytes + 2, cms->ptr + 4, cms->len - 4);
    replace(cms, bytes, cms->len);
}
static void signers(struct scene *s, struct dna_span *cms)
{
    (void)s;
    assert_int_equal(cms->ptr[cms->len - 2], 0x31);
    writable(cms)[cms->len - 2] = (char)0xa1; /* revocation lists, and no set of signers */
}
static void cut_off(struct scene *s, struct dna_span *cms)
{
    (void)s;
    cms->len -= 1;
}
static void pkcs12(struct scene *s, struct dna_span *cms)
{
    static const char pfx[] = "\x30\x10\x02\x01\x03\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d"
                              "\x01\x07\x01";
    (void)s;
    replace(cms, pfx, sizeof pfx - 1);
}
static void no_acert(struct scene *s, struct dna_span *cms)
{
    struct dna_span other;
    assert_int_equal(dna_acert_wrap(NULL, NULL, 0, s->issuer, &other), DNA_OK);
    free(writable(cms));
    *cms = other;
}
static void wrap_many(struct scene *s, struct dna_span *cms, size_t n)
{
    const struct row plain = {.what = "plain"};
    struct dna_span der = make_acert(s, &plain), list[9], other;
    for (size_t i = 0; i < n; i++) {
        list[i] = der;
    }
    assert_int_equal(dna_acert_wrap(NULL, list, n, s->issuer, &other), DNA_OK);
    free(writable(&der));
    free(writable(cms));
    *cms = other;
}
static void eight(struct scene *s, struct dna_span *cms) { wrap_many(s, cms, 8); }
static void nine(struct scene *s, struct dna_span *cms) { wrap_many(s, cms, 9); }

static void messages(void **state)
{
    static const struct row rows[] = {
        {.what = "version 1", .message = cms_1, BAD, "version 4"},
        {.what = "version 3", .message = cms_3, BAD, "version 4"},
        {.what = "trailing", .message = trailing, BAD, "bytes follow"},
        {.what = "indefinite", .message = indefinite, BAD, "not DER"},
        {.what = "signers", .message = signers, BAD, "signers"},
        {.what = "cut off", .message = cut_off, BAD, "not DER"},
        {.what = "PKCS#12", .message = pkcs12, BAD, "no CMS"},
        {.what = "no attribute certificate", .message = no_acert, BAD, "no attribute"},
        {.what = "eight", .message = eight, GOOD},
        {.what = "nine", .message = nine, BAD, "more attribute certificates"},
    };
    (void)state;
    RUN(rows);
}

static void texts(void **state)
{
    static const struct row plain = {.what = "text"};
    char spaced[2 * DNA_LIMIT_PROOF];
    struct scene s;
    struct dna_ruling ruling;
    char *mark;
    size_t n = 0;
    (void)state;
    begin(&s, &plain);
    put_message(&s, &plain);
    for (const char *c = s.text; *c != '\0'; c++) { /* wrapped and indented */
        if (n % 70 == 0) {
            n += (size_t)sprintf(spaced + n, "\r\n\t ");
        }
        spaced[n++] = *c;
    }
    spaced[n] = '\0';
    s.w.peer.content = (struct dna_span){spaced, n};
    ruling = world_hear(&s.w);
    expect_ruling("white space", &ruling, DNA_PROVEN, DNA_CODE_OK);
    mark = strpbrk(s.text, "+/");
    assert_non_null(mark);
    *mark = *mark == '+' ? '-' : '_';
    s.w.peer.content = dna_span_of(s.text);
    ruling = world_hear(&s.w);
    expect_ruling("base64url", &ruling, DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    s.w.peer.content = dna_span_of("MII!");
    ruling = world_hear(&s.w);
    expect_ruling("not base64", &ruling, DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    s.w.peer.content = dna_span_of("");
    ruling = world_hear(&s.w);
    expect_ruling("empty", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    s.w.peer.outcome = DNA_PEER_IMPOSSIBLE;
    ruling = world_hear(&s.w);
    expect_ruling("impossible", &ruling, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE);
    s.w.peer.outcome = DNA_PEER_SILENT;
    ruling = world_hear(&s.w);
    expect_ruling("silent", &ruling, DNA_TEMPFAIL, DNA_CODE_PEER_SILENT);
    end(&s);
}

static size_t add_block(char *out, const char *label, struct dna_span der)
{
    size_t n = (size_t)sprintf(out, "-----BEGIN %s-----\n", label);
    assert_int_equal(dna_base64_encode((const unsigned char *)der.ptr, der.len, out + n, 8192),
                     DNA_OK);
    n += strlen(out + n);
    return n + (size_t)sprintf(out + n, "\n-----END %s-----\n", label);
}

static void pem(void **state)
{
    static const struct row plain = {.what = "PEM"};
    static const char *const middle[] = {"CERTIFICATE", "X509 CRL"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct scene s;
        struct dna_span der;
        struct dna_ruling ruling;
        size_t n;
        begin(&s, &plain);
        der = make_acert(&s, &plain);
        n = add_block(s.text, middle[i], s.middle.der);
        n += add_block(s.text + n, "ATTRIBUTE CERTIFICATE", der);
        n += add_block(s.text + n, "CERTIFICATE", s.owner.der);
        s.w.peer.content = (struct dna_span){s.text, n};
        ruling = world_hear(&s.w);
        expect_ruling(middle[i], &ruling, i == 0 ? DNA_PROVEN : DNA_FAIL,
                      i == 0 ? DNA_CODE_OK : DNA_CODE_BAD_MATERIAL);
        free((void *)(uintptr_t)der.ptr);
        end(&s);
    }
}

/* One that matches is enough, wherever it stands; what is needed for none is not asked. */
static void the_second_matches(void **state)
{
    static const struct row good = {.what = "good"}, other = {.what = "other",
                                                              .order = of_owner};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct scene s;
        struct dna_span list[2], cms;
        struct dna_ruling ruling;
        begin(&s, &good);
        list[0] = make_acert(&s, i & 1 ? &good : &other);
        list[1] = make_acert(&s, i & 2 ? &good : &other);
        assert_int_equal(dna_acert_wrap(NULL, list, 2, s.issuer, &cms), DNA_OK);
        put_text(&s, cms);
        ruling = world_hear(&s.w);
        expect_ruling("two", &ruling, i != 0 ? DNA_PROVEN : DNA_FAIL,
                      i != 0 ? DNA_CODE_OK : DNA_CODE_NO_MATCH);
        if (i == 0) {
            assert_null(strstr(s.w.asked, "signature"));
        }
        free((void *)(uintptr_t)list[0].ptr);
        free((void *)(uintptr_t)list[1].ptr);
        free((void *)(uintptr_t)cms.ptr);
        end(&s);
    }
}

/* --- the hearing -------------------------------------------------------------------- */

/* S1 */
static void off_by_default(void **state)
{
    static const struct row plain = {.what = "default"};
    struct scene s;
    struct dna_ruling ruling;
    (void)state;
    begin(&s, &plain);
    put_message(&s, &plain);
    s.w.q.policy = dna_policy_default();
    ruling = world_hear(&s.w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    s.w.q.policy.prooftypes |= ALONE;
    ruling = world_hear(&s.w);
    expect_ruling("admitted", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_int_equal(ruling.prooftype, DNA_PROOF_ATTRIBUTE_CERT);
    s.w.q.policy.level = DNA_LEVEL_STRONG;
    ruling = world_hear(&s.w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    end(&s);
}

/* S10: forged SRV records do not bar an issuer that names the domain itself from the
 * receiving side; who answers for www alone is barred. */
static void under_a_veto(void **state)
{
    static const struct row itself = {.what = "itself"},
                            as_www = {.what = "www", .owner = www, .question = with_www};
    const struct row *const rows[] = {&itself, &as_www};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        const struct row *row = rows[i / 2];
        struct scene s;
        struct dna_ruling ruling;
        begin(&s, row);
        put_message(&s, row);
        (void)world_srv(&s.w, PLAIN, BOGUS, HOST, 5269);
        s.w.q.role = i % 2 != 0 ? DNA_INITIATING : DNA_RECEIVING;
        ruling = world_hear(&s.w);
        if (i == 0) {
            expect_ruling(row->what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        } else {
            assert_int_not_equal(ruling.verdict, DNA_PROVEN);
            assert_int_equal(ruling.code, DNA_CODE_DNS_BOGUS);
        }
        (void)world_srv(&s.w, PLAIN, FAILED, HOST, 5269);
        s.w.q.role = DNA_RECEIVING;
        ruling = world_hear(&s.w);
        assert_int_equal(ruling.verdict, row == &itself ? DNA_PROVEN : DNA_TEMPFAIL);
        end(&s);
    }
}

static void without_memory(void **state)
{
    static const struct row row = {.what = "in the end", .order = by_name, GOOD};
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct scene s;
        begin(&s, &row);
        put_message(&s, &row);
        s.w.alloc = failing_alloc_init(&f, n);
        expect(&s, &row);
        done = !f.failed;
        dna_court_free(s.w.court);
        s.w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holders),
        cmocka_unit_test(a_cloned_holder),
        cmocka_unit_test(the_profile),
        cmocka_unit_test(boundaries),
        cmocka_unit_test(extensions),
        cmocka_unit_test(issuers),
        cmocka_unit_test(revocation),
        cmocka_unit_test(lists_of_strangers),
        cmocka_unit_test(wildcard_issuers),
        cmocka_unit_test(delegated_services),
        cmocka_unit_test(messages),
        cmocka_unit_test(texts),
        cmocka_unit_test(pem),
        cmocka_unit_test(the_second_matches),
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(under_a_veto),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(lists_without_memory), /* the slow one */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
