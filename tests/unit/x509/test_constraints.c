/* Name constraints on SRVNames (RFC 4985 4, S7), and what the library hides beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>

#define SRV "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:"
#define SRV_UTF8 "otherName:1.3.6.1.5.5.7.8.7;UTF8:"
#define ADDR "otherName:1.3.6.1.5.5.7.8.5;UTF8:"
#define HERE "critical,permitted;" SRV "_xmpp-server.example.com"

/* S: SRVNames count; C: the path is good, they do not count; X: refused for a constraint. */
static char outcome(const struct dna_chain *chain, const struct dna_roots *roots)
{
    struct dna_path path;
    assert_int_equal(dna_path_check(chain, roots, CERTS_NOW, &path), DNA_OK);
    if (path.code == DNA_PATH_CONSTRAINTS) {
        assert_true(path.constrained && !path.srvname_usable && path.why[0] != '\0');
        return 'X';
    }
    assert_int_equal(path.code, DNA_PATH_OK);
    return path.srvname_usable ? 'S' : 'C';
}

/* CAs with these constraints from the root down; NULL: none; fewer than three: the rest is
 * left out. */
static char under(const char *const constraints[3], size_t n, const char *names)
{
    struct cert chain[4] = {{.key = NULL}};
    const struct cert *presented[3];
    struct dna_roots *roots;
    struct dna_chain *made;
    char got;
    for (size_t i = 0; i < n; i++) {
        static const char *const subjects[] = {"root", "first", "second"};
        chain[i] = cert_make(&(struct cert_order){
            .subject = subjects[i], .ca = true, .issuer = i > 0 ? &chain[i - 1] : NULL,
            .constraints = constraints[i]});
    }
    chain[n] = cert_make(
        &(struct cert_order){.subject = "leaf", .issuer = &chain[n - 1], .names = names});
    for (size_t i = 0; i < n; i++) {
        presented[i] = &chain[n - i];
    }
    roots = cert_roots(&chain[0]);
    made = cert_chain(presented, n);
    got = outcome(made, roots);
    dna_chain_free(made);
    dna_roots_free(roots);
    for (size_t i = 0; i <= n; i++) {
        cert_free(&chain[i]);
    }
    return got;
}

static char under_one(const char *constraint, const char *names)
{
    return under((const char *const[3]){NULL, constraint}, 2, names);
}

