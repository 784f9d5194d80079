/* gateway/file.c: reading, and looking. */
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

char *file_read(const char *name, size_t most, size_t *len)
{
    /* Something else than a file could keep us waiting. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    char *bytes = NULL;
    int why;
    *len = 0;
    if (fd < 0) {
        return NULL;
    }
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

const char *file_trouble_text(void)
{
    return errno == EINVAL ? "Not a file" : strerror(errno);
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
