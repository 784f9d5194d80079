/* gateway/parse.c: words, marks, sections. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 4096
#define NAME_SHOWN 60
#define DEPTH_MAX 8 /* of sections in sections, which are wrong at any depth */

enum token_kind { TOKEN_WORD, TOKEN_TEXT, TOKEN_MARK, TOKEN_END };

struct token {
    enum token_kind kind;
    int line;
    char mark;
    char text[WORD_MAX];
};

struct parser {
    FILE *in;
    struct faults *faults;
    struct section *last; /* of the list */
    int line;
    struct token token; /* the current one */
    unsigned depth; /* of sections that are open */
    bool out_of_memory;
};

void faults_add(struct faults *faults, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (line > 0) {
        fprintf(faults->out, "%s:%d: ", faults->file, line);
    } else {
        fprintf(faults->out, "%s: ", faults->file);
    }
    vfprintf(faults->out, format, args);
    fputc('\n', faults->out);
    va_end(args);
    faults->n++;
}

/* --- words -------------------------------------------------------------------------- */

static int next_char(struct parser *p)
{
    int c = getc(p->in);
    if (c == '\n') {
        p->line++;
    }
    return c;
}

static void put_back(struct parser *p, int c)
{
    if (c == '\n') {
        p->line--;
    }
    (void)ungetc(c, p->in);
}

static int skip_blanks(struct parser *p)
{
    int c;
    do {
        c = next_char(p);
        if (c == '#') {
            do {
                c = next_char(p);
            } while (c != '\n' && c != EOF);
        }
    } while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
    return c;
}

static void add_char(struct parser *p, size_t *len, int c)
{
    if (*len < WORD_MAX - 1) {
        p->token.text[(*len)++] = (char)c;
    } else if (*len == WORD_MAX - 1) {
        faults_add(p->faults, p->token.line, "a word is longer than %d bytes", WORD_MAX - 1);
        (*len)++;
    }
}

static void end_word(struct parser *p, size_t len)
{
    p->token.text[len < WORD_MAX ? len : WORD_MAX - 1] = '\0';
}

static void read_quoted(struct parser *p)
{
    size_t len = 0;
    int c;
    p->token.kind = TOKEN_TEXT;
    while ((c = next_char(p)) != '"') {
        if (c == '\\') {
            c = next_char(p);
        }
        if (c == '\n' || c == EOF) {
            faults_add(p->faults, p->token.line, "a text has no closing quote (\") on its "
                                                 "line; add it");
            put_back(p, c);
            break;
        }
        add_char(p, &len, c);
    }
    end_word(p, len);
}

static void read_word(struct parser *p, int c)
{
    size_t len = 0;
    p->token.kind = TOKEN_WORD;
    while (c != EOF && !isspace(c) && strchr("{}=,\"#", c) == NULL) {
        add_char(p, &len, c);
        c = next_char(p);
    }
    put_back(p, c);
    end_word(p, len);
}

static void advance(struct parser *p)
{
    int c = skip_blanks(p);
    p->token.line = p->line;
    if (c == EOF) {
        p->token.kind = TOKEN_END;
    } else if (c == '"') {
        read_quoted(p);
    } else if (c != '\0' && strchr("{}=,", c) != NULL) {
        p->token.kind = TOKEN_MARK;
        p->token.mark = (char)c;
    } else if (c < 0x20 || c == 0x7f) {
        faults_add(p->faults, p->line, "a control character (0x%02x) outside of quotes; remove "
                                       "it", (unsigned)c);
        p->token.kind = TOKEN_WORD;
        p->token.text[0] = '\0';
    } else {
        read_word(p, c);
    }
}

static bool at_mark(const struct parser *p, char mark)
{
    return p->token.kind == TOKEN_MARK && p->token.mark == mark;
}

static bool at_word(const struct parser *p)
{
    return p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_TEXT;
}

/* The rest of a line that makes no sense; inside of a section not its end. */
static void skip_line(struct parser *p, int line, bool top)
{
    while (p->token.kind != TOKEN_END && p->token.line <= line && (top || !at_mark(p, '}'))) {
        advance(p);
    }
}

/* --- the tree ----------------------------------------------------------------------- */

static char *copy_word(struct parser *p)
{
    char *copy = strdup(p->token.text);
    p->out_of_memory = p->out_of_memory || copy == NULL;
    return copy;
}

