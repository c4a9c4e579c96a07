# SPDX-License-Identifier: GPL-2.0-or-later
"""More recipes of the fault lab: what the kernel gives one name to though it is not one thing, and what it counts though
nothing was lost. What matters here is the class of each site; how many packets are sent is drawn at random."""

import os
import re
import socket
import struct
import time

import traffic
from bench import kernel
from daemon import eventually
from recipes import QDISC, Expected, Site, answers, datagrams, nft, nft_counted, recipe
from traffic import PORT

# As devices come and go, or change their state, during a measurement.
LINK_MAY = tuple(
    f"{where} link_{what} {device}"
    for where, device in (("a", "a0"), ("b", "b0"))
    for what in ("carrier_changes", "carrier_up_changes", "carrier_down_changes", "transmit_carrier_errors")
)
UDP = ("__udp4_lib_rcv", "__udp4_lib_mcast_deliver")
TUN = "ip tuntap add tn0 mode tun"
TCP_REPEATED_MAY = ("b tcpext_tcp_rcv_coalesce", "b tcpext_tcpofo_merge")
BROADCAST = [(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)]
SOL_PACKET, PACKET_STATISTICS = 263, 6


# Links


@recipe("a link without carrier")
def no_carrier(bench):
    count = traffic.some()
    bench.a.run("tc qdisc add dev a0 root pfifo limit 10")
    bench.b.ip("link set b0 down")
    # A queue is taken off a link without carrier a second later, under the lock that one asks with (net/core/link_watch.c).
    eventually(lambda: bench.a.links()["a0"]["operstate"] in ("DOWN", "LOWERLAYERDOWN"), "a0 to lose its carrier")
    with bench.measured():
        traffic.udp(bench.a, count)
    # The queue of a device without carrier is no queue: it drops all, as a full one does.
    return Expected(
        datagrams(count),
        {},
        [Site(count, "QDISC_DROP", QDISC, "a", "a0", loss_class="error")],
        may=("a link_transmit_dropped a0", "a ip_out_discards", "a udp_sndbuf_errors", *LINK_MAY),
        lost=count,
    )


def slow_queue(bench):
    """A queue at a0 that gives nothing away while it is looked at; returns how many packets wait in it."""
    bench.a.run("tc qdisc add dev a0 root tbf rate 8bit burst 1600 limit 1000000")
    traffic.udp(bench.a, traffic.some())
    waiting = int(re.search(r"backlog \S+b (\d+)p", bench.a.run("tc -s qdisc show dev a0"))[1])
    assert waiting > 0
    return waiting


PURGED = ("__rtnl_unlock", "rtnl_unlock", "qdisc_reset", "netdev_run_todo")


@recipe("packets wait in a queue when the link goes down")
def purged_by_link_down(bench):
    count = slow_queue(bench)
    with bench.measured():
        bench.a.ip("link set a0 down")
    sites = [Site(count, "NOT_SPECIFIED", PURGED, "a", "a0", loss_class="error", mac_header=None)]
    return Expected(f"{count} packets in a queue", {}, sites, may=LINK_MAY, lost=count)


@recipe("packets wait in a queue that is replaced")
def purged_by_replacement(bench):
    count = slow_queue(bench)
    with bench.measured():
        bench.a.run("tc qdisc replace dev a0 root pfifo")
    sites = [Site(count, "NOT_SPECIFIED", PURGED, "a", "a0", loss_class="error", mac_header=None)]
    return Expected(f"{count} packets in a queue", {}, sites, lost=count)


@recipe("packets wait for a neighbour when the link goes down")
def neighbour_gone(bench):
    count = traffic.some(20, 150)
    bench.a.sysctl("net.ipv4.neigh.a0.retrans_time_ms", 20000)
    traffic.udp(bench.a, count, address="10.77.0.99")
    with bench.measured():
        bench.a.ip("link set a0 down")
        time.sleep(0.5)
    reasons = ("QUEUE_PURGE", "NOT_SPECIFIED")
    functions = ("neigh_destroy", "neigh_flush_dev", "skb_queue_purge", "__neigh_ifdown")
    site = Site(count, reasons, functions, "a", "a0", mac_header=False, loss_class="error")
    return Expected(f"{count} packets that wait", {}, [site], may=LINK_MAY, lost=count)


