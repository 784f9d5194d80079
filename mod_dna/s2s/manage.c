/* s2s/manage.c: counting and keeping what was sent. */
#include <s2s/manage.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

void dna_manage_init(struct dna_manage *manage, const struct dna_alloc *alloc)
{
    *manage = (struct dna_manage){.alloc = alloc};
}

/* --- lists -------------------------------------------------------------------------------- */

struct dna_kept *dna_kept_take(struct dna_kept_list *list)
{
    struct dna_kept *kept = list->first;
    if (kept == NULL) {
        return NULL;
    }
    list->first = kept->next;
    if (list->first == NULL) {
        list->last = NULL;
    }
    list->n--;
    list->bytes -= kept->bytes;
    kept->next = NULL;
    return kept;
}

void dna_kept_add(struct dna_kept_list *list, struct dna_kept *kept)
{
    kept->next = NULL;
    *(list->last != NULL ? &list->last->next : &list->first) = kept;
    list->last = kept;
    list->n++;
    list->bytes += kept->bytes;
}

static void clear(const struct dna_manage *manage, struct dna_kept_list *list)
{
    struct dna_kept *kept;
    while ((kept = dna_kept_take(list)) != NULL) {
        dna_manage_drop(manage, kept);
    }
}

void dna_manage_clear(struct dna_manage *manage)
{
    clear(manage, &manage->kept);
    clear(manage, &manage->held);
    manage->handled = manage->sent = 0;
}

void dna_manage_move(struct dna_manage *to, struct dna_manage *from)
{
    *to = *from;
    dna_manage_init(from, from->alloc);
}

/* --- what is kept ---------------------------------------------------------------------------- */

static struct dna_span copy_to(char **at, struct dna_span bytes)
{
    struct dna_span copy = {*at, bytes.len};
    if (bytes.len != 0) {
        memcpy(*at, bytes.ptr, bytes.len);
        *at += bytes.len;
    }
    return copy;
}

struct dna_kept *dna_manage_copy(const struct dna_manage *manage,
                                 const struct dna_stanza *s, int64_t now)
{
    size_t bytes = sizeof(struct dna_kept) + s->from.len + s->to.len + s->type.len +
                   s->id.len + s->raw.len + s->splice.len;
    struct dna_kept *kept = dna_alloc_get(manage->alloc, bytes);
    char *at = (char *)(kept + 1);
    if (kept == NULL) {
        return NULL;
    }
    *kept = (struct dna_kept){.at = now, .bytes = bytes, .kind = s->kind,
                              .splice_at = s->splice_at};
    kept->from = copy_to(&at, s->from);
    kept->to = copy_to(&at, s->to);
    kept->type = copy_to(&at, s->type);
    kept->id = copy_to(&at, s->id);
    kept->raw = copy_to(&at, s->raw);
    kept->splice = copy_to(&at, s->splice);
    return kept;
}

void dna_manage_drop(const struct dna_manage *manage, struct dna_kept *kept)
{
    dna_alloc_release(manage->alloc, kept);
}

void dna_manage_sent(struct dna_manage *manage, struct dna_kept *kept)
{
    dna_kept_add(&manage->kept, kept);
    manage->sent++;
}

bool dna_manage_full(const struct dna_manage *manage)
{
    return manage->kept.n >= DNA_LIMIT_UNACKED ||
           manage->kept.bytes >= DNA_LIMIT_UNACKED_BYTES;
}

static void domain_of(struct dna_span address, struct dna_name *out)
{
    if (dna_name_of_jid(address, out) != DNA_OK) {
        out->text[0] = '\0'; /* leads nowhere; what passed the gate has one */
    }
}

void dna_kept_stanza(const struct dna_kept *kept, struct dna_stanza *out)
{
    *out = (struct dna_stanza){.kind = kept->kind, .from = kept->from, .to = kept->to,
                               .type = kept->type, .id = kept->id, .raw = kept->raw,
                               .splice = kept->splice, .splice_at = kept->splice_at};
    domain_of(kept->from, &out->from_domain);
    domain_of(kept->to, &out->to_domain);
}

/* --- acknowledgements ------------------------------------------------------------------------ */

bool dna_manage_acknowledged(struct dna_manage *manage, uint32_t h)
{
    uint32_t before = manage->sent - (uint32_t)manage->kept.n;
    uint32_t n = h - before;
    if (n > manage->kept.n) {
        return false;
    }
    while (n-- > 0) {
        dna_manage_drop(manage, dna_kept_take(&manage->kept));
    }
    return true;
}

void dna_manage_hold(struct dna_manage *manage)
{
    struct dna_kept_list held = manage->held;
    struct dna_kept *kept;
    manage->sent -= (uint32_t)manage->kept.n;
    manage->held = manage->kept;
    manage->kept = (struct dna_kept_list){.first = NULL};
    while ((kept = dna_kept_take(&held)) != NULL) {
        dna_kept_add(&manage->held, kept);
    }
}

/* --- without ----------------------------------------------------------------------------------- */

static void forget_first(struct dna_manage *manage)
{
    dna_manage_drop(manage, dna_kept_take(&manage->kept));
}

void dna_manage_age(struct dna_manage *manage, int64_t now)
{
    while (manage->kept.first != NULL &&
           (now - manage->kept.first->at >= DNA_LIMIT_RECENT_MS ||
            manage->kept.n > DNA_LIMIT_RECENT || manage->kept.bytes > DNA_LIMIT_RECENT_BYTES)) {
        forget_first(manage);
    }
}

void dna_manage_unsure(struct dna_manage *manage, size_t unconfirmed, int64_t now)
{
    const struct dna_kept *kept = manage->kept.first;
    size_t behind = 0;
    for (; kept != NULL; kept = kept->next) {
        behind += kept->raw.len + kept->splice.len;
    }
    while ((kept = manage->kept.first) != NULL && now - kept->at >= DNA_LIMIT_MOMENT_MS &&
           behind - kept->raw.len - kept->splice.len >= unconfirmed) {
        behind -= kept->raw.len + kept->splice.len;
        forget_first(manage);
    }
}
