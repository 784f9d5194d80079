/* Hand-made DNS messages: what they say, and that malformed ones say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/arena.h>
#include <base/limits.h>
#include <failing_alloc.h>
#include <resolver/packet.h>

#define NOW 1800000000
#define NAME "_xmpp-server._tcp.a.example"

enum { QR = 0x8000, TC = 0x0200, RD_RA = 0x0180, OPCODE_STATUS = 0x1000 };
enum { NXDOMAIN = 3, SERVFAIL = 2, REFUSED = 5 };
enum { A = 1, NS = 2, CNAME = 5, SOA = 6, TXT = 16, AAAA = 28, SRV = 33, DNAME = 39, OPT = 41,
       RRSIG = 46, NSEC = 47, DNSKEY = 48, TLSA = 52 };

struct message {
    unsigned char bytes[70000];
    size_t len;
};

static struct message m;
static struct dna_arena arena;

static void octet(unsigned value)
{
    m.bytes[m.len++] = (unsigned char)value;
}

static void two(unsigned value)
{
    octet(value >> 8 & 0xff);
    octet(value & 0xff);
}

static void four(uint32_t value)
{
    two(value >> 16);
    two(value & 0xffff);
}

/* "a.example", uncompressed; "@12" is a pointer; "" and "." are the root. */
static void name(const char *text)
{
    while (*text != '\0' && *text != '.') {
        size_t n = strcspn(text, ".");
        if (*text == '@') {
            unsigned at = 0;
            (void)sscanf(text + 1, "%u", &at);
            two(0xc000 | at);
            return;
        }
        octet((unsigned)n);
        memcpy(m.bytes + m.len, text, n);
        m.len += n;
        text += n + (text[n] == '.');
    }
    octet(0);
}

static void count(unsigned section, unsigned n)
{
    m.bytes[4 + 2 * section] = (unsigned char)(n >> 8);
    m.bytes[5 + 2 * section] = (unsigned char)n;
}

static void more(unsigned section)
{
    count(section, (unsigned)(m.bytes[4 + 2 * section] << 8 | m.bytes[5 + 2 * section]) + 1);
}

static void begin(unsigned flags)
{
    m.len = 0;
    two(0x1234);
    two(flags);
    four(0);
    four(0);
}

static void ask(const char *owner, unsigned type, unsigned class)
{
    name(owner);
    two(type);
    two(class);
    more(0);
}

/* A record up to its RDATA, which ends at `end`. */
static size_t record(unsigned section, const char *owner, unsigned type, uint32_t ttl)
{
    name(owner);
    two(type);
    two(1);
    four(ttl);
    two(0);
    more(section);
    return m.len;
}

static void end(size_t rdata)
{
    size_t n = m.len - rdata;
    m.bytes[rdata - 2] = (unsigned char)(n >> 8);
    m.bytes[rdata - 1] = (unsigned char)n;
}

static void srv(const char *owner, uint32_t ttl, const char *target)
{
    size_t at = record(1, owner, SRV, ttl);
    two(5);
    two(0);
    two(5269);
    name(target);
    end(at);
}

static void alias(const char *owner, uint32_t ttl, const char *target)
{
    size_t at = record(1, owner, CNAME, ttl);
    name(target);
    end(at);
}

static void signature(unsigned section, const char *owner, unsigned covered, unsigned labels,
                      uint32_t expiration)
{
    size_t at = record(section, owner, RRSIG, 300);
    two(covered);
    octet(13);
    octet(labels);
    four(300);
    four(expiration);
    four(NOW - 86400);
    two(4711);
    name("a.example");
    for (int i = 0; i < 64; i++) {
        octet(0x55);
    }
    end(at);
}

static void soa(uint32_t ttl, uint32_t minimum)
{
    size_t at = record(2, "a.example", SOA, ttl);
    name("ns.a.example");
    name("admin.a.example");
    for (int i = 0; i < 4; i++) {
        four(1);
    }
    four(minimum);
    end(at);
}

static void ns(void)
{
    size_t at = record(2, "a.example", NS, 300);
    name("ns.b.example");
    end(at);
}

static void begin_answer(unsigned rcode)
{
    begin(QR | RD_RA | rcode);
    ask(NAME, SRV, 1);
}

