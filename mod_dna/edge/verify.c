/* edge/verify.c: from a claim to the answer of the domain's own server.
 *
 * A verification lives until it is answered, and one with a stream of its own until that is
 * closed.  What a peer can make us do is bounded: so many in all, so many for one address, so
 * many for one domain of ours.  Where there is no room left it goes to who has the least under
 * way: the address with the most gives up its latest one, so that a few cannot keep all others
 * out by claims that nobody answers.
 */
#include <edge/verify.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/connect.h>
#include <edge/load.h>

struct dna_edge_verification {
    struct dna_uv *uv;
    struct dna_edge_verification *next, *prev; /* uv->verifications */
    unsigned number;                /* where it is asked */
    struct dna_uv_stream *claimant; /* NULL: answered, or nobody waits any more */
    unsigned claim;                 /* where it is claimed */
    char party[DNA_ADDRESS_TEXT];   /* on whose behalf */
    size_t nth;                     /* of those that are open for that one: 1, 2 ... */
    struct dna_uv_stream *asked;    /* NULL: there is none (yet) */
    bool own;                       /* that stream serves nothing else */
    struct dna_timer *deadline;
    struct dna_name domain, other;
    char *id, *key;
};

/* It is open no longer: those that are for the same party are counted anew. */
static void close_up(struct dna_edge_verification *v)
{
    for (struct dna_edge_verification *o = v->uv->verifications; v->nth != 0 && o != NULL;
         o = o->next) {
        o->nth -= o->nth > v->nth && strcmp(o->party, v->party) == 0;
    }
    v->nth = 0;
}

static void release(struct dna_edge_verification *v)
{
    struct dna_uv *uv = v->uv;
    close_up(v);
    uv->face->timer_free(v->deadline);
    if (v->prev != NULL) {
        v->prev->next = v->next;
    } else {
        uv->verifications = v->next;
    }
    if (v->next != NULL) {
        v->next->prev = v->prev;
    }
    dna_alloc_release(uv->alloc, v->id);
    dna_alloc_release(uv->alloc, v->key);
    dna_alloc_release(uv->alloc, v);
}

static struct dna_time now_of(const struct dna_uv *uv)
{
    return uv->face->now(uv->face->self);
}

static void tell(struct dna_uv_stream *claimant, const char *domain, const char *other,
                 unsigned claim, enum dna_dialback_outcome outcome)
{
    if (claimant->core == NULL || claimant->state >= DNA_EDGE_CLOSING) {
        return;
    }
    if (dna_stream_verified(claimant->core, domain, other, claim, outcome,
                            now_of(claimant->uv)) != DNA_OK) {
        dna_edge_log(claimant->uv, DNA_LOG_ERROR, "verification-lost", "domain", domain);
    }
    dna_edge_connection_stir(claimant);
}

/* Once; a stream of its own is closed, and takes the rest with it. */
static void conclude(struct dna_edge_verification *v, enum dna_dialback_outcome outcome)
{
    struct dna_uv_stream *claimant = v->claimant;
    close_up(v);
    v->claimant = NULL;
    v->uv->face->timer_free(v->deadline);
    v->deadline = NULL;
    if (claimant != NULL) {
        tell(claimant, v->domain.text, v->other.text, v->claim, outcome);
    }
    if (!v->own) {
        release(v);
    } else if (v->asked != NULL) {
        dna_uv_stream_close(v->asked, NULL, NULL);
    }
}

/* --- a stream of its own -------------------------------------------------------------- */

/* The certificate that the host would present on its own behalf. */
static struct dna_uv_identity *identity(void *user, const char *domain)
{
    const struct dna_edge_verification *v = user;
    const struct dna_uv_stream *claimant = v->claimant;
    return claimant != NULL && claimant->handler->identity != NULL
               ? claimant->handler->identity(claimant->user, domain)
               : NULL;
}

