# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of the fault lab: real faults, each with what must move, by how much, and where the kernel drops.

A recipe is a function of a Bench. It prepares, makes the fault inside `with bench.measured()`, and returns what it
expects, much of it from what the kernel itself tells by another way (a rule's counter, what a reader got). Every
counter of loss that moves has to be expected, and every drop in either namespace has to have its site.

Counts are exact unless written as a range. Functions differ between kernels (inlining): any of those named will do.
"""

import functools
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass, field

import traffic
from bench import second_processor
from daemon import eventually
from traffic import COUNT, PORT


def answers(bench, least=6):
    """What the kernel answers to a flood of errors: a burst of six to one address, then one a second; the rest is only
    counted (net/ipv4/inetpeer.c, inet_peer_xrlim_allow())."""
    return range(least, 6 + bench.seconds + 1)


# What a reason means, whoever drops.
CLASSES = {
    "NO_SOCKET": "error",
    "SOCKET_RCVBUFF": "capacity",
    "FULL_RING": "capacity",
    "CPU_BACKLOG": "capacity",
    "QDISC_DROP": "capacity",
    "NEIGH_QUEUEFULL": "error",
    "NEIGH_FAILED": "error",
    "NETFILTER_DROP": "policy",
    "TC_INGRESS": "policy",
    "IP_RPFILTER": "policy",
    "IP_INHDR": "error",
    "IP_INNOROUTES": "error",
    "IP_INADDRERRORS": "error",
    "PKT_TOO_BIG": "error",
    "IP_CSUM": "error",
    "UDP_CSUM": "error",
    "IP_NOPROTO": "error",
    "OTHERHOST": "benign",
    "UNHANDLED_PROTO": "benign",
}


@dataclass(frozen=True)
class Site:
    """Drops in a function, by one of `functions`, seen from the namespace `where`. device None: the packet has
    none any more, or not yet, so that the kernel cannot say which namespace either."""

    count: int | range
    reason: str | tuple  # one of these
    functions: tuple
    where: str = "b"
    device: str | None = "b0"
    # Without one, packet mode of drop_monitor leaves the packet out. None: it may have one or not.
    mac_header: bool | None = True
    loss_class: str = ""  # "": that of the reason
    at_once: bool = False  # one softirq drops them all; `count` is a range

    @property
    def reasons(self):
        return (self.reason,) if isinstance(self.reason, str) else self.reason

    @property
    def classes(self):
        return {self.loss_class or CLASSES[reason] for reason in self.reasons}


@dataclass
class Expected:
    sent: str
    # "b udp_no_ports", "b link_receive_dropped b0", "a qdisc_drops a0 tbf", or a sum of such, "b one + b other"
    # -> count or range
    moves: dict = field(default_factory=dict)
    sites: list = field(default_factory=list)
    may: tuple = ()  # counters that move or not, as time has it
    lost: int | range = 0  # what was sent and did not arrive, or waits nowhere, in the unit of truth.py
    total: int | range | None = None  # of the drops on a0 and b0 at all sites; with no sites named, at whichever


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    run: object  # function of a Bench that returns what it expects
    needs: str  # a command that works where the recipe is possible

    def possible(self):
        return works(self.needs)


# What TCP counts beside, as its timers and locks have it.
TCP_MAY = ("a tcpext_tcp_timeout_rehash", "a tcpext_tcp_lost_retransmit", "a tcpext_lock_dropped_icmps")

RECIPES = {}


@functools.cache
def works(command):
    """Whether the kernel does what a command wants, in a network namespace of its own."""
    return subprocess.run(["unshare", "--net", "sh", "-c", command], capture_output=True, check=False).returncode == 0


def recipe(title, needs="true"):
    def register(function):
        name = function.__name__.replace("_", "-")
        RECIPES[name] = Recipe(name, title, function, needs)
        return function

    return register


def datagrams(count=COUNT, more=""):
    return f"{count} UDP datagrams{more}"


def unreachable(bench, count=COUNT):
    """ICMP errors from b to a, as many of `count` as the rate limit lets through."""
    return {
        "b icmp_out_dest_unreachs + b icmp_out_rate_limit_host": count,
        "a icmp_in_dest_unreachs": answers(bench),
    }


# Sockets


@recipe("UDP to a port that nobody listens on")
def udp_closed_port(bench):
    with bench.measured():
        traffic.udp(bench.a)
    sites = [Site(COUNT, "NO_SOCKET", ("__udp4_lib_rcv",))]
    return Expected(datagrams(), {"b udp_no_ports": COUNT, **unreachable(bench)}, sites, lost=COUNT)


@recipe("UDP to a socket whose receive buffer is full")
def udp_receive_buffer(bench):
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b, buffer=2048))
    with bench.measured():
        traffic.udp(bench.a)
    lost = COUNT - len(traffic.received(reader))
    return Expected(
        datagrams(),
        {"b udp_rcvbuf_errors": lost, "b udp_in_errors": lost, "b udp_socket_drops": lost},
        # __udp_enqueue_schedule_skb() decides, and is not the one to free.
        [Site(lost, "SOCKET_RCVBUFF", ("udp_queue_rcv_one_skb",))],
        lost=lost,
    )


@recipe("UDP socket closed with datagrams unread")
def udp_closed_unread(bench):
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    traffic.udp(bench.a, 100)
    with bench.measured():
        reader.close()
    # Datagrams that wait in a socket have forgotten their device (net/ipv4/udp.c, dev_scratch).
    return Expected(datagrams(100), {}, [Site(100, "NOT_SPECIFIED", ("udp_destruct_common",), device=None, loss_class="benign")])


@recipe("TCP to a port that nobody listens on")
def tcp_closed_port(bench):
    with bench.measured():
        for _ in range(100):
            client, error = traffic.connect(bench.a)
            client.close()
            assert error == "Connection refused", error
    return Expected(
        "100 connection attempts",
        {"b tcp_out_rsts": 100, "a tcp_attempt_fails": 100},
        [Site(100, "NO_SOCKET", ("tcp_v4_rcv",))],
        lost=100,
    )


@recipe("TCP to a listener that never accepts")
def tcp_accept_queue(bench):
    listener = bench.keep.enter_context(bench.b.socket())
    listener.bind((traffic.B, PORT))
    listener.listen(1)
    clients = [bench.keep.enter_context(bench.a.socket()) for _ in range(20)]
    with bench.measured():
        for client in clients:
            client.setblocking(False)
            client.connect_ex((traffic.B, PORT))
        time.sleep(1.5)
        for client in clients:
            if not traffic.connected(client):
                client.close()  # or it would go on to try again while the numbers are read
    # Two fit into a queue of one. The other 18 are refused once at first, and again as often as they try again: after a
    # second, and after twice as long each time; the two may be, too, where the answer is late.
    refused = range(18, 20 * (3 + bench.seconds.bit_length()))
    return Expected(
        "20 connection attempts",
        {"b tcpext_listen_overflows": refused, "b tcpext_listen_drops": refused, "b listen_queue_length": 2},
        may=("a tcp_retrans_segs", "a tcpext_tcp_timeouts", "a tcpext_tcp_syn_retrans", *TCP_MAY),
        # The SYN is thrown away in tcp_conn_request() by consume_skb(): no drop site tells of it.
        sites=[],
    )


# Firewalls


def nft(namespace, chain, rule):
    namespace.run(["nft", f"add table ip t; add chain ip t c {{ {chain} }}; add rule ip t c {rule}"])


def nft_counted(namespace):
    return int(re.search(r"counter packets (\d+)", namespace.run("nft list ruleset"))[1])


@recipe("nftables drops on input")
def nft_input_drop(bench):
    nft(bench.b, "type filter hook input priority 0;", f"udp dport {PORT} counter drop")
    with bench.measured():
        traffic.udp(bench.a)
    dropped = nft_counted(bench.b)
    return Expected(datagrams(), {}, [Site(dropped, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"))], lost=COUNT)


@recipe("nftables rejects on input")
def nft_input_reject(bench):
    nft(bench.b, "type filter hook input priority 0;", f"udp dport {PORT} counter reject")
    with bench.measured():
        traffic.udp(bench.a)
    dropped = nft_counted(bench.b)
    sites = [Site(dropped, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"))]
    return Expected(datagrams(), unreachable(bench, dropped), sites, lost=COUNT)


@recipe("nftables drops on output")
def nft_output_drop(bench):
    nft(bench.a, "type filter hook output priority 0;", f"udp dport {PORT} counter drop")
    with bench.measured():
        traffic.udp(bench.a)
    dropped = nft_counted(bench.a)
    site = Site(dropped, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"), "a", None, mac_header=False)
    return Expected(datagrams(), {"a ip_out_discards": dropped}, [site], lost=COUNT)


@recipe("nftables drops at netdev ingress")
def nft_netdev_ingress(bench):
    chain = "{ type filter hook ingress device b0 priority 0; }"
    rule = f"udp dport {PORT} counter drop"
    bench.b.run(["nft", f"add table netdev t; add chain netdev t c {chain}; add rule netdev t c {rule}"])
    with bench.measured():
        traffic.udp(bench.a)
    dropped = nft_counted(bench.b)
    return Expected(datagrams(), {}, [Site(dropped, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"))], lost=COUNT)


def iptables(bench, arguments):
    bench.b.run(f"iptables-legacy -A INPUT {arguments}")


def iptables_counted(bench):
    """What the one rule counted."""
    return int(bench.b.run("iptables-legacy -nvxL INPUT").splitlines()[2].split()[0])


def iptables_site(count):
    return Site(count, "NETFILTER_DROP", ("nf_hook_slow",))


@recipe("iptables drops UDP")
def iptables_udp_drop(bench):
    iptables(bench, f"-p udp --dport {PORT} -j DROP")
    with bench.measured():
        traffic.udp(bench.a)
    return Expected(datagrams(), {}, [iptables_site(iptables_counted(bench))], lost=COUNT)


def iptables_udp_rejected(bench, answer):
    iptables(bench, f"-p udp --dport {PORT} -j REJECT --reject-with {answer}")
    with bench.measured():
        traffic.udp(bench.a)
    dropped = iptables_counted(bench)
    return Expected(datagrams(), unreachable(bench, dropped), [iptables_site(dropped)], lost=COUNT)


@recipe("iptables rejects UDP")
def iptables_udp_reject(bench):
    return iptables_udp_rejected(bench, "icmp-port-unreachable")


@recipe("iptables rejects UDP: host unreachable")
def iptables_udp_host_unreachable(bench):
    return iptables_udp_rejected(bench, "icmp-host-unreachable")


@recipe("iptables drops the SYN: a connection attempt times out")
def tcp_syn_drop(bench):
    iptables(bench, f"-p tcp --dport {PORT} -j DROP")
    with bench.measured():
        client, error = traffic.connect(bench.a, 2.5)
        assert error == "TimeoutError", error
        traffic.abandon(client)
    dropped = iptables_counted(bench)
    retried = dropped - 1
    counters = ("tcp_retrans_segs", "tcpext_tcp_timeouts", "tcpext_tcp_syn_retrans")
    moves = {f"a {name}": retried for name in counters}
    return Expected(f"1 SYN, and {retried} more", moves, [iptables_site(dropped)], TCP_MAY, lost=dropped)


def tcp_refused(bench, answer, message):
    iptables(bench, f"-p tcp --dport {PORT} -j REJECT --reject-with {answer}")
    with bench.measured():
        client, error = traffic.connect(bench.a)
        client.close()
        assert error == message, error
    return Expected("1 SYN", {}, [iptables_site(iptables_counted(bench))], TCP_MAY, lost=1)


@recipe("iptables rejects the SYN: port unreachable")
def tcp_syn_reject(bench):
    expected = tcp_refused(bench, "icmp-port-unreachable", "Connection refused")
    expected.moves = {"b icmp_out_dest_unreachs": 1, "a icmp_in_dest_unreachs": 1}
    return expected


@recipe("iptables rejects the SYN: host unreachable")
def tcp_syn_host_unreachable(bench):
    expected = tcp_refused(bench, "icmp-host-unreachable", "No route to host")
    expected.moves = {"b icmp_out_dest_unreachs": 1, "a icmp_in_dest_unreachs": 1}
    return expected


@recipe("iptables rejects the SYN: reset")
def tcp_syn_reset(bench):
    # The reset is made by the rule, not by TCP: TcpOutRsts does not count it.
    expected = tcp_refused(bench, "tcp-reset", "Connection refused")
    expected.moves = {"a tcp_attempt_fails": 1}
    return expected


def tcp_data_refused(bench, target):
    """A connection is made, then its data is refused for two seconds: (packets that the rule met, Expected)."""
    listener = bench.keep.enter_context(bench.b.socket())
    listener.bind((traffic.B, PORT))
    listener.listen()
    client, error = traffic.connect(bench.a)
    assert not error, error
    bench.keep.enter_context(listener.accept()[0])
    iptables(bench, f"-p tcp --dport {PORT} --tcp-flags PSH PSH -j {target}")
    with bench.measured():
        client.send(bytes(100))
        time.sleep(2)
        traffic.abandon(client)
    dropped = iptables_counted(bench)
    return dropped, Expected(f"1 segment, and {dropped - 1} more", {}, [iptables_site(dropped)], TCP_MAY, lost=dropped)


def retransmitted(dropped):
    """What a sender counts that gets no answer: a tail loss probe, then a timeout for each retransmission."""
    return {
        "a tcp_retrans_segs": dropped - 1,
        "a tcpext_tcp_timeouts": dropped - 2,
        "a tcp_estab_resets": 1,  # the end by abandon()
    }


@recipe("iptables drops the data of a connection: a request times out")
def tcp_data_drop(bench):
    dropped, expected = tcp_data_refused(bench, "DROP")
    expected.moves = retransmitted(dropped)
    return expected


def tcp_data_rejected(bench, answer):
    dropped, expected = tcp_data_refused(bench, f"REJECT --reject-with {answer}")
    expected.moves = retransmitted(dropped) | {
        "b icmp_out_dest_unreachs + b icmp_out_rate_limit_host": dropped,
        "a icmp_in_dest_unreachs": range(1, dropped + 1),
    }
    return expected


@recipe("iptables rejects the data of a connection: port unreachable")
def tcp_data_reject(bench):
    return tcp_data_rejected(bench, "icmp-port-unreachable")


@recipe("iptables rejects the data of a connection: host unreachable")
def tcp_data_host_unreachable(bench):
    return tcp_data_rejected(bench, "icmp-host-unreachable")


@recipe("iptables rejects the data of a connection: reset")
def tcp_data_reset(bench):
    dropped, expected = tcp_data_refused(bench, "REJECT --reject-with tcp-reset")
    assert dropped == 1, dropped
    expected.moves = {"a tcp_estab_resets": 1}
    return expected


# Connection tracking


@recipe("packets that belong to no connection", needs="nft add table t && nft add chain t c && nft add rule t c ct state new")
def conntrack_invalid(bench):
    bench.track("ct state invalid counter drop")
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(traffic.packet(udp_error=1)))
    dropped = nft_counted(bench.b)
    assert dropped == bench.conntrack("invalid") == COUNT, dropped
    # To track is not to lose: the rule drops.
    return Expected(
        f"{COUNT} frames with a wrong UDP checksum",
        {"b conntrack_invalid": COUNT},
        [Site(COUNT, "NETFILTER_DROP", ("nft_do_chain", "nf_hook_slow"))],
        lost=COUNT,
    )


# What is for the whole host, a test must not change but where the host is its own (tests/vm/guest says so).
OWN_MACHINE = 'test "$NETDROP_VM"'


@recipe("a full table of connections", needs=OWN_MACHINE)
def conntrack_full(bench):
    bench.track("ct state new accept")
    bench.b.sysctl("net.netfilter.nf_conntrack_udp_timeout", 3600)  # half a minute is over too soon on a slow machine
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    limit = "/proc/sys/net/netfilter/nf_conntrack_max"
    with open(limit, encoding="ascii") as file:
        usual = file.read()
    with bench.measured():
        try:
            write(limit, "100")
            traffic.udp_flows(bench.a)
        finally:
            write(limit, usual)
    lost = COUNT - len(traffic.received(reader))
    forgotten = bench.conntrack("early_drop")
    # Each datagram was lost, or is a connection still, or one that made room for another. Those that gc_worker() of
    # net/netfilter/nf_conntrack_core.c takes from a table that is nearly full are counted nowhere.
    assert lost + forgotten + int(bench.b.run("conntrack -C")) <= COUNT
    assert lost == bench.conntrack("drop") > 0
    return Expected(
        f"{COUNT} UDP datagrams, each of a connection of its own, into a table of 100",
        {"b conntrack_drop": lost, "b conntrack_early_drop": forgotten},
        [Site(lost, "NETFILTER_DROP", ("nf_hook_slow",))],
        lost=lost,
    )


# Queues of virtual machines and programs


MACVTAP = "ip link add name x0 type veth && ip link add link x0 name x1 type macvtap"


def macvtap(bench):
    """A macvtap device in b whose queue of 500 nobody reads, at 10.77.0.3."""
    bench.b.batch(["link add link b0 name mvt0 type macvtap mode bridge", "link set mvt0 up"])
    link = bench.b.links()["mvt0"]
    bench.a.ip(f"neighbour add 10.77.0.3 lladdr {link['address']} nud permanent dev a0")
    number = bench.b.run(["sh", "-c", "cat /sys/class/net/mvt0/macvtap/tap*/dev"], sysfs=True).split(":")
    path = os.path.join(bench.directory, "tap")
    os.mknod(path, 0o600 | 0o020000, os.makedev(*map(int, number)))
    # It is looked up in the namespace of who opens (drivers/net/tap.c, tap_open()).
    with bench.b.entered():
        bench.keep.callback(os.close, os.open(path, os.O_RDWR))


@recipe("macvtap: a virtual machine that does not read", needs=MACVTAP)
def macvtap_full(bench):
    macvtap(bench)
    with bench.measured():
        traffic.udp(bench.a, address="10.77.0.3")
    return Expected(
        datagrams(),
        {"b link_receive_dropped mvt0": 500, "b link_receive_errors mvt0": 500},
        [Site(500, "FULL_RING", ("tap_handle_frame",), device="mvt0")],
        lost=COUNT - 500,
    )


@recipe("macvtap: the same, with segmented packets", needs=MACVTAP)
def macvtap_full_segmented(bench):
    macvtap(bench)
    traffic.udp(bench.a, 500, address="10.77.0.3")
    with bench.measured():
        segment = [(socket.SOL_UDP, traffic.UDP_SEGMENT, 1000)]
        traffic.udp(bench.a, 10, 20000, "10.77.0.3", segment)
    # tap_handle_frame() cuts them up, and counts nothing when the queue takes none of the pieces.
    site = Site(200, "FULL_RING", ("tap_handle_frame", "kfree_skb_list_reason"), device="mvt0")
    return Expected("10 packets of 20 segments", {}, [site], lost=200)


@recipe("tun: a program that does not read", needs="ip tuntap add tn0 mode tun")
def tun_full(bench):
    bench.keep.callback(os.close, bench.a.tun("tn0"))
    bench.a.batch(
        [
            "link set tn0 txqueuelen 10 up",
            "route add 10.79.0.0/24 dev tn0",
        ]
    )
    bench.a.run("tc qdisc replace dev tn0 root pfifo limit 1000")
    with bench.measured():
        traffic.udp(bench.a, address="10.79.0.5")
    return Expected(
        datagrams(),
        {"a link_transmit_dropped tn0": COUNT - 10},
        [Site(COUNT - 10, "FULL_RING", ("tun_net_xmit",), "a", "tn0")],
        lost=COUNT - 10,
    )


# Queueing disciplines

QDISC = ("__dev_queue_xmit", "__dev_xmit_skb", "kfree_skb_list_reason")


def overflow(bench, *commands, root):
    """Sends into queueing disciplines that cannot take it all: what they dropped is what must be counted."""
    for command in commands:
        bench.a.run(f"tc qdisc add dev a0 {command}")
    bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a)
    drops = bench.tc_drops(bench.a, "a0")
    assert 0 < drops[root] < COUNT, drops
    return drops, Expected(
        datagrams(),
        {
            "a ip_out_discards": drops[root],
            "a udp_sndbuf_errors": drops[root],
            **{f"a qdisc_drops a0 {kind}": count for kind, count in drops.items()},
        },
        [Site(drops[root], "QDISC_DROP", QDISC, "a", "a0")],
        lost=drops[root],
    )


@recipe("TBF: more is sent than the rate and its queue take")
def tbf_full(bench):
    return overflow(bench, "root tbf rate 64kbit burst 2000 limit 5000", root="tbf")[1]


@recipe("a short pfifo below TBF")
def tbf_pfifo_full(bench):
    shaper = "root handle 1: tbf rate 64kbit burst 2000 limit 1000000"
    drops, expected = overflow(bench, shaper, "parent 1:1 handle 2: pfifo limit 10", root="tbf")
    # Both count the same packets: to add them up would double the loss.
    assert drops["pfifo"] == drops["tbf"], drops
    return expected


NETEM = "ip link add name x0 type veth && tc qdisc add dev x0 root netem"


def netem(namespace, device, what):
    namespace.run(f"tc qdisc add dev {device} root netem {what}")


@recipe("netem loses half", needs=NETEM)
def netem_loss(bench):
    netem(bench.a, "a0", "loss 50%")
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a)
    lost = COUNT - len(traffic.received(reader))
    assert lost in range(400, 600) and bench.tc_drops(bench.a, "a0")["netem"] == lost
    site = Site(lost, "QDISC_DROP", QDISC, "a", "a0")
    return Expected(datagrams(), {"a qdisc_drops a0 netem": lost}, [site], lost=lost)


@recipe("netem corrupts one bit of every packet", needs=NETEM)
def netem_corrupt(bench):
    netem(bench.a, "a0", "corrupt 100%")
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a)
    got = len(traffic.received(reader))
    # The bit may be anywhere: in the MAC address, the type, the IP header or (most often) the datagram.
    return Expected(
        datagrams(),
        {"b udp_in_csum_errors": range(500, 900), "b udp_in_errors": range(500, 900)},
        total=COUNT - got,
        may=(
            "b udp_socket_drops",  # where the checksum is looked at as late as by the reader
            "b ipext_in_csum_errors",
            "b ip_in_hdr_errors",
            "b ipext_in_truncated_pkts",
            "b link_receive_dropped b0",
            "b link_receive_otherhost_dropped b0",
            "b link_receive_errors b0",
            "b link_receive_multicast b0",
        ),
    )


@recipe("netem sends everything twice: no loss", needs=NETEM)
def netem_duplicate(bench):
    netem(bench.a, "a0", "duplicate 100%")
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a)
        assert len(traffic.all_received(reader, 2 * COUNT)) == 2 * COUNT
    return Expected(datagrams(more=", twice"), {"b udp_in_datagrams": 2 * COUNT})


@recipe("netem changes the order: no loss", needs=NETEM)
def netem_reorder(bench):
    netem(bench.a, "a0", "delay 100ms reorder 50% limit 2000")
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b))
    with bench.measured():
        traffic.udp(bench.a)
        numbers = traffic.all_received(reader, COUNT)
    assert numbers != sorted(numbers) and sorted(numbers) == list(range(COUNT))
    return Expected(datagrams(more=" out of order"), {"b udp_in_datagrams": COUNT})


@recipe("netem delays by more than TCP's patience: retransmissions without loss", needs=NETEM)
def netem_delay(bench):
    # At b, late answers: what still waits in the own host's queue is not sent again (tcp_output.c,
    # skb_still_in_host_queue()).
    netem(bench.b, "b0", "delay 1500ms")
    listener = bench.keep.enter_context(bench.b.socket())
    listener.bind((traffic.B, PORT))
    listener.listen()
    with bench.measured():
        client, error = traffic.connect(bench.a)
        bench.keep.enter_context(client)
        assert not error, error
        time.sleep(2)
    return Expected(
        "1 SYN, answered late",
        {
            "a tcp_retrans_segs": range(1, 4),
            "a tcpext_tcp_timeouts": range(1, 4),
            "a tcpext_tcp_syn_retrans": range(1, 4),
            "b listen_queue_length": 1,
        },
        may=("b tcp_retrans_segs", "b tcpext_tcp_timeouts", "b tcpext_tcp_syn_retrans", "a tcp_in_errs", *TCP_MAY),
    )


@recipe("netem's rate is too low for what is sent", needs=NETEM)
def netem_rate(bench):
    return overflow(bench, "root netem rate 64kbit limit 100", root="netem")[1]


CLSACT = (
    "ip link add name x0 type veth && tc qdisc add dev x0 clsact &&"
    " tc filter add dev x0 ingress protocol ip u32 match u32 0 0 action drop"
)


@recipe("a tc filter drops on arrival", needs=CLSACT)
def clsact_drop(bench):
    bench.b.run("tc qdisc add dev b0 clsact")
    bench.b.run("tc filter add dev b0 ingress protocol ip u32 match u32 0 0 action drop")
    with bench.measured():
        traffic.udp(bench.a)
    dropped = bench.tc_drops(bench.b, "b0")["clsact"]
    assert dropped == COUNT, dropped
    site = Site(COUNT, "TC_INGRESS", ("__netif_receive_skb_core", "sch_handle_ingress"))
    return Expected(datagrams(), {"b qdisc_drops b0 clsact": COUNT}, [site], lost=COUNT)


# Addresses and routes


@recipe("a neighbour that does not answer")
def neighbour_unresolved(bench):
    # Three requests, so far apart that the last is not yet given up while a slow machine still sends.
    bench.a.sysctl("net.ipv4.neigh.a0.retrans_time_ms", 2000)
    with bench.measured():
        traffic.udp(bench.a, address="10.77.0.99")
        eventually(lambda: "FAILED" in bench.a.ip("neighbour show 10.77.0.99 dev a0"), "it to be given up", 60, 0.5)
        time.sleep(1)  # what waited for it is thrown away after that
    # The queue holds 221, 256 or 277 packets of this size (unres_qlen_bytes; the size of an skb differs): those fail
    # when the last request goes unanswered, and the sender is told by ICMP, as far as the limit lets: 50 at a time,
    # and one more each ms.
    failed = range(215, 280)
    told = range(6, failed[-1])
    return Expected(
        datagrams(),
        {
            "a icmp_out_dest_unreachs + a icmp_out_rate_limit_global": failed,
            "a icmp_in_dest_unreachs": told,
            "a icmp_in_errors": told,  # the sender is gone
        },
        [
            Site(range(720, 786), "NEIGH_QUEUEFULL", ("__neigh_event_send",), "a", "a0", mac_header=False),
            Site(failed, "NEIGH_FAILED", ("neigh_invalidate", "arp_error_report"), "a", "a0", mac_header=False, at_once=True),
        ],
        total=COUNT,
        lost=COUNT,
    )


@recipe("TTL runs out in a forwarder")
def ttl_expired(bench):
    bench.forward()
    with bench.measured():
        traffic.udp(bench.a, address="10.78.0.5", options=[(socket.SOL_IP, socket.IP_TTL, 1)])
    return Expected(
        datagrams(),
        {
            "b ip_in_hdr_errors": COUNT,
            "b icmp_out_time_excds + b icmp_out_rate_limit_host": COUNT,
            "a icmp_in_time_excds": answers(bench),
        },
        [Site(COUNT, "IP_INHDR", ("ip_forward",))],
        lost=COUNT,
    )


@recipe("a forwarder without a route")
def forward_no_route(bench):
    bench.forward()
    bench.a.ip("route add 10.79.0.0/24 via 10.77.0.2")
    with bench.measured():
        traffic.udp(bench.a, address="10.79.0.5")
    told = answers(bench, 1)
    return Expected(
        datagrams(),
        {"b ipext_in_no_routes": COUNT, "b icmp_out_dest_unreachs": told, "a icmp_in_dest_unreachs": told},
        [Site(COUNT, "IP_INNOROUTES", ("ip_error",))],
        may=("b icmp_out_rate_limit_host",),
        lost=COUNT,
    )


@recipe("a host that does not forward")
def forwarding_off(bench):
    bench.forward()
    bench.b.sysctl("net.ipv4.ip_forward", 0)
    with bench.measured():
        traffic.udp(bench.a, address="10.78.0.5")
    return Expected(datagrams(), {"b ip_in_addr_errors": COUNT}, [Site(COUNT, "IP_INADDRERRORS", ("ip_error",))], lost=COUNT)


@recipe("a packet that must not be cut is larger than the next link")
def too_big(bench):
    bench.forward()
    bench.b.ip("link set c0 mtu 1000")
    with bench.measured():
        probe = (socket.SOL_IP, traffic.IP_MTU_DISCOVER, traffic.IP_PMTUDISC_PROBE)
        traffic.udp(bench.a, size=1200, address="10.78.0.5", options=[probe])
    return Expected(
        datagrams(),
        # "Fragmentation needed" is never rate-limited (net/ipv4/icmp.c, icmpv4_mask_allow()).
        {"b ip_frag_fails": COUNT, "b icmp_out_dest_unreachs": COUNT, "a icmp_in_dest_unreachs": COUNT},
        [Site(COUNT, "PKT_TOO_BIG", ("ip_forward",))],
        lost=COUNT,
    )


@recipe("a source that is not reached through this interface")
def rp_filter(bench):
    bench.b.sysctl("net.ipv4.conf.all.rp_filter", 1)
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(traffic.packet(source="192.0.2.1")))
    return Expected(
        f"{COUNT} frames",
        {"b tcpext_ip_reverse_path_filter": COUNT},
        [Site(COUNT, "IP_RPFILTER", ("ip_rcv_finish_core",))],
        lost=COUNT,
    )


# Damaged and foreign packets


@recipe("a wrong checksum of the IP header")
def ip_checksum(bench):
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(traffic.packet(ip_error=1)))
    return Expected(
        f"{COUNT} frames",
        {"b ipext_in_csum_errors": COUNT, "b ip_in_hdr_errors": COUNT},
        [Site(COUNT, "IP_CSUM", ("ip_rcv_core",))],
        lost=COUNT,
    )


@recipe("a wrong UDP checksum")
def udp_checksum(bench):
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(traffic.packet(udp_error=1)))
    return Expected(
        f"{COUNT} frames",
        {"b udp_in_csum_errors": COUNT, "b udp_in_errors": COUNT},
        [Site(COUNT, "UDP_CSUM", ("__udp4_lib_rcv",))],
        lost=COUNT,
    )


@recipe("frames for another host, on a promiscuous interface")
def other_host(bench):
    bench.b.ip("link set b0 promisc on")
    with bench.measured():
        foreign = bytes.fromhex("020000007799")
        traffic.frames(bench.a, traffic.frame(traffic.packet(), destination=foreign))
    return Expected(
        f"{COUNT} frames",
        {"b link_receive_otherhost_dropped b0": COUNT},
        [Site(COUNT, "OTHERHOST", ("ip_rcv_core",))],
    )


@recipe("an ethertype that nobody asked for")
def ethertype(bench):
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(bytes(64), ethertype=0x88B5))
    return Expected(
        f"{COUNT} frames",
        {"b link_receive_dropped b0": COUNT},
        [Site(COUNT, "UNHANDLED_PROTO", ("__netif_receive_skb_core",))],
    )


@recipe("an IP protocol that nobody speaks")
def ip_protocol(bench):
    with bench.measured():
        traffic.frames(bench.a, traffic.frame(traffic.packet(protocol=253)))
    return Expected(
        f"{COUNT} frames",
        {"b ip_in_unknown_protos": COUNT, **unreachable(bench)},
        [Site(COUNT, "IP_NOPROTO", ("ip_local_deliver_finish", "ip_protocol_deliver_rcu"))],
        lost=COUNT,
    )


# The input queue of a CPU


@recipe("a CPU whose input queue is full", needs=OWN_MACHINE)
def cpu_backlog(bench):
    bench.keep.enter_context(second_processor())
    reader = bench.keep.enter_context(traffic.udp_reader(bench.b, buffer=1 << 26))
    bench.b.run(["sh", "-c", "echo 2 >/sys/class/net/b0/queues/rx-0/rps_cpus"], sysfs=True)
    limit = "/proc/sys/net/core/netdev_max_backlog"
    with open(limit, encoding="ascii") as file:
        usual = file.read()
    processors = os.sched_getaffinity(0)
    with bench.measured():
        try:
            write(limit, "1")
            os.sched_setaffinity(0, {0})
            traffic.udp(bench.a, 20 * COUNT)
        finally:
            write(limit, usual)
            os.sched_setaffinity(0, processors)
    lost = bench.b.links()["b0"]["stats64"]["rx"]["dropped"]
    assert lost > 0
    return Expected(
        datagrams(20 * COUNT),
        # One loss, three places: never to be added up. The last is one for all namespaces.
        {
            "b link_receive_dropped b0": lost,
            "a link_transmit_dropped a0": lost,
            "a softnet_dropped": lost,
            "b softnet_dropped": lost,
        },
        [Site(lost, "CPU_BACKLOG", ("enqueue_to_backlog",))],
        # Newer kernels tell the sender (drivers/net/veth.c, veth_xmit()).
        may=("a ip_out_discards", "a udp_sndbuf_errors"),
        lost=20 * COUNT - len(traffic.received(reader)),
    )


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


import recipes_of_classes  # noqa: E402 F401 # pylint: disable=wrong-import-position,unused-import # they register
