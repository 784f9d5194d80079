"""A small world for the live commands: a signed root on nsd, and XMPP servers that go as far
as TLS, all on loopback."""

import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import tool

BUILT = shutil.which("nsd") and shutil.which("ldns-signzone")
needs_names = unittest.skipUnless(BUILT, "needs nsd and ldnsutils")

ZONE = """\
$ORIGIN .
@ 300 IN SOA ns.nic. host.nic. 1 3600 600 86400 300
@ 300 IN NS ns.nic.
ns.nic. 300 IN A 127.0.0.1
bogus. 300 IN NS ns.nic.
bogus. 300 IN DS 4711 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
"""
BOGUS = """\
$ORIGIN bogus.
@ 300 IN SOA ns.nic. host.nic. 1 3600 600 86400 300
@ 300 IN NS ns.nic.
_xmpp-server._tcp 300 IN SRV 5 0 5269 ns.nic.
"""
CONFIG = """\
server:
  ip-address: 127.0.0.1@{port}
  do-ip6: no
  username: ""
  zonesdir: "{dir}"
  pidfile: "{dir}/pid"
  database: ""
  xfrdfile: "{dir}/xfrd"
  zonelistfile: "{dir}/zones"
  cookie-secret-file: "{dir}/cookies"
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: .
  zonefile: root.signed
zone:
  name: bogus
  zonefile: bogus
"""


def free_port():
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
            except OSError:
                continue


class Names:
    """nsd with the root zone, signed, that has these lines too."""

    def __init__(self, *lines):
        self.holder = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.holder.name)
        self.port = free_port()
        (self.dir / "root").write_text(ZONE + "\n".join(lines) + "\n")
        (self.dir / "bogus").write_text(BOGUS)
        (self.dir / "conf").write_text(CONFIG.format(port=self.port, dir=self.dir))
        key = self.run("ldns-keygen", "-a", "ECDSAP256SHA256", "-k", ".").strip()
        self.run("ldns-signzone", "-f", "root.signed", "root", key)
        self.anchor = self.dir / f"{key}.key"
        self.child = subprocess.Popen(["nsd", "-d", "-c", self.dir / "conf"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    def run(self, *words):
        return subprocess.run(words, cwd=self.dir, check=True, capture_output=True,
                              text=True).stdout

    def wait(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("nsd does not listen")

    @property
    def options(self):
        return ["--resolver", f"127.0.0.1@{self.port}", "--trust-anchor", self.anchor,
                "--allow-private"]

    def close(self):
        self.child.terminate()
        self.child.wait()
        self.holder.cleanup()


FEATURES = "<stream:features>{}</stream:features>"
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Xmpp:
    """A server that speaks no DNA; how: starttls, direct, none (no TLS offered) or dirty
    (bytes in clear behind the answer to STARTTLS)."""

    def __init__(self, chain, key, how="starttls", content="jabber:server",
                 address="127.0.0.2"):
        self.how, self.content = how, content
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.tls.load_cert_chain(chain, key)
        self.tls.set_alpn_protocols([content.replace("jabber:", "xmpp-")])
        self.tls.sni_callback = lambda one, name, context: self.named.append(name)
        self.named, self.agreed = [], []  # names asked for (SNI), protocols agreed on (ALPN)
        self.socket = socket.create_server((address, 0))
        self.port = self.socket.getsockname()[1]
        self.heard = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.speak, args=(one,), daemon=True).start()

    def header(self, one, features):
        text = b""
        while b"stream:stream" not in text or not text.rstrip().endswith(b">"):
            got = one.recv(4096)
            if not got:
                raise OSError
            text += got
        self.heard.append(text.decode())
        one.sendall((f"<stream:stream xmlns='{self.content}' id='1' version='1.0' "
                     "xmlns:stream='http://etherx.jabber.org/streams'>"
                     + FEATURES.format(features)).encode())

    def speak(self, one):
        try:
            if self.how != "direct":
                self.header(one, "" if self.how == "none" else STARTTLS)
                one.recv(4096)
                one.sendall(PROCEED + (b"<features/>" if self.how == "dirty" else b""))
            with self.tls.wrap_socket(one, server_side=True) as secure:
                self.agreed.append(secure.selected_alpn_protocol())
                self.header(secure, "")
                got = b""
                while b"</stream:stream>" not in got:
                    new = secure.recv(4096)
                    if not new:
                        break
                    got += new
                secure.sendall(b"</stream:stream>")
        except OSError:
            one.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def tlsa(pem):
    """3 1 1 of a certificate."""
    return "3 1 1 " + tool.openssl("dgst", "-sha256", "-binary", stdin=tool.spki(pem)).hex()
