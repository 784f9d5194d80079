/* cli/serve.c: `dna serve`: the court as a service on a socket.
 *
 * A line is a question, a line is its answer; they come in any order.  Invariant: each
 * question that was taken is answered once, unless its client goes first.  What a client can
 * make us keep is bounded: its line, its questions, and the answers that it does not read,
 * beyond which we read no more from it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/buf.h>
#include <base/codec.h>
#include <cli/live.h>
#include <cli/report.h>
#include <cli/serve_question.h>

#define CLIENTS_MOST 256
#define QUESTIONS_MOST 256 /* of one client, not answered yet */
#define LINE_MOST (256 * 1024)
#define UNREAD_MOST (1024 * 1024) /* bytes of answers that the client does not take */

struct service;

struct client {
    struct service *service;
    struct client *next, *prev;
    uv_pipe_t pipe;
    struct dna_buf line;
    struct pending *pending;
    unsigned n_pending;
    size_t unread;
    bool paused, ended, closing;
    char space[16384];
};

struct pending {
    struct client *client;
    struct pending *next, *prev;
    json_t *id;
    struct dna_hearing *hearing;
};

struct service {
    struct cli_live live;
    uv_pipe_t listener;
    uv_signal_t signals[2];
    struct client *clients;
    unsigned n_clients;
    bool stop;
};

static void read_on(struct client *client);

/* --- clients --------------------------------------------------------------------------- */

static void client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    dna_buf_fini(&client->line);
    free(client);
}

static void forget(struct pending *pending)
{
    struct client *client = pending->client;
    if (pending->prev != NULL) {
        pending->prev->next = pending->next;
    } else {
        client->pending = pending->next;
    }
    if (pending->next != NULL) {
        pending->next->prev = pending->prev;
    }
    client->n_pending--;
    json_decref(pending->id);
    free(pending);
}

static void drop(struct client *client)
{
    struct service *service = client->service;
    if (client->closing) {
        return;
    }
    client->closing = true;
    while (client->pending != NULL) {
        dna_uv_unask(service->live.driver, client->pending->hearing);
        forget(client->pending);
    }
    if (client->prev != NULL) {
        client->prev->next = client->next;
    } else {
        service->clients = client->next;
    }
    if (client->next != NULL) {
        client->next->prev = client->prev;
    }
    service->n_clients--;
    uv_close((uv_handle_t *)&client->pipe, client_closed);
}

/* One that will ask no more goes once everything is answered and written. */
static void drop_if_done(struct client *client)
{
    if (client->ended && client->n_pending == 0 && client->unread == 0) {
        drop(client);
    }
}

/* --- answers --------------------------------------------------------------------------- */

struct writing {
    uv_write_t request;
    struct client *client;
    size_t len;
    char *text;
};

static void written(uv_write_t *request, int status)
{
    struct writing *writing = request->data;
    struct client *client = writing->client;
    client->unread -= writing->len;
    free(writing->text);
    free(writing);
    if (client->closing) {
        return;
    }
    if (status != 0) {
        drop(client);
        return;
    }
    if (client->paused && client->unread <= UNREAD_MOST / 2) {
        client->paused = false;
        read_on(client);
    }
    drop_if_done(client);
}

/* Takes the object over. */
static void send_object(struct client *client, json_t *object)
{
    struct writing *writing = calloc(1, sizeof *writing);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    size_t len = text != NULL ? strlen(text) : 0;
    uv_buf_t buf;
    json_decref(object);
    if (writing == NULL || text == NULL) {
        free(writing);
        free(text);
        drop(client); /* an answer that got lost must not look like one to come */
        return;
    }
    text[len] = '\n'; /* in place of the NUL */
    *writing = (struct writing){.client = client, .len = len + 1, .text = text};
    writing->request.data = writing;
    buf = uv_buf_init(text, (unsigned)(len + 1));
    client->unread += len + 1;
    if (uv_write(&writing->request, (uv_stream_t *)&client->pipe, &buf, 1, written) != 0) {
        client->unread -= len + 1;
        free(text);
        free(writing);
        drop(client);
    }
}

