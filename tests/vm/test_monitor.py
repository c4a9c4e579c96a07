# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's drop_monitor as a source: what its rows tell, beside others who use it, without privilege, and under a
flood. Numbers of rows are those of docs/faults.md. The drops are made on lo."""

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import procfs
import pytest
import test_records as native
from bench import Watchers, fresh, second_processor, told, why_not
from daemon import eventually, seeded
from dropwatch import Dropwatch
from lab import Namespace
from monitor import Monitor
from recipes import nft
from symbols import in_place

COUNT = 1000
FLOOD = 30_000  # thirty times what fits into the queue of a processor in packet mode
DROPS = "netdrop_kernel_drops_total"
SITE = "__udp4_lib_rcv"
# Whoever checks on the monitor does it every four seconds, and starts it again at the second time.
NOTICED = 120


@pytest.fixture(scope="module", autouse=True)
def both_processors():
    """Each tells of its own drops."""
    with second_processor():
        assert len(os.sched_getaffinity(0)) == 2
        yield


@pytest.fixture
def shown_symbols(request, symbols_copy):
    own = request.node.get_closest_marker("kernel_symbols")
    with nullcontext() if own else in_place(symbols_copy):
        yield


@pytest.fixture
def watchers(binary, shown_symbols):
    started = Watchers(binary)
    yield started
    started.close()


@pytest.fixture
def monitor(watchers):
    """Off, and in summary mode: what the last test left holds on."""
    found = Monitor()
    eventually(lambda: not found.running(), "what the last test started to be stopped", NOTICED)
    found.start("summary")
    found.stop()
    yield found
    while watchers.running:
        watchers.running.pop().close()
    found.close()  # what a test itself left on


@pytest.fixture
def dropwatch(monitor, tmp_path):
    started = []

    def make():
        started.append(Dropwatch(tmp_path / f"dropwatch{len(started)}"))
        return started[-1]

    yield make
    for process in started:
        process.close()


def drop(count=COUNT):
    """Datagrams to a closed port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", ("127.0.0.1", 9))


def told_page(watcher):
    """With all drops so far."""
    told([watcher])
    return fresh([watcher])[0]


def is_told(other):
    """Drops are made, and the dropwatch shows them."""
    before = other.counted(SITE)
    drop()
    eventually(lambda: other.counted(SITE) > before, "dropwatch to show a drop")


def value(watcher, name, **labels):
    return watcher.process.metrics().value(name, **labels)


def awaits(watcher, expected, name, **labels):
    def shown():
        return [row.value for row in watcher.process.metrics().series(name, **labels)] == [expected]

    eventually(shown, f"{name} to be {expected}", NOTICED)


def counts_exactly(watcher, count=COUNT):
    """The rows of what was dropped; a device of another's has none."""
    before = sum(row.value for row in told_page(watcher).series(DROPS, function=SITE))
    drop(count)
    rows = told_page(watcher).series(DROPS, function=SITE)
    assert sum(row.value for row in rows) - before == count
    return rows


@pytest.mark.kernel_symbols
@pytest.mark.parametrize("mode, reason, protocol", [("summary", "", ""), ("packet", "NO_SOCKET", "ipv4")])
def test_mode(watchers, monitor, mode, reason, protocol):
    ours = watchers.start_host(mode)
    assert monitor.running()
    rows = counts_exactly(ours)
    labels = {"function": SITE, "module": "", "reason": reason, "class": "error"}
    assert [row.labels for row in rows] == [{**labels, "device": "", "netns": "", "protocol": protocol}]
    assert value(ours, "netdrop_kernel_drop_source_info", source="drop_monitor", mode=mode) == 1
    assert value(ours, "netdrop_kernel_drop_source_active") == 1
    assert value(ours, "netdrop_kernel_drop_overflows_total", cause="stopped") == 0
    watchers.stop([ours])
    eventually(lambda: not monitor.running(), "what we started to be stopped", NOTICED)


@pytest.mark.parametrize("mode", ["summary", "packet"])
def test_row_27_started_by_a_dropwatch(watchers, monitor, dropwatch, mode):
    other = dropwatch()
    other.start(mode)
    ours = watchers.start_host(mode)
    assert value(ours, "netdrop_kernel_drop_source_active") == 1
    counts_exactly(ours)
    watchers.stop([ours])
    assert monitor.running(), "what others started we leave running"
    is_told(other)


