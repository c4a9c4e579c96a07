# SPDX-License-Identifier: GPL-2.0-or-later
"""An authority that signs certificates for 127.0.0.1, with openssl."""

import datetime
import subprocess

CONFIGURATION = """
[ca]
default_ca = ours
[ours]
database = {directory}/index
rand_serial = yes
new_certs_dir = {directory}
certificate = {directory}/ca.pem
private_key = {directory}/ca.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
extendedKeyUsage = clientAuth
[server_only]
extendedKeyUsage = serverAuth
[cannot_sign]
subjectAltName = IP:127.0.0.1, DNS:localhost
keyUsage = keyEncipherment
[authority]
basicConstraints = critical, CA:TRUE
"""


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


class Authority:
    def __init__(self, directory):
        self.directory = directory
        self.certificate = directory / "ca.pem"
        directory.mkdir()
        (directory / "index").touch()
        (directory / "ca.cnf").write_text(CONFIGURATION.format(directory=directory))
        key = ("-newkey", "rsa:2048", "-nodes", "-keyout", str(directory / "ca.key"))
        openssl("req", "-x509", *key, "-out", str(self.certificate), "-days", "9", "-subj", "/CN=authority")

    def below(self, directory, **issue):
        """An authority that this one signed. Its certificates need its own behind them."""
        other = Authority(directory)
        for old, new in zip((other.certificate, directory / "ca.key"), self.issue("below", extensions="authority", **issue)):
            old.write_bytes(new.read_bytes())
        return other

    def issue(self, name, begin_days=-1, end_days=2, algorithm=("-newkey", "rsa:2048"), end=None, extensions="server"):
        """Paths of a certificate that is valid from then to then (or to `end`, YYYYMMDDhhmmssZ), and of its key."""
        certificate, key, request = (self.directory / f"{name}.{kind}" for kind in ("pem", "key", "csr"))
        openssl("req", "-new", *algorithm, "-nodes", "-keyout", str(key), "-out", str(request), "-subj", f"/CN={name}")
        key.chmod(0o600)
        begin, usual_end = (
            (datetime.datetime.utcnow() + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
            for days in (begin_days, end_days)
        )
        openssl("ca", "-batch", "-notext", "-config", str(self.directory / "ca.cnf"), "-extensions", extensions,
                "-startdate", begin, "-enddate", end or usual_end, "-in", str(request), "-out", str(certificate))  # fmt: skip
        return certificate, key


def flags(certificate, key):
    return (f"--set=web.tls.certificate={certificate}", f"--set=web.tls.key={key}")
