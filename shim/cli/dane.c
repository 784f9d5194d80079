/* cli/dane.c: `dna dane`: TLSA records matched with a chain, without the DNS (RFC 7671).
 *
 * What decides is the library's: which records are usable, digest agility, which
 * certificate a record stands for, the path under it.  A match by a certificate's
 * bytes alone goes before one that needs a path, as in the court.
 */
#include <stdio.h>
#include <string.h>

#include <base/codec.h>
#include <base/limits.h>
#include <cli/input.h>
#include <cli/records.h>
#include <cli/report.h>
#include <proof/certificate.h>
#include <x509/dane.h>
#include <x509/identity.h>
#include <x509/spki.h>

#define USAGES 4

struct trial {
    struct cli_call *call;
    const struct dna_chain *chain;
    const struct dna_roots *roots;
    const char *host, *domain; /* domain may be NULL */
    struct dna_tlsa records[DNA_LIMIT_TLSA];
    size_t n;
    /* The match, or how far the best record got. */
    const struct dna_tlsa *found;
    size_t depth;
    enum dna_code code;
    char why[DNA_WHY_MAX];
};

/* --- records as they are written ---------------------------------------------------- */

/* Takes a number up to 255 off *text. */
static bool read_octet(const char **text, unsigned char *out)
{
    unsigned value = 0;
    const char *p = *text + strspn(*text, " \t");
    if (*p < '0' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9' && value <= 255; p++) {
        value = 10 * value + (unsigned)(*p - '0');
    }
    *text = p;
    *out = (unsigned char)value;
    return value <= 255 && (*p == ' ' || *p == '\t');
}

/* "3 1 1 HEX", the HEX with blanks and parentheses as in zone files.  rdata lives as
 * long as the call; false: it was said what is wrong. */
static bool read_record(struct cli_call *call, const char *text, struct dna_span *rdata)
{
    size_t room = 3 + strlen(text) + 1, n = 0, len;
    unsigned char *bytes = dna_arena_get(&call->memory, room);
    char *hex = dna_arena_get(&call->memory, room);
    const char *p = text;
    if (bytes == NULL || hex == NULL) {
        (void)cli_fault(call, "out of memory");
        return false;
    }
    if (read_octet(&p, &bytes[0]) && read_octet(&p, &bytes[1]) &&
        read_octet(&p, &bytes[2])) {
        for (; *p != '\0'; p++) {
            if (strchr(" \t\n()", *p) == NULL) {
                hex[n++] = *p;
            }
        }
        if (n > 0 && dna_hex_decode((struct dna_span){hex, n}, bytes + 3, room - 3,
                                    &len) == DNA_OK) {
            *rdata = (struct dna_span){(char *)bytes, 3 + len};
            return true;
        }
    }
    (void)cli_usage(call, "--record needs 'USAGE SELECTOR MATCHING HEX', not \"%s\"",
                    text);
    return false;
}

static bool is_wanted(const struct cli_call *call, enum dna_tlsa_usage usage)
{
    static const char *const words[USAGES] = {"0", "1", "2", "3"};
    return cli_has_word(call, "usages", words[usage]);
}

/* The usable records, after digest agility. */
static bool read_records(struct trial *t)
{
    size_t given = cli_count(t->call, "record");
    for (size_t i = 0; i < given; i++) {
        struct dna_span rdata;
        struct dna_tlsa tlsa;
        if (!read_record(t->call, cli_nth(t->call, "record", i), &rdata)) {
            return false;
        }
        if (dna_tlsa_parse(rdata, &tlsa) == DNA_OK && is_wanted(t->call, tlsa.usage)) {
            if (t->n == DNA_LIMIT_TLSA) {
                (void)cli_usage(t->call, "more than %d usable records", DNA_LIMIT_TLSA);
                return false;
            }
            t->records[t->n++] = tlsa;
        }
    }
    t->n = dna_tlsa_agility(t->records, t->n);
    return true;
}

/* --- matching ----------------------------------------------------------------------- */

static void miss(struct trial *t, enum dna_code code, const char *why)
{
    if (t->code == DNA_CODE_NO_MATCH) {
        t->code = code;
        (void)snprintf(t->why, sizeof t->why, "%s", why);
    }
}

