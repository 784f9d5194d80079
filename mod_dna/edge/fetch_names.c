/* edge/fetch_names.c: the resolver as the one that the fetcher asks. */
#include <edge/fetch.h>

static enum dna_err lookup(void *self, const char *name, uint16_t type, dna_resolver_fn *fn,
                           void *arg, struct dna_lookup **out)
{
    return dna_resolver_lookup(self, name, type, 0, fn, arg, out);
}

struct dna_fetch_names dna_fetch_names_of(struct dna_resolver *resolver)
{
    return (struct dna_fetch_names){resolver, lookup, dna_resolver_cancel};
}