def test_row_27_in_another_mode(watchers, dropwatch):
    other = dropwatch()
    other.start("summary")
    ours = watchers.start_host("packet", counts=False)
    eventually(lambda: "another program runs drop_monitor in summary mode" in ours.process.stderr, "the log to say why")
    is_told(other)
    # It is taken over as soon as the other is done.
    other.stop()
    awaits(ours, 1, "netdrop_collector_up", collector="drop_monitor")
    assert value(ours, "netdrop_kernel_drop_source_info", mode="packet", source="drop_monitor") == 1
    counts_exactly(ours)


def test_row_27_a_dropwatch_comes_later(watchers, monitor, dropwatch):
    ours = watchers.start_host("summary")
    other = dropwatch()
    other.answers("start\n", "Resource temporarily unavailable")
    # It gives up, and leaves ours alone.
    other.process.wait()
    assert monitor.running()
    counts_exactly(ours)
    assert value(ours, "netdrop_kernel_drop_overflows_total", cause="stopped") == 0


def test_row_28_somebody_stops_it(watchers, monitor):
    ours = watchers.start_host("summary")
    counts_exactly(ours)
    since = time.monotonic()
    assert value(ours, "netdrop_kernel_drop_source_active") == 1
    look = time.monotonic() - since
    monitor.stop()
    since = time.monotonic()
    awaits(ours, 0, "netdrop_kernel_drop_source_active")
    # Ten seconds are promised, to machines that are not emulated, and on which a look takes a few milliseconds.
    assert time.monotonic() - since < 30 * max(1, look)
    assert value(ours, "netdrop_kernel_drop_overflows_total", cause="stopped") == 1
    awaits(ours, 1, "netdrop_kernel_drop_source_active")
    counts_exactly(ours)
    assert value(ours, "netdrop_collector_failures_total", collector="drop_monitor") == 0
    watchers.stop([ours])
    eventually(lambda: not monitor.running(), "what we started again to be stopped", NOTICED)


def test_row_28_somebody_changes_the_mode(watchers, monitor):
    """Ours is stopped, and another one started in another mode: it is not counted, not fought over, and outlives us."""
    ours = watchers.start_host("summary")
    monitor.stop()
    monitor.start("packet")
    awaits(ours, 0, "netdrop_collector_up", collector="drop_monitor")
    eventually(lambda: "another program runs drop_monitor in packet mode" in ours.process.stderr, "the log to say why")
    watchers.stop([ours])
    time.sleep(5)  # longer than it takes to be stopped
    assert monitor.running()


def keeper(watcher):
    """The status of the one process that the daemon left behind with a capability."""
    children = Path(f"/proc/{watcher.process.pid}/task/{watcher.process.pid}/children").read_text().split()
    assert len(children) == 1
    return Path(f"/proc/{children[0]}/status")


def test_a_keeper_has_the_one_capability_and_nothing_else(watchers, monitor):
    ours = watchers.start_host("summary")
    status = keeper(ours)
    net_admin = f"{1 << 12:016x}"
    for name, value in {"Inh": "0" * 16, "Prm": net_admin, "Eff": net_admin, "Bnd": net_admin, "Amb": "0" * 16}.items():
        assert f"Cap{name}:\t{value}\n" in status.read_text()
    for text in procfs.of_threads(ours.process.pid, "status").values():
        assert f"CapEff:\t{0:016x}" in text
    # Standard input, output and error, the end of a pair, one netlink socket: no port, no map.
    assert len(list((status.parent / "fd").iterdir())) == 5


def test_a_killed_daemon_leaves_nothing_on(watchers, monitor):
    killed = watchers.start_host("summary")
    counts_exactly(killed)
    killed.process.process.kill()
    killed.process.process.wait()
    watchers.running.remove(killed.process)
    eventually(lambda: not monitor.running(), "the keeper to stop it", NOTICED)


@pytest.mark.parametrize("mode", ["summary", "packet"])
@pytest.mark.parametrize("capability", ["sys_admin", "net_admin"])
def test_row_26_without_a_capability(binary, monitor, mode, capability):
    reason = why_not(binary, mode, "setpriv", f"--bounding-set=-{capability}")
    assert f"CAP_{capability.upper()}" in reason and "AmbientCapabilities=" in reason
    assert not monitor.running()


