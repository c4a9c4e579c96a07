# SPDX-License-Identifier: GPL-2.0-or-later
"""What the recipes of the fault lab send: always a known number of packets, from inside a namespace."""

import os
import random
import socket
import struct

from daemon import eventually

COUNT = 1000
PORT = 9999
A, B = "10.77.0.1", "10.77.0.2"
MAC_A, MAC_B = bytes.fromhex("020000007701"), bytes.fromhex("020000007702")

IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
UDP_SEGMENT = 103
TCP_REPAIR = 19
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SYN, ACK = 2, 16


chosen = random.Random()


def draw_anew():
    """Begins a row of random counts; returns what would repeat it, in NETDROP_SEED."""
    seed = int(os.environ.get("NETDROP_SEED", 0)) or random.randrange(1, 1 << 32)
    chosen.seed(seed)
    return seed


def some(least=100, most=400):
    return chosen.randrange(least, most)


def udp(namespace, count=COUNT, size=64, address=B, options=()):
    """Sends `count` datagrams, numbered in their first four bytes. `options` are (level, name, value)."""
    with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        # Where the packets are kept in a queue they count as the sender's: it must not have to wait for that.
        sender.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 26)
        sender.settimeout(10)
        for option in options:
            sender.setsockopt(*option)
        # Not connected: a connected socket would be told of the closed port, and stop.
        for number in range(count):
            try:
                sender.sendto(struct.pack("!I", number) + bytes(size - 4), (address, PORT))
            except PermissionError:
                pass  # dropped by a rule on output, which is then what the recipe is about


def udp_flows(namespace, count=COUNT, first_port=20000):
    """Sends `count` datagrams, each from a port of its own: as many connections."""
    for number in range(count):
        with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
            sender.bind((A, first_port + number))
            sender.sendto(struct.pack("!I", number) + bytes(60), (B, PORT))


def udp_reader(namespace, address=B, buffer=1 << 22):
    """A bound socket that nobody reads until received() does."""
    reader = namespace.socket(kind=socket.SOCK_DGRAM)
    # FORCE: the limit of the host (net.core.rmem_max) may be small.
    reader.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer)
    reader.bind((address, PORT))
    reader.setblocking(False)
    return reader


def received(reader):
    """The numbers of the datagrams that wait in a reader, in the order they came."""
    numbers = []
    while True:
        try:
            numbers.append(struct.unpack_from("!I", reader.recv(2048))[0])
        except BlockingIOError:
            return numbers


def all_received(reader, count):
    """The same, once so many came: a slow machine takes its time to let them arrive."""
    numbers = []

    def arrived():
        numbers.extend(received(reader))
        return len(numbers) >= count

    eventually(arrived, f"{count} datagrams")
    return numbers


def frames(namespace, frame, count=COUNT, device="a0"):
    """Sends a frame, MAC header and all, as it is."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((device, 0))
        for _ in range(count):
            sender.send(frame)


def frame(payload, ethertype=0x0800, destination=MAC_B):
    return destination + MAC_A + struct.pack("!H", ethertype) + payload


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source=A, protocol=socket.IPPROTO_UDP, ip_error=0, udp_error=0):
    """An IPv4 packet to B with a UDP datagram in it; an error is added to the right checksum."""
    addresses = socket.inet_aton(source) + socket.inet_aton(B)
    length = 8 + 64
    payload = struct.pack("!HHHH", PORT, PORT, length, 0) + bytes(64)
    right = checksum(addresses + struct.pack("!HH", socket.IPPROTO_UDP, length) + payload)
    payload = payload[:6] + struct.pack("!H", (right + udp_error) % 0xFFFF) + payload[8:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, protocol, 0) + addresses
    right = checksum(header)
    return header[:10] + struct.pack("!H", (right + ip_error) % 0xFFFF) + header[12:] + payload


def connect(namespace, seconds=30):
    """A TCP connection from inside to B; returns (socket, the name of the error or "")."""
    client = namespace.socket()
    client.settimeout(seconds)
    try:
        client.connect((B, PORT))
    except OSError as error:
        return client, type(error).__name__ if error.errno is None else error.strerror
    return client, ""


def connected(client):
    try:
        client.getpeername()
    except OSError:
        return False
    return True


def abandon(client):
    """Ends a connection without a packet: what it retransmits until then is all."""
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.close()


class TcpPeer:
    """A TCP that sends what it is told to, in whatever order: the other end of a tun device of a namespace, and of one
    connection with a listener there."""

    HERE, THERE = "10.79.0.2", "10.79.0.1"

    def __init__(self, namespace):
        self.tun = namespace.tun("tn0")
        namespace.batch([f"address add {self.THERE}/24 dev tn0", "link set tn0 up"])
        self.sequence, self.acknowledged = chosen.randrange(1 << 31), 0
        with namespace.socket() as listener:
            listener.bind((self.THERE, PORT))
            listener.listen()
            self.segment(SYN)
            self.acknowledged = self.answer()
            self.sequence += 1
            self.segment(ACK)
            listener.settimeout(10)
            self.reader, _ = listener.accept()
        self.reader.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()
        os.close(self.tun)

    def segment(self, flags, data=b"", offset=0):
        addresses = socket.inet_aton(self.HERE) + socket.inet_aton(self.THERE)
        ports = struct.pack("!HH", PORT, PORT)
        numbers = struct.pack("!II", (self.sequence + offset) % (1 << 32), self.acknowledged)
        header = ports + numbers + struct.pack("!BBH", 5 << 4, flags, 0xFFFF)
        pseudo = addresses + struct.pack("!HH", socket.IPPROTO_TCP, 20 + len(data))
        right = checksum(pseudo + header + bytes(4) + data + bytes(len(data) % 2))
        tcp = header + struct.pack("!HH", right, 0) + data
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0) + addresses
        os.write(self.tun, ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp)

    def answer(self):
        """Waits for the listener's SYN; returns what acknowledges it."""
        while True:
            packet = os.read(self.tun, 2048)
            if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_TCP and packet[33] == SYN | ACK:
                return (struct.unpack_from("!I", packet, 24)[0] + 1) % (1 << 32)

    def send(self, data, offset):
        """Data that stand so far behind the beginning."""
        self.segment(ACK, data, offset)

    def read(self, size):
        data = b""
        while len(data) < size:
            data += self.reader.recv(size - len(data))
        return data
