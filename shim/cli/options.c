/* cli/options.c: reading a command line by a table.
 *
 * An option may stand anywhere, as "--name value" or "--name=value"; "--" ends
 * them.  There are no short ones but -h, so that what begins with one dash is an
 * operand.  Every value is checked here, so that a command meets only what its table
 * promises, and what is wrong is said in terms of what would be right.
 */
#include <cli/options.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/address.h>

#define NAME_MOST 64

static const struct cli_option shared[] = {
    {"json", CLI_FLAG, .help = "print JSON, one object a line, instead of text"},
    {"help", CLI_FLAG, .help = "explain the command, and do nothing else"},
    {0},
};

const struct cli_option *cli_options_shared(const struct cli_command *command)
{
    return command != NULL && command->text_only ? shared + 1 : shared;
}

/* --- what was probably meant -------------------------------------------------------- */

/* Letters to add, drop or change (Levenshtein); words are short. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MOST + 1], n = strlen(b);
    if (n > NAME_MOST || strlen(a) > NAME_MOST) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; *a != '\0'; a++, i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t above = row[j], best = diagonal + (*a != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = above;
        }
    }
    return row[n];
}

void cli_nearest_try(struct cli_nearest *nearest, const char *name)
{
    size_t d = distance(nearest->word, name);
    bool begins = strlen(nearest->word) >= 2 &&
                  strncmp(nearest->word, name, strlen(nearest->word)) == 0;
    if (begins) {
        d = 1;
    }
    if (d <= 1 + strlen(name) / 3 && (nearest->best == NULL || d < nearest->distance)) {
        nearest->best = name;
        nearest->distance = d;
    }
}

/* --- values ------------------------------------------------------------------------- */

static bool is_one_of(const char *words, const char *word, size_t len)
{
    for (const char *p = words; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, n) == 0) {
            return true;
        }
        p += n + (p[n] == ' ');
    }
    return false;
}

static bool are_some_of(const char *words, const char *list)
{
    for (;;) {
        size_t n = strcspn(list, ",");
        if (!is_one_of(words, list, n)) {
            return false;
        }
        if (list[n] == '\0') {
            return true;
        }
        list += n + 1;
    }
}

static bool read_number(const char *text, int64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9') {
        return false;
    }
    errno = 0;
    *out = strtoimax(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool is_ip(const char *text, size_t len)
{
    struct dna_address address;
    return dna_address_parse((struct dna_span){text, len}, &address) == DNA_OK;
}

static bool is_server(const char *text, bool needs_port)
{
    size_t len = strcspn(text, "@");
    int64_t port = 0;
    if (!is_ip(text, len)) {
        return false;
    }
    if (text[len] == '\0') {
        return !needs_port;
    }
    return read_number(text + len + 1, &port) && port > 0 && port <= UINT16_MAX;
}

/* Fills in the value; false: it was said what is wrong. */
static bool convert(struct cli_call *call, const char *what, enum cli_type type,
                    const struct cli_option *option, const char *words, const char *text,
                    struct cli_value *out)
{
    struct dna_name name;
    out->text = text;
    switch (type) {
    case CLI_FLAG:
    case CLI_TEXT:
        return true;
    case CLI_FILE:
        if (*text != '\0') {
            return true;
        }
        (void)cli_usage(call, "%s needs a file's name", what);
        return false;
    case CLI_NUMBER:
        if (read_number(text, &out->number) && out->number >= option->least &&
            out->number <= option->most) {
            return true;
        }
        (void)cli_usage(call, "%s needs a whole number from %" PRId64 " to %" PRId64
                        ", not \"%s\"", what, option->least, option->most, text);
        return false;
    case CLI_WORD:
        if (is_one_of(words, text, strlen(text))) {
            return true;
        }
        (void)cli_usage(call, "%s needs one of: %s; not \"%s\"", what, words, text);
        return false;
    case CLI_WORDS:
        if (are_some_of(words, text)) {
            return true;
        }
        (void)cli_usage(call,
                        "%s needs some of: %s; with commas between them, not \"%s\"",
                        what, words, text);
        return false;
    case CLI_DOMAIN:
        if (dna_name_parse(dna_span_of(text), &name) == DNA_OK) {
            out->text = dna_arena_text(&call->memory, dna_span_of(name.text));
            return out->text != NULL || cli_fault(call, "out of memory") == CLI_ACCEPTED;
        }
        (void)cli_usage(call, "%s needs a domain, not \"%s\"", what, text);
        return false;
    case CLI_IP:
        if (is_ip(text, strlen(text))) {
            return true;
        }
        (void)cli_usage(call, "%s needs an IP address, not \"%s\"", what, text);
        return false;
    case CLI_SERVER:
        if (is_server(text, false)) {
            return true;
        }
        (void)cli_usage(call, "%s needs ADDR or ADDR@PORT, an IP address, not \"%s\"",
                        what, text);
        return false;
    case CLI_ENDPOINT:
        if (is_server(text, true)) {
            return true;
        }
        (void)cli_usage(call, "%s needs ADDR@PORT, an IP address, not \"%s\"", what,
                        text);
        return false;
    }
    return false;
}

/* --- the line ----------------------------------------------------------------------- */

static const struct cli_option *in_table(const struct cli_option *table, const char *name,
                                         size_t len)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (strlen(table->name) == len && memcmp(table->name, name, len) == 0) {
            return table;
        }
    }
    return NULL;
}

