# SPDX-License-Identifier: GPL-2.0-or-later
"""What counting drops costs: the same flood of dropped packets with nobody watching and with a watcher, in turns.

The packets come from one namespace over veth into another, where an nftables rule drops them; the rows are the
sources of the daemon and, where the kernel has drop_monitor, dropwatch."""

import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from bench import why_not
from daemon import Exporter
from dropwatch import Dropwatch, turn_off
from lab import Namespace, Veth
from measure import cpu_ns, keep, memory_kib, mib, ms, table
from recipes import nft
from tenants import Tenants

PORT = 9999  # refused on its way in
OUTPUT, FULL = 9998, 9997  # refused on its way out; a socket whose buffer is full
CASES = {"refused on the way in": PORT, "a full UDP socket": FULL, "refused on the way out": OUTPUT}
SITES = ("nft_do_chain", "nf_hook_slow")  # where the rule drops: which of them, the compiler decided
WORKLOADS = (10, 1000)
SETTLED = 4  # seconds after which everything is told, read and named
STATISTICS = Path("/proc/sys/kernel/bpf_stats_enabled")


class Flood:
    """`send` drops so many packets, and says what each took: (wall clock, CPU) nanoseconds."""

    def __init__(self, build, keep_open):
        namespaces = [keep_open.enter_context(closing(Namespace())) for _ in range(2)]
        self.veth = Veth(*namespaces)
        nft(self.veth.b, "type filter hook input priority 0;", f"udp dport {PORT} drop")
        nft(self.veth.a, "type filter hook output priority 0;", f"udp dport {OUTPUT} drop")
        receiver = keep_open.enter_context(self.veth.b.socket(kind=socket.SOCK_DGRAM))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        receiver.bind((self.veth.ADDRESS["b0"], FULL))
        self.program = str(build / "tests/bench/flood")

    def send(self, packets, port=PORT):
        # On one CPU: a flood that moves from one to another measures that.
        command = ["taskset", "-c", "1", self.program, str(packets), self.veth.ADDRESS["b0"], str(port)]
        return tuple(float(word) for word in self.veth.a.run(command, timeout=600).split())


class Ours:
    """The daemon with drop sites alone, or with nothing at all."""

    def __init__(self, arguments, directory, source, *flags):
        self.name = " ".join([f"netdrop-exporter, {source}" if source else "netdrop-exporter without collectors", *flags])
        self.source = source
        self.log = directory / "exporter"
        self.command = [
            str(arguments.build / "netdrop-exporter"),
            "--web.listen-address=127.0.0.1:0",
            "--collector.disable-defaults",
        ]
        if source:
            self.command += ["--collector.drop_monitor", f"--set=collectors.drop_monitor.source={source}"]
        self.command += flags

    @contextmanager
    def watching(self):
        self.exporter = Exporter(self.command, self.log)
        with closing(self.exporter):
            self.exporter.wait_ready()
            self.pid = self.exporter.pid
            yield

    def counted(self):
        rows = self.exporter.metrics().series("netdrop_kernel_drops_total")
        return sum(row.value for row in rows if row.labels["function"] in SITES)


class Theirs:
    """dropwatch in one of its modes."""

    def __init__(self, directory, mode):
        self.name = f"dropwatch, {mode}"
        self.mode = mode
        self.directory = directory

    @contextmanager
    def watching(self):
        self.dropwatch = Dropwatch(self.directory / "dropwatch")
        try:
            self.dropwatch.start(self.mode)
            self.pid = self.dropwatch.process.pid
            yield
        finally:
            self.dropwatch.close()
            turn_off(self.directory / "off")

    def counted(self):
        # All: in summary mode it gives the functions of modules the names of others.
        return self.dropwatch.counted()


class Floor:
    """A BPF program that does nothing."""

    name = "an empty BPF program"

    def __init__(self, arguments):
        self.command = [str(arguments.build / "tests/bench/floor_bpf")]

    @contextmanager
    def watching(self):
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            self.pid = process.pid
            yield  # the end of its standard input, when the block is left, ends it

    def counted(self):
        return 0


def in_turns(arguments, flood, watcher):
    """The flood without and with the watcher, alternately: what a packet takes."""
    runs = []
    flood.send(arguments.packets)
    for _ in range(arguments.rounds):
        without = flood.send(arguments.packets)
        with watcher.watching():
            during = flood.send(arguments.packets)
        runs.append({"without_ns": without, "with_ns": during})
    return runs


def program_statistics(pid):
    """(nanoseconds, runs) of the BPF program that a process holds, or None."""
    for info in Path(f"/proc/{pid}/fdinfo").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile: a connection
            found = re.search(r"^run_time_ns:\s*(\d+)\nrun_cnt:\s*(\d+)", info.read_text(), re.MULTILINE)
            if found:
                return int(found[1]), int(found[2])
    return None


def inside_program(arguments, flood, watcher):
    """Nanoseconds of the BPF program for a drop of each case, as the kernel says: the least of some runs, as whatever
    disturbs them adds to it. Apart from the others: keeping these statistics costs, too."""
    before = STATISTICS.read_text()
    try:
        STATISTICS.write_text("1")
        with watcher.watching():
            if not program_statistics(watcher.pid):
                return None
            return {case: min(in_one_run(arguments, flood, watcher, port) for _ in range(5)) for case, port in CASES.items()}
    finally:
        STATISTICS.write_text(before)


