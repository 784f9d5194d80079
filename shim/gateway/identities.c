/* gateway/identities.c: pairs of files become certificates, and names lead to them.
 *
 * A pair is known by the names of its files.  It is read again when one of them has changed;
 * until it can be read, what it gave last goes on.
 */
#include "identities.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mod_dna/dns.h>

#include "file.h"
#include "folder.h"
#include "log.h"
#include "table.h"

#define PEM_MAX (256 * 1024)

/* Shared by the sets that hold it. */
struct pair {
    unsigned refs;
    char *chain_file, *key_file;
    struct file_stamp chain, key; /* when they were read last */
    struct dna_uv_identity *identity; /* NULL: they could not be used */
    struct pair *before; /* then: the last that could, or NULL */
    char why[200]; /* what was wrong when they were read last; "": nothing */
};

struct held {
    struct table_node node; /* by both names */
    struct pair *pair;
};

/* A name of a certificate of the folder; several may have it. */
struct named {
    struct dna_name name; /* for a wildcard: what stands behind "*." */
    bool wildcard;
    int64_t from, until;
    struct dna_uv_identity *identity;
};

struct identities {
    struct dna_uv *uv;
    struct table held;
    struct dna_uv_identity *standard;
    struct dna_uv_identity **own; /* of the configuration's hosts, in their order, or NULL */
    struct named *named; /* sorted */
    size_t n_named, named_room, n_folder;
};

/* --- pairs --------------------------------------------------------------------------- */

static void release(struct pair *pair)
{
    if (pair != NULL && --pair->refs == 0) {
        dna_uv_identity_free(pair->identity);
        release(pair->before);
        free(pair->chain_file);
        free(pair->key_file);
        free(pair);
    }
}

static struct pair *new_pair(const char *chain_file, const char *key_file)
{
    struct pair *pair = calloc(1, sizeof *pair);
    if (pair == NULL) {
        return NULL;
    }
    pair->refs = 1;
    pair->chain_file = strdup(chain_file);
    pair->key_file = strdup(key_file);
    if (pair->chain_file == NULL || pair->key_file == NULL) {
        release(pair);
        return NULL;
    }
    return pair;
}

static struct pair *find_pair(const struct identities *set, const char *chain_file,
                              const char *key_file)
{
    uint64_t hash = table_hash(&set->held, chain_file, key_file);
    for (struct table_node *n = table_slot(&set->held, hash); n != NULL; n = n->next) {
        struct held *held = (struct held *)(void *)((char *)n - offsetof(struct held, node));
        if (n->hash == hash && strcmp(held->pair->chain_file, chain_file) == 0 &&
            strcmp(held->pair->key_file, key_file) == 0) {
            return held->pair;
        }
    }
    return NULL;
}

/* Takes the reference over. */
static bool hold(struct identities *set, struct pair *pair)
{
    struct held *held = calloc(1, sizeof *held);
    if (held == NULL) {
        release(pair);
        return false;
    }
    held->pair = pair;
    table_add(&set->held, &held->node,
              table_hash(&set->held, pair->chain_file, pair->key_file));
    return true;
}

/* What fails for lack of memory is no fault of the files, which need not change for it. */
static void read_again(struct pair *pair)
{
    pair->chain = (struct file_stamp){0};
}

static void make_identity(struct dna_uv *uv, struct pair *pair, struct dna_span chain,
                          struct dna_span key)
{
    struct dna_uv_identity *made;
    const char *why = "";
    enum dna_err err = dna_uv_identity_new(uv, chain, key, &made, &why);
    if (err == DNA_OK) {
        dna_uv_identity_free(pair->identity);
        pair->identity = made;
        pair->why[0] = '\0';
    } else {
        (void)snprintf(pair->why, sizeof pair->why, "%s",
                       err == DNA_ERR_FORMAT ? why : dna_err_name(err));
    }
    if (err == DNA_ERR_MEMORY) {
        read_again(pair);
    }
}

/* After file_read. */
static void no_file(struct pair *pair, const char *what)
{
    bool lost = errno == ENOMEM;
    (void)snprintf(pair->why, sizeof pair->why, "%s%s; make it readable for this user", what,
                   file_trouble_text());
    if (lost) {
        read_again(pair);
    }
}

