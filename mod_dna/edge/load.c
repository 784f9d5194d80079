/* edge/load.c: limits with their names, and how often they have refused something. */
#include <edge/load.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <base/limits.h>

const char *dna_uv_load_name(enum dna_uv_load load)
{
    static const char *const names[DNA_UV_N_LOADS] = {
        [DNA_UV_LOAD_DIALBACKS] = "dialbacks",
        [DNA_UV_LOAD_DIALBACKS_PER_ADDRESS] = "dialbacks-per-address",
        [DNA_UV_LOAD_DIALBACKS_PER_HOST] = "dialbacks-per-host",
    };
    return names[load];
}

void dna_uv_limit(struct dna_uv *uv, const struct dna_uv_limits *limits)
{
    uv->limits = (struct dna_uv_limits){.size = 0};
    memcpy(&uv->limits, limits,
           limits->size < sizeof uv->limits ? limits->size : sizeof uv->limits);
}

void dna_uv_refused(const struct dna_uv *uv, uint64_t counts[DNA_UV_N_LOADS])
{
    memcpy(counts, uv->refused, sizeof uv->refused);
}

size_t dna_edge_load_most(const struct dna_uv *uv, enum dna_uv_load load)
{
    const struct dna_uv_limits *limits = &uv->limits;
    switch (load) {
    case DNA_UV_LOAD_DIALBACKS:
        return limits->dialbacks != 0 ? limits->dialbacks : DNA_LIMIT_DIALBACK_ASKED;
    case DNA_UV_LOAD_DIALBACKS_PER_ADDRESS:
        return limits->dialbacks_per_address != 0 ? limits->dialbacks_per_address
                                                  : DNA_LIMIT_DIALBACK_ASKED_FOR;
    case DNA_UV_LOAD_DIALBACKS_PER_HOST:
        return limits->dialbacks_per_host != 0 ? limits->dialbacks_per_host
                                               : DNA_LIMIT_DIALBACK_ASKED_HOST;
    case DNA_UV_N_LOADS:
        break;
    }
    return 0;
}

void dna_edge_load_refuse(struct dna_uv *uv, enum dna_uv_load load, const char *whose)
{
    uint64_t count = ++uv->refused[load];
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, count);
    if ((count & (count - 1)) == 0 && uv->log != NULL && uv->log->write != NULL &&
        uv->log->least <= DNA_LOG_WARNING) {
        uv->log->write(uv->log->arg, DNA_LOG_WARNING, "limit-reached",
                       (const struct dna_log_field[]){
                           {"limit", dna_span_of(dna_uv_load_name(load))},
                           {"of", dna_span_of(whose)},
                           {"refused", dna_span_of(number)},
                       },
                       3);
    }
}

bool dna_edge_load_admits(struct dna_uv *uv, enum dna_uv_load load, size_t under_way,
                          const char *whose)
{
    if (under_way < dna_edge_load_most(uv, load)) {
        return true;
    }
    dna_edge_load_refuse(uv, load, whose);
    return false;
}
