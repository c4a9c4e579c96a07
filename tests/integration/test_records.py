# SPDX-License-Identifier: GPL-2.0-or-later
"""The flight recorder, natively: packets that were dropped, as the local socket shows them. Each is one that was sent, the
first ones of a place are there beside any flood, places are used again, and nobody sees them who may not."""

import json
import os
import resource
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

import lab
import workloads
from daemon import INTERVAL, eventually
from test_auth import users  # noqa: F401 # a fixture
from test_drop_spaces import OURS
from test_local_socket import get

FLAGS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.source=bpf",
    # Namespaces apart: what others drop meanwhile, of the tests of others too, is at other places.
    "--set=collectors.drop_monitor.label_netns=true",
    f"--set=collectors.drop_monitor.interval={INTERVAL}",
)
WHOLE = "--set=collectors.drop_monitor.record_bytes=128"
FIRST, RING = 4, 4
ETHERNET = 14
HEADERS = ETHERNET + 20 + 8  # of Ethernet, IPv4 and UDP; also at lo
# One for each process that tests: the recorder sees all namespaces of the machine.
PORT = 10000 + 2 * (os.getpid() % 25000)

pytestmark = pytest.mark.usefixtures("bpf_possible", "namespaces_possible")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


@pytest.fixture
def open_folder():
    """One that others may pass through; those of pytest are its user's alone, and made so again by each that starts."""
    with tempfile.TemporaryDirectory(prefix="netdrop-") as folder:
        os.chmod(folder, 0o711)
        yield Path(folder)


@pytest.fixture
def namespace():
    with closing(lab.Namespace()) as made:
        yield made


class Records:
    """What one answer says: `records` with their sites, in order."""

    def __init__(self, path, after=0):
        status, body = eventually(lambda: (answer := get(path, f"/records?after={after}"))[0] != 503 and answer, "records in time")
        assert status == 200, body
        self.body = body
        self.answer = json.loads(body)
        self.sites = {site["site"]: site for site in self.answer["sites"]}
        self.records = self.answer["records"]
        for record in self.records:
            record["at"] = self.sites[record["site"]]
            record["data"] = bytes.fromhex(record["data"])

    def of(self, port):
        """Datagrams to that port which nobody listened to."""
        return [
            record
            for record in self.records
            if record["at"]["reason"] == "NO_SOCKET"
            and record["link_type"] == 1
            and record["data"][ETHERNET + 22 : HEADERS - 4] == port.to_bytes(2, "big")
        ]

    def at(self, device):
        return [record for record in self.records if record["at"]["device"] == device]


def number_of(record):
    """The number that the datagram was sent with, which is in it several times."""
    payload = record["data"][HEADERS:]
    number = payload[:8]
    assert payload == number * 4, record
    return int(number)


def send_numbers(namespace, numbers, port=PORT):
    with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        for number in numbers:
            sender.sendto(b"%08d" % number * 4, ("127.0.0.1", port))
        return sender.getsockname()[1]


def check_each_was_sent(path, namespace):
    """Sends a hundred, and looks at what was kept."""
    own = send_numbers(namespace, range(100))
    found = eventually(lambda: Records(path).of(PORT), "packets")
    numbers = [number_of(record) for record in found]
    assert numbers == sorted(set(numbers)) and len(numbers) <= FIRST + RING
    assert numbers[:FIRST] == [0, 1, 2, 3] and max(numbers) < 100
    for record in found:
        assert record["data"][ETHERNET + 20 : ETHERNET + 22] == own.to_bytes(2, "big")
        assert record["length"] == len(record["data"]) == HEADERS + 32
        assert (record["protocol"], record["device"]) == ("0x0800", "lo")
        assert record["at"]["function"] == "__udp4_lib_rcv" and record["at"]["class"] == "error"
        assert record["at"]["packets"] >= len(found)
    return found


def test_each_packet_is_one_that_was_sent(exporter, path, namespace):
    exporter(*FLAGS, WHOLE, f"--web.local-socket={path}")
    check_each_was_sent(path, namespace)


