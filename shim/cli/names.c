/* cli/names.c: `dna name` and `dna jid`: domains in the one form that everything
 * compares. */
#include <string.h>

#include <cli/report.h>

static enum cli_exit judge(struct cli_call *call, const char *text, enum dna_err err,
                           const struct dna_name *name, const char *ascii,
                           const char *unicode)
{
    char display[4 * DNA_NAME_MAX + 1];
    struct cli_report report;
    if (err == DNA_OK) {
        err = dna_name_display(name, display, sizeof display);
    }
    if (err == DNA_ERR_MEMORY || err == DNA_ERR_SYSTEM) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (err != DNA_OK) {
        cli_report_begin(&report, call, CLI_INVALID, "bad-name",
                         "not a domain, or one that two servers may read differently");
        cli_report_string(&report, "given", text);
        return cli_report_end(&report);
    }
    cli_report_begin(&report, call, CLI_VALID, "ok", "%s",
                     dna_name_is_address(name) ? "an address literal" : "a domain");
    cli_report_string(&report, ascii, name->text);
    cli_report_string(&report, unicode, display);
    return cli_report_end(&report);
}

static enum cli_exit run_name(struct cli_call *call)
{
    struct dna_name name;
    const char *text = call->operands[0];
    enum dna_err err = dna_name_parse(dna_span_of(text), &name);
    return judge(call, text, err, &name, "ascii", "unicode");
}

static enum cli_exit run_jid(struct cli_call *call)
{
    struct dna_name name;
    const char *text = call->operands[0];
    enum dna_err err = dna_name_of_jid(dna_span_of(text), &name);
    return judge(call, text, err, &name, "domain", "domain_unicode");
}

static const struct cli_example name_examples[] = {
    {"dna name Bücher.example",
     "the A-label form, xn--bcher-kva.example, and the U-label one"},
    {0},
};
const struct cli_command cli_command_name = {
    .name = "name",
    .summary = "show a domain's canonical form, or why it has none",
    .usage = "STRING",
    .about = "Prints a domain as A-labels, in which all comparing is done, and as "
             "U-labels, for people. A name that two servers may read differently "
             "(sharp s, joiners, other full stops, composed and decomposed letters) is "
             "refused, and so is what STD 3 does not allow in a host's name.",
    .members = "ascii: in A-labels\n"
               "unicode: in U-labels\n"
               "given: what has no such form",
    .operands = {.name = "STRING", .least = 1, .most = 1, .type = CLI_TEXT},
    .examples = name_examples,
    .run = run_name,
};

static const struct cli_example jid_examples[] = {
    {"dna jid juliet@Example.COM/balcony", "the domain that speaks: example.com"},
    {0},
};
const struct cli_command cli_command_jid = {
    .name = "jid",
    .summary = "show the domain of a JID",
    .usage = "STRING",
    .about = "Prints the domainpart of an XMPP address (local@domain/resource) in its "
             "canonical form. What `dna name` refuses is refused here, too.",
    .members = "domain: in A-labels\n"
               "domain_unicode: in U-labels\n"
               "given: what has no such domain",
    .operands = {.name = "STRING", .least = 1, .most = 1, .type = CLI_TEXT},
    .examples = jid_examples,
    .run = run_jid,
};
