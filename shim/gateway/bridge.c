/* gateway/bridge.c: who waits for a certificate, and what they are given.
 *
 * Of each domain that was proven lately its evidence is kept.  Where a stream to or from a
 * bridge's server needs a certificate for it, the evidence goes to the signing process, and
 * what that signs is presented until it ends.  Evidence that is gone is brought about again:
 * where the domain is proven on a stream, it is heard there once more.
 *
 * A domain without evidence is presented with a certificate that proves nothing, by another
 * authority and with another key, and the router carries nothing but errors on that stream
 * (S25).  Where there is none either, TLS is refused, and the server tells its users.
 *
 * Invariant: a stream waits in at most one entry, and an entry with waiting streams is asked
 * for, or its domain is being sought or heard.
 */
#include "bridge_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <x509/mint.h>

#include "gateway.h"
#include "log.h"

#define WAITING_MAX 1024
#define SPARE_S 60       /* a certificate is not presented for longer than that before its end */
#define REHEARD_MS 30000 /* a hearing takes no longer */

/* --- answering ---------------------------------------------------------------------- */

/* What it is to be used for is settled before it is there. */
static void reserve_for_errors(struct dna_uv_stream *stream)
{
    struct user *user = dna_uv_stream_user(stream);
    if (user->is_stream) {
        router_errors_only((struct stream *)(void *)user);
    }
}

static void keep_for_proof(struct bridge *bridge, const struct entry *entry,
                           struct dna_uv_stream *stream)
{
    struct user *user = dna_uv_stream_user(stream);
    if (user->is_stream) {
        router_shows_proof((struct stream *)(void *)user,
                           entry->proof.until - dna_uv_now(bridge->gateway->uv).wall);
    }
}

static void answer_all(struct bridge *bridge, struct entry *entry,
                       const struct dna_uv_identity *identity, bool for_errors)
{
    bool held = entry->held;
    entry->held = true;
    while (entry->waiting != NULL) {
        struct waiting *w = entry->waiting;
        struct dna_uv_stream *stream = w->stream;
        entry->waiting = w->next;
        bridge->n_waiting--;
        free(w);
        if (for_errors) {
            reserve_for_errors(stream);
        }
        if (!for_errors && identity != NULL) {
            keep_for_proof(bridge, entry, stream);
        }
        dna_uv_stream_certify(stream, identity);
    }
    entry->held = held;
}

void bridge_refuse(struct bridge *bridge, struct entry *entry, const char *why)
{
    if (entry->waiting != NULL) {
        gateway_log(&bridge->gateway->log, DNA_LOG_WARNING, "not-certified", "domain",
                    entry->domain, "why", why, NULL);
    }
    answer_all(bridge, entry, NULL, false);
}

struct bridge_key *bridge_key_for(struct bridge *bridge, char what)
{
    return what == SIGNER_FOR_PROOF ? &bridge->for_proof : &bridge->for_errors;
}

static bool take_certificate(struct bridge *bridge, char what, struct dna_span pem,
                             struct certificate *out)
{
    struct dna_uv_identity *identity;
    const char *why;
    int64_t from;
    if (dna_uv_identity_new(bridge->gateway->uv, pem,
                            dna_buf_span(&bridge_key_for(bridge, what)->pem), &identity,
                            &why) != DNA_OK) {
        return false;
    }
    bridge_drop_certificate(out);
    out->identity = identity;
    dna_chain_leaf_validity(dna_uv_identity_chain(identity), &from, &out->until);
    return true;
}

void bridge_signed(struct bridge *bridge, struct entry *entry, struct dna_span pem)
{
    bool proof = entry->asked_for == SIGNER_FOR_PROOF;
    struct certificate *certificate = proof ? &entry->proof : &entry->errors;
    if (!take_certificate(bridge, entry->asked_for, pem, certificate)) {
        bridge_refuse(bridge, entry, "what was signed cannot be used");
        return;
    }
    gateway_log(&bridge->gateway->log, proof ? DNA_LOG_DEBUG : DNA_LOG_INFO,
                proof ? "certified" : "errors-only", "domain", entry->domain, NULL);
    answer_all(bridge, entry, certificate->identity, !proof);
}

