"""dna watch: what is new, changes, drifts and ends, told once, remembered, and handed on."""
import json
import pathlib
import signal
import subprocess
import tempfile
import time

import tool
import world

PATIENCE = 60


class Scene:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.ca = tool.Authority(self.dir, "root-ca")
        names = ("DNS:shop.good", "DNS:upload.shop.good")
        self.good = self.ca.leaf("good", *names)
        self.other = self.ca.leaf("other", *names)
        self.soon = self.ca.sign("soon", self.dir / "soon.key", self.dir / "soon.pem",
                                 f"subjectAltName={','.join(names)}", days=5)
        self.server = world.Xmpp(self.good, self.good.with_suffix(".key"))
        srv = f"_xmpp-server._tcp.{{}} 300 IN SRV 5 0 {self.server.port} xmpp.good.".format
        self.names = world.Names(
            "xmpp.good. 300 IN A 127.0.0.2", srv("shop.good"), srv("upload.shop.good"),
            f"_{self.server.port}._tcp.xmpp.good. 300 IN TLSA {world.tlsa(self.good)}",
            "_xmpp-server._tcp.denied.good. 300 IN SRV 0 0 0 .",
            f"_xmpp-server._tcp.down.good. 300 IN SRV 0 0 {world.free_port()} xmpp.good.")

    def present(self, pem):
        self.server.tls.load_cert_chain(pem, pem.with_suffix(".key"))

    def close(self):
        self.server.close()
        self.names.close()
        self.holder.cleanup()


