/* gateway/parse.h: the configuration file as a tree of sections and settings.
 *
 *     name = value          value: a word, or text in quotes; a list: { value, value }
 *     section { ... }       section "title" { ... }
 *     # a comment to the end of the line
 *
 * The parser knows the options by the table (options.h) and reports every fault with its
 * line; it goes on behind a fault, so that one run shows all of them.
 */
#ifndef DNA_GATEWAY_PARSE_H
#define DNA_GATEWAY_PARSE_H

#include <stdio.h>

#include "options.h"

/* Where faults are written, as "FILE:LINE: what is wrong; what to do". */
struct faults {
    FILE *out;
    const char *file;
    unsigned n;
};

/* Line 0: the whole file. */
void faults_add(struct faults *faults, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct setting {
    struct setting *next;
    const struct option *option;
    int line;
    char **values;
    size_t n;
};

struct section {
    struct section *next; /* in the order of the file */
    const struct option_section *kind; /* NULL: the top level */
    char *title;          /* or NULL */
    int line;
    struct setting *settings;
};

/* The first section is the top level.  NULL: no memory, or the file could not be read
 * (reported). */
struct section *parse_file(const char *file, struct faults *faults);
void parse_free(struct section *sections);
/* The first section of a kind, and the next of the same kind; NULL: none. */
const struct section *parse_first(const struct section *sections, const char *kind);
const struct section *parse_next(const struct section *section);
/* What a section says of an option, or NULL. */
const struct setting *parse_setting(const struct section *section, const char *name);

#endif
