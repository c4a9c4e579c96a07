# SPDX-License-Identifier: GPL-2.0-or-later
"""The drop_monitor collector with its BPF source, natively: faults are made, and every packet that they drop must be
counted, at the place where the kernel dropped it and for the reason that it gave. What somebody else on the machine
drops has netns="other". The source drop_monitor is tested in the virtual machine. Numbers of rows are those of
docs/faults.md."""

import contextlib
import json
import math
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import exposition
import lab
from daemon import eventually, seeded
from lost_events import assert_counted, is_counted, lost

ONLY_DROPS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.interval=100ms",
    "--set=devices.exclude_kinds=",
)
UNHANDLED = 0x88B5
SO_SNDBUFFORCE, UDP_SEGMENT = 32, 103
# Scraping drops packets too: the end of each connection empties its queues, and on a busy machine a segment is sent twice.
OWN = ("QUEUE_PURGE", "TCP_CLOSE", "TCP_RESET", "TCP_OLD_DATA")


pytestmark = pytest.mark.usefixtures("bpf_possible")


def collected(process):
    """A page that was collected entirely after the call."""
    since = time.time()

    def page():
        found = process.metrics()
        stamp = found.value("netdrop_collector_last_success_timestamp_seconds", collector="drop_monitor")
        duration = found.value("netdrop_collector_duration_seconds", collector="drop_monitor")
        return found if stamp - duration > since else None

    return eventually(page, "a collection")


def fresh(process):
    """A page with all that happened before the call: a busy machine takes its time to let packets arrive."""
    page = collected(process)
    while True:
        before, page = page, collected(process)
        if sites(page) == sites(before):
            return page


def sites(page, **labels):
    """What was dropped in the daemon's own namespace: (function, reason, device) -> count. Not on lo: the scrapes
    themselves go over it, and where one is cut off the kernel drops what was on its way."""
    rows = page.series("netdrop_kernel_drops_total", **{"netns": "self", **labels})
    found = {}
    for row in rows:
        key = (row.labels["function"], row.labels["reason"], row.labels["device"])
        if row.labels["reason"] not in OWN and row.labels["device"] != "lo":
            found[key] = found.get(key, 0) + row.value
    return found


def total(page, reason, **labels):
    return sum(row.value for row in page.series("netdrop_kernel_drops_total", reason=reason, **labels))


def classes(page):
    rows = page.series("netdrop_kernel_drops_by_class_total")
    return {row.labels["class"]: row.value for row in rows}


def assert_counts_by_bpf(page):
    causes = {row.labels["cause"] for row in page.series("netdrop_kernel_drop_events_lost_total")}
    assert causes == {"queue", "map_full", "recursion"}
    assert page.value("netdrop_kernel_drop_events_lost_total", cause="queue") == 0  # there is none
    assert page.value("netdrop_kernel_drop_source_active") == 1
    assert page.value("netdrop_kernel_drop_source_info", source="bpf", mode="tracepoint") == 1


def libbpf_cpus():
    """How many CPUs there may be: so many values a key has."""
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as file:
        return int(re.split("[-,]", file.read().strip())[-1]) + 1


def raw(namespace, device):
    with namespace.entered():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((device, 0))
    return sender


def frame(veth, ethertype=UNHANDLED, payload=bytes(64), destination="b0"):
    address = veth.MAC.get(destination, destination)
    return bytes.fromhex(address.replace(":", "")) + bytes(6) + struct.pack("!H", ethertype) + payload


def send_frames(veth, data, count=1000):
    with raw(veth.a, "a0") as sender:
        for _ in range(count):
            sender.send(data)


def checksum(data):
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    words = (words & 0xFFFF) + (words >> 16)
    return ~((words & 0xFFFF) + (words >> 16)) & 0xFFFF


def ip_header(protocol, size, damage=0, ttl=64):
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + size, 0, 0, ttl, protocol, 0,
        socket.inet_aton("10.77.0.1"), socket.inet_aton("10.77.0.2"),
    )
    return header[:10] + struct.pack("!H", checksum(header) ^ damage) + header[12:]


def nft(namespace, hook, rule):
    namespace.run(["nft", "add table ip t"])
    namespace.run(["nft", f"add chain ip t c {{ type filter hook {hook} priority 0; }}"])
    namespace.run(["nft", f"add rule ip t c {rule}"])


# Each makes a fault seen by the namespace of b0, and returns what must be there then: function -> count.


def udp_closed_port(veth):
    veth.send_udp()
    return {("__udp4_lib_rcv", "NO_SOCKET", "b0"): 1000}


def nft_input(veth):
    nft(veth.b, "input", "udp dport 9999 counter drop")
    veth.send_udp()
    return {("nft_do_chain", "NETFILTER_DROP", "b0"): 1000}


def unknown_ethertype(veth):
    send_frames(veth, frame(veth))
    return {("__netif_receive_skb_core", "UNHANDLED_PROTO", "b0"): 1000}


def other_host(veth):
    veth.b.ip("link set b0 promisc on")
    send_frames(veth, frame(veth, 0x0800, ip_header(17, 8) + bytes(8), "02:00:00:00:99:99"))
    return {("ip_rcv_core", "OTHERHOST", "b0"): 1000}


