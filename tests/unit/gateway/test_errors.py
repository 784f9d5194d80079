#!/usr/bin/env python3
"""Every stream error of the table of RFC 6120 4.9.3 that dna-gateway sends, provoked.

usage: test_errors.py DNA_GATEWAY

A gateway of test_program.py; the peer is a socket, in clear or under TLS, or one that has
authenticated itself by SASL EXTERNAL.
"""

import os
import re
import signal
import socket
import ssl
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from test_program import PATIENCE, World

PEER, OURS = "peer.dna", "a1.dna"
PLAIN = "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
ERROR = re.compile(r"<(?:stream:)?error[^>]*>\s*<([\w-]+)")


def header(namespaces=PLAIN, target=OURS, version=" version='1.0'"):
    return f"<stream:stream {namespaces} from='{PEER}' to='{target}'{version}>"


def message(attributes=f"from='a@{PEER}' to='b@{OURS}'", rest="/>", name="message"):
    return f"<{name} {attributes}{rest}"


CLEAR, SECURE, PROVEN = "in clear", "under TLS", "authenticated"
# How far the stream has come, what is sent on it, and the condition that comes back.  In clear
# the header is part of what is sent.
CASES = (
    (CLEAR, "not XML", "GET / HTTP/1.0\r\n\r\n", "not-well-formed"),
    (CLEAR, "tags that do not match", header() + "<a></b>", "not-well-formed"),
    (CLEAR, "an undeclared prefix", header() + "<x:y/>", "bad-namespace-prefix"),
    (CLEAR, "text between elements", header() + "hello", "bad-format"),
    (CLEAR, "a prefixed element of the content namespace",
     header() + f"<s:message xmlns:s='jabber:server' from='a@{PEER}' to='b@{OURS}'/>",
     "bad-namespace-prefix"),
    (CLEAR, "a domain that is not hosted", header(target="nobody.dna"), "host-unknown"),
    (CLEAR, "another stream namespace",
     header(PLAIN.replace("http://etherx.jabber.org/streams", "http://example.com/")),
     "invalid-namespace"),
    (CLEAR, "the content namespace of clients", header(PLAIN.replace("server", "client")),
     "invalid-namespace"),
    (CLEAR, "a stanza before TLS", header() + message(), "not-authorized"),
    (CLEAR, "a long element", header() + "<a>" + "x" * 20000, "policy-violation"),
    (CLEAR, "deep elements", header() + "<a>" * 200, "policy-violation"),
    (CLEAR, "a comment", header() + "<!-- x -->", "restricted-xml"),
    (CLEAR, "a processing instruction", header() + "<?x y?>", "restricted-xml"),
    (CLEAR, "a DTD", "<!DOCTYPE x>" + header(), "restricted-xml"),
    (CLEAR, "UTF-16", header().encode("utf-16"), "unsupported-encoding"),
    (CLEAR, "no version", header(version=""), "unsupported-version"),
    (SECURE, "a stanza before a proof", message(), "not-authorized"),
    (SECURE, "an element of nobody's", "<what xmlns='urn:example:what'/>",
     "unsupported-stanza-type"),
    (PROVEN, "a stanza without an addressee", message(f"from='a@{PEER}'"),
     "improper-addressing"),
    (PROVEN, "a stanza without a sender", message(f"to='b@{OURS}'"), "improper-addressing"),
    (PROVEN, "a sender that is no address", message(f"from='a@-.' to='b@{OURS}'"),
     "improper-addressing"),
    (PROVEN, "a sender that was not proven", message(f"from='a@other.dna' to='b@{OURS}'"),
     "invalid-from"),
    (PROVEN, "an addressee that was never ours", message(f"from='a@{PEER}' to='b@nobody.dna'"),
     "host-unknown"),
    (PROVEN, "an element of nobody's", "<what xmlns='urn:example:what'/>",
     "unsupported-stanza-type"),
    (PROVEN, "a comment", "<!-- x -->", "restricted-xml"),
    (PROVEN, "a stanza without end", message(rest=">") + "x" * 300000, "policy-violation"),
)
# The rest of the table, and where it is provoked, or why it is never sent.
ELSEWHERE = {
    "conflict": "two streams for one pair are admitted; they carry what they have proven",
    "connection-timeout": "two minutes without an answer: unit test s2s.lasting",
    "host-gone": "a domain that leaves is retracted (impossible), and the stream lives on",
    "internal-server-error": "lack of memory: the unit tests that let allocations fail",
    "invalid-xml": "schemas are not validated",
    "remote-connection-failed": "of a dialback pair, not of the stream: gateway.dialback",
    "reset": "an acceptance that the whole stream rested on is over: scenario.dialback_policy",
    "resource-constraint": "test_streams_to_a_customer of gateway.limits",
    "see-other-host": "never sent",
    "undefined-condition": "there is a condition for every fault that is found",
    "unsupported-feature": "no feature of a peer's is mandatory for us",
    "system-shutdown": "test_the_end",
}
TABLE = """bad-format bad-namespace-prefix conflict connection-timeout host-gone host-unknown
improper-addressing internal-server-error invalid-from invalid-namespace invalid-xml
not-authorized not-well-formed policy-violation remote-connection-failed reset
resource-constraint restricted-xml see-other-host system-shutdown undefined-condition
unsupported-encoding unsupported-feature unsupported-stanza-type unsupported-version"""


