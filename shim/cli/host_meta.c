/* cli/host_meta.c: `dna host-meta`: host metadata (XEP-0487) read, and compared with a
 * certificate.
 *
 * A pin stands for path and name, never for the dates or the strength of the key, and is
 * compared with the end entity's key alone.
 */
#include <string.h>

#include <base/codec.h>
#include <cli/input.h>
#include <cli/peer.h>
#include <cli/report.h>
#include <json/host_meta_document.h>
#include <proof/certificate.h>
#include <x509/dane.h>

static void describe_link(struct cli_report *report,
                          const struct dna_host_meta_link *link)
{
    char text[DNA_ADDRESS_TEXT];
    cli_report_into(report, "links");
    cli_report_string(report, "rel", dna_host_meta_rel_name(link->rel));
    cli_report_string(report, "sni", link->sni.text);
    if (link->port != 0) {
        cli_report_number(report, "port", link->port);
    }
    cli_report_number(report, "priority", link->priority);
    cli_report_number(report, "weight", link->weight);
    cli_report_list(report, "ips");
    for (size_t i = 0; i < link->n_ips; i++) {
        dna_address_text(&link->ips[i], text);
        cli_report_add(report, "ips", dna_span_of(text));
    }
    cli_report_out(report);
}

static void describe(struct cli_report *report,
                     const struct dna_host_meta_document *document)
{
    char text[4 * ((DNA_HOST_META_PIN + 2) / 3) + 1];
    cli_report_number(report, "ttl", document->ttl);
    cli_report_list(report, "links");
    for (size_t i = 0; i < document->n_links; i++) {
        describe_link(report, &document->links[i]);
    }
    cli_report_list(report, "pins");
    for (size_t i = 0; i < document->n_pins; i++) {
        if (dna_base64_encode(document->pins[i], DNA_HOST_META_PIN, text, sizeof text) ==
            DNA_OK) {
            cli_report_add(report, "pins", dna_span_of(text));
        }
    }
    cli_report_number(report, "skipped", (int64_t)document->n_skipped);
}

/* Whether some pin is that of the leaf's key, as TLSA records "3 1 1" would say it. */
static enum dna_err is_pinned(const struct dna_host_meta_document *document,
                              const struct dna_chain *chain, bool *out)
{
    enum dna_err err = DNA_OK;
    *out = false;
    for (size_t i = 0; i < document->n_pins && err == DNA_OK && !*out; i++) {
        unsigned char rdata[3 + DNA_HOST_META_PIN] = {DNA_TLSA_DANE_EE, 1, 1};
        struct dna_tlsa tlsa;
        memcpy(rdata + 3, document->pins[i], DNA_HOST_META_PIN);
        err = dna_tlsa_parse((struct dna_span){(char *)rdata, sizeof rdata}, &tlsa);
        err = err == DNA_OK ? dna_tlsa_matches(&tlsa, chain, 0, out) : err;
    }
    return err;
}

/* The name of a link, or the domain, that the certificate has; NULL: none. */
static const char *named(const struct cli_call *call,
                         const struct dna_host_meta_document *document,
                         const struct cli_peer *peer)
{
    const char *domain = cli_text(call, "domain");
    if (domain != NULL &&
        dna_certificate_names_domain(peer->chain, &peer->path, DNA_XMPP_SERVER, domain)) {
        return domain;
    }
    for (size_t i = 0; i < document->n_links; i++) {
        const char *sni = document->links[i].sni.text;
        if (dna_certificate_names(peer->chain, &peer->path, DNA_XMPP_SERVER, sni)) {
            return sni;
        }
    }
    return NULL;
}

static void begin_pinned(struct cli_report *report, struct cli_call *call,
                         const struct cli_peer *peer)
{
    if (!peer->strong) {
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(DNA_CODE_WEAK_KEY),
                         "the key is pinned, but too weak");
    } else if (!peer->valid_now) {
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(DNA_CODE_NOT_VALID_NOW),
                         "the key is pinned, but the certificate is not valid now");
    } else {
        cli_report_begin(report, call, CLI_PROVEN, "ok",
                         "the certificate's key is pinned");
    }
}