void bridge_not_signed(struct bridge *bridge, struct entry *entry, const char *why)
{
    if (entry->asked_for == SIGNER_FOR_PROOF) {
        gateway_log(&bridge->gateway->log, DNA_LOG_WARNING, "not-signed", "domain",
                    entry->domain, "why", why, NULL);
        bridge_drop_evidence(bridge, entry); /* it is good for nothing; bridge_look goes on */
    } else {
        bridge_refuse(bridge, entry, why);
    }
}

/* --- what is to be done ------------------------------------------------------------- */

static bool is_good(const struct certificate *certificate, int64_t now)
{
    return certificate->identity != NULL && certificate->until > now + SPARE_S;
}

/* What a stream has that waits: nothing but its core tells. */
static bool is_sought(struct bridge *bridge, struct dna_uv_stream *stream, const char *domain)
{
    struct dna_stream *core = dna_uv_stream_core(stream);
    return !dna_uv_stream_initiating(stream) && core != NULL &&
           router_seeks(bridge->gateway->router, dna_stream_peer(core), domain);
}

/* Whether evidence may still come. */
static bool may_come(struct bridge *bridge, const struct entry *entry)
{
    for (const struct waiting *w = entry->waiting; w != NULL; w = w->next) {
        if (is_sought(bridge, w->stream, entry->domain)) {
            return true;
        }
    }
    return entry->reheard > dna_uv_now(bridge->gateway->uv).mono;
}

/* It may have been proven long ago, or by a ruling that was remembered. */
static bool hear_again(struct bridge *bridge, struct entry *entry)
{
    if (entry->heard_again || !router_rehear(bridge->gateway->router, entry->domain)) {
        return false;
    }
    entry->heard_again = true;
    entry->reheard = dna_uv_now(bridge->gateway->uv).mono + REHEARD_MS;
    return true;
}

static void look_at(struct bridge *bridge, struct entry *entry)
{
    int64_t now = dna_uv_now(bridge->gateway->uv).wall;
    if (is_good(&entry->proof, now)) {
        answer_all(bridge, entry, entry->proof.identity, false);
    } else if (entry->bundle != NULL && entry->proven_until > now) {
        bridge_channel_ask(bridge, entry, SIGNER_FOR_PROOF);
    } else if (may_come(bridge, entry) || hear_again(bridge, entry)) {
        return;
    } else if (is_good(&entry->errors, now)) {
        answer_all(bridge, entry, entry->errors.identity, true);
    } else {
        bridge_channel_ask(bridge, entry, SIGNER_FOR_ERRORS);
    }
}

/* What is done here may bring about that entries are freed. */
void bridge_look(struct bridge *bridge)
{
    struct entry *next, *e = bridge->n_waiting > 0 ? bridge->oldest : NULL;
    while (e != NULL) {
        uint64_t freed = bridge->freed;
        next = e->newer;
        if (e->waiting != NULL && e->asked == 0) {
            look_at(bridge, e);
        }
        e = bridge->freed == freed ? next : bridge->oldest;
    }
}

/* --- for others --------------------------------------------------------------------- */

static void fini_key(struct bridge_key *key)
{
    if (key->pem.mem != NULL) {
        explicit_bzero(key->pem.mem, key->pem.room);
    }
    dna_buf_fini(&key->pem);
    dna_buf_fini(&key->spki);
}

static void init_key(struct bridge_key *key)
{
    dna_buf_init(&key->pem, NULL, SIGNER_KEY_MAX);
    dna_buf_init(&key->spki, NULL, SIGNER_KEY_MAX);
}

static bool make_key(struct bridge_key *key)
{
    return dna_mint_key(&key->pem) == DNA_OK &&
           dna_mint_public(dna_buf_span(&key->pem), &key->spki) == DNA_OK;
}

struct bridge *bridge_new(struct gateway *gateway, const struct gateway_config *config,
                          FILE *errors)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    char why[SIGNER_WHY] = "out of memory or randomness";
    uint64_t key[2];
    bool fine;
    if (bridge == NULL) {
        return NULL;
    }
    bridge->gateway = gateway;
    bridge->config_file = config->file;
    init_key(&bridge->for_proof);
    init_key(&bridge->for_errors);
    fine = getrandom(key, sizeof key, 0) == (ssize_t)sizeof key &&
           table_init(&bridge->table, key) && make_key(&bridge->for_proof) &&
           make_key(&bridge->for_errors) && bridge_channel_start(bridge, why);
    if (!fine) {
        fprintf(errors, "%s:%d: bridge-folder: %s\n", config->file, config->lines.bridge, why);
        bridge_free(bridge);
        return NULL;
    }
    return bridge;
}