static struct dna_dns_answer parse_as(enum dna_raw_security security, int rcode,
                                      const char *asked, uint16_t type)
{
    /* In a block of its own, so that reading beyond it is noticed. */
    static char copy[70000];
    struct dna_dns_answer answer;
    struct dna_raw_answer raw = {
        .rcode = rcode,
        .security = security,
        .packet = {copy + sizeof copy - m.len, m.len},
    };
    memcpy(copy + sizeof copy - m.len, m.bytes, m.len);
    dna_arena_reset(&arena);
    assert_int_equal(dna_packet_answer(&raw, asked, type, NOW, &arena, &answer), DNA_OK);
    assert_ptr_equal(answer.name, asked);
    assert_int_equal(answer.type, type);
    assert_int_equal(answer.obtained, NOW);
    assert_non_null(answer.why);
    return answer;
}

static struct dna_dns_answer parse(void)
{
    return parse_as(DNA_RAW_SECURE, 0, NAME, SRV);
}

static void fails(const char *why)
{
    struct dna_dns_answer answer = parse();
    if (answer.outcome != DNA_DNS_FAILED || strcmp(answer.why, why) != 0) {
        fail_msg("n %zu %d %s instead of: %s", m.len, (int)answer.outcome, answer.why, why);
    }
    assert_false(answer.secure);
    assert_int_equal(answer.n_rdata, 0);
}

static void an_answer(void **state)
{
    struct dna_dns_answer answer;
    static const char rdata[] = "\0\5\0\0\x14\x95\4xmpp\1b\7example";
    (void)state;
    begin_answer(0);
    srv(NAME, 300, "XMPP.b.ExaMple");
    srv("@12", 200, "@12");
    answer = parse();
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_true(answer.secure);
    assert_false(answer.aliased || answer.wildcard);
    assert_int_equal(answer.ttl, 200);
    assert_int_equal(answer.n_rdata, 2);
    assert_int_equal(answer.rdata[0].len, sizeof rdata);
    assert_memory_equal(answer.rdata[0].ptr, rdata, sizeof rdata);
    assert_int_equal(answer.rdata[1].len, 6 + sizeof NAME + 1);
    assert_true(answer.signatures_end == DNA_NEVER);
    assert_false(parse_as(DNA_RAW_INSECURE, 0, NAME, SRV).secure);
}

static void names_compare_without_case(void **state)
{
    struct dna_dns_answer answer;
    (void)state;
    begin(QR | RD_RA);
    ask("_XMPP-Server._TCP.a.Example", SRV, 1);
    srv("_xmpp-SERVER._tcp.A.example", 300, "x.example");
    answer = parse();
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_int_equal(answer.n_rdata, 1);
}

static void what_is_bogus_has_no_records(void **state)
{
    struct dna_dns_answer answer;
    struct dna_raw_answer raw = {.rcode = 0, .security = DNA_RAW_BOGUS};
    char long_reason[1000];
    (void)state;
    begin_answer(0);
    srv(NAME, 300, "evil.example");
    answer = parse_as(DNA_RAW_BOGUS, 0, NAME, SRV);
    assert_int_equal(answer.outcome, DNA_DNS_BOGUS);
    assert_false(answer.secure);
    assert_int_equal(answer.n_rdata, 0);
    assert_string_equal(answer.why, "DNSSEC validation failed");
    memset(long_reason, 'x', sizeof long_reason);
    long_reason[sizeof long_reason - 1] = '\0';
    raw.why = long_reason;
    assert_int_equal(dna_packet_answer(&raw, NAME, SRV, NOW, &arena, &answer), DNA_OK);
    assert_int_equal(strlen(answer.why), DNA_LIMIT_WHY);
    assert_int_equal(parse_as(DNA_RAW_BOGUS, SERVFAIL, NAME, SRV).outcome, DNA_DNS_BOGUS);
}

