/* dns/name.c: one canonical form for every spelling of a domain.
 *
 * A plain lower-case ASCII name, which nearly every name is, takes a short way without
 * allocation.  A name with other characters goes through libidn2 twice: it is admitted only
 * where transitional and non-transitional processing agree and where no code point occurs
 * that some servers drop, map or compose and others keep (S17).  IPv4 and IPv6 literals are
 * recognised before that, so that no odd spelling of an address passes for a domain.
 */
#include <mod_dna/dns.h>

#include <string.h>

#include <idn2.h>

#include <dns/address.h>

#define LABEL_MAX 63

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_ldh(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* STD 3: labels of letters, digits and inner hyphens, 1..63 long, 253 in all. */
static bool is_host_name(const char *name)
{
    size_t label = 0, i;
    for (i = 0; name[i] != '\0'; i++) {
        if (name[i] == '.') {
            if (label == 0 || name[i - 1] == '-') {
                return false;
            }
            label = 0;
        } else if (!is_ldh(name[i]) || (label == 0 && name[i] == '-') || ++label > LABEL_MAX) {
            return false;
        }
    }
    return label != 0 && name[i - 1] != '-' && i <= DNA_NAME_MAX;
}

/* A last label that is a number, or 0x and hex digits, is an address to some parser
 * (WHATWG URL 3.5; inet_aton). */
static bool looks_like_address(const char *name)
{
    const char *last = strrchr(name, '.');
    last = last != NULL ? last + 1 : name;
    if (last[0] == '0' && last[1] == 'x') {
        return strspn(last + 2, "0123456789abcdef") == strlen(last + 2);
    }
    return strspn(last, "0123456789") == strlen(last);
}

/* What DNS software treats as A-labels must decode, and encode back to itself: a fake
 * "xn--" label shows one thing to people and another to resolvers. */
static bool a_labels_are_genuine(const char *name)
{
    char *unicode = NULL, *again = NULL;
    bool genuine;
    if (strncmp(name, "xn--", 4) != 0 && strstr(name, ".xn--") == NULL) {
        for (const char *label = name; label != NULL; label = dna_name_parent(label)) {
            if (label[0] != '\0' && label[1] != '\0' && label[2] == '-' && label[3] == '-') {
                return false;
            }
        }
        return true;
    }
    genuine = idn2_to_unicode_8z8z(name, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK &&
              idn2_lookup_u8((const uint8_t *)unicode, (uint8_t **)&again,
                             IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES |
                                 IDN2_NFC_INPUT) == IDN2_OK &&
              strcmp(again, name) == 0;
    idn2_free(unicode);
    idn2_free(again);
    return genuine;
}

/* Whether converting there and back gives the text again but for the case of ASCII letters:
 * then it was NFC, and nothing was mapped or deleted (ignorables, soft hyphens, fullwidth
 * letters, other full stops). */
static bool survives_round_trip(const char *text, const char *ascii)
{
    char *unicode = NULL;
    bool same = idn2_to_unicode_8z8z(ascii, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK;
    if (same) {
        const char *a = text, *b = unicode;
        while (*a != '\0' && lower(*a) == *b) {
            a++;
            b++;
        }
        same = *a == *b;
    }
    idn2_free(unicode);
    return same;
}

static enum dna_err parse_unicode(const char *text, struct dna_name *out)
{
    uint8_t *modern = NULL, *old = NULL;
    enum dna_err err = DNA_ERR_FORMAT;
    int rc;
    rc = idn2_lookup_u8((const uint8_t *)text, &modern,
                        IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
    if (rc == IDN2_OK) {
        rc = idn2_lookup_u8((const uint8_t *)text, &old,
                            IDN2_TRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
    }
    if (rc == IDN2_MALLOC) {
        err = DNA_ERR_MEMORY;
    } else if (rc == IDN2_OK && strcmp((char *)modern, (char *)old) == 0 &&
               strlen((char *)modern) <= DNA_NAME_MAX &&
               survives_round_trip(text, (char *)modern) && is_host_name((char *)modern) &&
               !looks_like_address((char *)modern)) {
        strcpy(out->text, (char *)modern);
        err = DNA_OK;
    }
    idn2_free(modern);
    idn2_free(old);
    return err;
}

static enum dna_err parse_ascii(struct dna_span text, struct dna_name *out)
{
    struct dna_name name;
    if (text.len > DNA_NAME_MAX) {
        return DNA_ERR_FORMAT;
    }
    for (size_t i = 0; i < text.len; i++) {
        name.text[i] = lower(text.ptr[i]);
    }
    name.text[text.len] = '\0';
    if (strlen(name.text) != text.len || !is_host_name(name.text)) {
        return DNA_ERR_FORMAT;
    }
    if (looks_like_address(name.text)) {
        return dna_dns_address_parse(text, out);
    }
    if (!a_labels_are_genuine(name.text)) {
        return DNA_ERR_FORMAT;
    }
    memcpy(out->text, name.text, text.len + 1);
    return DNA_OK;
}

enum dna_err dna_name_parse_stanza(struct dna_span text, struct dna_name *out)
{
    /* Four octets a character, and the longest A-label form is longer than its U-label. */
    char copy[4 * DNA_NAME_MAX + 1];
    if (text.len == 0 || text.len >= sizeof copy) {
        return DNA_ERR_FORMAT;
    }
    if (text.ptr[0] == '[') {
        return dna_dns_address_parse(text, out);
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            memcpy(copy, text.ptr, text.len);
            copy[text.len] = '\0';
            if (strlen(copy) != text.len) {
                return DNA_ERR_FORMAT;
            }
            return parse_unicode(copy, out);
        }
    }
    return parse_ascii(text, out);
}

enum dna_err dna_name_parse(struct dna_span text, struct dna_name *out)
{
    if (text.len > 1 && text.ptr[text.len - 1] == '.') {
        text.len--;
    }
    return dna_name_parse_stanza(text, out);
}

unsigned dna_name_labels(const struct dna_name *name)
{
    unsigned labels = 1;
    if (dna_name_is_address(name) || name->text[0] == '\0') {
        return 0;
    }
    for (const char *p = name->text; *p != '\0'; p++) {
        labels += *p == '.';
    }
    return labels;
}

bool dna_name_is_address(const struct dna_name *name)
{
    return name->text[0] == '[' || looks_like_address(name->text);
}

const char *dna_name_parent(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot != NULL ? dot + 1 : NULL;
}

bool dna_name_is_under(const char *name, const char *ancestor)
{
    size_t n = strlen(name), a = strlen(ancestor);
    return a <= n && strcmp(name + n - a, ancestor) == 0 && a != 0 &&
           (a == n || name[n - a - 1] == '.');
}

enum dna_err dna_name_display(const struct dna_name *name, char *out, size_t size)
{
    char *unicode = NULL;
    const char *text = name->text;
    enum dna_err err = DNA_OK;
    if (!dna_name_is_address(name) &&
        idn2_to_unicode_8z8z(name->text, &unicode, IDN2_NONTRANSITIONAL) == IDN2_OK) {
        text = unicode;
    }
    if (strlen(text) >= size) {
        err = DNA_ERR_LIMIT;
    } else {
        strcpy(out, text);
    }
    idn2_free(unicode);
    return err;
}
