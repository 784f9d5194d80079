"""dna serve: questions, many at once, cancelled ones, bad ones, and hostile clients."""
import base64
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import threading

import tool
import world

PATIENCE = 60
CLIENTS = tool.ROOT / "docs" / "clients"


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")

    def send(self, *lines):
        for line in lines:
            self.raw(line if isinstance(line, bytes) else json.dumps(line).encode())

    def raw(self, line):
        self.socket.sendall(line + b"\n")

    def answer(self):
        line = self.file.readline()
        return json.loads(line.decode("ascii")) if line else None

    def ask(self, line):
        self.send(line)
        return self.answer()

    def close(self):
        self.file.close()
        self.socket.close()


class Service:
    def __init__(self, *words):
        self.holder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.holder.name) / "court"
        self.child = subprocess.Popen([tool.PROGRAM, "serve", "--socket", self.path, "--json",
                                       *map(str, words)], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=tool.ENVIRONMENT)
        self.said = json.loads(self.child.stdout.readline())

    def end(self, number=signal.SIGTERM):
        """Exit status and standard error."""
        self.child.send_signal(number)
        _, err = self.child.communicate(timeout=PATIENCE)
        self.holder.cleanup()
        return self.child.returncode, err.decode()


class Scene:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.ca = tool.Authority(self.dir, "root-ca")
        self.shop = self.ca.leaf("shop", "DNS:shop.good")
        self.host = self.ca.leaf("host", "DNS:xmpp.good")
        self.names = world.Names(
            "_xmpp-server._tcp.shop.good. 300 IN SRV 5 0 5269 xmpp.good.",
            "_xmpp-server._tcp.hosted.good. 300 IN SRV 5 0 5269 xmpp.good.")
        self.service = Service(*self.names.options, "--ca-file", self.ca.pem)

    def close(self):
        status, err = self.service.end()
        self.names.close()
        self.holder.cleanup()
        assert (status, err) == (0, ""), (status, err)


@functools.cache
def encoded(pem):
    return base64.b64encode(tool.der(pem)).decode()


def question(ident, domain, pem=None, **more):
    chain = [] if pem is None else [encoded(pem)]
    return {"id": ident, "domain": domain, "service": "xmpp-server", "role": "initiating",
            "chain": chain, **more}


