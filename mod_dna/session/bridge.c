/* session/bridge.c: see bridge.h. */
#include <session/bridge.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <proof/certificate.h>
#include <x509/spki.h>

#define KEY_LIFE_S 86400 /* a pin has no end of its own; it is looked at again after that */

struct dna_bridge {
    bool has_key;
    unsigned char key[DNA_SHA256_SIZE];
    struct dna_roots *roots;
};

void dna_bridge_free(const struct dna_alloc *alloc, struct dna_bridge *bridge)
{
    if (bridge != NULL) {
        dna_roots_free(bridge->roots);
        dna_alloc_release(alloc, bridge);
    }
}

bool dna_link_is_bridge(const struct dna_link *link)
{
    return link != NULL && link->bridge != NULL;
}

enum dna_err dna_session_link_bridge(struct dna_session *session,
                                     const struct dna_link_bridge *terms,
                                     struct dna_link **out)
{
    /* Nothing is ever dialled back there, so that its secret opens nothing. */
    static const char unused[16];
    const struct dna_alloc *alloc = session->alloc;
    struct dna_link_bridge known;
    struct dna_bridge *bridge;
    enum dna_err err;
    dna_session_adopt(&known, sizeof known, terms, terms->size);
    if (known.has_key == (known.roots != NULL)) {
        return DNA_ERR_ARGUMENT;
    }
    bridge = dna_alloc_zero(alloc, 1, sizeof *bridge);
    if (bridge == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_session_link(session, (struct dna_span){unused, sizeof unused}, out);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, bridge);
        return err;
    }
    bridge->has_key = known.has_key;
    memcpy(bridge->key, known.key, sizeof bridge->key);
    bridge->roots = known.roots != NULL ? dna_roots_ref(known.roots) : NULL;
    (*out)->bridge = bridge;
    return DNA_OK;
}

static void rule(struct dna_ruling *out, enum dna_code code, const char *why)
{
    out->verdict = code == DNA_CODE_OK ? DNA_PROVEN : DNA_FAIL;
    out->code = code;
    (void)snprintf(out->why, sizeof out->why, "%s", why);
}

static void judge_key(const struct dna_bridge *bridge, const struct dna_stream *stream,
                      struct dna_time now, struct dna_ruling *out)
{
    unsigned char key[DNA_SHA256_SIZE];
    if (dna_spki_digest(stream->chain, key) != DNA_OK) {
        rule(out, DNA_CODE_INTERNAL, "the key of the local server's certificate is unreadable");
    } else if (memcmp(key, bridge->key, sizeof key) != 0) {
        rule(out, DNA_CODE_NO_MATCH, "the local server's key is not the one that the link names");
    } else {
        out->expires_at = now.wall + KEY_LIFE_S;
        rule(out, DNA_CODE_OK, "the link names the local server's key");
    }
}

static void judge_path(const struct dna_bridge *bridge, const struct dna_stream *stream,
                       const char *domain, struct dna_time now, struct dna_ruling *out)
{
    struct dna_path path;
    if (dna_path_check(stream->chain, bridge->roots, now.wall, &path) != DNA_OK) {
        rule(out, DNA_CODE_INTERNAL, "the local server's certificate could not be checked");
    } else if (path.code != DNA_PATH_OK) {
        rule(out, DNA_CODE_UNTRUSTED, path.why);
    } else if (now.wall < path.not_before || now.wall >= path.not_after) {
        rule(out, DNA_CODE_NOT_VALID_NOW, "the local server's certificate is not valid now");
    } else if (!dna_certificate_names(stream->chain, &path, DNA_XMPP_SERVER, domain)) {
        rule(out, DNA_CODE_NAME_MISMATCH,
             "the local server's certificate does not name the domain");
    } else {
        out->expires_at = path.not_after;
        rule(out, DNA_CODE_OK, "the local server's certificate names the domain");
    }
}

static void log_refusal(const struct dna_stream *stream, const char *domain,
                        const struct dna_ruling *ruling)
{
    const struct dna_log_field fields[] = {
        {"domain", dna_span_of(domain)}, {"code", dna_span_of(dna_code_name(ruling->code))},
        {"why", dna_span_of(ruling->why)}};
    const struct dna_log *log = stream->session->log;
    if (log != NULL && log->write != NULL && log->least <= DNA_LOG_WARNING) {
        log->write(log->arg, DNA_LOG_WARNING, "link-unproven", fields,
                   sizeof fields / sizeof *fields);
    }
}

void dna_bridge_judge(struct dna_stream *stream, const char *domain, struct dna_time now)
{
    const struct dna_link *link = stream->link;
    struct dna_ruling ruling = {.verdict = DNA_FAIL};
    if (dna_map_get(link->domains, dna_span_of(domain)) == NULL) {
        rule(&ruling, DNA_CODE_POLICY, "no domain of this link");
    } else if (stream->chain == NULL) {
        rule(&ruling, DNA_CODE_NO_CERTIFICATE, "the local server presents no certificate");
    } else if (link->bridge->has_key) {
        judge_key(link->bridge, stream, now, &ruling);
    } else {
        judge_path(link->bridge, stream, domain, now, &ruling);
    }
    if (ruling.verdict != DNA_PROVEN) {
        log_refusal(stream, domain, &ruling);
    }
    dna_stream_lost(dna_s2s_ruled(stream->s2s, domain, &ruling, now));
    dna_stream_touch(stream);
}

enum dna_err dna_bridge_unhost(struct dna_stream *stream, const char *domain,
                               struct dna_time now)
{
    static const struct dna_ruling gone = {
        .verdict = DNA_FAIL,
        .code = DNA_CODE_POLICY,
        .why = "the link serves the domain no longer",
    };
    return dna_s2s_revoke(stream->s2s, domain, &gone, now);
}
