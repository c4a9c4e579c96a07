# SPDX-License-Identifier: GPL-2.0-or-later
"""Drops in other network namespaces by their names (collectors.drop_monitor.label_netns): natively, to the packet, with
namespaces that go while they drop, devices that get other names, and inodes that are used again. tests/vm runs the same
under Debian's kernels."""

import os
import socket
import subprocess
import sys
import time

import pytest

import lab
import workloads
from daemon import INTERVAL, eventually, health
from lost_events import assert_counted, is_counted, lost

DROPS = "netdrop_kernel_drops_total"
CLASSES = "netdrop_kernel_drops_by_class_total"
FLAGS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.source=bpf",
)
LABELLED = (*FLAGS, "--set=collectors.drop_monitor.label_netns=true")
FAST, SLOW = ("--set=collectors.drop_monitor.interval=" + text for text in (INTERVAL, "3s"))
OURS = 0x88B5  # an ethertype for experiments, which nobody takes
UDP = {"function": "__udp4_lib_rcv", "reason": "NO_SOCKET", "protocol": "ipv4"}

pytestmark = pytest.mark.usefixtures("bpf_possible", "namespaces_possible")


def refuse(namespace, count):
    """Datagrams to a port of nobody."""
    with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", ("127.0.0.1", 9))


def wire(namespace):
    namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    namespace.batch(["link add d0 type veth peer d1", "link set d0 up", "link set d1 up"])


def inject(namespace, device, count):
    """Frames that come in at the device's other end."""
    peer = "d1"
    namespace.wait_up(peer)
    address = bytes.fromhex(namespace.links()[device]["address"].replace(":", ""))
    with namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind((peer, 0))
        for _ in range(count):
            sender.send(address + bytes(6) + OURS.to_bytes(2, "big") + bytes(46))


def collected(process, times=2):
    """A page that was collected after the call."""
    for _ in range(times):
        last = health(process.text())[0].get("drop_monitor", 0)
        page = eventually(lambda last=last: process.collected_since(last, "drop_monitor"), "a collection")
    return page


def count(page, **labels):
    return sum(row.value for row in page.series(DROPS, **labels))


def reaches(process, number, **labels):
    def reached():
        page = process.metrics()
        return is_counted(count(page, **labels), number, lost(page))

    eventually(reached, f"{number} of {labels}")
    page = collected(process)
    assert_counted(count(page, **labels), number, lost(page))
    return page


def test_names_of_namespaces_and_devices(exporter, netns):
    first, second = netns(), netns()
    wire(second)
    process = exporter(*LABELLED, FAST)
    collected(process)
    refuse(first, 100)
    refuse(second, 200)
    inject(second, "d0", 50)
    reaches(process, 100, netns=first.name, device="lo", **UDP)
    reaches(process, 200, netns=second.name, device="lo", **UDP)
    reaches(process, 50, netns=second.name, device="d0", reason="UNHANDLED_PROTO")


def test_without_the_option_they_are_one(exporter, netns):
    namespace = netns()
    process = exporter(*FLAGS, FAST)
    collected(process)
    refuse(namespace, 100)

    def arrived():
        page = process.metrics()
        return is_counted(count(page, netns="other", device="", **UDP), 100, lost(page))

    eventually(arrived, "the drops")
    rows = process.metrics().series(DROPS)
    assert {row.labels["netns"] for row in rows} <= {"", "self", "other"}
    assert all(row.labels["netns"] == "self" for row in rows if row.labels["device"])


def test_a_renamed_device(exporter, netns):
    """What comes after is the new name's; what was before stays the old one's."""
    namespace = netns()
    wire(namespace)
    process = exporter(*LABELLED, FAST)
    collected(process)
    labels = {"netns": namespace.name, "reason": "UNHANDLED_PROTO"}
    inject(namespace, "d0", 30)
    reaches(process, 30, device="d0", **labels)
    namespace.batch(["link set d0 down", "link set d0 name e0", "link set e0 up"])
    inject(namespace, "e0", 40)
    page = reaches(process, 40, device="e0", **labels)
    assert_counted(count(page, device="d0", **labels), 30, lost(page))


