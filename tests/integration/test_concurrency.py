# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything at once: scrapers in both formats, a hundred at a time, reloads, interfaces that come and go, half-open clients, passwords. Made for
the thread sanitizer; without it, a storm that must leave no wrong page behind. --seconds says how long."""

import gzip
import http.client
import itertools
import json
import random
import signal
import threading
import time
from contextlib import suppress

import exposition
from daemon import SECRET_HASH, basic

HEADERS = [
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept": "application/openmetrics-text; version=1.0.0"},
    {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"},
]
# Of "secret".
PATHS = ["/metrics", "/metrics", "/metrics?collect[]=link", "/metrics?exclude[]=link", "/", "/-/ready", "/-/healthy"]


def scrape(daemon, choice):
    path, headers = choice.choice(PATHS), choice.choice(HEADERS)
    response = daemon.get(path, headers)
    assert response.status == 200, (path, response)
    body = response.body
    if response.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    if response.headers["Content-Type"] == exposition.OPENMETRICS:
        exposition.check_openmetrics(body)
    elif response.headers["Content-Type"] == exposition.TEXT:
        exposition.check_text(body)


def crowd(daemon, _):
    """A hundred who ask at the same moment, and so wait for one round."""
    clients = [daemon.connect(source=f"127.0.1.{number % 20}") for number in range(100)]
    try:
        for client in clients:
            client.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(daemon.user)}\r\n\r\n".encode())
        for client in clients:
            response = http.client.HTTPResponse(client)
            response.begin()
            assert response.status == 200
            assert response.read().endswith(b"\n")
    finally:
        for client in clients:
            client.close()


def hang_up(daemon, choice):
    """A client that leaves in the middle of its request, or of the answer. It has an address of its own, so
    that only it is refused when it has left too many connections behind."""
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    with daemon.connect(source="127.0.0.3") as client, suppress(ConnectionError):
        client.sendall(request[: choice.randrange(len(request) + 1)])


def guess(daemon, choice):
    """A password that waits for its hash, unless too many did; or does not wait so long."""
    user = basic(f"{choice.choice(['known', 'nobody'])}:{choice.random()}")
    with daemon.connect(source=f"127.0.0.{choice.randrange(4, 20)}") as client, suppress(ConnectionError):
        client.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {user}\r\n\r\n".encode())
        if choice.random() < 0.9:
            assert client.recv(12) in (b"HTTP/1.1 401", b"HTTP/1.1 429")


def churn(inside, choice, names):
    name = f"v{next(names)}"
    inside.ip(f"link add {name} type veth peer name {name}p")
    inside.ip(f"link set {name} name {name}r")
    if choice.random() < 0.9:
        inside.ip(f"link del {name}r")


def reload(daemon, path, choice):
    interval = choice.choice(["100ms", "200ms"])
    kinds = choice.choice([[], ["veth"]])
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"collectors": {"link": {"interval": interval}}, "devices": {"exclude_kinds": kinds}}))
    new.rename(path)
    daemon.signal(signal.SIGHUP)
    time.sleep(choice.uniform(0, 0.1))


def test_everything_at_once(exporter, netns, tmp_path, request):
    inside = netns()
    path = tmp_path / "config.json"
    path.write_text("{}")
    users = tmp_path / "users"
    users.write_text(f"known:{SECRET_HASH}\n")
    users.chmod(0o600)
    options = {"netns": inside, "user": "known:secret"}
    daemon = exporter(f"--config.file={path}", f"--set=web.users_file={users}", **options)
    end = time.monotonic() + request.config.getoption("--seconds")
    seed = random.randrange(2**32)
    names = itertools.count()
    problems, turns = [], []

    def worker(number, act, *arguments):
        choice = random.Random(seed + number)
        count = 0
        try:
            while time.monotonic() < end and not problems:
                act(*arguments, choice)
                count += 1
        except Exception as problem:  # whatever it is, the test fails with it
            problems.append(problem)
        turns.append((act.__name__, count))

    acts = [(scrape, daemon)] * 6 + [(guess, daemon)] * 4 + [(crowd, daemon), (hang_up, daemon), (reload, daemon, path)]
    acts.append((lambda inside, choice: churn(inside, choice, names), inside))
    threads = [threading.Thread(target=worker, args=(i, *act)) for i, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise AssertionError(f"seed {seed}, {turns}\n{daemon.stderr}") from problems[0]
    assert all(count > 0 for _, count in turns), turns
    page = daemon.metrics()
    assert page.value("netdrop_collector_up", collector="link") == 1
    # Its interval is the default: whoever asks wakes it, once a second.
    assert page.value("netdrop_collector_waits_total", collector="snmp", result="fresh") > 1
