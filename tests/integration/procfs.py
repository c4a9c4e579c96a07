# SPDX-License-Identifier: GPL-2.0-or-later
"""What /proc tells of a running process, whose threads and descriptors come and go while one looks: what went between
the listing and the look is left out."""

import os
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


def descriptors(pid):
    """{number: what it is}"""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
    return found
