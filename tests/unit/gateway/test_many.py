#!/usr/bin/env python3
"""Every domain of two providers on one connection, and what one of them does to the others.

usage: test_many.py DNA_GATEWAY

The gateway hosts one domain, the peer (tests/support/dna_peer.py) more than a thousand.  On the
local hop, too, all pairs share a connection each way.
"""

import os
import queue
import signal
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]

from dna_peer import Peer, Stream
from test_program import PATIENCE, Provider, Server, World

PEER = "127.0.10.200"
OWN = "a1.dna"
MANY = 1200
DOMAINS = [f"d{number}.dna" for number in range(MANY)]
ELSEWHERE = "elsewhere.dna"     # the peer says that it serves it; its owner does not
REVOKED, OTHERS = DOMAINS[7], DOMAINS[8::50]
AT_ONCE = 100       # so that no answer of the name server is lost, which costs seconds


class OneStream(Server):
    """A local server that asks for all pairs on one stream, and believes the gateway."""

    def verify(self, remote, own, ident, key):
        return True

    def send(self, own, remote, ident, body="hello", kind="chat"):
        stream = self.streams.get(own)
        if stream is None:
            stream = self.streams[own] = self.open(own, remote)
        elif (own, remote) not in self.streams:
            stream.sendall(f"<db:result from='{own}' to='{remote}'>any</db:result>".encode())
        self.streams[own, remote] = stream
        stream.sendall(f"<message from='user@{own}/x' to='user@{remote}' id='{ident}' "
                       f"type='{kind}'><body>{body}</body></message>".encode())


class Told(Stream):
    """It takes errors for domains of its own that it may not use any more."""

    def stanza(self, element):
        if element.get("type") == "error":
            self.peer.errors.put(element)
        else:
            super().stanza(element)


class ManyPeer(Peer):
    stream = Told

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.errors = queue.Queue()


class Gateway(Provider):
    def __init__(self, world):
        super().__init__(world, 1, [OWN])
        self.server.close()
        self.server = OneStream("127.0.12.1", self.link)
        with open(self.config, "w", encoding="ascii") as config:
            config.write(self.text(world, 1))

    def refuse(self, domain):
        with open(self.config, "a", encoding="ascii") as config:
            config.write(f'policy "{domain}" {{ level = "refuse" }}\n')
        self.process.send_signal(signal.SIGHUP)


class Many(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world)
        self.world.providers.append(self.gateway)
        self.world.certify("peer", ["xmpp.peer.dna"])
        self.peer = ManyPeer(dict.fromkeys([*DOMAINS, ELSEWHERE], {}),
                             lambda *_: True, [], *(self.world.file(name)
                                                   for name in ("peer.pem", "peer.key", "ca.pem")))
        port = self.peer.listen(PEER)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        for domain in DOMAINS:
            self.world.names.srv[f"_xmpp-server._tcp.{domain}"] = ("xmpp.peer.dna", port)
        self.world.names.srv[f"_xmpp-server._tcp.{ELSEWHERE}"] = ("xmpp.other.dna", port)
        self.gateway.start()

    def from_gateway(self, domains, mark):
        for begin in range(0, len(domains), AT_ONCE):
            self.some_from_gateway(domains[begin:begin + AT_ONCE], mark)

    def some_from_gateway(self, domains, mark):
        for domain in domains:
            self.gateway.server.send(OWN, domain, f"{mark}-{domain}")
        got = [self.peer.stanzas.get(timeout=PATIENCE) for _ in domains]
        self.assertEqual({(one.get("to"), one.get("id")) for one in got},
                         {(f"user@{domain}", f"{mark}-{domain}") for domain in domains})

    def to_gateway(self, stream, domains, mark):
        for domain in domains:
            stream.message(f"user@{domain}/x", f"user@{OWN}", f"{mark}-{domain}", "hello")
        got = [self.gateway.server.get() for _ in domains]
        self.assertEqual({one[:2] + one[3:4] for one in got},
                         {("chat", f"user@{domain}/x", f"{mark}-{domain}")
                          for domain in domains})

    def comes_back(self, domain, ident):
        self.gateway.server.send(OWN, domain, ident)
        kind, source, _, got, text = self.gateway.server.get()
        self.assertEqual((kind, source, got), ("error", f"user@{domain}", ident), text)

    def saw(self, stream, *what):
        self.assertTrue(stream.saw(*what, PATIENCE), (what, stream.trace[-20:], stream.error))

    def refused(self, stream):
        """A domain that cannot be proven, asserted on the stream of all others."""
        stream.do("assert_own", ELSEWHERE)
        self.saw(stream, "in", "invalid", ELSEWHERE)

    def revoked(self, stream):
        """One that was proven, and is not to be believed any longer."""
        self.gateway.refuse(REVOKED)
        self.saw(stream, "in", "invalid", REVOKED)
        # What was under way then.
        stream.send(f"<message from='user@{REVOKED}/x' to='user@{OWN}' id='late'/>")
        back = self.peer.errors.get(timeout=PATIENCE)
        self.assertEqual((back.get("to"), back.get("type"), back.get("id")),
                         (f"user@{REVOKED}/x", "error", "late"))
        self.comes_back(REVOKED, "too-late")

    def test_one_connection(self):
        self.from_gateway(DOMAINS[:1], "first")
        stream = self.peer.streams.get(timeout=PATIENCE)
        self.to_gateway(stream, DOMAINS[:1], "back")
        self.from_gateway(DOMAINS[1:], "there")
        self.to_gateway(stream, DOMAINS[1:], "back")
        self.refused(stream)
        self.from_gateway(OTHERS, "beside-refused")
        self.to_gateway(stream, OTHERS, "beside-refused")
        self.assertTrue(self.peer.streams.empty())
        self.revoked(stream)
        self.from_gateway(OTHERS, "beside-revoked")
        self.to_gateway(stream, OTHERS, "beside-revoked")
        # But for the one that asked at the revoked domain's own endpoint, in vain.
        opened = [line for line in self.gateway.log("stream-opened")
                  if f"remote={PEER}@" in line and f" peer={REVOKED}" not in line]
        self.assertEqual(len(opened), 1, opened)
        self.assertFalse(stream.ended)


if __name__ == "__main__":
    unittest.main()
