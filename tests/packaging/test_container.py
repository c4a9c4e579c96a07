# SPDX-License-Identifier: GPL-2.0-or-later
"""The container as packaging/kubernetes describes it, built from packaging/container and run by Podman with the flags
that the manifest comes to: the same user, capabilities, read-only root and probes, under packaging/seccomp's profile.

IMAGE names the image, built by tests/packaging/ci, and PODMAN the command with its own storage. Podman's own seccomp
profile, like CRI-O's, lets only CAP_SYS_ADMIN use bpf(): under ours the capabilities decide."""

import json
import os
import random
import re
import shlex
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml

import exposition
from daemon import eventually
from orchestration import Tools

PODMAN = shlex.split(os.environ.get("PODMAN", ""))
IMAGE = os.environ.get("IMAGE", "")
# Limits that need no privilege to set, and an address that nobody else has.
FLAGS = ["--network=host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096", "--security-opt=no-new-privileges"]
LISTEN = "--web.listen-address=127.0.0.1:0"
PROFILE = f"--security-opt=seccomp={Path(__file__).resolve().parents[2] / 'packaging/seccomp/netdrop-exporter.json'}"

# The table of docs/containers.md: drop sites by source, and what the container is given.
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
def base(tree):
    return tree / "packaging/kubernetes/base"


@pytest.fixture(scope="session")
def container(base):
    manifest = yaml.safe_load((base / "daemonset.yaml").read_text())
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return container


def start(container, volumes):
    """Returns the name of a container with the flags that the kubelet would give it, and {volume: directory}."""
    context = container["securityContext"]
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == volumes.keys() and all(mount["readOnly"] for mount in container["volumeMounts"])
    name = f"netdrop-test-{os.getpid()}"
    started = podman(
        "run",
        "--detach",
        f"--name={name}",
        *FLAGS,
        PROFILE,
        "--read-only",
        "--read-only-tmpfs=false",
        f"--user={context['runAsUser']}:{context['runAsGroup']}",
        *(f"--cap-drop={name}" for name in context["capabilities"]["drop"]),
        *(f"--cap-add={name}" for name in context["capabilities"].get("add", [])),
        *(f"--volume={directory}:{mounts[volume]}:ro" for volume, directory in volumes.items()),
        IMAGE,
        *container["args"],
        LISTEN,
    )
    assert started.returncode == 0, started.stderr
    return name


@pytest.fixture
def running(base, container, tmp_path):
    """The name of a container, as the base has it."""
    shutil.copy(base / "config.json", tmp_path)
    name = start(container, {"config": tmp_path})
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


def test_manifest_names_what_there_is(container, command_help):
    """Ports and probes fit together, and the flags exist."""
    (port,) = container["ports"]
    assert f":{port['containerPort']};" in command_help
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]


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


def mebibytes(quantity):
    return float(re.fullmatch(r"(\d+)Mi", quantity)[1])


