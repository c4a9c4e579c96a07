# SPDX-License-Identifier: GPL-2.0-or-later
"""What was lost, by cause and direction, as the collector drop_monitor tells the program and no answer has it; and faults
of which it is known beforehand what they are told as. All happen in b, a router: b0 leads to the sender, c0 to where b
sends on."""

import errno
import os
import socket
import struct
import subprocess
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import exposition
from daemon import PATIENCE, check_sanitizers, environment, eventually
from everyday import everyday
from lost_events import assert_counted

SKBS, SEGMENTS = "netdrop_ledger_cause_skbs", "netdrop_ledger_cause_segments"
LOST = "netdrop_kernel_drop_events_lost_total"
UDP_SEGMENT, ETH_P_IPV6 = 103, 0x86DD
BEHIND, NOWHERE = "10.78.0.5", "10.79.0.1"
NOBODY, INPUT, OUTPUT, POSTROUTING, READ, FORWARD = 9001, 9002, 9003, 9004, 9005, 9006


class Row(NamedTuple):
    cause: str
    stage: str
    loss_class: str
    direction: str
    device: str
    ip_version: str = "4"
    netns: str = "self"


class Causes:
    """The collector alone, inside of a namespace: it reads when it is told to. `lost`: how many drops of the host it had not
    counted by then."""

    def __init__(self, build, namespace, source="bpf"):
        program = str(Path(build) / "tests/lab/internal_tables")
        command = [program, "drop_monitor", f"collectors.drop_monitor.source={source}", "devices.exclude_kinds="]
        self.process = subprocess.Popen(
            namespace.command(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
        )
        self.read()  # it counts

    def close(self):
        _, said = self.process.communicate(timeout=PATIENCE)
        check_sanitizers(said)
        assert self.process.returncode == 0, said

    def read(self, column=SKBS):
        """Counter of Row: all since it began."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found, self.lost = Counter(), 0
        for line in iter(self.process.stdout.readline, "# EOF\n"):
            assert line, self.process.stderr.read()
            name, labels, value = exposition.SAMPLE.fullmatch(line.rstrip("\n")).groups()
            if name == LOST:
                self.lost += int(value)
            if name == column:
                told = {label: text for label, text, _ in exposition.LABEL.findall(labels)}
                told["loss_class"] = told.pop("class")
                row = Row(**told)
                assert row not in found
                found[row] = int(value)
        return found

    def settled(self, column=SKBS):
        """All that happened before the call, on a machine that takes its time to let packets arrive."""
        seen = []

        def quiet():
            seen.append(own(self.read(column)))
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

        eventually(quiet, "no more drops", step=0.1)
        return seen[-1]


def own(rows):
    """Of this namespace. What others on the machine drop meanwhile has its rows, too. Not the answers by ICMPv6, which
    Linux 6.1 frees as dropped when they are read."""
    return Counter({row: count for row, count in rows.items() if row.netns == "self" and count and row.cause != "icmp_message"})


def sends(namespace, count, address, port, size=64, options=()):
    """So many skbs, whatever the sender is told of what happened to them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.socket(family, socket.SOCK_DGRAM) as sender:
        for option in options:
            sender.setsockopt(*option)
        for _ in range(count):
            try:
                sender.sendto(bytes(size), (address, port))
            except PermissionError:
                pass  # a rule refused it on its way out


class Tunnels:
    """A tunnel from a to b, and packets in it whose congestion marks contradict each other: they are dropped when the
    outer header is off, at the tunnel's device (vxlan_rcv(), ipip6_rcv()) or still at b0 (ip_tunnel_rcv())."""

    KINDS = {"vxlan": "tunnel0", "sit": "tunnel0", "ipip": "b0", "gre": "b0"}  # and where
    PROTOCOLS = {"sit": socket.IPPROTO_IPV6, "ipip": socket.IPPROTO_IPIP, "gre": socket.IPPROTO_GRE}
    CONGESTED = 3  # no router may say so of a packet that is not capable of it
    VXLAN_PORT = 4789

    def __init__(self, veth, kind):
        self.veth, self.kind, self.at = veth, kind, self.KINDS[kind]
        ends = f"local {veth.ADDRESS['b0']} remote {veth.ADDRESS['a0']}"
        more = f"id 7 dstport {self.VXLAN_PORT}" if kind == "vxlan" else ""
        veth.b.batch([f"link add tunnel0 type {kind} {ends} {more}", "link set tunnel0 up"])

    def packet(self):
        ipv4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, socket.IPPROTO_UDP, 0, bytes(4), bytes(4)) + bytes(8)
        mac = bytes.fromhex(self.veth.b.links()["tunnel0"].get("address", "").replace(":", "")) if self.kind == "vxlan" else b""
        return {
            "vxlan": struct.pack("!II", 1 << 27, 7 << 8) + mac + bytes.fromhex("020000000001") + b"\x08\x00" + ipv4,
            "sit": struct.pack("!IHBB", 6 << 28, 8, socket.IPPROTO_UDP, 64) + bytes(32) + bytes(8),
            "ipip": ipv4,
            "gre": struct.pack("!HH", 0, 0x0800) + ipv4,
        }[self.kind]

    def contradict(self, count):
        packet, kind = self.packet(), socket.SOCK_DGRAM if self.kind == "vxlan" else socket.SOCK_RAW
        with self.veth.a.socket(socket.AF_INET, kind, self.PROTOCOLS.get(self.kind, 0)) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, self.CONGESTED)
            for _ in range(count):
                sender.sendto(packet, (self.veth.ADDRESS["b0"], self.VXLAN_PORT))

    def judge(self, causes, chosen):
        """Before Linux 6.12 the kernel does not say why."""
        before = causes.settled()
        count = chosen.randrange(20, 200)
        self.contradict(count)
        found = causes.settled() - before
        told = Counter()
        for row, number in found.items():
            if row.cause in ("tunnel_packet_invalid", "tunnel_unknown"):
                told[row.direction, row.device, row.ip_version] += number
        assert_counted(told, {("receive", self.at, "6" if self.kind == "sit" else "4"): count}, causes.lost)

    def remove(self):
        self.veth.b.ip("link delete tunnel0")


