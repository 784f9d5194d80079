/* Where a domain is served: every pair of answers to the two SRV questions, and the order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <edge/places.h>

static const uint32_t random_zero[DNA_EDGE_RECORDS];

/* RDATA of SRV records, written by hand: priority, weight, port, one-label targets. */
struct record {
    uint16_t priority, weight, port;
    const char *target; /* one label below "example", "." or "!" (not a record) */
};

struct rdata {
    char bytes[DNA_LIMIT_RECORDS + 10][80];
    struct dna_span spans[DNA_LIMIT_RECORDS + 10];
};

static struct dna_span write_record(char *space, const struct record *record)
{
    size_t label = strlen(record->target), n = 0;
    if (strcmp(record->target, "!") == 0) {
        return (struct dna_span){"broken", 6};
    }
    space[n++] = (char)(record->priority >> 8);
    space[n++] = (char)record->priority;
    space[n++] = (char)(record->weight >> 8);
    space[n++] = (char)record->weight;
    space[n++] = (char)(record->port >> 8);
    space[n++] = (char)record->port;
    if (strcmp(record->target, ".") != 0) {
        space[n++] = (char)label;
        memcpy(space + n, record->target, label);
        n += label;
        memcpy(space + n, "\7example", 8);
        n += 8;
    }
    space[n++] = 0;
    return (struct dna_span){space, n};
}

static struct dna_dns_answer found(struct rdata *rdata, const struct record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rdata->spans[i] = write_record(rdata->bytes[i], &records[i]);
    }
    return (struct dna_dns_answer){
        .type = DNA_DNS_SRV,
        .outcome = DNA_DNS_FOUND,
        .rdata = rdata->spans,
        .n_rdata = n,
        .why = "",
    };
}

static struct dna_dns_answer answer_of(enum dna_dns_outcome outcome, const char *target,
                                       struct rdata *rdata)
{
    const struct record record = {.priority = 1, .port = 5270, .target = target};
    if (outcome == DNA_DNS_FOUND) {
        return found(rdata, &record, 1);
    }
    return (struct dna_dns_answer){
        .type = DNA_DNS_SRV,
        .outcome = outcome,
        .why = outcome == DNA_DNS_ABSENT ? "" : "the answer's own words",
    };
}

struct half {
    enum dna_dns_outcome outcome;
    const char *target;
};
enum { HOST, DOT, BROKEN, ABSENT, FAILED, BOGUS, HALVES };
static const struct half halves[HALVES] = {
    [HOST] = {DNA_DNS_FOUND, "host"}, [DOT] = {DNA_DNS_FOUND, "."},
    [BROKEN] = {DNA_DNS_FOUND, "!"},  [ABSENT] = {DNA_DNS_ABSENT, NULL},
    [FAILED] = {DNA_DNS_FAILED, NULL}, [BOGUS] = {DNA_DNS_BOGUS, NULL},
};

#define F DNA_EDGE_FOUND
#define A DNA_EDGE_ABSENT
#define U DNA_EDGE_UNKNOWN
/* Rows: _xmpp-server; columns: _xmpps-server.  The domain's own address is tried at
 * (ABSENT, ABSENT) alone, and nothing where half of the set is not known. */
static const enum dna_edge_finding matrix[HALVES][HALVES] = {
    /*           HOST DOT BROKEN ABSENT FAILED BOGUS */
    [HOST] = {F, F, F, F, U, U},
    [DOT] = {A, A, A, A, U, U},
    [BROKEN] = {F, U, U, U, U, U},
    [ABSENT] = {F, A, U, F, U, U},
    [FAILED] = {U, U, U, U, U, U},
    [BOGUS] = {U, U, U, U, U, U},
};

static void every_pair_of_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < HALVES; i++) {
        for (size_t k = 0; k < HALVES; k++) {
            struct rdata a, b;
            struct dna_dns_answer starttls =
                answer_of(halves[i].outcome, halves[i].target, &a);
            struct dna_dns_answer direct = answer_of(halves[k].outcome, halves[k].target, &b);
            struct dna_edge_places places;
            bool own = i == ABSENT && k == ABSENT;
            size_t n = matrix[i][k] != F ? 0 : own ? 1 : (size_t)(i == HOST) + (k == HOST);
            print_message("row %zu, column %zu\n", i, k);
            dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
            assert_int_equal(places.finding, matrix[i][k]);
            assert_int_equal(places.own_name, own);
            assert_int_equal(places.n, n);
            assert_int_equal(places.why[0] == '\0', matrix[i][k] == F);
            if (matrix[i][k] == F) {
                assert_string_equal(places.list[0].host.text,
                                    own ? "d.example" : "host.example");
                assert_int_equal(places.list[0].port, own ? 5269 : 5270);
                assert_int_equal(places.list[0].direct_tls, i != HOST && !own);
                assert_int_equal(places.list[n - 1].direct_tls, k == HOST);
            }
        }
    }
}

static void the_lowest_priority_comes_first(void **state)
{
    const struct record records[] = {
        {20, 0, 1, "third"}, {10, 0, 2, "first"}, {15, 0, 3, "second"}, {0, 0, 4, "."},
    };
    struct rdata rdata;
    struct dna_dns_answer starttls = found(&rdata, records, 4);
    struct dna_dns_answer direct = answer_of(DNA_DNS_ABSENT, NULL, NULL);
    struct dna_edge_places places;
    (void)state;
    dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
    assert_int_equal(places.n, 3); /* a "." beside others says nothing */
    assert_string_equal(places.list[0].host.text, "first.example");
    assert_int_equal(places.list[0].port, 2);
    assert_string_equal(places.list[1].host.text, "second.example");
    assert_string_equal(places.list[2].host.text, "third.example");
}