/* The first certificate from `first` on that the record stands for; the chain's length
 * where there is none. */
static enum dna_err find(const struct trial *t, const struct dna_tlsa *tlsa, size_t first,
                         size_t *out)
{
    size_t n = dna_chain_count(t->chain);
    bool matches = false;
    for (*out = first; *out < n; ++*out) {
        enum dna_err err = dna_tlsa_matches(tlsa, t->chain, *out, &matches);
        if (err != DNA_OK || matches) {
            return err;
        }
    }
    return DNA_OK;
}

static bool names_either(const struct trial *t, const struct dna_path *path)
{
    return dna_certificate_names(t->chain, path, DNA_XMPP_SERVER, t->host) ||
           (t->domain != NULL &&
            dna_certificate_names_domain(t->chain, path, DNA_XMPP_SERVER, t->domain));
}

/* Usage 3: no path, no dates, and no names unless they are asked for. */
static enum dna_err try_end_entity(struct trial *t, const struct dna_tlsa *tlsa,
                                   bool *matches)
{
    enum dna_err err = dna_tlsa_matches(tlsa, t->chain, 0, matches);
    if (err != DNA_OK || !*matches) {
        return err;
    }
    *matches = false;
    t->depth = 0;
    if (!dna_spki_strong(t->chain)) {
        miss(t, DNA_CODE_WEAK_KEY,
             "a record matches, but the certificate's key is too weak");
    } else if (cli_flag(t->call, "ee-name-check") &&
               !dna_identity_dns(t->chain, t->host, true) &&
               (t->domain == NULL || !dna_identity_dns(t->chain, t->domain, true))) {
        miss(t, DNA_CODE_NAME_MISMATCH,
             "a record matches, but the certificate does not name what it should");
    } else {
        *matches = true;
    }
    return DNA_OK;
}

/* Usages 0, 1 and 2: the record, a path, and a name. */
static enum dna_err try_path(struct trial *t, const struct dna_tlsa *tlsa, bool *matches)
{
    bool end_entity = tlsa->usage == DNA_TLSA_PKIX_EE;
    struct dna_path path;
    struct dna_ruling refusal;
    size_t n = dna_chain_count(t->chain);
    enum dna_err err = find(t, tlsa, end_entity ? 0 : 1, &t->depth);
    *matches = false;
    if (err != DNA_OK || (end_entity && t->depth != 0) ||
        (tlsa->usage == DNA_TLSA_DANE_TA && tlsa->matching != 0 && t->depth == n)) {
        return err;
    }
    err = end_entity ? dna_path_check(t->chain, t->roots, cli_at(t->call), &path)
                     : dna_path_check_anchored(t->chain, t->roots, tlsa->rdata,
                                               cli_at(t->call), &path);
    if (err != DNA_OK) {
        return err;
    }
    if (!dna_certificate_trusted(&path, DNA_PROOF_PKIX, cli_at(t->call),
                                 "under the record the certificate", &refusal)) {
        if (t->depth < n) { /* else the record is of another CA altogether */
            miss(t, refusal.code, refusal.why);
        }
    } else if (!names_either(t, &path)) {
        miss(t, DNA_CODE_NAME_MISMATCH,
             "a record matches, but the certificate does not name what it should");
    } else {
        *matches = true;
    }
    return DNA_OK;
}

static enum dna_err try_all(struct trial *t, bool by_path)
{
    enum dna_err err = DNA_OK;
    for (size_t i = 0; i < t->n && err == DNA_OK && t->found == NULL; i++) {
        const struct dna_tlsa *tlsa = &t->records[i];
        bool matches = false;
        if ((tlsa->usage != DNA_TLSA_DANE_EE) == by_path) {
            err = by_path ? try_path(t, tlsa, &matches)
                          : try_end_entity(t, tlsa, &matches);
            t->found = matches ? tlsa : NULL;
        }
    }
    return err;
}

/* --- the answer --------------------------------------------------------------------- */

