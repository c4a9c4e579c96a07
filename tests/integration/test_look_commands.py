# SPDX-License-Identifier: GPL-2.0-or-later
"""Each command to look with that an incident may give, typed where there is something to see: a shell takes it, it ends well,
and it shows what it is given for. Those of recipes are typed by tests/lab/compare.py, too, but only as far as that they end
well; those that change something are test_incidents.py's and tests/vm/test_commands.py's."""

import re
import socket
import subprocess
import threading
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from daemon import eventually

PORT = 9999
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0
DEVICE = r"(?s)b0@\w+: .*veth .*RX: .*dropped.*TX: .*dropped"
SOCKET = rf'users:\(\("python3?[^"]*",pid=\d+,fd=\d+\)\)'
SOCKET_OF_PORT = rf"(?s)10\.77\.0\.2:{PORT} .*{SOCKET}"

# What each shows, as a regular expression, by its template.
INSIDE = {
    "ss -lunmp 'sport = :{port}'": rf"{SOCKET_OF_PORT}.*skmem:\(r[1-9]\d*,rb\d+,.*,d\d+\)",
    "cat /proc/net/sockstat": r"(?s)TCP: .* mem \d+\nUDP: .* mem \d+\n",
    "ss -lntu": rf"(?s)^udp +UNCONN .*:{PORT} .*^tcp +LISTEN .*:{PORT} ",
    "tcpdump -c 20 -ni {device} 'icmp or tcp[tcpflags] & tcp-rst != 0'": r"10\.77\.0\.2 > 10\.77\.0\.1: ICMP 10\.77\.0\.2 udp port 9000 unreachable",
    "ethtool -S {device}": r"^NIC statistics:\n(     \S+: \d+\n)+",
    "ethtool -k {device}": r"(?s)^Features for b0:\nrx-checksumming: on\n.*^generic-receive-offload: ",
    "ip -d -s link show dev {device}": DEVICE,
    "nft -a list ruleset": r"(?s)chain c \{ # handle \d+\n\s+type filter hook input .*udp dport 9998 .*packets [1-9]\d* .*drop # handle \d+",
    "ip -d link show dev {device}": r"(?s)b0@\w+: .* xdp.*prog/xdp id \d+",
    "bpftool net show dev {device}": r"(?s)^xdp:\nb0\(2\) \w+ id \d+\n.*^tc:$",
    "ss -lunp 'sport = :{port}'": SOCKET_OF_PORT,
    "sysctl net/ipv6/conf/{device}/disable_ipv6": r"^net\.ipv6\.conf\.b0\.disable_ipv6 = 1$",
    "ss -tmp": rf"(?s)ESTAB +5000 .*10\.77\.0\.2:{PORT} .*skmem:\(r[1-9]\d*,rb\d+,.*bl\d+,d\d+\)",
    "ss -0pm": rf"p_raw +[1-9]\d* .*{SOCKET} skmem:\(r[1-9]\d*,rb\d+,.*,d\d+\)",
    "ethtool {device}": r"(?s)Speed: 10000Mb/s\s+Duplex: Full.*Link detected: yes",
    "tc -s -d qdisc show dev {device}": r"(?s)qdisc pfifo 10: root .*limit 7p.*dropped \d+",
    "tc -s filter show dev {device} ingress": r"(?s)filter .*bpf.*direct-action",
    "tc -s filter show dev {device} egress": r"(?s)filter .*bpf.*direct-action",
    "tc -s filter show dev {device} {way}": r"(?s)filter .*bpf.*direct-action",
    "sysctl net/ipv4/conf/all/rp_filter net/ipv4/conf/{device}/rp_filter": r"(?s)net\.ipv4\.conf\.all\.rp_filter = 0\nnet\.ipv4\.conf\.b0\.rp_filter = 2",
    "ip route show table all": r"(?s)blackhole 10\.99\.0\.0/16.*local 10\.77\.0\.2 dev b0 table local",
    "bridge -d link show dev {device}": r"(?s)p0@\w+: .* master br0 state forwarding.*isolated on",
    "ip -s xfrm policy": r"(?s)src 10\.9\.0\.1/32 dst 10\.9\.0\.2/32.*dir out action block",
    "cat /proc/net/xfrm_stat": r"(?s)XfrmInError\s+\d+\n.*XfrmOutPolBlock\s+\d+\n",
    "tcpdump -c 20 -ni {device} 'ip[8] <= 1'": rf"IP 10\.77\.0\.1\.\d+ > 10\.77\.0\.2\.{PORT}: UDP",
    "ip -d link": r"(?s)b0@\w+: .* mtu 1500 .*maxmtu",
    "tcpdump -c 20 -ni {device} 'ip[6:2] & 0x3fff != 0'": r"IP 10\.77\.0\.1\.\d+ > 10\.77\.0\.2\.9000: UDP, length 3000",
    "sysctl net.ipv4.ipfrag_high_thresh net.ipv6.ip6frag_high_thresh": r"net\.ipv4\.ipfrag_high_thresh = \d+\nnet\.ipv6\.ip6frag_high_thresh = \d+",
    "ip neighbour show dev {device} nud failed nud incomplete": r"^10\.77\.0\.77 FAILED",
    "ss -ltnp 'sport = :{port}'": rf"(?s)LISTEN +[1-9]\d* +3 +10\.77\.0\.2:{PORT} .*{SOCKET}",
    "sysctl net.core.somaxconn net.ipv4.tcp_max_syn_backlog": r"net\.core\.somaxconn = \d+\nnet\.ipv4\.tcp_max_syn_backlog = \d+",
    "conntrack -S": r"cpu=0 .*insert_failed=\d+ drop=\d+ early_drop=\d+",
}
# What the host alone has.
HOST = {
    "sysctl net.ipv4.udp_mem net.ipv4.tcp_mem": r"net\.ipv4\.udp_mem = \d+\s\d+\s\d+\nnet\.ipv4\.tcp_mem = \d+\s\d+\s\d+",
    "sysctl net.ipv4.neigh.default.gc_thresh3 net.ipv6.neigh.default.gc_thresh3": r"net\.ipv4\.neigh\.default\.gc_thresh3 = \d+\nnet\.ipv6\.neigh\.default\.gc_thresh3 = \d+",
    "bpftool cgroup tree": r"^CgroupPath\nID +AttachType +AttachFlags +Name",
}
# What they would show, and is not here.
NOT_HERE = {
    "journalctl -k --since -10min": "a journal, which nobody keeps here",
    "journalctl -k -p warning --since -10min": "a journal, which nobody keeps here",
    "ovs-dpctl show -s": "Open vSwitch, which is not here",
    "iw dev {device} station dump": "a wireless device, which is not here",
    "ethtool -g {device}": "rings, which no virtual device has: tests/vm/test_commands.py types it",
    "ethtool -a {device}": "pause frames, which no virtual device has: tests/vm/test_commands.py types it",
}
PASS = """#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int pass(struct xdp_md *packet) { return XDP_PASS; }
"""
# As often as one looks: where the whole host has more than gc_thresh1 neighbours, the kernel soon takes away who failed
# (neigh_periodic_work(), net/core/neighbour.c).
NEIGHBOUR = "neighbour replace 10.77.0.77 dev b0 nud failed"
PREPARED = (
    "tc qdisc add dev b0 clsact",
    "tc filter add dev b0 ingress bpf da bytecode 1,6\\ 0\\ 0\\ 0",  # one instruction: return TC_ACT_OK
    "tc filter add dev b0 egress bpf da bytecode 1,6\\ 0\\ 0\\ 0",
    "tc qdisc replace dev b0 root handle 10: pfifo limit 7",
    "nft 'add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c udp dport 9998 counter drop'",
    "ip xfrm policy add dir out src 10.9.0.1 dst 10.9.0.2 action block",
    "ip route add blackhole 10.99.0.0/16",
    "sysctl -qw net/ipv4/conf/b0/rp_filter=2",
    "ip link add br0 type bridge && ip link set br0 up",
    "ip link add p0 type veth peer name p1 && ip link set p1 up && ip link set p0 master br0 up",
    "bridge link set dev p0 isolated on",
)


