# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to lose packets that can go on at the same time: each has a wire of its own from one namespace to another, its own
names and ports, and knows how many it sent and how many arrived. Nothing here is told what the exporter counts."""

import ctypes
import itertools
import os
import random
import socket
import struct
from dataclasses import dataclass, field

import lab

UDP_SEGMENT = 103
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
ETHERTYPE_UNKNOWN = 0x88B5  # for local experiments (IEEE 802)
BATCH = 256
_numbers = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class MessageHeader(ctypes.Structure):
    """struct mmsghdr, of one that has no control messages."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("name_length", ctypes.c_uint),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_size_t * 2),
        ("flags", ctypes.c_int),
        ("sent", ctypes.c_uint),
    ]


def repeated(sender, payload, address=None):
    """send(count) sends the same again and again, many with each system call: in Python a packet costs more than all that
    the kernel does with it. `address`: (IPv4 address, port), where the socket does not know where to."""
    name = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", address[1], socket.inet_aton(address[0])) if address else None
    buffer = ctypes.create_string_buffer(payload, len(payload))
    part = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), len(payload))
    header = MessageHeader(name, len(name or b""), ctypes.addressof(part), 1)
    headers = (MessageHeader * BATCH)(*[header] * BATCH)
    sender.setblocking(True)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 30, 0))

    def send(count):
        left, kept = count, (buffer, part)  # they live as long as this
        while left:
            sent = _libc.sendmmsg(sender.fileno(), headers, min(left, BATCH), 0)
            if sent <= 0:
                raise OSError(ctypes.get_errno(), f"sendmmsg of {len(kept[0])} bytes")
            left -= sent
        return count

    return send


