/* cli/inspect.c: from a domain to the certificates at each of its endpoints.
 *
 * Bogus SRV records end it before anything is connected to (S10); a look-up that failed is
 * never taken for "no record".
 */
#include <cli/inspect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/codec.h>
#include <edge/driver.h>
#include <resolver/resolver.h>

enum { STARTTLS, DIRECT, QUESTIONS };

static void bar(struct cli_inspection *in, enum dna_verdict verdict, enum dna_code code,
                const char *why)
{
    if (!in->barred) {
        in->barred = true;
        cli_inspect_note(&in->trouble, DNA_PROOF_DNSSEC_SRV, verdict, code, "%s", why);
    }
}

/* --- endpoints ----------------------------------------------------------------------- */

static void probed(void *arg, struct dna_chain *chain, const char *why)
{
    struct cli_endpoint *e = arg;
    e->inspection->open--;
    if (chain != NULL) {
        e->chain = dna_chain_ref(chain);
        cli_inspect_hear(e);
    } else {
        (void)snprintf(e->trouble, sizeof e->trouble, "%s", why);
        cli_inspect_fail(e);
    }
}

static void add_endpoint(struct cli_inspection *in, const struct cli_place *place,
                         const struct dna_endpoint *to)
{
    struct cli_endpoint *e;
    struct cli_probe_target target = {
        .to = *to,
        .chosen = place == NULL,
        .direct_tls = place != NULL && place->srv.direct_tls,
        .service = in->options.service,
        .domain = in->options.domain,
        .own = in->options.own,
    };
    if (in->n_endpoints == CLI_ENDPOINTS_MOST) {
        in->left_out++;
        return;
    }
    e = calloc(1, sizeof *e);
    if (e == NULL) {
        bar(in, DNA_TEMPFAIL, DNA_CODE_INTERNAL, "out of memory");
        return;
    }
    in->endpoints[in->n_endpoints++] = e;
    e->inspection = in;
    e->to = *to;
    e->direct_tls = target.direct_tls;
    if (place != NULL) {
        e->host = place->srv.target;
        e->by_srv = place->by_srv;
    }
    dna_edge_endpoint_text(to, e->text);
    cli_progress(in->live->call, "connecting to %s", e->text);
    e->probe = cli_probe_start(in->live, &target, in->options.identity, probed, e);
    if (e->probe == NULL) {
        (void)snprintf(e->trouble, sizeof e->trouble, "out of memory");
        cli_inspect_fail(e);
        return;
    }
    in->open++;
}

/* --- addresses ----------------------------------------------------------------------- */

static void add_addresses(struct cli_place *place, const struct dna_dns_answer *answer)
{
    struct dna_endpoint to = {.port = place->srv.port};
    if (answer->outcome != DNA_DNS_FOUND) {
        if (answer->outcome != DNA_DNS_ABSENT) {
            (void)snprintf(place->trouble, sizeof place->trouble, "%s", answer->why);
        }
        return;
    }
    for (size_t i = 0; i < answer->n_rdata; i++) {
        if (dna_address_of_octets(answer->rdata[i], &to.address) == DNA_OK) {
            place->n++;
            add_endpoint(place->inspection, place, &to);
        }
    }
}

static void located(struct cli_place *place, unsigned which,
                    const struct dna_dns_answer *answer)
{
    place->lookups[which] = NULL;
    place->inspection->open--;
    add_addresses(place, answer);
}

static void located_v4(void *arg, const struct dna_dns_answer *answer)
{
    located(arg, 0, answer);
}

static void located_v6(void *arg, const struct dna_dns_answer *answer)
{
    located(arg, 1, answer);
}

static void locate(struct cli_place *place, unsigned which)
{
    struct cli_inspection *in = place->inspection;
    if (dna_resolver_lookup(in->live->driver->resolver, place->srv.target.text,
                            which == 0 ? DNA_DNS_A : DNA_DNS_AAAA, 0,
                            which == 0 ? located_v4 : located_v6, place,
                            &place->lookups[which]) != DNA_OK) {
        (void)snprintf(place->trouble, sizeof place->trouble,
                       "the look-up could not be started");
        return;
    }
    in->open++;
}

static void add_place(struct cli_inspection *in, const struct dna_srv *srv, bool by_srv)
{
    struct cli_place *place;
    if (in->n_places == CLI_PLACES_MOST) {
        in->left_out++;
        return;
    }
    place = &in->places[in->n_places++];
    *place = (struct cli_place){.inspection = in, .srv = *srv, .by_srv = by_srv};
    locate(place, 0);
    locate(place, 1);
    cli_inspect_foresee_place(in, in->n_places - 1);
}

