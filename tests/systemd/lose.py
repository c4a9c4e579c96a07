# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends so many datagrams to a socket of its own that nobody reads, and prints how many of them it lost; or to a port of
somebody else's: `lose.py COUNT [PORT]`."""

import socket
import struct
import sys

SO_MEMINFO, MEMINFO_DROPS = 55, 8

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    reader.bind(("127.0.0.1", 0))
    port = int(sys.argv[2]) if len(sys.argv) > 2 else reader.getsockname()[1]
    for _ in range(int(sys.argv[1])):
        sender.sendto(bytes(500), ("127.0.0.1", port))
    if len(sys.argv) == 2:
        print(struct.unpack("9I", reader.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[MEMINFO_DROPS])
