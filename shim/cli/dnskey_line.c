/* cli/dnskey_line.c: see dnskey_line.h. */
#include <cli/dnskey_line.h>

#include <string.h>

#include <base/codec.h>

static void drop(struct dna_span *rest, size_t n)
{
    rest->ptr += n;
    rest->len -= n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')';
}

/* Blanks, and remarks to the end of their lines. */
static void skip(struct dna_span *rest)
{
    while (rest->len > 0 && (is_blank(rest->ptr[0]) || rest->ptr[0] == ';')) {
        const char *end = rest->ptr[0] == ';' ? memchr(rest->ptr, '\n', rest->len) : rest->ptr;
        drop(rest, end != NULL ? (size_t)(end - rest->ptr) + 1 : rest->len);
    }
}

/* Empty: there is no more. */
static struct dna_span next_word(struct dna_span *rest)
{
    struct dna_span word;
    skip(rest);
    word = (struct dna_span){rest->ptr, 0};
    while (word.len < rest->len && !is_blank(word.ptr[word.len]) && word.ptr[word.len] != ';') {
        word.len++;
    }
    drop(rest, word.len);
    return word;
}

static bool small_number(struct dna_span word, unsigned most, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] < '0' || word.ptr[i] > '9' || i == 5) {
            return false;
        }
        *out = 10 * *out + (unsigned)(word.ptr[i] - '0');
    }
    return word.len > 0 && *out <= most;
}

bool cli_dnskey_read(struct dna_span text, struct cli_dnskey *out)
{
    char base64[2 * DNA_DNSKEY_KEY_MAX];
    size_t n = 0;
    struct dna_span word = next_word(&text);
    if (dna_name_parse(word, &out->owner) != DNA_OK) {
        return false;
    }
    for (int i = 0; i < 3 && !dna_span_is(word, "DNSKEY"); i++) {
        word = next_word(&text);
    }
    if (!dna_span_is(word, "DNSKEY") || !small_number(next_word(&text), 65535, &out->flags) ||
        !small_number(next_word(&text), 255, &out->protocol) ||
        !small_number(next_word(&text), 255, &out->algorithm)) {
        return false;
    }
    for (word = next_word(&text); word.len > 0; word = next_word(&text)) {
        if (word.len > sizeof base64 - n) {
            return false;
        }
        memcpy(base64 + n, word.ptr, word.len);
        n += word.len;
    }
    return dna_base64_decode((struct dna_span){base64, n}, DNA_BASE64_PADDED, out->key,
                             sizeof out->key, &out->len) == DNA_OK;
}
