# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/picture runs once the exporter is built.

    picture.py lose DIRECTORY BINARY   makes three real faults at once; page.html and report.txt are what the exporter says
    picture.py draw DIRECTORY          page.webp and page-dark.webp are that page, in a browser

The host is a network namespace with one wire to another. A service reads its datagrams too slowly, a web server accepts
no connections, and the queue of a shaper is too short for what a backup sends."""

import re
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "integration"))

import daemon
import lab
import workloads
from browser import Browser

HOST, OTHER = "192.0.2.7", "192.0.2.1"
STATSD, HTTPS, BACKUP = 8125, 443, 873
FAULTS = ("statsd.service, UDP port 8125", "TCP port 443", "backup.service, eth0, queue tbf 1")
FLAGS = (
    "--set=devices.exclude_kinds=",
    "--no-collector.conntrack",
    "--web.listen-address=127.0.0.1:0",
    *(f"--set=collectors.{name}.interval=500ms" for name in ("link", "snmp", "sockets", "qdisc", "drop_monitor")),
)
SO_RCVBUFFORCE = 33
WIDTH = 1000
STEP = 0.05


class Repeated(threading.Thread):
    """Calls a function twenty times a second, until closed."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.ending = threading.Event()
        self.start()

    def run(self):
        while not self.ending.wait(STEP):
            self.function()

    def close(self):
        self.ending.set()
        self.join()


@contextmanager
def wire():
    """(host, other): their namespaces, one wire between them."""
    with closing(lab.Namespace()) as host, closing(lab.Namespace()) as other:
        host.ip(f"link add eth0 type veth peer name eth0 netns {other.name}")
        for namespace, address in ((host, HOST), (other, OTHER)):
            namespace.batch((f"address add {address}/24 dev eth0", "link set eth0 up"))
        host.wait_up("eth0")
        other.wait_up("eth0")
        yield host, other


def send(sender, address, count, size):
    """A function that sends so many datagrams."""

    def step():
        for _ in range(count):
            sender.sendto(bytes(size), address)

    return step


def read(reader, most):
    """A function that reads so many datagrams at most."""
    reader.setblocking(False)

    def step():
        with suppress(BlockingIOError):
            for _ in range(most):
                reader.recv(2048)

    return step


def connect(namespace):
    """A function that begins a connection, and gives the oldest up."""
    kept = []

    def step():
        client = namespace.socket()
        client.setblocking(False)
        client.connect_ex((HOST, HTTPS))
        kept.append(client)
        if len(kept) > 100:
            kept.pop(0).close()

    return step


def break_it(host, other, stack):
    """The three faults, until the stack is closed."""

    def own(thing):
        return stack.enter_context(closing(thing))

    (reader,) = own(workloads.Workload(host, "statsd.service")).make((socket.SOCK_DGRAM,))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    reader.bind((HOST, STATSD))
    (listener,) = own(workloads.Workload(host, "nginx.service")).make((socket.SOCK_STREAM,))
    listener.bind((HOST, HTTPS))
    listener.listen(16)
    host.run("tc qdisc add dev eth0 root handle 1: tbf rate 10mbit burst 16k limit 64k")
    (backup,) = own(workloads.Workload(host, "backup.service")).make((socket.SOCK_DGRAM,))
    archive = own(other.socket(kind=socket.SOCK_DGRAM))
    archive.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)  # all that comes through is read
    archive.bind((OTHER, BACKUP))
    client = own(other.socket(kind=socket.SOCK_DGRAM))
    for step in (
        send(client, (HOST, STATSD), 40, 120),
        read(reader, 25),
        connect(other),
        send(backup, (OTHER, BACKUP), 60, 1200),
        read(archive, 1000),
    ):
        own(Repeated(step))


def incidents(report):
    return re.findall(r"^\d+ +LOSS +(.*)", report, re.MULTILINE)


def lose(directory, binary):
    with ExitStack() as stack:
        host, other = stack.enter_context(wire())
        exporter = daemon.Exporter([binary, *FLAGS], directory / "log", host)
        stack.callback(exporter.process.terminate)
        exporter.wait_ready()
        break_it(host, other, stack)

        def report():
            """Once it tells of these, and of nothing else that the machine loses."""
            text = exporter.get("/report").body.decode()
            told = incidents(text)
            print(f"{len(told)} incidents", *told, sep="; ", flush=True)
            alone = len(told) == len(FAULTS) and all(any(title.startswith(fault) for title in told) for fault in FAULTS)
            return alone and len(re.findall(r"^ +[1-9]\d*/s now, \d{4,}", text, re.MULTILINE)) == len(FAULTS) and text

        (directory / "report.txt").write_text(daemon.eventually(report, "these three faults, and no other", timeout=900, step=5))
        (directory / "page.html").write_bytes(exporter.get("/").body)


def draw(directory):
    with closing(lab.Namespace()) as nowhere, tempfile.TemporaryDirectory() as profile:
        with closing(Browser(Path(profile), nowhere)) as browser:
            for name, dark in (("page.webp", False), ("page-dark.webp", True)):
                page = browser.open(f"file://{directory}/page.html", script=False, dark=dark, width=WIDTH)
                page.screenshot(directory / name, until="#incidents article:last-of-type", format="webp", quality=60)


{"lose": lose, "draw": draw}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