/* A pair with its stamps of before it was read: what is written meanwhile is read again. */
static void read_pair(struct dna_uv *uv, struct pair *pair)
{
    struct dna_span chain, key;
    char *chain_pem, *key_pem;
    pair->chain = file_stamp_of(pair->chain_file);
    pair->key = file_stamp_of(pair->key_file);
    chain_pem = file_read(pair->chain_file, PEM_MAX, &chain.len);
    if (chain_pem == NULL) {
        no_file(pair, "");
        return;
    }
    key_pem = file_read(pair->key_file, PEM_MAX, &key.len);
    if (key_pem == NULL) {
        no_file(pair, "its key: ");
    } else {
        chain.ptr = chain_pem;
        key.ptr = key_pem;
        make_identity(uv, pair, chain, key);
        explicit_bzero(key_pem, key.len);
        free(key_pem);
    }
    explicit_bzero(chain_pem, chain.len); /* it may hold the key, too */
    free(chain_pem);
}

static bool is_current(const struct pair *pair)
{
    struct file_stamp chain = file_stamp_of(pair->chain_file);
    struct file_stamp key = file_stamp_of(pair->key_file);
    return file_stamp_same(&pair->chain, &chain) && file_stamp_same(&pair->key, &key);
}

/* The pair in the new set.  *fresh: it was read just now.  NULL: no memory. */
static struct pair *take_pair(struct identities *set, const struct identities *before,
                              const char *chain_file, const char *key_file, bool *fresh)
{
    struct pair *pair = find_pair(set, chain_file, key_file), *old = NULL;
    *fresh = false;
    if (pair != NULL) {
        return pair;
    }
    if (before != NULL) {
        old = find_pair(before, chain_file, key_file);
    }
    if (old != NULL && is_current(old)) {
        old->refs++;
        return hold(set, old) ? old : NULL;
    }
    pair = new_pair(chain_file, key_file);
    if (pair == NULL || !hold(set, pair)) {
        return NULL;
    }
    read_pair(set->uv, pair);
    *fresh = true;
    return pair;
}

/* --- what the configuration names ------------------------------------------------------ */

static struct dna_uv_identity *named_pair(struct identities *set,
                                          const struct identities *before,
                                          const char *chain_file, const char *key_file,
                                          const char *file, int line, FILE *errors,
                                          unsigned *faults)
{
    bool fresh;
    struct pair *pair = take_pair(set, before, chain_file, key_file, &fresh);
    if (pair != NULL && pair->why[0] == '\0') {
        return pair->identity;
    }
    fprintf(errors, "%s:%d: certificate \"%s\" and key \"%s\" cannot be used: %s\n", file,
            line, chain_file, key_file, pair != NULL ? pair->why : "out of memory");
    ++*faults;
    return NULL;
}

static bool read_named(struct identities *set, const struct gateway_config *config,
                       const struct identities *before, FILE *errors, unsigned *faults)
{
    set->standard = named_pair(set, before, config->certificate, config->key, config->file,
                               config->lines.certificate, errors, faults);
    set->own = calloc(config->n_hosts + 1, sizeof(struct dna_uv_identity *));
    for (size_t i = 0; set->own != NULL && i < config->n_hosts; i++) {
        const struct gateway_host_config *host = &config->hosts[i];
        if (host->certificate != NULL) {
            set->own[i] = named_pair(set, before, host->certificate, host->key, host->file,
                                     host->line, errors, faults);
        }
    }
    return set->own != NULL;
}

/* --- the folder ------------------------------------------------------------------------ */

static bool add_name(struct identities *set, struct dna_span text, struct named *name)
{
    name->wildcard = text.len > 2 && text.ptr[0] == '*' && text.ptr[1] == '.';
    if (name->wildcard) {
        text.ptr += 2;
        text.len -= 2;
    }
    if (dna_name_parse(text, &name->name) != DNA_OK ||
        (name->wildcard && dna_name_labels(&name->name) < 2)) {
        return true; /* no domain that is served here */
    }
    if (set->n_named == set->named_room) {
        size_t room = set->named_room != 0 ? 2 * set->named_room : 64;
        struct named *more = realloc(set->named, room * sizeof *more);
        if (more == NULL) {
            return false;
        }
        set->named = more;
        set->named_room = room;
    }
    set->named[set->n_named++] = *name;
    return true;
}

static bool add_names(struct identities *set, struct dna_uv_identity *identity)
{
    const struct dna_chain *chain = dna_uv_identity_chain(identity);
    struct named name = {.identity = identity};
    struct dna_span text;
    bool fine = true;
    dna_chain_leaf_validity(chain, &name.from, &name.until);
    for (size_t i = 0; fine && dna_chain_leaf_name(chain, DNA_NAME_DNS, i, &text) == DNA_OK;
         i++) {
        fine = add_name(set, text, &name);
    }
    set->n_folder++;
    return fine;
}

/* What the files gave last goes on while they give nothing. */
static void look_back(struct pair *pair, const struct identities *before)
{
    struct pair *old = before != NULL
                           ? find_pair(before, pair->chain_file, pair->key_file)
                           : NULL;
    if (old != NULL && old->identity == NULL) {
        old = old->before;
    }
    if (pair->identity == NULL && old != NULL) {
        old->refs++;
        pair->before = old;
    }
}

