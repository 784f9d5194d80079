/* s2s/gate.c: which stanzas may come in, and which may go out.
 *
 * A stanza F -> T comes in only where the peer proved F to us on this stream and accepted
 * us for T on it, and it goes out only with the mirror condition (the DNA exchange, "Stanza
 * gate"); on the local hop, where the very pair was dialled back (S18).
 */
#include <s2s/stream.h>

#include <string.h>

#include <base/limits.h>
#include <s2s/table.h>

bool dna_s2s_valid_now(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return r != NULL && dna_s2s_state_valid((enum dna_s2s_state)r->state) &&
           (r->expires_at == 0 || s->now.wall < r->expires_at);
}

bool dna_s2s_is_proven(const struct dna_s2s *s, const struct dna_s2s_record *peer)
{
    return peer != NULL && s->now.wall < peer->expires_at &&
           (peer->state == DNA_S2S_V_PROVEN ||
            dna_s2s_state_valid((enum dna_s2s_state)peer->state));
}

bool dna_s2s_stands(const struct dna_s2s *s, const struct dna_s2s_record *peer)
{
    return dna_s2s_is_proven(s, peer) ||
           (peer != NULL && peer->state == DNA_S2S_V_UNPROVEN &&
            s->now.wall < peer->expires_at);
}

bool dna_s2s_can_dial(const struct dna_s2s *s)
{
    return dna_s2s_is(s, DNA_S2S_PUBLIC) && s->options.role == DNA_INITIATING &&
           s->options.dialback && s->headers.dialback && s->headers.id != NULL &&
           (s->headers.dials || s->dna != DNA_S2S_SPEAKS_YES) &&
           (s->state == DNA_S2S_OUT_DIALBACK || s->state == DNA_S2S_OUT_ESTABLISHED);
}

bool dna_s2s_both_ways(const struct dna_s2s *s)
{
    return dna_s2s_is(s, DNA_S2S_PUBLIC) && (s->dna == DNA_S2S_SPEAKS_YES || s->bidi.on);
}

static const struct dna_span no_id = {NULL, 0};

/* Most stanzas come from and go to the domains of the one before. */
static struct dna_s2s_record *recall(struct dna_s2s_record *last, const char *domain)
{
    return last != NULL && strcmp(last->domain, domain) == 0 ? last : NULL;
}

static enum dna_s2s_gate look_local(struct dna_s2s *s)
{
    const struct dna_stanza *stanza = &s->stanza;
    struct dna_s2s_record *pair = recall(s->records.last_from, stanza->from_domain.text);
    if (pair == NULL || strcmp(pair->other, stanza->to_domain.text) != 0) {
        pair = dna_s2s_pair(s, DNA_S2S_L_NONE, stanza->from_domain.text,
                            stanza->to_domain.text, no_id);
        s->records.last_from = pair;
    }
    return dna_s2s_valid_now(s, pair) && dna_s2s_hosts(s, pair->domain) ? DNA_S2S_GATE_OPEN
                                                                        : DNA_S2S_GATE_FROM;
}

static bool lately(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return s->now.mono - r->ended_at < DNA_LIMIT_T_GRACE_MS;
}

/* We said invalid, or are about to: its time is over, and only the timer is late.  That is
 * nothing the peer could know. */
static bool revoked_lately(const struct dna_s2s *s, const struct dna_s2s_record *from)
{
    return dna_s2s_state_valid((enum dna_s2s_state)from->state) ||
           (from->state == DNA_S2S_V_INVALID && lately(s, from));
}

static enum dna_s2s_gate judge_from(const struct dna_s2s *s, const struct dna_s2s_record *from,
                                    const char *domain)
{
    if (dna_s2s_hosts(s, domain)) {
        return DNA_S2S_GATE_FROM;
    }
    if (dna_s2s_valid_now(s, from)) {
        return DNA_S2S_GATE_OPEN;
    }
    if (from != NULL && revoked_lately(s, from)) {
        return DNA_S2S_GATE_FROM_LATELY;
    }
    return s->records.peer_valid == 0 ? DNA_S2S_GATE_NOTHING_VALID : DNA_S2S_GATE_FROM;
}

