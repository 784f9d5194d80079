/* s2s/dna.c: reading the six elements of the DNA exchange, and the slides' short form.
 *
 * An element is turned into an event of the record that it is about.  `from` names a domain
 * of its sender, `to` one of its receiver: a valid, invalid or challenge is about a domain
 * of ours, an assert, proof or impossible about one of the peer's.  What is malformed is
 * discarded and counted.
 */
#include <s2s/stream.h>

#include <string.h>

#include <base/limits.h>

struct kind {
    const char *name;
    enum dna_s2s_event event;
    bool about_us;
};

static const struct kind kinds[] = {
    {"assert", DNA_S2S_RX_ASSERT, false},   {"challenge", DNA_S2S_RX_CHALLENGE, true},
    {"proof", DNA_S2S_RX_PROOF, false},     {"valid", DNA_S2S_RX_VALID, true},
    {"invalid", DNA_S2S_RX_INVALID, true},  {"impossible", DNA_S2S_RX_IMPOSSIBLE, false},
};

static const struct kind *kind_of(struct dna_span name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (dna_span_is(name, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool dna_s2s_is_dna(const struct dna_s2s *s, const struct dna_xml_element *e)
{
    if (dna_span_is(e->ns, DNA_S2S_NS_DNA)) {
        return true;
    }
    return s->options.accept_short_form && s->headers.round > 0 && e->prefix.len == 0 &&
           dna_span_is(e->ns, DNA_S2S_NS_SERVER) && kind_of(e->name) != NULL;
}

void dna_s2s_count_abuse(struct dna_s2s *s, const char *what)
{
    dna_s2s_log(s, DNA_LOG_DEBUG, "dna-discarded", "what", dna_span_of(what));
    if (++s->abuse >= DNA_LIMIT_ABUSE) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "too many elements that make no sense here");
    }
}

/* A URI has a scheme (RFC 3986 3.1). */
static bool is_uri(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == ':') {
            return i > 0 && i + 1 < text.len;
        }
        if (!letter && (i == 0 || strchr("0123456789+-.", c) == NULL || c == '\0')) {
            return false;
        }
    }
    return false;
}

static bool spelled_ietf(struct dna_span uri)
{
    /* "urn:" in any case and then "ietf": known already to be one of the two. */
    return uri.len > 4 && (uri.ptr[4] == 'i' || uri.ptr[4] == 'I');
}

/* The prooftypes of a challenge; false: malformed. */
static bool read_challenge(struct dna_s2s_call *call, const struct dna_xml_element *e)
{
    unsigned proofs = 0, xmpp = 0, ietf = 0;
    for (const struct dna_xml_element *c = e->child; c != NULL; c = c->next) {
        struct dna_span uri;
        enum dna_prooftype type;
        bool ours = dna_span_is(c->ns, DNA_S2S_NS_DNA) ||
                    (call->short_form && dna_span_is(c->ns, DNA_S2S_NS_SERVER));
        if (!ours || !dna_span_is(c->name, "proof")) {
            continue;
        }
        if (++proofs > DNA_LIMIT_CHALLENGE_TYPES || !dna_xml_attr(c, "type", &uri) ||
            !is_uri(uri)) {
            return false;
        }
        if (dna_prooftype_by_uri(uri, &type) == DNA_OK) {
            *(spelled_ietf(uri) ? &ietf : &xmpp) |= DNA_PROOF_BIT(type);
        }
    }
    call->prooftypes = (uint16_t)(xmpp | ietf);
    call->ietf = (uint16_t)(ietf & ~xmpp);
    return proofs > 0;
}

/* A single absolute http or https URL: what the slides' proof consists of. */
static bool is_url(struct dna_span text)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (text.len > len && memcmp(text.ptr, schemes[i], len) == 0) {
            for (size_t k = len; k < text.len; k++) {
                if ((unsigned char)text.ptr[k] <= ' ') {
                    return false;
                }
            }
            return true;
        }
    }
    return false;
}

static void read_proof(struct dna_s2s_call *call, const struct dna_xml_element *e,
                       const struct dna_s2s_record *r)
{
    struct dna_span uri;
    call->content = dna_xml_trim(e->text);
    if (dna_xml_attr(e, "type", &uri)) {
        call->has_type = dna_prooftype_by_uri(uri, &call->prooftype) == DNA_OK;
        return;
    }
    if (!call->short_form || r == NULL) {
        return;
    }
    for (unsigned type = 0; type < DNA_N_PROOFTYPES; type++) {
        if (r->offered == DNA_PROOF_BIT(type)) {
            call->has_type = true;
            call->prooftype = (enum dna_prooftype)type;
        }
    }
    if (!call->has_type && is_url(call->content) &&
        (r->offered & DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA)) != 0) {
        call->has_type = true;
        call->prooftype = DNA_PROOF_DNSSEC_TA;
    }
}

/* The domain that e names; in the short form a challenge or proof may leave it out. */
static bool read_domain(struct dna_s2s *s, const struct kind *kind,
                        const struct dna_xml_element *e, struct dna_name *out)
{
    struct dna_span text;
    if (dna_xml_attr(e, kind->about_us ? "to" : "from", &text)) {
        return dna_name_parse(text, out) == DNA_OK && !dna_name_is_address(out);
    }
    if (!s->call->short_form) {
        return false;
    }
    if (kind->event == DNA_S2S_RX_CHALLENGE) {
        s->call->bare = true;
        *out = s->own;
        return true;
    }
    if (kind->event == DNA_S2S_RX_PROOF) {
        const struct dna_s2s_record *r = dna_s2s_only_challenged(s);
        if (r != NULL) {
            strcpy(out->text, r->domain);
        }
        return r != NULL;
    }
    return false; /* S20 */
}

/* The record of that event, made where the event begins something. */
static struct dna_s2s_record *record_for(struct dna_s2s *s, const struct kind *kind,
                                         const char *domain)
{
    switch ((int)kind->event) {
    case DNA_S2S_RX_ASSERT:
        return dna_s2s_peer_record_make(s, domain);
    case DNA_S2S_RX_CHALLENGE:
    case DNA_S2S_RX_VALID:
        return dna_s2s_own_record_make(s, domain);
    case DNA_S2S_RX_INVALID:
        return dna_s2s_hosts(s, domain) ? dna_s2s_own_record_make(s, domain)
                                        : dna_s2s_own_record(s, domain);
    default:
        return dna_s2s_peer_record(s, domain);
    }
}

void dna_s2s_dna_raise(struct dna_s2s *s, const struct dna_xml_element *e)
{
    struct dna_s2s_call *call = s->call;
    const struct kind *kind = kind_of(e->name);
    struct dna_s2s_record *r;
    struct dna_name domain;
    call->short_form = !dna_span_is(e->ns, DNA_S2S_NS_DNA);
    call->bare = call->has_type = false;
    if (kind == NULL) {
        dna_s2s_count_abuse(s, "unknown element");
        return;
    }
    if (!read_domain(s, kind, e, &domain)) {
        dna_s2s_count_abuse(s, "no usable domain");
        return;
    }
    if (kind->event == DNA_S2S_RX_CHALLENGE && !read_challenge(call, e)) {
        dna_s2s_count_abuse(s, "not a challenge");
        return;
    }
    r = record_for(s, kind, domain.text);
    if (kind->event == DNA_S2S_RX_PROOF) {
        read_proof(call, e, r);
    }
    if (r != NULL) {
        dna_s2s_raise(s, kind->event, r, NULL, NULL);
    } else if (s->err == DNA_OK) {
        dna_s2s_count_abuse(s, "nothing is known of that domain");
    }
}
