/* x509/acert_show.c: an attribute certificate in words.
 *
 * Nothing is judged here.  Names are written as the library writes them, numbers in hex,
 * object identifiers in dots; values that have no text are shown in hex.
 */
#include <x509/acert_show.h>

#include <string.h>

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <x509/acert_asn1.h>
#include <x509/acert_extensions.h>
#include <x509/library.h>

/* One field is written at a time. */
struct show {
    dna_acert_field_fn *field;
    void *arg;
    BIO *text;
    bool failed;
};

static void put(struct show *s, const char *text)
{
    s->failed |= text[0] != '\0' && BIO_puts(s->text, text) <= 0;
}

static void end(struct show *s, const char *key)
{
    char *text;
    long len = BIO_get_mem_data(s->text, &text);
    if (!s->failed) {
        s->field(s->arg, key, (struct dna_span){text, len > 0 ? (size_t)len : 0});
    }
    (void)BIO_reset(s->text);
}

static void put_hex(struct show *s, struct dna_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        s->failed |= BIO_printf(s->text, "%02x", (unsigned)(unsigned char)bytes.ptr[i]) < 0;
    }
}

static void put_bytes(struct show *s, struct dna_span bytes)
{
    s->failed |= bytes.len != 0 &&
                 BIO_write(s->text, bytes.ptr, (int)bytes.len) != (int)bytes.len;
}

static void put_object(struct show *s, const ASN1_OBJECT *object)
{
    char dots[128];
    int nid = OBJ_obj2nid(object);
    if (OBJ_obj2txt(dots, sizeof dots, object, 1) <= 0) {
        put(s, "?");
        return;
    }
    put(s, dots);
    if (nid != NID_undef) {
        put(s, " (");
        put(s, OBJ_nid2sn(nid));
        put(s, ")");
    }
}

static void put_number(struct show *s, const ASN1_INTEGER *number)
{
    put(s, (ASN1_STRING_type(number) & V_ASN1_NEG) != 0 ? "-" : "");
    put_hex(s, dna_acert_string(number));
}

static void show_names(struct show *s, const char *key, const STACK_OF(GENERAL_NAME) *names)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        s->failed |= GENERAL_NAME_print(s->text, sk_GENERAL_NAME_value(names, i)) != 1;
        end(s, key);
    }
}

static void show_base(struct show *s, const char *issuer, const char *serial,
                      const struct dna_acert_issuer_serial *base)
{
    if (base != NULL) {
        show_names(s, issuer, base->issuer);
        put_number(s, base->serial);
        end(s, serial);
    }
}

static void show_digest(struct show *s, const char *key, const struct dna_acert_digest *d)
{
    static const char *const types[] = {"key", "certificate", "other object"};
    const ASN1_OBJECT *algorithm;
    int64_t type = -1;
    if (d == NULL) {
        return;
    }
    (void)ASN1_ENUMERATED_get_int64(&type, d->type);
    X509_ALGOR_get0(&algorithm, NULL, NULL, d->algorithm);
    put(s, type >= 0 && type <= 2 ? types[type] : "unknown object");
    put(s, ", ");
    put_object(s, algorithm);
    put(s, ": ");
    put_hex(s, dna_acert_string(d->digest));
    end(s, key);
}

static void show_issuer(struct show *s, const struct dna_acert_issuer *issuer)
{
    if (issuer->type == DNA_ACERT_V1FORM) {
        show_names(s, "issuer_v1", issuer->d.v1form);
        return;
    }
    show_names(s, "issuer", issuer->d.v2form->name);
    show_base(s, "issuer_certificate_issuer", "issuer_certificate_serial",
              issuer->d.v2form->base_certificate);
    show_digest(s, "issuer_digest", issuer->d.v2form->digest);
}

static bool is_text(int type)
{
    return type == V_ASN1_IA5STRING || type == V_ASN1_UTF8STRING ||
           type == V_ASN1_PRINTABLESTRING;
}

static void show_attributes(struct show *s, const STACK_OF(X509_ATTRIBUTE) *list)
{
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(list); i++) {
        X509_ATTRIBUTE *one = sk_X509_ATTRIBUTE_value(list, i);
        for (int j = 0; j < X509_ATTRIBUTE_count(one); j++) {
            ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(one, j);
            unsigned char *der = NULL;
            int len = is_text(value->type) ? 0 : i2d_ASN1_TYPE(value, &der);
            put_object(s, X509_ATTRIBUTE_get0_object(one));
            put(s, ": ");
            if (is_text(value->type)) {
                put_bytes(s, dna_acert_string(value->value.asn1_string));
            } else {
                s->failed |= len <= 0;
                put_hex(s, (struct dna_span){(char *)der, len > 0 ? (size_t)len : 0});
            }
            OPENSSL_free(der);
            end(s, "attributes");
        }
    }
}

static void show_extensions(struct show *s, const STACK_OF(X509_EXTENSION) *list)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        X509_EXTENSION *one = sk_X509_EXTENSION_value(list, i);
        put_object(s, X509_EXTENSION_get_object(one));
        put(s, X509_EXTENSION_get_critical(one) != 0 ? ", critical: " : ": ");
        put_hex(s, dna_acert_string(X509_EXTENSION_get_data(one)));
        end(s, "extensions");
    }
}

static void show(struct show *s, const struct dna_acert_st *st)
{
    const struct dna_acert_info *info = st->info;
    const ASN1_OBJECT *algorithm;
    int64_t version = -1;
    (void)ASN1_INTEGER_get_int64(&version, info->version);
    s->failed |= BIO_printf(s->text, "%lld", (long long)version + 1) < 0;
    end(s, "version");
    show_names(s, "holder", info->holder->entity_name);
    show_base(s, "holder_certificate_issuer", "holder_certificate_serial",
              info->holder->base_certificate);
    show_digest(s, "holder_digest", info->holder->digest);
    show_issuer(s, info->issuer);
    put_number(s, info->serial);
    end(s, "serial");
    put_bytes(s, dna_acert_string(info->validity->not_before));
    end(s, "not_before");
    put_bytes(s, dna_acert_string(info->validity->not_after));
    end(s, "not_after");
    X509_ALGOR_get0(&algorithm, NULL, NULL, st->algorithm);
    put_object(s, algorithm);
    end(s, "signature_algorithm");
    show_attributes(s, info->attributes);
    show_extensions(s, info->extensions);
}

enum dna_err dna_acert_show(const struct dna_acert *acert, dna_acert_field_fn *field,
                            void *arg)
{
    struct show s = {.field = field, .arg = arg};
    dna_library_enter();
    s.text = BIO_new(BIO_s_mem());
    if (s.text != NULL) {
        show(&s, acert->st);
    }
    s.failed |= s.text == NULL;
    BIO_free(s.text);
    return dna_library_leave(s.failed ? DNA_ERR_MEMORY : DNA_OK);
}
