# SPDX-License-Identifier: GPL-2.0-or-later
"""The README's examples do what it says: a reader who types them must not be the first to find out.

    ```sh      each line is a command; it must succeed. A line that installs, serves for ever or needs a file of
               the reader's own does not belong in such a block: write ```console for what is only to be seen.
    ```yaml    a part of Prometheus' configuration, or a file of rules; promtool must accept it.
    ```json    a whole configuration file; --check-config must accept it.

In a ```sh block `netdrop-exporter` is the daemon just built, and `localhost:10190` one that runs for the test.
`scripts/run` and `scripts/test` are left out, because the other stages are those two."""

import os
import re
import subprocess
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"\b(apt|apt-get|sudo|systemctl|git clone)\b|^cd |scripts/(run|test|bench|lab)\b")


def blocks(kind):
    return [text for language, text in BLOCK.findall(README.read_text()) if language == kind]


def commands():
    joined = (block.replace("\\\n", " ") for block in blocks("sh"))
    return [line for block in joined for line in block.splitlines() if line and not LEFT_OUT.search(line)]


@pytest.mark.parametrize("line", commands())
def test_command(exporter, build, tree, tmp_path, line):
    daemon = exporter()
    line = line.replace("localhost:10190", f"127.0.0.1:{daemon.port}")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=tree,
        env={**os.environ, "PATH": f"{build}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stdout.decode()


@pytest.mark.parametrize("text", blocks("json"))
def test_configuration(command, tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    result = command("--check-config", f"--config.file={path}")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("text", blocks("yaml"))
def test_prometheus_accepts(tmp_path, text):
    path = tmp_path / "file.yml"
    path.write_text(text)
    kind = "rules" if text.startswith("groups:") else "config"
    subprocess.run(["promtool", "check", kind, str(path)], stdin=subprocess.DEVNULL, timeout=60, check=True)


def test_the_two_doors_are_named():
    text = README.read_text()
    assert "scripts/run" in text and "scripts/test" in text
