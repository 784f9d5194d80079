/* cli/report.c: see report.h. */
#include <cli/report.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <base/codec.h>

#define LINE 4096

static const struct {
    const char *name, *colour;
    enum cli_exit exit;
} rulings[] = {
    [CLI_PROVEN] = {"PROVEN", "\033[32m", CLI_ACCEPTED},
    [CLI_FAIL] = {"FAIL", "\033[31m", CLI_REFUSED},
    [CLI_NOT_APPLICABLE] = {"NOT_APPLICABLE", "\033[33m", CLI_REFUSED},
    [CLI_TEMPFAIL] = {"TEMPFAIL", "\033[33m", CLI_UNKNOWN},
    [CLI_VALID] = {"VALID", "\033[32m", CLI_ACCEPTED},
    [CLI_INVALID] = {"INVALID", "\033[31m", CLI_REFUSED},
};

const char *cli_ruling_name(enum cli_ruling ruling)
{
    return rulings[ruling].name;
}

enum cli_exit cli_ruling_exit(enum cli_ruling ruling)
{
    return rulings[ruling].exit;
}

enum cli_ruling cli_ruling_of(enum dna_verdict verdict)
{
    switch (verdict) {
    case DNA_PROVEN:
        return CLI_PROVEN;
    case DNA_FAIL:
        return CLI_FAIL;
    case DNA_NOT_APPLICABLE:
        return CLI_NOT_APPLICABLE;
    case DNA_TEMPFAIL:
        break;
    }
    return CLI_TEMPFAIL;
}

/* --- what is collected -------------------------------------------------------------- */

/* Where members go now; borrowed. */
static json_t *here(const struct cli_report *report)
{
    return report->inner != NULL ? report->inner : report->members;
}

static void put(struct cli_report *report, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new(here(report), key, value) != 0) {
        report->broken = true;
    }
}

/* Text as it is where it is UTF-8 without NUL, and escaped otherwise. */
static json_t *string_of(struct dna_span text)
{
    json_t *value = NULL;
    char *safe;
    if (text.len == 0) {
        return json_string("");
    }
    if (memchr(text.ptr, '\0', text.len) == NULL) {
        value = json_stringn(text.ptr, text.len);
    }
    if (value == NULL && (safe = malloc(4 * text.len + 1)) != NULL) {
        (void)dna_escape(text, safe, 4 * text.len + 1);
        value = json_string(safe);
        free(safe);
    }
    return value;
}

static void begin(struct cli_report *report, struct cli_call *call,
                  enum cli_ruling ruling, const char *code, const char *why)
{
    *report = (struct cli_report){.call = call,
                                  .ruling = ruling,
                                  .members = json_object()};
    cli_report_string(report, "ruling", rulings[ruling].name);
    cli_report_string(report, "code", code);
    cli_report_string(report, "why", why);
}

void cli_report_begin(struct cli_report *report, struct cli_call *call,
                      enum cli_ruling ruling, const char *code, const char *why_format,
                      ...)
{
    char why[LINE];
    va_list args;
    va_start(args, why_format);
    (void)vsnprintf(why, sizeof why, why_format, args);
    va_end(args);
    begin(report, call, ruling, code, why);
}

void cli_report_ruling(struct cli_report *report, struct cli_call *call,
                       const struct dna_ruling *ruling)
{
    begin(report, call, cli_ruling_of(ruling->verdict), dna_code_name(ruling->code),
          ruling->why);
    if (ruling->verdict == DNA_PROVEN && ruling->expires_at != DNA_NEVER) {
        cli_report_time(report, "expires", ruling->expires_at);
    }
}

void cli_report_text(struct cli_report *report, const char *key, struct dna_span text)
{
    put(report, key, string_of(text));
}

void cli_report_string(struct cli_report *report, const char *key, const char *text)
{
    put(report, key, string_of(dna_span_of(text)));
}

void cli_report_number(struct cli_report *report, const char *key, int64_t number)
{
    put(report, key, json_integer(number));
}

void cli_report_flag(struct cli_report *report, const char *key, bool flag)
{
    put(report, key, json_boolean(flag));
}

void cli_report_null(struct cli_report *report, const char *key)
{
    put(report, key, json_null());
}

void cli_report_time(struct cli_report *report, const char *key, int64_t at)
{
    cli_report_number(report, key, at);
    if (!report->call->json) {
        char text[64];
        time_t seconds = (time_t)at;
        struct tm tm;
        if (gmtime_r(&seconds, &tm) != NULL &&
            strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm) != 0) {
            cli_report_string(report, key, text);
        }
    }
}

