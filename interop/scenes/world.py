"""The small world of the demonstration: who owns which domain, and who hosts it.

    customer      hosted by    zone                          how the provider is proven
    library.dna   north.dna    signed, no DS in the parent   dnssec-ta
    museum.dna    south.dna    unsigned                      posh
    archive.dna   east.dna     signed and delegated          dnssec-srv
    library.dna   mallory.dna  what Mallory says it is       not at all

The providers' own zones are signed and delegated, their certificates name their own
hosts and nothing else.  No provider holds a key of its customer.
"""

import base64
import json
import shutil

from lab.ca import Authority
from lab.gateway import Gateway
from lab.network import Network
from lab.process import run
from lab.web import WebServer, publish
from lab.xmpp import Client, Prosody
from lab.zones import NameServer, Signer, Zone, root_hints

DNS = "44.128.0.53"
NAMESERVER = "ns.nic.dna."
ADDRESSES = {"dns": "44.128.0.1", "north": "44.128.1.1", "south": "44.128.2.1",
             "east": "44.128.3.1", "museum": "44.128.4.1", "mallory": "44.128.66.1"}
CUSTOMERS = {"north": "library.dna", "south": "museum.dna", "east": "archive.dna",
             "mallory": "library.dna"}
USERS = {"north": "alice", "south": "bob", "east": "carol", "mallory": "alice"}
TA_URL = "http://www.north.dna/library.dna.cert"
POSH_PATH = "/.well-known/posh/xmpp-server.json"
POSH_URL = "https://www.south.dna/museum.dna.json"
POSH_SECONDS = 3600


