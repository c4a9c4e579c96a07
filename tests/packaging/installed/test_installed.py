# SPDX-License-Identifier: GPL-2.0-or-later
"""The life of a package on one machine, in the order of this file: install, upgrade, a mistake, remove, purge."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from daemon import eventually
from service import systemctl

NAME = "netdrop-exporter"
TREE = Path(__file__).resolve().parents[3]
CONFIGURATION = Path("/etc/netdrop-exporter/config.json")
DEFAULTS = Path("/etc/default/netdrop-exporter")


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


@pytest.fixture(scope="module")
def newer(deb, tmp_path_factory):
    """The next version, with another default configuration."""
    directory = tmp_path_factory.mktemp("newer")
    run("dpkg-deb", "--raw-extract", str(deb), str(directory / "tree"))
    control = directory / "tree/DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", "Version: 99.0-1", control.read_text(), flags=re.MULTILINE))
    shipped = directory / "tree" / CONFIGURATION.relative_to("/")
    shipped.write_text(shipped.read_text() + "\n")
    run("dpkg-deb", "--root-owner-group", "--build", str(directory / "tree"), str(directory / "newer.deb"))
    return directory / "newer.deb"


@pytest.fixture(scope="module")
def before():
    """The machine as it was."""
    return files()


def install(path):
    run("apt-get", "install", "--yes", "-o", "Dpkg::Options::=--force-confdef", str(path))


def test_install(before, deb):
    """Nothing is left to do: running, enabled, answering; and only the one that is meant to."""
    install(deb)
    assert show("ActiveState") == "active"
    assert show("UnitFileState") == "enabled"
    eventually(lambda: show("StatusText"), "a status")
    assert show("DynamicUser") == "yes" and show("CapabilityBoundingSet") == ""
    assert systemctl("show", "--value", "--property=UnitFileState", f"{NAME}.socket").stdout.strip() == "disabled"
    assert systemctl("is-failed", "--quiet", f"{NAME}.socket", check=False).returncode != 0


def test_autopkgtest():
    run(str(TREE / "packaging/debian/tests/service"))


def test_manual_and_completion():
    """Where man and bash look for them."""
    assert Path("/usr/share/man/man8/netdrop-exporter.8.gz").exists() or not Path("/usr/share/man/man8").exists()
    assert Path("/usr/share/bash-completion/completions/netdrop-exporter").exists()


def test_upgrade_keeps_what_was_edited(newer):
    configuration = json.loads(CONFIGURATION.read_text())
    configuration["collectors"]["link"]["interval"] = "3s"
    CONFIGURATION.write_text(json.dumps(configuration))
    DEFAULTS.write_text('ARGS="--no-collector.ethtool"\n')
    old = show("MainPID")
    install(newer)
    assert json.loads(CONFIGURATION.read_text()) == configuration
    assert DEFAULTS.read_text() == 'ARGS="--no-collector.ethtool"\n'
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
    assert systemctl("is-active", NAME, check=False).stdout.strip() == "inactive"
    assert subprocess.run(["pidof", NAME], capture_output=True, check=False).stdout == b""
    # Configuration is also that it was enabled.
    left = {path for path in files() - before if "netdrop" in path and not path.startswith("/etc/")}
    assert not [path for path in left if not path.startswith("/var/lib/systemd/deb-systemd-helper")]


def test_purge_leaves_nothing(before):
    run("apt-get", "purge", "--yes", NAME)
    assert sorted(path for path in files() - before if "netdrop" in path) == []
    assert NAME not in systemctl("list-unit-files", "--no-pager").stdout
