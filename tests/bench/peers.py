# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon costs beside its peers and beside the floors of C, in one run on one machine: with 1, 10, ... veth
ends in one namespace, answers of all of them are measured alike. About forty minutes."""

import http.client
import re
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from contenders import contenders
from daemon import eventually
from disk import disk_kib
from lab import Namespace
from measure import cpu_ns, keep, memory_kib
from peers_table import document, show
from plot import plot

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"
PART = re.compile(r"(?<=<!-- measured: peers -->\n).*?(?=<!-- end -->)", re.DOTALL)
PORT = 19100
RUNS = 3  # of which the median counts
TURNS = 15
ASKED_PAUSE = 3  # seconds between scrapes that wait for a collection each: longer than what was collected is new


class Scene:
    """The interfaces, with a few packets of IPv6 on each, or, `silent`, none."""

    def __init__(self, count, keep_open, silent=False):
        self.count = count
        self.inside, outside = (keep_open.enter_context(closing(Namespace())) for _ in range(2))
        # Containers have somebody in them: where nobody is, whose they are is looked for again and again.
        keep_open.callback(outside.popen(["sleep", "infinity"]).kill)
        if silent:
            for namespace in (self.inside, outside):
                namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        links = [
            f"link add v{i} type veth peer name p{i} netns {outside.name}\nlink set v{i} up" for i in range(count)
        ]
        # An address beside loopback's: without, getaddrinfo() gives collectd none to listen on.
        text = "\n".join([*links, "address add 10.99.0.1/24 dev v0"]).encode()
        self.inside.run(["ip", "-batch", "-"], stdin=None, input=text, timeout=600)
        self.directory = Path(keep_open.enter_context(tempfile.TemporaryDirectory(prefix="netdrop-bench-")))
        (self.directory / "devices").write_text("".join(f"v{i}\n" for i in range(count)))


class Client:
    """One kept connection, as Prometheus has it."""

    def __init__(self, scene, path, port=PORT):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.sock = scene.inside.socket()
        self.connection.sock.settimeout(120)
        self.connection.sock.connect(("127.0.0.1", port))
        self.path = path

    def scrape(self, gzip=False):
        coding = "gzip" if gzip else "identity"
        self.connection.request("GET", self.path, headers={"Accept-Encoding": coding, "Connection": "keep-alive"})
        return self.connection.getresponse().read()

    def close(self):
        self.connection.close()


def listens(pid):
    """Whether it can be connected to. A try before would be a packet that nobody listens to, and who lost one collects more
    often for a while."""
    here = re.compile(rf"^ *\d+: \w+:{PORT:04X} \w+:\w+ 0A ", re.MULTILINE)
    return any(here.search(Path(f"/proc/{pid}/net/{name}").read_text()) for name in ("tcp", "tcp6"))


@contextmanager
def started(contender, scene, seconds):
    """It runs, and has answered completely: yields (its pid, the seconds that this took from exec)."""
    parts = [part.encode() for part in contender.complete(scene.count)]
    command = contender.command(scene.directory, PORT, seconds)

    def answers():
        if not listens(process.pid):
            return False
        try:
            with closing(Client(scene, contender.path)) as client:
                body = client.scrape()
        except (OSError, http.client.HTTPException):
            return False
        return all(part in body for part in parts)

    with open(scene.directory / "output", "wb") as output:
        begin = time.monotonic()
        process = scene.inside.popen(command, sysfs=True, stdout=output, stderr=output)
    try:
        eventually(lambda: process.poll() is not None or answers(), f"{contender.name} to answer", 240)
        first = time.monotonic() - begin
        assert process.poll() is None, (scene.directory / "output").read_text()[-2000:]
        time.sleep(contender.settle)
        yield process.pid, first
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def rates(clocks, seconds):
    """CPU nanoseconds in each second of so many, by each of the clocks."""
    begin, began = [clock() for clock in clocks], time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return [(clock() - before) / took for clock, before in zip(clocks, begin)]


def rate(clock, seconds):
    return rates([clock], seconds)[0]


def rate_at_rest(clock, interval, seconds):
    """The median of a few spans of whole intervals: what is done once, as looking up the function of a new drop site,
    is not what it needs at rest."""
    return statistics.median(rate(clock, max(interval, seconds / RUNS)) for _ in range(RUNS))


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def scrape_cost(clients, clock, at_rest, seconds, gzip=False, pause=0.0):
    """Of one scrape by each of the clients, one after another, once in `pause` seconds: CPU without what the program
    needs at rest, and how long the answers took. As many as the time allows, in a few runs."""
    time.sleep(pause)
    begin = time.monotonic()
    sizes = [len(client.scrape(gzip)) for client in clients]
    count = max(2, min(100, int(seconds / RUNS / (time.monotonic() - begin + pause))))
    costs, latencies = [], []
    for _ in range(RUNS):
        spent, began = clock(), time.monotonic()
        for _ in range(count):
            time.sleep(pause)
            for client in clients:
                asked = time.monotonic()
                client.scrape(gzip)
                latencies.append((time.monotonic() - asked) * 1e9)
        costs.append((clock() - spent - at_rest * (time.monotonic() - began)) / count)
    return {
        "bytes": sizes[0],
        "cpu_ns": statistics.median(costs),
        "p50_ns": quantile(latencies, 0.5),
        "p99_ns": quantile(latencies, 0.99),
        "latencies": len(latencies),
    }


def requests_per_second(scene, contender, connections, seconds):
    """By wrk; only answers with status 200 count."""
    headers = ["-H", f"Accept-Encoding: {'gzip' if contender.gzip else 'identity'}", "-H", "Connection: keep-alive"]
    url = f"http://127.0.0.1:{PORT}{contender.path}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout=60s", *headers, url]
    said = scene.inside.run(command, timeout=300)
    requests, took, unit = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said).groups()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    good = int(requests) - (int(refused[1]) if refused else 0)
    return good / (float(took) / (1000 if unit == "ms" else 1))


def measure_scrapes(contender, scene, arguments):
    """What scrapes and collections cost, each scrape of a collection that was not asked for before."""
    with started(contender, scene, contender.fast) as (pid, _), ExitStack() as keep_open:
        clients = [keep_open.enter_context(closing(Client(scene, contender.path))) for _ in range(10)]
        clock = lambda: cpu_ns(pid, without=contender.collecting)  # noqa: E731
        # A program that collects in whole seconds is looked at for two of its intervals.
        at_rest = rate(clock, max(arguments.seconds, 2 * contender.fast))
        pause = 1.1 * contender.fast if contender.fresh else 0
        cost = lambda who, gzip: scrape_cost(who, clock, at_rest, arguments.seconds, gzip, pause)  # noqa: E731
        result = {"identity": cost(clients[:1], False)}
        if contender.gzip:
            result["gzip"] = cost(clients[:1], True)
        if contender.collecting:
            result["gzip_by_ten"] = cost(clients, True)
        time.sleep(pause)
        result["series"] = sum(1 for line in clients[0].scrape().splitlines() if line and not line.startswith(b"#"))
        threads = [lambda name=name: cpu_ns(pid, only=name) for name in contender.collecting]
        spent = rates(threads, arguments.seconds)
        result["collection_ns"] = {
            name: each * contender.fast for name, each in zip(contender.collecting, spent)
        }
        return result


def measure_asked(contender, scene, pid, arguments):
    """What a scrape costs that waits for a collection, all threads together. What the program would have done at rest is
    in it, too: a collection that was asked for spares another."""
    with closing(Client(scene, contender.path)) as client:
        seconds = max(arguments.seconds, 5 * RUNS * ASKED_PAUSE)
        return scrape_cost([client], lambda: cpu_ns(pid), 0, seconds, gzip=True, pause=ASKED_PAUSE)


def measure_presence(contender, scene, arguments):
    """What it needs at rest at each interval; and at the first of them its start, memory and throughput."""
    result = {"idle_ns_per_second": {}}
    for seconds in contender.intervals:
        with started(contender, scene, seconds) as (pid, first):
            result["idle_ns_per_second"][str(seconds)] = rate_at_rest(lambda: cpu_ns(pid), seconds, arguments.idle)
            if contender.waits:
                result["asked"] = measure_asked(contender, scene, pid, arguments)
            if "first_answer_s" not in result:
                result["first_answer_s"] = first
                result["requests_per_second"] = {
                    str(connections): requests_per_second(scene, contender, connections, arguments.seconds)
                    for connections in ((1, 10, 100) if contender.repeats else ())
                }
                result["rss_kib"], result["pss_kib"] = memory_kib(pid)
    return result


def measure_contender(contender, scene, arguments):
    print(f"# {scene.count} interfaces: {contender.name}", flush=True)
    own, whole = disk_kib(contender.package, contender.program)
    return {
        **measure_scrapes(contender, scene, arguments),
        **measure_presence(contender, scene, arguments),
        "disk_own_kib": own,
        "disk_kib": whole,
    }


def measure_collector(arguments, scene, floor, collector, *settings):
    """A collector alone, back to back, beside its floor: processes in turns, since where the memory of one happens to
    lie makes a third."""
    bench = arguments.build / "tests/bench"
    repeat = str(max(5, 5000 // scene.count))
    program, *what = floor.split()
    bare = [str(bench / f"floor_{program}"), *what, repeat]
    command = [str(bench / "collect"), collector, repeat, "0", "0", "devices.exclude_kinds=", *settings]
    turns = [(scene.inside.run(bare), scene.inside.run(command).split()) for _ in range(TURNS)]
    return {
        "collector": " ".join([collector, *(setting.split(".", 2)[-1] for setting in settings)]),
        "floor": floor,
        "floor_ns": statistics.median(int(cost) for cost, _ in turns),
        "collection_ns": statistics.median(int(cost) for _, (cost, _, _) in turns),
        "allocations": max(int(allocations) for _, (_, allocations, _) in turns),
        "series": max(int(series) for _, (_, _, series) in turns),
    }


def measure_floors(arguments, scene, ours):
    """The same page from a static buffer, and its numbers printed anew."""
    bench = arguments.build / "tests/bench"
    content = scene.directory / "body"
    with started(ours, scene, 1), closing(Client(scene, ours.path)) as client:
        content.write_bytes(client.scrape())
    server = scene.inside.popen([str(bench / "floor_http"), str(content)], stdin=subprocess.PIPE)
    with closing(Client(scene, ours.path, int(server.stdout.readline()))) as client:
        static = scrape_cost([client], lambda: cpu_ns(server.pid), 0, arguments.seconds, pause=1.1 * ours.fast)
    server.communicate(timeout=30)  # the end of its standard input ends it
    printing = scene.inside.run([str(bench / "floor_format"), str(content), str(max(20, 20000 // scene.count))])
    return {"static": static, "format_ns": int(printing)}


def measure(arguments, count):
    with ExitStack() as keep_open:
        scene = Scene(count, keep_open)
        everybody = contenders(arguments.build)
        # There where connections are tracked.
        tracked = [path for path in ("/proc/self/net/stat/nf_conntrack",) if Path(path).exists()]
        virtual = "collectors.ethtool.virtual_devices=true"
        return {
            "interfaces": count,
            "collectors": [
                measure_collector(arguments, scene, "dump link", "link"),
                measure_collector(arguments, scene, "dump qdisc", "qdisc"),
                measure_collector(arguments, scene, "dump sockets", "sockets"),
                measure_collector(arguments, scene, "proc", "snmp"),
                measure_collector(arguments, scene, "proc", "snmp", "collectors.snmp.fields.include=*"),
                measure_collector(arguments, scene, "proc /proc/self/net/softnet_stat", "softnet"),
                *(measure_collector(arguments, scene, f"proc {path}", "conntrack") for path in tracked),
                measure_collector(arguments, scene, "ethtool", "ethtool", virtual),
            ],
            "floors": measure_floors(arguments, scene, everybody[1]),
            "contenders": {
                contender.name: measure_contender(contender, scene, arguments)
                for contender in everybody
                if count <= contender.largest
            },
        }


def run(arguments):
    results = []
    for count in arguments.interfaces.split(","):
        results.append(measure(arguments, int(count)))
        keep(arguments.json, results)  # what there is, should the next be interrupted
    show(results)
    if arguments.plot:
        arguments.plot.write_text(plot(results))
    if arguments.write:
        write(results)


def write(results):
    keep(DOCUMENTS / "cost.json", results)
    (DOCUMENTS / "cost.svg").write_text(plot(results))
    cost = DOCUMENTS / "cost.md"
    cost.write_text(PART.sub(lambda _: f"\n{document(results)}\n", cost.read_text()))


def options(parser):
    parser.add_argument("--interfaces", default="1,10,100,1000,4000", help="comma-separated counts")
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--idle", type=float, default=6, help="seconds of looking at each while nobody asks")
    parser.add_argument("--write", action="store_true", help="write docs/cost.* anew")
    parser.add_argument("--plot", type=Path, help="draw cost against interfaces there, as SVG")
