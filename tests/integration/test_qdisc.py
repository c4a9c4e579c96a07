# SPDX-License-Identifier: GPL-2.0-or-later
"""The qdisc collector against `tc -s qdisc`: every queueing discipline, under a name of its own, and no drop counted in
two rows that one would add up. Numbers of rows are those of docs/faults.md."""

import json
import socket

import pytest

from daemon import eventually
from link_lab import fresh, steady_allocations

ONLY_QDISC = (
    "--collector.disable-defaults",
    "--collector.qdisc",
    "--set=collectors.qdisc.interval=100ms",
    "--set=devices.exclude_kinds=",
)
PER_QUEUE = "--set=collectors.qdisc.per_queue=true"
# Family -> where `tc -s -j qdisc` has it.
FIELDS = {
    "packets_total": "packets",
    "bytes_total": "bytes",
    "drops_total": "drops",
    "overlimits_total": "overlimits",
    "requeues_total": "requeues",
    "backlog_bytes": "backlog",
    "backlog_packets": "qlen",
}
INGRESS = "ffff:fff1"


def tc(namespace):
    """What tc shows but for devices without queue: labels -> numbers."""
    found = {}
    for qdisc in json.loads(namespace.run("tc -s -j qdisc show")):
        if qdisc["kind"] != "noqueue":
            parent = qdisc.get("parent", "")
            root = "true" if qdisc.get("root") or parent == INGRESS else "false"
            name = (qdisc["dev"], qdisc["kind"], qdisc["handle"], parent, root)
            found[name] = {family: qdisc[field] for family, field in FIELDS.items()}
    return found


def shown(page):
    found = {}
    for family in FIELDS:
        for sample in page.get(f"netdrop_qdisc_{family}", ()):
            name = tuple(sample.labels[label] for label in ("device", "kind", "handle", "parent", "root"))
            found.setdefault(name, {})[family] = sample.value
    return found


def drops(page, **labels):
    return sum(sample.value for sample in page.series("netdrop_qdisc_drops_total", **labels))


def assert_equal_to_tc(process, namespace):
    """Numbers of a queue that empties, slowly, are looked at until a page and tc speak of the same moment."""

    def equal():
        page = fresh(process, "qdisc")
        return page if shown(page) == tc(namespace) else None

    return eventually(equal, "numbers equal to tc's")


def test_shaper_and_its_child(veth, exporter):
    process = exporter(*ONLY_QDISC, netns=veth.a)
    veth.a.run("tc qdisc add dev a0 root handle 8001: tbf rate 64kbit burst 2000 limit 1000000")
    veth.a.run("tc qdisc add dev a0 parent 8001:1 handle 2: pfifo limit 10")
    with veth.b.socket(kind=socket.SOCK_DGRAM) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        reader.bind(("10.77.0.2", 9999))
        veth.send_udp(1000)
        eventually(lambda: "backlog 0b 0p" in veth.a.run("tc -s qdisc show dev a0 root"), "the queue to be empty")
        page = assert_equal_to_tc(process, veth.a)
        reader.setblocking(False)
        received = 0
        try:
            while reader.recv(2048):
                received += 1
        except BlockingIOError:
            pass
    # Both rows have them all: only one is a root.
    lost = 1000 - received
    assert lost > 900
    assert drops(page, device="a0", kind="tbf", handle="8001:", parent="", root="true") == lost
    assert drops(page, device="a0", kind="pfifo", handle="2:", parent="8001:1", root="false") == lost
    assert drops(page, root="true") == lost


def test_backlog_while_it_waits(veth, exporter):
    process = exporter(*ONLY_QDISC, netns=veth.a)
    veth.a.run("tc qdisc add dev a0 root handle 1: tbf rate 8bit burst 2000 limit 5000")
    veth.send_udp(100, size=100)
    page = assert_equal_to_tc(process, veth.a)
    waiting = page.value("netdrop_qdisc_backlog_bytes", device="a0", root="true")
    assert 0 < waiting <= 5000
    assert page.value("netdrop_qdisc_backlog_packets", device="a0", root="true") == waiting / 142
    assert page.value("netdrop_qdisc_drops_total", device="a0", root="true") > 0


def test_every_qdisc_has_a_row_of_its_own(netns, exporter):
    inside = netns()
    inside.ip("link add q0 numtxqueues 4 type veth peer name q1")
    inside.ip("link set q0 up")
    inside.run("tc qdisc add dev q0 root mq")  # its children all have the handle 0:
    inside.run("tc qdisc add dev q0 clsact")
    inside.run("tc qdisc add dev q1 root pfifo limit 10")
    process = exporter(*ONLY_QDISC, PER_QUEUE, netns=inside)
    rows = shown(assert_equal_to_tc(process, inside))
    assert len(rows) == 7
    assert {name[2] for name in rows if name[4] == "false"} == {"0:"}
    assert ("q0", "clsact", "ffff:", INGRESS, "true") in rows


