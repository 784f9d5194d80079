/* cli/registry.h: every command, once. */
#ifndef DNA_CLI_REGISTRY_H
#define DNA_CLI_REGISTRY_H

#include <cli/command.h>

/* In the order in which help lists them; ends with NULL. */
extern const struct cli_command *const cli_commands[];

/* The command of that name in a list, or NULL. */
const struct cli_command *cli_command_in(const struct cli_command *const *list,
                                         const char *name);

#endif
