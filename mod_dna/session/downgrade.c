/* session/downgrade.c: one entry for each role and domain. */
#include <session/downgrade.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <mod_dna/dns.h>

#define NEWS_S 3600 /* an entry that is so much younger is another one for whoever keeps it */

struct entry {
    int64_t proven_at;
    char key[]; /* the role's letter, and the domain */
};

struct name {
    char text[DNA_NAME_MAX + 2];
};

static struct dna_span key_of(struct name *name, const char *domain, enum dna_role role)
{
    size_t len = strlen(domain);
    name->text[0] = role == DNA_INITIATING ? 'i' : 'r';
    if (len > DNA_NAME_MAX) {
        len = 0; /* of no domain */
    }
    memcpy(name->text + 1, domain, len);
    return (struct dna_span){name->text, len + 1};
}

enum dna_err dna_downgrade_init(struct dna_downgrade *downgrade, const struct dna_alloc *alloc,
                                uint64_t seed)
{
    *downgrade = (struct dna_downgrade){.alloc = alloc};
    return dna_map_new(alloc, seed, &downgrade->entries);
}

#define AT_ONCE 256

/* Those proven by then, of the domain or (NULL) of any: some at a time, since the map must not
 * change while it is visited. */
static void drop_if(struct dna_downgrade *downgrade, const char *domain, int64_t until)
{
    struct entry *found[AT_ONCE];
    size_t n;
    do {
        size_t cursor = 0;
        struct dna_span key;
        void *value;
        n = 0;
        while (n < AT_ONCE && dna_map_next(downgrade->entries, &cursor, &key, &value)) {
            struct entry *entry = value;
            if (entry->proven_at <= until &&
                (domain == NULL || strcmp(entry->key + 1, domain) == 0)) {
                found[n++] = entry;
            }
        }
        for (size_t i = 0; i < n; i++) {
            (void)dna_map_remove(downgrade->entries, dna_span_of(found[i]->key));
            dna_alloc_release(downgrade->alloc, found[i]);
        }
        downgrade->version += n != 0;
    } while (n == AT_ONCE);
}

void dna_downgrade_fini(struct dna_downgrade *downgrade)
{
    if (downgrade->entries != NULL) {
        drop_if(downgrade, NULL, INT64_MAX);
    }
    dna_map_free(downgrade->entries);
}

bool dna_downgrade_counts(const struct dna_ruling *ruling)
{
    if (ruling->verdict != DNA_PROVEN || ruling->pinned) {
        return false;
    }
    switch (ruling->prooftype) {
    case DNA_PROOF_DANE:
    case DNA_PROOF_DNSSEC_SRV:
        return false;
    case DNA_PROOF_DNSSEC_TA:
    case DNA_PROOF_PKIX:
    case DNA_PROOF_SRVNAME:
    case DNA_PROOF_POSH:
    case DNA_PROOF_XML_ASSERTION:
    case DNA_PROOF_STS:
    case DNA_PROOF_SERVICE_DELEGATION:
    case DNA_PROOF_HOST_META:
    case DNA_PROOF_ATTRIBUTE_CERT:
        return true;
    case DNA_N_PROOFTYPES:
        break;
    }
    return false;
}

/* When it is full, what has ended is looked for, an hour apart at the least. */
static bool has_room(struct dna_downgrade *downgrade, int64_t now)
{
    if (dna_map_count(downgrade->entries) < DNA_LIMIT_DOWNGRADE) {
        return true;
    }
    if (now - downgrade->swept >= NEWS_S || now < downgrade->swept) {
        downgrade->swept = now;
        drop_if(downgrade, NULL, now - DNA_LIMIT_DOWNGRADE_S);
    }
    return dna_map_count(downgrade->entries) < DNA_LIMIT_DOWNGRADE;
}

static enum dna_err add(struct dna_downgrade *downgrade, struct dna_span key,
                        int64_t proven_at)
{
    struct entry *entry = dna_alloc_zero(downgrade->alloc, 1, sizeof *entry + key.len + 1);
    enum dna_err err;
    if (entry == NULL) {
        return DNA_ERR_MEMORY;
    }
    entry->proven_at = proven_at;
    memcpy(entry->key, key.ptr, key.len);
    err = dna_map_set(downgrade->entries, key, entry);
    if (err != DNA_OK) {
        dna_alloc_release(downgrade->alloc, entry);
        return err;
    }
    downgrade->version++;
    return DNA_OK;
}

enum dna_err dna_downgrade_learn(struct dna_downgrade *downgrade, const char *domain,
                                 enum dna_role role, int64_t proven_at, int64_t now)
{
    struct name name;
    struct dna_span key = key_of(&name, domain, role);
    struct entry *entry = dna_map_get(downgrade->entries, key);
    if (proven_at > now) {
        proven_at = now;
    }
    if (proven_at <= now - DNA_LIMIT_DOWNGRADE_S) {
        return DNA_OK;
    }
    if (entry == NULL) {
        return has_room(downgrade, now) ? add(downgrade, key, proven_at) : DNA_ERR_LIMIT;
    }
    if (proven_at - entry->proven_at >= NEWS_S || entry->proven_at > now) {
        entry->proven_at = proven_at;
        downgrade->version++;
    }
    return DNA_OK;
}

bool dna_downgrade_forbids(const struct dna_downgrade *downgrade, const char *domain,
                           enum dna_role role, int64_t now)
{
    struct name name;
    const struct entry *entry =
        dna_map_get(downgrade->entries, key_of(&name, domain, role));
    return entry != NULL && now < entry->proven_at + DNA_LIMIT_DOWNGRADE_S;
}

void dna_downgrade_take_back(struct dna_downgrade *downgrade, const char *domain,
                             int64_t until)
{
    drop_if(downgrade, domain, until);
}

bool dna_downgrade_next(const struct dna_downgrade *downgrade, size_t *cursor,
                        const char **domain, enum dna_role *role, int64_t *proven_at)
{
    struct dna_span key;
    const struct entry *entry;
    void *value;
    if (!dna_map_next(downgrade->entries, cursor, &key, &value)) {
        return false;
    }
    entry = value;
    *domain = entry->key + 1;
    *role = entry->key[0] == 'i' ? DNA_INITIATING : DNA_RECEIVING;
    *proven_at = entry->proven_at;
    return true;
}
