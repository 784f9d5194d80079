/* s2s/wish.c: pairs of domains that the host has stanzas for.
 *
 * Before a public stream is ready only the header's pair is under way; others are remembered
 * here, since nothing that a restart forgets may hold what is ours to wish.
 */
#include <s2s/table.h>

#include <string.h>

#include <base/limits.h>

static const struct dna_span no_id = {NULL, 0};

static void want_record(struct dna_s2s *s, struct dna_s2s_record *r)
{
    if (r != NULL && !dna_s2s_state_valid((enum dna_s2s_state)r->state)) {
        dna_s2s_run(s, DNA_S2S_RE_WANT, r);
    }
}

void dna_s2s_want(struct dna_s2s *s, const char *own, const char *peer)
{
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        want_record(s, dna_s2s_pair_make(s, DNA_S2S_P_NONE, own, peer, no_id));
    } else if (dna_s2s_permits(s, own, peer)) {
        return; /* by SASL, perhaps, or by bidi */
    } else if (dna_s2s_can_dial(s)) {
        want_record(s, dna_s2s_pair_make(s, DNA_S2S_D_NONE, own, peer, no_id));
    } else {
        want_record(s, dna_s2s_peer_record_make(s, peer));
        want_record(s, dna_s2s_own_record_make(s, own));
    }
}

static void wish(struct dna_s2s *s, const char *own, const char *peer)
{
    struct dna_s2s_records *records = &s->records;
    char key[2 * (DNA_NAME_MAX + 1)];
    size_t len = strlen(own);
    enum dna_err err = DNA_OK;
    if (records->wishes == NULL) {
        err = dna_map_new(s->options.alloc, s->options.seed, &records->wishes);
    }
    memcpy(key, own, len);
    key[len] = ' ';
    memcpy(key + len + 1, peer, strlen(peer));
    if (err == DNA_OK) {
        err = dna_map_set(records->wishes, (struct dna_span){key, len + 1 + strlen(peer)}, s);
    }
    dna_s2s_fault(s, err);
}

void dna_s2s_grant_wishes(struct dna_s2s *s)
{
    struct dna_map *wishes = s->records.wishes;
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    if (wishes == NULL || !dna_s2s_established(s)) {
        return;
    }
    s->records.wishes = NULL;
    while (dna_map_next(wishes, &cursor, &key, &value)) {
        struct dna_name own, peer;
        const char *space = memchr(key.ptr, ' ', key.len);
        size_t len = (size_t)(space - key.ptr);
        memcpy(own.text, key.ptr, len);
        own.text[len] = '\0';
        memcpy(peer.text, space + 1, key.len - len - 1);
        peer.text[key.len - len - 1] = '\0';
        dna_s2s_want(s, own.text, peer.text);
    }
    dna_map_free(wishes);
}

/* Whether the record is refused, and it is too early to try again. */
static bool refused(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return r != NULL && s->now.mono < r->retry_at && !r->unchallenged &&
           (r->state == DNA_S2S_A_INVALID || r->state == DNA_S2S_A_IMPOSSIBLE ||
            r->state == DNA_S2S_V_INVALID || r->state == DNA_S2S_V_IMPOSSIBLE ||
            r->state == DNA_S2S_P_INVALID || r->state == DNA_S2S_D_INVALID);
}

static bool may_ask(const struct dna_s2s *s, const char *own, const char *peer)
{
    bool initiating = s->options.role == DNA_INITIATING;
    bool header = strcmp(own, s->own.text) == 0 && strcmp(peer, s->peer.text) == 0;
    /* What the peer did not take as proven it may take by dialback. */
    bool dials = dna_s2s_can_dial(s) || (header && s->state == DNA_S2S_OUT_DNA);
    if (dna_s2s_over(s) || strlen(own) > DNA_NAME_MAX || strlen(peer) > DNA_NAME_MAX) {
        return false;
    }
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        bool known = s->state == DNA_S2S_OUT_LOCAL ||
                     s->state == DNA_S2S_OUT_LOCAL_ESTABLISHED;
        return initiating && dna_s2s_hosts(s, peer) && !dna_s2s_hosts(s, own) &&
               (!known || s->headers.dialback_errors || strcmp(peer, s->peer.text) == 0) &&
               !refused(s, dna_s2s_pair(s, DNA_S2S_P_NONE, own, peer, no_id));
    }
    if (s->options.bridge && !header) {
        return false;
    }
    if (!dna_s2s_hosts(s, own) || dna_s2s_hosts(s, peer) ||
        (refused(s, dna_s2s_own_record(s, own)) && !dials) ||
        refused(s, dna_s2s_peer_record(s, peer))) {
        return false;
    }
    if (dna_s2s_can_dial(s)) {
        return (s->headers.dialback_errors || strcmp(peer, s->peer.text) == 0) &&
               !refused(s, dna_s2s_pair(s, DNA_S2S_D_NONE, own, peer, no_id));
    }
    if (dna_s2s_established(s)) {
        return s->dna == DNA_S2S_SPEAKS_YES || (initiating && header) ||
               dna_s2s_permits(s, own, peer);
    }
    return initiating && (header || s->dna != DNA_S2S_SPEAKS_NO);
}

enum dna_err dna_s2s_ask(struct dna_s2s *s, const char *own, const char *peer,
                         struct dna_time now)
{
    struct dna_s2s_call call;
    if (dna_s2s_begin(s, &call, now)) {
        bool header = strcmp(own, s->own.text) == 0 && strcmp(peer, s->peer.text) == 0;
        if (!may_ask(s, own, peer)) {
            call.misused = true;
        } else if (dna_s2s_is(s, DNA_S2S_LOCAL) || dna_s2s_established(s) ||
                   dna_s2s_can_dial(s)) {
            dna_s2s_want(s, own, peer);
        } else if (!header) {
            wish(s, own, peer);
        }
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_close(struct dna_s2s *s, const char *condition, const char *text,
                           struct dna_time now)
{
    struct dna_s2s_call call;
    if (dna_s2s_begin(s, &call, now)) {
        call.condition = condition;
        call.text = text;
        dna_s2s_run(s, DNA_S2S_EV_CLOSE, NULL);
    }
    return dna_s2s_finish(s);
}
