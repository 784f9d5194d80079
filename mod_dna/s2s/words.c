/* s2s/words.c: names of states and events, and what holds of each. */
#include <s2s/table.h>

#include <assert.h>

#define NAME(name, ...) #name,
#define MISSING(name, missing) DNA_S2S_##missing,

const char *dna_s2s_state_name(enum dna_s2s_state state)
{
    static const char *const names[] = {DNA_S2S_STATES(NAME) DNA_S2S_RECORD_STATES(NAME)};
    assert((unsigned)state < sizeof names / sizeof *names);
    return names[state];
}

const char *dna_s2s_event_name(enum dna_s2s_event event)
{
    static const char *const names[] = {DNA_S2S_EVENTS(NAME) DNA_S2S_RECORD_EVENTS(NAME)};
    assert((unsigned)event < sizeof names / sizeof *names);
    return names[event];
}

enum dna_s2s_missing dna_s2s_event_missing(enum dna_s2s_event event)
{
    static const unsigned char missing[] = {
        DNA_S2S_EVENTS(MISSING) DNA_S2S_RECORD_EVENTS(MISSING)};
    assert((unsigned)event < sizeof missing);
    return (enum dna_s2s_missing)missing[event];
}

const char *dna_s2s_event_condition(enum dna_s2s_event event)
{
    static const char *const conditions[DNA_S2S_N_STREAM_EVENTS] = {
        [DNA_S2S_EV_HEADER] = "bad-format",
        [DNA_S2S_EV_BAD_HEADER] = "bad-format",
        [DNA_S2S_EV_FEATURES] = "unsupported-stanza-type",
        [DNA_S2S_EV_STARTTLS] = "unsupported-stanza-type",
        [DNA_S2S_EV_PROCEED] = "unsupported-stanza-type",
        [DNA_S2S_EV_TLS_FAILURE] = "unsupported-stanza-type",
        [DNA_S2S_EV_AUTH] = "policy-violation",
        [DNA_S2S_EV_RESPONSE] = "policy-violation",
        [DNA_S2S_EV_ABORT] = "policy-violation",
        [DNA_S2S_EV_SASL_CHALLENGE] = "policy-violation",
        [DNA_S2S_EV_SUCCESS] = "policy-violation",
        [DNA_S2S_EV_SASL_FAILURE] = "policy-violation",
        [DNA_S2S_EV_DNA] = "not-authorized",
        [DNA_S2S_EV_DIALBACK] = "policy-violation",
        [DNA_S2S_EV_BIDI] = "policy-violation",
        [DNA_S2S_EV_ENABLE] = "policy-violation",
        [DNA_S2S_EV_RESUME] = "policy-violation",
        [DNA_S2S_EV_ENABLED] = "policy-violation",
        [DNA_S2S_EV_RESUMED] = "policy-violation",
        [DNA_S2S_EV_NOT_MANAGED] = "policy-violation",
        [DNA_S2S_EV_ACK_REQUEST] = "policy-violation",
        [DNA_S2S_EV_ACK] = "policy-violation",
        [DNA_S2S_EV_STANZA] = "not-authorized",
        [DNA_S2S_EV_PREFIXED_STANZA] = "bad-namespace-prefix",
        [DNA_S2S_EV_OTHER] = "unsupported-stanza-type",
    };
    const char *condition = event < DNA_S2S_N_STREAM_EVENTS ? conditions[event] : NULL;
    return condition != NULL ? condition : "undefined-condition";
}

bool dna_s2s_state_busy(enum dna_s2s_state state)
{
    switch ((int)state) {
    case DNA_S2S_A_ASSERTED:
    case DNA_S2S_A_PROVING:
    case DNA_S2S_A_PROOF_SENT:
    case DNA_S2S_V_CHECKING:
    case DNA_S2S_V_DEFERRED:
    case DNA_S2S_V_CHALLENGED:
    case DNA_S2S_V_EVALUATING:
    case DNA_S2S_P_KEY:
    case DNA_S2S_P_SENT:
    case DNA_S2S_P_ANSWERED:
    case DNA_S2S_K_VERIFYING:
    case DNA_S2S_D_HEARING:
    case DNA_S2S_D_KEY:
    case DNA_S2S_D_SENT:
    case DNA_S2S_R_HEARING:
    case DNA_S2S_R_VERIFYING:
    case DNA_S2S_Y_SENT:
        return true;
    default:
        return false;
    }
}

bool dna_s2s_state_valid(enum dna_s2s_state state)
{
    switch ((int)state) {
    case DNA_S2S_A_VALID:
    case DNA_S2S_A_RENEW_PROVING:
    case DNA_S2S_A_RENEW_SENT:
    case DNA_S2S_V_VALID:
    case DNA_S2S_V_RENEWING:
    case DNA_S2S_V_RENEW_CHALLENGED:
    case DNA_S2S_V_RENEW_EVALUATING:
    case DNA_S2S_P_VALID:
    case DNA_S2S_L_VALID:
    case DNA_S2S_D_VALID:
    case DNA_S2S_R_VALID:
        return true;
    default:
        return false;
    }
}

bool dna_s2s_state_ours(enum dna_s2s_state state)
{
    return state <= DNA_S2S_A_IMPOSSIBLE ||
           (state >= DNA_S2S_P_NONE && state <= DNA_S2S_P_INVALID) ||
           (state >= DNA_S2S_D_NONE && state <= DNA_S2S_D_INVALID) || state >= DNA_S2S_Y_NONE;
}

bool dna_s2s_state_challenged(enum dna_s2s_state state)
{
    return state == DNA_S2S_V_CHALLENGED || state == DNA_S2S_V_RENEW_CHALLENGED;
}
