/* base/codec.c: base64 (RFC 4648 4) and hex, refusing what is not canonical. */
#include <base/codec.h>

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Takes the padding off the end of *text, or refuses it. */
static bool strip_padding(struct dna_span *text, enum dna_base64_padding padding)
{
    size_t pads = 0;
    while (pads < 2 && text->len > 0 && text->ptr[text->len - 1] == '=') {
        text->len--;
        pads++;
    }
    if (pads == 0 && padding == DNA_BASE64_LENIENT) {
        return text->len % 4 != 1;
    }
    return text->len % 4 != 1 && (text->len + pads) % 4 == 0;
}

enum dna_err dna_base64_decode(struct dna_span text, enum dna_base64_padding padding,
                               unsigned char *out, size_t room, size_t *len)
{
    unsigned bits = 0, held = 0;
    size_t n = 0;
    if (!strip_padding(&text, padding)) {
        return DNA_ERR_FORMAT;
    }
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i]);
        if (value < 0) {
            return DNA_ERR_FORMAT;
        }
        held = held << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            if (n == room) {
                return DNA_ERR_LIMIT;
            }
            bits -= 8;
            out[n++] = (unsigned char)(held >> bits & 0xff);
        }
        held &= (1u << bits) - 1;
    }
    if (held != 0) {
        return DNA_ERR_FORMAT;
    }
    *len = n;
    return DNA_OK;
}

enum dna_err dna_base64_encode(const unsigned char *bytes, size_t len, char *out, size_t room)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    if (room == 0 || len > (SIZE_MAX - 8) / 4 * 3 || (len + 2) / 3 * 4 > room - 1) {
        return DNA_ERR_LIMIT;
    }
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned b0 = bytes[i], b1 = left > 1 ? bytes[i + 1] : 0,
                 b2 = left > 2 ? bytes[i + 2] : 0;
        out[n++] = alphabet[b0 >> 2];
        out[n++] = alphabet[(b0 & 3) << 4 | b1 >> 4];
        out[n++] = left > 1 ? alphabet[(b1 & 15) << 2 | b2 >> 6] : '=';
        out[n++] = left > 2 ? alphabet[b2 & 63] : '=';
    }
    out[n] = '\0';
    return DNA_OK;
}

void dna_hex_encode(const unsigned char *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum dna_err dna_hex_decode(struct dna_span text, unsigned char *out, size_t room, size_t *len)
{
    if (text.len % 2 != 0) {
        return DNA_ERR_FORMAT;
    }
    if (text.len / 2 > room) {
        return DNA_ERR_LIMIT;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hex_value(text.ptr[i]), low = hex_value(text.ptr[i + 1]);
        if (high < 0 || low < 0) {
            return DNA_ERR_FORMAT;
        }
        out[i / 2] = (unsigned char)(high << 4 | low);
    }
    *len = text.len / 2;
    return DNA_OK;
}
