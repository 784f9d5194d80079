/* cli/verify.c: `dna verify`: the court over recorded evidence.
 *
 * The exit status says what the bundle is worth: a proof that was only recorded counts for
 * nothing (3) unless the maker's key or signatures of others stand for it.
 */
#include <cli/input.h>
#include <cli/report.h>
#include <proof/bundle.h>

static void begin(struct cli_report *report, struct cli_call *call,
                  const struct dna_bundle_report *found)
{
    switch (found->finding) {
    case DNA_BUNDLE_PROVES:
        cli_report_begin(report, call, CLI_PROVEN, dna_code_name(found->ruling.code), "%s",
                         found->why);
        return;
    case DNA_BUNDLE_UNAUTHENTICATED:
        cli_report_begin(report, call, CLI_TEMPFAIL, "unauthenticated", "%s", found->why);
        return;
    case DNA_BUNDLE_REFUSES:
        /* A recorded "could not find out" has been found out: it is a refusal. */
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(found->ruling.code), "%s",
                         found->why);
        return;
    case DNA_BUNDLE_BROKEN:
        break;
    }
    cli_report_begin(report, call, CLI_INVALID, "unverified", "%s", found->why);
}

static enum cli_exit report(struct cli_call *call, const struct dna_bundle_report *found)
{
    struct cli_report out;
    begin(&out, call, found);
    if (found->finding != DNA_BUNDLE_BROKEN) {
        cli_report_string(&out, "domain", found->domain);
        cli_report_string(&out, "role",
                          found->role == DNA_INITIATING ? "initiating" : "receiving");
        cli_report_string(&out, "recorded", dna_verdict_name(found->ruling.verdict));
        cli_report_time(&out, "at", found->at);
        cli_report_number(&out, "facts", found->facts);
        cli_report_number(&out, "validated", found->validated);
    }
    cli_report_string(&out, "signature",
                      !found->has_signature   ? "none"
                      : found->signed_by_key  ? "good"
                                              : "of a key that was not given");
    return cli_report_end(&out);
}

/* --roots, or the system's. */
static bool need_roots(struct cli_call *call, struct dna_roots **out)
{
    const char *file = cli_text(call, "roots");
    struct dna_span pem;
    enum dna_err err;
    if (cli_count(call, "roots") != 0) {
        return cli_need_roots(call, "roots", out);
    }
    if (!cli_read(call, file, &pem)) {
        return false;
    }
    err = dna_roots_new(NULL, out);
    if (err != DNA_OK) {
        (void)cli_fault(call, "%s", dna_err_name(err));
        return false;
    }
    err = dna_roots_add_pem(*out, pem, NULL);
    if (err != DNA_OK) {
        (void)cli_fault(call, "%s: %s", file, dna_err_name(err));
        dna_roots_free(*out);
    }
    return err == DNA_OK;
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_bundle_terms terms = {.roots = NULL};
    struct dna_bundle_report found;
    struct dna_roots *roots;
    struct dna_span bundle;
    const char *key = cli_text(call, "key");
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bundle) ||
        (key != NULL && !cli_read(call, key, &terms.key_pem))) {
        return CLI_FAULT;
    }
    if (key != NULL && terms.key_pem.len == 0) {
        return cli_fault(call, "%s: there is no key in it", key);
    }
    if (!need_roots(call, &roots)) {
        return CLI_FAULT;
    }
    terms.roots = roots;
    err = dna_bundle_check(NULL, bundle, &terms, &found);
    dna_roots_free(roots);
    if (err == DNA_ERR_ARGUMENT) {
        return cli_fault(call, "%s: neither an Ed25519 key nor an ECDSA key on P-256 or P-384",
                         key);
    }
    return err == DNA_OK ? report(call, &found) : cli_fault(call, "%s", dna_err_name(err));
}

static const struct cli_option options[] = {
    {"roots", CLI_FILE, .many = true, .value = "PEM",
     .otherwise = "/etc/ssl/certs/ca-certificates.crt",
     .help = "the certificate authorities that the bundle's maker believed"},
    {"key", CLI_FILE, .value = "PEM",
     .help = "the maker's key, public or private: what it signed counts as said by its maker"},
    {0},
};
static const struct cli_example examples[] = {
    {"dna verify bundle.json --key maker.pub.pem",
     "whether the recorded facts lead to the recorded ruling, and whether its maker signed"},
    {"dna verify bundle.json --roots lab-ca.pem --json",
     "the same as JSON, with the certificate authority of a laboratory"},
    {0},
};
const struct cli_command cli_command_verify = {
    .name = "verify",
    .summary = "hear the court again over an evidence bundle",
    .usage = "BUNDLE [--roots PEM] [--key PEM]",
    .about = "An evidence bundle holds one question to the court, each fact that was found out "
             "with its origin and time, and what was ruled. The court is held again over it, "
             "offline and as of the recorded moment; the ruling and all its reasons must come "
             "out the same, byte by byte. Paths of certificates are not believed but checked "
             "again.\n"
             "Where a proof rests on what nobody signed, such as a document fetched by HTTPS or "
             "a resolver's word that an answer is secure, the exit status is 3, unless the "
             "bundle carries a good signature by the key given with --key. A refusal, and a "
             "bundle that does not verify, give 1.",
    .operands = {.name = "BUNDLE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
