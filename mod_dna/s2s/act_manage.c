/* s2s/act_manage.c: stream management with resumption (XEP-0198), and bidi (XEP-0288).
 *
 * The initiating entity asks for it, once; both count stanzas from then on, and nothing else.
 * A request to acknowledge is open as long as something is not acknowledged, so that nobody
 * needs a timer.  Whatever is resumed was bound to the header's domains and these were proven
 * again on this stream; other domains wait until they are, too (S18).  `location` is ignored: a
 * stream goes where the DNS leads it (S22).
 */
#include <s2s/actions.h>

#include <inttypes.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <xml/element.h>
#include <xml/writer.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

#define SM "xmlns='" DNA_S2S_NS_MANAGE "'"

/* --- counting ---------------------------------------------------------------------------- */

bool dna_s2s_keeps(const struct dna_s2s *s)
{
    return s->options.manages && dna_s2s_is(s, DNA_S2S_PUBLIC);
}

void dna_s2s_manage_count(struct dna_s2s *s)
{
    if (s->managing.state == DNA_S2S_MANAGED) {
        s->managing.manage.handled++;
    }
}

static void request(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    if (m->state == DNA_S2S_MANAGED && !m->requested && m->manage.kept.n != 0 && !s->ended) {
        dna_s2s_put(s, "<r " SM "/>");
        m->requested = true;
        s->watch.asked = s->now.mono;
    }
}

void dna_s2s_manage_sent(struct dna_s2s *s, struct dna_kept *kept)
{
    struct dna_s2s_managing *m = &s->managing;
    if (kept != NULL) {
        dna_manage_sent(&m->manage, kept);
    }
    if (m->state == DNA_S2S_UNMANAGED) {
        dna_manage_age(&m->manage, s->now.mono);
    }
    request(s);
    s->watch.wrote = s->now.mono;
    dna_s2s_watch_sooner(s);
}

bool dna_s2s_manage_bars(const struct dna_s2s *s)
{
    const struct dna_s2s_managing *m = &s->managing;
    return m->state == DNA_S2S_RESUMING ||
           (m->state != DNA_S2S_UNMANAGED && dna_manage_full(&m->manage));
}

size_t dna_s2s_unacked(const struct dna_s2s *s)
{
    const struct dna_s2s_managing *m = &s->managing;
    return m->state == DNA_S2S_MANAGED ? m->manage.kept.bytes : 0;
}

size_t dna_s2s_kept(const struct dna_s2s *s)
{
    const struct dna_s2s_managing *m = &s->managing;
    return m->state == DNA_S2S_UNMANAGED ? 0 : m->manage.kept.bytes + m->manage.held.bytes;
}

void dna_s2s_manage_read(struct dna_s2s *s, const struct dna_xml_element *element)
{
    struct dna_span text;
    uint64_t h = 0;
    if (!dna_xml_attr(element, "h", &text) || text.len == 0 || text.len > 10) {
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return;
        }
        h = h * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    s->call->has_h = h <= UINT32_MAX;
    s->call->h = (uint32_t)h;
}

/* --- beginning --------------------------------------------------------------------------- */

static void forget_id(struct dna_s2s *s)
{
    dna_alloc_release(s->options.alloc, s->managing.id);
    s->managing.id = NULL;
}

/* What was sent before is not counted; it was remembered, and goes on to be until then. */
static void begin_counting(struct dna_s2s *s)
{
    dna_manage_clear(&s->managing.manage);
    s->managing.requested = false;
    s->watch.asked = s->watch.sent = 0;
}

static void ask_to_resume(struct dna_s2s *s)
{
    dna_s2s_put(s, "<resume " SM " h='%" PRIu32 "'", s->managing.manage.handled);
    dna_s2s_put_attr(s, "previd", dna_span_of(s->managing.id));
    dna_s2s_put(s, "/>");
    s->watch.asked = s->now.mono;
}

