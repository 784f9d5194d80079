/* proof/court.c: one hearing.
 *
 * Provers are heard in two stages: first those that need nobody's help, then those that ask
 * the peer or a web host.  A prover is heard again when a fact arrives that it waits for.
 * The court itself wants the status of the SRV records in every hearing: nothing is proven
 * before each look-up that can veto has ended or run out of its own time (rule 7), and the
 * second stage begins only then.  Every PROVEN passes through conclude(), which applies the
 * bars of S10 and S11, the cap on a proof's life, and its end.
 */
#include <mod_dna/court.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <proof/court.h>
#include <proof/registry.h>
#include <proof/rule.h>
#include <proof/srv_status.h>
#include <x509/spki.h>

static void rule(struct dna_court *court, const struct dna_ruling *ruling)
{
    court->ruling = *ruling;
    court->ruled = true;
    court->ended = court->now;
}

/* Whether the policy admits the prooftype (S1). */
static bool admits(const struct dna_policy *policy, const struct dna_prover *prover)
{
    if ((policy->prooftypes & DNA_PROOF_BIT(prover->type)) == 0) {
        return false;
    }
    switch (policy->level) {
    case DNA_LEVEL_REFUSE:
        return false;
    case DNA_LEVEL_PROOF:
    case DNA_LEVEL_DIALBACK:
        return true;
    case DNA_LEVEL_STRONG:
        return prover->root_anchored;
    case DNA_LEVEL_PIN:
        return false;
    }
    return false;
}

static bool admits_any(const struct dna_policy *policy)
{
    bool any = false;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        any = any || admits(policy, dna_provers[i]);
    }
    return any;
}

/* Which provers are to be heard; false: none.  Without a certificate nothing can be proven, but
 * what would forbid dialback may be published all the same. */
static bool summon(struct dna_court *court)
{
    const struct dna_question *q = &court->q;
    bool any = false;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        bool speaks = q->chain != NULL ||
                      (q->policy.level == DNA_LEVEL_DIALBACK && dna_provers[i]->forbids);
        court->docket.heard[i].admitted = speaks && admits(&q->policy, dna_provers[i]);
        court->docket.heard[i].stale = true;
        any = any || court->docket.heard[i].admitted;
    }
    return any;
}

/* A pin is the operator's own word: it needs neither the DNS nor a CA. */
static enum dna_err hear_pins(const struct dna_question *q, struct dna_time now,
                              struct dna_ruling *out)
{
    const enum dna_prooftype none = DNA_PROOF_PKIX; /* it is no prooftype */
    unsigned char key[DNA_SHA256_SIZE];
    enum dna_err err = dna_spki_digest(q->chain, key);
    if (err != DNA_OK) {
        return err;
    }
    for (unsigned i = 0; i < q->policy.n_pins && i < DNA_POLICY_PINS; i++) {
        if (memcmp(q->policy.pins[i], key, sizeof key) == 0) {
            (void)dna_rule_proven(out, none, now.wall + DNA_LIMIT_PROOF_LIFE_S,
                                  "the policy for %s names the key of the certificate",
                                  q->domain);
            out->pinned = true;
            return DNA_OK;
        }
    }
    (void)dna_rule(out, none, DNA_FAIL, DNA_CODE_NO_MATCH,
                   "the key of the certificate is none of those that the policy for %s names",
                   q->domain);
    return DNA_OK;
}

/* Rules on what no prover needs to be heard about. */
static enum dna_err examine(struct dna_court *court)
{
    const struct dna_question *q = &court->q;
    bool pins = q->policy.level == DNA_LEVEL_PIN;
    bool dialback = q->policy.level == DNA_LEVEL_DIALBACK; /* needs no certificate, but the DNS */
    bool any = summon(court);
    struct dna_srv_names names;
    struct dna_name name;
    struct dna_ruling out;
    const enum dna_prooftype type = DNA_PROOF_PKIX; /* no prooftype in particular */
    (void)strcpy(name.text, q->domain);
    if (!any && !pins && !dialback && !admits_any(&q->policy)) {
        (void)dna_rule(&out, type, DNA_FAIL, DNA_CODE_POLICY,
                       "the policy for %s admits no proof", q->domain);
    } else if (q->chain == NULL && !dialback) {
        (void)dna_rule(&out, type, DNA_NOT_APPLICABLE, DNA_CODE_NO_CERTIFICATE,
                       "the peer presented no certificate");
    } else if (q->chain != NULL && !dna_spki_strong(q->chain)) {
        (void)dna_rule(&out, type, DNA_FAIL, DNA_CODE_WEAK_KEY,
                       "the key of the peer's certificate is too weak or of unknown strength");
    } else if (dna_name_is_address(&name)) {
        (void)dna_rule(&out, type, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                       "%s is an address, for which nobody can speak", q->domain);
    } else if (!dna_srv_names(q->domain, q->service, &names)) {
        (void)dna_rule(&out, type, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                       "the domain is too long to have SRV records");
    } else if (pins) {
        enum dna_err err = hear_pins(q, court->now, &out);
        if (err != DNA_OK) {
            return err;
        }
    } else {
        return DNA_OK;
    }
    rule(court, &out);
    return DNA_OK;
}