static void the_message_must_be_the_answer_to_this(void **state)
{
    (void)state;
    begin(RD_RA);
    ask(NAME, SRV, 1);
    fails("the message is no response");
    begin(QR | OPCODE_STATUS);
    ask(NAME, SRV, 1);
    fails("the message is no response");
    begin(QR | TC);
    ask(NAME, SRV, 1);
    srv(NAME, 300, "x.example");
    fails("the message is truncated");
    begin(QR);
    srv(NAME, 300, "x.example");
    fails("the message answers another question");
    begin(QR);
    ask("b.example", SRV, 1);
    srv(NAME, 300, "x.example");
    fails("the message answers another question");
    begin(QR);
    ask(NAME, TLSA, 1);
    srv(NAME, 300, "x.example");
    fails("the message answers another question");
    begin(QR);
    ask(NAME, SRV, 3);
    srv(NAME, 300, "x.example");
    fails("the message answers another question");
    begin(QR);
    ask(NAME, SRV, 1);
    ask(NAME, SRV, 1);
    srv(NAME, 300, "x.example");
    fails("the message answers another question");
}

static void only_two_codes_are_definite(void **state)
{
    (void)state;
    for (unsigned rcode = 1; rcode < 16; rcode++) {
        struct dna_dns_answer answer;
        begin_answer(rcode);
        soa(300, 300);
        answer = parse();
        assert_int_equal(answer.outcome,
                         rcode == NXDOMAIN ? DNA_DNS_ABSENT : DNA_DNS_FAILED);
        assert_true(answer.outcome == DNA_DNS_ABSENT || answer.why[0] != '\0');
    }
    /* The backend's fault counts, whatever the packet says; both must agree. */
    begin_answer(0);
    srv(NAME, 300, "x.example");
    assert_int_equal(parse_as(DNA_RAW_SECURE, SERVFAIL, NAME, SRV).outcome, DNA_DNS_FAILED);
    assert_int_equal(parse_as(DNA_RAW_SECURE, NXDOMAIN, NAME, SRV).outcome, DNA_DNS_FAILED);
    assert_int_equal(parse_as(DNA_RAW_SECURE, 4095, NAME, SRV).outcome, DNA_DNS_FAILED);
}

static void an_extended_code_is_a_failure(void **state)
{
    (void)state;
    begin_answer(0);
    soa(300, 300);
    name("");
    two(OPT);
    two(1232);
    four(0x01000000); /* BADVERS = 1 << 4 | 0 */
    two(0);
    more(3);
    fails("an extended response code");
}

