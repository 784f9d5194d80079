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
/* A SHA-256: 64 hex digits in lower case or upper, or 43 of base64 and their "=". */
bool check_pin(const char *text, unsigned char out[DNA_PIN_SIZE]);
/* Whether who listens on the first takes what is sent to the second. */
bool check_same_address(const struct gateway_address *a, const struct gateway_address *b);

#endif
