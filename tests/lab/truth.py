# SPDX-License-Identifier: GPL-2.0-or-later
"""The ledger's page, written before the test: for each recipe of the fault lab what equals what, in which unit, and which
rows the ledger must have, or why nothing can be equal. Run, it prints docs/fault-lab.md's table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row of the ledger of an exporter in the namespace `where`. device "": none of that namespace's own, which is where
    what other namespaces lose is, too."""

    where: str
    way: str  # stage and direction
    device: str
    cause: str
    loss_class: str
    count: str = "lost"  # as Expected.lost; or a counter that moved by as much, as recipes write it
    inlined: str = ""  # the cause where the kernel has built the function that drops into its caller

    @property
    def family(self):
        return f"netdrop_{'refused' if self.loss_class == 'policy' else 'lost'}_packets_total"

    @property
    def causes(self):
        return (self.cause, self.inlined) if self.inlined else (self.cause,)

    def labels(self, cause, device):
        stage, direction = self.way.split() if " " in self.way else (self.way, "")
        labels = {"stage": stage, "direction": direction, "device": device, "cause": cause}
        return labels if self.loss_class == "policy" else {**labels, "class": self.loss_class}

    def keys(self, device):
        """The rows that it may be, as compare.ledger() has them."""
        return [(self.family, frozenset(self.labels(cause, device).items())) for cause in self.causes]

    @property
    def is_counters(self):
        """Counters, which are of one namespace, make it, not drop sites."""
        return self.cause in ("tcp_listen_drop", "conntrack_drop")


@dataclass(frozen=True)
class Truth:
    unit: str  # of what was sent and of the ledger's rows
    equal: str  # what equals the sum of the rows; "": nothing does
    rows: tuple = ()
    why_not: str = ""  # nothing is equal, or less than was sent: why
    any_rows: bool = False  # which rows nobody can know
    segments: bool = False  # TCP's own counters say how many segments of both sides did not arrive


def lost(way, device, cause, loss_class, unit="datagrams", equal="sent - received", where="b", **more):
    return Truth(unit, equal, (Row(where, way, device, cause, loss_class),), **more)


def refused(way, device, cause, unit="datagrams", where="b", **more):
    return lost(way, device, cause, "policy", unit, where=where, **more)


def nothing(unit, equal="", why_not=""):
    return Truth(unit, equal, why_not=why_not)


RULE = refused("network receive", "b0", "netfilter_rule")
FRAMES_RULE = refused("network receive", "b0", "netfilter_rule", "frames")
SEGMENTS_RULE = refused("network receive", "b0", "netfilter_rule", "segments", segments=True)
ANSWERED = refused(
    "network receive",
    "b0",
    "netfilter_rule",
    "segments",
    why_not="TCP's own counters have no part in it: the rule makes the reset, and TCP receives it",
)
QUEUE = lost(
    "egress transmit", "a0", "qdisc_full", "capacity", equal="sent - received - what waits in the queue", where="a"
)
EMPTIED = lost("egress transmit", "a0", "qdisc_emptied", "error", "packets", "those that waited", where="a")
XDP = refused("driver receive", "b0", "xdp_program")
BRIDGE = Truth(
    "frames",
    "sent - received",
    (Row("b", "ingress receive", "b0", "bridge_no_target", "policy", inlined="bridge_port_not_forwarding"),),
)
ROUTE = refused("network receive", "b0", "ip_route_refused")
BENIGN = "nobody waits for them: benign is neither lost nor refused"
ARRIVED = "sent = received"

