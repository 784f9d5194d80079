#!/usr/bin/env python3
"""Links of kind bridge: stock servers, as their packages ship them, with strict settings.

usage: test_bridge.py DNA_GATEWAY SERVER

SERVER: prosody or ejabberd.  Neither has a module of this project's, nor dialback: they accept
certificates of the gateway's own authority, and nothing else.
"""

import base64
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import unittest

import real
from real import program

sys.path.insert(0, str(real.ROOT / "interop"))

from lab import recipe  # noqa: E402

SERVER = sys.argv.pop(1) if len(sys.argv) > 1 else "prosody"
# Of the link's name server, whose port is 53; others may be playing the same at this moment.
NAMES = f"127.14.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
TLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
EXTERNAL = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{}</auth>"


def recipe_for(language, **places):
    """A block of docs/servers/bridge.md, with other names in the place of its own."""
    text = recipe.block("bridge", language)
    for place, ours in places.values():
        assert place in text, place
        text = text.replace(place, str(ours))
    return text


def make_prosody(directory, address, domains, link, tls):
    text = recipe_for("lua", names=("127.0.2.1", NAMES), listen=("127.0.0.1", address),
                      trust=("/etc/prosody/bridge-ca.pem", tls / "bridge.pem"))
    return real.Prosody(directory, address, domains, f'''
ssl = {{ certificate = "{tls}/cert.pem", key = "{tls}/key.pem" }}
modules_disabled = {{ "dialback" }}
{text}
''')


def make_ejabberd(directory, address, domains, link, tls):
    text = recipe_for("yaml", trust=("/etc/ejabberd/bridge-ca.pem", tls / "bridge.pem"))
    made = real.Ejabberd(directory, address, domains, f'''
{text[:text.index("listen:")]}
certfiles:
  - "{tls}/both.pem"
''', "")
    # It asks for SRV records itself, and for addresses the C library, which heeds nothing else.
    made.resolver = NAMES
    made.environment = {"ERL_INETRC": "/etc/ejabberd/inetrc"}   # Debian's
    return made


MAKE = {"prosody": make_prosody, "ejabberd": make_ejabberd}


class Bridge(real.RealServer):
    server_names = ("r1.dna", "r2.dna")     # in the server's certificate
    by = "server-ca"
    trust_too = ""      # authorities that the server believes beside the gateway's

    def prepare(self):
        path = pathlib.Path(self.world.directory)
        self.folder = path / "bridge"
        self.folder.mkdir(mode=0o700)
        self.tls = path / "tls"
        self.tls.mkdir(mode=0o755)
        self.world.certify("server", self.server_names)
        self.copy("server.pem", "cert.pem")
        self.copy("server.key", "key.pem")
        (self.tls / "both.pem").write_text((self.tls / "cert.pem").read_text()
                                           + (self.tls / "key.pem").read_text())
        real.give(self.tls / "both.pem", self.server_user())
        (self.tls / "bridge.pem").write_text("")

    @staticmethod
    def server_user():
        return {"prosody": real.Prosody, "ejabberd": real.Ejabberd}[SERVER].user

    def copy(self, source, target):
        (self.tls / target).write_bytes(pathlib.Path(self.world.file(source)).read_bytes())
        real.give(self.tls / target, self.server_user())

    def server_term(self):
        if self.by == "server-ca":
            return f'server-ca = "{self.world.file("ca.pem")}"'
        spki = subprocess.run(["openssl", "x509", "-in", self.tls / "cert.pem", "-noout",
                               "-pubkey"], check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=spki,
                             check=True, capture_output=True).stdout
        digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der,
                                check=True, capture_output=True).stdout
        return f'server-key = "{digest.hex()}"'

    def link_lines(self):
        text = recipe_for(
            "conf", names=("127.0.2.1@53", f"{NAMES}@53"),
            forward=("192.0.2.53", f"127.0.0.1@{self.world.names.port}"),
            known=('server-ca = "/etc/ssl/certs/ca-certificates.crt"', self.server_term()))
        return "\n".join(line for line in text.partition("{\n")[2].partition("\n}")[0].split("\n")
                         if line.split()[0] not in ("listen", "server"))

    def make(self, directory, address, domains, link):
        return MAKE[SERVER](directory, address, domains, link, self.tls)

    def configure(self):
        text = pathlib.Path(self.one.config).read_text(encoding="ascii")
        pathlib.Path(self.one.config).write_text(f'bridge-folder = "{self.folder}"\n'
                                                 + self.more() + text, encoding="ascii")

    def more(self):
        return ""

    def authority(self):
        return subprocess.run([program.PROGRAM, "-c", self.one.config, "--bridge-ca"],
                              check=True, capture_output=True, encoding="ascii").stdout

    def start(self):
        self.configure()
        (self.tls / "bridge.pem").write_text(self.authority() + self.trust_too)
        super().start()

    def connect(self, source, target, certificate=None, port=None):
        """A stream to the link, behind TLS: (stream, its features); None: TLS was refused."""
        stream = socket.create_connection(port or self.one.link, real.PATIENCE)
        self.addCleanup(stream.close)
        stream.sendall(program.HEADER.format(source, target, "").encode())
        program.read_until(stream, "</stream:features>")
        stream.sendall(TLS.encode())
        try:
            program.read_until(stream, "<proceed")
        except ConnectionError as ended:
            return None, str(ended)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            context.load_cert_chain(*certificate)
        stream = context.wrap_socket(stream)
        self.addCleanup(stream.close)
        stream.sendall(program.HEADER.format(source, target, "").encode())
        return stream, program.read_until(stream, "</stream:features>")

    def sasl(self, stream, name=""):
        stream.sendall(EXTERNAL.format(base64.b64encode(name.encode()).decode() or "=").encode())
        try:
            return program.read_until(stream, "/>")
        except ConnectionError as ended:
            return str(ended)

    @property
    def own_certificate(self):
        return self.tls / "cert.pem", self.tls / "key.pem"


