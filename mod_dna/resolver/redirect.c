/* resolver/redirect.c: answers for the names that lead to the gateway.
 *
 * Below `_xmpp-server._tcp` and `_xmpps-server._tcp` nothing but our SRV record exists, other
 * types included: a caching resolver in between that was told "no such name" for one type
 * would believe it for all (RFC 8020).  Direct TLS is never offered on a link, so that
 * `_xmpps-server` has no records.  libldns takes queries apart and puts answers together.
 */
#include <resolver/redirect.h>

#include <string.h>

#include <ldns/ldns.h>

#define TTL 60
#define FLAG_RESPONSE 0x80
#define OPCODE_MASK 0x78
#define RD 0x01
#define RA 0x80
#define RCODE_FORMERR 1
#define RCODE_SERVFAIL 2

static const char starttls[] = "\014_xmpp-server\004_tcp";
static const char direct[] = "\015_xmpps-server\004_tcp";

/* Whether name, in wire form, has these labels first and a domain after them. */
static bool begins(const ldns_rdf *name, const char *labels, size_t len)
{
    const char *data = (const char *)ldns_rdf_data(name);
    return ldns_rdf_size(name) > len + 1 && strncasecmp(data, labels, len) == 0;
}

static uint16_t word(struct dna_span message, size_t at)
{
    return (uint16_t)((unsigned char)message.ptr[at] << 8 | (unsigned char)message.ptr[at + 1]);
}

/* Where the only question ends, or 0: there is none, or more than a plain name. */
static size_t question_end(struct dna_span message)
{
    size_t at = DNA_REDIRECT_HEADER;
    if (message.len < DNA_REDIRECT_HEADER || word(message, 4) != 1) {
        return 0;
    }
    while (at < message.len && message.ptr[at] != 0) {
        unsigned label = (unsigned char)message.ptr[at];
        if (label > LDNS_MAX_LABELLEN) {
            return 0;
        }
        at += label + 1;
    }
    return at + 5 <= message.len ? at + 5 : 0;
}

/* A response that is nothing but a header. */
static enum dna_err add_header(struct dna_span query, unsigned rcode, struct dna_buf *out)
{
    char header[DNA_REDIRECT_HEADER] = {0};
    header[0] = query.ptr[0];
    header[1] = query.ptr[1];
    header[2] = (char)(FLAG_RESPONSE | (query.ptr[2] & (OPCODE_MASK | RD)));
    header[3] = (char)(RA | rcode);
    return dna_buf_add(out, (struct dna_span){header, sizeof header});
}

static ldns_rr *srv_record(const struct dna_redirect *redirect, const ldns_rdf *owner)
{
    ldns_rr *rr = ldns_rr_new_frm_type(LDNS_RR_TYPE_SRV);
    if (rr == NULL) {
        return NULL;
    }
    ldns_rr_set_owner(rr, ldns_rdf_clone(owner));
    ldns_rr_set_ttl(rr, TTL);
    (void)ldns_rr_set_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 0), 0);
    (void)ldns_rr_set_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 0), 1);
    (void)ldns_rr_set_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, redirect->port), 2);
    (void)ldns_rr_set_rdf(rr, ldns_dname_new_frm_str(redirect->target), 3);
    return rr;
}

static ldns_rr *address_record(const struct dna_redirect *redirect, const ldns_rdf *owner)
{
    bool v4 = redirect->address.family == DNA_ADDRESS_V4;
    ldns_rr *rr = ldns_rr_new_frm_type(v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA);
    if (rr == NULL) {
        return NULL;
    }
    ldns_rr_set_owner(rr, ldns_rdf_clone(owner));
    ldns_rr_set_ttl(rr, TTL);
    (void)ldns_rr_set_rdf(rr,
                          ldns_rdf_new_frm_data(v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA,
                                                v4 ? 4 : 16, redirect->address.bytes),
                          0);
    return rr;
}

static bool complete(const ldns_rr *rr)
{
    if (rr == NULL || ldns_rr_owner(rr) == NULL) {
        return false;
    }
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        if (ldns_rr_rdf(rr, i) == NULL) {
            return false;
        }
    }
    return true;
}

