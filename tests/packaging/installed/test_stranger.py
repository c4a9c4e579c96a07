# SPDX-License-Identifier: GPL-2.0-or-later
"""A stranger's day, in the order of this file: from a signed repository, as docs/packages.md says, installed; looked at;
an alert for what is lost; upgraded; the configuration broken; all of it rolled back."""

import os
import re
import socket
import subprocess
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

import exposition
import hurry
from daemon import eventually
from prometheus import Prometheus
from recipe import blocks
from service import systemctl
from test_installed import CONFIGURATION, NAME, TREE, files, run, show

PUBLISHED = Path(os.environ["PUBLISHED"])
SOURCES = Path("/etc/apt/sources.list.d/netdrop-exporter.sources")
KEYRING = Path("/etc/apt/keyrings/netdrop-exporter.gpg")
UPDATE = "apt-get update\n"
RULES = Path("/usr/share/netdrop-exporter/prometheus")
# Where this process is: what prometheus.py asks of a namespace.
HERE = SimpleNamespace(socket=socket.socket, popen=subprocess.Popen)


def shell(script, directory="/"):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=directory,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def scrape():
    return exposition.check_text(page("/metrics"))


def page(path):
    with urllib.request.urlopen(f"http://127.0.0.1:10190{path}", timeout=10) as answer:
        return answer.read()


def version():
    return run("dpkg-query", "--show", "--showformat=${Version}", NAME)


@pytest.fixture(scope="module", autouse=True)
def day():
    """This machine without Debian's archive, which is out of reach here."""
    before = files()
    lists = [path for path in (Path("/etc/apt/sources.list"), *SOURCES.parent.iterdir()) if path.exists()]
    for path in lists:
        path.rename(f"{path}.away")
    yield
    run("apt-get", "purge", "--yes", NAME)
    for path in (SOURCES, KEYRING):
        path.unlink()
    for path in lists:
        Path(f"{path}.away").rename(path)
    assert sorted(path for path in files() - before if "netdrop" in path) == []


def repository(name):
    """The recipe's steps on a host, with a directory in place of the web server. Only that one is asked."""
    script = blocks()["host"]
    assert "https://packages.example.org/debian/" in script
    return script.replace("https://packages.example.org/debian/", f"file:{PUBLISHED / name}/")


def test_signed_by_somebody_else_is_refused():
    """Nothing of it is installed, though it has the same name and address."""
    ours = (PUBLISHED / "repository/netdrop-exporter.gpg").read_bytes()
    script = repository("strange") + "echo installed\n"
    KEYRING.write_bytes(ours)
    said = shell(script.replace("install -D -m 644", "true"), PUBLISHED / "strange")
    assert said.returncode != 0 and "installed" not in said.stdout
    assert "NO_PUBKEY" in said.stderr, said.stderr
    assert not Path(f"/usr/sbin/{NAME}").exists()


def test_install():
    said = shell(repository("repository"), PUBLISHED / "repository")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "authenticated" not in said.stdout + said.stderr
    assert show("ActiveState") == "active" and show("UnitFileState") == "enabled"


PRESET = {f"{NAME}.service": "enabled", f"{NAME}.socket": "disabled", f"{NAME}-local.socket": "disabled"}
# As in the root of an image that is being made.
NO_SYSTEMD_RUNS = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]


def states():
    return {unit: systemctl("is-enabled", unit, check=False).stdout.strip() for unit in PRESET}


@pytest.mark.parametrize("where", [[], NO_SYSTEMD_RUNS], ids=["host", "image"])
def test_preset(where):
    """By rpm's own script after the first installation: the service on, the sockets off. Not after an upgrade."""
    spec = (TREE / "packaging/rpm/netdrop-exporter.spec").read_text()
    script = spec.partition("\n%post\n")[2].partition("\n%preun\n")[0]
    for unit, state in PRESET.items():
        systemctl("disable" if state == "enabled" else "enable", unit)
    before = states()
    run(*where, "sh", "-ec", script, "rpm", "2")
    assert states() == before
    run(*where, "sh", "-ec", script, "rpm", "1")
    assert states() == PRESET != before


