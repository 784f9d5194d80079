/* gateway/publication_set.c: what is published, and what it is for.
 *
 * Only fingerprints, names and certificates go in; a text with a private key in it is refused
 * wherever it comes from.
 */
#include "publication.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/address.h>
#include <base/limits.h>
#include <documents/documents.h>
#include <json/canonical.h>
#include <x509/spki.h>

#include "file.h"
#include "log.h"

#define PEM_MAX (256 * 1024)
#define MEMORY (16 * 1024 * 1024)
#define TARGETS 64
#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

struct making {
    const struct gateway_config *config;
    const struct dna_log *log;
    int64_t now;
    struct dna_arena arena;
    struct dna_chain *chains[2]; /* in use, and the next one */
    size_t n_chains;
    char sts_id[DOCUMENT_STS_ID]; /* of the policy's record; "": there is no policy */
    struct publication_set *set;
};

static void leave_out(const struct making *m, const char *file, const char *why)
{
    gateway_log(m->log, DNA_LOG_WARNING, "not-published", "file", file, "why", why, "remedy",
                "mend it, and it is published at the next change", NULL);
}

void publication_set_fini(struct publication_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        free(set->files[i].path);
        free(set->files[i].bytes);
        free(set->files[i].what);
        free(set->files[i].place);
    }
    free(set->files);
    *set = (struct publication_set){.files = NULL};
}

static bool has_room(struct publication_set *set)
{
    size_t room = set->room != 0 ? 2 * set->room : 16;
    struct publication_file *files;
    if (set->n < set->room) {
        return true;
    }
    files = realloc(set->files, room * sizeof *files);
    if (files != NULL) {
        set->files = files;
        set->room = room;
    }
    return files != NULL;
}

static void add(const struct making *m, const char *path, struct dna_span bytes,
                const char *what, const char *place)
{
    struct publication_set *set = m->set;
    struct publication_file file = {.len = bytes.len};
    if (memmem(bytes.ptr, bytes.len, "PRIVATE KEY", 11) != NULL) {
        leave_out(m, path, "it would hold a private key");
        return;
    }
    file.path = strdup(path);
    file.bytes = malloc(bytes.len + 1);
    file.what = strdup(what);
    file.place = strdup(place);
    if (file.path == NULL || file.bytes == NULL || file.what == NULL || file.place == NULL ||
        !has_room(set)) {
        free(file.path);
        free(file.bytes);
        free(file.what);
        free(file.place);
        set->lost = true;
        return;
    }
    memcpy(file.bytes, bytes.ptr, bytes.len);
    file.bytes[bytes.len] = '\0';
    set->files[set->n++] = file;
}

/* A document that was made, or not. */
static void add_document(const struct making *m, enum dna_err err, const char *why,
                         struct dna_buf *text, const char *path, const char *what,
                         const char *place)
{
    if (err == DNA_OK) {
        add(m, path, dna_buf_span(text), what, place);
    } else {
        leave_out(m, path, why != NULL ? why : dna_err_name(err));
    }
    dna_buf_fini(text);
}

/* --- certificates ----------------------------------------------------------------------- */

static const char *trouble_of(const struct making *m, const struct dna_chain *chain,
                              bool is_next)
{
    int64_t not_before, not_after;
    dna_chain_leaf_validity(chain, &not_before, &not_after);
    return !dna_spki_strong(chain)               ? "the key of the certificate is too weak"
           : m->now >= not_after                 ? "the certificate has expired"
           : !is_next && m->now < not_before     ? "the certificate is not valid yet"
                                                 : NULL;
}

static void take_chain(struct making *m, const char *file, bool is_next)
{
    struct dna_chain *chain = NULL;
    const char *why = NULL;
    size_t len = 0;
    char *pem = file_read(file, PEM_MAX, &len);
    if (pem == NULL) {
        why = file_trouble_text();
    } else if (dna_chain_parse(NULL, (struct dna_span){pem, len}, &chain) != DNA_OK) {
        why = "it holds no certificate";
    } else {
        why = trouble_of(m, chain, is_next);
    }
    if (pem != NULL) {
        explicit_bzero(pem, len); /* some keep the key in the same file */
        free(pem);
    }
    if (why == NULL) {
        m->chains[m->n_chains++] = chain;
    } else {
        leave_out(m, file, why);
        dna_chain_free(chain);
    }
}