static void refuse(struct client *client, json_t *id, enum cli_ruling ruling, const char *code,
                   const char *why)
{
    send_object(client, json_pack("{s:O?, s:s, s:s, s:s}", "id", id, "ruling",
                                  cli_ruling_name(ruling), "code", code, "why", why));
}

/* The sentence may hold the peer's bytes. */
static json_t *text_of(const char *why)
{
    char safe[4 * DNA_WHY_MAX + 1];
    json_t *text = json_string(why);
    if (text == NULL) {
        (void)dna_escape(dna_span_of(why), safe, sizeof safe);
        text = json_string(safe);
    }
    return text;
}

static void ruled(void *arg, const struct dna_ruling *ruling)
{
    struct pending *pending = arg;
    struct client *client = pending->client;
    bool proven = ruling->verdict == DNA_PROVEN;
    json_t *answer = json_pack("{s:O, s:s, s:s, s:o, s:s?, s:b}", "id", pending->id, "ruling",
                               dna_verdict_name(ruling->verdict), "code",
                               dna_code_name(ruling->code), "why", text_of(ruling->why),
                               "prooftype",
                               proven ? dna_prooftype_name(ruling->prooftype) : NULL, "veto",
                               (int)ruling->veto);
    if (answer != NULL &&
        json_object_set_new(answer, "expires",
                            proven ? json_integer(ruling->expires_at) : json_null()) != 0) {
        json_decref(answer);
        answer = NULL;
    }
    forget(pending);
    send_object(client, answer);
}

/* --- questions ------------------------------------------------------------------------- */

static struct pending *find(const struct client *client, const json_t *id)
{
    struct pending *pending = client->pending;
    while (pending != NULL && !json_equal(pending->id, id)) {
        pending = pending->next;
    }
    return pending;
}

/* One that is not there was answered already: its answer is on its way. */
static void cancel(struct client *client, json_t *line)
{
    json_t *id = json_object_get(line, "cancel");
    struct pending *pending;
    if (!cli_id_valid(id) || json_object_size(line) != 1) {
        refuse(client, NULL, CLI_INVALID, "bad-question",
               "cancel stands alone, and names an id");
        return;
    }
    pending = find(client, id);
    if (pending != NULL) {
        dna_uv_unask(client->service->live.driver, pending->hearing);
        forget(pending);
        refuse(client, id, CLI_TEMPFAIL, dna_code_name(DNA_CODE_CANCELED),
               "cancelled by whoever asked");
    }
}

static void put(struct client *client, json_t *id, const struct dna_question *question)
{
    struct pending *pending = calloc(1, sizeof *pending);
    if (pending == NULL || dna_uv_ask(client->service->live.driver, question, ruled, pending,
                                      &pending->hearing) != DNA_OK) {
        free(pending);
        refuse(client, id, CLI_TEMPFAIL, dna_code_name(DNA_CODE_INTERNAL), "out of memory");
        return;
    }
    pending->client = client;
    pending->id = json_incref(id);
    pending->next = client->pending;
    if (client->pending != NULL) {
        client->pending->prev = pending;
    }
    client->pending = pending;
    client->n_pending++;
}

static void ask(struct client *client, json_t *line)
{
    json_t *id = json_object_get(line, "id");
    struct cli_asked asked;
    const char *why;
    if (!cli_id_valid(id)) {
        refuse(client, NULL, CLI_INVALID, "bad-question",
               "id is neither a number nor a string of 1 to 64 bytes");
    } else if (find(client, id) != NULL) {
        refuse(client, NULL, CLI_INVALID, "bad-question",
               "the id belongs to a question that is not answered yet");
    } else if (client->n_pending == QUESTIONS_MOST) {
        refuse(client, id, CLI_TEMPFAIL, "too-many-questions",
               "too many questions of this client are not answered yet");
    } else if (!cli_asked_read(line, &asked, &why)) {
        refuse(client, id, CLI_INVALID, "bad-question", why);
    } else {
        put(client, id, &asked.question);
        cli_asked_fini(&asked);
    }
}

