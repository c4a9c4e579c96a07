# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger against what was sent and what arrived: several ways to lose packets at the same time, drawn at random."""

import pytest

import exposition
import losses
from daemon import eventually, health, seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_counted

pytestmark = pytest.mark.usefixtures("bpf_possible")


def rows(page, family):
    """(device, cause, class) -> count of the rows that tell of something."""
    found = {}
    for sample in page.get(family, []):
        if sample.value:
            key = tuple(sample.labels.get(name, "policy") for name in ("device", "cause", "class"))
            found[key] = found.get(key, 0) + sample.value
    return found


class Watchers:
    """An exporter on each side, and what its ledger says of devices that are the test's."""

    def __init__(self, exporter, a, b):
        self.processes = {"a": exporter(*ALL_KINDS, netns=a), "b": exporter(*ALL_KINDS, netns=b)}

    def read(self):
        """After two rounds at least, so that what is unexplained is told: side -> (lost, refused)."""
        for _ in range(4):
            pages = settled(*self.processes.values())
        return {
            side: (rows(page, "netdrop_lost_packets_total"), rows(page, "netdrop_refused_packets_total"))
            for side, page in zip(self.processes, pages, strict=True)
        }


def stamps(body):
    """When those were complete that count, and those that say why."""
    found = health(body)[0]
    return found["link"], found["drop_monitor"]


def settled(*processes):
    """A page of each, of a round of its own of both."""

    def page(process, before):
        body = process.text()
        return body if all(now > old for now, old in zip(stamps(body), before, strict=True)) else None

    before = [stamps(process.text()) for process in processes]
    bodies = [
        eventually(lambda process=process, old=old: page(process, old), "another round", step=0.1)
        for process, old in zip(processes, before, strict=True)
    ]
    pages = [exposition.check_text(body) for body in bodies]
    return pages if len(pages) > 1 else pages[0]


# Of an skb of losses.udp_closed_segmented: one that is not counted is so many packets.
MOST_SEGMENTS = 30
# How many packets each of the ways loses; the long ones run with --all.
SHORT, LONG = 10_000, 100_000
MIXTURES = [
    *(pytest.param(SHORT, id=str(number)) for number in range(10)),
    *(pytest.param(LONG, id=f"long-{number}", marks=pytest.mark.slow) for number in range(100)),
]


@pytest.mark.flood
@pytest.mark.parametrize("packets", MIXTURES)
def test_a_mixture(netns, exporter, packets):
    chosen = seeded()
    a, b = netns(), netns()
    for namespace in (a, b):
        namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    watchers = Watchers(exporter, a, b)
    mixture = losses.mixture(a, b, chosen, chosen.randrange(3, 7))
    watchers.read()  # devices are known that are there
    losses.send_all(mixture, chosen, packets)
    told = watchers.read()
    wanted = {"a": ({}, {}), "b": ({}, {})}
    for loss in mixture:
        if loss.cause:
            wanted[loss.side][loss.loss_class == "policy"][loss.device, loss.cause, loss.loss_class] = loss.lost
    for side, (lost, refused) in told.items():
        own = {device for loss in mixture for device in (loss.device,)}
        uncounted = MOST_SEGMENTS * lost.get(EVENTS_LOST, 0)
        for found, made in zip((lost, refused), wanted[side], strict=True):
            assert_counted({key: count for key, count in found.items() if key[0] in own}, made, uncounted)
        assert not [key for key in lost if key[1] == "unexplained"]
