/* gateway/folder.h: the pairs of certificate and key in a folder, as ACME clients leave them.
 */
#ifndef DNA_GATEWAY_FOLDER_H
#define DNA_GATEWAY_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#define FOLDER_PAIRS_MAX 100000

struct folder_pair {
    char *chain, *key; /* file names; the same one: both are in it */
};

struct folder {
    struct folder_pair *pairs;
    size_t n, room;
    char **folders; /* it and those in it, to be watched */
    size_t n_folders;
};

/* Looks into name and the folders in it, no deeper.  False: errno says why; a folder in it
 * that cannot be read is left out.  folder_fini in any case. */
bool folder_list(const char *name, struct folder *out);
void folder_fini(struct folder *folder);

#endif
