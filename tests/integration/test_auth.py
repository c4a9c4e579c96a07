# SPDX-License-Identifier: GPL-2.0-or-later
"""Passwords: who has the right one is served, whatever others try; who has not learns nothing, not even whether there is
such a user; and what that costs is bounded."""

import ctypes
import http.client
import os
import signal
import subprocess
import threading
import time

import pytest

import procfs
from daemon import basic, eventually

PATHS = ("/metrics", "/", "/-/healthy", "/-/ready", "/nothing", "/metrics?collect[]=link")
SALTS = {
    "bcrypt": "$2y$05$abcdefghijklmnopqrstuu",
    "bcrypt, cost 8": "$2b$08$abcdefghijklmnopqrstuu",
    "SHA-512": "$6$saltsalt",
    "yescrypt": "$y$j9T$saltsalt",
}
QUIET = ("--collector.disable-defaults", "--collector.process")


libcrypt = ctypes.CDLL("libcrypt.so.1")
libcrypt.crypt.restype = ctypes.c_char_p


def hashed(password, method="bcrypt"):
    return libcrypt.crypt(password.encode(), SALTS[method].encode()).decode()


@pytest.fixture
def users(tmp_path):
    """users(name="password", ...) writes the file; returns the flag that names it."""
    path = tmp_path / "users"

    def write(method="bcrypt", **passwords):
        new = path.with_suffix(".new")
        new.write_text("".join(f"{name}:{hashed(word, method)}\n" for name, word in passwords.items()))
        new.chmod(0o600)
        new.rename(path)
        return f"--set=web.users_file={path}"

    write.path = path
    return write


def ask(daemon, user=None, path="/-/healthy", source=None):
    """The answer to one who says he is `user`."""
    connection = http.client.HTTPConnection("127.0.0.1")
    connection.sock = daemon.connect(source)
    try:
        connection.request("GET", path, headers={"Authorization": basic(user)} if user else {})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


@pytest.mark.parametrize("method", SALTS)
def test_row_55_who_may_ask(exporter, users, method):
    allowed = users(method, prometheus="secret", **{"Bjoern B": "a:b"})
    daemon = exporter(allowed, "--log.level=debug", user="prometheus:secret")
    for path in PATHS:
        refused = ask(daemon, path=path)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="netdrop-exporter", charset="UTF-8"'
        assert daemon.get(path).status == (404 if path == "/nothing" else 200)
    assert ask(daemon, "Bjoern B:a:b").status == 200
    assert ask(daemon, "prometheus:a:b").status == 401
    assert b"<!DOCTYPE html>" in daemon.get("/").body
    assert "WWW-Authenticate" not in daemon.get().headers
    # Neither what was said nor what it is compared with is anybody's to read.
    assert "secret" not in daemon.stderr and "$" not in daemon.stderr


def test_row_55_curl(exporter, users):
    daemon = exporter(users(prometheus="s\u00e9cret"), user="prometheus:s\u00e9cret")

    def curl(*arguments):
        command = ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_code}", *arguments, daemon.url]
        return subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout.decode()

    assert curl() == "401"
    assert curl("--user", "prometheus:s\u00e9cret") == "200"
    assert curl("--user", "prometheus:s\u00e9cret", "--anyauth") == "200"
    assert curl("--request", "POST", "--data", "x") == "401"
    assert curl("--head") == "401"
    assert curl("--user", "prometheus:secret") == "401"


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic ", "Basic !", "Basic " + "QUFB" * 3000, "Digest username=x", "Bearer cHJvbWV0aGV1czpzZWNyZXQ="],
)
def test_row_55_what_is_no_password_costs_no_hash(exporter, users, header):
    daemon = exporter(users(prometheus="secret"), user="prometheus:secret")
    for _ in range(3):  # had it been looked at, the second would have to wait
        assert daemon.get("/-/healthy", {"Authorization": header}).status == 401


def looked_at(daemon, user):
    """CPU time of an attempt that was looked at, and not put off."""
    while True:
        before = procfs.cpu_ns(daemon.pid)
        status = ask(daemon, user).status
        if status == 401:
            return procfs.cpu_ns(daemon.pid) - before
        assert status == 429
        time.sleep(0.05)


def test_row_55_an_unknown_user_costs_what_a_wrong_password_does(exporter, users):
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    wrong = min(looked_at(daemon, "prometheus:wrong") for _ in range(4))
    unknown = min(looked_at(daemon, "nobody:wrong") for _ in range(4))
    assert 0.5 < unknown / wrong < 2
    # It is the hash that costs: without one there is no such comparison.
    assert min(wrong, unknown) > 4 * min(cost_of_right(daemon) for _ in range(4))