static void free_setting(struct setting *setting)
{
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        free(setting->values[i]);
    }
    free(setting != NULL ? setting->values : NULL);
    free(setting);
}

static void add_value(struct parser *p, struct setting *setting)
{
    char *value = copy_word(p);
    char **values = value != NULL ? realloc(setting->values,
                                            (setting->n + 1) * sizeof *setting->values)
                                  : NULL;
    if (values == NULL) {
        p->out_of_memory = true;
        free(value);
        return;
    }
    setting->values = values;
    setting->values[setting->n++] = value;
}

/* Behind '{' of a list. */
static void read_list(struct parser *p, struct setting *setting)
{
    int line = p->token.line;
    while (!at_mark(p, '}')) {
        if (!at_word(p)) {
            faults_add(p->faults, line, "the list of %s is not closed; write { value, value }",
                       setting->option->name);
            skip_line(p, line, false);
            if (at_mark(p, '}') && p->token.line == line) {
                advance(p);
            }
            return;
        }
        add_value(p, setting);
        advance(p);
        if (at_mark(p, ',')) {
            advance(p);
        } else if (!at_mark(p, '}')) {
            faults_add(p->faults, p->token.line, "%s: between the values of a list stands a "
                                                 "comma", setting->option->name);
            if (!at_word(p)) {
                return;
            }
        }
    }
    advance(p);
}

static void skip_value(struct parser *p)
{
    if (!at_mark(p, '{')) {
        advance(p);
        return;
    }
    while (p->token.kind != TOKEN_END && !at_mark(p, '}')) {
        advance(p);
    }
    advance(p);
}

static void keep(struct parser *p, struct section *section, struct setting *setting)
{
    struct setting **end = &section->settings;
    for (; *end != NULL; end = &(*end)->next) {
        if ((*end)->option == setting->option) {
            faults_add(p->faults, setting->line, "%s is set again (first on line %d); keep one",
                       setting->option->name, (*end)->line);
            free_setting(setting);
            return;
        }
    }
    *end = setting;
}

/* Behind '='; section NULL: its kind is unknown, which was said. */
static void read_setting(struct parser *p, struct section *section, const char *name, int line)
{
    const char *kind = section != NULL && section->kind != NULL ? section->kind->name : "";
    const struct option *option = section != NULL ? gateway_option(kind, name) : NULL;
    struct setting *setting;
    if (option == NULL) {
        if (section != NULL) {
            faults_add(p->faults, line, "there is no option \"%.*s\"%s%s; dna-gateway.conf(5) "
                       "lists the options", NAME_SHOWN, name, kind[0] != '\0' ? " in " : "",
                       kind);
        }
        skip_value(p);
        return;
    }
    setting = calloc(1, sizeof *setting);
    if (setting == NULL) {
        p->out_of_memory = true;
        skip_value(p);
        return;
    }
    setting->option = option;
    setting->line = line;
    if (option->list && at_mark(p, '{')) {
        advance(p);
        read_list(p, setting);
    } else if (at_word(p)) {
        add_value(p, setting);
        advance(p);
    } else {
        faults_add(p->faults, line, "%s: %s", name,
                   option->list ? "write { value, value }" : "one value is expected");
        if (at_mark(p, '{')) {
            skip_value(p);
        }
        free_setting(setting);
        return;
    }
    keep(p, section, setting);
}

static struct section *add_section(struct parser *p, const struct option_section *kind,
                                   int line)
{
    struct section *section = calloc(1, sizeof *section);
    if (section == NULL) {
        p->out_of_memory = true;
        return NULL;
    }
    section->kind = kind;
    section->line = line;
    if (p->last != NULL) {
        p->last->next = section;
    }
    p->last = section;
    return section;
}

static const struct option_section *kind_of(const char *name)
{
    for (size_t i = 0; i < gateway_n_sections; i++) {
        if (strcmp(gateway_sections[i].name, name) == 0) {
            return &gateway_sections[i];
        }
    }
    return NULL;
}

static void read_item(struct parser *p, struct section *section, bool top);

/* At '{': past the '}' that belongs to it, whatever is between. */
static void skip_braces(struct parser *p)
{
    unsigned long open = 0;
    do {
        open += at_mark(p, '{');
        open -= at_mark(p, '}');
        advance(p);
    } while (open != 0 && p->token.kind != TOKEN_END);
}

