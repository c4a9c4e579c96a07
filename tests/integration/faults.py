# SPDX-License-Identifier: GPL-2.0-or-later
"""Allocations and system calls of a daemon that fail, by shims/faults.c."""

import errno
import mmap
import struct

ALLOCATION, CALL, EACH_CALL = 1, 2, 3
NEVER = 1 << 40


class Faults:
    """What shims/faults.c is told and tells."""

    FORMAT = struct.Struct("qqqqq16s")

    def __init__(self, path):
        path.write_bytes(bytes(self.FORMAT.size))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), self.FORMAT.size)

    def _field(self, index, value=None):
        if value is not None:
            struct.pack_into("q", self.map, 8 * index, value)
        return struct.unpack_from("q", self.map, 8 * index)[0]

    def arm(self, what, number=0, error=errno.EIO, thread=""):
        """The number-th from now fails, or each does, in threads of that name."""
        self._field(0, 0)
        self._field(1, number)
        self._field(2, error)
        self._field(3, 0)
        self.map[40:56] = thread.encode().ljust(16, b"\0")
        self._field(0, what)

    def disarm(self):
        self._field(0, 0)

    @property
    def seen(self):
        """How many could have failed since arm(..., NEVER)."""
        return NEVER - self._field(1)

    @property
    def hits(self):
        """How many failed since the last arm()."""
        return self._field(3)

    @property
    def hit(self):
        return self.hits != 0

    @property
    def live(self):
        return self._field(4)
