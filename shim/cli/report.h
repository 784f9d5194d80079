/* cli/report.h: answers, for people or as JSON, from one description.
 *
 * A report is begun with what was ruled, gets its members, and is printed whole by
 * cli_report_end: as one line of JSON with --json, and otherwise as one line in words
 * with the members below it.  Every byte that came from a document, a peer or the DNS
 * is escaped on its way to a terminal; in JSON everything outside ASCII is.
 */
#ifndef DNA_CLI_REPORT_H
#define DNA_CLI_REPORT_H

#include <cli/call.h>
#include <mod_dna/ruling.h>

enum cli_ruling {
    CLI_PROVEN,         /* the court's own four, where a proof is judged */
    CLI_FAIL,
    CLI_NOT_APPLICABLE,
    CLI_TEMPFAIL,
    CLI_VALID,          /* where something is only read */
    CLI_INVALID
};

/* "PROVEN" ... "INVALID", and the exit status that belongs to it. */
const char *cli_ruling_name(enum cli_ruling ruling);
enum cli_exit cli_ruling_exit(enum cli_ruling ruling);
enum cli_ruling cli_ruling_of(enum dna_verdict verdict);

struct json_t;

struct cli_report {
    struct cli_call *call;
    enum cli_ruling ruling;
    const char *what;     /* what stands before the ruling in human text, or NULL */
    struct json_t *members;
    struct json_t *inner; /* borrowed: the object that members go into, or NULL */
    struct json_t *lost;  /* stands for an inner one that had no memory */
    bool broken;          /* no memory for a member: said at the end */
};

/* code: a name of dna_code_name(), or a word of the command's own; why: one sentence. */
void cli_report_begin(struct cli_report *report, struct cli_call *call,
                      enum cli_ruling ruling, const char *code, const char *why_format,
                      ...) DNA_PRINTF(5, 6);
void cli_report_ruling(struct cli_report *report, struct cli_call *call,
                       const struct dna_ruling *ruling);

void cli_report_text(struct cli_report *report, const char *key, struct dna_span text);
void cli_report_string(struct cli_report *report, const char *key, const char *text);
void cli_report_number(struct cli_report *report, const char *key, int64_t number);
void cli_report_flag(struct cli_report *report, const char *key, bool flag);
void cli_report_null(struct cli_report *report, const char *key);
/* Seconds since 1970 in JSON, UTC as well for people. */
void cli_report_time(struct cli_report *report, const char *key, int64_t at);
/* An empty array, and one more string in it. */
void cli_report_list(struct cli_report *report, const char *key);
void cli_report_add(struct cli_report *report, const char *key, struct dna_span text);
/* An object of strings and numbers at the end of an array: what follows goes into it,
 * until cli_report_out. */
void cli_report_into(struct cli_report *report, const char *key);
void cli_report_out(struct cli_report *report);

/* Prints and frees; the exit status of the ruling, or CLI_FAULT. */
enum cli_exit cli_report_end(struct cli_report *report);

/* A whole report: what was read is not in order (INVALID, bad-material), and why. */
enum cli_exit cli_invalid(struct cli_call *call, const char *why_format, ...)
    DNA_PRINTF(2, 3);

/* A line of plain output, peer bytes escaped: text is a printf format.  Not with
 * --json. */
void cli_print(const struct cli_call *call, const char *format, ...) DNA_PRINTF(2, 3);

#endif
