"""The drop_monitor collector with the kernel's drop_monitor as its source, beside others who use it: the monitor is one
for the whole system and has no owner. Needs the module, so it runs in the virtual machine. Numbers of rows are those of
the reliability table."""

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

import pytest

from daemon import eventually

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
CMD_CONFIG, CMD_START, CMD_STOP, ATTR_ALERT_MODE = 2, 3, 4, 1
NLMSG_ERROR, REQUEST_ACK = 2, 5  # NLM_F_REQUEST | NLM_F_ACK
ONLY_DROPS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.interval=500ms",
)


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


class Monitor:
    """Whoever else has CAP_NET_ADMIN on this machine."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        self.family = None

    def request(self, command, body=b"", family=None):
        """0 or an errno, and the first answer's attributes."""
        payload = struct.pack("BBH", command, 2, 0) + body
        self.socket.send(struct.pack("IHHII", 16 + len(payload), family or self.family, REQUEST_ACK, 1, 0) + payload)
        answer = b""
        while True:
            data = self.socket.recv(65536)
            if struct.unpack_from("H", data, 4)[0] == NLMSG_ERROR:
                return -struct.unpack_from("i", data, 16)[0], answer
            answer = data[20:]

    def find(self):
        name = attribute(CTRL_ATTR_FAMILY_NAME, b"NET_DM\0")
        error, answer = self.request(CTRL_CMD_GETFAMILY, name, GENL_ID_CTRL)
        while answer and not error:
            size, kind = struct.unpack_from("HH", answer)
            if kind == CTRL_ATTR_FAMILY_ID:
                self.family = struct.unpack_from("H", answer, 4)[0]
            answer = answer[(size + 3) & ~3 :]
        return self.family is not None

    def running(self):
        """A configuration that changes nothing is refused while it runs."""
        error = self.request(CMD_CONFIG)[0]
        assert error in (0, 16)
        return error == 16

    def configure(self, mode):
        assert self.request(CMD_CONFIG, attribute(ATTR_ALERT_MODE, bytes([mode])))[0] == 0

    def start(self, mode):
        self.configure(mode)
        assert self.request(CMD_START)[0] == 0

    def stop(self):
        assert self.request(CMD_STOP)[0] == 0


@pytest.fixture
def monitor():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    found = Monitor()
    if not found.find():
        pytest.skip("no module drop_monitor: runs in the virtual machine")
    assert not found.running(), "somebody runs drop_monitor here"
    found.configure(0)  # the last test's mode stays
    yield found
    found.stop()
    found.socket.close()


def source(mode):
    return (*ONLY_DROPS, f"--set=collectors.drop_monitor.source={mode}")


def counted(page):
    """The drops that the tests make."""
    return sum(row.value for row in page.series("netdrop_kernel_drops_total", function="__udp4_lib_rcv"))


def await_count(process, count):
    return eventually(lambda: (page := process.metrics()) and counted(page) >= count and page, f"{count} drops")


def state(process):
    """(active, how often somebody stopped it)"""
    page = process.metrics()
    return (
        page.value("netdrop_kernel_drop_source_active"),
        page.value("netdrop_kernel_drop_overflows_total", cause="stopped"),
    )


@pytest.mark.parametrize("mode, reason, protocol", [("summary", "", ""), ("packet", "NO_SOCKET", "ipv4")])
def test_mode(veth, exporter, monitor, mode, reason, protocol):
    process = exporter(*source(mode))
    assert monitor.running()
    veth.send_udp(1000)
    page = await_count(process, 1000)
    rows = page.series("netdrop_kernel_drops_total", function="__udp4_lib_rcv")
    assert [row.value for row in rows] == [1000]
    labels = {"function": "__udp4_lib_rcv", "module": "", "reason": reason, "class": "error"}
    assert rows[0].labels == {**labels, "device": "", "netns": "", "protocol": protocol}
    assert page.value("netdrop_kernel_drop_source_info", source="drop_monitor", mode=mode) == 1
    assert state(process) == (1, 0)
    assert process.terminate() == 0
    assert not monitor.running(), "what we started we stop"


@pytest.mark.flood
@pytest.mark.parametrize("mode", ["summary", "packet"])
def test_flood(veth, exporter, monitor, mode):
    process = exporter(*source(mode))
    program = """if True:
        import socket
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(100000):
            sender.sendto(b"x", ("10.77.0.2", 9999))
    """
    veth.a.run([sys.executable, "-c", program], timeout=120)
    numbers = None

    def rested():
        nonlocal numbers
        page = process.metrics()
        before, numbers = numbers, (counted(page), page.value("netdrop_kernel_drop_events_lost_total", cause="queue"))
        time.sleep(3)  # a summary comes a second after the first drop
        return numbers == before and counted(page) > 0 and page

    page = eventually(rested, "the counts to rest", timeout=60)
    lost = page.value("netdrop_kernel_drop_events_lost_total", cause="queue")
    overflows = page.value("netdrop_kernel_drop_overflows_total", cause="socket")
    if mode == "summary" or overflows == 0:
        assert counted(page) + lost == 100000
    else:
        assert 0 < counted(page) + lost < 100000
    assert mode == "packet" or (lost == 0 and overflows == 0)


@pytest.mark.skipif(not shutil.which("dropwatch"), reason="needs dropwatch")
def test_reliability_27_dropwatch_runs_already(veth, exporter, command, monitor, tmp_path):
    log = tmp_path / "dropwatch"
    read, write = os.pipe()
    with open(log, "wb") as output:
        process = subprocess.Popen(["stdbuf", "-oL", "dropwatch", "-l", "kas"], stdin=read, stdout=output)
    os.write(write, b"start\n")
    try:
        eventually(monitor.running, "dropwatch to start")
        refused = command("--once", *source("packet"))
        assert refused.returncode == 1
        assert "somebody else runs drop_monitor in summary mode" in refused.stderr
        ours = exporter(*source("summary"))
        veth.send_udp(500)
        assert counted(await_count(ours, 500)) == 500
        assert ours.terminate() == 0
        assert monitor.running(), "what others started we leave running"
        veth.send_udp(300)

        def seen():
            return sum(map(int, re.findall(r"(\d+) drops at __udp4_lib_rcv", log.read_text())))

        eventually(lambda: seen() == 800, "dropwatch to count on")
    finally:
        os.close(write)
        process.kill()
        process.wait()
        os.close(read)


def test_reliability_28_stopped_by_somebody(veth, exporter, monitor):
    process = exporter(*source("summary"))
    assert state(process) == (1, 0)
    monitor.stop()
    eventually(lambda: state(process) == (0, 1), "the stop to be noticed", timeout=10)
    eventually(lambda: state(process) == (1, 1), "the monitor to be started again", timeout=10)
    assert monitor.running()
    veth.send_udp(100)
    assert counted(await_count(process, 100)) == 100
    assert process.terminate() == 0
    assert not monitor.running()


def test_somebody_elses_monitor_is_left_alone(veth, exporter, monitor):
    """Ours is stopped, and another one started in another mode: it is listened to, and outlives us."""
    process = exporter(*source("summary"))
    monitor.stop()
    monitor.start(1)
    eventually(
        lambda: process.metrics().series("netdrop_kernel_drop_source_info", mode="packet"), "the other mode", timeout=15
    )
    veth.send_udp(100)
    rows = await_count(process, 100).series("netdrop_kernel_drops_total", function="__udp4_lib_rcv")
    assert [(row.labels["reason"], row.value) for row in rows] == [("NO_SOCKET", 100)]
    process.terminate()
