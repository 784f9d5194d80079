/* cli/watch_state.c: the state, and what is different now.
 *
 * Events: "new", "changed" (the ruling is another one), "drift" (still proven, but by other
 * proofs or elsewhere) and "expires" (a certificate ends soon, told once for each end).
 */
#include <cli/watch.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cli/report.h>

#define FORMAT "dna-watch-1"
#define DAY 86400

/* --- the file -------------------------------------------------------------------------- */

json_t *cli_state_load(struct cli_call *call, const char *file)
{
    FILE *in = file != NULL ? fopen(file, "re") : NULL;
    json_t *root, *domains;
    const char *format;
    if (in == NULL) {
        if (file != NULL && errno != ENOENT) {
            (void)cli_fault(call, "%s: %s", file, strerror(errno));
            return NULL;
        }
        return json_object();
    }
    root = json_loadf(in, JSON_REJECT_DUPLICATES, NULL);
    (void)fclose(in);
    format = json_string_value(json_object_get(root, "format"));
    domains = json_object_get(root, "domains");
    if (format == NULL || strcmp(format, FORMAT) != 0 || !json_is_object(domains)) {
        json_decref(root);
        (void)cli_fault(call, "%s: not a state of dna watch", file);
        return NULL;
    }
    json_incref(domains);
    json_decref(root);
    return domains;
}

bool cli_state_save(struct cli_call *call, const char *file, json_t *domains)
{
    json_t *root = json_pack("{s:s, s:O}", "format", FORMAT, "domains", domains);
    char *text = root != NULL ? json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    bool fine = text != NULL;
    if (fine) {
        fine = cli_replace_file(call, file, text, strlen(text));
    } else {
        (void)cli_fault(call, "out of memory");
    }
    free(text);
    json_decref(root);
    return fine;
}

/* --- what is --------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Where the SRV records lead, whichever of them answered; NULL: not all were had. */
static json_t *places_of(const struct cli_inspection *in)
{
    char text[CLI_PLACES_MOST][DNA_NAME_MAX + 32];
    json_t *list;
    if (in->barred || in->questions[0].outcome == DNA_DNS_FAILED ||
        in->questions[1].outcome == DNA_DNS_FAILED) {
        return NULL;
    }
    for (size_t i = 0; i < in->n_places; i++) {
        (void)snprintf(text[i], sizeof text[i], "%s:%u/%s", in->places[i].srv.target.text,
                       (unsigned)in->places[i].srv.port,
                       in->places[i].srv.direct_tls ? "direct" : "starttls");
    }
    qsort(text, in->n_places, sizeof *text, by_text);
    list = json_array();
    for (size_t i = 0; i < in->n_places; i++) {
        (void)json_array_append_new(list, json_string(text[i]));
    }
    return list;
}

static void take_endpoint(struct cli_watched *one, const struct cli_endpoint *e)
{
    int64_t begin, end;
    one->endpoints++;
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        const struct dna_ruling *ruling = &e->findings[t].ruling;
        if (ruling->verdict == DNA_PROVEN) {
            one->proven |= DNA_PROOF_BIT(t);
        } else if (ruling->verdict == DNA_TEMPFAIL) {
            one->unknown |= DNA_PROOF_BIT(t);
        }
    }
    if (e->chain != NULL) {
        one->reached++;
        dna_chain_leaf_validity(e->chain, &begin, &end);
        if (one->expires == 0 || end < one->expires) {
            one->expires = end;
        }
    }
}

void cli_watched_take(struct cli_watched *one, const struct cli_inspection *in)
{
    size_t proven;
    one->ruling = cli_inspect_ruling(in, &proven);
    for (size_t i = 0; i < in->n_endpoints; i++) {
        take_endpoint(one, in->endpoints[i]);
    }
    if (in->n_endpoints == 0 && one->ruling.verdict == DNA_TEMPFAIL) {
        one->unknown = (1u << DNA_N_PROOFTYPES) - 1; /* there was nobody to ask */
    }
    one->places = places_of(in);
}

/* --- events ---------------------------------------------------------------------------- */

static void join_types(unsigned types, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        if ((types & DNA_PROOF_BIT(t)) != 0) {
            (void)snprintf(out + len, size - len, "%s%s", len != 0 ? ", " : "",
                           dna_prooftype_name((enum dna_prooftype)t));
            len = strlen(out);
        }
    }
}

static unsigned types_of(const json_t *list)
{
    unsigned types = 0;
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        enum dna_prooftype type;
        if (json_is_string(one) &&
            dna_prooftype_by_name(dna_span_of(json_string_value(one)), &type) == DNA_OK) {
            types |= DNA_PROOF_BIT(type);
        }
    }
    return types;
}

static json_t *list_of(unsigned types)
{
    json_t *list = json_array();
    for (unsigned t = 0; t < DNA_N_PROOFTYPES; t++) {
        if ((types & DNA_PROOF_BIT(t)) != 0) {
            (void)json_array_append_new(list, json_string(
                                                  dna_prooftype_name((enum dna_prooftype)t)));
        }
    }
    return list;
}

static bool hand_over(struct cli_watch *watch, const struct cli_watched *one,
                      const char *event, const char *was, const char *why)
{
    const char *command = cli_text(watch->call, "hook");
    json_t *object;
    char *text;
    bool fine;
    if (command == NULL) {
        return true;
    }
    object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:I}", "event", event, "domain",
                       one->domain.text, "ruling", dna_verdict_name(one->ruling.verdict),
                       "code", dna_code_name(one->ruling.code), "why", why, "was", was,
                       "remedy", cli_remedy(&one->ruling), "expires",
                       (json_int_t)one->expires);
    text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    fine = text != NULL && cli_hook(watch->call, command, text);
    if (text == NULL) {
        (void)cli_fault(watch->call, "an event could not be written down");
    }
    free(text);
    json_decref(object);
    return fine;
}

