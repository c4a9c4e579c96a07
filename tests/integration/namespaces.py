# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces that lose packets, a known number each, and what a daemon shows of it."""

import hashlib
import os
import re
import socket
import struct

from daemon import INTERVAL
from inmates import Inside, inmates_of
from link_lab import fresh

COLLECTOR = ("--collector.disable-defaults", "--collector.netns")
# Others of this host have namespaces, too.
ONLY_NETNS = (
    *COLLECTOR,
    f"--set=collectors.netns.interval={INTERVAL}",
    "--set=collectors.netns.max_namespaces=4096",
    "--set=collectors.netns.max_time=60s",  # whoever else runs here: each collection is of all
)
# Another run of these tests on this host has namespaces of the same kind: names are this one's.
RUN = os.getpid()
CONTAINER = hashlib.sha256(str(RUN).encode()).hexdigest()
POD = f"22222222_2222_3333_4444_{RUN:012d}"
FULL = "netdrop_namespace_udp_rcvbuf_errors_total"
CLOSED = "netdrop_namespace_udp_no_ports_total"
DROPPED = "netdrop_namespace_link_receive_dropped_total"
TOTALS = "netdrop_namespace_losses_total"
SO_MEMINFO, MEMINFO_DROPS = 55, 8
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
UNKNOWN_PROTOCOL = 0x88B5  # for experiments


def own(name):
    """The control group of a service of that name, of this run."""
    return f"system.slice/{name}-{RUN}.service"


def labels_of(cgroup):
    """What the names of these tests' cgroups stand for: (unit, container, pod)."""
    if cgroup.startswith("kubepods"):
        return "kubepods.slice", "", POD.replace("_", "-")
    if container := re.search("docker-([0-9a-f]{64})", cgroup):
        return "system.slice", container[1], ""
    return cgroup.rpartition("/")[2], "", ""


def value(page, family, cgroup, **labels):
    unit, container, pod = labels_of(cgroup)
    rows = page.series(family, unit=unit, container_id=container, pod_uid=pod, **labels)
    assert len(rows) <= 1
    return rows[0].value if rows else None


def buffer_full(inside, count, family=socket.AF_INET, address="127.0.0.1"):
    """Datagrams to somebody who does not read; how many he lost."""
    with inside.socket(family, socket.SOCK_DGRAM) as reader, inside.socket(family, socket.SOCK_DGRAM) as sender:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        reader.bind((address, 0))
        for _ in range(count):
            sender.sendto(bytes(500), reader.getsockname())
        return struct.unpack("9I", reader.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[MEMINFO_DROPS]


def port_closed(inside, count, family=socket.AF_INET, address="127.0.0.1"):
    with inside.socket(family, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", (address, 9))
    return count


def nobody_wants(inside, count):
    """Frames of a protocol that nobody knows, which the device that gets them counts as dropped."""
    inside.ip("link add w0 type veth peer name w1")
    for device in ("w0", "w1"):
        inside.ip(f"link set {device} up")
    with inside.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)  # a device that just came up has one that drops
        raw.bind(("w0", 0))
        for _ in range(count):
            raw.send(b"\xff" * 6 + bytes(6) + struct.pack("!H", UNKNOWN_PROTOCOL) + bytes(46))
    return count


# (family, labels) -> what makes it count.
LOSSES = {
    (FULL, "4"): buffer_full,
    (CLOSED, "4"): port_closed,
    (FULL, "6"): lambda inside, count: buffer_full(inside, count, socket.AF_INET6, "::1"),
    (CLOSED, "6"): lambda inside, count: port_closed(inside, count, socket.AF_INET6, "::1"),
    (DROPPED, None): nobody_wants,
}
CGROUPS = [
    *(own(f"ours-{number}") for number in range(6)),
    f"system.slice/docker-{CONTAINER}.scope",
    f"system.slice/docker-{CONTAINER[::-1]}.scope",
    f"kubepods.slice/kubepods-pod{POD}.slice/cri-containerd-{CONTAINER}.scope",
    f"user.slice/user-7.slice/user@7.service/app.slice/web-{RUN}.service",
]


def labels_of_version(version):
    return {"ip_version": version} if version else {}


def lose(insides, chosen):
    """Each loses of each kind a number of its own; {(family, version): [numbers]}."""
    counts = {}
    for kind, recipe in LOSSES.items():
        counts[kind] = [recipe(inside, count) for inside, count in zip(insides, chosen.sample(range(20, 300), len(insides)), strict=True)]
    return counts


def shown_at(page, cgroups, family, version):
    units = [labels_of(cgroup) for cgroup in cgroups]
    found = {
        tuple(row.labels[name] for name in ("unit", "container_id", "pod_uid")): row.value
        for row in page.series(family, **labels_of_version(version))
    }
    # Within a manager of its own a unit has the manager's name before it.
    return [next((count for (unit, *rest), count in found.items() if (unit.rpartition("/")[2], *rest) == wanted), None) for wanted in units]


def judge(start, cgroups, chosen):
    """Ten namespaces of ten workloads lose of each kind; `start` starts a daemon. tests/vm runs it, too."""
    process = start(*ONLY_NETNS)
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        insides = [Inside(inmates.start(cgroup)) for cgroup in CGROUPS]
        made = lose(insides, chosen)
        page = fresh(process, "netns")
        for (family, version), counts in made.items():
            assert min(counts) > 0
            assert shown_at(page, CGROUPS, family, version) == counts, family
            # The test tells owners apart: any other order of them is wrong.
            assert shown_at(page, CGROUPS[1:] + CGROUPS[:1], family, version) != counts
        # Who comes later begins where they are now.
        late = start(*ONLY_NETNS)
        fresh(late, "netns")
        port_closed(insides[0], 5)
        assert value(fresh(late, "netns"), CLOSED, CGROUPS[0], ip_version="4") == 5
        assert value(fresh(late, "netns"), FULL, CGROUPS[0], ip_version="4") == 0
        assert value(fresh(process, "netns"), CLOSED, CGROUPS[0], ip_version="4") == made[CLOSED, "4"][0] + 5
    # All of them are gone, and what they lost is not.
    page = fresh(process, "netns")
    assert shown_at(page, CGROUPS, FULL, "6") == made[FULL, "6"]
    assert page.value(TOTALS, counter="udp_rcvbuf_errors", ip_version="6") >= sum(made[FULL, "6"])
    return process
