# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon under test as an object: started, scraped, ended, and never let off with a sanitizer's report."""

import base64
import http.client
import os
import random
import re
import socket
import ssl
import subprocess
import time
from collections import namedtuple
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import exposition

# Of "secret", by bcrypt at its lowest cost.
SECRET_HASH = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
Response = namedtuple("Response", "status headers body")

# When a collector's numbers were complete, and how long they took.
HEALTH = re.compile(rb'^netdrop_collector_(duration|last_success_timestamp)_seconds\{collector="(\w+)"\} (\S+)$', re.MULTILINE)
BEGINNING = re.compile(rb'^netdrop_collector_state\{collector="\w+",state="(starting|stuck)"\} 1$', re.MULTILINE)
LISTENING = re.compile(r"listening on https?://([^/\s]+):(\d+)(/\S*)")
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")
# In an emulated machine (tests/vm/guest says so) all takes ten times as long and more, as it gets what others leave.
EMULATED = "NETDROP_VM" in os.environ
# Sanitizer builds on a busy machine are slow; a daemon that works never comes near it.
PATIENCE = 300 if EMULATED else 30
# After so many seconds /-/ready says so though a first attempt goes on. In an emulated machine it may load kernel modules; on
# any it may wait for the one lock of all interfaces, which others hold for as long.
READY_AFTER = 5
# How often a collector looks that a test waits for. There, more often would leave it time for little else.
INTERVAL = "1s" if EMULATED else "100ms"
# How often one looks at first, and where it takes long: each look costs the daemon a page, and us to read it.
STEP = 0.2 if EMULATED else 0.02
SLOW_STEP = 0.25


def eventually(condition, what="the condition", timeout=PATIENCE, step=None):
    """Waits until condition() is true, asking each `step` seconds, and returns what it said. Without a step it asks the
    less often the longer it takes: a tenth of what it has waited for passes in between."""
    begin = time.monotonic()
    while True:
        result = condition()
        if result:
            return result
        waited = time.monotonic() - begin
        assert waited < timeout, f"waited {timeout} s for {what}"
        time.sleep(step or max(STEP, min(waited / 10, SLOW_STEP)))


def go_first(thread=0):
    """The thread, ours or another, gets most of a CPU, whoever else wants it, where one may ask for that. By its weight, not
    in real time: what spins until another thread of its own goes on, as programs of Go do, would stop for ever."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, thread, -20)


@contextmanager
def in_one_go():
    """Nobody else takes our CPU for the length of the block, which is to be short."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def seeded():
    """Numbers at random; the seed is told where the test fails, and NETDROP_SEED repeats it."""
    seed = int(os.environ.get("NETDROP_SEED", random.randrange(2**32)))
    print(f"NETDROP_SEED={seed}")
    return random.Random(seed)


def health(body):
    """Of a page, (when each collector's numbers were complete, when it began with them). Read from the text: who waits looks at
    many, and to check each takes longer than all else."""
    found = {b"duration": {}, b"last_success_timestamp": {}}
    end = body.find(b"\n", body.rfind(b"\nnetdrop_collector_last_success_timestamp_seconds{") + 1) + 1  # they come first
    for what, collector, value in HEALTH.findall(body, 0, end):
        found[what][collector.decode()] = float(value)
    stamps = found[b"last_success_timestamp"]
    return stamps, {name: stamp - found[b"duration"][name] for name, stamp in stamps.items()}


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
        inside = nullcontext()
        listener = None
        if outside:
            # No process to enter the namespace: that mounts /sys anew, which takes an emulated machine longer than the
            # daemon's start.
            inside = netns.entered() if netns else inside
            netns = None
            listener = socket.create_server(("127.0.0.1", 0))
            options["pass_fds"] = [listener.fileno()]
            command = [*PASS_SOCKET, str(listener.fileno()), *command, "--web.systemd-socket"]
        command = netns.command(command) if netns else command
        self.netns = netns
        self.authority = authority
        self.user = user
        self.stderr_path = stderr
        with open(stderr, "wb") as log, inside:
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

    def has_accepted(self):
        """Nobody waits in the queues of those that listen on its port."""
        command = ["ss", "-Hltn", f"sport = :{self.port}"]
        said = subprocess.check_output(self.netns.command(command) if self.netns else command, text=True)
        queues = [line.split()[1] for line in said.splitlines()]
        return set(queues) == {"0"}

    @property
    def port(self):
        return self.urls[0][1]

    @property
    def url(self):
        host, port, path = self.urls[0]
        return f"{'https' if self.authority else 'http'}://{host}:{port}{path}"

    def wait_ready(self):
        """Until it serves, and each collector has tried once."""
        begin = time.monotonic()
        eventually(lambda: self.urls or self.process.poll() is not None, "the daemon to listen")
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.stderr}"
        eventually(lambda: self.get("/-/ready").status == 200, "/-/ready")
        if time.monotonic() - begin > READY_AFTER:
            eventually(lambda: not BEGINNING.search(self.get().body), "each collector to have tried")

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

    def text(self, path="/metrics"):
        """The page as it is, in the format of text."""
        response = self.get(path)
        assert response.status == 200, response
        assert response.headers["Content-Type"] == exposition.TEXT
        return response.body

    def metrics(self, path="/metrics"):
        """The page, through our checker: an Exposition."""
        return exposition.check_text(self.text(path))

    def collected_since(self, moment, collector):
        """The page, once the numbers of this collector on it were complete after the moment; else None."""
        body = self.text()
        return exposition.check_text(body) if health(body)[0].get(collector, 0) > moment else None

    def openmetrics(self, path="/metrics"):
        """The same in OpenMetrics, read by the reference parser too."""
        response = self.get(path, {"Accept": "application/openmetrics-text; version=1.0.0"})
        assert response.status == 200, response
        assert response.headers["Content-Type"] == exposition.OPENMETRICS
        return exposition.check_openmetrics(response.body)

    def signal(self, number):
        self.process.send_signal(number)

    def go_first(self):
        """All its threads: what is measured from now on is its own time."""
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            go_first(int(thread))

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
