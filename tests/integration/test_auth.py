# SPDX-License-Identifier: GPL-2.0-or-later
"""Passwords: who has the right one is served, whatever others try; who has not learns nothing, not even whether there is
such a user; and what that costs is bounded."""

import contextlib
import ctypes
import http.client
import itertools
import os
import selectors
import signal
import socket
import subprocess
import threading
import time

import pytest

import hostile_clients
import procfs
from daemon import PATIENCE, basic, eventually, in_one_go

PATHS = ("/metrics", "/", "/-/healthy", "/-/ready", "/nothing", "/metrics?collect[]=link")
SALTS = {
    "bcrypt": "$2y$05$abcdefghijklmnopqrstuu",
    "bcrypt, cost 8": "$2b$08$abcdefghijklmnopqrstuu",
    "bcrypt, cost 11": "$2b$11$abcdefghijklmnopqrstuu",
    "bcrypt, cost 13": "$2b$13$abcdefghijklmnopqrstuu",
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


@pytest.mark.parametrize("method", [name for name in SALTS if name not in ("bcrypt, cost 11", "bcrypt, cost 13")])
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
    [
        *("", "Basic", "Basic ", "Basic !", "Digest username=x", "Bearer cHJvbWV0aGV1czpzZWNyZXQ="),
        pytest.param("Basic " + "QUFB" * 3000, id="Basic long"),
    ],
)
def test_row_55_what_is_no_password_costs_no_hash(exporter, users, header):
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    hash_ns = looked_at(daemon, "prometheus")
    before = procfs.cpu_ns(daemon.pid)
    for _ in range(4):
        assert daemon.get("/-/healthy", {"Authorization": header}).status == 401
    assert procfs.cpu_ns(daemon.pid) - before < 4 * hash_ns / 2


numbers = itertools.count()


def guess(name):
    """Another password each time: the same one is remembered."""
    return f"{name}:wrong{next(numbers)}"


def looked_at(daemon, name):
    """CPU time of an attempt that was looked at, and not put off."""
    while True:
        before = procfs.cpu_ns(daemon.pid)
        status = ask(daemon, guess(name)).status
        if status == 401:
            return procfs.cpu_ns(daemon.pid) - before
        assert status == 429
        time.sleep(0.05)


def test_row_55_an_unknown_user_costs_what_a_wrong_password_does(exporter, users):
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    wrong = min(looked_at(daemon, "prometheus") for _ in range(4))
    unknown = min(looked_at(daemon, "nobody") for _ in range(4))
    assert 0.5 < unknown / wrong < 2
    # It is the hash that costs: without one there is no such comparison.
    assert min(wrong, unknown) > 4 * min(cost_of(daemon, "prometheus:secret") for _ in range(4))


def cost_of(daemon, user):
    before = procfs.cpu_ns(daemon.pid)
    ask(daemon, user)
    return procfs.cpu_ns(daemon.pid) - before


def test_row_55_a_wrong_one_costs_one_hash(exporter, users):
    """A scraper that was not told of the new password: however often it asks, nobody waits for that."""
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    hash_ns = cost_of(daemon, "prometheus:old")
    assert min(cost_of(daemon, "prometheus:old") for _ in range(4)) < hash_ns / 4
    assert {ask(daemon, "prometheus:old").status for _ in range(50)} == {401}
    assert passwords_hit(daemon) == 0


def passwords_hit(daemon):
    return daemon.metrics().value("netdrop_limit_hits_total", limit="passwords")


@contextlib.contextmanager
def guessing(daemon, **options):
    """96 connections from 48 addresses, on which passwords are guessed as fast as that goes."""
    sources = [lambda n=n: f"127.0.2.{1 + n % 48}" for n in range(96)]
    target = (socket.AF_INET, ("127.0.0.1", daemon.port))

    def message():
        return f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(guess('prometheus'))}\r\n\r\n".encode()

    with hostile_clients.attack(contextlib.nullcontext, target, sources, message, **options) as answers:
        yield answers


