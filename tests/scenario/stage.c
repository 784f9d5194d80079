/* The session on the stage: what it is told, and what it then does. */
#include "play.h"

#include <stdlib.h>
#include <string.h>

#include <mod_dna/ruling.h>

/* --- what the session says ------------------------------------------------------------ */

static void take_log(void *arg, enum dna_log_level level, const char *event,
                     const struct dna_log_field *fields, size_t n)
{
    static const char *const keys[] = {"domain", "ruling", "prooftype", "code", "why"};
    struct play *play = arg;
    char text[1024] = "";
    (void)level;
    if (strcmp(event, "observed") == 0) {
        strcpy(text, "observed");
    } else if (strcmp(event, "ruling") != 0) {
        return;
    }
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(fields[i].key, keys[k]) == 0) {
                size_t used = strlen(text);
                (void)snprintf(text + used, sizeof text - used, "%s%.*s",
                               used != 0 ? " " : "", DNA_SPAN_FMT(fields[i].value));
            }
        }
    }
    lines_add(play, &play->rulings, "%s", text);
}

static const char *kind_name(enum dna_stanza_kind kind)
{
    return kind == DNA_MESSAGE ? "message" : kind == DNA_PRESENCE ? "presence" : "iq";
}

static const char *const outcome_names[] = {
    [DNA_DIALBACK_UNREACHED] = "unreached", [DNA_DIALBACK_UNANSWERED] = "unanswered",
    [DNA_DIALBACK_UNKNOWN] = "unknown",     [DNA_DIALBACK_REFUSED] = "refused",
    [DNA_DIALBACK_INVALID] = "invalid",     [DNA_DIALBACK_VALID] = "valid",
};

static void take_effect(struct play *play, struct actor_stream *stream,
                        const struct dna_stream_effect *e)
{
    struct lines *to = &stream->effects;
    const char *how = e->accepted ? "accepted" : "refused";
    switch (e->kind) {
    case DNA_STREAM_SECURE:
        lines_add(play, to, "secure %s", e->domain);
        return;
    case DNA_STREAM_STANZA:
        lines_add(play, to, "stanza %s %s -> %s %.*s", kind_name(e->stanza->kind),
                  e->stanza->from_domain.text, e->stanza->to_domain.text,
                  DNA_SPAN_FMT(e->stanza->raw));
        return;
    case DNA_STREAM_OWN:
        lines_add(play, to, "own %s %s %s", e->domain, how, e->condition);
        return;
    case DNA_STREAM_PEER:
        lines_add(play, to, "peer %s %s %s", e->domain, how,
                  e->ruling == NULL ? ""
                  : e->accepted     ? dna_ruling_method(e->ruling)
                                    : dna_code_name(e->ruling->code));
        return;
    case DNA_STREAM_PAIR:
        lines_add(play, to, "pair %s -> %s %s %s%s", e->domain, e->other, how, e->condition,
                  e->text);
        return;
    case DNA_STREAM_VERIFY:
        lines_add(play, to, "verify %s -> %s id=%.*s key=%s", e->domain, e->other,
                  DNA_SPAN_FMT(e->id), e->text);
        stream->claim = e->number;
        return;
    case DNA_STREAM_READY:
        lines_add(play, to, "ready");
        return;
    case DNA_STREAM_VERIFIED:
        lines_add(play, to, "verified %s %u", outcome_names[e->outcome], e->number);
        return;
    case DNA_STREAM_FLOWS:
        lines_add(play, to, "flows");
        return;
    case DNA_STREAM_ERROR:
        lines_add(play, to, "error %s %s", e->accepted ? "received" : "sent", e->condition);
        return;
    case DNA_STREAM_CLOSE:
        lines_add(play, to, "close");
        return;
    }
}

static void flush(struct play *play, struct actor_stream *stream)
{
    struct dna_span bytes = dna_stream_output(stream->stream);
    if (bytes.len != 0) {
        markup_hear(play, stream, bytes);
        dna_stream_sent(stream->stream, bytes.len);
    }
}

