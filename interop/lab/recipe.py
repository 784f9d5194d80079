"""The recipes in docs/servers and with the modules in shim, read so that the lab runs
exactly what they tell.

Each is a Markdown file with one block for each language at most.  Whoever takes a block says
what to put in the place of the recipe's own names; a name that is not there is an error, so
a recipe that changes cannot quietly fall out of the tests.
"""

import pathlib
import re

from .process import LabError

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
FOLDER = ROOT / "docs" / "servers"
# The recipes of links of kind external, by server.
MODULES = {"prosody": "shim/prosody", "ejabberd": "shim/ejabberd"}
DOMAIN = "example.com"
RESOLVER = "192.0.2.53"
RESOLV_CONF = "/etc/dna-gateway/resolv.conf"
BRIDGE_FOLDER = "/var/lib/dna-gateway/bridge"
SERVER_CA = "/etc/ssl/certs/ca-certificates.crt"
PROSODY_TRUST = "/etc/prosody/bridge-ca.pem"
EJABBERD_TRUST = "/etc/ejabberd/bridge-ca.pem"
SECRET = "/etc/dna-gateway/main.secret"
PROSODY_MODULES = "/usr/local/share/dna-gateway/prosody"
PROSODY_ENABLED = "...;"
PROSODY_SECRET = "/etc/prosody/s2s-gateway.secret"
EJABBERD_SECRET = "/etc/ejabberd/s2s-gateway.secret"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_SECTION = re.compile(r'^(link|host) "([^"]*)" (?:\{[^\n]*\}|\{\n.*?\n\})$', re.M | re.S)
_BIND = re.compile(r"^BindReadOnlyPaths=([^:\n]+):([^:\n]+)$", re.M)


def block(name, language):
    """The block in LANGUAGE of docs/servers/NAME.md or, where NAME is a folder, of its
    README."""
    page = ROOT / name / "README.md" if "/" in name else FOLDER / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    found = [body for named, body in _BLOCK.findall(text) if named == language]
    if len(found) != 1:
        raise LabError(f"{page.relative_to(ROOT)} has {len(found)} blocks in {language}")
    return found[0]


def put(text, **names):
    """TEXT with names of the recipe replaced: put(text, RESOLVER="192.0.2.1")."""
    for name, value in names.items():
        own = globals()[name]
        if own not in text:
            raise LabError(f"a recipe does not name {own} any more")
        text = text.replace(own, str(value))
    return text


def sections(server, kind):
    """The gateway's sections of that KIND ("link" or "host"), with their titles: a list of
    (title, text)."""
    text = block(server, "conf")
    return [(match[2], match[0]) for match in _SECTION.finditer(text) if match[1] == kind]


def link(server, **names):
    """The section of the gateway's one link, with NAMES put in."""
    ((_, text),) = sections(server, "link")
    return put(text, **names)


def setting(server, name):
    """The line with a setting of the gateway's that stands in no section."""
    found = re.findall(rf"^{name} = .*$", block(server, "conf"), re.M)
    if len(found) != 1:
        raise LabError(f"the recipe {server} sets {name} {len(found)} times")
    return found[0]


def host(server, domain):
    """The section of a hosted domain."""
    ((_, text),) = sections(server, "host")
    return put(text, DOMAIN=domain)


def mounts(server, directory):
    """The files that the recipe's unit puts in the place of others, made in DIRECTORY:
    a list of (file, place)."""
    pairs = _BIND.findall(put(block(server, "ini"), RESOLV_CONF=directory / "resolv.conf"))
    (directory / "resolv.conf").write_text(block(server, "text"), encoding="ascii")
    return pairs