def bad_ip_checksum(veth):
    send_frames(veth, frame(veth, 0x0800, ip_header(17, 8, damage=1) + bytes(8)))
    return {("ip_rcv_core", "IP_CSUM", "b0"): 1000}


def bad_udp_checksum(veth):
    udp = struct.pack("!HHHH", 1000, 9999, 8 + 8, 0x1234) + bytes(8)
    send_frames(veth, frame(veth, 0x0800, ip_header(17, len(udp)) + udp))
    return {("__udp4_lib_rcv", "UDP_CSUM", "b0"): 1000}


def unknown_ip_protocol(veth):
    send_frames(veth, frame(veth, 0x0800, ip_header(253, 8) + bytes(8)))
    return {("ip_protocol_deliver_rcu", "IP_NOPROTO", "b0"): 1000}


def tcp_closed_port(veth):
    for _ in range(100):
        with veth.a.socket() as client, pytest.raises(ConnectionRefusedError):
            client.connect(("10.77.0.2", 9))
    return {("tcp_v4_rcv", "NO_SOCKET", "b0"): 100}


def forwarding_off(veth):
    veth.a.ip("route add 10.99.0.0/16 via 10.77.0.2")
    veth.b.run("sysctl -qw net.ipv4.ip_forward=0")
    veth.send_udp(address="10.99.0.1")
    return {("ip_error", "IP_INADDRERRORS", "b0"): 1000}


def no_route(veth):
    veth.a.ip("route add 10.99.0.0/16 via 10.77.0.2")
    veth.b.run("sysctl -qw net.ipv4.ip_forward=1")
    veth.send_udp(address="10.99.0.1")
    return {("ip_error", "IP_INNOROUTES", "b0"): 1000}


RECIPES = {
    udp_closed_port: "error",
    nft_input: "policy",
    unknown_ethertype: "benign",
    other_host: "benign",
    bad_ip_checksum: "error",
    bad_udp_checksum: "error",
    unknown_ip_protocol: "error",
    tcp_closed_port: "error",
    forwarding_off: "error",
    no_route: "error",
}
# Where a compiler inlines a function, its caller has the drop.
INLINED = {
    "ip_protocol_deliver_rcu": "ip_local_deliver_finish",
    "__netif_receive_skb_core": "__netif_receive_skb_one_core",
}


INLINED_INTO = {outer: name for name, outer in INLINED.items()}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.__name__)
def test_fault(veth, exporter, recipe):
    process = exporter(*ONLY_DROPS, netns=veth.b)
    before = sites(fresh(process))
    expected = recipe(veth)
    page = fresh(process)
    found = {}
    for (function, reason, device), count in sites(page).items():
        moved = count - before.get((function, reason, device), 0)
        function = next((name for name, outer in INLINED.items() if function == outer), function)
        if moved:
            found[function, reason, device] = moved
    assert_counted(found, expected, lost(page))
    (_, reason, _), *_ = expected
    rows = page.series("netdrop_kernel_drops_total", reason=reason)
    assert {row.labels["class"] for row in rows} == {RECIPES[recipe]}
    assert classes(page)[RECIPES[recipe]] >= sum(found.values())
    assert_counts_by_bpf(page)


def udp_counter(namespace, name):
    names, values = (line.split() for line in namespace.run("cat /proc/net/snmp").splitlines() if line.startswith("Udp:"))
    return int(values[names.index(name)])


def test_receive_buffer_full(veth, exporter):
    """A full socket: the device cannot be known (its place in the packet is used for something else by then)."""
    process = exporter(*ONLY_DROPS, netns=veth.b)
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("10.77.0.2", 9999))
        veth.send_udp()
        page = fresh(process)
        errors = udp_counter(veth.b, "RcvbufErrors")
        assert 900 < errors < 1000
        # All of them, and so none as another namespace's, where other tests have some.
        assert_counted(total(page, "SOCKET_RCVBUFF", netns="self", **{"class": "capacity"}), errors, lost(page))
        assert {row.labels["device"] for row in page.series("netdrop_kernel_drops_total", reason="SOCKET_RCVBUFF")} <= {
            "",
            "b0",
        }
        receiver.close()


def test_local_output_has_no_device_but_a_namespace(veth, exporter):
    process = exporter(*ONLY_DROPS, netns=veth.a)
    nft(veth.a, "output", "udp dport 9999 counter drop")
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            with pytest.raises(PermissionError):
                sender.sendto(bytes(64), ("10.77.0.2", 9999))
    page = fresh(process)
    assert_counted(sites(page), {("nft_do_chain", "NETFILTER_DROP", ""): 1000}, lost(page))
    assert_counts_by_bpf(page)


