# SPDX-License-Identifier: GPL-2.0-or-later
"""Structured entries: what the journal is told, and what becomes of it without a journal."""

import os
import re
import signal

import pytest

from daemon import eventually
from journal import Journal

PLAIN = "listening on http://"


@pytest.fixture
def identifier(tree):
    """identifier("LOSS_BEGAN"): its MESSAGE_ID."""
    text = (tree / "daemon/systemd/messages.h").read_text()
    return lambda name: re.search(rf'MESSAGE_{name}\s+"(\w+)"', text)[1]


@pytest.fixture
def journal(namespaces_possible, tmp_path):
    directory = tmp_path / "journal"
    directory.mkdir()
    made = Journal(directory, tmp_path / "stderr0")
    yield made
    made.close()


@pytest.fixture
def configuration(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


def test_entries_have_fields(exporter, journal, identifier, configuration):
    daemon = exporter(
        f"--config.file={configuration}",
        "--path.procfs=/nonexistent",
        netns=journal,
        env=journal.environment,
        wait=False,
    )
    assert re.search(PLAIN, journal.said(PRIORITY="6")["MESSAGE"])
    entry = journal.said(NETDROP_COLLECTOR="snmp")
    assert entry["SYSLOG_IDENTIFIER"] == "netdrop-exporter"
    assert entry["MESSAGE_ID"] == identifier("COLLECTOR_UNSUPPORTED")
    assert entry["PRIORITY"] == "6"
    assert entry["ERRNO"].isdigit()
    assert "/nonexistent" in entry["MESSAGE"]

    daemon.signal(signal.SIGHUP)
    assert journal.said(MESSAGE_ID=identifier("CONFIG_RELOADED"))["PRIORITY"] == "6"
    configuration.write_text('{"web": {"telemetry_path": "/elsewhere"}}')
    daemon.signal(signal.SIGHUP)
    assert "web.telemetry_path" in journal.said(MESSAGE_ID=identifier("CONFIG_RESTART"))["MESSAGE"]
    configuration.write_text('{"web": {"pagee": "a\\u00e9"}}')
    daemon.signal(signal.SIGHUP)
    journal.said(MESSAGE_ID=identifier("CONFIG_REFUSED"), PRIORITY="3")
    assert any("web.pagee" in entry["MESSAGE"] for entry in journal.entries(PRIORITY="3"))
    # Each went to one place only.
    assert daemon.stderr == ""


def test_row_53_journal_gone(exporter, journal):
    """Nobody at the socket, or no socket: what would have been an entry is a line, with its level."""
    journal.close()
    daemon = exporter("--path.procfs=/nonexistent", netns=journal, env=journal.environment)
    eventually(lambda: re.search("^<6>collector snmp: not available", daemon.stderr, re.MULTILINE), "a line")
    os.unlink(journal.directory / "socket")
    daemon.signal(signal.SIGHUP)
    eventually(lambda: re.search("^<6>configuration reloaded$", daemon.stderr, re.MULTILINE), "a line")
    assert daemon.get().status == 200


@pytest.mark.parametrize("stream", ["1:1", "", "x", "-1:-1", "18446744073709551616:1"])
def test_another_stream_is_not_ours(exporter, journal, stream):
    """Inherited from a service whose standard error was the journal: ours is not, so lines, without levels."""
    daemon = exporter(netns=journal, env={"JOURNAL_STREAM": stream})
    assert re.search(f"^{PLAIN}", daemon.stderr, re.MULTILINE)
    assert not journal.entries()


def test_the_choice_of_a_source_is_told_once(exporter, command):
    """drop_monitor with source auto: which it is, and why not the better one."""
    said = re.search(
        r"^drop_monitor\n(?: .*\n)*? +runs here: (.*)", command("--list-collectors").stdout, re.MULTILINE
    )[1]
    if said.startswith("no"):
        pytest.skip(f"drops cannot be counted here: {said}")
    daemon = exporter("--set=collectors.drop_monitor.interval=100ms")
    line = f"collector drop_monitor: works {said.removeprefix('yes: ')}"
    eventually(lambda: line in daemon.stderr, "the line")
    eventually(lambda: daemon.metrics().value("netdrop_kernel_drop_source_active") == 1, "drops to be counted")
    assert daemon.stderr.count("collector drop_monitor:") == 1
