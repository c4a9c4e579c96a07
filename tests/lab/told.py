# SPDX-License-Identifier: GPL-2.0-or-later
"""What people must be told of each recipe, written before the test: by the exporter of which side, in which colour, and
in which words. Times, rates and handles of queues are nobody's to know."""

from dataclasses import dataclass

RED, AMBER, GREEN = "red", "amber", "green"


@dataclass(frozen=True)
class Told:
    where: str
    colour: str
    cause: str
    subject: str  # a regular expression; whose it is may stand before it
    words: str
    direction: str = ""  # where that of another is told beside
    inlined: tuple = ()  # cause and words where the kernel has built the function that drops into its caller
    # Kernels before this one have what is refused in no counter of traffic: where nothing else moves, nobody knows what
    # it is a share of, and it is green.
    uncounted_before: tuple = ()

    @property
    def causes(self):
        return {self.cause: self.words, **({self.inlined[0]: self.inlined[1]} if self.inlined else {})}


def red(cause, words, subject="b0", where="b"):
    return (Told(where, RED, cause, subject, words),)


def amber(cause, words, subject="b0", where="b", **more):
    return (Told(where, AMBER, cause, subject, words, **more),)


def few(*told):
    """Less than ten packets of what was meant, or made wrong, are no news."""
    return tuple(Told(one.where, GREEN, one.cause, one.subject, one.words) for one in told)


NOTHING = ()
PORT = "UDP port 9999"
BUFFER = red("udp_receive_buffer_full", "the receive buffer is full", PORT)
RULE = amber("netfilter_rule", "a firewall rule")
ROUTE = amber("ip_route_refused", "a blackhole, prohibit or unreachable route")
XDP = amber("xdp_program", "an XDP program")
EMPTIED = red("qdisc_emptied", "the queue was emptied: link down, or queue replaced", "a0", "a")
NEIGHBOUR = red("neighbour_unresolved", "a neighbour that does not answer", "a0", "a")
BRIDGE = amber(
    "bridge_no_target",
    "a bridge that has no port to send them by",
    inlined=("bridge_port_not_forwarding", "a bridge port that does not forward"),
)


def queue(kind):
    return red("qdisc_full", "the queue is full", f"a0, queue {kind} \\w+", "a")