bool bridge_renew(struct bridge *bridge, const struct gateway_config *config)
{
    char why[SIGNER_WHY];
    bridge_channel_end(bridge);
    bridge->config_file = config->file;
    for (struct entry *e = bridge->oldest; e != NULL; e = e->newer) {
        e->asked = 0; /* what is hosted now may not be certified any more */
        bridge_drop_certificate(&e->proof);
        bridge_drop_certificate(&e->errors);
    }
    if (!bridge_channel_start(bridge, why)) {
        bridge_channel_lose(bridge, why);
    }
    bridge_look(bridge);
    return bridge->channel != NULL;
}

void bridge_free(struct bridge *bridge)
{
    if (bridge == NULL) {
        return;
    }
    while (bridge->oldest != NULL) {
        struct entry *entry = bridge->oldest;
        while (entry->waiting != NULL) { /* the driver has ended their streams */
            struct waiting *w = entry->waiting;
            entry->waiting = w->next;
            free(w);
        }
        bridge_free_entry(bridge, entry);
    }
    bridge_channel_end(bridge);
    table_fini(&bridge->table);
    fini_key(&bridge->for_proof);
    fini_key(&bridge->for_errors);
    free(bridge);
}

void bridge_heard(struct bridge *bridge, const struct dna_session_bundle *heard)
{
    const struct dna_ruling *ruling = heard->ruling;
    bool proves = ruling->verdict == DNA_PROVEN && !ruling->pinned && !ruling->dialback &&
                  heard->bundle.len <= SIGNER_BUNDLE_MAX;
    struct entry *entry = proves ? bridge_find_or_make(bridge, heard->domain, heard->user)
                                 : bridge_find(bridge, heard->domain);
    if (entry == NULL) {
        return;
    }
    entry->reheard = 0;
    if (proves) {
        bridge_keep(bridge, entry, heard->user, heard->bundle, ruling->expires_at);
    }
}

bool bridge_proves(const struct bridge *bridge, const char *domain)
{
    const struct entry *entry = bridge_find(bridge, domain);
    int64_t now = dna_uv_now(bridge->gateway->uv).wall;
    return entry != NULL &&
           ((entry->proof.identity != NULL && entry->proof.until > now) ||
            (entry->bundle != NULL && entry->proven_until > now));
}

/* Nothing is known of it, or not any more. */
static void bring_about(struct bridge *bridge, struct entry *entry,
                        struct dna_uv_stream *stream)
{
    struct router *router = bridge->gateway->router;
    struct dna_stream *core = dna_uv_stream_core(stream);
    struct dna_time now = dna_uv_now(bridge->gateway->uv);
    if (is_good(&entry->proof, now.wall) ||
        (entry->bundle != NULL && entry->proven_until > now.wall) || core == NULL) {
        return;
    }
    if (!hear_again(bridge, entry) && !dna_uv_stream_initiating(stream)) {
        router_seek(router, dna_stream_peer(core), entry->domain);
    }
}

void bridge_certify(struct bridge *bridge, struct dna_uv_stream *stream, const char *domain)
{
    struct entry *entry = bridge->n_waiting < WAITING_MAX
                              ? bridge_find_or_make(bridge, domain, bridge)
                              : NULL;
    struct waiting *w = entry != NULL ? calloc(1, sizeof *w) : NULL;
    if (w == NULL) {
        dna_uv_stream_certify(stream, NULL);
        return;
    }
    entry->heard_again = entry->heard_again && entry->waiting != NULL;
    w->stream = stream;
    w->next = entry->waiting;
    entry->waiting = w;
    bridge->n_waiting++;
    bring_about(bridge, entry, stream);
}

void bridge_forget(struct bridge *bridge, const struct dna_uv_stream *stream)
{
    for (struct entry *e = bridge->n_waiting > 0 ? bridge->oldest : NULL; e != NULL;
         e = e->newer) {
        for (struct waiting **w = &e->waiting; *w != NULL; w = &(*w)->next) {
            if ((*w)->stream == stream) {
                struct waiting *gone = *w;
                *w = gone->next;
                bridge->n_waiting--;
                free(gone);
                return;
            }
        }
    }
}
