#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <s2s/stream.h>

static const struct {
    const char *brief, *full;
} words[] = {
    {"{stream}", "<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
                 "xmlns:stream='http://etherx.jabber.org/streams'"},
    {"{streams}", "http://etherx.jabber.org/streams"},
    {"{xdna}", "xmlns:dna='urn:xmpp:dna:0'"},
    {"{xdb}", "xmlns:db='jabber:server:dialback'"},
    {"{limits}", "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>262144</max-bytes>"
                 "<idle-seconds>86400</idle-seconds></limits>"},
    {"{lim}", "xmlns='urn:xmpp:stream-limits:0'"},
    {"{errors}", "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"},
    {"{dna}", "xmlns='urn:xmpp:dna:0'"},
    {"{sm}", "xmlns='urn:xmpp:sm:3'"},
    {"{bidi}", "<bidi xmlns='urn:xmpp:features:bidi'/>"},
    {"{ours}", "<bidi xmlns='urn:xmpp:bidi'><limits xmlns='urn:xmpp:stream-limits:0'>"
               "<max-bytes>262144</max-bytes><idle-seconds>86400</idle-seconds></limits></bidi>"},
    {"{tls}", "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"},
    {"{sasl}", "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"},
    {"{err}", "xmlns='urn:ietf:params:xml:ns:xmpp-streams'"},
    {"{sta}", "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"},
    {"{ta}", "<proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
             "<proof type='urn:ietf:params:dna:proof:dnssec-ta'/>"},
    {"{posh}", "<proof type='urn:xmpp:dna:proof:posh'/>"
               "<proof type='urn:ietf:params:dna:proof:posh'/>"},
};
#define N_WORDS (sizeof words / sizeof *words)

#define TEXT_MAX (1024 * 1024)

struct text {
    char *bytes;
    size_t len;
};

static void add(struct text *t, const char *bytes, size_t len)
{
    assert_true(t->len + len < TEXT_MAX);
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
}

static void adds(struct text *t, const char *text)
{
    add(t, text, strlen(text));
}

static void addf(struct text *t, const char *format, ...) DNA_PRINTF(2, 3);
static void addf(struct text *t, const char *format, ...)
{
    char line[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    adds(t, line);
}

/* "{p*N}" stands for N times the letter p, which fills what is to be long. */
static size_t fill(struct text *out, const char *in, size_t len, bool brief)
{
    size_t run = 0;
    int used = 0;
    if (!brief) {
        if (sscanf(in, "{p*%zu}%n", &run, &used) == 1 && (size_t)used <= len) {
            assert_true(out->len + run < TEXT_MAX);
            memset(out->bytes + out->len, 'p', run);
            out->len += run;
        }
        return (size_t)used;
    }
    while (run < len && in[run] == 'p') {
        run++;
    }
    if (run < 32) {
        return 0;
    }
    addf(out, "{p*%zu}", run);
    return run;
}

/* Writes words in full, or briefly. */
static void translate(struct text *out, const char *in, size_t len, bool brief)
{
    size_t i = 0;
    while (i < len) {
        size_t w = 0, filled = fill(out, in + i, len - i, brief);
        if (filled != 0) {
            i += filled;
            continue;
        }
        for (; w < N_WORDS; w++) {
            const char *from = brief ? words[w].full : words[w].brief;
            if (len - i >= strlen(from) && memcmp(in + i, from, strlen(from)) == 0) {
                adds(out, brief ? words[w].brief : words[w].full);
                i += strlen(from);
                break;
            }
        }
        if (w == N_WORDS) {
            add(out, in + i, 1);
            i++;
        }
    }
}

struct stage {
    struct play how;
    struct dna_map *hosted;
    struct dna_s2s *s;
    struct dna_xml_reader *reader;
    struct dna_time now;
    size_t unread; /* behind the element that began TLS */
    bool securing, closed, reading_over;
    bool lost; /* memory failed */
    struct text out;
    char error[1]; /* for the address */
};

static void note(struct stage *st, enum dna_err err)
{
    if (err == DNA_ERR_MEMORY) {
        st->lost = true;
    } else if (err != DNA_OK) {
        addf(&st->out, "= %s\n", dna_err_name(err));
    }
}

static const char *yes(bool b)
{
    return b ? "yes" : "no";
}

static void tell_types(struct stage *st, unsigned bits)
{
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        if ((bits & DNA_PROOF_BIT(t)) != 0) {
            addf(&st->out, " %s", dna_prooftype_name((enum dna_prooftype)t));
        }
    }
}

