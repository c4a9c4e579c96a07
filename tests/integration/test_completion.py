# SPDX-License-Identifier: GPL-2.0-or-later
"""The bash completion as a person meets it: an interactive bash on a terminal, keys pressed, Tab among them.
In place of the daemon stands a function that prints its arguments."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

# What is typed behind the command's name -> the arguments that come of it.
TYPED = {
    "flag": ("--check-c\t", ["--check-config"]),
    "flag with a value": ("--config.f\tmine.json", ["--config.file=mine.json"]),
    "flag with a value from a few": ("--log.l\tde\t", ["--log.level=debug"]),
    "value behind a blank": ("--log.level wa\t", ["--log.level", "warn"]),
    "a collector's flag": ("--no-collector.drop\t", ["--no-collector.drop_monitor"]),
    "a second flag": ("--check-config --list\t", ["--check-config", "--list-collectors"]),
    "file": ("--config.file=the-on\t", ["--config.file=the-only.json"]),
    "key": ("--set\tdevices.exclude_k\tveth", ["--set=devices.exclude_kinds=veth"]),
    "boolean": ("--set=web.pa\tf\t", ["--set=web.page=false"]),
    "choice": ("--set=collectors.drop_monitor.so\tsu\t", ["--set=collectors.drop_monitor.source=summary"]),
    "default of a key": ("--set=web.request_t\t\t", ["--set=web.request_timeout=10s"]),
    "key behind a blank": ("--set web.pa\tt\t", ["--set", "web.page=true"]),
    "key that does not exist": ("--set=nothing.li\t", ["--set=nothing.li"]),
    "list, of which nothing is known": ("--set=web.listen=\t", ["--set=web.listen="]),
}


class Terminal:
    def __init__(self, directory, script):
        self.master, slave = pty.openpty()
        # A wide line, or readline scrolls sideways.
        self.bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "TERM": "dumb", "COLUMNS": "400", "INPUTRC": "/dev/null", "HOME": "/nonexistent"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.enter(f"PS1= HISTFILE= ; . /usr/share/bash-completion/bash_completion; . {script}")
        self.enter("netdrop-exporter() { printf '<%s>' \"$@\"; }")

    def enter(self, line):
        """Types a line, and returns all output until bash has worked it off."""
        os.write(self.master, line.encode() + b"\n")
        os.write(self.master, b"echo e''nd\n")
        output = b""
        deadline = time.monotonic() + 60
        while b"\nend" not in output and b">end" not in output:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, output
            output += os.read(self.master, 65536)
        return output.decode()

    def close(self):
        os.close(self.master)
        self.bash.kill()
        self.bash.wait()


@pytest.fixture(scope="module")
def terminal(build, tmp_path_factory):
    directory = tmp_path_factory.mktemp("completion")
    (directory / "the-only.json").touch()
    made = Terminal(directory, build / "daemon/generate" / "netdrop-exporter")
    yield made
    made.close()


@pytest.mark.parametrize("name", TYPED)
def test_typed(terminal, name):
    typed, arguments = TYPED[name]
    output = terminal.enter(f"netdrop-exporter {typed}")
    assert re.findall(r"<(.*?)>", output) == arguments, output


def test_shellcheck(build):
    command = ["shellcheck", "--shell=bash", str(build / "daemon/generate" / "netdrop-exporter")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def candidates(build, line):
    """All that bash would list for a line."""
    script = f"""
        . /usr/share/bash-completion/bash_completion
        . {build}/daemon/generate/netdrop-exporter
        compopt() {{ :; }}
        COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=($1) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _netdrop_exporter
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "-c", script, "bash", line], capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == ""
    return sorted(result.stdout.split())


def test_every_flag_is_offered(build, command):
    listed = command("--list-collectors").stdout
    names = re.findall(r"^(\w+)$", listed, re.MULTILINE)
    expected = []
    for flag, optional, argument in re.findall(r"^  --([a-z.-]+(?:NAME)?)(\[?)(=?)", command("--help").stdout, re.MULTILINE):
        flags = [flag.replace("NAME", name) for name in names] if "NAME" in flag else [flag]
        expected += [f"--{flag}" for flag in flags if optional or not argument]
        expected += [f"--{flag}=" for flag in flags if optional or argument]
    assert candidates(build, "netdrop-exporter --") == sorted(expected)


def test_every_key_is_offered(build, command):
    keys = re.findall(r"^  ([a-z_]+\.[a-z_.]+)", command("--help").stdout, re.MULTILINE)
    assert len(keys) > 40
    assert candidates(build, "netdrop-exporter --set=") == sorted(f"{key}=" for key in keys)
