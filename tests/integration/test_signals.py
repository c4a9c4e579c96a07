# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service manager does to the daemon: signals, sockets passed in, notifications, clocks that jump."""

import ctypes
import os
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

import pytest

import procfs
from daemon import Exporter, eventually


def stamp(daemon):
    """When the link collector last succeeded, by the page's own numbers."""
    return daemon.metrics().value("netdrop_collector_last_success_timestamp_seconds", collector="link")


def age(daemon):
    """Seconds since then."""
    return time.time() - stamp(daemon)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_ends_well(exporter, number):
    daemon = exporter()
    daemon.go_first()
    daemon.signal(number)
    assert daemon.process.wait(5) == 0
    with pytest.raises(ConnectionRefusedError):
        daemon.connect()


def test_the_same_port_again_at_once(exporter):
    first = exporter()
    client = first.connect()
    address = f"--web.listen-address=127.0.0.1:{first.port}"
    assert first.terminate() == 0
    assert exporter(address).get().status == 200
    client.close()


def test_row_48_sigterm_during_scrapes(exporter):
    """Every answer that begins is whole; the end comes within 5 s, with clients still connected."""
    daemon = exporter("--set=devices.exclude_kinds=")
    whole, cut = [], []

    def scrape():
        while True:
            try:
                response = daemon.get()
                (whole if response.status == 200 and response.body.endswith(b"\n") else cut).append(response)
            except (ConnectionError, OSError):
                return  # refused, or closed before the answer began
            except Exception as error:  # an answer that stopped half-way
                cut.append(error)
                return

    idle = [daemon.connect() for _ in range(5)]
    scrapers = [threading.Thread(target=scrape) for _ in range(8)]
    for thread in scrapers:
        thread.start()
    eventually(lambda: len(whole) > 50, "scrapes to be under way")
    daemon.go_first()
    watch = procfs.Stopwatch()
    assert daemon.terminate() == 0
    took = watch.own_seconds()
    for thread in scrapers:
        thread.join()
    for client in idle:
        client.close()
    assert took < 5
    assert not cut


def test_row_48_sigterm_between_accept_and_request(exporter, shim, unsanitized):
    """The kernel has given the connection to a thread that has not got to it yet: it is answered all the same."""
    daemon = exporter(env=shim("late_accept"))
    with daemon.connect() as client:
        client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(daemon.has_accepted, "the connection to be accepted")
        daemon.signal(signal.SIGTERM)
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert daemon.process.wait(30) == 0


def test_row_50_stopped_and_continued(exporter):
    """While stopped the numbers grow old; after it they are fresh within an interval or two."""
    daemon = exporter("--set=collectors.link.interval=500ms", "--set=collectors.link.max_age=1500ms")
    daemon.go_first()
    daemon.signal(signal.SIGSTOP)
    time.sleep(4)
    daemon.signal(signal.SIGCONT)
    continued = time.time()
    first = eventually(lambda: (found := stamp(daemon)) > continued and found, "fresh numbers")
    assert first < continued + 3
    page = daemon.metrics()
    assert page.value("netdrop_collector_failures_total", collector="link") == 0
    assert page.value("netdrop_collector_state", collector="link", state="ok") == 1


@pytest.mark.parametrize("seconds", [86400, -86400], ids=["forward", "back"])
def test_row_49_the_wall_clock_jumps_a_day(exporter, clocks, seconds):
    environment, jump = clocks
    daemon = exporter("--set=collectors.link.interval=200ms", env=environment)
    assert abs(age(daemon)) < 5
    jump(seconds)
    eventually(lambda: abs(age(daemon) + seconds) < 5, "time stamps to follow the clock")
    page = daemon.metrics()
    assert page.value("netdrop_collector_state", collector="link", state="ok") == 1
    assert page.value("netdrop_link_up", device="lo") in (0, 1)
    for name in ("duration", "busy"):
        for sample in page[f"netdrop_collector_{name}_seconds"]:
            assert 0 <= sample.value < 5
    before = stamp(daemon)
    eventually(lambda: stamp(daemon) > before, "another collection")


