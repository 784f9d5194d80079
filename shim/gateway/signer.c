/* gateway/signer.c: what is signed, and what is not (S25).
 *
 * A certificate is signed for the domain of an evidence bundle that is heard again here, from
 * its first fact to its ruling, and whose ruling must be PROVEN by a prooftype.  The gateway
 * names no domain and no date; it can only show proofs.
 *
 * What is believed, since no bundle can show it: that documents were fetched as recorded, and
 * that the resolver said of its answers what is recorded of them.  What is not believed: any
 * check of a certificate path, which is made again with the roots of the configuration; the
 * ruling, its end, and what decided it.  A pin is the operator's word and not in the evidence:
 * it is no proof here.
 *
 * No name that is hosted is signed for, nor one below it: the authority's certificate excludes
 * them, and they are compared here as well.
 */
#include "signer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <proof/bundle.h>
#include <x509/mint.h>

#include "file.h"

#define CA_MAX (16 * 1024 * 1024)
#define KEY_FILE_MAX 16384
#define BACKDATED_S 60  /* the clock is the same one; its ticks may not be */
#define LEAST_LIFE_S 30

static bool fail(char why[SIGNER_WHY], const char *what, const char *reason)
{
    (void)snprintf(why, SIGNER_WHY, "%.400s: %.100s", what, reason);
    return false;
}

/* --- its files ---------------------------------------------------------------------------- */

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
        return fail(why, path, "others have access to it; remove it, and a new one is made");
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

static bool write_all(int fd, struct dna_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            bytes.ptr += n;
            bytes.len -= (size_t)n;
        }
    }
    return true;
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
    fine = fd >= 0 && write_all(fd, bytes) && fsync(fd) == 0;
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

static bool open_key(struct signer *signer, const char *folder, char why[SIGNER_WHY])
{
    char path[PATH_MAX];
    struct dna_buf made;
    int fd;
    bool fine;
    if (!path_of(folder, "key.pem", path)) {
        return fail(why, folder, "the name is too long");
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0) {
        signer->key = read_key(fd, path, why);
        return signer->key != NULL;
    }
    if (errno != ENOENT) {
        return fail(why, path, strerror(errno));
    }
    dna_buf_init(&made, NULL, KEY_FILE_MAX);
    fine = dna_mint_key(&made) == DNA_OK &&
           write_file(folder, "key.pem", dna_buf_span(&made), 0600, why);
    if (fine) {
        signer->key = strndup(dna_buf_span(&made).ptr, dna_buf_len(&made));
    }
    explicit_bzero(made.mem, made.room);
    dna_buf_fini(&made);
    return signer->key != NULL || fail(why, path, "it cannot be made");
}

static bool open_authority(struct signer *signer, const char *folder, int64_t now,
                           char why[SIGNER_WHY])
{
    const struct dna_span key = dna_span_of(signer->key);
    char path[PATH_MAX];
    struct dna_buf made;
    size_t len = 0;
    bool fine;
    if (!path_of(folder, "authority.pem", path)) {
        return fail(why, folder, "the name is too long");
    }
    signer->authority = file_read(path, SIGNER_ANSWER_MAX, &len);
    if (signer->authority != NULL &&
        dna_mint_authority_fits((struct dna_span){signer->authority, len}, key,
                                signer->hosted, signer->n_hosted, now)) {
        return true;
    }
    free(signer->authority);
    signer->authority = NULL;
    dna_buf_init(&made, NULL, SIGNER_ANSWER_MAX);
    fine = dna_mint_authority(key, signer->hosted, signer->n_hosted, now, &made) == DNA_OK;
    if (!fine) {
        (void)fail(why, folder, "key.pem is no key on P-256; remove it, and a new one is made");
    }
    fine = fine && write_file(folder, "authority.pem", dna_buf_span(&made), 0644, why);
    if (fine) {
        signer->authority = strndup(dna_buf_span(&made).ptr, dna_buf_len(&made));
        fine = signer->authority != NULL || fail(why, folder, "out of memory");
    }
    dna_buf_fini(&made);
    return fine;
}

