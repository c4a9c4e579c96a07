# SPDX-License-Identifier: GPL-2.0-or-later
"""The page written before the test: what each recipe of the fault lab must be to the ledger. test_lab.py and tests/vm
compare with it what the recipes do."""

import socket
import struct
import sys
from pathlib import Path

import pytest

import losses
from daemon import seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_told
from test_ledger_controls import told
from test_ledger_mixtures import settled

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

import truth
from recipes import RECIPES

LISTEN_DROPS = "netdrop_tcpext_listen_drops_total"
PAGE = Path(__file__).resolve().parents[2] / "docs/fault-lab.md"


def test_every_recipe_has_its_truth():
    assert sorted(truth.TRUTHS) == sorted(RECIPES)
    for name, told in truth.TRUTHS.items():
        assert told.equal or told.why_not, name
        assert bool(told.rows) <= bool(told.equal), name


def test_rows_are_the_causes(tree):
    """With the stage and the class that the program gives the cause."""
    source = (tree / "collectors/meaning/drop_cause.c").read_text()
    for name, told in truth.TRUTHS.items():
        for row in told.rows:
            for cause in () if row.is_counters else row.causes:
                line = next(line for line in source.splitlines() if f'"{cause}"' in line)
                assert row.labels(cause, "")["stage"].upper() in line and row.loss_class.upper() in line, name


def test_the_page_is_the_truth(request):
    lines = list(truth.table(RECIPES))
    prose, _, _ = PAGE.read_text().partition(lines[0])
    whole = prose + "\n".join(lines) + "\n"
    if request.config.getoption("--update-golden"):
        PAGE.write_text(whole)
    assert PAGE.read_text() == whole


@pytest.mark.usefixtures("bpf_possible")
def test_a_full_accept_queue(netns, exporter):
    """What no place sees, and the ledger has by its counter: a row of its own cause."""
    chosen, a, b = seeded(), netns(), netns()
    wire = losses.Wire(a, b, chosen)
    process = exporter(*ALL_KINDS, netns=b)
    told(process)
    before = settled(process).value(LISTEN_DROPS)
    refused = losses.accept_queue_full(wire, chosen.randrange(5, 40))
    found = told(process)
    dropped = settled(process).value(LISTEN_DROPS) - before
    assert dropped == refused
    row = ("", "tcp_listen_drop", "capacity")
    assert {key for key in found if key[1] in ("tcp_listen_drop", "unexplained")} <= {row}
    assert_told(found.get(row, 0), dropped, found.get(EVENTS_LOST, 0))


def datagram6(wire, destination):
    """A frame with a datagram of IPv6."""
    addresses = socket.inet_pton(socket.AF_INET6, "fd77::1") + socket.inet_pton(socket.AF_INET6, destination)
    ports = struct.pack("!HHH", wire.port, wire.port, 8)
    right = losses.checksum(addresses + struct.pack("!II", 8, socket.IPPROTO_UDP) + ports + bytes(2))
    header = struct.pack("!IHBB", 6 << 28, 8, socket.IPPROTO_UDP, 64)
    return wire.frame(header + addresses + ports + struct.pack("!H", right), ethertype=0x86DD)


@pytest.mark.usefixtures("bpf_possible")
def test_what_ipsec_refuses_of_ipv6(netns, exporter):
    """Its places give no reason, or that of another cause, and counters move that others explain: each packet is one row."""
    chosen, a, b = seeded(), netns(), netns()
    wire = losses.Wire(a, b, chosen)
    b.sysctl("net.ipv6.conf.all.forwarding", 1)
    b.batch([f"address add fd77::2/64 dev {wire.b_device} nodad", f"route add fd77:1::/64 dev {wire.b_device}"])
    b.batch([f"xfrm policy add src ::/0 dst ::/0 proto udp dir {way} action block" for way in ("in", "fwd")])
    process = exporter(*ALL_KINDS, netns=b)
    told(process)
    sent = {destination: chosen.randrange(100, 500) for destination in ("fd77::2", "fd77:1::2")}
    with wire.raw() as sender:
        for destination, count in sent.items():
            for _ in range(count):
                sender.send(datagram6(wire, destination))
    lost, refused = told(process), told(process, "netdrop_refused_packets_total")
    assert not [key for key in lost if key[1] == "unexplained"]
    uncounted = lost.get(EVENTS_LOST, 0)
    assert_told(lost[wire.b_device, "udp_nobody_listens", "error"], sent["fd77::2"], uncounted)
    assert_told(refused[wire.b_device, "ipsec_policy", "policy"], sent["fd77:1::2"], uncounted)
