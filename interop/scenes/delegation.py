"""The demonstration: two customers talk through their providers, then Mallory tries.

Four acts.  (1) library.dna and museum.dna chat, each outsourced to a provider that holds
none of its keys; the one provider runs Prosody, the other ejabberd.  (2) A third gateway, whose DNS runs through Mallory, still talks with
the honest.  (3) Mallory claims library.dna, in both directions.  (4) Her cable is pulled
and the same third gateway, begun afresh, reaches the true library.dna.

The play is over only when every claim has been checked where it matters: a message at
the receiving client, a refusal at the sender, at the victim and in the gateway's log.
"""

import sys

from lab.ejabberd import Ejabberd

from .stage import Claims, perform
from .telling import Telling
from .world import ADDRESSES, CUSTOMERS, DNS, TA_URL

PROVEN = "PROVEN"


class Play(Claims):
    def __init__(self, world, screen):
        super().__init__(world, screen)
        self.telling = Telling(world, screen)

    def set_up(self):
        world, step = self.world, self.screen.step
        self.screen.heading("Setting up")
        with step("six machines and a router, in namespaces of their own"):
            world.make_network()
        with step("DNS: a signed root, the TLD “dna”, seven zones"):
            world.make_zones()
        with step("a certificate authority; a certificate for each provider"):
            world.make_certificates()
        with step("web servers: library.dna's trust anchor, museum.dna's POSH"):
            world.make_webs()
        with step("Mallory's lying name server, on east.dna's way to the DNS"):
            world.make_lie()
        world.servers["south"] = Ejabberd
        with step("ejabberd behind a gateway, Prosody behind three others"):
            for provider in CUSTOMERS:
                world.start_server(provider)
                world.start_gateway(provider)
        with step("four users log in"):
            for provider in CUSTOMERS:
                world.log_in(provider)

    # --- act 1 and 2 -----------------------------------------------------------------

    def honest(self):
        self.screen.heading("1. Two customers talk")
        self.converse("north", "south", "Is the map of 1611 still in your cellar?",
                      "It is. Come and see it.")
        self.expect_proof("north", "museum.dna", "initiating", "posh")
        self.expect_proof("south", "library.dna", "receiving", "dnssec-ta")
        self.telling.exchange("north", "south")

    def control(self):
        self.screen.heading("2. A third server, whose DNS passes through Mallory's hands")
        self.screen.prose("""archive.dna is hosted by east.dna. Mallory sits on east.dna's
            path to the DNS and answers in its place: everything genuine, except that
            library.dna now points to her. Everybody else is still within reach:""")
        self.converse("east", "south", "Does the museum lend manuscripts?", "Never.")
        self.expect_proof("east", "museum.dna", "initiating", "posh")
        self.expect_proof("south", "archive.dna", "receiving", "dnssec-srv")

    def converse(self, asker, answerer, question, answer):
        """A message each way, counted only when the other client has shown it."""
        self.deliver(asker, answerer, question)
        self.deliver(answerer, asker, answer)

    def deliver(self, sender, receiver, body):
        clients = self.world.clients
        source, target = clients[sender], clients[receiver]
        source.send(target.address, body)
        target.wait_for_message(source.address, body,
                                log=self.world.gateways[sender].log)
        self.claim(True, f"{source.address} → {target.address}: “{body}”")

    def expect_proof(self, judge, domain, role, prooftype):
        rulings = self.world.gateways[judge].rulings(domain=domain, role=role)
        for ruling in rulings[-1:]:
            self.telling.ruling(judge, ruling)
        self.claim(any(r.get("ruling") == PROVEN and r.get("prooftype") == prooftype
                       for r in rulings),
                   f"{judge}.dna ruled {domain} PROVEN by {prooftype}")

    # --- act 3 -----------------------------------------------------------------------

    def attack(self):
        self.screen.heading("3. Mallory claims to be library.dna")
        self.screen.prose(f"""Mallory runs the same gateway and the same server, both
            told that they host library.dna. She has a genuine certificate, for
            xmpp.mallory.dna. Asked for a proof she gives the genuine one: {TA_URL}. And
            her name server copies library.dna's genuine DNSSEC keys. She lacks only what
            she would need to sign the SRV record that names her.""")
        self.lure()
        self.impersonate()
        self.telling.exchange("east", "mallory")

    def lure(self):
        """Somebody writes to library.dna and is led to Mallory."""
        carol, mallory = self.world.clients["east"], self.world.clients["mallory"]
        self.screen.line()
        self.screen.line(f"  {carol.address} writes to {mallory.address}; the forged SRV "
                         "leads to Mallory.", "bold")
        self.refused("east", "mallory", "The vault code is 4711.", "initiating")
        given = [e for e in self.world.gateways["mallory"].exchange()
                 if e["name"] == "proof" and e["sent"] and TA_URL in e["says"]]
        self.claim(given, "Mallory was asked for a proof and gave the genuine URL")

    def impersonate(self):
        """Mallory writes in library.dna's name."""
        carol, mallory = self.world.clients["east"], self.world.clients["mallory"]
        self.screen.line()
        self.screen.line(f"  Mallory writes to {carol.address} as {mallory.address}.",
                         "bold")
        self.refused("mallory", "east", "This is Alice. Send me the code.", "receiving")

    def refused(self, sender, receiver, body, role):
        """The message comes back, never arrives, and east.dna's gateway says why."""
        east = self.world.gateways["east"]
        source, target = (self.world.clients[name] for name in (sender, receiver))
        before = len(target.messages_from(source.address))
        ident = source.send(target.address, body)
        condition, text = source.wait_for_error(ident, log=east.log)
        self.claim(True, f"the message came back: {condition}")
        if text:
            self.telling.aside(text)
        # Had the message been passed on, it would be there before this later one.
        target.check_alive()
        arrived = len(target.messages_from(source.address)) - before
        self.claim(arrived == 0, f"nothing arrived at {self.whom(receiver)}")
        rulings = east.rulings(domain="library.dna", role=role)
        for ruling in rulings[-1:]:
            self.telling.ruling("east", ruling)
        self.claim(rulings and all(r.get("ruling") in ("FAIL", "TEMPFAIL",
                                                       "NOT_APPLICABLE") for r in rulings),
                   "east.dna's gateway refused library.dna every time it was asked")

    def whom(self, provider):
        return "Mallory" if provider == "mallory" else self.world.clients[provider].address

    # --- act 4 -----------------------------------------------------------------------

    def aftermath(self):
        self.screen.heading("4. The cable is pulled")
        self.screen.prose("""The same gateway, with the same configuration, begun afresh
            and without Mallory on its way to the DNS:""")
        self.world.net.cut_cable(self.world["east"])
        self.world.stop_gateway("east")
        self.world.start_gateway("east")
        self.deliver("east", "north", "May I see the map, too?")
        self.deliver("north", "east", "Any day but Monday.")
        self.expect_proof("east", "library.dna", "initiating", "dnssec-ta")


