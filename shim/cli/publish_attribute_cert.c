/* cli/publish_attribute_cert.c: `dna publish attribute-cert`: the owner of a domain certifies
 * its hoster (RFC 5755).
 *
 * The key of the owner's own certificate signs, and never leaves the owner; what comes out is
 * public.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <cli/input.h>
#include <cli/publish.h>
#include <cli/report.h>
#include <x509/acert_issue.h>
#include <x509/identity.h>
#include <x509/spki.h>

#define DAYS_MOST 31
#define DAY (24 * 3600)
#define SKEW 300 /* seconds that others' clocks may be behind */
#define NAMES_MOST 64
#define LINE_OF_PEM 64

struct issue {
    struct dna_acert_order order;
    struct dna_chain *issuer, *holder;
    struct evp_pkey_st *key;
    const char *services[NAMES_MOST], *targets[NAMES_MOST];
    unsigned char serial[16];
};

static void release(struct issue *issue)
{
    dna_chain_free(issue->issuer);
    dna_chain_free(issue->holder);
    if (issue->key != NULL) {
        dna_acert_key_free(issue->key);
    }
}

static enum cli_exit read_names(struct cli_call *call, struct issue *issue)
{
    if (cli_count(call, "domain") > NAMES_MOST || cli_count(call, "for") > NAMES_MOST) {
        return cli_usage(call, "more than %d names", NAMES_MOST);
    }
    for (size_t i = 0; i < cli_count(call, "domain"); i++) {
        const char *domain = cli_nth(call, "domain", i);
        issue->services[i] = cli_text_of(call, "_xmpp-server.%s", domain);
        if (issue->services[i] == NULL) {
            return CLI_FAULT;
        }
        /* As verifiers see it: no wildcard. */
        if (!dna_identity_dns(issue->issuer, domain, false) &&
            !dna_identity_srv(issue->issuer, "xmpp-server", domain)) {
            return cli_invalid(call, "the issuer's certificate does not name %s", domain);
        }
    }
    for (size_t i = 0; i < cli_count(call, "for"); i++) {
        issue->targets[i] = cli_nth(call, "for", i);
    }
    issue->order.services = issue->services;
    issue->order.n_services = cli_count(call, "domain");
    issue->order.targets = issue->targets;
    issue->order.n_targets = cli_count(call, "for");
    return CLI_ACCEPTED;
}

/* As a verifier does; without --roots nobody knows whom verifiers believe. */
static enum cli_exit check_path(struct cli_call *call, const struct dna_chain *issuer)
{
    struct dna_roots *roots;
    struct dna_path path;
    enum dna_err err;
    if (cli_count(call, "roots") == 0) {
        return CLI_ACCEPTED;
    }
    if (!cli_need_roots(call, "roots", &roots)) {
        return CLI_FAULT;
    }
    err = dna_path_check(issuer, roots, cli_at(call), &path);
    dna_roots_free(roots);
    if (err != DNA_OK) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (path.code != DNA_PATH_OK || !path.digital_signature) {
        return cli_invalid(call, "the issuer's certificate would not do: %s",
                           path.code != DNA_PATH_OK ? path.why
                                                    : "its key is not for signatures");
    }
    return CLI_ACCEPTED;
}

static enum cli_exit read_issuer(struct cli_call *call, struct issue *issue)
{
    const char *file = cli_text(call, "key");
    int64_t not_before, not_after, at = cli_at(call);
    struct dna_span pem;
    enum dna_err err;
    if (!cli_need_chain(call, cli_text(call, "issuer"), &issue->issuer) ||
        !cli_read(call, file, &pem)) {
        return CLI_FAULT;
    }
    dna_chain_leaf_validity(issue->issuer, &not_before, &not_after);
    if (at < not_before || at >= not_after) {
        return cli_invalid(call, "%s: the certificate is not valid now",
                           cli_text(call, "issuer"));
    }
    if (!dna_spki_strong(issue->issuer)) {
        return cli_invalid(call, "%s: the key of the certificate is too weak",
                           cli_text(call, "issuer"));
    }
    err = dna_acert_key(pem, issue->issuer, &issue->key);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_ARGUMENT) {
        return cli_invalid(call, "%s: %s", file, err == DNA_ERR_FORMAT
                           ? "there is no private key in it, or one with a passphrase"
                           : "it is not the key of the issuer's certificate");
    }
    issue->order.issuer = issue->issuer;
    issue->order.key = issue->key;
    return err == DNA_OK ? check_path(call, issue->issuer)
                         : cli_fault(call, "%s", dna_err_name(err));
}

