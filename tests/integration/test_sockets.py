# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets collector against `ss`: what UDP sockets dropped, by port, when sockets come and go too, and how full accept
queues are."""

import contextlib
import ctypes
import os
import re
import socket
import struct
import threading
import time

import pytest

import exposition
from daemon import eventually
from link_lab import fresh, steady_allocations

ONLY_SOCKETS = (
    "--collector.disable-defaults",
    "--collector.sockets",
    "--set=collectors.sockets.interval=100ms",
)
DROPS = "netdrop_udp_socket_drops_total"
RCVBUF_ERRORS = "netdrop_udp_rcvbuf_errors_total"


def udp(namespace, port, family=socket.AF_INET, address="127.0.0.1", buffer=2048, reuse=0):
    """A reader that never reads."""
    reader = namespace.socket(family, socket.SOCK_DGRAM)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, reuse)
    reader.bind((address, port))
    reader.setblocking(False)
    return reader


def send(namespace, port, count=100, family=socket.AF_INET):
    address = "127.0.0.1" if family == socket.AF_INET else "::1"
    with namespace.socket(family, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(64), (address, port))


def waiting(*readers):
    """How many datagrams wait in them: the others were dropped."""
    count = 0
    for reader in readers:
        with contextlib.suppress(BlockingIOError):
            while reader.recv(2048):
                count += 1
    return count


def ss_drops(namespace):
    """(port, IP version) -> drops of the sockets there are now."""
    found = {}
    for line in namespace.run("ss -uamn -H -O").splitlines():
        words = line.split()
        port = int(words[3].rpartition(":")[2])
        version = "6" if words[3].startswith(("[", "*")) else "4"
        found[port, version] = found.get((port, version), 0) + int(re.search(r",d(\d+)\)", line)[1])
    return found


def drops(page):
    return {(s.labels["local_port"], s.labels["ip_version"]): s.value for s in page.get(DROPS, ())}


def test_full_buffer_equals_ss(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    with udp(inside, 8125) as four, udp(inside, 8125, socket.AF_INET6, "::1") as six, udp(inside, 53):
        send(inside, 8125, 100)
        send(inside, 8125, 200, socket.AF_INET6)
        page = fresh(process, "sockets")
        assert ss_drops(inside) == {(int(port), version): count for (port, version), count in drops(page).items()}
        lost = {("8125", "4"): 100 - waiting(four), ("8125", "6"): 200 - waiting(six), ("53", "4"): 0}
    assert drops(page) == lost
    assert lost["8125", "4"] > 80 and lost["8125", "6"] > 180
    exposition.check_text(process.get().body)


def test_socket_of_both_versions(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    with udp(inside, 8125, socket.AF_INET6, "::") as reader:
        send(inside, 8125, 100)
        send(inside, 8125, 100, socket.AF_INET6)
        page = fresh(process, "sockets")
        assert drops(page) == {("8125", "6"): 200 - waiting(reader)}


def test_wrong_checksums_are_drops_of_the_socket(veth, exporter):
    process = exporter(*ONLY_SOCKETS, netns=veth.b)
    with udp(veth.b, 9999, address="10.77.0.2", buffer=1 << 20) as reader:
        with veth.a.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as sender:
            # Short ones are checked before the kernel looks for the socket, long ones when they are read.
            datagram = b"\x27\x0f\x27\x0f\x01\xf8\x12\x34" + bytes(496)
            for _ in range(50):
                sender.sendto(datagram, ("10.77.0.2", 0))
        assert drops(fresh(process, "sockets")) == {("9999", "4"): 0}
        assert waiting(reader) == 0
        page = fresh(process, "sockets")
        assert drops(page) == {("9999", "4"): ss_drops(veth.b)[9999, "4"]} == {("9999", "4"): 50}


def test_sockets_of_one_port_add_up_and_outlive_themselves(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    readers = [udp(inside, 8125, reuse=1) for _ in range(8)]
    for _ in range(50):
        send(inside, 8125, 20)  # each from a port of its own, so that all get some
    first = drops(fresh(process, "sockets"))["8125", "4"]
    assert first == ss_drops(inside)[8125, "4"] == 1000 - waiting(*readers)
    for reader in readers[:4]:
        reader.close()
    assert drops(fresh(process, "sockets")) == {("8125", "4"): first}
    for reader in readers[4:]:
        reader.close()
    assert ss_drops(inside) == {}
    assert drops(fresh(process, "sockets")) == {("8125", "4"): first}
    with udp(inside, 8125) as again:
        send(inside, 8125, 100)
        assert drops(fresh(process, "sockets")) == {("8125", "4"): first + 100 - waiting(again)}


def test_what_was_dropped_before_is_not_counted(netns, exporter):
    inside = netns()
    with udp(inside, 8125) as reader:
        send(inside, 8125, 100)
        process = exporter(*ONLY_SOCKETS, netns=inside)
        assert ss_drops(inside)[8125, "4"] == 100 - waiting(reader)
        assert drops(fresh(process, "sockets")) == {("8125", "4"): 0}
        send(inside, 8125, 100)
        assert drops(fresh(process, "sockets")) == {("8125", "4"): 100 - waiting(reader)}


def disconnect(connected):
    """connect() to AF_UNSPEC, which Python's sockets can't."""
    libc = ctypes.CDLL(None, use_errno=True)
    nowhere = struct.pack("=H14x", socket.AF_UNSPEC)
    assert libc.connect(connected.fileno(), nowhere, len(nowhere)) == 0, os.strerror(ctypes.get_errno())


def overrun(namespace, connected, count):
    """Sends `count` datagrams to a connected socket that nobody reads, from its peer; returns how many it dropped."""
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        connected.connect(peer.getsockname())
        for _ in range(count):
            peer.sendto(bytes(64), connected.getsockname())
    return count - waiting(connected)


def test_a_socket_that_disconnects_brings_no_past(netns, exporter, chosen):
    """What it dropped while connected was no service's; from then on it counts."""
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    port, past, now = str(chosen.randrange(1024, 32768)), chosen.randrange(100, 900), chosen.randrange(50, 300)
    with udp(inside, int(port)) as reader:
        assert overrun(inside, reader, past) > 0
        assert (port, "4") not in drops(fresh(process, "sockets"))
        disconnect(reader)
        assert drops(fresh(process, "sockets")) == {(port, "4"): 0}
        send(inside, int(port), now)
        new = now - waiting(reader)
        assert drops(fresh(process, "sockets")) == {(port, "4"): new}
        assert ss_drops(inside)[int(port), "4"] > new, "it had no past: the test shows nothing"
    with udp(inside, int(port)) as another:  # made between two looks: all that it dropped is new
        send(inside, int(port), now)
        lost = now - waiting(another)
        assert drops(fresh(process, "sockets")) == {(port, "4"): new + lost}


