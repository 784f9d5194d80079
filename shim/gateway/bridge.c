/* gateway/bridge.c: which certificates there are, and which are being waited for.
 *
 * Of each domain that was proven lately its evidence is kept.  Where a stream to or from a
 * bridge's server needs a certificate for it, the evidence goes to the signing process, and
 * what that signs is presented until it ends.  A domain without evidence gets none: TLS is
 * refused, and the server tells its users.
 *
 * Invariant: a stream waits in at most one entry, and an entry with waiting streams is asked
 * for, or its domain is being sought.
 */
#include "bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <x509/mint.h>

#include "gateway.h"
#include "log.h"
#include "signer.h"
#include "table.h"

#define ENTRIES_MAX 4096
#define BYTES_MAX (64 * 1024 * 1024) /* of evidence */
#define WAITING_MAX 1024
#define START_MS 30000
#define AGAIN_MS 10000 /* a process that has died is not replaced sooner */
#define SPARE_S 60     /* a certificate is not presented for longer than that before its end */
#define HEAD 8

struct waiting {
    struct waiting *next;
    struct dna_uv_stream *stream;
};

struct entry {
    struct table_node node;
    struct entry *older, *newer;
    char *bundle; /* NULL: nothing is proven */
    size_t len;
    int64_t proven_until;
    struct dna_uv_identity *identity; /* or NULL */
    int64_t until;
    uint64_t asked; /* the number of the request under way; 0: none */
    struct waiting *waiting;
    char domain[];
};

/* The process and the connection to it. */
struct channel {
    uv_pipe_t pipe; /* first */
    struct bridge *bridge; /* NULL: it is being closed */
    pid_t process;
    char *input;
    size_t len, room;
};

struct bridge {
    struct gateway *gateway;
    const char *config_file;
    struct channel *channel; /* NULL: there is none */
    int64_t died;
    struct table table;
    struct entry *oldest, *newest;
    size_t n, bytes, n_waiting;
    uint64_t number;
    struct dna_buf key, spki; /* of every certificate that is asked for */
};

/* --- the process -------------------------------------------------------------------------- */

static void become_signer(int socket, const char *config_file)
{
    const char *const argv[] = {"dna-gateway", "--bridge-signer", "-c", config_file, NULL};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (socket == SIGNER_SOCKET ? fcntl(socket, F_SETFD, 0) == 0
                                : dup2(socket, SIGNER_SOCKET) == SIGNER_SOCKET) {
        (void)execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    }
    _exit(127);
}

static bool get(int fd, char *space, size_t len)
{
    while (len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t n = poll(&ready, 1, START_MS) == 1 ? read(fd, space, len) : 0;
        if (n <= 0) {
            return false;
        }
        space += n;
        len -= (size_t)n;
    }
    return true;
}

/* The first frame: its certificate, or why there is none. */
static bool greeted(int fd, char why[SIGNER_WHY])
{
    unsigned char size[4];
    size_t len;
    char *frame;
    bool fine = false;
    (void)snprintf(why, SIGNER_WHY, "the signing process does not start");
    if (!get(fd, (char *)size, sizeof size)) {
        return false;
    }
    len = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
    frame = len > 0 && len <= SIGNER_ANSWER_MAX ? malloc(len) : NULL;
    if (frame != NULL && get(fd, frame, len)) {
        fine = frame[0] == '+';
        (void)snprintf(why, SIGNER_WHY, "%.*s", (int)(len - 1 < 400 ? len - 1 : 400), frame + 1);
    }
    free(frame);
    return fine;
}

