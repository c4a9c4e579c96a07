# SPDX-License-Identifier: GPL-2.0-or-later
"""What a real Prometheus makes of a counter that grows by a thousand a second, exactly, whatever it takes to read it: irate
and rate are that, and nothing else. Numbers that are old in turns, and fresh in turns, would show."""

import json
import os
import socket
import struct
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from daemon import eventually
from prometheus import Prometheus

# It is about time, and for a machine that does nothing else: what decides it the unit tests of rhythm and rounds have on a
# clock of their own.
pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.xdist_group("rates")]

FLAGS = (
    "--collector.disable-defaults",
    "--collector.ethtool",
    "--set=collectors.ethtool.virtual_devices=true",
    "--set=devices.exclude_kinds=",
)
COUNTER = 'netdrop_ethtool_statistic_total{statistic="tx_drops"}'

# What real counters make of constant traffic: a collector each.
OF_TRAFFIC = ("--collector.disable-defaults", *(f"--collector.{name}" for name in ("link", "snmp", "sockets", "drop_monitor")))
PORT, RATE = 8125, 1000
COUNTERS = {
    "link": 'netdrop_link_receive_packets_total{device="w1"}',
    "snmp": 'netdrop_udp_rcvbuf_errors_total{ip_version="4"}',
    "sockets": f'netdrop_udp_socket_drops_total{{local_port="{PORT}"}}',
    "drop_monitor": 'netdrop_kernel_drops_total{netns="self",reason="SOCKET_RCVBUFF"}',
}


class Traffic(threading.Thread):
    """So many frames a second to a device, and as many datagrams to a socket that has no room."""

    def __init__(self, inside, stop):
        super().__init__()
        self.stop = stop
        self.reader, self.sender = (inside.socket(kind=socket.SOCK_DGRAM) for _ in range(2))
        self.reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.reader.bind(("127.0.0.1", PORT))
        self.wire = inside.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.wire.bind(("w0", 0))
        self.start()

    def run(self):
        frame = bytes(12) + struct.pack("!H", 0x88B5) + bytes(46)
        begin, sent = time.monotonic(), 0
        while not self.stop.wait(0.005):
            due = int((time.monotonic() - begin) * RATE)
            for _ in range(due - sent):
                self.wire.send(frame)
                self.sender.sendto(bytes(500), ("127.0.0.1", PORT))
            sent = due


def second_scraper(daemons, interval, stop):
    """Another one, out of phase."""
    begin = time.monotonic() + interval * 0.37
    for number in range(1 << 30):
        if stop.wait(max(0, begin + number * interval - time.monotonic())):
            return
        for daemon in daemons:
            daemon.get()


@pytest.fixture
def throttle():
    """throttle(pid): that process gets a tenth of a CPU, as by CPUQuota=10%."""
    old = Path("/sys/fs/cgroup/cpu")  # a hierarchy of its own
    top = (old if old.exists() else Path("/sys/fs/cgroup")) / f"netdrop-slow-{os.getpid()}"
    top.mkdir()
    if old.exists():
        (top / "cpu.cfs_period_us").write_text("100000")
        (top / "cpu.cfs_quota_us").write_text("10000")
    else:
        (top / "cpu.max").write_text("10000 100000")
    yield lambda pid: (top / "cgroup.procs").write_text(str(pid))
    eventually(lambda: not (top / "cgroup.procs").read_text(), "it to be empty")
    top.rmdir()


@pytest.mark.parametrize(
    "interval,seconds,margin,slowest",
    [
        pytest.param(5, 60, 0.05, 400, id="short"),
        pytest.param(15, 3600, 0.01, 800, id="an-hour", marks=pytest.mark.timeout(5400)),
    ],
)
def test_rates_have_no_aliases(throttle, made_up, wide_veth, exporter, tmp_path, interval, seconds, margin, slowest):
    # How long the driver takes, in ms: in time, almost, just not, and never.
    delays = (0, 20, 90, 110, slowest)
    daemons = []
    for number, delay in enumerate((*delays, delays[0])):
        directory = tmp_path / f"driver{number}"
        directory.mkdir()
        (directory / "strings").write_text("tx_drops\n")
        (directory / "clock").write_text(str(delay))
        environment = {**made_up.env, "ETHTOOL_SHIM_DIRECTORY": str(directory)}
        daemons.append(exporter(*FLAGS, netns=wide_veth, env=environment))
    throttle(daemons[-1].pid)
    daemons.append(exporter(*OF_TRAFFIC, "--set=devices.exclude_kinds=", netns=wide_veth))
    scraper = tmp_path / "prometheus"
    scraper.mkdir()
    prometheus = Prometheus(wide_veth, scraper, [daemon.port for daemon in daemons], interval=interval * 1000)
    stop = threading.Event()
    other = threading.Thread(target=second_scraper, args=(daemons, interval, stop))
    other.start()
    traffic = Traffic(wide_veth, stop)
    try:
        # Three rounds until a collector is known to be slow, three scrapes until their period is.
        time.sleep(6 * interval)
        begin = time.time()
        time.sleep(seconds)
    finally:
        stop.set()
        other.join()
        traffic.join()
    ports = {f"127.0.0.1:{daemon.port}": delay for daemon, delay in zip(daemons, (*delays, "throttled", "traffic"))}
    told = {}
    for counter in (COUNTER, *COUNTERS.values()):
        for name, window in {"irate": interval * 2 + interval // 2, "rate": interval * 4}.items():
            after = begin + (0 if name == "irate" else interval * 4)
            query = f"query={quote(f'{name}({counter}[{window}s])')}&start={after}&end={begin + seconds}&step={interval / 5}"
            for series in prometheus.api(f"query_range?{query}")["result"]:
                values = [float(value) for _, value in series["values"]]
                told[f"{name} of {counter} at {ports[series['metric']['instance']]}"] = (len(values), min(values), max(values))
    print(json.dumps(told, indent=1))
    assert len(told) == 2 * (len(daemons) - 1 + len(COUNTERS))
    assert all(count > 5 and 1000 * (1 - margin) < low and high < 1000 * (1 + margin) for count, low, high in told.values()), told
    eventually(lambda: prometheus.query("min(up)") == 1, "all to be up", 5)
