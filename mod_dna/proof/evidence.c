/* proof/evidence.c: a hearing written down. */
#include <proof/evidence.h>

#include <assert.h>

static const char *const kind_names[] = {
    [DNA_WANT_DNS] = "dns",     [DNA_WANT_ANCHORED] = "anchored", [DNA_WANT_FETCH] = "fetch",
    [DNA_WANT_PATH] = "path",   [DNA_WANT_PEER] = "peer",         [DNA_WANT_RECALL] = "recall",
    [DNA_WANT_SIGNATURE] = "signature",
};

const char *dna_evidence_role_name(enum dna_role role)
{
    return role == DNA_INITIATING ? "initiating" : "receiving";
}

const char *dna_evidence_service_name(enum dna_service service)
{
    return service == DNA_XMPP_CLIENT ? "xmpp-client" : "xmpp-server";
}

static const char *level_name(enum dna_level level)
{
    switch (level) {
    case DNA_LEVEL_PROOF:
        return "proof";
    case DNA_LEVEL_STRONG:
        return "strong";
    case DNA_LEVEL_DIALBACK:
        return "dialback";
    case DNA_LEVEL_PIN:
        return "pin";
    case DNA_LEVEL_REFUSE:
        break;
    }
    return "refuse";
}

static void write_chain(struct dna_json_maker *maker, struct dna_json *parent,
                        const struct dna_chain *chain)
{
    struct dna_json *array;
    if (chain == NULL) {
        (void)dna_json_add(maker, parent, "chain", DNA_JSON_NULL);
        return;
    }
    array = dna_json_add(maker, parent, "chain", DNA_JSON_ARRAY);
    for (size_t i = 0; i < dna_chain_count(chain); i++) {
        dna_json_add_bytes(maker, array, NULL, dna_chain_der(chain, i));
    }
}

/* Where there are some: bundles without are as they always were. */
static void write_pins(struct dna_json_maker *maker, struct dna_json *parent,
                       const struct dna_policy *policy)
{
    struct dna_json *pins;
    if (policy->n_pins == 0) {
        return;
    }
    pins = dna_json_add(maker, parent, "pins", DNA_JSON_ARRAY);
    for (unsigned i = 0; i < policy->n_pins && i < DNA_POLICY_PINS; i++) {
        dna_json_add_bytes(maker, pins, NULL,
                           (struct dna_span){(const char *)policy->pins[i], DNA_PIN_SIZE});
    }
}

static void write_policy(struct dna_json_maker *maker, struct dna_json *parent,
                         const struct dna_policy *policy)
{
    struct dna_json *object = dna_json_add(maker, parent, "policy", DNA_JSON_OBJECT);
    struct dna_json *types;
    dna_json_add_text(maker, object, "level", level_name(policy->level));
    types = dna_json_add(maker, object, "prooftypes", DNA_JSON_ARRAY);
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if ((policy->prooftypes & DNA_PROOF_BIT(i)) != 0) {
            dna_json_add_text(maker, types, NULL, dna_prooftype_name((enum dna_prooftype)i));
        }
    }
    dna_json_add_number(maker, object, "dane_usages", policy->dane_usages);
    dna_json_add_flag(maker, object, "delegation_legacy", policy->delegation_legacy);
    dna_json_add_flag(maker, object, "delegation_connect", policy->delegation_connect);
    dna_json_add_flag(maker, object, "attribute_cert_accept_www",
                      policy->attribute_cert_accept_www);
    dna_json_add_flag(maker, object, "attribute_cert_wildcard",
                      policy->attribute_cert_wildcard);
    dna_json_add_flag(maker, object, "attribute_cert_serial", policy->attribute_cert_serial);
    write_pins(maker, object, policy);
}

static void write_question(struct dna_json_maker *maker, struct dna_json *parent,
                           const struct dna_question *q)
{
    struct dna_json *object = dna_json_add(maker, parent, "question", DNA_JSON_OBJECT);
    dna_json_add_text(maker, object, "domain", q->domain);
    dna_json_add_text(maker, object, "service", dna_evidence_service_name(q->service));
    dna_json_add_text(maker, object, "role", dna_evidence_role_name(q->role));
    dna_json_add_text(maker, object, "host", q->host);
    dna_json_add_number(maker, object, "port", q->port);
    dna_json_add_text(maker, object, "address", q->address);
    dna_json_add_text(maker, object, "own", q->own);
    write_chain(maker, object, q->chain);
    write_policy(maker, object, &q->policy);
}

/* Milliseconds count from the opening of the hearing. */
static void write_time(struct dna_json_maker *maker, struct dna_json *parent, const char *name,
                       const struct dna_court *court, struct dna_time at)
{
    struct dna_json *object = dna_json_add(maker, parent, name, DNA_JSON_OBJECT);
    dna_json_add_number(maker, object, "wall", at.wall);
    dna_json_add_number(maker, object, "ms", at.mono - court->opened.mono);
}

/* --- wants ------------------------------------------------------------------------------ */