def cost_of_right(daemon):
    before = procfs.cpu_ns(daemon.pid)
    assert daemon.get("/-/healthy").status == 200
    return procfs.cpu_ns(daemon.pid) - before


def test_row_55_wrong_passwords_cost_little_and_keep_nobody_out(exporter, users):
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    hash_ns = min(looked_at(daemon, "prometheus:wrong") for _ in range(2))
    page = "netdrop_limit_hits_total"
    stop, right = threading.Event(), []

    def scrape():
        while not stop.is_set():
            right.append(daemon.get().status)

    scraper = threading.Thread(target=scrape)
    scraper.start()
    hits = daemon.metrics().value(page, limit="passwords")
    begin, begin_ns = time.monotonic(), procfs.cpu_ns(daemon.pid)
    statuses = [ask(daemon, f"prometheus:wrong{n}", source=f"127.0.0.{2 + n % 50}").status for n in range(200)]
    passed, spent_ns = time.monotonic() - begin, procfs.cpu_ns(daemon.pid) - begin_ns
    stop.set()
    scraper.join()
    assert set(statuses) == {401, 429}
    assert set(right) == {200} and len(right) > 10
    # Eight groups of addresses, each of which waits for 32 times what its last one took.
    assert statuses.count(401) <= 8 * (1 + passed * 1e9 / (32 * hash_ns))
    assert spent_ns < 100 * hash_ns, "200 hashes would have cost more"
    eventually(
        lambda: daemon.metrics().value(page, limit="passwords") == hits + statuses.count(429), "the count of all of them"
    )


def test_row_55_the_right_one_is_let_in_after_a_wrong_one(exporter, users):
    daemon = exporter(users(prometheus="secret", other="word"), user="prometheus:secret")
    assert ask(daemon, "other:wrong").status == 401
    eventually(lambda: ask(daemon, "other:word").status == 200, "the end of the wait")


@pytest.mark.parametrize(
    "text, problem",
    [
        ("prometheus:secret\n", ":1: web.users_file: not a hash of bcrypt"),
        ("# x\n\nprometheus:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n", ":3: web.users_file: not a hash of bcrypt"),
        ("prometheus\n", ":1: web.users_file: expected name:hash"),
        ("a:$2y$31$" + "x" * 53, ":1: web.users_file: not a bcrypt hash of a cost from 4 to 14"),
        ("", ": web.users_file: nobody is in it"),
    ],
    ids=["plain", "SHA-1", "no hash", "endless", "empty"],
)
def test_row_55_a_bad_file_is_refused(command, users, text, problem):
    users.path.write_text(text)
    users.path.chmod(0o600)
    result = command("--web.listen-address=127.0.0.1:0", f"--set=web.users_file={users.path}")
    assert result.returncode == 2
    assert result.stderr.startswith(f"{users.path}{problem}")


def test_row_55_a_file_that_all_may_read_is_refused(command, users):
    flag = users(prometheus="secret")
    users.path.chmod(0o644)
    result = command("--check-config", flag)
    assert result.returncode == 2
    assert result.stderr.startswith(f"{users.path}: web.users_file: others may read or change it (mode 0644)")


def reload(daemon):
    said = len(daemon.stderr)
    daemon.signal(signal.SIGHUP)
    eventually(lambda: "reloaded" in daemon.stderr[said:], "the reload")
    return daemon.stderr[said:]


def test_row_55_a_reload_brings_other_users(exporter, users):
    daemon = exporter(users(prometheus="secret", leaver="secret"), user="prometheus:secret")
    assert ask(daemon, "leaver:secret").status == 200
    users(prometheus="secret", joiner="secret")
    assert "configuration reloaded" in reload(daemon)
    assert ask(daemon, "joiner:secret").status == 200
    assert ask(daemon, "leaver:secret").status == 401
    users.path.write_text("prometheus:secret\n")
    said = reload(daemon)
    assert f"{users.path}:1: web.users_file: not a hash" in said and "was not reloaded" in said
    assert daemon.get().status == 200 and ask(daemon, "joiner:secret").status == 200


@pytest.mark.parametrize("address, warnings", [("127.0.0.1:0", 0), (":0", 1)])
def test_passwords_in_the_clear_are_warned_of(exporter, users, address, warnings):
    flag = users(prometheus="secret")
    daemon = exporter(f"--web.listen-address={address}", "--web.listen-address=0.0.0.0:0" if warnings else flag, flag,
                      user="prometheus:secret")  # fmt: skip
    assert daemon.stderr.count("in the clear") == warnings


def test_passwords_the_watchdog_needs_none(exporter, users, manager):
    exporter(users(prometheus="secret"), env=manager.environment, wait=False)
    for _ in range(5):
        manager.said("^WATCHDOG=1$")
