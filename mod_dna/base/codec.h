/* base/codec.h: base64 and hex, strictly (RFC 4648), and bytes made fit for a log. */
#ifndef DNA_BASE_CODEC_H
#define DNA_BASE_CODEC_H

#include <mod_dna/base.h>

enum dna_base64_padding {
    DNA_BASE64_PADDED,  /* the "=" that belong there must be there */
    DNA_BASE64_LENIENT  /* they may be missing, all of them */
};
/* Decodes into out (room bytes); *len is the decoded length.  DNA_ERR_FORMAT: a character
 * outside the standard alphabet (white space included), misplaced "=", non-zero pad bits.
 * DNA_ERR_LIMIT: room does not suffice (3 bytes per 4 characters). */
DNA_MUST_USE enum dna_err dna_base64_decode(struct dna_span text,
                                            enum dna_base64_padding padding,
                                            unsigned char *out, size_t room, size_t *len);
/* Padded text, NUL-terminated: needs 4 * ceil(len / 3) + 1 bytes. DNA_ERR_LIMIT. */
DNA_MUST_USE enum dna_err dna_base64_encode(const unsigned char *bytes, size_t len, char *out,
                                            size_t room);
/* Lower-case hex, NUL-terminated: out has 2 * len + 1 bytes. */
void dna_hex_encode(const unsigned char *bytes, size_t len, char *out);
DNA_MUST_USE enum dna_err dna_hex_decode(struct dna_span text, unsigned char *out,
                                         size_t room, size_t *len);
/* Printable ASCII stays; backslash, quotes, control and other bytes become \xHH, \n, ...;
 * well-formed printable UTF-8 stays.  NUL-terminated and cut ("...") at room.  Returns the
 * length written. */
size_t dna_escape(struct dna_span bytes, char *out, size_t room);

#endif
