# SPDX-License-Identifier: GPL-2.0-or-later
"""The link collector against the kernel's own tools, on interfaces of every sort, and on a kernel that misbehaves
(shims/netlink_kernel.c). Numbers of rows are those of docs/faults.md."""

import os
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

import exposition
import procfs
from daemon import eventually
from link_lab import (
    ALL_KINDS,
    ONLY_LINK,
    expected_counters,
    fresh,
    links,
    shown_counters,
    shown_devices,
    steady_allocations,
    value,
)


def send_frames(namespace, device, frame, count):
    with namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((device, 0))
        for _ in range(count):
            sender.send(frame)


def frame(destination, ethertype, size=64):
    return bytes.fromhex(destination.replace(":", "")) + bytes(6) + struct.pack("!H", ethertype) + bytes(size)


def assert_equal_to_kernel(page, namespace, devices):
    kernel_links = links(namespace)
    for device in devices:
        assert shown_counters(page, device) == expected_counters(kernel_links[device]), device


def test_every_field_equals_the_kernels(veth, exporter):
    sender = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.a)
    receiver = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.b)
    veth.b.ip("link set b0 promisc on")
    veth.send_udp(1000)
    send_frames(veth.a, "a0", frame(veth.MAC["b0"], 0x88B5), 300)
    send_frames(veth.a, "a0", frame("02:00:00:00:99:99", 0x0800), 200)
    send_frames(veth.a, "a0", frame("01:00:5e:00:00:fb", 0x88B5), 100)

    page = fresh(receiver)
    assert value(page, "receive_packets_total", "b0") == 1600
    assert value(page, "receive_dropped_total", "b0") == 400
    assert value(page, "receive_otherhost_dropped_total", "b0") == 200
    assert_equal_to_kernel(page, veth.b, ["b0"])
    assert_equal_to_kernel(fresh(sender), veth.a, ["a0"])


def test_every_field_equals_the_kernels_without_getstats(veth, exporter, kernel):
    kernel.set("no_getstats")
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.b, env=kernel.env)
    veth.send_udp(500)
    page = fresh(process)
    assert value(page, "receive_packets_total", "b0") == 500
    assert_equal_to_kernel(page, veth.b, ["b0"])
    assert page.value("netdrop_collector_failures_total", collector="link") == 0


def test_carrier_changes_are_exact(veth, exporter):
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.a)
    veth.b.batch(["link set b0 down", "link set b0 up"] * 100)
    expected = {
        name: int(veth.a.run(["cat", f"/sys/class/net/a0/{name}"], sysfs=True))
        for name in ("carrier_changes", "carrier_up_count", "carrier_down_count")
    }
    assert expected["carrier_changes"] > 100

    def shown():
        page = fresh(process)
        return {
            "carrier_changes": value(page, "carrier_changes_total", "a0"),
            "carrier_up_count": value(page, "carrier_up_changes_total", "a0"),
            "carrier_down_count": value(page, "carrier_down_changes_total", "a0"),
        }

    # The kernel tells of carriers once a second (net/core/link_watch.c).
    eventually(lambda: shown() == expected, f"{expected}")


def test_attributes_follow_the_kernel(veth, exporter):
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.a)

    def shown():
        page = fresh(process)
        names = ("up", "admin_up", "carrier", "mtu_bytes", "transmit_queue_limit_packets")
        info = page.series("netdrop_link_info", device="a0")[0].labels
        return tuple(value(page, name, "a0") for name in names), info["master"], info["alias"], info["address"]

    assert shown() == ((1, 1, 1, 1500, 1000), "", "", veth.MAC["a0"])
    veth.b.ip("link set b0 down")
    eventually(lambda: shown()[0] == (0, 1, 0, 1500, 1000), "a0 without a carrier")
    veth.a.ip("link set a0 down")
    veth.a.ip("link set a0 mtu 9000 txqueuelen 77 address 02:00:00:00:99:01")
    veth.a.ip(["link", "set", "a0", "alias", "rack 7"])
    veth.a.ip("link add br0 type bridge")
    veth.a.ip("link set a0 master br0")
    assert shown() == ((0, 0, 0, 9000, 77), "br0", "rack 7", "02:00:00:00:99:01")
    veth.a.ip("link set br0 name br1")
    assert shown()[1] == "br1"
    veth.a.ip("link set a0 nomaster")  # an RTM_DELLINK of the bridge's, not of the device
    assert shown()[1] == ""


