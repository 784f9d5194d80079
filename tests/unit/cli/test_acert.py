"""dna acert: attribute certificates that `dna publish` makes, and those of strongSwan."""
import base64
import shutil
import subprocess
import time
import unittest

import tool

DAY = 86400


class Acert(tool.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.owner = self.root.leaf("owner", "DNS:example.com")
        self.peer = self.root.leaf("peer", "DNS:xmpp.host.example")

    def issue(self, *words):
        got = tool.dna("publish", "attribute-cert", *words)
        self.assertEqual(got.status, tool.ACCEPTED, got.err)
        return self.file("acert", got.out)

    def key(self, certificate):
        return certificate.with_suffix(".key")

    def make(self, *words):
        return self.issue("--issuer", self.owner, "--key", self.key(self.owner), "--cert",
                          self.peer, "--domain", "example.com", *words)

    def judge(self, status, file, *words, holder=None, **members):
        return self.ask(status, "acert", file, "--holder", holder or self.peer, "--roots",
                        self.root.pem, *words, **members)

    def test_what_was_published_is_accepted(self):
        for form in ("pem", "cms"):
            file = self.make("--form", form)
            self.judge(tool.ACCEPTED, file, "--domain", "example.com", ruling="PROVEN", code="ok")
            self.judge(tool.REFUSED, file, "--domain", "other.example", ruling="FAIL",
                       code="no-match")
            self.judge(tool.REFUSED, file, "--domain", "example.com", holder=self.owner,
                       ruling="FAIL", code="no-match")
            self.judge(tool.REFUSED, file, "--domain", "example.com", "--at",
                       int(time.time()) + 40 * DAY, ruling="FAIL", code="not-valid-now")

    def test_der_and_bare_certificates(self):
        cms = self.file("cms.der", base64.b64decode(self.make("--form", "cms").read_bytes()))
        self.judge(tool.ACCEPTED, cms, "--domain", "example.com", code="ok")
        lines = self.make().read_text().split("-----END ATTRIBUTE CERTIFICATE-----")[0]
        body = lines.split("-----BEGIN ATTRIBUTE CERTIFICATE-----")[1]
        bare = self.file("bare.der", base64.b64decode(body))
        self.judge(tool.REFUSED, bare, "--domain", "example.com", code="bad-material")
        self.judge(tool.ACCEPTED, bare, "--domain", "example.com", "--untrusted", self.owner,
                   code="ok")
        self.ask(tool.ACCEPTED, "acert", bare, "--show", profile="fulfilled", version="2")

    def test_show(self):
        got = self.ask(tool.ACCEPTED, "acert", self.make("--form", "cms"), "--show",
                       ruling="VALID", version="2", profile="fulfilled")
        self.assertTrue(any("_xmpp-server.example.com" in a for a in got["attributes"]))
        self.assertTrue(any("noRevAvail" in e for e in got["extensions"]))

    def test_bytes_that_are_none(self):
        for content in (b"", b"\x30\x80", b"-----BEGIN CERTIFICATE-----\n", b"MII!", b"\0" * 99,
                        b"-----BEGIN ATTRIBUTE CERTIFICATE-----\nMAA=\n"
                        b"-----END ATTRIBUTE CERTIFICATE-----\n"):
            file = self.file("none", content)
            self.ask(tool.REFUSED, "acert", file, "--show", code="bad-material")
            self.judge(tool.REFUSED, file, "--domain", "example.com", code="bad-material")

    def test_usage(self):
        file = self.make()
        self.misuse("acert", file, says="--show")
        self.misuse("acert", file, "--holder", self.peer, "--domain", "example.com",
                    says="--roots")
        self.misuse("acert", self.dir / "missing", "--show", says="missing")

    def test_hostile_bytes(self):
        good = base64.b64decode(self.make("--form", "cms").read_bytes())
        self.hammer(good, lambda text: tool.dna("acert", "-", "--show", "--json", stdin=text))
        self.hammer(good, lambda text: tool.dna(
            "acert", "-", "--holder", self.peer, "--roots", self.root.pem, "--domain",
            "example.com", "--json", stdin=text), seed=2)

    @unittest.skipUnless(shutil.which("pki"), "strongSwan's pki is not installed")
    def test_strongswan(self):
        der = subprocess.run(["pki", "--acert", "--in", self.peer, "--issuercert", self.owner,
                              "--issuerkey", self.key(self.owner), "--group", "sales",
                              "--lifetime", "24"], check=True, capture_output=True).stdout
        if not der:
            self.skipTest("pki cannot read such keys")
        file = self.file("swan.der", der)
        got = self.ask(tool.ACCEPTED, "acert", file, "--show", ruling="VALID", version="2")
        self.assertTrue(any("1.3.6.1.5.5.7.10.4" in a for a in got["attributes"]))
        self.assertIn("exactly one way", got["profile"])
        self.judge(tool.REFUSED, file, "--untrusted", self.owner, "--domain", "example.com",
                   code="bad-material")


tool.main()
