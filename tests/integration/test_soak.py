# SPDX-License-Identifier: GPL-2.0-or-later
"""Row 57 of docs/faults.md: a day's worth of collections of each collector, and of scrapes, at full speed, while
interfaces come and go. Afterwards nothing has grown, and every counter is the kernel's."""

import http.client
import os
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

import lab
import link_lab
from daemon import eventually
from lost_events import assert_counted, is_counted, lost

# A day's, by the default intervals and a scrape every 15 s. With --all it is a week's.
DAYS = 7
COLLECTIONS = {
    "link": 86_400,
    "ethtool": 8_640,
    "snmp": 86_400,
    "process": 17_280,
    "softnet": 86_400,
    "conntrack": 86_400,
    "qdisc": 17_280,
    "sockets": 8_640,
    "drop_monitor": 86_400,
}
# What part of a day is collected without --all. A day of one is over before it was looked at often enough; one costs ten times
# as much as any other.
PART = {**dict.fromkeys(COLLECTIONS, DAYS), "process": 1, "drop_monitor": 2 * DAYS}
SCRAPES = 5_760
FAST = [f"--set=collectors.{name}.interval=100ms" for name in COLLECTIONS]
EVERYTHING = ("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true")
# Drops of the whole host take memory, too: not beside those tests that fill all there is for them.
ALONE = pytest.mark.xdist_group("hierarchy")
GROWTH_MAX = 512 * 1024  # what is alike at one time differs by fragments of the heap at another


def size_of(pid):
    """(resident bytes, descriptors, threads)"""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resident, len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


@contextmanager
def churn(namespace):
    """Interfaces that come, are renamed and go, one after the other, as do queueing disciplines and sockets, each port
    once; some dozens stay."""
    namespace.batch([f"link add s{i} type veth peer name t{i}" for i in range(20)])
    namespace.run("tc -batch -", input=b"".join(b"qdisc add dev s%d root pfifo\n" % i for i in range(20)))
    stop = threading.Event()

    def work():
        for number in range(1_000_000):
            if stop.is_set():
                return
            namespace.batch(
                [
                    f"link add c{number} type veth peer name d{number}",
                    f"link set c{number} name e{number}",
                ]
            )
            namespace.run(f"tc qdisc add dev e{number} root pfifo")
            with namespace.socket(kind=socket.SOCK_DGRAM) as datagram, namespace.socket() as listener:
                for made in (datagram, listener):
                    made.bind(("127.0.0.1", 1024 + number % 30_000))
                listener.listen()
                stop.wait(0.02)
            namespace.ip(f"link delete d{number}")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.flood
@pytest.mark.parametrize(
    "collector", [pytest.param(name, marks=ALONE if name == "drop_monitor" else ()) for name in COLLECTIONS]
)
def test_row_57_a_day_of_collections(netns, once, build, collector, request):
    subprocess.run(["ninja", "-C", build, "tests/bench/collect"], check=True, capture_output=True)
    inside = netns()
    if f'netdrop_collector_supported{{collector="{collector}"}} 1\n' not in once(netns=inside):
        pytest.skip("not on this kernel")
    inside.run(["nft", "add table ip t; add chain ip t c { type filter hook input priority 0; ct state new accept; }"])
    keys = [flag.removeprefix("--set=") for flag in EVERYTHING]
    with churn(inside):
        # It makes seven times as many by itself, and neither answers nor rounds.
        count = COLLECTIONS[collector] // (1 if request.config.getoption("--all") else PART[collector])
        program = [build / "tests/bench/collect", collector, str(count), "0", "0", *keys]
        environment = {**os.environ, "COLLECT_READY": "1"}
        process = subprocess.Popen(inside.command(program), env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        sizes = []
        while process.poll() is None:
            try:
                sizes.append(size_of(process.pid))
            except OSError:
                break
            time.sleep(0.05)
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    steady = sizes[len(sizes) // 4 : -1]
    assert len(steady) > 3, "it was over before it was looked at"
    resident = [size[0] for size in steady]
    assert max(resident) - resident[0] < GROWTH_MAX, resident
    # At the end, which may take long, it closes them.
    for counts in zip(*(size[1:] for size in steady)):
        assert max(counts) == counts[0], f"descriptors or threads: {counts}"


@pytest.mark.flood
@ALONE
def test_row_57_a_day_of_scrapes(netns, exporter, request):
    inside = netns()
    process = exporter(*FAST, *EVERYTHING, netns=inside)
    pair = lab.Veth(inside, netns())

    def scrape(count):
        connection = http.client.HTTPConnection("127.0.0.1", process.port)
        connection.sock = process.connect()
        for number in range(count):
            headers = {"Accept-Encoding": "gzip"} if number % 2 else {}
            connection.request("GET", "/metrics" if number % 3 else "/", headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200
        connection.close()

    def rested():
        """Its size while nobody asks."""
        descriptors = process.metrics() and size_of(process.pid)[1]
        time.sleep(0.5)
        return (*size_of(process.pid), descriptors)

    with churn(inside):
        scrape(500)
        before = rested()
        scrape(SCRAPES * (DAYS if request.config.getoption("--all") else 1))
        after = rested()
    assert after[0] - before[0] < GROWTH_MAX, (before, after)
    assert after[1:3] == before[1:3]
    before = no_socket(process.metrics())
    pair.send_udp(1000)
    pair.send_udp(300, address="127.0.0.1", port=9)
    assert_equal_to_kernel(process, inside)
    page = process.metrics()
    if page.value("netdrop_collector_supported", collector="drop_monitor"):
        page = eventually(lambda: (page := process.metrics()) and is_counted(no_socket(page) - before, 300, lost(page)) and page, "drops")
        assert_counted(no_socket(page) - before, 300, lost(page))
    assert all(sample.value == 1 for sample in page["netdrop_collector_up"])


def no_socket(page):
    """Datagrams of the namespace that nobody wanted, by their drop site."""
    rows = page.get("netdrop_kernel_drops_total", [])
    labels = {"function": "__udp4_lib_rcv", "reason": "NO_SOCKET", "netns": "self"}
    return sum(row.value for row in rows if labels.items() <= row.labels.items())


def assert_equal_to_kernel(process, inside):
    """Links, but lo, by which the scrapes come; the protocol that they don't use."""
    page = link_lab.fresh(process)
    for name, link in link_lab.links(inside).items():
        if name != "lo":  # the scrapes themselves go over it
            assert link_lab.shown_counters(page, name) == link_lab.expected_counters(link), name
    page = link_lab.fresh(process, "snmp")
    text = inside.run("cat /proc/net/snmp")
    names, values = (line.split()[1:] for line in text.splitlines() if line.startswith("Udp: "))
    udp = dict(zip(names, map(int, values)))
    assert udp["NoPorts"] >= 300 and udp["OutDatagrams"] >= 1300
    for field, family in {"NoPorts": "no_ports", "OutDatagrams": "out_datagrams", "InErrors": "in_errors"}.items():
        assert page.value(f"netdrop_udp_{family}_total", ip_version="4") == udp[field], field
