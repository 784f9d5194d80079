"""dna sts: records and policies under both their names (RFC 8461)."""
import tool

POLICY = "version: XSTSv1\r\nmode: enforce\r\nsrv: xmpp.example.net\r\n" \
         "srv: *.backup.example.net\r\nmax_age: 604800\r\n"


class Sts(tool.Case):
    def test_records(self):
        for text, version, name in (("v=STSv1; id=20261101T000000;", "STSv1",
                                     "20261101T000000"),
                                    ("v=XSTSv1; id=a1;", "XSTSv1", "a1"),
                                    ("v=XSTSv1;id=a1", "XSTSv1", "a1")):
            self.ask(tool.ACCEPTED, "sts", "record", text, ruling="VALID", version=version,
                     id=name)

    def test_bad_records(self):
        for text in ("", "v=STSv2; id=1;", "id=1; v=STSv1;", "v=STSv1", "v=STSv1;",
                     "v=STSv1; id=;", "v=STSv1; id=a-b;", "v=STSv1; id=" + "a" * 33 + ";",
                     "V=STSv1; id=1;", " v=STSv1; id=1;", "v=XSTSv1; id=1; \x01=2"):
            got = self.ask(tool.REFUSED, "sts", "record", text, ruling="INVALID",
                           code="bad-material")
            self.assertIn("character", got["why"])

    def policy(self, status, text, *words, **members):
        return self.ask(status, "sts", "policy", self.file("policy.txt", text), *words,
                        **members)

    def test_policies(self):
        members = {"mode": "enforce", "max_age": 604800,
                   "patterns": ["xmpp.example.net", "*.backup.example.net"]}
        self.policy(tool.ACCEPTED, POLICY, version="XSTSv1", **members)
        mail = POLICY.replace("XSTSv1", "STSv1").replace("srv:", "mx:").replace("\r", "")
        self.policy(tool.ACCEPTED, mail, version="STSv1", **members)
        self.policy(tool.ACCEPTED, "version: XSTSv1\nmode: none\nmax_age: 0\n", mode="none",
                    max_age=0, patterns=[])
        self.policy(tool.ACCEPTED, POLICY + "later: word\r\nmode: none\r\n", mode="enforce")

    def test_bad_policies(self):
        for text in ("", "\0", "\xff", "version: XSTSv1\n", POLICY.replace("srv", "mx"),
                     POLICY.replace("XSTSv1", "XSTSv2"), POLICY.replace("enforce", "Enforce"),
                     POLICY.replace("604800", "31557601"), POLICY.replace("604800", "-1"),
                     POLICY.replace("604800", ""), POLICY.replace("*.backup", "a*.backup"),
                     POLICY.replace("xmpp.", "*.*."), POLICY.replace("mode: enforce\r\n", ""),
                     POLICY + "nonsense\r\n", POLICY + "x: " + "y" * 70000):
            self.policy(tool.REFUSED, text, ruling="INVALID", code="bad-material")
        got = self.policy(tool.REFUSED, POLICY.replace("enforce", "maybe"))
        self.assertIn("line 2", got["why"])

    def test_matching(self):
        for host in ("xmpp.example.net", "XMPP.example.net", "a.backup.example.net",
                     "*.backup.example.net"):
            self.policy(tool.ACCEPTED, POLICY, "--match", host, ruling="VALID")
        for host in ("backup.example.net", "a.b.backup.example.net", "example.net",
                     "a.xmpp.example.net", "*.xmpp.example.net", "", "a..b"):
            self.policy(tool.REFUSED, POLICY, "--match", host, ruling="FAIL", code="no-match")
        got = self.policy(tool.ACCEPTED, POLICY.replace("enforce", "testing"), "--match",
                          "xmpp.example.net", mode="testing")
        self.assertIn("decides nothing", got["why"])
        self.policy(tool.REFUSED, POLICY.replace("enforce", "none"), "--match",
                    "xmpp.example.net", ruling="NOT_APPLICABLE")

    def test_media_types(self):
        for text in ("text/plain", "Text/Plain; charset=utf-8", ""):
            self.policy(tool.ACCEPTED, POLICY, "--content-type", text)
        for text in ("text/html", "text/plainer", "x", "application/json"):
            self.policy(tool.REFUSED, POLICY, "--content-type", text, ruling="INVALID")

    def test_arbitrary_bytes(self):
        self.hammer(POLICY.encode(), lambda some: tool.dna("sts", "policy", "-", "--json",
                                                           stdin=some))

    def test_use(self):
        self.misuse("sts", says="usage: dna sts record TEXT")
        self.misuse("sts", "recrod", says="did you mean record?")
        self.misuse("sts", "record", says="TEXT is missing")
        self.misuse("sts", "policy", "--mach", "x", says="did you mean --match?")


tool.main()
