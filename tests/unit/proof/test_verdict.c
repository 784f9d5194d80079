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
    static const enum dna_prooftype order[] = {DNA_PROOF_DNSSEC_SRV, DNA_PROOF_PKIX,
                                               DNA_PROOF_DNSSEC_TA, DNA_PROOF_POSH};
    struct dna_testimony heard[DNA_N_PROOFTYPES];
    struct dna_bars bars = {.veto = false};
    (void)state;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        heard[i] = proven((enum dna_prooftype)i, NOW + 1);
    }
    for (size_t i = 0; i < 4; i++) {
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

/* S10 and S11. */
static void bars(void **state)
{
    static const struct {
        struct dna_bars bars;
        unsigned may; /* bits */
    } rows[] = {
        {{false, false, false}, 15},
        {{false, true, false}, 15},
        {{true, true, false}, 0},
        {{true, false, false}, DNA_PROOF_BIT(DNA_PROOF_PKIX)},
        {{false, false, true}, DNA_PROOF_BIT(DNA_PROOF_PKIX) | DNA_PROOF_BIT(DNA_PROOF_POSH)},
        {{false, true, true}, DNA_PROOF_BIT(DNA_PROOF_PKIX) | DNA_PROOF_BIT(DNA_PROOF_POSH)},
        {{true, false, true}, DNA_PROOF_BIT(DNA_PROOF_PKIX)},
        {{true, true, true}, 0},
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
