#!/usr/bin/env python3
"""Installs mod_dna into a directory of its own and uses it from outside.

usage: tests/package/run.py WORK_DIR

Builds the hardened release and installs it below WORK_DIR; then
  * the shared libraries export what the headers declare as DNA_API, and nothing else;
  * they and the programs are hardened and keep their assertions;
  * every header stands alone;
  * core_user.c and loop_user.c build against it with pkg-config and with CMake, shared and
    static, and do what they should;
  * the uninstall target leaves nothing behind.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROGRAMS = {"core_user": "mod_dna", "loop_user": "mod_dna_uv"}
CFLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1"]


def run(*command, env=None, cwd=None):
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, cwd=cwd, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}: exit status {done.returncode}\n"
                 f"{done.stdout[-6000:]}")
    return done.stdout


class Package:
    def __init__(self, work):
        self.work, self.prefix, self.build = work, work / "prefix", work / "build"

    def install(self):
        run("cmake", "-S", ROOT, "-B", self.build, "-G", "Ninja",
            "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DDNA_HARDEN=ON", "-DDNA_WERROR=ON",
            "-DDNA_TESTS=OFF",
            f"-DCMAKE_INSTALL_PREFIX={self.prefix}")
        run("ninja", "-C", self.build, "-j2")
        run("cmake", "--install", self.build)
        self.libraries = next(self.prefix.rglob("libmod_dna.so")).parent
        self.env = {"PKG_CONFIG_PATH": str(self.libraries / "pkgconfig"),
                    "LD_LIBRARY_PATH": str(self.libraries)}

    def check_symbols(self):
        driver = {"uv.h"}
        for library, headers in (("mod_dna", self.headers() - driver), ("mod_dna_uv", driver)):
            declared = set()
            for header in headers:
                text = (self.prefix / "include/mod_dna" / header).read_text()
                declared |= set(re.findall(r"^DNA_API[^;]*?\b(dna_\w+)\(", text, re.MULTILINE))
            listed = run("nm", "-D", "--defined-only", self.libraries / f"lib{library}.so")
            exported = {line.split()[-1] for line in listed.splitlines()}
            if not declared or declared != exported:
                sys.exit(f"lib{library}.so: declared and not exported: "
                         f"{sorted(declared - exported)}; exported and not declared: "
                         f"{sorted(exported - declared)}")

    def check_hardening(self):
        for path in [*self.libraries.glob("*.so"), *self.prefix.glob("*bin/*")]:
            said = run("readelf", "--wide", "-h", "-l", "-d", path)
            if ("GNU_RELRO" not in said or "BIND_NOW" not in said or "DYN (" not in said or
                    "RUNPATH" in said or re.search(r"GNU_STACK .* RWE", said)):
                sys.exit(f"{path} is not hardened:\n{said}")
            symbols = run("nm", "-D", "--undefined-only", path)
            if "__assert_fail" not in symbols or not re.search(r"__\w+_chk", symbols):
                sys.exit(f"{path}: no assertions, or nothing fortified")

    def headers(self):
        return {path.name for path in (self.prefix / "include/mod_dna").glob("*.h")}

    def check_headers(self):
        for header in sorted(self.headers()):
            probe = self.work / "probe.c"
            probe.write_text(f"#include <mod_dna/{header}>\nextern int nothing;\n")
            run("cc", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Wundef", "-Werror",
                "-fsyntax-only", f"-I{self.prefix}/include", probe)

    def make_certificates(self):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
        run("openssl", "req", "-x509", *key, "-subj", "/CN=CA of the test", "-keyout",
            "ca.key", "-out", "ca.pem", cwd=self.work)
        run("openssl", "req", "-x509", *key, "-subj", "/CN=shop", "-CA", "ca.pem", "-CAkey",
            "ca.key", "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
            "subjectAltName=DNS:shop.example", "-keyout", "leaf.key", "-out", "leaf.pem",
            cwd=self.work)

    def use(self, program):
        said = run(program, self.work / "ca.pem", self.work / "leaf.pem", env=self.env)
        if not re.search(r"shop\.example: PROVEN", said) or "other.example: PROVEN" in said:
            sys.exit(f"{program}: {said}")

    def flags(self, *words):
        return shlex.split(run("pkg-config", *words, env=self.env))

    def use_pkg_config(self):
        for name, package in PROGRAMS.items():
            shared, static = self.work / name, self.work / f"{name}_static"
            cflags = self.flags("--cflags", package)
            run("cc", *CFLAGS, HERE / f"{name}.c", "-o", shared, *cflags,
                *self.flags("--libs", package))
            # Our archives, everybody else's shared libraries.
            below = [line.split()[0] for p in {"mod_dna", package} for line in
                     run("pkg-config", "--print-requires-private", p,
                         env=self.env).splitlines()]
            archives = [self.libraries / f"lib{p}.a" for p in
                        ([package, "mod_dna"] if package != "mod_dna" else [package])]
            unbound = ["-lunbound"] if package == "mod_dna_uv" else []
            run("cc", *CFLAGS, HERE / f"{name}.c", "-o", static, *cflags, *archives, *unbound,
                *self.flags("--libs", *below))
            if "libmod_dna" in run("readelf", "-d", static):
                sys.exit(f"{static} is not linked statically")
            self.use(shared)
            self.use(static)

    def use_cmake(self):
        build = self.work / "consumer"
        run("cmake", "-S", HERE / "consumer", "-B", build, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("ninja", "-C", build)
        for name in PROGRAMS:
            self.use(build / name)
            self.use(build / f"{name}_static")

    def uninstall(self):
        run("ninja", "-C", self.build, "uninstall")
        left = [str(path) for path in self.prefix.rglob("*")
                if not path.is_dir() or path.name in ("mod_dna", "examples")]
        if left:
            sys.exit(f"left behind: {left}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    work = pathlib.Path(sys.argv[1]).resolve()
    for stale in ("prefix", "consumer"):
        shutil.rmtree(work / stale, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    package = Package(work)
    package.install()
    package.check_symbols()
    package.check_hardening()
    package.check_headers()
    package.make_certificates()
    package.use_pkg_config()
    package.use_cmake()
    package.uninstall()
    print("installed, used from outside both ways, and removed")


if __name__ == "__main__":
    main()
