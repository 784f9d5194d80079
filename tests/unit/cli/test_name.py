"""dna name: the canonical form, and what has none."""
import tool

GOOD = [
    ("example.com", "example.com", "example.com"),
    ("Example.COM.", "example.com", "example.com"),
    ("B\u00fccher.example", "xn--bcher-kva.example", "b\u00fccher.example"),
    ("XN--BCHER-KVA.example", "xn--bcher-kva.example", "b\u00fccher.example"),
    ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
]
BAD = ["", ".", "a..b", "-a.example", "a_b.example", "a" * 64 + ".example", "a b",
       "stra\u00dfe.example", "a\u200db.example", "\uff41.example", "a\u3002b",
       ("a." * 127) + "aa", "caf\u0065\u0301.example", "a\x1b[31m.example", "\ufeffa.example"]


class Name(tool.Case):
    def test_good(self):
        for text, ascii_form, unicode_form in GOOD:
            self.ask(tool.ACCEPTED, "name", text, ruling="VALID", code="ok",
                     ascii=ascii_form, unicode=unicode_form)

    def test_bad(self):
        for text in BAD:
            self.ask(tool.REFUSED, "name", text, ruling="INVALID", code="bad-name")

    def test_bytes_that_are_no_text(self):
        answer = tool.dna("name", b"\xff\xfe\x80.example".decode("utf-8", "surrogateescape"),
                          "--json")
        self.assertEqual(answer.status, tool.REFUSED)
        self.assertEqual(answer.only["given"], r"\xff\xfe\x80.example")

    def test_nothing_reaches_the_terminal_as_it_is(self):
        answer = tool.dna("name", "a\x1b]0;title\x07\u202eb")
        self.assertEqual(answer.status, tool.REFUSED)
        self.assertNotIn(b"\x1b", answer.out)
        self.assertNotIn("\u202e".encode(), answer.out)

    def test_use(self):
        self.misuse("name", says="STRING is missing")
        self.misuse("name", "a", "b", says="one too many")


tool.main()
