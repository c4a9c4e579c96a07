# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents do what they say: a reader who types their examples must not be the first to find out.

    ```sh      each line is a command; it must succeed. A line that installs, serves for ever or needs a file of
               the reader's own does not belong in such a block: write ```console for what is only to be seen.
    ```yaml    a part of Prometheus' configuration, or a file of rules; promtool must accept it.
    ```json    a whole configuration file; --check-config must accept it.
    ```promql  one query; what it says of the series below must be right.

In a ```sh block `netdrop-exporter` is the daemon just built, and `localhost:10190` one that runs for the test.
`scripts/run` and `scripts/test` are left out, because the other stages are those two. Every link leads somewhere, and what is
made from the program's tables is what the program has now."""

import json
import os
import re
import subprocess
import sys

import pytest

import rules
from documents import ALL, PART, READ, TREE, anchors, blocks, families, filled, links, made, name_of

sys.path.append(str(TREE / "tests/bench"))
from peers_table import document  # noqa: E402

LEFT_OUT = re.compile(r"\b(apt|apt-get|sudo|systemctl|git clone)\b|^cd |scripts/(run|test|bench|lab)\b")


def having(*kinds):
    """Those to be read that have such blocks."""
    return pytest.mark.parametrize("path", [path for path in READ if any(blocks(path, kind) for kind in kinds)], ids=name_of)


def commands(path):
    joined = (block.replace("\\\n", " ") for block in blocks(path, "sh"))
    return [line for block in joined for line in block.splitlines() if line and not LEFT_OUT.search(line)]


