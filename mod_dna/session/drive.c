/* session/drive.c: what the protocol engine asks for, done here or handed to the host.
 *
 * Calls back into the engine only queue further effects, which are pulled next; what an
 * effect points to is copied before such a call.  If one fails the stream is lost, and the
 * engine's last effect says so: the results need not be looked at here.
 */
#include <session/bridge.h>
#include <session/stream.h>

#include <string.h>

#include <base/alloc.h>
#include <proof/srv_status.h>
#include <x509/digest.h>

static struct dna_name copy_name(const char *name)
{
    struct dna_name copy = {""};
    if (name != NULL && strlen(name) < sizeof copy.text) {
        strcpy(copy.text, name);
    }
    return copy;
}

/* --- before TLS ------------------------------------------------------------------------ */

static void foresee_one(struct dna_stream *stream, const char *name, struct dna_time now)
{
    struct dna_session *session = stream->session;
    const struct dna_want want = {.kind = DNA_WANT_DNS,
                                  .u.dns = {.name = name, .type = DNA_DNS_SRV}};
    struct dna_fact_view view;
    struct dna_wait *wait;
    struct dna_key key;
    if (dna_key_want(&want, &key) != DNA_OK ||
        dna_memory_recall(&session->memory, dna_key_span(&key), now.wall, &view)) {
        return;
    }
    wait = dna_alloc_zero(session->alloc, 1, sizeof *wait);
    if (wait == NULL) {
        return; /* it only saves time */
    }
    wait->stream = stream;
    wait->payer = stream->payer;
    if (dna_lookups_join(&session->lookups, dna_key_span(&key), &want, wait) != DNA_OK) {
        dna_alloc_release(session->alloc, wait);
        return;
    }
    wait->next_own = stream->foresight.waits;
    stream->foresight.waits = wait;
}

/* The answers go to the cache alone; a hearing uses them once TLS is on. */
static void foresee(struct dna_stream *stream, const char *domain, struct dna_time now)
{
    struct dna_policy policy =
        dna_policies_for(&stream->session->policies, domain, now.wall);
    struct dna_srv_names names;
    if (stream->foresight.begun || policy.level == DNA_LEVEL_REFUSE ||
        !dna_srv_names(domain, DNA_XMPP_SERVER, &names)) {
        return;
    }
    stream->foresight.begun = true;
    foresee_one(stream, names.plain, now);
    foresee_one(stream, names.tls, now);
}

/* False: bytes stood behind the element that begins TLS, and the stream dies of it. */
static bool may_secure(struct dna_stream *stream, struct dna_time now)
{
    size_t unread = dna_xml_reader_unread(stream->reader);
    stream->lent = false;
    if (unread != 0) {
        dna_stream_lost(dna_s2s_secured(stream->s2s, false, unread, now));
    }
    return unread == 0;
}

/* --- the court ------------------------------------------------------------------------- */

static void hear(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                 struct dna_time now)
{
    struct dna_name domain = copy_name(effect->domain);
    if (dna_link_is_bridge(stream->link)) {
        dna_bridge_judge(stream, domain.text, now); /* no court: the link says who it is */
        return;
    }
    dna_stream_hear(stream, domain.text, effect->added, effect->renewal, now);
    dna_lookups_leave_all(&stream->session->lookups, &stream->foresight.waits);
}

static void supply(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                   struct dna_time now)
{
    struct dna_hearing *hearing = dna_stream_hearing(stream, effect->domain);
    struct dna_fact fact = {.kind = DNA_WANT_PEER};
    fact.u.peer.outcome = DNA_PEER_SILENT;
    switch (effect->outcome) {
    case DNA_S2S_SILENT:
        break;
    case DNA_S2S_IMPOSSIBLE:
        fact.u.peer.outcome = DNA_PEER_IMPOSSIBLE;
        break;
    case DNA_S2S_PROOF:
        fact.u.peer.outcome = DNA_PEER_PROOF;
        fact.u.peer.prooftype = effect->prooftype;
        fact.u.peer.content = effect->content;
        break;
    }
    if (hearing != NULL) {
        dna_stream_lost(dna_hearing_supply(hearing, &fact, now));
    }
}

/* --- what we prove --------------------------------------------------------------------- */