def test_notifications(exporter, manager, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    daemon = exporter(f"--config.file={path}", env=manager.environment, wait=False)
    manager.said("^READY=1$")
    assert not any("WATCHDOG=trigger" in message for message in manager.heard)
    daemon.wait_ready()
    assert daemon.get("/-/healthy").status == 200
    manager.said(r"^STATUS=.*\bcollectors up")

    asked = time.clock_gettime(time.CLOCK_MONOTONIC)
    daemon.signal(signal.SIGHUP)
    reloading = manager.said("^RELOADING=1$").string
    begun = int(re.search(r"^MONOTONIC_USEC=(\d+)$", reloading, re.MULTILINE)[1])
    assert asked < begun / 1e6 < time.clock_gettime(time.CLOCK_MONOTONIC)
    manager.said("^READY=1$")

    path.write_text('{"web": {"pagee": 1}}')
    daemon.signal(signal.SIGHUP)
    manager.said("^RELOADING=1$")
    manager.said("^STATUS=.*config")  # that the file was refused; READY=1 came before or comes with it

    daemon.signal(signal.SIGTERM)
    manager.said("^STOPPING=1$")
    assert daemon.process.wait(30) == 0
    assert sum("READY=1" in message for message in manager.heard) == 3


def test_watchdog_is_pinged_twice_in_its_time(exporter, manager):
    daemon = exporter(env=manager.environment)
    daemon.go_first()
    manager.said("^WATCHDOG=1$")
    watch = procfs.Stopwatch(daemon.pid)
    for _ in range(6):
        manager.said("^WATCHDOG=1$")
    assert watch.own_seconds() < 6 * 0.75


@contextmanager
def hung(daemon, name):
    """One thread of the daemon does not go on while the block runs; all others do. A tracer is what can do that."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    libc = ctypes.CDLL(None, use_errno=True)
    names = procfs.of_threads(daemon.pid, "comm")
    # A thread of a sanitizer's own has the main thread's name, and comes after it.
    thread = min(number for number in names if names[number].strip() == name)

    def trace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")

    try:
        trace(seize)
    except PermissionError as error:
        pytest.skip(f"threads cannot be stopped here: {error}")
    trace(interrupt)
    os.waitpid(thread, 0x40000000)  # __WALL
    try:
        yield
    finally:
        trace(detach)


@pytest.mark.parametrize("name", ["netdrop-exporte", "MHD-single"], ids=["main", "http"])
def test_row_51_no_ping_while_a_thread_hangs(exporter, manager, name):
    """The main loop, or the one that answers: with either a restart helps, and so the service manager hears nothing."""
    daemon = exporter(env=manager.environment)
    manager.said("^WATCHDOG=1$")
    with hung(daemon, name):
        end = time.monotonic() + 4
        pings = []
        while (left := end - time.monotonic()) > 0:
            with suppress(TimeoutError):
                if manager.next(left) == "WATCHDOG=1":
                    pings.append(time.monotonic() - end + 4)
        # What was on its way when it began to hang.
        assert all(ping < 2 for ping in pings), pings
    manager.said("^WATCHDOG=1$")


@pytest.mark.parametrize("notify", ["/nonexistent/notify", "", "not-a-path", "@" + "x" * 200])
def test_row_52_notify_socket_unusable(exporter, notify):
    daemon = exporter(env={"NOTIFY_SOCKET": notify})
    assert daemon.get().status == 200
    assert daemon.terminate() == 0


def activated(binary, tmp_path, *arguments):
    """The daemon under systemd-socket-activate, which waits for a client and then becomes the daemon."""
    # Where several addresses are free, a port that was free a moment ago is good enough.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = ["systemd-socket-activate", *(a.replace("PORT", str(port)) for a in arguments)]
    return port, Exporter([*command, binary, "--web.systemd-socket"], tmp_path / "activate")


def test_row_44_socket_activation(binary, tmp_path):
    port, daemon = activated(binary, tmp_path, "-l", "127.0.0.1:PORT", "-E", "ASAN_OPTIONS", "-E", "TSAN_OPTIONS")
    eventually(lambda: "Listening on" in daemon.stderr, "the socket")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.")
    daemon.wait_ready()  # the answer may come before it has said where it listens
    assert daemon.url == f"http://127.0.0.1:{port}/metrics"
    daemon.metrics()
    daemon.close()


def test_row_44_no_socket_passed(command):
    result = command("--web.systemd-socket")
    assert result.returncode == 1
    assert "--web.systemd-socket" in result.stderr and ".socket" in result.stderr


def test_row_44_not_meant_for_us(command):
    result = command("--web.systemd-socket", env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert result.returncode == 1
    assert "passed no socket" in result.stderr


@pytest.mark.parametrize("number", ["2", "many", "-1", "99999"])
def test_row_44_sockets_that_are_not_there(binary, number):
    # LISTEN_PID must be the daemon's own: a shell that execs it has the same.
    script = f'LISTEN_PID=$$ LISTEN_FDS={number} exec "$0" --web.systemd-socket'
    result = subprocess.run(["sh", "-c", script, binary], capture_output=True, timeout=60, check=False)
    assert result.returncode == 1
    assert b"systemd" in result.stderr


def test_row_44_a_datagram_socket(binary, tmp_path):
    port, daemon = activated(binary, tmp_path, "-d", "-l", "127.0.0.1:PORT")
    eventually(lambda: "Listening on" in daemon.stderr, "the socket")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"wake", ("127.0.0.1", port))
    assert daemon.process.wait(20) == 1
    assert "not a listening TCP socket" in daemon.stderr and "ListenStream=" in daemon.stderr
