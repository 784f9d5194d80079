"""Prosody as Debian ships it, servers in general, and users at small clients.

A server knows nothing of the gateway.  It stands behind one as its recipe for that kind of
link (see links.py) tells, or `Alone` at the machine's own address, with a certificate, and
judges others itself.  It runs as the system user that Debian's package makes for it.  Clients
without TLS are for the lab, where they sit on the same loopback.
"""

import os
import pathlib
import pwd
import queue
import shutil
import threading
from dataclasses import dataclass

from . import recipe
from .links import Bridge, External
from .process import LabError, run, wait_until

LINK = "127.0.2.1"
LOOPBACK = "127.0.0.1"
PASSWORD = "lab"
C2S, S2S = 5222, 5269


@dataclass
class Alone:
    """A server without a gateway: its certificate and key, the authority that it believes,
    its resolver's address; DIALBACK: whether that will do, too."""

    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path
    resolver: str
    dialback: bool = False


class Server:
    """NAME: its recipe's.  USER: the system user it runs as.  LINK: of another kind than
    plain."""

    NAME = USER = ""

    def __init__(self, machine, domains, alone=None, link=None):
        self.machine = machine
        self.domains = list(domains)
        self.alone, self.link = alone, link
        self.address = LOOPBACK if alone is None else machine.address
        self._running = []
        self.state = machine.directory / self.NAME
        self.state.mkdir()
        self.give(self.state)

    def give(self, path):
        account = pwd.getpwnam(self.USER)
        os.chown(path, account.pw_uid, account.pw_gid)
        return path

    def run(self, name, argv, mounts=()):
        daemon = self.machine.start(name, argv, user=self.USER, mounts=mounts)
        self._running.append(daemon)
        return daemon

    def stop(self):
        while self._running:
            self._running.pop().stop()

    def mounts(self):
        """Its own /etc/resolv.conf."""
        usual = self.link if isinstance(self.link, External) else self.alone
        if usual is None:
            return recipe.mounts(self.NAME, self.machine.directory)
        own = self.machine.directory / "resolv.conf"
        own.write_text(f"nameserver {usual.resolver}\n", encoding="ascii")
        return [(own, "/etc/resolv.conf")]

    def wait(self, daemon):
        self.machine.wait_for_port(daemon, LOOPBACK, C2S)
        self.machine.wait_for_port(daemon, self.address, S2S)
        return daemon

    def copy(self, path):
        """A copy of its own, with the same mode."""
        return self.give(pathlib.Path(shutil.copy(path, self.state)))

    def pem(self):
        """Certificate and key in one file."""
        of = self.alone or self.link
        both = self.state / "certificate.pem"
        both.write_text("".join(path.read_text(encoding="ascii") for path in
                                (of.certificate, of.key)), encoding="ascii")
        both.chmod(0o600)
        return self.give(both)


_MODULES = """
  "roster", "saslauth", "tls", "disco", "blocklist", "carbons", "pep", "private", "smacks",
  "vcard4", "ping", "time", "uptime", "version", "admin_shell" """
_PROSODY = """modules_enabled = {{ {modules} }}
{judging}

interfaces = {{ "{loopback}" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
storage = "internal"
pidfile = "{state}/prosody.pid"
data_path = "{state}"
use_ipv6 = false
log = {{ {{ levels = {{ min = "debug" }}, to = "console" }} }}
{hosts}
"""

_PROSODY_ALONE = """unbound = {{ resolvconf = false; hoststxt = false; forward = "{resolver}" }}
s2s_require_encryption = true; s2s_secure_auth = true
s2s_interfaces = {{ "{address}" }}
ssl = {{ certificate = "{certificate}", key = "{key}", cafile = "{authority}" }}
"""
# For all that is not the recipe's: clients, above all.
_PROSODY_OWN = """ssl = {{ certificate = "{certificate}", key = "{key}" }}
"""


