/* gateway/bridge_ca.c: the bridge's authorities, seen from outside of their process (S25).
 *
 * Their keys are known by the certificates that lie in their folder.  Whatever store the
 * operator names for the public side, the system's included, is read without them.
 */
#include "bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <x509/mint.h>

#include "file.h"
#include "signer.h"

#define CA_MAX (16 * 1024 * 1024)

static char *path_of(const char *folder, const char *name)
{
    size_t len = strlen(folder) + strlen(name) + 2;
    char *path = malloc(len);
    if (path != NULL) {
        (void)snprintf(path, len, "%s/%s", folder, name);
    }
    return path;
}

static bool write_file(const char *path, struct dna_span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    bool fine = fd >= 0;
    while (fine && bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        fine = n > 0 || (n < 0 && errno == EINTR);
        if (n > 0) {
            bytes.ptr += n;
            bytes.len -= (size_t)n;
        }
    }
    if (fd >= 0) {
        fine = close(fd) == 0 && fine;
    }
    return fine;
}

/* pem without the authority, and a file that holds the same, where it was in it. */
static char *without(const char *folder, struct dna_span authority, char *pem, size_t *len,
                     char **file)
{
    struct dna_buf spki, rest;
    char *made = NULL;
    size_t n = 0;
    dna_buf_init(&spki, NULL, CA_MAX);
    dna_buf_init(&rest, NULL, CA_MAX);
    if (dna_mint_public(authority, &spki) == DNA_OK &&
        dna_mint_leave_out((struct dna_span){pem, *len}, dna_buf_span(&spki), &rest, &n) ==
            DNA_OK) {
        made = calloc(1, dna_buf_len(&rest) + 1);
    }
    if (made != NULL && dna_buf_len(&rest) > 0) { /* there may be zeros in it */
        memcpy(made, dna_buf_span(&rest).ptr, dna_buf_len(&rest));
    }
    if (made != NULL && n > 0) {
        *len = dna_buf_len(&rest);
        free(*file);
        *file = path_of(folder, "believed.pem");
        if (*file == NULL || !write_file(*file, dna_buf_span(&rest))) {
            free(made);
            made = NULL;
        }
    }
    dna_buf_fini(&spki);
    dna_buf_fini(&rest);
    free(pem);
    errno = made == NULL && errno == 0 ? EINVAL : errno;
    return made;
}

/* pem without the authority whose certificate lies in that file, if it is there at all. */
static char *without_one(const char *folder, const char *name, char *pem, size_t *len,
                         char **file)
{
    char *path = path_of(folder, name), *authority = NULL;
    size_t n = 0;
    if (path != NULL) {
        authority = file_read(path, SIGNER_ANSWER_MAX, &n);
    }
    if (authority != NULL) {
        pem = without(folder, (struct dna_span){authority, n}, pem, len, file);
    } else if (path == NULL || errno != ENOENT) { /* it may be in there, unknown to us */
        free(pem);
        pem = NULL;
    }
    free(path);
    free(authority);
    return pem;
}

char *bridge_read_ca(const struct gateway_config *config, size_t *len, char **file)
{
    char *pem = file_read(config->ca_file, CA_MAX, len);
    *file = pem != NULL ? strdup(config->ca_file) : NULL;
    if (pem == NULL || config->bridge_folder == NULL) {
        return pem;
    }
    pem = without_one(config->bridge_folder, SIGNER_CERTIFICATE, pem, len, file);
    if (pem != NULL) {
        pem = without_one(config->bridge_folder, SIGNER_ERRORS_CERTIFICATE, pem, len, file);
    }
    if (pem == NULL) {
        free(*file);
        *file = NULL;
    }
    return pem;
}

static bool is_missing(const struct gateway_config *config, const char *name)
{
    char *path = path_of(config->bridge_folder, name);
    bool missing = path != NULL && access(path, F_OK) != 0 && errno == ENOENT;
    free(path);
    return missing;
}

const char *bridge_lacks(const struct gateway_config *config, bool in_use)
{
    static const char *const names[][2] = {{SIGNER_KEY, SIGNER_CERTIFICATE},
                                           {SIGNER_ERRORS_KEY, SIGNER_ERRORS_CERTIFICATE}};
    for (size_t i = 0; config->bridge_folder != NULL && i < 2; i++) {
        bool no_key = is_missing(config, names[i][0]);
        bool no_certificate = is_missing(config, names[i][1]);
        if (no_key && (in_use || !no_certificate)) {
            return names[i][0];
        }
        if (no_certificate && (in_use || !no_key)) {
            return names[i][1];
        }
    }
    return NULL;
}

enum dna_evidence bridge_evidence(const struct gateway_config *config)
{
    return config->bridge_folder != NULL     ? DNA_EVIDENCE_ALL
           : config->evidence_folder == NULL ? DNA_EVIDENCE_NONE
           : config->evidence_of_all         ? DNA_EVIDENCE_ALL
                                             : DNA_EVIDENCE_REFUSED;
}

bool bridge_print(const struct gateway_config *config, FILE *out, FILE *errors)
{
    char why[SIGNER_WHY] = "say where its key is kept";
    struct signer signer = {.n_hosted = 0};
    bool fine = config->bridge_folder != NULL &&
                signer_open(&signer, config, (int64_t)time(NULL), why);
    if (fine) {
        fine = fputs(signer.proven.certificate, out) >= 0 &&
               fputs(signer.errors.certificate, out) >= 0 && fflush(out) == 0;
    } else {
        fprintf(errors, "%s:%d: bridge-folder: %s\n", config->file, config->lines.bridge, why);
    }
    signer_close(&signer);
    return fine;
}
