#!/usr/bin/env python3
"""What pairs of domains on one stream between two gateways notice of a pair that is stuck.

usage: isolation.py DNA_GATEWAY [--pairs N] [--rounds N] [--seconds N]

Two gateways, N domains on each side, one public connection.  All servers are one thread of this
process.  Messages flow over all pairs in turn, from one side to the other; one more pair carries
2 MB/s to a domain with a server of its own.  In each round that server first reads, then does
not; what is sent is the same.  A latency is the time from the write into the sender's stream to
the read from the receiver's.  The window without a reader counts from its first moment on, and
to the last message that was sent in it, however late that arrives: what happens until the gateway
gives up on that server is what isolation is about.  "refused" is the rest of that window, sent
after the first stanza came back as an error.

All of it, the gateways included, runs before everything else on the machine where that is
permitted (SCHED_FIFO, as root): on a busy one the 99th percentile is else that of the others'
time slices, which is ten times more than what is measured.

Also counts the public connections before and after N pairs are added, there and back, and what
one of them costs, in CPU time of both gateways.
"""
import argparse
import gc
import os
import pathlib
import re
import resource
import select
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/unit/gateway"))
WORDS, sys.argv[1:] = sys.argv[1:], []  # a test takes its first word off the command line
import test_program as gateways  # noqa: E402

TARGET = 1.10
RATE = 1000         # messages a second, over all pairs
BODY = "x" * 200
SLOW_RATE = 250     # messages a second to the server that does not read
SLOW_BODY = "x" * 8000
FEW = 10            # pairs before the others are added
PATIENCE = 60
OWN, REMOTE = "own.slow", "remote.slow"     # the pair that is stuck
STANZA = re.compile(rb"<message\b.*?</message>", re.S)
SENT = re.compile(rb"\bid=['\"](\d+)['\"]")
RESULT = re.compile(rb"<db:result\b([^>]*)>[^<]+</db:result>")

CONFIG = """
ca-file = "{folder}/ca.pem"
map-file = {{ "{folder}/{name}.map" }}
public {{
  listen = {{ "{public[0]}@{public[1]}" }}
  certificate = "{folder}/{name}.pem"
  key = "{folder}/{name}.key"
}}
resolver {{
  mode = "stub"
  forward = {{ "127.0.0.1@{dns}" }}
  trust-ad = true
}}
address-guard {{ allow = {{ "127.0.10.0/24" }} }}
link "main" {{
  listen = "{link[0]}@{link[1]}"
  server = "127.0.0.1@{main}"
  trust-loopback = true
}}
link "slow" {{
  listen = "{slow_link[0]}@{slow_link[1]}"
  server = "127.0.0.1@{slow}"
  trust-loopback = true
}}
"""


class Hub:
    """All sockets of the servers, in one thread."""

    def __init__(self):
        self.poll, self.ready = select.epoll(), {}
        self.latencies = []     # (sent, took) in ns, of the pairs that are measured
        self.expected = 0       # and sent, and not yet here
        self.slow_arrived = self.refused = 0
        self.refused_since = None
        self.not_read = set()   # connections, while the slow server does not read
        self.slow_reads = True
        self.due = []           # streams that could not be written to

    def add(self, sock, callback):
        self.ready[sock.fileno()] = callback
        self.poll.register(sock, select.EPOLLIN)

    def drop(self, sock):
        del self.ready[sock.fileno()]
        self.poll.unregister(sock)
        self.not_read.discard(sock)
        sock.close()

    def once(self, seconds):
        for fd, _ in self.poll.poll(seconds):
            callback = self.ready.get(fd)
            if callback is not None:
                callback()
        self.due = [stream for stream in self.due if not stream.flush()]

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                sys.exit(f"isolation: {what}: not within {PATIENCE} s")
            self.once(0.01)

    def slow_server(self, reads):
        self.slow_reads = reads
        if reads:
            for sock in self.not_read:
                self.poll.register(sock, select.EPOLLIN)
            self.not_read.clear()

    def slow_came(self, n, _):
        self.slow_arrived += n

    def slow_returned(self, n, now):
        self.refused += n
        if n:
            self.refused_since = self.refused_since or now

    def measured(self, sent, now):
        self.latencies.append((sent, now - sent))
        self.expected -= 1


