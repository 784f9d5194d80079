/* cli/publish_posh.c: `dna publish posh`: POSH documents (RFC 7711 3). */
#include <string.h>

#include <base/limits.h>
#include <cli/publish.h>
#include <json/posh_document.h>
#include <x509/digest.h>

#define LIFE_OF_FINGERPRINTS 604800
#define LIFE_OF_REFERENCE 86400

static const struct {
    const char *name;
    enum dna_hash hash;
} hashes[] = {{"sha-256", DNA_HASH_SHA256}, {"sha-384", DNA_HASH_SHA384},
              {"sha-512", DNA_HASH_SHA512}};

static void add_fingerprint(struct dna_json_maker *maker, struct cli_call *call,
                            struct dna_json *list, const struct dna_chain *chain)
{
    struct dna_json *descriptor = dna_json_add(maker, list, NULL, DNA_JSON_OBJECT);
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        unsigned char digest[DNA_HASH_MAX];
        enum dna_err err;
        if (!cli_has_word(call, "hash", hashes[i].name)) {
            continue;
        }
        err = dna_hash(hashes[i].hash, dna_chain_der(chain, 0), digest);
        maker->err = maker->err == DNA_OK ? err : maker->err;
        dna_json_add_bytes(maker, descriptor, hashes[i].name,
                           (struct dna_span){(const char *)digest,
                                             dna_hash_size(hashes[i].hash)});
    }
}

static void make(struct cli_publication *p, const struct cli_certificates *certificates,
                 const char *url, int64_t expires)
{
    struct dna_json_maker maker = {.arena = &p->call->memory, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    struct dna_posh_document document;
    const char *why = NULL;
    enum dna_err err;
    if (url != NULL) {
        dna_json_add_text(&maker, root, "url", url);
    } else {
        struct dna_json *list = dna_json_add(&maker, root, "fingerprints", DNA_JSON_ARRAY);
        for (size_t i = 0; i < certificates->n; i++) {
            add_fingerprint(&maker, p->call, list, certificates->chains[i]);
        }
    }
    dna_json_add_number(&maker, root, "expires", expires);
    cli_publish_json(p, &maker, root);
    if (p->err == DNA_OK) {
        err = dna_posh_parse(NULL, dna_buf_span(&p->text), &document, &why);
        if (err == DNA_OK) {
            dna_posh_fini(&document);
        }
        cli_publish_reread(p, err, why);
    }
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
