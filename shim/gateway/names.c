/* gateway/names.c: see the header.
 *
 * Terms are compared as one line of text: what listens goes on as long as they stay.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

/* Where it listens, leads to and forwards to; NULL: none is wanted, or no memory. */
static char *terms_of(const struct gateway_link_config *link)
{
    char *text = NULL;
    size_t size;
    FILE *out;
    if (link == NULL || link->names_listen.port == 0 ||
        (out = open_memstream(&text, &size)) == NULL) {
        return NULL;
    }
    fprintf(out, "%s@%u %s@%u", link->names_listen.ip, (unsigned)link->names_listen.port,
            link->listen.ip, (unsigned)link->listen.port);
    for (size_t i = 0; i < link->names_forward.n; i++) {
        fprintf(out, " %s", link->names_forward.list[i]);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* Takes terms. */
static bool make(struct gateway *gateway, struct gateway_listener *listener,
                 const struct gateway_link_config *link, char *terms)
{
    const struct dna_uv_names_options options = {
        .size = sizeof options,
        .address = link->names_listen.ip,
        .port = link->names_listen.port,
        .target = NAMES_TARGET,
        .target_address = link->listen.ip,
        .target_port = link->listen.port,
        .forward = (const char *const *)link->names_forward.list,
        .n_forward = link->names_forward.n,
    };
    const char *why = "out of memory";
    enum dna_err err = terms == NULL
                           ? DNA_ERR_MEMORY
                           : dna_uv_names(gateway->uv, &options, &listener->names, &why);
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)link->names_listen.port);
    if (err != DNA_OK) {
        gateway->deaf = true;
        free(terms);
        gateway_log(&gateway->log, DNA_LOG_ERROR, "cannot-listen", "address",
                    link->names_listen.ip, "port", port, "error", dna_err_name(err), "why",
                    why, "link", link->name, NULL);
        return false;
    }
    listener->names_terms = terms;
    gateway_log(&gateway->log, DNA_LOG_INFO, "listening", "address", link->names_listen.ip,
                "port", port, "link", link->name, "dns", NAMES_TARGET, NULL);
    return true;
}

bool names_prepare(struct gateway *gateway, struct gateway_listener *listener)
{
    const struct gateway_link_config *link = listener->coming;
    if (!gateway->listens || listener->names != NULL || link == NULL ||
        link->names_listen.port == 0) {
        return true;
    }
    listener->names_fresh = make(gateway, listener, link, terms_of(link));
    return listener->names_fresh;
}

void names_discard(struct gateway_listener *listener)
{
    if (listener->names_fresh) {
        names_close(listener);
    }
}

void names_commit(struct gateway *gateway, struct gateway_listener *listener)
{
    char *terms = terms_of(listener->coming);
    listener->names_fresh = false;
    if (terms != NULL && listener->names_terms != NULL &&
        strcmp(terms, listener->names_terms) == 0) {
        free(terms);
        return;
    }
    names_close(listener);
    if (terms != NULL && gateway->listens) {
        (void)make(gateway, listener, listener->coming, terms); /* logged */
    } else {
        free(terms);
    }
}

void names_close(struct gateway_listener *listener)
{
    dna_uv_names_free(listener->names);
    listener->names = NULL;
    free(listener->names_terms);
    listener->names_terms = NULL;
    listener->names_fresh = false;
}
