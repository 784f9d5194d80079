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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
