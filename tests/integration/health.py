# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host that is well does all day: connections of TCP, datagrams, fragments and echoes by IPv4 and IPv6, containers
that come and go. Whatever is sent arrives and is read; whatever is opened is closed by both sides."""

import itertools
import socket
import struct

import lab
from losses import checksum

SMALL, LARGE = 100, 4000  # the second in fragments
ECHO = {socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0), socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128, 129)}
_numbers = itertools.count(1)


class Link:
    """A pair of devices between two namespaces, with an address of each family at both ends."""

    def __init__(self, client, server):
        number = next(_numbers)
        self.client, self.server = client, server
        self.devices = f"c{number}", f"s{number}"
        self.addresses = {
            socket.AF_INET: [f"10.{number // 250}.{number % 250}.{end}" for end in (1, 2)],
            socket.AF_INET6: [f"fd00:{number:x}::{end}" for end in (1, 2)],
        }
        # Two ends that happen to have the same index hear of their carrier up to a second later (linkwatch_urgent_event(),
        # net/core/link_watch.c), maybe not at the same time: then one has no route yet for the other's multicast.
        server.ip(f"link add {self.devices[1]} index {1000 + number} type veth peer name {self.devices[0]} netns {client.name}")
        for end, namespace in enumerate((client, server)):
            device = self.devices[end]
            namespace.batch(
                [
                    f"address add {self.addresses[socket.AF_INET][end]}/24 dev {device}",
                    f"address add {self.addresses[socket.AF_INET6][end]}/64 dev {device} nodad",
                    f"link set {device} up",
                ]
            )
        # What is sent before is lost, and rightly counted.
        for namespace, device in zip((client, server), self.devices, strict=True):
            namespace.wait_up(device)

    def open(self, family, kind, protocol=0):
        """A socket of the client's, and one of the server's, bound to its address."""
        ends = self.client.socket(family, kind, protocol), self.server.socket(family, kind, protocol)
        for one, address in zip(ends, self.addresses[family], strict=True):
            one.settimeout(20)
            one.bind((address, 0))
        return ends

    def remove(self):
        self.server.ip(f"link delete {self.devices[1]}")


def read(reader, size):
    while size:
        data = reader.recv(min(size, 65536))
        assert data
        size -= len(data)


def connect(link, family, size):
    """There and back; whoever has read the other's end closes."""
    client, listener = link.open(family, socket.SOCK_STREAM)
    with client, listener:
        listener.listen()
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        with server:
            for sender, reader in ((client, server), (server, client)):
                sender.sendall(bytes(size))
                read(reader, size)
            for one, other in ((client, server), (server, client)):
                one.shutdown(socket.SHUT_WR)
                assert other.recv(1) == b""


def send(link, family, size, count):
    sender, reader = link.open(family, socket.SOCK_DGRAM)
    with sender, reader:
        for _ in range(count):
            sender.sendto(bytes(size), reader.getsockname())
            assert len(reader.recv(65536)) == size


def echo(link, family):
    """A raw socket has the IPv4 header before it, and in IPv6 the kernel makes the checksum."""
    protocol, request, reply = ECHO[family]
    with link.client.socket(family, socket.SOCK_RAW, protocol) as sender:
        sender.settimeout(20)
        data = struct.pack("!BBHHH", request, 0, 0, 7, 7) + bytes(56)
        data = data[:2] + struct.pack("!H", checksum(data)) + data[4:]
        sender.sendto(data, (link.addresses[family][1], 0))
        while sender.recv(65536)[20 if family == socket.AF_INET else 0] != reply:
            pass


def all_of(link, size):
    for family in (socket.AF_INET, socket.AF_INET6):
        connect(link, family, size)
        send(link, family, SMALL, 20)
        send(link, family, LARGE, 3)
        echo(link, family)


def container(server):
    """One that lives for as long as it has something to say."""
    client = lab.Namespace()
    try:
        link = Link(client, server)
        all_of(link, 20_000)
        link.remove()
    finally:
        client.close()
