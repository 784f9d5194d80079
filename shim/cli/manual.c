/* cli/manual.c: dna(1) made from the tables, in the man macros.
 *
 * docs/man/dna.1 is what this prints; the target dna-manual writes it, and a test
 * compares.
 */
#include <cli/help.h>

#include <stdbool.h>
#include <string.h>

#include <cli/options.h>
#include <cli/registry.h>

/* Text with what roff would take for a command made harmless. */
static void text(FILE *out, const char *s)
{
    bool starts = true;
    for (; *s != '\0'; s++) {
        if (starts && (*s == '.' || *s == '\'')) {
            (void)fputs("\\&", out);
        }
        starts = *s == '\n';
        switch (*s) {
        case '\\':
            (void)fputs("\\e", out);
            break;
        case '-':
            (void)fputs("\\-", out);
            break;
        case '\'':
            (void)fputs("\\(aq", out);
            break;
        default:
            (void)fputc(*s, out);
        }
    }
}

/* Paragraphs; sentences on lines of their own. */
static void paragraphs(FILE *out, const char *s)
{
    while (*s != '\0') {
        size_t len = strcspn(s, "\n");
        char piece[2048];
        (void)snprintf(piece, sizeof piece, "%.*s", (int)len, s);
        for (char *at = piece, *end; at != NULL; at = end) {
            end = strstr(at, ". ");
            if (end != NULL) {
                end[1] = '\0';
                end += 2;
            }
            text(out, at);
            (void)fputc('\n', out);
        }
        s += len;
        if (*s == '\n') {
            (void)fputs(".PP\n", out);
            s++;
        }
    }
}

static void synopsis(FILE *out, const char *title, const char *usage)
{
    bool first = true;
    do {
        size_t len = strcspn(usage, "\n");
        char piece[1024];
        (void)snprintf(piece, sizeof piece, "%.*s", (int)len, usage);
        (void)fprintf(out, "%s.B %s\n", first ? "" : ".br\n", title);
        text(out, piece);
        (void)fputs(len != 0 ? "\n" : "", out);
        usage += len + (usage[len] == '\n');
        first = false;
    } while (*usage != '\0');
}

static void option(FILE *out, const struct cli_option *o)
{
    (void)fputs(".TP\n.BR ", out);
    (void)fputs("\\-\\-", out);
    text(out, o->name);
    if (o->value != NULL) {
        (void)fputs(" \" \\fI", out);
        text(out, o->value);
        (void)fputs("\\fR\"", out);
    }
    (void)fputc('\n', out);
    text(out, o->help);
    (void)fputs(".\n", out);
    if (o->words != NULL) {
        (void)fputs(o->type == CLI_WORDS ? "Some of, with commas: " : "One of: ", out);
        text(out, o->words);
        (void)fputs(".\n", out);
    }
    if (o->otherwise != NULL) {
        (void)fputs("Default: ", out);
        text(out, o->otherwise);
        (void)fputs(".\n", out);
    }
    (void)fputs(o->many ? "May be repeated.\n" : "", out);
    (void)fputs(o->required ? "Required.\n" : "", out);
}

static void members(FILE *out, const char *list)
{
    (void)fputs(".PP\nMembers of its JSON:\n", out);
    while (*list != '\0') {
        size_t len = strcspn(list, "\n"), name = strcspn(list, ":");
        char piece[512];
        (void)snprintf(piece, sizeof piece, "%.*s", (int)(len - name - 2),
                       list + name + 2);
        (void)fprintf(out, ".TP\n.B %.*s\n", (int)name, list);
        text(out, piece);
        (void)fputs(".\n", out);
        list += len + (list[len] == '\n');
    }
}

