/* x509/library.c: leaving OpenSSL's error queue as it was found. */
#include <x509/library.h>

#include <openssl/err.h>

void dna_library_enter(void)
{
    ERR_set_mark();
}

enum dna_err dna_library_leave(enum dna_err err)
{
    if (err == DNA_ERR_FORMAT &&
        ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE) {
        err = DNA_ERR_MEMORY;
    }
    ERR_pop_to_mark();
    return err;
}