class Messages(Bridge):
    def test_both_ways(self):
        self.start()
        self.both_ways("r1.dna")
        self.both_ways("r2.dna")
        self.assertTrue(self.two.logs("ruling", " domain=r1.dna ", " ruling=PROVEN "))

    def test_towards_the_server_first(self):
        self.start()
        user = self.one.user("r1.dna")
        self.two.server.send("b1.dna", "r1.dna", "m1")
        self.assertEqual(user.get_message()[:3], ("chat", "user@b1.dna/x", "m1"))
        user.send("user@b1.dna", "m2")
        self.assertEqual(self.two.server.get()[3], "m2")

    def test_errors_come_back(self):
        """The gateway's own words, under the authority that proves nothing."""
        self.start()
        user = self.one.user("r1.dna")
        for ident in ("m1", "m2"):      # the second one while the stream is there
            user.send("user@nowhere.dna", ident)
            self.assertEqual(user.get_message(), ("error", "user@nowhere.dna", ident,
                                                  "remote-server-not-found"))
            self.assertIn("has no address", user.why)
        self.assertTrue(self.one.logs("errors-only", "domain=nowhere.dna"))
        self.assertFalse(self.one.log("not-certified"))

    def test_a_name_server_that_fails(self):
        answer, dark = self.world.names.answer, self.world.names.wire("dark.dna")

        def answer_or_fail(query):
            got = answer(query)
            failed = got[:3] + bytes([got[3] & ~0xF | 2]) + got[4:]
            return failed if dark in query.lower() else got

        self.world.names.answer = answer_or_fail
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@dark.dna", "m1")
        self.assertEqual(user.get_message(), ("error", "user@dark.dna", "m1",
                                              "remote-server-timeout"))
        self.assertIn("SERVFAIL", user.why)


class PinnedKey(Bridge):
    by = "server-key"
    server_names = ("elsewhere.dna",)   # the key is enough

    def test_both_ways(self):
        self.start()
        self.both_ways("r1.dna")