static void take_unsent(struct play *play)
{
    struct dna_stanza stanza;
    while (dna_session_next_unsent(play->session, &stanza)) {
        lines_add(play, &play->unsent, "%s -> %s %.*s", stanza.from_domain.text,
                  stanza.to_domain.text, DNA_SPAN_FMT(stanza.raw));
    }
}

void stage_run(struct play *play)
{
    struct dna_stream *ready;
    while ((ready = dna_session_next_ready(play->session)) != NULL) {
        struct actor_stream *stream = dna_stream_user(ready);
        struct dna_stream_effect effect;
        while (dna_stream_next(ready, play->now, &effect)) {
            take_effect(play, stream, &effect);
        }
        flush(play, stream);
    }
    take_unsent(play);
    world_listen(play);
}

void stage_wait(struct play *play, int64_t ms)
{
    int64_t until = play->now.mono + ms, start = play->now.wall * 1000 - play->now.mono;
    stage_run(play);
    while (dna_session_deadline(play->session) <= until) {
        int64_t due = dna_session_deadline(play->session);
        if (due > play->now.mono) {
            play->now.mono = due;
            play->now.wall = (start + due) / 1000;
        }
        play_ok(play, dna_session_tick(play->session, play->now), "tick");
        stage_run(play);
    }
    play->now.mono = until;
    play->now.wall = (start + until) / 1000;
}

/* --- streams ---------------------------------------------------------------------------- */

struct actor_stream *stage_find(struct play *play, const char *name)
{
    for (size_t i = 0; i < play->n_streams; i++) {
        if (strcmp(play->streams[i].name, name) == 0) {
            return &play->streams[i];
        }
    }
    return NULL;
}

static struct dna_link *link_named(struct play *play, const char *name)
{
    for (size_t i = 0; i < play->n_links; i++) {
        if (strcmp(play->links[i].name, name) == 0) {
            return play->links[i].link;
        }
    }
    play_fail(play, "no link '%s'", name);
}

/* NAME [OWN -> PEER] [via=HOST:PORT] [link=LINK] [verifies] */
void stage_open(struct play *play, const char *line, enum dna_role role)
{
    struct actor_stream *stream = &play->streams[play->n_streams];
    struct dna_stream_options options = {.size = sizeof options, .role = role, .user = stream};
    char own[256], peer[256], word[8], link[64], via[300];
    const char *rest = line;
    if (play->n_streams == PLAY_MAX || !words_next(&line, stream->name, sizeof stream->name)) {
        play_fail(play, "incoming NAME, or outgoing NAME OWN -> PEER");
    }
    words_option(rest, "link", link, sizeof link);
    words_option(rest, "via", via, sizeof via);
    options.verifies = strstr(rest, " verifies") != NULL;
    options.link = link[0] != '\0' ? link_named(play, link) : NULL;
    if (role == DNA_INITIATING) {
        (void)words_next(&line, own, sizeof own);
        (void)words_next(&line, word, sizeof word);
        (void)words_next(&line, peer, sizeof peer);
        options.own = own;
        options.peer = peer;
    }
    if (via[0] != '\0') {
        char *colon = strrchr(via, ':');
        *colon = '\0';
        options.host = via;
        options.port = (uint16_t)atoi(colon + 1);
    }
    for (size_t i = 0; i < sizeof options.random; i++) {
        options.random[i] = (unsigned char)(i + 7 * play->n_streams);
    }
    for (size_t i = 0; i < sizeof options.lasting; i++) {
        options.lasting[i] = (unsigned char)(1 + i + 5 * play->n_streams);
    }
    stream->outgoing = role == DNA_INITIATING;
    play->n_streams++;
    play_ok(play, dna_stream_new(play->session, &options, play->now, &stream->stream), "open");
}

