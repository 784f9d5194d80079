"""What the operator sees: headings, steps with their time, short tables, colour on a tty.

The screen holds no state of the lab; everything here only writes to standard output.
"""

import os
import sys
import textwrap
import time
from contextlib import contextmanager

WIDTH = 88
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Screen:
    def __init__(self, verbose=False):
        self.verbose = verbose
        self.tty = sys.stdout.isatty()
        self.colour = self.tty and "NO_COLOR" not in os.environ

    def paint(self, text, *styles):
        if not self.colour or not styles:
            return text
        return f"\033[{';'.join(_CODES[s] for s in styles)}m{text}\033[0m"

    def line(self, text="", *styles):
        print(self.paint(text, *styles), flush=True)

    def heading(self, text):
        self.line()
        self.line(text, "bold")
        self.line("─" * len(text), "dim")

    def prose(self, text, indent="  "):
        for paragraph in textwrap.dedent(text).strip().split("\n\n"):
            words = " ".join(paragraph.split())
            self.line(textwrap.fill(words, WIDTH, initial_indent=indent,
                                    subsequent_indent=indent,
                                    break_on_hyphens=False, break_long_words=False))

    def detail(self, text):
        if self.verbose:
            self.line(f"      {text}", "dim")

    def good(self, text):
        self.line(f"  {self.paint('✓', 'green', 'bold')} {text}")

    def bad(self, text):
        self.line(f"  {self.paint('✗', 'red', 'bold')} {text}")

    @contextmanager
    def step(self, text):
        """Print TEXT, run the body, then print how long it took or that it failed."""
        label = f"  {text} "
        # A line that is finished later would be torn apart by details in between.
        whole = self.verbose or not self.tty
        if not whole:
            print(label.ljust(62, "."), end="", flush=True)
        begun = time.monotonic()
        try:
            yield
        except BaseException:
            self._end_step(label, "failed", "red", whole)
            raise
        self._end_step(label, f"{time.monotonic() - begun:5.1f} s", "dim", whole)

    def _end_step(self, label, result, style, whole):
        dots = label.ljust(62, ".") if whole else ""
        print(f"{dots} {self.paint(result, style)}", flush=True)

    def tail(self, path, lines=25):
        """The end of a log, when something went wrong."""
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                last = log.readlines()[-lines:]
        except OSError as error:
            self.line(f"  (no log: {error})", "dim")
            return
        self.line(f"  the end of {path}:", "bold")
        for text in last or ["(empty)"]:
            self.line(f"    {text.rstrip()}", "dim")
