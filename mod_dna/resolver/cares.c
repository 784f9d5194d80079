/* resolver/cares.c: a stub resolver on c-ares.
 *
 * The question asks for signatures (DO) and for the server's verdict (AD).  The AD bit of
 * the answer means SECURE only where the operator says that the way to the server is safe;
 * otherwise everything is insecure, and resolver.c knows what that is worth.  Every setting
 * is given, so that c-ares reads no resolv.conf, and it is asked for nothing but packets, so
 * that it reads no /etc/hosts.  Only a server that recurses is believed in what it says.
 * Sockets do not stay open, so that a forger has a port to guess as well.
 *
 * c-ares cannot cancel one query: a cancelled one runs on and is forgotten when it ends.
 */
#include <resolver/cares.h>

#include <string.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/time.h>

#include <netinet/in.h>

#include <ares.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <resolver/server.h>

enum {
    UDP_SIZE = 1232,
    OPT_SIZE = 11,
    HEADER_SIZE = 12,
    FLAG_AD = 0x20,      /* in the header's fourth octet */
    FLAG_RA = 0x80,
    FLAG_DO = 0x80,      /* in the first octet of the OPT record's flags */
    TRY_MS = 1500,
    TRIES = 3
};

struct socket {
    struct socket *next;
    struct cares *cares;
    int fd;
    struct dna_watch *watch;
};

struct cares {
    struct dna_backend super; /* first */
    const struct dna_loop *loop;
    const struct dna_alloc *alloc;
    bool trust_ad;
    ares_channel channel;
    struct socket *sockets;
    struct dna_timer *timer;
};

struct dna_query {
    struct cares *cares;
    dna_raw_fn *fn; /* NULL: cancelled */
    void *arg;
    struct dna_query **out; /* set while ask runs */
};

static void schedule(struct cares *cares);