static void try_all(struct cli_nearest *nearest, const struct cli_option *table)
{
    for (; table != NULL && table->name != NULL; table++) {
        cli_nearest_try(nearest, table->name);
    }
}

static enum cli_exit unknown(const struct cli_call *call, const char *name, size_t len)
{
    char word[NAME_MOST + 1];
    struct cli_nearest nearest = {.word = word};
    len = len < NAME_MOST ? len : NAME_MOST;
    memcpy(word, name, len);
    word[len] = '\0';
    try_all(&nearest, call->command->options);
    try_all(&nearest, cli_options_shared(call->command));
    if (nearest.best != NULL) {
        return cli_usage(call, "there is no option --%s; did you mean --%s?", word,
                         nearest.best);
    }
    return cli_usage(call, "there is no option --%s", word);
}

static bool was_given(const struct cli_call *call, const struct cli_option *option)
{
    for (size_t i = 0; i < call->n_values; i++) {
        if (call->values[i].option == option) {
            return true;
        }
    }
    return false;
}

static enum cli_exit set(struct cli_call *call, const struct cli_option *option,
                         const char *text)
{
    struct cli_value *value = &call->values[call->n_values];
    char what[NAME_MOST + 3];
    (void)snprintf(what, sizeof what, "--%s", option->name);
    value->option = option;
    if (!option->many && was_given(call, option)) {
        return cli_usage(call, "%s was given twice", what);
    }
    if (!convert(call, what, option->type, option, option->words, text, value)) {
        return CLI_FAULT;
    }
    call->n_values++;
    return CLI_ACCEPTED;
}

/* One option at argv[*i], which moves on over its value. */
static enum cli_exit read_option(struct cli_call *call, int argc, char **argv, int *i,
                                 bool *help)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *option = in_table(call->command->options, name, len);
    bool own = option != NULL;
    option = own ? option : in_table(cli_options_shared(call->command), name, len);
    if (option == NULL) {
        return unknown(call, name, len);
    }
    if (option->type == CLI_FLAG) {
        if (equals != NULL) {
            return cli_usage(call, "--%s takes no value", option->name);
        }
        *help = *help || (!own && strcmp(option->name, "help") == 0);
        call->json = call->json || (!own && strcmp(option->name, "json") == 0);
        return own ? set(call, option, "") : CLI_ACCEPTED;
    }
    if (equals == NULL && *i + 1 >= argc) {
        return cli_usage(call, "--%s needs a value: --%s %s", option->name, option->name,
                         option->value);
    }
    return set(call, option, equals != NULL ? equals + 1 : argv[++*i]);
}

static enum cli_exit check_operands(struct cli_call *call)
{
    const struct cli_operands *o = &call->command->operands;
    struct cli_value value = {0};
    if (call->n_operands < o->least) {
        return cli_usage(call, "%s is missing", o->name);
    }
    if (call->n_operands > o->most) {
        return cli_usage(call, "\"%s\" is one too many", call->operands[o->most]);
    }
    for (size_t i = 0; i < call->n_operands; i++) {
        if (!convert(call, o->name, o->type, NULL, o->words, call->operands[i], &value)) {
            return CLI_FAULT;
        }
    }
    return CLI_ACCEPTED;
}

/* What is missing and has a default gets it; what must be there and has none is told. */
static enum cli_exit complete(struct cli_call *call)
{
    const struct cli_option *o = call->command->options;
    for (; o != NULL && o->name != NULL; o++) {
        if (was_given(call, o)) {
            continue;
        }
        if (o->required) {
            return cli_usage(call, "--%s %s is missing", o->name, o->value);
        }
        if (o->otherwise != NULL && set(call, o, o->otherwise) != CLI_ACCEPTED) {
            return CLI_FAULT;
        }
    }
    return CLI_ACCEPTED;
}

static size_t count(const struct cli_option *table)
{
    size_t n = 0;
    while (table != NULL && table[n].name != NULL) {
        n++;
    }
    return n;
}

enum cli_exit cli_options_read(struct cli_call *call, int argc, char **argv, bool *help)
{
    size_t most = (size_t)argc + count(call->command->options) + 1;
    const char **operands = dna_arena_zero(&call->memory, most, sizeof *operands);
    bool ended = false;
    call->values = dna_arena_zero(&call->memory, most, sizeof *call->values);
    call->operands = operands;
    *help = false;
    if (operands == NULL || call->values == NULL) {
        return cli_fault(call, "out of memory");
    }
    for (int i = 0; i < argc; i++) {
        enum cli_exit status = CLI_ACCEPTED;
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && strcmp(argv[i], "-h") == 0) {
            *help = true;
        } else if (ended || strncmp(argv[i], "--", 2) != 0) {
            operands[call->n_operands++] = argv[i];
        } else {
            status = read_option(call, argc, argv, &i, help);
        }
        if (status != CLI_ACCEPTED || *help) {
            return *help ? CLI_ACCEPTED : status;
        }
    }
    if (check_operands(call) != CLI_ACCEPTED) {
        return CLI_FAULT;
    }
    return complete(call);
}