static void take_line(struct client *client, struct dna_span text)
{
    json_t *line = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(line)) {
        refuse(client, NULL, CLI_INVALID, "bad-question", "the line is no JSON object");
    } else if (json_object_get(line, "cancel") != NULL) {
        cancel(client, line);
    } else {
        ask(client, line);
    }
    json_decref(line);
}

static void end_input(struct client *client)
{
    (void)uv_read_stop((uv_stream_t *)&client->pipe);
    client->ended = true;
    drop_if_done(client);
}

/* Nobody can tell where its next question begins. */
static void end_after_long_line(struct client *client)
{
    refuse(client, NULL, CLI_INVALID, "line-too-long",
           "a line has more than 262144 bytes: the connection ends");
    if (!client->closing) {
        end_input(client);
    }
}

/* Until no whole line is left, or the client has to read first. */
static void take_lines(struct client *client)
{
    while (!client->closing && !client->ended && !client->paused) {
        struct dna_span bytes = dna_buf_span(&client->line);
        const char *end = bytes.len != 0 ? memchr(bytes.ptr, '\n', bytes.len) : NULL;
        size_t len = end != NULL ? (size_t)(end - bytes.ptr) : bytes.len;
        if (len > LINE_MOST) {
            end_after_long_line(client);
            return;
        }
        if (end == NULL) {
            return;
        }
        take_line(client, (struct dna_span){bytes.ptr, len});
        if (client->closing) {
            return;
        }
        dna_buf_consume(&client->line, len + 1);
        client->paused = client->unread > UNREAD_MOST;
    }
}

/* --- reading --------------------------------------------------------------------------- */

static void give_space(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct client *client = handle->data;
    (void)wanted;
    *buf = uv_buf_init(client->space, sizeof client->space);
}

static void have_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *client = stream->data;
    if (n == UV_EOF) {
        end_input(client);
        return;
    }
    if (n < 0) {
        drop(client);
        return;
    }
    if (dna_buf_add(&client->line, (struct dna_span){buf->base, (size_t)n}) != DNA_OK) {
        drop(client);
        return;
    }
    take_lines(client);
    if (!client->closing && client->paused) {
        (void)uv_read_stop(stream);
    }
}

static void read_on(struct client *client)
{
    take_lines(client);
    if (!client->closing && !client->paused && !client->ended &&
        uv_read_start((uv_stream_t *)&client->pipe, give_space, have_read) != 0) {
        drop(client);
    }
}

static void accepted(uv_stream_t *listener, int status)
{
    struct service *service = listener->data;
    struct client *client;
    if (status != 0) {
        return;
    }
    client = calloc(1, sizeof *client);
    if (client == NULL || uv_pipe_init(&service->live.loop, &client->pipe, 0) != 0) {
        free(client);
        return;
    }
    client->service = service;
    client->pipe.data = client;
    /* Lines that wait while it is paused are in one piece that was read. */
    dna_buf_init(&client->line, NULL, LINE_MOST + 2 * sizeof client->space);
    client->next = service->clients;
    if (service->clients != NULL) {
        service->clients->prev = client;
    }
    service->clients = client;
    service->n_clients++;
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0 ||
        service->n_clients > CLIENTS_MOST) {
        drop(client);
        return;
    }
    read_on(client);
}

/* --- the socket ------------------------------------------------------------------------ */

/* A socket that nobody listens on is left over, and taken away; anything else stays. */
static bool clear_place(struct cli_call *call, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;
    bool alone;
    int fd;
    if (strlen(path) >= sizeof address.sun_path) {
        (void)cli_usage(call, "the socket's name is longer than %zu bytes",
                        sizeof address.sun_path - 1);
        return false;
    }
    if (lstat(path, &status) != 0) {
        return true;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    alone = S_ISSOCK(status.st_mode) && fd >= 0 &&
            connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
            errno == ECONNREFUSED;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!alone || unlink(path) != 0) {
        (void)cli_fault(call, "%s: it is there already, and in use or no socket", path);
        return false;
    }
    return true;
}

/* --mode: octal. */
static bool read_mode(struct cli_call *call, mode_t *out)
{
    const char *text = cli_text(call, "mode");
    char *end;
    unsigned long mode = strtoul(text, &end, 8);
    if (*text < '0' || *text > '7' || *end != '\0' || mode > 0777) {
        (void)cli_usage(call, "--mode needs an octal number up to 777, not %s", text);
        return false;
    }
    *out = (mode_t)mode;
    return true;
}

