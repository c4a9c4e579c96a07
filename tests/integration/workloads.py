# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that lose packets, a known number each: control groups, sockets that were made in them, and what is done to
these. The owner of a packet is the control group in which its socket was made, whoever uses it: here a child in the
group makes it, and the test uses it."""

import ctypes
import errno
import itertools
import os
import socket
import struct
from collections import Counter
from pathlib import Path

from daemon import EMULATED, INTERVAL, eventually, health, seeded
from lost_events import assert_counted, is_counted, lost

SO_ATTACH_FILTER, SO_MEMINFO, IP_RECVERR = 26, 55, 11
MEMINFO_DROPS = 8
LOOPBACK = "127.0.0.1"
PATIENCE = 120  # of an emulated machine
DROPS = "netdrop_workload_drops_total"
# What is dropped, with the reason in each row.
FLAGS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.source=bpf",
    f"--set=collectors.drop_monitor.interval={INTERVAL}",
    "--set=collectors.drop_monitor.workload_detail=true",
)
_numbers = itertools.count()


def hierarchy():
    """Where the control groups of version 2 are."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        if os.path.exists(f"{root}/cgroup.procs") and os.path.exists(f"{root}/cgroup.controllers"):
            return Path(root)
    raise OSError("no control groups of version 2")


class Workload:
    """A control group named like a service of systemd."""

    def __init__(self, namespace, unit=None, parent=None):
        self.namespace = namespace
        self.unit = unit or f"netdrop{os.getpid()}x{next(_numbers)}.service"
        self.path = (parent or hierarchy()) / self.unit
        self.path.mkdir(parents=True)
        self.sockets = []

    def close(self):
        for each in self.sockets:
            each.close()
        self.remove()

    def remove(self):
        if self.path.exists():
            self.path.rmdir()

    def make(self, *kinds):
        """Sockets of these (type, protocol), made by a child in the control group."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with self.namespace.entered():
            child = os.fork()
            if child == 0:
                self._child(theirs, kinds)
        theirs.close()
        with ours:
            _, fds, _, _ = socket.recv_fds(ours, 1, len(kinds))
        assert os.waitpid(child, 0)[1] == 0 and len(fds) == len(kinds)
        made = [socket.socket(fileno=fd) for fd in fds]
        self.sockets += made
        return made

    def enter(self):
        """This process is in the control group from now on; its next sockets are the group's."""
        (self.path / "cgroup.procs").write_text("0", encoding="ascii")

    def _child(self, theirs, kinds):
        status = 1
        try:
            self.enter()
            made = [socket.socket(socket.AF_INET, *kind) for kind in kinds]
            socket.send_fds(theirs, [b"x"], [each.fileno() for each in made])
            status = 0
        finally:
            os._exit(status)


def checksum(data):
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    words = (words & 0xFFFF) + (words >> 16)
    return ~((words & 0xFFFF) + (words >> 16)) & 0xFFFF


def segment(source, destination, sequence):
    """A TCP segment that acknowledges, with an IP header."""
    addresses = socket.inet_aton(LOOPBACK) * 2
    data = bytes(10)
    header = struct.pack("!HHIIBBHHH", source, destination, sequence, 1, 5 << 4, 0x10, 1000, 0, 0)
    pseudo = addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header) + len(data))
    header = header[:16] + struct.pack("!H", checksum(pseudo + header + data)) + header[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(header) + len(data), 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses
    return ip + header + data


# Each makes `count` packets that somebody's socket does not get, or that it may not send. Returns how many of them it was.


def receive_buffer_full(workload, count):
    (receiver,) = workload.make((socket.SOCK_DGRAM,))
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    receiver.bind((LOOPBACK, 0))
    with workload.namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(500), receiver.getsockname())
    return struct.unpack("9I", receiver.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[MEMINFO_DROPS]


def socket_filter(workload, count):
    (receiver,) = workload.make((socket.SOCK_DGRAM,))
    receiver.bind((LOOPBACK, 0))
    program = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET: nothing of it
    code = ctypes.create_string_buffer(program)
    receiver.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(code)))
    with workload.namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(100), receiver.getsockname())
    return count


