/* gateway/publication_folder.c: a folder that changes as a whole.
 *
 * Everything is written into a new folder and brought to the disk before the link leads there;
 * whoever reads through the link finds the old or the new, and never a part.  The one before
 * stays for those who are reading in it.  After a crash of the system the link may lead to less
 * than all: the next start finds that and writes it again.
 */
#include "publication.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define PREFIX "version-"
#define KEPT 2

static bool is_there(int current, const struct publication_file *file)
{
    int fd = openat(current, file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *bytes = malloc(file->len + 1);
    ssize_t len = fd >= 0 && bytes != NULL ? read(fd, bytes, file->len + 1) : -1;
    bool same = len == (ssize_t)file->len && memcmp(bytes, file->bytes, file->len) == 0;
    free(bytes);
    if (fd >= 0) {
        (void)close(fd);
    }
    return same;
}

/* The index names every file, so that none is there which is not in the set. */
static bool is_current(int folder, const struct publication_set *set)
{
    int current = openat(folder, "current", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool same = current >= 0;
    for (size_t i = 0; same && i < set->n; i++) {
        same = is_there(current, &set->files[i]);
    }
    if (current >= 0) {
        (void)close(current);
    }
    return same;
}

static bool make_folder(int at, const char *name)
{
    return (mkdirat(at, name, 0755) == 0 || errno == EEXIST) &&
           fchmodat(at, name, 0755, 0) == 0;
}

/* The folders that lead to a path. */
static bool make_folders(int at, const char *path)
{
    char part[1024];
    for (const char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
        size_t len = (size_t)(p - path);
        if (len >= sizeof part) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(part, path, len);
        part[len] = '\0';
        if (!make_folder(at, part)) {
            return false;
        }
    }
    return true;
}

static bool write_file(int at, const struct publication_file *file)
{
    int fd = make_folders(at, file->path)
                 ? openat(at, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)
                 : -1;
    bool fine = fd >= 0 && fchmod(fd, 0644) == 0 &&
                file_write_all(fd, file->bytes, file->len) && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && fine) {
        return false;
    }
    errno = why;
    return fine;
}

static void remove_tree(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
            remove_tree(dirfd(dir), entry->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    } else if (fd >= 0) {
        (void)close(fd);
    }
    (void)unlinkat(at, name, AT_REMOVEDIR);
}

/* The number of a version; 0: the name is none. */
static unsigned long number_of(const char *name)
{
    char *end;
    unsigned long number;
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0) {
        return 0;
    }
    number = strtoul(name + strlen(PREFIX), &end, 10);
    return *end == '\0' ? number : 0;
}

/* The highest number there is; those up to `old` are removed. */
static unsigned long look_over(int folder, unsigned long old)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    unsigned long highest = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        unsigned long number = number_of(entry->d_name);
        highest = number > highest ? number : highest;
        if (number != 0 && number <= old) {
            remove_tree(folder, entry->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    } else if (fd >= 0) {
        (void)close(fd);
    }
    return highest;
}

/* NULL: done; else what could not be written. */
static const char *write_version(int at, const struct publication_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        if (!write_file(at, &set->files[i])) {
            return set->files[i].path;
        }
    }
    return fsync(at) == 0 ? NULL : "";
}

static bool lead_to(int folder, const char *version)
{
    (void)unlinkat(folder, "coming", 0);
    return symlinkat(version, folder, "coming") == 0 &&
           renameat(folder, "coming", folder, "current") == 0 && fsync(folder) == 0;
}

static const char *replace(int folder, const struct publication_set *set)
{
    unsigned long number = look_over(folder, 0) + 1;
    const char *failed = "";
    char version[64];
    int at, why;
    (void)snprintf(version, sizeof version, PREFIX "%lu", number);
    if (!make_folder(folder, version)) {
        return "";
    }
    at = openat(folder, version, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (at >= 0) {
        failed = write_version(at, set);
        why = errno;
        (void)close(at);
        errno = why;
    }
    if (failed == NULL && !lead_to(folder, version)) {
        failed = "current";
    }
    if (failed != NULL) {
        why = errno;
        remove_tree(folder, version);
        errno = why;
    } else if (number > KEPT) {
        (void)look_over(folder, number - KEPT);
    }
    return failed;
}

const char *publication_store(const char *name, const struct publication_set *set,
                              bool *changed, char *out, size_t size)
{
    const char *failed = NULL;
    int folder, why;
    *changed = false;
    (void)mkdir(name, 0755); /* it may be there */
    folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        (void)snprintf(out, size, "%s", name);
        return out;
    }
    if (!is_current(folder, set)) {
        failed = replace(folder, set);
        *changed = failed == NULL;
    }
    why = errno;
    (void)close(folder);
    if (failed == NULL) {
        return NULL;
    }
    (void)snprintf(out, size, "%s%s%s", name, failed[0] != '\0' ? "/" : "", failed);
    errno = why;
    return out;
}
