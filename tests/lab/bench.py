"""The bench of the fault lab: two namespaces with a wire between them, and the exporters that watch. Both
scripts/lab and the integration tests run the recipes on it."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import daemon
import lab

EVERYTHING = (
    "--set=devices.exclude_kinds=",
    "--no-collector.process",
    *(
        f"--set=collectors.{name}.interval=100ms"
        for name in ("link", "ethtool", "snmp", "softnet", "conntrack", "qdisc", "sockets")
    ),
)
DROP_SITES = "--set=collectors.drop_monitor.interval=100ms"

# drop_monitor in summary mode tells after a second (net/core/drop_monitor.c, trace_drop_common()), and packet
# mode queues: so long after the last drop everything is told.
SETTLE = {"bpf": 0, "summary": 1.5, "packet": 1}


@dataclass
class Watcher:
    """One exporter: `where` it runs (a and b: inside the namespaces; host: outside), and its drop source."""

    where: str
    source: str | None
    process: daemon.Exporter

    def fresh(self):
        """A page of which everything was collected after this call, and after what is on its way has arrived."""
        time.sleep(0.1)
        begin = time.time()

        def page():
            found = self.process.metrics()
            duration = {s.labels["collector"]: s.value for s in found["netdrop_collector_duration_seconds"]}
            stamps = found.series("netdrop_collector_last_success_timestamp_seconds")
            late = [s for s in stamps if s.value - duration[s.labels["collector"]] <= begin]
            return found if stamps and not late else None

        return daemon.eventually(page, f"a collection of everything by the exporter in {self.where}")


def why_not(binary, source):
    """Why the exporter cannot count drop sites by this source here; "" where it can."""
    said = subprocess.run(
        [binary, "--list-collectors", f"--set=collectors.drop_monitor.source={source}"],
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
        flags = [self.binary, "--web.listen-address=127.0.0.1:0", *flags]
        if source:
            flags += [DROP_SITES, "--collector.drop_monitor", f"--set=collectors.drop_monitor.source={source}"]
        log = self.directory / f"{where}-{len(self.running)}"
        process = daemon.Exporter(flags, log, netns)
        self.running.append(process)
        return Watcher(where, source, process)

    def start_host(self, source):
        """One that watches drop sites alone, outside of all namespaces that we make."""
        watcher = self.start("host", None, source, "--collector.disable-defaults")
        self.wait([watcher])
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
        self.before = [watcher.fresh() for watcher in self.watchers]
        yield
        time.sleep(max(SETTLE.get(watcher.source, 0) for watcher in self.watchers))
        self.after = [watcher.fresh() for watcher in self.watchers]

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
