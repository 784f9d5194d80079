/*
 * chat.c: an ordinary XMPP client for the lab, driven by lines.
 *
 * It logs in with libstrophe like any user's program and knows nothing of this project.
 * Each line of standard input is a command, each line of standard output an event; the
 * fields are separated by tabs (tabs and newlines inside a field become spaces):
 *
 *     send <to> <id> <body>         online
 *     (end of input: log out)       message <from> <id> <body>
 *                                   error <from> <id> <condition> <text>
 *                                   offline <why>
 *
 * The exit status is 0 if the session ended because the input did.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <strophe.h>

#define LINE_MAX_BYTES 8192
#define WAIT_MS 20
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"

struct chat {
    xmpp_ctx_t *ctx;
    xmpp_conn_t *conn;
    bool online;
    bool leaving;   /* the input has ended and the session is being closed */
    bool over;
    int status;
    size_t used;
    char line[LINE_MAX_BYTES];
};

static void print_field(const char *text)
{
    putchar('\t');
    for (const char *at = text != NULL ? text : ""; *at != '\0'; at++)
        putchar(*at == '\t' || *at == '\n' || *at == '\r' ? ' ' : *at);
}

static void print_event(const char *name, const char *const fields[], size_t count)
{
    fputs(name, stdout);
    for (size_t i = 0; i < count; i++)
        print_field(fields[i]);
    putchar('\n');
    fflush(stdout);
}

/* The defined condition is the one child in the errors' namespace that is not <text/>. */
static const char *condition_of(xmpp_stanza_t *error)
{
    xmpp_stanza_t *child = xmpp_stanza_get_children(error);

    for (; child != NULL; child = xmpp_stanza_get_next(child)) {
        const char *name = xmpp_stanza_get_name(child);
        const char *ns = xmpp_stanza_get_ns(child);

        if (name != NULL && ns != NULL && strcmp(ns, NS_STANZA_ERRORS) == 0 &&
            strcmp(name, "text") != 0)
            return name;
    }
    return "undefined-condition";
}

static void print_error(xmpp_ctx_t *ctx, xmpp_stanza_t *message)
{
    xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(message, "error");
    xmpp_stanza_t *said = error ? xmpp_stanza_get_child_by_name(error, "text") : NULL;
    char *text = said != NULL ? xmpp_stanza_get_text(said) : NULL;
    const char *fields[] = {
        xmpp_stanza_get_from(message),
        xmpp_stanza_get_id(message),
        error != NULL ? condition_of(error) : "undefined-condition",
        text,
    };

    print_event("error", fields, 4);
    if (text != NULL)
        xmpp_free(ctx, text);
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *message, void *user)
{
    const char *type = xmpp_stanza_get_type(message);
    char *body;

    (void)conn;
    struct chat *chat = user;
    if (type != NULL && strcmp(type, "error") == 0) {
        print_error(chat->ctx, message);
        return 1;
    }
    body = xmpp_message_get_body(message);
    if (body != NULL) {
        const char *fields[] = { xmpp_stanza_get_from(message),
                                 xmpp_stanza_get_id(message), body };

        print_event("message", fields, 3);
        xmpp_free(chat->ctx, body);
    }
    return 1;
}

static void announce(struct chat *chat)
{
    xmpp_stanza_t *presence = xmpp_presence_new(chat->ctx);

    if (presence == NULL)
        return;
    xmpp_send(chat->conn, presence);
    xmpp_stanza_release(presence);
}