/* The answer to query, with rr as its only record; takes rr, which may be NULL. */
static enum dna_err add_answer(const ldns_pkt *query, ldns_rr *rr, struct dna_buf *out)
{
    ldns_pkt *answer = ldns_pkt_new();
    ldns_rr *question = ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(query), 0));
    enum dna_err err = DNA_ERR_MEMORY;
    uint8_t *wire = NULL;
    size_t len;
    if (answer == NULL || question == NULL) {
        ldns_rr_free(question);
        ldns_rr_free(rr);
        ldns_pkt_free(answer);
        return DNA_ERR_MEMORY;
    }
    ldns_pkt_set_id(answer, ldns_pkt_id(query));
    ldns_pkt_set_qr(answer, true);
    ldns_pkt_set_rd(answer, ldns_pkt_rd(query));
    ldns_pkt_set_ra(answer, true);
    ldns_pkt_set_cd(answer, ldns_pkt_cd(query));
    if (ldns_pkt_edns(query)) {
        ldns_pkt_set_edns_udp_size(answer, 1232);
    }
    if (!ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION, question)) {
        ldns_rr_free(question);
        ldns_rr_free(rr);
    } else if (rr != NULL && !ldns_pkt_push_rr(answer, LDNS_SECTION_ANSWER, rr)) {
        ldns_rr_free(rr);
    } else if (ldns_pkt2wire(&wire, answer, &len) == LDNS_STATUS_OK) {
        err = dna_buf_add(out, (struct dna_span){(const char *)wire, len});
    }
    LDNS_FREE(wire);
    ldns_pkt_free(answer);
    return err;
}

/* Whether the name is one of ours, and if so the record that it has of that type. */
static bool find(const struct dna_redirect *redirect, const ldns_rdf *name, ldns_rr_type type,
                 ldns_rr **rr, bool *made)
{
    bool v4 = redirect->address.family == DNA_ADDRESS_V4;
    ldns_rdf *target;
    bool is_target;
    *rr = NULL;
    *made = true;
    if (begins(name, direct, sizeof direct - 1)) {
        return true;
    }
    if (begins(name, starttls, sizeof starttls - 1)) {
        if (type == LDNS_RR_TYPE_SRV || type == LDNS_RR_TYPE_ANY) {
            *rr = srv_record(redirect, name);
            *made = complete(*rr);
        }
        return true;
    }
    target = ldns_dname_new_frm_str(redirect->target);
    is_target = target != NULL && ldns_dname_compare(name, target) == 0;
    if (is_target && (type == LDNS_RR_TYPE_ANY ||
                      type == (v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA))) {
        *rr = address_record(redirect, name);
        *made = complete(*rr);
    }
    *made = *made && target != NULL;
    ldns_rdf_deep_free(target);
    return is_target || !*made;
}

static enum dna_err answer(const struct dna_redirect *redirect, const ldns_pkt *query,
                           struct dna_buf *out, enum dna_redirect_verdict *verdict)
{
    const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
    ldns_rr *rr;
    bool made;
    *verdict = DNA_REDIRECT_FORWARD;
    if (ldns_rr_get_class(question) != LDNS_RR_CLASS_IN ||
        !find(redirect, ldns_rr_owner(question), ldns_rr_get_type(question), &rr, &made)) {
        return DNA_OK;
    }
    *verdict = DNA_REDIRECT_ANSWER;
    if (!made) {
        ldns_rr_free(rr);
        return DNA_ERR_MEMORY;
    }
    return add_answer(query, rr, out);
}

enum dna_err dna_redirect_query(const struct dna_redirect *redirect, struct dna_span query,
                                struct dna_buf *out, enum dna_redirect_verdict *verdict)
{
    ldns_pkt *packet = NULL;
    enum dna_err err;
    *verdict = DNA_REDIRECT_DROP;
    if (query.len < DNA_REDIRECT_HEADER || query.len > DNA_REDIRECT_MOST ||
        (query.ptr[2] & FLAG_RESPONSE) != 0) {
        return DNA_OK;
    }
    if ((query.ptr[2] & OPCODE_MASK) != 0) {
        *verdict = DNA_REDIRECT_FORWARD;
        return DNA_OK;
    }
    *verdict = DNA_REDIRECT_ANSWER;
    if (question_end(query) == 0 ||
        ldns_wire2pkt(&packet, (const uint8_t *)query.ptr, query.len) != LDNS_STATUS_OK) {
        return add_header(query, RCODE_FORMERR, out);
    }
    err = answer(redirect, packet, out, verdict);
    ldns_pkt_free(packet);
    return err;
}

enum dna_err dna_redirect_failure(struct dna_span query, struct dna_buf *out)
{
    return add_header(query, RCODE_SERVFAIL, out);
}

bool dna_redirect_matches(struct dna_span query, struct dna_span reply)
{
    size_t end = question_end(query);
    if (end == 0 || reply.len < DNA_REDIRECT_HEADER ||
        memcmp(query.ptr, reply.ptr, 2) != 0 || (reply.ptr[2] & FLAG_RESPONSE) == 0) {
        return false;
    }
    if (word(reply, 4) == 0) {
        return (reply.ptr[3] & 0x0f) != 0;
    }
    return question_end(reply) == end &&
           memcmp(query.ptr + DNA_REDIRECT_HEADER, reply.ptr + DNA_REDIRECT_HEADER,
                  end - DNA_REDIRECT_HEADER) == 0;
}
