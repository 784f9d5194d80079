/* Queries of local servers, and what a resolver says to them.
 *
 * The first two bytes are the length of the query; what follows it is a reply.  It must hold,
 * whatever the bytes:
 *   - a response is never answered, nor is what has no header;
 *   - an answer is a response with the query's id, and nothing is answered and forwarded;
 *   - a reply that is taken bears the query's id.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <resolver/redirect.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void hear(struct dna_span query)
{
    const struct dna_redirect redirect = {
        .target = "dna-gateway.internal",
        .address = {.family = DNA_ADDRESS_V4, .bytes = {127, 0, 2, 1}},
        .port = 5269,
    };
    enum dna_redirect_verdict verdict;
    struct dna_buf out;
    struct dna_span answer;
    dna_buf_init(&out, NULL, DNA_REDIRECT_MOST);
    assert(dna_redirect_query(&redirect, query, &out, &verdict) == DNA_OK);
    answer = dna_buf_span(&out);
    if (verdict == DNA_REDIRECT_ANSWER) {
        assert(answer.len >= DNA_REDIRECT_HEADER && (answer.ptr[2] & 0x80) != 0);
        assert(memcmp(answer.ptr, query.ptr, 2) == 0);
        assert((query.ptr[2] & 0x80) == 0);
    } else {
        assert(answer.len == 0);
        assert(verdict == DNA_REDIRECT_DROP ||
               (query.len >= DNA_REDIRECT_HEADER && (query.ptr[2] & 0x80) == 0));
    }
    dna_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *text = (const char *)bytes;
    struct dna_span query, reply;
    size_t n;
    if (len < 2) {
        return 0;
    }
    n = (size_t)(bytes[0] << 8 | bytes[1]);
    n = n < len - 2 ? n : len - 2;
    query = (struct dna_span){text + 2, n};
    reply = (struct dna_span){text + 2 + n, len - 2 - n};
    hear(query);
    assert(!dna_redirect_matches(query, reply) || memcmp(query.ptr, reply.ptr, 2) == 0);
    return 0;
}
