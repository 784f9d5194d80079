/* gateway/publication.c: the options of the section, and when it is written. */
#include "publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <documents/documents.h>

#include "log.h"
#include "options.h"
#include "parse.h"

/* --- reading ---------------------------------------------------------------------------- */

static const char *text_of(const struct section *s, const char *name)
{
    const struct setting *setting = parse_setting(s, name);
    return setting != NULL && setting->n > 0 ? setting->values[0]
                                             : gateway_option("publication", name)->otherwise;
}

static int line_of(const struct section *s, const char *name)
{
    const struct setting *setting = parse_setting(s, name);
    return setting != NULL ? setting->line : s != NULL ? s->line : 1;
}

static char *copy_of(struct faults *faults, const char *text)
{
    char *copy = text[0] != '\0' ? strdup(text) : NULL;
    if (copy == NULL && text[0] != '\0') {
        faults_add(faults, 0, "out of memory");
    }
    return copy;
}

/* Servers; links: each with its addresses behind "=". */
static void take_targets(struct faults *faults, const struct section *s, const char *name,
                         bool direct_tls, bool links, struct gateway_names *out)
{
    const struct setting *setting = parse_setting(s, name);
    size_t n = setting != NULL ? setting->n : 0;
    out->list = n != 0 ? calloc(n, sizeof *out->list) : NULL;
    for (size_t i = 0; i < n && out->list != NULL; i++) {
        struct document_target target;
        const char *why = document_target_read(setting->values[i], direct_tls, &target);
        if (why == NULL && links != (target.rest != NULL)) {
            why = links ? "write HOST[@PORT]=IP[,IP...]" : "write HOST or HOST@PORT";
        }
        if (why != NULL) {
            faults_add(faults, setting->line, "%s: \"%s\": %s", name, setting->values[i], why);
        }
        out->list[out->n] = copy_of(faults, setting->values[i]);
        out->n += out->list[out->n] != NULL;
    }
}

void publication_take(struct faults *faults, const struct section *s,
                      struct gateway_publication_config *out)
{
    out->line = s != NULL ? s->line : 1;
    out->folder = copy_of(faults, text_of(s, "folder"));
    out->url = copy_of(faults, text_of(s, "url"));
    out->next_certificate = copy_of(faults, text_of(s, "next-certificate"));
    out->ta_folder = copy_of(faults, text_of(s, "dnssec-ta-folder"));
    out->sts_mode = copy_of(faults, text_of(s, "sts-mode"));
    out->seconds = atol(text_of(s, "seconds"));
    out->sts_max_age = atol(text_of(s, "sts-max-age"));
    take_targets(faults, s, "targets", false, false, &out->targets);
    take_targets(faults, s, "direct-targets", true, false, &out->direct_targets);
    take_targets(faults, s, "host-meta-links", true, true, &out->links);
    if (out->sts_mode != NULL && (strcmp(out->sts_mode, "testing") == 0 ||
                                  strcmp(out->sts_mode, "enforce") == 0) &&
        out->targets.n + out->direct_targets.n == 0) {
        faults_add(faults, line_of(s, "sts-mode"), "sts-mode: no host could serve under this "
                   "policy; name the servers in targets or direct-targets");
    }
    if (out->folder == NULL &&
        (out->url != NULL || out->next_certificate != NULL || out->ta_folder != NULL ||
         out->targets.n + out->direct_targets.n + out->links.n > 0)) {
        faults_add(faults, out->line, "publication: \"folder\" is missing; name one that this "
                   "user may write to, or remove the section");
    }
}

static void free_names(struct gateway_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

void publication_free(struct gateway_publication_config *config)
{
    free(config->folder);
    free(config->url);
    free(config->next_certificate);
    free(config->ta_folder);
    free(config->sts_mode);
    free_names(&config->targets);
    free_names(&config->direct_targets);
    free_names(&config->links);
}

/* --- writing ---------------------------------------------------------------------------- */

void publication_write(const struct gateway_config *config, const struct dna_log *log,
                       int64_t now)
{
    struct publication_set set = {.files = NULL};
    char where[4096], files[24];
    const char *failed = NULL;
    bool changed = false;
    if (config->publication.folder == NULL) {
        return;
    }
    if (publication_make(config, log, now, &set)) {
        failed = publication_store(config->publication.folder, &set, &changed, where,
                                   sizeof where);
        if (failed != NULL) {
            gateway_log(log, DNA_LOG_ERROR, "not-published", "file", failed, "why",
                        strerror(errno), "remedy",
                        "let this user write there, make room, then send SIGHUP; what was "
                        "published before stays", NULL);
        } else if (changed) {
            (void)snprintf(files, sizeof files, "%zu", set.n);
            gateway_log(log, DNA_LOG_INFO, "published", "folder", config->publication.folder,
                        "files", files, NULL);
        }
    }
    publication_set_fini(&set);
}