/* The certificates of a text and nothing else of it; false: there are none. */
static bool take_certificates(struct dna_buf *out, const char *text, size_t len)
{
    const char *at = text, *end;
    struct dna_chain *chain;
    enum dna_err err = DNA_OK;
    if (strstr(text, BEGIN) == NULL) {
        err = dna_buf_add(out, (struct dna_span){text, len});
    } else {
        while (err == DNA_OK && (at = strstr(at, BEGIN)) != NULL &&
               (end = strstr(at, END)) != NULL) {
            err = dna_buf_add(out, (struct dna_span){at, (size_t)(end - at) + strlen(END)});
            err = err == DNA_OK ? dna_buf_add_text(out, "\n") : err;
            at = end;
        }
    }
    if (err != DNA_OK || dna_chain_parse(NULL, dna_buf_span(out), &chain) != DNA_OK) {
        return false;
    }
    dna_chain_free(chain);
    return true;
}

static void add_anchor(struct making *m, const char *domain, const char *file)
{
    char path[DNA_NAME_MAX + 32], what[DNA_NAME_MAX + 80];
    struct dna_buf bytes;
    size_t len;
    char *text = file_read(file, PEM_MAX, &len);
    if (text == NULL) {
        if (errno != ENOENT) {
            leave_out(m, file, file_trouble_text());
        }
        return;
    }
    dna_buf_init(&bytes, NULL, 2 * PEM_MAX);
    (void)snprintf(path, sizeof path, "dnssec-ta/%s.cert", domain);
    (void)snprintf(what, sizeof what, "the certificate of the zone key of %s", domain);
    if (take_certificates(&bytes, text, len)) {
        add(m, path, dna_buf_span(&bytes), what, "wherever dnssec-ta-url says");
    } else {
        leave_out(m, file, "it holds no certificate");
    }
    dna_buf_fini(&bytes);
    free(text);
}

static void add_anchors(struct making *m)
{
    const char *folder = m->config->publication.ta_folder;
    for (size_t i = 0; folder != NULL && i < m->config->n_hosts; i++) {
        const char *domain = m->config->hosts[i].domain.text;
        char *file;
        if (asprintf(&file, "%s/%s.pem", folder, domain) < 0) {
            m->set->lost = true;
            return;
        }
        add_anchor(m, domain, file);
        free(file);
    }
}

/* --- documents -------------------------------------------------------------------------- */

static void add_posh(struct making *m)
{
    struct dna_buf text;
    const char *why;
    enum dna_err err;
    dna_buf_init(&text, NULL, PEM_MAX);
    err = document_posh(&m->arena, m->chains, m->n_chains, DOCUMENT_SHA_256,
                        m->config->publication.seconds, &text, &why);
    add_document(m, err, why, &text, ".well-known/posh/xmpp-server.json",
                 "the POSH document: customers refer to it by its URL, once",
                 "https://THIS HOST/.well-known/posh/xmpp-server.json");
}

static size_t targets_of(const struct making *m, struct document_target out[TARGETS])
{
    const struct gateway_publication_config *c = &m->config->publication;
    size_t n = 0;
    for (size_t i = 0; i < c->targets.n && n < TARGETS; i++) {
        n += document_target_read(c->targets.list[i], false, &out[n]) == NULL;
    }
    for (size_t i = 0; i < c->direct_targets.n && n < TARGETS; i++) {
        n += document_target_read(c->direct_targets.list[i], true, &out[n]) == NULL;
    }
    return n;
}

static void add_delegation(struct making *m, const struct document_target *targets, size_t n)
{
    struct dna_buf text;
    const char *why;
    enum dna_err err;
    if (n == 0) {
        return;
    }
    dna_buf_init(&text, NULL, PEM_MAX);
    err = document_delegation(&m->arena, targets, n, NULL, m->config->publication.seconds,
                              &text, &why);
    add_document(m, err, why, &text, ".well-known/service/xmpp-server",
                 "the service delegation document: the same for every customer",
                 "https://CUSTOMER/.well-known/service/xmpp-server");
}

