/* x509/constraints.h: name constraints, those of SRVNames included. */
#ifndef DNA_X509_CONSTRAINTS_H
#define DNA_X509_CONSTRAINTS_H

#include <mod_dna/x509.h>
#include <x509/library.h>

struct stack_st_X509;

/* Judges the name constraints of a path, leaf first and anchor last, that the library found
 * good, or good but for constraints that it cannot evaluate (hidden: it then says nothing
 * about the other names of that certificate either).  *out gets constrained, srvname_usable
 * and, where a name is forbidden, the code. */
DNA_MUST_USE enum dna_err dna_constraints_judge(const struct stack_st_X509 *path, bool hidden,
                                                struct dna_path *out);

#endif
