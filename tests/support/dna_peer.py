"""dna_peer.py: the DNA exchange a second time, small, without a look at the first.

A server-to-server peer of both roles: STARTTLS, the assertion in the features, then assert,
challenge, proof, valid, invalid and impossible for as many domains as either side likes.

    exchange = Exchange(hosted, judge, offers)  the rules of one stream; no I/O, no clock
    peer = Peer(hosted, judge, offers, certificate, key, roots)
    stream = peer.connect(address, own, remote) our stream to a server
    peer.listen(address)                        streams of others, in peer.streams

hosted  {domain: {prooftype: text}}: what we speak for, and what we have to show for it
judge   judge(domain, prooftype, text, names) is true if that proves domain; the prooftype is
        None before anything was asked; names are those of the peer's certificate
offers  the prooftypes that we ask for, in our order

It is made for tests: chains are checked by the TLS handshake (so a peer needs a certificate
of the given roots), a thread reads each stream, names are ASCII, nothing is renewed, and the
exchange's timers are left to those who wait (Stream.wait).
"""

import queue
import re
import select
import socket
import ssl
import threading
import uuid
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

DNA = "urn:xmpp:dna:0"
SERVER = "jabber:server"
STREAM = "http://etherx.jabber.org/streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
STANZAS = ("message", "presence", "iq")

# A proof of these says only "look": the material is elsewhere.
NOTHING_TO_SHOW = ("pkix", "srvname", "dnssec-srv", "dane", "posh", "xml-assertion",
                   "service-delegation", "host-meta", "sts")
MOST_ELEMENT = 70 * 1024
MOST_TYPES = 16
MOST_PROOF = 64 * 1024
STORM = 5
ABUSE = 20
PATIENCE = 30       # seconds for a handshake, or until what we write is taken

PROOFTYPE = re.compile(r"(?i:urn:xmpp):dna:proof:(\S+)|(?i:urn:ietf):params:dna:proof:(\S+)")
LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})*")


class Broken(Exception):
    """The stream has to end, with that condition of RFC 6120 4.9.3."""


def canonical(name):
    """A domain in the one form in which it is compared; "" if it is none of ours."""
    name = (name or "").lower()
    name = name[:-1] if name.endswith(".") else name
    return name if len(name) <= 253 and DOMAIN.fullmatch(name) else ""


def prooftype(uri):
    """X of both spellings, urn:xmpp:dna:proof:X and urn:ietf:params:dna:proof:X."""
    match = PROOFTYPE.fullmatch(uri or "")
    return match and (match[1] or match[2])


def local(element):
    return element.tag.rpartition("}")[2]


def space(element):
    return element.tag[1:].partition("}")[0] if element.tag[0] == "{" else ""


class Exchange:
    """ours[D]: asserted, proof-sent, valid, invalid or impossible; theirs[D]: challenged,
    valid, invalid or impossible.  What is to be sent is in out, as XML."""

    def __init__(self, hosted, judge, offers):
        self.hosted, self.judge, self.offers = hosted, judge, offers
        self.ours, self.theirs = {}, {}
        self.storms, self.abuses = {}, 0
        self.answered = set()   # domains whose last proof or refusal ended a challenge of ours
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
            self.answered.discard(domain)
            self.say("challenge", "to", domain, "".join(
                f"<proof type='urn:xmpp:dna:proof:{kind}'/>" for kind in self.offers))
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