static void ask_to_manage(struct dna_s2s *s)
{
    begin_counting(s);
    dna_s2s_put(s, "<enable " SM " resume='true' max='%d'/>", DNA_LIMIT_SUSPENDED_S);
    s->managing.state = DNA_S2S_ENABLING;
}

/* Of what is kept nobody knows what became: it is to be returned. */
static void disown(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    struct dna_kept *kept;
    while ((kept = dna_kept_take(&m->manage.kept)) != NULL ||
           (kept = dna_kept_take(&m->manage.held)) != NULL) {
        dna_kept_add(&m->unsent, kept);
    }
}

static void tell_flow(struct dna_s2s *s)
{
    s->managing.full = false;
    dna_s2s_emit_domain(s, DNA_S2S_FLOW, NULL);
}

static void cannot_resume(struct dna_s2s *s)
{
    disown(s);
    forget_id(s);
    s->managing.state = DNA_S2S_UNMANAGED;
    s->watch.asked = 0;
    if (s->headers.manages) {
        ask_to_manage(s);
    }
    tell_flow(s);
}

void dna_s2s_manage_begin(struct dna_s2s *s)
{
    if (s->options.role != DNA_INITIATING || !dna_s2s_keeps(s)) {
        return;
    }
    if (s->managing.state == DNA_S2S_RESUMING && s->headers.manages) {
        ask_to_resume(s);
    } else if (s->managing.state == DNA_S2S_RESUMING) {
        cannot_resume(s);
    } else if (s->headers.manages) {
        ask_to_manage(s);
    }
}

/* What the last stream left is sent again, as far as that is permitted, before anything new. */
static void go_on(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    dna_manage_hold(&m->manage);
    m->state = DNA_S2S_MANAGED;
    m->requested = false;
    m->seeking = m->manage.held.first != NULL;
    m->held_until = s->now.mono + DNA_LIMIT_RETRANSMIT_MS;
    s->watch.asked = 0;
    dna_s2s_watch_sooner(s);
}

/* --- the receiving entity ------------------------------------------------------------------ */

/* Only what is bound to a proof can be resumed: dialback admits pairs, on this stream (S18). */
ACTION(manage)
{
    bool resumable = s->options.resumption[0] != '\0' &&
                     dna_s2s_is_proven(s, dna_s2s_peer_record(s, s->peer.text));
    (void)r;
    begin_counting(s);
    dna_s2s_put(s, "<enabled " SM);
    if (resumable) {
        s->managing.id = dna_alloc_text(s->options.alloc, dna_span_of(s->options.resumption));
        dna_s2s_fault(s, s->managing.id != NULL ? DNA_OK : DNA_ERR_MEMORY);
        s->managing.life_ms = (int64_t)DNA_LIMIT_SUSPENDED_S * 1000;
        dna_s2s_put(s, " id='%s' resume='true' max='%d'", s->options.resumption,
                    DNA_LIMIT_SUSPENDED_S);
    }
    dna_s2s_put(s, "/>");
    s->managing.state = DNA_S2S_MANAGED;
}

static void put_failed(struct dna_s2s *s, const char *condition)
{
    dna_s2s_put(s, "<failed " SM "><%s xmlns='" DNA_S2S_NS_STANZA_ERROR "'/></failed>",
                condition);
}

ACTION(manage_not)
{
    (void)r;
    put_failed(s, "unexpected-request");
}

ACTION(find_suspended)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_RESUME};
    char text[DNA_LIMIT_RESUMPTION_ID + 1] = "";
    struct dna_span id;
    (void)r;
    if (dna_xml_attr(s->call->item->element, "previd", &id) && id.len < sizeof text) {
        memcpy(text, id.ptr, id.len);
        text[id.len] = '\0';
    }
    forget_id(s);
    s->managing.id = dna_alloc_text(s->options.alloc, dna_span_of(text));
    dna_s2s_fault(s, s->managing.id != NULL ? DNA_OK : DNA_ERR_MEMORY);
    effect.text = text;
    s->managing.peer_h = s->call->h;
    s->managing.state = DNA_S2S_SEARCHING;
    dna_s2s_emit(s, &effect);
}

