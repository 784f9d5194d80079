/* cli/watch_list.c: the file of domains: one customer a line, its components behind it. */
#include <cli/watch.h>

#include <stdio.h>
#include <string.h>

#include <cli/input.h>

#define BLANKS " \t\r"

/* A word, from *line on; empty at the line's end. */
static struct dna_span next_word(struct dna_span *line)
{
    struct dna_span word;
    while (line->len != 0 && strchr(BLANKS, *line->ptr) != NULL) {
        line->ptr++;
        line->len--;
    }
    word = (struct dna_span){line->ptr, 0};
    while (line->len != 0 && strchr(BLANKS, *line->ptr) == NULL) {
        line->ptr++;
        line->len--;
        word.len++;
    }
    return word;
}

static bool add(struct cli_watch *watch, struct dna_span text, size_t number, const char *file)
{
    struct dna_name name;
    if (dna_name_parse(text, &name) != DNA_OK || dna_name_is_address(&name)) {
        (void)cli_fault(watch->call, "%s: line %zu: \"%.*s\" is not a domain", file, number,
                        DNA_SPAN_FMT(text));
        return false;
    }
    for (size_t i = 0; i < watch->n; i++) {
        if (strcmp(watch->list[i].domain.text, name.text) == 0) {
            (void)cli_fault(watch->call, "%s: line %zu: %s stands there twice", file, number,
                            name.text);
            return false;
        }
    }
    if (watch->n == CLI_WATCHED_MOST) {
        (void)cli_fault(watch->call, "%s: more than %d domains", file, CLI_WATCHED_MOST);
        return false;
    }
    watch->list[watch->n++] = (struct cli_watched){.domain = name};
    return true;
}

/* "example.com conference. upload." */
static bool read_line(struct cli_watch *watch, struct dna_span line, size_t number,
                      const char *file)
{
    const char *hash = line.len != 0 ? memchr(line.ptr, '#', line.len) : NULL;
    struct dna_span domain, word;
    line.len = hash != NULL ? (size_t)(hash - line.ptr) : line.len;
    domain = next_word(&line);
    if (domain.len == 0) {
        return true;
    }
    if (!add(watch, domain, number, file)) {
        return false;
    }
    while ((word = next_word(&line)).len != 0) {
        char full[2 * DNA_NAME_MAX];
        int len = snprintf(full, sizeof full, "%.*s%.*s", DNA_SPAN_FMT(word),
                           DNA_SPAN_FMT(domain));
        if (word.ptr[word.len - 1] != '.' || len < 0 || (size_t)len >= sizeof full) {
            (void)cli_fault(watch->call,
                            "%s: line %zu: \"%.*s\" is no component: \"conference.\" is one",
                            file, number, DNA_SPAN_FMT(word));
            return false;
        }
        if (!add(watch, dna_span_of(full), number, file)) {
            return false;
        }
    }
    return true;
}

bool cli_watch_read(struct cli_watch *watch, const char *file)
{
    struct dna_span bytes;
    if (!cli_read(watch->call, file, &bytes)) {
        return false;
    }
    if (watch->list == NULL) {
        watch->list = dna_arena_zero(&watch->call->memory, CLI_WATCHED_MOST,
                                     sizeof *watch->list);
    }
    if (watch->list == NULL) {
        (void)cli_fault(watch->call, "out of memory");
        return false;
    }
    watch->n = 0;
    for (size_t number = 1; bytes.len != 0; number++) {
        const char *end = memchr(bytes.ptr, '\n', bytes.len);
        size_t len = end != NULL ? (size_t)(end - bytes.ptr) : bytes.len;
        if (!read_line(watch, (struct dna_span){bytes.ptr, len}, number, file)) {
            return false;
        }
        len += end != NULL;
        bytes = (struct dna_span){bytes.ptr + len, bytes.len - len};
    }
    if (watch->n == 0) {
        (void)cli_fault(watch->call, "%s: there is no domain in it", file);
    }
    return watch->n != 0;
}
