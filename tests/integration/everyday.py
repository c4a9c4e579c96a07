# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes on at a host all day and drops packets: connections that end in each of their ways, scans of ports, interfaces
and programs that come and go. The kernel frees some of it without a reason; none of it may be told as an unknown loss."""

import contextlib
import fcntl
import os
import socket
import struct

import losses
from lab import Namespace

HERE, THERE, PORT = "10.77.0.2", "10.77.0.1", 8000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
FLAGS = {"none": 0, "FIN": 1, "SYN": 2, "RST": 4, "ACK": 16, "FIN URG PSH": 41, "SYN ACK": 18, "SYN FIN": 3}


def pairs(veth, count):
    """Connections from a: (client, what b accepted)."""
    with veth.b.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HERE, PORT))
        listener.listen(16)
        for _ in range(count):
            client = veth.a.socket()
            client.settimeout(5)
            client.connect((HERE, PORT))
            server, _ = listener.accept()
            server.settimeout(5)
            with client, server:
                yield client, server


def read_all(reader):
    while reader.recv(1 << 16):
        pass


def connections(veth, count):
    """That end by either side, half and whole, in order and by a reset, read and unread."""
    for first in (0, 1):
        for ends in pairs(veth, count):
            one, other = ends[first], ends[1 - first]
            one.shutdown(socket.SHUT_WR)
            read_all(other)
            for _ in range(5):
                other.send(bytes(3000))  # each is acknowledged by who has closed
            other.close()
            read_all(one)
        for ends in pairs(veth, count):
            one, other = ends[first], ends[1 - first]
            other.send(bytes(5000))
            one.close()  # perhaps with data unread
            with contextlib.suppress(OSError):
                other.send(bytes(100))
                other.recv(10)
    for client, server in pairs(veth, count):
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        with contextlib.suppress(OSError):
            client.send(bytes(10))


def waiting(veth):
    """A listener that goes while connections wait for it."""
    clients = [veth.a.socket() for _ in range(5)]
    with contextlib.ExitStack() as stack:
        with veth.b.socket() as listener:
            listener.bind((HERE, PORT + 1))
            listener.listen(16)
            for client in clients:
                stack.enter_context(client)
                client.connect((HERE, PORT + 1))
                client.send(bytes(100))


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def scan(veth, count):
    """Of a port with a listener and of one without, by each kind of segment."""
    addresses = socket.inet_aton(THERE) + socket.inet_aton(HERE)
    with veth.b.socket() as listener, veth.a.socket(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_TCP) as sender:
        listener.bind((HERE, PORT + 2))
        listener.listen(1)
        for number in range(count):
            for flags in FLAGS.values():
                for port in (PORT + 2, 9):
                    header = struct.pack("!HHIIBBHHH", 20000 + number, port, 77 * number, 99, 0x50, flags, 1024, 0, 0)
                    whole = checksum(addresses + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header)) + header)
                    sender.sendto(header[:16] + struct.pack("!H", whole) + header[18:], (HERE, 0))
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
        for port in range(1, 1 + count):
            sender.sendto(b"", (HERE, port))


def interfaces(namespace, count):
    """That come, are sent by at once, and go."""
    for number in range(count):
        name = f"v{number}"
        namespace.batch(
            [
                f"link add {name} type veth peer name w{number}",
                f"address add 10.90.0.1/24 dev {name}",
                f"neighbour add 10.90.0.9 lladdr 02:00:00:00:90:09 nud permanent dev {name}",
                f"link set {name} up",
                f"link set w{number} up",
            ]
        )
        with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(3):
                sender.sendto(b"", ("10.90.0.9", 9))
        namespace.ip(f"link delete {name}")


def programs(namespace, count):
    """A VPN that ends with packets in its queue."""
    for _ in range(count):
        with namespace.entered():
            tun = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tn7", IFF_TUN | IFF_NO_PI))
        namespace.batch(["address add 10.91.0.1/24 dev tn7", "link set tn7 up"])
        with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(5):
                sender.sendto(b"", ("10.91.0.9", 9))
        os.close(tun)


def containers(namespace, count):
    """A namespace that goes while its connections are open, and takes its interface with it."""
    for number in range(count):
        outside, inside = f"k{number}", f"10.92.{number}"
        with contextlib.closing(Namespace()) as inmate:
            inmate.sysctl("net.ipv6.conf.default.disable_ipv6", 1)  # as outside
            namespace.batch([f"link add {outside} type veth peer name e0 netns {inmate.name}", f"address add {inside}.1/24 dev {outside}"])
            inmate.batch([f"address add {inside}.2/24 dev e0", "link set e0 up"])
            namespace.ip(f"link set {outside} up")
            with namespace.socket() as listener, inmate.socket() as client:
                listener.bind((f"{inside}.1", PORT))
                listener.listen(5)
                client.settimeout(5)
                client.connect((f"{inside}.1", PORT))
                client.send(bytes(100))
                with listener.accept()[0] as server:
                    server.send(bytes(100))


def frames(veth, count):
    """By a packet socket, many with one call: they arrive, and are of no protocol that anybody speaks."""
    with veth.b.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("b0", 0))
        macs = (bytes.fromhex(veth.MAC[device].replace(":", "")) for device in ("a0", "b0"))
        losses.repeated(sender, b"".join(macs) + losses.ETHERTYPE_UNKNOWN.to_bytes(2, "big") + bytes(50))(count)


def everyday(veth):
    connections(veth, 5)
    waiting(veth)
    scan(veth, 12)
    frames(veth, 50)
    interfaces(veth.b, 20)
    programs(veth.b, 5)
    containers(veth.b, 3)
