/* What comes out of a store, for somebody who has its key: a kind, a life of so many seconds
 * (two bytes), whether it is gone, and the value.
 *
 * A value that is read is written again as the same bytes, and says what its kind may say.  A
 * session recalls it or refuses it, and never believes it for longer than its kind may live.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/buf.h>
#include <base/limits.h>
#include <session/learning.h>
#include <x509/digest.h>

#define NOW 1000

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_same(const struct dna_buf *again, struct dna_span value)
{
    assert(dna_span_equal(dna_buf_span(again), value));
}

static void check_ruling(const struct dna_learned *learned, const struct dna_ruling *ruling)
{
    struct dna_buf again;
    bool proven = learned->kind == DNA_LEARNED_PROOF;
    assert(ruling->prooftype < DNA_N_PROOFTYPES && strlen(ruling->why) < DNA_WHY_MAX);
    assert(ruling->verdict == (proven ? DNA_PROVEN : DNA_FAIL));
    assert((ruling->code == DNA_CODE_OK) == proven && ruling->expires_at == 0);
    dna_buf_init(&again, NULL, DNA_LIMIT_STORE_VALUE);
    assert(dna_learned_write_ruling(ruling, &again) == DNA_OK);
    check_same(&again, learned->value);
    dna_buf_fini(&again);
}

/* Also makes it the policy of its URL, which a session demands. */
static void check_policy(struct dna_learned *learned)
{
    struct dna_learned_policy policy;
    struct dna_recall_result result;
    unsigned char digest[DNA_HASH_MAX];
    struct dna_buf again;
    assert(dna_learned_read_policy(learned->value, &policy) == DNA_OK);
    assert(policy.body.len <= DNA_LIMIT_DOCUMENT && strlen(policy.url) <= DNA_LIMIT_URL);
    result = (struct dna_recall_result){.known = true,
                                        .policy_id = policy.id,
                                        .body = policy.body,
                                        .exact_name = policy.exact_name};
    dna_buf_init(&again, NULL, DNA_LIMIT_STORE_VALUE);
    assert(dna_learned_write_policy(policy.url, &result, &again) == DNA_OK);
    check_same(&again, learned->value);
    dna_buf_fini(&again);
    assert(dna_hash(DNA_HASH_SHA256, dna_span_of(policy.url), digest) == DNA_OK);
    memcpy(learned->id, digest, sizeof learned->id);
}

static void check_view(struct dna_learned *learned)
{
    struct dna_learned_view view;
    if (dna_learned_view(learned, &view) != DNA_OK) {
        return;
    }
    switch (learned->kind) {
    case DNA_LEARNED_DOWNGRADE:
        break;
    case DNA_LEARNED_POLICY:
        check_policy(learned);
        break;
    case DNA_LEARNED_PROOF:
    case DNA_LEARNED_REFUSAL:
        check_ruling(learned, &view.ruling);
        break;
    }
}

static void recall(const struct dna_learned *learned)
{
    static struct dna_session *session;
    const struct dna_session_options options = {.size = sizeof options, .seed = 1,
                                                .cache_entries = 64};
    const struct dna_time now = {.wall = NOW, .mono = 1};
    enum dna_err err;
    if (session == NULL) {
        assert(dna_session_new(&options, &session) == DNA_OK);
        assert(dna_session_keep_learned(session, dna_span_of("terms")) == DNA_OK);
    }
    err = dna_session_recall(session, learned, now);
    assert(err == DNA_OK || err == DNA_ERR_FORMAT || err == DNA_ERR_NOT_FOUND ||
           err == DNA_ERR_LIMIT);
    assert(err == DNA_ERR_NOT_FOUND || learned->expires_at > NOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_learned learned = {.domain = "a.example", .learned_at = NOW};
    char *value;
    if (len < 4) {
        return 0;
    }
    value = malloc(len - 4 + (len == 4)); /* of its own, so that reading on is noticed */
    assert(value != NULL);
    memcpy(value, bytes + 4, len - 4);
    learned.kind = (enum dna_learned_kind)(1 + bytes[0] % 4);
    learned.expires_at = NOW + bytes[1] * 256 + bytes[2];
    learned.gone = bytes[3] == 'g';
    learned.id[0] = bytes[3];
    learned.value = (struct dna_span){value, len - 4};
    check_view(&learned);
    recall(&learned);
    free(value);
    return 0;
}
