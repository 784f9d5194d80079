"""dna publish ta-request, srvname-request: requests judged by openssl, and the certificates
that come of them compared with the zone's key by the library.

It is started with one more argument: the program dnskey_of.
"""
import base64
import subprocess
import sys

import publishing
import tool

# What the library takes a certificate's key for.
DNSKEY_OF = sys.argv.pop(1) if len(sys.argv) > 1 else "dnskey_of"
ALGORITHMS = {"RSASHA256": 8, "RSASHA512": 10, "ECDSAP256SHA256": 13, "ECDSAP384SHA384": 14,
              "ED25519": 15}
SIGNATURES = {8: "sha256WithRSAEncryption", 10: "sha512WithRSAEncryption",
              13: "ecdsa-with-SHA256", 14: "ecdsa-with-SHA384", 15: "ED25519"}


class Request(publishing.Case):
    def keygen(self, name, domain="example.com", bits=2048, ksk=True):
        words = ["ldns-keygen", "-a", name, "-b", str(bits), *(["-k"] if ksk else []), domain]
        done = subprocess.run(words, cwd=self.dir, capture_output=True, text=True, check=True)
        return self.dir / (done.stdout.strip() + ".private"), \
            self.dir / (done.stdout.strip() + ".key")

    def request(self, text):
        file = self.file("some.csr", text)
        self.assertIn("verify OK", self.judge("openssl", "req", "-in", file, "-noout",
                                              "-verify"))
        return file, tool.openssl("req", "-in", file, "-noout", "-text").decode()

    def test_every_algorithm(self):
        """Key, request, certificate, and the DNSKEY that the certificate stands for."""
        root = tool.Authority(self.dir, "root")
        for name, number in ALGORITHMS.items():
            private, public = self.keygen(name)
            csr, said = self.request(self.make("ta-request", "--domain", "example.com", "--key",
                                               private, "--dnskey", public))
            self.assertIn(f"Signature Algorithm: {SIGNATURES[number]}", said)
            self.assertIn("DNS:example.com\n", said)
            self.assertIn("Subject: CN = example.com\n", said)
            leaf = self.dir / "leaf.pem"
            tool.openssl("x509", "-req", "-in", csr, "-CA", root.pem, "-CAkey", root.key,
                         "-set_serial", number, "-days", 30, "-copy_extensions", "copy",
                         "-out", leaf)
            self.ask(tool.ACCEPTED, "cert", leaf, "--roots", root.pem, "--domain",
                     "example.com", ruling="PROVEN")
            got = subprocess.run([DNSKEY_OF, leaf], capture_output=True, text=True, check=True)
            algorithms, key = got.stdout.split()
            self.assertIn(str(number), algorithms.split(","))
            words = public.read_text().split(";")[0].split()
            self.assertEqual(words[-1], key)

    def test_what_the_dnskey_says(self):
        private, public = self.keygen("ECDSAP256SHA256")
        words = ("ta-request", "--domain", "im.example.com", "--key", private)
        got = self.ask(tool.ACCEPTED, "publish", *words, "--dnskey", public)
        self.assertNotIn("flags 256", " ".join(got["advice"]))
        text = public.read_text()
        got = self.ask(tool.ACCEPTED, "publish", *words, "--dnskey",
                       self.file("zsk", text.replace("257", "256", 1)))
        self.assertIn("flags 256", " ".join(got["advice"]))
        spread = text.split(";")[0].split()
        spread[-1] = f"( ; a remark\n {spread[-1][:20]}\n {spread[-1][20:]} )"
        self.make(*words, "--dnskey", self.file("spread", " ".join(spread)))
        self.make(*words, "--dnskey", self.file("ttl", text.replace("IN", "3600 IN", 1)))
        key = text.split(";")[0].split()[-1]
        other = base64.b64encode(bytes([base64.b64decode(key)[0] ^ 1]) +
                                 base64.b64decode(key)[1:]).decode()
        for change, says in (((" 13 ", " 14 "), "private key"), ((key, other), "private key"),
                             (("257 3", "385 3"), "revoked"), (("257 3", "1 3"), "zone's key"),
                             (("257 3", "257 4"), "zone's key"),
                             (("example.com", "example.org"), "domain's zone"),
                             (("example.com", "a.im.example.com"), "domain's zone"),
                             (("DNSKEY", "DS"), "no DNSKEY"), ((key, key[:-4]), "private key"),
                             ((key, "=" + key), "no DNSKEY"), ((key, ""), "private key")):
            self.refused(*words, "--dnskey", self.file("bad", text.replace(*change, 1)),
                         says=says)
        self.refused(*words, "--dnskey", self.file("junk", "junk"), says="no DNSKEY")
        self.refused(*words, "--dnskey", self.file("nothing", ""), says="no DNSKEY")

    def test_other_files(self):
        words = ("ta-request", "--domain", "example.com", "--key")
        pem = self.dir / "pem.key"
        tool.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-out", pem)
        self.request(self.make(*words, pem))
        tool.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521",
                     "-out", pem)
        self.refused(*words, pem, says="no DNSSEC algorithm")
        tool.openssl("genpkey", "-algorithm", "RSA", "-aes128", "-pass", "pass:x", "-out", pem)
        self.refused(*words, pem, says="passphrase")
        weak, _ = self.keygen("RSASHA256", bits=1024)
        self.refused(*words, weak, says="too weak")
        sha1, _ = self.keygen("RSASHA1")
        self.refused(*words, sha1, says="SHA-1")
        _, public = self.keygen("ED25519")
        self.refused(*words, public, says="no private key")
        self.misuse("publish", *words, self.dir / "none", says="No such file")
        self.misuse("publish", "ta-request", "--domain", "example.com", says="--key")

    def test_a_long_name_has_no_subject(self):
        private, _ = self.keygen("ED25519")
        name = ".".join(["a" * 40] * 3)
        _, said = self.request(self.make("ta-request", "--domain", name, "--key", private))
        self.assertRegex(said, r"Subject: *\n")
        self.assertIn("X509v3 Subject Alternative Name: critical", said)
        self.assertIn(f"DNS:{name}\n", said)

    def test_arbitrary_bytes(self):
        private, public = self.keygen("ECDSAP256SHA256")
        words = ("publish", "ta-request", "--domain", "example.com", "--json", "--key")
        self.hammer(private.read_bytes(), lambda some: tool.dna(*words, "-", stdin=some))
        self.hammer(public.read_bytes(), lambda some: tool.dna(
            *words, private, "--dnskey", "-", stdin=some))

    def test_srvname(self):
        key = self.dir / "server.key"
        tool.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384",
                     "-out", key)
        csr, said = self.request(self.make(
            "srvname-request", "--domain", "EXAMPLE.com", "--domain", "example.org",
            "--service", "xmpp-server,xmpp-client", "--host", "xmpp.example.net", "--key", key))
        self.assertIn("Signature Algorithm: ecdsa-with-SHA384", said)
        constraint = "otherName:1.3.6.1.5.5.7.8.7"
        self.assertNotIn(constraint, said)
        root = tool.Authority(self.dir, "root")
        leaf = self.dir / "leaf.pem"
        tool.openssl("x509", "-req", "-in", csr, "-CA", root.pem, "-CAkey", root.key,
                     "-set_serial", 7, "-days", 30, "-copy_extensions", "copy", "-out", leaf)
        self.ask(tool.ACCEPTED, "cert", leaf, "--names", dns=["xmpp.example.net"], srv=[
            "_xmpp-server.example.com", "_xmpp-client.example.com", "_xmpp-server.example.org",
            "_xmpp-client.example.org"])
        self.ask(tool.ACCEPTED, "cert", leaf, "--roots", root.pem, "--domain", "example.org",
                 ruling="PROVEN")
        self.ask(tool.REFUSED, "cert", leaf, "--roots", root.pem, "--host", "example.com")
        self.misuse("publish", "srvname-request", "--key", key, says="--domain")


tool.main()