def tcp_sequence(workload, count):
    """Segments far out of the window of a connection that was accepted from a listener of the workload's."""
    (listener,) = workload.make((socket.SOCK_STREAM,))
    listener.bind((LOOPBACK, 0))
    listener.listen()
    with workload.namespace.socket() as client, workload.namespace.entered():
        client.connect(listener.getsockname())
        accepted, _ = listener.accept()
        with accepted, socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            for number in range(count):
                data = segment(client.getsockname()[1], listener.getsockname()[1], 0x40000000 + 3000 * number)
                raw.sendto(data, (LOOPBACK, 0))
    return count


def refused(sender, address, count, wanted):
    """How many of them the kernel did not take."""
    found = 0
    for _ in range(count):
        try:
            sender.sendto(bytes(500), address)
        except OSError as error:
            assert error.errno == wanted, error
            found += 1
    return found


def queue_full(workload, count):
    """The namespace has an interface with a queue that is nearly closed."""
    (sender,) = workload.make((socket.SOCK_DGRAM,))
    sender.setsockopt(socket.SOL_IP, IP_RECVERR, 1)
    return refused(sender, ("10.9.9.2", 5000), count, errno.ENOBUFS)


def output_refused(workload, count):
    """The namespace has a rule against port 9999."""
    (sender,) = workload.make((socket.SOCK_DGRAM,))
    return refused(sender, (LOOPBACK, 9999), count, errno.EPERM)


# By the random number that a connection begins with.
SAME = {"TCP_OLD_SEQUENCE": "TCP_INVALID_SEQUENCE"}
# The reason that each has, and whether only kernels that pass the socket know whose it was.
RECIPES = {
    receive_buffer_full: ("SOCKET_RCVBUFF", True),
    socket_filter: ("SOCKET_FILTER", True),
    tcp_sequence: ("TCP_INVALID_SEQUENCE", True),
    queue_full: ("QDISC_DROP", False),
    output_refused: ("NETFILTER_DROP", False),
}


def prepare(namespace):
    """What the recipes need of a namespace."""
    namespace.batch(
        [
            "link add d0 type veth peer name d1",
            "address add 10.9.9.1/24 dev d0",
            "link set d0 up",
            "link set d1 up",
            "neighbour add 10.9.9.2 lladdr 02:00:00:00:00:02 nud permanent dev d0",
        ]
    )
    namespace.wait_up("d0")
    namespace.run("tc qdisc add dev d0 root tbf rate 8kbit burst 1500 limit 1500")
    refuse(namespace)


def refuse(namespace):
    """By rules, what is for port 9999 on its way out, and what is for port 9998 on its way in."""
    rules = """
        table ip t {
            chain o { type filter hook output priority 0; udp dport 9999 drop; }
            chain i { type filter hook input priority 0; udp dport 9998 drop; }
        }
    """
    namespace.run(["nft", "-f", "-"], input=rules.encode())


def of_nobody(namespace, count):
    """Dropped on the way in, before there is a socket. There is one that would get them: nobody has looked for it."""
    with namespace.socket(kind=socket.SOCK_DGRAM) as receiver, namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        receiver.bind((LOOPBACK, 9998))
        for _ in range(count):
            sender.sendto(bytes(100), (LOOPBACK, 9998))


def spread(chosen, workloads, total):
    """So many packets that these workloads may not send, in turns of random length: {unit: how many}."""
    senders = [(each.unit, *each.make((socket.SOCK_DGRAM,))) for each in workloads]
    made = Counter()
    while (left := total - made.total()) > 0:
        unit, sender = chosen.choice(senders)
        made[unit] += refused(sender, (LOOPBACK, 9999), min(left, chosen.randrange(1, 200)), errno.EPERM)
    return made


def come_and_go(namespace, units, drops):
    """Control groups of these names, one after the other: each is made, loses so many packets (the namespace has rules,
    see refuse), and is gone. In a child: who is in none of them is not us."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with namespace.entered():
                for unit in units:
                    lose_and_go(Workload(namespace, unit), drops)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def lose_and_go(workload, drops):
    workload.enter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        refused(sender, (LOOPBACK, 9999), drops, errno.EPERM)
    (hierarchy() / "cgroup.procs").write_text("0", encoding="ascii")
    workload.remove()


def passes_socket():
    """Whether the tracepoint passes the socket (since Linux 6.11)."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (6, 11)


