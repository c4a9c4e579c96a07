# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what the exporters' numbers did during a recipe with what it expects: a list of lines, each of which
agrees or does not."""

import re
import shutil
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace

import traffic
from bench import INTERVAL_MS, Bench, another_round, kernel
from daemon import EMULATED, PATIENCE, eventually
from told import AMBER, GREEN, NO_COMMAND, NOT_TYPED, PREPARED, TOLD
from truth import TRUTHS

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
if EMULATED:
    TRAFFIC |= {"tcp_retrans_segs"}
    late = ("timeouts", "loss_probes", "lost_retransmit", "slow_start_retrans", "timeout_rehash")
    TRAFFIC |= {f"tcpext_tcp_{name}" for name in late}
# What is counted for all namespaces together, and so may move by what others on this machine do.
HOST_WIDE = {f"softnet_{name}" for name in ("processed", "dropped", "times_squeezed", "flow_limit")}
# The exporter's own, and the drop sites, which are compared in their own way; whose packets these were is of the whole
# host, and test_workloads.py's.
OTHER = (
    "collector_",
    "config_",
    "exporter_",
    "limit_",
    "kernel_drop",
    "workload_",
    "udp_receive_buffer_drops",
    "lost_packets",
    "refused_packets",
)


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
        whole = page.families.get(name)  # a histogram's rows have other names
        counts = whole and (whole.type == "counter" or family in GAUGES)
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
    bench.moved = dict(moved)
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
# Where TCP drops what comes too late, or a second time.
LATE = {"tcp_v4_rcv", "tcp_data_queue"}


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


def less(count, lost):
    """A count, or a range of them, where so many may be missing."""
    return add(count, range(-lost, 1)) if lost else count


def seen(count, unseen):
    """Of a count, or a range, what BPF has seen where so many drops of the whole host were `unseen`: those of a few tasks of
    the sandbox itself. That more of ours are missing is no matter of theirs."""
    return less(count, few_of(count, unseen))


def few_of(count, unseen):
    most = count[-1] if isinstance(count, range) else count
    return min(unseen, FEW_UNSEEN + most // 50)


# As many may be missing of the smallest counts.
FEW_UNSEEN = 5


def compare_inside(watcher, rows, expected, unseen):
    """By an exporter inside a namespace: each site with its device, and no drop of this namespace besides."""
    for site in expected.sites:
        if site.where != watcher.where:
            continue

        # A packet without device may still have a socket, and its namespace. What has none may be others', who close sockets,
        # too, where the machine is not ours alone.
        def wanted(labels, site=site, namespaces=("self",) if site.device else ("self", "")):
            return (
                labels["function"] in site.functions
                and labels["reason"] in site.reasons
                and labels["class"] in site.classes
                and labels["device"] == (site.device or "")
                and labels["netns"] in namespaces
            )

        nobodys = sum(count for labels, count in rows if wanted(labels, namespaces=("",)))
        count, name = take(rows, wanted)
        expected_count = add(seen(site.count, unseen), range(1 + (0 if EMULATED else nobodys)))
        yield Line(
            watcher.where,
            name or f"{'|'.join(site.functions)} {'|'.join(site.reasons)} {site.device or ''}",
            count,
            expected_count,
            fits(count, expected_count),
        )
    for labels, count in rows:
        # Without a namespace or in another one: somebody else's. Benign, and on lo: what the end of a scrape leaves
        # unread in its closed socket, or sends to one that is closed already.
        ours = labels["netns"] == "self" and labels["class"] not in ("benign", "copy") and labels["device"] != "lo"
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


def is_counted(bench, site):
    """Whether the exporter in its namespace has counted any of it."""
    for watcher, first, last in zip(bench.watchers, bench.before, bench.after):
        if watcher.where == site.where:
            return any(labels["function"] in site.functions and labels["netns"] == "self" for labels, _ in drops(first, last))
    return False


def without_unseen(bench, expected):
    """BPF sees what one softirq drops, or none of it if that interrupts one of those tasks: then it is expected nowhere."""
    for site in expected.sites:
        if site.at_once and bench.unseen >= site.count[0] and not is_counted(bench, site):
            missing = range(-site.count[-1], 1 - site.count[0])
            sites = [other for other in expected.sites if other is not site]
            total, lost = add(expected.total, missing), add(expected.lost, missing)
            expected = replace(expected, sites=sites, total=total, lost=lost)
    return expected


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
        if watcher.source == "summary" and LATE & set(functions):
            count = add(count, range(20))  # late segments of the scrapes, which this mode cannot tell apart
        if count:
            count = seen(count, lost) if watcher.source == "bpf" else less(count, lost)
        yield Line(watcher.source, name or f"{'|'.join(functions)} {'|'.join(reasons)}", moved, count, fits(moved, count))


def compare_sites(bench, expected):
    total = 0
    for watcher, first, last in zip(bench.watchers, bench.before, bench.after):
        rows = drops(first, last)
        if watcher.where == "host":
            lost = bench.unseen if watcher.source == "bpf" else untold(first, last)
            yield from compare_host(watcher, rows, expected, lost)
        elif watcher.source:
            total += sum(count for labels, count in rows if labels["device"] in ("a0", "b0"))
            yield from compare_inside(watcher, rows, expected, bench.unseen)
    if expected.total is not None and bench.inside[0].source:
        wanted = seen(expected.total, bench.unseen)
        yield Line("a+b", "drops on a0 and b0, at any site", total, wanted, fits(total, wanted))


LEDGER = ("netdrop_lost_packets_total", "netdrop_refused_packets_total")


def ledger(first, last):
    """What rows of the ledger moved by: {(family, labels): packets}."""
    moved = {}
    for family in LEDGER:
        before = {frozenset(s.labels.items()): s.value for s in first.get(family, ())}
        for sample in last.get(family, ()):
            labels = frozenset(sample.labels.items())
            if sample.value != before.get(labels, 0):
                moved[family, labels] = sample.value - before.get(labels, 0)
    return moved


def row_name(family, labels):
    labels = dict(labels)
    return " ".join((family, *(labels[name] for name in ("stage", "direction", "device", "cause", "class") if labels.get(name))))


def compare_ledger_inside(bench, watcher, moved, truth, expected):
    """Each row as the truth says, and no other of a device of this namespace, nor one that nothing explains."""
    # Where drops were not counted, it tells less of what only counters know.
    began_anew = any(dict(labels)["cause"] == "events_lost" for _, labels in moved)
    for row in truth.rows:
        if row.where != watcher.where or not (watcher.source or row.is_counters):
            continue
        wanted = seen(expected.lost, bench.unseen) if row.count == "lost" else bench.moved[row.count]
        if row.count != "lost" and began_anew:
            wanted = range(wanted + 1)
        keys = row.keys(row.device)
        count = sum(moved.pop(key, 0) for key in keys)
        # Without a device of its own it is in a row with what other namespaces lose, other tests' too.
        alone = row.device or row.is_counters
        agrees = fits(count, wanted) if alone else count >= (wanted[0] if isinstance(wanted, range) else wanted)
        yield Line(watcher.where, row_name(*keys[0]), count, wanted, agrees)
    # Without drop sites all else is there, too, unexplained.
    for key, count in moved.items() if watcher.source else ():
        labels = dict(key[1])
        ours = labels["device"] not in ("", "lo") and not truth.any_rows
        if labels["cause"] == "unexplained":
            wanted = range(few_of(expected.lost, bench.unseen) + 1)  # a counter knows what BPF has not seen
            yield Line(watcher.where, row_name(*key), count, wanted, count in wanted)
        elif ours:
            yield Line(watcher.where, row_name(*key), count, 0, False)


def compare_ledger_host(bench, watcher, moved, truth, expected):
    """From outside, where the rows of all namespaces have no device."""
    for row in truth.rows:
        if not row.is_counters:
            keys = row.keys("")
            count = sum(moved.get(key, 0) for key in keys)
            wanted = seen(expected.lost, bench.unseen)
            yield Line(watcher.source, row_name(*keys[0]), count, wanted, fits(count, wanted))


def compare_ledger(bench, recipe, expected):
    truth = TRUTHS[recipe.name]
    for watcher, first, last in zip(bench.watchers, bench.before, bench.settled):
        moved = ledger(first, last)
        if watcher.where != "host":
            yield from compare_ledger_inside(bench, watcher, moved, truth, expected)
        elif watcher.source == "bpf":
            yield from compare_ledger_host(bench, watcher, moved, truth, expected)
    if truth.segments:
        yield Line("a+b", "TCP segments sent and not received", bench.tcp_lost, expected.lost, bench.tcp_lost == expected.lost)


def title(one):
    """Of an incident as its JSON has it, without whose it is."""
    return f"{one['subject'].rpartition('.service, ')[2]}: {one['words']}"


# What has no interface may be others', who lose packets beside the lab: then nobody knows what it is a share of.
BESIDE = " and others on it"


def is_told(one, told):
    subject = f"(.*, )?({told.subject})({BESIDE})?"
    return (
        told.causes.get(one["cause"]) == one["words"]
        and one["direction"] == (told.direction or one["direction"])
        and re.fullmatch(subject, one["subject"]) is not None
    )


# Rules that refuse as much of what comes are news (daemon/incident/verdict.h).
NEWS = 0.5


def colours(bench, watcher, wanted, one):
    """Those that an incident may be told in. What rules refuse is green where nobody can know of what it is a share:
    others' is in it, or no counter of this kernel has it."""
    shares = [seen["share"] or 0 for seen in bench.told[watcher.where] if is_told(seen, wanted)]
    unknown = one["subject"].endswith(BESIDE) or kernel() < wanted.uncounted_before
    return {wanted.colour, GREEN} if wanted.colour == AMBER and unknown and max(shares) < NEWS else {wanted.colour}


