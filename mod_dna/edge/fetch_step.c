/* edge/fetch_step.c: resolve, guard, GET, and once more for a redirect.
 *
 * Each name is resolved once, and what the guard saw is what is connected to: a second answer
 * cannot differ because there is none.  The clock runs while the fetch runs, over all its
 * hops; it stands still while the budget makes it wait.
 */
#include <edge/fetch_step.h>

#include <base/alloc.h>
#include <x509/identity.h>

static const struct dna_span nothing;

static void fail(struct dna_fetch *fetch, unsigned status, const char *why)
{
    dna_fetch_conclude(fetch, DNA_FETCH_FAILED, status, nothing, why);
}

/* A limit of our own, which says nothing about the document or the peer (S13). */
static void give_up(struct dna_fetch *fetch, const char *why)
{
    fetch->refusal = NULL;
    dna_fetch_conclude(fetch, DNA_FETCH_REFUSED, 0, nothing, why);
}

void dna_fetch_halt(struct dna_fetch *fetch)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    for (unsigned i = 0; i < 2; i++) {
        if (fetch->lookups[i] != NULL) {
            fetcher->options.names.cancel(fetch->lookups[i]);
            fetch->lookups[i] = NULL;
        }
    }
    if (fetch->get != NULL) {
        dna_https_cancel(fetch->get);
        fetch->get = NULL;
    }
    fetcher->loop->timer_free(fetch->deadline);
    fetch->deadline = NULL;
}

static void on_deadline(void *arg)
{
    struct dna_fetch *fetch = arg;
    struct dna_fetcher *fetcher = fetch->fetcher;
    fail(fetch, 0, "not fetched in time");
    dna_fetcher_pump(fetcher);
}

static bool start_clock(struct dna_fetch *fetch)
{
    const struct dna_loop *loop = fetch->fetcher->loop;
    fetch->running_since = loop->now(loop->self).mono;
    fetch->deadline =
        loop->timer(loop->self, (uint64_t)fetch->left_ms, on_deadline, fetch);
    return fetch->deadline != NULL;
}

static void stop_clock(struct dna_fetch *fetch)
{
    const struct dna_loop *loop = fetch->fetcher->loop;
    fetch->left_ms -= loop->now(loop->self).mono - fetch->running_since;
    fetch->left_ms = fetch->left_ms > 0 ? fetch->left_ms : 0;
    loop->timer_free(fetch->deadline);
    fetch->deadline = NULL;
}

static void on_hop(void *arg, const struct dna_https_result *result);

/* A GET at the next address, or back into the queue. */
static void try_address(struct dna_fetch *fetch)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    const struct dna_address *address = &fetch->addresses[fetch->tried];
    bool go = false;
    if (dna_budget_aim(fetcher->budget, &fetch->running->ticket, address,
                       fetcher->loop->now(fetcher->loop->self).mono, &go) != DNA_OK) {
        give_up(fetch, "no memory");
        return;
    }
    if (!go) {
        stop_clock(fetch);
        dna_fetch_wait_again(fetch);
        return;
    }
    if (dna_https_get(fetcher->options.https, fetch->url, address, on_hop, fetch,
                      &fetch->get) != DNA_OK) {
        give_up(fetch, "the request could not be made");
    }
}

/* The families take turns, so that one that does not work here costs one attempt. */
static void order_addresses(struct dna_fetch *fetch)
{
    fetch->n_addresses = 0;
    fetch->tried = 0;
    for (unsigned i = 0; i < DNA_LIMIT_ADDRESSES; i++) {
        for (unsigned family = 0; family < 2; family++) {
            if (i < fetch->n_found[family] && fetch->n_addresses < DNA_LIMIT_ADDRESSES) {
                fetch->addresses[fetch->n_addresses++] = fetch->found[family][i];
            }
        }
    }
}

/* A peer's URL leads to no service of this machine, whatever its port: the address guard of a
 * connection bars our listeners only. */
static bool is_own(const struct dna_address_guard *guard, const struct dna_address *address)
{
    for (size_t i = 0; i < guard->n_own; i++) {
        if (dna_address_equal(&guard->own[i].address, address)) {
            return true;
        }
    }
    return false;
}

static void take_address(struct dna_fetch *fetch, unsigned family, struct dna_span rdata)
{
    struct dna_address address;
    const char *why;
    if (rdata.len != (family == 0 ? 4 : 16) ||
        dna_address_of_octets(rdata, &address) != DNA_OK) {
        return;
    }
    if (!dna_address_admitted(fetch->fetcher->options.guard, &address, fetch->parts.port,
                              &why)) {
        fetch->refusal = why;
    } else if (fetch->kind == DNA_FETCH_PEER &&
               is_own(fetch->fetcher->options.guard, &address)) {
        fetch->refusal = "one of our own addresses";
    } else if (fetch->n_found[family] < DNA_LIMIT_ADDRESSES) {
        fetch->found[family][fetch->n_found[family]++] = address;
    }
}

static void on_answer(struct dna_fetch *fetch, unsigned family,
                      const struct dna_dns_answer *answer)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    fetch->lookups[family] = NULL;
    if (answer->outcome == DNA_DNS_FOUND) {
        for (size_t i = 0; i < answer->n_rdata && i < DNA_LIMIT_RECORDS; i++) {
            take_address(fetch, family, answer->rdata[i]);
        }
    }
    if (fetch->lookups[1 - family] != NULL) {
        return;
    }
    order_addresses(fetch);
    if (fetch->n_addresses != 0) {
        try_address(fetch);
    } else if (fetch->refusal != NULL) {
        dna_fetch_conclude(fetch, DNA_FETCH_REFUSED, 0, nothing, fetch->refusal);
    } else {
        fail(fetch, 0, "no address of the host was found");
    }
    dna_fetcher_pump(fetcher);
}

