# SPDX-License-Identifier: GPL-2.0-or-later
"""Every allocation and every system call of a collection fails once (shims/faults.c). Numbers of rows are those of
docs/faults.md."""

import errno
import http.client
import itertools
import signal
import subprocess
import time

import pytest

from daemon import eventually, health
from faults import ALLOCATION, CALL, NEVER

COLLECTORS = ("link", "ethtool", "snmp", "process", "softnet", "conntrack", "qdisc", "sockets")
FAST = [f"--set=collectors.{name}.interval=100ms" for name in COLLECTORS]
VETH = ("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true")

# Who tries very many is several tests, which may run side by side: each takes every fourth, from another one on.
PARTS = 4


@pytest.fixture
def loading(pytestconfig):
    """To open drop_monitor takes ten times as long as to open all others together, nearly all of it within libbpf: of
    what may fail there one in so many does."""
    return 1 if pytestconfig.getoption("--all") else 4


def fail_each(faults, what, run, part=0, step=1, **how):
    """run() with the first failing, then the second, and so on, until none is left to fail; returns how many there
    were. With a step, one of so many alone: which, the part says."""
    for number in itertools.count(1 + part, step):
        faults.arm(what, number, **how)
        run(number)
        if not faults.hit:
            return number - 1
    return None


def ends_well(command, faults, *flags):
    """Whatever failed: a program that ends by itself, and says why if it did not do what it was asked to."""

    def run(number):
        result = command(*flags, env=faults.env)
        assert result.returncode in (0, 1, 2), (number, result)
        assert result.returncode == 0 or result.stderr, f"{number}: not a word"
        # The dynamic loader, too, allocates. It says so by itself.
        assert "Traceback" not in result.stderr

    return run


def test_row_35_each_allocation_of_a_check_fails(faults, command):
    assert fail_each(faults, ALLOCATION, ends_well(command, faults, "--check-config")) > 100


@pytest.mark.parametrize("part", range(PARTS))
def test_row_35_each_allocation_of_a_collection_fails(faults, command, part):
    run = ends_well(command, faults, "--once=1ms", "--no-collector.drop_monitor")
    assert fail_each(faults, ALLOCATION, run, part, PARTS) > 100


@pytest.mark.parametrize("part", range(2 * PARTS))
def test_row_35_each_allocation_of_the_drop_sites_fails(faults, command, loading, part):
    run = ends_well(command, faults, "--once=1ms", "--collector.disable-defaults", "--collector.drop_monitor")
    assert fail_each(faults, ALLOCATION, run, part, 2 * PARTS * loading, thread="drop_monitor") > 100


ERRORS = (errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.EINTR)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_each_system_call_of_the_first_collection_fails(faults, command, loading, error):
    for name in (*COLLECTORS, "drop_monitor"):
        flags = ("--once=1ms", "--collector.disable-defaults", f"--collector.{name}")
        which = (ERRORS.index(error), loading) if name == "drop_monitor" else ()
        assert fail_each(faults, CALL, ends_well(command, faults, *flags), *which, error=error, thread=name) > 0, name


def collectors_of(page):
    """The names of those that there is something to collect for: connection tracking is not everywhere."""
    return [row.labels["collector"] for row in page["netdrop_collector_supported"] if row.value == 1]


def serves_all(process):
    """The whole page, every collector working."""

    def page():
        found = process.metrics()
        ups = found.get("netdrop_collector_up", [])
        return len(ups) >= len(COLLECTORS) - 1 and all(sample.value == 1 for sample in ups) and found

    return eventually(page, "every collector to work again")


@pytest.mark.parametrize("part", range(PARTS))
def test_row_35_each_allocation_of_a_start_fails(faults, binary, tmp_path, part):
    log = tmp_path / "log"

    def start(number):
        with open(log, "w+b") as output:
            process = subprocess.Popen(
                [binary, "--web.listen-address=127.0.0.1:0", "--no-collector.drop_monitor"],
                stdin=subprocess.DEVNULL,
                stderr=output,
                env=faults.env,
            )
            # It either gives up, or serves; what failed inside a collector is tried again.
            eventually(lambda: process.poll() is not None or b"listening on" in log.read_bytes(), "a start")
            process.terminate()
            status = process.wait(30)
            # SIGTERM before it is caught ends it as it ends any program.
            assert status in (0, 1, 2, -signal.SIGTERM), (number, status, log.read_text())

    assert fail_each(faults, ALLOCATION, start, part, PARTS) > 300


