/* edge/places.c: the rules of finding the peer.
 *
 * The domain's own address is tried only where the DNS says definitely that there is no SRV
 * record of either name.  After a failed or forged answer nothing is: whoever can drop an
 * answer could otherwise choose the port and the host, or which half of the set is used.
 */
#include <edge/places.h>

#include <string.h>

/* Records of both names.  In `turn` the port's place is taken by an index of `ways`, since the
 * order does not depend on it. */
struct set {
    struct dna_srv turn[DNA_EDGE_RECORDS];
    struct way {
        uint16_t port;
        bool direct_tls, secure;
    } ways[DNA_EDGE_RECORDS];
    size_t n;
};

static void end(struct dna_edge_places *out, enum dna_edge_finding finding, const char *why)
{
    out->finding = finding;
    out->why = why;
}

static void add(struct set *set, const struct dna_srv *record, bool direct_tls, bool secure)
{
    struct dna_srv *turn = &set->turn[set->n];
    *turn = *record;
    turn->port = (uint16_t)set->n;
    set->ways[set->n++] =
        (struct way){.port = record->port, .direct_tls = direct_tls, .secure = secure};
}

/* How many records say "no service", beside those that are added to the set. */
static size_t read_records(const struct dna_dns_answer *answer, bool direct_tls,
                           struct set *set)
{
    size_t dots = 0;
    struct dna_srv record;
    for (size_t i = 0; i < answer->n_rdata && i < DNA_LIMIT_RECORDS; i++) {
        if (answer->outcome != DNA_DNS_FOUND ||
            dna_srv_parse(answer->rdata[i], &record) != DNA_OK) {
            continue;
        }
        if (strcmp(record.target.text, ".") == 0) {
            dots++;
        } else {
            add(set, &record, direct_tls, answer->secure);
        }
    }
    return dots;
}

static void put_in_order(struct set *set, const uint32_t *random, struct dna_edge_places *out)
{
    dna_srv_order(set->turn, set->n, random);
    out->finding = DNA_EDGE_FOUND;
    out->n = set->n < DNA_LIMIT_ENDPOINTS ? set->n : DNA_LIMIT_ENDPOINTS;
    for (size_t i = 0; i < out->n; i++) {
        const struct way *way = &set->ways[set->turn[i].port];
        out->list[i] = (struct dna_edge_place){.host = set->turn[i].target,
                                               .port = way->port,
                                               .direct_tls = way->direct_tls,
                                               .secure = way->secure};
    }
}

static void put_own_name(const char *domain, bool secure, struct dna_edge_places *out)
{
    out->finding = DNA_EDGE_FOUND;
    out->own_name = true;
    out->n = 1;
    (void)strncpy(out->list[0].host.text, domain, DNA_NAME_MAX);
    out->list[0].port = DNA_EDGE_PORT;
    out->list[0].secure = secure;
}

/* Both are found or absent. */
static void merge(const char *domain, const struct dna_dns_answer *starttls,
                  const struct dna_dns_answer *direct, const uint32_t *random,
                  struct dna_edge_places *out)
{
    struct set set;
    size_t dots, direct_dots;
    set.n = 0;
    dots = read_records(starttls, false, &set);
    if (dots != 0 && set.n == 0) {
        end(out, DNA_EDGE_ABSENT, "the domain's SRV record says that it has no such service");
        return;
    }
    direct_dots = read_records(direct, true, &set);
    if (set.n != 0) {
        put_in_order(&set, random, out);
    } else if (starttls->outcome == DNA_DNS_FOUND) {
        end(out, DNA_EDGE_UNKNOWN, "the domain's SRV records cannot be read");
    } else if (direct->outcome == DNA_DNS_ABSENT) {
        put_own_name(domain, starttls->secure && direct->secure, out);
    } else if (direct_dots != 0) {
        end(out, DNA_EDGE_ABSENT, "the domain's SRV record says that it has no direct TLS, "
                                  "and there is no other");
    } else {
        end(out, DNA_EDGE_UNKNOWN, "the domain's SRV records cannot be read");
    }
}

static bool is_known(const struct dna_dns_answer *answer)
{
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
    case DNA_DNS_ABSENT:
        return true;
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS: /* S10: a veto on connecting */
        break;
    }
    return false;
}

void dna_edge_places_of(const char *domain, const struct dna_dns_answer *starttls,
                        const struct dna_dns_answer *direct, const uint32_t *random,
                        struct dna_edge_places *out)
{
    memset(out, 0, sizeof *out);
    out->why = "";
    if (!is_known(starttls)) {
        end(out, DNA_EDGE_UNKNOWN, starttls->why);
    } else if (!is_known(direct)) {
        end(out, DNA_EDGE_UNKNOWN, direct->why);
    } else {
        merge(domain, starttls, direct, random, out);
    }
}

bool dna_edge_places_replaceable(const struct dna_dns_answer *starttls,
                                 const struct dna_dns_answer *direct)
{
    return starttls->outcome != DNA_DNS_BOGUS && direct->outcome != DNA_DNS_BOGUS;
}

bool dna_edge_places_of_document(const struct dna_service_document *document,
                                 const uint32_t *random, struct dna_edge_places *out)
{
    struct set set;
    set.n = 0;
    if (document->n_endpoints == 0 && document->n_skipped != 0) {
        return false;
    }
    for (size_t i = 0; i < document->n_endpoints && set.n < DNA_LIMIT_RECORDS; i++) {
        const struct dna_service_endpoint *one = &document->endpoints[i];
        const struct dna_srv record = {.priority = one->priority, .weight = one->weight,
                                       .port = one->port, .target = one->host};
        add(&set, &record, one->direct_tls, false);
    }
    memset(out, 0, sizeof *out);
    out->why = "";
    if (set.n == 0) {
        end(out, DNA_EDGE_ABSENT,
            "the domain's service delegation document says that it has no such service");
    } else {
        put_in_order(&set, random, out);
    }
    return true;
}
