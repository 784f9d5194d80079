/* Answers of the DNS with the messages that show them: hostile bundles for `dna verify`.
 *
 * Input: a moment (four octets), a type (two), anchors and a name, each with its NUL, then
 * messages, each after two octets with its length, and after an empty one the records that
 * were "recorded", likewise.  Whatever the bytes: a reduced message reduces to itself, an
 * answer is judged alike twice, and what is shown is what some message says.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/limits.h>
#include <resolver/rrsig.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MOST = 16 };

static size_t take_list(struct dna_span *in, struct dna_span *out)
{
    size_t n = 0;
    while (n < MOST && in->len >= 2) {
        size_t len = (size_t)(unsigned char)in->ptr[0] << 8 | (unsigned char)in->ptr[1];
        in->ptr += 2;
        in->len -= 2;
        if (len == 0) {
            break;
        }
        len = len < in->len ? len : in->len;
        out[n++] = (struct dna_span){in->ptr, len};
        in->ptr += len;
        in->len -= len;
    }
    return n;
}

static void check_form(struct dna_span message)
{
    struct dna_span once, twice;
    if (!dna_rrsig_reduce(message, &once)) {
        return;
    }
    if (dna_rrsig_reduce(once, &twice)) {
        assert(dna_span_equal(once, twice));
        free((void *)(uintptr_t)twice.ptr);
    }
    free((void *)(uintptr_t)once.ptr);
}

static void note(void *arg, const char *name)
{
    assert(name[0] != '\0');
    ++*(unsigned *)arg;
}

static bool is_said(const struct dna_span *messages, size_t n,
                    const struct dna_dns_answer *answer)
{
    for (size_t i = 0; i < n; i++) {
        if (dna_rrsig_agrees(messages[i], answer)) {
            return true;
        }
    }
    return false;
}

static void judge(struct dna_rrsig *rrsig, struct dna_dns_answer *answer,
                  const struct dna_span *messages, size_t n)
{
    const struct dna_rrsig_claim claim = {.answer = answer, .at = answer->obtained};
    const struct dna_rrsig_claim under = {.answer = answer, .at = answer->obtained,
                                          .zone = answer->name,
                                          .dnskey = {"\1\1\3\15abcd", 8}};
    for (unsigned i = 0; i < 4; i++) {
        enum dna_rrsig_finding finding;
        answer->secure = (i & 1) != 0;
        answer->outcome = (i & 2) != 0 ? DNA_DNS_FOUND : DNA_DNS_ABSENT;
        finding = dna_rrsig_judge(rrsig, &claim);
        assert(finding == dna_rrsig_judge(rrsig, &claim));
        assert(finding != DNA_RRSIG_SECURE || answer->secure);
        assert(finding != DNA_RRSIG_INSECURE || !answer->secure);
        assert(finding != DNA_RRSIG_SECURE || is_said(messages, n, answer));
        (void)dna_rrsig_judge(rrsig, &under);
    }
}

/* The text up to NUL; false: there is none. */
static bool take_text(struct dna_span *in, struct dna_span *out)
{
    const char *end = in->len != 0 ? memchr(in->ptr, 0, in->len) : NULL;
    if (end == NULL) {
        return false;
    }
    *out = (struct dna_span){in->ptr, (size_t)(end - in->ptr)};
    in->len -= out->len + 1;
    in->ptr = end + 1;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_rrsig *rrsig = NULL;
    struct dna_span in = {(const char *)bytes, len};
    struct dna_span anchors, name, messages[MOST], records[MOST];
    struct dna_dns_answer answer = {.rdata = records, .why = "", .signatures_end = 0};
    size_t n;
    unsigned named = 0;
    enum dna_err err;
    if (len < 6) {
        return 0;
    }
    in = (struct dna_span){in.ptr + 6, len - 6};
    if (!take_text(&in, &anchors) || !take_text(&in, &name) ||
        name.len > DNA_NAME_MAX) {
        return 0;
    }
    answer.obtained = (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    answer.type = (uint16_t)(bytes[4] << 8 | bytes[5]);
    answer.name = name.ptr;
    n = take_list(&in, messages);
    answer.n_rdata = take_list(&in, records);
    for (size_t i = 0; i < n; i++) {
        check_form(messages[i]);
        dna_rrsig_signers(messages[i], note, &named);
        dna_rrsig_aliases(messages[i], note, &named);
    }
    err = dna_rrsig_new(anchors, &rrsig);
    assert((err == DNA_OK) == (rrsig != NULL));
    if (err == DNA_OK && dna_rrsig_messages(rrsig, messages, n) == DNA_OK) {
        judge(rrsig, &answer, messages, n);
    }
    dna_rrsig_free(rrsig);
    return 0;
}
