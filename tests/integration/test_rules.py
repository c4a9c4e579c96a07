# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of packaging/prometheus: promtool's unit tests of them, the names that they use, the pages they link to,
and some of them in a real Prometheus."""

import itertools
import re
import time

import pytest
import yaml

import dashboards
import promtool as made
import rules
from daemon import eventually
from prometheus import Prometheus
from promtool import promtool

UNIT_TESTS = sorted(path.name for path in (rules.DIRECTORY / "tests").glob("*.yml"))
# The exporter's own alerts and those of the ledger are in these.
LEDGER_TESTS = ("before.yml", "exporter.yml", "loss.yml")


def test_promtool_check():
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", *rules.RULES)


@pytest.mark.parametrize("name", UNIT_TESTS)
def test_promtool_unit_tests(name):
    promtool("test", "rules", f"tests/{name}")


def unit_tests():
    return made.unit_tests(UNIT_TESTS)


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


def test_every_cause_of_loss_in_a_nic_has_an_alert():
    """But for what was configured, and what is lost because the link is down, which is an alert of the link."""
    named = (rules.TREE / "collectors/ethtool/nic_loss.c").read_text()
    causes = set(re.findall(r'\[NIC_LOST_\w+\] = "(\w+)"', named))
    selectors = re.findall(r'netdrop_nic_lost_total\{cause=~?"([\w|]+)"\}', str(list(rules.rules("alert"))))
    alerts = set("|".join(selectors).split("|"))
    assert len(causes) > 10
    assert causes - alerts == {"filtered", "link_down"}
    assert alerts <= causes


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
    """A comparison at the end leaves nothing to divide by where it is 0; or there is always something."""
    guard = r"\(.*>\s*\d+\s*\)|clamp_min\(.*, 0\.\d*[1-9]\),?|[1-9]\d*"
    return re.fullmatch(guard, divisor, re.DOTALL) is not None


def test_divisors_are_found():
    found = list(divisors('a{x="p/q"} / on (job) group_left () (rate(b[5m]) > 0) + c / d and (e / (f + g)) > 2'))
    assert found == ["(rate(b) > 0)", "d", "(f + g)"]
    assert [is_guarded(each) for each in found] == [True, False, False]
    assert is_guarded("clamp_min(a:b, 0.001),")
    assert not is_guarded("clamp_min(a:b, 0.0)")


def test_every_division_is_guarded():
    """Nothing is divided by 0: a table without a limit, a listener without a queue, an interface without traffic."""
    texts = [(rule[kind], rule["expr"]) for kind in ("record", "alert") for rule in rules.rules(kind)]
    for rule in rules.rules("alert"):
        queries = re.findall(r"query \(printf \"((?:[^\"\\]|\\.)*)\"", str(rule["annotations"]))
        texts += [(rule["alert"], query) for query in queries]
    for name in dashboards.NAMES:
        texts += [(panel["title"], each["expr"]) for panel in dashboards.panels(name) for each in panel["targets"]]
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
        assert annotations.keys() == {"summary", "description", "runbook_url"}, rule["alert"]
        assert "$labels.instance" in annotations["summary"], rule["alert"]
        assert "benign" not in rule["expr"] or rule["labels"]["severity"] == "info"


@pytest.mark.parametrize("name", [rules.ALERTS, rules.COUNTER_ALERTS])
def test_built_alerts_link_to_pages(build, name):
    """With the address that the build was told of, or where the pages are installed: a URL of a page that there is."""
    text = (build / "packaging/prometheus" / name).read_text()
    links = re.findall(r"runbook_url: (\S+)/([\w-]+\.md)$", text, re.MULTILINE)
    assert len(links) == len(rules.rules("alert", [name])) == text.count("runbook_url: ")
    (address,) = {address for address, _ in links}
    assert re.match(r"(https?|file)://", address)
    assert [page for _, page in links if not (rules.TREE / "docs/runbook" / page).is_file()] == []


def test_alerts_are_few():
    """Those that all hosts should have; the others are told apart by a label."""
    alerts = rules.rules("alert", [rules.ALERTS])
    assert 10 <= len(alerts) <= 15
    assert {rule["labels"]["severity"] for rule in alerts} == {"critical", "warning"}
    assert [rule["alert"] for rule in alerts if "source" in rule["labels"]] == []
    others = rules.rules("alert", [rules.COUNTER_ALERTS])
    assert {rule["labels"]["source"] for rule in others} == {"counter"}
    names = [rule["alert"] for rule in [*alerts, *others]]
    assert len(set(names)) == len(names)


def test_numbers_that_differ_by_site_are_in_one_place():
    numbers = {rule["record"] for rule in rules.rules("record", ["netdrop.thresholds.yml"])}
    named = [rules.names_in(rule["expr"]) for rule in rules.rules("record") + rules.rules("alert", [rules.ALERTS])]
    assert {name for name in set().union(*named) if name.endswith(":threshold")} == numbers
    for rule in rules.rules("record", ["netdrop.thresholds.yml"]):
        assert re.fullmatch(r"vector\([\d.]+\)", rule["expr"]), rule
    for rule in rules.rules("alert", [rules.ALERTS])[:5]:
        assert re.findall(r"[<>]=? *[\d.]+", rule["expr"]) == [], rule["alert"]


@pytest.mark.parametrize("interval", ["5s", "30s", "2m"])
@pytest.mark.parametrize("name", LEDGER_TESTS)
def test_alerts_fit_the_scrape_interval(tmp_path, name, interval):
    """The unit tests again, as if their series had been scraped more often, or less: the same hosts have alerts."""
    tests = [made.at_interval(test, "1m", made.minutes(interval)) for test in made.unit_tests([name])]
    made.run(tmp_path, tests)


def test_series_are_scraped_anew():
    assert made.scraped("a_total{}", "0+6x2", 1, 0.5) == "0.0 3.0 6.0 9.0 12.0"
    assert made.scraped("a_total{}", "0+6x4 _ 30 stale", 1, 2) == "0.0 12.0 24 30"
    assert made.scraped("a", "1 0x2 _x2", 1, 0.5) == "1 1 0 0 0 0 0 0 _ _ _"


def values_of(matcher, value):
    """What a label may be for a selector to find it."""
    if matcher == "=":
        return [value]
    plain = matcher == "=~" and re.fullmatch(r"[\w|]+", value)
    return value.split("|") if plain else ["x"]


def every_counter_that_is_watched():
    """The series of a host on which each counter that a rule looks at rises."""
    found = set()
    for rule in rules.rules("record") + rules.rules("alert"):
        for name in rules.names_in(rule["expr"]) & rules.exported().keys():
            selectors = re.findall(rf"\b{name}\{{([^}}]*)\}}", rule["expr"]) or [""]
            for selector in selectors if name.endswith("_total") else ():
                wanted = {label: values_of(*rest) for label, *rest in re.findall(r'(\w+)(=~|=)"([^"]*)"', selector)}
                labels = {label: wanted.get(label, ["x"]) for label in sorted(rules.exported()[name])}
                if "class" in labels and "class" not in wanted:
                    labels["class"] = ["capacity", "error", "unknown"]
                if "stage" in labels and "stage" not in wanted:
                    labels |= {"stage": ["nic", "driver", "transport"], "direction": ["receive", "transmit"]}
                for values in itertools.product(*labels.values()):
                    text = ",".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
                    found.add(f'{name}{{job="netdrop",instance="h"{"," if text else ""}{text}}}')
    return sorted(found)


TRAFFIC = re.compile(
    "netdrop_(link_.*_packets|udp_in_datagrams|tcp_(out_segs|active_opens|passive_opens)|qdisc_packets)_total"
)


def test_one_event_each_five_minutes_pages_nobody(tmp_path):
    """On a host with little traffic, 100 packets a second. A link that goes down as often is a matter for a ticket, and
    so is a table of the exporter that is full."""
    event = "0x4 " + " ".join(f"{i}x4" for i in range(1, 25))
    names = every_counter_that_is_watched()
    assert len(names) > 100
    series = [{"series": name, "values": "0+6000x125" if TRAFFIC.match(name) else event} for name in names]
    fires = {"NetdropLinkFlapping": 1, "NetdropLimitHit": 1}
    checks = [
        {
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": at,
            "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": count} for name, count in fires.items()],
        }
        for at in ("61m", "118m")
    ]
    made.run(tmp_path, [{"interval": "1m", "input_series": series, "promql_expr_test": checks}])


USUAL = {
    "loss_high_usual_factor": ("NetdropLossHigh", "transport", "receive", "capacity", 30000),
    "capacity_usual_factor": ("NetdropCapacityLoss", "ingress", "receive", "capacity", 600),
    "error_usual_factor": ("NetdropErrorLoss", "network", "receive", "error", 60000),
    "unknown_usual_factor": ("NetdropUnknownLoss", "driver", "receive", "unknown", 2000),
    "refused_usual_factor": ("NetdropRefusedPackets", "network", "receive", None, 200000),
}


def usual_series(stage, direction, loss_class, step):
    """Two hosts that always lose as much in five minutes, of a million packets; rises of late four times as much."""
    family, rest = "netdrop_lost_packets_by_stage_total", f'class="{loss_class}"'
    if not loss_class:
        family, rest = "netdrop_refused_packets_total", 'device="eth0",cause="netfilter_rule"'
    for host in ("same", "rises"):
        labels = f'job="netdrop",instance="{host}"'
        later = f"0+{step}x320" if host == "same" else f"0+{step}x300 {304 * step}+{4 * step}x19"
        yield {"series": f'{family}{{{labels},stage="{stage}",direction="{direction}",{rest}}}', "values": later}
        packets = f'netdrop_link_receive_packets_total{{{labels},device="eth0",kind="physical"}}'
        yield {"series": packets, "values": "0+1000000x320"}


@pytest.mark.parametrize("threshold", USUAL)
def test_more_than_usual_is_an_option(tmp_path, threshold):
    """Off, the alert tells of both hosts; on, only of the one that loses more than on the day before."""
    alert, *loss = USUAL[threshold]
    for factor, silent in ((0, set()), (3, {"same"})):
        text = (rules.DIRECTORY / "netdrop.thresholds.yml").read_text()
        changed = rules.with_threshold(text, threshold, factor)
        assert changed != text or factor == 0
        (tmp_path / "netdrop.thresholds.yml").write_text(changed)
        for name in ("netdrop.rules.yml", rules.ALERTS):
            (tmp_path / name).write_text((rules.DIRECTORY / name).read_text())
        checks = [
            made.expectation(made.counted(alert, host), 1580, 0 if host in silent else 1) for host in ("same", "rises")
        ]
        test = {"interval": "5m", "input_series": list(usual_series(*loss)), "promql_expr_test": checks}
        files = ("netdrop.thresholds.yml", "netdrop.rules.yml", rules.ALERTS)
        made.run(tmp_path, [test], evaluation="5m", files=files, where=tmp_path)


@pytest.fixture
def alerting(exporter, veth, tmp_path):
    """A Prometheus with the rules, which watches a daemon in the fault lab's b."""
    often = (f"--set=collectors.{name}.interval=100ms" for name in ("link", "snmp", "drop_monitor"))
    daemon = exporter("--set=devices.exclude_kinds=", *often, netns=veth.b)
    daemon.go_first()
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
