# SPDX-License-Identifier: GPL-2.0-or-later
"""The ethtool collector against `ethtool`, on veths, on whatever NIC the machine has, and on a made-up driver
that misbehaves (shims/ethtool_driver.c). Numbers of rows are those of docs/faults.md."""

import ctypes
import errno
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import daemon
import exposition
import procfs

pytestmark = pytest.mark.skipif(not shutil.which("ethtool"), reason="needs ethtool")

FAST = ("--set=collectors.ethtool.interval=100ms", "--set=collectors.ethtool.virtual_devices=true")
EVERY_STATISTIC = ("--set=collectors.ethtool.statistics.include=*", "--set=collectors.ethtool.statistics.exclude=")
PER_QUEUE = ("--set=collectors.ethtool.per_queue=true",)
NO_FILTER = ("--set=devices.exclude_kinds=",)
QUEUE = re.compile(r"^([rt]x(?:_queue_)?)(\d+)(_.*)$")


def ethtool_statistics(run, device):
    """What `ethtool -S` says: {string: value}, or {} where the driver has none."""
    lines = run(["ethtool", "-S", device], check=False).splitlines()[1:]
    return {name.strip(): int(value) for name, value in (line.rsplit(": ", 1) for line in lines)}


def expected_series(statistics):
    """The same as ours: (sums by statistic, values by statistic and queue)."""
    sums, queues = {}, {}
    for name, value in statistics.items():
        match = QUEUE.match(name)
        statistic = f"{match[1]}#{match[3]}" if match else name
        sums[statistic] = sums.get(statistic, 0) + value
        if match:
            queues[statistic, match[2]] = value
    return sums, queues


def shown(page, device):
    """(sums, queues) as the page has them; what is not known to be a counter is a value."""
    sums = {
        sample.labels["statistic"]: sample.value
        for name in ("netdrop_ethtool_statistic_total", "netdrop_ethtool_value")
        for sample in page.series(name, device=device)
    }
    queues = {
        (sample.labels["statistic"], sample.labels["queue"]): sample.value
        for sample in page.series("netdrop_ethtool_queue_statistic_total", device=device)
    }
    return sums, queues