static void on_connection(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
                          xmpp_stream_error_t *stream_error, void *user)
{
    struct chat *chat = user;

    (void)conn;
    if (event == XMPP_CONN_CONNECT) {
        xmpp_handler_add(chat->conn, on_message, NULL, "message", NULL, chat);
        announce(chat);
        chat->online = true;
        print_event("online", NULL, 0);
        return;
    }
    if (chat->over)
        return;
    const char *why = stream_error != NULL && stream_error->text != NULL
                          ? stream_error->text
                      : error != 0      ? strerror(error)
                      : chat->leaving   ? "logged out"
                      : !chat->online   ? "could not log in"
                                        : "the server closed the stream";
    print_event("offline", &why, 1);
    chat->over = true;
    chat->status = chat->leaving ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int send_message(struct chat *chat, const char *to, const char *id,
                        const char *body)
{
    xmpp_stanza_t *message = xmpp_message_new(chat->ctx, "chat", to, id);

    if (message == NULL)
        return -1;
    int failed = xmpp_message_set_body(message, body);
    if (failed == 0)
        xmpp_send(chat->conn, message);
    xmpp_stanza_release(message);
    return failed;
}

static void obey(struct chat *chat, char *line)
{
    char *rest = line;
    const char *verb = strsep(&rest, "\t");
    const char *to = strsep(&rest, "\t");
    const char *id = strsep(&rest, "\t");

    if (strcmp(verb, "send") != 0 || to == NULL || id == NULL || rest == NULL)
        fprintf(stderr, "chat: not a command: %s\n", verb);
    else if (send_message(chat, to, id, rest) != 0)
        fprintf(stderr, "chat: could not send message %s\n", id);
}

static void leave(struct chat *chat)
{
    if (chat->leaving)
        return;
    chat->leaving = true;
    xmpp_disconnect(chat->conn);
}

static void obey_lines(struct chat *chat)
{
    char *start = chat->line;
    char *end = chat->line + chat->used;

    for (char *nl; (nl = memchr(start, '\n', (size_t)(end - start))) != NULL;
         start = nl + 1) {
        *nl = '\0';
        obey(chat, start);
    }
    chat->used = (size_t)(end - start);
    memmove(chat->line, start, chat->used);
}

static void read_commands(struct chat *chat)
{
    size_t room = sizeof chat->line - chat->used;
    ssize_t got = read(STDIN_FILENO, chat->line + chat->used, room);

    if (got > 0) {
        chat->used += (size_t)got;
        obey_lines(chat);
        if (chat->used == sizeof chat->line) {
            fprintf(stderr, "chat: a line is too long\n");
            leave(chat);
        }
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        leave(chat);
    }
}

static int run(struct chat *chat, const char *host, unsigned short port)
{
    /* The lab's client sits beside its server, on a loopback of their own. */
    xmpp_conn_set_flags(chat->conn, XMPP_CONN_FLAG_DISABLE_TLS);
    if (xmpp_connect_client(chat->conn, host, port, on_connection, chat) != XMPP_EOK) {
        fprintf(stderr, "chat: cannot connect to %s:%hu\n", host, port);
        return EXIT_FAILURE;
    }
    while (!chat->over) {
        xmpp_run_once(chat->ctx, WAIT_MS);
        if (chat->online && !chat->leaving)
            read_commands(chat);
    }
    return chat->status;
}

int main(int argc, char **argv)
{
    static struct chat chat = { .status = EXIT_FAILURE };

    if (argc != 5) {
        fprintf(stderr, "usage: chat JID PASSWORD HOST PORT\n");
        return 2;
    }
    unsigned long port = strtoul(argv[4], NULL, 10);
    if (port == 0 || port > 65535) {
        fprintf(stderr, "chat: %s is not a port\n", argv[4]);
        return 2;
    }
    if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0) {
        perror("chat: standard input");
        return EXIT_FAILURE;
    }
    xmpp_initialize();
    chat.ctx = xmpp_ctx_new(NULL, xmpp_get_default_logger(XMPP_LEVEL_ERROR));
    chat.conn = chat.ctx != NULL ? xmpp_conn_new(chat.ctx) : NULL;
    int status = EXIT_FAILURE;
    if (chat.conn != NULL) {
        xmpp_conn_set_jid(chat.conn, argv[1]);
        xmpp_conn_set_pass(chat.conn, argv[2]);
        status = run(&chat, argv[3], (unsigned short)port);
        xmpp_conn_release(chat.conn);
    }
    if (chat.ctx != NULL)
        xmpp_ctx_free(chat.ctx);
    xmpp_shutdown();
    return status;
}
