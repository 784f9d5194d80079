/* session/evidence.c: bundles of what was ruled. */
#include <session/evidence.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

struct dna_kept_bundle {
    struct dna_kept_bundle *next;
    struct dna_name domain;
    struct dna_ruling ruling;
    const void *user;
    size_t len;
    char text[];
};

static struct dna_kept_bundle *take_first(struct dna_evidence_list *list)
{
    struct dna_kept_bundle *first = list->first;
    list->first = first->next;
    if (list->first == NULL) {
        list->last = NULL;
    }
    list->n--;
    list->bytes -= first->len;
    return first;
}

void dna_evidence_list_fini(struct dna_evidence_list *list)
{
    while (list->first != NULL) {
        dna_alloc_release(list->alloc, take_first(list));
    }
    dna_alloc_release(list->alloc, list->lent);
    list->lent = NULL;
}

void dna_evidence_list_add(struct dna_evidence_list *list, const char *domain,
                           const struct dna_ruling *ruling, struct dna_span bundle,
                           const void *user)
{
    struct dna_kept_bundle *kept;
    if (bundle.len == 0 || bundle.len > DNA_LIMIT_BUNDLE) {
        return;
    }
    while (list->n != 0 && (list->n >= DNA_LIMIT_BUNDLES ||
                            list->bytes + bundle.len > DNA_LIMIT_BUNDLES_BYTES)) {
        dna_alloc_release(list->alloc, take_first(list));
    }
    kept = dna_alloc_get(list->alloc, sizeof *kept + bundle.len);
    if (kept == NULL) {
        return;
    }
    *kept = (struct dna_kept_bundle){.ruling = *ruling, .user = user, .len = bundle.len};
    memcpy(kept->text, bundle.ptr, bundle.len);
    (void)strncpy(kept->domain.text, domain, DNA_NAME_MAX);
    *(list->last != NULL ? &list->last->next : &list->first) = kept;
    list->last = kept;
    list->n++;
    list->bytes += kept->len;
}

bool dna_evidence_list_take(struct dna_evidence_list *list, struct dna_session_bundle *out)
{
    dna_alloc_release(list->alloc, list->lent);
    list->lent = NULL;
    if (list->first == NULL) {
        return false;
    }
    list->lent = take_first(list);
    *out = (struct dna_session_bundle){
        .domain = list->lent->domain.text,
        .ruling = &list->lent->ruling,
        .bundle = {list->lent->text, list->lent->len},
        .user = list->lent->user,
    };
    return true;
}

bool dna_evidence_wanted(enum dna_evidence wanted, const struct dna_ruling *ruling)
{
    switch (wanted) {
    case DNA_EVIDENCE_NONE:
        return false;
    case DNA_EVIDENCE_REFUSED:
        return ruling->verdict != DNA_PROVEN;
    case DNA_EVIDENCE_ALL:
        return true;
    }
    return false;
}
