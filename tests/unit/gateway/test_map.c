/* Map files: what a line means, what is wrong with one, and what the configuration makes of
 * all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "hosts.h"
#include "map.h"

static char directory[] = "/tmp/gateway-map-XXXXXX";

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char head[] =
    "ca-file = \"ca.pem\"\n"
    "public { listen = { \"192.0.2.1@5269\" } certificate = \"cert.pem\" key = key.pem }\n"
    "resolver { root-hints = \"hints\" trust-anchor-file = \"anchor\" }\n"
    "link \"main\" { listen = \"127.0.2.1@5269\" server = \"127.0.0.1@5269\" "
    "user = \"root\" }\n"
    "link \"other\" { listen = \"127.0.2.2@5269\" server = \"127.0.0.2@5269\" "
    "user = \"root\" }\n"
    "map-file = { \"one\", \"two\" }\n";

static int enter(void **state)
{
    static const char *const files[] = {"ca.pem", "cert.pem", "key.pem", "hints", "anchor"};
    (void)state;
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        return -1;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file(files[i], "");
    }
    return 0;
}

static int leave(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

static const struct gateway_config *read_maps(const char *more, const char *one,
                                              const char *two, char **text)
{
    char all[2048];
    size_t size;
    unsigned faults = 0;
    FILE *errors = open_memstream(text, &size);
    const struct gateway_config *config;
    (void)snprintf(all, sizeof all, "%s%s", head, more);
    write_file("t.conf", all);
    write_file("one", one);
    write_file("two", two);
    config = gateway_config_read("t.conf", errors, &faults);
    assert_int_equal(fclose(errors), 0);
    return config;
}

static void check_host(const struct gateway_config *c, const char *domain, size_t link,
                       const char *url, const char *certificate)
{
    const struct gateway_host_config *host = gateway_config_host(c, domain);
    assert_non_null(host);
    assert_int_equal(host->link, link);
    assert_string_equal(host->dnssec_ta_url != NULL ? host->dnssec_ta_url : "", url);
    assert_string_equal(host->certificate != NULL ? host->certificate : "", certificate);
}

static void customers(void **state)
{
    char *errors;
    const struct gateway_config *c = read_maps(
        "host \"h.example\" { link = main }\n",
        "# customers\n\nb.example conference. x.y. up.example.net link=main # all of it\n"
        "c.example\tlink=other\n   certificate=cert.pem key=key.pem\r\n",
        "a.example muc. link=other dnssec-ta-url=http://z/a", &errors);
    (void)state;
    assert_string_equal(errors, "");
    assert_int_equal(c->n_hosts, 8);
    for (size_t i = 1; i < c->n_hosts; i++) {
        assert_true(strcmp(c->hosts[i - 1].domain.text, c->hosts[i].domain.text) < 0);
    }
    check_host(c, "h.example", 0, "", "");
    check_host(c, "b.example", 0, "", "");
    check_host(c, "conference.b.example", 0, "", "");
    check_host(c, "x.y.b.example", 0, "", "");
    check_host(c, "up.example.net", 0, "", "");
    check_host(c, "c.example", 1, "", "cert.pem");
    check_host(c, "a.example", 1, "http://z/a", "");
    check_host(c, "muc.a.example", 1, "http://z/a", "");
    assert_null(gateway_config_host(c, "d.example"));
    assert_int_equal(gateway_config_host(c, "c.example")->line, 4);
    assert_string_equal(gateway_config_host(c, "a.example")->file, "two");
    gateway_config_free(c);
    free(errors);
}

/* The proofs of a domain are not those of a domain elsewhere. */
static void proofs_stay_below(void **state)
{
    char *errors;
    const struct gateway_config *c = read_maps(
        "", "b.example muc. other.example link=main dnssec-ta-url=http://z "
            "attribute-cert-file=ca.pem\n", "", &errors);
    (void)state;
    assert_string_equal(errors, "");
    check_host(c, "muc.b.example", 0, "http://z", "");
    check_host(c, "other.example", 0, "", "");
    assert_non_null(gateway_config_host(c, "b.example")->attribute_cert);
    assert_null(gateway_config_host(c, "muc.b.example")->attribute_cert);
    assert_null(gateway_config_host(c, "other.example")->attribute_cert);
    gateway_config_free(c);
    free(errors);
}

