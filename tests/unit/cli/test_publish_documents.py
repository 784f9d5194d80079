"""dna publish: documents for a web server, read by our own commands and by hand."""
import base64
import hashlib
import json
import time

import publishing
import tool

DAY = 86400
URL = "https://hosting.example.net/.well-known/posh/xmpp-server.json"
HOST = "xmpp.example.net"


def sha256(some):
    return base64.b64encode(hashlib.sha256(some).digest()).decode()


class Documents(publishing.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.now = self.root.leaf("now", f"DNS:{HOST}")
        self.next = self.root.leaf("next", f"DNS:{HOST}")
        self.other = self.root.leaf("other", f"DNS:{HOST}")

    def test_posh(self):
        text = self.make("posh", "--cert", self.now, "--next", self.next)
        self.assertEqual(json.loads(text), {"fingerprints": [
            {"sha-256": sha256(tool.der(self.now))}, {"sha-256": sha256(tool.der(self.next))}],
            "expires": 604800})
        file = self.file("posh.json", text)
        for cert in (self.now, self.next):
            self.ask(tool.ACCEPTED, "posh", file, "--cert", cert, ruling="PROVEN")
        self.ask(tool.REFUSED, "posh", file, "--cert", self.other, ruling="FAIL")

    def test_posh_hashes(self):
        text = self.make("posh", "--cert", self.now, "--hash", "sha-512,sha-384",
                         "--expires", 60)
        value = {name: base64.b64encode(hashlib.new(name.replace("-", ""),
                                                    tool.der(self.now)).digest()).decode()
                 for name in ("sha-384", "sha-512")}
        self.assertEqual(json.loads(text), {"fingerprints": [value], "expires": 60})

    def test_posh_reference(self):
        text = self.make("posh", "--url", URL, "--domain", "EXAMPLE.com")
        self.assertEqual(json.loads(text), {"url": URL, "expires": 86400})
        self.ask(tool.ACCEPTED, "posh", self.file("posh.json", text), url=URL)
        got = self.ask(tool.ACCEPTED, "publish", "posh", "--url", URL, "--domain",
                       "EXAMPLE.com",
                       place="https://example.com/.well-known/posh/xmpp-server.json")
        self.assertEqual(json.loads(got["text"]), json.loads(text))
        for bad in ("http://hosting.example.net/x", "https://", "x"):
            self.misuse("publish", "posh", "--url", bad, says="nobody could use this")
        for bad in ("", "https://a b/", "https://h.example/\"},{\"", "https://h.example/\n",
                    "https://h.example/\u00e9", "https://h.example/\\"):
            self.misuse("publish", "posh", "--url", bad, says="is no URL")

    def test_posh_use(self):
        self.misuse("publish", "posh", says="either --cert or --url")
        self.misuse("publish", "posh", "--url", URL, "--cert", self.now, says="either")
        self.misuse("publish", "posh", "--cert", self.dir / "none", says="No such file")
        self.misuse("publish", "posh", "--cert", self.now, "--expires", "0", says="--expires")

    def test_certificates_that_nobody_accepts(self):
        at = int(time.time())
        weak = self.dir / "weak.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                     "-out", weak)
        weak = self.root.leaf("weak", f"DNS:{HOST}", key=weak)
        for words in (("posh",), ("tlsa", "--host", HOST),
                      ("assertion", "--domain", "example.com"),
                      ("host-meta", "--domain", "example.com", "--link", f"{HOST}=192.0.2.1")):
            self.refused(*words, "--cert", weak, says="too weak")
            self.refused(*words, "--cert", self.now, "--at", at + 400 * DAY, says="expired")
            self.refused(*words, "--cert", self.now, "--at", at - 400 * DAY, says="not valid")
            # What comes next may begin later, but must not be over.
            self.make(*words, "--cert", self.now, "--next", self.next)
            self.refused(*words, "--cert", self.now, "--next", weak, says="too weak")

    def test_advice_about_the_change(self):
        def advice(*words):
            return " ".join(self.ask(tool.ACCEPTED, "publish", "posh", *words)["advice"])
        self.assertIn("with --next, at least 604800 seconds ahead",
                      advice("--cert", self.now))
        self.assertIn("no sooner than 60 seconds",
                      advice("--cert", self.now, "--next", self.next, "--expires", 60))
        self.assertIn("change it now", advice("--cert", self.now, "--at",
                                              int(time.time()) + 364 * DAY))

    def test_host_meta(self):
        text = self.make("host-meta", "--domain", "example.com", "--link",
                         f"{HOST}@443=192.0.2.10,2001:DB8:0::10", "--link", "b.example.net="
                         "192.0.2.11", "--cert", self.now, "--next", self.next, "--ttl", 3000)
        pins = [sha256(tool.spki(self.now)), sha256(tool.spki(self.next))]
        rel = "urn:xmpp:alt-connections:s2s-tls"
        self.assertEqual(json.loads(text), {
            "xmpp": {"ttl": 3000, "public-key-pins-sha-256": pins}, "links": [
                {"rel": rel, "port": 443, "ips": ["192.0.2.10", "2001:db8::10"],
                 "priority": 10, "weight": 0, "sni": HOST},
                {"rel": rel, "port": 5270, "ips": ["192.0.2.11"], "priority": 20, "weight": 0,
                 "sni": "b.example.net"}]})
        file = self.file("host-meta.json", text)
        self.ask(tool.ACCEPTED, "host-meta", file, "--cert", self.next, pins=pins)
        self.ask(tool.REFUSED, "host-meta", file, "--cert", self.other)

    def test_host_meta_use(self):
        domain = ("publish", "host-meta", "--domain", "example.com")
        self.misuse(*domain, says="--link")
        for link in (HOST, f"{HOST}=", f"{HOST}=a", f"{HOST}=192.0.2.1,", "192.0.2.1=192.0.2.1",
                     f"{HOST}@0=192.0.2.1", f"{HOST}@65536=192.0.2.1", f"{HOST}@=192.0.2.1",
                     "=192.0.2.1", "a_b=192.0.2.1",
                     f"{HOST}=" + ",".join(["192.0.2.1"] * 17)):
            self.misuse(*domain, "--link", link)

    def test_delegation(self):
        text = self.make("delegation", "--domain", "example.com", "--target", HOST, "--direct",
                         f"{HOST}@443", "--names", "example.net", "--expires", 600)
        common = {"host": HOST, "domain": "example.net", "weight": 0, "expires": 600}
        self.assertEqual(json.loads(text), [
            {**common, "port": 5269, "priority": 10, "tls": "starttls"},
            {**common, "port": 443, "priority": 20, "tls": "direct"}])
        self.ask(tool.ACCEPTED, "delegation", self.file("xmpp-server", text))
        self.assertEqual(self.make("delegation", "--domain", "example.com", "--none"), b"[]\n")
        self.misuse("publish", "delegation", "--domain", "example.com", says="either")

    def test_assertion(self):
        text = self.make("assertion", "--domain", "example.com", "--target", HOST, "--cert",
                         self.now, "--at", int(time.time()))
        file = self.file("d.xml", text)
        got = self.ask(tool.ACCEPTED, "assertion", file, "--domain", "example.com",
                       domain="example.com")
        self.assertEqual(got["providers"][0], {"host": HOST, "port": 5269})
        self.assertEqual(got["providers"][1]["value"], sha256(tool.der(self.now)))
        self.ask(tool.ACCEPTED, "assertion", file, "--domain", "example.com", "--cert", self.now,
                 ruling="PROVEN")
        self.ask(tool.REFUSED, "assertion", file, "--domain", "example.org")
        self.ask(tool.REFUSED, "assertion", file, "--domain", "example.com", "--at",
                 int(time.time()) + 31 * DAY)
        text = self.make("assertion", "--domain", "example.com", "--cert", self.now, "--key",
                         "--at", int(time.time()))
        self.assertIn(sha256(tool.spki(self.now)).encode(), text)
        self.misuse("publish", "assertion", "--domain", "example.com", says="needs --target")

    def test_sts_policy(self):
        text = self.make("sts", "--domain", "example.com", "--policy", "--mode", "enforce",
                         "--host", HOST, "--host", "*.BACKUP.example.net")
        file = self.file("xmpp-sts.txt", text)
        self.ask(tool.ACCEPTED, "sts", "policy", file, "--match", HOST, version="XSTSv1",
                 mode="enforce", max_age=604800, patterns=[HOST, "*.backup.example.net"])
        self.ask(tool.REFUSED, "sts", "policy", file, "--match", "example.net")
        self.make("sts", "--domain", "example.com", "--policy", "--mode", "none")
        policy = ("publish", "sts", "--domain", "example.com", "--policy")
        self.misuse(*policy, says="--host HOST is missing")
        for host in ("", "*", "*.", "a b", "a\nmode: none", "192.0.2.1", "*.*.example.net"):
            self.misuse(*policy, "--host", host, says="a host, or *.")
        self.misuse("publish", "sts", "--domain", "example.com", says="needs --policy")
        self.misuse(*policy, "--zone", "--host", HOST, says="either --policy or --zone")
        self.misuse(*policy, "--provider", "example.net", says="the provider's")

    def test_names_are_canonical(self):
        got = self.ask(tool.ACCEPTED, "publish", "delegation", "--domain", "bücher.example",
                       "--target", "XMPP.Example.NET.",
                       place="https://xn--bcher-kva.example/.well-known/service/xmpp-server")
        self.assertEqual(json.loads(got["text"])[0]["host"], HOST)
        self.misuse("publish", "srv", "--domain", "straße.example", "--target", HOST)


tool.main()