@recipe("the other end of a veth pair takes only smaller packets")
def mtu_mismatch(bench):
    count = traffic.some()
    bench.b.ip("link set b0 mtu 1000")
    with bench.measured():
        traffic.udp(bench.a, count, size=1200)
    functions = ("__dev_forward_skb2", "____dev_forward_skb", "__dev_forward_skb", "veth_xmit")
    return Expected(
        datagrams(count),
        {"b link_receive_dropped b0": count},
        [Site(count, "NOT_SPECIFIED", functions, "a", "a0", loss_class="error")],
        may=("a link_transmit_dropped a0", "a ip_out_discards", "a udp_sndbuf_errors"),
        lost=count,
    )


# A program of one instruction: return TC_ACT_SHOT.
SHOT = "parent 1: bpf da bytecode 1,6\\ 0\\ 0\\ 2"
HTB = f"tc qdisc add dev lo root handle 1: htb && tc filter add dev lo {SHOT}"


@recipe("a filter of a queueing discipline drops", needs=HTB)
def qdisc_filter(bench):
    """The kernel calls it as it calls a full queue: the words of the row say both."""
    count = traffic.some()
    bench.a.run("tc qdisc add dev a0 root handle 1: htb default 1")
    bench.a.run("tc class add dev a0 parent 1: classid 1:1 htb rate 10gbit")
    bench.a.run(["sh", "-c", f"tc filter add dev a0 {SHOT}"])
    bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a, count)
    assert bench.tc_drops(bench.a, "a0")["htb"] == count
    site = Site(count, "QDISC_DROP", QDISC, "a", "a0")
    return Expected(datagrams(count), {"a qdisc_drops a0 htb": count}, [site], lost=count)


# Programs


CLANG = "command -v clang && ip link add name x0 type veth peer name x1"
XDP_DROP = """
#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int drop(struct xdp_md *packet) { return XDP_DROP; }
"""


def xdp(bench, mode, functions, reasons):
    count = traffic.some()
    source, program = (os.path.join(bench.directory, name) for name in ("drop.c", "drop.o"))
    with open(source, "w", encoding="ascii") as file:
        file.write(XDP_DROP)
    include = ["-idirafter", "/usr/include/x86_64-linux-gnu"]
    bench.b.run(["clang", "-target", "bpf", "-O2", *include, "-c", source, "-o", program])
    bench.b.ip(f"link set dev b0 {mode} object {program} section xdp")
    with bench.measured():
        traffic.udp(bench.a, count)
    return Expected(datagrams(count), {}, [Site(count, reasons, functions, loss_class="policy")], lost=count)


@recipe("an XDP program drops", needs=CLANG)
def xdp_native(bench):
    return xdp(bench, "xdpdrv", ("veth_xdp_rcv_skb", "veth_poll"), "NOT_SPECIFIED")


@recipe("an XDP program drops, by the kernel's own way", needs=CLANG)
def xdp_generic(bench):
    functions = ("do_xdp_generic", "netif_receive_generic_xdp", "bpf_prog_run_generic_xdp")
    return xdp(bench, "xdpgeneric", functions, ("NOT_SPECIFIED", "XDP"))


# Bridges

BRIDGE = "ip link add name x0 type bridge"


def bridge(bench, *settings):
    """b0 and e0 are ports of a bridge in b; a sends to an address that the bridge does not know."""
    count = traffic.some()
    bench.b.batch(
        [
            "address flush dev b0",
            "link add br0 type bridge mcast_snooping 0",
            "link set br0 up",
            "link add e0 type veth peer name e1",
            "link set e0 up",
            "link set e1 up",
            "link set b0 master br0",
            "link set e0 master br0",
            *(f"link set dev {setting}" for setting in settings),
        ]
    )
    time.sleep(1)
    with bench.measured():
        foreign = bytes.fromhex("020000007799")
        traffic.frames(bench.a, traffic.frame(traffic.packet(), destination=foreign), count)
    functions = ("br_handle_frame_finish", "br_flood", "br_handle_frame")
    site = Site(count, ("NO_TX_TARGET", "NOT_SPECIFIED"), functions, loss_class="policy")
    return Expected(f"{count} frames to an unknown address", {}, [site], lost=count)


@recipe("a bridge that does not flood", needs=BRIDGE)
def bridge_flood_off(bench):
    return bridge(bench, "e0 type bridge_slave flood off")


@recipe("isolated ports of a bridge", needs=BRIDGE)
def bridge_isolated(bench):
    return bridge(bench, "b0 type bridge_slave isolated on", "e0 type bridge_slave isolated on")


# Routes, and what is no packet for this host


