/* gateway/read.h: what takes a configuration out of the sections of a file.
 *
 * One reading lasts from the parsed file to the configuration.  It goes on behind a fault, also
 * behind a lack of memory: what it copies may be NULL then, and the fault is counted.
 */
#ifndef DNA_GATEWAY_READ_H
#define DNA_GATEWAY_READ_H

#include "config.h"
#include "parse.h"

struct reading {
    struct faults faults;
    struct section *sections;
    struct gateway_config *config;
};

/* The first section of a kind, and how many there are. */
const struct section *read_first(const struct reading *r, const char *kind);
size_t read_count(const struct reading *r, const char *kind);

/* What a section, which may be NULL, says of an option; else the option's default.  What is no
 * number or no truth is reported by read_check, and 0 or false here. */
const char *read_value(const struct section *section, const char *kind, const char *name);
bool read_truth(const struct section *section, const char *kind, const char *name);
size_t read_number(const struct section *section, const char *kind, const char *name);
/* The line to send the operator to: of the setting, of its section, or the first. */
int read_line(const struct section *section, const char *name);

/* Copies that are the configuration's. */
char *read_copy(struct reading *r, const char *text);
char *read_optional(struct reading *r, const char *text); /* NULL for "" */
void *read_array(struct reading *r, size_t n, size_t size);
void read_names(struct reading *r, const struct section *section, const char *name,
                struct gateway_names *out);

/* Checks each value of the file by its type, and that nothing required is missing. */
void read_check(struct reading *r);
/* Of one section. */
void read_check_section(struct reading *r, const struct section *section, const char *kind);

/* --- sections: into the configuration, with what concerns several of their options --- */

void config_take_public(struct reading *r);   /* config_public.c */
void config_take_resolver(struct reading *r);
void config_take_links(struct reading *r);    /* config_links.c */
void config_take_policies(struct reading *r); /* config_policies.c */

#endif
