/* cli/publish_host_meta.c: `dna publish host-meta`: host metadata in JSON (XEP-0487). */
#include <string.h>

#include <base/limits.h>
#include <cli/publish.h>
#include <json/host_meta_document.h>
#include <x509/spki.h>

#define PLACE "https://%s/.well-known/host-meta.json"

struct link {
    struct cli_target target;
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

static void add_link(struct dna_json_maker *maker, struct dna_json *list,
                     const struct link *link, size_t place)
{
    struct dna_json *object = dna_json_add(maker, list, NULL, DNA_JSON_OBJECT), *ips;
    dna_json_add_text(maker, object, "rel", "urn:xmpp:alt-connections:s2s-tls");
    dna_json_add_number(maker, object, "port", link->target.port);
    ips = dna_json_add(maker, object, "ips", DNA_JSON_ARRAY);
    for (size_t i = 0; i < link->n_ips; i++) {
        dna_json_add_text(maker, ips, NULL, link->ips[i]);
    }
    dna_json_add_number(maker, object, "priority", 10 * ((int64_t)place + 1));
    dna_json_add_number(maker, object, "weight", 0);
    dna_json_add_text(maker, object, "sni", link->target.host);
}

static void add_pins(struct cli_publication *p, struct dna_json_maker *maker,
                     struct dna_json *xmpp, const struct cli_certificates *certificates)
{
    struct dna_json *pins;
    if (certificates->n == 0) {
        return;
    }
    pins = dna_json_add(maker, xmpp, "public-key-pins-sha-256", DNA_JSON_ARRAY);
    for (size_t i = 0; i < certificates->n; i++) {
        unsigned char digest[DNA_SHA256_SIZE];
        p->err = p->err == DNA_OK ? dna_spki_digest(certificates->chains[i], digest) : p->err;
        if (p->err == DNA_OK) {
            dna_json_add_bytes(maker, pins, NULL,
                               (struct dna_span){(const char *)digest, sizeof digest});
        }
    }
}

static void make(struct cli_publication *p, const struct cli_certificates *certificates,
                 const struct link *links, size_t n, int64_t ttl)
{
    struct dna_json_maker maker = {.arena = &p->call->memory, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    struct dna_json *xmpp = dna_json_add(&maker, root, "xmpp", DNA_JSON_OBJECT), *list;
    struct dna_host_meta_document document;
    const char *why = NULL;
    enum dna_err err;
    dna_json_add_number(&maker, xmpp, "ttl", ttl);
    add_pins(p, &maker, xmpp, certificates);
    list = dna_json_add(&maker, root, "links", DNA_JSON_ARRAY);
    for (size_t i = 0; i < n; i++) {
        add_link(&maker, list, &links[i], i);
    }
    cli_publish_json(p, &maker, root);
    if (p->err == DNA_OK) {
        err = dna_host_meta_parse(NULL, dna_buf_span(&p->text), &document, &why);
        if (err == DNA_OK) {
            err = document.n_skipped == 0 && document.n_links == n ? DNA_OK : DNA_ERR_FORMAT;
            dna_host_meta_fini(&document);
        }
        cli_publish_reread(p, err, why);
    }
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
