/* proof/sts_policy.c: the policy document (RFC 8461 3.2), and what its patterns match.
 *
 * Lines "key: value", ended by LF or CRLF.  Unknown keys are ignored; of a key that may stand
 * once only the first counts.  A line that is none makes the document malformed, and so does
 * any pattern that is no host name: nothing doubtful is skipped in a list of who may serve.
 */
#include <proof/sts_policy.h>

#include <string.h>
#include <strings.h>

#include <base/alloc.h>

static const struct {
    const char *version, *pattern;
} dialects[] = {
    [DNA_STS_MAIL] = {"STSv1", "mx"},
    [DNA_STS_XMPP] = {"XSTSv1", "srv"},
};

static const char *const modes[] = {
    [DNA_STS_NONE] = "none",
    [DNA_STS_TESTING] = "testing",
    [DNA_STS_ENFORCE] = "enforce",
};
#define MODES (sizeof modes / sizeof *modes)

#define KEY_MAX 32
#define MAX_AGE_DIGITS 10

struct parse {
    enum dna_sts_dialect dialect;
    struct dna_sts_policy *out;
    size_t room;
    bool version, mode, max_age; /* seen */
    const char *why;
    enum dna_err err;
};

const char *dna_sts_mode_name(enum dna_sts_mode mode)
{
    return (unsigned)mode < MODES ? modes[mode] : "unknown";
}

static void refuse(struct parse *p, enum dna_err err, const char *why)
{
    p->err = err;
    p->why = why;
}

/* --- lines ---------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_key(struct dna_span key)
{
    if (key.len == 0 || key.len > KEY_MAX || !is_alnum(key.ptr[0])) {
        return false;
    }
    for (size_t i = 1; i < key.len; i++) {
        char c = key.ptr[i];
        if (!is_alnum(c) && c != '_' && c != '-' && c != '.') {
            return false;
        }
    }
    return true;
}

static bool is_printable(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct dna_span trim(struct dna_span text)
{
    while (text.len != 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len != 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Takes the next line off *rest, without its end. */
