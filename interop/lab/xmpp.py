"""XMPP servers and users of the lab: Prosody as Debian ships it, and small clients.

Prosody knows nothing of the gateway.  Four settings put it behind one: its resolver
sends every remote domain to the gateway's link address, server-to-server streams on the
loopback go without TLS, dialback is on, and it listens on the loopback only.  (A fifth,
c2s without TLS, is for the lab's clients, which sit on the same loopback.)  It runs as
the user `prosody`, by whom the gateway recognises it.
"""

import os
import pwd
import queue
import threading

from .process import LabError, run, wait_until

USER = "prosody"
LINK = "127.0.2.1"
LOOPBACK = "127.0.0.1"
PASSWORD = "lab"

_CONFIG = """-- four settings for a server behind a gateway
unbound = {{
  resolvconf = false; hoststxt = false;
  options = {{
    ["local-zone:"] = ". redirect";
    ["local-data:"] = ". A {link}";
  }};
}}
s2s_require_encryption = false; s2s_secure_auth = false;
modules_enabled = {{ "dialback", "roster", "saslauth", "disco", "blocklist", "carbons",
  "pep", "private", "smacks", "vcard4", "ping", "time", "uptime", "version" }}
interfaces = {{ "{loopback}" }}

-- for the lab's clients on the same loopback
c2s_require_encryption = false
-- where this one keeps its files
authentication = "internal_hashed"
storage = "internal"
pidfile = "{state}/prosody.pid"
data_path = "{state}"
use_ipv6 = false
log = {{ {{ levels = {{ min = "debug" }}, to = "console" }} }}
{hosts}
"""


class Prosody:
    def __init__(self, machine, domains):
        self.machine = machine
        self.state = machine.directory / "prosody"
        self.state.mkdir()
        account = pwd.getpwnam(USER)
        os.chown(self.state, account.pw_uid, account.pw_gid)
        self.config = machine.directory / "prosody.cfg.lua"
        hosts = "\n".join(f'VirtualHost "{domain}"' for domain in domains)
        self.config.write_text(_CONFIG.format(link=LINK, loopback=LOOPBACK,
                                              state=self.state, hosts=hosts),
                               encoding="ascii")

    def register(self, user, domain):
        run(["prosodyctl", "--config", self.config, "register", user, domain, PASSWORD])

    def start(self):
        daemon = self.machine.start("prosody", ["prosody", "--config", self.config, "-F"],
                                    user=USER)
        for port in (5222, 5269):
            self.machine.wait_for_port(daemon, LOOPBACK, port)
        return daemon


class Client:
    """A user at a client program; PROGRAM is the lab's `lab-chat`."""

    def __init__(self, machine, program, address):
        self.address = address
        self.user = address.partition("@")[0]
        self.events = []
        self._sent = 0
        self._lines = queue.SimpleQueue()
        self._daemon = machine.start(f"client-{self.user}",
                                     [program, address, PASSWORD, LOOPBACK, "5222"],
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
        return self.wait_for("message", lambda e: _bare(e[1]) == sender and e[3] == body,
                             log)

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


def _bare(address):
    return address.partition("/")[0]
