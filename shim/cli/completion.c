/* cli/completion.c: what the shells need to complete a command line, made from the
 * tables. */
#include <string.h>

#include <cli/call.h>
#include <cli/help.h>
#include <cli/options.h>
#include <cli/registry.h>

typedef void visit_fn(FILE *out, const char *words, const struct cli_command *command);

/* Every command that runs, with the words that lead to it: "publish posh". */
static void visit(FILE *out, const struct cli_command *const *list, const char *above,
                  visit_fn *fn)
{
    for (; *list != NULL; list++) {
        char words[128];
        (void)snprintf(words, sizeof words, "%s%s%s", above, *above != '\0' ? " " : "",
                       (*list)->name);
        if ((*list)->parts != NULL) {
            visit(out, (*list)->parts, words, fn);
        } else {
            fn(out, words, *list);
        }
    }
}

static void print_names(FILE *out, const struct cli_command *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        (void)fprintf(out, "%s%s", i > 0 ? " " : "", list[i]->name);
    }
}

static void print_option_names(FILE *out, const struct cli_option *o)
{
    for (; o != NULL && o->name != NULL; o++) {
        (void)fprintf(out, "--%s ", o->name);
    }
}

/* --- bash --------------------------------------------------------------------------- */

/* What completes a value: words, files, or nothing. */
static void bash_value(FILE *out, enum cli_type type, const char *words)
{
    switch (type) {
    case CLI_WORD:
    case CLI_WORDS:
        (void)fprintf(out, "words='%s'", words);
        break;
    case CLI_FILE:
        (void)fputs("files=yes", out);
        break;
    case CLI_FLAG:
    case CLI_TEXT:
    case CLI_NUMBER:
    case CLI_DOMAIN:
    case CLI_IP:
    case CLI_SERVER:
    case CLI_ENDPOINT:
        (void)fputs("words=", out);
        break;
    }
}

static void bash_command(FILE *out, const char *words, const struct cli_command *command)
{
    (void)fprintf(out, "    '%s')\n        case $prev in\n", words);
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL;
         o++) {
        if (o->type != CLI_FLAG) {
            (void)fprintf(out, "        --%s) ", o->name);
            bash_value(out, o->type, o->words);
            (void)fputs(" ;;\n", out);
        }
    }
    (void)fputs("        *)\n            if [[ $cur == -* ]]; then\n"
                "                words='", out);
    print_option_names(out, command->options);
    print_option_names(out, cli_options_shared(command));
    (void)fputs("'\n            else\n                ", out);
    if (strcmp(words, "help") == 0) {
        (void)fputs("words=$commands", out);
    } else {
        bash_value(out, command->operands.type, command->operands.words);
    }
    (void)fputs("\n            fi ;;\n        esac ;;\n", out);
}

static void bash_parts(FILE *out)
{
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        if (cli_commands[i]->parts != NULL) {
            (void)fprintf(out, "    %s)\n        if ((COMP_CWORD == 2)); then\n"
                          "            words='", cli_commands[i]->name);
            print_names(out, cli_commands[i]->parts);
            (void)fputs("'\n        else\n            command+=\" ${COMP_WORDS[2]}\"\n"
                        "        fi ;;\n", out);
        }
    }
}

void cli_completion_bash(FILE *out)
{
    (void)fputs("# bash completion of dna(1), made by `dna completion bash`.\n"
                "_dna()\n{\n"
                "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
                "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    local command=${COMP_WORDS[1]} words='' files='' commands='", out);
    print_names(out, cli_commands);
    (void)fputs("'\n    COMPREPLY=()\n"
                "    if ((COMP_CWORD == 1)); then\n"
                "        mapfile -t COMPREPLY < "
                "<(compgen -W \"$commands --help --version\" -- \"$cur\")\n"
                "        return\n    fi\n", out);
    (void)fputs("    case $command in\n", out);
    bash_parts(out);
    (void)fputs("    *) ;;\n    esac\n    case $command in\n", out);
    visit(out, cli_commands, "", bash_command);
    (void)fputs("    *) ;;\n    esac\n"
                "    if [[ -n $files ]]; then\n"
                "        compopt -o filenames 2>/dev/null\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                "    elif [[ -n $words ]]; then\n"
                "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                "    fi\n}\ncomplete -F _dna dna\n", out);
}