/* It goes on under the name that it had. */
ACTION(resume)
{
    struct dna_s2s_managing *m = &s->managing;
    (void)r;
    dna_manage_clear(&m->manage);
    dna_manage_move(&m->manage, s->call->manage);
    m->life_ms = (int64_t)DNA_LIMIT_SUSPENDED_S * 1000;
    s->call->h = m->peer_h;
    m->state = DNA_S2S_MANAGED;
    if (!dna_manage_acknowledged(&m->manage, m->peer_h)) {
        s->call->too_high = true;
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "undefined-condition", NULL);
        return;
    }
    dna_s2s_put(s, "<resumed " SM " previd='%s' h='%" PRIu32 "'/>", m->id,
                m->manage.handled);
    go_on(s);
    dna_s2s_log(s, DNA_LOG_INFO, "stream-resumed", "id", dna_span_of(m->id));
}

ACTION(resume_not)
{
    (void)r;
    s->managing.state = DNA_S2S_UNMANAGED;
    forget_id(s);
    put_failed(s, "item-not-found");
}

/* --- the initiating entity ------------------------------------------------------------------ */

static bool is_true(struct dna_span text)
{
    return DNA_S2S_SAME(text, "true") || DNA_S2S_SAME(text, "1");
}

static int64_t read_life(const struct dna_xml_element *enabled)
{
    int64_t most = DNA_LIMIT_SUSPENDED_S, seconds = 0;
    struct dna_span text;
    if (!dna_xml_attr(enabled, "max", &text)) {
        return most * 1000;
    }
    for (size_t i = 0; i < text.len && seconds < most; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return 0;
        }
        seconds = seconds * 10 + (text.ptr[i] - '0');
    }
    return (seconds < most ? seconds : most) * 1000;
}

/* A count that cannot be was caught by a guard; of a stream that is not resumed it is ignored. */
static void take_count(struct dna_s2s *s)
{
    bool good = dna_manage_acknowledged(&s->managing.manage, s->call->h);
    (void)good;
}

ACTION(managed)
{
    const struct dna_xml_element *enabled = s->call->item->element;
    struct dna_s2s_managing *m = &s->managing;
    struct dna_span id, resume;
    (void)r;
    m->state = DNA_S2S_MANAGED;
    m->manage.handled = 0;
    if (dna_xml_attr(enabled, "id", &id) && id.len != 0 && id.len <= DNA_LIMIT_RESUMPTION_ID &&
        dna_xml_attr(enabled, "resume", &resume) && is_true(resume)) {
        m->id = dna_alloc_text(s->options.alloc, id);
        m->life_ms = read_life(enabled);
        dna_s2s_fault(s, m->id != NULL ? DNA_OK : DNA_ERR_MEMORY);
    }
    request(s);
}

ACTION(unmanaged)
{
    (void)r;
    s->managing.state = DNA_S2S_UNMANAGED;
    if (s->managing.full) {
        tell_flow(s);
    }
}

ACTION(resumed)
{
    (void)r;
    take_count(s);
    go_on(s);
    tell_flow(s);
    dna_s2s_log(s, DNA_LOG_INFO, "stream-resumed", "id", dna_span_of(s->managing.id));
}

/* It may say how far it had come, which settles what became of the rest of them. */
ACTION(resumed_not)
{
    (void)r;
    if (s->call->has_h) {
        take_count(s);
    }
    cannot_resume(s);
}

/* --- acknowledgements ------------------------------------------------------------------------ */

static void put_acknowledgement(struct dna_s2s *s)
{
    dna_s2s_put(s, "<a " SM " h='%" PRIu32 "'/>", s->managing.manage.handled);
}

ACTION(acknowledge)
{
    (void)r;
    put_acknowledgement(s);
}

