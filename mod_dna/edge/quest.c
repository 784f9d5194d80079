/* edge/quest.c: an outgoing stream until one of the peer's endpoints is found to be good.
 *
 * A stream that ends because of us (the connection or TLS broke, what spoke was no XMPP
 * server, the certificate proves nothing here) goes on at the next endpoint, with a new
 * session stream.  What concerns the domain ends it: a veto, the policy, the peer's own word,
 * the host's.  Of what was refused on the way the host is told once, when nothing is left.
 */
#include <edge/connection.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <edge/dial.h>

enum dna_err dna_edge_quest_new(struct dna_uv_stream *stream, const char *own,
                                const char *peer)
{
    size_t own_len = strlen(own), peer_len = strlen(peer);
    if (own_len > DNA_NAME_MAX || peer_len > DNA_NAME_MAX) {
        return DNA_ERR_ARGUMENT;
    }
    stream->quest = dna_alloc_zero(stream->uv->alloc, 1, sizeof *stream->quest);
    if (stream->quest == NULL) {
        return DNA_ERR_MEMORY;
    }
    memcpy(stream->quest->own.text, own, own_len + 1);
    memcpy(stream->quest->peer.text, peer, peer_len + 1);
    return DNA_OK;
}

void dna_edge_quest_stop(struct dna_uv_stream *stream)
{
    if (stream->quest != NULL) {
        dna_edge_dial_cancel(stream->quest->dial);
        stream->quest->dial = NULL;
    }
}

void dna_edge_quest_free(struct dna_uv_stream *stream)
{
    dna_edge_quest_stop(stream);
    dna_alloc_release(stream->uv->alloc, stream->quest);
    stream->quest = NULL;
}

void dna_edge_quest_decide(struct dna_uv_stream *stream, enum dna_edge_fate fate)
{
    const struct dna_edge_quest *quest = stream->quest;
    if (quest == NULL || stream->fate != DNA_EDGE_OPEN) {
        return;
    }
    if (fate == DNA_EDGE_GO_ON &&
        (quest->dial == NULL || !dna_edge_dial_has_more(quest->dial))) {
        fate = DNA_EDGE_LAST;
    }
    stream->fate = fate;
    if (fate != DNA_EDGE_GO_ON) {
        dna_edge_quest_stop(stream);
    }
}

bool dna_edge_quest_may_differ(const struct dna_ruling *ruling)
{
    if (ruling == NULL || ruling->veto) {
        return false;
    }
    switch (ruling->code) {
    case DNA_CODE_NO_CERTIFICATE:
    case DNA_CODE_WEAK_KEY:
    case DNA_CODE_UNTRUSTED:
    case DNA_CODE_NOT_VALID_NOW:
    case DNA_CODE_NAME_MISMATCH:
    case DNA_CODE_DNS_BOGUS: /* without a veto: its TLSA records */
    case DNA_CODE_DNS_FAILED:
    case DNA_CODE_DNS_INSECURE:
    case DNA_CODE_NO_DELEGATION:
    case DNA_CODE_WRONG_DELEGATE:
    case DNA_CODE_NO_MATERIAL:
    case DNA_CODE_BAD_MATERIAL:
    case DNA_CODE_NO_MATCH:
    case DNA_CODE_NOT_BOUND:
    case DNA_CODE_FETCH_FAILED:
    case DNA_CODE_PEER_SILENT:
        return true;
    case DNA_CODE_OK:
    case DNA_CODE_POLICY:
    case DNA_CODE_FETCH_REFUSED:
    case DNA_CODE_PEER_IMPOSSIBLE:
    case DNA_CODE_TESTING:
    case DNA_CODE_TIMEOUT:
    case DNA_CODE_CANCELED:
    case DNA_CODE_INTERNAL:
        break;
    }
    return false;
}

bool dna_edge_quest_refuses(struct dna_uv_stream *stream,
                            const struct dna_stream_effect *effect)
{
    struct dna_edge_quest *quest = stream->quest;
    if (quest == NULL || strcmp(effect->domain, quest->peer.text) != 0) {
        return false;
    }
    if (effect->accepted) {
        dna_edge_quest_free(stream); /* this endpoint is the one */
        return false;
    }
    dna_edge_quest_decide(stream, dna_edge_quest_may_differ(effect->ruling) ? DNA_EDGE_GO_ON
                                                                            : DNA_EDGE_FINAL);
    if (stream->fate != DNA_EDGE_GO_ON) {
        quest->refused = false; /* the host learns of this one */
        return false;
    }
    quest->refuses = true;
    if (!quest->refused) {
        quest->ruling = *effect->ruling;
    }
    return true;
}

static void keep_reason(struct dna_uv_stream *stream)
{
    struct dna_edge_quest *quest = stream->quest;
    const struct dna_edge_ending *ending = &stream->ending;
    if (!quest->failed || (quest->refuses && !quest->refused)) {
        memcpy(quest->condition, ending->condition, sizeof quest->condition);
        memcpy(quest->why, ending->why, sizeof quest->why);
    }
    quest->failed = true;
    quest->refused = quest->refused || quest->refuses;
    quest->refuses = false;
    dna_edge_log(stream->uv, DNA_LOG_INFO, "endpoint-left", "why", ending->why);
}

bool dna_edge_quest_goes_on(struct dna_uv_stream *stream)
{
    if (stream->quest == NULL || stream->fate != DNA_EDGE_GO_ON || stream->uv->ending) {
        return false;
    }
    keep_reason(stream);
    if (!dna_edge_dial_has_more(stream->quest->dial) ||
        dna_edge_dial_next(stream->quest->dial) != DNA_OK) {
        return false;
    }
    dna_edge_connection_again(stream);
    return true;
}

/* The peer's own word at the last endpoint says more than what was found at another. */
void dna_edge_quest_tell(struct dna_uv_stream *stream)
{
    const struct dna_edge_quest *quest = stream->quest;
    bool nothing_said = stream->core == NULL || stream->fate != DNA_EDGE_FINAL;
    if (quest == NULL || !quest->failed || !nothing_said || stream->uv->ending) {
        return;
    }
    if (quest->refused || stream->core == NULL) {
        memcpy(stream->ending.condition, quest->condition, sizeof quest->condition);
        memcpy(stream->ending.why, quest->why, sizeof quest->why);
    }
    if (quest->refused && stream->handler->changed != NULL) {
        const struct dna_stream_effect effect = {.kind = DNA_STREAM_PEER,
                                                 .domain = quest->peer.text,
                                                 .other = "",
                                                 .ruling = &quest->ruling,
                                                 .condition = "",
                                                 .text = ""};
        stream->handler->changed(stream->user, stream, &effect);
    }
}