/* header from=A to=B [id=C] [dna] [db] */
static void say_header(const char *line, char *out, size_t room)
{
    char from[256], to[256], id[128];
    words_option(line, "from", from, sizeof from);
    words_option(line, "to", to, sizeof to);
    words_option(line, "id", id, sizeof id);
    (void)snprintf(out, room,
                   "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"
                   " xmlns:stream='http://etherx.jabber.org/streams'%s%s version='1.0'"
                   " from='%s' to='%s'%s%s%s>",
                   strstr(line, " dna") != NULL ? " xmlns:dna='urn:xmpp:dna:0'" : "",
                   strstr(line, " db") != NULL ? " xmlns:db='jabber:server:dialback'" : "",
                   from, to, id[0] != '\0' ? " id='" : "", id, id[0] != '\0' ? "'" : "");
}

static void peer_says(struct play *play, struct actor_stream *stream, const char *line)
{
    char filled[PLAY_TEXT], text[PLAY_TEXT];
    enum dna_err err;
    words_fill(play, line, filled, sizeof filled);
    if (strncmp(filled, "header", 6) == 0) {
        say_header(filled, text, sizeof text);
    } else if (strcmp(filled, "end") == 0) {
        (void)snprintf(text, sizeof text, "</stream:stream>");
    } else {
        markup_expand(filled, text, sizeof text);
    }
    err = dna_stream_read(stream->stream, dna_span_of(text), play->now);
    play_ok(play, err, "reading");
    stage_run(play);
}

static void we_say(struct play *play, struct actor_stream *stream, const char *line)
{
    char pattern[PLAY_TEXT];
    if (strcmp(line, "nothing") == 0) {
        if (stream->said.first != stream->said.n) {
            play_fail(play, "we said: %s", stream->said.text[stream->said.first]);
        }
        return;
    }
    if (line[0] == '<') {
        markup_pattern(play, line, pattern, sizeof pattern);
        line = pattern;
    }
    lines_expect(play, &stream->said, "what we say", line);
}

static void start_tls(struct play *play, struct actor_stream *stream, const char *cert)
{
    struct dna_chain *chain =
        strcmp(cert, "nothing") == 0 ? NULL : world_cert(play, cert)->chain;
    play_ok(play, dna_stream_secured(stream->stream, chain, play->now), "TLS");
    stage_run(play);
}

/* "OWN -> PEER" */
static void read_pair(const char *line, char *own, char *peer, size_t room)
{
    char arrow[8];
    (void)words_next(&line, own, room);
    (void)words_next(&line, arrow, sizeof arrow);
    (void)words_next(&line, peer, room);
}

static void may(struct play *play, struct actor_stream *stream, const char *line,
                bool expected)
{
    char own[256], peer[256];
    read_pair(line, own, peer, sizeof own);
    if (dna_stream_may_send(stream->stream, own, peer) != expected) {
        play_fail(play, "%s -> %s %s be sent here", own, peer, expected ? "may not" : "may");
    }
}

static void carries(struct play *play, struct actor_stream *stream, const char *line,
                    bool expected)
{
    char host[300];
    (void)words_next(&line, host, sizeof host);
    if (dna_stream_may_carry(stream->stream, host) != expected) {
        play_fail(play, "%s is %s", host, expected ? "not carried" : "carried");
    }
}

