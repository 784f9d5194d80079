"""Counts the round trips that `dna check` of a healthy domain takes.

usage: check_rounds.py DNA [--verbose] [--delay SECONDS]

A signed root, nsd, behind a forwarder that answers after 100 ms; a web server that answers
after 100 ms; XMPP servers that answer at once.  So the wall time of the program, in units of
100 ms, is the number of rounds that it waited for one after the other, plus its own work.
Beside it stands the depth: the longest chain of look-ups of which each needs the answer of the
one before, unless it guesses.  Prints the figures; --verbose also shows when each question came.

Needs the right to listen on port 443 of 127.0.0.3 (in a container, root), nsd and ldnsutils.
"""
import argparse
import base64
import hashlib
import http.server
import json
import os
import pathlib
import socket
import socketserver
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/unit/cli"))
WORDS, sys.argv[1:] = sys.argv[1:], []  # tool takes the words of a test off the command line
import tool   # noqa: E402
import world  # noqa: E402

DOMAIN, HOST, WEB = "shop.good", "xmpp.good", "127.0.0.3"
# The longest chain.  None of it depends on the server's certificate, and all else fits beside it:
# SRV records, the target's address, its TLSA records; addresses of web hosts, documents.  What
# asks for the address of the policy's host at once needs a round less.
DEPTH = ["TXT record of the STS policy", "address of the policy's host", "the policy"]


class Log:
    """What arrived when."""

    def __init__(self):
        self.lines, self.lock = [], threading.Lock()

    def add(self, text):
        with self.lock:
            self.lines.append((time.monotonic(), text))

    def clear(self):
        with self.lock:
            self.lines = []


def question(packet):
    """"NAME TYPE" of a DNS message."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
        at += 1 + packet[at]
    return f"{'.'.join(labels) or '.'} {struct.unpack('!H', packet[at + 1:at + 3])[0]}"


class Resolver:
    """Forwards each question to nsd, over UDP and TCP, and answers later."""

    def __init__(self, port, delay, log):
        self.behind, self.delay, self.log = port, delay, log
        self.port = world.free_port()
        self.udp = socket.socket(type=socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.tcp = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(65535)
            threading.Thread(target=self.answer, args=(packet, peer), daemon=True).start()

    def answer(self, packet, peer):
        due = time.monotonic() + self.delay
        self.log.add(f"dns {question(packet)}")
        with socket.socket(type=socket.SOCK_DGRAM) as behind:
            behind.settimeout(5)
            behind.sendto(packet, ("127.0.0.1", self.behind))
            reply = behind.recv(65535)
        time.sleep(max(0, due - time.monotonic()))
        self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            one, _ = self.tcp.accept()
            threading.Thread(target=self.carry, args=(one,), daemon=True).start()

    def carry(self, one):
        with one, one.makefile("rb") as read:
            while len(head := read.read(2)) == 2:
                packet = read.read(struct.unpack("!H", head)[0])
                due = time.monotonic() + self.delay
                self.log.add(f"tcp {question(packet)}")
                with socket.create_connection(("127.0.0.1", self.behind)) as behind, \
                        behind.makefile("rb") as answer:
                    behind.sendall(head + packet)
                    length = answer.read(2)
                    reply = length + answer.read(struct.unpack("!H", length)[0])
                time.sleep(max(0, due - time.monotonic()))
                one.sendall(reply)


class Web(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Documents by path; each answer later."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, chain, key, documents, delay, log):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def do_GET(self):
                host = self.headers.get("Host", "")
                log.add(f"web https://{host}{self.path}")
                time.sleep(delay)
                kind, body = documents.get(self.path, ("text/plain", None))
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *words):
                pass

        super().__init__((WEB, 443), Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        # In the connection's own thread: a slow handshake keeps nobody waiting.
        try:
            with self.context.wrap_socket(request, server_side=True) as secure:
                self.RequestHandlerClass(secure, client_address, self)
        except OSError:
            pass

    def handle_error(self, request, client_address):
        pass


def documents(leaf):
    print64 = base64.b64encode(hashlib.sha256(tool.der(leaf)).digest()).decode()
    posh = {"fingerprints": [{"sha-256": print64}], "expires": 86400}
    policy = f"version: XSTSv1\nmode: enforce\nsrv: {HOST}\nmax_age: 86400\n"
    return {
        "/.well-known/posh/xmpp-server.json": ("application/json", json.dumps(posh).encode()),
        "/.well-known/xmpp-sts.txt": ("text/plain", policy.encode()),
    }


def check(program, words, environment):
    began = time.monotonic()
    done = subprocess.run([program, *map(str, words)], capture_output=True, check=False,
                          env=environment, timeout=120)
    took = time.monotonic() - began
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0:
        sys.exit(f"dna check: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return began, took, lines


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("dna")
    options.add_argument("--verbose", action="store_true")
    options.add_argument("--delay", type=float, default=0.1)
    options.add_argument("--rounds", type=int, default=3)
    options = options.parse_args(WORDS)
    log = Log()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ca = tool.Authority(folder, "root-ca")
        leaf = ca.leaf("leaf", *(f"DNS:{name}" for name in
                                 (DOMAIN, HOST, f"xmpp-sts.{DOMAIN}", f"www.{DOMAIN}")))
        key = leaf.with_suffix(".key")
        server = world.Xmpp(leaf, key)
        names = world.Names(
            f"{HOST}. 300 IN A 127.0.0.2", f"{DOMAIN}. 300 IN A {WEB}",
            f"xmpp-sts.{DOMAIN}. 300 IN A {WEB}",
            f"_xmpp-sts.{DOMAIN}. 300 IN TXT \"v=XSTSv1; id=20260101;\"",
            f"_xmpp-server._tcp.{DOMAIN}. 300 IN SRV 5 0 {server.port} {HOST}.",
            f"_{server.port}._tcp.{HOST}. 300 IN TLSA {world.tlsa(leaf)}")
        web = Web(leaf, key, documents(leaf), options.delay, log)
        try:
            resolver = Resolver(names.port, options.delay, log)
            words = ["check", DOMAIN, "--resolver", f"127.0.0.1@{resolver.port}",
                     "--trust-anchor", names.anchor, "--allow-private", "--ca-file", ca.pem,
                     "--json"]
            environment = dict(os.environ, LC_ALL="C.UTF-8")
            times = []
            for _ in range(options.rounds):
                log.clear()
                began, took, lines = check(options.dna, words, environment)
                times.append(took)
            proven = [line["prooftype"] for line in lines[:-1] if line["ruling"] == "PROVEN"]
            if options.verbose:
                for at, text in log.lines:
                    print(f"{(at - began) * 1000:7.1f} ms  {text}")
                for line in lines:
                    print(line["prooftype"], line["ruling"], line["why"])
            took = statistics.median(times)
            print(f"check.wall = {took * 1000:.6g} ms")
            print(f"check.rounds = {took / options.delay:.4g} rounds")
            print(f"check.depth = {len(DEPTH)} rounds")
            print(f"check.proven = {len(proven)} prooftypes")
        finally:
            web.shutdown()
            server.close()
            names.close()


if __name__ == "__main__":
    main()
