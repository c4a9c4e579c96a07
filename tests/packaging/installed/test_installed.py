# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a package on one machine, in the order of this file: install, upgrade, a mistake, remove, purge."""

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from daemon import eventually
from service import systemctl

NAME = "netdrop-exporter"
TREE = Path(__file__).resolve().parents[3]
CONFIGURATION = Path("/etc/netdrop-exporter/config.json")
DEFAULTS = Path("/etc/default/netdrop-exporter")
SHIPPED = TREE / "tests/fixtures/config/shipped-0.1.0.json"
LOCAL = f"{NAME}-local.socket"
LOCAL_SOCKET = Path("/run/netdrop-exporter.sock")


def run(*command):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def show(name):
    return systemctl("show", "--value", f"--property={name}", NAME).stdout.strip()


def files():
    """All that is on the machine, but for what the kernel, the package manager and the journal keep."""
    found = run("find", "/", "-xdev", "(", "-path", "/var/lib/dpkg", "-o", "-path", "/var/cache", "-o", "-path",
                "/var/log", "-o", "-path", "/var/lib/apt", "-o", "-path", "/tmp", "-o", "-path", "/root", "-o",
                "-name", "__pycache__", ")", "-prune", "-o", "-print")  # fmt: skip
    return set(found.splitlines())


@pytest.fixture(scope="module")
def deb():
    (found,) = Path(os.environ["PACKAGES"]).glob(f"{NAME}_*.deb")
    return found


def version(deb, directory, number, configuration):
    """The same package of another version, with this configuration in it."""
    run("dpkg-deb", "--raw-extract", str(deb), str(directory / "tree"))
    control = directory / "tree/DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", f"Version: {number}", control.read_text(), flags=re.MULTILINE))
    (directory / "tree" / CONFIGURATION.relative_to("/")).write_text(configuration)
    run("dpkg-deb", "--root-owner-group", "--build", str(directory / "tree"), str(directory / "other.deb"))
    return directory / "other.deb"


@pytest.fixture(scope="module")
def newer(deb, tmp_path_factory):
    """The next version, with another default configuration."""
    return version(deb, tmp_path_factory.mktemp("newer"), "99.0-1", "{}\n\n")


@pytest.fixture(scope="module")
def older(deb, tmp_path_factory):
    """With the configuration that 0.1.0 was shipped with: all defaults."""
    return version(deb, tmp_path_factory.mktemp("older"), "0.0.1-1", SHIPPED.read_text())


@pytest.fixture(scope="module")
def before():
    """The machine as it was."""
    return files()


def install(path):
    run("apt-get", "install", "--yes", "-o", "Dpkg::Options::=--force-confdef", str(path))


def upgraded(older, deb, change):
    """The configuration after an upgrade from the package that shipped all defaults; the service runs with it."""
    install(older)
    assert CONFIGURATION.read_text() == SHIPPED.read_text()
    change()
    install(deb)
    assert show("ActiveState") == "active"
    assert run(NAME, "--check-config") == ""
    text = CONFIGURATION.read_text()
    run("apt-get", "purge", "--yes", NAME)
    return text


def test_upgrade_replaces_all_defaults_that_nobody_edited(before, older, deb):
    assert upgraded(older, deb, lambda: None) == "{}\n"


def test_upgrade_keeps_all_defaults_that_somebody_edited(before, older, deb):
    """All of its keys are known still, so that it goes on to work."""
    edited = SHIPPED.read_text().replace('"interval": "1s"', '"interval": "3s"', 1)
    assert edited != SHIPPED.read_text()
    assert upgraded(older, deb, lambda: CONFIGURATION.write_text(edited)) == edited


def test_install(before, deb):
    """Nothing is left to do: running, enabled, answering; and only the one that is meant to."""
    install(deb)
    assert show("ActiveState") == "active"
    assert show("UnitFileState") == "enabled"
    eventually(lambda: show("StatusText"), "a status")
    assert show("DynamicUser") == "yes" and show("CapabilityBoundingSet") == ""
    for unit in f"{NAME}.socket", LOCAL:
        assert systemctl("show", "--value", "--property=UnitFileState", unit).stdout.strip() == "disabled"
        assert systemctl("is-failed", "--quiet", unit, check=False).returncode != 0
    assert not LOCAL_SOCKET.exists()


def test_autopkgtest():
    run(str(TREE / "packaging/debian/tests/service"))


def test_manual_and_completion():
    """Where man and bash look for them."""
    assert Path("/usr/share/man/man8/netdrop-exporter.8.gz").exists() or not Path("/usr/share/man/man8").exists()
    assert Path("/usr/share/bash-completion/completions/netdrop-exporter").exists()