def test_times_are_those_of_the_clock(exporter, path, namespace):
    exporter(*FLAGS, f"--web.local-socket={path}")
    before = Records(path).answer["now"]
    send_numbers(namespace, range(3))
    found = eventually(lambda: Records(path).of(PORT), "packets")
    after = Records(path).answer["now"]
    times = [record["time"] for record in found]
    assert times == sorted(times)
    assert before < times[0] and times[-1] < after


def test_only_headers_leave(exporter, path, namespace):
    exporter(*FLAGS, f"--web.local-socket={path}")
    send_numbers(namespace, range(10))
    answer = eventually(lambda: (found := Records(path)).of(PORT) and found, "packets")
    for record in answer.of(PORT):
        assert len(record["data"]) == HEADERS and record["length"] == HEADERS + 32
    assert b"%08d".hex().encode() not in answer.body and b"0000000".hex().encode() * 2 not in answer.body


def send_tagged(namespace, vlan, port=PORT):
    """A datagram in a frame with that VLAN's tag, which the kernel takes out of the frame and keeps beside it."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, socket.IPPROTO_UDP, 0, bytes(4), bytes([127, 0, 0, 1]))
    datagram = struct.pack("!HHHH", port, port, 8, 0)
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("lo", 0))
        sender.send(bytes(12) + struct.pack("!HHH", 0x8100, vlan, 0x0800) + header + datagram)
    return bytes(12), header + datagram


def check_vlan_tags(path, namespace):
    """The tag is put back where the packet still had it when it was dropped; nobody's VLAN is dropped after that."""
    rule = "add table netdev t; add chain netdev t c { type filter hook ingress device lo priority 0; policy drop; }"
    addresses, packet = send_tagged(namespace, 5)
    namespace.run(["nft", rule])
    send_tagged(namespace, 6)
    bare, tagged = eventually(lambda: len(found := tagged_of(path)) == 2 and found, "both packets")
    assert (bare["at"]["reason"], tagged["at"]["reason"]) == ("OTHERHOST", "NETFILTER_DROP")
    assert bare["data"] == addresses + bytes.fromhex("0800") + packet
    assert tagged["data"] == addresses + bytes.fromhex("8100 0006 0800") + packet
    assert (bare["length"], tagged["length"]) == (len(bare["data"]), len(tagged["data"]))


def tagged_of(path, port=PORT):
    end = struct.pack("!HHHH", port, port, 8, 0)
    return [record for record in Records(path).records if record["data"].endswith(end)]


def test_a_vlan_tag_is_put_back(exporter, path, namespace):
    exporter(*FLAGS, WHOLE, f"--web.local-socket={path}")
    check_vlan_tags(path, namespace)


def test_only_what_is_newer_is_told(exporter, path, namespace):
    exporter(*FLAGS, f"--web.local-socket={path}")
    send_numbers(namespace, range(2))
    first = eventually(lambda: (found := Records(path)).of(PORT) and found, "packets")
    last = first.answer["sequence"]
    send_numbers(namespace, range(2), PORT + 1)
    more = eventually(lambda: (found := Records(path, last)).of(PORT + 1) and found, "more packets")
    assert all(record["sequence"] > last for record in more.records)
    assert set(first.sites) <= set(more.sites)


class Wire:
    """Frames of a protocol that nobody takes: each device where they come in is a place of its own. Their names are no other
    test's on this host: the recorder sees all namespaces."""

    def __init__(self, namespace, pairs):
        number = secrets.token_hex(4)
        self.names = [f"{number}d{i}" for i in range(pairs)]
        namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        namespace.batch(
            line
            for name in self.names
            for line in (f"link add {name} type veth peer {name}p", f"link set {name} up", f"link set {name}p up")
        )
        namespace.wait_up(*(f"{name}p" for name in self.names))
        with namespace.entered():
            self.sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)

    def send(self, name, number):
        frame = b"\xff" * 6 + number.to_bytes(6, "big") + OURS.to_bytes(2, "big") + bytes(46)
        self.sender.sendto(frame, (f"{name}p", 0))

    def close(self):
        self.sender.close()


