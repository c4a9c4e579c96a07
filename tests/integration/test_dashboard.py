# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/grafana: the dashboard is what its generator writes, by Grafana's own types, and each of its queries finds
data in a real Prometheus under faults of the lab."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote

import pytest

import rules
from daemon import eventually
from prometheus import Prometheus

DIRECTORY = rules.TREE / "packaging/grafana"
FILE = DIRECTORY / "netdrop-exporter.json"
PACKAGES = ("@grafana/schema@13.2.3", "typescript@5.9.3")
TSC = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]


def dashboard():
    return json.loads(FILE.read_text())


def expressions():
    """{where: expression} of all that it asks."""
    found = {"annotation": dashboard()["annotations"]["list"][0]["target"]["expr"]}
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            found[f"{panel['title']}: {target['legendFormat']}"] = target["expr"]
    return found


def test_is_what_the_generator_writes():
    written = subprocess.run([DIRECTORY / "dashboard.py"], capture_output=True, check=True).stdout.decode()
    assert FILE.read_text() == written


def test_names_are_the_exporters():
    queries = [variable["query"]["query"] for variable in dashboard()["templating"]["list"] if "refId" in str(variable)]
    assert len(queries) == 3
    for text in [*expressions().values(), *queries]:
        assert rules.names_in(text) or "ALERTS" in text, text
        assert list(rules.unknown(text)) == [], text


def test_every_family_of_loss_is_on_it():
    shown = set().union(*map(rules.names_in, expressions().values()))
    families = ("link_receive_dropped", "nic_lost", "kernel_drops", "kernel_drops_by_class", "qdisc_drops",
                "softnet_dropped", "ethtool_statistic", "limit_hits", "udp_rcvbuf_errors")  # fmt: skip
    assert {f"netdrop_{family}_total" for family in families} <= shown


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
    """The compiler has nothing to say of the dashboard, and something of each copy with a mistake."""
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    directory = build / "npm-grafana"
    directory.mkdir(exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", directory, *PACKAGES]
    installed = subprocess.run(command, capture_output=True, timeout=180, check=False)
    if installed.returncode != 0:
        pytest.skip("no packages from npm: " + installed.stderr.decode().strip().splitlines()[-1])
    shutil.copy(DIRECTORY / "types.ts", directory)
    text = FILE.read_text()
    assert [right for right in MISTAKES if right not in text] == []
    copies = {"right": text, **{f"wrong{i}": text.replace(*mistake) for i, mistake in enumerate(MISTAKES.items())}}
    head = "import type { NetdropDashboard } from './types';\nexport const dashboard: NetdropDashboard = "
    for name, copy in copies.items():
        (directory / f"{name}.ts").write_text(head + copy)
    command = [directory / "node_modules/.bin/tsc", *TSC, *(f"{name}.ts" for name in copies)]
    said = subprocess.run(command, cwd=directory, capture_output=True, check=False, timeout=180).stdout.decode()
    assert set(re.findall(r"^(\w+)\.ts\(.*error TS", said, re.MULTILINE)) == copies.keys() - {"right"}, said


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
OPTIONAL = re.compile("netdrop_(nic|conntrack)_")


def test_every_expression_finds_data(exporter, veth, tmp_path):
    veth.b.run("tc qdisc add dev b0 root pfifo")
    veth.track("ct state new accept")
    often = (f"--set=collectors.{name}.interval=250ms" for name in ("link", "snmp", "sockets"))
    everything = ("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true")
    inside = exporter(*everything, *often, netns=veth.b)
    host = exporter()
    pages = [inside.metrics(), host.metrics()]
    if not pages[0].get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here")
    names = set().union(*map(rules.names_in, expressions().values()))
    absent = {name for name in names if OPTIONAL.match(name) and not any(page.get(name) for page in pages)}
    asked = {
        where: expression.replace("$__rate_interval", "10s").replace("$job", ".*")
        .replace("$instance", ".*").replace("$device", ".*")
        for where, expression in expressions().items()
        if not rules.names_in(expression) & absent
    }  # fmt: skip
    with (
        Relay(host, veth.b) as relay,
        rules.unread_socket(veth),
        rules.frames_of_unknown_protocol(veth) as send,
        rules.Flood(veth.send_udp),
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
    assert prometheus.complaints() == []
