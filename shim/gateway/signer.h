/* gateway/signer.h: the process that holds the key of the bridge's authority (S25). */
#ifndef DNA_GATEWAY_SIGNER_H
#define DNA_GATEWAY_SIGNER_H

#include <base/buf.h>
#include <mod_dna/x509.h>

#include "config.h"

#define SIGNER_BUNDLE_MAX (8 * 1024 * 1024)
#define SIGNER_ANSWER_MAX (256 * 1024 * 1024) /* names of ten thousands of hosts are in it */
#define SIGNER_KEY_MAX 1024
#define SIGNER_LIFE_S 3600 /* of a certificate, at most */
#define SIGNER_WHY 512
#define SIGNER_SOCKET 3    /* its only descriptor */

/* What it knows. */
struct signer {
    char *key;       /* PEM */
    char *authority; /* PEM */
    struct dna_roots *roots; /* of the public side, without itself */
    const char **hosted;     /* sorted; they live as long as the configuration */
    size_t n_hosted;
};

/* Reads the key, or makes it, and makes the authority's certificate anew where names are other
 * than they were.  False: why it cannot be. */
bool signer_open(struct signer *signer, const struct gateway_config *config, int64_t now,
                 char why[SIGNER_WHY]);
void signer_close(struct signer *signer);
/* Appends a certificate for the domain that a bundle proves, and for the key; until: the wall
 * time of its end.  False: why there is none. */
bool signer_sign(const struct signer *signer, struct dna_span bundle, struct dna_span spki,
                 int64_t now, struct dna_buf *pem, char why[SIGNER_WHY]);

/* The whole process, over SIGNER_SOCKET; returns its exit status.
 *
 * Frames are a length of four bytes, the highest first, and so many bytes.  It begins with the
 * authority's certificate behind "+", or why there is none behind "-".  A request is eight
 * bytes of the asker's, two with the length of the key (DER SubjectPublicKeyInfo), the key,
 * the bundle; the answer has the same eight bytes, and "+" with a certificate or "-" with the
 * reason. */
int signer_run(const char *config_file);

#endif
