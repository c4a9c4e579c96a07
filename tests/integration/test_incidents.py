# SPDX-License-Identifier: GPL-2.0-or-later
"""What people are told while packets are really lost: how soon, in how many incidents, and that the headline stays.
What each kind of loss is called is tests/lab/told.py's, and compared by test_lab.py."""

import json
import os
import re
import socket
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

import losses
from daemon import eventually, seeded
from link_lab import ALL_KINDS, fresh
from procfs import Stopwatch
from test_ledger_mixtures import settled

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

import told
from recipes import RECIPES

pytestmark = [pytest.mark.usefixtures("bpf_possible"), pytest.mark.flood]


def test_every_recipe_has_its_words():
    assert sorted(told.TOLD) == sorted(RECIPES)


def report(process):
    return json.loads(process.get("/report?format=json").body)


def ours(found, devices):
    """What has an interface or a port is this namespace's. All else may be of other tests, which lose packets on this host,
    too."""
    return [
        one
        for one in found["incidents"]
        if one["device"] or re.search(r"\bport \d", one["subject"]) or any(device in one["subject"] for device in devices)
    ]


def urgent(found, devices):
    return [one for one in ours(found, devices) if one["colour"] != "green"]


def told_first(found):
    """The incident of the headline; None: it tells of none."""
    if not found["verdict"]["urgent"]:
        return None
    headline, first = found["verdict"]["headline"], found["incidents"][0]
    assert re.match(rf"{re.escape(first['subject'])}(:| loses?| lost) ", headline), (headline, first)
    assert first["words"] in headline, (headline, first)
    return first


@contextmanager
def going_on(faults, chosen):
    """All faults lose packets at the same time, for as long as the block lasts; yields when the first was sent."""
    ending = threading.Event()

    def run():
        while not ending.is_set():
            for fault in faults:
                with suppress(OSError):
                    fault.run(chosen.randrange(3, 30))
            time.sleep(0.02)

    thread = threading.Thread(target=run)
    begin = time.monotonic()
    thread.start()
    try:
        yield begin
    finally:
        ending.set()
        thread.join()


def test_three_faults(netns, exporter, clocks, pytestconfig):
    """Each is one incident, with its command, within seconds; the headline changes at most once; all are over when none was
    seen for a minute."""
    chosen = seeded()
    environment, jump = clocks
    a, b = netns(), netns()
    wires = [losses.Wire(a, b, chosen), losses.Wire(a, b, chosen), losses.Wire(b, a, chosen)]
    wires[0].port = chosen.randrange(1024, 30000)
    faults = [losses.udp_buffer(wires[0]), losses.rule(wires[1]), losses.queue_full(wires[2])]
    devices = {wire.b_device for wire in wires[:2]} | {wires[2].a_device}
    process = exporter(*ALL_KINDS, netns=b, env=environment)
    process.go_first()
    report(process)
    time.sleep(2)
    headlines, first, commands, most = [], None, None, 0
    watch = Stopwatch(process.pid)
    with going_on(faults, chosen) as begin:
        while time.monotonic() < begin + (40 if pytestconfig.getoption("--all") else 17):
            found = report(process)
            incidents = ours(found, devices)
            most = max(most, len(incidents))
            if urgent(found, devices) and first is None:
                first = watch.own_seconds()
            if commands is None and len(incidents) == 3 and all(one["commands"] for one in incidents):
                commands = watch.own_seconds()
            one = told_first(found)
            if one in incidents and one["subject"] not in headlines[-1:]:
                headlines.append(one["subject"])
            time.sleep(0.5)
        titles = {one["cause"]: one["title"] for one in incidents}
    print(f"first {first:.1f} s, commands {commands} s, headlines {headlines}")
    assert first < 3
    assert commands < 6
    assert most == len(incidents) == len(urgent(found, devices)) == 3
    assert len(headlines) <= 2
    assert set(titles) == {"udp_receive_buffer_full", "netfilter_rule", "qdisc_full"}
    assert f"UDP port {wires[0].port}: the receive buffer is full" in titles["udp_receive_buffer_full"]
    assert re.search(rf"{wires[2].a_device}, queue pfifo \w+: the queue is full", titles["qdisc_full"])
    assert titles["netfilter_rule"] == f"{wires[1].b_device}: received packets are refused by a firewall rule"
    settled(process)
    jump(0, suspended=45)
    settled(process)
    assert len(urgent(report(process), devices)) == 3
    jump(0, suspended=45 + 65)
    settled(process)
    eventually(lambda: not urgent(report(process), devices), "the end")


