"""dna posh: documents, and certificates compared with them (RFC 7711)."""
import base64
import hashlib
import json
import time

import tool

DAY = 86400
URL = "https://hosting.example.net/.well-known/posh/xmpp-server.json"


def print_of(pem, name="sha256"):
    return base64.b64encode(hashlib.new(name, tool.der(pem)).digest()).decode()


class Posh(tool.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.leaf = self.root.leaf("leaf", "DNS:provider.example")

    def read(self, status, document, *words, **members):
        text = document if isinstance(document, (str, bytes)) else json.dumps(document)
        return self.ask(status, "posh", self.file("posh.json", text), *words, **members)

    def compare(self, status, document, *words, **members):
        return self.read(status, document, "--cert", self.leaf, *words, **members)

    def test_documents(self):
        both = [{"sha-256": print_of(self.leaf)}, {"sha-512": print_of(self.leaf, "sha512")}]
        self.read(tool.ACCEPTED, {"fingerprints": both, "expires": 604800}, ruling="VALID",
                  fingerprints=both, url=None, expires=604800)
        self.read(tool.ACCEPTED, {"url": URL, "expires": 86400}, ruling="VALID",
                  fingerprints=[], url=URL, expires=86400)
        # A month at most.
        self.read(tool.ACCEPTED, {"url": URL, "expires": 10 ** 9}, expires=30 * DAY)

    def test_matches(self):
        for name in ("sha-256", "sha-384", "sha-512"):
            text = print_of(self.leaf, name.replace("-", ""))
            for value in (text, text.rstrip("=")):
                self.compare(tool.ACCEPTED, {"fingerprints": [{name: value}], "expires": 60},
                             ruling="PROVEN", code="ok")
        other = print_of(self.root.pem)
        self.compare(tool.ACCEPTED, {"fingerprints": [{"sha-256": other},
                     {"sha-256": print_of(self.leaf)}], "expires": 60})

    def test_no_match(self):
        key = base64.b64encode(hashlib.sha256(tool.spki(self.leaf)).digest()).decode()
        for value in (print_of(self.root.pem), key):
            self.compare(tool.REFUSED, {"fingerprints": [{"sha-256": value}], "expires": 60},
                         ruling="FAIL", code="no-match")

    def test_dates_and_keys_still_count(self):
        document = {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": 60}
        now = int(time.time())
        got = self.compare(tool.ACCEPTED, document, "--at", now)
        self.assertEqual(got["until"], now + 60)
        for at in (now - 400 * DAY, now + 400 * DAY):
            self.compare(tool.REFUSED, document, "--at", at, ruling="FAIL",
                         code="not-valid-now")
        key = self.dir / "weak.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                     "-out", key)
        self.leaf = self.root.leaf("weak", "DNS:provider.example", key=key)
        document["fingerprints"] = [{"sha-256": print_of(self.leaf)}]
        self.compare(tool.REFUSED, document, code="weak-key")

    def test_a_reference_decides_nothing(self):
        self.compare(tool.UNKNOWN, {"url": URL, "expires": 60}, ruling="TEMPFAIL")

    def test_nothing_usable(self):
        for document in ({"fingerprints": [{"sha-1": "AAAA"}], "expires": 60},
                         {"fingerprints": [], "expires": 60},
                         {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": 0},
                         {"fingerprints": [{"sha-256": print_of(self.leaf)}]},
                         {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": -1},
                         {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": 1.5},
                         {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": 60,
                          "url": URL},
                         {"url": "http://a.example/x", "expires": 60}, {"expires": 60}, [], 1):
            self.read(tool.REFUSED, document, ruling="INVALID", code="bad-material")
            self.compare(tool.REFUSED, document, ruling="INVALID")

    def test_no_documents(self):
        for text in (b"", b"\0", b"{", b"\xef\xbb\xbf{}", b"[" * 100000, b"{\"a\":1,\"a\":2}",
                     b"{\"expires\":60,\"url\":\"" + b"x" * 70000 + b"\"}", b"<html>404</html>"):
            self.read(tool.REFUSED, text, ruling="INVALID", code="bad-material")

    def test_arbitrary_bytes(self):
        good = json.dumps({"fingerprints": [{"sha-256": print_of(self.leaf)}],
                           "expires": 60}).encode()
        self.hammer(good, lambda some: tool.dna("posh", "-", "--cert", self.leaf, "--json",
                                                stdin=some))

    def test_use(self):
        self.misuse("posh", says="FILE is missing")
        self.misuse("posh", self.dir / "none", says="No such file")
        document = self.file("good.json", json.dumps(
            {"fingerprints": [{"sha-256": print_of(self.leaf)}], "expires": 60}))
        self.misuse("posh", document, "--cert", self.file("junk", "junk"),
                    says="it is no certificate")
        self.misuse("posh", document, "--at", "-1", says="--at needs a whole number")
        self.misuse("posh", document, "--at", "99999999999999999999", says="--at needs")


tool.main()
