# SPDX-License-Identifier: GPL-2.0-or-later
"""What /proc tells of a running process, whose threads and descriptors come and go while one looks: what went between
the listing and the look is left out."""

import os
import time
from contextlib import suppress


def of_threads(pid, file):
    """{number: the file of that name} of each thread."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/task"):
        # Gone before it was opened, or before it was read.
        with suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/task/{number}/{file}", encoding="utf-8") as text:
                found[int(number)] = text.read()
    return found


def cpu_ns(pid):
    """CPU time of all threads, to the nanosecond."""
    return sum(int(text.split()[0]) for text in of_threads(pid, "schedstat").values())


class Stopwatch:
    """The time that passes since it was made, and how much of that this thread and those of a process, if there is one, stood
    in line for a CPU: a machine that does other things, too, makes nobody late."""

    def __init__(self, pid=None):
        self.pid = pid
        self.lines = self._lines()
        self.begin = time.monotonic()

    def _lines(self):
        """{thread: nanoseconds} that each was ready to run and did not (Documentation/scheduler/sched-stats.rst)."""
        here = {0: open("/proc/thread-self/schedstat", encoding="ascii").read()}
        others = of_threads(self.pid, "schedstat") if self.pid else {}
        return {number: int(text.split()[1]) for number, text in {**others, **here}.items()}

    def seconds(self):
        return time.monotonic() - self.begin

    def own_seconds(self):
        """Without what was spent in line."""
        passed, lines = self.seconds(), self._lines()
        return passed - sum(waited - self.lines.get(number, 0) for number, waited in lines.items()) / 1e9


def descriptors(pid):
    """{number: what it is}"""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found