def test_row_80_a_namespace_that_goes_while_it_drops(exporter):
    """It is gone before its last drops are read: they are its own all the same."""
    process = exporter(*LABELLED, SLOW)
    namespace = lab.Namespace()
    try:
        refuse(namespace, 10)
        collected(process)
        refuse(namespace, 10)
        eventually(lambda: count(process.metrics(), netns=namespace.name, **UDP) > 0, "its name to be known")
        known = collected(process, 1)
        before = count(known, netns=namespace.name, **UDP)
        refuse(namespace, 1000)
    finally:
        name = namespace.name
        namespace.close()
    reaches(process, before + 1000, netns=name, **UDP)


ANONYMOUS = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    fcntl.ioctl(sender, 0x8914, struct.pack("16sH14x", b"lo", 1))
    for _ in range(int(sys.argv[1])):
        sender.sendto(b"x", ("127.0.0.1", 9))
print(os.stat("/proc/self/ns/net").st_ino)
"""


def anonymous(number):
    """A namespace without a name, which is gone at the end; its inode."""
    said = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", ANONYMOUS, str(number)], check=True, capture_output=True, text=True
    ).stdout
    return int(said)


def test_row_80_an_inode_that_is_used_again(exporter):
    """Within one collection a namespace drops and goes, and one with a name takes over its inode: the name is not that of
    the drops."""
    process = exporter(*LABELLED, SLOW)
    reused = []
    for _ in range(40):
        collected(process, 1)
        inode = anonymous(77)
        made = []
        try:
            # A namespace goes a moment after its last process; then its number is the lowest that is free.
            end = time.monotonic() + 2
            while time.monotonic() < end and not reused:
                time.sleep(0.05)
                made.append(lab.Namespace())
                if os.stat(made[-1].path).st_ino == inode:
                    reused.append(made[-1].name)
            page = collected(process)
            names = {namespace.name for namespace in made}
            assert not [row for row in page.series(DROPS, **UDP) if row.labels["netns"] in names]
        finally:
            for namespace in made:
                namespace.close()
        if reused:
            break
    assert reused, "no inode was used again"


@pytest.fixture
def workload(netns):
    try:
        workloads.hierarchy()
    except OSError as error:
        pytest.skip(str(error))
    made = workloads.Workload(netns())
    yield made
    made.close()


TENANT = "import sys; " + ANONYMOUS.replace("print(", "sys.stdin.readline(); print(")


def test_the_name_of_a_workload(exporter, workload):
    """A namespace that nobody gave a name: that of the service whose process is in it."""
    process = exporter(*LABELLED, FAST)
    collected(process)
    tenant = subprocess.Popen(
        ["unshare", "--net", sys.executable, "-c", TENANT, "300"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=workload.enter,
    )
    try:
        reaches(process, 300, netns=workload.unit, device="lo", **UDP)
    finally:
        tenant.communicate(b"\n")


def test_more_than_there_is_room_for(exporter, netns, chosen):
    """Rows with a name are bounded; beyond that drops count as without the option, and all sums are exact."""
    namespaces = [netns() for _ in range(24)]
    process = exporter(*LABELLED, FAST, "--set=collectors.drop_monitor.max_sites=16")
    collected(process)
    made = {namespace.name: chosen.randrange(1, 50) for namespace in namespaces}
    for namespace in namespaces:
        refuse(namespace, made[namespace.name])
    page = collected(process, 3)
    named = [row for row in page.series(DROPS) if row.labels["netns"] not in ("", "self", "other")]
    # Of other namespaces of this host, too; those of ours are whole.
    assert 0 < len(named) <= 16
    ours = [row for row in named if row.labels["netns"] in made and row.labels["function"] == UDP["function"]]
    found = {row.labels["netns"]: row.value for row in ours}
    assert_counted(found, {name: made[name] for name in found}, lost(page))
    parts = (DROPS, "netdrop_kernel_drops_forgotten_total")
    assert sum(row.value for row in page.series(CLASSES)) == sum(row.value for part in parts for row in page.series(part)) + lost(page)
    errors = sum(row.value for row in page.series(DROPS, **{"class": "error"}))
    assert is_counted(errors, sum(made.values()), lost(page))
    assert page.value("netdrop_limit_hits_total", limit="drop_sites") > 0
