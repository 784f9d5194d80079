"""A peer that speaks raw bytes to a gateway: what an attacker, or a broken server, sends.

Nothing here knows XMPP beyond what is needed to get to the interesting part.  Sockets are
made inside a machine's network namespace, so the bytes travel as they would from there.
"""

import base64
import ctypes
import http.server
import os
import re
import socket
import ssl
import threading

from .process import LabError

SECONDS = 40.0
_CLONE_NEWNET = 0x40000000
_HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:dna='urn:xmpp:dna:0'"
           " xmlns:stream='http://etherx.jabber.org/streams' from='{source}' to='{target}'"
           " version='1.0' xml:lang='en'>")
_ERROR = re.compile(r"<stream:error[^>]*>\s*<([a-z-]+)[^>]*xmlns=['\"]"
                    r"urn:ietf:params:xml:ns:xmpp-streams")
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
DNA = "urn:xmpp:dna:0"


def make_socket(machine):
    """A TCP socket that belongs to MACHINE's network."""
    made = []

    def make():
        space = os.open(f"/proc/{machine.pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(space, _CLONE_NEWNET) == 0:
                made.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        finally:
            os.close(space)

    # Only the thread that calls setns moves; the socket stays where it was made.
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if not made:
        raise LabError(f"no socket could be made on {machine.name}")
    return made[0]


class Peer:
    """One connection from MACHINE to ADDRESS; READ holds all that came since the last
    restart."""

    def __init__(self, machine, address, port=5269):
        self.socket = make_socket(machine)
        self.socket.settimeout(SECONDS)
        self.socket.connect((address, port))
        self.read = ""
        self.ended = False

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        try:
            self.socket.sendall(data)
        except OSError:
            self.ended = True    # what was said before the end is still to be read

    def header(self, source, target):
        self.send(_HEADER.format(source=source, target=target))

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError):
            data = b""
        except TimeoutError as error:
            raise LabError(f"the gateway neither answered nor closed; so far: {self.read!r}"
                           ) from error
        if not data:
            self.ended = True
        self.read += data.decode("utf-8", "replace")
        return not self.ended

    def wait_for(self, pattern):
        """Read until PATTERN is there: the match, or None when the gateway closed first."""
        while True:
            found = re.search(pattern, self.read, re.S)
            if found or self.ended:
                return found
            self._more()

    def rest(self):
        """All that comes until the gateway closes."""
        while not self.ended:
            self._more()
        return self.read

    def error(self):
        """The stream error that ends the stream; "" where the gateway closed without."""
        self.wait_for("</stream:stream>")
        self.send("</stream:stream>")
        found = _ERROR.search(self.rest())
        return found[1] if found else ""

    def begin_tls(self, certificate=None, server_name=None, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if version is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        if certificate is not None:
            context.load_cert_chain(*certificate)
        self.socket = context.wrap_socket(self.socket, server_hostname=server_name)
        self.read = ""

    def secure(self, source, target, certificate):
        """Up to the features behind TLS."""
        self.header(source, target)
        self.wait_for("</stream:features>")
        self.send(STARTTLS)
        self.wait_for("<proceed")
        self.begin_tls(certificate, target)
        self.header(source, target)
        self.wait_for("</stream:features>")

    def say(self, name, **attributes):
        """One DNA element."""
        content = attributes.pop("content", "")
        written = "".join(f" {key.rstrip('_')}='{value}'"
                          for key, value in attributes.items())
        self.send(f"<{name} xmlns='{DNA}'{written}>{content}</{name}>")

    def heard(self, name, domain):
        """Wait for a DNA element about DOMAIN; None when the stream ended instead."""
        return self.wait_for(rf"<{name}\b[^>]*=['\"]{re.escape(domain)}['\"]")

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass


class EvilWeb:
    """HTTP and HTTPS on MACHINE; ROUTES maps "host path" to a function of the handler."""

    def __init__(self, machine, certificate, routes):
        self.requests = []
        self._servers = [self._serve(machine, port, certificate if port == 443 else None,
                                     routes) for port in (80, 443)]

    def _serve(self, machine, port, certificate, routes):
        requests = self.requests

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = f"{self.headers.get('Host', '').partition(':')[0]} {self.path}"
                requests.append(asked)
                try:
                    routes.get(asked, not_found)(self)
                except OSError:
                    pass    # the client had enough, as it should

            def log_message(self, *_):
                pass

        listener = make_socket(machine)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((machine.address, port))
        listener.listen(64)
        server = http.server.ThreadingHTTPServer((machine.address, port), Handler, False)
        server.daemon_threads = True
        server.socket.close()
        server.socket = listener
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(listener, server_side=True,
                                                do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def stop(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()


def not_found(handler):
    handler.send_error(404)


def body(text):
    """A route that delivers TEXT."""
    data = text if isinstance(text, bytes) else text.encode()

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)
    return answer


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100000):
        handler.wfile.write(b"x" * 4096)


def redirect(url):
    def answer(handler):
        handler.send_response(302)
        handler.send_header("Location", url)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer


def authzid(domain):
    return base64.b64encode(domain.encode()).decode()