class Server:
    """Where a gateway brings what is for its domains."""

    def __init__(self, hub, counts=None):
        self.hub, self.counts = hub, counts
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.listener.getsockname()[1]
        hub.add(self.listener, self.accept)

    def accept(self):
        sock, _ = self.listener.accept()
        sock.setblocking(False)
        Incoming(self.hub, sock, self.counts)


class Incoming:
    def __init__(self, hub, sock, counts):
        self.hub, self.sock, self.counts = hub, sock, counts
        self.text, self.greeted, self.accepted = b"", False, False
        hub.add(sock, self.receive)

    def receive(self):
        if self.counts == self.hub.slow_came and self.accepted and not self.hub.slow_reads:
            self.hub.poll.unregister(self.sock)
            self.hub.not_read.add(self.sock)
            return
        try:
            got = self.sock.recv(1 << 20)
        except ConnectionError:
            got = b""
        if not got:
            self.hub.drop(self.sock)
            return
        now = time.monotonic_ns()
        self.text += got
        if not self.accepted:
            self.negotiate()
        elif self.counts is not None:
            # Cheaply: what the others wait for this thread is not to depend on it.
            self.counts(self.text.count(b"</message>"), now)
            self.text = self.text[-len(b"</message"):]
        else:
            self.stanzas(now)

    def stanzas(self, now):
        if b"</stream:stream>" in self.text:
            self.say("</stream:stream>")
        last = 0
        for match in STANZA.finditer(self.text):
            self.stanza(match[0], now)
            last = match.end()
        self.text = self.text[last:]

    def negotiate(self):
        if not self.greeted and b"<stream:stream" in self.text and self.text.endswith(b">"):
            head = dict(gateways.ATTRIBUTE.findall(
                self.text.decode().split("<stream:stream", 1)[1]))
            self.say(gateways.HEADER.format(head["to"], head["from"], "id='i' ")
                     + gateways.FEATURES)
            self.greeted, self.text = True, b""
        asked = RESULT.search(self.text)
        if asked:
            fields = dict(gateways.ATTRIBUTE.findall(asked[1].decode()))
            self.say(f"<db:result from='{fields['to']}' to='{fields['from']}' type='valid'/>")
            self.accepted, self.text = True, b""

    def say(self, text):
        self.sock.sendall(text.encode())

    def stanza(self, text, now):
        sent = int(SENT.search(text)[1])
        if b"type='error'" in text or b'type="error"' in text:
            sys.exit(f"isolation: a message of another pair came back: {text!r}")
        self.hub.measured(sent, now)


class Outgoing:
    """A stream of a domain's server to its gateway."""

    def __init__(self, hub, link, own, remote):
        self.hub, self.own, self.remote, self.ready = hub, own, remote, False
        self.text, self.rest = b"", b""
        self.sock = socket.create_connection(link)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = False
        self.sock.sendall(gateways.HEADER.format(own, remote, "").encode())
        hub.add(self.sock, self.receive)

    def receive(self):
        got = self.sock.recv(65536)
        if not got:
            sys.exit(f"isolation: {self.own}: the gateway closed a stream: {self.text!r}")
        self.text += got
        if not self.asked and b"</stream:features>" in self.text:
            self.asked = True
            self.sock.sendall(f"<db:result from='{self.own}' to='{self.remote}'>any"
                              "</db:result>".encode())
        self.ready = b"type='valid'" in self.text

    def flush(self):
        try:
            self.rest = self.rest[self.sock.send(self.rest):]
        except BlockingIOError:
            pass
        return not self.rest

    def send(self, body):
        self.rest += (f"<message from='u@{self.own}/x' to='u@{self.remote}' type='chat' "
                      f"id='{time.monotonic_ns()}'><body>{body}</body></message>").encode()
        if not self.flush():
            self.hub.due.append(self)


