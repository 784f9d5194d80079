/* base/date.h: dates as text (RFC 3339 as XEP-0082 profiles it: UTC). */
#ifndef DNA_BASE_DATE_H
#define DNA_BASE_DATE_H

#include <mod_dna/base.h>

/* "2026-11-01T00:00:00Z" as wall seconds; fractions of a second are dropped.  Years 1 to
 * 9999, days that the month has, "T" and "Z" in upper case, no other offset; a leap second
 * is the first of the next minute.  DNA_ERR_FORMAT. */
DNA_MUST_USE enum dna_err dna_date_parse(struct dna_span text, int64_t *out);

#endif
