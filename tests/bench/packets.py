# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to look at dropped packets: the live view, lines and a capture, each while little is dropped and beside a
flood. They read a few packets of each place, however many are dropped there: what counts is how many places there are."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from daemon import Exporter, environment
from drops import PORT, Flood
from lab import Veth
from measure import cpu_ns, keep, table

SETTLED = 3  # seconds after which all that was recorded before is read
MANY = 10**9  # more than are sent


def options(parser):
    parser.add_argument("--seconds", type=float, default=10, help="how long each is looked at (%(default)s)")


def drained(terminal):
    """Reads what is shown there until nobody writes it any more."""

    def read():
        with suppress(OSError):
            while os.read(terminal, 65536):
                pass

    threading.Thread(target=read, daemon=True).start()


class Watcher:
    def __init__(self, name, *flags, terminal=False):
        self.name, self.flags, self.terminal = name, flags, terminal

    @contextmanager
    def watching(self, build, path):
        outer, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        drained(outer)
        output = inner if self.terminal else subprocess.DEVNULL
        command = [build / "netdrop-exporter", *self.flags, f"--web.local-socket={path}"]
        process = subprocess.Popen(command, stdin=inner, stdout=output, stderr=subprocess.DEVNULL, env=environment({"TERM": "xterm"}))
        os.close(inner)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait()
            os.close(outer)


def share(pid, seconds):
    """Of one CPU."""
    begin, began = cpu_ns(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_ns(pid) - begin) / (time.monotonic() - began) / 1e9


def dropped(exporter):
    return sum(row.value for row in exporter.metrics().series("netdrop_kernel_drops_total"))


def measure(arguments, watcher, path):
    with watcher.watching(arguments.build, path) as pid:
        time.sleep(SETTLED)
        return share(pid, arguments.seconds)


def run(arguments):
    with ExitStack() as keep_open:
        directory = Path(keep_open.enter_context(tempfile.TemporaryDirectory()))
        path = directory / "s"
        watchers = (
            Watcher("--watch", "--watch", terminal=True),
            Watcher("--watch --plain", "--watch", "--plain"),
            Watcher("--capture", f"--capture={directory}/f.pcapng"),
        )
        flags = ("--collector.disable-defaults", "--collector.drop_monitor", "--set=collectors.drop_monitor.source=bpf")
        command = [str(arguments.build / "netdrop-exporter"), "--web.listen-address=127.0.0.1:0", f"--web.local-socket={path}", *flags]
        exporter = keep_open.enter_context(closing(Exporter(command, directory / "exporter")))
        exporter.wait_ready()
        flood = Flood(arguments.build, keep_open)
        print("measuring while little is dropped", file=sys.stderr, flush=True)
        quiet = [measure(arguments, watcher, path) for watcher in watchers]
        sender = flood.veth.a.popen(["taskset", "-c", "1", flood.program, str(MANY), Veth.ADDRESS["b0"], str(PORT)])
        keep_open.callback(sender.wait)
        keep_open.callback(sender.kill)
        print("measuring beside a flood", file=sys.stderr, flush=True)
        before, began = dropped(exporter), time.monotonic()
        flooded = [measure(arguments, watcher, path) for watcher in watchers]
        rate = (dropped(exporter) - before) / (time.monotonic() - began)
    head = ("little is dropped", f"{rate:,.0f} drops/s")
    lines = [(each.name, (f"{100 * a:.2f} %", f"{100 * b:.2f} %")) for each, a, b in zip(watchers, quiet, flooded)]
    table("share of a CPU", head, lines)
    names = [each.name for each in watchers]
    keep(arguments.json, {"drops_per_second": rate, "quiet": dict(zip(names, quiet)), "flood": dict(zip(names, flooded))})