class World:
    """PROGRAMS: gateway, chat, dna."""

    def __init__(self, directory, programs, more_zones=(), under=()):
        self.directory = directory
        self.servers = dict.fromkeys(CUSTOMERS, Prosody)
        self._more_zones = list(more_zones)
        self.under = under
        self.bad_ends = []
        self.programs = programs
        self.net = None
        self.authority = None
        self.certificates = {}
        self.gateways = {}
        self.daemons = {}
        self.clients = {}

    def __getitem__(self, machine):
        return self.net.machines[machine]

    # --- in the order of the set-up --------------------------------------------------

    def make_network(self):
        self.net = Network(self.directory)
        for name, address in ADDRESSES.items():
            self.net.machine(name, address)
        self["dns"].run(["ip", "addr", "add", f"{DNS}/32", "dev", "lo"])
        run(["ip", "route", "add", f"{DNS}/32", "dev", "to-dns"])

    def make_zones(self):
        honest = self.directory / "zones"
        self.signer = Signer(honest, NAMESERVER)
        self.signer.publish(_zones() + self._more_zones)
        root_hints(self.directory / "root.hints", NAMESERVER, DNS)
        NameServer(self["dns"], DNS, honest).start()

    def make_certificates(self):
        self.authority = Authority(self.directory / "ca")
        for provider in CUSTOMERS:
            host = f"xmpp.{provider}.dna"
            directory = self[provider].directory
            self.certificates[provider] = self.authority.certify(host, directory)
            self.authority.verify(self.certificates[provider][0], host)

    def make_webs(self):
        """The pages that the proofs rest on."""
        self._publish_trust_anchor()
        self._publish_fingerprint()

    def _publish_trust_anchor(self):
        """library.dna's owner has the zone's key certified; north.dna serves the paper."""
        owner = self.directory / "library"
        owner.mkdir()
        key = owner / "zone.key"
        self.signer.key_as_pem("library.dna", key)
        certificate = self.authority.certify_key("library.dna", key, owner)
        self.authority.verify(certificate, "library.dna")
        web = WebServer(self["north"])
        root = web.site("www.north.dna")
        publish(root, "/library.dna.cert", certificate.read_text(encoding="ascii"))
        web.start()

    def _publish_fingerprint(self):
        """museum.dna's web host refers to the fingerprint that south.dna serves."""
        south = WebServer(self["south"])
        pair = self.authority.certify("www.south.dna", self["south"].directory)
        publish(south.site("www.south.dna", *pair), "/museum.dna.json", json.dumps({
            "fingerprints": [{"sha-256": _fingerprint(self.certificates["south"][0])}],
            "expires": POSH_SECONDS}))
        south.start()
        museum = WebServer(self["museum"])
        pair = self.authority.certify("museum.dna", self["museum"].directory)
        publish(museum.site("museum.dna", *pair), POSH_PATH,
                json.dumps({"url": POSH_URL, "expires": POSH_SECONDS}))
        museum.start()

    def make_lie(self):
        """Mallory's name server: everything genuine but the records of library.dna.

        She cannot sign, so she copies the genuine keys with their signature and puts her
        own SRV record beside them; and she sits on the way from east.dna to the DNS.
        """
        lies = self["mallory"].directory / "zones"
        lies.mkdir()
        for file in self.signer.directory.glob("*.zone"):
            (lies / file.name).write_bytes(file.read_bytes())
        copied = self.signer.signed_records("library.dna", "DNSKEY")
        forged = Zone("library.dna", [_srv("mallory")] + copied, signed=False)
        (lies / forged.file).write_text(forged.text(NAMESERVER), encoding="ascii")
        self.net.cable(self["east"], self["mallory"], DNS)
        NameServer(self["mallory"], DNS, lies).start()

    def start_server(self, provider):
        server = self.servers[provider](self[provider], [CUSTOMERS[provider]])
        server.register(USERS[provider], CUSTOMERS[provider])
        server.start()

    def start_gateway(self, provider):
        if provider not in self.gateways:
            customer = CUSTOMERS[provider]
            options = {"dnssec-ta-url": TA_URL} if customer == "library.dna" else {}
            self.gateways[provider] = Gateway(
                self[provider], self.programs["gateway"], *self.certificates[provider],
                {"ca": self.authority.certificate, "hints": self.directory / "root.hints",
                 "anchor": self.signer.dnskey_file("."), "dns": DNS}, {customer: options},
                under=self.under, server=self.servers[provider].NAME)
        self.daemons[provider] = self.gateways[provider].start()

    def stop_gateway(self, provider):
        """SIGTERM: it closes its streams and exits 0, or bad_ends says how it ended."""
        status = self.daemons.pop(provider).stop()
        if status != 0:
            self.bad_ends.append((f"{provider}.dna's gateway ended with status {status}",
                                  self.gateways[provider].log))

    def log_in(self, provider):
        address = f"{USERS[provider]}@{CUSTOMERS[provider]}"
        self.clients[provider] = Client(self[provider], self.programs["chat"], address)

    def stop(self):
        for provider in list(self.daemons):
            self.stop_gateway(provider)
        if self.net is not None:
            self.net.stop()

    def keep(self, directory):
        """A copy of the logs, zones and configurations."""
        shutil.copytree(self.directory, directory, dirs_exist_ok=True,
                        ignore_dangling_symlinks=True)


def _zones():
    root = Zone(".", [f"{NAMESERVER} A {DNS}"])
    tld = Zone("dna", [f"{NAMESERVER} A {DNS}"])
    providers = [Zone(f"{name}.dna", [f"xmpp A {ADDRESSES[name]}",
                                      f"www A {ADDRESSES[name]}"])
                 for name in CUSTOMERS]
    customers = [
        Zone("library.dna", [_srv("north")], island=True),
        Zone("museum.dna", [_srv("south"), f"@ A {ADDRESSES['museum']}"], signed=False),
        Zone("archive.dna", [_srv("east")]),
    ]
    return [root, tld] + providers + customers


def _srv(provider):
    return f"_xmpp-server._tcp SRV 0 0 5269 xmpp.{provider}.dna."


def _fingerprint(certificate):
    shown = run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint",
                 "-sha256"])
    digest = bytes.fromhex(shown.strip().partition("=")[2].replace(":", ""))
    return base64.b64encode(digest).decode("ascii")
