/* cli/inspect_hear.c: the court at one endpoint.
 *
 * Each prooftype has a hearing of its own, so that one proof does not keep the others from
 * being heard; facts that several want are looked up once.  What only the peer can supply
 * is asked for over a stream, in which one hearing holds all such prooftypes; what each of
 * them said is read from its evidence.
 */
#include <cli/inspect.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define ALL ((1u << DNA_N_PROOFTYPES) - 1)

void cli_inspect_note(struct dna_ruling *out, enum dna_prooftype type,
                      enum dna_verdict verdict, enum dna_code code, const char *format, ...)
{
    va_list args;
    *out = (struct dna_ruling){.verdict = verdict, .code = code, .prooftype = type};
    va_start(args, format);
    (void)vsnprintf(out->why, sizeof out->why, format, args);
    va_end(args);
}

void cli_inspect_fail(struct cli_endpoint *e)
{
    for (unsigned i = 0; i <= DNA_N_PROOFTYPES; i++) {
        cli_inspect_note(&e->findings[i].ruling, (enum dna_prooftype)i, DNA_TEMPFAIL,
                         DNA_CODE_NO_CERTIFICATE, "%s", e->trouble);
    }
    e->findings[DNA_N_PROOFTYPES].ruling.prooftype = DNA_PROOF_PKIX;
}

/* --- over a stream -------------------------------------------------------------------- */

static struct dna_uv_identity *identity(void *user, const char *domain)
{
    (void)domain;
    return user;
}

static void opened(void *user, struct dna_uv_stream *stream)
{
    struct cli_endpoint *e = dna_uv_stream_user(stream);
    (void)user;
    if (e != NULL && e->stream.live == stream) {
        const struct cli_inspect_options *options = &e->inspection->options;
        /* Where it cannot be asked, the stream ends and says why. */
        (void)!dna_uv_stream_ask(stream, options->own, options->domain);
    }
}

static void changed(void *user, struct dna_uv_stream *stream,
                    const struct dna_stream_effect *effect)
{
    struct cli_endpoint *e = dna_uv_stream_user(stream);
    (void)user;
    if (e != NULL && effect->kind == DNA_STREAM_PEER && effect->ruling != NULL) {
        e->stream.ruled = true;
        e->stream.ruling = *effect->ruling;
    }
}

static void closed(void *user, struct dna_uv_stream *stream, const char *condition,
                   const char *why)
{
    struct cli_endpoint *e = dna_uv_stream_user(stream);
    (void)user;
    if (e != NULL) {
        e->stream.live = NULL;
        e->stream.gone = true;
        (void)snprintf(e->stream.why, sizeof e->stream.why, "%s%s%s", condition,
                       condition[0] != '\0' && why[0] != '\0' ? ": " : "", why);
    }
}

static const struct dna_uv_handler handler = {
    .identity = identity,
    .opened = opened,
    .changed = changed,
    .closed = closed,
};

/* The probe was admitted to this very address by the guard already. */
static void open_stream(struct cli_endpoint *e)
{
    struct cli_inspection *in = e->inspection;
    struct dna_uv *uv = in->live->driver;
    struct dna_policy policy = dna_policy_default();
    char address[DNA_ADDRESS_TEXT];
    const struct dna_hosted hosted = {.size = sizeof hosted, .domain = in->options.own};
    const struct dna_uv_connect connect = {
        .size = sizeof connect,
        .own = in->options.own,
        .peer = in->options.domain,
        .address = address,
        .port = e->to.port,
        .handler = &handler,
        .user = in->options.identity,
        .direct_tls = e->direct_tls,
    };
    dna_address_text(&e->to.address, address);
    policy.prooftypes = CLI_CHALLENGED;
    if (dna_session_host(dna_uv_session(uv), &hosted) != DNA_OK ||
        dna_session_policy(dna_uv_session(uv), in->options.domain, &policy) != DNA_OK ||
        dna_uv_connect(uv, &connect, &e->stream.live) != DNA_OK) {
        (void)snprintf(e->stream.why, sizeof e->stream.why, "the stream cannot be opened");
        e->stream.live = NULL;
        e->stream.gone = true;
    } else {
        dna_uv_stream_set_user(e->stream.live, e);
        e->stream.key = e->stream.live;
    }
    e->stream.open = true;
    in->open++;
}

