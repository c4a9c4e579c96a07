# SPDX-License-Identifier: GPL-2.0-or-later
"""The local socket: who may ask by it, that its clients are bounded in number and in time and take nothing from those
of the network, and whose file it is. What systemd makes of it is tests/systemd's to test."""

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import time

import authority
import exposition
import pytest
from daemon import Exporter, eventually
from test_auth import users  # noqa: F401 # a fixture
from test_http import IMPATIENT, REQUEST, SOON, alive, nobody_connected, open_descriptors, receive_all

PER_USER = 16
HEALTHY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(SOON)
    client.connect(str(path))
    return client


def get(path, target="/metrics"):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connect(path)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def answers(path, target="/-/healthy"):
    """Whether it is served just now."""
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        return get(path, target)[0] == 200
    return False


def nobody_waits(path):
    """In the queue of who listens there."""
    said = subprocess.check_output(["ss", "-Hlx", f"src {path}"], text=True)
    return said.split()[2] == "0"


def hits(path, limit):
    return exposition.check_text(get(path)[1]).value("netdrop_limit_hits_total", limit=limit)


def nobody_listens(path):
    """What a program that was killed leaves behind."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()


def test_local_socket_serves_the_same(exporter, path):
    daemon = exporter(f"--web.local-socket={path}")
    assert f"listening on unix:{path}\n" in daemon.stderr
    for target, status in (("/metrics", 200), ("/", 200), ("/-/healthy", 200), ("/-/ready", 200), ("/nothing", 404)):
        assert get(path, target)[0] == status
    exposition.check_text(get(path)[1])


def test_local_socket_alone(binary, path, tmp_path):
    """No door to the network at all."""
    flags = ("--set=web.listen=", "--collector.disable-defaults", "--collector.link", f"--web.local-socket={path}")
    daemon = Exporter([binary, *flags], tmp_path / "stderr")
    try:
        eventually(lambda: path.exists() and answers(path, "/-/ready"), "it to be ready")
        eventually(lambda: f"listening on unix:{path}\n" in daemon.stderr, "it to say so")
        assert not daemon.urls
        assert daemon.terminate() == 0 and not path.exists()
    finally:
        daemon.process.kill()
        daemon.process.wait()


def test_nothing_to_listen_on(command):
    result = command("--set=web.listen=")
    assert result.returncode == 1
    assert "nothing to listen on: web.listen is empty, and there is no local socket" in result.stderr


def test_row_62_no_password_and_no_tls_by_the_local_socket(exporter, path, users, tmp_path):  # noqa: F811
    """Who may connect there the mode of the file has decided; who comes by the network is asked as before."""
    ca = authority.Authority(tmp_path / "ca")
    flags = (users(prometheus="secret"), *authority.flags(*ca.issue("server")))
    daemon = exporter(f"--web.local-socket={path}", *flags, authority=ca.certificate, user="prometheus:secret")
    assert get(path)[0] == 200
    daemon.user = None
    assert daemon.get("/metrics").status == 401
    assert f"listening on unix:{path}\n" in daemon.stderr


def test_row_60_local_clients_are_bounded_in_number(exporter, path):
    """And whoever comes by the network has all of its own slots."""
    daemon = exporter(f"--web.local-socket={path}", "--set=web.max_connections=2")
    eventually(lambda: nobody_connected(daemon), "who asked whether it is ready to have left")
    with contextlib.ExitStack() as clients:
        # None has asked yet: those that have, and wait for a next request, would give their places up.
        local = [clients.enter_context(connect(path)) for _ in range(PER_USER)]
        with connect(path) as one_more:
            assert receive_all(one_more) == b""
        network = [clients.enter_context(daemon.connect()) for _ in range(2)]
        with daemon.connect() as one_more:
            assert receive_all(one_more) == b""
        # Nor do those of the network take slots of the local socket.
        local.pop().close()
        eventually(lambda: answers(path), "the slot to be free", SOON)
        for client in local + network:
            client.sendall(HEALTHY)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: answers(path), "an answer", SOON)
    assert hits(path, "connections_per_address") >= 1
    assert hits(path, "connections") == 1


def test_row_60_local_clients_of_another_user(exporter, path):
    """One user's forgotten connections shut nobody else out."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    exporter(f"--web.local-socket={path}")
    path.chmod(0o666)
    for folder in path.parents:
        if folder.stat().st_uid == os.getuid() and str(folder) != "/":
            folder.chmod(folder.stat().st_mode | 0o111)
    script = f"""
import socket, sys
held = []
for _ in range({PER_USER}):
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].connect({str(path)!r})
    held[-1].sendall({HEALTHY!r})
    assert held[-1].recv(4096).startswith(b"HTTP/1.1 200 ")
print(flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, user=65534, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "\n"
        assert get(path, "/-/healthy")[0] == 200
        other.stdin.close()
        assert other.wait(SOON) == 0


def test_row_60_silent_and_dribbling_local_clients(exporter, path):
    daemon = exporter(f"--web.local-socket={path}", IMPATIENT)
    before = open_descriptors(daemon.pid)
    with connect(path) as silent, connect(path) as slow:
        deadline = time.monotonic() + SOON
        with contextlib.suppress(ConnectionError):
            for byte in HEALTHY[:-1] * 10:
                assert time.monotonic() < deadline
                slow.sendall(bytes([byte]))
                if not alive(slow):
                    break
                slow.settimeout(SOON)
                time.sleep(0.1)
        assert receive_all(silent) == b""
        eventually(lambda: hits(path, "request_time") >= 1, "a deadline")
        eventually(lambda: open_descriptors(daemon.pid) <= before + 2, "their descriptors to go", SOON)


def test_row_60_stalled_local_readers(exporter, path):
    daemon = exporter(f"--web.local-socket={path}", IMPATIENT)
    before = open_descriptors(daemon.pid)
    with contextlib.ExitStack() as clients:
        for _ in range(PER_USER - 2):
            client = clients.enter_context(connect(path))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(2000):
                    client.send(REQUEST)
        # Meanwhile both doors are open.
        assert daemon.get("/metrics").status == 200
        assert get(path, "/-/healthy")[0] == 200
        # Connections of who waited for the daemon to be ready may still have been open before: their number is no proof.
        eventually(lambda: hits(path, "request_time") >= PER_USER - 2, "their time to be over", 2 * SOON)
        eventually(lambda: open_descriptors(daemon.pid) <= before + 2, "their descriptors to go", SOON)


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_local_socket_mode(exporter, path, mask):
    exporter(f"--web.local-socket={path}", umask=mask)
    found = path.lstat()
    assert stat.S_ISSOCK(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o660


def test_row_61_a_dead_socket_is_replaced(exporter, path):
    nobody_listens(path)
    daemon = exporter(f"--web.local-socket={path}")
    assert get(path, "/-/healthy")[0] == 200
    daemon.signal(signal.SIGKILL)
    daemon.process.wait(SOON)
    assert path.exists()
    daemon.process.returncode = 0  # what the fixture wants to know at the end
    exporter(f"--web.local-socket={path}")
    assert get(path, "/-/healthy")[0] == 200


def test_row_61_a_socket_in_use_is_left_alone(exporter, command, path):
    daemon = exporter(f"--web.local-socket={path}")
    result = command("--web.listen-address=127.0.0.1:0", f"--web.local-socket={path}", timeout=SOON)
    assert result.returncode == 1
    assert f"cannot listen on the local socket {path}: Address already in use; another program" in result.stderr
    assert get(path, "/-/healthy")[0] == 200
    assert daemon.terminate() == 0
    assert not path.exists()


def test_row_61_a_socket_whose_queue_is_full_is_in_use(command, path):
    """A program that does not accept just now is no dead one."""
    with socket.socket(socket.AF_UNIX) as busy, contextlib.ExitStack() as clients:
        busy.bind(str(path))
        busy.listen(0)
        with contextlib.suppress(BlockingIOError):
            for _ in range(3):
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(str(path))
        result = command("--web.listen-address=127.0.0.1:0", f"--web.local-socket={path}", timeout=SOON)
    assert result.returncode == 1 and "Address already in use" in result.stderr
    assert path.exists()


@pytest.mark.parametrize("kind", ["file", "directory", "link to a dead socket"])
def test_row_61_what_is_no_socket_is_left_alone(command, path, kind):
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    else:
        nobody_listens(path.with_suffix(".target"))
        path.symlink_to(path.with_suffix(".target"))
    before = path.lstat()
    result = command("--web.listen-address=127.0.0.1:0", f"--web.local-socket={path}", timeout=SOON)
    assert result.returncode == 1
    assert f"local socket {path}" in result.stderr and "no socket" in result.stderr
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


def test_row_61_where_it_cannot_be_made(command, path):
    result = command("--web.listen-address=127.0.0.1:0", f"--web.local-socket={path}/s", timeout=SOON)
    assert result.returncode == 1
    assert f"cannot listen on the local socket {path}/s: No such file or directory" in result.stderr


def test_row_61_at_the_end_only_its_own_file_goes(exporter, path):
    daemon = exporter(f"--web.local-socket={path}")
    path.unlink()
    nobody_listens(path)
    inode = path.lstat().st_ino
    assert daemon.terminate() == 0
    assert path.lstat().st_ino == inode


def test_row_61_of_many_that_start_at_once_one_has_it(binary, path, tmp_path):
    """None takes the file of one that is about to listen for a dead one's."""
    for attempt in range(3):
        nobody_listens(path)
        command = [binary, "--web.listen-address=127.0.0.1:0", "--collector.disable-defaults", f"--web.local-socket={path}"]
        daemons = [Exporter(command, tmp_path / f"{attempt}.{number}") for number in range(6)]
        try:
            eventually(lambda: sum(daemon.process.poll() is None for daemon in daemons) == 1, "all others to end")
            (winner,) = [daemon for daemon in daemons if daemon.process.poll() is None]
            winner.wait_ready()
            assert f"listening on unix:{path}\n" in winner.stderr
            assert get(path, "/-/healthy")[0] == 200
            assert {daemon.process.returncode for daemon in daemons if daemon is not winner} == {1}
            assert winner.terminate() == 0 and not path.exists()
        finally:
            for daemon in daemons:
                daemon.process.kill()
                daemon.process.wait()


