# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of packaging/prometheus: promtool's unit tests of them, the names that they use, the pages they link to,
and some of them in a real Prometheus."""

import json
import re
import subprocess
import time

import pytest
import yaml

import rules
from daemon import eventually
from prometheus import Prometheus

UNIT_TESTS = sorted(path.name for path in (rules.DIRECTORY / "tests").glob("*.yml"))


def promtool(*arguments):
    result = subprocess.run(
        ["promtool", *arguments], cwd=rules.DIRECTORY, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    return result.stdout.decode()


def test_promtool_check():
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", *rules.RULES)


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_promtool_unit_tests(name):
    promtool("test", "rules", f"tests/{name}")


def unit_tests():
    for name in UNIT_TESTS:
        yield from yaml.safe_load((rules.DIRECTORY / "tests" / name).read_text())["tests"]


def test_every_rule_is_tested():
    """Each alert fires in one test, stays silent in one, and there is a series in it of a host it must not fire for."""
    fires, silent, spared, queried = set(), set(), set(), ""
    for test in unit_tests():
        spares = any('instance="good"' in series["series"] for series in test["input_series"])
        for check in test.get("alert_rule_test", ()):
            (fires if check.get("exp_alerts") else silent).add(check["alertname"])
            if spares:
                spared.add(check["alertname"])
        for check in test.get("promql_expr_test", ()):
            assert check["exp_samples"], check
            queried += check["expr"] + "\n"
    alerts = {rule["alert"] for rule in rules.rules("alert")}
    assert fires == alerts
    assert spared == alerts
    immediate = {rule["alert"] for rule in rules.rules("alert") if "for" not in rule}
    assert alerts - silent - immediate == set()
    assert rules.recorded() <= set(queried.split())


def test_series_of_unit_tests_are_the_exporters():
    exported = rules.exported()
    for test in unit_tests():
        for series in test["input_series"]:
            name, labels = re.fullmatch(r"(\w+)\{(.*)\}", series["series"]).groups()
            assert name in exported, name
            assert set(re.findall(r'(\w+)="', labels)) - rules.TARGET == exported[name], series


def test_names_in_rules_are_the_exporters():
    for rule in [*rules.rules("record"), *rules.rules("alert")]:
        texts = [rule["expr"], *rule.get("annotations", {}).values()]
        assert [problem for text in texts for problem in rules.unknown(text)] == [], rule


def test_protocol_counters_are_in_the_default_selection(exporter):
    """Of those that this kernel has: a rule must not wait for a counter that only other settings show."""
    page = exporter().metrics("/metrics?collect[]=snmp")
    everything = exporter("--set=collectors.snmp.fields.include=*").metrics("/metrics?collect[]=snmp")
    text = "\n".join(rule["expr"] for rule in [*rules.rules("record"), *rules.rules("alert")])
    names = rules.names_in(text) & everything.keys()
    assert len(names) > 30
    assert names <= page.keys()


def divisors(expression):
    """What an expression divides by, as text: up to where its bracket closes, or as far as a selector goes."""
    plain = re.sub(r"\[[^\]]*\]|\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|'[^']*'", "", expression)
    for match in re.finditer(r"/\s*(?:on \([^)]*\)\s*(?:group_left \([^)]*\)\s*)?)?", plain):
        depth, end = 0, match.end()
        while end < len(plain) and (depth or plain[end] not in " )\n"):
            depth += {"(": 1, ")": -1}.get(plain[end], 0)
            end += 1
        yield plain[match.end() : end]


def is_guarded(divisor):
    """A comparison at the end leaves nothing to divide by where it is 0."""
    return re.fullmatch(r"\(.*>\s*\d+\s*\)", divisor, re.DOTALL) is not None


def test_divisors_are_found():
    found = list(divisors('a{x="p/q"} / on (job) group_left () (rate(b[5m]) > 0) + c / d and (e / (f + g)) > 2'))
    assert found == ["(rate(b) > 0)", "d", "(f + g)"]
    assert [is_guarded(each) for each in found] == [True, False, False]


def test_every_division_is_guarded():
    """Nothing is divided by 0: a table without a limit, a listener without a queue, an interface without traffic."""
    texts = [(rule[kind], rule["expr"]) for kind in ("record", "alert") for rule in rules.rules(kind)]
    for rule in rules.rules("alert"):
        queries = re.findall(r"query \(printf \"((?:[^\"\\]|\\.)*)\"", str(rule["annotations"]))
        texts += [(rule["alert"], query) for query in queries]
    dashboard = json.loads((rules.TREE / "packaging/grafana/netdrop-exporter.json").read_text())
    texts += [(panel["title"], each["expr"]) for panel in dashboard["panels"] for each in panel.get("targets", ())]
    found = [(where, divisor) for where, text in texts for divisor in divisors(text)]
    assert len(found) > 15
    assert [each for each in found if not is_guarded(each[1])] == []


def test_every_alert_that_divides_is_tested_with_nothing_to_divide_by():
    zero = yaml.safe_load((rules.DIRECTORY / "tests/zero.yml").read_text())["tests"]
    tested = {check["alertname"] for test in zero for check in test["alert_rule_test"] if not check.get("exp_alerts")}
    assert {rule["alert"] for rule in rules.rules("alert") if list(divisors(rule["expr"]))} == tested


def test_no_alert_names_a_function():
    """They change with each kernel. Only where a drop is told of, in words, may they stand."""
    for rule in rules.rules("alert"):
        assert "function" not in rule["expr"]


def test_alerts_say_what_to_do():
    for rule in rules.rules("alert"):
        annotations = rule["annotations"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert annotations.keys() == {"summary", "description", "runbook"}, rule["alert"]
        assert "$labels.instance" in annotations["summary"], rule["alert"]
        assert "benign" not in rule["expr"] or rule["labels"]["severity"] == "info"


@pytest.fixture
def alerting(exporter, veth, tmp_path):
    """A Prometheus with the rules, which watches a daemon in the fault lab's b."""
    often = (f"--set=collectors.{name}.interval=100ms" for name in ("link", "snmp", "drop_monitor"))
    daemon = exporter("--set=devices.exclude_kinds=", *often, netns=veth.b)
    return daemon, Prometheus(veth.b, tmp_path, [daemon.port], rules.hurried(tmp_path))


