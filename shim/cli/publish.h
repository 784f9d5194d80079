/* cli/publish.h: what the parts of `dna publish` share.
 *
 * A publication is a text, made for a web server, a zone or a certification authority, and
 * what its owner is to do with it.  The text goes to standard output, to be redirected into a
 * file; the advice goes to standard error.  With --json both are members of one object.
 *
 * What is published is read by strangers, strictly: every part reads its own text back with
 * the library's reader before it prints it, and refuses certificates that no peer would take.
 */
#ifndef DNA_CLI_PUBLISH_H
#define DNA_CLI_PUBLISH_H

#include <base/buf.h>
#include <cli/call.h>
#include <documents/documents.h>
#include <mod_dna/x509.h>

struct cli_publication {
    struct cli_call *call;
    struct dna_buf text;
    struct dna_buf advice; /* lines */
    enum dna_err err;      /* the first fault */
};

void cli_publish_begin(struct cli_publication *p, struct cli_call *call);
/* One more line of the text, and one of advice. */
void cli_publish_line(struct cli_publication *p, const char *format, ...) DNA_PRINTF(2, 3);
void cli_publish_advise(struct cli_publication *p, const char *format, ...) DNA_PRINTF(2, 3);
/* What a reader of ours said to the text; why may be NULL. */
void cli_publish_reread(struct cli_publication *p, enum dna_err err, const char *why);
/* Prints and frees.  what: "a POSH document", place: the URL or the zone it belongs to. */
enum cli_exit cli_publish_end(struct cli_publication *p, const char *what, const char *place);
/* Frees without printing. */
void cli_publish_drop(struct cli_publication *p);

/* --- publish_input.c --------------------------------------------------------------------- */

#define CLI_PUBLISH_CERTIFICATES 16
/* The leaves of --cert, and then those of --next. */
struct cli_certificates {
    struct dna_chain *chains[CLI_PUBLISH_CERTIFICATES];
    size_t n, n_current;
    int64_t until; /* when the first of the current ones ends */
};

#define CLI_OPTION_CERT(whose)                                                                \
    {"cert", CLI_FILE, .many = true, .value = "PEM", .help = whose}
#define CLI_OPTION_NEXT                                                                       \
    {"next", CLI_FILE, .many = true, .value = "PEM",                                          \
     .help = "a certificate that will be used soon: published ahead of the change"}

/* CLI_ACCEPTED: *out is filled, and freed with cli_certificates_free.  Otherwise said: one
 * cannot be read, has ended, or has a key that nobody accepts. */
enum cli_exit cli_need_certificates(struct cli_call *call, struct cli_certificates *out);
void cli_certificates_free(struct cli_certificates *certificates);
/* The advice that a change of certificates needs: how long both must stand there. */
void cli_advise_change(struct cli_publication *p, const struct cli_certificates *certificates,
                       int64_t seconds);

#define CLI_PUBLISH_TARGETS 32
#define CLI_OPTION_TARGET                                                                     \
    {"target", CLI_TEXT, .many = true, .value = "HOST[@PORT]",                                \
     .help = "a server that takes connections with STARTTLS, the preferred one first; "       \
             "port 5269 if none is given"}
#define CLI_OPTION_DIRECT                                                                     \
    {"direct", CLI_TEXT, .many = true, .value = "HOST[@PORT]",                                \
     .help = "a server that takes connections with direct TLS (XEP-0368), the preferred one " \
             "first; port 5270 if none is given"}

/* One "HOST[@PORT][=REST]"; otherwise said. */
enum cli_exit cli_target_read(struct cli_call *call, const char *option, const char *text,
                              bool direct_tls, struct document_target *out);
/* The values of --target and --direct, in this order. */
enum cli_exit cli_need_targets(struct cli_call *call, struct document_target *out, size_t *n);

/* Whether a text has only characters that a URI may have (RFC 3986 2), and some. */
bool cli_is_uri(const char *text);

/* An entry of a zone file's TXT record: quoted, in pieces of at most 255 octets.  Printable
 * ASCII only; it lives as long as the call.  NULL: no memory. */
const char *cli_zone_text(struct cli_call *call, const char *text);

#define CLI_OPTION_TTL                                                                        \
    {"ttl", CLI_NUMBER, .least = 0, .most = INT32_MAX, .value = "SECONDS",                    \
     .otherwise = "3600", .help = "how long others may remember the records"}
int64_t cli_ttl(const struct cli_call *call);

/* Where a printf of the arena is handy.  NULL: no memory, which has been said. */
const char *cli_text_of(struct cli_call *call, const char *format, ...) DNA_PRINTF(2, 3);

#endif
