/* gateway/watch.c: what is read again, and when.
 *
 * The kernel tells of changes in the folders of the configuration's files; every few seconds
 * all of them are looked at besides, for it does not tell of everything (a network's file
 * system, a link's target, more folders than it watches).  Nothing is read again unless
 * something looks different from when it was read last.
 */
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "gateway.h"
#include "log.h"
#include "signer.h"

#define SETTLE_MS 100   /* after the first sign of a change */
#define LOOK_MS 5000
#define FOLDERS_MAX 4096

struct watched {
    char *name;
    struct file_stamp stamp;
};

struct watched_folder {
    uv_fs_event_t event; /* first */
    struct watched_folder *next;
    bool kept; /* it is still to be watched */
    char name[];
};

struct watch {
    struct gateway *gateway;
    uv_timer_t settle, look;
    unsigned timers; /* not closed yet */
    struct watched *files; /* sorted by name, each once */
    size_t n, room;
    uint64_t contents; /* of the certificate folder */
    struct watched_folder *folders;
    size_t n_folders;
};

/* --- which files ------------------------------------------------------------------------ */

struct list {
    struct watched *files;
    size_t n, room;
    bool lost; /* no memory */
};

static void add(struct list *list, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        return;
    }
    if (list->n == list->room) {
        size_t room = list->room != 0 ? 2 * list->room : 64;
        struct watched *files = realloc(list->files, room * sizeof *files);
        if (files == NULL) {
            list->lost = true;
            return;
        }
        list->files = files;
        list->room = room;
    }
    list->files[list->n].name = strdup(name);
    list->lost = list->lost || list->files[list->n].name == NULL;
    list->n += list->files[list->n].name != NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct watched *)a)->name, ((const struct watched *)b)->name);
}

static void remove_twins(struct list *list)
{
    size_t kept = 0;
    qsort(list->files, list->n, sizeof *list->files, compare);
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && strcmp(list->files[kept - 1].name, list->files[i].name) == 0) {
            free(list->files[i].name);
        } else {
            list->files[kept++] = list->files[i];
        }
    }
    list->n = kept;
}

/* Also those that are not there yet. */
static void add_anchors(struct list *list, const struct gateway_config *c)
{
    const char *folder = c->publication.folder != NULL ? c->publication.ta_folder : NULL;
    for (size_t i = 0; folder != NULL && i < c->n_hosts; i++) {
        char *name;
        if (asprintf(&name, "%s/%s.pem", folder, c->hosts[i].domain.text) < 0) {
            list->lost = true;
            return;
        }
        add(list, name);
        free(name);
    }
}

/* Their certificates are written anew with each change of the hosted domains, by ourselves. */
static void add_authorities(struct list *list, const struct gateway_config *c)
{
    static const char *const names[] = {SIGNER_KEY, SIGNER_ERRORS_KEY};
    for (size_t i = 0; c->bridge_folder != NULL && i < 2; i++) {
        char *name;
        if (asprintf(&name, "%s/%s", c->bridge_folder, names[i]) < 0) {
            list->lost = true;
            return;
        }
        add(list, name);
        free(name);
    }
}

static struct list files_of(const struct gateway_config *c)
{
    struct list list = {.files = NULL};
    add(&list, c->file);
    add(&list, c->certificate);
    add(&list, c->key);
    add(&list, c->ca_file);
    add(&list, c->evidence_key);
    add(&list, c->dialback_secret_file);
    add(&list, c->publication.next_certificate);
    add_anchors(&list, c);
    add_authorities(&list, c);
    for (size_t i = 0; i < c->map_files.n; i++) {
        add(&list, c->map_files.list[i]);
    }
    for (size_t i = 0; i < c->policy_maps.n; i++) {
        add(&list, c->policy_maps.list[i]);
    }
    for (size_t i = 0; i < c->n_links; i++) {
        add(&list, c->links[i].secret_file);
        add(&list, c->links[i].server_ca);
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        add(&list, c->hosts[i].certificate);
        add(&list, c->hosts[i].key);
        add(&list, c->hosts[i].attribute_cert_file);
    }
    if (list.n > 0) {
        remove_twins(&list);
    }
    return list;
}

