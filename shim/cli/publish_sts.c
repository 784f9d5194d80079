/* cli/publish_sts.c: `dna publish sts`: a strict transport security policy and its record.
 *
 * The syntax is that of RFC 8461, the words are this project's own for XMPP.  Its owner may
 * serve the policy, or let the provider do so by two aliases.
 */
#include <string.h>
#include <time.h>

#include <cli/publish.h>
#include <documents/documents.h>
#include <proof/sts_policy.h>

/* The policy's text into out; the reader's reason, where it takes none. */
static enum dna_err write_policy(struct cli_call *call, struct dna_buf *out, const char **why)
{
    size_t n = cli_count(call, "host");
    const char **hosts = dna_arena_zero(&call->memory, n + 1, sizeof *hosts);
    char canonical[DNA_NAME_MAX + 3];
    *why = NULL;
    if (hosts == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        hosts[i] = cli_nth(call, "host", i);
        if (!document_sts_host(hosts[i], canonical)) {
            (void)cli_usage(call, "--host %s: a host, or *. and a domain", hosts[i]);
            return DNA_ERR_ARGUMENT;
        }
    }
    return document_sts(cli_text(call, "mode"), hosts, n, cli_number(call, "max-age", 604800),
                        out, why);
}

static void make_policy(struct cli_publication *p)
{
    const char *why;
    enum dna_err err = write_policy(p->call, &p->text, &why);
    if (err == DNA_ERR_ARGUMENT) {
        p->err = DNA_ERR_FORMAT; /* said */
    } else {
        cli_publish_reread(p, err, why);
    }
}

/* Made of the policy, as the gateway's is: who makes the same policy makes the same id. */
static const char *id_of_policy(struct cli_call *call)
{
    char id[DOCUMENT_STS_ID];
    struct dna_buf text;
    const char *why;
    enum dna_err err;
    dna_buf_init(&text, NULL, DNA_LIMIT_DOCUMENT);
    err = write_policy(call, &text, &why);
    err = err == DNA_OK ? document_sts_id(dna_buf_span(&text), id) : err;
    dna_buf_fini(&text);
    if (err != DNA_OK && err != DNA_ERR_ARGUMENT) {
        (void)cli_usage(call, "these hosts make no policy: %s",
                        why != NULL ? why : dna_err_name(err));
    }
    return err == DNA_OK ? cli_text_of(call, "%s", id) : NULL;
}

/* "20261101T000000", where nothing is known of the policy. */
static const char *id_of(struct cli_call *call)
{
    char text[DNA_LIMIT_STS_ID + 1];
    time_t at = (time_t)cli_at(call);
    struct tm tm;
    if (cli_text(call, "id") != NULL) {
        return cli_text(call, "id");
    }
    if (cli_count(call, "host") > 0) {
        return id_of_policy(call);
    }
    if (gmtime_r(&at, &tm) == NULL ||
        strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm) == 0) {
        (void)cli_usage(call, "--at is beyond every calendar");
        return NULL;
    }
    return cli_text_of(call, "%s", text);
}

static void make_record(struct cli_publication *p, const char *domain)
{
    const char *id = id_of(p->call);
    const char *text = id != NULL ? cli_text_of(p->call, "v=XSTSv1; id=%s;", id) : NULL;
    struct dna_sts_record record;
    const char *why = NULL;
    size_t at;
    if (text == NULL) {
        p->err = p->err == DNA_OK ? DNA_ERR_FORMAT : p->err;
        return;
    }
    cli_publish_reread(p, dna_sts_record_parse(DNA_STS_XMPP, dna_span_of(text), &record, &why,
                                               &at), why);
    cli_publish_line(p, "; %s announces its policy; for the zone that the domain is in",
                     domain);
    text = p->err == DNA_OK ? cli_zone_text(p->call, text) : NULL;
    cli_publish_line(p, "_xmpp-sts.%s. %lld IN TXT %s", domain, (long long)cli_ttl(p->call),
                     text != NULL ? text : "");
}

/* RFC 8461 8.2, in the words of XMPP: record and policy host both lead to the provider. */
static void make_aliases(struct cli_publication *p, const char *domain, const char *provider)
{
    cli_publish_line(p, "; %s lets %s announce and serve its policy; for the domain's zone",
                     domain, provider);
    cli_publish_line(p, "_xmpp-sts.%s. %lld IN CNAME _xmpp-sts.%s.", domain,
                     (long long)cli_ttl(p->call), provider);
    cli_publish_line(p, "xmpp-sts.%s. %lld IN CNAME xmpp-sts.%s.", domain,
                     (long long)cli_ttl(p->call), provider);
}

