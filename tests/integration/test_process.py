# SPDX-License-Identifier: GPL-2.0-or-later
"""process_*: what the exporter says of itself against what /proc says of it."""

import os
import resource
import subprocess
import time

import pytest

import exposition
from daemon import eventually

FLAGS = ("--set=collectors.process.interval=100ms",)
STAMP = "netdrop_collector_last_success_timestamp_seconds"


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))


def stat(pid):
    """Fields as proc(5) numbers them, from 1 on."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        name, rest = file.read().rsplit(")", 1)
    return [None, *name.split(" ", 1), *rest.split()]


def test_names(once):
    page = exposition.check_text(once("--collector.disable-defaults", "--collector.process").encode())
    assert {name for name in page if name.startswith("process_")} == {
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "process_virtual_memory_bytes",
        "process_virtual_memory_max_bytes",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
    }
    exposition.check_promtool(once().encode())


def test_values(exporter):
    daemon = exporter(*FLAGS, "--path.procfs=/nonexistent")  # another /proc is not this process
    page = daemon.metrics()
    limit = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)[0]
    assert page.value("process_max_fds") == limit
    unlimited = resource.prlimit(daemon.pid, resource.RLIMIT_AS)[0]
    assert page.value("process_virtual_memory_max_bytes") == unlimited % 2**64
    assert page.value("process_virtual_memory_bytes") == pytest.approx(int(stat(daemon.pid)[23]), rel=0.5)
    # It has only just started, and still grows.
    eventually(
        lambda: daemon.metrics().value("process_resident_memory_bytes")
        == pytest.approx(1024 * status(daemon.pid, "VmRSS"), rel=0.5),
        "the resident memory that the kernel says",
    )


@pytest.mark.root
def test_without_proc(binary, sanitized):
    """What needs none is there: a container without /proc, or one that hides it."""
    if sanitized:
        pytest.skip("a sanitizer reads /proc itself")
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    flags = ("--once", "--collector.disable-defaults", "--collector.process")
    page = exposition.check_text(subprocess.run([*hidden, binary, *flags], capture_output=True, check=True).stdout)
    assert {name for name in page if name.startswith("process_")} == {
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_virtual_memory_max_bytes",
    }
    assert page.value("netdrop_collector_up", collector="process") == 1


def test_open_descriptors(exporter):
    daemon = exporter(*FLAGS)

    def agree(extra):
        counted = daemon.metrics().value("process_open_fds")
        # Each request of ours is one descriptor more, for as long as it lasts.
        return abs(counted - len(os.listdir(f"/proc/{daemon.pid}/fd"))) <= 1 and counted >= extra

    eventually(lambda: agree(5), "the count to agree")
    clients = [daemon.connect() for _ in range(20)]
    eventually(lambda: agree(25), "the clients to be counted")
    for client in clients:
        client.close()


def test_cpu_seconds(exporter):
    daemon = exporter(*FLAGS)
    tick = os.sysconf("SC_CLK_TCK")

    def agree():
        seconds = daemon.metrics().value("process_cpu_seconds_total")
        return seconds > 0 and abs(seconds - sum(map(int, stat(daemon.pid)[14:16])) / tick) < 0.2

    eventually(agree, "the CPU time to agree")


def test_start_time(exporter):
    before = time.time()
    daemon = exporter(*FLAGS)
    page = daemon.metrics()
    first, started = page.value(STAMP, collector="process"), page.value("process_start_time_seconds")
    # The kernel counts in ticks of 10 ms.
    assert before - 0.02 <= started <= time.time()
    eventually(lambda: daemon.metrics().value(STAMP, collector="process") > first, "another collection")
    assert daemon.metrics().value("process_start_time_seconds") == started


def test_works_where_only_processes_are_in_proc(netns, binary):
    """As systemd's ProcSubset=pid leaves it: there is no /proc/stat to learn the boot time from."""
    hide = "mount -t proc -o subset=pid proc /proc && ! test -e /proc/stat"
    script = f"{hide} && exec {binary} --once --collector.disable-defaults --collector.process"
    page = exposition.check_text(netns().run(["unshare", "--mount", "sh", "-c", script]).encode())
    assert page.value("netdrop_collector_up", collector="process") == 1
    assert time.time() - 60 < page.value("process_start_time_seconds") <= time.time()