static void on_a(void *arg, const struct dna_dns_answer *answer)
{
    on_answer(arg, 0, answer);
}

static void on_aaaa(void *arg, const struct dna_dns_answer *answer)
{
    on_answer(arg, 1, answer);
}

static void resolve(struct dna_fetch *fetch)
{
    const struct dna_fetch_names *names = &fetch->fetcher->options.names;
    fetch->n_addresses = 0;
    fetch->n_found[0] = fetch->n_found[1] = 0;
    fetch->refusal = NULL;
    if (names->lookup(names->self, fetch->parts.host, DNA_DNS_A, on_a, fetch,
                      &fetch->lookups[0]) != DNA_OK ||
        names->lookup(names->self, fetch->parts.host, DNA_DNS_AAAA, on_aaaa, fetch,
                      &fetch->lookups[1]) != DNA_OK) {
        give_up(fetch, "the host cannot be looked up now");
    }
}

void dna_fetch_step(struct dna_fetch *fetch)
{
    if (!start_clock(fetch)) {
        give_up(fetch, "no timer");
    } else if (fetch->n_addresses != 0) {
        try_address(fetch);
    } else {
        resolve(fetch);
    }
}

static bool is_followed(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Why the redirect is not followed; NULL: it is, and the fetch is at its new URL. */
static const char *follow(struct dna_fetch *fetch, const struct dna_https_result *result)
{
    const struct dna_fetcher_options *options = &fetch->fetcher->options;
    struct dna_url parts;
    const char *why;
    char *url;
    if (fetch->kind != DNA_FETCH_WELL_KNOWN) {
        return "redirected, which is not followed for a URL that a peer chose";
    }
    if (!is_followed(result->status)) {
        return "not a status that is followed";
    }
    if (fetch->redirects_left == 0) {
        return "too many redirects";
    }
    if (dna_url_parse(result->redirect_url, options->ports, options->n_ports, &parts, &why) !=
        DNA_OK) {
        return why;
    }
    if (!parts.tls) {
        return "redirected to http";
    }
    url = dna_alloc_text(options->alloc, dna_span_of(result->redirect_url));
    if (url == NULL) {
        return "no memory";
    }
    dna_alloc_release(options->alloc, fetch->url);
    fetch->url = url;
    fetch->parts = parts;
    fetch->redirects_left--;
    return NULL;
}

/* What rests on several hops ends with the first of their certificates.  False: no memory. */
static bool note_certificate(struct dna_fetch *fetch, struct dna_span certificate)
{
    struct dna_chain *chain;
    int64_t begins, ends;
    enum dna_err err =
        certificate.len != 0
            ? dna_chain_parse(fetch->fetcher->options.alloc, certificate, &chain)
            : DNA_ERR_NOT_FOUND;
    if (err != DNA_OK) {
        fetch->certificate_ends = 0;
        fetch->exact_name = false;
        return err != DNA_ERR_MEMORY;
    }
    dna_chain_leaf_validity(chain, &begins, &ends);
    if (ends < fetch->certificate_ends) {
        fetch->certificate_ends = ends;
    }
    fetch->exact_name =
        fetch->exact_name && dna_identity_dns(chain, fetch->parts.host, false);
    dna_chain_free(chain);
    return true;
}

static void judge_status(struct dna_fetch *fetch, const struct dna_https_result *result)
{
    if (result->status == 200) {
        dna_fetch_conclude(fetch, DNA_FETCH_OK, 200, result->body, "fetched");
    } else if (result->status == 404 || result->status == 410) {
        dna_fetch_conclude(fetch, DNA_FETCH_ABSENT, result->status, nothing,
                           "there is no such document");
    } else {
        fail(fetch, result->status, "not a status that gives a document");
    }
}

static void on_hop(void *arg, const struct dna_https_result *result)
{
    struct dna_fetch *fetch = arg;
    struct dna_fetcher *fetcher = fetch->fetcher;
    const char *why;
    bool answered =
        result->outcome == DNA_HTTPS_DONE || result->outcome == DNA_HTTPS_REDIRECT;
    fetch->get = NULL;
    if (answered && !note_certificate(fetch, result->certificate)) {
        give_up(fetch, "no memory");
        dna_fetcher_pump(fetcher);
        return;
    }
    switch (result->outcome) {
    case DNA_HTTPS_DONE:
        fetch->media_type = result->media_type;
        judge_status(fetch, result);
        break;
    case DNA_HTTPS_REDIRECT:
        why = follow(fetch, result);
        if (why == NULL) {
            resolve(fetch);
        } else {
            fail(fetch, result->status, why);
        }
        break;
    case DNA_HTTPS_UNREACHED:
        if (++fetch->tried < fetch->n_addresses) {
            try_address(fetch);
        } else {
            fail(fetch, 0, result->why);
        }
        break;
    case DNA_HTTPS_FAILED:
        fail(fetch, result->status, result->why);
        break;
    }
    dna_fetcher_pump(fetcher);
}
