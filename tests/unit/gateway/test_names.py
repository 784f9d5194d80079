#!/usr/bin/env python3
"""dna-gateway's name server for the local server, and load balancers in front and behind.

usage: test_names.py DNA_GATEWAY
"""
import os
import signal
import socket
import struct
import sys
import unittest

from test_program import HEADER, PATIENCE, Provider, World, free_port, read_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def proxied(source):
    """A PROXY header, version 2, in the name of source."""
    return (SIGNATURE + b"\x21\x11\0\x0c" + socket.inet_aton(source)
            + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 4660, 5269))


def records(reply):
    """The rcode and, per answer, type and data."""
    _, flags, _, count, _, _ = struct.unpack(">6H", reply[:12])
    at = 12
    while reply[at]:
        at += 1 + reply[at]
    at += 5
    found = []
    for _ in range(count):
        if reply[at] & 0xc0:
            at += 2
        else:
            while reply[at]:
                at += 1 + reply[at]
            at += 1
        kind, _, _, size = struct.unpack(">HHIH", reply[at:at + 10])
        found.append((kind, reply[at + 10:at + 10 + size]))
        at += 10 + size
    return flags & 15, found


class Named(Provider):
    """With a name server on its link, a balancer at 127.0.0.9, and a server that expects
    PROXY headers if it says so."""

    proxy_server = False

    def text(self, world, number):
        self.names = (f"127.0.13.{number}", free_port(f"127.0.13.{number}"))
        text = super().text(world, number)
        text = text.replace('public {', 'public {\n  balancers = { "127.0.0.9/32" }')
        return text.replace('  user = "root"', f'''  user = "root"
  listen-dns = "{self.names[0]}@{self.names[1]}"
  dns-forward = {{ "127.0.0.1@{world.names.port}" }}
  proxy-protocol = {"true" if self.proxy_server else "false"}''')

    def ask(self, name, kind):
        query = (struct.pack(">6H", 4711, 0x100, 1, 0, 0, 0) + self.world_names.wire(name)
                 + struct.pack(">HH", kind, 1))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(PATIENCE)
            asking.sendto(query, self.names)
            return records(asking.recv(4096))


class Names(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def provider(self, kind, *domains):
        made = kind(self.world, len(self.world.providers) + 1, list(domains))
        made.world_names = self.world.names
        self.world.providers.append(made)
        return made

    def started(self):
        one = self.provider(Named, "a1.dna")
        one.start()
        return one

    def test_every_domain_leads_to_the_link(self):
        one = self.started()
        self.assertEqual(one.ask("_xmpp-server._tcp.far.example", 33),
                         (0, [(33, struct.pack(">HHH", 0, 0, one.link[1])
                               + self.world.names.wire("dna-gateway.internal"))]))
        self.assertEqual(one.ask("dna-gateway.internal", 1),
                         (0, [(1, socket.inet_aton(one.link[0]))]))
        self.assertEqual(one.ask("_xmpps-server._tcp.far.example", 33), (0, []))
        self.assertNotIn("_xmpp-server._tcp.far.example", self.world.names.asked)

    def test_all_other_names_are_as_they_were(self):
        one = self.started()
        self.world.names.a["www.example"] = "192.0.2.80"
        self.assertEqual(one.ask("www.example", 1),
                         (0, [(1, socket.inet_aton("192.0.2.80"))]))
        self.assertEqual(one.ask("nobody.example", 1), (3, []))

    def test_a_reload_moves_it(self):
        one = self.started()
        old, one.names = one.names, (one.names[0], free_port(one.names[0]))
        with open(one.config, encoding="ascii") as config:
            text = config.read()
        with open(one.config, "w", encoding="ascii") as config:
            config.write(text.replace(f"{old[0]}@{old[1]}", f"{one.names[0]}@{one.names[1]}"))
        one.process.send_signal(signal.SIGHUP)
        self.assertTrue(one.logs("listening", f"port={one.names[1]}", "dns="))
        self.assertEqual(one.ask("dna-gateway.internal", 1)[0], 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(old)

    def test_a_reload_that_fails_leaves_none_behind(self):
        """The second link's is ready when the first link's listener cannot be had."""
        one = self.provider(Named, "a1.dna")
        place, names = (f"127.0.13.7@{free_port('127.0.13.7')}" for _ in range(2))
        with open(one.config, encoding="ascii") as config:
            text = config.read() + (f'link "second" {{ listen = "{place}" user = "root"\n'
                                    '  server = "127.0.13.7@1" }\n')
        with open(one.config, "w", encoding="ascii") as config:
            config.write(text)
        one.start()
        with socket.create_server(("127.0.13.7", 0)) as taken, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            moved = f"127.0.13.7@{taken.getsockname()[1]}"
            with open(one.config + ".new", "w", encoding="ascii") as config:
                config.write(text.replace("@".join(map(str, one.link)), moved).replace(
                    f'"{place}"', f'"{place}" listen-dns = "{names}" dns-forward = '
                    f'{{ "127.0.0.1@{self.world.names.port}" }}'))
            os.rename(one.config + ".new", one.config)
            self.assertTrue(one.logs("not-reloaded", "of before stays in force"))
            self.assertTrue(one.logs("listening", f"port={names.split('@')[1]}", "dns="))
            free.bind((names.split("@")[0], int(names.split("@")[1])))
        self.assertEqual(one.ask("dna-gateway.internal", 1),
                         (0, [(1, socket.inet_aton(one.link[0]))]))

    def test_a_balancer_says_whose_connection_it_is(self):
        one = self.started()
        with socket.socket() as balancer:
            balancer.bind(("127.0.0.9", 0))
            balancer.connect(one.public)
            balancer.sendall(proxied("192.0.2.7")
                             + HEADER.format("b1.dna", "a1.dna", "").encode())
            read_until(balancer, "</stream:features>")
        self.assertTrue(one.logs("stream-opened", "remote=192.0.2.7@4660"))

    def test_nobody_else_may(self):
        one = self.started()
        with socket.create_connection(one.public) as stranger:
            stranger.settimeout(PATIENCE)
            stranger.sendall(proxied("192.0.2.7")
                             + HEADER.format("b1.dna", "a1.dna", "").encode())
            with self.assertRaisesRegex(ConnectionError, "not-well-formed"):
                read_until(stranger, "</stream:features>")
        self.assertFalse([line for line in one.log("stream-opened") if "192.0.2.7" in line])

    def test_the_server_is_told_whose_stanzas_come(self):
        class Behind(Named):
            proxy_server = True
        one = self.provider(Behind, "a1.dna")
        two = self.provider(Provider, "b1.dna")
        headers = []
        greet = one.server.receive

        def receive(connection):
            head = connection.recv(28, socket.MSG_WAITALL)
            headers.append(head)
            greet(connection)
        one.server.receive = receive
        one.start()
        two.start()
        two.server.send("b1.dna", "a1.dna", "m1")
        self.assertEqual(one.server.get()[3], "m1")
        self.assertEqual(headers[0][:14], SIGNATURE + b"\x21\x11")
        self.assertTrue(one.logs("stream-opened",
                                 f"remote={socket.inet_ntoa(headers[0][16:20])}@"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