def test_memory_is_what_the_manifest_asks_for(running, container):
    """Its own and the kernel's for its maps, after scrapes of all forms: less than is requested, a quarter of the limit."""
    for path in ("/metrics", "/", "/report", "/metrics"):
        eventually(lambda path=path: get(running, path), path)
    page = eventually(
        lambda: (text := get(running, "/metrics")) and "netdrop_kernel_drop_map_bytes" in text and text, "drop sites"
    )
    (pid,) = podman("inspect", "--format={{.State.Pid}}", running).stdout.split()
    resident = int(re.search(r"^Rss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)[1]) / 1024
    maps = sum(sample.value for sample in exposition.check_text(page.encode())["netdrop_kernel_drop_map_bytes"]) / 2**20
    print(f"resident {resident:.1f} MiB, maps {maps:.1f} MiB")
    assert maps > 0
    assert resident + maps <= mebibytes(container["resources"]["requests"]["memory"])
    assert mebibytes(container["resources"]["limits"]["memory"]) == 4 * mebibytes(container["resources"]["requests"]["memory"])


@pytest.fixture
def from_scratch(tmp_path):
    """The name of an image that has one file."""
    root, name = tmp_path / "root", f"localhost/lose-{os.getpid()}"
    root.mkdir()
    source = Path(__file__).with_name("lose.c")
    subprocess.run(["cc", "-Wall", "-O1", "-static", "-o", root / "lose", source], check=True)
    packed = subprocess.run(["tar", f"--directory={root}", "--create", "."], check=True, capture_output=True).stdout
    imported = subprocess.run([*PODMAN, "import", "--quiet", "-", name], input=packed, capture_output=True, timeout=120, check=False)
    assert imported.returncode == 0, imported.stderr
    yield name
    podman("rmi", "--force", name)


def lose(image, name, datagrams):
    """A container of its own loses them; its ID, and how many were lost."""
    try:
        ran = podman("run", f"--name={name}", "--network=none", *FLAGS[1:], image, "/lose", str(datagrams))
        assert ran.returncode == 0, ran.stderr
        return podman("inspect", "--format={{.Id}}", name).stdout.strip(), int(ran.stdout)
    finally:
        podman("rm", "--force", name)


def test_what_a_container_loses_is_its_own(running, from_scratch):
    """Whose it is, is told by the ID that podman gave it. All are gone when they are asked for."""
    eventually(lambda: 'netdrop_collector_up{collector="drop_monitor"} 1' in (get(running, "/metrics") or ""), "drop sites")
    wanted = dict(lose(from_scratch, f"lose-{os.getpid()}-{i}", random.randrange(50, 500)) for i in range(3))
    assert len(wanted) == 3 and min(wanted.values()) > 0

    def told():
        page = exposition.check_text(get(running, "/metrics").encode())
        rows = page.series("netdrop_workload_drops_total", **{"class": "capacity"})  # what was not read is benign
        rows = [row for row in rows if row.labels["container_id"] in wanted]
        return rows if sum(row.value for row in rows) == sum(wanted.values()) else None

    rows = eventually(told, "what they lost")
    assert {row.labels["container_id"]: row.value for row in rows} == wanted
    # Podman made their control groups by itself, outside of all units.
    assert {(row.labels["unit"], row.labels["pod_uid"]) for row in rows} == {("-.slice", "")}


def secret(directory, pod):
    """A Secret of cert-manager as the kubelet has it in a volume: links to files of root and of the pod's group."""
    (volume,) = (volume["secret"] for volume in pod["volumes"] if "secret" in volume)
    (directory / "..1").mkdir(parents=True)
    (directory / "..data").symlink_to("..1")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=test", "-addext", "subjectAltName=DNS:netdrop-exporter", "-keyout", "tls.key", "-out", "tls.crt"]
    subprocess.run(command, cwd=directory / "..1", check=True, capture_output=True, timeout=60)
    for name in ("tls.key", "tls.crt"):
        os.chown(directory / "..1" / name, 0, pod["securityContext"]["fsGroup"])
        (directory / "..1" / name).chmod(volume["defaultMode"])
        (directory / name).symlink_to(f"..data/{name}")
    shutil.copy(directory / "tls.crt", directory.parent / "ca.crt")
    return directory


@pytest.mark.parametrize("components", [["tls"], ["counters", "tls"]], ids=["drop sites", "counters"])
def test_https(components, tree, tmp_path):
    """With the Secret of the manifest, by its user and group: the probes answer, and whoever trusts ca.crt reads the numbers."""
    (tmp_path / "kubernetes").symlink_to(tree / "packaging/kubernetes")
    (tmp_path / "mine").mkdir()
    components = [f"../kubernetes/components/{name}" for name in components]
    overlay = {"resources": ["../kubernetes/base"], "components": components}
    (tmp_path / "mine/kustomization.yaml").write_text(json.dumps(overlay))
    objects = {each["kind"]: each for each in Tools(tmp_path).objects("kubectl", "kustomize", tmp_path / "mine")}
    pod = objects["DaemonSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/config.json").write_text(objects["ConfigMap"]["data"]["config.json"])
    name = start(container, {"config": tmp_path / "etc", "tls": secret(tmp_path / "secret", pod)})
    try:
        found = eventually(lambda: re.search(r"listening on https://127\.0\.0\.1:(\d+)", logs(name)), "an address")

        def https(path, *flags):
            there = ["--connect-to", f"netdrop-exporter:443:127.0.0.1:{found[1]}", f"https://netdrop-exporter{path}"]
            return subprocess.run(["curl", "--silent", "--fail", *flags, *there], capture_output=True, check=False)

        # As the kubelet, which trusts any certificate; as Prometheus, which does not.
        for probe in ("readinessProbe", "livenessProbe"):
            path = container[probe]["httpGet"]["path"]
            eventually(lambda path=path: https(path, "--insecure").returncode == 0, probe)
        trusting = https("/metrics", "--cacert", tmp_path / "ca.crt")
        assert b"\nnetdrop_web_certificate_valid 1\n" in trusting.stdout
        assert https("/metrics").returncode != 0
    finally:
        podman("rm", "--force", "--time=5", name)


def test_bad_configuration_ends_it():
    result = podman("run", "--rm", *FLAGS, "--cap-drop=ALL", "--read-only", IMAGE, "--set=web.pages=true")
    assert result.returncode == 2
    assert "web.pages: unknown key" in result.stderr


@pytest.mark.parametrize("capabilities, works", [(["BPF", "PERFMON"], True), (["PERFMON"], False)], ids=["all", "without BPF"])
def test_self_test(capabilities, works):
    """It tells what a container can; a namespace of its own the profile does not let it make, which is no failure."""
    added = [f"--cap-add={capability}" for capability in capabilities]
    flags = ["--user=0", PROFILE, "--read-only", "--cap-drop=ALL", *added]
    options = ["--self-test", "--no-collector.conntrack", "--set=collectors.drop_monitor.source=bpf"]
    result = podman("run", "--rm", *FLAGS, *flags, IMAGE, *options)
    assert result.returncode == (0 if works else 1), result.stdout + result.stderr
    said = dict(re.findall(r"^(\w[\w ]*?) {2,}(.*)$", result.stdout, re.MULTILINE))
    assert said["drop_monitor"].startswith("works" if works else "absent")
    assert said["own drop"].startswith("not tried")
    assert ("no network namespace of its own: Operation not permitted" in said["own drop"]) is works


@pytest.mark.parametrize("name", SOURCES)
def test_capabilities(name):
    source, capabilities, works = SOURCES[name]
    result = podman(
        "run",
        "--rm",
        *FLAGS,
        PROFILE,
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