static bool read_verdict(const char *name, enum dna_verdict *out)
{
    for (unsigned i = DNA_NOT_APPLICABLE; i <= DNA_PROVEN; i++) {
        if (strcmp(dna_verdict_name((enum dna_verdict)i), name) == 0) {
            *out = (enum dna_verdict)i;
            return true;
        }
    }
    return false;
}

static bool read_code(const char *name, enum dna_code *out)
{
    for (unsigned i = DNA_CODE_OK; i <= DNA_CODE_INTERNAL; i++) {
        if (strcmp(dna_code_name((enum dna_code)i), name) == 0) {
            *out = (enum dna_code)i;
            return true;
        }
    }
    return false;
}

/* What one prover said, out of the evidence that our own session made. */
static void read_testimony(struct cli_endpoint *e, json_t *one)
{
    const char *type, *verdict, *code, *why;
    json_int_t expires;
    int veto;
    enum dna_prooftype t;
    struct dna_ruling r = {0};
    if (json_unpack(one, "{s:s, s:s, s:s, s:b, s:I, s:s}", "prooftype", &type, "ruling",
                    &verdict, "code", &code, "veto", &veto, "expires_at", &expires, "why",
                    &why) != 0 ||
        dna_prooftype_by_name(dna_span_of(type), &t) != DNA_OK ||
        !read_verdict(verdict, &r.verdict) || !read_code(code, &r.code)) {
        return;
    }
    r.prooftype = t;
    r.veto = veto != 0;
    r.expires_at = expires;
    (void)snprintf(r.why, sizeof r.why, "%s", why);
    e->findings[t].ruling = r;
    e->findings[t].open = false;
}

static void read_bundle(struct cli_endpoint *e, struct dna_span bundle)
{
    json_t *root = json_loadb(bundle.ptr, bundle.len, 0, NULL), *one;
    size_t i;
    json_array_foreach(json_object_get(root, "provers"), i, one)
    {
        read_testimony(e, one);
    }
    json_decref(root);
    free(e->stream.bundle);
    e->stream.bundle = strndup(bundle.ptr, bundle.len);
    if (!e->stream.ruled) {
        e->stream.ruled = true;
        cli_inspect_note(&e->stream.ruling, DNA_PROOF_DNSSEC_TA, DNA_NOT_APPLICABLE,
                         DNA_CODE_CANCELED, "not heard: the hearing had ended before");
    }
}

/* Whatever was not heard by itself gets what is known of the whole. */
static void end_stream(struct cli_endpoint *e)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        struct cli_finding *f = &e->findings[i];
        if ((CLI_CHALLENGED & DNA_PROOF_BIT(i)) == 0 || !f->open) {
            continue;
        }
        f->open = false;
        if (!e->stream.ruled) {
            cli_inspect_note(&f->ruling, (enum dna_prooftype)i, DNA_TEMPFAIL,
                             DNA_CODE_PEER_SILENT, "the peer could not be asked: %s",
                             e->stream.why);
        } else if (e->stream.ruling.verdict == DNA_PROVEN &&
                   e->stream.ruling.prooftype != (enum dna_prooftype)i) {
            cli_inspect_note(&f->ruling, (enum dna_prooftype)i, DNA_NOT_APPLICABLE,
                             DNA_CODE_CANCELED, "not heard: the peer gave another proof");
        } else {
            f->ruling = e->stream.ruling;
        }
    }
    if (e->stream.live != NULL) {
        dna_uv_stream_set_user(e->stream.live, NULL);
        dna_uv_stream_close(e->stream.live, NULL, NULL);
        e->stream.live = NULL;
    }
    e->stream.open = false;
    e->inspection->open--;
}