static enum dna_s2s_gate judge_to(const struct dna_s2s *s, const struct dna_s2s_record *to,
                                  const char *domain)
{
    bool hosted = dna_s2s_hosts(s, domain);
    if (hosted && dna_s2s_valid_now(s, to)) {
        return DNA_S2S_GATE_OPEN;
    }
    if (to == NULL || !to->asserted) {
        return DNA_S2S_GATE_TO;
    }
    if (to->state == DNA_S2S_A_IMPOSSIBLE || !hosted) {
        return lately(s, to) ? DNA_S2S_GATE_TO_LATELY : DNA_S2S_GATE_TO_GONE;
    }
    return DNA_S2S_GATE_TO_PROVING;
}

/* What is not proven may come in as the very pair that was dialled back (S18). */
static enum dna_s2s_gate look_dialled(const struct dna_s2s *s, const char *from,
                                      const char *to, enum dna_s2s_gate otherwise)
{
    const struct dna_s2s_record *pair =
        s->options.dialback ? dna_s2s_pair(s, DNA_S2S_R_NONE, from, to, no_id) : NULL;
    const struct dna_s2s_record *peer = dna_s2s_peer_record(s, from);
    if (pair == NULL || dna_s2s_hosts(s, from) || peer == NULL ||
        peer->state == DNA_S2S_V_INVALID || peer->state == DNA_S2S_V_IMPOSSIBLE) {
        return otherwise; /* what the court thought of the sender then holds no longer */
    }
    if (pair->state == DNA_S2S_R_GONE) {
        return lately(s, pair) ? DNA_S2S_GATE_TO_LATELY : DNA_S2S_GATE_TO_GONE;
    }
    return dna_s2s_valid_now(s, pair) && dna_s2s_hosts(s, to) ? DNA_S2S_GATE_OPEN : otherwise;
}

/* Against the direction of a stream that bidi made carry both: from where we may send to, and
 * only where the certificate itself speaks for that domain (XEP-0288). */
static enum dna_s2s_gate look_reverse(const struct dna_s2s *s,
                                      const struct dna_s2s_record *record, const char *from,
                                      const char *to)
{
    const struct dna_s2s_record *own = dna_s2s_own_record(s, to);
    if (s->records.peer_valid == 0 && s->records.own_valid == 0) {
        return DNA_S2S_GATE_NOTHING_VALID;
    }
    if (!dna_s2s_is_proven(s, record) || dna_s2s_hosts(s, from)) {
        return DNA_S2S_GATE_FROM;
    }
    return dna_s2s_hosts(s, to) &&
                   ((dna_s2s_valid_now(s, own) && dna_s2s_valid_now(s, record)) ||
                    dna_s2s_valid_now(s, dna_s2s_pair(s, DNA_S2S_D_NONE, to, from, no_id)))
               ? DNA_S2S_GATE_OPEN
               : DNA_S2S_GATE_TO;
}

static enum dna_s2s_gate look_public(struct dna_s2s *s)
{
    struct dna_s2s_records *records = &s->records;
    const char *from = s->stanza.from_domain.text, *to = s->stanza.to_domain.text;
    struct dna_s2s_record *record = recall(records->last_from, from);
    enum dna_s2s_gate gate;
    if (s->options.role == DNA_INITIATING && !dna_s2s_both_ways(s)) {
        return DNA_S2S_GATE_BACKWARDS;
    }
    if (record == NULL) {
        records->last_from = record = dna_s2s_peer_record(s, from);
    }
    if (s->options.role == DNA_INITIATING && s->dna != DNA_S2S_SPEAKS_YES) {
        return look_reverse(s, record, from, to);
    }
    gate = judge_from(s, record, from);
    if (gate == DNA_S2S_GATE_OPEN) {
        record = recall(records->last_to, to);
        if (record == NULL) {
            records->last_to = record = dna_s2s_own_record(s, to);
        }
        gate = judge_to(s, record, to);
    }
    return gate == DNA_S2S_GATE_OPEN ? gate : look_dialled(s, from, to, gate);
}

