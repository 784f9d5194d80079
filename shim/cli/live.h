/* cli/live.h: the driver for the commands that ask the network.
 *
 * One loop, one driver, the options that the live commands share.  Everything runs on this
 * thread; callbacks come from cli_live_step.
 */
#ifndef DNA_CLI_LIVE_H
#define DNA_CLI_LIVE_H

#include <uv.h>

#include <cli/call.h>
#include <mod_dna/uv.h>

struct cli_live {
    struct cli_call *call;
    uv_loop_t loop;
    struct dna_uv *driver;
    bool closed;
};

#define CLI_OPTIONS_LIVE \
    CLI_OPTION_RESOLVER, CLI_OPTION_TRUST_ANCHOR, CLI_OPTION_CA_FILE, CLI_OPTION_ALLOW_PRIVATE

/* CLI_ACCEPTED: it is open.  Otherwise why not has been said. */
enum cli_exit cli_live_open(struct cli_live *live, struct cli_call *call,
                            enum dna_evidence evidence);
/* Waits for something to happen, and lets it. */
void cli_live_step(struct cli_live *live);
void cli_live_close(struct cli_live *live);

/* What we present: --cert and --key, or a self-signed certificate for `own` that nobody
 * trusts.  False: said. */
bool cli_live_identity(struct cli_live *live, const char *own, struct dna_uv_identity **out);
/* A key and a self-signed certificate that lives for an hour, as PEM in the call's memory.
 * False: no memory. */
bool cli_throwaway(struct cli_call *call, const char *own, struct dna_span *cert,
                   struct dna_span *key);

#endif
