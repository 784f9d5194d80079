/* cli/peer.c: see peer.h. */
#include <cli/peer.h>

#include <cli/input.h>
#include <proof/certificate.h>
#include <x509/spki.h>

bool cli_peer_read(struct cli_call *call, enum dna_prooftype type, struct cli_peer *out)
{
    struct dna_roots *roots;
    int64_t not_before, not_after, at = cli_at(call);
    enum dna_err err;
    *out = (struct cli_peer){.chain = NULL};
    if (!cli_need_roots(call, "roots", &roots)) {
        return false;
    }
    if (!cli_need_chain(call, cli_text(call, "cert"), &out->chain)) {
        dna_roots_free(roots);
        return false;
    }
    err = dna_path_check(out->chain, roots, at, &out->path);
    dna_roots_free(roots);
    if (err != DNA_OK) {
        (void)cli_fault(call, "%s", dna_err_name(err));
        cli_peer_fini(out);
        return false;
    }
    out->trusted =
        dna_certificate_trusted(&out->path, type, at, "the certificate", &out->refusal);
    dna_chain_leaf_validity(out->chain, &not_before, &not_after);
    out->valid_now = at >= not_before && at < not_after;
    out->strong = dna_spki_strong(out->chain);
    return true;
}

void cli_peer_fini(struct cli_peer *peer)
{
    dna_chain_free(peer->chain);
    peer->chain = NULL;
}
