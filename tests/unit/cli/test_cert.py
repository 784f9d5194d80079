"""dna cert: path, names, dates, purposes, and files that are none."""
import time

import tool
from tool import srv, xmpp

DAY = 86400


class Cert(tool.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")

    def check(self, status, leaf, *words, **members):
        return self.ask(status, "cert", leaf, "--roots", self.root.pem, *words, **members)

    def test_names_are_listed(self):
        leaf = self.root.leaf("all", "DNS:Example.com", "DNS:*.example.com",
                              srv("_xmpp-server.example.com"), xmpp("example.com"),
                              "IP:192.0.2.1", "email:a@example.com")
        self.ask(tool.ACCEPTED, "cert", leaf, "--names", ruling="VALID",
                 dns=["Example.com", "*.example.com"], srv=["_xmpp-server.example.com"],
                 xmpp=["example.com"])
        bare = self.root.leaf("bare")
        self.ask(tool.ACCEPTED, "cert", bare, "--names", dns=[], srv=[], xmpp=[])

    def test_who_is_named(self):
        leaf = self.root.leaf("names", "DNS:example.com", "DNS:*.example.org",
                              srv("_xmpp-server.example.net"), xmpp("example.info"),
                              "IP:192.0.2.1", "IP:2001:db8::1")
        for words in (["--domain", "example.com"], ["--domain", "EXAMPLE.com."],
                      ["--domain", "im.example.org"], ["--domain", "example.net"],
                      ["--domain", "example.info"], ["--host", "example.com"],
                      ["--ip", "192.0.2.1"], ["--ip", "2001:db8:0::1"], ["--no-name"],
                      ["--domain", "example.com", "--role", "client"]):
            self.check(tool.ACCEPTED, leaf, *words, ruling="PROVEN", code="ok", path="ok")
        for words in (["--domain", "example.org"], ["--domain", "a.im.example.org"],
                      ["--domain", "other.example"], ["--host", "example.net"],
                      ["--host", "example.info"], ["--ip", "192.0.2.2"], ["--domain", "leaf"],
                      ["--domain", "example.net", "--service", "xmpp-client"]):
            self.check(tool.REFUSED, leaf, *words, ruling="FAIL", code="name-mismatch")

    def test_dates(self):
        leaf = self.root.leaf("dated", "DNS:example.com")
        now = int(time.time())
        for at, status, code in ((now, tool.ACCEPTED, "ok"),
                                 (now + 400 * DAY, tool.REFUSED, "not-valid-now"),
                                 (now - 400 * DAY, tool.REFUSED, "not-valid-now")):
            self.check(status, leaf, "--domain", "example.com", "--at", at, code=code)

    def test_trust(self):
        stranger = tool.Authority(self.dir, "stranger")
        leaf = stranger.leaf("theirs", "DNS:example.com")
        self.check(tool.REFUSED, leaf, "--domain", "example.com", ruling="FAIL",
                   code="untrusted", path="untrusted")
        self.check(tool.ACCEPTED, leaf, "--domain", "example.com", "--roots", stranger.pem)

    def test_intermediates(self):
        middle = tool.Authority(self.dir, "middle", above=self.root)
        leaf = middle.leaf("below", "DNS:example.com")
        self.check(tool.REFUSED, leaf, "--no-name", code="untrusted")
        self.check(tool.ACCEPTED, leaf, "--no-name", "--untrusted", middle.pem)
        both = tool.join(self.dir / "both.pem", leaf, middle.pem)
        self.check(tool.ACCEPTED, both, "--no-name")

    def test_purposes_nest(self):
        for usage, status in (("", tool.ACCEPTED), ("serverAuth", tool.ACCEPTED),
                              ("clientAuth", tool.REFUSED),
                              ("serverAuth,clientAuth", tool.ACCEPTED),
                              ("anyExtendedKeyUsage", tool.ACCEPTED),
                              ("emailProtection", tool.REFUSED)):
            extra = f"extendedKeyUsage={usage}\n" if usage else ""
            leaf = self.root.leaf("use" + usage.replace(",", ""), "DNS:a.example", extra=extra)
            for role in ("server", "client"):
                self.check(status, leaf, "--domain", "a.example", "--role", role)
        mail = tool.Authority(self.dir, "mail", above=self.root,
                              extensions="extendedKeyUsage=emailProtection\n")
        leaf = mail.leaf("frommail", "DNS:a.example")
        self.check(tool.REFUSED, leaf, "--no-name", "--untrusted", mail.pem, path="purpose")

    def test_constrained_authorities(self):
        kinds = {
            "dns": "nameConstraints=critical,permitted;DNS:example.com\n",
            "both": "nameConstraints=critical,permitted;DNS:example.com,permitted;"
                    + srv("_xmpp-server.example.com") + "\n",
            "excludes": "nameConstraints=critical,excluded;"
                        + srv("_xmpp-server.evil.org") + "\n",
        }
        leaves = {
            "inside": (["DNS:example.com"], "example.com"),
            "outside": (["DNS:evil.org"], "evil.org"),
            "srvin": ([srv("_xmpp-server.example.com")], "example.com"),
            "srvout": ([srv("_xmpp-server.evil.org")], "evil.org"),
            "account": ([xmpp("evil.org")], "evil.org"),
        }
        good = {("dns", "inside"), ("both", "inside"), ("both", "srvin"),
                ("excludes", "inside"), ("excludes", "outside")}
        for kind, extensions in kinds.items():
            authority = tool.Authority(self.dir, kind, above=self.root, extensions=extensions)
            for name, (names, domain) in leaves.items():
                leaf = authority.leaf(kind + name, *names)
                status = tool.ACCEPTED if (kind, name) in good else tool.REFUSED
                self.check(status, leaf, "--untrusted", authority.pem, "--domain", domain)

    def test_weak_and_wrong_leaves(self):
        key = self.dir / "weak.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                     "-out", key)
        weak = self.root.leaf("weak", "DNS:a.example", key=key)
        self.check(tool.REFUSED, weak, "--no-name", code="weak-key")
        authority = self.root.leaf("ca", "DNS:a.example", extra="basicConstraints=CA:TRUE\n")
        self.check(tool.REFUSED, authority, "--no-name", path="leaf-is-ca")

    def test_forms_of_a_file(self):
        leaf = self.root.leaf("forms", "DNS:a.example")
        text = tool.openssl("x509", "-in", leaf, "-text")
        keyed = tool.join(self.dir / "keyed.pem", self.dir / "forms.key", leaf)
        binary = self.file("forms.der", tool.der(leaf))
        for file in (self.file("text.pem", text), keyed, binary):
            self.check(tool.ACCEPTED, file, "--domain", "a.example")
        answer = tool.dna("cert", "-", "--names", "--json", stdin=leaf.read_bytes())
        self.assertEqual(answer.only["dns"], ["a.example"])

    def test_files_that_are_none(self):
        leaf = self.root.leaf("good", "DNS:a.example")
        pem = leaf.read_bytes()
        broken = pem.replace(b"M", b"!")
        for content in (b"", b"\0", b"hello", pem[:200], broken, broken + pem,
                        pem.replace(b"-----END", b"----END"), tool.der(leaf)[:-1],
                        tool.der(leaf) + b"\0", pem * 11):
            file = self.file("bad.pem", content)
            self.check(tool.REFUSED, file, "--no-name", ruling="INVALID", code="bad-material")

    def test_arbitrary_bytes(self):
        leaf = self.root.leaf("fuzzed", "DNS:a.example", srv("_xmpp-server.a.example"))
        for good in (leaf.read_bytes(), tool.der(leaf)):
            self.hammer(good, lambda some: tool.dna(
                "cert", "-", "--roots", self.root.pem, "--domain", "a.example", "--json",
                stdin=some), times=40)

    def test_use(self):
        leaf = self.root.leaf("used", "DNS:a.example")
        self.misuse("cert", says="LEAF.pem is missing")
        self.misuse("cert", leaf, "--domain", "a.example", says="--roots PEM is missing")
        self.misuse("cert", leaf, "--roots", self.root.pem, says="needs one of --domain")
        self.misuse("cert", leaf, "--roots", self.root.pem, "--no-name", "--host", "a.example",
                    says="needs one of --domain")
        self.misuse("cert", leaf, "--roots", leaf.parent / "none", "--no-name",
                    says="No such file")
        self.misuse("cert", leaf, "--roots", self.file("junk", b"junk"), "--no-name",
                    says="no certificate authorities")
        self.misuse("cert", leaf, "--roots", self.root.pem, "--domain", "a..b",
                    says="needs a domain")
        self.misuse("cert", leaf, "--roots", self.root.pem, "--ip", "1.2.3",
                    says="needs an IP address")
        self.misuse("cert", leaf, "--names", "--no-name", says="--names")
        self.misuse("cert", leaf, "--roots", self.root.pem, "--no-name", "--role", "x",
                    says="one of: server client")


tool.main()
