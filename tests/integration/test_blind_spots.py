# SPDX-License-Identifier: GPL-2.0-or-later
"""What the verdict says of what is not looked at: each collector in turn is switched off, is absent, fails, and comes back.
What somebody chose is a neutral line; what nobody chose is a blind spot, in the headline, and the colour is not green."""

import errno
import html
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from daemon import eventually
from faults import EACH_CALL

pytestmark = pytest.mark.usefixtures("bpf_possible")

BINARY = Path(os.environ.get("BUILD", Path(__file__).resolve().parents[2] / "build")) / "netdrop-exporter"
LISTED = subprocess.run([BINARY, "--list-collectors"], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout.decode()
# Whether it is on where nobody says so.
COLLECTORS = {name: enabled == "yes" for name, enabled in re.findall(r"^(\w+)\n(?: .*\n)*? +enabled: +(yes|no)$", LISTED, re.MULTILINE)}
SITES = "drop_monitor"
# What needs no file of /proc it always has.
NEVER_FAILS = "process"
COLOURS = ["green", "amber", "red"]


def each(names):
    return pytest.mark.parametrize("name", names)


def all_on(*more):
    return ("--collector.netns", *(f"--set=collectors.{name}.interval=100ms" for name in COLLECTORS), *more)


def verdict(process):
    """What all who tell it agree on, as JSON has it. The page and the text are of a moment later, by when others on this host
    may have lost something: of these that is compared which does not change."""
    found = json.loads(process.get("/report?format=json").body)
    told, blind = found["verdict"], found["verdict"]["not_looked_at"]
    worst = max([COLOURS.index(one["colour"]) for one in found["incidents"]] + [int(bool(blind))])
    assert told["colour"] == COLOURS[worst]
    if blind:
        assert f", but not everything is looked at: {'; '.join(blind[:2])}"[:150] in told["headline"]
    else:
        assert "looked at" not in told["headline"]
    return told


def lines_of_page(process, name):
    """The lines of a list of the page."""
    body = process.get("/").body.decode()
    found = re.search(rf'<ul class="{name}">\n(.*?)</ul>', body, re.DOTALL)
    return [html.unescape(line) for line in re.findall(r"<li>(.*?)</li>", found[1])] if found else []


def told_everywhere(process, line, blind):
    """The line is one of what is not looked at, or a neutral one, in JSON, text and page."""
    told = verdict(process)
    text = " ".join(process.get("/report").body.decode().split())
    return (
        (line in told["not_looked_at"]) == blind
        and (line in told["neutral"]) != blind
        and " ".join(("-", *line.split())) in text
        and (line in lines_of_page(process, "blind")) == blind
        and (line in lines_of_page(process, "quiet")) != blind
    )


def failure_told_everywhere(process):
    """The line of the one collector that fails. Where its failure began within a collection, the next ones fail at another
    call, and say so."""

    def told():
        lines = [line for line in verdict(process)["not_looked_at"] if "failing" in line]
        return len(lines) == 1 and told_everywhere(process, lines[0], blind=True) and lines[0]

    return eventually(told, "a failure that is told everywhere")


def looked_at(count, of, sites=True):
    return f"{count} of {of} collectors, {'drop sites among them' if sites else 'no drop sites'}"


def state(process, name):
    page = process.metrics()
    return next(row.labels["state"] for row in page.series("netdrop_collector_state", collector=name) if row.value)


def reason(process, name):
    """As the page's table of collectors has it."""
    body = process.get("/").body.decode()
    row = re.search(rf'<tr><th scope="row">{name}</th>.*?<td[^>]*data-label="State"[^>]*>(.*?)</td>', body, re.DOTALL)
    return html.unescape(row[1])


def test_all_are_known():
    assert len(COLLECTORS) >= 10 and SITES in COLLECTORS and NEVER_FAILS in COLLECTORS


def test_nothing_is_said_where_all_are_on(netns, exporter):
    process = exporter(*all_on(), netns=netns())
    told = eventually(lambda: verdict(process)["looked_at"] == looked_at(len(COLLECTORS), len(COLLECTORS)) and verdict(process), "all")
    assert told["not_looked_at"] == []
    assert not any("off by configuration" in line or "available" in line for line in told["neutral"])


@each(COLLECTORS)
def test_off(netns, exporter, name):
    """Somebody chose so: no colour, and a line. What is off where nobody says otherwise is not worth one."""
    process = exporter(*all_on(f"--no-collector.{name}"), netns=netns())
    others = len(COLLECTORS) - 1
    expected = looked_at(others, others, name != SITES)
    eventually(lambda: verdict(process)["looked_at"] == expected, expected)
    if COLLECTORS[name]:
        assert told_everywhere(process, f"off by configuration: {name}", blind=False)
    told = verdict(process)
    assert told["not_looked_at"] == []
    assert COLLECTORS[name] or not any("off by configuration" in line for line in told["neutral"])


@each([name for name in COLLECTORS if name != NEVER_FAILS])
def test_failing(netns, exporter, faults, name):
    """Nobody chose so. It is over once it works again."""
    process = exporter(*all_on(), netns=netns(), env=faults.env)
    all_of_them = looked_at(len(COLLECTORS), len(COLLECTORS))
    eventually(lambda: verdict(process)["looked_at"] == all_of_them, all_of_them)
    faults.arm(EACH_CALL, error=errno.EIO, thread=name)
    expected = looked_at(len(COLLECTORS) - 1, len(COLLECTORS), name != SITES)
    eventually(lambda: verdict(process)["looked_at"] == expected, expected)
    line = failure_told_everywhere(process)
    assert re.fullmatch(rf"{name} is failing: .+: Input/output error", line)
    faults.disarm()
    eventually(lambda: verdict(process)["looked_at"] == all_of_them, all_of_them)
    assert verdict(process)["not_looked_at"] == []


@each([name for name in COLLECTORS if name != NEVER_FAILS])
def test_failing_from_the_start(netns, exporter, faults, name):
    """It is never green before it was looked at."""
    faults.arm(EACH_CALL, error=errno.EIO, thread=name)
    process = exporter(*all_on(), netns=netns(), env=faults.env, wait=False)
    eventually(lambda: process.urls, "the address")
    assert verdict(process)["colour"] != "green"
    eventually(lambda: state(process, name) == "failing", "the failure")
    assert failure_told_everywhere(process).startswith(f"{name} is failing: ")


# How each comes to be absent. That a thing may not be read shows where it is opened; the drop sites are opened by another
# thread, and of their sources one is in no kernel of ours.
def absent(exporter, faults, name, **where):
    faults.arm(EACH_CALL, error=errno.EACCES, thread=name)
    more = ("--set=collectors.drop_monitor.source=summary",) if name == SITES else ()
    process = exporter(*all_on(*more), env=faults.env, **where)
    eventually(lambda: state(process, name) == "unsupported", "the collector to be absent")
    others = len(COLLECTORS) - 1
    expected = looked_at(others, others, name != SITES)
    eventually(lambda: verdict(process)["looked_at"] == expected, expected)
    told = verdict(process)
    (line,) = [line for line in told["neutral"] + told["not_looked_at"] if " available here: " in line]
    counts = ", which counts the kernel's drop sites," if name == SITES else ""
    assert line.startswith(f"{name}{counts} is not available here: ")
    return process, line


@each([name for name in COLLECTORS if name != NEVER_FAILS])
def test_absent_in_a_container(netns, exporter, faults, name):
    """Who runs it there chose what it may see."""
    process, line = absent(exporter, faults, name, netns=netns())
    assert told_everywhere(process, line, blind=False)
    assert verdict(process)["not_looked_at"] == []


@each([name for name in COLLECTORS if name != NEVER_FAILS])
def test_absent_on_a_host(exporter, faults, name):
    """The drop sites, and what needs nothing, are expected there; what has needs is not everywhere."""
    process, line = absent(exporter, faults, name)
    if process.metrics().value("netdrop_host_network_namespace") == 0:
        pytest.skip("this is no host: see the test of containers")
    needs = re.search(rf"^{name}\n(?: .*\n)*? +needs: +(.*)$", LISTED, re.MULTILINE)[1]
    assert told_everywhere(process, line, blind=name == SITES or needs == "nothing")


def test_what_needs_nothing_never_fails(netns, exporter, faults):
    """It goes on without, and its row of the page says without what."""
    process = exporter(*all_on(), netns=netns(), env=faults.env)
    faults.arm(EACH_CALL, error=errno.EIO, thread=NEVER_FAILS)
    eventually(lambda: "without /proc/self/stat" in reason(process, NEVER_FAILS), "what it is without")
    assert state(process, NEVER_FAILS) == "ok"
    assert verdict(process)["looked_at"] == looked_at(len(COLLECTORS), len(COLLECTORS))
    assert verdict(process)["not_looked_at"] == []
