/* gateway/policies.c: exceptions end, and stricter policies are observed before they count. */
#include "policies.h"

#include <string.h>
#include <time.h>

#include "parse.h"

const char *policies_level(enum dna_level level)
{
    switch (level) {
    case DNA_LEVEL_REFUSE:
        return "refuse";
    case DNA_LEVEL_DIALBACK:
        return "dialback";
    case DNA_LEVEL_PROOF:
        return "proof";
    case DNA_LEVEL_STRONG:
        return "strong";
    case DNA_LEVEL_PIN:
        return "pin";
    }
    return "";
}

bool policies_day(int64_t until, char text[POLICIES_DAY])
{
    time_t last = (time_t)(until - 1);
    struct tm tm;
    return until != 0 && gmtime_r(&last, &tm) != NULL &&
           strftime(text, POLICIES_DAY, "%Y-%m-%d", &tm) != 0;
}

static const char *text_of(const struct section *s, const char *name)
{
    const struct setting *setting = parse_setting(s, name);
    return setting != NULL && setting->n > 0 ? setting->values[0] : "";
}

static int line_of(const struct section *s, const char *name)
{
    const struct setting *setting = parse_setting(s, name);
    return setting != NULL ? setting->line : s->line;
}

/* `n` digits at text, which has at least as many characters. */
static int number_at(const char *text, int n)
{
    int number = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

bool policies_end_of(const char *text, int64_t *out)
{
    struct tm tm = {0}, same;
    time_t at;
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || number_at(text, 4) < 1970 ||
        number_at(text + 5, 2) < 1 || number_at(text + 8, 2) < 1) {
        return false;
    }
    tm.tm_year = number_at(text, 4) - 1900;
    tm.tm_mon = number_at(text + 5, 2) - 1;
    tm.tm_mday = number_at(text + 8, 2);
    same = tm;
    at = timegm(&same); /* February 30 becomes another day */
    if (same.tm_mon != tm.tm_mon || same.tm_mday != tm.tm_mday) {
        return false;
    }
    *out = (int64_t)at + 24 * 3600;
    return true;
}

/* How strict a level is, among those that one may be compared with. */
static int rank(enum dna_level level)
{
    switch (level) {
    case DNA_LEVEL_DIALBACK:
        return 0;
    case DNA_LEVEL_PROOF:
        return 1;
    case DNA_LEVEL_STRONG:
        return 2;
    case DNA_LEVEL_PIN:
        return 3;
    case DNA_LEVEL_REFUSE:
        return 4;
    }
    return 4;
}

static unsigned prooftypes_of(const struct setting *setting)
{
    unsigned bits = 0;
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        enum dna_prooftype type;
        if (dna_prooftype_by_name(dna_span_of(setting->values[i]), &type) == DNA_OK) {
            bits |= DNA_PROOF_BIT(type);
        }
    }
    return bits;
}

static void take_observed(struct faults *faults, const struct section *s,
                          struct gateway_policy_config *out)
{
    const struct setting *types = parse_setting(s, "observe-prooftypes");
    const char *word = text_of(s, "observe");
    struct dna_policy *observed = &out->observed;
    bool named = types != NULL && types->n > 0;
    out->observes = word[0] != '\0' && strcmp(word, "none") != 0;
    if (!out->observes) {
        if (named) {
            faults_add(faults, types->line, "observe-prooftypes: nothing is observed; set "
                       "observe, or remove it");
        }
        return;
    }
    *observed = out->policy;
    observed->level = strcmp(word, "pin") == 0      ? DNA_LEVEL_PIN
                      : strcmp(word, "strong") == 0 ? DNA_LEVEL_STRONG
                                                    : DNA_LEVEL_PROOF;
    if (named) {
        observed->prooftypes = prooftypes_of(types);
    }
    if (observed->level == DNA_LEVEL_PIN && named) {
        faults_add(faults, types->line, "observe-prooftypes: a pin needs no prooftype; remove "
                   "it");
    }
    if (out->report_only) {
        faults_add(faults, line_of(s, "observe"), "observe: the whole section is observed "
                   "already, by report-only; remove one of them");
    } else if (rank(observed->level) < rank(out->policy.level) ||
               (rank(observed->level) == rank(out->policy.level) &&
                (!named || observed->prooftypes == out->policy.prooftypes))) {
        faults_add(faults, line_of(s, "observe"), "observe: \"%s\" is not stricter than what "
                   "is enforced; name a stricter level, or fewer observe-prooftypes", word);
    }
}

void policies_take(struct faults *faults, const struct section *s,
                   struct gateway_policy_config *out)
{
    const char *until = text_of(s, "until");
    out->line = s->line;
    out->report_only = strcmp(text_of(s, "report-only"), "true") == 0;
    if (until[0] != '\0' && !policies_end_of(until, &out->until)) {
        faults_add(faults, line_of(s, "until"), "until: \"%s\" is no day; write it like "
                   "\"2027-01-31\", the last day in UTC", until);
    }
    take_observed(faults, s, out);
}

struct dna_policy_rule policies_rule(const struct gateway_policy_config *config)
{
    return (struct dna_policy_rule){.size = sizeof(struct dna_policy_rule),
                                    .policy = config->policy,
                                    .report_only = config->report_only,
                                    .until = config->until,
                                    .observes = config->observes,
                                    .observed = config->observed};
}

void policies_warn(const struct gateway_config *config, int64_t now, FILE *out)
{
    for (size_t i = 0; i < config->n_policies; i++) {
        const struct gateway_policy_config *policy = &config->policies[i];
        if (policy->until != 0 && now >= policy->until) {
            fprintf(out, "%s:%d: warning: policy \"%s\": has ended, and applies no more; remove "
                         "it, or set a later until\n", policy->file, policy->line,
                    policy->pattern);
        }
    }
}
