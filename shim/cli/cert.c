/* cli/cert.c: `dna cert`: path and names of a certificate, by the library's own code. */
#include <string.h>

#include <base/address.h>
#include <cli/input.h>
#include <cli/report.h>
#include <proof/certificate.h>
#include <x509/identity.h>
#include <x509/spki.h>

#define PROVER DNA_PROOF_PKIX

static void list_names(struct cli_report *report, const struct dna_chain *chain,
                       const char *key, enum dna_name_kind kind)
{
    struct dna_span name;
    cli_report_list(report, key);
    for (size_t i = 0; dna_chain_leaf_name(chain, kind, i, &name) == DNA_OK; i++) {
        cli_report_add(report, key, name);
    }
}

static enum cli_exit names(struct cli_call *call, const struct dna_chain *chain)
{
    struct cli_report report;
    cli_report_begin(&report, call, CLI_VALID, "ok", "the names of the certificate");
    list_names(&report, chain, "dns", DNA_NAME_DNS);
    list_names(&report, chain, "srv", DNA_NAME_SRV);
    list_names(&report, chain, "xmpp", DNA_NAME_XMPP_ADDR);
    return cli_report_end(&report);
}

/* Whom the certificate is to be for; exactly one is given. */
static enum cli_exit check_usage(const struct cli_call *call)
{
    int n = cli_flag(call, "no-name") + (cli_text(call, "domain") != NULL) +
            (cli_text(call, "host") != NULL) + (cli_text(call, "ip") != NULL);
    if (cli_flag(call, "names")) {
        return n == 0 ? CLI_ACCEPTED
                      : cli_usage(call, "--names lists the names and checks none");
    }
    if (cli_count(call, "roots") == 0) {
        return cli_usage(call, "--roots PEM is missing: whom to believe");
    }
    if (n != 1) {
        return cli_usage(call, "needs one of --domain, --host, --ip and --no-name");
    }
    if (cli_count(call, "service") > 0 && cli_text(call, "domain") == NULL &&
        strcmp(cli_text(call, "service"), "xmpp-server") != 0) {
        return cli_usage(call, "--service goes with --domain");
    }
    return CLI_ACCEPTED;
}

static enum dna_service service_of(const struct cli_call *call)
{
    return strcmp(cli_text(call, "service"), "xmpp-client") == 0 ? DNA_XMPP_CLIENT
                                                                 : DNA_XMPP_SERVER;
}

static bool names_address(const struct dna_chain *chain, const char *text)
{
    struct dna_address address;
    return dna_address_parse(dna_span_of(text), &address) == DNA_OK &&
           dna_identity_ip(chain,
                           (struct dna_span){(const char *)address.bytes,
                                             address.family == DNA_ADDRESS_V4 ? 4 : 16});
}

/* The name that was asked for, and whether the leaf carries it. */
static bool carries(const struct cli_call *call, const struct dna_chain *chain,
                    const struct dna_path *path, const char **name)
{
    const char *domain = cli_text(call, "domain"), *host = cli_text(call, "host");
    if (domain != NULL) {
        *name = domain;
        return dna_certificate_names_domain(chain, path, service_of(call), domain);
    }
    if (host != NULL) {
        *name = host;
        return dna_identity_dns(chain, host, true);
    }
    *name = cli_text(call, "ip");
    return *name == NULL || names_address(chain, *name);
}

static enum cli_exit judge(struct cli_call *call, const struct dna_chain *chain,
                           const struct dna_path *path)
{
    struct cli_report report;
    struct dna_ruling refusal;
    const char *name;
    if (!dna_certificate_trusted(path, PROVER, cli_at(call), "the certificate",
                                 &refusal)) {
        cli_report_ruling(&report, call, &refusal);
    } else if (!carries(call, chain, path, &name)) {
        cli_report_begin(&report, call, CLI_FAIL, dna_code_name(DNA_CODE_NAME_MISMATCH),
                         "the certificate is trusted, but does not name %s", name);
    } else if (name == NULL) {
        cli_report_begin(&report, call, CLI_PROVEN, "ok",
                         "the certificate is trusted; no name was asked for");
    } else {
        cli_report_begin(&report, call, CLI_PROVEN, "ok",
                         "the certificate is trusted and names %s", name);
    }
    cli_report_string(&report, "path", dna_path_code_name(path->code));
    cli_report_time(&report, "not_before", path->not_before);
    cli_report_time(&report, "not_after", path->not_after);
    cli_report_flag(&report, "constrained", path->constrained);
    cli_report_flag(&report, "srvname_usable", path->srvname_usable);
    return cli_report_end(&report);
}

