# SPDX-License-Identifier: GPL-2.0-or-later
"""web.created: OpenMetrics tells since when rows count that come and go. A row that the collection before did not have
was 0 when that began; one that may be older was 0 when counting began. Rows are told apart by devices of our own."""

import json
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from daemon import eventually
from lost_events import assert_counted, is_counted, lost
from prometheus import Prometheus

pytestmark = pytest.mark.usefixtures("bpf_possible")

CREATED = "--set=web.created=true"
# Nobody collects but who asks.
DROPS = ("--collector.disable-defaults", "--collector.drop_monitor", "--set=collectors.drop_monitor.interval=1m", "--set=devices.exclude_kinds=")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/metrics.md"
# What a time of nanoseconds is off by where it is held as a float.
CLOCK = 1e-6


class Sites:
    """Each a device with a drop site of its own: frames of a protocol that nobody knows."""

    def __init__(self, namespace, chosen):
        self.namespace = namespace
        self.chosen = chosen

    def new(self):
        """A device, and what makes it drop so many."""
        name = f"s{self.chosen.randrange(1 << 40):010x}"
        self.namespace.batch([f"link add {name} up type veth peer name {name}p", f"link set {name}p up"])
        self.namespace.wait_up(f"{name}p")

        def drop(count):
            sender = self.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)
            with sender:
                sender.bind((name + "p", 0))
                for _ in range(count):
                    sender.send(bytes.fromhex("ffffffffffff") + bytes(6) + b"\x88\xb5" + bytes(64))

        return name, drop


def begun(page, collector="drop_monitor"):
    """When the collection began that the page shows."""
    stamp = page.value("netdrop_collector_last_success_timestamp_seconds", collector=collector)
    return stamp - page.value("netdrop_collector_duration_seconds", collector=collector)


def collected(process, collector="drop_monitor"):
    """A page that was collected entirely after the call."""
    since = time.time()

    def page():
        found = process.openmetrics()
        return found if begun(found, collector) > since else None

    return eventually(page, "a collection")


def created(page, family="netdrop_kernel_drops"):
    """Since when the rows of devices count: by device."""
    return {row.labels["device"]: row.value for row in page[f"{family}_created"] if row.labels["device"]}


def counting(page):
    """When counting began: since then it is known that there was no drop that is nobody's."""
    (since,) = {row.value for row in page.series("netdrop_workload_drops_created", unit="")}
    return since


def lose(process, site, drops):
    """A page with all of them, and a time before the first."""
    device, drop = site
    before = time.time()
    drop(drops)

    def counted(page):
        return sum(row.value for row in page.series("netdrop_kernel_drops_total", device=device))

    def page():
        found = collected(process)
        return found if counted(found) and is_counted(counted(found), drops, lost(found)) else None

    found = eventually(page, "the drops")
    assert_counted(counted(found), drops, lost(found))
    return found, before


def test_since_the_collection_before(exporter, veth, chosen):
    process = exporter(*DROPS, CREATED, netns=veth.b)
    known, began = {}, counting(process.openmetrics())
    sites = Sites(veth.b, chosen)
    for _ in range(3):
        device, _ = site = sites.new()
        before = collected(process)
        assert device not in created(before)
        page, dropped = lose(process, site, chosen.randrange(1, 1000))
        for family in ("netdrop_kernel_drops", "netdrop_kernel_drop_burst_packets"):
            assert begun(before) - CLOCK <= created(page, family)[device] <= dropped
        # What was told once stays as it is.
        assert created(page).items() >= known.items()
        assert counting(page) == began < begun(before)
        known = created(page)