@contextmanager
def module_blocked():
    """The module drop_monitor is not there, and cannot be loaded."""
    with open("/proc/sys/kernel/modprobe", "r+", encoding="ascii") as file:
        usual = file.read()
        subprocess.run(["modprobe", "--remove", "drop_monitor"], check=True)
        file.seek(0)
        file.write("/bin/false\n")
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.write(usual)
            file.flush()


@pytest.mark.kernel_symbols
def test_row_25_without_the_module(binary, watchers):
    with module_blocked():
        assert "no module drop_monitor" in why_not(binary, "summary")
        ours = watchers.start("host", None, "summary", "--no-collector.ethtool")
        watchers.wait([ours])
        awaits(ours, 0, "netdrop_collector_supported", collector="drop_monitor")
        assert not ours.process.metrics().series("netdrop_collector_up", collector="drop_monitor")
        assert value(ours, "netdrop_collector_up", collector="link") == 1
        watchers.stop([ours])
    assert why_not(binary, "summary") == ""


def exceptions(page):
    """(drops that could not be counted, incidents of unknown size), each of all causes."""
    return [
        sum(row.value for row in page.series(f"netdrop_kernel_drop_{name}_total"))
        for name in ("events_lost", "overflows")
    ]


@pytest.mark.parametrize("mode", ["summary", "packet"])
def test_reloads_lose_and_double_nothing(watchers, monitor, mode, tmp_path):
    """Drops before, while and after: what was taken from the socket and not shown yet is the next instance's."""
    chosen = seeded()
    config = tmp_path / "config.json"
    ages = iter(range(30, 60))

    def write_config():
        config.write_text(json.dumps({"collectors": {"drop_monitor": {"max_age": f"{next(ages)}s"}}}))

    write_config()
    ours = watchers.start("host", None, mode, "--collector.disable-defaults", f"--config.file={config}")
    watchers.wait([ours])
    awaits(ours, 1, "netdrop_collector_up", collector="drop_monitor")
    before = counted = sum(row.value for row in told_page(ours).series(DROPS, function=SITE))
    made = 0
    for number in range(4):
        for _ in range(2):
            count = chosen.randrange(100, 400)
            drop(count)
            made += count
            time.sleep(chosen.uniform(0, 1.2))
        if number < 3:
            write_config()
            done = ours.process.stderr.count("reloaded")
            ours.process.signal(signal.SIGHUP)
            eventually(lambda done=done: ours.process.stderr.count("reloaded") > done, "the reload", NOTICED)
        now = sum(row.value for row in ours.process.metrics().series(DROPS, function=SITE))
        assert now == 0 or now >= counted
        counted = now or counted
    page = told_page(ours)
    marks = sum(row.value for row in page.series(DROPS, function="__udp6_lib_rcv"))
    assert marks > 0
    assert sum(row.value for row in page.series(DROPS, function=SITE)) - before == made
    assert sum(row.value for row in page.series("netdrop_kernel_drop_overflows_total")) == 0


@pytest.fixture
def hidden():
    """Nobody sees an address of the kernel."""
    path = Path("/proc/sys/kernel/kptr_restrict")
    usual = path.read_text(encoding="ascii")
    path.write_text("2", encoding="ascii")
    yield
    path.write_text(usual, encoding="ascii")


@pytest.mark.kernel_symbols
def test_hidden_addresses_are_told_and_bpf_has_names_all_the_same(watchers, monitor, hidden):
    for source, function, reason in (("bpf", SITE, "NO_SOCKET"), ("summary", "unknown", "")):
        ours = watchers.start_host(source)
        drop(300)
        rows = told_names(ours, function, reason)
        assert rows >= 300
        said = "kernel.kptr_restrict" in ours.process.stderr
        assert said == (source == "summary"), ours.process.stderr
        watchers.stop([ours])


def told_names(watcher, function, reason):
    """How many drops the rows of this name and reason have, once there are any."""

    def counted():
        rows = watcher.process.metrics().series(DROPS, function=function, reason=reason)
        return sum(row.value for row in rows)

    return eventually(lambda: counted() >= 300 and counted(), "the drops", NOTICED)


