# SPDX-License-Identifier: GPL-2.0-or-later
"""How much memory stays: with many interfaces, after every kind of scrape and after many at once. In terms of the
page, which is the same on a loaded machine, so that the bound is the same for any number of interfaces."""

import re
import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import daemon
from link_lab import ALL_KINDS, fresh

# Drops of the whole host take memory, too: not beside those tests that fill all there is for them.
pytestmark = pytest.mark.xdist_group("hierarchy")

PAIRS = 500
CONNECTIONS = 100
READERS = 500
MEBIBYTE = 1 << 20
BUDGET = 72 * MEBIBYTE
FORMATS = [
    {"Accept": accept, "Accept-Encoding": coding}
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0")
    for coding in ("identity", "gzip")
]


def anonymous_bytes(pid):
    """What is no file's: heaps, mapped memory, stacks, and what the linker wrote."""
    return int(re.search(r"Anonymous: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) * 1024


def scrape_all_formats(process):
    for query in ("", "?collect[]=link", "?exclude[]=process"):
        for headers in FORMATS:
            assert process.get(f"/metrics{query}", headers).status == 200


def scrape_at_once(process):
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    with ExitStack() as keep_open:
        clients = [keep_open.enter_context(closing(process.connect())) for _ in range(CONNECTIONS)]
        for client in clients:
            client.sendall(request)
        for client in clients:
            assert client.makefile("rb").read().startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.fixture
def many_interfaces(netns, sanitized):
    if sanitized:
        pytest.skip("a sanitizer has memory of its own")
    inside = netns()
    inside.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
    inside.batch([f"link add p{i} type veth peer name q{i}" for i in range(PAIRS)])
    return inside


@pytest.mark.flood
def test_memory_is_that_of_a_page_and_its_numbers(many_interfaces, exporter):
    limit = f"--set=web.max_connections_per_address={2 * CONNECTIONS}"
    # Drop sites are those of the whole host: how many others have, and what is told of them, is no question of links.
    process = exporter(*ALL_KINDS, "--no-collector.drop_monitor", limit, netns=many_interfaces)
    for _ in range(3):
        fresh(process)
        scrape_all_formats(process)
        scrape_at_once(process)
    time.sleep(1)  # the answers of before can't be served any more
    page = len(process.get().body)
    assert page > 2 * MEBIBYTE
    # The text, once; numbers, names and what the collectors know of the links, another page's worth; and what does
    # not grow with them.
    daemon.eventually(lambda: anonymous_bytes(process.pid) < 2.5 * page + 1.5 * MEBIBYTE, "memory given back")


@pytest.mark.flood
def test_row_67_readers_of_the_largest_page_that_never_read(many_interfaces, exporter):
    """All that is held for readers has one budget, the page as the metrics; who reads is served."""
    # What fits into the kernel's buffers is in nobody's budget, and on loopback that is all.
    many_interfaces.run(["sysctl", "-qw", "net.ipv4.tcp_wmem=4096 16384 16384"])
    limits = [f"--set=web.{name}={READERS + 50}" for name in ("max_connections", "max_connections_per_address")]
    process = exporter(*ALL_KINDS, *limits, "--set=web.request_timeout=5m", netns=many_interfaces)
    fresh(process)
    page, metrics = (len(process.get(path).body) for path in ("/?interfaces=all", "/metrics"))
    assert page * READERS > 1.5 * BUDGET
    before = anonymous_bytes(process.pid)
    with ExitStack() as keep_open:
        for number in range(READERS):
            client = keep_open.enter_context(closing(many_interfaces.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", process.port))
            path = "/metrics" if number % 10 == 0 else "/?interfaces=all"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            client.settimeout(daemon.PATIENCE)
            assert client.recv(1) == b"H"  # what it holds is held from now on: many at once would find no room
        for _ in range(20):
            assert process.get("/?interfaces=all").status == 200
            assert anonymous_bytes(process.pid) < before + BUDGET + 8 * MEBIBYTE + 2 * metrics
        assert process.metrics().value("netdrop_limit_hits_total", limit="response_bytes") > 0
    daemon.eventually(lambda: anonymous_bytes(process.pid) < before + 4 * MEBIBYTE + metrics, "memory given back")
