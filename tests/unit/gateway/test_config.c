/* The configuration: what is wrong is named with its line and a remedy, all at once. */
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

/* A sound file, line by line. */
static const char *const sound[] = {
    "ca-file = \"ca.pem\"",
    "public { listen = { \"192.0.2.1@5269\" } certificate = \"cert.pem\" key = key.pem }",
    "resolver { root-hints = \"hints\" trust-anchor-file = \"anchor\" }",
    ("link \"main\" { listen = \"127.0.2.1@5269\" server = \"127.0.0.1@5269\" user = "
     "\"root\" }"),
    "host \"a.example\" { link = \"main\" }",
};
#define LINES (sizeof sound / sizeof *sound)

static char directory[] = "/tmp/gateway-config-XXXXXX";

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int enter(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        return -1;
    }
    write_file("ca.pem", "");
    write_file("cert.pem", "");
    write_file("key.pem", "");
    write_file("hints", "");
    write_file("anchor", "");
    return 0;
}

static int leave(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command);
}

/* Reads FILE; the errors into *text, which the caller frees. */
static const struct gateway_config *read_config(const char *file, char **text)
{
    size_t size;
    unsigned faults = 0, lines = 0;
    FILE *errors = open_memstream(text, &size);
    const struct gateway_config *config = gateway_config_read(file, errors, &faults);
    assert_int_equal(fclose(errors), 0);
    for (const char *p = *text; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_int_equal(faults, lines);
    return config;
}

/* The sound file with line `at` (from 1) replaced by text; at 6: text is added. */
static void write_config(unsigned at, const char *text)
{
    char all[8192] = "";
    for (unsigned i = 1; i <= LINES + 1; i++) {
        const char *line = i == at ? text : i <= LINES ? sound[i - 1] : "";
        strcat(strcat(all, line), "\n");
    }
    write_file("t.conf", all);
}

static void a_sound_file(void **state)
{
    const struct gateway_config *c;
    char *errors;
    (void)state;
    write_config(0, NULL);
    c = read_config("t.conf", &errors);
    assert_string_equal(errors, "");
    assert_string_equal(c->ca_file, "ca.pem");
    assert_int_equal(c->n_listen, 1);
    assert_string_equal(c->listen[0].ip, "192.0.2.1");
    assert_int_equal(c->listen[0].port, 5269);
    assert_null(c->source);
    assert_int_equal(c->dns.mode, GATEWAY_DNS_ITERATE);
    assert_int_equal(c->n_links, 1);
    assert_true(c->links[0].has_user);
    assert_int_equal(c->links[0].uid, 0);
    assert_false(c->links[0].trust_loopback);
    assert_int_equal(c->n_hosts, 1);
    assert_string_equal(c->hosts[0].domain.text, "a.example");
    assert_int_equal(c->hosts[0].link, 0);
    assert_null(c->hosts[0].dnssec_ta_url);
    assert_int_equal(c->n_policies, 0);
    assert_int_equal(c->queue.pair_stanzas, 1000);
    assert_int_equal(c->queue.pair_bytes, 1048576);
    assert_int_equal(c->queue.total_bytes, 67108864);
    assert_int_equal(c->queue.seconds, 30);
    assert_int_equal(c->store.kind, GATEWAY_STORE_FILE);
    assert_false(c->store.chosen);
    assert_string_equal(c->store.where, "/var/lib/dna-gateway/store.db");
    assert_null(c->store.key_file);
    assert_null(c->store.password_file);
    assert_int_equal(c->log_level, DNA_LOG_INFO);
    assert_int_equal(c->lines.certificate, 2);
    assert_int_equal(c->lines.resolver, 3);
    gateway_config_free(c);
    free(errors);
}

static void values_that_were_set(void **state)
{
    const struct gateway_config *c;
    char *errors;
    (void)state;
    write_config(6, "policy \"*\" { level = strong prooftypes = { \"pkix\", posh } }\n"
                    "policy \".b.example\" { level = refuse prooftypes = { posh, "
                    "service-delegation } delegation-connect = true }\n"
                    "queue { pair-stanzas = 7 seconds = 5 }\nlog { level = \"error\" }\n"
                    "address-guard { allow = { \"10.0.0.0/8\", \"fd00::/8\" } fetch-ports = "
                    "{ 8080 } }\n"
                    "store { kind = redis redis = \"127.0.0.1@6379\" key-file = \"k\" "
                    "redis-password-file = \"p\" }\n"
                    "host \"b.example\" { link = main dnssec-ta-url = \"http://h/a\\\"b\" }");
    c = read_config("t.conf", &errors);
    assert_string_equal(errors, "");
    assert_int_equal(c->n_policies, 2);
    assert_string_equal(c->policies[0].pattern, "*");
    assert_int_equal(c->policies[0].policy.level, DNA_LEVEL_STRONG);
    assert_int_equal(c->policies[0].policy.prooftypes,
                     DNA_PROOF_BIT(DNA_PROOF_PKIX) | DNA_PROOF_BIT(DNA_PROOF_POSH));
    assert_false(c->policies[0].policy.delegation_connect);
    assert_int_equal(c->policies[1].policy.level, DNA_LEVEL_REFUSE);
    assert_true(c->policies[1].policy.delegation_connect);
    assert_false(c->policies[1].policy.delegation_legacy);
    assert_int_equal(c->queue.pair_stanzas, 7);
    assert_int_equal(c->queue.seconds, 5);
    assert_int_equal(c->log_level, DNA_LOG_ERROR);
    assert_int_equal(c->guard_allow.n, 2);
    assert_int_equal(c->n_fetch_ports, 1);
    assert_int_equal(c->fetch_ports[0], 8080);
    assert_string_equal(c->hosts[1].dnssec_ta_url, "http://h/a\"b");
    assert_int_equal(c->store.kind, GATEWAY_STORE_REDIS);
    assert_true(c->store.chosen);
    assert_string_equal(c->store.where, "127.0.0.1");
    assert_int_equal(c->store.port, 6379);
    assert_string_equal(c->store.key_file, "k");
    assert_string_equal(c->store.password_file, "p");
    gateway_config_free(c);
    free(errors);
}

#define OPTIONS "; dna-gateway.conf(5) lists the options"

#define LINK_N                                                                              \
    "link \"n\" { listen = \"127.0.2.8@5269\" server = \"127.0.0.8@5269\" user = root "
#define NAMES(listen, forward)                                                              \
    LINK_N "listen-dns = \"" listen "\" dns-forward = { \"" forward "\" } }"

static const struct {
    unsigned at;
    const char *text, *errors; /* without "t.conf:" */
} faulty[] = {
    /* the syntax */
    {6, "log { level = info", "6: section log is not closed; add }\n"},
    {6, "log { lever = info }", "6: there is no option \"lever\" in log" OPTIONS "\n"},
    {6, "listen = { a, b }", "6: there is no option \"listen\"" OPTIONS "\n"},
    {6, "lock { level = x }",
     "6: there is no section \"lock\"; dna-gateway.conf(5) lists the sections\n"},
    {6, "log \"x\" { }", "6: section log has no title; remove it\n"},
    {6, "host { link = main }", "6: section host needs a title in quotes\n"},
    {6, "log { queue { } }",
     "6: section \"queue\" begins inside another one; close that with } first\n"},
    {6, "log { level = info level = error }",
     "6: level is set again (first on line 6); keep one\n"},
    {6, "}", "6: this } closes nothing; remove it\n"},
    {6, "log level", "6: behind \"log\" stands neither = nor {; give an option its value by =, and begin a "
     "section with {\n"},
    {6, "log { level = }", "6: level: one value is expected\n"},
    {6, "log { level = { info } }", "6: level: one value is expected\n"},
    {6, "log { level = \"info }",
     "6: a text has no closing quote (\") on its line; add it\n"
     "6: section log is not closed; add }\n"
     "6: level: \"info }\" is not possible; use one of: error warning info debug\n"},
    {6, "\"log\" { }",
     "6: the name of an option or a section is expected here; remove what stands in its "
     "place\n"},
    {6, "address-guard { allow = { \"10.0.0.0/8\" \"10.0.0.0/8\" } }",
     "6: allow: between the values of a list stands a comma\n"},
    {6, "address-guard { allow = { = } }",
     "6: the list of allow is not closed; write { value, value }\n"},
    {6, "log { }\nlog { }", "7: section log is there twice; put all its options into one\n"},
    /* names for a local server */
    {6, NAMES("192.0.2.1@53", "192.0.2.53"),
     "6: link \"n\": listen-dns is no loopback address; the hop to the local server is not "
     "encrypted, use 127.x.y.z or ::1\n"},
    {6, LINK_N "listen-dns = \"127.0.2.9@53\" }",
     "6: link \"n\": listen-dns without dns-forward; name the resolvers that all other queries "
     "go to\n"},
    {6, LINK_N "dns-forward = { \"192.0.2.53\" } }",
     "6: link \"n\": dns-forward without listen-dns; say where queries arrive, or leave it "
     "out\n"},
    {6, NAMES("127.0.2.9@53", "127.0.2.9"),
     "6: link \"n\": dns-forward leads back to listen-dns; name another resolver\n"},
    {6, NAMES("127.0.2.9@54", "127.0.2.9@54"),
     "6: link \"n\": dns-forward leads back to listen-dns; name another resolver\n"},
    {6, NAMES("127.0.2.9", "127.0.2.9"),
     "6: listen-dns: \"127.0.2.9\" is no address and port; write it like \"192.0.2.1@5269\"\n"},
    {2, "public { listen = { \"192.0.2.1@5269\" } certificate = cert.pem key = key.pem "
        "balancers = { \"192.0.2.0\" } }",
     "2: balancers: \"192.0.2.0\" is no prefix; write it like \"192.0.2.0/24\"\n"},
    /* the store */
    {6, "store { kind = none }", ""},
    {6, "store { }", ""},
    {6, "store { kind = sqlite file = \"s.db\" key-file = \"s.key\" }", ""},
    {6, "store { kind = redis redis = \"::1@6379\" key-file = k redis-password-file = p }", ""},
    {6, "store { kind = redis redis = \"/run/redis.sock\" key-file = k }", ""},
    {6, "store { kind = file }",
     "6: kind: \"file\" is not possible; use one of: sqlite redis none\n"},
    {6, "store { kind = redis redis = \"localhost\" key-file = k }",
     "6: store: redis is \"localhost\"; write ADDR@PORT, or the path of the server's Unix "
     "socket\n"},
    {6, "store { kind = redis redis = \"127.0.0.1@0\" key-file = k }",
     "6: store: redis is \"127.0.0.1@0\"; write ADDR@PORT, or the path of the server's Unix "
     "socket\n"},
    {6, "store { kind = redis key-file = k }",
     "6: store: redis is \"\"; write ADDR@PORT, or the path of the server's Unix socket\n"},
    {6, "store { kind = redis\nredis = \"127.0.0.1@6379\" }",
     "6: store: kind \"redis\" needs key-file; make it with `head -c 32 /dev/urandom` and give "
     "every gateway the same\n"},
    {6, "store { file = \"\" }",
     "6: file: \"\" is empty; write a value or leave the option out\n"},
    {6, "store { kind = none }\nstore { }",
     "7: section store is there twice; put all its options into one\n"},
    /* single values */
    {1, "ca-file = \"missing.pem\"",
     "1: ca-file: \"missing.pem\" cannot be read (No such file or directory); give a "
     "file that "
     "this user can read\n"},
    {1, "ca-file = \"/\"",
     "1: ca-file: \"/\" cannot be read (Not a file); give a file that this user can read\n"},
    {2, "public { listen = { \"192.0.2.1\" } certificate = cert.pem key = key.pem }",
     "2: listen: \"192.0.2.1\" is no address and port; write it like \"192.0.2.1@5269\"\n"},
    {2, "public { listen = { \"x.example@5269\" } certificate = cert.pem key = key.pem }",
     "2: listen: \"x.example@5269\" is no address and port; write it like "
     "\"192.0.2.1@5269\"\n"},
    {2, "public { listen = { \"192.0.2.1@0\" } certificate = cert.pem key = key.pem }",
     "2: listen: \"192.0.2.1@0\" is no address and port; write it like \"192.0.2.1@5269\"\n"},
    {2, "public { listen = { \"192.0.2.1@65536\" } certificate = cert.pem key = key.pem }",
     "2: listen: \"192.0.2.1@65536\" is no address and port; write it like "
     "\"192.0.2.1@5269\"\n"},
    {2, "public {\nlisten = { \"::1@5269\" }\ncertificate = none.pem\nkey = "
     "none.key\nsource = x }",
     "4: certificate: \"none.pem\" cannot be read (No such file or directory); give a "
     "file that "
     "this user can read\n"
     "5: key: \"none.key\" cannot be read (No such file or directory); give a file that this "
     "user can read\n"
     "6: source: \"x\" is no IP address; write one, or leave it empty\n"},
    {2, "public { certificate = cert.pem key = \"\" }",
     "2: public: \"listen\" is missing; it is: addresses and ports for other servers, "
     "usually "
     "port 5269\n"
     "2: public: \"key\" is missing; it is: its private key, PEM\n"},
    {2, "", "1: public: \"listen\" is missing; it is: addresses and ports for other servers, "
            "usually port 5269\n"
            "1: public: \"certificate\" is missing; it is: the provider's certificate chain, "
            "PEM, leaf first\n"
            "1: public: \"key\" is missing; it is: its private key, PEM\n"},
    {6, "queue { seconds = 0 pair-stanzas = many }",
     "6: pair-stanzas: \"many\" is no number between 1 and 1000000\n"
     "6: seconds: \"0\" is no number between 1 and 600\n"},
    {6, "address-guard { allow = { \"10.0.0.0/33\" } fetch-ports = { 0, 70000 } }",
     "6: allow: \"10.0.0.0/33\" is no prefix; write it like \"192.0.2.0/24\"\n"
     "6: fetch-ports: \"0\" is no port; write 1 to 65535\n"
     "6: fetch-ports: \"70000\" is no port; write 1 to 65535\n"},
    {6, "policy \"*\" { level = lax prooftypes = { pkix, danish } dane-usages = { 4 } }",
     "6: level: \"lax\" is not possible; use one of: refuse proof strong "
     "dialback pin\n"
     "6: prooftypes: \"danish\" is not possible; use one of: "
     "pkix srvname dnssec-srv dane dnssec-ta posh xml-assertion service-delegation host-meta "
     "sts attribute-cert\n"
     "6: dane-usages: \"4\" is not possible; use one of: 3 2 1 0\n"},
    {6, "policy \"*\" { delegation-connect = true }",
     "6: delegation-connect: is for policies that admit the prooftype service-delegation; add "
     "that to prooftypes\n"},
    {6, "policy \"*\" {\n prooftypes = { pkix }\n delegation-legacy = true }",
     "8: delegation-legacy: is for policies that admit the prooftype service-delegation; add "
     "that to prooftypes\n"},
    {6, "policy \"*\" { level = pin }",
     "6: level: pin needs pins; add the SHA-256 of the server's key to pins\n"},
    {6, "policy \"*\" { pins = { \"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\" } }",
     "6: pins: is for level pin; set that, or remove it\n"},
    {6, "publication { url = \"https://h.example\" }",
     "6: publication: \"folder\" is missing; name one that this user may write to, or remove "
     "the section\n"},
    {6, "publication { folder = \"f\" sts-mode = enforce }",
     "6: sts-mode: no host could serve under this policy; name the servers in targets or "
     "direct-targets\n"},
    {6, "publication { folder = \"f\" targets = { \"h.example@0\", \"192.0.2.1\", "
        "\"h.example=192.0.2.1\" } }",
     "6: targets: \"h.example@0\": the port is a number from 1 to 65535\n"
     "6: targets: \"192.0.2.1\": it begins with the name of a host\n"
     "6: targets: \"h.example=192.0.2.1\": write HOST or HOST@PORT\n"},
    {6, "publication { folder = \"f\" host-meta-links = { \"h.example\" } }",
     "6: host-meta-links: \"h.example\": write HOST[@PORT]=IP[,IP...]\n"},
    {6, "policy \"*\" { until = \"2027-02-29\" }",
     "6: until: \"2027-02-29\" is no day; write it like \"2027-01-31\", the last day in UTC\n"},
    {6, "policy \"*\" { until = \"2027-1-31\" }",
     "6: until: \"2027-1-31\" is no day; write it like \"2027-01-31\", the last day in UTC\n"},
    {6, "policy \"*\" { observe = proof }",
     "6: observe: \"proof\" is not stricter than what is enforced; name a stricter level, or "
     "fewer observe-prooftypes\n"},
    {6, "policy \"*\" { level = strong observe = proof observe-prooftypes = { dane } }",
     "6: observe: \"proof\" is not stricter than what is enforced; name a stricter level, or "
     "fewer observe-prooftypes\n"},
    {6, "policy \"*\" { level = refuse observe = strong }",
     "6: observe: \"strong\" is not stricter than what is enforced; name a stricter level, or "
     "fewer observe-prooftypes\n"},
    {6, "policy \"*\" { report-only = true observe = strong }",
     "6: observe: the whole section is observed already, by report-only; remove one of them\n"},
    {6, "policy \"*\" { observe-prooftypes = { dane } }",
     "6: observe-prooftypes: nothing is observed; set observe, or remove it\n"},
    {6, "policy \"*\" { observe = pin }",
     "6: observe: pin needs pins; add the SHA-256 of the server's key to pins\n"},
    {6, "policy \"*\" { observe = none report-only = perhaps }",
     "6: report-only: \"perhaps\" is neither true nor false\n"},
    {6, "policy \"*\" { level = pin pins = { "
        "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\", \"e3b0\" } }",
     "6: pins: \"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\" is no SHA-256 in hex or base64\n"
     "6: pins: \"e3b0\" is no SHA-256 in hex or base64\n"},
    {6, "policy \"*\" { prooftypes = { } }",
     "6: prooftypes: has 0 values; 1 to 16 are possible\n"},
    /* the resolver */
    {3, "resolver { mode = forward trust-anchor-file = anchor }",
     "3: resolver: this mode needs resolvers to ask; name at least one in forward\n"},
    {3, "resolver { forward = { \"192.0.2.53\" } root-hints = hints trust-anchor-file = "
     "anchor }",
     "3: resolver: forward names resolvers but mode is \"iterate\", which asks none; set "
     "mode = "
     "\"forward\" or empty it\n"},
    {3, "resolver { mode = stub trust-ad = true forward = { \"127.0.0.1@53\", "
     "\"192.0.2.53\" } }",
     "3: resolver: trust-ad with \"192.0.2.53\": nothing protects the AD bit on its way from "
     "there; use a resolver on the loopback\n"},
    {3, "resolver { mode = forward trust-ad = yes forward = { \"::1\" } "
     "trust-anchor-file = anchor }",
     "3: resolver: trust-ad is for mode = \"stub\"; the others validate\n"},
    {3, "resolver { mode = forward forward = { \"x\" } trust-anchor-file = none }",
     "3: forward: \"x\" is no resolver; write ADDR or ADDR@PORT\n"
     "3: trust-anchor-file: \"none\" cannot be read (No such file or directory); give a file "
     "that this user can read\n"},
    {3, "resolver { mode = stub trust-ad = on forward = { \"127.0.0.1\" } "
     "trust-anchor-file = "
        "none }", ""},
    {3, "resolver { mode = stub forward = { \"127.0.0.1\" } }",
     "3: resolver: without trust-ad = true no answer is secure and nothing can be found; set "
     "it, or use another mode\n"},
    {3, "resolver { mode = forward forward = { \"127.0.0.1\" } root-hints = none "
        "trust-anchor-file = anchor }", ""},
    {3, "resolver { trust-ad = perhaps root-hints = hints trust-anchor-file = anchor }",
     "3: trust-ad: \"perhaps\" is neither true nor false\n"},
    /* links */
    {4, "link \"main\" { listen = \"192.0.2.9@1\" server = \"10.0.0.1@2\" user = root }",
     "4: link \"main\": listen is no loopback address; the hop to the local server is not "
     "encrypted, use 127.x.y.z or ::1\n"
     "4: link \"main\": server is no loopback address; the hop to the local server is not "
     "encrypted, use 127.x.y.z or ::1\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@1\" user = root }",
     "4: link \"main\": server is the gateway's own listener; name the port of the local "
     "server\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" }",
     "4: link \"main\": \"user\" is missing; name the user that the local server runs as, or "
     "say trust-loopback = true to believe every local process\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" trust-loopback = "
        "true }", ""},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = root "
        "trust-loopback = true }",
     "4: link \"main\": user and trust-loopback contradict each other; leave one out\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = "
     "no-such-user }",
     "4: user: \"no-such-user\" is no user of this system; name the user that the local "
     "server "
     "runs as\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = root "
        "kind = tunnel }",
     "4: kind: \"tunnel\" is not possible; use one of: plain external bridge\n"},
    {4, "bridge-folder = b link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" "
        "kind = bridge server-ca = c }", ""},
    {4, "bridge-folder = b link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" "
        "kind = bridge user = root server-key = "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef }", ""},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = bridge "
        "server-ca = c }",
     "4: link \"main\": kind = \"bridge\" without bridge-folder; say at the top level where the "
     "authority's key is kept\n"},
    {4, "bridge-folder = b link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" "
        "kind = bridge }",
     "4: link \"main\": \"server-key\" is missing; give the SHA-256 of the key of the local "
     "server's certificate, or server-ca\n"},
    {4, "bridge-folder = b link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" "
        "kind = bridge server-key = k server-ca = c }",
     "4: link \"main\": server-key and server-ca contradict each other; leave one out\n"},
    {4, "bridge-folder = b link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" "
        "kind = bridge server-key = k }",
     "4: link \"main\": server-key: \"k\" is no SHA-256 in hex or base64\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = root "
        "server-ca = c }",
     "4: link \"main\": server-ca is for kind = \"bridge\"; leave it out, or set that kind\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = external }",
     "4: link \"main\": \"secret-file\" is missing; name the file with the secret that the "
     "module in the local server has, too\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = external "
        "secret-file = s }", ""},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = external "
        "secret-file = s user = root }", ""},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = root\n"
        "secret-file = s }",
     "5: link \"main\": secret-file is for kind = \"external\"; leave it out, or set that "
     "kind\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = external\n"
        "secret-file = s trust-loopback = true }",
     "5: link \"main\": trust-loopback is for kind = \"plain\": the secret, or the "
     "certificate, says whom to believe; leave it out\n"},
    {4, "link \"main\" { listen = \"192.0.2.9@1\" server = \"127.0.0.1@2\" kind = external "
        "secret-file = s }",
     "4: link \"main\": listen is no loopback address; the hop to the local server is not "
     "encrypted, use 127.x.y.z or ::1\n"},
    {6, "link \"two\" { listen = \"127.0.2.1@5269\" server = \"127.0.0.2@5269\" user = "
     "root }",
     "6: link \"two\": listens where link \"main\" does; give each link an address or a "
     "port of "
     "its own\n"},
    {6, "link \"main\" { listen = \"127.0.2.2@5269\" server = \"127.0.0.2@5269\" user = "
     "root }",
     "6: link \"main\": is there twice; give each a name of its own\n"},
    {2, "public { listen = { \"127.0.2.1@5269\" } certificate = cert.pem key = key.pem }",
     "4: link \"main\": listens where the public side does; give the link an address or "
     "a port "
     "of its own\n"},
    {2, "public { listen = { \"0.0.0.0@5269\" } certificate = cert.pem key = key.pem }",
     "4: link \"main\": listens where the public side does; give the link an address or "
     "a port "
     "of its own\n"
     "4: link \"main\": server is the gateway's own listener; name the port of the local "
     "server\n"},
    {2, "public { listen = { \"::1@1\", \"0:0::1@1\" } certificate = cert.pem key = "
     "key.pem }",
     "2: listen: \"0:0::1@1\" is covered by \"::1@1\"; leave one out\n"},
    {2, "public { listen = { \"192.0.2.1@1\" } listen-direct-tls = { \"0.0.0.0@1\" } certificate "
        "= cert.pem key = key.pem }",
     "2: listen-direct-tls: \"0.0.0.0@1\" is covered by \"192.0.2.1@1\"; leave one out\n"},
    {4, "link \"main\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" user = root }\n"
        "link \"two\" { listen = \"127.0.0.1@2\" server = \"127.0.0.1@3\" user = root }",
     "4: link \"main\": server is the gateway's own listener; name the port of the local "
     "server\n"},
    {4, "",
     "1: there is no link; add a link section for the local server\n"
     "5: host \"a.example\": there is no link \"main\"; add it, or correct the name\n"},
    {6, "link \"two\" { listen = \"127.0.0.1@1\" server = \"127.0.0.1@2\" kind = external "
        "secret-file = s }\nlink \"three\" { listen = \"127.0.0.1@3\" server = "
        "\"127.0.0.1@4\" kind = external secret-file = s }",
     "7: link \"three\": has the secret-file of link \"two\"; give each link a secret of its "
     "own\n"},
    /* hosts and policies */
    {5, "", "1: no domain is hosted; add a host section for each, or name a map of them with "
            "map-file\n"},
    {5, "host \"a.example\" { }",
     "5: host \"a.example\": \"link\" is missing; it is: the link that serves it\n"},
    {5, "host \"a.example\" { link = \"other\" }",
     "5: host \"a.example\": there is no link \"other\"; add it, or correct the name\n"},
    {5, "host \"A.Example\" { link = main }",
     "5: host \"A.Example\": is not the canonical form; write \"a.example\"\n"},
    {5, "host \"a_b.example\" { link = main }",
     "5: host \"a_b.example\": is no domain that all servers read alike; write its "
     "A-label form "
     "(xn--...)\n"},
    {5, "host \"192.0.2.1\" { link = main }",
     "5: host \"192.0.2.1\": is no domain that all servers read alike; write its A-label "
     "form "
     "(xn--...)\n"},
    {6, "host \"a.example\" { link = main }",
     "6: host \"a.example\": is there twice (first on line 5); remove one\n"},
    {6, "host \"b.example\" { link = main dnssec-ta-url = \"ftp://x\" }",
     "6: dnssec-ta-url: \"ftp://x\" is no http or https URL; write the whole URL, or "
     "leave it "
     "empty\n"},
    {6, "policy \"*.example\" { }",
     "6: policy \"*.example\": write \"*\", a domain, or \".suffix\"\n"},
    {6, "policy \".Example\" { }",
     "6: policy \".Example\": is not the canonical form; write \".example\"\n"},
    {6, "policy \"*\" { }\npolicy \"*\" { }", "7: policy \"*\": is there twice; remove "
     "one\n"},
};

