/* cli/peer.h: the server that a document is compared with: --cert, and whom --roots
 * believe. */
#ifndef DNA_CLI_PEER_H
#define DNA_CLI_PEER_H

#include <cli/call.h>
#include <mod_dna/ruling.h>
#include <mod_dna/x509.h>

struct cli_peer {
    struct dna_chain *chain;
    struct dna_path path;
    bool trusted;              /* else *refusal says why */
    struct dna_ruling refusal;
    bool valid_now, strong;    /* the leaf's dates and its key, whoever issued it */
};

#define CLI_OPTION_PEER_CERT                                                         \
    {"cert", CLI_FILE, .value = "PEM",                                               \
     .help = "say whether the document lets a server with this chain, leaf first, "  \
             "speak for the domain"}
#define CLI_OPTION_PEER_ROOTS                                                        \
    {"roots", CLI_FILE, .many = true, .value = "PEM",                                \
     .help = "with --cert: the certificate authorities to believe, where a name is " \
             "to be proven"}

/* Reads --cert, which was given, and --roots, and checks the path at --at.  False:
 * what is wrong has been said.  type: who is going to rule. */
bool cli_peer_read(struct cli_call *call, enum dna_prooftype type, struct cli_peer *out);
void cli_peer_fini(struct cli_peer *peer);

#endif
