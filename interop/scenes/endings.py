"""How proofs end: renewed ahead of time, withdrawn by the owner, accepted again, and the
DNS that falls silent.

south.dna serves six customers, north.dna one; two Prosody servers, two gateways, and
between them one TCP connection for everybody.  What the proofs rest on lasts for seconds:
the customers' zones are signed for so long only, again and again (the gateway takes a TTL
for five minutes at least, but never beyond a signature), and the POSH documents say so.
Messages flow all the time, so that a gap of any length would show.

How long the material lasts goes by how fast this machine signs; nothing else is timed.
"""

import datetime
import json
import sys
import time

from lab.ca import Authority
from lab.gateway import Gateway
from lab.network import Network
from lab.process import DEADLINE_SECONDS, run, wait_until
from lab.talk import Talk
from lab.web import WebServer, publish
from lab.xmpp import S2S, Client, Prosody
from lab.zones import NameServer, Signer, Zone, root_hints

from .stage import Claims, perform
from .telling import Telling
from .world import DNS, NAMESERVER

ADDRESSES = {"dns": "44.128.0.1", "north": "44.128.1.1", "south": "44.128.2.1",
             "web": "44.128.4.1"}
HOME = "home.dna"
STAYING = {"steady.dna": "dnssec-srv", "firm.dna": "dnssec-ta", "lasting.dna": "posh"}
# The customers who withdraw their delegation: by what it was proven, and how they do it.
LEAVING = {
    "secure.dna": ("dnssec-srv", "its SRV record now names another provider"),
    "anchor.dna": ("dnssec-ta", "so does this one's, signed with the zone's certified key"),
    "posh.dna": ("posh", "its POSH document now has another provider's fingerprint"),
}
CUSTOMERS = {**STAYING, **{name: how for name, (how, _) in LEAVING.items()}}
SIGNED = [name for name, how in CUSTOMERS.items() if how != "posh"]
ANCHORS = [name for name, how in CUSTOMERS.items() if how == "dnssec-ta"]
TA_URL = "http://www.south.dna/{}.cert"
POSH_PATH = "/.well-known/posh/xmpp-server.json"
TTL = 1
LIFE = 12           # seconds that the material lasts, at least
BACKOFF = 61        # before a domain that was refused is tried again on the same stream
PAUSE = 0.2         # between two messages of a talk
PROVEN = "PROVEN"
# With what a stanza comes back: south.dna knew already, or it was under way.
CONDITIONS = {"remote-server-timeout", "not-allowed"}