static const struct {
    const char *more, *one, *two, *errors;
} faulty[] = {
    {"", "a.example link=main\na.example link=main\n", "",
     "one:2: \"a.example\": is there twice (first on line 1); remove one\n"},
    {"", "a.example link=main\n", "b.a.example link=main\na.example link=other\n",
     "two:2: \"a.example\": is there twice (first in one, line 1); remove one\n"},
    {"host \"a.example\" { link = main }\n", "a.example link=main\n", "",
     "one:1: \"a.example\": is there twice (first in t.conf, line 7); remove one\n"},
    {"", "a.example muc. link=main\nmuc.a.example link=main\n", "",
     "one:2: \"muc.a.example\": is there twice (first on line 1); remove one\n"},
    {"", "a.example\n", "",
     "one:1: \"a.example\": link= is missing; name the link that serves it\n"},
    {"", "a.example link=none\n", "",
     "one:1: \"a.example\": there is no link \"none\"; add it to the configuration, or correct "
     "the name\n"},
    {"", "A.example link=main\n", "",
     "one:1: \"A.example\": is not the canonical form; write \"a.example\"\n"},
    {"", "a_b.example link=main\n", "",
     "one:1: \"a_b.example\": is no domain that all servers read alike; write its A-label form "
     "(xn--...)\n"},
    {"", "192.0.2.1 link=main\n", "",
     "one:1: \"192.0.2.1\": is no domain that all servers read alike; write its A-label form "
     "(xn--...)\n"},
    {"", "a.example Muc. link=main\n", "",
     "one:1: component \"Muc.a.example\": is not the canonical form; write "
     "\"muc.a.example\"\n"},
    {"", "a.example link=main certificate=cert.pem\n", "",
     "one:1: \"a.example\": certificate= and key= go together; give both or neither\n"},
    {"", "a.example link=main certificate=none key=key.pem\n", "",
     "one:1: certificate: \"none\" cannot be read (No such file or directory); give a file "
     "that this user can read\n"},
    {"", "a.example link=main dnssec-ta-url=ftp://z\n", "",
     "one:1: dnssec-ta-url: \"ftp://z\" is no http or https URL; write the whole URL, or leave "
     "it empty\n"},
    {"", "a.example link=main color=red\n", "",
     "one:1: there is no \"color=\" here; there are link, certificate, key, dnssec-ta-url and "
     "attribute-cert-file\n"},
    {"", "a.example link=main link=other\n", "", "one:1: link: is set twice; keep one\n"},
    {"", "a.example link= main\n", "",
     "one:1: link: has no value; write it behind the = without a blank, or leave it out\n"
     "one:1: \"a.example\": link= is missing; name the link that serves it\n"},
    {"", "a.example link=main muc.\n", "",
     "one:1: \"muc.\" stands behind a NAME=VALUE; components come first, and a value has no "
     "blanks\n"},
    {"", "  a.example link=main\nb.example link=main\n", "",
     "one:1: \"a.example\" begins with a blank and goes on with no line; remove the blank\n"},
    {"", "link=main\nb.example link=main\n", "",
     "one:1: \"link=main\": a line begins with a domain; one that goes on with the line before "
     "it begins with a blank\n"},
    {"", "b.example link=\"main\"\n", "",
     "one:1: a quote (\"): values here have none, and no blanks; remove it\n"
     "one:1: \"b.example\": link= is missing; name the link that serves it\n"},
    {"", "b.example \x01x link=main\n", "", "one:1: a control character (0x01); remove it\n"},
    {"", "", "",
     "t.conf:1: no domain is hosted; add a host section for each, or name a map of them with "
     "map-file\n"},
};