static bool tell(struct cli_watch *watch, const struct cli_watched *one, const char *event,
                 const char *was, const char *why)
{
    struct cli_report report;
    watch->events++;
    cli_report_begin(&report, watch->call, cli_ruling_of(one->ruling.verdict),
                     dna_code_name(one->ruling.code), "%s", why);
    report.what = one->domain.text;
    cli_report_string(&report, "domain", one->domain.text);
    cli_report_string(&report, "event", event);
    if (was != NULL) {
        cli_report_string(&report, "was", was);
    }
    if (one->expires != 0) {
        cli_report_time(&report, "expires", one->expires);
    }
    if (one->ruling.verdict != DNA_PROVEN) {
        cli_report_string(&report, "remedy", cli_remedy(&one->ruling));
    }
    if (cli_report_end(&report) == CLI_FAULT) {
        return false;
    }
    return hand_over(watch, one, event, was, why);
}

static bool tell_drift(struct cli_watch *watch, const struct cli_watched *one,
                       const json_t *before, unsigned types)
{
    unsigned old = types_of(json_object_get(before, "prooftypes"));
    json_t *places = json_object_get(before, "places");
    bool moved = one->places != NULL && json_is_array(places) &&
                 !json_equal(places, one->places);
    char lost[256], won[256], why[DNA_WHY_MAX + 512];
    join_types(old & ~types, lost, sizeof lost);
    join_types(types & ~old, won, sizeof won);
    if (*lost == '\0' && *won == '\0' && !moved) {
        return true;
    }
    (void)snprintf(why, sizeof why, "%s%s%s%s%s%s",
                   *lost != '\0' ? "no longer proven by " : "", lost,
                   *lost != '\0' && *won != '\0' ? "; " : "",
                   *won != '\0' ? "now proven by " : "", won,
                   !moved                          ? ""
                   : *lost != '\0' || *won != '\0' ? "; served elsewhere"
                                                   : "served elsewhere");
    return tell(watch, one, "drift", NULL, why);
}

static bool tell_ending(struct cli_watch *watch, const struct cli_watched *one,
                        const json_t *before)
{
    int64_t days = cli_number(watch->call, "days", 14);
    int64_t left = one->expires - watch->call->now;
    char why[DNA_WHY_MAX];
    if (one->expires == 0 || left > days * DAY) {
        return true;
    }
    watch->ending++;
    if (json_integer_value(json_object_get(before, "warned")) == one->expires) {
        return true;
    }
    if (left < 0) {
        (void)snprintf(why, sizeof why, "a certificate of its servers has ended");
    } else {
        (void)snprintf(why, sizeof why, "a certificate of its servers ends in %lld hours",
                       (long long)(left / 3600));
    }
    return tell(watch, one, "expires", NULL, why);
}

/* --- both ------------------------------------------------------------------------------ */

static bool remember(struct cli_watch *watch, const struct cli_watched *one,
                     const json_t *before, unsigned types, bool changed)
{
    bool ending = one->expires != 0 &&
                  one->expires - watch->call->now <= cli_number(watch->call, "days", 14) * DAY;
    json_t *places = one->places != NULL ? one->places : json_object_get(before, "places");
    json_int_t since = json_integer_value(json_object_get(before, "since"));
    json_t *now = json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I}", "ruling",
                            dna_verdict_name(one->ruling.verdict), "code",
                            dna_code_name(one->ruling.code), "prooftype",
                            one->ruling.verdict == DNA_PROVEN
                                ? dna_prooftype_name(one->ruling.prooftype)
                                : "",
                            "prooftypes", list_of(types), "expires", (json_int_t)one->expires,
                            "warned", (json_int_t)(ending ? one->expires : 0), "since",
                            changed ? (json_int_t)watch->call->now : since);
    if (now != NULL && places != NULL) {
        (void)json_object_set(now, "places", places);
    }
    if (now == NULL || json_object_set_new(watch->after, one->domain.text, now) != 0) {
        (void)cli_fault(watch->call, "out of memory");
        return false;
    }
    return true;
}

static void count(struct cli_watch *watch, const struct cli_watched *one)
{
    switch (one->ruling.verdict) {
    case DNA_PROVEN:
        return;
    case DNA_TEMPFAIL:
        watch->unknown++;
        return;
    case DNA_FAIL:
    case DNA_NOT_APPLICABLE:
        break;
    }
    watch->refused++;
}

bool cli_watched_compare(struct cli_watch *watch, struct cli_watched *one)
{
    json_t *before = json_object_get(watch->before, one->domain.text);
    const char *was = json_string_value(json_object_get(before, "ruling"));
    bool changed = was == NULL || strcmp(was, dna_verdict_name(one->ruling.verdict)) != 0;
    unsigned types = one->proven;
    bool fine = true;
    /* A proof is lost when somebody says so, not when nobody knows. */
    types |= types_of(json_object_get(before, "prooftypes")) & one->unknown;
    count(watch, one);
    if (was == NULL) {
        fine = tell(watch, one, "new", NULL, one->ruling.why);
    } else if (changed) {
        fine = tell(watch, one, "changed", was, one->ruling.why);
    } else if (one->ruling.verdict == DNA_PROVEN) {
        fine = tell_drift(watch, one, before, types);
    }
    fine = tell_ending(watch, one, before) && fine;
    return remember(watch, one, before, types, changed) && fine;
}
