/* gateway/log.h: lines on standard error, and the trace file. */
#ifndef DNA_GATEWAY_LOG_H
#define DNA_GATEWAY_LOG_H

#include <stdio.h>

#include <mod_dna/base.h>

/* A sink that writes "TIME LEVEL EVENT key=value ..." lines to out.  Values with blanks,
 * quotes or bytes that are not printable ASCII are quoted and escaped. */
struct dna_log gateway_log_sink(FILE *out, enum dna_log_level least);

/* One line of ours: pairs of key and value, ended by NULL. */
void gateway_log(const struct dna_log *log, enum dna_log_level level, const char *event, ...);

/* Appends "TIME NUMBER > text" (sent) or "TIME NUMBER < text" (received), text escaped. */
void gateway_trace(FILE *trace, unsigned long long stream, bool sent, struct dna_span bytes);

#endif