/* --- hearing ------------------------------------------------------------------------ */

static enum dna_err ask_srv(struct dna_court *court, struct dna_time now)
{
    struct dna_wants wants;
    if (court->srv_known) {
        return DNA_OK;
    }
    dna_wants_init(&wants, &court->arena);
    court->srv_known =
        dna_delegation_ask(&court->q, &court->docket.facts, &wants, &court->srv);
    return wants.err != DNA_OK ? wants.err
                               : dna_docket_take(&court->docket, &wants, now, NULL);
}

/* A proof lasts a day at most, and one that has ended is none (S14). */
static void bound_life(struct dna_ruling *ruling, struct dna_time now)
{
    if (ruling->verdict == DNA_PROVEN) {
        ruling->expires_at =
            dna_rule_sooner(ruling->expires_at, now.wall + DNA_LIMIT_PROOF_LIFE_S);
    }
    if (ruling->verdict == DNA_PROVEN && ruling->expires_at <= now.wall) {
        (void)dna_rule(ruling, ruling->prooftype, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW,
                       "what the proof rests on has ended already");
    }
}

static enum dna_err hear(struct dna_court *court, const struct dna_prover *prover,
                         struct dna_time now)
{
    struct dna_testimony *one = &court->docket.heard[prover->type];
    struct dna_wants wants;
    struct dna_ruling ruling;
    enum dna_step step;
    enum dna_err err;
    dna_wants_init(&wants, &court->arena);
    step = prover->step(&court->q, now, &court->docket.facts, &wants, &court->arena, &ruling);
    if (wants.err != DNA_OK) {
        return wants.err;
    }
    one->awaits = (struct dna_want_set){{0}};
    if (step == DNA_STEP_WANTS) {
        assert(wants.n != 0);
        err = dna_docket_take(&court->docket, &wants, now, &one->awaits);
        one->stale = err != DNA_OK;
        return err;
    }
    bound_life(&ruling, now);
    one->ruling = ruling;
    one->ruled = true;
    one->stale = false;
    return DNA_OK;
}

static struct dna_bars bars_of(const struct dna_court *court)
{
    struct dna_bars bars = {.initiating = court->q.role != DNA_RECEIVING};
    bars.veto = court->srv_known && court->srv.status == DNA_DELEGATION_BOGUS;
    bars.dns_unknown = court->srv_known && court->srv.status == DNA_DELEGATION_FAILED;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        const struct dna_testimony *one = &court->docket.heard[i];
        if (one->ruled && one->ruling.veto) {
            *(i == DNA_PROOF_STS ? &bars.sts : &bars.veto) = true;
        }
    }
    bars.dns_unknown = bars.dns_unknown || dna_docket_any_overdue(&court->docket);
    return bars;
}

/* Nobody is asked, and nothing fetched, for a proof that would not count. */
static bool is_worth_hearing(const struct dna_prover *prover, const struct dna_bars *bars)
{
    return prover->stage == DNA_STAGE_LOCAL || (!bars->veto && !bars->sts) ||
           dna_verdict_may_prove(prover, bars);
}

static enum dna_err hear_stage(struct dna_court *court, struct dna_time now)
{
    enum dna_err err = ask_srv(court, now);
    struct dna_bars bars = bars_of(court);
    for (unsigned i = 0; err == DNA_OK && i < DNA_N_PROOFTYPES; i++) {
        struct dna_testimony *one = &court->docket.heard[i];
        if (one->admitted && !one->ruled && one->stale &&
            dna_provers[i]->stage <= court->stage && is_worth_hearing(dna_provers[i], &bars)) {
            err = hear(court, dna_provers[i], now);
        }
    }
    dna_docket_list_open(&court->docket);
    return err;
}

