/* cli/hear.c: one hearing by hand, its facts made of what the caller has. */
#include <cli/hear.h>

#include <base/limits.h>
#include <mod_dna/court.h>

/* What the world would have said. */
static enum dna_err answer(const struct cli_hearing *h, const struct dna_want *want,
                           struct dna_fact *out)
{
    *out = (struct dna_fact){.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        out->u.dns = (struct dna_dns_answer){
            .name = want->u.dns.name,
            .type = want->u.dns.type,
            .outcome = DNA_DNS_ABSENT,
            .ttl = DNA_LIMIT_TTL_FLOOR_S,
            .obtained = h->at,
            .signatures_end = DNA_NEVER,
            .why = "",
        };
        return DNA_OK;
    case DNA_WANT_FETCH:
        out->u.fetch = (struct dna_fetch_result){
            .outcome = DNA_FETCH_OK,
            .status = 200,
            .body = h->document,
            .final_url = want->u.fetch.url,
            .why = "",
            .obtained = h->at,
            .certificate_ends = DNA_NEVER,
            .exact_name = true,
        };
        return DNA_OK;
    case DNA_WANT_PATH:
        return dna_path_check_anchored(want->u.path.chain, h->roots, want->u.path.tlsa,
                                       h->at, &out->u.path);
    case DNA_WANT_SIGNATURE:
        return dna_signature_check(&want->u.signature, &out->u.signature);
    case DNA_WANT_PEER:
        out->u.peer.outcome = DNA_PEER_PROOF;
        out->u.peer.prooftype = h->prooftype;
        out->u.peer.content = h->proof;
        return DNA_OK;
    case DNA_WANT_ANCHORED:
    case DNA_WANT_RECALL:
        break;
    }
    return DNA_ERR_STATE; /* no prooftype that rests on a document at hand wants this */
}

static enum dna_err answer_all(const struct cli_hearing *h, struct dna_court *court,
                               struct dna_time now)
{
    const struct dna_want *want;
    unsigned id;
    enum dna_err err = DNA_OK;
    while (err == DNA_OK && dna_court_next_want(court, &id, &want)) {
        struct dna_fact fact;
        err = answer(h, want, &fact);
        err = err == DNA_OK ? dna_court_give(court, id, &fact, now) : err;
    }
    return err;
}

enum cli_exit cli_hear(struct cli_call *call, const struct cli_hearing *hearing,
                       struct dna_ruling *out)
{
    struct dna_question question = {
        .domain = hearing->domain,
        .service = DNA_XMPP_SERVER,
        .role = DNA_RECEIVING,
        .chain = hearing->chain,
        .own = hearing->own,
        .policy.level = DNA_LEVEL_PROOF,
        .policy.prooftypes = DNA_PROOF_BIT(hearing->prooftype),
        .policy.attribute_cert_accept_www = hearing->accept_www,
        .policy.attribute_cert_wildcard = hearing->accept_wildcard,
        .policy.attribute_cert_serial = hearing->accept_serial,
    };
    struct dna_time now = {.wall = hearing->at, .mono = 0};
    struct dna_court *court;
    enum dna_err err = dna_court_new(NULL, &question, now, &court);
    if (err == DNA_OK) {
        err = answer_all(hearing, court, now);
        if (err == DNA_OK && !dna_court_ruling(court, out)) {
            err = DNA_ERR_STATE;
        }
        dna_court_free(court);
    }
    return err == DNA_OK ? CLI_ACCEPTED : cli_fault(call, "%s", dna_err_name(err));
}
