/* Wrappers (ld --wrap) around all that the validation of evidence takes memory with. */
#include <short_memory.h>

#include <errno.h>
#include <stdio.h>

#include <ldns/ldns.h>

static unsigned long left;
static bool counting, failed;

void short_memory_begin(unsigned long n)
{
    left = n;
    counting = true;
    failed = false;
}

bool short_memory_end(void)
{
    counting = false;
    return failed;
}

/* Whether this request is the one that fails. */
static bool fails(void)
{
    if (!counting || failed || left-- != 0) {
        return false;
    }
    failed = true;
    errno = ENOMEM;
    return true;
}

#define WRAP(type, name, failure, parameters, arguments) \
    type __real_##name parameters;                        \
    type __wrap_##name parameters;                        \
    type __wrap_##name parameters                         \
    {                                                     \
        return fails() ? (failure) : __real_##name arguments; \
    }

WRAP(void *, malloc, NULL, (size_t size), (size))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(FILE *, fmemopen, NULL, (void *at, size_t size, const char *mode), (at, size, mode))
WRAP(ldns_rr_list *, ldns_rr_list_new, NULL, (void), ())
WRAP(bool, ldns_rr_list_push_rr, false, (ldns_rr_list * list, const ldns_rr *rr), (list, rr))
WRAP(ldns_rdf *, ldns_rdf_clone, NULL, (const ldns_rdf *rdf), (rdf))
WRAP(ldns_rdf *, ldns_dname_new_frm_str, NULL, (const char *text), (text))
WRAP(ldns_rdf *, ldns_dname_clone_from, NULL, (const ldns_rdf *name, uint16_t n), (name, n))
WRAP(ldns_rdf *, ldns_dname_cat_clone, NULL, (const ldns_rdf *a, const ldns_rdf *b), (a, b))
WRAP(ldns_rr *, ldns_rr_clone, NULL, (const ldns_rr *rr), (rr))
WRAP(ldns_pkt *, ldns_pkt_new, NULL, (void), ())
WRAP(bool, ldns_pkt_push_rr, false,
     (ldns_pkt * packet, ldns_pkt_section section, ldns_rr *rr), (packet, section, rr))
WRAP(ldns_status, ldns_wire2pkt, LDNS_STATUS_MEM_ERR,
     (ldns_pkt * *packet, const uint8_t *wire, size_t len), (packet, wire, len))
WRAP(ldns_status, ldns_pkt2wire, LDNS_STATUS_MEM_ERR,
     (uint8_t * *wire, const ldns_pkt *packet, size_t *len), (wire, packet, len))
WRAP(ldns_status, ldns_wire2rr, LDNS_STATUS_MEM_ERR,
     (ldns_rr * *rr, const uint8_t *wire, size_t max, size_t *at, ldns_pkt_section section),
     (rr, wire, max, at, section))
WRAP(ldns_rr *, ldns_key_rr2ds, NULL, (const ldns_rr *key, ldns_hash hash), (key, hash))
WRAP(ldns_status, ldns_verify_rrsig_time, LDNS_STATUS_MEM_ERR,
     (ldns_rr_list * set, ldns_rr *signature, const ldns_rr *key, time_t at),
     (set, signature, key, at))
