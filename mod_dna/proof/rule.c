/* proof/rule.c: rulings, and the lifetime of what they rest on. */
#include <proof/rule.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include <base/limits.h>

static void say(struct dna_ruling *out, const char *format, va_list args) DNA_PRINTF(2, 0);

static void say(struct dna_ruling *out, const char *format, va_list args)
{
    int n = vsnprintf(out->why, sizeof out->why, format, args);
    assert(n > 0);
    for (char *c = out->why; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            *c = '?';
        }
    }
}

enum dna_step dna_rule(struct dna_ruling *out, enum dna_prooftype type,
                       enum dna_verdict verdict, enum dna_code code, const char *format, ...)
{
    va_list args;
    assert(verdict != DNA_PROVEN);
    *out = (struct dna_ruling){.verdict = verdict, .code = code, .prooftype = type};
    va_start(args, format);
    say(out, format, args);
    va_end(args);
    return DNA_STEP_RULES;
}

enum dna_step dna_rule_veto(struct dna_ruling *out, enum dna_prooftype type,
                            const char *format, ...)
{
    va_list args;
    *out = (struct dna_ruling){
        .verdict = DNA_FAIL, .code = DNA_CODE_DNS_BOGUS, .prooftype = type, .veto = true};
    va_start(args, format);
    say(out, format, args);
    va_end(args);
    return DNA_STEP_RULES;
}

enum dna_step dna_rule_proven(struct dna_ruling *out, enum dna_prooftype type,
                              int64_t expires_at, const char *format, ...)
{
    va_list args;
    *out = (struct dna_ruling){
        .verdict = DNA_PROVEN, .code = DNA_CODE_OK, .prooftype = type,
        .expires_at = expires_at};
    va_start(args, format);
    say(out, format, args);
    va_end(args);
    return DNA_STEP_RULES;
}

int64_t dna_rule_dns_until(const struct dna_dns_answer *answer, int64_t now)
{
    int64_t obtained = dna_rule_sooner(answer->obtained, now);
    int64_t until = obtained + (int64_t)answer->ttl;
    if (until < now + DNA_LIMIT_TTL_FLOOR_S) {
        until = now + DNA_LIMIT_TTL_FLOOR_S;
    }
    return dna_rule_sooner(until, answer->signatures_end);
}