def scrape_every_way(process):
    """What may fail is the answer; a connection may be closed without one."""
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Accept": "application/openmetrics-text; version=1.0.0"}):
        for path in ("/metrics?collect[]=link", "/"):
            try:
                process.get(path, headers)
            except (OSError, EOFError, http.client.HTTPException):
                pass


# Who collects what a device, its queue and a listener change.
CHANGED = ("link", "ethtool", "qdisc", "sockets")
# The thread whose allocations fail; of how many parts which one; how many must have failed.
RUNNING = {
    "answers": ("MHD-single", 1, 0, 50),
    "reloads": ("netdrop-exporte", 1, 0, 50),
    **{name: (name, 1, 0, 1) for name in ("link", "qdisc", "sockets")},
    **{f"ethtool{part}": ("ethtool", PARTS, part, 1) for part in range(PARTS)},
}


@pytest.mark.parametrize("thread, step, part, least", RUNNING.values(), ids=RUNNING.keys())
def test_row_35_each_allocation_of_a_running_daemon_fails(faults, netns, exporter, thread, step, part, least):
    """Of answers, of reloads, and of collections that find what was not there; nothing stays behind."""
    inside = netns()
    process = exporter("--no-collector.drop_monitor", *FAST, *VETH, netns=inside, env=faults.env)

    def reload():
        """Until it is over, well or badly, or something failed: then not a word may come."""
        hits, told = faults.hits, process.stderr.count("reloaded")
        process.signal(signal.SIGHUP)
        eventually(lambda: faults.hits > hits or process.stderr.count("reloaded") > told, "the reload")

    def looked_at():
        """What there is now was collected, or something failed."""
        hits, since = faults.hits, time.time()

        def begun():
            begins = health(process.text())[1]
            return all(begins.get(name, 0) > since for name in CHANGED)

        eventually(lambda: faults.hits > hits or begun(), "a collection of each")

    def change():
        inside.batch(["link add d0 type veth peer name d1"])
        inside.run("tc qdisc add dev d0 root pfifo")
        with inside.socket() as listener:
            listener.bind(("127.0.0.1", 5000))
            listener.listen()
            looked_at()
        inside.batch(["link delete d0"])
        looked_at()

    threads = {"MHD-single": lambda: scrape_every_way(process), "netdrop-exporte": reload}
    threads.update(dict.fromkeys(CHANGED, change))

    def lives():
        """How many allocations, with everything as it was at the beginning."""
        faults.disarm()
        for action in dict.fromkeys(threads.values()):
            for _ in range(3):
                action()
        serves_all(process)
        return min(faults.live for _ in range(50) if not time.sleep(0.02))

    before = lives()
    tried = 0
    action = threads[thread]
    faults.arm(ALLOCATION, NEVER, thread=thread)
    action()
    assert faults.seen > 3
    for number in range(1 + part, faults.seen + 1, step):
        faults.arm(ALLOCATION, number, thread=thread)
        action()
        assert process.process.poll() is None, (number, process.stderr)
        tried += faults.hit
    assert tried >= least
    after = lives()
    # The heap of a busy daemon is never quite the same; each failure that leaks would add at least one.
    assert after - before < 60, f"{tried} allocations failed, and {after - before} more live"


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOBUFS], ids=errno.errorcode.get)
def test_each_system_call_of_a_later_collection_fails(faults, netns, exporter, error):
    process = exporter("--no-collector.drop_monitor", *FAST, netns=netns(), env=faults.env)
    serves_all(process)
    for name in collectors_of(process.metrics()):
        faults.arm(CALL, NEVER, thread=name)
        time.sleep(0.5)
        calls = faults.seen
        assert calls > 0, name
        # Of five collections or so: all of one.
        for number in range(1, calls // 4 + 2):
            faults.arm(CALL, number, error=error, thread=name)
            eventually(lambda: faults.hit, "the call")
        faults.disarm()
    serves_all(process)
