/* cli/check.c: `dna check`: how a domain looks to its peers.
 *
 * One row for each prooftype at each endpoint, then the summary, whose ruling is the exit
 * status: some proof holds, or none does, or it could not be found out.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cli/inspect.h>
#include <cli/report.h>

#define OWN_DOMAIN "dna-check.invalid"

/* --- rows ----------------------------------------------------------------------------- */

static bool counts_by_default(unsigned type)
{
    return (dna_policy_default().prooftypes & DNA_PROOF_BIT(type)) != 0;
}

static const char *host_of(const struct cli_endpoint *e)
{
    return e->host.text[0] != '\0' ? e->host.text : e->inspection->options.domain;
}

static const char *tls_of(const struct cli_endpoint *e)
{
    return e->direct_tls ? "direct" : "starttls";
}

static enum cli_exit row_as_json(struct cli_call *call, const struct cli_endpoint *e,
                                 unsigned type)
{
    const struct dna_ruling *ruling = &e->findings[type].ruling;
    struct cli_report report;
    cli_report_ruling(&report, call, ruling);
    cli_report_string(&report, "domain", e->inspection->options.domain);
    cli_report_string(&report, "prooftype", dna_prooftype_name((enum dna_prooftype)type));
    cli_report_flag(&report, "default", counts_by_default(type));
    cli_report_flag(&report, "veto", ruling->veto);
    cli_report_string(&report, "host", host_of(e));
    cli_report_string(&report, "endpoint", e->text);
    cli_report_string(&report, "tls", tls_of(e));
    cli_report_flag(&report, "connected", e->chain != NULL);
    cli_report_string(&report, "remedy", cli_remedy(ruling));
    return cli_report_end(&report);
}

static void row_as_text(const struct cli_call *call, unsigned type,
                        const struct dna_ruling *ruling)
{
    static const char *const colours[] = {
        [DNA_NOT_APPLICABLE] = "\033[33m",
        [DNA_TEMPFAIL] = "\033[33m",
        [DNA_FAIL] = "\033[31m",
        [DNA_PROVEN] = "\033[32m",
    };
    const char *remedy = cli_remedy(ruling);
    (void)printf("  %-18s %s%-14s%s ", dna_prooftype_name((enum dna_prooftype)type),
                 call->colour ? colours[ruling->verdict] : "",
                 dna_verdict_name(ruling->verdict), call->colour ? "\033[0m" : "");
    if (ruling->code != DNA_CODE_OK) {
        (void)printf("(%s) ", dna_code_name(ruling->code));
    }
    cli_write_safe(stdout, ruling->why);
    if (ruling->verdict == DNA_PROVEN && ruling->expires_at != DNA_NEVER) {
        char text[64];
        time_t seconds = (time_t)ruling->expires_at;
        struct tm tm;
        if (gmtime_r(&seconds, &tm) != NULL &&
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) != 0) {
            (void)printf("; until %s", text);
        }
    }
    (void)fputc('\n', stdout);
    /* Of what is optional and not there, nobody needs to be told. */
    if (*remedy != '\0' &&
        (ruling->verdict != DNA_NOT_APPLICABLE || counts_by_default(type))) {
        (void)printf("  %-18s   -> %s\n", "", remedy);
    }
}

static void endpoint_as_text(const struct cli_call *call, const struct cli_endpoint *e)
{
    (void)printf("%s (%s, %s)\n", host_of(e), e->text,
                 e->direct_tls ? "direct TLS" : "STARTTLS");
    if (e->chain == NULL) {
        (void)fputs("  not reached: ", stdout);
        cli_write_safe(stdout, e->trouble);
        (void)printf("\n  -> %s\n", cli_remedy(&e->findings[DNA_N_PROOFTYPES].ruling));
        return;
    }
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        row_as_text(call, i, &e->findings[i].ruling);
    }
}

static bool show_endpoints(struct cli_call *call, const struct cli_inspection *in)
{
    for (size_t i = 0; i < in->n_places; i++) {
        if (in->places[i].n == 0) {
            cli_print(call, "%s: no address%s%s", in->places[i].srv.target.text,
                      in->places[i].trouble[0] != '\0' ? ": " : "", in->places[i].trouble);
        }
    }
    for (size_t i = 0; i < in->n_endpoints; i++) {
        if (!call->json) {
            endpoint_as_text(call, in->endpoints[i]);
            continue;
        }
        for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
            if (row_as_json(call, in->endpoints[i], t) == CLI_FAULT) {
                return false;
            }
        }
    }
    return true;
}

