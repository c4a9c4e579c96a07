# SPDX-License-Identifier: GPL-2.0-or-later
"""Scrapers other than Prometheus: what the headers of each are answered with (golden/scrapers.json, each with where it
was read); and those that run here: Debian's vmagent, which asks by itself, and the parsers of Python and of npm.

Not run here, since neither Debian nor npm has them: Prometheus 3, Alloy, the OpenTelemetry collector, Telegraf,
Datadog's agent, Metricbeat. Of these only the headers are tried."""

import gzip
import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families

import exposition
from daemon import eventually
from prometheus import Server

GOLDEN = json.loads((Path(__file__).resolve().parents[1] / "golden/scrapers.json").read_text())
NPM = "parse-prometheus-text-format@1.1.1"
PARSE = """
const parse = require("parse-prometheus-text-format");
process.stdout.write(JSON.stringify(parse(require("fs").readFileSync(0, "utf8"))));
"""
# Names that tell apart who unescapes and who does not: quotes, a backslash, what is no UTF-8.
ODD = (b'o"d\\1', b"\xc3\xa4\xff2")
PORTS = {"victoria-metrics": 8428, "vmagent": 8429}


@pytest.mark.parametrize("scraper", GOLDEN, ids=lambda scraper: scraper["scraper"])
def test_what_each_is_answered_with(exporter, scraper):
    headers = {"Accept": scraper["accept"], "Accept-Encoding": scraper["accept_encoding"]}
    response = exporter().get(headers={name: value for name, value in headers.items() if value})
    assert response.headers["Content-Type"] == scraper["content_type"]
    assert response.headers["Content-Encoding"] == scraper["content_encoding"]
    body = gzip.decompress(response.body) if scraper["content_encoding"] else response.body
    openmetrics = scraper["content_type"].startswith("application/openmetrics-text")
    (exposition.check_openmetrics if openmetrics else exposition.check_text)(body)


@pytest.fixture
def odd(exporter, netns):
    """A daemon in a namespace that has devices of odd names, and whose numbers stand still."""
    inside = netns()
    for index, name in enumerate(ODD):
        inside.ip([b"link", b"add", name, b"type", b"veth", b"peer", b"name", f"scrapers{index}".encode()])
    flags = ("--set=devices.exclude_kinds=", "--no-collector.drop_monitor", "--no-collector.process")
    return inside, exporter(*flags, netns=inside)


def identity(labels):
    return tuple(sorted(labels.items()))


def ours(text):
    """{(name, labels): value}, as our own reader has it."""
    page = exposition.check_text(text)
    return {(name, identity(sample.labels)): sample.value for name, samples in page.items() for sample in samples}


def python_parser(text):
    families = text_string_to_metric_families(text.decode())
    return {(sample.name, identity(sample.labels)): sample.value for family in families for sample in family.samples}


@pytest.fixture
def npm_parser(build):
    """It has histograms in a form of its own, which is turned back here, and takes what is escaped as it stands."""
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    directory = build / "npm-scrapers"
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"--prefix={directory}", NPM]
    directory.mkdir(exist_ok=True)
    installed = subprocess.run(command, capture_output=True, timeout=180, check=False)
    if installed.returncode != 0:
        pytest.skip("no packages from npm: " + installed.stderr.decode(errors="replace").strip()[-300:])

    def parse(text):
        command = ["node", "-e", PARSE]
        result = subprocess.run(command, input=text, cwd=directory, capture_output=True, check=True, timeout=60)
        found = {}
        for family in json.loads(result.stdout):
            for row in family["metrics"]:
                labels = row.get("labels") or {}
                if "value" in row:
                    found[family["name"], identity(labels)] = float(row["value"])
                for bound, count in row.get("buckets", {}).items():
                    found[family["name"] + "_bucket", identity({**labels, "le": bound})] = float(count)
                for part in ("sum", "count"):
                    if part in row:
                        found[f"{family['name']}_{part}", identity(labels)] = float(row[part])
        return found

    return parse


def test_the_parser_of_python(odd):
    text = odd[1].get(headers={"Accept": "text/plain"}).body
    assert python_parser(text) == ours(text)


def test_the_parser_of_npm(odd, npm_parser):
    text = odd[1].get(headers={"Accept": "text/plain"}).body
    assert npm_parser(text) == ours(text)


@pytest.fixture
def vmagent(odd, tmp_path):
    """Debian's, which scrapes the daemon, and a VictoriaMetrics that it writes to."""
    inside, daemon = odd
    config = tmp_path / "scrape.yml"
    config.write_text(
        "scrape_configs: [{job_name: netdrop, scrape_interval: 1s, scrape_timeout: 1s, static_configs: "
        f'[{{targets: ["127.0.0.1:{daemon.port}"]}}]}}]\n'
    )
    database, agent = (f"127.0.0.1:{PORTS[name]}" for name in ("victoria-metrics", "vmagent"))
    store = ["victoria-metrics", f"-httpListenAddr={database}", f"-storageDataPath={tmp_path / 'data'}"]
    store += ["-search.latencyOffset=0s"]
    scrape = ["vmagent", f"-httpListenAddr={agent}", f"-promscrape.config={config}"]
    scrape += [f"-remoteWrite.url=http://{database}/api/v1/write", f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}"]
    scrape += ["-remoteWrite.flushInterval=100ms"]
    servers = []
    try:
        for command in (store, scrape):
            name = command[0]
            servers.append(Started(inside, PORTS[name], command, tmp_path / f"{name}.log"))
        yield servers[0]
    finally:
        for server in servers:
            server.process.terminate()
            server.process.wait(10)


class Started(Server):
    def ready(self):
        try:
            return self.request("/health")[0] == 200
        except ConnectionError:
            return False

    def series(self, selector):
        """{(name, labels but those of the target): value} of what it has last."""
        status, body = self.request(f"/api/v1/query?query={quote(selector)}")
        assert status == 200, body
        found = {}
        for row in json.loads(body)["data"]["result"]:
            labels = {name: text for name, text in row["metric"].items() if name not in ("__name__", "job", "instance")}
            found[row["metric"]["__name__"], identity(labels)] = float(row["value"][1])
        return found


def test_vmagent(odd, vmagent):
    """Each series of links, with its value, but for that which its own scrapes go through; an empty label is none to it."""
    expected = {
        (name, tuple(label for label in labels if label[1])): value
        for (name, labels), value in ours(odd[1].get(headers={"Accept": "text/plain"}).body).items()
        if name.startswith("netdrop_link_") and ("device", "lo") not in labels
    }
    assert len({labels for _, labels in expected}) > len(ODD)
    eventually(
        lambda: vmagent.series('{__name__=~"netdrop_link_.*",device!="lo"}') == expected and set(vmagent.series("up").values()) == {1},
        "what the daemon serves",
    )
