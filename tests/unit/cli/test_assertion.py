"""dna assertion: the XML delegation document, alone and heard for a peer."""
import base64
import hashlib
import time

import tool

NOW = 1793577600  # 2 November 2026: between the documents' dates
NS = "urn:xmpp:dna:delegation:0"


def document(providers, domain="example.com", expires="2026-12-01T00:00:00Z",
             service="xmpp-server", issued="2026-11-01T00:00:00Z"):
    return ("<?xml version='1.0' encoding='UTF-8'?>"
            f"<delegations xmlns='{NS}' domain='{domain}' "
            f"issued='{issued}' expires='{expires}'><service name='{service}'>{providers}"
            "</service></delegations>")


HOST = "<provider host='xmpp.example.net' port='5269'/>"


def digest(kind, octets, name="sha-256"):
    value = base64.b64encode(hashlib.new(name.replace("-", ""), octets).digest()).decode()
    return f"<provider {kind}='{name}' value='{value}'/>"


class Assertion(tool.Case):
    def read(self, status, text, *words, **members):
        return self.ask(status, "assertion", self.file("d.xml", text), "--domain",
                        "example.com", *words, **members)

    def test_documents(self):
        got = self.read(tool.ACCEPTED, document(HOST), "--at", NOW, ruling="VALID",
                        domain="example.com",
                        providers=[{"host": "xmpp.example.net", "port": 5269}])
        self.assertEqual(got["expires_at"], 1796083200)

    def test_refused(self):
        for text in (document(HOST, domain="example.org"),
                     document(HOST, expires="2026-10-01T00:00:00Z"),
                     document(HOST, issued="2026-11-20T00:00:00Z"),
                     document(HOST, service="xmpp-client"), document(""),
                     document("<provider cert='md5' value='AAAA'/>"),
                     document(HOST).replace(NS, "urn:x"), "", "<a/>", "\0", "<delegations",
                     document(HOST).replace("?><", "?><!DOCTYPE a><"),
                     document(HOST + "<!-- -->"), document(HOST + "&x;"),
                     document("<provider host='xmpp.example.net' port='0'/>"),
                     document(HOST + " " * 70000)):
            self.read(tool.REFUSED, text, "--at", NOW, ruling="INVALID", code="bad-material")

    def test_positions(self):
        got = self.read(tool.REFUSED, "<delegations>\n  <!-- -->\n</delegations>")
        self.assertIn("line 2", got["why"])

    def test_peers(self):
        now = int(time.time())
        dates = {"issued": "2020-01-01T00:00:00Z", "expires": "2096-01-01T00:00:00Z"}
        root = tool.Authority(self.dir, "root")
        leaf = root.leaf("leaf", "DNS:xmpp.example.net")
        other = root.leaf("other", "DNS:other.example")
        trust = ["--roots", root.pem, "--at", now]
        for providers in (HOST, digest("cert", tool.der(leaf)),
                          digest("spki", tool.spki(leaf), "sha-512")):
            text = document(providers, **dates)
            self.read(tool.ACCEPTED, text, "--cert", leaf, *trust, ruling="PROVEN", code="ok")
            self.read(tool.REFUSED, text, "--cert", other, *trust, ruling="FAIL")
        self.read(tool.REFUSED, document(HOST, **dates), "--cert", leaf, code="untrusted")
        self.read(tool.ACCEPTED, document(digest("cert", tool.der(leaf)), **dates), "--cert",
                  leaf)

    def test_arbitrary_bytes(self):
        self.hammer(document(HOST + digest("cert", b"x")).encode(), lambda some: tool.dna(
            "assertion", "-", "--domain", "example.com", "--at", NOW, "--json", stdin=some))

    def test_use(self):
        self.misuse("assertion", self.file("d.xml", document(HOST)),
                    says="--domain D is missing")


tool.main()
