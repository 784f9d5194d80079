/* gateway/evidence.c: a ring of files.
 *
 * The number of files is bounded: a peer that is refused again and again fills no disk.  A
 * file is written beside its place and renamed, so that a reader never sees half a bundle.
 */
#include "evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mod_dna/court.h>

static bool name_of(const struct gateway_evidence *evidence, unsigned number, char *out,
                    size_t room)
{
    int len = snprintf(out, room, "%s/evidence-%05u.json", evidence->folder, number);
    if (len < 0 || (size_t)len >= room) {
        errno = ENAMETOOLONG;
        return false;
    }
    return true;
}

bool evidence_begin(struct gateway_evidence *evidence)
{
    char name[PATH_MAX];
    struct stat status;
    struct timespec newest = {0, 0};
    if (evidence->folder == NULL) {
        return true;
    }
    if (access(evidence->folder, W_OK | X_OK) != 0 || stat(evidence->folder, &status) != 0) {
        return false;
    }
    if (!S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    for (unsigned i = 0; i < evidence->most; i++) {
        if (!name_of(evidence, i, name, sizeof name)) {
            return false;
        }
        if (lstat(name, &status) != 0) {
            evidence->next = i; /* the first that is free */
            return true;
        }
        if (status.st_mtim.tv_sec > newest.tv_sec ||
            (status.st_mtim.tv_sec == newest.tv_sec &&
             status.st_mtim.tv_nsec >= newest.tv_nsec)) {
            newest = status.st_mtim;
            evidence->next = (i + 1) % evidence->most;
        }
    }
    return true;
}

static bool write_file(const char *name, const char *text, size_t len)
{
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    bool fine = file >= 0;
    while (fine && len > 0) {
        ssize_t n = write(file, text, len);
        fine = n > 0 || (n < 0 && errno == EINTR);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    if (file >= 0 && close(file) != 0) {
        fine = false;
    }
    return fine;
}

static bool place(struct gateway_evidence *evidence, const char *text, size_t len, char *name,
                  size_t room)
{
    char beside[PATH_MAX];
    int n = snprintf(beside, sizeof beside, "%s/evidence.new", evidence->folder);
    if (n < 0 || (size_t)n >= sizeof beside || !name_of(evidence, evidence->next, name, room)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!write_file(beside, text, len) || rename(beside, name) != 0) {
        int why = errno;
        (void)unlink(beside);
        errno = why;
        return false;
    }
    evidence->next = (evidence->next + 1) % evidence->most;
    return true;
}

bool evidence_write(struct gateway_evidence *evidence, struct dna_span bundle, char *name,
                    size_t room)
{
    char *with;
    size_t len;
    bool fine;
    enum dna_err err;
    name[0] = '\0';
    if (evidence->key.len == 0) {
        return place(evidence, bundle.ptr, bundle.len, name, room);
    }
    err = dna_bundle_sign(NULL, bundle, evidence->key, &with, &len);
    if (err != DNA_OK) {
        errno = err == DNA_ERR_MEMORY ? ENOMEM : EINVAL;
        return false;
    }
    fine = place(evidence, with, len, name, room);
    free(with);
    return fine;
}
