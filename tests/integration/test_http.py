# SPDX-License-Identifier: GPL-2.0-or-later
"""Slow, stalled, greedy and hostile clients: the rows of docs/faults.md about HTTP, by their numbers. All on loopback,
where 127.0.0.2 and the like are other clients' addresses."""

import concurrent.futures
import contextlib
import gzip
import http.client
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

import exposition
import pytest
from daemon import SECRET_HASH, Exporter, basic, eventually

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
HASH = "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"  # of "secret"
# An impatient daemon: deadlines are met after a second, and noticed by the next tick; on a busy machine before the ten seconds
# of one that is not told.
IMPATIENT = "--set=web.request_timeout=1s"
SOON = 9


def connect(daemon, source="127.0.0.1", receive_buffer=None):
    client = socket.socket()
    client.settimeout(SOON)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.bind((source, 0))
    client.connect(("127.0.0.1", daemon.port))
    return client


def receive_all(client):
    """Everything until the other side ends it, by FIN or RST."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while chunk := client.recv(65536):
            received += chunk
    return received


def exchange(daemon, request):
    """Status code of what comes back for these bytes; None: the connection ends without an answer."""
    answer = b""
    with connect(daemon) as client, contextlib.suppress(ConnectionError):
        with contextlib.suppress(ConnectionError):  # who is answered early need not be listened to
            client.sendall(request)
        while b"\r\n" not in answer and (chunk := client.recv(4096)):
            answer += chunk
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else None


def hits(daemon, limit):

    def ask():
        # A daemon with a second's patience may cut us off, too, where the machine takes that long to run us.
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            return (daemon.metrics().value("netdrop_limit_hits_total", limit=limit),)

    return eventually(ask, "an answer")[0]


def served(daemon):
    return exposition.check_text(daemon.get().body).value("netdrop_exporter_build_info") == 1


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def seconds_until_end(client, start, dribble=b""):
    """How long after `start` the daemon keeps a client that sends one byte of `dribble` each tenth of a second."""
    client.settimeout(0.1)
    while time.monotonic() < start + SOON:
        try:
            if dribble:
                client.send(dribble[:1])
                dribble = dribble[1:]
            if not client.recv(1):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - start


@pytest.mark.parametrize(
    "dribble", [b"", b"G" * 100, REQUEST[:-2] + b"X-Slow: " + b"y" * 100], ids=["silent", "line", "headers"]
)
def test_row_30_one_byte_a_second_request(exporter, dribble):
    daemon = exporter(IMPATIENT)
    start = time.monotonic()
    with connect(daemon) as client:
        # The request line, where there is one, comes at once: the clock then runs from there.
        line = dribble.find(b"\n") + 1
        client.sendall(dribble[:line])
        assert 0.8 < seconds_until_end(client, start, dribble[line:]) < SOON
    # Nobody's request was cut off where there was none: browsers have such connections.
    assert hits(daemon, "request_time") == (1 if dribble else 0)


def send_and_end(client, request):
    """The request and the end of the client's side, in one segment: the daemon is told of both at once."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    client.sendall(request)
    client.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(
    "half", [REQUEST[:9], REQUEST[:-2], REQUEST[:-2] + b"Content-Length: 9\r\n\r\nabc"], ids=["line", "headers", "body"]
)
def test_who_leaves_within_a_request_leaves_its_slot(exporter, half):
    daemon = exporter("--set=web.request_timeout=5m")
    before = open_descriptors(daemon.pid)
    for _ in range(10):
        with connect(daemon) as client:
            send_and_end(client, half)
    eventually(lambda: open_descriptors(daemon.pid) <= before, "their descriptors to go")
    assert hits(daemon, "request_time") == 0


