# SPDX-License-Identifier: GPL-2.0-or-later
"""What a daemon costs that nobody asks: who wakes up, counted by the kernel. Collectors collect on their own threads, and
are left out; the rest is main, which looks after things, and whoever answers."""

import re
import time

import procfs
import pytest
from daemon import eventually, go_first

OTHERS = {"netdrop-exporte", "MHD-single", "rounds"}
SECONDS = 10
UPKEEP = 5  # seconds between two turns of main


def wakeups(pid):
    """How often a thread of ours slept, and so woke up: {name: count}."""
    counts = {}
    names = procfs.of_threads(pid, "comm")
    for number, status in procfs.of_threads(pid, "status").items():
        name = names[number].strip()
        if name in OTHERS:
            count = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", status, re.MULTILINE)[1])
            counts[name] = counts.get(name, 0) + count
    assert set(counts) >= {"netdrop-exporte", "MHD-single"}, counts
    return counts


def woken(daemon, seconds=SECONDS):
    """{name: how often} within so many seconds and more, once it has come to rest, and how many these were."""
    time.sleep(2)
    before, begin = wakeups(daemon.pid), time.monotonic()
    time.sleep(seconds)
    after, took = wakeups(daemon.pid), time.monotonic() - begin
    return {name: count - before[name] for name, count in after.items()}, took


def wakes_only(daemon, so_often):
    """Threads woke up as often as so_often(seconds) says: {name: (least, most)}. Who waits for a lock that somebody holds whom
    a busy machine holds up sleeps once more: it is looked at again then."""

    def did():
        count, took = woken(daemon)
        print(count)
        return all(least <= count[name] <= most for name, (least, most) in so_often(took).items())

    eventually(did, f"{SECONDS} seconds in which it sleeps")


def sockets(daemon):
    return {what for what in procfs.descriptors(daemon.pid).values() if what.startswith("socket:")}


@pytest.mark.usefixtures("unsanitized")
def test_idle_daemon_sleeps(exporter):
    """Once each five seconds, and whoever answers not at all: without a watchdog nobody asks it."""
    daemon = exporter()
    # Both ends of its own connection among them, which is not made again and again.
    eventually(lambda: woken(daemon, 1)[0]["MHD-single"] == 0, "the last answer's end")
    before = sockets(daemon)
    wakes_only(daemon, lambda took: {"MHD-single": (0, 0), "netdrop-exporte": (1, took / UPKEEP + 1)})
    assert sockets(daemon) == before


@pytest.mark.usefixtures("unsanitized")
def test_idle_daemon_with_a_watchdog(exporter, manager):
    """A question in a third of its time, on the one connection there is; the ping on time."""
    daemon = exporter(env={**manager.environment, "WATCHDOG_USEC": "12000000"})
    watch = procfs.Stopwatch(daemon.pid)
    manager.said("^WATCHDOG=1$")
    assert watch.own_seconds() < 6
    before = sockets(daemon)

    def so_often(took):
        questions = took / 4 + 1
        return {"MHD-single": (1, 2 * questions), "netdrop-exporte": (1, took / UPKEEP + questions + 1)}

    wakes_only(daemon, so_often)
    assert sockets(daemon) <= before  # of who looked whether it is there, one may still have been open
    manager.said("^WATCHDOG=1$")
    manager.said("^WATCHDOG=1$")


@pytest.mark.usefixtures("unsanitized")
def test_kept_connection_wakes_nobody(exporter):
    """A scraper between two scrapes, which is all the time: its deadline is minutes away."""
    daemon = exporter()
    with daemon.connect() as scraper:
        scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert scraper.recv(15) == b"HTTP/1.1 200 OK"
        while len(scraper.recv(1 << 20)) == 1 << 20:
            pass
        wakes_only(daemon, lambda took: {"MHD-single": (0, 0), "netdrop-exporte": (0, took / UPKEEP + 1)})


def test_change_of_state_is_told_at_once(exporter, tmp_path, tree):
    """Though main sleeps: a collector that has nothing to read says so, and that it is there later."""
    net = tmp_path / "self/net"
    net.mkdir(parents=True)
    flags = (f"--path.procfs={tmp_path}", "--collector.disable-defaults", "--collector.snmp")
    daemon = exporter(*flags, wait=False, preexec_fn=go_first)
    eventually(lambda: daemon.urls, "the daemon to listen")
    eventually(lambda: "not available here" in daemon.stderr, "a word of it", 2)
    (net / "snmp").write_bytes((tree / "tests/fixtures/proc/6.18/self/net/snmp").read_bytes())
    # It is tried again after a second, then two, then four.
    eventually(lambda: "ok again" in daemon.stderr, "a word of it", 4.5)
