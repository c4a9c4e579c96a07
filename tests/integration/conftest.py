# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the integration tests. BUILD names the build directory whose daemon is tested; without it, the
tree's own build/. Tests that need root to make network namespaces skip without it, and say so."""

import itertools
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import cgroups as cgroup_tree
import daemon
import exposition
import faults as failing
import frozen
import lab
import link_lab
import made_up as made_up_driver
from bpf_witness import BpfWitness

TREE = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run the slow tests too")
    parser.addoption("--seconds", type=float, default=5, help="how long the concurrency test goes on")
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew instead of comparing")


def pytest_configure():
    # A stage that runs out of time is sent SIGTERM: even then namespaces and processes must go.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))


def pytest_runtest_setup(item):
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")


# What takes long to make, and is made once for all who need it; what the whole host has once, and these fill. They run in
# one process.
SHARED = ("followed", "npm", "hierarchy")
# Tests that take longer than all others begin first, so that nobody waits for the last one.
LONG = (
    "test_rates",
    "test_status",
    "test_workloads",
    "test_soak",
    "test_guide",
    "test_faults",
    "test_page",
    "test_rules",
    "test_drops",
    "test_link_storm",
    "test_ledger_load",
)


@pytest.hookimpl(tryfirst=True)  # xdist looks at the groups
def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
    for item in items:
        for name in SHARED:
            if name in item.fixturenames:
                item.add_marker(pytest.mark.xdist_group(name))
    last = len(LONG)
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else last)


@pytest.fixture(scope="session")
def tree():
    return TREE


@pytest.fixture(scope="session")
def build():
    directory = Path(os.environ.get("BUILD", TREE / "build")).resolve()
    assert (directory / "netdrop-exporter").exists(), f"no daemon in {directory}: build first, or set BUILD"
    return directory


@pytest.fixture(scope="session")
def binary(build):
    return str(build / "netdrop-exporter")


@pytest.fixture(scope="session")
def bpf_possible(binary):
    """For tests of what BPF counts: who has it asks for this by pytestmark."""
    said = subprocess.run([binary, "--list-collectors"], capture_output=True, check=True).stdout.decode()
    reason = re.search(r"^drop_monitor\n(?: .*\n)*? +runs here: no: (.*)", said, re.MULTILINE)
    if reason:
        pytest.skip(reason[1])


@pytest.fixture(scope="session")
def sanitized(binary):
    """The sanitizer the daemon is built with, or ""."""
    symbols = subprocess.run(["nm", "-D", binary], capture_output=True, check=True).stdout
    return next((name for name in ("asan", "tsan") if f"__{name}_init".encode() in symbols), "")


@pytest.fixture(scope="session")
def unsanitized(sanitized):
    if sanitized:
        pytest.skip("preloaded libraries don't go with a sanitizer")


@pytest.fixture(scope="session")
def namespaces_possible():
    if os.geteuid() != 0:
        pytest.skip("needs root to make network namespaces")
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("no network namespaces here: " + probe.stderr.decode().strip())


@pytest.fixture
def netns(namespaces_possible):
    """netns() makes a network namespace that lives as long as the test."""
    made = []

    def make():
        made.append(lab.Namespace())
        return made[-1]

    yield make
    for namespace in made:
        namespace.close()


@pytest.fixture
def cgroups(namespaces_possible):
    made = cgroup_tree.Cgroups()
    yield made
    made.close()


@pytest.fixture
def chosen():
    return daemon.seeded()


@pytest.fixture
def veth(netns):
    """The fault lab: a0 in veth.a, b0 in veth.b."""
    return lab.Veth(netns(), netns())


@pytest.fixture
def wide_veth(netns):
    """w0 and w1 in one namespace, four queues each way, with NAPI on w1 so that its queues count."""
    inside = netns()
    inside.ip("link add w0 numtxqueues 4 numrxqueues 4 type veth peer name w1 numtxqueues 4 numrxqueues 4")
    for device in ("w0", "w1"):
        inside.ip(f"link set {device} up")
    inside.wait_up("w0", "w1")
    inside.run("ethtool -K w1 gro on", check=False)
    return inside


@pytest.fixture
def made_up(wide_veth, tmp_path, shim, unsanitized):
    directory = tmp_path / "driver"
    directory.mkdir()
    driver = made_up_driver.MadeUp(directory, shim("ethtool_driver"))
    driver.set("strings", b"rx0_drops\nrx1_drops\ntx_drops\n")
    yield driver
    # A daemon that a failed test left behind in a blocked call must be able to end.
    (directory / "block").unlink(missing_ok=True)


