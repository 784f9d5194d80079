/* A small Internet's DNS: zones signed by libldns on the spot, and one server, inside the
 * test's own loop, that answers for all of them as a recursive resolver would (and as an
 * authoritative one: AA and RA are both set).  It lies only where a test says so.
 */
#ifndef TESTS_RESOLVER_WORLD_H
#define TESTS_RESOLVER_WORLD_H

#include <mod_dna/dns.h>

#include <poll_loop.h>

struct world;

enum world_keys {
    WORLD_UNSIGNED,
    WORLD_CSK,   /* one key, flags 257 */
    WORLD_SPLIT, /* 257 signs the keys, 256 the rest */
    WORLD_256,   /* one key, flags 256 */
    WORLD_REVOKED /* one key, flags 385 */
};

struct world_zone {
    const char *name;    /* "example.com", "." */
    const char *records; /* lines in zone-file syntax, absolute names; SOA is added */
    enum world_keys keys;
    int algorithm;       /* DNSSEC number; 0: 13 */
    bool nsec3;
    bool linked;         /* the parent has a DS for it */
    const char *same_key_as; /* zone that comes before, with keys WORLD_CSK; NULL: own key */
};

enum world_lie {
    WORLD_HONEST,
    WORLD_STRIP,     /* no RRSIGs */
    WORLD_FLIP,      /* the last octet of every signature in the answer is wrong */
    WORLD_EXPIRED,   /* the answer signed anew, with dates in the past */
    WORLD_FUTURE,
    WORLD_STRANGER,  /* the answer signed by a key that nobody knows */
    WORLD_OTHER,     /* other RDATA under the old signature */
    WORLD_CROWD,     /* twenty signatures before the right one */
    WORLD_BARE,      /* a denial without its proof */
    WORLD_SERVFAIL,
    WORLD_SILENT,
    WORLD_GARBAGE,   /* octets that are no message */
    WORLD_MIXED_ID,  /* the answer to somebody else's question */
    WORLD_TRUNCATE   /* nothing but TC over UDP */
};

struct world *world_new(struct poll_loop *loop, const struct world_zone *zones, size_t n);
void world_free(struct world *world);
/* "127.x.x.x@PORT" */
const char *world_server(const struct world *world);
/* A root hints file, which lives as long as the world; NULL: the server could not have port
 * 53, which is what a hint means. */
const char *world_root_hints(struct world *world);
/* A file with the zone's keys that sign keys; lives as long as the world. */
const char *world_anchor_file(struct world *world, const char *zone);
/* RDATA of a zone's DNSKEY with these flags. */
struct dna_span world_key(struct world *world, const char *zone, unsigned flags);
/* What the server would say now, as octets that the caller frees. */
struct dna_span world_message(struct world *world, const char *name, unsigned type);
/* From now on; the last one for a name and type counts. */
void world_lie(struct world *world, const char *name, unsigned type, enum world_lie lie);
void world_honest(struct world *world);
/* Whether answers have the AD bit, as a validating resolver sets it. */
void world_says_ad(struct world *world, bool ad);
/* Whether it offers recursion (RA); until world_honest. */
void world_recurses(struct world *world, bool recurses);
/* How often it was asked for the name and type (0: any type) since the last world_honest. */
unsigned world_asked(const struct world *world, const char *name, unsigned type);
unsigned world_asked_by_tcp(const struct world *world);

#endif
