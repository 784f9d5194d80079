"""dna_peer.py: the DNA exchange a second time, small, without a look at the first.

A server-to-server peer of both roles, for as many domains as either side likes: STARTTLS, or
direct TLS (XEP-0368), the assertion in the features, then what dna_exchange.py says.

    peer = Peer(hosted, judge, offers, certificate, key, roots)
    stream = peer.connect(address, own, remote) our stream to a server
    peer.listen(address)                        streams of others, in peer.streams

Either takes direct=True; peer.asked then has what clients named (SNI and ALPN).

judge gets the names of the peer's certificate too: judge(domain, prooftype, text, names).

It is made for tests: chains are checked by the TLS handshake (so that a peer needs a
certificate of the given roots), a thread reads each stream, nothing is renewed, and the
exchange's timers are left to those who wait (Stream.wait).
"""

import queue
import select
import socket
import ssl
import threading
import uuid
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from dna_exchange import DNA, Broken, Exchange, canonical, local

SERVER = "jabber:server"
STREAM = "http://etherx.jabber.org/streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
ERRORS = "urn:ietf:params:xml:ns:xmpp-streams"
ALPN = "xmpp-server"
STANZAS = ("message", "presence", "iq")

MOST_ELEMENT = 70 * 1024
PATIENCE = 30       # seconds for a handshake, or until what we write is taken


def space(element):
    return element.tag[1:].partition("}")[0] if element.tag[0] == "{" else ""


def domain_of(jid):
    return canonical((jid or "").partition("/")[0].rpartition("@")[2])


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

    features = ""               # beside the assertion

    def __init__(self, peer, connection, own="", remote="", direct=False):
        self.peer, self.connection = peer, connection
        self.own, self.remote, self.direct = own, remote, direct
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
                  f"xmlns:stream='{STREAM}' xmlns:dna='{DNA}' from={own} to={remote}"
                  f"{ident} version='1.0' xml:lang='en'>")

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

    def start_tls(self):
        self.header()
        self.read_header()
        self.read_element("features", STREAM)
        self.send(f"<starttls xmlns='{TLS}'/>")
        self.read_element("proceed", TLS)

    def initiate(self):
        if self.direct:
            self.secure(self.peer.direct_client, server_hostname=self.remote)
        else:
            self.start_tls()
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

    def answer_starttls(self):
        self.greet(f"<starttls xmlns='{TLS}'><required/></starttls>")
        self.read_element("starttls", TLS)
        self.send(f"<proceed xmlns='{TLS}'/>")

    def receive(self):
        if self.direct:
            self.secure(self.peer.direct_server, server_side=True)
            self.peer.asked[-1] += (self.connection.selected_alpn_protocol(),)
        else:
            self.answer_starttls()
            self.secure(self.peer.server, server_side=True)
        header = self.read_header()
        self.own, self.remote = canonical(header.get("to")), canonical(header.get("from"))
        self.header(uuid.uuid4().hex)
        if self.own not in self.peer.hosted:
            raise Broken("host-unknown")
        self.send(f"<stream:features><assert xmlns='{DNA}' from='{self.own}'/>"
                  f"{self.features}</stream:features>")
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
        source, target = domain_of(element.get("from")), domain_of(element.get("to"))
        with self.lock:
            admitted = self.exchange.admit(source, target)
        if admitted:
            self.peer.stanzas.put(element)

    def other(self, element):
        raise Broken("unsupported-stanza-type")

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
                    self.other(element)
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
        """Whether condition holds, now or soon; the stream is locked for the look."""
        with self.lock:
            return self.lock.wait_for(lambda: condition() or self.ended, seconds) \
                and condition()

    def saw(self, way, name, domain, seconds, more=""):
        return self.wait(lambda: any(
            (way, name, domain) == seen[:3] and more in seen[3] for seen in self.trace),
            seconds)

    def message(self, source, target, ident, body):
        own, remote = domain_of(source), domain_of(target)
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

    stream = Stream

    def __init__(self, hosted, judge, offers, certificate, key, roots):
        self.hosted, self.judge, self.offers = hosted, judge, offers
        self.stanzas, self.streams = queue.Queue(), queue.Queue()
        self.listener = None
        self.direct = False     # what the listener begins with
        self.asked = []         # of direct TLS: (server name, protocol)
        self.client, self.direct_client = (
            self.context(ssl.PROTOCOL_TLS_CLIENT, certificate, key, roots) for _ in range(2))
        self.server, self.direct_server = (
            self.context(ssl.PROTOCOL_TLS_SERVER, certificate, key, roots) for _ in range(2))
        self.direct_client.set_alpn_protocols([ALPN])
        self.direct_server.set_alpn_protocols([ALPN])
        self.direct_server.sni_callback = lambda _, name, __: self.asked.append((name,))

    @staticmethod
    def context(protocol, certificate, key, roots):
        context = ssl.SSLContext(protocol)
        context.check_hostname = False      # names are the judge's affair
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(roots)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def connect(self, address, own, remote, source=None, seconds=30, direct=False):
        connection = socket.create_connection(address, seconds, source)
        return self.stream(self, connection, own, remote, direct).start()

    def listen(self, address, direct=False, port=0):
        self.direct = direct
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self.serve, args=(self.listener,), daemon=True).start()
        return self.listener.getsockname()[1]

    def serve(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.streams.put(self.stream(self, connection, direct=self.direct).start())

    def close(self):
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
