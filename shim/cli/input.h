/* cli/input.h: files, chains and roots.  Whatever cannot be read is said on standard
 * error. */
#ifndef DNA_CLI_INPUT_H
#define DNA_CLI_INPUT_H

#include <cli/call.h>
#include <mod_dna/x509.h>

/* The bytes of a file, or of standard input for "-"; they live as long as the call. */
bool cli_read(struct cli_call *call, const char *file, struct dna_span *out);

/* The certificates of a file: PEM, other text and other blocks being skipped, one DER
 * certificate, or a DER bag.  Freed with dna_chain_free.  *why, for people: what is
 * wrong with the bytes; they may be what is being judged.  False: the file could not
 * be read, or no memory; it was said. */
bool cli_read_chain(struct cli_call *call, const char *file, struct dna_chain **out,
                    const char **why);
/* The same with the certificates of further files behind the first one's, and said when
 * they are no certificates.  more may be NULL. */
bool cli_need_chain(struct cli_call *call, const char *file, struct dna_chain **out);
/* first with the certificates of the files of an option behind it; takes first over. */
bool cli_extend_chain(struct cli_call *call, struct dna_chain *first, const char *option,
                      struct dna_chain **out);
/* Every certificate of the files of an option; NULL roots were given: an empty store. */
bool cli_need_roots(struct cli_call *call, const char *option, struct dna_roots **out);

#endif
