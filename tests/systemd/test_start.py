# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts that meet a host which is not ready, and many of them: what time cures, the service outlives."""

import http.client
import json
import re
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from daemon import PATIENCE, eventually
from service import CONFIGURATION, NAME, systemctl

LATE = "192.0.2.1"
MADE = Path("/var/lib/netdrop-test")


def configure(**web):
    CONFIGURATION.write_text(json.dumps({"web": web}))


def get(host, context=None):
    """The status, or None where nobody answers."""
    kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
    connection = kind(host, 10190, timeout=PATIENCE, **({"context": context} if context else {}))
    try:
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.fixture
def late_address():
    yield lambda: subprocess.run(["ip", "address", "add", f"{LATE}/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "address", "del", f"{LATE}/32", "dev", "lo"], check=False, capture_output=True)


def said_since(invocation):
    command = ["journalctl", "--quiet", "--output=cat", f"_SYSTEMD_INVOCATION_ID={invocation}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.timeout(900)
def test_row_68_an_address_that_comes_late(stopped, late_address, seconds_late):
    """The host's only one: what a boot before the network is up looks like."""
    configure(listen=[f"{LATE}:10190"])
    for seconds in seconds_late:
        begin = time.monotonic()
        systemctl("start", NAME)
        invocation = stopped.show("InvocationID")
        eventually(lambda: f"no interface has {LATE}:10190" in stopped.show("StatusText"), "the Status line to tell it")
        time.sleep(max(0, seconds - (time.monotonic() - begin)))
        assert get(LATE) is None
        late_address()
        assert get(LATE) == 200, "served at once"
        eventually(lambda: f"{LATE}:10190 is there now" in said_since(invocation), "the log to tell it")
        eventually(lambda: "no interface" not in stopped.show("StatusText"), "the Status line to tell it")
        assert stopped.show("NRestarts") == "0"
        said = said_since(invocation)
        assert len(re.findall(rf"{LATE}:10190(?!/metrics)", said)) == 2, said
        assert "nobody wants" not in said
        systemctl("stop", NAME)
        subprocess.run(["ip", "address", "del", f"{LATE}/32", "dev", "lo"], check=True)


def test_row_68_with_a_socket_of_systemd(stopped, late_address):
    """FreeBind= is in the unit, for who edits its ListenStream=."""
    drop_in = Path(f"/run/systemd/system/{NAME}.socket.d/test.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(f"[Socket]\nListenStream=\nListenStream={LATE}:10190\n")
    try:
        systemctl("daemon-reload")
        systemctl("start", f"{NAME}.socket")
        assert systemctl("is-active", f"{NAME}.socket").stdout.strip() == "active"
    finally:
        systemctl("stop", f"{NAME}.socket", check=False)
        drop_in.unlink()
        drop_in.parent.rmdir()


@pytest.mark.parametrize("crash", [False, True], ids=["restarted", "killed"])
def test_row_70_twenty_restarts_in_a_minute(stopped, crash):
    stopped.configure("[Service]\nRestartSec=100ms\n")
    stopped.start()
    # A slow machine takes longer than any limit looks back: there is none.
    assert stopped.show("StartLimitIntervalUSec") == "0"
    for _ in range(20):
        before = stopped.pid
        if crash:
            systemctl("kill", "--signal=KILL", NAME)
        else:
            systemctl("restart", NAME)
        eventually(lambda before=before: stopped.pid not in (0, before), "another process")
    stopped.wait_ready()
    assert stopped.show("ActiveState") == "active"
    assert "nobody wants" not in stopped.journal()


def test_row_43_a_port_in_use_is_tried_again(stopped):
    """Waiting inside would not cure it; the service is started again, and each failure names the address alone."""
    stopped.configure("[Service]\nRestartSec=500ms\n")
    other = subprocess.Popen(["python3", "-m", "http.server", "--bind", "127.0.0.1", "10190"], stderr=subprocess.DEVNULL)
    try:
        configure(listen=["127.0.0.1:10190"])
        eventually(lambda: get("127.0.0.1"), "the other program")
        assert systemctl("start", NAME, check=False).returncode != 0
        eventually(lambda: int(stopped.show("NRestarts")) > 6, "more than five starts")
    finally:
        other.kill()
        other.wait()
    stopped.wait_ready()
    said = stopped.journal()
    assert "status=1/FAILURE" in said
    assert "cannot listen on 127.0.0.1:10190: Address already in use" in said
    assert "nobody wants" not in said


@pytest.fixture
def expired(tmp_path):
    """The directory of a certificate that has expired, and of its key; the service may read both."""
    directory = Path("/etc/netdrop-test")
    directory.mkdir()
    for name in ("expired.pem", "key.pem"):
        (directory / name).write_bytes((MADE / name).read_bytes())
    (directory / "key.pem").chmod(0o640)
    subprocess.run(["chgrp", "adm", directory / "key.pem"], check=True)
    yield directory
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()


def test_row_54_an_expired_certificate_at_boot(stopped, expired):
    configure(tls={"certificate": str(expired / "expired.pem"), "key": str(expired / "key.pem")})
    stopped.configure("[Service]\nSupplementaryGroups=adm\n")
    systemctl("start", NAME)
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    eventually(lambda: get("127.0.0.1", careless) == 200, "an answer")
    eventually(lambda: "certificate: expired at 20" in stopped.show("StatusText"), "the Status line to tell it")
    assert "certificate: expired at 20" in stopped.journal()
    systemctl("reload", NAME)
    assert get("127.0.0.1", careless) == 200


def test_row_72_files_that_come_late(stopped, expired):
    """A mount, a secret that is written a moment later: started again until they are there."""
    configure(users_file=str(expired / "users"))
    stopped.configure("[Service]\nRestartSec=500ms\n")
    assert systemctl("start", NAME, check=False).returncode != 0
    eventually(lambda: int(stopped.show("NRestarts")) > 6, "more than five starts")
    assert f"{expired}/users: web.users_file: cannot open: No such file or directory" in stopped.journal()
    configure()
    stopped.wait_ready()
