/* s2s/stream.c: the public calls.
 *
 * Each call sets what it brought, lets the engine handle its event and all that follow, and
 * then gives those that wait their turn and tells the reader its limits.
 */
#include <s2s/table.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

bool dna_s2s_established(const struct dna_s2s *s)
{
    return s->state == DNA_S2S_IN_ESTABLISHED || s->state == DNA_S2S_IN_LOCAL_ESTABLISHED ||
           s->state == DNA_S2S_OUT_ESTABLISHED || s->state == DNA_S2S_OUT_LOCAL_ESTABLISHED;
}

bool dna_s2s_over(const struct dna_s2s *s)
{
    return s->state == DNA_S2S_CLOSING || s->state == DNA_S2S_FAILED ||
           s->state == DNA_S2S_CLOSED;
}

bool dna_s2s_hosts(const struct dna_s2s *s, const char *domain)
{
    return dna_map_get(s->options.hosted, dna_span_of(domain)) != NULL;
}

void dna_s2s_fault(struct dna_s2s *s, enum dna_err err)
{
    if (s->err == DNA_OK) {
        s->err = err;
    }
}

/* --- around every call ----------------------------------------------------------------- */

static void run_timers(struct dna_s2s *s)
{
    struct dna_s2s_record *r;
    while (s->err == DNA_OK && !dna_s2s_over(s) && (r = dna_s2s_timer_first(s)) != NULL &&
           r->deadline <= s->now.mono) {
        dna_s2s_timer(s, r, DNA_NEVER);
        dna_s2s_run(s, DNA_S2S_RE_TIMER, r);
    }
    if (s->now.mono >= s->patience) {
        s->patience = DNA_NEVER;
        dna_s2s_run(s, DNA_S2S_EV_PATIENCE, NULL);
    }
    if (s->now.mono >= s->lifetime) {
        s->lifetime = DNA_NEVER;
        dna_s2s_run(s, DNA_S2S_EV_LIFETIME, NULL);
    }
}

/* False: the stream is lost. */
static bool begin(struct dna_s2s *s, struct dna_s2s_call *call, struct dna_time now)
{
    memset(call, 0, sizeof *call);
    s->call = call;
    s->now = now;
    dna_s2s_effects_begin(s);
    run_timers(s);
    call->condition = call->text = NULL;
    return s->err == DNA_OK;
}

/* Whether one of those that wait may begin. */
static bool has_turn(const struct dna_s2s *s)
{
    switch ((int)s->state) {
    case DNA_S2S_IN_NEGOTIATING:
    case DNA_S2S_IN_SASL:
    case DNA_S2S_IN_CHECKING:
        return s->records.in_flight < DNA_LIMIT_IN_FLIGHT_UNAUTH;
    case DNA_S2S_IN_ESTABLISHED:
    case DNA_S2S_OUT_ESTABLISHED:
        return s->records.in_flight < DNA_LIMIT_IN_FLIGHT;
    case DNA_S2S_OUT_LOCAL:
    case DNA_S2S_OUT_LOCAL_ESTABLISHED:
        return s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS;
    default:
        return false;
    }
}

static void want(struct dna_s2s *s, const char *own, const char *peer);

/* Pairs that were asked for before the stream could say anything about them. */
static void grant_wishes(struct dna_s2s *s)
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
        want(s, own.text, peer.text);
    }
    dna_map_free(wishes);
}

static void tell_reader(struct dna_s2s *s)
{
    struct dna_s2s_input *input = &s->input;
    bool open = s->records.peer_valid > 0 || dna_s2s_established(s);
    struct dna_s2s_effect effect = {
        .kind = DNA_S2S_READER,
        .shallow = open,
        .limits = {.element = open                ? DNA_LIMIT_ELEMENT_AUTH
                              : input->challenged ? DNA_LIMIT_ELEMENT_CHALLENGE
                                                  : DNA_LIMIT_ELEMENT_UNAUTH,
                   .depth = open ? DNA_LIMIT_DEPTH_AUTH : DNA_LIMIT_DEPTH_UNAUTH,
                   .attributes = DNA_LIMIT_ATTRIBUTES}};
    if (dna_s2s_over(s) || (effect.limits.element == input->limits.element &&
                            effect.limits.depth == input->limits.depth &&
                            effect.shallow == input->shallow)) {
        return;
    }
    input->limits = effect.limits;
    input->shallow = effect.shallow;
    dna_s2s_emit(s, &effect);
}

