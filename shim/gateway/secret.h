/* gateway/secret.h: the file with a link's shared secret. */
#ifndef DNA_GATEWAY_SECRET_H
#define DNA_GATEWAY_SECRET_H

#define GATEWAY_SECRET_LEAST 32
#define GATEWAY_SECRET_MAX 512

/* The file's only line, without its end, into out.  Returns NULL, or why it is of no use,
 * static. */
const char *gateway_secret_read(const char *file, char out[GATEWAY_SECRET_MAX + 1]);

#endif