def test_segments_count_each(veth, exporter):
    """With segmentation offload an skb is many packets. Of a class they are the whole host's; of a device, its own."""
    process = exporter(*ONLY_DROPS, netns=veth.b)
    nft(veth.b, "input", "udp dport 9999 counter drop")

    def segments(page):
        return page.value("netdrop_kernel_dropped_segments_total", **{"class": "policy"})

    before = fresh(process)
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
        for size in [100] * 30 + [20000] * 10:
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
            sender.sendto(bytes(size), ("10.77.0.2", 9999))
    page = fresh(process)
    uncounted = lost(page)
    assert_counted(sites(page), {("nft_do_chain", "NETFILTER_DROP", "b0"): 40}, uncounted)
    packets = sum(row.value for row in page.series("netdrop_refused_packets_total", device="b0", cause="netfilter_rule"))
    assert_counted(packets, 30 + 10 * 20, 20 * uncounted)
    assert segments(page) - segments(before) >= packets
    assert_counts_by_bpf(page)


def burst_buckets(page):
    rows = page.series("netdrop_kernel_drop_burst_packets_bucket", device="b0", **{"class": "policy"})
    return {float(row.labels["le"]): row.value for row in rows}


def test_bursts_are_told_by_their_size(veth, exporter):
    """The same drops at once and one by one: a count does not tell which."""
    process = exporter(*ONLY_DROPS, netns=veth.b)
    nft(veth.b, "input", "udp dport 9999 counter drop")
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:

        def send(count, pause):
            for _ in range(count):
                sender.sendto(bytes(64), ("10.77.0.2", 9999))
                time.sleep(pause)

        send(1, 0)
        before = fresh(process)
        send(20, 0.03)
        alone = fresh(process)
        for _ in range(3):
            send(500, 0)
            time.sleep(0.1)
    after = fresh(process)
    name = "netdrop_kernel_drop_burst_packets"
    first, second, third = (burst_buckets(page) for page in (before, alone, after))
    uncounted = lost(after)
    for step in (1, math.inf):
        assert_counted(second[step] - first[step], 20, uncounted)
    # Each time some came with many others; how many within a few milliseconds, a busy machine decides.
    assert second[math.inf] - second[16] == first[math.inf] - first[16]
    assert third[math.inf] - third[16] - (second[math.inf] - second[16]) >= 3
    skbs = [page.value(f"{name}_sum", device="b0", **{"class": "policy"}) for page in (before, after)]
    assert_counted(skbs[1] - skbs[0], 1520, uncounted)
    assert re.search(rf"# HELP {name} .*within (4|5|8|10|3) ms", process.get("/metrics").body.decode())


def bpftool(*arguments):
    said = subprocess.run(["bpftool", "--json", *arguments], check=True, capture_output=True, text=True)
    return json.loads(said.stdout)