static void tell_stanza(struct stage *st, const struct dna_stanza *z)
{
    static const char *const kinds[] = {"message", "presence", "iq"};
    addf(&st->out, "* stanza %s %s -> %s ", kinds[z->kind], z->from_domain.text,
         z->to_domain.text);
    translate(&st->out, z->raw.ptr, z->splice_at, true);
    add(&st->out, z->splice.ptr != NULL ? z->splice.ptr : "", z->splice.len);
    translate(&st->out, z->raw.ptr + z->splice_at, z->raw.len - z->splice_at, true);
    adds(&st->out, "\n");
}

static void tell_fact(struct stage *st, const struct dna_s2s_effect *e)
{
    static const char *const outcomes[] = {"silent", "impossible", "proof"};
    addf(&st->out, "* fact %s %s", e->domain, outcomes[e->outcome]);
    if (e->outcome == DNA_S2S_PROOF) {
        addf(&st->out, " %s [", dna_prooftype_name(e->prooftype));
        translate(&st->out, e->content.ptr, e->content.len, true);
        adds(&st->out, "]");
    }
    adds(&st->out, "\n");
}

static void act(struct stage *st, const struct dna_s2s_effect *e)
{
    struct text *o = &st->out;
    switch (e->kind) {
    case DNA_S2S_SECURE:
        st->unread = dna_xml_reader_unread(st->reader);
        st->securing = true;
        addf(o, "* secure %s\n", e->domain);
        break;
    case DNA_S2S_RESTART:
        st->lost |= dna_xml_reader_restart(st->reader) != DNA_OK;
        adds(o, "* restart\n");
        break;
    case DNA_S2S_READER:
        dna_xml_reader_limits(st->reader, &e->limits);
        dna_xml_reader_shallow(st->reader, e->shallow);
        addf(o, "* reader %zu %u%s\n", e->limits.element, e->limits.depth,
             e->shallow ? " shallow" : "");
        break;
    case DNA_S2S_FORESEE:
        addf(o, "* foresee %s\n", e->domain);
        break;
    case DNA_S2S_HEAR:
        addf(o, "* hear %s%s%s\n", e->domain, e->added ? " added" : "",
             e->renewal ? " renewal" : "");
        break;
    case DNA_S2S_DISMISS:
        addf(o, "* dismiss %s\n", e->domain);
        break;
    case DNA_S2S_PEER_FACT:
        tell_fact(st, e);
        break;
    case DNA_S2S_PROVE:
        addf(o, "* prove %s", e->domain);
        tell_types(st, e->prooftypes);
        adds(o, "\n");
        break;
    case DNA_S2S_OWN:
        addf(o, "* own %s %s%s%s\n", e->domain, yes(e->accepted), e->accepted ? "" : " ",
             e->condition);
        break;
    case DNA_S2S_PEER:
        addf(o, "* peer %s %s\n", e->domain, yes(e->accepted));
        break;
    case DNA_S2S_PAIR:
        addf(o, "* pair %s -> %s %s%s%s\n", e->domain, e->other, yes(e->accepted),
             e->accepted ? "" : " ", e->condition);
        break;
    case DNA_S2S_STANZA:
        tell_stanza(st, e->stanza);
        break;
    case DNA_S2S_DIALBACK_KEY:
        addf(o, "* key %.*s %.*s %.*s\n", DNA_SPAN_FMT(e->from), DNA_SPAN_FMT(e->to),
             DNA_SPAN_FMT(e->id));
        break;
    case DNA_S2S_DIALBACK_VERIFY:
        addf(o, "* verify %.*s %.*s %.*s [", DNA_SPAN_FMT(e->from), DNA_SPAN_FMT(e->to),
             DNA_SPAN_FMT(e->id));
        translate(o, e->content.ptr, e->content.len, true);
        adds(o, "]\n");
        break;
    case DNA_S2S_DIALBACK_CHECK:
        addf(o, "* check %s %.*s %.*s %.*s [", e->accepted ? "answer" : "request",
             DNA_SPAN_FMT(e->from), DNA_SPAN_FMT(e->to), DNA_SPAN_FMT(e->id));
        translate(o, e->content.ptr, e->content.len, true);
        adds(o, "]\n");
        break;
    case DNA_S2S_DIALBACK_ASK:
        addf(o, "* ask %s %s %.*s [%s] %u\n", e->domain, e->other, DNA_SPAN_FMT(e->id), e->text,
             e->number);
        break;
    case DNA_S2S_DIALBACK_READY:
        adds(o, "* ready\n");
        break;
    case DNA_S2S_DIALBACK_ANSWER:
        addf(o, "* answer %u %d\n", e->number, (int)e->verdict);
        break;
    case DNA_S2S_PING:
        addf(o, "* ping %s %s %s\n", e->domain, e->other, e->text);
        break;
    case DNA_S2S_RESUME:
        addf(o, "* resume %s\n", e->text);
        break;
    case DNA_S2S_FLOW:
        adds(o, "* flow\n");
        break;
    case DNA_S2S_ERROR:
        assert_non_null(e->condition);
        assert_non_null(e->text);
        addf(o, "* error %s %s%s%.*s\n", e->accepted ? "received" : "sent", e->condition,
             e->accepted && e->text[0] != '\0' ? ": " : "", e->accepted ? 250 : 0, e->text);
        break;
    case DNA_S2S_CLOSE:
        assert_false(st->closed);
        st->closed = true;
        adds(o, "* close\n");
        break;
    }
}

