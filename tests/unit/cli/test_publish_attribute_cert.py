"""dna publish attribute-cert: what comes out, judged by strongSwan's pki, by openssl and by
dna acert."""
import base64
import re
import time

import publishing
import tool

DAY = 86400


class AttributeCert(publishing.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.owner = self.root.leaf("owner", "DNS:example.com", "DNS:example.org")
        self.key = self.dir / "owner.key"
        self.hoster = self.root.leaf("hoster", "DNS:xmpp.example.net")
        self.words = ("attribute-cert", "--domain", "example.com", "--issuer", self.owner,
                      "--key", self.key)

    def der(self, text):
        block = re.search(rb"-----BEGIN ATTRIBUTE CERTIFICATE-----\n(.*?)-----END", text, re.S)
        return self.file("ac.der", base64.b64decode(block.group(1)))

    def check_signature(self, file):
        """The three parts of the certificate, taken apart by openssl."""
        at = [(int(m[1]), int(m[2]), int(m[3])) for m in re.finditer(
            rb"^ *(\d+):d=1 +hl=(\d+) +l= *(\d+)", tool.openssl("asn1parse", "-inform", "DER",
                                                               "-in", file), re.M)]
        whole = file.read_bytes()
        signed = self.file("signed", whole[at[0][0]:at[0][0] + at[0][1] + at[0][2]])
        start = at[2][0] + at[2][1] + 1
        self.file("signature", whole[start:start + at[2][2] - 1])
        public = self.file("public", tool.openssl("x509", "-in", self.owner, "-noout",
                                                  "-pubkey"))
        words = ("openssl", "dgst", "-sha256", "-verify", public, "-signature",
                 self.dir / "signature")
        self.judge(*words, signed)
        signed.write_bytes(signed.read_bytes() + b"x")
        self.judge(*words, signed, good=False)

    def test_strangers_take_it(self):
        text = self.make(*self.words, "--cert", self.hoster, "--days", 10)
        file = self.der(text)
        said = self.judge("pki", "--print", "--type", "ac", "--in", file)
        self.assertIn("leaf", said) # the issuer's name
        self.assertRegex(said, r"not after .*ok \(expires in 9 days\)")
        self.check_signature(file)
        self.assertIn(tool.openssl("x509", "-in", self.owner), text)

    def test_each_form_and_holder(self):
        for holder in (("--cert", self.hoster), ("--cert", self.hoster, "--holder-key"),
                       ("--host", "xmpp.example.net")):
            for form in ("pem", "cms"):
                file = self.file("proof", self.make(*self.words, *holder, "--form", form,
                                                    "--domain", "example.org"))
                for domain in ("example.com", "example.org"):
                    self.ask(tool.ACCEPTED, "acert", file, "--holder", self.hoster, "--roots",
                             self.root.pem, "--domain", domain, ruling="PROVEN")
                self.ask(tool.REFUSED, "acert", file, "--holder", self.hoster, "--roots",
                         self.root.pem, "--domain", "example.net")
                self.ask(tool.REFUSED, "acert", file, "--holder", self.owner, "--roots",
                         self.root.pem, "--domain", "example.com")
                self.ask(tool.REFUSED, "acert", file, "--holder", self.hoster, "--roots",
                         self.root.pem, "--domain", "example.com", "--at",
                         int(time.time()) + 32 * DAY)

    def test_rsa(self):
        key = self.dir / "rsa.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                     key)
        self.owner = self.root.leaf("rsa", "DNS:example.com", key=key)
        file = self.der(self.make("attribute-cert", "--domain", "example.com", "--issuer",
                                  self.owner, "--key", key, "--cert", self.hoster))
        self.judge("pki", "--print", "--type", "ac", "--in", file)
        self.check_signature(file)

    def test_what_no_verifier_takes(self):
        holder = ("--cert", self.hoster)
        wild = self.root.leaf("wild", "DNS:*.example.com")
        self.refused(*self.words, *holder, "--domain", "example.net", says="does not name")
        self.refused("attribute-cert", "--domain", "a.example.com", "--issuer", wild, "--key",
                     self.dir / "wild.key", *holder, says="does not name")
        self.refused("attribute-cert", "--domain", "example.com", "--issuer", self.owner,
                     "--key", self.dir / "hoster.key", *holder, says="not the key")
        self.refused("attribute-cert", "--domain", "example.com", "--issuer", self.owner,
                     "--key", self.owner, *holder, says="no private key")
        self.refused(*self.words, *holder, "--at", int(time.time()) + 400 * DAY,
                     says="not valid now")
        srv = self.root.leaf("srv", tool.srv("_xmpp-server.example.net"))
        self.make("attribute-cert", "--domain", "example.net", "--issuer", srv, "--key",
                  self.dir / "srv.key", *holder)

    def test_the_path_of_the_issuer(self):
        roots = ("--roots", self.root.pem)
        words = ("attribute-cert", "--domain", "example.com", "--cert", self.hoster)
        self.make(*self.words, "--cert", self.hoster, *roots)
        for name, extra, says in (("ca", "basicConstraints=CA:TRUE", "is a CA"),
                                  ("mail", "extendedKeyUsage=emailProtection", "would not do"),
                                  ("agree", "keyUsage=keyAgreement", "not for signatures")):
            issuer = self.root.leaf(name, "DNS:example.com", extra=extra)
            self.refused(*words, "--issuer", issuer, "--key", self.dir / f"{name}.key", *roots,
                         says=says)
        other = tool.Authority(self.dir, "other")
        self.refused(*self.words, "--cert", self.hoster, "--roots", other.pem,
                     says="would not do")

    def test_use(self):
        self.misuse("publish", *self.words, says="needs either --cert or --host")
        self.misuse("publish", *self.words, "--host", "h.example", "--cert", self.hoster,
                    says="needs either")
        self.misuse("publish", *self.words, "--host", "h.example", "--holder-key",
                    says="--holder-key goes with --cert")
        self.misuse("publish", *self.words, "--cert", self.hoster, "--days", "32",
                    says="--days")


tool.main()