/* --- ruling ------------------------------------------------------------------------- */

static bool peer_gave_up(const struct dna_court *court)
{
    const struct dna_known *known = dna_docket_challenge(&court->docket);
    return known != NULL && known->answered &&
           known->fact.u.peer.outcome == DNA_PEER_IMPOSSIBLE;
}

static bool awaits_ruling(const struct dna_court *court)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        const struct dna_testimony *one = &court->docket.heard[i];
        if (dna_provers[i]->awaited && one->admitted && !one->ruled) {
            return true;
        }
    }
    return false;
}

static bool veto_pending(const struct dna_court *court)
{
    return !court->srv_known || dna_docket_veto_pending(&court->docket) ||
           awaits_ruling(court);
}

/* Whether an admitted prover that may still prove something has not ruled. */
static bool any_open(const struct dna_court *court, const struct dna_bars *bars,
                     enum dna_stage stage)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        const struct dna_testimony *one = &court->docket.heard[i];
        if (one->admitted && !one->ruled && dna_provers[i]->stage <= stage &&
            ((!bars->veto && !bars->sts) || dna_verdict_may_prove(dna_provers[i], bars))) {
            return true;
        }
    }
    return false;
}

/* What may no longer be PROVEN is not, whatever the prover said. */
static void weigh(struct dna_court *court, const struct dna_bars *bars, struct dna_time now)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        struct dna_testimony *one = &court->docket.heard[i];
        struct dna_ruling *ruling = &one->ruling;
        if (!one->ruled || ruling->verdict != DNA_PROVEN) {
            continue;
        }
        bound_life(ruling, now);
        if (bars->dns_unknown && dna_provers[i]->rests_on_dns) {
            (void)dna_rule(ruling, ruling->prooftype, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                           "a look-up that could have forbidden the proof did not end");
        }
    }
}

/* Whether it is known what a prover found: nothing, or nothing that fits. */
static bool found_nothing(const struct dna_testimony *one)
{
    return !one->admitted || (one->ruled && one->ruling.verdict == DNA_NOT_APPLICABLE);
}

static bool found_none_that_fits(const struct dna_testimony *one)
{
    return found_nothing(one) || (one->ruled && one->ruling.verdict == DNA_FAIL);
}

/* Root-anchored DNSSEC needs no memory of what it proved: that it proves nothing now must have
 * been shown (S12), and that the domain has no sts policy which forbids (S11).  A signed
 * delegation alone, which no certificate matched, forbids nothing: the server that is asked is
 * found through it. */
static bool nothing_forbids(const struct dna_court *court)
{
    const struct dna_testimony *heard = court->docket.heard;
    return found_nothing(&heard[DNA_PROOF_DANE]) &&
           found_none_that_fits(&heard[DNA_PROOF_DNSSEC_SRV]) &&
           found_none_that_fits(&heard[DNA_PROOF_STS]);
}

/* Whether dialback may admit what is not proven: nothing vetoes it, and everything that could
 * have is known (S10, S11). */
static bool may_dial_back(const struct dna_court *court, const struct dna_bars *bars)
{
    return court->q.policy.level == DNA_LEVEL_DIALBACK && court->srv_known && !bars->veto &&
           !bars->sts && !bars->dns_unknown && nothing_forbids(court);
}

static void rule_refusal(struct dna_court *court, const struct dna_bars *bars,
                         const struct dna_ruling *telling)
{
    struct dna_ruling out = *telling;
    out.dialback = may_dial_back(court, bars);
    rule(court, &out);
}

