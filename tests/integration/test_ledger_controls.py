# SPDX-License-Identifier: GPL-2.0-or-later
"""What the ledger says of losses that no drop site sees: exactly so many, unexplained, and nothing else."""

import json
import os
import re
import struct
import subprocess
from contextlib import closing

import pytest

import exposition
import lab
import losses
from daemon import eventually, seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_counted, assert_told
from test_ledger_mixtures import rows, settled

pytestmark = pytest.mark.usefixtures("bpf_possible")

# Drops what has a byte behind its MAC header.
CHOOSE = """
struct frame {
    unsigned begin, end;
};
int choose(struct frame *frame) __attribute__((section("xdp"), used));
int choose(struct frame *frame)
{
    unsigned char *begin = (void *)(long)frame->begin;

    return begin + 15 <= (unsigned char *)(long)frame->end && begin[14] ? 1 : 2;
}
"""


class TapWithProgram:
    """A tap device with an XDP program: what that drops never was an skb, so that the device counts it, and no site."""

    def __init__(self, inside, directory, chosen):
        self.device = f"tap{chosen.randrange(10**6)}"
        self.tap = inside.tun(self.device, os.O_NONBLOCK, kind=lab.IFF_TAP)  # else it makes an skb first
        (directory / "choose.c").write_text(CHOOSE)
        subprocess.run(["clang", "-O2", "-target", "bpf", "-c", "choose.c", "-o", "choose.o"], cwd=directory, check=True)
        inside.ip(f"link set {self.device} up")
        inside.ip(f"link set dev {self.device} xdpdrv object {directory}/choose.o section xdp")

    def drop(self, count=1):
        for _ in range(count):
            self._write(b"\1")

    def let_through(self):
        """To where nobody wants it: a site drops it, and the same counter of the device moves."""
        self._write(b"\0")

    def _write(self, mark):
        os.write(self.tap, bytes(12) + struct.pack("!H", losses.ETHERTYPE_UNKNOWN) + mark + bytes(80))

    def close(self):
        os.close(self.tap)


def told(process, family="netdrop_lost_packets_total"):
    for _ in range(4):
        page = settled(process)
    return rows(page, family)


def test_an_xdp_program_on_a_tap_device(netns, exporter, tmp_path):
    chosen, inside = seeded(), netns()
    with closing(TapWithProgram(inside, tmp_path, chosen)) as tap:
        process = exporter(*ALL_KINDS, netns=inside)
        told(process)
        count = chosen.randrange(100, 3000)
        tap.drop(count)
        found = told(process)
    key = (tap.device, "unexplained", "unknown")
    assert {each for each in found if each[0] == tap.device} <= {key}
    assert_told(found.get(key, 0), count, found.get(EVENTS_LOST, 0))


# Who counts drop sites explains the counters of others, and its absence has a reason of its own. It takes time to listen.
WITHOUT_SITES = (*ALL_KINDS, "--no-collector.drop_monitor")
NO_COUNTERS = ("process",)  # of loss


def test_who_switches_counters_off_is_told(netns, once, tree):
    """The ledger is complete without a collector only if none of its counters has a rule."""
    inside = netns()
    inside.ip("link add v0 type veth peer name v1")
    rules = set(re.findall(r"^\| `(netdrop_\w+)`", (tree / "docs/runbook/ledger.md").read_text(), re.MULTILINE))

    def page(*flags):
        return exposition.check_text(once(*WITHOUT_SITES, *flags, netns=inside).encode())

    whole = page()
    assert whole.value("netdrop_ledger_complete", reason="counters_not_read") == 1
    collectors = {row.labels["collector"] for row in whole["netdrop_collector_up"]}
    assert {*NO_COUNTERS, "link", "snmp"} < collectors
    told = set()
    for collector in sorted(collectors):
        without = page(f"--no-collector.{collector}")
        gone = rules & (set(whole) - set(without))
        complete = without.value("netdrop_ledger_complete", reason="counters_not_read")
        assert complete == (collector in NO_COUNTERS), collector
        assert not (gone and complete), collector
        told |= gone
    assert len(told) > 50


