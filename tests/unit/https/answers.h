/* What the test servers answer, good and bad. */
#ifndef TESTS_HTTPS_ANSWERS_H
#define TESTS_HTTPS_ANSWERS_H

#include "web.h"

/* Two to the power of ten octets. */
#define KIB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

extern const struct web_page answers[];
extern const size_t n_answers;

#endif