TRUTHS = {
    # Sockets
    "udp-closed-port": lost("transport receive", "b0", "udp_nobody_listens", "error"),
    "udp-receive-buffer": lost("transport receive", "b0", "udp_receive_buffer_full", "capacity"),
    "udp-closed-unread": nothing("datagrams", why_not="the socket had them; who closed it did not want them: benign"),
    "tcp-closed-port": lost(
        "transport receive",
        "b0",
        "tcp_nobody_listens",
        "error",
        "segments",
        "SYNs sent",
        why_not="TCP's own counters have no part in it: they call a SYN received that nobody listens for",
    ),
    "tcp-accept-queue": Truth(
        "segments",
        "TcpExt ListenDrops of b, which has all of them",
        (Row("b", "transport receive", "", "tcp_listen_drop", "capacity", "b tcpext_listen_drops"),),
        "how often a client tries again is a matter of time; TCP calls the SYN received, and no place drops it",
    ),
    # Firewalls
    "nft-input-drop": RULE,
    "nft-input-reject": RULE,
    "nft-output-drop": refused("network transmit", "", "netfilter_rule", where="a"),
    "nft-netdev-ingress": RULE,
    "iptables-udp-drop": RULE,
    "iptables-udp-reject": RULE,
    "iptables-udp-host-unreachable": RULE,
    "tcp-syn-drop": SEGMENTS_RULE,
    "tcp-syn-reject": SEGMENTS_RULE,
    "tcp-syn-host-unreachable": SEGMENTS_RULE,
    "tcp-syn-reset": ANSWERED,
    "tcp-data-drop": SEGMENTS_RULE,
    "tcp-data-reject": SEGMENTS_RULE,
    "tcp-data-host-unreachable": SEGMENTS_RULE,
    "tcp-data-reset": ANSWERED,
    # Connection tracking
    "conntrack-invalid": FRAMES_RULE,
    "conntrack-full": Truth(
        "datagrams",
        "sent - received, as lost and as refused",
        (
            Row("b", "network", "", "conntrack_drop", "unknown"),
            Row("b", "network receive", "b0", "netfilter_rule", "policy"),
        ),
        "the kernel drops them by the firewall's way out: the places take them for refused, and only the counter "
        "knows that they are lost",
    ),
    # Queues of virtual machines and programs
    "macvtap-full": lost(
        "ingress receive", "mvt0", "tap_queue_full", "capacity", equal="sent - the 500 that wait in the queue"
    ),
    "macvtap-full-segmented": lost("ingress receive", "mvt0", "tap_queue_full", "capacity"),
    "tun-full": lost(
        "driver transmit", "tn0", "tun_queue_full", "capacity", equal="sent - the 10 that wait in the queue", where="a"
    ),
    # Queueing disciplines
    "tbf-full": QUEUE,
    "tbf-pfifo-full": QUEUE,
    "netem-loss": lost("egress transmit", "a0", "qdisc_full", "capacity", where="a"),
    "netem-corrupt": Truth(
        "datagrams",
        "",
        why_not="the bit may be anywhere: frames for another host or of no known protocol are benign, those with another "
        "port or address are whatever this host says of these",
        any_rows=True,
    ),
    "netem-duplicate": nothing("datagrams", "twice those sent = received"),
    "netem-reorder": nothing("datagrams", ARRIVED),
    "netem-delay": nothing("segments", ARRIVED),
    "netem-rate": QUEUE,
    "clsact-drop": refused("ingress receive", "b0", "tc_ingress_filter"),
    # Addresses and routes
    "neighbour-unresolved": lost("network transmit", "a0", "neighbour_unresolved", "error", where="a"),
    "ttl-expired": lost("network receive", "b0", "ttl_exceeded", "error"),
    "forward-no-route": lost("network receive", "b0", "ip_no_route", "error"),
    "forwarding-off": lost("network receive", "b0", "ip_forwarding_off", "error"),
    "too-big": lost("network receive", "b0", "ip_too_big", "error"),
    "rp-filter": refused("network receive", "b0", "rp_filter", "frames"),
    # Damaged and foreign packets
    "ip-checksum": lost("network receive", "b0", "ip_checksum", "error", "frames"),
    "udp-checksum": lost("transport receive", "b0", "udp_checksum", "error", "frames"),
    "other-host": nothing("frames", why_not=BENIGN),
    "ethertype": nothing("frames", why_not=BENIGN),
    "ip-protocol": lost("network receive", "b0", "ip_unknown_protocol", "error", "frames"),
    "cpu-backlog": lost("ingress receive", "b0", "cpu_backlog_full", "capacity"),
    # Of classes
    "no-carrier": lost("egress transmit", "a0", "link_down", "error", where="a"),
    "purged-by-link-down": EMPTIED,
    "purged-by-replacement": EMPTIED,
    "neighbour-gone": lost("network transmit", "a0", "neighbour_unresolved", "error", where="a"),
    "mtu-mismatch": lost("driver transmit", "a0", "veth_peer_down_or_mtu", "error", where="a"),
    "qdisc-filter": lost("egress transmit", "a0", "qdisc_full", "capacity", where="a"),
    "xdp-native": XDP,
    "xdp-generic": XDP,
    "bridge-flood-off": BRIDGE,
    "bridge-isolated": BRIDGE,
    "route-blackhole": ROUTE,
    "route-prohibit": ROUTE,
    "route-unreachable": ROUTE,
    "broadcast-unwanted": nothing("datagrams", why_not=BENIGN + ", and the sender's own copy is a second delivery"),
    "ipsec-policy": refused("network receive", "b0", "ipsec_policy"),
    "ipv6-option": lost("network receive", "b0", "ipv6_extension_header", "error", "frames"),
    # What is counted though nothing was lost, or lost once
    "fragments-receive-buffer": lost("transport receive", "b0", "udp_receive_buffer_full", "capacity"),
    "fragments-read": nothing("datagrams", ARRIVED),
    "segments-receive-buffer": lost("transport receive", "b0", "udp_receive_buffer_full", "capacity"),
    "segments-rule": RULE,
    "ping-raw": nothing("packets", ARRIVED),
    "packet-socket-slow": nothing("datagrams", ARRIVED),
    "tcp-repeated": nothing("bytes", ARRIVED, "some segments bring what another brought already"),
}


def cells(name, title, truth):
    rows = [
        f"{'refused' if row.loss_class == 'policy' else 'lost'} by {' or '.join(f'`{cause}`' for cause in row.causes)}"
        f"{f' at `{row.device}`' if row.device else ''}, {row.way}{f', {row.loss_class}' if row.loss_class != 'policy' else ''}"
        for row in truth.rows
    ]
    if truth.any_rows:
        rows = ["whatever the bit hit"]
    return f"`{name}`", title, truth.unit, truth.equal or "nothing", "; ".join(rows) or "none", truth.why_not


def table(recipes):
    yield "| recipe | what happens | unit | what the rows add up to | rows of the ledger | why no more |"
    yield "|---|---|---|---|---|---|"
    for recipe in recipes.values():
        yield "| " + " | ".join(cells(recipe.name, recipe.title, TRUTHS[recipe.name])) + " |"
