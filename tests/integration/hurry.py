# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of packaging/prometheus for a test that has seconds, and a loss that lasts as long. Nothing but Python's own
library: also for machines that have just been made."""

import re
import threading
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
DIRECTORY = TREE / "packaging/prometheus"
# Those of the alerts that read the ledger, and those on single counters, which are optional.
ALERTS, COUNTER_ALERTS = "netdrop.alerts.yml", "netdrop.counter-alerts.yml"
RULES = ("netdrop.thresholds.yml", "netdrop.rules.yml", ALERTS, COUNTER_ALERTS)


def hurried(directory, source=DIRECTORY, **thresholds):
    """Writes the rules with minutes made seconds, and these numbers to compare with; returns where."""
    for name in RULES:
        text = (source / name).read_text()
        text = re.sub(r"\[\d+[mh]\]", "[10s]", text)
        text = re.sub(r"\bfor: \d+m", "for: 5s", text)
        text = re.sub(r"offset (10m|1h)", "offset 20s", text)
        for threshold, number in thresholds.items():
            text = with_threshold(text, threshold, number)
        (directory / name).write_text(text)
    return [directory / name for name in RULES]


def with_threshold(text, threshold, number):
    return re.sub(rf"(record: netdrop:{threshold}:threshold\n +expr: )vector\(.*\)", rf"\1vector({number})", text)


class Flood(threading.Thread):
    """Calls send(10) fifty times a second, for as long as the block lasts."""

    def __init__(self, send):
        super().__init__()
        self.send, self.stopped = send, threading.Event()

    def run(self):
        while not self.stopped.wait(0.02):
            self.send(10)

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.stopped.set()
        self.join()
