/* gateway/log.c: what the operator reads.
 *
 * Bytes that a peer chose never reach the terminal as they are: everything but printable
 * ASCII is escaped, and a value that could be taken for something else is quoted.
 */
#include "log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

static void write_time(FILE *out)
{
    struct timespec now;
    struct tm tm;
    char text[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    fprintf(out, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

static const char *level_name(enum dna_log_level level)
{
    switch (level) {
    case DNA_LOG_DEBUG:
        return "DEBUG";
    case DNA_LOG_INFO:
        return "INFO";
    case DNA_LOG_WARNING:
        return "WARNING";
    case DNA_LOG_ERROR:
        return "ERROR";
    }
    return "?";
}

static void write_escaped(FILE *out, struct dna_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        switch (c) {
        case '\n':
            fputs("\\n", out);
            break;
        case '\r':
            fputs("\\r", out);
            break;
        case '\t':
            fputs("\\t", out);
            break;
        case '"':
        case '\\':
            fprintf(out, "\\%c", c);
            break;
        default:
            if (c >= 0x20 && c < 0x7f) {
                fputc(c, out);
            } else {
                fprintf(out, "\\x%02x", c);
            }
        }
    }
}

static bool is_plain(struct dna_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '=') {
            return false;
        }
    }
    return value.len > 0;
}

static void write_field(FILE *out, const char *key, struct dna_span value)
{
    fprintf(out, " %s=", key);
    if (is_plain(value)) {
        fwrite(value.ptr, 1, value.len, out);
    } else {
        fputc('"', out);
        write_escaped(out, value);
        fputc('"', out);
    }
}

static void write_line(void *arg, enum dna_log_level level, const char *event,
                       const struct dna_log_field *fields, size_t n_fields)
{
    FILE *out = arg;
    flockfile(out);
    write_time(out);
    fprintf(out, " %s %s", level_name(level), event);
    for (size_t i = 0; i < n_fields; i++) {
        write_field(out, fields[i].key, fields[i].value);
    }
    fputc('\n', out);
    (void)fflush(out);
    funlockfile(out);
}

struct dna_log gateway_log_sink(FILE *out, enum dna_log_level least)
{
    return (struct dna_log){.write = write_line, .arg = out, .least = least};
}

void gateway_log(const struct dna_log *log, enum dna_log_level level, const char *event, ...)
{
    struct dna_log_field fields[12];
    size_t n = 0;
    const char *key;
    va_list args;
    if (log->write == NULL || level < log->least) {
        return;
    }
    va_start(args, event);
    while (n < sizeof fields / sizeof *fields && (key = va_arg(args, const char *)) != NULL) {
        fields[n].key = key;
        fields[n++].value = dna_span_of(va_arg(args, const char *));
    }
    va_end(args);
    log->write(log->arg, level, event, fields, n);
}

void gateway_trace(FILE *trace, unsigned long long stream, bool sent, struct dna_span bytes)
{
    write_time(trace);
    fprintf(trace, " %llu %c ", stream, sent ? '>' : '<');
    write_escaped(trace, bytes);
    fputc('\n', trace);
    (void)fflush(trace);
}
