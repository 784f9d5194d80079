/* gateway/signer_files.c: the keys and certificates of the bridge's authorities (S25).
 *
 * They lie in a folder of the gateway's own.  What is not there at all is made; half of it is
 * never made up for, since a server that trusts the other half would trust nothing any more.
 */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <x509/mint.h>

#include "file.h"

#define CA_MAX (16 * 1024 * 1024)
#define KEY_FILE_MAX 16384

#define KEY_IS_LOST                                                                          \
    "it is missing, although its certificate is there; put it back, or remove the "          \
    "certificate too: then both are made anew, and servers are to be given the new one "     \
    "(--bridge-ca)"
#define CERTIFICATE_IS_LOST                                                                  \
    "it is missing, although its key is there; put it back, or remove the key too: then "    \
    "both are made anew, and servers are to be given the new one (--bridge-ca)"

/* Of an authority. */
struct names {
    const char *key, *certificate, *title;
};
static const struct names proven = {SIGNER_KEY, SIGNER_CERTIFICATE, "dna-gateway bridge"};
static const struct names errors = {SIGNER_ERRORS_KEY, SIGNER_ERRORS_CERTIFICATE,
                                    "dna-gateway errors only"};

static bool fail(char why[SIGNER_WHY], const char *what, const char *reason)
{
    (void)snprintf(why, SIGNER_WHY, "%.250s: %.250s", what, reason);
    return false;
}

static bool path_of(const char *folder, const char *name, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    return len > 0 && len < PATH_MAX;
}

/* Whoever can write there can put another authority in our place. */
static bool check_folder(const char *folder, char why[SIGNER_WHY])
{
    struct stat status;
    if (stat(folder, &status) != 0) {
        return fail(why, folder, strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return fail(why, folder, "this is no folder");
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        return fail(why, folder, "it belongs to another user; it must be the gateway's own");
    }
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(why, folder, "others may write there; set its mode to 0700");
    }
    return true;
}

static bool check_key_file(int fd, const char *path, char why[SIGNER_WHY])
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return fail(why, path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode) || status.st_size > KEY_FILE_MAX) {
        return fail(why, path, "this is no key");
    }
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        return fail(why, path, "it belongs to another user");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(why, path, "others have access to it; set its mode to 0600, or if they know "
                               "it, remove it and its certificate: then both are made anew");
    }
    return true;
}

