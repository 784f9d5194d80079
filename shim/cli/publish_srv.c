/* cli/publish_srv.c: `dna publish srv`: SRV records (RFC 6120 3.2.1, XEP-0368). */
#include <cli/publish.h>

static void write_target(struct cli_publication *p, const char *domain, const char *service,
                         const struct document_target *target, unsigned place)
{
    bool share = cli_flag(p->call, "share");
    cli_publish_line(p, "_%s%s._tcp.%s. %lld IN SRV %u %u %u %s.",
                     target->direct_tls ? "xmpps" : "xmpp", service, domain,
                     (long long)cli_ttl(p->call), share ? 10 : 10 * (place + 1),
                     share ? 10U : 0U, (unsigned)target->port, target->host.text);
}

static void write_service(struct cli_publication *p, const char *domain, const char *service,
                          const struct document_target *targets, size_t n)
{
    unsigned starttls = 0, direct = 0;
    if (n == 0) {
        cli_publish_line(p, "_xmpp%s._tcp.%s. %lld IN SRV 0 0 0 .", service, domain,
                         (long long)cli_ttl(p->call));
    }
    for (size_t i = 0; i < n; i++) {
        write_target(p, domain, service, &targets[i],
                     targets[i].direct_tls ? direct++ : starttls++);
    }
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
    cli_publish_line(&p, "; SRV records of %s, for the zone that the domain is in", domain);
    write_service(&p, domain, "-server", targets, n);
    cli_publish_advise(&p, "With a signed zone these records are the delegation itself; with "
                           "an unsigned one, others need a further proof: posh, say.");
    cli_publish_advise(&p, "The targets are hosts with addresses of their own, never "
                           "aliases (CNAME).");
    cli_publish_advise(&p, "Lower numbers are tried first.");
    if (n > 0) {
        cli_publish_advise(&p, "The hoster publishes the keys of its servers: dna publish tlsa "
                               "--host %s", targets[0].host.text);
    }
    return cli_publish_end(&p, "SRV records", cli_text_of(call, "the zone of %s", domain));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    CLI_OPTION_TARGET,
    CLI_OPTION_DIRECT,
    {"share", CLI_FLAG, .help = "spread connections evenly; without it the later servers are "
                                "for when the earlier ones fail"},
    {"none", CLI_FLAG, .help = "say that the domain has no XMPP server"},
    CLI_OPTION_TTL,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish srv --domain example.com --target xmpp.example.net --direct xmpp.example.net",
     "the records by which a domain lets a hoster serve it"},
    {0},
};
const struct cli_command cli_publish_srv = {
    .name = "srv",
    .summary = "SRV records of a domain",
    .usage = "--domain D (--target HOST[@PORT] | --direct HOST[@PORT])... [OPTION...]\n"
             "--domain D --none",
    .about = "Makes the lines of a zone file that name the servers of a domain to other "
             "servers.",
    .members = "place: the zone where they belong\n"
               "text: the lines\n"
               "advice: array of what to do with them",
    .options = options,
    .examples = examples,
    .run = run,
};
