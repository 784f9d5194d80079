/* cli/probe.c: TCP, STARTTLS or TLS at once, and the certificates; then it hangs up.
 *
 * Nothing is believed of what the server says in clear: it can only keep TLS from coming.
 * Bytes behind <proceed/> that TLS does not protect end the probe (RFC 6120 5.4.3.3).
 */
#include <cli/probe.h>

#include <stdio.h>
#include <stdlib.h>

#include <base/limits.h>
#include <edge/driver.h>
#include <edge/identity.h>
#include <edge/sockaddr.h>
#include <edge/socket.h>
#include <tls/tls.h>
#include <xml/reader.h>

#define STREAM_NS "http://etherx.jabber.org/streams"
#define TLS_NS "urn:ietf:params:xml:ns:xmpp-tls"

struct cli_probe {
    struct dna_uv *uv;
    struct cli_probe_target target;
    struct dna_uv_identity *identity;
    cli_probe_fn *fn;
    void *arg;
    struct dna_edge_socket *socket;
    struct dna_timer *timer;
    struct dna_xml_reader *reader;
    struct dna_tls *tls;
    struct dna_buf out;
    bool asked, ended;
    char why[DNA_WHY_MAX];
};

static void finish(struct cli_probe *probe, struct dna_chain *chain, const char *why)
{
    if (probe->ended) {
        return;
    }
    probe->ended = true;
    (void)snprintf(probe->why, sizeof probe->why, "%s", why);
    dna_edge_socket_close(probe->socket);
    probe->socket = NULL;
    probe->uv->face->timer_free(probe->timer);
    probe->timer = NULL;
    probe->fn(probe->arg, chain, probe->why);
}

static void flush(struct cli_probe *probe)
{
    if (!probe->ended && dna_buf_len(&probe->out) != 0 &&
        dna_edge_socket_in_flight(probe->socket) == 0 &&
        dna_edge_socket_write(probe->socket, &probe->out) != DNA_OK) {
        finish(probe, NULL, "the connection broke");
    }
}

static void say(struct cli_probe *probe, const char *text)
{
    if (dna_buf_add(&probe->out, dna_span_of(text)) != DNA_OK) {
        finish(probe, NULL, "out of memory");
    }
    flush(probe);
}

/* --- TLS ---------------------------------------------------------------------------- */

static void take_chain(struct cli_probe *probe)
{
    struct dna_chain *chain = NULL;
    if (dna_tls_peer_chain(probe->tls, NULL, &chain) != DNA_OK || chain == NULL) {
        finish(probe, NULL, "the server presented no certificate");
        return;
    }
    if (dna_tls_shutdown(probe->tls) == DNA_OK) {
        flush(probe);
    }
    finish(probe, chain, "");
    dna_chain_free(chain);
}

static void shake(struct cli_probe *probe)
{
    char why[DNA_WHY_MAX];
    if (dna_tls_handshake(probe->tls) != DNA_OK || dna_tls_keep(probe->tls) != DNA_OK) {
        finish(probe, NULL, "out of memory");
        return;
    }
    switch (dna_tls_status(probe->tls)) {
    case DNA_TLS_HANDSHAKING:
        flush(probe);
        return;
    case DNA_TLS_OPEN:
        take_chain(probe);
        return;
    case DNA_TLS_ENDED:
        finish(probe, NULL, "the server ended TLS at once");
        return;
    case DNA_TLS_FAILED:
        break;
    }
    (void)snprintf(why, sizeof why, "TLS failed: %s", dna_tls_why(probe->tls));
    finish(probe, NULL, why);
}

static void begin_tls(struct cli_probe *probe)
{
    const struct cli_probe_target *target = &probe->target;
    const struct dna_tls_options options = {
        .server_name = target->domain,
        .protocol = !target->direct_tls                  ? NULL
                    : target->service == DNA_XMPP_CLIENT ? DNA_TLS_SERVICE_CLIENT
                                                         : DNA_TLS_SERVICE_SERVER,
    };
    if (dna_tls_new(dna_edge_identity_tls(probe->identity), &options, &probe->out,
                    &probe->tls) != DNA_OK) {
        finish(probe, NULL, "TLS could not be begun");
        return;
    }
    shake(probe);
}

/* --- STARTTLS ------------------------------------------------------------------------ */

static void open_stream(struct cli_probe *probe)
{
    const struct cli_probe_target *target = &probe->target;
    char header[2 * DNA_NAME_MAX + 256];
    if (target->service == DNA_XMPP_CLIENT) {
        (void)snprintf(header, sizeof header,
                       "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                       "xmlns:stream='" STREAM_NS "' to='%s' version='1.0'>",
                       target->domain);
    } else {
        (void)snprintf(header, sizeof header,
                       "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
                       "xmlns:stream='" STREAM_NS "' from='%s' to='%s' version='1.0'>",
                       target->own, target->domain);
    }
    say(probe, header);
}