TOLD = {
    # Sockets
    "udp-closed-port": red("udp_nobody_listens", "nobody listens on their UDP port"),
    "udp-receive-buffer": BUFFER,
    "udp-closed-unread": NOTHING,
    "tcp-closed-port": red("tcp_nobody_listens", "nobody listens on their TCP port"),
    "tcp-accept-queue": red("tcp_listen_drop", "the accept queue or that of new connections is full", "TCP port 9999"),
    # Firewalls
    "nft-input-drop": RULE,
    "nft-input-reject": RULE,
    # It has no interface: what other namespaces send and rules refuse is in it. OutRequests has it since Linux 6.7.
    "nft-output-drop": amber(
        "netfilter_rule", "a firewall rule", "this host", "a", direction="transmit", uncounted_before=(6, 7)
    ),
    "nft-netdev-ingress": RULE,
    "iptables-udp-drop": RULE,
    "iptables-udp-reject": RULE,
    "iptables-udp-host-unreachable": RULE,
    "tcp-syn-drop": few(*RULE),
    "tcp-syn-reject": few(*RULE),
    "tcp-syn-host-unreachable": few(*RULE),
    "tcp-syn-reset": few(*RULE),
    "tcp-data-drop": few(*RULE),
    "tcp-data-reject": few(*RULE),
    "tcp-data-host-unreachable": few(*RULE),
    "tcp-data-reset": few(*RULE),
    # Connection tracking
    "conntrack-invalid": RULE,
    "conntrack-full": (
        Told("b", RED, "conntrack_drop", "this host.*", "connection tracking is full, has no memory, or meets a clash"),
        *RULE,
    ),
    # Queues of virtual machines and programs
    "macvtap-full": red("tap_queue_full", "the program behind it reads too slowly, its queue is full", "mvt0"),
    "macvtap-full-segmented": red("tap_queue_full", "the program behind it reads too slowly, its queue is full", "mvt0"),
    "tun-full": red("tun_queue_full", "the program behind it reads too slowly, its queue is full", "tn0", "a"),
    # Queueing disciplines
    "tbf-full": queue("tbf"),
    "tbf-pfifo-full": queue("pfifo"),
    "netem-loss": queue("netem"),
    "netem-corrupt": NOTHING,
    "netem-duplicate": NOTHING,
    "netem-reorder": NOTHING,
    "netem-delay": NOTHING,
    "netem-rate": queue("netem"),
    "clsact-drop": amber("tc_ingress_filter", "a tc filter", "b0(, queue clsact \\w+)?"),
    # Addresses and routes
    "neighbour-unresolved": NEIGHBOUR,
    "ttl-expired": red("ttl_exceeded", "the TTL runs out"),
    "forward-no-route": red("ip_no_route", "no route to where they are to go"),
    "forwarding-off": red("ip_forwarding_off", "they are for elsewhere, and forwarding is off"),
    "too-big": red("ip_too_big", "they are larger than the next link takes"),
    "rp-filter": amber("rp_filter", "the reverse path filter (rp_filter)"),
    # Damaged and foreign packets
    "ip-checksum": red("ip_checksum", "wrong checksums of the IP header"),
    "udp-checksum": red("udp_checksum", "wrong UDP checksums"),
    "other-host": NOTHING,
    "ethertype": NOTHING,
    "ip-protocol": red("ip_unknown_protocol", "an IP protocol that nobody speaks"),
    "cpu-backlog": red("cpu_backlog_full", "the input queue of a CPU is full"),
    # Of classes
    "no-carrier": red("link_down", "the link has no carrier, or none yet", "a0", "a"),
    "purged-by-link-down": EMPTIED,
    "purged-by-replacement": EMPTIED,
    "neighbour-gone": NEIGHBOUR,
    "mtu-mismatch": red("veth_peer_down_or_mtu", "the other end is down, or takes only smaller packets", "a0", "a"),
    "qdisc-filter": queue("htb"),
    "xdp-native": XDP,
    "xdp-generic": XDP,
    "bridge-flood-off": BRIDGE,
    "bridge-isolated": BRIDGE,
    "route-blackhole": ROUTE,
    "route-prohibit": ROUTE,
    "route-unreachable": ROUTE,
    "broadcast-unwanted": NOTHING,
    "ipsec-policy": amber("ipsec_policy", "an IPsec policy"),
    "ipv6-option": red("ipv6_extension_header", "wrong or unknown IPv6 extension headers"),
    # What is counted though nothing was lost, or lost once
    "fragments-receive-buffer": BUFFER,
    "fragments-read": NOTHING,
    "segments-receive-buffer": BUFFER,
    "segments-rule": RULE,
    "ping-raw": NOTHING,
    "packet-socket-slow": NOTHING,
    "tcp-repeated": NOTHING,
}

# What recipes lose while they prepare: told, too, or so little that it is not.
PREPARED = {name: {"udp_nobody_listens"} for name in ("purged-by-link-down", "purged-by-replacement")}

# Causes that have no command to look with, and why.
NO_COMMAND = {
    "cpu_backlog_full": "its only one changes a limit of the whole host, which the namespaces of the lab do not show",
    "ipv6_extension_header": "no program shows them, but for a capture of all that comes",
}
# Commands that are not typed in the lab, and why.
NOT_TYPED = {
    r"ip link set dev \S+ txqueuelen \d+": "it changes what the recipe measures: test_incidents.py types it",
    r"sysctl -w net\.netfilter\.nf_conntrack_max=\d+": "it is for the whole host, and read-only in a namespace",
    r"sysctl -w net\.core\.rmem_(default|max)=\d+": "it is for the whole host: tests/vm/test_commands.py types it",
}