static void free_files(struct watched *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(files[i].name);
    }
    free(files);
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3u;
    }
    return hash;
}

static uint64_t mix_file(uint64_t hash, const char *name)
{
    struct file_stamp stamp = file_stamp_of(name);
    hash = mix(hash, name, strlen(name) + 1);
    return mix(hash, &stamp, sizeof stamp);
}

static uint64_t contents_of(const struct folder *folder)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < folder->n; i++) {
        hash = mix_file(hash, folder->pairs[i].chain);
        hash = mix_file(hash, folder->pairs[i].key);
    }
    return hash;
}

/* --- folders ---------------------------------------------------------------------------- */

static void on_event(uv_fs_event_t *event, const char *name, int what, int status);

static void free_folder(uv_handle_t *handle)
{
    free(handle);
}

static void watch_folder(struct watch *watch, const char *name, size_t len)
{
    struct watched_folder *folder = watch->folders;
    while (folder != NULL &&
           (strncmp(folder->name, name, len) != 0 || folder->name[len] != '\0')) {
        folder = folder->next;
    }
    if (folder == NULL && watch->n_folders < FOLDERS_MAX) {
        folder = calloc(1, sizeof *folder + len + 1);
        if (folder == NULL) {
            return; /* looking will do */
        }
        memcpy(folder->name, name, len);
        (void)uv_fs_event_init(&watch->gateway->loop, &folder->event);
        folder->event.data = watch;
        folder->next = watch->folders;
        watch->folders = folder;
        watch->n_folders++;
        (void)uv_fs_event_start(&folder->event, on_event, folder->name, 0);
    }
    if (folder != NULL) {
        folder->kept = true;
    }
}

static void watch_folder_of(struct watch *watch, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL) {
        watch_folder(watch, ".", 1);
    } else {
        watch_folder(watch, file, slash > file ? (size_t)(slash - file) : 1);
    }
}

static void leave_folders(struct watch *watch, bool all)
{
    struct watched_folder **at = &watch->folders;
    while (*at != NULL) {
        struct watched_folder *folder = *at;
        if (folder->kept && !all) {
            at = &folder->next;
            continue;
        }
        *at = folder->next;
        watch->n_folders--;
        uv_close((uv_handle_t *)&folder->event, free_folder);
    }
}

/* --- what was read ----------------------------------------------------------------------- */

/* The stamp of before the reading, where the file was known then. */
static struct file_stamp stamp_of(const struct watch *watch, const char *name)
{
    const struct watched key = {.name = (char *)(uintptr_t)name};
    const struct watched *known =
        watch->n > 0 ? bsearch(&key, watch->files, watch->n, sizeof key, compare) : NULL;
    return known != NULL ? known->stamp : file_stamp_of(name);
}

static void stamp_all(struct watch *watch)
{
    for (size_t i = 0; i < watch->n; i++) {
        watch->files[i].stamp = file_stamp_of(watch->files[i].name);
    }
}

/* From now on what config names is watched; contents: of its folder, before it was read. */
static void follow(struct watch *watch, const struct gateway_config *config)
{
    struct list list = files_of(config);
    struct folder folder = {.pairs = NULL};
    if (list.lost) {
        free_files(list.files, list.n); /* what was watched is watched still */
        return;
    }
    for (size_t i = 0; i < list.n; i++) {
        list.files[i].stamp = stamp_of(watch, list.files[i].name);
    }
    free_files(watch->files, watch->n);
    watch->files = list.files;
    watch->n = list.n;
    for (struct watched_folder *f = watch->folders; f != NULL; f = f->next) {
        f->kept = false;
    }
    if (config->certificate_folder != NULL) {
        (void)folder_list(config->certificate_folder, &folder);
    }
    for (size_t i = 0; i < folder.n_folders; i++) {
        watch_folder(watch, folder.folders[i], strlen(folder.folders[i]));
    }
    folder_fini(&folder);
    for (size_t i = 0; i < watch->n; i++) {
        watch_folder_of(watch, watch->files[i].name);
    }
    leave_folders(watch, false);
}

