/* cli/publish_request.c: `dna publish ta-request` and `dna publish srvname-request`: requests
 * for certificates (PKCS#10), to be taken to a certification authority.
 *
 * The first is signed by the zone's own DNSSEC key, which never leaves its owner; the second
 * is the hoster's, for one service of a domain.
 */
#include <string.h>

#include <cli/dnskey_line.h>
#include <cli/input.h>
#include <cli/publish.h>
#include <cli/report.h>
#include <dns/dnskey.h>
#include <x509/request.h>
#include <x509/spki.h>

#define NAMES_MOST 64

/* CLI_REFUSED: the file holds no usable key, which was said. */
static enum cli_exit read_key(struct cli_call *call, struct dna_private_key **out)
{
    const char *file = cli_text(call, "key"), *why;
    struct dna_span text;
    enum dna_err err;
    if (!cli_read(call, file, &text)) {
        return CLI_FAULT;
    }
    err = dna_private_key_read(NULL, text, out, &why);
    if (err == DNA_ERR_FORMAT) {
        return cli_invalid(call, "%s: %s", file, why);
    }
    return err == DNA_OK ? CLI_ACCEPTED : cli_fault(call, "%s", dna_err_name(err));
}

static enum dna_err dnskey_of(const struct dna_private_key *key, struct dna_spki_dnskey *out)
{
    struct dna_buf spki;
    enum dna_err err;
    dna_buf_init(&spki, NULL, 4096);
    err = dna_private_key_spki(key, &spki);
    if (err == DNA_OK) {
        err = dna_spki_der_to_dnskey(dna_buf_span(&spki), out);
    }
    dna_buf_fini(&spki);
    return err;
}

/* --- the public half of the key, as its zone publishes it -------------------------------- */

/* Why the zone's key will not do as an anchor; NULL: it will. */
static const char *fault_of(const struct cli_dnskey *published, const char *domain,
                            const struct dna_private_key *key,
                            const struct dna_spki_dnskey *dnskey)
{
    if (!dna_name_is_under(domain, published->owner.text)) {
        return "the DNSKEY record is not that of the domain's zone";
    }
    if (published->len != dnskey->key_len ||
        memcmp(published->key, dnskey->key, dnskey->key_len) != 0 ||
        (dna_private_key_algorithm(key) != 0 &&
         published->algorithm != dna_private_key_algorithm(key))) {
        return "the DNSKEY record is not that of the private key";
    }
    if (published->protocol != 3 || (published->flags & DNA_DNSKEY_ZONE) == 0) {
        return "the DNSKEY record is not that of a zone's key";
    }
    return (published->flags & DNA_DNSKEY_REVOKE) != 0 ? "the DNSKEY is revoked" : NULL;
}

static enum cli_exit check_dnskey(struct cli_publication *p, const struct dna_private_key *key)
{
    const char *file = cli_text(p->call, "dnskey"), *why;
    struct dna_spki_dnskey dnskey;
    struct cli_dnskey published;
    struct dna_span text;
    enum dna_err err = dnskey_of(key, &dnskey);
    if (err == DNA_ERR_FORMAT) {
        return cli_invalid(p->call, "no DNSSEC algorithm uses such a key");
    }
    if (err != DNA_OK) {
        return cli_fault(p->call, "%s", dna_err_name(err));
    }
    if (file == NULL) {
        cli_publish_advise(p, "The key must be the one that signs the zone's DNSKEY records: a "
                              "KSK (flags 257), or the only key. --dnskey K*.key checks that.");
        return CLI_ACCEPTED;
    }
    if (!cli_read(p->call, file, &text)) {
        return CLI_FAULT;
    }
    if (!cli_dnskey_read(text, &published)) {
        return cli_invalid(p->call, "%s: it is no DNSKEY record", file);
    }
    why = fault_of(&published, cli_text(p->call, "domain"), key, &dnskey);
    if (why != NULL) {
        return cli_invalid(p->call, "%s: %s", file, why);
    }
    if ((published.flags & DNA_DNSKEY_SEP) == 0) {
        cli_publish_advise(p, "This is not a key-signing key (flags 256): it only works where "
                              "the zone has no other key. Have the KSK certified otherwise.");
    }
    return CLI_ACCEPTED;
}

static enum cli_exit run_ta(struct cli_call *call)
{
    const char *domain = cli_text(call, "domain");
    const struct dna_request_names names = {.common_name = domain, .dns = &domain, .n_dns = 1};
    struct dna_private_key *key;
    struct cli_publication p;
    enum cli_exit status = read_key(call, &key);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_publish_begin(&p, call);
    status = check_dnskey(&p, key);
    if (status == CLI_ACCEPTED) {
        cli_publish_reread(&p, dna_request_make(key, &names, &p.text), "the request is lost");
    }
    dna_private_key_free(key);
    if (status != CLI_ACCEPTED) {
        cli_publish_drop(&p);
        return status;
    }
    cli_publish_advise(&p, "Take it to a certification authority that others believe. The "
                           "certificate must name %s itself: a wildcard does not do.", domain);
    cli_publish_advise(&p, "Hand the certificate, with its intermediates, to the hoster, who "
                           "puts it on a web server and names its URL to others. The private "
                           "key stays where it is, and must not be used for TLS.");
    cli_publish_advise(&p, "Authorities rarely sign Ed25519 and Ed448 keys; RSA and ECDSA keys "
                           "they do.");
    cli_publish_advise(&p, "Before the key is rolled, have the new one certified; until then "
                           "keep both in the zone.");
    return cli_publish_end(&p, "a request for a certificate (PKCS#10)",
                           "a certification authority");
}

