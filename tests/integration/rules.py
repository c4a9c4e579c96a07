# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests need to know of packaging/prometheus and of the names that it may use, and the faults they watch."""

import functools
import re
import socket
from contextlib import contextmanager

import yaml

from hurry import ALERTS, COUNTER_ALERTS, DIRECTORY, RULES, TREE, Flood, hurried, with_threshold  # noqa: F401 # for its users

SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^{}]*)\}")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
# What Prometheus adds to each series, or makes itself.
TARGET = {"job", "instance"}


def groups(name):
    return yaml.safe_load((DIRECTORY / name).read_text())["groups"]


def rules(kind, names=RULES):
    """All recording rules ("record") or alerts ("alert")."""
    return [rule for name in names for group in groups(name) for rule in group["rules"] if kind in rule]


@functools.cache
def exported():
    """{name: labels} of all that the exporter can show, by the golden files."""
    names = {"up": set()}
    for line in (TREE / "tests/golden/metrics.txt").read_text().splitlines():
        if not line.startswith(" "):
            name, labels, kind = re.match(r"(\w+)\{(.*?)\} (\w+)", line).groups()
            labels = set(filter(None, labels.split(",")))
            if kind == "histogram":
                names |= {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
            else:
                names[name] = labels
    for line in (TREE / "tests/golden/snmp_names.txt").read_text().splitlines():
        series = line.split("\t")[1]
        names[series.split("{")[0]] = set(re.findall(r'(\w+)="', series))
    return names


@functools.cache
def recorded():
    """The names of the recording rules."""
    return {rule["record"] for rule in rules("record")}


def names_in(expression):
    """The metrics that an expression, or an annotation, reads."""
    found = r"\b(?:\w+:)?(?:netdrop|process)_\w+(?::\w+)?|\bnetdrop:\w+:threshold|\bup\b"
    return set(re.findall(found, expression))


def unknown(expression):
    """What an expression reads that nothing makes: names, and labels in selectors that the name does not have."""
    known = exported()
    for name in names_in(expression) - recorded():
        if name not in known:
            yield name
    for name, selector in SELECTOR.findall(expression):
        for label in set(LABEL.findall(re.sub(r'\\?"[^"]*"', "", selector))) - TARGET:
            if name in known and label not in known[name]:
                yield f"{name}{{{label}}}"


@contextmanager
def unread_socket(veth):
    """What comes to b's port 9999 finds a full receive buffer."""
    with veth.b.socket(kind=socket.SOCK_DGRAM) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        reader.bind((veth.ADDRESS["b0"], 9999))
        yield


@contextmanager
def frames_of_unknown_protocol(veth):
    """Yields a function that sends some of them from a to b."""
    frame = bytes.fromhex("020000007702 020000007701 88b5") + bytes(50)
    with veth.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("a0", 0))

        def send(count):
            for _ in range(count):
                sender.send(frame)

        yield send
