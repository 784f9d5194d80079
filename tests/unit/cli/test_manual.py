"""dna(1) is what the tables say, and roff understands it."""
import re
import shutil
import subprocess

import tool
from test_program import commands

PAGE = tool.ROOT / "docs" / "man" / "dna.1"


class Manual(tool.Case):
    def test_it_is_up_to_date(self):
        self.assertEqual(PAGE.read_text(), tool.dna("help", "--man").out.decode(),
                         "run: ninja dna-manual")

    def test_every_command_and_option(self):
        sections = dict(re.findall(r"^\.SS (.+)\n((?:(?!\.S[SH] ).*\n)*)",
                                   PAGE.read_text(), re.M))
        for words in commands():
            section = sections[" ".join(words)].replace("\\-", "-")
            self.assertIn("Example: ", section)
            help_text = tool.dna(*words, "--help").out.decode()
            for option in re.findall(r"^  (--[a-z-]+)", help_text, re.M):
                if option not in ("--json", "--help"):
                    self.assertIn(f".BR {option}", section)

    def test_examples_are_possible(self):
        """What an example says is a command, with options that it has."""
        for words in commands():
            help_text = tool.dna(*words, "--help").out.decode()
            known = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M))
            examples = re.findall(r"^  \$ (.*)", help_text, re.M)
            self.assertTrue(examples, words)
            for line in examples:
                self.assertIn("dna " + " ".join(words), line)
                self.assertLessEqual(set(re.findall(r"(?<= )--[a-z-]+", line)), known)

    def test_roff(self):
        if shutil.which("groff") is None:
            self.skipTest("no groff")
        done = subprocess.run(["groff", "-man", "-Tutf8", "-K", "utf-8", "-ww", str(PAGE)],
                              capture_output=True, check=True)
        self.assertEqual(done.stderr, b"")
        shown = re.sub(rb"\x1b\[[0-9;]*m|.\x08", b"", done.stdout)
        self.assertIn(b"EXIT STATUS", shown)


tool.main()
