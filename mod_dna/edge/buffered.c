/* edge/buffered.c: one sum, and one for each network that a public stream leads to. */
#include <edge/buffered.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/map.h>

struct dna_edge_purse {
    size_t streams; /* never 0 */
    size_t bytes;
    size_t len;
    char network[];
};

static struct dna_span key_of(const struct dna_edge_purse *purse)
{
    return (struct dna_span){purse->network, purse->len};
}

static struct dna_edge_purse *new_purse(struct dna_uv *uv, struct dna_span network)
{
    struct dna_edge_purse *purse =
        dna_alloc_zero(uv->alloc, 1, sizeof *purse + network.len + 1);
    if (purse == NULL) {
        return NULL;
    }
    purse->len = network.len;
    memcpy(purse->network, network.ptr, network.len);
    if (dna_map_set(uv->purses, key_of(purse), purse) != DNA_OK) {
        dna_alloc_release(uv->alloc, purse);
        return NULL;
    }
    return purse;
}

enum dna_err dna_edge_buffered_enter(struct dna_uv_stream *stream)
{
    struct dna_uv *uv = stream->uv;
    struct dna_span network = dna_span_of(stream->party.key);
    struct dna_edge_purse *purse;
    uint64_t seed;
    assert(stream->purse == NULL && stream->buffered == 0);
    if (stream->link != NULL) {
        return DNA_OK;
    }
    if (uv->purses == NULL && (dna_edge_random(&seed, sizeof seed) != DNA_OK ||
                               dna_map_new(uv->alloc, seed, &uv->purses) != DNA_OK)) {
        return DNA_ERR_MEMORY;
    }
    purse = dna_map_get(uv->purses, network);
    if (purse == NULL) {
        purse = new_purse(uv, network);
    }
    if (purse == NULL) {
        return DNA_ERR_MEMORY;
    }
    purse->streams++;
    stream->purse = purse;
    return DNA_OK;
}

static void set(struct dna_uv_stream *stream, size_t bytes)
{
    stream->uv->buffered = stream->uv->buffered - stream->buffered + bytes;
    if (stream->purse != NULL) {
        stream->purse->bytes = stream->purse->bytes - stream->buffered + bytes;
    }
    stream->buffered = bytes;
}

void dna_edge_buffered_count(struct dna_uv_stream *stream)
{
    set(stream, dna_edge_wire_backlog(stream) +
                    (stream->core != NULL ? dna_stream_buffered(stream->core) : 0));
}

void dna_edge_buffered_leave(struct dna_uv_stream *stream)
{
    struct dna_edge_purse *purse = stream->purse;
    set(stream, 0);
    stream->purse = NULL;
    if (purse != NULL && --purse->streams == 0) {
        (void)dna_map_remove(stream->uv->purses, key_of(purse));
        dna_alloc_release(stream->uv->alloc, purse);
    }
}

void dna_edge_buffered_free(struct dna_uv *uv)
{
    dna_map_free(uv->purses);
    uv->purses = NULL;
}

size_t dna_uv_buffered(const struct dna_uv *uv)
{
    return uv->buffered + dna_session_buffered(uv->session);
}

size_t dna_uv_stream_network_buffered(const struct dna_uv_stream *stream)
{
    return stream->purse != NULL ? stream->purse->bytes : 0;
}
