/* session/session.c: the context, and what the host exchanges with it.
 *
 * What a call sets off is carried as far as it goes; the rest is pulled.  A fault of one
 * stream or hearing ends that one alone, refusing, and is reported by the call in which it
 * happened.
 */
#include <mod_dna/session.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <session/bridge.h>
#include <session/context.h>
#include <session/hearing.h>
#include <session/stream.h>

#define CACHE_ENTRIES 65536
#define RULE_LOOK_S 3600

void dna_session_adopt(void *to, size_t room, const void *from, size_t size)
{
    memset(to, 0, room);
    memcpy(to, from, size < room ? size : room);
}

static enum dna_err init(struct dna_session *session, size_t cache_entries)
{
    const struct dna_alloc *alloc = session->alloc;
    enum dna_err err = dna_hosting_init(&session->hosting, alloc, session->seed);
    dna_timers_init(&session->timers, alloc);
    dna_suspension_init(session);
    if (err == DNA_OK) {
        err = dna_policies_init(&session->policies, alloc, session->seed);
    }
    if (err == DNA_OK) {
        err = dna_memory_init(&session->memory, alloc, session->seed, cache_entries);
    }
    if (err == DNA_OK) {
        err = dna_papers_new(alloc, &session->papers);
    }
    if (err == DNA_OK) {
        err = dna_recollection_init(&session->recollection, alloc, session->seed);
    }
    if (err == DNA_OK) {
        err = dna_downgrade_init(&session->downgrade, alloc, session->seed);
    }
    if (err == DNA_OK) {
        err = dna_taken_back_init(&session->learning.taken, alloc, session->seed);
    }
    if (err == DNA_OK) {
        err = dna_observed_init(&session->observed, alloc, session->seed);
    }
    if (err == DNA_OK) {
        err = dna_lookups_init(&session->lookups, alloc, session->seed);
        session->lookups.load = &session->load;
    }
    return err;
}

enum dna_err dna_session_new(const struct dna_session_options *options,
                             struct dna_session **out)
{
    struct dna_session_options known;
    struct dna_session *session;
    enum dna_err err;
    dna_session_adopt(&known, sizeof known, options, options->size);
    session = dna_alloc_zero(known.alloc, 1, sizeof *session);
    if (session == NULL) {
        return DNA_ERR_MEMORY;
    }
    session->alloc = known.alloc;
    session->learning.alloc = known.alloc;
    session->log = session->load.log = known.log;
    session->seed = known.seed;
    session->rule_ends = INT64_MAX;
    session->evidence = known.evidence;
    session->bundles.alloc = known.alloc;
    session->accept_short_form = known.accept_short_form;
    session->roots = known.roots != NULL ? dna_roots_ref(known.roots) : NULL;
    err = dna_secrets_init(&session->secrets, known.alloc, known.dialback_secret);
    if (err == DNA_OK) {
        err = init(session, known.cache_entries != 0 ? known.cache_entries : CACHE_ENTRIES);
    }
    if (err != DNA_OK) {
        dna_session_free(session);
        return err;
    }
    *out = session;
    return DNA_OK;
}

void dna_session_free(struct dna_session *session)
{
    if (session == NULL) {
        return;
    }
    assert(session->streams.first == NULL);
    while (session->departures != NULL) {
        struct dna_departure *departure = session->departures;
        session->departures = departure->next;
        dna_alloc_release(session->alloc, departure);
    }
    dna_secrets_fini(&session->secrets);
    dna_suspension_fini(session);
    dna_evidence_list_fini(&session->bundles);
    dna_lookups_fini(&session->lookups);
    dna_downgrade_fini(&session->downgrade);
    dna_learning_fini(&session->learning);
    dna_observed_fini(&session->observed);
    dna_recollection_fini(&session->recollection);
    dna_papers_free(session->papers);
    dna_memory_fini(&session->memory);
    dna_policies_fini(&session->policies);
    dna_hosting_fini(&session->hosting);
    dna_timers_fini(&session->timers);
    dna_roots_free(session->roots);
    dna_alloc_release(session->alloc, session);
}

/* --- what we host ----------------------------------------------------------------- */

enum dna_err dna_session_dialback_secrets(struct dna_session *session,
                                          const struct dna_span *secrets, size_t n)
{
    return dna_secrets_share(&session->secrets, secrets, n);
}

enum dna_err dna_session_link(struct dna_session *session, struct dna_span secret,
                              struct dna_link **out)
{
    enum dna_err err = dna_hosting_link(&session->hosting, secret, out);
    if (err == DNA_OK) {
        (*out)->session = session;
    }
    return err;
}

enum dna_err dna_session_link_external(struct dna_session *session, struct dna_span secret,
                                       struct dna_link **out)
{
    enum dna_err err = dna_session_link(session, secret, out);
    if (err == DNA_OK) {
        (*out)->keyed = true;
    }
    return err;
}

