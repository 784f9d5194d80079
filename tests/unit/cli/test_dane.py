"""dna dane: usages x selectors x matching types, agility, names, dates, and bad records."""
import hashlib
import time

import tool

DAY = 86400
HOST, DOMAIN = "xmpp.example.net", "example.com"


def record(usage, selector, matching, pem):
    data = tool.spki(pem) if selector else tool.der(pem)
    data = {0: data, 1: hashlib.sha256(data).digest(), 2: hashlib.sha512(data).digest()}
    return f"{usage} {selector} {matching} {data[matching].hex()}"


class Dane(tool.Case):
    def setUp(self):
        super().setUp()
        self.root = tool.Authority(self.dir, "root")
        self.middle = tool.Authority(self.dir, "middle", above=self.root)
        self.leaf = self.middle.leaf("leaf", f"DNS:{HOST}")
        self.chain = tool.join(self.dir / "chain.pem", self.leaf, self.middle.pem)
        self.full = tool.join(self.dir / "full.pem", self.leaf, self.middle.pem, self.root.pem)

    def match(self, status, records, *words, chain=None, host=HOST, **members):
        said = [word for text in records for word in ("--record", text)]
        return self.ask(status, "dane", chain or self.chain, "--host", host, "--roots",
                        self.root.pem, *said, *words, **members)

    def test_every_kind_of_record(self):
        wrong = tool.Authority(self.dir, "wrong").pem
        for usage, right, depth in ((3, self.leaf, 0), (1, self.leaf, 0),
                                    (2, self.middle.pem, 1), (0, self.middle.pem, 1)):
            for selector in (0, 1):
                for matching in (0, 1, 2):
                    good = record(usage, selector, matching, right)
                    self.match(tool.ACCEPTED, [good], "--usages", "3,2,1,0",
                               ruling="PROVEN", depth=depth, record=good)
                    bad = record(usage, selector, matching, wrong)
                    self.match(tool.REFUSED, [bad], "--usages", "0,1,2,3", ruling="FAIL",
                               code="no-match", record=None)

    def test_anchors_beyond_the_chain(self):
        for selector in (0, 1):
            held = record(2, selector, 0, self.root.pem)
            self.match(tool.ACCEPTED, [held], depth=2)
            digest = record(2, selector, 1, self.root.pem)
            self.match(tool.REFUSED, [digest], code="no-match")
            self.match(tool.ACCEPTED, [digest], chain=self.full, depth=2)
            above = record(0, selector, 1, self.root.pem)
            self.match(tool.ACCEPTED, [above], "--usages", "0", depth=2)

    def test_a_leaf_is_no_anchor(self):
        self.match(tool.REFUSED, [record(2, 0, 1, self.leaf)], code="no-match")
        self.match(tool.REFUSED, [record(3, 0, 1, self.middle.pem)], code="no-match")

    def test_usages_by_default(self):
        for usage, pem in ((1, self.leaf), (0, self.middle.pem)):
            self.match(tool.REFUSED, [record(usage, 0, 1, pem)], ruling="NOT_APPLICABLE",
                       code="no-material", usable=0)

    def test_names(self):
        other = "other.example"
        for usage, pem, status in ((3, self.leaf, tool.ACCEPTED), (2, self.middle.pem,
                                   tool.REFUSED), (1, self.leaf, tool.REFUSED)):
            self.match(status, [record(usage, 1, 1, pem)], "--usages", "3,2,1,0", host=other)
        self.match(tool.REFUSED, [record(3, 1, 1, self.leaf)], "--ee-name-check", host=other,
                   code="name-mismatch")
        self.match(tool.ACCEPTED, [record(3, 1, 1, self.leaf)], "--ee-name-check")
        named = self.middle.leaf("domain", f"DNS:{DOMAIN}")
        chain = tool.join(self.dir / "domain-chain.pem", named, self.middle.pem)
        anchor = [record(2, 1, 1, self.middle.pem)]
        self.match(tool.REFUSED, anchor, chain=chain, code="name-mismatch")
        self.match(tool.ACCEPTED, anchor, "--domain", DOMAIN, chain=chain)

    def test_dates(self):
        late = ["--usages", "3,2,1,0", "--at", int(time.time()) + 400 * DAY]
        self.match(tool.ACCEPTED, [record(3, 1, 1, self.leaf)], *late)
        for usage, pem in ((2, self.middle.pem), (1, self.leaf), (0, self.middle.pem)):
            self.match(tool.REFUSED, [record(usage, 1, 1, pem)], *late, code="not-valid-now")

    def test_digest_agility(self):
        wrong = tool.Authority(self.dir, "wrong").pem
        weak, strong = record(3, 1, 1, self.leaf), record(3, 1, 2, self.leaf)
        self.match(tool.REFUSED, [weak, record(3, 1, 2, wrong)], code="no-match", usable=1)
        self.match(tool.ACCEPTED, [strong, record(3, 1, 1, wrong)], record=strong)
        self.match(tool.ACCEPTED, [weak, record(3, 0, 2, wrong)], record=weak)
        # An unusable record outdoes nobody.
        self.match(tool.ACCEPTED, [weak, strong[:-2]], record=weak)

    def test_unusable_records(self):
        good = record(3, 1, 1, self.leaf)
        hexed = good.split()[3]
        for text in (f"4 1 1 {hexed}", f"3 2 1 {hexed}", f"3 1 3 {hexed}", f"3 1 1 {hexed}00",
                     f"3 1 1 {hexed[:-2]}", "3 0 0 00", "255 255 255 ff", f"3 1 2 {hexed}"):
            self.match(tool.REFUSED, [text], ruling="NOT_APPLICABLE", code="no-material")
            self.match(tool.ACCEPTED, [text, good], record=good)

    def test_spaces_in_the_hex(self):
        usage, selector, matching, hexed = record(3, 1, 1, self.leaf).split()
        text = f" {usage}  {selector}\t{matching} ( {hexed[:32].upper()}\n {hexed[32:]} )"
        self.match(tool.ACCEPTED, [text], depth=0)

    def test_weak_keys(self):
        key = self.dir / "weak.key"
        tool.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                     "-out", key)
        weak = self.root.leaf("weak", f"DNS:{HOST}", key=key)
        self.match(tool.REFUSED, [record(3, 1, 1, weak)], chain=weak, code="weak-key")

    def test_untrusted_without_roots(self):
        text = record(1, 1, 1, self.leaf)
        self.ask(tool.REFUSED, "dane", self.chain, "--host", HOST, "--record", text,
                 "--usages", "1", code="untrusted")

    def test_arbitrary_bytes(self):
        good = record(2, 1, 1, self.middle.pem)
        self.hammer(self.chain.read_bytes(), lambda some: tool.dna(
            "dane", "-", "--host", HOST, "--record", good, "--json", stdin=some))

    def test_use(self):
        good = record(3, 1, 1, self.leaf)
        self.misuse("dane", self.chain, "--record", good, says="--host H is missing")
        self.misuse("dane", self.chain, "--host", HOST, says="--record 'U S M HEX' is missing")
        for text in ("", "3 1 1", "3 1 1 xyz", "3 1 1 abc", "256 1 1 ab", "3 1 ab", "-3 1 1 ab",
                     "3 1 1ab", "99999999999999999999 1 1 ab"):
            self.misuse("dane", self.chain, "--host", HOST, "--record", text,
                        says="--record needs")
        self.misuse("dane", self.chain, "--host", HOST, "--record", good, "--usages", "3,4",
                    says="--usages needs some of")


tool.main()
