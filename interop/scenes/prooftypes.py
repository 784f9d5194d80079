"""Every way to prove a delegation: once with what the prooftype needs, once with material
that speaks of somebody else.

One provider, south.dna, serves a customer for each prooftype, and holds none of their keys;
north.dna's gateway admits for each customer just that prooftype.  Every document, record,
request and certificate is made by `dna publish`, by the party that would make it.
"""

import json
import sys

from lab.ca import Authority
from lab.gateway import Gateway
from lab.network import Network
from lab.process import run
from lab.web import WebServer, publish
from lab.xmpp import Client, Prosody
from lab.zones import NameServer, Signer, Zone, root_hints

from .stage import Claims, perform
from .telling import Telling
from .world import DNS, NAMESERVER

ADDRESSES = {"dns": "44.128.0.1", "north": "44.128.1.1", "south": "44.128.2.1",
             "web": "44.128.4.1"}
HOME = "home.dna"
HOST = "xmpp.south.dna"
USER = "bob"

# prooftype, the customer, and who has published what.
CASES = (
    ("pkix", "pkix", "the provider's certificate names the customer"),
    ("srvname", "srvname", "... or just the customer's XMPP service"),
    ("dnssec-srv", "secure", "the customer's zone is signed and delegated"),
    ("dane", "dane", "... and the provider publishes the key of its server"),
    ("dnssec-ta", "anchor", "the zone is signed, a CA certified its key"),
    ("posh", "posh", "the customer's web site refers to the provider's fingerprint"),
    ("attribute-cert", "acert", "the customer signed an attribute certificate"),
    ("xml-assertion", "assertion", "an XML document on the customer's web site"),
    ("service-delegation", "service", "a JSON document on the customer's web site"),
    ("service-delegation", "connect", "... which also says where to connect: no SRV record"),
    ("host-meta", "hostmeta", "host metadata with the key of the provider's server"),
    ("sts", "sts", "a policy of the hosts that may serve the customer"),
)
PROVEN = "PROVEN"
# What signatures show from the root of the DNS down to the records.
SIGNED_BY_DNS = ("dnssec-srv", "dane", "dnssec-ta")
FALSE = "false-"     # before the name of the customer whose material speaks of others


def customers():
    for _, name, _ in CASES:
        yield f"{name}.dna"
        yield f"{FALSE}{name}.dna"