/* A type for which the peer needs nothing from us, in the order of their strength. */
static bool unaided_type(unsigned offered, enum dna_prooftype *type)
{
    static const enum dna_prooftype unaided[] = {
        DNA_PROOF_DANE,          DNA_PROOF_DNSSEC_SRV,         DNA_PROOF_PKIX,
        DNA_PROOF_SRVNAME,       DNA_PROOF_POSH,               DNA_PROOF_XML_ASSERTION,
        DNA_PROOF_HOST_META,     DNA_PROOF_SERVICE_DELEGATION, DNA_PROOF_STS,
    };
    for (size_t i = 0; i < sizeof unaided / sizeof *unaided; i++) {
        if ((offered & DNA_PROOF_BIT(unaided[i])) != 0) {
            *type = unaided[i];
            return true;
        }
    }
    return false;
}

/* What the domain's owner gave us for it, if the peer asks for that and takes it. */
static bool supplied_type(const struct dna_stream *stream,
                          const struct dna_hosted_domain *hosted, unsigned offered,
                          int64_t now, enum dna_prooftype *type, struct dna_span *content)
{
    const struct {
        enum dna_prooftype type;
        const char *text;
        int64_t ends;
    } supplied[] = {
        {DNA_PROOF_ATTRIBUTE_CERT, hosted->attribute_cert, hosted->attribute_cert_ends},
        {DNA_PROOF_DNSSEC_TA, hosted->dnssec_ta_url, DNA_NEVER},
    };
    for (size_t i = 0; i < sizeof supplied / sizeof *supplied; i++) {
        struct dna_span text = dna_span_of(supplied[i].text);
        if (text.len != 0 && (offered & DNA_PROOF_BIT(supplied[i].type)) != 0 &&
            now <= supplied[i].ends && dna_s2s_takes(stream->s2s, hosted->domain, text)) {
            *type = supplied[i].type;
            *content = text;
            return true;
        }
    }
    return false;
}

static void prove(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                  struct dna_time now)
{
    struct dna_name domain = copy_name(effect->domain);
    const struct dna_hosted_domain *hosted =
        dna_hosting_find(&stream->session->hosting, domain.text);
    enum dna_prooftype type = DNA_PROOF_PKIX;
    struct dna_span content = {NULL, 0};
    bool has_proof = hosted != NULL &&
                     (supplied_type(stream, hosted, effect->prooftypes, now.wall, &type,
                                    &content) ||
                      unaided_type(effect->prooftypes, &type));
    dna_stream_lost(dna_s2s_prove(stream->s2s, domain.text, has_proof, type, content, now));
}

/* --- dialback -------------------------------------------------------------------------- */

/* The public side and each link have secrets of their own (S21). */
static struct dna_span secret_of(const struct dna_stream *stream)
{
    return stream->link != NULL
               ? (struct dna_span){stream->link->secret, stream->link->secret_len}
               : dna_secrets_current(&stream->session->secrets);
}

#define NONCE_TEXT (sizeof(((struct dna_stream *)NULL)->nonce) - 1)
#define CLAIM_TEXT (NONCE_TEXT + 1 + DNA_DIALBACK_KEY_TEXT)

static enum dna_err prove_secret(const struct dna_stream *stream, const char *label,
                                 const struct dna_s2s_effect *effect, struct dna_span nonce,
                                 char out[DNA_DIALBACK_KEY_TEXT])
{
    const struct dna_link_claim claim = {.label = dna_span_of(label),
                                         .id = effect->id,
                                         .from = effect->from,
                                         .to = effect->to,
                                         .nonce = nonce};
    return dna_link_proof(secret_of(stream), &claim, out);
}

/* "NONCE:PROOF" */
static enum dna_err make_claim(const struct dna_stream *stream,
                               const struct dna_s2s_effect *effect, char out[CLAIM_TEXT])
{
    memcpy(out, stream->nonce, NONCE_TEXT);
    out[NONCE_TEXT] = ':';
    return prove_secret(stream, "gateway-asks", effect, dna_span_of(stream->nonce),
                        out + NONCE_TEXT + 1);
}

static bool proves_secret(const struct dna_stream *stream, const char *label,
                          const struct dna_s2s_effect *effect, struct dna_span nonce,
                          struct dna_span proof)
{
    char expected[DNA_DIALBACK_KEY_TEXT];
    return prove_secret(stream, label, effect, nonce, expected) == DNA_OK &&
           dna_same_bytes(dna_span_of(expected), proof);
}

/* The local server's request, and what we answer to it. */
static bool check_request(const struct dna_stream *stream, const struct dna_s2s_effect *effect,
                          char answer[DNA_DIALBACK_KEY_TEXT])
{
    const struct dna_span claim = effect->content, nonce = {claim.ptr, NONCE_TEXT};
    if (claim.len != CLAIM_TEXT - 1 || claim.ptr[NONCE_TEXT] != ':') {
        return false;
    }
    return proves_secret(stream, "server-asks", effect, nonce,
                         (struct dna_span){claim.ptr + NONCE_TEXT + 1,
                                           claim.len - NONCE_TEXT - 1}) &&
           prove_secret(stream, "gateway-answers", effect, nonce, answer) == DNA_OK;
}