/* --- the service ---------------------------------------------------------------------- */

static void add_own_name(struct cli_inspection *in)
{
    struct dna_srv own = {
        .port = in->options.service == DNA_XMPP_CLIENT ? 5222 : 5269,
    };
    (void)snprintf(own.target.text, sizeof own.target.text, "%s", in->options.domain);
    add_place(in, &own, false);
}

/* Both questions are answered. */
static void go_on(struct cli_inspection *in)
{
    bool failed = false;
    uint32_t random[2 * CLI_PLACES_MOST];
    for (unsigned i = 0; i < QUESTIONS; i++) {
        if (in->questions[i].outcome == DNA_DNS_BOGUS) {
            bar(in, DNA_FAIL, DNA_CODE_DNS_BOGUS, in->questions[i].why);
        }
        if (in->questions[i].outcome == DNA_DNS_FAILED) {
            failed = true;
        }
    }
    if (in->barred) {
        return;
    }
    if (in->n_records == 0 && failed) {
        bar(in, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
            in->questions[in->questions[STARTTLS].outcome == DNA_DNS_FAILED ? STARTTLS
                                                                            : DIRECT]
                .why);
    } else if (in->n_records == 0 && in->denied) {
        bar(in, DNA_NOT_APPLICABLE, DNA_CODE_NO_DELEGATION,
            "the SRV records say that the domain has no such service");
    } else if (in->n_records == 0) {
        add_own_name(in);
    } else if (dna_edge_random(random, sizeof random) != DNA_OK) {
        bar(in, DNA_TEMPFAIL, DNA_CODE_INTERNAL, "there are no random numbers");
    } else {
        dna_srv_order(in->records, in->n_records, random);
        for (size_t i = 0; i < in->n_records; i++) {
            add_place(in, &in->records[i], true);
        }
    }
}

static void take_records(struct cli_inspection *in, const struct dna_dns_answer *answer,
                         bool direct_tls)
{
    for (size_t i = 0; i < answer->n_rdata; i++) {
        struct dna_srv *srv = &in->records[in->n_records];
        if (in->n_records == 2 * CLI_PLACES_MOST) {
            in->left_out++;
        } else if (dna_srv_parse(answer->rdata[i], srv) != DNA_OK) {
            continue;
        } else if (strcmp(srv->target.text, ".") == 0) {
            in->denied = true;
        } else {
            srv->direct_tls = direct_tls;
            in->n_records++;
        }
    }
}

static void answered(struct cli_inspection *in, unsigned which,
                     const struct dna_dns_answer *answer)
{
    in->questions[which].lookup = NULL;
    in->questions[which].answered = true;
    in->questions[which].outcome = answer->outcome;
    (void)snprintf(in->questions[which].why, sizeof in->questions[which].why, "%s",
                   answer->why != NULL ? answer->why : "");
    if (answer->outcome == DNA_DNS_FOUND) {
        take_records(in, answer, which == DIRECT);
    }
    in->open--;
    if (in->questions[STARTTLS].answered && in->questions[DIRECT].answered) {
        go_on(in);
    }
}

static void answered_starttls(void *arg, const struct dna_dns_answer *answer)
{
    answered(arg, STARTTLS, answer);
}

static void answered_direct(void *arg, const struct dna_dns_answer *answer)
{
    answered(arg, DIRECT, answer);
}

static void ask(struct cli_inspection *in, unsigned which)
{
    bool client = in->options.service == DNA_XMPP_CLIENT;
    char name[DNA_NAME_MAX + 32];
    (void)snprintf(name, sizeof name, "_xmpp%s-%s._tcp.%s", which == DIRECT ? "s" : "",
                   client ? "client" : "server", in->options.domain);
    if (dna_resolver_lookup(in->live->driver->resolver, name, DNA_DNS_SRV, 0,
                            which == DIRECT ? answered_direct : answered_starttls, in,
                            &in->questions[which].lookup) != DNA_OK) {
        bar(in, DNA_FAIL, DNA_CODE_NO_DELEGATION,
            "the domain is too long to have SRV records, or they cannot be asked for");
        return;
    }
    in->open++;
}

