/* cli/help.h: the texts that are made from the tables. */
#ifndef DNA_CLI_HELP_H
#define DNA_CLI_HELP_H

#include <stdio.h>

#include <cli/command.h>

/* What `dna --help` says. */
void cli_help_all(FILE *out);
/* What `dna COMMAND --help` says; title: "dna COMMAND". */
void cli_help_command(FILE *out, const char *title, const struct cli_command *command);
/* dna(1), in the man macros. */
void cli_manual(FILE *out);
/* The completion of bash and of zsh. */
void cli_completion_bash(FILE *out);
void cli_completion_zsh(FILE *out);

/* "--roots PEM", as help and manual write an option. */
void cli_help_option(const struct cli_option *option, char *out, size_t size);

#endif
