# SPDX-License-Identifier: GPL-2.0-or-later
"""What the recipes of the fault lab send: always a known number of packets, from inside a namespace."""

import os
import random
import socket
import struct

COUNT = 1000
PORT = 9999
A, B = "10.77.0.1", "10.77.0.2"
MAC_A, MAC_B = bytes.fromhex("020000007701"), bytes.fromhex("020000007702")

IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3
UDP_SEGMENT = 103
TCP_REPAIR = 19
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33


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


def abandon(client):
    """Ends a connection without a packet: what it retransmits until then is all."""
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.close()