class Router:
    """The namespaces of a lab.Veth, with c0 at b, whose other end is where nobody looks, and rules that refuse."""

    def __init__(self, veth):
        self.veth, self.a, self.b = veth, veth.a, veth.b
        self.b.batch(
            [
                f"link add c0 type veth peer name c1 netns {self.a.name}",
                "address add 10.78.0.1/24 dev c0",
                "link set c0 up",
                f"neighbour add {BEHIND} lladdr 02:00:00:00:78:05 nud permanent dev c0",
            ]
        )
        self.a.batch(["link set c1 up", "link set a0 mtu 700"])
        self.b.wait_up("c0")
        self.b.ip("tuntap add tn0 mode tun")
        self.b.sysctl("net.ipv4.ip_forward", 1)
        self.b.sysctl("net.ipv6.conf.lo.disable_ipv6", 0)
        self.a.ip(f"route add 10.64.0.0/10 via {veth.ADDRESS['b0']}")
        rules = {"input": INPUT, "output": OUTPUT, "postrouting": POSTROUTING, "forward": FORWARD}
        lines = ["add table ip t"]
        for hook, port in rules.items():
            lines += [
                f"add chain ip t {hook} {{ type filter hook {hook} priority 0; }}",
                f"add rule ip t {hook} udp dport {port} drop",
            ]
        self.b.run(["nft", "; ".join(lines)])

    def ttl(self, count):
        sends(self.a, count, BEHIND, READ, options=[(socket.IPPROTO_IP, socket.IP_TTL, 1)])

    def write_to_tun(self, count):
        """What a program gives to a device that is down: it never got where the kernel notes how it came."""
        packet = struct.pack("!BxHxxxxBBxx4s4s", 0x45, 20, 64, socket.IPPROTO_UDP, bytes(4), bytes(4))
        tun = self.b.tun("tn0")
        try:
            for _ in range(count):
                try:
                    os.write(tun, packet)
                except OSError as error:
                    assert error.errno == errno.EIO
        finally:
            os.close(tun)

    def segmented(self, count):
        """Each skb has ten segments."""
        sends(self.a, count, self.veth.ADDRESS["b0"], INPUT, 1000, [(socket.IPPROTO_UDP, UDP_SEGMENT, 100)])

    def faults(self):
        """(what makes so many drops, what these are told as, segments of each)."""
        here = self.veth.ADDRESS["b0"]
        rule = ("netfilter_rule", "network", "policy")
        listens = ("udp_nobody_listens", "transport", "error")
        route = ("ip_no_route", "network", "error")
        peer = ("veth_peer_down_or_mtu", "driver", "error")
        ttl = ("ttl_exceeded", "network", "error")
        return [
            (lambda n: sends(self.a, n, here, NOBODY), Row(*listens, "receive", "b0"), 1),
            (lambda n: sends(self.b, n, "::1", NOBODY), Row(*listens, "receive", "lo", "6"), 1),
            (lambda n: sends(self.a, n, here, INPUT), Row(*rule, "receive", "b0"), 1),
            (self.segmented, Row(*rule, "receive", "b0"), 10),
            (lambda n: sends(self.b, n, self.veth.ADDRESS["a0"], OUTPUT), Row(*rule, "transmit", ""), 1),
            (lambda n: sends(self.b, n, BEHIND, POSTROUTING), Row(*rule, "transmit", "c0"), 1),
            (lambda n: sends(self.a, n, BEHIND, POSTROUTING), Row(*rule, "forward", "c0"), 1),
            # It still has the device that it came by.
            (lambda n: sends(self.a, n, BEHIND, FORWARD), Row(*rule, "receive", "b0"), 1),
            (lambda n: sends(self.a, n, NOWHERE, READ), Row(*route, "receive", "b0"), 1),
            (self.ttl, Row(*ttl, "receive", "b0"), 1),
            # The packet is larger than the other end takes.
            (lambda n: sends(self.b, n, self.veth.ADDRESS["a0"], READ, 1000), Row(*peer, "transmit", "b0"), 1),
            (self.write_to_tun, Row("tun_device_down", "driver", "error", "receive", "tn0"), 1),
        ]

    def lose_the_link(self):
        """c0 has no carrier, and a queue that would keep packets."""
        self.b.run("tc qdisc add dev c0 root pfifo limit 1000")
        self.a.ip("link set c1 down")
        eventually(lambda: self.b.links()["c0"]["operstate"] in ("DOWN", "LOWERLAYERDOWN"), "c0 to lose its carrier")

    def report_groups(self, count, source):
        """As the kernel does, and while a link comes up from ::; by a packet socket, so that it is known how many there are."""
        header = struct.pack("!IHBB", 6 << 28, 8, socket.IPPROTO_ICMPV6, 1)
        group = socket.inet_pton(socket.AF_INET6, "ff02::16")
        report = struct.pack("!BBHHH", 143, 0, 0, 0, 0)
        with self.b.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("c0", ETH_P_IPV6))
            frame = bytes.fromhex("333300000016") + bytes(6) + struct.pack("!H", ETH_P_IPV6) + header
            frame += socket.inet_pton(socket.AF_INET6, source) + group + report
            for _ in range(count):
                assert sender.send(frame) == len(frame)

    def faults_of_the_link(self):
        down = ("link_down", "egress", "error")
        return [
            (lambda n: sends(self.b, n, BEHIND, READ), Row(*down, "transmit", "c0"), 1),
            (lambda n: sends(self.a, n, BEHIND, READ), Row(*down, "forward", "c0"), 1),
            (lambda n: self.report_groups(n, "fe80::1"), Row(*down, "transmit", "c0", "6"), 1),
            (lambda n: self.report_groups(n, "::"), Row("ipv6_announced_early", "egress", "benign", "transmit", "c0", "6"), 1),
        ]


