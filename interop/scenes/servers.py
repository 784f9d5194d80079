"""The three stock servers behind gateways, and the same without one.

north.dna runs Prosody, south.dna ejabberd, east.dna jabberd2, each behind a gateway as the
recipe in docs/servers tells.  Each hosts a delegated domain, for which the provider has no
certificate, and one that brought its own certificate along.  Five more servers have no
gateway and never heard of this protocol: two that insist on certificates (one of them on the
purpose clientAuth, too), three that are content with dialback.  One of these has a
certificate that proves nothing; the policy of one gateway lets it in all the same.

Every message counts at the receiving client only, every refusal at the sender and at the
victim; and each server behind a gateway fetches a document from the web, to show that
nothing but its streams is led to the gateway.
"""

import itertools
import sys
import time
from collections import namedtuple

from lab.ca import BOTH, Authority
from lab.ejabberd import Ejabberd
from lab.gateway import Gateway
from lab.jabberd import Jabberd
from lab.links import Bridge, External
from lab.network import Network
from lab.process import DEADLINE_SECONDS, run, wait_until
from lab.web import WebServer, publish
from lab.xmpp import Alone, Client, Prosody
from lab.zones import NameServer, Signer, Zone, root_hints

from .stage import Claims, perform
from .world import DNS, NAMESERVER

ADDRESSES = {"dns": "44.128.0.1", "north": "44.128.1.1", "south": "44.128.2.1",
             "east": "44.128.3.1", "pine": "44.128.11.1", "elm": "44.128.12.1",
             "oak": "44.128.13.1", "yew": "44.128.14.1", "fir": "44.128.15.1",
             "web": "44.128.4.1"}
# Behind a gateway: the server, the kind of link, a delegated domain, one with a certificate of
# its own.
Provider = namedtuple("Provider", "kind link delegated own")
# Without: the server, whether dialback will do for it, and what it is.
Stock = namedtuple("Stock", "kind dialback what")
# Who takes part.  Of the stock, one may be UNPROVEN: it has a certificate that proves nothing;
# the policy of the provider LENIENT for it is dialback.
Cast = namedtuple("Cast", "addresses providers stock unproven lenient",
                  defaults=(None, None))
CAST = Cast(
    ADDRESSES,
    {"north": Provider(Prosody, "plain", "library.dna", "notary.dna"),
     "south": Provider(Ejabberd, "plain", "museum.dna", "mint.dna"),
     "east": Provider(Jabberd, "plain", "archive.dna", "harbour.dna")},
    {"pine": Stock(Prosody, False, "Prosody, which insists on certificates"),
     "elm": Stock(Ejabberd, False, "ejabberd, which insists on certificates with clientAuth"),
     "oak": Stock(Jabberd, True, "jabberd2, which checks by dialback"),
     "yew": Stock(Ejabberd, True, "ejabberd, to which dialback over TLS will do"),
     "fir": Stock(Jabberd, True, "jabberd2 with a certificate of nobody's authority")},
    unproven="fir", lenient="north")
USER = "user"
URL = "http://www.web.dna/hello"
HELLO = "good morning"
PAUSE = 0.5     # seconds before what came back is sent again


