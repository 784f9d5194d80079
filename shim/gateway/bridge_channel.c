/* gateway/bridge_channel.c: the signing process, and what it is asked.
 *
 * The process is this very program, started anew; what comes from it is bounded, and what is no
 * answer ends it.  One that has died is replaced when it is needed, but not at once.
 */
#include "bridge_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway.h"
#include "log.h"

#define START_MS 30000
#define AGAIN_MS 10000 /* a process that has died is not replaced sooner */
#define HEAD 8

/* The process and the connection to it. */
struct channel {
    uv_pipe_t pipe; /* first */
    struct bridge *bridge; /* NULL: it is being closed */
    pid_t process;
    char *input;
    size_t len, room;
};

/* --- the process -------------------------------------------------------------------- */

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

void bridge_channel_end(struct bridge *bridge)
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

bool bridge_channel_start(struct bridge *bridge, char why[SIGNER_WHY])
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

/* --- asking ------------------------------------------------------------------------- */

struct request {
    uv_write_t write; /* first */
    char bytes[];
};

static void written(uv_write_t *write, int status)
{
    (void)status; /* a connection that is lost is told by reading */
    free(write);
}

static size_t put_number(char *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        to[i] = (char)(number >> (8 * (bytes - 1 - i)));
    }
    return bytes;
}

static bool send_request(struct bridge *bridge, const struct entry *entry)
{
    bool proof = entry->asked_for == SIGNER_FOR_PROOF;
    struct dna_span spki = dna_buf_span(&bridge_key_for(bridge, entry->asked_for)->spki);
    struct dna_span shown = proof ? (struct dna_span){entry->bundle, entry->len}
                                  : dna_span_of(entry->domain);
    size_t len = HEAD + 3 + spki.len + shown.len, at = 0;
    struct request *request = malloc(sizeof *request + 4 + len);
    uv_buf_t buf;
    if (request == NULL) {
        return false;
    }
    at += put_number(request->bytes + at, len, 4);
    at += put_number(request->bytes + at, entry->asked, HEAD);
    request->bytes[at++] = entry->asked_for;
    at += put_number(request->bytes + at, spki.len, 2);
    memcpy(request->bytes + at, spki.ptr, spki.len);
    memcpy(request->bytes + at + spki.len, shown.ptr, shown.len);
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
    if (!bridge_channel_start(bridge, why)) {
        gateway_log(&bridge->gateway->log, DNA_LOG_ERROR, "no-signer", "why", why, NULL);
        return false;
    }
    return true;
}

void bridge_channel_ask(struct bridge *bridge, struct entry *entry, char what)
{
    if (entry->asked != 0) {
        return;
    }
    if (!revive(bridge)) {
        bridge_refuse(bridge, entry, "there is no signing process");
        return;
    }
    entry->asked = ++bridge->number;
    entry->asked_for = what;
    if (!send_request(bridge, entry)) {
        entry->asked = 0;
        bridge_refuse(bridge, entry, "the signing process could not be asked");
    }
}

/* --- answers ------------------------------------------------------------------------ */

static void take_answer(struct bridge *bridge, const char *frame, size_t len)
{
    struct entry *entry = bridge->oldest;
    struct dna_span rest = {frame + HEAD + 1, len - HEAD - 1};
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
    if (frame[HEAD] == '+') {
        bridge_signed(bridge, entry, rest);
    } else {
        char why[SIGNER_WHY];
        (void)snprintf(why, sizeof why, "%.*s", (int)(rest.len < 500 ? rest.len : 500),
                       rest.ptr);
        bridge_not_signed(bridge, entry, why);
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

/* What is told may bring about that entries are freed. */
void bridge_channel_lose(struct bridge *bridge, const char *why)
{
    struct entry *next, *e = bridge->oldest;
    bridge_channel_end(bridge);
    bridge->died = dna_uv_now(bridge->gateway->uv).mono;
    gateway_log(&bridge->gateway->log, DNA_LOG_ERROR, "no-signer", "why", why, NULL);
    while (e != NULL) {
        uint64_t freed = bridge->freed;
        next = e->newer;
        if (e->asked != 0) {
            e->asked = 0;
            bridge_refuse(bridge, e, why);
        }
        e = bridge->freed == freed ? next : bridge->oldest;
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
        bridge_channel_lose(bridge, "the signing process has ended");
    } else if (!take_answers(bridge, channel)) {
        bridge_channel_lose(bridge, "the signing process does not answer as it should");
    }
    gateway_after(gateway);
}
