"""Bad input: everything that a hostile or broken peer may send to a running gateway.

One gateway with an ordinary Prosody behind it (library.dna at north.dna), an honest partner
(museum.dna at south.dna), and Mallory with a socket, a web server and a zone of her own.
Each case says what she sends, what she must be told, and what the log must say; between the
cases the honest two go on talking.  No case may harm another stream.
"""

import ssl
import sys

from lab.peer import STARTTLS, EvilWeb, Peer, authzid, body, endless, redirect
from lab.process import LabError, run, wait_until
from lab.zones import Zone

from .stage import perform
from .world import ADDRESSES, TA_URL

US = "library.dna"          # what the gateway under attack hosts
EVIL = "evil.dna"           # Mallory's own domain, unsigned
EVIL_HOSTS = ("www.evil.dna", EVIL, "poshend.evil.dna", "poshfar.evil.dna",
              "poshdown.evil.dna", "poshloop.evil.dna", "poshtwice.evil.dna",
              "poshbad.evil.dna")
# What the log must say of them.
POSH_REASONS = {"poshend.evil.dna": "too long",
                "poshfar.evil.dna": "not a global unicast address",
                "poshdown.evil.dna": "http", "poshloop.evil.dna": "redirect",
                "poshtwice.evil.dna": "reference", "poshbad.evil.dna": "expires"}
POSH = "/.well-known/posh/xmpp-server.json"
DELEGATED = f"http://www.{EVIL}"
_PLAIN = "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"


def header(source="evil.dna", target=US, ns=_PLAIN, version=" version='1.0'"):
    return f"<stream:stream {ns} from='{source}' to='{target}'{version}>"


# What is sent as the first bytes, and the stream error that must come back.
IN_CLEAR = (
    ("not XML at all", "GET / HTTP/1.0\r\n\r\n", "not-well-formed"),
    ("a tag that does not match", header() + "<a></b>", "not-well-formed"),
    ("another root element", "<hello xmlns='jabber:server'/>", "invalid-namespace|bad-format"),
    ("the wrong stream namespace",
     header(ns="xmlns='jabber:server' xmlns:stream='http://example.com/'"),
     "invalid-namespace"),
    ("a client's namespace", header(ns=_PLAIN.replace("server", "client")),
     "invalid-namespace"),
    ("an undeclared prefix", header() + "<x:y/>",
     "bad-namespace-prefix|not-well-formed"),
    ("a prefixed content element", header() +
     "<s:message xmlns:s='jabber:server' from='a@evil.dna' to='b@library.dna'/>",
     "bad-namespace-prefix|not-authorized"),
    ("no version", header(version=""), "unsupported-version"),
    ("a domain that is not hosted", header(target="nobody.dna"), "host-unknown"),
    ("a comment", header() + "<!-- x -->", "restricted-xml"),
    ("a processing instruction", header() + "<?x y?>", "restricted-xml"),
    ("a DTD", "<!DOCTYPE x [<!ENTITY a 'b'>]>" + header(), "restricted-xml"),
    ("an entity", header() + "<a>&lol;</a>", "restricted-xml|not-well-formed"),
    ("UTF-16", header().encode("utf-16"), "unsupported-encoding"),
    ("Latin-1", header().encode() + b"<a>\xe4</a>", "not-well-formed"),
    ("text between elements", header() + "hello", "bad-format|not-well-formed"),
    ("20 kB in one element", header() + "<a>" + "x" * 20000, "policy-violation"),
    ("nesting without end", header() + "<a>" * 200, "policy-violation"),
    ("a thousand attributes", header() + "<a " + " ".join(f"a{i}=''" for i in range(1000))
     + "/>", "policy-violation"),
    ("an unknown element", header() + "<what xmlns='urn:example:what'/>",
     "unsupported-stanza-type|not-authorized|policy-violation"),
    ("a stanza before TLS", header() + "<message from='a@evil.dna' to='b@library.dna'/>",
     "not-authorized|policy-violation"),
    ("a DNA element before TLS", header() + "<assert xmlns='urn:xmpp:dna:0' from='evil.dna'/>",
     "not-authorized|policy-violation"),
    ("dialback on the public side", header() +
     "<db:result xmlns:db='jabber:server:dialback' from='evil.dna' to='library.dna'>k"
     "</db:result>", "not-authorized|policy-violation|unsupported-stanza-type"),
)

# Names that servers read differently (S17), as the sender of a stanza and of an assertion.
ODD_NAMES = ("straße.evil.dna", "a\u200db.evil.dna", "a\u200cb.evil.dna", "so\u00adft.evil.dna",
             "ｆｕｌｌ.evil.dna", "a。evil.dna", "xn--strae-oqa.evil.dna:5269", "evil..dna",
             "127.0.0.1.", "e\u0301.evil.dna")