def test_what_is_dropped_while_connected_for_long_never_counts(netns, exporter, chosen):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    seen, unseen = chosen.randrange(50, 300), chosen.randrange(50, 300)
    with udp(inside, 8125) as reader:
        send(inside, 8125, seen)
        lost = seen - waiting(reader)
        assert drops(fresh(process, "sockets")) == {("8125", "4"): lost}
        for _ in range(2):
            assert overrun(inside, reader, unseen) > 0
            time.sleep(6)  # of many looks
            assert drops(process.metrics()) == {("8125", "4"): lost}
            disconnect(reader)
            assert drops(fresh(process, "sockets")) == {("8125", "4"): lost}


@pytest.mark.parametrize("others", [0, 300], ids=["few", "many"])
def test_a_client_that_becomes_a_service_brings_no_past(netns, exporter, chosen, clocks, others):
    """A port of the kernel's choice, given up, and one of its own: once a look has seen what it dropped, and where there
    are many clients, one after a minute, however many there were in it."""
    inside = netns()
    environment, jump = clocks
    process = exporter(*ONLY_SOCKETS, netns=inside, env=environment)
    with contextlib.ExitStack() as clients, inside.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader:
        for _ in range(others):
            clients.enter_context(inside.socket(socket.AF_INET, socket.SOCK_DGRAM)).connect(("127.0.0.1", 9))
        fresh(process, "sockets")  # knows how many there are
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.setblocking(False)
        assert overrun(inside, reader, chosen.randrange(100, 900)) > 0
        fresh(process, "sockets")
        if others:
            jump(0, suspended=61)
            fresh(process, "sockets")
        disconnect(reader)
        fresh(process, "sockets")
        reader.bind(("127.0.0.1", 8125))
        assert drops(fresh(process, "sockets")) == {("8125", "4"): 0}
        send(inside, 8125, 100)
        assert drops(fresh(process, "sockets")) == {("8125", "4"): 100 - waiting(reader)}


def test_ports_that_come_into_view_by_a_reload_bring_no_past(netns, exporter, tmp_path):
    inside = netns()
    path = tmp_path / "config.json"
    settings = '{"collectors": {"sockets": {"highest_port": %d, "interval": "100ms"}}}'
    path.write_text(settings % 32767)
    process = exporter("--collector.disable-defaults", "--collector.sockets", f"--config.file={path}", netns=inside)
    with udp(inside, 40000) as reader:
        send(inside, 40000, 100)
        assert drops(fresh(process, "sockets")) == {}
        path.write_text(settings % 65535)
        process.signal(1)
        eventually(lambda: drops(process.metrics()) == {("40000", "4"): 0}, "the port to be seen")
        before = 100 - waiting(reader)
        send(inside, 40000, 100)
        lost = 100 - waiting(reader)
        assert drops(fresh(process, "sockets")) == {("40000", "4"): lost}
        assert ss_drops(inside)[40000, "4"] == before + lost > lost


