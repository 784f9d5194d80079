/* proof/verdict.c: the strongest proof, the most telling refusal.
 *
 * Proofs rank by what they rest on: DNSSEC from the root, a CA that names the domain, the
 * domain's web host.  A refusal by a veto goes before everything.  Next comes "could not
 * find out", so that nobody keeps a definite answer that is none; among those a refusal by
 * our own limits, which nobody may keep at all (S13).  A peer that was merely silent tells
 * less than anything that was found.
 */
#include <proof/verdict.h>

#include <proof/registry.h>

static const enum dna_prooftype by_strength[DNA_N_PROOFTYPES] = {
    DNA_PROOF_DANE,
    DNA_PROOF_DNSSEC_SRV,
    DNA_PROOF_PKIX,
    DNA_PROOF_SRVNAME,
    DNA_PROOF_ATTRIBUTE_CERT,
    DNA_PROOF_DNSSEC_TA,
    DNA_PROOF_POSH,
    DNA_PROOF_XML_ASSERTION,
    DNA_PROOF_SERVICE_DELEGATION,
    DNA_PROOF_HOST_META,
    DNA_PROOF_STS,
};

bool dna_verdict_may_prove(const struct dna_prover *prover, const struct dna_bars *bars)
{
    if (bars->veto && (bars->initiating || !prover->survives_bogus)) {
        return false;
    }
    if (bars->sts && !prover->survives_sts) {
        return false;
    }
    return !bars->dns_unknown || !prover->rests_on_dns;
}

const struct dna_ruling *dna_verdict_proof(
    const struct dna_testimony heard[DNA_N_PROOFTYPES], const struct dna_bars *bars,
    int64_t now)
{
    for (size_t i = 0; i < DNA_N_PROOFTYPES; i++) {
        const struct dna_testimony *one = &heard[by_strength[i]];
        if (one->admitted && one->ruled && one->ruling.verdict == DNA_PROVEN &&
            one->ruling.expires_at > now &&
            dna_verdict_may_prove(dna_provers[by_strength[i]], bars)) {
            return &one->ruling;
        }
    }
    return NULL;
}

/* How much a reason tells, among rulings of the same verdict. */
static unsigned weight_of_code(enum dna_code code)
{
    switch (code) {
    case DNA_CODE_FETCH_REFUSED:
        return 12;
    case DNA_CODE_PEER_IMPOSSIBLE:
    case DNA_CODE_DNS_BOGUS:
    case DNA_CODE_WRONG_DELEGATE:
        return 11;
    case DNA_CODE_NO_MATCH:
        return 10;
    case DNA_CODE_NOT_BOUND:
        return 9;
    case DNA_CODE_BAD_MATERIAL:
        return 8;
    case DNA_CODE_DNS_FAILED:
        return 7;
    case DNA_CODE_FETCH_FAILED:
        return 6;
    case DNA_CODE_NAME_MISMATCH:
        return 5;
    case DNA_CODE_NO_DELEGATION:
        return 4;
    case DNA_CODE_NOT_VALID_NOW:
    case DNA_CODE_WEAK_KEY:
        return 3;
    case DNA_CODE_UNTRUSTED:
        return 2;
    case DNA_CODE_DNS_INSECURE:
    case DNA_CODE_NO_CERTIFICATE:
    case DNA_CODE_POLICY:
    case DNA_CODE_TIMEOUT:
        return 1;
    case DNA_CODE_OK:
    case DNA_CODE_NO_MATERIAL:
    case DNA_CODE_TESTING:
    case DNA_CODE_PEER_SILENT:
    case DNA_CODE_CANCELED:
    case DNA_CODE_INTERNAL:
        return 0;
    }
    return 0;
}

static unsigned weight_of(const struct dna_ruling *ruling)
{
    unsigned code = weight_of_code(ruling->code);
    if (ruling->veto) {
        return 100 + code;
    }
    switch (ruling->verdict) {
    case DNA_TEMPFAIL:
        return (ruling->code == DNA_CODE_PEER_SILENT ? 20 : 60) + code;
    case DNA_FAIL:
        return 40 + code;
    case DNA_NOT_APPLICABLE:
        return 1 + code;
    case DNA_PROVEN:
        break;
    }
    return 0;
}

bool dna_verdict_tells_more(const struct dna_ruling *a, const struct dna_ruling *b)
{
    return weight_of(a) > weight_of(b);
}

const struct dna_ruling *dna_verdict_refusal(
    const struct dna_testimony heard[DNA_N_PROOFTYPES])
{
    const struct dna_ruling *best = NULL;
    for (size_t i = 0; i < DNA_N_PROOFTYPES; i++) {
        const struct dna_testimony *one = &heard[by_strength[i]];
        if (one->admitted && one->ruled && one->ruling.verdict != DNA_PROVEN &&
            (best == NULL || dna_verdict_tells_more(&one->ruling, best))) {
            best = &one->ruling;
        }
    }
    return best;
}
