/* s2s/sasl.c: reading the initiating side of SASL EXTERNAL (RFC 6120 6, XEP-0178).
 *
 * The authorisation identity is the domain of the header or nothing; another one is not
 * admitted even where the certificate would prove it too.
 */
#include <s2s/stream.h>

#include <string.h>

#include <base/codec.h>

#define AUTHZID_MAX 512

enum dna_s2s_auth dna_s2s_auth_read(const struct dna_s2s *s, const struct dna_xml_element *e)
{
    unsigned char bytes[AUTHZID_MAX];
    struct dna_name name;
    struct dna_span mechanism;
    size_t len;
    enum dna_err err;
    if (e->child != NULL) {
        return DNA_S2S_AUTH_MALFORMED;
    }
    if (dna_span_is(e->name, "auth")) {
        if (!dna_xml_attr(e, "mechanism", &mechanism)) {
            return DNA_S2S_AUTH_MALFORMED;
        }
        if (!dna_span_is(mechanism, "EXTERNAL")) {
            return DNA_S2S_AUTH_MECHANISM;
        }
        if (e->text.len == 0) {
            return DNA_S2S_AUTH_EMPTY;
        }
    }
    if (e->text.len == 0 || dna_span_is(e->text, "=")) {
        return DNA_S2S_AUTH_GOOD;
    }
    err = dna_base64_decode(e->text, DNA_BASE64_PADDED, bytes, sizeof bytes, &len);
    if (err == DNA_ERR_FORMAT) {
        return DNA_S2S_AUTH_ENCODING;
    }
    if (err != DNA_OK ||
        dna_name_parse((struct dna_span){(const char *)bytes, len}, &name) != DNA_OK ||
        strcmp(name.text, s->peer.text) != 0) {
        return DNA_S2S_AUTH_AUTHZID;
    }
    return DNA_S2S_AUTH_GOOD;
}
