# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands on the two dashboards: rows of panels. The first row is open, the others are folded.

A panel is a kind, a title, a width in 24ths, a unit, queries by legend ({{label}} names a series), and what it shows.
Of a fleet only recording rules are read, and nothing that grows with it is shown whole; of a host one instance."""

FLEET = 'job=~"$job"'
HOST = 'job="$job",instance="$instance"'
DEVICE = HOST + ',device=~"$device"'
LOST_SITES = DEVICE + ',class!~"benign|copy"'
LOST_OWNED = HOST + ',class!~"benign|copy"'
NIC_CAUSES = ',cause!~"filtered|link_down"'
NO_LOOPBACK = ',kind!="loopback"'
PAGES = f'ALERTS{{{FLEET},alertname="NetdropLossHigh",alertstate="firing"}}'
FIRES = f'ALERTS{{{FLEET},alertname=~"Netdrop.*",alertstate="firing"}}'
TOLD = f"instance:netdrop_lost_packets:rate5m_told{{{FLEET}}}"
# Every program has process_*: only this exporter's are meant.
OURS = "and on (job, instance) netdrop_exporter_build_info"
RULES = "Needs the recording rules."
IN_COMMON = (
    "The share of the hosts that lose and have this, less the share of the others that have it: 100 % is all of the ones and "
    "none of the others."
)
LEDGER = "Each lost packet once, however many counters saw it."


def rate(metric, selector=HOST):
    return f"rate({metric}{{{selector}}}[$__rate_interval])"


def protocols(*names):
    """Protocol counters by name; both versions of IP add up."""
    return {name: f"sum({rate(f'netdrop_{name}_total')})" for name in names}


def link(way, *names):
    return {f"{{{{device}}}} {way} {name}": rate(f"netdrop_link_{way}_{name}_total", DEVICE) for name in names}


def bits(way):
    return {f"{{{{device}}}} {way}": f"8 * {rate(f'netdrop_link_{way}_bytes_total', DEVICE)}"}


def recorded(name, more=""):
    return f"{name}{{{FLEET}{more}}}"


def lost_by_stage(direction):
    selector = f'{HOST},direction="{direction}"'
    return {"{{stage}}": f"sum by (stage) ({rate('netdrop_lost_packets_by_stage_total', selector)})"}


def in_common(trait):
    """Of the hosts that lose the share that has it, less the share of the others that has it; by value."""
    present, loses = recorded("instance:netdrop_trait:present", f',trait="{trait}"'), recorded("instance:netdrop_loses:bool")
    others = f"(1 - {loses})"
    return {
        "": f"topk(20, sum by (value) ({present} * on (job, instance) group_left () {loses})"
        f" / on () group_left () (sum({loses}) > 0)"
        f" - sum by (value) ({present} * on (job, instance) group_left () {others})"
        f" / on () group_left () clamp_min(sum({others}), 0.5) > 0)"
    }


FLEET_ROWS = {
    "Now": [
        ("stat", "Hosts", 4, "none", {"": f"count({recorded('netdrop_exporter_build_info')})"},
         "Hosts whose netdrop-exporter answers."),
        ("stat", "Exporters that do not answer", 5, "none", {"": f"count({recorded('up')} == 0) or vector(0)"},
         "Of these hosts losses are not seen."),
        ("stat", "Hosts with a collector that fails", 5, "none",
         {"": f"count({recorded('instance:netdrop_collectors_failing:count')}) or vector(0)"},
         f"Failing, stuck or stale: a part of these hosts is not seen. {RULES}"),
        ("stat", "Hosts that lose packets", 5, "none",
         {"": f"count(count by (job, instance) ({TOLD})) or vector(0)"},
         f"At any stage, at least a packet a second (netdrop:loss_rate:threshold). {RULES}"),
        ("stat", "Hosts whose users notice", 5, "none",
         {"": f"count(count by (job, instance) ({PAGES})) or vector(0)"},
         "The alert NetdropLossHigh fires."),
        ("table", "Hosts by the share that they lose", 12, "percentunit",
         {"": "topk(20, max by (job, instance, stage, direction, class) ("
          f"{recorded('instance:netdrop_lost_share:max5m')}))"},
         "Of what reached the stage: of the host, one of its interfaces, the readers of UDP or the clients of "
         "its TCP servers, "
         f"whoever loses most. {RULES}"),
        ("table", "Hosts by packets lost", 12, "pps",
         {"": f"topk(20, sum by (job, instance, class) ({recorded('instance:netdrop_lost_packets:rate5m')}))"},
         f"{LEDGER} {RULES}"),
        ("timeseries", "Lost, by stage", 8, "pps",
         {"{{direction}} {{stage}}":
          f"sum by (stage, direction) ({recorded('instance:netdrop_lost_packets:rate5m')})"},
         f"All hosts together, by where on the way through a host. {LEDGER} {RULES}"),
        ("timeseries", "Lost, by class", 8, "pps",
         {"{{class}}": f"sum by (class) ({recorded('instance:netdrop_lost_packets:rate5m')})"},
         "capacity: a queue, a buffer or memory was full. error: damaged, misaddressed, unexpected. unknown: "
         "nothing says "
         f"why. {RULES}"),
        ("timeseries", "Refused by rules", 8, "pps",
         {"{{direction}}": f"sum by (direction) ({recorded('instance:netdrop_refused_packets:rate5m')})"},
         f"What somebody configured to be dropped: no loss, but a rise is worth a look. {RULES}"),
        ("timeseries", "Hosts that lose most", 12, "pps",
         {"{{instance}}": f"topk(10, sum by (instance) ({recorded('instance:netdrop_lost_packets:rate5m')}))"},
         f"{LEDGER} {RULES}"),
        ("table", "Interfaces that lose most", 12, "pps",
         {"": "topk(20, sum by (job, instance, device, direction) ("
          f"{recorded('device:netdrop_lost_packets:rate5m')}))"},
         f"Packets without an interface (sent here, and dropped before) are not in it. {RULES}"),
    ],
    "What is new": [
        ("table", "More than usual", 12, "pps",
         {"": f"topk(20, {recorded('instance:netdrop_lost_packets:rate5m')} - "
          f"{recorded('instance:netdrop_lost_packets:usual7d')} > 0)"},
         f"Beyond the mean of the same hour of the last seven days; what was never lost at this hour is not in "
         f"it. {RULES}"),
        ("table", "Hosts that refuse most", 12, "percentunit",
         {"": f"topk(20, {recorded('instance:netdrop_refused_share:rate5m')})"},
         f"Of what they receive, forward or send. {RULES}"),
        ("table", "Drop sites within ten minutes, first bursts included", 24, "none",
         {"": f"topk(30, {recorded('site:netdrop_kernel_drops:increase10m')})"},
         f"Packets dropped at each place of the kernel, benign ones too. {RULES}"),
    ],
    "What hosts that lose have, and others have not": [
        ("table", "Causes", 12, "percentunit", in_common("cause"),
         f"{IN_COMMON} Stage, direction and cause of what is lost now. {RULES}"),
        ("table", "Drop sites", 12, "percentunit", in_common("site"),
         f"{IN_COMMON} The kernel's reason and function, of the last ten minutes. {RULES}"),
        ("table", "Drivers", 8, "percentunit", in_common("driver"), f"{IN_COMMON} Of their interfaces. {RULES}"),
        ("table", "Versions", 8, "percentunit", in_common("version"),
         f"{IN_COMMON} Of drivers (of the kernel's own: the kernel's) with their firmware, and of this exporter. "
         f"{RULES}"),
        ("table", "Rings", 8, "percentunit", in_common("ring"),
         f"{IN_COMMON} How many packets a NIC's ring holds, by direction. {RULES}"),
    ],
    "By counter": [
        ("timeseries", "Hosts by loss in NICs", 12, "pps",
         {"{{instance}} {{direction}} {{cause}}":
          f"topk(10, {recorded('instance:netdrop_nic_lost:rate5m', NIC_CAUSES)})"},
         f"Drivers' statistics on one vocabulary of causes. {RULES}"),
        ("timeseries", "Kernel drops by class", 12, "pps",
         {"{{class}}": f"sum by (class) ({recorded('instance:netdrop_kernel_drops:rate5m')})"},
         f"Skbs dropped, benign ones and copies too. {RULES}"),
        ("table", "Hosts by loss at interfaces", 12, "pps",
         {"": f"topk(20, {recorded('instance:netdrop_link_lost:rate5m', NO_LOOPBACK)} > 0)"},
         f"The links' own counters, which overlap: don't add them up. {RULES}"),
        ("table", "Interfaces by loss", 12, "pps", {"": f"topk(20, {recorded('device:netdrop_link_lost:rate5m')})"},
         f"The links' own counters, which overlap: don't add them up. {RULES}"),
    ],
    "Exporters": [
        ("table", "Versions", 8, "none", {"": f"count by (version) ({recorded('netdrop_exporter_build_info')})"},
         "How many hosts run which version."),
        ("table", "Collectors that fail", 8, "none",
         {"": f"topk(20, {recorded('instance:netdrop_collectors_failing:count')})"},
         f"How many of a host's collectors are failing, stuck or stale. {RULES}"),
        ("table", "Alerts", 8, "none",
         {"": f"topk(20, count by (alertname, severity) ({FIRES}))"},
         "How many fire."),
    ],
}  # fmt: skip

HOST_ROWS = {
    "The path": [
        ("stat", "Lost", 6, "pps", {"": f"sum({rate('netdrop_lost_packets_by_stage_total')})"}, LEDGER),
        ("stat", "Lost, of what came to that stage", 6, "percentunit",
         {"": f"max(instance:netdrop_lost_share:max5m{{{HOST}}}) or vector(0)"},
         "The greatest share of all stages: of the host, an interface, the readers of UDP or the clients of its "
         "TCP servers. "
         f"{RULES}"),
        ("stat", "Refused by rules", 6, "pps", {"": f"sum({rate('netdrop_refused_packets_total')}) or vector(0)"},
         "Dropped because somebody configured it: no loss."),
        ("stat", "Is each lost packet seen (1: yes)", 6, "none", {"": f"min(netdrop_ledger_complete{{{HOST}}})"},
         "0 where no drop sites are counted, a collector of counters is off or fails, events of drops were lost, or a "
         "network namespace is not seen: what is lost then is of class unknown, or not seen."),
        ("timeseries", "Received: lost by stage", 8, "pps", lost_by_stage("receive"),
         "From the wire up: nic, driver (rings), ingress (backlog, tc, bridge), network (IP), transport (sockets)."),
        ("timeseries", "Forwarded: lost by stage", 8, "pps", lost_by_stage("forward"),
         "What came in and should have gone on."),
        ("timeseries", "Sent here: lost by stage", 8, "pps", lost_by_stage("transmit"),
         "From the socket down: transport, network, egress (queueing disciplines), driver, nic."),
        ("timeseries", "Lost by cause", 12, "pps",
         {"{{stage}} {{direction}} {{device}} {{cause}}":
          f"topk(10, {rate('netdrop_lost_packets_total', DEVICE)})"},
         f"{LEDGER} The runbook has a page for each cause."),
        ("timeseries", "Refused by cause", 12, "pps",
         {"{{stage}} {{direction}} {{device}} {{cause}}":
          f"topk(10, {rate('netdrop_refused_packets_total', DEVICE)})"},
         "Rules, filters, policies of routes."),
        ("table", "Causes", 12, "pps", {"": f"topk(30, {rate('netdrop_lost_packets_total', DEVICE)} > 0)"}, LEDGER),
        ("table", "Whose packets", 12, "pps",
         {"": f"topk(30, sum by (unit, container_id, pod_uid, class) ("
          f"{rate('netdrop_workload_drops_total', LOST_OWNED)}) > 0)"},
         "Of the workload whose socket it was, as far as the kernel tells; with bpf."),
    ],
    "Traffic": [
        ("timeseries", "Packets", 12, "pps", {**link("receive", "packets"), **link("transmit", "packets")},
         "Received and sent, those dropped later included."),
        ("timeseries", "Bits", 12, "bps", {**bits("receive"), **bits("transmit")}, "Received and sent."),
        ("table", "Speed", 12, "bps", {"": f"8 * netdrop_link_speed_bytes_per_second{{{DEVICE}}}"},
         "What the link was negotiated at."),
        ("table", "Which interface is this (1: up)", 12, "none",
         {"": f"netdrop_link_info{{{DEVICE}}} * on (job, instance, device) group_left () netdrop_link_up"},
         "Address, master, alias and bus."),
    ],
    "Interfaces": [
        ("timeseries", "Lost on receiving", 12, "pps",
         link("receive", "dropped", "missed", "errors", "nohandler", "otherhost_dropped"),
         "The link's own counters, which drivers fill as they like; they overlap."),
        ("timeseries", "Lost on sending", 12, "pps", link("transmit", "dropped", "errors", "carrier_errors"),
         "The link's own counters, which drivers fill as they like; they overlap."),
        ("timeseries", "Dropped of what came", 8, "percentunit",
         {"{{device}}": f"{rate('netdrop_link_receive_dropped_total', DEVICE)} / "
          f"({rate('netdrop_link_receive_packets_total', DEVICE)} + "
          f"{rate('netdrop_link_receive_dropped_total', DEVICE)} > 0)"},
         "Packets of protocols that nobody asked for are in it."),
        ("timeseries", "Dropped by queueing disciplines", 8, "pps",
         {"{{device}} {{kind}}": rate("netdrop_qdisc_drops_total", DEVICE + ',root="true"')},
         "Of the roots, which have their children's."),
        ("timeseries", "Packets waiting in queueing disciplines", 8, "none",
         {"{{device}} {{kind}}": f'netdrop_qdisc_backlog_packets{{{DEVICE},root="true"}}'},
         "At the time of the scrape."),
        ("timeseries", "Carrier lost", 24, "none",
         {"{{device}}": f"increase(netdrop_link_carrier_down_changes_total{{{DEVICE}}}[$__rate_interval])"},
         "How often the link went down."),
    ],
    "NIC": [
        ("timeseries", "Lost by cause", 12, "pps",
         {"{{device}} {{direction}} {{cause}}": rate("netdrop_nic_lost_total", DEVICE)},
         "The driver's statistics on one vocabulary; the causes of a device are disjoint."),
        ("timeseries", "The driver's own statistics that move most", 12, "pps",
         {"{{device}} {{statistic}}": f"topk(10, {rate('netdrop_ethtool_statistic_total', DEVICE)})"},
         "ethtool -S; # stands for the number of a queue."),
        ("table", "Rings: entries", 6, "none", {"": f"netdrop_nic_ring_entries{{{DEVICE}}}"}, "ethtool -g."),
        ("table", "Rings: at most", 6, "none", {"": f"netdrop_nic_ring_entries_limit{{{DEVICE}}}"}, "ethtool -g."),
        ("table", "Drivers", 12, "none", {"": f"netdrop_ethtool_info{{{DEVICE}}}"}, "ethtool -i."),
    ],
    "Kernel drop sites": [
        ("timeseries", "By class", 8, "pps",
         {"{{class}}": f"sum by (class) ({rate('netdrop_kernel_drops_by_class_total')})"},
         "Skbs dropped, of all network namespaces, benign ones and copies too."),
        ("timeseries", "By reason, without benign and copies", 8, "pps",
         {"{{reason}}": f"topk(10, sum by (reason) ({rate('netdrop_kernel_drops_total', LOST_SITES)}))"},
         "As the kernel names it."),
        ("timeseries", "By function, without benign and copies", 8, "pps",
         {"{{function}}": f"topk(10, sum by (function) ({rate('netdrop_kernel_drops_total', LOST_SITES)}))"},
         "The function of the kernel that dropped."),
        ("table", "Sites", 12, "pps", {"": f"topk(30, {rate('netdrop_kernel_drops_total', DEVICE)} > 0)"},
         "Benign ones and copies too."),
        ("table", "Within ten minutes, first bursts included", 12, "none",
         {"": f"topk(30, site:netdrop_kernel_drops:increase10m{{{DEVICE}}})"},
         f"A new site's first burst, too. {RULES}"),
    ],
    "Protocols and sockets": [
        ("timeseries", "UDP", 8, "pps",
         protocols("udp_rcvbuf_errors", "udp_sndbuf_errors", "udp_in_csum_errors", "udp_no_ports", "udp_mem_errors"),
         "Datagrams not delivered, or not sent."),
        ("timeseries", "TCP segments sent again", 8, "percentunit",
         {"{{instance}}": f"{rate('netdrop_tcp_retrans_segs_total')} / ({rate('netdrop_tcp_out_segs_total')} > 0)"},
         "Of the segments sent: lost here, on the way, or at the peers."),
        ("timeseries", "TCP connections turned away or unanswered", 8, "none",
         protocols("tcpext_listen_overflows", "tcpext_listen_drops", "tcpext_tcp_req_q_full_drop",
                   "tcpext_tcp_req_q_full_do_cookies", "tcpext_tcp_syn_retrans", "tcp_attempt_fails", "tcp_out_rsts"),
         "A second."),
        ("timeseries", "TCP segments received and thrown away", 8, "pps",
         protocols("tcpext_tcp_rcv_q_drop", "tcpext_tcp_backlog_drop", "tcpext_rcv_pruned", "tcpext_tcp_ofo_drop",
                   "tcpext_tcp_zero_window_drop", "tcp_in_csum_errors", "tcp_in_errs"),
         "Connections that had no room, and segments that were damaged."),
        ("timeseries", "IP", 8, "pps",
         protocols("ip_in_hdr_errors", "ip_in_addr_errors", "ip_in_discards", "ip_out_discards", "ip_out_no_routes",
                   "ipext_in_no_routes", "ip_reasm_fails", "ip_frag_fails", "tcpext_ip_reverse_path_filter"),
         "Both versions."),
        ("timeseries", "ICMP: unreachable, expired", 8, "pps",
         protocols("icmp_in_dest_unreachs", "icmp_out_dest_unreachs", "icmp_out_time_excds"),
         "What peers are told of packets that were refused, and what this host is told."),
        ("timeseries", "UDP: dropped by sockets, by port", 12, "pps",
         {"{{local_port}}": f"topk(10, {rate('netdrop_udp_socket_drops_total')})"},
         "Mostly a receive buffer that is full."),
        ("timeseries", "TCP: accept queues, filled", 12, "percentunit",
         {"{{local_port}}": f"topk(10, netdrop_listen_queue_length{{{HOST}}} / (netdrop_listen_queue_limit > 0))"},
         "From one above the limit on connections are turned away."),
        ("timeseries", "Input queues of CPUs", 8, "none",
         {"packets dropped": rate("netdrop_softnet_dropped_total"),
          "times out of budget": rate("netdrop_softnet_times_squeezed_total")}, "Of the whole host, all namespaces."),
        ("timeseries", "Table of connections: filled", 8, "percentunit",
         {"{{instance}}": f"netdrop_conntrack_entries{{{HOST}}} / (netdrop_conntrack_entries_limit > 0)"},
         "Full, it drops the packets of new connections."),
        ("timeseries", "Connection tracking: lost", 8, "pps",
         {name: rate(f"netdrop_conntrack_{name}_total") for name in ("drop", "early_drop", "insert_failed", "invalid")},
         "They overlap: drop has what insert_failed has."),
    ],
    "Exporter": [
        ("table", "State of collectors", 8, "none", {"": f"netdrop_collector_state{{{HOST}}} == 1"},
         "unsupported is no fault: this host has not what it reads."),
        ("timeseries", "Age of the numbers", 8, "s",
         {"{{collector}}": f"time() - netdrop_collector_last_success_timestamp_seconds{{{HOST}}}"},
         "A scrape wakes collectors whose numbers are old."),
        ("timeseries", "Time that a collection takes", 8, "s",
         {"{{collector}}": f"netdrop_collector_duration_seconds{{{HOST}}}",
          "{{collector}}, going on": f"netdrop_collector_busy_seconds{{{HOST}}}"},
         "The last one, and the one that goes on."),
        ("timeseries", "Drops without a row, and incidents that lost some", 8, "none",
         {"lost: {{cause}}": rate("netdrop_kernel_drop_events_lost_total"),
          "incidents: {{cause}}": rate("netdrop_kernel_drop_overflows_total")}, "A second."),
        ("timeseries", "Limits reached", 8, "none",
         {"{{limit}}": f"increase(netdrop_limit_hits_total{{{HOST}}}[$__rate_interval])"},
         "What is over a limit is left out, or counted as other."),
        ("timeseries", "Series", 8, "none", {"{{collector}}": f"netdrop_collector_series{{{HOST}}}"},
         "As they are served."),
        ("timeseries", "CPU", 8, "percentunit", {"{{instance}}": f"{rate('process_cpu_seconds_total')} {OURS}"},
         "Of one CPU."),
        ("timeseries", "Memory", 8, "bytes", {"{{instance}}": f"process_resident_memory_bytes{{{HOST}}} {OURS}"},
         "Without the kernel's maps of drop sites."),
        ("table", "Version", 8, "none", {"": f"netdrop_exporter_build_info{{{HOST}}}"}, "And commit."),
    ],
}  # fmt: skip