static void check_secret(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                         struct dna_time now)
{
    struct dna_name from = copy_name(effect->domain), to = copy_name(effect->other);
    char answer[DNA_DIALBACK_KEY_TEXT] = "";
    bool answers = effect->accepted;
    bool valid = answers ? proves_secret(stream, "server-answers", effect,
                                         dna_span_of(stream->nonce), effect->content)
                         : check_request(stream, effect, answer);
    dna_stream_lost(dna_s2s_dialback_checked(stream->s2s, from.text, to.text, answers, valid,
                                             dna_span_of(answer), now));
}

static void make_key(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                     struct dna_time now)
{
    struct dna_name own = copy_name(effect->domain), peer = copy_name(effect->other);
    char key[CLAIM_TEXT];
    enum dna_err err = stream->link != NULL && stream->link->keyed
                           ? make_claim(stream, effect, key)
                           : dna_dialback_key(secret_of(stream), dna_span_of(peer.text),
                                              dna_span_of(own.text), effect->id, key);
    if (err != DNA_OK) {
        dna_stream_lost(dna_s2s_close(stream->s2s, "internal-server-error", "", now));
        return;
    }
    dna_stream_lost(dna_s2s_dialback_key(stream->s2s, own.text, peer.text,
                                         dna_span_of(key), now));
}

static bool key_holds(struct dna_stream *stream, struct dna_span receiving,
                      struct dna_span initiating, const struct dna_s2s_effect *effect)
{
    char key[DNA_DIALBACK_KEY_TEXT];
    if (stream->link == NULL) {
        return dna_secrets_made(&stream->session->secrets, receiving, initiating, effect->id,
                                effect->content);
    }
    return dna_dialback_key(secret_of(stream), receiving, initiating, effect->id, key) ==
               DNA_OK &&
           dna_same_bytes(dna_span_of(key), effect->content);
}

/* The local server asks about a key that it was given, in the roles exchanged: `from` is the
 * domain that received it.  Our keys are made from canonical names, however it spells them. */
static bool verify_key(struct dna_stream *stream, const struct dna_s2s_effect *effect)
{
    struct dna_name from, to;
    return dna_name_parse(effect->from, &from) == DNA_OK &&
           dna_name_parse(effect->to, &to) == DNA_OK &&
           key_holds(stream, dna_span_of(from.text), dna_span_of(to.text), effect);
}

static enum dna_dialback_outcome outcome_of(enum dna_s2s_verdict verdict)
{
    switch (verdict) {
    case DNA_S2S_KEY_UNREACHED:
        break;
    case DNA_S2S_KEY_UNANSWERED:
        return DNA_DIALBACK_UNANSWERED;
    case DNA_S2S_KEY_UNKNOWN:
        return DNA_DIALBACK_UNKNOWN;
    case DNA_S2S_KEY_REFUSED:
        return DNA_DIALBACK_REFUSED;
    case DNA_S2S_KEY_INVALID:
        return DNA_DIALBACK_INVALID;
    case DNA_S2S_KEY_VALID:
        return DNA_DIALBACK_VALID;
    }
    return DNA_DIALBACK_UNREACHED;
}

static void verify(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                   struct dna_time now)
{
    const struct dna_alloc *alloc = stream->session->alloc;
    bool valid = verify_key(stream, effect);
    char *from = dna_alloc_text(alloc, effect->from);
    char *to = dna_alloc_text(alloc, effect->to);
    char *id = dna_alloc_text(alloc, effect->id);
    if (from != NULL && to != NULL && id != NULL) {
        const struct dna_span f = {from, effect->from.len}, t = {to, effect->to.len};
        const struct dna_span i = {id, effect->id.len};
        dna_stream_lost(dna_s2s_dialback_verified(stream->s2s, f, t, i, valid, now));
    } else {
        dna_stream_lost(dna_s2s_close(stream->s2s, "internal-server-error", "", now));
    }
    dna_alloc_release(alloc, from);
    dna_alloc_release(alloc, to);
    dna_alloc_release(alloc, id);
}

/* --- effects --------------------------------------------------------------------------- */

