# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit files as systemd-analyze judges them, against the figures that docs/service.md promises."""

import json
import subprocess
from pathlib import Path

import pytest

from service import NAME, shipped, systemctl

# As systemd-analyze prints them: 1.2 is OK, below 1.0 SAFE.
EXPOSURE = {"": 1.2, "namespaces.conf": 1.4, "socket-activation.conf": 0.8, "ambient-capabilities.conf": 2.6}
ALLOWED = {
    # The numbers come from this host's network, and are asked for by netlink; notifications go to systemd.
    "PrivateNetwork=",
    "RestrictAddressFamilies=~AF_NETLINK",
    "RestrictAddressFamilies=~AF_UNIX",
    # Who may scrape, nobody but the administrator knows.
    "RestrictAddressFamilies=~AF_(INET|INET6)",
    "IPAddressDeny=",
    # bpf(), to read the maps that were passed.
    "SystemCallFilter=~@privileged",
    # A root of its own would need a list of where each distribution has its libraries.
    "RootDirectory=/RootImage=",
    # What ProtectClock= adds by itself; PrivateDevices= leaves no such device.
    "DeviceAllow=",
}


@pytest.fixture
def unit(tmp_path):
    installed = Path(systemctl("show", "--value", "--property=FragmentPath", NAME).stdout.strip())

    def make(drop_in):
        path = tmp_path / f"{NAME}.service"
        path.write_text(installed.read_text() + (shipped(drop_in) if drop_in else ""))
        return path

    return make


def security(path):
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager"]
    said = subprocess.run([*command, path], check=True, capture_output=True, text=True).stdout
    listed = subprocess.run([*command, "--json=short", path], check=True, capture_output=True, text=True).stdout
    exposure = float(said.splitlines()[-1].split(": ")[1].split()[0])
    return exposure, {row["name"] for row in json.loads(listed) if row["exposure"]}


@pytest.mark.parametrize("drop_in", EXPOSURE, ids=lambda name: name or "as installed")
def test_exposure(unit, drop_in):
    exposure, _ = security(unit(drop_in))
    assert exposure <= EXPOSURE[drop_in]


def test_what_is_not_forbidden_has_a_reason(unit):
    _, open_to = security(unit(""))
    assert open_to <= ALLOWED


@pytest.mark.parametrize("unit", [f"{NAME}.service", f"{NAME}.socket", f"{NAME}-local.socket"])
def test_verify(unit):
    path = systemctl("show", "--value", "--property=FragmentPath", unit).stdout.strip()
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