def classes(page):
    rows = page.series("netdrop_kernel_drops_by_class_total")
    return {row.labels["class"]: row.value for row in rows}


def settled(process):
    """A page with all that happened before the call: one that another collection did not add to."""
    page = another = None
    while page is None or rows_of(page) != rows_of(another):
        last = health(process.text())[0].get("drop_monitor", 0)
        later = eventually(lambda last=last: process.collected_since(last, "drop_monitor"), "a collection", PATIENCE)
        page, another = another, later
    return another


def rows_of(page):
    """But for what scraping itself drops: the end of each connection empties its queues; and where others use this kernel, too,
    but for theirs, which never come to rest."""
    rows = [row for row in page.series(DROPS) if row.labels["class"] not in ("benign", "copy")]
    ours = "" if EMULATED else str(os.getpid())
    return [(row.labels, row.value) for row in rows if ours in row.labels["unit"]]


def counted(page, **labels):
    return sum(row.value for row in page.series(DROPS, **labels))


def per_class(page, **labels):
    found = dict.fromkeys(classes(page), 0)
    for name in (DROPS, "netdrop_workload_drops_forgotten_total"):
        for row in page.series(name, **(labels if name == DROPS else {})):
            found[row.labels["class"]] += row.value
    return found


def assert_all_add_up(process):
    """Each drop is in one row, of its class; but for one that comes between the readings of two maps."""

    def adds_up():
        page = process.metrics()
        return per_class(page) == classes(page)

    eventually(adds_up, "the rows to add up to the classes", PATIENCE)


def judge(process, ten):
    """Makes drops of each kind at ten workloads in turns; compares what is counted with what was made."""
    chosen = seeded()
    before = settled(process)
    made = {}
    for recipe, (reason, _) in RECIPES.items():
        for each in chosen.sample(ten, len(ten)):
            made[each.unit, reason] = recipe(each, chosen.randrange(20, 300))
    of_nobody(ten[0].namespace, nobody := chosen.randrange(100, 300))
    page = settled(process)
    known = {reason for reason, needs_socket in RECIPES.values() if passes_socket() or not needs_socket}
    found = Counter()
    for row in page.series(DROPS):  # more than one of a reason: of other classes, or namespaces
        reason = SAME.get(row.labels["reason"], row.labels["reason"])
        found[row.labels["unit"], reason] += row.value
    uncounted = lost(page)
    for key, count in made.items():
        assert count > 0
        assert_counted(found[key], count if key[1] in known else 0, uncounted)
    assert_all_add_up(process)
    moved = {unit: per_class_moved(before, page, unit) for unit in ("", "unknown", "other")}
    assert fits(moved[""]["policy"], nobody, uncounted)  # and the negative control
    assert not any(moved["other"].values())
    if passes_socket():
        assert not page.series("netdrop_udp_receive_buffer_drops_total")
    else:
        assert is_counted(sum(moved["unknown"].values()), sum(made[key] for key in made if key[1] not in known), uncounted)
        for each in ten:
            told = page.value("netdrop_udp_receive_buffer_drops_total", unit=each.unit)
            assert_counted(told, made[each.unit, "SOCKET_RCVBUFF"], uncounted)
    return page


def fits(moved, made, uncounted):
    """Whether what the whole host lost is what was made: where others use this kernel too, they add to it."""
    return is_counted(moved, made, uncounted) and (not EMULATED or moved <= made)


def assert_none_steps_back(before, page):
    """But a row that gave way and is there anew: what it had is carried on without a row."""
    now = {tuple(sorted(row.labels.items())): row.value for row in page.series(DROPS)}
    gave_way = Counter()
    for sign, each in ((1, page), (-1, before)):
        for row in each.series("netdrop_workload_drops_forgotten_total"):
            gave_way[row.labels["class"]] += sign * row.value
    for row in before.series(DROPS):
        labels = tuple(sorted(row.labels.items()))
        missing = max(0, row.value - now.get(labels, row.value))
        assert missing <= gave_way[row.labels["class"]], labels


def per_class_moved(before, page, unit):
    old, new = ({name: counted(each, unit=unit, **{"class": name}) for name in classes(each)} for each in (before, page))
    return {name: new[name] - old[name] for name in new}
