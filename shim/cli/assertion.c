/* cli/assertion.c: `dna assertion`: the XML delegation document read, and heard for a
 * peer. */
#include <string.h>

#include <base/codec.h>
#include <base/limits.h>
#include <cli/hear.h>
#include <cli/input.h>
#include <cli/peer.h>
#include <cli/report.h>
#include <proof/assertion.h>
#include <proof/certificate.h>

static void describe_provider(struct cli_report *report,
                              const struct dna_provider *provider)
{
    char text[4 * ((DNA_PROVIDER_DIGEST_MAX + 2) / 3) + 1];
    cli_report_into(report, "providers");
    if (provider->kind == DNA_PROVIDER_HOST) {
        cli_report_string(report, "host", provider->host.text);
        if (provider->port != 0) {
            cli_report_number(report, "port", provider->port);
        }
    } else {
        cli_report_string(report, provider->kind == DNA_PROVIDER_CERT ? "cert" : "spki",
                          provider->matching == 1 ? "sha-256" : "sha-512");
        if (dna_base64_encode(provider->digest, provider->len, text, sizeof text) ==
            DNA_OK) {
            cli_report_string(report, "value", text);
        }
    }
    cli_report_out(report);
}

static void describe(struct cli_report *report, const struct dna_assertion *assertion)
{
    cli_report_string(report, "domain", assertion->domain.text);
    cli_report_time(report, "expires_at", assertion->expires);
    cli_report_list(report, "providers");
    for (size_t i = 0; i < assertion->n_providers; i++) {
        describe_provider(report, &assertion->providers[i]);
    }
}

/* Why a good document lets nobody speak for the domain at this time, or NULL. */
static const char *unusable(const struct cli_call *call,
                            const struct dna_assertion *assertion)
{
    int64_t at = cli_at(call);
    if (strcmp(assertion->domain.text, cli_text(call, "domain")) != 0) {
        return "it is about another domain";
    }
    if (assertion->expires <= at) {
        return "it has expired";
    }
    if (assertion->issued > at + DNA_LIMIT_ASSERTION_AHEAD_S) {
        return "it was issued in the future";
    }
    if (!assertion->has_service) {
        return "it does not speak of the service";
    }
    return assertion->n_providers == 0 ? "it names nobody in a way that we know" : NULL;
}

static enum cli_exit begin_hearing(struct cli_call *call, struct dna_span bytes,
                                   struct cli_report *report)
{
    struct cli_hearing hearing = {
        .prooftype = DNA_PROOF_XML_ASSERTION,
        .domain = cli_text(call, "domain"),
        .at = cli_at(call),
        .document = bytes,
    };
    struct dna_chain *chain;
    struct dna_roots *roots;
    struct dna_ruling ruling;
    enum cli_exit status = CLI_FAULT;
    if (!cli_need_chain(call, cli_text(call, "cert"), &chain)) {
        return CLI_FAULT;
    }
    if (cli_need_roots(call, "roots", &roots)) {
        hearing.chain = chain;
        hearing.roots = roots;
        status = cli_hear(call, &hearing, &ruling);
        dna_roots_free(roots);
    }
    dna_chain_free(chain);
    if (status == CLI_ACCEPTED) {
        cli_report_ruling(report, call, &ruling);
    }
    return status;
}

static enum cli_exit judge(struct cli_call *call, struct dna_span bytes,
                           const struct dna_assertion *assertion)
{
    const char *why = unusable(call, assertion);
    struct cli_report report;
    if (why != NULL) {
        cli_report_begin(&report, call, CLI_INVALID, dna_code_name(DNA_CODE_BAD_MATERIAL),
                         "%s", why);
    } else if (cli_text(call, "cert") == NULL) {
        cli_report_begin(&report, call, CLI_VALID, "ok", "%s names %zu who may serve it",
                         assertion->domain.text, assertion->n_providers);
    } else if (begin_hearing(call, bytes, &report) != CLI_ACCEPTED) {
        return CLI_FAULT;
    }
    describe(&report, assertion);
    return cli_report_end(&report);
}

static enum cli_exit refuse(struct cli_call *call, const struct dna_xml_fault *fault)
{
    if (fault->line == 0) {
        return cli_invalid(call, "%s", fault->why);
    }
    return cli_invalid(call, "line %u, column %u: %s", fault->line, fault->column,
                       fault->why);
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_assertion assertion;
    struct dna_xml_fault fault;
    struct dna_span bytes;
    enum cli_exit status;
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    err = dna_assertion_parse(NULL, bytes, dna_certificate_service(DNA_XMPP_SERVER),
                              &assertion, &fault);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return refuse(call, &fault);
    }
    if (err != DNA_OK) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    status = judge(call, bytes, &assertion);
    dna_assertion_fini(&assertion);
    return status;
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D",
     .help = "the domain whose web host has the document"},
    CLI_OPTION_PEER_CERT,
    CLI_OPTION_PEER_ROOTS,
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna assertion xmpp-delegation.xml --domain example.com",
     "whether the document is in order, for this domain and now"},
    {"dna assertion xmpp-delegation.xml --domain example.com --cert server.pem "
     "--roots /etc/ssl/certs/ca-certificates.crt",
     "whether it lets this server speak for the domain"},
    {0},
};
const struct cli_command cli_command_assertion = {
    .name = "assertion",
    .summary = "read an XML delegation document, and compare it with a certificate",
    .usage = "FILE --domain D [--cert PEM [--roots PEM]] [--at UNIXTIME]",
    .about = "Reads the document of the prooftype xml-assertion, which a domain "
             "publishes at https://DOMAIN/.well-known/xmpp-delegation.xml: who may "
             "serve it, by host, certificate or key. Its form is this project's own. "
             "One that names nobody for xmpp-server, or is about another domain, or "
             "has expired, is refused.",
    .members = "domain: that it is about\n"
               "expires_at: when it ends\n"
               "providers: array of objects: host and port, or cert or spki (the hash) "
               "and value (base64)\n"
               "expires: when a proof by it ends",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