def test_half_closed_client_is_answered(exporter):
    """Who sends a whole request and ends its side still gets the answer, and does not keep its slot after that."""
    daemon = exporter("--set=web.request_timeout=5m")
    before = open_descriptors(daemon.pid)
    # The first one waits for new numbers, and the second, which comes at once, does not.
    for path in (b"/metrics", b"/metrics", b"/-/healthy"):
        with connect(daemon) as client:
            send_and_end(client, REQUEST.replace(b"/metrics", path))
            head, _, body = receive_all(client).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and f"Content-Length: {len(body)}".encode() in head
    eventually(lambda: open_descriptors(daemon.pid) <= before, "their descriptors to go")


def test_who_waits_for_a_password_may_have_ended_his_side(exporter, tmp_path):
    """A hash is waited for as new numbers are."""
    users = tmp_path / "users"
    users.write_text(f"somebody:{HASH}\n")
    users.chmod(0o600)
    daemon = exporter(f"--set=web.users_file={users}", user="somebody:secret")
    for path in (b"/metrics", b"/-/healthy"):
        for user, status in (("somebody:secret", 200), ("somebody:wrong", 401), ("somebody:secret", 200)):
            with connect(daemon) as client:
                header = f"Authorization: {basic(user)}\r\n\r\n".encode()
                send_and_end(client, REQUEST.replace(b"/metrics", path)[:-2] + header)
                assert receive_all(client).startswith(b"HTTP/1.1 %d " % status)


def test_half_closed_client_may_read_slowly(exporter):
    """Nothing is cut off of what is on its way to a client that ended its own side long ago."""
    daemon = exporter("--set=web.request_timeout=5m")
    count = 100  # more than fits into socket buffers
    with connect(daemon, receive_buffer=1 << 15) as client:
        send_and_end(client, REQUEST * count)
        time.sleep(7)  # two looks of the daemon and more
        answers = receive_all(client)
    assert answers.count(b"HTTP/1.1 200 ") == count
    assert answers.count(b"\nnetdrop_exporter_build_info{") == count


def stalled_reader(daemon):
    """A client with a tiny window and a request for more than fits into socket buffers, answered by pipelining:
    the page of a quiet host is small."""
    client = connect(daemon, receive_buffer=2048)
    client.settimeout(SOON)
    with contextlib.suppress(TimeoutError, ConnectionError):
        client.setblocking(False)
        for _ in range(2000):
            client.send(REQUEST)
    client.settimeout(SOON)
    return client


def test_row_30_one_byte_a_second_reader(exporter):
    daemon = exporter(IMPATIENT)
    before = open_descriptors(daemon.pid)
    with stalled_reader(daemon) as client:
        deadline = time.monotonic() + SOON
        while hits(daemon, "request_time") == 0:
            assert time.monotonic() < deadline
            assert client.recv(1)
            time.sleep(0.1)
        eventually(lambda: open_descriptors(daemon.pid) <= before + 2, "its descriptor to go", SOON)


def test_kept_alive_connection_outlives_the_request_timeout(exporter):
    """A scraper waits a minute between two requests: the deadline is the request's, not the connection's."""
    daemon = exporter(IMPATIENT)
    with connect(daemon) as client:
        for _ in range(2):
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
            time.sleep(2.2)
    assert hits(daemon, "request_time") == 0


def test_row_77_idle_connections_make_room(exporter):
    """A scraper's pool that has grown to all places of its address: its next connection is served."""
    daemon = exporter()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(daemon)) for _ in range(32)]
        for client in clients:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        for _ in range(3):
            client = stack.enter_context(connect(daemon))
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert [alive(client) for client in clients] == [False] * 3 + [True] * 29


def alive(client):
    """True while the daemon keeps the connection open."""
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