def test_loopback_is_up(netns, once):
    page = exposition.check_text(once("--collector.disable-defaults", "--collector.link", netns=netns()).encode())
    assert value(page, "up", "lo") == 1


def test_loss_columns_only(veth, exporter):
    page = fresh(exporter(*ONLY_LINK, *ALL_KINDS, "--set=collectors.link.columns=loss", netns=veth.a))
    names = {name.removeprefix("netdrop_link_") for name in page if name.startswith("netdrop_link_")}
    assert {"receive_dropped_total", "transmit_errors_total", "carrier_changes_total", "collisions_total"} <= names
    assert not names & {"receive_packets_total", "transmit_bytes_total", "receive_multicast_total", "up", "mtu_bytes"}
    assert not names & {"receive_compressed_total", "transmit_compressed_total", "info", "carrier"}
    assert len(names) == 25 - 7 + 3


def test_excluded_devices_are_counted(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_LINK, "--set=devices.exclude_kinds=veth", "--set=devices.exclude=if?", netns=inside)
    inside.batch(
        ["link add v0 type veth peer name v1", "link add v2 type veth peer name v3"]
        + ["link add if0 type ifb", "link add br0 type bridge"]
    )
    page = fresh(process)
    counts = {s.labels["kind"]: s.value for s in page.get("netdrop_link_excluded_devices", [])}
    assert counts.pop("veth") == 4
    assert counts.pop("ifb") == 1 + sum(name in links(inside) for name in ("ifb0", "ifb1"))
    assert not counts
    assert "br0" in shown_devices(page)
    inside.ip("link delete v0")
    assert fresh(process).value("netdrop_link_excluded_devices", kind="veth") == 2


def test_row_64_a_filter_that_leaves_no_device_says_so_once(netns, exporter):
    """Each collector that looks at devices, in the log and on the page, and no longer than it is true."""
    inside = netns()
    names = ("link", "ethtool", "qdisc")
    flags = [f"--set=collectors.{name}.{key}" for name in names for key in ("enabled=true", "interval=1s")]
    process = exporter("--collector.disable-defaults", *flags, "--set=devices.include=eth[1-3]", netns=inside)
    for name in names:
        said = f"collector {name}: works without any device: the filter leaves none of 1"
        eventually(lambda said=said: said in process.stderr, "it to be said")
    time.sleep(2.5)
    assert process.stderr.count("works without any device") == 3
    assert "leaves none of 1" in process.get("/").body.decode()
    inside.run("ip link add eth2 type bridge")
    eventually(lambda: "leaves none" not in process.get("/").body.decode(), "it to be true no longer")
    assert process.stderr.count("works without any device") == 3


def test_only_veth_of_a_namespace_is_shown(netns, exporter):
    """As a container's eth0 is: left out by default in the host's network namespace only."""
    inside = netns()
    inside.ip("link add eth0 type veth peer name outside0")
    process = exporter(*ONLY_LINK, "--log.level=info", netns=inside)
    page = fresh(process)
    assert {"eth0", "outside0"} <= shown_devices(page)
    assert "netdrop_link_excluded_devices" not in page
    assert page.value("netdrop_host_network_namespace") == 0
    assert "not in the host's network namespace" in process.stderr
    assert b"not in the host" in process.get("/").body


def test_veth_of_the_host_is_left_out(netns, exporter):
    """Here: whatever namespace the tests run in. The peer of a namespace's veth is left out, where it is the host's."""
    process = exporter(*ONLY_LINK)
    page = fresh(process)
    if page.value("netdrop_host_network_namespace") == 0:
        pytest.skip("the tests do not run in the host's network namespace")
    name = f"nd{os.getpid()}"
    try:
        subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}p"], check=True)
        page = fresh(process)
        assert name not in shown_devices(page)
        assert page.value("netdrop_link_excluded_devices", kind="veth") >= 2
    finally:
        subprocess.run(["ip", "link", "delete", name], check=False)
    assert "not in the host's network namespace" not in process.stderr
    assert b"not in the host" not in process.get("/").body


