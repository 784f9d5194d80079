/* edge/dial.c: happy eyeballs over the places of a domain.
 *
 * One step at a time: the next address, or the next place when the addresses of this one
 * are used up and no attempt is running.  A step comes when an attempt failed, when the
 * pause since the last one is over, or when an address became known.  The first connection
 * wins; the others are closed, and the dial rests.  When the connection turns out to be no
 * good, the steps go on from there.  One span of time is for all of it.
 */
#include <edge/dial.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/find.h>
#include <resolver/resolver.h>

enum { V6, V4, FAMILIES };
static const uint16_t types[FAMILIES] = {DNA_DNS_AAAA, DNA_DNS_A};

struct family {
    struct dna_edge_dial *dial;
    struct dna_lookup *lookup;
    struct dna_address addresses[DNA_LIMIT_ADDRESSES];
    size_t n, next;
    bool secure; /* DNSSEC vouches for them */
};

/* The TLSA records of the present place. */
struct pins {
    struct dna_lookup *lookup;
    bool unknown; /* bogus, or lost: what DNSSEC vouches for is not connected to */
};

struct attempt {
    struct dna_edge_dial *dial;
    struct dna_edge_socket *socket;
    struct dna_timer *timer;
    struct dna_endpoint to;
};

/* What happened so far, for the last word. */
struct history {
    bool tried, refused, unknown;
    char why[160];
};

struct dna_edge_dial {
    struct dna_uv *uv;
    struct dna_edge_dial_options options;
    struct dna_edge_find *find;
    struct dna_name domain;
    bool is_elsewhere;
    struct dna_edge_elsewhere elsewhere; /* with is_elsewhere: the one place */
    struct dna_edge_places places;
    size_t at; /* places.list[at - 1] is the present one */
    struct family families[FAMILIES];
    struct pins pins;
    bool resting, out_of_time;
    struct attempt attempts[DNA_LIMIT_ADDRESSES];
    size_t n_attempts, running;
    struct dna_timer *pause, *patience;
    struct history history;
    dna_edge_dial_fn *fn;
    void *arg;
};

static void step(struct dna_edge_dial *dial);

static void remember(struct dna_edge_dial *dial, const char *why)
{
    (void)snprintf(dial->history.why, sizeof dial->history.why, "%s", why);
}

static void stop_timer(struct dna_edge_dial *dial, struct dna_timer **timer)
{
    dial->uv->face->timer_free(*timer);
    *timer = NULL;
}

static void stop_attempt(struct attempt *attempt)
{
    if (attempt->socket != NULL) {
        dna_edge_socket_close(attempt->socket);
        attempt->socket = NULL;
        stop_timer(attempt->dial, &attempt->timer);
        attempt->dial->running--;
    }
}

static void stop_attempts(struct dna_edge_dial *dial)
{
    stop_timer(dial, &dial->pause);
    for (size_t i = 0; i < dial->n_attempts; i++) {
        stop_attempt(&dial->attempts[i]);
    }
}

static void stop_place(struct dna_edge_dial *dial)
{
    stop_attempts(dial);
    dial->n_attempts = 0;
    if (dial->pins.lookup != NULL) {
        dna_resolver_cancel(dial->pins.lookup);
    }
    dial->pins = (struct pins){.lookup = NULL};
    for (size_t i = 0; i < FAMILIES; i++) {
        if (dial->families[i].lookup != NULL) {
            dna_resolver_cancel(dial->families[i].lookup);
        }
        dial->families[i] = (struct family){.dial = dial};
    }
}

void dna_edge_dial_cancel(struct dna_edge_dial *dial)
{
    if (dial == NULL) {
        return;
    }
    dna_edge_find_cancel(dial->find);
    stop_place(dial);
    stop_timer(dial, &dial->patience);
    dna_alloc_release(dial->uv->alloc, dial);
}

static void give_up(struct dna_edge_dial *dial)
{
    const struct history *history = &dial->history;
    struct dna_edge_dialled result = {.why = history->why};
    if (history->tried || history->unknown) {
        result.condition = "remote-server-timeout";
    } else if (history->refused) {
        result.condition = "remote-connection-failed";
    } else {
        result.condition = "remote-server-not-found";
    }
    dial->fn(dial->arg, &result);
    dna_edge_dial_cancel(dial);
}

static void out_of_patience(void *arg)
{
    struct dna_edge_dial *dial = arg;
    if (dial->resting) {
        dial->out_of_time = true;
        return;
    }
    dial->history.tried = true;
    remember(dial, "no connection came about in time");
    give_up(dial);
}

