/* gateway/map.h: a map file, a line for each hosted customer, or for each peer domain.
 *
 *     # a comment
 *     example.com conference. pubsub. upload.example.net link=main
 *     example.org link=main certificate=/etc/x/org.pem key=/etc/x/org.key
 *         dnssec-ta-url=https://example.org/zone.pem
 *
 * First the domain, then its words (of a customer the components, of a peer the level), then
 * what holds for all of it, as NAME=VALUE.  Blanks separate; a line that begins with a blank
 * goes on with the one before it.  The reader goes on behind a fault, so that one run shows them
 * all (or the first hundred).
 */
#ifndef DNA_GATEWAY_MAP_H
#define DNA_GATEWAY_MAP_H

#include <mod_dna/base.h>

#include "parse.h"

#define MAP_WORD_MAX 4096
#define MAP_COMPONENTS_MAX 64   /* of one customer */
#define MAP_VALUES_MAX 16
#define MAP_FILE_MAX (32 * 1024 * 1024)
#define MAP_FAULTS_MAX 100      /* of one file that are written out */

enum map_key {
    MAP_LINK,
    MAP_CERTIFICATE,
    MAP_KEY,
    MAP_DNSSEC_TA_URL,
    MAP_ATTRIBUTE_CERT_FILE,
    MAP_N_KEYS
};

/* What may stand before the "=". */
struct map_keys {
    const char *names[MAP_VALUES_MAX];
    size_t n;
    const char *words; /* what stands behind the domain, for a fault: "components come first" */
};
extern const struct map_keys map_customers; /* by enum map_key */

struct map_entry {
    int line;
    const char *domain;
    const char *components[MAP_COMPONENTS_MAX];
    size_t n_components;
    char *values[MAP_VALUES_MAX]; /* as the keys; NULL: not there */
};

/* text is taken apart in place, and is MAP_FILE_MAX long at most; entry calls come in the
 * order of the file, and what an entry points to lies in text.  False from entry: no memory,
 * nothing more is read. */
typedef bool map_entry_fn(void *arg, struct faults *faults, const struct map_entry *entry);
bool map_read(struct faults *faults, char *text, size_t len, const struct map_keys *keys,
              map_entry_fn *entry, void *arg);

#endif