static void closed(void *user, struct dna_uv_stream *stream, const char *condition,
                   const char *why)
{
    static const char *const unknown[] = {"remote-server-not-found", "host-unknown",
                                          "host-gone"};
    struct dna_edge_verification *v = user;
    enum dna_dialback_outcome outcome = DNA_DIALBACK_UNREACHED;
    (void)stream;
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        outcome = strcmp(condition, unknown[i]) == 0 ? DNA_DIALBACK_UNKNOWN : outcome;
    }
    if (v->claimant != NULL) {
        dna_edge_log(v->uv, DNA_LOG_INFO, "dialback-unreached", "why", why);
    }
    v->asked = NULL;
    conclude(v, outcome);
    release(v);
}

static const struct dna_uv_handler handler = {.identity = identity, .closed = closed};

static enum dna_err connect_own(struct dna_edge_verification *v)
{
    const struct dna_uv_connect options = {.size = sizeof options,
                                           .own = v->other.text,
                                           .peer = v->domain.text,
                                           .handler = &handler,
                                           .user = v};
    enum dna_err err = dna_edge_connect_verifier(v->uv, &options, &v->asked);
    v->own = err == DNA_OK;
    return err;
}

static bool ask(struct dna_edge_verification *v)
{
    enum dna_err err = dna_stream_verify(v->asked->core, v->other.text, v->domain.text,
                                         dna_span_of(v->id), dna_span_of(v->key), v->number,
                                         now_of(v->uv));
    dna_edge_connection_stir(v->asked);
    return err == DNA_OK;
}

void dna_edge_verify_ready(struct dna_uv_stream *stream)
{
    struct dna_edge_verification *v = stream->user;
    dna_edge_quest_free(stream);
    if (stream->handler == &handler && v->claimant != NULL && !ask(v)) {
        conclude(v, DNA_DIALBACK_UNREACHED);
    }
}

/* --- a stream that is there ------------------------------------------------------------ */

static bool leads_to(const struct dna_uv_stream *stream, const char *domain)
{
    return stream->role == DNA_INITIATING && stream->link == NULL && stream->core != NULL &&
           stream->handler != &handler && stream->state == DNA_EDGE_SECURE &&
           strcmp(dna_stream_peer(stream->core), domain) == 0 &&
           dna_stream_can_verify(stream->core);
}

static struct dna_uv_stream *find_in(struct dna_uv_stream *first,
                                     const struct dna_uv_stream *claimant, const char *domain)
{
    struct dna_uv_stream *stream = first;
    while (stream != NULL && (stream == claimant || !leads_to(stream, domain))) {
        stream = stream->next;
    }
    return stream;
}

/* Never the one that made the claim, whoever opened it (XEP-0288 2.3). */
static struct dna_uv_stream *find_stream(const struct dna_uv_stream *claimant,
                                         const char *domain)
{
    const struct dna_edge_streams *streams = &claimant->uv->streams;
    struct dna_uv_stream *stream = find_in(streams->awake.first, claimant, domain);
    return stream != NULL ? stream : find_in(streams->parked.first, claimant, domain);
}

/* --- claims ------------------------------------------------------------------------------ */

static void too_late(void *arg)
{
    conclude(arg, DNA_DIALBACK_UNANSWERED);
}

/* How many are open; those whose streams are being closed are not. */
struct open {
    size_t all, same, host; /* same: for one party; host: for one domain of ours */
    size_t closing;
    struct dna_edge_verification *latest, *latest_of_host; /* of the parties with the most */
};

static struct dna_edge_verification *later(struct dna_edge_verification *a,
                                           struct dna_edge_verification *b)
{
    return a == NULL || b->nth > a->nth ? b : a;
}

static struct open count_open(const struct dna_uv_stream *claimant, const char *ours)
{
    struct open open = {.all = 0};
    for (struct dna_edge_verification *v = claimant->uv->verifications; v != NULL;
         v = v->next) {
        if (v->nth == 0) {
            open.closing++;
            continue;
        }
        open.all++;
        open.same += strcmp(v->party, claimant->party.key) == 0;
        open.latest = later(open.latest, v);
        if (strcmp(v->other.text, ours) == 0) {
            open.host++;
            open.latest_of_host = later(open.latest_of_host, v);
        }
    }
    return open;
}

