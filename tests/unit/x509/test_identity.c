/* Names in certificates: what matches a domain, and all that must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <x509/identity.h>

#define SRV "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:"
#define XMPP "otherName:1.3.6.1.5.5.7.8.5;UTF8:"

static const struct {
    const char *names, *subject, *domain;
    bool dns, srv, xmpp;
} rows[] = {
    {"DNS:example.com", "x", "example.com", true, false, false},
    {"DNS:EXAMPLE.Com", "x", "example.com", true, false, false},
    {"DNS:example.com.", "x", "example.com", false, false, false}, /* escapes constraints */
    {"DNS:a.example,DNS:b.example,DNS:example.com", "x", "example.com", true, false, false},
    {"DNS:example.com", "x", "im.example.com", false, false, false},
    {"DNS:im.example.com", "x", "example.com", false, false, false},
    {"DNS:example.co", "x", "example.com", false, false, false},
    {"DNS:example.com.evil.example", "x", "example.com", false, false, false},
    {"DNS:*.example.com", "x", "im.example.com", true, false, false},
    {"DNS:*.example.com", "x", "example.com", false, false, false},
    {"DNS:*.example.com", "x", "a.im.example.com", false, false, false},
    {"DNS:*.com", "x", "example.com", false, false, false},
    {"DNS:*", "x", "example", false, false, false},
    {"DNS:i*.example.com", "x", "im.example.com", false, false, false},
    {"DNS:*m.example.com", "x", "im.example.com", false, false, false},
    {"DNS:*.*.example.com", "x", "a.im.example.com", false, false, false},
    {"DNS:im.*.com", "x", "im.example.com", false, false, false},
    {"DNS:other.example", "example.com", "example.com", false, false, false}, /* CN only */
    {"URI:xmpp://example.com", "x", "example.com", false, false, false},
    {"email:a@example.com", "x", "example.com", false, false, false},
    {SRV "_xmpp-server.example.com", "x", "example.com", false, true, false},
    {SRV "_XMPP-Server.Example.com", "x", "example.com", false, true, false},
    {SRV "_xmpp-client.example.com", "x", "example.com", false, false, false},
    {SRV "xmpp-server.example.com", "x", "example.com", false, false, false},
    {SRV "_xmpp-server.*.com", "x", "example.com", false, false, false},
    {SRV "_xmpp-server.", "x", "example.com", false, false, false},
    {XMPP "example.com", "x", "example.com", false, false, true},
    {XMPP "alice@example.com", "x", "example.com", false, false, false},
    {XMPP "example.com/r", "x", "example.com", false, false, false},
    {XMPP "*.com", "x", "example.com", false, false, false},
};

/* As lenient as may be: takes the domain out of a whole address. */
static bool lower_case(struct dna_span text, char *out, size_t room)
{
    const char *at = memchr(text.ptr, '@', text.len);
    const char *slash = memchr(text.ptr, '/', text.len);
    if (slash != NULL) {
        text.len = (size_t)(slash - text.ptr);
    }
    if (at != NULL) {
        text.len -= (size_t)(at - text.ptr) + 1;
        text.ptr = at + 1;
    }
    if (text.len >= room) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        out[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + 32
                                                                 : text.ptr[i]);
    }
    out[text.len] = '\0';
    return true;
}

static void only_the_right_names_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert_order order = {.subject = rows[i].subject, .names = rows[i].names};
        struct cert cert = cert_make(&order);
        const struct cert *list[] = {&cert};
        struct dna_chain *chain = cert_chain(list, 1);
        if (dna_identity_dns(chain, rows[i].domain, true) != rows[i].dns ||
            dna_identity_srv(chain, "xmpp-server", rows[i].domain) != rows[i].srv ||
            dna_identity_xmpp_addr(chain, rows[i].domain, lower_case) != rows[i].xmpp) {
            fail_msg("%s for %s", rows[i].names, rows[i].domain);
        }
        if (strchr(rows[i].names, '*') != NULL) {
            assert_false(dna_identity_dns(chain, rows[i].domain, false));
        }
        dna_chain_free(chain);
        cert_free(&cert);
    }
}

/* A NUL byte inside a name: made by changing a byte of the DER. */
static void a_nul_byte_ends_no_name(void **state)
{
    struct cert_order order = {.subject = "x", .names = "DNS:example.comZevil.example"};
    struct cert cert = cert_make(&order);
    const struct cert *list[] = {&cert};
    struct dna_chain *chain;
    struct dna_span name;
    char *z = memmem(cert.der.ptr, cert.der.len, "comZevil", 8);
    (void)state;
    assert_non_null(z);
    z[3] = '\0';
    chain = cert_chain(list, 1);
    assert_int_equal(dna_chain_leaf_name(chain, DNA_NAME_DNS, 0, &name), DNA_ERR_NOT_FOUND);
    assert_false(dna_identity_dns(chain, "example.com", true));
    dna_chain_free(chain);
    cert_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_names_match),
        cmocka_unit_test(a_nul_byte_ends_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
