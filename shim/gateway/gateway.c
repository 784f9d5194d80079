/* gateway/gateway.c: run, and end.
 *
 * The end has steps: at the first signal nothing more is accepted from outside, what waits
 * may still go for a while (the local servers must still reach their links, by which they
 * verify us); then every stream is closed with system-shutdown; then the driver is freed.
 * A second signal goes straight to that.
 */
#include "gateway.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define DRAIN_MS 10000

/* --- running ------------------------------------------------------------------------ */

static void close_handles(struct gateway *gateway)
{
    if (!gateway->has_handles) {
        return;
    }
    gateway->has_handles = false;
    watch_end(gateway);
    uv_close((uv_handle_t *)&gateway->timer, NULL);
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        uv_close((uv_handle_t *)&gateway->signals[i], NULL);
    }
}

static void freed(void *arg)
{
    struct gateway *gateway = arg;
    gateway->uv = NULL;
    bridge_free(gateway->bridge);
    gateway->bridge = NULL;
    close_handles(gateway);
}

static void free_driver(struct gateway *gateway)
{
    links_close(gateway, false);
    gateway->state = GATEWAY_FREES;
    dna_uv_free(gateway->uv, freed, gateway);
}

static void close_streams(struct gateway *gateway)
{
    gateway->state = GATEWAY_CLOSES;
    links_close(gateway, false);
    router_close_all(gateway->router);
}

/* One step of the end, from the timer: never from inside a callback of the driver. */
static void take_step(struct gateway *gateway)
{
    int64_t now = dna_uv_now(gateway->uv).mono;
    if (gateway->state == GATEWAY_DRAINS &&
        (router_waiting(gateway->router) == 0 || now >= gateway->drain_until)) {
        close_streams(gateway);
    }
    if (gateway->stops > 1 && gateway->state != GATEWAY_CLOSES) {
        close_streams(gateway);
    }
    if (gateway->state == GATEWAY_CLOSES &&
        (gateway->stops > 1 || router_n_streams(gateway->router) == 0)) {
        free_driver(gateway);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    gateway->armed = DNA_NEVER;
    if (gateway->state != GATEWAY_FREES) {
        router_tick(gateway->router);
        take_step(gateway);
        gateway_after(gateway);
    }
}

static int64_t next_deadline(const struct gateway *gateway, int64_t now)
{
    int64_t deadline = router_deadline(gateway->router);
    bool due = gateway->stops > 1 ||
               (gateway->state == GATEWAY_DRAINS && router_waiting(gateway->router) == 0) ||
               (gateway->state == GATEWAY_CLOSES && router_n_streams(gateway->router) == 0);
    if (due) {
        return now;
    }
    return gateway->state == GATEWAY_DRAINS && gateway->drain_until < deadline
               ? gateway->drain_until
               : deadline;
}

/* A bundle whose messages of the DNS are being collected. */
struct unfinished {
    struct gateway *gateway;
    const char *ruling; /* static */
    char domain[];
};

static void write_bundle(struct gateway *gateway, const char *domain, const char *ruling,
                         struct dna_span bundle)
{
    char name[4096];
    bool fine;
    if (gateway->evidence.folder == NULL) {
        return; /* no longer wanted */
    }
    fine = evidence_write(&gateway->evidence, bundle, name, sizeof name);
    gateway_log(&gateway->log, fine ? DNA_LOG_INFO : DNA_LOG_WARNING, "evidence", "domain",
                domain, "ruling", ruling, "file", name, fine ? NULL : "why", strerror(errno),
                NULL);
}

static void completed(void *arg, struct dna_span bundle)
{
    struct unfinished *unfinished = arg;
    write_bundle(unfinished->gateway, unfinished->domain, unfinished->ruling, bundle);
    free(unfinished);
}

static bool is_written(const struct gateway *gateway, const struct dna_ruling *ruling)
{
    return gateway->evidence.folder != NULL &&
           (gateway->config->evidence_of_all || ruling->verdict != DNA_PROVEN);
}

/* Where a bundle cannot be completed, it is written as it is. */
static void take_evidence(struct gateway *gateway, const struct dna_session_bundle *made)
{
    const char *ruling = dna_verdict_name(made->ruling->verdict);
    struct unfinished *unfinished;
    size_t len;
    if (gateway->bridge != NULL) {
        bridge_heard(gateway->bridge, made);
    }
    if (!is_written(gateway, made->ruling)) {
        return;
    }
    len = strlen(made->domain) + 1;
    unfinished = malloc(sizeof *unfinished + len);
    if (unfinished != NULL) {
        unfinished->gateway = gateway;
        unfinished->ruling = ruling;
        memcpy(unfinished->domain, made->domain, len);
    }
    if (unfinished == NULL || dna_uv_complete_bundle(gateway->uv, made->bundle, completed,
                                                     unfinished) != DNA_OK) {
        free(unfinished);
        write_bundle(gateway, made->domain, ruling, made->bundle);
    }
}

/* Whoever waits for a certificate is looked at with all that is known. */
static void write_evidence(struct gateway *gateway)
{
    struct dna_session_bundle made;
    while (dna_session_next_bundle(dna_uv_session(gateway->uv), &made)) {
        take_evidence(gateway, &made);
    }
}

void gateway_heard(void *arg, const struct dna_session_bundle *bundle)
{
    struct gateway *gateway = arg;
    if (gateway->uv != NULL && gateway->router != NULL) {
        take_evidence(gateway, bundle);
        gateway_after(gateway);
    }
}

void gateway_after(struct gateway *gateway)
{
    int64_t now, deadline;
    if ((gateway->evidence.folder != NULL || gateway->bridge != NULL) && gateway->uv != NULL) {
        write_evidence(gateway);
    }
    if (gateway->bridge != NULL && gateway->state != GATEWAY_FREES) {
        bridge_look(gateway->bridge);
    }
    if (gateway->state == GATEWAY_FREES) {
        return;
    }
    if (gateway->state == GATEWAY_RUNS && gateway->stops < 2 &&
        router_deadline(gateway->router) == gateway->armed) {
        return; /* nearly always */
    }
    now = dna_uv_now(gateway->uv).mono;
    deadline = next_deadline(gateway, now);
    gateway->armed = deadline;
    if (deadline == DNA_NEVER) {
        (void)uv_timer_stop(&gateway->timer);
    } else {
        (void)uv_timer_start(&gateway->timer, on_timer,
                             deadline > now ? (uint64_t)(deadline - now) : 0, 0);
    }
}

void gateway_stop(struct gateway *gateway)
{
    gateway->stops++;
    gateway_log(&gateway->log, DNA_LOG_INFO, "stopping", "how",
                gateway->stops == 1 ? "draining" : "at once", NULL);
    if (gateway->state == GATEWAY_RUNS) {
        gateway->state = GATEWAY_DRAINS;
        gateway->drain_until = dna_uv_now(gateway->uv).mono + DRAIN_MS;
        links_close(gateway, true);
        router_drain(gateway->router);
    }
    gateway_after(gateway);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gateway *gateway = handle->data;
    if (number == SIGHUP) {
        watch_reload(gateway);
    } else if (number == SIGUSR1) {
        observed_list(gateway);
        limits_report(gateway);
    } else if (gateway->state != GATEWAY_FREES) {
        gateway_stop(gateway);
    }
}

static bool set_up_handles(struct gateway *gateway)
{
    static const int numbers[GATEWAY_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    bool ok = true;
    (void)uv_timer_init(&gateway->loop, &gateway->timer);
    gateway->timer.data = gateway;
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        if (uv_signal_init(&gateway->loop, &gateway->signals[i]) != 0) {
            /* Only the first one can fail: it makes the loop's pipe. */
            uv_close((uv_handle_t *)&gateway->timer, NULL);
            return false;
        }
        gateway->signals[i].data = gateway;
    }
    gateway->has_handles = true;
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        ok = uv_signal_start(&gateway->signals[i], on_signal, numbers[i]) == 0 && ok;
    }
    return watch_begin(gateway) && ok;
}

