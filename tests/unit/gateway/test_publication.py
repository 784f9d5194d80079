#!/usr/bin/env python3
"""dna-gateway's publication folder, read through nginx by the tool and by another gateway, and
the options that say which policy applies.

usage: test_publication.py DNA_GATEWAY DNA
"""

import hashlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

TOOL = sys.argv.pop(2) if len(sys.argv) > 2 else "dna"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from test_program import PATIENCE, PROGRAM, Provider, World, free_port

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shim",
                       "gateway", "nginx-publication.conf")
TYPES = {".well-known/posh/xmpp-server.json": "application/json",
         ".well-known/host-meta.json": "application/json",
         ".well-known/service/xmpp-server": "application/json",
         ".well-known/xmpp-sts.txt": "text/plain",
         "xmpp-sts.zone": "text/plain",
         "dnssec-ta/a.dna.cert": "application/x-pem-file",
         "index.json": "application/json",
         "index.html": "text/html"}
POSH = ".well-known/posh/xmpp-server.json"


class Publisher(Provider):
    more_text = ""

    def text(self, world, number):
        path = os.path.join(world.directory, "")
        return super().text(world, number) + self.more_text + f'''
publication {{
  folder = "{path}publish"
  url = "https://hosting.example"
  next-certificate = "{path}next.pem"
  targets = {{ "xmpp.p1.dna" }}
  direct-targets = {{ "xmpp.p1.dna@5270" }}
  host-meta-links = {{ "xmpp.p1.dna=192.0.2.1,2001:db8::1" }}
  sts-mode = "testing"
  dnssec-ta-folder = "{path}ta"
}}
'''


