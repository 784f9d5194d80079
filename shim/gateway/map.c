/* gateway/map.c: lines, words, entries.
 *
 * Every word ends where its blank stood, so that nothing is copied: the time is that of one
 * pass over the bytes, whatever they are.
 */
#include "map.h"

#include <string.h>

#define SHOWN 60 /* of a word, in a fault */

struct map_reader {
    struct faults *faults;
    unsigned faults_before;
    char *at, *end;
    int line;
    const struct map_keys *keys;
    struct map_entry entry;
    bool begun;   /* entry holds one */
    bool ignored; /* what goes on with it means nothing */
    map_entry_fn *fn;
    void *arg;
};

const struct map_keys map_customers = {
    .names = {[MAP_LINK] = "link",
              [MAP_CERTIFICATE] = "certificate",
              [MAP_KEY] = "key",
              [MAP_DNSSEC_TA_URL] = "dnssec-ta-url",
              [MAP_ATTRIBUTE_CERT_FILE] = "attribute-cert-file"},
    .n = MAP_N_KEYS,
    .words = "components come first"};

/* Whether a fault may still be written out. */
static bool speaks(const struct map_reader *r)
{
    return r->faults->n - r->faults_before < MAP_FAULTS_MAX;
}

static bool finish(struct map_reader *r)
{
    bool begun = r->begun;
    r->begun = false;
    return !begun || !speaks(r) || r->fn(r->arg, r->faults, &r->entry);
}

static void add_component(struct map_reader *r, const char *word)
{
    if (r->entry.n_components < MAP_COMPONENTS_MAX) {
        r->entry.components[r->entry.n_components++] = word;
    } else if (speaks(r)) {
        faults_add(r->faults, r->line, "\"%.*s\": more than %d components; give some a line of "
                   "their own", SHOWN, word, MAP_COMPONENTS_MAX);
    }
}

/* "a, b and c" */
static void list_keys(const struct map_keys *keys, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < keys->n && len < size; i++) {
        const char *separator = i == 0 ? "" : i + 1 == keys->n ? " and " : ", ";
        len += (size_t)snprintf(out + len, size - len, "%s%s", separator, keys->names[i]);
    }
}

static void add_value(struct map_reader *r, char *word, char *equals)
{
    size_t key = 0;
    char list[512];
    *equals = '\0';
    while (key < r->keys->n && strcmp(r->keys->names[key], word) != 0) {
        key++;
    }
    if (key == r->keys->n) {
        list_keys(r->keys, list, sizeof list);
        faults_add(r->faults, r->line, "there is no \"%.*s=\" here; there are %s", SHOWN, word,
                   list);
    } else if (equals[1] == '\0') {
        faults_add(r->faults, r->line, "%s: has no value; write it behind the = without a "
                                       "blank, or leave it out", word);
    } else if (r->entry.values[key] != NULL) {
        faults_add(r->faults, r->line, "%s: is set twice; keep one", word);
    } else {
        r->entry.values[key] = equals + 1;
    }
}

/* A word that continues an entry. */
static void add_word(struct map_reader *r, char *word)
{
    char *equals = strchr(word, '=');
    bool has_value = false;
    for (size_t i = 0; i < r->keys->n; i++) {
        has_value = has_value || r->entry.values[i] != NULL;
    }
    if (r->ignored || (equals != NULL && !speaks(r))) {
        return;
    }
    if (equals != NULL) {
        add_value(r, word, equals);
    } else if (has_value && speaks(r)) {
        faults_add(r->faults, r->line, "\"%.*s\" stands behind a NAME=VALUE; %s, and a value "
                   "has no blanks", SHOWN, word, r->keys->words);
    } else if (!has_value) {
        add_component(r, word);
    }
}

/* The first word of a line that does not begin with a blank. */
static bool begin(struct map_reader *r, char *word)
{
    bool fine = finish(r);
    r->ignored = strchr(word, '=') != NULL;
    if (r->ignored) {
        if (speaks(r)) {
            faults_add(r->faults, r->line, "\"%.*s\": a line begins with a domain; one that "
                       "goes on with the line before it begins with a blank", SHOWN, word);
        }
        return fine;
    }
    r->entry = (struct map_entry){.line = r->line, .domain = word};
    r->begun = true;
    return fine;
}

/* What may not stand in a word; 0: nothing of it does. */
static int odd_byte(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)word[i];
        if (c < 0x20 || c == 0x7f || c == '"') {
            return c != 0 ? c : -1;
        }
    }
    return 0;
}

static bool take_word(struct map_reader *r, char *word, size_t len, bool first)
{
    int odd = odd_byte(word, len);
    word[len] = '\0'; /* its blank, its line feed, or the byte behind the text */
    if (odd != 0 || len > MAP_WORD_MAX) {
        if (speaks(r) && odd == '"') {
            faults_add(r->faults, r->line, "a quote (\"): values here have none, and no "
                                           "blanks; remove it");
        } else if (speaks(r) && odd != 0) {
            faults_add(r->faults, r->line, "a control character (0x%02x); remove it",
                       odd > 0 ? (unsigned)odd : 0u);
        } else if (speaks(r)) {
            faults_add(r->faults, r->line, "a word is longer than %d bytes", MAP_WORD_MAX);
        }
        r->ignored = r->ignored || first;
        return !first || finish(r);
    }
    if (first) {
        return begin(r, word);
    }
    if (!r->begun && !r->ignored && speaks(r)) {
        faults_add(r->faults, r->line, "\"%.*s\" begins with a blank and goes on with no line; "
                   "remove the blank", SHOWN, word);
    } else if (r->begun) {
        add_word(r, word);
    }
    r->ignored = r->ignored || !r->begun;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One line, without its line feed. */
static bool read_line(struct map_reader *r, char *at, char *end)
{
    bool indented = at < end && is_blank(*at), first = !indented;
    while (at < end) {
        char *word;
        while (at < end && is_blank(*at)) {
            at++;
        }
        if (at == end || *at == '#') {
            return true;
        }
        for (word = at; at < end && !is_blank(*at);) {
            at++;
        }
        if (!take_word(r, word, (size_t)(at - word), first)) {
            return false;
        }
        first = false;
        at += at < end;
    }
    return true;
}

bool map_read(struct faults *faults, char *text, size_t len, const struct map_keys *keys,
              map_entry_fn *entry, void *arg)
{
    struct map_reader r = {.faults = faults, .faults_before = faults->n, .at = text,
                           .end = text + len, .line = 1, .keys = keys, .fn = entry,
                           .arg = arg};
    bool fine = true;
    while (fine && r.at < r.end) {
        char *feed = memchr(r.at, '\n', (size_t)(r.end - r.at));
        char *end = feed != NULL ? feed : r.end;
        fine = read_line(&r, r.at, end);
        r.at = end + 1;
        r.line++;
    }
    fine = fine && finish(&r);
    if (!speaks(&r)) {
        faults_add(faults, r.line, "there are more faults; correct these first");
    }
    return fine;
}