def test_upgrade_keeps_what_was_edited(newer):
    configuration = {"collectors": {"link": {"interval": "3s"}}}
    CONFIGURATION.write_text(json.dumps(configuration))
    role = CONFIGURATION.parent / "conf.d/10-role.json"
    role.write_text('{"web": {"created": true}}')
    DEFAULTS.write_text('ARGS="--no-collector.ethtool"\n')
    old = show("MainPID")
    install(newer)
    assert json.loads(CONFIGURATION.read_text()) == configuration
    assert DEFAULTS.read_text() == 'ARGS="--no-collector.ethtool"\n'
    assert re.search(rf"^web\.created +{role}:1 +true$", run(NAME, "--print-config"), re.MULTILINE)
    role.unlink()
    assert show("ActiveState") == "active" and show("MainPID") != old
    command = Path(f"/proc/{show('MainPID')}/cmdline").read_text().split("\0")
    assert "--no-collector.ethtool" in command


def test_upgrade_leaves_the_socket_open(newer):
    """Who chose socket activation loses no connection, not even to an upgrade."""
    drop_in = Path(f"/etc/systemd/system/{NAME}.service.d")
    drop_in.mkdir()
    (drop_in / "socket.conf").write_bytes(Path(f"/usr/share/{NAME}/socket-activation.conf").read_bytes())
    systemctl("daemon-reload")
    systemctl("stop", NAME)
    systemctl("enable", "--now", f"{NAME}.socket")
    systemctl("start", NAME)
    since = "--property=ActiveEnterTimestampMonotonic"
    opened, old = systemctl("show", since, f"{NAME}.socket").stdout, show("MainPID")
    run("apt-get", "install", "--yes", "--reinstall", "-o", "Dpkg::Options::=--force-confdef", str(newer))
    assert show("ActiveState") == "active" and show("MainPID") != old
    assert systemctl("show", since, f"{NAME}.socket").stdout == opened
    systemctl("disable", "--now", f"{NAME}.socket")
    (drop_in / "socket.conf").unlink()
    drop_in.rmdir()
    systemctl("daemon-reload")
    systemctl("restart", NAME)


def served_locally():
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(LOCAL_SOCKET))
        client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        return client.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_upgrade_keeps_the_local_socket(newer):
    systemctl("enable", LOCAL)
    systemctl("restart", NAME)
    assert served_locally()
    old = show("MainPID")
    run("apt-get", "install", "--yes", "--reinstall", "-o", "Dpkg::Options::=--force-confdef", str(newer))
    assert show("ActiveState") == "active" and show("MainPID") != old
    assert systemctl("is-enabled", LOCAL).stdout.strip() == "enabled"
    assert served_locally()


def test_bad_configuration_fails_the_start():
    """Once, without trying again, and `systemctl status` says where the mistake is."""
    good = CONFIGURATION.read_text()
    try:
        CONFIGURATION.write_text('{\n    "web": {\n        "lisen": [":10190"]\n    }\n}\n')
        assert systemctl("restart", NAME, check=False).returncode != 0
        eventually(lambda: show("ActiveState") == "failed", "the unit to fail")
        assert show("ExecMainStatus") == "2" and show("NRestarts") == "0"
        status = systemctl("status", "--full", "--no-pager", NAME, check=False).stdout
        assert f'{CONFIGURATION}:3: web.lisen: unknown key, did you mean "listen"?' in status
    finally:
        CONFIGURATION.write_text(good)
    systemctl("start", NAME)
    assert show("ActiveState") == "active"


def test_remove_leaves_the_configuration(before):
    run("apt-get", "remove", "--yes", NAME)
    assert CONFIGURATION.exists() and DEFAULTS.exists()
    assert systemctl("is-active", NAME, LOCAL, check=False).stdout.split() == ["inactive", "inactive"]
    assert not LOCAL_SOCKET.exists()
    assert subprocess.run(["pidof", NAME], capture_output=True, check=False).stdout == b""
    # Configuration is also that it was enabled.
    left = {path for path in files() - before if "netdrop" in path and not path.startswith("/etc/")}
    assert not [path for path in left if not path.startswith("/var/lib/systemd/deb-systemd-helper")]


def test_purge_leaves_nothing(before):
    run("apt-get", "purge", "--yes", NAME)
    assert sorted(path for path in files() - before if "netdrop" in path) == []
    assert NAME not in systemctl("list-unit-files", "--no-pager").stdout
