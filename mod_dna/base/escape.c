/* base/escape.c: bytes that a peer chose, made fit for a log line or a terminal.
 *
 * Nothing that could end a line, move a cursor or change a direction gets through: C0 and C1
 * controls, line and paragraph separators, the bidirectional controls and what is no
 * well-formed UTF-8 are written as \xHH.
 */
#include <base/codec.h>

#include <stdio.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at the front (Unicode 3.9, table 3-7), with its
 * code point; 0: none. */
static size_t utf8(struct dna_span s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)s.ptr[0];
    size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3
               : first < 0xf5 ? 4 : 0;
    uint32_t value = len == 1 ? first : first & (0x7fu >> len);
    if (len == 0 || len > s.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (c & 0x3f);
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
        return 0;
    }
    *code = value;
    return len;
}

static bool harmless(uint32_t code)
{
    return code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0) &&
           code != '"' && code != '\\' && code != 0x61c && code != 0xfeff &&
           !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
           !(code >= 0x2060 && code <= 0x206f);
}

/* Writes one unit of the input to piece; returns the input bytes used. */
static size_t next_piece(struct dna_span s, char piece[5])
{
    uint32_t code = 0;
    size_t len = utf8(s, &code);
    if (len != 0 && harmless(code)) {
        memcpy(piece, s.ptr, len);
        piece[len] = '\0';
        return len;
    }
    switch (s.ptr[0]) {
    case '\n':
        strcpy(piece, "\\n");
        break;
    case '\r':
        strcpy(piece, "\\r");
        break;
    case '\t':
        strcpy(piece, "\\t");
        break;
    case '"':
        strcpy(piece, "\\\"");
        break;
    case '\\':
        strcpy(piece, "\\\\");
        break;
    default:
        (void)snprintf(piece, 5, "\\x%02x", (unsigned)(unsigned char)s.ptr[0]);
    }
    return 1;
}

size_t dna_escape(struct dna_span bytes, char *out, size_t room)
{
    static const char cut[] = "...";
    size_t n = 0, safe = 0;
    if (room == 0) {
        return 0;
    }
    while (bytes.len > 0) {
        char piece[5];
        size_t used = next_piece(bytes, piece), len = strlen(piece);
        if (n + len >= room) {
            n = safe;
            if (room > sizeof cut) {
                memcpy(out + n, cut, sizeof cut - 1);
                n += sizeof cut - 1;
            }
            break;
        }
        memcpy(out + n, piece, len);
        n += len;
        if (n + sizeof cut <= room) {
            safe = n;
        }
        bytes.ptr += used;
        bytes.len -= used;
    }
    out[n] = '\0';
    return n;
}