def test_row_75_guesses_cost_little_and_keep_nobody_out(exporter, users):
    newcomers = {f"new{number}": "secret" for number in range(8)}
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret", **newcomers), *QUIET, user="prometheus:secret")
    daemon.go_first()  # who waits for a hash waits for two seconds
    hash_ns = min(looked_at(daemon, "prometheus") for _ in range(2))
    begin = time.monotonic()
    with guessing(daemon) as answers:
        for number, name in enumerate(newcomers):
            # Whoever was let in before, whoever never asked, each at his first try.
            assert daemon.get().status == 200
            assert ask(daemon, f"{name}:secret", source=f"127.0.3.{1 + number}").status == 200
        # So long that a whole CPU would be far more than that.
        eventually(lambda: passwords_hit(daemon) > 100 and time.monotonic() - begin > 6, "guesses that are not looked at")
        statuses = answers(stop=True)
        passed = time.monotonic() - begin
    assert statuses[401] > 5 and statuses[429] > 100
    # A quarter of a CPU, what all may owe (credit.h), and the one that came to it last. What a hash costs depends on what
    # runs beside it: up to twice as much is taken for the same.
    assert statuses[401] * hash_ns < 2 * (passed / 4 * 1e9 + max(5e8, 8 * hash_ns) + hash_ns)


def answered(clients):
    """(who, status) of each, in the order in which they are answered: {who: socket}."""
    with selectors.DefaultSelector() as selector:
        for who, client in clients.items():
            selector.register(client, selectors.EVENT_READ, who)
        while selector.get_map():
            ready = selector.select(PATIENCE)
            assert ready, [key.data for key in selector.get_map().values()]
            for key, _ in ready:
                yield key.data, int(key.fileobj.recv(4096).split()[1])
                selector.unregister(key.fileobj)


def test_row_75_a_hash_holds_up_nobody_else(exporter, users):
    """The hashes of three who guess are under way or wait, and then come one with the right password and one without any."""
    flags = (users("bcrypt, cost 11", prometheus="secret", newcomer="secret"), *QUIET)
    daemon = exporter(*flags, user="prometheus:secret")
    daemon.go_first()  # who waits for the hashes of others waits for eight seconds
    asking = {f"guess {n}": (guess("x"), f"127.0.4.{n}") for n in range(1, 4)}
    asking |= {"right": ("newcomer:secret", "127.0.3.1"), "none": (None, "127.0.0.1")}
    with contextlib.ExitStack() as stack:
        clients = {who: stack.enter_context(daemon.connect(source)) for who, (_, source) in asking.items()}
        with in_one_go():
            for who, (user, _) in asking.items():
                header = f"Authorization: {basic(user)}\r\n" if user else ""
                clients[who].sendall(f"GET /-/healthy HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
        order = list(answered(clients))
    assert dict(order) == {who: 200 if who == "right" else 401 for who in asking}
    order = [who for who, _ in order]
    before = order[: order.index("right")]
    assert len([who for who in before if who.startswith("guess")]) <= 1, "one answer did not wait for the hashes of others"
    # Without one, 401 needs no hash either.
    assert "none" in order[:2]


def test_row_75_ended_while_passwords_wait(exporter, users):
    daemon = exporter(users("bcrypt, cost 13", prometheus="secret"), *QUIET, user="prometheus:secret")
    before = procfs.cpu_ns(daemon.pid)
    with guessing(daemon):
        eventually(lambda: procfs.cpu_ns(daemon.pid) - before > 3e8, "a hash")
        assert daemon.terminate() == 0


def test_row_76_a_password_rotated_while_a_poller_has_the_old_one(exporter, users):
    daemon = exporter(users("bcrypt, cost 8", prometheus="secret"), *QUIET, user="prometheus:secret")
    assert daemon.get().status == 200
    stop, old = threading.Event(), []

    def poll():
        while not stop.wait(0.02):
            old.append(ask(daemon, "prometheus:secret").status)

    poller = threading.Thread(target=poll)
    poller.start()
    eventually(lambda: old, "an answer before the change")
    users("bcrypt, cost 8", prometheus="rotated")
    reload(daemon)
    eventually(lambda: old[-1:] == [401], "the refusal of the old one")
    daemon.user = "prometheus:rotated"
    assert daemon.get().status == 200  # from the same address, and at once
    seen = len(old)
    eventually(lambda: len(old) > seen + 20, "more of the old one")
    stop.set()
    poller.join()
    assert set(old) == {200, 401} and passwords_hit(daemon) == 0


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
    # It may be whole the next time: the service is started again on 1.
    for flags, status in ((), 1), (("--check-config",), 2):
        result = command("--web.listen-address=127.0.0.1:0", f"--set=web.users_file={users.path}", *flags)
        assert result.returncode == status
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
    assert daemon.stderr.count("not encrypted") == warnings


def test_passwords_the_watchdog_needs_none(exporter, users, manager):
    exporter(users(prometheus="secret"), env=manager.environment, wait=False)
    for _ in range(5):
        manager.said("^WATCHDOG=1$")
