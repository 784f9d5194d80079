/* An authenticated stream under hostile bytes, in both roles.
 *
 * The first byte chooses the role, the short form and SASL or DNA; the second how the host
 * answers what the peer brings about; the rest is what the peer sends.  It must hold,
 * whatever the bytes:
 *   - a stanza comes out only where its sender's domain is accepted by us and its receiver's
 *     is ours and accepted by the peer, by what the effects said before;
 *   - nothing is accepted but what the court proved, and never a domain that we host;
 *   - what is written is well-formed and ends with our end tag, and behind CLOSE comes
 *     nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <s2s/s2s.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NS                                                                                  \
    " xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "               \
    "xmlns:dna='urn:xmpp:dna:0'"
#define HEADER "<stream:stream" NS " from='s.example' to='t.example' version='1.0' id='x'>"
#define KNOWN_MAX 1024
#define INPUT_MAX 8192 /* too little to name so many domains */

/* A domain that the effects have said to be accepted, now or once. */
struct known {
    char domain[DNA_NAME_MAX + 1];
    bool ours, accepted;
};

struct world {
    struct dna_map *hosted;
    struct dna_s2s *s;
    struct dna_xml_reader *reader, *echo; /* echo reads what is written */
    struct dna_time now;
    unsigned mood, turn;
    struct known known[KNOWN_MAX];
    size_t n_known;
    bool closed, pre_accepted;
};

static void must(enum dna_err err)
{
    if (err != DNA_OK) {
        abort();
    }
}

static struct known *find(struct world *w, const char *domain, bool ours)
{
    for (size_t i = 0; i < w->n_known; i++) {
        if (w->known[i].ours == ours && strcmp(w->known[i].domain, domain) == 0) {
            return &w->known[i];
        }
    }
    assert(w->n_known < KNOWN_MAX);
    strcpy(w->known[w->n_known].domain, domain);
    w->known[w->n_known].ours = ours;
    return &w->known[w->n_known++];
}

static bool hosts(struct world *w, const char *domain)
{
    return dna_map_get(w->hosted, dna_span_of(domain)) != NULL;
}

static void check_stanza(struct world *w, const struct dna_stanza *z)
{
    assert(!hosts(w, z->from_domain.text) && hosts(w, z->to_domain.text));
    assert(find(w, z->from_domain.text, false)->accepted);
    /* What SASL let in may come, though we may not send. */
    assert(find(w, z->to_domain.text, true)->accepted ||
           (w->pre_accepted && strcmp(z->to_domain.text, "t.example") == 0));
    assert(z->splice_at > 0 && z->splice_at < z->raw.len);
}

/* How the host answers: by its mood, differently each time. */
static unsigned whim(struct world *w)
{
    w->turn = w->turn * 1103515245u + 12345u + w->mood;
    return w->turn >> 16;
}

static void rule(struct world *w, const char *domain)
{
    static const enum dna_verdict verdicts[] = {DNA_PROVEN, DNA_PROVEN, DNA_FAIL,
                                                DNA_TEMPFAIL};
    struct dna_ruling ruling = {.verdict = verdicts[whim(w) % 4],
                                .code = DNA_CODE_TIMEOUT,
                                .expires_at = w->now.wall + 1 + whim(w) % 400};
    must(dna_s2s_ruled(w->s, domain, &ruling, w->now));
}

/* What a stream before may have left, or nothing. */
static enum dna_err resume(struct world *w)
{
    const struct dna_stanza stanza = {.from = dna_span_of("t.example"),
                                      .to = dna_span_of("s.example"),
                                      .raw = dna_span_of("<message/>"),
                                      .splice_at = 8};
    struct dna_manage manage;
    enum dna_err err;
    dna_manage_init(&manage, NULL);
    manage.sent = whim(w) % 3;
    for (unsigned i = 0; i < 3; i++) {
        struct dna_kept *kept = dna_manage_copy(&manage, &stanza, 0);
        if (kept == NULL) {
            abort();
        }
        dna_manage_sent(&manage, kept);
    }
    err = dna_s2s_suspended(w->s, whim(w) % 4 != 0 ? &manage : NULL, w->now);
    dna_manage_clear(&manage);
    return err;
}

