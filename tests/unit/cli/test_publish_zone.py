"""dna publish: lines of zone files, judged by BIND, ldns-dane and danetool."""
import hashlib
import re
import time

import publishing
import tool

HOST = "xmpp.example.net"


def records(lines):
    return [re.sub(r"\s+", " ", line) for line in lines.decode("ascii").splitlines()
            if not line.startswith(";")]


class Zone(publishing.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.now = self.root.leaf("now", f"DNS:{HOST}")
        self.next = self.root.leaf("next", f"DNS:{HOST}")
        self.other = self.root.leaf("other", f"DNS:{HOST}")

    def test_tlsa(self):
        lines = self.make("tlsa", "--host", HOST, "--cert", self.now, "--next", self.next,
                          "--port", "5269", "--port", "05270", "--ttl", 600)
        digests = [hashlib.sha256(tool.spki(cert)).hexdigest()
                   for cert in (self.now, self.next)]
        self.assertEqual(records(lines), [
            f"_{port}._tcp.{HOST}. 600 IN TLSA 3 1 1 {digest}"
            for port in (5269, 5270) for digest in digests])
        self.zone(lines, "example.net")
        file = self.file("tlsa", lines)
        for cert, good in ((self.now, True), (self.next, True), (self.other, False)):
            said = self.judge("ldns-dane", "-d", "-c", cert, "-t", file, "verify", HOST, "5269",
                              good=good)
            self.assertIn("dane-validated successfully" if good else "no matching", said)

    def test_every_kind_of_record(self):
        """As danetool writes it, and as ldns-dane and our own reader take it."""
        for usage in range(4):
            cert = self.root.pem if usage in (0, 2) else self.now
            chain = tool.join(self.dir / "chain.pem", self.now, self.root.pem)
            for selector in range(2):
                for matching in range(3):
                    self.one_kind(usage, selector, matching, cert, chain)

    def one_kind(self, usage, selector, matching, cert, chain):
        kind = ("--usage", usage, "--selector", selector, "--matching", matching)
        lines = self.make("tlsa", "--host", HOST, "--cert", cert, *kind)
        record = records(lines)[0].split(" IN TLSA ")[1]
        file = self.file("tlsa", lines)
        self.zone(lines, "example.net")
        self.judge("ldns-dane", "-d", "-f", self.root.pem, "-c", chain, "-t", file, "verify",
                   HOST, "5269")
        self.ask(tool.ACCEPTED, "dane", chain, "--host", HOST, "--roots", self.root.pem,
                 "--usages", "3,2,1,0", "--record", record)
        if usage == 3 and matching == 1:
            said = self.judge("danetool", "--tlsa-rr", "--host", HOST, "--port", "5269",
                              "--load-certificate", cert, "--domain",
                              *(["--x509"] if selector == 0 else []))
            theirs = re.search(r"TLSA \( (\w\w) (\w\w) (\w\w) (\w+) \)", said).groups()
            self.assertEqual([str(int(n, 16)) for n in theirs[:3]] + [theirs[3]],
                             record.split(" "))

    def test_a_key_that_stays_has_one_record(self):
        again = self.root.leaf("again", f"DNS:{HOST}", key=self.dir / "now.key")
        self.assertEqual(len(records(self.make("tlsa", "--host", HOST, "--cert", self.now,
                                               "--next", again))), 1)
        self.assertEqual(len(records(self.make("tlsa", "--host", HOST, "--cert", self.now,
                                               "--next", again, "--selector", 0))), 2)
        self.misuse("publish", "tlsa", "--host", HOST, says="--cert PEM is missing")

    def test_srv(self):
        lines = self.make("srv", "--domain", "EXAMPLE.com", "--target", HOST, "--target",
                          "b.example.net@5299", "--direct", f"{HOST}@443", "--ttl", 60)
        self.assertEqual(records(lines), [
            f"_xmpp-server._tcp.example.com. 60 IN SRV 10 0 5269 {HOST}.",
            "_xmpp-server._tcp.example.com. 60 IN SRV 20 0 5299 b.example.net.",
            f"_xmpps-server._tcp.example.com. 60 IN SRV 10 0 443 {HOST}."])
        said = self.zone(lines)
        self.assertRegex(said, r"_xmpps-server\._tcp\.example\.com\.\s+60\s+IN SRV\s+10 0 443")
        lines = self.make("srv", "--domain", "example.com", "--target", HOST, "--target",
                          "b.example.net", "--share")
        self.assertEqual(records(lines)[1],
                         "_xmpp-server._tcp.example.com. 3600 IN SRV 10 10 5269 b.example.net.")
        self.zone(lines)
        lines = self.make("srv", "--domain", "example.com", "--none")
        self.assertEqual(records(lines), ["_xmpp-server._tcp.example.com. 3600 IN SRV 0 0 0 ."])
        self.zone(lines)

    def test_srv_use(self):
        domain = ("publish", "srv", "--domain", "example.com")
        self.misuse(*domain, says="either")
        self.misuse(*domain, "--none", "--target", HOST, says="either")
        for target in ("", "192.0.2.1", "[2001:db8::1]", f"{HOST}@x", f"{HOST}@", f"{HOST}=1",
                       "a b.example", "a\n@ IN A 192.0.2.1", "x;y.example"):
            self.misuse(*domain, "--target", target, says="--target")
        self.misuse("publish", "srv", "--domain", "a b", "--target", HOST)

    def test_sts(self):
        at = 1793491200
        lines = self.make("sts", "--domain", "example.com", "--zone", "--at", at)
        text = time.strftime("v=XSTSv1; id=%Y%m%dT%H%M%S;", time.gmtime(at))
        self.assertEqual(records(lines), [f'_xmpp-sts.example.com. 3600 IN TXT "{text}"'])
        self.zone(lines)
        self.ask(tool.ACCEPTED, "sts", "record", text)
        lines = self.make("sts", "--domain", "example.com", "--provider", "example.net")
        self.assertEqual(records(lines), [
            "_xmpp-sts.example.com. 3600 IN CNAME _xmpp-sts.example.net.",
            "xmpp-sts.example.com. 3600 IN CNAME xmpp-sts.example.net."])
        self.zone(lines)
        # Of a policy that is told the record has the policy's own id.
        told = ("sts", "--domain", "example.com", "--host", "xmpp.example.net")
        policy = self.make(*told, "--policy")
        text = f"v=XSTSv1; id={hashlib.sha256(policy).hexdigest()[:32]};"
        lines = self.make(*told, "--zone")
        self.assertEqual(records(lines), [f'_xmpp-sts.example.com. 3600 IN TXT "{text}"'])
        self.assertNotEqual(records(self.make(*told, "--zone", "--mode", "enforce")),
                            records(lines))
        self.misuse("publish", *told, "--zone", "--host", "no host", says="--host no host")
        for bad in ("", "a-b", 'a"b', "a" * 33, "a b"):
            self.misuse("publish", "sts", "--domain", "example.com", "--zone", "--id", bad,
                        says="nobody could use this")

    def test_acme(self):
        account = "https://acme-v02.api.letsencrypt.org/acme/acct/1234"
        names = ("acme", "--domain", "example.com", "--domain", "conference.example.com")
        lines = self.make(*names, "--challenge-zone", "acme.example.net", "--issuer",
                          "letsencrypt.org", "--account", account)
        self.assertEqual(records(lines), [
            "_acme-challenge.example.com. 3600 IN CNAME example.com.acme.example.net.",
            "_acme-challenge.conference.example.com. 3600 IN CNAME "
            "conference.example.com.acme.example.net.",
            '_validation-persist.example.com. 3600 IN TXT '
            f'"letsencrypt.org; accounturi={account}"',
            '_validation-persist.conference.example.com. 3600 IN TXT '
            f'"letsencrypt.org; accounturi={account}"'])
        self.zone(lines)
        lines = self.make(*names, "--issuer", "letsencrypt.org", "--account", account,
                          "--wildcard", "--until", 4000000000)
        self.assertIn(b"; policy=wildcard; persistUntil=4000000000\"", lines)
        self.zone(lines)
        got = self.ask(tool.ACCEPTED, "publish", *names, "--issuer", "letsencrypt.org",
                       "--account", account)
        for word in ("alternative to a delegation proof", "costs the owner", "Internet-Draft"):
            self.assertIn(word, " ".join(got["advice"]))

    def test_long_texts_are_cut_into_strings(self):
        account = "https://ca.example/" + "a" * 700
        lines = self.make("acme", "--domain", "example.com", "--issuer", "ca.example",
                          "--account", account)
        strings = re.findall(r'"([^"]*)"', lines.decode())
        self.assertEqual("".join(strings), f"ca.example; accounturi={account}")
        self.assertEqual([len(one) for one in strings[:-1]], [255] * (len(strings) - 1))
        self.zone(lines)

    def test_acme_use(self):
        domain = ("publish", "acme", "--domain", "example.com")
        persistent = (*domain, "--issuer", "ca.example", "--account")
        self.misuse(*domain, says="needs --challenge-zone")
        self.misuse(*domain, "--issuer", "ca.example", says="go together")
        self.misuse(*domain, "--challenge-zone", "a.example", "--wildcard", says="go with")
        self.misuse(*persistent, "https://ca.example/1", "--until", "1", says="in the past")
        self.misuse(*domain, "--challenge-zone", ".".join(["a" * 60] * 4), says="longer")
        for account in ("", "x", "https://a b", 'https://a"', "https://a;policy=wildcard",
                        "https://a\\", "https://a\n", "https://é", "https://" + "a" * 2000):
            self.misuse(*persistent, account, says="--account is the URI")


tool.main()