static void refuse(struct dna_court *court, const struct dna_bars *bars)
{
    const struct dna_ruling *telling = dna_verdict_refusal(court->docket.heard);
    struct dna_ruling out;
    if (bars->veto && (telling == NULL || !telling->veto)) {
        (void)dna_rule_veto(&out, DNA_PROOF_DNSSEC_SRV, "the SRV records are bogus: %s",
                            court->srv.why);
        telling = &out;
    }
    if (telling == NULL || /* nobody was heard, or who was has nothing to say */
        (court->q.chain == NULL && telling->verdict == DNA_NOT_APPLICABLE)) {
        (void)dna_rule(&out, DNA_PROOF_PKIX, DNA_NOT_APPLICABLE,
                       court->q.chain == NULL ? DNA_CODE_NO_CERTIFICATE : DNA_CODE_POLICY,
                       court->q.chain == NULL ? "the peer presented no certificate"
                                              : "the policy admits no proof");
        telling = &out;
    }
    rule_refusal(court, bars, telling);
}

/* Rules where it may. */
static void conclude(struct dna_court *court, struct dna_time now)
{
    struct dna_bars bars = bars_of(court);
    bool pending = veto_pending(court);
    const struct dna_ruling *proof;
    weigh(court, &bars, now);
    if (peer_gave_up(court)) {
        struct dna_ruling out;
        (void)dna_rule(&out, DNA_PROOF_DNSSEC_TA, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE,
                       "the peer says that it does not speak for %s", court->q.domain);
        rule(court, &out);
        return;
    }
    proof = pending ? NULL : dna_verdict_proof(court->docket.heard, &bars, now.wall);
    if (proof != NULL) {
        rule(court, proof);
    } else if ((bars.veto || bars.sts || !pending) && !any_open(court, &bars, DNA_STAGE_FETCH)) {
        refuse(court, &bars);
    }
}

/* The second stage, once the first is through, every status is known and nothing bars it. */
static bool begin_second_stage(struct dna_court *court)
{
    struct dna_bars bars = bars_of(court);
    if (court->stage != DNA_STAGE_LOCAL || veto_pending(court) ||
        any_open(court, &bars, DNA_STAGE_LOCAL) ||
        !any_open(court, &bars, DNA_STAGE_FETCH)) {
        return false;
    }
    court->stage = DNA_STAGE_FETCH;
    return true;
}

static enum dna_err advance(struct dna_court *court, struct dna_time now)
{
    enum dna_err err = DNA_OK;
    while (!court->ruled) {
        err = hear_stage(court, now);
        if (err != DNA_OK) {
            return err;
        }
        conclude(court, now);
        if (court->ruled || !begin_second_stage(court)) {
            break;
        }
    }
    return DNA_OK;
}

/* The hearing's time is over: what is still missing says why, or the fault of the world that
 * keeps it from going on. */
static void time_out(struct dna_court *court, enum dna_err err)
{
    const struct dna_bars bars = bars_of(court);
    const struct dna_ruling *telling = dna_verdict_refusal(court->docket.heard);
    struct dna_ruling out;
    if (err != DNA_OK) {
        (void)dna_rule(&out, DNA_PROOF_PKIX, DNA_TEMPFAIL, DNA_CODE_INTERNAL,
                       "the hearing could not be held to its end: %s", dna_err_name(err));
    } else {
        dna_docket_rule_missing(&court->docket, &out);
    }
    rule_refusal(court, &bars,
                 telling != NULL && dna_verdict_tells_more(telling, &out) ? telling : &out);
}

/* --- the public calls --------------------------------------------------------------- */

static bool is_canonical(const char *text)
{
    struct dna_name name;
    return text != NULL && dna_name_parse(dna_span_of(text), &name) == DNA_OK &&
           strcmp(name.text, text) == 0;
}

static enum dna_err copy_question(struct dna_court *court, const struct dna_question *q)
{
    bool with_host = q->role == DNA_INITIATING && q->host != NULL;
    if (!is_canonical(q->domain) || (with_host && !is_canonical(q->host)) ||
        (q->own != NULL && !is_canonical(q->own))) {
        return DNA_ERR_ARGUMENT;
    }
    court->q = *q;
    court->q.host = NULL;
    court->q.address = NULL;
    court->q.own = NULL;
    court->q.domain = dna_arena_text(&court->arena, dna_span_of(q->domain));
    if (with_host) {
        court->q.host = dna_arena_text(&court->arena, dna_span_of(q->host));
    }
    if (with_host && q->address != NULL) {
        court->q.address = dna_arena_text(&court->arena, dna_span_of(q->address));
        if (court->q.address == NULL) {
            return DNA_ERR_MEMORY;
        }
    }
    if (court->q.domain == NULL || (with_host && court->q.host == NULL)) {
        return DNA_ERR_MEMORY;
    }
    if (q->own != NULL) {
        court->q.own = dna_arena_text(&court->arena, dna_span_of(q->own));
        if (court->q.own == NULL) {
            return DNA_ERR_MEMORY;
        }
    }
    if (q->chain != NULL) {
        /* The count of references is not part of what is const. */
        court->chain = dna_chain_ref((struct dna_chain *)q->chain);
    }
    return DNA_OK;
}

