/* All prooftypes together against each of them alone, over many worlds and orders of answers.
 *
 * The court as a whole must prove exactly where some prooftype alone does, but for vetoes:
 * neither the order of the answers nor the other prooftypes may let anything in or out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rich.h>

static uint32_t seed;

static unsigned draw(unsigned n)
{
    seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
    return (seed >> 16) % n;
}

static uint32_t salt;

/* Some order, the same for each repetition of a hearing. */
static unsigned shuffled(const struct dna_want *want)
{
    uint32_t hash = salt + (uint32_t)want->kind * 2654435761u;
    if (want->kind == DNA_WANT_DNS) {
        hash += (uint32_t)want->u.dns.type * 40503u + (uint32_t)strlen(want->u.dns.name);
    }
    hash ^= hash >> 15;
    hash *= 2246822519u;
    return hash >> 24;
}

static enum says draw_says(void)
{
    static const enum says likely[] = {INSECURE, UNPROVEN, RECORDS};
    return draw(2) == 0 ? likely[draw(3)] : (enum says)draw(N_SAYS);
}

/* TLSA records of the host that match, that do not, and that nobody can look up. */
static void draw_endpoint(struct rich *r)
{
    unsigned char record[3 + DNA_SHA256_SIZE] = {3, 0, 1};
    memcpy(record + 3, dna_chain_leaf_digest(r->w.chain), DNA_SHA256_SIZE);
    record[3] ^= draw(3) == 0;
    world_say(&r->w, HOST, DNA_DNS_A, draw(3) == 0 ? (enum says)draw(N_SAYS) : RECORDS,
              dna_span_of("\300\0\2\1"));
    world_say(&r->w, "_5269._tcp." HOST, DNA_DNS_TLSA,
              draw(2) == 0 ? (enum says)draw(N_SAYS) : RECORDS,
              world_rdata(&r->w, record, sizeof record));
}

static void draw_world(struct rich *r)
{
    static const enum dna_fetch_outcome fetches[] = {DNA_FETCH_OK, DNA_FETCH_OK,
                                                     DNA_FETCH_FAILED, DNA_FETCH_ABSENT,
                                                     DNA_FETCH_REFUSED};
    struct dna_anchored_result *a = &r->w.anchored[0].result;
    world_srv(&r->w, PLAIN, draw_says(), HOST, 5269);
    world_srv(&r->w, TLS, draw_says(), draw(2) == 0 ? HOST : "b.host.example", 5269);
    world_say(&r->w, DOMAIN, DNA_DNS_DNSKEY, draw(3) == 0 ? (enum says)draw(N_SAYS) : INSECURE,
              r->key);
    draw_endpoint(r);
    r->w.documents[0].result.outcome = fetches[draw(5)];
    r->w.documents[0].silent = draw(8) == 0;
    r->w.peer.silent = draw(8) == 0;
    r->w.peer.outcome = draw(8) == 0 ? DNA_PEER_SILENT : DNA_PEER_PROOF;
    r->w.anchored[0].silent = draw(8) == 0;
    a->srv = world_answer(&r->w, DNA_DNS_SRV, draw(3) == 0 ? (enum says)draw(SILENT) : RECORDS,
                          world_srv_rdata(&r->w, HOST, 5269));
    r->w.q.role = draw(2) == 0 ? DNA_INITIATING : DNA_RECEIVING;
    r->w.q.host = draw(3) == 0 ? NULL : HOST;
    r->w.q.port = draw(4) == 0 ? 5270 : 5269;
}

/* What happened in all: the worlds must not be all of one kind. */
static unsigned proven_by[DNA_N_PROOFTYPES], refused, vetoed;

static void check_world(struct rich *r, unsigned long round)
{
    bool any = false, veto = false;
    struct dna_ruling all;
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        struct dna_ruling alone;
        if ((USUAL & DNA_PROOF_BIT(t)) == 0) {
            continue;
        }
        r->w.q.policy.prooftypes = DNA_PROOF_BIT(t);
        alone = world_hear(&r->w);
        any = any || alone.verdict == DNA_PROVEN;
        veto = veto || alone.veto;
        assert_true(alone.verdict != DNA_PROVEN || alone.prooftype == t);
        assert_true(!alone.veto || alone.verdict == DNA_FAIL);
    }
    r->w.q.policy.prooftypes = USUAL;
    salt = draw(65536);
    r->w.rank = shuffled;
    all = world_hear(&r->w);
    r->w.rank = NULL;
    if ((all.verdict == DNA_PROVEN && !any) || (all.verdict != DNA_PROVEN && any && !veto)) {
        fail_msg("world %lu: %s %s, any %d, veto %d\n%s", round, dna_verdict_name(all.verdict),
                 all.why, any, veto, r->w.asked);
    }
    assert_true(!all.veto || veto);
    if (all.verdict == DNA_PROVEN) {
        proven_by[all.prooftype]++;
    } else {
        refused++;
        vetoed += all.veto;
    }
}

static void together_and_alone(void **state)
{
    struct rich r;
    struct cert host, service;
    const struct cert *leaves[4] = {NULL, &host, &host, &service};
    (void)state;
    rich_init(&r, "DNS:" DOMAIN);
    host = cert_make(&(struct cert_order){.issuer = &r.w.root, .names = "DNS:" HOST});
    service = cert_make(&(struct cert_order){
        .issuer = &r.w.root,
        .names = "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server." DOMAIN});
    leaves[0] = &r.w.leaf;
    for (unsigned long round = 0; round < 250; round++) {
        size_t bytes = r.w.n_bytes;
        struct world_anchored kept = r.w.anchored[0];
        seed = (uint32_t)round;
        (void)draw(2);
        rich_present(&r, cert_chain(&leaves[draw(4)], 1));
        draw_world(&r);
        check_world(&r, round);
        r.w.anchored[0] = kept;
        r.w.n_dns = 0;
        world_free_bytes(&r.w, bytes);
    }
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        assert_true((USUAL & DNA_PROOF_BIT(t)) == 0 || proven_by[t] >= 5);
    }
    assert_true(refused >= 20 && vetoed >= 10);
    cert_free(&service);
    cert_free(&host);
    rich_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(together_and_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