class Strangers(Bridge):
    """Who is not the server gets nothing through, whatever address and names he uses."""

    def test_all(self):
        self.start()
        self.both_ways("r1.dna")
        for check in (self.at_the_gateway, self.a_domain_of_another_link,
                      self.another_pair_on_the_same_stream):
            with self.subTest(check.__name__):
                check()

    def refused(self, source, target, certificate, name=""):
        stream, said = self.connect(source, target, certificate)
        if stream is not None and "EXTERNAL" in said:
            said = self.sasl(stream, name)
        self.assertNotIn("<success", said)
        return said

    def at_the_gateway(self):
        self.world.certify("evil", ["evil.dna"])
        evil = self.world.file("evil.pem"), self.world.file("evil.key")
        self.refused("r1.dna", "b1.dna", None)
        self.refused("r1.dna", "b1.dna", evil)
        self.assertTrue(self.one.logs("link-unproven", "domain=r1.dna", "does not name"))
        stream, said = self.connect("r1.dna", "b1.dna", self.own_certificate)
        self.assertIn("EXTERNAL", said)
        self.assertIn("invalid-authzid", self.sasl(stream, "r2.dna"))
        stream, _ = self.connect("r1.dna", "b1.dna", self.own_certificate)
        self.assertIn("<success", self.sasl(stream, "r1.dna"))

    def a_domain_of_another_link(self):
        stream = socket.create_connection(self.one.link, real.PATIENCE)
        self.addCleanup(stream.close)
        stream.sendall(program.HEADER.format("b1.dna", "c1.dna", "").encode())
        with self.assertRaises(ConnectionError) as ended:
            program.read_until(stream, "</stream:features>")
        self.assertIn("invalid-from", str(ended.exception))

    def another_pair_on_the_same_stream(self):
        """A stream is for the pair that it was authenticated for."""
        stream, _ = self.connect("r1.dna", "b1.dna", self.own_certificate)
        self.assertIn("<success", self.sasl(stream))
        stream.sendall(program.HEADER.format("r1.dna", "b1.dna", "").encode())
        program.read_until(stream, "</stream:features>")
        stream.sendall(b"<message from='user@r2.dna/x' to='user@b1.dna' id='m9'/>")
        with self.assertRaises(ConnectionError) as ended:
            program.read_until(stream, "never")
        self.assertIn("invalid-from", str(ended.exception))


class WrongServer(Bridge):
    """The server's certificate names another domain: nothing goes either way."""

    server_names = ("elsewhere.dna",)

    def test_nothing_passes(self):
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@b1.dna", "m1")
        self.assertEqual(user.get_message()[0], "error")
        self.two.server.send("b1.dna", "r1.dna", "m2")
        self.assertEqual(self.two.server.get()[0], "error")
        self.assertTrue(self.one.logs("link-unproven", "domain=r1.dna", "does not name"))


class DialledOnly(Bridge):
    """A domain that may be dialled back, but is not proven, is shown as one that is not: nothing
    but errors is said for it (S25)."""

    def more(self):
        return 'policy "*" { level = "dialback" }\n'

    def test_it_gets_none(self):
        self.world.certify("p2", ["other.dna"])     # and so proves nothing
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@b1.dna", "m1")
        self.assertEqual(user.get_message()[:3], ("error", "user@b1.dna", "m1"))
        self.assertIn("needs a proof", user.why)
        self.assertTrue(self.one.logs("errors-only", "domain=b1.dna"))
        self.assertFalse(self.one.log("certified"))


class StrictServer(Bridge):
    """The server believes another authority: it lets nobody speak for anybody."""

    def authority(self):
        return pathlib.Path(self.world.file("ca.pem")).read_text()

    def test_nothing_passes(self):
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@b1.dna", "m1")
        self.assertEqual(user.get_message()[0], "error")
        self.two.server.send("b1.dna", "r1.dna", "m2")
        self.assertEqual(self.two.server.get()[0], "error")


class WithoutErrors(Bridge):
    """Who trusts the first authority alone loses the gateway's errors, and nothing else."""

    def authority(self):
        return super().authority().partition("-----END CERTIFICATE-----\n")[0] + \
            "-----END CERTIFICATE-----\n"

    def test_the_server_speaks_for_itself(self):
        self.start()
        user = self.both_ways("r1.dna")
        user.send("user@nowhere.dna", "m3")
        self.assertEqual(user.get_message()[:3], ("error", "user@nowhere.dna", "m3"))
        self.assertNotIn("has no address", user.why)


