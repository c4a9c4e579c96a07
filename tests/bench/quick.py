# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what a collection and a scrape cost at 100 interfaces, instructions (by callgrind), allocations and system
calls, and holds them to tests/bench/record.json. No times: the counts are the same on a loaded machine. A minute. And
what share of a round's CPU time, at 1,000 interfaces, ledger and incidents take, where nobody loses packets and where
one in 16 interfaces does: of one run, the median of its rounds."""

import json
import re
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

from bench import why_not
from daemon import Exporter
from peers import Client, Scene
from tenants import Tenants

RECORD = Path(__file__).with_name("record.json")
INTERFACES = 100
WORKLOADS = 1000
WORKLOAD_RUNS = 6  # at most, under callgrind
ALLOCATION_RUNS = 30  # at most
REPEAT = 7 * 10  # tests/bench/median.c makes seven runs of so many as it is told to
SCRAPES = 20
# What the kernel adds to its answers from version to version is in it; an allocation is not, nor one system call of a
# few.
MARGIN = {"instructions": 0.1, "allocations": 0, "system_calls": 0.02}
SHARED_INTERFACES = 1000
SHARED_RUNS = 4
SHARED_ROUNDS = 40
SHARED_LOSING = {"nobody loses": 0, "one in 16 loses": 16}
# Percent of a round of all collections. An incident costs the same whoever else there is, and 32 are told at most.
SHARES = {
    "ledger, nobody loses": 3,
    "incidents, nobody loses": 2,
    "ledger, one in 16 loses": 3,
    "incidents, one in 16 loses": 3.5,
}
OF_WORKLOADS = "collection, workloads"
NODE_EXPORTER = "link under node_exporter's names"
COLLECTORS = {
    "link": ["devices.exclude_kinds="],
    NODE_EXPORTER: ["devices.exclude_kinds=", "web.node_exporter_path=/metrics/node"],
    "snmp": [],
    "ethtool": ["devices.exclude_kinds=", "collectors.ethtool.virtual_devices=true"],
}


class Counter:
    """Counts for tests/bench/collect: of a run with more, what is more than in a run with less."""

    def __init__(self, arguments, scene, collector):
        self.program = str(arguments.build / "tests/bench/collect")
        self.scene = scene
        self.collector = collector

    def run(self, tool, collections, answers=0, rounds=0):
        counts = [str(count) for count in (collections, answers, rounds)]
        command = [*tool, self.program, self.collector.split()[0], *counts, *COLLECTORS[self.collector]]
        return self.scene.inside.run(command, timeout=300)

    def counted(self, *counts):
        """(series, instructions)."""
        log = self.scene.directory / "callgrind"
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", f"--log-file={log}"]
        series = int(self.run(tool, *counts).split()[2])
        return series, int(re.search(r"Collected : (\d+)", log.read_text())[1])

    def instructions(self, *counts):
        return self.counted(*counts)[1]

    def system_calls(self, collections):
        """The least of some: now and then the kernel's answer comes in more parts, or tells of a link in between."""
        return min(self.system_calls_once(collections) for _ in range(3))

    def system_calls_once(self, collections):
        log = self.scene.directory / "strace"
        self.run(["strace", "-qq", "-o", str(log)], collections)
        return sum(1 for line in log.read_text(errors="replace").splitlines() if not line.startswith(("---", "+++")))

    def collection(self):
        return {
            "instructions": (self.instructions(11) - self.instructions(1)) / REPEAT,
            "allocations": int(self.run([], 10).split()[1]) / REPEAT,
            "system_calls": (self.system_calls(11) - self.system_calls(1)) / REPEAT,
        }

    def answer(self):
        """The gzipped page of a new snapshot, without HTTP."""
        return {
            "instructions": (self.instructions(1, 11) - self.instructions(1, 1)) / REPEAT,
            "allocations": int(self.run([], 1, 10).split()[4]) / REPEAT,
        }


    def round(self):
        """A collection that somebody asked and waited for: his thread and the collector's."""
        return {
            "instructions": (self.instructions(1, 0, 11) - self.instructions(1, 0, 1)) / REPEAT,
            "allocations": int(self.run([], 1, 0, 10).split()[4]) / REPEAT,
        }


class WorkloadCounter(Counter):
    """Of drop sites, where so many workloads have lost packets."""

    def __init__(self, arguments, scene, tenants):
        super().__init__(arguments, scene, "drop_monitor")
        self.build = arguments.build
        self.tenants = tenants

    def run(self, tool, collections, answers=0, rounds=0):
        assert not answers and not rounds
        return " ".join(self.tenants.collect(self.build, collections, tool))

    def collection(self):
        """What others on this host drop meanwhile is counted, too, and makes series: of some runs, that with the fewest."""
        found = {11: [], 1: []}
        for turn in range(WORKLOAD_RUNS):
            for count, runs in found.items():
                runs.append(self.counted(count))
            if turn and min(found[11])[0] == min(found[1])[0]:
                break
        more, less = (min(runs)[1] for runs in found.values())
        return {"instructions": (more - less) / REPEAT, "allocations": self.allocations() / REPEAT}

    def allocations(self):
        """The least of some runs: who else on this host loses at a new place, or in a new workload, makes room for it."""
        least = None
        for _ in range(ALLOCATION_RUNS):
            allocated = int(self.run([], 10).split()[1])
            least = allocated if least is None else min(least, allocated)
            if not least:
                break
        return least


