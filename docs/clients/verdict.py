"""Asks the verdict service: may the server with this certificate speak for the domain?

usage: verdict.py SOCKET DOMAIN CHAIN.pem [HOST PORT]
Exit status: 0 where it may, 1 where it may not.  See docs/verdict-service.md.
"""
import base64
import json
import re
import socket
import sys


def ask(path, domain, pem, host=None, port=None):
    blocks = re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.S)
    chain = ["".join(block.split()) for block in blocks]
    for der in chain:
        base64.b64decode(der, validate=True)
    question = {"id": 1, "domain": domain, "service": "xmpp-server", "role": "initiating",
                "host": host, "port": port, "chain": chain}
    with socket.socket(socket.AF_UNIX) as service:
        service.connect(path)
        service.sendall(json.dumps(question).encode() + b"\n")
        return json.loads(service.makefile().readline())


if __name__ == "__main__":
    path, domain, file, *endpoint = sys.argv[1:]
    host, port = (endpoint[0], int(endpoint[1])) if endpoint else (None, None)
    answer = ask(path, domain, open(file, encoding="ascii").read(), host, port)
    print(answer["ruling"], answer["why"])
    sys.exit(0 if answer["ruling"] == "PROVEN" else 1)
