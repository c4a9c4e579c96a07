# SPDX-License-Identifier: GPL-2.0-or-later
"""A stranger's day in Podman, as docs/kubernetes.md says: run, looked at, an alert for what is lost, upgraded, the
configuration broken, all of it rolled back. In a network namespace in place of the host's."""

import json
import os
import re
import shlex
import socket
import subprocess

import pytest

import exposition
import hurry
from daemon import eventually
from lab import Namespace
from prometheus import Prometheus
from recipe import blocks
from test_container import FLAGS, IMAGE, PODMAN, podman

NAME = "netdrop-exporter"
GOOD = {"collectors": {"drop_monitor": {"source": "bpf"}}}

pytestmark = pytest.mark.skipif(not PODMAN, reason="no container image: tests/packaging/ci builds one")


class Host:
    """What the day goes on: a network, a configuration, and the one container at a time."""

    def __init__(self, tree, directory):
        self.tree, self.directory = tree, directory
        self.name = f"{NAME}-{os.getpid()}"
        self.netns = Namespace()
        self.netns.run("ip link set lo up")

    def configure(self, values):
        (self.directory / "config.json").write_text(values if isinstance(values, str) else json.dumps(values))

    def run(self, image):
        """The recipe, with this host in place of the stranger's."""
        words = shlex.split(blocks("kubernetes")["run"].replace("\\\n", " "))
        places = {
            f"--name={NAME}": f"--name={self.name}",
            "--network=host": f"--network=ns:{self.netns.path}",
            "--volume=/etc/netdrop-exporter:/etc/netdrop-exporter:ro": f"--volume={self.directory}:/etc/netdrop-exporter:ro",
            NAME: image,
        }
        assert places.keys() <= set(words)
        words = [places.get(word, word) for word in words[1:]]
        limits = [flag for flag in FLAGS if flag.startswith("--ulimit")]
        command = [*PODMAN, words[0], *limits, *words[1:]]
        result = subprocess.run(command, cwd=self.tree, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 0, result.stderr

    def replace(self, image):
        self.remove()
        self.run(image)

    def remove(self):
        assert podman("rm", "--force", "--time=10", self.name).returncode == 0

    def get(self, path):
        try:
            return self.netns.run(["curl", "--silent", "--show-error", "--fail", f"http://127.0.0.1:10190{path}"])
        except RuntimeError:
            return None

    def scrape(self):
        text = self.get("/metrics")
        return text and exposition.check_text(text.encode())

    def serves_drop_sites(self):
        page = self.scrape()
        return page and [row.value for row in page.series("netdrop_collector_up", collector="drop_monitor")] == [1]


@pytest.fixture
def host(tree, tmp_path):
    directory = tmp_path / "etc"
    directory.mkdir()
    found = Host(tree, directory)
    yield found
    podman("rm", "--force", "--time=5", found.name)
    found.netns.close()


@pytest.fixture
def newer(tmp_path):
    """The next image."""
    name = f"localhost/newer-{os.getpid()}"
    (tmp_path / "Containerfile").write_text(f"FROM {IMAGE}\nLABEL version=99\n")
    flags = ["--quiet", "--isolation=chroot", f"--tag={name}", f"--file={tmp_path}/Containerfile"]
    built = podman("build", *flags, str(tmp_path))
    assert built.returncode == 0, built.stderr
    yield name
    podman("rmi", "--force", name)


def lossy(netns):
    """A function that sends so many datagrams to a socket that nobody reads."""
    reader, sender = (netns.socket(kind=socket.SOCK_DGRAM) for _ in range(2))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    reader.bind(("127.0.0.1", 0))

    def send(count):
        for _ in range(count):
            sender.sendto(bytes(500), reader.getsockname())

    return send


def test_a_stranger_s_day(host, newer, tmp_path):
    host.configure(GOOD)
    host.run(IMAGE)
    eventually(host.serves_drop_sites, "drop sites")
    assert "<html" in host.get("/") and host.get("/report")
    can = podman("exec", host.name, NAME, "--self-test")
    assert can.returncode == 0 and re.search("^drop_monitor +works ", can.stdout, re.MULTILINE), can.stdout + can.stderr

    prometheus = Prometheus(host.netns, tmp_path, [10190], hurry.hurried(tmp_path))
    eventually(lambda: prometheus.query("up") == 1, "up == 1")
    assert told(prometheus) == []
    with hurry.Flood(lossy(host.netns)):
        eventually(lambda: any("lo udp_receive_buffer_full" in text for text in told(prometheus)), "an alert")

    host.replace(newer)
    eventually(host.serves_drop_sites, "drop sites, by the next image")
    assert podman("inspect", '--format={{index .Config.Labels "version"}}', host.name).stdout.strip() == "99"
    changes = "changes(process_start_time_seconds[1m])"
    eventually(lambda: prometheus.query("up") == 1 and prometheus.query(changes) == 1, "both in one series")

    host.configure('{\n    "collectors": {"lnik": {}}\n}\n')
    host.replace(newer)
    eventually(lambda: state(host.name) == "exited 2", "its end")
    assert "config.json:2: collectors.lnik: unknown key" in podman("logs", host.name).stderr

    host.configure(GOOD)
    host.replace(IMAGE)
    eventually(host.serves_drop_sites, "drop sites, by the image before")


def told(prometheus):
    """The descriptions of what fires. What is lost elsewhere on this host may be in one of them."""
    found = prometheus.api("alerts")["alerts"]
    return [alert["annotations"]["description"] for alert in found if alert["state"] == "firing"]


def state(name):
    return podman("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", name).stdout.strip()
