/* session/fact_bytes.c: structs with their pointers left out, then what these pointed to;
 * every text ends in NUL, so that what is read may be used in place. */
#include <session/fact_bytes.h>

#include <assert.h>
#include <string.h>

static enum dna_err write_bytes(struct dna_buf *out, struct dna_span bytes)
{
    enum dna_err err =
        dna_buf_add(out, (struct dna_span){(const char *)&bytes.len, sizeof bytes.len});
    if (err == DNA_OK) {
        err = dna_buf_add(out, bytes);
    }
    return err == DNA_OK ? dna_buf_add(out, (struct dna_span){"", 1}) : err;
}

static enum dna_err write_text(struct dna_buf *out, const char *text)
{
    return write_bytes(out, dna_span_of(text));
}

static enum dna_err write_answer(struct dna_buf *out, const struct dna_dns_answer *answer)
{
    bool found = answer->outcome == DNA_DNS_FOUND && answer->rdata != NULL;
    const size_t n = found ? answer->n_rdata : 0;
    struct dna_dns_answer plain = *answer;
    enum dna_err err;
    if (n > DNA_LIMIT_RECORDS) {
        return DNA_ERR_LIMIT;
    }
    plain.n_rdata = n;
    plain.name = plain.why = NULL;
    plain.rdata = NULL;
    err = dna_buf_add(out, (struct dna_span){(const char *)&plain, sizeof plain});
    if (err == DNA_OK) {
        err = write_text(out, answer->name);
    }
    if (err == DNA_OK) {
        err = write_text(out, answer->why);
    }
    for (size_t i = 0; err == DNA_OK && i < n; i++) {
        err = write_bytes(out, answer->rdata[i]);
    }
    return err;
}

static enum dna_err write_fetch(struct dna_buf *out, const struct dna_fetch_result *result)
{
    struct dna_fetch_result plain = *result;
    enum dna_err err;
    plain.body = (struct dna_span){NULL, 0};
    plain.final_url = plain.why = plain.media_type = NULL;
    err = dna_buf_add(out, (struct dna_span){(const char *)&plain, sizeof plain});
    if (err == DNA_OK) {
        err = write_text(out, result->final_url);
    }
    if (err == DNA_OK) {
        err = write_text(out, result->why);
    }
    if (err == DNA_OK) {
        err = write_text(out, result->media_type);
    }
    return err == DNA_OK ? write_bytes(out, result->body) : err;
}

enum dna_err dna_fact_write(struct dna_buf *out, const struct dna_fact *fact)
{
    enum dna_err err = dna_buf_add(
        out, (struct dna_span){(const char *)&fact->kind, sizeof fact->kind});
    if (err != DNA_OK) {
        return err;
    }
    switch (fact->kind) {
    case DNA_WANT_DNS:
        return write_answer(out, &fact->u.dns);
    case DNA_WANT_ANCHORED:
        err = write_answer(out, &fact->u.anchored.dnskey);
        if (err == DNA_OK) {
            err = write_answer(out, &fact->u.anchored.srv);
        }
        return err == DNA_OK ? write_answer(out, &fact->u.anchored.srv_tls) : err;
    case DNA_WANT_FETCH:
        return write_fetch(out, &fact->u.fetch);
    case DNA_WANT_PATH:
        return dna_buf_add(out, (struct dna_span){(const char *)&fact->u.path,
                                                  sizeof fact->u.path});
    case DNA_WANT_SIGNATURE:
        return dna_buf_add(out, (struct dna_span){(const char *)&fact->u.signature,
                                                  sizeof fact->u.signature});
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        return DNA_ERR_ARGUMENT;
    }
    return DNA_ERR_ARGUMENT;
}

struct cursor {
    const char *at, *end;
};

static void read_struct(struct cursor *c, void *out, size_t size)
{
    assert((size_t)(c->end - c->at) >= size);
    memcpy(out, c->at, size);
    c->at += size;
}

static struct dna_span read_bytes(struct cursor *c)
{
    struct dna_span bytes;
    read_struct(c, &bytes.len, sizeof bytes.len);
    assert((size_t)(c->end - c->at) > bytes.len);
    bytes.ptr = c->at;
    c->at += bytes.len + 1;
    return bytes;
}

static void read_answer(struct cursor *c, struct dna_dns_answer *out, struct dna_span *records)
{
    read_struct(c, out, sizeof *out);
    out->name = read_bytes(c).ptr;
    out->why = read_bytes(c).ptr;
    for (size_t i = 0; i < out->n_rdata; i++) {
        records[i] = read_bytes(c);
    }
    out->rdata = records;
}

void dna_fact_read(struct dna_span bytes, struct dna_fact_view *out)
{
    struct cursor c = {bytes.ptr, bytes.ptr + bytes.len};
    struct dna_fact *fact = &out->fact;
    read_struct(&c, &fact->kind, sizeof fact->kind);
    switch (fact->kind) {
    case DNA_WANT_DNS:
        read_answer(&c, &fact->u.dns, out->records[0]);
        return;
    case DNA_WANT_ANCHORED:
        read_answer(&c, &fact->u.anchored.dnskey, out->records[0]);
        read_answer(&c, &fact->u.anchored.srv, out->records[1]);
        read_answer(&c, &fact->u.anchored.srv_tls, out->records[2]);
        return;
    case DNA_WANT_FETCH:
        read_struct(&c, &fact->u.fetch, sizeof fact->u.fetch);
        fact->u.fetch.final_url = read_bytes(&c).ptr;
        fact->u.fetch.why = read_bytes(&c).ptr;
        fact->u.fetch.media_type = read_bytes(&c).ptr;
        fact->u.fetch.body = read_bytes(&c);
        return;
    case DNA_WANT_PATH:
        read_struct(&c, &fact->u.path, sizeof fact->u.path);
        return;
    case DNA_WANT_SIGNATURE:
        read_struct(&c, &fact->u.signature, sizeof fact->u.signature);
        return;
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        break;
    }
    assert(false && "bytes that were not written here");
}
