#include <rich.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>

/* A POSH document that holds the peer's fingerprint. */
static void publish(struct world *w, char text[200])
{
    char print[50];
    assert_int_equal(dna_base64_encode(dna_chain_leaf_digest(w->chain), DNA_SHA256_SIZE, print,
                                       sizeof print),
                     DNA_OK);
    (void)snprintf(text, 200, "{\"fingerprints\":[{\"sha-256\":\"%s\"}],\"expires\":4000}",
                   print);
    world_document(w, POSH_URL, DNA_FETCH_OK, text);
}

void rich_init(struct rich *r, const char *names)
{
    struct world_anchored *a = &r->w.anchored[0];
    memset(r, 0, sizeof *r);
    world_init(&r->w, &(struct cert_order){.names = names});
    r->ta = cert_make(&(struct cert_order){.issuer = &r->w.root, .names = "DNS:" DOMAIN});
    publish(&r->w, r->posh);
    assert_int_equal(dna_base64_encode((const unsigned char *)r->ta.der.ptr, r->ta.der.len,
                                       r->supplied, sizeof r->supplied),
                     DNA_OK);
    r->w.peer.outcome = DNA_PEER_PROOF;
    r->w.peer.type = DNA_PROOF_DNSSEC_TA;
    r->w.peer.content = dna_span_of(r->supplied);
    r->key = world_dnskey(&r->w, &r->ta, 257, 3, 0);
    world_say(&r->w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, r->key);
    world_srv(&r->w, TLS, UNPROVEN, ".", 0);
    r->w.n_anchored = 1;
    a->zone = DOMAIN;
    a->result.dnskey = world_answer(&r->w, DNA_DNS_DNSKEY, RECORDS, r->key);
    a->result.srv = world_answer(&r->w, DNA_DNS_SRV, RECORDS,
                                 world_srv_rdata(&r->w, HOST, 5269));
    a->result.srv_tls = world_answer(&r->w, DNA_DNS_SRV, ABSENT, dna_span_of(""));
}

void rich_fini(struct rich *r)
{
    cert_free(&r->ta);
    world_fini(&r->w);
}

void rich_present(struct rich *r, struct dna_chain *chain)
{
    world_present(&r->w, chain);
    publish(&r->w, r->posh);
}
