#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the Grafana dashboard, netdrop-exporter.json, from the short description below:

    packaging/grafana/dashboard.py >packaging/grafana/netdrop-exporter.json

A panel is a kind, a title, a width in 24ths, a unit, and queries by legend ({{label}} names a series). Grafana's
boilerplate is added once, at the end. A test says that the file is what this writes."""

import json
import sys

FLEET = 'job=~"$job"'
HOST = FLEET + ',instance=~"$instance"'
DEVICE = HOST + ',device=~"$device"'
LOST_SITES = DEVICE + ',class!="benign"'
# Every program has process_*: only this exporter's are meant.
OURS = "and on (job, instance) netdrop_exporter_build_info"
HEIGHT = 8


def rate(metric, selector=HOST):
    return f"rate({metric}{{{selector}}}[$__rate_interval])"


def protocols(*names):
    """Protocol counters by name; the hosts chosen, and both versions of IP, add up."""
    return {name: f"sum({rate(f'netdrop_{name}_total')})" for name in names}


def link(way, *names):
    legend = "{{instance}} {{device}} "
    return {legend + name: rate(f"netdrop_link_{way}_{name}_total", DEVICE) for name in names}


ROWS = {
    "Fleet (needs the recording rules)": [
        ("stat", "Hosts", 6, "none", {"": f"count(netdrop_exporter_build_info{{{FLEET}}})"}),
        ("stat", "Exporters that do not answer", 6, "none", {"": f"count(up{{{FLEET}}} == 0) or vector(0)"}),
        ("stat", "Collectors failing, stuck or stale", 6, "none",
         {"": f'sum(netdrop_collector_state{{{FLEET},state=~"failing|stuck|stale"}})'}),
        ("stat", "Hosts that drop for want of room, over 1/s", 6, "none",
         {"": f'count(instance:netdrop_kernel_drops:rate5m{{{FLEET},class="capacity"}} > 1) or vector(0)'}),
        ("table", "Hosts by loss at interfaces", 12, "pps",
         {"": f'topk(20, instance:netdrop_link_lost:rate5m{{{FLEET},kind!="loopback"}} > 0)'}),
        ("table", "Interfaces by loss", 12, "pps", {"": f"topk(20, device:netdrop_link_lost:rate5m{{{FLEET}}})"}),
        ("timeseries", "Kernel drops by class", 8, "pps",
         {"{{class}}": f"sum by (class) (instance:netdrop_kernel_drops:rate5m{{{FLEET}}})"}),
        ("timeseries", "Hosts by drops for want of room", 8, "pps",
         {"{{instance}}": f'topk(10, instance:netdrop_kernel_drops:rate5m{{{FLEET},class="capacity"}})'}),
        ("timeseries", "Hosts by loss in NICs", 8, "pps",
         {"{{instance}} {{direction}} {{cause}}":
          f'topk(10, instance:netdrop_nic_lost:rate5m{{{FLEET},cause!~"filtered|link_down"}})'}),
    ],
    "Interfaces": [
        ("timeseries", "Lost on receiving", 12, "pps",
         link("receive", "dropped", "missed", "errors", "nohandler", "otherhost_dropped")),
        ("timeseries", "Lost on sending", 12, "pps", link("transmit", "dropped", "errors", "carrier_errors")),
        ("timeseries", "Packets", 12, "pps", {**link("receive", "packets"), **link("transmit", "packets")}),
        ("timeseries", "Dropped of what came", 12, "percentunit",
         {"{{instance}} {{device}}": f"{rate('netdrop_link_receive_dropped_total', DEVICE)} / "
          f"({rate('netdrop_link_receive_packets_total', DEVICE)} + "
          f"{rate('netdrop_link_receive_dropped_total', DEVICE)} > 0)"}),
        ("timeseries", "Dropped by queueing disciplines", 8, "pps",
         {"{{instance}} {{device}} {{kind}}": rate("netdrop_qdisc_drops_total", DEVICE + ',root="true"')}),
        ("timeseries", "Packets waiting in queueing disciplines", 8, "none",
         {"{{instance}} {{device}} {{kind}}": f'netdrop_qdisc_backlog_packets{{{DEVICE},root="true"}}'}),
        ("timeseries", "Carrier lost", 8, "none",
         {"{{instance}} {{device}}":
          f"increase(netdrop_link_carrier_down_changes_total{{{DEVICE}}}[$__rate_interval])"}),
        ("table", "Which interface is this (1: up)", 24, "none",
         {"": f"netdrop_link_info{{{DEVICE}}} * on (job, instance, device) group_left () netdrop_link_up"}),
    ],
    "NIC": [
        ("timeseries", "Lost by cause", 12, "pps",
         {"{{instance}} {{device}} {{direction}} {{cause}}": rate("netdrop_nic_lost_total", DEVICE)}),
        ("timeseries", "The driver's own statistics that move most", 12, "pps",
         {"{{instance}} {{device}} {{statistic}}": f"topk(10, {rate('netdrop_ethtool_statistic_total', DEVICE)})"}),
        ("table", "Rings: entries", 6, "none", {"": f"netdrop_nic_ring_entries{{{DEVICE}}}"}),
        ("table", "Rings: at most", 6, "none", {"": f"netdrop_nic_ring_entries_limit{{{DEVICE}}}"}),
        ("table", "Speed", 4, "Bps", {"": f"netdrop_link_speed_bytes_per_second{{{DEVICE}}}"}),
        ("table", "Drivers", 8, "none", {"": f"netdrop_ethtool_info{{{DEVICE}}}"}),
    ],
    "Kernel drop sites": [
        ("timeseries", "By class", 8, "pps",
         {"{{class}}": f"sum by (class) ({rate('netdrop_kernel_drops_by_class_total')})"}),
        ("timeseries", "By reason, without benign", 8, "pps",
         {"{{reason}}": f"topk(10, sum by (reason) ({rate('netdrop_kernel_drops_total', LOST_SITES)}))"}),
        ("timeseries", "By function, without benign", 8, "pps",
         {"{{function}}": f"topk(10, sum by (function) ({rate('netdrop_kernel_drops_total', LOST_SITES)}))"}),
        ("table", "Sites", 12, "pps", {"": f"topk(30, {rate('netdrop_kernel_drops_total', DEVICE)} > 0)"}),
        ("table", "Within ten minutes, first bursts included (needs the recording rules)", 12, "none",
         {"": f"topk(30, site:netdrop_kernel_drops:increase10m{{{DEVICE}}})"}),
    ],
    "Protocols and sockets": [
        ("timeseries", "UDP", 8, "pps",
         protocols("udp_rcvbuf_errors", "udp_sndbuf_errors", "udp_in_csum_errors", "udp_no_ports", "udp_mem_errors")),
        ("timeseries", "TCP segments sent again", 8, "percentunit",
         {"{{instance}}": f"{rate('netdrop_tcp_retrans_segs_total')} / ({rate('netdrop_tcp_out_segs_total')} > 0)"}),
        ("timeseries", "TCP connections turned away or unanswered", 8, "none",
         protocols("tcpext_listen_overflows", "tcpext_listen_drops", "tcpext_tcp_req_q_full_drop",
                   "tcpext_tcp_req_q_full_do_cookies", "tcpext_tcp_syn_retrans", "tcp_attempt_fails", "tcp_out_rsts")),
        ("timeseries", "TCP segments received and thrown away", 8, "pps",
         protocols("tcpext_tcp_rcv_q_drop", "tcpext_tcp_backlog_drop", "tcpext_rcv_pruned", "tcpext_tcp_ofo_drop",
                   "tcpext_tcp_zero_window_drop", "tcp_in_csum_errors", "tcp_in_errs")),
        ("timeseries", "IP", 8, "pps",
         protocols("ip_in_hdr_errors", "ip_in_addr_errors", "ip_in_discards", "ip_out_discards", "ip_out_no_routes",
                   "ipext_in_no_routes", "ip_reasm_fails", "ip_frag_fails", "tcpext_ip_reverse_path_filter")),
        ("timeseries", "ICMP: unreachable, expired", 8, "pps",
         protocols("icmp_in_dest_unreachs", "icmp_out_dest_unreachs", "icmp_out_time_excds")),
        ("timeseries", "UDP: dropped by sockets, by port", 12, "pps",
         {"{{instance}} {{local_port}}": f"topk(10, {rate('netdrop_udp_socket_drops_total')})"}),
        ("timeseries", "TCP: accept queues, filled", 12, "percentunit",
         {"{{instance}} {{local_port}}":
          f"topk(10, netdrop_listen_queue_length{{{HOST}}} / (netdrop_listen_queue_limit > 0))"}),
        ("timeseries", "Input queues of CPUs", 8, "none",
         {"{{instance}} packets dropped": rate("netdrop_softnet_dropped_total"),
          "{{instance}} times out of budget": rate("netdrop_softnet_times_squeezed_total")}),
        ("timeseries", "Table of connections: filled", 8, "percentunit",
         {"{{instance}}": f"netdrop_conntrack_entries{{{HOST}}} / (netdrop_conntrack_entries_limit > 0)"}),
        ("timeseries", "Connection tracking: lost", 8, "pps",
         {f"{{{{instance}}}} {name}": rate(f"netdrop_conntrack_{name}_total")
          for name in ("drop", "early_drop", "insert_failed", "invalid")}),
    ],
    "Exporter": [
        ("table", "State of collectors", 8, "none", {"": f"netdrop_collector_state{{{HOST}}} == 1"}),
        ("timeseries", "Age of the numbers", 8, "s",
         {"{{instance}} {{collector}}": f"time() - netdrop_collector_last_success_timestamp_seconds{{{HOST}}}"}),
        ("timeseries", "Time that a collection takes", 8, "s",
         {"{{instance}} {{collector}}": f"netdrop_collector_duration_seconds{{{HOST}}}",
          "{{instance}} {{collector}}, going on": f"netdrop_collector_busy_seconds{{{HOST}}}"}),
        ("timeseries", "Drops without a row, and incidents that lost some", 8, "none",
         {"{{instance}} lost: {{cause}}": rate("netdrop_kernel_drop_events_lost_total"),
          "{{instance}} incidents: {{cause}}": rate("netdrop_kernel_drop_overflows_total")}),
        ("timeseries", "Limits reached", 8, "none",
         {"{{instance}} {{limit}}": f"increase(netdrop_limit_hits_total{{{HOST}}}[$__rate_interval])"}),
        ("timeseries", "Series", 8, "none", {"{{instance}} {{collector}}": f"netdrop_collector_series{{{HOST}}}"}),
        ("timeseries", "CPU", 8, "percentunit",
         {"{{instance}}": f"{rate('process_cpu_seconds_total')} {OURS}"}),
        ("timeseries", "Memory", 8, "bytes",
         {"{{instance}}": f"process_resident_memory_bytes{{{HOST}}} {OURS}"}),
        ("table", "Version", 8, "none", {"": f"netdrop_exporter_build_info{{{HOST}}}"}),
    ],
}  # fmt: skip

VARIABLES = {
    "job": "netdrop_exporter_build_info",
    "instance": f"netdrop_exporter_build_info{{{FLEET}}}",
    "device": f"netdrop_link_up{{{HOST}}}",
}

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# By kind: options, defaults of fields, and what else the kind needs.
KINDS = {
    "timeseries": {
        "options": {
            "legend": {
                "calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "custom": {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "axisSoftMin": 0},
        "transformations": [],
    },
    "stat": {
        "options": {
            "colorMode": "value", "graphMode": "none", "justifyMode": "auto", "textMode": "auto", "wideLayout": True,
            "showPercentChange": False, "percentChangeColorMode": "standard", "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
        "custom": {},
        "transformations": [],
    },
    "table": {
        "options": {"frameIndex": 0, "showHeader": True, "sortBy": [{"displayName": "Value", "desc": True}]},
        "custom": {"filterable": True},
        "transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True}}}],
    },
}  # fmt: skip


def target(number, kind, legend, expression):
    return {
        "refId": chr(ord("A") + number),
        "datasource": DATASOURCE,
        "expr": expression,
        "legendFormat": legend or "__auto",
        "range": kind == "timeseries",
        "instant": kind != "timeseries",
        "format": "table" if kind == "table" else "time_series",
    }


def panel(number, place, kind, title, unit, queries):
    return {
        "id": number,
        "type": kind,
        "title": title,
        "datasource": DATASOURCE,
        "gridPos": place,
        "options": KINDS[kind]["options"],
        "fieldConfig": {"defaults": {"unit": unit, "custom": KINDS[kind]["custom"]}, "overrides": []},
        "targets": [target(i, kind, *query) for i, query in enumerate(queries.items())],
        "transformations": KINDS[kind]["transformations"],
    }


def panels():
    """Rows one below the other, the panels of each from left to right as they fit."""
    made, top = [], 0
    for name, contents in ROWS.items():
        made.append(
            {
                "id": len(made) + 1,
                "type": "row",
                "title": name,
                "collapsed": False,
                "gridPos": {"x": 0, "y": top, "w": 24, "h": 1},
                "panels": [],
            }
        )
        top, left = top + 1, 0
        for kind, title, width, unit, queries in contents:
            height = HEIGHT // 2 if kind == "stat" else HEIGHT
            place = {"x": left, "y": top, "w": width, "h": height}
            made.append(panel(len(made) + 1, place, kind, title, unit, queries))
            left += width
            if left == 24:
                top, left = top + height, 0
        assert left == 0, f"the last line of the row {name} is not full"
    return made


def variable(name, series):
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"qryType": 1, "query": f"label_values({series}, {name})", "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": "All", "value": "$__all"},
    }


def dashboard():
    firing = f'ALERTS{{{HOST},alertname=~"Netdrop.*",alertstate="firing",severity!="info"}}'
    return {
        "uid": "netdrop-exporter",
        "title": "Packet loss",
        "description": "Where, on which interface, and why Linux hosts lose packets: netdrop-exporter",
        "tags": ["network", "netdrop-exporter"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "label": "data source", "type": "datasource", "query": "prometheus"},
                *(variable(*item) for item in VARIABLES.items()),
            ]
        },
        "annotations": {
            "list": [
                {
                    "name": "Alerts",
                    "datasource": DATASOURCE,
                    "enable": True,
                    "iconColor": "red",
                    "target": {"refId": "Alerts", "expr": firing},
                    "titleFormat": "{{alertname}}",
                    "textFormat": "{{instance}} {{device}}",
                }
            ]
        },
        "panels": panels(),
    }


if __name__ == "__main__":
    json.dump(dashboard(), sys.stdout, indent=1, ensure_ascii=False)
    print()
