"""dna stream: one line for each event, however the bytes are cut."""
import json
import random

import tool

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' from='example.com' "
          "xmlns:stream='http://etherx.jabber.org/streams' to='example.net' version='1.0'>")
MESSAGE = "<message from='a@example.com' to='b@example.net'><body>hi &amp; ho</body></message>"
END = "</stream:stream>"


def events(answer):
    return [line["event"] for line in answer.lines]


class Stream(tool.Case):
    def see(self, text, *words, status=tool.ACCEPTED):
        stdin = text if isinstance(text, bytes) else text.encode()
        answer = tool.dna("stream", *words, stdin=stdin)
        self.assertEqual((answer.status, answer.err), (status, ""), text[:200])
        for line in answer.lines:
            self.assertTrue(line["ruling"] and line["code"] and line["why"])
        return answer

    def error(self, text, condition, *words):
        last = self.see(text, *words, status=tool.REFUSED).lines[-1]
        self.assertEqual((last["event"], last["condition"], last["code"]),
                         ("error", condition, condition), text[:200])
        return last

    def test_events(self):
        answer = self.see(HEADER + MESSAGE + " \n" + "<iq/>" + END)
        header, message, iq, end = answer.lines
        self.assertEqual((header["event"], header["name"], header["from"], header["to"]),
                         ("header", "stream", "example.com", "example.net"))
        self.assertEqual((message["event"], message["name"], message["from"], message["to"]),
                         ("element", "message", "a@example.com", "b@example.net"))
        self.assertEqual((iq["event"], iq["name"], "from" in iq), ("element", "iq", False))
        self.assertEqual(end["event"], "end")
        self.assertEqual([header["bytes"], message["bytes"], iq["bytes"], end["bytes"]],
                         [len(HEADER), len(MESSAGE), len(" \n<iq/>"), len(END)])

    def test_cuts_change_nothing(self):
        text = HEADER + (MESSAGE + "\n") * 3 + "<db:result xmlns:db='jabber:server:dialback'/>"
        whole = self.see(text + END).out
        for chunk in (1, 2, 7, 100):
            self.assertEqual(self.see(text + END, "--chunk", chunk).out, whole)
            self.assertEqual(self.see(text + END, "--json", f"--chunk={chunk}").out, whole)

    def test_inside(self):
        answer = self.see(MESSAGE + "<db:result from='a' to='b'/>", "--inside")
        self.assertEqual([line["name"] for line in answer.lines], ["message", "result"])
        self.assertEqual(answer.lines[0]["bytes"], len(MESSAGE))
        self.assertEqual(answer.lines[1]["namespace"], "jabber:server:dialback")
        self.assertEqual(events(self.see(END, "--inside")), ["end"])

    def test_services(self):
        client = HEADER.replace("jabber:server", "jabber:client")
        self.assertEqual(events(self.see(client, "--service", "client")), ["header"])
        self.error(client, "invalid-namespace")
        self.error(HEADER, "invalid-namespace", "--service", "client")
        line = self.see("<message/>", "--inside", "--service", "client").lines[0]
        self.assertEqual(line["namespace"], "jabber:client")

    def test_errors(self):
        for text, condition in (
                ("hello", "not-well-formed"), (HEADER + "<a></b>", "not-well-formed"),
                (HEADER + "<a b='1' b='2'/>", "not-well-formed"),
                (HEADER + "<a>\x01</a>", "not-well-formed"),
                (HEADER + "<!-- c -->", "restricted-xml"),
                (HEADER + "<a><?pi x?></a>", "restricted-xml"),
                (HEADER + "<a>&lol;</a>", "restricted-xml"),
                ("<!DOCTYPE a []>" + HEADER, "restricted-xml"),
                (HEADER + "<x:a/>", "bad-namespace-prefix"), (HEADER + "text", "bad-format"),
                (HEADER.replace("etherx", "ether"), "invalid-namespace"),
                (HEADER.replace("<stream:stream", "<stream:streams"), "bad-format"),
                (HEADER.replace("stream:stream", "s:stream").replace("xmlns:stream", "xmlns:s"),
                 "bad-namespace-prefix"),
                (HEADER.encode("utf-16"), "unsupported-encoding"),
                (HEADER.replace("'1.0'?", "'1.0' encoding='latin1'?"), "unsupported-encoding"),
                (HEADER + "<a>" * 200, "policy-violation"),
                (HEADER + "<a " + " ".join(f"b{i}=''" for i in range(99)) + "/>",
                 "policy-violation")):
            self.error(text, condition)

    def test_limits(self):
        stanza = f"<a>{'x' * 1000}</a>"
        self.assertEqual(len(self.see(HEADER + stanza, "--max-stanza", 1007).lines), 2)
        self.error(HEADER + stanza, "policy-violation", "--max-stanza", 1006)
        self.error(HEADER + "<a>" + "x" * 400000, "policy-violation")

    def test_nothing_behind_the_end(self):
        self.assertEqual(events(self.see(HEADER + END + "<junk")), ["header", "end"])
        self.assertEqual(events(self.see("<a></b><c/>", "--inside", status=tool.REFUSED)),
                         ["error"])

    def test_an_unfinished_element_is_told(self):
        answer = tool.dna("stream", "--inside", stdin=b"<message>")
        self.assertEqual((answer.status, answer.out), (tool.ACCEPTED, b""))
        self.assertIn("ends within an element", answer.err)
        self.assertEqual(self.see("").out, b"")

    def test_arbitrary_bytes(self):
        dice = random.Random(3)
        good = (HEADER + MESSAGE * 3 + "<iq xml:lang='\u00e9'>\u2603<![CDATA[x]]></iq>"
                + END).encode()
        for number in range(60):
            some = tool.mutate(dice, good)
            answer = tool.dna("stream", stdin=some)
            self.assertIn(answer.status, (tool.ACCEPTED, tool.REFUSED), number)
            self.assertIn(answer.err, ("", "dna stream: the input ends within an element\n"))
            self.assertEqual(tool.dna("stream", "--chunk", 3, stdin=some).lines[:-1],
                             answer.lines[:-1], number)
            for line in answer.out.splitlines():
                json.loads(line)

    def test_use(self):
        self.misuse("stream", "--chunk", "0", says="--chunk needs a whole number from 1")
        self.misuse("stream", "--max-stanza", "many", says="--max-stanza needs")
        self.misuse("stream", "file", says="one too many")


tool.main()