class Raw:
    """A connection to the gateway's public side, and what was read from it."""

    def __init__(self, world, gateway, source, target=OURS):
        self.world, self.target = world, target
        self.socket = socket.create_connection(gateway.public, PATIENCE, (source, 0))
        self.text = ""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def until(self, *words):
        """The first of those words that comes; None: the stream has ended before."""
        while True:
            for word in words:
                if word in self.text:
                    return word
            try:
                got = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not got:
                return None
            self.text += got.decode("utf-8", "replace")

    def greet(self):
        self.text = ""
        self.send(header(target=self.target))
        assert self.until("</stream:features>"), self.text

    def tls(self):
        self.greet()
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        assert self.until("<proceed"), self.text
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.world.file("peer.pem"), self.world.file("peer.key"))
        self.socket = context.wrap_socket(self.socket)

    def secure(self):
        self.tls()
        self.greet()

    def authenticate(self):
        self.secure()
        assert "EXTERNAL" in self.text, self.text
        self.send(f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>")
        assert self.until("<success", "<failure") == "<success", self.text
        self.greet()

    def come_to(self, stage):
        if stage == SECURE:
            self.secure()
        elif stage == PROVEN:
            self.authenticate()

    def error(self):
        """The condition of the stream error that ends it, or None."""
        self.until("</stream:stream>")
        found = ERROR.search(self.text)
        return found[1] if found else None


class StreamErrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.gateway = cls.world.provider(OURS)
        cls.world.certify("peer", [PEER])
        cls.gateway.start()
        cls.n = 0

    def raw(self):
        type(self).n += 1
        raw = Raw(self.world, self.gateway, f"127.0.13.{self.n}")
        self.addCleanup(lambda: raw.socket.close())  # it changes under TLS
        return raw

    def test_provoked(self):
        for stage, what, sent, condition in CASES:
            with self.subTest(f"{stage}: {what}"):
                raw = self.raw()
                raw.come_to(stage)
                raw.text = ""
                try:
                    raw.send(sent)
                except ConnectionError:
                    pass    # it was told before it had said all
                self.assertEqual(raw.error(), condition, raw.text)
                self.assertIn("</stream:stream>", raw.text)
                raw.socket.close()
                self.assertTrue(self.gateway.logs("stream-closed", condition), condition)

    def test_the_table_is_complete(self):
        self.assertEqual(sorted({condition for *_, condition in CASES} | set(ELSEWHERE)),
                         sorted(TABLE.split()))

    def test_the_end(self):
        raw = self.raw()
        raw.authenticate()
        raw.text = ""
        for _ in range(2):
            self.gateway.process.send_signal(signal.SIGTERM)
        self.assertEqual(raw.error(), "system-shutdown")


class Limits(unittest.TestCase):
    """What the section `limits` says is refused before a byte is read, and counted."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = self.world.provider(OURS)
        with open(self.gateway.config, "a", encoding="ascii") as config:
            config.write("limits { handshakes = 3 \n handshakes-per-address = 2 }\n")
        self.world.certify("peer", [PEER])
        self.gateway.start()

    def assert_refused(self, source):
        raw = Raw(self.world, self.gateway, source)
        self.assertIsNone(raw.until("x"))
        raw.socket.close()

    def test_handshakes(self):
        raws = [Raw(self.world, self.gateway, "127.0.13.1") for _ in range(2)]
        for raw in raws:
            raw.greet()
        self.assert_refused("127.0.13.1")
        self.assertTrue(self.gateway.logs("connections-refused", "handshakes-per-address",
                                          "127.0.13.1", "refused=1"))
        raws.append(Raw(self.world, self.gateway, "127.0.13.2"))
        raws[2].greet()
        self.assert_refused("127.0.13.3")
        self.assertTrue(self.gateway.logs("connections-refused", "limit=handshakes ",
                                          "127.0.13.3"))
        for raw in raws:
            raw.socket.close()
        for number in (1, 2, 3):
            self.assertTrue(self.gateway.logs("stream-closed", f" number={number} "))
        for _ in range(3):      # under TLS they are no handshakes any more
            raw = Raw(self.world, self.gateway, "127.0.13.4")
            raw.secure()
            raws.append(raw)
        self.gateway.process.send_signal(signal.SIGUSR1)
        self.assertTrue(self.gateway.logs("refused", "handshakes=1",
                                          "handshakes-per-address=1"))
        for raw in raws:
            raw.socket.close()


if __name__ == "__main__":
    unittest.main()
