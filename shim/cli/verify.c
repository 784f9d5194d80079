/* cli/verify.c: `dna verify`: the court over recorded evidence.
 *
 * The exit status says what the bundle is worth: a proof that was only recorded counts for
 * nothing (3) unless the maker's key or signatures of others stand for it.
 */
#include <unistd.h>

#include <cli/input.h>
#include <cli/report.h>
#include <proof/bundle.h>
#include <resolver/rrsig.h>

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

/* --- the DNS ----------------------------------------------------------------------------- */

struct dns {
    struct dna_rrsig *rrsig;
    const struct dna_span *messages; /* that rrsig has read */
    bool read;
};

static enum dna_bundle_dns show(void *arg, const struct dna_bundle_claim *claim,
                                const struct dna_span *messages, size_t n)
{
    struct dns *dns = arg;
    const struct dna_rrsig_claim with = {.answer = claim->answer, .at = claim->at,
                                         .zone = claim->zone, .dnskey = claim->dnskey};
    if (!dns->read || dns->messages != messages) {
        dns->read = dna_rrsig_messages(dns->rrsig, messages, n) == DNA_OK;
        dns->messages = messages;
    }
    if (!dns->read) {
        return DNA_BUNDLE_DNS_UNPROVEN;
    }
    switch (dna_rrsig_judge(dns->rrsig, &with)) {
    case DNA_RRSIG_UNPROVEN:
        break;
    case DNA_RRSIG_DIFFERS:
        return DNA_BUNDLE_DNS_DIFFERS;
    case DNA_RRSIG_INSECURE:
        return DNA_BUNDLE_DNS_INSECURE;
    case DNA_RRSIG_SECURE:
        return DNA_BUNDLE_DNS_PROVEN;
    }
    return DNA_BUNDLE_DNS_UNPROVEN;
}

/* --trust-anchor, or the system's; where there is no such file, no answer is validated. */
static bool need_anchors(struct cli_call *call, struct dna_rrsig **out)
{
    const char *file = cli_text(call, "trust-anchor");
    struct dna_span text;
    enum dna_err err;
    *out = NULL;
    if (cli_count(call, "trust-anchor") == 0 && access(file, R_OK) != 0) {
        return true;
    }
    if (!cli_read(call, file, &text)) {
        return false;
    }
    err = dna_rrsig_new(text, out);
    if (err != DNA_OK) {
        (void)cli_fault(call, "%s: %s", file,
                        err == DNA_ERR_FORMAT ? "neither DNSKEY nor DS records in it"
                                              : dna_err_name(err));
    }
    return err == DNA_OK;
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
    struct dns dns = {.rrsig = NULL};
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
    if (!need_anchors(call, &dns.rrsig)) {
        return CLI_FAULT;
    }
    if (!need_roots(call, &roots)) {
        dna_rrsig_free(dns.rrsig);
        return CLI_FAULT;
    }
    terms.roots = roots;
    terms.dns = dns.rrsig != NULL ? show : NULL;
    terms.dns_arg = &dns;
    err = dna_bundle_check(NULL, bundle, &terms, &found);
    dna_roots_free(roots);
    dna_rrsig_free(dns.rrsig);
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
    {"trust-anchor", CLI_FILE, .value = "FILE", .otherwise = "/usr/share/dns/root.key",
     .help = "the DNS root's key, DNSKEY or DS records, under which answers are validated"},
    {0},
};
static const struct cli_example examples[] = {
    {"dna verify bundle.json --key maker.pub.pem",
     "whether the recorded facts lead to the recorded ruling, and whether its maker signed"},
    {"dna verify bundle.json --roots lab-ca.pem --trust-anchor lab-root.key --json",
     "as JSON, with the certificate authority and the DNS root of a laboratory"},
    {0},
};
const struct cli_command cli_command_verify = {
    .name = "verify",
    .summary = "hear the court again over an evidence bundle",
    .usage = "BUNDLE [--roots PEM] [--key PEM] [--trust-anchor FILE]",
    .about = "An evidence bundle holds one question to the court, each fact that was found out "
             "with its origin and time, and what was ruled. The court is held again over it, "
             "offline and as of the recorded moment; the ruling and all its reasons must come "
             "out the same, byte by byte. Paths of certificates are not believed but checked "
             "again.\n"
             "A bundle may carry the signed answers of the DNS, as messages reduced to what "
             "signatures cover. They are validated under --trust-anchor, from the root's key "
             "down to the records, their denial, or the delegation that is not signed, as of "
             "the recorded moments; an answer that was recorded in another way than it was "
             "signed makes the bundle invalid. Not validated are answers through a DNAME, "
             "signatures by SHA-1, DSA or Ed448, and NSEC3 with more than 150 iterations.\n"
             "Where a proof rests on what nobody signed, such as a document fetched by HTTPS or "
             "a resolver's word for which the messages are missing, the exit status is 3, "
             "unless the bundle carries a good signature by the key given with --key. A "
             "refusal, and a bundle that does not verify, give 1.",
    .operands = {.name = "BUNDLE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