/* --- attempts ----------------------------------------------------------------------- */

static void win(struct attempt *attempt)
{
    struct dna_edge_dial *dial = attempt->dial;
    struct dna_edge_dialled result = {.socket = attempt->socket, .to = attempt->to,
                                      .direct_tls = dial->options.direct_tls};
    attempt->socket = NULL;
    stop_timer(dial, &attempt->timer);
    dial->running--;
    stop_attempts(dial);
    dial->resting = true;
    if (dial->options.kind == DNA_EDGE_DIAL_DOMAIN) {
        const struct dna_edge_place *place = &dial->places.list[dial->at - 1];
        result.direct_tls = place->direct_tls;
        result.place = dial->places.own_name ? NULL : place;
        if (dial->is_elsewhere) {
            result.elsewhere = true;
            result.place = dial->elsewhere.has_origin ? &dial->elsewhere.origin : NULL;
        }
    }
    dial->fn(dial->arg, &result); /* which may have ended it */
}

static void attempt_failed(struct attempt *attempt, const char *why)
{
    struct dna_edge_dial *dial = attempt->dial;
    char to[DNA_EDGE_ENDPOINT_TEXT];
    dna_edge_endpoint_text(&attempt->to, to);
    (void)snprintf(dial->history.why, sizeof dial->history.why, "%s: %s", to, why);
    stop_attempt(attempt);
    step(dial);
}

static void connected(void *arg, const char *why)
{
    struct attempt *attempt = arg;
    if (why == NULL) {
        win(attempt);
    } else {
        attempt_failed(attempt, why);
    }
}

static void attempt_timed_out(void *arg)
{
    attempt_failed(arg, "no answer");
}

static const struct dna_edge_socket_events while_connecting = {.connected = connected};

static bool admitted(struct dna_edge_dial *dial, const struct dna_endpoint *to,
                     const char **why)
{
    int64_t now = dial->uv->face->now(dial->uv->face->self).mono;
    switch (dial->options.kind) {
    case DNA_EDGE_DIAL_LINK:
        return true;
    case DNA_EDGE_DIAL_ROUTE:
        return dna_edge_guard_admits_route(&dial->uv->guard, to, now, why);
    case DNA_EDGE_DIAL_DOMAIN:
        break;
    }
    return dna_edge_guard_admits(&dial->uv->guard, to, now, why);
}

/* Whether an attempt is running now. */
static bool attempt(struct dna_edge_dial *dial, const struct dna_endpoint *to)
{
    struct dna_uv *uv = dial->uv;
    struct attempt *made = &dial->attempts[dial->n_attempts];
    /* A local server is reached from the loopback, whatever the address for the others. */
    bool is_bound = uv->has_source && dial->options.kind != DNA_EDGE_DIAL_LINK;
    const char *why = "";
    if (!admitted(dial, to, &why)) {
        dial->history.refused = true;
        remember(dial, why);
        dna_edge_log(uv, DNA_LOG_INFO, "connection-refused-by-guard", "why", why);
        return false;
    }
    *made = (struct attempt){.dial = dial, .to = *to};
    dial->history.tried = true;
    if (dna_edge_socket_new(uv->loop, uv->alloc, &made->socket) != DNA_OK) {
        remember(dial, "out of memory");
        return false;
    }
    dna_edge_socket_bind(made->socket, &while_connecting, made);
    dial->n_attempts++;
    dial->running++;
    made->timer = uv->face->timer(uv->face->self, DNA_LIMIT_CONNECT_MS, attempt_timed_out,
                                  made);
    if (made->timer == NULL ||
        dna_edge_socket_connect(made->socket, to, is_bound ? &uv->source : NULL, &why) !=
            DNA_OK) {
        remember(dial, made->timer == NULL ? "out of memory" : why);
        stop_attempt(made);
        return false;
    }
    return true;
}

/* --- addresses ---------------------------------------------------------------------- */

static bool has_address(const struct dna_edge_dial *dial)
{
    const struct family *v6 = &dial->families[V6], *v4 = &dial->families[V4];
    return (v6->next < v6->n || v4->next < v4->n) &&
           v6->next + v4->next < DNA_LIMIT_ADDRESSES;
}

/* The next address, families in turn, IPv6 first. */
static bool next_address(struct dna_edge_dial *dial, struct dna_endpoint *to)
{
    struct family *v6 = &dial->families[V6], *v4 = &dial->families[V4];
    struct family *chosen = v6->next <= v4->next ? v6 : v4;
    if (!has_address(dial) || dial->pins.lookup != NULL) {
        return false;
    }
    if (chosen->next == chosen->n) {
        chosen = chosen == v6 ? v4 : v6;
    }
    to->address = chosen->addresses[chosen->next++];
    to->port = dial->options.kind == DNA_EDGE_DIAL_DOMAIN
                   ? dial->places.list[dial->at - 1].port
                   : dial->options.to.port;
    return true;
}

