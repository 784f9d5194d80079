/* cli/publish_tlsa.c: `dna publish tlsa`: TLSA records of an XMPP server (RFC 7673 4). */
#include <stdlib.h>
#include <string.h>

#include <cli/publish.h>
#include <cli/records.h>
#include <x509/tlsa_make.h>

#define RECORDS_MOST (2 * CLI_PUBLISH_CERTIFICATES)

/* The texts of the records, each once: a renewed certificate may have kept its key. */
struct records {
    const char *texts[RECORDS_MOST];
    size_t n;
};

static enum dna_err add(struct cli_call *call, const struct dna_chain *chain,
                        struct records *records)
{
    enum dna_tlsa_usage usage = (enum dna_tlsa_usage)cli_number(call, "usage", 3);
    struct dna_buf rdata;
    struct dna_tlsa tlsa;
    const char *text = NULL;
    enum dna_err err;
    dna_buf_init(&rdata, NULL, UINT16_MAX);
    err = dna_tlsa_make(chain, usage, (unsigned)cli_number(call, "selector", 1),
                        (unsigned)cli_number(call, "matching", 1), &rdata);
    if (err == DNA_OK) {
        err = dna_tlsa_parse(dna_buf_span(&rdata), &tlsa);
    }
    if (err == DNA_OK) {
        text = cli_record_text(call, DNA_DNS_TLSA, dna_buf_span(&rdata));
        err = text != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    dna_buf_fini(&rdata);
    for (size_t i = 0; err == DNA_OK && i < records->n; i++) {
        if (strcmp(records->texts[i], text) == 0) {
            return DNA_OK;
        }
    }
    if (err == DNA_OK) {
        records->texts[records->n++] = text;
    }
    return err;
}

static void write_records(struct cli_publication *p, const char *host, unsigned long port,
                          const struct records *records)
{
    for (size_t i = 0; i < records->n; i++) {
        cli_publish_line(p, "_%lu._tcp.%s. %lld IN TLSA %s", port, host,
                         (long long)cli_ttl(p->call), records->texts[i]);
    }
}

static void advise(struct cli_publication *p, const struct cli_certificates *certificates)
{
    int64_t usage = cli_number(p->call, "usage", 3);
    cli_publish_advise(p, "The zone of the host must be signed with DNSSEC, or the records "
                          "say nothing.");
    if (usage == 0 || usage == 2) {
        cli_publish_advise(p, "The server must send this authority's certificate along with "
                              "its own.");
    }
    if (usage < 2) {
        cli_publish_advise(p, "Servers need not look at usage 0 and 1 (RFC 7671 4); ours does "
                              "only where it is told to. 3 1 1 works everywhere.");
    }
    cli_advise_change(p, certificates, 2 * cli_ttl(p->call));
}

static enum cli_exit make(struct cli_call *call, const struct cli_certificates *certificates)
{
    const char *host = cli_text(call, "host");
    struct records records = {.n = 0};
    struct cli_publication p;
    cli_publish_begin(&p, call);
    for (size_t i = 0; i < certificates->n; i++) {
        cli_publish_reread(&p, add(call, certificates->chains[i], &records),
                           "the certificate makes no usable record");
    }
    cli_publish_line(&p, "; TLSA records of %s, for the zone that this host is in", host);
    if (cli_count(call, "port") == 0) {
        write_records(&p, host, 5269, &records);
    }
    for (size_t i = 0; i < cli_count(call, "port"); i++) {
        write_records(&p, host, strtoul(cli_nth(call, "port", i), NULL, 10), &records);
    }
    advise(&p, certificates);
    return cli_publish_end(&p, "TLSA records", cli_text_of(call, "the zone of %s", host));
}

static enum cli_exit run(struct cli_call *call)
{
    struct cli_certificates certificates;
    enum cli_exit status;
    if (cli_count(call, "cert") == 0) {
        return cli_usage(call, "--cert PEM is missing");
    }
    status = cli_need_certificates(call, &certificates);
    if (status == CLI_ACCEPTED) {
        status = make(call, &certificates);
        cli_certificates_free(&certificates);
    }
    return status;
}

static const struct cli_option options[] = {
    {"host", CLI_DOMAIN, .required = true, .value = "H",
     .help = "the server's own name, which the SRV records of its customers lead to"},
    CLI_OPTION_CERT("the server's certificate; for usage 2 and 0 that of the authority"),
    CLI_OPTION_NEXT,
    {"port", CLI_NUMBER, .many = true, .least = 1, .most = 65535, .value = "PORT",
     .help = "a port that it listens on; 5269 if none is given"},
    {"usage", CLI_NUMBER, .least = 0, .most = 3, .value = "U", .otherwise = "3",
     .help = "3: this server's certificate; 2: this authority; 1 and 0: the same, and trusted "
             "by others' authorities as well"},
    {"selector", CLI_NUMBER, .least = 0, .most = 1, .value = "S", .otherwise = "1",
     .help = "1: the public key, 0: the whole certificate"},
    {"matching", CLI_NUMBER, .least = 0, .most = 2, .value = "M", .otherwise = "1",
     .help = "1: SHA-256, 2: SHA-512, 0: all of it"},
    CLI_OPTION_TTL,
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish tlsa --host xmpp.example.net --cert server.pem --port 5269 --port 5270",
     "the records of a server with STARTTLS and direct TLS"},
    {0},
};
const struct cli_command cli_publish_tlsa = {
    .name = "tlsa",
    .summary = "TLSA records of a server (DANE)",
    .usage = "--host H --cert PEM [--next PEM] [OPTION...]",
    .about = "Makes the lines of a zone file that let others recognise the server's key "
             "(RFC 6698, RFC 7673). They stand in the hoster's zone, once for all customers; a "
             "key that is in use and one that will be both have a record.",
    .members = "place: the zone where they belong\n"
               "text: the lines\n"
               "advice: array of what to do with them",
    .options = options,
    .examples = examples,
    .run = run,
};
