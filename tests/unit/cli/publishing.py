"""What the tests of `dna publish` share: what a part printed, and programs that judge it."""
import shutil
import subprocess
import time

import tool


class Case(tool.Case):
    def make(self, *words):
        """The text that the part prints, in the form it is redirected into a file."""
        if words[0] == "assertion" and "--at" not in words:
            words += ("--at", int(time.time()))  # it tells the second, and there are two runs
        answer = tool.dna("publish", *words)
        self.assertEqual(answer.status, tool.ACCEPTED, (words, answer.err))
        # There is advice, and it is not in the text.
        self.assertIn("\n* ", answer.err)
        got = self.ask(tool.ACCEPTED, "publish", *words, ruling="VALID", code="ok")
        if "attribute-cert" not in words and "ta-request" not in words and \
                "srvname-request" not in words:
            self.assertEqual(got["text"].encode(), answer.out)
        self.assertTrue(got["place"] and got["advice"])
        return answer.out

    def refused(self, *words, says):
        got = self.ask(tool.REFUSED, "publish", *words, ruling="INVALID")
        self.assertIn(says, got["why"])

    def judge(self, *words, good=True):
        """A program that we did not write; what it said."""
        if shutil.which(words[0]) is None:
            self.skipTest(f"no {words[0]}")
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode == 0, good, (words, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def zone(self, lines, origin="example.com"):
        """The lines in a zone, as BIND reads it."""
        text = f"$TTL 3600\n@ IN SOA ns hostmaster 1 7200 3600 1209600 3600\n@ IN NS ns\n" \
               "ns IN A 192.0.2.53\n" + lines.decode("ascii")
        file = self.file("zone", text)
        return self.judge("named-checkzone", "-i", "local", "-D", origin, file)
