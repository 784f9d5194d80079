#!/usr/bin/env python3
"""dna-gateway as a program: two of them, a name server and two XMPP servers on loopback.

usage: test_program.py DNA_GATEWAY

The name server and the XMPP servers are threads of this test; a server speaks the local hop
as stock servers do (XEP-0220 without TLS) and writes down the stanzas that it gets.
"""

import base64
import contextlib
import ctypes
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else "dna-gateway"
PATIENCE = int(os.environ.get("GATEWAY_TEST_PATIENCE", "30"))
STRANGER = 65534
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' "
          "xmlns:stream='http://etherx.jabber.org/streams' "
          "xmlns:db='jabber:server:dialback' from='{}' to='{}' {}version='1.0'>")
FEATURES = ("<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"
            "</stream:features>")
ELEMENT = re.compile(r"<(message|iq|presence|db:result|db:verify)\b([^>]*?)"
                     r"(?:/>|>(.*?)</\1>)", re.S)
ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")


@contextlib.contextmanager
def somebody_else():
    """Sockets that this thread makes are a stranger's.  The effective user id would be that of
    all threads, and a server's sockets a stranger's, too."""
    libc = ctypes.CDLL(None)
    libc.setfsuid(STRANGER)
    try:
        yield
    finally:
        libc.setfsuid(0)


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def read_until(stream, word):
    """What comes, up to WORD; a stream that ends before is a ConnectionError."""
    text = ""
    while word not in text:
        got = stream.recv(65536)
        text += got.decode()
        if not got or "</stream:stream>" in text:
            raise ConnectionError(text)
    return text


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


class Names(threading.Thread):
    """A name server that says of its answers that they were validated: the root's key,
    SRV, A and TXT records from dictionaries, NXDOMAIN for the rest."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.srv, self.a, self.txt = {}, {}, {}
        self.secure = True      # what it says of all but the root's key
        self.asked = []

    def run(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            self.socket.sendto(self.answer(query), peer)

    @staticmethod
    def wire(name):
        return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) \
            + b"\0"

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        name, kind = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])[0]
        self.asked.append(name)
        data = None
        if kind == 33 and name in self.srv:
            host, port = self.srv[name]
            data = struct.pack(">HHH", 0, 0, port) + self.wire(host)
        elif kind == 1 and name in self.a:
            data = socket.inet_aton(self.a[name])
        elif kind == 16 and name in self.txt:
            data = bytes([len(self.txt[name])]) + self.txt[name].encode()
        elif kind == 48 and name == "":
            data = struct.pack(">HBB", 257, 3, 13) + bytes(64)
        there = name == "" or name in self.srv or name in self.a or name in self.txt
        flags = 0x8180 | (0x20 if self.secure or name == "" else 0) | (0 if there else 3)
        head = query[:2] + struct.pack(">HHHHH", flags, 1, 1 if data else 0, 0, 0)
        body = query[12:at + 5]
        if data:
            body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
        return head + body


class Server:
    """A local XMPP server behind a gateway's link."""

    def __init__(self, address, gateway):
        self.gateway = gateway      # of the link
        self.stanzas = queue.Queue()
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.streams = {}
        self.reads = threading.Event()  # cleared: it does not read what the gateway sends
        self.reads.set()
        self.hanging = set()        # ... to these domains
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.receive, args=(connection,), daemon=True).start()

    def receive(self, connection):
        """A stream of the gateway's."""
        text = ""
        greeted = False
        ident = base64.b16encode(os.urandom(8)).decode()
        while True:
            if greeted and head["to"] in self.hanging:
                self.reads.wait()
            try:
                got = connection.recv(65536)
            except OSError:
                return
            if not got:
                return
            text += got.decode()
            if not greeted and "<stream:stream" in text and ">" in text.split(
                    "<stream:stream", 1)[1]:
                head = dict(ATTRIBUTE.findall(text.split("<stream:stream", 1)[1]))
                connection.sendall((HEADER.format(head["to"], head["from"], f"id='{ident}' ")
                                    + FEATURES).encode())
                greeted = True
            while (match := ELEMENT.search(text)) is not None:
                self.element(connection, ident, match)
                text = text[match.end():]
            if "</stream:stream>" in text:
                connection.sendall(b"</stream:stream>")
                connection.close()
                return

    def element(self, connection, ident, match):
        fields = dict(ATTRIBUTE.findall(match[2]))
        if match[1] == "db:result":
            valid = self.verify(fields["from"], fields["to"], ident, match[3])
            connection.sendall(f"<db:result from='{fields['to']}' to='{fields['from']}' "
                               f"type='{'valid' if valid else 'invalid'}'/>".encode())
        elif match[1] in ("message", "iq", "presence"):
            self.stanzas.put((fields.get("type", ""), fields["from"], fields["to"],
                              fields.get("id", ""), match[0]))

    def verify(self, remote, own, ident, key):
        """Ask the gateway, as the server of remote, whether the key is its."""
        with socket.create_connection(self.gateway, PATIENCE) as asking:
            asking.sendall(HEADER.format(own, remote, "").encode())
            read_until(asking, "</stream:features>")
            asking.sendall(f"<db:verify from='{own}' to='{remote}' id='{ident}'>{key}"
                           "</db:verify>".encode())
            return "type='valid'" in read_until(asking, "/>")

    def open(self, own, remote):
        """A stream of ours on which own may write to remote."""
        stream = socket.create_connection(self.gateway, PATIENCE)
        self.streams[own, remote] = stream
        stream.sendall(HEADER.format(own, remote, "").encode())
        read_until(stream, "</stream:features>")
        stream.sendall(f"<db:result from='{own}' to='{remote}'>any</db:result>".encode())
        answer = read_until(stream, "/>")
        if "type='valid'" not in answer:
            raise ConnectionError(answer)
        threading.Thread(target=self.await_end, args=(stream,), daemon=True).start()
        return stream

    @staticmethod
    def await_end(stream):
        text = b""
        try:
            while b"</stream:stream>" not in text:
                got = stream.recv(65536)
                if not got:
                    return
                text += got
            stream.sendall(b"</stream:stream>")
        except OSError:
            pass

    def send(self, own, remote, ident, body="hello", kind="chat"):
        stream = self.streams.get((own, remote)) or self.open(own, remote)
        stream.sendall(f"<message from='user@{own}/x' to='user@{remote}' id='{ident}' "
                       f"type='{kind}'><body>{body}</body></message>".encode())

    def get(self):
        return self.stanzas.get(timeout=PATIENCE)

    def stop_listening(self):
        self.listener.shutdown(socket.SHUT_RDWR)    # accept() returns
        self.listener.close()

    def close(self):
        if self.listener.fileno() >= 0:
            self.stop_listening()
        for stream in self.streams.values():
            stream.close()


