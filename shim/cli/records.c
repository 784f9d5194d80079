/* cli/records.c: RDATA in presentation format. */
#include <cli/records.h>

#include <stdio.h>
#include <string.h>

#include <base/address.h>
#include <base/buf.h>
#include <base/codec.h>
#include <dns/dnskey.h>

#define TEXT_MOST (512u * 1024)

static const unsigned char *octets(struct dna_span rdata)
{
    return (const unsigned char *)rdata.ptr;
}

static enum dna_err add_hex(struct dna_buf *out, struct dna_span bytes)
{
    enum dna_err err = DNA_OK;
    for (size_t i = 0; i < bytes.len && err == DNA_OK; i++) {
        err = dna_buf_printf(out, "%02x", (unsigned)octets(bytes)[i]);
    }
    return err;
}

static enum dna_err address(struct dna_buf *out, struct dna_span rdata)
{
    struct dna_address address;
    char text[DNA_ADDRESS_TEXT];
    if (dna_address_of_octets(rdata, &address) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    dna_address_text(&address, text);
    return dna_buf_add_text(out, text);
}

static enum dna_err srv(struct dna_buf *out, struct dna_span rdata)
{
    struct dna_srv record;
    if (dna_srv_parse(rdata, &record) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    return dna_buf_printf(out, "%u %u %u %s%s", record.priority, record.weight,
                          record.port, record.target.text,
                          strcmp(record.target.text, ".") == 0 ? "" : ".");
}

static enum dna_err tlsa(struct dna_buf *out, struct dna_span rdata)
{
    const unsigned char *p = octets(rdata);
    enum dna_err err;
    if (rdata.len < 3) {
        return DNA_ERR_FORMAT;
    }
    err = dna_buf_printf(out, "%u %u %u ", p[0], p[1], p[2]);
    return err == DNA_OK ? add_hex(out, (struct dna_span){rdata.ptr + 3, rdata.len - 3})
                         : err;
}

/* One octet as zone files escape it: inside quotation marks, or inside a label. */
static enum dna_err add_octet(struct dna_buf *out, unsigned char c, const char *special)
{
    if (c < ' ' || c > '~') {
        return dna_buf_printf(out, "\\%03u", (unsigned)c);
    }
    return dna_buf_printf(out, "%s%c", strchr(special, c) != NULL ? "\\" : "", c);
}

static enum dna_err txt(struct dna_buf *out, struct dna_span rdata)
{
    const unsigned char *p = octets(rdata), *end = p + rdata.len;
    enum dna_err err = rdata.len > 0 ? DNA_OK : DNA_ERR_FORMAT;
    while (p < end && err == DNA_OK) {
        size_t len = *p++;
        if (len > (size_t)(end - p)) {
            return DNA_ERR_FORMAT;
        }
        err = dna_buf_add_text(out, dna_buf_len(out) > 0 ? " \"" : "\"");
        for (; len > 0 && err == DNA_OK; len--) {
            err = add_octet(out, *p++, "\"\\");
        }
        err = err == DNA_OK ? dna_buf_add_text(out, "\"") : err;
    }
    return err;
}

static enum dna_err name(struct dna_buf *out, struct dna_span rdata)
{
    const unsigned char *p = octets(rdata), *end = p + rdata.len;
    enum dna_err err = DNA_OK;
    if (rdata.len == 1 && *p == 0) {
        return dna_buf_add_text(out, ".");
    }
    while (p < end && *p != 0 && err == DNA_OK) {
        size_t len = *p++;
        if (len > 63 || len > (size_t)(end - p)) {
            return DNA_ERR_FORMAT;
        }
        for (; len > 0 && err == DNA_OK; len--) {
            err = add_octet(out, *p++, ".\\\"();@$ ");
        }
        err = err == DNA_OK ? dna_buf_add_text(out, ".") : err;
    }
    return err == DNA_OK && p + 1 != end ? DNA_ERR_FORMAT : err;
}

static enum dna_err dnskey(struct dna_buf *out, struct dna_span rdata)
{
    struct dna_dnskey key;
    char *space;
    size_t room;
    enum dna_err err;
    if (dna_dnskey_parse(rdata, &key) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    room = 4 * ((key.key.len + 2) / 3) + 1;
    err = dna_buf_printf(out, "%u %u %u ", key.flags, key.protocol, key.algorithm);
    err = err == DNA_OK ? dna_buf_reserve(out, room, &space) : err;
    if (err == DNA_OK) {
        err = dna_base64_encode(octets(key.key), key.key.len, space, room);
    }
    if (err == DNA_OK) {
        dna_buf_added(out, room - 1);
    }
    return err;
}

static enum dna_err present(struct dna_buf *out, uint16_t type, struct dna_span rdata)
{
    switch (type) {
    case DNA_DNS_A:
    case DNA_DNS_AAAA:
        return address(out, rdata);
    case DNA_DNS_SRV:
        return srv(out, rdata);
    case DNA_DNS_TLSA:
        return tlsa(out, rdata);
    case DNA_DNS_TXT:
        return txt(out, rdata);
    case DNA_DNS_CNAME:
        return name(out, rdata);
    case DNA_DNS_DNSKEY:
        return dnskey(out, rdata);
    default:
        return DNA_ERR_FORMAT;
    }
}

const char *cli_record_text(struct cli_call *call, uint16_t type, struct dna_span rdata)
{
    struct dna_buf out;
    const char *text = NULL;
    enum dna_err err;
    dna_buf_init(&out, NULL, TEXT_MOST);
    err = present(&out, type, rdata);
    if (err == DNA_ERR_FORMAT) {
        dna_buf_clear(&out);
        err = dna_buf_printf(&out, "\\# %zu ", rdata.len);
        err = err == DNA_OK ? add_hex(&out, rdata) : err;
    }
    if (err == DNA_OK) {
        text = dna_arena_text(&call->memory, dna_buf_span(&out));
    }
    dna_buf_fini(&out);
    return text;
}
