/* cli/probe.h: one connection, for the certificates that the server presents. */
#ifndef DNA_CLI_PROBE_H
#define DNA_CLI_PROBE_H

#include <base/address.h>
#include <cli/live.h>
#include <mod_dna/x509.h>

struct cli_probe;

struct cli_probe_target {
    struct dna_endpoint to;
    bool chosen;     /* by the operator: our guard has less to say */
    bool direct_tls; /* XEP-0368; else STARTTLS */
    enum dna_service service;
    const char *domain; /* for the header and SNI; outlives the probe */
    const char *own;    /* xmpp-server: from whom */
};

/* Called once, from the loop, unless the probe is freed before.  chain NULL: why there is
 * none; else borrowed. */
typedef void cli_probe_fn(void *arg, struct dna_chain *chain, const char *why);

/* NULL: no memory. */
struct cli_probe *cli_probe_start(struct cli_live *live, const struct cli_probe_target *target,
                                  struct dna_uv_identity *identity, cli_probe_fn *fn,
                                  void *arg);
/* NULL is fine; not from within fn. */
void cli_probe_free(struct cli_probe *probe);

#endif
