# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that come, go and change their names while the daemon looks, and very many of them. Every page that is
read here goes through the checker for duplicates. Numbers of rows are those of docs/faults.md."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

import daemon
import procfs
from link_lab import ALL_KINDS, ONLY_LINK, fresh, links, resident_bytes, shown_devices, value

SECONDS = 5
MEBIBYTE = 1 << 20


@contextmanager
def repeatedly(action):
    """Another thread does it again and again for the length of the block; what it raises is raised."""
    ended = threading.Event()
    problems = []
    rounds = [0]

    def work():
        try:
            while not ended.is_set():
                action()
                rounds[0] += 1
        except Exception as problem:  # pylint: disable=broad-except
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield rounds
    finally:
        ended.set()
        thread.join()
    assert not problems, problems
    assert rounds[0] > 0


def scrape_for(seconds, process, look=lambda page: None, enough=lambda: True):
    """So long, and on a slow machine until there were ten pages, and enough was seen."""
    begin, pages = time.monotonic(), 0

    def scraped():
        nonlocal pages
        look(process.metrics())
        pages += 1
        return time.monotonic() > begin + seconds and pages > 10 and enough()

    daemon.eventually(scraped, "enough pages", timeout=seconds + daemon.PATIENCE, step=0.001)


def assert_settled(process, namespace):
    page = fresh(process)
    assert shown_devices(page) == set(links(namespace))
    for name, link in links(namespace).items():
        info = page.series("netdrop_link_info", device=name)
        assert [s.labels["ifindex"] for s in info] == [str(link["ifindex"])]
    assert page.value("netdrop_collector_up", collector="link") == 1
    assert "rror" not in process.stderr


def test_row_01_created_and_deleted_while_scraped(netns, exporter):
    inside = netns()
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=inside)
    batch = [f"link add s{i} type veth peer name t{i}" for i in range(20)]
    batch += [f"link delete s{i}" for i in range(20)]
    with repeatedly(lambda: inside.batch(batch)):
        scrape_for(SECONDS, process)
    assert_settled(process, inside)


def test_row_03_renamed_while_scraped(netns, exporter):
    inside = netns()
    inside.batch([f"link add r{i} type bridge" for i in range(10)])
    process = exporter(*ONLY_LINK, netns=inside)
    # Names travel from device to device: a stale one would soon stand beside its new owner.
    rotate = ["link set r0 name spare"]
    rotate += [f"link set r{i + 1} name r{i}" for i in range(9)]
    rotate += ["link set spare name r9"]
    with repeatedly(lambda: inside.batch(rotate)):
        scrape_for(SECONDS, process)
    assert_settled(process, inside)


def test_moved_between_namespaces_while_scraped(netns, exporter):
    inside, outside = netns(), netns()
    inside.ip("link add m0 index 700 type veth peer name m1")
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=inside)

    def move():
        inside.ip(f"link set m0 netns {outside.name}")
        outside.ip(f"link set m0 netns {inside.name}")

    with repeatedly(move):
        scrape_for(SECONDS, process)
    assert_settled(process, inside)
    inside.ip(f"link set m0 netns {outside.name}")
    assert "m0" not in shown_devices(fresh(process))


def test_row_01_an_index_that_is_used_again_never_mixes_two_devices(netns, exporter, kernel):
    """A kernel slow to answer: the device of index 500 becomes another between the dump and the join."""
    kernel.set("slow")
    inside = netns()
    process = exporter(*ONLY_LINK, netns=inside, env=kernel.env)

    def swap():
        inside.batch(["link add busy index 500 type ifb", "link set busy up"])
        with inside.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("busy", 0))
            sender.send(bytes(64))
        time.sleep(0.15)
        inside.batch(["link delete busy", "link add idle index 500 type ifb"])
        time.sleep(0.15)
        inside.ip("link delete idle")

    seen = {"busy": set(), "idle": set()}

    def look(page):
        for sample in page.get("netdrop_link_receive_dropped_total", []):
            if sample.labels["device"] in seen:
                seen[sample.labels["device"]].add(sample.value)

    with repeatedly(swap):
        # An ifb drops what nobody redirected to it.
        scrape_for(2 * SECONDS, process, look, lambda: max(seen["busy"], default=0) > 0 and seen["idle"])
    assert seen["idle"] == {0}, "the drops of another device"


@pytest.mark.flood
def test_row_08_four_thousand_interfaces(netns, exporter, sanitized):
    inside = netns()
    inside.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
    process = exporter(*ONLY_LINK, *ALL_KINDS, netns=inside)
    process.go_first()
    inside.batch([f"link add p{i} type veth peer name q{i}" for i in range(2000)])
    page = daemon.eventually(
        lambda: (found := fresh(process)) and len(shown_devices(found)) > 4000 and found, "all interfaces"
    )
    assert shown_devices(page) == set(links(inside))
    assert value(page, "mtu_bytes", "q1999") == 1500
    assert page.value("netdrop_collector_duration_seconds", collector="link") < 1
    if not sanitized:
        for _ in range(20):
            process.get()
        assert resident_bytes(process) < 64 * MEBIBYTE
    watch = procfs.Stopwatch(process.pid)
    process.get()
    assert watch.own_seconds() < 2