static void faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        char *errors;
        const struct gateway_config *c =
            read_maps(faulty[i].more, faulty[i].one, faulty[i].two, &errors);
        if (strcmp(errors, faulty[i].errors) != 0) {
            print_error("%s%s", faulty[i].one, faulty[i].two);
        }
        assert_string_equal(errors, faulty[i].errors);
        gateway_config_free(c);
        free(errors);
    }
}

static void a_map_that_is_not_there(void **state)
{
    char *errors, *second;
    const struct gateway_config *c = read_maps("", "a.example link=main\n", "", &errors);
    size_t size;
    unsigned n = 0;
    FILE *out = open_memstream(&second, &size);
    (void)state;
    gateway_config_free(c);
    assert_int_equal(unlink("two"), 0);
    c = gateway_config_read("t.conf", out, &n);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(second, "two: No such file or directory"));
    gateway_config_free(c);
    free(errors);
    free(second);
}

static bool count(void *arg, struct faults *of, const struct map_entry *entry)
{
    (void)of;
    (void)entry;
    ++*(unsigned *)arg;
    return true;
}

/* What is wrong a thousand times is told a hundred times. */
static void faults_are_bounded(void **state)
{
    char text[20 * 1000], *errors;
    size_t size, len = 0;
    unsigned entries = 0;
    struct faults all = {.out = open_memstream(&errors, &size), .file = "m"};
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "d x=y\n");
    }
    assert_true(map_read(&all, text, len, &map_customers, count, &entries));
    assert_int_equal(fclose(all.out), 0);
    assert_int_equal(entries, MAP_FAULTS_MAX - 1);
    assert_int_equal(all.n, MAP_FAULTS_MAX + 1);
    assert_non_null(strstr(errors, "there are more faults"));
    free(errors);
}

/* --- ten thousand customers ---------------------------------------------------------------- */

#define MANY 10000

/* A line each, with a component; wrong: every so many lines there is no such link. */
static char *many(unsigned wrong)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (unsigned i = 1; i <= MANY; i++) {
        fprintf(out, "c%u.example muc. link=%s\n", (i * 7919) % MANY,
                wrong != 0 && i % wrong == 0 ? "mian" : "main");
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static unsigned lines_of(const char *text)
{
    unsigned n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++) {
        n++;
    }
    return n;
}

static void ten_thousand(void **state)
{
    char *text = many(0), *errors;
    const struct gateway_config *c = read_maps("", text, "", &errors);
    (void)state;
    assert_string_equal(errors, "");
    assert_int_equal(c->n_hosts, 2 * MANY);
    for (unsigned i = 1; i <= MANY; i++) {
        const struct gateway_host_config *host;
        char name[40];
        (void)snprintf(name, sizeof name, "muc.c%u.example", (i * 7919) % MANY);
        host = gateway_config_host(c, name);
        assert_non_null(host);
        assert_int_equal(host->line, i);
    }
    gateway_config_free(c);
    free(errors);
    free(text);
}

static void bad_rows_among_them(void **state)
{
    char *text = many(4000), *errors;
    const struct gateway_config *c = read_maps("", text, "", &errors);
    (void)state;
    assert_string_equal(errors, "one:4000: \"c6000.example\": there is no link \"mian\"; add "
                                "it to the configuration, or correct the name\n"
                                "one:8000: \"c2000.example\": there is no link \"mian\"; add "
                                "it to the configuration, or correct the name\n");
    assert_int_equal(c->n_hosts, 2 * MANY); /* the others were read */
    gateway_config_free(c);
    free(errors);
    free(text);
}

/* Nobody reads ten thousand lines to find out what one word is. */
static void nothing_but_bad_rows(void **state)
{
    char *text = many(1), *errors;
    const struct gateway_config *c = read_maps("", text, "", &errors);
    (void)state;
    assert_true(lines_of(errors) <= MAP_FAULTS_MAX + 1);
    assert_non_null(strstr(errors, "there are more faults; correct these first\n"));
    gateway_config_free(c);
    free(errors);
    free(text);
    text = many(0);
    c = read_maps("", text, text, &errors); /* every domain is there twice */
    assert_non_null(strstr(errors, "two:10000: \"c0.example\": is there twice (first in one, "
                                   "line 10000); remove one\n"));
    assert_non_null(strstr(errors, "t.conf: there are more domains twice; correct these "
                                   "first\n"));
    assert_int_equal(lines_of(errors), MAP_FAULTS_MAX + 1);
    gateway_config_free(c);
    free(errors);
    free(text);
}