@having("sh")
def test_commands(exporter, build, tree, tmp_path, path):
    daemon = exporter()
    for line in commands(path):
        line = line.replace("localhost:10190", f"127.0.0.1:{daemon.port}")
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=tree,
            env={**os.environ, "PATH": f"{build}:{os.environ['PATH']}", "HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, (line, result.stdout.decode())


@having("json")
def test_configurations(command, tmp_path, path):
    for text in blocks(path, "json"):
        file = tmp_path / "config.json"
        file.write_text(text)
        result = command("--check-config", f"--config.file={file}")
        assert (result.returncode, result.stderr) == (0, ""), text


@having("yaml")
def test_prometheus_accepts(tmp_path, path):
    for text in blocks(path, "yaml"):
        file = tmp_path / "file.yml"
        file.write_text(text)
        kind = "rules" if text.startswith("groups:") else "config"
        subprocess.run(["promtool", "check", kind, str(file)], stdin=subprocess.DEVNULL, timeout=60, check=True)


def leads(path, name, anchor):
    target = (path.parent / name).resolve() if name else path
    return target.exists() and not (anchor and target.suffix == ".md" and anchor not in anchors(target))


def test_links_lead_somewhere():
    found = [(path, *link) for path in ALL for link in links(path)]
    assert len(found) > 300
    assert [f"{name_of(link[0])}: {link[1]}#{link[2]}" for link in found if not leads(*link)] == []


def test_links_of_what_is_installed_lead_somewhere(build, tmp_path):
    """Within what is installed: the source is not there."""
    command = ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", tmp_path]
    subprocess.run(command, stdin=subprocess.DEVNULL, timeout=120, check=True)
    (home,) = tmp_path.glob("**/share/doc/netdrop-exporter")
    installed = sorted(home.rglob("*.md"))
    assert {path.relative_to(home) for path in installed} >= {path.relative_to(TREE) for path in READ}
    found = [(path, *link) for path in installed for link in links(path)]
    assert len(found) > 300
    assert [f"{path}: {name}#{anchor}" for path, name, anchor in found if not leads(path, name, anchor)] == []
    assert all((path.parent / name).resolve().is_relative_to(tmp_path) for path, name, _ in found)


def test_a_wrong_link_is_found(tmp_path):
    path = tmp_path / "one.md"
    path.write_text("# Two words\n\n[a](one.md#two-words) [b](#two-words) [c](#three) [d](two.md) `[e](no.md)`\n")
    assert [leads(path, *link) for link in links(path)] == [True, True, False, False]


def test_links_stay_within_what_is_installed():
    """The runbook is installed without the others."""
    for path in ALL:
        if path.parent.name == "runbook":
            assert [name for name, _ in links(path) if "/" in name] == [], path


@pytest.mark.parametrize("path", [path for path in READ if PART.search(path.read_text())], ids=name_of)
def test_parts_are_the_programs(build, request, path):
    text = filled(build, path.read_text())
    if request.config.getoption("--update-golden"):
        path.write_text(text)
    assert path.read_text() == text


def test_every_metric_is_told_once():
    """Each family stands in one table of docs/metrics.md."""
    prefixes = [what.split()[1:] for _, what, _, _ in PART.findall((TREE / "docs/metrics.md").read_text())]
    told = [line for part in prefixes for line in re.findall(r"^\| `(\w+)`", made(None, "metrics", *part), re.MULTILINE)]
    own = {name for name, *_ in families() if name.startswith("netdrop_")}
    assert sorted(told) == sorted(own)


def is_known(name):
    """Of a metric, a family as OpenMetrics calls it, or a recording rule; a selector's labels too."""
    family = re.sub("_created$", "", name)
    return list(rules.unknown(name)) == [] or {f"{family}_total", f"{family}_bucket"} & rules.exported().keys() != set()


def test_names_are_the_exporters():
    """Where a whole one stands as code. The list of changes names what is gone, too."""
    assert not is_known("netdrop_no_such_total") and not is_known('netdrop_link_up{no="such"}')
    for path in ALL:
        if path.name not in ("CHANGELOG.md", "adding-a-collector.md"):
            named = re.findall(r"`((?:netdrop_|instance:|device:|site:)[\w:]*[a-z0-9](?:\{\w+=[^`]*\})?)`", path.read_text())
            assert [name for name in named if not is_known(name)] == [], path


def test_the_readme_is_short():
    assert len((TREE / "README.md").read_text().splitlines()) <= 150


CONTAINER, POD = 64 * "c", "11111111-2222-3333-4444-555555555555"
WHO = f'container_id="{CONTAINER}",pod_uid="{POD}"'
# Counters rise by as many a minute as stand here; each other series is 1, or has these values.
SERIES = {
    f'netdrop_workload_drops_total{{unit="kubepods.slice",{WHO},class="capacity"}}': 60,
    f'netdrop_workload_drops_total{{unit="kubepods.slice",{WHO},class="policy"}}': 120,
    'netdrop_workload_drops_total{unit="statsd.service",container_id="",pod_uid="",class="capacity"}': 180,
    'netdrop_workload_drops_total{unit="",container_id="",pod_uid="",class="capacity"}': 600,
    f'kube_pod_info{{uid="{POD}",namespace="shop",pod="cart-1"}}': 0,
    f'kube_pod_container_info{{container_id="containerd://{CONTAINER}",namespace="shop",pod="cart-1",container="app"}}': 0,
    'netdrop_link_transmit_dropped_total{instance="h",device="veth1"}': 240,
    'netdrop_link_transmit_dropped_total{instance="h",device="eth0"}': 600,
    f'netdrop_link_workload_info{{instance="h",device="veth1",unit="kubepods.slice",container_id="",pod_uid="{POD}"}}': 0,
    f'netdrop_udp_socket_drops_total{{local_port="53",container_id="{CONTAINER}"}}': 300,
    'netdrop_namespace_udp_rcvbuf_errors_total{unit="statsd.service",container_id="",pod_uid="",ip_version="4"}': 300,
    'netdrop_namespace_udp_rcvbuf_errors_total{unit="statsd.service",container_id="",pod_uid="",ip_version="6"}': 60,
    f'netdrop_namespace_udp_rcvbuf_errors_total{{unit="kubepods.slice",container_id="",pod_uid="{POD}",ip_version="4"}}': 0,
    'instance:netdrop_loses:bool{job="n",instance="loses"}': 0,
    'instance:netdrop_loses:bool{job="n",instance="rests"}': "0x20",
    'instance:netdrop_trait:present{job="n",instance="loses",trait="driver",value="ice"}': 0,
    'instance:netdrop_trait:present{job="n",instance="loses",trait="driver",value="veth"}': 0,
    'instance:netdrop_trait:present{job="n",instance="rests",trait="driver",value="veth"}': 0,
    'instance:netdrop_trait:present{job="n",instance="loses",trait="ring",value="receive 512"}': 0,
    # One that came at ten minutes with its whole burst, one that has been there and goes on, and one that is at rest.
    'netdrop_kernel_drops_total{device="new"}': "_x9 500x10",
    'netdrop_kernel_drops_created{device="new"}': "_x9 570x10",
    'netdrop_kernel_drops_total{device="old"}': 60,
    'netdrop_kernel_drops_created{device="old"}': 0,
    'netdrop_kernel_drops_total{device="quiet"}': 0,
    'netdrop_kernel_drops_created{device="quiet"}': 0,
}
# A part of each query, and what it says.
ANSWERS = {
    "kube_pod_info": [('{namespace="shop",pod="cart-1"}', 1)],
    "sum by (namespace, pod, container)": [('{namespace="shop",pod="cart-1",container="app"}', 3)],
    "instance:netdrop_trait:present": [('{value="ice"}', 1)],
    "topk(10": [('{unit="statsd.service"}', 3)],
    "netdrop_link_workload_info": [('{unit="kubepods.slice"}', 4)],
    "netdrop_udp_socket_drops_total": [(f'{{container_id="{CONTAINER}",pod="cart-1",container="app"}}', 5)],
    "netdrop_namespace_udp_rcvbuf_errors_total": [('{unit="statsd.service"}', 6)],
    "netdrop_kernel_drops_created": [('netdrop_kernel_drops_total{device="new"}', 500), ('{device="old"}', 600)],
}


QUERIES = [query for path in READ for query in blocks(path, "promql")]


def answer(query):
    (part,) = [part for part in ANSWERS if part in query]
    return part


@pytest.mark.parametrize("query", QUERIES, ids=answer)
def test_query(tmp_path, query):
    series = [{"series": name, "values": step if isinstance(step, str) else f"{0 if step else 1}+{step}x20"} for name, step in SERIES.items()]
    wanted = [{"labels": labels, "value": value} for labels, value in ANSWERS[answer(query)]]
    test = {"expr": query, "eval_time": "15m", "exp_samples": wanted}
    path = tmp_path / "query.yml"
    path.write_text(json.dumps({"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [test]}]}))
    result = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_answer_has_its_query():
    assert len(QUERIES) == len(ANSWERS)


def test_the_two_doors_are_named():
    text = (TREE / "README.md").read_text()
    assert "scripts/run" in text and "scripts/test" in text


def test_what_it_costs_is_what_was_measured():
    """The table is made of the raw figures beside it: scripts/bench peers --write."""
    written = re.search(r"^<!-- measured: peers -->\n\n(.*?)\n<!-- end -->$", (TREE / "docs/cost.md").read_text(), re.MULTILINE | re.DOTALL)
    assert written[1] == document(json.loads((TREE / "docs/cost.json").read_text()))
