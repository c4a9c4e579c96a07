# SPDX-License-Identifier: GPL-2.0-or-later
"""Many who ask at the same moment: each has its connection already."""

import selectors
import socket
import ssl
import struct

import procfs
from daemon import eventually, in_one_go

REQUEST = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


class Crowd:
    """By TLS where the daemon has an authority, then with the handshake behind them."""

    def __init__(self, daemon, count):
        self.daemon = daemon
        self.clients = [daemon.connect_tls() for _ in range(count)]
        for client in self.clients:
            client.setblocking(False)
        eventually(daemon.has_accepted, "all to be accepted")

    def ask(self, path=b"/metrics"):
        self.watch = procfs.Stopwatch(self.daemon.pid)
        with in_one_go():
            for client in self.clients:
                client.send(REQUEST % path)

    def answers(self, timeout=30):
        """[(seconds until its first byte, those of them that nobody stood in line, that)] of each."""
        found = []
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                selector.register(client, selectors.EVENT_READ)
            while len(found) < len(self.clients):
                ready = selector.select(timeout - self.watch.seconds())
                assert ready, f"{len(found)} of {len(self.clients)} were answered"
                for key, _ in ready:
                    try:
                        found.append((self.watch.seconds(), self.watch.own_seconds(), key.fileobj.recv(12)))
                    except ssl.SSLWantReadError:  # something of TLS's own
                        continue
                    selector.unregister(key.fileobj)
        return found

    def leave(self, abruptly=False):
        for client in self.clients:
            if abruptly:  # by a reset, and of TLS without a word
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
