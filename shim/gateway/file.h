/* gateway/file.h: whole files, and whether one has changed. */
#ifndef DNA_GATEWAY_FILE_H
#define DNA_GATEWAY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The bytes of a file, with a NUL behind them; the caller frees them.  NULL: errno says why
 * (EFBIG: longer than most, EINVAL: not a file). */
char *file_read(const char *name, size_t most, size_t *len);
/* errno in words, after file_read. */
const char *file_trouble_text(void);

/* Whether whoever has this open file may rely on it as a secret of the gateway's own: a regular
 * file, of its user or root's, that nobody else has any access to.  NULL: yes; else why not,
 * static. */
const char *file_not_private(int fd);
/* As file_read, if what is read is such a file; *why says why it was not. */
char *file_read_private(const char *name, size_t most, size_t *len, const char **why);

/* Writes all of it to a file or socket that blocks, signals or not.  False: errno says why. */
bool file_write_all(int fd, const char *bytes, size_t len);

/* What a file looked like; all zero: it was not there. */
struct file_stamp {
    uint64_t device, inode, size;
    struct timespec modified, changed;
};
struct file_stamp file_stamp_of(const char *name);
bool file_stamp_same(const struct file_stamp *one, const struct file_stamp *other);

#endif
