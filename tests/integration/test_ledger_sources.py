# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mixture of losses comes to in the ledger is the same whichever source of it is off: the sites that explain, the
counters that are explained, and those that tell the same more closely."""

import pytest

import losses
from daemon import eventually, health, seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_counted
from test_ledger_mixtures import rows

pytestmark = [pytest.mark.usefixtures("bpf_possible"), pytest.mark.flood]

SITES = "drop_monitor"
SOURCES = ("", SITES, "link", "ethtool", "snmp", "softnet", "qdisc", "sockets", "conntrack")
# Each is in a counter, too, so that it is known without sites.
WAYS = (losses.udp_closed, losses.udp_buffer, losses.header_checksum, losses.unknown_protocol, losses.no_route,
        losses.unreachable_source, losses.queue_full)  # fmt: skip
PACKETS = 3000


def another_round(process):
    """A page for which each collector has collected again."""

    def stamps():
        return health(process.text())[0]

    before = stamps()
    eventually(lambda: all(stamp > before[name] for name, stamp in stamps().items()), "another round", step=0.1)
    return process.metrics()


class Side:
    """One that loses, and its exporter, of whose sources one is off."""

    def __init__(self, exporter, namespace, off):
        self.off = off
        self.process = exporter(*ALL_KINDS, *([f"--no-collector.{off}"] if off else []), netns=namespace)

    def total(self, devices):
        """Of what this side lost; `uncounted` is what it says that it missed. With sites what has no device may be others', but what counters alone tell of."""
        page = another_round(self.process)
        both = [rows(page, f"netdrop_{what}_packets_total") for what in ("lost", "refused")]
        self.uncounted = both[0].get(EVENTS_LOST, 0)
        own = {*devices, ""} if self.off == SITES else devices
        return sum(count for found in both for key, count in found.items() if key[0] in own or key[1] == "unexplained")


@pytest.mark.parametrize("off", SOURCES, ids=lambda name: name or "none")
def test_the_total_is_the_same(netns, exporter, off):
    chosen = seeded()
    a, b = netns(), netns()
    for namespace in (a, b):
        namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    mixture = [way(losses.Wire(a, b, chosen)) for way in WAYS]
    sides = {"a": Side(exporter, a, off), "b": Side(exporter, b, off)}
    devices = {side: {loss.device for loss in mixture if loss.side == side} for side in sides}
    for _ in range(3):
        before = {side: one.total(devices[side]) for side, one in sides.items()}
    losses.send_all(mixture, chosen, PACKETS)
    for _ in range(5):
        told = {side: one.total(devices[side]) - before[side] for side, one in sides.items()}
    # By now what the slow queue held has arrived.
    wanted = {side: sum(loss.lost for loss in mixture if loss.side == side) for side in sides}
    assert all(count > PACKETS // 2 for count in wanted.values())
    assert_counted(told, wanted, sum(one.uncounted for one in sides.values()))


def test_without_any_it_is_less(netns, exporter):
    """The control: what only the sites know is missing where they are off."""
    chosen = seeded()
    a, b = netns(), netns()
    loss = losses.rule(losses.Wire(a, b, chosen))
    side = Side(exporter, b, SITES)
    for _ in range(3):
        before = side.total({loss.device})
    loss.run(PACKETS)
    for _ in range(4):
        told = side.total({loss.device}) - before
    assert told == 0 and loss.lost == PACKETS
