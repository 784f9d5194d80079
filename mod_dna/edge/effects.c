/* edge/effects.c: what the session's stream says, passed on to the host or carried out.
 *
 * Invariant: after pull the core has nothing left to say, or the stream is past the point
 * where anybody listens to it.
 */
#include <edge/connection.h>

#include <string.h>

#include <edge/elsewhere.h>
#include <edge/fetch.h>
#include <edge/verify.h>

static struct dna_time now_of(const struct dna_uv_stream *stream)
{
    return stream->uv->face->now(stream->uv->face->self);
}

static bool listens(const struct dna_uv_stream *stream)
{
    return stream->core != NULL && stream->state < DNA_EDGE_CLOSING;
}

/* While TLS shakes hands nothing can be said: not in clear any more, not encrypted yet. */
static void close_connection(struct dna_uv_stream *stream)
{
    if (stream->state == DNA_EDGE_SHAKING) {
        dna_edge_connection_drop(stream, "", "closed while TLS was being set up");
        return;
    }
    dna_edge_connection_enter(stream, DNA_EDGE_CLOSING);
    dna_edge_connection_stir(stream);
}

/* Only dnssec-ta rests on a URL that the peer chose. */
static bool is_worthless_url(const struct dna_ruling *ruling)
{
    return ruling != NULL && ruling->verdict == DNA_FAIL &&
           ruling->prooftype == DNA_PROOF_DNSSEC_TA;
}

static void note_peer(struct dna_uv_stream *stream, const struct dna_stream_effect *effect)
{
    if (effect->accepted) {
        stream->party.proven = true;
    } else if (is_worthless_url(effect->ruling)) {
        dna_fetcher_blame(stream->uv->fetcher, stream->party.key);
    }
}

static void tell_changed(struct dna_uv_stream *stream, const struct dna_stream_effect *effect)
{
    if (stream->handler->changed != NULL) {
        stream->handler->changed(stream->user, stream, effect);
    }
}

static void act(struct dna_uv_stream *stream, const struct dna_stream_effect *effect)
{
    const struct dna_uv_handler *handler = stream->handler;
    switch (effect->kind) {
    case DNA_STREAM_SECURE:
        dna_edge_wire_secure(stream, effect->domain);
        break;
    case DNA_STREAM_STANZA:
        dna_edge_quest_free(stream);
        stream->wire.negotiating = false;
        if (handler->stanza != NULL) {
            handler->stanza(stream->user, stream, effect->stanza);
        }
        break;
    case DNA_STREAM_PEER:
        note_peer(stream, effect);
        if (!dna_edge_quest_refuses(stream, effect)) {
            tell_changed(stream, effect);
        }
        break;
    case DNA_STREAM_OWN:
    case DNA_STREAM_PAIR:
        if (effect->accepted) {
            dna_edge_quest_free(stream);
        } else {
            dna_edge_quest_decide(stream, DNA_EDGE_FINAL);
        }
        tell_changed(stream, effect);
        break;
    case DNA_STREAM_VERIFY:
        dna_edge_verify(stream, effect);
        break;
    case DNA_STREAM_READY:
        dna_edge_verify_ready(stream);
        break;
    case DNA_STREAM_VERIFIED:
        dna_edge_verify_answered(stream->uv, effect->number, effect->outcome);
        break;
    case DNA_STREAM_FLOWS:
        if (handler->drained != NULL) {
            handler->drained(stream->user, stream);
        }
        break;
    case DNA_STREAM_ERROR:
        if (effect->accepted && strcmp(effect->condition, "see-other-host") == 0) {
            dna_edge_elsewhere_note(stream, effect->text);
        }
        dna_edge_quest_decide(stream, effect->accepted ? DNA_EDGE_FINAL : DNA_EDGE_GO_ON);
        dna_edge_connection_excuse(stream, effect->condition, effect->text);
        break;
    case DNA_STREAM_CLOSE:
        dna_edge_quest_decide(stream, DNA_EDGE_FINAL);
        if (effect->text[0] != '\0') {
            dna_edge_connection_excuse(stream, "", effect->text);
        }
        close_connection(stream);
        break;
    }
}

void dna_edge_connection_pull(struct dna_uv_stream *stream)
{
    struct dna_stream_effect effect;
    struct dna_time now = now_of(stream);
    while (listens(stream) && dna_stream_next(stream->core, now, &effect)) {
        act(stream, &effect);
    }
    dna_edge_wants_pull(stream->uv);
}

void dna_edge_connection_gone(struct dna_uv_stream *stream, const char *why)
{
    stream->wire.input_over = true;
    if (!listens(stream)) {
        dna_edge_connection_stir(stream);
        return;
    }
    dna_edge_quest_decide(stream, DNA_EDGE_GO_ON);
    dna_edge_connection_excuse(stream, "", why);
    dna_edge_wire_doubt(stream);
    if (dna_stream_gone(stream->core, why, now_of(stream)) == DNA_OK) {
        dna_edge_connection_pull(stream);
    }
    if (listens(stream)) {
        dna_edge_connection_drop(stream, "", why);
    }
}
