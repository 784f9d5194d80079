#!/usr/bin/env python3
"""Ten thousand hosted customers: what adding, removing and re-keying one of them costs.

usage: customers.py DNA_GATEWAY [--customers N] [--rounds N]

The gateway reads a map file of N customers; a tenth of them have a certificate and a key of
their own (all of the same files' content, each in files of its own).  Then one line, or one
pair of files, is changed at a time.  What is counted is the CPU time of the gateway from one
line of its log to the next, and its resident memory per customer, beside a gateway with one.
At the end all of them have a certificate of their own.
"""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile


def free_port(address):
    with socket.socket() as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def certify(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "one.key", "-out",
                    folder / "one.pem", "-days", "30", "-subj", "/CN=one", "-addext",
                    "subjectAltName=DNS:one.example"], check=True, capture_output=True)


class Gateway:
    def __init__(self, program, folder, lines):
        self.folder = folder
        self.map = folder / "customers"
        self.write(lines)
        config = folder / "gateway.conf"
        config.write_text(f'''ca-file = "{folder}/one.pem"
map-file = {{ "{self.map}" }}
public {{
  listen = {{ "127.0.0.1@{free_port("127.0.0.1")}" }}
  certificate = "{folder}/one.pem"
  key = "{folder}/one.key"
}}
resolver {{ mode = "stub" forward = {{ "127.0.0.1@1" }} trust-ad = true }}
link "main" {{
  listen = "127.0.0.2@{free_port("127.0.0.2")}"
  server = "127.0.0.3@5269"
  trust-loopback = true
}}
''', encoding="ascii")
        self.process = subprocess.Popen([program, "-c", config], stderr=subprocess.PIPE,
                                        encoding="utf-8")
        self.start = self.cpu_at(" ready ")

    def write(self, lines):
        new = self.map.with_suffix(".new")
        new.write_text("".join(lines), encoding="ascii")
        os.rename(new, self.map)

    def cpu(self):
        """Milliseconds so far."""
        text = pathlib.Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="ascii")
        return int(text.split()[0]) / 1e6

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(
            encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in text.splitlines()
                    if line.startswith("Private_Dirty"))

    def cpu_at(self, word):
        for line in self.process.stderr:
            if word in line:
                return self.cpu()
            if "not-reloaded" in line:
                sys.exit(line)
        sys.exit("the gateway has ended")

    def costs(self, change, expected):
        before = self.cpu()
        change()
        for line in self.process.stderr:
            if " reloaded " in line:
                if expected not in line:
                    sys.exit(line)
                return self.cpu() - before
            if "not-reloaded" in line:
                sys.exit(line)
        sys.exit("the gateway has ended")

    def stop(self):
        self.process.terminate()
        self.process.communicate()


def line_of(folder, number, own):
    pair = f" certificate={folder}/c{number}.pem key={folder}/c{number}.key" if own else ""
    return f"c{number}.example conference. link=main{pair}\n"


def measure(program, customers, rounds):
    with tempfile.TemporaryDirectory(prefix="customers-") as name:
        folder = pathlib.Path(name)
        certify(folder)
        lines = []
        for number in range(customers):
            own = number % 10 == 0
            for suffix in ("pem", "key") if own else ():
                shutil.copy(folder / f"one.{suffix}", folder / f"c{number}.{suffix}")
            lines.append(line_of(folder, number, own))
        alone = Gateway(program, folder, [line_of(folder, 1, False)])
        base = alone.memory()
        alone.stop()
        gateway = Gateway(program, folder, lines)
        figures = {"customers.start": (gateway.start, "ms"),
                   "customers.memory": ((gateway.memory() - base) / customers, "B")}
        costs = {"add": [], "remove": [], "rekey": []}
        for _ in range(rounds):
            more = lines + ["new.example link=main\n"]
            costs["add"].append(gateway.costs(lambda: gateway.write(more), "hosts-added=1 "))
            costs["remove"].append(gateway.costs(lambda: gateway.write(lines),
                                                 "hosts-removed=1 "))
            costs["rekey"].append(gateway.costs(
                lambda: (shutil.copy(folder / "one.pem", folder / "fresh"),
                         os.rename(folder / "fresh", folder / "c0.pem")), "hosts-added=0 "))
        gateway.stop()
        for what, values in costs.items():
            figures[f"customers.{what}"] = (statistics.median(values), "ms")
    return figures


def measure_own(program, customers):
    """All of them with a certificate of their own."""
    with tempfile.TemporaryDirectory(prefix="customers-") as name:
        folder = pathlib.Path(name)
        certify(folder)
        for number in range(customers):
            for suffix in ("pem", "key"):
                shutil.copy(folder / f"one.{suffix}", folder / f"c{number}.{suffix}")
        alone = Gateway(program, folder, [line_of(folder, 1, False)])
        base = alone.memory()
        alone.stop()
        gateway = Gateway(program, folder,
                          [line_of(folder, number, True) for number in range(customers)])
        figures = {"customers.own.start": (gateway.start, "ms"),
                   "customers.own.memory": ((gateway.memory() - base) / customers, "B")}
        gateway.stop()
    return figures


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("program")
    options.add_argument("--customers", type=int, default=10000)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()
    figures = measure(options.program, options.customers, options.rounds)
    figures.update(measure_own(options.program, options.customers))
    for name, (value, unit) in figures.items():
        print(f"{name} = {value:.6g} {unit}")


if __name__ == "__main__":
    main()
