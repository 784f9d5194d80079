/* cli/foresee.c: what rests on a domain alone is asked for at once.
 *
 * The court asks for one thing after the other, each when it is known to matter, and about a
 * certificate that has been seen.  A person who waits for an answer would rather wait for the
 * longest chain of look-ups alone.  So hearings are opened about a peer that presents our own
 * certificate: they want whatever does not depend on the peer's, which the session then
 * remembers or has under way, and say nothing of interest themselves.  The addresses of the
 * domain's web hosts and the TLSA records of its servers are asked for beside them.
 *
 * What cannot be started costs time, and nothing else.
 */
#include <cli/inspect.h>

#include <stdio.h>

#include <edge/driver.h>
#include <edge/identity.h>
#include <resolver/resolver.h>
#include <tls/tls.h>

static void ruled(void *arg, const struct dna_ruling *ruling)
{
    struct dna_hearing **slot = arg;
    (void)ruling;
    *slot = NULL;
}

static void located(void *arg, const struct dna_dns_answer *answer)
{
    struct dna_lookup **slot = arg;
    (void)answer;
    *slot = NULL;
}

/* The resolver remembers it. */
static void look_up(struct cli_inspection *in, const char *name, uint16_t type,
                    struct dna_lookup **slot)
{
    if (dna_resolver_lookup(in->live->driver->resolver, name, type, 0, located, slot, slot) !=
        DNA_OK) {
        *slot = NULL;
    }
}

static void locate(struct cli_inspection *in, const char *name, struct dna_lookup **slots)
{
    look_up(in, name, DNA_DNS_A, &slots[0]);
    look_up(in, name, DNA_DNS_AAAA, &slots[1]);
}

void cli_inspect_foresee_place(struct cli_inspection *in, size_t which)
{
    const struct dna_srv *srv = &in->places[which].srv;
    char name[DNA_NAME_MAX + 16];
    (void)snprintf(name, sizeof name, "_%u._tcp.%s", (unsigned)srv->port, srv->target.text);
    look_up(in, name, DNA_DNS_TLSA, &in->foreseen.lookups[4 + which]);
}

static void hear(struct cli_inspection *in, unsigned type)
{
    struct dna_hearing **slot = &in->foreseen.hearings[type];
    struct dna_question question = {
        .domain = in->options.domain,
        .service = in->options.service,
        .role = DNA_INITIATING,
        .chain = dna_tls_identity_chain(dna_edge_identity_tls(in->options.identity)),
        .policy = dna_policy_default(),
        .own = in->options.own,
    };
    question.policy.prooftypes = DNA_PROOF_BIT(type);
    question.policy.generation = CLI_OWN_POLICIES + type;
    if (dna_uv_ask(in->live->driver, &question, ruled, slot, slot) != DNA_OK) {
        *slot = NULL;
    }
}

void cli_inspect_foresee(struct cli_inspection *in)
{
    char name[DNA_NAME_MAX + 16];
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if ((CLI_CHALLENGED & DNA_PROOF_BIT(i)) == 0) {
            hear(in, i);
        }
    }
    (void)snprintf(name, sizeof name, "xmpp-sts.%s", in->options.domain);
    locate(in, in->options.domain, &in->foreseen.lookups[0]);
    locate(in, name, &in->foreseen.lookups[2]);
}

void cli_inspect_unforesee(struct cli_inspection *in)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (in->foreseen.hearings[i] != NULL) {
            dna_uv_unask(in->live->driver, in->foreseen.hearings[i]);
        }
    }
    for (unsigned i = 0; i < 4 + CLI_PLACES_MOST; i++) {
        dna_resolver_cancel(in->foreseen.lookups[i]);
    }
}