class Seen(NamedTuple):
    namespace: object
    lines: dict  # of each template, as b0's incidents have it; the bridge's device is p0


def keep_sending(veth, ending):
    """What the captures wait for: datagrams in fragments to a closed port, of which ICMP tells; some whose TTL is 1, some
    that a rule refuses."""
    with veth.a.socket(kind=socket.SOCK_DGRAM) as sender, veth.a.socket(kind=socket.SOCK_DGRAM) as near:
        sender.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        near.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        while not ending.wait(0.02):
            sender.sendto(bytes(3000), ("10.77.0.2", 9000))
            sender.sendto(b"refused", ("10.77.0.2", 9998))
            near.sendto(b"near", ("10.77.0.2", PORT))


@pytest.fixture(name="look_commands", scope="session")
def fixture_look_commands(build):
    """look_commands(device, direction): of each template what an incident of that device makes of it."""

    def lines(device, direction="receive"):
        arguments = [build / "tests/lab/look_commands", device, str(PORT), "UDP", direction]
        said = subprocess.run(arguments, capture_output=True, check=True, text=True).stdout
        return dict(line.split("\t") for line in said.splitlines())

    return lines


@pytest.fixture(name="seen")
def fixture_seen(veth, look_commands, tmp_path):
    """There is something to see of each kind."""
    (tmp_path / "pass.c").write_text(PASS)
    include = ["-idirafter", "/usr/include/x86_64-linux-gnu"]
    subprocess.run(["clang", "-target", "bpf", "-O2", *include, "-c", "pass.c", "-o", "pass.o"], cwd=tmp_path, check=True)
    for line in (*PREPARED, f"ip link set dev b0 xdp object {tmp_path}/pass.o section xdp"):
        veth.b.run(["sh", "-c", line])
    ending = threading.Event()
    thread = threading.Thread(target=keep_sending, args=(veth, ending))
    with ExitStack() as sockets:
        reader = sockets.enter_context(veth.b.socket(kind=socket.SOCK_DGRAM))
        reader.bind(("10.77.0.2", PORT))
        listener = sockets.enter_context(veth.b.socket())
        listener.bind(("10.77.0.2", PORT))
        listener.listen(3)
        # One that was accepted and is not read, one that waits.
        for _ in range(2):
            client = sockets.enter_context(veth.a.socket())
            client.connect(("10.77.0.2", PORT))
            client.sendall(bytes(5000))
        sockets.enter_context(listener.accept()[0])
        sockets.enter_context(veth.b.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        thread.start()
        yield Seen(veth.b, {**look_commands("b0"), **{name: line for name, line in look_commands("p0").items() if "bridge" in name}})
        ending.set()
        thread.join()


def test_each_is_known(look_commands):
    """Whoever adds a command says what it shows."""
    lines = look_commands("b0")
    assert set(lines) == {*INSIDE, *HOST, *NOT_HERE}
    way = "tc -s filter show dev {device} {way}"
    assert lines[way] == "tc -s filter show dev b0 ingress"
    assert look_commands("b0", "transmit") == {**lines, way: "tc -s filter show dev b0 egress"}


def shown(command, namespace=None, enough=0):
    """What it says within ten seconds; one that waits for packets need not have all of them."""
    arguments = ["timeout", "--signal=INT", "10", "sh", "-c", f"exec {command}"]
    result = subprocess.run(
        namespace.command(arguments) if namespace else arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True
    )
    assert result.returncode in (0, enough), (command, result.returncode, result.stderr)
    return result.stdout


@pytest.mark.root
def test_each_shows_what_it_is_given_for(seen):
    """All in one place: the one packet, socket or rule is to be seen among what all others need."""
    for template, pattern in INSIDE.items():
        enough = 124 if "tcpdump" in template else 0

        def shows(template=template, pattern=pattern, enough=enough):
            seen.namespace.ip(NEIGHBOUR)
            return re.search(pattern, shown(seen.lines[template], seen.namespace, enough), re.MULTILINE)

        eventually(shows, seen.lines[template])  # the first packets may be on their way


def test_each_of_the_host(look_commands):
    for template, pattern in HOST.items():
        said = shown(look_commands("lo")[template])
        assert re.search(pattern, said, re.MULTILINE), (template, said)


@pytest.mark.root
def test_nothing_is_shown_where_there_is_nothing(netns, look_commands):
    """The control: in a namespace with nothing in it none of them shows what it showed there. But for what the kernel itself
    has everywhere."""
    empty = netns()
    everywhere = ("cat ", "sysctl ", "conntrack ")
    for template, pattern in INSIDE.items():
        if not template.startswith(everywhere) and "tcpdump" not in template:
            arguments = empty.command(["timeout", "10", "sh", "-c", look_commands("lo")[template]])
            said = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True).stdout
            assert not re.search(pattern, said, re.MULTILINE), (template, said)