def test_a_reload_loses_and_doubles_nothing(netns, exporter, tmp_path, chosen):
    """What is dropped before, while and after one instance of the collector follows another."""
    inside = netns()
    path = tmp_path / "config.json"
    settings = '{"collectors": {"sockets": {"max_ports": %d, "interval": "100ms"}}}'
    path.write_text(settings % 1000)
    process = exporter("--collector.disable-defaults", "--collector.sockets", f"--config.file={path}", netns=inside)
    lost, dead = 0, str(chosen.randrange(2000, 8000))
    with udp(inside, int(dead)) as reader:
        send(inside, int(dead))
        of_the_dead = 100 - waiting(reader)
        assert drops(fresh(process, "sockets")) == {(dead, "4"): of_the_dead}
    with udp(inside, 8125) as reader:
        for number in range(8):
            path.write_text(settings % (1001 + number))
            before, count = chosen.randrange(200), chosen.randrange(1, 300)
            send(inside, 8125, before)
            process.signal(1)
            send(inside, 8125, count)
            lost += before + count - waiting(reader)
            right = {(dead, "4"): of_the_dead, ("8125", "4"): lost}
            eventually(lambda: drops(process.metrics()) == right, "all that was lost")
            assert ss_drops(inside)[8125, "4"] == lost


def test_once_counts_while_it_listens(netns, binary):
    inside = netns()
    with udp(inside, 8125) as reader:
        process = inside.popen([binary, "--once=2s", "--collector.disable-defaults", "--collector.sockets"])
        time.sleep(0.5)
        send(inside, 8125, 100)
        page = exposition.check_text(process.communicate(timeout=60)[0])
        assert drops(page)["8125", "4"] in (0, 100 - waiting(reader))  # a very slow machine: before it listened


