# SPDX-License-Identifier: GPL-2.0-or-later
"""--self-test: what it says of a host, what it makes, that it leaves nothing behind, and its exit status."""

import re
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from daemon import eventually

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
    assert "50 datagrams" in said["own drop"][1] and "NO_SOCKET in " in said["own drop"][1]
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
        ("made", ("seen", "50 datagrams to a closed port, in a namespace of their own"), 0),
        ("refused", ("not tried", "no network namespace of its own: Operation not permitted"), 0),
        ("hung", ("not tried", "no network namespace of its own: Connection timed out"), 0),
        ("lost", ("not seen", "50 datagrams to a closed port, in a namespace of their own"), 1),
    ],
    ids=["made", "refused", "hung", "lost"],
)
def test_a_drop_that_is_not_made_or_not_seen(self_test, shim, unsanitized, bpf_possible, how, said, status):
    environment = {**shim("own_drop"), "OWN_DROP": how}

    def found():
        result = self_test(NAMED_APART, env=environment)
        told, text = parsed(result)["own drop"]
        return (told, text[: len(said[1])], result.returncode) == (*said, status)

    eventually(found, f"{said}", timeout=120)


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
