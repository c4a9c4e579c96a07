# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands of the report that change the whole host, typed as they are given: the limit that was shown rises, and what
was lost for it is lost no more where the command promises that."""

import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest
from bench import second_processor
from daemon import Exporter, eventually

FLAGS = (
    "--web.listen-address=127.0.0.1:0",
    "--collector.disable-defaults",
    "--collector.sockets",
    "--collector.softnet",
    "--collector.ethtool",
    "--collector.drop_monitor",
    "--set=devices.exclude_kinds=",
)
CORE = Path("/proc/sys/net/core")


@pytest.fixture(name="exporter")
def fixture_exporter(binary, tmp_path):
    process = Exporter([binary, *FLAGS], tmp_path / "stderr")
    process.wait_ready()
    process.get("/report")
    yield process
    process.close()


@pytest.fixture(name="usual", autouse=True)
def fixture_usual():
    """What the tests change is put back."""
    before = {name: (CORE / name).read_text() for name in ("rmem_default", "rmem_max", "netdev_max_backlog")}
    yield {name: int(text) for name, text in before.items()}
    for name, text in before.items():
        (CORE / name).write_text(text)


def reader(port, size=None):
    """A socket that nobody reads; with a size it sets SO_RCVBUF."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if size:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    one.bind(("127.0.0.1", port))
    return one


def buffer_of(one):
    return one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def overflow(one):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(buffer_of(one) // 500):
            sender.sendto(bytes(1000), one.getsockname())


def told(exporter, port):
    """The incident of a port."""

    def find():
        found = json.loads(exporter.get("/report?format=json").body)["incidents"]
        return next((one for one in found if f"UDP port {port}" in one["subject"] and one["limit"]), None)

    return eventually(find, f"the loss at port {port}")


def typed(incident, begin):
    """Types the command that begins so; returns the name and the number that it sets."""
    command = next(each["command"] for each in incident["commands"] if each["command"].startswith(begin))
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    name, _, value = command.removeprefix("sysctl -w net.core.").partition("=")
    return name, int(value)


def test_a_socket_that_sets_no_buffer(exporter, usual):
    """It has rmem_default: one that is open already keeps it, and one that is made later has more. rmem_max is no use."""
    with reader(20999) as one:
        overflow(one)
        incident = told(exporter, 20999)
        assert incident["limit"]["now"] == usual["rmem_default"] == buffer_of(one)
        assert not [each for each in incident["commands"] if "rmem_max" in each["command"]]
        name, value = typed(incident, "sysctl -w")
        assert (name, value) == ("rmem_default", 4 * usual["rmem_default"])
        assert int((CORE / name).read_text()) == value
        assert buffer_of(one) == usual["rmem_default"]
    with reader(20999) as another:
        assert buffer_of(another) == value


def test_a_socket_whose_buffer_was_cut(exporter, usual):
    """It asked for more than rmem_max: the same request gets more afterwards."""
    with reader(20998, 1 << 29) as one:
        (CORE / "rmem_default").write_text(str(usual["rmem_default"] // 2))  # so that it cannot be taken for it
        assert buffer_of(one) == 2 * usual["rmem_max"]
        overflow(one)
        incident = told(exporter, 20998)
        name, value = typed(incident, "sysctl -w")
        assert (name, value) == ("rmem_max", 4 * usual["rmem_max"])
    with reader(20998, 1 << 29) as another:
        assert buffer_of(another) == 2 * value


def test_a_socket_that_chose_its_buffer(exporter):
    """No setting of the host's helps: none is told."""
    with reader(20997, 5000) as one:
        for _ in range(10):
            overflow(one)
        incident = told(exporter, 20997)
        assert incident["limit"]["now"] == 10000
        assert not [each for each in incident["commands"] if "sysctl" in each["command"]]


def test_the_input_queue_of_a_processor(exporter):
    """One processor sends what another is to take in, and its queue is short."""
    steering = Path("/sys/class/net/lo/queues/rx-0/rps_cpus")
    limit = CORE / "netdev_max_backlog"

    def find():
        flood()
        found = json.loads(exporter.get("/report?format=json").body)["incidents"]
        return next((one for one in found if one["cause"] == "cpu_backlog_full" and one["limit"]), None)

    def flood():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(3000):
                sender.sendto(bytes(10), ("127.0.0.1", 20996))

    with second_processor(), reader(20996):
        limit.write_text("5")
        steering.write_text("2")
        try:
            os.sched_setaffinity(0, {0})
            incident = eventually(find, "a full input queue")
            assert incident["limit"] == {"now": 5, "most": None, "unit": incident["limit"]["unit"]}
            assert typed(incident, "sysctl -w") == ("netdev_max_backlog", 10)
            assert int(limit.read_text()) == 10
        finally:
            os.sched_setaffinity(0, {0, 1})
            steering.write_text("0")


@pytest.fixture(name="nic")
def fixture_nic():
    """A NIC whose driver has rings, whatever it is called."""
    before = set(os.listdir("/sys/class/net"))
    subprocess.run(["modprobe", "e1000"], check=True)
    yield eventually(lambda: sorted(set(os.listdir("/sys/class/net")) - before), "the NIC")[0]
    subprocess.run(["modprobe", "--remove", "e1000"], check=True)


def test_the_ring_of_a_nic(exporter, nic):
    """The command as it would be given (tests/unit/test_incident_words.c), by the numbers that the exporter reads: the ring
    is as long as it can be."""

    def ring(name):
        page = exporter.metrics()
        found = [row.value for row in page.get(name, ()) if row.labels["device"] == nic and row.labels["direction"] == "receive"]
        return found[0] if found else None

    def told():
        return ring("netdrop_nic_ring_entries"), ring("netdrop_nic_ring_entries_limit")

    eventually(lambda: None not in told(), "the ring")
    now, most = told()
    shown = subprocess.run(["ethtool", "-g", nic], check=True, capture_output=True, text=True).stdout
    assert [int(each) for each in re.findall(r"^RX:\s+(\d+)", shown, re.MULTILINE)] == [most, now]
    assert now < most
    subprocess.run(["sh", "-c", f"ethtool -G {nic} rx {most:.0f}"], check=True, capture_output=True)
    eventually(lambda: told() == (most, most), "the longer ring")


SHOWN_BY_A_NIC = {
    "ethtool -g {device}": r"(?s)^Ring parameters for \S+:.*RX:\s+\d+.*Current hardware settings:.*RX:\s+\d+",
    "ethtool -a {device}": r"(?s)^Pause parameters for \S+:.*RX:\s+(?:on|off)",
    "ethtool -S {device}": r"(?s)^NIC statistics:\n.*rx_missed_errors: \d+",
}


def test_what_a_nic_shows(nic):
    """The commands to look with that no virtual device answers: tests/integration/test_look_commands.py types the others."""
    program = Path(os.environ["BUILD"]) / "tests/lab/look_commands"
    given = subprocess.run([program, nic, "9999", "UDP", "receive"], check=True, capture_output=True, text=True).stdout
    lines = dict(line.split("\t") for line in given.splitlines())
    for template, pattern in SHOWN_BY_A_NIC.items():
        said = subprocess.run(["sh", "-c", lines[template]], check=True, capture_output=True, text=True).stdout
        assert lines[template].split()[-1] == nic and re.search(pattern, said), said
