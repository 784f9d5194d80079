/* cli/inspect.h: one domain looked at from outside: where it is served, what its servers
 * present there, and what each prover says to that.
 *
 * Everything runs side by side: the look-ups, a connection to every endpoint, a hearing for
 * every prooftype there, and one with all of them together, which says what forbids what.
 * What rests on the domain alone is looked up meanwhile, for all of them.
 * Two prooftypes need the peer's own word, and are heard over a stream.
 */
#ifndef DNA_CLI_INSPECT_H
#define DNA_CLI_INSPECT_H

#include <cli/probe.h>
#include <edge/sockaddr.h>
#include <mod_dna/dns.h>
#include <mod_dna/ruling.h>

#define CLI_ENDPOINTS_MOST 24
#define CLI_PLACES_MOST 16
/* Prooftypes that need a <proof/> of the peer. */
#define CLI_CHALLENGED \
    (DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA) | DNA_PROOF_BIT(DNA_PROOF_ATTRIBUTE_CERT))
#define CLI_OWN_POLICIES 0x10000u /* generations that are none of the session's own */

struct cli_inspection;
struct cli_endpoint;

struct cli_finding {
    struct cli_endpoint *endpoint;
    enum dna_prooftype type; /* DNA_N_PROOFTYPES: the court, with all of them */
    bool open;               /* not known yet */
    struct dna_hearing *hearing;
    struct dna_ruling ruling;
};

struct cli_endpoint {
    struct cli_inspection *inspection;
    struct dna_name host; /* SRV target, or the domain itself; "" with --connect */
    bool by_srv, direct_tls;
    struct dna_endpoint to;
    char text[DNA_EDGE_ENDPOINT_TEXT]; /* "ADDR@PORT" */
    struct cli_probe *probe;
    struct dna_chain *chain; /* NULL: `trouble` says why */
    char trouble[DNA_WHY_MAX];
    struct cli_finding findings[DNA_N_PROOFTYPES + 1];
    char *bundle; /* of the court's hearing, or NULL */
    struct {
        struct dna_uv_stream *live;
        const void *key; /* by which its evidence is known */
        bool open, ruled, gone;
        struct dna_ruling ruling; /* ruled: the last one that was shown */
        char why[DNA_WHY_MAX];    /* gone */
        char *bundle;             /* of the hearing over it, or NULL */
    } stream;
};

struct cli_place {
    struct cli_inspection *inspection;
    struct dna_srv srv;
    bool by_srv;
    bool open[2];
    struct dna_lookup *lookups[2]; /* A, AAAA */
    unsigned n;                    /* addresses */
    char trouble[DNA_WHY_MAX];     /* why there is none */
};

struct cli_inspect_options {
    const char *domain, *own;
    enum dna_service service;
    const char *connect;              /* "ADDR@PORT", or NULL */
    struct dna_uv_identity *identity; /* what we present */
};

struct cli_inspection {
    struct cli_live *live;
    struct cli_inspect_options options;
    struct {
        struct cli_inspection *inspection;
        struct dna_lookup *lookup;
        bool answered, direct_tls;
        enum dna_dns_outcome outcome;
        char why[DNA_WHY_MAX];
    } questions[2];
    struct dna_srv records[2 * CLI_PLACES_MOST];
    size_t n_records;
    bool denied; /* a record says that there is no service */
    struct cli_place places[CLI_PLACES_MOST];
    size_t n_places;
    struct {
        struct dna_hearing *hearings[DNA_N_PROOFTYPES]; /* NULL: over */
        struct dna_lookup *lookups[4 + CLI_PLACES_MOST];
    } foreseen;
    struct cli_endpoint *endpoints[CLI_ENDPOINTS_MOST];
    size_t n_endpoints;
    size_t left_out; /* places and addresses beyond the bounds */
    unsigned open;   /* what is not known yet */
    bool barred;     /* `trouble` says why nothing was connected to */
    struct dna_ruling trouble;
};

/* NULL: no memory.  options, and what it points to, outlive the inspection. */
struct cli_inspection *cli_inspect_start(struct cli_live *live,
                                         const struct cli_inspect_options *options);
/* Takes up what the session has found; between two steps of the loop. */
void cli_inspect_pull(struct cli_live *live, struct cli_inspection *const *list, size_t n);
bool cli_inspect_over(const struct cli_inspection *inspection);
/* Also one that is not over.  NULL is fine. */
void cli_inspect_free(struct cli_inspection *inspection);

/* What came of an endpoint, once it is over: proven by whatever holds, or the court's
 * refusal. */
struct dna_ruling cli_endpoint_ruling(const struct cli_endpoint *endpoint);
/* And of the domain; *proven: how many endpoints. */
struct dna_ruling cli_inspect_ruling(const struct cli_inspection *inspection, size_t *proven);

/* --- inspect_hear.c ------------------------------------------------------------------- */

/* The chain is known: the court is asked. */
void cli_inspect_hear(struct cli_endpoint *endpoint);
/* There is none: every finding says so. */
void cli_inspect_fail(struct cli_endpoint *endpoint);
void cli_inspect_unhear(struct cli_endpoint *endpoint);
void cli_inspect_note(struct dna_ruling *out, enum dna_prooftype type,
                      enum dna_verdict verdict, enum dna_code code, const char *format, ...)
    DNA_PRINTF(5, 6);

/* --- foresee.c ------------------------------------------------------------------------ */

/* Asks at once for all that the hearings will want whatever certificates are found. */
void cli_inspect_foresee(struct cli_inspection *inspection);
/* And for the TLSA records of places[which]. */
void cli_inspect_foresee_place(struct cli_inspection *inspection, size_t which);
void cli_inspect_unforesee(struct cli_inspection *inspection);

/* --- remedy.c ------------------------------------------------------------------------- */

/* What the owner of the domain, or of the server, can do about a refusal: a sentence. */
const char *cli_remedy(const struct dna_ruling *ruling);

#endif