class Gateway:
    def __init__(self, program, world, number, name, domains, servers):
        self.public = (f"127.0.10.{number}", gateways.free_port(f"127.0.10.{number}"))
        self.link = (f"127.0.11.{number}", gateways.free_port(f"127.0.11.{number}"))
        self.slow_link = (f"127.0.13.{number}", gateways.free_port(f"127.0.13.{number}"))
        folder = pathlib.Path(world.directory)
        host = f"xmpp.{name}"
        world.certify(name, [host, *domains])
        world.names.a[host] = self.public[0]
        for domain in domains:
            world.names.srv[f"_xmpp-server._tcp.{domain}"] = (host, self.public[1])
        (folder / f"{name}.map").write_text("".join(
            f"{domain} link={'slow' if domain.endswith('.slow') else 'main'}\n"
            for domain in domains), encoding="ascii")
        config = folder / f"{name}.conf"
        config.write_text(CONFIG.format(
            folder=folder, name=name, public=self.public, link=self.link,
            slow_link=self.slow_link, dns=world.names.port, main=servers[0].port,
            slow=servers[1].port), encoding="ascii")
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "-c", config], stderr=log)

    def is_ready(self):
        if self.process.poll() is not None:
            sys.exit(f"isolation: a gateway ended:\n{self.log.read_text()}")
        return " INFO ready " in self.log.read_text()

    def cpu(self):
        """Milliseconds so far."""
        text = pathlib.Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="ascii")
        return int(text.split()[0]) / 1e6

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def public_connections(pair):
    """All that were ever opened between the two, by either."""
    return sum(1 for gateway, peer in (pair, pair[::-1])
               for line in gateway.log.read_text().splitlines()
               if line.split(" ")[2:3] == ["stream-opened"]
               and f"remote={peer.public[0]}@{peer.public[1]} " in f"{line} ")


class World:
    def __init__(self, program, pairs):
        self.hub = Hub()
        self.names = gateways.World()
        main, slow = Server(self.hub), Server(self.hub, self.hub.slow_came)
        sender = Server(self.hub, self.hub.slow_returned)
        slow.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        numbers = range(pairs + FEW)
        self.gateways = []
        try:
            for number, name, other, servers in ((1, "one", OWN, (main, sender)),
                                                 (2, "two", REMOTE, (main, slow))):
                domains = [other, *(f"d{i}.{name}" for i in numbers)]
                self.gateways.append(Gateway(program, self.names, number, name, domains,
                                             servers))
            self.hub.until(lambda: all(g.is_ready() for g in self.gateways), "ready")
        except BaseException:
            self.close()
            raise
        self.streams, self.backward = [], []
        self.slow = None

    def close(self):
        for gateway in self.gateways:
            gateway.stop()
        self.names.close()

    def open_slow(self):
        self.slow = Outgoing(self.hub, self.gateways[0].slow_link, OWN, REMOTE)
        self.hub.until(lambda: self.slow.ready, "the slow pair")
        self.slow.send("first")
        self.hub.until(lambda: self.hub.slow_arrived == 1, "the slow pair's first message")

    def first(self, gateway, own, remote):
        stream = Outgoing(self.hub, gateway.link, own, remote)
        self.hub.until(lambda: stream.ready, own)
        self.hub.expected += 1
        stream.send("first")
        return stream

    def open(self, numbers):
        """One message over each new pair, and one back; what all that cost both gateways, ms."""
        one, two = self.gateways
        before = one.cpu() + two.cpu()
        for i in numbers:
            self.streams.append(self.first(one, f"d{i}.one", f"d{i}.two"))
            self.backward.append(self.first(two, f"d{i}.two", f"d{i}.one"))
        self.hub.until(lambda: self.hub.expected == 0, "first messages")
        return one.cpu() + two.cpu() - before

    def window(self, seconds):
        """Latencies of what is sent within it, all of which has arrived."""
        hub, began, n, slow = self.hub, time.monotonic(), 0, 0
        hub.latencies, hub.refused, hub.refused_since = [], 0, None
        while (passed := time.monotonic() - began) < seconds:
            while n < passed * RATE:
                hub.expected += 1
                self.streams[n % len(self.streams)].send(BODY)
                n += 1
            if slow < passed * SLOW_RATE:
                slow += 1
                if not self.slow.rest:  # a server waits, too, where it is not read
                    self.slow.send(SLOW_BODY)
            hub.once(0.001)
        hub.until(lambda: hub.expected == 0, "the messages of a window")
        return hub.latencies

    def settle(self):
        """The slow server catches up."""
        self.hub.slow_server(True)
        quiet = time.monotonic()
        seen = None
        while time.monotonic() < quiet + 0.5:
            self.hub.once(0.01)
            if seen != (seen := (self.hub.slow_arrived, self.hub.refused, self.slow.rest)):
                quiet = time.monotonic()


