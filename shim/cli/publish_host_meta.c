/* cli/publish_host_meta.c: `dna publish host-meta`: host metadata in JSON (XEP-0487). */
#include <string.h>

#include <base/limits.h>
#include <cli/publish.h>
#include <documents/documents.h>
#include <base/address.h>

#define PLACE "https://%s/.well-known/host-meta.json"

struct link {
    struct document_target target;
    const char *ips[DNA_LIMIT_HOST_META_ADDRESSES];
    size_t n_ips;
};

static enum cli_exit read_ips(struct cli_call *call, struct link *link)
{
    const char *at = link->target.rest;
    while (at != NULL) {
        size_t len = strcspn(at, ",");
        char text[DNA_ADDRESS_TEXT];
        struct dna_address address;
        if (link->n_ips == DNA_LIMIT_HOST_META_ADDRESSES) {
            return cli_usage(call, "--link: more than %d addresses",
                             DNA_LIMIT_HOST_META_ADDRESSES);
        }
        if (dna_address_parse((struct dna_span){at, len}, &address) != DNA_OK) {
            return cli_usage(call, "--link: %.*s is no IP address", (int)len, at);
        }
        dna_address_text(&address, text);
        link->ips[link->n_ips++] = dna_arena_text(&call->memory, dna_span_of(text));
        if (link->ips[link->n_ips - 1] == NULL) {
            return cli_fault(call, "out of memory");
        }
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return CLI_ACCEPTED;
}

static enum cli_exit read_links(struct cli_call *call, struct link *links, size_t *n)
{
    for (*n = 0; *n < cli_count(call, "link"); (*n)++) {
        const char *text = cli_nth(call, "link", *n);
        struct link *link = &links[*n];
        enum cli_exit status;
        if (*n == CLI_PUBLISH_TARGETS) {
            return cli_usage(call, "more than %d servers", CLI_PUBLISH_TARGETS);
        }
        link->n_ips = 0;
        status = cli_target_read(call, "link", text, true, &link->target);
        if (status == CLI_ACCEPTED && link->target.rest == NULL) {
            status = cli_usage(call, "--link %s: HOST[@PORT]=IP[,IP...]", text);
        }
        if (status == CLI_ACCEPTED) {
            status = read_ips(call, link);
        }
        if (status != CLI_ACCEPTED) {
            return status;
        }
    }
    return CLI_ACCEPTED;
}

static void make(struct cli_publication *p, const struct cli_certificates *certificates,
                 const struct link *links, size_t n, int64_t ttl)
{
    struct document_link all[CLI_PUBLISH_TARGETS];
    const char *why;
    enum dna_err err;
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct document_link){links[i].target, links[i].ips, links[i].n_ips};
    }
    err = document_host_meta(&p->call->memory, all, n, certificates->chains, certificates->n,
                             ttl, &p->text, &why);
    cli_publish_reread(p, err, why);
}

static void advise(struct cli_publication *p, const struct cli_certificates *certificates,
                   int64_t ttl)
{
    cli_publish_advise(p, "Serve it over https with an ordinary certificate of the domain. If "
                          "such a document stands there already, put both together: it is "
                          "about clients, too.");
    cli_publish_advise(p, "Others connect by direct TLS to these addresses and need no DNS; "
                          "SRV records are still wanted by those who do not know XEP-0487.");
    if (certificates->n > 0) {
        cli_advise_change(p, certificates, 2 * ttl);
    } else {
        cli_publish_advise(p, "No key is pinned: the servers' certificates must be trusted, "
                              "and name the domain or the host of the link.");
    }
    cli_publish_advise(p, "The proof is off by default in others' servers, and whoever can "
                          "change this web site can let any server speak for the domain.");
}

static enum cli_exit run(struct cli_call *call)
{
    const char *domain = cli_text(call, "domain");
    int64_t ttl = cli_number(call, "ttl", 86400);
    struct cli_certificates certificates;
    struct link links[CLI_PUBLISH_TARGETS];
    struct cli_publication p;
    size_t n;
    enum cli_exit status = read_links(call, links, &n);
    if (status == CLI_ACCEPTED) {
        status = cli_need_certificates(call, &certificates);
    }
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_publish_begin(&p, call);
    make(&p, &certificates, links, n, ttl);
    advise(&p, &certificates, ttl);
    cli_certificates_free(&certificates);
    return cli_publish_end(&p, "host metadata", cli_text_of(call, PLACE, domain));
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    {"link", CLI_TEXT, .required = true, .many = true, .value = "HOST[@PORT]=IP[,IP...]",
     .help = "a server with direct TLS, and its addresses, the preferred one first; port 5270 "
             "if none is given"},
    CLI_OPTION_CERT("pin the key of this certificate"),
    CLI_OPTION_NEXT,
    {"ttl", CLI_NUMBER, .least = DNA_LIMIT_HOST_META_LIFE_LEAST_S,
     .most = DNA_LIMIT_HOST_META_LIFE_S, .value = "SECONDS", .otherwise = "86400",
     .help = "how long others may remember the document"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish host-meta --domain example.com --link xmpp.example.net=192.0.2.10,"
     "2001:db8::10 --cert server.pem > host-meta.json",
     "where the domain's server is, and the only key that it has"},
    {0},
};
const struct cli_command cli_publish_host_meta = {
    .name = "host-meta",
    .summary = "host metadata (XEP-0487)",
    .usage = "--domain D --link HOST[@PORT]=IP[,IP...]... [--cert PEM] [OPTION...]",
    .about = "Makes the document that tells other servers where to connect and which keys to "
             "accept.",
    .members = "place: the URL where it belongs\n"
               "text: the document\n"
               "advice: array of what to do with it",
    .options = options,
    .examples = examples,
    .run = run,
};