class Reader:
    """Bytes to the attributes of a stream's header and its first-level elements."""

    def __init__(self):
        self.parser = expat.ParserCreate("UTF-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartNamespaceDeclHandler = self.declared
        for handler in ("StartDoctypeDeclHandler", "CommentHandler",
                        "ProcessingInstructionHandler", "SkippedEntityHandler"):
            setattr(self.parser, handler, self.restricted)
        self.depth = self.pending = 0
        self.held = b""
        self.builder = None
        self.spaces = set()     # declared on the header
        self.items = []

    @staticmethod
    def restricted(*_):
        raise Broken("restricted-xml")

    @staticmethod
    def tag(name):
        uri, blank, last = name.rpartition(" ")
        return f"{{{uri}}}{last}" if blank else name

    def declared(self, _, uri):
        if self.depth == 0:
            self.spaces.add(uri)

    def start(self, name, attributes):
        if self.depth == 0:
            if self.tag(name) != f"{{{STREAM}}}stream":
                raise Broken("invalid-namespace")
            self.items.append(attributes)
        else:
            if self.depth == 1:
                self.builder = ElementTree.TreeBuilder()
            self.builder.start(self.tag(name), {self.tag(k): v for k, v in
                                                attributes.items()})
        self.depth += 1

    def end(self, name):
        self.depth -= 1
        if self.depth == 0:
            self.items.append(None)
            return
        self.builder.end(self.tag(name))
        if self.depth == 1:
            self.items.append(self.builder.close())
            self.pending = 0

    def text(self, data):
        if self.depth > 1:
            self.builder.data(data)

    def feed(self, data):
        """What is complete now: a dict is the header, None the end of the stream."""
        self.pending += len(data)
        self.items = []
        # expat puts off a token that came in pieces; it gets whole tags only.
        whole, tag_end, rest = (self.held + data).rpartition(b">")
        self.held = rest
        try:
            self.parser.Parse(whole + tag_end, False)
        except expat.ExpatError as error:
            raise Broken("not-well-formed") from error
        if self.pending > MOST_ELEMENT and (self.depth != 1 or self.held):
            raise Broken("policy-violation")
        return self.items


class Stream:
    """One connection, in either role, up to its end."""

    def __init__(self, peer, connection, own="", remote=""):
        self.peer, self.connection = peer, connection
        self.own, self.remote = own, remote
        self.initiating = bool(own)
        self.exchange = Exchange(peer.hosted, self.judge, peer.offers)
        self.names = []         # of the peer's certificate
        self.trace = []         # ("in" or "out", name, domain, what else)
        self.error = None
        self.ended = False
        self.lock = threading.Condition()
        self.reader, self.ready = Reader(), []

    def judge(self, domain, kind, text):
        return self.peer.judge(domain, kind, text, self.names)

    # Bytes.  A TLS connection is no thing for two threads at once.

    def send(self, text):
        with self.lock:
            self.connection.settimeout(PATIENCE)
            self.connection.sendall(text.encode())

    def receive_some(self):
        try:
            with self.lock:
                self.connection.settimeout(0)
                return self.connection.recv(65536)
        except (ssl.SSLWantReadError, BlockingIOError):
            select.select([self.connection], [], [])
            return None

    def next(self):
        while not self.ready:
            data = self.receive_some()
            if data == b"":
                raise EOFError
            self.ready = self.reader.feed(data) if data else []
        return self.ready.pop(0)

    def header(self, ident=""):
        own, remote = quoteattr(self.own), quoteattr(self.remote)
        ident = f" id='{ident}'" if ident else ""
        self.send(f"<?xml version='1.0'?><stream:stream xmlns='{SERVER}' "
                  f"xmlns:stream='{STREAM}' xmlns:dna='{DNA}' from={own} to={remote}{ident} "
                  "version='1.0' xml:lang='en'>")

    def secure(self, context, **how):
        if self.ready or self.reader.held:
            raise Broken("policy-violation")    # written before TLS, to be read after it
        self.connection.settimeout(PATIENCE)
        self.connection = context.wrap_socket(self.connection, **how)
        self.reader = Reader()
        names = (self.connection.getpeercert() or {}).get("subjectAltName", ())
        self.names = [canonical(name) for kind, name in names if kind == "DNS"]

    # Negotiation.

    def read_header(self):
        header = self.next()
        if not isinstance(header, dict) or not header.get("version", "").startswith("1."):
            raise Broken("unsupported-version")
        return header

    def read_element(self, name, uri):
        element = self.next()
        if not isinstance(element, ElementTree.Element) \
                or element.tag != f"{{{uri}}}{name}":
            raise Broken("not-authorized")
        return element

    def initiate(self):
        self.header()
        self.read_header()
        self.read_element("features", STREAM)
        self.send(f"<starttls xmlns='{TLS}'/>")
        self.read_element("proceed", TLS)
        self.secure(self.peer.client, server_hostname=self.remote)
        self.header()
        self.read_header()
        features = self.read_element("features", STREAM)
        said = features.find(f"{{{DNA}}}assert")
        if said is None:
            raise Broken("unsupported-feature")
        self.take(said)

    def greet(self, features):
        header = self.read_header()
        self.own, self.remote = canonical(header.get("to")), canonical(header.get("from"))
        self.header(uuid.uuid4().hex)
        if self.own not in self.peer.hosted:
            raise Broken("host-unknown")
        self.send(f"<stream:features>{features}</stream:features>")

    def receive(self):
        self.greet(f"<starttls xmlns='{TLS}'><required/></starttls>")
        self.read_element("starttls", TLS)
        self.send(f"<proceed xmlns='{TLS}'/>")
        self.secure(self.peer.server, server_side=True)
        header = self.read_header()
        self.own, self.remote = canonical(header.get("to")), canonical(header.get("from"))
        self.header(uuid.uuid4().hex)
        if self.own not in self.peer.hosted:
            raise Broken("host-unknown")
        self.send(f"<stream:features><assert xmlns='{DNA}' from='{self.own}'/>"
                  "</stream:features>")
        self.exchange.announce(self.own)
        self.note("out", "assert", self.own, "features")

    # Elements.

    def note(self, way, name, domain, more=""):
        with self.lock:
            self.trace.append((way, name, domain, more))
            self.lock.notify_all()

    def take(self, element):
        domain = canonical(element.get("from") or element.get("to"))
        more = " ".join(child.get("type", "") for child in element) \
            or (element.text or "").strip()
        self.note("in", local(element), domain, more)
        with self.lock:
            self.exchange.take(element)
        self.flush()

    def flush(self):
        with self.lock:
            said, self.exchange.out = self.exchange.out, []
            for text in said:
                self.send(text)
                element = ElementTree.fromstring(text)
                self.trace.append(("out", local(element),
                                   element.get("from") or element.get("to"),
                                   element.text or ""))
            self.lock.notify_all()
        if self.initiating and self.exchange.theirs.get(self.remote) == "valid" \
                and self.own not in self.exchange.ours:
            self.do("assert_own", self.own)

    def do(self, what, domain):
        """assert_own, retract, revoke or want, and send what comes of it."""
        with self.lock:
            getattr(self.exchange, what)(domain)
        self.flush()

    def stanza(self, element):
        source, target = (canonical((element.get(way) or "").partition("/")[0]
                                    .rpartition("@")[2]) for way in ("from", "to"))
        with self.lock:
            admitted = self.exchange.admit(source, target)
        if admitted:
            self.peer.stanzas.put(element)

    def run(self):
        try:
            (self.initiate if self.initiating else self.receive)()
            while (element := self.next()) is not None:
                if space(element) == DNA:
                    self.take(element)
                elif space(element) == SERVER and local(element) in STANZAS:
                    self.stanza(element)
                elif element.tag == f"{{{STREAM}}}error":
                    self.note("in", "error", "", local(element[0]))
                elif space(element) != STREAM:
                    raise Broken("unsupported-stanza-type")
            self.send("</stream:stream>")
        except Broken as broken:
            self.error = str(broken)
            try:
                self.send(f"<stream:error><{broken} xmlns='{ERRORS}'/></stream:error>"
                          "</stream:stream>")
            except OSError:
                pass
        except (OSError, EOFError) as error:
            self.error = repr(error)
        with self.lock:
            self.ended = True
            self.lock.notify_all()
        self.connection.close()

    # For those who use it.

    def start(self):
        threading.Thread(target=self.run, daemon=True).start()
        return self

    def wait(self, condition, seconds):
        """Whether condition holds, now or soon; it is looked at with the stream locked."""
        with self.lock:
            return self.lock.wait_for(lambda: condition() or self.ended, seconds) \
                and condition()

    def saw(self, way, name, domain, seconds, more=""):
        return self.wait(lambda: any(
            (way, name, domain) == seen[:3] and more in seen[3] for seen in self.trace),
            seconds)

    def message(self, source, target, ident, body):
        own, remote = (jid.partition("/")[0].rpartition("@")[2] for jid in (source, target))
        with self.lock:
            if not self.exchange.may_send(own, remote):
                raise PermissionError(f"{own} to {remote} is not open on this stream")
            self.send(f"<message from={quoteattr(source)} to={quoteattr(target)} "
                      f"id={quoteattr(ident)} type='chat'><body>{escape(body)}</body>"
                      "</message>")

    def close(self):
        try:
            with self.lock:
                self.send("</stream:stream>")
        except OSError:
            pass


class Peer:
    """A server of its own kind, with as many streams as come."""

    def __init__(self, hosted, judge, offers, certificate, key, roots):
        self.hosted, self.judge, self.offers = hosted, judge, offers
        self.stanzas, self.streams = queue.Queue(), queue.Queue()
        self.listener = None
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = False      # names are the judge's affair
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for context in (self.client, self.server):
            context.load_cert_chain(certificate, key)
            context.load_verify_locations(roots)
            context.verify_mode = ssl.CERT_REQUIRED

    def connect(self, address, own, remote, source=None, seconds=30):
        connection = socket.create_connection(address, seconds, source)
        return Stream(self, connection, own, remote).start()

    def listen(self, address):
        self.listener = socket.create_server((address, 0))
        threading.Thread(target=self.serve, daemon=True).start()
        return self.listener.getsockname()[1]

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.streams.put(Stream(self, connection).start())

    def close(self):
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
