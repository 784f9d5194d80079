"""jabberd2 as Debian ships it: four daemons, each with its file of /etc/jabberd2.

The lab's copies of these files differ from Debian's in the names of the domains, in where
they keep their state, and in the section that the recipe replaces.
"""

import gzip
import pathlib
import sqlite3
import time
import xml.etree.ElementTree as ElementTree

from . import recipe
from .process import LabError
from .xmpp import C2S, LOOPBACK, PASSWORD, S2S, Server

STOCK = pathlib.Path("/etc/jabberd2")
SCHEMA = pathlib.Path("/usr/share/doc/jabberd2/db-setup.sqlite.gz")
ROUTER = 5347


class Jabberd(Server):
    NAME, USER = "jabberd2", "jabber"

    def __init__(self, machine, domains, alone=None, link=None):
        if link is not None:
            raise LabError("jabberd2 can do plain links only")
        super().__init__(machine, domains, alone)
        if not SCHEMA.exists():
            raise LabError(f"there is no {SCHEMA}: is jabberd2 installed without its "
                           "documentation?")
        self.database = self.state / "sqlite.db"
        with sqlite3.connect(self.database) as made:
            made.executescript(gzip.decompress(SCHEMA.read_bytes()).decode())
        made.close()
        for path in self.state.iterdir():
            self.give(path)
        for part in ("router", "sm", "c2s", "s2s"):
            self._configure(part)

    def _configure(self, part):
        tree = ElementTree.parse(STOCK / f"{part}.xml")
        root = tree.getroot()
        root.find("pidfile").text = str(self.state / f"{part}.pid")
        root.find("log").set("type", "stdout")
        for name in root.iter("dbname"):
            name.text = str(self.database)
        local = root.find("local")
        if part == "router":
            local.find("ip").text = LOOPBACK
        elif part == "s2s":
            root[list(root).index(local)] = self._s2s_local()
        else:
            self._name_domains(local)
        if part == "c2s":
            local.find("ip").text = LOOPBACK
        tree.write(self._file(part))

    def _name_domains(self, local):
        stock = local.find("id")
        local.remove(stock)
        for domain in self.domains:
            ElementTree.SubElement(local, "id", stock.attrib).text = domain

    def _s2s_local(self):
        if self.alone is None:
            return ElementTree.fromstring(recipe.block(self.NAME, "xml"))
        local = ElementTree.Element("local")
        for name, value in (("ip", self.address), ("port", S2S), ("pemfile", self.pem()),
                            ("cachain", self.alone.authority)):
            ElementTree.SubElement(local, name).text = str(value)
        return local

    def _file(self, part):
        return self.machine.directory / f"jabberd2-{part}.xml"

    def register(self, user, domain):
        with sqlite3.connect(self.database) as store:
            store.execute('INSERT INTO "authreg" VALUES (?, ?, ?)', (user, domain, PASSWORD))
            store.execute('INSERT INTO "active" ("collection-owner", "time") VALUES (?, ?)',
                          (f"{user}@{domain}", int(time.time())))
        store.close()

    def start(self):
        """The daemon that speaks to other servers."""
        self.machine.wait_for_port(self._start("router"), LOOPBACK, ROUTER)
        self._start("sm")
        self.machine.wait_for_port(self._start("c2s"), LOOPBACK, C2S)
        return self.wait(self._start("s2s"))

    def _start(self, part):
        return self.run(f"jabberd2-{part}", [f"/usr/sbin/jabberd2-{part}", "-c",
                                             self._file(part)], self.mounts())

    def fetch(self, daemon, url):
        """What URL gives where the server runs.  It has no HTTP client of its own: another
        program asks, with the same resolver, in the same place."""
        return self.machine.beside(daemon, [
            "/usr/bin/python3", "-c", "import sys, urllib.request as r; "
            "print(r.urlopen(sys.argv[1]).read().decode())", url]).strip()
