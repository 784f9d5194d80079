"""dna check: servers that prove a domain in several ways, or do not, behind signed names."""
import json
import pathlib
import subprocess
import tempfile
import threading
import unittest

import tool
import world


class Scene:
    """Zones and servers, made once."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.ca = tool.Authority(self.dir, "root-ca")
        other = tool.Authority(self.dir, "other-ca")
        both = self.ca.leaf("both", "DNS:shop.good", "DNS:xmpp.good")
        tls = self.ca.leaf("tls", "DNS:tls.good")
        host = self.ca.leaf("host", "DNS:xmpp.good")
        lost = other.leaf("lost", "DNS:nothing.example")
        tool.openssl("genrsa", "-out", self.dir / "weak.key", "1024")
        weak = self.ca.leaf("weak", "DNS:weak.good", key=self.dir / "weak.key")
        self.servers = {}
        for name, pem, how in (("both", both, "starttls"), ("direct", both, "direct"),
                               ("host", host, "starttls"), ("lost", lost, "starttls"),
                               ("weak", weak, "starttls"),
                               ("none", both, "none"), ("dirty", both, "dirty"),
                               ("client", both, "starttls"),
                               ("client-direct", tls, "direct")):
            self.servers[name] = world.Xmpp(
                pem, pem.with_suffix(".key"), how,
                "jabber:client" if name.startswith("client") else "jabber:server")
        port = {name: server.port for name, server in self.servers.items()}
        self.closed = world.free_port()
        srv = "_xmpp-server._tcp.{} 300 IN SRV {} 0 {} {}.".format
        self.names = world.Names(
            "xmpp.good. 300 IN A 127.0.0.2",
            "shop.good. 300 IN A 127.0.0.3",
            srv("shop.good", 5, port["both"], "xmpp.good"),
            f"_xmpps-server._tcp.shop.good. 300 IN SRV 9 0 {port['direct']} xmpp.good.",
            f"_xmpp-client._tcp.shop.good. 300 IN SRV 9 0 {port['client']} xmpp.good.",
            f"_xmpps-client._tcp.tls.good. 300 IN SRV 9 0 {port['client-direct']} xmpp.good.",
            f"_{port['both']}._tcp.xmpp.good. 300 IN TLSA {world.tlsa(both)}",
            srv("hosted.good", 5, port["host"], "xmpp.good"),
            srv("lost.good", 5, port["lost"], "xmpp.good"),
            f"_{port['lost']}._tcp.xmpp.good. 300 IN TLSA {world.tlsa(both)}",
            srv("weak.good", 5, port["weak"], "xmpp.good"),
            srv("plain.good", 5, port["none"], "xmpp.good"),
            srv("dirty.good", 5, port["dirty"], "xmpp.good"),
            srv("down.good", 5, self.closed, "xmpp.good"),
            srv("mixed.good", 5, self.closed, "xmpp.good"),
            srv("mixed.good", 6, port["host"], "xmpp.good"),
            srv("nowhere.good", 5, 5269, "no-address.good"),
            "_xmpp-server._tcp.denied.good. 300 IN SRV 0 0 0 .")

    def close(self):
        for server in self.servers.values():
            server.close()
        self.names.close()
        self.holder.cleanup()


@world.needs_names
class Check(tool.Case):
    @classmethod
    def setUpClass(cls):
        cls.scene = Scene()
        cls.addClassCleanup(cls.scene.close)

    def check(self, status, *words, names=None):
        names = names or self.scene.names.options
        answer = tool.dna("check", *words, *names, "--ca-file", self.scene.ca.pem, "--json")
        self.assertEqual((answer.status, answer.err), (status, ""), (words, answer.out))
        lines = answer.lines
        for line in lines:
            for member in ("ruling", "code", "why", "domain", "prooftype"):
                self.assertIsInstance(line[member], str, line)
        return lines[:-1], lines[-1]

    def rows(self, rows, **wanted):
        return {row["prooftype"]: row for row in rows
                if all(row[name] == value for name, value in wanted.items())}

    def test_proven(self):
        rows, end = self.check(tool.ACCEPTED, "shop.good")
        self.assertEqual((end["ruling"], end["endpoints"], end["reached"], end["proven"]),
                         ("PROVEN", 2, 2, 2))
        self.assertEqual(len(rows), 22)
        first = self.rows(rows, tls="starttls")
        for name in ("pkix", "dnssec-srv", "dane"):
            self.assertEqual(first[name]["ruling"], "PROVEN", first[name])
            self.assertGreater(first[name]["expires"], 0)
            self.assertEqual((first[name]["remedy"], first[name]["default"]), ("", True))
        for name in ("srvname", "posh", "sts", "host-meta", "dnssec-ta", "attribute-cert"):
            self.assertNotEqual(first[name]["ruling"], "PROVEN", first[name])
            self.assertTrue(first[name]["remedy"], first[name])
        direct = self.rows(rows, tls="direct")
        self.assertEqual(direct["pkix"]["ruling"], "PROVEN")
        self.assertNotEqual(direct["dane"]["ruling"], "PROVEN")
        # Asked for over direct TLS too: SNI, ALPN, and then a stream.
        self.assertIn("offers neither DNA", direct["dnssec-ta"]["why"])
        server = self.scene.servers["direct"]
        self.assertGreaterEqual(len(server.named), 2)
        self.assertEqual(set(server.named), {"shop.good"})
        self.assertEqual(set(server.agreed), {"xmpp-server"})
        self.assertEqual(set(self.scene.servers["both"].agreed), {None})
        self.assertIn("from='dna-check.invalid'", self.scene.servers["both"].heard[0])

    def test_delegated(self):
        rows, end = self.check(tool.ACCEPTED, "hosted.good", "--from", "peer.example")
        row = self.rows(rows)
        self.assertEqual((end["prooftype"], row["dnssec-srv"]["ruling"], row["pkix"]["code"]),
                         ("dnssec-srv", "PROVEN", "name-mismatch"))
        self.assertIn("from='peer.example'", self.scene.servers["host"].heard[-1])

    def test_refused(self):
        rows, end = self.check(tool.REFUSED, "weak.good")
        self.assertEqual((end["ruling"], end["code"], end["proven"], end["reached"]),
                         ("FAIL", "weak-key", 0, 1))
        self.assertEqual({row["code"] for row in rows} - {"peer-silent"}, {"weak-key"})
        self.assertTrue(end["remedy"])

    def test_unknown(self):
        """Nothing holds, but the web server that might know better cannot be found."""
        rows, end = self.check(tool.UNKNOWN, "lost.good")
        row = self.rows(rows)
        self.assertEqual((end["ruling"], end["proven"], end["reached"]), ("TEMPFAIL", 0, 1))
        self.assertEqual((row["dane"]["ruling"], row["dane"]["code"]), ("FAIL", "no-match"))
        self.assertEqual(row["posh"]["code"], "fetch-failed")

    def test_bogus(self):
        rows, end = self.check(tool.REFUSED, "shop.bogus")
        self.assertEqual((rows, end["ruling"], end["code"]), ([], "FAIL", "dns-bogus"))

    def test_nowhere(self):
        for domain in ("denied.good", "nowhere.good", "empty.good"):
            rows, end = self.check(tool.REFUSED, domain)
            self.assertEqual((rows, end["ruling"], end["code"]),
                             ([], "NOT_APPLICABLE", "no-delegation"))

    def test_unreachable(self):
        for domain, why in (("down.good", ""), ("plain.good", "does not offer STARTTLS"),
                            ("dirty.good", "bytes in clear")):
            rows, end = self.check(tool.UNKNOWN, domain)
            self.assertEqual((end["ruling"], end["reached"], len(rows)), ("TEMPFAIL", 0, 11))
            self.assertIn(why, end["why"])
            self.assertFalse(rows[0]["connected"])

    def test_one_of_two(self):
        _, end = self.check(tool.ACCEPTED, "mixed.good")
        self.assertEqual((end["endpoints"], end["reached"], end["proven"]), (2, 1, 1))

    def test_guard(self):
        names = [word for word in self.scene.names.options if word != "--allow-private"]
        _, end = self.check(tool.UNKNOWN, "shop.good", names=names)
        self.assertEqual(end["reached"], 0)

    def test_no_names(self):
        names = ["--resolver", f"127.0.0.1@{self.scene.closed}", "--trust-anchor",
                 self.scene.names.anchor]
        _, end = self.check(tool.UNKNOWN, "shop.good", names=names)
        self.assertEqual(end["code"], "dns-failed")

    def test_connect(self):
        port = self.scene.servers["both"].port
        rows, end = self.check(tool.ACCEPTED, "shop.good", "--connect", f"127.0.0.2@{port}")
        self.assertEqual((end["prooftype"], end["endpoints"]), ("pkix", 1))
        self.assertEqual(rows[0]["endpoint"], f"127.0.0.2@{port}")

    def test_client_service(self):
        rows, end = self.check(tool.ACCEPTED, "shop.good", "--service", "xmpp-client")
        self.assertEqual((end["endpoints"], self.rows(rows)["pkix"]["ruling"]), (1, "PROVEN"))
        self.assertIn("jabber:client", self.scene.servers["client"].heard[0])
        self.assertIn("between servers", self.rows(rows)["dnssec-ta"]["why"])

    def test_client_direct(self):
        rows, end = self.check(tool.ACCEPTED, "tls.good", "--service", "xmpp-client")
        self.assertEqual((end["endpoints"], self.rows(rows)["pkix"]["tls"]), (1, "direct"))
        self.assertEqual(self.scene.servers["client-direct"].agreed, ["xmpp-client"])
        self.assertEqual(self.scene.servers["client-direct"].named, ["tls.good"])

    def test_bundle(self):
        file = self.dir / "evidence.json"
        for domain, status in (("shop.good", tool.ACCEPTED), ("weak.good", tool.REFUSED)):
            self.check(status, domain, "--bundle", file)
            self.assertEqual(json.loads(file.read_text())["question"]["domain"], domain)
            answer = tool.dna("verify", file, "--roots", self.scene.ca.pem, "--json")
            # A proof that rests on a resolver's word is nobody's signature: 3.
            self.assertIn(answer.status, (status, tool.UNKNOWN)
                          if status == tool.ACCEPTED else (status,), answer.out)
            self.assertEqual(answer.only["domain"], domain)

    def test_words(self):
        answer = tool.dna("check", "shop.good", *self.scene.names.options, "--ca-file",
                          self.scene.ca.pem)
        text = answer.out.decode()
        self.assertEqual((answer.status, answer.err), (tool.ACCEPTED, ""))
        self.assertIn("STARTTLS", text)
        self.assertIn("direct TLS", text)
        self.assertRegex(text, r"(?m)^  dane +PROVEN .*; until [0-9-]+ [0-9:]+ UTC$")
        self.assertRegex(text, r"(?m)^shop\.good: PROVEN: ")
        self.assertNotIn("\x1b", text)


GATEWAY = pathlib.Path(tool.PROGRAM).parent.parent / "gateway" / "dna-gateway"
CONFIG = """\
ca-file = "{ca}"
public {{
  listen = {{ "127.0.0.2@{port}" }}
  certificate = "{cert}"
  key = "{key}"
}}
resolver {{
  mode = "forward"
  forward = {{ "127.0.0.1@{names}" }}
  trust-anchor-file = "{anchor}"
}}
address-guard {{ allow = {{ "127.0.0.0/8" }} }}
link "main" {{
  listen = "127.0.0.3@{link}"
  server = "127.0.0.3@{server}"
  user = "root"
}}
host "shop.good" {{ link = "main" }}
"""


@world.needs_names
@unittest.skipUnless(GATEWAY.exists(), "needs the gateway")
class Peer(tool.Case):
    """A server that speaks DNA is asked for what only it can supply."""

    def test_challenged(self):
        ca = tool.Authority(self.dir, "ca")
        leaf = ca.leaf("provider", "DNS:xmpp.good")
        port = world.free_port()
        names = world.Names("xmpp.good. 300 IN A 127.0.0.2",
                            f"_xmpp-server._tcp.shop.good. 300 IN SRV 5 0 {port} xmpp.good.")
        self.addCleanup(names.close)
        config = self.file("conf", CONFIG.format(
            ca=ca.pem, port=port, cert=leaf, key=leaf.with_suffix(".key"), names=names.port,
            anchor=names.anchor, link=world.free_port(), server=world.free_port()))
        with subprocess.Popen([GATEWAY, "-c", config], stderr=subprocess.PIPE, text=True,
                              env=tool.ENVIRONMENT) as gateway:
            for line in gateway.stderr:
                if " ready " in line:
                    break
            threading.Thread(target=gateway.stderr.read, daemon=True).start()
            answer = tool.dna("check", "shop.good", *names.options, "--ca-file", ca.pem,
                              "--json")
            gateway.terminate()
        self.assertEqual((answer.status, answer.err), (tool.ACCEPTED, ""))
        rows = {row["prooftype"]: row for row in answer.lines[:-1]}
        self.assertEqual(rows["dnssec-srv"]["ruling"], "PROVEN")
        # The one has no place beside a signed zone, the other the peer does not have.
        self.assertEqual((rows["dnssec-ta"]["ruling"], rows["dnssec-ta"]["code"]),
                         ("NOT_APPLICABLE", "no-material"))
        self.assertEqual((rows["attribute-cert"]["ruling"], rows["attribute-cert"]["code"]),
                         ("FAIL", "peer-impossible"))


class Use(tool.Case):
    def test_use(self):
        self.misuse("check", says="DOMAIN is missing")
        self.misuse("check", "a..b", says="domain")
        self.misuse("check", "a.example", "--connect", "127.0.0.1", says="--connect needs")
        self.misuse("check", "a.example", "--bundle", "-", says="--bundle needs a file")
        self.misuse("check", "a.example", "--ca-file", self.dir / "none", says="ca_file")
        self.misuse("check", "a.example", *["--resolver=127.0.0.1"] * 17,
                    says="more than 16 resolvers")


tool.main()
