/* gateway/store.c: what outlives the process, opened before anybody is served.
 *
 * Whatever is wrong with the store or its key is one warning: the gateway serves without it.
 */
#include "gateway.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"

#define KEY_BYTES 32
#define KEY_MOST 4096

static void warn(const struct gateway *gateway, const char *what, const char *why)
{
    gateway_log(&gateway->log, DNA_LOG_WARNING, "store-none", "file", what, "why", why, NULL);
}

/* False: errno says why; one that is there already is as it was. */
static bool make_key(const char *name)
{
    char key[KEY_BYTES];
    bool fine = getrandom(key, sizeof key, 0) == (ssize_t)sizeof key;
    int fd = fine ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    fine = fd >= 0 && write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    explicit_bzero(key, sizeof key);
    if (fd >= 0 && close(fd) != 0) {
        fine = false;
    }
    if (fd >= 0 && !fine) {
        (void)unlink(name);
    }
    return fine;
}

static bool others_can_read(const char *name)
{
    struct stat status;
    return stat(name, &status) == 0 && (status.st_mode & (S_IRWXO | S_IWGRP)) != 0;
}

static char *read_key(const struct gateway *gateway, const struct gateway_store_config *store,
                      size_t *len)
{
    char name[4096];
    char *key;
    int n = snprintf(name, sizeof name, "%s%s",
                     store->key_file != NULL ? store->key_file : store->where,
                     store->key_file != NULL ? "" : ".key");
    if (n < 0 || (size_t)n >= sizeof name) {
        warn(gateway, store->where, "the name of its key is too long");
        return NULL;
    }
    if (store->key_file == NULL && access(name, F_OK) != 0 && !make_key(name)) {
        warn(gateway, name, strerror(errno));
        return NULL;
    }
    key = file_read(name, KEY_MOST, len);
    if (key == NULL) {
        warn(gateway, name, file_trouble_text());
    } else if (*len < KEY_BYTES || others_can_read(name)) {
        warn(gateway, name, *len < KEY_BYTES
                                ? "the key has less than 32 bytes"
                                : "others may read or write the key; make its mode 0600");
        explicit_bzero(key, *len);
        free(key);
        key = NULL;
    }
    return key;
}

static void open_store(struct gateway *gateway, const struct gateway_store_config *store,
                       struct dna_span key)
{
    struct dna_uv_store_options options = {
        .size = sizeof options,
        .kind = store->kind == GATEWAY_STORE_REDIS ? DNA_UV_STORE_REDIS : DNA_UV_STORE_FILE,
        .where = store->where,
        .port = store->port,
        .key = key,
    };
    char *password = NULL;
    size_t len = 0;
    enum dna_err err;
    if (store->password_file != NULL) {
        password = file_read(store->password_file, KEY_MOST, &len);
        if (password == NULL) {
            warn(gateway, store->password_file, file_trouble_text());
            return;
        }
        password[strcspn(password, "\r\n")] = '\0';
        options.password = password;
    }
    err = dna_uv_store(gateway->uv, &options);
    if (password != NULL) {
        explicit_bzero(password, len);
        free(password);
    }
    if (err != DNA_OK) {
        warn(gateway, store->where, dna_err_name(err));
    }
}

/* Whether the folder of the default file is there for us. */
static bool has_folder(const char *file)
{
    const char *slash = strrchr(file, '/');
    char folder[4096];
    if (slash == NULL || (size_t)(slash - file) >= sizeof folder) {
        return false;
    }
    memcpy(folder, file, (size_t)(slash - file));
    folder[slash - file] = '\0';
    return access(folder, W_OK | X_OK) == 0;
}

void store_begin(struct gateway *gateway, const struct gateway_config *config)
{
    const struct gateway_store_config *store = &config->store;
    struct dna_span key = {NULL, 0};
    char *bytes;
    if (store->kind == GATEWAY_STORE_NONE) {
        return;
    }
    if (!store->chosen && !has_folder(store->where)) {
        warn(gateway, store->where, "its folder is not there or not ours; what is learned ends "
                                    "with the process");
        return;
    }
    bytes = read_key(gateway, store, &key.len);
    if (bytes == NULL) {
        return;
    }
    key.ptr = bytes;
    open_store(gateway, store, key);
    explicit_bzero(bytes, key.len);
    free(bytes);
    /* Whom it forbids to fall back to dialback is known before anybody is heard (S12). */
    while (!dna_uv_store_settled(gateway->uv)) {
        (void)uv_run(&gateway->loop, UV_RUN_ONCE);
    }
}
