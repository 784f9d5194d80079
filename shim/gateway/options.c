/* gateway/options.c: the table. */
#include "options.h"

#include <string.h>

const struct option_section gateway_sections[] = {
    {"public", false, NULL, "the side that faces the Internet"},
    {"resolver", false, NULL, "how DNS is asked"},
    {"address-guard", false, NULL, "where outgoing connections may lead"},
    {"link", true, "a name of your choice", "one local server"},
    {"host", true, "a domain", "a domain that is served here"},
    {"policy", true, "\"*\", a domain, or \".suffix\"", "whom to believe, and by what"},
    {"queue", false, NULL, "what waits while a domain is being proven"},
    {"store", false, NULL, "what outlives the process, or is shared by several gateways"},
    {"publication", false, NULL, "documents for a web server, kept up to date"},
    {"log", false, NULL, "what is logged, to standard error"},
};
const size_t gateway_n_sections = sizeof gateway_sections / sizeof *gateway_sections;

const struct option gateway_options[] = {
    {"", "ca-file", OPTION_FILE, false, false, 0, 0, NULL,
     "/etc/ssl/certs/ca-certificates.crt", "PEM file of the certificate authorities believed"},
    {"", "bridge-folder", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "where the key of the authority for links of kind bridge is kept, for the gateway alone "
     "(mode 0700); empty: there are no such links"},
    {"", "map-file", OPTION_FILE, true, false, 0, 64, NULL, "",
     "files with a line for each hosted customer, beside the host sections"},
    {"public", "listen", OPTION_ADDRESS, true, true, 1, 16, NULL, "",
     "addresses and ports for other servers, usually port 5269"},
    {"public", "listen-direct-tls", OPTION_ADDRESS, true, false, 0, 16, NULL, "",
     "addresses and ports for other servers that begin with TLS (XEP-0368), usually port 5270"},
    {"public", "balancers", OPTION_PREFIX, true, false, 0, 64, NULL, "",
     "load balancers in front (ADDR/BITS): their connections begin with a PROXY header, "
     "version 2, that says whose they are; nobody else's may"},
    {"public", "certificate", OPTION_FILE, false, true, 0, 0, NULL, "",
     "the provider's certificate chain, PEM, leaf first"},
    {"public", "key", OPTION_FILE, false, true, 0, 0, NULL, "", "its private key, PEM"},
    {"public", "certificate-folder", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "where ACME clients put certificates with their keys; each serves the domains it names"},
    {"public", "source", OPTION_IP, false, false, 0, 0, NULL, "",
     "local address of outgoing connections; empty: the system's choice"},
    {"resolver", "mode", OPTION_WORD, false, false, 0, 0, "iterate forward stub",
     "iterate", "iterate: ask from the root on; forward: ask the resolvers in forward; both "
                "validate. stub: believe the resolvers in forward"},
    {"resolver", "forward", OPTION_RESOLVER, true, false, 0, 8, NULL, "",
     "resolvers to ask in the modes forward and stub, ADDR or ADDR@PORT"},
    {"resolver", "trust-ad", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "needed for stub: believe the AD bit of those resolvers, which must be on the loopback"},
    {"resolver", "root-hints", OPTION_FILE, false, false, 0, 0, NULL,
     "/usr/share/dns/root.hints", "names and addresses of the root servers"},
    {"resolver", "trust-anchor-file", OPTION_FILE, false, false, 0, 0, NULL,
     "/usr/share/dns/root.key", "the root's DNSSEC key"},
    {"resolver", "island-anchor-files", OPTION_FILE, true, false, 0, 64, NULL, "",
     "keys of further zones that are believed"},
    {"address-guard", "allow", OPTION_PREFIX, true, false, 0, 64, NULL, "",
     "prefixes (ADDR/BITS) that may be connected to although they are not global ones"},
    {"address-guard", "fetch-ports", OPTION_PORT, true, false, 0, 16, NULL, "",
     "ports beyond 80 and 443 that a document may be fetched from"},
    {"link", "kind", OPTION_WORD, false, false, 0, 0, "plain external bridge", "plain",
     "plain: server dialback over loopback, without TLS; external: a module in the local "
     "server proves a shared secret, and so does the gateway to it; bridge: TLS and SASL "
     "EXTERNAL, with certificates that the gateway makes for domains it has proven"},
    {"link", "server-key", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "bridge: SHA-256 of the public key of the local server's certificate, in hex or base64"},
    {"link", "server-ca", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "bridge, instead of server-key: PEM file of the authorities whose certificates the local "
     "server has for its domains"},
    {"link", "listen", OPTION_ADDRESS, false, true, 0, 0, NULL, "",
     "loopback address and port where the local server's outgoing streams arrive"},
    {"link", "server", OPTION_ADDRESS, false, true, 0, 0, NULL, "",
     "loopback address and port of the local server's own s2s listener"},
    {"link", "user", OPTION_USER, false, false, 0, 0, NULL, "",
     "the system user that the local server runs as: nobody else may connect, or is connected "
     "to"},
    {"link", "secret-file", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "external: a file that only the gateway may read (mode 0600), with 32 to 512 characters "
     "in one line; the module has a copy of its own"},
    {"link", "listen-dns", OPTION_ADDRESS, false, false, 0, 0, NULL, "",
     "loopback address and port of a name server that leads the local server's outgoing "
     "streams to listen; empty: none"},
    {"link", "dns-forward", OPTION_RESOLVER, true, false, 0, 8, NULL, "",
     "resolvers that all its other queries go to, ADDR or ADDR@PORT"},
    {"link", "proxy-protocol", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: the local server expects a PROXY header, version 2, on its s2s port"},
    {"link", "trust-loopback", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: believe every local process, whoever runs it"},
    {"host", "link", OPTION_TEXT, false, true, 0, 0, NULL, "", "the link that serves it"},
    {"host", "certificate", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "the domain's own certificate chain, PEM, instead of the provider's"},
    {"host", "key", OPTION_TEXT, false, false, 0, 0, NULL, "", "its private key, PEM"},
    {"host", "dnssec-ta-url", OPTION_URL, false, false, 0, 0, NULL, "",
     "where the CA certificate of its zone key is; the answer to a dnssec-ta challenge"},
    {"host", "attribute-cert-file", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "its owner's attribute certificate, as `dna publish` makes it; the answer to a challenge"},
    {"policy", "level", OPTION_WORD, false, false, 0, 0,
     "refuse proof strong dialback pin", "proof",
     "refuse: never; proof: any admitted prooftype; strong: DNSSEC from the root only; "
     "dialback: a proof, or server dialback over TLS, which proves nothing; pin: the "
     "certificate's key is one of pins"},
    {"policy", "pins", OPTION_TEXT, true, false, 0, 4, NULL, "",
     "with level pin: SHA-256 of the server's public key, in hex or base64"},
    {"policy", "report-only", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: the section decides nothing; what would apply without it does, and the log says "
     "whom it would have refused"},
    {"policy", "until", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "the last day of an exception, in UTC, like 2027-01-31; then what would apply without "
     "the section does; empty: no end"},
    {"policy", "observe", OPTION_WORD, false, false, 0, 0, "none proof strong pin", "none",
     "a stricter level that decides nothing: the log says whom it would have refused"},
    {"policy", "observe-prooftypes", OPTION_WORD, true, false, 0, 16,
     "pkix srvname dnssec-srv dane dnssec-ta posh xml-assertion service-delegation "
     "host-meta sts attribute-cert",
     "", "the prooftypes that it admits; none: those of prooftypes"},
    {"policy", "prooftypes", OPTION_WORD, true, false, 1, 16,
     "pkix srvname dnssec-srv dane dnssec-ta posh xml-assertion service-delegation "
     "host-meta sts attribute-cert",
     "pkix srvname dnssec-srv dane dnssec-ta posh", "the prooftypes that are admitted"},
    {"policy", "dane-usages", OPTION_WORD, true, false, 1, 4, "3 2 1 0", "3 2",
     "the certificate usages of TLSA records that count; records of others are unusable"},
    {"policy", "delegation-connect", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: the peer's service delegation document, where there is one, says where to connect"},
    {"policy", "delegation-legacy", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: look for that document also at https://www.DOMAIN/.well-known/services/xmpp/"},
    {"policy", "attribute-cert-accept-www", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: an attribute certificate may be issued by who has a certificate for www.DOMAIN"},
    {"policy", "attribute-cert-accept-wildcard", OPTION_YES_NO, false, false, 0, 0, NULL,
     "false", "true: ... or a wildcard certificate that covers DOMAIN"},
    {"policy", "attribute-cert-accept-serial", OPTION_YES_NO, false, false, 0, 0, NULL, "false",
     "true: ... and may name its holder by the issuer and serial number of its certificate"},
    {"queue", "pair-stanzas", OPTION_NUMBER, false, false, 1, 1000000, NULL, "1000",
     "stanzas that may wait per pair of domains"},
    {"queue", "pair-bytes", OPTION_NUMBER, false, false, 10000, 1L << 30, NULL, "1048576",
     "bytes that may wait per pair of domains"},
    {"queue", "total-bytes", OPTION_NUMBER, false, false, 10000, 1L << 34, NULL, "67108864",
     "bytes that may wait in all"},
    {"queue", "seconds", OPTION_NUMBER, false, false, 1, 600, NULL, "30",
     "how long a stanza may wait"},
    {"store", "kind", OPTION_WORD, false, false, 0, 0, "sqlite redis none", "sqlite",
     "sqlite: a file of this gateway alone; redis: a server that several share; none: nothing"},
    {"store", "file", OPTION_TEXT, false, false, 0, 0, NULL, "/var/lib/dna-gateway/store.db",
     "the file of kind sqlite; its folder must exist"},
    {"store", "redis", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "the server of kind redis: ADDR@PORT, or the path of its Unix socket"},
    {"store", "redis-password-file", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "file with its password in the first line; empty: none is needed"},
    {"store", "key-file", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "at least 32 random bytes that vouch for what is in it, the same for all who share it; "
     "empty: file with .key behind its name, made if it is not there"},
    {"publication", "folder", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "where they go; a web server serves the folder current in it"},
    {"publication", "url", OPTION_URL, false, false, 0, 0, NULL, "",
     "where that is served, for the index: https://HOST without a path"},
    {"publication", "next-certificate", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "PEM file of the provider's certificate that will be used soon, published ahead"},
    {"publication", "seconds", OPTION_NUMBER, false, false, 60, 604800, NULL, "86400",
     "how long others may remember the documents"},
    {"publication", "targets", OPTION_TEXT, true, false, 0, 32, NULL, "",
     "servers with STARTTLS, HOST or HOST@PORT, for service delegation and sts"},
    {"publication", "direct-targets", OPTION_TEXT, true, false, 0, 32, NULL, "",
     "servers with direct TLS, for the same"},
    {"publication", "host-meta-links", OPTION_TEXT, true, false, 0, 32, NULL, "",
     "servers with direct TLS and their addresses, HOST[@PORT]=IP[,IP...], for host metadata"},
    {"publication", "sts-mode", OPTION_WORD, false, false, 0, 0, "off none testing enforce",
     "off", "what others are to do about servers that are not among the targets; off: no policy"},
    {"publication", "sts-max-age", OPTION_NUMBER, false, false, 0, 31557600, NULL, "604800",
     "how long others remember that policy, in seconds"},
    {"publication", "dnssec-ta-folder", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "where DOMAIN.pem is the certificate of a hosted domain's zone key"},
    {"log", "level", OPTION_WORD, false, false, 0, 0, "error warning info debug", "info",
     "the least important lines that are logged"},
    {"log", "evidence-folder", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "where the evidence of rulings goes, for dna verify; empty: nowhere"},
    {"log", "evidence-of", OPTION_WORD, false, false, 0, 0, "refused all", "refused",
     "refused: of rulings that do not accept; all: of every ruling"},
    {"log", "evidence-files", OPTION_NUMBER, false, false, 1, 99999, NULL, "1000",
     "most files in that folder; then the oldest is overwritten"},
    {"log", "evidence-key", OPTION_TEXT, false, false, 0, 0, NULL, "",
     "PEM file of the private key, Ed25519 or ECDSA, that signs the evidence; empty: none"},
};
const size_t gateway_n_options = sizeof gateway_options / sizeof *gateway_options;

const struct option *gateway_option(const char *section, const char *name)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strcmp(gateway_options[i].section, section) == 0 &&
            strcmp(gateway_options[i].name, name) == 0) {
            return &gateway_options[i];
        }
    }
    return NULL;
}
