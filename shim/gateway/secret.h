/* gateway/secret.h: files with secrets: of a link, and of dialback keys. */
#ifndef DNA_GATEWAY_SECRET_H
#define DNA_GATEWAY_SECRET_H

#include <stddef.h>

#define GATEWAY_SECRET_LEAST 32
#define GATEWAY_SECRET_MAX 512

/* The file's only line, without its end, into out.  Returns NULL, or why it is of no use,
 * static. */
const char *gateway_secret_read(const char *file, char out[GATEWAY_SECRET_MAX + 1]);

/* Several, each on a line of its own. */
#define GATEWAY_SECRETS_MOST 4
struct gateway_secrets {
    char list[GATEWAY_SECRETS_MOST][GATEWAY_SECRET_MAX + 1];
    size_t n;
};
/* At least one.  The same for a file of several; *out is to be wiped in any case. */
const char *gateway_secrets_read(const char *file, struct gateway_secrets *out);
void gateway_secrets_wipe(struct gateway_secrets *secrets);

#endif
