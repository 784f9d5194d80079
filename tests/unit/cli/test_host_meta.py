"""dna host-meta: XEP-0487 documents, alone and beside a certificate."""
import base64
import hashlib
import json
import time

import tool

DAY = 86400
LINK = {"rel": "urn:xmpp:alt-connections:s2s-tls", "port": 443,
        "ips": ["192.0.2.10", "2001:db8::10"], "priority": 10, "weight": 50,
        "sni": "xmpp.example.net"}


def pin(pem):
    return base64.b64encode(hashlib.sha256(tool.spki(pem)).digest()).decode()


def document(*pins, links=None, **xmpp):
    return {"xmpp": dict({"ttl": 3000, "public-key-pins-sha-256": list(pins)}, **xmpp),
            "links": [LINK] if links is None else links}


class HostMeta(tool.Case):
    def read(self, status, text, *words, **members):
        text = text if isinstance(text, (str, bytes)) else json.dumps(text)
        return self.ask(status, "host-meta", self.file("h.json", text), *words, **members)

    def test_documents(self):
        some = base64.b64encode(bytes(32)).decode()
        self.read(tool.ACCEPTED, document(some), ruling="VALID", ttl=3000, pins=[some],
                  links=[dict(LINK, rel="s2s-tls")])
        self.read(tool.ACCEPTED, document(), pins=[])
        self.read(tool.ACCEPTED, document("AAAA", "junk"), pins=[], skipped=2)
        self.read(tool.ACCEPTED, document(links=[LINK, {"rel": "author"}, dict(LINK, ips=[])]),
                  links=[dict(LINK, rel="s2s-tls")])
        self.read(tool.ACCEPTED, document(links=[dict(LINK, ech="junk", other=[])]))
        for ttl, kept in ((1, 60), (10 ** 9, 604800)):
            self.read(tool.ACCEPTED, document(ttl=ttl), ttl=kept)

    def test_nothing_for_servers(self):
        for links in ([], [dict(LINK, rel="urn:xmpp:alt-connections:tls")],
                      [{key: value for key, value in LINK.items() if key != "ips"}],
                      [{key: value for key, value in LINK.items() if key != "sni"}]):
            self.read(tool.REFUSED, document(links=links), ruling="NOT_APPLICABLE",
                      code="no-material")
        self.read(tool.REFUSED, {"links": [LINK]}, ruling="NOT_APPLICABLE")

    def test_bad_documents(self):
        for text in ("", "\0", "{", "[]", "null", document(ttl=0), document(ttl="3000"),
                     document(ttl=-1), document(ttl=1.5), {"xmpp": {}, "links": [LINK]},
                     document(links={}), {"xmpp": [], "links": []}, "{\"a\":1,\"a\":2}",
                     "<XRD/>", "[" * 1000, json.dumps(document()) + " " * 70000):
            self.read(tool.REFUSED, text, ruling="INVALID", code="bad-material")

    def test_peers(self):
        root = tool.Authority(self.dir, "root")
        keys = {"rsa": ("RSA", "rsa_keygen_bits:2048"),
                "ec": ("EC", "ec_paramgen_curve:P-256"), "ed": ("ED25519", None)}
        for name, (algorithm, option) in keys.items():
            key = self.dir / f"{name}.key"
            tool.openssl("genpkey", "-algorithm", algorithm, "-out", key,
                         *(["-pkeyopt", option] if option else []))
            leaf = root.leaf(name, "DNS:other.example", key=key)
            self.read(tool.ACCEPTED, document(pin(root.pem), pin(leaf)), "--cert", leaf,
                      ruling="PROVEN")
            self.read(tool.REFUSED, document(pin(root.pem)), "--cert", leaf, code="no-match")
            self.read(tool.REFUSED, document(pin(leaf)), "--cert", leaf, "--at",
                      int(time.time()) + 400 * DAY, code="not-valid-now")

    def test_names(self):
        root = tool.Authority(self.dir, "root")
        by_sni = root.leaf("sni", "DNS:xmpp.example.net")
        by_domain = root.leaf("domain", "DNS:example.com")
        trust = ["--roots", root.pem]
        self.read(tool.ACCEPTED, document(), "--cert", by_sni, *trust, ruling="PROVEN")
        self.read(tool.REFUSED, document(), "--cert", by_domain, *trust, code="name-mismatch")
        self.read(tool.ACCEPTED, document(), "--cert", by_domain, *trust, "--domain",
                  "example.com")
        stranger = tool.Authority(self.dir, "stranger").leaf("x", "DNS:xmpp.example.net")
        self.read(tool.REFUSED, document(), "--cert", stranger, *trust, code="untrusted")

    def test_weak_keys(self):
        root = tool.Authority(self.dir, "root")
        key = self.dir / "weak.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                     "-out", key)
        leaf = root.leaf("weak", "DNS:xmpp.example.net", key=key)
        self.read(tool.REFUSED, document(pin(leaf)), "--cert", leaf, code="weak-key")

    def test_arbitrary_bytes(self):
        self.hammer(json.dumps(document(base64.b64encode(bytes(32)).decode())).encode(),
                    lambda some: tool.dna("host-meta", "-", "--json", stdin=some))

    def test_use(self):
        self.misuse("host-meta", says="FILE is missing")
        good = self.file("good.json", json.dumps(document()))
        self.misuse("host-meta", good, "--cert", self.dir / "none", says="No such file")
        self.misuse("host-meta", good, "--cert", self.file("junk", "junk"),
                    says="it is no certificate")


tool.main()