def maps_of(process):
    """The maps of its BPF programs, as the kernel describes them."""
    programs, maps = set(), set()
    for path in Path(f"/proc/{process.pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # one that was closed meanwhile is none of them
            programs |= set(re.findall(r"^prog_id:\s+(\d+)$", path.read_text(), re.MULTILINE))
    for number in programs:
        maps |= set(bpftool("prog", "show", "id", number)["map_ids"])
    return [bpftool("map", "show", "id", str(number)) for number in maps]


def of_a_cpu(one):
    """What a map takes more where there may be one CPU more, in bytes: a value of each entry, or of a hash that has one for
    all CPUs an entry in reserve (alloc_htab_elem(), kernel/bpf/hashtab.c); and a hash has a few counters there."""
    key, value = (-(-one[f"bytes_{name}"] // 8) * 8 for name in ("key", "value"))
    values = value * one["max_entries"] if one["type"].startswith("percpu_") else 0
    reserve = 48 + key + value + 8 if one["type"] == "hash" else 0
    return values + reserve + (32 if "hash" in one["type"] else 0)


def test_the_memory_of_the_maps_is_told(exporter):
    """All of it is taken at the start: full maps take no more. On hosts with many CPUs it is bounded."""
    process = exporter(*ONLY_DROPS)
    maps = maps_of(process)
    whole, more = sum(one["bytes_memlock"] for one in maps), sum(of_a_cpu(one) for one in maps)
    assert fresh(process).value("netdrop_kernel_drop_map_bytes") == whole
    for cpus, most in ((64, 16), (256, 40)):
        taken = (whole + (cpus - libbpf_cpus()) * more) / 2**20
        print(f"{taken:.1f} MiB at {cpus} CPUs")
        assert taken <= most


def test_a_collection_on_request_allocates_nothing(netns, exporter, allocations):
    """However many keys the kernel's maps have, each of which is a row here."""
    inside = netns()
    inside.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    inside.batch(line for i in range(40) for line in (f"link add x{i} type veth peer name y{i}", f"link set x{i} up", f"link set y{i} up"))
    seldom = "--set=collectors.drop_monitor.interval=5m"
    process = exporter(*ONLY_DROPS, seldom, netns=inside, env=allocations.env)

    def drop(devices):
        for i in devices:
            with raw(inside, f"x{i}") as sender:
                for ethertype in (UNHANDLED, 0x0800, 0x86DD):
                    sender.send(b"\x02" + bytes(11) + struct.pack("!H", ethertype) + bytes(64))  # for another host

    def asked():
        """Four pages whose numbers are new; how much their collections allocated."""
        before = allocations.allocated("drop_monitor")
        for _ in range(4):
            since = time.time()
            eventually(lambda since=since: process.collected_since(since, "drop_monitor"), "a collection", step=0.1)
        return allocations.allocated("drop_monitor") - before

    drop(range(30))
    asked()
    assert len(sites(process.metrics())) >= 60
    # Others on this host may drop at places that are new meanwhile.
    eventually(lambda: asked() == 0, "collections that allocate nothing", timeout=120)
    drop(range(30))
    drop(range(30, 40))
    assert asked() > 0  # the counting works


def test_queueing_discipline_overflows(veth, exporter):
    process = exporter(*ONLY_DROPS, netns=veth.a)
    veth.a.run("tc qdisc add dev a0 root tbf rate 64kbit burst 2000 limit 5000")
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            sender.sendto(bytes(64), ("10.77.0.2", 9999))
    dropped = int(re.search(r"dropped (\d+)", veth.a.run("tc -s qdisc show dev a0"))[1])
    page = fresh(process)
    assert dropped > 900
    assert_counted(total(page, "QDISC_DROP", netns="self", device="a0", **{"class": "capacity"}), dropped, lost(page))


def test_unresolved_neighbour(veth, exporter, witness):
    process = exporter(*ONLY_DROPS, netns=veth.a)
    before = witness.unseen()
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
        # With the default buffer it would block once the neighbour's queue holds 256 packets.
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        for _ in range(1000):
            sender.sendto(bytes(64), ("10.77.0.99", 9999))

    def all_dropped():
        """Those of a timer may fall where no BPF program runs."""
        page = fresh(process)
        seen = total(page, "NEIGH_QUEUEFULL", netns="self") + total(page, "NEIGH_FAILED", netns="self")
        return is_counted(seen, 1000, witness.unseen(before) + lost(page)) and page

    page = eventually(all_dropped, "the neighbour to fail")
    unseen = witness.unseen(before)
    failed = total(page, "NEIGH_FAILED", netns="self", device="a0", **{"class": "error"})
    full = total(page, "NEIGH_QUEUEFULL", netns="self", device="a0", **{"class": "error"})
    assert full > 0 and (failed > 0 or unseen)
    assert_counted(full + failed, 1000, unseen + lost(page))
    assert_counts_by_bpf(page)


def test_tun_never_read(veth, exporter):
    device = veth.b.tun("tn0", kind=lab.IFF_TAP)
    try:
        veth.b.batch(["link set tn0 txqueuelen 10", "address add 10.78.0.1/24 dev tn0", "link set tn0 up"])
        veth.b.ip("neighbour add 10.78.0.2 lladdr 02:00:00:00:78:02 nud permanent dev tn0")
        process = exporter(*ONLY_DROPS, netns=veth.b)
        assert total(fresh(process), "FULL_RING", device="tn0") == 0
        with veth.b.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(1000):
                sender.sendto(bytes(64), ("10.78.0.2", 9999))
        page = fresh(process)
        dropped = veth.b.links()["tn0"]["stats64"]["tx"]["dropped"]
        assert 980 <= dropped <= 1000
        for found in (sites(page)["tun_net_xmit", "FULL_RING", "tn0"], total(page, "FULL_RING", device="tn0", **{"class": "capacity"})):
            assert_counted(found, dropped, lost(page))
    finally:
        os.close(device)


def macvtap(veth):
    """mvt0 over b0, its queue of 500 never read; the open device."""
    veth.b.ip("link add link b0 name mvt0 type macvtap mode bridge")
    veth.b.ip("link set mvt0 address 02:00:00:00:77:03 up")
    veth.a.ip("neighbour add 10.77.0.3 lladdr 02:00:00:00:77:03 nud permanent dev a0")
    index = veth.b.links()["mvt0"]["ifindex"]
    # `ip netns exec` mounts a sysfs of the namespace, which tells the device's number.
    number = veth.b.run(["cat", f"/sys/class/net/mvt0/tap{index}/dev"], sysfs=True)
    major, minor = map(int, number.split(":"))
    path = f"/tmp/netdrop-tap-{os.getpid()}"
    os.mknod(path, 0o600 | 0o020000, os.makedev(major, minor))
    try:
        return os.open(path, os.O_RDWR)
    finally:
        os.unlink(path)


def test_macvtap_queue_full(veth, exporter):
    """The queue is full at two places of one function: with offsets they are told apart, and some of it is in no
    other counter of the kernel."""
    try:
        device = macvtap(veth)
    except (RuntimeError, OSError) as error:
        pytest.skip(f"no macvtap here: {error}")
    try:
        process = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.label_offset=true", netns=veth.b)
        with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
            # What waits in the queue is charged to its sender, who would block.
            sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
            sender.settimeout(10)
            for _ in range(1000):
                sender.sendto(bytes(64), ("10.77.0.3", 9999))
            page = fresh(process)
            assert_counted(sites(page)["tap_handle_frame", "FULL_RING", "mvt0"], 500, lost(page))
            sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
            for _ in range(10):
                sender.sendto(bytes(20000), ("10.77.0.3", 9999))
        page = fresh(process)
        dropped = total(page, "FULL_RING", netns="self")
        rows = page.series("netdrop_kernel_drops_total", reason="FULL_RING", netns="self")
        assert_counted(dropped, 500 + 200, lost(page))
        assert all(re.fullmatch("0x[0-9a-f]+", row.labels["offset"]) for row in rows)
        assert len({(row.labels["function"], row.labels["offset"]) for row in rows}) > 1
    finally:
        os.close(device)


def test_a_new_device_has_its_name(netns, exporter):
    """Also where it drops before the exporter gets to hear of it."""
    inside = netns()
    inside.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    process = exporter(*ONLY_DROPS, netns=inside)
    process.signal(signal.SIGSTOP)
    inside.batch(["link add new0 type veth peer name new1", "link set new0 up", "link set new1 up"])
    inside.wait_up("new1")
    with raw(inside, "new1") as sender:
        for _ in range(50):
            sender.send(b"\xff" * 6 + bytes(6) + struct.pack("!H", UNHANDLED) + bytes(64))
    process.signal(signal.SIGCONT)
    rows = eventually(lambda: fresh(process).series("netdrop_kernel_drops_total", reason="UNHANDLED_PROTO", netns="self"), "the drops")
    assert {row.labels["device"] for row in rows} == {"new0"}


def test_another_namespace_has_no_device_names(veth, exporter):
    process = exporter(*ONLY_DROPS, netns=veth.a)
    before = sites(fresh(process), netns="other")
    veth.send_udp()

    def arrived():
        page, site = collected(process), ("__udp4_lib_rcv", "NO_SOCKET", "")
        return is_counted(sites(page, netns="other")[site] - before.get(site, 0), 1000, lost(page))

    eventually(arrived, "the drops")
    page = collected(process)
    assert total(page, "NO_SOCKET", netns="self") == 0
    rows = page.series("netdrop_kernel_drops_total", reason="NO_SOCKET", netns="other")
    assert {row.labels["device"] for row in rows} == {""}


def test_excluded_devices_count_without_a_name(veth, exporter):
    process = exporter(*ONLY_DROPS[:-1], "--set=devices.exclude_kinds=veth", netns=veth.b)
    veth.send_udp()
    page = fresh(process)
    assert_counted(sites(page), {("__udp4_lib_rcv", "NO_SOCKET", ""): 1000}, lost(page))


def test_a_renamed_device_gets_rows_of_its_own(veth, exporter):
    process = exporter(*ONLY_DROPS, netns=veth.b)
    send_frames(veth, frame(veth), 300)
    fresh(process)
    veth.b.ip("link set b0 name other0")
    fresh(process)  # the name is the one that a collection finds, not the one at the moment of the drop
    send_frames(veth, frame(veth), 200)
    page = fresh(process)
    found = {device: count for (_, reason, device), count in sites(page).items() if reason == "UNHANDLED_PROTO"}
    assert_counted(found, {"b0": 300, "other0": 200}, lost(page))


@pytest.mark.flood
def test_a_million_drops_from_two_processors(veth, exporter):
    process = exporter(*ONLY_DROPS, netns=veth.b)
    program = """if True:
        import socket
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(500000):
            sender.sendto(b"x", ("10.77.0.2", 9999))
    """
    senders = [veth.a.popen([sys.executable, "-c", program]) for _ in range(2)]
    for sender in senders:
        assert sender.wait(timeout=120) == 0
    page = fresh(process)
    counted = total(page, "NO_SOCKET", netns="self", device="b0")
    queued = total(page, "CPU_BACKLOG", netns="self")
    assert_counted(counted + queued, 1000000, lost(page))
    assert_counts_by_bpf(page)


def not_run(process):
    """How often the kernel did not run the first program, because it ran already."""
    missed = 0
    for file in Path(f"/proc/{process.pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):  # of a descriptor that is closed again
            found = re.search(r"^recursion_misses:\s+(\d+)$", file.read_text(encoding="ascii"), re.MULTILINE)
            missed = max(missed, int(found[1]) if found else 0)
    return missed


@pytest.mark.flood
def test_drops_in_interrupts_of_drops(veth, exporter, witness):
    """One processor drops what a task sends, and is interrupted by the other to drop what that one sent. The kernel does
    not run a BPF program within itself, so that some thousand of them are for the second program to count."""
    first, second = (*sorted(os.sched_getaffinity(0)), None)[:2]
    if second is None:
        pytest.skip("needs two processors")
    count = seeded().randint(200000, 250000)
    process = exporter(*ONLY_DROPS, netns=veth.b)
    for hook in ("input", "output"):
        veth.b.run(["nft", "add table ip t"])
        veth.b.run(["nft", f"add chain ip t {hook} {{ type filter hook {hook} priority 0; }}"])
        veth.b.run(["nft", f"add rule ip t {hook} udp dport 9999 counter drop"])
    veth.b.run(["sh", "-c", f"echo {1 << second:x} >/sys/class/net/b0/queues/rx-0/rps_cpus"], sysfs=True)
    program = """if True:
        import os, socket, sys
        os.sched_setaffinity(0, {int(sys.argv[1])})
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(int(sys.argv[3])):
            try:
                sender.sendto(b"x", (sys.argv[2], 9999))
            except PermissionError:
                pass  # so the kernel tells of a drop on the way out
    """
    unseen = witness.unseen()
    senders = [
        namespace.popen([sys.executable, "-c", program, str(processor), address, str(count)])
        for namespace, processor, address in ((veth.a, first, "10.77.0.2"), (veth.b, second, "10.77.0.1"))
    ]
    for sender in senders:
        assert sender.wait(timeout=120) == 0
    page = fresh(process)
    unseen = witness.unseen(unseen)
    received = total(page, "NETFILTER_DROP", netns="self", device="b0") + total(page, "CPU_BACKLOG", netns="self")
    sent = total(page, "NETFILTER_DROP", netns="self", device="")
    lost = page.value("netdrop_kernel_drop_events_lost_total", cause="recursion")
    missed = not_run(process)
    print(f"{missed} of {2 * count} not run, {lost} lost, {unseen} unseen")
    assert missed > 10
    assert count - unseen <= received + lost and received <= count
    assert count - unseen <= sent + lost and sent <= count
    # An interrupt while the second program counts in an interrupt: about one in a thousand of them.
    assert lost <= 3 + missed / 100


def test_random_ethertypes_fill_nothing(veth, exporter):
    """Ten thousand of them are one row, and the class is exact."""
    process = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.max_sites=128", netns=veth.b)
    known = (0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8)
    ethertypes = random.sample([number for number in range(0x0600, 0x10000) if number not in known], 10000)
    with raw(veth.a, "a0") as sender:
        for ethertype in ethertypes:
            sender.send(frame(veth, ethertype))
    page = fresh(process)
    rows = page.series("netdrop_kernel_drops_total", netns="self", device="b0")
    found = {(row.labels["protocol"], row.labels["reason"]): row.value for row in rows}
    assert_counted(found, {("other", "UNHANDLED_PROTO"): 10000}, lost(page))
    # Others of this host may need as many rows as there are.
    assert page.value("netdrop_limit_hits_total", limit="drop_sites") == 0 or page.value("netdrop_kernel_drop_sites") == 128
    assert_counts_by_bpf(page)


@pytest.mark.flood
def test_devices_that_come_and_go(veth, exporter, pytestconfig):
    """Hundreds of them, a thousand with --all: rows of devices that are gone make room, a living device's row keeps its count,
    and no drop is missed."""
    process = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.max_sites=64", netns=veth.b)
    data = bytes.fromhex("ffffffffffff") + bytes(6) + struct.pack("!H", UNHANDLED) + bytes(64)
    send_frames(veth, frame(veth), 10)  # before any other needs a row
    fresh(process)
    made, kept = 0, 10
    for group in range(20 if pytestconfig.getoption("--all") else 8):
        names = [f"v{group}x{number}" for number in range(50)]
        veth.b.batch(f"link add {name} up type veth peer name p{name}" for name in names)
        veth.b.batch(f"link set p{name} up" for name in names)
        veth.b.wait_up(*(f"p{name}" for name in names))
        fresh(process)
        for name in names:
            with raw(veth.b, "p" + name) as sender:
                sender.send(data)
                made += 1
        send_frames(veth, frame(veth), 10)
        kept += 10
        veth.b.batch(f"link del {name}" for name in names)
    page = fresh(process)
    unhandled = {device: count for (_, reason, device), count in sites(page).items() if reason == "UNHANDLED_PROTO"}
    uncounted = lost(page)
    assert_counted(unhandled["b0"], kept, uncounted)
    assert "" not in unhandled
    assert all(count == 1 for device, count in unhandled.items() if device != "b0")
    assert page.value("netdrop_kernel_drop_sites") == 64
    # That a row of a device which is gone was given up is no limit; a drop in the row `other` is.
    others = sum(row.value for row in page.series("netdrop_kernel_drops_total", function="other"))
    assert page.value("netdrop_limit_hits_total", limit="drop_sites") <= others
    assert is_counted(classes(page)["benign"], made + kept, uncounted)
    shown = sum(row.value for row in page.series("netdrop_kernel_drops_total", **{"class": "benign"}))
    # What has no row of its own any more went with an evicted row; or, where the kernel's word that a device is gone
    # came late and all rows were of living devices, it is in the row `other`, with whatever else is there.
    hidden = classes(page)["benign"] - shown
    other = sum(row.value for row in page.series("netdrop_kernel_drops_total", function="other", **{"class": "benign"}))
    assert hidden <= made + kept - sum(unhandled.values()) <= hidden + other + uncounted
    assert_counts_by_bpf(page)


def test_hidden_symbols_have_their_names_from_the_kernel_all_the_same(veth, exporter, tree):
    """kernel.kptr_restrict=2 shows nobody an address: the program is told the names where it counts."""
    procfs = tree / "tests/fixtures/kallsyms/6.12-hidden"
    offsets = "--set=collectors.drop_monitor.label_offset=true"
    process = exporter(*ONLY_DROPS, offsets, f"--path.procfs={procfs}", netns=veth.b)
    sighted = exporter(*ONLY_DROPS, offsets, netns=veth.b)
    veth.send_udp()
    send_frames(veth, frame(veth))
    nft(veth.b, "input", "udp dport 9999 counter drop")
    veth.send_udp(300)
    body = process.get().body.decode()
    page, other = fresh(process), fresh(sighted)
    found = {(reason, INLINED_INTO.get(function, function)): count for (function, reason, _), count in sites(page).items()}
    made = {
        ("NO_SOCKET", "__udp4_lib_rcv"): 1000,
        ("UNHANDLED_PROTO", "__netif_receive_skb_core"): 1000,
        ("NETFILTER_DROP", "nft_do_chain"): 300,
    }
    assert_counted(found, made, lost(page))
    assert "ffffffff" not in body
    names = ("function", "module", "offset", "reason", "device", "class")
    rows = [
        {tuple(row.labels[name] for name in names): row.value for row in found.series("netdrop_kernel_drops_total", device="b0")}
        for found in (page, other)
    ]
    assert rows[0].keys() == rows[1].keys()
    # Each is a program of its own, and may miss others.
    assert rows[0] == rows[1] or lost(page) + lost(other)
    assert all(re.fullmatch("0x[0-9a-f]+", offset) for _, _, offset, *_ in rows[0])


def test_hidden_symbols_are_no_complaint_where_bpf_counts(command, tree):
    """Names are missing, and the reason is told, only where nobody else tells them (tests/vm/test_monitor.py)."""
    procfs = tree / "tests/fixtures/kallsyms/6.12-hidden"
    for flags in ((), (f"--path.procfs={procfs}",)):
        said = command("--list-collectors", *flags).stdout
        assert "runs here: yes: by bpf\n" in said, said


def test_no_addresses_on_the_page(veth, exporter):
    process = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.label_offset=true", netns=veth.b)
    veth.send_udp()
    fresh(process)
    assert not re.search(r"(?i)ffff[0-9a-f]{8,}", process.get().body.decode())


def test_page_before_the_first_drop(netns, exporter):
    process = exporter(*ONLY_DROPS, netns=netns())
    page = process.metrics()
    assert set(classes(page)) == {"capacity", "error", "policy", "benign", "copy", "unknown"}
    assert_counts_by_bpf(page)
    process.openmetrics()
    exposition.check_promtool(process.get().body)


def test_once_listens_first(veth, once):
    """What is dropped meanwhile is on its page, and neither what was before nor what comes after."""
    program = """if True:
        import socket, time
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while True:
            sender.sendto(b"x", ("10.77.0.2", 9999))
            time.sleep(0.01)
    """
    sender = veth.a.popen([sys.executable, "-c", program])
    eventually(lambda: udp_counter(veth.b, "NoPorts") > 10, "drops before it")
    page = exposition.check_text(once(*ONLY_DROPS, netns=veth.b).encode())
    dropped = udp_counter(veth.b, "NoPorts")
    sender.kill()
    assert 10 < sites(page)["__udp4_lib_rcv", "NO_SOCKET", "b0"] < dropped - 10


def assert_adds_up(page):
    """Rows and what has none are the classes, to the packet."""
    rows = dict.fromkeys(classes(page), 0)
    for row in page.series("netdrop_kernel_drops_total"):
        rows[row.labels["class"]] += row.value
    rows["unknown"] += lost(page)
    assert rows == classes(page)


def test_reloads_lose_and_double_nothing(veth, exporter, tmp_path):
    """Whatever of the collector's own settings changes, whenever: drops before, while and after add up, and nothing
    steps back."""
    chosen = seeded()
    config = tmp_path / "config.json"
    choices = {
        "interval": ("100ms", "200ms", "300ms"),
        "max_sites": (64, 500, 1000),
        "label_offset": (True, False),
        "devices": ({"exclude": ["b*"]}, {"exclude": ["c*"]}, {"exclude": ["d*"]}),
        "max_age": ("10s", "20s", "30s"),
    }

    def write_config():
        settings = {name: chosen.choice(values) for name, values in choices.items()}
        text = json.dumps({"collectors": {"drop_monitor": settings}})
        config.write_text(text)
        return text

    write_config()
    flags = (flag for flag in ONLY_DROPS if "interval" not in flag)
    process = exporter(*flags, f"--config.file={config}", netns=veth.b)
    program = """if True:
        import socket, sys, time
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for number in range(int(sys.argv[1])):
            sender.sendto(b"x", ("10.77.0.2", 9999))
            if number % 20 == 0:
                time.sleep(0.002)
    """
    sent = chosen.randrange(20000, 40000)
    sender = veth.a.popen([sys.executable, "-c", program, str(sent)])
    seen = total(process.metrics(), "NO_SOCKET", netns="self")
    last = classes(process.metrics())
    reloads = 0
    while sender.poll() is None or reloads < 8:
        before = config.read_text()
        if write_config() == before:
            continue
        done = process.stderr.count("reloaded")
        process.signal(1)
        eventually(lambda done=done: process.stderr.count("reloaded") > done, "the reload")
        reloads += 1
        time.sleep(chosen.uniform(0, 0.3))
        page = process.metrics()
        if "netdrop_kernel_drops_by_class_total" in page:
            assert_adds_up(page)
            assert all(count >= last[name] for name, count in classes(page).items())
            assert total(page, "NO_SOCKET", netns="self") >= seen
            last, seen = classes(page), total(page, "NO_SOCKET", netns="self")
    assert sender.wait(timeout=60) == 0
    page = fresh(process)
    assert_adds_up(page)
    assert_counted(total(page, "NO_SOCKET", netns="self"), sent, lost(page))


def test_what_was_lost_is_no_phantom_after_a_reload(veth, exporter, tmp_path):
    """A map that is full loses drops, and says how many. They are counted once, before a reload and after."""
    chosen = seeded()
    config = tmp_path / "config.json"
    settings = {"max_sites": 16, "interval": "100ms"}
    config.write_text(json.dumps({"collectors": {"drop_monitor": settings}}))
    flags = (flag for flag in ONLY_DROPS if "interval" not in flag)
    process = exporter(*flags, f"--config.file={config}", netns=veth.b)
    witness = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.max_sites=10000", netns=veth.b)
    names = [f"v{number}" for number in range(220)]
    veth.b.batch(f"link add {name} up type veth peer name p{name}" for name in names)
    veth.b.batch(f"link set p{name} up" for name in names)
    veth.b.wait_up(*(f"p{name}" for name in names))

    def send(sender, destination, ethertype, count=1):
        for _ in range(count):
            sender.send(bytes.fromhex(destination) + bytes(6) + struct.pack("!H", ethertype) + bytes(64))

    # More kinds of drops than there is room for.
    veth.b.batch(f"link set {name} promisc on" for name in names)
    for name in names:
        with raw(veth.b, "p" + name) as sender:
            for destination in ("020000009999", "ffffffffffff"):
                for ethertype in (UNHANDLED, 0x0806, 0x0800, 0x86DD, 0x8100):
                    send(sender, destination, ethertype)
    assert fresh(process).value("netdrop_kernel_drop_events_lost_total", cause="map_full") > 0
    for interval in ("200ms", "300ms"):
        settings["interval"] = interval
        config.write_text(json.dumps({"collectors": {"drop_monitor": settings}}))
        seen = sum(classes(collected(witness)).values())
        page = process.metrics()
        before, last = lost(page), classes(page)
        with raw(veth.b, f"pv{len(names) - 1}") as sender:
            made = chosen.randrange(100, 1000)
            send(sender, "020000009999", UNHANDLED, made)
        done = process.stderr.count("reloaded")
        process.signal(1)
        eventually(lambda done=done: process.stderr.count("reloaded") > done, "the reload")
        page = fresh(process)
        assert_adds_up(page)
        assert all(count >= last[name] for name, count in classes(page).items())
        # The rest of the host may drop in new ways, too, as often as one sees who has room for all of them.
        assert before + made <= lost(page) <= before + sum(classes(fresh(witness)).values()) - seen


def test_reload_keeps_the_counts(veth, exporter, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"collectors": {"link": {"interval": "1s"}}}')
    process = exporter(*ONLY_DROPS, "--collector.link", f"--config.file={config}", netns=veth.b)
    veth.send_udp(500)
    fresh(process)
    config.write_text('{"collectors": {"link": {"interval": "2s"}}}')
    process.signal(1)
    veth.send_udp(500)
    page = fresh(process)
    assert_counted(sites(page)["__udp4_lib_rcv", "NO_SOCKET", "b0"], 1000, lost(page))


def test_row_25_no_drop_monitor(netns, command):
    """No module on this kernel, or not the initial namespace: absent with a reason, and nothing else suffers."""
    result = command(
        "--once", "--set=collectors.drop_monitor.source=summary", "--log.level=info", netns=netns()
    )
    assert result.returncode == 0, result.stderr
    page = exposition.check_text(result.stdout.encode())
    assert page.value("netdrop_collector_supported", collector="drop_monitor") == 0
    assert page.value("netdrop_collector_up", collector="link") == 1
    assert "no module drop_monitor" in result.stderr


def test_row_25_is_told_once(netns, exporter):
    """Looked for again after 1 s, 2 s more and so on, in silence: nothing failed, and nobody is restarted for it."""
    process = exporter(*ONLY_DROPS, "--set=collectors.drop_monitor.source=summary", netns=netns())
    time.sleep(4)
    page = process.metrics()
    assert page.value("netdrop_collector_supported", collector="drop_monitor") == 0
    assert page.value("netdrop_collector_failures_total", collector="drop_monitor") == 0
    assert process.stderr.count("no module drop_monitor") == 1


def test_row_26_no_privilege(netns, command, binary):
    unprivileged = ["setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
    result = subprocess.run(
        netns().command([*unprivileged, binary, "--once", "--log.level=info"]), capture_output=True, check=False
    )
    page = exposition.check_text(result.stdout)
    said = result.stderr.decode()
    assert result.returncode == 0, said
    assert page.value("netdrop_collector_supported", collector="drop_monitor") == 0
    assert not page.series("netdrop_collector_up", collector="drop_monitor")
    assert page.value("netdrop_collector_up", collector="link") == 1
    assert "CAP_BPF" in said and "CAP_PERFMON" in said and "AmbientCapabilities=" in said
