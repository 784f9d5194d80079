/* Certificates for the test web servers: one CA in a file, and leaves good and bad. */
#ifndef TESTS_HTTPS_PAPER_H
#define TESTS_HTTPS_PAPER_H

#include <certs.h>

struct web_papers {
    struct cert ca, stranger; /* a CA in the file, and one that is not */
    struct cert mail_ca;      /* under ca, for e-mail only */
    struct cert www, other;   /* www.example, other.example */
    struct cert expired, early, unknown, alone, weak, mail, wild, common;
    char ca_file[64];
};

void web_papers_make(struct web_papers *papers);
void web_papers_fini(struct web_papers *papers);

#endif
