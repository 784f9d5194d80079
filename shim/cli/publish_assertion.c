/* cli/publish_assertion.c: `dna publish assertion`: the XML delegation document. */
#include <time.h>

#include <base/codec.h>
#include <cli/publish.h>
#include <proof/assertion.h>
#include <x509/tlsa_make.h>
#include <xml/writer.h>

#define DAYS 30
#define SERVICE "xmpp-server"

static void write_attr(struct cli_publication *p, const char *name, const char *value)
{
    if (p->err == DNA_OK) {
        p->err = dna_xml_write_attr(&p->text, name, dna_span_of(value));
    }
}

static void write_text(struct cli_publication *p, const char *text)
{
    if (p->err == DNA_OK) {
        p->err = dna_buf_add_text(&p->text, text);
    }
}

static void write_time(struct cli_publication *p, const char *name, int64_t at)
{
    char text[64];
    time_t seconds = (time_t)at;
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        cli_publish_reread(p, DNA_ERR_LIMIT, "--at is beyond every calendar");
        return;
    }
    write_attr(p, name, text);
}

static void write_host(struct cli_publication *p, const struct document_target *target)
{
    write_text(p, "    <provider");
    write_attr(p, "host", target->host.text);
    write_attr(p, "port", cli_text_of(p->call, "%u", (unsigned)target->port));
    write_text(p, "/>\n");
}

/* The digest is that of a TLSA record, behind its first three bytes. */
static void write_digest(struct cli_publication *p, const struct dna_chain *chain, bool key)
{
    char text[4 * ((DNA_PROVIDER_DIGEST_MAX + 2) / 3) + 1];
    struct dna_buf rdata;
    dna_buf_init(&rdata, NULL, 256);
    if (p->err == DNA_OK) {
        p->err = dna_tlsa_make(chain, DNA_TLSA_DANE_EE, key ? 1 : 0, 1, &rdata);
    }
    if (p->err == DNA_OK) {
        struct dna_span bytes = dna_buf_span(&rdata);
        p->err = dna_base64_encode((const unsigned char *)bytes.ptr + 3, bytes.len - 3, text,
                                   sizeof text);
    }
    if (p->err == DNA_OK) {
        write_text(p, "    <provider");
        write_attr(p, key ? "spki" : "cert", "sha-256");
        write_attr(p, "value", text);
        write_text(p, "/>\n");
    }
    dna_buf_fini(&rdata);
}

static void reread(struct cli_publication *p)
{
    struct dna_assertion assertion;
    struct dna_xml_fault fault;
    enum dna_err err;
    if (p->err == DNA_OK) {
        err = dna_assertion_parse(NULL, dna_buf_span(&p->text), SERVICE, &assertion, &fault);
        if (err == DNA_OK) {
            dna_assertion_fini(&assertion);
        }
        cli_publish_reread(p, err, err == DNA_OK || err == DNA_ERR_MEMORY ? NULL : fault.why);
    }
}

static void make(struct cli_publication *p, const struct document_target *targets, size_t n,
                 const struct cli_certificates *certificates)
{
    int64_t at = cli_at(p->call), days = cli_number(p->call, "days", DAYS);
    write_text(p, "<?xml version='1.0' encoding='UTF-8'?>\n"
                  "<delegations xmlns='urn:xmpp:dna:delegation:0'");
    write_attr(p, "domain", cli_text(p->call, "domain"));
    write_time(p, "issued", at);
    write_time(p, "expires", at + days * 24 * 3600);
    write_text(p, ">\n  <service name='" SERVICE "'>\n");
    for (size_t i = 0; i < n; i++) {
        write_host(p, &targets[i]);
    }
    for (size_t i = 0; i < certificates->n; i++) {
        write_digest(p, certificates->chains[i], cli_flag(p->call, "key"));
    }
    write_text(p, "  </service>\n</delegations>\n");
    reread(p);
}

static void advise(struct cli_publication *p, size_t n_hosts,
                   const struct cli_certificates *certificates)
{
    cli_publish_advise(p, "Serve it over https with an ordinary certificate of the domain, as "
                          "application/xml and without redirects, and make it anew before it "
                          "expires (%lld days).",
                       (long long)cli_number(p->call, "days", DAYS));
    if (n_hosts > 0) {
        cli_publish_advise(p, "The hosts need trusted certificates with their own names.");
    }
    if (certificates->n > 0) {
        cli_advise_change(p, certificates, 24 * 3600);
    }
    cli_publish_advise(p, "The form is this project's own definition, and the proof is off by "
                          "default in others' servers. Whoever can change this web site can "
                          "let any server speak for the domain.");
}

static enum cli_exit run(struct cli_call *call)
{
    const char *domain = cli_text(call, "domain");
    struct document_target targets[CLI_PUBLISH_TARGETS];
    struct cli_certificates certificates;
    struct cli_publication p;
    size_t n;
    enum cli_exit status = cli_need_targets(call, targets, &n);
    if (status == CLI_ACCEPTED) {
        status = cli_need_certificates(call, &certificates);
    }
    if (status != CLI_ACCEPTED) {
        return status;
    }
    if (n + certificates.n == 0) {
        return cli_usage(call, "needs --target, --direct or --cert: who may serve the domain");
    }
    cli_publish_begin(&p, call);
    make(&p, targets, n, &certificates);
    advise(&p, n, &certificates);
    cli_certificates_free(&certificates);
    return cli_publish_end(&p, "an XML delegation document",
                           cli_text_of(call, "https://%s/.well-known/xmpp-delegation.xml",
                                       domain));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    CLI_OPTION_TARGET,
    CLI_OPTION_DIRECT,
    CLI_OPTION_CERT("the hoster's certificate, which then needs no trusted issuer"),
    CLI_OPTION_NEXT,
    {"key", CLI_FLAG, .help = "name the keys of the certificates, which may outlive them"},
    {"days", CLI_NUMBER, .least = 1, .most = DAYS, .value = "DAYS", .otherwise = "30",
     .help = "how long the document is good"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish assertion --domain example.com --target xmpp.example.net --cert server.pem "
     "> xmpp-delegation.xml",
     "the document that names a host, and a certificate by its digest"},
    {0},
};
const struct cli_command cli_publish_assertion = {
    .name = "assertion",
    .summary = "an XML delegation document",
    .usage = "--domain D [--target HOST[@PORT]] [--cert PEM] [--next PEM] [OPTION...]",
    .about = "Makes the document of the prooftype xml-assertion: who may serve the domain, by "
             "host, certificate or key.",
    .members = "place: the URL where it belongs\n"
               "text: the document\n"
               "advice: array of what to do with it",
    .options = options,
    .examples = examples,
    .run = run,
};
