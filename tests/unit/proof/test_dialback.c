/* When the court lets a domain be dialled back: what could forbid it is known, and does not
 * (S10 to S12), whether or not the peer presents a certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rich.h>

#define CLIENT "_xmpp-server." DOMAIN
#define SERVER "_5269._tcp." HOST
#define APEX "_5269._tcp." DOMAIN
#define STS_RECORD "_xmpp-sts." DOMAIN
#define STS_URL "https://xmpp-sts." DOMAIN "/.well-known/xmpp-sts.txt"
#define STS_POLICY(mode) \
    "version: XSTSv1\nmode: " mode "\nsrv: " HOST "\nmax_age: 604800\n"
/* A record for a certificate that nobody presents, and one of a usage that does not count. */
#define PIN "\3\1\1" "0123456789abcdef0123456789abcdef"
#define UNUSABLE "\0\1\1" "0123456789abcdef0123456789abcdef"
#define ANNOUNCED "\017v=XSTSv1; id=1;"
#define WITH_STS (USUAL | BIT(STS))

struct published {
    const char *what;
    enum says srv, srv_tls, addresses, client, server;
    const char *record;  /* what a TLSA look-up that finds something finds */
    enum says announced; /* UNPROVEN: not heard */
    const char *sts;
    bool dialback;
};