def compare_told_by(bench, watcher, told, prepared):
    """Each incident in its colour, and no other of a device of this namespace that is urgent."""
    left = bench.look_at(watcher)
    for wanted in told:
        found = [one for one in left if is_told(one, wanted)]
        left = [one for one in left if one not in found]
        name = f"told {wanted.colour}: {wanted.subject}: {wanted.words}"
        yield Line(watcher.where, name, len(found), 1, len(found) == 1)
        for one in found:
            right = one["colour"] in colours(bench, watcher, wanted, one)
            yield Line(watcher.where, f"in {one['colour']}", 1, wanted.colour, right)
    for one in left:
        if one["colour"] != "green" and one["device"] and one["cause"] not in prepared:
            yield Line(watcher.where, f"told {one['colour']}: {title(one)}", 1, 0, False)


def compare_told(bench, recipe):
    if TRUTHS[recipe.name].any_rows:
        return  # nobody can know which words these are
    for watcher in bench.watchers:
        if watcher.where == "host" or not watcher.source:
            continue
        told = [one for one in TOLD[recipe.name] if one.where == watcher.where]
        lines = []

        def agree(watcher=watcher, told=told, lines=lines):
            lines[:] = compare_told_by(bench, watcher, told, PREPARED.get(recipe.name, ()))
            return all(line.agrees for line in lines)

        # Of what a loss is a share is known after a second: what was lost within a moment may have been lost within that.
        with suppress(AssertionError):
            eventually(agree, timeout=60, step=INTERVAL_MS / 1000)
        yield from lines
        for one in bench.look_at(watcher):
            if any(is_told(one, wanted) for wanted in told):
                yield from compare_commands(bench, watcher, one)


