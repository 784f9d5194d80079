/* Which queries of a local server are answered with the gateway, and which are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <resolver/redirect.h>

#define TARGET "dna-gateway.internal"

enum { A = 1, NS = 2, AAAA = 28, SRV = 33, ANY = 255 };

struct message {
    char bytes[1000];
    size_t len;
};

static void octet(struct message *m, unsigned value)
{
    m->bytes[m->len++] = (char)value;
}

static void two(struct message *m, unsigned value)
{
    octet(m, value >> 8);
    octet(m, value & 0xff);
}

static void name(struct message *m, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, ".");
        octet(m, (unsigned)n);
        memcpy(m->bytes + m->len, text, n);
        m->len += n;
        text += n + (text[n] == '.');
    }
    octet(m, 0);
}

static struct message query(const char *text, unsigned type)
{
    struct message m = {.len = 0};
    two(&m, 0xbeef);
    two(&m, 0x0100); /* RD */
    two(&m, 1);
    two(&m, 0);
    two(&m, 0);
    two(&m, 0);
    name(&m, text);
    two(&m, type);
    two(&m, 1);
    return m;
}

static struct dna_span span(const struct message *m)
{
    return (struct dna_span){m->bytes, m->len};
}

static struct dna_redirect redirect(const char *address)
{
    struct dna_redirect r = {.target = TARGET, .port = 5300};
    assert_int_equal(dna_address_parse(dna_span_of(address), &r.address), DNA_OK);
    return r;
}

static enum dna_redirect_verdict ask(const char *address, const struct message *m,
                                     struct dna_buf *out)
{
    struct dna_redirect r = redirect(address);
    enum dna_redirect_verdict verdict;
    dna_buf_init(out, NULL, DNA_REDIRECT_MOST);
    assert_int_equal(dna_redirect_query(&r, span(m), out, &verdict), DNA_OK);
    return verdict;
}

static unsigned word(const struct dna_buf *out, size_t at)
{
    struct dna_span s = dna_buf_span(out);
    assert_true(s.len >= at + 2);
    return (unsigned)(unsigned char)s.ptr[at] << 8 | (unsigned char)s.ptr[at + 1];
}

struct row {
    const char *name;
    unsigned type;
    const char *address;
    enum dna_redirect_verdict verdict;
    unsigned answers;
};

static void names_that_lead_here_and_all_others(void **state)
{
    static const struct row rows[] = {
        {"_xmpp-server._tcp.a.example", SRV, "127.0.2.1", DNA_REDIRECT_ANSWER, 1},
        {"_XMPP-Server._TCP.A.Example", SRV, "127.0.2.1", DNA_REDIRECT_ANSWER, 1},
        {"_xmpp-server._tcp.a.example", ANY, "127.0.2.1", DNA_REDIRECT_ANSWER, 1},
        {"_xmpp-server._tcp.a.example", A, "127.0.2.1", DNA_REDIRECT_ANSWER, 0},
        {"_xmpps-server._tcp.a.example", SRV, "127.0.2.1", DNA_REDIRECT_ANSWER, 0},
        {"_xmpps-server._tcp.a.example", A, "127.0.2.1", DNA_REDIRECT_ANSWER, 0},
        {TARGET, A, "127.0.2.1", DNA_REDIRECT_ANSWER, 1},
        {TARGET, AAAA, "127.0.2.1", DNA_REDIRECT_ANSWER, 0},
        {TARGET, A, "::1", DNA_REDIRECT_ANSWER, 0},
        {TARGET, AAAA, "::1", DNA_REDIRECT_ANSWER, 1},
        {TARGET, NS, "::1", DNA_REDIRECT_ANSWER, 0},
        {"a.example", A, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"a.example", SRV, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"_xmpp-client._tcp.a.example", SRV, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"_xmpp-server._udp.a.example", SRV, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"_xmpp-server._tcp", SRV, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"_xmpps-server._tcp", SRV, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"_5269._tcp.mx.example", 52, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"x." TARGET, A, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
        {"", NS, "127.0.2.1", DNA_REDIRECT_FORWARD, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct message m = query(rows[i].name, rows[i].type);
        struct dna_buf out;
        print_message("%s %u\n", rows[i].name, rows[i].type);
        assert_int_equal(ask(rows[i].address, &m, &out), rows[i].verdict);
        if (rows[i].verdict == DNA_REDIRECT_ANSWER) {
            assert_int_equal(word(&out, 0), 0xbeef);
            assert_int_equal(word(&out, 2), 0x8180); /* QR, RD, RA; no error */
            assert_int_equal(word(&out, 4), 1);
            assert_int_equal(word(&out, 6), rows[i].answers);
            assert_true(dna_redirect_matches(span(&m), dna_buf_span(&out)));
        } else {
            assert_int_equal(dna_buf_len(&out), 0);
        }
        dna_buf_fini(&out);
    }
}

static void another_class_is_not_ours(void **state)
{
    struct message m = query("_xmpp-server._tcp.a.example", SRV);
    struct dna_buf out;
    (void)state;
    m.bytes[m.len - 1] = 3;
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_FORWARD);
    dna_buf_fini(&out);
}

static void the_record_leads_to_the_gateway(void **state)
{
    struct message m = query("_xmpp-server._tcp.a.example", SRV);
    struct message rdata = {.len = 0};
    struct dna_span s;
    struct dna_buf out;
    (void)state;
    two(&rdata, 0);
    two(&rdata, 0);
    two(&rdata, 5300);
    name(&rdata, TARGET);
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_ANSWER);
    s = dna_buf_span(&out);
    assert_true(s.len > rdata.len);
    assert_memory_equal(s.ptr + s.len - rdata.len, rdata.bytes, rdata.len);
    dna_buf_fini(&out);
    m = query(TARGET, A);
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_ANSWER);
    s = dna_buf_span(&out);
    assert_memory_equal(s.ptr + s.len - 6, "\0\4\177\0\2\1", 6);
    dna_buf_fini(&out);
}