/* The guard has taken the count. */
ACTION(take_ack)
{
    struct dna_s2s_managing *m = &s->managing;
    (void)r;
    take_count(s);
    m->requested = false;
    s->watch.asked = 0;
    request(s);
    if (m->full && !dna_manage_full(&m->manage)) {
        tell_flow(s);
    }
}

ACTION(fail_ack)
{
    s->call->condition = s->call->has_h ? "undefined-condition" : "bad-format";
    s->call->text = NULL;
    s->call->too_high = s->call->has_h;
    dna_s2s_do_fail(s, r);
}

/* --- sending again --------------------------------------------------------------------------- */

static bool resend(struct dna_s2s *s, struct dna_kept *kept, const struct dna_stanza *stanza)
{
    enum dna_err err = dna_xml_write_raw(&s->out, stanza->raw, stanza->splice_at,
                                         stanza->splice);
    if (err != DNA_OK) {
        dna_s2s_fault(s, err);
        return false;
    }
    kept->at = s->now.mono;
    dna_s2s_manage_sent(s, kept);
    return true;
}

/* Domains that the present stream does not know yet. */
static void seek(struct dna_s2s *s)
{
    struct dna_stanza stanza, last = {.kind = DNA_IQ};
    const struct dna_kept *kept = s->managing.manage.held.first;
    s->managing.seeking = false;
    for (; kept != NULL && dna_s2s_both_ways(s); kept = kept->next) {
        dna_kept_stanza(kept, &stanza);
        if ((strcmp(stanza.from_domain.text, last.from_domain.text) != 0 ||
             strcmp(stanza.to_domain.text, last.to_domain.text) != 0) &&
            dna_s2s_hosts(s, stanza.from_domain.text) &&
            !dna_s2s_hosts(s, stanza.to_domain.text)) {
            dna_s2s_want(s, stanza.from_domain.text, stanza.to_domain.text);
        }
        last = stanza;
    }
}

void dna_s2s_manage_flush(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    struct dna_kept_list rest = {.first = NULL};
    struct dna_kept *kept;
    if (m->manage.held.first == NULL || m->state != DNA_S2S_MANAGED ||
        !dna_s2s_established(s)) {
        return;
    }
    while (s->err == DNA_OK && (kept = dna_kept_take(&m->manage.held)) != NULL) {
        struct dna_stanza stanza;
        dna_kept_stanza(kept, &stanza);
        if (!dna_s2s_may_send(s, stanza.from_domain.text, stanza.to_domain.text) ||
            !resend(s, kept, &stanza)) {
            dna_kept_add(&rest, kept);
        }
    }
    while ((kept = dna_kept_take(&m->manage.held)) != NULL) {
        dna_kept_add(&rest, kept);
    }
    m->manage.held = rest;
    if (m->seeking) {
        seek(s);
    }
}

void dna_s2s_manage_give_up(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    struct dna_kept *kept;
    while ((kept = dna_kept_take(&m->manage.held)) != NULL) {
        dna_kept_add(&m->unsent, kept);
    }
}

/* --- the end ------------------------------------------------------------------------------------ */

void dna_s2s_manage_say(struct dna_s2s *s)
{
    if (s->managing.state == DNA_S2S_MANAGED && !s->ended && s->headers.sent) {
        put_acknowledgement(s);
        request(s);
    }
}

ACTION(lose)
{
    s->managing.lost = true;
    dna_s2s_do_shut(s, r);
}

ACTION(fail_silent)
{
    s->managing.lost = true;
    s->call->condition = "connection-timeout";
    s->call->text = "no answer to what was sent";
    dna_s2s_do_fail(s, r);
}

ACTION(end_idle)
{
    s->why = "nothing was said for long";
    dna_s2s_do_say_end(s, r);
}

void dna_s2s_manage_fini(struct dna_s2s *s)
{
    struct dna_s2s_managing *m = &s->managing;
    disown(s);
    m->manage.held = m->unsent;
    dna_manage_clear(&m->manage);
    forget_id(s);
}

