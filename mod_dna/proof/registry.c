/* proof/registry.c: the prooftypes, one row each. */
#include <proof/registry.h>

extern const struct dna_prover dna_prover_pkix, dna_prover_dnssec_srv, dna_prover_dnssec_ta,
    dna_prover_posh, dna_prover_dane, dna_prover_srvname,
    dna_prover_xml_assertion, dna_prover_sts,
    dna_prover_service_delegation, dna_prover_host_meta, dna_prover_attribute_cert;

const struct dna_prover *const dna_provers[DNA_N_PROOFTYPES] = {
    [DNA_PROOF_PKIX] = &dna_prover_pkix,
    [DNA_PROOF_DNSSEC_SRV] = &dna_prover_dnssec_srv,
    [DNA_PROOF_DNSSEC_TA] = &dna_prover_dnssec_ta,
    [DNA_PROOF_POSH] = &dna_prover_posh,
    [DNA_PROOF_DANE] = &dna_prover_dane,
    [DNA_PROOF_SRVNAME] = &dna_prover_srvname,
    [DNA_PROOF_XML_ASSERTION] = &dna_prover_xml_assertion,
    [DNA_PROOF_STS] = &dna_prover_sts,
    [DNA_PROOF_SERVICE_DELEGATION] = &dna_prover_service_delegation,
    [DNA_PROOF_HOST_META] = &dna_prover_host_meta,
    [DNA_PROOF_ATTRIBUTE_CERT] = &dna_prover_attribute_cert,
};