# What changes something is tried where it can be put back.
CHANGES = re.compile(r"-w\b|-G\b|\bset\b")


def compare_commands(bench, watcher, one):
    """There is a command to look with, and each does something, typed where the loss is: a shell and the program take it."""
    # That which shows the packets is the same for all, and tests/integration/test_records.py has tried it.
    texts = [command["command"] for command in one["commands"] if not command["command"].startswith("netdrop-exporter ")]
    looks = [text for text in texts if not CHANGES.search(text)]
    name = f"commands to look with: {title(one)}"
    yield Line(watcher.where, name, len(looks), NO_COMMAND.get(one["cause"], "some"), bool(looks) != (one["cause"] in NO_COMMAND))
    for text in set(texts) - set(looks):
        yield Line(watcher.where, text, 1, "a reason not to type it", any(re.fullmatch(known, text) for known in NOT_TYPED))
    namespace = {"a": bench.a, "b": bench.b}[watcher.where]
    for text in looks:
        if not shutil.which(text.split()[0]):
            yield Line(watcher.where, text, 0, "the program to be there", False)
            continue
        # One that waits for packets ends when it has waited long enough.
        result = subprocess.run(
            namespace.command(["timeout", "2", "sh", "-c", text]), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if result.returncode not in (0, 124):
            yield Line(watcher.where, f"{text}: {result.stderr.decode().strip()[:80]}", result.returncode, 0, False)


def judge(recipe, watchers, inside, host):
    """Runs a recipe on a bench of its own: (what it expects, the lines of the comparison)."""
    print("seed", traffic.draw_anew())
    with closing(Bench(watchers, inside, host)) as bench:
        expected = without_unseen(bench, recipe.run(bench))
        lines = [*compare_counters(bench, expected), *compare_sites(bench, expected)]
        of_ledger = [*compare_ledger(bench, recipe, expected)]
        # A counter is compared with sites that were read after it: where both are read as often, not in each round.
        end = time.monotonic() + PATIENCE
        while not all(line.agrees for line in of_ledger) and time.monotonic() < end:
            bench.settled = another_round(bench.watchers)
            of_ledger = [*compare_ledger(bench, recipe, expected)]
        return expected, [*lines, *of_ledger, *compare_told(bench, recipe)]