/* --- zsh ---------------------------------------------------------------------------- */

/* Text inside '...' and inside the brackets of a specification. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", out);
        } else {
            if (strchr("[]:\\", *text) != NULL) {
                (void)fputc('\\', out);
            }
            (void)fputc(*text, out);
        }
    }
}

static void zsh_value(FILE *out, enum cli_type type, const char *words)
{
    if (type == CLI_FILE) {
        (void)fputs("_files", out);
    } else if (type == CLI_WORD || type == CLI_WORDS) {
        (void)fprintf(out, "(%s)", words);
    }
}

static void zsh_option(FILE *out, const struct cli_option *o)
{
    (void)fprintf(out, " \\\n            '%s--%s[", o->many ? "*" : "", o->name);
    zsh_text(out, o->help);
    (void)fputc(']', out);
    if (o->type != CLI_FLAG) {
        (void)fputc(':', out);
        zsh_text(out, o->value);
        (void)fputc(':', out);
        zsh_value(out, o->type, o->words);
    }
    (void)fputc('\'', out);
}

static void zsh_command(FILE *out, const char *words, const struct cli_command *command)
{
    bool is_part = strchr(words, ' ') != NULL;
    (void)fprintf(out, "    '%s'%s)\n%s        _arguments", words, is_part ? "" : "*",
                  is_part ? "        shift words; ((CURRENT--))\n" : "");
    for (const struct cli_option *o = command->options; o != NULL && o->name != NULL;
         o++) {
        zsh_option(out, o);
    }
    for (const struct cli_option *o = cli_options_shared(command); o->name != NULL; o++) {
        zsh_option(out, o);
    }
    if (command->operands.most > 0) {
        (void)fputs(" \\\n            '*:", out);
        zsh_text(out, command->operands.name);
        (void)fputc(':', out);
        zsh_value(out, command->operands.type, command->operands.words);
        (void)fputc('\'', out);
    }
    (void)fputs(" ;;\n", out);
}

static void zsh_describe(FILE *out, const struct cli_command *const *list)
{
    (void)fputs("        names=(", out);
    for (; *list != NULL; list++) {
        (void)fprintf(out, "\n            '%s:", (*list)->name);
        zsh_text(out, (*list)->summary);
        (void)fputc('\'', out);
    }
    (void)fputs(")\n        _describe command names\n        return\n", out);
}

void cli_completion_zsh(FILE *out)
{
    (void)fputs("#compdef dna\n"
                "# zsh completion of dna(1), made by `dna completion zsh`.\n"
                "_dna()\n{\n    local -a names\n    if ((CURRENT == 2)); then\n", out);
    zsh_describe(out, cli_commands);
    (void)fputs("    fi\n", out);
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        if (cli_commands[i]->parts != NULL) {
            (void)fprintf(out, "    if [[ CURRENT -eq 3 && $words[2] == %s ]]; then\n",
                          cli_commands[i]->name);
            zsh_describe(out, cli_commands[i]->parts);
            (void)fputs("    fi\n", out);
        }
    }
    (void)fputs("    shift words\n    ((CURRENT--))\n"
                "    case \"$words[1] $words[2]\" in\n", out);
    visit(out, cli_commands, "", zsh_command);
    (void)fputs("    esac\n}\n_dna \"$@\"\n", out);
}

/* --- the command -------------------------------------------------------------------- */

static enum cli_exit run(struct cli_call *call)
{
    if (strcmp(call->operands[0], "bash") == 0) {
        cli_completion_bash(stdout);
    } else {
        cli_completion_zsh(stdout);
    }
    return CLI_ACCEPTED;
}

static const struct cli_example examples[] = {
    {"source <(dna completion bash)",
     "complete dna's commands and options in this shell"},
    {0},
};
const struct cli_command cli_command_completion = {
    .name = "completion",
    .summary = "print what a shell needs to complete dna's command lines",
    .usage = "bash|zsh",
    .about = "Prints a completion script that knows every command, option and word of "
             "this version. For bash it is installed with the program already.",
    .operands = {.name = "SHELL", .least = 1, .most = 1, .type = CLI_WORD,
                 .words = "bash zsh"},
    .text_only = true,
    .examples = examples,
    .run = run,
};