def packet_source(watchers, path, *flags):
    flags = ("--collector.disable-defaults", native.WHOLE, f"--web.local-socket={path}", *flags)
    watchers.wait([watchers.start("host", None, "packet", *flags)])
    return watchers.running[-1]


@contextmanager
def one_processor():
    """The monitor tells of the drops of each in their order, and not of those of several."""
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


def test_packets_are_recorded(watchers, monitor, tmp_path):
    """With what the monitor tells of them: no device, no owner."""
    process = packet_source(watchers, path := tmp_path / "s")
    with closing(Namespace()) as namespace:
        with one_processor():
            own = native.send_numbers(namespace, range(100))
        found = eventually(lambda: native.Records(path).of(native.PORT), "packets")
        nft(namespace, "type filter hook input priority 0;", f"udp dport {native.PORT} drop")
        native.send_numbers(namespace, [100])
        answer = eventually(lambda: (records := native.Records(path)) and any(is_refused(each) for each in records.records) and records, "it")
    assert answer.answer["source"] == "drop_monitor"
    numbers = [native.number_of(record) for record in found]
    assert numbers[: native.FIRST] == [0, 1, 2, 3] and numbers == sorted(set(numbers)) and max(numbers) < 100
    for record in found:
        assert record["data"][34:36] == own.to_bytes(2, "big")
        assert record["length"] == len(record["data"]) == native.HEADERS + 32
        assert (record["protocol"], record["device"], record["unit"]) == ("0x0800", "", "")
        assert record["at"]["function"] == SITE and record["at"]["class"] == "error" and record["at"]["device"] == ""
    assert answer.of(native.PORT)[-1]["at"]["packets"] >= 100
    (refused,) = filter(is_refused, answer.records)
    assert refused["link_type"] == 1 and native.number_of(refused) == 100
    assert process.metrics().value("netdrop_kernel_drops_recorded_total") >= len(found) + 1


def is_refused(record):
    at = native.ETHERNET + 22
    return record["at"]["reason"] == "NETFILTER_DROP" and record["data"][at : at + 2] == native.PORT.to_bytes(2, "big")


def test_only_headers_of_them_leave(watchers, monitor, tmp_path):
    packet_source(watchers, path := tmp_path / "s", "--set=collectors.drop_monitor.record_bytes=0")
    with closing(Namespace()) as namespace:
        native.send_numbers(namespace, range(3))
        found = eventually(lambda: native.Records(path).of(native.PORT), "packets")
    assert all(len(record["data"]) == native.HEADERS for record in found)


def test_summaries_have_no_packets(watchers, monitor, tmp_path):
    flags = ("--collector.disable-defaults", f"--web.local-socket={tmp_path / 's'}")
    watchers.wait([watchers.start("host", None, "summary", *flags)])
    assert native.get(tmp_path / "s", "/records")[0] == 404


def test_flood_is_counted_whole(watchers, monitor):
    """By both who lose nothing, side by side."""
    both = [watchers.start_host(source) for source in ("bpf", "summary")]
    before = [ours.counted(SITE) for ours in both]
    drop(FLOOD)
    told(both)
    fresh(both)
    assert [ours.counted(SITE) - count for ours, count in zip(both, before)] == [FLOOD, FLOOD]
    assert [exceptions(ours.process.metrics()) for ours in both] == [[0, 0], [0, 0]]


def test_flood_in_packet_mode_is_counted_or_said_to_be_lost(watchers, monitor):
    ours = watchers.start_host("packet")
    drop(FLOOD)
    page = told_page(ours)
    lost, overflows = exceptions(page)
    if overflows:
        assert 0 < ours.counted(SITE) + lost <= FLOOD
    else:
        assert ours.counted(SITE) + lost == FLOOD


def test_flood_in_packet_mode_of_who_does_not_read(watchers, monitor):
    """Its socket overflows, which the kernel says once, and does not count."""
    ours = watchers.start_host("packet")
    ours.process.signal(signal.SIGSTOP)
    drop(10 * COUNT)
    ours.process.signal(signal.SIGCONT)
    eventually(lambda: exceptions(ours.process.metrics())[1] > 0, "the overflow to be noticed", NOTICED)
    lost, overflows = exceptions(told_page(ours))
    assert overflows > 0
    assert 0 < ours.counted(SITE) and ours.counted(SITE) + lost < 10 * COUNT
    counts_exactly(ours)