class Neighbours(Bridge):
    """A domain of the same gateway's behind another link: it is shown with its own certificate,
    which the server believes only if it believes its authority (S25)."""

    def setUp(self):
        super().setUp()
        self.link = ("127.0.11.9", program.free_port("127.0.11.9"))
        self.other = program.Server("127.0.12.9", self.link)
        self.addCleanup(self.other.close)
        self.world.certify("h1", ["h1.dna"])

    def configure(self):
        super().configure()
        config = pathlib.Path(self.one.config)
        config.write_text(config.read_text() + f'''
link "other" {{
  listen = "{self.link[0]}@{self.link[1]}"
  server = "127.0.12.9@{self.other.port}"
  user = "root"
}}
host "h1.dna" {{
  link = "other"
  certificate = "{self.world.file("h1.pem")}"
  key = "{self.world.file("h1.key")}"
}}
''')

    def test_both_ways(self):
        self.trust_too = pathlib.Path(self.world.file("ca.pem")).read_text()
        self.start()
        user = self.one.user("r1.dna")
        user.send("user@h1.dna", "m1")
        self.assertEqual(self.other.get()[:4],
                         ("chat", "user@r1.dna/x", "user@h1.dna", "m1"))
        self.other.send("h1.dna", "r1.dna", "m2")
        self.assertEqual(user.get_message()[:3], ("chat", "user@h1.dna/x", "m2"))
        self.assertFalse(self.one.log("certified") + self.one.log("errors-only"))


class Changes(Bridge):
    """What changes while the server and its users go on."""

    def reload(self, text=None):
        if text is not None:
            pathlib.Path(self.one.config).write_text(text, encoding="ascii")
        self.one.process.send_signal(program.signal.SIGHUP)

    def test_hosted_domains(self):
        self.start()
        user = self.both_ways("r1.dna")
        before = pathlib.Path(self.one.config).read_text(encoding="ascii")
        trusted = (self.folder / "authority.pem").read_text()
        for number in range(40):
            user.send("user@b1.dna", f"n{number}")
            if number == 10:
                self.reload(before + 'host "r3.dna" { link = "main" }\n')
        for number in range(40):
            self.assertEqual(self.two.server.get()[3], f"n{number}")
        self.assertTrue(self.one.logs("reloaded", "hosts-added=1"))
        # What the server believes is the authority's certificate from before.
        self.assertNotEqual((self.folder / "authority.pem").read_text(), trusted)
        self.both_ways("r2.dna")
        self.reload(before.replace('host "r2.dna" { link = "main" }\n', ""))
        self.assertTrue(self.one.logs("reloaded", "hosts-removed=2"))
        user.send("user@b1.dna", "m3")
        self.assertEqual(self.two.server.get()[3], "m3")
        self.two.server.send("b1.dna", "r2.dna", "m4")
        self.assertEqual(self.two.server.get()[0], "error")

    def test_a_lost_file(self):
        self.start()
        user = self.both_ways("r1.dna")
        (self.folder / "authority.pem").rename(self.folder / "aside")
        self.reload()
        self.assertTrue(self.one.logs("not-reloaded", "authority.pem is missing", "put it back"))
        self.assertFalse((self.folder / "authority.pem").exists())
        user.send("user@b1.dna", "m3")
        self.assertEqual(self.two.server.get()[3], "m3")
        self.one.stop()
        for option, status in (("--check", 2), ("--bridge-ca", 1)):
            ended = subprocess.run([program.PROGRAM, "-c", self.one.config, option],
                                   check=False, capture_output=True, encoding="utf-8")
            self.assertEqual(ended.returncode, status)
            self.assertRegex(ended.stderr, r":1: bridge-folder: .*authority\.pem.*missing")
        (self.folder / "aside").rename(self.folder / "authority.pem")
        self.assertEqual(self.authority(), (self.tls / "bridge.pem").read_text())


class Remembered(Bridge):
    """A ruling that the store has kept is no evidence: what it was about is heard again before a
    certificate is made, and the stream waits for that."""

    def more(self):
        return f'store {{ file = "{self.world.file("store.db")}" }}\n'

    def test_after_a_restart(self):
        self.start()
        user = self.both_ways("r1.dna")
        self.one.stop()
        del self.one.lines[:]
        program.Provider.start(self.one)
        user.send("user@b1.dna", "m3")
        self.assertEqual(self.two.server.get()[3], "m3")
        self.two.server.send("b1.dna", "r1.dna", "m4")
        self.assertEqual(user.get_message()[:3], ("chat", "user@b1.dna/x", "m4"))
        rulings = [line for line in self.one.log("ruling") if " domain=b1.dna " in line]
        self.assertIn('facts="1 (1 cached)"', rulings[0])
        self.assertFalse(self.one.log("errors-only"))


