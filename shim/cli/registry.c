/* cli/registry.c: the rows. */
#include <cli/registry.h>

#include <string.h>

extern const struct cli_command cli_command_acert;
extern const struct cli_command cli_command_check;
extern const struct cli_command cli_command_cert;
extern const struct cli_command cli_command_dane;
extern const struct cli_command cli_command_posh;
extern const struct cli_command cli_command_host_meta;
extern const struct cli_command cli_command_delegation;
extern const struct cli_command cli_command_assertion;
extern const struct cli_command cli_command_sts;
extern const struct cli_command cli_command_name;
extern const struct cli_command cli_command_jid;
extern const struct cli_command cli_command_stream;
extern const struct cli_command cli_command_dns;
extern const struct cli_command cli_command_verify;
extern const struct cli_command cli_command_watch;
extern const struct cli_command cli_command_serve;
extern const struct cli_command cli_command_publish;
extern const struct cli_command cli_command_completion;
extern const struct cli_command cli_command_help;

const struct cli_command *const cli_commands[] = {
    &cli_command_check,
    &cli_command_cert,
    &cli_command_acert,
    &cli_command_dane,
    &cli_command_posh,
    &cli_command_host_meta,
    &cli_command_delegation,
    &cli_command_assertion,
    &cli_command_sts,
    &cli_command_name,
    &cli_command_jid,
    &cli_command_stream,
    &cli_command_dns,
    &cli_command_verify,
    &cli_command_watch,
    &cli_command_serve,
    &cli_command_publish,
    &cli_command_completion,
    &cli_command_help,
    NULL,
};

const struct cli_command *cli_command_in(const struct cli_command *const *list,
                                         const char *name)
{
    for (; *list != NULL; list++) {
        if (strcmp((*list)->name, name) == 0) {
            return *list;
        }
    }
    return NULL;
}
