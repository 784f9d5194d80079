/* s2s/host.c: what comes from the host: TLS, rulings, proofs, keys, the end. */
#include <s2s/table.h>

#include <string.h>

#include <base/limits.h>

enum dna_err dna_s2s_secured(struct dna_s2s *s, bool has_certificate, size_t unread,
                             struct dna_time now)
{
    struct dna_s2s_call call;
    if (dna_s2s_begin(s, &call, now)) {
        call.has_certificate = has_certificate;
        call.unread = unread;
        dna_s2s_run(s, DNA_S2S_EV_SECURED, NULL);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_gone(struct dna_s2s *s, const char *why, struct dna_time now)
{
    struct dna_s2s_call call;
    if (dna_s2s_begin(s, &call, now)) {
        dna_s2s_log(s, DNA_LOG_DEBUG, "stream-gone", "why", dna_span_of(why));
        dna_s2s_run(s, DNA_S2S_EV_GONE, NULL);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_ruled(struct dna_s2s *s, const char *domain,
                           const struct dna_ruling *ruling, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL &&
        r->hearing) {
        call.ruling = ruling;
        dna_s2s_run(s, DNA_S2S_RE_RULED, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_challenge(struct dna_s2s *s, const char *domain, unsigned prooftypes,
                               struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    prooftypes &= DNA_PROOF_BIT(DNA_N_PROOFTYPES) - 1;
    if (prooftypes == 0) {
        return DNA_ERR_ARGUMENT;
    }
    if (dna_s2s_begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL &&
        r->hearing) {
        call.prooftypes = (uint16_t)prooftypes;
        dna_s2s_run(s, DNA_S2S_RE_CHALLENGE, r);
    }
    return dna_s2s_finish(s);
}

/* Counts what escaping may add. */
bool dna_s2s_takes(const struct dna_s2s *s, const char *domain, struct dna_span content)
{
    size_t len = strlen(domain) + content.len + 128;
    size_t max_bytes = dna_s2s_max_bytes(s);
    size_t most = max_bytes != 0 ? max_bytes : 2 * DNA_LIMIT_PROOF;
    for (size_t i = 0; i < content.len; i++) {
        len += strchr("&<>'\"\t\n\r", content.ptr[i]) != NULL ? 5 : 0;
    }
    return content.len <= DNA_LIMIT_PROOF && len <= most;
}

enum dna_err dna_s2s_prove(struct dna_s2s *s, const char *domain, bool has_proof,
                           enum dna_prooftype type, struct dna_span content,
                           struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (has_proof && (unsigned)type >= DNA_N_PROOFTYPES) {
        return DNA_ERR_ARGUMENT;
    }
    if (dna_s2s_begin(s, &call, now) && (r = dna_s2s_own_record(s, domain)) != NULL) {
        call.prooftype = type;
        call.content = content;
        dna_s2s_run(s, has_proof ? DNA_S2S_RE_PROOF : DNA_S2S_RE_NO_PROOF, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_revoke(struct dna_s2s *s, const char *domain,
                            const struct dna_ruling *ruling, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL) {
        call.ruling = ruling;
        dna_s2s_run(s, DNA_S2S_RE_REVOKED, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_renew(struct dna_s2s *s, const char *domain, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL &&
        r->state == DNA_S2S_V_VALID) {
        dna_s2s_timer(s, r, DNA_NEVER);
        dna_s2s_run(s, DNA_S2S_RE_TIMER, r);
    }
    return dna_s2s_finish(s);
}

/* Pairs of the domain, in both maps.  A record may go with its event, so that each is looked
 * for anew. */
static bool ends_with_domain(const struct dna_s2s_record *r)
{
    switch ((int)r->state) {
    case DNA_S2S_P_WAITING:
    case DNA_S2S_P_KEY:
    case DNA_S2S_P_SENT:
    case DNA_S2S_P_ANSWERED:
    case DNA_S2S_P_VALID:
    case DNA_S2S_L_VALID:
    case DNA_S2S_D_WAITING:
    case DNA_S2S_D_HEARING:
    case DNA_S2S_D_KEY:
    case DNA_S2S_D_SENT:
    case DNA_S2S_D_VALID:
    case DNA_S2S_R_HEARING:
    case DNA_S2S_R_VERIFYING:
    case DNA_S2S_R_VALID:
        return true;
    default:
        return false;
    }
}

/* On the local hop the remote domain comes first where we send, on public streams ours. */
static bool is_of(const struct dna_s2s *s, const struct dna_s2s_record *r, const char *own)
{
    bool ours = dna_s2s_state_ours((enum dna_s2s_state)r->state);
    bool first = dna_s2s_is(s, DNA_S2S_PUBLIC) ? ours : !ours;
    return strcmp(first ? r->domain : r->other, own) == 0;
}

static void unhost_pairs(struct dna_s2s *s, struct dna_map *map, const char *own)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (dna_map_next(map, &cursor, &key, &value)) {
        struct dna_s2s_record *r = value;
        if (ends_with_domain(r) && is_of(s, r, own)) {
            size_t n = dna_map_count(map);
            unsigned state = r->state;
            dna_s2s_run(s, DNA_S2S_RE_UNHOSTED, r);
            /* Nothing happens on a stream that is being closed. */
            if (dna_map_count(map) != n || r->state != state) {
                cursor = 0;
            }
        }
    }
}

enum dna_err dna_s2s_unhost(struct dna_s2s *s, const char *own, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now)) {
        if (s->records.pairs != 0) {
            unhost_pairs(s, s->records.own, own);
            unhost_pairs(s, s->records.peer, own);
        }
        if (dna_s2s_is(s, DNA_S2S_PUBLIC) && (r = dna_s2s_own_record(s, own)) != NULL) {
            dna_s2s_run(s, DNA_S2S_RE_UNHOSTED, r);
        }
    }
    return dna_s2s_finish(s);
}

static const struct dna_span no_id = {NULL, 0};

enum dna_err dna_s2s_dialback_key(struct dna_s2s *s, const char *own, const char *peer,
                                  struct dna_span key, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) &&
        (r = dna_s2s_pair(s, DNA_S2S_P_NONE, own, peer, no_id)) != NULL) {
        call.content = key;
        dna_s2s_run(s, DNA_S2S_RE_KEY, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_dialback_verified(struct dna_s2s *s, struct dna_span from,
                                       struct dna_span to, struct dna_span id, bool valid,
                                       struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    struct dna_name source, target;
    if (dna_s2s_begin(s, &call, now) && id.len != 0 &&
        dna_name_parse(from, &source) == DNA_OK && dna_name_parse(to, &target) == DNA_OK &&
        (r = dna_s2s_pair(s, DNA_S2S_K_NONE, source.text, target.text, id)) != NULL) {
        call.valid = valid;
        dna_s2s_run(s, DNA_S2S_RE_VERIFIED, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_dialback_checked(struct dna_s2s *s, const char *from, const char *to,
                                      bool answer, bool valid, struct dna_span proof,
                                      struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) &&
        (r = dna_s2s_pair(s, answer ? DNA_S2S_P_NONE : DNA_S2S_L_NONE, from, to, no_id)) !=
            NULL) {
        call.valid = valid;
        call.content = proof;
        dna_s2s_run(s, DNA_S2S_RE_CHECKED, r);
    }
    return dna_s2s_finish(s);
}

enum dna_err dna_s2s_answered(struct dna_s2s *s, const char *from, const char *to,
                              unsigned number, enum dna_s2s_verdict verdict,
                              struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (dna_s2s_begin(s, &call, now) &&
        (r = dna_s2s_pair(s, DNA_S2S_R_NONE, from, to, no_id)) != NULL &&
        r->number == number) {
        call.outcome = verdict;
        dna_s2s_run(s, DNA_S2S_RE_ANSWERED, r);
    }
    return dna_s2s_finish(s);
}

/* Its TLS is on, and it leads away from whoever made the claim: we opened it. */
bool dna_s2s_can_verify(const struct dna_s2s *s)
{
    return s->err == DNA_OK && dna_s2s_is(s, DNA_S2S_PUBLIC) && s->options.dialback &&
           (s->state == DNA_S2S_OUT_VERIFYING || s->state == DNA_S2S_OUT_DIALBACK ||
            (s->state == DNA_S2S_OUT_ESTABLISHED && s->headers.dialback)) &&
           s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS;
}

enum dna_err dna_s2s_verify(struct dna_s2s *s, const char *from, const char *to,
                            struct dna_span id, struct dna_span key, unsigned number,
                            struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (!dna_s2s_begin(s, &call, now)) {
        return dna_s2s_finish(s);
    }
    if (!dna_s2s_can_verify(s) || dna_s2s_pair(s, DNA_S2S_Y_NONE, from, to, id) != NULL ||
        (r = dna_s2s_pair_make(s, DNA_S2S_Y_NONE, from, to, id)) == NULL) {
        call.misused = s->err == DNA_OK;
    } else {
        call.content = key;
        call.number = number;
        dna_s2s_run(s, DNA_S2S_RE_WANT, r);
    }
    return dna_s2s_finish(s);
}