def scrape_system_calls(arguments, scene):
    """Of the thread that serves, for a scrape on a kept connection."""
    log = scene.directory / "strace"
    # -D: the process that is started is the daemon's own, and the tracer its child.
    command = ["strace", "-D", "-f", "-qq", "-o", str(log), str(arguments.build / "netdrop-exporter")]
    command += ["--web.listen-address=127.0.0.1:0", "--collector.disable-defaults", "--collector.link"]
    with closing(Exporter(command, scene.directory / "stderr", netns=scene.inside)) as exporter:
        exporter.wait_ready()
        tasks = Path(f"/proc/{exporter.pid}/task").iterdir()
        server = next(task.name for task in tasks if (task / "comm").read_text().startswith("MHD"))

        def calls():
            time.sleep(0.2)  # it waits for the next request, and the tracer has told
            lines = log.read_text(errors="replace").splitlines()
            return sum(1 for line in lines if line.startswith(f"{server} ") and "resumed>" not in line)

        def calls_of_scrapes(client):
            before = calls()
            for _ in range(SCRAPES):
                client.scrape(gzip=True)
            return (calls() - before) / SCRAPES

        with closing(Client(scene, "/metrics", exporter.port)) as client:
            client.scrape(gzip=True)
            # What the thread does by the clock comes in between now and then.
            return round(min(calls_of_scrapes(client) for _ in range(3)))


def shares(arguments):
    """By tests/bench/share, in percent: the least of a few runs, since what else runs here only adds to them."""
    found = {}
    with ExitStack() as keep_open:
        scene = Scene(SHARED_INTERFACES, keep_open, silent=True)
        for name, losing in SHARED_LOSING.items():
            command = [str(arguments.build / "tests/bench/share"), str(SHARED_ROUNDS), str(losing)]
            command.append("devices.exclude_kinds=")
            runs = [list(map(float, scene.inside.run(command, timeout=300).split())) for _ in range(SHARED_RUNS)]
            for part, column in (("ledger", 4), ("incidents", 6)):
                found[f"{part}, {name}"] = min(run[column] for run in runs) / 10
    return found


def judge_shares(found):
    for name, percent in found.items():
        verdict = "MORE" if percent > SHARES[name] else ""
        print(f"{name:28}{'% of a round':12}{percent:12.1f}  at most  {SHARES[name]:12.1f}  {verdict}".rstrip())
    return all(percent <= SHARES[name] for name, percent in found.items())


def count(arguments):
    with ExitStack() as keep_open:
        scene = Scene(INTERFACES, keep_open, silent=True)  # whose numbers are the same each time
        counters = {name: Counter(arguments, scene, name) for name in COLLECTORS}
        found = {f"collection, {name}": counter.collection() for name, counter in counters.items()}
        found["round, link"] = counters["link"].round()
        for name in ("link", NODE_EXPORTER):
            found[f"gzipped answer, {name}"] = counters[name].answer()
        if reason := why_not(str(arguments.build / "netdrop-exporter"), "bpf"):
            print(f"not counted, and so not held to the record: {OF_WORKLOADS}: {reason}")
        else:
            tenants = Tenants(WORKLOADS, scene.inside, keep_open)
            found[OF_WORKLOADS] = WorkloadCounter(arguments, scene, tenants).collection()
        found["HTTP, gzipped scrape"] = {"system_calls": scrape_system_calls(arguments, scene)}
    return {name: {what: round(number, 1) for what, number in each.items()} for name, each in found.items()}


def judge(found, record):
    """Prints each count beside its record; returns whether none has grown."""
    good = set(found) | {OF_WORKLOADS} == set(record)
    for name, counts in found.items():
        for what, number in counts.items():
            known = record.get(name, {}).get(what)
            grown = known is None or number > known * (1 + MARGIN[what])
            good = good and not grown
            fallen = not grown and number < known * (1 - MARGIN[what])
            verdict = "MORE" if grown else "less: --record" if fallen else ""
            print(f"{name:24}{what:16}{number:12,.1f}  recorded {known or 0:12,.1f}  {verdict}".rstrip())
    return good


def run(arguments):
    found = count(arguments)
    if arguments.record:
        RECORD.write_text(json.dumps(found, indent=2) + "\n")
        return
    cheap = [judge(found, json.loads(RECORD.read_text())), judge_shares(shares(arguments))]
    if not all(cheap):
        sys.exit("scripts/bench quick: it costs more than tests/bench/record.json says; --record, if it has to")


def options(parser):
    parser.add_argument("--record", action="store_true", help="what is counted is the record from now on")
