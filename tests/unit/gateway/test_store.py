#!/usr/bin/env python3
"""Two dna-gateways behind one name share a Redis server: one is killed, and the other carries on
with what the first had learned.

usage: test_store.py DNA_GATEWAY
"""
import base64
import errno
import hashlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

from test_program import PATIENCE, PROGRAM, Provider, World, free_port

WEB = "127.0.10.203"


class Redis:
    """Somebody else who can read from and write to the server."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.socket.makefile("rb")

    def answer(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return self.file.read(size + 2)[:-2] if size >= 0 else None
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        if kind == b"-":
            raise AssertionError(line)
        return rest

    def ask(self, *words):
        words = [word.encode() if isinstance(word, str) else word for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.answer()

    def records(self):
        """Key and bytes of each."""
        found = {key: self.ask("TYPE", key) for key in self.ask("KEYS", "mod_dna:*")}
        return {key: self.ask("GET", key) for key, kind in found.items() if kind == b"string"}

    def logged(self, part):
        """The last entry of the log about those whose key has part; all are in it, or None."""
        records = {value for key, value in self.records().items() if part in key}
        entries = [] if not records else [
            entry for key in self.ask("KEYS", "mod_dna:*:log")
            for entry in self.ask("XRANGE", key, "-", "+") if entry[1][3] in records]
        return entries[-1][0] if {e[1][3] for e in entries} == records != set() else None

    def readers_after(self, entry):
        """Yields those who ask for what comes after that entry, or a later one."""
        def number(ident):
            return tuple(int(part) for part in ident.split(b"-"))

        self.ask("MONITOR")
        while True:
            words = self.answer().split(b" ")
            if words[3] == b'"XREAD"' and number(words[-1].strip(b'"')) >= number(entry):
                yield words[2]

    def close(self):
        self.file.close()
        self.socket.close()


class Sharing(Provider):
    """A gateway with a store."""

    def text(self, world, number):
        return super().text(world, number) + world.store


class Web:
    """A domain's web server, with one document."""

    def __init__(self, world, domain, path, body):
        web = self
        self.asked = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked += 1
                found = self.path == path
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body) if found else 0))
                self.end_headers()
                self.wfile.write(body if found else b"")

            def log_message(self, *words):
                pass

        world.certify("web", [domain])
        world.names.a[domain] = WEB
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.file("web.pem"), world.file("web.key"))
        self.server = self.listen(Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def listen(handler):
        """The port is not ours to choose: another run of this test may have it for now."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return http.server.ThreadingHTTPServer((WEB, 443), handler)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Shared(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.port = free_port("127.0.0.1")
        with open(self.world.file("key"), "wb") as key:
            key.write(os.urandom(32))
        os.chmod(self.world.file("key"), 0o600)
        self.world.store = (f'store {{ kind = "redis" redis = "127.0.0.1@{self.port}" '
                            f'key-file = "{self.world.file("key")}" }}\n')
        self.redis = None
        self.addCleanup(self.end_redis)

    def start_redis(self):
        self.redis = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.world.directory], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        self.fail("no redis-server")

    def end_redis(self):
        if self.redis:
            self.redis.kill()
            self.redis.wait()

    def sharing(self, *domains):
        made = Sharing(self.world, len(self.world.providers) + 1, list(domains))
        self.world.providers.append(made)
        return made

    def again(self, sender):
        """Another gateway in the place of sender, with its certificate."""
        made = self.world.provider(*sender.domains)
        for end in (".pem", ".key"):
            shutil.copyfile(self.world.file(sender.name + end),
                            self.world.file(made.name + end))
        made.start()
        return made

    def test_one_is_killed_and_the_other_carries_on(self):
        self.start_redis()
        sender = self.world.provider("a1.dna")
        second = self.sharing("b1.dna")
        first = self.sharing("b1.dna")  # where the SRV record leads now
        for gateway in (sender, first, second):
            gateway.start()
        self.assertTrue(second.logs("store-up"))
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(first.server.get()[3], "m1")
        self.assertTrue(first.logs("ruling", " domain=a1.dna ", " ruling=PROVEN "))
        self.assertFalse(second.log("ruling"))
        self.wait_until_heard(2, b":3:a1.dna:")
        first.process.kill()
        first.process.wait()
        sender.stop()
        self.world.names.srv["_xmpp-server._tcp.b1.dna"] = ("xmpp.p2.dna", second.public[1])
        self.again(sender).server.send("a1.dna", "b1.dna", "m2")
        self.assertEqual(second.server.get()[3], "m2")
        self.assertTrue(second.logs("ruling", " domain=a1.dna ", " ruling=PROVEN ",
                                    'facts="1 (1 cached)"'), second.lines)

    def test_a_proof_whose_web_server_is_gone(self):
        self.start_redis()
        sender = self.world.provider("a1.dna")
        self.world.certify(sender.name, ["nobody.dna"])
        with open(self.world.file(sender.name + ".pem"), encoding="ascii") as pem:
            digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.read())).digest()
        web = Web(self.world, "a1.dna", "/.well-known/posh/xmpp-server.json", json.dumps(
            {"fingerprints": [{"sha-256": base64.b64encode(digest).decode()}],
             "expires": 86400}).encode())
        second, first = self.sharing("b1.dna"), self.sharing("b1.dna")
        for gateway in (sender, first, second):
            gateway.start()
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(first.server.get()[3], "m1")
        self.assertTrue(first.logs("ruling", " domain=a1.dna ", " ruling=PROVEN ",
                                   " prooftype=posh "))
        asked = web.asked
        self.assertGreater(asked, 0)
        self.wait_until_heard(2, b":3:a1.dna:")
        first.process.kill()
        first.process.wait()
        web.close()
        sender.stop()
        self.world.names.srv["_xmpp-server._tcp.b1.dna"] = ("xmpp.p2.dna", second.public[1])
        self.again(sender).server.send("a1.dna", "b1.dna", "m2")
        self.assertEqual(second.server.get()[3], "m2")
        self.assertTrue(second.logs("ruling", " domain=a1.dna ", " ruling=PROVEN ",
                                    " prooftype=posh ", 'facts="1 (1 cached)"'), second.lines)
        self.assertEqual(web.asked, asked)

    def test_a_server_that_lost_everything_is_told_again(self):
        """By the gateway that still knows; one that starts afterwards bars dialback, too."""
        self.start_redis()
        sender = self.world.provider("a1.dna")
        gateway = self.sharing("b1.dna")
        for one in (sender, gateway):
            one.start()
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(gateway.server.get()[3], "m1")
        self.assertTrue(gateway.logs("ruling", " domain=a1.dna ", " ruling=PROVEN "))
        self.end_redis()
        self.assertTrue(gateway.logs("store-down"))
        gateway.lines.clear()
        self.start_redis()
        self.assertTrue(gateway.logs("store-up"))
        self.wait_for(lambda: b":1:a1.dna:" in b" ".join(self.records()))
        self.assertIn("a1.dna no-dialback role=receiving ", self.listed(gateway))
        # Nor does it go unnoticed when nobody's connection breaks.
        gateway.lines.clear()
        redis = Redis(self.port)
        redis.ask("FLUSHALL")
        redis.close()
        self.assertTrue(gateway.logs("store-down", "gone"))
        self.wait_for(lambda: b":1:a1.dna:" in b" ".join(self.records()))

    def test_without_the_server(self):
        sender = self.world.provider("a1.dna")
        gateway = self.sharing("b1.dna")
        sender.start()
        gateway.start()
        self.assertTrue(gateway.logs("store-down", "refused"))
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(gateway.server.get()[3], "m1")
        self.start_redis()
        self.assertTrue(gateway.logs("store-up"))

    def test_a_key_that_is_not_only_ours(self):
        key = self.world.file("key")
        gateway = self.sharing("b1.dna")
        for change, why in ((lambda: os.chmod(key, 0o640), "mode to 0600"),
                            (lambda: os.chmod(key, 0o604), "mode to 0600"),
                            (lambda: os.chown(key, 65534, -1), "belongs to another user")):
            change()
            gateway.lines.clear()
            gateway.start()
            self.assertTrue(gateway.logs("store-none", why))
            gateway.stop()
            os.chmod(key, 0o600)

    def test_the_downgrade_memory_is_shared(self):
        """The other one is elsewhere, and was not even there when the first learned of it: the
        server alone tells it."""
        self.start_redis()
        sender = self.world.provider("a1.dna")
        first = self.sharing("b1.dna")
        for gateway in (sender, first):
            gateway.start()
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(first.server.get()[3], "m1")
        self.wait_for(lambda: b":1:a1.dna:" in b" ".join(self.records()))
        first.process.kill()
        first.process.wait()
        with open(self.world.file("key"), "rb") as here:
            with open(os.open(self.world.file("there"), os.O_WRONLY | os.O_CREAT, 0o600),
                      "wb") as there:
                there.write(here.read())
        self.world.store = self.world.store.replace(self.world.file("key"),
                                                    self.world.file("there"))
        second = self.sharing("b1.dna")
        second.start()
        self.assertTrue(second.logs("store-up"))
        self.assertIn("a1.dna no-dialback role=receiving ", self.listed(second))
        # It keeps that for itself: an empty server takes nothing along.
        second.process.kill()
        second.process.wait()
        self.end_redis()
        self.start_redis()
        self.assertIn("a1.dna no-dialback role=receiving ", self.listed(second))

    def records(self):
        redis = Redis(self.port)
        try:
            return redis.records()
        finally:
            redis.close()

    def wait_until_heard(self, gateways, part):
        """So many have read the log up to the records whose key has part."""
        redis = Redis(self.port)
        self.addCleanup(redis.close)
        self.wait_for(lambda: redis.logged(part))
        entry, readers = redis.logged(part), set()
        for reader in redis.readers_after(entry):
            readers.add(reader)
            if len(readers) == gateways:
                return

    def wait_for(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def listed(self, gateway):
        return subprocess.run([PROGRAM, "-c", gateway.config, "--memory", "a1.dna"],
                              check=True, capture_output=True, encoding="utf-8",
                              timeout=PATIENCE).stdout

    def test_a_file_outlives_the_process(self):
        self.world.store = f'store {{ file = "{self.world.file("store.db")}" }}\n'
        sender = self.world.provider("a1.dna")
        gateway = self.sharing("b1.dna")
        sender.start()
        gateway.start()
        sender.server.send("a1.dna", "b1.dna", "m1")
        self.assertEqual(gateway.server.get()[3], "m1")
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(sender.stop(), 0)
        self.assertEqual(os.stat(self.world.file("store.db.key")).st_mode & 0o777, 0o600)
        gateway.lines.clear()
        gateway.start()
        self.again(sender).server.send("a1.dna", "b1.dna", "m2")
        self.assertEqual(gateway.server.get()[3], "m2")
        self.assertTrue(gateway.logs("ruling", " domain=a1.dna ", 'facts="1 (1 cached)"'),
                        gateway.lines)


if __name__ == "__main__":
    unittest.main()
