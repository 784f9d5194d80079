/* gateway/observed.c: whom the policies that are only observed would have refused. */
#include "gateway.h"

#include <inttypes.h>
#include <time.h>

#include "log.h"

static void write_day(int64_t at, char out[32])
{
    time_t time = (time_t)at;
    struct tm tm;
    out[0] = '\0';
    if (gmtime_r(&time, &tm) != NULL) {
        (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

void observed_list(const struct gateway *gateway)
{
    struct dna_session_observed entry;
    char times[24], first[32], last[32];
    size_t cursor = 0, n = 0;
    if (gateway->uv == NULL) {
        return;
    }
    while (dna_session_observed_next(dna_uv_session(gateway->uv), &cursor, &entry)) {
        (void)snprintf(times, sizeof times, "%" PRIu64, entry.times);
        write_day(entry.first_at, first);
        write_day(entry.last_at, last);
        gateway_log(&gateway->log, DNA_LOG_INFO, "would-refuse", "domain", entry.domain, "role",
                    entry.role == DNA_INITIATING ? "initiating" : "receiving", "code",
                    dna_code_name(entry.ruling->code), "why", entry.ruling->why,
                    "accepted-by", entry.accepted_by, "times", times, "first", first, "last",
                    last, NULL);
        n++;
    }
    (void)snprintf(times, sizeof times, "%zu", n);
    gateway_log(&gateway->log, DNA_LOG_INFO, "would-refuse-in-all", "domains", times, NULL);
}