static void the_random_numbers_choose_by_weight(void **state)
{
    const struct record records[] = {{1, 1, 1, "light"}, {1, 1000, 2, "heavy"}};
    struct rdata rdata;
    struct dna_dns_answer starttls = found(&rdata, records, 2);
    struct dna_dns_answer direct = answer_of(DNA_DNS_ABSENT, NULL, NULL);
    uint32_t high[DNA_EDGE_RECORDS] = {UINT32_MAX / 2};
    struct dna_edge_places places;
    (void)state;
    dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
    assert_string_equal(places.list[0].host.text, "light.example");
    dna_edge_places_of("d.example", &starttls, &direct, high, &places);
    assert_string_equal(places.list[0].host.text, "heavy.example");
}

static void both_names_are_one_set(void **state)
{
    const struct record plain[] = {{2, 0, 5269, "second"}, {4, 0, 5269, "fourth"}};
    const struct record tls[] = {{1, 0, 443, "first"}, {3, 0, 443, "third"}, {5, 0, 1, "."}};
    static const char *const order[] = {"first.example", "second.example", "third.example",
                                        "fourth.example"};
    struct rdata a, b;
    struct dna_dns_answer starttls = found(&a, plain, 2), direct = found(&b, tls, 3);
    struct dna_edge_places places;
    (void)state;
    direct.secure = true;
    dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
    assert_int_equal(places.n, 4);
    for (size_t i = 0; i < 4; i++) {
        bool is_direct = i % 2 == 0;
        assert_string_equal(places.list[i].host.text, order[i]);
        assert_int_equal(places.list[i].port, is_direct ? 443 : 5269);
        assert_int_equal(places.list[i].direct_tls, is_direct);
        assert_int_equal(places.list[i].secure, is_direct);
    }
}

/* Weights are drawn over both: of 1 and 1000 the random number decides, whichever name has
 * which. */
static void weights_are_drawn_over_both_names(void **state)
{
    uint32_t high[DNA_EDGE_RECORDS] = {UINT32_MAX / 2};
    (void)state;
    for (size_t heavy_is_direct = 0; heavy_is_direct < 2; heavy_is_direct++) {
        const struct record light = {1, 1, 1, "light"}, heavy = {1, 1000, 2, "heavy"};
        struct rdata a, b;
        struct dna_dns_answer starttls = found(&a, heavy_is_direct ? &light : &heavy, 1);
        struct dna_dns_answer direct = found(&b, heavy_is_direct ? &heavy : &light, 1);
        struct dna_edge_places places;
        dna_edge_places_of("d.example", &starttls, &direct, high, &places);
        assert_int_equal(places.n, 2);
        assert_string_equal(places.list[0].host.text, "heavy.example");
        assert_int_equal(places.list[0].direct_tls, heavy_is_direct);
        assert_int_equal(places.list[1].port, 1);
        assert_int_equal(places.list[1].direct_tls, !heavy_is_direct);
    }
}

static void the_own_name_is_secure_where_both_denials_are(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        struct dna_dns_answer starttls = answer_of(DNA_DNS_ABSENT, NULL, NULL);
        struct dna_dns_answer direct = answer_of(DNA_DNS_ABSENT, NULL, NULL);
        struct dna_edge_places places;
        starttls.secure = which % 2 != 0;
        direct.secure = which / 2 != 0;
        dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
        assert_int_equal(places.list[0].secure, which == 3);
    }
}

static void so_many_records_and_no_more(void **state)
{
    struct record records[DNA_LIMIT_RECORDS + 10];
    struct rdata rdata;
    struct dna_dns_answer starttls, direct = answer_of(DNA_DNS_ABSENT, NULL, NULL);
    struct dna_edge_places places;
    (void)state;
    for (size_t i = 0; i < DNA_LIMIT_RECORDS + 10; i++) {
        records[i] = (struct record){(uint16_t)(1000 - i), 0, (uint16_t)i, "host"};
    }
    starttls = found(&rdata, records, DNA_LIMIT_RECORDS + 10);
    dna_edge_places_of("d.example", &starttls, &direct, random_zero, &places);
    assert_int_equal(places.n, DNA_LIMIT_ENDPOINTS);
    assert_int_equal(places.list[0].port, DNA_LIMIT_RECORDS - 1);
    dna_edge_places_of("d.example", &starttls, &starttls, random_zero, &places);
    assert_int_equal(places.n, DNA_LIMIT_ENDPOINTS);
    assert_int_equal(places.list[1].port, DNA_LIMIT_RECORDS - 1); /* of either name */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_answers),
        cmocka_unit_test(the_lowest_priority_comes_first),
        cmocka_unit_test(the_random_numbers_choose_by_weight),
        cmocka_unit_test(both_names_are_one_set),
        cmocka_unit_test(weights_are_drawn_over_both_names),
        cmocka_unit_test(the_own_name_is_secure_where_both_denials_are),
        cmocka_unit_test(so_many_records_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
