/* cli/input.c: files, chains and roots.
 *
 * A file of certificates is what operators have: PEM with explanations or a key
 * beside the certificates, or DER.  What the network delivers is read more strictly
 * elsewhere.
 */
#include <cli/input.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <x509/pem.h>

#define FILE_MOST (8u * 1024 * 1024)

static bool read_stream(struct cli_call *call, const char *file, FILE *in,
                        struct dna_span *out)
{
    size_t room = 64 * 1024, len = 0, n;
    char *bytes = dna_arena_get(&call->memory, room);
    while (bytes != NULL && (n = fread(bytes + len, 1, room - len, in)) > 0) {
        len += n;
        if (len > FILE_MOST) {
            (void)cli_fault(call, "%s is longer than %u bytes", file, FILE_MOST);
            return false;
        }
        if (len == room) {
            char *more = dna_arena_get(&call->memory, 2 * room);
            if (more != NULL) {
                memcpy(more, bytes, len);
            }
            bytes = more;
            room *= 2;
        }
    }
    if (bytes == NULL) {
        (void)cli_fault(call, "out of memory");
        return false;
    }
    if (ferror(in)) {
        (void)cli_fault(call, "%s: %s", file, strerror(errno));
        return false;
    }
    *out = (struct dna_span){bytes, len};
    return true;
}

bool cli_read(struct cli_call *call, const char *file, struct dna_span *out)
{
    FILE *in;
    bool fine;
    if (strcmp(file, "-") == 0) {
        return read_stream(call, "standard input", stdin, out);
    }
    in = fopen(file, "rbe");
    if (in == NULL) {
        (void)cli_fault(call, "%s: %s", file, strerror(errno));
        return false;
    }
    fine = read_stream(call, file, in, out);
    (void)fclose(in);
    return fine;
}

/* --- certificates ------------------------------------------------------------------- */

struct certificates {
    struct dna_span der[DNA_LIMIT_CHAIN];
    size_t n;
};

static void release(struct certificates *c)
{
    while (c->n > 0) {
        dna_alloc_release(NULL, (void *)(uintptr_t)c->der[--c->n].ptr);
    }
}

static enum dna_err read_pem(struct dna_span text, struct certificates *c,
                             const char **why)
{
    struct dna_pem_block block;
    enum dna_err err;
    while ((err = dna_pem_next(&text, DNA_PEM_TEXT_BETWEEN, &block)) == DNA_OK) {
        if (!dna_span_is(block.label, "CERTIFICATE")) {
            continue;
        }
        if (c->n == DNA_LIMIT_CHAIN) {
            *why = "more certificates than a chain may have";
            return DNA_ERR_LIMIT;
        }
        err = dna_pem_decode(NULL, &block, &c->der[c->n]);
        if (err != DNA_OK) {
            *why = "a PEM block is broken";
            return err;
        }
        c->n++;
    }
    *why = err == DNA_ERR_NOT_FOUND ? "there is no certificate in it"
                                    : "a PEM block is broken";
    return err == DNA_ERR_NOT_FOUND && c->n > 0 ? DNA_OK : DNA_ERR_FORMAT;
}

static bool is_pem(struct dna_span bytes)
{
    static const char mark[] = "-----BEGIN ";
    return memmem(bytes.ptr, bytes.len, mark, sizeof mark - 1) != NULL;
}

static enum dna_err chain_of(struct dna_span bytes, struct dna_chain **out,
                             const char **why)
{
    struct certificates c = {.n = 0};
    enum dna_err err;
    if (!is_pem(bytes)) {
        *why = "it is no certificate: neither PEM nor DER";
        return dna_chain_parse(NULL, bytes, out);
    }
    err = read_pem(bytes, &c, why);
    if (err == DNA_OK) {
        err = dna_chain_new(NULL, c.der, c.n, out);
        *why = err == DNA_ERR_LIMIT ? "it is too long"
                                    : "a certificate in it is malformed";
    }
    release(&c);
    return err;
}

bool cli_read_chain(struct cli_call *call, const char *file, struct dna_chain **out,
                    const char **why)
{
    struct dna_span bytes;
    enum dna_err err;
    *out = NULL;
    if (!cli_read(call, file, &bytes)) {
        return false;
    }
    err = chain_of(bytes, out, why);
    if (err == DNA_ERR_MEMORY || err == DNA_ERR_SYSTEM) {
        (void)cli_fault(call, "%s: %s", file, dna_err_name(err));
        return false;
    }
    return true;
}

bool cli_need_chain(struct cli_call *call, const char *file, struct dna_chain **out)
{
    const char *why;
    if (!cli_read_chain(call, file, out, &why)) {
        return false;
    }
    if (*out == NULL) {
        (void)cli_fault(call, "%s: %s", file, why);
    }
    return *out != NULL;
}

/* first and more together in *out; both are freed. */
static bool join(struct cli_call *call, struct dna_chain *first, struct dna_chain *more,
                 struct dna_chain **out)
{
    struct dna_span der[DNA_LIMIT_CHAIN];
    size_t n = 0, n_first = dna_chain_count(first), n_more = dna_chain_count(more);
    enum dna_err err = DNA_ERR_LIMIT;
    *out = NULL;
    if (n_first + n_more <= DNA_LIMIT_CHAIN) {
        while (n < n_first) {
            der[n] = dna_chain_der(first, n);
            n++;
        }
        for (size_t i = 0; i < n_more; i++) {
            der[n++] = dna_chain_der(more, i);
        }
        err = dna_chain_new(NULL, der, n, out);
    }
    dna_chain_free(first);
    dna_chain_free(more);
    if (err == DNA_ERR_LIMIT) {
        (void)cli_fault(call, "more than %d certificates", DNA_LIMIT_CHAIN);
    } else if (err != DNA_OK) {
        (void)cli_fault(call, "the certificates cannot be joined: %s", dna_err_name(err));
    }
    return err == DNA_OK;
}

bool cli_extend_chain(struct cli_call *call, struct dna_chain *first, const char *option,
                      struct dna_chain **out)
{
    *out = first;
    for (size_t i = 0; i < cli_count(call, option); i++) {
        struct dna_chain *more;
        if (!cli_need_chain(call, cli_nth(call, option, i), &more)) {
            dna_chain_free(*out);
            *out = NULL;
            return false;
        }
        if (!join(call, *out, more, out)) {
            return false;
        }
    }
    return true;
}

static bool add_roots(struct cli_call *call, struct dna_roots *roots, const char *file)
{
    struct dna_span pem;
    size_t added = 0;
    enum dna_err err;
    if (!cli_read(call, file, &pem)) {
        return false;
    }
    err = dna_roots_add_pem(roots, pem, &added);
    if (err != DNA_OK || added == 0) {
        (void)cli_fault(call, "%s: %s", file,
                        err == DNA_OK || err == DNA_ERR_FORMAT
                            ? "no certificate authorities in PEM" : dna_err_name(err));
        return false;
    }
    return true;
}

bool cli_need_roots(struct cli_call *call, const char *option, struct dna_roots **out)
{
    enum dna_err err = dna_roots_new(NULL, out);
    if (err != DNA_OK) {
        *out = NULL;
        (void)cli_fault(call, "%s", dna_err_name(err));
        return false;
    }
    for (size_t i = 0; i < cli_count(call, option); i++) {
        if (!add_roots(call, *out, cli_nth(call, option, i))) {
            dna_roots_free(*out);
            *out = NULL;
            return false;
        }
    }
    return true;
}
