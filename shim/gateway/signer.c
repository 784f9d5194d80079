/* gateway/signer.c: what is signed, and what is not (S25).
 *
 * A certificate is signed for the domain of an evidence bundle that is heard again here, from
 * its first fact to its ruling, and whose ruling must be PROVEN by a prooftype.  The gateway
 * names no domain and no date; it can only show proofs.
 *
 * What is believed, since no bundle can show it: that documents were fetched as recorded, and
 * that the resolver said of its answers what is recorded of them.  What is not believed: any
 * check of a certificate path, which is made again with the roots of the configuration; the
 * ruling, its end, and what decided it.  A pin is the operator's word and not in the evidence:
 * it is no proof here.
 *
 * No name that is hosted is signed for, nor one below it: the authority's certificate excludes
 * them, and they are compared here as well.
 *
 * What the gateway itself says for a domain that is not proven goes by the certificates of a
 * second authority, which proves nothing: a server that does not trust it loses these errors,
 * and nothing else.  Of them few are made, for minutes, and none for a domain for which a
 * certificate upon a proof has not ended.
 */
#include "signer.h"

#include <stdlib.h>
#include <string.h>

#include <proof/bundle.h>
#include <x509/mint.h>

#define BACKDATED_S 60  /* the clock is the same one; its ticks may not be */
#define LEAST_LIFE_S 30

static bool fail(char why[SIGNER_WHY], const char *what, const char *reason)
{
    (void)snprintf(why, SIGNER_WHY, "%.250s: %.250s", what, reason);
    return false;
}

static int compare(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

/* Whether a name is hosted, or below one that is. */
static bool is_hosted(const struct signer *signer, const char *domain)
{
    for (const char *rest = domain; rest != NULL; rest = strchr(rest, '.')) {
        rest += rest != domain || *rest == '.';
        if (bsearch(rest, signer->hosted, signer->n_hosted, sizeof *signer->hosted, compare) !=
            NULL) {
            return true;
        }
    }
    return false;
}

/* Whether the ruling that was heard again is one to sign for; until: its end. */
static bool admits(const struct signer *signer, const struct dna_bundle_report *report,
                   int64_t now, char why[SIGNER_WHY])
{
    switch (report->finding) {
    case DNA_BUNDLE_BROKEN:
        return fail(why, "the bundle does not verify", report->why);
    case DNA_BUNDLE_REFUSES:
        return fail(why, report->domain, report->ruling.dialback
                                             ? "it may be dialled back, which proves nothing"
                                             : "its ruling refuses");
    case DNA_BUNDLE_UNAUTHENTICATED: /* see above: what is believed */
    case DNA_BUNDLE_PROVES:
        break;
    }
    if (report->ruling.verdict != DNA_PROVEN || report->ruling.dialback) {
        return fail(why, report->domain, "it is not proven");
    }
    if (report->ruling.pinned) {
        return fail(why, report->domain, "a pin is no proof that others could be shown");
    }
    if (report->at > now + BACKDATED_S) {
        return fail(why, report->domain, "its ruling is of the future");
    }
    if (report->ruling.expires_at < now + LEAST_LIFE_S) {
        return fail(why, report->domain, "its proof has ended");
    }
    if (is_hosted(signer, report->domain)) {
        return fail(why, report->domain, "it is hosted here, or below a name that is");
    }
    return true;
}

static bool mint(const struct signer_authority *authority, const struct dna_mint *what,
                 struct dna_buf *pem, char why[SIGNER_WHY])
{
    enum dna_err err = dna_mint_certificate(dna_span_of(authority->key),
                                            dna_span_of(authority->certificate), what, pem);
    return err == DNA_OK || fail(why, what->domain, err == DNA_ERR_FORMAT
                                                         ? "no key on P-256"
                                                         : dna_err_name(err));
}

static void remember(struct signer *signer, const char *domain, int64_t until)
{
    struct signer_signed *it = &signer->lately[signer->at];
    signer->at = (signer->at + 1) % SIGNER_REMEMBERED;
    strcpy(it->domain, domain);
    it->until = until;
}

bool signer_sign(struct signer *signer, struct dna_span bundle, struct dna_span spki,
                 int64_t now, struct dna_buf *pem, char why[SIGNER_WHY])
{
    const struct dna_bundle_terms terms = {.roots = signer->roots};
    struct dna_bundle_report report;
    struct dna_mint what = {.spki = spki, .not_before = now - BACKDATED_S};
    enum dna_err err = dna_bundle_check(NULL, bundle, &terms, &report);
    if (err != DNA_OK) {
        return fail(why, "the bundle cannot be heard", dna_err_name(err));
    }
    if (!admits(signer, &report, now, why)) {
        return false;
    }
    what.domain = report.domain;
    what.not_after = report.ruling.expires_at < now + SIGNER_LIFE_S ? report.ruling.expires_at
                                                                    : now + SIGNER_LIFE_S;
    if (!mint(&signer->proven, &what, pem, why)) {
        return false;
    }
    remember(signer, report.domain, what.not_after);
    return true;
}

static bool was_proven(const struct signer *signer, const char *domain, int64_t now)
{
    for (size_t i = 0; i < SIGNER_REMEMBERED; i++) {
        const struct signer_signed *it = &signer->lately[i];
        if (it->until > now && strcmp(it->domain, domain) == 0) {
            return true;
        }
    }
    return false;
}

/* Each costs its time, of which no more than for a burst is saved up. */
static bool pay(struct signer *signer, int64_t now)
{
    int64_t least = now - SIGNER_ERRORS_BURST * SIGNER_ERRORS_EACH_S;
    if (signer->paid < least || signer->paid > now) {
        signer->paid = signer->paid > now ? now : least; /* a clock that was set back */
    }
    if (signer->paid + SIGNER_ERRORS_EACH_S > now) {
        return false;
    }
    signer->paid += SIGNER_ERRORS_EACH_S;
    return true;
}

bool signer_sign_errors(struct signer *signer, struct dna_span domain, struct dna_span spki,
                        int64_t now, struct dna_buf *pem, char why[SIGNER_WHY])
{
    struct dna_mint what = {.spki = spki, .not_before = now - BACKDATED_S,
                            .not_after = now + SIGNER_ERRORS_LIFE_S};
    struct dna_name name;
    if (dna_name_parse(domain, &name) != DNA_OK || !dna_span_is(domain, name.text)) {
        return fail(why, "for errors", "that is no name");
    }
    if (is_hosted(signer, name.text)) {
        return fail(why, name.text, "it is hosted here, or below a name that is");
    }
    if (was_proven(signer, name.text, now)) {
        return fail(why, name.text, "a certificate that was made upon its proof has not ended");
    }
    if (!pay(signer, now)) {
        return fail(why, name.text, "too many domains that are not proven");
    }
    what.domain = name.text;
    return mint(&signer->errors, &what, pem, why);
}