/* The table of RFC 4985 4, permitted and excluded. */
static void parts_are_compared_apart(void **state)
{
    static const struct {
        const char *constraint, *name;
        bool covers;
    } rows[] = {
        {"example.com", "_mail.example.com", true},
        {"example.com", "_ntp.example.com", true},
        {"example.com", "_mail.1.example.com", true},
        {"example.com", "_mail.1example.com", false},
        {"_mail", "_mail.example.com", true},
        {"_mail", "_mail.1example.com", true},
        {"_mail", "_ntp.example.com", false},
        {"_mail", "_mails.example.com", false},
        {"_mail.example.com", "_mail.example.com", true},
        {"_mail.example.com", "_mail.1.example.com", true},
        {"_mail.example.com", "_mail.1example.com", false},
        {"_mail.example.com", "_ntp.example.com", false},
        {"host.example.com", "_mail.www.host.example.com", true},
        {"host.example.com", "_mail.1host.example.com", false},
        {"host.example.com", "_mail.example.com", false},
        {"EXAMPLE.com", "_mail.Example.COM", true},
        {"_MAIL", "_mail.example.com", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char permitted[200], excluded[200], name[200];
        (void)snprintf(permitted, sizeof permitted, "critical,permitted;" SRV "%s",
                       rows[i].constraint);
        (void)snprintf(excluded, sizeof excluded, "critical,excluded;" SRV "%s",
                       rows[i].constraint);
        (void)snprintf(name, sizeof name, SRV "%s", rows[i].name);
        if (under_one(permitted, name) != (rows[i].covers ? 'S' : 'X') ||
            under_one(excluded, name) != (rows[i].covers ? 'X' : 'C')) {
            fail_msg("%s, %s", rows[i].constraint, rows[i].name);
        }
    }
}

static void every_constrained_ca_must_permit(void **state)
{
    static const struct {
        const char *what, *constraints[3];
        size_t n;
        const char *names;
        char outcome;
    } rows[] = {
        {"none", {NULL, NULL, NULL}, 3, SRV "_xmpp-server.example.com", 'S'},
        {"for dNSNames only", {NULL, "critical,permitted;DNS:example.com"}, 2,
         "DNS:example.com," SRV "_xmpp-server.victim.example", 'C'},
        {"an exclusion is no permission", {NULL, "critical,excluded;" SRV "evil.example"}, 2,
         SRV "_xmpp-server.example.com", 'C'},
        {"two that permit", {NULL, HERE, "critical,permitted;" SRV "example.com"}, 3,
         SRV "_xmpp-server.example.com", 'S'},
        {"two, one for dNSNames", {NULL, HERE, "critical,permitted;DNS:example.com"}, 3,
         SRV "_xmpp-server.example.com", 'C'},
        {"two, the upper for dNSNames", {NULL, "critical,permitted;DNS:example.com", HERE}, 3,
         SRV "_xmpp-server.example.com", 'C'},
        {"two, the upper does not permit this", {NULL, HERE, "critical,permitted;" SRV "_imap"},
         3, SRV "_xmpp-server.example.com", 'X'},
        {"the root", {HERE, NULL}, 2, SRV "_xmpp-server.example.com", 'S'},
        {"the root, another name", {HERE, NULL}, 2, SRV "_xmpp-server.example.org", 'X'},
        {"the root, for dNSNames", {"critical,permitted;DNS:example.com", NULL}, 2,
         SRV "_xmpp-server.example.com", 'C'},
        {"excluded goes first", {NULL, HERE ",excluded;" SRV "_xmpp-server.im.example.com"}, 2,
         SRV "_xmpp-server.im.example.com", 'X'},
        {"one of two names", {NULL, HERE}, 2,
         SRV "_xmpp-server.example.com," SRV "_xmpp-server.evil.example", 'X'},
        {"the name within obeys dNSName constraints",
         {NULL, HERE ",permitted;DNS:example.com"}, 2, SRV "_xmpp-server.example.com", 'S'},
        {"... and does not", {NULL, HERE ",permitted;DNS:example.org"}, 2,
         SRV "_xmpp-server.example.com", 'C'},
        {"... is excluded", {NULL, HERE ",excluded;DNS:im.example.com"}, 2,
         SRV "_xmpp-server.im.example.com", 'C'},
        {"... of any service", {NULL, "critical,permitted;" SRV "_xmpp-server,"
         "permitted;DNS:example.com"}, 2, SRV "_xmpp-server.victim.example", 'C'},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got = under(rows[i].constraints, rows[i].n, rows[i].names);
        if (got != rows[i].outcome) {
            fail_msg("%s: %c", rows[i].what, got);
        }
    }
}

/* The library stops at a SRVName: a forbidden name beside it must still be found. */
static void nothing_hides_behind_a_service(void **state)
{
#define XMPP SRV "_xmpp-server.example.com"
    static const struct {
        const char *what, *constraint, *names;
        char outcome;
    } rows[] = {
        {"DNS", HERE ",permitted;DNS:example.com", XMPP ",DNS:evil.example", 'X'},
        {"DNS excluded", HERE ",excluded;DNS:evil.example", XMPP ",DNS:a.evil.example", 'X'},
        {"DNS permitted", HERE ",permitted;DNS:example.com", XMPP ",DNS:a.example.com", 'S'},
        {"IP", HERE ",permitted;IP:192.0.2.0/255.255.255.0", XMPP ",IP:198.51.100.1", 'X'},
        {"IP permitted", HERE ",permitted;IP:192.0.2.0/255.255.255.0", XMPP ",IP:192.0.2.1",
         'S'},
        {"e-mail is not evaluated", HERE ",permitted;email:example.com",
         XMPP ",email:a@example.com", 'X'},
        {"e-mail, none there", HERE ",permitted;email:example.com", XMPP, 'S'},
        {"XmppAddr is not evaluated", HERE ",permitted;" ADDR "example.com",
         XMPP "," ADDR "example.com", 'X'},
        {"XmppAddr by itself", "critical,permitted;" ADDR "example.com", ADDR "example.com",
         'X'},
        {"another string type", HERE, SRV_UTF8 "_xmpp-server.example.com", 'X'},
        {"another string type, where nothing is said of it",
         "critical,permitted;DNS:example.com", SRV_UTF8 "_xmpp-server.example.com", 'C'},
        {"no service", HERE, SRV "example.com", 'X'},
        {"no name", HERE, SRV "_xmpp-server", 'X'},
        {"an empty service", HERE, SRV "_.example.com", 'X'},
        {"an empty label", HERE, SRV "_xmpp-server..example.com", 'X'},
        {"an empty constraint", "critical,permitted;" SRV ".", XMPP, 'X'},
        {"a constraint without service", "critical,permitted;" SRV "_", XMPP, 'X'},
        {"a constraint of another type", "critical,permitted;" SRV_UTF8 "example.com", XMPP,
         'X'},
        {"... beside a good one", HERE ",permitted;" SRV_UTF8 "example.com", XMPP, 'X'},
        {"... excluded", HERE ",excluded;" SRV_UTF8 "evil.example", XMPP, 'X'},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got = under_one(rows[i].constraint, rows[i].names);
        if (got != rows[i].outcome) {
            fail_msg("%s: %c", rows[i].what, got);
        }
    }
}

/* The authority key identifier that names the issuer's certificate by its serial number. */
static void identify(const struct cert *issuer, char out[40])
{
    const unsigned char *serial = (const unsigned char *)issuer->der.ptr + 13;
    assert_true(serial[0] == 2 && serial[1] <= 2);
    (void)snprintf(out, 40, "DER:30%02x82%02x%02x", serial[1] + 2u, serial[1], serial[2]);
    if (serial[1] == 2) {
        (void)snprintf(out + strlen(out), 3, "%02x", serial[3]);
    }
}

/* A new key of the same CA, which names itself as it likes; what it issues is bound. */
static void self_issued_intermediates_are_exempt(void **state)
{
    static const struct {
        const char *names;
        char outcome;
    } rows[] = {{SRV "_xmpp-server.example.com", 'S'}, {SRV "_xmpp-server.evil.example", 'X'}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cert root = cert_make(
            &(struct cert_order){.subject = "root", .ca = true, .constraints = HERE});
        struct cert middle, leaf;
        struct dna_roots *roots = cert_roots(&root);
        struct dna_chain *chain;
        char identifier[40];
        identify(&root, identifier);
        middle = cert_make(&(struct cert_order){
            .subject = "root", .issuer = &root, .ca = true,
            .names = SRV "_imap.elsewhere.example", .other_oid = "2.5.29.35",
            .other = identifier});
        identify(&middle, identifier);
        leaf = cert_make(&(struct cert_order){
            .subject = "leaf", .issuer = &middle, .names = rows[i].names,
            .other_oid = "2.5.29.35", .other = identifier});
        chain = cert_chain((const struct cert *[]){&leaf, &middle}, 2);
        assert_int_equal(outcome(chain, roots), rows[i].outcome);
        dna_chain_free(chain);
        dna_roots_free(roots);
        cert_free(&leaf);
        cert_free(&middle);
        cert_free(&root);
    }
}

/* The names of a CA below another one are bound too. */
static void the_names_of_a_ca_are_bound(void **state)
{
    struct cert root = cert_make(
        &(struct cert_order){.subject = "root", .ca = true, .constraints = HERE});
    struct cert middle = cert_make(&(struct cert_order){
        .subject = "middle", .issuer = &root, .ca = true,
        .names = SRV "_xmpp-server.evil.example"});
    struct cert leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &middle, .names = SRV "_xmpp-server.example.com"});
    struct dna_roots *roots = cert_roots(&root);
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf, &middle}, 2);
    (void)state;
    assert_int_equal(outcome(chain, roots), 'X');
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&middle);
    cert_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_compared_apart),
        cmocka_unit_test(every_constrained_ca_must_permit),
        cmocka_unit_test(nothing_hides_behind_a_service),
        cmocka_unit_test(self_issued_intermediates_are_exempt),
        cmocka_unit_test(the_names_of_a_ca_are_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
