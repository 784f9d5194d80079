/* cli/options.h: the command line read by a command's table. */
#ifndef DNA_CLI_OPTIONS_H
#define DNA_CLI_OPTIONS_H

#include <cli/call.h>

/* --json and --help; ends with a NULL name. */
extern const struct cli_option cli_options_of_all[];

/* Reads argv behind the command's name into the call.  CLI_ACCEPTED: run it.  *help:
 * --help stood there, and nothing else matters.  CLI_FAULT: what is wrong has been
 * said. */
enum cli_exit cli_options_read(struct cli_call *call, int argc, char **argv, bool *help);

/* The one of n names that a misspelt one probably meant, or NULL. */
struct cli_nearest {
    const char *word; /* what was written */
    const char *best;
    size_t distance;
};
void cli_nearest_try(struct cli_nearest *nearest, const char *name);

#endif