def frame_numbers(records):
    """The number of a frame is its sender's address."""
    assert all(record["link_type"] == 1 for record in records)
    return [int.from_bytes(record["data"][6:12], "big") for record in records]


def test_row_91_the_first_of_each_place_beside_a_flood(exporter, path, namespace):
    exporter(*FLAGS, WHOLE, f"--web.local-socket={path}")
    places, over = 20, threading.Event()

    def flood():
        number = 0
        while not over.is_set():
            send_numbers(namespace, range(number, number + 1000))
            number += 1000

    with closing(Wire(namespace, places)) as devices:
        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            eventually(lambda: len(Records(path).of(PORT)) == FIRST + RING, "the flood")
            for i, name in enumerate(devices.names):
                for number in range(3):
                    devices.send(name, 100 * i + number)
            rare = eventually(
                lambda: (found := Records(path)) and all(found.at(name) for name in devices.names) and found,
                "each of the rare places",
            )
            last = rare.answer["sequence"]
            # Of the flood there is always something new, and none of it is torn.
            seen = eventually(lambda: Records(path, last).of(PORT), "more of the flood")
        finally:
            over.set()
            flooding.join()
    assert all(number_of(record) >= 0 for record in rare.of(PORT) + seen)
    for i, name in enumerate(devices.names):
        told = frame_numbers(rare.at(name))
        assert told == [100 * i + number for number in range(len(told))]


def check_places_are_used_again(path, namespace, room):
    with closing(Wire(namespace, 40)) as devices:
        for i, name in enumerate(devices.names):

            def seen(i=i, name=name):
                devices.send(name, i)
                return Records(path).at(name)

            told = frame_numbers(eventually(seen, f"a packet of place {i}"))
            assert set(told) == {i}
        answer = Records(path)
    assert len(answer.answer["sites"]) == len(answer.sites) <= room


def test_row_91_places_are_used_again(exporter, path, namespace):
    """Many more places than there is room for, one after the other: each is seen, the last as the first."""
    exporter(*FLAGS, "--set=collectors.drop_monitor.record_sites=16", f"--web.local-socket={path}")
    check_places_are_used_again(path, namespace, 16)


@pytest.mark.flood
def test_row_91_no_record_is_torn(build, namespace):
    """Ten million reads beside a flood of which each drop is recorded; who copies without care has torn ones."""
    result = json.loads(namespace.run([build / "tests/lab/recorder_reads", str(10**7), str(PORT)], timeout=300))
    print(result)
    assert result["reads"] >= 10**7 and result["records"] >= 10**4
    assert result["torn"] == 0 and result["control"] > 0


PLACES = 1000


def check_each_place(found, names, since_ns):
    """Its first packets, and one that is no older than a second."""
    assert all(len(found.at(name)) for name in names)
    by_device = {}
    for record in found.records:
        by_device.setdefault(record["at"]["device"], []).append(record)
    for i, name in enumerate(names):
        records = by_device[name]
        told = [number - 1000 * i for number in frame_numbers(records)]
        assert told[:FIRST] == [0, 1, 2, 3] and told == sorted(set(told)), name
        assert FIRST < len(told) <= FIRST + RING
        assert in_ns(records[-1]["time"]) >= since_ns, name


def in_ns(moment):
    seconds, _, fraction = moment.partition(".")
    return int(seconds) * 10**9 + int(fraction)


def drops(daemon):
    return sum(sample.value for sample in daemon.metrics().series("netdrop_kernel_drops_by_class_total"))