enum dna_err dna_court_new_with(const struct dna_alloc *alloc,
                                const struct dna_question *question, struct dna_time now,
                                struct dna_papers *papers, struct dna_court **out)
{
    struct dna_court *court = dna_alloc_zero(alloc, 1, sizeof *court);
    enum dna_err err;
    if (court == NULL) {
        return DNA_ERR_MEMORY;
    }
    court->alloc = alloc;
    court->opened = court->now = now;
    court->ends = now.mono + DNA_LIMIT_HEARING_MS;
    dna_arena_init(&court->arena, alloc, DNA_LIMIT_QUESTION_ARENA);
    dna_facts_init(&court->docket.facts, &court->arena);
    court->docket.facts.papers = papers;
    err = copy_question(court, question);
    if (err == DNA_OK) {
        err = examine(court);
    }
    if (err == DNA_OK) {
        err = advance(court, now);
    }
    if (err != DNA_OK) {
        dna_court_free(court);
        return err;
    }
    *out = court;
    return DNA_OK;
}

enum dna_err dna_court_new(const struct dna_alloc *alloc, const struct dna_question *question,
                           struct dna_time now, struct dna_court **out)
{
    return dna_court_new_with(alloc, question, now, NULL, out);
}

void dna_court_free(struct dna_court *court)
{
    if (court != NULL) {
        dna_facts_fini(&court->docket.facts);
        dna_alloc_release(court->alloc, court->bundle);
        dna_arena_fini(&court->arena);
        dna_chain_free(court->chain);
        dna_alloc_release(court->alloc, court);
    }
}

bool dna_court_next_want(struct dna_court *court, unsigned *id, const struct dna_want **want)
{
    struct dna_known *known = court->docket.facts.first;
    while (known != NULL && (known->told || known->answered)) {
        known = known->next;
    }
    if (court->ruled || known == NULL) {
        return false;
    }
    known->told = true;
    *id = known->id;
    *want = &known->want;
    return true;
}

enum dna_err dna_court_give(struct dna_court *court, unsigned id, const struct dna_fact *fact,
                            struct dna_time now)
{
    struct dna_known *known;
    if (court->ruled) {
        return DNA_OK;
    }
    court->now = now;
    dna_docket_expire(&court->docket, now, false);
    known = dna_facts_by_id(&court->docket.facts, id);
    if (known != NULL && !known->answered) {
        enum dna_err err = DNA_ERR_ARGUMENT;
        if (fact->kind == known->want.kind) {
            err = dna_facts_record(&court->docket.facts, known, fact);
        }
        if (err != DNA_OK) {
            return err;
        }
        known->at = now;
        dna_docket_stir(&court->docket, known);
    }
    return advance(court, now);
}

int64_t dna_court_deadline(const struct dna_court *court)
{
    return court->ruled ? DNA_NEVER
                        : dna_rule_sooner(court->ends, dna_docket_deadline(&court->docket));
}

enum dna_err dna_court_tick(struct dna_court *court, struct dna_time now)
{
    enum dna_err err;
    if (court->ruled) {
        return DNA_OK;
    }
    court->now = now;
    dna_docket_expire(&court->docket, now, true);
    err = advance(court, now);
    if (!court->ruled && now.mono >= court->ends) {
        time_out(court, err);
        return DNA_OK;
    }
    return err;
}

bool dna_court_ruling(const struct dna_court *court, struct dna_ruling *out)
{
    if (court->ruled && out != NULL) {
        *out = court->ruling;
    }
    return court->ruled;
}

bool dna_court_prover_ruling(const struct dna_court *court, enum dna_prooftype type,
                             struct dna_ruling *out)
{
    if ((unsigned)type >= DNA_N_PROOFTYPES || !court->docket.heard[type].ruled) {
        return false;
    }
    if (out != NULL) {
        *out = court->docket.heard[type].ruling;
    }
    return true;
}