@world.needs_names
class Serve(tool.Case):
    @classmethod
    def setUpClass(cls):
        cls.scene = Scene()
        cls.addClassCleanup(cls.scene.close)

    def client(self, path=None):
        client = Client(path or self.scene.service.path)
        self.addCleanup(client.close)
        return client

    def check(self, answer, ident, ruling, code, **members):
        self.assertTrue(answer["why"])
        self.assertEqual((answer["id"], answer["ruling"], answer["code"]),
                         (ident, ruling, code), answer)
        for name, value in members.items():
            self.assertEqual(answer[name], value, answer)

    def test_rulings(self):
        client = self.client()
        self.check(client.ask(question(1, "shop.good", self.scene.shop)), 1, "PROVEN", "ok",
                   prooftype="pkix", veto=False)
        answer = client.ask(question("two", "hosted.good", self.scene.host, host="xmpp.good",
                                     port=5269, address="192.0.2.1", policy="strong"))
        self.check(answer, "two", "PROVEN", "ok", prooftype="dnssec-srv")
        answer = client.ask(question(5, "other.good", self.scene.shop, policy="strong"))
        self.assertNotEqual(answer["ruling"], "PROVEN")
        answer = client.ask(question("two", "hosted.good", self.scene.host, host="xmpp.good",
                                     port=5269, policy="dnssec-srv"))
        self.check(answer, "two", "PROVEN", "ok", prooftype="dnssec-srv")
        self.assertGreater(answer["expires"], 0)
        answer = client.ask(question("two", "hosted.good", self.scene.host, policy="pkix,dane"))
        self.check(answer, "two", "FAIL", "name-mismatch", prooftype=None, expires=None)
        answer = client.ask(question(3, "shop.good"))
        self.check(answer, 3, "NOT_APPLICABLE", "no-certificate")
        answer = client.ask(question(4, "shop.bogus", self.scene.shop))
        self.check(answer, 4, "FAIL", "dns-bogus", veto=True)

    def test_policies_apart(self):
        """What was proven under one policy is not remembered under another."""
        client = self.client()
        for policy, ruling in (("pkix", "PROVEN"), ("dane", "NOT_APPLICABLE"),
                               ("pkix,dane", "PROVEN"), ("srvname", "NOT_APPLICABLE")):
            answer = client.ask(question(1, "shop.good", self.scene.shop, policy=policy))
            self.assertEqual(answer["ruling"], ruling, policy)

    def test_many(self):
        clients = [self.client() for _ in range(8)]
        for client in clients:
            client.raw(b"\n".join(json.dumps(question(
                i, "shop.good" if i % 2 else f"other{i}.good", self.scene.shop,
                policy="pkix")).encode() for i in range(100)))
        for client in clients:
            got = {}
            for _ in range(100):
                answer = client.answer()
                got[answer["id"]] = answer["ruling"]
            self.assertEqual(got, {i: "PROVEN" if i % 2 else "FAIL" for i in range(100)})

    def test_bad_questions(self):
        client = self.client()
        good = question(1, "shop.good", self.scene.shop)
        for line in (b"", b"nonsense", b"[]", b"1", b"{", b'{"id":1,"id":1}', b"\xff",
                     b"[" * 5000, b'{"id":"\0"}'):
            client.raw(line)
            self.check(client.answer(), None, "INVALID", "bad-question")
        for ident in (None, "", "x" * 65, 1.5, True, [], {}):
            self.check(client.ask({**good, "id": ident}), None, "INVALID", "bad-question")
        for name, values in {
                "domain": (None, "", "a..b", "192.0.2.1", 1, "x" * 300),
                "service": (None, "xmpp", 1), "role": (None, "both", []),
                "host": ("xmpp.good", "", 1), "port": (5269, 0, "1"),
                "address": ("192.0.2.1", "x"), "own": ("a..b", 7),
                "policy": ("", "pkix,", "pkix,,dane", "none", "PKIX", "default,pkix", 1),
                "chain": ("", {}, ["!"], [""], [1], ["AAAA"], good["chain"] * 11),
                "polciy": ("strong",)}.items():
            for value in values:
                self.check(client.ask({**good, name: value}), 1, "INVALID", "bad-question")
        for more in ({"host": "xmpp.good", "port": 0}, {"host": "xmpp.good", "port": 65536},
                     {"host": "xmpp.good", "port": True},
                     {"host": "xmpp.good", "port": 5269, "role": "receiving"},
                     {"host": "xmpp.good", "port": 5269, "address": "xmpp.good"}):
            self.check(client.ask({**good, **more}), 1, "INVALID", "bad-question")
        self.assertEqual(client.ask(good)["ruling"], "PROVEN")

    def test_receiving(self):
        answer = self.client().ask({**question(1, "shop.good", self.scene.shop),
                                    "role": "receiving", "own": "b\u00fccher.example"})
        self.check(answer, 1, "PROVEN", "ok")

    def test_long_lines(self):
        client = self.client()
        client.raw(b'{"id":1,"domain":"' + b"a" * 250000 + b'"}')
        self.check(client.answer(), 1, "INVALID", "bad-question")
        try:
            client.raw(b" " * 400000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.check(client.answer(), None, "INVALID", "line-too-long")
        try:
            self.assertIsNone(client.answer())
        except ConnectionResetError:
            pass

    def test_last_answers(self):
        """A client that has said all still gets its answers, and then the end."""
        client = self.client()
        client.send(question(1, "shop.good", self.scene.shop), question(2, "shop.good"))
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual({client.answer()["id"], client.answer()["id"]}, {1, 2})
        self.assertIsNone(client.answer())

    def test_unread(self):
        """Who reads nothing is not read from for ever, and nobody else notices."""
        client = self.client()
        client.socket.settimeout(None)
        lines = b"x\n" * 30000
        sent = threading.Event()

        def flood():
            client.socket.sendall(lines)
            sent.set()
        threading.Thread(target=flood, daemon=True).start()
        self.assertEqual(self.client().ask(question(1, "shop.good", self.scene.shop))["ruling"],
                         "PROVEN")
        for _ in range(30000):
            self.assertEqual(client.answer()["code"], "bad-question")
        self.assertTrue(sent.wait(PATIENCE))

    def test_gone_clients(self):
        for _ in range(20):
            client = Client(self.scene.service.path)
            client.send(*(question(i, f"gone{i}.good", self.scene.shop) for i in range(20)))
            client.close()
        self.assertEqual(self.client().ask(question(1, "shop.good", self.scene.shop))["ruling"],
                         "PROVEN")

    def test_clients_of_others(self):
        for words in (["python3", CLIENTS / "verdict.py"], ["lua5.4", CLIENTS / "verdict.lua"]):
            if words[0] != "python3" and (shutil.which(words[0]) is None or subprocess.run(
                    [words[0], "-e", "require('socket.unix')"], check=False,
                    capture_output=True).returncode != 0):
                continue
            for domain, more, status in (("shop.good", [], 0), ("other.good", [], 1),
                                         ("shop.good", ["xmpp.good", "5269"], 0)):
                done = subprocess.run([*words, self.scene.service.path, domain,
                                       self.scene.shop, *more], check=False, text=True,
                                      capture_output=True, timeout=PATIENCE)
                self.assertEqual((done.returncode, done.stderr), (status, ""), words)
                self.assertRegex(done.stdout, "^(PROVEN|FAIL|TEMPFAIL)\\s+\\w")
            self.assertLessEqual(len(words[1].read_text().splitlines()), 34)


@world.needs_names
class Slow(tool.Case):
    """With a resolver that never answers, questions stay open."""

    def setUp(self):
        super().setUp()
        self.silent = socket.socket(type=socket.SOCK_DGRAM)
        self.silent.bind(("127.0.0.1", 0))
        self.addCleanup(self.silent.close)
        self.ca = tool.Authority(self.dir, "root-ca")
        self.leaf = self.ca.leaf("leaf", "DNS:shop.good")
        anchor = self.file("anchor", ". IN DNSKEY 257 3 13 " + base64.b64encode(
            bytes(range(64))).decode() + "\n")
        self.service = Service("--resolver", f"127.0.0.1@{self.silent.getsockname()[1]}",
                               "--trust-anchor", anchor, "--ca-file", self.ca.pem)
        self.client = Client(self.service.path)

    def tearDown(self):
        self.client.close()
        self.assertEqual(self.service.end(), (0, ""))

    def test_cancel(self):
        client = self.client
        client.send(question(1, "shop.good", self.leaf), question("a", "shop.good", self.leaf))
        client.send({"cancel": "a"}, {"cancel": "never asked"})
        answer = client.answer()
        self.assertEqual((answer["id"], answer["ruling"], answer["code"]),
                         ("a", "TEMPFAIL", "canceled"))
        for bad in ({"cancel": [1]}, {"cancel": ""}, {"cancel": 1, "id": 1}):
            self.assertEqual(client.ask(bad)["code"], "bad-question")
        answer = client.ask(question(1, "shop.good", self.leaf))  # the id is taken
        self.assertEqual((answer["id"], answer["code"]), (None, "bad-question"))
        answer = client.ask({"cancel": 1})
        self.assertEqual((answer["id"], answer["code"]), (1, "canceled"))

    def test_too_many(self):
        client = self.client
        client.send(*(question(i, "shop.good", self.leaf) for i in range(257)))
        answer = client.answer()
        self.assertEqual((answer["id"], answer["ruling"], answer["code"]),
                         (256, "TEMPFAIL", "too-many-questions"))
        client.send(*({"cancel": i} for i in range(256)))
        self.assertEqual({client.answer()["id"] for _ in range(256)}, set(range(256)))
        # And those that are open at the end are forgotten with it.
        client.send(question(1, "shop.good", self.leaf))

    def test_socket(self):
        self.assertEqual(self.service.said["socket"], str(self.service.path))
        self.assertEqual(stat.S_IMODE(os.stat(self.service.path).st_mode), 0o600)
        words = ["serve", "--socket", self.service.path, "--ca-file", self.ca.pem]
        self.misuse(*words, says="in use or no socket")
        words[2] = self.file("document", "precious")
        self.misuse(*words, says="in use or no socket")
        self.assertEqual(words[2].read_text(), "precious")


class Use(tool.Case):
    def test_use(self):
        self.misuse("serve", says="--socket PATH is missing")
        for mode in ("", "8", "+7", "1000", "60x", "-1"):
            self.misuse("serve", "--socket", self.dir / "s", "--mode", mode,
                        says="--mode needs an octal number")
        self.misuse("serve", "--socket", "x" * 200, says="longer than")
        self.misuse("serve", "--socket", self.dir / "none" / "s", says="")

    def test_left_over(self):
        """A socket file that a killed service left is replaced, and has the mode asked for."""
        path = self.dir / "court"
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(path))
        anchor = self.file("anchor", ". IN DNSKEY 257 3 13 " + base64.b64encode(
            bytes(range(64))).decode() + "\n")
        with subprocess.Popen([tool.PROGRAM, "serve", "--socket", path, "--mode", "660",
                               "--resolver", "127.0.0.1@9", "--trust-anchor", anchor,
                               "--ca-file", tool.Authority(self.dir, "ca").pem],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=tool.ENVIRONMENT) as child:
            self.assertIn(b"listening", child.stdout.readline())
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o660)
            child.send_signal(signal.SIGINT)
            self.assertEqual(child.wait(PATIENCE), 0)
            self.assertEqual(child.stderr.read(), b"")
        self.assertFalse(path.exists())


tool.main()
