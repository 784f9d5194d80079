/* gateway/policies.h: what goes beside the policy of a section: an end, an observed one. */
#ifndef DNA_GATEWAY_POLICIES_H
#define DNA_GATEWAY_POLICIES_H

#include "config.h"

struct faults;
struct section;

/* "2027-01-31", the last day in UTC, to the first second that is not in it any more.  False:
 * there is no such day. */
bool policies_end_of(const char *text, int64_t *out);
/* The last day, as it is written; false: there is no end. */
#define POLICIES_DAY 32
bool policies_day(int64_t until, char text[POLICIES_DAY]);
/* As a level is written. */
const char *policies_level(enum dna_level level);
/* Reads the options of a section beside those of its policy, which is read already. */
void policies_take(struct faults *faults, const struct section *section,
                   struct gateway_policy_config *out);
/* As a session takes it. */
struct dna_policy_rule policies_rule(const struct gateway_policy_config *config);
/* A line for each that has ended, "FILE:LINE: what; what to do". */
void policies_warn(const struct gateway_config *config, int64_t now, FILE *out);

/* --- policies_show.c --- */
/* Prints what applies to a domain, and where it stands.  DNA_ERR_ARGUMENT: it is none. */
enum dna_err policies_show(const struct gateway_config *config, const char *domain, int64_t now,
                           FILE *out);

#endif
