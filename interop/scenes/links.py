"""Every kind of link, in front of every server that can do it.

What the scene of the servers shows for plain links, with the others: Prosody and ejabberd,
each once with its strict settings behind a link of kind bridge, and once with this project's
module behind one of kind external; jabberd2 can do plain ones only.  Each speaks with all the
others, and with stock servers that have no gateway: two that insist on certificates (one of
them on the purpose clientAuth, too) and one that checks by dialback.
"""

import sys

from lab.ejabberd import Ejabberd
from lab.jabberd import Jabberd
from lab.xmpp import Prosody

from . import servers
from .servers import Cast, Play, Provider
from .stage import perform

CAST = Cast(
    {"dns": "44.128.0.1", "north": "44.128.1.1", "south": "44.128.2.1", "east": "44.128.3.1",
     "west": "44.128.4.1", "isle": "44.128.5.1", "pine": "44.128.11.1",
     "elm": "44.128.12.1", "oak": "44.128.13.1"},
    {"north": Provider(Prosody, "bridge", "library.dna", "notary.dna"),
     "south": Provider(Ejabberd, "bridge", "museum.dna", "mint.dna"),
     "west": Provider(Prosody, "external", "theatre.dna", "court.dna"),
     "isle": Provider(Ejabberd, "external", "cinema.dna", "bank.dna"),
     "east": Provider(Jabberd, "plain", "archive.dna", "harbour.dna")},
    {name: servers.CAST.stock[name] for name in ("pine", "elm", "oak")})


def play(world, screen):
    scene = Play(world, screen, CAST)
    scene.set_up()
    scene.behind_gateways()
    scene.with_stock_servers()
    scene.what_strict_servers_refuse(CAST.providers)
    scene.nowhere()
    scene.afresh()
    scene.servers_afresh()
    scene.last_word()
    return scene.failures


if __name__ == "__main__":
    sys.exit(perform("links", play))
