/* session/load.c: hearings are counted in all, for the payer of their stream, and for the domain
 * of ours that the stream is for, which is a payer under a name that no network has.
 */
#include <session/load.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <session/stream.h>

#define HOST "host "

const char *dna_session_limit_name(enum dna_session_limit limit)
{
    static const char *const names[DNA_SESSION_N_LIMITS] = {
        [DNA_SESSION_LIMIT_LOOKUPS] = "lookups",
        [DNA_SESSION_LIMIT_LOOKUPS_PER_PAYER] = "lookups-per-address",
        [DNA_SESSION_LIMIT_PROOFS] = "proofs",
        [DNA_SESSION_LIMIT_PROOFS_PER_PAYER] = "proofs-per-address",
        [DNA_SESSION_LIMIT_PROOFS_PER_HOST] = "proofs-per-host",
    };
    return names[limit];
}

void dna_session_limit(struct dna_session *session, const struct dna_session_limits *limits)
{
    dna_session_adopt(&session->load.limits, sizeof session->load.limits, limits,
                      limits->size);
}

void dna_session_refused(const struct dna_session *session,
                         uint64_t counts[DNA_SESSION_N_LIMITS])
{
    memcpy(counts, session->load.refused, sizeof session->load.refused);
}

void dna_load_refuse(struct dna_load *load, enum dna_session_limit limit, const char *whose)
{
    uint64_t count = ++load->refused[limit];
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, count);
    if ((count & (count - 1)) == 0 && load->log != NULL && load->log->write != NULL &&
        load->log->least <= DNA_LOG_WARNING) {
        load->log->write(load->log->arg, DNA_LOG_WARNING, "limit-reached",
                         (const struct dna_log_field[]){
                             {"limit", dna_span_of(dna_session_limit_name(limit))},
                             {"of", dna_span_of(whose)},
                             {"refused", dna_span_of(number)},
                         },
                         3);
    }
}

/* --- hearings -------------------------------------------------------------------------- */

static bool is_over(size_t taken, size_t most)
{
    return most != 0 && taken >= most;
}

static bool refuse(struct dna_load *load, enum dna_session_limit limit, const char *whose,
                   enum dna_err *err)
{
    dna_load_refuse(load, limit, whose);
    *err = DNA_ERR_LIMIT;
    return false;
}

bool dna_load_enter(struct dna_hearing *hearing, enum dna_err *err)
{
    struct dna_session *session = hearing->session;
    struct dna_load *load = &session->load;
    struct dna_payer *payer = hearing->stream->payer, *host = NULL;
    const char *own = dna_s2s_own(hearing->stream->s2s);
    char name[sizeof HOST + DNA_NAME_MAX];
    if (is_over(load->hearings, load->limits.proofs)) {
        return refuse(load, DNA_SESSION_LIMIT_PROOFS, "-", err);
    }
    if (payer != NULL && is_over(payer->hearings, load->limits.proofs_per_payer)) {
        return refuse(load, DNA_SESSION_LIMIT_PROOFS_PER_PAYER, payer->key, err);
    }
    (void)snprintf(name, sizeof name, HOST "%s", own);
    if (own[0] != '\0') {
        host = dna_payer_enter(&session->lookups, dna_span_of(name));
        if (host == NULL) {
            *err = DNA_ERR_MEMORY;
            return false;
        }
        if (is_over(host->hearings, load->limits.proofs_per_host)) {
            dna_payer_leave(&session->lookups, host);
            return refuse(load, DNA_SESSION_LIMIT_PROOFS_PER_HOST, own, err);
        }
        host->hearings++;
    }
    if (payer != NULL) {
        payer->hearings++;
        payer->refs++;
    }
    load->hearings++;
    hearing->load = (struct dna_hearing_load){.counted = true, .payer = payer, .host = host};
    return true;
}

static void give_back(struct dna_session *session, struct dna_payer *payer)
{
    if (payer != NULL) {
        payer->hearings--;
        dna_payer_leave(&session->lookups, payer);
    }
}

void dna_load_leave(struct dna_hearing *hearing)
{
    struct dna_session *session = hearing->session;
    if (hearing->load.counted) {
        session->load.hearings--;
        give_back(session, hearing->load.payer);
        give_back(session, hearing->load.host);
        hearing->load = (struct dna_hearing_load){.counted = false};
    }
}
