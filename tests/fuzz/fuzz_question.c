/* A line of the verdict service, which `dna serve` reads as a question.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why; what is accepted is a
 * question that the court may be asked.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <cli/serve_question.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void is_name(const char *text)
{
    struct dna_name again;
    assert(dna_name_parse(dna_span_of(text), &again) == DNA_OK);
    assert(strcmp(again.text, text) == 0);
}

static void check(const struct cli_asked *asked)
{
    const struct dna_question *q = &asked->question;
    struct dna_address address;
    is_name(q->domain);
    assert(q->chain == asked->chain);
    assert(q->host == NULL || q->role == DNA_INITIATING);
    assert((q->host != NULL) == (q->port != 0));
    assert(q->host != NULL || q->address == NULL);
    if (q->host != NULL) {
        is_name(q->host);
    }
    if (q->own != NULL) {
        is_name(q->own);
    }
    if (q->address != NULL) {
        assert(dna_address_parse(dna_span_of(q->address), &address) == DNA_OK);
    }
    assert(q->policy.prooftypes != 0 && q->policy.prooftypes < 1u << DNA_N_PROOFTYPES);
    assert(q->policy.level == DNA_LEVEL_PROOF || q->policy.level == DNA_LEVEL_STRONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    json_t *line = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
    struct cli_asked asked;
    const char *why = "";
    if (json_is_object(line)) {
        (void)cli_id_valid(json_object_get(line, "id"));
        if (cli_asked_read(line, &asked, &why)) {
            check(&asked);
            cli_asked_fini(&asked);
        } else {
            assert(why[0] != '\0');
        }
    }
    json_decref(line);
    return 0;
}
