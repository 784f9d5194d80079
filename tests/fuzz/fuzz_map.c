/* Map files of hosted customers.
 *
 * It must hold for every entry: its words stand in the text in their order, hold no blank, no
 * quote and no control character, its line is one of the text's, and entries come in the
 * order of their lines.  Faults are written one a line, a bounded number of them.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <map.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct seen {
    const char *text;
    size_t len;
    const char *last; /* word */
    int line, lines;
};

static void check_word(struct seen *seen, const char *word)
{
    size_t n = strlen(word);
    assert(word > seen->last || seen->last == NULL);
    assert(word >= seen->text && word + n <= seen->text + seen->len);
    assert(n > 0 && n <= MAP_WORD_MAX);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)word[i];
        assert(c > ' ' && c != 0x7f && c != '"');
    }
    seen->last = word;
}

static bool entry(void *arg, struct faults *faults, const struct map_entry *e)
{
    struct seen *seen = arg;
    (void)faults;
    assert(e->line >= seen->line && e->line <= seen->lines);
    seen->line = e->line;
    check_word(seen, e->domain);
    assert(strchr(e->domain, '=') == NULL);
    assert(e->n_components <= MAP_COMPONENTS_MAX);
    for (size_t i = 0; i < e->n_components; i++) {
        check_word(seen, e->components[i]);
        assert(strchr(e->components[i], '=') == NULL);
    }
    for (int i = 0; i < MAP_N_KEYS; i++) {
        const char *last = seen->last;
        if (e->values[i] != NULL) {
            seen->last = NULL; /* in any order */
            check_word(seen, e->values[i]);
        }
        seen->last = last;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *text = malloc(len + 1), *errors = NULL;
    struct seen seen = {.text = text, .len = len, .lines = 1};
    size_t size, lines = 0;
    struct faults faults = {.out = open_memstream(&errors, &size), .file = "map"};
    if (text == NULL || faults.out == NULL) {
        abort();
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        seen.lines += text[i] == '\n';
    }
    assert(map_read(&faults, text, len, &map_customers, entry, &seen));
    (void)fclose(faults.out);
    for (size_t i = 0; i < size; i++) {
        lines += errors[i] == '\n';
        assert(errors[i] == '\n' || (unsigned char)errors[i] >= ' ');
    }
    assert(lines == faults.n && faults.n <= MAP_FAULTS_MAX + 1);
    free(errors);
    free(text);
    return 0;
}
