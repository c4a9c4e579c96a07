# SPDX-License-Identifier: GPL-2.0-or-later
"""--watch and --capture with a real exporter, its recorder and packets that the kernel drops: asked by the local socket,
as others than root too, and by an exporter that the command starts itself. tshark is the judge of files."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from daemon import eventually
from screen import Screen
from test_records import namespace, open_folder, path  # noqa: F401 # fixtures
from test_terminal import built, need, start, tshark  # noqa: F401 # fixtures

FLAGS = (
    "--collector.disable-defaults",
    "--collector.drop_monitor",
    "--set=collectors.drop_monitor.source=bpf",
    "--set=collectors.drop_monitor.interval=100ms",
    "--set=devices.exclude_kinds=",
)
# One for each process that tests: the recorder sees all namespaces of the machine.
PORT = 10001 + 2 * (os.getpid() % 25000)

pytestmark = pytest.mark.usefixtures("bpf_possible", "namespaces_possible")


def drop(namespace, port=PORT, count=1):
    """Datagrams to a port where nobody listens, from within a namespace of their own."""
    script = (
        "import socket\n"
        "made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        f"for number in range({count}):\n"
        f"    made.sendto(b'x' * (33 + number % 5), ('127.0.0.1', {port}))\n"
    )
    namespace.run(["python3", "-c", script])


def until(namespace, process, text):
    """Drops, again and again, until a line tells of it: who sends from where BPF does not look is not seen."""
    os.set_blocking(process.stdout.fileno(), False)
    read = bytearray()

    def told():
        drop(namespace)
        with suppress(BlockingIOError):
            read.extend(os.read(process.stdout.fileno(), 65536))
        whole = read.decode().rpartition("\n")[0]
        return next((line for line in whole.splitlines() if text in line), None)

    return eventually(told, f"a line with {text}", step=0.2)


def test_a_line_for_a_packet_that_was_dropped(exporter, start, path, namespace):
    exporter(*FLAGS, f"--web.local-socket={path}")
    begin = time.time()
    process = start("--watch", f"udp dst port {PORT}")
    line = until(namespace, process, f"127.0.0.1.{PORT}  UDP len 3")
    moment, place, reason, device, _, packet = re.split(r"  +", line, maxsplit=5)
    assert re.fullmatch(r"\w+(\.\w+)*\+0x[0-9a-f]+", place) and reason == "NO_SOCKET" and device == "lo@other"
    assert re.fullmatch(rf"IP 127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.{PORT}  UDP len 3[3-7]", packet)
    assert time.strftime("%H:", time.gmtime(begin)) == moment[:3] or time.strftime("%H:", time.gmtime()) == moment[:3]
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0 and process.stderr.read() == ""


def test_wireshark_reads_why(exporter, start, path, namespace, tmp_path):
    need("tshark")
    exporter(*FLAGS, "--set=collectors.drop_monitor.record_stacks=true", f"--web.local-socket={path}")
    begin = time.time()
    file = tmp_path / "f.pcapng"
    process = start(f"--capture={file}", f"udp dst port {PORT}", "--count=2", "--for=60s")

    def ended():
        drop(namespace)
        return process.poll() is not None

    eventually(ended, "two packets", 60, step=0.2)
    assert process.returncode == 0 and process.stderr.read().startswith(f"2 packets written to {file}; ")
    for packet in tshark(file, "frame.time_epoch", "frame.interface_name", "frame.len", "udp.dstport", "frame.comment", "frame.protocols"):
        assert packet["udp.dstport"] == [str(PORT)] and packet["frame.interface_name"] == ["lo"]
        assert begin - 1 < float(packet["frame.time_epoch"][0]) < time.time() + 1
        assert 14 + 28 + 33 <= int(packet["frame.len"][0]) <= 14 + 28 + 37
        comment = packet["frame.comment"][0].split("\n")
        assert re.fullmatch(r"dropped at \S+\+0x\w+, reason NO_SOCKET( \(\w+\))?, class \w+", comment[0])
        assert comment[1].startswith("device lo, network namespace other, ")
        assert comment[2] == "stack:" and any("udp" in line for line in comment[3:])
    said = subprocess.run(["capinfos", file], check=True, capture_output=True, text=True)
    assert "Number of packets:   2\n" in said.stdout
    assert "nanoseconds (9)" in said.stdout


@pytest.mark.parametrize("group, status", [(65533, 0), (65534, 1)], ids=["in the group", "out of it"])
def test_who_may_look(exporter, binary, open_folder, namespace, group, status):  # noqa: F811
    """Neither root nor capabilities, only the group of the socket."""
    path = open_folder / "s"
    exporter(*FLAGS, f"--web.local-socket={path}")
    os.chown(path, 0, 65533)
    drop(namespace)
    command = [binary, "--watch", f"--web.local-socket={path}", "--for=1s"]
    result = subprocess.run(command, user=65534, group=group, extra_groups=[], capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stderr
    if status:
        assert result.stderr.endswith("Permission denied: it is for root and the members of its group\n")


def test_nothing_is_recorded(exporter, start, path):
    exporter(*FLAGS, "--set=collectors.drop_monitor.record=off", f"--web.local-socket={path}")
    process = start("--watch")
    assert process.wait(30) == 1
    said = process.stderr.read()
    assert said.startswith("the service says: no packets are recorded: ") and said.count("\n") == 1


def test_a_service_that_is_killed_and_comes_back(exporter, start, path, namespace):
    first = exporter(*FLAGS, f"--web.local-socket={path}")
    process = start("--watch", f"udp dst port {PORT}")
    until(namespace, process, f".{PORT}  UDP")
    first.signal(signal.SIGKILL)
    first.process.wait()
    first.process.returncode = 0  # what the fixture wants to know at the end
    assert "the service does not answer" in process.stderr.readline()
    exporter(*FLAGS, f"--web.local-socket={path}")
    assert process.stderr.readline() == "the service answers again\n"
    until(namespace, process, f".{PORT}  UDP")


def test_row_90_the_view_of_real_drops(exporter, binary, path, namespace, tmp_path):
    need("tmux")
    exporter(*FLAGS, f"--web.local-socket={path}")
    view = Screen(tmp_path, [binary, "--watch", f"--web.local-socket={path}", f"udp dst port {PORT}"])
    try:
        def shown(lines):
            drop(namespace)
            return any(f"127.0.0.1.{PORT}  UDP len 3" in line for line in lines) and any("NO_SOCKET" in line for line in lines)

        view.shows(shown, "the packet")
        view.keys("Enter")
        view.says("udp_nobody_listens")
        view.keys("q")
        assert view.ended() == 0
    finally:
        view.close()


# An exporter of its own, where no service is.


def children(pid):
    """All below the process, by their program's name."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                found.setdefault(int(fields[1]), []).append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    below, todo = [], [pid]
    while todo:
        more = found.get(todo.pop(), [])
        below += more
        todo += more
    return below


