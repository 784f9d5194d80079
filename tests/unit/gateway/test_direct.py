#!/usr/bin/env python3
"""dna-gateway and direct TLS (XEP-0368), in both roles.

usage: test_direct.py DNA_GATEWAY

tests/support/dna_peer.py is the peer; the name server and the XMPP server behind the gateway
are those of test_program.py.
"""

import os
import signal
import socket
import ssl
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]

from dna_peer import ALPN, TLS, Peer
from test_program import HEADER, PATIENCE, Provider, World, free_port, read_until

PEER = "127.0.10.200"


class Gateway(Provider):
    def text(self, world, number):
        self.direct = (self.public[0], free_port(self.public[0]))
        option = f'  listen-direct-tls = {{ "{self.direct[0]}@{self.direct[1]}" }}\n'
        return super().text(world, number).replace("  certificate =",
                                                   option + "  certificate =", 1)


class WithFolder(Gateway):
    """Its certificates lie in a folder, as an ACME client leaves them."""

    def text(self, world, number):
        self.folder = world.file("certificates")
        os.makedirs(self.folder)
        for domain in ("a1.dna", "a2.dna"):
            world.certify(domain, [domain])
            place = os.path.join(self.folder, domain)
            os.makedirs(place)
            for kind, name in (("pem", "fullchain.pem"), ("key", "privkey.pem")):
                os.rename(world.file(f"{domain}.{kind}"), os.path.join(place, name))
        option = f'  certificate-folder = "{self.folder}"\n'
        return super().text(world, number).replace("  certificate =",
                                                   option + "  certificate =", 1)


class ServerName(unittest.TestCase):
    """What the client asks for by SNI is what it is shown."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = WithFolder(self.world, 1, ["a1.dna", "a2.dna"])
        self.world.providers.append(self.gateway)
        self.gateway.start()

    def shown(self, name):
        """The names of the certificate that is shown to who asks for that."""
        context = ssl.create_default_context(cafile=self.world.file("ca.pem"))
        context.check_hostname = False
        with socket.create_connection(self.gateway.direct, PATIENCE) as plain, \
                context.wrap_socket(plain, server_hostname=name) as stream:
            return [text for _, text in stream.getpeercert()["subjectAltName"]]

    def test_the_folders_certificate_is_shown(self):
        self.assertEqual(self.shown("a1.dna"), ["a1.dna"])
        self.assertEqual(self.shown("a2.dna"), ["a2.dna"])
        self.assertEqual(self.shown("A1.dna"), ["a1.dna"])
        self.assertIn("xmpp.p1.dna", self.shown(None))  # the provider's

    def test_who_asks_for_somebody_else_is_shown_the_providers(self):
        self.assertIn("xmpp.p1.dna", self.shown("b1.dna"))

    def test_a_renewed_one_is_shown_after_a_reload(self):
        def serial():
            context = ssl.create_default_context(cafile=self.world.file("ca.pem"))
            with socket.create_connection(self.gateway.direct, PATIENCE) as plain, \
                    context.wrap_socket(plain, server_hostname="a1.dna") as stream:
                return stream.getpeercert()["serialNumber"]
        before = serial()
        self.world.certify("again", ["a1.dna"])
        place = os.path.join(self.gateway.folder, "a1.dna")
        os.rename(self.world.file("again.key"), os.path.join(place, "privkey.pem"))
        os.rename(self.world.file("again.pem"), os.path.join(place, "fullchain.pem"))
        self.gateway.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while serial() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertNotEqual(serial(), before)


class DirectTls(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna"])
        self.world.providers.append(self.gateway)
        self.world.certify("peer", ["peer.dna"])
        self.peer = Peer({"peer.dna": {}}, lambda *_: True, ["pkix"],
                         *(self.world.file(name)
                           for name in ("peer.pem", "peer.key", "ca.pem")))
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        self.gateway.start()

    def publish(self, name, port):
        self.world.names.srv[f"_{name}._tcp.peer.dna"] = ("xmpp.peer.dna", port)

    def say_hello(self, alpn):
        """A TLS connection on which the header is answered; the features."""
        context = ssl.create_default_context(cafile=self.world.file("ca.pem"))
        context.load_cert_chain(self.world.file("peer.pem"), self.world.file("peer.key"))
        if alpn:
            context.set_alpn_protocols(alpn)
        plain = socket.create_connection(self.gateway.direct, PATIENCE)
        self.addCleanup(plain.close)
        stream = context.wrap_socket(plain, server_hostname="a1.dna")
        self.addCleanup(stream.close)
        stream.sendall(HEADER.format("peer.dna", "a1.dna", "").encode())
        return stream, read_until(stream, "</stream:features>")

    def test_a_peer_calls(self):
        self.publish("xmpp-server", self.peer.listen(PEER))
        stream = self.peer.connect(self.gateway.direct, "peer.dna", "a1.dna", (PEER, 0),
                                   direct=True)
        self.addCleanup(stream.close)
        self.assertTrue(stream.saw("in", "valid", "peer.dna", PATIENCE),
                        (stream.trace, stream.error))
        self.assertEqual(stream.connection.selected_alpn_protocol(), ALPN)

    def test_the_protocol_is_named_or_nothing_is(self):
        for alpn in (None, [ALPN], ["h2", ALPN]):
            stream, features = self.say_hello(alpn)
            self.assertEqual(stream.selected_alpn_protocol(), ALPN if alpn else None)
            self.assertNotIn("starttls", features)
        for alpn in (["xmpp-client"], ["h2", "http/1.1"]):
            with self.assertRaises(ssl.SSLError) as refused:
                self.say_hello(alpn)
            said = str(refused.exception).upper().replace("_", " ")
            self.assertIn("NO APPLICATION PROTOCOL", said)

    def test_no_tls_inside_of_tls(self):
        stream, _ = self.say_hello([ALPN])
        stream.sendall(f"<starttls xmlns='{TLS}'/>".encode())
        with self.assertRaises(ConnectionError) as ended:
            read_until(stream, "<proceed")
        self.assertIn("<failure", str(ended.exception))

    def test_nothing_is_said_in_clear(self):
        with socket.create_connection(self.gateway.direct, PATIENCE) as stream:
            stream.sendall(HEADER.format("peer.dna", "a1.dna", "").encode())
            got = b""
            try:
                while more := stream.recv(4096):
                    got += more
            except ConnectionResetError:
                pass
        self.assertNotIn(b"<", got)

    def test_the_gateway_calls(self):
        self.publish("xmpps-server", self.peer.listen(PEER, direct=True))
        self.gateway.server.send("a1.dna", "peer.dna", "m1")
        got = self.peer.stanzas.get(timeout=PATIENCE)
        self.assertEqual(got.get("id"), "m1")
        self.assertEqual(self.peer.asked, [("peer.dna", ALPN)])

    def test_what_has_no_tls_is_left_for_the_next(self):
        port = self.peer.listen(PEER)   # for STARTTLS only, whatever the first record says
        self.publish("xmpps-server", port)
        self.publish("xmpp-server", port)
        self.gateway.server.send("a1.dna", "peer.dna", "m2")
        self.assertEqual(self.peer.stanzas.get(timeout=PATIENCE).get("id"), "m2")


if __name__ == "__main__":
    unittest.main()
