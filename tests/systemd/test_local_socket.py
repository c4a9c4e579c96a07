# SPDX-License-Identifier: GPL-2.0-or-later
"""The local socket as the unit makes it: whose members may ask, and that it comes and goes with the service."""

import grp
import http.client
import json
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import eventually
from service import CONFIGURATION, NAME, shipped, systemctl
from test_secrets import USERS

UNIT = f"{NAME}-local.socket"
PATH = Path("/run/netdrop-exporter.sock")
NOBODY = 65534
ASK = f"""
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(10)
try:
    client.connect("{PATH}")
except PermissionError:
    print("permission denied")
else:
    client.sendall(b"GET %b HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n" % sys.argv[1].encode())
    print(client.recv(4096).split()[1].decode())
"""


def ask(user=0, groups=(), path="/metrics"):
    """What that user, member of these groups, is answered."""
    command = [sys.executable, "-c", ASK, path]
    options = {"user": user, "group": user, "extra_groups": list(groups)} if user else {}
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30, **options).stdout.strip()


def answered():
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(PATH)) == 0


@pytest.fixture
def enabled(stopped):
    systemctl("enable", UNIT)
    yield stopped
    systemctl("disable", UNIT)
    stopped.remove()
    systemctl("stop", UNIT)


def test_not_without_being_enabled(service):
    assert not PATH.exists()
    assert "unix:" not in service.journal()


def test_row_62_members_of_adm_may_ask_and_nobody_else(enabled):
    enabled.start()
    found = PATH.stat()
    adm = grp.getgrnam("adm").gr_gid
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, adm, 0o660)
    assert ask() == "200"
    assert ask(NOBODY, [adm]) == "200"
    assert ask(NOBODY) == "permission denied"
    assert ask(NOBODY, [grp.getgrnam("daemon").gr_gid]) == "permission denied"


def test_packets_of_a_service_without_capabilities(enabled):
    """What the privileged step opened is all it needs to show packets, after a restart too. While the first collection goes
    on, it asks who wants them to ask again."""
    adm = grp.getgrnam("adm").gr_gid
    for way in ("start", "restart"):
        systemctl(way, NAME)
        eventually(lambda: ask(NOBODY, [adm], "/records") == "200", "packets")
        assert ask(NOBODY, path="/records") == "permission denied"


def test_row_62_no_password_there_and_one_by_the_network(enabled, tmp_path):
    users = tmp_path / "users"
    users.write_text(USERS)
    users.chmod(0o600)
    CONFIGURATION.write_text(json.dumps({"web": {"users_file": f"/run/credentials/{NAME}.service/users"}}))
    enabled.configure(f"[Service]\nLoadCredential=users:{users}\n")
    systemctl("start", NAME)
    eventually(lambda: enabled.get("/-/ready") == 401, "to be asked for a password")
    assert ask() == "200"


def test_enabled_while_the_service_runs(service):
    """systemd passes sockets at a start only: it says so, nothing is disturbed, and a restart brings it."""
    pid = service.pid
    try:
        result = systemctl("enable", "--now", UNIT, check=False)
        assert systemctl("is-enabled", UNIT).stdout.strip() == "enabled"
        assert service.pid == pid and service.get("/-/healthy") == 200
        journal = subprocess.run(["journalctl", "-u", UNIT], check=True, capture_output=True, text=True).stdout
        assert result.returncode != 0 and "already active, refusing" in journal
        systemctl("restart", NAME)
        service.wait_ready()
        assert ask() == "200"
        systemctl("disable", UNIT)
        systemctl("restart", NAME)
        service.wait_ready()
    finally:
        systemctl("disable", UNIT)
        systemctl("stop", UNIT, NAME)


def test_it_goes_with_the_service(enabled):
    """And a connection starts nobody who was stopped."""
    enabled.start()
    assert answered()
    systemctl("restart", NAME)
    enabled.wait_ready()
    assert ask() == "200"
    systemctl("stop", NAME)
    # The command waits for the service alone; the socket's stop is next, and takes no connection meanwhile.
    eventually(lambda: not PATH.exists(), "the socket to go")
    assert not answered()
    assert enabled.show("ActiveState") == "inactive"
    systemctl("start", NAME)
    enabled.wait_ready()
    assert ask() == "200"


def test_a_crash_is_survived(enabled):
    enabled.start()
    killed = enabled.pid
    systemctl("kill", "--signal=KILL", NAME)
    eventually(lambda: enabled.pid not in (0, killed), "another process")
    enabled.wait_ready()
    assert ask() == "200"


def test_both_sockets(enabled):
    """That of the network is systemd's too: each is known by its name."""
    enabled.configure(shipped("socket-activation.conf"))
    systemctl("start", f"{NAME}.socket")
    enabled.wait_ready()
    assert ask() == "200"
    assert "nobody wants" not in enabled.journal().split("Started")[-1]
    connection = http.client.HTTPConnection("127.0.0.1", 10190, timeout=10)
    connection.request("GET", "/-/healthy")
    assert connection.getresponse().status == 200
