/* The texts of MTA-STS.  The first byte says which: "t" the RDATA of a TXT record, "r" its
 * text, anything else a policy; a capital letter: in mail's dialect.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why and where; what is
 * accepted is within every limit, and its names are canonical A-labels.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <proof/sts_policy.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_id(const struct dna_sts_record *record)
{
    size_t len = strlen(record->id);
    assert(len >= 1 && len <= DNA_LIMIT_STS_ID);
    assert(strspn(record->id, "0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len);
}

static void try_record(enum dna_sts_dialect dialect, struct dna_span text)
{
    struct dna_sts_record record;
    const char *why;
    size_t at;
    enum dna_err err = dna_sts_record_parse(dialect, text, &record, &why, &at);
    assert(at <= text.len);
    assert(err == DNA_OK || (why != NULL && why[0] != '\0'));
    assert(err == DNA_OK || err == DNA_ERR_FORMAT || err == DNA_ERR_NOT_FOUND);
    if (err == DNA_OK) {
        check_id(&record);
    }
}

static void try_rdata(enum dna_sts_dialect dialect, struct dna_span rdata)
{
    struct dna_dns_answer answer = {
        .outcome = DNA_DNS_FOUND, .rdata = &rdata, .n_rdata = 1, .why = ""};
    struct dna_sts_record record;
    const char *why;
    enum dna_err err = dna_sts_record_find(dialect, &answer, &record, &why);
    assert(err == DNA_OK || err == DNA_ERR_FORMAT || err == DNA_ERR_NOT_FOUND);
    if (err == DNA_OK) {
        check_id(&record);
    }
}

static void check_policy(const struct dna_sts_policy *policy)
{
    assert(policy->max_age >= 0 && policy->max_age <= DNA_LIMIT_STS_LIFE_S);
    assert(policy->n_patterns <= DNA_LIMIT_STS_PATTERNS);
    assert(policy->n_patterns != 0 || policy->mode == DNA_STS_NONE);
    for (size_t i = 0; i < policy->n_patterns; i++) {
        const struct dna_sts_pattern *pattern = &policy->patterns[i];
        struct dna_name again;
        char below[DNA_NAME_MAX + 3] = "a.";
        assert(dna_name_parse(dna_span_of(pattern->name.text), &again) == DNA_OK);
        assert(strcmp(again.text, pattern->name.text) == 0);
        strcpy(below + 2, pattern->name.text);
        assert(dna_sts_policy_names(policy, pattern->wildcard ? below : pattern->name.text));
    }
}

static void try_policy(enum dna_sts_dialect dialect, struct dna_span bytes)
{
    struct dna_sts_policy policy;
    const char *why;
    unsigned line;
    enum dna_err err = dna_sts_policy_parse(NULL, dialect, bytes, &policy, &why, &line);
    if (err == DNA_OK) {
        check_policy(&policy);
    } else {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        assert(why != NULL && why[0] != '\0' && line <= bytes.len + 1);
        assert(policy.patterns == NULL && policy.n_patterns == 0);
    }
    dna_sts_policy_fini(&policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_span rest = {(const char *)bytes + 1, len - 1};
    if (len == 0) {
        return 0;
    }
    switch (bytes[0]) {
    case 't':
        try_rdata(DNA_STS_XMPP, rest);
        break;
    case 'r':
        try_record(DNA_STS_XMPP, rest);
        break;
    case 'R':
        try_record(DNA_STS_MAIL, rest);
        break;
    case 'P':
        try_policy(DNA_STS_MAIL, rest);
        break;
    default:
        try_policy(DNA_STS_XMPP, rest);
        break;
    }
    return 0;
}
