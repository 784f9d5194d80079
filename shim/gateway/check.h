/* gateway/check.h: single values of the configuration. */
#ifndef DNA_GATEWAY_CHECK_H
#define DNA_GATEWAY_CHECK_H

#include "config.h"
#include "parse.h"

/* Reports what is wrong with one value of an option. */
void check_value(struct faults *faults, int line, const struct option *option,
                 const char *value);

/* False: it is none. */
bool check_address(const char *text, struct gateway_address *out); /* "ADDR@PORT" */
bool check_number(const char *text, long least, long most, long *out);
bool check_yes_no(const char *text, bool *out);
bool check_is_loopback(const char *ip);

#endif
