# SPDX-License-Identifier: GPL-2.0-or-later
"""Many workloads that have lost packets, for a collector that counts from when it is opened on."""

import os
import socket
import subprocess
import threading
from contextlib import closing, suppress

from cgroups import Cgroups
from recipes import nft

PORT = 9996
DROP_SITES = ("drop_monitor", "collectors.drop_monitor.source=bpf")


class Tenants:
    """Each is a service with a socket of its own, whose datagrams a rule refuses."""

    def __init__(self, count, namespace, keep_open):
        self.namespace = namespace
        cgroups = keep_open.enter_context(closing(Cgroups()))
        nft(namespace, "type filter hook output priority 0;", f"udp dport {PORT} drop")
        self.sockets = []
        for i in range(count):
            with cgroups.made(cgroups.add(f"system.slice/tenant{i}.service")):
                self.sockets.append(keep_open.enter_context(namespace.socket(kind=socket.SOCK_DGRAM)))

    def lose(self):
        for sender in self.sockets:
            with suppress(PermissionError):
                sender.sendto(b"x", ("127.0.0.1", PORT))

    def lose_until(self, stop):
        while not stop.is_set():
            self.lose()

    def collect(self, build, collections, tool=(), losing=False):
        """Runs tests/bench/collect, and loses once it counts, `losing` until it is done; returns the words it printed."""
        command = [*tool, str(build / "tests/bench/collect"), DROP_SITES[0], str(collections), "0", "0", DROP_SITES[1]]
        pipes = {name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        process = self.namespace.popen(command, env={**os.environ, "COLLECT_READY": "1"}, text=True, **pipes)
        assert process.stdout.readline() == "ready\n", process.communicate()
        self.lose()
        stop = threading.Event()
        more = threading.Thread(target=self.lose_until, args=(stop,))
        if losing:
            more.start()
        output, errors = process.communicate("\n", 300)
        stop.set()
        if losing:
            more.join()
        assert process.returncode == 0, errors
        return output.split()