/* Puts "t.conf:" before every line. */
static void with_file(const char *errors, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    while (*errors != '\0') {
        size_t line = strcspn(errors, "\n");
        len += (size_t)snprintf(out + len, size - len, "t.conf:%.*s\n", (int)line, errors);
        errors += line + 1;
    }
}

static void faults(void **state)
{
    char expected[4096];
    (void)state;
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        char *errors;
        write_config(faulty[i].at, faulty[i].text);
        gateway_config_free(read_config("t.conf", &errors));
        with_file(faulty[i].errors, expected, sizeof expected);
        if (strcmp(errors, expected) != 0) {
            print_error("%s\n", faulty[i].text);
        }
        assert_string_equal(errors, expected);
        free(errors);
    }
}

static void all_faults_at_once(void **state)
{
    char *errors;
    (void)state;
    write_file("t.conf", "ca-file = none\nlock = 1\npublic {\n listen = { \"1.2.3.4\" }\n"
                         " certificate = none\n kez = none\n}\nlink \"a\" {\n listen = "
                         "\"10.0.0.1@1\"\n server = \"127.0.0.1@1\"\n}\nhost \"x..y\" "
                         "{\n link "
                         "= b\n}\n");
    gateway_config_free(read_config("t.conf", &errors));
    for (const char *const *want =
             (const char *const[]){"t.conf:1: ca-file", "t.conf:2: there is no option "
                 "\"lock\"",
                                   "t.conf:4: listen", "t.conf:5: certificate",
                                   "t.conf:6: there is no option \"kez\"", "\"key\" is "
                                   "missing",
                                   "t.conf:9: link \"a\"", "\"user\" is missing",
                                   "t.conf:12: host \"x..y\"", "t.conf:13: host "
                                   "\"x..y\"", NULL};
         *want != NULL; want++) {
        if (strstr(errors, *want) == NULL) {
            print_error("%s\nlacks: %s\n", errors, *want);
        }
        assert_non_null(strstr(errors, *want));
    }
    free(errors);
}

