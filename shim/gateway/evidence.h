/* gateway/evidence.h: evidence bundles, written into a folder. */
#ifndef DNA_GATEWAY_EVIDENCE_H
#define DNA_GATEWAY_EVIDENCE_H

#include <mod_dna/session.h>

/* Where they go; nothing is written where folder is NULL. */
struct gateway_evidence {
    const char *folder;
    unsigned most;       /* files; then the oldest is overwritten */
    struct dna_span key; /* PEM, or empty: not signed */
    unsigned next;       /* the number of the next file */
};

/* Goes on behind the newest file that is there.  False: folder is no folder that can be
 * written to; errno says why. */
bool evidence_begin(struct gateway_evidence *evidence);
/* FOLDER/evidence-NUMBER.json, whole or not at all.  False: errno says why. */
bool evidence_write(struct gateway_evidence *evidence, struct dna_span bundle, char *name,
                    size_t room);

#endif