def in_one_run(arguments, flood, watcher, port):
    begin = program_statistics(watcher.pid)
    flood.send(arguments.packets // 5, port)
    end = program_statistics(watcher.pid)
    return (end[0] - begin[0]) / (end[1] - begin[1])


def alone(arguments, flood, watcher):
    """What it counts of a flood, what it needs for that itself, its memory once the sites have names, and its CPU
    time while nothing is dropped."""
    with watcher.watching():
        time.sleep(1)  # it has started
        resident, begin = memory_kib(watcher.pid)[0], cpu_ns(watcher.pid)
        flood.send(arguments.packets)
        time.sleep(SETTLED)
        own, counted = cpu_ns(watcher.pid) - begin, watcher.counted()
        begin, began = cpu_ns(watcher.pid), time.monotonic()
        time.sleep(arguments.idle)
        idle = (cpu_ns(watcher.pid) - begin) / (time.monotonic() - began)
        return {
            "counted": counted,
            "own_cpu_ns": own,
            "rss_before_kib": resident,
            "rss_kib": memory_kib(watcher.pid)[0],
            "idle_ns_per_second": idle,
        }


def measure(arguments, flood, watcher):
    print(f"measuring {watcher.name}", file=sys.stderr, flush=True)
    return {
        "watcher": watcher.name,
        "packets": arguments.packets,
        **alone(arguments, flood, watcher),
        "program_ns": inside_program(arguments, flood, watcher),
        "runs": in_turns(arguments, flood, watcher),
    }


def cells(result):
    # Each run beside the one before it, so that what the machine does otherwise is in both; by CPU time, because the
    # flood does nothing but burn it, and the wall clock counts the other processes of the machine.
    runs = result["runs"]
    ratio = statistics.median(run["with_ns"][1] / run["without_ns"][1] for run in runs)
    added = statistics.median(run["with_ns"][1] - run["without_ns"][1] for run in runs)
    return [
        f"{statistics.median(run['without_ns'][1] for run in runs):.0f}",
        f"{added:+.0f}",
        f"{1 / ratio:.3f}",
        f"{100 * result['counted'] / result['packets']:.1f}",
        ms(result["own_cpu_ns"]),
        ms(result["idle_ns_per_second"]),
        mib(result["rss_before_kib"]),
        mib(result["rss_kib"]),
    ]


def workloads(arguments):
    """[(how many workloads, [milliseconds of CPU of a collection at rest, while all of them lose])]."""
    rows = []
    for count in WORKLOADS:
        with ExitStack() as until_then:
            tenants = Tenants(count, until_then.enter_context(closing(Namespace())), until_then)
            took = [tenants.collect(arguments.build, 30, losing=losing)[0] for losing in (False, True)]
        rows.append((str(count), [ms(int(ns)) for ns in took]))
    return rows


HEAD = [
    "a dropped packet, ns",
    "with it, ns",
    "throughput, with : without",
    "counted, %",
    "its own CPU for them, ms",
    "idle, ms a second",
    "RSS at start, MiB",
    "RSS afterwards, MiB",
]


def watchers(arguments, directory):
    """All that can run here."""
    possible = []
    for source in ("bpf", "summary", "packet"):
        reason = why_not(str(arguments.build / "netdrop-exporter"), source)
        if reason:
            print(f"not measured: {source}: {reason}", flush=True)
        else:
            possible.append(source)
    yield Ours(arguments, directory, None)
    if "bpf" in possible:
        yield Floor(arguments)
        yield Ours(arguments, directory, "bpf", "--set=collectors.drop_monitor.workloads=false")
        yield Ours(arguments, directory, "bpf", "--set=collectors.drop_monitor.record=off")
    yield from (Ours(arguments, directory, source) for source in possible)
    yield from (Theirs(directory, mode) for mode in possible if mode != "bpf")


def run(arguments):
    with ExitStack() as keep_open:
        directory = Path(keep_open.enter_context(tempfile.TemporaryDirectory(prefix="netdrop-bench-")))
        flood = Flood(arguments.build, keep_open)
        results = [measure(arguments, flood, watcher) for watcher in watchers(arguments, directory)]
        if not why_not(str(arguments.build / "netdrop-exporter"), "bpf"):
            table("a collection of drop sites, ms, by workloads", ["at rest", "while each loses"], workloads(arguments))
    programs = [(result["watcher"], result["program_ns"]) for result in results if result["program_ns"]]
    inside = [(name, [f"{ns:.0f}" for ns in cases.values()]) for name, cases in programs]
    table("nanoseconds of the BPF program for a drop", CASES, inside)
    table(f"{arguments.packets} packets dropped", HEAD, [(result["watcher"], cells(result)) for result in results])
    keep(arguments.json, results)


def options(parser):
    parser.add_argument("--packets", type=int, default=300_000, help="in each run of the flood")
    parser.add_argument("--rounds", type=int, default=9, help="of a run without and a run with each watcher")
    parser.add_argument("--idle", type=float, default=10, help="seconds of looking at an idle watcher")