static enum dna_err finish(struct dna_s2s *s)
{
    bool misused = s->call->misused;
    struct dna_s2s_record *r;
    if (s->err == DNA_OK) {
        grant_wishes(s);
        while (s->err == DNA_OK && has_turn(s) && (r = dna_s2s_turn(s)) != NULL) {
            dna_s2s_run(s, DNA_S2S_RE_TURN, r);
        }
        tell_reader(s);
    }
    s->call = NULL;
    if (s->err != DNA_OK) {
        return s->err;
    }
    return misused ? DNA_ERR_STATE : DNA_OK;
}

/* --- making ------------------------------------------------------------------------------ */

static enum dna_err take_names(struct dna_s2s *s)
{
    enum dna_err err = DNA_OK;
    if (s->options.role == DNA_INITIATING) {
        err = dna_name_parse(dna_span_of(s->options.own), &s->own);
        if (err == DNA_OK) {
            err = dna_name_parse(dna_span_of(s->options.peer), &s->peer);
        }
        s->options.own = s->own.text;
        s->options.peer = s->peer.text;
    }
    return err == DNA_ERR_FORMAT ? DNA_ERR_ARGUMENT : err;
}

static void greet_first(struct dna_s2s *s)
{
    if (s->options.role == DNA_INITIATING) {
        dna_s2s_put_header(s, s->own.text, s->peer.text, true);
        if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
            want(s, s->own.text, s->peer.text);
        }
    }
}

enum dna_err dna_s2s_new(const struct dna_s2s_options *options, struct dna_time now,
                         struct dna_s2s **out)
{
    struct dna_s2s *s = dna_alloc_zero(options->alloc, 1, sizeof *s);
    struct dna_s2s_call call;
    enum dna_err err;
    if (s == NULL) {
        return DNA_ERR_MEMORY;
    }
    s->options = *options;
    s->began = now.mono;
    s->lifetime = now.mono + (options->role == DNA_RECEIVING ? DNA_LIMIT_UNAUTH_MS
                                                             : DNA_LIMIT_CHALLENGE_MS);
    s->patience = DNA_NEVER;
    dna_buf_init(&s->out, options->alloc, SIZE_MAX / 2);
    dna_s2s_begin_state(s);
    err = take_names(s);
    if (err == DNA_OK) {
        err = dna_s2s_records_init(s);
    }
    if (err == DNA_OK) {
        (void)begin(s, &call, now);
        greet_first(s);
        err = finish(s);
    }
    if (err != DNA_OK) {
        dna_s2s_free(s);
        return err;
    }
    *out = s;
    return DNA_OK;
}

void dna_s2s_free(struct dna_s2s *s)
{
    if (s != NULL) {
        dna_s2s_records_fini(s);
        dna_s2s_effects_fini(s);
        dna_buf_fini(&s->out);
        dna_alloc_release(s->options.alloc, s->headers.id);
        dna_alloc_release(s->options.alloc, s);
    }
}

/* --- from the peer ------------------------------------------------------------------------- */

static enum dna_s2s_event stanza_event(struct dna_s2s *s, const struct dna_xml_item *item)
{
    const struct dna_xml_element *e = item->element;
    bool stanza = dna_span_is(e->name, "message") || dna_span_is(e->name, "presence") ||
                  dna_span_is(e->name, "iq");
    if (e->prefix.len != 0) {
        return DNA_S2S_EV_PREFIXED_STANZA;
    }
    if (!stanza) {
        return dna_s2s_is_dna(s, e) ? DNA_S2S_EV_DNA : DNA_S2S_EV_OTHER;
    }
    if (dna_s2s_established(s) || s->state == DNA_S2S_CLOSING) {
        s->call->gate = dna_s2s_gate_look(s, item);
    }
    return DNA_S2S_EV_STANZA;
}

static const struct {
    const char *ns, *name;
    enum dna_s2s_event event;
} element_events[] = {
    {DNA_S2S_NS_STREAM, "features", DNA_S2S_EV_FEATURES},
    {DNA_S2S_NS_STREAM, "error", DNA_S2S_EV_STREAM_ERROR},
    {DNA_S2S_NS_TLS, "starttls", DNA_S2S_EV_STARTTLS},
    {DNA_S2S_NS_TLS, "proceed", DNA_S2S_EV_PROCEED},
    {DNA_S2S_NS_TLS, "failure", DNA_S2S_EV_TLS_FAILURE},
    {DNA_S2S_NS_SASL, "auth", DNA_S2S_EV_AUTH},
    {DNA_S2S_NS_SASL, "response", DNA_S2S_EV_RESPONSE},
    {DNA_S2S_NS_SASL, "abort", DNA_S2S_EV_ABORT},
    {DNA_S2S_NS_SASL, "challenge", DNA_S2S_EV_SASL_CHALLENGE},
    {DNA_S2S_NS_SASL, "success", DNA_S2S_EV_SUCCESS},
    {DNA_S2S_NS_SASL, "failure", DNA_S2S_EV_SASL_FAILURE},
};

