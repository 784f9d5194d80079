#!/usr/bin/env python3
"""Runs every fuzzer of a build for a bounded time on its corpus.

usage: tests/fuzz/run.py [--seconds N] [--only GLOB] [--jobs N] BUILD_DIR

BUILD_DIR was configured with clang and -DDNA_FUZZ=ON -DDNA_SANITIZE=ON, and built.  New
inputs stay in a scratch directory; an input that crashes is copied to BUILD_DIR/crashes/ and
named.  One line per fuzzer; exits 1 when one of them crashed, did not run or ran nothing.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def fuzz(build, name, seconds):
    """(executions, trouble or None)."""
    program = build / "tests/fuzz" / f"fuzz_{name}"
    crashes = build / "crashes"
    crashes.mkdir(exist_ok=True)
    seeds = CORPUS / name
    if not program.exists():
        return 0, "is not built"
    if not seeds.is_dir() or not any(seeds.iterdir()):
        return 0, f"has no corpus in {seeds}"
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as scratch:
        command = [program, scratch, seeds, f"-max_total_time={seconds}", "-timeout=20",
                   "-rss_limit_mb=1024", "-print_final_stats=1",
                   f"-artifact_prefix={crashes}/{name}-"]
        try:
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True, errors="replace", check=False,
                                  timeout=seconds + 120)
        except subprocess.TimeoutExpired:
            return 0, "does not end"
    found = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    executions = int(found.group(1)) if found else 0
    if done.returncode != 0:
        return executions, f"failed:\n{done.stderr[-4000:]}"
    return executions, None if executions else "executed nothing"


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--seconds", type=int, default=60, help="per fuzzer (60)")
    options.add_argument("--only", default="*", help="a pattern of fuzzer names")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1,
                         help="at once (one per processor)")
    options = options.parse_args()
    listed = options.build / "tests/fuzz/fuzzers.txt"
    if not listed.exists():
        sys.exit(f"{options.build} was not configured with -DDNA_FUZZ=ON")
    names = [n for n in listed.read_text().split() if fnmatch.fnmatch(n, options.only)]
    if not names:
        sys.exit("no such fuzzer")
    failed = 0

    def one(name):
        began = time.monotonic()
        executions, trouble = fuzz(options.build.resolve(), name, options.seconds)
        return name, executions, trouble, time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        jobs = [pool.submit(one, name) for name in names]
        for number, job in enumerate(concurrent.futures.as_completed(jobs), 1):
            name, executions, trouble, took = job.result()
            failed += trouble is not None
            print(f"[{number}/{len(names)}] {name}: {executions} executions in {took:.0f} s: "
                  f"{trouble or 'no crash'}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