def route(bench, kind, told=True):
    count = traffic.some()
    bench.forward()
    bench.a.ip("route add 10.79.0.0/24 via 10.77.0.2")
    bench.b.ip(f"route add {kind} 10.79.0.0/24")
    with bench.measured():
        traffic.udp(bench.a, count, address="10.79.0.5")
    names = ("b icmp_out_dest_unreachs", "a icmp_in_dest_unreachs") if told else ()
    sites = [Site(count, "NOT_SPECIFIED", ("ip_error",), loss_class="policy")]
    may = ("b icmp_out_rate_limit_host",) if told else ()
    return Expected(datagrams(count), dict.fromkeys(names, answers(bench, 1)), sites, may, lost=count)


@recipe("a blackhole route")
def route_blackhole(bench):
    return route(bench, "blackhole", told=False)


@recipe("a route that prohibits")
def route_prohibit(bench):
    return route(bench, "prohibit")


@recipe("a route that says unreachable")
def route_unreachable(bench):
    return route(bench, "unreachable")


@recipe("a broadcast that no socket asked for")
def broadcast_unwanted(bench):
    count = traffic.some()
    with bench.measured():
        traffic.udp(bench.a, count, address="10.77.0.255", options=BROADCAST)
    # The sender has a copy of its own.
    return Expected(
        f"{count} broadcasts",
        {"a udp_ignored_multi": count, "b udp_ignored_multi": count},
        [
            Site(count, "NOT_SPECIFIED", UDP, "a", "a0", loss_class="benign"),
            Site(count, "NOT_SPECIFIED", UDP, loss_class="benign"),
        ],
    )


@recipe("an IPsec policy refuses what is not encrypted", needs="ip xfrm policy add dir in tmpl proto esp mode transport")
def ipsec_policy(bench):
    count = traffic.some()
    bench.b.ip("xfrm policy add src 10.77.0.1/32 dst 10.77.0.2/32 dir in tmpl proto esp mode transport")
    with bench.measured():
        traffic.udp(bench.a, count)
    # The same function and reason as a broadcast that nobody wants.
    sites = [Site(count, "NOT_SPECIFIED", UDP, loss_class="policy")]
    return Expected(datagrams(count), {"b udp_in_errors": count}, sites, lost=count)


IPV6 = "test -d /proc/sys/net/ipv6"


@recipe("an IPv6 option that nobody knows", needs=IPV6)
def ipv6_option(bench):
    count = traffic.some()
    bench.b.sysctl("net.ipv6.conf.b0.addr_gen_mode", 1)
    bench.b.sysctl("net.ipv6.conf.b0.disable_ipv6", 0)
    time.sleep(1)
    # A hop-by-hop header whose option 0x5e says: drop the packet if you do not know me (RFC 8200, 4.2).
    options = struct.pack("!BBBB4x", 59, 0, 0x5E, 4)
    source, target = (socket.inet_pton(socket.AF_INET6, address) for address in ("fd77::1", "fd77::2"))
    header = struct.pack("!IHBB", 6 << 28, len(options), 0, 64) + source + target
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(header + options, 0x86DD), count)
    functions = ("ip6_tlvopt_unknown", "ip6_parse_tlv", "ipv6_parse_hopopts")
    return Expected(
        f"{count} frames",
        {"b ip_in_hdr_errors 6": count},
        [Site(count, "UNHANDLED_PROTO", functions, loss_class="error")],
        may=("a link_receive_multicast a0",),
        lost=count,
    )


# What is counted though nothing was lost, or lost once


FRAGMENTS = ("skb_release_data", "kfree_skb_list_reason")


def further_fragments(count):
    """Those of a datagram but the first: they have no device any more, and are no loss."""
    return Site(count, "NOT_SPECIFIED", FRAGMENTS, device=None, mac_header=None, loss_class="copy")


@recipe("datagrams in fragments to a socket whose receive buffer is full")
def fragments_receive_buffer(bench):
    count = traffic.some(20, 60)
    size = traffic.some(4000, 9000)
    pieces = -(-(size + 8) // 1480)
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b, buffer=2048))
    with bench.measured():
        traffic.udp(bench.a, count, size)
    lost = count - len(traffic.received(reader))
    assert lost > 0
    # What is taken out of the socket frees its fragments too: Linux 6.1 calls that a drop, but it comes later here.
    return Expected(
        f"{count} datagrams of {pieces} fragments",
        {"b udp_rcvbuf_errors": lost, "b udp_in_errors": lost, "b udp_socket_drops": lost},
        [Site(lost, "SOCKET_RCVBUFF", ("udp_queue_rcv_one_skb",)), further_fragments(lost * (pieces - 1))],
        lost=lost,
    )


