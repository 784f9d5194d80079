/* edge/fetch.c: the fetches that there are, and whose turn it is.
 *
 * Nothing is started and nobody is told from inside a call: a call changes the budget and
 * asks for a turn of the loop, and the turn lets in who may go.
 *
 * Invariant: a fetch is live, with its ticket in the budget, or turned away and told soon.
 */
#include <edge/fetch.h>

#include <base/alloc.h>
#include <edge/fetch_step.h>

static int64_t now_mono(const struct dna_fetcher *fetcher)
{
    return fetcher->loop->now(fetcher->loop->self).mono;
}

static void put_in(struct dna_fetch *fetch, struct dna_fetch **list)
{
    fetch->list = list;
    fetch->previous = NULL;
    fetch->next = *list;
    if (fetch->next != NULL) {
        fetch->next->previous = fetch;
    }
    *list = fetch;
}

static void take_out(struct dna_fetch *fetch)
{
    *(fetch->previous != NULL ? &fetch->previous->next : fetch->list) = fetch->next;
    if (fetch->next != NULL) {
        fetch->next->previous = fetch->previous;
    }
}

static void dispose(struct dna_fetch *fetch)
{
    const struct dna_alloc *alloc = fetch->fetcher->options.alloc;
    dna_alloc_release(alloc, fetch->url);
    dna_alloc_release(alloc, fetch);
}

static void on_turn(void *arg)
{
    struct dna_fetcher *fetcher = arg;
    fetcher->loop->timer_free(fetcher->turn);
    fetcher->turn = NULL;
    dna_fetcher_pump(fetcher);
}

/* A turn at that time, or sooner.  False: no timer. */
static bool want_turn(struct dna_fetcher *fetcher, int64_t at, int64_t now)
{
    struct dna_timer *turn;
    if (fetcher->turn != NULL && fetcher->turn_at <= at) {
        return true;
    }
    turn = fetcher->loop->timer(fetcher->loop->self, at > now ? (uint64_t)(at - now) : 0,
                                on_turn, fetcher);
    if (turn == NULL) {
        return false;
    }
    fetcher->loop->timer_free(fetcher->turn);
    fetcher->turn = turn;
    fetcher->turn_at = at;
    return true;
}

static void log_end(const struct dna_fetch *fetch, const struct dna_fetch_result *result)
{
    static const char *const outcomes[] = {
        [DNA_FETCH_FAILED] = "failed",
        [DNA_FETCH_REFUSED] = "refused",
        [DNA_FETCH_ABSENT] = "absent",
        [DNA_FETCH_OK] = "ok",
    };
    const struct dna_log *log = fetch->fetcher->options.log;
    if (log == NULL || log->write == NULL || log->least > DNA_LOG_DEBUG) {
        return;
    }
    log->write(log->arg, DNA_LOG_DEBUG, "fetch",
               (const struct dna_log_field[]){
                   {"url", dna_span_of(fetch->url)},
                   {"outcome", dna_span_of(outcomes[result->outcome])},
                   {"why", dna_span_of(result->why)},
               },
               3);
}

void dna_fetch_conclude(struct dna_fetch *fetch, enum dna_fetch_outcome outcome,
                        unsigned status, struct dna_span body, const char *why)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    struct dna_fetch_result result = {
        .outcome = outcome,
        .status = status,
        .body = body,
        .final_url = fetch->url,
        .why = why,
        .obtained = fetcher->loop->now(fetcher->loop->self).wall,
        .media_type = fetch->media_type,
        .certificate_ends = fetch->certificate_ends,
        .exact_name = fetch->exact_name,
    };
    bool failed = outcome == DNA_FETCH_FAILED ||
                  (outcome == DNA_FETCH_REFUSED && fetch->refusal != NULL);
    dna_fetch_halt(fetch);
    dna_fetch_leave(fetch, failed);
    take_out(fetch);
    log_end(fetch, &result);
    fetch->fn(fetch->arg, &result);
    dispose(fetch);
}

static void turn_away(struct dna_fetch *fetch, const char *why)
{
    fetch->refusal = why;
    put_in(fetch, &fetch->fetcher->away);
}

void dna_fetch_evicted(struct dna_fetch *fetch)
{
    if (!dna_fetch_in_budget(fetch)) {
        take_out(fetch);
        turn_away(fetch, "too many fetches of this peer wait");
    }
}

/* Callbacks may start and cancel fetches: nothing is remembered from one to the next. */
void dna_fetcher_pump(struct dna_fetcher *fetcher)
{
    struct dna_ticket *ticket;
    int64_t now, wakes;
    for (;;) {
        now = now_mono(fetcher);
        if (fetcher->away != NULL) {
            dna_fetch_conclude(fetcher->away, DNA_FETCH_REFUSED, 0, (struct dna_span){0},
                               fetcher->away->refusal);
        } else if ((ticket = dna_budget_next(fetcher->budget, now)) != NULL) {
            dna_fetch_let_in(dna_fetch_party_of(ticket));
            dna_fetch_step(dna_fetch_party_of(ticket)->fetch);
        } else {
            break;
        }
    }
    wakes = dna_budget_wakes(fetcher->budget, now);
    if (wakes == DNA_NEVER || want_turn(fetcher, wakes, now)) {
        return;
    }
    /* Without a timer nobody would come for them. */
    while ((ticket = dna_budget_any_waiting(fetcher->budget)) != NULL) {
        dna_fetch_conclude(dna_fetch_party_of(ticket)->fetch, DNA_FETCH_REFUSED, 0,
                           (struct dna_span){0}, "no timer");
    }
}

