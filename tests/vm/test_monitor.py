"""drop_monitor is one for the whole system and has no owner: the exporter beside a real dropwatch, and under a flood.
Numbers of rows are those of the reliability table. The drops are made on lo."""

import socket
import time
from pathlib import Path

import pytest
from bench import SETTLE, Watchers
from daemon import eventually
from dropwatch import Dropwatch, turn_off

COUNT = 1000
FLOOD = 100_000
SITE = "__udp4_lib_rcv"


@pytest.fixture
def watchers(binary):
    started = Watchers(binary)
    yield started
    started.close()


@pytest.fixture
def dropwatch(tmp_path):
    started = []

    def make():
        started.append(Dropwatch(tmp_path / f"dropwatch{len(started)}"))
        return started[-1]

    yield make
    for process in started:
        process.close()
    turn_off(tmp_path / "last")


def drop(count=COUNT):
    """Datagrams to a closed port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", ("127.0.0.1", 9))


def is_told(other):
    """Drops are made, and the dropwatch shows them."""
    before = other.counted(SITE)
    drop()
    eventually(lambda: other.counted(SITE) > before, "dropwatch to show a drop")


def value(watcher, name, **labels):
    return watcher.process.metrics().value(name, **labels)


def counted(watcher):
    return sum(row.value for row in watcher.process.metrics().series("netdrop_kernel_drops_total", function=SITE))


def counts_exactly(watcher, count=COUNT):
    before = watcher.fresh() and counted(watcher)
    drop(count)
    eventually(lambda: counted(watcher) - before >= count, "the drops to be counted")
    watcher.fresh()
    assert counted(watcher) - before == count


@pytest.mark.parametrize("mode", ["summary", "packet"])
def test_row_27_started_by_a_dropwatch(watchers, dropwatch, mode):
    other = dropwatch()
    other.start(mode)
    ours = watchers.start_host(mode)
    assert value(ours, "netdrop_kernel_drop_source_active") == 1
    counts_exactly(ours)
    watchers.stop([ours])
    # What we did not start we do not stop.
    is_told(other)


def test_row_27_in_another_mode(watchers, dropwatch):
    other = dropwatch()
    other.start("summary")
    ours = watchers.start_host("packet")
    assert value(ours, "netdrop_collector_up", collector="drop_monitor") == 0
    eventually(lambda: "somebody else runs drop_monitor in summary mode" in ours.process.stderr, "the log to say why")
    is_told(other)
    # It is taken over as soon as the other is done.
    other.stop()
    eventually(lambda: value(ours, "netdrop_collector_up", collector="drop_monitor") == 1, "the monitor to be free")
    assert value(ours, "netdrop_kernel_drop_source_info", mode="packet", source="drop_monitor") == 1
    counts_exactly(ours)


def test_row_27_a_dropwatch_comes_later(watchers, dropwatch):
    ours = watchers.start_host("summary")
    counts_exactly(ours)
    other = dropwatch()
    other.answers("start\n", "Resource temporarily unavailable")
    other.process.wait()
    # It stops the monitor on its way out; that is noticed and mended.
    eventually(lambda: value(ours, "netdrop_kernel_drop_source_active") == 1, "the monitor to run", 20)
    counts_exactly(ours)


def test_row_28_somebody_stops_it(watchers, dropwatch):
    other = dropwatch()
    ours = watchers.start_host("summary")
    counts_exactly(ours)
    other.answers("stop\n", "turning off monitoring")
    eventually(lambda: value(ours, "netdrop_kernel_drop_source_active") == 0, "the stop to be noticed", 10)
    assert value(ours, "netdrop_kernel_drop_overflows_total", cause="stopped") == 1
    eventually(lambda: value(ours, "netdrop_kernel_drop_source_active") == 1, "the monitor to be started again", 10)
    counts_exactly(ours)
    assert value(ours, "netdrop_collector_failures_total", collector="drop_monitor") == 0


def keeper(watcher):
    """The status of the one process that the daemon left behind with a capability."""
    children = Path(f"/proc/{watcher.process.pid}/task/{watcher.process.pid}/children").read_text().split()
    assert len(children) == 1
    return Path(f"/proc/{children[0]}/status")


def test_a_keeper_has_the_one_capability_and_nothing_else(watchers):
    ours = watchers.start_host("summary")
    status = keeper(ours)
    net_admin = f"{1 << 12:016x}"
    for name, value in {"Inh": "0" * 16, "Prm": net_admin, "Eff": net_admin, "Bnd": net_admin, "Amb": "0" * 16}.items():
        assert f"Cap{name}:\t{value}\n" in status.read_text()
    for path in Path(f"/proc/{ours.process.pid}/task").glob("*/status"):
        assert f"CapEff:\t{0:016x}" in path.read_text()
    # Standard input, output and error, the end of a pair, one netlink socket: no port, no map.
    assert len(list((status.parent / "fd").iterdir())) == 5


def test_a_killed_daemon_leaves_nothing_on(watchers, dropwatch):
    killed = watchers.start_host("summary")
    counts_exactly(killed)
    status = keeper(killed)
    killed.process.process.kill()
    killed.process.process.wait()
    watchers.running.remove(killed.process)
    eventually(lambda: not status.exists(), "the keeper to end")
    other = dropwatch()
    other.start("summary")
    is_told(other)


@pytest.mark.parametrize("source", ["bpf", "summary"])
def test_flood_is_counted_whole(watchers, source):
    counts_exactly(watchers.start_host(source), FLOOD)


def test_flood_in_packet_mode_is_counted_or_said_to_be_lost(watchers):
    ours = watchers.start_host("packet")
    drop(FLOOD)
    time.sleep(SETTLE["packet"])
    ours.fresh()
    shown = counted(ours)
    lost = value(ours, "netdrop_kernel_drop_events_lost_total", cause="queue")
    if value(ours, "netdrop_kernel_drop_overflows_total", cause="socket") == 0:
        assert shown + lost == FLOOD
    else:
        assert 0 < shown + lost <= FLOOD