/* Output first, then effects: the order within each is what matters. */
static void settle(struct stage *st)
{
    struct dna_s2s_effect effect;
    struct dna_buf *wrote = dna_s2s_output(st->s);
    if (dna_buf_len(wrote) > 0) {
        adds(&st->out, "< ");
        translate(&st->out, dna_buf_span(wrote).ptr, dna_buf_len(wrote), true);
        adds(&st->out, "\n");
        dna_buf_consume(wrote, dna_buf_len(wrote));
    }
    while (dna_s2s_next(st->s, &effect)) {
        act(st, &effect);
    }
}

/* The output of several items of one line is gathered. */
static void feed(struct stage *st, const char *bytes, size_t len)
{
    struct dna_xml_item item;
    struct dna_s2s_effect effect;
    struct text effects = {.bytes = calloc(1, TEXT_MAX)}, before = st->out;
    char *lent = malloc(len); /* so that a stale pointer is noticed */
    memcpy(lent, bytes, len);
    dna_s2s_received(st->s, len);
    st->out = effects;
    while (dna_s2s_next(st->s, &effect)) {
        act(st, &effect);
    }
    if (!st->securing && !st->reading_over && !st->closed) {
        assert_int_equal(dna_xml_reader_feed(st->reader, (struct dna_span){lent, len}),
                         DNA_OK);
        do {
            dna_xml_reader_next(st->reader, &item);
            if (item.kind == DNA_XML_MORE) {
                break;
            }
            st->reading_over |= item.kind == DNA_XML_END || item.kind == DNA_XML_ERROR;
            st->lost |= item.kind == DNA_XML_ERROR && item.error == DNA_XML_MEMORY;
            note(st, dna_s2s_item(st->s, &item, st->now));
            while (dna_s2s_next(st->s, &effect)) {
                act(st, &effect);
            }
        } while (!st->reading_over && !st->securing && !st->closed);
    }
    effects = st->out;
    st->out = before;
    settle(st);
    add(&st->out, effects.bytes, effects.len);
    free(effects.bytes);
    free(lent);
}