static enum cli_exit check(struct cli_call *call, const struct dna_chain *chain)
{
    struct dna_roots *roots;
    struct dna_path path;
    enum dna_err err;
    if (!cli_need_roots(call, "roots", &roots)) {
        return CLI_FAULT;
    }
    err = dna_path_check(chain, roots, cli_at(call), &path);
    dna_roots_free(roots);
    return err == DNA_OK ? judge(call, chain, &path)
                         : cli_fault(call, "%s", dna_err_name(err));
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_chain *chain;
    const char *why;
    enum cli_exit status = check_usage(call);
    if (status != CLI_ACCEPTED ||
        !cli_read_chain(call, call->operands[0], &chain, &why)) {
        return CLI_FAULT;
    }
    if (chain == NULL) {
        return cli_invalid(call, "%s: %s", call->operands[0], why);
    }
    if (!cli_extend_chain(call, chain, "untrusted", &chain)) {
        return CLI_FAULT;
    }
    status = cli_flag(call, "names") ? names(call, chain) : check(call, chain);
    dna_chain_free(chain);
    return status;
}

static const struct cli_option options[] = {
    {"roots", CLI_FILE, .many = true, .value = "PEM",
     .help = "the certificate authorities to believe; nobody else is"},
    {"untrusted", CLI_FILE, .many = true, .value = "PEM",
     .help = "further certificates that the path may go through"},
    {"domain", CLI_DOMAIN, .value = "D",
     .help = "an XMPP domain that the certificate is to name: as dNSName, SRVName or "
             "XmppAddr"},
    {"service", CLI_WORD, .words = "xmpp-server xmpp-client", .value = "S",
     .otherwise = "xmpp-server",
     .help = "with --domain: the service that a SRVName is for"},
    {"host", CLI_DOMAIN, .value = "H", .help = "a host that it is to name, as a dNSName"},
    {"ip", CLI_IP, .value = "A", .help = "an address that it is to name"},
    {"no-name", CLI_FLAG, .help = "check the path alone"},
    {"role", CLI_WORD, .words = "server client", .value = "R", .otherwise = "server",
     .help = "which end of the connection shows it; the rules are the same for both"},
    {"names", CLI_FLAG, .help = "only list the names, as they stand in the certificate"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna cert chain.pem --roots /etc/ssl/certs/ca-certificates.crt --domain a.example",
     "whether another server would believe it for a.example, and until when"},
    {"dna cert server.pem --names",
     "the names that count: dNSName, SRVName and XmppAddr"},
    {0},
};
const struct cli_command cli_command_cert = {
    .name = "cert",
    .summary = "check a certificate's path and names",
    .usage = "LEAF.pem --roots PEM --domain D [--service S] [OPTION...]\n"
             "LEAF.pem --roots PEM (--host H | --ip A | --no-name) [OPTION...]\n"
             "LEAF.pem --names",
    .about = "Checks a certificate as the library does on a stream: a path to one of "
             "the roots, valid now, for servers' use, with strong keys, and with the "
             "name that is asked for. The Common Name never counts. Certificates "
             "behind the first one in LEAF.pem help to build the path.",
    .members = "dns, srv, xmpp: --names: arrays of the names of each kind, as they "
               "stand in the certificate\n"
               "path: how the path check ended: ok, untrusted, expired, purpose, ...\n"
               "not_before, not_after: when every certificate of the path is valid\n"
               "constrained: whether some authority of the path has name constraints\n"
               "srvname_usable: whether SRVNames count under them",
    .operands = {.name = "LEAF.pem", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