/* Reports what is wrong with the beginning of a section; NULL: what is in it is skipped. */
static struct section *begin_section(struct parser *p, const char *name, const char *title,
                                     int line, bool top)
{
    const struct option_section *kind = kind_of(name);
    if (!top) {
        faults_add(p->faults, line, "section \"%.*s\" begins inside another one; close that "
                                    "with } first", NAME_SHOWN, name);
        return NULL;
    }
    if (kind == NULL) {
        faults_add(p->faults, line, "there is no section \"%.*s\"; dna-gateway.conf(5) lists "
                                    "the sections", NAME_SHOWN, name);
        return NULL;
    }
    if ((title != NULL) != kind->titled) {
        faults_add(p->faults, line, title != NULL ? "section %s has no title; remove it"
                                                  : "section %s needs a title in quotes", name);
    }
    return add_section(p, kind, line);
}

/* At the title or at '{'. */
static void read_section(struct parser *p, const char *name, int line, bool top)
{
    char *title = NULL;
    struct section *section;
    if (at_word(p)) {
        title = copy_word(p);
        advance(p);
    }
    if (!at_mark(p, '{')) {
        faults_add(p->faults, line,
                   "behind \"%.*s\" stands neither = nor {; give an option its value by =, "
                   "and begin a section with {",
                   NAME_SHOWN, name);
        free(title);
        skip_line(p, line, top);
        return;
    }
    section = begin_section(p, name, title, line, top);
    if (section != NULL) {
        section->title = title;
    } else {
        free(title);
    }
    if (p->depth == DEPTH_MAX) {
        skip_braces(p);
        return;
    }
    advance(p);
    p->depth++;
    while (!at_mark(p, '}') && p->token.kind != TOKEN_END) {
        read_item(p, section, false);
    }
    p->depth--;
    if (p->token.kind == TOKEN_END) {
        faults_add(p->faults, line, "section %.*s is not closed; add }", NAME_SHOWN, name);
        return;
    }
    advance(p);
}

static void read_item(struct parser *p, struct section *section, bool top)
{
    char name[WORD_MAX];
    int line = p->token.line;
    if (p->token.kind != TOKEN_WORD) {
        faults_add(p->faults, line,
                   "the name of an option or a section is expected here; remove what "
                   "stands in its place");
        advance(p);
        skip_line(p, line, top);
        return;
    }
    memcpy(name, p->token.text, sizeof name);
    advance(p);
    if (at_mark(p, '=')) {
        advance(p);
        read_setting(p, section, name, line);
    } else {
        read_section(p, name, line, top);
    }
}

struct section *parse_file(const char *file, struct faults *faults)
{
    struct parser *p = calloc(1, sizeof *p);
    struct section *top = NULL;
    if (p == NULL) {
        faults_add(faults, 0, "out of memory");
        return NULL;
    }
    p->in = fopen(file, "re");
    p->faults = faults;
    p->line = 1;
    if (p->in == NULL) {
        faults_add(faults, 0, "%s; name a readable file with -c", strerror(errno));
    } else if ((top = add_section(p, NULL, 1)) != NULL) {
        for (advance(p); p->token.kind != TOKEN_END;) {
            if (at_mark(p, '}')) {
                faults_add(faults, p->token.line, "this } closes nothing; remove it");
                advance(p);
            } else {
                read_item(p, top, true);
            }
        }
    }
    if (p->out_of_memory) {
        faults_add(faults, 0, "out of memory");
    }
    if (p->in != NULL) {
        (void)fclose(p->in);
    }
    free(p);
    return top;
}

void parse_free(struct section *section)
{
    while (section != NULL) {
        struct section *next = section->next;
        while (section->settings != NULL) {
            struct setting *setting = section->settings;
            section->settings = setting->next;
            free_setting(setting);
        }
        free(section->title);
        free(section);
        section = next;
    }
}

const struct setting *parse_setting(const struct section *section, const char *name)
{
    const struct setting *s = section != NULL ? section->settings : NULL;
    while (s != NULL && strcmp(s->option->name, name) != 0) {
        s = s->next;
    }
    return s;
}

const struct section *parse_first(const struct section *s, const char *kind)
{
    while (s != NULL && (s->kind == NULL || strcmp(s->kind->name, kind) != 0)) {
        s = s->next;
    }
    return s;
}

const struct section *parse_next(const struct section *section)
{
    const struct section *s = section->next;
    while (s != NULL && s->kind != section->kind) {
        s = s->next;
    }
    return s;
}
