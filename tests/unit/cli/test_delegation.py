"""dna delegation: service delegation documents, alone and beside a certificate."""
import json

import tool

ONE = {"host": "xmpp.example.com", "port": 5269, "domain": "example.com", "priority": 10,
       "weight": 0, "tls": "starttls", "expires": 86400}


class Delegation(tool.Case):
    def read(self, status, document, *words, **members):
        text = document if isinstance(document, (str, bytes)) else json.dumps(document)
        return self.ask(status, "delegation", self.file("d.json", text), *words, **members)

    def test_documents(self):
        self.read(tool.ACCEPTED, [ONE], ruling="VALID", endpoints=[ONE], skipped=0)
        self.read(tool.ACCEPTED, [{"host": "XMPP.example.com", "more": []}],
                  endpoints=[{"host": "xmpp.example.com", "port": 5269,
                              "domain": "xmpp.example.com", "priority": 0, "weight": 0,
                              "tls": "starttls", "expires": 3600}])
        for expires, kept in ((1, 60), (10 ** 9, 604800)):
            got = self.read(tool.ACCEPTED, [dict(ONE, expires=expires)])
            self.assertEqual(got["endpoints"][0]["expires"], kept)
        self.read(tool.ACCEPTED, [ONE, {"port": 1}, dict(ONE, tls="direct")], skipped=1)

    def test_nothing_usable(self):
        for wrong in ({"host": ""}, {"host": 1}, {"port": 0}, {"port": 65536}, {"port": "1"},
                      {"port": 1.5}, {"tls": "none"}, {"expires": 0}, {"expires": "1"},
                      {"priority": -1}, {"weight": 65536}, {"domain": "a..b"},
                      {"host": "192.0.2.1"}):
            self.read(tool.REFUSED, [dict(ONE, **wrong)], ruling="INVALID",
                      code="bad-material")
        for document in ([], {}, "", "[", "\0", "[[]]", "[1]", "null", [ONE] * 65,
                         "[{\"host\":\"a.b\",\"host\":\"a.b\"}]", "[" * 1000, ONE,
                         json.dumps([ONE]) + " " * 70000):
            self.read(tool.REFUSED, document, ruling="INVALID", code="bad-material")

    def test_peers(self):
        root = tool.Authority(self.dir, "root")
        for name, status, code in (("DNS:example.com", tool.ACCEPTED, "ok"),
                                   ("DNS:xmpp.example.com", tool.REFUSED, "name-mismatch"),
                                   ("DNS:*.example.com", tool.REFUSED, "name-mismatch")):
            leaf = root.leaf("leaf" + str(root.n), name)
            self.read(status, [ONE], "--cert", leaf, "--roots", root.pem, code=code)
            self.read(tool.REFUSED, [ONE], "--cert", leaf, code="untrusted")
        wild = root.leaf("wild", "DNS:*.example.com")
        self.read(tool.ACCEPTED, [{"host": "xmpp.example.com"}], "--cert", wild, "--roots",
                  root.pem, ruling="PROVEN")

    def test_arbitrary_bytes(self):
        self.hammer(json.dumps([ONE, ONE]).encode(),
                    lambda some: tool.dna("delegation", "-", "--json", stdin=some))

    def test_use(self):
        self.misuse("delegation", says="FILE is missing")
        self.misuse("delegation", self.dir / "none", says="No such file")


tool.main()
