#!/usr/bin/env python3
"""Relays stanzas from TLS to a plain connection: dna-gateway beside HAProxy.

usage: tests/bench/relay.py BUILD_DIR [--stanzas N] [--rounds N]

relay_source sends messages of 500 bytes in records of their own, over TLS, to each of the two
in turn; each passes them on to a sink in this process over plain TCP.  The same bytes, the
same number, on the same machine; what is compared is the CPU time of the relaying process
(/proc/PID/stat) per megabyte.  HAProxy copies bytes; the gateway has proven the domain of the
sender (pkix) and looks at the from and to of every stanza.  Prints figures, medians of rounds.
"""
import argparse
import os
import pathlib
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

STANZA = 500
TICK = os.sysconf("SC_CLK_TCK")
STREAM = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:"
          "dialback' xmlns:stream='http://etherx.jabber.org/streams' from='dst.example' "
          "to='src.example' id='sink' version='1.0' xml:lang='en'><stream:features><dialback "
          "xmlns='urn:xmpp:features:dialback'/></stream:features>")
VALID = "<db:result from='dst.example' to='src.example' type='valid'/>"

GATEWAY = """
public {{
  listen = {{ "127.0.0.1@{public}" }}
  certificate = "{work}/dst.pem"
  key = "{work}/dst.key"
}}
ca-file = "{work}/ca.pem"
resolver {{
  mode = "stub"
  forward = {{ "127.0.0.1@{dns}" }}
  trust-ad = true
}}
link "main" {{
  kind = "plain"
  listen = "127.0.0.1@{link}"
  server = "127.0.0.1@{sink}"
  trust-loopback = true
}}
host "dst.example" {{
  link = "main"
}}
log {{
  level = "warning"
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 100
    ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256
defaults
    mode tcp
    timeout connect 5s
    timeout client 600s
    timeout server 600s
frontend public
    bind 127.0.0.1:{public} ssl crt {work}/haproxy.pem verify required ca-file {work}/ca.pem
    default_backend sink
backend sink
    server sink 127.0.0.1:{sink}
"""


def openssl(work, *arguments):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-noenc", "-days", "2", *arguments], cwd=work,
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(work):
    openssl(work, "-subj", "/CN=CA of the benchmark", "-keyout", "ca.key", "-out", "ca.pem")
    for name in ("src", "dst"):
        openssl(work, "-subj", f"/CN={name}", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext",
                "basicConstraints=critical,CA:FALSE", "-addext",
                f"subjectAltName=DNS:{name}.example", "-keyout", f"{name}.key", "-out",
                f"{name}.pem")
    (work / "haproxy.pem").write_text((work / "dst.pem").read_text() +
                                      (work / "dst.key").read_text())


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve_no_names(server):
    """A name server that knows no name."""
    while True:
        query, client = server.recvfrom(4096)
        if len(query) >= 12:
            server.sendto(query[:2] + struct.pack("!H", 0x8183) + query[4:], client)


class Sink:
    """Where the relayed bytes end; with speaks_xmpp it first accepts a dialed-back pair."""

    def __init__(self, speaks_xmpp):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.xmpp, self.received, self.expected = speaks_xmpp, 0, 0
        self.enough = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.drain, args=(connection,), daemon=True).start()

    def negotiate(self, connection):
        text = b""
        for awaited, answer in ((b"<stream:stream", STREAM), (b"</db:result>", VALID)):
            while awaited not in text or not text.endswith(b">"):
                piece = connection.recv(65536)
                if not piece:
                    return False
                text += piece
            connection.sendall(answer.encode())
        return True

    def drain(self, connection):
        space = bytearray(1 << 20)
        if self.xmpp and not self.negotiate(connection):
            return
        while True:
            try:
                n = connection.recv_into(space)
            except ConnectionError:
                return  # the relay was ended
            if n == 0:
                return
            self.received += n
            if self.received >= self.expected:
                self.enough.set()

    def wait_for(self, more):
        self.expected = self.received + more
        self.enough.clear()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def await_port(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}")


class Relay:
    """A relaying process with its sink and its source."""

    def __init__(self, name, command, public, sink, source):
        self.name, self.sink = name, sink
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        await_port(public)
        self.source = subprocess.Popen(source, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True)
        self.await_source()
        self.costs, self.speeds = [], []

    def await_source(self):
        if self.source.stdout.readline() != "ready\n":
            sys.exit(f"{self.name}: the source did not get through")

    def run(self, stanzas):
        size = stanzas * STANZA
        self.sink.wait_for(size)
        cpu, began = cpu_seconds(self.process.pid), time.monotonic()
        self.source.stdin.write(f"{stanzas}\n")
        self.source.stdin.flush()
        self.await_source()
        if not self.sink.enough.wait(300):
            sys.exit(f"{self.name}: {self.sink.received} of {self.sink.expected} bytes came")
        took = time.monotonic() - began
        self.costs.append((cpu_seconds(self.process.pid) - cpu) / (size / 1e6))
        self.speeds.append(size / 1e6 / took)

    def warm_up(self, stanzas):
        self.run(100)  # no more than may wait until the pair is accepted
        self.run(stanzas)
        self.costs.clear()
        self.speeds.clear()

    def stop(self):
        self.source.stdin.close()
        self.source.wait(10)
        self.process.terminate()
        self.process.wait(20)


def start(options, work):
    build = options.build.resolve()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 0))
    threading.Thread(target=serve_no_names, args=(names,), daemon=True).start()
    source = [build / "tests/bench/relay_source"]
    relays = []
    for name in ("gateway", "haproxy"):
        sink, public = Sink(name == "gateway"), free_port()
        words = {"public": public, "sink": sink.port, "work": work, "link": free_port(),
                 "dns": names.getsockname()[1]}
        config = work / f"{name}.conf"
        config.write_text((GATEWAY if name == "gateway" else HAPROXY).format(**words))
        command = ([build / "shim/gateway/dna-gateway", "-c", config] if name == "gateway"
                   else [shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"),
                         "-db", "-q", "-f", config])
        relays.append(Relay(name, command, public, sink,
                            source + [str(public), work / "src.pem", work / "src.key"] +
                            (["src.example", "dst.example"] if name == "gateway" else [])))
    return relays


def report(relays):
    costs = {r.name: statistics.median(r.costs) for r in relays}
    for relay in relays:
        print(f"relay.{relay.name} = {1 / costs[relay.name]:.4g} MB/s")
        print(f"relay.{relay.name}.stanza = {costs[relay.name] * STANZA:.4g} us")
        print(f"relay.{relay.name}.wall = {statistics.median(relay.speeds):.4g} MB/s")
    print(f"relay.ratio = {costs['haproxy'] / costs['gateway']:.4g} x")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--stanzas", type=int, default=400000, help="per round (400000)")
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="relay-") as work:
        work = pathlib.Path(work)
        work.chmod(0o755)
        make_certificates(work)
        relays = start(options, work)
        try:
            for relay in relays:
                relay.warm_up(options.stanzas // 4)
            for _ in range(options.rounds):
                for relay in relays:
                    relay.run(options.stanzas)
            report(relays)
        finally:
            for relay in relays:
                relay.stop()


if __name__ == "__main__":
    main()
