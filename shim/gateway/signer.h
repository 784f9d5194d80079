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
#define SIGNER_ERRORS_LIFE_S 600 /* of one for errors */
#define SIGNER_ERRORS_BURST 64   /* so many of these at once; then */
#define SIGNER_ERRORS_EACH_S 1   /* ... one in that time */
#define SIGNER_REMEMBERED 4096   /* proofs that were signed for lately */
#define SIGNER_WHY 512
/* In its folder. */
#define SIGNER_KEY "key.pem"
#define SIGNER_CERTIFICATE "authority.pem"
#define SIGNER_ERRORS_KEY "errors-key.pem"
#define SIGNER_ERRORS_CERTIFICATE "errors.pem"
#define SIGNER_SOCKET 3    /* its only descriptor */

/* A key and its certificate, both in PEM. */
struct signer_authority {
    char *key, *certificate;
};

/* A domain that was signed for upon a proof, and until when. */
struct signer_signed {
    char domain[DNA_NAME_MAX + 1];
    int64_t until;
};

/* What it knows. */
struct signer {
    struct signer_authority proven; /* signs for what is proven, and nothing else */
    struct signer_authority errors; /* signs for what is not: the gateway's own errors */
    struct dna_roots *roots; /* of the public side, without these two */
    const char **hosted;     /* sorted; they live as long as the configuration */
    size_t n_hosted;
    struct signer_signed *lately; /* a ring of the last proofs that were signed for */
    size_t at;
    int64_t paid;            /* until when the certificates for errors are accounted for */
};

/* Reads the keys, or makes them, and makes the authorities' certificates anew where names are
 * other than they were.  A key without its certificate, or the other way round, is a fault: who
 * trusts the lost half would trust nothing any more.  False: why it cannot be. */
bool signer_open(struct signer *signer, const struct gateway_config *config, int64_t now,
                 char why[SIGNER_WHY]);
void signer_close(struct signer *signer);
/* Appends a certificate for the domain that a bundle proves, and for the key.  False: why there
 * is none. */
bool signer_sign(struct signer *signer, struct dna_span bundle, struct dna_span spki,
                 int64_t now, struct dna_buf *pem, char why[SIGNER_WHY]);
/* The same for a domain of which nothing is proven, under the other authority.  False where
 * the domain is hosted, or one that was signed for upon a proof which has not ended, or where
 * there were too many. */
bool signer_sign_errors(struct signer *signer, struct dna_span domain, struct dna_span spki,
                        int64_t now, struct dna_buf *pem, char why[SIGNER_WHY]);

/* The whole process, over SIGNER_SOCKET; returns its exit status.
 *
 * Frames are a length of four bytes, the highest first, and so many bytes.  It begins with the
 * authority's certificate behind "+", or why there is none behind "-".  A request is eight
 * bytes of the asker's, one that says for what, two with the length of the key (DER
 * SubjectPublicKeyInfo), the key, and the bundle, or the domain; the answer has the same eight
 * bytes, and "+" with a certificate or "-" with the reason. */
#define SIGNER_FOR_PROOF 'p'
#define SIGNER_FOR_ERRORS 'e'
int signer_run(const char *config_file);

#endif