static void advise(struct cli_publication *p, const char *domain, const char *provider)
{
    const char *mode = cli_flag(p->call, "policy") ? cli_text(p->call, "mode") : "";
    cli_publish_advise(p, "The web host xmpp-sts.%s needs a trusted certificate with exactly "
                          "this name; a wildcard does not do. Redirects are not followed.",
                       domain);
    if (provider != NULL) {
        cli_publish_advise(p, "The provider obtains that certificate (it answers for the host), "
                              "serves the policy under this name, and publishes its own record "
                              "and policy: dna publish sts --domain %s --host ...", provider);
    } else {
        cli_publish_advise(p, "Whenever the policy changes, so does the id of the record.");
    }
    if (strcmp(mode, "testing") == 0) {
        cli_publish_advise(p, "In mode testing others report, and decide nothing by it.");
    } else if (strcmp(mode, "enforce") == 0) {
        cli_publish_advise(p, "In mode enforce others remember the policy for max_age, and "
                              "connect to nobody else meanwhile: begin with testing.");
    }
    cli_publish_advise(p, "Experimental: the names are this project's own, and the proof is "
                          "off by default in others' servers.");
}

static enum cli_exit check_usage(const struct cli_call *call, bool zone, bool policy)
{
    bool delegates = cli_text(call, "provider") != NULL;
    if (delegates && (policy || cli_count(call, "host") > 0 || cli_text(call, "id") != NULL)) {
        return cli_usage(call, "with --provider, policy and record are the provider's");
    }
    if (policy && cli_count(call, "host") == 0 &&
        strcmp(cli_text(call, "mode"), "none") != 0) {
        return cli_usage(call, "--host HOST is missing: who may serve the domain");
    }
    return zone && policy ? cli_usage(call, "either --policy or --zone") : CLI_ACCEPTED;
}

static enum cli_exit run(struct cli_call *call)
{
    const char *domain = cli_text(call, "domain"), *provider = cli_text(call, "provider");
    bool zone = cli_flag(call, "zone"), policy = cli_flag(call, "policy");
    struct cli_publication p;
    enum cli_exit status = check_usage(call, zone, policy);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    if (!policy && !zone && provider == NULL) {
        return cli_usage(call, "needs --policy for the file, --zone for the record, or "
                               "--provider for the aliases");
    }
    cli_publish_begin(&p, call);
    if (policy) {
        make_policy(&p);
    } else if (provider != NULL) {
        make_aliases(&p, domain, provider);
    } else {
        make_record(&p, domain);
    }
    advise(&p, domain, provider);
    if (policy) {
        return cli_publish_end(&p, "a policy",
                               cli_text_of(call, "https://xmpp-sts.%s/.well-known/xmpp-sts.txt",
                                           domain));
    }
    return cli_publish_end(&p, provider != NULL ? "two aliases" : "the record of a policy",
                           cli_text_of(call, "the zone of %s", domain));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    {"policy", CLI_FLAG, .help = "make the policy file"},
    {"zone", CLI_FLAG, .help = "make the line of the zone that announces it"},
    {"provider", CLI_DOMAIN, .value = "P",
     .help = "make the two aliases by which this provider announces and serves the policy"},
    {"host", CLI_TEXT, .many = true, .value = "HOST",
     .help = "a host that may serve the domain: a name, or *. and a domain for every host "
             "directly below it"},
    {"mode", CLI_WORD, .words = "enforce testing none", .value = "MODE",
     .otherwise = "testing", .help = "what others are to do about servers not on the list"},
    {"max-age", CLI_NUMBER, .least = 0, .most = DNA_LIMIT_STS_LIFE_S, .value = "SECONDS",
     .otherwise = "604800", .help = "how long others remember the policy"},
    {"id", CLI_TEXT, .value = "ID",
     .help = "letters and digits that change with the policy; without it: made of the policy, if "
             "--host tells it, as dna-gateway makes it; else the present time"},
    CLI_OPTION_TTL,
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish sts --domain example.com --policy --host xmpp.example.net "
     "--mode enforce > xmpp-sts.txt",
     "the policy that only this host serves the domain"},
    {"dna publish sts --domain example.com --zone", "the record that announces the policy"},
    {"dna publish sts --domain example.com --provider example.net",
     "what a domain does once, for its provider to do the rest"},
    {0},
};
const struct cli_command cli_publish_sts = {
    .name = "sts",
    .summary = "a policy of which hosts may serve a domain (experimental)",
    .usage = "--domain D --policy --host HOST... [--mode MODE] [OPTION...]\n"
             "--domain D --zone [--id ID] [OPTION...]\n"
             "--domain D --provider P [OPTION...]",
    .about = "Makes what RFC 8461 is for mail, in the words that this project uses for XMPP: a "
             "policy on a web host, and a record that announces it; or the aliases that leave "
             "both to the provider.",
    .members = "place: the URL or the zone where it belongs\n"
               "text: the policy or the lines\n"
               "advice: array of what to do with them",
    .options = options,
    .examples = examples,
    .run = run,
};