class PublicSide(Bridge):
    """The authority is believed by the server alone, whoever else is told to believe it."""

    def test_its_certificates_are_nothing_there(self):
        with open(self.world.file("ca.pem"), "a", encoding="ascii") as store:
            self.configure()
            store.write(self.authority())       # as an operator might
        self.configure = lambda: None
        forged = self.folder / "forged.pem"
        key = self.folder / "forged.key"
        program.run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", str(key), "-out", str(self.folder / "csr"), "-subj",
                    "/CN=b1.dna")
        (self.folder / "ext").write_text("basicConstraints=CA:false\n"
                                         "subjectAltName=DNS:b1.dna\n")
        program.run("openssl", "x509", "-req", "-in", str(self.folder / "csr"), "-CA",
                    str(self.folder / "authority.pem"), "-CAkey", str(self.folder / "key.pem"),
                    "-set_serial", "77", "-days", "1", "-extfile", str(self.folder / "ext"),
                    "-out", str(forged))
        self.start()
        _, said = self.connect("b1.dna", "r1.dna", (forged, key), self.one.public)
        self.assertNotIn("EXTERNAL", said)
        self.assertTrue(self.one.logs("ruling", " domain=b1.dna ", " role=receiving "))
        self.assertFalse([line for line in self.one.log("ruling")
                          if " ruling=PROVEN " in line and " domain=b1.dna " in line])


class Signer(Bridge):
    """The process that signs: what it is, and that nothing is signed without it."""

    def process(self):
        ours = f"/proc/{self.one.process.pid}/task/{self.one.process.pid}/children"
        children = pathlib.Path(ours).read_text().split()
        return next(int(pid) for pid in children
                    if b"--bridge-signer" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())

    def test_alone(self):
        self.configure()
        program.Provider.start(self.one)
        pid = self.process()
        self.assertEqual(sorted(os.listdir(f"/proc/{pid}/fd"))[:4], ["0", "1", "2", "3"])
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        self.assertRegex(status, r"NoNewPrivs:\s*1")
        self.assertRegex(status, r"Seccomp:\s*2")
        self.assertEqual((self.folder / "key.pem").stat().st_mode & 0o777, 0o600)
        self.one.process.kill()
        self.one.process.wait()
        for _ in range(200):
            if not pathlib.Path(f"/proc/{pid}").exists() or \
                    " Z " in pathlib.Path(f"/proc/{pid}/stat").read_text():
                return
            program.threading.Event().wait(0.05)
        self.fail("it outlives the gateway")

    def test_killed(self):
        self.start()
        os.kill(self.process(), program.signal.SIGKILL)
        self.assertTrue(self.one.logs("no-signer"))
        user = self.one.user("r1.dna")
        user.send("user@b1.dna", "m1")
        self.assertEqual(user.get_message()[0], "error")

    def test_hosted_names_are_excluded(self):
        self.configure()
        text = subprocess.run(["openssl", "x509", "-noout", "-text"], input=self.authority(),
                              check=True, capture_output=True, encoding="ascii").stdout
        self.assertRegex(text, r"Name Constraints: critical\s+Excluded:\s+DNS:r1.dna\s+DNS:r2.dna")
        self.assertIn("pathlen:0", text)
        first = self.authority()
        self.assertEqual(first, self.authority())
        config = pathlib.Path(self.one.config)
        config.write_text(config.read_text() + 'host "r3.dna" { link = "main" }\n')
        self.assertNotEqual(first, self.authority())

    def test_a_key_that_others_can_read(self):
        self.configure()
        self.authority()
        (self.folder / "key.pem").chmod(0o640)
        ended = subprocess.run([program.PROGRAM, "-c", self.one.config, "--bridge-ca"],
                               check=False, capture_output=True, encoding="utf-8")
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, r":\d+: bridge-folder: .*others have access to it")


if __name__ == "__main__":
    real.require(*{"prosody": real.Prosody, "ejabberd": real.Ejabberd}[SERVER].programs)
    unittest.main(verbosity=2)
