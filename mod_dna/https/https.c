/* https/https.c: libcurl's multi handle on a dna_loop.
 *
 * libcurl says which descriptors and which one timer it wants; the loop's callbacks call it
 * back, and only then, from the loop and outside of libcurl, finished gets are told.  Each
 * get has a deadline of its own on the loop: whatever libcurl or the server does, it ends.
 *
 * Invariant: a get in the list is in the multi handle and has a deadline; it leaves both
 * before its callback runs.
 */
#include <https/https.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <https/hop.h>

static void unlink_get(struct dna_https_get *get)
{
    struct dna_https *https = get->https;
    (void)curl_multi_remove_handle(https->multi, get->easy);
    https->loop->timer_free(get->deadline);
    get->deadline = NULL;
    if (get->previous != NULL) {
        get->previous->next = get->next;
    } else {
        https->gets = get->next;
    }
    if (get->next != NULL) {
        get->next->previous = get->previous;
    }
}

static void log_result(const struct dna_https_get *get, const struct dna_https_result *result)
{
    static const char *const outcomes[] = {
        [DNA_HTTPS_DONE] = "done",
        [DNA_HTTPS_REDIRECT] = "redirect",
        [DNA_HTTPS_UNREACHED] = "unreached",
        [DNA_HTTPS_FAILED] = "failed",
    };
    const struct dna_log *log = get->https->log;
    char address[DNA_ADDRESS_TEXT];
    char *url = NULL;
    if (log == NULL || log->write == NULL || log->least > DNA_LOG_DEBUG) {
        return;
    }
    dna_address_text(&get->address, address);
    if (curl_easy_getinfo(get->easy, CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK) {
        url = NULL;
    }
    log->write(log->arg, DNA_LOG_DEBUG, "https-get",
               (const struct dna_log_field[]){
                   {"url", dna_span_of(url)},
                   {"address", dna_span_of(address)},
                   {"outcome", dna_span_of(outcomes[result->outcome])},
                   {"why", dna_span_of(result->why)},
               },
               4);
}

static void finish(struct dna_https_get *get, CURLcode rc)
{
    struct dna_https_result result;
    unlink_get(get);
    dna_https_hop_result(get, rc, &result);
    log_result(get, &result);
    get->fn(get->arg, &result);
    dna_https_hop_free(get);
}

static struct dna_https_get *first_unwatched(const struct dna_https *https)
{
    struct dna_https_get *get = https->gets;
    while (get != NULL && !get->unwatched) {
        get = get->next;
    }
    return get;
}

/* Callbacks may start and cancel gets: nothing is remembered from one round to the next. */
static void tell_finished(struct dna_https *https)
{
    struct dna_https_get *get;
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(https->multi, &left)) != NULL) {
        CURLcode rc = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &get) == CURLE_OK) {
            finish(get, rc);
        }
    }
    while ((get = first_unwatched(https)) != NULL) {
        get->stopped = "the socket cannot be watched";
        finish(get, CURLE_ABORTED_BY_CALLBACK);
    }
}

static void act(struct dna_https *https, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(https->multi, fd, events, &running);
    tell_finished(https);
}

static void on_ready(void *arg, int fd, unsigned events)
{
    act(arg, fd, (events & DNA_LOOP_READ ? CURL_CSELECT_IN : 0) |
                     (events & DNA_LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_timer(void *arg)
{
    struct dna_https *https = arg;
    https->loop->timer_free(https->timer);
    https->timer = NULL;
    act(https, CURL_SOCKET_TIMEOUT, 0);
}

static void on_deadline(void *arg)
{
    struct dna_https_get *get = arg;
    get->stopped = "not finished in time";
    finish(get, CURLE_OPERATION_TIMEDOUT);
}

/* libcurl breaks everything off when this fails; only the get concerned shall fail. */
static int want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *watch)
{
    struct dna_https *https = arg;
    struct dna_https_get *get = NULL;
    unsigned events = (what & CURL_POLL_IN ? DNA_LOOP_READ : 0u) |
                      (what & CURL_POLL_OUT ? DNA_LOOP_WRITE : 0u);
    if (what == CURL_POLL_REMOVE || events == 0) {
        https->loop->unwatch(watch);
        (void)curl_multi_assign(https->multi, fd, NULL);
        return 0;
    }
    if (watch != NULL) {
        if (https->loop->rewatch(watch, events) == DNA_OK) {
            return 0;
        }
    } else {
        watch = https->loop->watch(https->loop->self, fd, events, on_ready, https);
        if (watch != NULL) {
            (void)curl_multi_assign(https->multi, fd, watch);
            return 0;
        }
    }
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &get) == CURLE_OK && get != NULL) {
        get->unwatched = true;
    }
    return 0;
}

static int want_timer(CURLM *multi, long ms, void *arg)
{
    struct dna_https *https = arg;
    (void)multi;
    https->loop->timer_free(https->timer);
    https->timer = NULL;
    if (ms >= 0) {
        https->timer =
            https->loop->timer(https->loop->self, (uint64_t)ms, on_timer, https);
    }
    https->no_timer = ms >= 0 && https->timer == NULL;
    return 0;
}