static void no_file(void **state)
{
    char *errors;
    (void)state;
    assert_null(read_config("none.conf", &errors));
    assert_string_equal(errors, "none.conf: No such file or directory; name a readable file "
                                "with -c\n");
    free(errors);
}

static void many_hosts(void **state)
{
    FILE *file;
    char *errors;
    const struct gateway_config *c;
    (void)state;
    write_config(0, NULL);
    file = fopen("t.conf", "a");
    assert_non_null(file);
    for (unsigned i = 0; i < 10000; i++) {
        fprintf(file, "host \"c%u.example\" { link = main }\n", i);
    }
    assert_int_equal(fclose(file), 0);
    c = read_config("t.conf", &errors);
    assert_string_equal(errors, "");
    assert_int_equal(c->n_hosts, 10001);
    gateway_config_free(c);
    free(errors);
}

/* What --print shows is a file that means the same. */
static void printed_and_read_again(void **state)
{
    char *first, *second;
    size_t size;
    FILE *out = open_memstream(&first, &size);
    (void)state;
    write_config(6, "host \"b.example\" { link = main dnssec-ta-url = "
        "\"http://h/a\\\"b\\\\c\" }\n"
                    "policy \"*\" { level = strong }");
    assert_true(gateway_config_print("t.conf", out, stderr));
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(first, "  prooftypes = { \"pkix\", \"srvname\", \"dnssec-srv\", "
                                  "\"dane\", \"dnssec-ta\", \"posh\" }\n"
                                  "  dane-usages = { \"3\", \"2\" }\n"
                                  "  delegation-connect = false\n"
                                  "  delegation-legacy = false\n"));
    write_file("u.conf", first);
    out = open_memstream(&second, &size);
    assert_true(gateway_config_print("u.conf", out, stderr));
    assert_int_equal(fclose(out), 0);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

