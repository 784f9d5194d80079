#!/usr/bin/env python3
"""Links of kind external: real servers with this project's modules.

usage: test_external.py DNA_GATEWAY SERVER

SERVER: prosody or ejabberd.
"""

import hashlib
import hmac
import pathlib
import re
import socket
import sys
import unittest

import real
from real import program

SERVER = sys.argv.pop(1) if len(sys.argv) > 1 else "prosody"
SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef"
OTHER = "f" * 48
NONCE = "ab" * 16


def proof(label, ident, source, target, nonce=NONCE, secret=SECRET):
    said = " ".join((label, ident, source, target, nonce)).encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def make_prosody(directory, address, domains, link, secret):
    made = real.Prosody(directory, address, domains, f'''
s2s_gateway = {{ "{link[0]}", {link[1]} }}
s2s_gateway_secret_file = "{directory}/secret"
''', modules=("s2s_gateway",))
    real.write_secret(directory / "secret", secret, made.user)
    return made


def make_ejabberd(directory, address, domains, link, secret):
    made = real.Ejabberd(directory, address, domains, "s2s_use_starttls: false", f"""
  mod_s2s_gateway:
    gateway_ip: "{link[0]}"
    gateway_port: {link[1]}
    secret_file: "{directory}/secret"
""")
    made.compile(real.ROOT / "shim" / "ejabberd" / "mod_s2s_gateway.erl")
    real.write_secret(directory / "secret", secret, made.user)
    return made


MAKE = {"prosody": make_prosody, "ejabberd": make_ejabberd}


class External(real.RealServer):
    server_secret = SECRET

    def prepare(self):
        self.secret = real.write_secret(self.world.file("secret"), SECRET)

    def link_lines(self):
        return f'  kind = "external"\n  secret-file = "{self.secret}"'

    def make(self, directory, address, domains, link):
        return MAKE[SERVER](directory, address, domains, link, self.server_secret)

    def open(self, address, source, target):
        """A stranger's stream: (socket, id)."""
        stream = socket.create_connection(address, real.PATIENCE)
        self.addCleanup(stream.close)
        stream.sendall(program.HEADER.format(source, target, "").encode())
        head = program.read_until(stream, "</stream:features>")
        return stream, re.search(r"\bid=['\"]([^'\"]+)", head)[1]

    def ask(self, stream, source, target, content):
        stream.sendall(f"<db:result from='{source}' to='{target}'>{content}</db:result>"
                       .encode())
        text = ""
        while not re.search(r"<db:result[^>]*(/>|</db:result>)|</stream:stream>|</db:result>",
                            text):
            got = stream.recv(65536)
            if not got:
                break
            text += got.decode()
        return text


class Messages(External):
    def test_both_ways(self):
        self.start()
        self.both_ways("r1.dna")
        self.both_ways("r2.dna")
        self.assertTrue(self.two.logs("ruling", " domain=r1.dna ", " ruling=PROVEN "))

    def test_errors_come_back(self):
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@nowhere.dna", "m1")
        kind, sender, ident, condition = user.get_message()
        self.assertEqual((kind, sender, ident), ("error", "user@nowhere.dna", "m1"))
        self.assertEqual(condition, "remote-server-not-found")


