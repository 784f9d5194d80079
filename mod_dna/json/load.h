/* json/load.h: a document's bytes as a value of the JSON library, under the same bounds for
 * every document. */
#ifndef DNA_JSON_LOAD_H
#define DNA_JSON_LOAD_H

#include <jansson.h>

#include <mod_dna/base.h>

/* *root is the caller's, NULL on an error; *why is static.  DNA_ERR_FORMAT: not JSON, a member
 * twice, nested deeper than DNA_LIMIT_JSON_DEPTH, a number that does not fit into 64 bits.
 * DNA_ERR_LIMIT: longer than DNA_LIMIT_DOCUMENT.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_json_load(struct dna_span bytes, json_t **root,
                                        const char **why);

struct dna_name;

/* An integer within bounds, or otherwise where there is no such member.  False: another value.
 * Numbers with a fraction or an exponent are no integers. */
DNA_MUST_USE bool dna_json_number(const json_t *object, const char *key, int64_t least,
                                  int64_t most, int64_t otherwise, int64_t *out);
/* A host name of ASCII (A-labels), put into canonical form.  False: there is none, another
 * value, or an address. */
DNA_MUST_USE bool dna_json_host(const json_t *object, const char *key, struct dna_name *out);

#endif