static void act(struct world *w, const struct dna_s2s_effect *e)
{
    /* The domain is copied: the next call ends it. */
    char domain[DNA_NAME_MAX + 1];
    assert(!w->closed);
    strcpy(domain, e->domain);
    switch (e->kind) {
    case DNA_S2S_STANZA:
        check_stanza(w, e->stanza);
        break;
    case DNA_S2S_OWN:
        assert(!e->accepted || hosts(w, domain));
        find(w, domain, true)->accepted = e->accepted;
        w->pre_accepted &= strcmp(domain, "t.example") != 0;
        break;
    case DNA_S2S_PEER:
        assert(!e->accepted || !hosts(w, domain));
        find(w, domain, false)->accepted = e->accepted;
        break;
    case DNA_S2S_HEAR:
        if (whim(w) % 3 == 0) {
            must(dna_s2s_challenge(w->s, domain, 1 + whim(w) % 15, w->now));
        } else if (whim(w) % 3 == 0) {
            rule(w, domain);
        }
        break;
    case DNA_S2S_PEER_FACT:
        rule(w, domain);
        break;
    case DNA_S2S_PROVE:
        must(dna_s2s_prove(w->s, domain, whim(w) % 4 != 0,
                           (enum dna_prooftype)(whim(w) % DNA_N_PROOFTYPES),
                           dna_span_of("a<b"), w->now));
        break;
    case DNA_S2S_READER:
        dna_xml_reader_limits(w->reader, &e->limits);
        dna_xml_reader_shallow(w->reader, e->shallow);
        break;
    case DNA_S2S_RESTART:
        must(dna_xml_reader_restart(w->reader));
        break;
    case DNA_S2S_ERROR:
        assert(e->condition[0] != '\0');
        break;
    case DNA_S2S_CLOSE:
        w->closed = true;
        break;
    case DNA_S2S_PAIR:
    case DNA_S2S_DIALBACK_KEY:
    case DNA_S2S_DIALBACK_VERIFY:
    case DNA_S2S_DIALBACK_CHECK:
    case DNA_S2S_DIALBACK_ASK:
    case DNA_S2S_DIALBACK_READY:
    case DNA_S2S_DIALBACK_ANSWER:
    case DNA_S2S_SECURE:
        assert(false); /* nothing of this belongs to such a stream */
        break;
    case DNA_S2S_PING:
        dna_s2s_ponged(w->s);
        break;
    case DNA_S2S_RESUME:
        must(resume(w));
        break;
    case DNA_S2S_FLOW:
    case DNA_S2S_DISMISS:
    case DNA_S2S_FORESEE:
        break;
    }
}

/* What we write is XML that a peer can read. */
static void check_output(struct world *w)
{
    struct dna_buf *out = dna_s2s_output(w->s);
    struct dna_span span = dna_buf_span(out);
    char *copy;
    struct dna_xml_item item;
    if (span.len == 0) {
        return;
    }
    copy = malloc(span.len);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, span.ptr, span.len);
    must(dna_xml_reader_feed(w->echo, (struct dna_span){copy, span.len}));
    do {
        dna_xml_reader_next(w->echo, &item);
        assert(item.kind != DNA_XML_ERROR);
    } while (item.kind != DNA_XML_MORE && item.kind != DNA_XML_END);
    assert(item.kind != DNA_XML_END || dna_xml_reader_unread(w->echo) == 0);
    dna_buf_consume(out, span.len);
    free(copy);
}

static void pull(struct world *w)
{
    struct dna_s2s_effect e;
    while (dna_s2s_next(w->s, &e)) {
        act(w, &e);
    }
}

/* False once nothing more is read. */
static bool say(struct world *w, struct dna_span bytes)
{
    struct dna_xml_item item;
    char *lent = malloc(bytes.len + 1);
    bool more = true;
    if (lent == NULL) {
        abort();
    }
    memcpy(lent, bytes.ptr, bytes.len);
    dna_s2s_received(w->s, bytes.len);
    pull(w);
    more = !w->closed && dna_xml_reader_feed(w->reader, (struct dna_span){lent, bytes.len}) ==
                             DNA_OK;
    while (more) {
        dna_xml_reader_next(w->reader, &item);
        if (item.kind == DNA_XML_MORE) {
            break;
        }
        must(dna_s2s_item(w->s, &item, w->now));
        pull(w);
        more = !w->closed && item.kind != DNA_XML_END && item.kind != DNA_XML_ERROR;
    }
    free(lent);
    return more;
}