static void command(FILE *out, const char *above, const struct cli_command *c)
{
    char title[128];
    (void)snprintf(title, sizeof title, "%s %s", above, c->name);
    (void)fprintf(out, ".SS %s\n", title + strlen("dna "));
    synopsis(out, title, c->usage);
    (void)fputs(".PP\n", out);
    paragraphs(out, c->about);
    for (const struct cli_option *o = c->options; o != NULL && o->name != NULL; o++) {
        option(out, o);
    }
    if (c->members != NULL) {
        members(out, c->members);
    }
    for (const struct cli_example *e = c->examples; e != NULL && e->line != NULL; e++) {
        (void)fputs(".PP\nExample: ", out);
        text(out, e->does);
        (void)fputs("\n.PP\n.RS\n.nf\n", out);
        text(out, e->line);
        (void)fputs("\n.fi\n.RE\n", out);
    }
    for (size_t i = 0; c->parts != NULL && c->parts[i] != NULL; i++) {
        command(out, title, c->parts[i]);
    }
}

static const char head[] =
    ".TH DNA 1 \"November 2026\" \"mod_dna\" \"User commands\"\n"
    ".\\\" Made by `dna help \\-\\-man` from the tables in shim/cli: change those.\n"
    ".SH NAME\n"
    "dna \\- checks, explains and makes what lets an XMPP server speak for a domain\n"
    ".SH SYNOPSIS\n"
    ".B dna\n"
    ".I COMMAND\n"
    ".RI [ ARGUMENT ...]\n"
    ".br\n"
    ".B dna help\n"
    ".RI [ COMMAND ]\n"
    ".br\n"
    ".B dna \\-\\-version\n"
    ".SH DESCRIPTION\n"
    "May the server at the other end of this connection speak for the domain it names?\n"
    ".B dna\n"
    "answers that for XMPP federation as the library mod_dna does, by the same code,\n"
    "and shows what the answer rests on.\n"
    "Each command is for one kind of evidence; none needs root.\n"
    ".PP\n"
    "An option may stand anywhere on the line, as\n"
    ".B \\-\\-name value\n"
    "or\n"
    ".BR \\-\\-name=value ;\n"
    ".B \\-\\-\n"
    "ends the options, and the file\n"
    ".B \\-\n"
    "is standard input.\n"
    "Whatever came from a document, the DNS or a peer is escaped before it is printed.\n"
    "The colours of a terminal are left out where\n"
    ".B NO_COLOR\n"
    "is set.\n"
    ".SH OPTIONS\n"
    "Those of every command:\n";

static const char middle[] =
    ".SH JSON\n"
    "With\n"
    ".B \\-\\-json\n"
    "an answer is one object on one line, in ASCII, with at least these members:\n"
    ".TP\n"
    ".B ruling\n"
    "Where a proof is judged: PROVEN, FAIL, NOT_APPLICABLE (there is nothing that could\n"
    "prove it) or TEMPFAIL (could not find out).\n"
    "Where something is only read: VALID or INVALID.\n"
    ".TP\n"
    ".B code\n"
    "One word that says why, for machines: ok, untrusted, name\\-mismatch, ...\n"
    ".TP\n"
    ".B why\n"
    "The same as a sentence.\n"
    ".PP\n"
    "Moments are seconds since 1970\\-01\\-01 UTC.\n"
    "Bytes that are not UTF\\-8 are written as \\exHH.\n"
    ".SH COMMANDS\n";

static const char tail[] =
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nAccepted, or fine.\n"
    ".TP\n.B 1\nRefused, or invalid.\n"
    ".TP\n.B 2\nWrong usage, a file that cannot be read, or an internal error.\n"
    ".TP\n.B 3\nIt could not be found out: the answer may be another one later.\n"
    ".SH SEE ALSO\n"
    ".BR dna\\-gateway (8)\n";

void cli_manual(FILE *out)
{
    (void)fputs(head, out);
    for (const struct cli_option *o = cli_options_shared(NULL); o->name != NULL; o++) {
        option(out, o);
    }
    (void)fputs(middle, out);
    for (size_t i = 0; cli_commands[i] != NULL; i++) {
        command(out, "dna", cli_commands[i]);
    }
    (void)fputs(tail, out);
}
