#!/usr/bin/env python3
"""What dna-gateway lists of its store, and what an operator's word takes out of it, in the store
and in a gateway that runs on it; once with a file, once with a Redis server.

usage: test_forget.py DNA_GATEWAY
"""
import os
import sqlite3
import subprocess
import time
import unittest

import test_program
from test_dialback import PEER, Classic
from test_program import PATIENCE
from test_store import Redis
from test_store import Shared as Store

for name in [name for name in vars(Store) if name.startswith("test_")]:
    delattr(Store, name)    # they are test_store.py's


class Memory(Store):
    def command(self, gateway, *words):
        return subprocess.run([test_program.PROGRAM, "-c", gateway.config, *words],
                              capture_output=True, encoding="utf-8", timeout=PATIENCE,
                              check=False)

    def lists(self, gateway, *words):
        """The list, once it has all of these words."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.command(gateway, "--memory", "peer.dna")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            if all(word in done.stdout for word in words) or time.monotonic() > deadline:
                return done.stdout
            time.sleep(0.2)

    def proves(self):
        sender = self.world.provider("peer.dna")
        gateway = self.sharing("b1.dna")
        sender.start()
        gateway.start()
        sender.server.send("peer.dna", "b1.dna", "m1")
        self.assertEqual(gateway.server.get()[3], "m1")
        return sender, gateway

    def forgets(self, gateway):
        listed = self.lists(gateway, "no-dialback", "proven")
        self.assertRegex(listed, r"(?m)^peer\.dna no-dialback role=receiving "
                                 r"since=\S+Z until=\S+Z$")
        self.assertRegex(listed, r'(?m)^peer\.dna proven prooftype=pkix since=\S+Z until=\S+Z '
                                 r'why=".+"$')
        done = self.command(gateway, "--memory")
        self.assertEqual(sorted(done.stdout.splitlines()), sorted(listed.splitlines()))
        done = self.command(gateway, "--memory", "B2.dna")
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        done = self.command(gateway, "--memory-clear", "B2.dna")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.lists(gateway, "no-dialback"), listed)
        done = self.command(gateway, "--memory-clear", "PEER.dna")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, listed)
        self.assertEqual(self.lists(gateway), "")

    def contents(self):
        """What the store holds, to be put back."""
        if self.redis:
            return self.records()
        base = sqlite3.connect(self.world.file("store.db"), timeout=PATIENCE)
        rows = base.execute("SELECT * FROM learned_1").fetchall()
        base.close()
        return rows

    def put_back(self, contents):
        """Somebody who can write to the store makes it what it was."""
        if self.redis:
            redis = Redis(self.port)
            prefix = b":".join(next(iter(contents)).split(b":")[:3])
            redis.ask("FLUSHALL")
            for key, record in contents.items():
                redis.ask("SET", key, record, "EX", "100000")
                redis.ask("XADD", prefix + b":log", "*", "o", "somebody", "r", record)
            redis.close()
            return
        base = sqlite3.connect(self.world.file("store.db"), timeout=PATIENCE)
        with base:
            base.execute("DELETE FROM learned_1")
            base.executemany("INSERT INTO learned_1 VALUES (?, ?, ?, ?, ?, ?)", contents)
        base.close()

    def admits_again(self, sender, gateway):
        """The running gateway lets the domain fall back to dialback."""
        self.assertTrue(sender.stop() == 0 and gateway.logs("stream-closed"))
        deadline = time.monotonic() + PATIENCE
        said = ""
        while "type='valid'" not in said and time.monotonic() < deadline:
            _, said = self.classic.result("peer.dna", "b1.dna")
            time.sleep(0.2)
        self.assertIn("type='valid'", said)

    def remembers_and_forgets(self):
        self.world.names.secure = False     # no DNSSEC, and so no DANE, whoever calls
        self.world.store += 'policy "peer.dna" { level = dialback }\n'
        self.world.certify("nobody", ["nobody.dna"])
        sender, gateway = self.proves()
        self.classic = Classic(self.world, gateway)
        self.addCleanup(self.classic.close)
        self.world.names.a["xmpp.classic.dna"] = PEER
        self.world.names.srv["_xmpp-server._tcp.peer.dna"] = ("xmpp.classic.dna",
                                                              self.classic.port)
        _, said = self.classic.result("peer.dna", "b1.dna")
        self.assertIn("<not-authorized", said)
        self.assertTrue(gateway.logs("ruling", "no dialback within a week of a proof"))
        self.lists(gateway, "no-dialback", "proven")
        contents = self.contents()
        self.assertGreaterEqual(len(contents), 2)
        self.forgets(gateway)
        self.put_back(contents)
        self.assertEqual(self.lists(gateway), "")
        self.admits_again(sender, gateway)
        # Nor does whoever starts afterwards believe it, with nothing else in the store.
        self.assertEqual(gateway.stop(), 0)
        self.put_back(contents)
        gateway.lines.clear()
        gateway.start()
        self.assertTrue(gateway.logs("store-up"))
        self.assertEqual(self.lists(gateway), "")

    def test_a_file(self):
        self.world.store = f'store {{ file = "{self.world.file("store.db")}" }}\n'
        self.remembers_and_forgets()

    def test_a_server(self):
        self.start_redis()
        self.remembers_and_forgets()

    def test_nothing_is_there(self):
        self.world.store = f'store {{ file = "{self.world.file("none.db")}" }}\n'
        gateway = self.sharing("b1.dna")
        for words in (["--memory"], ["--memory-clear", "peer.dna"]):
            done = self.command(gateway, *words)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("No such file", done.stderr)
        self.assertFalse(os.path.exists(self.world.file("none.db")))
        self.assertFalse(os.path.exists(self.world.file("none.db.key")))

    def test_the_server_is_away(self):
        done = self.command(self.sharing("b1.dna"), "--memory")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("store-down", done.stderr)

    def test_no_store(self):
        self.world.store = 'store { kind = "none" }\n'
        done = self.command(self.sharing("b1.dna"), "--memory")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("there is no store", done.stderr)

    def test_wrong_usage(self):
        gateway = self.sharing("b1.dna")
        for words in (["--memory", "a..b"], ["--memory-clear", "a..b"], ["--memory-clear"],
                      ["--memory", "a.dna", "b.dna"], ["--memory", "--check"],
                      ["--memory", "--memory-clear", "a.dna"]):
            done = self.command(gateway, *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)


if __name__ == "__main__":
    unittest.main()
