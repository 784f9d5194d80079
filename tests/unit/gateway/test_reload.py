#!/usr/bin/env python3
"""dna-gateway while its configuration changes: what is new serves, what is gone does not, and
nothing else notices.

usage: test_reload.py DNA_GATEWAY
"""

import os
import re
import shutil
import signal
import socket
import ssl
import time
import unittest

import test_program
from test_program import HEADER, PATIENCE, World, read_until

STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


def served(address, domain):
    """The certificate, DER, that the public side presents for a stream to domain."""
    with socket.create_connection(address, PATIENCE) as stream:
        stream.sendall(HEADER.format("probe.dna", domain, "").encode())
        read_until(stream, "</stream:features>")
        stream.sendall(STARTTLS.encode())
        read_until(stream, "<proceed")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with context.wrap_socket(stream, server_hostname=domain) as tls:
            return tls.getpeercert(binary_form=True)


def der_of(file):
    with open(file, encoding="ascii") as pem:
        text = pem.read()
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(text[:text.index(end) + len(end)] + "\n")


def replace(file, text):
    """As editors do: a new file takes the old one's name."""
    with open(file + ".new", "w", encoding="ascii") as new:
        new.write(text)
    os.rename(file + ".new", file)


class Changing(unittest.TestCase):
    """Two gateways; the configuration of the second one changes."""

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.one = self.world.provider("a1.dna", "a2.dna")
        self.two = self.world.provider("b1.dna", "b2.dna")
        self.map = self.world.file("customers")
        replace(self.map, "# nobody yet\n")
        with open(self.two.config, encoding="ascii") as file:
            self.text = f'map-file = {{ "{self.map}" }}\n' + file.read()
        replace(self.two.config, self.text)
        host = "xmpp.p2.dna"
        self.world.certify("p2", [host, "b1.dna", "b2.dna", "b3.dna", "muc.b3.dna"])
        for name in ("b3.dna", "muc.b3.dna"):
            self.world.names.srv[f"_xmpp-server._tcp.{name}"] = (host, self.two.public[1])
        self.one.start()
        self.two.start()
        self.passes("b1.dna", "first")

    def passes(self, target, ident):
        self.one.server.send("a1.dna", target, ident)
        kind, _, _, got, text = self.two.server.get()
        self.assertEqual(got, ident, text)
        self.assertNotEqual(kind, "error", text)

    def returns(self, target, ident):
        self.one.server.send("a1.dna", target, ident)
        kind, sender, _, got, text = self.one.server.get()
        self.assertEqual((kind, sender, got), ("error", f"user@{target}", ident), text)
        return text

    def awaits(self, what, found):
        """Until found() is true: there is no moment at which it has to be."""
        end = time.monotonic() + PATIENCE
        while not found():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)

    def reloads(self, change):
        before = len(self.two.log("reloaded"))
        change()
        self.awaits("no reloaded line: " + "".join(self.two.lines[-5:]),
                    lambda: len(self.two.log("reloaded")) > before)

    def closed(self):
        return [line for line in self.two.log("stream-closed") if "role=receiving" in line]


