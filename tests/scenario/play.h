/* A play: streams, peers, the DNS and the clock of one .scn file, against one session.
 *
 * The language is in README.md.  Everything that the session says is turned into lines of
 * text; a play says which lines come next, with * for what does not matter and {NAME} for
 * what is to be remembered.
 */
#ifndef SCENARIO_PLAY_H
#define SCENARIO_PLAY_H

#include <stdio.h>

#include <certs.h>
#include <mod_dna/session.h>
#include <xml/reader.h>

#define PLAY_MAX 64
#define PLAY_TEXT 16384

/* Lines that were said and not yet expected, oldest first. */
struct lines {
    char *text[1024];
    size_t first, n;
};

struct actor_cert {
    char name[64];
    struct cert cert, issuer;
    struct dna_chain *chain;
};

struct actor_link {
    char name[64];
    struct dna_link *link;
};

struct actor_stream {
    char name[64];
    struct dna_stream *stream;
    struct dna_xml_reader *output; /* what we wrote, parsed again */
    struct lines said, effects;
    bool outgoing;
    unsigned claim; /* number of the last one */
};

struct open_want {
    unsigned id;
    char text[2600];
    const struct dna_want *want;
};

struct variable {
    char name[32];
    char value[512];
};

struct play {
    const char *file;
    unsigned line;
    struct dna_session *session;
    struct dna_log log;
    struct dna_roots *roots;
    struct cert ca, stranger; /* a trusted and an unknown authority */
    struct dna_time now;
    struct actor_cert certs[PLAY_MAX];
    struct actor_link links[PLAY_MAX];
    struct actor_stream streams[PLAY_MAX];
    struct open_want wants[PLAY_MAX];
    size_t n_certs, n_links, n_streams, n_wants;
    struct lines cancelled, rulings;
    struct lines unsent; /* stanzas that are to be returned */
    struct variable variables[PLAY_MAX];
    size_t n_variables;
};

/* Ends the program: the play did not go as written. */
_Noreturn void play_fail(const struct play *play, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void play_ok(const struct play *play, enum dna_err err, const char *what);

/* --- words.c: lines and patterns ------------------------------------------------------ */

void lines_add(const struct play *play, struct lines *lines, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lines_free(struct lines *lines);
/* The next line must match. */
void lines_expect(struct play *play, struct lines *lines, const char *who,
                  const char *pattern);
/* Whether text begins with what the pattern says, up to the end of a word. */
bool words_match(struct play *play, const char *pattern, const char *text);
/* Puts remembered values in place of {NAME}. */
void words_fill(struct play *play, const char *text, char *out, size_t room);
/* The next word of *at into word; false: none. */
bool words_next(const char **at, char *word, size_t room);
/* "name=VALUE" among the words of text, or "". */
void words_option(const char *text, const char *name, char *out, size_t room);

/* --- markup.c: XML as lines ------------------------------------------------------------- */

/* The element in a fixed form: known prefixes, attributes in order. */
void markup_show(const struct dna_xml_element *element, char *out, size_t room);
/* A pattern written as XML, in the same form. */
void markup_pattern(struct play *play, const char *text, char *out, size_t room);
/* What was written on a stream, line by line. */
void markup_hear(struct play *play, struct actor_stream *stream, struct dna_span bytes);
/* Short prefixes written out: <dna:valid/> becomes <valid xmlns='...'/>. */
void markup_expand(const char *text, char *out, size_t room);
/* Parses one stanza and gives it to the stream. */
enum dna_err markup_send(struct play *play, struct actor_stream *stream, const char *text);

/* --- world.c: certificates, wants and facts --------------------------------------------- */

struct actor_cert *world_cert(struct play *play, const char *name);
void world_add_cert(struct play *play, const char *line);
void world_free(struct play *play);
/* Takes what the session wants to know, and what it no longer wants. */
void world_listen(struct play *play);
/* "dns ...", "srv ...", "island ...", "fetch ...": the answer to an open want. */
void world_answer(struct play *play, const char *verb, const char *line);
bool world_wanted(const struct play *play, const char *text);

/* --- stage.c: the session and its streams ----------------------------------------------- */

void stage_begin(struct play *play);
/* Begins anew, without the slides' short form. */
void stage_strict(struct play *play);
void stage_end(struct play *play);
/* Carries everything as far as it goes. */
void stage_run(struct play *play);
void stage_wait(struct play *play, int64_t ms);
/* One line that is about a stream. */
void stage_stream(struct play *play, struct actor_stream *stream, const char *line);
struct actor_stream *stage_find(struct play *play, const char *name);
void stage_open(struct play *play, const char *line, enum dna_role role);

#endif
