/* Lines of text, and patterns over them. */
#include "play.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void play_fail(const struct play *play, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s:%u: ", play->file, play->line);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    for (size_t i = play->rulings.first; i < play->rulings.n; i++) {
        (void)fprintf(stderr, "  ruling: %s\n", play->rulings.text[i]);
    }
    exit(1);
}

void play_ok(const struct play *play, enum dna_err err, const char *what)
{
    if (err != DNA_OK) {
        play_fail(play, "%s: %s", what, dna_err_name(err));
    }
}

void lines_add(const struct play *play, struct lines *lines, const char *format, ...)
{
    char text[PLAY_TEXT];
    va_list args;
    if (lines->n == sizeof lines->text / sizeof *lines->text) {
        play_fail(play, "too much was said");
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lines->text[lines->n++] = strdup(text);
}

void lines_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        free(lines->text[i]);
    }
    lines->n = lines->first = 0;
}

void lines_expect(struct play *play, struct lines *lines, const char *who, const char *pattern)
{
    const char *text = lines->first < lines->n ? lines->text[lines->first] : NULL;
    if (text == NULL) {
        play_fail(play, "%s\n  expected: %s\n  but nothing came", who, pattern);
    }
    if (!words_match(play, pattern, text)) {
        play_fail(play, "%s\n  expected: %s\n  but it was: %s", who, pattern, text);
    }
    lines->first++;
}

static struct variable *variable(struct play *play, const char *name, size_t len)
{
    for (size_t i = 0; i < play->n_variables; i++) {
        struct variable *v = &play->variables[i];
        if (strlen(v->name) == len && memcmp(v->name, name, len) == 0) {
            return v;
        }
    }
    return NULL;
}

static struct variable *remember(struct play *play, const char *name, size_t len,
                                 const char *value, size_t value_len)
{
    struct variable *v = &play->variables[play->n_variables];
    if (play->n_variables == PLAY_MAX || len >= sizeof v->name ||
        value_len >= sizeof v->value) {
        play_fail(play, "too much to remember");
    }
    memset(v, 0, sizeof *v);
    memcpy(v->name, name, len);
    memcpy(v->value, value, value_len);
    play->n_variables++;
    return v;
}

static bool match(struct play *play, const char *pattern, const char *text);

/* pattern is at '{': a name that is known, or takes as little as makes the rest match. */
static bool match_variable(struct play *play, const char *pattern, const char *text)
{
    const char *end = strchr(pattern, '}');
    size_t len = (size_t)(end - pattern) - 1;
    struct variable *v = variable(play, pattern + 1, len);
    if (v != NULL) {
        size_t known = strlen(v->value);
        return strncmp(text, v->value, known) == 0 && match(play, end + 1, text + known);
    }
    for (size_t n = 1; text[n - 1] != '\0'; n++) {
        size_t before = play->n_variables;
        (void)remember(play, pattern + 1, len, text, n);
        if (match(play, end + 1, text + n)) {
            return true;
        }
        play->n_variables = before;
    }
    return false;
}

static bool match(struct play *play, const char *pattern, const char *text)
{
    for (; *pattern != '\0'; pattern++, text++) {
        if (*pattern == '*') {
            do {
                if (match(play, pattern + 1, text)) {
                    return true;
                }
            } while (*text++ != '\0');
            return false;
        }
        if (*pattern == '{' && strchr(pattern, '}') != NULL) {
            return match_variable(play, pattern, text);
        }
        if (*pattern != *text) {
            return false;
        }
    }
    return *text == '\0' || *text == ' ';
}

bool words_match(struct play *play, const char *pattern, const char *text)
{
    return match(play, pattern, text);
}

void words_fill(struct play *play, const char *text, char *out, size_t room)
{
    size_t n = 0;
    while (*text != '\0' && n + 1 < room) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        struct variable *v =
            end != NULL ? variable(play, text + 1, (size_t)(end - text) - 1) : NULL;
        if (v != NULL && n + strlen(v->value) < room) {
            strcpy(out + n, v->value);
            n += strlen(v->value);
            text = end + 1;
        } else {
            out[n++] = *text++;
        }
    }
    out[n] = '\0';
}

bool words_next(const char **at, char *word, size_t room)
{
    size_t n = 0;
    while (isspace((unsigned char)**at)) {
        (*at)++;
    }
    while (**at != '\0' && !isspace((unsigned char)**at)) {
        if (n + 1 < room) {
            word[n++] = **at;
        }
        (*at)++;
    }
    word[n] = '\0';
    return n != 0;
}

void words_option(const char *text, const char *name, char *out, size_t room)
{
    char word[2600];
    size_t len = strlen(name);
    out[0] = '\0';
    while (words_next(&text, word, sizeof word)) {
        if (strncmp(word, name, len) == 0 && word[len] == '=') {
            (void)snprintf(out, room, "%s", word + len + 1);
            return;
        }
    }
}
