/* json/scan.h: what is looked at before a document reaches the JSON library. */
#ifndef DNA_JSON_SCAN_H
#define DNA_JSON_SCAN_H

#include <mod_dna/base.h>

/* Whether arrays and objects are nested at most depth deep.  Bytes that are no JSON get some
 * answer: the library refuses them later. */
bool dna_json_is_shallow(struct dna_span bytes, unsigned depth);

#endif