/* The socket has its mode from the beginning: nobody gets in between. */
static bool listen_at(struct service *service, const char *path, mode_t mode)
{
    mode_t before = umask(0777 & ~mode);
    int err = uv_pipe_bind(&service->listener, path);
    (void)umask(before);
    if (err == 0) {
        err = uv_listen((uv_stream_t *)&service->listener, 128, accepted);
    }
    if (err != 0) {
        (void)cli_fault(service->live.call, "%s: %s", path, uv_strerror(err));
    }
    return err == 0;
}

static void signalled(uv_signal_t *handle, int number)
{
    struct service *service = handle->data;
    (void)number;
    service->stop = true;
}

static bool heed_signals(struct service *service)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    bool fine = true;
    for (size_t i = 0; i < 2; i++) {
        (void)uv_signal_init(&service->live.loop, &service->signals[i]);
        service->signals[i].data = service;
        fine = uv_signal_start(&service->signals[i], signalled, numbers[i]) == 0 && fine;
    }
    return fine;
}

static void serve(struct service *service, const char *path)
{
    struct cli_report report;
    cli_report_begin(&report, service->live.call, CLI_VALID, "ok", "listening");
    cli_report_string(&report, "socket", path);
    (void)cli_report_end(&report);
    while (!service->stop) {
        cli_live_step(&service->live);
    }
}

static enum cli_exit run(struct cli_call *call)
{
    struct service service = {.clients = NULL};
    const char *path = cli_text(call, "socket");
    enum cli_exit status;
    mode_t mode;
    if (!read_mode(call, &mode) || !clear_place(call, path)) {
        return CLI_FAULT;
    }
    status = cli_live_open(&service.live, call, DNA_EVIDENCE_NONE);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)uv_pipe_init(&service.live.loop, &service.listener, 0);
    service.listener.data = &service;
    if (!heed_signals(&service) || !listen_at(&service, path, mode)) {
        status = CLI_FAULT;
    } else {
        serve(&service, path);
    }
    while (service.clients != NULL) {
        drop(service.clients);
    }
    uv_close((uv_handle_t *)&service.listener, NULL); /* and unlinks it */
    uv_close((uv_handle_t *)&service.signals[0], NULL);
    uv_close((uv_handle_t *)&service.signals[1], NULL);
    cli_live_close(&service.live);
    return status;
}

static const struct cli_option options[] = {
    {"socket", CLI_TEXT, .required = true, .value = "PATH",
     .help = "listen on this Unix domain socket"},
    {"mode", CLI_TEXT, .value = "OCTAL", .otherwise = "600",
     .help = "the socket's permissions: who may connect may ask"},
    CLI_OPTIONS_LIVE,
    {0},
};
static const struct cli_example examples[] = {
    {"dna serve --socket /run/dna/court --mode 660",
     "answer questions of whoever is in the group that owns the directory's files"},
    {"dna serve --socket court --resolver 127.0.0.1 --ca-file lab-ca.pem",
     "the same in a laboratory, with its own resolver and certificate authority"},
    {0},
};
const struct cli_command cli_command_serve = {
    .name = "serve",
    .summary = "the court as a service for other programs",
    .usage = "--socket PATH [--mode OCTAL]",
    .about =
        "Answers questions on a Unix domain socket until it is ended by SIGTERM or SIGINT. "
        "Each line is a JSON object: a question (id, domain, service, role, host, port, "
        "address, own, chain, policy), which is answered by one line with the same id and "
        "the members ruling, code, why, prooftype, expires and veto; or "
        "{\"cancel\": ID}. Questions of one client and of many are heard side by side, and "
        "answered as soon as they are ruled on. Only the ruling PROVEN accepts. "
        "The protocol is written up in docs/verdict-service.md.\n"
        "A line may have 262144 bytes, and a client 256 questions at a time.",
    .members = "socket: where it listens, once it does",
    .options = options,
    .examples = examples,
    .run = run,
};