def test_look():
    """The host, the service, the report, the page and the numbers."""
    said = subprocess.run([NAME, "--self-test"], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0 and re.search(r"^own drop +seen ", said.stdout, re.MULTILINE), said.stdout + said.stderr
    eventually(lambda: show("StatusText"), "a status")
    assert run(NAME, "--report").strip()
    assert b"<html" in page("/")
    up = {sample.labels["collector"]: sample.value for sample in scrape()["netdrop_collector_up"]}
    assert up["drop_monitor"] == up["link"] == 1


class Lossy:
    """A socket that nobody reads, with room for a datagram or two."""

    def __init__(self):
        self.reader, self.sender = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.reader.bind(("127.0.0.1", 0))

    def send(self, count):
        for _ in range(count):
            self.sender.sendto(bytes(500), self.reader.getsockname())


def rcvbuf_drops():
    rows = scrape().get("netdrop_kernel_drops_total", [])
    return sum(row.value for row in rows if row.labels["reason"] == "SOCKET_RCVBUFF")


def test_alert(tmp_path):
    """Prometheus with the rules that were installed, minutes made seconds: nothing first; then what is lost, by the
    cause and with the page to read."""
    prometheus = Prometheus(HERE, tmp_path, [10190], hurry.hurried(tmp_path, RULES))
    try:
        eventually(lambda: prometheus.query("up") == 1, "up == 1")
        assert prometheus.api("alerts")["alerts"] == []
        lossy = Lossy()
        with hurry.Flood(lossy.send):
            alert = eventually(lambda: firing(prometheus, "NetdropLossHigh", "lo udp_receive_buffer_full"), "an alert")
        assert "a queue or a buffer is full" in alert["summary"]
        assert Path(alert["runbook_url"].removeprefix("file://")).exists()
    finally:
        prometheus.process.terminate()
        prometheus.process.wait(30)


def firing(prometheus, name, told):
    """The annotations of an alert of that name whose description tells so. What is lost elsewhere on this host may be in
    another one of the same name."""
    alerts = prometheus.api("alerts")["alerts"]
    alerts = [alert for alert in alerts if alert["labels"]["alertname"] == name and alert["state"] == "firing"]
    return next((alert["annotations"] for alert in alerts if told in alert["annotations"]["description"]), None)


def test_a_changed_package_is_refused():
    before = version()
    SOURCES.write_text(SOURCES.read_text().replace("/repository/", "/changed/"))
    said = shell(UPDATE + f"apt-get install --yes {NAME}")
    assert said.returncode != 0 and version() == before
    assert re.search("Hash Sum mismatch|Failed to fetch|unexpected size", said.stderr), said.stderr
    assert show("ActiveState") == "active"


def test_upgrade():
    """The service is the new one, and what drop sites had counted goes on."""
    before, old = rcvbuf_drops(), show("MainPID")
    assert before > 0
    SOURCES.write_text(SOURCES.read_text().replace("/changed/", "/next/"))
    said = shell(UPDATE + f"apt-get install --yes {NAME}")
    assert said.returncode == 0, said.stdout + said.stderr
    assert version() == "99.0-1" and show("ActiveState") == "active" and show("MainPID") != old
    assert eventually(lambda: answered(rcvbuf_drops), "drop sites") >= before


def answered(ask):
    """What it says once somebody listens again."""
    try:
        return ask()
    except OSError:
        return None


def test_broken_configuration_and_back():
    """A reload keeps what holds; a restart fails, and says where the mistake is; with the file as it was all is well."""
    good = CONFIGURATION.read_text()
    try:
        CONFIGURATION.write_text('{"collectors": {"lnik": {}}}\n')
        assert systemctl("reload", NAME, check=False).returncode != 0
        assert show("ActiveState") == "active"
        eventually(lambda: scrape()["netdrop_config_last_reload_successful"][0].value == 0, "what was refused")
        assert systemctl("restart", NAME, check=False).returncode != 0
        status = systemctl("status", "--full", "--no-pager", NAME, check=False).stdout
        assert "collectors.lnik" in status and str(CONFIGURATION) in status
    finally:
        CONFIGURATION.write_text(good)
    systemctl("restart", NAME)
    assert show("ActiveState") == "active"


def test_back_to_the_version_before():
    first = next((PUBLISHED / "repository").glob("*.deb")).name.split("_")[1]
    script = blocks()["back"]
    assert "=VERSION" in script
    said = shell(script.replace("=VERSION", f"={first}"))
    assert said.returncode == 0, said.stdout + said.stderr
    assert version() == first and show("ActiveState") == "active"
    assert eventually(lambda: answered(lambda: scrape()["netdrop_collector_up"]), "numbers")
