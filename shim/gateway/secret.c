/* gateway/secret.c: the file with a link's shared secret.
 *
 * Whoever knows the secret speaks for every domain of the link: a file that others can read
 * or change is refused, and what was checked is what is read.
 */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *check_file(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return strerror(errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return "this is no regular file";
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        return "it belongs to another user; it must be the gateway's own, or root's";
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return "others have access to it; set its mode to 0600 and make a new secret";
    }
    return NULL;
}

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
            return "the secret must be one line of ASCII characters without blanks";
        }
    }
    return NULL;
}

const char *gateway_secret_read(const char *file, char out[GATEWAY_SECRET_MAX + 1])
{
    char bytes[GATEWAY_SECRET_MAX + 2]; /* and the end of the line */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *why = fd >= 0 ? check_file(fd) : strerror(errno);
    size_t len = 0;
    ssize_t got = 1;
    while (why == NULL && len < sizeof bytes && got > 0) {
        got = read(fd, bytes + len, sizeof bytes - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (why == NULL && got < 0) {
        why = strerror(errno);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (why == NULL) {
        len -= len > 0 && bytes[len - 1] == '\n';
        why = check_secret(bytes, len);
    }
    if (why == NULL) {
        memcpy(out, bytes, len);
        out[len] = '\0';
    }
    explicit_bzero(bytes, sizeof bytes);
    return why;
}
