# SPDX-License-Identifier: GPL-2.0-or-later
"""Cgroups of the unified hierarchy, wherever it is mounted, made and removed by the test. Names are relative to one that
is the test's own, which no pattern for units takes: rows show them as if they were at the top of it."""

import contextlib
import os

MOUNTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


class Cgroups:
    """add() makes one; made() is a block whose sockets and processes are made in it."""

    def __init__(self):
        mount = next(path for path in MOUNTS if os.path.exists(f"{path}/cgroup.controllers"))
        self.top = f"{mount}/netdrop-test-{os.getpid()}"
        os.mkdir(self.top)
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            home = next(line for line in file if line.startswith("0::"))
        self.home = mount + home.rstrip("\n").removeprefix("0::")

    def path(self, name):
        return os.path.join(os.fsencode(self.top), os.fsencode(name))

    def add(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return name

    def processes(self, name):
        with open(os.path.join(self.path(name), b"cgroup.procs"), encoding="ascii") as file:
            return file.read().split()

    def remove(self, name):
        os.rmdir(self.path(name))

    def join(self, name, pid=0):
        self._move(self.path(name), pid)

    @staticmethod
    def _move(path, pid):
        with open(os.path.join(path, b"cgroup.procs"), "w", encoding="ascii") as file:
            file.write(str(pid))

    @contextlib.contextmanager
    def made(self, name):
        self.join(name)
        try:
            yield
        finally:
            self._move(os.fsencode(self.home), 0)

    def close(self):
        for directory, _, _ in os.walk(os.fsencode(self.top), topdown=False):
            with open(os.path.join(directory, b"cgroup.procs"), encoding="ascii") as file:
                assert not file.read(), f"{directory} still has processes"
            os.rmdir(directory)
