#!/usr/bin/env python3
"""dna-gateway and a server that knows classic dialback only (XEP-0220), in all roles.

usage: test_dialback.py DNA_GATEWAY

Its certificate names nobody.  The name server and the XMPP server behind the gateway are
those of test_program.py.
"""

import hashlib
import hmac
import os
import queue
import re
import select
import socket
import ssl
import subprocess
import sys
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "support")]

import test_program
from test_program import ELEMENT, FEATURES, HEADER, PATIENCE, Provider, World, read_until, run

PEER = "127.0.10.202"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
STARTTLS = f"<stream:features><starttls xmlns='{TLS}'><required/></starttls></stream:features>"


class Gateway(Provider):
    level = "dialback"

    def text(self, world, number):
        return super().text(world, number) + "".join(
            f'policy "{whom}" {{ level = {self.level} }}\n' for whom in ("peer.dna", ".peer.dna"))


def attributes(text):
    return dict(re.findall(r"([\w:]+)=['\"]([^'\"]*)['\"]", text))


class Classic:
    """Accepts every result it is sent once the sender's server has confirmed the key, and
    confirms its own keys, unless it is told to deny them."""

    def __init__(self, world, gateway, address=PEER, port=0):
        self.world, self.gateway = world, gateway
        self.stanzas, self.asked = queue.Queue(), queue.Queue()
        self.denies = self.silent = False   # silent: of a key it says nothing at all
        self.streams = []
        self.targets = []       # of the headers of streams to us, under TLS
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(plain,), daemon=True).start()

    def serve(self, plain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.world.file("nobody.pem"), self.world.file("nobody.key"))
        try:
            head = read_until(plain, "version='1.0'")
            names = attributes(head[head.index("<stream:stream"):])
            header = HEADER.format(names["to"], names["from"], "id='clear' ")
            plain.sendall((header + STARTTLS).encode())
            read_until(plain, "<starttls")
            plain.sendall(f"<proceed xmlns='{TLS}'/>".encode())
            stream = context.wrap_socket(plain, server_side=True)
            self.streams.append(stream)
            read_until(stream, "version='1.0'")
            self.targets.append(names["to"])
            header = HEADER.format(names["to"], names["from"], "id='secret77' ")
            stream.sendall((header + FEATURES).encode())
            self.listen(stream)
        except (OSError, ConnectionError):
            pass

    def listen(self, stream):
        text = ""
        while got := stream.recv(65536):
            text += got.decode()
            while found := ELEMENT.search(text):
                text = text[found.end():]
                self.hear(stream, found.group(1), attributes(found.group(2)),
                          (found.group(3) or "").strip())
            if "</stream:stream>" in text:
                stream.sendall(b"</stream:stream>")
                stream.close()
                return

    def hear(self, stream, kind, names, content):
        answer = f"from='{names.get('to')}' to='{names.get('from')}'"
        if kind == "db:result":
            verdict = self.verify(names["from"], names["to"], "secret77", content)
            stream.sendall(f"<db:result {answer} type='{verdict}'/>".encode())
        elif kind == "db:verify":
            self.asked.put((names["from"], names["to"], content))
            if self.silent:
                return
            good = content == f"key of {names['id']}" and not self.denies
            stream.sendall(f"<db:verify {answer} id='{names['id']}' "
                           f"type='{'valid' if good else 'invalid'}'/>".encode())
        else:
            self.stanzas.put((names.get("from"), names.get("to"), names.get("id")))

    def connect(self, own, remote, source=None):
        """A stream to the gateway under TLS; its id."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(self.gateway.public, PATIENCE,
                                         source and (source, 0))
        plain.sendall(HEADER.format(own, remote, "").encode())
        read_until(plain, "</stream:features>")
        plain.sendall(f"<starttls xmlns='{TLS}'/>".encode())
        read_until(plain, "<proceed")
        stream = context.wrap_socket(plain)
        stream.settimeout(PATIENCE)
        self.streams.append(stream)
        stream.sendall(HEADER.format(own, remote, "").encode())
        said = read_until(stream, "</stream:features>")
        return stream, attributes(said[said.index("<stream:stream"):])["id"]

    def verify(self, sender, target, ident, key):
        """What the gateway says of a key, on a stream of its own."""
        stream, _ = self.connect(target, sender)
        stream.sendall(f"<db:verify from='{target}' to='{sender}' id='{ident}'>{key}"
                       "</db:verify>".encode())
        said = read_until(stream, "type=")
        while not re.search(r"type='\w+'", said):
            said += stream.recv(65536).decode()
        stream.close()
        return re.search(r"type='(\w+)'", said).group(1)

    def claim(self, own, remote, source=None):
        """A stream on which it has asked to be accepted."""
        stream, ident = self.connect(own, remote, source)
        stream.sendall(f"<db:result from='{own}' to='{remote}'>key of {ident}"
                       "</db:result>".encode())
        return stream

    def result(self, own, remote):
        """Asks to be accepted; the stream and the answer."""
        stream = self.claim(own, remote)
        try:
            said = read_until(stream, "<db:result")
        except ConnectionError as ended:    # with the answer
            return stream, str(ended)
        while not re.search(r"type='\w+'(/>|.*</db:result>)", said):
            said += stream.recv(65536).decode()
        return stream, said

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for stream in self.streams:
            stream.close()


class Dialback(unittest.TestCase):
    def start(self, level, limits=""):
        self.world = World()
        self.world.names.secure = False     # no DNSSEC, and so no DANE, whoever calls
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna", "a2.dna"])
        self.gateway.level = level
        self.world.providers.append(self.gateway)
        with open(self.gateway.config, "w", encoding="ascii") as config:
            config.write(self.gateway.text(self.world, 1) + f"limits {{ {limits} }}\n")
        self.world.certify("nobody", ["nobody.dna"])
        self.peer = Classic(self.world, self.gateway)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.peer.dna", self.peer.port)
        self.gateway.start()

    def test_the_peer_calls(self):
        self.start("dialback")
        stream, said = self.peer.result("peer.dna", "a1.dna")
        self.assertIn("type='valid'", said)
        self.assertEqual(self.peer.asked.get(timeout=PATIENCE)[:2], ("a1.dna", "peer.dna"))
        stream.sendall(b"<message from='u@peer.dna' to='user@a1.dna' id='m1' type='chat'>"
                       b"<body>hello</body></message>")
        kind, source, target, ident, _ = self.gateway.server.get()
        self.assertEqual((kind, source, target, ident),
                         ("chat", "u@peer.dna", "user@a1.dna", "m1"))
        self.assertTrue(self.gateway.logs("dialback-accepted", "peer.dna -> a1.dna"))

    def test_the_peer_of_a_signed_domain_calls(self):
        """It has no certificate, and DNSSEC says that there is none to be expected."""
        self.start("dialback")
        self.world.names.secure = True
        _, said = self.peer.result("peer.dna", "a1.dna")
        self.assertIn("type='valid'", said)
        self.assertIn("_xmpp-server.peer.dna", self.world.names.asked)
        self.assertIn(f"_{self.peer.port}._tcp.xmpp.peer.dna", self.world.names.asked)

    def test_its_server_denies(self):
        self.start("dialback")
        self.peer.denies = True
        _, said = self.peer.result("peer.dna", "a1.dna")
        self.assertIn("type='invalid'", said)

    def test_nobody_is_there_to_be_asked(self):
        self.start("dialback")
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.peer.dna", 1)
        _, said = self.peer.result("peer.dna", "a1.dna")
        self.assertIn("<remote-connection-failed", said)

    def test_the_gateway_calls(self):
        self.start("dialback")
        self.gateway.server.send("a1.dna", "peer.dna", "m2")
        self.assertEqual(self.peer.stanzas.get(timeout=PATIENCE),
                         ("user@a1.dna/x", "user@peer.dna", "m2"))

    def test_further_domains_of_the_same_server(self):
        """By address, whatever the host is called."""
        self.start("dialback")
        names = self.world.names
        for name, address in (("two", PEER), ("three", "127.0.10.203")):
            names.a[f"xmpp.{name}.peer.dna"] = address
            names.srv[f"_xmpp-server._tcp.{name}.peer.dna"] = (f"xmpp.{name}.peer.dna",
                                                              self.peer.port)
        elsewhere = Classic(self.world, self.gateway, "127.0.10.203", self.peer.port)
        self.addCleanup(elsewhere.close)
        for peer, domain in ((self.peer, "peer.dna"), (self.peer, "two.peer.dna"),
                             (elsewhere, "three.peer.dna")):
            self.gateway.server.send("a1.dna", domain, domain)
            self.assertEqual(peer.stanzas.get(timeout=PATIENCE)[1:],
                             (f"user@{domain}", domain))
        self.assertEqual((self.peer.targets, elsewhere.targets),
                         (["peer.dna"], ["three.peer.dna"]))

    def test_so_many_keys_at_once(self):
        """Each limit by itself: for an address, for a domain of ours, and for all."""
        self.start("dialback", "dialbacks-per-address = 1 \n dialbacks-per-host = 2 \n"
                               "dialbacks = 3")
        self.peer.silent = True
        for source, ours, refused in (
                (21, "a1.dna", None), (21, "a2.dna", "dialbacks-per-address"),
                (22, "a1.dna", None), (23, "a1.dna", "dialbacks-per-host"),
                (23, "a2.dna", None), (24, "a2.dna", "dialbacks")):
            stream = self.peer.claim("peer.dna", ours, f"127.0.13.{source}")
            if refused is None:
                self.assertEqual(self.peer.asked.get(timeout=PATIENCE)[:2],
                                 (ours, "peer.dna"))
            else:
                read_until(stream, "<resource-constraint")
                self.assertTrue(self.gateway.logs("limit-reached", f" limit={refused} "))
        self.assertTrue(self.peer.asked.empty())

    def test_a_proof_is_demanded(self):
        self.start("proof")
        _, said = self.peer.result("peer.dna", "a1.dna")
        self.assertIn("<not-authorized", said)
        self.assertTrue(self.peer.asked.empty())
        self.gateway.server.send("a1.dna", "peer.dna", "m3")
        kind, source, _, ident, text = self.gateway.server.get()
        self.assertEqual((kind, source, ident), ("error", "user@peer.dna", "m3"), text)
        self.assertTrue(self.peer.stanzas.empty())


class Rude(Classic):
    """The server of a domain, of no help to who asks it about a key."""
    MANNERS = ("closes", "other protocol", "host-unknown", "no TLS", "drops the question",
               "error", "answer for another id", "answer for another pair", "answer to itself",
               "stanza")

    def __init__(self, world, gateway, manner):
        self.manner = manner
        super().__init__(world, gateway)

    def serve(self, plain):
        if self.manner == "closes":
            plain.close()
        elif self.manner == "other protocol":
            plain.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        elif self.manner in ("host-unknown", "no TLS"):
            read_until(plain, "version='1.0'")
            said = "<stream:features/>" if self.manner == "no TLS" else (
                "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                "</stream:error></stream:stream>")
            plain.sendall((HEADER.format("x", "a1.dna", "id='1' ") + said).encode())
            if self.manner == "no TLS":
                read_until(plain, "<starttls")
                plain.sendall(f"<failure xmlns='{TLS}'/></stream:stream>".encode())
        else:
            super().serve(plain)
        self.end(plain)

    @staticmethod
    def end(plain):
        """As soon as the gateway has said all that it has to say."""
        try:
            while plain.fileno() >= 0 and (got := plain.recv(65536)):
                if b"</stream:stream>" in got:
                    plain.sendall(b"</stream:stream>")
        except OSError:
            pass
        plain.close()

    def hear(self, stream, kind, names, content):
        self.asked.put(content)
        pair = f"from='{names['to']}' to='{names['from']}'"
        other = f"from='other.peer.dna' to='{names['from']}'"
        itself = f"from='{names['from']}' to='{names['to']}'"
        ident = f"id='{names['id']}'"
        valid = "type='valid'/>"
        stream.sendall({
            "drops the question": "</stream:stream>",
            "error": f"<db:verify {pair} {ident} type='error'><error type='cancel'><item-not-found"
                     " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:verify>",
            "answer for another id": f"<db:verify {pair} id='1{names['id']}' {valid}",
            "answer for another pair": f"<db:verify {other} {ident} {valid}",
            "answer to itself": f"<db:verify {itself} {ident} {valid}",
            "stanza": f"<message {pair} id='1'/>",
        }[self.manner].encode())


class Silent:
    """A server that takes connections, and says nothing."""

    def __init__(self):
        self.listener = socket.create_server((PEER, 0))
        self.port = self.listener.getsockname()[1]
        self.taken = []

    def take(self):
        self.listener.settimeout(PATIENCE)
        self.taken.append(self.listener.accept()[0])

    def close(self):
        for one in (self.listener, *self.taken):
            one.close()


class Verifying(unittest.TestCase):
    """What comes of asking the server of a domain about a key."""
    limits = ""

    def setUp(self):
        self.world = World()
        self.world.names.secure = False
        self.addCleanup(self.world.close)
        self.gateway = Gateway(self.world, 1, ["a1.dna"])
        self.world.providers.append(self.gateway)
        self.world.certify("nobody", ["nobody.dna"])
        self.peer = Classic(self.world, self.gateway)
        self.addCleanup(self.peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER

    def serve(self, domain, port):
        self.world.names.srv[f"_xmpp-server._tcp.{domain}"] = ("xmpp.peer.dna", port)

    def test_a_server_that_is_of_no_help(self):
        """All the same to somebody of whom nothing is known (S22)."""
        self.gateway.start()
        servers = []
        for number, manner in enumerate(Rude.MANNERS):
            server = Rude(self.world, self.gateway, manner)
            self.addCleanup(server.close)
            self.serve(f"r{number}.peer.dna", server.port)
            servers.append(server)
        waiting = []
        for number, manner in enumerate(Rude.MANNERS):
            domain = f"r{number}.peer.dna"
            stream, ident = self.peer.connect(domain, "a1.dna")
            stream.sendall(f"<db:result from='{domain}' to='a1.dna'>key of {ident}"
                           "</db:result>".encode())
            waiting.append((manner, domain, stream))
        for manner, domain, stream in waiting:
            with self.subTest(manner):
                self.assertEqual(
                    read_until(stream, "</db:result>"),
                    f"<db:result from='a1.dna' to='{domain}' type='error'><error type='cancel'>"
                    "<remote-connection-failed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                    "</error></db:result>")
        for server in servers[4:]:
            self.assertTrue(server.asked.get(timeout=PATIENCE).startswith("key of "))

    def claim(self, stream, ident, domain):
        stream.sendall(f"<db:result from='{domain}' to='a1.dna'>key of {ident}"
                       "</db:result>".encode())

    def test_few_do_not_keep_out_all_others(self):
        """Who has the most under way makes room for who has less."""
        with open(self.gateway.config, "a", encoding="ascii") as config:
            config.write("limits {\n  dialbacks = 3\n  dialbacks-per-address = 2\n}\n")
        silent = Silent()
        self.addCleanup(silent.close)
        for number in range(1, 9):
            self.serve(f"s{number}.peer.dna", silent.port)
        self.gateway.start()

        def claim(source, domain, admitted=True):
            stream, ident = self.peer.connect(domain, "a1.dna", f"127.0.20.{source}")
            self.claim(stream, ident, domain)
            if admitted:
                silent.take()
            return stream, ident

        first, ident = claim(1, "s1.peer.dna")
        self.claim(first, ident, "s2.peer.dna")
        silent.take()
        self.claim(first, ident, "s3.peer.dna")     # one too many for it
        refused = read_until(first, "</db:result>")
        self.assertRegex(refused, "to='s3.peer.dna' type='error'.*<resource-constraint ")
        silent.taken[0].close()     # whoever was asked for the first: now it has one
        refused = read_until(first, "</db:result>")
        self.assertRegex(refused, "to='s1.peer.dna' type='error'.*<remote-connection-failed ")
        self.claim(first, ident, "s8.peer.dna")
        silent.take()
        second, _ = claim(2, "s4.peer.dna")
        claim(3, "s5.peer.dna")
        refused = read_until(first, "</db:result>")
        self.assertRegex(refused, "to='s8.peer.dna' type='error'.*<resource-constraint ")
        fourth, ident = claim(4, "s6.peer.dna", admitted=False)  # nobody has more than one
        refused = read_until(fourth, "</db:result>")
        self.assertRegex(refused, "to='s6.peer.dna' type='error'.*<resource-constraint ")
        second.close()
        while True:     # as soon as that is noticed there is room
            self.claim(fourth, ident, "s7.peer.dna")
            ready, _, _ = select.select([silent.listener, fourth], [], [], PATIENCE)
            self.assertTrue(ready)
            if silent.listener in ready:
                return
            read_until(fourth, "</db:result>")


def key_by(secret, target, sender, ident):
    """XEP-0185 3."""
    inner = hashlib.sha256(secret.encode()).hexdigest()
    return hmac.new(inner.encode(), f"{target} {sender} {ident}".encode(), "sha256").hexdigest()


class Sharing(Gateway):
    """One of several that answer for the same domain, and have the same secret."""

    def text(self, world, number):
        return super().text(world, number).replace(
            "public {", f'public {{\n  dialback-secret-file = "{world.file("secret")}"')


class SharedSecret(unittest.TestCase):
    OLD, NEW = "old-" * 8, "new-" * 8

    def setUp(self):
        self.world = World()
        self.world.names.secure = False
        self.addCleanup(self.world.close)
        self.world.certify("nobody", ["nobody.dna"])
        self.write(self.OLD + "\n")

    def write(self, text, mode=0o600):
        """As a whole, so that no reload finds half of it."""
        name = self.world.file("secret")
        with open(name + ".next", "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(name + ".next", mode)
        os.rename(name + ".next", name)

    def gateway(self, number):
        made = Sharing(self.world, number, ["a1.dna"])
        self.world.providers.append(made)
        return made

    def peer(self, gateway):
        peer = Classic(self.world, gateway)
        self.addCleanup(peer.close)
        self.world.names.a["xmpp.peer.dna"] = PEER
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.peer.dna", peer.port)
        return peer

    def test_what_one_has_made_the_other_confirms(self):
        one, other = self.gateway(1), self.gateway(2)
        peer = self.peer(other)
        one.start()
        other.start()
        one.server.send("a1.dna", "peer.dna", "m1")
        self.assertEqual(peer.stanzas.get(timeout=PATIENCE),
                         ("user@a1.dna/x", "user@peer.dna", "m1"))

    def reloads(self, gateway, event, times):
        with gateway.more:
            self.assertTrue(gateway.more.wait_for(
                lambda: len(gateway.log(event)) >= times, PATIENCE), gateway.lines)

    def test_it_is_replaced_while_streams_live(self):
        gateway = self.gateway(1)
        peer = self.peer(gateway)
        gateway.start()
        stream, _ = peer.connect("peer.dna", "a1.dna")

        def confirmed():
            answers = []
            for secret in (self.OLD, self.NEW, "another-secret-of-nobody-at-all-"):
                key = key_by(secret, "peer.dna", "a1.dna", "i")
                stream.sendall(f"<db:verify from='peer.dna' to='a1.dna' id='i'>{key}"
                               "</db:verify>".encode())
                said = ""
                while not (found := re.search(r"<db:verify[^>]* type='(\w+)'/>", said)):
                    got = stream.recv(65536).decode()
                    self.assertTrue(got, "the stream was lost")
                    said += got
                answers.append(found[1] == "valid")
            return answers

        self.assertEqual(confirmed(), [True, False, False])
        self.write(f"{self.OLD}\n{self.NEW}\n")
        self.reloads(gateway, "reloaded", 1)
        self.assertEqual(confirmed(), [True, True, False])
        self.write(f"{self.NEW}\n{self.OLD}\n")
        self.reloads(gateway, "reloaded", 2)
        self.assertEqual(confirmed(), [True, True, False])
        gateway.server.send("a1.dna", "peer.dna", "m1")
        peer.stanzas.get(timeout=PATIENCE)
        # A file of no use changes nothing, and says why.
        self.write(f"{self.OLD}\n", 0o640)
        self.assertTrue(gateway.logs("not-reloaded", "others have access"))
        self.assertEqual(confirmed(), [True, True, False])
        self.write(f"{self.NEW}\n")
        self.reloads(gateway, "reloaded", 3)
        self.assertEqual(confirmed(), [False, True, False])

    def test_files_of_no_use(self):
        gateway = self.gateway(1)
        rows = [(self.OLD + "\n", 0o600, None), (self.OLD + "\n", 0o644, "others have access"),
                (self.OLD + "\n", 0o620, "others have access"), ("short\n", 0o600, "shorter"),
                (f"{self.OLD}\nshort\n", 0o600, "shorter"),
                (f"{self.OLD}\n" * 5, 0o600, "more than four"), (None, 0, "No such file")]
        for text, mode, why in rows:
            with self.subTest(why=why, mode=mode):
                if text is None:
                    os.remove(self.world.file("secret"))
                else:
                    self.write(text, mode)
                done = subprocess.run([test_program.PROGRAM, "-c", gateway.config, "--check"],
                                      capture_output=True, text=True, timeout=PATIENCE,
                                      check=False)
                self.assertEqual(done.returncode == 0, why is None, done.stderr)
                self.assertIn(why or "", done.stderr)
                if why is not None:
                    self.assertRegex(done.stderr, r"p1.conf:\d+: dialback-secret-file: "
                                                  r"\S+secret: .*; \w")

    def test_no_link_has_it(self):
        """The module behind a link would make keys for everybody (S21)."""
        gateway = self.gateway(1)
        self.write("link-" * 8 + "\n")
        os.rename(self.world.file("secret"), self.world.file("link"))
        with open(gateway.config, encoding="ascii") as file:
            text = file.read().replace(
                'link "main" {', f'link "main" {{\n  kind = "external"\n  secret-file = '
                f'"{self.world.file("link")}"')
        with open(gateway.config, "w", encoding="ascii") as file:
            file.write(text)
        for secret, fine in (self.OLD, True), (f"{self.OLD}\n{'link-' * 8}", False):
            self.write(secret + "\n")
            done = subprocess.run([test_program.PROGRAM, "-c", gateway.config, "--check"],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode == 0, fine, done.stderr)
            self.assertEqual("secret of a link" in done.stderr, not fine, done.stderr)


class Unprovable(Provider):
    """Serves one domain, under a self-signed certificate that names nobody."""

    def __init__(self, world, number, level):
        self.level = level
        super().__init__(world, number, [f"d{number}.dna"])
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=nobody",
            "-keyout", world.file(f"{self.name}.key"),
            "-out", world.file(f"{self.name}.pem"))

    def text(self, world, number):
        return super().text(world, number) + f'policy "*" {{ level = {self.level} }}\n'


class TwoGateways(unittest.TestCase):
    """Both speak DNA, neither can prove anything."""

    def start(self, *levels):
        self.world = World()
        self.world.names.secure = False     # no DNSSEC, and so no DANE, whoever calls
        self.addCleanup(self.world.close)
        for number, level in enumerate(levels, 1):
            side = Unprovable(self.world, number, level)
            self.world.providers.append(side)
            side.start()
        return self.world.providers

    def test_dialback_follows_the_exchange(self):
        one, other = self.start("dialback", "dialback")
        one.server.send("d1.dna", "d2.dna", "m1")
        self.assertEqual(other.server.get()[1:4], ("user@d1.dna/x", "user@d2.dna", "m1"))
        self.assertTrue(other.logs("dialback-accepted", "d1.dna -> d2.dna"))
        other.server.send("d2.dna", "d1.dna", "m2")
        self.assertEqual(one.server.get()[1:4], ("user@d2.dna/x", "user@d1.dna", "m2"))

    def test_one_of_them_demands_a_proof(self):
        one, other = self.start("dialback", "proof")
        one.server.send("d1.dna", "d2.dna", "m1")
        kind, source, _, ident, text = one.server.get()
        self.assertEqual((kind, source, ident), ("error", "user@d2.dna", "m1"), text)
        other.server.send("d2.dna", "d1.dna", "m2")
        kind, source, _, ident, text = other.server.get()
        self.assertEqual((kind, source, ident), ("error", "user@d1.dna", "m2"), text)


if __name__ == "__main__":
    unittest.main()