class Parade(Claims):
    def __init__(self, world, screen):
        # The frame's world lends its programs and is told what to stop.
        super().__init__(world, screen)
        self.telling = Telling(world, screen)
        self.documents = {}     # host: {path: text}
        self.records = {}       # zone: lines

    def dna(self, *arguments):
        """What `dna publish` prints."""
        made = run([self.world.programs["dna"], "publish", *arguments, "--json"])
        return json.loads(made)["text"]

    # --- the set-up ------------------------------------------------------------------------

    def set_up(self):
        step = self.screen.step
        self.screen.heading("Setting up")
        with step("four machines and a router"):
            self.make_network()
        with step("certificates of the providers and the customers' web sites"):
            self.make_certificates()
        with step("what customers and provider publish, by dna publish"):
            for prooftype, name, _ in CASES:
                make = getattr(self, "make_" + prooftype.replace("-", "_"))
                make(f"{name}.dna", self.papers["south"])
                make(f"{FALSE}{name}.dna", self.papers["other"])
        with step("DNS and web servers"):
            self.make_zones()
            self.make_webs()
        with step("two Prosody servers behind two gateways"):
            self.start_north()
            self.start_south()

    def make_network(self):
        self.world.net = self.net = Network(self.world.directory)
        for name, address in ADDRESSES.items():
            self.net.machine(name, address)
        self.net.machines["dns"].run(["ip", "addr", "add", f"{DNS}/32", "dev", "lo"])
        run(["ip", "route", "add", f"{DNS}/32", "dev", "to-dns"])
        self.signer = Signer(self.world.directory / "zones", NAMESERVER)

    def make_certificates(self):
        self.authority = Authority(self.world.directory / "ca")
        north, south = (self.net.machines[name].directory for name in ("north", "south"))
        self.papers = {
            "north": self.authority.certify("xmpp.north.dna", north),
            "south": self.authority.certify(HOST, south, also=(
                "dane.south.dna", "false-dane.south.dna", "pkix.dna",
                "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.srvname.dna")),
            # Somebody else's, of whom false material speaks.
            "other": self.authority.certify("xmpp.other.dna", self.world.directory)}
        self.owners = self.world.directory / "owners"
        self.owners.mkdir()

    def document(self, host, path, text):
        self.documents.setdefault(host, {})[path] = text

    def record(self, zone, text):
        lines = [line for line in text.splitlines() if line and not line.startswith(";")]
        self.records.setdefault(zone, []).extend(lines)

    def srv(self, domain, target=HOST):
        self.record(domain, self.dna("srv", "--domain", domain, "--target", target))

    @staticmethod
    def server_of(papers):
        return papers[0].name.removesuffix(".pem")

    def make_pkix(self, domain, _):
        self.srv(domain)

    make_srvname = make_pkix

    def make_dnssec_srv(self, domain, _):
        """The false one's zone is not signed."""
        self.srv(domain)

    def make_dane(self, domain, papers):
        target = f"{domain.removesuffix('.dna')}.south.dna"
        self.srv(domain, target)
        self.record("south.dna", self.dna("tlsa", "--host", target, "--cert", papers[0]))

    def make_dnssec_ta(self, domain, _):
        """The false one's certificate is over a key that is not the zone's."""
        self.srv(domain)
        if domain.startswith(FALSE):
            certificate, _ = self.authority.certify(domain, self.owners)
        else:
            key = self.signer.key(domain)
            request = self.owners / f"{domain}.csr"
            request.write_text(self.dna("ta-request", "--domain", domain, "--key",
                                        f"{key}.private", "--dnskey", f"{key}.key"),
                               encoding="ascii")
            certificate = self.authority.certify_request(domain, request, self.owners)
        self.document("www.south.dna", f"/{domain}.cert",
                      certificate.read_text(encoding="ascii"))

    def make_posh(self, domain, papers):
        self.srv(domain)
        self.document("www.south.dna", f"/{domain}.json",
                      self.dna("posh", "--cert", papers[0]))
        self.document(domain, "/.well-known/posh/xmpp-server.json",
                      self.dna("posh", "--url", f"https://www.south.dna/{domain}.json"))

    def make_attribute_cert(self, domain, papers):
        self.srv(domain)
        issuer, key = self.authority.certify(domain, self.owners)
        path = self.owners / f"{domain}.ac"
        path.write_text(self.dna("attribute-cert", "--domain", domain, "--issuer", issuer,
                                 "--key", key, "--cert", papers[0]), encoding="ascii")

    def make_xml_assertion(self, domain, papers):
        self.srv(domain)
        self.document(domain, "/.well-known/xmpp-delegation.xml",
                      self.dna("assertion", "--domain", domain, "--target",
                               self.server_of(papers), "--cert", papers[0]))

    def make_service_delegation(self, domain, papers):
        """connect.dna has no SRV record."""
        if "connect" not in domain:
            self.srv(domain)
        target = self.server_of(papers)
        extra = () if not domain == f"{FALSE}connect.dna" else ("--names", target)
        host = HOST if extra else target
        self.document(domain, "/.well-known/service/xmpp-server",
                      self.dna("delegation", "--domain", domain, "--target", host, *extra))

    def make_host_meta(self, domain, papers):
        self.srv(domain)
        self.document(domain, "/.well-known/host-meta.json",
                      self.dna("host-meta", "--domain", domain, "--link",
                               f"{self.server_of(papers)}={ADDRESSES['south']}",
                               "--cert", papers[0]))

    def make_sts(self, domain, papers):
        self.srv(domain)
        self.record(domain, self.dna("sts", "--domain", domain, "--zone"))
        self.document(f"xmpp-sts.{domain}", "/.well-known/xmpp-sts.txt",
                      self.dna("sts", "--domain", domain, "--policy", "--mode", "enforce",
                               "--host", self.server_of(papers)))

    def make_zones(self):
        here, web = ADDRESSES["south"], ADDRESSES["web"]
        zones = [
            Zone(".", [f"{NAMESERVER} A {DNS}"]), Zone("dna", [f"{NAMESERVER} A {DNS}"]),
            Zone("north.dna", [f"xmpp A {ADDRESSES['north']}"]),
            Zone("south.dna", [f"{host} A {here}" for host in
                               ("xmpp", "www", "dane", "false-dane")]
                 + self.records["south.dna"]),
            Zone(HOME, ["_xmpp-server._tcp SRV 0 0 5269 xmpp.north.dna."])]
        for domain in customers():
            name = domain.removesuffix(".dna")
            zones.append(Zone(
                domain, [f"@ A {web}", f"xmpp-sts A {web}"] + self.records.get(domain, []),
                signed=name in ("secure", "dane", "false-dane", "anchor", "false-anchor"),
                island="anchor" in name))
        self.signer.publish(zones)
        self.hints = self.world.directory / "root.hints"
        root_hints(self.hints, NAMESERVER, DNS)
        NameServer(self.net.machines["dns"], DNS, self.signer.directory).start()

    def make_webs(self):
        servers = {name: WebServer(self.net.machines[name]) for name in ("south", "web")}
        for host, documents in self.documents.items():
            server = servers["south" if host == "www.south.dna" else "web"]
            directory = server.state
            root = server.site(host, *self.authority.certify(host, directory))
            for path, text in documents.items():
                publish(root, path, text)
        for server in servers.values():
            server.start()

    def environment(self):
        return {"ca": self.authority.certificate, "hints": self.hints,
                "anchor": self.signer.dnskey_file("."), "dns": DNS}

    def start(self, provider, domains, hosts, policies=None, evidence=None):
        machine = self.net.machines[provider]
        prosody = Prosody(machine, domains)
        for domain in domains:
            prosody.register(USER, domain)
        prosody.start()
        gateway = Gateway(machine, self.world.programs["gateway"], *self.papers[provider],
                          self.environment(), hosts, policies, self.world.under, evidence)
        self.world.gateways[provider] = gateway
        self.world.daemons[provider] = gateway.start()

    def start_north(self):
        policies = {}
        for prooftype, name, _ in CASES:
            for domain in (f"{name}.dna", f"{FALSE}{name}.dna"):
                policies[domain] = {"prooftypes": f'{{ "{prooftype}" }}'}
                if name == "connect":
                    policies[domain]["delegation-connect"] = "true"
        self.evidence_key = self.owners / "evidence.key"
        run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", self.evidence_key])
        self.start("north", [HOME], {HOME: {}}, policies, self.evidence_key)
        self.home = Client(self.net.machines["north"], self.world.programs["chat"],
                           f"{USER}@{HOME}")

    def start_south(self):
        hosts = {domain: {} for domain in customers()}
        for domain in ("anchor.dna", f"{FALSE}anchor.dna"):
            hosts[domain]["dnssec-ta-url"] = f"https://www.south.dna/{domain}.cert"
        for domain in ("acert.dna", f"{FALSE}acert.dna"):
            hosts[domain]["attribute-cert-file"] = self.owners / f"{domain}.ac"
        self.start("south", list(customers()), hosts)

    # --- the parade ---------------------------------------------------------------------------

    def play(self):
        self.screen.prose("""south.dna serves a customer for each prooftype and holds none of
            their keys. north.dna's gateway admits just that one for it. Beside each stands
            a customer whose material speaks of somebody else.""")
        self.set_up()
        for prooftype, name, story in CASES:
            self.screen.heading(f"{prooftype}: {name}.dna")
            self.screen.prose(story)
            self.proven(prooftype, f"{name}.dna")
            self.refused(f"{FALSE}{name}.dna")
        self.screen.heading("The evidence, heard again offline by dna verify")
        self.evidence()
        self.last_word("every prooftype proved what it should and nothing else")
        return self.failures

    def evidence(self):
        """Every ruling of north.dna's gateway, from its signed record alone."""
        gateway = self.world.gateways["north"]
        logged = [(r["domain"], r["ruling"], r["why"]) for r in gateway.rulings()]
        heard, good = [], True
        for file in sorted(gateway.evidence.iterdir()):
            # Exit status 1 is a refusal, which many of them record.
            said = json.loads(run([self.world.programs["dna"], "verify", file, "--json",
                                   "--roots", self.authority.certificate,
                                   "--key", self.evidence_key], good=(0, 1)))
            good = good and said["signature"] == "good" and (
                (said["ruling"] == PROVEN) == (said["recorded"] == PROVEN))
            heard.append((said["domain"], said["recorded"], said["why"]))
        self.claim(good and sorted(heard) == sorted(logged),
                   f"{len(heard)} rulings, each the same as in the log, word for word")
        for prooftype, name, _ in CASES:
            if prooftype in SIGNED_BY_DNS:
                self.shown_by_dns(f"{name}.dna")

    def shown_by_dns(self, domain):
        """The proof from the root's key down, without the word of the gateway that made it."""
        worth = set()
        for file in sorted(self.world.gateways["north"].evidence.iterdir()):
            bundle = json.loads(file.read_text(encoding="ascii"))
            if bundle["question"]["domain"] == domain and bundle["ruling"]["ruling"] == PROVEN:
                run([self.world.programs["dna"], "verify", file, "--roots",
                     self.authority.certificate, "--trust-anchor",
                     self.signer.dnskey_file(".")], good=(0,))
                # Without the DNS root's key it is nobody's word.
                run([self.world.programs["dna"], "verify", file, "--roots",
                     self.authority.certificate], good=(3,))
                worth.add(file)
        self.claim(worth, f"{domain} is proven by the DNS root's key alone, offline")

    def ruling(self, domain):
        rulings = self.world.gateways["north"].rulings(domain=domain, role="initiating")
        for ruling in rulings[-1:]:
            self.telling.ruling("north", ruling)
        return rulings[-1] if rulings else {}

    def proven(self, prooftype, domain):
        client = Client(self.net.machines["south"], self.world.programs["chat"],
                        f"{USER}@{domain}")
        log = self.world.gateways["north"].log
        self.home.send(client.address, "Is it you?")
        client.wait_for_message(self.home.address, "Is it you?", log=log)
        client.send(self.home.address, f"It is {domain}.")
        self.home.wait_for_message(client.address, f"It is {domain}.", log=log)
        ruling = self.ruling(domain)
        self.claim(ruling.get("ruling") == PROVEN and ruling["prooftype"] == prooftype,
                   f"messages went both ways; {domain} is PROVEN by {prooftype}")
        client.leave()

    def refused(self, domain):
        client = Client(self.net.machines["south"], self.world.programs["chat"],
                        f"{USER}@{domain}")
        ident = self.home.send(client.address, "Is it you?")
        self.home.wait_for_error(ident, log=self.world.gateways["north"].log)
        client.check_alive()
        ruling = self.ruling(domain)
        self.claim(ruling.get("ruling") in ("FAIL", "TEMPFAIL", "NOT_APPLICABLE")
                   and not client.messages_from(self.home.address),
                   f"{domain} is refused: the message came back and never arrived")
        client.leave()


if __name__ == "__main__":
    sys.exit(perform("prooftypes", lambda world, screen: Parade(world, screen).play()))