static void end_process(pid_t process)
{
    (void)kill(process, SIGKILL);
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void channel_closed(uv_handle_t *handle)
{
    struct channel *channel = (struct channel *)(void *)handle;
    free(channel->input);
    free(channel);
}

static void end_channel(struct bridge *bridge)
{
    struct channel *channel = bridge->channel;
    if (channel != NULL) {
        bridge->channel = NULL;
        channel->bridge = NULL;
        end_process(channel->process);
        uv_close((uv_handle_t *)&channel->pipe, channel_closed);
    }
}

static void give_space(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct channel *channel = (struct channel *)(void *)handle;
    (void)suggested;
    if (channel->len == channel->room) {
        size_t room = channel->room != 0 ? 2 * channel->room : 16384;
        char *more = room <= SIGNER_BUNDLE_MAX ? realloc(channel->input, room) : NULL;
        if (more == NULL) {
            *out = uv_buf_init(NULL, 0);
            return;
        }
        channel->input = more;
        channel->room = room;
    }
    *out = uv_buf_init(channel->input + channel->len,
                       (unsigned)(channel->room - channel->len));
}

static void got(uv_stream_t *stream, ssize_t n, const uv_buf_t *space);

static bool begin_channel(struct bridge *bridge, int fd, pid_t process)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) {
        return false;
    }
    (void)uv_pipe_init(&bridge->gateway->loop, &channel->pipe, 0);
    channel->process = process;
    if (uv_pipe_open(&channel->pipe, fd) != 0 ||
        uv_read_start((uv_stream_t *)&channel->pipe, give_space, got) != 0) {
        uv_close((uv_handle_t *)&channel->pipe, channel_closed);
        return false;
    }
    channel->bridge = bridge;
    bridge->channel = channel;
    return true;
}

static bool start(struct bridge *bridge, char why[SIGNER_WHY])
{
    int ends[2];
    pid_t process;
    (void)snprintf(why, SIGNER_WHY, "no signing process can be started");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return false;
    }
    process = fork();
    if (process == 0) {
        become_signer(ends[1], bridge->config_file);
    }
    (void)close(ends[1]);
    if (process > 0 && greeted(ends[0], why) && begin_channel(bridge, ends[0], process)) {
        return true;
    }
    if (process > 0) {
        end_process(process);
    }
    (void)close(ends[0]);
    return false;
}

/* --- entries --------------------------------------------------------------------------------- */

static struct entry *find(const struct bridge *bridge, const char *domain)
{
    uint64_t hash = table_hash(&bridge->table, domain, "");
    struct table_node *node = table_slot(&bridge->table, hash);
    while (node != NULL &&
           strcmp(((struct entry *)(void *)node)->domain, domain) != 0) {
        node = node->next;
    }
    return (struct entry *)(void *)node;
}

static void unlink_entry(struct bridge *bridge, struct entry *entry)
{
    *(entry->older != NULL ? &entry->older->newer : &bridge->oldest) = entry->newer;
    *(entry->newer != NULL ? &entry->newer->older : &bridge->newest) = entry->older;
}

static void link_entry(struct bridge *bridge, struct entry *entry)
{
    entry->older = bridge->newest;
    entry->newer = NULL;
    *(entry->older != NULL ? &entry->older->newer : &bridge->oldest) = entry;
    bridge->newest = entry;
}

static void answer_all(struct bridge *bridge, struct entry *entry)
{
    while (entry->waiting != NULL) {
        struct waiting *w = entry->waiting;
        entry->waiting = w->next;
        bridge->n_waiting--;
        dna_uv_stream_certify(w->stream, entry->identity);
        free(w);
    }
}

static void free_entry(struct bridge *bridge, struct entry *entry)
{
    answer_all(bridge, entry);
    unlink_entry(bridge, entry);
    table_remove(&bridge->table, &entry->node);
    bridge->n--;
    bridge->bytes -= entry->len;
    dna_uv_identity_free(entry->identity);
    free(entry->bundle);
    free(entry);
}

static void drop_identity(struct entry *entry)
{
    dna_uv_identity_free(entry->identity);
    entry->identity = NULL;
}

static void make_room(struct bridge *bridge)
{
    struct entry *next;
    for (struct entry *e = bridge->oldest; e != NULL; e = next) {
        next = e->newer;
        if (bridge->n < ENTRIES_MAX && bridge->bytes < BYTES_MAX) {
            return;
        }
        if (e->waiting == NULL) {
            free_entry(bridge, e);
        }
    }
}

static struct entry *find_or_make(struct bridge *bridge, const char *domain)
{
    struct entry *entry = find(bridge, domain);
    if (entry != NULL) {
        return entry;
    }
    make_room(bridge);
    entry = calloc(1, sizeof *entry + strlen(domain) + 1);
    if (entry != NULL) {
        strcpy(entry->domain, domain);
        table_add(&bridge->table, &entry->node, table_hash(&bridge->table, domain, ""));
        link_entry(bridge, entry);
        bridge->n++;
    }
    return entry;
}

