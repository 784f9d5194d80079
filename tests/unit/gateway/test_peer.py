#!/usr/bin/env python3
"""dna-gateway and a peer that was written from the description of the exchange alone.

usage: test_peer.py DNA_GATEWAY

tests/support/dna_peer.py is the peer, in both roles; the name server and the XMPP server
behind the gateway are those of test_program.py.
"""

import http.server
import base64
import hashlib
import json
import os
import socket
import ssl
import sys
import threading
import unittest
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]

from dna_exchange import DNA, Broken, Exchange
from dna_peer import Peer
from test_program import PATIENCE, Provider, World

PEER = "127.0.10.200"
WEB = "127.0.10.201"
PROOF_URL = "http://xmpp.p1.dna/{}.cert"
GUEST_URL = "http://xmpp.peer.dna/guest.dna.cert"


class Gateway(Provider):
    """It has something to show for each of its domains."""

    def text(self, world, number):
        text = super().text(world, number)
        for domain in self.domains:
            text = text.replace(
                f'host "{domain}" {{',
                f'host "{domain}" {{\ndnssec-ta-url = "{PROOF_URL.format(domain)}"\n')
        return text


def unsigned(names, *domains):
    """The name server no longer says of those domains that they were validated."""
    signed = names.answer

    def answer(query):
        got = signed(query)
        if any(names.wire(domain) in query.lower() for domain in domains):
            got = got[:3] + bytes([got[3] & ~0x20]) + got[4:]
        return got

    names.answer = answer