/* A line for any zone: others fetch a policy again when its record has another id. */
static void add_sts_record(struct making *m)
{
    char what[120];
    struct dna_buf text;
    enum dna_err err;
    if (m->sts_id[0] == '\0') {
        return;
    }
    dna_buf_init(&text, NULL, PEM_MAX);
    err = dna_buf_printf(&text, "_xmpp-sts 3600 IN TXT \"v=XSTSv1; id=%s;\"\n", m->sts_id);
    (void)snprintf(what, sizeof what, "the record of the policy: its id is %s", m->sts_id);
    add_document(m, err, NULL, &text, "xmpp-sts.zone", what,
                 "in the zone that customers' _xmpp-sts is an alias to, or in theirs");
}

static void add_sts(struct making *m, const struct document_target *targets, size_t n)
{
    const char *mode = m->config->publication.sts_mode, *why;
    const char *hosts[TARGETS];
    struct dna_buf text;
    enum dna_err err;
    if (mode == NULL || strcmp(mode, "off") == 0) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        hosts[i] = targets[i].host.text;
    }
    dna_buf_init(&text, NULL, PEM_MAX);
    err = document_sts(mode, hosts, n, m->config->publication.sts_max_age, &text, &why);
    if (err == DNA_OK) {
        err = document_sts_id(dna_buf_span(&text), m->sts_id);
    }
    add_document(m, err, why, &text, ".well-known/xmpp-sts.txt",
                 "the strict transport security policy",
                 "https://xmpp-sts.CUSTOMER/.well-known/xmpp-sts.txt");
    add_sts_record(m);
}

/* NULL: done; else what is wrong. */
static const char *read_link(struct making *m, const char *text, struct document_link *out)
{
    const char **ips = dna_arena_zero(&m->arena, DNA_LIMIT_HOST_META_ADDRESSES, sizeof *ips);
    const char *why = document_target_read(text, true, &out->target);
    const char *at = out->target.rest;
    out->ips = ips;
    out->n_ips = 0;
    while (why == NULL && at != NULL) {
        size_t len = strcspn(at, ",");
        char ip[DNA_ADDRESS_TEXT];
        struct dna_address address;
        if (ips == NULL || out->n_ips == DNA_LIMIT_HOST_META_ADDRESSES ||
            dna_address_parse((struct dna_span){at, len}, &address) != DNA_OK) {
            return "it has no IP address, or too many";
        }
        dna_address_text(&address, ip);
        ips[out->n_ips++] = dna_arena_text(&m->arena, dna_span_of(ip));
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return why;
}

static void add_host_meta(struct making *m)
{
    static const char path[] = ".well-known/host-meta.json";
    const struct gateway_names *names = &m->config->publication.links;
    struct document_link links[TARGETS];
    struct dna_buf text;
    const char *why;
    enum dna_err err;
    size_t n = 0;
    for (; n < names->n && n < TARGETS; n++) {
        why = read_link(m, names->list[n], &links[n]);
        if (why != NULL) {
            leave_out(m, path, why);
            return;
        }
    }
    if (n == 0) {
        return;
    }
    dna_buf_init(&text, NULL, PEM_MAX);
    err = document_host_meta(&m->arena, links, n, m->chains, m->n_chains,
                             m->config->publication.seconds, &text, &why);
    add_document(m, err, why, &text, path,
                 "host metadata: the same for every customer who has no other",
                 "https://CUSTOMER/.well-known/host-meta.json");
}

/* --- the index -------------------------------------------------------------------------- */

static const char *base_of(const struct making *m)
{
    return m->config->publication.url != NULL ? m->config->publication.url : "";
}

static void add_index_json(struct making *m, size_t n)
{
    struct dna_json_maker maker = {.arena = &m->arena, .err = DNA_OK};
    struct dna_json *root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT), *list;
    struct dna_buf text;
    enum dna_err err;
    dna_json_add_text(&maker, root, "url", base_of(m));
    if (m->sts_id[0] != '\0') {
        dna_json_add_text(&maker, root, "sts-id", m->sts_id);
    }
    list = dna_json_add(&maker, root, "files", DNA_JSON_ARRAY);
    for (size_t i = 0; i < n; i++) {
        struct dna_json *file = dna_json_add(&maker, list, NULL, DNA_JSON_OBJECT);
        dna_json_add_text(&maker, file, "path", m->set->files[i].path);
        dna_json_add_text(&maker, file, "what", m->set->files[i].what);
        dna_json_add_text(&maker, file, "place", m->set->files[i].place);
    }
    dna_buf_init(&text, NULL, MEMORY);
    err = maker.err == DNA_OK ? dna_json_write(root, &text) : maker.err;
    add_document(m, err, NULL, &text, "index.json", "this list, for programs", "anywhere");
}

