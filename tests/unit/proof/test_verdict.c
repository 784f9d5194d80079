/* Which proof holds, and which refusal is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <proof/registry.h>
#include <proof/verdict.h>

#define NOW 1000

static struct dna_testimony proven(enum dna_prooftype type, int64_t until)
{
    return (struct dna_testimony){
        .admitted = true, .ruled = true,
        .ruling = {.verdict = DNA_PROVEN, .prooftype = type, .expires_at = until}};
}

static void the_strongest_proof_holds(void **state)
{
    static const enum dna_prooftype order[] = {
        DNA_PROOF_DANE,    DNA_PROOF_DNSSEC_SRV, DNA_PROOF_PKIX,
        DNA_PROOF_SRVNAME, DNA_PROOF_ATTRIBUTE_CERT, DNA_PROOF_DNSSEC_TA, DNA_PROOF_POSH,
        DNA_PROOF_XML_ASSERTION, DNA_PROOF_SERVICE_DELEGATION, DNA_PROOF_HOST_META,
        DNA_PROOF_STS,
    };
    struct dna_testimony heard[DNA_N_PROOFTYPES];
    struct dna_bars bars = {.veto = false};
    (void)state;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        heard[i] = proven((enum dna_prooftype)i, NOW + 1);
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_ptr_equal(dna_verdict_proof(heard, &bars, NOW), &heard[order[i]].ruling);
        switch (i) { /* each way of not being one */
        case 0:
            heard[order[i]].admitted = false;
            break;
        case 1:
            heard[order[i]].ruled = false;
            break;
        case 2:
            heard[order[i]].ruling.expires_at = NOW;
            break;
        default:
            heard[order[i]].ruling.verdict = DNA_FAIL;
            break;
        }
    }
    assert_null(dna_verdict_proof(heard, &bars, NOW));
}

#define BIT(t) DNA_PROOF_BIT(DNA_PROOF_##t)
#define ALL (DNA_PROOF_BIT(DNA_N_PROOFTYPES) - 1)
#define NAMED_BY_CA (BIT(PKIX) | BIT(SRVNAME) | BIT(ATTRIBUTE_CERT))
#define WITHOUT_DNS (ALL & ~(BIT(DNSSEC_SRV) | BIT(DNSSEC_TA) | BIT(DANE)))
#define DESPITE_STS (BIT(PKIX) | BIT(DANE))

/* S10 and S11. */
static void bars(void **state)
{
    static const struct {
        struct dna_bars bars;
        unsigned may; /* bits */
    } rows[] = {
        {{.veto = false}, ALL},
        {{.initiating = true}, ALL},
        {{.veto = true, .initiating = true}, 0},
        {{.veto = true}, NAMED_BY_CA},
        {{.dns_unknown = true}, WITHOUT_DNS},
        {{.initiating = true, .dns_unknown = true}, WITHOUT_DNS},
        {{.veto = true, .dns_unknown = true}, NAMED_BY_CA},
        {{.veto = true, .initiating = true, .dns_unknown = true}, 0},
        {{.sts = true}, DESPITE_STS},
        {{.sts = true, .initiating = true}, DESPITE_STS},
        {{.sts = true, .veto = true}, DESPITE_STS & NAMED_BY_CA},
        {{.sts = true, .veto = true, .initiating = true}, 0},
        {{.sts = true, .dns_unknown = true}, DESPITE_STS & WITHOUT_DNS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
            struct dna_testimony heard[DNA_N_PROOFTYPES] = {0};
            bool may = (rows[i].may & DNA_PROOF_BIT(t)) != 0;
            heard[t] = proven((enum dna_prooftype)t, NOW + 1);
            assert_int_equal(dna_verdict_may_prove(dna_provers[t], &rows[i].bars), may);
            assert_int_equal(dna_verdict_proof(heard, &rows[i].bars, NOW) != NULL, may);
        }
    }
}

/* From the most telling to the least. */
static const struct dna_ruling refusals[] = {
    {.verdict = DNA_FAIL, .code = DNA_CODE_DNS_BOGUS, .veto = true},
    {.verdict = DNA_TEMPFAIL, .code = DNA_CODE_FETCH_REFUSED},
    {.verdict = DNA_TEMPFAIL, .code = DNA_CODE_DNS_FAILED},
    {.verdict = DNA_TEMPFAIL, .code = DNA_CODE_FETCH_FAILED},
    {.verdict = DNA_TEMPFAIL, .code = DNA_CODE_TIMEOUT},
    {.verdict = DNA_FAIL, .code = DNA_CODE_WRONG_DELEGATE},
    {.verdict = DNA_FAIL, .code = DNA_CODE_NO_MATCH},
    {.verdict = DNA_FAIL, .code = DNA_CODE_NOT_BOUND},
    {.verdict = DNA_FAIL, .code = DNA_CODE_BAD_MATERIAL},
    {.verdict = DNA_FAIL, .code = DNA_CODE_NAME_MISMATCH},
    {.verdict = DNA_FAIL, .code = DNA_CODE_NO_DELEGATION},
    {.verdict = DNA_FAIL, .code = DNA_CODE_NOT_VALID_NOW},
    {.verdict = DNA_FAIL, .code = DNA_CODE_UNTRUSTED},
    {.verdict = DNA_FAIL, .code = DNA_CODE_DNS_INSECURE},
    {.verdict = DNA_TEMPFAIL, .code = DNA_CODE_PEER_SILENT},
    {.verdict = DNA_NOT_APPLICABLE, .code = DNA_CODE_NO_DELEGATION},
    {.verdict = DNA_NOT_APPLICABLE, .code = DNA_CODE_DNS_INSECURE},
    {.verdict = DNA_NOT_APPLICABLE, .code = DNA_CODE_NO_MATERIAL},
};
#define REFUSALS (sizeof refusals / sizeof *refusals)

static void the_most_telling_refusal_is_told(void **state)
{
    (void)state;
    for (size_t a = 0; a < REFUSALS; a++) {
        for (size_t b = 0; b < REFUSALS; b++) {
            struct dna_testimony heard[DNA_N_PROOFTYPES] = {0};
            assert_int_equal(dna_verdict_tells_more(&refusals[a], &refusals[b]), a < b);
            heard[0] = (struct dna_testimony){
                .admitted = true, .ruled = true, .ruling = refusals[a]};
            heard[3] = (struct dna_testimony){
                .admitted = true, .ruled = true, .ruling = refusals[b]};
            heard[1] = proven(DNA_PROOF_DNSSEC_SRV, NOW + 1);
            heard[2] = (struct dna_testimony){.ruled = true, .ruling = refusals[0]};
            assert_int_equal(dna_verdict_refusal(heard)->code,
                             refusals[a < b ? a : b].code);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_strongest_proof_holds),
        cmocka_unit_test(bars),
        cmocka_unit_test(the_most_telling_refusal_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
