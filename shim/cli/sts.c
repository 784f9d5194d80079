/* cli/sts.c: `dna sts record` and `dna sts policy`: the texts of RFC 8461, under the
 * names of mail (STSv1, mx) and of XMPP (XSTSv1, srv). */
#include <string.h>

#include <cli/input.h>
#include <cli/report.h>
#include <proof/sts_policy.h>

static const char *dialect_name(enum dna_sts_dialect dialect)
{
    return dialect == DNA_STS_XMPP ? "XSTSv1" : "STSv1";
}

/* The one that the text claims to be in. */
static enum dna_sts_dialect dialect_of(struct dna_span text)
{
    const char *xmpp = dialect_name(DNA_STS_XMPP);
    bool there = text.len > 0 && memmem(text.ptr, text.len, xmpp, strlen(xmpp)) != NULL;
    return there ? DNA_STS_XMPP : DNA_STS_MAIL;
}

/* --- the record --------------------------------------------------------------------- */

static enum cli_exit run_record(struct cli_call *call)
{
    struct dna_span text = dna_span_of(call->operands[0]);
    enum dna_sts_dialect dialect = dialect_of(text);
    struct dna_sts_record record;
    struct cli_report report;
    const char *why = "it does not begin with v=STSv1; or v=XSTSv1;";
    size_t at = 0;
    enum dna_err err = dna_sts_record_parse(dialect, text, &record, &why, &at);
    if (err != DNA_OK) {
        return cli_invalid(call, "%s, at character %zu", why, at + 1);
    }
    cli_report_begin(&report, call, CLI_VALID, "ok", "an %s record",
                     dialect_name(dialect));
    cli_report_string(&report, "version", dialect_name(dialect));
    cli_report_string(&report, "id", record.id);
    return cli_report_end(&report);
}

static const struct cli_example record_examples[] = {
    {"dna sts record 'v=XSTSv1; id=20261101T000000;'",
     "whether the TXT record is well-formed"},
    {0},
};
static const struct cli_command record_command = {
    .name = "record",
    .summary = "read the TXT record that announces a policy",
    .usage = "TEXT",
    .about = "Reads the text of the TXT record at _mta-sts.DOMAIN (v=STSv1) or, for "
             "XMPP, at _xmpp-sts.DOMAIN (v=XSTSv1, experimental).",
    .members = "version: STSv1 or XSTSv1\n"
               "id: of the policy",
    .operands = {.name = "TEXT", .least = 1, .most = 1, .type = CLI_TEXT},
    .examples = record_examples,
    .run = run_record,
};

/* --- the policy --------------------------------------------------------------------- */

static void describe(struct cli_report *report, enum dna_sts_dialect dialect,
                     const struct dna_sts_policy *policy)
{
    cli_report_string(report, "version", dialect_name(dialect));
    cli_report_string(report, "mode", dna_sts_mode_name(policy->mode));
    cli_report_number(report, "max_age", policy->max_age);
    cli_report_list(report, "patterns");
    for (size_t i = 0; i < policy->n_patterns; i++) {
        const struct dna_sts_pattern *pattern = &policy->patterns[i];
        char text[DNA_NAME_MAX + 3];
        (void)stpcpy(stpcpy(text, pattern->wildcard ? "*." : ""), pattern->name.text);
        cli_report_add(report, "patterns", dna_span_of(text));
    }
}

static void begin(struct cli_report *report, struct cli_call *call,
                  const struct dna_sts_policy *policy)
{
    const char *host = cli_text(call, "match");
    const char *testing = policy->mode == DNA_STS_TESTING
                              ? "; in mode testing that decides nothing" : "";
    if (host == NULL) {
        cli_report_begin(report, call, CLI_VALID, "ok", "a policy in mode %s",
                         dna_sts_mode_name(policy->mode));
    } else if (policy->mode == DNA_STS_NONE) {
        cli_report_begin(report, call, CLI_NOT_APPLICABLE,
                         dna_code_name(DNA_CODE_NO_MATERIAL),
                         "in mode none there is no policy");
    } else if (dna_sts_policy_names_presented(policy, dna_span_of(host))) {
        cli_report_begin(report, call, CLI_VALID, "ok", "%s is on the list%s", host,
                         testing);
    } else {
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(DNA_CODE_NO_MATCH),
                         "%s is not on the list%s", host, testing);
    }
}

static enum cli_exit run_policy(struct cli_call *call)
{
    struct dna_sts_policy policy;
    struct cli_report report;
    struct dna_span bytes;
    enum dna_sts_dialect dialect;
    const char *why = "";
    unsigned line = 0;
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    if (!dna_sts_media_type(cli_text(call, "content-type"))) {
        return cli_invalid(call, "it is not of type text/plain");
    }
    dialect = dialect_of(bytes);
    err = dna_sts_policy_parse(NULL, dialect, bytes, &policy, &why, &line);
    if (err == DNA_ERR_MEMORY) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (err != DNA_OK) {
        return line > 0 ? cli_invalid(call, "line %u: %s", line, why)
                        : cli_invalid(call, "%s", why);
    }
    begin(&report, call, &policy);
    describe(&report, dialect, &policy);
    dna_sts_policy_fini(&policy);
    return cli_report_end(&report);
}

static const struct cli_option policy_options[] = {
    {"content-type", CLI_TEXT, .value = "T",
     .help = "the type that the web server told: anything but text/plain is refused"},
    {"match", CLI_TEXT, .value = "HOST",
     .help = "say whether this host, or a certificate's *.name, is on the list"},
    {0},
};
static const struct cli_example policy_examples[] = {
    {"dna sts policy xmpp-sts.txt --match xmpp.hosting.example.net",
     "whether the policy lets that host serve the domain"},
    {0},
};
static const struct cli_command policy_command = {
    .name = "policy",
    .summary = "read a policy, and match a host with it",
    .usage = "FILE [--content-type T] [--match HOST]",
    .about = "Reads a policy document of RFC 8461 (version STSv1, mx) or its "
             "counterpart for XMPP (version XSTSv1, srv; experimental), as the library "
             "does. A pattern's asterisk stands for exactly one label.",
    .members = "version: STSv1 or XSTSv1\n"
               "mode: enforce, testing or none\n"
               "max_age: seconds\n"
               "patterns: array of host names, or *. and a name",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = policy_options,
    .examples = policy_examples,
    .run = run_policy,
};

static const struct cli_command *const parts[] = {&record_command, &policy_command, NULL};
const struct cli_command cli_command_sts = {
    .name = "sts",
    .summary = "read STS records and policies (RFC 8461)",
    .usage = "record TEXT\npolicy FILE [--content-type T] [--match HOST]",
    .about = "Reads what announces and what makes a strict transport security policy: "
             "in mail's own words, and in those that this project uses for XMPP.",
    .parts = parts,
};
