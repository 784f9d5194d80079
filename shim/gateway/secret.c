/* gateway/secret.c: files with secrets.
 *
 * Whoever knows a link's secret speaks for every domain of the link, and whoever knows that of
 * the dialback keys for every domain of ours: a file that others can read or change is refused,
 * and what was checked is what is read.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

static const char *check_secret(const char *secret, size_t len)
{
    if (len > GATEWAY_SECRET_MAX) {
        return "the secret is longer than 512 characters";
    }
    if (len < GATEWAY_SECRET_LEAST) {
        return "the secret is shorter than 32 characters; make one with "
               "`openssl rand -hex 32`";
    }
    for (size_t i = 0; i < len; i++) {
        if (secret[i] <= ' ' || secret[i] > '~') {
            return "a secret must be one line of ASCII characters without blanks";
        }
    }
    return NULL;
}

/* As much of the file as there is room for; what was checked is what is read. */
static const char *read_bytes(const char *file, char *bytes, size_t room, size_t *len)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *why = fd >= 0 ? file_not_private(fd) : strerror(errno);
    ssize_t got = 1;
    *len = 0;
    while (why == NULL && *len < room && got > 0) {
        got = read(fd, bytes + *len, room - *len);
        *len += got > 0 ? (size_t)got : 0;
    }
    if (why == NULL && got < 0) {
        why = strerror(errno);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return why;
}

static const char *take(const char *secret, size_t len, char out[GATEWAY_SECRET_MAX + 1])
{
    const char *why = check_secret(secret, len);
    if (why == NULL) {
        memcpy(out, secret, len);
        out[len] = '\0';
    }
    return why;
}

const char *gateway_secret_read(const char *file, char out[GATEWAY_SECRET_MAX + 1])
{
    char bytes[GATEWAY_SECRET_MAX + 2]; /* and the end of the line */
    size_t len;
    const char *why = read_bytes(file, bytes, sizeof bytes, &len);
    if (why == NULL) {
        len -= len > 0 && bytes[len - 1] == '\n';
        why = take(bytes, len, out);
    }
    explicit_bzero(bytes, sizeof bytes);
    return why;
}

static const char *take_lines(const char *bytes, size_t len, struct gateway_secrets *out)
{
    const char *why = NULL;
    do {
        const char *end = memchr(bytes, '\n', len);
        size_t line = end != NULL ? (size_t)(end - bytes) : len;
        if (out->n == GATEWAY_SECRETS_MOST) {
            return "there are more than four secrets";
        }
        why = take(bytes, line, out->list[out->n++]);
        line += end != NULL;
        bytes += line;
        len -= line;
    } while (why == NULL && len > 0);
    return why;
}

const char *gateway_secrets_read(const char *file, struct gateway_secrets *out)
{
    char bytes[GATEWAY_SECRETS_MOST * (GATEWAY_SECRET_MAX + 1) + 1]; /* and one too many */
    size_t len;
    const char *why = read_bytes(file, bytes, sizeof bytes, &len);
    *out = (struct gateway_secrets){.n = 0};
    if (why == NULL) {
        why = take_lines(bytes, len, out);
    }
    explicit_bzero(bytes, sizeof bytes);
    return why;
}

void gateway_secrets_wipe(struct gateway_secrets *secrets)
{
    explicit_bzero(secrets, sizeof *secrets);
}
