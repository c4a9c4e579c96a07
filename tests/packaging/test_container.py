# SPDX-License-Identifier: GPL-2.0-or-later
"""The container as packaging/kubernetes describes it, built from packaging/container and run by Podman with the flags
that the manifest comes to: the same user, capabilities, read-only root and probes.

IMAGE names the image, built by tests/packaging/container, and PODMAN the command with its own storage. Podman's
default seccomp profile lets only CAP_SYS_ADMIN use bpf(), unlike containerd's that the manifest names: here a profile
is left out, so that it is the capabilities that decide."""

import os
import re
import shlex
import subprocess
import urllib.request

import pytest
import yaml

from daemon import eventually

PODMAN = shlex.split(os.environ.get("PODMAN", ""))
IMAGE = os.environ.get("IMAGE", "")
# Limits that need no privilege to set, and an address that nobody else has.
FLAGS = ["--network=host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096", "--security-opt=no-new-privileges"]
LISTEN = "--web.listen-address=127.0.0.1:0"

# README.md's table: drop sites by source, and what the container is given.
SOURCES = {
    "none": ("auto", [], False),
    "bpf": ("bpf", ["BPF", "PERFMON"], True),
    "bpf with names": ("bpf", ["BPF", "PERFMON", "SYSLOG"], True),
    "bpf without PERFMON": ("bpf", ["BPF", "SYSLOG"], False),
    "bpf without BPF": ("bpf", ["PERFMON", "SYSLOG"], False),
}

pytestmark = pytest.mark.skipif(not PODMAN, reason="no container image: tests/packaging/ci builds one")


def podman(*arguments):
    return subprocess.run([*PODMAN, *arguments], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="session")
def manifest(tree):
    with open(tree / "packaging/kubernetes/daemonset.yaml", encoding="utf-8") as file:
        return {document["kind"]: document for document in yaml.safe_load_all(file)}


@pytest.fixture(scope="session")
def container(manifest):
    (container,) = manifest["DaemonSet"]["spec"]["template"]["spec"]["containers"]
    return container


@pytest.fixture
def running(manifest, container, tmp_path):
    """The name of a container with the flags that the kubelet would give it."""
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    (mount,) = container["volumeMounts"]
    for name, text in manifest["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text)
    name = f"netdrop-test-{os.getpid()}"
    started = podman(
        "run",
        "--detach",
        f"--name={name}",
        *FLAGS,
        "--security-opt=seccomp=unconfined",
        "--read-only",
        "--read-only-tmpfs=false",
        f"--user={context['runAsUser']}:{context['runAsGroup']}",
        *(f"--cap-drop={name}" for name in context["capabilities"]["drop"]),
        *(f"--cap-add={name}" for name in context["capabilities"]["add"]),
        f"--volume={tmp_path}:{mount['mountPath']}:ro",
        IMAGE,
        *container["args"],
        LISTEN,
    )
    assert started.returncode == 0, started.stderr

    yield name
    podman("rm", "--force", "--time=5", name)


def logs(name):
    result = podman("logs", name)
    return result.stdout + result.stderr


def get(name, path):
    found = eventually(lambda: re.search(r"listening on http://127\.0\.0\.1:(\d+)", logs(name)), "an address")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}{path}", timeout=10) as answer:
            return answer.read().decode()
    except OSError:
        return None


@pytest.fixture(scope="session")
def command_help():
    return podman("run", "--rm", *FLAGS, "--cap-drop=ALL", "--read-only", IMAGE, "--help").stdout


def test_manifest_names_what_there_is(manifest, container, command_help):
    """Ports, probes, labels and volumes fit together, and the flags exist."""
    spec = manifest["DaemonSet"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"].items() <= labels.items()
    (port,) = container["ports"]
    assert f":{port['containerPort']};" in command_help
    assert spec["template"]["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]
    (volume,) = spec["template"]["spec"]["volumes"]
    assert volume["configMap"]["name"] == manifest["ConfigMap"]["metadata"]["name"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"]}
    assert spec["template"]["spec"]["hostNetwork"] is True


def test_manifest_runs(running, container):
    """All collectors, as root of nothing but the capabilities named, and the probes answer."""
    for probe in ("readinessProbe", "livenessProbe"):
        eventually(lambda path=container[probe]["httpGet"]["path"]: get(running, path) is not None, probe)
    page = eventually(
        lambda: (text := get(running, "/metrics")) and 'state="starting"} 1' not in text and text, "all collectors"
    )
    up = dict(re.findall(r'^netdrop_collector_up\{collector="(\w+)"\} (\d)$', page, re.MULTILINE))
    assert {"link", "ethtool", "snmp", "drop_monitor", "process"} <= set(up) and set(up.values()) == {"1"}
    assert 'netdrop_kernel_drop_source_info{source="bpf"' in page
    assert '{function="unknown"' not in page
    stopped = podman("stop", "--time=10", running)
    assert stopped.returncode == 0
    state = podman("inspect", "--format={{.State.ExitCode}}", running).stdout.strip()
    assert state == "0", logs(running)


def test_bad_configuration_ends_it():
    result = podman("run", "--rm", *FLAGS, "--cap-drop=ALL", "--read-only", IMAGE, "--set=web.pages=true")
    assert result.returncode == 2
    assert "web.pages: unknown key" in result.stderr


@pytest.mark.parametrize("name", SOURCES)
def test_capabilities(name):
    source, capabilities, works = SOURCES[name]
    result = podman(
        "run",
        "--rm",
        *FLAGS,
        "--security-opt=seccomp=unconfined",
        "--read-only",
        "--cap-drop=ALL",
        *(f"--cap-add={capability}" for capability in capabilities),
        *(["--user=0"] if capabilities else []),
        IMAGE,
        "--list-collectors",
        f"--set=collectors.drop_monitor.source={source}",
    )
    assert result.returncode == 0, result.stderr
    runs = dict(re.findall(r"^(\w+)\n(?:    .*\n)*?    runs here: (yes|no)", result.stdout, re.MULTILINE))
    assert {runs.pop("drop_monitor")} == {"yes" if works else "no"}, result.stdout
    assert set(runs.values()) == {"yes"}, result.stdout
