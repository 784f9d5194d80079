"""dna itself: dispatch, help, options, exit status, colours, escaping."""
import json
import os
import pty
import subprocess

import tool

COMMANDS = ["cert", "dane", "posh", "name", "jid", "stream", "dns"]


def commands():
    """Every command that runs, as words, from the program's own help."""
    def parts(words):
        text = tool.dna(*words, "--help").out.decode()
        found = [line[2:].split()[0] for line in text.split("\n")
                 if line.startswith("  ") and line[2:3].isalpha()]
        return found if "NAME --help' says more" in text or not words else []

    for name in parts([]):
        below = parts([name])
        yield from ([name, part] for part in below) if below else [[name]]


def on_a_terminal(*words, stream="stdout", **environment):
    """What the program writes to a terminal, which is its stdout or its stderr."""
    ours, theirs = pty.openpty()
    env = dict(tool.ENVIRONMENT, TERM="xterm", **environment)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
    child = subprocess.Popen([tool.PROGRAM, *map(str, words)], env=env,
                             stdin=subprocess.DEVNULL, **streams)
    os.close(theirs)
    text = b""
    try:
        while True:
            some = os.read(ours, 4096)
            if not some:
                break
            text += some
    except OSError:
        pass
    os.close(ours)
    child.communicate()
    return text


class Program(tool.Case):
    def test_help(self):
        for words in (["--help"], ["-h"], ["help"]):
            answer = tool.dna(*words)
            self.assertEqual((answer.status, answer.err), (tool.ACCEPTED, ""))
            for name in COMMANDS:
                self.assertIn(f"\n  {name} ", answer.out.decode())
        answer = tool.dna()
        self.assertEqual((answer.status, answer.out), (tool.FAULT, b""))
        self.assertTrue(tool.dna("--version").out.startswith(b"dna 0."))

    def test_help_of_every_command(self):
        listed = list(commands())
        self.assertGreater(len(listed), len(COMMANDS))
        for words in listed:
            answer = tool.dna(*words, "--help")
            self.assertEqual((answer.status, answer.err), (tool.ACCEPTED, ""), words)
            text = answer.out.decode()
            for what in (f"usage: dna {' '.join(words)}", "Options:", "--help", "Examples:",
                         "Exit status: 0 "):
                self.assertIn(what, text)
            self.assertEqual("--json" in text, words[0] not in ("help", "completion"))
            self.assertEqual(tool.dna("help", *words).out, answer.out)
            self.assertEqual(tool.dna(*words, "-h").out, answer.out)
            for line in text.split("\n"):
                if not line.startswith(("  $ ", "usage:", "       dna")):
                    self.assertLessEqual(len(line), 80)

    def test_whom_it_thought_of(self):
        self.misuse("crt", says="did you mean cert?")
        self.misuse("zzzzzzzz", says="there is no command zzzzzzzz\n")
        self.misuse("help", "nothing", says="there is no command nothing")
        self.misuse("cert", "a", "--root", "b", says="did you mean --roots?")
        self.misuse("cert", "a", "--untrusetd=b", says="did you mean --untrusted?")
        self.misuse("cert", "a", "--xyzzyxyzzy", says="there is no option --xyzzyxyzzy\n")

    def test_options(self):
        self.misuse("name", "--json=1", "a", says="--json takes no value")
        self.misuse("stream", "--chunk", says="--chunk needs a value: --chunk N")
        self.misuse("stream", "--chunk", "1", "--chunk=2", says="--chunk was given twice")
        self.ask(tool.ACCEPTED, "name", "--json", "a.example", ascii="a.example")
        self.ask(tool.REFUSED, "name", "-json", ruling="INVALID")
        answer = tool.dna("name", "--json", "--", "--help")
        self.assertEqual((answer.status, answer.only["given"]), (tool.REFUSED, "--help"))

    def test_mistakes_are_escaped(self):
        for words in (["a\x1b[31mb"], ["name", "--a\x1b[31mb"], ["posh", "/a\x1b[31mb\n"],
                      ["stream", "--chunk", "\x1b[31m\u202e"]):
            error = self.misuse(*words)
            self.assertNotIn("\x1b", error)
            self.assertNotIn("\u202e", error)

    def test_json_is_ascii(self):
        answer = tool.dna("name", "b\u00fccher.example", "--json")
        self.assertEqual(json.loads(answer.out)["unicode"], "b\u00fccher.example")
        answer.out.decode("ascii")

    def test_colours(self):
        words = ["name", "example.com"]
        self.assertIn(b"\x1b[32mVALID\x1b[0m", on_a_terminal(*words))
        self.assertNotIn(b"\x1b", on_a_terminal(*words, NO_COLOR="1"))
        self.assertNotIn(b"\x1b", on_a_terminal(*words, NO_COLOR="yes"))
        self.assertNotIn(b"\x1b", on_a_terminal(*words, "--json"))
        self.assertNotIn(b"\x1b", tool.dna(*words).out)
        self.assertIn(b"\x1b", on_a_terminal(*words, NO_COLOR=""))

    def test_an_answer_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([tool.PROGRAM, "name", "example.com"], stdout=full,
                                  stderr=subprocess.PIPE, env=tool.ENVIRONMENT, check=False)
        self.assertEqual(done.returncode, tool.FAULT)
        self.assertIn(b"standard output", done.stderr)

    def test_files(self):
        self.misuse("posh", self.dir, says="directory")
        self.misuse("posh", "", says="needs a file's name")
        big = self.dir / "big"
        with open(big, "wb") as file:
            file.truncate(9 * 1024 * 1024)
        self.misuse("posh", big, says="longer than")


if __name__ == "__main__":
    tool.main()
