# SPDX-License-Identifier: GPL-2.0-or-later
"""How much memory stays: with many interfaces, after every kind of scrape and after many at once. In terms of the
page, which is the same on a loaded machine, so that the bound is the same for any number of interfaces."""

import re
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import daemon
from link_lab import ALL_KINDS, fresh

PAIRS = 500
CONNECTIONS = 100
MEBIBYTE = 1 << 20
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


@pytest.mark.flood
def test_memory_is_that_of_a_page_and_its_numbers(netns, exporter, sanitized):
    if sanitized:
        pytest.skip("a sanitizer has memory of its own")
    inside = netns()
    inside.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
    inside.batch([f"link add p{i} type veth peer name q{i}" for i in range(PAIRS)])
    limit = f"--set=web.max_connections_per_address={2 * CONNECTIONS}"
    process = exporter(*ALL_KINDS, limit, netns=inside)
    for _ in range(3):
        fresh(process)
        scrape_all_formats(process)
        scrape_at_once(process)
    time.sleep(1)  # the answers of before can't be served any more
    page = len(process.get().body)
    assert page > 2 * MEBIBYTE
    # The text, once; numbers, names and what the collectors know of the links, another page's worth; and what does
    # not grow with them.
    daemon.eventually(lambda: anonymous_bytes(process.pid) < 2.5 * page + 2 * MEBIBYTE, "memory given back")