class Siege:
    def __init__(self, world, screen):
        self.world = world
        self.screen = screen
        self.failures = 0
        self.cases = 0
        self._conversations = 0

    # --- what the cases are made of ----------------------------------------------------

    @property
    def gateway(self):
        return self.world.gateways["north"]

    def peer(self):
        return Peer(self.world["mallory"], ADDRESSES["north"])

    def secured(self, source=EVIL, target=US):
        peer = self.peer()
        peer.secure(source, target, self.world.certificates["mallory"])
        return peer

    def log_size(self):
        return self.gateway.log.stat().st_size

    def logged(self, since, word):
        with open(self.gateway.log, "rb") as log:
            log.seek(since)
            return any(word in line for line in log.read().decode("utf-8", "replace")
                       .splitlines())

    def claim(self, holds, text):
        self.cases += 1
        if holds:
            self.screen.detail(f"held: {text}")
        else:
            self.failures += 1
            self.screen.bad(text)

    def expect_error(self, what, peer, conditions, since):
        """The stream ends with one of CONDITIONS ("a|b", empty: without a word) and the log
        gives a reason."""
        error = peer.error()
        peer.close()
        allowed = conditions.split("|")
        self.claim(error in allowed, f"{what}: answered {error or 'by hanging up'}, expected "
                                     f"{' or '.join(allowed)}")
        if error:
            self.claim(wait_logged(self, since, error), f"{what}: the log does not say {error}")

    def section(self, title):
        """A heading, and a message each way to show that nobody else was harmed."""
        self.world.daemons["north"].check()
        self._conversations += 1
        alice, bob = self.world.clients["north"], self.world.clients["south"]
        for sender, receiver, text in ((alice, bob, "still there"), (bob, alice, "yes")):
            text = f"{text} {self._conversations}"
            sender.send(receiver.address, text)
            receiver.wait_for_message(sender.address, text, log=self.gateway.log)
        if self.cases:
            self.screen.good(f"{self.cases} claims so far; alice and bob still talk")
        if title:
            self.screen.heading(title)

    # --- before and around TLS ----------------------------------------------------------

    def version(self):
        """The version in the answer is the lower of the two (RFC 6120 4.7.5)."""
        peer = self.peer()
        peer.send(header(version=" version='12.7'"))
        self.claim(peer.wait_for("</stream:features>") and "version='1.0'" in peer.read,
                   "version 12.7 is answered with 1.0")
        peer.close()

    def in_clear(self):
        for what, sent, conditions in IN_CLEAR:
            since = self.log_size()
            peer = self.peer()
            peer.send(sent)
            self.expect_error(what, peer, conditions, since)

    def around_tls(self):
        injected = "<message from='a@evil.dna' to='alice@library.dna'><body>in</body></message>"
        since = self.log_size()
        peer = self.peer()
        peer.header(EVIL, US)
        peer.wait_for("</stream:features>")
        peer.send(STARTTLS + injected)
        peer.rest()
        said = peer.read.partition("</stream:features>")[2]
        self.claim("<stream:error" not in said and "</stream" not in said,
                   "bytes behind <starttls/> end the connection without a word")
        self.claim(wait_logged(self, since, "injected"), "... and the log says why")
        peer.close()
        for version, name in ((ssl.TLSVersion.TLSv1, "TLS 1.0"),
                              (ssl.TLSVersion.TLSv1_1, "TLS 1.1")):
            self.claim(not self.handshake(version), f"{name} is refused")
        peer = self.peer()
        peer.header(EVIL, US)
        peer.wait_for("</stream:features>")
        peer.send(STARTTLS)
        peer.wait_for("<proceed")
        since = self.log_size()
        peer.send(b"\x16\x03\x01" + b"\xff" * 4000)
        peer.rest()
        self.claim(wait_logged(self, since, "packet length"),
                   "garbage for a ClientHello: the log says so")
        peer.close()

    def handshake(self, version):
        peer = self.peer()
        peer.header(EVIL, US)
        peer.wait_for("</stream:features>")
        peer.send(STARTTLS)
        peer.wait_for("<proceed")
        try:
            peer.begin_tls(self.world.certificates["mallory"], US, version)
        except (ssl.SSLError, OSError):
            return False
        finally:
            peer.close()
        return True

    def certificate_bomb(self):
        """A client certificate with a chain of two hundred."""
        certificate, key = self.world.certificates["mallory"]
        bomb = self.world["mallory"].directory / "bomb.pem"
        bomb.write_text(certificate.read_text(encoding="ascii") * 200, encoding="ascii")
        peer = self.peer()
        try:
            peer.secure(EVIL, US, (bomb, key))
            peer.send("<message from='a@evil.dna' to='alice@library.dna'/>")
            peer.rest()
        except (ssl.SSLError, OSError):
            pass
        self.claim("<valid" not in peer.read, "a chain of 200 certificates proves nothing")
        peer.close()

    # --- behind TLS ---------------------------------------------------------------------

    def behind_tls(self):
        stanza = "<message from='{}' to='{}'><body>forged</body></message>"
        for what, sent, conditions in (
                ("a stanza that nothing was proven for",
                 stanza.format("a@evil.dna", "alice@library.dna"), "not-authorized"),
                ("a stanza in somebody else's name",
                 stanza.format("bob@museum.dna", "alice@library.dna"), "not-authorized"),
                ("SASL EXTERNAL without a proof, then a stanza",
                 "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>"
                 f"{authzid(EVIL)}</auth>" + stanza.format("a@evil.dna", "alice@library.dna"),
                 "not-authorized|policy-violation"),
                ("a forged <valid/>, then a stanza",
                 f"<valid xmlns='urn:xmpp:dna:0' to='{US}'/>"
                 + stanza.format("a@evil.dna", "alice@library.dna"), "not-authorized"),
                ("a comment behind TLS", "<!-- x -->", "restricted-xml"),
        ):
            since = self.log_size()
            peer = self.secured()
            peer.send(sent)
            self.expect_error(what, peer, conditions, since)
        peer = self.secured()
        peer.send(STARTTLS)
        self.claim(peer.error() == "" and "<failure" in peer.read,
                   "STARTTLS within TLS: <failure/>")
        peer.close()
        self.claim(not self.world.clients["north"].messages_from("a@evil.dna"),
                   "no forged message reached alice")

    def unsolicited(self):
        asked = len(self.web.requests)
        peer = self.secured()
        for _ in range(3):
            peer.say("proof", from_="other.evil.dna",
                     type="urn:ietf:params:dna:proof:dnssec-ta",
                     content=f"{DELEGATED}/unasked")
        peer.say("valid", to="museum.dna")
        self.claim(peer.heard("impossible", "museum.dna"),
                   "a <valid/> for a domain that we do not host is answered <impossible/>")
        peer.say("assert", from_=US)
        self.claim(peer.heard("invalid", US), "asserting the gateway's own domain: <invalid/>")
        self.claim(not any("/unasked" in r for r in self.web.requests[asked:]),
                   "a <proof/> that nobody asked for causes no request")
        peer.close()

    def odd_names(self):
        for name in ODD_NAMES:
            peer = self.secured()
            peer.say("assert", from_=name)
            peer.say("valid", to="end-of-test.dna")
            self.claim(peer.heard("impossible", "end-of-test.dna")
                       and "<valid" not in peer.read, f"the name {name!r} is never valid")
            peer.close()

    def storm(self):
        since = self.log_size()
        peer = self.secured()
        for _ in range(100):
            peer.say("assert", from_=US)
        self.expect_error("an assertion storm", peer, "policy-violation", since)

    # --- what the gateway fetches at a peer's word -----------------------------------------

    def peer_chosen(self):
        for what, content in (
                ("a host at 127.0.0.1", f"http://loop.{EVIL}/x"),
                ("a host at 10.0.0.1", f"http://ten.{EVIL}/x"),
                ("a host that is the gateway itself", f"http://self.{EVIL}:5280/x"),
                ("an IP literal", f"http://{ADDRESSES['mallory']}/x"),
                ("a number for a host", "http://2130706433/x"),
                ("user and password", f"http://a:b@www.{EVIL}/x"),
                ("another port", f"http://www.{EVIL}:25/x"),
                ("another scheme", f"ftp://www.{EVIL}/x"),
                ("a URL of 3000 bytes", f"{DELEGATED}/" + "x" * 3000),
                ("a redirect", f"{DELEGATED}/redirect"),
                ("an endless body", f"{DELEGATED}/endless"),
                ("no certificate", f"{DELEGATED}/garbage"),
                ("eleven certificates", f"{DELEGATED}/eleven"),
                ("our own web server", TA_URL),
                ("somebody else's certificate", f"{DELEGATED}/library"),
                ("a self-signed certificate", f"{DELEGATED}/own"),
                ("no content", ""),
        ):
            self.proof_refused(what, content)
        self.claim(not any("/secret" in r for r in self.web.requests),
                   "no redirect of a peer-chosen URL was followed")

    def proof_refused(self, what, content):
        peer = self.secured()
        peer.say("assert", from_=EVIL)
        challenged = peer.heard("challenge", EVIL)
        self.claim(challenged, f"{what}: evil.dna is challenged")
        if challenged:
            peer.say("proof", from_=EVIL, type="urn:ietf:params:dna:proof:dnssec-ta",
                     content=content)
            self.claim(peer.heard("invalid", EVIL) and "<valid" not in peer.read,
                       f"{what}: <invalid/>")
        peer.close()

    def well_known(self):
        """POSH at domains of Mallory's, each with another trick."""
        for host in EVIL_HOSTS[2:]:
            peer = self.secured(source=host)
            peer.say("assert", from_=host)
            if peer.heard("challenge", host):
                peer.say("proof", from_=host, type="urn:xmpp:dna:proof:posh")
            self.claim(peer.heard("invalid", host) and "<valid" not in peer.read,
                       f"POSH at {host} proves nothing")
            peer.close()
        for host, why in POSH_REASONS.items():
            rulings = self.gateway.rulings(domain=host)
            self.claim(rulings and why in rulings[-1]["why"],
                       f"the log says of {host}: {why}")
        self.claim(not any("/secret" in r for r in self.web.requests),
                   "no redirect to http or to a private address was followed")

    # --- the siege ----------------------------------------------------------------------

    def set_up(self):
        world, step = self.world, self.screen.step
        self.screen.heading("Setting up")
        with step("machines, zones, certificates"):
            world.make_network()
            world.make_zones()
            world.make_certificates()
        with step("web servers, Mallory's among them"):
            world.make_webs()
            self.make_evil_web()
        with step("two Prosody servers behind two gateways, two users"):
            for provider in ("north", "south"):
                world.start_server(provider)
                world.start_gateway(provider)
            for provider in ("north", "south"):
                world.log_in(provider)

    def make_evil_web(self):
        mallory = self.world["mallory"]
        pair = self.world.authority.certify("www.evil.dna", mallory.directory,
                                            also=EVIL_HOSTS[1:])
        leaf = pair[0].read_text(encoding="ascii")
        own = mallory.directory / "own.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", mallory.directory / "own.key",
             "-out", own, "-days", "2", "-subj", "/CN=evil.dna",
             "-addext", "subjectAltName=DNS:evil.dna"])
        loop = f"https://loop.{EVIL}/secret"
        self.web = EvilWeb(mallory, pair, {
            "www.evil.dna /redirect": redirect(f"{DELEGATED}/secret"),
            "www.evil.dna /endless": endless,
            "www.evil.dna /garbage": body("-----BEGIN CERTIFICATE-----\nnonsense\n"),
            "www.evil.dna /eleven": body(leaf * 11),
            "www.evil.dna /library": body(
                (self.world.directory / "library" / f"{US}.pem").read_bytes()),
            "www.evil.dna /own": body(own.read_text(encoding="ascii")),
            f"poshend.evil.dna {POSH}": endless,
            f"poshfar.evil.dna {POSH}": redirect(loop),
            f"poshdown.evil.dna {POSH}": redirect("http://www.evil.dna/secret"),
            f"poshloop.evil.dna {POSH}": redirect(f"https://poshloop.evil.dna{POSH}"),
            f"poshtwice.evil.dna {POSH}": body(
                f'{{"url":"https://poshtwice.evil.dna{POSH}","expires":60}}'),
            f"poshbad.evil.dna {POSH}": body('{"fingerprints":[{"sha-256":"AAAA"}],'
                                             '"expires":-1}'),
        })

    def run(self):
        self.set_up()
        for title, acts in (
                ("In clear", (self.version, self.in_clear)),
                ("Around TLS", (self.around_tls, self.certificate_bomb)),
                ("Behind TLS", (self.behind_tls, self.unsolicited, self.odd_names,
                                self.storm)),
                ("What the gateway is asked to fetch", (self.peer_chosen, self.well_known))):
            self.section(title)
            for act in acts:
                act()
        self.section(None)
        self.screen.heading("The end")
        if self.failures:
            self.screen.bad(f"{self.failures} of {self.cases} claims do not hold")
        else:
            self.screen.good(f"all {self.cases} claims hold")
        return self.failures


def wait_logged(siege, since, word):
    """The log is written by another process: give it a moment."""
    try:
        return wait_until(lambda: siege.logged(since, word), word, seconds=5)
    except LabError:
        return False


def zones():
    mallory = ADDRESSES["mallory"]
    records = ["_xmpp-server._tcp SRV 0 0 5269 xmpp.mallory.dna.", f"@ A {mallory}",
               f"www A {mallory}", "loop A 127.0.0.1", "ten A 10.0.0.1",
               f"self A {ADDRESSES['north']}"]
    records += [f"{host.partition('.')[0]} A {mallory}" for host in EVIL_HOSTS[2:]]
    records += [f"_xmpp-server._tcp.{host.partition('.')[0]} SRV 0 0 5269 xmpp.mallory.dna."
                for host in EVIL_HOSTS[2:]]
    return [Zone(EVIL, records, signed=False)]


if __name__ == "__main__":
    sys.exit(perform("hostile", lambda world, screen: Siege(world, screen).run(), zones()))
