# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench of the fault lab: two namespaces with a wire between them, and the exporters that watch. Both
scripts/lab and the integration tests run the recipes on it."""

import json
import math
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import daemon
import exposition
import lab
import lost_events

INTERVAL_MS = 1000 if daemon.EMULATED else 100
WAIT = {"timeout": 4 * daemon.PATIENCE, "step": INTERVAL_MS / 4000}

EVERYTHING = (
    "--set=devices.exclude_kinds=",
    "--no-collector.process",
    *(
        f"--set=collectors.{name}.interval={INTERVAL_MS}ms"
        for name in ("link", "ethtool", "snmp", "softnet", "conntrack", "qdisc", "sockets")
    ),
)
DROP_SITES = f"--set=collectors.drop_monitor.interval={INTERVAL_MS}ms"

# Where a datagram to a closed port of ::1 is dropped, and no packet of a recipe.
MARK = "__udp6_lib_rcv"


def kernel():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups()))


@dataclass
class Watcher:
    """One exporter: `where` it runs (a and b: inside the namespaces; host: outside), and its drop source."""

    where: str
    source: str | None
    process: daemon.Exporter

    def fresh(self, begin):
        """A page of which everything was collected after `begin`."""

        def page():
            body = self.process.get().body
            _, begun = daemon.health(body)
            return body if begun and min(begun.values()) > begin else None

        body = daemon.eventually(page, f"a collection of everything by the exporter in {self.where}", **WAIT)
        return exposition.check_text(body)

    def counted(self, function):
        """Read from the text, too: it is asked for again and again."""
        rows = rb'^netdrop_kernel_drops_total\{(?:.*,)?function="%b".*\} (\d+)$' % function.encode()
        return sum(map(int, re.findall(rows, self.process.get().body, re.MULTILINE)))


def told(watchers):
    """
    Waits until drop_monitor has told these of all drops so far. It does so a second later in summary mode, when its
    worker gets to it in packet mode, but for each processor in the order in which they happened
    (net/core/drop_monitor.c): once one more drop on each is counted, all before it are.
    """
    watchers = [watcher for watcher in watchers if watcher.source in ("summary", "packet")]
    for _ in range(10 if watchers else 0):
        before = [watcher.counted(MARK) for watcher in watchers]
        marks = drop_mark()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if all(watcher.counted(MARK) >= count + marks for watcher, count in zip(watchers, before)):
                return
            time.sleep(WAIT["step"])
        # In packet mode a flood before it may have left no room for the mark.
    assert not watchers, "drop_monitor does not tell of drops any more"


@contextmanager
def second_processor():
    """Of a machine where it may be off (tests/vm/run)."""
    switch = Path("/sys/devices/system/cpu/cpu1/online")
    usual = switch.read_text(encoding="ascii")
    switch.write_text("1", encoding="ascii")
    try:
        os.sched_setaffinity(0, {0, 1})  # what was off is in nobody's mask
        yield
    finally:
        switch.write_text(usual, encoding="ascii")


def drop_mark():
    """One drop on each processor; returns how many."""
    processors = os.sched_getaffinity(0)
    try:
        for processor in processors:
            os.sched_setaffinity(0, {processor})
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"", ("::1", 9))
    finally:
        os.sched_setaffinity(0, processors)
    return len(processors)


def fresh(watchers):
    """A page of each, with all that happened before but for what drop_monitor has not told yet."""
    time.sleep(0.1)  # what is on its way arrives
    return another_round(watchers)


def another_round(watchers):
    """A page of each, of which everything was collected from now on."""
    begin = time.time()
    time.sleep(INTERVAL_MS / 1000)  # not earlier: to read a page takes an emulated machine long
    return [watcher.fresh(begin) for watcher in watchers]


def why_not(binary, source, *runner):
    """Why the exporter, run by `runner`, cannot count drop sites by this source here; "" where it can."""
    said = subprocess.run(
        [*runner, binary, "--list-collectors", f"--set=collectors.drop_monitor.source={source}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    ).stdout.decode()
    runs = re.search(r"^drop_monitor\n(?: .*\n)*? +runs here: (.*)", said, re.MULTILINE)
    if not runs:
        return "it is not compiled in"
    return "" if runs[1].startswith("yes") else runs[1].removeprefix("no: ")


def events_lost(watcher, first, last):
    """How many drops a BPF program could not count, between two pages."""
    if watcher.source != "bpf":
        return 0
    return sum(sign * lost_events.lost(page) for sign, page in ((1, last), (-1, first)))


class Watchers:
    """Starts exporters, and ends them. `witness` is a BpfWitness, where the kernel is not known to run BPF always."""

    def __init__(self, binary, witness=None):
        self.binary = binary
        self.witness = witness
        self.directory = Path(tempfile.mkdtemp(prefix="netdrop-lab-"))
        self.running = []

    def start(self, where, netns, source, *flags):
        flags = [self.binary, *flags]
        if source:
            flags += [DROP_SITES, "--collector.drop_monitor", f"--set=collectors.drop_monitor.source={source}"]
        log = self.directory / f"{where}-{len(self.running)}"
        process = daemon.Exporter(flags, log, netns, outside=True)
        self.running.append(process)
        return Watcher(where, source, process)

    def start_host(self, source, counts=True):
        """One that watches drop sites alone, outside of all namespaces that we make. It counts when this returns,
        unless it is known that it cannot."""
        watcher = self.start("host", None, source, "--collector.disable-defaults")
        self.wait([watcher])
        # Ready is also who hangs at the first attempt, as all do on a slow machine.
        daemon.eventually(
            lambda: [row.value for row in watcher.process.metrics().series("netdrop_collector_up")] == [counts],
            f"{source} {'' if counts else 'not '}to count",
            **WAIT,
        )
        return watcher

    def wait(self, watchers):
        for watcher in watchers:
            watcher.process.wait_ready()

    def stop(self, watchers):
        for watcher in watchers:
            self.running.remove(watcher.process)
        for watcher in watchers:
            watcher.process.process.terminate()
        for watcher in watchers:
            watcher.process.close()

    def close(self):
        try:
            while self.running:
                self.running.pop().close()
        finally:
            shutil.rmtree(self.directory)


class Bench(lab.Veth):
    """The namespaces a and b, a0 (10.77.0.1) and b0 (10.77.0.2), for one recipe. What a recipe opens it gives
    to `keep`: it stays open until after the last look at the counters."""

    def __init__(self, watchers, inside="bpf", host=()):
        """`inside` is the drop source of the exporters in a and b, None for none; `host` watch already."""
        with ExitStack() as keep:
            namespaces = [lab.Namespace(), lab.Namespace()]
            for namespace in namespaces:
                keep.callback(namespace.close)
            super().__init__(*namespaces)
            self.directory = keep.enter_context(tempfile.TemporaryDirectory(prefix="netdrop-lab-"))
            self.inside = []
            keep.callback(lambda: watchers.stop(self.inside))
            drops = () if inside else ("--no-collector.drop_monitor",)
            for where, namespace in (("a", self.a), ("b", self.b)):
                self.inside.append(watchers.start(where, namespace, inside, *EVERYTHING, *drops))
            watchers.wait(self.inside)
            self.watchers = [*self.inside, *host]
            self.witness = watchers.witness
            self.told = {}  # by where: incidents, as they were told at each look
            self.keep = keep.pop_all()

    def close(self):
        self.keep.close()

    @contextmanager
    def measured(self):
        """What happens inside is what the numbers before and after differ by, which were read so many `seconds` apart, and
        in which so many drops of the whole host were `unseen`: by any BPF program, or by one, as it says itself."""
        if self.inside[0].source:
            another_round(self.inside)  # the ledger compares a device from the second on that it sees
        unseen = self.witness.unseen() if self.witness else 0
        for watcher in self.inside:
            watcher.process.get("/report")  # who is told of it has the page open
        self.before = fresh(self.watchers)
        not_arrived = self.tcp_on_its_way()
        begin = time.monotonic()
        yield
        time.sleep(0.1)  # what is on its way arrives
        self.look()
        told(self.watchers)
        self.after = fresh(self.watchers)
        self.look()
        self.seconds = math.ceil(time.monotonic() - begin)
        self.tcp_lost = self.tcp_on_its_way() - not_arrived
        # What is left unexplained counts once two rounds have seen it.
        self.settled = another_round(self.watchers) if self.inside[0].source else self.after
        self.unseen = self.witness.unseen(unseen) if self.witness else 0
        self.unseen += max(map(events_lost, self.watchers, self.before, self.settled))

    def look(self):
        """As people do who have the report open: what a loss is a share of is known while it goes on, and nobody tells of
        a share that nobody saw."""
        for watcher in self.inside:
            self.look_at(watcher)

    def look_at(self, watcher):
        """The incidents that are told. What was told is kept."""
        report = json.loads(watcher.process.get("/report?format=json").body)
        self.told.setdefault(watcher.where, []).extend(report["incidents"])
        return report["incidents"]

    def tcp_on_its_way(self):
        """Segments that TCP of a and b sent and did not receive. Those of a scrape have arrived: none goes on."""
        found = 0
        for namespace in (self.a, self.b):
            with namespace.entered():
                names, values = re.findall(r"^Tcp: (.*)$", Path("/proc/thread-self/net/snmp").read_text("ascii"), re.MULTILINE)
            segments = dict(zip(names.split(), map(int, values.split())))
            found += segments["OutSegs"] + segments["RetransSegs"] - segments["InSegs"]
        return found

    def tc_drops(self, namespace, device):
        """What the queueing disciplines of a device say they dropped: {kind: packets}."""
        shown = json.loads(namespace.run(["tc", "-s", "-j", "qdisc", "show", "dev", device]))
        return {qdisc["kind"]: qdisc["drops"] for qdisc in shown}

    def track(self, rule):
        """The exporter in b looks now and then whether connections are tracked: returns once it counts them."""
        super().track(rule)
        counts = lambda: "netdrop_conntrack_entries" in self.inside[1].process.metrics()  # noqa: E731
        daemon.eventually(counts, "the exporter in b to count connections", 60 + daemon.PATIENCE)

    def conntrack(self, counter):
        """What `conntrack -S` says of b, the sum of the CPUs."""
        shown = self.b.run("conntrack -S")
        return sum(map(int, re.findall(rf"\b{counter}=(\d+)", shown)))

    def forward(self):
        """b forwards; 10.78.0.0/24 lies behind it, on c0, and has a neighbour .5 that takes everything."""
        self.a.ip(f"route add 10.78.0.0/24 via {self.ADDRESS['b0']}")
        self.b.batch(
            [
                "link add c0 type veth peer name c1",
                "address add 10.78.0.1/24 dev c0",
                "link set c0 up",
                "link set c1 up",
                "neighbour add 10.78.0.5 lladdr 02:00:00:00:78:05 nud permanent dev c0",
            ]
        )
        self.b.sysctl("net.ipv4.ip_forward", 1)
