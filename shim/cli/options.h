/* cli/options.h: the command line read by a command's table. */
#ifndef DNA_CLI_OPTIONS_H
#define DNA_CLI_OPTIONS_H

#include <cli/call.h>

/* The options that a command has without saying so, --json and --help; ends with a NULL
 * name.  NULL: those of most commands. */
const struct cli_option *cli_options_shared(const struct cli_command *command);

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
