# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the exporters' numbers did during a recipe with what it expects: a list of lines, each of which
agrees or does not."""

import os
from contextlib import closing
from dataclasses import dataclass

import traffic
from bench import Bench

# What moves when nothing is lost. The exporters' own scrapes, by lo, are in these too.
TRAFFIC = {
    *(f"tcp_{name}" for name in ("active_opens", "passive_opens", "in_segs", "out_segs")),
    *(f"{udp}_{way}_datagrams" for udp in ("udp", "udplite") for way in ("in", "out")),
    *(f"ip_{name}" for name in ("in_receives", "in_delivers", "out_requests")),
    *(f"icmp_{name}" for name in ("in_msgs", "out_msgs", "in_type", "out_type")),
    *(f"link_{way}_{what}" for way in ("receive", "transmit") for what in ("packets", "bytes")),
    *(f"qdisc_{what}" for what in ("packets", "bytes", "overlimits", "requeues")),
}
# A scrape on a slow machine takes longer than TCP's patience.
if "NETDROP_VM" in os.environ:
    TRAFFIC |= {"tcp_retrans_segs"}
    TRAFFIC |= {f"tcpext_tcp_{name}" for name in ("timeouts", "loss_probes", "lost_retransmit", "timeout_rehash")}
# What is counted for all namespaces together, and so may move by what others on this machine do.
HOST_WIDE = {f"softnet_{name}" for name in ("processed", "dropped", "times_squeezed", "flow_limit")}
# The exporter's own, and the drop sites, which are compared in their own way.
OTHER = ("collector_", "config_", "exporter_", "limit_", "kernel_drop")


# What says of a fault how bad it is now.
GAUGES = ("listen_queue_length",)


@dataclass(frozen=True)
class Line:
    where: str
    metric: str
    moved: int
    expected: object  # a count, a range, or a word
    agrees: bool


def key(where, sample):
    """ "b link_receive_dropped b0", as recipes write it."""
    family = sample.name.removeprefix("netdrop_").removesuffix("_total")
    labels = {**sample.labels, "ip_version": sample.labels.get("ip_version", "").replace("4", "")}
    # A device may have several queueing disciplines; to add up parent and child would double what is lost.
    kind = ("kind",) if family.startswith("qdisc_") else ()
    words = (labels.pop(name, "") for name in ("ip_version", "device", *kind))
    return " ".join(word for word in (where, family, *words) if word)


def full_name(name):
    """ "netdrop_link_receive_dropped_total b0": what to look for on the page."""
    _, family, *labels = name.split()
    return " ".join((f"netdrop_{family}{'' if family in GAUGES else '_total'}", *labels))


def counters(watcher, page):
    """Of everything but drop sites: {key: value}."""
    found = {}
    for name, samples in page.items():
        family = name.removeprefix("netdrop_")
        counts = page.families[name].type == "counter" or family in GAUGES
        if name != family and counts and not family.startswith(OTHER):
            for sample in samples:
                found[key(watcher.where, sample)] = found.get(key(watcher.where, sample), 0) + sample.value
    return found


def fits(moved, expected):
    return moved in expected if isinstance(expected, range) else moved == expected


def compare_counters(bench, expected):
    before, after = {}, {}
    for watcher, first, last in zip(bench.watchers, bench.before, bench.after):
        if watcher.where != "host":
            before |= counters(watcher, first)
            after |= counters(watcher, last)
    moved = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    for terms, count in expected.moves.items():
        names = terms.split(" + ")
        missing = [name for name in names if name not in after]
        total = sum(moved.pop(name, 0) for name in names)
        shown = " + ".join(full_name(name) for name in names)
        if missing:
            yield Line(names[0][0], shown, total, f"{count}, but there is no {missing[0]}", False)
        else:
            yield Line(names[0][0], shown, total, count, fits(total, count))
    for name, count in moved.items():
        if name.split()[1] not in TRAFFIC | HOST_WIDE:
            yield Line(name[0], full_name(name), count, "may" if name in expected.may else 0, name in expected.may)


DROPS = "netdrop_kernel_drops_total"


def drops(first, last):
    """What was counted at each site: [(labels, count)]."""
    before = {tuple(s.labels.items()): s.value for s in first.get(DROPS, ())}
    moved = [(s.labels, s.value - before.get(tuple(s.labels.items()), 0)) for s in last.get(DROPS, ())]
    return [(labels, count) for labels, count in moved if count]


def site_name(labels):
    return " ".join(labels[name] for name in ("function", "reason", "device") if labels.get(name))


def take(rows, wanted):
    """Removes the rows that are wanted, and returns how many drops they have, and what they are called."""
    taken = [row for row in rows if wanted(row[0])]
    for row in taken:
        rows.remove(row)
    return sum(count for _, count in taken), ", ".join(sorted({site_name(labels) for labels, _ in taken}))


def compare_inside(watcher, rows, expected):
    """By an exporter inside a namespace: each site with its device, and no drop of this namespace besides."""
    for site in expected.sites:
        if site.where != watcher.where:
            continue

        def wanted(labels, site=site):
            return (
                labels["function"] in site.functions
                and labels["reason"] in site.reasons
                and labels["class"] in site.classes
                and labels["device"] == (site.device or "")
                # A packet without device may still have a socket, and its namespace.
                and labels["netns"] in (("self",) if site.device else ("self", ""))
            )

        count, name = take(rows, wanted)
        yield Line(
            watcher.where,
            name or f"{'|'.join(site.functions)} {'|'.join(site.reasons)} {site.device or ''}",
            count,
            site.count,
            fits(count, site.count),
        )
    for labels, count in rows:
        # Without a namespace or in another one: somebody else's. Benign, and on lo: what the end of a scrape leaves
        # unread in its closed socket, or sends to one that is closed already.
        ours = labels["netns"] == "self" and labels["class"] != "benign" and labels["device"] != "lo"
        if ours and (expected.sites or expected.total is None):
            yield Line(watcher.where, site_name(labels), count, 0, False)


def add(one, other):
    """Counts, or ranges of them."""
    if isinstance(one, range) or isinstance(other, range):
        one, other = (each if isinstance(each, range) else range(each, each + 1) for each in (one, other))
        return range(one[0] + other[0], one[-1] + other[-1] + 1)
    return one + other


def untold(first, last):
    """How many drops drop_monitor may have failed to tell of, as it says itself."""

    def moved(name, cause):
        return last.value(name, cause=cause) - first.value(name, cause=cause)

    if moved("netdrop_kernel_drop_overflows_total", "socket"):
        return 1 << 32  # nobody knows
    return moved("netdrop_kernel_drop_events_lost_total", "queue")


def site_told(site, source):
    """How many of its drops a source tells of."""
    if source != "packet" or site.mac_header:
        return site.count
    if site.mac_header is None:
        return range(0, (site.count[-1] if isinstance(site.count, range) else site.count) + 1)
    return 0


def compare_host(watcher, rows, expected, lost):
    """From outside, where every namespace's drops come together: each site by what the source can tell. `lost` are
    drops that it says are missing."""
    groups = {}
    namespaces = ("other", "") if watcher.source == "bpf" else ("",)
    for site in expected.sites:
        reasons = ("",) if watcher.source == "summary" else site.reasons
        # Without reason or circumstances a class may be another.
        classes = frozenset(site.classes) if watcher.source == "bpf" else None
        name = (site.functions, reasons, classes)
        groups[name] = add(groups.get(name, 0), site_told(site, watcher.source))
    for (functions, reasons, classes), count in groups.items():

        def wanted(labels, functions=functions, reasons=reasons, classes=classes):
            return (
                labels["function"] in functions
                and labels["reason"] in reasons
                and labels["netns"] in namespaces  # every namespace of the bench is another one to the host
                and (classes is None or labels["class"] in classes)
            )

        moved, name = take(rows, wanted)
        if watcher.source == "summary" and "tcp_v4_rcv" in functions:
            count = add(count, range(20))  # late segments of the scrapes, which this mode cannot tell apart
        if lost and count:
            count = add(count, range(-lost, 1))
        yield Line(watcher.source, name or f"{'|'.join(functions)} {'|'.join(reasons)}", moved, count, fits(moved, count))


def compare_sites(bench, expected):
    total = 0
    for watcher, first, last in zip(bench.watchers, bench.before, bench.after):
        rows = drops(first, last)
        if watcher.where == "host":
            yield from compare_host(watcher, rows, expected, untold(first, last))
        elif watcher.source:
            total += sum(count for labels, count in rows if labels["device"] in ("a0", "b0"))
            yield from compare_inside(watcher, rows, expected)
    if expected.total is not None and bench.inside[0].source:
        yield Line("a+b", "drops on a0 and b0, at any site", total, expected.total, total == expected.total)


def judge(recipe, watchers, inside, host):
    """Runs a recipe on a bench of its own: (what it expects, the lines of the comparison)."""
    print("seed", traffic.draw_anew())
    with closing(Bench(watchers, inside, host)) as bench:
        expected = recipe.run(bench)
        return expected, [*compare_counters(bench, expected), *compare_sites(bench, expected)]
