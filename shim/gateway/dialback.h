/* gateway/dialback.h: the secrets of dialback keys that several gateways share. */
#ifndef DNA_GATEWAY_DIALBACK_H
#define DNA_GATEWAY_DIALBACK_H

#include "config.h"
#include "secret.h"

/* None, if the configuration names no file.  False: why is on errors.  *out is to be wiped in any
 * case. */
bool dialback_read(const struct gateway_config *config, struct gateway_secrets *out,
                   FILE *errors);
enum dna_err dialback_use(struct dna_session *session, const struct gateway_secrets *secrets);

#endif