class Play(Claims):
    def __init__(self, world, screen, cast=CAST):
        super().__init__(world, screen)
        self.cast = cast
        self.providers, self.stock = cast.providers, cast.stock
        self.servers, self.daemons, self.clients = {}, {}, {}
        self.certificates = {}

    # --- setting up ------------------------------------------------------------------

    def set_up(self):
        step = self.screen.step
        self.screen.heading("Setting up")
        with step(f"{len(self.cast.addresses)} machines and a router"):
            self.make_network()
        with step("DNS and certificates" + ", a web server" * self.has_web()):
            self.make_zones()
            self.make_certificates()
            if self.has_web():
                self.make_web()
        for name, provider in self.providers.items():
            with step(f"{name}.dna: {provider.kind.NAME} behind a gateway"
                      f"{'' if provider.link == 'plain' else f', {provider.link}'}"):
                self.start_provider(name)
        with step(f"{len(self.stock)} servers without a gateway"):
            for name in self.stock:
                self.start_stock(name)
        with step("a user of each domain logs in"):
            for name in (*self.providers, *self.stock):
                self.log_in(name)

    def has_web(self):
        return "web" in self.cast.addresses

    def make_network(self):
        net = self.world.net = Network(self.world.directory)
        for name, address in self.cast.addresses.items():
            net.machine(name, address)
        self.world["dns"].run(["ip", "addr", "add", f"{DNS}/32", "dev", "lo"])
        run(["ip", "route", "add", f"{DNS}/32", "dev", "to-dns"])

    def make_zones(self):
        directory = self.world.directory
        self.signer = Signer(directory / "zones", NAMESERVER)
        zones = [Zone(".", [f"{NAMESERVER} A {DNS}"]), Zone("dna", [f"{NAMESERVER} A {DNS}"])]
        addresses = self.cast.addresses
        if self.has_web():
            zones.append(Zone("web.dna", [f"www A {addresses['web']}"], signed=False))
        for name, provider in self.providers.items():
            zones.append(Zone(f"{name}.dna", [f"xmpp A {addresses[name]}"]))
            zones += [Zone(domain, [_srv(name)])
                      for domain in (provider.delegated, provider.own)]
        zones += [Zone(f"{name}.dna", [_srv(name), f"xmpp A {addresses[name]}"],
                       signed=False) for name in self.stock]
        self.signer.publish(zones)
        root_hints(directory / "root.hints", NAMESERVER, DNS)
        NameServer(self.world["dns"], DNS, self.signer.directory).start()

    def make_certificates(self):
        self.authority = Authority(self.world.directory / "ca")
        self.nobody = Authority(self.world.directory / "nobody's ca")
        for name, (_, _, _, own) in self.providers.items():
            directory = self.world[name].directory
            self.certificates[name] = self.authority.certify(f"xmpp.{name}.dna", directory)
            self.certificates[own] = self.authority.certify(own, directory, purposes=BOTH)
        for name in self.stock:
            of = self.nobody if name == self.cast.unproven else self.authority
            self.certificates[name] = of.certify(f"{name}.dna", self.world[name].directory,
                                                 purposes=BOTH)

    def make_web(self):
        web = self.web = WebServer(self.world["web"])
        publish(web.site("www.web.dna"), "/hello", HELLO)
        web.start()

    def start_provider(self, name):
        kind, how, delegated, own = self.providers[name]
        certificate, key = self.certificates[own]
        link = self.make_link(name, how)
        gateway = Gateway(
            self.world[name], self.world.programs["gateway"], *self.certificates[name],
            {"ca": self.authority.certificate, "hints": self.world.directory / "root.hints",
             "anchor": self.signer.dnskey_file("."), "dns": DNS},
            {delegated: {}, own: {"certificate": certificate, "key": key}},
            self.policies(name), under=self.world.under, server=kind.NAME, link=link)
        if isinstance(link, Bridge):
            link.trusted.write_text(gateway.bridge_ca(), encoding="ascii")
        self.world.gateways[name] = gateway
        self.world.daemons[name] = gateway.start()
        self.start_server(name, kind(self.world[name], [delegated, own], link=link))

    def policies(self, name):
        if name != self.cast.lenient:
            return None
        return {f"{self.cast.unproven}.dna": {"level": '"dialback"'}, "*": {}}

    def make_link(self, name, how):
        """What the gateway and the server have in common; None: a plain link."""
        directory = self.world[name].directory / "link"
        if how == "plain":
            return None
        directory.mkdir()
        if how == "external":
            return External.make(directory, DNS)
        house = Authority(directory / "ca")     # believed in this house alone
        _, _, delegated, own = self.providers[name]
        return Bridge(*house.certify(delegated, directory, also=[own]), house.certificate,
                      directory / "bridge-ca.pem")

    def start_stock(self, name):
        kind, dialback, _ = self.stock[name]
        alone = Alone(*self.certificates[name], self.authority.certificate, DNS, dialback)
        self.start_server(name, kind(self.world[name], [f"{name}.dna"], alone))

    def start_server(self, name, server):
        for domain in server.domains:
            server.register(USER, domain)
        if self.has_web() and name in self.providers and isinstance(server, Ejabberd):
            server.fetch_at_start(URL)
        self.servers[name] = server
        self.daemons[name] = server.start()

    def log_in(self, name):
        for domain in self.servers[name].domains:
            self.clients[domain] = Client(self.world[name], self.world.programs["chat"],
                                          f"{USER}@{domain}")

    # --- what is shown ---------------------------------------------------------------

    def behind_gateways(self):
        self.screen.heading("1. Delegated domains, a gateway on both sides")
        for one, other in self.pairs():
            self.deliver(self.providers[one].delegated, self.providers[other].delegated)
        for judge, other in self.pairs():
            self.proven(judge, self.providers[other].delegated, "dnssec-srv")

    def pairs(self):
        return itertools.permutations(self.providers, 2)

    def with_stock_servers(self):
        self.screen.heading("2. Servers without a gateway")
        for name, (_, dialback, what) in self.stock.items():
            self.screen.line()
            self.screen.line(f"  {name}.dna: {what}", "bold")
            if name == self.cast.unproven:
                self.unproven(f"{name}.dna")
                continue
            for _, _, delegated, own in self.providers.values():
                ours = delegated if dialback else own
                self.deliver(ours, f"{name}.dna")
                self.deliver(f"{name}.dna", ours)
            for provider in self.providers:
                self.proven(provider, f"{name}.dna", "pkix")

    def without_the_purpose(self):
        self.claim(all("unsupported certificate purpose" in gateway.trace.read_text("utf-8")
                       for gateway in self.world.gateways.values()),
                   "yew.dna refused the providers' certificates: they lack clientAuth")

    def unproven(self, domain):
        """Let in where the policy says so, and nowhere else."""
        for provider, (_, _, delegated, _) in self.providers.items():
            if provider == self.cast.lenient:
                self.deliver(delegated, domain)
                self.deliver(domain, delegated)
            else:
                self.refused(delegated, domain)
                self.refused(domain, delegated)
            rulings = self.world.gateways[provider].rulings(domain=domain)
            self.claim(rulings and all(r.get("ruling") != "PROVEN" for r in rulings),
                       f"{provider}.dna never ruled {domain} PROVEN")

    def what_strict_servers_refuse(self, providers):
        self.screen.heading("3. Delegated domains and servers that know certificates only")
        for name, (_, dialback, _) in self.stock.items():
            for provider in [] if dialback else providers:
                delegated = self.providers[provider].delegated
                self.refused(delegated, f"{name}.dna")
                self.refused(f"{name}.dna", delegated)

    def nowhere(self):
        """The name server leads every stream to the gateway, so that is who must say it."""
        self.screen.heading("4. A domain that does not exist")
        for _, _, delegated, _ in self.providers.values():
            sender = self.clients[delegated]
            condition, _ = sender.wait_for_error(sender.send(f"{USER}@nowhere.dna", "hello"),
                                                 log=self.log_of(delegated))
            self.claim(condition == "remote-server-not-found",
                       f"{delegated} → nowhere.dna came back: {condition}")

    def afresh(self):
        self.screen.heading("5. The gateways begin afresh, the servers stay")
        for provider in self.providers:
            self.world.stop_gateway(provider)
        for provider in self.providers:
            self.world.start_gateway(provider)
        for one, other in self.pairs():
            self.deliver(self.providers[one].delegated, self.providers[other].delegated,
                         "again")
        lax = [name for name, stock in self.stock.items()
               if stock.dialback and name != self.cast.unproven][-1]
        for provider in self.providers.values():
            self.deliver("pine.dna", provider.own, "again")
            self.deliver(provider.delegated, f"{lax}.dna", "again")

    def servers_afresh(self):
        self.screen.heading("6. The servers begin afresh, the gateways stay")
        names = list(self.providers)
        for name, other in zip(names, names[1:] + names[:1]):
            ours, theirs = (self.providers[one].delegated for one in (name, other))
            for domain in self.servers[name].domains:
                self.clients[domain].leave()
            self.servers[name].stop()
            sender = self.clients[theirs]
            condition, _ = sender.wait_for_error(sender.send(f"{USER}@{ours}", "anybody?"),
                                                 log=self.log_of(ours))
            self.claim(True, f"{theirs} → {ours}, which is down, came back: {condition}")
            self.daemons[name] = self.servers[name].start()
            self.log_in(name)
            self.deliver(ours, theirs, "back again")
            self.deliver_in_the_end(theirs, ours, "back again")

    def other_queries(self):
        self.screen.heading(f"7. Each server behind a gateway fetches {URL}")
        north, south, east = (self.servers[name] for name in self.providers)
        got = {"north": north.fetch(self.daemons["north"], URL),
               "south": south.fetched(self.daemons["south"]),
               "east": east.fetch(self.daemons["east"], URL)}
        for name, said in got.items():
            asked = [line for line in self.web.requests()
                     if line.startswith(f"{self.cast.addresses[name]} ")]
            self.claim(said == HELLO and asked, f"{self.servers[name].NAME} got “{said}”")

    def deliver(self, source, target, what="hello"):
        sender, receiver = self.clients[source], self.clients[target]
        body = f"{what}, from {source} to {target}"
        sender.send(receiver.address, body)
        receiver.wait_for_message(sender.address, body, log=self.log_of(source, target))
        self.claim(True, f"{source} → {target}")

    def deliver_in_the_end(self, source, target, what):
        """What failed a moment ago is not tried at once again: what comes back meanwhile is
        sent once more."""
        sender, receiver = self.clients[source], self.clients[target]
        body = f"{what}, from {source} to {target}"
        deadline = time.monotonic() + DEADLINE_SECONDS
        came = None
        while came is None and time.monotonic() < deadline:
            ident = sender.send(receiver.address, body)
            told = wait_until(lambda: receiver.got(sender.address, body)
                              or sender.find("error", lambda e: e[2] == ident),
                              f"{source} → {target}", log=self.log_of(source, target))
            if told[0] == "message":
                came = told
            else:
                time.sleep(PAUSE)
        self.claim(came, f"{source} → {target}")

    def refused(self, source, target):
        sender, receiver = self.clients[source], self.clients[target]
        ident = sender.send(receiver.address, "is this let through?")
        condition, why = sender.wait_for_error(ident, log=self.log_of(source, target))
        receiver.check_alive()
        self.claim(not receiver.messages_from(sender.address),
                   f"{source} → {target} came back: {condition}")
        if why:
            self.screen.prose(f"“{why}”", indent=" " * 6)

    def proven(self, judge, domain, prooftype):
        rulings = self.world.gateways[judge].rulings(domain=domain)
        self.claim(rulings and all(ruling.get("ruling") == "PROVEN"
                                   and ruling.get("prooftype") == prooftype
                                   for ruling in rulings),
                   f"{judge}.dna ruled {domain} PROVEN by {prooftype}")

    def log_of(self, *domains):
        """The log of a gateway that has to do with one of DOMAINS."""
        for name, provider in self.providers.items():
            if {provider.delegated, provider.own} & set(domains):
                return self.world.gateways[name].log
        return None

    def last_word(self, good="every message arrived, every refusal was told"):
        super().last_word(good)


def _srv(name):
    return f"_xmpp-server._tcp SRV 0 0 5269 xmpp.{name}.dna."


def play(world, screen):
    scene = Play(world, screen)
    scene.set_up()
    scene.behind_gateways()
    scene.with_stock_servers()
    scene.without_the_purpose()
    scene.what_strict_servers_refuse(["north"])
    scene.nowhere()
    scene.afresh()
    scene.servers_afresh()
    scene.other_queries()
    scene.last_word()
    return scene.failures


if __name__ == "__main__":
    sys.exit(perform("servers", play))