static void log_end(const struct gateway *gateway)
{
    struct router_counts counts = router_counted(gateway->router);
    char relayed[24], returned[24], lost[24];
    (void)snprintf(relayed, sizeof relayed, "%" PRIu64, counts.relayed);
    (void)snprintf(returned, sizeof returned, "%" PRIu64, counts.returned);
    (void)snprintf(lost, sizeof lost, "%" PRIu64, counts.lost);
    gateway_log(&gateway->log, DNA_LOG_INFO, "stopped", "relayed", relayed, "returned",
                returned, "lost", lost, NULL);
}

bool gateway_run(struct gateway *gateway)
{
    bool ok = set_up_handles(gateway);
    if (ok) {
        char hosts[24];
        (void)snprintf(hosts, sizeof hosts, "%zu", gateway->config->n_hosts);
        gateway_log(&gateway->log, DNA_LOG_INFO, "ready", "hosts", hosts, NULL);
    } else {
        free_driver(gateway);
    }
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT);
    log_end(gateway);
    return ok;
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL) {
        return;
    }
    if (gateway->uv != NULL) {
        gateway->state = GATEWAY_FREES;
        dna_uv_free(gateway->uv, freed, gateway);
    } else {
        bridge_free(gateway->bridge); /* which is gone if there was a driver */
        gateway->bridge = NULL;
    }
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT);
    router_free(gateway->router);
    links_free(gateway);
    identities_free(gateway->identities);
    gateway_config_free(gateway->config);
    (void)uv_loop_close(&gateway->loop);
    if (gateway->evidence.key.ptr != NULL) {
        char *key = (char *)(uintptr_t)gateway->evidence.key.ptr;
        explicit_bzero(key, gateway->evidence.key.len);
        free(key);
    }
    free(gateway);
}
