#!/usr/bin/env python3
"""What one customer, one domain and one address may take of dna-gateway: each limit is reached
on the running program, counted, and leaves the others alone.

usage: test_limits.py DNA_GATEWAY

A gateway and a local server of test_program.py; peers are sockets of test_errors.py.
"""

import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from test_errors import PEER, SASL, Raw, header, message
from test_program import World

ONE, OTHER = "127.0.13.1", "127.0.13.2"


class Limits(unittest.TestCase):
    def start(self, limits="", queue=""):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = self.world.provider("a1.dna", "a2.dna")
        self.server = self.gateway.server
        with open(self.gateway.config, "a", encoding="ascii") as config:
            config.write(f"limits {{ {limits} }}\nqueue {{ {queue} }}\n")
        self.world.certify("peer", [PEER])
        self.gateway.start()
        # With the one that ends it, nothing that waits is waited for.
        self.addCleanup(self.gateway.process.send_signal, signal.SIGINT)

    def raw(self, source, target="a1.dna"):
        raw = Raw(self.world, self.gateway, source, target)
        self.addCleanup(lambda: raw.socket.close())     # it changes under TLS
        return raw

    def reached(self, limit, whose):
        self.assertTrue(self.gateway.logs("limit-reached", f" limit={limit} ",
                                          f" of={whose} "), self.gateway.lines)

    def counted(self, limit):
        """It is, and no other one is but the first."""
        self.gateway.process.send_signal(signal.SIGUSR1)
        self.assertTrue(self.gateway.logs("limit", " limit=memory-per-address "))
        self.assertTrue(self.gateway.logs("limit", " limit=dialbacks-per-host "))
        counts = dict(word.partition("=")[::2] for line in self.gateway.log("limit")
                      for word in [" ".join(line.split()[3:]).replace("limit=", "")
                                   .replace(" refused", "")])
        self.assertEqual({name for name, count in counts.items() if count != "0"}, {limit})

    def returned(self, ident):
        kind, _, _, got, text = self.server.get()
        self.assertEqual((kind, got), ("error", ident), text)
        return text

    def test_pairs_of_a_customer(self):
        self.start("pairs-per-host = 2")
        self.hold("slow.dna")
        for n in range(3):
            self.server.send("a1.dna", f"n{n}.slow.dna", f"i{n}")
        self.reached("pairs-per-host", "a1.dna")
        self.server.send("a2.dna", "n3.dna", "i4")
        self.returned("i4")
        self.counted("pairs-per-host")

    def test_pairs_of_an_address(self):
        self.start("pairs-per-address = 1")
        for source, target in ((ONE, "a1.dna"), (ONE, "a2.dna"), (OTHER, "a2.dna")):
            raw = self.raw(source, target)
            raw.authenticate()
            raw.send(message(f"from='a@{PEER}' to='b@{target}' id='{source} {target}'"))
            if (source, target) == (ONE, "a2.dna"):
                self.reached("pairs-per-address", ONE)
            else:
                self.assertEqual(self.server.get()[3], f"{source} {target}")
        self.counted("pairs-per-address")

    def test_streams_to_a_customer(self):
        self.start("accepted-per-host = 1")
        for source, target in ((ONE, "a1.dna"), (OTHER, "a1.dna"), (OTHER, "a2.dna")):
            raw = self.raw(source, target)
            if (source, target) == (OTHER, "a1.dna"):
                raw.secure()
                raw.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>")
                self.assertTrue(raw.until("<success"), raw.text)
                raw.send(header(target=target))
                self.assertEqual(raw.error(), "resource-constraint", raw.text)
                self.reached("accepted-per-host", "a1.dna")
            else:
                raw.authenticate()
        self.counted("accepted-per-host")

    def test_what_waits_for_a_customer(self):
        """Nobody says where n1.dna is; a1.dna floods, and a2.dna may still wait."""
        self.start(queue="host-bytes = 10000")
        self.hold("n1.dna")
        for n in range(3):
            self.server.send("a1.dna", "n1.dna", f"i{n}", "x" * 4000)
        self.reached("host-bytes", "a1.dna")
        text = self.returned("i2")
        self.assertIn("resource-constraint", text)
        self.server.send("a2.dna", "n1.dna", "j0", "x" * 4000)
        self.server.send("a2.dna", "n2.dna", "j1")  # which does not exist
        self.returned("j1")
        self.counted("host-bytes")

    def hold(self, domain):
        """Questions about a domain get answers that nobody asked for."""
        answer, wire = self.world.names.answer, self.world.names.wire(domain)

        def unasked(query):
            got = answer(query)
            return bytes([got[0] ^ 255]) + got[1:] if wire in query.lower() else got

        self.world.names.answer = unasked

    def test_look_ups_for_a_customer(self):
        self.start("searches-per-host = 1")
        self.hold("n1.dna")
        self.server.send("a1.dna", "n1.dna", "i1")
        self.server.send("a1.dna", "n2.dna", "i2")
        self.reached("searches-per-host", "a1.dna")
        self.assertIn("resource-constraint", self.returned("i2"))
        self.server.send("a2.dna", "n3.dna", "i3")
        self.assertIn("remote-server-not-found", self.returned("i3"))
        self.counted("searches-per-host")

    def test_taken_up_while_it_serves(self):
        self.start()
        self.hold("n1.dna")
        self.server.send("a1.dna", "n1.dna", "i1")
        with open(self.gateway.config, encoding="ascii") as config:
            text = config.read()
        with open(self.gateway.config, "w", encoding="ascii") as config:
            config.write(text.replace("limits {", "limits { searches-per-host = 1 \n"
                                                  "proofs-per-address = 1 \n"))
        self.gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.gateway.logs("reloaded"))
        self.server.send("a1.dna", "n2.dna", "i2")
        self.reached("searches-per-host", "a1.dna")     # with what was begun before
        self.returned("i2")
        self.proofs_are_limited()

    def test_proofs_for_an_address(self):
        self.start("proofs-per-address = 1")
        self.proofs_are_limited()
        self.counted("proofs-per-address")

    def proofs_are_limited(self):
        self.hold("slow.dna")
        slow, one, other = self.raw(ONE), self.raw(ONE), self.raw(OTHER)
        slow.tls()
        slow.send(header().replace(PEER, "slow.dna"))
        one.secure()
        self.reached("proofs-per-address", ONE)
        self.assertNotIn("EXTERNAL", one.text)
        other.authenticate()

    def test_memory(self):
        """What waits is too much: it goes back, nobody new is let in, and nothing new begins;
        what flows goes on."""
        self.start("memory = 1048576", "seconds = 600")
        raw = self.raw(ONE)
        raw.authenticate()
        self.send(raw, "first")
        self.hold("n1.dna")
        for _ in range(16):     # beyond seven eighths
            self.server.send("a1.dna", "n1.dna", "flood", "x" * 60000)
        self.assertIn("resource-constraint", self.returned("flood"))
        self.reached("memory", "-")
        self.assertIsNone(self.raw(OTHER).until("x"))
        self.server.send("a2.dna", "n2.dna", "new")
        self.send(raw, "second")
        self.counted("memory")
        self.assertTrue(self.gateway.logs("lost", " to=n2.dna "))

    def send(self, raw, ident):
        raw.send(message(f"from='a@{PEER}' to='b@a1.dna' id='{ident}'"))
        while (got := self.server.get()[3]) != ident:
            self.assertEqual(got, "flood")


def load_tests(loader, _, __):
    """Not those of what is imported."""
    return loader.loadTestsFromTestCase(Limits)


if __name__ == "__main__":
    unittest.main()
