# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of scripts/bench share: how they read a process, and how they print.

Times are CPU time of the process or thread measured, by the kernel's scheduler clock, unless they say otherwise;
absolute figures are one machine's, the ratios are what is to be trusted."""

import json
from pathlib import Path


def cpu_ns(pid, only=None, without=()):
    """CPU nanoseconds of a process' threads, by their names."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if (only is None or name == only) and name not in without:
            total += int((task / "schedstat").read_text().split()[0])
    return total


def memory_kib(pid):
    """(RSS, PSS)"""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0])
    return fields["Rss"], fields["Pss"]


def ms(ns):
    return f"{ns / 1e6:.3f}"


def mib(kib):
    return f"{kib / 1024:.1f}"


def table(title, head, lines):
    """`lines` are (name, cells)."""
    print(f"| {title} | " + " | ".join(head) + " |")
    print("|---|" + "---:|" * len(head))
    for name, cells in lines:
        print(f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |")
    print(flush=True)


def keep(path, results):
    """The raw figures, where they are wanted."""
    if path:
        path.write_text(json.dumps(results, indent=2) + "\n")
