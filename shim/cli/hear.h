/* cli/hear.h: the court over a document at hand, for one prooftype. */
#ifndef DNA_CLI_HEAR_H
#define DNA_CLI_HEAR_H

#include <cli/call.h>
#include <mod_dna/fact.h>
#include <mod_dna/ruling.h>

struct cli_hearing {
    enum dna_prooftype prooftype;
    const char *domain;
    const struct dna_chain *chain;
    const struct dna_roots *roots;
    int64_t at;
    const char *own;           /* who asks, or NULL */
    struct dna_span proof;     /* what the peer supplies */
    bool accept_www, accept_wildcard, accept_serial; /* attribute-cert */
    struct dna_span document;  /* as if it had just been fetched from where it belongs */
};

/* Hears the peer as one that connected to us, with nothing in the DNS; every path that is
 * wanted is checked.  CLI_ACCEPTED: *out is the ruling, whatever it is. */
enum cli_exit cli_hear(struct cli_call *call, const struct cli_hearing *hearing,
                       struct dna_ruling *out);

#endif