def programs(pid):
    """Numbers of the BPF programs that a process holds."""
    held = set()
    for each in Path(f"/proc/{pid}/fdinfo").iterdir():
        try:
            held |= set(re.findall(r"^prog_id:\s+(\d+)$", each.read_text(), re.MULTILINE))
        except FileNotFoundError:
            continue
    return held


def loaded():
    """Those that count drops, of all that the kernel has."""
    said = subprocess.run(["bpftool", "--json", "prog", "show"], check=True, capture_output=True, text=True).stdout
    return {str(program["id"]) for program in json.loads(said) if program.get("name") == "count_drop"}


def held_by_anybody():
    """By any process of this host that one may look into: other tests have exporters, too."""
    held = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                held |= programs(entry.name)
    return held


def nothing_is_left():
    """Of the folder that the socket of an exporter is made in. Other folders for tests have longer names, and those of
    other commands go in a moment, too."""
    eventually(lambda: not list(Path("/tmp").glob("netdrop-??????")), "the folder to be gone")


def counting(pid):
    """Of the programs that a process holds those that count drops: libbpf loads others to see what the kernel can."""
    return programs(pid) & loaded()


def alone(process):
    """The exporter that the command has started, once it counts."""
    assert "looking with an exporter of our own" in process.stderr.readline()

    def begun():
        below = children(process.pid)
        return below[0] if below and counting(below[0]) else None

    return eventually(begun, "an exporter that counts")


