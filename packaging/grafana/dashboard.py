#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a Grafana dashboard from the short description in panels.py:

    packaging/grafana/dashboard.py fleet >packaging/grafana/netdrop-fleet.json
    packaging/grafana/dashboard.py host >packaging/grafana/netdrop-host.json

Grafana's boilerplate is added here. A test says that the files are what this writes."""

import json
import sys

import panels

HEIGHT = 8
# Grafana's $__rate_interval is four of these: two scrapes are within it where they are up to two minutes apart. Without
# it that goes by the data source, whose 15 s show nothing of scrapes a minute apart.
INTERVAL = "1m"

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
        "interval": INTERVAL,
        "range": kind == "timeseries",
        "instant": kind != "timeseries",
        "format": "table" if kind == "table" else "time_series",
    }


def panel(number, place, kind, title, unit, queries, description):
    return {
        "id": number,
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "interval": INTERVAL,
        "gridPos": place,
        "options": KINDS[kind]["options"],
        "fieldConfig": {"defaults": {"unit": unit, "custom": KINDS[kind]["custom"]}, "overrides": []},
        "targets": [target(i, kind, *query) for i, query in enumerate(queries.items())],
        "transformations": KINDS[kind]["transformations"],
    }


def panels_of(contents, number, top):
    """From left to right as they fit, and where the next line begins."""
    made, left, height = [], 0, 0
    for kind, title, width, *rest in contents:
        height = HEIGHT // 2 if kind == "stat" else HEIGHT
        place = {"x": left, "y": top, "w": width, "h": height}
        made.append(panel(number + len(made), place, kind, title, *rest))
        left += width
        if left == 24:
            top, left = top + height, 0
    assert left == 0, f"the last line is not full: {contents[-1]}"
    return made, top


def rows(description):
    """The first is open, its panels behind it; the others are folded, with theirs in it."""
    made, number, top = [], 1, 0
    for name, contents in description.items():
        inside, bottom = panels_of(contents, number + 1, top + 1)
        folded = bool(made)
        made.append(
            {
                "id": number,
                "type": "row",
                "title": name,
                "collapsed": folded,
                "gridPos": {"x": 0, "y": top, "w": 24, "h": 1},
                "panels": inside if folded else [],
            }
        )
        if not folded:
            made += inside
        number += 1 + len(inside)
        top = top + 1 if folded else bottom
    return made


def variable(name, series, many):
    """One value to choose, or many."""
    chosen = {"allValue": ".*", "current": {"selected": True, "text": "All", "value": "$__all"}}
    return {
        "name": name,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"qryType": 1, "query": f"label_values({series}, {name})", "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        **(chosen if many else {}),
    }


def alerts(selector):
    firing = f'ALERTS{{{selector},alertname=~"Netdrop.*",alertstate="firing",severity!="info",source=""}}'
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": "red",
        "target": {"refId": "Alerts", "expr": firing},
        "titleFormat": "{{alertname}}",
        "textFormat": "{{instance}} {{stage}} {{direction}}",
    }


DASHBOARDS = {
    "fleet": {
        "title": "Packet loss: fleet",
        "description": "Which hosts lose packets, where and how many: netdrop-exporter, by its recording rules",
        "rows": panels.FLEET_ROWS,
        "variables": [variable("job", "netdrop_exporter_build_info", many=True)],
        "alerts": {**alerts(panels.FLEET + ',severity="critical"'), "enable": False},
    },
    "host": {
        "title": "Packet loss: host",
        "description": "Where on its way through a host, and why, it loses packets: netdrop-exporter",
        "rows": panels.HOST_ROWS,
        "variables": [
            variable("job", "netdrop_exporter_build_info", many=False),
            variable("instance", 'netdrop_exporter_build_info{job="$job"}', many=False),
            variable("device", f"netdrop_link_up{{{panels.HOST}}}", many=True),
        ],
        "alerts": alerts(panels.HOST),
    },
}


def dashboard(name):
    about = DASHBOARDS[name]
    source = {"name": "datasource", "label": "data source", "type": "datasource", "query": "prometheus"}
    return {
        "uid": f"netdrop-{name}",
        "title": about["title"],
        "description": about["description"],
        "tags": ["network", "netdrop-exporter"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-1h", "to": "now"},
        "links": [
            {
                "title": "netdrop-exporter",
                "type": "dashboards",
                "icon": "external link",
                "tooltip": "",
                "url": "",
                "tags": ["netdrop-exporter"],
                "asDropdown": False,
                "targetBlank": False,
                "includeVars": False,
                "keepTime": True,
            }
        ],
        "templating": {"list": [source, *about["variables"]]},
        "annotations": {"list": [about["alerts"]]},
        "panels": rows(about["rows"]),
    }


if __name__ == "__main__":
    json.dump(dashboard(sys.argv[1]), sys.stdout, indent=1, ensure_ascii=False)
    print()
