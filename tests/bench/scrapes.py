"""What a collection and a scrape cost, beside the floors of C and beside node_exporter, in one run on one machine.

All times are CPU time of the process or thread measured, by the kernel's scheduler clock; absolute figures are
this machine's, the ratios are what is to be trusted. Started by scripts/bench."""

import http.client
import statistics
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path

from daemon import Exporter, eventually
from lab import Namespace
from measure import cpu_ns, keep, memory_kib, mib, ms, table

INTERVAL = 0.1  # of collections while measuring: many in little time, each followed by idleness as in life
PAUSE = 0.11  # between scrapes: each meets a new snapshot, so that none is answered from what is kept


def interfaces(inside, outside, count):
    """`count` veth ends in one namespace, their peers in the other."""
    lines = []
    for i in range(count):
        lines.append(f"link add v{i} type veth peer name p{i} netns {outside.name}\nlink set v{i} up")
    batch = "\n".join(lines)
    inside.run(["ip", "-batch", "-"], stdin=None, input=batch.encode(), timeout=600)


class Client:
    """One kept connection, as Prometheus has it."""

    def __init__(self, namespace, port, path="/metrics"):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.sock = namespace.socket()
        self.connection.sock.settimeout(60)
        self.connection.sock.connect(("127.0.0.1", port))
        self.path = path

    def scrape(self, gzip=False):
        self.connection.request("GET", self.path, headers={"Accept-Encoding": "gzip" if gzip else "identity"})
        return self.connection.getresponse().read()


def per_scrape_ns(clock, client, count, pause, gzip=False):
    """The median over a few runs of `count` scrapes each."""
    client.scrape(gzip)
    runs = []
    for _ in range(3):
        begin = clock()
        for _ in range(count):
            time.sleep(pause)
            client.scrape(gzip)
        runs.append((clock() - begin) / count)
    return statistics.median(runs)


def per_collection_ns(pid, thread, seconds):
    """The median over a few runs of `seconds` each."""
    runs = []
    for _ in range(3):
        begin, began = cpu_ns(pid, only=thread), time.monotonic()
        time.sleep(seconds)
        runs.append((cpu_ns(pid, only=thread) - begin) / ((time.monotonic() - began) / INTERVAL))
    return statistics.median(runs)


def series(body):
    return sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))


def measure_exporter(arguments, namespace, directory, columns):
    command = [
        str(arguments.build / "netdrop-exporter"),
        "--web.listen-address=127.0.0.1:0",
        "--collector.disable-defaults",
        "--collector.link",
        f"--set=collectors.link.interval={int(INTERVAL * 1000)}ms",
        f"--set=collectors.link.columns={columns}",
        "--set=devices.exclude_kinds=",
    ]
    exporter = Exporter(command, directory / "stderr", netns=namespace)
    try:
        exporter.wait_ready()
        client = Client(namespace, exporter.port)
        # Everything but the collector: the HTTP thread, and main's tick.
        serving = lambda: cpu_ns(exporter.pid, without=("link",))  # noqa: E731
        body = client.scrape()
        result = {
            "series": series(body),
            "bytes": len(body),
            "gzip_bytes": len(client.scrape(gzip=True)),
            "collection_ns": per_collection_ns(exporter.pid, "link", arguments.seconds),
            "scrape_ns": per_scrape_ns(serving, client, arguments.scrapes, PAUSE),
            "gzip_scrape_ns": per_scrape_ns(serving, client, arguments.scrapes, PAUSE, gzip=True),
            "repeated_scrape_ns": per_scrape_ns(serving, client, arguments.scrapes, 0),
        }
        result["rss_kib"], result["pss_kib"] = memory_kib(exporter.pid)
        return body, result
    finally:
        exporter.close()


def measure_static(arguments, namespace, directory, body):
    """The same bytes from a static buffer."""
    content = directory / "body"
    content.write_bytes(body)
    server = namespace.popen([str(arguments.build / "tests/bench/floor_http"), str(content)], stdin=subprocess.PIPE)
    client = Client(namespace, int(server.stdout.readline()))
    cost = per_scrape_ns(lambda: cpu_ns(server.pid), client, arguments.scrapes, PAUSE)
    server.communicate(timeout=30)  # the end of its standard input ends it
    return cost