/* --- what differs ------------------------------------------------------------------------- */

static void note(void *arg, const struct gateway_host_config *old,
                 const struct gateway_host_config *next)
{
    const char *own = old != NULL && old->certificate != NULL ? old->certificate : "-";
    const char *other = next != NULL && next->certificate != NULL ? next->certificate : "-";
    if (old == NULL) {
        fprintf(arg, "+%s %zu\n", next->domain.text, next->link);
    } else if (next == NULL) {
        fprintf(arg, "-%s %zu\n", old->domain.text, old->link);
    } else if (old->link != next->link || strcmp(own, other) != 0) {
        assert_string_equal(old->domain.text, next->domain.text);
        fprintf(arg, "=%s %zu %zu %s %s\n", old->domain.text, old->link, next->link, own, other);
    }
}

static const struct {
    const char *before, *after, *differences;
} changes[] = {
    {"b link=main\n", "b link=main\n", ""},
    {"b link=main\n", "a link=main\nb link=main\nc muc. link=other\n",
     "+a 0\n+c 1\n+muc.c 1\n"},
    {"a link=main\nb muc. link=main\nc link=other\n", "b link=main\n",
     "-a 0\n-c 1\n-muc.b 0\n"},
    {"a link=main\n", "b link=main\n", "-a 0\n+b 0\n"},
    {"b link=main\n", "a link=main\n", "+a 0\n-b 0\n"},
    {"a link=main\nb link=main\n", "b link=other\na link=main\n", "=b 0 1 - -\n"},
    {"a link=main certificate=cert.pem key=key.pem\nb link=main\n",
     "a link=main certificate=ca.pem key=key.pem\nb link=main\n", "=a 0 0 cert.pem ca.pem\n"},
    {"a link=main certificate=cert.pem key=key.pem\n", "a link=other\n", "=a 0 1 cert.pem -\n"},
};

static void what_differs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *errors[2], *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        const struct gateway_config *before =
            read_maps("", changes[i].before, "", &errors[0]);
        const struct gateway_config *after = read_maps("", changes[i].after, "", &errors[1]);
        assert_non_null(out);
        assert_string_equal(errors[0], "");
        assert_string_equal(errors[1], "");
        hosts_compare(before, after, note, out);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, changes[i].differences);
        gateway_config_free(before);
        gateway_config_free(after);
        free(errors[0]);
        free(errors[1]);
        free(text);
    }
}