static const struct published rows[] = {
    /* A domain whose SRV records are not signed cannot have TLSA records that count. */
    {"unsigned", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, UNPROVEN, NULL, true},
    {"unsigned, none", UNPROVEN, UNPROVEN, UNPROVEN, UNPROVEN, UNPROVEN, PIN, UNPROVEN, NULL,
     true},
    {"srv bogus", BOGUS, ABSENT, RECORDS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    {"srv failed", FAILED, ABSENT, RECORDS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    {"srv silent", SILENT, ABSENT, RECORDS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    /* A signed one says for itself and for each of its hosts that it has none ... */
    {"signed, none", RECORDS, ABSENT, RECORDS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, true},
    {"signed, unsigned host", RECORDS, ABSENT, INSECURE, ABSENT, UNPROVEN, PIN, UNPROVEN, NULL,
     true},
    {"signed, unusable", RECORDS, ABSENT, RECORDS, ABSENT, RECORDS, UNUSABLE, UNPROVEN, NULL,
     true},
    {"signed, no srv", ABSENT, ABSENT, RECORDS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, true},
    /* ... or does not. */
    {"pinned", RECORDS, ABSENT, RECORDS, ABSENT, RECORDS, PIN, UNPROVEN, NULL, false},
    {"client pinned", RECORDS, ABSENT, RECORDS, RECORDS, ABSENT, PIN, UNPROVEN, NULL, false},
    {"client pinned, no srv", ABSENT, ABSENT, RECORDS, RECORDS, ABSENT, PIN, UNPROVEN, NULL,
     false},
    {"apex pinned", ABSENT, ABSENT, RECORDS, ABSENT, RECORDS, PIN, UNPROVEN, NULL, false},
    {"bogus", RECORDS, ABSENT, RECORDS, ABSENT, BOGUS, PIN, UNPROVEN, NULL, false},
    {"failed", RECORDS, ABSENT, RECORDS, ABSENT, FAILED, PIN, UNPROVEN, NULL, false},
    {"silent", RECORDS, ABSENT, RECORDS, ABSENT, SILENT, PIN, UNPROVEN, NULL, false},
    {"client bogus", RECORDS, ABSENT, RECORDS, BOGUS, ABSENT, PIN, UNPROVEN, NULL, false},
    {"client failed", RECORDS, ABSENT, RECORDS, FAILED, ABSENT, PIN, UNPROVEN, NULL, false},
    {"client silent", RECORDS, ABSENT, RECORDS, SILENT, ABSENT, PIN, UNPROVEN, NULL, false},
    {"addresses bogus", RECORDS, ABSENT, BOGUS, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    {"addresses failed", RECORDS, ABSENT, FAILED, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    {"addresses silent", RECORDS, ABSENT, SILENT, ABSENT, ABSENT, PIN, UNPROVEN, NULL, false},
    /* A policy for certificates is one for peers without, too. */
    {"no sts", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, ABSENT, NULL, true},
    {"sts enforced", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, INSECURE,
     STS_POLICY("enforce"), false},
    {"sts testing", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, INSECURE,
     STS_POLICY("testing"), true},
    {"sts none", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, INSECURE,
     STS_POLICY("none"), true},
    {"sts bogus", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, BOGUS, NULL, false},
    {"sts failed", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, FAILED, NULL, false},
    {"sts silent", INSECURE, INSECURE, INSECURE, UNPROVEN, UNPROVEN, PIN, SILENT, NULL, false},
    {"signed, sts enforced", RECORDS, ABSENT, RECORDS, ABSENT, ABSENT, PIN, INSECURE,
     STS_POLICY("enforce"), false},
};

static void publish(struct world *w, const struct published *row)
{
    const struct dna_span tlsa = {row->record, sizeof PIN - 1};
    static const char *const hosts[] = {HOST, DOMAIN};
    w->q.policy.level = DNA_LEVEL_DIALBACK;
    w->q.policy.prooftypes = row->announced == UNPROVEN ? USUAL : WITH_STS;
    world_srv(w, PLAIN, row->srv, HOST, 5269);
    world_srv(w, TLS, row->srv_tls, HOST, 5270);
    for (size_t i = 0; i < 2; i++) {
        world_say(w, hosts[i], DNA_DNS_A, row->addresses, dna_span_of("\300\0\2\1"));
        world_say(w, hosts[i], DNA_DNS_AAAA,
                  row->addresses == RECORDS ? ABSENT : row->addresses,
                  dna_span_of("0123456789abcdef"));
    }
    world_say(w, CLIENT, DNA_DNS_TLSA, row->client, tlsa);
    world_say(w, SERVER, DNA_DNS_TLSA, row->server, tlsa);
    world_say(w, APEX, DNA_DNS_TLSA, row->server, tlsa);
    world_say(w, STS_RECORD, DNA_DNS_TXT, row->announced, dna_span_of(ANNOUNCED));
    if (row->sts != NULL) {
        world_document(w, STS_URL, DNA_FETCH_OK, row->sts);
    }
    world_document(w, POSH_URL, DNA_FETCH_ABSENT, "");
}

static void hear_all(bool with_certificate)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_ruling ruling;
        struct world w;
        world_init(&w, &(struct cert_order){.names = "DNS:stranger.example"});
        publish(&w, &rows[i]);
        w.q.chain = with_certificate ? w.chain : NULL;
        ruling = world_hear(&w);
        if (ruling.verdict == DNA_PROVEN || ruling.dialback != rows[i].dialback) {
            fail_msg("%s: dialback %d: %s", rows[i].what, ruling.dialback, ruling.why);
        }
        if (!with_certificate && ruling.dialback &&
            ruling.code != DNA_CODE_NO_CERTIFICATE) {
            fail_msg("%s: %s", rows[i].what, ruling.why);
        }
        world_fini(&w);
    }
}

static void without_a_certificate(void **state)
{
    (void)state;
    hear_all(false);
}

static void with_one_that_proves_nothing(void **state)
{
    (void)state;
    hear_all(true);
}

/* Nothing is asked of the peer, or on the web, for what needs a certificate. */
static void no_more_is_asked_than_needed(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" DOMAIN});
    publish(&w, &rows[0]);
    w.q.chain = NULL;
    assert_true(world_hear(&w).dialback);
    assert_string_equal(w.asked, "dns _xmpp-server._tcp." DOMAIN " SRV\n"
                                 "dns _xmpps-server._tcp." DOMAIN " SRV\n");
    world_fini(&w);
}

/* What the policy does not admit is no concern of anybody's. */
static void what_the_policy_does_not_admit(void **state)
{
    static const struct published pinned = {"", RECORDS, ABSENT, RECORDS, ABSENT, RECORDS, PIN,
                                            INSECURE, STS_POLICY("enforce"), true};
    struct world w;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:stranger.example"});
    publish(&w, &pinned);
    w.q.chain = NULL;
    w.q.policy.prooftypes = BIT(PKIX);
    assert_true(world_hear(&w).dialback);
    w.q.policy.prooftypes = WITH_STS;
    w.q.policy.level = DNA_LEVEL_PROOF;
    assert_false(world_hear(&w).dialback);
    assert_string_equal(w.asked, "");
    world_fini(&w);
}

/* A hearing may end while some prover still waits: nobody knows what it would have found. */
static void what_is_not_known_in_the_end(void **state)
{
    static const struct published denied = {"", RECORDS, ABSENT, RECORDS, ABSENT, ABSENT, PIN,
                                            UNPROVEN, NULL, true};
    struct dna_ruling ruling;
    struct world w;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    publish(&w, &denied);
    w.q.policy.prooftypes = BIT(DNSSEC_SRV) | BIT(DANE);
    w.path_silent = true;
    ruling = world_hear(&w);
    assert_int_equal(ruling.verdict, DNA_TEMPFAIL);
    assert_false(ruling.dialback);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_certificate),
        cmocka_unit_test(with_one_that_proves_nothing),
        cmocka_unit_test(no_more_is_asked_than_needed),
        cmocka_unit_test(what_the_policy_does_not_admit),
        cmocka_unit_test(what_is_not_known_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
