#include <name_server.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>

#include <uv.h>

#define RECORDS 64
#define QUESTIONS 512
#define FAILS 0       /* a type that says SERVFAIL */
#define SECURE 0x10000 /* a type that sets the AD bit */
#define SILENT 0x20000 /* a type that gets no answer at all */

struct record {
    char name[300];
    unsigned type;
    unsigned char rdata[300];
    size_t len;
};

struct name_server {
    uv_udp_t udp;
    char at[32];
    char space[2048];
    struct record records[RECORDS];
    size_t n;
    char asked[QUESTIONS][300];
    size_t n_asked;
};

struct out {
    unsigned char bytes[4096];
    size_t n;
};

static void put(struct out *out, const void *bytes, size_t n)
{
    assert(n <= sizeof out->bytes - out->n);
    memcpy(out->bytes + out->n, bytes, n);
    out->n += n;
}

static void put16(struct out *out, unsigned value)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 8), (unsigned char)value};
    put(out, bytes, 2);
}

static void put_name(struct out *out, const char *name)
{
    while (*name != '\0' && strcmp(name, ".") != 0) {
        size_t label = strcspn(name, ".");
        const unsigned char len = (unsigned char)label;
        put(out, &len, 1);
        put(out, name, label);
        name += label + (name[label] == '.');
    }
    put(out, "", 1);
}

/* The question's name, as text, and where it ends; 0: broken. */
static size_t read_name(const unsigned char *bytes, size_t n, char *name)
{
    size_t at = 12, len = 0;
    while (at < n && bytes[at] != 0) {
        size_t label = bytes[at];
        if (label > 63 || at + 1 + label >= n || len + label + 2 > 299) {
            return 0;
        }
        memcpy(name + len, bytes + at + 1, label);
        len += label;
        name[len++] = '.';
        at += 1 + label;
    }
    name[len == 0 ? 0 : len - 1] = '\0';
    return at + 5 <= n ? at + 1 : 0;
}

static void put_answer(struct out *out, const struct record *record)
{
    put16(out, 0xc00c);
    put16(out, record->type);
    put16(out, 1);
    put16(out, 0);
    put16(out, 300);
    put16(out, (unsigned)record->len);
    put(out, record->rdata, record->len);
}

static const struct record root_key = {
    .type = DNA_DNS_DNSKEY,
    .rdata = {1, 1, 3, 13, 1, 2, 3, 4},
    .len = 8,
};

static void answer(struct name_server *server, const char *name, unsigned type,
                   const unsigned char *question, size_t len, struct out *out)
{
    unsigned rcode = 3, n = 0;
    bool root = name[0] == '\0' && type == DNA_DNS_DNSKEY, secure = root;
    out->n = len;
    memcpy(out->bytes, question, len);
    for (size_t i = 0; i < server->n; i++) {
        const struct record *record = &server->records[i];
        if (strcasecmp(record->name, name) != 0) {
            continue;
        }
        if (record->type == FAILS) {
            rcode = 2;
            n = 0;
            out->n = len;
            break;
        }
        if (record->type == SILENT) {
            out->n = 0;
            return;
        }
        if (record->type == SECURE) {
            secure = true;
            continue;
        }
        rcode = 0;
        if (record->type == type) {
            put_answer(out, record);
            n++;
        }
    }
    if (root) {
        put_answer(out, &root_key);
        rcode = 0;
        n = 1;
    }
    out->bytes[2] = 0x81;                                         /* QR, RD */
    out->bytes[3] = (unsigned char)(0x80 | (secure ? 0x20 : 0) | rcode); /* RA, AD */
    memset(out->bytes + 4, 0, 8);
    out->bytes[5] = 1;
    out->bytes[7] = (unsigned char)n;
}

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct name_server *server = handle->data;
    (void)suggested;
    *buf = uv_buf_init(server->space, sizeof server->space);
}

static void asked(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                  unsigned flags)
{
    struct name_server *server = udp->data;
    const unsigned char *bytes = (const unsigned char *)buf->base;
    char name[300] = "";
    struct out out;
    uv_buf_t reply;
    size_t end;
    (void)flags;
    if (n < 17 || from == NULL || (end = read_name(bytes, (size_t)n, name)) == 0) {
        return;
    }
    strcpy(server->asked[server->n_asked++ % QUESTIONS], name);
    answer(server, name, (unsigned)bytes[end] << 8 | bytes[end + 1], bytes, end + 4, &out);
    reply = uv_buf_init((char *)out.bytes, (unsigned)out.n);
    if (out.n != 0) {
        (void)uv_udp_try_send(udp, &reply, 1, from);
    }
}

struct name_server *name_server_new(struct uv_loop_s *loop)
{
    struct name_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address;
    int len = (int)sizeof address, bad;
    bad = uv_udp_init(loop, &server->udp);
    bad |= uv_ip4_addr("127.0.0.1", 0, &address);
    bad |= uv_udp_bind(&server->udp, (struct sockaddr *)&address, 0);
    bad |= uv_udp_getsockname(&server->udp, (struct sockaddr *)&address, &len);
    server->udp.data = server;
    bad |= uv_udp_recv_start(&server->udp, lend, asked);
    assert(bad == 0);
    (void)snprintf(server->at, sizeof server->at, "127.0.0.1@%u", ntohs(address.sin_port));
    return server;
}

static void freed(uv_handle_t *handle)
{
    free(handle->data);
}

void name_server_free(struct name_server *server)
{
    uv_close((uv_handle_t *)&server->udp, freed);
}

const char *name_server_at(const struct name_server *server)
{
    return server->at;
}

static struct record *add(struct name_server *server, const char *name, unsigned type)
{
    struct record *record = &server->records[server->n++];
    assert(server->n <= RECORDS);
    *record = (struct record){.type = type};
    (void)snprintf(record->name, sizeof record->name, "%s", name);
    return record;
}

void name_server_a(struct name_server *server, const char *name, const char *address)
{
    struct record *record = add(server, name, DNA_DNS_A);
    record->len = 4;
    assert(inet_pton(AF_INET, address, record->rdata) == 1);
}

void name_server_aaaa(struct name_server *server, const char *name, const char *address)
{
    struct record *record = add(server, name, DNA_DNS_AAAA);
    record->len = 16;
    assert(inet_pton(AF_INET6, address, record->rdata) == 1);
}

void name_server_srv(struct name_server *server, const char *service, const char *domain,
                     unsigned priority, uint16_t port, const char *target)
{
    struct out out = {.n = 0};
    char name[300];
    struct record *record;
    (void)snprintf(name, sizeof name, "%s._tcp.%s", service, domain);
    record = add(server, name, DNA_DNS_SRV);
    put16(&out, priority);
    put16(&out, 0);
    put16(&out, port);
    put_name(&out, target);
    record->len = out.n;
    memcpy(record->rdata, out.bytes, out.n);
}

void name_server_fails(struct name_server *server, const char *name)
{
    (void)add(server, name, FAILS);
}

void name_server_silent(struct name_server *server, const char *name)
{
    (void)add(server, name, SILENT);
}

void name_server_secure(struct name_server *server, const char *name)
{
    (void)add(server, name, SECURE);
}

unsigned name_server_asked(const struct name_server *server, const char *name)
{
    unsigned n = 0;
    for (size_t i = 0; i < server->n_asked && i < QUESTIONS; i++) {
        n += strcasecmp(server->asked[i], name) == 0;
    }
    return n;
}