/* "ADDR@PORT", whose form was checked already. */
static bool read_connect(const char *text, struct dna_endpoint *out)
{
    const char *at = strchr(text, '@');
    return at != NULL &&
           dna_address_parse((struct dna_span){text, (size_t)(at - text)}, &out->address) ==
               DNA_OK &&
           (out->port = (uint16_t)strtoul(at + 1, NULL, 10)) != 0;
}

struct cli_inspection *cli_inspect_start(struct cli_live *live,
                                         const struct cli_inspect_options *options)
{
    struct cli_inspection *in = calloc(1, sizeof *in);
    struct dna_endpoint to;
    if (in == NULL) {
        return NULL;
    }
    in->live = live;
    in->options = *options;
    cli_progress(live->call, "asking where %s is served", options->domain);
    cli_inspect_foresee(in);
    if (options->connect == NULL) {
        ask(in, STARTTLS);
        ask(in, DIRECT);
    } else if (read_connect(options->connect, &to)) {
        add_endpoint(in, NULL, &to);
    } else {
        bar(in, DNA_TEMPFAIL, DNA_CODE_INTERNAL, "not an address and a port");
    }
    return in;
}

bool cli_inspect_over(const struct cli_inspection *in)
{
    return in->open == 0;
}

static void free_endpoint(struct cli_endpoint *e)
{
    cli_inspect_unhear(e);
    cli_probe_free(e->probe);
    dna_chain_free(e->chain);
    free(e->bundle);
    free(e->stream.bundle);
    free(e);
}

void cli_inspect_free(struct cli_inspection *in)
{
    if (in == NULL) {
        return;
    }
    for (unsigned i = 0; i < QUESTIONS; i++) {
        dna_resolver_cancel(in->questions[i].lookup);
    }
    for (size_t i = 0; i < in->n_places; i++) {
        dna_resolver_cancel(in->places[i].lookups[0]);
        dna_resolver_cancel(in->places[i].lookups[1]);
    }
    for (size_t i = 0; i < in->n_endpoints; i++) {
        free_endpoint(in->endpoints[i]);
    }
    cli_inspect_unforesee(in);
    free(in);
}

/* --- what came of it ------------------------------------------------------------------ */

struct dna_ruling cli_endpoint_ruling(const struct cli_endpoint *e)
{
    const struct dna_ruling *court = &e->findings[DNA_N_PROOFTYPES].ruling;
    if (court->verdict == DNA_PROVEN || court->veto) {
        return *court;
    }
    /* What the peer had to say itself was not before that court. */
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (e->findings[i].ruling.verdict == DNA_PROVEN &&
            e->findings[i].ruling.prooftype == (enum dna_prooftype)i &&
            (i == DNA_PROOF_DNSSEC_TA || i == DNA_PROOF_ATTRIBUTE_CERT)) {
            return e->findings[i].ruling;
        }
    }
    return *court;
}

/* A proof, else the refusal that leaves most hope. */
static bool says_more(const struct dna_ruling *a, const struct dna_ruling *b)
{
    static const int weight[] = {
        [DNA_NOT_APPLICABLE] = 0, [DNA_FAIL] = 1, [DNA_TEMPFAIL] = 2, [DNA_PROVEN] = 3};
    return weight[a->verdict] > weight[b->verdict];
}

static void rule_nowhere(const struct cli_inspection *in, struct dna_ruling *out)
{
    cli_inspect_note(out, DNA_PROOF_DNSSEC_SRV, DNA_NOT_APPLICABLE, DNA_CODE_NO_DELEGATION,
                     "no server of %s has an address", in->options.domain);
    for (size_t i = 0; i < in->n_places; i++) {
        if (in->places[i].n == 0 && in->places[i].trouble[0] != '\0') {
            cli_inspect_note(out, DNA_PROOF_DNSSEC_SRV, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                             "the address of %s: %s", in->places[i].srv.target.text,
                             in->places[i].trouble);
        }
    }
}

struct dna_ruling cli_inspect_ruling(const struct cli_inspection *in, size_t *proven)
{
    struct dna_ruling best = in->trouble;
    *proven = 0;
    if (in->barred) {
        return best;
    }
    if (in->n_endpoints == 0) {
        rule_nowhere(in, &best);
        return best;
    }
    for (size_t i = 0; i < in->n_endpoints; i++) {
        struct dna_ruling one = cli_endpoint_ruling(in->endpoints[i]);
        *proven += one.verdict == DNA_PROVEN;
        if (i == 0 || says_more(&one, &best)) {
            best = one;
        }
    }
    return best;
}