class Provider:
    """A gateway, the server behind it, and the domains that they host."""

    def __init__(self, world, number, domains):
        self.domains = domains
        self.name = f"p{number}"
        self.public = (f"127.0.10.{number}", free_port(f"127.0.10.{number}"))
        self.link = (f"127.0.11.{number}", free_port(f"127.0.11.{number}"))
        self.server = Server(f"127.0.12.{number}", self.link)
        self.config = os.path.join(world.directory, f"{self.name}.conf")
        self.trace = os.path.join(world.directory, f"{self.name}.trace")
        host = f"xmpp.{self.name}.dna"
        world.certify(self.name, [host] + domains)
        world.names.a[host] = self.public[0]
        for domain in domains:
            world.names.srv[f"_xmpp-server._tcp.{domain}"] = (host, self.public[1])
        with open(self.config, "w", encoding="ascii") as config:
            config.write(self.text(world, number))
        self.lines = []
        self.more = threading.Condition()
        self.process = self.reader = None

    def text(self, world, number):
        hosts = "".join(f'host "{domain}" {{ link = "main" }}\n' for domain in self.domains)
        path = os.path.join(world.directory, "")
        return f'''
ca-file = "{path}ca.pem"
public {{
  listen = {{ "{self.public[0]}@{self.public[1]}" }}
  certificate = "{path}{self.name}.pem"
  key = "{path}{self.name}.key"
}}
resolver {{
  mode = "stub"
  forward = {{ "127.0.0.1@{world.names.port}" }}
  trust-ad = true
}}
address-guard {{ allow = {{ "127.0.10.0/24" }} }}
link "main" {{
  listen = "{self.link[0]}@{self.link[1]}"
  server = "127.0.12.{number}@{self.server.port}"
  user = "root"
}}
{hosts}
'''

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "-c", self.config, "--trace", self.trace], stderr=subprocess.PIPE,
            encoding="utf-8")
        ready = threading.Event()
        self.reader = threading.Thread(target=self.read, args=(ready,), daemon=True)
        self.reader.start()
        if not ready.wait(PATIENCE):
            raise AssertionError("no ready line: " + "".join(self.lines))

    def read(self, ready):
        for line in self.process.stderr:
            with self.more:
                self.lines.append(line)
                self.more.notify_all()
            if " INFO ready " in line:
                ready.set()

    def log(self, event):
        return [line for line in self.lines if line.split(" ")[2:3] == [event]]

    def logs(self, event, *words):
        """Whether a line of that event with those words is logged, now or soon."""
        with self.more:
            return self.more.wait_for(lambda: any(
                all(word in line for word in words) for line in self.log(event)), PATIENCE)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process is None:
            return None
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return self.process.returncode

    def close(self):
        self.stop()
        self.server.close()
        if "GATEWAY_TEST_SHOW" in os.environ:
            print(self.name, "".join(self.lines))
            if os.path.exists(self.trace):
                with open(self.trace, encoding="ascii") as trace:
                    print(trace.read())


