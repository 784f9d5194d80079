"""The lab runs what the recipes tell; a reader that found something else, or less, would let
them rot."""

import pathlib
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from lab import recipe
from lab.process import LabError

SERVERS = ("prosody", "ejabberd", "jabberd2")


class Recipes(unittest.TestCase):
    def test_every_server_has_its_link(self):
        for server in SERVERS:
            with self.subTest(server):
                text = recipe.link(server, RESOLVER="192.0.2.99")
                self.assertRegex(text, r'^link "main" \{\n(?:  \S+ = .*\n)+\}$')
                self.assertIn('dns-forward = { "192.0.2.99" }', text)
                self.assertIn('listen-dns = "127.0.2.1@53"', text)

    def test_every_server_has_its_host(self):
        for server in SERVERS:
            with self.subTest(server):
                self.assertEqual(recipe.host(server, "library.dna"),
                                 'host "library.dna" { link = "main" }')

    def test_files_in_the_place_of_others(self):
        with tempfile.TemporaryDirectory() as made:
            directory = pathlib.Path(made)
            for server in ("ejabberd", "jabberd2"):
                with self.subTest(server):
                    self.assertEqual(recipe.mounts(server, directory), [
                        (f"{made}/resolv.conf", "/etc/resolv.conf")])
                    self.assertEqual((directory / "resolv.conf").read_text("ascii"),
                                     "nameserver 127.0.2.1\n")

    def test_the_section_of_jabberd2(self):
        local = ElementTree.fromstring(recipe.block("jabberd2", "xml"))
        self.assertEqual((local.tag, local.find("ip").text), ("local", "127.0.0.1"))

    def test_the_front_page_shows_the_same(self):
        page = recipe.README.read_text(encoding="utf-8")
        user = {"prosody": "prosody", "ejabberd": "ejabberd", "jabberd2": "jabber"}
        for server, language in zip(SERVERS, ("lua", "yaml", "xml")):
            with self.subTest(server):
                self.assertIn(f"```{language}\n{recipe.block(server, language)}```\n", page)
                self.assertIn(f'  user = "{user[server]}"\n', recipe.block(server, "conf"))
                self.assertIn(recipe.block(server, "conf").replace(
                    f'user = "{user[server]}"', 'user = "prosody"'), page)

    def test_the_bridge(self):
        setting = recipe.put(recipe.setting("bridge", "bridge-folder"), BRIDGE_FOLDER="/b")
        self.assertEqual(setting, 'bridge-folder = "/b"')
        text = recipe.link("bridge", RESOLVER="192.0.2.99", SERVER_CA="/ca.pem")
        self.assertIn('  kind = "bridge"\n', text)
        self.assertIn('  server-ca = "/ca.pem"\n', text)
        with self.assertRaises(LabError):
            recipe.setting("prosody", "bridge-folder")

    def test_the_modules(self):
        for server, name in recipe.MODULES.items():
            with self.subTest(server):
                text = recipe.link(name, SECRET="/secret")
                self.assertIn('  kind = "external"\n', text)
                self.assertIn('  secret-file = "/secret"\n', text)
                self.assertNotIn("listen-dns", text)
                self.assertEqual(recipe.host(name, "library.dna"),
                                 'host "library.dna" { link = "main" }')

    def test_no_block(self):
        with self.assertRaises(LabError):
            recipe.block("prosody", "yaml")

    def test_a_name_that_is_gone(self):
        with self.assertRaises(LabError):
            recipe.put("nameserver 127.0.2.1\n", RESOLVER="192.0.2.99")


if __name__ == "__main__":
    unittest.main()
