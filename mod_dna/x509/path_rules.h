/* x509/path_rules.h: what we ask of a path beyond what the library checks. */
#ifndef DNA_X509_PATH_RULES_H
#define DNA_X509_PATH_RULES_H

#include <mod_dna/x509.h>
#include <x509/library.h>

struct stack_st_X509;

/* Judges a path, leaf first and anchor last, that the library found good: *out gets the
 * path's interval and the verdict.  keyed: the last certificate is no anchor, but signed by
 * a key that is. */
DNA_MUST_USE enum dna_err dna_path_judge(const struct stack_st_X509 *path, bool keyed,
                                         struct dna_path *out);

#endif