static struct dna_uv_identity *standing(const struct pair *pair)
{
    return pair->identity != NULL || pair->before == NULL ? pair->identity
                                                          : pair->before->identity;
}

static void log_pair(const struct dna_log *log, const struct pair *pair)
{
    if (pair->why[0] != '\0') {
        gateway_log(log, DNA_LOG_WARNING, "certificate", "file", pair->chain_file, "key",
                    pair->key_file, "why", pair->why, "instead",
                    pair->before != NULL ? "the one before goes on" : "nothing", NULL);
    }
}

static int compare(const void *a, const void *b)
{
    const struct named *one = a, *other = b;
    int order = strcmp(one->name.text, other->name.text);
    return order != 0 ? order : one->wildcard - other->wildcard;
}

static bool read_folder(struct identities *set, const struct gateway_config *config,
                        const struct identities *before, const struct dna_log *log,
                        FILE *errors, unsigned *faults)
{
    struct folder folder;
    bool fine = folder_list(config->certificate_folder, &folder);
    if (!fine && errno != ENOMEM) {
        fprintf(errors, "%s:%d: certificate-folder: %s: %s; name a folder that this user can "
                "read\n", config->file, config->lines.folder, config->certificate_folder,
                strerror(errno));
        ++*faults;
        fine = true;
    }
    for (size_t i = 0; fine && i < folder.n; i++) {
        bool fresh;
        struct pair *pair =
            take_pair(set, before, folder.pairs[i].chain, folder.pairs[i].key, &fresh);
        fine = pair != NULL;
        if (fine && fresh) {
            look_back(pair, before);
            log_pair(log, pair);
        }
        if (fine && standing(pair) != NULL) {
            fine = add_names(set, standing(pair));
        }
    }
    folder_fini(&folder);
    if (set->n_named > 0) {
        qsort(set->named, set->n_named, sizeof *set->named, compare);
    }
    return fine;
}

/* --- sets ------------------------------------------------------------------------------ */

struct identities *identities_read(struct dna_uv *uv, const struct gateway_config *config,
                                   const struct identities *before, const struct dna_log *log,
                                   FILE *errors, unsigned *faults)
{
    static const uint64_t key[2] = {0, 0}; /* nobody but the operator chooses the names */
    struct identities *set = calloc(1, sizeof *set);
    bool fine;
    if (set == NULL) {
        return NULL;
    }
    set->uv = uv;
    fine = table_init(&set->held, key) &&
           read_named(set, config, before, errors, faults) &&
           (config->certificate_folder == NULL ||
            read_folder(set, config, before, log, errors, faults));
    if (!fine) {
        identities_free(set);
        return NULL;
    }
    return set;
}

void identities_free(struct identities *set)
{
    struct table_node *node;
    if (set == NULL) {
        return;
    }
    while (set->held.slots != NULL && (node = table_take(&set->held)) != NULL) {
        struct held *held = (struct held *)(void *)((char *)node - offsetof(struct held, node));
        release(held->pair);
        free(held);
    }
    table_fini(&set->held);
    free((void *)set->own);
    free(set->named);
    free(set);
}

/* The best of those with that name. */
static const struct named *best_of(const struct identities *set, const char *name,
                                   bool wildcard, int64_t now, const struct named *best)
{
    size_t low = 0, high = set->n_named;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct named *at = &set->named[middle];
        int order = strcmp(at->name.text, name);
        if (order < 0 || (order == 0 && at->wildcard < wildcard)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < set->n_named; low++) {
        const struct named *at = &set->named[low];
        if (strcmp(at->name.text, name) != 0 || at->wildcard != wildcard) {
            break;
        }
        if (at->from <= now && now <= at->until && (best == NULL || at->until > best->until)) {
            best = at;
        }
    }
    return best;
}

struct dna_uv_identity *identities_for(const struct identities *set,
                                       const struct gateway_config *config,
                                       const char *domain, int64_t now)
{
    const struct gateway_host_config *host =
        domain != NULL ? gateway_config_host(config, domain) : NULL;
    const struct named *best = NULL;
    const char *parent;
    if (host != NULL && set->own[host - config->hosts] != NULL) {
        return set->own[host - config->hosts];
    }
    if (domain != NULL && set->n_named > 0) {
        best = best_of(set, domain, false, now, NULL);
        parent = dna_name_parent(domain);
        if (parent != NULL) {
            best = best_of(set, parent, true, now, best);
        }
    }
    return best != NULL ? best->identity : set->standard;
}

size_t identities_in_folder(const struct identities *set)
{
    return set->n_folder;
}