static void open_world(struct world *w, unsigned mode)
{
    static const struct dna_xml_limits limits = {1 << 20, 128, 64};
    static const char *const ours[] = {"t.example", "t2.example", "t3.example"};
    struct dna_s2s_options options = {.role = mode & 1 ? DNA_INITIATING : DNA_RECEIVING,
                                      .own = "t.example", .peer = "s.example",
                                      .ids = {"a", "b", "c"},
                                      .accept_short_form = (mode & 2) != 0};
    options.manages = options.bidi = (mode & 8) != 0;
    if (options.manages) {
        strcpy(options.resumption, "rid");
        strcpy(options.ping, "pid");
    }
    must(dna_map_new(NULL, 1, &w->hosted));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        must(dna_map_set(w->hosted, dna_span_of(ours[i]), w));
    }
    options.hosted = w->hosted;
    must(dna_xml_reader_new(NULL, "en", &limits, &w->reader));
    must(dna_xml_reader_new(NULL, "en", &limits, &w->echo));
    must(dna_s2s_new(&options, w->now, &w->s));
}

#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define LASTING "<bidi xmlns='urn:xmpp:features:bidi'/><sm xmlns='urn:xmpp:sm:3'/>"
#define EXTERNAL "<mechanisms " SASL "><mechanism>EXTERNAL</mechanism></mechanisms>"

/* What an honest peer says: to a receiving or initiating entity, with DNA or SASL. */
static const char *const lines[2][2][4] = {
    {{"<dna:valid to='t.example'/><dna:assert from='s.example'/>"},
     {"<auth " SASL " mechanism='EXTERNAL'>=</auth>", HEADER}},
    {{"<stream:features><dna:assert from='s.example'/>" LASTING "</stream:features>"
      "<dna:valid to='t.example'/>"},
     {"<stream:features>" EXTERNAL LASTING "</stream:features>", "<success " SASL "/>",
      HEADER "<stream:features>" LASTING "</stream:features>"}},
};

/* As far as an honest peer would come. */
static bool authenticate(struct world *w, unsigned mode)
{
    struct dna_ruling proven = {.verdict = DNA_PROVEN, .expires_at = w->now.wall + 3600};
    unsigned out = mode & 1, sasl = mode >> 2 & 1;
    bool more;
    must(dna_s2s_secured(w->s, true, 0, w->now));
    pull(w);
    more = say(w, dna_span_of(HEADER));
    must(dna_s2s_ruled(w->s, "s.example", &proven, w->now));
    pull(w);
    for (const char *const *line = lines[out][sasl]; *line != NULL && more; line++) {
        more = say(w, dna_span_of(*line));
    }
    return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct world w;
    bool more;
    if (len < 3 || len > INPUT_MAX) {
        return 0;
    }
    memset(&w, 0, sizeof w);
    w.now = (struct dna_time){1000000, 1000};
    w.mood = bytes[1];
    open_world(&w, bytes[0]);
    more = authenticate(&w, bytes[0]);
    w.pre_accepted = (bytes[0] & 5) == 4;
    dna_buf_clear(dna_s2s_output(w.s));
    must(dna_xml_reader_restart(w.echo));
    must(dna_xml_reader_feed(w.echo, dna_span_of(HEADER)));
    for (struct dna_xml_item item = {.kind = DNA_XML_HEADER}; item.kind != DNA_XML_MORE;) {
        dna_xml_reader_next(w.echo, &item);
    }
    bytes += 2;
    len -= 2;
    while (more && len > 0) {
        size_t chunk = 1 + whim(&w) % 200;
        chunk = chunk < len ? chunk : len;
        more = say(&w, (struct dna_span){(const char *)bytes, chunk});
        check_output(&w);
        bytes += chunk;
        len -= chunk;
        w.now.mono += whim(&w) % 3000;
        w.now.wall = 1000000 + w.now.mono / 1000;
        if (!w.closed) {
            must(dna_s2s_tick(w.s, w.now));
            pull(&w);
            check_output(&w);
        }
    }
    dna_s2s_free(w.s);
    dna_xml_reader_free(w.reader);
    dna_xml_reader_free(w.echo);
    dna_map_free(w.hosted);
    return 0;
}