static void an_edns_query_gets_an_edns_answer(void **state)
{
    struct message m = query("_xmpp-server._tcp.a.example", SRV);
    struct dna_buf out;
    (void)state;
    m.bytes[11] = 1;
    octet(&m, 0);
    two(&m, 41);
    two(&m, 4096);
    two(&m, 0);
    two(&m, 0x8000); /* DO */
    two(&m, 0);
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_ANSWER);
    assert_int_equal(word(&out, 6), 1);
    assert_int_equal(word(&out, 10), 1);
    dna_buf_fini(&out);
}

static void what_is_no_query_is_dropped_or_called_malformed(void **state)
{
    struct message good = query("_xmpp-server._tcp.a.example", SRV);
    struct message m;
    struct dna_buf out;
    (void)state;
    for (size_t len = 0; len < good.len; len++) {
        m = good;
        m.len = len;
        if (len < DNA_REDIRECT_HEADER) {
            assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_DROP);
            assert_int_equal(dna_buf_len(&out), 0);
        } else {
            assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_ANSWER);
            assert_int_equal(word(&out, 2), 0x8181); /* FORMERR */
            assert_int_equal(dna_buf_len(&out), DNA_REDIRECT_HEADER);
        }
        dna_buf_fini(&out);
    }
    m = good;
    m.bytes[2] = (char)0x80; /* a response: answering those would make a loop */
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_DROP);
    dna_buf_fini(&out);
    m = good;
    m.bytes[5] = 2;
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_ANSWER);
    assert_int_equal(word(&out, 2), 0x8181);
    dna_buf_fini(&out);
    m = good;
    m.bytes[2] = 0x28; /* UPDATE */
    assert_int_equal(ask("127.0.2.1", &m, &out), DNA_REDIRECT_FORWARD);
    dna_buf_fini(&out);
}

static void replies_answer_the_very_query(void **state)
{
    struct message q = query("a.example", A);
    struct message good = q, m;
    (void)state;
    good.bytes[2] = (char)0x81;
    good.bytes[3] = (char)0x80;
    assert_true(dna_redirect_matches(span(&q), span(&good)));
    assert_false(dna_redirect_matches(span(&q), span(&q))); /* no response */
    for (size_t i = 0; i < good.len; i++) {
        if (i == 2 || i == 3 || (i >= 6 && i < DNA_REDIRECT_HEADER)) {
            continue; /* flags and the other counts are the resolver's */
        }
        m = good;
        m.bytes[i] = (char)(m.bytes[i] ^ 0x20); /* the case of a letter counts, too */
        assert_false(dna_redirect_matches(span(&q), span(&m)));
    }
    for (size_t len = 0; len < good.len; len++) {
        m = good;
        m.len = len;
        assert_false(dna_redirect_matches(span(&q), span(&m)));
    }
    m = good;
    m.len = DNA_REDIRECT_HEADER;
    m.bytes[5] = 0;
    m.bytes[3] = 5; /* REFUSED, with nothing but a header */
    assert_true(dna_redirect_matches(span(&q), span(&m)));
    m.bytes[3] = 0;
    assert_false(dna_redirect_matches(span(&q), span(&m)));
    m.bytes[3] = 5;
    m.bytes[0] = 0;
    assert_false(dna_redirect_matches(span(&q), span(&m)));
}

static void failure_repeats_the_id(void **state)
{
    struct message q = query("a.example", A);
    struct dna_buf out;
    (void)state;
    dna_buf_init(&out, NULL, 100);
    assert_int_equal(dna_redirect_failure(span(&q), &out), DNA_OK);
    assert_int_equal(word(&out, 0), 0xbeef);
    assert_int_equal(word(&out, 2), 0x8182);
    dna_buf_fini(&out);
}

static void memory_may_run_out(void **state)
{
    struct message q = query("_xmpp-server._tcp.a.example", SRV);
    struct dna_redirect r = redirect("127.0.2.1");
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        enum dna_redirect_verdict verdict;
        struct dna_buf out;
        enum dna_err err;
        dna_buf_init(&out, alloc, DNA_REDIRECT_MOST);
        err = dna_redirect_query(&r, span(&q), &out, &verdict);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_buf_fini(&out);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_lead_here_and_all_others),
        cmocka_unit_test(another_class_is_not_ours),
        cmocka_unit_test(the_record_leads_to_the_gateway),
        cmocka_unit_test(an_edns_query_gets_an_edns_answer),
        cmocka_unit_test(what_is_no_query_is_dropped_or_called_malformed),
        cmocka_unit_test(replies_answer_the_very_query),
        cmocka_unit_test(failure_repeats_the_id),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("resolver/redirect", tests, NULL, NULL);
}
