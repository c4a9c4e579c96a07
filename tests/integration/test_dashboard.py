# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/grafana: the dashboards are what their generator writes, by Grafana's own types, and each of their queries
finds data in a real Prometheus under faults of the lab."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote

import pytest

import rules
import workloads
from daemon import eventually
from dashboards import DIRECTORY, NAMES, dashboard, expressions, panels, path, rows
from prometheus import Prometheus
from promtool import minutes, promtool, unit_tests

PACKAGES = ("@grafana/schema@13.2.3", "typescript@5.9.3")
TSC = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]
# What is one series for a host, or a few of those that lose.
CHEAP = re.compile(r"(instance|device|site):\w+:\w+|netdrop_exporter_build_info|up|ALERTS")
# How many series there can be at most is known.
BOUNDED = re.compile(r"topk\((10|20|30), |count(\(| by \(version\))|sum by \((stage, direction|class|direction)\)")


@pytest.mark.parametrize("name", NAMES)
def test_is_what_the_generator_writes(name):
    command = [sys.executable, "-B", DIRECTORY / "dashboard.py", name]
    assert path(name).read_text() == subprocess.run(command, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_the_exporters(name):
    variables = dashboard(name)["templating"]["list"]
    queries = [variable["query"]["query"] for variable in variables if "refId" in str(variable)]
    assert len(queries) == {"fleet": 1, "host": 3}[name]
    for text in [*expressions(name).values(), *queries]:
        assert rules.names_in(text) or "ALERTS" in text, text
        assert list(rules.unknown(text)) == [], text


def test_every_family_of_loss_is_on_it():
    shown = set().union(*map(rules.names_in, expressions("host").values()))
    families = ("lost_packets", "lost_packets_by_stage", "refused_packets", "workload_drops", "link_receive_dropped",
                "nic_lost", "kernel_drops", "kernel_drops_by_class", "qdisc_drops", "softnet_dropped",
                "ethtool_statistic", "limit_hits", "udp_rcvbuf_errors")  # fmt: skip
    assert {f"netdrop_{family}_total" for family in families} <= shown


def test_promtool_reads_every_query(tmp_path):
    """As rules: those are only read, never evaluated."""
    read = [
        {"record": f"read:a{number}", "expr": filled(expression, job=".+", instance="a:1", device=".+")}
        for number, expression in enumerate(text for name in NAMES for text in expressions(name).values())
    ]
    (tmp_path / "read.yml").write_text(json.dumps({"groups": [{"name": "read", "rules": read}]}))
    assert f"SUCCESS: {len(read)} rules" in promtool("check", "rules", "read.yml", directory=tmp_path)


def test_a_fleet_is_no_burden():
    """5,000 hosts: nothing is read that a host has many of, and nothing is shown of all."""
    for where, expression in expressions("fleet").items():
        assert all(CHEAP.fullmatch(name) for name in re.findall(r"[\w:]+(?=\{)", expression)), where
        if where != "annotation":
            assert BOUNDED.match(expression), where


def test_a_host_is_one():
    for where, expression in expressions("host").items():
        assert 'instance="$instance"' in expression, where


@pytest.mark.parametrize("name", NAMES)
def test_panels_say_what_they_show(name):
    first, *others = rows(name)
    assert (first["collapsed"], first["panels"]) == (False, [])
    assert all(row["collapsed"] and row["panels"] for row in others)
    for panel in panels(name):
        assert re.fullmatch(r"(?s).*\.", panel["description"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] != "Bps"
    numbers = [panel["id"] for panel in panels(name) + rows(name)]
    assert len(set(numbers)) == len(numbers)


def test_speeds_are_in_bits():
    speeds = [panel for panel in panels("host") if re.search("_bytes_(total|per_second)", str(panel["targets"]))]
    assert len(speeds) == 2
    for panel in speeds:
        assert panel["fieldConfig"]["defaults"]["unit"] == "bps"
        assert all(target["expr"].startswith("8 * ") for target in panel["targets"])


def test_packets_are_those_received_too():
    packets = next(panel for panel in panels("host") if panel["title"] == "Packets")
    read = [rules.names_in(target["expr"]) for target in packets["targets"]]
    assert read == [{"netdrop_link_receive_packets_total"}, {"netdrop_link_transmit_packets_total"}]
    assert len({target["legendFormat"] for target in packets["targets"]}) == 2


@pytest.mark.parametrize("name", NAMES)
def test_scrapes_two_minutes_apart_show(name):
    """Grafana's $__rate_interval is four times the interval of the query, else of the data source, which is 15 s."""
    for panel in panels(name):
        for target in panel["targets"]:
            assert 4 * minutes(target["interval"]) >= 2 * 2, panel["title"]


def filled(expression, **variables):
    """As Grafana does it."""
    expression = expression.replace("$__rate_interval", "10s")
    for name, value in variables.items():
        expression = expression.replace(f"${name}", value)
    return expression


# What Grafana's types must find in a file with it: {right: wrong}.
MISTAKES = {
    '"displayMode": "table"': '"displayMode": "tabel"',
    '"lineWidth": 1': '"lineWidht": 1',
    '"wideLayout": true': '"wideLayouts": true',
    '"showHeader": true': '"showHeader": 1',
    '"schemaVersion": 39': '"schemaVersion": "39"',
    '"refresh": 2': '"refresh": 9',
    '"legendFormat"': '"legend"',
}


def test_types(build):
    """The compiler has nothing to say of the dashboards, and something of each copy with a mistake, the last ones in a
    row that is folded."""
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    directory = build / "npm-grafana"
    directory.mkdir(exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", directory, *PACKAGES]
    installed = subprocess.run(command, capture_output=True, timeout=180, check=False)
    if installed.returncode != 0:
        pytest.skip("no packages from npm: " + installed.stderr.decode().strip().splitlines()[-1])
    shutil.copy(DIRECTORY / "types.ts", directory)
    copies = {}
    for name in NAMES:
        text = path(name).read_text()
        copies[f"right_{name}"] = text
        for i, (right, wrong) in enumerate(MISTAKES.items()):
            before, found, after = text.rpartition(right)
            assert found, right
            copies[f"wrong_{name}{i}"] = before + wrong + after
    head = "import type { NetdropDashboard } from './types';\nexport const dashboard: NetdropDashboard = "
    for name, copy in copies.items():
        (directory / f"{name}.ts").write_text(head + copy)
    command = [directory / "node_modules/.bin/tsc", *TSC, *(f"{name}.ts" for name in copies)]
    said = subprocess.run(command, cwd=directory, capture_output=True, check=False, timeout=180).stdout.decode()
    wrong = {name for name in copies if name.startswith("wrong")}
    assert set(re.findall(r"^(\w+)\.ts\(.*error TS", said, re.MULTILINE)) == wrong, said


class Relay(threading.Thread):
    """Passes a daemon's page on into a namespace, on a port there."""

    def __init__(self, daemon, netns):
        super().__init__()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer = daemon.get(self.path, {"Accept": self.headers["Accept"]})
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        with netns.entered():
            self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    def run(self):
        self.server.serve_forever(poll_interval=0.1)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.join()


# What not every kernel or host has. A daemon outside of the namespaces has this host's NIC.
# No collector fails; of what is usual at this hour days would have to be known.
OPTIONAL = re.compile("netdrop_(nic|conntrack)_|instance:netdrop_(collectors_failing|lost_packets:usual7d)")
REFUSED = 9998
IN_COMMON = "What hosts that lose have, and others have not"


@pytest.fixture
def workload(veth):
    """One whose socket at b's port 9999 loses what comes."""
    try:
        made = workloads.Workload(veth.b)
    except OSError as error:
        pytest.skip(str(error))
    (reader,) = made.make((socket.SOCK_DGRAM,))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    reader.bind((veth.ADDRESS["b0"], 9999))
    yield made
    made.close()


def test_every_expression_finds_data(exporter, veth, workload, tmp_path):
    veth.b.run("tc qdisc add dev b0 root pfifo")
    veth.track("ct state new accept")
    veth.b.run("nft add table ip refuse")
    veth.b.run("nft add chain ip refuse input { type filter hook input priority 0 ; }")
    veth.b.run(f"nft add rule ip refuse input udp dport {REFUSED} drop")
    often = (f"--set=collectors.{name}.interval=250ms" for name in ("link", "snmp", "sockets"))
    everything = ("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true")
    inside = exporter(*everything, *often, netns=veth.b)
    host = exporter()
    pages = [inside.metrics(), host.metrics()]
    if not pages[0].get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here")
    queries = {f"{name}: {where}": text for name in NAMES for where, text in expressions(name).items()}
    names = set().union(*map(rules.names_in, queries.values()))
    absent = {name for name in names if OPTIONAL.match(name) and not any(page.get(name) for page in pages)}
    anyone = {"job": ".*", "instance": ".*", "device": ".*"}
    asked = {
        where: filled(re.sub(r'="\$', '=~"$', text), **anyone)
        for where, text in queries.items()
        if not rules.names_in(text) & absent or "or vector(0)" in text
    }
    if not any(page.get("netdrop_nic_ring_entries") for page in pages):
        del asked["fleet: Rings: __auto"]
    with (
        Relay(host, veth.b) as relay,
        rules.frames_of_unknown_protocol(veth) as send,
        rules.Flood(veth.send_udp),
        rules.Flood(lambda count: veth.send_udp(count, port=REFUSED)),
        rules.Flood(send),
    ):
        prometheus = Prometheus(veth.b, tmp_path, [inside.port, relay.port], rules.hurried(tmp_path))

        def empty():
            queries = {where: f"query?query={quote(expression)}" for where, expression in asked.items()}
            return {where for where, query in queries.items() if not prometheus.api(query)["result"]}

        missing = empty()

        def all_there():
            missing.intersection_update(empty())
            return not missing

        try:
            eventually(all_there, "data for each query", timeout=150)
        except AssertionError:
            pytest.fail("no data for " + "; ".join(sorted(missing)))
        (owners,) = (text for text in asked.values() if "netdrop_workload_drops_total" in text)
        units = {row["metric"].get("unit") for row in prometheus.api(f"query?query={quote(owners)}")["result"]}
        assert workload.unit in units
    assert prometheus.complaints() == []


def in_common(**variables):
    """{title: query} of that row."""
    (row,) = (row for row in rows("fleet") if row["title"] == IN_COMMON)
    return {panel["title"]: filled(panel["targets"][0]["expr"], **variables) for panel in row["panels"]}


def test_what_hosts_have_in_common_is_tested():
    """By promtool, with the same words."""
    (first, *_) = unit_tests(["fleet.yml"])
    tested = [check["expr"] for check in first["promql_expr_test"]]
    assert len(in_common()) == 5
    assert [title for title, query in in_common(job=".+").items() if query not in tested] == []


def test_what_hosts_that_lose_have(exporter, netns, veth, workload, tmp_path):
    """One loses in its socket's buffer, and shows the drivers of virtual devices; another one is at rest, and does not. What
    both have is not told."""
    often = (f"--set=collectors.{name}.interval=250ms" for name in ("link", "snmp", "sockets"))
    loses = exporter("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true", *often, netns=veth.b)
    rests = exporter("--no-collector.drop_monitor", netns=netns())
    if not loses.metrics().get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here")
    # Other tests on this host may lose at more sites than a panel shows.
    whole = {title: query.replace("topk(20, ", "topk(1000, ") for title, query in in_common(job=".+").items()}
    assert whole != in_common(job=".+")
    queries = {title: f"query?query={quote(query)}" for title, query in whole.items()}
    with Relay(rests, veth.b) as relay, rules.Flood(veth.send_udp):
        prometheus = Prometheus(veth.b, tmp_path, [loses.port, relay.port], rules.hurried(tmp_path))

        def shares(title):
            rows = prometheus.api(queries[title])["result"]
            return {row["metric"]["value"]: float(row["value"][1]) for row in rows}

        wanted = {"Causes": "transport receive udp_receive_buffer_full", "Drivers": "veth"}
        eventually(lambda: all(shares(title).get(value) == 1 for title, value in wanted.items()), "both", timeout=150)
        # By a rule of a rule, and so later.
        eventually(lambda: any(value.startswith("SOCKET_RCVBUFF in ") for value in shares("Drop sites")), "its site", timeout=150)
        assert [value for value in shares("Versions") if value.startswith("netdrop-exporter")] == []
        assert shares("Rings") == {}
        assert prometheus.query("sum(instance:netdrop_loses:bool)") == 1
    assert prometheus.complaints() == []
