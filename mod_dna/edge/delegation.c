/* edge/delegation.c: the document from its proper place, or from the old one where the policy
 * says so.
 *
 * Whether the peer may speak for the domain is not decided here: the court reads the document
 * for itself.  So a document that cannot be had, or read, costs nothing but the choice of
 * where to connect, and the fetch is made like the court's own: no redirects, guarded, out of
 * our own budget.
 */
#include <edge/delegation.h>

#include <stdio.h>

#include <base/alloc.h>
#include <edge/fetch.h>
#include <session/policy.h>

#define URL_MAX (DNA_NAME_MAX + sizeof "https://www./.well-known/service/xmpp-server")

struct dna_edge_delegation {
    struct dna_uv *uv;
    const char *domain;
    bool old_place; /* to be tried yet */
    struct dna_fetch *fetch;
    dna_edge_delegation_fn *fn;
    void *arg;
};

bool dna_edge_delegation_wanted(const struct dna_uv *uv, const char *domain)
{
    struct dna_policy policy = dna_session_policy_for(uv->session, domain);
    return policy.delegation_connect &&
           dna_policy_admits(&policy, DNA_PROOF_SERVICE_DELEGATION);
}

static void end(struct dna_edge_delegation *delegation,
                const struct dna_service_document *document)
{
    delegation->fn(delegation->arg, document);
    dna_alloc_release(delegation->uv->alloc, delegation);
}

static dna_fetch_fn fetched;

static enum dna_err fetch(struct dna_edge_delegation *delegation, const char *www,
                          const char *path)
{
    struct dna_uv *uv = delegation->uv;
    struct dna_want_fetch want = {.kind = DNA_FETCH_WELL_KNOWN};
    char url[URL_MAX];
    (void)snprintf(url, sizeof url, "https://%s%s/.well-known/%s", www, delegation->domain,
                   path);
    want.url = url;
    if (dna_edge_guard_refresh(&uv->guard, uv->face->now(uv->face->self).mono) != DNA_OK) {
        return DNA_ERR_SYSTEM; /* our own addresses are not known: nothing is fetched */
    }
    return dna_fetcher_get(uv->fetcher, &want, "", true, fetched, delegation,
                           &delegation->fetch);
}

static void read_document(struct dna_edge_delegation *delegation, struct dna_span body)
{
    struct dna_service_document document;
    const char *why;
    if (dna_service_parse(delegation->uv->alloc, body, &document, &why) != DNA_OK) {
        dna_edge_log(delegation->uv, DNA_LOG_INFO, "delegation-unreadable", "why", why);
        end(delegation, NULL);
        return;
    }
    end(delegation, &document);
    dna_service_fini(&document);
}

static void fetched(void *arg, const struct dna_fetch_result *result)
{
    struct dna_edge_delegation *delegation = arg;
    delegation->fetch = NULL;
    if (result->outcome == DNA_FETCH_OK) {
        read_document(delegation, result->body);
        return;
    }
    if (result->outcome == DNA_FETCH_ABSENT && delegation->old_place) {
        delegation->old_place = false;
        if (fetch(delegation, "www.", "services/xmpp/") == DNA_OK) {
            return;
        }
    }
    end(delegation, NULL);
}

enum dna_err dna_edge_delegation_start(struct dna_uv *uv, const char *domain,
                                       dna_edge_delegation_fn *fn, void *arg,
                                       struct dna_edge_delegation **out)
{
    struct dna_edge_delegation *delegation = dna_alloc_zero(uv->alloc, 1, sizeof *delegation);
    enum dna_err err;
    *out = NULL;
    if (delegation == NULL) {
        return DNA_ERR_MEMORY;
    }
    delegation->uv = uv;
    delegation->domain = domain;
    delegation->old_place = dna_session_policy_for(uv->session, domain).delegation_legacy;
    delegation->fn = fn;
    delegation->arg = arg;
    err = fetch(delegation, "", "service/xmpp-server");
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, delegation);
        return err;
    }
    *out = delegation;
    return DNA_OK;
}

void dna_edge_delegation_cancel(struct dna_edge_delegation *delegation)
{
    if (delegation != NULL) {
        if (delegation->fetch != NULL) {
            dna_fetch_cancel(delegation->fetch);
        }
        dna_alloc_release(delegation->uv->alloc, delegation);
    }
}
