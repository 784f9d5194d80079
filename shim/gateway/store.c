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
#include <unistd.h>

#include "file.h"
#include "log.h"

#define KEY_BYTES 32
#define KEY_MOST 4096
#define NAME_ROOM 4096
#define BARS ".bars" /* beside the key: what is not for whoever can write to the store */

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

/* The key's file, or what lies beside it.  False: its name is too long, which is logged. */
static bool name_of(const struct gateway *gateway, const struct gateway_store_config *store,
                    const char *suffix, char out[NAME_ROOM])
{
    int n = snprintf(out, NAME_ROOM, "%s%s%s",
                     store->key_file != NULL ? store->key_file : store->where,
                     store->key_file != NULL ? "" : ".key", suffix);
    if (n < 0 || n >= NAME_ROOM) {
        warn(gateway, store->where, "the name of its key is too long");
        return false;
    }
    return true;
}

/* Whoever knows the key, or chose it, says what was proven.  make: if it is not there. */
static char *read_key(const struct gateway *gateway, const struct gateway_store_config *store,
                      bool make, size_t *len)
{
    char name[NAME_ROOM];
    const char *why = NULL;
    char *key;
    if (!name_of(gateway, store, "", name)) {
        return NULL;
    }
    if (make && store->key_file == NULL && access(name, F_OK) != 0 && !make_key(name)) {
        warn(gateway, name, strerror(errno));
        return NULL;
    }
    key = file_read_private(name, KEY_MOST, len, &why);
    if (key != NULL && *len < KEY_BYTES) {
        why = "the key has less than 32 bytes";
        explicit_bzero(key, *len);
        free(key);
        key = NULL;
    }
    if (key == NULL) {
        warn(gateway, name, why);
    }
    return key;
}

static void open_store(struct gateway *gateway, const struct gateway_store_config *store,
                       struct dna_span key, const struct store_reader *reader)
{
    struct dna_uv_store_options options = {
        .size = sizeof options,
        .kind = store->kind == GATEWAY_STORE_REDIS ? DNA_UV_STORE_REDIS : DNA_UV_STORE_FILE,
        .where = store->where,
        .port = store->port,
        .key = key,
        .found = reader != NULL ? reader->found : NULL,
        .arg = reader != NULL ? reader->arg : NULL,
    };
    char *password = NULL, bars[NAME_ROOM];
    const char *why = NULL;
    size_t len = 0;
    enum dna_err err;
    if (!name_of(gateway, store, BARS, bars)) {
        return;
    }
    if (reader == NULL || access(bars, F_OK) == 0) { /* a reader makes nothing */
        options.bars = bars;
    }
    if (store->password_file != NULL) {
        password = file_read_private(store->password_file, KEY_MOST, &len, &why);
        if (password == NULL) {
            warn(gateway, store->password_file, why);
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

/* With a reader: only what is there already. */
static void begin(struct gateway *gateway, const struct gateway_config *config,
                  const struct store_reader *reader)
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
    if (reader != NULL && store->kind == GATEWAY_STORE_FILE && access(store->where, F_OK) != 0) {
        warn(gateway, store->where, strerror(errno));
        return;
    }
    bytes = read_key(gateway, store, reader == NULL, &key.len);
    if (bytes == NULL) {
        return;
    }
    key.ptr = bytes;
    open_store(gateway, store, key, reader);
    explicit_bzero(bytes, key.len);
    free(bytes);
    /* Whom it forbids to fall back to dialback is known before anybody is heard (S12). */
    while (!dna_uv_store_settled(gateway->uv)) {
        (void)uv_run(&gateway->loop, UV_RUN_ONCE);
    }
}

void store_begin(struct gateway *gateway, const struct gateway_config *config)
{
    begin(gateway, config, NULL);
}

bool store_read(struct gateway *gateway, const struct gateway_config *config,
                const struct store_reader *reader)
{
    begin(gateway, config, reader);
    return dna_uv_store_up(gateway->uv);
}

/* The least that an operator would wait for a word to be taken. */
#define WRITE_MS 10000

static void give_up(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void ignore(uv_handle_t *handle)
{
    (void)handle;
}

bool store_flush(struct gateway *gateway)
{
    bool late = false;
    uv_timer_t timer;
    bool fine = uv_timer_init(&gateway->loop, &timer) == 0;
    if (!fine) {
        return false;
    }
    timer.data = &late;
    (void)uv_timer_start(&timer, give_up, WRITE_MS, 0);
    while (!late && dna_uv_store_busy(gateway->uv)) {
        (void)uv_run(&gateway->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&timer, ignore);
    (void)uv_run(&gateway->loop, UV_RUN_NOWAIT);
    return !late && dna_uv_store_up(gateway->uv);
}
