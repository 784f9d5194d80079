"""dna dns: a signed root, an insecure zone and a bogus one, on a name server of our own."""
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import tool
from test_program import on_a_terminal

ROOT_ZONE = """\
$ORIGIN .
@ 300 IN SOA ns.nic. host.nic. 1 3600 600 86400 300
@ 300 IN NS ns.nic.
ns.nic. 300 IN A 127.0.0.1
_xmpp-server._tcp.good. 300 IN SRV 5 0 5269 xmpp.good.
_xmpp-server._tcp.good. 300 IN SRV 10 1 5270 b.good.
xmpp.good. 120 IN A 192.0.2.1
xmpp.good. 120 IN AAAA 2001:db8::1
_5269._tcp.xmpp.good. 300 IN TLSA 3 1 1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
texts.good. 300 IN TXT "v=XSTSv1; " "id=\\"1\\"\\027[31m;"
alias.good. 300 IN CNAME xmpp.good.
xn--bcher-kva.good. 300 IN A 192.0.2.7
plain. 300 IN NS ns.nic.
bogus. 300 IN NS ns.nic.
bogus. 300 IN DS 4711 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
"""
OTHER_ZONE = """\
$ORIGIN {0}.
@ 300 IN SOA ns.nic. host.nic. 1 3600 600 86400 300
@ 300 IN NS ns.nic.
a 300 IN A 192.0.2.2
"""
CONFIG = """\
server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  username: ""
  zonesdir: "{dir}"
  pidfile: "{dir}/pid"
  database: ""
  xfrdfile: "{dir}/xfrd"
  zonelistfile: "{dir}/zones"
  cookie-secret-file: "{dir}/cookies"
  server-count: 1
remote-control:
  control-enable: no
"""


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
            except OSError:
                continue


class Server:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.port = free_port()
        (self.dir / "root").write_text(ROOT_ZONE)
        config = CONFIG.format(port=self.port, dir=self.dir)
        for name, file in ((".", "root.signed"), ("plain", "plain"), ("bogus", "bogus")):
            config += f"zone:\n  name: {name}\n  zonefile: {file}\n"
            if name != ".":
                (self.dir / file).write_text(OTHER_ZONE.format(name))
        (self.dir / "conf").write_text(config)
        key = self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ".").strip()
        self.run("ldns-signzone", "-f", "root.signed", "root", key)
        self.anchor = self.dir / f"{key}.key"
        self.child = subprocess.Popen(["nsd", "-d", "-c", self.dir / "conf"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def run(self, *words):
        return subprocess.run(words, cwd=self.dir, check=True, capture_output=True,
                              text=True).stdout

    def wait(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("nsd does not listen")

    def close(self):
        self.child.terminate()
        self.child.wait()
        self.holder.cleanup()


@unittest.skipUnless(shutil.which("nsd") and shutil.which("ldns-signzone"),
                     "needs nsd and ldnsutils")
class Dns(tool.Case):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)

    def look(self, status, owner, kind, **members):
        return self.ask(status, "dns", owner, kind, "--resolver",
                        f"127.0.0.1@{self.server.port}", "--trust-anchor", self.server.anchor,
                        **members)

    def test_found(self):
        got = self.look(tool.ACCEPTED, "_xmpp-server._tcp.good", "SRV", outcome="found",
                        secure=True, why_bogus=None, ruling="VALID", type="SRV")
        self.assertEqual(sorted(got["records"]),
                         ["10 1 5270 b.good.", "5 0 5269 xmpp.good."])
        self.look(tool.ACCEPTED, "XMPP.good.", "a", records=["192.0.2.1"], secure=True,
                  name="xmpp.good")
        self.look(tool.ACCEPTED, "xmpp.good", "AAAA", records=["2001:db8::1"])
        self.look(tool.ACCEPTED, "b\u00fccher.good", "A", records=["192.0.2.7"])
        self.look(tool.ACCEPTED, "_5269._tcp.xmpp.good", "TLSA",
                  records=["3 1 1 " + bytes(range(32)).hex()])
        self.look(tool.ACCEPTED, "texts.good", "TXT",
                  records=['"v=XSTSv1; " "id=\\"1\\"\\027[31m;"'])
        self.look(tool.ACCEPTED, "alias.good", "A", records=["192.0.2.1"], aliased=True)
        got = self.look(tool.ACCEPTED, ".", "DNSKEY", secure=True)
        self.assertTrue(got["records"][0].startswith("257 3 13 "))

    def test_absent(self):
        for name in ("nobody.good", "xmpp.good"):
            self.look(tool.ACCEPTED, name, "SRV", outcome="absent", secure=True, records=[],
                      code="no-material", why_bogus=None)

    def test_insecure(self):
        self.look(tool.ACCEPTED, "a.plain", "A", outcome="found", secure=False,
                  records=["192.0.2.2"])
        self.look(tool.ACCEPTED, "b.plain", "A", outcome="absent", secure=False)

    def test_bogus(self):
        got = self.look(tool.REFUSED, "a.bogus", "A", outcome="bogus", secure=False,
                        ruling="INVALID", code="dns-bogus", records=[])
        self.assertTrue(got["why_bogus"])

    def test_failed(self):
        self.ask(tool.UNKNOWN, "dns", "xmpp.good", "A", "--resolver",
                 f"127.0.0.1@{free_port()}", "--trust-anchor", self.server.anchor,
                 outcome="failed", ruling="TEMPFAIL", code="dns-failed", secure=False)

    def test_progress(self):
        text = on_a_terminal("dns", "xmpp.good", "A", "--resolver",
                             f"127.0.0.1@{self.server.port}", "--trust-anchor",
                             self.server.anchor, stream="stderr")
        self.assertTrue(text.startswith(b"\r\x1b[Kasking for xmpp.good"), text)
        self.assertTrue(text.endswith(b"\r\x1b[K"), text)

    def test_another_root(self):
        other = self.dir / "other.key"
        other.write_text(self.server.anchor.read_text().replace("257 3 13 ", "257 3 13 AAAA"))
        got = self.ask(tool.REFUSED, "dns", "a.plain", "A", "--resolver",
                       f"127.0.0.1@{self.server.port}", "--trust-anchor", other)
        self.assertEqual((got["outcome"], got["secure"], got["records"]),
                         ("bogus", False, []))


class Use(tool.Case):
    def test_use(self):
        self.misuse("dns", "a.example", says="NAME TYPE is missing")
        self.misuse("dns", "a.example", "MX", says="is none of the types")
        for name in ("", "a..b", "a b", "_a_", "192.0.2.1", "[::1]", "_\x1b.a", "a" * 64,
                     "_a." * 90 + "b"):
            self.misuse("dns", name, "A", says="is not a name of the DNS")
        for server in ("localhost", "127.0.0.1@0", "127.0.0.1@", "127.0.0.1@65536",
                       "127.0.0.1:53", "@53", "[::1]@53"):
            self.misuse("dns", "a.example", "A", "--resolver", server,
                        says="--resolver needs ADDR or ADDR@PORT")
        self.misuse("dns", "a.example", "A", *["--resolver=127.0.0.1"] * 17,
                    says="more than 16 resolvers")
        self.misuse("dns", "a.example", "A", "--trust-anchor", self.dir / "none",
                    says="cannot be read")


tool.main()