@pytest.fixture
def sink(made_up):
    """What the made-up driver writes to at each reading; while it is frozen, the driver sleeps in state D."""
    file = frozen.Sink(made_up.directory)
    made_up.env["ETHTOOL_SHIM_SINK"] = str(file.file)
    yield file
    file.close()


@pytest.fixture
def exporter(binary, tmp_path, request):
    """exporter(*flags) starts a daemon, on a free port unless a flag names an address, and waits until it is
    ready (wait=False: returns at once). Other keywords go to subprocess.Popen."""
    # Daemons end before their namespaces do: ask for the namespaces first, where the test has any.
    for needed in ("netns", "veth"):
        if needed in request.fixturenames:
            request.getfixturevalue(needed)
    started = []
    numbers = itertools.count()

    def start(*flags, netns=None, env=None, wait=True, **options):
        if not options.get("outside") and not any(flag.startswith(("--web.listen-address", "--web.systemd-socket")) for flag in flags):
            flags = ("--web.listen-address=127.0.0.1:0", *flags)
        log = tmp_path / f"stderr{next(numbers)}"
        started.append(daemon.Exporter([binary, *flags], log, netns, env, **options))
        if wait:
            started[-1].wait_ready()
        return started[-1]

    yield start
    problems = []
    for process in started:
        try:
            process.close()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture
def witness(build):
    """Knows how many drops no BPF program could see."""
    process = BpfWitness(str(build / "tests/lab/bpf_witness"))
    yield process
    process.close()


@pytest.fixture
def shim(tmp_path):
    """shim(NAME) builds shims/NAME.c; returns the environment that preloads it into a daemon."""
    return lambda name: daemon.preload(name, tmp_path)


@pytest.fixture
def clocks(shim, tmp_path):
    """(environment, jump): a daemon with that environment has a wall clock so many seconds ahead, and was suspended for so
    many."""
    path = tmp_path / "ahead"

    def jump(seconds, suspended=0):
        new = path.with_suffix(".new")
        new.write_text(f"{seconds} {suspended}")
        new.rename(path)

    jump(0)
    return {**shim("clock"), "CLOCK_SHIM_FILE": str(path)}, jump


@pytest.fixture
def faults(shim, tmp_path, unsanitized):
    """What fails in daemons started with its env."""
    made = failing.Faults(tmp_path / "faults")
    made.env = {**shim("faults"), "FAULTS_FILE": str(tmp_path / "faults")}
    return made


@pytest.fixture
def kernel(unsanitized, tmp_path):
    """A kernel whose netlink is at fault: set(FAULT), in daemons started with its env."""
    return link_lab.Shim(tmp_path, "netlink_kernel")


@pytest.fixture
def allocations(unsanitized, tmp_path):
    """What daemons started with its env allocate, by thread."""
    return link_lab.Shim(tmp_path, "allocations")


@pytest.fixture
def manager(tmp_path):
    """The notification socket of a service manager; said(pattern) waits for such a message."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))

        class Manager:
            environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1000000"}
            heard = []

            def next(self, timeout=20):
                receiver.settimeout(timeout)
                self.heard.append(receiver.recv(65536).decode())
                return self.heard[-1]

            def said(self, pattern):
                deadline = time.monotonic() + 2 * daemon.PATIENCE  # WATCHDOG=1 comes for ever
                while time.monotonic() < deadline:
                    if match := re.search(pattern, self.next(), re.MULTILINE):
                        return match
                raise AssertionError(f"{pattern} was not said; what was:\n{self.heard}")

        yield Manager()


@pytest.fixture
def command(binary):
    """command(*flags) runs the program to its end: a CompletedProcess with texts."""

    def run(*flags, netns=None, env=None, timeout=60, **options):
        arguments = [binary, *flags]
        result = subprocess.run(
            netns.command(arguments) if netns else arguments,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=daemon.environment(env),
            timeout=timeout,
            check=False,
            **options,
        )
        result.stdout = result.stdout.decode(errors="surrogateescape")
        result.stderr = result.stderr.decode(errors="backslashreplace")
        daemon.check_sanitizers(result.stderr)
        return result

    return run


@pytest.fixture
def once(command):
    """once(*flags, netns=None) returns the page that --once prints, checked."""

    def run(*flags, netns=None):
        result = command("--once", *flags, netns=netns)
        assert result.returncode == 0, result.stderr
        exposition.check_text(result.stdout.encode(errors="surrogateescape"))
        return result.stdout

    return run