class Wire:
    """Two devices of random names, a in one namespace and b in another, and all that is needed for packets to get
    through: permanent neighbours, addresses of a network of its own, no IPv6."""

    def __init__(self, a, b, chosen, more=""):
        number = next(_numbers)
        self.a, self.b, self.chosen = a, b, chosen
        letters = "".join(chosen.choices("abcdefghijklmnopqrstuvwxyz", k=6))
        self.a_device, self.b_device = f"s{letters}{number}", f"r{letters}{number}"
        self.network = f"10.{100 + number // 200}.{number % 200}"
        self.a_address, self.b_address = f"{self.network}.1", f"{self.network}.2"
        self.a_mac, self.b_mac = (bytes((2, side, 0, 0, number // 256, number % 256)) for side in (1, 2))
        self.port = chosen.randrange(20000, 60000)
        a.batch(
            [
                f"link add {self.a_device} index {lab.ANOTHER + number} address {self.a_mac.hex(':')} type veth "
                f"peer name {self.b_device} address {self.b_mac.hex(':')} netns {b.name} {more}"
            ]
        )
        for namespace, device, own, other, mac in (
            (a, self.a_device, self.a_address, self.b_address, self.b_mac),
            (b, self.b_device, self.b_address, self.a_address, self.a_mac),
        ):
            namespace.batch(
                [
                    f"link set {device} up",
                    f"address add {own}/24 dev {device}",
                    f"neighbour add {other} lladdr {mac.hex(':')} nud permanent dev {device}",
                ]
            )
        a.wait_up(self.a_device)
        b.wait_up(self.b_device)

    def sender(self, *options):
        sender = self.a.socket(kind=socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 26)
        sender.settimeout(30)
        for option in options:
            sender.setsockopt(*option)
        return sender

    def raw(self):
        sender = self.a.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind((self.a_device, 0))
        return sender

    def reader(self, buffer):
        reader = self.b.socket(kind=socket.SOCK_DGRAM)
        reader.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer)
        reader.bind((self.b_address, self.port))
        reader.setblocking(False)
        return reader

    def frame(self, payload, ethertype=0x0800):
        return self.b_mac + self.a_mac + struct.pack("!H", ethertype) + payload

    def packet(self, source=None, destination=None, protocol=17, ttl=64, ip_error=0, size=64):
        """An IPv4 packet with a UDP datagram in it that has no checksum."""
        addresses = socket.inet_aton(source or self.a_address) + socket.inet_aton(destination or self.b_address)
        payload = struct.pack("!HHHH", self.port, self.port, 8 + size, 0) + bytes(size)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + size, 0, 0, ttl, protocol, 0) + addresses
        right = checksum(header)
        return header[:10] + struct.pack("!H", (right + ip_error) % 0xFFFF) + header[12:] + payload


def drain(reader):
    count = 0
    while True:
        try:
            reader.recv(65536)
        except BlockingIOError:
            return count
        count += 1


@dataclass
class Loss:
    """One way to lose. `send(n)` sends n packets, or somewhat more; `arrived()` reads what got through. Rows are
    told at `device`: of the side that loses."""

    cause: str
    loss_class: str
    side: str  # whose exporter sees the device: "a" or "b"
    device: str
    send: object
    arrived: object = field(default=lambda: 0)
    sent: int = 0

    def run(self, count):
        self.sent += self.send(count)

    @property
    def lost(self):
        return self.sent - self.arrived()


def _datagrams(wire, payload, *options):
    return repeated(wire.sender(*options), payload, (wire.b_address, wire.port))


def _frames(wire, frame):
    return repeated(wire.raw(), frame)


def udp_closed(wire):
    return Loss("udp_nobody_listens", "error", "b", wire.b_device, _datagrams(wire, bytes(wire.chosen.randrange(1, 1200))))


def udp_closed_segmented(wire):
    segments, size = wire.chosen.randrange(2, 30), wire.chosen.randrange(200, 1000)
    whole = _datagrams(wire, bytes(segments * size), (socket.SOL_UDP, UDP_SEGMENT, size))

    def send(count):
        return whole(max(1, count // segments)) * segments

    return Loss("udp_nobody_listens", "error", "b", wire.b_device, send)


def udp_buffer(wire):
    # The kernel doubles it, and takes at least 768 for a datagram: 600 of them are too many for the largest.
    reader = wire.reader(wire.chosen.randrange(20_000, 200_000))
    got = []

    def arrived():
        got.append(drain(reader))
        return sum(got)

    send = _datagrams(wire, bytes(wire.chosen.randrange(1, 1200)))
    return Loss("udp_receive_buffer_full", "capacity", "b", wire.b_device, send, arrived)


def rule(wire, hook="input"):
    table = f"t{wire.port}x{next(_numbers)}"
    wire.b.run(["nft", f"add table ip {table}; add chain ip {table} c {{ type filter hook {hook} priority 0; }}; "
                       f"add rule ip {table} c iifname {wire.b_device} udp dport {wire.port} drop"])  # fmt: skip
    return Loss("netfilter_rule", "policy", "b", wire.b_device, _datagrams(wire, bytes(64)))


def queue_full(wire):
    """More than a short queue holds while its link is slow."""
    device, limit = wire.a_device, wire.chosen.randrange(5, 40)
    wire.a.run(f"tc qdisc replace dev {device} root handle 1: htb default 1")
    wire.a.run(f"tc class add dev {device} parent 1: classid 1:1 htb rate 1mbit burst 2k cburst 2k")
    wire.a.run(f"tc qdisc add dev {device} parent 1:1 pfifo limit {limit}")
    reader = wire.reader(1 << 26)
    got = []

    def arrived():
        got.append(drain(reader))
        return sum(got)

    return Loss("qdisc_full", "capacity", "a", device, _datagrams(wire, bytes(200)), arrived)


def peer_down(wire):
    """The other end takes no packets of that size."""
    wire.b.ip(f"link set {wire.b_device} mtu {wire.chosen.randrange(68, 85)}")
    return Loss("veth_peer_down_or_mtu", "error", "a", wire.a_device, _datagrams(wire, bytes(64)))


def header_checksum(wire):
    error = wire.chosen.randrange(1, 0xFFFE)
    return Loss("ip_checksum", "error", "b", wire.b_device, _frames(wire, wire.frame(wire.packet(ip_error=error))))


def unknown_protocol(wire):
    packet = wire.packet(protocol=wire.chosen.randrange(200, 250))
    return Loss("ip_unknown_protocol", "error", "b", wire.b_device, _frames(wire, wire.frame(packet)))


def no_route(wire):
    wire.b.sysctl("net.ipv4.ip_forward", 1)
    packet = wire.packet(destination=f"172.31.{wire.chosen.randrange(256)}.9")
    return Loss("ip_no_route", "error", "b", wire.b_device, _frames(wire, wire.frame(packet)))


def unreachable_source(wire):
    wire.b.sysctl(f"net.ipv4.conf.{wire.b_device}.rp_filter", 1)
    packet = wire.packet(source=f"172.30.{wire.chosen.randrange(256)}.9")
    return Loss("rp_filter", "policy", "b", wire.b_device, _frames(wire, wire.frame(packet)))


def queue_of_nobody(wire):
    """A macvtap device on the wire, whose 500 packets nobody reads."""
    name = f"m{wire.port}"
    wire.b.batch([f"link add link {wire.b_device} name {name} type macvtap mode bridge", f"link set {name} up"])
    mac = wire.b.links()[name]["address"]
    address = f"{wire.network}.3"
    wire.a.ip(f"neighbour add {address} lladdr {mac} nud permanent dev {wire.a_device}")
    number = wire.b.run(["sh", "-c", f"cat /sys/class/net/{name}/macvtap/tap*/dev"], sysfs=True).split(":")
    path = f"/tmp/{name}.{os.getpid()}"
    os.mknod(path, 0o600 | 0o020000, os.makedev(*map(int, number)))
    with wire.b.entered():
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.unlink(path)
    got = []

    def arrived():
        while True:
            try:
                got.append(os.read(descriptor, 65536))
            except BlockingIOError:
                return len(got)

    send = repeated(wire.sender(), bytes(64), (address, wire.port))
    return Loss("tap_queue_full", "capacity", "b", name, send, arrived)


def accept_queue_full(wire, clients):
    """So many connect to somebody who accepts none. How many were too many: no place drops their SYN, so that this is none
    of the losses above."""
    with wire.b.socket() as listener:
        listener.bind((wire.b_address, wire.port))
        listener.listen(1)
        waiting = [wire.a.socket() for _ in range(clients)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex((wire.b_address, wire.port))
        for client in waiting:
            client.close()  # it does not try again
    return clients - 2  # so many have room


def nobody_wants(wire):
    """Benign: nothing is lost."""
    return Loss("", "", "b", wire.b_device, _frames(wire, wire.frame(bytes(64), ETHERTYPE_UNKNOWN)))


ALL = (
    udp_closed,
    udp_closed_segmented,
    udp_buffer,
    rule,
    queue_full,
    peer_down,
    header_checksum,
    unknown_protocol,
    no_route,
    unreachable_source,
    queue_of_nobody,
    nobody_wants,
)


def mixture(a, b, chosen: random.Random, count):
    """So many of them, each with a wire of its own; all ways before one comes twice."""
    ways = chosen.sample(ALL, min(count, len(ALL)))
    return [way(Wire(a, b, chosen)) for way in ways]


def send_all(losses, chosen, packets):
    """Some `packets` of each, in turns of random length and order: so many that each way loses some."""
    assert packets >= 600
    left = {index: packets for index in range(len(losses))}
    while left:
        index = chosen.choice(list(left))
        turn = min(left[index], chosen.randrange(1, max(2, packets // 5)))
        losses[index].run(turn)
        left[index] -= turn
        if not left[index]:
            del left[index]
