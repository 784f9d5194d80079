/* cli/publish_posh.c: `dna publish posh`: POSH documents (RFC 7711 3). */
#include <string.h>

#include <base/limits.h>
#include <cli/publish.h>
#include <documents/documents.h>

#define LIFE_OF_FINGERPRINTS 604800
#define LIFE_OF_REFERENCE 86400

static unsigned hashes_of(struct cli_call *call)
{
    return (cli_has_word(call, "hash", "sha-256") ? DOCUMENT_SHA_256 : 0) |
           (cli_has_word(call, "hash", "sha-384") ? DOCUMENT_SHA_384 : 0) |
           (cli_has_word(call, "hash", "sha-512") ? DOCUMENT_SHA_512 : 0);
}

static void make(struct cli_publication *p, const struct cli_certificates *certificates,
                 const char *url, int64_t expires)
{
    const char *why;
    enum dna_err err =
        url != NULL ? document_posh_reference(&p->call->memory, url, expires, &p->text, &why)
                    : document_posh(&p->call->memory, certificates->chains, certificates->n,
                                    hashes_of(p->call), expires, &p->text, &why);
    cli_publish_reread(p, err, why);
}

static void advise(struct cli_publication *p, const struct cli_certificates *certificates,
                   const char *url, const char *place, int64_t expires)
{
    cli_publish_advise(p, "Serve it over https with an ordinary certificate of the domain; "
                          "redirects, if any, are temporary ones (302, 307) to https.");
    if (url != NULL) {
        cli_publish_advise(p, "The hoster keeps the fingerprints at %s; nothing changes here "
                              "when its certificate does.", url);
    } else {
        cli_publish_advise(p, "Customers publish a reference to it at their own domains: "
                              "dna publish posh --url %s", place);
        cli_advise_change(p, certificates, expires);
    }
    cli_publish_advise(p, "Whoever can change this web site can let any server speak for the "
                          "domain.");
}

static enum cli_exit run(struct cli_call *call)
{
    const char *url = cli_text(call, "url"), *domain = cli_text(call, "domain"), *place;
    bool refers = url != NULL;
    int64_t expires = cli_number(call, "expires",
                                 refers ? LIFE_OF_REFERENCE : LIFE_OF_FINGERPRINTS);
    struct cli_certificates certificates;
    struct cli_publication p;
    enum cli_exit status;
    if (refers == (cli_count(call, "cert") + cli_count(call, "next") > 0)) {
        return cli_usage(call, "needs either --cert or --url");
    }
    if (refers && !cli_is_uri(url)) {
        return cli_usage(call, "--url %s: it is no URL", url);
    }
    status = cli_need_certificates(call, &certificates);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_publish_begin(&p, call);
    place = cli_text_of(call, "https://%s/.well-known/posh/%s.json",
                        domain != NULL ? domain : "DOMAIN", cli_text(call, "service"));
    make(&p, &certificates, url, expires);
    if (place != NULL) {
        advise(&p, &certificates, url, place, expires);
    }
    cli_certificates_free(&certificates);
    return cli_publish_end(&p, refers ? "a POSH reference document"
                                      : "a POSH fingerprints document", place);
}

static const struct cli_option options[] = {
    CLI_OPTION_CERT("the certificate that the XMPP server shows"),
    CLI_OPTION_NEXT,
    {"url", CLI_TEXT, .value = "URL",
     .help = "make a customer's document instead, which refers to the hoster's at this URL"},
    {"domain", CLI_DOMAIN, .value = "D",
     .help = "where it is going to stand, for the advice alone"},
    {"service", CLI_WORD, .words = "xmpp-server xmpp-client", .value = "S",
     .otherwise = "xmpp-server", .help = "whom it is for: servers or clients"},
    {"hash", CLI_WORDS, .words = "sha-256 sha-384 sha-512", .value = "HASH",
     .otherwise = "sha-256", .help = "the hash functions of the fingerprints"},
    {"expires", CLI_NUMBER, .least = 1, .most = DNA_LIMIT_POSH_LIFE_S, .value = "SECONDS",
     .help = "how long others may remember it; without it: a week, or a day for a reference"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish posh --cert server.pem --next new.pem > xmpp-server.json",
     "the hoster's document, in time before the certificate changes"},
    {"dna publish posh --url https://hosting.example.net/.well-known/posh/xmpp-server.json "
     "--domain example.com > xmpp-server.json",
     "the document of a customer, made once"},
    {0},
};
const struct cli_command cli_publish_posh = {
    .name = "posh",
    .summary = "a POSH document (RFC 7711)",
    .usage = "--cert PEM [--next PEM] [OPTION...]\n--url URL [OPTION...]",
    .about = "Makes the document that tells others which certificates may speak for the "
             "domain, or the short one by which a customer refers to its hoster's.",
    .members = "place: the URL where it belongs\n"
               "text: the document\n"
               "advice: array of what to do with it",
    .options = options,
    .examples = examples,
    .run = run,
};
