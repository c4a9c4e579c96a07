# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes in cgroups, and in network namespaces of their own: what a container is to who looks from outside."""

import contextlib
import fcntl
import os
import signal
import socket
import struct
import subprocess

import lab
from daemon import eventually


class Inmates:
    """Processes in cgroups and namespaces, which end with the test."""

    def __init__(self, cgroups):
        self.cgroups = cgroups
        self.processes = []

    def start(self, cgroup, command=("unshare", "--net", "sleep", "600")):
        """The process is in its namespace when this returns: `unshare` and `nsenter` exec it."""
        with self.cgroups.made(self.cgroups.add(cgroup)):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.processes.append(process)
        eventually(lambda: open(f"/proc/{process.pid}/comm", encoding="ascii").read() == "sleep\n", "the process")
        return process

    @contextlib.contextmanager
    def crowd(self, cgroup, command):
        """A process that starts others. None of them is left behind."""
        with self.cgroups.made(self.cgroups.add(cgroup)):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            eventually(lambda: not self.cgroups.processes(cgroup), "the last one to be gone")

    def enter(self, cgroup, path):
        return self.start(cgroup, ("nsenter", f"--net={path}", "sleep", "600"))

    def end(self, process):
        process.kill()
        process.wait()
        self.processes.remove(process)

    def close(self):
        for process in [*self.processes]:
            self.end(process)


@contextlib.contextmanager
def inmates_of(cgroups):
    inmates = Inmates(cgroups)
    try:
        yield inmates
    finally:
        inmates.close()


class Inside(lab.Namespace):
    """The network namespace of a process: sockets may be made in it, with lo up."""

    def __init__(self, process):
        self.path = f"/proc/{process.pid}/ns/net"
        with self.socket(kind=socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, lab.SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", lab.IFF_UP))


class Shown:
    """A /proc that shows a daemon only processes of our choice, whatever else this host runs. A process that ended leaves
    its name behind: that is how one looks that ended between the listing and the look."""

    def __init__(self, directory):
        self.path = directory / "proc"
        self.path.mkdir()
        for name in ("self", "1"):
            (self.path / name).symlink_to(f"/proc/{name}")

    def add(self, *processes):
        for process in processes:
            (self.path / str(process.pid)).symlink_to(f"/proc/{process.pid}")

    def remove(self, *processes):
        for process in processes:
            (self.path / str(process.pid)).unlink()

    @property
    def flag(self):
        return f"--path.procfs={self.path}"
