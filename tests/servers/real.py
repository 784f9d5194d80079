"""Real XMPP servers behind a gateway under test, and users of theirs.

Each server runs as its own system user, in the foreground, on loopback addresses of its own,
with a new directory for everything that it writes.  A user is a plain client connection
(RFC 6120 with SASL PLAIN, no TLS): what it gets was routed by the server.

The other gateway, the name server and the certificates are those of the program test
(tests/unit/gateway/test_program.py); run as root, since several system users take part.
"""

import base64
import os
import pathlib
import pwd
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit" / "gateway"))

import test_program as program  # noqa: E402  (takes the gateway's path from the command line)

PATIENCE = program.PATIENCE * 2
SHOW = "GATEWAY_TEST_SHOW" in os.environ
PASSWORD = "test"
SKIPPED = 77        # for ctest
# Arguments: FILE COMMAND.
OWN_RESOLVER = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


def require(*programs):
    """End the test as skipped where a program is missing."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print("skipped:", "not root" if not missing else "no " + ", ".join(missing))
        sys.exit(SKIPPED)


def give(path, user):
    account = pwd.getpwnam(user)
    os.chown(path, account.pw_uid, account.pw_gid)


def write_secret(path, secret, user=None):
    """A copy of a link's secret, for USER alone."""
    path = pathlib.Path(path)
    path.write_text(secret + "\n", encoding="ascii")
    path.chmod(0o600)
    if user is not None:
        give(path, user)
    return path