def judge(causes, faults, chosen):
    """Each of the faults so many times, in any order: all is told, as what it is, and nothing else."""
    before, before_segments = causes.settled(), causes.settled(SEGMENTS)
    skbs, segments, most = Counter(), Counter(), max(each for _, _, each in faults)
    for make, row, each in chosen.sample(faults, len(faults)):
        count = chosen.randrange(20, 200)
        make(count)
        skbs[row] += count
        segments[row] += count * each
    after, after_segments = causes.settled(), causes.settled(SEGMENTS)
    assert_counted(after - before, skbs, causes.lost)
    assert_counted(after_segments - before_segments, segments, most * causes.lost)


def judge_nothing(causes, router, chosen):
    """What arrives is told as nothing, and so is what a reader took."""
    with router.b.socket(kind=socket.SOCK_DGRAM) as reader:
        reader.bind((router.veth.ADDRESS["b0"], READ))
        before = causes.settled()
        count = chosen.randrange(20, 200)
        sends(router.a, count, router.veth.ADDRESS["b0"], READ)
        for _ in range(count):
            assert len(reader.recv(100)) == 64
        sends(router.a, chosen.randrange(20, 200), BEHIND, READ)  # all the way through
        assert causes.settled() - before == {}


def judge_everyday(causes, router):
    """Each drop of it has a cause, no queue is full, and what a scan or a guest brings is all that is called wrong."""
    before = causes.settled()
    everyday(router.veth)
    found = causes.settled() - before
    wrong = {row for row in found if row.loss_class not in ("benign", "copy", "error")}
    assert not wrong, wrong
    errors = {row.cause for row in found if row.loss_class == "error"}
    assert errors <= {"link_down", "neighbour_unresolved", "tcp_flags", "tcp_nobody_listens", "udp_nobody_listens"}, errors
    assert {"tcp_nobody_listens", "udp_nobody_listens"} <= errors, found
    assert {"tcp_connection_ended", "queue_emptied"} <= {row.cause for row in found}, found
