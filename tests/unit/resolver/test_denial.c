/* What NSEC and NSEC3 records deny, and what they only seem to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <resolver/denial.h>

enum question { NO_DATA, NO_NAME, NO_DS };

/* In the zone z. */
static const struct row {
    const char *records; /* lines */
    const char *name;
    enum question question;
    ldns_rr_type type;
    bool denied;
} rows[] = {
    {"a.z. IN NSEC c.z. TXT RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_A, true},
    {"a.z. IN NSEC c.z. A RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_A, false},
    /* An alias that was left out. */
    {"a.z. IN NSEC c.z. CNAME RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_A, false},
    /* The zone above says nothing of the zone below, but for DS. */
    {"a.z. IN NSEC c.z. NS RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_A, false},
    {"a.z. IN NSEC c.z. NS RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_DS, true},
    {"z. IN NSEC c.z. NS SOA RRSIG NSEC", "z.", NO_DATA, LDNS_RR_TYPE_A, true},
    /* The zone below says nothing of its own DS. */
    {"z. IN NSEC c.z. NS SOA RRSIG NSEC", "z.", NO_DATA, LDNS_RR_TYPE_DS, false},
    {"z. IN NSEC b.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. A RRSIG NSEC", "b.z.", NO_NAME, 0,
     true},
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. A RRSIG NSEC", "b.z.", NO_NAME, 0,
     true},
    {"a.z. IN NSEC c.z. A RRSIG NSEC", "b.z.", NO_NAME, 0, false}, /* nor of *.z */
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. A RRSIG NSEC", "d.z.", NO_NAME, 0,
     false},
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC z. A RRSIG NSEC", "d.z.", NO_NAME, 0,
     true},
    /* Below a delegation, or a DNAME. */
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. NS RRSIG NSEC", "x.a.z.", NO_NAME,
     0, false},
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. DNAME RRSIG NSEC", "x.a.z.",
     NO_NAME, 0, false},
    {"z. IN NSEC a.z. NS SOA RRSIG NSEC\na.z. IN NSEC c.z. A RRSIG NSEC", "x.a.z.", NO_NAME,
     0, true},
    /* An empty non-terminal is there, without data. */
    {"z. IN NSEC x.a.z. NS SOA RRSIG NSEC", "a.z.", NO_NAME, 0, false},
    {"z. IN NSEC x.a.z. NS SOA RRSIG NSEC", "a.z.", NO_DATA, LDNS_RR_TYPE_A, true},
    /* Delegations without and with DS; what is no delegation. */
    {"a.z. IN NSEC c.z. NS RRSIG NSEC", "a.z.", NO_DS, 0, true},
    {"a.z. IN NSEC c.z. NS DS RRSIG NSEC", "a.z.", NO_DS, 0, false},
    {"a.z. IN NSEC c.z. A RRSIG NSEC", "a.z.", NO_DS, 0, false},
    {"a.z. IN NSEC c.z. NS SOA RRSIG NSEC", "a.z.", NO_DS, 0, false},
    {"a.z. IN NSEC c.z. A RRSIG NSEC", "b.z.", NO_DS, 0, false},
};

static void table(void **state)
{
    ldns_rdf *zone = ldns_dname_new_frm_str("z.");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ldns_rr_list *records = ldns_rr_list_new();
        ldns_rdf *name = ldns_dname_new_frm_str(rows[i].name);
        unsigned hashes = 1000;
        const struct dna_denial denial = {zone, records, &hashes};
        const char *text = rows[i].records;
        bool denied = false;
        while (*text != '\0') {
            char line[200];
            size_t len = strcspn(text, "\n");
            ldns_rr *rr;
            assert_true(len < sizeof line);
            memcpy(line, text, len);
            line[len] = '\0';
            assert_int_equal(ldns_rr_new_frm_str(&rr, line, 300, NULL, NULL), LDNS_STATUS_OK);
            assert_true(ldns_rr_list_push_rr(records, rr));
            text += len + (text[len] == '\n');
        }
        switch (rows[i].question) {
        case NO_DATA:
            denied = dna_denial_no_data(&denial, name, rows[i].type);
            break;
        case NO_NAME:
            denied = dna_denial_no_name(&denial, name);
            break;
        case NO_DS:
            denied = dna_denial_unsigned(&denial, name);
            break;
        }
        if (denied != rows[i].denied) {
            fail_msg("row %zu: %s", i, rows[i].records);
        }
        ldns_rdf_deep_free(name);
        ldns_rr_list_deep_free(records);
    }
    ldns_rdf_deep_free(zone);
}

/* A list of types that its zone's owner, who signs it, has put together wrongly. */
static void lists_of_types(void **state)
{
    static const struct {
        const char *octets;
        size_t len;
        bool whole;
    } lists[] = {
        {"", 0, true},
        {"\0\1\100", 3, true},
        {"\0\1\100\1\1\200", 6, true},
        {"\0", 1, false},
        {"\0\1", 2, false},
        {"\0\0", 2, false},
        {"\0\2\100", 3, false},
        {"\0\1\100\1", 4, false},
        {"\1\1\200\0\1\100", 6, false},
        {"\0\1\100\0\1\100", 6, false},
        {"\0\41" "012345678901234567890123456789012", 35, false},
    };
    static const char *const texts[] = {
        "a.z. IN NSEC c.z. A",
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.z. IN NSEC3 1 0 0 - "
        "2t7b4g4vsa5smi47k61mv5bv1a22bojr A",
    };
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof lists / sizeof *lists); i++) {
        const size_t field = i % 2 == 0 ? 1 : 5;
        ldns_rr *rr;
        ldns_rdf *list;
        assert_int_equal(ldns_rr_new_frm_str(&rr, texts[i % 2], 300, NULL, NULL),
                         LDNS_STATUS_OK);
        assert_true(dna_denial_is_whole(rr));
        list = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_BITMAP, lists[i / 2].len,
                                     lists[i / 2].octets);
        assert_non_null(list);
        ldns_rdf_deep_free(ldns_rr_set_rdf(rr, list, field));
        if (dna_denial_is_whole(rr) != lists[i / 2].whole) {
            fail_msg("list %zu, record %zu", i / 2, i % 2);
        }
        ldns_rr_free(rr);
    }
}

/* What is no denial, or lacks a field. */
static void not_whole(void **state)
{
    ldns_rr *rr;
    (void)state;
    assert_int_equal(ldns_rr_new_frm_str(&rr, "a.z. IN A 192.0.2.1", 300, NULL, NULL),
                     LDNS_STATUS_OK);
    assert_false(dna_denial_is_whole(rr));
    ldns_rr_free(rr);
    assert_int_equal(ldns_rr_new_frm_str(&rr, "a.z. IN NSEC c.z. A", 300, NULL, NULL),
                     LDNS_STATUS_OK);
    ldns_rdf_deep_free(ldns_rr_pop_rdf(rr));
    assert_false(dna_denial_is_whole(rr));
    ldns_rr_free(rr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table), cmocka_unit_test(lists_of_types),
                                       cmocka_unit_test(not_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