def firing(prometheus):
    """{name: annotations} of the alerts that fire and would notify somebody."""
    alerts = prometheus.api("alerts")["alerts"]
    return {
        alert["labels"]["alertname"]: alert["annotations"]
        for alert in alerts
        if alert["state"] == "firing" and alert["labels"]["severity"] != "info"
    }


def test_a_full_receive_buffer_raises_its_alerts(alerting, veth):
    daemon, prometheus = alerting
    wanted = {"NetdropUdpReceiveBufferFull"}
    if daemon.metrics().get("netdrop_kernel_drops_by_class_total"):
        wanted.add("NetdropKernelCapacityDrops")
    with rules.unread_socket(veth), rules.Flood(veth.send_udp):
        eventually(lambda: wanted <= firing(prometheus).keys(), f"{wanted} to fire", timeout=120)
        found = firing(prometheus)
    assert "of the UDP datagrams it receives (IPv4)" in found["NetdropUdpReceiveBufferFull"]["summary"]
    if "NetdropKernelCapacityDrops" in wanted:
        description = found["NetdropKernelCapacityDrops"]["description"]
        assert re.search(r"b0 SOCKET_RCVBUFF in \w+ [\d.]+/s;", description), description
    assert prometheus.complaints() == []


def test_what_nobody_asked_for_raises_none(alerting, veth):
    """Frames of an unknown protocol, which the interface counts as dropped."""
    daemon, prometheus = alerting
    if not daemon.metrics().get("netdrop_kernel_drops_by_class_total"):
        pytest.skip("no drop sites here, which tell them from other drops")
    with rules.frames_of_unknown_protocol(veth) as send, rules.Flood(send):
        dropped = 'rate(netdrop_link_receive_dropped_total{device="b0"}[10s])'
        wanted = 'device:netdrop_link_receive_dropped_wanted:rate5m{device="b0"}'
        eventually(lambda: (prometheus.query(dropped) or 0) > 100, "the drops to be seen", timeout=120)
        # Longer than any alert waits.
        time.sleep(15)
        # Both counters are read at their own times.
        rare = f"abs({wanted}) < 0.1 * {dropped}"
        eventually(lambda: prometheus.query(rare) is not None, "them to be taken off", timeout=60)
        about_us = [text for text in map(str, firing(prometheus).values()) if "b0" in text]
        assert about_us == []