/* --- asking ------------------------------------------------------------------------------------ */

struct request {
    uv_write_t write; /* first */
    char bytes[];
};

static void written(uv_write_t *write, int status)
{
    (void)status; /* a connection that is lost is told by reading */
    free(write);
}

static void refuse(struct bridge *bridge, struct entry *entry, const char *why)
{
    entry->asked = 0;
    drop_identity(entry);
    if (entry->waiting != NULL) {
        gateway_log(&bridge->gateway->log, DNA_LOG_WARNING, "not-certified", "domain",
                    entry->domain, "why", why, NULL);
    }
    answer_all(bridge, entry);
}

static size_t put_number(char *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (char)(number >> (8 * (bytes - 1 - i)));
    }
    return bytes;
}

static bool send_request(struct bridge *bridge, struct entry *entry)
{
    struct dna_span spki = dna_buf_span(&bridge->spki);
    size_t len = HEAD + 2 + spki.len + entry->len, at = 0;
    struct request *request = malloc(sizeof *request + 4 + len);
    uv_buf_t buf;
    if (request == NULL) {
        return false;
    }
    at += put_number(request->bytes + at, len, 4);
    at += put_number(request->bytes + at, entry->asked, HEAD);
    at += put_number(request->bytes + at, spki.len, 2);
    memcpy(request->bytes + at, spki.ptr, spki.len);
    memcpy(request->bytes + at + spki.len, entry->bundle, entry->len);
    buf = uv_buf_init(request->bytes, (unsigned)(4 + len));
    if (uv_write(&request->write, (uv_stream_t *)&bridge->channel->pipe, &buf, 1, written) != 0) {
        free(request);
        return false;
    }
    return true;
}

static bool revive(struct bridge *bridge)
{
    char why[SIGNER_WHY];
    int64_t now = dna_uv_now(bridge->gateway->uv).mono;
    if (bridge->channel != NULL) {
        return true;
    }
    if (bridge->died != 0 && now - bridge->died < AGAIN_MS) {
        return false;
    }
    bridge->died = now;
    if (!start(bridge, why)) {
        gateway_log(&bridge->gateway->log, DNA_LOG_ERROR, "no-signer", "why", why, NULL);
        return false;
    }
    return true;
}

static void ask(struct bridge *bridge, struct entry *entry)
{
    if (entry->asked != 0) {
        return;
    }
    if (!revive(bridge)) {
        refuse(bridge, entry, "there is no signing process");
        return;
    }
    entry->asked = ++bridge->number;
    if (!send_request(bridge, entry)) {
        refuse(bridge, entry, "the signing process could not be asked");
    }
}

static bool certified(struct bridge *bridge, struct entry *entry, struct dna_span pem)
{
    const struct gateway *gateway = bridge->gateway;
    const struct dna_chain *chain;
    const char *why;
    int64_t from;
    drop_identity(entry);
    if (dna_uv_identity_new(gateway->uv, pem, dna_buf_span(&bridge->key), &entry->identity,
                            &why) != DNA_OK) {
        entry->identity = NULL;
        return false;
    }
    chain = dna_uv_identity_chain(entry->identity);
    dna_chain_leaf_validity(chain, &from, &entry->until);
    return true;
}

static void take_answer(struct bridge *bridge, const char *frame, size_t len)
{
    struct entry *entry = bridge->oldest;
    uint64_t number = 0;
    for (size_t i = 0; i < HEAD; i++) {
        number = number << 8 | (unsigned char)frame[i];
    }
    while (entry != NULL && (entry->asked == 0 || entry->asked != number)) {
        entry = entry->newer;
    }
    if (entry == NULL) {
        return; /* its entry has made room for others */
    }
    entry->asked = 0;
    if (frame[HEAD] == '+' &&
        certified(bridge, entry, (struct dna_span){frame + HEAD + 1, len - HEAD - 1})) {
        gateway_log(&bridge->gateway->log, DNA_LOG_DEBUG, "certified", "domain", entry->domain,
                    NULL);
        answer_all(bridge, entry);
    } else {
        char why[SIGNER_WHY];
        (void)snprintf(why, sizeof why, "%.*s", (int)(len - HEAD - 1 < 400 ? len - HEAD - 1 : 400),
                       frame + HEAD + 1);
        refuse(bridge, entry, why);
    }
}

