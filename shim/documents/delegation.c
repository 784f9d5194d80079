/* documents/delegation.c: service delegation documents. */
#include <documents/documents.h>

#include <json/canonical.h>
#include <json/service_document.h>

static void add_endpoint(struct dna_json_maker *maker, struct dna_json *list,
                         const struct document_target *target, const char *named,
                         int64_t expires, size_t place)
{
    struct dna_json *object = dna_json_add(maker, list, NULL, DNA_JSON_OBJECT);
    dna_json_add_text(maker, object, "host", target->host.text);
    dna_json_add_number(maker, object, "port", target->port);
    if (named != NULL) {
        dna_json_add_text(maker, object, "domain", named);
    }
    dna_json_add_number(maker, object, "priority", 10 * ((int64_t)place + 1));
    dna_json_add_number(maker, object, "weight", 0);
    dna_json_add_text(maker, object, "tls", target->direct_tls ? "direct" : "starttls");
    dna_json_add_number(maker, object, "expires", expires);
}

enum dna_err document_delegation(struct dna_arena *arena, const struct document_target *targets,
                                 size_t n, const char *named, int64_t expires,
                                 struct dna_buf *out, const char **why)
{
    struct dna_json_maker maker = {.arena = arena, .err = DNA_OK};
    struct dna_json *list = dna_json_add(&maker, NULL, NULL, DNA_JSON_ARRAY);
    struct dna_service_document document;
    enum dna_err err;
    *why = NULL;
    for (size_t i = 0; i < n; i++) {
        add_endpoint(&maker, list, &targets[i], named, expires, i);
    }
    err = maker.err == DNA_OK ? dna_json_write(list, out) : maker.err;
    err = err == DNA_OK ? dna_buf_add_text(out, "\n") : err;
    if (err == DNA_OK) {
        err = dna_service_parse(NULL, dna_buf_span(out), &document, why);
        if (err == DNA_OK) {
            err = document.n_endpoints == n ? DNA_OK : DNA_ERR_FORMAT;
            dna_service_fini(&document);
        }
    }
    return err;
}
