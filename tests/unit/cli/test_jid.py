"""dna jid: the domain of an address."""
import tool

GOOD = [
    ("juliet@Example.COM/balcony", "example.com", "example.com"),
    ("example.com", "example.com", "example.com"),
    ("example.com/a@b/c", "example.com", "example.com"),
    ("a@b\u00fccher.example", "xn--bcher-kva.example", "b\u00fccher.example"),
]
BAD = ["", "@example.com", "a@", "example.com/", "a@b@c", "a@stra\u00dfe.example",
       "a@b c", "/", "a@example.com\n"]


class Jid(tool.Case):
    def test_good(self):
        for text, domain, shown in GOOD:
            self.ask(tool.ACCEPTED, "jid", text, ruling="VALID", domain=domain,
                     domain_unicode=shown)

    def test_bad(self):
        for text in BAD:
            self.ask(tool.REFUSED, "jid", text, ruling="INVALID", code="bad-name")

    def test_use(self):
        self.misuse("jid", says="STRING is missing")


tool.main()