static void receive(struct stage *st, const char *line, size_t len)
{
    struct text full = {.bytes = malloc(TEXT_MAX)};
    size_t chunk;
    translate(&full, line, len, false);
    chunk = st->how.chunk != 0 ? st->how.chunk : full.len;
    for (size_t at = 0; at < full.len; at += chunk) {
        feed(st, full.bytes + at, full.len - at < chunk ? full.len - at : chunk);
    }
    free(full.bytes);
}

/* --- what the host does -------------------------------------------------------------- */

static struct dna_ruling ruling_of(struct stage *st, char *words_[], int n)
{
    /* A refusal's end must not matter. */
    struct dna_ruling r = {.verdict = DNA_FAIL, .code = DNA_CODE_NO_MATCH,
                           .prooftype = DNA_PROOF_PKIX, .expires_at = st->now.wall + 99999,
                           .why = "because"};
    if (n > 2 && strcmp(words_[2], "proven") == 0) {
        r.verdict = DNA_PROVEN;
        r.code = DNA_CODE_OK;
        r.expires_at = st->now.wall + atoi(words_[3]);
    } else if (n > 2 && strcmp(words_[2], "unsure") == 0) {
        r.verdict = DNA_TEMPFAIL;
        r.code = DNA_CODE_DNS_FAILED;
    } else if (n > 2 && strcmp(words_[2], "dialback") == 0) {
        r.dialback = true;
    } else if (n > 2 && strcmp(words_[2], "nothing") == 0) {
        r.verdict = DNA_NOT_APPLICABLE;
        r.code = DNA_CODE_NO_MATERIAL;
    }
    return r;
}

static enum dna_prooftype type_of(const char *name)
{
    enum dna_prooftype type;
    assert_int_equal(dna_prooftype_by_name(dna_span_of(name), &type), DNA_OK);
    return type;
}

static struct dna_span repeated(char **memory, int n)
{
    *memory = malloc((size_t)n);
    memset(*memory, 'p', (size_t)n);
    return (struct dna_span){*memory, (size_t)n};
}

static void send_stanza(struct stage *st, char *w[], int n)
{
    struct dna_stanza z = {.kind = DNA_MESSAGE};
    char raw[64 * 1024];
    size_t len, filling = n > 3 ? (size_t)atoi(w[3]) : 0;
    len = (size_t)snprintf(raw, 1024, "<message from='a@%s' to='b@%s'>", w[1], w[2]);
    assert_true(len + filling + 16 < sizeof raw);
    memset(raw + len, 'p', filling);
    strcpy(raw + len + filling, "</message>");
    assert_int_equal(dna_name_parse(dna_span_of(w[1]), &z.from_domain), DNA_OK);
    assert_int_equal(dna_name_parse(dna_span_of(w[2]), &z.to_domain), DNA_OK);
    char from[300], to[300];
    (void)snprintf(from, sizeof from, "a@%s", w[1]);
    (void)snprintf(to, sizeof to, "b@%s", w[2]);
    z.from = dna_span_of(from);
    z.to = dna_span_of(to);
    z.raw = dna_span_of(raw);
    z.splice_at = 8;
    z.splice = dna_span_of(" xml:lang='de'");
    note(st, dna_s2s_send(st->s, &z));
}

static void send_error(struct stage *st, char *w[], int n)
{
    struct dna_stanza z = {.kind = DNA_IQ};
    char from[300], to[300];
    (void)snprintf(from, sizeof from, "a@%s/&", w[1]);
    (void)snprintf(to, sizeof to, "b@%s", w[2]);
    assert_int_equal(dna_name_parse(dna_span_of(w[1]), &z.from_domain), DNA_OK);
    assert_int_equal(dna_name_parse(dna_span_of(w[2]), &z.to_domain), DNA_OK);
    z.from = dna_span_of(from);
    z.to = dna_span_of(to);
    z.id = dna_span_of("7");
    z.type = dna_span_of(n > 3 ? w[3] : "get");
    note(st, dna_s2s_send_error(st->s, &z, DNA_STANZA_RESOURCE_CONSTRAINT, "full & <slow>"));
}