@pytest.mark.flood
def test_row_31_ten_thousand_connections(exporter):
    # Who comes first stays for as long as that takes: all others come in vain, and how many do is no question of time.
    limits = ("--set=web.max_connections=200", "--set=web.max_connections_per_address=20")
    daemon = exporter("--set=web.request_timeout=5m", *limits)
    before = open_descriptors(daemon.pid)
    clients = []
    most = 0
    for number in range(10000):
        with contextlib.suppress(OSError):
            clients.append(connect(daemon, f"127.0.{1 + number % 50}.1"))
        if number % 500 == 0:
            most = max(most, open_descriptors(daemon.pid) - before)
            while len(clients) > 400:
                clients.pop(200).close()
    # Sockets, besides what the probe needs for a moment.
    assert most <= 200 + 4
    eventually(daemon.has_accepted, "all to be accepted")
    for client in clients:
        client.close()
    eventually(lambda: open_descriptors(daemon.pid) <= before + 2, "the connections to go")
    assert served(daemon)
    assert hits(daemon, "connections") + hits(daemon, "connections_per_address") > 5000


def nobody_connected(daemon):
    """True once the daemon has closed its end of every connection; what asked whether it is ready was one."""
    states = ("state", "established", "state", "close-wait")
    return not subprocess.check_output(["ss", "-Htn", *states, f"sport = :{daemon.port}"])


def test_row_31_excess_is_closed_at_once(exporter):
    daemon = exporter("--set=web.max_connections=6", "--set=web.max_connections_per_address=3")
    eventually(lambda: nobody_connected(daemon), "the first client's slot")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(daemon, f"127.0.1.{1 + i % 3}")) for i in range(10)]
        eventually(lambda: sum(map(alive, clients)) == 6, "all but six to be closed", SOON)
    eventually(lambda: nobody_connected(daemon), "the slots to be free")
    assert exchange(daemon, REQUEST) == 200
    assert hits(daemon, "connections") == 4


def test_row_32_one_address_takes_all_slots(exporter):
    daemon = exporter("--set=web.max_connections_per_address=5")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(daemon, "127.0.0.2")) for _ in range(12)]
        eventually(lambda: sum(map(alive, clients)) == 5, "all but five to be closed", SOON)
        assert served(daemon)  # from 127.0.0.1
        assert hits(daemon, "connections_per_address") == 7
        assert hits(daemon, "connections") == 0


def test_row_33_client_stopped_while_receiving(exporter):
    """SIGSTOP in the middle: its kernel keeps the connection open, and the window closes."""
    daemon = exporter(IMPATIENT)
    before = open_descriptors(daemon.pid)
    reader = subprocess.Popen(
        [sys.executable, "-c", STOPPED_READER, str(daemon.port), str(REQUEST.decode())],
        stdout=subprocess.PIPE,
    )
    try:
        assert reader.stdout.readline() == b"receiving\n"
        reader.send_signal(signal.SIGSTOP)
        eventually(lambda: hits(daemon, "request_time") == 1, "the stopped reader to be dropped", 2 * SOON)
        eventually(lambda: open_descriptors(daemon.pid) <= before + 2, "its descriptor to go", SOON)
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()


STOPPED_READER = """
import socket, sys, time
client = socket.socket()
client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
client.connect(("127.0.0.1", int(sys.argv[1])))
client.setblocking(False)
try:
    for _ in range(2000):
        client.send(sys.argv[2].encode())
except OSError:
    pass
client.setblocking(True)
client.recv(1)
print("receiving", flush=True)
time.sleep(60)
"""


def test_row_34_descriptors_run_out(exporter):
    daemon = exporter("--set=web.max_connections_per_address=200")
    used = open_descriptors(daemon.pid)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connect(daemon))
        time.sleep(0.5)
        spent = cpu_seconds(daemon.pid)
        time.sleep(2)
        assert cpu_seconds(daemon.pid) - spent < 0.5, "it spins"
    eventually(lambda: served(daemon), "service after the flood", SOON)


