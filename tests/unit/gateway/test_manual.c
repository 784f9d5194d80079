/* dna-gateway.conf(5) and the table of options say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "options.h"

#define MOST 65536

static char manual[MOST], example[MOST];

static void read_text(const char *name, char *text)
{
    FILE *file = fopen(name, "r");
    size_t len;
    assert_non_null(file);
    len = fread(text, 1, MOST - 1, file);
    text[len] = '\0';
    (void)fclose(file);
}

/* The manual's section of that name, up to the next one; the caller frees it. */
static char *section_of(const char *name)
{
    char heading[64];
    const char *at, *end;
    (void)snprintf(heading, sizeof heading, "\n.SH %s\n", name[0] != '\0' ? name : "TOP LEVEL");
    at = strstr(manual, heading);
    if (at == NULL) {
        print_error("dna-gateway.conf(5) has no section %s\n", name);
        return NULL;
    }
    end = strstr(at + 1, "\n.SH ");
    return strndup(at, end != NULL ? (size_t)(end - at) : strlen(at));
}

/* The text of one option: behind "\n.TP\n.B NAME\n". */
static char *entry_of(const char *section, const char *name)
{
    char heading[64];
    const char *at, *end;
    (void)snprintf(heading, sizeof heading, "\n.TP\n.B %s\n", name);
    at = strstr(section, heading);
    if (at == NULL) {
        return NULL;
    }
    end = strstr(at + strlen(heading), "\n.TP\n");
    return strndup(at, end != NULL ? (size_t)(end - at) : strlen(at));
}

static void check_words(const struct option *o, const char *entry)
{
    char word[64];
    for (const char *p = o->words; *p != '\0';) {
        size_t len = strcspn(p, " ");
        (void)snprintf(word, sizeof word, "%.*s", (int)len, p);
        if (strstr(entry, word) == NULL) {
            print_error("%s: the manual does not name \"%s\"\n", o->name, word);
            fail();
        }
        p += len + (p[len] == ' ');
    }
}

static void check_entry(const struct option *o, const char *entry)
{
    char text[256];
    if (o->required) {
        assert_non_null(strstr(entry, "Required."));
        return;
    }
    if (o->otherwise[0] != '\0' && !o->list) {
        (void)snprintf(text, sizeof text, "Default: %s", o->otherwise);
        if (strstr(entry, text) == NULL) {
            print_error("%s: the manual does not say \"%s\"\n", o->name, text);
            fail();
        }
    }
    if (o->list) {
        (void)snprintf(text, sizeof text, "%ld", o->most);
        assert_true(o->words != NULL || strstr(entry, text) != NULL);
    }
}

static void every_option_is_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < gateway_n_options; i++) {
        const struct option *o = &gateway_options[i];
        char *section = section_of(o->section), *entry;
        assert_non_null(section);
        entry = entry_of(section, o->name);
        if (entry == NULL) {
            print_error("dna-gateway.conf(5) does not document %s in %s\n", o->name,
                        o->section);
        }
        assert_non_null(entry);
        check_entry(o, entry);
        if (o->words != NULL) {
            check_words(o, entry);
        }
        free(entry);
        free(section);
    }
}

static void nothing_else_is_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < gateway_n_sections; i++) {
        char *section = section_of(gateway_sections[i].name);
        assert_non_null(section);
        for (char *p = section; (p = strstr(p, "\n.TP\n.B ")) != NULL; p++) {
            char name[64];
            assert_int_equal(sscanf(p, "\n.TP\n.B %63s", name), 1);
            if (gateway_option(gateway_sections[i].name, name) == NULL) {
                print_error("there is no option %s in %s\n", name, gateway_sections[i].name);
                fail();
            }
        }
        free(section);
    }
}

static void every_prooftype_can_be_admitted(void **state)
{
    const char *words = gateway_option("policy", "prooftypes")->words;
    const char *admitted = gateway_option("policy", "prooftypes")->otherwise;
    (void)state;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        const char *name = dna_prooftype_name((enum dna_prooftype)i);
        bool by_default = (dna_policy_default().prooftypes & DNA_PROOF_BIT(i)) != 0;
        if (strstr(words, name) == NULL || by_default != (strstr(admitted, name) != NULL)) {
            print_error("prooftypes: %s\n", name);
            fail();
        }
    }
}

static void every_option_is_in_the_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strstr(example, gateway_options[i].name) == NULL) {
            print_error("the example lacks %s\n", gateway_options[i].name);
            fail();
        }
    }
}

static void every_option_is_in_the_help(void **state)
{
    char *help;
    size_t size;
    FILE *out = open_memstream(&help, &size);
    (void)state;
    gateway_config_help(out);
    assert_int_equal(fclose(out), 0);
    for (size_t i = 0; i < gateway_n_options; i++) {
        assert_non_null(strstr(help, gateway_options[i].name));
        assert_non_null(strstr(help, gateway_options[i].help));
    }
    free(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_documented),
        cmocka_unit_test(nothing_else_is_documented),
        cmocka_unit_test(every_prooftype_can_be_admitted),
        cmocka_unit_test(every_option_is_in_the_example),
        cmocka_unit_test(every_option_is_in_the_help),
    };
    read_text(MANUAL, manual);
    read_text(EXAMPLE, example);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