/* Whether there is room, or is made by who has at least two more under way. */
static bool admits(struct dna_uv *uv, enum dna_uv_load load, size_t under_way,
                   const struct open *open, struct dna_edge_verification *latest,
                   const char *whose)
{
    if (under_way < dna_edge_load_most(uv, load)) {
        return true;
    }
    if (latest == NULL || latest->nth < open->same + 2) {
        dna_edge_load_refuse(uv, load, whose);
        return false;
    }
    dna_edge_load_refuse(uv, load, latest->party);
    conclude(latest, DNA_DIALBACK_REFUSED);
    return true;
}

/* ours: the domain that the claim is made to. */
static bool has_room(const struct dna_uv_stream *claimant, const char *ours)
{
    struct dna_uv *uv = claimant->uv;
    struct open open = count_open(claimant, ours);
    if (!dna_edge_load_admits(uv, DNA_UV_LOAD_DIALBACKS_PER_ADDRESS, open.same,
                              claimant->party.key) ||
        !admits(uv, DNA_UV_LOAD_DIALBACKS_PER_HOST, open.host, &open, open.latest_of_host,
                ours)) {
        return false;
    }
    open = count_open(claimant, ours); /* one may have gone */
    return dna_edge_load_admits(uv, DNA_UV_LOAD_DIALBACKS, open.closing, "-") &&
           admits(uv, DNA_UV_LOAD_DIALBACKS, open.all, &open, open.latest, "-");
}

static struct dna_edge_verification *new_verification(struct dna_uv_stream *claimant,
                                                      const struct dna_stream_effect *effect)
{
    struct dna_uv *uv = claimant->uv;
    struct dna_edge_verification *v = dna_alloc_zero(uv->alloc, 1, sizeof *v);
    if (v == NULL) {
        return NULL;
    }
    v->uv = uv;
    v->next = uv->verifications;
    if (v->next != NULL) {
        v->next->prev = v;
    }
    uv->verifications = v;
    v->number = ++uv->last_verification;
    v->claimant = claimant;
    v->claim = effect->number;
    v->nth = count_open(claimant, "").same + 1;
    memcpy(v->party, claimant->party.key, sizeof v->party);
    (void)strcpy(v->domain.text, effect->domain);
    (void)strcpy(v->other.text, effect->other);
    v->id = dna_alloc_text(uv->alloc, effect->id);
    v->key = dna_alloc_text(uv->alloc, dna_span_of(effect->text));
    v->deadline = uv->face->timer(uv->face->self, DNA_LIMIT_DIALBACK_ASK_MS, too_late, v);
    if (v->id == NULL || v->key == NULL || v->deadline == NULL) {
        release(v);
        return NULL;
    }
    return v;
}

void dna_edge_verify(struct dna_uv_stream *claimant, const struct dna_stream_effect *effect)
{
    struct dna_edge_verification *v =
        has_room(claimant, effect->other) ? new_verification(claimant, effect) : NULL;
    if (v == NULL) {
        struct dna_name domain, other;
        (void)strcpy(domain.text, effect->domain); /* effects end with the next call */
        (void)strcpy(other.text, effect->other);
        tell(claimant, domain.text, other.text, effect->number, DNA_DIALBACK_REFUSED);
        return;
    }
    v->asked = find_stream(claimant, v->domain.text);
    if (v->asked != NULL && ask(v)) {
        return;
    }
    v->asked = NULL;
    if (connect_own(v) != DNA_OK) {
        v->asked = NULL;
        conclude(v, DNA_DIALBACK_UNREACHED);
    }
}

void dna_edge_verify_answered(struct dna_uv *uv, unsigned number,
                              enum dna_dialback_outcome outcome)
{
    for (struct dna_edge_verification *v = uv->verifications; v != NULL; v = v->next) {
        if (v->number == number) {
            conclude(v, outcome);
            return;
        }
    }
}

void dna_edge_verify_forget(struct dna_uv_stream *stream)
{
    struct dna_edge_verification *v, *next;
    for (v = stream->uv->verifications; v != NULL; v = next) {
        next = v->next;
        if (v->claimant == stream) {
            v->claimant = NULL;
            conclude(v, DNA_DIALBACK_UNREACHED);
        } else if (v->asked == stream && !v->own) {
            v->asked = NULL;
            conclude(v, DNA_DIALBACK_UNREACHED);
        }
    }
}