class Web:
    """nginx with the example's lines.  tls: address and certificate's name, or plain HTTP."""

    def __init__(self, world, address, port, certificate=None):
        state = world.file("nginx")
        os.mkdir(state, 0o755)
        with open(EXAMPLE, encoding="ascii") as lines:
            example = lines.read()
        root = "/var/lib/dna-gateway/publish/current"
        assert root in example
        tls = (f"ssl_certificate {world.file(certificate)}.pem;\n"
               f"ssl_certificate_key {world.file(certificate)}.key;\n") if certificate else ""
        config = os.path.join(state, "nginx.conf")
        with open(config, "w", encoding="ascii") as out:
            out.write(f"""daemon off; worker_processes 1; pid {state}/pid; error_log stderr;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 64; }}
http {{
access_log off; types {{ text/html html; }} default_type application/octet-stream;
client_body_temp_path {state}/b; proxy_temp_path {state}/p; fastcgi_temp_path {state}/f;
uwsgi_temp_path {state}/u; scgi_temp_path {state}/s;
server {{ listen {address}:{port}{" ssl" if certificate else ""}; {tls}
{example.replace(root, world.file("publish") + "/current")} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-p", state, "-c", config],
                                        stderr=subprocess.PIPE)
        self.url = f"http://{address}:{port}/"
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((address, port), PATIENCE).close()
                return
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > end:
                    self.close()
                    raise
                time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.communicate()


class Publication(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.certify("next", ["next.example"])
        os.mkdir(self.world.file("ta"))
        with open(self.world.file("ta/a.dna.pem"), "wb") as out:
            for name in ("ca.key", "ca.pem"):     # a careless operator's
                with open(self.world.file(name), "rb") as part:
                    out.write(part.read())
        self.gateway = Publisher(self.world, 1, ["a.dna"])
        self.world.providers.append(self.gateway)
        self.folder = self.world.file("publish")

    def serve(self):
        web = Web(self.world, "127.0.0.1", free_port("127.0.0.1"))
        self.addCleanup(web.close)
        return web.url

    def fetch(self, path):
        with urllib.request.urlopen(self.web + path) as answer:
            self.assertEqual(answer.headers["Content-Type"], TYPES[path])
            return answer.read()

    def tool(self, status, *words, text):
        done = subprocess.run([TOOL, *words], input=text, capture_output=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def files(self):
        for folder, _, names in os.walk(os.path.join(self.folder, "current")):
            yield folder, stat.S_IFDIR
            for name in names:
                yield os.path.join(folder, name), stat.S_IFREG

    def test_what_is_published(self):
        os.umask(0o077)
        self.addCleanup(os.umask, 0o022)
        self.gateway.start()
        self.assertTrue(self.gateway.logs("published", "files=8"))
        self.web = self.serve()
        posh = self.fetch(POSH)
        for pair, status in (("p1", 0), ("next", 0), ("ca", 1)):
            self.tool(status, "posh", "-", "--cert", self.world.file(f"{pair}.pem"), text=posh)
        self.tool(0, "host-meta", "-", "--cert", self.world.file("p1.pem"),
                  text=self.fetch(".well-known/host-meta.json"))
        self.tool(0, "delegation", "-", text=self.fetch(".well-known/service/xmpp-server"))
        self.tool(0, "sts", "policy", "-", "--match", "xmpp.p1.dna",
                  text=self.fetch(".well-known/xmpp-sts.txt"))
        with open(self.world.file("ca.pem"), "rb") as ca:
            self.assertEqual(self.fetch("dnssec-ta/a.dna.cert").strip(), ca.read().strip())
        index = json.loads(self.fetch("index.json"))
        self.assertEqual(index["url"], "https://hosting.example")
        self.assertEqual({entry["path"] for entry in index["files"]} | {"index.json",
                                                                       "index.html"},
                         set(TYPES))
        # The record's id is that of the policy.
        policy = hashlib.sha256(self.fetch(".well-known/xmpp-sts.txt")).hexdigest()[:32]
        self.assertEqual(index["sts-id"], policy)
        record = f"v=XSTSv1; id={policy};"
        self.assertEqual(self.fetch("xmpp-sts.zone").decode(),
                         f'_xmpp-sts 3600 IN TXT "{record}"\n')
        self.tool(0, "sts", "record", record, text=b"")
        for entry in index["files"]:
            self.assertTrue(self.fetch(entry["path"]))
            self.assertIn(entry["path"].encode(), self.fetch("index.html"))
        # Whatever the umask is, a web server can read all of it, and no key is in it.
        for path, kind in self.files():
            mode = os.stat(path).st_mode
            self.assertEqual((stat.S_IFMT(mode), stat.S_IMODE(mode)),
                             (kind, 0o755 if kind == stat.S_IFDIR else 0o644), path)
            if kind == stat.S_IFREG:
                with open(path, "rb") as file:
                    self.assertNotIn(b"PRIVATE", file.read())

    def test_rotation(self):
        self.gateway.start()
        self.assertTrue(self.gateway.logs("published"))
        self.web = self.serve()
        current = os.path.join(self.folder, "current")
        first = os.readlink(current)
        torn, done = [], threading.Event()

        def read():
            while not done.is_set():
                try:
                    posh = json.loads(self.fetch(POSH))
                    self.assertEqual(len(posh["fingerprints"]), 2)
                    self.assertTrue(self.fetch("index.html").endswith(b"</html>\n"))
                except (AssertionError, OSError, ValueError) as error:
                    torn.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            for name in ("one", "two", "three", "four"):
                self.world.certify(name, ["xmpp.p1.dna", "a.dna"])
                for end in ("key", "pem"):
                    os.replace(self.world.file(f"{name}.{end}"), self.world.file(f"p1.{end}"))
                seen = len(self.gateway.log("published"))
                self.gateway.process.send_signal(signal.SIGHUP)
                with self.gateway.more:
                    self.assertTrue(self.gateway.more.wait_for(
                        lambda: len(self.gateway.log("published")) > seen, 30))
        finally:
            done.set()
            reader.join()
        self.assertEqual(torn, [])
        self.assertNotEqual(os.readlink(current), first)
        for pair, status in (("p1", 0), ("next", 0), ("ca", 1)):
            self.tool(status, "posh", "-", "--cert", self.world.file(f"{pair}.pem"),
                      text=self.fetch(POSH))
        versions = [name for name in os.listdir(self.folder) if name.startswith("version-")]
        self.assertEqual(len(versions), 2)
        # What has not changed is not written again.
        last = os.readlink(current)
        self.gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.gateway.logs("reloaded"))
        self.gateway.stop()
        self.assertEqual(os.readlink(current), last)

    def test_the_id_changes_with_the_policy(self):
        self.gateway.start()
        self.assertTrue(self.gateway.logs("published"))
        self.web = self.serve()
        first = json.loads(self.fetch("index.json"))["sts-id"]
        with open(self.gateway.config, encoding="ascii") as config:
            text = config.read()
        for change, same in ((("p1.dna=192.0.2.1", "p1.dna=192.0.2.2"), True),
                             (('"testing"', '"enforce"'), False)):
            seen = len(self.gateway.log("published"))
            text = text.replace(*change)
            with open(self.gateway.config + ".new", "w", encoding="ascii") as config:
                config.write(text)
            os.rename(self.gateway.config + ".new", self.gateway.config)
            with self.gateway.more:
                self.assertTrue(self.gateway.more.wait_for(
                    lambda: len(self.gateway.log("published")) > seen, PATIENCE))
            self.assertEqual(json.loads(self.fetch("index.json"))["sts-id"] == first, same)

    def test_what_cannot_be_written(self):
        with open(self.folder, "w", encoding="ascii"):
            pass
        os.remove(self.world.file("next.pem"))
        self.gateway.start()
        self.assertTrue(self.gateway.logs("not-published", "next.pem", "No such file"))
        self.assertTrue(self.gateway.logs("not-published", f"file={self.folder} ", "remedy="))
        os.remove(self.folder)
        self.gateway.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.gateway.logs("published", "files=8"))

    def test_a_half_version_is_mended(self):
        self.gateway.start()
        self.assertTrue(self.gateway.logs("published"))
        self.gateway.stop()
        with open(os.path.join(self.folder, "current", POSH), "w", encoding="ascii"):
            pass
        again = Publisher(self.world, 1, ["a.dna"])
        self.addCleanup(again.close)
        again.start()
        self.assertTrue(again.logs("published"))
        self.web = self.serve()
        self.tool(0, "posh", "-", "--cert", self.world.file("p1.pem"), text=self.fetch(POSH))


class Verified(Provider):
    """Behind its domains is a gateway whose certificate names none of them."""

    def text(self, world, number):
        world.certify(self.name, [f"xmpp.{self.name}.dna"])
        path = os.path.join(world.directory, "")
        return super().text(world, number) + f'''
publication {{
  folder = "{path}publish"
  targets = {{ "xmpp.{self.name}.dna@{self.public[1]}" }}
  host-meta-links = {{ "xmpp.{self.name}.dna@{self.public[1]}={self.public[0]}" }}
  sts-mode = "enforce"
}}
'''


@unittest.skipIf(os.getuid() != 0, "needs root, for port 443")
class Verifiers(unittest.TestCase):
    """Another gateway believes what the web server gives out of the folder, and that alone."""

    DOMAINS = {"posh": "posh.dna", "host-meta": "meta.dna", "service-delegation": "service.dna",
               "sts": "sts.dna"}

    @staticmethod
    def address():
        """One whose port 443 is free: other tests may run beside this one."""
        for number in range(100, 250):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((f"127.0.10.{number}", 443))
                    return f"127.0.10.{number}"
                except OSError:
                    pass
        raise AssertionError("no port 443")

    def test_each_document_proves(self):
        place = self.address()
        world = World()
        self.addCleanup(world.close)
        one = world.provider("a1.dna")
        two = Verified(world, 2, ["early.dna", *self.DOMAINS.values()])
        world.providers.append(two)
        with open(one.config, "a", encoding="ascii") as config:
            config.write('policy "early.dna" { prooftypes = { posh } }\n')
            for name, domain in self.DOMAINS.items():
                config.write(f'policy "{domain}" {{ prooftypes = {{ "{name}" }} }}\n')
        sites = ["early.dna", *self.DOMAINS.values(), "xmpp-sts.sts.dna"]
        world.certify("web", sites)
        for site in sites:
            world.names.a[site] = place
        two.start()
        self.assertTrue(two.logs("published"))
        with open(world.file("publish/current/xmpp-sts.zone"), encoding="ascii") as zone:
            world.names.txt["_xmpp-sts.sts.dna"] = zone.read().split('"')[1]
        one.start()
        one.server.send("a1.dna", "early.dna", "too early")
        self.assertEqual(one.server.get()[0], "error")
        web = Web(world, place, 443, "web")
        self.addCleanup(web.close)
        for name, domain in self.DOMAINS.items():
            one.server.send("a1.dna", domain, name)
            kind, _, _, ident, text = two.server.get()
            self.assertEqual((kind, ident), ("chat", name), text)
            self.assertTrue(one.logs("ruling", f" domain={domain} ", "ruling=PROVEN", name))


class Policies(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.gateway = self.world.provider("a.dna")
        with open(self.gateway.config, "a", encoding="ascii") as config:
            config.write('''policy "*" { observe = strong }
policy ".example" { level = dialback until = "2999-12-31" }
policy "old.example" { level = refuse until = "2001-01-01" }
policy ".b.example" { level = strong report-only = true }
policy "pin.example" { level = pin pins = { "''' + "ab" * 32 + '''" } }
''')
        with open(self.gateway.config, encoding="ascii") as config:
            self.first = config.read().split("\n").index('policy "*" { observe = strong }') + 1

    def call(self, *words):
        done = subprocess.run([PROGRAM, "-c", self.gateway.config, *words],
                              capture_output=True, encoding="utf-8", check=False)
        return done.returncode, done.stdout, done.stderr

    def shown(self, domain):
        status, out, errors = self.call("--policy-for", domain)
        self.assertEqual((status, errors), (0, ""))
        return out

    def place(self, pattern, number):
        return f'from: policy "{pattern}", {self.gateway.config}:{self.first + number}\n'

    def test_policy_for(self):
        out = self.shown("example")        # the apex of a suffix is not below it
        self.assertIn("enforced: proof\n  " + self.place("*", 0), out)
        self.assertIn("observed: strong\n  " + self.place("*", 0), out)
        out = self.shown("A.Example")
        self.assertIn("domain: a.example\nenforced: dialback\n  " + self.place(".example", 1),
                      out)
        self.assertIn("until: 2999-12-31\n", out)
        self.assertIn("observed: nothing\n", out)
        self.assertIn("enforced: dialback\n", self.shown("old.example"))
        out = self.shown("a.b.example")
        self.assertIn("enforced: dialback\n  " + self.place(".example", 1), out)
        self.assertIn("observed: strong\n  " + self.place(".b.example", 3), out)
        self.assertIn("pin: " + "ab" * 32 + "\n", self.shown("pin.example"))
        status, out, errors = self.call("--policy-for", "no domain")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("is no domain", errors)

    def test_a_map_of_policies(self):
        peers = self.world.file("peers")
        with open(peers, "w", encoding="ascii") as rows:
            rows.write("# customers of ours\n.b.example refuse until=2999-01-01\n"
                       "c.example dialback\n")
        with open(self.gateway.config, encoding="ascii") as config:
            text = config.read()
        with open(self.gateway.config, "w", encoding="ascii") as config:
            config.write(f'policy-map-file = {{ "{peers}" }} '
                         + text.replace('policy ".b.example"', 'policy ".d.example"'))
        self.assertIn(f'enforced: refuse\n  from: policy ".b.example", {peers}:2\n'
                      '  until: 2999-01-01\n', self.shown("a.b.example"))
        self.assertIn(f'enforced: dialback\n  from: policy "c.example", {peers}:3\n',
                      self.shown("c.example"))
        self.assertIn("enforced: dialback\n  " + self.place(".example", 1),
                      self.shown("e.example"))
        self.gateway.start()
        with open(peers, "w", encoding="ascii") as rows:
            rows.write("c.example diallback\n")
        self.assertTrue(self.gateway.logs("not-reloaded", f"{peers}:1: level: "))

    def test_an_exception_that_is_over(self):
        status, _, errors = self.call("--check")
        self.assertEqual(status, 0)
        self.assertEqual(errors, f'{self.gateway.config}:{self.first + 2}: warning: policy '
                                 '"old.example": has ended, and applies no more; remove it, or '
                                 'set a later until\n')
        self.gateway.start()
        self.assertTrue(self.gateway.logs("policy-ended", "policy=old.example"))
        self.gateway.process.send_signal(signal.SIGUSR1)
        self.assertTrue(self.gateway.logs("would-refuse-in-all", "domains=0"))
        self.assertEqual(self.gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