static void absence_has_a_term(void **state)
{
    static const struct {
        uint32_t ttl, minimum, expected;
    } cases[] = {{300, 60, 60}, {60, 300, 60}, {0, 300, 0}, {0x80000000u, 300, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dna_dns_answer answer;
        begin_answer(i % 2 == 0 ? 0 : NXDOMAIN);
        soa(cases[i].ttl, cases[i].minimum);
        answer = parse();
        assert_int_equal(answer.outcome, DNA_DNS_ABSENT);
        assert_int_equal(answer.ttl, cases[i].expected);
        assert_true(answer.secure);
    }
    begin_answer(NXDOMAIN);
    assert_int_equal(parse().outcome, DNA_DNS_ABSENT);
    assert_int_equal(parse().ttl, 0);
}

static void a_referral_is_not_absence(void **state)
{
    (void)state;
    begin_answer(0);
    ns();
    fails("a referral instead of an answer");
    begin_answer(0);
    ns();
    soa(300, 300);
    assert_int_equal(parse().outcome, DNA_DNS_ABSENT);
}

static void records_and_nxdomain_contradict(void **state)
{
    (void)state;
    begin_answer(NXDOMAIN);
    srv(NAME, 300, "x.example");
    fails("records together with NXDOMAIN");
}

static void aliases_are_followed_in_any_order(void **state)
{
    struct dna_dns_answer answer;
    (void)state;
    begin_answer(0);
    srv("c.example", 300, "x.example");
    alias("b.example", 50, "c.example");
    alias(NAME, 100, "b.example");
    srv("stranger.example", 10, "evil.example");
    answer = parse();
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_true(answer.aliased);
    assert_int_equal(answer.n_rdata, 1);
    assert_int_equal(answer.ttl, 50);
    /* Absent at the end. */
    begin_answer(NXDOMAIN);
    alias(NAME, 100, "b.example");
    soa(300, 300);
    answer = parse();
    assert_int_equal(answer.outcome, DNA_DNS_ABSENT);
    assert_true(answer.aliased);
    assert_int_equal(answer.ttl, 100);
}

static void a_cname_itself_may_be_asked_for(void **state)
{
    struct dna_dns_answer answer;
    (void)state;
    begin(QR);
    ask("b.example", CNAME, 1);
    alias("b.example", 50, "C.example");
    answer = parse_as(DNA_RAW_SECURE, 0, "b.example", CNAME);
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_false(answer.aliased);
    assert_int_equal(answer.rdata[0].len, 11);
    assert_memory_equal(answer.rdata[0].ptr, "\1c\7example", 11);
}

static void aliases_end(void **state)
{
    char from[40], to[40];
    (void)state;
    begin_answer(0);
    alias(NAME, 100, "b.example");
    alias("b.example", 100, NAME);
    fails("too many aliases");
    begin_answer(0);
    alias(NAME, 100, NAME);
    fails("too many aliases");
    begin_answer(0);
    alias(NAME, 100, "b.example");
    alias(NAME, 100, "c.example");
    srv("b.example", 100, "x.example");
    fails("contradicting aliases");
    for (unsigned n = DNA_LIMIT_ALIASES; n <= DNA_LIMIT_ALIASES + 1; n++) {
        begin_answer(0);
        alias(NAME, 100, "n0.example");
        for (unsigned i = 1; i < n; i++) {
            (void)snprintf(from, sizeof from, "n%u.example", i - 1);
            (void)snprintf(to, sizeof to, "n%u.example", i);
            alias(from, 100, to);
        }
        (void)snprintf(to, sizeof to, "n%u.example", n - 1);
        srv(to, 100, "x.example");
        assert_int_equal(parse().outcome,
                         n <= DNA_LIMIT_ALIASES ? DNA_DNS_FOUND : DNA_DNS_FAILED);
    }
}

static void strangers_in_the_answer_count_nothing(void **state)
{
    struct dna_dns_answer answer;
    (void)state;
    begin_answer(0);
    srv("b.example", 300, "evil.example");
    soa(300, 300);
    answer = parse();
    assert_int_equal(answer.outcome, DNA_DNS_ABSENT);
    assert_int_equal(answer.n_rdata, 0);
    begin_answer(0);
    name(NAME);
    two(SRV);
    two(3); /* class CHAOS */
    four(300);
    two(7);
    two(5);
    two(0);
    two(5269);
    octet(0);
    more(1);
    assert_int_equal(parse().outcome, DNA_DNS_ABSENT);
}

static void ttls_are_the_smallest_and_never_negative(void **state)
{
    struct dna_dns_answer answer;
    (void)state;
    begin_answer(0);
    srv(NAME, 300, "x.example");
    srv(NAME, 0x80000000u, "y.example");
    assert_int_equal(parse().ttl, 0);
    begin_answer(0);
    srv(NAME, 0x7fffffff, "x.example");
    assert_int_equal(parse().ttl, 0x7fffffff);
    /* Not beyond the signature, where that counts (S14). */
    begin_answer(0);
    srv(NAME, 3600, "x.example");
    signature(1, NAME, SRV, 4, NOW + 1000);
    signature(1, NAME, SRV, 4, NOW + 500);
    answer = parse();
    assert_int_equal(answer.ttl, 500);
    assert_true(answer.signatures_end == NOW + 500);
    assert_int_equal(parse_as(DNA_RAW_INSECURE, 0, NAME, SRV).ttl, 3600);
    begin_answer(0);
    srv(NAME, 3600, "x.example");
    signature(1, NAME, SRV, 4, NOW - 5);
    assert_int_equal(parse().ttl, 0);
    /* A denial's signatures stand in the authority section. */
    begin_answer(NXDOMAIN);
    soa(3600, 3600);
    signature(2, "a.example", SOA, 2, NOW + 77);
    answer = parse();
    assert_int_equal(answer.ttl, 77);
}

static void signature_times_wrap(void **state)
{
    (void)state;
    assert_true(dna_packet_time(5, 0xfffffff0LL) == 0x100000005LL);
    assert_true(dna_packet_time(0xfffffff0u, 0x100000005LL) == 0xfffffff0LL);
    assert_true(dna_packet_time(NOW, NOW) == NOW);
    assert_true(dna_packet_time(NOW - 1, NOW) == NOW - 1);
}

static void synthesis_shows_in_the_labels(void **state)
{
    static const struct {
        const char *owner;
        unsigned labels;
        bool wildcard;
    } cases[] = {
        {NAME, 4, false},
        {NAME, 3, true},
        {NAME, 2, true},
        {"*.a.example", 2, false},
        {"*.a.example", 1, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_answer(0);
        srv(NAME, 300, "x.example");
        signature(1, cases[i].owner, SRV, cases[i].labels, NOW + 500);
        assert_int_equal(parse().wildcard, cases[i].wildcard);
    }
}

static void there_may_not_be_too_many(void **state)
{
    char target[40];
    (void)state;
    for (unsigned n = DNA_LIMIT_RECORDS; n <= DNA_LIMIT_RECORDS + 1; n++) {
        begin_answer(0);
        for (unsigned i = 0; i < n; i++) {
            (void)snprintf(target, sizeof target, "x%u.example", i);
            srv("@12", 300, target);
        }
        if (n <= DNA_LIMIT_RECORDS) {
            assert_int_equal(parse().n_rdata, n);
        } else {
            fails("too many records");
        }
    }
}

static void counts_must_be_true(void **state)
{
    (void)state;
    for (unsigned section = 0; section < 4; section++) {
        begin_answer(0);
        srv(NAME, 300, "x.example");
        more(section);
        fails("the message is malformed");
    }
    begin_answer(0);
    srv(NAME, 300, "x.example");
    count(1, 0);
    fails("the message is malformed");
    begin_answer(0);
    srv(NAME, 300, "x.example");
    count(0, 0);
    fails("the message is malformed");
    begin_answer(0);
    srv(NAME, 300, "x.example");
    octet(0);
    fails("the message is malformed");
    count(1, 0xffff);
    fails("the message is malformed");
}

static void a_cut_message_says_nothing(void **state)
{
    size_t whole;
    (void)state;
    begin_answer(0);
    alias(NAME, 100, "b.example");
    srv("b.example", 300, "x.example");
    signature(1, "b.example", SRV, 2, NOW + 500);
    soa(300, 300);
    whole = m.len;
    assert_int_equal(parse().outcome, DNA_DNS_FOUND);
    for (m.len = 0; m.len < whole; m.len++) {
        assert_int_equal(parse().outcome, DNA_DNS_FAILED);
    }
}

static void names_may_not_go_astray(void **state)
{
    size_t at;
    char self[20];
    (void)state;
    /* A pointer to itself, to one that points back, behind the end, into the header. */
    begin_answer(0);
    (void)snprintf(self, sizeof self, "@%zu", m.len);
    srv(self, 300, "x.example");
    fails("the message is malformed");
    begin_answer(0);
    (void)snprintf(self, sizeof self, "@%zu", m.len + 2);
    name(self);
    (void)snprintf(self, sizeof self, "@%zu", m.len - 2);
    m.len -= 2;
    srv(self, 300, "x.example");
    assert_int_equal(parse().outcome, DNA_DNS_FAILED);
    begin_answer(0);
    srv("@16000", 300, "x.example");
    fails("the message is malformed");
    begin_answer(0);
    srv(NAME, 300, "@16000");
    fails("the message is malformed");
    /* Labels of the two reserved kinds. */
    for (unsigned kind = 0x40; kind < 0xc0; kind += 0x40) {
        begin_answer(0);
        at = m.len;
        srv(NAME, 300, "x.example");
        m.bytes[at] = (unsigned char)kind;
        assert_int_equal(parse().outcome, DNA_DNS_FAILED);
    }
    /* More than 255 octets by compression. */
    begin_answer(0);
    at = m.len;
    for (int i = 0; i < 5; i++) {
        octet(62);
        for (int k = 0; k < 62; k++) {
            octet('a');
        }
    }
    octet(0);
    two(SRV);
    two(1);
    four(300);
    two(0);
    more(1);
    fails("the message is malformed");
    assert_true(at < m.len);
}

static void rdata_must_fit_its_type(void **state)
{
    size_t at;
    (void)state;
    /* Longer and shorter than what is in it; none at all. */
    begin_answer(0);
    srv(NAME, 300, "x.example");
    octet(0);
    m.bytes[m.len - 1 - 11 - 6 - 1] = 18;
    fails("the message is malformed");
    begin_answer(0);
    at = record(1, NAME, SRV, 300);
    two(5);
    two(0);
    end(at);
    fails("the message is malformed");
    begin_answer(0);
    at = record(1, NAME, SRV, 300);
    end(at);
    assert_int_equal(parse().outcome, DNA_DNS_FAILED);
}

static void addresses_have_their_length(void **state)
{
    (void)state;
    for (unsigned n = 0; n <= 17; n++) {
        for (int v6 = 0; v6 < 2; v6++) {
            uint16_t type = v6 ? AAAA : A;
            size_t at;
            struct dna_dns_answer answer;
            begin(QR);
            ask("b.example", type, 1);
            at = record(1, "b.example", type, 300);
            for (unsigned i = 0; i < n; i++) {
                octet(i + 1);
            }
            end(at);
            answer = parse_as(DNA_RAW_SECURE, 0, "b.example", type);
            assert_int_equal(answer.outcome,
                             n == (v6 ? 16 : 4) ? DNA_DNS_FOUND : DNA_DNS_FAILED);
        }
    }
}

static void unknown_types_are_octets(void **state)
{
    size_t at;
    struct dna_dns_answer answer;
    (void)state;
    begin(QR);
    ask("b.example", 65400, 1);
    at = record(1, "b.example", 65400, 300);
    octet('A');
    octet(0xc0);
    end(at);
    answer = parse_as(DNA_RAW_SECURE, 0, "b.example", 65400);
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_int_equal(answer.rdata[0].len, 2);
    assert_memory_equal(answer.rdata[0].ptr, "A\xc0", 2);
}

static void the_root_may_be_asked(void **state)
{
    size_t at;
    struct dna_dns_answer answer;
    (void)state;
    begin(QR);
    ask("", DNSKEY, 1);
    at = record(1, "", DNSKEY, 300);
    two(257);
    octet(3);
    octet(13);
    four(0x01020304);
    end(at);
    signature(1, "", DNSKEY, 0, NOW + 500);
    answer = parse_as(DNA_RAW_SECURE, 0, ".", DNSKEY);
    assert_int_equal(answer.outcome, DNA_DNS_FOUND);
    assert_false(answer.wildcard);
    assert_int_equal(answer.rdata[0].len, 8);
    assert_memory_equal(answer.rdata[0].ptr, "\1\1\3\15\1\2\3\4", 8);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    begin_answer(0);
    srv(NAME, 300, "x.example");
    for (unsigned n = 0;; n++) {
        struct failing_alloc f;
        struct dna_arena own;
        struct dna_dns_answer answer;
        struct dna_raw_answer raw = {.packet = {(const char *)m.bytes, m.len}};
        enum dna_err err;
        dna_arena_init(&own, failing_alloc_init(&f, n), 10000);
        err = dna_packet_answer(&raw, NAME, SRV, NOW, &own, &answer);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        assert_int_equal(answer.outcome, f.failed ? DNA_DNS_FAILED : DNA_DNS_FOUND);
        dna_arena_fini(&own);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    dna_arena_init(&arena, NULL, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dna_arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer),
        cmocka_unit_test(names_compare_without_case),
        cmocka_unit_test(what_is_bogus_has_no_records),
        cmocka_unit_test(the_message_must_be_the_answer_to_this),
        cmocka_unit_test(only_two_codes_are_definite),
        cmocka_unit_test(an_extended_code_is_a_failure),
        cmocka_unit_test(absence_has_a_term),
        cmocka_unit_test(a_referral_is_not_absence),
        cmocka_unit_test(records_and_nxdomain_contradict),
        cmocka_unit_test(aliases_are_followed_in_any_order),
        cmocka_unit_test(a_cname_itself_may_be_asked_for),
        cmocka_unit_test(aliases_end),
        cmocka_unit_test(strangers_in_the_answer_count_nothing),
        cmocka_unit_test(ttls_are_the_smallest_and_never_negative),
        cmocka_unit_test(signature_times_wrap),
        cmocka_unit_test(synthesis_shows_in_the_labels),
        cmocka_unit_test(there_may_not_be_too_many),
        cmocka_unit_test(counts_must_be_true),
        cmocka_unit_test(a_cut_message_says_nothing),
        cmocka_unit_test(names_may_not_go_astray),
        cmocka_unit_test(rdata_must_fit_its_type),
        cmocka_unit_test(addresses_have_their_length),
        cmocka_unit_test(unknown_types_are_octets),
        cmocka_unit_test(the_root_may_be_asked),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
