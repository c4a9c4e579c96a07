# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon under test as an object: started, scraped, ended, and never let off with a sanitizer's report."""

import base64
import http.client
import os
import re
import socket
import ssl
import subprocess
import time
from collections import namedtuple
from pathlib import Path

import exposition

Response = namedtuple("Response", "status headers body")

LISTENING = re.compile(r"listening on https?://([^/\s]+):(\d+)(/\S*)")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
# Sanitizer builds on a busy machine are slow; a daemon that works never comes near it.
PATIENCE = 30
# How often one looks; in an emulated machine (tests/vm/guest says so) each look costs what ten do elsewhere.
STEP = 0.2 if "NETDROP_VM" in os.environ else 0.02


def eventually(condition, what="the condition", timeout=PATIENCE, step=STEP):
    """Waits until condition() is true, asking each `step` seconds, and returns what it said."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(step)


def environment(extra=None):
    """Ours, without what a service manager may have left in it, and in a fixed locale."""
    left_out = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
    own = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**own, "LC_ALL": "C.UTF-8", **(extra or {})}


def preload(name, directory):
    """Builds shims/NAME.c into the directory; the environment that preloads it into a daemon."""
    library = Path(directory) / f"{name}.so"
    source = Path(__file__).parent / f"shims/{name}.c"
    command = ["cc", "-D_GNU_SOURCE", "-Wall", "-O1", "-g", "-shared", "-fPIC", "-o", library, source]
    subprocess.run(command, check=True)
    # A sanitizer insists on being the first library, and works well enough as the second.
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": options}


def basic(user):
    """The header for "name:password"."""
    return "Basic " + base64.b64encode(user.encode()).decode()


def check_sanitizers(text):
    report = SANITIZER.search(text)
    assert not report, f"a sanitizer reports:\n{text[report.start():][:8000]}"


# What systemd does with a socket: the descriptor named first becomes number 3 of what follows.
PASS_SOCKET = ["bash", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&"$0"']


class Exporter:
    """One running daemon. `stderr` is a path: a file never fills up and blocks the daemon as a pipe would. It is asked
    by HTTPS where an `authority` (a file) is given, and as `user` ("name:password"). `outside`: it gets a listening
    socket of ours, so that to ask it moves no counter of its namespace, however slow the machine is."""

    def __init__(self, command, stderr, netns=None, env=None, authority=None, user=None, outside=False, **options):
        command = netns.command(command) if netns else command
        listener = None
        if outside:
            netns = None
            listener = socket.create_server(("127.0.0.1", 0))
            options["pass_fds"] = [listener.fileno()]
            command = [*PASS_SOCKET, str(listener.fileno()), *command, "--web.systemd-socket"]
        self.netns = netns
        self.authority = authority
        self.user = user
        self.stderr_path = stderr
        with open(stderr, "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment(env),
                **options,
            )
        if listener:
            listener.close()

    @property
    def pid(self):
        return self.process.pid

    @property
    def stderr(self):
        """Everything that it said so far."""
        return self.stderr_path.read_text(errors="backslashreplace")

    @property
    def urls(self):
        """(host, port, path) of each address it says it listens on."""
        return [(host, int(port), path) for host, port, path in LISTENING.findall(self.stderr)]

    @property
    def port(self):
        return self.urls[0][1]

    @property
    def url(self):
        host, port, path = self.urls[0]
        return f"{'https' if self.authority else 'http'}://{host}:{port}{path}"

    def wait_ready(self):
        """Until it serves, and each collector has tried once."""
        eventually(lambda: self.urls or self.process.poll() is not None, "the daemon to listen")
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.stderr}"
        eventually(lambda: self.get("/-/ready").status == 200, "/-/ready")

    def connect(self, source=None, timeout=PATIENCE):
        """A TCP connection to it, made inside its namespace, from another local address where one is given."""
        connection = self.netns.socket() if self.netns else socket.socket()
        connection.settimeout(timeout)
        if source:
            connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def connect_tls(self, source=None, timeout=PATIENCE):
        """The same, and a handshake after it where there is an authority."""
        connection = self.connect(source, timeout)
        if self.authority:
            context = ssl.create_default_context(cafile=self.authority)
            connection = context.wrap_socket(connection, server_hostname="127.0.0.1")
        return connection

    def get(self, path="/metrics", headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.connect_tls()
        if self.user is not None:
            headers = {"Authorization": basic(self.user), **(headers or {})}
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())
        finally:
            connection.close()

    def metrics(self, path="/metrics"):
        """The page, through our checker: an Exposition."""
        response = self.get(path)
        assert response.status == 200, response
        assert response.headers["Content-Type"] == exposition.TEXT
        return exposition.check_text(response.body)

    def openmetrics(self, path="/metrics"):
        """The same in OpenMetrics, read by the reference parser too."""
        response = self.get(path, {"Accept": "application/openmetrics-text; version=1.0.0"})
        assert response.status == 200, response
        assert response.headers["Content-Type"] == exposition.OPENMETRICS
        return exposition.check_openmetrics(response.body)

    def signal(self, number):
        self.process.send_signal(number)

    def terminate(self, timeout=PATIENCE):
        """SIGTERM; returns the exit status."""
        self.process.terminate()
        return self.process.wait(timeout)

    def close(self):
        """The end of every test: the daemon, where it still runs, must end well, and have reported nothing."""
        try:
            status = self.terminate() if self.process.poll() is None else 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end it:\n{self.stderr}") from None
        check_sanitizers(self.stderr)
        assert status == 0, f"exit status {status} after SIGTERM:\n{self.stderr}"
