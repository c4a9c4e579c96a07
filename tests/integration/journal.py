# SPDX-License-Identifier: GPL-2.0-or-later
"""A journal of our own: its socket, bound where programs look for it, in a mount namespace that only the daemon
under test sees. What arrives is what libsystemd sends to a real one, byte for byte."""

import os
import select
import socket
import struct

from daemon import eventually


def parse(datagram):
    """The fields of an entry in the journal's native protocol: NAME=value lines, or NAME, length, value."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack_from("<Q", rest)
            value, rest = rest[8 : 8 + size], rest[9 + size :]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


class Journal:
    """Stands for a network namespace too, where a daemon is started "in" one: it is then started in both."""

    def __init__(self, directory, stderr, netns=None):
        self.directory = directory
        self.netns = netns
        stderr.touch()
        status = os.stat(stderr)
        self.environment = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        self.heard = []
        self.receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.receiver.bind(str(directory / "socket"))

    def command(self, command):
        script = (
            "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && "
            'mount --bind "$0" /run/systemd/journal && exec "$@"'
        )
        wrapped = ["unshare", "--mount", "sh", "-c", script, str(self.directory), *command]
        return self.netns.command(wrapped) if self.netns else wrapped

    def socket(self, *arguments):
        return self.netns.socket(*arguments) if self.netns else socket.socket(*arguments)

    def entries(self, **fields):
        """All entries so far that have these fields."""
        while select.select([self.receiver], [], [], 0)[0]:
            self.heard.append(parse(self.receiver.recv(1 << 20)))
        return [entry for entry in self.heard if fields.items() <= entry.items()]

    def said(self, **fields):
        """The first entry with these fields, waited for."""
        return eventually(lambda: self.entries(**fields), f"an entry with {fields}")[0]

    def close(self):
        self.receiver.close()