def refuse_unix_sockets():
    """As a unit's RestrictAddressFamilies= does: of socket(), the first argument AF_UNIX is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    architecture = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    program = [
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 0, 3, architecture),  # not socket(): let it be
        (0x20, 0, 0, 16),  # load the first argument
        (0x15, 0, 1, socket.AF_UNIX),
        (0x06, 0, 0, 0x00050000 | errno.EAFNOSUPPORT),
        (0x06, 0, 0, 0x7FFF0000),
    ]
    code = b"".join(struct.pack("=HBBI", *each) for each in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("HP", len(program), ctypes.addressof(buffer))
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, filter_, 0, 0) == 0  # PR_SET_SECCOMP


def test_where_no_unix_socket_may_be_made(netns, binary):
    """Ioctls go through any socket."""
    inside = netns()
    inside.ip("link add v0 type veth peer name v1")
    flags = ("--once", "--collector.disable-defaults", "--collector.ethtool", *FAST, *NO_FILTER, *EVERY_STATISTIC)
    result = subprocess.run(
        inside.command([binary, *flags]), capture_output=True, check=True, preexec_fn=refuse_unix_sockets
    )
    page = exposition.check_text(result.stdout)
    assert page.value("netdrop_collector_up", collector="ethtool") == 1
    assert shown(page, "v0")[0]


def host_run(command, check=True):
    return subprocess.run(command, capture_output=True, check=check, text=True).stdout


def test_veth_counter_by_counter(wide_veth, exporter):
    process = exporter(*FAST, *EVERY_STATISTIC, *PER_QUEUE, *NO_FILTER, netns=wide_veth)
    wide_veth.run("ping -c 3 -i 0.05 -W 0.1 -I w0 10.9.9.9", check=False)

    def agrees():
        before = ethtool_statistics(wide_veth.run, "w1")
        page = process.metrics()
        sums, queues = expected_series(before)
        return (sums, queues) == shown(page, "w1") and before == ethtool_statistics(wide_veth.run, "w1") and page

    page = daemon.eventually(agrees, "the page to say what ethtool -S says")
    assert len(page.series("netdrop_ethtool_queue_statistic_total", device="w1")) >= 4 * 9
    assert page.value("netdrop_ethtool_value", device="w1", statistic="peer_ifindex") > 0
    assert {s.labels["driver"] for s in page.series("netdrop_ethtool_info", device="w1")} == {"veth"}
    assert page.series("netdrop_nic_lost_total", device="w1", direction="receive", cause="dropped")


def test_virtual_devices_only_on_request(wide_veth, exporter):
    page = exporter(*NO_FILTER, netns=wide_veth).metrics()
    assert page.series("netdrop_ethtool_info", device="w0")
    for name in ("netdrop_ethtool_statistic_total", "netdrop_ethtool_value", "netdrop_nic_lost_total"):
        assert not page.series(name)


def test_queues_only_on_request(wide_veth, exporter):
    page = exporter(*FAST, *NO_FILTER, netns=wide_veth).metrics()
    assert page.series("netdrop_ethtool_statistic_total", device="w0", statistic="rx_queue_#_drops")
    assert not page.series("netdrop_ethtool_queue_statistic_total")
    # Loss only: neither traffic nor indices.
    assert not page.series("netdrop_ethtool_statistic_total", statistic="rx_queue_#_xdp_bytes")
    assert not page.series("netdrop_ethtool_value")


XDP_DROP = """
int drop(void *context) __attribute__((section("xdp"), used));
int drop(void *context)
{
    (void)context;
    return 1;
}
"""


def send_from_many_ports(inside, count):
    """Many flows, so that every queue has some."""
    script = (
        "import socket\n"
        f"for port in range(1000, 1000 + {count}):\n"
        "    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:\n"
        "        sender.sendto(b'x', ('10.1.1.2', port))\n"
    )
    inside.run([sys.executable, "-c", script])


@pytest.mark.skipif(not shutil.which("clang"), reason="needs clang for an XDP program")
def test_sum_does_not_step_back_when_a_veth_loses_queues(wide_veth, exporter, tmp_path):
    (tmp_path / "drop.c").write_text(XDP_DROP)
    host_run(["clang", "-O2", "-target", "bpf", "-c", str(tmp_path / "drop.c"), "-o", str(tmp_path / "drop.o")])
    wide_veth.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")  # nobody else sends
    wide_veth.run(f"ip link set dev w1 xdpdrv obj {tmp_path}/drop.o sec xdp")
    wide_veth.ip("address add 10.1.1.1/24 dev w0")
    wide_veth.ip("neighbour add 10.1.1.2 lladdr 02:00:00:00:00:02 dev w0 nud permanent")
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth)

    def counted():
        page = process.metrics()
        labels = {"device": "w1", "statistic": "rx_queue_#_xdp_drops"}
        loss = {"device": "w1", "direction": "receive", "cause": "filtered"}
        found = [
            *page.series("netdrop_ethtool_statistic_total", **labels),
            *page.series("netdrop_nic_lost_total", **loss),
        ]
        # There are none for one collection, when the strings change.
        return tuple(sample.value for sample in found) or (0, 0)

    def of_kernel():
        statistics = ethtool_statistics(wide_veth.run, "w1")
        return [value for name, value in statistics.items() if name.endswith("_xdp_drops")]

    send_from_many_ports(wide_veth, 400)
    whole = sum(of_kernel())
    assert len(of_kernel()) == 4 and min(of_kernel()) > 0 and whole >= 400
    daemon.eventually(lambda: counted() == (whole, whole), "the drops of four queues")
    wide_veth.run("ethtool -L w0 tx 1")
    wide_veth.run("ethtool -L w1 rx 1")
    assert len(of_kernel()) == 1
    gone = whole - of_kernel()[0]
    assert gone > 0
    send_from_many_ports(wide_veth, 100)
    whole = gone + of_kernel()[0]
    daemon.eventually(lambda: counted() == (whole, whole), "the drops of one queue, and what the others had")
    wide_veth.run("ethtool -L w1 rx 3")
    wide_veth.run("ethtool -L w0 tx 3")
    send_from_many_ports(wide_veth, 100)
    with_three = of_kernel()
    daemon.eventually(lambda: whole + 100 <= counted()[0] == counted()[1], "queues that came back to go on")
    wide_veth.run("ethtool -L w1 rx 4")
    assert sum(of_kernel()) > sum(with_three)
    daemon.eventually(lambda: counted() == (sum(of_kernel()),) * 2, "all queues, with nothing counted twice")


def test_default_selection_of_every_driver(build, tree, request):
    """What is shown and what is left out unless somebody says otherwise, of all drivers whose strings we have:
    read the difference, then write it with --update-golden."""
    listing = subprocess.run(
        [build / "tests/unit/ethtool_selection"],
        env={"FIXTURES": str(tree / "tests/fixtures")},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    path = tree / "tests/golden/ethtool_selection.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(listing)
    assert path.read_text() == listing
    # Nothing that is loss by cause is left out.
    assert not [line for line in listing.splitlines() if line.startswith("leaves") and not line.endswith('"')]


def test_speed(wide_veth, exporter):
    page = exporter(*FAST, *NO_FILTER, netns=wide_veth).metrics()
    assert page.value("netdrop_link_speed_bytes_per_second", device="w0", kind="veth") == 10_000 * 125_000


def test_devices_come_change_and_go(netns, exporter):
    inside = netns()
    process = exporter(*FAST, *NO_FILTER, netns=inside)

    def statistics(device):
        return process.metrics().series("netdrop_ethtool_statistic_total", device=device)

    inside.ip("link add w0 numrxqueues 4 type veth peer name w1")
    daemon.eventually(lambda: statistics("w0"), "w0")
    inside.ip("link set w0 name w9")
    daemon.eventually(lambda: statistics("w9") and not statistics("w0"), "the new name")
    inside.run("ethtool -L w9 rx 2", check=False)
    daemon.eventually(lambda: statistics("w9"), "other strings")
    inside.ip("link del w9")
    daemon.eventually(lambda: not statistics("w9") and not statistics("w1"), "the end")
    assert process.metrics().value("netdrop_collector_failures_total", collector="ethtool") == 0


def physical_devices():
    return [path.name for path in Path("/sys/class/net").iterdir() if (path / "device").exists()]


def test_own_nic_counter_by_counter(exporter):
    devices = [name for name in physical_devices() if ethtool_statistics(host_run, name)]
    if not devices:
        pytest.skip("no NIC with statistics here")
    process = exporter(*FAST, *EVERY_STATISTIC, *PER_QUEUE, "--set=collectors.ethtool.max_statistics_per_device=32768")
    for device in devices:
        low = expected_series(ethtool_statistics(host_run, device))
        started = time.time()
        daemon.eventually(
            lambda: process.metrics().value(
                "netdrop_collector_last_success_timestamp_seconds", collector="ethtool"
            )
            > started + 0.1,
            "a collection",
        )
        page = shown(process.metrics(), device)
        high = expected_series(ethtool_statistics(host_run, device))
        for least, value, most in zip(low, page, high):
            assert least.keys() <= value.keys()
            for key, number in least.items():
                assert number <= value[key] <= most[key], (device, key)


def test_own_nic_rings(exporter):
    pairs = {"receive": "RX", "transmit": "TX"}
    for device in physical_devices():
        text = host_run(["ethtool", "-g", device], check=False)
        numbers = re.findall(r"^(RX|TX):\s+(\d+)$", text, re.MULTILINE)
        if len(numbers) != 4:
            continue
        limits, sizes = dict(numbers[:2]), dict(numbers[2:])
        page = exporter().metrics()
        for direction, name in pairs.items():
            labels = {"device": device, "direction": direction}
            assert page.value("netdrop_nic_ring_entries_limit", **labels) == int(limits[name])
            assert page.value("netdrop_nic_ring_entries", **labels) == int(sizes[name])
        return
    pytest.skip("no NIC with rings here")


def test_row_15_without_statistics_is_quiet(netns, exporter):
    process = exporter(*FAST, netns=netns())
    page = process.metrics()
    assert page.value("netdrop_collector_up", collector="ethtool") == 1
    assert page.value("netdrop_collector_failures_total", collector="ethtool") == 0
    assert not page.series("netdrop_ethtool_statistic_total")
    assert "ethtool" not in process.stderr.replace("collectors.ethtool", "")


def sums(process):
    return shown(process.metrics(), "w0")[0]


def test_row_16_blocked_driver_delays_nobody(made_up, wide_veth, exporter):
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth, env=made_up.env)
    threads = len(os.listdir(f"/proc/{process.pid}/task"))
    made_up.set("block")

    def of(name, collector):
        return process.metrics().value(f"netdrop_collector_{name}", collector=collector)

    daemon.eventually(lambda: of("busy_seconds", "ethtool") > 0.5, "the collector to be busy")
    last = of("last_success_timestamp_seconds", "ethtool")
    busy, link = of("busy_seconds", "ethtool"), of("last_success_timestamp_seconds", "link")
    begin = time.monotonic()
    slowest = 0
    for _ in range(25):
        watch = procfs.Stopwatch(process.pid)
        process.metrics()
        slowest = max(slowest, watch.own_seconds())
        time.sleep(0.1)
    assert slowest < 1
    # The page is kept for up to a second.
    passed = time.monotonic() - begin
    assert of("busy_seconds", "ethtool") > busy + passed - 1.5
    assert of("last_success_timestamp_seconds", "ethtool") == last
    daemon.eventually(lambda: of("last_success_timestamp_seconds", "link") > link + 1, "another collector")
    assert len(os.listdir(f"/proc/{process.pid}/task")) == threads
    made_up.unset("block")
    daemon.eventually(lambda: of("last_success_timestamp_seconds", "ethtool") > last, "the driver to be read again")


@pytest.mark.parametrize("returns", [True, False], ids=["slow", "stuck"])
def test_row_16_blocked_driver_at_the_end(made_up, wide_veth, exporter, returns):
    """Who is only slow has time to undo what it did; who is stuck does not keep the process."""
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth, env=made_up.env)
    made_up.set("block")
    daemon.eventually(
        lambda: process.metrics().value("netdrop_collector_busy_seconds", collector="ethtool") > 0.2, "it to be busy"
    )
    process.signal(signal.SIGTERM)
    if returns:
        time.sleep(1.5)
        made_up.unset("block")
    assert process.process.wait(daemon.PATIENCE) == 0
    assert ("ending without it" in process.stderr) != returns


def thread_states(pid):
    """[(name, state)] of the threads, by /proc."""
    return sorted(re.search(r"\((.*)\) (\w)", text).groups() for text in procfs.of_threads(pid, "stat").values())


def test_row_16_uninterruptible_sleep_delays_nobody(made_up, sink, wide_veth, exporter, manager, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"collectors": {"ethtool": {"interval": "100ms"}}}')
    flags = (f"--config.file={config}", FAST[1], *NO_FILTER)
    environment = {**made_up.env, **manager.environment}
    process = exporter(*flags, netns=wide_veth, env=environment, pass_fds=[sink.file])
    names = [name for name, _ in thread_states(process.pid)]
    assert names.count("ethtool") == 1

    def of(name, collector="ethtool"):
        return process.metrics().value(f"netdrop_collector_{name}", collector=collector)

    with sink.frozen():
        daemon.eventually(lambda: ("ethtool", "D") in thread_states(process.pid), "the worker to sleep")
        last, link, busy = of("last_success_timestamp_seconds"), of("last_success_timestamp_seconds", "link"), 0
        for _ in range(3):
            daemon.eventually(lambda: of("busy_seconds") > busy + 1, "it to be busy for longer")
            busy = of("busy_seconds")
        daemon.eventually(lambda: of("last_success_timestamp_seconds", "link") > link + 1, "another collector")
        manager.said("^STATUS=.*ethtool stuck")
        # A reload touches everybody else, and does not wait.
        config.write_text('{"collectors": {"ethtool": {"interval": "200ms"}, "process": {"enabled": false}}}')
        process.signal(signal.SIGHUP)
        manager.said("^RELOADING=1$")
        manager.said("^READY=1$")
        assert "collectors that are busy take it later: ethtool" in process.stderr
        daemon.eventually(lambda: "process_open_fds" not in process.metrics(), "the reload to show")
        for _ in range(4):
            manager.said("^WATCHDOG=1$")
        assert of("last_success_timestamp_seconds") == last
        # All this went on in the same sleep, and nobody was started to help.
        assert ("ethtool", "D") in thread_states(process.pid)
        assert [name for name, _ in thread_states(process.pid)] == names
    daemon.eventually(lambda: of("last_success_timestamp_seconds") > last, "the driver to be read again")
    daemon.eventually(lambda: of("up") == 1 and of("busy_seconds") < 1, "the collector to be well")
    assert sums(process) == {"rx#_drops": 1 + 11, "tx_drops": 21}


def test_row_16_uninterruptible_sleep_at_the_end(made_up, sink, wide_veth, exporter, manager):
    """The process cannot go before the kernel lets it, but nothing that its successor needs goes on."""
    environment = {**made_up.env, **manager.environment}
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth, env=environment, pass_fds=[sink.file])
    address = f"--web.listen-address=127.0.0.1:{process.port}"
    with sink.frozen():
        daemon.eventually(lambda: ("ethtool", "D") in thread_states(process.pid), "the worker to sleep")
        process.signal(signal.SIGTERM)
        manager.said("^STOPPING=1$")
        left = [("ethtool", "D"), ("netdrop-exporte", "Z")]
        daemon.eventually(lambda: thread_states(process.pid) == left, "every other thread to end")
        assert "a collector is still in the kernel; ending without it" in process.stderr
        process.signal(signal.SIGKILL)
        assert process.process.poll() is None
        successor = exporter(address, *NO_FILTER, netns=wide_veth)
        assert sums(successor) == {}
        assert thread_states(process.pid) == left
    assert process.process.wait(daemon.PATIENCE) == 0


def test_row_17_set_that_grows(made_up, wide_veth, exporter):
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth, env=made_up.env)
    daemon.eventually(lambda: sums(process) == {"rx#_drops": 1 + 11, "tx_drops": 21}, "the first set")
    # Grown between two rounds, by little and by more than a page.
    made_up.set("strings", b"rx0_drops\nrx1_drops\nrx2_drops\ntx_drops\n")
    daemon.eventually(lambda: sums(process) == {"rx#_drops": 1 + 11 + 21, "tx_drops": 31}, "the second set")
    many = 30_000
    made_up.set("strings", b"".join(b"rx%d_drops\n" % i for i in range(many)))
    daemon.eventually(lambda: sums(process) == {"rx#_drops": sum(10 * i + 1 for i in range(many))}, "the third set")
    # Grown between the count and the strings of each round: nothing is shown under a wrong name.
    made_up.set("lie")
    made_up.set("strings", b"tx_drops\nrx_drops\nrx0_drops\n")
    daemon.eventually(lambda: sums(process) == {}, "the disagreement to be seen")
    made_up.unset("lie")
    # Queues that went stay in the sum.
    gone = sum(10 * i + 1 for i in range(1, many))
    daemon.eventually(
        lambda: sums(process) == {"tx_drops": 1, "rx_drops": 11, "rx#_drops": 21 + gone}, "the fourth set"
    )
    # More than is ever accepted.
    made_up.set("strings", b"rx_drops\n" * 40_000)
    daemon.eventually(
        lambda: process.metrics().value("netdrop_limit_hits_total", limit="statistics") > 0, "the limit to be hit"
    )
    daemon.eventually(lambda: sums(process) == {}, "the collection that hit it to end")
    assert process.metrics().value("netdrop_collector_failures_total", collector="ethtool") == 0


def collection(process):
    """Waits until a collection has begun and ended after now."""

    def last():
        return process.metrics().value("netdrop_collector_last_success_timestamp_seconds", collector="ethtool")

    for _ in range(2):
        before = last()
        daemon.eventually(lambda before=before: last() != before, "a collection")


@pytest.fixture
def dice(chosen):
    return chosen


class Queues:
    """A driver whose receive queues count at random, and come, go and are reset; and what is right to say."""

    def __init__(self, driver, dice):
        self.driver, self.dice = driver, dice
        self.kernel = [0] * dice.randint(2, 9)  # what each queue says, of all that were ever there
        self.base = [0] * len(self.kernel)  # what it had said before it was made again
        self.there = len(self.kernel)

    def write(self):
        """Strings and values cannot change together: no strings in between, as in a driver that is reset."""
        names = [b"rx%d_drops" % i for i in range(self.there)] + [b"tx_drops"]
        self.driver.set("error", b"none")
        self.driver.set("strings", b"\n".join(names) + b"\n")
        self.driver.set("values", b"\n".join(b"%d" % n for n in [*self.kernel[: self.there], 7]) + b"\n")
        self.driver.unset("error")

    def count(self):
        for i in range(self.there):
            self.kernel[i] += self.dice.randint(1, 1000)

    def resize(self):
        self.there = self.dice.randint(1, len(self.kernel))

    def restart_one(self):
        """One queue of several is made again; the others go on."""
        if self.there > 1:
            i = self.dice.randrange(self.there)
            self.base[i] += self.kernel[i]
            self.kernel[i] = 0

    def reset(self):
        """All begin anew: those that are not there, too."""
        self.kernel = [0] * len(self.kernel)
        self.base = [0] * len(self.base)

    def right(self):
        return sum(self.kernel) + sum(self.base)


def test_sum_keeps_what_queues_that_go_had_counted(made_up, wide_veth, exporter, dice, tmp_path):
    config = tmp_path / "config.json"
    config.write_text("{}")
    queues = Queues(made_up, dice)
    queues.count()
    queues.write()
    flags = (*FAST, *NO_FILTER, *PER_QUEUE, f"--config.file={config}")
    process = exporter(*flags, netns=wide_veth, env=made_up.env)
    last = 0

    def reload():
        """Other settings: another instance of the collector, which has to know of queues that are gone already."""
        stamp = "netdrop_config_last_reload_success_timestamp_seconds"
        before = process.metrics().value(stamp)
        limit = dice.randrange(100, 1000)
        config.write_text(f'{{"collectors": {{"ethtool": {{"max_statistics_per_device": {limit}}}}}}}')
        process.signal(signal.SIGHUP)
        daemon.eventually(lambda: process.metrics().value(stamp) != before, "the reload")

    def settled(what):
        """A page of after the last change, in which the sum is right, and each queue as the driver says."""
        collection(process)
        sums, rows = shown(process.metrics(), "w0")
        assert rows == {("rx#_drops", str(i)): queues.kernel[i] for i in range(queues.there)}, what
        assert sums == {"rx#_drops": queues.right(), "tx_drops": 7}, what

    for number in range(16):
        step = reload if number % 4 == 3 else dice.choice([queues.count, queues.resize, queues.restart_one])
        if step == queues.restart_one:
            queues.count()
            queues.write()
            settled("what it had before")
        step()
        queues.write()
        settled(step.__name__)
        assert queues.right() >= last
        last = queues.right()
    # A reset is one: the sum begins anew with all its queues, of which some may be gone.
    queues.there = max(1, len(queues.kernel) - 1)
    queues.count()
    queues.write()
    settled("before the reset")
    queues.reset()
    queues.write()
    assert queues.right() == 0
    settled("the reset")
    queues.count()
    queues.there = len(queues.kernel)
    queues.write()
    settled("after the reset")


@pytest.mark.parametrize("error", [b"none", b"19", b"16"], ids=["none", "ENODEV", "EBUSY"])
def test_statistics_are_back_at_the_collection_after_a_reset(made_up, wide_veth, exporter, error):
    """Also where it began during the reset; and where the driver that comes back has other strings."""
    process = exporter(*FAST, *NO_FILTER, netns=wide_veth, env=made_up.env)
    daemon.eventually(lambda: sums(process) == {"rx#_drops": 1 + 11, "tx_drops": 21}, "the statistics")
    for strings, expected in (
        (b"rx0_drops\nrx1_drops\ntx_drops\n", {"rx#_drops": 1 + 11, "tx_drops": 21}),
        (b"tx_drops\nrx0_drops\nrx1_drops\n", {"rx#_drops": 11 + 21, "tx_drops": 1}),
        (b"tx_errors\n", {"tx_errors": 1}),
    ):
        made_up.set("error", error)
        daemon.eventually(lambda: sums(process) == {}, "the reset to be seen")
        for _ in range(dict(none=20).get(error.decode(), 3)):  # more than a turn of all devices
            collection(process)
        made_up.set("strings", strings)
        made_up.unset("error")
        collection(process)
        assert sums(process) == expected


def test_row_18_odd_strings(made_up, wide_veth, exporter):
    made_up.set(
        "strings",
        b"\n".join(
            [
                b"  ucast drops",
                b"rx.drops",
                b"rx.drops",
                b"drops_that_fill_all_of_32_bytes_",
                b"drops\xff",
                b"drops\xfe",
                b'drops "x" \\ {}',
                b"Rx Drops#",
                b"drops\xc3\xa4",
                b"rx0_drops",
                b"rx0_drops",
                b"rx1_drops",
                b"rx#_drops",
                b"",
            ]
        ),
    )
    process = exporter(*FAST, *NO_FILTER, *PER_QUEUE, netns=wide_veth, env=made_up.env)
    # The checker undoes the exposition's own escapes.
    assert sums(process) == {
        "  ucast drops": 1,
        "rx.drops": 11,
        "rx.drops\\~2": 21,
        "drops_that_fill_all_of_32_bytes_": 31,
        "drops\ufffd": 41,
        "drops\ufffd\\~2": 51,
        'drops "x" \\\\ {}': 61,
        "Rx Drops\\#": 71,
        "drops\u00e4": 81,
        "rx#_drops": 91 + 111,
        "rx#_drops\\~2": 101,
        "rx\\#_drops": 121,
    }
    assert shown(process.metrics(), "w0")[1] == {
        ("rx#_drops", "0"): 91,
        ("rx#_drops", "1"): 111,
        ("rx#_drops\\~2", "0"): 101,
    }


def test_limit_of_one_device(made_up, wide_veth, exporter):
    made_up.set("strings", b"".join(b"a%d_drops\n" % i for i in range(100)))
    process = exporter(
        *FAST, *NO_FILTER, "--set=collectors.ethtool.max_statistics_per_device=60", netns=wide_veth, env=made_up.env
    )
    assert len(sums(process)) == 60
    hits = process.metrics().value("netdrop_limit_hits_total", limit="statistics")
    assert hits == 1
