/* gateway/read.c: the values of a section, and their check one by one, by the table. */
#include "read.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

const struct section *read_first(const struct reading *r, const char *kind)
{
    return parse_first(r->sections, kind);
}

size_t read_count(const struct reading *r, const char *kind)
{
    size_t n = 0;
    for (const struct section *s = read_first(r, kind); s != NULL; s = parse_next(s)) {
        n++;
    }
    return n;
}

/* The value of an option that is no list, by default if need be. */
const char *read_value(const struct section *section, const char *kind, const char *name)
{
    const struct setting *setting = parse_setting(section, name);
    return setting != NULL && setting->n > 0 ? setting->values[0]
                                             : gateway_option(kind, name)->otherwise;
}

int read_line(const struct section *section, const char *name)
{
    const struct setting *setting = parse_setting(section, name);
    return setting != NULL ? setting->line : section != NULL ? section->line : 1;
}

bool read_truth(const struct section *section, const char *kind, const char *name)
{
    bool truth;
    return check_yes_no(read_value(section, kind, name), &truth) && truth;
}

size_t read_number(const struct section *section, const char *kind, const char *name)
{
    long number = 0;
    const struct option *o = gateway_option(kind, name);
    return check_number(read_value(section, kind, name), o->least, o->most, &number)
               ? (size_t)number
               : 0;
}

char *read_copy(struct reading *r, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        faults_add(&r->faults, 0, "out of memory");
    }
    return copy;
}

char *read_optional(struct reading *r, const char *text)
{
    return text[0] != '\0' ? read_copy(r, text) : NULL;
}

void *read_array(struct reading *r, size_t n, size_t size)
{
    void *array = calloc(n != 0 ? n : 1, size);
    if (array == NULL) {
        faults_add(&r->faults, 0, "out of memory");
    }
    return array;
}

void read_names(struct reading *r, const struct section *section, const char *name,
                       struct gateway_names *out)
{
    const struct setting *setting = parse_setting(section, name);
    size_t n = setting != NULL ? setting->n : 0;
    out->list = read_array(r, n, sizeof *out->list);
    for (size_t i = 0; i < n && out->list != NULL; i++) {
        out->list[out->n] = read_copy(r, setting->values[i]);
        out->n += out->list[out->n] != NULL;
    }
}

/* Files that a mode of the resolver does without need not exist. */
static bool is_needed(const struct section *section, const struct option *o)
{
    const char *mode;
    if (strcmp(o->section, "resolver") != 0 || o->type != OPTION_FILE || o->list) {
        return true;
    }
    mode = read_value(section, "resolver", "mode");
    return strcmp(o->name, "root-hints") == 0 ? strcmp(mode, "iterate") == 0
                                              : strcmp(mode, "stub") != 0;
}

static void check_option(struct reading *r, const struct section *section, const char *kind,
                         const char *title, const struct option *o)
{
    const struct setting *setting = parse_setting(section, o->name);
    size_t n = setting != NULL ? setting->n : 0;
    int line = read_line(section, o->name);
    if (o->required && (n == 0 || (!o->list && setting->values[0][0] == '\0'))) {
        faults_add(&r->faults, line, "%s%s%s%s: \"%s\" is missing; it is: %s", kind,
                   title != NULL ? " \"" : "", title != NULL ? title : "",
                   title != NULL ? "\"" : "", o->name, o->help);
        return;
    }
    if (setting == NULL) {
        if (o->type == OPTION_FILE && !o->list && is_needed(section, o)) {
            check_value(&r->faults, line, o, o->otherwise);
        }
        return;
    }
    if (o->list && (n < (size_t)o->least || n > (size_t)o->most)) {
        faults_add(&r->faults, line, "%s: has %zu values; %ld to %ld are possible", o->name, n,
                   o->least, o->most);
    }
    for (size_t i = 0; i < n && is_needed(section, o); i++) {
        check_value(&r->faults, line, o, setting->values[i]);
    }
}

void read_check_section(struct reading *r, const struct section *section, const char *kind)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strcmp(gateway_options[i].section, kind) == 0) {
            check_option(r, section, kind, section != NULL ? section->title : NULL,
                         &gateway_options[i]);
        }
    }
}

void read_check(struct reading *r)
{
    read_check_section(r, r->sections, "");
    for (size_t i = 0; i < gateway_n_sections; i++) {
        const struct option_section *kind = &gateway_sections[i];
        const struct section *section = read_first(r, kind->name);
        if (!kind->titled) {
            read_check_section(r, section, kind->name);
            for (section = section != NULL ? parse_next(section) : NULL; section != NULL;
                 section = parse_next(section)) {
                faults_add(&r->faults, section->line, "section %s is there twice; put all "
                                                      "its options into one", kind->name);
            }
            continue;
        }
        for (; section != NULL; section = parse_next(section)) {
            read_check_section(r, section, kind->name);
        }
    }
}
