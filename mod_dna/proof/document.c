/* proof/document.c: a document that is not there is nothing; one that could not be had is no
 * answer. */
#include <proof/document.h>

#include <string.h>

#include <proof/rule.h>

const char *dna_document_url(struct dna_arena *arena, const char *a, const char *b,
                             const char *c, const char *d)
{
    char *text = dna_arena_get(arena, strlen(a) + strlen(b) + strlen(c) + strlen(d) + 1);
    if (text != NULL) {
        (void)stpcpy(stpcpy(stpcpy(stpcpy(text, a), b), c), d);
    }
    return text;
}

bool dna_document_there(const struct dna_fetch_result *result, enum dna_prooftype type,
                        const char *domain, const char *what, struct dna_ruling *out)
{
    switch (result->outcome) {
    case DNA_FETCH_OK:
        return true;
    case DNA_FETCH_ABSENT:
        (void)dna_rule(out, type, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                       "%s of %s is not published", what, domain);
        return false;
    case DNA_FETCH_REFUSED:
        (void)dna_rule(out, type, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED,
                       "%s was not fetched: %s", what, result->why);
        return false;
    case DNA_FETCH_FAILED:
        break;
    }
    (void)dna_rule(out, type, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED,
                   "%s could not be fetched: %s", what, result->why);
    return false;
}
