/* proof/bundle_again.c: the court is held over the recorded answers, and must write the same. */
#include <proof/bundle_trial.h>

#include <stdio.h>
#include <string.h>

#include <proof/court.h>
#include <proof/evidence.h>

enum dna_err dna_bundle_signed(const struct dna_want *want, struct dna_fact *out)
{
    *out = (struct dna_fact){.kind = DNA_WANT_SIGNATURE};
    return dna_signature_check(&want->u.signature, &out->u.signature);
}

enum dna_err dna_bundle_path(const struct dna_bundle_trial *c, const struct dna_want *want,
                             int64_t at, struct dna_fact *out)
{
    *out = (struct dna_fact){.kind = DNA_WANT_PATH};
    return dna_path_check_anchored(want->u.path.chain, c->terms->roots, want->u.path.tlsa, at,
                                   &out->u.path);
}

/* Gives the court what the entry says, where it asks for that. */
static enum dna_err give(struct dna_bundle_trial *c, struct dna_court *court,
                         const struct dna_bundle_entry *entry, unsigned id)
{
    const struct dna_known *known = dna_facts_by_id(&court->docket.facts, id);
    struct dna_fact fact;
    enum dna_err err = dna_evidence_fact(&c->arena, entry->value, &fact);
    if (err != DNA_OK) {
        return err;
    }
    if (known == NULL || known->want.kind != fact.kind) {
        return DNA_ERR_FORMAT;
    }
    if (fact.kind == DNA_WANT_PATH) {
        err = dna_bundle_path(c, &known->want, entry->at.wall, &fact);
    } else if (fact.kind == DNA_WANT_SIGNATURE) {
        err = dna_bundle_signed(&known->want, &fact);
    }
    err = err == DNA_OK ? dna_court_give(court, id, &fact, entry->at) : err;
    return err == DNA_ERR_LIMIT ? DNA_OK : err; /* the hearing rules on its own limits */
}

/* The answers in their order; what is missing in it, or there twice, shows in the end. */
static enum dna_err give_all(struct dna_bundle_trial *c, struct dna_court *court)
{
    enum dna_err err = DNA_OK;
    for (unsigned order = 1; order <= c->n && err == DNA_OK; order++) {
        for (size_t i = 0; i < c->n && err == DNA_OK; i++) {
            const struct dna_bundle_entry *entry = &c->entries[i];
            if (entry->order != order) {
                continue;
            }
            if (!entry->overdue) {
                err = give(c, court, entry, (unsigned)i + 1);
            } else if (entry->by_tick) {
                err = dna_court_tick(court, entry->at);
                err = err == DNA_ERR_LIMIT ? DNA_OK : err;
            }
        }
    }
    if (err == DNA_OK && !dna_court_ruling(court, NULL)) {
        err = dna_court_tick(court, c->ruled);
        err = err == DNA_ERR_LIMIT ? DNA_OK : err;
    }
    return err;
}

/* Where two values differ first, as "facts[3].fact.why". */
static void locate(const struct dna_json *a, const struct dna_json *b, char *out, size_t room)
{
    const struct dna_json *x = a->first, *y = b->first;
    size_t len = strlen(out), index = 0;
    if (a->kind != b->kind) {
        return;
    }
    while (x != NULL && y != NULL && dna_json_equal(x, y) &&
           (a->kind != DNA_JSON_OBJECT || strcmp(x->name, y->name) == 0)) {
        x = x->next;
        y = y->next;
        index++;
    }
    if (x == NULL && y == NULL) {
        return;
    }
    if (a->kind == DNA_JSON_OBJECT) {
        (void)snprintf(out + len, room - len, "%s%.40s", len != 0 ? "." : "",
                       y != NULL ? y->name : x->name);
    } else {
        (void)snprintf(out + len, room - len, "[%zu]", index);
    }
    if (x != NULL && y != NULL &&
        (a->kind != DNA_JSON_OBJECT || strcmp(x->name, y->name) == 0)) {
        locate(x, y, out, room);
    }
}

static enum dna_err compare(struct dna_bundle_trial *c, const struct dna_court *court)
{
    struct dna_json_maker maker = {&c->arena, DNA_OK};
    struct dna_json *again = dna_evidence_write(&maker, court);
    char where[160] = "", why[300];
    if (maker.err != DNA_OK) {
        return maker.err;
    }
    if (dna_json_equal(c->root, again)) {
        return DNA_OK;
    }
    locate(c->root, again, where, sizeof where);
    (void)snprintf(why, sizeof why, "heard again, the bundle differs at %s", where);
    return dna_bundle_broken(c, why);
}

enum dna_err dna_bundle_court(struct dna_bundle_trial *c, struct dna_time now,
                              struct dna_court **out)
{
    enum dna_err err = dna_court_new(c->alloc, &c->question, now, out);
    return err == DNA_ERR_ARGUMENT
               ? dna_bundle_broken(c, "the question names no canonical domain")
               : err;
}

enum dna_err dna_bundle_hear_again(struct dna_bundle_trial *c)
{
    struct dna_court *court;
    enum dna_err err;
    if (c->opened.mono != 0) {
        return dna_bundle_broken(c, "the hearing does not begin at its beginning");
    }
    err = dna_bundle_court(c, c->opened, &court);
    if (err != DNA_OK) {
        return err;
    }
    err = give_all(c, court);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_ARGUMENT) {
        err = dna_bundle_broken(c,
                                "a fact is malformed, or answers what the court does not ask");
    }
    if (err == DNA_OK && !dna_court_ruling(court, NULL)) {
        err = dna_bundle_broken(c,
                                "the court does not come to a ruling over the recorded facts");
    }
    err = err == DNA_OK ? compare(c, court) : err;
    if (err == DNA_OK) {
        (void)dna_court_ruling(court, &c->out->ruling); /* which is the recorded one */
    }
    dna_court_free(court);
    return err;
}
