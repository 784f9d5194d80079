"""How rulings and the exchange on the wire are shown to somebody who never saw them."""

import textwrap

from lab.screen import WIDTH

from .world import CUSTOMERS

_MARKS = {"assert": "I speak for {}", "challenge": "prove {}: one of {}",
          "proof": "proof for {}: {}", "valid": "you may speak for {}",
          "invalid": "you may not speak for {}", "impossible": "I do not speak for {}"}


class Telling:
    def __init__(self, world, screen):
        self.world = world
        self.screen = screen
        self._shown = {}

    def ruling(self, judge, ruling):
        """One ruling of JUDGE's gateway, as it logged it."""
        verdict = ruling.get("ruling", "?")
        style = "green" if verdict == "PROVEN" else "red"
        by = f" by {ruling['prooftype']}" if ruling.get("prooftype") else ""
        took = f", {ruling['ms']} ms" if ruling.get("ms") else ""
        who = {"initiating": "calling", "receiving": "called by"}
        role = who.get(ruling.get("role"), "about")
        self.screen.line(
            f"      {judge}.dna {role} {ruling.get('domain')}: "
            + self.screen.paint(verdict, style, "bold") + f"{by}{took}")
        if ruling.get("why"):
            self._wrapped(f"because {ruling['why']}", 8)

    def aside(self, text):
        self._wrapped(f"“{text}”", 6)

    def exchange(self, one, other):
        """What passed between two gateways since it was last shown, in ONE's trace."""
        elements = self.world.gateways[one].exchange()
        begin = self._shown.get(one, 0)
        self._shown[one] = len(elements)
        self.screen.line()
        self.screen.line(f"  The exchange on the wire ({one}.dna's trace):", "bold")
        stream = None
        for element in self._about(elements[begin:], CUSTOMERS[other]):
            if stream not in (None, element["connection"]):
                self.screen.line("    on another stream:", "dim")
            stream = element["connection"]
            source, target = (one, other) if element["sent"] else (other, one)
            says = _MARKS[element["name"]].format(element["domain"], element["says"])
            self._wrapped(f"{source:>7} → {target:<7} <{element['name']}/> "
                          f"{says}", 4, hanging=22)

    @staticmethod
    def _about(elements, domain):
        """Only those connections on which DOMAIN is a subject, one after the other."""
        ours = dict.fromkeys(e["connection"] for e in elements if e["domain"] == domain)
        return [e for stream in ours for e in elements if e["connection"] == stream]

    def _wrapped(self, text, indent, hanging=None):
        inner = " " * (indent if hanging is None else indent + hanging)
        self.screen.line(textwrap.fill(text, WIDTH, initial_indent=" " * indent,
                                       subsequent_indent=inner, break_on_hyphens=False,
                                       break_long_words=False), "dim")