static void take_bundle(struct cli_inspection *const *list, size_t n,
                        const struct dna_session_bundle *bundle)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; list[i] != NULL && j < list[i]->n_endpoints; j++) {
            struct cli_endpoint *e = list[i]->endpoints[j];
            if (e->stream.open && e->stream.key == bundle->user) {
                read_bundle(e, bundle->bundle);
            }
        }
    }
}

void cli_inspect_pull(struct cli_live *live, struct cli_inspection *const *list, size_t n)
{
    struct dna_session_bundle bundle;
    while (dna_session_next_bundle(dna_uv_session(live->driver), &bundle)) {
        take_bundle(list, n, &bundle);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; list[i] != NULL && j < list[i]->n_endpoints; j++) {
            struct cli_endpoint *e = list[i]->endpoints[j];
            if (e->stream.open && (e->stream.ruled || e->stream.gone)) {
                end_stream(e);
            }
        }
    }
}

/* --- hearings ------------------------------------------------------------------------- */

static void ruled(void *arg, const struct dna_ruling *ruling)
{
    struct cli_finding *f = arg;
    struct cli_endpoint *e = f->endpoint;
    f->ruling = *ruling;
    f->open = false;
    if (f->type == DNA_N_PROOFTYPES && f->hearing != NULL) {
        struct dna_span bundle = dna_hearing_bundle(f->hearing);
        e->bundle = bundle.len != 0 ? strndup(bundle.ptr, bundle.len) : NULL;
    }
    f->hearing = NULL;
    e->inspection->open--;
}

static void hear(struct cli_endpoint *e, unsigned type)
{
    struct cli_inspection *in = e->inspection;
    struct cli_finding *f = &e->findings[type];
    struct dna_question question = {
        .domain = in->options.domain,
        .service = in->options.service,
        .role = DNA_INITIATING,
        .chain = e->chain,
        .policy = dna_policy_default(),
        .own = in->options.own,
    };
    char address[DNA_ADDRESS_TEXT];
    dna_address_text(&e->to.address, address);
    if (e->by_srv) {
        question.host = e->host.text;
        question.port = e->to.port;
        question.address = address;
    }
    question.policy.prooftypes = type == DNA_N_PROOFTYPES ? ALL : DNA_PROOF_BIT(type);
    question.policy.generation = CLI_OWN_POLICIES + type;
    if (dna_uv_ask(in->live->driver, &question, ruled, f, &f->hearing) != DNA_OK) {
        cli_inspect_note(&f->ruling, DNA_PROOF_PKIX, DNA_TEMPFAIL, DNA_CODE_INTERNAL,
                         "out of memory");
        return;
    }
    f->open = true;
    in->open++;
}

void cli_inspect_hear(struct cli_endpoint *e)
{
    struct cli_inspection *in = e->inspection;
    bool may_ask = in->options.service == DNA_XMPP_SERVER;
    cli_progress(in->live->call, "hearing the court at %s", e->text);
    for (unsigned i = 0; i <= DNA_N_PROOFTYPES; i++) {
        struct cli_finding *f = &e->findings[i];
        f->endpoint = e;
        f->type = (enum dna_prooftype)i;
        if (i == DNA_N_PROOFTYPES || (CLI_CHALLENGED & DNA_PROOF_BIT(i)) == 0) {
            hear(e, i);
        } else if (may_ask) {
            f->open = true;
        } else {
            cli_inspect_note(&f->ruling, f->type, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                             "not asked for: it is exchanged between servers, and this is "
                             "the service for clients");
        }
    }
    if (may_ask) {
        open_stream(e);
    }
}

void cli_inspect_unhear(struct cli_endpoint *e)
{
    for (unsigned i = 0; i <= DNA_N_PROOFTYPES; i++) {
        if (e->findings[i].hearing != NULL) {
            dna_uv_unask(e->inspection->live->driver, e->findings[i].hearing);
        }
    }
    if (e->stream.live != NULL) {
        dna_uv_stream_set_user(e->stream.live, NULL);
        dna_uv_stream_close(e->stream.live, NULL, NULL);
    }
}