def summed(namespace):
    """What tc shows, but of the queues' own disciplines below each mq the sums by kind."""
    found = {}
    each = tc(namespace)
    roots = {(name[0], name[2]) for name in each if name[1] == "mq"}
    for name, numbers in each.items():
        device, kind, _, parent, root = name
        below = (device, parent.split(":")[0] or "0")
        if root == "false" and (device, f"{below[1]}:") in roots:
            name = (device, kind, "", f"{below[1]}:", "false")
        sums = found.setdefault(name, dict.fromkeys(FIELDS, 0))
        for family in FIELDS:
            sums[family] += numbers[family]
    return found


def assert_equal_to_sums(process, namespace):
    def equal():
        page = fresh(process, "qdisc")
        return page if shown(page) == summed(namespace) else None

    return eventually(equal, "numbers equal to the sums of tc's")


@pytest.fixture
def queues(netns):
    """q0, with four queues, sends to q1 what the tests send, and nothing else."""
    inside = netns()
    inside.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1")
    inside.ip("link add q0 numtxqueues 4 type veth peer name q1")
    for device in ("q0", "q1"):
        inside.ip(f"link set {device} up")
    return inside


def flood(inside, count=300):
    """By all queues: each flow has its own."""
    with inside.socket(kind=socket.SOCK_DGRAM) as sender:
        for port in range(count):
            sender.sendto(b"x", ("10.9.9.2", 1024 + port))


@pytest.mark.parametrize("handle", ["", "handle 7:"], ids=["as the kernel numbers it", "with a handle"])
def test_disciplines_of_queues_are_summed_by_kind(queues, exporter, handle):
    """With what is below one of them, and beside another device that has no queues to sum."""
    queues.run(f"tc qdisc add dev q0 root {handle} mq")
    queues.run("tc qdisc add dev q1 root handle 1: tbf rate 64kbit burst 2000 limit 5000")
    queues.run("tc qdisc add dev q1 parent 1:1 handle 2: pfifo")
    process = exporter(*ONLY_QDISC, netns=queues)
    kinds = {name[1] for name in tc(queues) if name[0] == "q0"}
    rows = shown(assert_equal_to_sums(process, queues))
    assert len([name for name in rows if name[0] == "q0"]) == len(kinds) == 2
    root = next(name[2] for name in tc(queues) if name[0] == "q0" and name[4] == "true")
    queues.run(f"tc qdisc replace dev q0 parent {root}1 handle 70: pfifo limit 1")
    queues.run(f"tc qdisc replace dev q0 parent {root}2 handle 71: pfifo limit 1")
    queues.run(f"tc qdisc replace dev q0 parent {root}3 handle 72: tbf rate 8bit burst 2000 limit 3000")
    queues.ip("addr add 10.9.9.1/24 dev q0")
    queues.ip("neigh add 10.9.9.2 lladdr 02:00:00:00:00:01 dev q0")
    flood(queues)
    page = assert_equal_to_sums(process, queues)
    assert sum(page.value("netdrop_qdisc_packets_total", **labels(name)) for name in shown(page) if name[0] == "q0") > 0


def labels(name):
    return dict(zip(("device", "kind", "handle", "parent", "root"), name))


def test_a_sum_does_not_step_back_when_a_queue_begins_anew(queues, exporter):
    """One queue's discipline is made again: what it had counted stays, for a rate takes a step back for a reset."""
    queues.run("tc qdisc add dev q0 root handle 7: mq")
    for queue in range(1, 5):
        queues.run(f"tc qdisc replace dev q0 parent 7:{queue} handle 7{queue}: pfifo limit 100")
    queues.ip("addr add 10.9.9.1/24 dev q0")
    queues.ip("neigh add 10.9.9.2 lladdr 02:00:00:00:00:01 dev q0")
    process = exporter(*ONLY_QDISC, netns=queues)
    flood(queues)
    page = assert_equal_to_sums(process, queues)
    row = {"device": "q0", "kind": "pfifo", "parent": "7:"}
    before = page.value("netdrop_qdisc_packets_total", **row)
    counted = {name: numbers["packets_total"] for name, numbers in tc(queues).items() if name[1] == "pfifo"}
    most = max(counted, key=counted.get)
    assert counted[most] > 0 and before > counted[most]
    queues.run(f"tc qdisc replace dev q0 parent {most[3]} handle 90: bfifo limit 10000")
    eventually(lambda: fresh(process, "qdisc").series("netdrop_qdisc_packets_total", device="q0", kind="bfifo"), "bfifo")
    assert fresh(process, "qdisc").value("netdrop_qdisc_packets_total", **row) == before
    queues.run(f"tc qdisc replace dev q0 parent {most[3]} handle 91: pfifo limit 100")
    eventually(
        lambda: not fresh(process, "qdisc").series("netdrop_qdisc_packets_total", device="q0", kind="bfifo"), "pfifo"
    )
    assert fresh(process, "qdisc").value("netdrop_qdisc_packets_total", **row) >= before
    queues.run("tc qdisc replace dev q0 root handle 9: mq")
    eventually(lambda: shown(fresh(process, "qdisc")) == summed(queues), "a root of another handle to begin anew")


