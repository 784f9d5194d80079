/* gateway/limits.c: the limits of what is found out for peers, and what every limit has
 * refused, for whoever asks by SIGUSR1.
 */
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

void limits_set(const struct gateway *gateway, const struct gateway_config *config)
{
    const struct gateway_load_config *load = &config->load;
    const struct dna_session_limits of_session = {.size = sizeof of_session,
                                                  .lookups = load->lookups,
                                                  .lookups_per_payer = load->lookups_at,
                                                  .proofs = load->proofs,
                                                  .proofs_per_payer = load->proofs_at,
                                                  .proofs_per_host = load->proofs_of_host};
    const struct dna_uv_limits of_driver = {.size = sizeof of_driver,
                                            .dialbacks = load->dialbacks,
                                            .dialbacks_per_address = load->dialbacks_at,
                                            .dialbacks_per_host = load->dialbacks_of_host};
    dna_session_limit(dna_uv_session(gateway->uv), &of_session);
    dna_uv_limit(gateway->uv, &of_driver);
}

static void report_session(const struct gateway *gateway)
{
    uint64_t counts[DNA_SESSION_N_LIMITS];
    dna_session_refused(dna_uv_session(gateway->uv), counts);
    for (size_t i = 0; i < DNA_SESSION_N_LIMITS; i++) {
        report(gateway, dna_session_limit_name((enum dna_session_limit)i), counts[i]);
    }
}

static void report_driver(const struct gateway *gateway)
{
    uint64_t counts[DNA_UV_N_LOADS];
    dna_uv_refused(gateway->uv, counts);
    for (size_t i = 0; i < DNA_UV_N_LOADS; i++) {
        report(gateway, dna_uv_load_name((enum dna_uv_load)i), counts[i]);
    }
}

void limits_report(const struct gateway *gateway)
{
    uint64_t counts[ROUTER_N_LIMITS];
    links_report(gateway);
    router_refusals(gateway->router, counts);
    for (size_t i = 0; i < ROUTER_N_LIMITS; i++) {
        report(gateway, router_limit_name((enum router_limit)i), counts[i]);
    }
    if (gateway->uv != NULL) {
        report_session(gateway);
        report_driver(gateway);
    }
}