def test_row_34_descriptors_run_out_without_connections(exporter):
    """Not one is left: libmicrohttpd stops accepting until a connection ends, and there is none."""
    daemon = exporter()
    used = open_descriptors(daemon.pid)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used - 2, used + 100))
    with connect(daemon) as client:
        client.sendall(REQUEST)
        time.sleep(0.5)
        spent = cpu_seconds(daemon.pid)
        time.sleep(2)
        assert cpu_seconds(daemon.pid) - spent < 0.5, "it spins"
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used + 100, used + 100))
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert served(daemon)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_row_36_client_resets(exporter):
    daemon = exporter()
    for wait in (0, 0.001) * 20:
        client = connect(daemon)
        client.sendall(REQUEST * 50)
        time.sleep(wait)
        reset(client)
    assert served(daemon)
    assert daemon.process.poll() is None


def test_row_37_methods_and_paths(exporter):
    daemon = exporter()
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        response = daemon.get("/metrics", method=method)
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD"
    for path in ("/nowhere", "/metrics/", "/-/", "/index.html"):
        assert daemon.get(path).status == 404
    head = daemon.get("/-/healthy", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(daemon.get("/-/healthy").body))
    page = daemon.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_row_37_request_bodies_are_thrown_away(exporter):
    daemon = exporter()
    body = b"x" * 1_000_000
    with connect(daemon) as client:
        for method, status in ((b"POST", b"405"), (b"GET", b"200")):
            client.sendall(b"%s /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (method, len(body)))
            client.sendall(body)
            assert client.recv(4096).split()[1] == status
    chunked = b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert exchange(daemon, chunked) == 405


def test_row_38_oversized_and_broken_requests(exporter):
    daemon = exporter()
    host = b"Host: x\r\n"
    assert exchange(daemon, b"GET /metrics?" + b"a" * 40_000 + b" HTTP/1.1\r\n" + host + b"\r\n") == 414
    assert exchange(daemon, b"GET /metrics HTTP/1.1\r\n" + host + b"X: " + b"a" * 40_000 + b"\r\n\r\n") == 431
    assert exchange(daemon, b"GET /metrics HTTP/1.1\r\n" + host + b"X: y\r\n" * 8_000 + b"\r\n") == 431
    # libmicrohttpd 0.9.75 takes what stands before a NUL. Nothing is passed on to who could read it otherwise.
    assert exchange(daemon, b"GET /met\0rics HTTP/1.1\r\n" + host + b"\r\n") in (404, 400)
    assert exchange(daemon, b"GET /metrics HTTP/1.1\r\n" + host + b"X: a\0b\r\n\r\n") in (200, 400)
    assert exchange(daemon, b"GET /metrics HTTP/1.1\r\n\r\n") == 400  # no Host
    assert exchange(daemon, b"GET /metrics HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n") == 400
    assert exchange(daemon, b"GET /metrics HTTP/7.0\r\n" + host + b"\r\n") not in (200, None)
    assert exchange(daemon, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n") in (400, None)
    assert exchange(daemon, REQUEST) == 200


def test_row_39_any_accept_is_answered(exporter):
    daemon = exporter()
    for accept in (None, "*/*", "", ";;q=,", "application/json", "\x7f\xff", "a," * 5_000, "text/plain;q=x"):
        response = daemon.get("/metrics", {"Accept": accept} if accept is not None else {})
        assert (response.status, response.headers["Content-Type"]) == (200, exposition.TEXT), accept


def raw(daemon, target, *lines):
    """The head of the answer to a request of these lines, and its body."""
    with connect(daemon) as client:
        head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *lines])
        client.sendall(head.encode() + b"\r\n\r\n")
        head, _, body = receive_all(client).partition(b"\r\n\r\n")
    return head.decode(), body


def test_row_39_a_list_in_several_lines(exporter):
    """Proxies add lines of their own; together they are one list."""
    daemon = exporter()
    first, *rest = PROMETHEUS_2.split(",")
    head, body = raw(daemon, "/metrics", f"Accept: {rest[-1]}", f"accept: {first}", f"Accept: {','.join(rest[:-1])}")
    assert "application/openmetrics-text; version=1.0.0" in head and body.endswith(b"# EOF\n")
    head, _ = raw(daemon, "/metrics", "Accept-Encoding: br", "Accept-Encoding: gzip")
    assert "Content-Encoding: gzip" in head
    head, _ = raw(daemon, "/metrics", "Accept-Encoding: gzip;q=0", "Accept-Encoding: identity")
    assert "Content-Encoding" not in head


