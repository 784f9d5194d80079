/* cli/help.c: --help, and the command `dna help`. */
#include <cli/help.h>

#include <string.h>

#include <cli/call.h>
#include <cli/options.h>
#include <cli/registry.h>

enum { WIDTH = 80, COLUMN = 26, MEMBER = 18 };

/* A text in lines of at most WIDTH, each indented, a blank line between its
 * paragraphs; its first line begins at column `at`. */
static void wrap(FILE *out, const char *text, size_t at, size_t indent)
{
    bool first = true; /* nothing stands on this line yet */
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        if (!first && at + 1 + word > WIDTH) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            (void)fputc(' ', out);
            at++;
        }
        (void)fwrite(text, 1, word, out);
        at += word;
        text += word;
        first = false;
        if (*text == '\n') {
            (void)fprintf(out, "\n\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        text += *text != '\0';
    }
    (void)fputc('\n', out);
}

void cli_help_option(const struct cli_option *option, char *out, size_t size)
{
    (void)snprintf(out, size, "--%s%s%s", option->name, option->value != NULL ? " " : "",
                   option->value != NULL ? option->value : "");
}

static void print_option(FILE *out, const struct cli_option *o)
{
    char head[128], text[768];
    int n;
    cli_help_option(o, head, sizeof head);
    n = snprintf(text, sizeof text, "%s", o->help);
    if (o->words != NULL) {
        n += snprintf(text + n, sizeof text - (size_t)n, " (%s%s)",
                      o->type == CLI_WORDS ? "some of: " : "one of: ", o->words);
    }
    if (o->otherwise != NULL) {
        n += snprintf(text + n, sizeof text - (size_t)n, " [default: %s]", o->otherwise);
    }
    if (o->many) {
        (void)snprintf(text + n, sizeof text - (size_t)n, " (may be repeated)");
    }
    (void)fprintf(out, "  %-*s", COLUMN - 2, head);
    if (strlen(head) + 3 > COLUMN) {
        (void)fprintf(out, "\n%*s", COLUMN, "");
    }
    wrap(out, text, COLUMN, COLUMN);
}

static void print_usage(FILE *out, const char *title, const char *usage)
{
    const char *lead = "usage:";
    do {
        size_t len = strcspn(usage, "\n");
        (void)fprintf(out, "%s %s%s%.*s\n", lead, title, len != 0 ? " " : "", (int)len,
                      usage);
        usage += len + (usage[len] == '\n');
        lead = "      ";
    } while (*usage != '\0');
}

static void print_list(FILE *out, const struct cli_command *const *list)
{
    size_t column = 0;
    for (size_t i = 0; list[i] != NULL; i++) {
        size_t len = strlen(list[i]->name) + 4;
        column = len > column ? len : column;
    }
    for (; *list != NULL; list++) {
        (void)fprintf(out, "  %-*s", (int)column - 2, (*list)->name);
        wrap(out, (*list)->summary, column, column);
    }
}

static void print_options(FILE *out, const struct cli_command *command)
{
    (void)fputs("\nOptions:\n", out);
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL;
         o++) {
        print_option(out, o);
    }
    for (const struct cli_option *o = cli_options_shared(command); o->name != NULL; o++) {
        print_option(out, o);
    }
}

static void print_examples(FILE *out, const struct cli_example *example)
{
    (void)fputs("\nExamples:\n", out);
    for (; example->line != NULL; example++) {
        (void)fprintf(out, "  $ %s\n      ", example->line);
        wrap(out, example->does, 6, 6);
    }
}

/* "NAME: what it is", as the options are laid out. */
static void print_members(FILE *out, const char *members)
{
    (void)fputs("\nMembers with --json, beside ruling, code and why:\n", out);
    while (*members != '\0') {
        size_t len = strcspn(members, "\n"), name = strcspn(members, ":");
        char text[512];
        (void)snprintf(text, sizeof text, "%.*s", (int)(len - name - 2),
                       members + name + 2);
        (void)fprintf(out, "  %-*.*s", MEMBER - 2, (int)name, members);
        if (name + 3 > MEMBER) {
            (void)fprintf(out, "\n%*s", MEMBER, "");
        }
        wrap(out, text, MEMBER, MEMBER);
        members += len + (members[len] == '\n');
    }
}

static const char statuses[] =
    "\nExit status: 0 accepted or fine, 1 refused or invalid, 2 wrong usage or internal\n"
    "error, 3 could not find out.\n";

void cli_help_command(FILE *out, const char *title, const struct cli_command *command)
{
    print_usage(out, title, command->usage);
    (void)fputc('\n', out);
    wrap(out, command->about, 0, 0);
    if (command->parts != NULL) {
        (void)fputc('\n', out);
        print_list(out, command->parts);
        (void)fprintf(out, "\n'%s NAME --help' says more about each.\n", title);
    } else {
        print_options(out, command);
        if (command->members != NULL) {
            print_members(out, command->members);
        }
        print_examples(out, command->examples);
    }
    (void)fputs(statuses, out);
}

void cli_help_all(FILE *out)
{
    (void)fputs("usage: dna COMMAND [ARGUMENT...]\n"
                "       dna help COMMAND\n"
                "       dna --version\n\n", out);
    wrap(out,
         "May this XMPP server speak for the domain it names? Checks, explains and makes "
         "what proves it.",
         0, 0);
    (void)fputc('\n', out);
    print_list(out, cli_commands);
    (void)fputs("\nWhat judges something prints JSON with --json, one object a line. "
                "A beginning:\n"
                "\n"
                "  $ dna help cert\n", out);
    (void)fputs(statuses, out);
}

static enum cli_exit run(struct cli_call *call)
{
    const struct cli_command *const *list = cli_commands;
    const struct cli_command *command = NULL;
    char title[128] = "dna";
    if (cli_flag(call, "man")) {
        cli_manual(stdout);
        return CLI_ACCEPTED;
    }
    for (size_t i = 0; i < call->n_operands; i++) {
        size_t len = strlen(title);
        command = list != NULL ? cli_command_in(list, call->operands[i]) : NULL;
        if (command == NULL) {
            return cli_fault(call, "there is no command %s; 'dna --help' lists them",
                             call->operands[i]);
        }
        (void)snprintf(title + len, sizeof title - len, " %s", command->name);
        list = command->parts;
    }
    if (command == NULL) {
        cli_help_all(stdout);
    } else {
        cli_help_command(stdout, title, command);
    }
    return CLI_ACCEPTED;
}

static const struct cli_option options[] = {
    {"man", CLI_FLAG, .help = "print the whole manual page instead, in the man macros"},
    {0},
};
static const struct cli_example examples[] = {
    {"dna help cert", "what the command cert does, and its options"},
    {"dna help --man | man -l -", "the manual page of this very program"},
    {0},
};
const struct cli_command cli_command_help = {
    .name = "help",
    .summary = "explain a command",
    .usage = "[COMMAND [PART]]\n--man",
    .about = "Says what a command does, which options it takes, and shows how it is "
             "used.",
    .operands = {.name = "COMMAND", .least = 0, .most = 2, .type = CLI_TEXT},
    .options = options,
    .text_only = true,
    .examples = examples,
    .run = run,
};
