"""dna_exchange.py: the rules of docs/protocol/exchange.md for one stream.

No I/O and no clock: elements go in, text comes out.  None of it was taken from mod_dna.

hosted  {domain: {prooftype: text}}: what we speak for, and what we have to show for it
judge   judge(domain, prooftype, text): whether that proves domain; the prooftype is None
        before anything was asked
offers  the prooftypes that we ask for, in our order; in both spellings, so at most eight

Names are ASCII.  What is in flight after a withdrawal is dropped for as long as it comes.
"""

import re
from xml.sax.saxutils import escape, quoteattr

DNA = "urn:xmpp:dna:0"
SPELLINGS = ("urn:xmpp:dna:proof:", "urn:ietf:params:dna:proof:")
PROOFTYPE = re.compile(r"(?:(?i:urn:xmpp):dna|(?i:urn:ietf):params:dna):proof:(\S+)")
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*")

# A proof of these says only "look": the material is elsewhere.
NOTHING_TO_SHOW = ("pkix", "srvname", "dnssec-srv", "dane", "posh", "xml-assertion",
                   "service-delegation", "host-meta", "sts")
MOST_TYPES = 16
MOST_PROOF = 64 * 1024
STORM = 5
ABUSE = 20


class Broken(Exception):
    """The stream has to end, with that condition of RFC 6120 4.9.3."""


def canonical(name):
    """A domain in the one form in which it is compared; "" if it is none of ours."""
    name = (name or "").lower()
    name = name[:-1] if name.endswith(".") else name
    address = re.fullmatch(r"[0-9.]+", name)
    return name if len(name) <= 253 and DOMAIN.fullmatch(name) and not address else ""


def prooftype(uri):
    """X of both spellings, urn:xmpp:dna:proof:X and urn:ietf:params:dna:proof:X."""
    match = PROOFTYPE.fullmatch(uri or "")
    return match and match[1]


def local(element):
    return element.tag.rpartition("}")[2]


class Exchange:
    """ours[D]: asserted, proof-sent, valid, invalid or impossible; theirs[D]: challenged,
    examined, valid, invalid or impossible.  What is to be sent is in out, as XML."""

    def __init__(self, hosted, judge, offers):
        self.hosted, self.judge, self.offers = hosted, judge, offers
        self.ours, self.theirs = {}, {}
        self.storms, self.abuses = {}, 0
        self.answered = set()   # challenged, and settled by something else
        self.out = []

    # What our own side wants.

    def say(self, name, way, domain, content="", kind=""):
        kind = f" type={quoteattr(kind)}" if kind else ""
        self.out.append(f"<{name} xmlns='{DNA}' {way}='{domain}'{kind}"
                        + (f">{content}</{name}>" if content else "/>"))

    def announce(self, domain):
        """The assertion in the features has been sent."""
        self.ours[domain] = "asserted"

    def assert_own(self, domain):
        if self.ours.get(domain) in ("asserted", "proof-sent", "valid"):
            return
        self.ours[domain] = "asserted"
        self.say("assert", "from", domain)

    def retract(self, domain):
        self.ours[domain] = "impossible"
        self.say("impossible", "from", domain)

    def revoke(self, domain):
        if self.theirs.get(domain) == "challenged":
            self.answered.add(domain)
        self.theirs[domain] = "invalid"
        self.say("invalid", "to", domain)

    def want(self, domain):
        """We want to hear from domain, and to write to it; whoever spoke first."""
        if self.theirs.get(domain) not in ("challenged", "valid"):
            self.hear(domain)

    def hear(self, domain):
        if self.judge(domain, None, ""):
            self.accept(domain)
        elif self.offers:
            self.theirs[domain] = "challenged"
            self.say("challenge", "to", domain, "".join(
                f"<proof type='{spelling}{kind}'/>"
                for kind in self.offers for spelling in SPELLINGS))
        else:
            self.revoke(domain)

    def accept(self, domain):
        self.theirs[domain] = "valid"
        self.storms.pop(domain, None)
        self.say("valid", "to", domain)

    # What the peer says.

    def take(self, element):
        """One first-level element in the exchange's namespace."""
        name = local(element)
        way = {"assert": "from", "proof": "from", "impossible": "from",
               "challenge": "to", "valid": "to", "invalid": "to"}.get(name)
        if way is None:
            self.abused()
            return
        domain = canonical(element.get(way))
        if not domain:
            self.abused()
            return
        getattr(self, "take_" + name)(domain, element)

    def abused(self):
        self.abuses += 1
        if self.abuses > ABUSE:
            raise Broken("policy-violation")

    def take_assert(self, domain, _):
        state = self.theirs.get(domain)
        if domain in self.hosted:
            self.revoke(domain)
        elif state == "valid":
            self.say("valid", "to", domain)
        elif state in ("invalid", "impossible"):
            self.storms[domain] = self.storms.get(domain, 0) + 1
            if self.storms[domain] > STORM:
                raise Broken("policy-violation")
            self.say("invalid", "to", domain)
        elif state != "challenged":
            self.hear(domain)

    def take_proof(self, domain, element):
        if self.theirs.get(domain) != "challenged":
            if domain in self.answered:
                self.answered.discard(domain)   # too late, which is nobody's fault
            else:
                self.abused()
            return
        text = (element.text or "").strip()
        kind = prooftype(element.get("type"))
        self.theirs[domain] = "examined"
        if (kind in self.offers and len(text) <= MOST_PROOF
                and self.judge(domain, kind, text)):
            self.accept(domain)
        else:
            self.revoke(domain)

    def take_impossible(self, domain, _):
        self.theirs[domain] = "impossible"

    def take_challenge(self, domain, element):
        offered = [child.get("type") for child in element.findall(f"{{{DNA}}}proof")]
        if not offered or len(offered) > MOST_TYPES or not all(offered):
            self.abused()
            return
        if self.ours.get(domain) == "proof-sent":
            self.abused()
            return
        shown = self.hosted.get(domain)
        if shown is None:
            self.retract(domain)
            return
        for uri in offered:
            if shown.get(prooftype(uri)):
                break
        else:
            uri = next((u for u in offered if prooftype(u) in NOTHING_TO_SHOW), None)
        if uri is None:
            self.retract(domain)
            return
        self.ours[domain] = "proof-sent"
        self.say("proof", "from", domain, escape(shown.get(prooftype(uri), "")), uri)

    def take_valid(self, domain, _):
        if domain in self.hosted:
            self.ours[domain] = "valid"
        else:
            self.retract(domain)    # it changes nothing about whom we speak for

    def take_invalid(self, domain, _):
        if domain in self.hosted:
            self.ours[domain] = "invalid"

    # The gate.

    def may_send(self, own, remote):
        return self.ours.get(own) == "valid" and self.theirs.get(remote) == "valid"

    def admit(self, source, target):
        """Whether a stanza of the peer's is for us; false: it is dropped, or returned."""
        if not source or not target:
            raise Broken("improper-addressing")
        if self.theirs.get(source) != "valid":
            if "valid" not in self.theirs.values():
                raise Broken("not-authorized")
            if self.theirs.get(source) == "invalid":
                return False
            raise Broken("invalid-from")
        if target not in self.hosted:
            if self.ours.get(target) == "impossible":
                return False
            raise Broken("host-unknown")
        return self.ours.get(target) == "valid"
