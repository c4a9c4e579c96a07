# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator sees: the Status line, and structured entries that the real journal has indexed and explains."""

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from daemon import eventually
from service import CONFIGURATION, NAME, systemctl

TREE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def identifiers():
    text = (TREE / "daemon/systemd/messages.h").read_text()
    return dict(re.findall(r"MESSAGE_(\w+)\s+\"(\w+)\"", text))


def entries(*matches):
    output = subprocess.run(
        ["journalctl", "--quiet", "--output=json", f"--unit={NAME}", *matches],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [json.loads(line) for line in output.splitlines()]


def said(*matches):
    return eventually(lambda: entries(*matches), f"entries with {matches}")


def explained(identifier):
    """What `journalctl -x` shows of such an entry."""
    subprocess.run(["journalctl", "--update-catalog"], check=True)
    return subprocess.run(
        ["journalctl", "--quiet", "--catalog", f"--unit={NAME}", f"MESSAGE_ID={identifier}"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def flood():
    """Datagrams to a program that does not read them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(20000):
                sender.sendto(bytes(10), receiver.getsockname())


def test_loss_is_told(service, identifiers):
    whole = r"(\d+) of \1 collectors up, \d+ devices?"
    eventually(lambda: re.match(rf"{whole}; ", service.show("StatusText")), "the Status line")

    def worst():
        flood()
        told = r"(.*, )?lo loses \S+/s since \d\d:\d\d:\d\d: the receive buffer is full"
        return re.fullmatch(rf"{whole}; {told}(; \d+ more)?", service.show("StatusText"))

    eventually(worst, "the Status line to tell it", timeout=90)
    found = said(f"MESSAGE_ID={identifiers['LOSS_BEGAN']}", "NETDROP_DEVICE=lo")
    assert [entry["PRIORITY"] for entry in found] == ["4"]
    assert found[0]["SYSLOG_IDENTIFIER"] == NAME
    assert found[0]["NETDROP_CAUSE"] == "udp_receive_buffer_full"
    assert re.search(r"lo loses \S+/s: the receive buffer is full; \d+ within 60 s", found[0]["MESSAGE"])
    text = explained(identifiers["LOSS_BEGAN"])
    assert "loses packets (udp_receive_buffer_full)" in text
    assert "What to do" in text and 'netdrop_lost_packets_total{cause="udp_receive_buffer_full"}' in text


def test_the_choice_of_a_source_is_an_entry(service, identifiers):
    """By who opened it: the step with privilege."""
    invocation = service.show("InvocationID")
    found = said(f"MESSAGE_ID={identifiers['COLLECTOR_CHOICE']}", f"_SYSTEMD_INVOCATION_ID={invocation}")
    assert [entry["NETDROP_COLLECTOR"] for entry in found] == ["drop_monitor"]
    assert found[0]["MESSAGE"].endswith(" descriptors for it: by bpf")


def test_row_46_a_refused_reload_is_told(service, identifiers):
    CONFIGURATION.write_text('{"web": {"pagee": 1}}')
    assert systemctl("reload", NAME, check=False).returncode != 0
    eventually(lambda: service.show("StatusText").startswith("configuration was not reloaded"), "the Status line")
    found = said(f"MESSAGE_ID={identifiers['CONFIG_REFUSED']}", f"_PID={service.pid}")
    assert [entry["PRIORITY"] for entry in found] == ["3"]
    assert "Subject: The new configuration is invalid" in explained(identifiers["CONFIG_REFUSED"])
    CONFIGURATION.write_text("{}")
    systemctl("reload", NAME)
    eventually(lambda: not service.show("StatusText").startswith("configuration"), "the Status line")