static void prove(struct stage *st, char *w[], int n)
{
    char *memory = NULL;
    struct dna_span content = {NULL, 0};
    if (n > 3) {
        content = atoi(w[3]) > 0 ? repeated(&memory, atoi(w[3])) : dna_span_of(w[3]);
    }
    note(st, dna_s2s_prove(st->s, w[1], true, type_of(w[2]), content, st->now));
    free(memory);
}

static void challenge(struct stage *st, char *w[], int n)
{
    unsigned bits = 0;
    for (int i = 2; i < n; i++) {
        bits |= DNA_PROOF_BIT(type_of(w[i]));
    }
    note(st, dna_s2s_challenge(st->s, w[1], bits, st->now));
}

static void tell_deadline(struct stage *st)
{
    int64_t deadline = dna_s2s_deadline(st->s);
    if (deadline == DNA_NEVER) {
        adds(&st->out, "= never\n");
    } else {
        addf(&st->out, "= in %lld\n", (long long)(deadline - st->now.mono));
    }
}

static void secured(struct stage *st, char *w[], int n)
{
    bool bare = n > 1 && strcmp(w[1], "bare") == 0; /* without a certificate */
    size_t unread = n > 1 && !bare ? (size_t)atoi(w[1]) : st->unread;
    st->securing = false;
    note(st, dna_s2s_secured(st->s, !bare, unread, st->now));
    st->unread = 0;
}

static void tick(struct stage *st, char *w[])
{
    st->now.mono += atoi(w[1]);
    st->now.wall += atoi(w[1]) / 1000;
    note(st, dna_s2s_tick(st->s, st->now));
}

static void set_hosted(struct stage *st, const char *domain)
{
    st->lost |= dna_map_set(st->hosted, dna_span_of(domain), st) != DNA_OK;
}

/* What a stream before left: n messages, of which `acked` were acknowledged before them. */
static struct dna_manage past(char *w[])
{
    struct dna_manage manage;
    dna_manage_init(&manage, NULL);
    manage.handled = (uint32_t)atoi(w[0]);
    manage.sent = (uint32_t)strtoul(w[1], NULL, 10);
    for (int i = 0; i < atoi(w[2]); i++) {
        char raw[1024], from[300], to[300];
        (void)snprintf(from, sizeof from, "a@%s", w[3]);
        (void)snprintf(to, sizeof to, "b@%s", w[4]);
        (void)snprintf(raw, sizeof raw, "<message from='%s' to='%s' id='%d'/>", from, to, i);
        dna_manage_sent(&manage, dna_manage_copy(&manage, &(struct dna_stanza){
            .kind = DNA_MESSAGE, .from = dna_span_of(from), .to = dna_span_of(to),
            .raw = dna_span_of(raw), .splice_at = 8}, 1));
    }
    return manage;
}

static void tell_unsent(struct stage *st)
{
    struct dna_kept *kept;
    while ((kept = dna_s2s_next_unsent(st->s)) != NULL) {
        addf(&st->out, "= unsent %.*s\n", DNA_SPAN_FMT(kept->raw));
        dna_alloc_release(st->how.alloc, kept);
    }
}

static void leave(struct stage *st)
{
    struct dna_s2s_left left;
    if (dna_s2s_leave(st->s, &left)) {
        addf(&st->out, "= left %s for %d: %u handled, %u sent, %zu kept, %zu held\n", left.id,
             (int)left.life_ms, left.manage.handled, left.manage.sent, left.manage.kept.n,
             left.manage.held.n);
        left.manage.alloc = st->how.alloc;
        dna_manage_clear(&left.manage);
    }
    tell_unsent(st);
}