static enum dna_s2s_event element_event(struct dna_s2s *s, const struct dna_xml_item *item)
{
    const struct dna_xml_element *e = item->element;
    if (dna_span_is(e->ns, DNA_S2S_NS_SERVER)) {
        return stanza_event(s, item);
    }
    if (dna_s2s_is_dna(s, e)) {
        return DNA_S2S_EV_DNA;
    }
    if (dna_span_is(e->ns, DNA_S2S_NS_DIALBACK)) {
        return DNA_S2S_EV_DIALBACK;
    }
    for (size_t i = 0; i < sizeof element_events / sizeof *element_events; i++) {
        if (dna_xml_is(e, element_events[i].ns, element_events[i].name)) {
            enum dna_s2s_event event = element_events[i].event;
            if (event == DNA_S2S_EV_AUTH || event == DNA_S2S_EV_RESPONSE) {
                s->call->auth = dna_s2s_auth_read(s, e);
            }
            return event;
        }
    }
    return DNA_S2S_EV_OTHER;
}

static const char *xml_condition(enum dna_xml_error error)
{
    switch (error) {
    case DNA_XML_NOT_WELL_FORMED:
        return "not-well-formed";
    case DNA_XML_RESTRICTED:
        return "restricted-xml";
    case DNA_XML_UNSUPPORTED_ENCODING:
        return "unsupported-encoding";
    case DNA_XML_BAD_NAMESPACE_PREFIX:
        return "bad-namespace-prefix";
    case DNA_XML_BAD_FORMAT:
        return "bad-format";
    case DNA_XML_POLICY:
        return "policy-violation";
    case DNA_XML_MEMORY:
    case DNA_XML_OK:
        break;
    }
    return "internal-server-error";
}

static void handle_header(struct dna_s2s *s, const struct dna_xml_item *item)
{
    struct dna_s2s_header header;
    dna_s2s_header_read(s, item, &header);
    s->call->header = &header;
    s->call->condition = header.fault;
    s->call->text = header.why;
    dna_s2s_run(s, header.fault != NULL ? DNA_S2S_EV_BAD_HEADER : DNA_S2S_EV_HEADER, NULL);
    s->call->header = NULL;
}

static void handle(struct dna_s2s *s, const struct dna_xml_item *item)
{
    s->call->item = item;
    switch (item->kind) {
    case DNA_XML_MORE:
        break;
    case DNA_XML_HEADER:
        handle_header(s, item);
        break;
    case DNA_XML_ELEMENT:
        if (dna_buf_len(&s->out) > DNA_LIMIT_OUTPUT) {
            s->call->condition = "policy-violation";
            s->call->text = "answers are not read";
            dna_s2s_run(s, DNA_S2S_EV_FAULT, NULL);
        } else {
            dna_s2s_run(s, element_event(s, item), NULL);
        }
        break;
    case DNA_XML_END:
        dna_s2s_run(s, DNA_S2S_EV_END, NULL);
        break;
    case DNA_XML_ERROR:
        s->call->condition = xml_condition(item->error);
        s->call->text = item->why;
        dna_s2s_run(s, DNA_S2S_EV_XML_ERROR, NULL);
        break;
    }
}

enum dna_err dna_s2s_item(struct dna_s2s *s, const struct dna_xml_item *item,
                          struct dna_time now)
{
    struct dna_s2s_call call;
    if (s->err == DNA_OK && s->effects.first != s->effects.n) {
        return DNA_ERR_STATE;
    }
    if (begin(s, &call, now)) {
        handle(s, item);
        s->call->item = NULL;
    }
    return finish(s);
}

