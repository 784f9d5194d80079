/* session/secrets.c: secrets are wiped when they go. */
#include <session/secrets.h>

#include <string.h>

#include <base/alloc.h>
#include <x509/digest.h>

static void drop(const struct dna_alloc *alloc, struct dna_span *secret)
{
    if (secret->ptr != NULL) {
        char *bytes = (char *)(uintptr_t)secret->ptr;
        explicit_bzero(bytes, secret->len);
        dna_alloc_release(alloc, bytes);
    }
    *secret = (struct dna_span){NULL, 0};
}

static void drop_all(const struct dna_alloc *alloc, struct dna_span *secrets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        drop(alloc, &secrets[i]);
    }
}

static enum dna_err keep(const struct dna_alloc *alloc, struct dna_span secret,
                         struct dna_span *out)
{
    if (secret.len < DNA_LIMIT_DIALBACK_SECRET) {
        return DNA_ERR_ARGUMENT;
    }
    out->ptr = dna_alloc_text(alloc, secret);
    out->len = out->ptr != NULL ? secret.len : 0;
    return out->ptr != NULL ? DNA_OK : DNA_ERR_MEMORY;
}

enum dna_err dna_secrets_init(struct dna_secrets *secrets, const struct dna_alloc *alloc,
                              struct dna_span own)
{
    *secrets = (struct dna_secrets){.alloc = alloc};
    return own.len != 0 ? keep(alloc, own, &secrets->own) : DNA_OK;
}

void dna_secrets_fini(struct dna_secrets *secrets)
{
    drop(secrets->alloc, &secrets->own);
    drop_all(secrets->alloc, secrets->shared, secrets->n_shared);
    secrets->n_shared = 0;
}

enum dna_err dna_secrets_share(struct dna_secrets *secrets, const struct dna_span *shared,
                               size_t n)
{
    struct dna_span copies[DNA_LIMIT_DIALBACK_SECRETS] = {{NULL, 0}};
    enum dna_err err = n <= DNA_LIMIT_DIALBACK_SECRETS ? DNA_OK : DNA_ERR_ARGUMENT;
    for (size_t i = 0; err == DNA_OK && i < n; i++) {
        err = keep(secrets->alloc, shared[i], &copies[i]);
    }
    if (err != DNA_OK) {
        drop_all(secrets->alloc, copies, DNA_LIMIT_DIALBACK_SECRETS);
        return err;
    }
    drop_all(secrets->alloc, secrets->shared, secrets->n_shared);
    memcpy(secrets->shared, copies, sizeof copies);
    secrets->n_shared = n;
    return DNA_OK;
}

struct dna_span dna_secrets_current(const struct dna_secrets *secrets)
{
    return secrets->n_shared != 0 ? secrets->shared[0] : secrets->own;
}

static bool made_by(struct dna_span secret, struct dna_span receiving,
                    struct dna_span initiating, struct dna_span id, struct dna_span key)
{
    char expected[DNA_DIALBACK_KEY_TEXT];
    return secret.len != 0 &&
           dna_dialback_key(secret, receiving, initiating, id, expected) == DNA_OK &&
           dna_same_bytes(dna_span_of(expected), key);
}

/* Its own never leaves the process: keys that it has made stay good when others are shared. */
bool dna_secrets_made(const struct dna_secrets *secrets, struct dna_span receiving_domain,
                      struct dna_span initiating_domain, struct dna_span stream_id,
                      struct dna_span key)
{
    bool made = made_by(secrets->own, receiving_domain, initiating_domain, stream_id, key);
    for (size_t i = 0; i < secrets->n_shared; i++) {
        made = made_by(secrets->shared[i], receiving_domain, initiating_domain, stream_id,
                       key) || made;
    }
    return made;
}
