/* cli/posh.c: `dna posh`: a POSH document (RFC 7711) read, and compared with a
 * certificate. */
#include <string.h>

#include <base/codec.h>
#include <cli/input.h>
#include <cli/report.h>
#include <json/posh_document.h>
#include <x509/digest.h>
#include <x509/spki.h>

static const struct {
    const char *name;
    enum dna_hash hash;
} hashes[] = {
    [DNA_POSH_SHA256] = {"sha-256", DNA_HASH_SHA256},
    [DNA_POSH_SHA384] = {"sha-384", DNA_HASH_SHA384},
    [DNA_POSH_SHA512] = {"sha-512", DNA_HASH_SHA512},
};

static void describe(struct cli_report *report, const struct dna_posh_document *document)
{
    char text[4 * ((DNA_HASH_MAX + 2) / 3) + 1];
    cli_report_list(report, "fingerprints");
    for (size_t i = 0; i < document->n_fingerprints; i++) {
        const struct dna_posh_fingerprint *print = &document->fingerprints[i];
        if (dna_base64_encode(print->digest, dna_hash_size(hashes[print->hash].hash),
                              text, sizeof text) == DNA_OK) {
            cli_report_into(report, "fingerprints");
            cli_report_string(report, hashes[print->hash].name, text);
            cli_report_out(report);
        }
    }
    if (document->url != NULL) {
        cli_report_string(report, "url", document->url);
    } else {
        cli_report_null(report, "url");
    }
    cli_report_number(report, "expires", document->expires);
}

static enum cli_exit finish(struct cli_report *report,
                            const struct dna_posh_document *document)
{
    describe(report, document);
    return cli_report_end(report);
}

/* Whether some fingerprint is the certificate's; *hash names it. */
static enum dna_err compare(const struct dna_posh_document *document,
                            const struct dna_chain *chain, const char **hash)
{
    unsigned char digest[DNA_HASH_MAX];
    *hash = NULL;
    for (size_t i = 0; i < document->n_fingerprints && *hash == NULL; i++) {
        const struct dna_posh_fingerprint *print = &document->fingerprints[i];
        enum dna_err err = dna_hash(hashes[print->hash].hash, dna_chain_der(chain, 0),
                                    digest);
        if (err != DNA_OK) {
            return err;
        }
        if (memcmp(digest, print->digest, dna_hash_size(hashes[print->hash].hash)) == 0) {
            *hash = hashes[print->hash].name;
        }
    }
    return DNA_OK;
}

/* A fingerprint stands for path and name, never for dates or the key's strength. */
static enum cli_exit judge(struct cli_call *call,
                           const struct dna_posh_document *document,
                           const struct dna_chain *chain)
{
    struct cli_report report;
    int64_t not_before, not_after, at = cli_at(call);
    const char *hash;
    enum dna_err err = compare(document, chain, &hash);
    if (err != DNA_OK) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    dna_chain_leaf_validity(chain, &not_before, &not_after);
    if (hash == NULL) {
        cli_report_begin(&report, call, CLI_FAIL, dna_code_name(DNA_CODE_NO_MATCH),
                         "no fingerprint in it is that of the certificate");
    } else if (!dna_spki_strong(chain)) {
        cli_report_begin(&report, call, CLI_FAIL, dna_code_name(DNA_CODE_WEAK_KEY),
                         "the certificate matches, but its key is too weak");
    } else if (at < not_before || at >= not_after) {
        cli_report_begin(&report, call, CLI_FAIL, dna_code_name(DNA_CODE_NOT_VALID_NOW),
                         "the certificate matches, but is not valid at this time");
    } else {
        int64_t until = at + document->expires;
        cli_report_begin(&report, call, CLI_PROVEN, "ok",
                         "the %s fingerprint is that of the certificate", hash);
        cli_report_time(&report, "until", until < not_after ? until : not_after);
    }
    return finish(&report, document);
}

static enum cli_exit judge_document(struct cli_call *call,
                                    const struct dna_posh_document *document)
{
    bool refers = document->kind == DNA_POSH_REFERENCE;
    const char *file = cli_text(call, "cert");
    struct cli_report report;
    struct dna_chain *chain;
    enum cli_exit status;
    if (document->expires == 0) {
        cli_report_begin(&report, call, CLI_INVALID, dna_code_name(DNA_CODE_BAD_MATERIAL),
                         "it says that it has expired");
        return finish(&report, document);
    }
    if (!refers && document->n_fingerprints == 0) {
        cli_report_begin(&report, call, CLI_INVALID, dna_code_name(DNA_CODE_BAD_MATERIAL),
                         "it uses no hash function that we know");
        return finish(&report, document);
    }
    if (refers && file != NULL) {
        cli_report_begin(&report, call, CLI_TEMPFAIL, dna_code_name(DNA_CODE_NO_MATERIAL),
                         "it refers to another document, which decides");
        return finish(&report, document);
    }
    if (file == NULL) {
        cli_report_begin(&report, call, CLI_VALID, "ok",
                         refers ? "a reference document" : "a fingerprints document");
        return finish(&report, document);
    }
    if (!cli_need_chain(call, file, &chain)) {
        return CLI_FAULT;
    }
    status = judge(call, document, chain);
    dna_chain_free(chain);
    return status;
}

static enum cli_exit run(struct cli_call *call)
{
    struct dna_posh_document document;
    struct dna_span bytes;
    const char *why = "";
    enum cli_exit status;
    enum dna_err err;
    if (!cli_read(call, call->operands[0], &bytes)) {
        return CLI_FAULT;
    }
    err = dna_posh_parse(NULL, bytes, &document, &why);
    if (err == DNA_ERR_MEMORY) {
        return cli_fault(call, "%s", dna_err_name(err));
    }
    if (err != DNA_OK) {
        return cli_invalid(call, "%s", why);
    }
    status = judge_document(call, &document);
    dna_posh_fini(&document);
    return status;
}

static const struct cli_option options[] = {
    {"cert", CLI_FILE, .value = "PEM",
     .help = "compare the fingerprints with this certificate, the first one in the file"},
    CLI_OPTION_AT,
    {0},
};
static const struct cli_example examples[] = {
    {"dna posh xmpp-server.json --cert server.pem",
     "whether the document lets a server with this certificate speak for the domain"},
    {0},
};
const struct cli_command cli_command_posh = {
    .name = "posh",
    .summary = "read a POSH document, and compare it with a certificate",
    .usage = "FILE [--cert PEM] [--at UNIXTIME]",
    .about = "Reads the document that a domain publishes at "
             "https://DOMAIN/.well-known/posh/xmpp-server.json (RFC 7711), as strictly "
             "as the library does: fingerprints of certificates, or the URL of a "
             "document that has them. One without anything usable is refused.",
    .members = "fingerprints: array of objects, the hash as name and its value in "
               "base64\n"
               "url: of the document that it refers to, or null\n"
               "expires: for how many seconds it may be used\n"
               "until: when a match ends",
    .operands = {.name = "FILE", .least = 1, .most = 1, .type = CLI_FILE},
    .options = options,
    .examples = examples,
    .run = run,
};