def test_not_of_rows_that_got_another_name(exporter, veth, chosen, tmp_path):
    """A reload calls what was counted by other labels: none of it is new."""
    config = tmp_path / "config.json"

    def settle(offsets):
        config.write_text(json.dumps({"collectors": {"drop_monitor": {"label_offset": offsets}}}))

    settle(False)
    process = exporter(*DROPS, CREATED, f"--config.file={config}", netns=veth.b)
    sites = Sites(veth.b, chosen)
    device, _ = site = sites.new()
    began = counting(collected(process))
    page, _ = lose(process, site, 10)
    assert created(page)[device] > began
    bursts = created(page, "netdrop_kernel_drop_burst_packets")
    settle(True)
    process.signal(signal.SIGHUP)
    eventually(lambda: "reloaded" in process.stderr, "the reload")
    page = eventually(lambda: (page := collected(process)).series("netdrop_kernel_drops_total", device=device, offset="") and page, "other labels")
    assert created(page)[device] == counting(page) == began
    # These are called as they were.
    assert created(page, "netdrop_kernel_drop_burst_packets").items() >= bursts.items()
    device, _ = site = sites.new()
    before = collected(process)
    page, dropped = lose(process, site, 10)
    assert begun(before) - CLOCK <= created(page)[device] <= dropped


def test_ports(exporter, veth, chosen):
    """Each port has a row of its own, too."""
    process = exporter("--collector.disable-defaults", "--collector.sockets", "--set=collectors.sockets.interval=1m", CREATED, netns=veth.b)
    port = chosen.randrange(1024, 32768)
    row = {"local_port": str(port), "ip_version": "4"}
    before = collected(process, "sockets")
    assert not before.series("netdrop_udp_socket_drops_total", **row)
    came = time.time()
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("10.77.0.2", port))
        veth.send_udp(100, port=port)
        page = eventually(lambda: (page := collected(process, "sockets")).series("netdrop_udp_socket_drops_total", **row) and page, "the port")
    assert begun(before, "sockets") - CLOCK <= page.value("netdrop_udp_socket_drops_created", **row) <= came


def test_only_where_it_is_asked_for(exporter, veth, chosen):
    """Off as installed, and never in the text format, which has no word for it."""
    process = exporter(*DROPS, netns=veth.b)
    lose(process, Sites(veth.b, chosen).new(), 5)
    assert not [name for name in collected(process) if name.endswith("_created")]
    process = exporter(*DROPS, CREATED, netns=veth.b)
    assert counting(collected(process))
    assert not [name for name in process.metrics() if name.endswith("_created")]


def test_the_first_burst_in_a_real_prometheus(exporter, veth, chosen, tmp_path):
    """Debian's does not know start times (created-timestamp-zero-ingestion), and keeps them as series of their own: it takes
    the page, and the document's query has the burst that rate() never sees."""
    process = exporter(*DROPS, CREATED, netns=veth.b)
    process.go_first()
    prometheus = Prometheus(veth.b, tmp_path, [process.port])
    sites = Sites(veth.b, chosen)
    eventually(lambda: (prometheus.query("sum_over_time(up[1m])") or 0) >= 3, "some scrapes")

    def burst():
        """One that no scrape falls into the middle of, as it may where the machine is slow."""
        device, drop = sites.new()
        site, since = (f'netdrop_kernel_drops_{name}{{device="{device}"}}' for name in ("total", "created"))
        assert prometheus.query(site) is None
        drops = chosen.randrange(100, 1000)
        drop(drops)
        rate = eventually(lambda: prometheus.vector(f"rate({site}[1m])"), "two samples")
        return float(rate[0]["value"][1]) == 0 and (site, since, drops)

    site, since, drops = eventually(burst, "a burst between two scrapes")
    (expression,) = re.findall(r"^\(netdrop_kernel_drops_total and .*", DOCUMENT.read_text(), re.MULTILINE)
    expression = expression.replace("netdrop_kernel_drops_total", site).replace("netdrop_kernel_drops_created", since)
    assert_counted(prometheus.query(expression), drops, lost(process.metrics()))
    assert prometheus.query("min_over_time(up[1m])") == 1
    assert prometheus.complaints() == []
