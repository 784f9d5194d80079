/* cli/dns.c: `dna dns`: one look-up with what DNSSEC says about it, by the driver's
 * resolver. */
#include <ctype.h>
#include <string.h>

#include <uv.h>

#include <base/codec.h>
#include <cli/records.h>
#include <cli/report.h>
#include <edge/loop.h>
#include <resolver/resolver.h>

#define ROOT_HINTS "/usr/share/dns/root.hints"
#define RESOLVERS_MOST 16

struct search {
    struct cli_call *call;
    uv_loop_t uv;
    struct dna_edge_loop *loop;
    struct dna_resolver *resolver;
    bool answered, closed;
    enum cli_exit status;
};

static const struct {
    const char *name;
    uint16_t type;
} types[] = {
    {"A", DNA_DNS_A},     {"AAAA", DNA_DNS_AAAA},     {"SRV", DNA_DNS_SRV},
    {"TLSA", DNA_DNS_TLSA}, {"TXT", DNA_DNS_TXT},     {"CNAME", DNA_DNS_CNAME},
    {"DNSKEY", DNA_DNS_DNSKEY},
};
#define TYPES (sizeof types / sizeof *types)

static bool read_type(const char *word, uint16_t *out)
{
    for (size_t i = 0; i < TYPES; i++) {
        if (strcasecmp(types[i].name, word) == 0) {
            *out = types[i].type;
            return true;
        }
    }
    return false;
}

/* A name of the DNS: labels that begin with an underscore, then a domain.  out has
 * DNA_NAME_MAX + 1 bytes. */
static bool read_name(const char *text, char *out)
{
    const char *at = text;
    struct dna_name name;
    size_t prefix;
    if (strcmp(text, ".") == 0) {
        strcpy(out, ".");
        return true;
    }
    while (*at == '_' && strchr(at, '.') != NULL) {
        at = strchr(at, '.') + 1;
    }
    prefix = (size_t)(at - text);
    if (prefix > DNA_NAME_MAX || dna_name_parse(dna_span_of(at), &name) != DNA_OK ||
        dna_name_is_address(&name) || prefix + strlen(name.text) > DNA_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < prefix; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL) {
            return false;
        }
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    memcpy(out + prefix, name.text, strlen(name.text) + 1);
    return true;
}

/* --- the answer --------------------------------------------------------------------- */

static void begin_report(struct cli_report *report, struct cli_call *call,
                         const struct dna_dns_answer *answer)
{
    const char *security = answer->secure ? "secure" : "insecure";
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
        cli_report_begin(report, call, CLI_VALID, "ok", "%zu record%s, %s",
                         answer->n_rdata, answer->n_rdata == 1 ? "" : "s", security);
        return;
    case DNA_DNS_ABSENT:
        cli_report_begin(report, call, CLI_VALID, dna_code_name(DNA_CODE_NO_MATERIAL),
                         "there is no such record, %s", security);
        return;
    case DNA_DNS_BOGUS:
        cli_report_begin(report, call, CLI_INVALID, dna_code_name(DNA_CODE_DNS_BOGUS),
                         "%s", answer->why);
        return;
    case DNA_DNS_FAILED:
        break;
    }
    cli_report_begin(report, call, CLI_TEMPFAIL, dna_code_name(DNA_CODE_DNS_FAILED), "%s",
                     answer->why);
}

static void answered(void *arg, const struct dna_dns_answer *answer)
{
    struct search *s = arg;
    struct cli_report report;
    begin_report(&report, s->call, answer);
    cli_report_string(&report, "name", answer->name);
    cli_report_string(&report, "type", dna_dns_type_name(answer->type));
    cli_report_string(&report, "outcome", dna_dns_outcome_name(answer->outcome));
    cli_report_flag(&report, "secure", answer->secure);
    if (answer->outcome == DNA_DNS_BOGUS) {
        cli_report_string(&report, "why_bogus", answer->why);
    } else {
        cli_report_null(&report, "why_bogus");
    }
    cli_report_list(&report, "records");
    for (size_t i = 0; i < answer->n_rdata; i++) {
        const char *text = cli_record_text(s->call, answer->type, answer->rdata[i]);
        cli_report_add(&report, "records", dna_span_of(text != NULL ? text : "?"));
    }
    if (answer->outcome == DNA_DNS_FOUND || answer->outcome == DNA_DNS_ABSENT) {
        cli_report_number(&report, "ttl", answer->ttl);
        cli_report_flag(&report, "aliased", answer->aliased);
    }
    s->status = cli_report_end(&report);
    s->answered = true;
}

/* --- the look-up -------------------------------------------------------------------- */

static void loop_closed(void *arg)
{
    struct search *s = arg;
    s->closed = true;
}

