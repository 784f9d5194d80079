/* edge/addresses.c: all look-ups at once, within a time of their own.
 *
 * Whoever waits wants to connect, so that a name server that keeps silent about one host must
 * not hold up the others.  An answer that is forged, or that did not come, stands for no
 * address.
 */
#include <edge/addresses.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <mod_dna/dns.h>
#include <resolver/resolver.h>

enum { V6, V4, FAMILIES };
static const uint16_t types[FAMILIES] = {DNA_DNS_AAAA, DNA_DNS_A};

struct question {
    struct dna_edge_addresses *addresses;
    struct dna_lookup *lookup;
    size_t place;
};

struct dna_edge_addresses {
    struct dna_uv *uv;
    size_t n;
    uint16_t ports[DNA_LIMIT_ENDPOINTS];
    struct question questions[DNA_LIMIT_ENDPOINTS][FAMILIES];
    struct dna_edge_found found[DNA_LIMIT_ENDPOINTS];
    size_t open;
    struct dna_timer *patience;
    dna_edge_addresses_fn *fn;
    void *arg;
};

void dna_edge_addresses_cancel(struct dna_edge_addresses *addresses)
{
    if (addresses == NULL) {
        return;
    }
    addresses->uv->face->timer_free(addresses->patience);
    for (size_t i = 0; i < addresses->n; i++) {
        for (size_t k = 0; k < FAMILIES; k++) {
            if (addresses->questions[i][k].lookup != NULL) {
                dna_resolver_cancel(addresses->questions[i][k].lookup);
            }
        }
    }
    dna_alloc_release(addresses->uv->alloc, addresses);
}

static void finish(void *arg)
{
    struct dna_edge_addresses *addresses = arg;
    addresses->fn(addresses->arg, addresses->found);
    dna_edge_addresses_cancel(addresses);
}

static void take(struct dna_edge_found *found, struct dna_span octets, uint16_t port)
{
    struct dna_endpoint endpoint = {.port = port};
    if (found->n < DNA_EDGE_ADDRESSES &&
        dna_address_of_octets(octets, &endpoint.address) == DNA_OK) {
        dna_edge_endpoint_text(&endpoint, found->text[found->n]);
        found->list[found->n] = found->text[found->n];
        found->n++;
    }
}

static void answered(void *arg, const struct dna_dns_answer *answer)
{
    struct question *question = arg;
    struct dna_edge_addresses *addresses = question->addresses;
    size_t n = answer->n_rdata < DNA_LIMIT_ADDRESSES ? answer->n_rdata : DNA_LIMIT_ADDRESSES;
    question->lookup = NULL;
    for (size_t i = 0; answer->outcome == DNA_DNS_FOUND && i < n; i++) {
        take(&addresses->found[question->place], answer->rdata[i],
             addresses->ports[question->place]);
    }
    if (--addresses->open == 0) {
        finish(addresses);
    }
}

static void ask(struct dna_edge_addresses *addresses, const struct dna_edge_places *places,
                size_t place)
{
    addresses->ports[place] = places->list[place].port;
    for (size_t k = 0; k < FAMILIES; k++) {
        struct question *question = &addresses->questions[place][k];
        question->addresses = addresses;
        question->place = place;
        if (dna_resolver_lookup(addresses->uv->resolver, places->list[place].host.text, types[k],
                                0, answered, question, &question->lookup) == DNA_OK) {
            addresses->open++;
        } else {
            question->lookup = NULL;
        }
    }
}

enum dna_err dna_edge_addresses_start(struct dna_uv *uv, const struct dna_edge_places *places,
                                      dna_edge_addresses_fn *fn, void *arg,
                                      struct dna_edge_addresses **out)
{
    struct dna_edge_addresses *addresses = dna_alloc_zero(uv->alloc, 1, sizeof *addresses);
    *out = NULL;
    if (addresses == NULL) {
        return DNA_ERR_MEMORY;
    }
    addresses->uv = uv;
    addresses->n = places->n;
    addresses->fn = fn;
    addresses->arg = arg;
    for (size_t i = 0; i < places->n; i++) {
        ask(addresses, places, i);
    }
    addresses->patience =
        uv->face->timer(uv->face->self, addresses->open != 0 ? DNA_LIMIT_WHERE_MS : 0, finish,
                        addresses);
    if (addresses->patience == NULL) {
        dna_edge_addresses_cancel(addresses);
        return DNA_ERR_MEMORY;
    }
    *out = addresses;
    return DNA_OK;
}