def test_row_09_only_lo(netns, exporter):
    inside = netns()
    for device in links(inside).keys() - {"lo"}:
        inside.ip(f"link delete {device}")
    process = exporter(*ONLY_LINK, netns=inside)
    assert shown_devices(fresh(process)) == {"lo"}
    process.openmetrics()
    exposition.check_promtool(process.get().body)


def test_rows_04_05_06_07_56_strange_names(netns, exporter):
    inside = netns()
    names = {
        b'a"b\\c': 'a"b\\c',
        b"\xff\xfe": "\ufffd\ufffd~101",
        b"\xfe\xff": "\ufffd\ufffd~102",
        b"\xef\xbf\xbd\xef\xbf\xbd": "\ufffd\ufffd~103",
        b"caf\xc3\xa9": "caf\xe9",
        b"\x01\x1b[31m": "\x01\x1b[31m",
        b"n%dn": "n0n",  # the kernel fills it in
        b"{}=,#": "{}=,#",
    }
    for index, name in enumerate(names, 100):
        inside.ip(["link", "add", "plain", "index", str(index), "type", "bridge"])
        inside.ip(["link", "set", "plain", "name", name])
    inside.ip(["link", "set", "n0n", "alias", "%n%s%d"])
    inside.ip(["link", "set", "lo", "alias", '"} 1\nfake 1 <script>'])
    process = exporter(*ONLY_LINK, netns=inside)
    page = fresh(process)
    assert set(names.values()) <= shown_devices(page)
    info = {s.labels["ifindex"]: s.labels["device"] for s in page["netdrop_link_info"]}
    assert [info[str(index)] for index in range(100, 100 + len(names))] == list(names.values())
    assert page.series("netdrop_link_info", device="n0n")[0].labels["alias"] == "%n%s%d"
    assert page.series("netdrop_link_info", device="lo")[0].labels["alias"] == '"} 1\nfake 1 <script>'
    assert "fake" not in page
    process.openmetrics()
    exposition.check_promtool(process.get().body)


def test_a_strange_name_is_left_out_by_every_collector(netns, exporter):
    """Globs are about names as they are shown."""
    inside = netns()
    for index, name in ((101, b"\xff\xfe"), (102, b"caf\xff")):
        inside.ip(["link", "add", "plain", "index", str(index), "type", "bridge"])
        inside.ip(["link", "set", "plain", "name", name])
        inside.ip(["link", "set", name, "up"])
        inside.run([b"tc", b"qdisc", b"add", b"dev", name, b"root", b"pfifo"])
    collectors = ("link", "qdisc", "ethtool")
    flags = ("--collector.disable-defaults", *(f"--collector.{name}" for name in collectors))

    def shown(*more):
        """collector -> the devices that it shows."""
        page = exporter(*flags, *more, netns=inside).metrics()
        rows = {name: [row for key in page for row in page[key] if f"_{name}_" in key] for name in collectors}
        return {name: {row.labels.get("device", "lo") for row in rows[name]} - {"lo"} for name in collectors}

    assert shown() == dict.fromkeys(collectors, {"\ufffd\ufffd~101", "caf\ufffd~102"})
    assert shown("--set=devices.exclude=caf*~102,\ufffd\ufffd~101") == dict.fromkeys(collectors, set())


def test_row_10_no_netlink_allowed(exporter, kernel):
    for error, text in (("eperm", "Operation not permitted"), ("eafnosupport", "Address family not supported")):
        kernel.set(error)
        flags = ("--collector.disable-defaults", "--collector.link", "--collector.process")
        process = exporter(*flags, env=kernel.env)
        page = process.metrics()
        assert page.value("netdrop_collector_supported", collector="link") == 0
        assert page.value("netdrop_collector_failures_total", collector="link") == 0
        assert not page.series("netdrop_collector_up", collector="link")
        assert "netdrop_link_up" not in page
        assert page.value("netdrop_collector_up", collector="process") == 1
        eventually(lambda: text in process.stderr, "the reason in the log")
        assert "RestrictAddressFamilies" in process.stderr
        kernel.unset(error)


