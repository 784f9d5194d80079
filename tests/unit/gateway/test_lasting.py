#!/usr/bin/env python3
"""dna-gateway where connections break among a thousand stanzas.

usage: test_lasting.py DNA_GATEWAY

With a peer that acknowledges (XEP-0198) nothing is lost and nothing comes twice; with one that
does not, whatever may be lost comes back to its sender.
"""

import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]

from dna_managed import CutPeer, ManagedPeer
from test_peer import PEER, Gateway
from test_program import PATIENCE, World

MANY = 1000


class Lasting(unittest.TestCase):
    def begin(self, kind, life=60):
        """The gateway has a stream to the peer, on which one message has come."""
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna"])
        self.world.providers.append(self.gateway)
        self.world.certify("peer", ["peer.dna"])
        self.peer = kind({"peer.dna": {}}, lambda *_: True, [],
                         *(self.world.file(name)
                           for name in ("peer.pem", "peer.key", "ca.pem")))
        self.peer.life = life
        self.port = self.peer.listen(PEER)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.peer.dna", self.port)
        self.gateway.start()
        self.gateway.server.send("a1.dna", "peer.dna", "first")
        self.peer.stanzas.get(timeout=PATIENCE)

    def send_many(self):
        for number in range(MANY):
            self.gateway.server.send("a1.dna", "peer.dna", f"m{number}")

    def wait(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)
        return condition()

    def test_nothing_is_lost_or_doubled(self):
        self.begin(ManagedPeer)
        self.peer.cuts += [400, 700]
        self.send_many()
        self.wait(lambda: len(self.peer.arrived) > MANY)
        self.assertEqual(self.peer.arrived, ["first"] + [f"m{n}" for n in range(MANY)])
        self.assertEqual(self.peer.streams.qsize(), 3)
        self.assertEqual(len(self.peer.handled), 1)
        self.assertTrue(self.gateway.server.stanzas.empty())

    def sent(self, ident):
        """Whether the gateway has passed it on."""
        with open(self.gateway.trace, encoding="utf-8") as trace:
            return trace.read().count(f"id='{ident}'") == 2

    def breaks_off(self):
        """The peer is gone, and the gateway has noticed that it cannot be reached."""
        self.peer.cuts.append(5)
        self.peer.close()
        self.peer.stanzas.maxsize = 1   # it reads no further until all is on its way
        for number in range(20):
            self.gateway.server.send("a1.dna", "peer.dna", f"m{number}")
        self.assertTrue(self.wait(lambda: self.sent("m19")))
        self.peer.stanzas.maxsize = MANY
        self.peer.stanzas.get(timeout=PATIENCE)
        self.assertTrue(self.gateway.logs("stream-closed", " role=initiating ",
                                          " condition=remote-server-timeout "))

    def test_a_peer_that_is_back_after_a_while(self):
        """It is looked for, though there is nothing new to say to it."""
        self.begin(ManagedPeer)
        self.breaks_off()
        self.peer.listen(PEER, port=self.port)
        self.wait(lambda: len(self.peer.arrived) > 20)
        self.assertEqual(self.peer.arrived, ["first"] + [f"m{n}" for n in range(20)])
        self.assertEqual(len(self.peer.handled), 1)
        self.assertTrue(self.gateway.server.stanzas.empty())

    def test_a_peer_that_does_not_come_back(self):
        self.begin(ManagedPeer, life=2)
        self.breaks_off()
        self.account_for_all(20)

    def test_a_stream_that_cannot_be_resumed(self):
        """What it had not acknowledged comes back; the rest arrives, once."""
        self.begin(ManagedPeer)
        self.peer.cuts.append(400)
        forget = self.peer.handled
        self.peer.handled = type("Forgetful", (dict,), {
            "__contains__": lambda *_: False})(forget)
        self.send_many()
        self.account_for_all()

    def test_what_may_be_lost_comes_back(self):
        self.begin(CutPeer)
        self.peer.cuts.append(400)
        self.send_many()
        self.account_for_all()

    def account_for_all(self, many=MANY):
        everything = {f"m{number}" for number in range(many)}
        returned = []

        def complete():
            while not self.gateway.server.stanzas.empty():
                kind, source, _, ident, text = self.gateway.server.get()
                self.assertEqual((kind, source), ("error", "user@peer.dna"), text)
                self.assertIn("remote-server-timeout", text)
                returned.append(ident)
            return everything <= set(self.peer.arrived) | set(returned)

        self.wait(complete)
        missing = everything - set(self.peer.arrived) - set(returned)
        self.assertEqual(missing, set())
        self.assertEqual(len(self.peer.arrived), len(set(self.peer.arrived)))
        self.assertEqual(len(returned), len(set(returned)))
        self.assertTrue(returned)


if __name__ == "__main__":
    unittest.main()