def test_the_file_goes_before_the_listener(exporter, path):
    """Whoever connects while it ends is told that nobody is there, and is not left waiting."""
    daemon = exporter(f"--web.local-socket={path}")
    with connect(path) as client:
        client.sendall(REQUEST[:-2])
        eventually(lambda: nobody_waits(path), "the connection to be accepted")
        daemon.signal(signal.SIGTERM)
        eventually(lambda: not path.exists(), "the file to go", SOON)
        client.sendall(b"\r\n")
        assert receive_all(client).startswith(b"HTTP/1.1 200 ")
    assert daemon.process.wait(SOON) == 0


PASS_SOCKETS = """
import os, socket, sys
names, path = sys.argv[1], sys.argv[2]
passed = []
for name in names.split(":"):
    unix = name in ("local", "other", "abstract")
    passed.append(socket.socket(socket.AF_UNIX if unix else socket.AF_INET))
    passed[-1].bind((f"\\0{path}" if name == "abstract" else path) if unix else ("127.0.0.1", 0))
    passed[-1].listen()
saved = [os.dup2(listener.detach(), 20 + number) for number, listener in enumerate(passed)]
for number, fd in enumerate(saved):
    os.dup2(fd, 3 + number)
    os.close(fd)
names = names.replace("abstract", "local").replace("tcp", "local")
os.environ.update(LISTEN_FDS=str(len(saved)), LISTEN_FDNAMES=names, LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def passed(binary, tmp_path, path):
    """passed(NAMES, *flags): a daemon that was passed listening sockets of these names."""
    started = []

    def start(names, *flags):
        command = [sys.executable, "-c", PASS_SOCKETS, names, str(path), binary, *flags]
        started.append(Exporter(command, tmp_path / f"passed{len(started)}"))
        eventually(lambda: started[-1].urls, "it to listen")
        return started[-1]

    yield start
    for daemon in started:
        daemon.close()


@pytest.mark.parametrize("names", ["http:local", "local:http"])
def test_sockets_from_systemd_are_told_apart(passed, path, users, names):  # noqa: F811
    daemon = passed(names, "--web.systemd-socket", users(prometheus="secret"))
    assert daemon.get("/-/healthy").status == 401
    assert get(path, "/-/healthy")[0] == 200
    assert len(daemon.urls) == 1 and "warning" not in daemon.stderr
    daemon.close()
    assert path.exists()  # it is systemd's


def test_local_socket_from_systemd_beside_an_own_port(passed, path):
    daemon = passed("local", "--web.listen-address=127.0.0.1:0", "--web.local-socket=/nowhere/s")
    assert get(path, "/-/healthy")[0] == 200
    assert "the local socket is systemd's: web.local_socket is not used" in daemon.stderr


@pytest.mark.parametrize("name", ["other", "abstract"])
def test_row_62_other_unix_sockets_are_nobodys(passed, name, path):
    """By its name, and with a file: else nobody has decided who may connect."""
    daemon = passed(name, "--web.listen-address=127.0.0.1:0")
    assert "nobody wants" in daemon.stderr and "unix:" not in daemon.stderr


def test_row_62_a_port_called_local_is_no_local_socket(passed, users):  # noqa: F811
    daemon = passed("tcp", "--web.systemd-socket", users(prometheus="secret"))
    assert daemon.get("/-/healthy").status == 401