/* Bytes that come while TLS is being set up were not meant for it (RFC 6120 5.4.3.3). */
void dna_s2s_received(struct dna_s2s *s, size_t bytes)
{
    struct dna_s2s_input *input = &s->input;
    struct dna_s2s_call call;
    size_t most = input->challenged ? DNA_LIMIT_TOTAL_CHALLENGE : DNA_LIMIT_TOTAL_UNAUTH;
    if (s->state == DNA_S2S_IN_SECURING || s->state == DNA_S2S_OUT_SECURING) {
        input->in_clear += bytes;
    }
    if (s->err != DNA_OK || dna_s2s_established(s) || s->records.peer_valid > 0) {
        return;
    }
    input->total = bytes < SIZE_MAX - input->total ? input->total + bytes : SIZE_MAX;
    if (input->total > most && begin(s, &call, s->now)) {
        dna_s2s_run(s, DNA_S2S_EV_OVERFLOW, NULL);
        (void)finish(s);
    }
}

/* --- from the host ------------------------------------------------------------------------- */

enum dna_err dna_s2s_secured(struct dna_s2s *s, bool has_certificate, size_t unread,
                             struct dna_time now)
{
    struct dna_s2s_call call;
    if (begin(s, &call, now)) {
        call.has_certificate = has_certificate;
        call.unread = unread;
        dna_s2s_run(s, DNA_S2S_EV_SECURED, NULL);
    }
    return finish(s);
}

enum dna_err dna_s2s_gone(struct dna_s2s *s, const char *why, struct dna_time now)
{
    struct dna_s2s_call call;
    if (begin(s, &call, now)) {
        dna_s2s_log(s, DNA_LOG_DEBUG, "stream-gone", "why", dna_span_of(why));
        dna_s2s_run(s, DNA_S2S_EV_GONE, NULL);
    }
    return finish(s);
}

enum dna_err dna_s2s_ruled(struct dna_s2s *s, const char *domain,
                           const struct dna_ruling *ruling, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL && r->hearing) {
        call.ruling = ruling;
        dna_s2s_run(s, DNA_S2S_RE_RULED, r);
    }
    return finish(s);
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
    if (begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL && r->hearing) {
        call.prooftypes = (unsigned char)prooftypes;
        dna_s2s_run(s, DNA_S2S_RE_CHALLENGE, r);
    }
    return finish(s);
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
    if (begin(s, &call, now) && (r = dna_s2s_own_record(s, domain)) != NULL) {
        call.prooftype = type;
        call.content = content;
        dna_s2s_run(s, has_proof ? DNA_S2S_RE_PROOF : DNA_S2S_RE_NO_PROOF, r);
    }
    return finish(s);
}

enum dna_err dna_s2s_revoke(struct dna_s2s *s, const char *domain,
                            const struct dna_ruling *ruling, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (begin(s, &call, now) && (r = dna_s2s_peer_record(s, domain)) != NULL) {
        call.ruling = ruling;
        dna_s2s_run(s, DNA_S2S_RE_REVOKED, r);
    }
    return finish(s);
}

/* Pairs of the domain, in both maps.  A record may go with its event, so that each is looked
 * for anew. */
static void unhost_pairs(struct dna_s2s *s, struct dna_map *map, const char *own)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (dna_map_next(map, &cursor, &key, &value)) {
        struct dna_s2s_record *r = value;
        bool ours = strcmp(map == s->records.own ? r->other : r->domain, own) == 0;
        if (ours && (r->state == DNA_S2S_L_VALID || map == s->records.own) &&
            r->state != DNA_S2S_P_INVALID) {
            dna_s2s_run(s, DNA_S2S_RE_UNHOSTED, r);
            cursor = 0;
        }
    }
}

enum dna_err dna_s2s_unhost(struct dna_s2s *s, const char *own, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (begin(s, &call, now)) {
        if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
            unhost_pairs(s, s->records.own, own);
            unhost_pairs(s, s->records.peer, own);
        } else if ((r = dna_s2s_own_record(s, own)) != NULL) {
            dna_s2s_run(s, DNA_S2S_RE_UNHOSTED, r);
        }
    }
    return finish(s);
}

static const struct dna_span no_id = {NULL, 0};

enum dna_err dna_s2s_dialback_key(struct dna_s2s *s, const char *own, const char *peer,
                                  struct dna_span key, struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    if (begin(s, &call, now) &&
        (r = dna_s2s_pair(s, DNA_S2S_P_NONE, own, peer, no_id)) != NULL) {
        call.content = key;
        dna_s2s_run(s, DNA_S2S_RE_KEY, r);
    }
    return finish(s);
}