static void begin_named(struct cli_report *report, struct cli_call *call,
                        const struct dna_host_meta_document *document,
                        const struct cli_peer *peer)
{
    const char *name = named(call, document, peer);
    if (cli_count(call, "roots") == 0) {
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(DNA_CODE_NO_MATCH),
                         "no pin is that of its key; names count with --roots");
    } else if (!peer->trusted) {
        cli_report_ruling(report, call, &peer->refusal);
    } else if (name == NULL) {
        cli_report_begin(report, call, CLI_FAIL, dna_code_name(DNA_CODE_NAME_MISMATCH),
                         "it has neither a pinned key nor the name of a link");
    } else {
        cli_report_begin(report, call, CLI_PROVEN, "ok",
                         "the certificate is trusted and names %s", name);
    }
}

static enum cli_exit compare(struct cli_call *call,
                             const struct dna_host_meta_document *document)
{
    struct cli_report report;
    struct cli_peer peer;
    bool pinned;
    enum dna_err err;
    if (!cli_peer_read(call, DNA_PROOF_HOST_META, &peer)) {
        return CLI_FAULT;
    }
    err = is_pinned(document, peer.chain, &pinned);
    if (err != DNA_OK) {
        cli_peer_fini(&peer);
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (pinned) {
        begin_pinned(&report, call, &peer);
    } else {
        begin_named(&report, call, document, &peer);
    }
    cli_peer_fini(&peer);
    describe(&report, document);
    return cli_report_end(&report);
}

static enum cli_exit judge(struct cli_call *call,
                           const struct dna_host_meta_document *document)
{
    struct cli_report report;
    if (!document->xmpp || document->n_links == 0) {
        cli_report_begin(&report, call, CLI_NOT_APPLICABLE,
                         dna_code_name(DNA_CODE_NO_MATERIAL), "%s",
                         document->xmpp ? "it has no usable link between servers"
                                        : "it says nothing about XMPP (XEP-0487)");
        describe(&report, document);
        return cli_report_end(&report);
    }
    if (cli_text(call, "cert") != NULL) {
        return compare(call, document);
    }
    cli_report_begin(&report, call, CLI_VALID, "ok",
                     "%zu link%s between servers, %zu pin%s", document->n_links,
                     document->n_links == 1 ? "" : "s", document->n_pins,
                     document->n_pins == 1 ? "" : "s");
    describe(&report, document);
    return cli_report_end(&report);
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_host_meta_document document;
    struct dna_span bytes;
    const char *why = "";
    enum cli_exit status;
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    err = dna_host_meta_parse(NULL, bytes, &document, &why);
    if (err == DNA_ERR_MEMORY) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (err != DNA_OK) {
        return cli_invalid(call, "%s", why);
    }
    status = judge(call, &document);
    dna_host_meta_fini(&document);
    return status;
}

static const struct cli_option options[] = {
    CLI_OPTION_PEER_CERT,
    CLI_OPTION_PEER_ROOTS,
    {"domain", CLI_DOMAIN, .value = "D",
     .help = "with --roots: the domain, which the certificate may name instead of a "
             "link's name"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna host-meta host-meta.json --cert server.pem",
     "whether the document pins the key of this server"},
    {0},
};
const struct cli_command cli_command_host_meta = {
    .name = "host-meta",
    .summary = "read host metadata (XEP-0487), and compare it with a certificate",
    .usage = "FILE [--cert PEM [--roots PEM [--domain D]]] [--at UNIXTIME]",
    .about = "Reads the document that a domain publishes at "
             "https://DOMAIN/.well-known/host-meta.json, as far as it is about "
             "connections between servers (XEP-0487). One without a usable link "
             "between servers is refused: pins alone might be meant for clients.",
    .members = "ttl: for how many seconds it may be used\n"
               "links: array of objects: rel, sni, port, priority, weight, ips\n"
               "pins: array of pins in base64\n"
               "skipped: how many links and pins cannot be used",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
