"""dna verify: recorded evidence, heard again; what it is worth without a signature."""
import json
import pathlib

import tool

DATA = tool.ROOT / "tests" / "data" / "bundles"


class Verify(tool.Case):
    def verify(self, status, bundle, *words, roots=None, **members):
        name = pathlib.Path(bundle)
        ca = DATA / f"{roots or name.stem.removesuffix('-signed')}.ca.pem"
        return self.ask(status, "verify", bundle, "--roots", ca, *words, **members)

    def test_proofs(self):
        """Only what a certificate shows by itself needs no signature."""
        self.verify(tool.ACCEPTED, DATA / "pkix.json", ruling="PROVEN", code="ok",
                    recorded="PROVEN", domain="example.com", role="receiving",
                    at=1800000000, signature="none")
        for name in ("pkix-out", "posh", "dnssec-ta", "dnssec-srv"):
            self.verify(tool.UNKNOWN, DATA / f"{name}.json", ruling="TEMPFAIL",
                        code="unauthenticated", recorded="PROVEN")

    def test_refusals(self):
        for name, code, recorded in (("bogus", "dns-bogus", "FAIL"),
                                     ("refused", "name-mismatch", "FAIL"),
                                     ("silent", "dns-failed", "TEMPFAIL")):
            self.verify(tool.REFUSED, DATA / f"{name}.json", ruling="FAIL", code=code,
                        recorded=recorded)

    def test_signatures(self):
        key = DATA / "maker.pub.pem"
        for name in ("pkix-out", "posh"):
            signed = DATA / f"{name}-signed.json"
            self.verify(tool.ACCEPTED, signed, "--key", key, ruling="PROVEN", signature="good")
            self.verify(tool.UNKNOWN, signed, code="unauthenticated",
                        signature="of a key that was not given")
            self.verify(tool.UNKNOWN, DATA / f"{name}.json", "--key", key, signature="none")
        self.verify(tool.REFUSED, DATA / "refused-signed.json", "--key", key, ruling="FAIL",
                    recorded="FAIL", signature="good")
        tool.openssl("genpkey", "-algorithm", "ED25519", "-out", self.dir / "other.pem")
        self.verify(tool.UNKNOWN, DATA / "posh-signed.json", "--key", self.dir / "other.pem")

    def test_reasons_are_the_recorded_ones(self):
        for path in sorted(DATA.glob("*.json")):
            bundle = json.loads(path.read_bytes())
            status = tool.REFUSED if bundle["ruling"]["ruling"] != "PROVEN" else tool.ACCEPTED
            if status == tool.ACCEPTED and path.stem != "pkix":
                continue
            self.verify(status, path, why=bundle["ruling"]["why"])

    def test_the_labs(self):
        """What a gateway recorded in `interop/demo prooftypes`: each prooftype, with what it
        needs and with what speaks of somebody else."""
        lab = DATA / "lab"
        bundles = sorted(lab.glob("*.json"))
        self.assertGreater(len(bundles), 20)
        for path in bundles:
            ruling = json.loads(path.read_bytes())["ruling"]
            proven = ruling["ruling"] == "PROVEN"
            self.assertEqual(proven, not path.name.startswith("false-"), path.name)
            self.ask(tool.ACCEPTED if proven else tool.REFUSED, "verify", path, "--roots",
                     lab / "ca.pem", "--key", lab / "maker.pub.pem", why=ruling["why"],
                     recorded=ruling["ruling"], signature="good")

    def test_the_dns(self):
        """What signatures show from the root's key down needs nobody's word."""
        dns = DATA / "dns"
        for name in ("secure", "dane", "anchor"):
            path = dns / f"{name}.json"
            roots = "--roots", dns / "ca.pem"
            anchor = "--trust-anchor", dns / "root.key"
            got = self.ask(tool.ACCEPTED, "verify", path, *roots, *anchor, ruling="PROVEN",
                           recorded="PROVEN", signature="none")
            self.assertGreater(int(got["validated"]), 4)
            other = self.file("other.key", ". IN DS 1 13 2 " + 64 * "0" + "\n")
            self.ask(tool.UNKNOWN, "verify", path, *roots, "--trust-anchor", other,
                     code="unauthenticated")
            text = path.read_text()
            bundle = json.loads(text)
            for one in bundle["messages"]:
                # Without it; and with another octet in it.
                for instead in ("", "AAAA" + one[4:], one[:-8] + "AAAA" + one[-4:]):
                    changed = text.replace(f'"{one}"', f'"{instead}"')
                    answer = tool.dna("verify", self.file("b.json", changed), *roots, *anchor,
                                      "--json")
                    self.assertNotEqual(answer.status, tool.ACCEPTED, (name, one))
        answer = tool.dna("verify", path, "--trust-anchor", dns / "ca.pem")
        self.assertEqual(answer.status, tool.FAULT)

    def test_roots_are_not_believed(self):
        self.verify(tool.REFUSED, DATA / "pkix.json", roots="posh", ruling="INVALID",
                    code="unverified")

    def test_changed(self):
        """Each leaf of a signed refusal, and of a signed proof, becomes another one."""
        for name in ("refused-signed", "posh-signed", "refused", "bogus"):
            text = (DATA / f"{name}.json").read_text()
            for at in range(0, len(text), max(1, len(text) // 40)):
                changed = text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1:]
                answer = tool.dna("verify", self.file("b.json", changed), "--roots",
                                  DATA / f"{name.removesuffix('-signed')}.ca.pem", "--key",
                                  DATA / "maker.pub.pem", "--json")
                self.assertEqual(answer.status, tool.REFUSED, (name, at, answer.out))
                self.assertEqual(answer.only["ruling"], "INVALID", (name, at))

    def test_hostile(self):
        for text in (b"", b"{}", b"[" * 100000, b"{" * 100000, b"null", b"\0", b"\xff",
                     b'{"format":"dna-evidence-0"}', b" " * (5 << 20)):
            got = self.verify(tool.REFUSED, self.file("b.json", text), roots="pkix",
                              ruling="INVALID", code="unverified")
            self.assertNotIn("domain", got)
        self.hammer((DATA / "dnssec-ta.json").read_bytes(),
                    lambda text: tool.dna("verify", self.file("b.json", text), "--roots",
                                          DATA / "dnssec-ta.ca.pem", "--json"))

    def test_misuse(self):
        self.misuse("verify", says="BUNDLE")
        self.misuse("verify", self.dir / "none.json", says="none.json")
        self.misuse("verify", DATA / "pkix.json", "--key", DATA / "pkix.ca.pem",
                    "--roots", DATA / "pkix.ca.pem", says="Ed25519")


tool.main()
