/* edge/entrance.c: see the header.
 *
 * No more is read than the header needs, so that whatever follows it is left for the stream.
 */
#include <edge/entrance.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/proxy.h>
#include <edge/socket.h>

#define FIXED 16 /* as long as every header is at least; its last two octets say how much more */

void dna_edge_entrance_free(struct dna_edge_entrance *entrance)
{
    const struct dna_loop *face = entrance->uv->face;
    *entrance->self = entrance->next;
    if (entrance->next != NULL) {
        entrance->next->self = entrance->self;
    }
    face->timer_free(entrance->timer);
    dna_edge_socket_close(entrance->socket);
    dna_buf_fini(&entrance->in);
    dna_alloc_release(entrance->uv->alloc, entrance);
}

static void leave(struct dna_edge_entrance *entrance, const struct dna_endpoint *remote,
                  const char *why)
{
    struct dna_edge_socket *socket = entrance->socket;
    if (remote != NULL) {
        dna_edge_socket_read(socket, false);
        dna_edge_socket_read_most(socket, 0);
        entrance->socket = NULL;
    }
    entrance->fn(entrance->arg, entrance, remote != NULL ? socket : NULL, remote, why);
    dna_edge_entrance_free(entrance);
}

static void late(void *arg)
{
    leave(arg, NULL, "no PROXY header in time");
}

static void connected(void *arg, const char *why)
{
    (void)arg;
    (void)why;
}

static void received(void *arg, struct dna_span bytes)
{
    struct dna_edge_entrance *entrance = arg;
    struct dna_proxy_header header = {.why = "out of memory"};
    enum dna_proxy_verdict verdict = DNA_PROXY_BAD;
    struct dna_span in;
    if (dna_buf_add(&entrance->in, bytes) == DNA_OK) {
        verdict = dna_proxy_read(dna_buf_span(&entrance->in), &header);
    }
    switch (verdict) {
    case DNA_PROXY_MORE:
        in = dna_buf_span(&entrance->in);
        dna_edge_socket_read_most(entrance->socket,
                                  in.len < FIXED
                                      ? FIXED - in.len
                                      : FIXED + ((size_t)(unsigned char)in.ptr[14] << 8 |
                                                 (unsigned char)in.ptr[15]) -
                                            in.len);
        break;
    case DNA_PROXY_TAKEN:
        leave(entrance, &header.source, "");
        break;
    case DNA_PROXY_OWN:
        leave(entrance, &entrance->balancer, "");
        break;
    case DNA_PROXY_BAD:
        leave(entrance, NULL, header.why);
        break;
    }
}

static void ended(void *arg, const char *why)
{
    leave(arg, NULL, why != NULL ? why : "closed before a PROXY header");
}

static void written(void *arg)
{
    (void)arg;
}

enum dna_err dna_edge_entrance_new(struct dna_uv *uv, struct dna_edge_socket *socket,
                                   const struct dna_endpoint *balancer,
                                   struct dna_edge_entrance **list, dna_edge_entrance_fn *fn,
                                   void *arg)
{
    static const struct dna_edge_socket_events events = {connected, received, ended, written};
    struct dna_edge_entrance *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    struct dna_timer *timer = uv->face->timer(uv->face->self, DNA_LIMIT_PROXY_MS, late, made);
    if (made == NULL || timer == NULL) {
        uv->face->timer_free(timer);
        dna_alloc_release(uv->alloc, made);
        return DNA_ERR_MEMORY;
    }
    *made = (struct dna_edge_entrance){.next = *list, .self = list, .uv = uv,
                                       .socket = socket, .balancer = *balancer,
                                       .timer = timer, .fn = fn, .arg = arg};
    if (made->next != NULL) {
        made->next->self = &made->next;
    }
    *list = made;
    dna_buf_init(&made->in, uv->alloc, FIXED + DNA_LIMIT_PROXY_HEADER);
    dna_edge_socket_bind(socket, &events, made);
    dna_edge_socket_read_most(socket, FIXED);
    dna_edge_socket_read(socket, true);
    return DNA_OK;
}
