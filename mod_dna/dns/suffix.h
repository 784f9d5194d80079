/* dns/suffix.h: names below which strangers register their own (the public suffix list). */
#ifndef DNA_DNS_SUFFIX_H
#define DNA_DNS_SUFFIX_H

#include <mod_dna/base.h>

/* Whether a canonical name is a public suffix, those of the list's private section
 * included ("com", "co.uk", "uk.com").  True also for every single label, and for every
 * name when no list is at hand: what nobody vouches for is nobody's zone. */
bool dna_suffix_is_public(const char *name);

#endif