static struct dna_span next_line(struct dna_span *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    struct dna_span line = {rest->ptr, len};
    size_t taken = end != NULL ? len + 1 : len;
    *rest = (struct dna_span){rest->ptr + taken, rest->len - taken};
    if (end != NULL && line.len != 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* --- fields --------------------------------------------------------------------------- */

static void take_version(struct parse *p, struct dna_span value)
{
    if (!p->version && !dna_span_is(value, dialects[p->dialect].version)) {
        refuse(p, DNA_ERR_FORMAT, "another version");
    }
    p->version = true;
}

static void take_mode(struct parse *p, struct dna_span value)
{
    if (p->mode) {
        return;
    }
    p->mode = true;
    for (unsigned i = 0; i < MODES; i++) {
        if (dna_span_is(value, modes[i])) {
            p->out->mode = (enum dna_sts_mode)i;
            return;
        }
    }
    refuse(p, DNA_ERR_FORMAT, "no such mode");
}

static void take_max_age(struct parse *p, struct dna_span value)
{
    int64_t seconds = 0;
    if (p->max_age) {
        return;
    }
    p->max_age = true;
    for (size_t i = 0; i < value.len && i < MAX_AGE_DIGITS; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') {
            refuse(p, DNA_ERR_FORMAT, "max_age is no number of seconds");
            return;
        }
        seconds = seconds * 10 + (value.ptr[i] - '0');
    }
    if (value.len == 0) {
        refuse(p, DNA_ERR_FORMAT, "max_age is no number of seconds");
    } else if (value.len > MAX_AGE_DIGITS || seconds > DNA_LIMIT_STS_LIFE_S) {
        refuse(p, DNA_ERR_FORMAT, "max_age is more than 31557600");
    }
    p->out->max_age = seconds;
}

static bool is_ascii(struct dna_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* A name of A-labels, or "*." before one. */
static bool read_pattern(struct dna_span text, struct dna_sts_pattern *out)
{
    out->wildcard = text.len > 2 && text.ptr[0] == '*' && text.ptr[1] == '.';
    if (out->wildcard) {
        text = (struct dna_span){text.ptr + 2, text.len - 2};
    }
    return is_ascii(text) && dna_name_parse(text, &out->name) == DNA_OK &&
           !dna_name_is_address(&out->name);
}

static bool make_room(struct parse *p)
{
    size_t room = p->room == 0 ? 4 : 2 * p->room;
    struct dna_sts_pattern *grown;
    if (p->out->n_patterns < p->room) {
        return true;
    }
    grown = dna_alloc_resize(p->out->alloc, p->out->patterns, room * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    p->out->patterns = grown;
    p->room = room;
    return true;
}

static void take_pattern(struct parse *p, struct dna_span value)
{
    struct dna_sts_pattern pattern;
    if (!read_pattern(value, &pattern)) {
        refuse(p, DNA_ERR_FORMAT, "a pattern that is no host name in A-labels");
    } else if (p->out->n_patterns == DNA_LIMIT_STS_PATTERNS) {
        refuse(p, DNA_ERR_LIMIT, "too many patterns");
    } else if (!make_room(p)) {
        refuse(p, DNA_ERR_MEMORY, "out of memory");
    } else {
        p->out->patterns[p->out->n_patterns++] = pattern;
    }
}

static void take_line(struct parse *p, struct dna_span line)
{
    const char *colon = line.len != 0 ? memchr(line.ptr, ':', line.len) : NULL;
    struct dna_span key, value;
    if (!is_printable(line)) {
        refuse(p, DNA_ERR_FORMAT, "a control character");
        return;
    }
    if (trim(line).len == 0) {
        return;
    }
    key = (struct dna_span){line.ptr, colon != NULL ? (size_t)(colon - line.ptr) : 0};
    if (!is_key(key)) {
        refuse(p, DNA_ERR_FORMAT, "a line that is no \"key: value\"");
        return;
    }
    value = trim((struct dna_span){colon + 1, line.len - key.len - 1});
    if (dna_span_is(key, "version")) {
        take_version(p, value);
    } else if (dna_span_is(key, "mode")) {
        take_mode(p, value);
    } else if (dna_span_is(key, "max_age")) {
        take_max_age(p, value);
    } else if (dna_span_is(key, dialects[p->dialect].pattern)) {
        take_pattern(p, value);
    }
}

static void check_whole(struct parse *p)
{
    if (!p->version) {
        refuse(p, DNA_ERR_FORMAT, "there is no version");
    } else if (!p->mode) {
        refuse(p, DNA_ERR_FORMAT, "there is no mode");
    } else if (!p->max_age) {
        refuse(p, DNA_ERR_FORMAT, "there is no max_age");
    } else if (p->out->n_patterns == 0 && p->out->mode != DNA_STS_NONE) {
        refuse(p, DNA_ERR_FORMAT, "there is no host pattern");
    }
}

enum dna_err dna_sts_policy_parse(const struct dna_alloc *alloc, enum dna_sts_dialect dialect,
                                  struct dna_span bytes, struct dna_sts_policy *out,
                                  const char **why, unsigned *line)
{
    struct parse p = {.dialect = dialect, .out = out};
    *out = (struct dna_sts_policy){.alloc = alloc};
    *line = 0;
    if (bytes.len > DNA_LIMIT_DOCUMENT) {
        refuse(&p, DNA_ERR_LIMIT, "the document is too long");
    }
    while (p.err == DNA_OK && bytes.len != 0) {
        ++*line;
        take_line(&p, next_line(&bytes));
    }
    if (p.err == DNA_OK) {
        *line = 0;
        check_whole(&p);
    }
    *why = p.why;
    if (p.err != DNA_OK) {
        dna_sts_policy_fini(out);
    }
    return p.err;
}

void dna_sts_policy_fini(struct dna_sts_policy *policy)
{
    dna_alloc_release(policy->alloc, policy->patterns);
    *policy = (struct dna_sts_policy){.alloc = policy->alloc};
}

/* --- matching ------------------------------------------------------------------------- */

bool dna_sts_media_type(const char *media_type)
{
    static const char plain[] = "text/plain";
    size_t len = sizeof plain - 1;
    if (media_type == NULL || media_type[0] == '\0') {
        return true;
    }
    return strncasecmp(media_type, plain, len) == 0 && strchr("; \t", media_type[len]) != NULL;
}

bool dna_sts_policy_names(const struct dna_sts_policy *policy, const char *host)
{
    const char *parent = dna_name_parent(host);
    for (size_t i = 0; i < policy->n_patterns; i++) {
        const struct dna_sts_pattern *pattern = &policy->patterns[i];
        const char *name = pattern->wildcard ? parent : host;
        if (name != NULL && strcmp(pattern->name.text, name) == 0) {
            return true;
        }
    }
    return false;
}

bool dna_sts_policy_names_presented(const struct dna_sts_policy *policy,
                                    struct dna_span presented)
{
    struct dna_sts_pattern name;
    if (!read_pattern(presented, &name)) {
        return false;
    }
    if (!name.wildcard) {
        return dna_sts_policy_names(policy, name.name.text);
    }
    for (size_t i = 0; i < policy->n_patterns; i++) {
        const struct dna_sts_pattern *pattern = &policy->patterns[i];
        if (pattern->wildcard && strcmp(pattern->name.text, name.name.text) == 0) {
            return true;
        }
    }
    return false;
}
