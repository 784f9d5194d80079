#!/usr/bin/env python3
"""Checks the include rules: which room may include which headers.

usage: tests/check-includes.py [ROOT]

The folders of mod_dna/ are floors.  A room includes its own headers, those of the rooms that
the table below allows, the installed headers that belong to them, and the one third-party
library that lives in it.  Prints each offence as FILE:LINE and exits 1 when there is one.
"""
import pathlib
import re
import sys

USES = {
    "base": set(),
    "xml": {"base"},
    "dns": {"base"},
    "json": {"base", "dns"},
    "x509": {"base"},
    "cache": {"base"},
    "proof": {"base", "xml", "dns", "json", "x509"},
    "s2s": {"base", "xml"},
    "session": {"s2s", "proof", "cache", "xml", "x509", "base", "dns"},
    "resolver": {"base", "dns"},
    "https": {"base"},
    "tls": {"base", "x509"},
    "store": {"base"},
}
USES["edge"] = set(USES) | {"edge"}

# Installed headers belong to rooms; some are open to more.
INSTALLED = {
    "base.h": "base", "dns.h": "dns", "x509.h": "x509", "question.h": "proof",
    "ruling.h": "proof", "fact.h": "proof", "court.h": "proof", "stanza.h": "s2s",
    "session.h": "session", "uv.h": "edge", "mod_dna.h": "edge",
}
ALSO = {
    "s2s": {"question.h", "ruling.h", "dns.h"},
    "resolver": {"fact.h"},  # the answer to an anchored look-up is a fact
}
# What an installed header may include: the installed headers of floors below it.
INSTALLED_ORDER = ["base.h", "dns.h", "x509.h", "question.h", "ruling.h", "fact.h", "court.h",
                   "stanza.h", "session.h", "uv.h", "mod_dna.h"]

LIBRARIES = {
    r"expat\.h": {"xml"}, r"(unbound.*|ldns/.*|ares.*)\.h": {"resolver"},
    r"curl/.*": {"https"}, r"openssl/.*": {"x509", "tls"}, r"(sqlite3|hiredis/.*)\.h": {"store"},
    r"uv\.h": {"edge"}, r"jansson\.h": {"json"}, r"idn2\.h": {"dns"},
    r"libpsl\.h": {"dns"},
}


def offence(room, header):
    """Why room may not include header, or None."""
    if header.startswith("mod_dna/"):
        name = header[len("mod_dna/"):]
        owner = INSTALLED.get(name)
        if owner is None:
            return "is no installed header"
        if room == owner or owner in USES[room] or name in ALSO.get(room, ()):
            return None
        return f"belongs to {owner}/, which {room}/ may not use"
    top = header.split("/")[0]
    if top in USES and "/" in header:
        if top == room or top in USES[room]:
            return None
        return f"{room}/ may not use {top}/"
    for pattern, rooms in LIBRARIES.items():
        if re.fullmatch(pattern, header) and room not in rooms:
            return f"lives in {' and '.join(sorted(rooms))} only"
    return None


# What a shim may include beside the installed headers: dna is linked with the pure rooms, and
# some of its commands look up without a session and connect without a stream.
SHIM = {
    "gateway": {"base/address.h", "base/buf.h", "base/limits.h", "json/canonical.h",
                "proof/bundle.h", "x509/mint.h", "x509/spki.h"},
    "cli": {"base", "xml", "dns", "json", "x509", "proof", "resolver", "edge/loop.h",
            "edge/driver.h", "edge/identity.h", "edge/sockaddr.h", "edge/socket.h", "tls/tls.h"},
}


def shim_offence(shim, header):
    """Why a file of shim/SHIM may not include header, or None."""
    top = header.split("/")[0]
    if top not in USES or "/" not in header or shim not in SHIM:
        return None
    if top in SHIM[shim] or header in SHIM[shim]:
        return None
    allowed = ", ".join(sorted(SHIM[shim]))
    return f"shim/{shim}/ uses installed headers{' and ' + allowed if allowed else ''} only"


def includes(path):
    for number, line in enumerate(path.read_text().split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
        if found:
            yield number, found.group(1)


def installed_offence(name, header):
    if not header.startswith("mod_dna/"):
        return None if re.fullmatch(r"std\w+\.h", header) else "no library in installed headers"
    other = header[len("mod_dna/"):]
    if other not in INSTALLED_ORDER:
        return "is no installed header"
    if INSTALLED_ORDER.index(other) >= INSTALLED_ORDER.index(name):
        return "is on a higher floor"
    return None


def check(root):
    offences, files = [], 0
    for path in sorted((root / "mod_dna").rglob("*.[ch]")):
        parts = path.relative_to(root / "mod_dna").parts
        files += 1
        for number, header in includes(path):
            if parts[0] == "include":
                why = installed_offence(parts[-1], header)
            else:
                why = offence(parts[0], header)
            if why:
                offences.append(f"{path.relative_to(root)}:{number}: {header}: {why}")
    for path in sorted((root / "shim").rglob("*.[ch]")):
        room = path.relative_to(root / "shim").parts[0]
        files += 1
        for number, header in includes(path):
            why = shim_offence(room, header)
            if why:
                offences.append(f"{path.relative_to(root)}:{number}: {header}: {why}")
    return offences, files


def self_test():
    """The rules must find something when there is something to find."""
    assert offence("s2s", "expat.h") and offence("xml", "dns/address.h")
    assert offence("s2s", "mod_dna/fact.h") and not offence("s2s", "mod_dna/ruling.h")
    assert offence("https", "uv.h") and not offence("edge", "uv.h")
    assert offence("proof", "mod_dna/session.h") and offence("base", "base2/x.h") is None
    assert shim_offence("gateway", "base/map.h") and not shim_offence("cli", "base/buf.h")
    assert shim_offence("cli", "edge/uv.h") and not shim_offence("cli", "edge/loop.h")
    assert installed_offence("base.h", "uv.h") and installed_offence("dns.h", "mod_dna/uv.h")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    self_test()
    offences, files = check(root)
    for line in offences:
        print(line)
    print(f"{files} files, {len(offences)} offences")
    if files == 0 or offences:
        sys.exit(1)


if __name__ == "__main__":
    main()
