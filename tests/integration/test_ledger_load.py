# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger while much goes on: in a flood of drops no page has a remainder that is none, and where all is well there is
nothing in it."""

import itertools
import re
import threading
import time
from contextlib import closing

import pytest

import health
import losses
from daemon import seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_counted, assert_told
from test_ledger_controls import TapWithProgram, told
from test_ledger_mixtures import settled

pytestmark = pytest.mark.usefixtures("bpf_possible")

# Out of step, so that readings of counters and of places fall at any distance.
INTERVALS = {"link": 100, "snmp": 130, "drop_monitor": 170}
OFTEN = tuple(f"--set=collectors.{name}.interval={interval}ms" for name, interval in INTERVALS.items())
UNEXPLAINED = re.compile(
    rb'^netdrop_lost_packets_total\{.*device="(.*?)",cause="unexplained".*\} ([1-9]\d*)$', re.MULTILINE
)
# Each moves a counter that adds what no place explains: of UDP, of IP, of a device.
WAYS = (losses.udp_closed, losses.udp_buffer, losses.header_checksum, losses.unknown_protocol, losses.nobody_wants)
PACKETS = 80_000  # each way


class Unseen:
    """A way to lose what no place sees, beside what a place does see that moves the same counter."""

    def __init__(self, tap):
        self.tap = tap
        self.count = 0

    def run(self, packets):
        for _ in range(max(1, packets // 20)):
            self.count += 1  # first: a page may have it at once
            self.tap.drop()
            self.tap.let_through()


class Flood(threading.Thread):
    """As fast as this machine can, in turns."""

    def __init__(self, ways, chosen):
        super().__init__()
        self.ways, self.chosen = ways, chosen
        self.problem = None
        self.start()

    def run(self):
        begin = time.monotonic()
        try:
            losses.send_all(self.ways, self.chosen, PACKETS)
        except OSError as problem:
            self.problem = problem
        self.seconds = time.monotonic() - begin


@pytest.mark.flood
def test_a_flood(netns, exporter, witness, tmp_path):
    """Rounds and scrapes fall into the middle of it: what a place explains is on no page as unexplained."""
    chosen, a, b = seeded(), netns(), netns()
    ways = [way(losses.Wire(a, b, chosen)) for way in WAYS]
    with closing(TapWithProgram(b, tmp_path, chosen)) as tap:
        process = exporter(*ALL_KINDS, *OFTEN, netns=b)
        told(process)
        hidden, unseen = witness.unseen(), Unseen(tap)
        flood = Flood([*ways, unseen], chosen)
        pages, false = 0, 0
        while flood.is_alive():
            for device, count in UNEXPLAINED.findall(process.text()):
                if device.decode() != tap.device:
                    false = max(false, int(count))
                else:
                    assert int(count) <= unseen.count
            pages += 1
            time.sleep(0.02)
        flood.join()
        assert not flood.problem
        print(f"{PACKETS * len(ways) / flood.seconds:.0f} a second, {pages} pages")
        found = told(process)
    uncounted = found.get(EVENTS_LOST, 0)
    hidden = witness.unseen(hidden)
    assert pages > 10 and false <= hidden
    told_of_tap = found[tap.device, "unexplained", "unknown"]
    assert told_of_tap > 0
    assert_told(told_of_tap, unseen.count, uncounted)
    assert sum(count for (device, cause, _), count in found.items() if cause == "unexplained" and device != tap.device) <= hidden
    if not hidden:
        made = {(way.device, way.cause, way.loss_class): way.lost for way in ways[:-1]}  # the last is none that anybody misses
        assert_counted({key: found[key] for key in made}, made, uncounted)


LOST_CLASSES = ("capacity", "error", "unknown")


def assert_nothing_lost(page):
    """Of ours: what others on this host lose has no device."""
    lost = page.series("netdrop_lost_packets_total")
    assert not [row for row in lost if row.value and (row.labels["device"] or row.labels["cause"] == "unexplained")]
    dropped = page.series("netdrop_kernel_drops_total", netns="self")
    assert not [row for row in dropped if row.value and row.labels["class"] in LOST_CLASSES]


AN_HOUR = pytest.param(3600, id="an-hour", marks=(pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(5400)))


@pytest.mark.parametrize("seconds", [20, AN_HOUR])
def test_all_is_well(netns, exporter, seconds):
    """Nothing is lost, and the ledger says so on each page."""
    chosen, a, b = seeded(), netns(), netns()
    link = health.Link(a, b)
    processes = [exporter(*ALL_KINDS, netns=inside) for inside in (a, b)]
    begin = time.monotonic()
    for turn in itertools.count():
        health.all_of(link, chosen.randrange(100_000))
        if turn % 5 == 0:
            health.container(b)
        for process in processes if turn % 20 == 0 else ():
            assert_nothing_lost(process.metrics())
        if time.monotonic() > begin + seconds:
            break
        time.sleep(0.2)
    pages = settled(*processes)
    for page in pages:
        assert_nothing_lost(page)
    assert pages[0].value("netdrop_udp_out_datagrams_total", ip_version="6") > 20  # it did happen