static void on_timer(void *arg)
{
    struct cares *cares = arg;
    ares_process_fd(cares->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    schedule(cares);
}

/* After everything that may have changed what c-ares waits for. */
static void schedule(struct cares *cares)
{
    struct timeval room, *left = ares_timeout(cares->channel, NULL, &room);
    cares->loop->timer_free(cares->timer);
    cares->timer = NULL;
    if (left != NULL) {
        uint64_t ms = (uint64_t)left->tv_sec * 1000 + ((uint64_t)left->tv_usec + 999) / 1000;
        cares->timer = cares->loop->timer(cares->loop->self, ms, on_timer, cares);
    }
}

static void on_ready(void *arg, int fd, unsigned events)
{
    struct socket *socket = arg;
    struct cares *cares = socket->cares;
    ares_process_fd(cares->channel, (events & DNA_LOOP_READ) != 0 ? fd : ARES_SOCKET_BAD,
                    (events & DNA_LOOP_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
    schedule(cares);
}

static void forget_socket(struct cares *cares, int fd)
{
    for (struct socket **link = &cares->sockets; *link != NULL; link = &(*link)->next) {
        struct socket *socket = *link;
        if (socket->fd == fd) {
            *link = socket->next;
            cares->loop->unwatch(socket->watch);
            dna_alloc_release(cares->alloc, socket);
            return;
        }
    }
}

static struct socket *find_socket(struct cares *cares, int fd)
{
    for (struct socket *socket = cares->sockets; socket != NULL; socket = socket->next) {
        if (socket->fd == fd) {
            return socket;
        }
    }
    return NULL;
}

/* Where watching fails, the query ends by its deadline. */
static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
    struct cares *cares = arg;
    unsigned events = (readable ? DNA_LOOP_READ : 0u) | (writable ? DNA_LOOP_WRITE : 0u);
    struct socket *socket = find_socket(cares, fd);
    if (events == 0) {
        forget_socket(cares, fd);
        return;
    }
    if (socket != NULL) {
        (void)cares->loop->rewatch(socket->watch, events);
        return;
    }
    socket = dna_alloc_zero(cares->alloc, 1, sizeof *socket);
    if (socket == NULL) {
        return;
    }
    *socket = (struct socket){.next = cares->sockets, .cares = cares, .fd = fd};
    socket->watch = cares->loop->watch(cares->loop->self, fd, events, on_ready, socket);
    if (socket->watch == NULL) {
        dna_alloc_release(cares->alloc, socket);
        return;
    }
    cares->sockets = socket;
}

static void judge(const struct cares *cares, const unsigned char *packet, size_t len,
                  struct dna_raw_answer *raw)
{
    raw->rcode = packet[3] & 0x0f;
    raw->packet = (struct dna_span){(const char *)packet, len};
    if ((packet[3] & FLAG_RA) == 0) {
        raw->rcode = 5; /* a lame server's empty answer would look like "does not exist" */
    }
    if (cares->trust_ad && (packet[3] & FLAG_AD) != 0) {
        raw->security = DNA_RAW_SECURE;
    }
}

static void on_answer(void *arg, int status, int timeouts, unsigned char *packet, int len)
{
    struct dna_query *query = arg;
    struct dna_raw_answer raw = {.rcode = 2, .security = DNA_RAW_INSECURE};
    (void)timeouts;
    if (query->out != NULL) {
        *query->out = NULL;
    }
    if (status == ARES_SUCCESS && packet != NULL && len >= HEADER_SIZE) {
        judge(query->cares, packet, (size_t)len, &raw);
    }
    if (query->fn != NULL) {
        query->fn(query->arg, &raw);
    }
    dna_alloc_release(query->cares->alloc, query);
}

/* *packet is c-ares'. */
static enum dna_err make_question(const char *name, uint16_t type, unsigned char **packet,
                                  int *len)
{
    unsigned short id;
    int status;
    if (getentropy(&id, sizeof id) != 0) {
        return DNA_ERR_SYSTEM;
    }
    status = ares_create_query(name, 1, type, id, 1, packet, len, UDP_SIZE);
    if (status == ARES_ENOMEM) {
        return DNA_ERR_MEMORY;
    }
    if (status != ARES_SUCCESS || *len < HEADER_SIZE + OPT_SIZE) {
        return DNA_ERR_ARGUMENT;
    }
    (*packet)[3] |= FLAG_AD;
    (*packet)[*len - 4] |= FLAG_DO;
    return DNA_OK;
}

static enum dna_err ask(struct dna_backend *backend, const char *name, uint16_t type,
                        dna_raw_fn *fn, void *arg, struct dna_query **out)
{
    struct cares *cares = (struct cares *)(void *)backend;
    struct dna_query *query = dna_alloc_zero(cares->alloc, 1, sizeof *query);
    unsigned char *packet = NULL;
    int len = 0;
    enum dna_err err;
    *out = NULL;
    if (query == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = make_question(name, type, &packet, &len);
    if (err != DNA_OK) {
        dna_alloc_release(cares->alloc, query);
        goto done;
    }
    *query = (struct dna_query){.cares = cares, .fn = fn, .arg = arg, .out = out};
    *out = query;
    ares_send(cares->channel, packet, len, on_answer, query);
    if (*out != NULL) {
        (*out)->out = NULL;
    }
    schedule(cares);
done:
    ares_free_string(packet);
    return err;
}

static void cancel(struct dna_query *query)
{
    query->fn = NULL;
}

static void free_cares(struct dna_backend *backend)
{
    struct cares *cares = (struct cares *)(void *)backend;
    if (cares->channel != NULL) {
        ares_destroy(cares->channel);
    }
    while (cares->sockets != NULL) {
        forget_socket(cares, cares->sockets->fd);
    }
    cares->loop->timer_free(cares->timer);
    dna_alloc_release(cares->alloc, cares);
}

static const struct dna_backend_ops ops = {
    .ask = ask,
    .cancel = cancel,
    .free = free_cares,
};

/* c-ares writes "192.0.2.1:53,[2001:db8::1]:53". */
static enum dna_err set_servers(struct cares *cares,
                                const struct dna_resolver_options *options)
{
    struct dna_buf list;
    enum dna_err err = options->n_servers == 0 ? DNA_ERR_ARGUMENT : DNA_OK;
    dna_buf_init(&list, cares->alloc, SIZE_MAX / 2);
    for (size_t i = 0; i < options->n_servers && err == DNA_OK; i++) {
        struct dna_server server;
        char address[DNA_ADDRESS_TEXT];
        err = dna_server_parse(options->servers[i], &server);
        if (err == DNA_OK) {
            bool v6 = server.address.family == DNA_ADDRESS_V6;
            dna_address_text(&server.address, address);
            err = dna_buf_printf(&list, "%s%s%s%s:%u", i != 0 ? "," : "", v6 ? "[" : "",
                                 address, v6 ? "]" : "", (unsigned)server.port);
        }
    }
    if (err == DNA_OK) {
        err = dna_buf_add(&list, (struct dna_span){"", 1});
    }
    if (err == DNA_OK && ares_set_servers_ports_csv(cares->channel, dna_buf_span(&list).ptr) !=
                             ARES_SUCCESS) {
        err = DNA_ERR_SYSTEM;
    }
    dna_buf_fini(&list);
    return err;
}

static enum dna_err open_channel(struct cares *cares)
{
    struct in_addr replaced_at_once = {.s_addr = htonl(INADDR_LOOPBACK)};
    char lookups[] = "b";
    struct ares_options o = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
        .timeout = TRY_MS,
        .tries = TRIES,
        .ndots = 1,
        .servers = &replaced_at_once,
        .nservers = 1,
        .lookups = lookups,
        .ednspsz = UDP_SIZE,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = cares,
    };
    int status = ares_init_options(
        &cares->channel, &o,
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
            ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_SORTLIST | ARES_OPT_LOOKUPS |
            ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB | ARES_OPT_NOROTATE);
    if (status == ARES_SUCCESS) {
        return DNA_OK;
    }
    cares->channel = NULL;
    return status == ARES_ENOMEM ? DNA_ERR_MEMORY : DNA_ERR_SYSTEM;
}

enum dna_err dna_cares_new(const struct dna_loop *loop,
                           const struct dna_resolver_options *options,
                           struct dna_backend **out)
{
    struct cares *cares = dna_alloc_zero(options->alloc, 1, sizeof *cares);
    enum dna_err err;
    *out = NULL;
    if (cares == NULL) {
        return DNA_ERR_MEMORY;
    }
    cares->super.ops = &ops;
    cares->loop = loop;
    cares->alloc = options->alloc;
    cares->trust_ad = options->trust_ad;
    err = open_channel(cares);
    if (err == DNA_OK) {
        err = set_servers(cares, options);
    }
    if (err != DNA_OK) {
        free_cares(&cares->super);
        return err;
    }
    *out = &cares->super;
    return DNA_OK;
}