/* At the start everything is new; and ten thousand that are there twice are no difference. */
static void from_nothing(void **state)
{
    char *text = many(0), *errors, *found;
    size_t size;
    FILE *out = open_memstream(&found, &size);
    const struct gateway_config *c = read_maps("", text, "", &errors);
    (void)state;
    hosts_compare(c, c, note, out);
    assert_int_equal(ftell(out), 0);
    hosts_compare(NULL, c, note, out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(lines_of(found), 2 * MANY);
    gateway_config_free(c);
    free(errors);
    free(found);
    free(text);
}

/* --- peers ---------------------------------------------------------------------------------- */

static const struct gateway_config *read_peers(const char *rows, const char *section,
                                               char **errors)
{
    char more[512];
    (void)snprintf(more, sizeof more, "policy-map-file = { \"peers\" }\n%s", section);
    write_file("peers", rows);
    return read_maps(more, "a.example link=main\n", "", errors);
}

static const struct gateway_policy_config *policy_of(const struct gateway_config *c,
                                                     const char *pattern)
{
    for (size_t i = 0; i < c->n_policies; i++) {
        if (strcmp(c->policies[i].pattern, pattern) == 0) {
            return &c->policies[i];
        }
    }
    fail_msg("no policy %s", pattern);
    return NULL;
}

static void peers(void **state)
{
    char *errors, pin[DNA_PIN_SIZE];
    const struct gateway_policy_config *p;
    const struct gateway_config *c = read_peers(
        "# whom we know\nexample.com strong\n.example.org dialback until=2027-12-31\n"
        "   observe=proof observe-prooftypes=pkix,dane\n"
        "pin.example pin pins="
        "abababababababababababababababababababababababababababababababab\n"
        "some.example proof prooftypes=pkix,service-delegation delegation-connect=true "
        "dane-usages=3 # until they have DNSSEC\nno.example refuse report-only=true\n",
        "policy \"*\" { level = refuse }\n", &errors);
    (void)state;
    assert_string_equal(errors, "");
    assert_int_equal(c->n_policies, 6);
    p = policy_of(c, "*");
    assert_string_equal(p->file, "t.conf");
    p = policy_of(c, "example.com");
    assert_int_equal(p->policy.level, DNA_LEVEL_STRONG);
    assert_int_equal(p->policy.prooftypes, dna_policy_default().prooftypes);
    assert_string_equal(p->file, "peers");
    assert_int_equal(p->line, 2);
    p = policy_of(c, ".example.org");
    assert_int_equal(p->policy.level, DNA_LEVEL_DIALBACK);
    assert_int_equal(p->line, 3);
    assert_true(p->until > 0 && p->observes);
    assert_int_equal(p->observed.prooftypes,
                     DNA_PROOF_BIT(DNA_PROOF_PKIX) | DNA_PROOF_BIT(DNA_PROOF_DANE));
    p = policy_of(c, "pin.example");
    memset(pin, 0xab, sizeof pin);
    assert_int_equal(p->policy.n_pins, 1);
    assert_memory_equal(p->policy.pins[0], pin, sizeof pin);
    p = policy_of(c, "some.example");
    assert_int_equal(p->policy.prooftypes, DNA_PROOF_BIT(DNA_PROOF_PKIX) |
                                               DNA_PROOF_BIT(DNA_PROOF_SERVICE_DELEGATION));
    assert_true(p->policy.delegation_connect);
    assert_int_equal(p->policy.dane_usages, DNA_DANE_USAGE_BIT(3));
    p = policy_of(c, "no.example");
    assert_true(p->report_only);
    gateway_config_free(c);
    free(errors);
}

static const struct {
    const char *rows, *section, *errors;
} bad_peers[] = {
    {"a.example\n", "", "peers:1: \"a.example\": write one level behind it: refuse proof strong "
                        "dialback pin\n"},
    {"a.example proof strong\n", "", "peers:1: \"a.example\": write one level behind it: refuse "
                                     "proof strong dialback pin\n"},
    {"# one\na.example prof\n", "", "peers:2: level: \"prof\" is not possible; use one of: "
                                    "refuse proof strong dialback pin\n"},
    {"a.example proof level=strong\n", "",
     "peers:1: there is no \"level=\" here; there are pins, report-only, until, observe, "
     "observe-prooftypes, prooftypes, dane-usages, delegation-connect, delegation-legacy, "
     "attribute-cert-accept-www, attribute-cert-accept-wildcard and "
     "attribute-cert-accept-serial\n"},
    {"a.example until=2027-01-01 proof\n", "",
     "peers:1: \"proof\" stands behind a NAME=VALUE; the level comes first, and a value has no "
     "blanks\n"
     "peers:1: \"a.example\": write one level behind it: refuse proof strong dialback pin\n"},
    {"a.example dialback until=soon\n", "", "peers:1: until: \"soon\" is no day; write it like "
                                            "\"2027-01-31\", the last day in UTC\n"},
    {"a.example pin\n", "", "peers:1: level: pin needs pins; add the SHA-256 of the server's key "
                            "to pins\n"},
    {"a.example pin pins=1,2,3,4,5\n", "",
     "peers:1: pins: has 5 values; 0 to 4 are possible\n"
     "peers:1: pins: \"1\" is no SHA-256 in hex or base64\n"
     "peers:1: pins: \"2\" is no SHA-256 in hex or base64\n"
     "peers:1: pins: \"3\" is no SHA-256 in hex or base64\n"
     "peers:1: pins: \"4\" is no SHA-256 in hex or base64\n"},
    {"a.example proof prooftypes=pkix,\n", "", "peers:1: prooftypes: \"\" is not possible; use one of: "},
    {"A.example proof\n", "", "peers:1: policy \"A.example\": is not the canonical form; write "
                              "\"a.example\"\n"},
    {"a.example proof\na.example strong\n", "",
     "peers:2: policy \"a.example\": is there twice; remove one\n"},
    {"\na.example proof\n", "policy \"a.example\" { level = refuse }\n",
     "peers:2: policy \"a.example\": is there twice (first in t.conf, line 8); remove one\n"},
};

/* As a section of the configuration would be, by file and line. */
static void faults_of_peers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_peers / sizeof *bad_peers; i++) {
        char *errors;
        const struct gateway_config *c =
            read_peers(bad_peers[i].rows, bad_peers[i].section, &errors);
        size_t len = strlen(bad_peers[i].errors);
        if (strncmp(errors, bad_peers[i].errors, len) != 0 ||
            (bad_peers[i].errors[len - 1] == '\n' && errors[len] != '\0')) {
            fail_msg("%s%s", bad_peers[i].rows, errors);
        }
        gateway_config_free(c);
        free(errors);
    }
}