def measure_node_exporter(arguments, namespace, *node_collectors):
    port = 19100
    server = namespace.popen(
        [
            "prometheus-node-exporter",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.disable-exporter-metrics",
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in node_collectors),
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens():
        try:
            return Client(namespace, port)
        except OSError:
            return None

    client = eventually(listens, "node_exporter")
    body = client.scrape()
    count = max(2, arguments.scrapes // 4)
    result = {
        "series": series(body),
        "bytes": len(body),
        "gzip_scrape_ns": per_scrape_ns(lambda: cpu_ns(server.pid), client, count, PAUSE, gzip=True),
        "rss_kib": memory_kib(server.pid)[0],
    }
    server.terminate()
    server.communicate(timeout=30)
    return result


def measure_collector(arguments, namespace, count, floor, collector, *settings):
    """A collector alone, back to back, beside its floor."""
    bench = arguments.build / "tests/bench"
    repeat = str(max(20, 20000 // count))
    program, *what = floor.split()
    bare = int(namespace.run([str(bench / f"floor_{program}"), *what, repeat]))
    cost, allocations, shown = namespace.run(
        [str(bench / "collect"), collector, repeat, "devices.exclude_kinds=", *settings]
    ).split()
    return {
        "collector": " ".join([collector, *(setting.split(".", 2)[-1] for setting in settings)]),
        "floor": floor,
        "floor_ns": bare,
        "collection_ns": int(cost),
        "allocations": int(allocations),
        "series": int(shown),
    }


def measure(arguments, count):
    with closing(Namespace()) as namespace, closing(Namespace()) as outside, tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        interfaces(namespace, outside, count)
        alone = lambda *what: measure_collector(arguments, namespace, count, *what)  # noqa: E731
        body, ours = measure_exporter(arguments, namespace, directory, "all")
        _, loss = measure_exporter(arguments, namespace, directory, "loss")
        return {
            "interfaces": count,
            "collectors": [
                alone("dump link", "link"),
                alone("dump qdisc", "qdisc"),
                alone("dump sockets", "sockets"),
                alone("proc", "snmp"),
                alone("proc", "snmp", "collectors.snmp.fields.include=*"),
                alone("ethtool", "ethtool"),
                alone("ethtool", "ethtool", "collectors.ethtool.virtual_devices=true"),
                alone("ethtool", "ethtool", "collectors.ethtool.virtual_devices=true", "collectors.ethtool.statistics.include=*"),
            ],
            "static_scrape_ns": measure_static(arguments, namespace, directory, body),
            "exporter": ours,
            "exporter_loss_columns": loss,
            "node_exporter": measure_node_exporter(arguments, namespace, "netdev", "netclass"),
            "node_exporter_protocols": measure_node_exporter(arguments, namespace, "netstat", "ethtool"),
        }


def scrape_rows(result):
    ours, loss = result["exporter"], result["exporter_loss_columns"]
    node, protocols = result["node_exporter"], result["node_exporter_protocols"]
    aim = 1.5 * result["static_scrape_ns"] + 25 * ours["series"]
    total = ours["collection_ns"] + ours["gzip_scrape_ns"]
    return [
        ("series", ours["series"]),
        ("bytes", ours["bytes"]),
        ("bytes gzipped", ours["gzip_bytes"]),
        ("collection in the daemon, after idling, ms", ms(ours["collection_ns"])),
        ("scrape of a static buffer, ms", ms(result["static_scrape_ns"])),
        ("scrape, ms", ms(ours["scrape_ns"])),
        ("scrape : 1.5 static + 25 ns a series (aim 1)", f"{ours['scrape_ns'] / aim:.2f}"),
        ("gzip scrape, ms", ms(ours["gzip_scrape_ns"])),
        ("repeated scrape of one snapshot, ms", ms(ours["repeated_scrape_ns"])),
        ("collection + gzip scrape, ms", ms(total)),
        ("the same, columns=loss, ms", ms(loss["collection_ns"] + loss["gzip_scrape_ns"])),
        ("node_exporter netdev+netclass, gzip scrape, ms", ms(node["gzip_scrape_ns"])),
        ("node_exporter : collection + gzip scrape", f"{node['gzip_scrape_ns'] / total:.0f}"),
        ("node_exporter netstat+ethtool, gzip scrape, ms", ms(protocols["gzip_scrape_ns"])),
        ("RSS, MiB", mib(ours["rss_kib"])),
        ("node_exporter RSS, MiB", mib(node["rss_kib"])),
    ]


def show(results):
    columns = [dict(scrape_rows(result)) for result in results]
    table(
        "link collector, interfaces:",
        [str(result["interfaces"]) for result in results],
        [(name, [column[name] for column in columns]) for name in columns[0]],
    )
    for result in results:
        table(
            f"one collection, {result['interfaces']} interfaces",
            ["series", "bare kernel calls, ms", "collection, ms", "ratio", "allocations"],
            [
                (
                    one["collector"],
                    [
                        one["series"],
                        ms(one["floor_ns"]),
                        ms(one["collection_ns"]),
                        f"{one['collection_ns'] / one['floor_ns']:.2f}",
                        one["allocations"],
                    ],
                )
                for one in result["collectors"]
            ],
        )


def run(arguments):
    results = [measure(arguments, int(count)) for count in arguments.interfaces.split(",")]
    show(results)
    keep(arguments.json, results)


def options(parser):
    parser.add_argument("--interfaces", default="1,10,1000,4000", help="comma-separated counts")
    parser.add_argument("--scrapes", type=int, default=20, help="in each of three runs")
    parser.add_argument("--seconds", type=float, default=3, help="of collections in each of three runs")
