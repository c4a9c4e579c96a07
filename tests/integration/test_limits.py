# SPDX-License-Identifier: GPL-2.0-or-later
"""Normal operation reaches no limit: devices come and go, files of /proc are masked, hold names alone, or may not be
read. A limit that is reached is reached for a reason that somebody can change."""

import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import exposition
from daemon import eventually
from link_lab import ALL_KINDS, fresh
from lost_events import lost

# Workloads of the whole host may be more than there is room for.
OURS_ALONE = ("--set=collectors.drop_monitor.workloads=false",)
FRAME = bytes.fromhex("ffffffffffff 020000007701 88b5") + bytes(50)
# Room for all that others on this host drop, too.
ROWS, TOGETHER = 256, 32


def hits(page):
    """limit -> how often it was reached, where it was."""
    return {s.labels["limit"]: s.value for s in page["netdrop_limit_hits_total"] if s.value}


def devices_that_drop(inside, numbers):
    """Devices with drops of their own, which live for a moment."""
    inside.batch(line for n in numbers for line in (f"link add v{n} up type veth peer name w{n}", f"link set w{n} up"))
    inside.wait_up(*(f"w{number}" for number in numbers))
    for number in numbers:
        with inside.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind((f"w{number}", 0))
            for _ in range(3):
                sender.send(FRAME)
    return {f"v{number}" for number in numbers}


def shown_drops(page):
    devices = {sample.labels["device"] for sample in page.get("netdrop_kernel_drops_total", ())}
    return {device for device in devices if device.startswith("v")}


def per_class(page, name):
    found = {}
    for sample in page.get(name, ()):
        found[sample.labels["class"]] = found.get(sample.labels["class"], 0) + sample.value
    return found


def test_devices_that_come_and_go_reach_no_limit(netns, exporter):
    """More of them than there are rows for drop sites."""
    inside = netns()
    often = (f"--set=collectors.{name}.interval=100ms" for name in ("drop_monitor", "link", "qdisc", "ethtool"))
    daemon = exporter(*often, *ALL_KINDS, *OURS_ALONE, f"--set=collectors.drop_monitor.max_sites={ROWS}", netns=inside)
    if not daemon.metrics().get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here")
    seen = set()
    for first in range(0, ROWS + TOGETHER, TOGETHER):
        names = devices_that_drop(inside, range(first, first + TOGETHER))
        eventually(lambda names=names: names <= shown_drops(daemon.metrics()), f"{names} to be seen")
        seen |= names
        inside.batch(f"link del {name}" for name in names)
    page = daemon.metrics()
    kept = shown_drops(page)
    assert len(seen) == ROWS + TOGETHER and page.value("netdrop_kernel_drop_sites") <= ROWS
    assert kept < seen, "no row was given up: the test shows nothing"
    assert hits(page) == {}
    # What the rows that were given up had counted is not lost.
    forgotten = per_class(page, "netdrop_kernel_drops_forgotten_total")
    assert sum(forgotten.values()) >= len(seen - kept)
    rows = per_class(page, "netdrop_kernel_drops_total")
    for loss_class, count in per_class(page, "netdrop_kernel_drops_by_class_total").items():
        parts = rows.get(loss_class, 0) + forgotten[loss_class]
        assert parts + (lost(page) if loss_class == "unknown" else 0) == count, loss_class


def test_rows_of_devices_that_are_there_are_a_limit(netns, exporter):
    """The same with devices that stay: what the test above finds nothing of."""
    inside = netns()
    flags = ("--set=collectors.drop_monitor.max_sites=16", "--set=collectors.drop_monitor.interval=100ms")
    daemon = exporter(*flags, *ALL_KINDS, *OURS_ALONE, netns=inside)
    if not daemon.metrics().get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here")
    devices_that_drop(inside, range(20))
    eventually(lambda: hits(daemon.metrics()).keys() == {"drop_sites"}, "the limit to be told of")


def test_how_near_a_limit_is_is_told(netns, exporter):
    """Before anything is left out, without a look at the configuration; and nothing of who has no such limit."""
    inside = netns()
    only = ("--collector.disable-defaults", "--collector.snmp", "--collector.sockets", "--set=collectors.sockets.interval=100ms")
    daemon = exporter(*only, "--set=collectors.sockets.max_ports=30", netns=inside)
    names = ("netdrop_collector_limited_series", "netdrop_collector_series_limit")
    with ExitStack() as keep_open:
        for port in range(9000, 9020):
            keep_open.enter_context(inside.socket(kind=socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
        page = fresh(daemon, "sockets")
        assert [page.value(name, collector="sockets") for name in names] == [20, 30]
        assert not [row for name in names for row in page.series(name, collector="snmp")]
        assert hits(page) == {}
    page = fresh(daemon, "sockets")
    assert [page.value(name, collector="sockets") for name in names] == [0, 30]


@pytest.fixture
def procfs(tree):
    """A /proc that anybody may look into; of one file of protocol counters nothing is there yet."""
    path = Path(tempfile.mkdtemp())
    shutil.copytree(tree / "tests/fixtures/proc/6.18", path / "proc")
    (path / "proc/self/net/netstat").unlink()
    for directory in (path, *(found for found in path.rglob("*") if found.is_dir())):
        directory.chmod(0o755)
    yield path / "proc"
    shutil.rmtree(path)


def masked(path):
    path.symlink_to("/dev/null")


def refused(path):
    path.write_text("TcpExt: ListenDrops\nTcpExt: 1\n")
    path.chmod(0)


def names_alone(path):
    path.write_text("TcpExt: ListenDrops PAWSEstab\n")


def empty(path):
    path.write_text("")


def become_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


@pytest.mark.root
@pytest.mark.parametrize(
    "spoil, told",
    [
        (masked, r"/netstat: masked by a device"),
        (refused, r"/netstat: Permission denied"),
        (names_alone, r"numbers of netstat, which has only their names"),
        (empty, r"/netstat: empty"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_files_that_are_kept_from_us_are_no_limit(exporter, procfs, spoil, told):
    """What is left is served; the log says once what is not."""
    spoil(procfs / "self/net/netstat")
    flags = (f"--path.procfs={procfs}", "--set=collectors.snmp.interval=100ms")
    daemon = exporter("--collector.disable-defaults", "--collector.snmp", *flags, preexec_fn=become_nobody)
    for _ in range(3):
        fresh(daemon, "snmp")
    page = exposition.check_text(daemon.get().body)
    assert page.value("netdrop_collector_state", collector="snmp", state="ok") == 1
    assert page.series("netdrop_udp_no_ports_total", ip_version="4")
    assert not page.series("netdrop_tcpext_listen_drops_total")
    assert hits(page) == {}
    line = rf"collector snmp: works without .*{told}"
    eventually(lambda: re.search(line, daemon.stderr), "the log")
    time.sleep(1.5)  # it is looked at each second
    assert len(re.findall(line, daemon.stderr)) == 1, daemon.stderr


def test_a_line_that_makes_no_sense_is_a_limit_and_told(exporter, procfs):
    (procfs / "self/net/netstat").write_text("TcpExt: ListenDrops\nTcpExt: none\nIpExt: InNoRoutes\nIpExt: 5 \n")
    daemon = exporter("--collector.disable-defaults", "--collector.snmp", f"--path.procfs={procfs}")
    page = daemon.metrics()
    assert page.value("netdrop_ipext_in_no_routes_total") == 5
    assert hits(page).keys() == {"proc_malformed"}
    eventually(lambda: "works without TcpExt of netstat: not a number for each name" in daemon.stderr, "the log")