@pytest.mark.flood
def test_row_91_a_thousand_places_beside_a_flood(build, exporter, path, namespace):
    """Each drops a few times a second for some seconds, and the flood all the time."""
    subprocess.run(["ninja", "-C", build, "tests/bench/flood"], check=True, capture_output=True)
    flood = build / "tests/bench/flood"
    daemon = exporter(*FLAGS, WHOLE, f"--web.local-socket={path}", "--set=collectors.drop_monitor.record_sites=2048")
    with closing(Wire(namespace, PLACES)) as devices, closing(lab.Namespace()) as flooded:
        flooded.popen([flood, str(10**9), "127.0.0.1", str(PORT)])
        before, begin = drops(daemon), time.monotonic()
        for number in range(16):
            sent_ns = time.time_ns()
            for i, name in enumerate(devices.names):
                devices.send(name, 1000 * i + number)
            time.sleep(0.3)
        found = Records(path)
        rate = (drops(daemon) - before) / (time.monotonic() - begin)
        after = daemon.metrics()
    print(f"{rate:.0f} drops a second, {len(found.records)} records of {len(found.sites)} places")
    check_each_place(found, devices.names, sent_ns - 10**9)
    assert after.value("netdrop_kernel_drops_unrecorded_total") == 0
    assert after.value("netdrop_kernel_drop_recorded_sites") >= PLACES + 1


def check_places_come_and_go(path, room, alone):
    """More than there is room for, of devices that go again at once. Each is seen: by its first packet where nobody else's
    places come and go, by a later one else."""
    places, begin = 0, time.monotonic()
    while places < 2 * room:
        with closing(lab.Namespace()) as made, closing(Wire(made, 50)) as devices:
            for name in devices.names:
                devices.send(name, places)

            def missing(names=devices.names, number=places, send=devices.send):
                found = Records(path)
                left = [name for name in names if set(frame_numbers(found.at(name))) != {number}]
                for name in () if alone else left:
                    send(name, number)
                return left

            eventually(lambda missing=missing: not missing(), "a packet of each place")
            assert len(Records(path).sites) <= room
        places += len(devices.names)
    print(f"{places / (time.monotonic() - begin):.0f} places a second")


def test_row_91_places_come_and_go(exporter, path):
    exporter(*FLAGS, f"--web.local-socket={path}", "--set=collectors.drop_monitor.record_sites=512")
    check_places_come_and_go(path, 512, alone=False)


@pytest.mark.flood
@pytest.mark.xdist_group("hierarchy")  # those who follow the workloads of the whole host have room for as many of one test
def test_row_91_workloads_come_and_go(exporter, path, netns):
    """More than the kernel has room for the names of: who loses first at a place of his own has his name, at any time."""
    exporter(*FLAGS, f"--web.local-socket={path}")
    home, begin, number = netns(), time.monotonic(), os.getpid()
    workloads.prepare(home)
    for batch in range(10):
        unit = f"netdrop{number}last{batch}.service"
        with closing(lab.Namespace()) as own:
            workloads.prepare(own)
            workloads.come_and_go(own, [unit], 1)

            def named(unit=unit):
                return [record for record in Records(path).records if record["unit"] == unit]

            assert len(eventually(named, f"a packet of {unit}")) == 1
        workloads.come_and_go(home, [f"netdrop{number}x{batch}x{i}.service" for i in range(500)], 1)
    print(f"{5000 / (time.monotonic() - begin):.0f} workloads a second")


def check_stacks(records):
    """Each begins where it was dropped."""
    for record in records:
        assert record["stack"][0] == f"{record['at']['function']}+{record['at']['offset']}"
        assert len(record["stack"]) > 3


def test_who_called_whom(exporter, path, namespace):
    exporter(*FLAGS, "--set=collectors.drop_monitor.record_stacks=true", f"--web.local-socket={path}")
    send_numbers(namespace, range(2))
    check_stacks(eventually(lambda: Records(path).of(PORT), "packets"))


def test_nothing_is_recorded(exporter, path):
    """Where it is off no memory is taken for it."""
    on = exporter(*FLAGS).metrics().value("netdrop_kernel_drop_map_bytes")
    off = exporter(*FLAGS, "--set=collectors.drop_monitor.record=off", f"--web.local-socket={path}")
    assert get(path, "/records")[0] == 404
    assert off.metrics().value("netdrop_kernel_drop_map_bytes") < on - 1024 * 184


def mapped(daemon):
    """Whether it has memory of the kernel's maps among its own."""
    return "bpf-map" in Path(f"/proc/{daemon.pid}/maps").read_text()


