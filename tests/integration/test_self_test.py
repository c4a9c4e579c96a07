# SPDX-License-Identifier: GPL-2.0-or-later
"""--self-test: what it says of a host, what it makes, that it leaves nothing behind, and its exit status."""

import itertools
import re
import socket
import struct
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from daemon import eventually
from hurry import Flood

# One beside another would count the drops of the other, whose namespace has no name either.
pytestmark = pytest.mark.xdist_group("self_test")

OWN = "50 datagrams to a closed port, in a namespace of their own"
ABSENT = "--set=collectors.conntrack.source=proc"


def parsed(result):
    """{name: (result, text)}, in the columns that it has them in."""
    assert result.stdout, result.stderr
    rows = [re.fullmatch(r"(\w[\w ]*?) {2,}(\w[\w' ]*?)(?: {2,}(.+))?", line) for line in result.stdout.splitlines()]
    assert all(rows), result.stdout
    assert len({row[1] for row in rows}) == len(rows)
    return {row[1]: (row[2], row[3] or "") for row in rows}


def collectors(command):
    return re.findall(r"^(\w+)$", command("--list-collectors").stdout, re.MULTILINE)


@pytest.fixture
def self_test(command):
    """Without conntrack, which is there or not, and whatever else a test leaves out."""

    def run(*flags, **options):
        return command("--self-test", "--no-collector.conntrack", *flags, timeout=120, **options)

    return run


def nobody(binary, *flags):
    """As a user of no rights runs it, who need not get as far as where it was built."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with open(binary, "rb") as file:
        command = [*user, f"/proc/self/fd/{file.fileno()}", "--self-test", *flags]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, pass_fds=[file.fileno()]
        )


# What namespaces lose that have a name is theirs, as those of other tests; without one some may lose as many meanwhile.
NAMED_APART = "--set=collectors.drop_monitor.label_netns=true"


def test_all_that_is_switched_on_can(self_test, command, bpf_possible):
    result = self_test(NAMED_APART)
    said = parsed(result)
    assert [name for name in said if name in collectors(command)] == collectors(command)
    assert said["own drop"][0] == "seen", result.stdout
    assert re.match(f"(50|49) of {OWN}: NO_SOCKET in .*udp", said["own drop"][1])
    assert said["conntrack"] == said["netns"] == ("off", "")
    assert said["drop_monitor"][0] == "works" and "by bpf" in said["drop_monitor"][1]
    assert re.match(r"\d+ series", said["link"][1])
    assert result.returncode == 0


def processes(word):
    """Those with this word in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # gone
            if word.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


@pytest.mark.root
def test_it_touches_nobody_s_namespace_and_leaves_nothing(self_test, netns, tmp_path, bpf_possible):
    """Where it runs, no datagram goes through, and the loopback device stays down."""
    inside = netns()
    config = tmp_path / "config.json"
    config.write_text("{}")

    def seen():
        return inside.run("cat /proc/net/snmp"), inside.run("ip -br link show lo")

    inside.ip("link set lo down")
    before = seen()
    assert "DOWN" in before[1]
    said = parsed(self_test(f"--config.file={config}", netns=inside))
    assert said["own drop"][0] == "seen", said
    assert said["network"][0] == "not host's"
    assert seen() == before
    assert processes(str(config)) == []


@pytest.mark.root
def test_without_privilege(binary):
    """It says what it could not try, and why; what drop sites are counted by is not there."""
    result = nobody(binary, "--no-collector.conntrack")
    said = parsed(result)
    assert said["drop_monitor"][0] == "absent" and "CAP_BPF" in said["drop_monitor"][1]
    assert said["own drop"] == ("not tried", "nothing counts drop sites")
    assert said["link"][0] == "works"
    assert result.returncode == 1


@pytest.mark.root
def test_without_privilege_and_without_drop_sites(binary):
    result = nobody(binary, "--no-collector.conntrack", "--no-collector.drop_monitor")
    said = parsed(result)
    assert said["drop_monitor"] == ("off", "")
    assert said["own drop"][0] == "not tried"
    assert result.returncode == 0


@pytest.mark.root
def test_root_without_bpf(binary):
    """As in a container that gives root, and none of the capabilities that drop sites need."""
    command = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin,-net_admin", binary, "--self-test"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = parsed(result)
    assert said["drop_monitor"][0] == "absent"
    assert said["own drop"][0] == "not tried"
    assert result.returncode == 1


