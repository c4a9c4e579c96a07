# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts of drop sites over restarts, crashes and upgrades: they go on, to the packet, whatever happened to devices and
rows in between; and where they cannot, all of them begin at 0."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon import eventually
from lost_events import assert_counted, is_counted, lost
from service import CONFIGURATION, NAME, shipped, systemctl

DROPS = "netdrop_kernel_drops_total"
CLASSES = "netdrop_kernel_drops_by_class_total"
# What is only ever added to, and has a row for good.
GO_ON = (
    CLASSES,
    "netdrop_kernel_dropped_segments_total",
    "netdrop_kernel_drops_forgotten_total",
    "netdrop_workload_drops_total",
    "netdrop_workload_drops_forgotten_total",
    "netdrop_kernel_drop_burst_packets_bucket",
    "netdrop_kernel_drop_burst_packets_sum",
)
OURS = 0x88B5  # an ethertype for experiments, which nobody takes
MARK = Path(f"/run/{NAME}/drop_monitor.kept")
CLOSED = Path("/run/netdrop-test-closed")  # while it is there the service does not start, so that nobody reads
DROP_IN = f"[Service]\nRestartSec=100ms\nExecStartPre=/bin/sh -c 'while [ -e {CLOSED} ]; do sleep 0.05; done'\n"
ROUNDS = 12


def configure(web=None, **options):
    collectors = {"drop_monitor": {"interval": "100ms", **options}}
    CONFIGURATION.write_text(json.dumps({"web": web or {}, "collectors": collectors}))


class Devices:
    """Pairs of devices; what comes in at the near end is dropped there, and counted: once the service knows of it, at
    its name."""

    def __init__(self, service):
        self.service = service
        self.made = {}  # the near end -> the far end
        self.number = 0

    def add(self):
        return self.add_many(1)[0]

    def add_many(self, count):
        pairs = [(f"n{number}", f"f{number}") for number in range(self.number, self.number + count)]
        self.number += count
        self._batch(f"link add {near} type veth peer {far}\nlink set {near} up\nlink set {far} up" for near, far in pairs)
        self.made.update(pairs)
        self.service.fresh()
        return [near for near, _ in pairs]

    @staticmethod
    def _batch(commands):
        subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), check=True, text=True)

    def drop(self, near, count):
        for each in (near, self.made[near]):  # until then the queue is one that drops all
            path = Path(f"/sys/class/net/{each}/operstate")
            eventually(lambda path=path: path.read_text() == "up\n", f"{each} to be up")
        address = bytes.fromhex(Path(f"/sys/class/net/{near}/address").read_text().replace(":", ""))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind((self.made[near], 0))
            for _ in range(count):
                sender.send(address + bytes(6) + OURS.to_bytes(2, "big") + bytes(46))

    def rename(self, near):
        name = f"r{self.number}"
        self.number += 1
        for change in (["down"], ["name", name], ["up"]):
            subprocess.run(["ip", "link", "set", near if change != ["up"] else name, *change], check=True)
        self.made[name] = self.made.pop(near)
        self.service.fresh()
        return name

    def remove(self, *gone):
        for near in gone:
            del self.made[near]
        self._batch(f"link delete {near}" for near in gone)

    def close(self):
        self.remove(*self.made)


@pytest.fixture
def devices(stopped):
    Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
    made = Devices(stopped)
    yield made
    made.close()


@pytest.fixture
def service(stopped):
    configure()
    stopped.configure(DROP_IN)
    stopped.start()
    return stopped


def at(page, device):
    rows = page.series(DROPS, device=device, reason="UNHANDLED_PROTO", netns="self")
    return sum(row.value for row in rows)


def settled(service, device, count):
    page = service.metrics()
    if at(page, device) < count:
        page = eventually(
            lambda: (found := service.fresh()) and is_counted(at(found, device), count, lost(found)) and found, f"drops at {device}"
        )
    assert_counted(at(page, device), count, lost(page))
    return page


def refuse(count):
    """Datagrams to a port of nobody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", ("127.0.0.1", 9))


def refused(page):
    """Of UDP alone: who asks for a service that is not there is refused, too."""
    rows = page.series(DROPS, function="__udp4_lib_rcv", reason="NO_SOCKET", device="lo", netns="self")
    return sum(row.value for row in rows)


def overflow(count):
    """Datagrams to a program that does not read them: drops that have an owner."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(bytes(10), receiver.getsockname())


def overflowed(page):
    return sum(row.value for row in page.series(DROPS, reason="SOCKET_RCVBUFF", device="lo", netns="self"))