class Strangers(External):
    def setUp(self):
        super().setUp()
        self.start()

    def test_at_the_gateway(self):
        """Nobody without the secret, whatever the address, nor with an old or foreign
        proof."""
        for label, make in {
                "no proof": lambda i: "any",
                "wrong secret": lambda i: NONCE + ":" + proof(
                    "server-asks", i, "r1.dna", "b1.dna", secret=OTHER),
                "reflected": lambda i: NONCE + ":" + proof("gateway-asks", i, "r1.dna",
                                                           "b1.dna"),
                "another pair": lambda i: NONCE + ":" + proof("server-asks", i, "r2.dna",
                                                              "b1.dna"),
                "another stream": lambda i: NONCE + ":" + proof("server-asks", i + "0",
                                                                "r1.dna", "b1.dna"),
                "another nonce": lambda i: "cd" * 16 + ":" + proof("server-asks", i, "r1.dna",
                                                                   "b1.dna"),
        }.items():
            with self.subTest(label):
                stream, ident = self.open(self.one.link, "r1.dna", "b1.dna")
                answer = self.ask(stream, "r1.dna", "b1.dna", make(ident))
                self.assertIn("not-authorized", answer)
                self.assertNotIn("valid", answer.replace("invalid", ""))
        stream, ident = self.open(self.one.link, "r1.dna", "b1.dna")
        old = NONCE + ":" + proof("server-asks", ident, "r1.dna", "b1.dna")
        answer = self.ask(stream, "r1.dna", "b1.dna", old)
        self.assertIn("type='valid'", answer)
        self.assertIn(proof("gateway-answers", ident, "r1.dna", "b1.dna"), answer)
        stream, ident = self.open(self.one.link, "r1.dna", "b1.dna")
        self.assertIn("not-authorized", self.ask(stream, "r1.dna", "b1.dna", old))
        self.assertTrue(self.one.logs("link-unproven", "domain=r1.dna"))

    def test_a_domain_of_another_link(self):
        """The secret of a link speaks for the link's domains only."""
        stream, ident = self.open(self.one.link, "r1.dna", "b1.dna")
        claim = NONCE + ":" + proof("server-asks", ident, "x1.dna", "b1.dna")
        self.assertIn("not-allowed", self.ask(stream, "x1.dna", "b1.dna", claim))

    def test_at_the_server(self):
        where = (self.one.server.address, self.one.server.port)
        for label, make in {
                "wrong secret": lambda i: NONCE + ":" + proof(
                    "gateway-asks", i, "b1.dna", "r1.dna", secret=OTHER),
                "reflected": lambda i: NONCE + ":" + proof("server-asks", i, "b1.dna",
                                                           "r1.dna"),
                "another pair": lambda i: NONCE + ":" + proof("gateway-asks", i, "c1.dna",
                                                              "r1.dna"),
                "another stream": lambda i: NONCE + ":" + proof("gateway-asks", i + "0",
                                                                "b1.dna", "r1.dna"),
        }.items():
            with self.subTest(label):
                stream, ident = self.open(where, "b1.dna", "r1.dna")
                answer = self.ask(stream, "b1.dna", "r1.dna", make(ident))
                self.assertNotRegex(answer, "type=['\"]valid")
                self.assertIn("not-authorized", answer)
        stream, ident = self.open(where, "b1.dna", "r1.dna")
        claim = NONCE + ":" + proof("gateway-asks", ident, "b1.dna", "r1.dna")
        self.assertRegex(self.ask(stream, "b1.dna", "r1.dna", claim), "type=['\"]valid")


class AnotherSecret(External):
    """The two ends were given different secrets: nothing passes, and both say why."""

    server_secret = OTHER

    def test_nothing_passes(self):
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@b1.dna", "m1")
        self.assertEqual(user.get_message()[0], "error")
        self.assertTrue(self.one.logs("link-unproven", "domain=r1.dna"))
        self.two.server.send("b1.dna", "r1.dna", "m2")
        kind, sender, receiver, ident, text = self.two.server.get()
        self.assertEqual((kind, ident), ("error", "m2"), text)
        self.assertTrue(self.two.server.stanzas.empty())


class AnImpostor(External):
    """Somebody listens where the server should: he gets neither stanzas nor a proof that is
    of use to him."""

    def test_his_answer_is_not_believed(self):
        self.two.start()
        program.Provider.start(self.one)    # without the server
        with socket.create_server((self.one.server.address, self.one.server.port)) as trap:
            self.two.server.send("b1.dna", "r1.dna", "m1")
            stream, _ = trap.accept()
            self.addCleanup(stream.close)
            stream.sendall((program.HEADER.format("r1.dna", "b1.dna", "id='i1' ")
                            + program.FEATURES).encode())
            asked = program.read_until(stream, "</db:result>")
            nonce, proven = re.search(r">(\w+):(\w+)</db:result>", asked).groups()
            self.assertEqual(proven, proof("gateway-asks", "i1", "b1.dna", "r1.dna", nonce))
            stream.sendall(f"<db:result from='r1.dna' to='b1.dna' type='valid'>{proven}"
                           "</db:result>".encode())
            with self.assertRaises(ConnectionError) as ended:
                program.read_until(stream, "<message")
            self.assertIn("not-authorized", str(ended.exception))
        kind, _, _, ident, text = self.two.server.get()
        self.assertEqual((kind, ident), ("error", "m1"), text)
        self.assertTrue(self.one.logs("link-unproven", "domain=r1.dna"))


class OpenSecret(External):
    """A file that others can read is no secret."""

    def test_the_gateway_refuses_it(self):
        self.secret.chmod(0o640)
        ended = program.subprocess.run([program.PROGRAM, "-c", self.one.config, "--check"],
                                       capture_output=True, encoding="utf-8", check=False)
        self.assertEqual(ended.returncode, 2)
        self.assertRegex(ended.stderr, r":\d+: .*secret: others have access to it")

    def test_the_server_refuses_it(self):
        (pathlib.Path(self.one.server.directory) / "secret").chmod(0o644)
        if SERVER == "ejabberd":    # which then does not start at all
            with self.assertRaises(AssertionError):
                self.start()
        else:
            self.start()
            user = self.one.user("r1.dna")
            user.send("user@b1.dna", "m1")
            self.assertEqual(user.get_message()[0], "error")
        self.assertTrue(self.one.server.says("others have access to it"))


if __name__ == "__main__":
    real.require(*{"prosody": real.Prosody, "ejabberd": real.Ejabberd}[SERVER].programs)
    unittest.main(verbosity=2)