static enum cli_exit read_holder(struct cli_call *call, struct issue *issue)
{
    const char *file = cli_text(call, "cert"), *host = cli_text(call, "host");
    if ((file == NULL) == (host == NULL)) {
        return cli_usage(call, "needs either --cert or --host: whom it is for");
    }
    if (host != NULL) {
        if (cli_flag(call, "holder-key")) {
            return cli_usage(call, "--holder-key goes with --cert");
        }
        issue->order.bearer = DNA_ACERT_BEARER_NAME;
        issue->order.host = host;
        return CLI_ACCEPTED;
    }
    if (!cli_need_chain(call, file, &issue->holder)) {
        return CLI_FAULT;
    }
    if (!dna_spki_strong(issue->holder)) {
        return cli_invalid(call, "%s: the key of the certificate is too weak", file);
    }
    issue->order.bearer = cli_flag(call, "holder-key") ? DNA_ACERT_BEARER_KEY
                                                       : DNA_ACERT_BEARER_CERTIFICATE;
    issue->order.holder = issue->holder;
    issue->order.hash = DNA_HASH_SHA256;
    return CLI_ACCEPTED;
}

/* Positive, and of full length: its first bits are 01. */
static enum cli_exit draw_serial(struct cli_call *call, struct issue *issue)
{
    if (getrandom(issue->serial, sizeof issue->serial, 0) != (ssize_t)sizeof issue->serial) {
        return cli_fault(call, "no random numbers: %s", strerror(errno));
    }
    issue->serial[0] = (unsigned char)((issue->serial[0] & 0x3f) | 0x40);
    issue->order.serial = (struct dna_span){(const char *)issue->serial, sizeof issue->serial};
    return CLI_ACCEPTED;
}

static enum cli_exit prepare(struct cli_call *call, struct issue *issue)
{
    enum cli_exit status = read_issuer(call, issue);
    if (status == CLI_ACCEPTED) {
        status = read_names(call, issue);
    }
    if (status == CLI_ACCEPTED) {
        status = read_holder(call, issue);
    }
    issue->order.not_before = cli_at(call) - SKEW;
    issue->order.not_after =
        issue->order.not_before + cli_number(call, "days", DAYS_MOST) * DAY;
    return status == CLI_ACCEPTED ? draw_serial(call, issue) : status;
}

/* --- what is printed ---------------------------------------------------------------------- */

static void write_base64(struct cli_publication *p, struct dna_span der)
{
    size_t room = (der.len + 2) / 3 * 4 + 1;
    char *text = dna_arena_get(&p->call->memory, room);
    enum dna_err err = text == NULL ? DNA_ERR_MEMORY
                                    : dna_base64_encode((const unsigned char *)der.ptr, der.len,
                                                        text, room);
    p->err = p->err == DNA_OK ? err : p->err;
    if (p->err == DNA_OK) {
        for (size_t i = 0; i < room - 1; i += LINE_OF_PEM) {
            cli_publish_line(p, "%.*s", LINE_OF_PEM, text + i);
        }
    }
}

static void write_block(struct cli_publication *p, const char *label, struct dna_span der)
{
    cli_publish_line(p, "-----BEGIN %s-----", label);
    write_base64(p, der);
    cli_publish_line(p, "-----END %s-----", label);
}

static enum dna_err write_proof(struct cli_publication *p, const struct issue *issue,
                                const struct dna_span *der)
{
    struct dna_span cms;
    enum dna_err err;
    if (strcmp(cli_text(p->call, "form"), "pem") == 0) {
        write_block(p, "ATTRIBUTE CERTIFICATE", *der);
        for (size_t i = 0; i < dna_chain_count(issue->issuer); i++) {
            write_block(p, "CERTIFICATE", dna_chain_der(issue->issuer, i));
        }
        return DNA_OK;
    }
    err = dna_acert_wrap(NULL, der, 1, issue->issuer, &cms);
    if (err == DNA_OK) {
        write_base64(p, cms);
        dna_alloc_release(NULL, (void *)(uintptr_t)cms.ptr);
    }
    return err;
}

static void reread(struct cli_publication *p)
{
    struct dna_acert_bundle *bundle;
    const char *why = NULL;
    if (p->err == DNA_OK) {
        enum dna_err err = dna_acert_bundle_read(NULL, dna_buf_span(&p->text), &bundle, &why);
        if (err == DNA_OK) {
            why = bundle->acerts[0]->fault;
            err = why == NULL ? DNA_OK : DNA_ERR_FORMAT;
            cli_publish_reread(p, err, why);
            dna_acert_bundle_free(bundle);
        } else {
            cli_publish_reread(p, err, why);
        }
    }
}

