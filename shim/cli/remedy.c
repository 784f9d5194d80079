/* cli/remedy.c: what to do about a refusal: one sentence for each code. */
#include <cli/inspect.h>

/* Where nothing is published, the prooftype says what would have to be. */
static const char *publish(enum dna_prooftype type)
{
    switch (type) {
    case DNA_PROOF_PKIX:
        return "Give the server a certificate with the domain as dNSName, from a public CA.";
    case DNA_PROOF_SRVNAME:
        return "Have a certificate issued with an SRVName of the domain (dna publish "
               "srvname-request).";
    case DNA_PROOF_DNSSEC_SRV:
        return "Sign the zone and publish its SRV records (dna publish srv).";
    case DNA_PROOF_DANE:
        return "Publish TLSA records for the server, in a signed zone (dna publish tlsa).";
    case DNA_PROOF_DNSSEC_TA:
        return "Only for peers who were given the zone's key by hand; otherwise nothing to "
               "do.";
    case DNA_PROOF_POSH:
        return "Publish the POSH document at the domain's web server (dna publish posh).";
    case DNA_PROOF_XML_ASSERTION:
        return "Publish the signed assertion at the domain's web server (dna publish "
               "assertion).";
    case DNA_PROOF_STS:
        return "Publish the policy and its TXT record (dna publish sts).";
    case DNA_PROOF_SERVICE_DELEGATION:
        return "Publish the delegation at the domain's web server (dna publish delegation).";
    case DNA_PROOF_HOST_META:
        return "Publish host-meta.json with pins (dna publish host-meta).";
    case DNA_PROOF_ATTRIBUTE_CERT:
        return "Sign an attribute certificate for the server (dna publish attribute-cert).";
    case DNA_N_PROOFTYPES:
        break;
    }
    return "";
}

const char *cli_remedy(const struct dna_ruling *ruling)
{
    switch (ruling->code) {
    case DNA_CODE_OK:
    case DNA_CODE_CANCELED:
        return "";
    case DNA_CODE_POLICY:
        return "Admit a prooftype in the policy of whoever asks.";
    case DNA_CODE_NO_CERTIFICATE:
        return "Let the server listen there, with TLS and a certificate; or take the "
               "endpoint out of the SRV records.";
    case DNA_CODE_WEAK_KEY:
        return "Replace the certificate by one with an RSA key of 2048 bits or more, or "
               "ECDSA.";
    case DNA_CODE_UNTRUSTED:
        return "Let the server send its intermediate certificates, and have its certificate "
               "issued by a CA that peers believe.";
    case DNA_CODE_NOT_VALID_NOW:
        return "Renew the certificate, and check the clocks.";
    case DNA_CODE_NAME_MISMATCH:
        return ruling->prooftype == DNA_PROOF_PKIX
                   ? "Have the domain itself named in the certificate, or publish another "
                     "proof."
                   : "Have the name that the proof needs put into the certificate.";
    case DNA_CODE_DNS_BOGUS:
        return "Repair the zone's signatures (and the DS record at its parent): peers refuse "
               "the domain altogether.";
    case DNA_CODE_DNS_FAILED:
        return "Check the domain's name servers, and ask again.";
    case DNA_CODE_DNS_INSECURE:
        return "Sign the zone with DNSSEC, and have the DS record published by its parent.";
    case DNA_CODE_NO_DELEGATION:
        return "Publish SRV records for the service (dna publish srv).";
    case DNA_CODE_WRONG_DELEGATE:
        return "Name the server that answers here in the SRV records, or stop it.";
    case DNA_CODE_NO_MATERIAL:
        return publish(ruling->prooftype);
    case DNA_CODE_BAD_MATERIAL:
        return "Correct what is published: it can be checked with the dna command of its "
               "name.";
    case DNA_CODE_NO_MATCH:
        return "Publish the fingerprints of the certificate in use, and of the next one "
               "before "
               "it is used.";
    case DNA_CODE_NOT_BOUND:
        return "Have a certificate issued for the key that the zone is signed with "
               "(dna publish ta-request).";
    case DNA_CODE_FETCH_REFUSED:
        return "Our own guard forbids the place or the amount; --allow-private admits private "
               "addresses.";
    case DNA_CODE_FETCH_FAILED:
        return "Check the web server of the domain and its certificate.";
    case DNA_CODE_PEER_SILENT:
    case DNA_CODE_PEER_IMPOSSIBLE:
        return ruling->prooftype == DNA_PROOF_ATTRIBUTE_CERT
                   ? "Give the server an attribute certificate to supply, if this proof is "
                     "wanted (dna publish attribute-cert)."
                   : "Let the server serve the domain, and speak the DNA exchange where this "
                     "proof is wanted.";
    case DNA_CODE_TESTING:
        return "Change the policy's mode from testing to enforce once its reports are quiet.";
    case DNA_CODE_TIMEOUT:
    case DNA_CODE_INTERNAL:
        return "Ask again later.";
    }
    return "";
}
