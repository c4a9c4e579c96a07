# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel that is locked down ("confidentiality") lets no BPF program read its memory by a helper: the same program counts
all the same, by place, reason and device, without owners, segments and packets to look at. It cannot be taken back, so that this is the last
test under each kernel (conftest.py)."""

import re
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from daemon import INTERVAL, Exporter, eventually
from lost_events import assert_counted, is_counted, lost

LOCKDOWN = Path("/sys/kernel/security/lockdown")
FLAGS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.source=bpf",
    f"--set=collectors.drop_monitor.interval={INTERVAL}",
)
UDP_SEGMENT = 103
SKBS, SEGMENTS = 130, 10


@pytest.fixture(name="locked")
def fixture_locked():
    if not LOCKDOWN.exists():
        subprocess.run(["mount", "-t", "securityfs", "none", "/sys/kernel/security"], check=True)
    LOCKDOWN.write_text("confidentiality", encoding="ascii")
    assert "[confidentiality]" in LOCKDOWN.read_text(encoding="ascii")


def closed_port(page):
    """What nobody listened for: {(function, device, netns): packets}."""
    rows = page.series("netdrop_kernel_drops_total", reason="NO_SOCKET", protocol="ipv4")
    return {tuple(row.labels[name] for name in ("function", "device", "netns")): row.value for row in rows}


@pytest.mark.usefixtures("locked")
def test_drops_are_counted_without_reading_memory(binary, tmp_path):
    said = subprocess.run([binary, "--list-collectors", *FLAGS], capture_output=True, text=True, check=True).stdout
    assert re.search(r"^drop_monitor\n(?: .*\n)*? +runs here: yes: .*without owners, segments and packets", said, re.MULTILINE), said
    with closing(Exporter([binary, "--web.listen-address=127.0.0.1:0", *FLAGS], tmp_path / "stderr")) as process:
        process.wait_ready()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(SKBS):
                sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 100 if number % 2 else 0)
                sender.sendto(bytes(100 * SEGMENTS if number % 2 else 100), ("127.0.0.1", 9))
        # Functions have their names: to print one is no reading of memory.
        place = ("__udp4_lib_rcv", "lo", "self")
        page = eventually(
            lambda: (page := process.metrics()) and is_counted(closed_port(page).get(place, 0), SKBS, lost(page)) and page, "the drops"
        )
        assert_counted(closed_port(page), {place: SKBS}, lost(page))
        assert page.value("netdrop_kernel_drop_source_active") == 1
        assert not page.get("netdrop_workload_drops_total")
        assert not page.get("netdrop_kernel_dropped_segments_total")
