/* cli/main.c: `dna COMMAND ...`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <base/codec.h>
#include <cli/call.h>
#include <cli/help.h>
#include <cli/options.h>
#include <cli/registry.h>

#define MEMORY_MOST (256u * 1024 * 1024)

static bool may_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

static enum cli_exit unknown_command(const char *title,
                                     const struct cli_command *const *list,
                                     const char *word)
{
    struct cli_nearest nearest = {.word = word};
    char safe[256];
    (void)dna_escape(dna_span_of(word), safe, sizeof safe);
    for (; *list != NULL; list++) {
        cli_nearest_try(&nearest, (*list)->name);
    }
    (void)fprintf(stderr, "%s: there is no command %s", title, safe);
    if (nearest.best != NULL) {
        (void)fprintf(stderr, "; did you mean %s?", nearest.best);
    }
    (void)fprintf(stderr, "\nTry '%s --help'.\n", title);
    return CLI_FAULT;
}

static enum cli_exit run(const struct cli_command *command, const char *title, int argc,
                         char **argv)
{
    struct cli_call call = {
        .command = command,
        .title = title,
        .now = (int64_t)time(NULL),
        .colour = may_colour(),
        .progress = isatty(STDERR_FILENO) != 0,
    };
    bool help;
    enum cli_exit status;
    dna_arena_init(&call.memory, NULL, MEMORY_MOST);
    status = cli_options_read(&call, argc, argv, &help);
    if (status == CLI_ACCEPTED) {
        if (help) {
            cli_help_command(stdout, title, command);
        } else {
            status = command->run(&call);
        }
    }
    dna_arena_fini(&call.memory);
    return status;
}

/* The command that argv[0] names, or its part. */
static enum cli_exit dispatch(const char *above, const struct cli_command *const *list,
                              int argc, char **argv)
{
    const struct cli_command *command = cli_command_in(list, argv[0]);
    char title[128];
    if (command == NULL) {
        return unknown_command(above, list, argv[0]);
    }
    (void)snprintf(title, sizeof title, "%s %s", above, command->name);
    if (command->parts == NULL) {
        return run(command, title, argc - 1, argv + 1);
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        cli_help_command(stdout, title, command);
        return CLI_ACCEPTED;
    }
    if (argc < 2) {
        cli_help_command(stderr, title, command);
        return CLI_FAULT;
    }
    return dispatch(title, command->parts, argc - 1, argv + 1);
}

static enum cli_exit start(int argc, char **argv)
{
    if (argc < 2) {
        cli_help_all(stderr);
        return CLI_FAULT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help_all(stdout);
        return CLI_ACCEPTED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("dna " DNA_CLI_VERSION);
        return CLI_ACCEPTED;
    }
    return dispatch("dna", cli_commands, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    enum cli_exit status = start(argc, argv);
    /* An answer that was not written is none. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "dna: standard output: %s\n", strerror(errno));
        return CLI_FAULT;
    }
    return (int)status;
}