static void take_attributes(const struct dna_xml_element *e, struct dna_stanza *stanza)
{
    const struct dna_span none = {NULL, 0};
    stanza->from = stanza->to = stanza->type = stanza->id = none;
    for (size_t i = 0; i < e->n_attrs; i++) {
        const struct dna_xml_attr *a = &e->attrs[i];
        if (a->ns.len != 0) {
            continue;
        }
        if (DNA_S2S_SAME(a->name, "from")) {
            stanza->from = a->value;
        } else if (DNA_S2S_SAME(a->name, "to")) {
            stanza->to = a->value;
        } else if (DNA_S2S_SAME(a->name, "type")) {
            stanza->type = a->value;
        } else if (DNA_S2S_SAME(a->name, "id")) {
            stanza->id = a->value;
        }
    }
}

enum dna_s2s_gate dna_s2s_gate_look(struct dna_s2s *s, const struct dna_xml_item *item)
{
    struct dna_stanza *stanza = &s->stanza;
    const struct dna_xml_element *e = item->element;
    take_attributes(e, stanza);
    stanza->raw = item->raw;
    stanza->splice_at = item->splice_at;
    stanza->splice = item->splice;
    if (dna_name_of_jid(stanza->from, &stanza->from_domain) != DNA_OK ||
        dna_name_of_jid(stanza->to, &stanza->to_domain) != DNA_OK) {
        return DNA_S2S_GATE_IMPROPER;
    }
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        return s->options.role == DNA_RECEIVING ? look_local(s) : DNA_S2S_GATE_BACKWARDS;
    }
    return look_public(s);
}

/* --- outwards ---------------------------------------------------------------------------- */

/* The very pair was accepted, and what is thought of its target still holds. */
static bool may_send_dialled(const struct dna_s2s *s, const char *own, const char *peer,
                             const struct dna_s2s_record *theirs)
{
    return dna_s2s_can_dial(s) && dna_s2s_hosts(s, own) && !dna_s2s_hosts(s, peer) &&
           dna_s2s_stands(s, theirs) &&
           dna_s2s_valid_now(s, dna_s2s_pair(s, DNA_S2S_D_NONE, own, peer, no_id));
}

/* A receiving entity may send what bidi permits: to the domain that the peer authenticated as,
 * from the one that its header asked for; or the reverse of a pair that was dialled back. */
static bool may_send_reverse(const struct dna_s2s *s, const char *own, const char *peer)
{
    const struct dna_s2s_record *theirs = dna_s2s_peer_record(s, peer);
    if (!dna_s2s_hosts(s, own) || dna_s2s_hosts(s, peer)) {
        return false;
    }
    if (dna_s2s_stands(s, theirs) &&
        dna_s2s_valid_now(s, dna_s2s_pair(s, DNA_S2S_R_NONE, peer, own, no_id))) {
        return true;
    }
    return strcmp(own, s->own.text) == 0 && strcmp(peer, s->peer.text) == 0 &&
           dna_s2s_valid_now(s, dna_s2s_own_record(s, own)) && dna_s2s_valid_now(s, theirs);
}

bool dna_s2s_permits(const struct dna_s2s *s, const char *own, const char *peer)
{
    const struct dna_s2s_record *ours, *theirs;
    if (s->err != DNA_OK || !dna_s2s_established(s)) {
        return false;
    }
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        return s->options.role == DNA_INITIATING &&
               dna_s2s_valid_now(s, dna_s2s_pair(s, DNA_S2S_P_NONE, own, peer, no_id));
    }
    if (s->options.role == DNA_RECEIVING && s->dna != DNA_S2S_SPEAKS_YES) {
        return s->bidi.on && may_send_reverse(s, own, peer);
    }
    ours = dna_s2s_own_record(s, own);
    theirs = dna_s2s_peer_record(s, peer);
    if (may_send_dialled(s, own, peer, theirs)) {
        return true;
    }
    return dna_s2s_valid_now(s, ours) && !ours->one_way && dna_s2s_hosts(s, own) &&
           dna_s2s_valid_now(s, theirs) && !dna_s2s_hosts(s, peer);
}

bool dna_s2s_may_send(const struct dna_s2s *s, const char *own, const char *peer)
{
    return !dna_s2s_manage_bars(s) && dna_s2s_permits(s, own, peer);
}
