/* cli/publish_input.c: certificates, targets and texts of `dna publish`. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cli/input.h>
#include <cli/publish.h>
#include <cli/report.h>
#include <x509/spki.h>

void cli_certificates_free(struct cli_certificates *certificates)
{
    while (certificates->n > 0) {
        dna_chain_free(certificates->chains[--certificates->n]);
    }
}

/* Nobody would accept it, so nobody is told to. */
static enum cli_exit check(struct cli_call *call, const char *file,
                           const struct dna_chain *chain, bool is_next)
{
    int64_t not_before, not_after, at = cli_at(call);
    dna_chain_leaf_validity(chain, &not_before, &not_after);
    if (!dna_spki_strong(chain)) {
        return cli_invalid(call, "%s: the key of the certificate is too weak", file);
    }
    if (at >= not_after) {
        return cli_invalid(call, "%s: the certificate has expired", file);
    }
    if (!is_next && at < not_before) {
        return cli_invalid(call, "%s: the certificate is not valid yet; it may be --next",
                           file);
    }
    return CLI_ACCEPTED;
}

static enum cli_exit read_option(struct cli_call *call, const char *option,
                                 struct cli_certificates *out)
{
    bool is_next = strcmp(option, "next") == 0;
    for (size_t i = 0; i < cli_count(call, option); i++) {
        const char *file = cli_nth(call, option, i);
        int64_t not_before, not_after;
        enum cli_exit status;
        if (out->n == CLI_PUBLISH_CERTIFICATES) {
            return cli_usage(call, "more than %d certificates", CLI_PUBLISH_CERTIFICATES);
        }
        if (!cli_need_chain(call, file, &out->chains[out->n])) {
            return CLI_FAULT;
        }
        status = check(call, file, out->chains[out->n++], is_next);
        if (status != CLI_ACCEPTED) {
            return status;
        }
        dna_chain_leaf_validity(out->chains[out->n - 1], &not_before, &not_after);
        if (!is_next && not_after < out->until) {
            out->until = not_after;
        }
    }
    return CLI_ACCEPTED;
}

enum cli_exit cli_need_certificates(struct cli_call *call, struct cli_certificates *out)
{
    enum cli_exit status;
    *out = (struct cli_certificates){.until = DNA_NEVER};
    status = read_option(call, "cert", out);
    out->n_current = out->n;
    if (status == CLI_ACCEPTED) {
        status = read_option(call, "next", out);
    }
    if (status != CLI_ACCEPTED) {
        cli_certificates_free(out);
    }
    return status;
}

void cli_advise_change(struct cli_publication *p, const struct cli_certificates *certificates,
                       int64_t seconds)
{
    if (certificates->n == certificates->n_current) {
        cli_publish_advise(p, "Before the certificate changes, publish again with --next, at "
                              "least %lld seconds ahead; take the old one away only after "
                              "the change.", (long long)seconds);
    } else {
        cli_publish_advise(p, "Change to the next certificate no sooner than %lld seconds "
                              "after this is published, and take the old one away after the "
                              "change.", (long long)seconds);
    }
    if (certificates->n_current > 0 && certificates->until - cli_at(p->call) < seconds) {
        cli_publish_advise(p, "A certificate expires within that time: change it now.");
    }
}

/* --- targets ----------------------------------------------------------------------------- */

enum cli_exit cli_target_read(struct cli_call *call, const char *option, const char *text,
                              bool direct_tls, struct document_target *out)
{
    const char *why = document_target_read(text, direct_tls, out);
    return why == NULL ? CLI_ACCEPTED : cli_usage(call, "--%s %s: %s", option, text, why);
}

static enum cli_exit read_targets(struct cli_call *call, const char *option, bool direct_tls,
                                  struct document_target *out, size_t *n)
{
    for (size_t i = 0; i < cli_count(call, option); i++) {
        enum cli_exit status;
        if (*n == CLI_PUBLISH_TARGETS) {
            return cli_usage(call, "more than %d servers", CLI_PUBLISH_TARGETS);
        }
        status = cli_target_read(call, option, cli_nth(call, option, i), direct_tls, &out[*n]);
        if (status != CLI_ACCEPTED) {
            return status;
        }
        if (out[*n].rest != NULL) {
            return cli_usage(call, "--%s %s: HOST or HOST@PORT", option,
                             cli_nth(call, option, i));
        }
        (*n)++;
    }
    return CLI_ACCEPTED;
}

enum cli_exit cli_need_targets(struct cli_call *call, struct document_target *out, size_t *n)
{
    enum cli_exit status;
    *n = 0;
    status = read_targets(call, "target", false, out, n);
    return status == CLI_ACCEPTED ? read_targets(call, "direct", true, out, n) : status;
}

/* --- texts ------------------------------------------------------------------------------- */

bool cli_is_uri(const char *text)
{
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '!' || *text > '~' || strchr("\"<>\\^`{|}", *text) != NULL) {
            return false;
        }
    }
    return true;
}

const char *cli_zone_text(struct cli_call *call, const char *text)
{
    size_t len = strlen(text), n = 0;
    char *out = dna_arena_get(&call->memory, 2 * len + 3 * (len / 255 + 1) + 1);
    if (out == NULL) {
        return NULL;
    }
    out[n++] = '"';
    for (size_t i = 0; i < len; i++) {
        if (i != 0 && i % 255 == 0) {
            memcpy(out + n, "\" \"", 3);
            n += 3;
        }
        if (text[i] == '"' || text[i] == '\\') {
            out[n++] = '\\';
        }
        out[n++] = text[i];
    }
    memcpy(out + n, "\"", 2);
    return out;
}

int64_t cli_ttl(const struct cli_call *call)
{
    return cli_number(call, "ttl", 3600);
}

const char *cli_text_of(struct cli_call *call, const char *format, ...)
{
    char *text, *kept = NULL;
    va_list args;
    int len;
    va_start(args, format);
    len = vasprintf(&text, format, args);
    va_end(args);
    if (len >= 0) {
        kept = dna_arena_text(&call->memory, (struct dna_span){text, (size_t)len});
        free(text);
    }
    if (kept == NULL) {
        (void)cli_fault(call, "out of memory");
    }
    return kept;
}