/* Streams that last. */
static bool do_lasting(struct stage *st, char *w[], int n)
{
    if (strcmp(w[0], "suspended") == 0) {
        struct dna_manage manage;
        if (n > 1) {
            manage = past(w + 1);
        }
        note(st, dna_s2s_suspended(st->s, n > 1 ? &manage : NULL, st->now));
        if (n > 1 && manage.kept.n != 0) {
            adds(&st->out, "= not taken\n");
            dna_manage_clear(&manage);
        }
    } else if (strcmp(w[0], "resume") == 0) {
        struct dna_manage manage = past(w + 2);
        note(st, dna_s2s_resume(st->s, dna_span_of(w[1]), &manage, st->now));
        dna_manage_clear(&manage);
    } else if (strcmp(w[0], "leave") == 0) {
        leave(st);
    } else if (strcmp(w[0], "unsent") == 0) {
        tell_unsent(st);
    } else if (strcmp(w[0], "unconfirmed") == 0) {
        dna_s2s_unconfirmed(st->s, (size_t)atoi(w[1]));
    } else if (strcmp(w[0], "ponged") == 0) {
        dna_s2s_ponged(st->s);
    } else {
        return false;
    }
    return true;
}

/* True where the word was known. */
static bool do_more(struct stage *st, char *w[], int n)
{
    if (strcmp(w[0], "ask") == 0) {
        note(st, dna_s2s_ask(st->s, w[1], w[2], st->now));
    } else if (strcmp(w[0], "maysend") == 0) {
        addf(&st->out, "= %s\n", yes(dna_s2s_may_send(st->s, w[1], w[2])));
    } else if (strcmp(w[0], "send") == 0) {
        send_stanza(st, w, n);
    } else if (strcmp(w[0], "senderror") == 0) {
        send_error(st, w, n);
    } else if (strcmp(w[0], "close") == 0) {
        note(st, dna_s2s_close(st->s, n > 1 ? w[1] : NULL, n > 2 ? w[2] : NULL, st->now));
    } else if (strcmp(w[0], "gone") == 0) {
        note(st, dna_s2s_gone(st->s, "reset by peer", st->now));
    } else if (strcmp(w[0], "host") == 0) {
        set_hosted(st, w[1]);
    } else if (strcmp(w[0], "unhost") == 0) {
        (void)dna_map_remove(st->hosted, dna_span_of(w[1]));
        note(st, dna_s2s_unhost(st->s, w[1], st->now));
    } else if (strcmp(w[0], "key") == 0) {
        note(st, dna_s2s_dialback_key(st->s, w[1], w[2], dna_span_of(w[3]), st->now));
    } else if (strcmp(w[0], "verified") == 0) {
        note(st, dna_s2s_dialback_verified(st->s, dna_span_of(w[1]), dna_span_of(w[2]),
                                           dna_span_of(w[3]), strcmp(w[4], "yes") == 0,
                                           st->now));
    } else if (strcmp(w[0], "checked") == 0) {
        note(st, dna_s2s_dialback_checked(st->s, w[1], w[2], strcmp(w[3], "answer") == 0,
                                          strcmp(w[4], "yes") == 0,
                                          dna_span_of(n > 5 ? w[5] : ""), st->now));
    } else if (strcmp(w[0], "who") == 0) {
        addf(&st->out, "= %s %s dna %s\n", dna_s2s_own(st->s), dna_s2s_peer(st->s),
             yes(dna_s2s_speaks_dna(st->s)));
    } else if (strcmp(w[0], "received") == 0) {
        dna_s2s_received(st->s, (size_t)atol(w[1]));
    } else {
        return do_lasting(st, w, n);
    }
    return true;
}

