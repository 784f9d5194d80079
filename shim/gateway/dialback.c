/* gateway/dialback.c: the secrets of dialback keys, where several gateways answer for the same
 * domains.
 *
 * They are the public side's and nobody else's (S21): a link's secret, which its server knows,
 * would let that server make keys for every hosted domain.
 */
#include "dialback.h"

#include <string.h>

#include "secret.h"

static bool complain(const struct gateway_config *config, FILE *errors, const char *why,
                     const char *more)
{
    fprintf(errors, "%s:%d: dialback-secret-file: %s: %s%s\n", config->file, config->lines.dialback,
            config->dialback_secret_file, why, more);
    return false;
}

static bool is_of_link(const struct gateway_secrets *secrets,
                       const struct gateway_link_config *link)
{
    char secret[GATEWAY_SECRET_MAX + 1];
    bool same = false;
    if (link->kind == GATEWAY_LINK_EXTERNAL &&
        gateway_secret_read(link->secret_file, secret) == NULL) {
        for (size_t i = 0; i < secrets->n; i++) {
            same = same || strcmp(secrets->list[i], secret) == 0;
        }
    }
    explicit_bzero(secret, sizeof secret);
    return same;
}

bool dialback_read(const struct gateway_config *config, struct gateway_secrets *out,
                   FILE *errors)
{
    const char *why;
    *out = (struct gateway_secrets){.n = 0};
    if (config->dialback_secret_file == NULL) {
        return true;
    }
    why = gateway_secrets_read(config->dialback_secret_file, out);
    if (why != NULL) {
        /* Some reasons say it themselves. */
        return complain(config, errors, why,
                        strchr(why, ';') != NULL
                            ? ""
                            : "; give a file of this user's (mode 0600) with what \"openssl "
                              "rand -hex 32\" prints");
    }
    for (size_t i = 0; i < config->n_links; i++) {
        if (is_of_link(out, &config->links[i])) {
            return complain(config, errors, "this is the secret of a link, whose server knows "
                            "it, too; make another one for dialback: link ",
                            config->links[i].name);
        }
    }
    return true;
}

enum dna_err dialback_use(struct dna_session *session, const struct gateway_secrets *secrets)
{
    struct dna_span list[GATEWAY_SECRETS_MOST];
    for (size_t i = 0; i < secrets->n; i++) {
        list[i] = (struct dna_span){secrets->list[i], strlen(secrets->list[i])};
    }
    return dna_session_dialback_secrets(session, list, secrets->n);
}