static void advise(struct cli_publication *p, const struct issue *issue)
{
    int64_t not_before, not_after;
    dna_chain_leaf_validity(issue->issuer, &not_before, &not_after);
    cli_publish_advise(p, "Hand it to the hoster, who shows it to whoever asks. Nothing in it "
                          "is secret; the key stays with the owner.");
    cli_publish_advise(p, "It cannot be revoked and ends by itself: issue the next one before "
                          "its %lld days are over.",
                       (long long)cli_number(p->call, "days", DAYS_MOST));
    if (not_after < issue->order.not_after) {
        cli_publish_advise(p, "The issuer's own certificate expires first, and this one with "
                              "it.");
    }
    if (dna_chain_count(issue->issuer) == 1) {
        cli_publish_advise(p, "The issuer's intermediates are missing unless a root issued it: "
                              "put them behind it in the file.");
    }
    if (issue->order.bearer == DNA_ACERT_BEARER_CERTIFICATE) {
        cli_publish_advise(p, "It is for this very certificate of the hoster: a new one needs "
                              "a new attribute certificate beforehand.");
    } else if (issue->order.bearer == DNA_ACERT_BEARER_NAME) {
        cli_publish_advise(p, "The hoster's certificate must be trusted and name %s.",
                           issue->order.host);
    }
    cli_publish_advise(p, "The profile is this project's own, and the proof is off by default "
                          "in others' servers.");
}

static enum cli_exit make(struct cli_call *call, const struct issue *issue)
{
    struct cli_publication p;
    struct dna_span der = {NULL, 0};
    const char *why = "";
    enum dna_err err = dna_acert_issue(NULL, &issue->order, &der, &why);
    if (err == DNA_ERR_ARGUMENT) {
        return cli_invalid(call, "%s", why);
    }
    if (err != DNA_OK) {
        return cli_fault(call, "it cannot be signed: %s", dna_err_name(err));
    }
    cli_publish_begin(&p, call);
    cli_publish_reread(&p, write_proof(&p, issue, &der), NULL);
    dna_alloc_release(NULL, (void *)(uintptr_t)der.ptr);
    reread(&p);
    advise(&p, issue);
    return cli_publish_end(&p, "an attribute certificate", "the hoster");
}

static enum cli_exit run(struct cli_call *call)
{
    struct issue issue = {.issuer = NULL};
    enum cli_exit status = prepare(call, &issue);
    if (status == CLI_ACCEPTED) {
        status = make(call, &issue);
    }
    release(&issue);
    return status;
}

static const struct cli_option options[] = {
    {"domain", CLI_DOMAIN, .required = true, .many = true, .value = "D",
     .help = "the domain, or several, that the issuer's certificate names"},
    {"issuer", CLI_FILE, .required = true, .value = "PEM",
     .help = "the owner's own certificate, that of the web site say, with its intermediates"},
    {"key", CLI_FILE, .required = true, .value = "PEM", .help = "its private key"},
    {"roots", CLI_FILE, .many = true, .value = "PEM",
     .help = "check beforehand that those who believe these authorities will believe it"},
    {"cert", CLI_FILE, .value = "PEM",
     .help = "the hoster's certificate, which is thereby accepted whoever issued it"},
    {"holder-key", CLI_FLAG,
     .help = "with --cert: its key counts, which may outlive the certificate"},
    {"host", CLI_DOMAIN, .value = "H",
     .help = "the hoster's server by its name; its certificate must then be trusted"},
    {"for", CLI_DOMAIN, .many = true, .value = "T",
     .help = "only this domain may rely on it; without: everybody"},
    {"days", CLI_NUMBER, .least = 1, .most = DAYS_MOST, .value = "DAYS", .otherwise = "31",
     .help = "how long it is good"},
    {"form", CLI_WORD, .words = "pem cms", .value = "FORM", .otherwise = "pem",
     .help = "PEM blocks, or the base64 of a CMS message as it stands in a proof"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna publish attribute-cert --domain example.com --issuer web.pem --key web.key "
     "--cert server.pem > example.com.ac",
     "example.com lets the server with this certificate speak for it, for a month"},
    {0},
};
const struct cli_command cli_publish_attribute_cert = {
    .name = "attribute-cert",
    .summary = "an attribute certificate by which an owner certifies its hoster",
    .usage = "--domain D... --issuer PEM --key PEM (--cert PEM | --host H) [OPTION...]",
    .about = "Issues an attribute certificate (RFC 5755) that delegates the service "
             "xmpp-server of a domain to a hoster, signed with the key of the domain's own "
             "certificate.",
    .members = "place: whom it is for\n"
               "text: the certificate, with that of its issuer\n"
               "advice: array of what to do with it",
    .options = options,
    .examples = examples,
    .run = run,
};
