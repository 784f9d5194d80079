/* cli/acert.c: `dna acert`: attribute certificates shown, and heard for the peer that they
 * delegate to. */
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <base/codec.h>
#include <base/limits.h>
#include <cli/hear.h>
#include <cli/input.h>
#include <cli/report.h>
#include <x509/acert_show.h>
#include <x509/pem.h>

static bool is_der(struct dna_span bytes)
{
    return bytes.len > 1 && bytes.ptr[0] == 0x30 && (bytes.ptr[1] & 0x80) != 0;
}

static bool is_pem(struct dna_span bytes)
{
    static const char mark[] = "-----BEGIN ";
    return memmem(bytes.ptr, bytes.len, mark, sizeof mark - 1) != NULL;
}

/* --- showing ------------------------------------------------------------------------ */

static bool is_list(const char *key)
{
    static const char *const lists[] = {"holder", "issuer", "attributes", "extensions"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (strcmp(key, lists[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void put_field(void *arg, const char *key, struct dna_span text)
{
    if (is_list(key)) {
        cli_report_add(arg, key, text);
    } else {
        cli_report_text(arg, key, text);
    }
}

static enum cli_exit show(struct cli_call *call, const struct dna_acert *acert)
{
    static const char *const lists[] = {"holder", "issuer", "attributes", "extensions"};
    struct cli_report report;
    enum dna_err err;
    cli_report_begin(&report, call, CLI_VALID, "ok", "an attribute certificate");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cli_report_list(&report, lists[i]);
    }
    err = dna_acert_show(acert, put_field, &report);
    cli_report_string(&report, "profile", acert->fault != NULL ? acert->fault : "fulfilled");
    if (err != DNA_OK) {
        (void)cli_report_end(&report);
        return cli_fault(call, "%s", dna_err_name(err));
    }
    return cli_report_end(&report);
}

/* The first attribute certificate among the blocks of a text. */
static enum dna_err first_block(struct dna_span text, struct dna_acert **out)
{
    struct dna_pem_block block;
    struct dna_span der;
    enum dna_err err;
    while ((err = dna_pem_next(&text, DNA_PEM_TEXT_BETWEEN, &block)) == DNA_OK) {
        if (!dna_span_is(block.label, "ATTRIBUTE CERTIFICATE")) {
            continue;
        }
        err = dna_pem_decode(NULL, &block, &der);
        if (err == DNA_OK) {
            err = dna_acert_parse(NULL, der, out);
            dna_alloc_release(NULL, (void *)(uintptr_t)der.ptr);
        }
        return err;
    }
    return DNA_ERR_FORMAT;
}

static enum dna_err read_bundle(struct dna_span bytes, struct dna_acert_bundle **out,
                                const char **why)
{
    return is_der(bytes) ? dna_acert_bundle_parse(NULL, bytes, out, why)
                         : dna_acert_bundle_read(NULL, bytes, out, why);
}

static enum cli_exit refuse(struct cli_call *call, const char *why)
{
    struct cli_report report;
    cli_report_begin(&report, call, CLI_INVALID, dna_code_name(DNA_CODE_BAD_MATERIAL), "%s",
                     why);
    return cli_report_end(&report);
}

static enum cli_exit end_badly(struct cli_call *call, enum dna_err err, const char *why)
{
    return err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT
               ? refuse(call, why)
               : cli_fault(call, "%s", dna_err_name(err));
}

/* A message, PEM, or one bare certificate in DER. */
static enum cli_exit show_file(struct cli_call *call, struct dna_span bytes)
{
    struct dna_acert_bundle *bundle;
    struct dna_acert *acert;
    const char *why = "there is no attribute certificate in it";
    enum cli_exit status = CLI_ACCEPTED;
    enum dna_err err = is_pem(bytes)   ? first_block(bytes, &acert)
                       : is_der(bytes) ? dna_acert_parse(NULL, bytes, &acert)
                                       : DNA_ERR_FORMAT;
    if (err == DNA_OK) {
        status = show(call, acert);
        dna_acert_free(acert);
        return status;
    }
    if (err != DNA_ERR_FORMAT || is_pem(bytes)) {
        return end_badly(call, err, why);
    }
    err = read_bundle(bytes, &bundle, &why);
    if (err != DNA_OK) {
        return end_badly(call, err, why);
    }
    for (size_t i = 0; i < bundle->n && status == CLI_ACCEPTED; i++) {
        status = show(call, bundle->acerts[i]);
    }
    dna_acert_bundle_free(bundle);
    return status;
}

/* --- hearing ------------------------------------------------------------------------ */

static enum dna_err add_block(struct dna_buf *buf, const char *label, struct dna_span der)
{
    size_t room = 4 * ((der.len + 2) / 3) + 1;
    char *space;
    enum dna_err err = dna_buf_printf(buf, "-----BEGIN %s-----\n", label);
    err = err == DNA_OK ? dna_buf_reserve(buf, room, &space) : err;
    if (err == DNA_OK) {
        err = dna_base64_encode((const unsigned char *)der.ptr, der.len, space, room);
        dna_buf_added(buf, err == DNA_OK ? room - 1 : 0);
    }
    return err == DNA_OK ? dna_buf_printf(buf, "\n-----END %s-----\n", label) : err;
}

/* What the peer would have supplied: the file's own bytes, the certificates of --untrusted
 * behind them. */
static enum dna_err supply(struct dna_span bytes, const struct dna_chain *untrusted,
                           struct dna_buf *buf)
{
    struct dna_acert_bundle *bundle;
    struct dna_acert *acert;
    const char *why;
    enum dna_err err;
    if (bytes.len == 0) {
        return DNA_ERR_FORMAT;
    }
    if (!is_der(bytes) && !is_pem(bytes) && untrusted == NULL) {
        return dna_buf_add(buf, bytes);
    }
    err = is_pem(bytes)   ? dna_buf_add(buf, bytes)
          : is_der(bytes) ? dna_acert_parse(NULL, bytes, &acert)
                          : DNA_ERR_FORMAT;
    if (err == DNA_OK && !is_pem(bytes)) {
        err = add_block(buf, "ATTRIBUTE CERTIFICATE", acert->der);
        dna_acert_free(acert);
    } else if (err == DNA_ERR_FORMAT) {
        err = read_bundle(bytes, &bundle, &why);
        if (err != DNA_OK) {
            return err;
        }
        for (size_t i = 0; err == DNA_OK && i < bundle->n; i++) {
            err = add_block(buf, "ATTRIBUTE CERTIFICATE", bundle->acerts[i]->der);
        }
        for (size_t i = 0; err == DNA_OK && i < bundle->n_certificates; i++) {
            err = add_block(buf, "CERTIFICATE", bundle->certificates[i]);
        }
        dna_acert_bundle_free(bundle);
    }
    for (size_t i = 0; err == DNA_OK && untrusted != NULL && i < dna_chain_count(untrusted);
         i++) {
        err = add_block(buf, "CERTIFICATE", dna_chain_der(untrusted, i));
    }
    return err;
}

static enum cli_exit judge(struct cli_call *call, struct cli_hearing *hearing)
{
    struct dna_ruling ruling;
    struct cli_report report;
    enum cli_exit status = cli_hear(call, hearing, &ruling);
    if (status != CLI_ACCEPTED) {
        return status;
    }
    cli_report_ruling(&report, call, &ruling);
    return cli_report_end(&report);
}

static enum cli_exit hear_with(struct cli_call *call, struct dna_span bytes,
                               const struct dna_chain *holder, const struct dna_roots *roots,
                               const struct dna_chain *untrusted)
{
    struct cli_hearing hearing = {
        .prooftype = DNA_PROOF_ATTRIBUTE_CERT,
        .domain = cli_text(call, "domain"),
        .own = cli_text(call, "own"),
        .chain = holder,
        .roots = roots,
        .at = cli_at(call),
        .accept_www = cli_flag(call, "accept-www"),
        .accept_wildcard = cli_flag(call, "accept-wildcard"),
        .accept_serial = cli_flag(call, "accept-serial"),
    };
    struct dna_buf buf;
    enum cli_exit status;
    enum dna_err err;
    dna_buf_init(&buf, NULL, 4 * DNA_LIMIT_PROOF);
    err = supply(bytes, untrusted, &buf);
    hearing.proof = dna_buf_span(&buf);
    if (err == DNA_OK && hearing.proof.len > DNA_LIMIT_PROOF) {
        err = DNA_ERR_LIMIT;
    }
    status = err == DNA_OK ? judge(call, &hearing)
                           : end_badly(call, err,
                                       err == DNA_ERR_LIMIT
                                           ? "it is longer than a proof may be"
                                           : "there is no attribute certificate in it");
    dna_buf_fini(&buf);
    return status;
}

static enum cli_exit hear_file(struct cli_call *call, struct dna_span bytes)
{
    struct dna_chain *holder = NULL, *untrusted = NULL;
    struct dna_roots *roots = NULL;
    enum cli_exit status = CLI_FAULT;
    if (cli_need_chain(call, cli_text(call, "holder"), &holder) &&
        (cli_text(call, "untrusted") == NULL ||
         cli_need_chain(call, cli_text(call, "untrusted"), &untrusted)) &&
        cli_need_roots(call, "roots", &roots)) {
        status = hear_with(call, bytes, holder, roots, untrusted);
    }
    dna_roots_free(roots);
    dna_chain_free(untrusted);
    dna_chain_free(holder);
    return status;
}

/* --- the command -------------------------------------------------------------------- */

static enum cli_exit run(struct cli_call *call)
{
    static const char *const needed[] = {"holder", "roots", "domain"};
    struct dna_span bytes;
    for (size_t i = 0; !cli_flag(call, "show") && i < sizeof needed / sizeof *needed; i++) {
        if (cli_text(call, needed[i]) == NULL) {
            return cli_usage(call, "needs --show, or --holder, --roots and --domain");
        }
    }
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    return cli_flag(call, "show") ? show_file(call, bytes) : hear_file(call, bytes);
}

static const struct cli_option options[] = {
    {"show", CLI_FLAG, .help = "print the fields of any attribute certificate of RFC 5755"},
    {"holder", CLI_FILE, .value = "PEM", .help = "the peer's chain, leaf first"},
    {"roots", CLI_FILE, .many = true, .value = "PEM",
     .help = "the certificate authorities to believe"},
    {"untrusted", CLI_FILE, .value = "PEM",
     .help = "the issuer's certificate and those above it, where FILE does not hold them"},
    {"domain", CLI_DOMAIN, .value = "D", .help = "the domain whose service is delegated"},
    {"own", CLI_DOMAIN, .value = "D",
     .help = "who asks: for certificates that only some may rely on"},
    {"accept-www", CLI_FLAG, .help = "take www.D's certificate for an issuer, too"},
    {"accept-wildcard", CLI_FLAG, .help = "take a wildcard certificate for an issuer, too"},
    {"accept-serial", CLI_FLAG,
     .help = "let the holder be named by the issuer and serial number of its certificate"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna acert delegation.pem --holder server.pem --roots /etc/ssl/certs/ca-certificates.crt "
     "--domain example.com",
     "whether it lets this server speak for the domain"},
    {"dna acert delegation.pem --show", "what is in it"},
    {0},
};
const struct cli_command cli_command_acert = {
    .name = "acert",
    .summary = "check an attribute certificate, or show its fields",
    .usage = "FILE --holder PEM --roots PEM [--untrusted PEM] --domain D [--own D] "
             "[--at UNIXTIME]\nFILE --show",
    .about = "Reads what the prooftype attribute-cert carries: attribute certificates (RFC "
             "5755) with which the owner of a domain, by the key of a certificate for it, "
             "delegates its XMPP service, and the certificates of their issuer. They come as "
             "CMS in DER or base64, or as PEM. With --show every attribute certificate that is "
             "proper DER is printed, whatever it is for.",
    .members = "profile: --show: \"fulfilled\", or what the prooftype does not allow in it\n"
               "version, serial, not_before, not_after, signature_algorithm: --show: text\n"
               "holder, issuer: --show: arrays of names\n"
               "attributes, extensions: --show: arrays of object identifier and value\n"
               "holder_digest, holder_certificate_issuer, holder_certificate_serial: --show: "
               "the holder named in other ways",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