static bool no_turn(void *arg)
{
    (void)arg;
    return false;
}

static enum dna_err open_resolver(struct search *s)
{
    const struct cli_call *call = s->call;
    size_t n = cli_count(call, "resolver");
    const char *servers[RESOLVERS_MOST];
    struct dna_resolver_options options = {
        .mode = n > 0 ? DNA_RESOLVER_FORWARD : DNA_RESOLVER_ITERATE,
        .servers = servers,
        .n_servers = n,
        .root_hints = n > 0 ? NULL : ROOT_HINTS,
        .trust_anchor_file = cli_text(call, "trust-anchor"),
    };
    for (size_t i = 0; i < n; i++) {
        servers[i] = cli_nth(call, "resolver", i);
    }
    return dna_resolver_new(dna_edge_loop_face(s->loop), &options, &s->resolver);
}

static enum cli_exit search(struct search *s, const char *name, uint16_t type)
{
    struct dna_lookup *lookup;
    enum dna_err err = open_resolver(s);
    if (err != DNA_OK) {
        return cli_fault(s->call, err == DNA_ERR_SYSTEM
                         ? "the trust anchor %s or the root hints cannot be read"
                         : "the resolver for %s cannot be started",
                         cli_text(s->call, "trust-anchor"));
    }
    err = dna_resolver_lookup(s->resolver, name, type, 0, answered, s, &lookup);
    if (err != DNA_OK) {
        return cli_fault(s->call, "%s: %s", name, dna_err_name(err));
    }
    cli_progress(s->call, "asking for %s", name);
    while (!s->answered) {
        (void)uv_run(&s->uv, UV_RUN_ONCE);
    }
    return s->status;
}

static enum cli_exit run(struct cli_call *call)
{
    struct search s = {.call = call};
    char name[DNA_NAME_MAX + 1];
    uint16_t type;
    enum cli_exit status;
    if (!read_name(call->operands[0], name)) {
        return cli_usage(call, "\"%s\" is not a name of the DNS", call->operands[0]);
    }
    if (!read_type(call->operands[1], &type)) {
        return cli_usage(call,
                         "\"%s\" is none of the types A, AAAA, SRV, TLSA, TXT, CNAME and "
                         "DNSKEY",
                         call->operands[1]);
    }
    if (cli_count(call, "resolver") > RESOLVERS_MOST) {
        return cli_usage(call, "more than %d resolvers", RESOLVERS_MOST);
    }
    if (uv_loop_init(&s.uv) != 0) {
        return cli_fault(call, "no event loop");
    }
    if (dna_edge_loop_new(NULL, &s.uv, no_turn, &s, &s.loop) != DNA_OK) {
        (void)uv_loop_close(&s.uv);
        return cli_fault(call, "no event loop");
    }
    status = search(&s, name, type);
    if (s.resolver != NULL) {
        dna_resolver_free(s.resolver);
    }
    dna_edge_loop_close(s.loop, loop_closed, &s);
    while (!s.closed && uv_run(&s.uv, UV_RUN_DEFAULT) != 0) {
    }
    (void)uv_loop_close(&s.uv);
    return status;
}

static const struct cli_option options[] = {
    CLI_OPTION_RESOLVER,
    CLI_OPTION_TRUST_ANCHOR,
    {0},
};
static const struct cli_example examples[] = {
    {"dna dns _xmpp-server._tcp.example.com SRV",
     "the servers of example.com, and whether DNSSEC secures that"},
    {"dna dns _5269._tcp.xmpp.example.net TLSA --resolver 127.0.0.1",
     "the TLSA records of a server, by the resolver on this machine, validated here"},
    {0},
};
const struct cli_command cli_command_dns = {
    .name = "dns",
    .summary = "look something up, and say what DNSSEC says about it",
    .usage = "NAME TYPE [--resolver ADDR[@PORT]] [--trust-anchor FILE]",
    .about = "Asks the DNS as the library does and validates the answer itself. An "
             "answer is found, absent (that there is no such record is an answer as "
             "well), bogus (should validate, and does not) or failed (nothing could be "
             "found out), and secure or not. TYPE is A, AAAA, SRV, TLSA, TXT, CNAME or "
             "DNSKEY.",
    .members = "name, type: what was asked for\n"
               "outcome: found, absent, bogus or failed\n"
               "secure: whether DNSSEC vouches for the answer\n"
               "why_bogus: why it does not validate, or null\n"
               "records: array of strings, as zone files write them\n"
               "ttl: seconds\n"
               "aliased: whether an alias was followed",
    .operands = {.name = "NAME TYPE", .least = 2, .most = 2, .type = CLI_TEXT},
    .options = options,
    .examples = examples,
    .run = run,
};