enum dna_err dna_fetcher_new(const struct dna_loop *loop,
                             const struct dna_fetcher_options *options,
                             struct dna_fetcher **out)
{
    struct dna_fetcher *fetcher = dna_alloc_zero(options->alloc, 1, sizeof *fetcher);
    enum dna_err err;
    if (fetcher == NULL) {
        return DNA_ERR_MEMORY;
    }
    fetcher->loop = loop;
    fetcher->options = *options;
    if (fetcher->options.total_ms == 0) {
        fetcher->options.total_ms = DNA_LIMIT_FETCH_MS;
    }
    err = dna_budget_new(options->alloc, options->seed, &fetcher->budget);
    if (err != DNA_OK) {
        dna_alloc_release(options->alloc, fetcher);
        return err;
    }
    *out = fetcher;
    return DNA_OK;
}

static void drop(struct dna_fetch *fetch)
{
    dna_fetch_halt(fetch);
    dna_fetch_leave(fetch, false);
    take_out(fetch);
    dispose(fetch);
}

void dna_fetcher_free(struct dna_fetcher *fetcher)
{
    if (fetcher == NULL) {
        return;
    }
    while (fetcher->live != NULL) {
        drop(fetcher->live);
    }
    while (fetcher->away != NULL) {
        drop(fetcher->away);
    }
    fetcher->loop->timer_free(fetcher->turn);
    dna_budget_free(fetcher->budget);
    dna_alloc_release(fetcher->options.alloc, fetcher);
}

/* Why the URL is refused outright, or NULL. */
static const char *read_url(struct dna_fetch *fetch, const char *url, enum dna_err *err)
{
    const struct dna_fetcher_options *options = &fetch->fetcher->options;
    const char *why;
    *err = dna_url_parse(url, options->ports, options->n_ports, &fetch->parts, &why);
    if (*err == DNA_ERR_FORMAT) {
        *err = DNA_OK;
        return why;
    }
    if (*err == DNA_OK && fetch->kind != DNA_FETCH_PEER && !fetch->parts.tls) {
        return "not an https URL";
    }
    return NULL;
}

static struct dna_fetch *make_fetch(struct dna_fetcher *fetcher,
                                    const struct dna_want_fetch *want)
{
    const struct dna_alloc *alloc = fetcher->options.alloc;
    struct dna_fetch *fetch = dna_alloc_zero(alloc, 1, sizeof *fetch);
    if (fetch == NULL) {
        return NULL;
    }
    fetch->fetcher = fetcher;
    fetch->kind = want->kind;
    fetch->redirects_left = want->max_redirects < DNA_LIMIT_FETCH_REDIRECTS
                                ? want->max_redirects
                                : DNA_LIMIT_FETCH_REDIRECTS;
    fetch->left_ms = fetcher->options.total_ms;
    fetch->certificate_ends = DNA_NEVER;
    fetch->exact_name = true;
    fetch->url = dna_alloc_text(alloc, dna_span_of(want->url));
    if (fetch->url == NULL) {
        dna_alloc_release(alloc, fetch);
        return NULL;
    }
    return fetch;
}

/* Into the queue, or among those who are turned away. */
static enum dna_err place(struct dna_fetch *fetch)
{
    enum dna_err err;
    const char *why = read_url(fetch, fetch->url, &err);
    if (err != DNA_OK) {
        return err;
    }
    if (why != NULL) {
        turn_away(fetch, why);
        return DNA_OK;
    }
    err = dna_fetch_enter(&fetch->first);
    if (err == DNA_ERR_LIMIT) {
        turn_away(fetch, "too many fetches wait");
        return DNA_OK;
    }
    if (err != DNA_OK) {
        return err;
    }
    put_in(fetch, &fetch->fetcher->live);
    return DNA_OK;
}

enum dna_err dna_fetcher_get(struct dna_fetcher *fetcher, const struct dna_want_fetch *want,
                             const char *peer_key, bool proven, dna_fetch_fn *fn, void *arg,
                             struct dna_fetch **out)
{
    struct dna_fetch *fetch;
    int64_t now = now_mono(fetcher);
    enum dna_err err;
    if (!want_turn(fetcher, now, now)) {
        return DNA_ERR_MEMORY;
    }
    fetch = make_fetch(fetcher, want);
    if (fetch == NULL) {
        return DNA_ERR_MEMORY;
    }
    fetch->fn = fn;
    fetch->arg = arg;
    dna_fetch_party_init(&fetch->first, fetch, peer_key, proven);
    err = place(fetch);
    if (err != DNA_OK) {
        dispose(fetch);
        return err;
    }
    *out = fetch;
    return DNA_OK;
}

enum dna_err dna_fetch_join(struct dna_fetch *fetch, const char *peer_key, bool proven)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    int64_t now = now_mono(fetcher);
    enum dna_err err;
    if (fetch->list == &fetcher->away) {
        return DNA_OK;
    }
    if (!want_turn(fetcher, now, now)) {
        return DNA_ERR_MEMORY;
    }
    err = dna_fetch_add_party(fetch, peer_key, proven);
    return err == DNA_ERR_LIMIT ? DNA_OK : err;
}

void dna_fetch_cancel(struct dna_fetch *fetch)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    int64_t now = now_mono(fetcher);
    drop(fetch);
    /* Its slot is free.  Without a timer the next turn, whoever causes it, finds it. */
    (void)want_turn(fetcher, now, now);
}

void dna_fetcher_blame(struct dna_fetcher *fetcher, const char *peer_key)
{
    dna_budget_blame(fetcher->budget, dna_span_of(peer_key), now_mono(fetcher));
}