@world.needs_names
class Watch(tool.Case):
    @classmethod
    def setUpClass(cls):
        cls.scene = Scene()
        cls.addClassCleanup(cls.scene.close)

    def setUp(self):
        super().setUp()
        self.scene.present(self.scene.good)

    def words(self, lines, *words):
        return ["watch", self.file("customers", lines), *words, *self.scene.names.options,
                "--ca-file", self.scene.ca.pem, "--json"]

    def once(self, status, lines, *words):
        """The events by domain and kind, and the last line."""
        answer = tool.dna(*self.words(lines, "--once", "--state", self.dir / "state", *words))
        self.assertEqual((answer.status, answer.err), (status, ""), answer.out)
        *events, end = answer.lines
        self.assertEqual(end["events"], len(events))
        return {(one["domain"], one["event"]): one for one in events}, end

    def test_story(self):
        customers = "# ours\n\nshop.good  upload. # a shop\n"
        events, end = self.once(tool.ACCEPTED, customers)
        self.assertEqual(set(events), {("shop.good", "new"), ("upload.shop.good", "new")})
        self.assertEqual((end["ruling"], end["domains"]), ("VALID", 2))
        events, _ = self.once(tool.ACCEPTED, customers)
        self.assertEqual(events, {})
        # Another certificate, which the TLSA record forbids.
        self.scene.present(self.scene.other)
        events, _ = self.once(tool.ACCEPTED, customers)
        self.assertEqual(set(events), {("shop.good", "drift"), ("upload.shop.good", "drift")})
        self.assertEqual(events["shop.good", "drift"]["why"],
                         "no longer proven by dnssec-srv, dane")
        self.assertEqual(self.once(tool.ACCEPTED, customers)[0], {})
        # One that ends soon is told about once, but it stays a reason to look.
        self.scene.present(self.scene.soon)
        events, end = self.once(tool.REFUSED, customers)
        self.assertEqual(set(events),
                         {("shop.good", "expires"), ("upload.shop.good", "expires")})
        self.assertGreater(events["shop.good", "expires"]["expires"], time.time())
        self.assertEqual((end["ending"], end["refused"]), (2, 0))
        events, end = self.once(tool.REFUSED, customers)
        self.assertEqual((events, end["ending"]), ({}, 2))
        self.assertEqual(self.once(tool.ACCEPTED, customers, "--days", "2")[0], {})
        self.scene.present(self.scene.good)
        events, _ = self.once(tool.ACCEPTED, customers)
        self.assertEqual(events["shop.good", "drift"]["why"], "now proven by dnssec-srv, dane")
        # Who is no customer any more is forgotten.
        self.once(tool.ACCEPTED, "shop.good\n")
        state = json.loads((self.dir / "state").read_text())
        self.assertEqual(list(state["domains"]), ["shop.good"])
        self.assertEqual(state["domains"]["shop.good"]["ruling"], "PROVEN")

    def test_served_elsewhere(self):
        self.once(tool.ACCEPTED, "shop.good\n")
        file = self.dir / "state"
        state = json.loads(file.read_text())
        state["domains"]["shop.good"]["places"] = ["old.good:5269/starttls"]
        file.write_text(json.dumps(state))
        events, _ = self.once(tool.ACCEPTED, "shop.good\n")
        self.assertEqual(events["shop.good", "drift"]["why"], "served elsewhere")

    def test_changed(self):
        self.once(tool.ACCEPTED, "shop.good\n")
        file = self.dir / "state"
        state = json.loads(file.read_text())
        for domain in ("denied.good", "down.good"):
            state["domains"][domain] = dict(state["domains"]["shop.good"])
        file.write_text(json.dumps(state))
        events, end = self.once(tool.REFUSED, "shop.good\ndenied.good\ndown.good\n")
        self.assertEqual(set(events), {("denied.good", "changed"), ("down.good", "changed")})
        self.assertEqual((end["refused"], end["unknown"]), (1, 1))
        self.assertEqual(events["denied.good", "changed"]["was"], "PROVEN")
        self.assertTrue(events["denied.good", "changed"]["remedy"])
        # Nobody said that the proofs are lost: when it is back, nothing has drifted.
        proofs = json.loads(file.read_text())["domains"]
        self.assertEqual(proofs["down.good"]["prooftypes"],
                         proofs["shop.good"]["prooftypes"])

    def test_unknown(self):
        _, end = self.once(tool.UNKNOWN, "shop.good\ndown.good\n")
        self.assertEqual((end["ruling"], end["unknown"]), ("TEMPFAIL", 1))

    def test_hook(self):
        log = self.dir / "log"
        events, _ = self.once(tool.REFUSED, "shop.good\ndenied.good\n", "--hook",
                              f"cat >> {log}; echo >> {log}")
        got = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual({(one["domain"], one["event"]) for one in got}, set(events))
        for one in got:
            self.assertEqual(one["ruling"], events[one["domain"], "new"]["ruling"])
        answer = tool.dna(*self.words("shop.good\n", "--once", "--hook", "exit 3"))
        self.assertEqual(answer.status, tool.FAULT)
        self.assertIn("the hook did not end well", answer.err)

    def test_prometheus(self):
        file = self.dir / "dna.prom"
        self.once(tool.REFUSED, "shop.good\ndenied.good\n", "--prometheus", file)
        text = file.read_text()
        for line in ('dna_domain_proven{domain="shop.good"} 1',
                     'dna_domain_proven{domain="denied.good"} 0',
                     'dna_domain_endpoints_reached{domain="shop.good"} 1',
                     'dna_domain_proof{domain="shop.good",prooftype="dane"} 1',
                     'dna_domain_proof{domain="shop.good",prooftype="sts"} 0'):
            self.assertIn(line + "\n", text)
        self.assertRegex(text, r"(?m)^dna_watch_checked_seconds [0-9]+$")
        names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(sorted(path.name for path in self.dir.iterdir()),
                         ["customers", "dna.prom", "state"])

    def test_many(self):
        """More than are looked at side by side."""
        lines = "".join(f"customer{i}.good\n" for i in range(40))
        events, end = self.once(tool.REFUSED, lines)
        self.assertEqual((len(events), end["domains"]), (40, 40))

    def test_rounds(self):
        """Without --once it goes on, with what changed in the file, until it is ended."""
        words = self.words("shop.good\n", "--interval", "1", "--state", self.dir / "state")
        with subprocess.Popen([tool.PROGRAM, *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=tool.ENVIRONMENT) as child:
            seen = [json.loads(child.stdout.readline()) for _ in range(3)]
            self.file("customers", "shop.good\ndenied.good\n")
            while seen[-1].get("domain") != "denied.good":
                seen.append(json.loads(child.stdout.readline()))
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(PATIENCE), -signal.SIGTERM)
            self.assertEqual(child.stderr.read(), b"")
        self.assertEqual(seen[0]["event"], "new")
        self.assertEqual((seen[2]["ruling"], seen[2]["events"]), ("VALID", 0))


class Use(tool.Case):
    def test_files(self):
        for text, says in (("", "there is no domain in it"), ("# none\n", "no domain in it"),
                           ("a..b\n", "line 1: \"a..b\" is not a domain"),
                           ("a.example\n192.0.2.1\n", "line 2"),
                           ("a.example conference\n", "\"conference\" is no component"),
                           ("a.example .\n", "is not a domain"),
                           ("a.example b.\nB.a.example\n", "b.a.example stands there twice"),
                           ("\x1b[31m.example\n", "is not a domain"),
                           ("a.example " + "x" * 300 + ".\n", "is not a domain")):
            said = self.misuse("watch", self.file("list", text), "--once", says=says)
            self.assertNotIn("\x1b", said)
        self.misuse("watch", self.dir / "none", "--once", says="No such file")
        self.misuse("watch", "-", says="only --once")

    def test_state(self):
        customers = self.file("list", "a.example\n")
        for text in ("", "{}", "[]", '{"format":"dna-watch-1","domains":[]}',
                     '{"format":"dna-watch-2","domains":{}}', "\xff"):
            file = self.file("state", text)
            self.misuse("watch", customers, "--once", "--state", file,
                        says="not a state of dna watch")
            self.assertEqual(file.read_text(), text)


tool.main()