@pytest.mark.parametrize("scheme", ["http", "HTTP", "https"])
def test_row_38_a_whole_url_is_a_path(exporter, scheme):
    """As whoever believes to ask a proxy writes it (RFC 9112: servers take it)."""
    daemon = exporter()
    assert " 200 " in raw(daemon, f"{scheme}://127.0.0.1:{daemon.port}/-/healthy")[0]
    assert b"netdrop_exporter_build_info" in raw(daemon, f"{scheme}://x/metrics?collect[]=process")[1]
    # That it names no host is no matter: whose it is, nobody asks.
    for target in f"{scheme}://x", f"{scheme}://x/", f"{scheme}://":
        head, body = raw(daemon, target)
        assert " 200 " in head and body.startswith(b"<!DOCTYPE html>"), target
    for target in f"{scheme}://x/nothing", "ftp://x/metrics", "http:/metrics":
        assert " 404 " in raw(daemon, target)[0], target


def test_open_probes(exporter, tmp_path):
    users = tmp_path / "users"
    users.write_text(f"u:{SECRET_HASH}\n")
    users.chmod(0o600)
    daemon = exporter(f"--set=web.users_file={users}", "--set=web.open_probes=true")
    assert daemon.get("/-/healthy").status == daemon.get("/-/ready").status == 200
    assert daemon.get("/-/healthy", method="POST").status == 405
    for path in "/metrics", "/", "/-/", "/-/healthy/", "/-/HEALTHY", "/nothing":
        assert daemon.get(path).status == 401, path


def test_row_40_prometheus_gets_openmetrics(exporter):
    daemon = exporter()
    for accept in (PROMETHEUS_2, PROMETHEUS_3):
        response = daemon.get("/metrics", {"Accept": accept, "Accept-Encoding": "gzip"})
        assert response.headers["Content-Type"] == exposition.OPENMETRICS
        assert response.headers["Vary"] == "Accept, Accept-Encoding"
        assert response.headers["Content-Encoding"] == "gzip"
        exposition.check_openmetrics(gzip.decompress(response.body))


def test_row_41_gzip_only_when_asked_for(exporter):
    daemon = exporter()
    for encoding, expected in (
        ({}, None),
        ({"Accept-Encoding": "identity"}, None),
        ({"Accept-Encoding": "gzip;q=0"}, None),
        ({"Accept-Encoding": "gzip"}, "gzip"),
    ):
        response = daemon.get("/metrics", encoding)
        assert response.headers["Content-Encoding"] == expected
        body = gzip.decompress(response.body) if expected else response.body
        exposition.check_text(body)


def test_row_42_parallel_scrapes(exporter):
    daemon = exporter("--set=web.max_connections_per_address=200")
    zipped, openmetrics = {"Accept-Encoding": "gzip"}, {"Accept": PROMETHEUS_2}
    kinds = [{}, zipped, openmetrics, {**zipped, **openmetrics}]

    def scrape(number):
        headers = kinds[number % len(kinds)]
        response = daemon.get("/metrics", headers)
        body = gzip.decompress(response.body) if "Accept-Encoding" in headers else response.body
        check = exposition.check_openmetrics if "Accept" in headers else exposition.check_text
        return check(body).value("netdrop_exporter_build_info")

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        assert set(pool.map(scrape, range(100))) == {1}