class Website:
    """The web site of a domain, with its POSH document."""

    def __init__(self, world, domain, document):
        body = json.dumps(document).encode()

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = self.path == "/.well-known/posh/xmpp-server.json"
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body) if found else 0))
                self.end_headers()
                self.wfile.write(body if found else b"")

            def log_message(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        world.certify(f"web.{domain}", [domain])
        context.load_cert_chain(world.file(f"web.{domain}.pem"),
                                world.file(f"web.{domain}.key"))
        self.server = http.server.ThreadingHTTPServer((WEB, 443), Page)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        world.names.a[domain] = WEB
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def may_listen_at_443():
    try:
        socket.create_server((WEB, 443)).close()
        return True
    except OSError:
        return False


class Exchanges(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna", "a2.dna"])
        self.world.providers.append(self.gateway)
        self.world.certify("peer", ["peer.dna", "peer2.dna"])
        self.judged = []
        # What the peer has for guest.dna leads nowhere, and bare.dna is none of its own.
        self.peer = Peer({"peer.dna": {}, "peer2.dna": {}, "posh.dna": {},
                          "guest.dna": {"dnssec-ta": GUEST_URL}},
                         self.judge, ["dnssec-ta", "attribute-cert"],
                         *(self.world.file(name)
                           for name in ("peer.pem", "peer.key", "ca.pem")))
        port = self.peer.listen(PEER)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        for domain in list(self.peer.hosted) + ["bare.dna"]:
            self.world.names.srv[f"_xmpp-server._tcp.{domain}"] = ("xmpp.peer.dna", port)
        unsigned(self.world.names, "guest.dna", "bare.dna")

    def judge(self, domain, kind, text, names):
        """A rule of the peer's own: the address of the certificate is as good as it."""
        self.judged.append((domain, kind, text))
        return kind == "dnssec-ta" and text == PROOF_URL.format(domain) and bool(names)

    def call(self, own="peer.dna", remote="a1.dna"):
        stream = self.peer.connect(self.gateway.public, own, remote, (PEER, 0))
        self.addCleanup(stream.close)
        return stream

    def opens(self, own="peer.dna", remote="a1.dna"):
        stream = self.call(own, remote)
        opened = stream.wait(lambda: stream.exchange.may_send(own, remote), PATIENCE)
        self.assertTrue(opened, (stream.trace, stream.error))
        return stream

    def saw(self, stream, *what, more=""):
        self.assertTrue(stream.saw(*what, PATIENCE, more),
                        (what, stream.trace, stream.error))

    def proven(self, domain, kind):
        self.assertTrue(self.gateway.logs("ruling", f" domain={domain} ", "=PROVEN ",
                                          f" prooftype={kind} "))

    def both_ways(self, stream, own="peer.dna", remote="a1.dna"):
        """A message in each direction on that one connection."""
        stream.message(f"user@{own}/x", f"user@{remote}", "m1", "there & <here>")
        kind, source, target, ident, text = self.gateway.server.get()
        self.assertEqual((kind, source, target, ident),
                         ("chat", f"user@{own}/x", f"user@{remote}", "m1"), text)
        self.assertIn("there &amp; &lt;here&gt;", text)
        self.gateway.server.send(remote, own, "m2", "back")
        self.arrives(remote, own, "m2", "back")

    def arrives(self, remote, own, ident, body):
        message = self.peer.stanzas.get(timeout=PATIENCE)
        self.assertEqual((message.get("from"), message.get("to"), message.get("id")),
                         (f"user@{remote}/x", f"user@{own}", ident))
        self.assertEqual(message.findtext("{jabber:server}body"), body)

    def test_the_peer_calls(self):
        self.gateway.start()
        stream = self.opens()
        self.assertEqual(
            [(way, name, domain) for way, name, domain, _ in stream.trace],
            [("in", "assert", "a1.dna"), ("out", "challenge", "a1.dna"),
             ("in", "proof", "a1.dna"), ("out", "valid", "a1.dna"),
             ("out", "assert", "peer.dna"), ("in", "valid", "peer.dna")])
        self.assertEqual(self.judged, [
            ("a1.dna", None, ""), ("a1.dna", "dnssec-ta", PROOF_URL.format("a1.dna"))])
        self.proven("peer.dna", "pkix")
        self.both_ways(stream)
        self.assertTrue(self.peer.streams.empty())

    def test_the_gateway_calls(self):
        self.gateway.start()
        self.gateway.server.send("a1.dna", "peer.dna", "m2", "first")
        stream = self.peer.streams.get(timeout=PATIENCE)
        self.arrives("a1.dna", "peer.dna", "m2", "first")
        self.saw(stream, "out", "assert", "peer.dna")
        self.saw(stream, "in", "valid", "peer.dna")
        self.saw(stream, "in", "assert", "a1.dna")
        self.saw(stream, "out", "challenge", "a1.dna")
        self.saw(stream, "in", "proof", "a1.dna", more=PROOF_URL.format("a1.dna"))
        self.both_ways(stream)
        self.assertTrue(self.peer.streams.empty())

    def test_see_other_host(self):
        """A proven peer sends the gateway to another address; what it has to say next arrives
        there, and its own address is no place to be sent to."""
        self.gateway.start()
        ours = f"{self.gateway.public[0]}:{self.gateway.public[1]}"
        self.gateway.server.send("a1.dna", "peer.dna", "m1", "first")
        stream = self.peer.streams.get(timeout=PATIENCE)
        self.arrives("a1.dna", "peer.dna", "m1", "first")
        port = self.peer.listen("127.0.10.202")
        for n, place in enumerate((f"127.0.10.202:{port}", ours), 2):
            stream.send("<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'"
                        f">{place}</see-other-host></stream:error></stream:stream>")
            self.assertTrue(self.gateway.logs("stream-closed", "see-other-host", place))
            self.gateway.server.send("a1.dna", "peer.dna", f"m{n}", "next")
            if place == ours:
                break
            stream = self.peer.streams.get(timeout=PATIENCE)
            self.arrives("a1.dna", "peer.dna", f"m{n}", "next")
            self.assertEqual(stream.connection.getsockname(), ("127.0.10.202", port))
        self.assertTrue(self.gateway.logs("connection-refused-by-guard"))
        returned = set()    # what was sent just before the end, too, since it may be lost
        while "m3" not in returned:
            kind, _, _, ident, text = self.gateway.server.get()
            self.assertEqual(kind, "error", text)
            returned.add(ident)

    def test_more_domains_on_one_stream(self):
        self.gateway.start()
        stream = self.opens()
        stream.do("want", "a2.dna")
        self.saw(stream, "out", "valid", "a2.dna")
        stream.do("assert_own", "peer2.dna")
        self.saw(stream, "in", "valid", "peer2.dna")
        self.both_ways(stream, "peer2.dna", "a2.dna")
        self.assertTrue(self.peer.streams.empty())

    def test_a_domain_that_the_peer_cannot_prove(self):
        self.gateway.start()
        stream = self.opens()
        stream.do("assert_own", "guest.dna")
        self.saw(stream, "in", "challenge", "guest.dna", more="dnssec-ta")
        self.saw(stream, "out", "proof", "guest.dna", more=GUEST_URL)
        self.saw(stream, "in", "invalid", "guest.dna")
        with self.assertRaises(PermissionError):
            stream.message("user@guest.dna/x", "user@a1.dna", "m1", "let me in")
        self.both_ways(stream)      # the other domain does not suffer
        # Nor is it enough to speak without being allowed to.
        stream.send("<message from='user@guest.dna/x' to='user@a1.dna' id='m3'/>"
                    "<message from='user@peer.dna/x' to='user@a1.dna' id='m4'/>")
        self.assertEqual(self.gateway.server.get()[3], "m4")

    def test_a_stranger_as_the_first_domain(self):
        self.gateway.start()
        stream = self.call("guest.dna")
        self.saw(stream, "in", "invalid", "guest.dna")
        stream.send("<message from='user@guest.dna/x' to='user@a1.dna' id='m1'/>")
        self.saw(stream, "in", "error", "", more="not-authorized")
        self.assertTrue(stream.wait(lambda: stream.ended, PATIENCE), stream.trace)
        self.assertTrue(self.gateway.server.stanzas.empty())

    def test_the_gateway_asks_about_a_domain_that_is_not_ours(self):
        """SRV leads bare.dna to where the gateway has a stream already: it asks there."""
        self.gateway.start()
        self.gateway.server.send("a1.dna", "peer.dna", "m5", "first")
        self.arrives("a1.dna", "peer.dna", "m5", "first")
        stream = self.peer.streams.get(timeout=PATIENCE)
        self.gateway.server.send("a1.dna", "bare.dna", "m6", "anybody?")
        kind, source, _, ident, text = self.gateway.server.get()
        self.assertEqual((kind, source, ident), ("error", "user@bare.dna", "m6"), text)
        self.saw(stream, "in", "challenge", "bare.dna")
        self.saw(stream, "out", "impossible", "bare.dna")
        self.both_ways(stream)

    def test_the_peer_asks_about_a_domain_that_is_not_the_gateways(self):
        self.gateway.start()
        stream = self.opens()
        stream.do("want", "nobody.dna")
        self.saw(stream, "in", "impossible", "nobody.dna")
        # Validation that nobody asked for makes no host of anybody.
        stream.send("<valid xmlns='urn:xmpp:dna:0' to='nobody2.dna'/>")
        self.saw(stream, "in", "impossible", "nobody2.dna")
        self.both_ways(stream)

    def test_a_proof_that_nobody_asked_for(self):
        """It is not looked at: no name of it is looked up."""
        self.gateway.start()
        stream = self.opens()
        stream.send("<proof xmlns='urn:xmpp:dna:0' from='peer2.dna' "
                    "type='urn:xmpp:dna:proof:dnssec-ta'>http://trap.dna/x</proof>")
        self.both_ways(stream)
        self.assertNotIn("trap.dna", self.world.names.asked)

    def test_the_peer_takes_its_word_back(self):
        self.gateway.start()
        stream = self.opens()
        self.both_ways(stream)
        stream.do("revoke", "a1.dna")
        stream.do("assert_own", "peer2.dna")
        self.saw(stream, "in", "valid", "peer2.dna")
        stream.do("retract", "peer.dna")
        stream.do("want", "a2.dna")
        self.saw(stream, "out", "valid", "a2.dna")
        self.both_ways(stream, "peer2.dna", "a2.dna")

    def test_a_slow_peer_loses_nothing(self):
        """Far more than all buffers hold; the only source is simply not read."""
        self.gateway.start()
        self.gateway.server.send("a1.dna", "peer.dna", "first")
        self.arrives("a1.dna", "peer.dna", "first", "hello")
        self.peer.stanzas.maxsize = 1
        body, many = "x" * 16000, 2000
        sender = threading.Thread(target=lambda: [
            self.gateway.server.send("a1.dna", "peer.dna", f"n{number}", body)
            for number in range(many)])
        sender.start()
        sender.join(1)
        self.assertTrue(sender.is_alive())
        for number in range(many):
            self.arrives("a1.dna", "peer.dna", f"n{number}", body)
        sender.join()
        self.assertFalse(self.gateway.log("returned") + self.gateway.log("lost"))

    @unittest.skipUnless(may_listen_at_443(), "needs the right to listen at port 443")
    def test_a_domain_that_the_peer_proves_by_its_web_site(self):
        with open(self.world.file("peer.pem"), encoding="ascii") as pem:
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).digest()
        site = Website(self.world, "posh.dna", {
            "fingerprints": [{"sha-256": base64.b64encode(digest).decode()}],
            "expires": 3600})
        self.addCleanup(site.close)
        self.gateway.start()
        stream = self.opens("posh.dna")
        self.proven("posh.dna", "posh")
        self.both_ways(stream, "posh.dna")


class Rules(unittest.TestCase):
    """The peer's own rules: what goes in, what comes out."""

    def setUp(self):
        self.asked = []
        self.exchange = Exchange({"ours.dna": {"dnssec-ta": "http://ours.dna/c"}},
                                 self.judge, ["dnssec-ta"])

    def judge(self, domain, kind, text):
        self.asked.append((domain, kind, text))
        return text == "good" or domain == "known.dna"

    def take(self, name, content="", **attributes):
        words = "".join(f" {key.strip('_')}='{text}'" for key, text in attributes.items())
        self.exchange.out = []
        self.exchange.take(ElementTree.fromstring(
            f"<{name} xmlns='{DNA}'{words}>{content}</{name}>"))
        said = [ElementTree.fromstring(text) for text in self.exchange.out]
        return [(e.tag.rpartition("}")[2], e.get("from") or e.get("to")) for e in said]

    def test_asserted_and_proven(self):
        self.assertEqual(self.take("assert", from_="B.dna."), [("challenge", "b.dna")])
        self.assertEqual(self.take("assert", from_="b.dna"), [])
        self.assertEqual(self.take("proof", "good", from_="b.dna",
                                   type="URN:IETF:params:dna:proof:dnssec-ta"),
                         [("valid", "b.dna")])
        self.assertEqual(self.take("assert", from_="b.dna"), [("valid", "b.dna")])
        self.assertEqual(self.take("assert", from_="known.dna"), [("valid", "known.dna")])
        self.assertFalse(self.exchange.admit("b.dna", "ours.dna"))
        self.take("valid", to="ours.dna")
        self.assertTrue(self.exchange.admit("b.dna", "ours.dna"))
        self.assertEqual(self.take("impossible", from_="b.dna"), [])
        with self.assertRaisesRegex(Broken, "invalid-from"):
            self.exchange.admit("b.dna", "ours.dna")

    def test_refused(self):
        self.take("assert", from_="b.dna")
        self.assertEqual(self.take("proof", "good", from_="b.dna",
                                   type="urn:xmpp:dna:proof:DNSSEC-TA"),
                         [("invalid", "b.dna")])
        self.assertEqual(self.take("assert", from_="ours.dna"), [("invalid", "ours.dna")])
        for _ in range(5):
            self.assertEqual(self.take("assert", from_="b.dna"), [("invalid", "b.dna")])
        with self.assertRaisesRegex(Broken, "policy-violation"):
            self.take("assert", from_="b.dna")

    def test_unasked(self):
        """No proof is looked at that was not asked for; twenty are enough."""
        for _ in range(20):
            self.assertEqual(self.take("proof", "good", from_="b.dna",
                                       type="urn:xmpp:dna:proof:dnssec-ta"), [])
        self.assertEqual(self.asked, [])
        with self.assertRaisesRegex(Broken, "policy-violation"):
            self.take("nonsense", from_="b.dna")

    def test_too_late(self):
        self.take("assert", from_="b.dna")
        self.exchange.revoke("b.dna")
        self.take("proof", "good", from_="b.dna", type="urn:xmpp:dna:proof:dnssec-ta")
        self.assertEqual(self.exchange.abuses, 0)
        self.assertEqual(self.exchange.theirs["b.dna"], "invalid")

    def test_challenged(self):
        posh = "<proof type='urn:xmpp:dna:proof:posh'/>"
        anchor = "<proof type='urn:ietf:params:dna:proof:dnssec-ta'/>"
        other = "<proof type='urn:xmpp:dna:proof:attribute-cert'/>"
        self.assertEqual(self.take("challenge", posh, to="other.dna"),
                         [("impossible", "other.dna")])
        self.assertEqual(self.take("challenge", other, to="ours.dna"),
                         [("impossible", "ours.dna")])
        self.assertEqual(self.take("challenge", posh + anchor, to="ours.dna"),
                         [("proof", "ours.dna")])
        proof = ElementTree.fromstring(self.exchange.out[0])
        self.assertEqual((proof.get("type"), proof.text),
                         ("urn:ietf:params:dna:proof:dnssec-ta", "http://ours.dna/c"))
        self.assertEqual(self.take("valid", to="other.dna"),
                         [("impossible", "other.dna")])
        self.assertNotIn("other.dna", self.exchange.hosted)


if __name__ == "__main__":
    unittest.main()