def go_first():
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        print("isolation: not permitted to go before other programs: they are measured, too",
              file=sys.stderr)


def percentile(latencies, percent):
    """Milliseconds."""
    took = sorted(ns for _, ns in latencies)
    return took[min(len(took) - 1, len(took) * percent // 100)] / 1e6


def measure(world, rounds, seconds, figures):
    hub = world.hub

    def note(name, latencies):
        for percent in (50, 99):
            figures.setdefault(f"isolation.{name}.p{percent}", []).append(
                percentile(latencies, percent))

    def cpu():
        return sum(gateway.cpu() for gateway in world.gateways)

    world.window(2)     # warm
    for _ in range(rounds):
        before = cpu()
        alone = world.window(seconds)
        between = cpu()
        if hub.refused:
            sys.exit("isolation: something came back although all were reading")
        note("alone", alone)
        hub.slow_server(False)
        stuck = world.window(seconds)
        figures.setdefault("isolation.cpu.ratio", []).append(
            (cpu() - between) / (between - before))
        note("stuck", stuck)
        if hub.refused_since is None:
            sys.exit("isolation: the server that does not read was not noticed: longer windows")
        refused = [one for one in stuck if one[0] >= hub.refused_since]
        if len(refused) < 500:
            sys.exit("isolation: too little was measured while it was refused: longer windows")
        note("refused", refused)
        figures.setdefault("isolation.worst", []).append(percentile(stuck, 100))
        for name, latencies in (("", stuck), ("refused.", refused)):
            figures.setdefault(f"isolation.{name}ratio", []).append(
                percentile(latencies, 99) / percentile(alone, 99))
        world.settle()


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("program")
    options.add_argument("--pairs", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=8)
    options = options.parse_args(WORDS)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))    # the gateways inherit it
    go_first()
    world = World(os.path.abspath(options.program), options.pairs)
    figures = {}
    try:
        world.open_slow()
        world.open(range(FEW))
        before = public_connections(world.gateways)
        cost = world.open(range(FEW, FEW + options.pairs))
        after = public_connections(world.gateways)
        print(f"isolation.connections.before = {before} connections")
        print(f"isolation.connections.after = {after} connections")
        print(f"isolation.handshakes = {after - before} handshakes")
        print(f"isolation.pair.added = {cost * 1000 / options.pairs:.4g} us")
        gc.disable()
        measure(world, options.rounds, options.seconds, figures)
        if public_connections(world.gateways) != after:
            sys.exit("isolation: the stream between the gateways did not last")
    finally:
        world.close()
    for name, values in figures.items():
        print(f"{name} = {statistics.median(values):.4g} {'x' if 'ratio' in name else 'ms'}")
    ratio = statistics.median(figures["isolation.ratio"])
    print(f"isolation: {'met' if ratio < TARGET else 'missed'} "
          f"(p99 beside a stuck pair below {TARGET:.2f} x)")


if __name__ == "__main__":
    main()
