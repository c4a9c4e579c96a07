# SPDX-License-Identifier: GPL-2.0-or-later
"""What `systemctl status` and the journal say while packets are really lost: floods in namespaces, counted exactly."""

import json
import re
import signal
import socket
import struct
import time
from contextlib import suppress

import pytest

from daemon import eventually
from journal import Journal
from lost_events import assert_counted, lost

ONLY = ("--collector.disable-defaults", "--collector.link", "--collector.snmp")
OFTEN = ("--set=collectors.link.interval=1s", "--set=collectors.snmp.interval=1s")
# The shortest that there is: a spell is over 20 s after its last packet at the latest.
SHORT = ("--set=loss.window=10s", "--set=loss.end_after=5s", "--set=loss.onset_packets=1")
UNHANDLED = 0x88B5
SO_MEMINFO, MEMINFO_DROPS = 55, 8


def dropped(receiver):
    """By the socket, as the kernel counts."""
    return struct.unpack("9I", receiver.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[MEMINFO_DROPS]


@pytest.fixture
def full_socket(veth):
    """A receiver that never reads; flood(count) sends to it and returns how many were too many for its buffer."""
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind((veth.ADDRESS["b0"], 9999))
        receiver.setblocking(False)

        def flood(count):
            before, held = dropped(receiver), 0

            def arrived():
                """The last ones may be on their way."""
                nonlocal held
                with suppress(BlockingIOError):
                    while receiver.recv(100):
                        held += 1
                return held + dropped(receiver) - before == count

            veth.send_udp(count)
            eventually(arrived, "all to arrive")
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


@pytest.fixture
def losing(exporter, manager, veth, full_socket):
    """A daemon whose Status line has told of a loss, and how many packets that was."""
    flags = (*ONLY, *OFTEN, *SHORT, "--set=devices.exclude_kinds=")
    daemon = exporter(*flags, netns=veth.b, env=manager.environment)
    time.sleep(7)  # until the numbers before the fault are known
    manager.said("^STATUS=2 of 2 collectors up, 2 devices; no loss yet$")
    lost = full_socket(1000)
    manager.said(r"^STATUS=2 of 2 collectors up, 2 devices; this host loses \S+/s since \d\d:\d\d:\d\d: receive buffer full$")
    eventually(lambda: "this host loses " in daemon.stderr, "the onset")
    return daemon, lost


def flap(full_socket):
    """Loses four times, and pauses; returns how many packets."""
    lost = 0
    for _ in range(4):
        lost += full_socket(500)
        time.sleep(3)
    return lost


@pytest.mark.parametrize("flaps", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["once", "flapping"])
def test_a_spell_of_loss(losing, manager, full_socket, flaps):
    """Its onset and its end are said once; the Status line follows it, to the packet."""
    daemon, lost = losing
    if flaps:
        lost += flap(full_socket)
    assert "over: " not in daemon.stderr
    manager.said(rf"^STATUS=.*; this host lost {lost} from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d: receive buffer full$")
    eventually(lambda: "over: " in daemon.stderr, "the end")
    end = re.search(r"^over: this host: receive buffer full; (\d+) within \d+ s, at most \d+/s$", daemon.stderr, re.MULTILINE)
    assert int(end[1]) == lost
    assert daemon.stderr.count("this host") == 2


def test_a_loss_that_flaps_is_one(losing, full_socket):
    """Its onset was said, and nothing else is for as long as it goes on."""
    daemon, _ = losing
    flap(full_socket)
    assert daemon.stderr.count("this host") == 1


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
    fields = {"NETDROP_DEVICE": "b0", "NETDROP_SUBJECT": "b0", "NETDROP_CAUSE": "unexplained"}
    assert journal.said(MESSAGE_ID=identifiers["LOSS_BEGAN"], **fields)["PRIORITY"] == "4"
    assert journal.said(MESSAGE_ID=identifiers["LOSS_ENDED"], **fields)["PRIORITY"] == "6"
    assert len(journal.entries(NETDROP_DEVICE="b0")) == 2
    journal.close()


@pytest.mark.flood
def test_the_drop_site_tells_most(exporter, command, veth, full_socket):
    """Where drop sites are known, the cause is what they say, and the interface is the subject."""
    said = command("--list-collectors").stdout
    if "runs here: yes: by bpf" not in said:
        pytest.skip("drop sites have no device here")
    flags = ("--collector.disable-defaults", "--collector.drop_monitor", "--set=devices.exclude_kinds=")
    daemon = exporter(*flags, *SHORT, netns=veth.b)
    time.sleep(7)
    dropped = full_socket(2000)
    end = r"^over: (?:.*, )?b0: the receive buffer is full; (\d+) within "
    eventually(lambda: re.search(end, daemon.stderr, re.MULTILINE), "the end", timeout=90)
    found = re.search(end, daemon.stderr, re.MULTILINE)
    assert_counted(int(found[1]), dropped, lost(daemon.metrics()))
    onset = r"^warning: (?:.*, )?b0 loses \S+/s: the receive buffer is full; \d+ within 10 s; look with: netdrop-exporter --watch$"
    assert re.search(onset, daemon.stderr, re.MULTILINE)


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
    manager.said("^STATUS=configuration was not reloaded; 2 of 2 collectors up")
    daemon.terminate()
    manager.said("^STOPPING=1$")
    sent = sum(message.startswith("STATUS=") for message in manager.heard)
    assert 2 <= sent <= time.monotonic() - begin + 1