def introduce(screen):
    screen.line("mod_dna: who may speak for a domain that is hosted by somebody else?",
                "bold")
    screen.line()
    screen.prose("""Two small institutions have outsourced their chat. The provider's
        server has the provider's certificate; a certificate for the customer's name it
        does not have. How is the other side to know that it may speak for the customer?""")
    screen.line()
    for row in (
            ("library.dna", "hosted by north.dna, on Prosody", "its zone is signed, the parent has no"
             " DS; a CA certified the zone's key (dnssec-ta)"),
            ("museum.dna", "hosted by south.dna, on ejabberd", "unsigned zone; its web site points to"
             " the provider's fingerprint (POSH)"),
            ("archive.dna", "hosted by east.dna, on Prosody", "signed and delegated zone; its SRV"
             " record is the proof (dnssec-srv)"),
            ("mallory.dna", "an attacker", "lies about library.dna to east.dna, and claims"
             " to host it")):
        screen.line(f"    {row[0]:<12} {row[1]}")
        screen.prose(row[2], indent=" " * 17)
    screen.line()
    screen.prose(f"""The servers are Debian's, unchanged but for the settings that put them
        behind a gateway (docs/servers); every gateway is dna-gateway. All of it runs in a network
        of its own: DNS at {DNS}, the providers at {ADDRESSES['north']},
        {ADDRESSES['south']} and {ADDRESSES['east']}, Mallory at
        {ADDRESSES['mallory']}.""")


def play(world, screen):
    introduce(screen)
    scene = Play(world, screen)
    scene.set_up()
    scene.honest()
    scene.control()
    scene.attack()
    scene.aftermath()
    scene.last_word("every message arrived, every impostor was refused")
    if scene.failures:
        screen.tail(world.gateways["east"].log)
    return scene.failures


if __name__ == "__main__":
    sys.exit(perform("delegation", play))
