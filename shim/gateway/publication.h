/* gateway/publication.h: the folder that a web server serves, so that rotation needs nobody.
 *
 * FOLDER/current is a link to a folder with everything in it, which never changes once it is
 * there: whenever a document does, a new one is made beside it, and the link is replaced.
 */
#ifndef DNA_GATEWAY_PUBLICATION_H
#define DNA_GATEWAY_PUBLICATION_H

#include <mod_dna/base.h>

#include "config.h"

struct faults;
struct section;

/* Reads the section, which may be NULL. */
void publication_take(struct faults *faults, const struct section *section,
                      struct gateway_publication_config *out);
void publication_free(struct gateway_publication_config *config);

/* Writes what is not there already, and logs what came of it; nothing to do without a folder.
 * now: wall seconds. */
void publication_write(const struct gateway_config *config, const struct dna_log *log,
                       int64_t now);

/* --- publication_set.c --- */

struct publication_file {
    char *path; /* below the folder */
    char *bytes;
    size_t len;
    char *what, *place; /* for the index: what it is, and where it must be found */
};
struct publication_set {
    struct publication_file *files;
    size_t n, room;
    bool lost; /* no memory */
};

/* All documents, and the index over them.  Documents that cannot be made are logged and left
 * out.  False: there is nothing that could be published; logged. */
bool publication_make(const struct gateway_config *config, const struct dna_log *log,
                      int64_t now, struct publication_set *out);
void publication_set_fini(struct publication_set *set);

/* --- publication_folder.c --- */

/* Makes FOLDER/current lead to exactly these files.  *changed: it did not before.  NULL: done;
 * else the file or folder that could not be written, in out, and errno why. */
const char *publication_store(const char *folder, const struct publication_set *set,
                              bool *changed, char *out, size_t size);

#endif