static char *copy_text(const struct dna_alloc *alloc, const char *text, bool *lost)
{
    char *copy = text != NULL ? dna_alloc_text(alloc, dna_span_of(text)) : NULL;
    *lost = *lost || (text != NULL && copy == NULL);
    return copy;
}

static void set_up(struct dna_https *https, const struct dna_loop *loop,
                   const struct dna_https_options *options)
{
    https->loop = loop;
    https->alloc = options->alloc;
    https->log = options->log;
    https->connect_ms =
        options->connect_ms != 0 ? options->connect_ms : DNA_LIMIT_FETCH_CONNECT_MS;
    https->total_ms = options->total_ms != 0 ? options->total_ms : DNA_LIMIT_FETCH_MS;
}

static bool set_multi(struct dna_https *https)
{
    return curl_multi_setopt(https->multi, CURLMOPT_SOCKETFUNCTION, want_socket) == CURLM_OK &&
           curl_multi_setopt(https->multi, CURLMOPT_SOCKETDATA, https) == CURLM_OK &&
           curl_multi_setopt(https->multi, CURLMOPT_TIMERFUNCTION, want_timer) == CURLM_OK &&
           curl_multi_setopt(https->multi, CURLMOPT_TIMERDATA, https) == CURLM_OK;
}

enum dna_err dna_https_new(const struct dna_loop *loop, const struct dna_https_options *options,
                           struct dna_https **out)
{
    struct dna_https *https;
    enum dna_err err = DNA_ERR_MEMORY;
    struct dna_address source;
    bool lost = false;
    /* Anything else libcurl would look up, and wait. */
    if (options->source != NULL &&
        dna_address_parse(dna_span_of(options->source), &source) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return DNA_ERR_SYSTEM;
    }
    https = dna_alloc_zero(options->alloc, 1, sizeof *https);
    if (https == NULL) {
        curl_global_cleanup();
        return DNA_ERR_MEMORY;
    }
    set_up(https, loop, options);
    https->ca_file = copy_text(https->alloc, options->ca_file, &lost);
    https->user_agent = copy_text(https->alloc, options->user_agent, &lost);
    https->source = copy_text(https->alloc, options->source, &lost);
    https->headers = curl_slist_append(NULL, "Connection: close");
    https->multi = curl_multi_init();
    if (lost || https->headers == NULL || https->multi == NULL) {
        goto done;
    }
    if (!set_multi(https)) {
        err = DNA_ERR_SYSTEM;
        goto done;
    }
    *out = https;
    https = NULL;
    err = DNA_OK;
done:
    dna_https_free(https);
    return err;
}

enum dna_err dna_https_trust(struct dna_https *https, const char *ca_file)
{
    bool lost = false;
    char *copy = copy_text(https->alloc, ca_file, &lost);
    if (lost) {
        return DNA_ERR_MEMORY;
    }
    dna_alloc_release(https->alloc, https->ca_file);
    https->ca_file = copy;
    https->trusted_since = https->loop->now(https->loop->self).mono;
    return DNA_OK;
}

void dna_https_free(struct dna_https *https)
{
    if (https == NULL) {
        return;
    }
    while (https->gets != NULL) {
        dna_https_cancel(https->gets);
    }
    (void)curl_multi_cleanup(https->multi);
    https->loop->timer_free(https->timer);
    curl_slist_free_all(https->headers);
    dna_alloc_release(https->alloc, https->ca_file);
    dna_alloc_release(https->alloc, https->user_agent);
    dna_alloc_release(https->alloc, https->source);
    dna_alloc_release(https->alloc, https);
    curl_global_cleanup();
}

enum dna_err dna_https_get(struct dna_https *https, const char *url,
                           const struct dna_address *address, dna_https_fn *fn, void *arg,
                           struct dna_https_get **out)
{
    struct dna_https_get *get;
    enum dna_err err = dna_https_hop_new(https, url, address, &get);
    if (err != DNA_OK) {
        return err;
    }
    get->fn = fn;
    get->arg = arg;
    get->deadline =
        https->loop->timer(https->loop->self, https->total_ms, on_deadline, get);
    if (get->deadline == NULL) {
        dna_https_hop_free(get);
        return DNA_ERR_MEMORY;
    }
    get->next = https->gets;
    if (get->next != NULL) {
        get->next->previous = get;
    }
    https->gets = get;
    https->no_timer = false;
    if (curl_multi_add_handle(https->multi, get->easy) != CURLM_OK || https->no_timer) {
        dna_https_cancel(get);
        return DNA_ERR_SYSTEM;
    }
    *out = get;
    return DNA_OK;
}

void dna_https_cancel(struct dna_https_get *get)
{
    unlink_get(get);
    dna_https_hop_free(get);
}