def test_filters(exporter):
    daemon = exporter()

    def collectors(query):
        page = daemon.metrics("/metrics" + query)
        return {sample.labels["collector"] for sample in page["netdrop_collector_supported"]}

    everything = collectors("")
    assert {"link", "process"} <= everything
    assert collectors("?collect[]=link") == {"link"}
    assert collectors("?collect%5B%5D=link&collect[]=process") == {"link", "process"}
    assert collectors("?exclude[]=link") == everything - {"link"}
    assert "netdrop_link_up" not in daemon.metrics("/metrics?collect[]=process")
    for query in ("?collect[]=link&exclude[]=process", "?collect[]=nosuch", "?exclude[]=", "?collect[]"):
        response = daemon.get("/metrics" + query)
        assert response.status == 400
        assert response.headers["Content-Type"].startswith("text/plain")
    refusal = daemon.get("/metrics?collect[]=nosuch%0A").body.decode()
    assert refusal.startswith('no enabled collector is called "nosuch?"; enabled: ')
    assert set(refusal.strip().split("enabled: ")[1].split(", ")) == everything


def test_row_43_port_in_use(exporter, command):
    daemon = exporter()
    address = f"127.0.0.1:{daemon.port}"
    result = command(f"--web.listen-address={address}", timeout=SOON)
    assert result.returncode == 1
    assert address in result.stderr and "another program has the port" in result.stderr
    assert served(daemon)


def test_row_43_one_of_two_ports_in_use(exporter, command):
    daemon = exporter("--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.2:0")
    assert [host for host, _, _ in daemon.urls] == ["127.0.0.1", "127.0.0.2"]
    address = f"127.0.0.1:{daemon.port}"
    result = command("--web.listen-address=127.0.0.3:0", f"--web.listen-address={address}", timeout=SOON)
    assert result.returncode == 1
    assert address in result.stderr and "127.0.0.3" not in result.stderr


def test_row_44_no_sockets_from_systemd(command):
    result = command("--web.systemd-socket", timeout=SOON)
    assert result.returncode == 1
    assert "systemd passed no socket" in result.stderr


PASS_SOCKETS = """
import os, socket, sys
kind = sys.argv[1]
passed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
passed.bind(("127.0.0.1", 0))
if kind == "listening":
    passed.listen()
if kind == "unix":
    passed = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    passed.bind("")
    passed.listen()
number = os.open("/dev/null", os.O_RDONLY) if kind == "file" else passed.detach()
if number != 3:
    os.dup2(number, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("kind", ["datagram", "bound", "unix", "file"])
def test_row_44_wrong_sockets_from_systemd(binary, kind):
    result = subprocess.run(
        [sys.executable, "-c", PASS_SOCKETS, kind, binary, "--web.systemd-socket"],
        capture_output=True,
        text=True,
        timeout=SOON,
        check=False,
    )
    assert result.returncode == 1
    assert "descriptor 3 from systemd is not a listening TCP socket" in result.stderr


def test_row_44_socket_from_systemd(binary, tmp_path):
    command = [sys.executable, "-c", PASS_SOCKETS, "listening", binary, "--web.systemd-socket"]
    daemon = Exporter(command, tmp_path / "stderr")
    try:
        daemon.wait_ready()
        assert served(daemon)
    finally:
        daemon.close()


def test_row_48_listener_closes_first(exporter):
    """At SIGTERM nobody new gets in, while a request that is under way may end."""
    daemon = exporter()
    port = daemon.port
    with connect(daemon) as client:
        client.sendall(REQUEST[:-2])
        eventually(daemon.has_accepted, "the connection to be accepted")
        daemon.signal(signal.SIGTERM)
        eventually(lambda: refused(port), "the port to close", SOON)
        assert daemon.process.poll() is None
        client.sendall(b"\r\n")
        answer = receive_all(client)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"\r\nConnection: close\r\n" in answer
    assert daemon.process.wait(SOON) == 0


def refused(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_idle_thread_sleeps(exporter):
    """Ticks, probes and a collection a second: next to nothing."""
    daemon = exporter("--no-collector.link")
    spent = cpu_seconds(daemon.pid)
    time.sleep(3)
    # One that spins takes three seconds.
    assert cpu_seconds(daemon.pid) - spent < 0.6