@recipe("datagrams in fragments that are read: no loss")
def fragments_read(bench):
    count = traffic.some(20, 60)
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a, count, 8000)
        assert len(traffic.received(reader)) == count
    sites = [further_fragments(count * 5)] if kernel() < (6, 4) else []
    return Expected(f"{count} datagrams of 6 fragments", {"b udp_in_datagrams": count}, sites)


@recipe("segmented datagrams to a socket whose receive buffer is full")
def segments_receive_buffer(bench):
    sends, segments = traffic.some(5, 12), traffic.some(10, 40)
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b, buffer=2048))
    with bench.measured():
        segment = [(socket.SOL_UDP, traffic.UDP_SEGMENT, 1000)]
        traffic.udp(bench.a, sends, 1000 * segments, options=segment)
    lost = sends * segments - len(traffic.received(reader))
    assert lost > 0
    # A socket gets the segments one by one.
    return Expected(
        f"{sends} packets of {segments} segments",
        {"b udp_rcvbuf_errors": lost, "b udp_in_errors": lost, "b udp_socket_drops": lost},
        [Site(lost, "SOCKET_RCVBUFF", ("udp_queue_rcv_one_skb",))],
        lost=lost,
    )


@recipe("segmented datagrams that a rule drops")
def segments_rule(bench):
    sends, segments = traffic.some(5, 12), traffic.some(10, 40)
    nft(bench.b, "type filter hook input priority 0;", f"udp dport {PORT} counter drop")
    with bench.measured():
        segment = [(socket.SOL_UDP, traffic.UDP_SEGMENT, 1000)]
        traffic.udp(bench.a, sends, 1000 * segments, options=segment)
    # The rule meets the packet whole: what is counted are skbs, by the rule and here.
    assert nft_counted(bench.b) == sends
    sites = [Site(sends, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"))]
    return Expected(f"{sends} packets of {segments} segments", {}, sites, lost=sends * segments)


@recipe("ping by a raw socket, all of it answered: no loss")
def ping_raw(bench):
    count = traffic.some()
    ping = bench.keep.enter_context(bench.a.socket(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP))
    ping.setsockopt(socket.SOL_SOCKET, traffic.SO_RCVBUFFORCE, 1 << 22)
    ping.setblocking(False)
    with bench.measured():
        for number in range(count):
            echo = struct.pack("!BBHHH", 8, 0, 0, 77, number)
            echo = echo[:2] + struct.pack("!H", traffic.checksum(echo)) + echo[4:]
            ping.sendto(echo, (traffic.B, 0))
        time.sleep(0.2)
    answers = 0
    while True:
        try:
            answers += ping.recv(2048)[20] == 0
        except BlockingIOError:
            break
    assert answers == count
    # The raw socket has its own copy; the protocol's, for ping sockets, is nobody's.
    sites = [Site(count, "NO_SOCKET", ("ping_rcv", "icmp_rcv"), "a", "a0", loss_class="benign")]
    return Expected(f"{count} echo requests", {}, sites, may=("a icmp_in_echo_reps", "b icmp_out_echo_reps"))


@recipe("a slow packet socket beside a reader that gets everything: no loss")
def packet_socket_slow(bench):
    count = traffic.some()
    with bench.a.entered():
        tap = bench.keep.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    tap.bind(("a0", 3))
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a, count)
        assert len(traffic.received(reader)) == count
    _, missed = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    assert 0 < missed <= count
    reasons = ("PACKET_SOCK_ERROR", "NOT_SPECIFIED")
    sites = [Site(missed, reasons, ("packet_rcv",), "a", "a0", loss_class="copy")]
    return Expected(datagrams(count), {"b udp_in_datagrams": count}, sites)


@recipe("TCP segments out of order whose data one segment brings again: no loss", needs=TUN)
def tcp_repeated(bench):
    count = traffic.some(10, 40)
    peer = bench.keep.enter_context(traffic.TcpPeer(bench.b))
    # Each is one byte of every two, so that the kernel cannot put them together, and the first is not there.
    held = [2 * (number + 1) for number in range(count)]
    data = traffic.chosen.randbytes(held[-1] + 1)
    for offset in held:
        peer.send(data[offset : offset + 1], offset)
    with bench.measured():
        peer.send(data, 0)
        assert peer.read(len(data)) == data
    # Those that wait out of order have no device, but a socket (net/ipv4/tcp_input.c, tcp_ofo_queue()).
    site = Site(count, "TCP_OFO_DROP", ("tcp_data_queue", "tcp_ofo_queue"), device=None, mac_header=None, loss_class="benign")
    return Expected(f"{count} segments out of order", {}, [site], may=TCP_REPEATED_MAY)