/* --- the evidence ---------------------------------------------------------------------- */

/* Of the endpoint that proves it, or of the first that was heard. */
static const char *evidence_of(const struct cli_inspection *in)
{
    const char *first = NULL;
    for (size_t i = 0; i < in->n_endpoints; i++) {
        const struct cli_endpoint *e = in->endpoints[i];
        const struct dna_ruling *court = &e->findings[DNA_N_PROOFTYPES].ruling;
        const char *bundle = e->bundle;
        if (court->verdict != DNA_PROVEN && cli_endpoint_ruling(e).verdict == DNA_PROVEN) {
            bundle = e->stream.bundle;
        }
        if (bundle != NULL && cli_endpoint_ruling(e).verdict == DNA_PROVEN) {
            return bundle;
        }
        first = first != NULL ? first : bundle;
    }
    return first;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len != 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_bundle(struct cli_call *call, struct dna_span bundle)
{
    const char *file = cli_text(call, "bundle");
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool fine = fd >= 0 && write_all(fd, bundle.ptr, bundle.len);
    if (fd >= 0 && close(fd) != 0) {
        fine = false;
    }
    if (!fine) {
        (void)cli_fault(call, "%s: %s", file, strerror(errno));
    }
    return fine;
}

struct saving {
    struct cli_call *call;
    bool over, fine;
};

static void completed(void *arg, struct dna_span bundle)
{
    struct saving *saving = arg;
    saving->fine = write_bundle(saving->call, bundle);
    saving->over = true;
}

/* With the signed answers of the DNS, as far as they can be had. */
static bool save_bundle(struct cli_live *live, const char *bundle)
{
    struct saving saving = {.call = live->call};
    const char *file = cli_text(live->call, "bundle");
    if (file == NULL) {
        return true;
    }
    if (bundle == NULL) {
        (void)cli_fault(live->call, "there was no hearing, and no bundle is written to %s",
                        file);
        return false;
    }
    if (dna_uv_complete_bundle(live->driver, dna_span_of(bundle), completed, &saving) !=
        DNA_OK) {
        return write_bundle(live->call, dna_span_of(bundle));
    }
    while (!saving.over) {
        cli_live_step(live);
    }
    return saving.fine;
}

/* --- the summary ----------------------------------------------------------------------- */

static enum cli_exit summarise(struct cli_call *call, const struct cli_inspection *in)
{
    size_t proven, reached = 0;
    struct dna_ruling ruling = cli_inspect_ruling(in, &proven);
    const char *remedy = cli_remedy(&ruling);
    struct cli_report report;
    for (size_t i = 0; i < in->n_endpoints; i++) {
        reached += in->endpoints[i]->chain != NULL;
    }
    cli_report_ruling(&report, call, &ruling);
    report.what = in->options.domain;
    cli_report_string(&report, "domain", in->options.domain);
    cli_report_string(&report, "prooftype",
                      ruling.verdict == DNA_PROVEN ? dna_prooftype_name(ruling.prooftype)
                                                   : "");
    cli_report_number(&report, "endpoints", (int64_t)in->n_endpoints);
    cli_report_number(&report, "reached", (int64_t)reached);
    cli_report_number(&report, "proven", (int64_t)proven);
    if (in->left_out != 0) {
        cli_report_number(&report, "left_out", (int64_t)in->left_out);
    }
    if (ruling.verdict != DNA_PROVEN && *remedy != '\0') {
        cli_report_string(&report, "remedy", remedy);
    }
    return cli_report_end(&report);
}

static enum cli_exit report(struct cli_live *live, const struct cli_inspection *in)
{
    struct cli_call *call = live->call;
    enum cli_exit status;
    cli_progress_end(call);
    if (!show_endpoints(call, in)) {
        return CLI_FAULT;
    }
    status = summarise(call, in);
    return save_bundle(live, evidence_of(in)) ? status : CLI_FAULT;
}

static enum cli_exit inspect(struct cli_live *live, const struct cli_inspect_options *options)
{
    struct cli_inspection *in = cli_inspect_start(live, options);
    enum cli_exit status;
    if (in == NULL) {
        return cli_fault(live->call, "out of memory");
    }
    while (!cli_inspect_over(in)) {
        cli_live_step(live);
        cli_inspect_pull(live, &in, 1);
    }
    status = report(live, in);
    cli_inspect_free(in);
    return status;
}

static enum cli_exit run(struct cli_call *call)
{
    struct cli_inspect_options options = {
        .domain = call->operands[0],
        .own = cli_text(call, "from"),
        .service = strcmp(cli_text(call, "service"), "xmpp-client") == 0 ? DNA_XMPP_CLIENT
                                                                         : DNA_XMPP_SERVER,
        .connect = cli_text(call, "connect"),
    };
    struct cli_live live;
    enum cli_exit status;
    if (cli_text(call, "bundle") != NULL && strcmp(cli_text(call, "bundle"), "-") == 0) {
        return cli_usage(call, "--bundle needs a file");
    }
    status = cli_live_open(&live, call, DNA_EVIDENCE_ALL);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    status = CLI_FAULT;
    if (cli_live_identity(&live, options.own, &options.identity)) {
        status = inspect(&live, &options);
    }
    dna_uv_identity_free(options.identity);
    cli_live_close(&live);
    return status;
}

static const struct cli_option options[] = {
    {"from", CLI_DOMAIN, .value = "OWN", .otherwise = OWN_DOMAIN,
     .help = "the domain in whose name to connect"},
    {"service", CLI_WORD, .words = "xmpp-server xmpp-client", .value = "SERVICE",
     .otherwise = "xmpp-server", .help = "which service of the domain to check"},
    {"connect", CLI_ENDPOINT, .value = "ADDR@PORT",
     .help = "connect there, by STARTTLS, whatever the SRV records say"},
    {"cert", CLI_FILE, .value = "PEM", .help = "present this chain, leaf first"},
    {"key", CLI_FILE, .value = "PEM", .help = "the key of --cert"},
    {"bundle", CLI_FILE, .value = "FILE", .help = "write the evidence there, for dna verify"},
    CLI_OPTIONS_LIVE,
    {0},
};
static const struct cli_example examples[] = {
    {"dna check example.com", "what proves the servers of example.com to their peers"},
    {"dna check example.com --bundle evidence.json",
     "the same, and the evidence for dna verify"},
    {"dna check example.com --connect 192.0.2.7@5269 --json",
     "a server that the SRV records do not name yet, as JSON"},
    {0},
};
const struct cli_command cli_command_check = {
    .name = "check",
    .summary = "connect to a domain's servers, and say what proves them",
    .usage = "DOMAIN [--from OWN] [--service xmpp-server|xmpp-client] [--connect ADDR@PORT]\n"
             "DOMAIN [--cert PEM --key PEM] [--bundle FILE]",
    .about = "Looks up where the domain is served, connects to every endpoint by STARTTLS and "
             "by direct TLS, and hears the court about the certificates found there, for each "
             "prooftype by itself and for all together. The table says what proves the domain "
             "and until when, what does not and why, and what to do about it. The last line "
             "is the ruling: the exit status is 0 where a proof holds at some endpoint, 1 "
             "where everything is refused, and 3 where it could not be found out.\n"
             "dnssec-ta and attribute-cert are asked of the peer over a stream between servers; "
             "with --service xmpp-client they are not asked for, since clients and their "
             "servers do not exchange them. Without --cert, a self-signed certificate is "
             "presented. With --connect the server is taken for no "
             "particular SRV target, and proofs that rest on one do not hold.",
    .members = "domain, host, endpoint: what was checked, and where\n"
               "tls: starttls or direct\n"
               "connected: whether a certificate was seen there\n"
               "prooftype: which proof; in the summary, the one that holds\n"
               "default: whether it counts without being configured\n"
               "veto: whether it forbids other proofs\n"
               "expires: when the proof ends\n"
               "remedy: what to do about it\n"
               "endpoints, reached, proven: in the summary, how many\n"
               "left_out: in the summary, endpoints beyond what is looked at",
    .operands = {.name = "DOMAIN", .least = 1, .most = 1, .type = CLI_DOMAIN},
    .options = options,
    .examples = examples,
    .run = run,
};
