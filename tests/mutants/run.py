#!/usr/bin/env python3
"""Removes one security check at a time and requires that a test notices.

usage: tests/mutants/run.py [--only GLOB] [--jobs N] [--keep DIR]

Each tests/mutants/*.patch takes one check out of the sources; its first line names the test
that must fail then:   # test: xml.reader
Workers take one test after the other, each with a copy of the tree and builds of its own.  A
test must pass unpatched; then each patch is applied, what it changes is rebuilt, and the test
must fail: at its first failure it is stopped.  The first build is one that compiles, links
and runs fast; a mutant that survives there is tried again in one with the sanitizers, which
decides.  A patch that does not apply or does not build is an error: a mutant that cannot live
proves nothing.
"""
import argparse
import fnmatch
import os
import pathlib
import queue
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 60    # seconds that a test may take with a mutant; more: it hangs
PATIENCE = 300  # ... and without one
FAILURE = "[  FAILED  ]"  # what cmocka prints as soon as one of its tests fails


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)


def stop(process):
    """Ends a test and whatever it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Mutant:
    """One patch: its name, the test that must notice it, and the files that it changes."""

    def __init__(self, path):
        text = path.read_text()
        first = text.split("\n", 1)[0]
        if not first.startswith("# test: "):
            sys.exit(f"{path}:1: must say '# test: NAME'")
        self.path, self.name = path, path.stem
        self.test = first[len("# test: "):].strip()
        self.files = re.findall(r"^\+\+\+ b/(\S+)", text, re.MULTILINE)
        if not self.files:
            sys.exit(f"{path}: changes no file")


class Report:
    """The lines of all workers, one after the other."""

    def __init__(self, total):
        self.lock, self.total, self.done, self.failed = threading.Lock(), total, 0, 0

    def line(self, mutant, why):
        with self.lock:
            self.done += 1
            self.failed += why is not None
            print(f"[{self.done}/{self.total}] {mutant.name}: {why or 'killed'}", flush=True)


class Build:
    """A build of a tree; made when it is first needed."""

    def __init__(self, source, name, options, jobs):
        self.source, self.place = source, source / name
        self.options, self.jobs = options, jobs
        self.tests = None  # name -> command

    def prepare(self):
        """None or what went wrong."""
        if self.tests is not None:
            return None
        made = run("cmake", "-S", ".", "-B", self.place, "-G", "Ninja", *self.options,
                   cwd=self.source)
        if made.returncode != 0:
            return "configuring failed:\n" + made.stdout[-4000:]
        self.tests = {}
        for listing in self.place.glob("**/CTestTestfile.cmake"):
            for name, words in re.findall(r"^add_test\(\[=\[(.+?)\]=\] (.*)\)$",
                                          listing.read_text(), re.MULTILINE):
                self.tests[name] = shlex.split(words)
        return None

    def make(self, test):
        """None or what went wrong; the programs of the test are up to date."""
        build = str(self.place) + "/"
        targets = {word[len(build):] for word in self.tests[test] if word.startswith(build)}
        built = run("ninja", "-C", self.place, "-j", str(self.jobs), *sorted(targets),
                    cwd=self.source)
        return None if built.returncode == 0 else "does not build:\n" + built.stdout[-4000:]

    def passes(self, test, seconds=LONGEST):
        """(whether the test passes in that time, what it printed)."""
        ran = subprocess.Popen(self.tests[test], cwd=self.place, text=True,
                               errors="replace", stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
        late = threading.Timer(seconds, stop, [ran])
        late.start()
        printed = []
        for line in ran.stdout:
            printed.append(line)
            if FAILURE in line:
                stop(ran)
        late.cancel()
        return ran.wait() == 0, "".join(printed)

    def trouble(self, test):
        """Why the test is no good here, or None: unpatched it must pass."""
        why = self.prepare()
        if why is None and test not in self.tests:
            why = "there is no such test: " + test
        why = why or self.make(test)
        if why is None:
            passed, output = self.passes(test, PATIENCE)
            why = None if passed else f"{test} does not pass unpatched:\n{output[-4000:]}"
        return why


class Tree:
    """A copy of the sources with its builds."""

    def __init__(self, place, jobs):
        self.place = place
        gold = ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=gold"] if shutil.which("ld.gold") else []
        self.builds = [
            Build(place, "quick", ["-DCMAKE_BUILD_TYPE=None", *gold], jobs),
            Build(place, "build", ["-DCMAKE_BUILD_TYPE=Debug", "-DDNA_SANITIZE=ON"], jobs)]

    def patch(self, mutant):
        return run("patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-i",
                   str(mutant.path), cwd=self.place)

    def try_mutant(self, mutant, build):
        """(whether the mutant lives, what is wrong with it or None)."""
        saved = {name: (self.place / name).read_bytes() for name in mutant.files
                 if (self.place / name).exists()}
        applied = self.patch(mutant)
        try:
            if applied.returncode != 0:
                return False, "does not apply: " + applied.stdout.strip()
            why = build.make(mutant.test)
            return why is None and build.passes(mutant.test)[0], why
        finally:
            for name, content in saved.items():
                (self.place / name).write_bytes(content)


def copy_tree(target):
    listed = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-co",
                 "--exclude-standard", cwd=ROOT)
    if listed.returncode != 0:
        sys.exit(f"git ls-files: {listed.stdout}")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def try_group(tree, test, mutants, report):
    """The mutants of one test; where the test is no good, all of them have failed."""
    left = sorted(mutants, key=lambda m: (m.files, m.name))
    for build in tree.builds:
        why = build.trouble(test) if left else None
        alive = []
        for mutant in left:
            lives, wrong = (False, why) if why else tree.try_mutant(mutant, build)
            if lives:
                alive.append(mutant)
            else:
                report.line(mutant, wrong)
        left = alive
    for mutant in left:
        report.line(mutant, f"survives {test}")


def work(tree, groups, report):
    """Takes groups from the queue until it is empty."""
    copy_tree(tree.place)
    while True:
        try:
            test, mutants = groups.get_nowait()
        except queue.Empty:
            return
        try_group(tree, test, mutants, report)


def grouped(mutants):
    """A queue of (test, its mutants), the largest groups first."""
    tests, groups = {}, queue.Queue()
    for mutant in mutants:
        tests.setdefault(mutant.test, []).append(mutant)
    for group in sorted(tests.items(), key=lambda item: len(item[1]), reverse=True):
        groups.put(group)
    return groups


def try_all(mutants, jobs, place):
    """(how many survived, what ended a worker)."""
    report, groups, failures = Report(len(mutants)), grouped(mutants), []
    workers = min(jobs, groups.qsize())

    def worker(number):
        try:
            tree = place / str(number)
            tree.mkdir(parents=True, exist_ok=True)
            work(Tree(tree, max(1, jobs // workers)), groups, report)
        except BaseException as error:  # a worker that dies must not pass for success
            failures.append(error)
            raise

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return report.failed + (report.total - report.done), failures


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--only", default="*", help="a pattern of patch names")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1,
                         help="workers (one per processor)")
    options.add_argument("--keep", help="work in this directory and keep it")
    options = options.parse_args()
    mutants = [Mutant(p) for p in sorted((ROOT / "tests/mutants").glob("*.patch"))
               if fnmatch.fnmatch(p.stem, options.only)]
    if not mutants:
        sys.exit("no such mutant")
    place = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="mutants-"))
    began = time.monotonic()
    try:
        failed, failures = try_all(mutants, max(1, options.jobs), place)
    finally:
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{len(mutants) - failed} passed, {failed} failed")
    sys.exit(1 if failed or failures else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