class Daemon:
    """A server process with its own user and its own log.  RESOLVER: the address of the name
    server that its /etc/resolv.conf names, which it alone sees."""

    user = None
    resolver = None

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.directory.chmod(0o755)
        self.state = self.directory / "state"
        self.state.mkdir()
        give(self.state, self.user)
        self.log = self.directory / "log"
        self.process = None

    def run(self, argv, env=None):
        account = pwd.getpwnam(self.user)
        enter = ["setpriv", "--reuid", account.pw_uid, "--regid", account.pw_gid,
                 "--clear-groups"]
        if self.resolver is not None:
            own = self.directory / "resolv.conf"
            own.write_text(f"nameserver {self.resolver}\n", encoding="ascii")
            enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OWN_RESOLVER,
                     "sh", own, *enter]
        with open(self.log, "ab") as sink:
            self.process = subprocess.Popen(
                [str(word) for word in [*enter, *argv]], stdin=subprocess.DEVNULL, stdout=sink,
                stderr=sink, cwd=self.state,
                env={**os.environ, "HOME": str(self.state), **(env or {})},
                start_new_session=True)

    def wait_for_port(self, address, port):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((address, port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(self.text()) from None
                time.sleep(0.05)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def says(self, words):
        deadline = time.monotonic() + PATIENCE
        while words not in self.text():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if SHOW:
            print(self.text())


class Prosody(Daemon):
    """Prosody as Debian ships it.  OPTIONS: more lines of its configuration."""

    user = "prosody"
    programs = ("prosody", "prosodyctl")

    def __init__(self, directory, address, domains, options, modules=()):
        super().__init__(directory)
        self.address, self.domains = address, list(domains)
        self.c2s = program.free_port(address)
        self.port = program.free_port(address)
        names = ", ".join(f'"{name}"' for name in
                          ("roster", "saslauth", "disco", "ping", "tls", *modules))
        hosts = "\n".join(f'VirtualHost "{domain}"' for domain in self.domains)
        self.config = self.directory / "prosody.cfg.lua"
        self.config.write_text(f'''
plugin_paths = {{ "{ROOT / "shim" / "prosody"}" }}
modules_enabled = {{ {names} }}
interfaces = {{ "{address}" }}
c2s_ports = {{ {self.c2s} }}
s2s_ports = {{ {self.port} }}
s2s_direct_tls_ports = {{ }}
use_ipv6 = false
authentication = "internal_plain"
storage = "internal"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
pidfile = "{self.state}/prosody.pid"
data_path = "{self.state}"
log = {{ {{ levels = {{ min = "debug" }}, to = "console" }} }}
s2s_require_encryption = true
s2s_secure_auth = true
{options}
{hosts}
''', encoding="ascii")

    def start(self):
        for domain in self.domains:
            program.run("prosodyctl", "--config", str(self.config), "register", "user", domain,
                        PASSWORD)
        self.run(["prosody", "--config", self.config, "-F"])
        self.wait_for_port(self.address, self.c2s)
        self.wait_for_port(self.address, self.port)


class Ejabberd(Daemon):
    """ejabberd as Debian ships it, without ejabberdctl and epmd.  OPTIONS: more lines of its
    configuration; MODULES: of its section of modules."""

    user = "ejabberd"
    programs = ("erl", "erlc", "openssl")
    libraries = "/usr/lib/x86_64-linux-gnu"

    def __init__(self, directory, address, domains, options, modules):
        super().__init__(directory)
        self.address, self.domains = address, list(domains)
        self.c2s = program.free_port(address)
        self.port = program.free_port(address)
        self.environment = {}
        self.code = self.directory / "code"
        self.code.mkdir()
        self.config = self.directory / "ejabberd.yml"
        hosts = "".join(f"  - {domain}\n" for domain in self.domains)
        self.config.write_text(f"""
loglevel: info
log_rotate_count: 0
hosts:
{hosts}
acme: {{auto: false}}
auth_password_format: plain
auth_method: internal
listen:
  - {{port: {self.c2s}, ip: "{address}", module: ejabberd_c2s, access: all, shaper: none}}
  - {{port: {self.port}, ip: "{address}", module: ejabberd_s2s_in}}
access_rules: {{local: {{allow: all}}}}
s2s_access: all
outgoing_s2s_families: [ipv4]
outgoing_s2s_timeout: 20
{options}
modules:
  mod_disco: {{}}
  mod_roster: {{}}
{modules}
""", encoding="ascii")

    def compile(self, source):
        ebin = next(pathlib.Path(self.libraries).glob("ejabberd-*/ebin"))
        program.run("erlc", "-pa", str(ebin), "-o", str(self.code), str(source))

    def start(self):
        users = ", ".join(f'<<"{domain}">>' for domain in self.domains)
        register = (f"lists:foreach(fun(D) -> ejabberd_auth:try_register(<<\"user\">>, D, "
                    f"<<\"{PASSWORD}\">>) end, [{users}]).")
        self.run(["erl", "-noinput", "-pa", self.code, "-mnesia", "dir",
                  f'"{self.state}/mnesia"', "-s", "ejabberd", "-eval", register],
                 {"ERL_LIBS": self.libraries, "EJABBERD_CONFIG_PATH": str(self.config),
                  "EJABBERD_LOG_PATH": f"{self.state}/ejabberd.log",
                  "EJABBERD_PID_PATH": f"{self.state}/ejabberd.pid", **self.environment})
        # Its ports are open before its modules are there.
        deadline = time.monotonic() + PATIENCE
        while "is started in the node" not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(self.text())
            time.sleep(0.05)
        self.wait_for_port(self.address, self.c2s)

    def text(self):
        log = self.state / "ejabberd.log"
        return super().text() + (log.read_text(encoding="utf-8", errors="replace")
                                 if log.exists() else "")


class User:
    """user@DOMAIN, logged in: its stanzas arrive in a queue."""

    def __init__(self, server, domain):
        self.address = f"user@{domain}/x"
        self.why = ""
        self.stanzas = queue.Queue()
        self.socket = socket.create_connection((server.address, server.c2s), PATIENCE)
        self.header(domain)
        token = base64.b64encode(f"\0user\0{PASSWORD}".encode()).decode()
        self.write(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{token}"
                   "</auth>")
        program.read_until(self.socket, "<success")
        self.header(domain)
        self.write("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   "<resource>x</resource></bind></iq>")
        program.read_until(self.socket, "</iq>")
        # The old way of RFC 3921, which ejabberd still insists upon for some stanzas.
        self.write("<iq type='set' id='s'><session "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq><presence/>")
        self.parser = ElementTree.XMLPullParser(["start", "end"])
        self.parser.feed("<stream>")
        threading.Thread(target=self.read, daemon=True).start()

    def header(self, domain):
        self.write("<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                   f"xmlns:stream='http://etherx.jabber.org/streams' to='{domain}' "
                   "version='1.0'>")
        program.read_until(self.socket, "</stream:features>")

    def write(self, text):
        self.socket.sendall(text.encode())

    def read(self):
        depth = 0
        while True:
            try:
                got = self.socket.recv(65536)
            except OSError:
                return
            if not got:
                return
            # Prefixes of the stream's own header are of no use here.
            self.parser.feed(got.decode().replace("<stream:", "<").replace("</stream:", "</"))
            for event, element in self.parser.read_events():
                depth += 1 if event == "start" else -1
                if event == "end" and depth == 1:
                    self.stanzas.put(element)

    def send(self, receiver, ident, body="hello"):
        self.write(f"<message to='{receiver}' id='{ident}' type='chat'><body>{body}</body>"
                   "</message>")

    def get_message(self):
        """The next message: (type, from, id, condition of the error or ''); what an error says
        is in self.why."""
        while True:
            element = self.stanzas.get(timeout=PATIENCE)
            if element.tag.rpartition("}")[2] != "message":
                continue
            error = next((child for child in element
                          if child.tag.rpartition("}")[2] == "error"), None)
            condition = "" if error is None or len(error) == 0 else \
                error[0].tag.rpartition("}")[2]
            self.why = "" if error is None else "".join(error.itertext())
            return (element.get("type", ""), element.get("from", ""), element.get("id", ""),
                    condition)

    def close(self):
        self.socket.close()


class Behind(program.Provider):
    """A gateway with a real server behind its link.

    LINK: the lines of the link's section beyond listen and server.  MAKE: from (directory,
    address, domains, link address) to a server."""

    def __init__(self, world, number, domains, link, make):
        super().__init__(world, number, domains)
        self.server.close()         # the one that the program test would use
        self.server = make(pathlib.Path(world.directory) / f"{self.name}.server",
                           f"127.0.13.{number}", domains, self.link)
        text = pathlib.Path(self.config).read_text(encoding="ascii")
        text = re.sub(r'link "main" \{.*?\n\}',
                      f'link "main" {{\n  listen = "{self.link[0]}@{self.link[1]}"\n'
                      f'  server = "{self.server.address}@{self.server.port}"\n{link}\n}}',
                      text, flags=re.S)
        pathlib.Path(self.config).write_text(text, encoding="ascii")
        self.users = []

    def start(self):
        super().start()
        self.server.start()

    def user(self, domain):
        made = User(self.server, domain)
        self.users.append(made)
        return made

    def close(self):
        for user in self.users:
            user.close()
        self.stop()
        self.server.stop()
        if SHOW:
            print(self.name, "".join(self.lines))


class RealServer(unittest.TestCase):
    """r1.dna and r2.dna are served by a real server, b1.dna by the program test's."""

    link = ""

    def setUp(self):
        self.world = program.World()
        self.addCleanup(self.world.close)
        pathlib.Path(self.world.directory).chmod(0o755)
        self.prepare()
        self.one = Behind(self.world, 1, ["r1.dna", "r2.dna"], self.link_lines(), self.make)
        self.world.providers.append(self.one)
        self.two = self.world.provider("b1.dna")

    def prepare(self):
        """What the link needs before the configurations are written."""

    def link_lines(self):
        return self.link

    def make(self, directory, address, domains, link):
        raise NotImplementedError

    def start(self):
        self.two.start()
        self.one.start()

    def both_ways(self, domain="r1.dna"):
        """A message from the real server, and one to it."""
        user = self.one.user(domain)
        user.send("user@b1.dna", "m1")
        kind, sender, receiver, ident, text = self.two.server.get()
        self.assertEqual((kind, sender, receiver, ident),
                         ("chat", f"user@{domain}/x", "user@b1.dna", "m1"), text)
        self.two.server.send("b1.dna", domain, "m2")
        self.assertEqual(user.get_message()[:3], ("chat", "user@b1.dna/x", "m2"))
        return user
