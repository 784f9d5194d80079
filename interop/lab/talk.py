"""Messages from one client to another, one after the other, and what became of each."""

import time


class Talk:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self.sent = {}      # id: (body, when)
        self.on = False

    def say(self):
        body = f"message {len(self.sent) + 1}"
        self.sent[self.source.send(self.target.address, body)] = (body, time.time())

    def arrived(self):
        bodies = {e[3] for e in self.target.messages_from(self.source.address)}
        return [ident for ident, (body, _) in self.sent.items() if body in bodies]

    def returned(self):
        """What came back: {id: condition}."""
        self.source.pump()
        return {e[2]: e[3] for e in self.source.events
                if e[0] == "error" and e[2] in self.sent}

    def reasons(self):
        """... and what the sender reads: {id: text}."""
        return {e[2]: f"{e[3]} “{e[4]}”" for e in self.source.events
                if e[0] == "error" and e[2] in self.sent}

    def settled(self):
        """Whether each message arrived or came back, and none did both."""
        arrived, returned = self.arrived(), self.returned()
        return (len(arrived) + len(returned) == len(self.sent)
                and not set(arrived) & set(returned))
