/* cli/command.h: what a command of `dna` is: one constant table row, exported by its own
 * file.
 *
 * The row holds everything that is known about the command: its words for the
 * parser, the help, the manual page and the shells' completion all come from here, and
 * cannot disagree. A new command is a file with a `const struct cli_command
 * cli_command_NAME`, its line in CMakeLists.txt and its row in registry.c.
 */
#ifndef DNA_CLI_COMMAND_H
#define DNA_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same everywhere, and what run() returns. */
enum cli_exit {
    CLI_ACCEPTED = 0, /* accepted, or fine */
    CLI_REFUSED = 1,  /* refused, or invalid */
    CLI_FAULT = 2,    /* wrong usage, an unreadable file, no memory */
    CLI_UNKNOWN = 3   /* could not find out */
};

/* What a value must look like; checked before run() is called. */
enum cli_type {
    CLI_FLAG,     /* takes no value */
    CLI_TEXT,
    CLI_FILE,     /* a file's name; "-" is standard input */
    CLI_NUMBER,   /* least..most */
    CLI_WORD,     /* one of `words` */
    CLI_WORDS,    /* several of `words`, separated by commas */
    CLI_DOMAIN,   /* kept in canonical form */
    CLI_IP,
    CLI_SERVER,   /* ADDR[@PORT] */
    CLI_ENDPOINT  /* ADDR@PORT */
};

struct cli_option {
    const char *name; /* without the dashes */
    enum cli_type type;
    bool required;
    bool many;            /* may be given more than once */
    int64_t least, most;  /* CLI_NUMBER */
    const char *words;    /* CLI_WORD, CLI_WORDS: separated by blanks */
    const char *value;    /* what help calls the value: "PEM"; NULL for a flag */
    const char *otherwise;/* the default as one would write it; NULL: none */
    const char *help;     /* one sentence, no full stop */
};

/* What is not an option.  name is for help: "NAME TYPE". */
struct cli_operands {
    const char *name;
    size_t least, most;
    enum cli_type type; /* of each of them; CLI_FILE is completed as a file */
    const char *words;
};

struct cli_example {
    const char *line; /* the whole command line: "dna jid user@example.com" */
    const char *does; /* one sentence */
};

struct cli_call;

struct cli_command {
    const char *name;
    const char *summary; /* half a line, no full stop */
    const char *usage;   /* what stands behind the name; alternatives separated by '\n' */
    const char *about;   /* for a newcomer; paragraphs separated by '\n' */
    const char *members; /* with --json, beside ruling, code and why: "NAME: what it is";
                          * lines separated by '\n'; NULL: none */
    struct cli_operands operands;
    const struct cli_option *options; /* ends with a NULL name; NULL: none of its own.
                                       * --json and --help are everybody's. */
    bool text_only; /* there is nothing that JSON could say: no --json */
    const struct cli_example *examples; /* ends with a NULL line; at least one */
    enum cli_exit (*run)(struct cli_call *call);
    /* "dna publish posh": the words that follow the name.  Then run is NULL, and
     * operands, options and examples are the parts' own. */
    const struct cli_command *const *parts; /* ends with NULL; NULL: no parts */
};

/* Options that several commands have, as rows of their tables. */
#define CLI_OPTION_RESOLVER                                                              \
    {"resolver", CLI_SERVER, .many = true, .value = "ADDR[@PORT]",                       \
     .help = "ask this resolver, and validate what it says; without one: ask from the "  \
             "root on"}
#define CLI_OPTION_TRUST_ANCHOR                                                          \
    {"trust-anchor", CLI_FILE, .value = "FILE", .otherwise = "/usr/share/dns/root.key",  \
     .help = "the root's DNSSEC key, in zone-file syntax"}
#define CLI_OPTION_CA_FILE                                                               \
    {"ca-file", CLI_FILE, .value = "FILE",                                               \
     .otherwise = "/etc/ssl/certs/ca-certificates.crt",                                  \
     .help = "PEM file of the certificate authorities believed"}
#define CLI_OPTION_ALLOW_PRIVATE                                                         \
    {"allow-private", CLI_FLAG,                                                          \
     .help = "connect to private and loopback addresses, too"}
#define CLI_OPTION_AT                                                                    \
    {"at", CLI_NUMBER, .least = 0, .most = INT64_MAX / 2, .value = "UNIXTIME",           \
     .help = "judge as of this moment, in seconds since 1970; without it: now"}

#endif