/* A path that ends in this very authority proves nothing to it. */
static bool open_roots(struct signer *signer, const char *file, char why[SIGNER_WHY])
{
    struct dna_buf spki, pem;
    size_t len = 0, n;
    char *all = file_read(file, CA_MAX, &len);
    bool fine;
    dna_buf_init(&spki, NULL, SIGNER_KEY_MAX);
    dna_buf_init(&pem, NULL, CA_MAX);
    fine = all != NULL && dna_mint_public(dna_span_of(signer->key), &spki) == DNA_OK &&
           dna_mint_leave_out((struct dna_span){all, len}, dna_buf_span(&spki), &pem, &n) ==
               DNA_OK &&
           dna_roots_new(NULL, &signer->roots) == DNA_OK &&
           dna_roots_add_pem(signer->roots, dna_buf_span(&pem), NULL) == DNA_OK;
    free(all);
    dna_buf_fini(&spki);
    dna_buf_fini(&pem);
    return fine || fail(why, file, "cannot be read");
}

bool signer_open(struct signer *signer, const struct gateway_config *config, int64_t now,
                 char why[SIGNER_WHY])
{
    *signer = (struct signer){.n_hosted = config->n_hosts};
    signer->hosted = calloc(config->n_hosts + 1, sizeof *signer->hosted);
    if (signer->hosted == NULL) {
        return fail(why, "hosts", "out of memory");
    }
    for (size_t i = 0; i < config->n_hosts; i++) {
        signer->hosted[i] = config->hosts[i].domain.text;
    }
    return check_folder(config->bridge_folder, why) &&
           open_key(signer, config->bridge_folder, why) &&
           open_authority(signer, config->bridge_folder, now, why) &&
           open_roots(signer, config->ca_file, why);
}

void signer_close(struct signer *signer)
{
    if (signer->key != NULL) {
        explicit_bzero(signer->key, strlen(signer->key));
    }
    free(signer->key);
    free(signer->authority);
    free(signer->hosted);
    dna_roots_free(signer->roots);
}

/* --- what it decides -------------------------------------------------------------------------- */

static int compare(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

/* Whether a name is hosted, or below one that is. */
static bool is_hosted(const struct signer *signer, const char *domain)
{
    for (const char *rest = domain; rest != NULL; rest = strchr(rest, '.')) {
        rest += rest != domain || *rest == '.';
        if (bsearch(rest, signer->hosted, signer->n_hosted, sizeof *signer->hosted, compare) !=
            NULL) {
            return true;
        }
    }
    return false;
}

/* Whether the ruling that was heard again is one to sign for; until: its end. */
static bool admits(const struct signer *signer, const struct dna_bundle_report *report,
                   int64_t now, char why[SIGNER_WHY])
{
    switch (report->finding) {
    case DNA_BUNDLE_BROKEN:
        return fail(why, "the bundle does not verify", report->why);
    case DNA_BUNDLE_REFUSES:
        return fail(why, report->domain, report->ruling.dialback
                                             ? "it may be dialled back, which proves nothing"
                                             : "its ruling refuses");
    case DNA_BUNDLE_UNAUTHENTICATED: /* see above: what is believed */
    case DNA_BUNDLE_PROVES:
        break;
    }
    if (report->ruling.verdict != DNA_PROVEN || report->ruling.dialback) {
        return fail(why, report->domain, "it is not proven");
    }
    if (report->ruling.pinned) {
        return fail(why, report->domain, "a pin is no proof that others could be shown");
    }
    if (report->at > now + BACKDATED_S) {
        return fail(why, report->domain, "its ruling is of the future");
    }
    if (report->ruling.expires_at < now + LEAST_LIFE_S) {
        return fail(why, report->domain, "its proof has ended");
    }
    if (is_hosted(signer, report->domain)) {
        return fail(why, report->domain, "it is hosted here, or below a name that is");
    }
    return true;
}

bool signer_sign(const struct signer *signer, struct dna_span bundle, struct dna_span spki,
                 int64_t now, struct dna_buf *pem, char why[SIGNER_WHY])
{
    const struct dna_bundle_terms terms = {.roots = signer->roots};
    struct dna_bundle_report report;
    struct dna_mint mint = {.spki = spki, .not_before = now - BACKDATED_S};
    enum dna_err err = dna_bundle_check(NULL, bundle, &terms, &report);
    if (err != DNA_OK) {
        return fail(why, "the bundle cannot be heard", dna_err_name(err));
    }
    if (!admits(signer, &report, now, why)) {
        return false;
    }
    mint.domain = report.domain;
    mint.not_after = report.ruling.expires_at < now + SIGNER_LIFE_S ? report.ruling.expires_at
                                                                    : now + SIGNER_LIFE_S;
    err = dna_mint_certificate(dna_span_of(signer->key), dna_span_of(signer->authority), &mint,
                               pem);
    return err == DNA_OK || fail(why, report.domain, err == DNA_ERR_FORMAT
                                                         ? "no key on P-256"
                                                         : dna_err_name(err));
}