/* False: what came is no answer. */
static bool take_answers(struct bridge *bridge, struct channel *channel)
{
    size_t at = 0;
    while (channel->len - at >= 4) {
        const unsigned char *size = (const unsigned char *)channel->input + at;
        size_t len = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 |
                     size[3];
        if (len < HEAD + 1 || len > SIGNER_BUNDLE_MAX / 2) {
            return false;
        }
        if (channel->len - at - 4 < len) {
            break;
        }
        take_answer(bridge, channel->input + at + 4, len);
        at += 4 + len;
    }
    memmove(channel->input, channel->input + at, channel->len - at);
    channel->len -= at;
    return true;
}

static void lose(struct bridge *bridge, const char *why)
{
    struct entry *next;
    end_channel(bridge);
    bridge->died = dna_uv_now(bridge->gateway->uv).mono;
    gateway_log(&bridge->gateway->log, DNA_LOG_ERROR, "no-signer", "why", why, NULL);
    for (struct entry *e = bridge->oldest; e != NULL; e = next) {
        next = e->newer;
        if (e->asked != 0) {
            refuse(bridge, e, why);
        }
    }
}

static void got(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct channel *channel = (struct channel *)(void *)stream;
    struct bridge *bridge = channel->bridge;
    struct gateway *gateway;
    (void)space;
    if (bridge == NULL || n == 0) {
        return;
    }
    gateway = bridge->gateway;
    if (n > 0) {
        channel->len += (size_t)n;
    }
    if (n < 0) {
        lose(bridge, "the signing process has ended");
    } else if (!take_answers(bridge, channel)) {
        lose(bridge, "the signing process does not answer as it should");
    }
    gateway_after(gateway);
}

/* --- for others ----------------------------------------------------------------------------------- */

struct bridge *bridge_new(struct gateway *gateway, const struct gateway_config *config,
                          FILE *errors)
{
    struct bridge *bridge = calloc(1, sizeof *bridge);
    char why[SIGNER_WHY] = "out of memory or randomness";
    uint64_t key[2];
    bool fine;
    if (bridge == NULL) {
        return NULL;
    }
    bridge->gateway = gateway;
    bridge->config_file = config->file;
    dna_buf_init(&bridge->key, NULL, SIGNER_KEY_MAX);
    dna_buf_init(&bridge->spki, NULL, SIGNER_KEY_MAX);
    fine = getrandom(key, sizeof key, 0) == (ssize_t)sizeof key &&
           table_init(&bridge->table, key) && dna_mint_key(&bridge->key) == DNA_OK &&
           dna_mint_public(dna_buf_span(&bridge->key), &bridge->spki) == DNA_OK &&
           start(bridge, why);
    if (!fine) {
        fprintf(errors, "%s:%d: bridge-folder: %s\n", config->file, config->lines.bridge, why);
        bridge_free(bridge);
        return NULL;
    }
    return bridge;
}

bool bridge_renew(struct bridge *bridge, const struct gateway_config *config)
{
    char why[SIGNER_WHY];
    end_channel(bridge);
    bridge->config_file = config->file;
    for (struct entry *e = bridge->oldest; e != NULL; e = e->newer) {
        e->asked = 0;
        drop_identity(e); /* what is hosted now may not be certified any more */
    }
    if (!start(bridge, why)) {
        lose(bridge, why);
    }
    bridge_look(bridge);
    return bridge->channel != NULL;
}

void bridge_free(struct bridge *bridge)
{
    if (bridge == NULL) {
        return;
    }
    while (bridge->oldest != NULL) {
        struct entry *entry = bridge->oldest;
        while (entry->waiting != NULL) { /* the driver has ended their streams */
            struct waiting *w = entry->waiting;
            entry->waiting = w->next;
            free(w);
        }
        free_entry(bridge, entry);
    }
    end_channel(bridge);
    table_fini(&bridge->table);
    if (bridge->key.mem != NULL) {
        explicit_bzero(bridge->key.mem, bridge->key.room);
    }
    dna_buf_fini(&bridge->key);
    dna_buf_fini(&bridge->spki);
    free(bridge);
}

