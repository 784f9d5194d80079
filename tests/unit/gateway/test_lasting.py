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
    def begin(self, kind):
        """The gateway has a stream to the peer, on which one message has come."""
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna"])
        self.world.providers.append(self.gateway)
        self.world.certify("peer", ["peer.dna"])
        self.peer = kind({"peer.dna": {}}, lambda *_: True, [],
                         *(self.world.file(name)
                           for name in ("peer.pem", "peer.key", "ca.pem")))
        port = self.peer.listen(PEER)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.peer.dna", port)
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

    def account_for_all(self):
        everything = {f"m{number}" for number in range(MANY)}
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
