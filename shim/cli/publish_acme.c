/* cli/publish_acme.c: `dna publish acme`: letting a provider obtain ordinary certificates.
 *
 * Not a delegation proof but the alternative to one: the provider's server shows a
 * certificate that names the domain itself.  Two ways: the alias of the challenge (RFC 8555
 * 8.4), and the record that stays (draft-ietf-acme-dns-persist, an Internet-Draft), whose
 * value has the form of a CAA record's (RFC 8659 4.2).
 */
#include <string.h>

#include <cli/publish.h>

#define ACCOUNT_MOST 1024

/* A parameter's value has no semicolon (RFC 8659 4.2). */
static bool is_account(const char *text)
{
    return cli_is_uri(text) && strlen(text) <= ACCOUNT_MOST && strchr(text, ':') != NULL &&
           strchr(text, ';') == NULL;
}

static void write_alias(struct cli_publication *p, const char *domain)
{
    const char *zone = cli_text(p->call, "challenge-zone");
    struct dna_name name;
    const char *target = cli_text_of(p->call, "%s.%s", domain, zone);
    if (target != NULL && dna_name_parse(dna_span_of(target), &name) != DNA_OK) {
        cli_publish_reread(p, DNA_ERR_LIMIT, "the alias would be longer than a name can be");
        return;
    }
    cli_publish_line(p, "_acme-challenge.%s. %lld IN CNAME %s.", domain,
                     (long long)cli_ttl(p->call), target != NULL ? target : "");
}

static const char *parameters(struct cli_call *call)
{
    const char *wildcard = cli_flag(call, "wildcard") ? "; policy=wildcard" : "";
    if (cli_count(call, "until") > 0) {
        return cli_text_of(call, "%s; persistUntil=%lld", wildcard,
                           (long long)cli_number(call, "until", 0));
    }
    return wildcard;
}

static void write_persistent(struct cli_publication *p, const char *domain)
{
    const char *more = parameters(p->call);
    const char *value = cli_text_of(p->call, "%s; accounturi=%s%s", cli_text(p->call, "issuer"),
                                    cli_text(p->call, "account"), more != NULL ? more : "");
    const char *text = value != NULL ? cli_zone_text(p->call, value) : NULL;
    cli_publish_line(p, "_validation-persist.%s. %lld IN TXT %s", domain,
                     (long long)cli_ttl(p->call), text != NULL ? text : "");
}

static enum cli_exit check_usage(const struct cli_call *call)
{
    bool issuer = cli_text(call, "issuer") != NULL, account = cli_text(call, "account") != NULL;
    if (issuer != account) {
        return cli_usage(call, "--issuer and --account go together");
    }
    if (!issuer && cli_text(call, "challenge-zone") == NULL) {
        return cli_usage(call, "needs --challenge-zone, or --issuer and --account");
    }
    if (!issuer && (cli_count(call, "until") > 0 || cli_flag(call, "wildcard"))) {
        return cli_usage(call, "--until and --wildcard go with --issuer and --account");
    }
    if (issuer && !is_account(cli_text(call, "account"))) {
        return cli_usage(call, "--account is the URI of an ACME account");
    }
    if (cli_count(call, "until") > 0 && cli_number(call, "until", 0) <= cli_at(call)) {
        return cli_usage(call, "--until is in the past");
    }
    return CLI_ACCEPTED;
}

static void advise(struct cli_publication *p, bool alias, bool persistent)
{
    cli_publish_advise(p, "This is the alternative to a delegation proof: the provider's "
                          "servers show ordinary certificates that name the domain, and every "
                          "XMPP server understands them.");
    cli_publish_advise(p, "What it costs the owner: whoever holds the alias or the account can "
                          "obtain certificates for these names for every purpose, web site and "
                          "mail included, until the lines are taken away and the certificates "
                          "have expired. A delegation proof is about XMPP alone.");
    if (alias) {
        cli_publish_advise(p, "The provider answers challenges in its own zone, by TXT records "
                              "where the aliases lead.");
    }
    if (persistent) {
        cli_publish_advise(p, "_validation-persist is an Internet-Draft "
                              "(draft-ietf-acme-dns-persist): ask whether the authority offers "
                              "dns-persist-01.");
        cli_publish_advise(p, "A CAA record with accounturi (RFC 8657) keeps all other "
                              "accounts and authorities out: consider one.");
    }
}

static enum cli_exit run(struct cli_call *call)
{
    bool alias = cli_text(call, "challenge-zone") != NULL;
    bool persistent = cli_text(call, "issuer") != NULL;
    struct cli_publication p;
    enum cli_exit status = check_usage(call);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_publish_begin(&p, call);
    if (alias) {
        cli_publish_line(&p, "; the provider answers ACME challenges (RFC 8555) for these "
                             "names; for their zone");
        for (size_t i = 0; i < cli_count(call, "domain"); i++) {
            write_alias(&p, cli_nth(call, "domain", i));
        }
    }
    if (persistent) {
        cli_publish_line(&p, "; this ACME account may obtain certificates for these names at "
                             "any time (draft-ietf-acme-dns-persist); for their zone");
        for (size_t i = 0; i < cli_count(call, "domain"); i++) {
            write_persistent(&p, cli_nth(call, "domain", i));
        }
    }
    advise(&p, alias, persistent);
    return cli_publish_end(&p, "what lets the provider obtain certificates",
                           cli_text_of(call, "the zone of %s", cli_nth(call, "domain", 0)));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .many = true, .value = "D",
     .help = "the XMPP domain, and each of its components: conference.D, ..."},
    {"challenge-zone", CLI_DOMAIN, .value = "ZONE",
     .help = "the provider's zone for challenges: _acme-challenge.D becomes an alias of "
             "D.ZONE"},
    {"issuer", CLI_DOMAIN, .value = "CA",
     .help = "the authority's own domain, as CAA records have it: letsencrypt.org"},
    {"account", CLI_TEXT, .value = "URI", .help = "the provider's ACME account there"},
    {"until", CLI_NUMBER, .least = 0, .most = INT64_MAX / 2, .value = "UNIXTIME",
     .help = "when the permission of the account ends"},
    {"wildcard", CLI_FLAG, .help = "the account may obtain certificates for *.D, and for "
                                   "names below D, too"},
    CLI_OPTION_TTL,
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish acme --domain example.com --domain conference.example.com "
     "--challenge-zone acme.example.net",
     "aliases under which the provider answers challenges"},
    {"dna publish acme --domain example.com --issuer letsencrypt.org "
     "--account https://acme-v02.api.letsencrypt.org/acme/acct/1234",
     "a permission that stays, for one account"},
    {0},
};
const struct cli_command cli_publish_acme = {
    .name = "acme",
    .summary = "let the provider obtain ordinary certificates, instead of a delegation proof",
    .usage = "--domain D... --challenge-zone ZONE [OPTION...]\n"
             "--domain D... --issuer CA --account URI [OPTION...]",
    .about = "Makes the lines of a zone file that a customer sets up once so that the provider "
             "can obtain ordinary certificates for the domain: the alias of ACME's challenge "
             "(RFC 8555), or the persistent validation record "
             "(draft-ietf-acme-dns-persist, an Internet-Draft). It works with every XMPP "
             "server, and gives the provider more than XMPP: certificates for everything at "
             "these names.",
    .members = "place: the zone where they belong\n"
               "text: the lines\n"
               "advice: array of what to do with them, and what they cost",
    .options = options,
    .examples = examples,
    .run = run,
};