static enum cli_exit report(struct trial *t)
{
    struct cli_report report;
    if (t->n == 0) {
        cli_report_begin(&report, t->call, CLI_NOT_APPLICABLE,
                         dna_code_name(DNA_CODE_NO_MATERIAL),
                         "none of the records is usable");
    } else if (t->found == NULL) {
        cli_report_begin(&report, t->call, CLI_FAIL, dna_code_name(t->code), "%s",
                         t->why);
    } else {
        cli_report_begin(&report, t->call, CLI_PROVEN, "ok",
                         "a TLSA record %u %u %u stands for %s",
                         (unsigned)t->found->usage, t->found->selector, t->found->matching,
                         t->depth == 0 ? "the certificate" : "a CA of its path");
    }
    if (t->found != NULL) {
        const char *record = cli_record_text(t->call, DNA_DNS_TLSA, t->found->rdata);
        cli_report_string(&report, "record", record != NULL ? record : "");
        cli_report_number(&report, "depth", (int64_t)t->depth);
    }
    cli_report_number(&report, "usable", (int64_t)t->n);
    return cli_report_end(&report);
}

static enum cli_exit match(struct trial *t)
{
    enum dna_err err;
    t->code = DNA_CODE_NO_MATCH;
    (void)strcpy(t->why, "no usable record stands for the certificate");
    err = try_all(t, false);
    if (err == DNA_OK && t->found == NULL) {
        err = try_all(t, true);
    }
    return err == DNA_OK ? report(t) : cli_fault(t->call, "%s", dna_err_name(err));
}

static enum cli_exit run(struct cli_call *call)
{
    struct trial t = {
        .call = call,
        .host = cli_text(call, "host"),
        .domain = cli_text(call, "domain"),
    };
    struct dna_chain *chain;
    struct dna_roots *roots;
    const char *why;
    enum cli_exit status;
    if (!read_records(&t) || !cli_read_chain(call, call->operands[0], &chain, &why)) {
        return CLI_FAULT;
    }
    if (chain == NULL) {
        return cli_invalid(call, "%s: %s", call->operands[0], why);
    }
    status = CLI_FAULT;
    if (cli_need_roots(call, "roots", &roots)) {
        t.chain = chain;
        t.roots = roots;
        status = match(&t);
        dna_roots_free(roots);
    }
    dna_chain_free(chain);
    return status;
}

static const struct cli_option options[] = {
    {"host", CLI_DOMAIN, .required = true, .value = "H",
     .help = "the host that the records belong to, of _PORT._tcp.H"},
    {"domain", CLI_DOMAIN, .value = "D",
     .help = "the XMPP domain, which the certificate may name instead of the host"},
    {"roots", CLI_FILE, .many = true, .value = "PEM",
     .help = "the certificate authorities to believe, for the usages 0 and 1"},
    {"record", CLI_TEXT, .many = true, .required = true, .value = "'U S M HEX'",
     .help = "a TLSA record as zone files write it: usage, selector, matching type, hex"},
    {"usages", CLI_WORDS, .words = "0 1 2 3", .value = "LIST", .otherwise = "3,2",
     .help = "the usages that count; records of the others are not usable"},
    {"ee-name-check", CLI_FLAG,
     .help = "demand a name under usage 3, too, which RFC 7671 does without"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna dane chain.pem --host xmpp.example.net --record '3 1 1 8a9a70596e869bed...'",
     "whether the record stands for the server's certificate"},
    {"dna dane chain.pem --host xmpp.example.net --domain example.com "
     "--record '2 0 1 8a9a70596e869bed...'",
     "whether a path leads to the CA that the record stands for, and a name is right"},
    {0},
};
const struct cli_command cli_command_dane = {
    .name = "dane",
    .summary = "match TLSA records with a certificate chain",
    .usage = "CHAIN.pem --host H [--domain D] [--roots PEM] --record 'U S M HEX' "
             "[OPTION...]",
    .about = "Says whether one of the TLSA records stands for the chain, leaf first, "
             "that a server presents (RFC 6698, RFC 7671), which one, and at which "
             "depth: 0 is the leaf, 1 its issuer, and the number of certificates where "
             "the record itself holds the anchor, or names a root that the chain "
             "leaves out. Digest agility applies: of each usage and selector only the "
             "strongest digest counts. Where no record is usable, nothing matches. "
             "Whether the records are secure is not looked at here: `dna dns` says "
             "that.",
    .members = "record: the record that matched\n"
               "depth: which certificate it stands for\n"
               "usable: how many records count",
    .operands = {.name = "CHAIN.pem", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