struct dna_json *dna_evidence_want(struct dna_json_maker *maker, struct dna_json *parent,
                                   const struct dna_want *want)
{
    struct dna_json *object = dna_json_add(maker, parent, "want", DNA_JSON_OBJECT);
    dna_json_add_text(maker, object, "kind", kind_names[want->kind]);
    switch (want->kind) {
    case DNA_WANT_DNS:
        dna_json_add_text(maker, object, "name", want->u.dns.name);
        dna_json_add_number(maker, object, "type", want->u.dns.type);
        break;
    case DNA_WANT_ANCHORED:
        dna_json_add_text(maker, object, "zone", want->u.anchored.zone);
        dna_json_add_bytes(maker, object, "dnskey", want->u.anchored.dnskey);
        dna_json_add_text(maker, object, "domain", want->u.anchored.domain);
        dna_json_add_text(maker, object, "service",
                          dna_evidence_service_name(want->u.anchored.service));
        break;
    case DNA_WANT_FETCH:
        dna_json_add_text(maker, object, "chosen_by",
                          want->u.fetch.kind == DNA_FETCH_PEER ? "peer" : "well-known");
        dna_json_add_text(maker, object, "url", want->u.fetch.url);
        dna_json_add_number(maker, object, "max_redirects", want->u.fetch.max_redirects);
        dna_json_add_text(maker, object, "policy_id", want->u.fetch.policy_id);
        break;
    case DNA_WANT_PATH:
        dna_json_add_bytes(maker, object, "chain_sha256",
                           (struct dna_span){
                               (const char *)dna_chain_digest(want->u.path.chain),
                               DNA_SHA256_SIZE});
        dna_json_add_bytes(maker, object, "tlsa", want->u.path.tlsa);
        break;
    case DNA_WANT_PEER:
        break;
    case DNA_WANT_RECALL:
        dna_json_add_text(maker, object, "url", want->u.recall.url);
        break;
    case DNA_WANT_SIGNATURE:
        dna_json_add_bytes(maker, object, "bytes", want->u.signature.bytes);
        dna_json_add_bytes(maker, object, "algorithm", want->u.signature.algorithm);
        dna_json_add_bytes(maker, object, "signature", want->u.signature.signature);
        dna_json_add_bytes(maker, object, "signer_sha256",
                           (struct dna_span){
                               (const char *)dna_chain_digest(want->u.signature.signer),
                               DNA_SHA256_SIZE});
        break;
    }
    return object;
}

/* --- facts ------------------------------------------------------------------------------ */

static void write_answer(struct dna_json_maker *maker, struct dna_json *parent,
                         const char *name, const struct dna_dns_answer *answer)
{
    struct dna_json *object = dna_json_add(maker, parent, name, DNA_JSON_OBJECT);
    struct dna_json *records;
    dna_json_add_text(maker, object, "outcome", dna_dns_outcome_name(answer->outcome));
    dna_json_add_flag(maker, object, "secure", answer->secure);
    dna_json_add_flag(maker, object, "aliased", answer->aliased);
    dna_json_add_flag(maker, object, "wildcard", answer->wildcard);
    dna_json_add_number(maker, object, "ttl", answer->ttl);
    dna_json_add_number(maker, object, "obtained", answer->obtained);
    dna_json_add_number(maker, object, "signatures_end", answer->signatures_end);
    records = dna_json_add(maker, object, "rdata", DNA_JSON_ARRAY);
    for (size_t i = 0; i < answer->n_rdata; i++) {
        dna_json_add_bytes(maker, records, NULL, answer->rdata[i]);
    }
    dna_json_add_text(maker, object, "why", answer->why);
}

static void write_fetch(struct dna_json_maker *maker, struct dna_json *object,
                        const struct dna_fetch_result *fetch)
{
    static const char *const outcomes[] = {
        [DNA_FETCH_FAILED] = "failed", [DNA_FETCH_REFUSED] = "refused",
        [DNA_FETCH_ABSENT] = "absent", [DNA_FETCH_OK] = "ok",
    };
    dna_json_add_text(maker, object, "outcome", outcomes[fetch->outcome]);
    dna_json_add_number(maker, object, "status", fetch->status);
    dna_json_add_bytes(maker, object, "body", fetch->body);
    dna_json_add_text(maker, object, "final_url", fetch->final_url);
    dna_json_add_text(maker, object, "why", fetch->why);
    dna_json_add_number(maker, object, "obtained", fetch->obtained);
    dna_json_add_text(maker, object, "media_type", fetch->media_type);
    dna_json_add_number(maker, object, "certificate_ends", fetch->certificate_ends);
    dna_json_add_flag(maker, object, "exact_name", fetch->exact_name);
}

static void write_path(struct dna_json_maker *maker, struct dna_json *object,
                       const struct dna_path *path)
{
    dna_json_add_text(maker, object, "code", dna_path_code_name(path->code));
    dna_json_add_text(maker, object, "why", path->why);
    dna_json_add_number(maker, object, "not_before", path->not_before);
    dna_json_add_number(maker, object, "not_after", path->not_after);
    dna_json_add_flag(maker, object, "constrained", path->constrained);
    dna_json_add_flag(maker, object, "srvname_usable", path->srvname_usable);
    dna_json_add_flag(maker, object, "digital_signature", path->digital_signature);
}