static uint64_t look_into_folder(const struct gateway *gateway)
{
    const char *name = gateway->config->certificate_folder;
    struct folder folder = {.pairs = NULL};
    uint64_t contents = 0;
    if (name != NULL) {
        (void)folder_list(name, &folder);
        contents = contents_of(&folder);
        folder_fini(&folder);
    }
    return contents;
}

static bool has_changed(const struct watch *watch)
{
    for (size_t i = 0; i < watch->n; i++) {
        struct file_stamp stamp = file_stamp_of(watch->files[i].name);
        if (!file_stamp_same(&stamp, &watch->files[i].stamp)) {
            return true;
        }
    }
    return look_into_folder(watch->gateway) != watch->contents;
}

/* --- reading it again -------------------------------------------------------------------- */

static void log_reasons(const struct gateway *gateway, char *text)
{
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (line[0] != '\0') {
            gateway_log(&gateway->log, DNA_LOG_ERROR, "not-reloaded", "what", line, NULL);
        }
    }
}

static void reload(struct watch *watch)
{
    struct gateway *gateway = watch->gateway;
    const struct gateway_config *config = NULL;
    char *text = NULL;
    size_t size;
    unsigned faults = 0;
    bool fine = false;
    FILE *errors = open_memstream(&text, &size);
    stamp_all(watch);
    watch->contents = look_into_folder(gateway);
    if (errors != NULL) {
        config = gateway_config_read(gateway->config->file, errors, &faults);
        fine = config != NULL && faults == 0 && gateway_apply(gateway, config, errors);
        (void)fclose(errors);
    }
    if (!fine) {
        log_reasons(gateway, text != NULL ? text : "out of memory");
        gateway_log(&gateway->log, DNA_LOG_ERROR, "not-reloaded", "what",
                    "the configuration of before stays in force", NULL);
    }
    free(text);
    follow(watch, config != NULL ? config : gateway->config);
    if (!fine) {
        gateway_config_free(config);
    }
    gateway_after(gateway);
}

static void look(uv_timer_t *timer)
{
    struct watch *watch = timer->data;
    if (watch->gateway->state == GATEWAY_RUNS && has_changed(watch)) {
        reload(watch);
    }
}

static void on_event(uv_fs_event_t *event, const char *name, int what, int status)
{
    struct watch *watch = event->data;
    (void)name;
    (void)what;
    (void)status;
    if (!uv_is_active((const uv_handle_t *)&watch->settle)) {
        (void)uv_timer_start(&watch->settle, look, SETTLE_MS, 0);
    }
}

void watch_reload(struct gateway *gateway)
{
    if (gateway->watch != NULL && gateway->state == GATEWAY_RUNS) {
        reload(gateway->watch);
    }
}

bool watch_begin(struct gateway *gateway)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return false;
    }
    watch->gateway = gateway;
    watch->timers = 2;
    gateway->watch = watch;
    (void)uv_timer_init(&gateway->loop, &watch->settle);
    (void)uv_timer_init(&gateway->loop, &watch->look);
    watch->settle.data = watch->look.data = watch;
    follow(watch, gateway->config);
    watch->contents = look_into_folder(gateway);
    (void)uv_timer_start(&watch->look, look, LOOK_MS, LOOK_MS);
    return true;
}

static void closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    if (--watch->timers == 0) {
        free_files(watch->files, watch->n);
        free(watch);
    }
}

void watch_end(struct gateway *gateway)
{
    struct watch *watch = gateway->watch;
    if (watch == NULL) {
        return;
    }
    gateway->watch = NULL;
    leave_folders(watch, true);
    uv_close((uv_handle_t *)&watch->settle, closed);
    uv_close((uv_handle_t *)&watch->look, closed);
}