/* CERT from=PEER to=US [plain] [db]: both headers and TLS, up to what TLS is for. */
static void connect_tls(struct play *play, struct actor_stream *stream, const char *line)
{
    static const char *const incoming[] = {
        "< header %s", "> header", "> <stream:features><any/></stream:features>",
        "< <tls:starttls/>", "> <tls:proceed/>", "! secure", "tls %c",
        "< header %s%d%b", "> header", NULL,
    };
    static const char *const outgoing[] = {
        "> header", "< header %s id=1", "< <stream:features><tls:starttls/></stream:features>",
        "> <tls:starttls/>", "< <tls:proceed/>", "! secure", "tls %c",
        "> header", "< header %s id=2%d%b", NULL,
    };
    char cert[64], from[256], to[256], text[1024];
    const char *dna = strstr(line, " plain") != NULL ? "" : " dna";
    const char *db = strstr(line, " db") != NULL ? " db" : "";
    words_option(line, "from", from, sizeof from);
    words_option(line, "to", to, sizeof to);
    (void)words_next(&line, cert, sizeof cert);
    for (const char *const *step = stream->outgoing ? outgoing : incoming; *step != NULL;
         step++) {
        size_t n = 0;
        for (const char *c = *step; *c != '\0'; c++) {
            if (*c != '%') {
                text[n++] = *c;
                text[n] = '\0';
                continue;
            }
            c++;
            n += (size_t)(*c == 's'   ? snprintf(text + n, sizeof text - n, "from=%s to=%s",
                                                 from, to)
                          : *c == 'd' ? snprintf(text + n, sizeof text - n, "%s", dna)
                          : *c == 'b' ? snprintf(text + n, sizeof text - n, "%s", db)
                                      : snprintf(text + n, sizeof text - n, "%s", cert));
        }
        stage_stream(play, stream, text);
    }
}

/* S -> T OUTCOME: what became of asking the server of S. */
static void answer_claim(struct play *play, struct actor_stream *stream, const char *line)
{
    char sender[256], arrow[8], target[256], word[32];
    (void)words_next(&line, sender, sizeof sender);
    (void)words_next(&line, arrow, sizeof arrow);
    (void)words_next(&line, target, sizeof target);
    (void)words_next(&line, word, sizeof word);
    for (size_t i = 0; i < sizeof outcome_names / sizeof *outcome_names; i++) {
        if (strcmp(outcome_names[i], word) == 0) {
            play_ok(play,
                    dna_stream_verified(stream->stream, sender, target, stream->claim,
                                        (enum dna_dialback_outcome)i, play->now),
                    "verified");
            return;
        }
    }
    play_fail(play, "no outcome '%s'", word);
}

/* T -> S id=ID key=KEY number=N: asks the server of S about a key. */
static void ask_about(struct play *play, struct actor_stream *stream, const char *line)
{
    char filled[PLAY_TEXT], own[256], peer[256], id[256], key[2600], number[16];
    enum dna_err err;
    words_fill(play, line, filled, sizeof filled);
    read_pair(filled, own, peer, sizeof own);
    words_option(filled, "id", id, sizeof id);
    words_option(filled, "key", key, sizeof key);
    words_option(filled, "number", number, sizeof number);
    err = dna_stream_verify(stream->stream, own, peer, dna_span_of(id), dna_span_of(key),
                            (unsigned)atoi(number), play->now);
    if (strstr(filled, "in-vain") != NULL ? err != DNA_ERR_STATE : err != DNA_OK) {
        play_fail(play, "verify: %s", dna_err_name(err));
    }
}

static void act(struct play *play, struct actor_stream *stream, const char *verb,
                const char *line)
{
    char own[256], peer[256];
    if (strcmp(verb, "connects") == 0) {
        connect_tls(play, stream, line);
    } else if (strcmp(verb, "asks") == 0) {
        read_pair(line, own, peer, sizeof own);
        play_ok(play, dna_stream_ask(stream->stream, own, peer, play->now), "ask");
    } else if (strcmp(verb, "asks-in-vain") == 0) {
        read_pair(line, own, peer, sizeof own);
        if (dna_stream_ask(stream->stream, own, peer, play->now) != DNA_ERR_STATE) {
            play_fail(play, "the stream would carry %s -> %s", own, peer);
        }
    } else if (strcmp(verb, "answers") == 0) {
        answer_claim(play, stream, line);
    } else if (strcmp(verb, "verifies") == 0) {
        ask_about(play, stream, line);
    } else if (strcmp(verb, "sends") == 0) {
        play_ok(play, markup_send(play, stream, line), "send");
        flush(play, stream);
    } else if (strcmp(verb, "closes") == 0) {
        play_ok(play, dna_stream_close(stream->stream, NULL, NULL, play->now), "close");
    } else if (strcmp(verb, "breaks") == 0) {
        play_ok(play, dna_stream_gone(stream->stream, "reset", play->now), "gone");
    } else if (strcmp(verb, "parks") == 0) {
        dna_stream_park(stream->stream);
    } else if (strcmp(verb, "leaves") == 0) {
        dna_stream_free(stream->stream);
        stream->stream = NULL;
    } else {
        play_fail(play, "a stream does not '%s'", verb);
    }
    stage_run(play);
}