def test_qdiscs_and_devices_come_and_go(netns, exporter):
    inside = netns()
    inside.ip("link add q0 type veth peer name q1")
    process = exporter(*ONLY_QDISC, netns=inside)
    assert not shown(fresh(process, "qdisc"))
    for command in (
        "tc qdisc add dev q0 root handle 1: pfifo limit 10",
        "tc qdisc replace dev q0 root handle 2: bfifo limit 1000",
        "tc qdisc add dev q1 root handle 1: pfifo limit 10",
        "ip link set q0 name q2",
        "tc qdisc del dev q1 root",
        "ip link del q1",
    ):
        inside.run(command)
        assert_equal_to_tc(process, inside)
    assert not shown(fresh(process, "qdisc"))


def test_filter_and_roots_alone(veth, exporter):
    for command in ("root handle 1: tbf rate 64kbit burst 2000 limit 5000", "parent 1:1 handle 2: pfifo", "clsact"):
        veth.a.run(f"tc qdisc add dev a0 {command}")
    process = exporter(*ONLY_QDISC, "--set=collectors.qdisc.children=false", netns=veth.a)
    assert {name[1] for name in shown(process.metrics())} == {"tbf", "clsact"}
    process = exporter(*ONLY_QDISC, "--set=collectors.qdisc.devices.exclude=a*", netns=veth.a)
    assert not shown(process.metrics())
    process = exporter(*ONLY_QDISC[:-1], "--set=devices.exclude_kinds=veth", netns=veth.a)
    assert not shown(process.metrics())


def test_kernel_without_queueing_disciplines(netns, exporter, kernel):
    """It is absent, with its reason, and nothing fails for ever."""
    kernel.set("no_getqdisc")
    process = exporter(*ONLY_QDISC, "--collector.link", netns=netns(), env=kernel.env)
    page = process.metrics()
    assert page.value("netdrop_collector_supported", collector="qdisc") == 0
    assert page.value("netdrop_collector_failures_total", collector="qdisc") == 0
    assert page.value("netdrop_collector_up", collector="link") == 1
    eventually(lambda: "CONFIG_NET_SCHED" in process.stderr, "the reason in the log")


def test_row_02_dump_interrupted_for_ever(netns, exporter, kernel):
    inside = netns()
    inside.ip("link add q0 type veth peer name q1")
    inside.run("tc qdisc add dev q0 root pfifo limit 10")
    process = exporter(*ONLY_QDISC, netns=inside, env=kernel.env)
    assert len(shown(process.metrics())) == 1
    kernel.set("interrupted")
    eventually(lambda: process.metrics().value("netdrop_collector_up", collector="qdisc") == 0, "failure")
    eventually(lambda: "NLM_F_DUMP_INTR" in process.stderr, "the reason in the log")
    assert process.metrics().value("netdrop_limit_hits_total", limit="dump_retries") >= 1
    kernel.unset("interrupted")
    eventually(lambda: process.metrics().value("netdrop_collector_up", collector="qdisc") == 1, "recovery")
    assert_equal_to_tc(process, inside)


def test_steady_collection_allocates_nothing(netns, exporter, allocations):
    inside = netns()
    inside.batch([f"link add q{i} numtxqueues 4 type veth peer name p{i}" for i in range(20)])
    for i in range(20):
        inside.run(f"tc qdisc add dev q{i} root mq")
    process = exporter(*ONLY_QDISC, netns=inside, env=allocations.env)
    assert len(shown(fresh(process, "qdisc"))) == 20 * 2
    before = steady_allocations(process, allocations, "qdisc")
    inside.run("tc qdisc add dev p0 root pfifo limit 10")
    assert_equal_to_sums(process, inside)
    assert allocations.allocated("qdisc") > before  # the counting works
