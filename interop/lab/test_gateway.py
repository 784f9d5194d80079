"""The lab reads the gateway's log and trace; a reader that sees what is not there would
let a broken demonstration pass, so these cases say what it must and must not see."""

import unittest

from lab.gateway import read_exchange, read_rulings

STAMP = "2026-11-24T00:00:00Z"


class Rulings(unittest.TestCase):
    def rulings(self, *lines):
        return list(read_rulings("\n".join(lines)))

    def test_fields(self):
        (ruling,) = self.rulings(
            f'{STAMP} INFO ruling domain=library.dna role=initiating ruling=PROVEN '
            'prooftype=dnssec-ta why="the SRV record is signed" ms=12')
        self.assertEqual(ruling["domain"], "library.dna")
        self.assertEqual(ruling["ruling"], "PROVEN")
        self.assertEqual(ruling["why"], "the SRV record is signed")
        self.assertEqual(ruling["ms"], "12")

    def test_other_events_are_no_rulings(self):
        self.assertEqual(self.rulings(
            f"{STAMP} INFO stream ruling=PROVEN domain=library.dna", "ruling domain=x",
            "", f"{STAMP} INFO rulings domain=x ruling=PROVEN"), [])

    def test_a_quoted_value_is_not_read_as_fields(self):
        (ruling,) = self.rulings(
            f'{STAMP} INFO ruling domain=a.dna ruling=FAIL '
            'why="peer said ruling=PROVEN \\"ruling=PROVEN\\" here"')
        self.assertEqual(ruling["ruling"], "FAIL")
        self.assertEqual(ruling["why"], 'peer said ruling=PROVEN "ruling=PROVEN" here')

    def test_a_cut_line_yields_what_is_whole(self):
        (ruling,) = self.rulings(f'{STAMP} INFO ruling domain=a.dna ruling=FAIL why="th')
        self.assertEqual(ruling["ruling"], "FAIL")


class Exchange(unittest.TestCase):
    def elements(self, *lines):
        return [(e["connection"], e["sent"], e["name"], e["domain"], e["says"])
                for e in read_exchange("\n".join(lines))]

    def test_each_element(self):
        ns = "xmlns='urn:xmpp:dna:0'"
        for text, name, domain, says in (
                (f"<assert {ns} from='a.dna'/>", "assert", "a.dna", ""),
                (f"<valid {ns} to='a.dna'/>", "valid", "a.dna", ""),
                (f"<invalid {ns} to='a.dna'></invalid>", "invalid", "a.dna", ""),
                (f"<impossible {ns} from='a.dna'/>", "impossible", "a.dna", ""),
                (f"<proof {ns} from='a.dna' type='urn:ietf:params:dna:proof:dnssec-ta'>"
                 "http://b.dna/a</proof>", "proof", "a.dna", "dnssec-ta http://b.dna/a")):
            with self.subTest(name):
                self.assertEqual(self.elements(f"{STAMP} 7 > {text}"),
                                 [("7", True, name, domain, says)])

    def test_a_challenge_names_each_prooftype_once(self):
        self.assertEqual(
            self.elements(f"{STAMP} 7 < <challenge xmlns='urn:xmpp:dna:0' to='a.dna'>"
                          "<proof type='urn:ietf:params:dna:proof:dnssec-ta'/>"
                          "<proof type='urn:xmpp:dna:proof:dnssec-ta'/>"
                          "<proof type='urn:xmpp:dna:proof:posh'/></challenge>"),
            [("7", False, "challenge", "a.dna", "dnssec-ta, posh")])

    def test_several_in_one_line_keep_their_order(self):
        names = [e[2] for e in self.elements(
            f"{STAMP} 7 < <valid to='a'/><assert from='b'/>\\x0a<valid to='c'/>")]
        self.assertEqual(names, ["valid", "assert", "valid"])

    def test_other_lines_are_passed_over(self):
        self.assertEqual(self.elements("", f"{STAMP} 7 = <valid to='a'/>",
                                       f"{STAMP} 7 <", f"{STAMP} 7 < <validated to='a'/>"),
                         [])


if __name__ == "__main__":
    unittest.main()