def test_the_memory_is_mapped_only_to_be_read(exporter, path, namespace):
    daemon = exporter(*FLAGS, f"--web.local-socket={path}")
    send_numbers(namespace, range(3))
    assert not mapped(daemon)
    assert len(eventually(lambda: Records(path).of(PORT), "packets")) == 3
    assert not mapped(daemon)


def test_memory_that_cannot_be_mapped(exporter, path, namespace, sanitized):
    """It is said, all is counted, and the packets are there once there is room."""
    if sanitized:
        pytest.skip("a sanitizer maps memory of its own")
    daemon = exporter(*FLAGS, f"--web.local-socket={path}")
    send_numbers(namespace, range(3))
    assert len(eventually(lambda: Records(path).of(PORT), "packets")) == 3
    limit = resource.prlimit(daemon.pid, resource.RLIMIT_AS)
    size = int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(daemon.pid, resource.RLIMIT_AS, (size, limit[1]))
    send_numbers(namespace, range(3, 6))
    reason = b"the recorded packets cannot be read: Cannot allocate memory; ask again\n"
    eventually(lambda: get(path, "/records") == (503, reason), "the reason")
    assert daemon.metrics().value("netdrop_collector_up", collector="drop_monitor") == 1
    assert "without the recorded packets: mapping them: Cannot allocate memory" in daemon.stderr
    resource.prlimit(daemon.pid, resource.RLIMIT_AS, limit)
    found = eventually(lambda: len(of := Records(path).of(PORT)) == 6 and of, "all packets")
    assert found[0]["at"]["packets"] == 6


def test_not_over_the_network(exporter, path, users):  # noqa: F811
    """Whatever the password: to those there is no such path."""
    daemon = exporter(*FLAGS, users(prometheus="secret"), f"--web.local-socket={path}", user="prometheus:secret")
    assert Records(path).answer["source"] == "bpf"
    refused, nothing = daemon.get("/records"), daemon.get("/nothing")
    assert (refused.status, refused.body) == (404, nothing.body)
    daemon.user = None
    assert daemon.get("/records").status == 401


def test_a_report_shows_the_last_packets(exporter, path, namespace):
    """By the local socket, and cut as elsewhere; by the network neither report nor page says who sent what to whom."""
    daemon = exporter(*FLAGS, f"--web.local-socket={path}")
    own = send_numbers(namespace, range(20))
    packet = f" > 127.0.0.1.{PORT}  UDP len 32"

    def incident():
        answer = json.loads(get(path, "/report?format=json")[1])
        return next((one for one in answer["incidents"] if any(packet in line for line in one["last_packets"])), None)

    found = eventually(incident, "an incident with packets")
    assert found["cause"] == "udp_nobody_listens" and len(found["last_packets"]) == 3
    assert found["commands"][-1]["command"].startswith("netdrop-exporter --watch")
    assert all(f" IP 127.0.0.1.{own}{packet}" in line for line in found["last_packets"])
    text = get(path, "/report")[1].decode()
    assert text.count(packet) == 3 and f"Packets: {found['last_packets'][0]}\n" in text
    for target in ("/report", "/report?format=json", "/"):
        assert packet not in daemon.get(target).body.decode()
    assert "last_packets" not in daemon.get("/report?format=json").body.decode()


ASK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.connect(sys.argv[1])
    client.sendall(b"GET /records HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n")
    print(client.makefile("rb").readline().decode(), end="")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be others")
def test_who_is_in_the_group_may(exporter, open_folder):
    """Anybody of it, without a capability; and nobody else."""
    path = open_folder / "s"
    exporter(*FLAGS, f"--web.local-socket={path}")
    os.chown(path, 0, 65533)

    def ask(group):
        command = [sys.executable, "-c", ASK, path]
        return subprocess.run(command, user=65534, group=group, extra_groups=[], capture_output=True, text=True, check=False)

    assert ask(65533).stdout == "HTTP/1.1 200 OK\n"
    outside = ask(65534)
    assert outside.returncode != 0 and "PermissionError" in outside.stderr