/* What it knows may grow, too. */
static void shed_bytes(struct bridge *bridge, const struct entry *newest)
{
    struct entry *next;
    for (struct entry *e = bridge->oldest; e != newest && bridge->bytes > BYTES_MAX; e = next) {
        next = e->newer;
        if (e->waiting == NULL) {
            free_entry(bridge, e);
        }
    }
}

void bridge_heard(struct bridge *bridge, const char *domain, const struct dna_ruling *ruling,
                  struct dna_span bundle)
{
    bool proves = ruling->verdict == DNA_PROVEN && !ruling->pinned && !ruling->dialback &&
                  bundle.len <= SIGNER_BUNDLE_MAX;
    struct entry *entry = proves ? find_or_make(bridge, domain) : NULL;
    char *copy = entry != NULL ? malloc(bundle.len + 1) : NULL;
    if (copy == NULL) {
        return;
    }
    memcpy(copy, bundle.ptr, bundle.len);
    bridge->bytes += bundle.len - entry->len;
    free(entry->bundle);
    entry->bundle = copy;
    entry->len = bundle.len;
    entry->proven_until = ruling->expires_at;
    unlink_entry(bridge, entry);
    link_entry(bridge, entry);
    shed_bytes(bridge, entry);
}

/* What a stream has that waits: nothing but its core tells. */
static bool is_sought(struct bridge *bridge, struct dna_uv_stream *stream, const char *domain)
{
    struct dna_stream *core = dna_uv_stream_core(stream);
    return !dna_uv_stream_initiating(stream) && core != NULL &&
           router_seeks(bridge->gateway->router, dna_stream_peer(core), domain);
}

static void look_at(struct bridge *bridge, struct entry *entry)
{
    int64_t now = dna_uv_now(bridge->gateway->uv).wall;
    if (entry->identity != NULL && entry->until > now + SPARE_S) {
        answer_all(bridge, entry);
    } else if (entry->bundle != NULL && entry->proven_until > now) {
        ask(bridge, entry);
    } else {
        struct waiting *w = entry->waiting;
        while (w != NULL && !is_sought(bridge, w->stream, entry->domain)) {
            w = w->next;
        }
        if (w == NULL) {
            refuse(bridge, entry, "it is not proven");
        }
    }
}

void bridge_look(struct bridge *bridge)
{
    struct entry *next;
    if (bridge->n_waiting == 0) {
        return;
    }
    for (struct entry *e = bridge->oldest; e != NULL; e = next) {
        next = e->newer;
        if (e->waiting != NULL && e->asked == 0) {
            look_at(bridge, e);
        }
    }
}

void bridge_certify(struct bridge *bridge, struct dna_uv_stream *stream, const char *domain)
{
    struct entry *entry = bridge->n_waiting < WAITING_MAX ? find_or_make(bridge, domain) : NULL;
    struct waiting *w = entry != NULL ? calloc(1, sizeof *w) : NULL;
    struct dna_stream *core = dna_uv_stream_core(stream);
    if (w == NULL) {
        dna_uv_stream_certify(stream, NULL);
        return;
    }
    w->stream = stream;
    w->next = entry->waiting;
    entry->waiting = w;
    bridge->n_waiting++;
    if (entry->bundle == NULL && core != NULL && !dna_uv_stream_initiating(stream)) {
        router_seek(bridge->gateway->router, dna_stream_peer(core), domain);
    }
}

void bridge_forget(struct bridge *bridge, const struct dna_uv_stream *stream)
{
    for (struct entry *e = bridge->n_waiting > 0 ? bridge->oldest : NULL; e != NULL;
         e = e->newer) {
        for (struct waiting **w = &e->waiting; *w != NULL; w = &(*w)->next) {
            if ((*w)->stream == stream) {
                struct waiting *gone = *w;
                *w = gone->next;
                bridge->n_waiting--;
                free(gone);
                return;
            }
        }
    }
}