class Play(Claims):
    def __init__(self, world, screen):
        # The frame's world lends its programs and is told what to stop.
        super().__init__(world, screen)
        self.telling = Telling(world, screen)
        self.life, self.signed_at, self.said_at = LIFE, 0.0, 0.0
        self.dns_answers = True
        self.talks = {}         # (from, to): Talk
        self.refused_at = {}    # domain: when it was seen

    # --- the set-up --------------------------------------------------------------------

    def set_up(self):
        step = self.screen.step
        self.screen.heading("Setting up")
        with step("four machines and a router"):
            self.make_network()
        with step("DNS with signatures that end soon, certificates, web sites"):
            self.make_certificates()
            self.make_zones()
            self.make_webs()
        with step("two Prosody servers behind two gateways, seven users"):
            self.start("north", {HOME: {}}, {name: {"prooftypes": f'{{ "{how}" }}'}
                                             for name, how in CUSTOMERS.items()})
            self.start("south", {name: {} for name in CUSTOMERS}
                       | {name: {"dnssec-ta-url": TA_URL.format(name)} for name in ANCHORS})
            self.log_in()

    def make_network(self):
        self.world.net = self.net = Network(self.world.directory)
        for name, address in ADDRESSES.items():
            self.net.machine(name, address)
        self.net.machines["dns"].run(["ip", "addr", "add", f"{DNS}/32", "dev", "lo"])
        run(["ip", "route", "add", f"{DNS}/32", "dev", "to-dns"])

    def make_certificates(self):
        self.authority = Authority(self.world.directory / "ca")
        self.papers = {name: self.authority.certify(
            f"xmpp.{name}.dna", self.net.machines[name].directory)
            for name in ("north", "south")}
        self.papers["other"] = self.authority.certify("xmpp.other.dna",
                                                      self.world.directory)

    @staticmethod
    def srv(provider):
        return f"_xmpp-server._tcp SRV 0 0 5269 xmpp.{provider}.dna."

    def make_zones(self):
        self.signer = Signer(self.world.directory / "zones", NAMESERVER)
        self.zones = {name: Zone(name, [self.srv("south"), f"@ A {ADDRESSES['web']}"],
                                 signed=name in SIGNED, island=name in ANCHORS,
                                 ttl=TTL, life=3600) for name in CUSTOMERS}
        self.signer.publish([
            Zone(".", [f"{NAMESERVER} A {DNS}"]), Zone("dna", [f"{NAMESERVER} A {DNS}"]),
            Zone("north.dna", [f"xmpp A {ADDRESSES['north']}"]),
            Zone("south.dna", [f"{host} A {ADDRESSES['south']}"
                               for host in ("xmpp", "www")]),
            Zone("other.dna", ["xmpp A 44.128.9.9"]), Zone(HOME, [self.srv("north")]),
            *self.zones.values()])
        self.hints = self.world.directory / "root.hints"
        root_hints(self.hints, NAMESERVER, DNS)
        self.names = NameServer(self.net.machines["dns"], DNS, self.signer.directory)
        self.names.start()
        begun = time.monotonic()
        self.sign()
        self.life = max(LIFE, 30 * (time.monotonic() - begun))
        for zone in self.zones.values():
            zone.life = self.life

    def make_webs(self):
        """Certificates over the keys of zones, and POSH documents."""
        owner = self.world.directory / "owner"
        owner.mkdir()
        south, web = (WebServer(self.net.machines[name]) for name in ("south", "web"))
        pages = south.site("www.south.dna")
        for name in ANCHORS:
            key = owner / f"{name}.zone.key"
            self.signer.key_as_pem(name, key)
            certificate = self.authority.certify_key(name, key, owner)
            publish(pages, f"/{name}.cert", certificate.read_text(encoding="ascii"))
        self.sites = {name: web.site(name, *self.authority.certify(name, owner))
                      for name, how in CUSTOMERS.items() if how == "posh"}
        for name in self.sites:
            self.publish_fingerprint(name, "south")
        south.start()
        web.start()

    def publish_fingerprint(self, name, provider):
        made = run([self.world.programs["dna"], "publish", "posh", "--json", "--cert",
                    self.papers[provider][0], "--expires", str(int(self.life))])
        publish(self.sites[name], POSH_PATH, json.loads(made)["text"])

    def start(self, provider, hosts, policies=None):
        machine = self.net.machines[provider]
        prosody = Prosody(machine, list(hosts))
        for domain in hosts:
            prosody.register(domain.partition(".")[0], domain)
        prosody.start()
        gateway = Gateway(machine, self.world.programs["gateway"], *self.papers[provider],
                          {"ca": self.authority.certificate, "hints": self.hints,
                           "anchor": self.signer.dnskey_file("."), "dns": DNS},
                          hosts, policies, self.world.under)
        self.world.gateways[provider] = gateway
        self.world.daemons[provider] = gateway.start()

    def log_in(self):
        self.clients = {
            name: Client(self.net.machines["north" if name == HOME else "south"],
                         self.world.programs["chat"], f"{name.partition('.')[0]}@{name}")
            for name in (HOME, *CUSTOMERS)}
        for name in CUSTOMERS:
            self.talks[name, HOME] = Talk(self.clients[name], self.clients[HOME])
            self.talks[HOME, name] = Talk(self.clients[HOME], self.clients[name])

    # --- what goes on all the time -----------------------------------------------------

    def sign(self):
        for name in SIGNED:
            self.signer.write(self.zones[name])
        self.signed_at = time.monotonic()
        self.names.reload()

    def go_on(self):
        now = time.monotonic()
        if self.dns_answers and now - self.signed_at > self.life / 3:
            self.sign()
        if now - self.said_at > PAUSE:
            self.said_at = now
            for talk in self.talks.values():
                if talk.on:
                    talk.say()

    def until(self, condition, what):
        """Wait for CONDITION, while the zones are signed and those who talk do so."""
        looked = 0.0

        def look():
            nonlocal looked
            self.go_on()
            if time.monotonic() - looked < PAUSE:
                return False
            value = condition()     # reads whole traces
            looked = time.monotonic()
            return value
        return wait_until(look, what, list(self.world.daemons.values()),
                          self.world.gateways["north"].log,
                          DEADLINE_SECONDS + 10 * self.life)

    def said(self, name, domain, begin=0):
        """What passed about DOMAIN under that NAME, in north.dna's trace."""
        return [e for e in self.world.gateways["north"].exchange()[begin:]
                if (e["name"], e["domain"]) == (name, domain)]

    def last_proof(self, domain):
        return self.world.gateways["north"].rulings(domain=domain, ruling=PROVEN)[-1]

    # --- the acts ------------------------------------------------------------------------

    def play(self):
        self.screen.prose("""south.dna serves six customers, and its gateway proves two
            each by DNSSEC, by an anchor of their own and by POSH. What these proofs rest on
            ends within seconds. north.dna's gateway has to look again before, and to notice
            when it is not there any more.""")
        self.set_up()
        self.sign()
        self.greet()
        self.withdraw()
        self.go_steady()
        self.restore()
        self.fall_silent()
        self.last_word("proofs were renewed, revoked and accepted as they should")
        return self.failures

    def greet(self):
        self.screen.heading("1. Many pairs of domains, one connection")
        for name, prooftype in CUSTOMERS.items():
            for pair in ((name, HOME), (HOME, name)):
                self.talks[pair].say()
                self.until(self.talks[pair].arrived, f"a message to {pair[1]}")
            ruling = self.last_proof(name)
            self.telling.ruling("north", ruling)
            self.claim(ruling["prooftype"] == prooftype,
                       f"{name} and {HOME} talk; it is PROVEN by {prooftype}")
        self.stream = self.said("valid", next(iter(STAYING)))[0]["connection"]
        self.ends = self.connections()
        self.claim(len(self.ends) == 1 and all(
            e["connection"] == self.stream for name in CUSTOMERS
            for e in self.said("valid", name)), "all of them share one TCP connection")

    def connections(self):
        return {(name, end) for name in ("north", "south")
                for end in self.net.machines[name].connections(S2S)
                if not end.startswith("0100007F") and not end.startswith("0102007F")}

    def withdraw(self):
        self.screen.heading("2. Three owners take their delegation back")
        self.screen.prose(f"""From now on three customers and {HOME} talk all the time, and
            the others write to {HOME}. Then their owners change what they publish.
            Expected: what was proven counts until it ends, not longer; north.dna says
            <invalid/>; what is under way comes back to its sender; nothing else is
            disturbed.""")
        for pair, talk in self.talks.items():
            talk.on = pair[0] in STAYING or pair[1] in STAYING or pair[1] == HOME
        for name in ("secure.dna", "anchor.dna"):
            self.zones[name].records[0] = self.srv("other")
        self.publish_fingerprint("posh.dna", "other")
        self.sign()
        for name, (_, how) in LEAVING.items():
            self.screen.line(f"  {name}: {how}")
        waiting = set(LEAVING)

        def all_are_refused():
            for name in [name for name in waiting if self.said("invalid", name)]:
                self.refused_at[name] = time.monotonic()
                waiting.discard(name)
            for name in LEAVING:
                talk = self.talks[name, HOME]
                talk.on = talk.on and not talk.returned()
            return not waiting and all(self.talks[name, HOME].returned() and
                                       self.talks[name, HOME].settled() for name in LEAVING)
        self.until(all_are_refused, "each withdrawn delegation is refused")
        for name in LEAVING:
            self.show_refusal(name)

    def show_refusal(self, name):
        talk = self.talks[name, HOME]
        end = int(self.last_proof(name)["expires"])
        late = [ident for ident in talk.arrived() if talk.sent[ident][1] >= end]
        returned = talk.returned()
        ruling = self.world.gateways["north"].rulings(domain=name, role="receiving")[-1]
        self.telling.ruling("north", ruling)
        self.claim(ruling["ruling"] != PROVEN and self.said("invalid", name)[0]["sent"],
                   f"north.dna revoked {name}: <invalid/>")
        self.claim(not late and talk.settled() and set(returned.values()) <= CONDITIONS,
                   f"{len(talk.arrived())} messages arrived, the last of them sent before "
                   "its proof ended;")
        self.claim(returned, f"{len(returned)} came back to the sender: "
                             + "; ".join(sorted(set(talk.reasons().values()))))

    def go_steady(self):
        self.screen.heading("3. The pairs beside them, over several ends of their proofs")
        self.screen.prose("""What proves the three others ended all the while, and new
            material took its place. Expected: north.dna looked again each time before the
            end, so that no message came back.""")
        self.until(lambda: all(len(self.said("valid", name)) >= 4 for name in STAYING),
                   "three renewals")
        self.until(lambda: all(self.talks[pair].settled() for name in STAYING
                               for pair in ((name, HOME), (HOME, name))),
                   "all messages are there")
        for name in STAYING:
            back, there = self.talks[HOME, name], self.talks[name, HOME]
            renewals = len(self.said("valid", name)) - 1
            self.claim(not back.returned() and not there.returned(),
                       f"{name}: {len(there.sent) + len(back.sent)} messages, all of them "
                       f"arrived, over {renewals} renewals by {STAYING[name]}")
        self.same_connection()

    def same_connection(self):
        self.claim(self.ends <= self.connections() and all(
            not self.said("invalid", name) and
            {e["connection"] for e in self.said("valid", name)} == {self.stream}
            for name in STAYING), "they are still on the same TCP connection")

    def restore(self):
        self.screen.heading("4. The owners change their minds")
        self.screen.prose("""What was published at first is there again. What was refused on
            a stream is tried anew on it after a minute. Expected: an assertion and an
            answer on the connection that is there, no new handshake.""")
        for name in ("secure.dna", "anchor.dna"):
            self.zones[name].records[0] = self.srv("south")
        self.publish_fingerprint("posh.dna", "south")
        self.sign()
        begin = len(self.world.gateways["north"].exchange())
        again = max(self.refused_at.values()) + BACKOFF
        self.pause()
        self.until(lambda: time.monotonic() > again, "a minute")
        for name in LEAVING:
            for pair in ((name, HOME), (HOME, name)):
                talk, n = self.talks[pair], len(self.talks[pair].arrived())
                talk.say()
                self.until(lambda: len(talk.arrived()) > n or talk.settled(),
                           f"an answer for {name}")
                self.claim(len(talk.arrived()) > n, f"{pair[0]} → {pair[1]}: arrived")
            self.claim({e["connection"] for e in self.said("valid", name, begin)}
                       == {self.stream},
                       f"{name} was asserted and accepted on the stream that is there")
        self.same_connection()

    def pause(self):
        """Meanwhile: a name server that answers late, when a proof is to be renewed."""
        dns = self.net.machines["dns"]
        self.dns_answers = False
        self.names.pause()
        self.until(lambda: dns.has_unread(53), "north.dna asks the DNS")
        self.names.resume()
        self.dns_answers = True
        before = {name: len(self.said("valid", name)) for name in STAYING}
        self.until(lambda: all(len(self.said("valid", name)) > before[name]
                               for name in STAYING), "the renewals after it")
        self.claim(not any(self.said("invalid", name) for name in STAYING),
                   "(meanwhile the DNS answered late for once, which nobody noticed)")

    def fall_silent(self):
        self.screen.heading("5. The DNS falls silent")
        self.screen.prose(f"""The name server is stopped. Expected: that is no “no”, so
            that everybody goes on talking until the last proof ends; then who cannot be
            proven is refused. {HOME}'s own proof lasts longer: the connection stays.""")
        self.dns_answers = False
        begin = len(self.world.gateways["north"].exchange())
        self.names.stop()
        back = {}   # when a message of a customer was first seen to come back

        def all_are_refused():
            for name in STAYING:
                if name not in back and self.talks[name, HOME].returned():
                    back[name] = time.time()
            return all(self.said("invalid", name, begin) for name in CUSTOMERS)
        self.until(all_are_refused, "the end of all proofs")
        for talk in self.talks.values():
            talk.on = False
        self.until(lambda: all(talk.settled() for talk in self.talks.values()),
                   "each message arrives or comes back")
        for name in STAYING:
            self.show_end(name, back.get(name))
        self.claim(self.ends <= self.connections(), "the TCP connection is still the same")

    def show_end(self, name, back):
        talk, end = self.talks[name, HOME], int(self.last_proof(name)["expires"])
        said = self.said("invalid", name)[0]["time"]
        when = datetime.datetime.fromisoformat(said.replace("Z", "+00:00")).timestamp()
        late = [ident for ident in talk.arrived() if talk.sent[ident][1] >= end]
        self.claim(when >= end - 1 and (back is None or back >= end) and not late,
                   f"{name} was refused when its proof ended, not before: until then "
                   "nothing came back, nothing later arrived")


if __name__ == "__main__":
    sys.exit(perform("endings", lambda world, screen: Play(world, screen).play()))
