# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTPS and passwords in the sandbox of the service: how it gets at files that its dynamic user does not own."""

import base64
import http.client
import json
import os
import shutil
import ssl
from pathlib import Path

import pytest

from daemon import PATIENCE, SECRET_HASH, eventually
from service import ADDRESS, CONFIGURATION, NAME, systemctl

MADE = Path("/var/lib/netdrop-test")
CERTIFICATE = MADE / "certificate.pem"
CREDENTIALS = Path(f"/run/credentials/{NAME}.service")
# "secret"
USERS = f"prometheus:{SECRET_HASH}\n"


def configure(certificate, key, users):
    names = {"tls": {"certificate": str(certificate), "key": str(key)}, "users_file": str(users)}
    CONFIGURATION.write_text(json.dumps({"web": names}))


def get(password="secret"):
    """The status, or None where nobody answers."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    connection = http.client.HTTPSConnection(*ADDRESS, timeout=PATIENCE, context=context)
    said = base64.b64encode(f"prometheus:{password}".encode()).decode()
    try:
        connection.request("GET", "/-/ready", headers={"Authorization": f"Basic {said}"})
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


@pytest.fixture
def files(tmp_path):
    """A key and users that root owns, in a directory that others may not look into."""
    directory = tmp_path / "private"
    directory.mkdir()
    key, users = directory / "key.pem", directory / "users"
    shutil.copy(MADE / "key.pem", key)
    users.write_text(USERS)
    for path in key, users:
        path.chmod(0o600)
    return key, users


def test_row_54_credentials_of_systemd(stopped, files):
    key, users = files
    configure(CERTIFICATE, CREDENTIALS / "tls.key", CREDENTIALS / "users")
    stopped.configure(f"[Service]\nLoadCredential=tls.key:{key}\nLoadCredential=users:{users}\n")
    systemctl("start", NAME)
    eventually(lambda: get() == 200, "an answer")
    assert get("wrong") == 401
    systemctl("reload", NAME)
    assert get() == 200


@pytest.fixture
def group_files():
    """A key and users that the group adm may read, where every user may go."""
    directory = Path("/etc/netdrop-test")
    directory.mkdir()
    paths = [directory / "key.pem", directory / "users"]
    shutil.copy(MADE / "key.pem", paths[0])
    paths[1].write_text(USERS)
    for path in paths:
        shutil.chown(path, "root", "adm")
        path.chmod(0o640)
    yield paths
    shutil.rmtree(directory)


def test_row_54_files_of_a_group(stopped, group_files):
    key, users = group_files
    configure(CERTIFICATE, key, users)
    stopped.configure("[Service]\nSupplementaryGroups=adm\n")
    systemctl("start", NAME)
    eventually(lambda: get() == 200, "an answer")
    # A reload reads them again, and refuses what is wrong, which the job says.
    os.chmod(users, 0o644)
    assert systemctl("reload", NAME, check=False).returncode != 0
    eventually(lambda: "web.users_file: others may read" in stopped.journal(), "the refusal")
    eventually(lambda: "users file is invalid" in stopped.show("StatusText"), "the Status line to say it")
    os.chmod(users, 0o640)
    systemctl("reload", NAME)
    assert get() == 200


def test_row_54_what_it_may_not_read_is_named(stopped, group_files):
    configure(CERTIFICATE, *group_files)
    assert systemctl("start", NAME, check=False).returncode != 0
    assert stopped.show("ExecMainStatus") == "1"
    assert f"{group_files[0]}: web.tls.key: cannot open: Permission denied" in stopped.journal()


def test_row_54_the_watchdog_is_answered_in_the_sandbox(stopped, group_files):
    configure(CERTIFICATE, *group_files)
    stopped.configure("[Service]\nSupplementaryGroups=adm\nWatchdogSec=6\n")
    systemctl("start", NAME)
    eventually(lambda: get() == 200, "an answer")
    pid, since = stopped.pid, stopped.show("WatchdogTimestampMonotonic")
    for _ in range(5):
        last = since
        since = eventually(lambda last=last: (now := stopped.show("WatchdogTimestampMonotonic")) != last and now, "a ping")
    assert stopped.pid == pid and stopped.show("NRestarts") == "0"
