# SPDX-License-Identifier: GPL-2.0-or-later
"""The service under a real systemd. Numbers of rows are those of docs/faults.md."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon import eventually, go_first
from lost_events import assert_counted, is_counted, lost
from service import (
    CONFIGURATION,
    NAME,
    NO_PRIVILEGE,
    enabled_collectors,
    privilege,
    shipped,
    systemctl,
    tracing_holders,
)

STATISTICS = Path("/proc/self/net/stat/nf_conntrack")
LOADED = "netdrop_config_last_reload_successful"


def test_active(service):
    assert service.show("ActiveState") == "active"
    eventually(lambda: service.show("StatusText"), "the Status line")


def test_row_58_every_collector_works(service):
    assert service.collectors() == dict.fromkeys(enabled_collectors(), 1), service.journal()
    assert service.stored <= int(service.show("FileDescriptorStoreMax"))


TRACKED = "table ip tracked { chain input { type filter hook input priority 0; ct state new accept; }; }"


@pytest.mark.skipif(not STATISTICS.exists(), reason="this kernel has no connection tracking")
def test_connections_are_counted_through_passed_descriptors(service):
    """The sandbox hides both files; what was opened outside of it shows the numbers of now."""

    def value(name):
        return service.fresh("conntrack").value(f"netdrop_conntrack_{name}")

    assert value("entries") == 0
    subprocess.run(["nft", TRACKED], check=True)
    try:
        eventually(lambda: value("entries") > 0, "our own connections to be counted")
    finally:
        subprocess.run(["nft", "delete table ip tracked"], check=True)
    assert value("entries_limit") == int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())


def test_no_thread_has_a_capability(service):
    assert privilege(service.pid) == NO_PRIVILEGE


def no_socket(page):
    rows = page.series("netdrop_kernel_drops_total", function="__udp4_lib_rcv", reason="NO_SOCKET", netns="self")
    return sum(row.value for row in rows)


def test_drops_are_counted_through_passed_descriptors(service):
    before = no_socket(service.fresh())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(1000):
            sender.sendto(b"x", ("127.0.0.1", 9))
    eventually(lambda: is_counted(no_socket(page := service.fresh()) - before, 1000, lost(page)), "the drops to be counted")
    page = service.fresh()
    assert_counted(no_socket(page) - before, 1000, lost(page))


@contextmanager
def load(service, answers):
    """Scrapes without a pause, each over a connection of its own. An answer is a status, or what went wrong."""
    done = threading.Event()

    def scrape():
        go_first()  # who connects and says nothing for half a second has no request that would be answered
        while not done.is_set():
            try:
                answers.append(service.ask("/metrics"))
            except OSError as error:
                answers.append(repr(error))

    scrapers = [threading.Thread(target=scrape) for _ in range(4)]
    for thread in scrapers:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in scrapers:
            thread.join()


@pytest.fixture
def activated(stopped):
    stopped.configure(shipped("socket-activation.conf"))
    systemctl("start", f"{NAME}.socket")
    return stopped


def test_socket_activation(activated):
    assert activated.show("ActiveState") == "inactive"
    activated.wait_ready()
    assert activated.collectors() == dict.fromkeys(enabled_collectors(), 1), activated.journal()
    assert privilege(activated.pid) == NO_PRIVILEGE


def test_no_connection_is_refused_during_restarts(activated):
    activated.wait_ready()
    answers = []
    with load(activated, answers):
        for _ in range(3):
            systemctl("restart", NAME)
            eventually(lambda after=len(answers): len(answers) >= after + 8, "eight more answers")
    assert set(answers) == {200}


def test_row_51_the_watchdog_restarts_a_stuck_daemon(stopped):
    stopped.configure("[Service]\nWatchdogSec=5\nTimeoutAbortSec=2\nRestartSec=100ms\n")
    stopped.start()
    stuck = stopped.pid
    os.kill(stuck, signal.SIGSTOP)
    eventually(lambda: stopped.pid not in (0, stuck), "another process", 60)
    stopped.wait_ready()
    assert stopped.show("NRestarts") == "1"
    assert "Watchdog timeout" in stopped.journal()
    assert stopped.collectors()["drop_monitor"] == 1


def test_reload(service):
    pid = service.pid
    CONFIGURATION.write_text('{"collectors": {"snmp": {"enabled": false}}}')
    systemctl("reload", NAME)
    eventually(lambda: "snmp" not in service.collectors(), "the new configuration")
    assert service.pid == pid
    assert service.metrics().value(LOADED) == 1


def test_row_46_reload_of_a_bad_file(service):
    before = service.collectors()
    CONFIGURATION.write_text('{"collectors": {"snmp": {"enabled": 1}}}')
    assert systemctl("reload", NAME, check=False).returncode != 0
    eventually(lambda: service.metrics().value(LOADED) == 0, "the refusal to show")
    assert service.show("ActiveState") == "active"
    assert "collectors.snmp.enabled" in service.journal()
    eventually(lambda: "configuration was not reloaded" in service.show("StatusText"), "the Status line to say it")
    assert service.collectors() == before


def test_a_bad_file_at_start_is_not_tried_again(stopped):
    CONFIGURATION.write_text("{")
    assert systemctl("start", NAME, check=False).returncode != 0
    assert stopped.show("ActiveState") == "failed"
    assert stopped.show("ExecMainStatus") == "2"
    assert stopped.show("NRestarts") == "0"


def test_killed_and_restarted_there_is_one_set_of_descriptors(stopped):
    service = stopped
    service.configure("[Service]\nRestartSec=100ms\n")
    service.start()
    stored, killed = service.stored, service.pid
    assert stored >= 5
    for _ in range(3):
        killed = service.pid
        os.kill(killed, signal.SIGKILL)
        eventually(lambda killed=killed: service.pid not in (0, killed), "another process")
        service.wait_ready()
        assert service.stored == stored
    assert service.collectors()["drop_monitor"] == 1
    assert tracing_holders() == {1, service.pid}


def test_stopped_nothing_is_left(service):
    assert tracing_holders() == {1, service.pid}
    systemctl("stop", NAME)
    assert service.show("Result") == "success"
    assert service.stored == 0
    eventually(lambda: not tracing_holders(), "the program to be gone")
    assert not Path("/run/netdrop-open").exists()


def test_without_drop_sites_nothing_is_opened(stopped):
    CONFIGURATION.write_text('{"collectors": {"drop_monitor": {"enabled": false}}}')
    stopped.start()
    assert not tracing_holders()


def test_with_ambient_capabilities_it_opens_by_itself_and_drops_them(stopped):
    stopped.configure(shipped("ambient-capabilities.conf"))
    stopped.start()
    assert tracing_holders() == {stopped.pid}
    assert stopped.collectors() == dict.fromkeys(enabled_collectors(), 1), stopped.journal()
    assert privilege(stopped.pid) == NO_PRIVILEGE
    assert no_socket(stopped.fresh()) >= 0
