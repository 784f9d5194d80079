/* gateway/file.c: reading, writing, and looking. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Also of a file that grows or shrinks meanwhile. */
static char *read_all(int fd, size_t size, size_t *len)
{
    char *bytes = malloc(size + 1);
    size_t n = 0;
    ssize_t got = 1;
    while (bytes != NULL && n < size && got != 0) {
        got = read(fd, bytes + n, size - n);
        if (got < 0 && errno != EINTR) {
            free(bytes);
            return NULL;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    if (bytes != NULL) {
        bytes[n] = '\0';
        *len = n;
    }
    return bytes;
}

/* Something else than a file could keep us waiting. */
static int open_file(const char *name)
{
    return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Closes it. */
static char *read_file(int fd, size_t most, size_t *len)
{
    struct stat status;
    char *bytes = NULL;
    int why;
    if (fstat(fd, &status) == 0) {
        if (!S_ISREG(status.st_mode)) {
            errno = EINVAL;
        } else if ((uint64_t)status.st_size > most) {
            errno = EFBIG;
        } else {
            bytes = read_all(fd, (size_t)status.st_size, len);
        }
    }
    why = errno;
    (void)close(fd);
    errno = why;
    return bytes;
}

char *file_read(const char *name, size_t most, size_t *len)
{
    int fd = open_file(name);
    *len = 0;
    return fd >= 0 ? read_file(fd, most, len) : NULL;
}

const char *file_trouble_text(void)
{
    return errno == EINVAL ? "Not a file" : strerror(errno);
}

const char *file_not_private(int fd)
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

char *file_read_private(const char *name, size_t most, size_t *len, const char **why)
{
    int fd = open_file(name);
    char *bytes = NULL;
    *len = 0;
    if (fd < 0) {
        *why = strerror(errno);
        return NULL;
    }
    *why = file_not_private(fd);
    if (*why != NULL) {
        (void)close(fd);
        return NULL;
    }
    bytes = read_file(fd, most, len);
    if (bytes == NULL) {
        *why = file_trouble_text();
    }
    return bytes;
}

bool file_write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

struct file_stamp file_stamp_of(const char *name)
{
    struct stat status;
    if (stat(name, &status) != 0) {
        return (struct file_stamp){0};
    }
    return (struct file_stamp){.device = (uint64_t)status.st_dev,
                               .inode = (uint64_t)status.st_ino,
                               .size = (uint64_t)status.st_size,
                               .modified = status.st_mtim,
                               .changed = status.st_ctim};
}

static bool same_time(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool file_stamp_same(const struct file_stamp *one, const struct file_stamp *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->size == other->size && same_time(one->modified, other->modified) &&
           same_time(one->changed, other->changed);
}
