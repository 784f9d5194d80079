/* proof/supplied.c: a URL or base64, told apart by the scheme (RFC 3986 3.1).
 *
 * Base64 has no colon, so that text with a scheme in front can only be meant as a URI.  A
 * URL is of printable ASCII without anything that RFC 3986 leaves no place for, short, and
 * has a host.
 */
#include <proof/supplied.h>

#include <string.h>
#include <strings.h>

#include <base/limits.h>

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length of "scheme:", 0 without one. */
static size_t scheme_of(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ':' && i > 0) {
            return i + 1;
        }
        if (!is_alpha(c) && (i == 0 || strchr("0123456789+-.", c) == NULL || c == '\0')) {
            return 0;
        }
    }
    return 0;
}

static bool is_printable(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("\"<>\\^`{|}", text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_web_url(struct dna_span text, size_t scheme)
{
    struct dna_span rest = {text.ptr + scheme, text.len - scheme};
    bool web = (scheme == 5 && strncasecmp(text.ptr, "http:", 5) == 0) ||
               (scheme == 6 && strncasecmp(text.ptr, "https:", 6) == 0);
    return web && text.len <= DNA_LIMIT_URL && is_printable(text) && rest.len > 2 &&
           memcmp(rest.ptr, "//", 2) == 0 && strchr("/?#:@", rest.ptr[2]) == NULL;
}

enum dna_supplied dna_supplied_kind(struct dna_span content)
{
    size_t scheme = scheme_of(content);
    if (content.len == 0) {
        return DNA_SUPPLIED_BAD;
    }
    if (scheme == 0) {
        return DNA_SUPPLIED_TEXT;
    }
    return is_web_url(content, scheme) ? DNA_SUPPLIED_URL : DNA_SUPPLIED_BAD;
}
