"""DNS of the lab: zones, their keys and signatures, and name servers.

A `Zone` is a list of record lines.  `Signer` makes keys and signs; a zone's delegation
(NS, and DS unless the zone is an island of security or unsigned) is put into its parent,
so zones are signed leaves first.  `NameServer` serves one directory of zone files with
nsd.  Signatures begin a day ago and end in a fortnight, or, of a zone with a LIFE, after so
many seconds: then it is to be signed again and again.
"""

import base64
import datetime
import os
import pathlib
import re
import signal

from .process import run

ALGORITHM = "ECDSAP256SHA256"
TTL = 300
FORTNIGHT = 14 * 86400
_P256_HEAD = bytes.fromhex("30310201010420")
_P256_TAIL = bytes.fromhex("a00a06082a8648ce3d030107")


class Zone:
    """A zone to be served.  SIGNED: with DNSSEC; ISLAND: signed, but no DS above it; LIFE:
    seconds that its signatures hold."""

    def __init__(self, name, records, signed=True, island=False, ttl=TTL, life=FORTNIGHT):
        self.name = name
        self.records = list(records)
        self.signed = signed
        self.island = island
        self.ttl = ttl
        self.life = life

    @property
    def origin(self):
        return "." if self.name == "." else f"{self.name}."

    @property
    def file(self):
        return "root.zone" if self.name == "." else f"{self.name}.zone"

    def parent(self):
        return self.name.partition(".")[2] or "."

    def text(self, nameserver):
        soa = f"{nameserver} hostmaster.{nameserver} 1 3600 600 86400 {self.ttl}"
        head = [f"$ORIGIN {self.origin}", f"$TTL {self.ttl}", f"@ IN SOA {soa}",
                f"@ IN NS {nameserver}"]
        return "\n".join(head + self.records) + "\n"


class Signer:
    """Keys and signed zone files in DIRECTORY, for zones served by NAMESERVER."""

    def __init__(self, directory, nameserver):
        self.directory = pathlib.Path(directory)
        self.keys = self.directory / "keys"
        self.keys.mkdir(parents=True)
        self.nameserver = nameserver
        self._key_of = {}

    def publish(self, zones):
        """Sign all ZONES, deepest first, and delegate each from its parent."""
        by_name = {zone.name: zone for zone in zones}
        for zone in sorted(zones, key=_depth, reverse=True):
            self.write(zone)
            parent = by_name.get(zone.parent()) if zone.name != "." else None
            if parent is not None:
                parent.records.append(f"{zone.origin} IN NS {self.nameserver}")
                if zone.signed and not zone.island:
                    parent.records.append(self.ds_record(zone.name))

    def write(self, zone):
        """The zone's file, signed from now on."""
        path, draft = (self.directory / name for name in (zone.file, f"{zone.file}.draft"))
        draft.write_text(zone.text(self.nameserver), encoding="ascii")
        if zone.signed:
            now = datetime.datetime.now(datetime.timezone.utc)
            begin, end = (now - datetime.timedelta(days=1),
                          now + datetime.timedelta(seconds=zone.life))
            run(["ldns-signzone", "-i", f"{begin:%Y%m%d%H%M%S}", "-e", f"{end:%Y%m%d%H%M%S}",
                 "-o", zone.origin, "-f", f"{path}.signed", draft, self.key(zone.name)])
            draft.unlink()
            draft = pathlib.Path(f"{path}.signed")
        draft.replace(path)

    def key(self, name):
        """The base name of a zone's single key (it signs keys and records alike)."""
        if name not in self._key_of:
            made = run(["ldns-keygen", "-a", ALGORITHM, "-k", name], cwd=self.keys)
            self._key_of[name] = self.keys / made.strip()
        return self._key_of[name]

    def dnskey_file(self, name):
        return pathlib.Path(f"{self.key(name)}.key")

    def ds_record(self, name):
        return run(["ldns-key2ds", "-n", "-2", self.dnskey_file(name)]).strip()

    def key_as_pem(self, name, path):
        """A zone's private key as a PEM file, to sign a certificate request with."""
        private = pathlib.Path(f"{self.key(name)}.private").read_text(encoding="ascii")
        scalar = base64.b64decode(re.search(r"^PrivateKey: (\S+)", private, re.M)[1])
        der = pathlib.Path(f"{path}.der")
        der.write_bytes(_P256_HEAD + scalar + _P256_TAIL)
        run(["openssl", "ec", "-inform", "DER", "-in", der, "-out", path])
        der.unlink()

    def signed_records(self, name, rrtype):
        """A published RRset of a zone's apex with its signatures, as zone file lines."""
        path = self.directory / ("root.zone" if name == "." else f"{name}.zone")
        pattern = re.compile(rf"^{re.escape(name)}\.\s+\d+\s+IN\s+(RRSIG\s+)?{rrtype}\s")
        lines = path.read_text(encoding="ascii").splitlines()
        return [line for line in lines if pattern.match(line)]


class NameServer:
    """nsd on a machine, at ADDRESS, serving every zone file of a directory."""

    def __init__(self, machine, address, zones_directory):
        self.machine = machine
        self.address = address
        self.zones = pathlib.Path(zones_directory)
        self.state = machine.directory / "nsd"
        self.state.mkdir()
        self._daemon = None

    def start(self):
        config = self.state / "nsd.conf"
        config.write_text(self._config(), encoding="ascii")
        run(["nsd-checkconf", config])
        daemon = self.machine.start("nsd", ["nsd", "-d", "-c", config])
        self.machine.wait_for_port(daemon, self.address, 53, "udp")
        self.machine.wait_for_port(daemon, self.address, 53)
        self._daemon = daemon
        return daemon

    def reload(self):
        """Zone files that have changed are read again, soon."""
        os.kill(self._daemon.pid, signal.SIGHUP)

    def pause(self):
        """Questions wait for an answer, until resume()."""
        os.killpg(self._daemon.pid, signal.SIGSTOP)

    def resume(self):
        os.killpg(self._daemon.pid, signal.SIGCONT)

    def stop(self):
        self._daemon.stop()

    def _config(self):
        files = sorted(path.name for path in self.zones.glob("*.zone"))
        zones = "".join(_zone_clause(name) for name in files)
        return f"""server:
  ip-address: {self.address}@53
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "{self.zones}"
  database: ""
  pidfile: "{self.state}/nsd.pid"
  xfrdfile: "{self.state}/xfrd.state"
  xfrdir: "{self.state}"
  zonelistfile: "{self.state}/zone.list"
  hide-version: yes
remote-control:
  control-enable: no
{zones}"""


def root_hints(path, nameserver, address):
    """A hints file that names the lab's one root server."""
    pathlib.Path(path).write_text(f". 3600000 IN NS {nameserver}\n"
                                  f"{nameserver} 3600000 IN A {address}\n",
                                  encoding="ascii")


def _zone_clause(file):
    name = "." if file == "root.zone" else file.removesuffix(".zone")
    return f'zone:\n  name: "{name}"\n  zonefile: "{file}"\n'


def _depth(zone):
    return 0 if zone.name == "." else zone.name.count(".") + 1
