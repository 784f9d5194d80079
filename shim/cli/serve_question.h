/* cli/serve_question.h: one line of the verdict service read as a question. */
#ifndef DNA_CLI_SERVE_QUESTION_H
#define DNA_CLI_SERVE_QUESTION_H

#include <jansson.h>

#include <base/address.h>
#include <mod_dna/dns.h>
#include <mod_dna/question.h>
#include <mod_dna/x509.h>

#define CLI_ID_MOST 64 /* bytes of an id that is a string */

struct cli_asked {
    struct dna_question question; /* points into what follows */
    struct dna_name domain, host, own;
    char address[DNA_ADDRESS_TEXT];
    struct dna_chain *chain;
};

/* Whether it is an id: a string of 1 to 64 bytes, or an integer. */
bool cli_id_valid(const json_t *id);

/* False: *why, static, says what is wrong; nothing is to be freed. */
bool cli_asked_read(json_t *line, struct cli_asked *out, const char **why);
void cli_asked_fini(struct cli_asked *asked);

#endif
