# SPDX-License-Identifier: GPL-2.0-or-later
"""The report: as the service serves it, and as `netdrop-exporter --report` prints it, asked by the local socket or made
by itself. What it says of each fault is test_incidents.py's."""

import json
import os
import pty
import re
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from daemon import eventually, go_first, seeded
from procfs import Stopwatch

TIMES = re.compile(r"\d\d:\d\d:\d\d")


@pytest.fixture(name="asked")
def fixture_asked(exporter, tmp_path):
    """A running exporter, and the path of its local socket."""
    path = tmp_path / "local.sock"
    return exporter(f"--web.local-socket={path}"), path


def shape(text):
    """Without what changes from one look to the next."""
    return [line for line in TIMES.sub("", text).splitlines() if not re.search(r"\d+(\.\d+)?/(s|min)|\d+ (of|within)", line)]


def test_it_is_text_for_a_terminal(asked):
    response = asked[0].get("/report")
    text = response.body.decode()
    assert response.status == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "netdrop-exporter" in text.splitlines()[0]
    assert re.match(r"(OK|LOOK|LOSS) ", text.splitlines()[2])
    assert "receive " in text and "transmit " in text
    assert max(len(line) for line in text.splitlines() if " > " not in line[9:12]) <= 80
    assert "\033" not in text


def test_it_is_json_for_scripts(asked):
    response = asked[0].get("/report?format=json")
    assert response.headers["content-type"] == "application/json"
    report = json.loads(response.body)
    assert set(report) == {"verdict", "incidents"}
    assert report["verdict"]["colour"] in ("green", "amber", "red")
    assert report["verdict"]["headline"]
    assert report["verdict"]["urgent"] == sum(each["colour"] != "green" for each in report["incidents"])


def test_the_command_asks_the_service(asked, command):
    daemon, path = asked
    daemon.go_first()
    watch = Stopwatch()
    result = command("--report", f"--web.local-socket={path}", preexec_fn=go_first)
    assert watch.own_seconds() < 5
    assert result.returncode == 0
    assert result.stderr == ""  # else it would say that it looks itself
    assert shape(result.stdout)[:1] == shape(daemon.get("/report").body.decode())[:1]
    assert "\033" not in result.stdout
    found = json.loads(command("--report=json", f"--web.local-socket={path}").stdout)
    assert set(found) == {"verdict", "incidents"}


def test_where_nobody_answers_it_looks_itself(command, tmp_path):
    watch = Stopwatch()
    result = command("--report=json", f"--web.local-socket={tmp_path / 'none.sock'}", preexec_fn=go_first)
    assert watch.own_seconds() < 6
    assert result.returncode == 0
    assert "no service answers" in result.stderr and "No such file" in result.stderr
    assert json.loads(result.stdout)["verdict"]["looked_at"].startswith("9 of 9 collectors")


@pytest.mark.parametrize(
    "answer",
    [None, b"", b"nonsense\r\n\r\n", b"HTTP/1.1 404 Not Found\r\n\r\nno"],
    ids=("nothing", "an-end", "nonsense", "not-found"),
)
def test_a_socket_of_something_else(command, tmp_path, answer):
    """One that never answers, one that ends, one that speaks otherwise: it is not waited for longer than two seconds."""
    path = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve():
            with suppress(OSError):
                client = listener.accept()[0]
                client.recv(1000)
                if answer is None:
                    time.sleep(20)
                client.sendall(answer or b"")
                client.close()

        threading.Thread(target=serve, daemon=True).start()
        result = command("--report=json", f"--web.local-socket={path}", "--collector.disable-defaults", "--collector.link")
    assert result.returncode == 0
    assert "no service answers" in result.stderr
    assert json.loads(result.stdout)["verdict"]


def test_unknown_formats(command):
    assert command("--report=html").returncode == 2
    assert command("--report", "--once").returncode == 2


def on_a_terminal(arguments, **environment):
    """What a program writes to a terminal."""
    master, slave = pty.openpty()
    said = b""
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL,
                          env={**os.environ, **environment}):  # fmt: skip
        os.close(slave)
        with suppress(OSError):
            while chunk := os.read(master, 4096):
                said += chunk
    os.close(master)
    return said


def test_colours_are_for_terminals(asked, binary):
    arguments = [binary, "--report", f"--web.local-socket={asked[1]}"]
    assert b"\033[1;3" in on_a_terminal(arguments, TERM="xterm")
    assert b"\033" not in on_a_terminal(arguments, TERM="dumb")
    assert b"\033" not in on_a_terminal(arguments, TERM="xterm", NO_COLOR="1")
    assert b"\033" not in on_a_terminal([*arguments[:1], "--report=json", arguments[2]], TERM="xterm")


def test_without_the_page_there_is_no_report(exporter):
    assert exporter("--set=web.page=false").get("/report").status == 404


NAMES = ("a;reboot", "$(id)", "`id`", "x'y", "-rf", "*", "a|b", "a&b", "~", "a\\b", 'a"b', "é", "日本")
SEQUENCES = ("\033[2J", "a\033]0;x\007", "\u009b31m", "\u202eabc", "a\tb")


def hostile_names():
    chosen = seeded()
    bytes_of = [chr(code) for code in range(33, 127) if chr(code) not in "/:%"]
    return [*NAMES, *SEQUENCES, *("".join(chosen.choices(bytes_of, k=8)) for _ in range(10))]


def valid(name):
    """As dev_valid_name() has it (net/core/dev.c); `ip` itself refuses more."""
    return 0 < len(name.encode()) < 16 and name not in (".", "..") and not re.search(r"[/:\s]", name)


@pytest.mark.usefixtures("bpf_possible")
def test_names_from_outside_are_only_names(exporter, netns):
    """Interfaces of whatever names lose packets: nothing of these names moves a terminal, and each command, given to a
    real shell, has the name as a word, or as a part of one."""
    inside = netns()
    names = [name for name in dict.fromkeys(hostile_names()) if valid(name)]
    for number, name in enumerate(names):
        inside.ip(["link", "add", f"d{number}", "type", "veth", "peer", "name", f"e{number}"])
        inside.ip(["link", "set", "dev", f"e{number}", "up"])
        inside.ip(["link", "set", "dev", f"d{number}", "name", name])
        inside.ip(["link", "set", "dev", name, "up"])
        inside.run(["tc", "qdisc", "replace", "dev", name, "root", "pfifo", "limit", "0"])
    process = exporter("--set=devices.exclude_kinds=", netns=inside)
    process.get("/report")
    for name in names:
        with inside.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender, suppress(OSError):
            sender.bind((name, 0))
            for _ in range(20):
                sender.send(bytes(60))

    def told():
        return [one for one in json.loads(process.get("/report?format=json").body)["incidents"] if one["device"]]

    eventually(lambda: len(told()) >= min(len(names), 20), "the losses")
    with_commands = 0
    for one in told():
        text = json.dumps(one, ensure_ascii=False)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]", text)
        for command in one["commands"]:
            words = subprocess.run(["sh", "-c", f"printf '%s\\0' {command['command']}"], capture_output=True, check=True)
            if command["command"] != "netdrop-exporter --watch":  # no filter of libpcap knows interfaces
                assert one["device"] in words.stdout.decode().split("\0"), command
                with_commands += 1
    assert with_commands > 5
    report = process.get("/report").body.decode()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", report)
