/* edge/elsewhere.c: a short list of the domains whose servers have sent us elsewhere.
 *
 * Nobody but a proven peer gets an entry, for its own domain alone, and there is one for each.
 */
#include <edge/elsewhere.h>

#include <string.h>

#include <base/address.h>
#include <base/alloc.h>
#include <base/limits.h>

struct dna_edge_moved {
    struct dna_edge_moved *next;
    int64_t until; /* monotonic */
    struct dna_name domain;
    struct dna_edge_elsewhere to;
};

/* --- what is said -------------------------------------------------------------------- */

/* The brackets of an IPv6 address are part of the host. */
static size_t host_length(struct dna_span text)
{
    const char *end = text.len != 0 && text.ptr[0] == '['
                          ? memchr(text.ptr, ']', text.len)
                          : memchr(text.ptr, ':', text.len);
    if (end == NULL) {
        return text.len != 0 && text.ptr[0] == '[' ? 0 : text.len;
    }
    return (size_t)(end - text.ptr) + (*end == ']');
}

static bool parse_host(struct dna_span host, struct dna_edge_elsewhere *out)
{
    struct dna_span bare = host;
    if (host.len > 2 && host.ptr[0] == '[') {
        bare = (struct dna_span){host.ptr + 1, host.len - 2};
        out->is_address = dna_address_parse(bare, &out->address) == DNA_OK &&
                          out->address.family == DNA_ADDRESS_V6;
        return out->is_address;
    }
    out->is_address = dna_address_parse(bare, &out->address) == DNA_OK;
    return out->is_address || dna_name_parse(host, &out->place.host) == DNA_OK;
}

bool dna_edge_elsewhere_parse(struct dna_span text, struct dna_edge_elsewhere *out)
{
    size_t len = text.len != 0 ? host_length(text) : 0;
    struct dna_span rest = {text.ptr + len, text.len - len};
    *out = (struct dna_edge_elsewhere){.place = {.port = DNA_EDGE_PORT}};
    if (len == 0 || !parse_host((struct dna_span){text.ptr, len}, out)) {
        return false;
    }
    return rest.len == 0 ||
           (rest.ptr[0] == ':' &&
            dna_port_parse((struct dna_span){rest.ptr + 1, rest.len - 1}, &out->place.port));
}

/* --- who may say it, and for how long ----------------------------------------------------- */

static int64_t mono(const struct dna_uv *uv)
{
    return uv->face->now(uv->face->self).mono;
}

static void forget(struct dna_uv *uv, struct dna_edge_moved **at)
{
    struct dna_edge_moved *moved = *at;
    *at = moved->next;
    dna_alloc_release(uv->alloc, moved);
}

/* Those whose time is over, and that of the domain; how many are left. */
static size_t clear(struct dna_uv *uv, const char *domain)
{
    struct dna_edge_moved **at = &uv->moved;
    int64_t now = mono(uv);
    size_t n = 0;
    while (*at != NULL) {
        if (now >= (*at)->until || strcmp((*at)->domain.text, domain) == 0) {
            forget(uv, at);
        } else {
            at = &(*at)->next;
            n++;
        }
    }
    return n;
}

/* NULL: it may. */
static const char *objection(const struct dna_uv_stream *stream, struct dna_span text,
                             struct dna_edge_elsewhere *to)
{
    if (stream->role != DNA_INITIATING || stream->link != NULL || stream->verifies ||
        stream->routed) {
        return "not on this stream";
    }
    if (!dna_stream_proves(stream->core, dna_stream_peer(stream->core))) {
        return "the peer is not proven";
    }
    if (stream->hops >= DNA_LIMIT_ELSEWHERE) {
        return "too often in a row";
    }
    return dna_edge_elsewhere_parse(text, to) ? NULL : "neither a host nor an address";
}

static bool enter(struct dna_uv_stream *stream, const struct dna_edge_elsewhere *to)
{
    struct dna_uv *uv = stream->uv;
    const char *domain = dna_stream_peer(stream->core), *host;
    struct dna_edge_moved *made;
    if (clear(uv, domain) >= DNA_LIMIT_ELSEWHERES ||
        (made = dna_alloc_zero(uv->alloc, 1, sizeof *made)) == NULL) {
        return false;
    }
    made->until = mono(uv) + DNA_LIMIT_ELSEWHERE_MS;
    (void)strcpy(made->domain.text, domain);
    made->to = *to;
    made->to.hops = stream->hops + 1U;
    made->to.place.direct_tls = stream->wire.direct;
    host = dna_stream_host(stream->core, &made->to.origin.port);
    if (host != NULL) {
        made->to.has_origin = true;
        (void)strcpy(made->to.origin.host.text, host);
    }
    made->next = uv->moved;
    uv->moved = made;
    return true;
}

void dna_edge_elsewhere_note(struct dna_uv_stream *stream, const char *text)
{
    struct dna_edge_elsewhere to;
    const char *why = objection(stream, dna_span_of(text), &to);
    if (why == NULL) {
        stream->moved = enter(stream, &to);
        why = stream->moved ? NULL : "too many have moved";
    }
    if (why != NULL) {
        dna_edge_log(stream->uv, DNA_LOG_INFO, "see-other-host-ignored", "why", why);
    } else {
        dna_edge_log(stream->uv, DNA_LOG_INFO, "see-other-host", "to", text);
    }
}

bool dna_edge_elsewhere_take(struct dna_uv *uv, const char *domain,
                             struct dna_edge_elsewhere *out)
{
    struct dna_edge_moved *moved = uv->moved;
    while (moved != NULL && strcmp(moved->domain.text, domain) != 0) {
        moved = moved->next;
    }
    if (moved == NULL) {
        return false;
    }
    *out = moved->to;
    if (mono(uv) >= moved->until) {
        moved = NULL;
    }
    (void)clear(uv, domain);
    return moved != NULL;
}

void dna_edge_elsewhere_free(struct dna_uv *uv)
{
    while (uv->moved != NULL) {
        forget(uv, &uv->moved);
    }
}

bool dna_uv_stream_moved(const struct dna_uv_stream *stream)
{
    return stream->moved;
}
