# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/prometheus/netdrop.inhibit.yml in a real Alertmanager, Debian's: rule by rule, and with a real Prometheus,
all rules and three faults at once."""

import socket
import subprocess
from contextlib import contextmanager

import pytest
import yaml

import rules
from daemon import eventually
from prometheus import Alertmanager, Prometheus

FILE = rules.DIRECTORY / "netdrop.inhibit.yml"
LOST = {"stage": "transport", "direction": "receive", "class": "capacity"}
# In the order of the rules: what fires, what is kept silent by it, and what is not, on the same host.
CASES = (
    ({"alertname": "NetdropLossHigh", **LOST}, {"alertname": "NetdropCapacityLoss", **LOST},
     {"alertname": "NetdropCapacityLoss", **LOST, "stage": "egress"}),
    ({"alertname": "NetdropLossHigh", **LOST}, {"alertname": "NetdropUnknownLoss", **LOST, "class": "unknown"},
     {"alertname": "NetdropErrorLoss", **LOST, "class": "error"}),
    ({"alertname": "NetdropErrorLoss", **LOST}, {"alertname": "NetdropTcpRetransmissions", "source": "counter"},
     {"alertname": "NetdropCollectorFailing", "collector": "link"}),
    ({"alertname": "NetdropRefusedPackets"}, {"alertname": "NetdropKernelPolicyDropsRise", "source": "counter"},
     {"alertname": "NetdropTcpRetransmissions", "source": "counter"}),
    ({"alertname": "NetdropLinkFlapping", "device": "eth0"},
     {"alertname": "NetdropErrorLoss", "stage": "egress", "direction": "transmit", "class": "error"},
     {"alertname": "NetdropErrorLoss", "stage": "nic", "direction": "receive", "class": "error"}),
    ({"alertname": "NetdropCollectorFailing", "collector": "drop_monitor"}, {"alertname": "NetdropDropsUncounted"},
     {"alertname": "NetdropCollectorFailing", "collector": "snmp"}),
    ({"alertname": "NetdropExporterDown"}, {"alertname": "NetdropExporterRestarts"}, {"alertname": "NetdropLossHigh"}),
)  # fmt: skip


def inhibit_rules():
    return yaml.safe_load(FILE.read_text())["inhibit_rules"]


def test_each_rule_has_its_case():
    assert len(CASES) == len(inhibit_rules())
    known = {rule["alert"] for rule in rules.rules("alert")}
    assert {labels["alertname"] for case in CASES for labels in case} <= known


def test_amtool_check(tmp_path):
    whole = {"route": {"receiver": "a"}, "receivers": [{"name": "a"}], "inhibit_rules": inhibit_rules()}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(whole))
    command = ["amtool", "check-config", tmp_path / "alertmanager.yml"]
    result = subprocess.run(command, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()
    assert f"{len(CASES)} inhibit rules" in result.stdout.decode()


def at(instance, labels):
    return {"job": "netdrop", "instance": instance, **labels}


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_rule(netns, tmp_path, number):
    """Only of the host itself, and only what the rule is for."""
    namespace = netns()
    manager = Alertmanager(namespace, tmp_path, [inhibit_rules()[number]])
    source, target, other = CASES[number]
    heard = [at("a", source), at("a", other), at("b", target)]
    manager.post(at("a", target), *heard)
    eventually(lambda: manager.alerts("suppressed") == [at("a", target)], "the rule to hold")

    def key(labels):
        return sorted(labels.items())

    assert sorted(manager.alerts("active"), key=key) == sorted(heard, key=key)


REFUSED = 9998
# Where b sends to: nobody has the address, so that what arrives at a is another host's, and no loss.
NOBODY, NO_MAC = "10.77.0.77", "02:00:00:00:00:77"


@contextmanager
def three_faults(veth):
    """b has a reader of UDP that never reads, a rule that drops what comes to another port, and a queue of b0 that is
    shorter than what b sends."""
    veth.b.run("tc qdisc add dev b0 root tbf rate 64kbit burst 2000 limit 5000")
    veth.b.run("nft add table ip t")
    veth.b.run("nft add chain ip t input { type filter hook input priority 0 ; }")
    veth.b.run(f"nft add rule ip t input udp dport {REFUSED} drop")
    veth.b.run(f"ip neigh add {NOBODY} lladdr {NO_MAC} nud permanent dev b0")
    sender = veth.b.socket(kind=socket.SOCK_DGRAM)

    def send(count):
        for _ in range(count):
            try:
                sender.sendto(bytes(200), (NOBODY, 9))
            except OSError:
                pass  # no room in the queue: it is told

    def refused(count):
        veth.send_udp(count, port=REFUSED)

    with rules.unread_socket(veth), rules.Flood(veth.send_udp), rules.Flood(refused), rules.Flood(send):
        yield
    sender.close()


WANTED = [
    ("NetdropLossHigh", "egress", "transmit"),
    ("NetdropLossHigh", "transport", "receive"),
    ("NetdropRefusedPackets", None, "receive"),
]


def test_three_faults_raise_three_alerts(exporter, veth, tmp_path, bpf_possible):
    """With all alerts loaded, those on single counters too: Alertmanager tells of as many as there are faults."""
    often = (f"--set=collectors.{name}.interval=250ms" for name in ("link", "snmp", "drop_monitor", "qdisc", "sockets"))
    daemon = exporter("--set=devices.exclude_kinds=", *often, netns=veth.b)
    daemon.go_first()
    manager = Alertmanager(veth.b, tmp_path, inhibit_rules())
    hurried = rules.hurried(tmp_path, refused_share_of_new_host=0.1)
    prometheus = Prometheus(veth.b, tmp_path, [daemon.port], hurried, alertmanager=manager)

    def is_ours(labels):
        """What other tests drop meanwhile, in namespaces of theirs, the ledger has on no device."""
        if "class" not in labels:
            return True
        family = "refused" if labels["class"] == "policy" else "lost"
        names = ["direction"] if family == "refused" else ["stage", "direction", "class"]
        where = "".join(f',{name}="{labels.get(name, "")}"' for name in names)
        return prometheus.query(f'sum(rate(netdrop_{family}_packets_total{{device!=""{where}}}[10s])) > 0')

    def told():
        alerts = [each for each in manager.alerts("active") if each["severity"] != "info" and is_ours(each)]
        return sorted((each["alertname"], each.get("stage"), each.get("direction")) for each in alerts)

    with three_faults(veth):
        try:
            eventually(lambda: told() == WANTED, "three alerts", timeout=120, step=0.5)
        except AssertionError:
            pytest.fail(f"not three alerts, but {told()}")

        def silent():
            return {labels["alertname"] for labels in manager.alerts("suppressed")}

        eventually(lambda: "NetdropUdpReceiveBufferFull" in silent(), "the alert of a counter, not told", step=0.5)
        assert told() == WANTED
    assert prometheus.complaints() == []
