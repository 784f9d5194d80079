/* cli/call.h: one call of a command: what was asked for, and where the answer goes. */
#ifndef DNA_CLI_CALL_H
#define DNA_CLI_CALL_H

#include <stdio.h>

#include <base/arena.h>
#include <cli/command.h>
#include <mod_dna/dns.h>

struct cli_value {
    const struct cli_option *option;
    const char *text; /* of a CLI_DOMAIN: canonical */
    int64_t number;
};

struct cli_call {
    const struct cli_command *command;
    const char *title; /* "dna publish posh" */
    struct cli_value *values;
    size_t n_values;
    const char *const *operands;
    size_t n_operands;
    struct dna_arena memory; /* nothing in it is freed before the call ends */
    int64_t now; /* the present, in wall seconds */
    bool json;
    bool colour;   /* standard output is a terminal that may show colours */
    bool progress; /* standard error is a terminal */
};

/* The values of options; the name must be in the command's table.  An option that was not
 * given has its default. */
bool cli_flag(const struct cli_call *call, const char *name);
/* The text, or NULL where neither value nor default is. */
const char *cli_text(const struct cli_call *call, const char *name);
int64_t cli_number(const struct cli_call *call, const char *name, int64_t otherwise);
/* How often an option was given, and the i-th text of it. */
size_t cli_count(const struct cli_call *call, const char *name);
const char *cli_nth(const struct cli_call *call, const char *name, size_t i);
/* Whether the comma-separated value of a CLI_WORDS option holds the word. */
bool cli_has_word(const struct cli_call *call, const char *name, const char *word);
/* The value of --at, or the present moment. */
int64_t cli_at(const struct cli_call *call);

/* "dna cert: ..." on standard error, with the way to the help; gives CLI_FAULT. */
enum cli_exit cli_usage(const struct cli_call *call, const char *format, ...)
    DNA_PRINTF(2, 3);
/* The same for what is not the caller's mistake. */
enum cli_exit cli_fault(const struct cli_call *call, const char *format, ...)
    DNA_PRINTF(2, 3);

/* Text that a stranger may have written, for a terminal. */
void cli_write_safe(FILE *out, const char *text);

/* One line on a terminal's standard error while something takes time; the next one, or
 * any report, replaces it.  Peer bytes are escaped. */
void cli_progress(const struct cli_call *call, const char *format, ...) DNA_PRINTF(2, 3);
void cli_progress_end(const struct cli_call *call);

#endif