/* The example, with its files put where this test has them. */
static void the_example(void **state)
{
    static const char *const files[][2] = {
        {"/etc/dna-gateway/provider.pem", "cert.pem"},
        {"/etc/dna-gateway/provider.key", "key.pem"},
        {"/etc/ssl/certs/ca-certificates.crt", "ca.pem"},
        {"/usr/share/dns/root.hints", "hints"},
        {"/usr/share/dns/root.key", "anchor"},
        {"user = \"prosody\"", "user = \"root\""},
    };
    FILE *example = fopen(EXAMPLE, "r"), *copy = fopen("e.conf", "w");
    char line[1024], *errors;
    (void)state;
    assert_non_null(example);
    assert_non_null(copy);
    while (fgets(line, sizeof line, example) != NULL) {
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            char *at = strstr(line, files[i][0]);
            if (at != NULL) {
                size_t old = strlen(files[i][0]), new = strlen(files[i][1]);
                memmove(at + new, at + old, strlen(at + old) + 1);
                memcpy(at, files[i][1], new);
            }
        }
        assert_true(fputs(line, copy) >= 0);
    }
    (void)fclose(example);
    assert_int_equal(fclose(copy), 0);
    gateway_config_free(read_config("e.conf", &errors));
    assert_string_equal(errors, "");
    free(errors);
}

