# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests need to know of packaging/grafana."""

import json

import rules

DIRECTORY = rules.TREE / "packaging/grafana"
NAMES = ("fleet", "host")


def path(name):
    return DIRECTORY / f"netdrop-{name}.json"


def dashboard(name):
    return json.loads(path(name).read_text())


def rows(name):
    return [panel for panel in dashboard(name)["panels"] if panel["type"] == "row"]


def panels(name):
    """Those of folded rows too."""
    found = []
    for panel in dashboard(name)["panels"]:
        found += panel["panels"] if panel["type"] == "row" else [panel]
    return found


def expressions(name):
    """{where: expression} of all that it asks."""
    found = {"annotation": dashboard(name)["annotations"]["list"][0]["target"]["expr"]}
    for panel in panels(name):
        for target in panel["targets"]:
            found[f"{panel['title']}: {target['legendFormat']}"] = target["expr"]
    return found