class World:
    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="gateway-program-")
        self.directory = self.temporary.name
        self.names = Names()
        self.names.start()
        self.file = lambda name: os.path.join(self.directory, name)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.file("ca.key"), "-out",
            self.file("ca.pem"), "-days", "30", "-subj", "/CN=ca")
        self.providers = []

    def certify(self, name, names):
        with open(self.file("ext"), "w", encoding="ascii") as extensions:
            extensions.write("basicConstraints=CA:false\nsubjectAltName="
                             + ",".join(f"DNS:{n}" for n in names) + "\n")
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", self.file(f"{name}.key"), "-out", self.file("csr"), "-subj",
            f"/CN={name}")
        run("openssl", "x509", "-req", "-in", self.file("csr"), "-CA", self.file("ca.pem"),
            "-CAkey", self.file("ca.key"), "-CAcreateserial", "-days", "30", "-extfile",
            self.file("ext"), "-out", self.file(f"{name}.pem"))

    def provider(self, *domains):
        made = Provider(self, len(self.providers) + 1, list(domains))
        self.providers.append(made)
        return made

    def close(self):
        for provider in self.providers:
            provider.close()
        self.names.socket.close()
        self.temporary.cleanup()


class TwoGateways(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.one = self.world.provider("a1.dna", "a2.dna")
        self.two = self.world.provider("b1.dna", "b2.dna")
        self.one.start()
        self.two.start()

    def arrives(self, provider, source, target, ident):
        kind, sender, receiver, got, text = provider.server.get()
        self.assertEqual((sender, receiver, got),
                         (f"user@{source}/x", f"user@{target}", ident), text)
        self.assertNotEqual(kind, "error", text)

    def test_there_and_back(self):
        self.one.server.send("a1.dna", "b1.dna", "m1")
        self.arrives(self.two, "a1.dna", "b1.dna", "m1")
        self.two.server.send("b1.dna", "a1.dna", "m2")
        self.arrives(self.one, "b1.dna", "a1.dna", "m2")
        for number in range(200):
            self.one.server.send("a1.dna", "b1.dna", f"n{number}")
        for number in range(200):
            self.arrives(self.two, "a1.dna", "b1.dna", f"n{number}")
        self.assertTrue(self.two.logs("ruling", " domain=a1.dna ", " ruling=PROVEN "))

    def test_every_domain_on_one_connection(self):
        for own in ("a1.dna", "a2.dna"):
            for remote in ("b1.dna", "b2.dna"):
                self.one.server.send(own, remote, f"{own}-{remote}")
        got = {self.two.server.get()[3] for _ in range(4)}
        self.assertEqual(len(got), 4)
        for own in ("a1.dna", "a2.dna"):
            for remote in ("b1.dna", "b2.dna"):
                self.two.server.send(remote, own, f"{remote}-{own}")
        got = {self.one.server.get()[3] for _ in range(4)}
        self.assertEqual(len(got), 4)
        self.assertTrue(self.one.logs("stream-opened", f"remote={self.two.public[0]}@"))
        public = [line for line in self.one.log("stream-opened")
                  if f"remote={self.two.public[0]}@" in line]
        self.assertEqual(len(public), 1, public)

    def test_a_domain_that_does_not_exist(self):
        self.one.server.send("a1.dna", "nobody.dna", "m1")
        kind, sender, receiver, ident, text = self.one.server.get()
        self.assertEqual((kind, sender, receiver, ident),
                         ("error", "user@nobody.dna", "user@a1.dna/x", "m1"))
        self.assertIn("remote-server-not-found", text)

    def test_a_server_that_cannot_be_reached(self):
        self.world.names.srv["_xmpp-server._tcp.gone.dna"] = ("xmpp.gone.dna", 1)
        self.world.names.a["xmpp.gone.dna"] = "127.0.10.99"
        self.one.server.send("a1.dna", "gone.dna", "m1")
        kind, *_, text = self.one.server.get()
        self.assertEqual(kind, "error")
        self.assertIn("remote-server-timeout", text)

    def test_where_the_guard_says_no(self):
        self.world.names.srv["_xmpp-server._tcp.trap.dna"] = ("xmpp.trap.dna",
                                                              self.one.link[1])
        self.world.names.a["xmpp.trap.dna"] = self.one.link[0]
        self.one.server.send("a1.dna", "trap.dna", "m1")
        kind, *_, text = self.one.server.get()
        self.assertEqual(kind, "error")
        self.assertIn("remote-server-timeout", text)
        self.assertFalse(self.one.log("link-refused"))

    def test_somebody_who_holds_no_certificate_for_it(self):
        """A domain that is led to the second gateway, which does not host it."""
        self.world.names.srv["_xmpp-server._tcp.lured.dna"] = ("xmpp.p2.dna",
                                                               self.two.public[1])
        self.one.server.send("a1.dna", "lured.dna", "m1")
        kind, *_, text = self.one.server.get()
        self.assertEqual(kind, "error", text)
        self.assertTrue(self.two.server.stanzas.empty())

    def test_a_local_server_that_is_down(self):
        self.two.server.stop_listening()
        self.one.server.send("a1.dna", "b1.dna", "m1")
        kind, sender, *_, text = self.one.server.get()
        self.assertEqual((kind, sender), ("error", "user@b1.dna"))
        self.assertIn("remote-server-timeout", text)

    @unittest.skipIf(os.getuid() != 0, "needs root, to be somebody else")
    def test_a_stranger_at_the_link(self):
        with somebody_else():
            stranger = socket.create_connection(self.one.link, PATIENCE)
        with stranger:
            stranger.settimeout(PATIENCE)
            try:
                stranger.sendall(HEADER.format("a1.dna", "b1.dna", "").encode())
                self.assertEqual(stranger.recv(100), b"")
            except ConnectionError:
                pass
        self.assertTrue(self.one.logs("link-refused", f" owner={STRANGER} "))

    @unittest.skipIf(os.getuid() != 0, "needs root, to be somebody else")
    def test_a_stranger_in_the_servers_place(self):
        """He listens where the local server should, and gets no key that he could pass on."""
        place = ("127.0.12.2", self.two.server.port)
        self.two.server.stop_listening()
        with socket.create_server(place) as trap:
            trap.settimeout(PATIENCE)
            self.one.server.send("a1.dna", "b1.dna", "m1")
            with somebody_else():
                stream, _ = trap.accept()
        with stream:
            stream.settimeout(PATIENCE)
            stream.sendall((HEADER.format("b1.dna", "a1.dna", "id='i' ") + FEATURES).encode())
            text = b""
            try:
                while got := stream.recv(65536):
                    text += got
            except ConnectionError:
                pass
        self.assertNotIn(b"result", text)
        self.assertTrue(self.two.logs("link-refused", f" owner={STRANGER} "))
        kind, _, _, ident, answer = self.one.server.get()
        self.assertEqual((kind, ident), ("error", "m1"), answer)

    def test_a_domain_that_is_not_the_links(self):
        with self.assertRaises(ConnectionError):
            self.one.server.open("b1.dna", "a1.dna")
        self.assertTrue(self.one.server.stanzas.empty())

    def test_a_domain_that_hangs_delays_nobody(self):
        """Its server reads nothing: what it is sent comes back, once buffers are full, and all
        others on the same connection go on, new ones too."""
        self.one.server.send("a1.dna", "b1.dna", "first")
        self.arrives(self.two, "a1.dna", "b1.dna", "first")
        self.two.server.reads.clear()
        self.two.server.hanging = {"b1.dna"}
        sent, body = 0, "x" * 8000
        while self.one.server.stanzas.empty():
            self.assertLess(sent, 20000)
            self.one.server.send("a1.dna", "b1.dna", f"n{sent}", body)
            sent += 1
        for number in range(200):
            self.one.server.send("a2.dna", "b2.dna", f"o{number}")
            self.one.server.send("a1.dna", "b1.dna", f"n{sent}", body)
            sent += 1
        seen, others = [], []
        while len(others) < 200:
            ident = self.two.server.get()[3]
            (others if ident.startswith("o") else seen).append(ident)
        self.assertEqual(others, [f"o{number}" for number in range(200)])
        self.assertFalse(self.two.server.reads.is_set())
        self.two.server.reads.set()
        deadline = time.monotonic() + PATIENCE
        while len(seen) < sent and time.monotonic() < deadline:
            for server, kind, content in ((self.one.server, "error", "resource-constraint"),
                                          (self.two.server, "chat", body)):
                while not server.stanzas.empty():
                    got, *_, ident, text = server.get()
                    self.assertEqual(got, kind)
                    self.assertIn(content, text)
                    seen.append(ident)
            time.sleep(0.01)
        self.assertEqual(sorted(seen), sorted(f"n{number}" for number in range(sent)))
        self.one.server.send("a1.dna", "b1.dna", "last")
        self.arrives(self.two, "a1.dna", "b1.dna", "last")
        public = [line for line in self.one.log("stream-opened")
                  if f"remote={self.two.public[0]}@" in line]
        self.assertEqual(len(public), 1, public)

    def test_the_end(self):
        self.one.server.send("a1.dna", "b1.dna", "m1")
        self.arrives(self.two, "a1.dna", "b1.dna", "m1")
        self.assertEqual(self.one.stop(), 0)
        self.assertEqual(self.two.stop(), 0)
        self.assertEqual(os.stat(self.two.trace).st_mode & 0o777, 0o600)
        with open(self.two.trace, encoding="utf-8") as trace:
            self.assertIn("system-shutdown", trace.read())
        self.assertTrue(self.one.log("stopped"), self.one.lines)


    def test_a_second_signal_waits_for_nobody(self):
        """A server that does not answer the end of its stream is given five seconds."""
        silent = socket.create_connection(self.one.link, PATIENCE)
        silent.sendall(HEADER.format("a1.dna", "b1.dna", "").encode())
        read_until(silent, "</stream:features>")
        self.one.process.send_signal(signal.SIGTERM)
        with self.assertRaises(ConnectionError):
            read_until(silent, "never")
        self.one.process.send_signal(signal.SIGINT)
        self.assertEqual(self.one.process.wait(PATIENCE), 0)
        self.one.reader.join(PATIENCE)
        self.assertTrue(self.one.logs("stopping", "at once"))
        silent.close()

    def test_a_hangup_is_no_end(self):
        self.one.process.send_signal(signal.SIGHUP)
        self.one.server.send("a1.dna", "b1.dna", "m1")
        self.arrives(self.two, "a1.dna", "b1.dna", "m1")
        self.assertTrue(self.one.logs("reloaded"))


class CommandLine(unittest.TestCase):
    def call(self, *words):
        done = subprocess.run([PROGRAM, *words], capture_output=True, encoding="utf-8",
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def test_usage(self):
        self.assertEqual(self.call()[0], 2)
        self.assertEqual(self.call("--nonsense")[0], 2)
        self.assertEqual(self.call("-c", "/nonexistent", "--check")[0], 2)
        self.assertEqual(self.call("-c", "x", "more")[0], 2)
        status, out, _ = self.call("--help")
        self.assertEqual(status, 0)
        self.assertIn("queue.pair-stanzas = 1000", out)
        status, out, _ = self.call("--version")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^dna-gateway \d+\.\d+")

    def test_check(self):
        world = World()
        self.addCleanup(world.close)
        one, two = world.provider("a.dna"), world.provider("b.dna")
        self.assertEqual(self.call("-c", one.config, "--check"), (0, "", ""))
        with open(two.config, encoding="ascii") as config:
            text = config.read()
        with open(two.config, "w", encoding="ascii") as config:
            config.write(text.replace("p2.key", "p1.key"))
        status, _, errors = self.call("-c", two.config, "--check")
        self.assertEqual(status, 2)
        self.assertRegex(errors, r"p2\.conf:\d+: .*does not belong to the certificate")
        # Together with other faults.
        with open(two.config, "a", encoding="ascii") as config:
            config.write("nonsense = 1\n")
        status, _, errors = self.call("-c", two.config, "--check")
        self.assertEqual(status, 2)
        self.assertIn("nonsense", errors)
        self.assertIn("does not belong to the certificate", errors)

    def test_an_address_in_use(self):
        world = World()
        self.addCleanup(world.close)
        one = world.provider("a.dna")
        with socket.create_server(one.public):
            status, _, errors = self.call("-c", one.config)
        self.assertEqual(status, 1)
        self.assertIn("cannot-listen", errors)


if __name__ == "__main__":
    unittest.main()