enum dna_err dna_s2s_dialback_verified(struct dna_s2s *s, struct dna_span from,
                                       struct dna_span to, struct dna_span id, bool valid,
                                       struct dna_time now)
{
    struct dna_s2s_call call;
    struct dna_s2s_record *r;
    struct dna_name source, target;
    if (begin(s, &call, now) && id.len != 0 && dna_name_parse(from, &source) == DNA_OK &&
        dna_name_parse(to, &target) == DNA_OK &&
        (r = dna_s2s_pair(s, DNA_S2S_K_NONE, source.text, target.text, id)) != NULL) {
        call.valid = valid;
        dna_s2s_run(s, DNA_S2S_RE_VERIFIED, r);
    }
    return finish(s);
}

/* --- wishes ---------------------------------------------------------------------------------- */

static void want_record(struct dna_s2s *s, struct dna_s2s_record *r)
{
    if (r != NULL && !dna_s2s_state_valid((enum dna_s2s_state)r->state)) {
        dna_s2s_run(s, DNA_S2S_RE_WANT, r);
    }
}

static void want(struct dna_s2s *s, const char *own, const char *peer)
{
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        want_record(s, dna_s2s_pair_make(s, DNA_S2S_P_NONE, own, peer, no_id));
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

/* Whether the record is refused, and it is too early to try again. */
static bool refused(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return r != NULL && s->now.mono < r->retry_at && !r->unchallenged &&
           (r->state == DNA_S2S_A_INVALID || r->state == DNA_S2S_A_IMPOSSIBLE ||
            r->state == DNA_S2S_V_INVALID || r->state == DNA_S2S_V_IMPOSSIBLE ||
            r->state == DNA_S2S_P_INVALID);
}

static bool may_ask(const struct dna_s2s *s, const char *own, const char *peer)
{
    bool initiating = s->options.role == DNA_INITIATING;
    bool header = strcmp(own, s->own.text) == 0 && strcmp(peer, s->peer.text) == 0;
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
    if (!dna_s2s_hosts(s, own) || dna_s2s_hosts(s, peer) ||
        refused(s, dna_s2s_own_record(s, own)) || refused(s, dna_s2s_peer_record(s, peer))) {
        return false;
    }
    if (dna_s2s_established(s)) {
        return s->dna == DNA_S2S_SPEAKS_YES || (initiating && header);
    }
    return initiating && (header || s->dna != DNA_S2S_SPEAKS_NO);
}

enum dna_err dna_s2s_ask(struct dna_s2s *s, const char *own, const char *peer,
                         struct dna_time now)
{
    struct dna_s2s_call call;
    if (begin(s, &call, now)) {
        bool header = strcmp(own, s->own.text) == 0 && strcmp(peer, s->peer.text) == 0;
        if (!may_ask(s, own, peer)) {
            call.misused = true;
        } else if (dna_s2s_is(s, DNA_S2S_LOCAL) || dna_s2s_established(s)) {
            want(s, own, peer);
        } else if (!header) {
            wish(s, own, peer);
        }
    }
    return finish(s);
}

enum dna_err dna_s2s_close(struct dna_s2s *s, const char *condition, const char *text,
                           struct dna_time now)
{
    struct dna_s2s_call call;
    if (begin(s, &call, now)) {
        call.condition = condition;
        call.text = text;
        dna_s2s_run(s, DNA_S2S_EV_CLOSE, NULL);
    }
    return finish(s);
}

/* --- time and state --------------------------------------------------------------------------- */

int64_t dna_s2s_deadline(const struct dna_s2s *s)
{
    const struct dna_s2s_record *r = dna_s2s_timer_first(s);
    int64_t deadline = s->lifetime < s->patience ? s->lifetime : s->patience;
    if (s->err != DNA_OK) {
        return DNA_NEVER;
    }
    return r != NULL && !dna_s2s_over(s) && r->deadline < deadline ? r->deadline : deadline;
}

enum dna_err dna_s2s_tick(struct dna_s2s *s, struct dna_time now)
{
    struct dna_s2s_call call;
    (void)begin(s, &call, now);
    return finish(s);
}

struct dna_buf *dna_s2s_output(struct dna_s2s *s)
{
    return &s->out;
}

const char *dna_s2s_own(const struct dna_s2s *s)
{
    return s->own.text;
}

const char *dna_s2s_peer(const struct dna_s2s *s)
{
    return s->peer.text;
}

bool dna_s2s_speaks_dna(const struct dna_s2s *s)
{
    return s->err == DNA_OK && dna_s2s_established(s) && dna_s2s_both_ways(s);
}

bool dna_s2s_peer_valid(const struct dna_s2s *s, const char *domain)
{
    return s->err == DNA_OK && dna_s2s_is(s, DNA_S2S_PUBLIC) &&
           dna_s2s_valid_now(s, dna_s2s_peer_record(s, domain));
}