void cli_report_list(struct cli_report *report, const char *key)
{
    put(report, key, json_array());
}

void cli_report_add(struct cli_report *report, const char *key, struct dna_span text)
{
    if (json_array_append_new(json_object_get(here(report), key), string_of(text)) != 0) {
        report->broken = true;
    }
}

void cli_report_into(struct cli_report *report, const char *key)
{
    json_t *object = json_object();
    assert(report->inner == NULL);
    if (json_array_append_new(json_object_get(report->members, key), object) != 0) {
        report->broken = true;
        /* So that what follows has a place. */
        object = report->lost = json_object();
    }
    report->inner = object;
}

void cli_report_out(struct cli_report *report)
{
    json_decref(report->lost);
    report->inner = report->lost = NULL;
}

/* --- for people --------------------------------------------------------------------- */

static void print_value(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        cli_write_safe(stdout, json_string_value(value));
        break;
    case JSON_INTEGER:
        (void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_TRUE:
        (void)fputs("yes", stdout);
        break;
    case JSON_FALSE:
        (void)fputs("no", stdout);
        break;
    case JSON_NULL:
        (void)fputs("none", stdout);
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_REAL:
        break;
    }
}

static void print_object(json_t *object, int indent);

static void print_member(const char *key, json_t *value, int indent)
{
    size_t i;
    json_t *one;
    if (!json_is_array(value)) {
        (void)printf("%*s%s: ", indent, "", key);
        print_value(value);
        (void)fputc('\n', stdout);
        return;
    }
    if (json_array_size(value) == 0) {
        (void)printf("%*s%s: none\n", indent, "", key);
    }
    json_array_foreach(value, i, one) {
        (void)printf("%*s%s: ", indent, "", key);
        if (json_is_object(one)) {
            (void)fputc('\n', stdout);
            print_object(one, indent + 2);
        } else {
            print_value(one);
            (void)fputc('\n', stdout);
        }
    }
}

static void print_object(json_t *object, int indent)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        print_member(key, value, indent);
    }
}

static bool is_of_the_line(const char *key)
{
    return strcmp(key, "ruling") == 0 || strcmp(key, "code") == 0 ||
           strcmp(key, "why") == 0;
}

static void print_words(const struct cli_report *report)
{
    const char *key, *code = json_string_value(json_object_get(report->members, "code"));
    bool colour = report->call->colour;
    json_t *value;
    if (report->what != NULL) {
        cli_write_safe(stdout, report->what);
        (void)fputs(": ", stdout);
    }
    (void)printf("%s%s%s", colour ? rulings[report->ruling].colour : "",
                 rulings[report->ruling].name, colour ? "\033[0m" : "");
    if (strcmp(code, "ok") != 0) {
        (void)printf(" (%s)", code);
    }
    (void)fputs(": ", stdout);
    print_value(json_object_get(report->members, "why"));
    (void)fputc('\n', stdout);
    json_object_foreach(report->members, key, value) {
        if (!is_of_the_line(key)) {
            print_member(key, value, 2);
        }
    }
}

enum cli_exit cli_report_end(struct cli_report *report)
{
    enum cli_exit status = rulings[report->ruling].exit;
    assert(report->inner == NULL);
    cli_progress_end(report->call);
    if (report->broken) {
        status = cli_fault(report->call, "out of memory");
    } else if (report->call->json) {
        if (json_dumpf(report->members, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) != 0) {
            status = cli_fault(report->call,
                               "out of memory, or standard output is closed");
        }
        (void)fputc('\n', stdout);
    } else {
        print_words(report);
    }
    json_decref(report->members);
    report->members = NULL;
    (void)fflush(stdout);
    return status;
}

enum cli_exit cli_invalid(struct cli_call *call, const char *why_format, ...)
{
    struct cli_report report;
    char why[LINE];
    va_list args;
    va_start(args, why_format);
    (void)vsnprintf(why, sizeof why, why_format, args);
    va_end(args);
    begin(&report, call, CLI_INVALID, dna_code_name(DNA_CODE_BAD_MATERIAL), why);
    return cli_report_end(&report);
}

void cli_print(const struct cli_call *call, const char *format, ...)
{
    char line[LINE];
    va_list args;
    if (call->json) {
        return;
    }
    cli_progress_end(call);
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_write_safe(stdout, line);
    (void)fputc('\n', stdout);
}
