#!/usr/bin/env python3
"""Removes one security check at a time and requires that a test notices.

usage: tests/mutants/run.py [--only GLOB] [--keep DIR]

Each tests/mutants/*.patch takes one check out of the sources; its first line names the test
that must fail then:   # test: xml.reader
The tree is copied, built once and each named test must pass unpatched; then each patch is
applied, the test's program is rebuilt, and the test must fail.  A patch that does not apply
or does not build is an error: a mutant that cannot live proves nothing.
"""
import argparse
import fnmatch
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def copy_tree(target):
    listed = run("git", "-c", f"safe.directory={ROOT}", "ls-files", "-co",
                 "--exclude-standard", cwd=ROOT)
    if listed.returncode != 0:
        sys.exit(f"git ls-files: {listed.stdout}")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def test_of(patch):
    first = patch.read_text().split("\n", 1)[0]
    if not first.startswith("# test: "):
        sys.exit(f"{patch}:1: must say '# test: NAME'")
    return first[len("# test: "):].strip()


def target_of(test):
    return "test_" + test.replace(".", "_", 1)


def build(tree, test):
    return run("ninja", "-C", "build", target_of(test), cwd=tree)


def passes(tree, test):
    result = run("ctest", "--test-dir", "build", "-R", f"^{test.replace('.', '[.]')}$",
                 "--no-tests=error", "--timeout", "120", cwd=tree)
    return result.returncode == 0, result.stdout


def patch_tree(tree, patch, *options):
    return run("patch", "-p1", "-s", "-f", "--no-backup-if-mismatch", "-i", str(patch),
               *options, cwd=tree)


def try_mutant(tree, patch, test):
    """The reason why the mutant counts as survived, or None."""
    applied = patch_tree(tree, patch)
    if applied.returncode != 0:
        return "does not apply: " + applied.stdout.strip()
    try:
        built = build(tree, test)
        if built.returncode != 0:
            return "does not build:\n" + built.stdout[-2000:]
        if passes(tree, test)[0]:
            return f"survives {test}"
    finally:
        patch_tree(tree, patch, "-R")
    return None


def prepare(tree, tests):
    copy_tree(tree)
    made = run("cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
               "-DDNA_SANITIZE=ON", cwd=tree)
    if made.returncode != 0:
        sys.exit("configuring failed:\n" + made.stdout)
    for test in sorted(tests):
        built = build(tree, test)
        if built.returncode != 0:
            sys.exit(f"{test} does not build unpatched:\n" + built.stdout[-4000:])
        good, output = passes(tree, test)
        if not good:
            sys.exit(f"{test} does not pass unpatched:\n" + output[-4000:])


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--only", default="*", help="a pattern of patch names")
    options.add_argument("--keep", help="work in this directory and keep it")
    options = options.parse_args()
    patches = [p for p in sorted((ROOT / "tests/mutants").glob("*.patch"))
               if fnmatch.fnmatch(p.stem, options.only)]
    if not patches:
        sys.exit("no such mutant")
    tree = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="mutants-"))
    tree.mkdir(parents=True, exist_ok=True)
    failed, began = 0, time.monotonic()
    try:
        prepare(tree, {test_of(p) for p in patches})
        for number, patch in enumerate(patches, 1):
            why = try_mutant(tree, patch, test_of(patch))
            failed += why is not None
            print(f"[{number}/{len(patches)}] {patch.stem}: {why or 'killed'}", flush=True)
    finally:
        if not options.keep:
            shutil.rmtree(tree, ignore_errors=True)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{len(patches) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