static void too_many_peers(void **state)
{
    char *rows, *errors;
    size_t size;
    FILE *out = open_memstream(&rows, &size);
    const struct gateway_config *c;
    (void)state;
    for (unsigned i = 0; i < 2001; i++) {
        fprintf(out, "p%u.example proof\n", i);
    }
    assert_int_equal(fclose(out), 0);
    c = read_peers(rows, "", &errors);
    assert_int_equal(c->n_policies, 2000);
    assert_string_equal(errors, "peers:2001: more than 2000 policies; write suffixes "
                                "(\".example\") where many are alike\n");
    gateway_config_free(c);
    free(errors);
    free(rows);
}

static void what_is_printed(void **state)
{
    char *errors, *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    const struct gateway_config *c =
        read_maps("", "b.example muc. link=main\n", "a.example link=other\n", &errors);
    (void)state;
    assert_true(gateway_config_print("t.conf", out, stderr));
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(printed, "map-file = { \"one\", \"two\" }\n"));
    assert_non_null(strstr(printed, "# one:\n#   b.example link=main\n#   muc.b.example "
                                    "link=main\n# two:\n#   a.example link=other\n"));
    gateway_config_free(c);
    free(errors);
    free(printed);
}

static void what_is_printed_of_peers(void **state)
{
    char *errors, *printed;
    size_t size;
    FILE *out = open_memstream(&printed, &size);
    const struct gateway_config *c =
        read_peers("b.example strong\n.c.example dialback until=2027-12-31 observe=proof\n"
                   "d.example refuse report-only=true\n",
                   "policy \"*\" { level = proof }\n", &errors);
    (void)state;
    assert_true(gateway_config_print("t.conf", out, stderr));
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(printed, "# peers:\n#   b.example strong\n"
                                    "#   .c.example dialback until=2027-12-31 observe=proof\n"
                                    "#   d.example refuse report-only=true\n"));
    assert_null(strstr(printed, "#   *"));
    gateway_config_free(c);
    free(errors);
    free(printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers),
        cmocka_unit_test(proofs_stay_below),
        cmocka_unit_test(faults),
        cmocka_unit_test(a_map_that_is_not_there),
        cmocka_unit_test(faults_are_bounded),
        cmocka_unit_test(ten_thousand),
        cmocka_unit_test(bad_rows_among_them),
        cmocka_unit_test(nothing_but_bad_rows),
        cmocka_unit_test(what_differs),
        cmocka_unit_test(from_nothing),
        cmocka_unit_test(peers),
        cmocka_unit_test(faults_of_peers),
        cmocka_unit_test(too_many_peers),
        cmocka_unit_test(what_is_printed),
        cmocka_unit_test(what_is_printed_of_peers),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
