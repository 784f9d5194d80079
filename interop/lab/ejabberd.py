"""ejabberd as Debian ships it, without ejabberdctl (and so without epmd)."""

import pathlib

from . import recipe
from .links import Bridge, External
from .process import LabError, run, wait_until
from .xmpp import C2S, LOOPBACK, PASSWORD, S2S, Server, said_after

INETRC = "/etc/ejabberd/inetrc"     # Debian's: names by /etc/hosts, then by libc
_STARTED = b"is started in the node"

# What the lab adds to the lists of the recipe: a listener for its clients, and modules.
_LISTENER = f"""listen:
  - port: {C2S}
    ip: "{LOOPBACK}"
    module: ejabberd_c2s
"""
_MODULES = """modules:
  mod_disco: {}
  mod_roster: {}
"""
_CONFIG = """hosts:
{hosts}
loglevel: debug
log_rotate_count: 0
acme: {{auto: false}}
auth_method: internal
outgoing_s2s_families: [ipv4]
s2s_max_retry_delay: 1
{judging}"""
_ALONE = """s2s_use_starttls: required
certfiles: ["{pem}"]
ca_file: "{authority}"
s2s_cafile: "{authority}"
listen:
  - port: {port}
    ip: "{address}"
    module: ejabberd_s2s_in
modules:
{dialback}"""


def _libraries():
    """Where Debian keeps ejabberd's code and what it needs, on this architecture."""
    found = next(pathlib.Path("/usr/lib").glob("*/ejabberd-*/ebin"), None)
    if found is None:
        raise LabError("ejabberd is not installed")
    return found.parents[1]


class Ejabberd(Server):
    NAME = USER = "ejabberd"

    def __init__(self, machine, domains, alone=None, link=None):
        super().__init__(machine, domains, alone, link)
        self._code = []
        judging = self._judging()
        for head, more in (("listen:\n", _LISTENER), ("modules:\n", _MODULES)):
            if judging.count(head) != 1:
                raise LabError(f"the recipe for ejabberd has no “{head.strip()}” any more")
            judging = judging.replace(head, more)
        self.config = machine.directory / "ejabberd.yml"
        self.config.write_text(_CONFIG.format(
            hosts="\n".join(f"  - {name}" for name in domains), judging=judging),
            encoding="ascii")
        self._at_start = []
        self._log = self.state / "ejabberd.log"

    def _judging(self):
        link, alone = self.link, self.alone
        if isinstance(link, External):
            self._compile(recipe.ROOT / recipe.MODULES[self.NAME] / "mod_s2s_gateway.erl")
            return recipe.put(recipe.block(recipe.MODULES[self.NAME], "yaml"),
                              EJABBERD_SECRET=self.copy(link.secret))
        if isinstance(link, Bridge):
            return f'certfiles: ["{self.pem()}"]\n' + recipe.put(
                recipe.block("bridge", "yaml"), EJABBERD_TRUST=self.copy(link.trusted)) \
                + "modules:\n"
        if alone is None:
            return recipe.block(self.NAME, "yaml")
        return _ALONE.format(
            pem=self.pem(), authority=alone.authority, port=S2S, address=self.address,
            dialback="  mod_s2s_dialback: {}\n" if alone.dialback else "")

    def _compile(self, source):
        code = self.machine.directory / "code"
        code.mkdir()
        run(["erlc", "-o", code, source])
        self._code = ["-pa", code]

    def register(self, user, domain):
        self._at_start.append(f'ejabberd_auth:try_register(<<"{user}">>, <<"{domain}">>, '
                              f'<<"{PASSWORD}">>)')

    def fetch_at_start(self, url):
        """Have the server itself fetch URL, when it starts; see fetched()."""
        self._at_start += [
            "{ok, _} = application:ensure_all_started(inets)",
            f'{{ok, {{_, _, Body}}}} = httpc:request("{url}")',
            'io:format("fetched ~s~n", [Body])']

    def fetched(self, daemon):
        return wait_until(lambda: said_after(daemon.log, "fetched "), "fetching", [daemon])

    def start(self):
        at_start = self.state / "at-start"
        at_start.write_text(",\n".join([*self._at_start, "ok"]) + ".\n", encoding="utf-8")
        begun = self._log.stat().st_size if self._log.exists() else 0
        daemon = self.run("ejabberd", [
            "env", f"HOME={self.state}", f"ERL_LIBS={_libraries()}", f"ERL_INETRC={INETRC}",
            f"EJABBERD_CONFIG_PATH={self.config}", f"EJABBERD_LOG_PATH={self._log}",
            f"EJABBERD_PID_PATH={self.state}/ejabberd.pid",
            "erl", "-noinput", *self._code, "+sbwt", "none", "+S", "2:2", "-mnesia", "dir",
            f'"{self.state}/mnesia"', "-s", "ejabberd",
            "-eval", f'{{ok, ok}} = file:script("{at_start}").'],
            self.mounts())
        # Its ports are open before its modules are there.
        wait_until(lambda: self._is_up(begun), "ejabberd: starting", [daemon], self._log)
        return self.wait(daemon)

    def _is_up(self, begun):
        return self._log.exists() and _STARTED in self._log.read_bytes()[begun:]
