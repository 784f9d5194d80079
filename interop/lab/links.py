"""The kinds of link between a gateway and the server behind it, beside plain ones.

An object of these says what the two have in common: the gateway puts it into its section, the
server into its own configuration, each as the recipe for that kind tells.  The files are the
scene's; whoever needs one makes a copy that is its own.
"""

import pathlib
import secrets
from dataclasses import dataclass

from . import recipe


@dataclass
class Bridge:
    """STARTTLS and SASL EXTERNAL.  The server has a certificate and key of AUTHORITY, which
    nobody but the gateway needs to believe; TRUSTED: where the gateway's own authorities are
    written for it."""

    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path
    trusted: pathlib.Path

    def settings(self, _server, resolver, own):
        """The gateway's settings.  OWN: the gateway's folder, and what copies a file there."""
        folder, copy = own
        bridge = folder("bridge")
        setting = recipe.put(recipe.setting("bridge", "bridge-folder"), BRIDGE_FOLDER=bridge)
        return setting + "\n" + recipe.link("bridge", RESOLVER=resolver,
                                            SERVER_CA=copy(self.authority))

    def host(self, _server, domain):
        return recipe.host("bridge", domain)


@dataclass
class External:
    """A module in the server, and a secret.  RESOLVER: the server's, which is the usual one."""

    secret: pathlib.Path
    resolver: str

    @classmethod
    def make(cls, directory, resolver):
        made = cls(directory / "main.secret", resolver)
        made.secret.touch(mode=0o600)
        made.secret.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        return made

    def settings(self, server, _resolver, own):
        _, copy = own
        return recipe.link(recipe.MODULES[server], SECRET=copy(self.secret))

    def host(self, server, domain):
        return recipe.host(recipe.MODULES[server], domain)


class Plain:
    """Server dialback on the loopback."""

    def settings(self, server, resolver, _own):
        return recipe.link(server, RESOLVER=resolver)

    def host(self, server, domain):
        return recipe.host(server, domain)