class Reloads(Changing):
    def test_a_customer_comes_and_goes(self):
        self.reloads(lambda: replace(self.map, "b3.dna muc. link=main\n"))
        self.passes("b3.dna", "new")
        self.passes("muc.b3.dna", "component")
        self.passes("b1.dna", "old stream")
        ended = self.closed()
        self.reloads(lambda: replace(self.map, "# gone again\n"))
        self.assertIn("hosts-removed=2", self.two.log("reloaded")[-1])
        self.returns("b3.dna", "late")
        self.passes("b1.dna", "untouched")
        self.assertEqual([line for line in self.closed() if line not in ended
                          and "own=b1.dna" in line], [])

    def test_by_a_signal(self):
        replace(self.map, "b3.dna link=main\n")
        self.reloads(lambda: self.two.process.send_signal(signal.SIGHUP))
        self.passes("b3.dna", "new")
        self.passes("b1.dna", "old stream")

    def test_a_section_goes(self):
        less = self.text.replace('host "b2.dna" { link = "main" }\n', "")
        self.passes("b2.dna", "while it lasts")
        self.reloads(lambda: replace(self.two.config, less))
        self.returns("b2.dna", "late")
        self.passes("b1.dna", "untouched")

    def test_the_domains_of_the_other_side_stay(self):
        self.reloads(lambda: replace(self.map, "b3.dna link=main\n"))
        self.two.server.send("b3.dna", "a2.dna", "from the new one")
        self.assertEqual(self.one.server.get()[3], "from the new one")
        self.two.server.send("b1.dna", "a1.dna", "from the old one")
        self.assertEqual(self.one.server.get()[3], "from the old one")

    def test_a_bad_one_changes_nothing(self):
        for text, reason in ((self.text + "log { lever = info }\n", "lever"),
                             (self.text.replace("p2.key", "p1.key"), "does not belong"),
                             (self.text.replace("ca.pem", "no.pem"), "no.pem")):
            replace(self.two.config, text)
            self.assertTrue(self.two.logs("not-reloaded", reason), self.two.lines[-5:])
            self.passes("b1.dna", "still")
            self.passes("b2.dna", "still")
        replace(self.map, "b3.dna link=nowhere\n")
        self.reloads(lambda: (replace(self.map, "b3.dna link=main\n"),
                              replace(self.two.config, self.text)))
        self.passes("b3.dna", "at last")

    def test_what_needs_a_restart_is_named(self):
        other = self.text.replace('"127.0.10.0/24"', '"127.0.10.0/24", "127.0.99.0/24"')
        self.reloads(lambda: replace(self.two.config, other))
        self.assertTrue(self.two.logs("needs-restart", "address-guard.allow"))
        self.passes("b1.dna", "goes on")

    def test_listeners_come_and_go(self):
        port = test_program.free_port("127.0.10.7")
        more = self.text.replace('listen = { "', f'listen = {{ "127.0.10.7@{port}", "')
        self.reloads(lambda: replace(self.two.config, more))
        served(("127.0.10.7", port), "b1.dna")
        self.reloads(lambda: replace(self.two.config, self.text))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.10.7", port), PATIENCE)
        self.passes("b1.dna", "old stream")

    def test_a_link_on_other_terms_loses_its_streams(self):
        other = self.text.replace('user = "root"', "trust-loopback = true")
        self.reloads(lambda: replace(self.two.config, other))
        self.assertTrue(self.two.logs("stream-closed", "role=initiating", "peer=b1.dna"))
        self.two.server.streams.clear()
        self.passes("b1.dna", "by a new stream")

    def test_authorities_change(self):
        """Who proves nothing under the new ones is refused, on the stream that is there."""
        shutil.copy(self.world.file("ca.pem"), self.world.file("old.pem"))
        os.mkdir(self.world.file("other"))
        test_program.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                         self.world.file("other/ca.key"), "-out",
                         self.world.file("other/ca.pem"), "-days", "30", "-subj", "/CN=other")
        other = self.text.replace("ca.pem", "other/ca.pem", 1)
        self.reloads(lambda: replace(self.two.config, other))
        self.assertTrue(self.two.logs("ruling", "domain=a1.dna", "ruling=TEMPFAIL"))
        self.one.server.send("a1.dna", "b1.dna", "not any more")
        self.assertEqual(self.one.server.get()[0], "error")


class ManyCustomers(Changing):
    """Of two thousand in a map one is added, given a certificate of its own, moved to another
    link and removed: every stream but that one's stays what it was."""

    MANY = 2000

    def setUp(self):
        super().setUp()
        link = ("127.0.11.3", test_program.free_port("127.0.11.3"))
        self.other = test_program.Server("127.0.12.3", link)
        self.addCleanup(self.other.close)
        self.customers = "".join(f"c{number}.many.dna link=main\n"
                                 for number in range(self.MANY))
        replace(self.two.config, self.text + f'''link "other" {{
  listen = "{link[0]}@{link[1]}"
  server = "127.0.12.3@{self.other.port}"
  user = "root"
}}
''')
        self.maps("", "hosts-added", self.MANY)

    def total(self, field):
        return sum(int(re.search(rf" {field}=(\d+)", line)[1])
                   for line in self.two.log("reloaded"))

    def maps(self, row, field, number):
        """By a signal, unless the watch on the file came first."""
        before = self.total(field)
        replace(self.map, self.customers + row)
        self.two.process.send_signal(signal.SIGHUP)
        self.awaits(f"{row}{field}: " + "".join(self.two.lines[-5:]),
                    lambda: self.total(field) == before + number)

    def streams(self):
        """The numbers of those that are there."""
        numbers = [{re.search(r" number=(\d+) ", line)[1] for line in self.two.log(event)}
                   for event in ("stream-opened", "stream-closed")]
        return numbers[0] - numbers[1]

    def test_one_of_them_changes(self):
        self.passes("b2.dna", "before")
        # The public one and two to the server, which ends others when it has asked about a key.
        self.awaits("three streams", lambda: len(self.streams()) == 3)
        there = self.streams()
        self.maps("b3.dna link=main\n", "hosts-added", 1)
        self.passes("b3.dna", "new")
        self.world.certify("own", ["b3.dna"])
        own = self.world.file("own")
        rekeyed = f"certificate={own}.pem key={own}.key\n"
        self.maps(f"b3.dna link=main {rekeyed}", "hosts-changed", 0)
        self.awaits("its own certificate",
                    lambda: served(self.two.public, "b3.dna") == der_of(f"{own}.pem"))
        self.passes("b3.dna", "on the stream of before")
        self.maps(f"b3.dna link=other {rekeyed}", "hosts-changed", 1)
        self.one.server.send("a1.dna", "b3.dna", "moved")
        self.assertEqual(self.other.get()[3], "moved")
        self.maps("", "hosts-removed", 1)
        self.returns("b3.dna", "late")
        standard = der_of(self.world.file("p2.pem"))
        for number in (0, self.MANY - 1):
            self.assertEqual(served(self.two.public, f"c{number}.many.dna"), standard)
        self.awaits("the same three", lambda: self.streams() == there)
        opened = len(self.two.log("stream-opened"))
        for target in ("b1.dna", "b2.dna"):
            self.passes(target, "untouched")
        self.assertEqual(len(self.two.log("stream-opened")), opened)
        self.assertEqual((self.total("hosts-added"), self.total("hosts-removed"),
                          self.total("hosts-changed")), (self.MANY + 1, 1, 1))