/* One key, written three ways. */
static void pins_are_read(void **state)
{
    static const unsigned char empty[DNA_PIN_SIZE] = {
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
        0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    const struct gateway_config *c;
    char *errors;
    (void)state;
    write_config(6, "policy \"a.example\" { level = pin pins = { "
                    "\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\", "
                    "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", "
                    "\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\" } }\n"
                    "policy \"b.example\" { level = dialback }");
    c = read_config("t.conf", &errors);
    assert_string_equal(errors, "");
    assert_int_equal(c->policies[0].policy.level, DNA_LEVEL_PIN);
    assert_int_equal(c->policies[0].policy.n_pins, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(c->policies[0].policy.pins[i], empty, sizeof empty);
    }
    assert_int_equal(c->policies[1].policy.level, DNA_LEVEL_DIALBACK);
    gateway_config_free(c);
    free(errors);
}

static void ends_and_what_is_observed(void **state)
{
    const struct gateway_config *c;
    char *text;
    (void)state;
    write_config(6, "policy \"*\" { level = dialback observe = proof "
                    "observe-prooftypes = { dane, posh } }\n"
                    "policy \"a.example\" { level = refuse until = \"2028-02-29\" }\n"
                    "policy \".example\" { level = strong report-only = true }\n");
    c = read_config("t.conf", &text);
    assert_string_equal(text, "");
    assert_int_equal(c->n_policies, 3);
    assert_true(c->policies[0].observes);
    assert_int_equal(c->policies[0].policy.level, DNA_LEVEL_DIALBACK);
    assert_int_equal(c->policies[0].observed.level, DNA_LEVEL_PROOF);
    assert_int_equal(c->policies[0].observed.prooftypes,
                     DNA_PROOF_BIT(DNA_PROOF_DANE) | DNA_PROOF_BIT(DNA_PROOF_POSH));
    assert_int_equal(c->policies[0].until, 0);
    assert_int_equal(c->policies[1].until, 1835481600); /* March 1st */
    assert_int_equal(c->policies[1].line, 7);
    assert_true(c->policies[2].report_only);
    assert_false(c->policies[2].observes);
    gateway_config_free(c);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_are_read),
        cmocka_unit_test(ends_and_what_is_observed),
        cmocka_unit_test(a_sound_file),
        cmocka_unit_test(values_that_were_set),
        cmocka_unit_test(faults),
        cmocka_unit_test(all_faults_at_once),
        cmocka_unit_test(no_file),
        cmocka_unit_test(many_hosts),
        cmocka_unit_test(printed_and_read_again),
        cmocka_unit_test(the_example),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
