#!/usr/bin/env python3
"""Two dna-gateways behind one name share a Redis server: one is killed, and the other carries on
with what the first had learned.

usage: test_store.py DNA_GATEWAY
"""
import os
import shutil
import socket
import subprocess
import time
import unittest

from test_program import PATIENCE, Provider, World, free_port


class Sharing(Provider):
    """A gateway with a store."""

    def text(self, world, number):
        return super().text(world, number) + world.store


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
        time.sleep(1)  # the record is on its way
        first.process.kill()
        first.process.wait()
        sender.stop()
        self.world.names.srv["_xmpp-server._tcp.b1.dna"] = ("xmpp.p2.dna", second.public[1])
        self.again(sender).server.send("a1.dna", "b1.dna", "m2")
        self.assertEqual(second.server.get()[3], "m2")
        self.assertTrue(second.logs("ruling", " domain=a1.dna ", " ruling=PROVEN ",
                                    'facts="1 (1 cached)"'), second.lines)

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

    def test_a_key_that_others_can_read(self):
        os.chmod(self.world.file("key"), 0o644)
        gateway = self.sharing("b1.dna")
        gateway.start()
        self.assertTrue(gateway.logs("store-none", "mode 0600"))

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