static void write_fact(struct dna_json_maker *maker, struct dna_json *parent,
                       const struct dna_fact *fact)
{
    static const char *const outcomes[] = {
        [DNA_PEER_SILENT] = "silent", [DNA_PEER_IMPOSSIBLE] = "impossible",
        [DNA_PEER_PROOF] = "proof",
    };
    struct dna_json *object;
    if (fact->kind == DNA_WANT_DNS) {
        write_answer(maker, parent, "fact", &fact->u.dns);
        return;
    }
    object = dna_json_add(maker, parent, "fact", DNA_JSON_OBJECT);
    switch (fact->kind) {
    case DNA_WANT_DNS:
        break;
    case DNA_WANT_ANCHORED:
        write_answer(maker, object, "dnskey", &fact->u.anchored.dnskey);
        write_answer(maker, object, "srv", &fact->u.anchored.srv);
        write_answer(maker, object, "srv_tls", &fact->u.anchored.srv_tls);
        break;
    case DNA_WANT_FETCH:
        write_fetch(maker, object, &fact->u.fetch);
        break;
    case DNA_WANT_PATH:
        write_path(maker, object, &fact->u.path);
        break;
    case DNA_WANT_SIGNATURE:
        dna_json_add_flag(maker, object, "valid", fact->u.signature.valid);
        dna_json_add_text(maker, object, "why", fact->u.signature.why);
        break;
    case DNA_WANT_PEER:
        dna_json_add_text(maker, object, "outcome", outcomes[fact->u.peer.outcome]);
        dna_json_add_text(maker, object, "prooftype",
                          dna_prooftype_name(fact->u.peer.prooftype));
        dna_json_add_bytes(maker, object, "content", fact->u.peer.content);
        break;
    case DNA_WANT_RECALL:
        dna_json_add_flag(maker, object, "known", fact->u.recall.known);
        dna_json_add_text(maker, object, "policy_id", fact->u.recall.policy_id);
        dna_json_add_bytes(maker, object, "body", fact->u.recall.body);
        dna_json_add_number(maker, object, "obtained", fact->u.recall.obtained);
        dna_json_add_flag(maker, object, "exact_name", fact->u.recall.exact_name);
        break;
    }
}

static void write_known(struct dna_json_maker *maker, struct dna_json *parent,
                        const struct dna_court *court, const struct dna_known *known)
{
    struct dna_json *object = dna_json_add(maker, parent, NULL, DNA_JSON_OBJECT);
    (void)dna_evidence_want(maker, object, &known->want);
    dna_json_add_number(maker, object, "order", known->order);
    if (!known->answered) {
        return;
    }
    write_time(maker, object, "at", court, known->at);
    dna_json_add_text(maker, object, "overdue",
                      !known->overdue ? NULL : known->by_tick ? "by-tick" : "by-another");
    write_fact(maker, object, &known->fact);
}

/* --- rulings ---------------------------------------------------------------------------- */

static void write_ruling(struct dna_json_maker *maker, struct dna_json *parent,
                         const char *name, const struct dna_ruling *ruling)
{
    struct dna_json *object = dna_json_add(maker, parent, name, DNA_JSON_OBJECT);
    dna_json_add_text(maker, object, "prooftype", dna_ruling_method(ruling));
    dna_json_add_text(maker, object, "ruling", dna_verdict_name(ruling->verdict));
    dna_json_add_text(maker, object, "code", dna_code_name(ruling->code));
    dna_json_add_flag(maker, object, "veto", ruling->veto);
    if (ruling->dialback) {
        dna_json_add_flag(maker, object, "dialback", true);
    }
    dna_json_add_number(maker, object, "expires_at", ruling->expires_at);
    dna_json_add_text(maker, object, "why", ruling->why);
}

struct dna_json *dna_evidence_write(struct dna_json_maker *maker,
                                    const struct dna_court *court)
{
    struct dna_json *root = dna_json_add(maker, NULL, NULL, DNA_JSON_OBJECT);
    struct dna_json *facts, *provers;
    assert(court->ruled);
    dna_json_add_text(maker, root, "format", DNA_EVIDENCE_FORMAT);
    write_question(maker, root, &court->q);
    write_time(maker, root, "opened", court, court->opened);
    facts = dna_json_add(maker, root, "facts", DNA_JSON_ARRAY);
    for (const struct dna_known *k = court->docket.facts.first; k != NULL; k = k->next) {
        write_known(maker, facts, court, k);
    }
    provers = dna_json_add(maker, root, "provers", DNA_JSON_ARRAY);
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (court->docket.heard[i].ruled) {
            write_ruling(maker, provers, NULL, &court->docket.heard[i].ruling);
        }
    }
    write_ruling(maker, root, "ruling", &court->ruling);
    write_time(maker, root, "ruled", court, court->ended);
    return root;
}
