/* cli/publish.c: `dna publish`, its parts, and how what they make is printed. */
#include <cli/publish.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cli/report.h>

#define TEXT_MOST (256u * 1024)

void cli_publish_begin(struct cli_publication *p, struct cli_call *call)
{
    *p = (struct cli_publication){.call = call, .err = DNA_OK};
    dna_buf_init(&p->text, NULL, TEXT_MOST);
    dna_buf_init(&p->advice, NULL, TEXT_MOST);
}

void cli_publish_drop(struct cli_publication *p)
{
    dna_buf_fini(&p->text);
    dna_buf_fini(&p->advice);
}

DNA_PRINTF(3, 0)
static void add(struct cli_publication *p, struct dna_buf *to, const char *format,
                va_list args)
{
    char *line;
    if (p->err != DNA_OK) {
        return;
    }
    if (vasprintf(&line, format, args) < 0) {
        p->err = DNA_ERR_MEMORY;
        return;
    }
    p->err = dna_buf_add_text(to, line);
    if (p->err == DNA_OK) {
        p->err = dna_buf_add_text(to, "\n");
    }
    free(line);
}

void cli_publish_line(struct cli_publication *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(p, &p->text, format, args);
    va_end(args);
}

void cli_publish_advise(struct cli_publication *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(p, &p->advice, format, args);
    va_end(args);
}

void cli_publish_reread(struct cli_publication *p, enum dna_err err, const char *why)
{
    if (p->err == DNA_OK && err != DNA_OK) {
        p->err = err;
        if (err != DNA_ERR_MEMORY) {
            (void)cli_usage(p->call, "nobody could use this: %s",
                            why != NULL ? why : dna_err_name(err));
        }
    }
}

/* Each line of the advice. */
static bool next_line(struct dna_span *rest, struct dna_span *line)
{
    const char *end = rest->len != 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (end == NULL) {
        return false;
    }
    *line = (struct dna_span){rest->ptr, (size_t)(end - rest->ptr)};
    rest->len -= line->len + 1;
    rest->ptr += line->len + 1;
    return true;
}

static enum cli_exit report(struct cli_publication *p, const char *what, const char *place)
{
    struct dna_span rest = dna_buf_span(&p->advice), line;
    struct cli_report report;
    cli_report_begin(&report, p->call, CLI_VALID, "ok", "%s, for %s", what, place);
    cli_report_string(&report, "place", place);
    cli_report_text(&report, "text", dna_buf_span(&p->text));
    cli_report_list(&report, "advice");
    while (next_line(&rest, &line)) {
        cli_report_add(&report, "advice", line);
    }
    return cli_report_end(&report);
}

static enum cli_exit print(struct cli_publication *p, const char *what, const char *place)
{
    struct dna_span text = dna_buf_span(&p->text), rest = dna_buf_span(&p->advice), line;
    (void)fwrite(text.ptr, 1, text.len, stdout);
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s, for %s\n", what, place);
    while (next_line(&rest, &line)) {
        (void)fprintf(stderr, "* %.*s\n", DNA_SPAN_FMT(line));
    }
    return CLI_ACCEPTED;
}

enum cli_exit cli_publish_end(struct cli_publication *p, const char *what, const char *place)
{
    enum cli_exit status = CLI_FAULT;
    cli_progress_end(p->call);
    if (p->err == DNA_ERR_MEMORY || p->err == DNA_ERR_SYSTEM || place == NULL) {
        (void)cli_fault(p->call, "%s", dna_err_name(place == NULL ? DNA_ERR_MEMORY : p->err));
    } else if (p->err == DNA_OK) {
        status = p->call->json ? report(p, what, place) : print(p, what, place);
    }
    cli_publish_drop(p);
    return status;
}

extern const struct cli_command cli_publish_posh;
extern const struct cli_command cli_publish_tlsa;
extern const struct cli_command cli_publish_srv;
extern const struct cli_command cli_publish_host_meta;
extern const struct cli_command cli_publish_delegation;
extern const struct cli_command cli_publish_sts;
extern const struct cli_command cli_publish_assertion;
extern const struct cli_command cli_publish_attribute_cert;
extern const struct cli_command cli_publish_ta_request;
extern const struct cli_command cli_publish_srvname_request;
extern const struct cli_command cli_publish_acme;

static const struct cli_command *const parts[] = {
    &cli_publish_posh,
    &cli_publish_tlsa,
    &cli_publish_srv,
    &cli_publish_host_meta,
    &cli_publish_delegation,
    &cli_publish_sts,
    &cli_publish_assertion,
    &cli_publish_attribute_cert,
    &cli_publish_ta_request,
    &cli_publish_srvname_request,
    &cli_publish_acme,
    NULL,
};

const struct cli_command cli_command_publish = {
    .name = "publish",
    .summary = "make what a domain or its hoster must publish",
    .usage = "WHAT [OPTION...]",
    .about = "Makes documents, records, requests and certificates from the certificates and "
             "keys at hand, so that others can prove who serves a domain. The text goes to "
             "standard output; what to do with it is said on standard error.\n"
             "The owner of a domain who has DNSSEC needs srv, and the hoster tlsa. Without "
             "DNSSEC, posh asks least of both. acme is the way without any delegation proof, "
             "and costs the owner more.",
    .parts = parts,
};
