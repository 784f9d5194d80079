/* gateway/options.h: every option of the configuration file, once. */
#ifndef DNA_GATEWAY_OPTIONS_H
#define DNA_GATEWAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_type {
    OPTION_TEXT,
    OPTION_WORD,      /* one of the words in `words` */
    OPTION_FILE,      /* a file that must be readable */
    OPTION_ADDRESS,   /* "ADDR@PORT" */
    OPTION_IP,        /* a bare IP address, or "" */
    OPTION_USER,      /* a user of the system, or "" */
    OPTION_URL,       /* http or https, or "" */
    OPTION_RESOLVER,  /* "ADDR" or "ADDR@PORT" */
    OPTION_PREFIX,    /* "ADDR/BITS" */
    OPTION_PORT,      /* 1 to 65535 */
    OPTION_NUMBER,    /* between least and most */
    OPTION_YES_NO
};

struct option {
    const char *section; /* "": top level */
    const char *name;
    enum option_type type;
    bool list;
    bool required;
    long least, most;      /* NUMBER; and how many values a list may have */
    const char *words;     /* WORD: separated by blanks */
    const char *otherwise; /* the default, as written in the file; lists: "" = empty */
    const char *help;
};

struct option_section {
    const char *name;
    bool titled; /* may be there several times, each with a title of its own */
    const char *title; /* what the title is, for help */
    const char *help;
};

extern const struct option gateway_options[];
extern const size_t gateway_n_options;
extern const struct option_section gateway_sections[];
extern const size_t gateway_n_sections;

/* NULL: there is none. */
const struct option *gateway_option(const char *section, const char *name);

#endif
