/* edge/guard.c: base/address.h's guard over a list that changes.
 *
 * The unspecified address is refused whatever is allowed: connecting to it reaches the
 * machine itself.  Where the machine's addresses cannot be had nothing is admitted.
 */
#include <edge/guard.h>

#include <string.h>

#include <uv.h>

#include <base/alloc.h>
#include <edge/sockaddr.h>

#define LOOK_AGAIN_MS 10000

enum dna_err dna_edge_guard_init(struct dna_edge_guard *guard, const struct dna_alloc *alloc,
                                 const char *const *allow, size_t n_allow, const char **why)
{
    *guard = (struct dna_edge_guard){.alloc = alloc};
    guard->allowed = dna_alloc_zero(alloc, n_allow, sizeof *guard->allowed);
    if (guard->allowed == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n_allow; i++) {
        enum dna_err err = dna_prefix_parse(dna_span_of(allow[i]), &guard->allowed[i]);
        if (err != DNA_OK) {
            *why = "an entry of guard_allow is not an address prefix";
            dna_edge_guard_fini(guard);
            return err;
        }
    }
    guard->face.allowed = guard->allowed;
    guard->face.n_allowed = n_allow;
    return DNA_OK;
}

void dna_edge_guard_fini(struct dna_edge_guard *guard)
{
    dna_alloc_release(guard->alloc, guard->allowed);
    dna_alloc_release(guard->alloc, guard->own);
    *guard = (struct dna_edge_guard){.alloc = guard->alloc};
}

static enum dna_err append(struct dna_edge_guard *guard, const struct dna_endpoint *own)
{
    if (guard->n_own == guard->room) {
        size_t room = guard->room != 0 ? guard->room * 2 : 16;
        struct dna_endpoint *grown =
            dna_alloc_resize(guard->alloc, guard->own, room * sizeof *grown);
        if (grown == NULL) {
            return DNA_ERR_MEMORY;
        }
        guard->own = grown;
        guard->room = room;
    }
    guard->own[guard->n_own++] = *own;
    guard->face.own = guard->own;
    guard->face.n_own = guard->n_own;
    return DNA_OK;
}

static void forget_machine(struct dna_edge_guard *guard)
{
    guard->n_own = guard->n_given;
    guard->face.n_own = guard->n_own;
    guard->looked = false;
}

enum dna_err dna_edge_guard_add(struct dna_edge_guard *guard, const struct dna_endpoint *own)
{
    enum dna_err err;
    forget_machine(guard);
    err = append(guard, own);
    guard->n_given = guard->n_own;
    return err;
}

static bool is_given(const struct dna_edge_guard *guard, size_t i,
                     const struct dna_endpoint *own)
{
    return guard->own[i].port == own->port &&
           dna_address_equal(&guard->own[i].address, &own->address);
}

enum dna_err dna_edge_guard_keep(struct dna_edge_guard *guard, const struct dna_endpoint *own)
{
    for (size_t i = 0; i < guard->n_given; i++) {
        if (is_given(guard, i, own)) {
            return DNA_OK;
        }
    }
    return dna_edge_guard_add(guard, own);
}

void dna_edge_guard_remove(struct dna_edge_guard *guard, const struct dna_endpoint *own)
{
    forget_machine(guard);
    for (size_t i = 0; i < guard->n_given; i++) {
        if (is_given(guard, i, own)) {
            guard->own[i] = guard->own[guard->n_given - 1];
            guard->n_given--;
            forget_machine(guard);
            return;
        }
    }
}

static bool unspecified(const struct dna_address *address)
{
    static const uint8_t nothing[16];
    return memcmp(address->bytes, nothing, sizeof nothing) == 0;
}

static enum dna_err add_machine(struct dna_edge_guard *guard,
                                const uv_interface_address_t *addresses, int n)
{
    for (size_t i = 0; i < guard->n_given; i++) {
        if (!unspecified(&guard->own[i].address)) {
            continue;
        }
        for (int k = 0; k < n; k++) {
            struct dna_endpoint own;
            enum dna_err err = DNA_OK;
            if (dna_edge_sockaddr_read((const struct sockaddr *)&addresses[k].address,
                                       &own) == DNA_OK) {
                own.port = guard->own[i].port;
                err = append(guard, &own);
            }
            if (err != DNA_OK) {
                return err;
            }
        }
    }
    return DNA_OK;
}

static bool listens_everywhere(const struct dna_edge_guard *guard)
{
    for (size_t i = 0; i < guard->n_given; i++) {
        if (unspecified(&guard->own[i].address)) {
            return true;
        }
    }
    return false;
}

enum dna_err dna_edge_guard_refresh(struct dna_edge_guard *guard, int64_t now)
{
    uv_interface_address_t *addresses = NULL;
    enum dna_err err;
    int n = 0;
    if (!listens_everywhere(guard) ||
        (guard->looked && now - guard->looked_at < LOOK_AGAIN_MS)) {
        return DNA_OK;
    }
    forget_machine(guard);
    if (uv_interface_addresses(&addresses, &n) != 0) {
        return DNA_ERR_SYSTEM;
    }
    err = add_machine(guard, addresses, n);
    uv_free_interface_addresses(addresses, n);
    if (err != DNA_OK) {
        forget_machine(guard);
        return err;
    }
    guard->looked = true;
    guard->looked_at = now;
    return DNA_OK;
}

/* 127.0.0.0/8 is the machine as a whole, and no interface lists it as such. */
static bool reaches_wildcard(const struct dna_edge_guard *guard,
                             const struct dna_endpoint *to)
{
    if (to->address.family != DNA_ADDRESS_V4 || to->address.bytes[0] != 127) {
        return false;
    }
    for (size_t i = 0; i < guard->n_given; i++) {
        if (guard->own[i].port == to->port && unspecified(&guard->own[i].address)) {
            return true;
        }
    }
    return false;
}

static bool admits(struct dna_edge_guard *guard, const struct dna_address_guard *rules,
                   const struct dna_endpoint *to, const char **why)
{
    if (unspecified(&to->address) || reaches_wildcard(guard, to)) {
        *why = "an address of our own";
        return false;
    }
    return dna_address_admitted(rules, &to->address, to->port, why);
}

bool dna_edge_guard_admits(struct dna_edge_guard *guard, const struct dna_endpoint *to,
                           int64_t now, const char **why)
{
    if (dna_edge_guard_refresh(guard, now) != DNA_OK) {
        *why = "our own addresses are not known";
        return false;
    }
    return admits(guard, &guard->face, to, why);
}

bool dna_edge_guard_admits_route(struct dna_edge_guard *guard, const struct dna_endpoint *to,
                                 int64_t now, const char **why)
{
    struct dna_prefix all[] = {{.address.family = DNA_ADDRESS_V4},
                               {.address.family = DNA_ADDRESS_V6}};
    struct dna_address_guard rules;
    if (dna_edge_guard_refresh(guard, now) != DNA_OK) {
        *why = "our own addresses are not known";
        return false;
    }
    rules = guard->face;
    rules.allowed = all;
    rules.n_allowed = 2;
    return admits(guard, &rules, to, why);
}