def test_row_90_an_exporter_of_its_own(start, namespace):
    process = start("--watch", f"udp dst port {PORT}")
    exporter = alone(process)
    held = counting(exporter)
    until(namespace, process, f".{PORT}  UDP len 3")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not Path(f"/proc/{exporter}").exists()
    eventually(lambda: not held & loaded(), "the kernel to have unloaded them")
    nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_row_90_it_goes_with_the_command(start, number):
    process = start("--watch")
    exporter = alone(process)
    held = counting(exporter)
    process.send_signal(number)
    process.wait(30)
    eventually(lambda: not Path(f"/proc/{exporter}").exists(), "the exporter to end")
    eventually(lambda: not held & loaded(), "the kernel to have unloaded them")
    nothing_is_left()


def test_row_90_killed_at_any_moment(start, chosen):
    """Also before it has started anything, or while that starts."""
    before = loaded()
    for _ in range(6):
        process = start("--watch")
        time.sleep(chosen.uniform(0, 0.4))
        below = children(process.pid)
        process.kill()
        process.wait()
        eventually(lambda below=below: not any(Path(f"/proc/{pid}").exists() for pid in below), "all of it to end")
    eventually(lambda: loaded() - before <= held_by_anybody(), "the kernel to have unloaded them")
    nothing_is_left()


# Nothing can be made in /tmp; and what is needed to do without.
READ_ONLY = ("unshare", "--mount", "sh", "-c", 'mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp && exec "$@"', "sh")
NO_MOUNTS = ("setpriv", "--bounding-set=-sys_admin")


@pytest.mark.parametrize("within, answers", [(READ_ONLY, True), (NO_MOUNTS, True), ((*READ_ONLY, *NO_MOUNTS), False)],
                         ids=["no folder", "no mounts", "neither"])  # fmt: skip
def test_where_the_socket_is_made(binary, within, answers):
    """In no folder, so that none can be left; in one for those who may not mount."""
    need(within[0])
    command = [*within, binary, "--watch", "--for=0s", "--web.local-socket=/nonexistent/s"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    said = result.stderr.splitlines()
    assert "looking with an exporter of our own" in said[0]
    assert (result.returncode, said[1:]) == ((0, []) if answers else (1, ["cannot start netdrop-exporter: Read-only file system"]))
    nothing_is_left()


def test_an_exporter_of_its_own_that_is_killed(start, tmp_path):
    """Nobody would start it again: it is not waited for."""
    file = tmp_path / "f"
    process = start(f"--capture={file}")
    exporter = alone(process)
    eventually(lambda: file.exists() and file.stat().st_size, "the file to begin")
    os.kill(exporter, signal.SIGKILL)
    assert process.wait(30) == 1
    assert process.stderr.read().startswith("the exporter that was started has ended: ")


def sockets_of(pid):
    """The inodes of those that stay open while one looks."""
    found = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(each)))
    return found


def test_it_has_no_door(start):
    """Neither to the network nor by a path."""
    process = start("--watch")
    exporter = alone(process)
    inodes = sockets_of(exporter)
    for table in ("tcp", "tcp6"):
        listening = [line.split() for line in Path(f"/proc/{exporter}/net/{table}").read_text().splitlines()[1:]]
        assert not [fields for fields in listening if fields[3] == "0A" and fields[9] in inodes]
    named = [line.split() for line in Path(f"/proc/{exporter}/net/unix").read_text().splitlines()[1:]]
    paths = [fields[7] for fields in named if fields[6] in inodes and len(fields) > 7 and fields[5] == "01"]
    assert all(not Path(path).exists() for path in paths)


def test_why_it_could_not_be_started(command, path, tmp_path):
    missing = f"--set=web.tls.key={tmp_path}/none"
    result = command("--watch", "--plain", missing, f"--set=web.tls.certificate={tmp_path}/none", f"--web.local-socket={path}")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("netdrop-exporter ended at once: ")
    assert f"{tmp_path}/none" in result.stderr.splitlines()[-1]
