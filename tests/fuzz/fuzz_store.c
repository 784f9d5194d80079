/* Sealed records, for somebody who has the key: the MAC is made to fit whatever the bytes are.
 *
 * What is read is within every limit, and sealed again it is the same bytes.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/limits.h>
#include <store/record.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static enum dna_err make(void *arg, struct dna_span bytes, unsigned char out[DNA_STORE_MAC])
{
    (void)arg;
    (void)bytes;
    memset(out, 0x42, DNA_STORE_MAC);
    return DNA_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct dna_store_mac mac = {make, NULL};
    struct dna_store_record record;
    struct dna_buf again;
    size_t size = len + DNA_STORE_MAC;
    char *sealed = malloc(size);
    assert(sealed != NULL);
    if (len != 0) {
        memcpy(sealed, bytes, len);
    }
    memset(sealed + len, 0x42, DNA_STORE_MAC);
    if (dna_store_unseal(&mac, (struct dna_span){sealed, size}, 1000, &record) == DNA_OK) {
        assert(record.kind >= 1 && record.kind <= DNA_STORE_KINDS);
        assert(record.expires_at > 1000 && record.value.len <= DNA_LIMIT_STORE_VALUE);
        assert(record.learned_at <= 1000 + DNA_LIMIT_STORE_AHEAD_S);
        dna_buf_init(&again, NULL, DNA_LIMIT_STORE_RECORD);
        assert(dna_store_seal(&mac, &record, &again) == DNA_OK);
        assert(dna_span_equal(dna_buf_span(&again), (struct dna_span){sealed, size}));
        dna_buf_fini(&again);
    }
    free(sealed);
    return 0;
}
