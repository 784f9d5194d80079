/* gateway/limits.c: what each limit has refused, for whoever asks by SIGUSR1. */
#include <inttypes.h>
#include <stdio.h>

#include "gateway.h"
#include "log.h"

static void report(const struct gateway *gateway, const char *limit, uint64_t refused)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, refused);
    gateway_log(&gateway->log, DNA_LOG_INFO, "limit", "limit", limit, "refused", number, NULL);
}

void limits_report(const struct gateway *gateway)
{
    uint64_t counts[ROUTER_N_LIMITS];
    links_report(gateway);
    router_refusals(gateway->router, counts);
    for (size_t i = 0; i < ROUTER_N_LIMITS; i++) {
        report(gateway, router_limit_name((enum router_limit)i), counts[i]);
    }
}
