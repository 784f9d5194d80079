"""dna_managed.py: the receiving side of stream management (XEP-0198), for dna_peer.py.

ManagedPeer acknowledges what it has taken and lets a stream be resumed.  Its list `cuts` says
after how many stanzas, in all, a connection breaks off without a word; `arrived` holds the ids
of all stanzas, in their order.
"""

import socket
import struct
import uuid

from dna_exchange import Broken, local
from dna_peer import Peer, Stream, space

SM = "urn:xmpp:sm:3"
CONDITIONS = "urn:ietf:params:xml:ns:xmpp-stanzas"


class CutStream(Stream):
    """It only breaks off."""

    def stanza(self, element):
        super().stanza(element)
        self.peer.arrived.append(element.get("id"))
        if self.peer.cuts and len(self.peer.arrived) == self.peer.cuts[0]:
            self.peer.cuts.pop(0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            raise EOFError


class ManagedStream(CutStream):
    features = f"<sm xmlns='{SM}'/>"
    ident = None                # of what may be resumed

    def stanza(self, element):
        if self.ident:
            self.peer.handled[self.ident] += 1
        super().stanza(element)

    def other(self, element):
        handled = self.peer.handled
        if space(element) != SM:
            raise Broken("unsupported-stanza-type")
        self.note("in", local(element), "", element.get("h", ""))
        if local(element) == "enable":
            self.ident = uuid.uuid4().hex
            handled[self.ident] = 0
            self.send(f"<enabled xmlns='{SM}' id='{self.ident}' resume='true' "
                      f"max='{self.peer.life}'/>")
        elif local(element) == "r":
            self.send(f"<a xmlns='{SM}' h='{handled[self.ident]}'/>")
        elif local(element) == "resume" and element.get("previd") in handled:
            self.ident = element.get("previd")
            self.send(f"<resumed xmlns='{SM}' previd='{self.ident}' "
                      f"h='{handled[self.ident]}'/>")
        elif local(element) == "resume":
            self.send(f"<failed xmlns='{SM}'><item-not-found xmlns='{CONDITIONS}'/></failed>")
        elif local(element) != "a":
            raise Broken("policy-violation")


class CutPeer(Peer):
    stream = CutStream

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.cuts, self.arrived = [], []


class ManagedPeer(CutPeer):
    stream = ManagedStream

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.handled = {}       # by the names of streams
        self.life = 60          # seconds for which they may be resumed
