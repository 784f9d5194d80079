/* gateway/folder.c: names of files, and which of them belong together.
 *
 *     fullchain.pem, privkey.pem     certbot, dehydrated
 *     fullchain.cer, NAME.key        acme.sh
 *     NAME.crt, NAME.key             lego
 *     NAME.pem [, NAME.key]          chain and key, in one file or in two
 *
 * What has no key beside it, or in it, is no pair: clients leave much else lying about.
 */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

#define PEM_MAX (256 * 1024)

static char *join(const char *folder, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", folder, name) >= 0 ? path : NULL;
}

/* Takes both over. */
static bool add_pair(struct folder *out, char *chain, char *key)
{
    if (chain != NULL && key != NULL && out->n == out->room) {
        size_t room = out->room != 0 ? 2 * out->room : 64;
        struct folder_pair *pairs = realloc(out->pairs, room * sizeof *pairs);
        if (pairs != NULL) {
            out->pairs = pairs;
            out->room = room;
        }
    }
    if (chain == NULL || key == NULL || out->n == out->room) {
        free(chain);
        free(key);
        errno = ENOMEM;
        return false;
    }
    out->pairs[out->n++] = (struct folder_pair){chain, key};
    return true;
}

static const char *ending_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name ? dot : "";
}

static const char *find(const char *const *names, size_t n, const char *name, size_t len,
                        const char *ending)
{
    for (size_t i = 0; i < n; i++) {
        if (strncmp(names[i], name, len) == 0 && strcmp(names[i] + len, ending) == 0) {
            return names[i];
        }
    }
    return NULL;
}

static bool holds_key(const char *path)
{
    size_t len;
    char *text = file_read(path, PEM_MAX, &len);
    bool holds = text != NULL && strstr(text, "PRIVATE KEY-----") != NULL;
    if (text != NULL) {
        explicit_bzero(text, len);
    }
    free(text);
    return holds;
}

/* NAME.crt or NAME.pem. */
static bool add_named(struct folder *out, const char *folder, const char *const *names,
                      size_t n, const char *name)
{
    const char *ending = ending_of(name);
    const char *key = find(names, n, name, (size_t)(ending - name), ".key");
    char *path = join(folder, name);
    if (path == NULL) {
        return false;
    }
    if (key != NULL) {
        return add_pair(out, path, join(folder, key));
    }
    if (strcmp(ending, ".pem") == 0 && holds_key(path)) {
        return add_pair(out, path, strdup(path));
    }
    free(path);
    return true;
}

static bool is_one_of_a_set(const char *name)
{
    return strcmp(name, "fullchain.pem") == 0 || strcmp(name, "privkey.pem") == 0;
}

/* The only key of the folder; NULL: there is none, or a choice. */
static const char *only_key(const char *const *names, size_t n)
{
    const char *key = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ending_of(names[i]), ".key") == 0) {
            if (key != NULL) {
                return NULL;
            }
            key = names[i];
        }
    }
    return key;
}

static bool add_files(struct folder *out, const char *folder, const char *const *names,
                      size_t n)
{
    const char *key = only_key(names, n);
    bool fine = true;
    if (find(names, n, "fullchain.pem", 13, "") != NULL &&
        find(names, n, "privkey.pem", 11, "") != NULL) {
        fine = add_pair(out, join(folder, "fullchain.pem"), join(folder, "privkey.pem"));
    } else if (key != NULL && find(names, n, "fullchain.cer", 13, "") != NULL) {
        fine = add_pair(out, join(folder, "fullchain.cer"), join(folder, key));
    }
    for (size_t i = 0; fine && i < n && out->n < FOLDER_PAIRS_MAX; i++) {
        const char *ending = ending_of(names[i]);
        if ((strcmp(ending, ".crt") == 0 || strcmp(ending, ".pem") == 0) &&
            !is_one_of_a_set(names[i])) {
            fine = add_named(out, folder, names, n, names[i]);
        }
    }
    return fine;
}

static bool add_folder(struct folder *out, const char *name)
{
    char **folders = realloc(out->folders, (out->n_folders + 1) * sizeof *folders);
    if (folders == NULL) {
        return false;
    }
    out->folders = folders;
    folders[out->n_folders] = strdup(name);
    return folders[out->n_folders++] != NULL;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool list(const char *name, unsigned depth, struct folder *out);

static bool list_inner(const char *folder, struct dirent **entries, int n, struct folder *out)
{
    bool fine = true;
    for (int i = 0; fine && i < n; i++) {
        struct stat status;
        char *path;
        if (entries[i]->d_type == DT_REG) {
            continue;
        }
        path = join(folder, entries[i]->d_name);
        fine = path != NULL;
        if (fine && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            fine = list(path, 1, out) || errno != ENOMEM;
        }
        free(path);
    }
    return fine;
}

static bool list(const char *name, unsigned depth, struct folder *out)
{
    struct dirent **entries = NULL;
    const char **names;
    int n = scandir(name, &entries, is_visible, alphasort);
    bool fine;
    if (n < 0) {
        return false;
    }
    names = calloc((size_t)n + 1, sizeof *names);
    fine = names != NULL && add_folder(out, name);
    for (int i = 0; fine && i < n; i++) {
        names[i] = entries[i]->d_name;
    }
    fine = fine && add_files(out, name, names, (size_t)n);
    if (fine && depth == 0) {
        fine = list_inner(name, entries, n, out);
    }
    free((void *)names);
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free((void *)entries);
    if (!fine) {
        errno = ENOMEM;
    }
    return fine;
}

bool folder_list(const char *name, struct folder *out)
{
    *out = (struct folder){.pairs = NULL};
    return list(name, 0, out);
}

void folder_fini(struct folder *folder)
{
    for (size_t i = 0; i < folder->n; i++) {
        free(folder->pairs[i].chain);
        free(folder->pairs[i].key);
    }
    for (size_t i = 0; i < folder->n_folders; i++) {
        free(folder->folders[i]);
    }
    free(folder->pairs);
    free((void *)folder->folders);
    *folder = (struct folder){.pairs = NULL};
}
