# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench of the fault lab: two namespaces with a wire between them, and the exporters that watch. Both
scripts/lab and the integration tests run the recipes on it."""

import json
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

# In an emulated machine (tests/vm/guest says so) each collection and each look costs what ten do elsewhere.
INTERVAL_MS = 1000 if "NETDROP_VM" in os.environ else 100
WAIT = {"timeout": 120, "step": INTERVAL_MS / 4000}

EVERYTHING = (
    "--set=devices.exclude_kinds=",
    "--no-collector.process",
    *(
        f"--set=collectors.{name}.interval={INTERVAL_MS}ms"
        for name in ("link", "ethtool", "snmp", "softnet", "conntrack", "qdisc", "sockets")
    ),
)
DROP_SITES = f"--set=collectors.drop_monitor.interval={INTERVAL_MS}ms"

# When a collector's numbers were complete, and how long they took: read from the text, which a look through the
# checker would cost an emulated machine a third of a second.
HEALTH = re.compile(rb'^netdrop_collector_(duration|last_success_timestamp)_seconds\{collector="(\w+)"\} (\S+)$', re.MULTILINE)

# Where a datagram to a closed port of ::1 is dropped, and no packet of a recipe.
MARK = "__udp6_lib_rcv"


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
            duration, stamps = {}, {}
            for what, collector, value in HEALTH.findall(body):
                (duration if what == b"duration" else stamps)[collector] = float(value)
            late = [name for name, stamp in stamps.items() if stamp - duration[name] <= begin]
            return body if stamps and not late else None

        body = daemon.eventually(page, f"a collection of everything by the exporter in {self.where}", **WAIT)
        return exposition.check_text(body)

    def counted(self, function):
        return sum(row.value for row in self.process.metrics().series("netdrop_kernel_drops_total", function=function))


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


class Watchers:
    """Starts exporters, and ends them."""

    def __init__(self, binary):
        self.binary = binary
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
            self.keep = keep.pop_all()

    def close(self):
        self.keep.close()

    @contextmanager
    def measured(self):
        """What happens inside is what the numbers before and after differ by."""
        self.before = fresh(self.watchers)
        yield
        time.sleep(0.1)  # what is on its way arrives
        told(self.watchers)
        self.after = fresh(self.watchers)

    def tc_drops(self, namespace, device):
        """What the queueing disciplines of a device say they dropped: {kind: packets}."""
        shown = json.loads(namespace.run(["tc", "-s", "-j", "qdisc", "show", "dev", device]))
        return {qdisc["kind"]: qdisc["drops"] for qdisc in shown}

    def track(self, rule):
        """The exporter in b looks now and then whether connections are tracked: returns once it counts them."""
        super().track(rule)
        counts = lambda: "netdrop_conntrack_entries" in self.inside[1].process.metrics()  # noqa: E731
        daemon.eventually(counts, "the exporter in b to count connections", 90)

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
