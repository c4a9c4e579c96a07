# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/adding-a-collector.md, followed literally on a copy of the tree: what it says is all there is to do.

    `NAME`:      the next block is of that file
    ```diff      an edit of it: hunks, `@@` between them; what is there without `+` must be there once
    ```sh        commands, which must succeed
    ```console   only to be seen
    any other    the whole file, which must be new"""

import json
import re
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

import test_once
from daemon import eventually

TREE = Path(__file__).resolve().parents[2]
GUIDE = TREE / "docs/adding-a-collector.md"
BLOCK = re.compile(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRODUCTS = shutil.ignore_patterns(".git", "build*", "__pycache__", "node_modules")

# It builds the daemon, and so says nothing of the one in BUILD: once is enough.
pytestmark = [pytest.mark.builds, pytest.mark.root]


def lines(hunk, left_out):
    return "".join(line[1:] for line in hunk.splitlines(keepends=True) if line[0] != left_out)


def edit(path, text):
    content = path.read_text()
    for hunk in text.split("@@\n"):
        old, new = lines(hunk, "+"), lines(hunk, "-")
        assert content.count(old) == 1, f"{path.name}: is not there once:\n{old}"
        content = content.replace(old, new)
    path.write_text(content)


class Followed:
    """A copy of the tree to which all was done; the files that were there and are others now."""

    def __init__(self, directory):
        self.tree = shutil.copytree(TREE, directory / "tree", ignore=PRODUCTS)
        self.edited = []
        self.made = []
        for name, kind, text in BLOCK.findall(GUIDE.read_text()):
            self.follow(name, kind, text)

    def follow(self, name, kind, text):
        path = self.tree / name
        if kind == "sh":
            self.run(["bash", "-euxo", "pipefail", "-c", text])
        elif kind == "diff":
            edit(path, text)
            self.edited.append(name)
        elif kind != "console":
            assert name and not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self.made.append(name)

    def run(self, command):
        result = subprocess.run(
            command,
            cwd=self.tree,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=280,
            check=False,
        )
        assert result.returncode == 0, result.stdout.decode(errors="replace")


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("guide")
    yield Followed(directory)
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def binary(followed):
    return str(followed.tree / "build-guide/netdrop-exporter")


def test_nothing_else_changes(followed):
    """The design's promise: its own files, a line in each of these lists, its section."""
    assert followed.edited == [
        "collectors/collectors.c",
        "collectors/meson.build",
        "tests/unit/meson.build",
        "tests/fuzz/meson.build",
        "tests/golden/metrics.txt",
        "tests/unit/known_metrics.h",
        "docs/metrics.md",
    ]
    assert all("reassembly" in name for name in followed.made)


def test_house_style(followed):
    followed.run(["tests/check/dependencies"])
    followed.run(["tests/check/metric-names"])
    followed.run(["tests/check/style"])
    followed.run(["clang-format", "--dry-run", "-Werror", *(name for name in followed.made if name.endswith((".c", ".h")))])


def test_links_resolve():
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE.read_text())
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []


def test_default_file_and_schema(followed):
    default = json.loads((followed.tree / "build-guide/daemon/generate/config.defaults.json").read_text())
    schema = json.loads((followed.tree / "build-guide/daemon/generate/config.schema.json").read_text())
    assert default["collectors"]["reassembly"] == {"enabled": True, "interval": "5s", "max_age": "30s"}
    described = schema["properties"]["collectors"]["properties"]["reassembly"]["properties"]
    assert described.keys() == default["collectors"]["reassembly"].keys()


def fragment(identity=1):
    """The first fragment of a datagram, as IPv4 has it on the wire."""
    home = socket.inet_aton("127.0.0.1")
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, identity, 0x2000, 64, socket.IPPROTO_UDP, 0, home, home)
    return header + bytes(8)


def test_metrics(exporter, netns, followed):
    inside = netns()
    daemon = exporter("--set=collectors.reassembly.interval=100ms", netns=inside)
    names = ("netdrop_reassembly_datagrams", "netdrop_reassembly_memory_bytes", "netdrop_reassembly_failed_total")
    assert [daemon.metrics().value(name) for name in names] == [0, 0, 0]
    with inside.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        sender.sendto(fragment(), ("127.0.0.1", 0))
    eventually(lambda: daemon.metrics().value(names[0]) == 1, "the datagram that waits")
    assert daemon.metrics().value(names[1]) > 0
    promised = test_once.promises(daemon.openmetrics())
    golden = (followed.tree / "tests/golden/metrics.txt").read_text()
    assert [name for name in names if promised[name] not in golden] == []


def test_its_loss_is_told(exporter, netns, manager):
    """By the page, the status line and the log, though none of them knows the collector: the kernel gives datagrams up
    whose other fragments never come."""
    inside = netns()
    inside.sysctl("net.ipv4.ipfrag_time", 1)
    daemon = exporter(
        "--collector.disable-defaults",
        "--collector.reassembly",
        "--set=loss.onset_packets=200",  # all, of which a collection may see a part
        netns=inside,
        env=manager.environment,
    )
    manager.said("^STATUS=1 of 1 collectors up; no loss yet$")
    with inside.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        for identity in range(1, 201):
            sender.sendto(fragment(identity), ("127.0.0.1", 0))
    eventually(lambda: daemon.metrics().value("netdrop_reassembly_failed_total") == 200, "the datagrams given up")
    manager.said(r"^STATUS=1 of 1 collectors up; this host loses \S+/s since \d\d:\d\d:\d\d: reassembly failed$")
    onset = r"^warning: this host loses \S+/s: reassembly failed; 200 within 60 s$"
    eventually(lambda: re.search(onset, daemon.stderr, re.MULTILINE), "the onset")
    page = daemon.get("/").body.decode()
    card = re.search(r"<article(?:(?!</article>).)*ip-fragments.*?</article>", page, re.DOTALL)[0]
    assert "200 in five minutes" in card
    assert ">Runbook: ip-fragments</a>" in card
    row = re.search(r'id="counters".*?<tr><th scope="row">ip</th>.*?</tr>', page, re.DOTALL)[0]
    assert "reassembly failed" in row
    assert ">200</td>" in row
