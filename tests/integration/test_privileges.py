# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon may do: nothing. It opens what needs privilege first, and gives everything up before it serves."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import procfs
from daemon import Exporter, eventually

SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def threads(daemon):
    """What each thread's status says of privilege."""
    texts = procfs.of_threads(daemon.pid, "status").values()
    return [dict(re.findall(r"^(Cap\w+|NoNewPrivs):\t(\w+)", text, re.MULTILINE)) for text in texts]


@pytest.mark.skipif(os.geteuid() != 0, reason="there is nothing to give up: not root")
def test_no_thread_has_a_capability(exporter):
    daemon = exporter()
    found = threads(daemon)
    assert len(found) > 3
    assert all(thread == {**dict.fromkeys(SETS, "0" * 16), "NoNewPrivs": "1"} for thread in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="there is nothing to give up: not root")
def test_a_reload_opens_drop_sites_again_without_privilege(exporter, tmp_path):
    """From copies of what was opened at start; what was not opened then needs a restart, and says so."""
    path = tmp_path / "config.json"
    path.write_text("{}")
    daemon = exporter(f"--config.file={path}")
    name = "netdrop_collector_state"
    page = daemon.metrics()
    before = {row.labels["state"]: row.value for row in page.series(name, collector="drop_monitor")}
    for enabled in ("false", "true"):
        path.write_text(f'{{"collectors": {{"drop_monitor": {{"enabled": {enabled}}}}}}}')
        daemon.signal(1)
        eventually(
            lambda: bool(daemon.metrics().series(name, collector="drop_monitor")) == (enabled == "true"), "the reload"
        )

    def as_before():
        rows = daemon.metrics().series(name, collector="drop_monitor")
        return {row.labels["state"]: row.value for row in rows} == before

    eventually(as_before, "drop_monitor to do as before")


def test_switched_on_later_it_asks_for_a_restart(exporter, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"collectors": {"drop_monitor": {"enabled": false}}}')
    daemon = exporter(f"--config.file={path}")
    path.write_text("{}")
    daemon.signal(1)
    eventually(lambda: "what needs privilege is opened at start only: restart" in daemon.stderr, "the remedy")
    assert daemon.metrics().value("netdrop_collector_supported", collector="drop_monitor") == 0


PASS = """
import os, sys
number = os.open("/dev/null", os.O_RDONLY)
os.dup2(number, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="of-another-version")
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_an_unknown_descriptor_is_named_and_closed(binary, tmp_path):
    command = ["/usr/bin/python3", "-c", PASS, binary, "--web.listen-address=127.0.0.1:0"]
    daemon = Exporter(command, tmp_path / "stderr")
    try:
        daemon.wait_ready()
        assert 'descriptor 3, named "of-another-version"' in daemon.stderr
        beyond = {what for number, what in procfs.descriptors(daemon.pid).items() if number > 2}
        assert beyond and "/dev/null" not in beyond
    finally:
        daemon.close()


def test_netdrop_open_without_systemd(tree):
    program = Path(os.environ["BUILD"]) / "netdrop-open"
    if not program.exists():
        pytest.skip("built without systemd")
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    for arguments, words in ((["open"], "for systemd"), ([], "usage"), (["close"], "usage")):
        result = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert words in result.stderr
