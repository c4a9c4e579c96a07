# SPDX-License-Identifier: GPL-2.0-or-later
"""What `systemctl status` and the journal say while packets are really lost: floods in namespaces, counted exactly."""

import json
import re
import signal
import socket
import time
from contextlib import suppress

import pytest

from daemon import eventually
from journal import Journal

ONLY = ("--collector.disable-defaults", "--collector.link", "--collector.snmp")
# The shortest that there is: a spell is over 20 s after its last packet at the latest.
SHORT = ("--set=loss.window=10s", "--set=loss.end_after=5s", "--set=loss.onset_packets=1")
UNHANDLED = 0x88B5


@pytest.fixture
def full_socket(veth):
    """A receiver that never reads; flood(count) sends to it and returns how many were too many for its buffer."""
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind((veth.ADDRESS["b0"], 9999))

        def flood(count):
            veth.send_udp(count)
            held = 0
            receiver.settimeout(0.5)  # the last ones may be on their way
            with suppress(TimeoutError):
                while receiver.recv(100):
                    held += 1
            assert 0 < held < count
            return count - held

        yield flood


def send_unhandled(veth, count):
    """Frames of a protocol that nobody speaks: b0 drops them."""
    with veth.a.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("a0", 0))
        addresses = [bytes.fromhex(veth.MAC[device].replace(":", "")) for device in ("b0", "a0")]
        for _ in range(count):
            sender.send(b"".join(addresses) + UNHANDLED.to_bytes(2, "big") + bytes(50))


def test_a_spell_of_loss(exporter, manager, veth, full_socket):
    """Its onset and its end are said once, however often it flaps; the Status line follows it, to the packet."""
    daemon = exporter(*ONLY, *SHORT, "--set=devices.exclude_kinds=", netns=veth.b, env=manager.environment)
    manager.said("^STATUS=2 of 2 collectors up, 2 devices; no drops yet$")
    lost = full_socket(1000)
    manager.said(r"^STATUS=2 of 2 collectors up, 2 devices; udp loses \S+/s since \d\d:\d\d \(receive buffer full\)$")
    eventually(lambda: "udp loses packets: " in daemon.stderr, "the onset")
    for _ in range(4):
        lost += full_socket(500)
        time.sleep(3)
    assert "no longer" not in daemon.stderr
    manager.said(r"^STATUS=.*; udp lost \d+ in the last minute \(receive buffer full\)$")
    eventually(lambda: "no longer" in daemon.stderr, "the end")
    end = re.search(r"^udp no longer loses packets: (\d+) were lost in \d+ s, at most \d+/s \(receive buffer full\)$",
                    daemon.stderr, re.MULTILINE)
    assert int(end[1]) == lost
    assert daemon.stderr.count("loses packets") == 2


def test_entries_of_a_spell(exporter, tree, tmp_path, veth):
    """The interface and the cause are fields; a reload changes the limits."""
    identifiers = dict(re.findall(r"MESSAGE_(\w+)\s+\"(\w+)\"", (tree / "daemon/systemd/messages.h").read_text()))
    directory = tmp_path / "journal"
    directory.mkdir()
    journal = Journal(directory, tmp_path / "stderr0", veth.b)
    path = tmp_path / "config.json"
    limits = {"window": "10s", "end_after": "5s", "onset_packets": 100000}
    path.write_text(json.dumps({"loss": limits}))
    daemon = exporter(
        f"--config.file={path}",
        *ONLY,
        "--set=devices.exclude_kinds=",
        netns=journal,
        env=journal.environment,
        wait=False,
    )
    journal.said(SYSLOG_IDENTIFIER="netdrop-exporter")
    time.sleep(7)  # until the numbers before the fault are known
    send_unhandled(veth, 500)
    time.sleep(7)
    assert not journal.entries(NETDROP_DEVICE="b0")
    path.write_text(json.dumps({"loss": {**limits, "onset_packets": 20}}))
    daemon.signal(signal.SIGHUP)
    journal.said(MESSAGE_ID=identifiers["CONFIG_RELOADED"])
    send_unhandled(veth, 700)
    fields = {"NETDROP_DEVICE": "b0", "NETDROP_SUBJECT": "b0", "NETDROP_CAUSE": "receive dropped: no room, or nobody wants it"}
    assert journal.said(MESSAGE_ID=identifiers["LOSS_BEGAN"], **fields)["PRIORITY"] == "4"
    assert journal.said(MESSAGE_ID=identifiers["LOSS_ENDED"], **fields)["PRIORITY"] == "6"
    assert len(journal.entries(NETDROP_DEVICE="b0")) == 2
    journal.close()


@pytest.mark.flood
def test_the_drop_site_tells_most(exporter, command, veth, full_socket):
    """Where the kernel's reason and function are known, they are the cause, and the interface is the subject."""
    said = command("--list-collectors").stdout
    if "runs here: yes: by bpf" not in said:
        pytest.skip("drop sites have no device here")
    flags = ("--collector.disable-defaults", "--collector.drop_monitor", "--set=devices.exclude_kinds=")
    daemon = exporter(*flags, *SHORT, netns=veth.b)
    time.sleep(7)
    lost = full_socket(2000)
    end = r"^b0 no longer loses packets: (\d+) .*\(SOCKET_RCVBUFF in (\w+)\)$"
    eventually(lambda: re.search(end, daemon.stderr, re.MULTILINE), "the end", timeout=60)
    found = re.search(end, daemon.stderr, re.MULTILINE)
    assert int(found[1]) == lost
    assert re.search(rf"^warning: b0 loses packets: \d+ within 10 s \(SOCKET_RCVBUFF in {found[2]}\)$", daemon.stderr,
                     re.MULTILINE)


def test_status_lines_are_not_sent_more_than_once_a_second(exporter, manager, tmp_path):
    """Reloads that fail and succeed in turn change the line ten times a second."""
    path = tmp_path / "config.json"
    path.write_text("{}")
    begin = time.monotonic()
    daemon = exporter(f"--config.file={path}", *ONLY, env=manager.environment)
    for number in range(40):
        path.write_text("{" if number % 2 else "{}")
        daemon.signal(signal.SIGHUP)
        time.sleep(0.1)
    manager.said("^STATUS=configuration file is invalid, the one before it runs; 2 of 2 collectors up")
    daemon.terminate()
    manager.said("^STOPPING=1$")
    sent = sum(message.startswith("STATUS=") for message in manager.heard)
    assert 2 <= sent <= time.monotonic() - begin + 1
