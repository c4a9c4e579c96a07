# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets on the page: none, unless record_addresses says so and a password is asked for; then of each address only its
network, whatever the packet is. Over the local socket they are whole."""

import html
import http.client
import re
import socket
import struct

import pytest

import losses
from daemon import SECRET_HASH, eventually, seeded

pytestmark = pytest.mark.usefixtures("bpf_possible")

PREFIXES = "--set=collectors.drop_monitor.record_addresses=prefixes"
FLAGS = ("--collector.disable-defaults", "--collector.drop_monitor", "--collector.link", "--set=devices.exclude_kinds=")
COUNT = 30
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b(?!/24|/120)|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")


@pytest.fixture(name="users")
def fixture_users(tmp_path):
    path = tmp_path / "users"
    path.write_text(f"somebody:{SECRET_HASH}\n")
    path.chmod(0o600)
    return f"--set=web.users_file={path}"


def udp(source, destination, family, chosen):
    """From these addresses to a port that nobody listens at."""
    port = chosen.randrange(20000, 60000)
    datagram = struct.pack("!HHHH", port, port, 8, 0)
    if family == socket.AF_INET:
        header = struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + source + destination
        return header[:10] + struct.pack("!H", losses.checksum(header)) + header[12:] + datagram
    whole = source + destination + struct.pack("!II", len(datagram), 17) + datagram
    datagram = datagram[:6] + struct.pack("!H", losses.checksum(whole) or 0xFFFF)
    return struct.pack("!IHBB", 0x60000000, len(datagram), 17, 64) + source + destination + datagram


class Sent:
    """A way to lose a packet, who must not be told (addresses as text), and what is told in their place."""

    def __init__(self, wire, chosen, kind):
        host = chosen.randrange(20, 250)
        last = bytes(chosen.randrange(1, 256) for _ in range(9))
        to4 = socket.inet_aton(wire.b_address)
        if kind == "ipv4":
            source = socket.inet_aton(f"{wire.network}.{host}")
            self.frame = wire.frame(udp(source, to4, socket.AF_INET, chosen))
            self.secret, self.told = [f"{wire.network}.{host}", wire.b_address], f"IP {wire.network}.0/24"
        elif kind == "arp":
            wire.b.run(["nft", f"add table netdev t; add chain netdev t c {{ type filter hook ingress device {wire.b_device} "
                               "priority 0; }; add rule netdev t c ether type arp drop"])  # fmt: skip
            source = socket.inet_aton(f"{wire.network}.{host}")
            body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + wire.a_mac + source + bytes(6) + to4
            self.frame = wire.frame(body, 0x0806)
            self.secret, self.told = [f"{wire.network}.{host}", wire.b_address], f"ARP who-has {wire.network}.0/24 tell {wire.network}.0/24"
        else:
            wire.b.sysctl(f"net.ipv6.conf.{wire.b_device}.disable_ipv6", 0)
            own = bytes.fromhex("fd000077000000ab") + last[1:]
            wire.b.ip(f"address add {socket.inet_ntop(socket.AF_INET6, own)}/64 dev {wire.b_device} nodad")
            prefix = bytes.fromhex("fd000077000000")
            mapped = bytes(10) + b"\xff\xff" + socket.inet_aton(f"{wire.network}.{host}")
            source = mapped if kind == "mapped" else prefix + last
            self.frame = wire.frame(udp(source, own, socket.AF_INET6, chosen), 0x86DD)
            self.secret = [socket.inet_ntop(socket.AF_INET6, each) for each in (source, own)]
            self.told = f"IP6 ::ffff:{wire.network}.0/120" if kind == "mapped" else "IP6 fd00:77::/56"
        self.send = losses.repeated(wire.raw(), self.frame)


def packets(page):
    """The lines of packets on it."""
    return [html.unescape(line) for block in re.findall(r'<pre class="packets">(.*?)</pre>', page, re.DOTALL) for line in block.split("\n")]


def page_of(process):
    return process.get("/").body.decode()


def local_report(path):
    """As who may read the local socket sees it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /report HTTP/1.0\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        return response.read().decode()


@pytest.mark.parametrize("kind", ["ipv4", "ipv6", "mapped", "arp"])
def test_only_networks_are_told(netns, exporter, users, tmp_path, kind):
    chosen = seeded()
    a, b = netns(), netns()
    b.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    wire = losses.Wire(a, b, chosen)
    path = tmp_path / "local"
    process = exporter(*FLAGS, PREFIXES, users, f"--web.local-socket={path}", netns=b, user="somebody:secret")
    sent = Sent(wire, chosen, kind)
    process.get("/")
    sent.send(COUNT)
    eventually(lambda: any(sent.told in line for line in packets(page_of(process))), sent.told)
    page = page_of(process)
    assert not [address for address in sent.secret if address in page]
    lines = packets(page)
    assert not [line for line in lines if ADDRESS.search(line)]
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{6}  ", line) for line in lines)
    # The control: there they are whole, and the address is what was sent.
    assert sent.secret[0] in local_report(path)
    assert ADDRESS.search(local_report(path)) or kind == "ipv6"
    # Nowhere else: the report by the network has no packets, and without a password there is nothing.
    assert sent.told not in process.get("/report").body.decode()
    assert not [address for address in sent.secret if address in process.get("/report").body.decode()]
    process.user = None
    assert process.get("/").status == 401


@pytest.mark.parametrize("flags", [(), ("--set=collectors.drop_monitor.record_addresses=local",)], ids=["default", "local"])
def test_none_by_default(netns, exporter, users, tmp_path, flags):
    """Though there are passwords, and packets."""
    chosen = seeded()
    a, b = netns(), netns()
    wire = losses.Wire(a, b, chosen)
    path = tmp_path / "local"
    process = exporter(*FLAGS, *flags, users, f"--web.local-socket={path}", netns=b, user="somebody:secret")
    sent = Sent(wire, chosen, "ipv4")
    process.get("/")
    sent.send(COUNT)
    eventually(lambda: sent.secret[0] in local_report(path), "the packets")
    assert "UDP port" in page_of(process)
    assert packets(page_of(process)) == []
    assert wire.network not in page_of(process)


def test_nothing_of_what_is_off(netns, exporter, users):
    b = netns()
    process = exporter(*FLAGS, PREFIXES, "--set=collectors.drop_monitor.record=off", users, netns=b, user="somebody:secret")
    assert packets(page_of(process)) == []


def test_without_passwords_it_is_refused(command, users, tmp_path):
    """By the key and its line; so it is at a reload."""
    file = tmp_path / "config.json"
    file.write_text('{"collectors": {"drop_monitor": {\n"record_addresses": "prefixes"}}}\n')
    wanted = "collectors.drop_monitor.record_addresses: needs web.users_file, which is not set"
    for flags, place in (((PREFIXES,), "command line"), ((f"--config.file={file}",), f"{file}:2")):
        result = command("--check-config", *flags)
        assert (result.returncode, result.stderr.strip()) == (2, f"{place}: {wanted}")
        assert command("--check-config", *flags, users).returncode == 0
    result = command("--check-config", users, "--set=collectors.drop_monitor.record_addresses=all")
    assert result.returncode == 2 and '"local" or "prefixes"' in result.stderr