class Mixture:
    """Ways to lose at the same time, in namespaces of their own, each side of which is looked at."""

    def __init__(self, netns, exporter, chosen, count):
        a, b = netns(), netns()
        for namespace in (a, b):
            namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.processes = {"a": exporter(*ALL_KINDS, netns=a), "b": exporter(*ALL_KINDS, netns=b)}
        self.faults = losses.mixture(a, b, chosen, count)
        for process in self.processes.values():
            report(process)
        self.looks = {side: [] for side in self.processes}

    def causes(self, side):
        """What is to be told: of the transport one for each cause, wherever its packets came in; elsewhere one for each
        interface."""
        faults = [fault for fault in self.faults if fault.side == side and fault.cause]
        return {(fault.cause, is_transport(fault) or fault.device) for fault in faults}

    def look(self):
        for side, process in self.processes.items():
            found = report(process)
            told_first(found)
            devices = {fault.device for fault in self.faults if fault.side == side}
            told = ((one["cause"], one["stage"] == "transport" or one["device"]) for one in ours(found, devices))
            self.looks[side].append(sorted(told))

    def agrees(self):
        self.look()
        return all(self.causes(side) <= set(looks[-1]) for side, looks in self.looks.items())

    def missing(self):
        return [cause for side, looks in self.looks.items() for cause in self.causes(side) - set(looks[-1])]

    def judge(self, timeout=30):
        try:
            eventually(self.agrees, "what was lost to be told", timeout=timeout, step=0.2)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.missing()}") from None
        # What has no cause yet gets one in the next round, or is told by then.
        for _ in range(3):
            for process in self.processes.values():
                settled(process)
            self.look()
        for side, looks in self.looks.items():
            assert looks[-1] == sorted(self.causes(side)), looks
            assert set().union(*looks) == self.causes(side), looks


@pytest.mark.parametrize("number", range(5))
def test_as_many_incidents_as_causes(netns, exporter, number):
    """Of four mixtures, one beside the other: each exporter tells of its own."""
    chosen = seeded()
    mixtures = [Mixture(netns, exporter, chosen, chosen.randrange(3, 7)) for _ in range(4)]
    time.sleep(2)
    for mixture in mixtures:
        losses.send_all(mixture.faults, chosen, chosen.randrange(1200, 2000))  # more than any queue of these holds
    for mixture in mixtures:
        mixture.judge()


def test_no_incident_where_nothing_is_lost(netns, exporter):
    """All ways to lose are there, and nobody sends: nothing is told, and who waits for something says so. Then all lose
    but one, which is missed."""
    chosen = seeded()
    mixture = Mixture(netns, exporter, chosen, len(losses.ALL))
    time.sleep(2)
    with pytest.raises(AssertionError, match="what was lost to be told"):
        mixture.judge(timeout=2)
    assert not any(told for looks in mixture.looks.values() for told in looks)
    left = chosen.choice([fault for fault in mixture.faults if fault.cause and not is_transport(fault)])
    losses.send_all([fault for fault in mixture.faults if fault is not left], chosen, 1200)

    def all_others():
        mixture.look()
        return mixture.missing() == [(left.cause, left.device)]

    eventually(all_others, "all others to be told", step=0.2)
    with pytest.raises(AssertionError, match="what was lost to be told"):
        mixture.judge(timeout=2)
    assert mixture.missing() == [(left.cause, left.device)]


def is_transport(fault):
    return fault.cause.startswith("udp_")


def counted(process):
    """(cause, packets) of all incidents that have an interface."""
    return [(one["cause"], one["packets"]) for one in report(process)["incidents"] if one["device"]]


