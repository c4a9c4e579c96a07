"""drop_monitor is one for the whole system, without an owner: the exporter beside a real dropwatch. Numbers of rows are
those of the reliability table. No recipe runs here: the drops are made on lo."""

import os
import socket
import subprocess
import time

import pytest
from bench import Watchers
from daemon import eventually

COUNT = 1000


@pytest.fixture
def watchers(binary):
    started = Watchers(binary)
    yield started
    started.close()


class Dropwatch:
    """The real one, told by its standard input what to do, with its output in a file."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as output:
            self.process = subprocess.Popen(
                ["dropwatch", "-l", "kas"], stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def said(self):
        return self.path.read_text(errors="replace")

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def start(self, mode="summary"):
        self.say(f"set alertmode {mode}")
        self.say("start")
        eventually(lambda: "Kernel monitoring activated" in self.said, "dropwatch to start")

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def dropwatch(tmp_path):
    started = []

    def make():
        started.append(Dropwatch(tmp_path / f"dropwatch{len(started)}"))
        return started[-1]

    yield make
    for process in started:
        process.close()
    # Whatever a failed test left on would fail the next one.
    stop = Dropwatch(tmp_path / "last")
    stop.say("stop")
    time.sleep(0.5)
    stop.close()


def drop():
    """Datagrams to a closed port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(COUNT):
            sender.sendto(b"x", ("127.0.0.1", 9))


def counted(watcher):
    page = watcher.process.metrics()
    rows = page.series("netdrop_kernel_drops_total", function="__udp4_lib_rcv")
    return sum(row.value for row in rows)


def active(watcher):
    return watcher.process.metrics().value("netdrop_kernel_drop_source_active")


def supported(watcher):
    return watcher.process.metrics().value("netdrop_collector_up", collector="drop_monitor")


def counts_exactly(watcher):
    before = counted(watcher)
    drop()
    eventually(lambda: counted(watcher) - before == COUNT, f"{COUNT} drops, not {counted(watcher) - before}")


@pytest.mark.parametrize("mode", ["summary", "packet"])
def test_row_27_listens_beside_a_dropwatch(watchers, dropwatch, mode):
    other = dropwatch()
    other.start(mode)
    ours = watchers.start_host(mode)
    assert active(ours) == 1
    counts_exactly(ours)
    watchers.stop([ours])
    # What we did not start we do not stop: the other is told of the next drops too.
    length = len(other.said)
    drop()
    eventually(lambda: "__udp4_lib_rcv" in other.said[length:], "dropwatch to go on")
