# SPDX-License-Identifier: GPL-2.0-or-later
"""What --log.level adds and leaves out. What stands in the journal: test_journal.py."""

import re

from daemon import eventually

ANSWER = re.compile(r"^debug: (\S+): (\S+) (.+): (\d+), (\d+) bytes, (.*), made in \d+\.\d{3} ms$", re.MULTILINE)
ATTEMPT = re.compile(r"^debug: collector (\w+): (\w+) after \d+\.\d{3} ms, (\d+) series(: .+)?$", re.MULTILINE)


def test_answers(exporter, netns):
    daemon = exporter("--log.level=debug", "--collector.disable-defaults", "--collector.snmp", netns=netns())
    text = daemon.get()
    packed = daemon.get(headers={"Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": "gzip"})
    daemon.get("/%0adebug:%20forged", method="HEAD")

    def told():
        """An answer is told once it is sent. What waited for the daemon asked, too; probes of its own are no lines."""
        found = [line for line in ANSWER.findall(daemon.stderr) if line[2] != "/-/ready"]
        return found if len(found) >= 3 else None

    lines = eventually(told, "three answers")
    assert {line[0] for line in lines} <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert [line[1:4] for line in lines] == [
        ("GET", "/metrics", "200"),
        ("GET", "/metrics", "200"),
        ("HEAD", r"/\x0adebug: forged", "404"),
    ]
    assert [int(line[4]) for line in lines[:2]] == [len(text.body), len(packed.body)]
    assert [line[5] for line in lines] == [
        "text/plain; version=0.0.4; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8, gzip",
        "text/plain; charset=utf-8",
    ]


def test_attempts(exporter, netns):
    daemon = exporter(
        "--log.level=debug", "--collector.disable-defaults", "--collector.snmp", "--collector.process", netns=netns()
    )
    series = daemon.metrics().value("netdrop_collector_series", collector="snmp")
    wanted = ("snmp", "ok", str(int(series)), "")

    def both():
        """An attempt is told once its numbers are on the page."""
        found = ATTEMPT.findall(daemon.stderr)
        return wanted in found and {name for name, *_ in found} == {"snmp", "process"}

    eventually(both, "an attempt of each")


def test_attempts_that_fail(exporter, netns):
    daemon = exporter("--log.level=debug", "--path.procfs=/nonexistent", netns=netns())
    failed = eventually(
        lambda: [line for line in ATTEMPT.findall(daemon.stderr) if line[0] == "snmp"], "the attempt of snmp"
    )
    name, state, series, reason = failed[0]
    assert (state, series) == ("unsupported", "0")
    assert "/nonexistent" in reason


def test_without_it(exporter, netns):
    daemon = exporter(netns=netns())
    daemon.get()
    daemon.terminate()
    assert "listening on" in daemon.stderr
    assert "debug: " not in daemon.stderr