def said(since):
    """Of all processes: which service one was of that is gone already, the journal need not know."""
    command = ["journalctl", "--quiet", "--output=cat", f"--since=@{since}", "NETDROP_COLLECTOR=drop_monitor"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def onsets(invocation):
    """Causes of the losses here that this run of the service told of: it tells of what all namespaces of the machine lose,
    but interfaces are those of its own."""
    text = (Path(__file__).resolve().parents[2] / "daemon/systemd/messages.h").read_text()
    identifier = re.search(r'MESSAGE_LOSS_BEGAN\s+"(\w+)"', text)[1]
    command = ["journalctl", "--quiet", "--output=json", f"_SYSTEMD_INVOCATION_ID={invocation}", f"MESSAGE_ID={identifier}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    entries = [json.loads(line) for line in said.splitlines()]
    return [entry["NETDROP_CAUSE"] for entry in entries if entry.get("NETDROP_DEVICE") == "lo"]


def restart(_):
    systemctl("restart", "--no-block", NAME)


def kill(service):
    os.kill(service.pid, signal.SIGKILL)


def upgrade(service):
    """New files of the same content, as a package's: and what its scripts do."""
    for path in (Path("/usr/local/sbin", NAME), Path("/usr/local/libexec/netdrop-open")):
        fresh = path.with_suffix(".new")
        shutil.copy2(path, fresh)
        fresh.rename(path)
    systemctl("daemon-reload")
    restart(service)


def reexecute(service):
    systemctl("daemon-reexec")
    restart(service)


WAYS = (restart, kill, upgrade, reexecute)


@contextmanager
def gap(service, way):
    """The service goes and comes again; the block is run while nobody reads."""
    before = service.pid
    CLOSED.touch()
    try:
        way(service)
        eventually(lambda: service.pid != before and service.get("/-/ready") is None, "the service to go", step=0.02)
        yield
        assert service.get("/-/ready") is None
    finally:
        CLOSED.unlink()
    eventually(lambda: service.pid not in (0, before), "another process")
    service.wait_ready()


def together(page, name):
    """{labels: sum}. A device of a burst may be gone, and what was counted of it is with the others' then."""
    found = Counter()
    for row in page.series(name):
        found[frozenset((label, value) for label, value in row.labels.items() if label != "device")] += row.value
    return found


def given_up(page):
    """{class: drops of workloads that have no row of their own}."""
    found = Counter()
    for name, labels in (("netdrop_workload_drops_forgotten_total", {}), ("netdrop_workload_drops_total", {"unit": "other"})):
        for row in page.series(name, **labels):
            found[row.labels["class"]] += row.value
    return found


def assert_goes_on(before, after):
    """Where the whole host has more workloads than there is room for, some give up their row: what it had is carried on."""
    without_row = given_up(after) - given_up(before)
    for name in GO_ON:
        now = together(after, name)
        for labels, count in together(before, name).items():
            missing = max(0, count - now[labels])
            assert missing <= (without_row[dict(labels)["class"]] if name == "netdrop_workload_drops_total" else 0), (name, labels)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_row_78_counts_go_on(service, devices, way):
    begin = int(time.time())
    stays, renamed, gone = devices.add_many(3)
    for number, device in enumerate((stays, renamed, gone)):
        devices.drop(device, 10 + number)
    settled(service, gone, 12)
    new_name = devices.rename(renamed)
    devices.drop(new_name, 20)
    settled(service, new_name, 20)
    devices.remove(gone)
    refuse(100)
    overflow(3000)
    eventually(lambda: overflowed(service.fresh()), "drops that have an owner")
    before = settled(service, stays, 10)
    with gap(service, way):
        devices.drop(stays, 30)
        devices.drop(new_name, 40)
        refuse(200)
    after = settled(service, stays, 40)
    made = {renamed: 11, new_name: 60, gone: 12}
    assert_counted({device: at(after, device) for device in made}, made, lost(after))
    assert_counted(refused(after) - refused(before), 200, lost(after))
    assert overflowed(after) == overflowed(before)
    assert_goes_on(before, after)
    eventually(lambda: "continues the counts from before the restart" in said(begin), "the log to tell it")


def test_row_78_what_goes_on_does_not_look_new(stopped, devices):
    """With web.created: of rows that were there before it is known only that they were 0 when the program was loaded."""
    configure(web={"created": True})
    stopped.configure(DROP_IN)
    stopped.start()

    def created(page, device):
        (row,) = page.series("netdrop_kernel_drops_created", device=device, reason="UNHANDLED_PROTO", netns="self")
        return row.value

    def counting(page):
        (since,) = {row.value for row in page.series("netdrop_workload_drops_created", unit="")}
        return since

    (device,) = devices.add_many(1)
    devices.drop(device, 10)
    settled(stopped, device, 10)
    before = stopped.openmetrics()
    assert created(before, device) > counting(before)
    with gap(stopped, restart):
        devices.drop(device, 20)
    settled(stopped, device, 30)
    again = time.time()
    after = stopped.openmetrics()
    # Two readings of the clocks.
    assert created(after, device) == counting(after) == pytest.approx(counting(before), abs=0.1)
    (new,) = devices.add_many(1)
    devices.drop(new, 5)
    settled(stopped, new, 5)
    assert created(stopped.openmetrics(), new) > again


def test_row_78_nothing_was_lost_by_a_restart(service):
    """What had been lost before is told once, and not again; a new loss is."""
    overflow(20000)
    dropped = eventually(lambda: overflowed(service.fresh()), "drops that have an owner")
    first = service.show("InvocationID")
    eventually(lambda: "udp_receive_buffer_full" in onsets(first), "the loss to be told")
    with gap(service, restart):
        pass
    assert overflowed(service.fresh()) == dropped
    again = service.show("InvocationID")
    assert again != first
    refuse(2000)
    eventually(lambda: "udp_nobody_listens" in onsets(again), "another loss to be told")
    assert "udp_receive_buffer_full" not in onsets(again)


def test_row_78_rows_that_were_given_up(stopped, devices):
    """More devices than rows, one after the other; the rest of the host has some rows, too."""
    configure(max_sites=200)
    stopped.configure(DROP_IN)
    stopped.start()
    for number in range(4):
        made = devices.add_many(70)
        for device in made:
            devices.drop(device, 5 + number)
        for device in made:
            settled(stopped, device, 5 + number)
        devices.remove(*made)
    before = stopped.fresh()
    assert sum(row.value for row in before.series("netdrop_kernel_drops_forgotten_total")) > 0
    with gap(stopped, kill):
        refuse(10)
    after = stopped.fresh()
    assert_goes_on(before, after)
    # All that there is adds up.
    whole = sum(row.value for row in after.series(CLASSES))
    parts = (DROPS, "netdrop_kernel_drops_forgotten_total")
    assert whole == sum(row.value for name in parts for row in after.series(name)) + lost(after)


REFUSED_THERE = """
import socket, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range({count}):
        sender.sendto(b"x", ("127.0.0.1", 9))
time.sleep({seconds})
"""


@pytest.fixture
def blue():
    """A namespace of that name; blue(count) drops there."""
    for command in (["netns", "add", "blue"], ["-n", "blue", "link", "set", "lo", "up"]):
        subprocess.run(["ip", *command], check=True)

    def drop(count):
        script = REFUSED_THERE.format(count=count, seconds=0)
        subprocess.run(["ip", "netns", "exec", "blue", "python3", "-c", script], check=True)

    yield drop
    subprocess.run(["ip", "netns", "delete", "blue"], check=True)


def refused_at(page, netns):
    rows = page.series(DROPS, function="__udp4_lib_rcv", reason="NO_SOCKET", device="lo", netns=netns)
    return sum(row.value for row in rows)


def are_refused_at(service, netns, count, what):
    page = eventually(lambda: (page := service.fresh()) and is_counted(refused_at(page, netns), count, lost(page)) and page, what)
    assert_counted(refused_at(page, netns), count, lost(page))


def test_row_78_names_of_namespaces(stopped, blue):
    """Found in the sandbox, too; and who reads next knows them, though nobody has read since."""
    configure(label_netns=True)
    stopped.configure(DROP_IN)
    stopped.start()
    stopped.fresh()
    blue(10)
    are_refused_at(stopped, "blue", 10, "drops in a namespace that has a name")
    script = REFUSED_THERE.format(count=20, seconds=2)
    command = ["systemd-run", "--quiet", "--wait", "--unit=tenant", "--property=PrivateNetwork=yes"]
    tenant = subprocess.Popen([*command, "python3", "-c", script])
    are_refused_at(stopped, "tenant.service", 20, "drops in a service's own namespace")
    assert tenant.wait() == 0
    with gap(stopped, restart):
        blue(30)
    are_refused_at(stopped, "blue", 40, "the same name")
    are_refused_at(stopped, "tenant.service", 20, "as before")


def random_life(service, devices, seed, spoil=lambda: None):
    """Drops, devices that come, go and get other names, and all ways to be restarted; then what is to be there."""
    chance = random.Random(seed)
    expected, lo, begin, page = {}, 0, refused(service.fresh()), service.fresh()
    for _ in range(ROUNDS):
        device = chance.choice([*devices.made, None]) or devices.add()
        count = chance.randrange(1, 100)
        devices.drop(device, count)
        expected[device] = expected.get(device, 0) + count
        settled(service, device, expected[device])
        change = chance.choice((devices.rename, devices.remove, None))
        if change:
            change(device)
        if chance.random() < 0.5:
            continue
        page = service.fresh()
        count = chance.randrange(1, 100)
        spoil()
        with gap(service, chance.choice(WAYS)):
            refuse(count)
        lo += count
        after = service.fresh()
        assert_goes_on(page, after)
    page = service.fresh()
    assert_counted({device: at(page, device) for device in expected}, expected, lost(page))
    assert_counted(refused(page) - begin, lo, lost(page))


@pytest.mark.timeout(300)
def test_row_78_a_random_life(service, devices):
    seed = int(os.environ.get("NETDROP_SEED", time.time()))
    print(f"NETDROP_SEED={seed}")
    random_life(service, devices, seed)


def test_a_life_without_marks_is_noticed(service, devices):
    """Would the test before see it? One restart at least, for the seed is known."""
    with pytest.raises((AssertionError, KeyError)):
        random_life(service, devices, 1, MARK.unlink)


def begins_at_0(service, devices, change, way=restart):
    """What is counted after the change is all that there is."""
    device = devices.add()
    devices.drop(device, 50)
    settled(service, device, 50)
    change()
    with gap(service, way):
        pass
    assert at(service.fresh(), device) == 0
    devices.drop(device, 7)
    settled(service, device, 7)


CHANGES = {"max_sites": {"max_sites": 2000}, "workloads": {"workloads": False}}


@pytest.mark.parametrize("changed", CHANGES)
def test_row_79_other_options(service, devices, changed):
    begin = int(time.time())
    begins_at_0(service, devices, lambda: configure(**CHANGES[changed]))
    why = "starts to count at 0: the kept counts are of another boot, version or configuration"
    eventually(lambda: why in said(begin), "the log to tell it")


def test_row_79_options_that_make_no_difference(service, devices):
    device = devices.add()
    devices.drop(device, 50)
    settled(service, device, 50)
    configure(label_offset=True, max_workloads=100)
    with gap(service, restart):
        pass
    settled(service, device, 50)


def test_row_79_another_program(service, devices):
    """An upgrade that counts by another BPF program, here by the name of a field."""
    path = Path("/usr/local/libexec/netdrop-open")
    original = path.read_bytes()
    other = original.replace(b"\0more_segments\0", b"\0more_segmentz\0")
    assert other != original

    def install(data):
        fresh = path.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.chmod(0o755)
        fresh.rename(path)

    begin = int(time.time())
    try:
        begins_at_0(service, devices, lambda: install(other))
    finally:
        install(original)
    eventually(lambda: "starts to count at 0" in said(begin), "the log to tell it")


def test_row_79_after_a_stop(service, devices):
    device = devices.add()
    devices.drop(device, 50)
    settled(service, device, 50)
    systemctl("stop", NAME)
    assert service.stored == 0
    assert not MARK.exists() and not MARK.parent.exists()
    service.start()
    assert at(service.fresh(), device) == 0
    devices.drop(device, 7)
    settled(service, device, 7)


MARKS = {"none": None, "empty": "", "another": "boot 0, 1 descriptors, nothing\n"}


@pytest.mark.parametrize("mark", MARKS)
def test_row_79_a_mark_that_does_not_hold(service, devices, mark):
    def change():
        if MARKS[mark] is None:
            MARK.unlink()
        else:
            MARK.write_text(MARKS[mark])

    begins_at_0(service, devices, change)


def test_row_79_fewer_descriptors_than_there_were(service, devices):
    """The number in the mark is another than systemd's."""

    def change():
        MARK.write_text(re.sub(r"(\d+) descriptors", lambda match: f"{int(match[1]) + 1} descriptors", MARK.read_text()))

    begins_at_0(service, devices, change)


def kept_file(pid):
    """What the counts are kept in."""
    return next(path for path in Path(f"/proc/{pid}/fd").iterdir() if "memfd:netdrop-drops" in os.readlink(path))


def test_row_79_what_was_kept_is_damaged(service, devices):
    def change():
        # A drop in between, anywhere on the host, would have it written anew.
        os.kill(service.pid, signal.SIGSTOP)
        with open(kept_file(service.pid), "r+b", buffering=0) as file:
            file.write(b"damaged!")

    begin = int(time.time())
    begins_at_0(service, devices, change, kill)
    eventually(lambda: "the kept counts cannot be read" in said(begin), "the log to tell it")


def test_with_ambient_capabilities_nothing_is_kept(stopped, devices):
    configure()
    stopped.configure(shipped("ambient-capabilities.conf") + DROP_IN)
    stopped.start()
    begins_at_0(stopped, devices, lambda: None)
    assert not MARK.exists()