@pytest.mark.parametrize("how", ["default", "flag", "file"])
def test_what_is_absent_is_a_failure_where_somebody_asked_for_it(command, tmp_path, how):
    """conntrack, of a /proc that has none: by default it is only told."""
    procfs = tmp_path / "proc"
    procfs.mkdir()
    config = tmp_path / "config.json"
    config.write_text('{"collectors": {"conntrack": {"enabled": true}}}' if how == "file" else "{}")
    flags = ["--collector.conntrack"] if how == "flag" else []
    others = [f"--no-collector.{name}" for name in collectors(command) if name != "conntrack"]
    result = command("--self-test", ABSENT, f"--path.procfs={procfs}", f"--config.file={config}", *others, *flags)
    said = parsed(result)
    assert said["conntrack"][0] == "absent", result.stdout
    assert result.returncode == (0 if how == "default" else 1)


def test_what_fails_is_a_failure(command, tmp_path):
    procfs = tmp_path / "proc"
    procfs.mkdir()
    others = [f"--no-collector.{name}" for name in collectors(command) if name != "snmp"]
    result = command("--self-test", f"--path.procfs={procfs}", *others)
    assert parsed(result)["snmp"][0] in ("failing", "absent")
    assert (result.returncode == 1) == (parsed(result)["snmp"][0] == "failing")


@pytest.mark.parametrize(
    "how, said, status",
    [
        ("made", ("seen", f"50 of {OWN}: NO_SOCKET in "), 0),
        ("one", ("seen", f"49 of {OWN}: NO_SOCKET in "), 0),
        ("few", ("in part", f"10 of {OWN}: NO_SOCKET in "), 1),
        ("refused", ("not tried", "no network namespace of its own: Operation not permitted"), 0),
        ("hung", ("not tried", "no network namespace of its own: Connection timed out"), 0),
        ("lost", ("not seen", f"0 of {OWN}"), 1),
    ],
    ids=["made", "one", "few", "refused", "hung", "lost"],
)
def test_a_drop_that_is_not_made_or_not_seen(self_test, shim, unsanitized, bpf_possible, how, said, status):
    environment = {**shim("own_drop"), "OWN_DROP": how}

    def found():
        result = self_test(NAMED_APART, env=environment)
        told, text = parsed(result)["own drop"]
        return (told, text[: len(said[1])], result.returncode) == (*said, status)

    eventually(found, f"{said}", timeout=120)


DESTINATIONS = ("020000009999", "ffffffffffff")
ETHERTYPES = (0x88B5, 0x0806, 0x0800, 0x86DD, 0x8100)


@contextmanager
def many_kinds_of_drops(namespace):
    """A map of the fewest sites has no room for as many, again and again."""
    names = [f"v{number}" for number in range(220)]
    namespace.batch(f"link add {name} up type veth peer name p{name}" for name in names)
    namespace.batch(f"link set {name} promisc on" for name in names)
    namespace.batch(f"link set p{name} up" for name in names)
    namespace.wait_up(*(f"p{name}" for name in names))
    frames = [bytes.fromhex(to) + bytes(6) + struct.pack("!H", kind) + bytes(64) for to in DESTINATIONS for kind in ETHERTYPES]
    with ExitStack() as sockets:
        senders = [sockets.enter_context(namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)) for _ in names]
        for name, sender in zip(names, senders):
            sender.bind((f"p{name}", 0))

        turns = itertools.cycle(itertools.product(senders, frames))

        def send(count):
            for sender, frame in itertools.islice(turns, 44 * count):
                sender.send(frame)

        with Flood(send):  # each of them ten times a second
            yield


@pytest.mark.flood
def test_what_is_known_to_be_lost_is_not_missed(self_test, shim, netns, unsanitized, bpf_possible):
    """Ten of ours are made, and the others of the host fill the map meanwhile: that drops were lost is told, by their number, and
    as many of ours may be missing. Those that were made are in the map, or came too late."""
    environment = {**shim("own_drop"), "OWN_DROP": "few"}
    pattern = rf"(\d+) of {OWN}.*; without a row, of the whole host: (\d+)"
    inside = netns()
    with many_kinds_of_drops(inside):

        def told():
            result = self_test("--set=collectors.drop_monitor.max_sites=16", env=environment, netns=inside)
            said, text = parsed(result)["own drop"]
            numbers = re.fullmatch(pattern, text)
            return numbers and (said, result.returncode, *map(int, numbers.groups()))

        said, status, seen, lost = eventually(told, "drops that were lost", timeout=120)
    assert (said, status) == (("seen", 0) if seen and lost >= 39 else ("in part", 1) if seen else ("not seen", 1))


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--self-test=1"], "--self-test takes no value"),
        (["--self-test", "--once"], "only one of"),
        (["--self-test", "--set=web.pagee=1"], "web.pagee"),
    ],
    ids=["value", "two commands", "configuration"],
)
def test_usage(command, flags, words):
    result = command(*flags)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
