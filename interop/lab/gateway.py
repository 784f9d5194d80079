"""dna-gateway on a machine: its configuration, its log of rulings, its trace.

The log holds one line per ruling, `TIME LEVEL EVENT key=value …`; the trace one line per
read or write, `TIME CONNECTION DIRECTION text`.  Both are read as they stand: what is
shown to the operator is what the gateway wrote.
"""

import os
import pathlib
import pwd
import re
import shutil

from .links import Plain
from .xmpp import LINK

PORT = 5269
OWNER = "nobody"
CAPABILITY = "net_bind_service"     # for port 53 of the loopback; no other is needed
_PAIR = re.compile(r'([A-Za-z][\w-]*)=("(?:[^"\\]|\\.)*"|\S*)')
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_NAMED = {"n": "\n", "r": "\r", "t": "\t"}
_ELEMENT = re.compile(
    r"<(assert|challenge|proof|valid|invalid|impossible)\b([^<>]*?)"
    r"(?:/>|>(.*?)</\1\s*>)", re.S)
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_PROOFTYPE = re.compile(r"""<proof\b[^>]*\btype\s*=\s*["'][^"']*:([\w-]+)["']""")

_CONFIG = """# written by the lab
public {{
  listen = {{ "{address}@{port}" }}
  certificate = "{certificate}"
  key = "{key}"
  source = "{address}"
}}
ca-file = "{ca}"
resolver {{
  mode = "iterate"
  root-hints = "{hints}"
  trust-anchor-file = "{anchor}"
}}
{link}
{hosts}
{policies}
log {{
  level = "info"
{evidence}}}
"""
_EVIDENCE = """  evidence-folder = "{folder}"
  evidence-of = "all"
  evidence-key = "{key}"
"""


VALGRIND = ("valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite", "--error-exitcode=99", "--trace-children=no")


class Gateway:
    """In front of SERVER, as its recipe tells.

    WORLD: ca, hints, anchor (files) and dns (the resolver's address).  HOSTS maps each
    hosted domain to its options (name to text), POLICIES each pattern of peers to its
    options (name to a line's right side).  UNDER: a command that runs the program, such as
    VALGRIND.  EVIDENCE_KEY: signs the evidence of every ruling.  LINK: of another kind than
    plain."""

    def __init__(self, machine, program, certificate, key, world, hosts, policies=None,
                 under=(), evidence_key=None, server="prosody", link=None):
        self._under = list(under)
        self.machine = machine
        self._owner = pwd.getpwnam(OWNER)
        home = machine.directory / "gateway"
        home.mkdir()
        self._give(home)
        self.program = self._take(home, program)
        self.config = home / "dna-gateway.conf"
        self.log = machine.directory / "dna-gateway.log"
        self.trace = home / "dna-gateway.trace"
        self.evidence = home / "evidence"
        kept = ""
        if evidence_key is not None:
            self.evidence.mkdir()
            self._give(self.evidence)
            kept = _EVIDENCE.format(folder=self.evidence, key=self._take(home, evidence_key))
        link = link or Plain()
        hosting = "\n".join(self._host(home, link.host(server, name), name, options)
                            for name, options in hosts.items())
        policy = "\n".join(_clause("policy", pattern, {"level": '"proof"', **options})
                           for pattern, options in (policies or {"*": {}}).items())
        self.config.write_text(
            _CONFIG.format(address=machine.address, port=PORT,
                           certificate=self._take(home, certificate),
                           key=self._take(home, key), hosts=hosting, policies=policy,
                           link=link.settings(server, world["dns"], (
                               lambda name: self._make(home / name),
                               lambda file: self._take(home, file))), evidence=kept,
                           **{name: world[name] for name in ("ca", "hints", "anchor")}),
            encoding="ascii")

    def _host(self, home, plain, domain, options):
        if not options:
            return plain
        return _clause("host", domain, {"link": '"main"', **{
            option: f'"{self._mine(home, value)}"' for option, value in options.items()}})

    def _give(self, path):
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _make(self, folder):
        folder.mkdir(mode=0o700)
        self._give(folder)
        return folder

    def _take(self, home, file):
        """A copy of FILE that the gateway's user may read (or run)."""
        copy = shutil.copy(file, home)
        self._give(copy)
        return copy

    def _mine(self, home, value):
        return self._take(home, value) if isinstance(value, pathlib.Path) else value

    def bridge_ca(self):
        """The certificates for the server behind a link of kind bridge."""
        return self.machine.run([self.program, "-c", self.config, "--bridge-ca"], OWNER,
                                str(self._owner.pw_gid))

    def start(self):
        group = str(self._owner.pw_gid)
        self.machine.run([self.program, "-c", self.config, "--check"], OWNER, group)
        daemon = self.machine.start("dna-gateway", self._under + [
            self.program, "-c", self.config, "--trace", self.trace], OWNER, group,
            capability=CAPABILITY)
        self.machine.wait_for_port(daemon, self.machine.address, PORT)
        self.machine.wait_for_port(daemon, LINK, PORT)
        if "listen-dns" in self.config.read_text(encoding="ascii"):
            self.machine.wait_for_port(daemon, LINK, 53, "udp")
        return daemon

    def rulings(self, **wanted):
        """The rulings logged so far whose fields equal WANTED, oldest first."""
        return [ruling for ruling in read_rulings(_read(self.log))
                if all(ruling.get(key) == value for key, value in wanted.items())]

    def exchange(self):
        """The DNA elements on the gateway's public streams, in the order of the trace."""
        return list(read_exchange(_read(self.trace)))


def read_rulings(log):
    """Each `ruling` line of a log as a dictionary of its fields."""
    for line in log.splitlines():
        words = line.split(" ", 3)
        if len(words) == 4 and words[2] == "ruling":
            yield {key: _unquote(value) for key, value in _PAIR.findall(words[3])}


def read_exchange(trace):
    """DNA elements of a trace: dictionaries with connection, sent, name, domain, says."""
    for line in trace.splitlines():
        words = line.split(" ", 3)
        if len(words) < 4 or words[2] not in "<>":
            continue
        for name, attributes, content in _ELEMENT.findall(_unescape(words[3])):
            fields = dict(_ATTRIBUTE.findall(attributes))
            yield {"time": words[0], "connection": words[1], "sent": words[2] == ">",
                   "name": name, "domain": fields.get("to") or fields.get("from", ""),
                   "says": _says(name, fields, content)}


def _says(name, fields, content):
    if name == "challenge":
        # A prooftype may be offered under two spellings of its URI: say it once.
        return ", ".join(dict.fromkeys(_PROOFTYPE.findall(content)))
    if name == "proof":
        return f"{fields.get('type', '').rpartition(':')[2]} {content.strip()}".strip()
    return ""


def _clause(section, title, options):
    lines = "".join(f"  {name} = {value}\n" for name, value in options.items())
    return f'{section} "{title}" {{\n{lines}}}'


def _unquote(value):
    return _unescape(value[1:-1]) if value.startswith('"') else value


def _unescape(text):
    def plain(match):
        code = match[1]
        if len(code) == 3:
            return chr(int(code[1:], 16))
        return _NAMED.get(code, code)
    return _ESCAPE.sub(plain, text)


def _read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
