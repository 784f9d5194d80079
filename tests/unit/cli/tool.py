"""What the tests of `dna` share: running it, tables of calls, certificates, hostile bytes.

A test file is started as: test_COMMAND.py DNA REPOSITORY
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "dna"
ROOT = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".").resolve()

ACCEPTED, REFUSED, FAULT, UNKNOWN = 0, 1, 2, 3

# A finding of a sanitizer must not look like an answer of the program.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="exitcode=99", LC_ALL="C.UTF-8")
ENVIRONMENT.pop("NO_COLOR", None)
ENVIRONMENT["TERM"] = "xterm"    # so that only the terminal is missing


class Answer:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode("utf-8", "replace")

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.decode("ascii").splitlines()]

    @property
    def only(self):
        lines = self.lines
        assert len(lines) == 1, lines
        return lines[0]


def dna(*words, stdin=b"", env=None):
    return Answer(subprocess.run([PROGRAM, *map(str, words)], input=stdin, timeout=120,
                                 env=env or ENVIRONMENT, capture_output=True, check=False))


class Case(unittest.TestCase):
    """Each test has an empty directory of its own, self.dir, removed afterwards."""

    maxDiff = None

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)

    def file(self, name, content):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def ask(self, status, *words, stdin=b"", **members):
        """The one object that the call prints; members: what must stand in it."""
        answer = dna(*words, "--json", stdin=stdin)
        self.assertEqual((answer.status, answer.err), (status, ""), words)
        got = answer.only
        for name in ("ruling", "code", "why"):
            self.assertTrue(isinstance(got[name], str) and got[name], (name, got))
        for name, value in members.items():
            self.assertEqual(got.get(name), value, (words, got))
        return got

    def misuse(self, *words, says="", stdin=b""):
        answer = dna(*words, stdin=stdin)
        self.assertEqual((answer.status, answer.out), (FAULT, b""), words)
        self.assertIn(says, answer.err)
        self.assertNotIn("Sanitizer", answer.err)
        return answer.err

    def hammer(self, good, call, times=60, seed=1):
        """Feeds mutations of good to call(bytes): each is accepted or refused, silently."""
        dice = random.Random(seed)
        for number in range(times):
            answer = call(mutate(dice, good))
            self.assertIn(answer.status, (ACCEPTED, REFUSED, UNKNOWN),
                          (number, answer.err))
            self.assertEqual(answer.err, "", number)
            self.assertGreater(len(answer.lines), 0)


def mutate(dice, good):
    kind = dice.randrange(5)
    if kind == 0:
        return dice.randbytes(dice.randrange(200))
    text = bytearray(good)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(text) + 1)
        if kind == 1:
            text[at:at + 1] = bytes([dice.randrange(256)])
        elif kind == 2:
            del text[at:at + dice.randrange(1, 20)]
        elif kind == 3:
            text[at:at] = text[dice.randrange(len(text) + 1):][:30]
        else:
            text[at:at] = dice.choice([b"\0", b"\xff", b"\"", b"}", b"<", b"\n", b"\x1b[31m",
                                       b"[" * 40, "\u202e".encode()])
    return bytes(text)


def openssl(*words, stdin=b""):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True,
                          check=True).stdout


class Authority:
    """A CA that issues what it is asked for; above: the one that issued it."""

    def __init__(self, directory, name, above=None, extensions=""):
        self.dir, self.name, self.n = directory, name, 0
        self.pem = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"
        made = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n" + extensions
        if above is None:
            self._request(self.key, self.pem, name, made, "-x509", "-days", "3650")
        else:
            above.sign(name, self.key, self.pem, made)

    @staticmethod
    def _request(key, out, name, extensions, *more):
        config = out.with_suffix(".cnf")
        config.write_text("[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\n"
                          f"[dn]\nCN={name}\n[ext]\n{extensions}\n")
        if not key.exists():
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-out", key)
        openssl("req", "-new", "-key", key, "-config", config, "-out", out, *more)

    def sign(self, name, key, out, extensions, days=365):
        request = out.with_suffix(".csr")
        self.n += 1
        self._request(key, request, name, "")
        file = out.with_suffix(".ext")
        file.write_text(extensions + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key,
                "-set_serial", self.n, "-days", days, "-extfile", file, "-out", out)
        return out

    def leaf(self, name, *names, extra="", key=None):
        """A certificate with these subjectAltNames; its file."""
        out = self.dir / f"{name}.pem"
        alt = f"subjectAltName={','.join(names)}\n" if names else ""
        return self.sign("leaf", key or self.dir / f"{name}.key", out, alt + extra)


def srv(name):
    return f"otherName:1.3.6.1.5.5.7.8.7;IA5STRING:{name}"


def xmpp(name):
    return f"otherName:1.3.6.1.5.5.7.8.5;UTF8:{name}"


def der(pem):
    return openssl("x509", "-in", pem, "-outform", "DER")


def spki(pem):
    return openssl("pkey", "-pubin", "-outform", "DER",
                   stdin=openssl("x509", "-in", pem, "-noout", "-pubkey"))


def join(out, *parts):
    out.write_bytes(b"".join(part.read_bytes() for part in parts))
    return out


def main():
    unittest.main()