static enum dna_err add_escaped(struct dna_buf *out, const char *text)
{
    enum dna_err err = DNA_OK;
    for (; *text != '\0' && err == DNA_OK; text++) {
        switch (*text) {
        case '<':
            err = dna_buf_add_text(out, "&lt;");
            break;
        case '&':
            err = dna_buf_add_text(out, "&amp;");
            break;
        case '"':
            err = dna_buf_add_text(out, "&quot;");
            break;
        default:
            err = dna_buf_add(out, (struct dna_span){text, 1});
        }
    }
    return err;
}

static enum dna_err write_row(struct dna_buf *out, const struct publication_file *file)
{
    enum dna_err err = dna_buf_add_text(out, "<tr><td><a href=\"");
    const char *const parts[] = {file->path, "\">", file->path, "</a></td><td>", file->what,
                                 "</td><td>", file->place, "</td></tr>\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && err == DNA_OK; i++) {
        err = i % 2 == 0 ? add_escaped(out, parts[i]) : dna_buf_add_text(out, parts[i]);
    }
    return err;
}

static void add_index_html(struct making *m, size_t n)
{
    struct dna_buf text;
    enum dna_err err;
    dna_buf_init(&text, NULL, MEMORY);
    err = dna_buf_add_text(&text,
                           "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
                           "<title>XMPP delegation</title>\n<h1>XMPP delegation</h1>\n"
                           "<p>A customer publishes, once, the output of<br><code>dna publish "
                           "posh --url ");
    err = err == DNA_OK ? add_escaped(&text, base_of(m)[0] != '\0' ? base_of(m)
                                                                     : "https://THIS HOST")
                        : err;
    err = err == DNA_OK
              ? dna_buf_add_text(&text, "/.well-known/posh/xmpp-server.json</code></p>\n"
                                        "<table>\n<tr><th>file</th><th>what it is</th>"
                                        "<th>where others look for it</th></tr>\n")
              : err;
    for (size_t i = 0; i < n && err == DNA_OK; i++) {
        err = write_row(&text, &m->set->files[i]);
    }
    err = err == DNA_OK ? dna_buf_add_text(&text, "</table>\n</html>\n") : err;
    add_document(m, err, NULL, &text, "index.html", "this list, for people", "anywhere");
}

static void make_all(struct making *m)
{
    struct document_target targets[TARGETS];
    size_t n = targets_of(m, targets), documents;
    add_posh(m);
    add_host_meta(m);
    add_delegation(m, targets, n);
    add_sts(m, targets, n);
    add_anchors(m);
    documents = m->set->n;
    add_index_json(m, documents);
    add_index_html(m, documents);
}

bool publication_make(const struct gateway_config *config, const struct dna_log *log,
                      int64_t now, struct publication_set *out)
{
    struct making m = {.config = config, .log = log, .now = now, .set = out};
    bool fine = false;
    *out = (struct publication_set){.files = NULL};
    dna_arena_init(&m.arena, NULL, MEMORY);
    take_chain(&m, config->certificate, false);
    if (m.n_chains == 1) {
        if (config->publication.next_certificate != NULL) {
            take_chain(&m, config->publication.next_certificate, true);
        }
        make_all(&m);
        fine = !out->lost;
        if (!fine) {
            leave_out(&m, config->publication.folder, "out of memory");
        }
    }
    while (m.n_chains > 0) {
        dna_chain_free(m.chains[--m.n_chains]);
    }
    dna_arena_fini(&m.arena);
    return fine;
}