class Switched:
    """An exporter whose drop sites go off and on."""

    def __init__(self, exporter, directory, netns):
        self.config = directory / "config.json"
        self.configure(True)
        self.process = exporter(*ALL_KINDS, f"--config.file={self.config}", netns=netns)

    def configure(self, enabled):
        self.config.write_text(json.dumps({"collectors": {"drop_monitor": {"enabled": enabled}}}))

    def switch(self, enabled):
        self.configure(enabled)
        done = self.process.stderr.count("reloaded")
        self.process.signal(1)
        eventually(lambda: self.process.stderr.count("reloaded") > done, "the reload")
        if enabled:
            eventually(lambda: self.process.metrics().get("netdrop_kernel_drops_by_class_total"), "drop sites")
            told(self.process)
        else:
            assert told_off(self.process).value("netdrop_ledger_complete", reason="sites_not_counted") == 0


def told_off(process):
    """A page of three rounds later, where no drop sites are counted."""

    def stamp(page):
        return page.value("netdrop_collector_last_success_timestamp_seconds", collector="snmp")

    for _ in range(3):
        before = stamp(process.metrics())
        eventually(lambda before=before: stamp(process.metrics()) != before, "another round")
    return process.metrics()


def lost(page):
    return rows(page, "netdrop_lost_packets_total")


NOWHERE = ("", "unexplained", "unknown")


def test_drop_sites_that_go_off_and_on(netns, exporter, tmp_path):
    """Each packet once, whoever counts it."""
    chosen, a, b = seeded(), netns(), netns()
    wire = losses.Wire(a, b, chosen)
    switched = Switched(exporter, tmp_path, b)
    process = switched.process
    loss = losses.udp_closed(wire)
    before = told(process).get(NOWHERE, 0)
    counts = [chosen.randrange(100, 3000) for _ in range(3)]
    loss.run(counts[0])
    told(process)
    switched.switch(False)
    loss.run(counts[1])
    assert lost(told_off(process)).get(NOWHERE, 0) - before == counts[1]
    switched.switch(True)
    loss.run(counts[2])
    found = told(process)
    assert_counted(found[wire.b_device, "udp_nobody_listens", "error"], counts[0] + counts[2], found.get(EVENTS_LOST, 0))
    assert found[NOWHERE] - before == counts[1]


def test_an_accept_queue_while_drop_sites_go_off_and_on(netns, exporter, tmp_path):
    """A loss that only counters tell of, several of them: each SYN once, with drop sites and without."""
    chosen, a, b = seeded(), netns(), netns()
    wire = losses.Wire(a, b, chosen)
    switched = Switched(exporter, tmp_path, b)
    process = switched.process
    told(process)
    key = ("", "tcp_listen_drop", "capacity")
    refused = losses.accept_queue_full(wire, chosen.randrange(5, 40))
    found = told(process)
    assert_told(found.get(key, 0), refused, found.get(EVENTS_LOST, 0))
    switched.switch(False)
    before = lost(told_off(process))
    more = losses.accept_queue_full(wire, chosen.randrange(5, 40))
    page = told_off(process)
    assert more > 0 and page.value("netdrop_tcpext_listen_drops_total") == refused + more
    assert page.value("netdrop_tcpext_listen_overflows_total") == refused + more  # the same ones
    assert lost(page) == {**before, key: before.get(key, 0) + more}
    assert sum(row.value for row in page["netdrop_lost_packets_by_stage_total"]) == sum(before.values()) + more
    refused += more
    switched.switch(True)
    refused += losses.accept_queue_full(wire, chosen.randrange(5, 40))
    found = told(process)
    assert_told(found[key], refused, found.get(EVENTS_LOST, 0))
    assert NOWHERE not in found