class Certificates(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.two = self.world.provider("b1.dna", "b2.dna", "b3.dna")
        self.folder = self.world.file("acme")
        os.mkdir(self.folder)
        with open(self.two.config, encoding="ascii") as file:
            text = file.read()
        self.text = text.replace("public {", f'public {{\n  certificate-folder = "'
                                 f'{self.folder}"')
        replace(self.two.config, self.text)
        self.two.start()
        self.standard = der_of(self.world.file("p1.pem"))

    def get(self, domain):
        return served(self.two.public, domain)

    def becomes(self, domain, pem):
        end = time.monotonic() + PATIENCE
        wanted = der_of(pem)
        while self.get(domain) != wanted:
            self.assertLess(time.monotonic(), end, "".join(self.two.lines[-5:]))
            time.sleep(0.1)

    def put(self, source, certificate, key):
        for suffix, name in (("pem", certificate), ("key", key)):
            target = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(self.world.file(f"{source}.{suffix}"), target)

    def test_what_clients_drop(self):
        self.assertEqual(self.get("b1.dna"), self.standard)
        for number, files in enumerate((
                ("b1.dna/fullchain.pem", "b1.dna/privkey.pem"),
                ("b1.dna.crt", "b1.dna.key"),
                ("b1.dna_ecc/fullchain.cer", "b1.dna_ecc/b1.dna.key"),
                ("both.pem", "both.key"))):
            self.world.certify(f"c{number}", ["b1.dna"])
            self.put(f"c{number}", *files)
            self.becomes("b1.dna", self.world.file(f"c{number}.pem"))
            self.assertEqual(self.get("b2.dna"), self.standard)
            for name in os.listdir(self.folder):
                path = os.path.join(self.folder, name)
                (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
            self.becomes("b1.dna", self.world.file("p1.pem"))

    def test_a_wildcard(self):
        self.world.certify("wild", ["*.sub.dna", "b2.dna"])
        self.put("wild", "w/fullchain.pem", "w/privkey.pem")
        self.becomes("b2.dna", self.world.file("wild.pem"))
        self.assertEqual(self.get("b1.dna"), self.standard)

    def test_half_a_pair_waits(self):
        self.world.certify("old", ["b1.dna"])
        self.world.certify("new", ["b1.dna"])
        self.put("old", "b1.crt", "b1.key")
        self.becomes("b1.dna", self.world.file("old.pem"))
        shutil.copy(self.world.file("new.pem"), os.path.join(self.folder, "b1.crt"))
        self.assertTrue(self.two.logs("certificate", "does not belong"))
        self.assertEqual(self.get("b1.dna"), der_of(self.world.file("old.pem")))
        shutil.copy(self.world.file("new.key"), os.path.join(self.folder, "b1.key"))
        self.becomes("b1.dna", self.world.file("new.pem"))

    def test_links_are_swapped(self):
        """As certbot renews: live/ has links into archive/, and they are replaced in turn."""
        live = os.path.join(self.folder, "b1.dna")
        os.mkdir(live)

        def lead_to(name):
            for suffix, link in (("pem", "fullchain.pem"), ("key", "privkey.pem")):
                os.symlink(self.world.file(f"{name}.{suffix}"), os.path.join(live, "new"))
                os.rename(os.path.join(live, "new"), os.path.join(live, link))

        for name in ("one", "two"):
            self.world.certify(name, ["b1.dna"])
        for name in ("one", "two", "one"):
            lead_to(name)
            self.becomes("b1.dna", self.world.file(f"{name}.pem"))
            self.assertEqual(self.get("b2.dna"), self.standard)

    def test_a_new_certificate_of_the_provider(self):
        self.world.certify("later", ["b1.dna", "b2.dna"])
        with open(self.world.file("later.key"), encoding="ascii") as key:
            replace(self.world.file("p1.key"), key.read())
        with open(self.world.file("later.pem"), encoding="ascii") as chain:
            replace(self.world.file("p1.pem"), chain.read())
        self.becomes("b1.dna", self.world.file("later.pem"))

    def test_a_customers_own(self):
        self.world.certify("own", ["b3.dna"])
        own = self.text.replace(
            'host "b3.dna" { link = "main" }',
            f'host "b3.dna" {{ link = "main" certificate = "{self.world.file("own.pem")}" '
            f'key = "{self.world.file("own.key")}" }}')
        replace(self.two.config, own)
        self.becomes("b3.dna", self.world.file("own.pem"))
        self.assertEqual(self.get("b1.dna"), self.standard)


if __name__ == "__main__":
    unittest.main()