/* What was checked is what is read. */
static char *read_key(int fd, const char *path, char why[SIGNER_WHY])
{
    char *text = check_key_file(fd, path, why) ? calloc(1, KEY_FILE_MAX + 1) : NULL;
    size_t len = 0;
    ssize_t got = 1;
    while (text != NULL && got > 0 && len < KEY_FILE_MAX) {
        got = read(fd, text + len, KEY_FILE_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    return text;
}

/* Written beside its place, so that there is never half a file. */
static bool write_file(const char *folder, const char *name, struct dna_span bytes,
                       mode_t mode, char why[SIGNER_WHY])
{
    char path[PATH_MAX], beside[PATH_MAX];
    int fd;
    bool fine;
    if (!path_of(folder, name, path) || !path_of(folder, "new", beside)) {
        return fail(why, folder, "the name is too long");
    }
    (void)unlink(beside);
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    fine = fd >= 0 && file_write_all(fd, bytes.ptr, bytes.len) && fsync(fd) == 0;
    if (fd >= 0) {
        fine = close(fd) == 0 && fine;
    }
    if (!fine || rename(beside, path) != 0) {
        (void)fail(why, path, strerror(errno));
        (void)unlink(beside);
        return false;
    }
    return true;
}

/* Its file, or a new one.  NULL: why. */
static char *open_key(const char *folder, const char *name, bool may_make,
                      char why[SIGNER_WHY])
{
    char path[PATH_MAX], *key = NULL;
    struct dna_buf made;
    int fd;
    if (!path_of(folder, name, path)) {
        (void)fail(why, folder, "the name is too long");
        return NULL;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        return read_key(fd, path, why);
    }
    if (errno != ENOENT || !may_make) {
        (void)fail(why, path, errno != ENOENT ? strerror(errno) : KEY_IS_LOST);
        return NULL;
    }
    dna_buf_init(&made, NULL, KEY_FILE_MAX);
    if (dna_mint_key(&made) != DNA_OK) {
        (void)fail(why, path, "it cannot be made");
    } else if (write_file(folder, name, dna_buf_span(&made), 0600, why)) {
        key = strndup(dna_buf_span(&made).ptr, dna_buf_len(&made));
    }
    if (made.mem != NULL) {
        explicit_bzero(made.mem, made.room);
    }
    dna_buf_fini(&made);
    return key;
}

/* The certificate is there, or NULL: it is not; *fine: which of the two is known. */
static char *find_certificate(const char *folder, const char *name, size_t *len, bool *fine,
                              char why[SIGNER_WHY])
{
    char path[PATH_MAX], *found;
    *fine = path_of(folder, name, path) || fail(why, folder, "the name is too long");
    if (!*fine) {
        return NULL;
    }
    found = file_read(path, SIGNER_ANSWER_MAX, len);
    *fine = found != NULL || errno == ENOENT || fail(why, path, strerror(errno));
    return found;
}

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    return path_of(folder, name, path) && lstat(path, &status) == 0;
}

static char *make_certificate(const struct signer *signer, const struct names *names,
                              struct dna_span key, const char *folder, int64_t now,
                              char why[SIGNER_WHY])
{
    struct dna_buf made;
    char *certificate = NULL;
    dna_buf_init(&made, NULL, SIGNER_ANSWER_MAX);
    if (dna_mint_authority(key, names->title, signer->hosted, signer->n_hosted, now, &made) !=
        DNA_OK) {
        (void)fail(why, folder, "a key there is none on P-256; remove it and its certificate, "
                                "and new ones are made");
    } else if (write_file(folder, names->certificate, dna_buf_span(&made), 0644, why)) {
        certificate = strndup(dna_buf_span(&made).ptr, dna_buf_len(&made));
    }
    dna_buf_fini(&made);
    return certificate;
}

static bool open_authority(struct signer *signer, struct signer_authority *authority,
                           const struct names *names, const char *folder, int64_t now,
                           char why[SIGNER_WHY])
{
    bool had_key = is_there(folder, names->key), fine;
    size_t len = 0;
    char *found = find_certificate(folder, names->certificate, &len, &fine, why);
    struct dna_span key;
    if (!fine) {
        return false;
    }
    if (found == NULL && had_key) {
        char path[PATH_MAX];
        return path_of(folder, names->certificate, path) && fail(why, path, CERTIFICATE_IS_LOST);
    }
    (void)snprintf(why, SIGNER_WHY, "out of memory");
    authority->key = open_key(folder, names->key, found == NULL, why);
    if (authority->key == NULL) {
        free(found);
        return false;
    }
    key = dna_span_of(authority->key);
    if (found != NULL && dna_mint_authority_fits((struct dna_span){found, len}, key,
                                                 signer->hosted, signer->n_hosted, now)) {
        authority->certificate = found;
        return true;
    }
    free(found);
    authority->certificate = make_certificate(signer, names, key, folder, now, why);
    return authority->certificate != NULL;
}

static bool leave_out(struct dna_buf *pem, const struct signer_authority *authority)
{
    struct dna_buf spki, rest;
    size_t n;
    bool fine;
    dna_buf_init(&spki, NULL, SIGNER_KEY_MAX);
    dna_buf_init(&rest, NULL, CA_MAX);
    fine = dna_mint_public(dna_span_of(authority->key), &spki) == DNA_OK &&
           dna_mint_leave_out(dna_buf_span(pem), dna_buf_span(&spki), &rest, &n) == DNA_OK;
    dna_buf_fini(&spki);
    dna_buf_fini(pem);
    *pem = rest;
    return fine;
}

/* A path that ends in one of these very authorities proves nothing to them. */
static bool open_roots(struct signer *signer, const char *file, char why[SIGNER_WHY])
{
    struct dna_buf pem;
    size_t len = 0;
    char *all = file_read(file, CA_MAX, &len);
    bool fine;
    dna_buf_init(&pem, NULL, CA_MAX);
    fine = all != NULL && dna_buf_add(&pem, (struct dna_span){all, len}) == DNA_OK &&
           leave_out(&pem, &signer->proven) && leave_out(&pem, &signer->errors) &&
           dna_roots_new(NULL, &signer->roots) == DNA_OK &&
           dna_roots_add_pem(signer->roots, dna_buf_span(&pem), NULL) == DNA_OK;
    free(all);
    dna_buf_fini(&pem);
    return fine || fail(why, file, "cannot be read");
}

bool signer_open(struct signer *signer, const struct gateway_config *config, int64_t now,
                 char why[SIGNER_WHY])
{
    *signer = (struct signer){.n_hosted = config->n_hosts};
    signer->hosted = calloc(config->n_hosts + 1, sizeof *signer->hosted);
    signer->lately = calloc(SIGNER_REMEMBERED, sizeof *signer->lately);
    signer->paid = now - SIGNER_ERRORS_BURST * SIGNER_ERRORS_EACH_S;
    if (signer->hosted == NULL || signer->lately == NULL) {
        return fail(why, "hosts", "out of memory");
    }
    for (size_t i = 0; i < config->n_hosts; i++) {
        signer->hosted[i] = config->hosts[i].domain.text;
    }
    return check_folder(config->bridge_folder, why) &&
           open_authority(signer, &signer->proven, &proven, config->bridge_folder, now, why) &&
           open_authority(signer, &signer->errors, &errors, config->bridge_folder, now, why) &&
           open_roots(signer, config->ca_file, why);
}

static void close_authority(struct signer_authority *authority)
{
    if (authority->key != NULL) {
        explicit_bzero(authority->key, strlen(authority->key));
    }
    free(authority->key);
    free(authority->certificate);
}

void signer_close(struct signer *signer)
{
    close_authority(&signer->proven);
    close_authority(&signer->errors);
    free(signer->lately);
    free(signer->hosted);
    dna_roots_free(signer->roots);
}