static void command(struct stage *st, char *w[], int n)
{
    struct dna_ruling ruling = ruling_of(st, w, n);
    if (strcmp(w[0], "secured") == 0) {
        secured(st, w, n);
    } else if (strcmp(w[0], "answered") == 0) {
        note(st, dna_s2s_answered(st->s, w[1], w[2], (unsigned)atoi(w[3]),
                                  strcmp(w[4], "valid") == 0 ? DNA_S2S_KEY_VALID
                                                             : DNA_S2S_KEY_INVALID, st->now));
    } else if (strcmp(w[0], "verify") == 0) {
        note(st, dna_s2s_verify(st->s, w[1], w[2], dna_span_of(w[3]), dna_span_of(w[4]), 1,
                                st->now));
    } else if (strcmp(w[0], "ruled") == 0) {
        note(st, dna_s2s_ruled(st->s, w[1], &ruling, st->now));
    } else if (strcmp(w[0], "revoke") == 0) {
        note(st, dna_s2s_revoke(st->s, w[1], &ruling, st->now));
    } else if (strcmp(w[0], "renew") == 0) {
        note(st, dna_s2s_renew(st->s, w[1], st->now));
    } else if (strcmp(w[0], "challenge") == 0) {
        challenge(st, w, n);
    } else if (strcmp(w[0], "prove") == 0) {
        prove(st, w, n);
    } else if (strcmp(w[0], "noproof") == 0) {
        note(st, dna_s2s_prove(st->s, w[1], false, DNA_PROOF_PKIX, (struct dna_span){NULL, 0},
                               st->now));
    } else if (strcmp(w[0], "wall") == 0) {
        st->now.wall += atoi(w[1]); /* its seconds begin when they like */
    } else if (strcmp(w[0], "tick") == 0) {
        tick(st, w);
    } else if (strcmp(w[0], "deadline") == 0) {
        tell_deadline(st);
    } else if (strcmp(w[0], "valid") == 0) {
        addf(&st->out, "= %s\n", yes(dna_s2s_peer_valid(st->s, w[1])));
    } else if (strcmp(w[0], "new") != 0 && !do_more(st, w, n)) {
        fail_msg("unknown command %s", w[0]);
    }
    settle(st);
}

static void host(struct stage *st, const char *line, size_t len)
{
    char copy[1024], *w[8] = {NULL}, *save = NULL;
    int n = 0;
    assert_true(len < sizeof copy);
    memcpy(copy, line, len);
    copy[len] = '\0';
    for (char *p = strtok_r(copy, " ", &save); p != NULL && n < 8;
         p = strtok_r(NULL, " ", &save)) {
        w[n++] = p;
    }
    command(st, w, n);
}

/* --- the play ------------------------------------------------------------------------- */

static bool set_up(struct stage *st)
{
    static const struct dna_xml_limits first = {
        DNA_LIMIT_ELEMENT_UNAUTH, DNA_LIMIT_DEPTH_UNAUTH, DNA_LIMIT_ATTRIBUTES};
    bool local = st->how.profile == DNA_S2S_LOCAL;
    struct dna_s2s_options options = {.alloc = st->how.alloc,
                                      .role = st->how.role,
                                      .profile = st->how.profile,
                                      .own = "t.example",
                                      .peer = local ? "l.example" : "s.example",
                                      .ids = {"id0", "id1", "id2"},
                                      .seed = 7,
                                      .accept_short_form = st->how.short_form,
                                      .keyed = st->how.keyed};
    struct dna_s2s_effect effect;
    if (dna_map_new(NULL, 1, &st->hosted) != DNA_OK) {
        abort();
    }
    options.dialback = st->how.dialback;
    options.manages = options.bidi = st->how.lasts;
    if (st->how.lasts) {
        strcpy(options.resumption, "rid");
        strcpy(options.ping, "pid");
    }
    options.hosted = st->hosted;
    set_hosted(st, local ? "l.example" : "t.example");
    set_hosted(st, local ? "l2.example" : "t2.example");
    if (!local) {
        set_hosted(st, "t3.example");
    }
    if (dna_xml_reader_new(st->how.alloc, "en", &first, &st->reader) != DNA_OK ||
        dna_s2s_new(&options, st->now, &st->s) != DNA_OK) {
        return false;
    }
    /* The reader's first limits come as an effect; every script would begin with it. */
    assert_true(dna_s2s_next(st->s, &effect));
    assert_int_equal(effect.kind, DNA_S2S_READER);
    assert_int_equal(effect.limits.element, first.element);
    assert_int_equal(effect.limits.depth, first.depth);
    assert_int_equal(effect.limits.attributes, first.attributes);
    assert_false(effect.shallow);
    assert_false(dna_s2s_next(st->s, &effect));
    return true;
}