static bool looking_up(const struct dna_edge_dial *dial)
{
    return dial->families[V6].lookup != NULL || dial->families[V4].lookup != NULL ||
           dial->pins.lookup != NULL;
}

static void pause_is_over(void *arg)
{
    step(arg);
}

static void pause_before_step(struct dna_edge_dial *dial)
{
    const struct dna_loop *face = dial->uv->face;
    if (dial->pause == NULL) {
        dial->pause = face->timer(face->self, DNA_LIMIT_CONNECT_NEXT_MS, pause_is_over, dial);
    }
}

/* A step, or the moment for one, now that more is known. */
static void use_answers(struct dna_edge_dial *dial)
{
    if (dial->resting) {
        return;
    }
    if (dial->running == 0 && looking_up(dial) && dial->families[V6].n == 0) {
        pause_before_step(dial); /* the other family may be there in a moment */
    } else if (dial->running == 0 || dial->pause == NULL) {
        step(dial);
    }
}

/* What an attacker could have left out the TLSA records of is not connected to. */
static void heed_pins(struct dna_edge_dial *dial)
{
    for (size_t i = 0; dial->pins.unknown && i < FAMILIES; i++) {
        struct family *family = &dial->families[i];
        if (family->secure && family->next < family->n) {
            family->n = family->next;
            dial->history.unknown = true;
            remember(dial, "the TLSA records of the host are bogus or could not be looked up");
        }
    }
}

static void got_pins(void *arg, const struct dna_dns_answer *answer)
{
    struct dna_edge_dial *dial = arg;
    dial->pins.lookup = NULL;
    dial->pins.unknown =
        answer->outcome != DNA_DNS_FOUND && answer->outcome != DNA_DNS_ABSENT;
    heed_pins(dial);
    use_answers(dial);
}

static void got_addresses(void *arg, const struct dna_dns_answer *answer)
{
    struct family *family = arg;
    struct dna_edge_dial *dial = family->dial;
    family->lookup = NULL;
    family->secure = answer->secure;
    if (answer->outcome == DNA_DNS_FAILED || answer->outcome == DNA_DNS_BOGUS) {
        dial->history.unknown = true;
        remember(dial, answer->why);
    }
    for (size_t i = 0; i < answer->n_rdata && family->n < DNA_LIMIT_ADDRESSES; i++) {
        if (answer->outcome == DNA_DNS_FOUND &&
            dna_address_of_octets(answer->rdata[i], &family->addresses[family->n]) == DNA_OK) {
            family->n++;
        }
    }
    heed_pins(dial);
    use_answers(dial);
}

/* Only where they can be secure, and count. */
static void look_up_pins(struct dna_edge_dial *dial)
{
    const struct dna_edge_place *place = &dial->places.list[dial->at - 1];
    struct dna_policy policy = dna_session_policy_for(dial->uv->session, dial->domain.text);
    char name[DNA_NAME_MAX + sizeof "_65535._tcp."];
    if (!place->secure || (policy.prooftypes & DNA_PROOF_BIT(DNA_PROOF_DANE)) == 0) {
        return;
    }
    (void)snprintf(name, sizeof name, "_%u._tcp.%s", (unsigned)place->port, place->host.text);
    if (strlen(name) <= DNA_NAME_MAX &&
        dna_resolver_lookup(dial->uv->resolver, name, DNA_DNS_TLSA, 0, got_pins, dial,
                            &dial->pins.lookup) != DNA_OK) {
        dial->pins = (struct pins){.unknown = true};
    }
}

static void look_up(struct dna_edge_dial *dial, unsigned which)
{
    struct family *family = &dial->families[which];
    if (dna_resolver_lookup(dial->uv->resolver, dial->places.list[dial->at - 1].host.text,
                            types[which], 0, got_addresses, family,
                            &family->lookup) != DNA_OK) {
        family->lookup = NULL;
        dial->history.unknown = true;
        remember(dial, "the look-up of an address could not be started");
    }
}

/* False: that was the last one. */
static bool next_place(struct dna_edge_dial *dial)
{
    stop_place(dial);
    if (dial->options.kind != DNA_EDGE_DIAL_DOMAIN || dial->at == dial->places.n) {
        return false;
    }
    dial->at++;
    look_up_pins(dial);
    look_up(dial, V6);
    look_up(dial, V4);
    return true;
}

