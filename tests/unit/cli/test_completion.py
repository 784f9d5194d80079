"""What bash completes is what the tables hold."""
import re
import shutil
import subprocess

import tool
from test_program import commands

ASK = r"""
source /dev/stdin <<'SCRIPT'
%s
SCRIPT
COMP_WORDS=(%s) COMP_CWORD=%d
compopt() { :; }
_dna
printf '%%s\n' "${COMPREPLY[@]}"
"""


class Completion(tool.Case):
    def setUp(self):
        super().setUp()
        self.script = tool.dna("completion", "bash").out.decode()

    def complete(self, *words):
        """What may stand where the last word does."""
        quoted = " ".join(f"'{word}'" for word in ("dna", *words))
        done = subprocess.run(["bash", "--norc"], capture_output=True, check=True, cwd=self.dir,
                              input=ASK % (self.script, quoted, len(words)), text=True)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_commands(self):
        names = {words[0] for words in commands()}
        self.assertEqual(self.complete(""), names | {"--help", "--version"})
        self.assertEqual(self.complete("ce"), {"cert"})
        self.assertEqual(self.complete("help", ""), names)
        self.assertEqual(self.complete("sts", ""), {"record", "policy"})

    def test_options_of_every_command(self):
        for words in commands():
            help_text = tool.dna(*words, "--help").out.decode()
            options = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
            self.assertEqual(self.complete(*words, "--"), options, words)

    def test_values(self):
        self.file("chain.pem", "")
        self.assertEqual(self.complete("cert", "x", "--service", "xmpp-c"), {"xmpp-client"})
        self.assertEqual(self.complete("cert", "x", "--roots", "ch"), {"chain.pem"})
        self.assertEqual(self.complete("cert", "ch"), {"chain.pem"})
        self.assertEqual(self.complete("sts", "policy", "ch"), {"chain.pem"})
        self.assertEqual(self.complete("name", "ch"), set())
        self.assertEqual(self.complete("completion", ""), {"bash", "zsh"})

    def test_zsh_can_read_its_own(self):
        text = tool.dna("completion", "zsh").out
        self.assertTrue(text.startswith(b"#compdef dna\n"))
        if shutil.which("zsh") is None:
            self.skipTest("no zsh")
        done = subprocess.run(["zsh", "-n", self.file("_dna", text)], capture_output=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_use(self):
        self.misuse("completion", says="SHELL is missing")
        self.misuse("completion", "fish", says="one of: bash zsh")


tool.main()
