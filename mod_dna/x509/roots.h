/* x509/roots.h: what roots hold, for the files of this room. */
#ifndef DNA_X509_ROOTS_H
#define DNA_X509_ROOTS_H

#include <stdatomic.h>

#include <mod_dna/x509.h>

struct x509_store_st;

struct dna_roots {
    const struct dna_alloc *alloc;
    atomic_uint references;
    struct x509_store_st *store;
};

#endif