static void see_element(struct cli_probe *probe, const struct dna_xml_element *element)
{
    if (dna_xml_is(element, STREAM_NS, "features") && !probe->asked) {
        if (dna_xml_child(element, TLS_NS, "starttls") == NULL) {
            finish(probe, NULL, "the server does not offer STARTTLS");
            return;
        }
        probe->asked = true;
        say(probe, "<starttls xmlns='" TLS_NS "'/>");
    } else if (dna_xml_is(element, TLS_NS, "proceed") && probe->asked) {
        if (dna_xml_reader_unread(probe->reader) != 0) {
            finish(probe, NULL, "bytes in clear follow the answer to STARTTLS");
            return;
        }
        begin_tls(probe);
    } else if (dna_xml_is(element, TLS_NS, "failure")) {
        finish(probe, NULL, "the server refuses STARTTLS");
    } else if (dna_xml_is(element, STREAM_NS, "error")) {
        char why[DNA_WHY_MAX];
        (void)snprintf(why, sizeof why, "the server ends the stream: %.*s",
                       DNA_SPAN_FMT(element->child != NULL ? element->child->name
                                                           : dna_span_of("no condition")));
        finish(probe, NULL, why);
    }
}

static void read_clear(struct cli_probe *probe, struct dna_span bytes)
{
    struct dna_xml_item item = {.kind = DNA_XML_HEADER};
    if (dna_xml_reader_feed(probe->reader, bytes) != DNA_OK) {
        finish(probe, NULL, "the stream has ended");
        return;
    }
    while (!probe->ended && probe->tls == NULL && item.kind != DNA_XML_MORE) {
        dna_xml_reader_next(probe->reader, &item);
        switch (item.kind) {
        case DNA_XML_MORE:
        case DNA_XML_HEADER:
            break;
        case DNA_XML_ELEMENT:
            see_element(probe, item.element);
            break;
        case DNA_XML_END:
            finish(probe, NULL, "the server ended the stream before TLS");
            break;
        case DNA_XML_ERROR:
            finish(probe, NULL, item.why);
            break;
        }
    }
}

/* --- the socket ---------------------------------------------------------------------- */

static void connected(void *arg, const char *why)
{
    struct cli_probe *probe = arg;
    if (why != NULL) {
        finish(probe, NULL, why);
        return;
    }
    dna_edge_socket_tune(probe->socket);
    dna_edge_socket_read(probe->socket, true);
    if (probe->target.direct_tls) {
        begin_tls(probe);
    } else {
        open_stream(probe);
    }
}

static void received(void *arg, struct dna_span bytes)
{
    struct cli_probe *probe = arg;
    if (probe->tls != NULL) {
        dna_tls_feed(probe->tls, bytes);
        shake(probe);
    } else {
        read_clear(probe, bytes);
    }
}

static void ended(void *arg, const char *why)
{
    finish(arg, NULL,
           why != NULL ? why : "the server closed the connection before TLS was on");
}

static void written(void *arg)
{
    flush(arg);
}

static void timed_out(void *arg)
{
    finish(arg, NULL, "no TLS connection within the time");
}

static const struct dna_edge_socket_events events = {
    .connected = connected,
    .received = received,
    .ended = ended,
    .written = written,
};

/* From the loop, so that whatever fails is told from there. */
static void begin(void *arg)
{
    struct cli_probe *probe = arg;
    const struct dna_loop *face = probe->uv->face;
    struct dna_endpoint *to = &probe->target.to;
    int64_t now = face->now(face->self).mono;
    const char *why = "out of memory";
    bool admitted = probe->target.chosen
                        ? dna_edge_guard_admits_route(&probe->uv->guard, to, now, &why)
                        : dna_edge_guard_admits(&probe->uv->guard, to, now, &why);
    face->timer_free(probe->timer);
    probe->timer = face->timer(face->self, DNA_LIMIT_CONNECT_MS, timed_out, probe);
    if (!admitted || probe->timer == NULL ||
        dna_edge_socket_new(probe->uv->loop, NULL, &probe->socket) != DNA_OK) {
        finish(probe, NULL, why);
        return;
    }
    dna_edge_socket_bind(probe->socket, &events, probe);
    if (dna_edge_socket_connect(probe->socket, to, NULL, &why) != DNA_OK) {
        finish(probe, NULL, why);
    }
}

struct cli_probe *cli_probe_start(struct cli_live *live, const struct cli_probe_target *target,
                                  struct dna_uv_identity *identity, cli_probe_fn *fn,
                                  void *arg)
{
    static const struct dna_xml_limits limits = {
        .element = DNA_LIMIT_ELEMENT_UNAUTH,
        .depth = DNA_LIMIT_DEPTH_UNAUTH,
        .attributes = DNA_LIMIT_ATTRIBUTES,
    };
    struct cli_probe *probe = calloc(1, sizeof *probe);
    const struct dna_loop *face = live->driver->face;
    if (probe == NULL) {
        return NULL;
    }
    *probe = (struct cli_probe){
        .uv = live->driver, .target = *target, .identity = identity, .fn = fn, .arg = arg};
    dna_buf_init(&probe->out, NULL, DNA_LIMIT_CIPHERTEXT);
    probe->timer = face->timer(face->self, 0, begin, probe);
    if (probe->timer == NULL ||
        dna_xml_reader_new(NULL, "", &limits, &probe->reader) != DNA_OK) {
        probe->ended = true;
        cli_probe_free(probe);
        return NULL;
    }
    return probe;
}

void cli_probe_free(struct cli_probe *probe)
{
    if (probe == NULL) {
        return;
    }
    dna_edge_socket_close(probe->socket);
    probe->uv->face->timer_free(probe->timer);
    dna_tls_free(probe->tls);
    dna_xml_reader_free(probe->reader);
    dna_buf_fini(&probe->out);
    free(probe);
}