static void show(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                 enum dna_stream_effect_kind kind, struct dna_stream_effect *out)
{
    *out = (struct dna_stream_effect){
        .kind = kind,
        .domain = effect->domain,
        .other = effect->other,
        .accepted = effect->accepted,
        .stanza = effect->stanza,
        .condition = effect->condition != NULL ? effect->condition : "",
        .text = effect->text != NULL ? effect->text : "",
    };
    if (kind == DNA_STREAM_PEER) {
        out->ruling = dna_stream_standing(stream, effect->domain, effect->accepted,
                                          strcmp(out->condition, "reset") == 0);
    }
    if (kind == DNA_STREAM_CLOSE || kind == DNA_STREAM_ERROR) {
        dna_stream_dismiss_all(stream);
        dna_lookups_leave_all(&stream->session->lookups, &stream->foresight.waits);
    }
    if (kind == DNA_STREAM_CLOSE) {
        dna_stream_leave(stream);
        stream->closed = true;
        stream->lent = false;
    }
}

bool dna_stream_act(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                    struct dna_time now, struct dna_stream_effect *out)
{
    switch (effect->kind) {
    case DNA_S2S_SECURE:
        if (!may_secure(stream, now)) {
            return false;
        }
        show(stream, effect, DNA_STREAM_SECURE, out);
        return true;
    case DNA_S2S_RESTART:
        stream->lent = false;
        dna_stream_dismiss_all(stream); /* of the records that the restart wiped out */
        if (dna_xml_reader_restart(stream->reader) != DNA_OK) {
            dna_stream_lost(dna_s2s_close(stream->s2s, "internal-server-error", "", now));
        }
        return false;
    case DNA_S2S_READER:
        dna_xml_reader_limits(stream->reader, &effect->limits);
        dna_xml_reader_shallow(stream->reader, effect->shallow);
        return false;
    case DNA_S2S_FORESEE:
        if (stream->link != NULL) {
            return false; /* nothing is looked up about the local server */
        }
        foresee(stream, effect->domain, now);
        return false;
    case DNA_S2S_HEAR:
        hear(stream, effect, now);
        return false;
    case DNA_S2S_DISMISS:
        dna_stream_dismiss(stream, effect->domain, now);
        return false;
    case DNA_S2S_PEER_FACT:
        supply(stream, effect, now);
        return false;
    case DNA_S2S_PROVE:
        prove(stream, effect, now);
        return false;
    case DNA_S2S_DIALBACK_KEY:
        make_key(stream, effect, now);
        return false;
    case DNA_S2S_DIALBACK_VERIFY:
        verify(stream, effect, now);
        return false;
    case DNA_S2S_DIALBACK_CHECK:
        check_secret(stream, effect, now);
        return false;
    case DNA_S2S_DIALBACK_ASK:
        show(stream, effect, DNA_STREAM_VERIFY, out);
        out->id = effect->id;
        out->number = effect->number;
        return true;
    case DNA_S2S_DIALBACK_READY:
        show(stream, effect, DNA_STREAM_READY, out);
        return true;
    case DNA_S2S_DIALBACK_ANSWER:
        show(stream, effect, DNA_STREAM_VERIFIED, out);
        out->number = effect->number;
        out->outcome = outcome_of(effect->verdict);
        return true;
    case DNA_S2S_PING:
        dna_stream_expect_answer(stream, effect->domain, effect->other, effect->text);
        return false;
    case DNA_S2S_RESUME:
        dna_stream_find_suspended(stream, effect->text, now);
        return false;
    case DNA_S2S_FLOW:
        show(stream, effect, DNA_STREAM_FLOWS, out);
        return true;
    case DNA_S2S_OWN:
        show(stream, effect, DNA_STREAM_OWN, out);
        return true;
    case DNA_S2S_PEER:
        show(stream, effect, DNA_STREAM_PEER, out);
        return true;
    case DNA_S2S_PAIR:
        if (effect->accepted && stream->peers != NULL && effect->text != NULL &&
            strcmp(effect->text, "dialback") == 0) {
            dna_stream_observe_dialled(
                stream, stream->role == DNA_INITIATING ? effect->other : effect->domain, now);
        }
        show(stream, effect, DNA_STREAM_PAIR, out);
        return true;
    case DNA_S2S_STANZA:
        if (dna_stream_is_answer(stream, effect->stanza)) {
            return false; /* to a ping of ours */
        }
        show(stream, effect, DNA_STREAM_STANZA, out);
        return true;
    case DNA_S2S_ERROR:
        show(stream, effect, DNA_STREAM_ERROR, out);
        return true;
    case DNA_S2S_CLOSE:
        show(stream, effect, DNA_STREAM_CLOSE, out);
        return true;
    }
    return false;
}