/* --- around it, for the host -------------------------------------------------------------------- */

enum dna_err dna_s2s_resume(struct dna_s2s *s, struct dna_span id, struct dna_manage *manage,
                            struct dna_time now)
{
    struct dna_s2s_managing *m = &s->managing;
    if (s->options.role != DNA_INITIATING || !dna_s2s_keeps(s) || m->id != NULL) {
        return DNA_ERR_STATE;
    }
    dna_s2s_clock(s, now);
    m->id = dna_alloc_text(s->options.alloc, id);
    if (m->id == NULL) {
        return DNA_ERR_MEMORY;
    }
    dna_manage_move(&m->manage, manage);
    m->life_ms = (int64_t)DNA_LIMIT_SUSPENDED_S * 1000;
    m->state = DNA_S2S_RESUMING;
    return DNA_OK;
}

enum dna_err dna_s2s_suspended(struct dna_s2s *s, struct dna_manage *manage,
                               struct dna_time now)
{
    struct dna_s2s_call call;
    if (dna_s2s_begin(s, &call, now)) {
        call.manage = manage;
        dna_s2s_run(s, manage != NULL ? DNA_S2S_EV_SUSPENDED : DNA_S2S_EV_NOT_SUSPENDED, NULL);
    }
    return dna_s2s_finish(s);
}

void dna_s2s_unconfirmed(struct dna_s2s *s, size_t bytes)
{
    s->managing.unconfirmed = bytes;
}

const char *dna_s2s_resumption(const struct dna_s2s *s)
{
    return s->managing.id != NULL ? s->managing.id : "";
}

struct dna_kept *dna_s2s_next_unsent(struct dna_s2s *s)
{
    return dna_kept_take(&s->managing.unsent);
}

static bool is_worth_resuming(const struct dna_s2s *s)
{
    const struct dna_s2s_managing *m = &s->managing;
    return m->state == DNA_S2S_RESUMING || s->options.role == DNA_RECEIVING ||
           dna_s2s_both_ways(s) || m->manage.kept.n != 0 || m->manage.held.n != 0;
}

bool dna_s2s_leave(struct dna_s2s *s, struct dna_s2s_left *left)
{
    struct dna_s2s_managing *m = &s->managing;
    bool lost = m->lost || s->err != DNA_OK || dna_s2s_established(s);
    if (m->id != NULL && m->life_ms > 0 && is_worth_resuming(s) &&
        ((m->state == DNA_S2S_MANAGED && lost) || m->state == DNA_S2S_RESUMING)) {
        strcpy(left->id, m->id);
        left->life_ms = m->life_ms;
        dna_manage_move(&left->manage, &m->manage);
        forget_id(s);
        return true;
    }
    if (m->state != DNA_S2S_MANAGED && m->state != DNA_S2S_RESUMING) {
        if (lost) {
            dna_manage_unsure(&m->manage, m->unconfirmed, s->now.mono);
        } else {
            struct dna_kept *kept;
            while ((kept = dna_kept_take(&m->manage.kept)) != NULL) {
                dna_manage_drop(&m->manage, kept);
            }
        }
    }
    disown(s);
    forget_id(s);
    m->state = DNA_S2S_UNMANAGED;
    return false;
}

/* --- bidi ------------------------------------------------------------------------------------------- */

ACTION(take_bidi)
{
    (void)r;
    s->bidi.on = true;
    dna_s2s_limits_read(s->call->item->element, &s->bidi.max_bytes, &s->bidi.idle_ms);
}

/* Behind TLS, and before SASL or dialback; there is no answer. */
void dna_s2s_bidi_begin(struct dna_s2s *s)
{
    if (s->options.bidi && s->headers.bidi && !s->bidi.on && s->headers.round == 1) {
        s->bidi.on = true;
        dna_s2s_put(s, "<bidi xmlns='" DNA_S2S_NS_BIDI "'>");
        dna_s2s_put_limits(s);
        dna_s2s_put(s, "</bidi>");
    }
}
