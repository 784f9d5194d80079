"""The lab's Internet: machines of their own, joined by one router that leads nowhere.

Every machine is a network namespace with its own loopback and one address, connected by
a veth pair to the namespace in which the lab itself runs; that one only forwards.  There
is no way out of it: whatever the machines send stays here.  The addresses are ordinary
global unicast ones, so that the gateways' address guard works as it comes.

"Machine" means the network only: files and process ids are shared by the lab.
"""

import pathlib
import shutil

from .process import Daemon, LabError, run, wait_until

ROUTER = "44.128.255.1"
LISTENING, ESTABLISHED = "0A", "01"     # states in /proc/net/tcp
# Arguments: FILE PLACE ... -- COMMAND.
_MOUNT = ('while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; '
          'shift; exec "$@"')


class Machine:
    """One host of the lab's Internet; DIRECTORY holds its files and logs."""

    def __init__(self, name, address, directory):
        self.name = name
        self.address = address
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        self._daemons = []
        self._holder = Daemon(f"{name}'s network", ["unshare", "--net", "sleep", "infinity"],
                              self.directory / "network.log")
        self.pid = self._holder.pid
        wait_until(self._is_apart, f"a network namespace for {name}", [self._holder])

    def _is_apart(self):
        own = pathlib.Path("/proc/self/ns/net").readlink()
        return pathlib.Path(f"/proc/{self.pid}/ns/net").readlink() != own

    def inside(self, argv, user=None, group=None, mounts=(), capability=None):
        """ARGV so that it runs on this machine, as USER (of that GROUP) if given, who may
        keep one CAPABILITY.

        MOUNTS: pairs of a file and the place where this process alone sees it.
        """
        enter = ["nsenter", "--target", self.pid, "--net", "--"]
        if mounts:
            enter += ["unshare", "--mount", "--propagation", "private", "sh", "-c", _MOUNT,
                      "mount", *(path for pair in mounts for path in pair), "--"]
        if user is not None:
            enter += ["setpriv", "--reuid", user, "--regid", group or user, "--init-groups",
                      "--inh-caps=-all" + (f",+{capability}" if capability else "")]
            enter += ["--ambient-caps", f"+{capability}"] if capability else []
        return enter + list(argv)

    def beside(self, daemon, argv):
        """The output of ARGV, run where DAEMON runs: it sees the same files and network."""
        return run(["nsenter", "--target", daemon.pid, "--net", "--mount", "--root",
                    "--wd", "--", *argv])

    def run(self, argv, user=None, group=None, text=None):
        return run(self.inside(argv, user, group), text=text)

    def start(self, name, argv, user=None, group=None, interactive=False, mounts=(),
              capability=None):
        log = self.directory / f"{name}.log"
        daemon = Daemon(f"{name} on {self.name}",
                        self.inside(argv, user, group, mounts, capability), log, interactive)
        self._daemons.append(daemon)
        return daemon

    def listens(self, address, port, protocol="tcp"):
        """Whether a socket of this machine is bound to address:port (and listens)."""
        hexed = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
        wanted = {f"{hexed}:{port:04X}", f"00000000:{port:04X}"}
        with open(f"/proc/{self.pid}/net/{protocol}", encoding="ascii") as table:
            for row in table.readlines()[1:]:
                fields = row.split()
                if fields[1] in wanted and (protocol == "udp" or fields[3] == LISTENING):
                    return True
        return False

    def connections(self, port):
        """The TCP connections to this machine's PORT that are open: a set of the other
        ends, as the kernel shows them."""
        with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as table:
            rows = [row.split() for row in table.readlines()[1:]]
        return {row[2] for row in rows
                if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED}

    def has_unread(self, port):
        """Whether a datagram to this machine's PORT waits to be read."""
        with open(f"/proc/{self.pid}/net/udp", encoding="ascii") as table:
            rows = [row.split() for row in table.readlines()[1:]]
        return any(row[1].endswith(f":{port:04X}") and not row[4].endswith(":00000000")
                   for row in rows)

    def wait_for_port(self, daemon, address, port, protocol="tcp"):
        wait_until(lambda: self.listens(address, port, protocol),
                   f"{daemon.name}: listening on {address} port {port}", [daemon])

    def stop(self):
        for daemon in reversed(self._daemons):
            daemon.stop()
        self._holder.stop()


class Network:
    """The router and the machines behind it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.machines = {}
        for tool in ("ip", "nsenter", "unshare", "setpriv"):
            if shutil.which(tool) is None:
                raise LabError(f"{tool} is missing (packages iproute2, util-linux)")
        run(["ip", "link", "set", "lo", "up"])
        pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")

    def machine(self, name, address):
        machine = Machine(name, address, self.directory / name)
        self.machines[name] = machine
        _ip(f"link add to-{name} type veth peer name eth0 netns {machine.pid}",
            f"addr add {ROUTER}/32 dev to-{name}",
            f"link set to-{name} up",
            f"route add {address}/32 dev to-{name}")
        _ip("link set lo up",
            f"addr add {address}/32 dev eth0",
            "link set eth0 up",
            f"route add {ROUTER}/32 dev eth0",
            f"route add default via {ROUTER} src {address}",
            machine=machine)
        return machine

    def cable(self, victim, attacker, stolen):
        """A second link between two machines on which ATTACKER answers for STOLEN.

        It stands for an attacker on VICTIM's path to that address: packets to it arrive
        at the attacker, who has the address too.
        """
        _ip(f"link add tap0 netns {victim.pid} type veth "
            f"peer name tap0 netns {attacker.pid}")
        _ip("link set tap0 up",
            f"route add {stolen}/32 dev tap0 src {victim.address}",
            f"route add {attacker.address}/32 dev tap0 src {victim.address}",
            machine=victim)
        _ip("link set tap0 up",
            f"addr add {stolen}/32 dev lo",
            f"route add {victim.address}/32 dev tap0 src {attacker.address}",
            machine=attacker)

    def cut_cable(self, victim):
        """The victim reaches the true address again; the attacker keeps her lie."""
        _ip("link del tap0", machine=victim)

    def stop(self):
        for machine in self.machines.values():
            machine.stop()


def _ip(*commands, machine=None):
    argv = ["ip", "-batch", "-"]
    text = "\n".join(commands) + "\n"
    if machine is None:
        run(argv, text=text)
    else:
        machine.run(argv, text=text)