void stage_stream(struct play *play, struct actor_stream *stream, const char *line)
{
    char verb[32];
    (void)words_next(&line, verb, sizeof verb);
    line += strspn(line, " \t\n");
    if (stream->stream == NULL) {
        play_fail(play, "the stream has left");
    }
    if (strcmp(verb, "<") == 0) {
        peer_says(play, stream, line);
    } else if (strcmp(verb, ">") == 0) {
        we_say(play, stream, line);
    } else if (strcmp(verb, "!") == 0) {
        lines_expect(play, &stream->effects, "what happens", line);
    } else if (strcmp(verb, "tls") == 0) {
        start_tls(play, stream, line);
    } else if (strcmp(verb, "may") == 0) {
        may(play, stream, line, true);
    } else if (strcmp(verb, "may-not") == 0) {
        may(play, stream, line, false);
    } else if (strcmp(verb, "carries") == 0) {
        carries(play, stream, line, true);
    } else if (strcmp(verb, "carries-not") == 0) {
        carries(play, stream, line, false);
    } else {
        act(play, stream, verb, line);
    }
}

/* --- the whole -------------------------------------------------------------------------- */

static void new_session(struct play *play, bool short_form)
{
    struct dna_session_options options = {.size = sizeof options, .seed = 42,
                                          .log = &play->log, .roots = play->roots,
                                          .accept_short_form = short_form,
                                          .dialback_secret =
                                              dna_span_of("s3cr3tf0rd14lb4ck")};
    dna_session_free(play->session);
    play_ok(play, dna_session_new(&options, &play->session), "session");
}

void stage_strict(struct play *play)
{
    new_session(play, false);
}

void stage_begin(struct play *play)
{
    play->ca = cert_make(&(struct cert_order){.subject = "A good CA", .ca = true});
    play->stranger = cert_make(&(struct cert_order){.subject = "Nobody", .ca = true});
    play->roots = cert_roots(&play->ca);
    play->now = (struct dna_time){.wall = CERTS_NOW, .mono = 1000000};
    play->log = (struct dna_log){.write = take_log, .arg = play, .least = DNA_LOG_INFO};
    new_session(play, true);
}

static void nothing_left(struct play *play, const struct lines *lines, const char *name,
                         const char *what)
{
    if (lines->first != lines->n) {
        play_fail(play, "the play ends, but %s %s: %s", name, what, lines->text[lines->first]);
    }
}

void stage_end(struct play *play)
{
    for (size_t i = 0; i < play->n_streams; i++) {
        struct actor_stream *stream = &play->streams[i];
        nothing_left(play, &stream->said, stream->name, "said");
        nothing_left(play, &stream->effects, stream->name, "saw");
    }
    if (world_wanted(play, NULL)) {
        play_fail(play, "the play ends, but it is still wanted: %s", play->wants[0].text);
    }
    for (size_t i = 0; i < play->n_streams; i++) {
        struct actor_stream *stream = &play->streams[i];
        dna_stream_free(stream->stream);
        dna_xml_reader_free(stream->output);
        lines_free(&stream->said);
        lines_free(&stream->effects);
    }
    dna_session_free(play->session);
    lines_free(&play->cancelled);
    lines_free(&play->rulings);
    lines_free(&play->unsent);
    world_free(play);
}
