"""The lab's certificate authority, which every party trusts.

It certifies a host's own key, as any public CA would, and (`certify_request`) whatever
name and key a signed PKCS#10 request proves possession of: that is how a zone's DNSSEC
key gets into a certificate.
"""

import pathlib

from .process import run

SERVER = "serverAuth"               # what public CAs issue
BOTH = "serverAuth, clientAuth"     # what some servers want to see

_CA = """[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
O = Lab
CN = Lab Certificate Authority
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

_LEAF = """[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {purposes}
subjectAltName = {names}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

_REQUEST = """[req]
distinguished_name = dn
prompt = no
[dn]
CN = {name}
"""


class Authority:
    def __init__(self, directory, days=30):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.days = str(days)
        self.certificate = self.directory / "ca.pem"
        self._key = self.directory / "ca.key"
        config = self._write("ca.cnf", _CA)
        _new_key(self._key)
        run(["openssl", "req", "-x509", "-new", "-key", self._key, "-config", config,
             "-days", self.days, "-out", self.certificate])

    def certify(self, name, directory, also=(), purposes=SERVER):
        """A fresh key and a certificate for the host NAME: (certificate, key)."""
        key = pathlib.Path(directory) / f"{name}.key"
        _new_key(key)
        return self.certify_key(name, key, directory, also, purposes), key

    def certify_key(self, name, key, directory, also=(), purposes=SERVER):
        """A certificate for NAME (and ALSO) over an existing key, by a signed request."""
        request = pathlib.Path(directory) / f"{name}.csr"
        config = self._write(f"{name}.req.cnf", _REQUEST.format(name=name))
        run(["openssl", "req", "-new", "-key", key, "-config", config, "-out", request])
        return self.certify_request(name, request, directory, also, purposes)

    def certify_request(self, name, request, directory, also=(), purposes=SERVER):
        """What a CA does with a request that proves possession of its key.  ALSO: further
        host names, or subject alternative names in OpenSSL's notation ("otherName:…")."""
        certificate = pathlib.Path(directory) / f"{name}.pem"
        names = ",".join(one if ":" in one else f"DNS:{one}" for one in (name, *also))
        leaf = self._write(f"{name}.leaf.cnf", _LEAF.format(names=names,
                                                                 purposes=purposes))
        run(["openssl", "req", "-verify", "-noout", "-in", request])
        run(["openssl", "x509", "-req", "-in", request, "-CA", self.certificate,
             "-CAkey", self._key, "-CAcreateserial", "-days", self.days,
             "-extfile", leaf, "-extensions", "leaf", "-out", certificate])
        return certificate

    def verify(self, certificate, name):
        run(["openssl", "verify", "-x509_strict", "-no-CApath", "-CAfile",
             self.certificate, "-purpose", "sslserver", "-verify_hostname", name,
             certificate])

    def _write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="ascii")
        return path


def _new_key(path):
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-out", path])
