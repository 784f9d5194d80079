/* edge/places.c: the rules of finding the peer.
 *
 * The domain's own address is tried only where the DNS says definitely that there is no SRV
 * record of either name.  After a failed or forged answer it is not: whoever can drop an
 * answer could otherwise choose the port and the host.
 */
#include <edge/places.h>

#include <string.h>

static void end(struct dna_edge_places *out, enum dna_edge_finding finding, const char *why)
{
    out->finding = finding;
    out->why = why;
}

/* The usable records; *dots counts those that say "no service". */
static size_t read_records(const struct dna_dns_answer *answer, struct dna_srv *records,
                           size_t *dots)
{
    size_t n = 0;
    *dots = 0;
    for (size_t i = 0; i < answer->n_rdata && i < DNA_LIMIT_RECORDS; i++) {
        if (dna_srv_parse(answer->rdata[i], &records[n]) != DNA_OK) {
            continue;
        }
        if (strcmp(records[n].target.text, ".") == 0) {
            ++*dots;
        } else {
            n++;
        }
    }
    return n;
}

static void put_in_order(struct dna_srv *records, size_t n, const uint32_t *random,
                         struct dna_edge_places *out)
{
    dna_srv_order(records, n, random);
    out->finding = DNA_EDGE_FOUND;
    out->n = n < DNA_LIMIT_ENDPOINTS ? n : DNA_LIMIT_ENDPOINTS;
    for (size_t i = 0; i < out->n; i++) {
        out->list[i].host = records[i].target;
        out->list[i].port = records[i].port;
    }
}

static void list(const struct dna_dns_answer *answer, const uint32_t *random,
                 struct dna_edge_places *out)
{
    struct dna_srv records[DNA_LIMIT_RECORDS];
    size_t dots;
    size_t n = read_records(answer, records, &dots);
    if (n == 0 && dots != 0) {
        end(out, DNA_EDGE_ABSENT, "the domain's SRV record says that it has no such service");
        return;
    }
    if (n == 0) {
        end(out, DNA_EDGE_UNKNOWN, "the domain's SRV records cannot be read");
        return;
    }
    put_in_order(records, n, random, out);
}

/* _xmpp-server is definitely absent. */
static void look_at_direct(const char *domain, const struct dna_dns_answer *direct,
                           struct dna_edge_places *out)
{
    struct dna_srv records[DNA_LIMIT_RECORDS];
    size_t dots;
    switch (direct->outcome) {
    case DNA_DNS_ABSENT:
        out->finding = DNA_EDGE_FOUND;
        out->own_name = true;
        out->n = 1;
        (void)strncpy(out->list[0].host.text, domain, DNA_NAME_MAX);
        out->list[0].port = DNA_EDGE_PORT;
        return;
    case DNA_DNS_FOUND:
        if (read_records(direct, records, &dots) == 0 && dots != 0) {
            end(out, DNA_EDGE_ABSENT, "the domain's SRV record says that it has no service");
        } else {
            end(out, DNA_EDGE_BARRED, "the domain offers direct TLS only");
        }
        return;
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS:
        break;
    }
    end(out, DNA_EDGE_UNKNOWN, direct->why);
}

void dna_edge_places_of(const char *domain, const struct dna_dns_answer *starttls,
                        const struct dna_dns_answer *direct, const uint32_t *random,
                        struct dna_edge_places *out)
{
    memset(out, 0, sizeof *out);
    out->finding = DNA_EDGE_UNKNOWN;
    out->why = "";
    if (direct->outcome == DNA_DNS_BOGUS) {
        end(out, DNA_EDGE_UNKNOWN, direct->why); /* S10: a veto on connecting */
        return;
    }
    switch (starttls->outcome) {
    case DNA_DNS_FOUND:
        list(starttls, random, out);
        return;
    case DNA_DNS_ABSENT:
        look_at_direct(domain, direct, out);
        return;
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS:
        break;
    }
    end(out, DNA_EDGE_UNKNOWN, starttls->why);
}

bool dna_edge_places_replaceable(const struct dna_dns_answer *starttls,
                                 const struct dna_dns_answer *direct)
{
    return starttls->outcome != DNA_DNS_BOGUS && direct->outcome != DNA_DNS_BOGUS;
}

bool dna_edge_places_of_document(const struct dna_service_document *document,
                                 const uint32_t *random, struct dna_edge_places *out)
{
    struct dna_srv records[DNA_LIMIT_RECORDS]; /* as many as there are random numbers */
    size_t n = 0;
    if (document->n_endpoints == 0 && document->n_skipped != 0) {
        return false;
    }
    for (size_t i = 0; i < document->n_endpoints && n < DNA_LIMIT_RECORDS; i++) {
        const struct dna_service_endpoint *one = &document->endpoints[i];
        if (!one->direct_tls) {
            records[n++] = (struct dna_srv){
                .priority = one->priority, .weight = one->weight, .port = one->port,
                .target = one->host};
        }
    }
    memset(out, 0, sizeof *out);
    out->why = "";
    if (document->n_endpoints == 0) {
        end(out, DNA_EDGE_ABSENT,
            "the domain's service delegation document says that it has no such service");
    } else if (n == 0) {
        end(out, DNA_EDGE_BARRED, "the domain's service delegation document offers direct TLS "
                                  "only");
    } else {
        put_in_order(records, n, random, out);
    }
    return true;
}
