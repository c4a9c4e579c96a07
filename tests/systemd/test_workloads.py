# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose packets are dropped, by the names that a real systemd gives its control groups: services, instances with escapes,
scopes, slices, what delegates, and what has no name that lasts. All of it within a container of systemd-nspawn, whose
units have their names below it."""

import re
import subprocess
from pathlib import Path

import pytest
from daemon import eventually, seeded
from lost_events import assert_counted, is_counted, lost
from service import systemctl

DROPS = "netdrop_workload_drops_total"
# Loses datagrams of a socket of its own, and prints how many.
LOSE = Path(__file__).with_name("lose.py")


@pytest.fixture
def chosen():
    return seeded()


def lose(count, *how):
    """By a process that systemd starts; how many were lost."""
    command = ["systemd-run", "--quiet", *how, "python3", "-B", str(LOSE), str(count)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return int(said.split()[-1])


def counted(page, unit):
    """At a unit of this systemd, whatever it runs in."""
    rows = [row for row in page.series(DROPS) if re.search(rf"(^|/){re.escape(unit)}$", row.labels["unit"])]
    assert all(row.labels["container_id"] == row.labels["pod_uid"] == "" for row in rows)
    return sum(row.value for row in rows if row.labels["class"] == "capacity")


# How it is started -> at which unit it counts.
UNITS = {
    "lossy.service": ["--pipe", "--wait", "--unit=lossy.service"],
    r"lossy@srv-a\x2db.service": ["--pipe", "--wait", r"--unit=lossy@srv-a\x2db.service"],
    "deep.service": ["--pipe", "--wait", "--unit=deep.service", "--slice=netdrop-deep-er.slice"],
    "owner.service": ["--pipe", "--wait", "--unit=owner.service", "--property=Delegate=yes"],
    "lossy.scope": ["--scope", "--unit=lossy.scope"],
    # These have no name that lasts.
    "netdrop-transient.slice": ["--pipe", "--wait", "--slice=netdrop-transient.slice"],
    "netdrop-scopes.slice": ["--scope", "--slice=netdrop-scopes.slice"],
}


@pytest.mark.parametrize("unit", UNITS)
def test_units(service, chosen, unit):
    made = 0
    for _ in range(2):
        dropped = lose(chosen.randrange(50, 300), *UNITS[unit])
        assert dropped > 0
        made += dropped
        eventually(lambda made=made: (page := service.fresh()) and is_counted(counted(page, unit), made, lost(page)), f"{made} at {unit}")
    # The cgroups are gone, and their rows are not.
    page = service.fresh()
    assert_counted(counted(page, unit), made, lost(page))
    assert sum(counted(page, other) for other in UNITS if other != unit) == 0


@pytest.fixture
def given():
    """A socket that systemd made for a service, and nobody reads."""
    unit = Path("/run/systemd/system/given")
    unit.with_suffix(".socket").write_text("[Socket]\nListenDatagram=127.0.0.1:5353\nReceiveBuffer=1\n")
    unit.with_suffix(".service").write_text("[Service]\nExecStart=sleep infinity\n")
    systemctl("daemon-reload")
    systemctl("start", "given.socket")
    yield 5353
    systemctl("stop", "given.socket", "given.service")
    for suffix in (".socket", ".service"):
        unit.with_suffix(suffix).unlink()
    systemctl("daemon-reload")


def test_a_socket_that_systemd_made(service, chosen, given):
    """It was made in the control group of its socket unit, and is no service's, whoever reads it."""
    count = chosen.randrange(100, 300)
    for _ in range(2):
        subprocess.run(["python3", "-B", str(LOSE), str(count), str(given)], check=True, timeout=60)
    # The first packet, and maybe a second, fits.
    least = 2 * count - 3
    page = eventually(
        lambda: (page := service.fresh()) and is_counted(counted(page, "given.socket"), least, lost(page)) and page, "what it lost"
    )
    assert counted(page, "given.socket") < 2 * count
    assert counted(service.fresh(), "given.service") == counted(service.fresh(), "init.scope") == 0
