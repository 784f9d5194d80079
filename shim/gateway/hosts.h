/* gateway/hosts.h: the domains that are hosted, from sections and from map files. */
#ifndef DNA_GATEWAY_HOSTS_H
#define DNA_GATEWAY_HOSTS_H

#include "config.h"
#include "parse.h"

#define HOSTS_MAX 200000 /* domains and components in all */

/* Room for one more, at the end; NULL: reported. */
struct gateway_host_config *hosts_add(struct gateway_config *config, struct faults *faults,
                                      const char *file, int line);
/* The index of a link, or n_links: there is none of that name. */
size_t hosts_find_link(const struct gateway_config *config, const char *name);
/* The canonical name into host; what is wrong with it is reported.  what: "host", or "". */
void hosts_name(struct gateway_host_config *host, struct faults *faults, const char *what,
                const char *text);
/* Adds what a map file says; file lives as long as the configuration. */
void hosts_read_map(struct gateway_config *config, struct faults *faults, const char *file);
/* When all are there: sorts them, and reports those that are there twice. */
void hosts_settle(struct gateway_config *config, struct faults *faults);

/* What differs between two configurations, in the order of the domains: where old is NULL the
 * domain is new, where next is NULL it is gone, and with both it stays, on whatever terms. */
typedef void hosts_compare_fn(void *arg, const struct gateway_host_config *old,
                              const struct gateway_host_config *next);
/* old may be NULL: nothing. */
void hosts_compare(const struct gateway_config *old, const struct gateway_config *next,
                   hosts_compare_fn *fn, void *arg);

#endif