def limit_hits(page, limit):
    return page.value("netdrop_limit_hits_total", limit=limit)


def collector(page, name):
    return page.value(f"netdrop_collector_{name}", collector="link")


def assert_fails_and_recovers(process, kernel, fault, reason):
    """While the fault lasts the collector says so, within bounds; then it goes on."""
    kernel.set(fault)
    eventually(lambda: collector(process.metrics(), "up") == 0, f"failure by {fault}")
    failures = collector(process.metrics(), "failures_total")
    eventually(lambda: collector(process.metrics(), "failures_total") > failures, "the next attempt")
    eventually(lambda: reason in process.stderr, "the reason in the log")
    page = process.metrics()
    kernel.unset(fault)
    eventually(lambda: collector(process.metrics(), "up") == 1, "recovery")
    assert fresh(process).value("netdrop_link_up", device="lo") == 1
    return page


def test_row_02_dump_interrupted_for_ever(netns, exporter, kernel):
    process = exporter(*ONLY_LINK, netns=netns(), env=kernel.env)
    process.go_first()
    assert limit_hits(process.metrics(), "dump_retries") == 0
    page = assert_fails_and_recovers(process, kernel, "interrupted", "NLM_F_DUMP_INTR")
    assert limit_hits(page, "dump_retries") >= 1
    assert collector(page, "duration_seconds") < 1


def netlink_sockets(process):
    """The inodes of those it has open."""
    table = Path(f"/proc/{process.pid}/net/netlink").read_text().splitlines()[1:]
    links = procfs.descriptors(process.pid).values()
    return {line.split()[-1] for line in table if f"socket:[{line.split()[-1]}]" in links}


def test_row_13_netlink_never_answers(netns, exporter, kernel):
    process = exporter(*ONLY_LINK, netns=netns(), env=kernel.env)
    before = netlink_sockets(process)
    page = assert_fails_and_recovers(process, kernel, "silent", "timed out")
    assert 1 < collector(page, "duration_seconds") < 10
    # Opened anew: an answer that comes after all finds nobody. Notifications go on where they did.
    after = netlink_sockets(process)
    assert len(after) == len(before) and len(after - before) == 1


def test_row_14_late_replies_are_discarded(veth, exporter, kernel):
    kernel.set("late")
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=veth.b, env=kernel.env)
    veth.send_udp(100)
    page = fresh(process)
    assert_equal_to_kernel(page, veth.b, ["b0"])
    assert collector(page, "failures_total") == 0


def test_row_11_lost_notifications(netns, exporter, kernel):
    kernel.set("small_buffer")
    inside = netns()
    process = exporter(*ONLY_LINK, netns=inside, env=kernel.env)
    churn = [f"link add b{i} type bridge" for i in range(40)]
    churn += [f"link set b{i} name c{i}" for i in range(40)]
    churn += [f"link delete c{i}" for i in range(20)]
    process.signal(19)  # SIGSTOP: the notifications meet nobody who drains
    inside.batch(churn)
    process.signal(18)
    eventually(lambda: limit_hits(process.metrics(), "notifications") > 0, "a loss that counts")
    page = fresh(process)
    assert shown_devices(page) == set(links(inside))
    assert {f"c{i}" for i in range(20, 40)} <= shown_devices(page)
    assert collector(page, "up") == 1


def test_steady_collection_allocates_nothing(netns, exporter, allocations):
    inside = netns()
    inside.batch([f"link add b{i} type bridge" for i in range(50)])
    process = exporter(*ONLY_LINK, netns=inside, env=allocations.env)
    assert shown_devices(fresh(process)) >= {"lo", "b49"}
    before = steady_allocations(process, allocations, "link")
    inside.ip("link set b0 name renamed")
    fresh(process)
    assert allocations.allocated("link") > before  # the counting works
