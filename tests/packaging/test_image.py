# SPDX-License-Identifier: GPL-2.0-or-later
"""The image: built again it is the same, and its bill of materials says what is in it. The profile of packaging/seccomp:
what it lets a container do, and what not."""

import json
import os
import re
import shlex
import subprocess

import jsonschema
import pytest

from orchestration import npm_packages
from test_container import FLAGS, IMAGE, PODMAN, PROFILE, podman

CYCLONEDX = "@cyclonedx/cyclonedx-library"
BUILD = shlex.split(os.environ.get("IMAGE_BUILD", ""))

pytestmark = pytest.mark.skipif(not PODMAN, reason="no container image: tests/packaging/ci builds one")


def identity(image):
    return podman("inspect", "--format={{.Id}} {{.Digest}}", image).stdout.split()


def test_built_again_it_is_the_same():
    """Not from what was kept of the first time, and by the same identity: each layer, and the configuration."""
    again = f"localhost/again-{os.getpid()}"
    try:
        command = [*BUILD, "--no-cache", f"--tag={again}"]
        built = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert built.returncode == 0, built.stderr
        assert len(identity(again)) == 2
        assert identity(again) == identity(IMAGE)
    finally:
        podman("rmi", again)


def inside(*command):
    flags = ["--rm", *FLAGS, "--cap-drop=ALL", "--read-only", f"--entrypoint={command[0]}"]
    result = podman("run", *flags, IMAGE, *command[1:])
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_snapshot_is_all_that_apt_knows(tree):
    """Debian, its updates and its security updates as they were at that time, and no source beside them; that they are
    there was not tried. Without a time the sources are those of the image."""

    def indices(*snapshot):
        script = f"/sources {' '.join(snapshot)} && apt-get update --print-uris"
        volume = f"--volume={tree / 'packaging/container/sources'}:/sources:ro"
        result = podman("run", "--rm", *FLAGS, "--user=0", volume, "--entrypoint=sh", IMAGE, "-c", script)
        assert result.returncode == 0, result.stderr
        return set(re.findall(r"^'(.*)/InRelease'", result.stdout, re.MULTILINE))

    archive, time = "http://snapshot.debian.org/archive", "20261122T120000Z"
    assert indices(time) == {
        f"{archive}/debian/{time}/dists/bookworm",
        f"{archive}/debian/{time}/dists/bookworm-updates",
        f"{archive}/debian-security/{time}/dists/bookworm-security",
    }
    assert indices() and not [index for index in indices() if archive in index]


def schema(directory):
    """CycloneDX's own, and those that it refers to."""
    found = {path.name: json.loads(path.read_text()) for path in (directory / "res/schema").glob("*.json")}
    bom = found["bom-1.5.SNAPSHOT.schema.json"]
    resolver = jsonschema.RefResolver.from_schema(bom, store={each["$id"]: each for each in found.values() if "$id" in each})
    return jsonschema.Draft7Validator(bom, resolver=resolver)


def test_bill_of_materials(tree):
    """It is of the form that it says, and has each package that dpkg knows, and no other."""
    bom = json.loads(inside("cat", "/usr/share/sbom/netdrop-exporter.cdx.json"))
    validator = schema(npm_packages(f"{CYCLONEDX}@10.3.0") / CYCLONEDX)
    assert [error.message for error in validator.iter_errors(bom)] == []
    assert list(validator.iter_errors({**bom, "components": [{"type": "package", "name": "x"}]}))
    listed = inside("dpkg-query", "--show", "--showformat=${Package} ${Version}\\n").split("\n")[:-1]
    subject = bom["metadata"]["component"]
    assert sorted(f"{each['name']} {each['version']}" for each in [subject, *bom["components"]]) == sorted(listed)
    assert subject["name"] == "netdrop-exporter"
    for each in bom["components"]:
        place = r"pkg:deb/debian/[a-z0-9.%B-]+@[\w.~%-]+\?arch=\w+&distro=debian-12(&upstream=\S+)?"
        assert re.fullmatch(place, each["purl"]), each


def test_labels(tree):
    """What a registry shows: ours, not those of the image below, nor which version of a builder made it."""
    labels = json.loads(podman("inspect", "--format={{json .Config.Labels}}", IMAGE).stdout)
    named = {name.removeprefix("org.opencontainers.image."): text for name, text in labels.items()}
    assert set(named) == {"title", "description", "version", "licenses"}
    assert (named["title"], named["licenses"]) == ("netdrop-exporter", "GPL-2.0-or-later")
    said = inside("/usr/sbin/netdrop-exporter", "--version")
    assert re.match(rf"netdrop-exporter {re.escape(named['version'])} ", said), said


def test_the_profile_in_the_image_is_that_of_the_tree(tree):
    """Whoever has the image has the profile for the hosts that it runs on."""
    profile = (tree / "packaging/seccomp/netdrop-exporter.json").read_text()
    assert inside("cat", "/usr/share/netdrop-exporter/seccomp.json") == profile


def test_the_profile_is_made_of_the_unit(tree):
    made = subprocess.run([tree / "packaging/seccomp/profile"], check=True, capture_output=True, timeout=60).stdout
    assert made == (tree / "packaging/seccomp/netdrop-exporter.json").read_bytes()


@pytest.mark.parametrize(
    "capability, command",
    [
        ("SYS_ADMIN", ["unshare", "--net", "true"]),
        ("SYS_ADMIN", ["mount", "-t", "tmpfs", "none", "/mnt"]),
        ("SYS_CHROOT", ["chroot", "/", "true"]),
        ("SYS_CHROOT", ["setarch", "--addr-no-randomize", "true"]),
    ],
    ids=["namespace", "mount", "chroot", "personality"],
)
def test_the_profile_refuses(capability, command):
    """What the capability, or nothing, would allow: without the profile it does."""
    flags = ["--rm", *FLAGS, "--cap-drop=ALL", f"--cap-add={capability}", "--user=0", f"--entrypoint={command[0]}"]
    free = podman("run", *flags, "--security-opt=seccomp=unconfined", IMAGE, *command[1:])
    assert free.returncode == 0, free.stderr
    refused = podman("run", *flags, PROFILE, IMAGE, *command[1:])
    assert refused.returncode != 0
    assert re.search("Operation not permitted|permission denied", refused.stderr), refused.stderr
