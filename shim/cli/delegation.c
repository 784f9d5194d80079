/* cli/delegation.c: `dna delegation`: a service delegation document read, and compared
 * with a certificate. */
#include <cli/input.h>
#include <cli/peer.h>
#include <cli/report.h>
#include <json/service_document.h>
#include <proof/certificate.h>

static void describe(struct cli_report *report,
                     const struct dna_service_document *document)
{
    cli_report_list(report, "endpoints");
    for (size_t i = 0; i < document->n_endpoints; i++) {
        const struct dna_service_endpoint *e = &document->endpoints[i];
        cli_report_into(report, "endpoints");
        cli_report_string(report, "host", e->host.text);
        cli_report_number(report, "port", e->port);
        cli_report_string(report, "domain", e->domain.text);
        cli_report_number(report, "priority", e->priority);
        cli_report_number(report, "weight", e->weight);
        cli_report_string(report, "tls", e->direct_tls ? "direct" : "starttls");
        cli_report_number(report, "expires", e->expires);
        cli_report_out(report);
    }
    cli_report_number(report, "skipped", (int64_t)document->n_skipped);
}

/* The first of the names that certificates must have which this one has, or NULL. */
static const char *named(const struct dna_service_document *document,
                         const struct cli_peer *peer)
{
    for (size_t i = 0; i < document->n_endpoints; i++) {
        const char *domain = document->endpoints[i].domain.text;
        if (dna_certificate_names(peer->chain, &peer->path, DNA_XMPP_SERVER, domain)) {
            return domain;
        }
    }
    return NULL;
}

static enum cli_exit compare(struct cli_call *call,
                             const struct dna_service_document *document)
{
    struct cli_report report;
    struct cli_peer peer;
    const char *name;
    if (!cli_peer_read(call, DNA_PROOF_SERVICE_DELEGATION, &peer)) {
        return CLI_FAULT;
    }
    name = named(document, &peer);
    if (!peer.trusted) {
        cli_report_ruling(&report, call, &peer.refusal);
    } else if (name == NULL) {
        cli_report_begin(&report, call, CLI_FAIL, dna_code_name(DNA_CODE_NAME_MISMATCH),
                         "the certificate names nobody whom the document delegates to");
    } else {
        cli_report_begin(&report, call, CLI_PROVEN, "ok",
                         "the certificate is trusted and names %s", name);
    }
    cli_peer_fini(&peer);
    describe(&report, document);
    return cli_report_end(&report);
}

static enum cli_exit judge(struct cli_call *call,
                           const struct dna_service_document *document)
{
    struct cli_report report;
    if (document->n_endpoints == 0) {
        return cli_invalid(call, "%s", document->n_skipped == 0
                                           ? "it says that the service is not offered"
                                           : "nothing in it can be used");
    }
    if (cli_text(call, "cert") != NULL) {
        return compare(call, document);
    }
    cli_report_begin(&report, call, CLI_VALID, "ok", "%zu place%s to be served at",
                     document->n_endpoints, document->n_endpoints == 1 ? "" : "s");
    describe(&report, document);
    return cli_report_end(&report);
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_service_document document;
    struct dna_span bytes;
    const char *why = "";
    enum cli_exit status;
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    err = dna_service_parse(NULL, bytes, &document, &why);
    if (err == DNA_ERR_MEMORY) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (err != DNA_OK) {
        return cli_invalid(call, "%s", why);
    }
    status = judge(call, &document);
    dna_service_fini(&document);
    return status;
}

static const struct cli_option options[] = {
    CLI_OPTION_PEER_CERT,
    CLI_OPTION_PEER_ROOTS,
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna delegation xmpp-server",
     "whether the document delegates to anybody, and to whom"},
    {"dna delegation xmpp-server --cert server.pem "
     "--roots /etc/ssl/certs/ca-certificates.crt",
     "whether it lets this server speak for the domain"},
    {0},
};
const struct cli_command cli_command_delegation = {
    .name = "delegation",
    .summary = "read a service delegation document, and compare it with a certificate",
    .usage = "FILE [--cert PEM --roots PEM] [--at UNIXTIME]",
    .about = "Reads the JSON document that a domain publishes at "
             "https://DOMAIN/.well-known/service/xmpp-server: an array of the places "
             "that serve it. Its members are this project's own. One without anything "
             "usable, or with nothing at all, is refused.",
    .members = "endpoints: array of objects: host, port, domain, priority, weight, tls "
               "(starttls or direct), expires\n"
               "skipped: how many objects cannot be used",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
