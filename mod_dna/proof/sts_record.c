/* proof/sts_record.c: the TXT record (RFC 8461 3.1).
 *
 * "v=STSv1" and then, each after a ";", fields "name=value", one of them the id.  A field that
 * is not well-formed makes the record malformed, and so does a second id, since readers may
 * differ on which one counts.
 */
#include <proof/sts_policy.h>

#include <string.h>

#include <dns/txt.h>

static const char *const versions[] = {
    [DNA_STS_MAIL] = "v=STSv1",
    [DNA_STS_XMPP] = "v=XSTSv1",
};

#define FIELD_NAME_MAX 32

struct cursor {
    struct dna_span text;
    size_t at;
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void skip_space(struct cursor *c)
{
    while (c->at < c->text.len && (c->text.ptr[c->at] == ' ' || c->text.ptr[c->at] == '\t')) {
        c->at++;
    }
}

/* White space, ";", white space. */
static bool skip_delimiter(struct cursor *c)
{
    skip_space(c);
    if (c->at == c->text.len || c->text.ptr[c->at] != ';') {
        return false;
    }
    c->at++;
    skip_space(c);
    return true;
}

static struct dna_span field_name(struct cursor *c)
{
    size_t first = c->at;
    while (c->at < c->text.len &&
           (is_alnum(c->text.ptr[c->at]) ||
            (c->at > first && strchr("_-.", c->text.ptr[c->at]) != NULL &&
             c->text.ptr[c->at] != '\0'))) {
        c->at++;
    }
    return (struct dna_span){c->text.ptr + first, c->at - first};
}

static struct dna_span field_value(struct cursor *c)
{
    size_t first = c->at;
    while (c->at < c->text.len && c->text.ptr[c->at] > ' ' && c->text.ptr[c->at] < 0x7f &&
           c->text.ptr[c->at] != ';' && c->text.ptr[c->at] != '=') {
        c->at++;
    }
    return (struct dna_span){c->text.ptr + first, c->at - first};
}

static bool take_id(struct dna_span value, struct dna_sts_record *out)
{
    if (value.len == 0 || value.len > DNA_LIMIT_STS_ID) {
        return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        if (!is_alnum(value.ptr[i])) {
            return false;
        }
    }
    memcpy(out->id, value.ptr, value.len);
    out->id[value.len] = '\0';
    return true;
}

/* NULL: the field is fine. */
static const char *read_field(struct cursor *c, struct dna_sts_record *out)
{
    struct dna_span name = field_name(c), value;
    size_t began;
    if (name.len == 0 || name.len > FIELD_NAME_MAX) {
        return "a field has no proper name";
    }
    if (c->at == c->text.len || c->text.ptr[c->at] != '=') {
        return "a field has no value";
    }
    began = ++c->at;
    value = field_value(c);
    if (!dna_span_is(name, "id")) {
        return value.len != 0 ? NULL : "a field has no value";
    }
    if (out->id[0] != '\0') {
        return "there are two ids";
    }
    if (!take_id(value, out)) {
        c->at = began;
        return "the id is not 1 to 32 letters and digits";
    }
    return NULL;
}

/* Whether the text begins with the version; the cursor stands behind its delimiter. */
static bool skip_version(struct cursor *c, const char *version)
{
    size_t len = strlen(version);
    if (c->text.len < len || memcmp(c->text.ptr, version, len) != 0) {
        return false;
    }
    c->at = len;
    return skip_delimiter(c);
}

enum dna_err dna_sts_record_parse(enum dna_sts_dialect dialect, struct dna_span text,
                                  struct dna_sts_record *out, const char **why, size_t *at)
{
    struct cursor c = {.text = text};
    *out = (struct dna_sts_record){""};
    *why = NULL;
    *at = 0;
    if (!skip_version(&c, versions[dialect])) {
        *why = "it does not begin with the version";
        return DNA_ERR_NOT_FOUND;
    }
    while (*why == NULL && c.at < text.len) {
        *why = read_field(&c, out);
        if (*why == NULL && !skip_delimiter(&c) && c.at < text.len) {
            *why = "something stands between two fields";
        }
    }
    if (*why == NULL && out->id[0] == '\0') {
        *why = "there is no id";
    }
    *at = c.at;
    return *why == NULL ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_sts_record_find(enum dna_sts_dialect dialect,
                                 const struct dna_dns_answer *answer,
                                 struct dna_sts_record *out, const char **why)
{
    enum dna_err result = DNA_ERR_NOT_FOUND;
    size_t n = 0;
    *why = "there is no such TXT record";
    for (size_t i = 0; answer->outcome == DNA_DNS_FOUND && i < answer->n_rdata; i++) {
        char text[DNA_LIMIT_STS_RECORD];
        struct dna_sts_record one;
        const char *wrong;
        size_t len, at;
        enum dna_err joined = dna_txt_join(answer->rdata[i], text, sizeof text, &len);
        enum dna_err err = dna_sts_record_parse(dialect, (struct dna_span){text, len}, &one,
                                                &wrong, &at);
        if (err == DNA_ERR_NOT_FOUND) {
            continue;
        }
        n++;
        if (joined == DNA_ERR_LIMIT) {
            err = DNA_ERR_FORMAT;
            wrong = "it is too long";
        }
        *out = one;
        *why = wrong;
        result = err;
    }
    if (n > 1) {
        *why = "there are several such TXT records";
        return DNA_ERR_NOT_FOUND;
    }
    return result;
}
