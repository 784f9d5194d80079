"""Web servers of the lab: one nginx per machine, from a table of sites.

A site is (host, certificate, key) for HTTPS, or (host, None, None) for plain HTTP; its
files lie under its own root.  Everything that nginx writes stays in its directory.
"""

import pathlib

_HEAD = """daemon off;
worker_processes 1;
pid {state}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  access_log {state}/access.log;
  client_body_temp_path {state}/body;
  proxy_temp_path {state}/proxy;
  fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi;
  scgi_temp_path {state}/scgi;
  default_type application/octet-stream;
  types {{ application/json json; application/xml xml; text/plain txt;
           application/pkix-cert cert; }}
"""

_SITE = """  server {{
    listen {address}:{port}{tls};
    server_name {host};
    root {root};
{certificate}  }}
"""


class WebServer:
    def __init__(self, machine):
        self.machine = machine
        self.state = machine.directory / "nginx"
        self.state.mkdir()
        self.access_log = self.state / "access.log"
        self._sites = []

    def site(self, host, certificate=None, key=None):
        """Add a site; the directory that its files go into."""
        root = self.state / host
        root.mkdir()
        self._sites.append((host, certificate, key, root))
        return root

    def start(self):
        config = self.state / "nginx.conf"
        config.write_text(self._config(), encoding="ascii")
        daemon = self.machine.start("nginx", ["nginx", "-p", self.state, "-c", config])
        for port in sorted({_port(site) for site in self._sites}):
            self.machine.wait_for_port(daemon, self.machine.address, port)
        return daemon

    def requests(self):
        """The requests served so far, one line each."""
        try:
            return self.access_log.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _config(self):
        text = _HEAD.format(state=self.state)
        for site in self._sites:
            host, certificate, key, root = site
            lines = ""
            if certificate is not None:
                lines = (f"    ssl_certificate {certificate};\n"
                         f"    ssl_certificate_key {key};\n")
            text += _SITE.format(address=self.machine.address, port=_port(site), host=host,
                                 tls=" ssl" if certificate else "", root=root,
                                 certificate=lines)
        return text + "}\n"


def _port(site):
    return 443 if site[1] is not None else 80


def publish(root, path, content):
    """Put a file under a site's root."""
    file = pathlib.Path(root) / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