def test_a_longer_queue_of_a_tun_device(netns, exporter):
    """The command that the report gives raises the limit that it shows, and what fits is lost no more."""
    a = netns()
    a.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    tun = a.tun("tn0", os.O_NONBLOCK)
    a.batch(["link set tn0 txqueuelen 10 up", "route add 10.79.0.0/24 dev tn0"])
    a.run("tc qdisc replace dev tn0 root pfifo limit 1000")
    process = exporter(*ALL_KINDS, netns=a)
    report(process)
    time.sleep(2)

    def send(count):
        with a.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                with suppress(OSError):
                    sender.sendto(bytes(10), ("10.79.0.5", 9))

    def drain():
        with suppress(BlockingIOError):
            while os.read(tun, 2000):
                pass

    send(18)
    eventually(lambda: counted(process) == [("tun_queue_full", 8)], "what did not fit")

    def with_limit():
        """The drop site knows of the loss at once; the link's counter, which has the limit, with its next collection."""
        return next((one for one in report(process)["incidents"] if one["cause"] == "tun_queue_full" and one["limit"]), None)

    one = eventually(with_limit, "the limit")
    assert one["limit"] == {"now": 10, "most": None, "unit": "packets in the transmit queue"}
    command = next(each for each in one["commands"] if "txqueuelen" in each["command"])
    assert command == {"command": "ip link set dev tn0 txqueuelen 20", "comment": "now 10"}
    drain()
    a.run(["sh", "-c", command["command"]])
    send(18)
    time.sleep(3)
    assert counted(process) == [("tun_queue_full", 8)]
    os.close(tun)


def command_of(process, cause, begin):
    """The incident of a cause, and its command that begins so, once there is one."""

    def find():
        for one in report(process)["incidents"]:
            for each in one["commands"] if one["cause"] == cause else ():
                if each["command"].startswith(begin):
                    return one, each
        return None

    return eventually(find, f"the command {begin} for {cause}", timeout=30)


def test_a_longer_queue_of_a_device(netns, exporter):
    """The command raises the limit of the very queue that drops, below a shaper that keeps its rate; what fits then is lost
    no more."""
    a, b = netns(), netns()
    wire = losses.Wire(a, b, seeded())
    tc = f"tc qdisc add dev {wire.a_device}"
    a.run(f"{tc} root handle 1: tbf rate 8kbit burst 2000 limit 1000000")
    a.run(f"{tc} parent 1:1 handle 10: pfifo limit 5")
    process = exporter(*ALL_KINDS, netns=a)
    report(process)
    time.sleep(2)

    def send(count):
        with a.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                with suppress(OSError):  # no room: it is told
                    sender.sendto(bytes(1000), (wire.b_address, 9))

    def shown():
        return json.loads(a.run(f"tc -s -j qdisc show dev {wire.a_device}"))

    def queue():
        return next(one for one in shown() if one["kind"] == "pfifo")

    send(30)
    one, command = command_of(process, "qdisc_full", "tc qdisc change")
    assert one["limit"] == {"now": 5, "most": None, "unit": "packets in the queue"}
    assert command == {
        "command": f"tc qdisc change dev {wire.a_device} parent 1:1 handle 10: pfifo limit 10",
        "comment": "now 5",
    }
    lost = queue()["drops"]
    a.run(["sh", "-c", command["command"]])
    assert queue()["options"]["limit"] == 10
    assert [one["kind"] for one in shown()] == ["tbf", "pfifo"]
    send(4)
    assert queue()["drops"] == lost


def test_a_longer_queue_of_accepted_connections(netns, exporter):
    """The command raises what listen() is cut to: the same server, started again, has room for more."""
    a, b = netns(), netns()
    wire = losses.Wire(a, b, seeded())
    b.sysctl("net.core.somaxconn", 3)
    process = exporter(*ALL_KINDS, netns=b)
    report(process)
    time.sleep(2)

    @contextmanager
    def server(count):
        """Asks for much, and accepts nothing; so many come."""
        with b.socket() as listener, ExitStack() as clients:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((wire.b_address, 8443))
            listener.listen(1000)
            for _ in range(count):
                client = clients.enter_context(a.socket())
                client.setblocking(False)
                client.connect_ex((wire.b_address, 8443))
            yield

    def overflows():
        return fresh(process, "snmp").value("netdrop_tcpext_listen_overflows_total")

    with server(12):
        one, command = command_of(process, "tcp_listen_drop", "sysctl -w")
        assert one["limit"] == {"now": 3, "most": None, "unit": "connections in the accept queue"}
        assert "TCP port 8443" in one["subject"]
        assert command["command"] == "sysctl -w net.core.somaxconn=6"
        assert command["comment"].startswith("now 3, ")
        b.run(["sh", "-c", command["command"]])
    lost = overflows()
    with server(7):  # one more than the limit fits (net/core/sock.h, sk_acceptq_is_full())
        time.sleep(1)
        assert overflows() == lost
