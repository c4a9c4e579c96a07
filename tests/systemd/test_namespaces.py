# SPDX-License-Identifier: GPL-2.0-or-later
"""What other network namespaces lose, under the sandbox: hidden as installed, and shown by the drop-in."""

import json
import subprocess

import pytest

from daemon import eventually
from service import CONFIGURATION, NO_PRIVILEGE, privilege, shipped, systemctl

CLOSED = "netdrop_namespace_udp_no_ports_total"
UNIT = "lossy.service"


@pytest.fixture
def lossy():
    """A service with a network of its own, which loses a hundred datagrams and stays."""
    script = "for i in {1..100}; do echo x >/dev/udp/127.0.0.1/9; done; exec sleep infinity"

    def start():
        subprocess.run(["systemd-run", f"--unit={UNIT}", "--property=PrivateNetwork=yes", "bash", "-c", script], check=True)

    yield start
    systemctl("stop", UNIT, check=False)


@pytest.fixture
def enabled(stopped):
    CONFIGURATION.write_text(json.dumps({"collectors": {"netns": {"enabled": True, "interval": "1s"}}}))
    return stopped


def test_the_drop_in_shows_them(enabled, lossy):
    enabled.configure(shipped("namespaces.conf"))
    enabled.start()
    assert enabled.fresh("netns").value("netdrop_collector_up", collector="netns") == 1
    lossy()
    eventually(lambda: enabled.fresh("netns").series(CLOSED, unit=UNIT, ip_version="4"), "its row")
    eventually(lambda: enabled.fresh("netns").value(CLOSED, unit=UNIT, ip_version="4") == 100, "what it lost")
    systemctl("stop", UNIT)
    page = enabled.fresh("netns")
    assert page.value(CLOSED, unit=UNIT, ip_version="4") == 100
    assert page.value("netdrop_namespace_losses_total", counter="udp_no_ports", ip_version="4") >= 100
    assert privilege(enabled.pid) == NO_PRIVILEGE


def test_without_it_the_reason_is_told(enabled):
    enabled.start()
    page = eventually(lambda: (page := enabled.metrics()).series("netdrop_collector_supported", collector="netns") and page, "its state")
    assert page.value("netdrop_collector_supported", collector="netns") == 0
    assert not page.series("netdrop_collector_up", collector="netns")
    eventually(lambda: "hides the processes of others" in enabled.journal(), "the reason in the journal")