def test_which_ports_have_rows(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    both = exporter(*ONLY_SOCKETS, "--set=collectors.sockets.highest_port=65535", netns=inside)
    with contextlib.ExitStack() as keep:
        for port in (53, 32767, 32768, 50000):
            keep.enter_context(udp(inside, port))
        keep.enter_context(udp(inside, 0))  # the kernel chooses
        connected = keep.enter_context(udp(inside, 123))
        connected.connect(("127.0.0.1", 53))
        server = keep.enter_context(inside.socket())
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert {port for port, _ in drops(fresh(process, "sockets"))} == {"53", "32767"}
        page = fresh(both, "sockets")
        assert {port for port, _ in drops(page)} == {"53", "32767", "32768", "50000"}
        assert "netdrop_listen_queue_length" not in page


def test_more_ports_than_rows(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, "--set=collectors.sockets.max_ports=2", netns=inside)
    with contextlib.ExitStack() as keep:
        readers = []
        for port in (1001, 1002):
            readers.append(keep.enter_context(udp(inside, port)))
        fresh(process, "sockets")
        for port in (1003, 1004, 999):
            readers.append(keep.enter_context(udp(inside, port)))
        for port in (1001, 1003, 1004):
            send(inside, port, 100)
        page = fresh(process, "sockets")
        rest = 200 - waiting(*readers[2:])
        assert drops(page) == {("1001", "4"): 100 - waiting(readers[0]), ("1002", "4"): 0, ("other", "4"): rest}
        assert page.value("netdrop_limit_hits_total", limit="ports") >= 3


def queues(page):
    found = {}
    for name in ("length", "limit"):
        for sample in page.get(f"netdrop_listen_queue_{name}", ()):
            found.setdefault((sample.labels["local_port"], sample.labels["ip_version"]), []).append(sample.value)
    return {key: tuple(values) for key, values in found.items()}


def ss_queues(namespace):
    """[(port, IP version, length, limit)] of each listener."""
    found = []
    for line in namespace.run("ss -ltn -H").splitlines():
        words = line.split()
        version = "6" if words[3].startswith(("[", "*")) else "4"
        found.append((words[3].rpartition(":")[2], version, int(words[1]), int(words[2])))
    return found


def test_accept_queue_equals_ss(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, "--web.listen-address=127.0.0.1:1190", netns=inside)
    with contextlib.ExitStack() as keep:
        for family, address, port, limit in (
            (socket.AF_INET, "127.0.0.1", 80, 3),
            (socket.AF_INET6, "::", 443, 511),
            (socket.AF_INET, "127.0.0.1", 25, 0),
        ):
            server = keep.enter_context(inside.socket(family))
            server.bind((address, port))
            server.listen(limit)
        for port, count in ((80, 10), (443, 2)):
            for _ in range(count):
                client = keep.enter_context(inside.socket())
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
        # One more than its limit fits; the rest is dropped and counted by the kernel.
        expected = {("80", "4"): (4, 3), ("443", "6"): (2, 511), ("25", "4"): (0, 0)}
        page = fresh(process, "sockets")
        found = queues(page)
        own = found.pop(("1190", "4"))
        assert found == expected
        ours = {("1190", "4", *own)} | {(*key, *value) for key, value in expected.items()}
        assert {each[:2] + each[3:] for each in ss_queues(inside)} == {each[:2] + each[3:] for each in ours}
        assert {each for each in ss_queues(inside) if each[0] != "1190"} == {each for each in ours if each[0] != "1190"}
    assert set(queues(fresh(process, "sockets"))) == {("1190", "4")}


def test_fullest_of_the_listeners_on_a_port(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside)
    with contextlib.ExitStack() as keep:
        for address, limit, count in (("127.0.0.2", 100, 10), ("127.0.0.3", 4, 3), ("127.0.0.4", 1000, 0)):
            server = keep.enter_context(inside.socket())
            server.bind((address, 80))
            server.listen(limit)
            for _ in range(count):
                keep.enter_context(inside.socket()).connect((address, 80))
        assert queues(fresh(process, "sockets")) == {("80", "4"): (3, 4)}


def test_storm_of_sockets(netns, exporter):
    """Thousands of sockets a second are born and die, on the same ports and others, with drops and without: no count
    that was shown is lost or falls, none comes twice, and what sockets that live dropped is there to the last."""
    inside = netns()
    process = exporter(*ONLY_SOCKETS, "--collector.snmp", "--set=collectors.snmp.interval=100ms", netns=inside)
    living = [udp(inside, 7000 + i, reuse=1) for i in range(20)]
    stop = threading.Event()
    storm = [0, 0]

    def open_and_close(number):
        with inside.entered():
            while not stop.is_set():
                # The hash chain of a living one, and ports of its own.
                for port in (7000 + storm[number] % 20, 10000 + storm[number] % 3000):
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as brief:
                        brief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                        brief.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                        brief.bind((f"127.0.0.{2 + number}", port))
                        if storm[number] % 10 == 0:
                            for _ in range(10):
                                brief.sendto(bytes(64), brief.getsockname())
                        storm[number] += 1

    threads = [threading.Thread(target=open_and_close, args=(number,)) for number in range(2)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    shown = {}
    try:
        while time.monotonic() < begin + 5 or sum(storm) <= 2000:
            for i in range(20):
                send(inside, 7000 + i, 10)
            page = drops(process.metrics())
            for key, count in shown.items():
                # A port may lose its row while nothing was dropped there; else it stays and never falls.
                assert page.get(key, 0) >= count, key
            shown = page
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    page = fresh(process, "sockets")
    final = drops(page)
    assert all(final[key] >= count for key, count in shown.items() if count)
    alive = ss_drops(inside)
    assert set(alive) == {(7000 + i, "4") for i in range(20)}
    for (port, version), count in alive.items():
        assert final[str(port), version] >= count > 0
    # The kernel's own total has the drops of every socket, those too that no look has met.
    assert sum(alive.values()) <= sum(final.values()) <= fresh(process, "snmp").value(RCVBUF_ERRORS, ip_version="4")
    for reader in living:
        reader.close()
    after = drops(fresh(process, "sockets"))
    assert all(after[key] == count for key, count in final.items() if count)


def test_kernel_without_sock_diag_of_udp(netns, exporter, kernel):
    kernel.set("no_udp_diag")
    inside = netns()
    with udp(inside, 8125), inside.socket() as server:
        server.bind(("127.0.0.1", 80))
        server.listen(5)
        process = exporter(*ONLY_SOCKETS, netns=inside, env=kernel.env)
        page = fresh(process, "sockets")
        assert DROPS not in page
        assert queues(page) == {("80", "4"): (0, 5)}
        kernel.set("no_tcp_diag")
        process = exporter(*ONLY_SOCKETS, netns=inside, env=kernel.env)
        assert process.metrics().value("netdrop_collector_supported", collector="sockets") == 0
        eventually(lambda: "udp_diag" in process.stderr, "the reason in the log")


def test_steady_collection_allocates_nothing(netns, exporter, allocations):
    inside = netns()

    def traffic():
        for port in range(1000, 1200):
            send(inside, port, 10)

    with contextlib.ExitStack() as keep:
        for port in range(1000, 1200):
            keep.enter_context(udp(inside, port))
        traffic()
        process = exporter(*ONLY_SOCKETS, netns=inside, env=allocations.env)
        assert len(drops(fresh(process, "sockets"))) == 200
        before = steady_allocations(process, allocations, "sockets", meanwhile=traffic)
        keep.enter_context(udp(inside, 999))
        assert len(drops(fresh(process, "sockets"))) == 201
        assert allocations.allocated("sockets") > before  # the counting works