static void step(struct dna_edge_dial *dial)
{
    struct dna_endpoint to;
    stop_timer(dial, &dial->pause);
    for (;;) {
        while (next_address(dial, &to)) {
            if (attempt(dial, &to)) {
                pause_before_step(dial);
                return;
            }
        }
        if (dial->running != 0 || looking_up(dial)) {
            return;
        }
        if (!next_place(dial)) {
            give_up(dial);
            return;
        }
    }
}

/* --- the beginning ------------------------------------------------------------------ */

static void found(void *arg, const struct dna_edge_places *places)
{
    struct dna_edge_dial *dial = arg;
    dial->find = NULL;
    dial->places = *places;
    dial->places.why = "";
    remember(dial, places->finding == DNA_EDGE_FOUND ? "the domain's host has no address"
                                                     : places->why);
    dial->history.unknown = places->finding == DNA_EDGE_UNKNOWN;
    step(dial);
}

/* An address that is given stands for one place with one address. */
static void begin_with_address(void *arg)
{
    struct dna_edge_dial *dial = arg;
    struct family *family =
        &dial->families[dial->options.to.address.family == DNA_ADDRESS_V6 ? V6 : V4];
    family->addresses[family->n++] = dial->options.to.address;
    step(dial);
}

static void begin_elsewhere(void *arg)
{
    struct dna_edge_dial *dial = arg;
    const struct dna_edge_elsewhere *to = &dial->elsewhere;
    dial->places = (struct dna_edge_places){.finding = DNA_EDGE_FOUND, .n = 1, .why = ""};
    dial->places.list[0] = to->place;
    remember(dial, "the host that the domain's server named has no address");
    if (to->is_address) {
        struct family *family =
            &dial->families[to->address.family == DNA_ADDRESS_V6 ? V6 : V4];
        family->addresses[family->n++] = to->address;
        dial->at = 1;
    }
    step(dial);
}

static enum dna_err begin(struct dna_edge_dial *dial)
{
    const struct dna_loop *face = dial->uv->face;
    dial->patience = face->timer(face->self, DNA_LIMIT_FIND_MS, out_of_patience, dial);
    if (dial->patience == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (dial->is_elsewhere) {
        dial->pause = face->timer(face->self, 0, begin_elsewhere, dial);
        return dial->pause != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    if (dial->options.kind == DNA_EDGE_DIAL_DOMAIN) {
        return dna_edge_find_start(dial->uv, dial->domain.text, found, dial, &dial->find);
    }
    dial->pause = face->timer(face->self, 0, begin_with_address, dial);
    return dial->pause != NULL ? DNA_OK : DNA_ERR_MEMORY;
}

enum dna_err dna_edge_dial_start(struct dna_uv *uv,
                                 const struct dna_edge_dial_options *options,
                                 dna_edge_dial_fn *fn, void *arg, struct dna_edge_dial **out)
{
    struct dna_edge_dial *dial = dna_alloc_zero(uv->alloc, 1, sizeof *dial);
    enum dna_err err;
    *out = NULL;
    if (dial == NULL) {
        return DNA_ERR_MEMORY;
    }
    dial->uv = uv;
    dial->options = *options;
    dial->options.domain = NULL;
    dial->options.elsewhere = NULL;
    if (options->elsewhere != NULL) {
        dial->is_elsewhere = true;
        dial->elsewhere = *options->elsewhere;
    }
    dial->fn = fn;
    dial->arg = arg;
    for (size_t i = 0; i < FAMILIES; i++) {
        dial->families[i].dial = dial;
    }
    if (options->domain != NULL) {
        (void)snprintf(dial->domain.text, sizeof dial->domain.text, "%s", options->domain);
    }
    err = begin(dial);
    if (err != DNA_OK) {
        dna_edge_dial_cancel(dial);
        return err;
    }
    *out = dial;
    return DNA_OK;
}

bool dna_edge_dial_has_more(const struct dna_edge_dial *dial)
{
    return !dial->out_of_time && dial->options.kind == DNA_EDGE_DIAL_DOMAIN &&
           (has_address(dial) || looking_up(dial) || dial->at < dial->places.n);
}

/* From the loop, as every step that may end in a call. */
enum dna_err dna_edge_dial_next(struct dna_edge_dial *dial)
{
    const struct dna_loop *face = dial->uv->face;
    dial->pause = face->timer(face->self, 0, pause_is_over, dial);
    if (dial->pause == NULL) {
        return DNA_ERR_MEMORY;
    }
    dial->resting = false;
    return DNA_OK;
}
