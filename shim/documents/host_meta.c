/* documents/host_meta.c: host metadata in JSON (XEP-0487). */
#include <documents/documents.h>

#include <json/canonical.h>
#include <json/host_meta_document.h>
#include <x509/spki.h>

static void add_link(struct dna_json_maker *maker, struct dna_json *list,
                     const struct document_link *link, size_t place)
{
    struct dna_json *object = dna_json_add(maker, list, NULL, DNA_JSON_OBJECT), *ips;
    dna_json_add_text(maker, object, "rel", "urn:xmpp:alt-connections:s2s-tls");
    dna_json_add_number(maker, object, "port", link->target.port);
    ips = dna_json_add(maker, object, "ips", DNA_JSON_ARRAY);
    for (size_t i = 0; i < link->n_ips; i++) {
        dna_json_add_text(maker, ips, NULL, link->ips[i]);
    }
    dna_json_add_number(maker, object, "priority", 10 * ((int64_t)place + 1));
    dna_json_add_number(maker, object, "weight", 0);
    dna_json_add_text(maker, object, "sni", link->target.host.text);
}

static void add_pins(struct dna_json_maker *maker, struct dna_json *xmpp,
                     struct dna_chain *const *chains, size_t n)
{
    struct dna_json *pins =
        n != 0 ? dna_json_add(maker, xmpp, "public-key-pins-sha-256", DNA_JSON_ARRAY) : NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned char digest[DNA_SHA256_SIZE];
        enum dna_err err = dna_spki_digest(chains[i], digest);
        maker->err = maker->err == DNA_OK ? err : maker->err;
        if (err == DNA_OK) {
            dna_json_add_bytes(maker, pins, NULL,
                               (struct dna_span){(const char *)digest, sizeof digest});
        }
    }
}

enum dna_err document_host_meta(struct dna_arena *arena, const struct document_link *links,
                                size_t n_links, struct dna_chain *const *chains,
                                size_t n_chains, int64_t ttl, struct dna_buf *out,
                                const char **why)
{
    struct dna_json_maker maker = {.arena = arena, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    struct dna_json *xmpp = dna_json_add(&maker, root, "xmpp", DNA_JSON_OBJECT), *list;
    struct dna_host_meta_document document;
    enum dna_err err;
    *why = NULL;
    dna_json_add_number(&maker, xmpp, "ttl", ttl);
    add_pins(&maker, xmpp, chains, n_chains);
    list = dna_json_add(&maker, root, "links", DNA_JSON_ARRAY);
    for (size_t i = 0; i < n_links; i++) {
        add_link(&maker, list, &links[i], i);
    }
    err = maker.err == DNA_OK ? dna_json_write(root, out) : maker.err;
    err = err == DNA_OK ? dna_buf_add_text(out, "\n") : err;
    if (err == DNA_OK) {
        err = dna_host_meta_parse(NULL, dna_buf_span(out), &document, why);
        if (err == DNA_OK) {
            err = document.n_skipped == 0 && document.n_links == n_links ? DNA_OK
                                                                         : DNA_ERR_FORMAT;
            dna_host_meta_fini(&document);
        }
    }
    return err;
}