enum dna_err dna_session_host(struct dna_session *session, const struct dna_hosted *hosted)
{
    struct dna_hosted known;
    struct dna_departure *departure;
    struct dna_link *left;
    enum dna_err err;
    dna_session_adopt(&known, sizeof known, hosted, hosted->size);
    if (known.domain == NULL || (known.link != NULL && known.link->session != session)) {
        return DNA_ERR_ARGUMENT;
    }
    /* Taken beforehand, so that a link cannot be left without its streams being told. */
    departure = dna_alloc_zero(session->alloc, 1,
                               sizeof *departure + strlen(known.domain) + 1);
    if (departure == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_hosting_add(&session->hosting, &known, &left);
    if (err != DNA_OK || left == NULL) {
        dna_alloc_release(session->alloc, departure);
        return err;
    }
    departure->link = left;
    strcpy(departure->domain, known.domain);
    departure->next = session->departures;
    session->departures = departure;
    return DNA_OK;
}

/* Tells the streams of a link (NULL: the public ones). */
static enum dna_err retract(struct dna_session *session, const struct dna_link *link,
                            const char *domain, struct dna_time now)
{
    enum dna_err first = DNA_OK;
    for (struct dna_stream *s = session->streams.first; s != NULL; s = s->next) {
        if (s->link == link) {
            enum dna_err err = dna_link_is_bridge(link) ? dna_bridge_unhost(s, domain, now)
                                                       : dna_s2s_unhost(s->s2s, domain, now);
            first = first == DNA_OK ? err : first;
            dna_stream_touch(s);
        }
    }
    return first;
}

void dna_session_unhost(struct dna_session *session, const char *domain, struct dna_time now)
{
    const struct dna_hosted_domain *hosted = dna_hosting_find(&session->hosting, domain);
    const struct dna_link *link = hosted != NULL ? hosted->link : NULL;
    struct dna_name copy;
    session->now = now;
    if (hosted == NULL) {
        return;
    }
    strcpy(copy.text, hosted->domain); /* domain may be the entry's own */
    (void)dna_hosting_remove(&session->hosting, copy.text);
    /* A stream that cannot be told is lost, and says so itself. */
    (void)retract(session, NULL, copy.text, now);
    if (link != NULL) {
        (void)retract(session, link, copy.text, now);
    }
}

bool dna_session_hosts(const struct dna_session *session, const char *domain)
{
    return dna_hosting_find(&session->hosting, domain) != NULL;
}

struct dna_link *dna_session_link_of(const struct dna_session *session, const char *domain)
{
    const struct dna_hosted_domain *hosted = dna_hosting_find(&session->hosting, domain);
    return hosted != NULL ? hosted->link : NULL;
}

enum dna_err dna_session_policy(struct dna_session *session, const char *pattern,
                                const struct dna_policy *policy)
{
    struct dna_policy_rule rule = {.size = sizeof rule};
    bool changed;
    enum dna_err err;
    if (policy != NULL) {
        rule.policy = *policy;
        return dna_session_rule(session, pattern, &rule);
    }
    err = dna_policies_drop(&session->policies, pattern, &changed);
    session->policy_changed |= changed;
    return err;
}

enum dna_err dna_session_rule(struct dna_session *session, const char *pattern,
                              const struct dna_policy_rule *rule)
{
    struct dna_policy_rule known;
    bool changed;
    enum dna_err err;
    dna_session_adopt(&known, sizeof known, rule, rule->size);
    err = dna_policies_set(&session->policies, pattern, &known, &changed);
    session->policy_changed |= changed;
    session->rule_ends = dna_policies_next_end(&session->policies, session->now.wall);
    return err;
}

struct dna_policy_standing dna_session_policy_standing(const struct dna_session *session,
                                                       const char *domain, int64_t wall)
{
    return dna_policies_standing(&session->policies, domain, wall);
}

bool dna_session_observed_next(const struct dna_session *session, size_t *cursor,
                               struct dna_session_observed *out)
{
    return dna_observed_next(&session->observed, cursor, out);
}

enum dna_err dna_session_roots(struct dna_session *session, struct dna_roots *roots)
{
    enum dna_err err = dna_memory_clear(&session->memory);
    if (err != DNA_OK) {
        return err;
    }
    dna_roots_free(session->roots);
    session->roots = roots != NULL ? dna_roots_ref(roots) : NULL;
    /* Hearings under way begin again, as after a change of the policy. */
    dna_policies_renew(&session->policies);
    session->trust++;
    session->policy_changed = true;
    return DNA_OK;
}

void dna_session_keep_evidence(struct dna_session *session, enum dna_evidence evidence)
{
    session->evidence = evidence;
}

struct dna_policy dna_session_policy_for(const struct dna_session *session, const char *domain)
{
    return dna_policies_for(&session->policies, domain, session->now.wall);
}

/* --- downgrade memory ----------------------------------------------------------------- */

bool dna_session_memory_next(const struct dna_session *session, size_t *cursor,
                             struct dna_session_memory *out)
{
    return dna_downgrade_next(&session->downgrade, cursor, &out->domain, &out->role,
                              &out->proven_at);
}

uint64_t dna_session_memory_version(const struct dna_session *session)
{
    return session->downgrade.version;
}

enum dna_err dna_session_memory_add(struct dna_session *session,
                                    const struct dna_session_memory *entry, struct dna_time now)
{
    struct dna_name name;
    bool known_role = entry->role == DNA_INITIATING || entry->role == DNA_RECEIVING;
    if (!known_role || entry->domain == NULL ||
        dna_name_parse(dna_span_of(entry->domain), &name) != DNA_OK ||
        strcmp(name.text, entry->domain) != 0) {
        return DNA_ERR_ARGUMENT;
    }
    return dna_downgrade_learn(&session->downgrade, entry->domain, entry->role,
                               entry->proven_at, now.wall);
}

void dna_session_memory_clear(struct dna_session *session, const char *domain)
{
    struct dna_session_memory entry;
    size_t cursor = 0;
    while (session->learning.on && dna_session_memory_next(session, &cursor, &entry)) {
        if (domain == NULL || strcmp(domain, entry.domain) == 0) {
            dna_learning_downgrade_gone(&session->learning, entry.domain, entry.role,
                                        session->now.wall);
        }
    }
    dna_learning_downgrade_none(&session->learning, domain, session->now.wall);
    dna_downgrade_take_back(&session->downgrade, domain, INT64_MAX);
}

/* --- what we want to know ---------------------------------------------------------- */

bool dna_session_next_want(struct dna_session *session, unsigned *id,
                           const struct dna_want **want)
{
    const struct dna_lookup *lookup = dna_lookups_next_new(&session->lookups);
    if (lookup == NULL) {
        return false;
    }
    *id = lookup->id;
    *want = &lookup->want;
    return true;
}

struct dna_stream *dna_session_want_stream(const struct dna_session *session, unsigned id)
{
    const struct dna_lookup *lookup = dna_lookups_find(&session->lookups, id);
    const struct dna_wait *wait = lookup != NULL ? lookup->waits : NULL;
    while (wait != NULL && (wait->hearing == NULL || wait->stream == NULL)) {
        wait = wait->next;
    }
    return wait != NULL ? wait->stream : NULL;
}

bool dna_session_next_joined(struct dna_session *session, unsigned *id,
                             struct dna_stream **stream)
{
    return dna_lookups_next_joined(&session->lookups, id, stream);
}

bool dna_session_next_cancel(struct dna_session *session, unsigned *id)
{
    return dna_lookups_next_cancel(&session->lookups, id);
}

/* Whether the fact answers the want, and not another one. */
static bool answers(const struct dna_fact *fact, const struct dna_want *want)
{
    if (fact->kind != want->kind) {
        return false;
    }
    return fact->kind != DNA_WANT_DNS ||
           (fact->u.dns.type == want->u.dns.type && fact->u.dns.name != NULL &&
            strcmp(fact->u.dns.name, want->u.dns.name) == 0);
}

static void pass_on_policy(struct dna_session *session, const char *url, int64_t now)
{
    struct dna_recall_result policy;
    int64_t until;
    bool enforced;
    if (session->learning.on &&
        dna_recollection_terms(&session->recollection, url, now, &policy, &until, &enforced)) {
        dna_learning_policy(&session->learning, url, &policy, until, enforced);
    }
}

/* RFC 8461 3.3: whoever serves under a policy that cannot be renewed should know in time. */
static void recollect(struct dna_session *session, const struct dna_want *want,
                      const struct dna_fact *fact, int64_t now)
{
    const struct dna_log *log = session->log;
    bool stands;
    if (want->kind != DNA_WANT_FETCH || want->u.fetch.policy_id == NULL) {
        return;
    }
    dna_recollection_learn(&session->recollection, &want->u.fetch, &fact->u.fetch, now,
                           &stands);
    if (!stands) {
        pass_on_policy(session, want->u.fetch.url, now);
    }
    if (stands && log != NULL && log->write != NULL && log->least <= DNA_LOG_WARNING) {
        log->write(log->arg, DNA_LOG_WARNING, "sts-policy-not-renewed",
                   (const struct dna_log_field[]){
                       {"url", dna_span_of(want->u.fetch.url)},
                       {"why", dna_span_of(fact->u.fetch.why)},
                   },
                   2);
    }
}

enum dna_err dna_session_give(struct dna_session *session, unsigned id,
                              const struct dna_fact *fact, struct dna_time now)
{
    struct dna_lookup *lookup = dna_lookups_find(&session->lookups, id);
    enum dna_err first = DNA_OK;
    struct dna_wait *wait;
    session->now = now;
    if (lookup == NULL) {
        return DNA_OK;
    }
    if (!answers(fact, &lookup->want)) {
        return DNA_ERR_ARGUMENT;
    }
    dna_memory_learn(&session->memory, (struct dna_span){lookup->key, lookup->key_len},
                     &lookup->want, fact, now.wall);
    recollect(session, &lookup->want, fact, now.wall);
    dna_lookups_close(&session->lookups, lookup);
    while ((wait = dna_lookup_next_wait(&session->lookups, lookup)) != NULL) {
        if (wait->hearing != NULL) {
            enum dna_err err =
                dna_hearing_answer(wait->hearing, wait->court_id, fact, now);
            first = first == DNA_OK ? err : first;
        }
    }
    dna_lookup_free(&session->lookups, lookup);
    return first;
}

struct dna_stream *dna_session_next_ready(struct dna_session *session)
{
    struct dna_stream *stream = session->ready.first;
    if (stream != NULL) {
        session->ready.first = stream->next_ready;
        if (stream->next_ready != NULL) {
            stream->next_ready->prev_ready = NULL;
        } else {
            session->ready.last = NULL;
        }
        stream->is_ready = false;
    }
    return stream;
}

/* --- time ---------------------------------------------------------------------------- */

/* When a rule ends, by the monotonic clock; looked at again within the hour, for the wall
 * clock may be set. */
static int64_t end_of_rule(const struct dna_session *session)
{
    int64_t left;
    if (session->rule_ends == INT64_MAX) {
        return DNA_NEVER;
    }
    left = session->rule_ends - session->now.wall;
    left = left < 0 ? 0 : left > RULE_LOOK_S ? RULE_LOOK_S : left;
    return session->now.mono + 1000 * left;
}

int64_t dna_session_deadline(const struct dna_session *session)
{
    const struct dna_timer *first = dna_timers_first(&session->timers);
    int64_t at = first != NULL ? first->at : DNA_NEVER;
    if (session->policy_changed || session->departures != NULL) {
        return session->now.mono; /* due already */
    }
    return end_of_rule(session) < at ? end_of_rule(session) : at;
}

static enum dna_err depart(struct dna_session *session, struct dna_time now)
{
    enum dna_err first = DNA_OK;
    while (session->departures != NULL) {
        struct dna_departure *departure = session->departures;
        session->departures = departure->next;
        if (dna_session_link_of(session, departure->domain) != departure->link) {
            enum dna_err err = retract(session, departure->link, departure->domain, now);
            first = first == DNA_OK ? err : first;
        }
        dna_alloc_release(session->alloc, departure);
    }
    return first;
}

static struct dna_stream *stream_of(struct dna_timer *timer)
{
    return (struct dna_stream *)(void *)((char *)timer - offsetof(struct dna_stream, timer));
}

static struct dna_hearing *hearing_of(struct dna_timer *timer)
{
    return (struct dna_hearing *)(void *)((char *)timer - offsetof(struct dna_hearing, timer));
}

static struct dna_suspended *suspended_of(struct dna_timer *timer)
{
    return (struct dna_suspended *)(void *)((char *)timer -
                                            offsetof(struct dna_suspended, timer));
}

static enum dna_err fire(struct dna_session *session, struct dna_timer *timer,
                         struct dna_time now)
{
    enum dna_err err;
    switch (timer->owner) {
    case DNA_TIMER_STREAM:
        err = dna_s2s_tick(stream_of(timer)->s2s, now);
        dna_stream_touch(stream_of(timer));
        return err;
    case DNA_TIMER_HEARING:
        return dna_hearing_tick(hearing_of(timer), now);
    case DNA_TIMER_SUSPENDED:
        dna_suspended_expire(session, suspended_of(timer));
        return DNA_OK;
    }
    return DNA_OK;
}

enum dna_err dna_session_tick(struct dna_session *session, struct dna_time now)
{
    enum dna_err first = depart(session, now);
    size_t turns = session->timers.n;
    struct dna_timer *timer;
    session->now = now;
    if (now.wall >= session->rule_ends) {
        session->policy_changed = true;
        session->rule_ends = dna_policies_next_end(&session->policies, now.wall);
    }
    if (session->policy_changed) {
        session->policy_changed = false;
        for (struct dna_stream *s = session->streams.first; s != NULL; s = s->next) {
            dna_stream_review(s, now);
        }
    }
    while (turns-- > 0 && (timer = dna_timers_first(&session->timers)) != NULL &&
           timer->at <= now.mono) {
        enum dna_err err = fire(session, timer, now);
        first = first == DNA_OK ? err : first;
    }
    return first;
}
