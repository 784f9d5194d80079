/* cli/call.c: the values of a call, and what it says on standard error. */
#include <cli/call.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/codec.h>

#define LINE 1024
#define PROGRESS 79 /* columns of a narrow terminal */

/* That an option is in the command's table is a matter of this program alone. */
static bool knows(const struct cli_call *call, const char *name)
{
    const struct cli_option *o = call->command->options;
    while (o != NULL && o->name != NULL && strcmp(o->name, name) != 0) {
        o++;
    }
    return o != NULL && o->name != NULL;
}

static const struct cli_value *find(const struct cli_call *call, const char *name,
                                    size_t i)
{
    assert(knows(call, name));
    for (size_t at = 0; at < call->n_values; at++) {
        if (strcmp(call->values[at].option->name, name) == 0 && i-- == 0) {
            return &call->values[at];
        }
    }
    return NULL;
}

bool cli_flag(const struct cli_call *call, const char *name)
{
    return find(call, name, 0) != NULL;
}

const char *cli_text(const struct cli_call *call, const char *name)
{
    const struct cli_value *value = find(call, name, 0);
    return value != NULL ? value->text : NULL;
}

int64_t cli_number(const struct cli_call *call, const char *name, int64_t otherwise)
{
    const struct cli_value *value = find(call, name, 0);
    return value != NULL ? value->number : otherwise;
}

size_t cli_count(const struct cli_call *call, const char *name)
{
    size_t n = 0;
    while (find(call, name, n) != NULL) {
        n++;
    }
    return n;
}

const char *cli_nth(const struct cli_call *call, const char *name, size_t i)
{
    const struct cli_value *value = find(call, name, i);
    assert(value != NULL);
    return value->text;
}

bool cli_has_word(const struct cli_call *call, const char *name, const char *word)
{
    const char *at = cli_text(call, name);
    size_t len = strlen(word);
    while (at != NULL) {
        if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
        at = strchr(at, ',');
        at = at != NULL ? at + 1 : NULL;
    }
    return false;
}

int64_t cli_at(const struct cli_call *call)
{
    return cli_number(call, "at", call->now);
}

/* Quotation marks do no harm here. */
void cli_write_safe(FILE *out, const char *text)
{
    while (*text != '\0') {
        struct dna_span piece = {text, strcspn(text, "\"")};
        char safe[1024];
        piece.len = piece.len < sizeof safe / 4 - 4 ? piece.len : sizeof safe / 4 - 4;
        while (text[piece.len] != '\0' &&
               ((unsigned char)text[piece.len] & 0xc0) == 0x80) {
            piece.len++; /* not within a character */
        }
        (void)dna_escape(piece, safe, sizeof safe);
        (void)fputs(safe, out);
        text += piece.len;
        for (; *text == '"'; text++) {
            (void)fputc('"', out);
        }
    }
}

/* Arguments and files' names may hold anything, too. */
DNA_PRINTF(2, 0)
static void say(const struct cli_call *call, const char *format, va_list args)
{
    char line[LINE];
    cli_progress_end(call);
    (void)vsnprintf(line, sizeof line, format, args);
    (void)fprintf(stderr, "%s: ", call->title);
    cli_write_safe(stderr, line);
    (void)fputc('\n', stderr);
}

enum cli_exit cli_usage(const struct cli_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(call, format, args);
    va_end(args);
    (void)fprintf(stderr, "Try '%s --help'.\n", call->title);
    return CLI_FAULT;
}

enum cli_exit cli_fault(const struct cli_call *call, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(call, format, args);
    va_end(args);
    return CLI_FAULT;
}

void cli_progress(const struct cli_call *call, const char *format, ...)
{
    char line[LINE];
    va_list args;
    if (!call->progress) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, PROGRESS, format, args);
    va_end(args);
    (void)fputs("\r\033[K", stderr);
    cli_write_safe(stderr, line);
    (void)fflush(stderr);
}

void cli_progress_end(const struct cli_call *call)
{
    if (call->progress) {
        (void)fputs("\r\033[K", stderr);
    }
}