/* A pair is in one list only, as both are linked through the same place: among those whose
 * remote domain is being judged, while it is, or among those that wait. */
static void check_lists(const struct stage *st)
{
    const struct dna_s2s_records *records = &st->s->records;
    for (const struct dna_s2s_record *r = records->dialling; r != NULL; r = r->next_waiting) {
        assert_true(r->state == DNA_S2S_D_HEARING || r->state == DNA_S2S_R_HEARING);
        assert_true(r->dialling && !r->queued);
    }
    for (const struct dna_s2s_record *r = records->waiting; r != NULL; r = r->next_waiting) {
        assert_true(r->queued && !r->dialling);
    }
}

static void run(struct stage *st, const char *script)
{
    while (*script != '\0' && !st->lost) {
        const char *end = strchr(script, '\n');
        size_t len = (size_t)(end - script);
        bool from_peer = script[0] == '>', by_host = script[0] == '!';
        if (from_peer || by_host) {
            add(&st->out, script, len + 1);
        }
        if (from_peer) {
            receive(st, script + 2, len - 2);
        } else if (by_host) {
            host(st, script + 2, len - 2);
        }
        if (!st->lost) {
            check_lists(st);
        }
        script = end + 1;
    }
}

/* A stream that is lost says so once, and nothing else. */
static void check_lost(struct stage *st)
{
    struct dna_s2s_effect effect;
    if (!st->closed) {
        while (dna_s2s_next(st->s, &effect)) {
            st->closed |= effect.kind == DNA_S2S_CLOSE;
        }
    }
    assert_int_equal(dna_s2s_deadline(st->s) == DNA_NEVER || !st->closed, 1);
}

static bool perform(const struct play *how, const char *script, bool forgiving)
{
    struct stage st = {.how = *how,
                       .now = {.wall = 1000000, .mono = 5000},
                       .out = {.bytes = calloc(1, TEXT_MAX)}};
    bool lost;
    if (set_up(&st)) {
        run(&st, script);
    } else {
        st.lost = true;
    }
    lost = st.lost;
    if (lost && st.s != NULL) {
        check_lost(&st);
    }
    dna_s2s_free(st.s);
    dna_xml_reader_free(st.reader);
    dna_map_free(st.hosted);
    if (!lost) {
        if (strcmp(st.out.bytes, script) != 0 && getenv("DNA_PLAY") != NULL) {
            fprintf(stderr, "%s<<<<\n", st.out.bytes);
        }
        assert_string_equal(st.out.bytes, script);
    } else {
        assert_true(forgiving);
    }
    free(st.out.bytes);
    return lost;
}

void play(const struct play *how, const char *script)
{
    (void)perform(how, script, false);
}

bool play_failing(const struct play *how, const char *script)
{
    return perform(how, script, true);
}

static void play_scene(void **state)
{
    const struct scene *scene = *state;
    play(&scene->how, scene->script);
}

int play_all(const struct scene *scenes, size_t n)
{
    struct CMUnitTest *tests = calloc(n, sizeof *tests);
    int failed;
    for (size_t i = 0; i < n; i++) {
        tests[i] = (struct CMUnitTest){.name = scenes[i].name,
                                       .test_func = play_scene,
                                       .initial_state = (void *)(uintptr_t)&scenes[i]};
    }
    failed = _cmocka_run_group_tests("scenes", tests, n, NULL, NULL);
    free(tests);
    return failed;
}