static const struct cli_option ta_options[] = {
    {"domain", CLI_DOMAIN, .required = true, .value = "D", .help = "the XMPP domain"},
    {"key", CLI_FILE, .required = true, .value = "FILE",
     .help = "the private key of the zone's key-signing key, K*.private or PEM"},
    {"dnskey", CLI_FILE, .value = "FILE",
     .help = "its public half, K*.key, to check that it can serve as an anchor"},
    {0},
};
static const struct cli_example ta_examples[] = {
    {"dna publish ta-request --domain example.com --key Kexample.com.+013+45674.private "
     "--dnskey Kexample.com.+013+45674.key > example.com.csr",
     "the request for a certificate over the zone's DNSSEC key"},
    {0},
};
const struct cli_command cli_publish_ta_request = {
    .name = "ta-request",
    .summary = "a request for a certificate over the zone's DNSSEC key",
    .usage = "--domain D --key FILE [--dnskey FILE]",
    .about = "For a signed zone whose parent has no DS record (the prooftype dnssec-ta): a "
             "certificate over the zone's own key tells others what the missing DS would. "
             "Makes the request for it, signed by that key: a private-key file of BIND or "
             "ldns, of the algorithms 8, 10 and 13 to 16, or PEM.",
    .members = "place: whom it is for\n"
               "text: the request in PEM\n"
               "advice: array of what to do with it",
    .options = ta_options,
    .examples = ta_examples,
    .run = run_ta,
};

/* --- SRVName ------------------------------------------------------------------------------ */

static enum cli_exit gather(struct cli_call *call, const char **srv, const char **dns,
                            struct dna_request_names *out)
{
    static const char *const services[] = {"xmpp-server", "xmpp-client"};
    *out = (struct dna_request_names){.srv = srv, .dns = dns};
    for (size_t i = 0; i < cli_count(call, "domain"); i++) {
        for (size_t k = 0; k < 2; k++) {
            if (!cli_has_word(call, "service", services[k])) {
                continue;
            }
            if (out->n_srv == NAMES_MOST) {
                return cli_usage(call, "more than %d names", NAMES_MOST);
            }
            srv[out->n_srv] = cli_text_of(call, "_%s.%s", services[k],
                                          cli_nth(call, "domain", i));
            if (srv[out->n_srv++] == NULL) {
                return CLI_FAULT;
            }
        }
    }
    for (size_t i = 0; i < cli_count(call, "host"); i++) {
        if (out->n_dns == NAMES_MOST) {
            return cli_usage(call, "more than %d names", NAMES_MOST);
        }
        dns[out->n_dns++] = cli_nth(call, "host", i);
    }
    return CLI_ACCEPTED;
}

static enum cli_exit run_srvname(struct cli_call *call)
{
    const char *srv[NAMES_MOST], *dns[NAMES_MOST];
    struct dna_request_names names;
    struct dna_private_key *key;
    struct cli_publication p;
    enum cli_exit status = gather(call, srv, dns, &names);
    if (status == CLI_ACCEPTED) {
        status = read_key(call, &key);
    }
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_publish_begin(&p, call);
    cli_publish_reread(&p, dna_request_make(key, &names, &p.text), "the request is lost");
    dna_private_key_free(key);
    cli_publish_advise(&p, "Take it to an authority that certifies SRVNames (RFC 4985): a "
                           "community's own, since public ones do not today. It must check "
                           "that the domain's owner agrees.");
    cli_publish_advise(&p, "The certificate proves this service of the domain and nothing else "
                           "of it. An authority whose own certificate has name constraints "
                           "must permit these SRVNames expressly, or they do not count.");
    return cli_publish_end(&p, "a request for a certificate with SRVNames (PKCS#10)",
                           "a certification authority");
}

static const struct cli_option srvname_options[] = {
    {"domain", CLI_DOMAIN, .required = true, .many = true, .value = "D",
     .help = "a domain whose service the certificate is for"},
    {"key", CLI_FILE, .required = true, .value = "PEM",
     .help = "the private key of the hoster's server"},
    {"service", CLI_WORDS, .words = "xmpp-server xmpp-client", .value = "S",
     .otherwise = "xmpp-server", .help = "the services"},
    {"host", CLI_DOMAIN, .many = true, .value = "H",
     .help = "name this host, too, as a dNSName"},
    {0},
};
static const struct cli_example srvname_examples[] = {
    {"dna publish srvname-request --domain example.com --key server.key > example.com.csr",
     "the hoster's request for a certificate that speaks for the domain's XMPP alone"},
    {0},
};
const struct cli_command cli_publish_srvname_request = {
    .name = "srvname-request",
    .summary = "a request for a certificate with SRVNames",
    .usage = "--domain D... --key PEM [OPTION...]",
    .about = "Makes the request for a certificate that names a service of a domain (RFC 4985), "
             "so that a hoster can speak for the domain's XMPP without being able to speak "
             "for its web site.",
    .members = "place: whom it is for\n"
               "text: the request in PEM\n"
               "advice: array of what to do with it",
    .options = srvname_options,
    .examples = srvname_examples,
    .run = run_srvname,
};