class Prosody(Server):
    NAME = USER = "prosody"

    def __init__(self, machine, domains, alone=None, link=None):
        super().__init__(machine, domains, alone, link)
        modules = _MODULES if isinstance(link, Bridge) else f'"dialback", {_MODULES}'
        self.config = machine.directory / "prosody.cfg.lua"
        self.config.write_text(_PROSODY.format(
            modules=modules, judging=self._judging(modules), loopback=LOOPBACK,
            state=self.state,
            hosts="\n".join(f'VirtualHost "{name}"' for name in domains)), encoding="ascii")

    def _judging(self, modules):
        link, alone = self.link, self.alone
        if isinstance(link, External):
            return recipe.put(recipe.block(recipe.MODULES[self.NAME], "lua"),
                              PROSODY_MODULES=recipe.ROOT / recipe.MODULES[self.NAME],
                              PROSODY_ENABLED=f"{modules},",
                              PROSODY_SECRET=self.copy(link.secret))
        if isinstance(link, Bridge):
            return _PROSODY_OWN.format(
                certificate=self.copy(link.certificate), key=self.copy(link.key)) + recipe.put(
                    recipe.block("bridge", "lua"), PROSODY_TRUST=self.copy(link.trusted))
        if alone is None:
            return recipe.block(self.NAME, "lua")
        return _PROSODY_ALONE.format(
            resolver=alone.resolver, address=self.address, authority=alone.authority,
            certificate=self.copy(alone.certificate), key=self.copy(alone.key))

    def register(self, user, domain):
        run(["prosodyctl", "--config", self.config, "register", user, domain, PASSWORD])

    def start(self):
        return self.wait(self.run("prosody", ["prosody", "--config", self.config, "-F"]))

    def fetch(self, daemon, url):
        """Have the server itself fetch URL; what it got."""
        self.machine.beside(daemon, [
            "prosodyctl", "--config", self.config, "shell",
            f'>require "net.http".request("{url}", nil, function (body) '
            'require "util.logger".init("lab")("info", "fetched %s", body) end)'])
        return wait_until(lambda: said_after(daemon.log, "\tfetched "), f"fetching {url}",
                          [daemon])


def said_after(log, mark):
    """The rest of the first line of LOG that has MARK, or None."""
    for line in pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines():
        if mark in line:
            return line.partition(mark)[2].strip()
    return None


class Client:
    """A user at a client program; PROGRAM is the lab's `lab-chat`."""

    def __init__(self, machine, program, address):
        self.address = address
        self.user = address.partition("@")[0]
        self.events = []
        self._sent = 0
        self._lines = queue.SimpleQueue()
        self._daemon = machine.start(f"client-{self.user}",
                                     [program, address, PASSWORD, LOOPBACK, str(C2S)],
                                     interactive=True)
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("online", lambda event: True)

    def _read(self):
        try:
            for line in self._daemon.stdout:
                self._lines.put(line.decode("utf-8", "replace").rstrip("\n").split("\t"))
        except ValueError:
            pass    # closed by leave()

    def send(self, to, body):
        """Send a message; its id."""
        self._sent += 1
        ident = f"{self.user}-{self._sent}"
        self._daemon.stdin.write(f"send\t{to}\t{ident}\t{body}\n".encode())
        self._daemon.stdin.flush()
        return ident

    def pump(self):
        """Take in what the client has said so far."""
        while not self._lines.empty():
            event = self._lines.get()
            self.events.append(event)
            if event[0] == "offline":
                raise LabError(f"{self.address}: {' '.join(event)}", self._daemon.log)

    def find(self, kind, matches):
        self.pump()
        return next((e for e in self.events if e[0] == kind and matches(e)), None)

    def wait_for(self, kind, matches, log=None):
        return wait_until(lambda: self.find(kind, matches),
                          f"{self.address}: waiting for “{kind}”", [self._daemon], log)

    def wait_for_message(self, sender, body, log=None):
        """Wait until BODY arrives from SENDER (a bare address)."""
        return self.wait_for("message", _is(sender, body), log)

    def got(self, sender, body):
        """Whether it has."""
        return self.find("message", _is(sender, body))

    def wait_for_error(self, ident, log=None):
        """Wait until message IDENT comes back: (condition, text)."""
        event = self.wait_for("error", lambda e: e[2] == ident, log)
        return event[3], event[4]

    def messages_from(self, sender):
        self.pump()
        return [e for e in self.events if e[0] == "message" and _bare(e[1]) == sender]

    def check_alive(self):
        """A message to oneself, through one's own server, arrives after all before it."""
        body = f"note to self, {self._sent}"
        self.send(self.address, body)
        self.wait_for_message(self.address, body)

    def leave(self):
        self._daemon.stop()


def _is(sender, body):
    return lambda event: _bare(event[1]) == sender and event[3] == body


def _bare(address):
    return address.partition("/")[0]
