# SPDX-License-Identifier: GPL-2.0-or-later
"""The service with the kernel's drop_monitor as its source: opened and switched on by netdrop-open, read without
privilege, switched off by netdrop-open. Needs the module and the initial network namespace: the virtual machine."""

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from daemon import eventually
from service import CONFIGURATION, NAME, NO_PRIVILEGE, privilege, systemctl

if "NETDROP_VM" not in os.environ:
    pytest.skip("the kernel's drop_monitor: in the virtual machine (stage vm)", allow_module_level=True)

sys.path.append(str(Path(__file__).resolve().parents[1] / "vm"))

from monitor import Monitor  # noqa: E402

SITE = "__udp4_lib_rcv"


@pytest.fixture
def monitor():
    somebody = Monitor()
    assert not somebody.running()
    yield somebody
    somebody.close()


@pytest.fixture
def service(stopped, monitor):
    CONFIGURATION.write_text(json.dumps({"collectors": {"drop_monitor": {"source": "summary"}}}))
    return stopped


def counted(service):
    """Without the other collectors: to read and check a whole page takes an emulated machine long."""
    page = service.fresh(alone=True)
    return sum(row.value for row in page.series("netdrop_kernel_drops_total", function=SITE))


def counts(service, number):
    before = counted(service)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(number):
            sender.sendto(b"x", ("127.0.0.1", 9))
    eventually(lambda: counted(service) - before >= number, "the drops to be counted")
    assert counted(service) - before == number


def test_it_counts_without_privilege_and_is_switched_off(service, monitor):
    service.start()
    assert monitor.running()
    assert privilege(service.pid) == NO_PRIVILEGE
    page = service.fresh()
    assert page.value("netdrop_kernel_drop_source_info", source="drop_monitor", mode="summary") == 1
    # Whether it still runs, nobody without CAP_NET_ADMIN may ask.
    assert "netdrop_kernel_drop_source_active" not in page
    counts(service, 1000)
    systemctl("stop", NAME)
    assert not monitor.running()
    assert service.stored == 0


def test_killed_it_is_switched_off_and_on_again(service, monitor):
    service.start()
    stored, killed = service.stored, service.pid
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: service.pid not in (0, killed), "another process")
    service.wait_ready()
    assert monitor.running() and service.stored == stored
    counts(service, 1000)
    systemctl("stop", NAME)
    assert not monitor.running()


def test_what_somebody_else_started_runs_on(service, monitor):
    monitor.start("summary")
    service.start()
    counts(service, 1000)
    systemctl("stop", NAME)
    assert monitor.running()
