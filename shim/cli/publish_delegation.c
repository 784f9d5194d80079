/* cli/publish_delegation.c: `dna publish delegation`: a service delegation document. */
#include <base/limits.h>
#include <cli/publish.h>
#include <documents/documents.h>

static void make(struct cli_publication *p, const struct document_target *targets, size_t n)
{
    const char *why;
    enum dna_err err = document_delegation(&p->call->memory, targets, n,
                                           cli_text(p->call, "names"),
                                           cli_number(p->call, "expires", 86400), &p->text,
                                           &why);
    cli_publish_reread(p, err, why);
}

static enum cli_exit run(struct cli_call *call)
{
    const char *domain = cli_text(call, "domain");
    struct document_target targets[CLI_PUBLISH_TARGETS];
    struct cli_publication p;
    size_t n;
    enum cli_exit status = cli_need_targets(call, targets, &n);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    if ((n == 0) != cli_flag(call, "none")) {
        return cli_usage(call, "needs either --target and --direct, or --none");
    }
    cli_publish_begin(&p, call);
    make(&p, targets, n);
    cli_publish_advise(&p, "Serve it over https with an ordinary certificate of the domain, "
                           "without redirects.");
    cli_publish_advise(&p, "The servers need trusted certificates for %s.",
                       cli_text(call, "names") != NULL ? cli_text(call, "names")
                                                       : "the host that is named");
    cli_publish_advise(&p, "The members of the document are this project's own definition, and "
                           "the proof is off by default in others' servers; keep the SRV "
                           "records.");
    cli_publish_advise(&p, "Whoever can change this web site can let any server speak for the "
                           "domain.");
    return cli_publish_end(&p, "a service delegation document",
                           cli_text_of(call, "https://%s/.well-known/service/xmpp-server",
                                       domain));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    CLI_OPTION_TARGET,
    CLI_OPTION_DIRECT,
    {"names", CLI_DOMAIN, .value = "NAME",
     .help = "what the servers' certificates must name; without it: each its own host"},
    {"none", CLI_FLAG, .help = "say that the domain has no XMPP server"},
    {"expires", CLI_NUMBER, .least = DNA_LIMIT_SERVICE_LIFE_LEAST_S,
     .most = DNA_LIMIT_SERVICE_LIFE_S, .value = "SECONDS", .otherwise = "86400",
     .help = "how long others may remember it"},
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish delegation --domain example.com --target xmpp.example.net > xmpp-server",
     "the document by which a domain lets that server speak for it"},
    {0},
};
const struct cli_command cli_publish_delegation = {
    .name = "delegation",
    .summary = "a service delegation document (JSON)",
    .usage = "--domain D (--target HOST[@PORT] | --direct HOST[@PORT])... [OPTION...]\n"
             "--domain D --none",
    .about = "Makes the document that names the servers of a domain on its web site.",
    .members = "place: the URL where it belongs\n"
               "text: the document\n"
               "advice: array of what to do with it",
    .options = options,
    .examples = examples,
    .run = run,
};
